//! Connections to servers: limits, servers that go and come back, and sessions that share connections without seeing
//! each other's state.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::client::{Answer, Client, Failure, Login, Param};
use crate::support::cluster::Lab;
use crate::support::proxy::{Options, Proxy, config};
use crate::support::shop::{Setup, Shop, closed, connect, number, run, soon, text, until};

/// How long a proxy under test tries to connect, where its configuration says nothing else: nobody waits for that where a
/// server refuses at once.
const CONNECTS: Duration = Duration::from_secs(60);
const ONE: &str = "[pool]\nmax_connections = 1\n";

/// The error of a statement that must fail.
async fn refusal(client: &mut Client, sql: &str) -> (u16, String) {
    match soon(sql, client.query(sql)).await {
        Ok(answers) => match answers.into_iter().next() {
            Some(Answer::Refused(refusal)) => (refusal.errno, refusal.message),
            other => panic!("{sql}: {other:?}"),
        },
        Err(failure) => panic!("{sql}: {failure}"),
    }
}

#[tokio::test]
async fn a_full_pool_answers_1040_in_time() {
    let setup = Setup { more: "[pool]\nmax_connections = 2\nwait = \"1s\"\n", ..Setup::default() };
    let shop = Shop::shared_with("full_pool", &setup).await;
    let keys: Vec<i64> = (0..3).map(|n| shop.key(1, 0, n)).collect();
    let mut clients = Vec::new();
    for key in &keys[..2] {
        let mut client = shop.client().await;
        run(&mut client, &["BEGIN", &format!("INSERT INTO users (id, name) VALUES ({key}, 'x')")]).await;
        clients.push(client);
    }
    let mut third = shop.client().await;
    run(&mut third, &["BEGIN"]).await;
    for sql in [
        format!("SELECT name FROM users WHERE id = {}", keys[2]),
        "SELECT COUNT(*) FROM users".to_owned(),
        "UPDATE users SET city = 'x'".to_owned(),
    ] {
        let started = Instant::now();
        let (errno, message) = refusal(&mut third, &sql).await;
        let took = started.elapsed();
        assert_eq!(errno, 1040, "{sql}: {message}");
        assert!(message.contains("ds1"), "{message}");
        assert!(took >= Duration::from_millis(900), "{sql}: {took:?}");
    }
    // Other servers are not affected, and a place that becomes free is taken.
    let other = format!("SELECT COUNT(*) FROM users WHERE id = {}", shop.key(2, 0, 0));
    assert_eq!(number(&third.one(&other).await), 0);
    run(&mut clients[0], &["COMMIT"]).await;
    run(&mut third, &["ROLLBACK", "BEGIN"]).await;
    assert_eq!(number(&third.one(&format!("SELECT COUNT(*) FROM users WHERE id = {}", keys[0])).await), 1);
    assert_eq!(
        refusal(&mut shop.client().await, &format!("DELETE FROM users WHERE id = {}", keys[2])).await.0,
        1040
    );
    drop(third);
    run(&mut clients[1], &["ROLLBACK"]).await;
    let mut last = shop.client().await;
    let count = "SELECT COUNT(*) FROM users";
    let count = until("a place is free", async || {
        let answer = last.one(count).await;
        (answer.errno() != 1040).then_some(answer)
    })
    .await;
    assert_eq!(number(&count), 1);
}

#[tokio::test]
async fn waiting_clients_get_their_turn() {
    let setup = Setup { more: "[pool]\nmax_connections = 3\n", ..Setup::default() };
    let shop = Shop::shared_with("turns", &setup).await;
    let tasks: Vec<_> = (0..30)
        .map(|n: i64| {
            let login = shop.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                for round in 0..5 {
                    let id = n * 10 + round + 1;
                    let sql = format!("INSERT INTO users (id, name) VALUES ({id}, 'n{id}')");
                    assert_eq!(client.one(&sql).await.done().affected, 1);
                    assert_eq!(
                        number(&client.one(&format!("SELECT COUNT(*) FROM users WHERE id = {id}")).await),
                        1
                    );
                    client.one("SELECT COUNT(*), MAX(id) FROM users").await.rows();
                }
            })
        })
        .collect();
    for task in tasks {
        soon("all clients", task).await.unwrap();
    }
    assert_eq!(number(&shop.client().await.one("SELECT COUNT(*) FROM users").await), 150);
}

