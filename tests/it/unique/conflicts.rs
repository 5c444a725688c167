//! Rows that others are in the way of, on whatever shard those are: REPLACE, IGNORE, ON DUPLICATE KEY UPDATE, rows of
//! queries and of files. One server with UNIQUE KEYs says what is right.

use super::{INDEXES, KEYS, PEOPLE, People};
use crate::support::client::{Answer, Cell, Client, Login};
use crate::support::shop::{connect, run};

/// CLIENT_FOUND_ROWS: rows that are found and not changed count as well.
const FOUND_ROWS: u32 = 2;

fn also(login: Login, capabilities: u32) -> Login {
    Login { capabilities: login.capabilities | capabilities, ..login }
}

fn cells(row: &[Cell]) -> String {
    let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
    cells.join(" | ")
}

/// What a statement answers and says.
async fn said(client: &mut Client, answer: &Answer) -> Vec<String> {
    let mut all = vec![match answer {
        Answer::Refused(refused) => format!("{} {} {}", refused.errno, refused.state, refused.message),
        Answer::Done(done) => {
            format!(
                "affected {} id {} warnings {} {:?}",
                done.affected, done.last_id, done.warnings, done.info
            )
        }
        Answer::Rows { rows, .. } => {
            let mut rows: Vec<String> = rows.iter().map(|row| cells(row)).collect();
            rows.sort();
            rows.join("\n")
        }
    }];
    // After an error a server says what it has to say of the text, too.
    if matches!(answer, Answer::Done(_)) {
        let mut warnings: Vec<String> =
            client.one("SHOW WARNINGS").await.rows().iter().map(|row| cells(row)).collect();
        warnings.sort();
        all.extend(warnings);
    }
    all
}

/// A statement that both sides must do alike: what differs, in answers, warnings and rows.
pub(super) async fn differs(proxy: &mut Client, plain: &mut Client, sql: &str) -> Option<String> {
    let mut sides = Vec::new();
    for client in [proxy, plain] {
        let answer = client.one(sql).await;
        let mut all = said(client, &answer).await;
        let rows = client.one("SELECT * FROM people").await;
        all.extend(said(client, &rows).await);
        sides.push(all.join("\n"));
    }
    (sides[0] != sides[1]).then(|| format!("{sql}\n--- shardgate\n{}\n--- plain\n{}\n", sides[0], sides[1]))
}

/// Nothing differs.
pub(super) fn gather(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}: {} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// Five people on the shards of their ids.
pub(super) const FILL: [&str; 2] = [
    "DELETE FROM people",
    "INSERT INTO people VALUES (1, 'a@x', 1, 'A', 'a', 1), (2, 'b@x', 2, 'B', 'b', 1), (3, 'c@x', 3, 'C', 'c', 1), \
     (4, NULL, NULL, NULL, NULL, 1), (5, 'e@x', 5, 'E', 'e', 1)",
];

