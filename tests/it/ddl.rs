//! DDL reaches every place of a table, and says where it failed.

use crate::support::client::{Answer, Cell, Client};
use crate::support::proxy::Options;
use crate::support::shop::{Setup, Shop, number, run, text};

/// `SHOW CREATE TABLE` of a table on each shard, or its error number.
async fn definitions(shop: &Shop<'_>, table: &str) -> Vec<String> {
    let mut all = Vec::new();
    for shard in 0..shop.shards() {
        all.push(match shop.direct(shard).await.one(&format!("SHOW CREATE TABLE `{table}`")).await {
            Answer::Rows { rows, .. } => cell(&rows[0][1]).replace(&format!("`{table}`"), "it"),
            other => other.errno().to_string(),
        });
    }
    all
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    }
}

async fn same_everywhere(shop: &Shop<'_>, tables: &[&str]) -> String {
    let mut all = Vec::new();
    for table in tables {
        all.extend(definitions(shop, table).await);
    }
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
    all.remove(0)
}

async fn refusal(client: &mut Client, sql: &str) -> (u16, String) {
    match client.one(sql).await {
        Answer::Refused(refusal) => (refusal.errno, refusal.message),
        other => panic!("{sql}: {other}"),
    }
}

#[tokio::test]
async fn every_shard_and_numbered_table_is_changed() {
    let setup = Setup { options: Options { numbered: true, ..Options::default() }, ..Setup::default() };
    let shop = Shop::shared_with("ddl_everywhere", &setup).await;
    let mut client = shop.client().await;
    for (table, places) in
        [("users", &["users"][..]), ("orders", &["orders_0", "orders_1"]), ("products", &["products"])]
    {
        let before = same_everywhere(&shop, places).await;
        assert!(before.len() > 10, "{table} is there: {before}");
        let sql = |text: &str| text.replace("{}", table);
        for step in [
            "ALTER TABLE {} ADD COLUMN extra INT DEFAULT 5, ADD KEY extra_key (extra)",
            "CREATE INDEX second_key ON {} (extra, id)",
            "DROP INDEX extra_key ON {}",
            "ALTER TABLE {} RENAME COLUMN extra TO more",
            "ALTER TABLE {} MODIFY more BIGINT NOT NULL",
            "ALTER TABLE {} DROP INDEX second_key, DROP COLUMN more",
        ] {
            let last = same_everywhere(&shop, places).await;
            run(&mut client, &[&sql(step)]).await;
            assert_ne!(same_everywhere(&shop, places).await, last, "{}", sql(step));
        }
        assert_eq!(same_everywhere(&shop, places).await, before);
        run(&mut client, &[&sql("TRUNCATE TABLE {}"), &sql("DROP TABLE {}")]).await;
        assert_eq!(same_everywhere(&shop, places).await, "1146");
        assert_eq!(refusal(&mut client, &sql("DROP TABLE {}")).await.0, 1051);
        run(
            &mut client,
            &[
                &sql("DROP TABLE IF EXISTS {}"),
                &sql("CREATE TABLE IF NOT EXISTS {} (id BIGINT PRIMARY KEY, user_id BIGINT)"),
            ],
        )
        .await;
        same_everywhere(&shop, places).await;
        assert_eq!(
            refusal(&mut client, &sql("CREATE TABLE {} (id BIGINT PRIMARY KEY, user_id BIGINT)")).await.0,
            1050
        );
    }
    // A table of one place.
    run(&mut client, &["CREATE TABLE anything (a INT)", "INSERT INTO anything VALUES (1)"]).await;
    let counts = definitions(&shop, "anything").await;
    assert_eq!(counts.iter().filter(|one| *one == "1146").count(), 3, "{counts:#?}");
    run(&mut client, &["RENAME TABLE anything TO something", "ALTER TABLE something ADD COLUMN b INT"]).await;
    assert_eq!(number(&client.one("SELECT a FROM something").await), 1);
    run(&mut client, &["DROP TABLE something"]).await;
}

#[tokio::test]
async fn truncate_empties_all() {
    let shop = Shop::shared("truncate").await;
    let mut client = shop.client().await;
    let rows: Vec<String> = (1..=40).map(|id| format!("({id}, 'x')")).collect();
    run(&mut client, &[&format!("INSERT INTO users (id, name) VALUES {}", rows.join(","))]).await;
    assert!(shop.each("SELECT COUNT(*) FROM users").await.iter().all(|count| *count > 0));
    run(&mut client, &["TRUNCATE users"]).await;
    assert_eq!(shop.each("SELECT COUNT(*) FROM users").await, [0; 4]);
}