#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = Shop::over(&lab, "comes_back", &Setup::default()).await;
    let keys: Vec<i64> = (0..16).map(|n| shop.key(1, 0, n)).collect();
    // Many connections to it lie in the pool.
    let mut clients = Vec::new();
    for key in &keys {
        let mut client = shop.client().await;
        run(&mut client, &["BEGIN", &format!("INSERT INTO users (id, name) VALUES ({key}, 'x')")]).await;
        clients.push(client);
    }
    for client in &mut clients {
        run(client, &["COMMIT"]).await;
    }
    let prepared = clients[0].prepare("SELECT COUNT(*) FROM users WHERE id = ?").await.unwrap();
    let param = [Param::Int(keys[0])];
    clients[0].execute(&prepared, &param).await.unwrap();

    lab.cluster.primaries[1].kill_hard().await.unwrap();
    for (client, key) in clients.iter_mut().zip(&keys) {
        let answers =
            soon("an error", client.query(&format!("SELECT name FROM users WHERE id = {key}"))).await;
        let answers = answers.unwrap_or_else(|failure| panic!("the session outlives the server: {failure}"));
        assert!([2003, 2013].contains(&answers[0].errno()), "{}", answers[0]);
    }

    lab.cluster.primaries[1].restart().await.unwrap();
    for (client, key) in clients.iter_mut().zip(&keys) {
        assert_eq!(text(&client.one(&format!("SELECT name FROM users WHERE id = {key}")).await), "x");
    }
    let rows = clients[0].execute(&prepared, &param).await.unwrap();
    assert_eq!(rows[0].rows().len(), 1, "{}", rows[0]);
    for (client, key) in clients.iter_mut().zip(&keys) {
        assert_eq!(
            client.one(&format!("UPDATE users SET name = 'y' WHERE id = {key}")).await.done().affected,
            1
        );
    }

    // Killed and back while nobody looks: the connections in the pool are dead, and reads do not notice.
    lab.cluster.primaries[1].kill_hard().await.unwrap();
    lab.cluster.primaries[1].restart().await.unwrap();
    let mut tasks = Vec::new();
    for (mut client, key) in clients.into_iter().zip(keys) {
        tasks.push(tokio::spawn(async move {
            assert_eq!(text(&client.one(&format!("SELECT name FROM users WHERE id = {key}")).await), "y");
            client
        }));
    }
    for task in tasks {
        let mut client = soon("reads", task).await.unwrap();
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM users").await), 16);
    }
}

#[tokio::test]
async fn a_shard_that_is_down_leaves_the_others_alone() {
    without(1).await;
}

#[tokio::test]
async fn the_first_shard_is_missed_no_more_than_others() {
    without(0).await;
}

