//! A merge in its course: the first rows leave while servers still make the last ones, a LIMIT stops the servers, and a server
//! that dies in the middle is named while everybody else goes on.

use std::process::Command;

use crate::support::client::{Client, Failure, Param};
use crate::support::cluster::Lab;
use crate::support::shop::{Setup, Shop, number, run, running, soon, text, until};

/// Orders of each shard, whose notes are long.
const EACH: i64 = 1000;

/// A shop whose shards have orders of their first keys: 1, 5, 9 … on the first, 2, 6, 10 … on the second.
async fn filled<'a>(lab: &'a Lab, tag: &str) -> Shop<'a> {
    let shop = Shop::over(lab, tag, &Setup::default()).await;
    let shards = shop.shards() as i64;
    for shard in 0..shards {
        let key = shop.key(shard as usize, 0, 0);
        let rows: Vec<String> = (0..EACH)
            .map(|n| format!("({}, {key}, {n}, REPEAT('x', 10000))", n * shards + shard + 1))
            .collect();
        for rows in rows.chunks(250) {
            let sql = format!("INSERT INTO orders (id, user_id, product_id, note) VALUES {}", rows.join(","));
            run(&mut shop.direct(shard as usize).await, &[&sql]).await;
        }
    }
    shop
}

/// How many servers run a statement.
async fn busy(shop: &Shop<'_>, like: &str) -> i64 {
    let mut count = 0;
    for shard in 0..shop.shards() {
        count += running(&mut shop.direct(shard).await, like).await;
    }
    count
}

/// Bytes that all servers have sent to their clients.
async fn sent(shop: &Shop<'_>) -> i64 {
    let mut bytes = 0;
    for shard in 0..shop.shards() {
        let answer = shop.direct(shard).await.one("SHOW GLOBAL STATUS LIKE 'Bytes_sent'").await;
        bytes += answer.rows()[0][1].to_string().trim_matches('\'').parse::<i64>().unwrap();
    }
    bytes
}

#[tokio::test]
async fn first_rows_leave_before_the_last_are_made() {
    let shop = filled(Lab::shared().await, "first_rows").await;
    let tag = format!("%/*{}*/%", shop.database);
    let last = EACH - 1;
    for sql in [
        format!("SELECT /*tag*/ id, note, IF(product_id = {last}, SLEEP(600), 0) FROM orders ORDER BY id"),
        format!("SELECT /*tag*/ note, IF(product_id = {last}, SLEEP(600), 0) FROM orders"),
        format!(
            "SELECT /*tag*/ id, COUNT(*), MAX(note), MAX(IF(product_id = {last}, SLEEP(600), 0)) FROM orders \
             FORCE INDEX (PRIMARY) GROUP BY id ORDER BY id"
        ),
    ] {
        let mut client = shop.client().await;
        client.send(&sql.replace("tag", &shop.database)).await.unwrap();
        let mut rows = 0;
        while rows < 500 {
            let packet = soon("a row", client.read()).await.unwrap();
            assert_ne!(packet[0], 0xFF, "{sql}: {}", packet.escape_ascii());
            rows += i32::from(packet.len() > 10_000);
        }
        assert!(busy(&shop, &tag).await > 0, "{sql}");
        // Who has seen enough leaves: nothing goes on.
        drop(client);
        until("the servers stop", async || (busy(&shop, &tag).await == 0).then_some(())).await;
    }
}

