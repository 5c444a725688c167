//! Rows of queries that go elsewhere: INSERT … SELECT and its kin between tables of different places, against one plain
//! server, and what only several servers have.

use std::fmt::Write as _;

use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::load;
use crate::support::oracle::{Form, Pair};
use crate::support::proxy::{Options, Proxy, config};
use crate::support::shop::{connect, number, numbers, run, running, soon, until};

/// The shop, and the tables of `copies.sql`.
fn tables(lab: &Lab, database: &str) -> String {
    let shop = config(lab, database, Options::default());
    let shop = shop.replace("reference = [", "reference = [\"everywhere\", ");
    let last = lab.cluster.primaries.len() - 1;
    let shop = shop.replace(
        &format!("audit_log = \"ds0/{database}\""),
        &format!("audit_log = \"ds0/{database}\", lone = \"ds{last}/{database}\""),
    );
    shop + &format!(
        r#"
[database.{database}.group.by_n]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ by_n = "n", counted = "n", moved = "n", wide = "n" }}

[database.{database}.group.by_word]
key       = "string"
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ by_word = "word" }}

[database.{database}.group.by_own]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ own = "id" }}

[database.{database}.table.counted]
id = {{ column = "id", generator = "snowflake" }}

[database.{database}.table.own]
id = {{ column = "id", generator = "snowflake" }}
"#
    )
}

async fn as_on_one_server(tag: &str, form: Form) {
    let lab = Lab::shared().await;
    let database = lab.database(tag).await;
    let proxy = Proxy::start(&tables(lab, &database)).await;
    let oracle = Login::root(lab.oracle().port()).database(&database);
    let login = Login::app(proxy.port).database(&database);
    Pair::connect(oracle, login, lab.is_mariadb()).await.run(&load("copies.sql"), form).await;
}

#[tokio::test]
async fn text() {
    as_on_one_server("copies_text", Form::Text).await;
}

#[tokio::test]
async fn prepared() {
    as_on_one_server("copies_prepared", Form::Prepared).await;
}

#[tokio::test]
async fn bound() {
    as_on_one_server("copies_bound", Form::Bound).await;
}

/// Two tables of two keys, and one of each other kind; small pools, so that a statement that held too many connections would
/// stand in its own way.
async fn two_keys(lab: &Lab, tag: &str, more: &str) -> (Proxy, String) {
    let database = lab.database(tag).await;
    let proxy = Proxy::start(&keys_config(lab, &database, more)).await;
    let mut client = connect(&Login::app(proxy.port).database(&database)).await;
    run(
        &mut client,
        &[
            "CREATE TABLE a (n INT NOT NULL PRIMARY KEY, m INT NOT NULL, w VARCHAR(3000) NOT NULL) ENGINE=InnoDB",
            "CREATE TABLE b (n INT NOT NULL, m INT NOT NULL PRIMARY KEY, w VARCHAR(3000) NOT NULL) ENGINE=InnoDB",
        ],
    )
    .await;
    (proxy, database)
}

fn keys_config(lab: &Lab, database: &str, more: &str) -> String {
    let mut config =
        format!("[[user]]\nname = \"app\"\npassword = \"app\"\n[pool]\nmax_connections = 3\n{more}\n");
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        write!(config, "[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
    }
    let last = lab.cluster.primaries.len() - 1;
    write!(
        config,
        "[database.{database}]\nshards = [\"ds{{0..{last}}}/{database}\"]\n\
         group.a = {{ algorithm = {{ modulo = 4 }}, tables = {{ a = \"n\" }} }}\n\
         group.b = {{ algorithm = {{ modulo = 4 }}, tables = {{ b = \"m\" }} }}\n"
    )
    .unwrap();
    config
}

/// `count` rows in `a`, of about `width` bytes.
async fn fill(client: &mut Client, count: usize, width: usize) {
    for start in (0..count).step_by(1000) {
        let row = |n: usize| format!("({n},{},REPEAT('x',{width}))", n / 3 + n % 3 * count);
        let rows: Vec<String> = (start..count.min(start + 1000)).map(row).collect();
        run(client, &[&format!("INSERT INTO a VALUES {}", rows.join(","))]).await;
    }
}

const COPY: &str = "INSERT INTO b SELECT * FROM a";