async fn without(dead: usize) {
    let live = 1 - dead;
    let name = format!("ds{dead}");
    let lab = Lab::start(2, 0, 0).await;
    let shop = Shop::over(&lab, "down", &Setup::default()).await;
    let (up, down) = (shop.key(live, 0, 0), shop.key(dead, 0, 0));
    let mut client = shop.client().await;
    run(&mut client, &[&format!("INSERT INTO users (id, name) VALUES ({up}, 'up'), ({down}, 'down')")]).await;
    run(&mut client, &["INSERT INTO products (id, name, price) VALUES (1, 'p', 1)"]).await;
    lab.cluster.primaries[dead].kill_hard().await.unwrap();

    let needing = [
        format!("SELECT name FROM users WHERE id = {down}"),
        "SELECT id FROM users ORDER BY id".to_owned(),
        "SELECT COUNT(*) FROM users".to_owned(),
        format!("INSERT INTO users (id, name) VALUES ({}, 'x')", shop.key(dead, 0, 1)),
        format!(
            "INSERT INTO users (id, name) VALUES ({}, 'x'), ({}, 'y')",
            shop.key(live, 0, 1),
            shop.key(dead, 0, 1)
        ),
        "UPDATE users SET name = 'changed'".to_owned(),
        "DELETE FROM users WHERE name = 'up'".to_owned(),
        "INSERT INTO products (id, name, price) VALUES (2, 'q', 1)".to_owned(),
        "ALTER TABLE users ADD COLUMN more INT".to_owned(),
    ];
    let mut first = true;
    for sql in &needing {
        let started = Instant::now();
        let (errno, message) = refusal(&mut client, sql).await;
        assert!(errno == 2003 || first && errno == 2013, "{sql}: {errno} {message}");
        assert!(
            message.contains(&format!("\"{name}\"")) || message.contains(&format!("{name}/")),
            "{sql}: {message}"
        );
        assert!(started.elapsed() < CONNECTS, "{sql}: {:?}", started.elapsed());
        assert_eq!(
            text(&client.one(&format!("SELECT name FROM users WHERE id = {up}")).await),
            "up",
            "after {sql}"
        );
        first = false;
    }
    for sql in [
        format!("UPDATE users SET city = 'z' WHERE id = {up}"),
        format!("INSERT INTO users (id, name) VALUES ({}, 'new')", shop.key(live, 0, 2)),
    ] {
        assert_eq!(client.one(&sql).await.done().affected, 1, "{sql}");
    }
    goes_on(&mut client, up).await;
    goes_on(&mut shop.client().await, up).await;
    if dead == 1 {
        assert_eq!(client.one("INSERT INTO audit_log (who) VALUES ('me')").await.done().affected, 1);
        assert_eq!(client.one("SELECT who FROM audit_log").await.rows().len(), 1);
    }
    // A proxy that is started while the server is down.
    let text = config(&lab, &shop.database, Options::default());
    let proxy = Proxy::start(&text).await;
    let mut late = connect(&Login::app(proxy.port).database(&shop.database)).await;
    goes_on(&mut late, up).await;
    assert!(late.version.contains('.'), "{}", late.version);
    assert_eq!(refusal(&mut late, &needing[0]).await.0, 2003);
    assert_eq!(
        number(&client.one(&format!("SELECT COUNT(*) FROM users WHERE id = {}", shop.key(live, 0, 1))).await),
        0
    );

    // Many clients at once: each hears it soon, and for the right reason.
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let (login, sql) = (shop.login(), needing[0].clone());
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let started = Instant::now();
                (refusal(&mut client, &sql).await, started.elapsed())
            })
        })
        .collect();
    for task in tasks {
        let ((errno, message), took) = task.await.unwrap();
        assert_eq!(errno, 2003, "{message}");
        assert!(took < CONNECTS, "{took:?}");
    }
}

/// What needs no server in particular, and what needs one that is there.
async fn goes_on(client: &mut Client, up: i64) {
    for sql in [
        "SET time_zone = '+01:00', autocommit = 1",
        "SET NAMES utf8mb4",
        "SET @a = 1 + 1",
        "BEGIN",
        "COMMIT",
        "DO 1",
    ] {
        assert_eq!(client.one(sql).await.errno(), 0, "{sql}");
    }
    for sql in [
        "SELECT name FROM products WHERE id = 1".to_owned(),
        "SELECT 1".into(),
        "SELECT @@version, @@time_zone".into(),
        "SELECT DATABASE(), CONNECTION_ID(), @a".into(),
        "SHOW VARIABLES LIKE 'time_zone'".into(),
        format!("SELECT u.name, p.name FROM users u JOIN products p ON p.id = 1 WHERE u.id = {up}"),
    ] {
        for _ in 0..3 {
            let answer = client.one(&sql).await;
            if answer.errno() == 1235 {
                continue;
            }
            assert_eq!(answer.errno(), 0, "{sql}: {answer}");
            assert_eq!(answer.rows().len().min(1), 1, "{sql}: {answer}");
        }
    }
    let select = client.prepare("SELECT name FROM users WHERE id = ?").await.unwrap();
    let update = client.prepare("UPDATE users SET score = ? WHERE id = ?").await.unwrap();
    for n in 0..3 {
        assert_eq!(client.execute(&select, &[Param::Int(up)]).await.unwrap()[0].rows().len(), 1);
        let done = client
            .execute(&update, &[Param::Int(rand::random_range(100..1 << 40) + n), Param::Int(up)])
            .await;
        assert_eq!(done.unwrap()[0].done().affected, 1);
    }
    assert_eq!(text(&client.one("SELECT 'x' FROM products").await), "x");
}

