//! Short dense numbers from a counter in the store.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{House, STEP, refused};
use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, numbers, run, soon, until};

/// What a proxy holds at most.
const HELD: u64 = STEP * 3 / 2;

async fn insert(client: &mut Client, sql: &str) -> u64 {
    let answer = client.one(sql).await;
    assert_eq!(answer.errno(), 0, "{sql}: {answer}");
    answer.done().last_id
}

async fn ids(client: &mut Client, table: &str) -> BTreeSet<u64> {
    let listed = numbers(&client.one(&format!("SELECT id FROM {table}")).await);
    let ids: BTreeSet<u64> = listed.iter().map(|id| *id as u64).collect();
    assert_eq!(ids.len(), listed.len(), "an id came twice");
    ids
}

#[tokio::test]
async fn proxies_share_a_counter_and_leave_no_number_out() {
    let house = House::over(Lab::shared().await, "segments", "").await;
    let other = Proxy::start(&house.config).await;
    let mut writers = Vec::new();
    for port in [house.proxy.port, other.port, house.proxy.port, other.port] {
        let login = Login::app(port).database(&house.database);
        writers.push(tokio::spawn(async move {
            let (mut client, mut last) = (connect(&login).await, 0);
            for user in 0..150 {
                let id = insert(&mut client, &format!("INSERT INTO orders (user_id) VALUES ({user})")).await;
                assert!(id > last, "{id} after {last}");
                last = id;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut client = house.client().await;
    let made = ids(&mut client, "orders").await;
    assert_eq!((made.len(), *made.first().unwrap()), (600, 1));
    // Nothing is missing but what the two proxies still hold.
    let taken = until("the proxies have what they need", async || {
        let taken = house.counter("orders").await - 1;
        (taken >= 600).then_some(taken)
    })
    .await;
    assert!(taken - 600 <= 2 * HELD, "{taken} numbers were taken");
    assert!(*made.last().unwrap() <= taken);
    // A proxy that starts again has lost no more than it held.
    drop(other);
    let again = Proxy::start(&house.config).await;
    let mut client = connect(&Login::app(again.port).database(&house.database)).await;
    let next = insert(&mut client, "INSERT INTO orders (user_id) VALUES (1)").await;
    assert!(next > *made.last().unwrap() && next <= taken + HELD, "{next}");
}

#[tokio::test]
async fn a_statements_ids_are_consecutive_and_begin_where_they_should() {
    let house = House::over(Lab::shared().await, "segments", "").await;
    let mut client = house.client().await;
    assert_eq!(insert(&mut client, "INSERT INTO tickets (note) VALUES ('a')").await, 5000);
    assert_eq!(insert(&mut client, "INSERT INTO tickets (note) VALUES ('b'), ('c')").await, 5001);
    run(&mut client, &["INSERT INTO tickets (id, note) VALUES (7, 'own')"]).await;
    // More rows than a step has, and than any two.
    for (rows, table) in [(STEP, "tickets"), (STEP * 5 / 2, "tickets"), (5 * STEP, "tickets")] {
        let before = ids(&mut client, table).await;
        let values = vec!["('many')"; rows as usize].join(", ");
        let first = insert(&mut client, &format!("INSERT INTO {table} (note) VALUES {values}")).await;
        let after = ids(&mut client, table).await;
        let new: Vec<u64> = after.difference(&before).copied().collect();
        assert_eq!(new, (first..first + rows).collect::<Vec<_>>());
        assert_eq!(numbers(&client.one("SELECT LAST_INSERT_ID()").await), [first as i64]);
    }
    // Rows of a sharded table: the ids are consecutive over its shards.
    let first = insert(
        &mut client,
        "INSERT INTO orders (user_id, note) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e'), (0, 'f')",
    )
    .await;
    let by_note = numbers(&client.one("SELECT id FROM orders ORDER BY note").await);
    assert_eq!(by_note, (first as i64..first as i64 + 6).collect::<Vec<_>>());
    let too_many = "SELECT SHARDGATE_NEXT_ID('tickets', 1000001)";
    assert_eq!(refused(&client.one(too_many).await).0, 1264);
}

#[tokio::test]
async fn an_outage_of_the_store_is_bridged_then_told_and_ends_by_itself() {
    let lab = Lab::start(2, 0, 0).await;
    let house = House::over(&lab, "outage", "").await;
    let mut client = house.client().await;
    let sql = "INSERT INTO tickets (note) VALUES ('x')";
    insert(&mut client, sql).await;
    lab.cluster.primaries[1].kill_hard().await.unwrap();
    // What was fetched before goes on, and then the error names the store.
    let mut made = 1;
    let message = loop {
        let asked = Instant::now();
        let answer = soon("an answer", client.one(sql)).await;
        if answer.errno() != 0 {
            let took = asked.elapsed();
            assert!(took >= Duration::from_secs(4), "{took:?}");
            break refused(&answer).1.to_owned();
        }
        made += 1;
        assert!(made <= HELD, "{made}");
    };
    assert!((STEP..=HELD).contains(&made), "{made}");
    assert_eq!(refused(&client.one(sql).await).0, 1467);
    // Who waits for ids can be stopped.
    let (mut other, id) = (house.client().await, client.connection_id);
    let stopping = async {
        // What comes before the statement has begun hits nothing.
        loop {
            run(&mut other, &[&format!("KILL QUERY {id}")]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answer = tokio::select! {
        answer = client.one(sql) => answer,
        () = stopping => unreachable!(),
    };
    assert_eq!(refused(&answer).0, 1317, "{answer}");
    let names = [format!("ds1/{}_store", house.database), format!("{}.tickets", house.database)];
    assert!(names.iter().all(|name| message.contains(name)), "{message}");
    lab.cluster.primaries[1].restart().await.unwrap();
    until("ids come again", async || (client.one(sql).await.errno() == 0).then_some(())).await;
    assert_eq!(ids(&mut client, "tickets").await.len(), made as usize + 1);
}

#[tokio::test]
async fn a_missing_grant_is_named() {
    let lab = Lab::shared().await;
    let database = lab.database("grants").await;
    for server in &lab.cluster.primaries[..2] {
        let user = format!("CREATE USER IF NOT EXISTS '{database}'@'%'");
        let grant = format!("GRANT ALL ON `{database}`.* TO '{database}'@'%'");
        server.run(&[user, grant]).await.unwrap();
    }
    // A proxy with a fixed worker's number needs no store to start; its counters are in `shardgate` on the first source.
    let state = tempfile::tempdir().unwrap();
    let single = "[transaction]\nmode = \"single\"";
    let fixed = format!("worker = 1\nstate = \"{}\"\n{single}", state.path().display());
    let config = super::config(lab, &database, "")
        .replace("mysql://root@", &format!("mysql://{database}@"))
        .replace(&format!("store = \"ds1/{database}_store\""), &fixed);
    let proxy = Proxy::start(&config).await;
    let mut client = connect(&Login::app(proxy.port).database(&database)).await;
    run(&mut client, &[super::TABLES[1]]).await;
    let answer = client.one("INSERT INTO tickets (note) VALUES ('x')").await;
    let (errno, message) = refused(&answer);
    let grant = "GRANT CREATE, SELECT, INSERT, UPDATE ON `shardgate`.*";
    assert!(errno == 1467 && message.contains(grant), "{errno}: {message}");
    // Granted while the proxy runs, it goes on.
    let grant = format!("{grant} TO '{database}'@'%'");
    lab.cluster.primaries[0].run(&[grant]).await.unwrap();
    until("the grant is noticed", async || {
        (client.one("INSERT INTO tickets (note) VALUES ('x')").await.errno() == 0).then_some(())
    })
    .await;
}
