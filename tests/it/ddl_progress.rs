//! DDL over several shards that fails, is killed or loses its proxy half-way: it is told, shown, continued and undone;
//! and what one proxy changes, the others see.

use std::process::Command;

use shardgate::sql::definition::without_counter;

use crate::support::client::{Answer, Cell, Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::{Proxy, config};
use crate::support::shop::{Shop, connect, number, run, running, soon, text, until};

const HAS_EXTRA: &str = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'users' AND COLUMN_NAME = 'extra'";
const ADD_EXTRA: &str = "ALTER TABLE users ADD COLUMN extra INT DEFAULT 5";

async fn refusal(client: &mut Client, sql: &str) -> (u16, String) {
    match client.one(sql).await {
        Answer::Refused(refusal) => (refusal.errno, refusal.message),
        other => panic!("{sql}: {other}"),
    }
}

fn words(row: &[Cell]) -> Vec<String> {
    let word = |cell: &Cell| match cell {
        Cell::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    };
    row.iter().map(word).collect()
}

/// What SHOW SHARDGATE DDL says of the newest statement of a database.
async fn newest(client: &mut Client, database: &str) -> Option<Vec<String>> {
    let answer = client.one("SHOW SHARDGATE DDL").await;
    answer.rows().iter().map(|row| words(row)).find(|row| row[1] == database)
}

/// The number in `SHARDGATE DDL CONTINUE n`.
fn id_in(message: &str) -> u64 {
    let rest =
        message.split("SHARDGATE DDL CONTINUE ").nth(1).unwrap_or_else(|| panic!("no command: {message}"));
    rest.split(' ').next().unwrap().parse().unwrap()
}

async fn definitions(shop: &Shop<'_>, table: &str) -> Vec<String> {
    let mut all = Vec::new();
    for shard in 0..shop.shards() {
        let answer = shop.direct(shard).await.one(&format!("SHOW CREATE TABLE {table}")).await;
        all.push(match answer {
            Answer::Refused(refusal) => refusal.errno.to_string(),
            there => without_counter(&words(&there.rows()[0])[1]),
        });
    }
    all
}

/// A statement in a task of its own.
fn begun(login: &Login, sql: &str) -> tokio::task::JoinHandle<Option<Answer>> {
    let (login, sql) = (login.clone(), sql.to_owned());
    tokio::spawn(async move { connect(&login).await.query(&sql).await.ok().map(|mut all| all.remove(0)) })
}

/// Holds a shard's table so that DDL waits there, until COMMIT.
async fn holding(shop: &Shop<'_>, shard: usize) -> Client {
    let mut holder = shop.direct(shard).await;
    run(&mut holder, &["BEGIN", "SELECT COUNT(*) FROM users"]).await;
    holder
}

/// Waits until ALTER waits for a shard's table and has come to its end on the others.
async fn stuck_at(shop: &Shop<'_>, shard: usize) {
    let mut direct = shop.direct(shard).await;
    until("the ALTER waits", async || {
        (running(&mut direct, "ALTER TABLE users ADD%").await == 1).then_some(())
    })
    .await;
    let wanted: Vec<i64> = (0..shop.shards()).map(|n| i64::from(n != shard)).collect();
    until("the others are done", async || (shop.each(HAS_EXTRA).await == wanted).then_some(())).await;
}

#[tokio::test]
async fn what_failed_on_one_shard_is_told_shown_and_undone() {
    let shop = Shop::shared("ddl_undo").await;
    let mut client = shop.client().await;
    run(&mut shop.direct(2).await, &[ADD_EXTRA]).await;
    let before = definitions(&shop, "users").await;
    let (errno, message) = refusal(&mut client, ADD_EXTRA).await;
    let id = id_in(&message);
    assert_eq!(errno, 1060);
    assert!(
        message.contains(&format!("done on 3 of 4 places, failed on ds2/{}.users: 1060", shop.database)),
        "{message}"
    );
    assert!(message.contains(&format!("SHARDGATE DDL UNDO {id} takes it back")), "{message}");
    let shown = newest(&mut client, &shop.database).await.unwrap();
    assert_eq!(shown[0], id.to_string());
    assert_eq!(shown[2..6], [ADD_EXTRA, "failed", "3", "4"].map(str::to_owned));
    assert_eq!(shown[6], format!("ds2/{}.users", shop.database));
    assert_eq!(shown[7], "1060 Duplicate column name 'extra'");
    assert!(
        shown[9].starts_with("app#") && shown[9].contains(&format!(":{} on ", shop.proxy.pid)),
        "{shown:?}"
    );
    let done = client.one(&format!("SHARDGATE DDL UNDO {id}")).await;
    assert!(done.done().info.contains("undone on 3 places"), "{done}");
    assert_eq!(definitions(&shop, "users").await, before);
    assert_eq!(newest(&mut client, &shop.database).await.unwrap()[3], "undone");
    for command in ["CONTINUE", "UNDO"] {
        let (errno, message) = refusal(&mut client, &format!("SHARDGATE DDL {command} {id}")).await;
        assert_eq!(errno, 1210);
        assert!(message.contains("was undone"), "{message}");
    }
}

#[tokio::test]
async fn what_failed_goes_on_once_it_is_mended() {
    let shop = Shop::shared("ddl_continue").await;
    let mut client = shop.client().await;
    let (a, b) = (shop.key(1, 0, 0), shop.key(1, 0, 1));
    let rows = format!("INSERT INTO users (id, name, email) VALUES ({a}, 'x', 'e'), ({b}, 'x', 'e')");
    run(&mut client, &[&rows]).await;
    let before = definitions(&shop, "users").await;
    // Under a mode and with names that the one who continues does not have.
    run(&mut client, &["SET sql_mode = 'ANSI_QUOTES'"]).await;
    let unique = r#"ALTER TABLE users ADD UNIQUE KEY "email_key" (email)"#;
    let (errno, message) = refusal(&mut client, unique).await;
    assert_eq!(errno, 1062, "{message}");
    let id = id_in(&message);
    let mut other = shop.client().await;
    // Nothing was mended: it fails again, and stays.
    let again = refusal(&mut other, &format!("SHARDGATE DDL CONTINUE {id}")).await;
    assert_eq!((again.0, id_in(&again.1)), (1062, id));
    run(&mut other, &[&format!("UPDATE users SET email = 'f' WHERE id = {b}"), "BEGIN"]).await;
    let done = other.one(&format!("SHARDGATE DDL CONTINUE {id}")).await;
    assert_eq!(done.done().status & 1, 0, "the transaction was committed, as by any DDL");
    assert!(done.done().info.contains("done on 4 places"), "{done}");
    let after = definitions(&shop, "users").await;
    assert!(after.iter().all(|one| *one == after[0] && one.contains("email_key")), "{after:#?}");
    for command in ["CONTINUE", "UNDO"] {
        let (errno, message) = refusal(&mut client, &format!("SHARDGATE DDL {command} {id}")).await;
        assert_eq!(errno, 1210);
        assert!(message.contains("is done at all of its places"), "{message}");
    }
    // An index goes and comes back by UNDO, as it was.
    run(&mut shop.direct(3).await, &["ALTER TABLE users DROP INDEX email_key"]).await;
    let (_, message) = refusal(&mut other, "DROP INDEX email_key ON users").await;
    let drop = id_in(&message);
    run(&mut other, &[&format!("SHARDGATE DDL UNDO {drop}")]).await;
    assert_eq!(definitions(&shop, "users").await[..3], after[..3]);
    // Mended by hand: CONTINUE finds it done.
    let (_, message) = refusal(&mut other, "DROP INDEX email_key ON users").await;
    run(&mut other, &[&format!("SHARDGATE DDL CONTINUE {}", id_in(&message))]).await;
    assert_eq!(definitions(&shop, "users").await, before);
    assert_eq!(newest(&mut other, &shop.database).await.unwrap()[3], "done");
}

#[tokio::test]
async fn undo_is_refused_where_something_would_be_lost() {
    let shop = Shop::shared("ddl_no_undo").await;
    let mut client = shop.client().await;
    let key = shop.key(0, 0, 0);
    run(&mut client, &[&format!("INSERT INTO users (id, name) VALUES ({key}, 'x')")]).await;
    // Written since.
    run(&mut shop.direct(2).await, &[ADD_EXTRA]).await;
    let id = id_in(&refusal(&mut client, ADD_EXTRA).await.1);
    run(&mut client, &[&format!("UPDATE users SET extra = 7 WHERE id = {key}")]).await;
    let (errno, message) = refusal(&mut client, &format!("SHARDGATE DDL UNDO {id}")).await;
    assert_eq!(errno, 1235, "{message}");
    assert!(
        message.contains(&format!("ds0/{}.users", shop.database)) && message.contains("written since"),
        "{message}"
    );
    assert!(message.contains(&format!("SHARDGATE DDL CONTINUE {id}")), "{message}");
    assert_eq!(shop.each(HAS_EXTRA).await, [1; 4]);
    run(&mut client, &[&format!("SHARDGATE DDL CONTINUE {id}")]).await;
    // Gone for ever.
    run(&mut shop.direct(1).await, &["ALTER TABLE users DROP COLUMN extra"]).await;
    let id = id_in(&refusal(&mut client, "ALTER TABLE users DROP COLUMN extra").await.1);
    let (errno, message) = refusal(&mut client, &format!("SHARDGATE DDL UNDO {id}")).await;
    assert!(errno == 1235 && message.contains("`extra`") && message.contains("gone"), "{errno} {message}");
    run(&mut client, &[&format!("SHARDGATE DDL CONTINUE {id}")]).await;
    assert_eq!(shop.each(HAS_EXTRA).await, [0; 4]);
    // Changed since by somebody else.
    run(&mut shop.direct(2).await, &[ADD_EXTRA]).await;
    let id = id_in(&refusal(&mut client, ADD_EXTRA).await.1);
    run(&mut client, &["ALTER TABLE users ADD COLUMN later INT"]).await;
    let (errno, message) = refusal(&mut client, &format!("SHARDGATE DDL UNDO {id}")).await;
    assert!(errno == 1235 && message.contains("neither as it was before"), "{errno} {message}");
    // Tables with rows.
    run(&mut shop.direct(3).await, &["CREATE TABLE kinds (k INT PRIMARY KEY)"]).await;
    let create = "CREATE TABLE kinds (k INT PRIMARY KEY, v INT)";
    let id = id_in(&refusal(&mut client, create).await.1);
    run(&mut shop.direct(0).await, &["INSERT INTO kinds VALUES (1, 1)"]).await;
    let (errno, message) = refusal(&mut client, &format!("SHARDGATE DDL UNDO {id}")).await;
    assert!(errno == 1235 && message.contains("written since"), "{errno} {message}");
    run(&mut shop.direct(0).await, &["DELETE FROM kinds"]).await;
    run(&mut client, &[&format!("SHARDGATE DDL UNDO {id}")]).await;
    let left = definitions(&shop, "kinds").await;
    assert_eq!(left[..3], ["1146", "1146", "1146"].map(str::to_owned));
    assert!(left[3].contains("PRIMARY KEY"), "what it has not made stays");
}

#[tokio::test]
async fn a_proxy_that_dies_half_way_leaves_what_another_continues_or_undoes() {
    for command in ["CONTINUE", "UNDO"] {
        let shop = Shop::shared("ddl_dies").await;
        let other =
            Proxy::start(&config(shop.lab, &shop.database, crate::support::proxy::Options::default())).await;
        let mut survivor = connect(&Login::app(other.port).database(&shop.database)).await;
        let before = definitions(&shop, "users").await;
        let mut holder = holding(&shop, 2).await;
        let altering = begun(&shop.login(), ADD_EXTRA);
        stuck_at(&shop, 2).await;
        let shown = newest(&mut survivor, &shop.database).await.unwrap();
        assert_eq!(shown[2..4], [ADD_EXTRA, "running"].map(str::to_owned));
        // Its proxy lives: nobody else may touch it.
        run(&mut survivor, &["SET lock_wait_timeout = 1"]).await;
        let resume = format!("SHARDGATE DDL {command} {}", shown[0]);
        let (errno, message) = refusal(&mut survivor, &resume).await;
        assert_eq!(errno, 1205, "{message}");
        assert!(message.contains(&format!("statement {} of app#", shown[0])), "{message}");

        let killed = Command::new("kill").args(["-KILL", &shop.proxy.pid.to_string()]).status().unwrap();
        assert!(killed.success());
        assert!(soon("the client of the dead proxy", altering).await.unwrap().is_none());
        until("it is shown as interrupted", async || {
            (newest(&mut survivor, &shop.database).await.unwrap()[3] == "interrupted").then_some(())
        })
        .await;
        run(&mut holder, &["COMMIT"]).await;
        run(&mut survivor, &[&resume]).await;
        if command == "UNDO" {
            let mut direct = shop.direct(2).await;
            // The dead proxy's statement may still have been in its server's queue.
            until("nothing runs", async || {
                (running(&mut direct, "ALTER TABLE users ADD%").await == 0).then_some(())
            })
            .await;
            assert_eq!(definitions(&shop, "users").await[..2], before[..2]);
        } else {
            assert_eq!(shop.each(HAS_EXTRA).await, [1; 4]);
        }
        let shown = newest(&mut survivor, &shop.database).await.unwrap();
        assert_eq!(shown[3], if command == "UNDO" { "undone" } else { "done" });
    }
}

#[tokio::test]
async fn kill_in_the_middle_says_where_it_was_done() {
    let shop = Shop::shared("ddl_killed").await;
    let mut client = shop.client().await;
    let mut holder = holding(&shop, 1).await;
    let mut victim = shop.client().await;
    let session = number(&victim.one("SELECT CONNECTION_ID()").await);
    let altering = tokio::spawn(async move { victim.one(ADD_EXTRA).await });
    stuck_at(&shop, 1).await;
    run(&mut client, &[&format!("KILL QUERY {session}")]).await;
    let Answer::Refused(refused) = soon("the killed statement", altering).await.unwrap() else {
        panic!("not killed")
    };
    assert_eq!(refused.errno, 1317);
    assert!(refused.message.contains("done on 3 of 4 places, failed on ds1/"), "{}", refused.message);
    let id = id_in(&refused.message);
    run(&mut holder, &["COMMIT"]).await;
    run(&mut client, &[&format!("SHARDGATE DDL CONTINUE {id}")]).await;
    assert_eq!(shop.each(HAS_EXTRA).await, [1; 4]);
}

#[tokio::test]
async fn two_at_once_come_one_after_the_other() {
    let shop = Shop::shared("ddl_two").await;
    let other =
        Proxy::start(&config(shop.lab, &shop.database, crate::support::proxy::Options::default())).await;
    let mut second = connect(&Login::app(other.port).database(&shop.database)).await;
    let mut holder = holding(&shop, 3).await;
    let first = begun(&shop.login(), ADD_EXTRA);
    stuck_at(&shop, 3).await;
    run(&mut second, &["SET lock_wait_timeout = 1"]).await;
    let (errno, message) = refusal(&mut second, "ALTER TABLE users ADD COLUMN other INT").await;
    assert_eq!(errno, 1205, "{message}");
    assert!(message.contains(&format!("{}.users is being changed by statement", shop.database)), "{message}");
    assert!(message.contains("nothing was changed"), "{message}");
    let (errno, message) = refusal(&mut second, &format!("DROP DATABASE {}", shop.database)).await;
    assert!(errno == 1205 && message.contains("users is being changed"), "{errno} {message}");
    // Another table is free.
    run(&mut second, &["ALTER TABLE orders ADD COLUMN other INT", "SET lock_wait_timeout = 60"]).await;
    let login = Login::app(other.port).database(&shop.database);
    let waiting = begun(&login, "ALTER TABLE users ADD COLUMN other INT");
    run(&mut holder, &["COMMIT"]).await;
    assert_eq!(soon("the first", first).await.unwrap().unwrap().errno(), 0);
    assert_eq!(soon("the second", waiting).await.unwrap().unwrap().errno(), 0);
    // A hundred tries at the same name through both: shards never differ.
    let mut tasks = Vec::new();
    for n in 0..4 {
        let login = if n % 2 == 0 { shop.login() } else { login.clone() };
        tasks.push(tokio::spawn(async move {
            let mut client = connect(&login).await;
            let mut done = 0;
            for round in 0..6 {
                let sql = format!("ALTER TABLE users ADD COLUMN race{round} INT");
                let answer = client.one(&sql).await;
                assert!([0, 1060].contains(&answer.errno()), "{answer}");
                done += usize::from(answer.errno() == 0);
            }
            done
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    assert_eq!(done, 6);
    let all = definitions(&shop, "users").await;
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
}

#[tokio::test]
async fn nothing_begins_where_a_place_or_the_store_is_down() {
    let lab = Lab::start(3, 0, 0).await;
    let database = lab.database("ddl_down").await;
    let mut text = config(&lab, &database, crate::support::proxy::Options::default());
    text = text.replace("ds{0..2}", "ds{0..1}");
    let text = format!("{text}\n[ids]\nstore = \"ds2/keeper\"\n");
    let proxy = Proxy::start(&text).await;
    let login = Login::app(proxy.port).database(&database);
    let mut client = connect(&login).await;
    let create = "CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(9))";
    run(&mut client, &[create, "CREATE TABLE alone (a INT)"]).await;
    let there = async |n: usize| {
        let mut direct = connect(&Login::root(lab.cluster.primaries[n].port()).database(&database)).await;
        number(&direct.one(HAS_EXTRA).await)
    };
    lab.cluster.primaries[1].kill_hard().await.unwrap();
    let (errno, message) = refusal(&mut client, ADD_EXTRA).await;
    assert_eq!(errno, 2003, "{message}");
    assert!(message.contains("ds1") && message.contains("nothing was changed"), "{message}");
    assert_eq!(there(0).await, 0);
    assert_eq!(refusal(&mut client, "CREATE DATABASE IF NOT EXISTS nowhere").await.0, 1235);
    // What can be told of the table is told by who is there.
    for sql in
        ["DESCRIBE users", "SHOW CREATE TABLE users", "SHOW COLUMNS FROM users", "SHOW INDEX FROM users"]
    {
        assert_eq!(client.one(sql).await.errno(), 0, "{sql}");
    }
    lab.cluster.primaries[1].restart().await.unwrap();
    lab.cluster.primaries[0].kill_hard().await.unwrap();
    for sql in
        ["DESCRIBE users", "SHOW CREATE TABLE users", "SHOW COLUMNS FROM users", "SHOW INDEX FROM users"]
    {
        assert_eq!(client.one(sql).await.errno(), 0, "{sql}");
    }
    lab.cluster.primaries[0].restart().await.unwrap();
    lab.cluster.primaries[2].kill_hard().await.unwrap();
    let (errno, message) = refusal(&mut client, ADD_EXTRA).await;
    assert_eq!(errno, 2003, "{message}");
    assert!(message.contains("store ds2/keeper") && message.contains("nothing was changed"), "{message}");
    assert_eq!((there(0).await, there(1).await), (0, 0));
    assert_eq!(refusal(&mut client, "SHOW SHARDGATE DDL").await.0, 2003);
    // At one place, too: others could not be told.
    let (errno, message) = refusal(&mut client, "ALTER TABLE alone ADD COLUMN b INT").await;
    assert_eq!(errno, 2003, "{message}");
    assert!(message.contains("store ds2/keeper") && message.contains("nothing was changed"), "{message}");
    run(&mut client, &["INSERT INTO alone VALUES (1)"]).await;
    lab.cluster.primaries[2].restart().await.unwrap();
    run(&mut client, &["ALTER TABLE alone ADD COLUMN b INT", ADD_EXTRA]).await;
    assert_eq!((there(0).await, there(1).await), (1, 1));
    assert_eq!(newest(&mut client, &database).await.unwrap()[3], "done");
}

#[tokio::test]
async fn only_ddl_over_several_places_is_kept() {
    let shop = Shop::shared("ddl_kept").await;
    let mut client = shop.client().await;
    let last = newest(&mut client, &shop.database).await.unwrap();
    run(
        &mut client,
        &["CREATE TABLE alone (a INT)", "ALTER TABLE alone ADD COLUMN b INT", "DROP TABLE alone"],
    )
    .await;
    // What fails everywhere alike has changed nothing: it is no matter of places.
    for (sql, errno) in [
        ("ALTER TABLE users DROP COLUMN nothing", 1091),
        ("CREATE TABLE users (id BIGINT PRIMARY KEY)", 1050),
    ] {
        assert_eq!(refusal(&mut client, sql).await.0, errno);
    }
    assert_eq!(newest(&mut client, &shop.database).await.unwrap(), last);
    run(&mut client, &["ALTER TABLE users ADD COLUMN extra INT"]).await;
    let shown = newest(&mut client, &shop.database).await.unwrap();
    assert_eq!(
        shown[2..8],
        ["ALTER TABLE users ADD COLUMN extra INT", "done", "4", "4", "", ""].map(str::to_owned)
    );
    let mut prepared = shop.client().await;
    let statement = prepared.prepare("SHOW SHARDGATE DDL").await;
    if let Ok(statement) = statement {
        let rows = prepared.execute(&statement, &[]).await.unwrap();
        assert!(rows[0].rows().len() > 1);
    }
}

#[tokio::test]
async fn wrong_numbers_and_words_are_told() {
    let shop = Shop::shared("ddl_wrong").await;
    let mut client = shop.client().await;
    for (sql, errno, says) in [
        ("SHARDGATE DDL CONTINUE 999999999", 1210, "there is no DDL statement 999999999"),
        ("SHARDGATE DDL UNDO 999999999", 1210, "SHOW SHARDGATE DDL"),
        ("SHARDGATE DDL UNDO -1", 1210, "number"),
        ("SHARDGATE DDL CONTINUE 'x'", 1210, "number"),
        ("SHARDGATE DDL FORGET 1", 1064, ""),
        ("SHARDGATE DDL CONTINUE", 1064, ""),
        ("SHARDGATE", 1064, ""),
        ("SHOW SHARDGATE NOTHING", 1235, "DDL or TRANSACTIONS"),
        ("SHOW SHARDGATE", 1235, "DDL or TRANSACTIONS"),
    ] {
        let (got, message) = refusal(&mut client, sql).await;
        assert!(got == errno && message.contains(says), "{sql}: {got} {message}");
        assert_eq!(number(&client.one("SELECT 1").await), 1);
    }
}

#[tokio::test]
async fn other_proxies_see_changes() {
    let shop = Shop::shared("ddl_follow").await;
    let text_of = config(shop.lab, &shop.database, crate::support::proxy::Options::default());
    let other = Proxy::start(&text_of).await;
    let (mut a, mut b) =
        (shop.client().await, connect(&Login::app(other.port).database(&shop.database)).await);
    let wide = "SELECT * FROM users ORDER BY id";
    let prepared = b.prepare("SELECT * FROM users WHERE id = ?").await.unwrap();
    run(&mut a, &["INSERT INTO users (id, name) VALUES (1, 'x'), (2, 'y')"]).await;
    let columns = async |b: &mut Client| {
        let key = crate::support::client::Param::Int(1);
        let row = b.execute(&prepared, &[key]).await.unwrap().remove(0);
        (row.rows()[0].len(), b.one(wide).await.rows()[0].len())
    };
    let before = columns(&mut b).await;
    // The key's place changes, the number of columns does not: a plan of before would look for it in the wrong place.
    run(&mut a, &["CREATE TABLE codes (code VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v VARCHAR(20))"])
        .await;
    run(&mut b, &["INSERT INTO codes VALUES ('a', 'zzz')"]).await;
    run(&mut a, &["ALTER TABLE codes MODIFY v VARCHAR(20) FIRST", ADD_EXTRA]).await;
    until("the other proxy knows the new order", async || {
        let sql = "EXPLAIN SHARDGATE INSERT INTO codes VALUES ('v', 'a')";
        let here = b.one(sql).await.to_string();
        let there = a.one(sql).await.to_string();
        (here == there).then_some(())
    })
    .await;
    run(&mut b, &["INSERT INTO codes VALUES ('v', 'b')"]).await;
    assert_eq!(text(&a.one("SELECT v FROM codes WHERE code = 'b'").await), "v");
    assert_eq!(columns(&mut b).await, (before.0 + 1, before.1 + 1));
    // A single table, and past all proxies.
    run(&mut a, &["CREATE TABLE alone (a INT, b INT)"]).await;
    run(&mut b, &["INSERT INTO alone VALUES (1, 2)"]).await;
    for shard in 0..4 {
        run(&mut shop.direct(shard).await, &["ALTER TABLE codes MODIFY v VARCHAR(20) AFTER code"]).await;
    }
    for client in [&mut a, &mut b] {
        until("what was changed past the proxies is seen", async || {
            let sql = "EXPLAIN SHARDGATE INSERT INTO codes VALUES ('b', 'v')";
            let wanted = "EXPLAIN SHARDGATE SELECT v FROM codes WHERE code = 'b'";
            let shard = |answer: &Answer| {
                let text = answer.to_string();
                (0..4).find(|n| text.contains(&format!("ds{n}")))
            };
            (shard(&client.one(sql).await) == shard(&client.one(wanted).await)).then_some(())
        })
        .await;
    }
    // A database that comes and goes.
    run(&mut b, &["SELECT COUNT(*) FROM users"]).await;
    let name = &shop.database;
    run(
        &mut a,
        &[&format!("DROP DATABASE {name}"), &format!("CREATE DATABASE {name}"), &format!("USE {name}")],
    )
    .await;
    run(
        &mut a,
        &["CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(9))", "INSERT INTO users VALUES (1, 'x')"],
    )
    .await;
    until("the other proxy selects the new database", async || {
        let answer = b.one("SELECT COUNT(*) FROM users").await;
        (answer.errno() == 0).then(|| assert_eq!(number(&answer), 1))
    })
    .await;
}

#[tokio::test]
async fn a_database_that_was_made_anew_past_the_proxy_is_selected_again() {
    let shop = Shop::shared("ddl_anew").await;
    let mut client = shop.client().await;
    let count = "SELECT COUNT(*) FROM users";
    assert_eq!(number(&client.one(count).await), 0);
    let name = &shop.database;
    for server in &shop.lab.cluster.primaries {
        let mut direct = connect(&Login::root(server.port())).await;
        let create = format!("CREATE TABLE {name}.users (id BIGINT PRIMARY KEY, name VARCHAR(9))");
        run(&mut direct, &[&format!("DROP DATABASE {name}"), &format!("CREATE DATABASE {name}"), &create])
            .await;
    }
    // One statement may be told that nothing is selected any more; not one for each connection in the pools.
    let one = format!("SELECT name FROM users WHERE id = {}", shop.key(1, 0, 0));
    let first = client.one(&one).await.errno();
    assert!([0, 1046].contains(&first), "{first}");
    for sql in [count, &one, count] {
        assert_eq!(client.one(sql).await.errno(), 0, "{sql}");
    }
    // What is wrong by the definition of before makes the proxy look again.
    let insert = "INSERT INTO users VALUES (1, 'x'), (2, 'x'), (3, 'x'), (4, 'x')";
    until("the new definition is known", async || (client.one(insert).await.errno() == 0).then_some(()))
        .await;
    assert_eq!(number(&client.one(count).await), 4);
}

/// Statements whose answer, warnings and effect are a plain server's.
#[tokio::test]
async fn lists_of_tables_are_dropped_as_one_server_does() {
    let shop = Shop::shared("ddl_lists").await;
    let (mut client, mut plain) = (shop.client().await, shop.plain_with_tables().await);
    let warnings = "SHOW WARNINGS";
    for sql in [
        "CREATE TABLE one (a INT)",
        "CREATE TABLE IF NOT EXISTS users (id BIGINT PRIMARY KEY)",
        "ALTER TABLE users ADD COLUMN extra INT, ADD KEY extra_key (extra)",
        "CREATE INDEX other_key ON users (extra)",
        "DROP TABLE users, no_such, orders",
        "SELECT COUNT(*) FROM users",
        "SELECT COUNT(*) FROM orders",
        "DROP TABLE IF EXISTS no_such, users, nowhere",
        "DROP TABLE one, audit_log",
        "DROP TABLE IF EXISTS one, order_items",
        "DROP TABLE IF EXISTS users, kinds",
        "DROP TABLE users, kinds",
        "CREATE TABLE kinds (k INT PRIMARY KEY)",
        "CREATE TABLE sparse_2 (k INT PRIMARY KEY)",
        "RENAME TABLE no_such TO something",
        "TRUNCATE TABLE no_such",
        "TRUNCATE TABLE kinds",
        "DROP TABLE products, codes, kinds",
        "DROP TABLE products, codes",
    ] {
        let (given, wanted) = (client.one(sql).await, plain.one(sql).await);
        match (&given, &wanted) {
            (Answer::Refused(given), Answer::Refused(wanted)) => {
                assert_eq!((given.errno, &given.message), (wanted.errno, &wanted.message), "{sql}");
            }
            (Answer::Done(given), Answer::Done(wanted)) => {
                assert_eq!(
                    (given.affected, given.warnings, &given.info),
                    (wanted.affected, wanted.warnings, &wanted.info),
                    "{sql}"
                );
            }
            _ => assert_eq!(given, wanted, "{sql}"),
        }
        let (given, wanted) = (client.one(warnings).await, plain.one(warnings).await);
        assert_eq!(given.rows(), wanted.rows(), "warnings of {sql}");
    }
    soon("the answer to a ping", client.ping()).await.unwrap();
}