const CASES: [&str; 74] = [
    "REPLACE INTO people (id, email, code) VALUES (9, 'new@x', 99)",
    "REPLACE INTO people (id, email, code) VALUES (1, 'a@x', 1)",
    "REPLACE INTO people VALUES (1, 'a@x', 1, 'A', 'a', 1)",
    "REPLACE INTO people VALUES (4, NULL, NULL, NULL, NULL, 1)",
    "REPLACE INTO people (id, email) VALUES (9, 'A@X ')",
    "REPLACE INTO people (id, email, code, first, last) VALUES (1, 'b@x', 3, 'E', 'e')",
    "REPLACE INTO people (id, email, code, first, last) VALUES (9, 'b@x', 3, 'E', 'e')",
    "REPLACE INTO people (id, email, code) VALUES (9, 'b@x', 2)",
    "REPLACE INTO people (id, email) VALUES (10, 'a@x'), (11, 'a@x'), (12, 'b@x'), (1, 'a@x'), (13, 'z@x')",
    "REPLACE INTO people (id, email) VALUES (10, 'a@x'), (10, 'b@x'), (10, 'b@x')",
    "REPLACE INTO people SET id = 9, email = CONCAT('c', '@x'), note = 7",
    "REPLACE INTO people (id, email, code) VALUES (9, 'a@x', 'no number')",
    "REPLACE INTO people (id, email, code) SELECT id + 10, email, code FROM people WHERE id IN (1, 2)",
    "REPLACE INTO people (id, email, code) SELECT 9, 'a@x', 2",
    "REPLACE INTO people (id, email, code, note) SELECT id, UPPER(email), code, 3 FROM people",
    "REPLACE INTO people (id, email) SELECT id + 20, 'same@x' FROM people ORDER BY id",
    "INSERT IGNORE INTO people (id, email, code) VALUES (9, 'new@x', 99)",
    "INSERT IGNORE INTO people (id, email, code) VALUES (9, 'a@x', 99)",
    "INSERT IGNORE INTO people (id, email, code) VALUES (1, 'new@x', 99)",
    "INSERT IGNORE INTO people (id, email, code) VALUES (9, 'new@x', 2)",
    "INSERT IGNORE INTO people (id, email, code) VALUES (9, 'b@x', 1), (10, 'new@x', 10), (11, 'New@x', 11), (12, 'q', 12)",
    "INSERT IGNORE INTO people (id, email, code) VALUES (9, 'n@x', 90), (10, 'o@x', 90), (11, 'n@x', 91), (12, 'p@x', 92)",
    "INSERT IGNORE INTO people (id, first, last) VALUES (9, 'A', 'a'), (10, 'A', NULL), (11, 'a', 'a')",
    "INSERT IGNORE INTO people (id, email, code) VALUES (9, REPEAT('x', 60), 'word'), (10, REPEAT('x', 70), 3)",
    "INSERT IGNORE INTO people SET id = 9, email = 'b@x'",
    "INSERT IGNORE INTO people (id, email, code) SELECT id + 10, email, code + 10 FROM people WHERE id > 3",
    "INSERT IGNORE INTO people (id, email, code) SELECT id + 10, CONCAT('+', email), code + 10 FROM people",
    "INSERT INTO people (id, email) VALUES (9, 'new@x') ON DUPLICATE KEY UPDATE note = 2",
    "INSERT INTO people (id, email) VALUES (1, 'new@x') ON DUPLICATE KEY UPDATE note = 2",
    "INSERT INTO people (id, email) VALUES (1, 'new@x') ON DUPLICATE KEY UPDATE email = VALUES(email)",
    "INSERT INTO people (id, email) VALUES (1, 'b@x') ON DUPLICATE KEY UPDATE email = VALUES(email)",
    "INSERT INTO people (id, email) VALUES (9, 'a@x') ON DUPLICATE KEY UPDATE note = 2",
    "INSERT INTO people (id, email) VALUES (9, 'a@x') ON DUPLICATE KEY UPDATE note = 1",
    "INSERT INTO people (id, email, note) VALUES (9, 'A@x', 40) ON DUPLICATE KEY UPDATE note = note + VALUES(note) + 1",
    "INSERT INTO people (id, email, note) VALUES (9, 'A@x', 40) ON DUPLICATE KEY UPDATE email = VALUES(email)",
    "INSERT INTO people (id, email, code) VALUES (9, 'a@x', 77) ON DUPLICATE KEY UPDATE code = VALUES(code), first = last",
    "INSERT INTO people (id, email, code) VALUES (9, 'a@x', 2) ON DUPLICATE KEY UPDATE code = VALUES(code)",
    "INSERT INTO people (id, email, code) VALUES (9, 'a@x', 2) ON DUPLICATE KEY UPDATE note = 100",
    "INSERT INTO people (id, email, code) VALUES (2, 'a@x', 5) ON DUPLICATE KEY UPDATE note = 100",
    "INSERT INTO people (id, email, code) VALUES (9, 'n@x', 5) ON DUPLICATE KEY UPDATE email = CONCAT(VALUES(email), code)",
    "INSERT INTO people (id, first, last) VALUES (9, 'E', 'e') ON DUPLICATE KEY UPDATE first = NULL",
    "INSERT INTO people (id, email) VALUES (9, 'a@x') ON DUPLICATE KEY UPDATE id = id, note = 8",
    "INSERT INTO people (id, email) VALUES (9, 'a@x') ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), note = 8",
    "INSERT INTO people (id, email) VALUES (9, 'a@x'), (10, 'j@x'), (11, 'b@x') ON DUPLICATE KEY UPDATE note = note + 1",
    "INSERT INTO people (id, email) VALUES (9, 'k@x'), (10, 'l@x'), (11, 'm@x') ON DUPLICATE KEY UPDATE note = note + 1",
    "INSERT INTO people (id, email) VALUES (9, 'k@x'), (10, 'K@x'), (11, 'k@x') ON DUPLICATE KEY UPDATE note = id",
    "INSERT INTO people (id, email) VALUES (1, 'k@x'), (2, 'b@x'), (9, 'z@x') ON DUPLICATE KEY UPDATE note = note",
    "INSERT INTO people (id, email) VALUES (4, 'four@x') ON DUPLICATE KEY UPDATE note = note",
    "INSERT INTO people (id, email) VALUES (4, 'four@x') ON DUPLICATE KEY UPDATE email = VALUES(email)",
    "INSERT INTO people (id, email, code) VALUES (9, 'a@x', 'word') ON DUPLICATE KEY UPDATE note = 4",
    "INSERT INTO people (id, email, note) SELECT id + 10, email, 5 FROM people ORDER BY id ON DUPLICATE KEY UPDATE note = VALUES(note)",
    "INSERT INTO people (id, email, note) SELECT id + 10, 'one@x', 5 FROM people ORDER BY id ON DUPLICATE KEY UPDATE note = VALUES(note) + 1",
    "INSERT INTO people (id, email) SELECT 9, 'a@x' ON DUPLICATE KEY UPDATE note = 5",
    "INSERT INTO people (id, email, code) SELECT id + 10, CONCAT('+', email), code + 10 FROM people",
    "INSERT INTO people (id, email, code) SELECT id + 10, CONCAT('+', email), code FROM people WHERE id = 3",
    "INSERT INTO people (id, email, code) SELECT id + 10, email, code + 10 FROM people WHERE id = 3",
    "INSERT INTO people (id, email) SELECT id + 10, NULL FROM people",
    "INSERT INTO people (id, email) SELECT id + 10, 'x@x' FROM people WHERE id = 99",
    "INSERT INTO people SELECT id + 10, CONCAT(email, 'x'), code + 100, first, CONCAT(last, '2'), note FROM people",
    "INSERT INTO people (id, email) VALUES (9, 'a@x')",
    "INSERT INTO people (id, email, code) VALUES (9, 'n@x', 3)",
    // Rows that only copies of others give.
    "INSERT INTO people (id, email, code) SELECT p.id + 10, CONCAT('+', q.email), q.code + 10 FROM people p JOIN people q ON q.note = p.note AND q.code = p.code",
    "INSERT INTO people (id, email, code) SELECT p.id + 10, CONCAT('+', q.email), q.code FROM people p JOIN people q ON q.code = p.code WHERE p.id = 3",
    "INSERT INTO people (id, email, code) SELECT p.id + 10, q.email, q.code + 10 FROM people p JOIN people q ON q.code = p.code ORDER BY p.id DESC",
    "INSERT INTO people (id, email) SELECT 10 + COUNT(*), MAX(email) FROM people HAVING COUNT(*) > 1",
    "INSERT INTO people (id, email, first, last) SELECT 9, 'n@x', q.first, q.last FROM people p JOIN people q ON q.id = p.code + 1 WHERE p.code = 1",
    "INSERT INTO people (id, email) SELECT id + 10, CONCAT(email, ROW_NUMBER() OVER (ORDER BY id)) FROM people",
    "INSERT IGNORE INTO people (id, email, code) SELECT p.id + 10, q.email, q.code + 10 FROM people p JOIN people q ON q.code = p.code + 1 ORDER BY p.id",
    "INSERT IGNORE INTO people (id, email, code) SELECT p.id + 10, IF(q.id = 2, 'n@x', q.email), q.code + 10 FROM people p JOIN people q ON q.code = p.code ORDER BY p.id",
    "REPLACE INTO people (id, email, code) SELECT p.id + 10, q.email, q.code FROM people p JOIN people q ON q.code = p.code + 1 ORDER BY p.id",
    "REPLACE INTO people (id, email, note) SELECT p.id + 10, 'same@x', q.note FROM people p JOIN people q ON q.code = p.code ORDER BY p.id",
    "INSERT INTO people (id, email, note) SELECT p.id + 10, q.email, 5 FROM people p JOIN people q ON q.code = p.code ORDER BY p.id \
     ON DUPLICATE KEY UPDATE note = VALUES(note)",
    "INSERT INTO people (id, email, note) SELECT p.id + 10, 'one@x', 5 FROM people p JOIN people q ON q.code = p.code ORDER BY p.id \
     ON DUPLICATE KEY UPDATE note = VALUES(note) + 1",
    "INSERT INTO people (id, email) SELECT 9, MIN(email) FROM people GROUP BY note ON DUPLICATE KEY UPDATE email = CONCAT(VALUES(email), 'z')",
];