#[tokio::test]
async fn many_rows_in_many_batches() {
    let lab = Lab::shared().await;
    let (proxy, database) = two_keys(lab, "many_rows", "").await;
    let mut client = connect(&Login::app(proxy.port).database(&database)).await;
    fill(&mut client, 20_000, 300).await;
    for transaction in [false, true] {
        if transaction {
            run(&mut client, &["DELETE FROM b", "BEGIN"]).await;
        }
        let answer = client.one(COPY).await;
        assert_eq!(answer.done().affected, 20_000, "{answer}");
        assert!(answer.done().info.contains("Records: 20000  Duplicates: 0  Warnings: 0"), "{answer}");
        let sums = "SELECT COUNT(*), SUM(n), SUM(m), SUM(LENGTH(w)) FROM";
        let [from, to] = [client.one(&format!("{sums} a")).await, client.one(&format!("{sums} b")).await];
        assert_eq!(from.rows(), to.rows());
        if transaction {
            run(&mut client, &["COMMIT"]).await;
        }
    }
    // A row that cannot be stored, in a late batch: nothing stays, and the message counts as one server does.
    run(&mut client, &["DELETE FROM b", "SET sql_mode = 'STRICT_ALL_TABLES'"]).await;
    let late = "INSERT INTO b SELECT n, m, IF(n = 17777, REPEAT('y', 4000), w) FROM a ORDER BY n";
    let answer = client.one(late).await;
    assert_eq!(answer.errno(), 1406, "{answer}");
    assert!(answer.to_string().contains("at row 17778"), "{answer}");
    let twice = "INSERT INTO b SELECT n, IF(n = 19000, 0, m), w FROM a ORDER BY n";
    assert_eq!(client.one(twice).await.errno(), 1062);
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM b").await), 0);
    run(&mut client, &["BEGIN", "INSERT INTO b VALUES (1, -1, 'mine')"]).await;
    assert_eq!(client.one(twice).await.errno(), 1062);
    run(&mut client, &["COMMIT"]).await;
    assert_eq!(numbers(&client.one("SELECT m FROM b").await), [-1]);
}

/// Several at once, in both directions, with pools that are hardly large enough: each ends, whole or not at all.
#[tokio::test]
async fn several_at_once() {
    let lab = Lab::shared().await;
    let (proxy, database) = two_keys(lab, "several", "").await;
    let login = Login::app(proxy.port).database(&database);
    fill(&mut connect(&login).await, 4000, 10).await;
    let copies = (1..=4).map(|i| {
        let login = login.clone();
        async move {
            let sql = format!("INSERT INTO b SELECT n, m + {i} * 100000, w FROM a");
            soon("a copy", connect(&login).await.one(&sql)).await
        }
    });
    let answers = futures_util::future::join_all(copies).await;
    let done = answers.iter().filter(|answer| answer.errno() == 0).count() as i64;
    assert!(done > 0, "{}", answers[0]);
    assert_eq!(number(&connect(&login).await.one("SELECT COUNT(*) FROM b").await), 4000 * done);
}

#[tokio::test]
async fn a_transaction_collects_within_the_merge_s_bounds() {
    let lab = Lab::shared().await;
    let (proxy, database) = two_keys(lab, "bounds", "[limits]\nmerge_rows = 1000\n").await;
    let mut client = connect(&Login::app(proxy.port).database(&database)).await;
    fill(&mut client, 3000, 10).await;
    run(&mut client, &["BEGIN"]).await;
    let answer = client.one(COPY).await;
    assert_eq!(answer.errno(), 1038, "{answer}");
    assert!(answer.to_string().contains("limits.merge_rows"), "{answer}");
    assert_eq!(client.one("INSERT INTO b SELECT * FROM a WHERE n < 900").await.done().affected, 900);
    run(&mut client, &["COMMIT"]).await;
    assert_eq!(client.one("INSERT IGNORE INTO b SELECT * FROM a").await.done().affected, 2100);
}

/// A zone whose clock is put back, in a server's own tables, where zones are looked up by name.
const ZONE: [&str; 5] = [
    "INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N')",
    "SET @id = LAST_INSERT_ID()",
    "INSERT INTO mysql.time_zone_name VALUES ('Test/Twice', @id)",
    "INSERT INTO mysql.time_zone_transition_type VALUES (@id, 0, 3600, 0, 'CET'), (@id, 1, 7200, 1, 'CEST')",
    "INSERT INTO mysql.time_zone_transition VALUES (@id, 1711846800, 1), (@id, 1729990800, 0)",
];

