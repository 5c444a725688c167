//! Answers of any size: the proxy's memory stays flat, the server waits for a slow client, and a client that leaves or
//! is killed stops its statement on the server.

use std::time::{Duration, Instant};

use crate::support::client::{Answer, Client, Failure};
use crate::support::cluster::Lab;
use crate::support::proxy::{Options, Proxy};
use crate::support::shop::{PATIENCE, Setup, Shop, closed, number, run, running, soon, until};

const MIB: u64 = 1 << 20;

/// A line of /proc/PID/status in bytes.
fn status(proxy: &Proxy, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", proxy.pid)).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// The most memory that `work` made the proxy hold above what it held before.
async fn growth<T>(proxy: &Proxy, work: impl Future<Output = T>) -> (u64, T) {
    std::fs::write(format!("/proc/{}/clear_refs", proxy.pid), "5").unwrap();
    let before = status(proxy, "VmRSS");
    let done = work.await;
    (status(proxy, "VmHWM").saturating_sub(before), done)
}

/// Clients of all shards.
async fn shards(shop: &Shop<'_>) -> Vec<Client> {
    let mut all = Vec::new();
    for shard in 0..shop.shards() {
        all.push(shop.direct(shard).await);
    }
    all
}

/// How many servers run a statement.
async fn busy(servers: &mut [Client], like: &str) -> i64 {
    let mut count = 0;
    for server in servers {
        count += running(server, like).await;
    }
    count
}

/// A shop whose first user, who lives on shard 0, has `rows` orders, as have some on the other shards.
async fn full<'a>(lab: &'a Lab, tag: &str, setup: &Setup<'_>, rows: usize) -> Shop<'a> {
    let shop = Shop::over(lab, tag, setup).await;
    let mut client = shop.client().await;
    for shard in 0..shop.shards() {
        let key = shop.key(shard, 0, 0);
        let values: Vec<String> =
            (0..rows).map(|n| format!("({}, {key}, 1)", shard * rows + n + 1)).collect();
        run(
            &mut client,
            &[&format!("INSERT INTO orders (id, user_id, product_id) VALUES {}", values.join(","))],
        )
        .await;
    }
    shop
}

async fn drain(client: &mut Client, sql: &str) -> (u64, u64) {
    client.send(sql).await.unwrap();
    match tokio::time::timeout(5 * PATIENCE, client.drain()).await {
        Ok(Ok(all)) => all,
        Ok(Err(failure)) => panic!("{sql}: {failure}"),
        Err(late) => panic!("{sql}: no end: {late}"),
    }
}

#[tokio::test]
async fn half_a_gigabyte_passes_in_32_mib() {
    let shop = full(Lab::shared().await, "half_gigabyte", &Setup::default(), 500).await;
    let mut client = shop.client().await;
    let key = shop.key(0, 0, 0);
    let sql = |size: usize| format!("SELECT REPEAT('x', {size}) FROM orders WHERE user_id = {key}");
    drain(&mut client, &sql(100_000)).await;
    let (more, (rows, bytes)) = growth(&shop.proxy, drain(&mut client, &sql(1_000_000))).await;
    println!("relayed {bytes} bytes, grew by {} KiB", more / 1024);
    assert_eq!((rows, bytes), (500, 500 * 1_000_004));
    assert!(more <= 32 * MIB, "{more} bytes more");
    // The same through a prepared statement.
    let statement = client.prepare(&sql(1_000_000)).await.unwrap();
    let mut execute = statement.id.to_le_bytes().to_vec();
    execute.extend([0, 1, 0, 0, 0]);
    client.command(0x17, &execute).await.unwrap();
    let (more, done) = growth(&shop.proxy, client.drain()).await;
    assert_eq!(done.unwrap().0, 500);
    assert!(more <= 32 * MIB, "prepared: {more} bytes more");
}

#[tokio::test]
async fn renamed_and_merged_rows_pass_in_little_memory() {
    let setup = Setup { options: Options { numbered: true, ..Options::default() }, ..Setup::default() };
    let shop = full(Lab::shared().await, "renamed_rows", &setup, 120).await;
    let mut client = shop.client().await;
    let key = shop.key(0, 0, 0);
    let one = |size: usize| format!("SELECT REPEAT('x', {size}), note FROM orders WHERE user_id = {key}");
    let merged = |size: usize| format!("SELECT id, REPEAT('x', {size}) FROM orders ORDER BY id");
    let all = |size: usize| format!("SELECT REPEAT('x', {size}) FROM orders");
    for (sql, rows) in [(&one as &dyn Fn(usize) -> String, 120), (&all, 480), (&merged, 480)] {
        drain(&mut client, &sql(10_000)).await;
        let (more, (count, _)) = growth(&shop.proxy, drain(&mut client, &sql(500_000))).await;
        println!("{} rows, grew by {} KiB: {}", count, more / 1024, sql(500_000));
        assert_eq!(count, rows);
        assert!(more <= 32 * MIB, "{}: {more} bytes more", sql(500_000));
    }
}

#[tokio::test]
async fn one_value_of_60_mib_passes_in_32_mib() {
    let shop = Shop::shared("one_value").await;
    let mut client = shop.client().await;
    drain(&mut client, "SELECT REPEAT('x', 100000)").await;
    let (more, (rows, bytes)) =
        growth(&shop.proxy, drain(&mut client, "SELECT REPEAT('x', 60 * 1024 * 1024)")).await;
    assert_eq!((rows, bytes), (1, 60 * MIB + 9));
    assert!(more <= 32 * MIB, "{more} bytes more");
}

/// Bytes that a server has sent to all of its clients.
async fn sent(direct: &mut Client) -> i64 {
    let answer = direct.one("SHOW GLOBAL STATUS LIKE 'Bytes_sent'").await;
    answer.rows()[0][1].to_string().trim_matches('\'').parse().unwrap()
}

#[tokio::test]
async fn a_slow_client_holds_the_servers_back() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = full(&lab, "slow", &Setup::default(), 300).await;
    let key = shop.key(0, 0, 0);
    for (sql, rows) in [
        (format!("SELECT id, REPEAT('x', 500000) FROM orders WHERE user_id = {key}"), 300),
        ("SELECT id, REPEAT('x', 500000) FROM orders ORDER BY id".to_owned(), 600),
    ] {
        let mut client = shop.client().await;
        let mut direct = shop.direct(0).await;
        let start = sent(&mut direct).await;
        client.send(&sql).await.unwrap();
        let (more, ()) = growth(&shop.proxy, async {
            client.read().await.unwrap();
            // Nothing more is read: the server's bytes come to a stop.
            let (mut last, mut still) = (0, 0);
            let deadline = Instant::now() + PATIENCE;
            while still < 10 {
                assert!(Instant::now() < deadline, "the server goes on sending: {last} bytes");
                tokio::time::sleep(Duration::from_millis(50)).await;
                let now = sent(&mut direct).await;
                still = if now - last < 10_000 { still + 1 } else { 0 };
                last = now;
            }
            assert!(last - start < 80 * MIB as i64, "the server was let send {} bytes", last - start);
        })
        .await;
        assert!(more <= 32 * MIB, "{sql}: {more} bytes more");
        // The rest comes whole.
        let mut count = 0;
        loop {
            let packet = soon("the next packet", client.read()).await.unwrap();
            match packet[0] {
                0xFE => break,
                0xFF => panic!("{}", packet.escape_ascii()),
                _ if packet.len() > 400_000 => count += 1,
                _ => {}
            }
        }
        assert_eq!(count, rows);
        assert_eq!(number(&client.one("SELECT 5").await), 5);
    }
}