#[tokio::test]
async fn rows_meet_others_as_on_one_server() {
    for (keys, found_rows) in [(false, 0), (true, 0), (false, FOUND_ROWS)] {
        let people = People::with(&format!("unique_meet{}{found_rows}", u8::from(keys)), INDEXES).await;
        let mut proxy = connect(&also(people.login(), found_rows)).await;
        let mut plain = connect(&also(people.plain_login(), found_rows)).await;
        let own = if keys { format!("{PEOPLE}, {KEYS})") } else { format!("{PEOPLE})") };
        run(&mut proxy, &[&own]).await;
        run(&mut plain, &[&format!("{PEOPLE}, {KEYS})")]).await;
        let mut wrong = Vec::new();
        for (n, sql) in CASES.iter().enumerate() {
            for mode in ["DEFAULT", "''"] {
                for client in [&mut proxy, &mut plain] {
                    run(client, &[&format!("SET sql_mode = {mode}")]).await;
                    run(client, &FILL).await;
                }
                let open = n % 3 == 0;
                if open {
                    for client in [&mut proxy, &mut plain] {
                        run(client, &["BEGIN", "UPDATE people SET note = note + 0"]).await;
                    }
                }
                wrong.extend(differs(&mut proxy, &mut plain, sql).await);
                if open {
                    let end = if n % 2 == 0 { "ROLLBACK" } else { "COMMIT" };
                    run(&mut proxy, &[end]).await;
                    run(&mut plain, &[end]).await;
                    wrong.extend(differs(&mut proxy, &mut plain, "SELECT 1").await);
                }
                if !keys && found_rows == 0 && mode == "DEFAULT" {
                    people.whole().await;
                }
            }
        }
        gather(&wrong, &format!("keys {keys}, flags {found_rows}"));
        people.checked().await;
    }
}

