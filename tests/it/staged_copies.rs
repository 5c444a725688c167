//! INSERT … SELECT of queries over copies of rows, when something goes wrong in any part of it: nothing is stored, and
//! neither a temporary table nor a connection is left behind. And what such a query reads and locks.

use crate::staged::{visible, yard};
use crate::support::client::Client;
use crate::support::cluster::Lab;
use crate::support::shop::{Setup, Shop, connect, number, run, soon, until};
use crate::support::yard::{SMALL_POOL, Yard, error};

/// Rows of the table that is written to, which is one of those that are read.
const FIRST: i64 = 128;
const COPY: &str = "INSERT INTO orders (user_id, product_id) SELECT /*+ SHARDGATE(stay=u) */ u.id, 9 FROM users u \
                    JOIN orders o ON o.product_id = u.age";

/// Where a copy is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// Its rows are read.
    Read,
    /// They are written into a temporary table.
    Fill,
    /// The query runs over them, and has not answered yet.
    Run,
    /// Its first rows are written where they belong.
    Write,
}

const PARTS: [Part; 4] = [Part::Read, Part::Fill, Part::Run, Part::Write];

fn sql(part: Part) -> (String, &'static str) {
    match part {
        Part::Read => (format!("{COPY} WHERE o.id % 1000000 <= 20"), "SELECT %`o`.`product_id`%"),
        Part::Fill => (format!("{COPY} WHERE CONCAT(o.note, '') <> ''"), "% INTO %shardgate_stage%"),
        Part::Run => {
            (format!("{COPY} WHERE o.id % 1000000 <= 20 AND SLEEP(1000) = 0"), "SELECT %SLEEP(1000)%")
        }
        // Many more rows than are written at once, and slow ones.
        Part::Write => (
            COPY.replace("u.id, 9", "u.id, IF(SLEEP(0.0003) = 0, 9, 9)") + " + 1 AND o.id % 7 = 0",
            "SELECT %SLEEP(0.0003)%",
        ),
    }
}

/// Rows that can be seen on the servers, committed or not.
async fn stored(yard: &mut Yard<'_>) -> i64 {
    let mut count = 0;
    for server in &mut yard.direct {
        run(server, &["SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"]).await;
        count += number(&server.one("SELECT COUNT(*) FROM orders WHERE product_id = 9").await);
    }
    count
}

/// A client whose copy is in the middle of a part.
async fn amid(yard: &mut Yard<'_>, part: Part, begin: &str) -> Client {
    let (sql, like) = sql(part);
    if part == Part::Read {
        run(yard.locker(), &["LOCK TABLES orders WRITE"]).await;
    }
    let mut client = yard.shop.client().await;
    run(&mut client, &[begin]).await;
    client.send(&sql).await.unwrap();
    until(&format!("{part:?} runs"), async || (yard.busy(like).await > 0).then_some(())).await;
    if part == Part::Write {
        until(&format!("rows are written after {begin}"), async || (stored(yard).await > 0).then_some(()))
            .await;
    }
    client
}

/// Nothing has been stored, and nothing is left.
async fn is_clean(yard: &mut Yard<'_>, after: &str) {
    yard.unlock().await;
    until(&format!("nothing is stored after {after}"), async || (stored(yard).await == 0).then_some(()))
        .await;
    yard.is_clean(after).await;
}