#[tokio::test]
async fn a_failure_on_one_shard_is_reported_with_its_place() {
    let shop = Shop::shared("ddl_fails").await;
    let mut client = shop.client().await;
    run(&mut shop.direct(2).await, &["ALTER TABLE users ADD COLUMN extra INT"]).await;
    let (errno, message) = refusal(&mut client, "ALTER TABLE users ADD COLUMN extra INT").await;
    assert_eq!(errno, 1060, "{message}");
    assert!(message.contains("ds2") && message.contains("Duplicate column name 'extra'"), "{message}");
    assert!(!message.contains("ds1") && !message.contains("ds3"), "{message}");
    // Said as it is: the others have it now, and the next attempt fails everywhere.
    assert!(message.contains("3 of 4"), "{message}");
    let everywhere = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'extra'";
    assert_eq!(shop.each(everywhere).await, [1; 4]);
    assert_eq!(refusal(&mut client, "ALTER TABLE users ADD COLUMN extra INT").await.0, 1060);
    run(
        &mut client,
        &["INSERT INTO users (id, name, extra) VALUES (1, 'x', 1), (2, 'x', 2), (3, 'x', 3), (4, 'x', 4)"],
    )
    .await;
    assert_eq!(number(&client.one("SELECT SUM(extra) FROM users").await), 10);

    // What is wrong everywhere is one error in the server's words.
    let mut direct = shop.direct(0).await;
    for sql in [
        "ALTER TABLE users DROP COLUMN nothing",
        "CREATE INDEX k ON users (nothing)",
        "ALTER TABLE users ADD KEY city_key (city)",
    ] {
        assert_eq!(client.one(sql).await, direct.one(sql).await, "{sql}");
    }
    // A unique key that the rows of one shard only do not allow.
    let (a, b) = (shop.key(1, 100, 0), shop.key(1, 100, 1));
    run(
        &mut client,
        &[
            "UPDATE users SET email = id",
            &format!("INSERT INTO users (id, name, email) VALUES ({a}, 'x', 'e'), ({b}, 'x', 'e')"),
        ],
    )
    .await;
    let (errno, message) = refusal(&mut client, "ALTER TABLE users ADD UNIQUE KEY email_key (email)").await;
    assert_eq!(errno, 1062, "{message}");
    assert!(message.contains("ds1"), "{message}");
}

#[tokio::test]
async fn ddl_commits_and_others_see_it_at_once() {
    let shop = Shop::shared("ddl_sessions").await;
    let (mut a, mut b) = (shop.client().await, shop.client().await);
    run(
        &mut a,
        &["BEGIN", "INSERT INTO users (id, name) VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'x'), (5, 'x')"],
    )
    .await;
    assert_eq!(number(&b.one("SELECT COUNT(*) FROM users").await), 0);
    run(&mut a, &["CREATE TABLE made (k INT)"]).await;
    assert_eq!(number(&b.one("SELECT COUNT(*) FROM users").await), 5);
    run(&mut a, &["ROLLBACK"]).await;
    assert_eq!(number(&b.one("SELECT COUNT(*) FROM users").await), 5);
    for n in 0..5 {
        let star = "SELECT * FROM users WHERE id = 1";
        let wide = "SELECT * FROM users ORDER BY id";
        let before = (columns(&b.one(star).await), columns(&b.one(wide).await));
        run(&mut a, &[&format!("ALTER TABLE users ADD COLUMN c{n} INT DEFAULT {n}")]).await;
        let after = (columns(&b.one(star).await), columns(&b.one(wide).await));
        assert_eq!((before.0 + 1, before.1 + 1), after);
        assert_eq!(text(&b.one(&format!("SELECT c{n} FROM users WHERE id = 1")).await), n.to_string());
        run(&mut b, &[&format!("INSERT INTO users (id, name, c{n}) VALUES ({}, 'x', 7)", 50 + n)]).await;
    }
    // A temporary table commits nothing.
    run(&mut a, &["BEGIN", "DELETE FROM users WHERE id = 1"]).await;
    if a.one("CREATE TEMPORARY TABLE scratch (a INT)").await.errno() == 0 {
        run(&mut a, &["INSERT INTO scratch VALUES (1)", "DROP TEMPORARY TABLE scratch"]).await;
    }
    run(&mut a, &["ROLLBACK"]).await;
    assert_eq!(number(&b.one("SELECT COUNT(*) FROM users WHERE id = 1").await), 1);
}

fn columns(answer: &Answer) -> usize {
    answer.rows()[0].len()
}

#[tokio::test]
async fn databases_come_and_go_on_all_servers() {
    let shop = Shop::shared("ddl_database").await;
    let mut client = shop.client().await;
    let name = &shop.database;
    let there = format!("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{name}'");
    run(&mut client, &[&format!("DROP DATABASE {name}")]).await;
    for shard in 0..4 {
        let mut direct = crate::support::shop::connect(&crate::support::client::Login::root(
            shop.lab.cluster.primaries[shard].port(),
        ))
        .await;
        assert_eq!(number(&direct.one(&there).await), 0, "ds{shard}");
    }
    assert_eq!(client.one("SELECT COUNT(*) FROM users").await.errno() / 100, 10, "no such database or table");
    run(&mut client, &[&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"), &format!("USE {name}")])
        .await;
    assert_eq!(shop.each(&there).await, [1; 4]);
    assert_eq!(refusal(&mut client, &format!("CREATE DATABASE {name}")).await.0, 1007);
    run(&mut client, &[&format!("CREATE DATABASE IF NOT EXISTS {name}")]).await;
    run(
        &mut client,
        &[
            "CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(9))",
            "INSERT INTO users VALUES (1, 'x'), (2, 'y')",
        ],
    )
    .await;
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM users").await), 2);
}