#[tokio::test]
async fn a_server_that_hangs_fails_within_the_connect_timeout() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = Shop::over(&lab, "hangs", &Setup::default()).await;
    let text = config(&lab, &shop.database, Options::default());
    let pid = lab.cluster.primaries[1].pid().unwrap().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    let proxy = Proxy::start(&format!("{text}[pool]\nconnect_timeout = \"2s\"\n")).await;
    let mut client = connect(&Login::app(proxy.port).database(&shop.database)).await;
    let live = format!("SELECT COUNT(*) FROM users WHERE id = {}", shop.key(0, 0, 0));
    assert_eq!(number(&client.one(&live).await), 0);
    signal("-STOP");
    for sql in [
        format!("DELETE FROM users WHERE id = {}", shop.key(1, 0, 0)),
        "SELECT COUNT(*) FROM users".to_owned(),
    ] {
        let (errno, message) = refusal(&mut client, &sql).await;
        assert_eq!(errno, 2003, "{message}");
        assert!(message.contains("ds1"), "{message}");
    }
    assert_eq!(number(&client.one(&live).await), 0);
    signal("-CONT");
    until("the server answers again", async || {
        let answer = client.one("SELECT COUNT(*) FROM users").await;
        (answer.errno() == 0).then(|| assert_eq!(number(&answer), 0))
    })
    .await;
}

/// What of a session could be seen by the next one on the same connections.
const SEEN: &[&str] = &[
    "SELECT @@sql_mode, @@time_zone, @@autocommit, @@character_set_client, @@character_set_results",
    "SELECT @@collation_connection, @@sql_select_limit, @@wait_timeout, @@foreign_key_checks, @@group_concat_max_len",
    "SELECT @x, @y, LAST_INSERT_ID(), FOUND_ROWS(), ROW_COUNT(), @@warning_count",
    "SELECT * FROM scratch",
    "SELECT IS_FREE_LOCK('{database}')",
    "SELECT 'a' = 'A', 'x' || 'y', FROM_UNIXTIME(0), 1 / 0",
    "SHOW WARNINGS",
    "SELECT COUNT(*) FROM users",
    "SELECT COUNT(*) FROM users WHERE id = 1",
    "EXECUTE p",
    "SELECT DATABASE()",
];

async fn seen(client: &mut Client, shop: &Shop<'_>) -> String {
    let mut all = String::new();
    for sql in SEEN {
        let answers = client.query(&sql.replace("{database}", &shop.database)).await.unwrap();
        all.push_str(&format!("{sql}: {}\n", answers[0]));
    }
    all
}