#[tokio::test]
async fn files_meet_others_as_on_one_server() {
    let people = People::new("unique_files").await;
    let mut proxy = connect(&people.login().with_files()).await;
    let mut plain = connect(&people.plain_login().with_files()).await;
    let files: [&str; 6] = [
        "10\tten@x\t10\n11\televen@x\t11\n12\ttwelve@x\t12\n",
        "10\ta@x\t10\n11\tB@x\t11\n12\tc@x\t2\n5\tnew@x\t50\n",
        "10\tx@x\t10\n11\tX@x\t11\n12\tx@x\t11\n13\ty@x\t\\N\n",
        "1\ta@x\t1\n2\tb@x\t2\n4\t\\N\t\\N\n",
        "4\t\\N\t\\N\n10\tlong@x\tword\n11\tlong@x\n",
        "",
    ];
    let mut wrong = Vec::new();
    for word in ["", "IGNORE", "REPLACE"] {
        for file in files {
            for mode in ["DEFAULT", "''"] {
                let sql = format!(
                    "LOAD DATA LOCAL INFILE 'file' {word} INTO TABLE people (id, email, code) SET note = 1"
                );
                let mut sides = Vec::new();
                for client in [&mut proxy, &mut plain] {
                    run(client, &[&format!("SET sql_mode = {mode}")]).await;
                    run(client, &FILL).await;
                    let answer = client.load(&sql, file.as_bytes(), 1000).await.unwrap();
                    sides.push(said(client, &answer).await.join("\n"));
                }
                if sides[0] != sides[1] {
                    wrong.push(format!(
                        "{word} {file:?}\n--- shardgate\n{}\n--- plain\n{}\n",
                        sides[0], sides[1]
                    ));
                }
                wrong.extend(differs(&mut proxy, &mut plain, "SELECT 1").await);
            }
            people.whole().await;
        }
    }
    gather(&wrong, "files");
    people.checked().await;
    // More than one batch, and some lines in the way.
    let line = |n: usize| format!("{}\tf{}@x\t{n}\n", n + 1000, n % 19_990);
    let file: Vec<u8> = (0..20_000).flat_map(|n| line(n).into_bytes()).collect();
    for word in ["IGNORE", "REPLACE"] {
        let sql = format!("LOAD DATA LOCAL INFILE 'file' {word} INTO TABLE people (id, email, code)");
        let mut sides = Vec::new();
        for client in [&mut proxy, &mut plain] {
            run(client, &["DELETE FROM people"]).await;
            let answer = client.load(&sql, &file, 16 * 1024).await.unwrap();
            sides.push(said(client, &answer).await);
        }
        assert_eq!(sides[0], sides[1], "{word}");
        assert_eq!(differs(&mut proxy, &mut plain, "SELECT COUNT(*) FROM people").await, None);
    }
    people.checked().await;
}