#[tokio::test]
async fn a_moment_that_comes_twice_is_refused() {
    let lab = Lab::start(2, 0, 0).await;
    let database = lab.database("zones").await;
    for primary in &lab.cluster.primaries {
        run(&mut connect(&Login::root(primary.port())).await, &ZONE).await;
    }
    let proxy = Proxy::start(&tables(&lab, &database)).await;
    let mut client = connect(&Login::app(proxy.port).database(&database)).await;
    run(
        &mut client,
        &[
            "CREATE TABLE by_n (n INT NOT NULL PRIMARY KEY, t TIMESTAMP(6) NULL) ENGINE=InnoDB",
            "CREATE TABLE moved (n INT NOT NULL PRIMARY KEY, t TIMESTAMP(6) NULL, d DATETIME NULL) ENGINE=InnoDB",
            "SET time_zone = '+00:00'",
            // The last moments before and the first ones after the clock is put on, and back.
            "INSERT INTO by_n VALUES (1, '2024-03-31 00:59:59.999999'), (2, '2024-03-31 01:00:00'), \
             (3, '2024-10-26 23:59:59.5'), (4, '2024-10-27 02:00:00'), (5, '2024-06-01 12:00:00'), (6, NULL)",
            "SET time_zone = 'Test/Twice'",
        ],
    )
    .await;
    let all = "SELECT COUNT(*), SUM(UNIX_TIMESTAMP(t)), MIN(d) FROM";
    assert_eq!(client.one("INSERT INTO moved (n, t) SELECT n + 1, t FROM by_n").await.done().affected, 6);
    let [from, to] = [
        client.one("SELECT COUNT(*), SUM(UNIX_TIMESTAMP(t)), MIN(NULL) FROM by_n").await,
        client.one(&format!("{all} moved")).await,
    ];
    assert_eq!(from.rows(), to.rows());
    for (n, moment) in [
        (7, "2024-10-27 00:00:00"),
        (8, "2024-10-27 00:59:59.9"),
        (9, "2024-10-27 01:00:00"),
        (10, "2024-10-27 01:59:00"),
    ] {
        run(
            &mut client,
            &[
                "SET time_zone = '+00:00'",
                "DELETE FROM moved",
                &format!("INSERT INTO by_n VALUES ({n}, '{moment}')"),
                "SET time_zone = 'Test/Twice'",
            ],
        )
        .await;
        for begin in ["DO 0", "BEGIN"] {
            run(&mut client, &[begin]).await;
            let answer = client.one("INSERT INTO moved (n, t) SELECT n + 1, t FROM by_n").await;
            assert_eq!(answer.errno(), 1235, "{moment}: {answer}");
            assert!(answer.to_string().contains("comes twice"), "{answer}");
            run(&mut client, &["COMMIT"]).await;
        }
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM moved").await), 0);
        // As text it is what one server stores, too.
        assert_eq!(client.one("INSERT INTO moved (n, d) SELECT n + 1, t FROM by_n").await.done().affected, 7);
        run(&mut client, &["DELETE FROM moved", "SET time_zone = SYSTEM"]).await;
        assert_eq!(client.one("INSERT INTO moved (n, t) SELECT n + 1, t FROM by_n").await.done().affected, 7);
        run(&mut client, &[&format!("DELETE FROM by_n WHERE n = {n}")]).await;
    }
}

#[tokio::test]
async fn what_is_stopped_leaves_nothing() {
    let lab = Lab::shared().await;
    let (proxy, database) = two_keys(lab, "stopped", "").await;
    let login = Login::app(proxy.port).database(&database);
    let mut client = connect(&login).await;
    fill(&mut client, 3000, 10).await;
    let slow = "INSERT INTO b SELECT n, m, IF(SLEEP(0.01) = 0, w, w) FROM a";
    // Its time is over.
    let limit = "[limits]\nstatement_timeout = \"2s\"\n";
    let limited = Proxy::start(&keys_config(lab, &database, limit)).await;
    let mut late = connect(&Login::app(limited.port).database(&database)).await;
    assert_eq!(soon("the time is over", late.one(slow)).await.errno(), 3024);
    // KILL QUERY.
    let id = number(&client.one("SELECT CONNECTION_ID()").await);
    client.send(slow).await.unwrap();
    let mut other = connect(&login).await;
    until("the copy runs", async || {
        let mut server = connect(&Login::root(lab.cluster.primaries[0].port())).await;
        (running(&mut server, &format!("%{}%", "SLEEP(0.01)")).await > 0).then_some(())
    })
    .await;
    run(&mut other, &[&format!("KILL QUERY {id}")]).await;
    let answer = soon("KILL", client.receive()).await.unwrap().remove(0);
    assert_eq!(answer.errno(), 1317, "{answer}");
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM b").await), 0);
    // The client leaves.
    client.send(slow).await.unwrap();
    client.abort();
    until("no server works on it", async || {
        for primary in &lab.cluster.primaries {
            let mut server = connect(&Login::root(primary.port())).await;
            if running(&mut server, "%SLEEP(0.01)%").await > 0 {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert_eq!(number(&other.one("SELECT COUNT(*) FROM b").await), 0);
    assert_eq!(other.one(COPY).await.done().affected, 3000);
}
