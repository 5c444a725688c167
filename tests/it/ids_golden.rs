//! LAST_INSERT_ID(), the OK packet's insert id, affected rows and info strings of every statement that can make an id,
//! against answers recorded from MySQL 9.7 and MariaDB 10.11 (`ids/*.json`), and against the plain server at hand in
//! forms that are not recorded: prepared, with CLIENT_FOUND_ROWS, in a transaction.
//!
//! Through Shardgate new ids are other numbers: they are mapped in their order, and everything else is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::support::client::{Answer, CLIENT_DEPRECATE_EOF, CLIENT_FOUND_ROWS, Cell, Client, Failure, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, run};

#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    sql: String,
    pre: Vec<String>,
    ok: Json,
    lid: u64,
    aff: Option<u64>,
    msg: String,
    err: String,
    extra: Vec<String>,
    rows: String,
}

fn cases(mariadb: bool) -> Vec<Case> {
    let text = if mariadb { include_str!("ids/mariadb1011.json") } else { include_str!("ids/mysql97.json") };
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    // LOAD DATA has tests of its own: the client sends a file there.
    cases.into_iter().filter(|case| !case.sql.starts_with("load data")).collect()
}

/// How a case is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    prepared: bool,
    found_rows: bool,
    transaction: bool,
}

const FORMS: [Form; 4] = [
    Form { prepared: false, found_rows: false, transaction: false },
    Form { prepared: true, found_rows: false, transaction: false },
    Form { prepared: false, found_rows: true, transaction: true },
    Form { prepared: true, found_rows: true, transaction: false },
];

/// What a case did. Numbers stand between spaces or brackets, so that ids can be found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Seen {
    answers: Vec<String>,
    last: String,
    rows: Vec<String>,
}

const MODE: &str = "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION";

/// The tables of the golden cases; `t` as given.
fn fixture(t: &str) -> Vec<String> {
    [
        t,
        "create table src(id bigint primary key, v int)",
        "create table noai(id bigint not null primary key, v int unique, w int)",
        "create table seq(id bigint not null)",
        "create table child(k int auto_increment primary key, pid bigint) auto_increment=300",
        "insert into src values(1001,1),(1002,2),(1003,3)",
    ]
    .map(String::from)
    .to_vec()
}

const T: &str =
    "create table t(id bigint not null auto_increment primary key, v int unique, w int) auto_increment=100";

fn is_program(sql: &str) -> bool {
    ["trigger", "procedure", "function"].iter().any(|word| sql.split(' ').nth(1) == Some(word))
}

/// Brings the tables back to what [`fixture`] made.
async fn reset(client: &mut Client, restart: bool) {
    let statements = [
        "delete from t",
        "delete from noai",
        "delete from seq",
        "delete from child",
        "insert into seq values(10)",
        "alter table child auto_increment=300",
        "alter table t auto_increment=100",
    ];
    run(client, &statements[..if restart { statements.len() } else { statements.len() - 1 }]).await;
}

/// Drops what a case has made besides its rows.
async fn clear(server: &mut Client, client: &mut Client) {
    let programs =
        ["trigger if exists tg", "trigger if exists tg2", "procedure if exists p1", "function if exists f1"];
    for program in programs {
        run(server, &[&format!("drop {program}")]).await;
    }
    run(client, &["drop table if exists big, ic, trg, comp"]).await;
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Null => "None".into(),
        Cell::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Cell::Int(n) => n.to_string(),
        Cell::UInt(n) => n.to_string(),
        other => other.to_string(),
    }
}

fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Done(done) => {
            format!("ok {} aff {} info {}", done.last_id, done.affected, done.info)
        }
        Answer::Rows { rows, .. } => {
            let rows: Vec<String> =
                rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" , ")).collect();
            format!("rows {}", rows.join(" ; "))
        }
        Answer::Refused(refusal) => format!("err {}", refusal.errno),
    }
}

async fn send(client: &mut Client, sql: &str, prepared: bool) -> Vec<Answer> {
    if !prepared {
        return client.query(sql).await.unwrap();
    }
    match client.prepare(sql).await {
        Ok(statement) => client.execute(&statement, &[]).await.unwrap(),
        Err(Failure::Refused(refusal)) => vec![Answer::Refused(refusal)],
        Err(failure) => panic!("{sql}: {failure}"),
    }
}