/// Ids of Shardgate's, and two tables on each shard.
const NUMBERED: &str = "\nid = { column = \"id\", generator = \"snowflake\" }\n\
    nodes = [\"ds{0..3}/DATABASE.people_{0..1}\"]";

const WITHOUT_IDS: [&str; 14] = [
    "REPLACE INTO people (email, code) VALUES ('a@x', 2)",
    "REPLACE INTO people (email, code) VALUES ('n@x', 7), ('a@x', 70), ('N@x', 71)",
    "REPLACE INTO people (id, email) VALUES (NULL, 'b@x'), (0, 'r@x')",
    "REPLACE INTO people (email, code) SELECT email, code + 10 FROM people ORDER BY id",
    "INSERT IGNORE INTO people (email, code) VALUES ('a@x', 70)",
    "INSERT IGNORE INTO people (email, code) VALUES ('a@x', 70), ('n@x', 71), ('n@x', 72), ('o@x', 73)",
    "INSERT IGNORE INTO people (email, code) SELECT CONCAT(email, id > 2), 7 + id FROM people ORDER BY id",
    "INSERT INTO people (email, code) VALUES ('n@x', 70) ON DUPLICATE KEY UPDATE note = 3",
    "INSERT INTO people (email, code) VALUES ('a@x', 70) ON DUPLICATE KEY UPDATE note = 3",
    "INSERT INTO people (email, code) VALUES ('a@x', 70) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), note = 3",
    "INSERT INTO people (email) VALUES ('a@x'), ('n@x'), ('N@x') ON DUPLICATE KEY UPDATE note = 3",
    "INSERT INTO people (email) SELECT email FROM people ORDER BY id ON DUPLICATE KEY UPDATE note = 7",
    "INSERT INTO people (email, code) SELECT CONCAT(email, 'x'), code + 10 FROM people ORDER BY id",
    "INSERT INTO people (email, code) VALUES ('n@x', 70), ('o@x', 71)",
];

#[tokio::test]
async fn new_ids_are_those_of_rows_that_went_in() {
    let people = People::with("unique_ids", &format!("{INDEXES}{NUMBERED}")).await;
    let (mut proxy, mut plain) = (people.client().await, people.plain().await);
    let table = PEOPLE.replace("NOT NULL PRIMARY KEY", "NOT NULL AUTO_INCREMENT PRIMARY KEY");
    run(&mut proxy, &[&format!("{table})")]).await;
    run(&mut plain, &[&format!("{table}, {KEYS}) AUTO_INCREMENT = 1000")]).await;
    let mut wrong = Vec::new();
    for sql in WITHOUT_IDS {
        let mut sides = Vec::new();
        for client in [&mut proxy, &mut plain] {
            run(client, &FILL).await;
            run(client, &["SELECT LAST_INSERT_ID(3)"]).await;
            let answer = client.one(sql).await;
            let mut all = said(client, &answer).await;
            if let (Answer::Done(done), Some(first)) = (&answer, all.first_mut()) {
                *first = first
                    .replace(&format!("id {}", done.last_id), if done.last_id > 5 { "id new" } else { "id" });
                if done.last_id > 5 {
                    let sql = format!("SELECT email FROM people WHERE id = {}", done.last_id);
                    let whose = client.one(&sql).await;
                    all.extend(said(client, &whose).await);
                }
            }
            for sql in [
                "SELECT email FROM people WHERE id = LAST_INSERT_ID()",
                "SELECT email, code, first, last, note, id > 5 FROM people",
            ] {
                let rows = client.one(sql).await;
                all.extend(said(client, &rows).await);
            }
            sides.push(all.join("\n"));
        }
        if sides[0] != sides[1] {
            wrong.push(format!("{sql}\n--- shardgate\n{}\n--- plain\n{}\n", sides[0], sides[1]));
        }
    }
    gather(&wrong, "ids");
    people.checked().await;
}