#[tokio::test]
async fn nothing_of_a_session_reaches_the_next() {
    let setup = Setup { more: ONE, ..Setup::default() };
    let shop = Shop::shared_with("leaks", &setup).await;
    let fresh = seen(&mut shop.client().await, &shop).await;
    let lock = format!("SELECT GET_LOCK('{}', 5)", shop.database);
    let messes: &[&[&str]] = &[
        &[
            "SET sql_mode = 'ANSI,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES', time_zone = '+05:00'",
            "SET NAMES latin1",
        ],
        &[
            "SET SESSION sql_select_limit = 1, wait_timeout = 77, foreign_key_checks = 0, group_concat_max_len = 5",
        ],
        &[
            "SET collation_connection = 'utf8mb4_bin', character_set_results = NULL",
            "SELECT COUNT(*) FROM users",
        ],
        &["SET autocommit = 0", "INSERT INTO users (id, name) VALUES (1, 'x')"],
        &["SET @x = 5, @y = 'y'", "PREPARE p FROM 'SELECT 1'", "SELECT @x", "SELECT 1 / 0"],
        &["BEGIN", "INSERT INTO users (id, name) VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'x'), (5, 'x')"],
        &["START TRANSACTION READ ONLY", "SELECT COUNT(*) FROM users"],
        &["BEGIN", "SAVEPOINT a", "INSERT INTO users (id, name) VALUES (1, 'x')", "SAVEPOINT b"],
        &["SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT COUNT(*) FROM users WHERE id = 1"],
        &["SET SESSION TRANSACTION READ ONLY", "BEGIN", "SELECT COUNT(*) FROM users"],
        &["CREATE TEMPORARY TABLE scratch (a INT)", "INSERT INTO scratch VALUES (5)"],
        &[&lock],
        &["LOCK TABLES users WRITE"],
        &["USE information_schema", "SELECT COUNT(*) FROM SCHEMATA"],
        &["SET timestamp = 1", "SELECT NOW()"],
        &["SELECT SQL_CALC_FOUND_ROWS id FROM users LIMIT 1"],
        &["XA START 'x'"],
        &["HANDLER users OPEN"],
    ];
    for mess in messes {
        for leave in ["quit", "drop", "abort", "reset", "stay"] {
            let mut client = shop.client().await;
            for sql in *mess {
                // What is refused cannot leak.
                client.query(sql).await.unwrap();
            }
            let mut next = match leave {
                "quit" => {
                    client.command(1, &[]).await.unwrap();
                    shop.client().await
                }
                "drop" => {
                    drop(client);
                    shop.client().await
                }
                "abort" => {
                    client.abort();
                    shop.client().await
                }
                "reset" => {
                    assert_eq!(client.simple(0x1F, &[]).await.unwrap().errno(), 0);
                    client.use_database(&shop.database).await.unwrap();
                    client
                }
                // Only where it holds no connection.
                _ if mess.iter().any(|sql| {
                    ["BEGIN", "TEMPORARY", "LOCK", "autocommit", "START", "HANDLER"]
                        .iter()
                        .any(|w| sql.contains(w))
                }) =>
                {
                    continue;
                }
                _ => shop.client().await,
            };
            let given = soon("the next session", seen(&mut next, &shop)).await;
            let lines = given.lines().zip(fresh.lines());
            let differ: Vec<_> = lines.filter(|(given, fresh)| given != fresh).collect();
            assert!(differ.is_empty(), "{leave} after {mess:?}: {differ:#?}");
        }
    }
}

#[tokio::test]
async fn a_vanished_client_leaves_neither_rows_nor_locks() {
    let shop = Shop::shared("vanished").await;
    let (a, b) = (shop.key(0, 0, 0), shop.key(1, 0, 0));
    let mut other = shop.client().await;
    run(&mut other, &[&format!("INSERT INTO users (id, name) VALUES ({a}, 'a'), ({b}, 'b')")]).await;
    for abort in [false, true] {
        let mut client = shop.client().await;
        let one = shop.key(0, 0, 1);
        run(
            &mut client,
            &[
                "BEGIN",
                "UPDATE users SET name = 'dirty'",
                &format!("INSERT INTO users (id, name) VALUES ({one}, 'dirty')"),
            ],
        )
        .await;
        run(&mut other, &["SET SESSION innodb_lock_wait_timeout = 1"]).await;
        assert_eq!(other.one(&format!("UPDATE users SET age = 5 WHERE id = {a}")).await.errno(), 1205);
        if abort {
            client.abort();
        } else {
            drop(client);
        }
        until("the locks are free", async || {
            let answer =
                other.one(&format!("UPDATE users SET age = IFNULL(age, 0) + 1 WHERE id IN ({a}, {b})")).await;
            (answer.errno() == 0).then_some(())
        })
        .await;
        assert_eq!(number(&other.one("SELECT COUNT(*) FROM users WHERE name = 'dirty'").await), 0);
    }
    // A client that vanishes while its statement waits for a lock.
    run(&mut other, &["BEGIN", &format!("UPDATE users SET name = 'held' WHERE id = {a}")]).await;
    let mut client = shop.client().await;
    run(&mut client, &["BEGIN", &format!("UPDATE users SET name = 'dirty' WHERE id = {b}")]).await;
    client.send(&format!("UPDATE users SET name = 'dirty' WHERE id = {a}")).await.unwrap();
    drop(client);
    let mut third = shop.client().await;
    run(&mut third, &["SET SESSION innodb_lock_wait_timeout = 1"]).await;
    until("the lock is free", async || {
        (third.one(&format!("UPDATE users SET age = 9 WHERE id = {b}")).await.errno() == 0).then_some(())
    })
    .await;
    run(&mut other, &["COMMIT"]).await;
    assert_eq!(text(&third.one(&format!("SELECT name FROM users WHERE id = {a}")).await), "held");
    assert_eq!(text(&third.one(&format!("SELECT name FROM users WHERE id = {b}")).await), "b");
}