#[tokio::test]
async fn the_statement_of_a_client_that_leaves_is_stopped() {
    let setup = Setup { more: "[pool]\nmax_connections = 1\n", ..Setup::default() };
    let lab = Lab::shared().await;
    let shop = full(lab, "leaves", &setup, 60).await;
    let key = shop.key(0, 0, 0);
    let statements = [
        // Rows flow, and nobody reads them.
        (
            format!("SELECT /*{}*/ REPEAT('x', 10000000) FROM orders WHERE user_id = {key}", shop.database),
            true,
        ),
        (format!("SELECT /*{}*/ id, REPEAT('x', 10000000) FROM orders ORDER BY id", shop.database), true),
        // Nothing flows yet.
        (format!("SELECT /*{}*/ SLEEP(600) FROM orders WHERE user_id = {key}", shop.database), false),
        (format!("SELECT /*{}*/ id, SLEEP(600) FROM orders ORDER BY id", shop.database), false),
        (format!("UPDATE /*{}*/ orders SET note = SLEEP(600) WHERE user_id = {key}", shop.database), false),
    ];
    let mut direct = shards(&shop).await;
    let like = format!("%/*{}*/%", shop.database);
    for abort in [false, true] {
        for (sql, flows) in &statements {
            let mut client = shop.client().await;
            client.send(sql).await.unwrap();
            if *flows {
                soon("the first packet", client.read()).await.unwrap();
            }
            until("it runs", async || (busy(&mut direct, &like).await > 0).then_some(())).await;
            if abort {
                client.abort();
            } else {
                drop(client);
            }
            let gone = format!("the server stops: {sql}");
            until(&gone, async || (busy(&mut direct, &like).await == 0).then_some(())).await;
            // The only connection is free again.
            let mut other = shop.client().await;
            let counts = format!("SELECT COUNT(*) FROM orders WHERE user_id = {key}");
            assert_eq!(number(&soon("a free connection", other.one(&counts)).await), 60, "{sql}");
            assert_eq!(
                number(&soon("free connections", other.one("SELECT COUNT(*) FROM orders")).await),
                240
            );
        }
    }
}

