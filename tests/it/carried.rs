//! Rows that a copy or a new key carries from shard to shard: of types that no literal holds, near the largest packet, and
//! while one of the shards dies.

use std::fmt::Write as _;

use crate::support::client::{Answer, Client, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::load;
use crate::support::oracle::{Form, Pair};
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, number, run, soon, until};

/// `a` sharded by `n` and `b` by `m`, over all of a lab's primaries.
async fn two_keys(lab: &Lab, tag: &str) -> (Proxy, String) {
    let database = lab.database(tag).await;
    let mut config = "[[user]]\nname = \"app\"\npassword = \"app\"\n".to_owned();
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        write!(config, "[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
    }
    let shards = lab.cluster.primaries.len();
    write!(
        config,
        "[database.{database}]\nshards = [\"ds{{0..{}}}/{database}\"]\n\
         group.a = {{ algorithm = {{ modulo = {shards} }}, tables = {{ a = \"n\" }} }}\n\
         group.b = {{ algorithm = {{ modulo = {shards} }}, tables = {{ b = \"m\" }} }}\n\
         [transaction]\nrecover_every = \"1s\"\n",
        shards - 1
    )
    .unwrap();
    (Proxy::start(&config).await, database)
}

async fn as_on_one_server(tag: &str, form: Form) {
    let lab = Lab::shared().await;
    let (proxy, database) = two_keys(lab, tag).await;
    let oracle = Login::root(lab.oracle().port()).database(&database);
    let login = Login::app(proxy.port).database(&database);
    Pair::connect(oracle, login, lab.is_mariadb()).await.run(&load("carried.sql"), form).await;
}

#[tokio::test]
async fn geometry_and_bits() {
    as_on_one_server("carried_text", Form::Text).await;
}

#[tokio::test]
async fn geometry_and_bits_prepared() {
    as_on_one_server("carried_prepared", Form::Prepared).await;
}

/// The rows of a table in short.
async fn sum(client: &mut Client, table: &str) -> String {
    let sql = format!("SELECT COUNT(*), SUM(CRC32(CONCAT_WS('|', n, m, LENGTH(w), CRC32(w)))) FROM {table}");
    let answer = client.one(&sql).await;
    format!("{:?}", answer.rows())
}

#[tokio::test]
async fn rows_near_the_largest_packet_go_whole_or_not_at_all() {
    const LARGEST: usize = 1 << 20;
    let lab = Lab::start(2, 0, 0).await;
    for primary in &lab.cluster.primaries {
        let mut direct = connect(&Login::root(primary.port())).await;
        run(&mut direct, &[&format!("SET GLOBAL max_allowed_packet = {LARGEST}")]).await;
    }
    let (proxy, database) = two_keys(&lab, "packets").await;
    let login = Login::app(proxy.port).database(&database);
    let mut client = connect(&login).await;
    for (table, keys) in [
        ("a", "n INT NOT NULL PRIMARY KEY, m INT NOT NULL"),
        ("b", "n INT NOT NULL, m INT NOT NULL PRIMARY KEY"),
    ] {
        run(&mut client, &[&format!("CREATE TABLE {table} ({keys}, w LONGBLOB) ENGINE=InnoDB")]).await;
    }
    let (mut went, mut stayed) = (0, 0);
    for byte in ["x", "''", "\\0"] {
        for size in
            [LARGEST / 4, LARGEST / 2 - 200, LARGEST / 2 + 10, LARGEST - 4000, LARGEST - 300, LARGEST - 60]
        {
            run(
                &mut client,
                &["DELETE FROM a", "DELETE FROM b", "INSERT INTO a VALUES (1, 3, 'small'), (2, 4, 'small')"],
            )
            .await;
            let row = format!("INSERT INTO a VALUES (5, 6, REPEAT('{byte}', {size}))");
            run(&mut client, &[&row]).await;
            let before = [sum(&mut client, "a").await, sum(&mut client, "b").await];
            for statement in ["INSERT INTO b SELECT * FROM a", "UPDATE a SET n = n + 101"] {
                let answer = soon(statement, client.one(statement)).await;
                if answer.errno() != 0 {
                    // As a server closes the connection that too large a packet came by.
                    client = connect(&login).await;
                }
                let (a, b) = (sum(&mut client, "a").await, sum(&mut client, "b").await);
                match answer {
                    Answer::Done(done) => {
                        went += 1;
                        assert_eq!(done.affected, 3);
                        if statement.starts_with("INSERT") {
                            assert_eq!([&a, &b], [&before[0]; 2], "{byte} {size}");
                        } else {
                            let moved = "SELECT COUNT(*) FROM a WHERE n IN (102, 103, 106)";
                            assert_eq!(number(&client.one(moved).await), 3, "{byte} {size}");
                            let length = "SELECT LENGTH(w) FROM a WHERE n = 106";
                            assert_eq!(number(&client.one(length).await), size as i64);
                        }
                    }
                    Answer::Refused(refusal) => {
                        stayed += 1;
                        let text =
                            format!("{byte} {size}: {statement}: {} {}", refusal.errno, refusal.message);
                        assert_eq!(refusal.errno, 1153, "{text}");
                        assert_eq!(a, before[0], "{text}");
                        assert!(b == before[1] || statement.starts_with("UPDATE"), "{text}");
                    }
                    rows @ Answer::Rows { .. } => panic!("{rows}"),
                }
            }
        }
    }
    assert!(went > 0 && stayed > 0, "{went} went, {stayed} stayed");
}

