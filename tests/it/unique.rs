//! Unique indexes over all shards, against one server with UNIQUE KEYs.

mod changes;
mod conflicts;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::client::{Answer, Client, Login, Param};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, number, run, soon, until};

const PEOPLE: &str = "CREATE TABLE people (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(40), code INT, \
    first VARCHAR(10) COLLATE utf8mb4_bin, last VARCHAR(10) COLLATE utf8mb4_bin, note INT";
const KEYS: &str = "UNIQUE KEY email (email), UNIQUE KEY code (code), UNIQUE KEY full_name (first, last)";
const INDEXES: &str = "index.email = { unique = true }\nindex.code = { unique = true }\n\
    index.full_name = { columns = [\"first\", \"last\"], unique = true, table = \"people_names\" }";

/// A database of people over four shards, and a plain server's.
struct People {
    lab: &'static Lab,
    database: String,
    proxy: Proxy,
}

fn config(lab: &Lab, database: &str, indexes: &str) -> String {
    let mut text = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n");
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        text.push_str(&format!("[source.ds{n}]\nprimary = \"{}\"\n", primary.url()));
    }
    let last = lab.cluster.primaries.len() - 1;
    let indexes = indexes.replace("DATABASE", database);
    text.push_str(&format!(
        "[ids]\nstore = \"ds0/{database}\"\n[database.{database}]\nshards = [\"ds{{0..{last}}}/{database}\"]\n\
         single = {{ others = \"ds1/{database}\" }}\n\
         [database.{database}.group.g]\nalgorithm = {{ hash = \"crc32\", slots = 1024 }}\n\
         tables = {{ people = \"id\" }}\n[database.{database}.table.people]\n{indexes}\n"
    ));
    text
}

impl People {
    async fn with(tag: &str, indexes: &str) -> Self {
        let lab = Lab::shared().await;
        let database = lab.database(tag).await;
        let proxy = Proxy::start(&config(lab, &database, indexes)).await;
        Self { lab, database, proxy }
    }

    /// With an empty table on both sides.
    async fn new(tag: &str) -> Self {
        let people = Self::with(tag, INDEXES).await;
        run(&mut people.client().await, &[&format!("{PEOPLE})")]).await;
        run(&mut people.plain().await, &[&format!("{PEOPLE}, {KEYS})")]).await;
        people
    }

    fn login(&self) -> Login {
        Login::app(self.proxy.port).database(&self.database)
    }

    fn plain_login(&self) -> Login {
        Login::root(self.lab.oracle().port()).database(&self.database)
    }

    async fn client(&self) -> Client {
        connect(&self.login()).await
    }

    async fn plain(&self) -> Client {
        connect(&self.plain_login()).await
    }

    async fn direct(&self, shard: usize) -> Client {
        connect(&Login::root(self.lab.cluster.primaries[shard].port()).database(&self.database)).await
    }

    /// All rows of a question on all shards, in order.
    async fn everywhere(&self, sql: &str) -> Vec<String> {
        let mut all = Vec::new();
        for shard in 0..self.lab.cluster.primaries.len() {
            let answer = self.direct(shard).await.one(sql).await;
            all.extend(answer.rows().iter().map(|row| format!("{row:?}")));
        }
        all.sort();
        all
    }

    /// Each row has its entries, and there are no others.
    async fn whole(&self) {
        for (columns, lookup) in [
            ("id, email", "people_email_lookup"),
            ("id, code", "people_code_lookup"),
            ("id, first, last", "people_names"),
        ] {
            let there = columns.replace("id, ", "").replace(", ", " IS NOT NULL AND ");
            let rows =
                self.everywhere(&format!("SELECT {columns} FROM people WHERE {there} IS NOT NULL")).await;
            assert_eq!(rows, self.everywhere(&format!("SELECT {columns} FROM {lookup}")).await, "{lookup}");
        }
    }
}