#[tokio::test]
async fn kill_query_stops_one_statement() {
    let shop = full(Lab::shared().await, "kill_query", &Setup::default(), 5).await;
    let key = shop.key(0, 0, 0);
    let like = format!("%/*{}*/%", shop.database);
    let (mut killer, mut direct, mut plain) = (shop.client().await, shards(&shop).await, shop.plain().await);
    run(&mut plain, &["CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, note TEXT)"]).await;
    run(&mut plain, &[&format!("INSERT INTO orders VALUES (1, {key}, NULL), (2, {key}, NULL)")]).await;
    for sql in [
        "SELECT /*tag*/ SLEEP(600)".to_owned(),
        format!("SELECT /*tag*/ SLEEP(600) FROM orders WHERE user_id = {key}"),
        "SELECT /*tag*/ id, SLEEP(600) FROM orders ORDER BY id".to_owned(),
        "SELECT /*tag*/ SUM(SLEEP(600)) FROM orders".to_owned(),
        format!("UPDATE /*tag*/ orders SET note = SLEEP(600) WHERE user_id = {key}"),
    ] {
        let sql = sql.replace("tag", &shop.database);
        // What a plain server answers.
        let mut victim = shop.plain().await;
        let (id, text) = (victim.connection_id, sql.clone());
        let asked = tokio::spawn(async move { victim.query(&text).await });
        until(&format!("{sql} runs on the plain server"), async || {
            (running(&mut plain, &like).await > 0).then_some(())
        })
        .await;
        plain.one(&format!("KILL QUERY {id}")).await;
        let wanted = soon("the killed statement's end", asked).await.unwrap().unwrap();

        let mut victim = shop.client().await;
        let (id, text) = (victim.connection_id, sql.clone());
        let asked = tokio::spawn(async move {
            let answers = victim.query(&text).await;
            (victim, answers)
        });
        until(&format!("{sql} runs"), async || {
            (asked.is_finished() || busy(&mut direct, &like).await > 0).then_some(())
        })
        .await;
        assert_eq!(killer.one(&format!("KILL QUERY {id}")).await.errno(), 0);
        let (mut victim, given) = soon("the killed statement's end", asked).await.unwrap();
        let given = given.unwrap_or_else(|failure| panic!("{sql}: {failure}"));
        assert_eq!(given[0].errno(), wanted[0].errno(), "{sql}: {} instead of {}", given[0], wanted[0]);
        until("it ends", async || (busy(&mut direct, &like).await == 0).then_some(())).await;
        assert_eq!(number(&victim.one("SELECT COUNT(*) FROM orders").await), 20);
        assert_eq!(victim.connection_id, id);
    }
    assert_eq!(killer.one("KILL QUERY 4000000000").await.errno(), 1094);
}