#[tokio::test]
async fn a_shard_that_dies_in_the_middle_of_a_copy_leaves_all_or_nothing() {
    const COPY: &str = "INSERT INTO b SELECT * FROM a";
    const ROWS: i64 = 8000;
    let lab = Lab::start(4, 0, 0).await;
    let (proxy, database) = two_keys(&lab, "dies").await;
    let login = Login::app(proxy.port).database(&database);
    let mut client = connect(&login).await;
    run(
        &mut client,
        &[
            "CREATE TABLE a (n INT NOT NULL PRIMARY KEY, m INT NOT NULL, w VARCHAR(400) NOT NULL) ENGINE=InnoDB",
            "CREATE TABLE b (n INT NOT NULL, m INT NOT NULL PRIMARY KEY, w VARCHAR(400) NOT NULL) ENGINE=InnoDB",
        ],
    )
    .await;
    for start in (0..ROWS).step_by(1000) {
        let rows: Vec<String> =
            (start..start + 1000).map(|n| format!("({n},{},REPEAT('x',300))", n * 7 + n / 4 % 4)).collect();
        run(&mut client, &[&format!("INSERT INTO a VALUES {}", rows.join(","))]).await;
    }
    let direct = |shard: usize| Login::root(lab.cluster.primaries[shard].port()).database(&database);
    let blocked = 3;
    let key = number(&connect(&direct(blocked)).await.one("SELECT MAX(m) FROM a WHERE m % 4 = 3").await);
    for (victim, transaction) in [(1, false), (blocked, false), (1, true), (blocked, true)] {
        // One of the last rows of one shard waits for a lock.
        let mut holder = connect(&direct(blocked)).await;
        run(&mut holder, &["BEGIN", &format!("INSERT INTO b VALUES (0, {key}, 'held')")]).await;
        if transaction {
            run(&mut client, &["BEGIN", "INSERT INTO b VALUES (1, -4, 'mine')"]).await;
        }
        client.send(COPY).await.unwrap();
        let mut looking = connect(&direct(blocked)).await;
        until("the copy waits", async || {
            let waits = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'INSERT INTO%' AND TIME >= 1";
            (number(&looking.one(waits).await) > 0).then_some(())
        })
        .await;
        lab.cluster.primaries[victim].kill_hard().await.unwrap();
        if victim != blocked {
            run(&mut holder, &["ROLLBACK"]).await;
        }
        let mut answer = soon("the copy", client.receive()).await.unwrap().remove(0);
        if transaction && answer.errno() == 0 {
            // The dead one had all of its rows.
            answer = client.one("COMMIT").await;
        }
        let Answer::Refused(refusal) = &answer else { panic!("{answer}") };
        assert!(refusal.message.contains(&format!("ds{victim}")), "{} {}", refusal.errno, refusal.message);
        // The proxy may have had to close the connection, as the shard did.
        client = connect(&login).await;
        lab.cluster.primaries[victim].restart().await.unwrap();
        until("nothing is in doubt, and nothing is there", async || {
            for shard in 0..4 {
                let mut server = connect(&direct(shard)).await;
                if !server.one("XA RECOVER").await.rows().is_empty() {
                    return None;
                }
                let left = server.one("SELECT COUNT(*) FROM b LOCK IN SHARE MODE").await;
                assert_eq!(number(&left), 0, "ds{shard} has a part of it");
            }
            Some(())
        })
        .await;
        let again = async || (client.one("SELECT COUNT(*) FROM a").await.errno() == 0).then_some(());
        until("the shard answers again", again).await;
        assert_eq!(client.one(COPY).await.done().affected, ROWS as u64);
        assert_eq!(client.one("DELETE FROM b").await.done().affected, ROWS as u64);
    }
}