#[tokio::test]
async fn a_limit_stops_the_servers() {
    let lab = Lab::start(4, 0, 0).await;
    let shop = filled(&lab, "limit").await;
    let tag = format!("%/*{}*/%", shop.database);
    let mut client = shop.client().await;
    let whole = 4 * EACH * 10_000;
    for (sql, rows) in [
        ("SELECT /*tag*/ id, note FROM orders LIMIT 5".to_owned(), 5),
        ("SELECT /*tag*/ id, note FROM orders ORDER BY id LIMIT 5".to_owned(), 5),
        ("SELECT /*tag*/ id, note FROM orders ORDER BY id LIMIT 20, 5".to_owned(), 5),
        ("SELECT /*tag*/ id, MAX(note) FROM orders GROUP BY id ORDER BY id LIMIT 5".to_owned(), 5),
        ("SELECT /*tag*/ DISTINCT id, note FROM orders ORDER BY id LIMIT 5".to_owned(), 5),
        ("SELECT /*tag*/ id, note FROM orders LIMIT 0".to_owned(), 0),
    ] {
        let before = sent(&shop).await;
        let answer = client.one(&sql.replace("tag", &shop.database)).await;
        assert_eq!(answer.rows().len(), rows, "{sql}");
        let moved = sent(&shop).await - before;
        // Of a text that is compared its weights come along.
        let weighed = sql.contains("MAX(") || sql.contains("DISTINCT");
        let whole = if weighed { 3 * whole } else { whole };
        println!("{moved} of {whole} bytes: {sql}");
        assert!(moved < whole / 2, "{sql}: {moved} bytes");
        until("nothing runs", async || (busy(&shop, &tag).await == 0).then_some(())).await;
        // The connections are as good as before.
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders").await), 4 * EACH);
    }
}

