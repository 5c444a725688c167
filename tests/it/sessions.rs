//! Sessions side by side on shared connections: variables, prepared statements, transactions.

use crate::support::client::{Answer, Client, Param};
use crate::support::shop::{Setup, Shop, connect, number, run, running, soon, text, until};

#[tokio::test]
async fn everyone_has_variables_of_their_own() {
    let setup = Setup { more: "[pool]\nmax_connections = 4\n", ..Setup::default() };
    let shop = Shop::shared_with("variables", &setup).await;
    let rows: Vec<String> = (1..=20).map(|id| format!("({id}, 'n{id}')")).collect();
    run(&mut shop.client().await, &[&format!("INSERT INTO users (id, name) VALUES {}", rows.join(","))])
        .await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let login = shop.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let zone = format!("+{:02}:{:02}", n % 12, n * 3 % 60);
                let limit = 100 + n;
                run(
                    &mut client,
                    &[&format!("SET time_zone = '{zone}', @mine = {n}, sql_select_limit = {limit}")],
                )
                .await;
                let sql =
                    "SELECT @@time_zone, FROM_UNIXTIME(0), @mine, @@sql_select_limit FROM users WHERE id = ?";
                let prepared = client.prepare(sql).await.unwrap();
                let wanted = format!("('{zone}', '1970-01-01 {}:00', {n}, {limit})", &zone[1..]);
                for round in 0..50_i64 {
                    let id = (round * 7 + n) % 20 + 1;
                    let answers = if round % 2 == 0 {
                        client.query(&sql.replace('?', &id.to_string())).await.unwrap()
                    } else {
                        client.execute(&prepared, &[Param::Int(id)]).await.unwrap()
                    };
                    let cells = &answers[0].rows()[0];
                    let plain = |place: usize| cells[place].to_string().trim_matches(['\'', 'u']).to_owned();
                    let given =
                        format!("('{}', '{}', {}, {})", plain(0), moment(&plain(1)), plain(2), plain(3));
                    assert_eq!(given, wanted, "round {round}");
                    let scattered = client.one("SELECT id, @@time_zone FROM users ORDER BY id").await;
                    assert_eq!(scattered.rows().len(), 20);
                    assert!(scattered.rows().iter().all(|row| row[1].to_string() == format!("'{zone}'")));
                }
            })
        })
        .collect();
    for task in tasks {
        soon("all clients", task).await.unwrap();
    }
}

/// A moment as text rows write it.
fn moment(text: &str) -> String {
    let text = text.split_once(']').map_or(text, |(_, text)| text);
    text.trim_end_matches(".000000").to_owned()
}

#[tokio::test]
async fn prepared_statements_survive_changes_of_their_table() {
    let shop = Shop::shared("prepared_ddl").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain_with_tables().await);
    let (mut other, mut oracle_other) = (shop.client().await, shop.plain().await);
    let mut statements = Vec::new();
    for sql in [
        "SELECT * FROM sparse WHERE k = ?",
        "SELECT v FROM sparse WHERE k = ?",
        "INSERT INTO sparse (k, v) VALUES (?, 5)",
        "UPDATE sparse SET v = v + 1 WHERE k = ?",
        "SELECT s.* FROM sparse s WHERE s.k >= ? ORDER BY s.k",
        "SELECT MAX(v), COUNT(*) FROM sparse WHERE k >= ?",
    ] {
        statements.push((sql, client.prepare(sql).await.unwrap(), oracle.prepare(sql).await.unwrap()));
    }
    let changes = [
        "INSERT INTO sparse (k, v) VALUES (1, 10), (2, 20), (3, 30), (4, 40)",
        "ALTER TABLE sparse ADD COLUMN more VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT 'new'",
        "ALTER TABLE sparse MODIFY v BIGINT",
        "ALTER TABLE sparse ADD COLUMN first INT DEFAULT 7 FIRST",
        "ALTER TABLE sparse DROP COLUMN v",
        "ALTER TABLE sparse ADD COLUMN v DECIMAL(10,2) DEFAULT '1.50'",
        "DROP TABLE sparse",
        "CREATE TABLE sparse (k INT NOT NULL PRIMARY KEY, v DOUBLE) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
        "INSERT INTO sparse VALUES (51, 0.5), (52, 1.5)",
        "TRUNCATE TABLE sparse",
    ];
    for (n, change) in changes.iter().enumerate() {
        run(&mut other, &[change]).await;
        run(&mut oracle_other, &[change]).await;
        for key in [1, 3, 100 + n as i64] {
            for (sql, ours, theirs) in &statements {
                let given = client.execute(ours, &[Param::Int(key)]).await.unwrap();
                let wanted = oracle.execute(theirs, &[Param::Int(key)]).await.unwrap();
                assert_eq!(shown(&given[0]), shown(&wanted[0]), "after {change}: {sql} with {key}");
            }
        }
    }
}