/// A client that does not read can be killed as well.
#[tokio::test]
async fn kill_reaches_those_who_do_not_read() {
    for numbered in [false, true] {
        let setup = Setup { options: Options { numbered, ..Options::default() }, ..Setup::default() };
        let shop = full(Lab::shared().await, "kill_stuck", &setup, 60).await;
        let key = shop.key(0, 0, 0);
        let like = format!("%/*{}*/%", shop.database);
        let (mut killer, mut direct) = (shop.client().await, shards(&shop).await);
        for sql in [
            format!("SELECT /*tag*/ id, REPEAT('x', 10000000) FROM orders WHERE user_id = {key}"),
            "SELECT /*tag*/ id, REPEAT('x', 10000000) FROM orders ORDER BY id".to_owned(),
            "SELECT /*tag*/ REPEAT('x', 10000000) FROM orders".to_owned(),
        ] {
            let sql = sql.replace("tag", &shop.database);
            for kill in ["KILL QUERY", "KILL"] {
                let mut victim = shop.client().await;
                victim.send(&sql).await.unwrap();
                soon("the first packet", victim.read()).await.unwrap();
                until("it runs", async || (busy(&mut direct, &like).await > 0).then_some(())).await;
                run(&mut killer, &[&format!("{kill} {}", victim.connection_id)]).await;
                if kill == "KILL" {
                    let what = format!("{sql} ends");
                    until(&what, async || (busy(&mut direct, &like).await == 0).then_some(())).await;
                    assert!(soon("the end", victim.at_end()).await);
                    continue;
                }
                let last = loop {
                    let packet = soon("the next packet", victim.read()).await.unwrap();
                    if [0xFE, 0xFF].contains(&packet[0]) {
                        break packet;
                    }
                };
                assert_eq!(last[..3], [0xFF, 0x25, 0x05], "error 1317: {sql}: {}", last.escape_ascii());
                assert_eq!(number(&victim.one("SELECT 5").await), 5);
                let what = format!("{sql} ends");
                until(&what, async || (busy(&mut direct, &like).await == 0).then_some(())).await;
            }
        }
    }
}

#[tokio::test]
async fn kill_ends_a_session() {
    let shop = full(Lab::shared().await, "kill", &Setup::default(), 5).await;
    let like = format!("%/*{}*/%", shop.database);
    let (mut killer, mut direct) = (shop.client().await, shards(&shop).await);
    let mut waiting = shop.client().await;
    run(&mut waiting, &["BEGIN", "INSERT INTO users (id, name) VALUES (5, 'gone')"]).await;
    assert_eq!(killer.one(&format!("KILL {}", waiting.connection_id)).await.errno(), 0);
    assert!(soon("the end of an idle session", waiting.at_end()).await);
    for sql in [
        "SELECT /*tag*/ SLEEP(600)",
        "SELECT /*tag*/ SLEEP(600) FROM orders",
        "DELETE /*tag*/ FROM orders WHERE SLEEP(600)",
    ] {
        let sql = sql.replace("tag", &shop.database);
        let mut victim = shop.client().await;
        let (id, text) = (victim.connection_id, sql.clone());
        let asked = tokio::spawn(async move { (victim.query(&text).await, victim.at_end().await) });
        until("it runs", async || (busy(&mut direct, &like).await > 0).then_some(())).await;
        assert_eq!(killer.one(&format!("KILL CONNECTION {id}")).await.errno(), 0);
        let (answer, ended) = soon("the killed session's end", asked).await.unwrap();
        let told = answer.as_ref().is_ok_and(
            |answers| matches!(&answers[0], Answer::Refused(r) if [1317, 1927].contains(&r.errno)),
        );
        assert!(told || closed(&answer), "{sql}: {answer:?}");
        assert!(ended, "{sql}");
        until("it ends", async || (busy(&mut direct, &like).await == 0).then_some(())).await;
        assert_eq!(killer.one(&format!("KILL {id}")).await.errno(), 1094);
    }
    assert_eq!(number(&killer.one("SELECT COUNT(*) FROM orders").await), 20);
    assert_eq!(number(&killer.one("SELECT COUNT(*) FROM users").await), 0);
    // Oneself.
    let id = killer.connection_id;
    match killer.query(&format!("KILL {id}")).await {
        Ok(answers) => assert!([0, 1317].contains(&answers[0].errno()), "{}", answers[0]),
        Err(failure) => assert!(matches!(failure, Failure::Broken(_)), "{failure}"),
    }
    assert!(soon("its own end", killer.at_end()).await);
}

