//! CREATE TABLE … SELECT over several servers: names that only servers know, ids that are made, and statements that are
//! stopped while they insert. What it answers is compared with a plain server in `dml/selects.sql`.

use crate::support::client::Answer;
use crate::support::proxy::Options;
use crate::support::shop::{Setup, Shop, number, numbers, run, running, soon, until};

/// How many tables of that name there are in the shop's schema of a shard.
fn tables(shop: &Shop<'_>, name: &str) -> String {
    let schema = &shop.database;
    format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{schema}' AND TABLE_NAME LIKE '{name}'"
    )
}

/// Some users on each shard.
async fn users(shop: &Shop<'_>) -> usize {
    let rows: Vec<String> = (0..shop.shards())
        .flat_map(|shard| (0..3).map(move |nth| (shard, nth)))
        .map(|(shard, nth)| format!("({}, 'u{nth}')", shop.key(shard, 0, nth)))
        .collect();
    let mut client = shop.client().await;
    run(&mut client, &[&format!("INSERT INTO users (id, name) VALUES {}", rows.join(", "))]).await;
    rows.len()
}

#[tokio::test]
async fn numbered_tables_are_filled_and_rows_get_ids() {
    let setup = Setup { options: Options { numbered: true, ..Options::default() }, ..Setup::default() };
    let shop = Shop::shared_with("create_numbered", &setup).await;
    let count = users(&shop).await;
    let mut client = shop.client().await;
    run(&mut client, &["DROP TABLE orders"]).await;
    let create = "CREATE TABLE orders (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id BIGINT NOT NULL, KEY user_key (user_id)) \
                  SELECT id AS user_id, name AS note FROM users ORDER BY id";
    let answer = client.one(create).await;
    let Answer::Done(done) = &answer else { panic!("{answer}") };
    assert_eq!(done.affected, count as u64);
    assert!(done.last_id > 0, "{answer}");
    assert_eq!(number(&client.one("SELECT LAST_INSERT_ID()").await), done.last_id as i64);
    let ids = numbers(&client.one("SELECT id FROM orders ORDER BY user_id").await);
    assert_eq!(ids.first(), Some(&(done.last_id as i64)));
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    assert_eq!(shop.each(&tables(&shop, "orders%")).await, [2; 4]);
    let rows = shop.each("SELECT (SELECT COUNT(*) FROM orders_0) + (SELECT COUNT(*) FROM orders_1)").await;
    assert_eq!(rows, [3; 4]);
    let same = "SELECT COUNT(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE o.note = u.name";
    assert_eq!(number(&client.one(same).await), count as i64);
}

#[tokio::test]
async fn a_statement_that_is_stopped_leaves_no_table() {
    let shop = Shop::shared("create_stopped").await;
    users(&shop).await;
    run(&mut shop.client().await, &["DROP TABLE products"]).await;
    for kill in ["KILL QUERY", "KILL"] {
        let mut victim = shop.client().await;
        let session = number(&victim.one("SELECT CONNECTION_ID()").await);
        let sql = "CREATE TABLE products AS SELECT id, name, SLEEP(100) AS stopped_nap FROM users";
        let creating = tokio::spawn(async move { victim.query(sql).await });
        let mut direct = shop.direct(1).await;
        until("it reads", async || (running(&mut direct, "SELECT%stopped_nap%").await > 0).then_some(()))
            .await;
        assert_eq!(shop.each(&tables(&shop, "products")).await, [1; 4]);
        run(&mut shop.client().await, &[&format!("{kill} {session}")]).await;
        let answer = soon("the killed statement", creating).await.unwrap();
        if let Ok(answer) = answer {
            assert_eq!(answer[0].errno(), 1317, "{}", answer[0]);
        }
        until("no table is left", async || {
            (shop.each(&tables(&shop, "products")).await == [0; 4]).then_some(())
        })
        .await;
    }
    // Nothing of it is in the way.
    let answer = shop.client().await.one("CREATE TABLE products AS SELECT id, name FROM users").await;
    assert_eq!(answer.errno(), 0, "{answer}");
}

#[tokio::test]
async fn it_is_committed_whatever_autocommit_is() {
    let shop = Shop::shared("create_committed").await;
    let count = users(&shop).await as i64;
    let mut client = shop.client().await;
    run(&mut client, &["SET autocommit = 0", "UPDATE users SET name = 'kept'"]).await;
    run(&mut client, &["CREATE TABLE made AS SELECT id, name FROM users", "ROLLBACK"]).await;
    let kept = "SELECT COUNT(*) FROM made WHERE name = 'kept'";
    assert_eq!(number(&shop.client().await.one(kept).await), count);
    assert_eq!(
        client.one("CREATE TABLE more (id INT PRIMARY KEY) AS SELECT 1 AS id FROM users").await.errno(),
        1062
    );
    assert_eq!(client.one("SELECT * FROM more").await.errno(), 1146);
    run(&mut client, &["UPDATE users SET name = 'gone'", "ROLLBACK"]).await;
    let left = "SELECT COUNT(*) FROM users WHERE name = 'kept'";
    assert_eq!(number(&client.one(left).await), count);
}
