//! Changes whose rows are found first, when something goes wrong in any part of them: all of it has happened, or nothing; and
//! what two of them change at once, both have changed.

use std::time::Instant;

use crate::support::client::{Answer, Client};
use crate::support::cluster::Lab;
use crate::support::shop::{Setup, Shop, connect, number, run, soon, until};
use crate::support::yard::{SMALL_POOL, Yard, error};

/// Where a statement is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// Its rows are looked for: another holds some of them.
    Read,
    /// They are put together from the tables.
    Join,
    /// The users have changed, the orders are about to.
    Write,
}

const PARTS: [Part; 3] = [Part::Read, Part::Join, Part::Write];

/// The statement that is stopped in a part, and how it looks on the servers then.
fn sql(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Read => (
            "UPDATE users u JOIN orders o ON o.product_id = u.age SET u.name = 'w', o.note = 'w'",
            "SELECT %`orders`%FOR UPDATE%",
        ),
        Part::Join => (
            "UPDATE users u JOIN orders o ON o.product_id = u.age SET u.name = 'w', o.note = 'w' \
             WHERE o.id + u.age + SLEEP(1000) > 0",
            "%SLEEP(1000)%",
        ),
        Part::Write => (
            "UPDATE users u JOIN orders o ON o.product_id = u.age SET u.name = 'w', \
             o.note = IF(o.id > 1000000, SLEEP(1000), 'w')",
            "UPDATE %SLEEP(1000)%",
        ),
    }
}

/// A client whose statement is in the middle of a part.
async fn amid(yard: &mut Yard<'_>, part: Part, begin: bool) -> Client {
    let (sql, like) = sql(part);
    if part == Part::Read {
        run(yard.locker(), &["BEGIN", "SELECT COUNT(*) FROM orders FOR UPDATE"]).await;
    }
    let mut client = yard.shop.client().await;
    if begin {
        let key = yard.shop.key(0, 0, 0);
        let own = format!("UPDATE users SET city = 'mine' WHERE id = {key}");
        run(&mut client, &["BEGIN", &own]).await;
    }
    client.send(sql).await.unwrap();
    until(&format!("{part:?} runs"), async || (yard.busy(like).await > 0).then_some(())).await;
    client
}

/// Nothing has changed, nothing runs, and nobody holds a row.
async fn is_as_before(yard: &mut Yard<'_>, after: &str) {
    for like in ["UPDATE %orders%", "%SLEEP(1000)%", "%`orders`%FOR UPDATE%"] {
        until(&format!("{like} ends after {after}"), async || (yard.busy(like).await == 0).then_some(()))
            .await;
    }
    let mut client = yard.shop.client().await;
    let changed = "SELECT COUNT(*) FROM users u WHERE u.name = 'w' OR u.city IS NOT NULL";
    assert_eq!(number(&client.one(changed).await), 0, "users after {after}");
    let changed = "SELECT COUNT(*) FROM orders WHERE note IS NOT NULL";
    assert_eq!(number(&client.one(changed).await), 0, "orders after {after}");
    for sql in ["UPDATE users SET born = NOW()", "UPDATE orders SET placed = NOW()"] {
        let answer = soon("free rows", client.one(sql)).await;
        assert_eq!(answer.errno(), 0, "{sql} after {after}: {answer}");
    }
}

#[tokio::test]
async fn kill_query_undoes_each_part() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = Yard::over(&lab, "kill_found", SMALL_POOL).await;
    let mut killer = yard.shop.client().await;
    for part in PARTS {
        for begin in [false, true] {
            let what = format!("KILL QUERY in {part:?}, BEGIN: {begin}");
            let mut victim = amid(&mut yard, part, begin).await;
            run(&mut killer, &[&format!("KILL QUERY {}", victim.connection_id)]).await;
            let (errno, message) = error(&mut victim, &what).await;
            assert_eq!(errno, 1317, "{what}: {message}");
            run(yard.locker(), &["ROLLBACK"]).await;
            if begin {
                let own = "SELECT COUNT(*) FROM users WHERE city = 'mine' AND name = 'u'";
                assert_eq!(number(&victim.one(own).await), 1, "the transaction goes on after {what}");
                run(&mut victim, &["ROLLBACK"]).await;
            }
            drop(victim);
            is_as_before(&mut yard, &what).await;
        }
    }
}

