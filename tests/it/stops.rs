//! KILL and the end of a statement's time reach statements that wait where no row flows: a table that is locked while they are
//! prepared, a server that hangs.

use std::process::Command;

use tokio::task::JoinHandle;

use crate::support::client::{Client, Failure, Param};
use crate::support::cluster::Lab;
use crate::support::shop::{PATIENCE, Setup, Shop, number, run, soon, until};

/// A table that nobody gets at, not even to prepare a statement: somebody reads it, and somebody waits to rename it.
struct Locked {
    reader: Client,
    renaming: JoinHandle<Client>,
}

impl Locked {
    async fn orders(shop: &Shop<'_>, shard: usize) -> Self {
        let (mut reader, mut renaming) = (shop.direct(shard).await, shop.direct(shard).await);
        run(&mut reader, &["BEGIN", "SELECT COUNT(*) FROM orders"]).await;
        let renaming = tokio::spawn(async move {
            run(&mut renaming, &["RENAME TABLE orders TO orders_other, orders_other TO orders"]).await;
            renaming
        });
        let mut locked = Self { reader, renaming };
        until("RENAME waits", async || (locked.waiting(shop).await == 1).then_some(())).await;
        locked
    }

    /// How many sessions wait for a table here.
    async fn waiting(&mut self, shop: &Shop<'_>) -> i64 {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND state LIKE 'Waiting for table%'",
            shop.database
        );
        number(&self.reader.one(&sql).await)
    }

    async fn unlock(mut self) {
        run(&mut self.reader, &["ROLLBACK"]).await;
        soon("RENAME", self.renaming).await.unwrap();
    }
}

#[tokio::test]
async fn what_waits_to_be_prepared_is_stopped() {
    let shop = Shop::shared("stops").await;
    let mut killer = shop.client().await;
    let key = shop.key(1, 0, 0);
    run(&mut killer, &[&format!("INSERT INTO orders (id, user_id, product_id) VALUES (1, {key}, 1)")]).await;
    for within in [false, true] {
        for sql in [
            "SELECT id FROM orders WHERE user_id = ?",
            "SELECT id FROM orders WHERE user_id >= ? ORDER BY id",
            "SELECT COUNT(DISTINCT id) + 1 FROM orders WHERE user_id >= ?",
            "UPDATE orders SET product_id = 2 WHERE user_id = ?",
            "UPDATE orders SET product_id = 2 WHERE user_id >= ?",
            "DELETE FROM orders WHERE user_id >= ? AND product_id = 7",
        ] {
            let mut victim = shop.client().await;
            let statement = victim.prepare(sql).await.unwrap();
            if within {
                let other = shop.key(0, 0, 0);
                let insert = format!("INSERT INTO orders (id, user_id, product_id) VALUES (2, {other}, 1)");
                run(&mut victim, &["BEGIN", &insert]).await;
            }
            let mut locked = Locked::orders(&shop, 1).await;
            let id = victim.connection_id;
            let asked = tokio::spawn(async move {
                let answers = victim.execute(&statement, &[Param::Int(key)]).await;
                (victim, answers)
            });
            until("it waits", async || (locked.waiting(&shop).await > 1).then_some(())).await;
            run(&mut killer, &[&format!("KILL QUERY {id}")]).await;
            let (mut victim, answers) = soon("KILL QUERY", asked).await.unwrap();
            let answers = answers.unwrap_or_else(|failure| panic!("{sql}: {failure}"));
            assert_eq!(answers[0].errno(), 1317, "{sql}: {}", answers[0]);
            locked.unlock().await;
            // The session and its transaction go on.
            let rows = 1 + i64::from(within);
            assert_eq!(number(&victim.one("SELECT COUNT(*) FROM orders").await), rows, "{sql}");
            run(&mut victim, &["ROLLBACK"]).await;
            assert_eq!(number(&victim.one("SELECT SUM(product_id) FROM orders").await), 1, "{sql}");
        }
    }
}

/// What `asked` comes to while nobody gets at a table of any shard: KILL QUERY for a session ends it, or its time.
async fn stopped<T>(shop: &Shop<'_>, kill: Option<u32>, asked: impl Future<Output = T>) -> T {
    let mut locked = Vec::new();
    for shard in 0..shop.shards() {
        locked.push(Locked::orders(shop, shard).await);
    }
    let mut killer = shop.client().await;
    let killed = async {
        let Some(session) = kill else { return };
        until("it waits", async || {
            let mut waiting = 0;
            for locked in &mut locked {
                waiting += locked.waiting(shop).await;
            }
            (waiting > shop.shards() as i64).then_some(())
        })
        .await;
        run(&mut killer, &[&format!("KILL QUERY {session}")]).await;
    };
    let (ended, ()) = soon("its end", async { tokio::join!(asked, killed) }).await;
    for locked in locked {
        locked.unlock().await;
    }
    ended
}

