//! Transactions: several sessions' statements one after another on one plain server and through Shardgate, and what only
//! transactions over several sources have.

use std::time::Duration;

use crate::support::client::{Answer, Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{Setup, Shop, connect, number, numbers, run, soon, text, until};

/// What a client sees of an answer: rows, affected rows, or the error; and AUTOCOMMIT, IN_TRANS, IN_TRANS_READONLY.
fn seen(answer: &Answer) -> String {
    match answer {
        Answer::Rows { status, rows, .. } => format!("{:#x} {rows:?}", status & 0x2003),
        Answer::Done(done) => format!("{:#x} {} affected {}", done.status & 0x2003, done.affected, done.info),
        Answer::Refused(refusal) => format!("error {} {}", refusal.errno, refusal.state),
    }
}

/// Runs `A: sql` and `B: sql` in two sessions of a plain server and of the proxy, and compares each answer.
async fn same(shop: &Shop<'_>, script: &[String]) {
    let mut plain = shop.plain().await;
    run(&mut plain, &["CREATE TABLE sparse (k INT NOT NULL PRIMARY KEY, v INT DEFAULT NULL)"]).await;
    let names = [("A", plain, shop.client().await), ("B", shop.plain().await, shop.client().await)];
    let mut sessions: Vec<(&str, Client, Client)> = names.into_iter().collect();
    for (n, line) in script.iter().enumerate() {
        let (who, sql) = line.split_once(": ").unwrap();
        let (_, plain, proxy) = sessions.iter_mut().find(|(name, ..)| *name == who).unwrap();
        let (wanted, given) = (seen(&plain.one(sql).await), seen(&proxy.one(sql).await));
        assert_eq!(given, wanted, "step {n}: {line}");
        let (wanted, given) = (seen(&plain.ping().await.unwrap()), seen(&proxy.ping().await.unwrap()));
        assert_eq!(given, wanted, "ping after step {n}: {line}");
    }
    let mut all = shop.client().await;
    let mut plain = shop.plain().await;
    let sql = "SELECT k, v FROM sparse ORDER BY k";
    assert_eq!(text(&all.one(sql).await), text(&plain.one(sql).await));
    run(&mut plain, &["DROP TABLE sparse"]).await;
    run(&mut all, &["DELETE FROM sparse"]).await;
}

/// The script with `$0` … `$3` as keys on the four shards, and `$all` as rows of all of them.
fn script(shop: &Shop<'_>, lines: &str) -> Vec<String> {
    let keys: Vec<i64> = (0..4).map(|shard| shop.key(shard, 0, 0)).collect();
    let all: Vec<String> = keys.iter().map(|key| format!("({key}, 1)")).collect();
    let filled = |line: &str| {
        let line = line.trim().replace("$all", &all.join(", "));
        keys.iter().enumerate().fold(line, |line, (n, key)| line.replace(&format!("${n}"), &key.to_string()))
    };
    lines.lines().filter(|line| !line.trim().is_empty()).map(filled).collect()
}

#[tokio::test]
async fn read_only_transactions_are_a_plain_server_s() {
    let shop = Shop::shared("read_only").await;
    let read_only = if shop.lab.is_mariadb() { "tx_read_only" } else { "transaction_read_only" };
    let lines = "
        A: INSERT INTO sparse VALUES $all
        A: START TRANSACTION READ ONLY
        A: SELECT v FROM sparse WHERE k = $0
        A: UPDATE sparse SET v = 2 WHERE k = $1
        A: UPDATE sparse SET v = 2
        A: SELECT k, v FROM sparse ORDER BY k
        A: SELECT v FROM sparse WHERE k = $2 FOR UPDATE
        A: COMMIT AND CHAIN
        A: DELETE FROM sparse WHERE k = $0
        A: ROLLBACK
        A: SET TRANSACTION READ ONLY
        A: BEGIN
        A: SET TRANSACTION READ WRITE
        A: UPDATE sparse SET v = 2 WHERE k = $1
        A: UPDATE sparse SET v = 3
        A: SELECT COUNT(*) FROM sparse
        A: COMMIT
        A: UPDATE sparse SET v = 4 WHERE k = $1
        A: SET TRANSACTION READ ONLY
        A: UPDATE sparse SET v = 5 WHERE k = $1
        A: UPDATE sparse SET v = 5
        A: SELECT v FROM sparse WHERE k = $1
        A: UPDATE sparse SET v = 6 WHERE k = $1
        A: SET SESSION TRANSACTION READ ONLY
        A: UPDATE sparse SET v = 7 WHERE k = $1
        A: UPDATE sparse SET v = 7
        A: BEGIN
        A: SELECT v FROM sparse WHERE k = $0
        A: UPDATE sparse SET v = 8 WHERE k = $1
        A: UPDATE sparse SET v = 8
        A: COMMIT
        A: START TRANSACTION READ WRITE
        A: UPDATE sparse SET v = 9 WHERE k = $1
        A: UPDATE sparse SET v = v + 1
        A: COMMIT
        A: SET SESSION TRANSACTION READ WRITE
        A: UPDATE sparse SET v = v + 1";
    same(&shop, &script(&shop, lines)).await;
    let lines = format!(
        "A: INSERT INTO sparse VALUES $all
         A: SET {read_only} = 1
         A: BEGIN
         A: UPDATE sparse SET v = 8
         A: ROLLBACK
         A: SET {read_only} = 0
         A: UPDATE sparse SET v = 8
         A: BEGIN
         A: SELECT v FROM sparse WHERE k = $0
         A: SET {read_only} = 1
         A: UPDATE sparse SET v = 9 WHERE k = $1
         A: UPDATE sparse SET v = v + 1
         A: COMMIT
         A: BEGIN
         A: SELECT v FROM sparse WHERE k = $0
         A: SET {read_only} = 0
         A: UPDATE sparse SET v = 9 WHERE k = $1
         A: UPDATE sparse SET v = v + 1
         A: ROLLBACK"
    );
    same(&shop, &script(&shop, &lines)).await;
}

#[tokio::test]
async fn what_a_transaction_sees_is_a_plain_server_s() {
    let shop = Shop::shared("isolation").await;
    for begin in [
        "A: BEGIN",
        "A: START TRANSACTION WITH CONSISTENT SNAPSHOT",
        "A: START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT",
        "A: SET TRANSACTION ISOLATION LEVEL READ COMMITTED\nA: BEGIN",
        "A: SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED\nA: BEGIN",
        "A: SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED\nA: START TRANSACTION WITH CONSISTENT SNAPSHOT",
    ] {
        let lines = format!(
            "A: INSERT INTO sparse VALUES $all
             {begin}
             B: UPDATE sparse SET v = 2
             A: SELECT k, v FROM sparse ORDER BY k
             B: BEGIN
             B: UPDATE sparse SET v = 3 WHERE k = $1
             B: UPDATE sparse SET v = 3 WHERE k = $2
             A: SELECT v FROM sparse WHERE k = $2
             A: SELECT SUM(v) FROM sparse
             B: COMMIT
             A: SELECT k, v FROM sparse ORDER BY k
             A: COMMIT
             A: SELECT k, v FROM sparse ORDER BY k"
        );
        same(&shop, &script(&shop, &lines)).await;
    }
    for [begun, later] in [["REPEATABLE READ", "READ COMMITTED"], ["READ COMMITTED", "REPEATABLE READ"]] {
        let seen = "A: SELECT k, v FROM sparse ORDER BY k
             B: UPDATE sparse SET v = v + 1
             A: SELECT k, v FROM sparse ORDER BY k";
        let lines = format!(
            "A: INSERT INTO sparse VALUES $all
             A: SET SESSION TRANSACTION ISOLATION LEVEL {begun}
             A: BEGIN
             A: SELECT v FROM sparse WHERE k = $0
             A: SET SESSION TRANSACTION ISOLATION LEVEL {later}
             {seen}
             A: COMMIT AND CHAIN
             {seen}
             A: COMMIT
             A: BEGIN
             {seen}
             A: COMMIT
             A: SET TRANSACTION ISOLATION LEVEL {begun}
             A: BEGIN
             A: COMMIT AND CHAIN
             {seen}
             A: COMMIT"
        );
        same(&shop, &script(&shop, &lines)).await;
        // What has begun on no source yet, and what servers have begun by themselves.
        let lines = format!(
            "A: INSERT INTO sparse VALUES $all
             A: SET SESSION TRANSACTION ISOLATION LEVEL {begun}
             A: BEGIN
             A: SET SESSION TRANSACTION ISOLATION LEVEL {later}
             {seen}
             A: COMMIT
             A: SET SESSION TRANSACTION ISOLATION LEVEL {begun}
             A: SET autocommit = 0
             A: SELECT v FROM sparse WHERE k = $0
             A: SET SESSION TRANSACTION ISOLATION LEVEL {later}
             {seen}
             A: COMMIT
             {seen}
             A: COMMIT
             A: SET TRANSACTION ISOLATION LEVEL {begun}
             A: SELECT v FROM sparse WHERE k = $0
             {seen}
             A: COMMIT
             {seen}
             A: COMMIT"
        );
        same(&shop, &script(&shop, &lines)).await;
    }
    let lines = "
        A: INSERT INTO sparse VALUES $all
        A: START TRANSACTION WITH CONSISTENT SNAPSHOT
        A: UPDATE sparse SET v = 5 WHERE k = $3
        A: UPDATE sparse SET v = 5 WHERE k = $1
        B: SELECT SUM(v) FROM sparse
        A: SAVEPOINT a
        A: UPDATE sparse SET v = 6
        A: ROLLBACK TO a
        A: SELECT k, v FROM sparse ORDER BY k
        A: COMMIT
        B: SELECT SUM(v) FROM sparse
        B: SET TRANSACTION ISOLATION LEVEL SERIALIZABLE
        B: SELECT SUM(v) FROM sparse
        B: UPDATE sparse SET v = v + 1";
    same(&shop, &script(&shop, lines)).await;
}

#[tokio::test]
async fn savepoints_and_endings_are_a_plain_server_s() {
    let shop = Shop::shared("savepoints").await;
    let lines = "
        A: COMMIT
        A: ROLLBACK
        A: ROLLBACK TO SAVEPOINT nothing
        A: RELEASE SAVEPOINT nothing
        A: SAVEPOINT outside
        A: ROLLBACK TO outside
        A: BEGIN
        A: SAVEPOINT early
        A: INSERT INTO sparse VALUES ($0, 1)
        A: SAVEPOINT `one ``two`
        A: INSERT INTO sparse VALUES ($1, 1), ($2, 1)
        A: SAVEPOINT b
        A: INSERT INTO sparse VALUES ($3, 1)
        A: INSERT INTO sparse VALUES ($3, 2)
        A: UPDATE sparse SET v = 2
        A: ROLLBACK TO b
        A: SELECT k, v FROM sparse ORDER BY k
        A: ROLLBACK TO `ONE ``two`
        A: ROLLBACK TO b
        A: SELECT k, v FROM sparse ORDER BY k
        A: INSERT INTO sparse VALUES ($2, 3)
        A: SAVEPOINT early
        A: INSERT INTO sparse VALUES ($3, 3)
        A: ROLLBACK TO early
        A: RELEASE SAVEPOINT early
        A: RELEASE SAVEPOINT early
        A: SELECT k, v FROM sparse ORDER BY k
        B: SELECT COUNT(*) FROM sparse
        A: COMMIT AND CHAIN
        B: SELECT COUNT(*) FROM sparse
        A: DELETE FROM sparse
        A: ROLLBACK AND CHAIN
        A: ROLLBACK TO early
        A: UPDATE sparse SET v = 10 WHERE k IN ($0, $2)
        A: COMMIT
        A: SET autocommit = 0
        A: SELECT 1
        A: UPDATE sparse SET v = 11 WHERE k = $0
        A: UPDATE sparse SET v = 11 WHERE k = $2
        B: SELECT SUM(v) FROM sparse
        A: BEGIN
        B: SELECT SUM(v) FROM sparse
        A: UPDATE sparse SET v = 12
        A: CREATE TABLE made (a INT)
        B: SELECT SUM(v) FROM sparse
        A: UPDATE sparse SET v = 13
        A: DROP TABLE made
        A: ROLLBACK
        A: UPDATE sparse SET v = 14
        A: SET autocommit = 1
        B: SELECT SUM(v) FROM sparse
        A: SET autocommit = 0
        A: DELETE FROM sparse WHERE k = $2
        A: SET @a = 1
        A: SET sql_mode = ''
        A: DELETE FROM sparse WHERE k = $0
        A: ROLLBACK
        A: SET autocommit = 1
        A: UPDATE sparse SET v = v + 1";
    same(&shop, &script(&shop, lines)).await;
}

/// Rows on shards 1 and 2 that two transactions want crosswise on shard 1, each having written elsewhere before.
#[tokio::test]
async fn a_deadlock_on_a_branch_rolls_all_branches_back() {
    let shop = Shop::shared("deadlock").await;
    let keys: Vec<i64> = (0..4).map(|shard| shop.key(shard, 0, 0)).collect();
    let other = shop.key(1, keys[1], 0);
    let (mut a, mut b) = (shop.client().await, shop.client().await);
    let set = |v: i64, k: i64| format!("UPDATE sparse SET v = {v} WHERE k = {k}");
    for round in 0..4 {
        let rows = [&keys[..], &[other]].concat();
        let rows: Vec<String> = rows.iter().map(|key| format!("({key}, 0)")).collect();
        run(&mut a, &[&format!("REPLACE INTO sparse VALUES {}", rows.join(","))]).await;
        run(&mut a, &["BEGIN", &set(1, keys[0]), &set(1, keys[1])]).await;
        run(&mut b, &["BEGIN", &set(2, keys[3]), &set(2, other), &set(2, keys[2])]).await;
        a.send(&set(1, other)).await.unwrap();
        let mut direct = shop.direct(1).await;
        until("a waits", async || {
            // The table is a copy that is a tenth of a second old at times, and is not made anew where it is read sooner.
            tokio::time::sleep(Duration::from_millis(150)).await;
            let waits = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";
            (number(&direct.one(waits).await) > 0).then_some(())
        })
        .await;
        let second = b.one(&set(2, keys[1])).await;
        let first = a.receive().await.unwrap().remove(0);
        let errors = [first.errno(), second.errno()];
        assert!(errors == [0, 1213] || errors == [1213, 0], "round {round}: {first} {second}");
        let (winner, loser, v) = if errors[0] == 0 { (&mut a, &mut b, 1) } else { (&mut b, &mut a, 2) };
        assert_eq!(loser.ping().await.unwrap().done().status & 1, 0, "no transaction any more");
        run(winner, &["COMMIT"]).await;
        let want = if v == 1 { [1, 1, 0, 0, 1] } else { [0, 2, 2, 2, 2] };
        for (key, want) in keys.iter().chain([&other]).zip(want) {
            let sql = format!("SELECT v FROM sparse WHERE k = {key}");
            assert_eq!(number(&loser.one(&sql).await), want, "round {round}: {key}");
        }
        run(loser, &[&set(9, keys[0])]).await;
    }
}

#[tokio::test]
async fn a_lock_wait_that_is_too_long_undoes_the_statement_only() {
    let shop = Shop::shared("lock_wait").await;
    let keys: Vec<i64> = (0..4).map(|shard| shop.key(shard, 0, 0)).collect();
    let rows: Vec<String> = keys.iter().map(|key| format!("({key}, 0)")).collect();
    let (mut a, mut b) = (shop.client().await, shop.client().await);
    run(&mut a, &[&format!("INSERT INTO sparse VALUES {}", rows.join(","))]).await;
    run(&mut b, &["SET innodb_lock_wait_timeout = 1"]).await;
    for blocked in 0..4 {
        let set = |v: i64, k: i64| format!("UPDATE sparse SET v = {v} WHERE k = {k}");
        let before = (blocked + 1) % 4;
        run(&mut a, &["UPDATE sparse SET v = 0", "BEGIN", &set(1, keys[blocked])]).await;
        run(&mut b, &["BEGIN", &set(2, keys[before])]).await;
        assert_eq!(b.one(&set(2, keys[blocked])).await.errno(), 1205);
        assert_eq!(b.one("UPDATE sparse SET v = 3").await.errno(), 1205);
        assert_eq!(b.ping().await.unwrap().done().status & 1, 1, "the transaction goes on");
        run(&mut a, &["COMMIT"]).await;
        run(&mut b, &[&set(4, keys[blocked]), "COMMIT"]).await;
        let sum = number(&a.one("SELECT SUM(v) FROM sparse").await);
        assert_eq!(sum, 6, "2 and 4: shard {blocked}");
    }
}

#[tokio::test]
async fn a_transaction_that_outlives_its_timeout_is_rolled_back() {
    let setup = Setup { more: "\n[transaction]\ntimeout = \"3s\"\n", ..Setup::default() };
    let shop = Shop::shared_with("outlives", &setup).await;
    let keys: Vec<i64> = (0..2).map(|shard| shop.key(shard, 0, 0)).collect();
    let (mut a, mut other) = (shop.client().await, shop.client().await);
    let both = format!("INSERT INTO sparse VALUES ({}, 1), ({}, 1)", keys[0], keys[1]);
    for next in ["SELECT 1", "COMMIT", "BEGIN", "ROLLBACK"] {
        run(&mut a, &["BEGIN", &both]).await;
        // The locks are gone before the client says another word.
        until("it is rolled back", async || {
            let free = other.one(&format!("INSERT INTO sparse VALUES ({}, 2)", keys[0])).await.errno() == 0;
            free.then_some(())
        })
        .await;
        run(&mut other, &["DELETE FROM sparse"]).await;
        let answer = a.one(next).await;
        if next == "ROLLBACK" {
            assert_eq!(answer.errno(), 0, "{answer}");
        } else {
            assert_eq!(answer.errno(), 1205, "{next}: {answer}");
            assert!(answer.to_string().contains("transaction.timeout = 3000 ms"), "{answer}");
        }
        assert_eq!(a.ping().await.unwrap().done().status & 1, 0);
        assert_eq!(number(&a.one("SELECT COUNT(*) FROM sparse").await), 0, "after {next}");
    }
    // A statement that runs when the time is over is stopped.
    run(&mut other, &["INSERT INTO sparse VALUES (1, 1)", "SET autocommit = 0"]).await;
    let slow = soon("it is stopped", async {
        run(&mut a, &["BEGIN", &both]).await;
        a.query("SELECT SLEEP(600) FROM sparse WHERE k = 1").await
    })
    .await;
    if let Ok(answers) = slow {
        assert_eq!(answers[0].errno(), 1205, "{}", answers[0]);
    }
    let mut direct = shop.direct(0).await;
    let open = "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_query LIKE '%SLEEP(600)%'";
    until("nothing runs on", async || {
        tokio::time::sleep(Duration::from_millis(150)).await;
        (number(&direct.one(open).await) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn single_transactions_stay_on_one_source() {
    let more = "\n[[user]]\nname = \"careful\"\npassword = \"careful\"\ntransaction = \"single\"\n";
    let shop = Shop::shared_with("single", &Setup { more, ..Setup::default() }).await;
    let keys: Vec<i64> = (0..2).map(|shard| shop.key(shard, 0, 0)).collect();
    let login = Login { user: "careful".into(), password: "careful".into(), ..shop.login() };
    let mut careful = connect(&login).await;
    let mut free = shop.client().await;
    assert_eq!(text(&careful.one("SELECT @@shardgate_transaction_mode").await), "single");
    assert_eq!(text(&free.one("SELECT @@shardgate_transaction_mode").await), "atomic");
    let both = format!("INSERT INTO sparse VALUES ({}, 1), ({}, 1)", keys[0], keys[1]);
    run(&mut free, &["SET shardgate_transaction_mode = 'single'"]).await;
    for client in [&mut careful, &mut free] {
        let answer = client.one(&both).await;
        assert_eq!(answer.errno(), 1235, "{answer}");
        assert!(answer.to_string().contains("its mode is \"single\""), "{answer}");
        run(client, &["BEGIN", &format!("INSERT INTO sparse VALUES ({}, 1)", keys[0])]).await;
        assert_eq!(client.one("SELECT COUNT(*) FROM sparse").await.errno(), 1235);
        assert_eq!(client.one(&format!("DELETE FROM sparse WHERE k = {}", keys[1])).await.errno(), 1235);
        assert_eq!(client.one("SET shardgate_transaction_mode = 'atomic'").await.errno(), 1568);
        run(client, &[&format!("UPDATE sparse SET v = 2 WHERE k = {}", keys[0]), "COMMIT"]).await;
        assert_eq!(numbers(&client.one("SELECT v FROM sparse").await), [2]);
        assert_eq!(client.one("SET shardgate_transaction_mode = 'sometimes'").await.errno(), 1231);
        run(client, &["SET shardgate_transaction_mode = 'atomic'", "DELETE FROM sparse"]).await;
        run(client, &[&both, "DELETE FROM sparse"]).await;
    }
}

/// Decisions of commits that were acknowledged go; a tombstone stays in their place until nobody can decide any more.
#[tokio::test]
async fn decisions_are_removed_when_nobody_will_ask() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = Shop::over(&lab, "decisions", &Setup::default()).await;
    let keys: Vec<i64> = (0..2).map(|shard| shop.key(shard, 0, 0)).collect();
    let mut client = shop.client().await;
    run(&mut client, &[&format!("INSERT INTO sparse VALUES ({}, 1), ({}, 1)", keys[0], keys[1])]).await;
    for _ in 0..20 {
        run(&mut client, &["UPDATE sparse SET v = v + 1"]).await;
    }
    let left = "SELECT COUNT(*) FROM shardgate.decisions";
    until("none is left", async || (shop.each(left).await == [0, 0]).then_some(())).await;
    assert_eq!(shop.each("SELECT v FROM sparse").await, [21, 21]);
    let counted = client.one("SHOW SHARDGATE STATUS").await.to_string();
    assert!(counted.contains("'shardgate_transactions_spread_total', '21'"), "{counted}");
    // A transaction that has only read on its first source, or on its second, needs no decision.
    for order in [[0, 1], [1, 0]] {
        let read = format!("SELECT v FROM sparse WHERE k = {}", keys[order[0]]);
        let write = format!("UPDATE sparse SET v = v + 1 WHERE k = {}", keys[order[1]]);
        for both in [[&read, &write], [&write, &read]] {
            run(&mut client, &["BEGIN", both[0], both[1], "COMMIT"]).await;
        }
    }
    assert_eq!(shop.each("SELECT v FROM sparse").await, [23, 23]);
    let counted = client.one("SHOW SHARDGATE STATUS").await.to_string();
    assert!(counted.contains("'shardgate_transactions_spread_total', '21'"), "{counted}");
}

/// What a SELECT calls may write: its source has then a say in the COMMIT, as others that were written to.
#[tokio::test]
async fn a_source_where_a_function_has_written_is_prepared() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = Shop::over(&lab, "functions", &Setup::default()).await;
    let keys: Vec<i64> = (0..2).map(|shard| shop.key(shard, 0, 0)).collect();
    for shard in 0..2 {
        let mut direct = shop.direct(shard).await;
        run(&mut direct, &["SET GLOBAL log_bin_trust_function_creators = 1", "CREATE TABLE noted (k INT)"])
            .await;
        let body = "BEGIN INSERT INTO noted VALUES (k); RETURN k; END";
        run(&mut direct, &[&format!("CREATE FUNCTION note (k INT) RETURNS INT MODIFIES SQL DATA {body}")])
            .await;
    }
    let mut client = shop.client().await;
    run(&mut client, &[&format!("INSERT INTO sparse VALUES ({}, 1), ({}, 1)", keys[0], keys[1])]).await;
    let spread = async |client: &mut Client| {
        let status = client.one("SHOW SHARDGATE STATUS").await.to_string();
        let (_, after) = status.split_once("'shardgate_transactions_spread_total', '").unwrap();
        after.split_once('\'').unwrap().0.parse::<u32>().unwrap()
    };
    let before = spread(&mut client).await;
    let update = format!("UPDATE sparse SET v = v + 1 WHERE k = {}", keys[0]);
    let noting = format!("SELECT note(v) FROM sparse WHERE k = {}", keys[1]);
    let quoted = format!("SELECT `note` (v), ABS(v) FROM sparse WHERE k = {}", keys[1]);
    for (n, select) in [&noting, &quoted].into_iter().enumerate() {
        for both in [[&update, select], [select, &update]] {
            run(&mut client, &["BEGIN", both[0], both[1], "COMMIT"]).await;
        }
        assert_eq!(spread(&mut client).await, before + 2 * (n as u32 + 1), "{select}");
    }
    run(&mut client, &["BEGIN", &update, &noting, "ROLLBACK"]).await;
    assert_eq!(shop.each("SELECT COUNT(*) FROM noted").await, [0, 4]);
    let native = format!("SELECT ABS(v), JSON_ARRAY(v) FROM sparse WHERE k = {}", keys[1]);
    run(&mut client, &["BEGIN", &update, &native, "COMMIT"]).await;
    assert_eq!(spread(&mut client).await, before + 4);
}

/// Branches that other programs have prepared, and ones with names much like ours, are nobody's business.
#[tokio::test]
async fn branches_of_other_programs_are_never_touched() {
    let lab = Lab::start(2, 0, 0).await;
    let setup = Setup {
        more: "\n[transaction]\nrecover_every = \"100ms\"\nrecover_after = \"0ms\"\n",
        ..Setup::default()
    };
    let shop = Shop::over(&lab, "foreign_xa", &setup).await;
    let mut direct = shop.direct(1).await;
    let home = text(&shop.direct(0).await.one("SELECT id FROM shardgate.home").await);
    let ours = format!("'sg-00000000000000aa-1','{home}-1',{}", 0x5347_4154);
    let names = [
        "'other'".to_owned(),
        "'sg-00000000000000aa-1','x',1".into(),
        format!("'sg-not-a-number','{home}-1',{}", 0x5347_4154),
        // A home that is no source here cannot be asked: it stays, too.
        format!("'sg-00000000000000ab-1','elsewhere-1',{}", 0x5347_4154),
        ours.clone(),
    ];
    for (n, name) in names.iter().enumerate() {
        let insert = format!("INSERT INTO sparse VALUES ({}, 1)", 1000 + n);
        let mut other = shop.direct(1).await;
        run(&mut other, &[&format!("XA START {name}"), &insert]).await;
        run(&mut other, &[&format!("XA END {name}"), &format!("XA PREPARE {name}")]).await;
    }
    let prepared = async |direct: &mut Client| direct.one("XA RECOVER").await.rows().len();
    until("ours alone is ended", async || (prepared(&mut direct).await == 4).then_some(())).await;
    assert_eq!(direct.one(&format!("XA COMMIT {ours}")).await.errno(), 1397, "it is gone");
    assert_eq!(shop.each("SELECT COUNT(*) FROM shardgate.decisions WHERE outcome = 0").await, [1, 0]);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(prepared(&mut direct).await, 4);
    for name in &names[..4] {
        run(&mut direct, &[&format!("XA ROLLBACK {name}")]).await;
    }
    let mut client = shop.client().await;
    let answer = client.one("XA START 'mine'").await;
    assert_eq!(answer.errno(), 1235, "{answer}");
}

/// What a source lacks for transactions over several is said at the start, with the GRANT.
#[tokio::test]
async fn a_source_that_lacks_a_privilege_is_named() {
    let lab = Lab::start(2, 0, 0).await;
    let database = lab.database("xa_grants").await;
    let servers = &lab.cluster.primaries;
    let account = [
        "CREATE USER 'poor'@'%'".to_owned(),
        format!("GRANT ALL ON {database}.* TO 'poor'@'%'"),
        "GRANT SELECT ON mysql.* TO 'poor'@'%'".into(),
    ];
    for server in servers {
        server.run(&account).await.unwrap();
    }
    let config = |more: &str| {
        format!(
            "[[user]]\nname = \"app\"\npassword = \"app\"\n[source.ds0]\nprimary = \"mysql://poor@127.0.0.1:{}\"\n\
             [source.ds1]\nprimary = \"mysql://poor@127.0.0.1:{}\"\n[database.{database}]\nshards = [\"ds{{0..1}}/{database}\"]\n{more}",
            servers[0].port(),
            servers[1].port()
        )
    };
    let refused = async || {
        let said = crate::ids_leases::refusal(&config("")).await;
        assert!(said.contains("mode = \"single\""), "{said}");
        said
    };
    let grant = "GRANT CREATE, SELECT, INSERT, DELETE ON `shardgate`.* TO 'poor'@'%'";
    let said = refused().await;
    assert!(said.contains("ds0/shardgate") && said.ends_with(grant), "{said}");
    servers[0].run(&[grant.to_owned()]).await.unwrap();
    let mut said = refused().await;
    let recover = "GRANT XA_RECOVER_ADMIN ON *.* TO 'poor'@'%'";
    if !lab.is_mariadb() {
        assert!(said.contains("ds0/shardgate") && said.ends_with(recover), "{said}");
        servers[0].run(&[recover.to_owned()]).await.unwrap();
        said = refused().await;
        servers[1].run(&[recover.to_owned()]).await.unwrap();
    }
    assert!(said.contains("ds1/shardgate") && said.ends_with(grant), "{said}");
    let single = Proxy::start(&config("[transaction]\nmode = \"single\"\n")).await;
    drop(single);
    servers[1].run(&[grant.to_owned()]).await.unwrap();
    let proxy = Proxy::start(&config("")).await;
    // A copy of a server's files says that it is that server.
    drop(proxy);
    let copied = "UPDATE shardgate.home SET id = 'copied0'";
    for server in servers {
        server.run(&[copied.to_owned()]).await.unwrap();
    }
    let said = crate::ids_leases::refusal(&config("")).await;
    assert!(said.contains("have the same identity in shardgate.home"), "{said}");
}