#[tokio::test]
async fn what_is_stopped_leaves_nothing() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "stop_copy", SMALL_POOL).await;
    yard.grow().await;
    let mut killer = yard.shop.client().await;
    for part in PARTS {
        for (begin, how) in [("DO 0", "KILL QUERY"), ("BEGIN", "KILL QUERY"), ("DO 0", "leaving")] {
            // There only those rows are copied that users of the other table have.
            if part == Part::Fill && begin == "BEGIN" {
                continue;
            }
            let what = format!("{how} in {part:?} after {begin}");
            let mut victim = amid(&mut yard, part, begin).await;
            if how == "leaving" {
                drop(victim);
            } else {
                run(&mut killer, &[&format!("KILL QUERY {}", victim.connection_id)]).await;
                let (errno, message) = error(&mut victim, &what).await;
                assert_eq!(errno, 1317, "{what}: {message}");
                yard.unlock().await;
                let mine = "SELECT COUNT(*) FROM orders WHERE product_id = 9";
                assert_eq!(number(&victim.one(mine).await), 0, "{what}");
                run(&mut victim, &["ROLLBACK"]).await;
            }
            is_clean(&mut yard, &what).await;
        }
    }
}

#[tokio::test]
async fn a_shard_that_dies_is_named() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "dead_copy", SMALL_POOL).await;
    yard.grow().await;
    for part in [Part::Run, Part::Write] {
        let what = format!("a shard dies in {part:?}");
        let mut client = amid(&mut yard, part, "DO 0").await;
        yard.direct.truncate(1);
        yard.lockers.truncate(1);
        lab.cluster.primaries[1].kill_hard().await.unwrap();
        let (errno, message) = error(&mut client, &what).await;
        assert!([2003, 2013].contains(&errno) && message.contains("\"ds1\""), "{what}: {errno} {message}");
        lab.cluster.primaries[1].restart().await.unwrap();
        visible(&lab, &lab.cluster.primaries[1]).await;
        yard.direct.push(yard.shop.direct(1).await);
        yard.lockers.push(yard.shop.direct(1).await);
        drop(client);
        is_clean(&mut yard, &what).await;
    }
}

#[tokio::test]
async fn stages_have_bounds() {
    let lab = Lab::start(2, 0, 0).await;
    for (limit, setting) in [("stage_rows = 40", "limits.stage_rows"), ("stage_bytes = 1024", "stage_bytes")]
    {
        let more = format!("[limits]\n{limit}\n{SMALL_POOL}");
        let mut yard = yard(&lab, "bound_copy", &more).await;
        let mut client = yard.shop.client().await;
        for begin in ["DO 0", "BEGIN"] {
            run(&mut client, &[begin]).await;
            client.send(COPY).await.unwrap();
            let (errno, message) = error(&mut client, setting).await;
            assert_eq!(errno, 1038, "{message}");
            assert!(message.contains("`orders`") && message.contains(setting), "{message}");
            let few = client.one(&format!("{COPY} WHERE o.id % 1000000 <= 2")).await;
            assert_eq!(few.done().affected, 8);
            assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders").await), FIRST + 8);
            run(&mut client, &["ROLLBACK", "DELETE FROM orders WHERE product_id = 9"]).await;
        }
        drop(client);
        assert_eq!(yard.temporary().await, 0, "{limit}");
    }
}

/// With fewer rows allowed in a merge than are copied: they come batch by batch.
#[tokio::test]
async fn rows_stream_in_a_transaction_too() {
    let lab = Lab::start(2, 0, 0).await;
    let more = format!("[limits]\nmerge_rows = 1000\n{SMALL_POOL}");
    let mut yard = yard(&lab, "stream_copy", &more).await;
    yard.grow().await;
    let many = sql(Part::Write).0.replace("SLEEP(0.0003)", "0");
    let mut client = yard.shop.client().await;
    for (begin, end) in [("DO 0", "DO 0"), ("BEGIN", "COMMIT")] {
        run(&mut client, &[begin]).await;
        let answer = client.one(&many).await;
        let copied = answer.done().affected as i64;
        assert!(copied > 20_000, "{answer}");
        run(&mut client, &[end]).await;
        assert_eq!(stored(&mut yard).await, copied);
        run(&mut client, &["DELETE FROM orders WHERE product_id = 9"]).await;
    }
    drop(client);
    is_clean(&mut yard, "two copies").await;
}