/// Rows, names and types of columns, or what happened.
fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Rows { columns, rows, .. } => {
            let columns: Vec<_> = columns.iter().map(|c| format!("{} {}", c.name, c.kind)).collect();
            format!("{columns:?} {rows:?}")
        }
        Answer::Done(done) => format!("{} rows", done.affected),
        Answer::Refused(refusal) => format!("error {}", refusal.errno),
    }
}

#[tokio::test]
async fn transactions_are_isolated() {
    let shop = Shop::shared("isolation").await;
    let key = shop.key(2, 0, 0);
    let (mut a, mut b) = (shop.client().await, shop.client().await);
    let read = format!("SELECT COALESCE(MAX(name), 'none') FROM users WHERE id = {key}");
    run(&mut a, &["BEGIN", &format!("INSERT INTO users (id, name) VALUES ({key}, 'mine')")]).await;
    assert_eq!(text(&a.one(&read).await), "mine");
    assert_eq!(text(&b.one(&read).await), "none");
    assert_eq!(number(&b.one("SELECT COUNT(*) FROM users").await), 0);
    assert_eq!(number(&a.one("SELECT COUNT(*) FROM users").await), 1);
    run(&mut b, &["BEGIN"]).await;
    assert_eq!(text(&b.one(&read).await), "none");
    run(&mut a, &["COMMIT"]).await;
    assert_eq!(text(&b.one(&read).await), "none", "repeatable read");
    run(&mut b, &["COMMIT"]).await;
    assert_eq!(text(&b.one(&read).await), "mine");
    // READ COMMITTED sees what others commit.
    run(&mut b, &["SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "BEGIN"]).await;
    assert_eq!(text(&b.one(&read).await), "mine");
    run(&mut a, &[&format!("UPDATE users SET name = 'changed' WHERE id = {key}")]).await;
    assert_eq!(text(&b.one(&read).await), "changed");
    run(&mut b, &["ROLLBACK", "BEGIN"]).await;
    assert_eq!(text(&b.one(&read).await), "changed");
    run(&mut a, &[&format!("UPDATE users SET name = 'again' WHERE id = {key}")]).await;
    assert_eq!(text(&b.one(&read).await), "changed", "the level was for one transaction only");
    run(&mut b, &["COMMIT"]).await;
    // READ ONLY refuses writes, on every shard that it touches.
    run(&mut b, &["START TRANSACTION READ ONLY"]).await;
    for shard in 0..4 {
        let sql = format!("INSERT INTO users (id, name) VALUES ({}, 'x')", shop.key(shard, 100, 0));
        assert_eq!(b.one(&sql).await.errno(), 1792);
    }
    assert_eq!(b.one("UPDATE users SET city = 'x'").await.errno(), 1792);
    run(&mut b, &["COMMIT"]).await;
}

/// Status flags in the same order on both sides.
#[tokio::test]
async fn status_flags_are_a_plain_server_s() {
    let shop = Shop::shared("flags").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain_with_tables().await);
    let (a, b) = (shop.key(0, 0, 0), shop.key(1, 0, 0));
    let script = [
        "SELECT 1".to_owned(),
        "BEGIN".into(),
        "SELECT 1".into(),
        "SELECT * FROM sparse".into(),
        format!("INSERT INTO sparse VALUES ({a}, 1)"),
        format!("INSERT INTO sparse VALUES ({b}, 1)"),
        format!("SELECT v FROM sparse WHERE k = {a}"),
        "SELECT k, v FROM sparse ORDER BY k".into(),
        "SELECT COUNT(*) FROM sparse".into(),
        "UPDATE sparse SET v = v + 1".into(),
        format!("INSERT INTO sparse VALUES ({a}, 1)"),
        "SELECT nothing".into(),
        "SELEC".into(),
        "SAVEPOINT s".into(),
        "ROLLBACK TO s".into(),
        "SET @a = 1".into(),
        "SHOW WARNINGS".into(),
        "COMMIT".into(),
        "SELECT * FROM sparse".into(),
        "START TRANSACTION READ ONLY".into(),
        "SELECT k, v FROM sparse ORDER BY k".into(),
        "ROLLBACK".into(),
        "SET autocommit = 0".into(),
        "SELECT 1".into(),
        "SET @b = 1".into(),
        "SHOW WARNINGS".into(),
        format!("SELECT v FROM sparse WHERE k = {a}"),
        "COMMIT".into(),
        format!("UPDATE sparse SET v = 7 WHERE k = {a}"),
        format!("UPDATE sparse SET v = 7 WHERE k = {b}"),
        "ROLLBACK".into(),
        "SELECT k, v FROM sparse ORDER BY k".into(),
        "ROLLBACK".into(),
        "UPDATE sparse SET v = 8".into(),
        "SET autocommit = 1".into(),
        "SELECT k, v FROM sparse ORDER BY k".into(),
        "BEGIN".into(),
        format!("DELETE FROM sparse WHERE k = {a}"),
        "CREATE TABLE made (a INT)".into(),
        "SELECT 1".into(),
        "ROLLBACK".into(),
        "SELECT k, v FROM sparse ORDER BY k".into(),
        "DROP TABLE made".into(),
        "BEGIN".into(),
        format!("DELETE FROM sparse WHERE k = {b}"),
        "BEGIN".into(),
        "ROLLBACK AND CHAIN".into(),
        "COMMIT".into(),
        "SELECT k, v FROM sparse ORDER BY k".into(),
        "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'".into(),
        "SELECT 1".into(),
        "DO 1".into(),
        "SET SESSION sql_mode = DEFAULT".into(),
        "DO 1".into(),
    ];
    // AUTOCOMMIT, IN_TRANS, IN_TRANS_READONLY, NO_BACKSLASH_ESCAPES
    let flags = |answer: &Answer| match answer {
        Answer::Rows { status, rows, .. } => format!("{:#x} {} rows", status & 0x2203, rows.len()),
        Answer::Done(done) => format!("{:#x} {} affected", done.status & 0x2203, done.affected),
        Answer::Refused(refusal) => format!("error {}", refusal.errno),
    };
    for (n, sql) in script.iter().enumerate() {
        let (given, wanted) = (flags(&client.one(sql).await), flags(&oracle.one(sql).await));
        assert_eq!(given, wanted, "step {n}: {sql}");
        assert_eq!(
            flags(&client.ping().await.unwrap()),
            flags(&oracle.ping().await.unwrap()),
            "ping after {sql}"
        );
    }
}

/// Two clients that wait for each other on one shard. Returns the one that lost, first.
async fn deadlock(mut a: Client, mut b: Client, table: &str, keys: [i64; 2]) -> (Client, Client) {
    let update = |name: &str, key: i64| format!("UPDATE {table} SET name = '{name}' WHERE id = {key}");
    run(&mut a, &[&update("a", keys[0])]).await;
    run(&mut b, &[&update("b", keys[1])]).await;
    let first = update("a", keys[1]);
    let waiting = tokio::spawn(async move {
        let answer = a.one(&first).await;
        (a, answer)
    });
    let own = soon("the deadlock is found", b.one(&update("b", keys[0]))).await;
    let (a, waited) = soon("the other goes on", waiting).await.unwrap();
    match (own.errno(), waited.errno()) {
        (1213, 0) => (b, a),
        (0, 1213) => (a, b),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_deadlock_rolls_one_back() {
    let shop = Shop::shared("deadlock").await;
    let keys = [shop.key(0, 0, 0), shop.key(0, 0, 1)];
    let far = shop.key(1, 0, 0);
    let mut setup = shop.client().await;
    let rows = [keys[0], keys[1], far].map(|key| format!("({key}, 'start')")).join(",");
    for begin in ["BEGIN", "SET autocommit = 0"] {
        for touched in [false, true] {
            run(&mut setup, &["DELETE FROM users", &format!("INSERT INTO users (id, name) VALUES {rows}")])
                .await;
            let (mut a, mut b) = (shop.client().await, shop.client().await);
            for client in [&mut a, &mut b] {
                run(client, &[begin]).await;
            }
            if touched {
                // Both have been on another shard, too: what they did there is undone with the rest.
                let more = |key: i64| format!("INSERT INTO users (id, name) VALUES ({key}, 'other shard')");
                run(&mut a, &[&more(shop.key(1, 0, 1))]).await;
                run(&mut b, &[&more(shop.key(1, 0, 2))]).await;
            }
            let (mut lost, mut won) = deadlock(a, b, "users", keys).await;
            // As on a plain server no transaction is open any more.
            let Answer::Done(done) = lost.ping().await.unwrap() else { panic!() };
            assert_eq!(done.status & 1, 0, "{begin}, touched {touched}");
            run(&mut won, &["COMMIT"]).await;
            if begin == "BEGIN" {
                // What follows is a statement of its own, on whichever shard.
                for key in [far, keys[0]] {
                    run(&mut lost, &[&format!("UPDATE users SET city = 'after' WHERE id = {key}")]).await;
                    let seen = setup.one(&format!("SELECT city FROM users WHERE id = {key}")).await;
                    assert_eq!(seen.rows()[0][0].to_string(), "'after'", "touched {touched}");
                }
            }
            run(&mut lost, &["ROLLBACK"]).await;
            let left = number(&setup.one("SELECT COUNT(*) FROM users WHERE name = 'other shard'").await);
            assert_eq!(left, i64::from(touched), "only the winner's");
            let names = setup
                .one(&format!("SELECT DISTINCT name FROM users WHERE id IN ({}, {})", keys[0], keys[1]))
                .await;
            assert_eq!(names.rows().len(), 1, "{names}");
        }
    }
}

#[tokio::test]
async fn a_lock_wait_that_times_out_keeps_the_transaction() {
    let shop = Shop::shared("lock_wait").await;
    let keys = [shop.key(0, 0, 0), shop.key(0, 0, 1), shop.key(1, 0, 0)];
    let (mut a, mut b) = (shop.client().await, shop.client().await);
    run(
        &mut a,
        &[&format!(
            "INSERT INTO users (id, name) VALUES ({}, 'x'), ({}, 'x'), ({}, 'x')",
            keys[0], keys[1], keys[2]
        )],
    )
    .await;
    run(&mut a, &["BEGIN", &format!("UPDATE users SET name = 'a' WHERE id = {}", keys[0])]).await;
    run(&mut b, &["SET SESSION innodb_lock_wait_timeout = 1", "BEGIN"]).await;
    run(&mut b, &[&format!("UPDATE users SET name = 'b' WHERE id = {}", keys[1])]).await;
    assert_eq!(b.one(&format!("UPDATE users SET name = 'b' WHERE id = {}", keys[0])).await.errno(), 1205);
    // On many shards, one of which waits: the statement is undone everywhere.
    assert_eq!(b.one("UPDATE users SET city = 'b'").await.errno(), 1205);
    let Answer::Done(done) = b.ping().await.unwrap() else { panic!() };
    assert_eq!(done.status & 1, 1);
    run(&mut a, &["ROLLBACK"]).await;
    run(&mut b, &["COMMIT"]).await;
    let rows = a.one("SELECT id, name, city FROM users ORDER BY id").await;
    for row in rows.rows() {
        let mine = row[0].to_string() == format!("'{}'", keys[1]);
        assert_eq!(format!("{} {}", row[1], row[2]), if mine { "'b' NULL" } else { "'x' NULL" }, "{rows}");
    }
}

#[tokio::test]
async fn savepoints_reach_shards_that_are_touched_later() {
    let shop = Shop::shared("savepoints").await;
    let keys: Vec<i64> = (0..4).map(|shard| shop.key(shard, 0, 0)).collect();
    let mut client = shop.client().await;
    let insert = |key: i64| format!("INSERT INTO users (id, name) VALUES ({key}, 'x')");
    run(&mut client, &["BEGIN", &insert(keys[0]), "SAVEPOINT a", &insert(keys[1]), "SAVEPOINT b"]).await;
    run(&mut client, &[&insert(keys[2]), &insert(shop.key(0, 0, 1)), "ROLLBACK TO a"]).await;
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM users").await), 1);
    assert_eq!(client.one("ROLLBACK TO b").await.errno(), 1305);
    run(&mut client, &[&insert(keys[3]), "SAVEPOINT A", &insert(keys[2]), "ROLLBACK TO SAVEPOINT a"]).await;
    run(&mut client, &["RELEASE SAVEPOINT a"]).await;
    assert_eq!(client.one("ROLLBACK TO a").await.errno(), 1305);
    run(&mut client, &["COMMIT"]).await;
    let ids = client.one("SELECT id FROM users ORDER BY id").await;
    assert_eq!(shop.each("SELECT COUNT(*) FROM users").await, [1, 0, 0, 1], "{ids}");
    // Outside of a transaction they are nothing.
    run(&mut client, &["SAVEPOINT z"]).await;
    assert_eq!(client.one("ROLLBACK TO z").await.errno(), 1305);
}

/// RELEASE ends the session after the transaction.
#[tokio::test]
async fn commit_release_closes() {
    let shop = Shop::shared("release").await;
    let mut client = shop.client().await;
    run(&mut client, &["BEGIN", "INSERT INTO users (id, name) VALUES (1, 'x')"]).await;
    let answer = client.one("COMMIT RELEASE").await;
    assert_eq!(answer.errno(), 0, "{answer}");
    assert!(soon("the end", client.at_end()).await);
    assert_eq!(number(&shop.client().await.one("SELECT COUNT(*) FROM users").await), 1);
}

/// A statement that the client does not wait for does not let its session be used by the next command too early.
#[tokio::test]
async fn commands_sent_ahead_are_answered_in_turn() {
    let shop = Shop::shared("ahead").await;
    let mut client = shop.client().await;
    for n in 0..20 {
        client.send(&format!("SELECT {n}")).await.unwrap();
    }
    for n in 0..20 {
        client.expect_sequence(1);
        let answers = client.receive().await.unwrap();
        assert_eq!(number(&answers[0]), n);
    }
    let mut direct = shop.direct(0).await;
    until("nothing is left", async || {
        (running(&mut direct, &format!("%{}%", shop.database)).await == 0).then_some(())
    })
    .await;
}
