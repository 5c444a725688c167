//! Reads on replicas: which server answers what, and what happens when replicas die.

use std::collections::BTreeMap;

use crate::support::client::{Client, Param};
use crate::support::cluster::Lab;
use crate::support::proxy::Options;
use crate::support::shop::{Setup, Shop, number, run, until};

const SETUP: Setup<'static> =
    Setup { options: Options { replicas: true, numbered: false, ledger: false }, listen: "", more: "" };

/// A shop on two sources of two replicas each, with some rows that have arrived everywhere.
async fn shop(lab: &Lab) -> Shop<'_> {
    let shop = Shop::over(lab, "replicas", &SETUP).await;
    let mut client = shop.client().await;
    let rows: Vec<String> = (1..=20).map(|id| format!("({id}, 'n{id}')")).collect();
    run(&mut client, &[&format!("INSERT INTO users (id, name) VALUES {}", rows.join(","))]).await;
    run(&mut client, &["INSERT INTO products (id, name, price) VALUES (1, 'p', 1)"]).await;
    lab.cluster.sync().await.unwrap();
    shop
}

/// How often each port answered.
async fn ports(client: &mut Client, sql: &str, times: usize) -> BTreeMap<i64, usize> {
    let mut all = BTreeMap::new();
    for _ in 0..times {
        *all.entry(number(&client.one(sql).await)).or_default() += 1;
    }
    all
}

#[tokio::test]
async fn reads_are_spread_over_replicas_and_writes_are_not() {
    let lab = Lab::start(2, 2, 0).await;
    let shop = shop(&lab).await;
    let mut client = shop.client().await;
    let key = shop.key(0, 0, 0);
    let primary = i64::from(lab.cluster.primaries[0].port());
    let replicas: Vec<i64> = lab.cluster.replicas[0].iter().map(|server| server.port().into()).collect();
    let read = format!("SELECT @@port FROM users WHERE id = {key}");
    let even: BTreeMap<_, _> = replicas.iter().map(|port| (*port, 5)).collect();
    let only: BTreeMap<_, _> = [(primary, 4)].into();
    assert_eq!(ports(&mut client, &read, 10).await, even, "in turn");

    let prepared = client.prepare("SELECT @@port FROM users WHERE id = ?").await.unwrap();
    let mut seen = BTreeMap::new();
    for _ in 0..10 {
        let rows = client.execute(&prepared, &[Param::Int(key)]).await.unwrap();
        let port = rows[0].rows()[0][0].to_string().trim_matches('u').parse().unwrap();
        *seen.entry(port).or_default() += 1;
    }
    assert_eq!(seen, even, "prepared");

    for sql in [
        format!("SELECT /*+ SHARDGATE(primary) */ @@port FROM users WHERE id = {key}"),
        format!("SELECT @@port FROM users WHERE id = {key} FOR UPDATE"),
        format!("SELECT @@port FROM users WHERE id = {key} LOCK IN SHARE MODE"),
    ] {
        assert_eq!(ports(&mut client, &sql, 4).await, only, "{sql}");
    }
    run(&mut client, &["BEGIN"]).await;
    assert_eq!(ports(&mut client, &read, 4).await, only, "in a transaction");
    run(&mut client, &["COMMIT", "START TRANSACTION READ ONLY"]).await;
    assert_eq!(ports(&mut client, &read, 4).await, only, "in a transaction that only reads");
    run(&mut client, &["COMMIT", "SET autocommit = 0"]).await;
    assert_eq!(ports(&mut client, &read, 4).await, only, "without autocommit");
    run(&mut client, &["COMMIT", "SET autocommit = 1"]).await;
    assert_eq!(ports(&mut client, &read, 10).await, even, "after the transaction");
    let made = client.one("CREATE TEMPORARY TABLE scratch (a INT)").await;
    if made.errno() == 0 {
        assert_eq!(ports(&mut client, &read, 4).await, only, "beside a temporary table");
    }

    // Scattered reads go there, too; so do sessions with variables of their own.
    let mut client = shop.client().await;
    run(&mut client, &["SET time_zone = '+04:00', sql_mode = ''"]).await;
    let primaries: Vec<String> =
        lab.cluster.primaries.iter().map(|server| format!("'{}'", server.port())).collect();
    for sql in ["SELECT @@port, @@time_zone FROM users ORDER BY id", "SELECT @@port, '+04:00' FROM users"] {
        let rows = client.one(sql).await;
        assert_eq!(rows.rows().len(), 20);
        for row in rows.rows() {
            assert!(!primaries.contains(&row[0].to_string()), "{sql}: {}", row[0]);
            assert_eq!(row[1].to_string(), "'+04:00'");
        }
    }
    let rows = client.one("SELECT /*+ SHARDGATE(primary) */ @@port FROM users ORDER BY id").await;
    assert!(rows.rows().iter().all(|row| primaries.contains(&row[0].to_string())), "{rows}");
    run(&mut client, &["BEGIN"]).await;
    let rows = client.one("SELECT @@port FROM users ORDER BY id").await;
    assert!(rows.rows().iter().all(|row| primaries.contains(&row[0].to_string())), "{rows}");
    run(&mut client, &["COMMIT"]).await;

    // Changes go to primaries: replicas would refuse them, being read only.
    for sql in [
        format!("UPDATE users SET city = 'x' WHERE id = {key}"),
        "UPDATE users SET city = 'y'".into(),
        format!("DELETE FROM users WHERE id = {key}"),
        "UPDATE products SET price = 2".into(),
        "CREATE TABLE made (id INT PRIMARY KEY)".into(),
        "INSERT INTO made SELECT id FROM products".into(),
    ] {
        let answer = client.one(&sql).await;
        assert!([0, 1235].contains(&answer.errno()), "{sql}: {answer}");
    }
    let own =
        client.one(&format!("SELECT /*+ SHARDGATE(primary) */ COUNT(*) FROM users WHERE id = {key}")).await;
    assert_eq!(number(&own), 0);
}