#[tokio::test]
async fn many_share_few_connections() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "few_copies", SMALL_POOL).await;
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let login = yard.shop.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                for round in 0..3 {
                    let id = (n + round) % 30 + 1;
                    let answer = client.one(&format!("{COPY} WHERE o.id % 1000000 = {id} AND o.product_id = 7")).await;
                    assert_eq!(answer.errno(), 0, "{answer}");
                    assert_eq!(answer.done().affected, 4);
                    let groups = "INSERT INTO orders (user_id, product_id) SELECT MAX(user_id) + 0 * COUNT(*), 9 \
                                  FROM orders HAVING COUNT(*) > 1";
                    let answer = client.one(groups).await;
                    assert_eq!(answer.errno(), 0, "{answer}");
                    assert_eq!(answer.done().affected, 1);
                }
            })
        })
        .collect();
    for task in tasks {
        soon("no deadlock", task).await.unwrap();
    }
    assert_eq!(stored(&mut yard).await, 12 * 3 * 5);
    run(&mut yard.shop.client().await, &["DELETE FROM orders WHERE product_id = 9"]).await;
    is_clean(&mut yard, "many clients").await;
}

#[tokio::test]
async fn what_a_transaction_copies_is_locked() {
    let shop = Shop::over(Lab::shared().await, "locked_copy", &Setup::default()).await;
    shop.plain_with_tables().await;
    for query in [
        // Over copies of rows.
        "SELECT u.id, 9, o.note FROM users u JOIN orders o ON o.product_id = u.id",
        "SELECT MAX(user_id), 9, MAX(note) FROM orders HAVING COUNT(*) > 1",
        "SELECT id, 9, name FROM users UNION SELECT user_id, 9, note FROM orders",
        "SELECT u.id, 9, d.note FROM users u JOIN (SELECT product_id, MAX(note) AS note FROM orders o WHERE EXISTS \
         (SELECT 1 FROM orders x WHERE x.user_id = o.user_id AND x.note LIKE 'new%') GROUP BY product_id) d ON d.product_id = u.id",
        "SELECT u.id, 9, u.name FROM users u WHERE u.id IN (SELECT product_id FROM orders WHERE note LIKE 'new%')",
        // As it stands, on every shard.
        "SELECT id, 9, name FROM users WHERE id IN (SELECT user_id FROM orders WHERE note LIKE 'new%')",
        "SELECT id, 9, (SELECT MAX(note) FROM orders WHERE user_id = users.id) FROM users",
        "SELECT id, 9, name FROM users WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = users.id AND o.note LIKE 'new%')",
        "SELECT d.user_id, 9, d.note FROM (SELECT user_id, note FROM orders WHERE note LIKE 'new%') d",
        "SELECT d.user_id, 9, d.note FROM (SELECT user_id, MAX(note) AS note FROM orders GROUP BY user_id) d -- as it is",
        // On one shard.
        "SELECT 3, 9, (SELECT note FROM orders WHERE user_id = 3)",
        "SELECT id, 9, name FROM users WHERE id = 3 UNION SELECT user_id, 9, note FROM orders WHERE user_id = 3",
        "(SELECT id, 9, name FROM users WHERE id = 3) UNION ALL (SELECT user_id, 9, note FROM orders WHERE user_id = 3 LIMIT 1) ORDER BY 3",
        "WITH c AS (SELECT user_id, note FROM orders WHERE user_id = 3) SELECT user_id, 9, note FROM c",
        "WITH RECURSIVE c AS (SELECT user_id, note, 1 AS n FROM orders WHERE user_id = 3 UNION ALL \
         SELECT c.user_id, o.note, n + 1 FROM c JOIN orders o ON o.user_id = 3 WHERE n < 3) SELECT user_id, 9, note FROM c",
    ] {
        let copy = format!("INSERT INTO orders (user_id, product_id, note) {query}");
        let copied = "SELECT user_id, note FROM orders WHERE product_id = 9 ORDER BY user_id, note";
        shop.reads_what_is_there_now(&copy, copied).await;
    }
}