/// A KILL that comes late must not hit the next statement on the server's connection, which may be another client's.
#[tokio::test]
async fn late_kills_hit_nobody_else() {
    let setup = Setup { more: "[pool]\nmax_connections = 2\n", ..Setup::default() };
    let shop = full(Lab::shared().await, "late_kill", &setup, 5).await;
    let key = shop.key(0, 0, 0);
    let mut victim = shop.client().await;
    let id = victim.connection_id;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ends = std::sync::Arc::clone(&stop);
    let victims = tokio::spawn(async move {
        let mut killed = 0;
        while !ends.load(std::sync::atomic::Ordering::Relaxed) {
            let answer =
                victim.one(&format!("SELECT SLEEP(0.0005) FROM orders WHERE user_id = {key} LIMIT 1")).await;
            assert!([0, 1317].contains(&answer.errno()), "{answer}");
            killed += u32::from(answer.errno() == 1317);
        }
        killed
    });
    let (mut killer, mut other) = (shop.client().await, shop.client().await);
    let kills = async {
        loop {
            killer.one(&format!("KILL QUERY {id}")).await;
        }
    };
    let others = async {
        for _ in 0..1000 {
            let answer = other.one(&format!("SELECT COUNT(*) FROM orders WHERE user_id = {key}")).await;
            assert_eq!(number(&answer), 5);
        }
    };
    tokio::select! {
        () = kills => unreachable!(),
        () = others => {}
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let killed = soon("the victim", victims).await.unwrap();
    println!("{killed} statements killed");
}

#[tokio::test]
async fn a_statement_over_its_time_is_stopped() {
    let setup = Setup { more: "[limits]\nstatement_timeout = \"3s\"\n", ..Setup::default() };
    let shop = full(Lab::shared().await, "statement_timeout", &setup, 5).await;
    let like = format!("%/*{}*/%", shop.database);
    let key = shop.key(0, 0, 0);
    let mut direct = shards(&shop).await;
    for sql in [
        "SELECT /*tag*/ SLEEP(600)".to_owned(),
        "SELECT /*tag*/ id, SLEEP(600) FROM orders ORDER BY id".to_owned(),
        format!("UPDATE /*tag*/ orders SET note = SLEEP(600) WHERE user_id = {key}"),
        "UPDATE /*tag*/ orders SET note = SLEEP(600)".to_owned(),
    ] {
        let sql = sql.replace("tag", &shop.database);
        let mut client = shop.client().await;
        let answers = soon("the timeout", client.query(&sql)).await.unwrap();
        assert_eq!(answers[0].errno(), 3024, "{sql}: {}", answers[0]);
        until("it ends", async || (busy(&mut direct, &like).await == 0).then_some(())).await;
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders").await), 20, "{sql}");
    }
}