#[tokio::test]
async fn dead_replicas_are_missed_by_nobody() {
    let lab = Lab::start(1, 2, 0).await;
    let shop = shop(&lab).await;
    let mut client = shop.client().await;
    let read = "SELECT @@port FROM users WHERE id = 1";
    let scattered = "SELECT @@port FROM users ORDER BY id LIMIT 1";
    let prepared = client.prepare("SELECT @@port FROM users WHERE id = ?").await.unwrap();
    let port = |n: usize| i64::from(lab.cluster.replicas[0][n].port());
    let primary = i64::from(lab.cluster.primaries[0].port());
    assert_eq!(ports(&mut client, read, 4).await.len(), 2);
    assert_eq!(ports(&mut client, scattered, 4).await.len(), 2);

    lab.cluster.replicas[0][0].kill_hard().await.unwrap();
    assert_eq!(ports(&mut client, read, 20).await, [(port(1), 20)].into());
    assert_eq!(ports(&mut client, scattered, 4).await, [(port(1), 4)].into());
    assert_eq!(client.execute(&prepared, &[Param::Int(1)]).await.unwrap()[0].rows().len(), 1);

    lab.cluster.replicas[0][1].kill_hard().await.unwrap();
    assert_eq!(ports(&mut client, read, 20).await, [(primary, 20)].into());
    assert_eq!(ports(&mut client, scattered, 4).await, [(primary, 4)].into());
    assert_eq!(client.execute(&prepared, &[Param::Int(1)]).await.unwrap()[0].rows().len(), 1);

    lab.cluster.replicas[0][0].restart().await.unwrap();
    let again = async || (number(&client.one(read).await) == port(0)).then_some(());
    until("the replica that is back is used again", again).await;

    // The primary dies: what the replica can answer goes on.
    lab.cluster.primaries[0].kill_hard().await.unwrap();
    assert_eq!(ports(&mut client, read, 10).await, [(port(0), 10)].into());
    let refused = client.one("UPDATE users SET city = 'x'").await;
    assert!([2003, 2013].contains(&refused.errno()), "{refused}");
    assert_eq!(ports(&mut client, read, 10).await, [(port(0), 10)].into());
}