impl People {
    /// `shardgate index check` finds nothing.
    async fn checked(&self) {
        let (code, said) = index(self, "check", "people").await;
        assert!(code == 0 && said.matches("agrees with its table").count() == 3, "{code}: {said}");
    }
}

/// What must be equal of two answers.
fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Refused(refused) => format!("error {} {:?}", refused.errno, refused.state),
        Answer::Done(done) => format!("{} rows, {} warnings, {:?}", done.affected, done.warnings, done.info),
        Answer::Rows { rows, .. } => {
            let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            rows.join("\n")
        }
    }
}

/// The same on both; what is refused is not asked of the plain server. `false`: it was refused.
async fn same(proxy: &mut Client, plain: &mut Client, sql: &str, prepared: bool) -> bool {
    let (given, wanted) = if prepared {
        let statement = proxy.prepare(sql).await.unwrap();
        let given = proxy.execute(&statement, &[]).await.unwrap().remove(0);
        if given.errno() == 1235 {
            return false;
        }
        let statement = plain.prepare(sql).await.unwrap();
        (given, plain.execute(&statement, &[]).await.unwrap().remove(0))
    } else {
        let given = proxy.one(sql).await;
        if given.errno() == 1235 {
            return false;
        }
        (given, plain.one(sql).await)
    };
    assert_eq!(shown(&given), shown(&wanted), "{sql}\n  shardgate: {given}\n  plain: {wanted}");
    true
}

