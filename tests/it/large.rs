//! Packets of 16 MiB and more, several statements in one command, and both ways to end a result set.

use crate::support::client::{Answer, CLIENT_DEPRECATE_EOF, Cell, Client, Login, Param};
use crate::support::shop::{Shop, connect, number, run};

const MIB: usize = 1 << 20;

/// The length of the only cell.
fn length(answer: &Answer) -> usize {
    match &answer.rows()[0][0] {
        Cell::Bytes(bytes) => {
            assert!(bytes.iter().all(|byte| *byte == b'x'));
            bytes.len()
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn statements_and_rows_around_16_mib() {
    let shop = Shop::shared("large").await;
    let mut client = shop.client().await;
    let frame = 0xFF_FFFF;
    let around = "SELECT LENGTH('')".len() + 1;
    for payload in [frame - 1, frame, frame + 1, 2 * frame, 2 * frame + 1, 40 * MIB] {
        let size = payload - around;
        let sql = format!("SELECT LENGTH('{}')", "x".repeat(size));
        assert_eq!(number(&client.one(&sql).await), size as i64);
    }
    // A row of one value: four bytes of length before it (nine from 16 MiB on).
    for payload in [frame - 1, frame, frame + 1, frame + 9, 2 * frame, 40 * MIB] {
        let size = payload - if payload - 4 < 1 << 24 { 4 } else { 9 };
        let answer = client.one(&format!("SELECT REPEAT('x', {size})")).await;
        assert_eq!(length(&answer), size);
        assert_eq!(number(&client.one("SELECT 5").await), 5);
    }
}

#[tokio::test]
async fn large_values_through_tables() {
    let shop = Shop::shared("large_values").await;
    let mut client = shop.client().await;
    run(
        &mut client,
        &["ALTER TABLE orders MODIFY note LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"],
    )
    .await;
    let sizes = [17 * MIB, 33 * MIB, MIB, 20 * MIB];
    for (n, size) in sizes.iter().enumerate() {
        let (key, note) = (shop.key(n % 4, 0, 0), "x".repeat(*size));
        let insert =
            format!("INSERT INTO orders (id, user_id, product_id, note) VALUES ({n}, {key}, 1, '{note}')");
        let insert = insert.replace(&format!("VALUES ({n},"), &format!("VALUES ({},", n + 1));
        assert_eq!(client.one(&insert).await.done().affected, 1);
    }
    for (n, size) in sizes.iter().enumerate() {
        let key = shop.key(n % 4, 0, 0);
        let answer = client.one(&format!("SELECT note FROM orders WHERE user_id = {key}")).await;
        assert_eq!(length(&answer), *size);
    }
    let merged = client.one("SELECT note, id FROM orders ORDER BY id DESC").await;
    let lengths: Vec<usize> = merged
        .rows()
        .iter()
        .map(|row| if let Cell::Bytes(bytes) = &row[0] { bytes.len() } else { 0 })
        .collect();
    assert_eq!(lengths, sizes.iter().rev().copied().collect::<Vec<_>>());

    // The same in binary form: a parameter in the EXECUTE, and one sent in parts.
    let insert = client
        .prepare("INSERT INTO orders (id, user_id, product_id, note) VALUES (?, ?, 1, ?)")
        .await
        .unwrap();
    let key = shop.key(2, 0, 3);
    let mut params = [Param::Int(11), Param::Int(key), Param::Str("x".repeat(18 * MIB))];
    let done = client.execute(&insert, &params).await.unwrap();
    assert_eq!(done[0].done().affected, 1);
    for _ in 0..19 {
        client.send_long_data(&insert, 2, &vec![b'x'; MIB]).await.unwrap();
    }
    params[0] = Param::Int(12);
    let done = client.execute_long(&insert, &params, &[2]).await.unwrap();
    assert_eq!(done[0].done().affected, 1, "{}", done[0]);
    let select = client.prepare("SELECT note FROM orders WHERE user_id = ? AND id = ?").await.unwrap();
    for (id, size) in [(11, 18 * MIB), (12, 19 * MIB)] {
        let rows = client.execute(&select, &[Param::Int(key), Param::Int(id)]).await.unwrap();
        assert_eq!(length(&rows[0]), size);
    }
}

/// Statements of one command, with an error at the start, in the middle, at the end.
const MANY: &[&str] = &[
    "SELECT 1; SELECT 2; SELECT 3",
    "SELECT 1; SELECT nothing; SELECT 3",
    "SELECT nothing; SELECT 2",
    "SELECT 1; SELECT nothing",
    "SELECT 1; SELEC 2; SELECT 3",
    "INSERT INTO users (id, name) VALUES (1, 'a'); INSERT INTO users (id, name) VALUES (2, 'b'), (3, 'c'); SELECT id FROM users ORDER BY id",
    "INSERT INTO users (id, name) VALUES (4, 'd'); INSERT INTO users (id, name) VALUES (1, 'dup'); INSERT INTO users (id, name) VALUES (5, 'e')",
    "SELECT id FROM users ORDER BY id; UPDATE users SET name = 'z' WHERE id = 1; SELECT name FROM users WHERE id = 1",
    "SELECT id FROM users WHERE id = 1; SELECT id FROM users WHERE id = 99; SELECT COUNT(*) FROM users",
    "BEGIN; INSERT INTO users (id, name) VALUES (9, 'x'); SELECT id FROM users WHERE id = 9; ROLLBACK; SELECT id FROM users WHERE id = 9",
    "SET @a = 5; SELECT @a; SET @a = @a + 1; SELECT @a",
    "SELECT ';'; SELECT 'a;b' /* ; */; SELECT 2 -- ; end",
    "SELECT 1;",
    "SELECT 1; ",
    ";",
    "USE `{database}`; SELECT DATABASE() IS NULL; DO 1; SELECT 1 / 0; SHOW WARNINGS",
    "CREATE TABLE made (a INT PRIMARY KEY); INSERT INTO made VALUES (1); SELECT * FROM made; DROP TABLE made",
];

#[tokio::test]
async fn several_statements_in_one_command() {
    let shop = Shop::shared("multi").await;
    for capabilities in [CLIENT_DEPRECATE_EOF, 0] {
        let mut client = connect(&Login { capabilities, ..shop.login() }).await;
        let root = Login { capabilities, ..Login::root(shop.lab.oracle().port()) }.database(&shop.database);
        let mut oracle = connect(&root).await;
        run(
            &mut oracle,
            &[
                "DROP TABLE IF EXISTS users",
                "CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(64) NOT NULL)",
            ],
        )
        .await;
        run(&mut client, &["DELETE FROM users"]).await;
        for sql in MANY {
            let sql = sql.replace("{database}", &shop.database);
            let (given, wanted) = (shown(&mut client, &sql).await, shown(&mut oracle, &sql).await);
            assert_eq!(given, wanted, "{sql}");
        }
    }
}

/// All answers: rows or numbers, status flags, error numbers.
async fn shown(client: &mut Client, sql: &str) -> Vec<String> {
    let answers = client.query(sql).await.unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    let shown = |answer: Answer| match answer {
        Answer::Refused(refusal) => format!("error {}", refusal.errno),
        Answer::Done(done) => format!("affected {} status {:#x}", done.affected, done.status & !0x4000),
        Answer::Rows { rows, status, .. } => {
            let rows: Vec<String> = rows
                .iter()
                .map(|row| row.iter().map(Cell::to_string).collect::<Vec<_>>().join(","))
                .collect();
            // Without what the optimizer found out about indexes, and whether this is the last row.
            format!("rows {rows:?} status {:#x}", status & 0b1000_0000_0000_1011)
        }
    };
    answers.into_iter().map(shown).collect()
}

#[tokio::test]
async fn result_sets_end_as_the_client_wants() {
    let shop = Shop::shared("ends").await;
    let mut loader = shop.client().await;
    let rows: Vec<String> = (1..=40).map(|id| format!("({id}, 'n{id}')")).collect();
    run(&mut loader, &[&format!("INSERT INTO users (id, name) VALUES {}", rows.join(","))]).await;
    run(&mut loader, &["INSERT INTO products (id, name, price) VALUES (1, 'p', 1)"]).await;
    let selects = [
        "SELECT id, name FROM users WHERE id = 3",
        "SELECT id, name FROM users WHERE id = 99",
        "SELECT id, name FROM users ORDER BY id",
        "SELECT id, name FROM users WHERE name = 'nobody' ORDER BY id",
        "SELECT name, COUNT(*) FROM users GROUP BY name ORDER BY name LIMIT 5",
        "SELECT id FROM users WHERE id = 1 AND id = 2",
        "SELECT COUNT(*), MAX(id) FROM users",
        "SELECT * FROM products",
        "SELECT 1",
    ];
    for capabilities in [CLIENT_DEPRECATE_EOF, 0] {
        let mut client = connect(&Login { capabilities, ..shop.login() }).await;
        for (n, sql) in selects.iter().enumerate() {
            let count = [1, 0, 40, 0, 5, 0, 1, 1, 1][n];
            assert_eq!(client.one(sql).await.rows().len(), count, "{sql}");
            let statement = client.prepare(sql).await.unwrap();
            for _ in 0..2 {
                let answers = client.execute(&statement, &[]).await.unwrap();
                assert_eq!(answers[0].rows().len(), count, "prepared: {sql}");
            }
        }
        for sql in [
            "SHOW WARNINGS",
            "SHOW TABLES",
            "SHOW COLUMNS FROM users",
            "DESCRIBE users",
            "EXPLAIN SHARDGATE SELECT 1",
        ] {
            client.one(sql).await.rows();
        }
        assert_eq!(client.one("SHOW CREATE TABLE users").await.rows().len(), 1);
    }
}