/// By KILL, or by the end of its time; where this is, and with which error.
const STOPS: [(bool, &str, u16); 2] =
    [(true, "", 1317), (false, "[limits]\nstatement_timeout = \"5s\"\n", 3024)];

#[tokio::test]
async fn prepare_itself_is_stopped_by_kill_and_by_time() {
    for (kill, more, errno) in STOPS {
        let shop = Shop::shared_with("stops_prepare", &Setup { more, ..Setup::default() }).await;
        let key = shop.key(0, 0, 0);
        let sql = format!("SELECT id FROM orders WHERE user_id = {key} AND id = ?");
        // Any server may be asked what a statement is.
        let mut victim = shop.client().await;
        let id = victim.connection_id;
        match stopped(&shop, kill.then_some(id), victim.prepare(&sql)).await {
            Err(Failure::Refused(error)) => assert_eq!(error.errno, errno, "{error:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(number(&victim.one("SELECT COUNT(*) FROM orders").await), 0);
    }
}

/// A server says first how the new table's columns are defined.
#[tokio::test]
async fn create_select_is_stopped_by_kill_and_by_time() {
    for (kill, more, errno) in STOPS {
        let shop = Shop::shared_with("stops_create", &Setup { more, ..Setup::default() }).await;
        run(&mut shop.client().await, &["DROP TABLE products", "SELECT note FROM orders"]).await;
        for sql in [
            "CREATE TABLE products AS SELECT id, note FROM orders",
            "CREATE TEMPORARY TABLE sum_of_all AS SELECT COUNT(*) AS rows_, MAX(note) AS note FROM orders",
        ] {
            let mut victim = shop.client().await;
            let id = victim.connection_id;
            let answer = stopped(&shop, kill.then_some(id), victim.one(sql)).await;
            assert_eq!(answer.errno(), errno, "{sql}: {answer}");
            // Nothing of it is in the way.
            let answer = victim.one(sql).await;
            assert_eq!(answer.errno(), 0, "{sql}: {answer}");
        }
    }
}

/// Sends a signal to a server that this test has started.
fn signal(lab: &Lab, primary: usize, name: &str) -> u32 {
    let pid = lab.cluster.primaries[primary].pid().unwrap();
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
    pid
}

/// Stops a server: none of its threads runs any more.
async fn hang(lab: &Lab, primary: usize) {
    let pid = signal(lab, primary, "-STOP");
    let stands = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat"));
        // Behind the name in parentheses; a thread that has ended in between has none.
        stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')))
    };
    until("all threads stand", async || {
        std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().all(stands).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_server_that_hangs_keeps_no_session() {
    let lab = Lab::start(2, 0, 0).await;
    let more =
        "[limits]\nstatement_timeout = \"4s\"\n\n[pool]\nconnect_timeout = \"3s\"\nanswer_timeout = \"4s\"\n";
    let shop = Shop::over(&lab, "hangs", &Setup { more, ..Setup::default() }).await;
    let (first, second) = (shop.key(0, 0, 0), shop.key(1, 0, 0));
    let mut client = shop.client().await;
    let rows =
        format!("INSERT INTO orders (id, user_id, product_id) VALUES (1, {first}, 1), (2, {second}, 1)");
    run(&mut client, &[&rows]).await;
    for sql in [
        format!("SELECT id FROM orders WHERE user_id = {second}"),
        "SELECT id FROM orders ORDER BY id".to_owned(),
        format!("UPDATE orders SET product_id = 2 WHERE user_id = {second}"),
        "UPDATE orders SET product_id = 2".to_owned(),
    ] {
        for within in [false, true] {
            let mut victim = shop.client().await;
            if within {
                // Both branches are open, and have connections.
                run(&mut victim, &["BEGIN", "UPDATE orders SET product_id = 3"]).await;
            }
            hang(&lab, 1).await;
            let ended = tokio::time::timeout(PATIENCE, victim.query(&sql)).await;
            signal(&lab, 1, "-CONT");
            match ended {
                Ok(Ok(answers)) => assert_ne!(answers[0].errno(), 0, "{sql}: {}", answers[0]),
                // In the middle of an answer there is no other way.
                Ok(Err(Failure::Broken(_))) => {}
                other => panic!("{sql}, in a transaction: {within}: {other:?}"),
            }
            drop(victim);
            let sum = "SELECT SUM(product_id) FROM orders";
            until("nothing is changed, and nothing locked", async || {
                let mut other = shop.client().await;
                let update = other.query("UPDATE orders SET product_id = 1").await;
                let update = update.is_ok_and(|answers| answers[0].errno() == 0);
                (update && number(&other.one(sum).await) == 2).then_some(())
            })
            .await;
        }
    }
}