#[tokio::test]
async fn who_leaves_has_changed_nothing() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = Yard::over(&lab, "leave_found", SMALL_POOL).await;
    let mut killer = yard.shop.client().await;
    for part in PARTS {
        for how in ["leaving", "KILL"] {
            let what = format!("{how} in {part:?}");
            let mut victim = amid(&mut yard, part, false).await;
            if how == "KILL" {
                run(&mut killer, &[&format!("KILL {}", victim.connection_id)]).await;
                assert!(soon(&what, victim.at_end()).await, "{what}");
            }
            drop(victim);
            let (_, like) = sql(part);
            until(&what, async || (yard.busy(like).await == 0).then_some(())).await;
            run(yard.locker(), &["ROLLBACK"]).await;
            is_as_before(&mut yard, &what).await;
        }
    }
}

#[tokio::test]
async fn a_shard_that_dies_undoes_all() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = Yard::over(&lab, "dead_found", SMALL_POOL).await;
    for part in [Part::Read, Part::Write] {
        let what = format!("a shard dies in {part:?}");
        let mut client = amid(&mut yard, part, false).await;
        yard.direct.truncate(1);
        lab.cluster.primaries[1].kill_hard().await.unwrap();
        let (errno, message) = error(&mut client, &what).await;
        assert!([2003, 2013].contains(&errno) && message.contains("\"ds1\""), "{what}: {errno} {message}");
        lab.cluster.primaries[1].restart().await.unwrap();
        yard.direct.push(yard.shop.direct(1).await);
        *yard.locker() = yard.shop.direct(1).await;
        drop(client);
        is_as_before(&mut yard, &what).await;
    }
}

#[tokio::test]
async fn rows_that_are_found_have_bounds() {
    let lab = Lab::shared().await;
    for (limit, setting) in [("merge_rows = 40", "limits.merge_rows"), ("merge_bytes = 1024", "merge_bytes")]
    {
        let mut yard = Yard::over(lab, "bound_found", &format!("[limits]\n{limit}\n{SMALL_POOL}")).await;
        let mut client = yard.shop.client().await;
        for begin in ["DO 0", "BEGIN"] {
            run(&mut client, &[begin]).await;
            let answer = client.one(sql(Part::Read).0).await;
            assert_eq!(answer.errno(), 1038, "{answer}");
            assert!(answer.to_string().contains(setting), "{answer}");
            run(&mut client, &["ROLLBACK"]).await;
        }
        let few =
            format!("{} WHERE o.id % 1000000 <= 2 AND u.id = {}", sql(Part::Read).0, yard.shop.key(1, 0, 0));
        run(&mut client, &["BEGIN", &few, "ROLLBACK"]).await;
        drop(client);
        is_as_before(&mut yard, limit).await;
    }
}

/// What is set is computed from rows that are locked by then: no change is lost.
#[tokio::test]
async fn changes_at_once_see_each_other() {
    const EACH: i64 = 15;
    let yard = Yard::over(Lab::shared().await, "once_found", "").await;
    let fill = ["UPDATE users SET score = 1", "UPDATE orders SET total = 10"];
    run(&mut yard.shop.client().await, &fill).await;
    let tasks: Vec<_> = (0..3)
        .map(|n| {
            let login = yard.shop.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let (mut done, mut tries) = (0, 0);
                while done < EACH {
                    let sql = "UPDATE users u JOIN orders o ON o.product_id = u.age SET o.total = o.total + u.score \
                               WHERE o.id % 1000000 <= 3";
                    if n == 1 {
                        run(&mut client, &["BEGIN"]).await;
                    }
                    let answer = client.one(sql).await;
                    match answer.errno() {
                        0 => done += 1,
                        // A deadlock has undone it.
                        1213 | 1205 => {}
                        errno => panic!("{errno}: {answer}"),
                    }
                    if n == 1 {
                        run(&mut client, &["COMMIT"]).await;
                    }
                    tries += 1;
                    assert!(tries < 500, "{done} of {tries}");
                }
            })
        })
        .collect();
    for task in tasks {
        soon("no deadlock", task).await.unwrap();
    }
    for total in
        yard.shop.each("SELECT DISTINCT CAST(total AS SIGNED) FROM orders WHERE id % 1000000 <= 3").await
    {
        assert_eq!(total, 10 + 3 * EACH);
    }
}