/// Reads until an error comes, and gives it.
async fn to_error(client: &mut Client) -> (u16, String) {
    loop {
        match soon("the next packet", client.read()).await {
            Ok(packet) if packet[0] == 0xFF => {
                let errno = u16::from_le_bytes([packet[1], packet[2]]);
                return (errno, String::from_utf8_lossy(&packet[3..]).into_owned());
            }
            Ok(packet) => assert!(packet[0] != 0xFE || packet.len() > 100, "it ended well"),
            Err(failure) => panic!("{failure}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_dies_in_a_merge_is_named() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = filled(&lab, "dies").await;
    let key = shop.key(0, 0, 0);
    let mut neighbour = shop.client().await;
    run(
        &mut neighbour,
        &["BEGIN", &format!("UPDATE orders SET note = 'mine' WHERE user_id = {key} AND id = 1")],
    )
    .await;
    let sql = "SELECT a.id, a.note FROM orders a JOIN (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL \
               SELECT 4 UNION ALL SELECT 5) d ORDER BY a.id";
    let mut clients = Vec::new();
    for n in 0..3 {
        let mut client = shop.client().await;
        match n {
            0 => client.send("SELECT id, note, REPEAT('y', 30000) FROM orders ORDER BY id").await.unwrap(),
            1 => client.send(sql).await.unwrap(),
            _ => client.send("SELECT REPEAT('z', 30000) FROM orders").await.unwrap(),
        }
        for _ in 0..20 {
            let packet = soon("a row", client.read()).await.unwrap();
            assert_ne!(packet[0], 0xFF, "{}", packet.escape_ascii());
        }
        clients.push(client);
    }
    let pid = lab.cluster.primaries[1].pid().unwrap().to_string();
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    for client in &mut clients {
        let (errno, message) = to_error(client).await;
        println!("{errno}: {message}");
        assert!(message.contains("ds1"), "{errno}: {message}");
        // The same connection goes on, where the server is not needed.
        let one = format!("SELECT COUNT(*) FROM orders WHERE user_id = {key}");
        assert_eq!(number(&soon("an answer", client.one(&one)).await), EACH);
        let all = soon("an error", client.query("SELECT COUNT(*) FROM orders")).await;
        let error = match all {
            Ok(answers) => answers[0].to_string(),
            Err(Failure::Refused(refusal)) => refusal.message,
            Err(failure) => panic!("{failure}"),
        };
        assert!(error.contains("ds1"), "{error}");
    }
    // A transaction on the other server knows nothing of it.
    let note = format!("SELECT note FROM orders WHERE user_id = {key} AND id = 1");
    assert_eq!(text(&neighbour.one(&note).await), "mine");
    run(&mut neighbour, &["ROLLBACK"]).await;
    assert_eq!(busy_on(&shop, 0, "SELECT%FROM%orders%ORDER BY%").await, 0);
}

async fn busy_on(shop: &Shop<'_>, shard: usize, like: &str) -> i64 {
    until("the other server stops", async || {
        let left = running(&mut shop.direct(shard).await, like).await;
        (left == 0).then_some(left)
    })
    .await
}

/// The lines of EXPLAIN SHARDGATE.
async fn explained(client: &mut Client, sql: &str) -> String {
    client.one(&format!("EXPLAIN SHARDGATE {sql}")).await.to_string()
}

#[tokio::test]
async fn estimates_follow_analyze_table() {
    let lab = Lab::start(2, 0, 0).await;
    let shop = filled(&lab, "estimates").await;
    let sql = "SELECT /*+ SHARDGATE(stay=u) */ u.id, o.id FROM users u JOIN orders o ON o.product_id = u.age";
    let mut client = shop.client().await;
    run(&mut client, &["ANALYZE TABLE users, orders"]).await;
    let many = until("an estimate", async || {
        let plan = explained(&mut client, sql).await;
        let about = plan.split("rows of orders, of about ").nth(1)?.split('\\').next()?.to_owned();
        about.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<i64>().ok()
    })
    .await;
    assert!((EACH..4 * EACH).contains(&many), "{many}");
    run(&mut client, &["DELETE FROM orders WHERE id > 20", "ANALYZE TABLE orders"]).await;
    until("a new estimate", async || {
        let plan = explained(&mut client, sql).await;
        let about = plan.split("rows of orders, of about ").nth(1)?.to_owned();
        let about = about.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<i64>().ok()?;
        (about < 100).then_some(())
    })
    .await;
}

#[tokio::test]
async fn explain_analyze_of_a_prepared_statement() {
    let shop = filled(Lab::shared().await, "explain_prepared").await;
    let mut client = shop.client().await;
    for (verb, wanted) in [("", "WHERE id <= 8"), ("ANALYZE ", "answered: 8 rows")] {
        let sql =
            format!("EXPLAIN SHARDGATE {verb}SELECT id FROM orders WHERE id <= ? AND note <> ? ORDER BY id");
        let statement = client.prepare(&sql).await.unwrap();
        for _ in 0..2 {
            let params = [Param::Int(8), Param::Str("it's".to_owned())];
            let plan = client.execute(&statement, &params).await.unwrap().remove(0).to_string();
            assert!(plan.contains(wanted), "{plan}");
        }
    }
}

#[tokio::test]
async fn stored_functions_are_not_called_over_copies() {
    let shop = filled(Lab::shared().await, "stored").await;
    for shard in 0..shop.shards() {
        let mut server = shop.direct(shard).await;
        let sql = "CREATE FUNCTION seen(x INT) RETURNS INT DETERMINISTIC READS SQL DATA \
                   RETURN (SELECT COUNT(*) FROM orders WHERE id = x)";
        run(&mut server, &["SET GLOBAL log_bin_trust_function_creators = 1", sql]).await;
    }
    let mut client = shop.client().await;
    for sql in [
        "SELECT seen(u.age) FROM users u JOIN orders o ON o.product_id = u.age".to_owned(),
        format!("SELECT {}.seen(u.age) FROM users u JOIN orders o ON o.product_id = u.age", shop.database),
        "SELECT o.id FROM orders o WHERE seen(o.id) = (SELECT COUNT(*) FROM users)".to_owned(),
    ] {
        for _ in 0..2 {
            let answer = client.one(&sql).await;
            assert_eq!(answer.errno(), 1235, "{sql}: {answer}");
        }
        let statement = client.prepare(&sql).await.unwrap();
        let answers = client.execute(&statement, &[]).await.unwrap();
        assert_eq!(answers[0].errno(), 1235, "{sql}: {}", answers[0]);
    }
}
