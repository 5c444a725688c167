//! Rows of indexed tables that get new sharding keys, and changes that read other tables: entries follow.

use super::conflicts::{FILL, differs, gather};
use super::{INDEXES, KEYS, PEOPLE, People};
use crate::support::client::Param;
use crate::support::shop::{number, run};

const OTHERS: [&str; 2] = [
    "CREATE TABLE others (id BIGINT NOT NULL PRIMARY KEY, email VARCHAR(40), code INT)",
    "INSERT INTO others VALUES (1, 'o1@x', 41), (2, 'o2@x', 42), (5, 'c@x', 45), (7, NULL, 47)",
];

const CASES: [&str; 37] = [
    "UPDATE people SET id = 50 WHERE id = 1",
    "UPDATE people SET id = id + 1000",
    "UPDATE people SET id = id + 1 ORDER BY id DESC",
    "UPDATE people SET id = id + 1000 WHERE email = 'b@x'",
    "UPDATE people SET id = 2 WHERE id = 1",
    "UPDATE people SET id = 60, email = 'sixty@x', code = 60 WHERE id = 3",
    "UPDATE people SET id = 60, email = 'B@X' WHERE id = 3",
    "UPDATE people SET id = id + 100, email = CONCAT('y', email), code = code + 50",
    "UPDATE people SET id = id + 100, code = code + 1 WHERE id IN (1, 2)",
    "UPDATE people SET id = id + 100, code = code - 1 WHERE id IN (2, 3)",
    "UPDATE people SET id = id + 100, email = NULL",
    "UPDATE people SET id = id + 100, note = 4 WHERE note = 1 ORDER BY id LIMIT 2",
    "UPDATE people SET id = 1, note = 9 WHERE id = 1",
    "UPDATE people SET id = id WHERE id = 1",
    "UPDATE people SET id = 77 WHERE id = 99",
    "UPDATE people SET email = CONCAT('z', email) WHERE id IN (SELECT id FROM others)",
    "UPDATE people SET email = (SELECT MAX(email) FROM others) WHERE id = 2",
    "UPDATE people SET email = (SELECT email FROM others WHERE id = 5) WHERE id = 2",
    "UPDATE people SET note = 3 WHERE code IN (SELECT id FROM others)",
    "UPDATE people SET id = id + 30 WHERE id IN (SELECT id FROM others)",
    "DELETE FROM people WHERE id IN (SELECT id FROM others WHERE code > 41)",
    "DELETE FROM people WHERE NOT EXISTS (SELECT 1 FROM others WHERE code > 100) AND id < 3",
    "UPDATE people JOIN others ON people.id = others.id SET people.email = others.email",
    "UPDATE people p JOIN others o ON p.id = o.id SET p.code = o.code, p.note = o.id",
    "UPDATE people p LEFT JOIN others o ON p.id = o.id SET p.code = o.code",
    "UPDATE people p, others o SET p.email = 'both@x' WHERE p.id = o.id AND o.id = 2",
    "UPDATE people p JOIN others o ON p.id = o.id SET p.email = 'b@x' WHERE o.id = 1",
    "UPDATE people p JOIN others o ON o.id > 0 SET p.email = CONCAT('j', p.email) WHERE p.id = 1",
    "UPDATE people p JOIN people q ON p.id = q.id SET p.email = CONCAT('q', q.email) WHERE q.code < 3",
    "DELETE p FROM people p JOIN others o ON p.id = o.id",
    "DELETE FROM p USING people p JOIN others o ON p.code = o.id WHERE o.code < 45",
    "DELETE p FROM people p JOIN people q ON p.id = q.id WHERE q.email = 'c@x'",
    "DELETE people FROM people LEFT JOIN others ON people.id = others.id WHERE others.id IS NULL",
    "INSERT INTO people (id, email, code) SELECT id + 200, CONCAT('+', email), code FROM others",
    "REPLACE INTO people (id, email, code) SELECT id + 200, email, id FROM others",
    "INSERT IGNORE INTO people (id, email, code) SELECT id + 200, email, id FROM others ORDER BY id",
    "INSERT INTO people (id, email) SELECT id + 200, email FROM others ORDER BY id ON DUPLICATE KEY UPDATE note = 99",
];

#[tokio::test]
async fn entries_follow_rows_that_move_and_other_tables() {
    let people = People::with("unique_follow", INDEXES).await;
    let (mut proxy, mut plain) = (people.client().await, people.plain().await);
    run(&mut proxy, &[&format!("{PEOPLE})")]).await;
    run(&mut plain, &[&format!("{PEOPLE}, {KEYS})")]).await;
    run(&mut proxy, &OTHERS).await;
    run(&mut plain, &OTHERS).await;
    let mut wrong = Vec::new();
    for (n, sql) in CASES.iter().enumerate() {
        for client in [&mut proxy, &mut plain] {
            run(client, &FILL).await;
            if n % 2 == 0 {
                run(client, &["BEGIN", "UPDATE people SET note = note + 0"]).await;
            }
        }
        wrong.extend(differs(&mut proxy, &mut plain, sql).await);
        if n % 2 == 0 {
            let end = if n % 4 == 0 { "ROLLBACK" } else { "COMMIT" };
            run(&mut proxy, &[end]).await;
            run(&mut plain, &[end]).await;
            wrong.extend(differs(&mut proxy, &mut plain, "SELECT 1").await);
        }
        people.whole().await;
    }
    gather(&wrong, "changes");
    people.checked().await;
}

#[tokio::test]
async fn parameters_meet_others_as_literals_do() {
    let people = People::new("unique_bound").await;
    let (mut proxy, mut plain) = (people.client().await, people.plain().await);
    let mut wrong = Vec::new();
    for sql in [
        "REPLACE INTO people (id, email, code) VALUES (?, ?, ?)",
        "INSERT IGNORE INTO people (id, email, code) VALUES (?, ?, ?), (98, 'n@x', 2)",
        "INSERT INTO people (id, email, code) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE note = note + ?",
        "INSERT INTO people (id, email, code) SELECT id + ?, ?, ? FROM people WHERE id = 3 \
         ON DUPLICATE KEY UPDATE note = VALUES(code) + 1",
        "REPLACE INTO people (id, email, code) SELECT id + ?, ?, code + ? FROM people WHERE id < 3 ORDER BY id",
        "UPDATE people SET id = id + ?, email = ?, code = ? WHERE id = 3",
    ] {
        let (given, wanted) = (proxy.prepare(sql).await.unwrap(), plain.prepare(sql).await.unwrap());
        for (id, email, code) in [(90, "b@x", 1), (2, "new@x", 77), (91, "it's \\ A", 78), (92, "a@x ", 5)] {
            let mut values = vec![Param::Int(id), Param::Str(email.into()), Param::Int(code)];
            if sql.contains("note + ?") {
                values.push(Param::Int(6));
            }
            for client in [&mut proxy, &mut plain] {
                run(client, &FILL).await;
            }
            let answers = (
                proxy.execute(&given, &values).await.unwrap(),
                plain.execute(&wanted, &values).await.unwrap(),
            );
            let (one, other) = (answers.0[0].to_string(), answers.1[0].to_string());
            if one != other && answers.0[0].errno() != 1235 {
                wrong.push(format!("{sql} {values:?}\n{one}\n{other}\n"));
            }
            if answers.0[0].errno() != 1235 {
                wrong.extend(differs(&mut proxy, &mut plain, "SELECT 1").await);
            }
            people.whole().await;
        }
    }
    gather(&wrong, "parameters");
    assert_eq!(number(&proxy.one("SELECT COUNT(*) FROM people WHERE email = 'a@x'").await), 1);
}
