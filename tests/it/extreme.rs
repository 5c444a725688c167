//! Statements beyond any measure: nested ten thousand deep, a megabyte long, with ten thousand values or conditions. Each is
//! answered as one server does, or with the error that says why not; nobody's connection breaks, and nothing takes long.

use std::time::Instant;

use crate::support::client::{Answer, Client, Failure};
use crate::support::shop::{Setup, Shop, number, numbers, run, soon};

const DEEP: usize = 10_000;
const MANY: usize = 2_000;
/// What Shardgate says of what it does not take apart.
const REFUSED: u16 = 1235;

/// `open` and `close` around `inner`, `times` times.
fn nested(times: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// Statements that nest `times` deep, over one shard and over all.
fn deep(times: usize) -> Vec<(&'static str, String)> {
    let of = |expression: &str| format!("SELECT id FROM users WHERE id = {expression}");
    let mut all = vec![
        ("parentheses", of(&nested(times, "(", "1", ")"))),
        ("a list", format!("SELECT {} FROM users", nested(times, "(", "age", ")"))),
        ("subqueries", of(&nested(times, "(SELECT ", "1", ")"))),
        ("subqueries of a table", of(&nested(times, "(SELECT MAX(age) FROM users WHERE id = ", "1", ")"))),
        ("IN", nested(times, "SELECT id FROM users WHERE id IN (", "1", ")")),
        // Of one row each: MySQL joins them all.
        ("EXISTS", nested(times, "SELECT id FROM users WHERE id < 2 AND EXISTS (", "SELECT 1", ")")),
        ("NOT", of(&nested(times, "NOT ", "1", ""))),
        ("!", of(&nested(times, "!", "1", ""))),
        ("minus", of(&nested(times, "- ", "1", ""))),
        ("CASE", of(&nested(times, "CASE WHEN 1 THEN ", "1", " END"))),
        ("functions", of(&nested(times, "ABS(", "1", ")"))),
        ("aggregates", format!("SELECT {} FROM users", nested(times, "MAX(", "age", ")"))),
        ("IF", of(&nested(times, "IF(1, ", "1", ", 2)"))),
        ("casts", of(&nested(times, "CAST(", "1", " AS SIGNED)"))),
        ("BETWEEN", of(&nested(times, "1 BETWEEN 0 AND (", "1", ")"))),
        ("rows", format!("SELECT id FROM users WHERE {} = 1", nested(times, "ROW(1, ", "1", ")"))),
        ("derived tables", nested(times, "SELECT * FROM (", "SELECT id FROM users", ") d")),
        ("joins", format!("SELECT 1 FROM {}", nested(times, "(", "users", ")"))),
        ("unions", nested(times, "(SELECT id FROM users UNION ", "SELECT 1", ")")),
        ("WITH", nested(times, "WITH c AS (", "SELECT 1", ") SELECT * FROM c")),
        ("an UPDATE", format!("UPDATE users SET age = {} WHERE id = 1", nested(times, "(", "1", ")"))),
        ("an INSERT", format!("INSERT INTO users (id, name) VALUES ({}, 'x')", nested(times, "(", "1", ")"))),
        ("comments", format!("SELECT {}1 FROM users", "/* ".repeat(times))),
        ("an open end", format!("SELECT {} FROM users", "(".repeat(times))),
        ("a closed end", format!("SELECT 1{} FROM users", ")".repeat(times))),
        ("CREATE TABLE", format!("CREATE TABLE deep (a INT DEFAULT ({}))", nested(times, "(", "1", ")"))),
        ("SET", format!("SET @a = {}", nested(times, "(", "1", ")"))),
    ];
    all.retain(|(_, sql)| sql.len() < 900_000);
    all
}

/// Statements that are long without being deep.
fn wide() -> Vec<(&'static str, String)> {
    let list = |item: &dyn Fn(usize) -> String, between: &str, many: usize| {
        (0..many).map(item).collect::<Vec<_>>().join(between)
    };
    let arms = list(&|n| format!("SELECT id FROM users WHERE id = {n}"), " UNION ALL ", MANY);
    let scattered = list(&|_| "SELECT id FROM users".to_owned(), " UNION ", MANY);
    let chain = list(&|n| format!("c{n} AS (SELECT {n} AS x FROM c{})", n.max(1) - 1), ", ", MANY);
    let chain = format!("WITH c0 AS (SELECT 1 AS x), {}", chain.split_once(", ").unwrap().1);
    let ands = list(&|n| format!("id <> {n}"), " AND ", DEEP);
    let ors = list(&|n| format!("id = {n}"), " OR ", DEEP);
    let keys = list(&|n| format!("id = {}", n % 7), " AND ", DEEP);
    let mixed = list(&|n| format!("(id = {n} AND age = {n})"), " OR ", DEEP);
    let ranges = list(&|n| format!("id > -{n}"), " AND ", DEEP);
    let sum = list(&|n| n.to_string(), " + ", DEEP);
    let columns = list(&|n| format!("id AS c{n}"), ", ", MANY);
    let cases = list(&|n| format!("WHEN {n} THEN {n}"), " ", DEEP);
    let order = list(&|_| "age".to_owned(), ", ", MANY);
    let joins = list(&|n| format!("users u{n}"), ", ", 100);
    vec![
        ("union arms of one shard each", arms),
        ("union arms of all shards", scattered),
        ("a chain of CTEs", format!("{chain} SELECT COUNT(*) FROM c{}", MANY - 1)),
        ("a chain of CTEs beside a table", format!("{chain} SELECT COUNT(*) FROM c{}, users", MANY - 1)),
        ("AND", format!("SELECT id FROM users WHERE {ands}")),
        ("OR", format!("SELECT id FROM users WHERE {ors} ORDER BY id")),
        ("AND of keys", format!("SELECT id FROM users WHERE {keys}")),
        ("OR of ANDs", format!("SELECT id FROM users WHERE {mixed} ORDER BY id")),
        ("bounds", format!("SELECT COUNT(*) FROM users WHERE {ranges}")),
        ("a sum", format!("SELECT id, {sum} AS s FROM users ORDER BY id")),
        ("columns", format!("SELECT {columns} FROM users ORDER BY id")),
        ("CASE", format!("SELECT CASE id {cases} END AS c FROM users ORDER BY id")),
        ("ORDER BY", format!("SELECT id FROM users ORDER BY {order}, id")),
        ("joined tables", format!("SELECT COUNT(*) FROM {joins}")),
    ]
}

/// The error number and what goes with it, or the rows in an order of their own: most of these statements give them none.
fn shown(answer: &Result<Answer, Failure>) -> String {
    match answer {
        Ok(Answer::Rows { rows, .. }) => {
            let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows.join(" ")
        }
        Ok(Answer::Refused(refusal)) if refusal.errno == 1105 => refusal.message.clone(),
        Ok(Answer::Refused(refusal)) => format!("{} {}", refusal.errno, refusal.state),
        Ok(Answer::Done(done)) => format!("affected {}", done.affected),
        Err(failure) => format!("{failure}"),
    }
}

async fn ask(client: &mut Client, sql: &str, prepared: bool) -> Result<Answer, Failure> {
    if !prepared {
        return Ok(client.query(sql).await?.remove(0));
    }
    let statement = match client.prepare(sql).await {
        Ok(statement) => statement,
        Err(Failure::Refused(refusal)) => return Ok(Answer::Refused(refusal)),
        Err(failure) => return Err(failure),
    };
    let answers = client.execute(&statement, &[]).await;
    client.close(&statement).await?;
    Ok(answers?.remove(0))
}

/// Asks the proxy and, where it does not refuse, a plain server.
async fn check(shop: &Shop<'_>, cases: &[(&str, String)]) {
    let mut wrong = Vec::new();
    for (name, sql) in cases {
        for prepared in [false, true] {
            let mut client = shop.client().await;
            let begun = Instant::now();
            let given = soon(name, ask(&mut client, sql, prepared)).await;
            let taken = begun.elapsed();
            let refused = matches!(&given, Ok(answer) if answer.errno() == REFUSED);
            let given = shown(&given);
            let alive = ask(&mut client, "SELECT 5", false).await.is_ok_and(|answer| number(&answer) == 5);
            if !alive {
                wrong.push(format!("{name}, prepared {prepared}: the connection is gone after {given}"));
                continue;
            }
            println!(
                "{name}, prepared {prepared}: {taken:?}: {}",
                given.chars().take(100).collect::<String>()
            );
            if refused {
                continue;
            }
            let mut plain = shop.plain().await;
            let wanted = shown(&ask(&mut plain, sql, prepared).await);
            // Both have read too deep a statement to the place where they gave up.
            let deep = ["1064 42000", "1436 HY000", "1235 42000"];
            let gave_up = [&wanted, &given].iter().all(|shown| deep.contains(&shown.as_str()));
            if wanted != given && !gave_up {
                let cut = |text: &str| text.chars().take(300).collect::<String>();
                wrong.push(format!("{name}, prepared {prepared}: {} for {}", cut(&given), cut(&wanted)));
            }
        }
        let mut client = shop.client().await;
        for verb in ["EXPLAIN SHARDGATE", "EXPLAIN"] {
            let explained = soon(name, ask(&mut client, &format!("{verb} {sql}"), false)).await;
            if let Err(failure) = explained {
                wrong.push(format!("{verb} of {name}: {failure}"));
                client = shop.client().await;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A few users, on a plain server and over all shards.
async fn shop(tag: &str) -> Shop<'static> {
    let shop = Shop::shared_with(tag, &Setup::default()).await;
    let mut plain = shop.plain_with_tables().await;
    let mut client = shop.client().await;
    for n in 1..=8 {
        let sql = format!("INSERT INTO users (id, name, age) VALUES ({n}, 'u{n}', {})", 20 + n);
        run(&mut plain, &[&sql]).await;
        run(&mut client, &[&sql]).await;
    }
    shop
}

#[tokio::test]
async fn nested_without_end() {
    let shop = shop("deep").await;
    check(&shop, &deep(20)).await;
    check(&shop, &deep(DEEP)).await;
}

#[tokio::test]
async fn long_without_end() {
    let shop = shop("wide").await;
    check(&shop, &wide()).await;
}

#[tokio::test]
async fn a_megabyte_of_text() {
    let shop = shop("megabyte").await;
    let long = "x".repeat(1 << 20);
    let cases = [
        ("a literal", format!("SELECT id FROM users WHERE name <> '{long}' ORDER BY id")),
        ("a comment", format!("SELECT id /* {long} */ FROM users ORDER BY id")),
        ("a name", format!("SELECT {long} FROM users")),
        ("an alias", format!("SELECT id AS {long} FROM users ORDER BY id")),
        ("a table", format!("SELECT id FROM {long}")),
        ("spaces", format!("SELECT id FROM users{} ORDER BY id", " ".repeat(1 << 20))),
        ("nonsense", long.clone()),
        ("an open quote", format!("SELECT '{long}")),
        ("a number", format!("SELECT id FROM users WHERE id = {}", "1".repeat(1 << 20))),
    ];
    check(&shop, &cases).await;
    let parentheses = nested(1 << 19, "(", "1", ")");
    let mut client = shop.client().await;
    for prepared in [false, true] {
        let sql = format!("SELECT id FROM users WHERE id = {parentheses}");
        let answer = ask(&mut client, &sql, prepared).await.unwrap();
        assert_ne!(answer.errno(), 0, "{answer}");
    }
    assert_eq!(number(&client.one("SELECT 5").await), 5);
}

/// Only the shards that have some of the values are asked.
#[tokio::test]
async fn ten_thousand_values() {
    let shop = shop("values").await;
    let mut client = shop.client().await;
    let mut plain = shop.plain().await;
    let of = |shard: usize| {
        let mut keys = Vec::new();
        let mut above = 0;
        while keys.len() < DEEP {
            above = shop.key(shard, above, 0);
            keys.push(above.to_string());
        }
        keys.join(", ")
    };
    let all = (1..=DEEP).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    for (keys, shards) in [(of(0), 1), (of(3), 1), (all, 4)] {
        for sql in [
            format!("SELECT id FROM users WHERE id IN ({keys}) ORDER BY id"),
            format!("SELECT COUNT(*) FROM users WHERE id NOT IN ({keys})"),
            format!("SELECT COUNT(*) FROM users WHERE age IN ({keys})"),
        ] {
            for prepared in [false, true] {
                let given = soon("an answer", ask(&mut client, &sql, prepared)).await;
                assert_eq!(shown(&given), shown(&ask(&mut plain, &sql, prepared).await));
            }
        }
        let explained =
            client.one(&format!("EXPLAIN SHARDGATE SELECT id FROM users WHERE id IN ({keys})")).await;
        let asked: std::collections::BTreeSet<String> = format!("{explained}")
            .match_indices("ds")
            .filter_map(|(at, _)| format!("{explained}").get(at..at + 3).map(str::to_owned))
            .filter(|name| name.ends_with(|c: char| c.is_ascii_digit()))
            .collect();
        assert_eq!(asked.len(), shards, "{asked:?}");
    }
    let ids = numbers(&client.one("SELECT id FROM users ORDER BY id").await);
    assert_eq!(ids.len(), 8);
}