/// Thousands of rows, each with a value of its own, or all with the same.
#[tokio::test]
async fn thousands_of_rows_change_as_one() {
    let mut yard = Yard::over(Lab::shared().await, "many_found", "").await;
    for server in &mut yard.direct {
        let more = "INSERT INTO orders (user_id, product_id) SELECT user_id, 7 FROM orders";
        run(server, &[more, more, more, more]).await;
        run(server, &["UPDATE users SET age = 7"]).await;
    }
    let mut client = yard.shop.client().await;
    let rows = number(&client.one("SELECT COUNT(*) FROM orders").await);
    assert!(rows >= 2000, "{rows}");
    for (sql, what) in [
        (
            "UPDATE users u JOIN orders o ON o.product_id = u.age SET o.note = CONCAT(u.name, o.id)",
            "of their own",
        ),
        (
            "UPDATE users u JOIN orders o ON o.product_id = u.age SET o.note = u.name, u.city = 'c'",
            "the same",
        ),
        ("DELETE o FROM users u JOIN orders o ON o.product_id = u.age", "deleted"),
    ] {
        let began = Instant::now();
        let answer = client.one(sql).await;
        let affected = match &answer {
            Answer::Done(done) => done.affected as i64,
            other => panic!("{other}"),
        };
        assert!(affected >= rows, "{answer}");
        println!("{rows} rows, {what}: {:?}", began.elapsed());
    }
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders").await), 0);
}

#[tokio::test]
async fn explain_says_how_rows_are_found() {
    let yard = Yard::over(Lab::shared().await, "explain_found", "").await;
    let mut client = yard.shop.client().await;
    let mut lines = async |sql: &str| {
        let answer = client.one(&format!("EXPLAIN SHARDGATE {sql}")).await;
        answer.rows().iter().map(|row| row[0].to_string().trim_matches('\'').to_owned()).collect::<Vec<_>>()
    };
    let plan = lines(sql(Part::Read).0).await;
    assert_eq!(plan[0], "write of rows that are found first");
    assert!(plan[1].starts_with("  found by: SELECT "), "{plan:?}");
    assert_eq!(
        plan[2..],
        ["  then: UPDATE users u by (`id`)", "  then: UPDATE orders o by (`user_id`, `id`)"]
    );
    let plan = lines("UPDATE orders SET note = 'x' WHERE product_id IN (SELECT age FROM users)").await;
    assert_eq!(plan[0], "write with rows that are read first");
    assert_eq!(plan[1], "  read: SELECT age FROM users");
}

#[tokio::test]
async fn what_a_change_reads_is_what_is_there_now() {
    let shop = Shop::over(Lab::shared().await, "current_change", &Setup::default()).await;
    shop.plain_with_tables().await;
    for (change, question) in [
        (
            "UPDATE users SET age = (SELECT COUNT(*) FROM orders WHERE note LIKE 'new%')",
            "SELECT SUM(age) FROM users",
        ),
        (
            "UPDATE users SET age = 100 WHERE id IN (SELECT product_id FROM orders WHERE note = 'new5')",
            "SELECT SUM(age) FROM users",
        ),
        (
            "UPDATE users SET age = 100 WHERE id IN (SELECT product_id FROM orders WHERE id IN (SELECT id FROM orders WHERE note LIKE 'new%'))",
            "SELECT SUM(age) FROM users",
        ),
        ("DELETE FROM users WHERE 'new7' IN (SELECT note FROM orders)", "SELECT COUNT(*) FROM users"),
        (
            "UPDATE users u JOIN orders o ON o.product_id = u.id SET u.age = 200 WHERE o.note = 'new5'",
            "SELECT SUM(age) FROM users",
        ),
        (
            "UPDATE users u JOIN orders o ON o.product_id = u.id SET u.age = 200 \
             WHERE o.id IN (SELECT id FROM orders WHERE note LIKE 'new%')",
            "SELECT SUM(age) FROM users",
        ),
        (
            "UPDATE users u JOIN (SELECT product_id, MAX(note) AS note FROM orders GROUP BY product_id) o \
             ON o.product_id = u.id SET u.name = o.note",
            "SELECT id, name FROM users ORDER BY id",
        ),
    ] {
        shop.reads_what_is_there_now(change, question).await;
    }
}