#[tokio::test]
async fn pinned_sessions_keep_what_is_theirs() {
    let shop = Shop::shared("pinned").await;
    let mut clients = Vec::new();
    for n in 0..6 {
        let mut client = shop.client().await;
        let made = client.one("CREATE TEMPORARY TABLE scratch (n INT)").await;
        if made.errno() == 1235 {
            return;
        }
        run(&mut client, &[&format!("INSERT INTO scratch VALUES ({n})")]).await;
        clients.push(client);
    }
    for _ in 0..5 {
        for (n, client) in clients.iter_mut().enumerate() {
            assert_eq!(number(&client.one("SELECT n FROM scratch").await), n as i64);
            run(client, &["SELECT COUNT(*) FROM users"]).await;
        }
    }
    let mut other = shop.client().await;
    assert_eq!(other.one("SELECT n FROM scratch").await.errno(), 1146);
    // Locks by name.
    let lock = |client: usize| format!("SELECT GET_LOCK('{}-{client}', 0)", shop.database);
    for (n, client) in clients.iter_mut().enumerate() {
        let answer = client.one(&lock(n)).await;
        if answer.errno() == 1235 {
            return;
        }
        assert_eq!(number(&answer), 1, "{n}");
        assert_eq!(number(&other.one(&lock(n)).await), 0, "{n}");
    }
    drop(clients);
    for n in 0..6 {
        until("the lock is free", async || (number(&other.one(&lock(n)).await) == 1).then_some(())).await;
    }
}

/// A client cannot reach a server with a broken connection: the session that had state there ends.
#[tokio::test]
async fn a_server_lost_in_a_transaction_ends_the_session() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = Shop::over(&lab, "lost", &Setup::default()).await;
    let keys = [shop.key(0, 0, 0), shop.key(1, 0, 0)];
    let mut other = shop.client().await;
    let insert = |key: i64| format!("INSERT INTO users (id, name) VALUES ({key}, 'lost')");
    let next: [&dyn Fn() -> String; 6] = [
        &|| insert(shop.key(0, 0, 1)),
        &|| format!("SELECT name FROM users WHERE id = {}", keys[0]),
        &|| "SELECT COUNT(*) FROM users".to_owned(),
        &|| "UPDATE users SET city = 'x'".to_owned(),
        &|| "COMMIT".to_owned(),
        &|| "SAVEPOINT a".to_owned(),
    ];
    for begin in ["BEGIN", "SET autocommit = 0"] {
        for both in [false, true] {
            for next in next {
                let sql = next();
                let mut client = shop.client().await;
                run(&mut client, &[begin, &insert(keys[0])]).await;
                if both {
                    run(&mut client, &[&insert(keys[1])]).await;
                }
                let mut direct = shop.direct(0).await;
                // The table is a copy that is a tenth of a second old at times.
                until("the transaction's connection is killed", async || {
                    tokio::time::sleep(Duration::from_millis(150)).await;
                    let open =
                        direct.one("SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX").await;
                    let id = open.rows().first()?[0].to_string();
                    (direct.one(&format!("KILL {}", id.trim_matches('\''))).await.errno() == 0).then_some(())
                })
                .await;
                let answer = soon("an error", client.query(&sql)).await;
                match &answer {
                    Ok(answers) => assert_ne!(answers[0].errno(), 0, "{begin}, then {sql}: {}", answers[0]),
                    Err(failure) => assert!(matches!(failure, Failure::Broken(_))),
                }
                // Nothing goes on as if it were a session without a transaction.
                let after = soon("the end", client.query(&insert(shop.key(0, 0, 2)))).await;
                assert!(closed(&after), "{begin}, {sql}: {answer:?}, then {after:?}");
                until("all is rolled back", async || {
                    (number(&other.one("SELECT COUNT(*) FROM users").await) == 0).then_some(())
                })
                .await;
            }
        }
    }
}