/// Runs a case. Triggers and routines are made on `server`, which holds `t`: Shardgate passes none on.
async fn play(login: &Login, server: &Login, case: &Case, form: Form, restart: bool) -> Seen {
    let capabilities = if form.found_rows { CLIENT_FOUND_ROWS } else { 0 };
    let login = Login { capabilities: CLIENT_DEPRECATE_EOF | capabilities, ..login.clone() };
    let mut client = connect(&login).await;
    let mut server = connect(server).await;
    reset(&mut client, restart).await;
    run(&mut client, &[&format!("set sql_mode='{MODE}'"), "select last_insert_id(7)"]).await;
    let mut seen = Seen::default();
    for sql in &case.pre {
        let answer = if is_program(sql) { server.one(sql).await } else { client.one(sql).await };
        if answer.errno() != 0 {
            seen.answers.push(format!("before: {}", shown(&answer)));
            clear(&mut server, &mut client).await;
            return seen;
        }
    }
    if case.name == "LID value after >2^63" {
        run(&mut client, &["select last_insert_id(-1)"]).await;
    }
    if form.transaction {
        run(&mut client, &["begin"]).await;
    }
    let answers = send(&mut client, &case.sql, form.prepared && !case.sql.contains(';')).await;
    seen.answers = answers.iter().map(shown).collect();
    seen.last = shown(&client.one("select last_insert_id()").await);
    if form.transaction {
        run(&mut client, &["commit"]).await;
    }
    for table in ["t", "noai", "child", "seq"] {
        let columns = if table == "child" {
            "k, pid"
        } else if table == "seq" {
            "id"
        } else {
            "id, v"
        };
        let answer = client.one(&format!("select {columns} from {table}")).await;
        let rows = answer.rows().iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" , "));
        seen.rows.extend(rows.map(|row| format!("{table} {row}")));
    }
    seen.rows.sort();
    if case.pre.iter().chain([&case.sql]).any(|sql| sql.starts_with("create")) {
        clear(&mut server, &mut client).await;
    }
    seen
}

fn numbers(seen: &Seen) -> BTreeSet<u64> {
    let texts = seen.answers.iter().chain([&seen.last]).chain(&seen.rows);
    texts.flat_map(|text| text.split([' ', '=', ':'])).filter_map(|word| word.parse().ok()).collect()
}

/// The proxy's answers with its ids replaced by the plain server's, in their order.
fn mapped(proxy: &Seen, plain: &Seen) -> Seen {
    const LEAST: u64 = 1 << 40;
    let (ours, theirs) = (numbers(proxy), numbers(plain));
    let made: Vec<u64> = ours.difference(&theirs).copied().filter(|n| *n >= LEAST).collect();
    let given: Vec<u64> = theirs.difference(&ours).copied().collect();
    let map: BTreeMap<u64, u64> = made.into_iter().zip(given).collect();
    let word =
        |word: &str| word.parse().ok().and_then(|n| map.get(&n)).map_or(word.to_owned(), u64::to_string);
    let text = |text: &String| text.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let mut rows: Vec<String> = proxy.rows.iter().map(text).collect();
    rows.sort();
    Seen { answers: proxy.answers.iter().map(text).collect(), last: text(&proxy.last), rows }
}

/// Where `t` is.
struct Place {
    name: &'static str,
    /// Of `[database.NAME]`, with the database's name for `{db}`.
    config: &'static str,
    t: &'static str,
    sources: usize,
    /// Whether triggers and routines of the first server work: on all rows of `t`.
    programs: bool,
    /// Cases that are refused, or answered otherwise than by one server, and what the first answer is then.
    otherwise: &'static [(&'static str, &'static str)],
}