#[tokio::test]
async fn one_value_is_in_one_row_of_all_shards() {
    let people = People::new("unique").await;
    let (mut proxy, mut plain) = (people.client().await, people.plain().await);
    for sql in [
        "INSERT INTO people (id, email, code) VALUES (1, 'a@x', 1)",
        "INSERT INTO people (id, email, code) VALUES (2, 'b@x', 2), (3, 'c@x', 3), (4, NULL, NULL), (5, NULL, NULL)",
        "INSERT INTO people (id, email, code) VALUES (6, 'a@x', 6)",
        "INSERT INTO people (id, email, code) VALUES (6, 'A@X ', 6)",
        "INSERT INTO people (id, email, code) VALUES (6, 'ä@x', 6)",
        "INSERT INTO people (id, email, code) VALUES (7, 'n@x', 7), (8, 'o@x', 7)",
        "INSERT INTO people (id, email, code) VALUES (7, 'p@x', 7), (8, 'o@x', 8), (9, 'b@x', 9)",
        "INSERT INTO people VALUES (10, 'ten@x', 10, 'Ann', 'Lee', 1)",
        "INSERT INTO people VALUES (11, 'eleven@x', 11, 'Ann', 'Lee', 1)",
        "INSERT INTO people VALUES (11, 'eleven@x', 11, 'ann', 'Lee', 1)",
        "INSERT INTO people VALUES (12, 'twelve@x', 12, 'Ann', NULL, 1), (13, '13@x', 13, 'Ann', NULL, 1)",
        "INSERT INTO people SET id = 14, email = LOWER('FOURTEEN@x'), code = 7 + 7",
        "INSERT INTO people (id, email) VALUES (10, 'new@x')",
        "SELECT * FROM people WHERE email = 'a@x'",
        "SELECT * FROM people WHERE email = 'A@X'",
        "SELECT * FROM people WHERE email IN ('b@x', 'nobody@x', 'C@X ', NULL)",
        "SELECT * FROM people WHERE email = 'fourteen@x' AND code > 3",
        "SELECT * FROM people WHERE code = 2 OR code = 3",
        "SELECT * FROM people WHERE code = '2'",
        "SELECT * FROM people WHERE first = 'Ann' AND last = 'Lee' AND note = 1",
        "SELECT a.id, b.id FROM people a JOIN people b ON a.id = b.id WHERE a.email = 'b@x'",
        "SELECT a.id, b.id FROM people a LEFT JOIN people b ON a.id = b.id AND b.email = 'zz' WHERE a.code = 3",
        "UPDATE people SET email = 'b@x' WHERE id = 1",
        "UPDATE people SET email = 'B@X' WHERE id = 2",
        "UPDATE people SET email = 'bb@x' WHERE email = 'b@x'",
        "UPDATE people SET email = 'a@x' WHERE email = 'bb@x'",
        "UPDATE people SET note = 5 WHERE email = 'bb@x'",
        "UPDATE people SET email = NULL WHERE code IN (1, 3)",
        "INSERT INTO people (id, email) VALUES (20, 'a@x'), (21, 'c@x')",
        "UPDATE people SET email = 'many@x' WHERE note = 1",
        "UPDATE people SET code = code + 1000",
        "UPDATE people SET email = CONCAT('x', email) WHERE id < 10",
        "DELETE FROM people WHERE email = 'xbb@x'",
        "DELETE FROM people WHERE email = 'nobody'",
        "DELETE p FROM people p WHERE p.id = 3",
        "INSERT INTO people (id, email, code) VALUES (2, 'xbb@x', 1002)",
        "DELETE FROM people WHERE note = 1 AND id > 10",
        "BEGIN",
        "INSERT INTO people (id, email) VALUES (30, 'thirty@x')",
        "SELECT * FROM people WHERE email = 'thirty@x'",
        "SAVEPOINT a",
        "DELETE FROM people WHERE email = 'thirty@x'",
        "INSERT INTO people (id, email) VALUES (31, 'thirty@x')",
        "INSERT INTO people (id, email) VALUES (32, '32@x'), (33, 'Thirty@x')",
        "SELECT * FROM people WHERE email IN ('thirty@x', '32@x')",
        "ROLLBACK TO a",
        "SELECT * FROM people WHERE email = 'thirty@x'",
        "ROLLBACK",
        "SELECT * FROM people WHERE email = 'thirty@x'",
        "SELECT * FROM people",
        "SET sql_select_limit = 1",
        "SELECT id FROM people WHERE email IN ('a@x', 'ten@x', 'fourteen@x') AND code = 1014",
        "UPDATE people SET email = CONCAT('z', email) WHERE id IN (2, 14)",
        "SET sql_select_limit = DEFAULT",
        "UPDATE people SET email = CONCAT('y', email) ORDER BY id LIMIT 1",
        "UPDATE people SET email = CONCAT('x', email), note = 5 WHERE id > 2 ORDER BY id DESC LIMIT 2",
        "UPDATE people SET email = 'ten@x' ORDER BY id LIMIT 1",
        "UPDATE people p JOIN people q ON q.id = p.id + 1 SET p.email = CONCAT(q.email, p.id), p.code = NULL",
        "SELECT * FROM people",
        "DELETE FROM people WHERE id <> 10 ORDER BY id DESC LIMIT 2",
        "DELETE p FROM people p JOIN people q ON q.id = p.id + 1 WHERE p.id <> 10",
        "DELETE p, q FROM people p JOIN people q ON p.id = q.id WHERE p.id = 1",
        "DELETE FROM people WHERE id <> 10 AND RAND() < 2 ORDER BY id LIMIT 1",
        "SELECT * FROM people",
    ] {
        for prepared in [false, true] {
            // What changes something runs once, in one of the two forms.
            if !prepared || sql.starts_with("SELECT") {
                same(&mut proxy, &mut plain, sql, prepared).await;
            }
        }
    }
    people.whole().await;
    let key = if people.lab.is_mariadb() { "'email'" } else { "'people.email'" };
    let error = proxy.one("INSERT INTO people (id, email) VALUES (99, 'ten@x')").await.to_string();
    assert!(error.contains(&format!("Duplicate entry 'ten@x' for key {key}")), "{error}");
    for sql in [
        "UPDATE IGNORE people SET email = CONCAT(email, 'z') ORDER BY id LIMIT 1",
        "DELETE IGNORE FROM people ORDER BY id LIMIT 2",
        "INSERT IGNORE INTO people (id, email) VALUES (1, 'r@x') ON DUPLICATE KEY UPDATE email = 'q'",
        "INSERT INTO people (id, email) VALUES (1, 'r@x') ON DUPLICATE KEY UPDATE note = VALUES(id)",
        "INSERT INTO people (id, email) VALUES (1, 'r@x') ON DUPLICATE KEY UPDATE id = 7",
        "REPLACE INTO people (email) VALUES ('r@x')",
        "ALTER TABLE people DROP COLUMN email",
        "ALTER TABLE people MODIFY email VARCHAR(99)",
        "RENAME TABLE people TO persons",
    ] {
        assert_eq!(proxy.one(sql).await.errno(), 1235, "{sql}");
    }
    people.whole().await;
    run(&mut proxy, &["TRUNCATE TABLE people"]).await;
    people.whole().await;
    run(&mut proxy, &["INSERT INTO people (id, email) VALUES (1, 'ten@x')", "DROP TABLE people"]).await;
    let left = people.everywhere("SHOW TABLES LIKE 'people%'").await;
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_lookup_sends_a_statement_to_one_shard() {
    let people = People::new("unique_route").await;
    let mut proxy = people.client().await;
    let rows: Vec<String> = (1..=40).map(|n| format!("({n}, 'u{n}@x', {n})")).collect();
    run(&mut proxy, &[&format!("INSERT INTO people (id, email, code) VALUES {}", rows.join(","))]).await;
    for sql in [
        "SELECT * FROM people WHERE email = 'U7@x'",
        "SELECT * FROM people WHERE code = 7",
        "UPDATE people SET note = 1 WHERE email = 'u7@x'",
        "DELETE FROM people WHERE code = 7",
        "SELECT * FROM people WHERE email = 'nobody@x'",
    ] {
        let plan = proxy.one(&format!("EXPLAIN SHARDGATE {sql}")).await.to_string();
        assert!(plan.contains("on one node") && plan.contains("one read of `people_"), "{sql}: {plan}");
    }
    let plan = proxy.one("EXPLAIN SHARDGATE SELECT * FROM people WHERE note = 1").await.to_string();
    assert!(plan.contains("on 4 nodes"), "{plan}");
    // A column that no index has costs nothing.
    let before = people.everywhere("SELECT * FROM people_email_lookup").await;
    run(&mut proxy, &["UPDATE people SET note = 1"]).await;
    assert_eq!(people.everywhere("SELECT * FROM people_email_lookup").await, before);
}

#[tokio::test]
async fn generated_changes_answer_as_one_server() {
    let people = People::new("unique_random").await;
    let (mut proxy, mut plain) = (people.client().await, people.plain().await);
    let mut random = StdRng::seed_from_u64(20_261_121);
    let (mut refused, mut open, mut errors) = (0, false, HashMap::new());
    for round in 0..3200 {
        let sql = statement(&mut random, &mut open);
        let control = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT"].iter().any(|word| sql.starts_with(word));
        let prepared = random.random_ratio(1, 3) && !control;
        if !same(&mut proxy, &mut plain, &sql, prepared).await {
            refused += 1;
        }
        *errors.entry(sql.split(' ').next().unwrap().to_owned()).or_insert(0) += 1;
        if round % 100 == 99 {
            let all = "SELECT * FROM people";
            assert!(same(&mut proxy, &mut plain, all, false).await);
            if !open {
                people.whole().await;
            }
        }
    }
    run(&mut proxy, &["COMMIT"]).await;
    people.whole().await;
    println!("{refused} refused of {errors:?}");
    assert!(refused < 500, "{refused}");
}

fn statement(random: &mut StdRng, open: &mut bool) -> String {
    let id = |random: &mut StdRng| random.random_range(1..60);
    let email = |random: &mut StdRng| match random.random_range(0..8) {
        0 => "NULL".to_owned(),
        1 => format!("'E{}@x '", random.random_range(1..40)),
        2 => format!("'é{}@x'", random.random_range(1..40)),
        _ => format!("'e{}@x'", random.random_range(1..40)),
    };
    let code = |random: &mut StdRng| match random.random_range(0..6) {
        0 => "NULL".to_owned(),
        _ => random.random_range(1..60).to_string(),
    };
    let name = |random: &mut StdRng| match random.random_range(0..4) {
        0 => "NULL".to_owned(),
        n => format!("'{}'", ["", "a", "A", "b "][n]),
    };
    let place = |random: &mut StdRng| match random.random_range(0..6) {
        0 => format!("id = {}", random.random_range(1..60)),
        1 => format!("id IN ({}, {})", random.random_range(1..60), random.random_range(1..60)),
        2 => format!("email = {}", email(random).replace("NULL", "'none'")),
        3 => format!("code = {}", random.random_range(1..60)),
        4 => format!("note = {}", random.random_range(1..8)),
        _ => format!("first = 'a' AND last = '{}'", ["a", "b", "A"][random.random_range(0..3)]),
    };
    match random.random_range(0..100) {
        0..35 => {
            let rows: Vec<String> = (0..random.random_range(1..4))
                .map(|_| {
                    let (email, code) = (email(random), code(random));
                    let (first, last) = (name(random), name(random));
                    format!(
                        "({}, {email}, {code}, {first}, {last}, {})",
                        id(random),
                        random.random_range(1..8)
                    )
                })
                .collect();
            let (verb, tail) = match random.random_range(0..10) {
                0 => ("REPLACE", ""),
                1 => ("INSERT IGNORE", ""),
                2 => ("INSERT", " ON DUPLICATE KEY UPDATE note = note % 7 + 1"),
                3 => ("INSERT", " ON DUPLICATE KEY UPDATE email = VALUES(email), note = VALUES(note)"),
                4 => ("INSERT", " ON DUPLICATE KEY UPDATE code = code + 1"),
                _ => ("INSERT", ""),
            };
            format!("{verb} INTO people VALUES {}{tail}", rows.join(", "))
        }
        35..39 => format!("UPDATE people SET id = {} WHERE id = {}", id(random), id(random)),
        39..41 => {
            let (id, email) = (id(random), email(random));
            format!("UPDATE people SET id = id % 59 + 1, email = {email} WHERE id = {id}")
        }
        41..60 => {
            let set = match random.random_range(0..6) {
                0 => format!("email = {}", email(random)),
                1 => format!("code = {}", code(random)),
                2 => "code = code + 1".to_owned(),
                3 => format!("first = {}, last = {}", name(random), name(random)),
                4 => format!("email = {}, code = {}", email(random), code(random)),
                _ => "note = note % 7 + 1".to_owned(),
            };
            format!("UPDATE people SET {set} WHERE {}", place(random))
        }
        60..75 => format!("DELETE FROM people WHERE {}", place(random)),
        75..92 => format!("SELECT * FROM people WHERE {}", place(random)),
        92..94 => {
            *open = true;
            "BEGIN".to_owned()
        }
        94..96 if *open => "SAVEPOINT a".to_owned(),
        _ => {
            *open = false;
            ["COMMIT", "ROLLBACK"][random.random_range(0..2)].to_owned()
        }
    }
}

#[tokio::test]
async fn of_equal_values_at_once_one_gets_in() {
    let people = People::new("unique_race").await;
    let tasks: Vec<_> = (0..8_i64)
        .map(|n| {
            let login = people.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let insert =
                    client.prepare("INSERT INTO people (id, email, code) VALUES (?, ?, ?)").await.unwrap();
                let mut done = 0;
                for round in 0..40_i64 {
                    let email = Param::Str(format!("{}{round}@x", if n % 2 == 0 { "r" } else { "R" }));
                    let row = [Param::Int(round * 8 + n), email, Param::Int(round)];
                    let answer = client.execute(&insert, &row).await.unwrap().remove(0);
                    assert!([0, 1062, 1213, 1205].contains(&answer.errno()), "{answer}");
                    done += i64::from(answer.errno() == 0);
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += soon("a client", task).await.unwrap();
    }
    let mut client = people.client().await;
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM people").await), done);
    assert_eq!(client.one("SELECT DISTINCT code FROM people").await.rows().len() as i64, done);
    assert!(done > 0 && done <= 40, "{done}");
    people.whole().await;
}

#[tokio::test]
async fn who_meets_others_at_once_keeps_the_index_right() {
    let people = People::new("unique_melee").await;
    let tasks: Vec<_> = (0..6_i64)
        .map(|n| {
            let login = people.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let mut random = StdRng::seed_from_u64(n as u64);
                run(&mut client, &["SET innodb_lock_wait_timeout = 2"]).await;
                let mut done = HashMap::new();
                for round in 0..60_i64 {
                    let (id, email, code) =
                        (round * 6 + n, random.random_range(0..8), random.random_range(0..8));
                    let row = format!("({id}, '{}{email}@x', {code})", if n % 2 == 0 { "m" } else { "M" });
                    let sql = match random.random_range(0..5) {
                        0 | 1 => format!("REPLACE INTO people (id, email, code) VALUES {row}"),
                        2 => format!("INSERT IGNORE INTO people (id, email, code) VALUES {row}"),
                        3 => format!(
                            "INSERT INTO people (id, email, code) VALUES {row} ON DUPLICATE KEY UPDATE note = {round}"
                        ),
                        _ => format!("INSERT INTO people (id, email, code) VALUES {row}"),
                    };
                    // Undone by a deadlock, or by a wait that was too long, it is said again.
                    let answer = loop {
                        let answer = client.one(&sql).await;
                        *done.entry(answer.errno()).or_insert(0) += 1;
                        if ![1213, 1205].contains(&answer.errno()) {
                            break answer;
                        }
                    };
                    let may = sql.starts_with("INSERT INTO");
                    assert!(answer.errno() == 0 || answer.errno() == 1062 && may, "{sql}: {answer}");
                }
                done
            })
        })
        .collect();
    let mut done = HashMap::new();
    for task in tasks {
        let some = soon("a client", task).await.unwrap();
        for (errno, n) in some {
            *done.entry(errno).or_insert(0) += n;
        }
    }
    println!("{done:?}");
    let mut client = people.client().await;
    for column in ["email", "code"] {
        let rows =
            client.one(&format!("SELECT LOWER({column}) FROM people WHERE {column} IS NOT NULL")).await;
        let all: Vec<String> = rows.rows().iter().map(|row| format!("{row:?}")).collect();
        let values: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!(values.len(), all.len(), "{column}: {all:?}");
    }
    people.whole().await;
    people.checked().await;
}

/// Runs `shardgate index WORD` to its end: its exit code and all that it says.
async fn index(people: &People, word: &str, name: &str) -> (i32, String) {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_shardgate"))
        .args(["index", word, "--config"])
        .arg(people.proxy.config())
        .arg(format!("{}.{name}", people.database))
        .output();
    let output = soon("the command's end", output).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// A table with rows of before it had its indexes.
async fn grown(tag: &str, rows: i64) -> People {
    let mut people = People::with(tag, "").await;
    let mut client = people.client().await;
    run(&mut client, &[&format!("{PEOPLE})")]).await;
    for first in (0..rows).step_by(1000) {
        let some: Vec<String> =
            (first..first + 1000).map(|n| format!("({n}, 'old{n}@x', {n}, 'a', '{n}', 0)")).collect();
        run(&mut client, &[&format!("INSERT INTO people VALUES {}", some.join(","))]).await;
    }
    people.proxy = Proxy::start(&config(people.lab, &people.database, INDEXES)).await;
    people
}

#[tokio::test]
async fn an_index_is_built_while_rows_change() {
    use tokio::io::{AsyncBufReadExt, BufReader};

    let people = grown("unique_build", 12_000).await;
    let mut client = people.client().await;
    let plan = client.one("EXPLAIN SHARDGATE SELECT * FROM people WHERE code = 7").await.to_string();
    assert!(plan.contains("on 4 nodes") && plan.contains("is not ready"), "{plan}");
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..3_i64)
        .map(|n| {
            let (login, stop, written) = (people.login(), Arc::clone(&stop), Arc::clone(&written));
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let mut random = StdRng::seed_from_u64(n as u64);
                let mut done = 0;
                while !stop.load(Ordering::Relaxed) {
                    let id = random.random_range(0..12_000_i64);
                    let new = 100_000 + done * 3 + n;
                    for sql in [
                        format!("UPDATE people SET email = 'new{new}@x', code = {new} WHERE id = {id}"),
                        format!("DELETE FROM people WHERE id = {}", (id + 1) % 12_000),
                        format!("INSERT INTO people VALUES ({new}, 'ins{new}@x', NULL, 'b', '{new}', 1)"),
                    ] {
                        let answer = client.one(&sql).await;
                        assert!([0, 1213, 1205].contains(&answer.errno()), "{sql}: {answer}");
                        written.fetch_add(u64::from(answer.errno() == 0), Ordering::Relaxed);
                    }
                    done += 1;
                }
            })
        })
        .collect();
    until("rows change", async || (written.load(Ordering::Relaxed) > 10).then_some(())).await;
    // Killed in the middle of the first shard, and once more further on.
    for lines in [3, 9] {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_shardgate"))
            .args(["index", "build", "--config"])
            .arg(people.proxy.config())
            .arg(format!("{}.people", people.database))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        for _ in 0..lines {
            assert!(said.next_line().await.unwrap().is_some(), "it ended before it was killed");
        }
        child.kill().await.unwrap();
    }
    let (code, said) = index(&people, "build", "people").await;
    assert_eq!(code, 0, "{said}");
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        soon("a writer", writer).await.unwrap();
    }
    people.whole().await;
    let (code, said) = index(&people, "check", "people").await;
    assert!(code == 0 && said.matches("agrees with its table").count() == 3, "{code}: {said}");
    let (code, said) = index(&people, "build", "people.email").await;
    assert!(code == 0 && said.contains("is ready already"), "{code}: {said}");
    until("the proxy uses the index", async || {
        let plan = client.one("EXPLAIN SHARDGATE SELECT * FROM people WHERE code = 7").await.to_string();
        plan.contains("on one node").then_some(())
    })
    .await;
    // Told apart when they are missing, and when they are too many.
    let missing = "DELETE FROM people_code_lookup ORDER BY id LIMIT 1";
    run(&mut people.direct(1).await, &[missing]).await;
    run(&mut people.direct(2).await, &["INSERT INTO people_code_lookup (id, code) VALUES (-5, -5)"]).await;
    let (code, said) = index(&people, "check", "people.code").await;
    assert!(code == 1 && said.matches("missing: ").count() == 1, "{code}: {said}");
    assert!(said.matches("stale: ").count() == 1 && said.contains("'-5'"), "{code}: {said}");
}

#[tokio::test]
async fn values_that_are_not_unique_are_told() {
    let people = grown("unique_doubles", 1000).await;
    let mut client = people.client().await;
    run(
        &mut client,
        &["UPDATE people SET code = 5 WHERE id = 17", "UPDATE people SET code = 5 WHERE id = 18"],
    )
    .await;
    let (code, said) = index(&people, "build", "people.code").await;
    assert!(code == 1 && said.contains("duplicate: 5 in 3 rows"), "{code}: {said}");
    // Meanwhile nobody is refused.
    run(&mut client, &["UPDATE people SET code = 5 WHERE id = 19", "UPDATE people SET code = id"]).await;
    let (code, said) = index(&people, "build", "people").await;
    assert!(code == 0, "{code}: {said}");
    assert_eq!(client.one("UPDATE people SET code = 5 WHERE id = 17").await.errno(), 1062);
    people.whole().await;
    let (code, said) = index(&people, "build", "people.nothing").await;
    assert!(code == 2 && said.contains("no table or index"), "{code}: {said}");
}