async fn compare(place: Place) {
    let lab = Lab::shared().await;
    let database = lab.database(&format!("golden_{}", place.name)).await;
    let mut config = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n");
    for (n, primary) in lab.cluster.primaries.iter().take(place.sources).enumerate() {
        write!(config, "[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
    }
    let last = place.sources - 1;
    write!(config, "[database.{database}]\nshards = [\"ds{{0..{last}}}/{database}\"]\n").unwrap();
    config.push_str(&place.config.replace("{db}", &database));
    let proxy = Proxy::start(&config).await;
    let first = Login::root(lab.cluster.primaries[0].port()).database(&database);
    let (ours, plain) =
        (Login::app(proxy.port).database(&database), Login::root(lab.oracle().port()).database(&database));
    for (login, t) in [(&ours, place.t), (&plain, T)] {
        let mut client = connect(login).await;
        for sql in fixture(t) {
            run(&mut client, &[&sql]).await;
        }
    }
    let mut wrong = String::new();
    let mut used = BTreeSet::new();
    for case in cases(lab.is_mariadb()) {
        if !place.programs && case.pre.iter().any(|sql| is_program(sql)) {
            continue;
        }
        for form in FORMS {
            let wanted = play(&plain, &plain, &case, form, true).await;
            let given = play(&ours, &first, &case, form, place.t == T).await;
            if let Some((name, answer)) = place.otherwise.iter().find(|(name, _)| *name == case.name) {
                used.insert(*name);
                let made = |word: &str| word.parse::<u64>().is_ok_and(|n| (1 << 40..1 << 62).contains(&n));
                let plain = |text: &String| {
                    let words = text.trim_end().split(' ').map(|word| if made(word) { "#" } else { word });
                    words.collect::<Vec<_>>().join(" ")
                };
                let all = given.answers.iter().map(plain).collect::<Vec<_>>().join(" | ");
                if all != *answer {
                    writeln!(wrong, "{name} ({form:?}) is to be {answer:?}:\n  {given:?}").unwrap();
                }
                continue;
            }
            let given_as = mapped(&given, &wanted);
            if given_as != wanted {
                writeln!(
                    wrong,
                    "{} ({form:?}): {}\n  plain {wanted:?}\n  ours  {given:?}",
                    case.name, case.sql
                )
                .unwrap();
            }
        }
    }
    for (name, _) in place.otherwise.iter().filter(|(name, _)| !used.contains(name)) {
        assert!(lab.is_mariadb(), "there is no case {name}");
    }
    assert!(wrong.is_empty(), "{}:\n{wrong}", place.name);
}

/// On one server that gives the ids itself.
#[tokio::test]
async fn single_tables_answer_as_recorded() {
    compare(Place {
        name: "single",
        config: "single = { t = \"ds0/{db}\" }\ntable.t = { id = { column = \"id\" } }\n",
        t: T,
        sources: 1,
        programs: true,
        otherwise: &[
            // Ids of a statement follow one another.
            ("incr=10 off=3 multi", "before: err 1235"),
            // New ids do not come from the largest that there is.
            ("explicit max -> next auto fails", "ok 9223372036854775807 aff 1 info | ok # aff 1 info"),
        ],
    })
    .await;
}

/// Sharded by another column than the id: rows of one statement go to several servers.
#[tokio::test]
async fn tables_sharded_by_another_column_answer_as_recorded() {
    compare(Place {
        name: "by_v",
        config: "group.g = { algorithm = { modulo = 4 }, tables = { t = \"v\" } }\ntable.t = { id = { column = \"id\" } }\n",
        t: T,
        sources: 4,
        programs: false,
        otherwise: &[
            ("incr=10 off=3 multi", "before: err 1235"),
            ("explicit max -> next auto fails", "ok 9223372036854775807 aff 1 info | ok # aff 1 info"),
            // The row says nothing of the sharding key.
            ("() VALUES ()", "err 1235"),
        ],
    })
    .await;
}

/// Sharded by the id itself, which is put into the rows.
#[tokio::test]
async fn tables_sharded_by_the_id_answer_as_recorded() {
    compare(Place {
        name: "by_id",
        config: "group.g = { algorithm = { modulo = 4 }, tables = { t = \"id\" } }\ntable.t = { id = { column = \"id\" } }\n",
        t: T,
        sources: 1,
        programs: true,
        otherwise: &[
            ("incr=10 off=3 multi", "before: err 1235"),
            ("explicit max -> next auto fails", "ok 9223372036854775807 aff 1 info | ok # aff 1 info"),
            // The server does not say which row failed: LAST_INSERT_ID() stays.
            ("dup error on 2nd row", "err 1062"),
        ],
    })
    .await;
}

/// The plain server answers as recorded: the recordings are what the forms above stand on.
#[tokio::test]
async fn the_plain_server_answers_as_recorded() {
    let lab = Lab::shared().await;
    let database = lab.database("golden_plain").await;
    let login = Login::root(lab.oracle().port()).database(&database);
    let mut client = connect(&login).await;
    for sql in fixture(T) {
        run(&mut client, &[&sql]).await;
    }
    let mut wrong = String::new();
    for case in cases(lab.is_mariadb()) {
        let seen = play(&login, &login, &case, FORMS[0], true).await;
        // The recordings have the text's length in front, as a character.
        let info = case.msg.get(1..).unwrap_or_default();
        let first = match (&case.ok, case.err.strip_prefix("ERR ")) {
            (_, Some(errno)) => format!("err {errno}"),
            (Json::Number(ok), None) => format!("ok {ok} aff {} info {info}", case.aff.unwrap_or(0)),
            _ => format!("rows {}", case.msg.replace(['(', ')'], "").trim_end_matches(',')),
        };
        let recorded = seen.answers.iter().any(|answer| answer.trim_end() == first.trim_end());
        let last = format!("rows {}", case.lid);
        if !recorded || (seen.last != last && !case.sql.contains("last_insert_id=55")) {
            writeln!(
                wrong,
                "{}: {} {first:?} {last:?} {:?} {}\n  {seen:?}",
                case.name, case.sql, case.extra, case.rows
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
