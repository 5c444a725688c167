//! What merging takes of the proxy's memory: sorted rows and groups pass through, whatever their number; what has to be held
//! is held within the budget, or sorted by a server. `make memory` does it with millions of rows.

use crate::support::client::{Cell, Client, Failure};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{PATIENCE, Setup, Shop, connect, number, run, soon};

const MIB: u64 = 1 << 20;

/// What a merge may take beyond what it holds: buffers of its servers' connections and of its client.
const ROOM: u64 = 64 * MIB;

/// How many rows there are.
fn rows() -> u64 {
    std::env::var("SHARDGATE_MEMORY_ROWS").map_or(200_000, |rows| rows.parse().unwrap())
}

/// A line of /proc/PID/status in bytes.
fn status(proxy: &Proxy, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", proxy.pid)).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// What the process held at most while `work` ran, all in all.
async fn peak<T>(proxy: &Proxy, work: impl Future<Output = T>) -> (u64, T) {
    std::fs::write(format!("/proc/{}/clear_refs", proxy.pid), "5").unwrap();
    let done = work.await;
    (status(proxy, "VmHWM"), done)
}

/// `order_items` on all shards, filled by the servers themselves: `order_id` is 0, 1, 2 …, dealt out without regard to where a key belongs,
/// as these statements read all shards anyway. Two rows are a group, on different shards.
async fn filled<'a>(lab: &'a Lab, tag: &str, more: &str, rows: u64) -> Shop<'a> {
    let shop = Shop::over(lab, tag, &Setup { more, ..Setup::default() }).await;
    let shards = shop.shards() as u64;
    let each = rows / shards;
    for shard in 0..shards {
        let mut server = shop.direct(shard as usize).await;
        let doubled = "INSERT INTO order_items (id, order_id, user_id, product_id, quantity, price) SELECT id + @n, \
                       order_id, user_id, product_id, quantity, price FROM order_items WHERE id + @n <= @last";
        run(
            &mut server,
            &[
                "SET SESSION sql_log_bin = 0",
                "ALTER TABLE order_items DROP KEY user_key, DROP KEY order_key",
                "INSERT INTO order_items (id, order_id, user_id, product_id, quantity, price) VALUES (1, 0, 0, 0, 1, 1)",
                &format!("SET @n = 1, @last = {each}"),
            ],
        )
        .await;
        let mut there = 1;
        while there < each {
            run(&mut server, &[doubled, "SET @n = @n * 2"]).await;
            there *= 2;
        }
        let place = format!(
            "UPDATE order_items SET order_id = (id - 1) * {shards} + {shard}, \
             product_id = ((id - 1) * {shards} + {shard} + IF(id > {}, 1, 0)) MOD {}, quantity = id MOD 100, price = id MOD 1000",
            each / 2,
            rows / 2
        );
        run(&mut server, &[&place]).await;
    }
    shop
}

async fn drain(client: &mut Client, sql: &str) -> Result<(u64, u64), Failure> {
    client.send(sql).await.unwrap();
    match tokio::time::timeout(5 * PATIENCE, client.drain()).await {
        Ok(drained) => drained,
        Err(late) => panic!("{sql}: no end: {late}"),
    }
}

const SORTED: &str = "SELECT order_id, product_id, quantity, price FROM order_items ORDER BY order_id";
const GROUPS: &str =
    "SELECT product_id, COUNT(*), SUM(price), AVG(quantity) FROM order_items GROUP BY product_id";

#[tokio::test]
async fn sorted_rows_and_groups_pass_through() {
    let rows = rows();
    let own = Lab::start(4, 0, 0).await;
    let budget = format!("[limits]\nmerge_rows = {}\nmerge_bytes = \"{}MiB\"\n", rows, rows * 256 / MIB + 1);
    let shop = filled(&own, "memory", &budget, rows).await;
    let mut client = shop.client().await;
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM order_items").await) as u64, rows / 4 * 4);
    let groups = rows / 2;
    let by_sum = format!("{GROUPS} ORDER BY SUM(price) DESC, product_id");
    let held = rows / 2 * 160;
    for (sql, count, bound) in [
        (SORTED.to_owned(), rows, 0),
        (format!("{SORTED} DESC LIMIT 100"), 100, 0),
        (GROUPS.to_owned(), groups, 0),
        (format!("{by_sum} LIMIT 1000"), 1000, 0),
        ("SELECT DISTINCT product_id FROM order_items".to_owned(), groups, 0),
        // Last: not all that it held goes back to the system.
        (by_sum.clone(), groups, held),
    ] {
        let begun = std::time::Instant::now();
        let (peak, drained) = peak(&shop.proxy, drain(&mut client, &sql)).await;
        let (given, bytes) = drained.unwrap();
        println!(
            "{given} rows, {} MiB, in {:.1} s; the proxy held {:.1} MiB at most: {sql}",
            bytes / MIB,
            begun.elapsed().as_secs_f64(),
            peak as f64 / MIB as f64
        );
        assert_eq!(given, count, "{sql}");
        assert!(peak <= ROOM + bound, "{sql}: {peak} bytes");
    }
}

/// How many statements the proxy has run over copies of rows.
async fn staged(client: &mut Client) -> i64 {
    let status = client.one("SHOW SHARDGATE STATUS").await;
    let row = status.rows().iter().find(|row| row[0].to_string().contains("staged_total"));
    row.unwrap_or_else(|| panic!("{status}"))[1].to_string().trim_matches('\'').parse().unwrap()
}

/// A sum, as text or binary rows have it.
fn decimal(cell: &Cell) -> f64 {
    cell.to_string().trim_matches('\'').parse().unwrap_or_else(|_| panic!("no number: {cell}"))
}

#[tokio::test]
async fn what_outgrows_a_merge_goes_to_a_server_s_disk() {
    let lab = Lab::shared().await;
    let small = "[limits]\nmerge_rows = 1000\nmerge_bytes = \"1MiB\"\n";
    let shop = filled(lab, "budget", small, 20_000).await;
    let mut client = shop.client().await;
    let by_sum = format!("{GROUPS} ORDER BY SUM(price), product_id");
    for (sql, count) in [(by_sum.clone(), 10_000), (format!("{by_sum} LIMIT 2000 OFFSET 10"), 2000)] {
        let statement = client.prepare(&sql).await.unwrap();
        let before = staged(&mut client).await;
        for answer in [client.query(&sql).await, client.execute(&statement, &[]).await] {
            let answer = answer.unwrap().remove(0);
            assert_eq!((answer.errno(), answer.rows().len()), (0, count), "{sql}");
            let sums: Vec<f64> = answer.rows().iter().map(|row| decimal(&row[2])).collect();
            assert!(sums.is_sorted() && sums[0] < sums[count - 1], "{sql}");
        }
        let told = client.one(&format!("EXPLAIN SHARDGATE ANALYZE {sql}")).await.to_string();
        assert!(told.contains("read over copies of rows"), "{told}");
        assert_eq!(staged(&mut client).await, before + 3, "{sql}");
        // Within a transaction, too: its rows are computed apart.
        run(&mut client, &["BEGIN", "UPDATE order_items SET price = 5000 WHERE product_id = 7"]).await;
        let answer = client.one(&format!("{by_sum} DESC")).await;
        assert_eq!(answer.rows().len(), 10_000, "{answer}");
        let dearest = answer.rows().iter().map(|row| decimal(&row[2])).reduce(f64::max);
        assert_eq!(dearest, Some(10_000.0));
        run(&mut client, &["ROLLBACK"]).await;
    }
    let roomy = filled(lab, "roomy", "", 20_000).await;
    let wanted = roomy.client().await.one(&by_sum).await;
    assert_eq!(client.one(&by_sum).await.rows(), wanted.rows());
    // Nothing of it is left behind.
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM order_items").await), 20_000);
    assert_eq!(staged(&mut roomy.client().await).await, 0);
    // What passes through fits, however many there are, and so does what a LIMIT leaves.
    for (sql, count) in
        [(SORTED.to_owned(), 20_000), (GROUPS.to_owned(), 10_000), (format!("{by_sum} LIMIT 500"), 500)]
    {
        assert_eq!(drain(&mut client, &sql).await.unwrap().0, count, "{sql}");
    }
}

/// One row as large as a packet may be on each shard, merged by its order.
#[tokio::test]
async fn rows_as_large_as_packets() {
    let shop = Shop::shared("large_rows").await;
    let mut client = shop.client().await;
    for shard in 0..shop.shards() {
        let key = shop.key(shard, 0, 0);
        let sql = format!("INSERT INTO orders (id, user_id, product_id) VALUES ({}, {key}, 1)", shard + 1);
        run(&mut client, &[&sql]).await;
    }
    let most = number(&shop.direct(0).await.one("SELECT @@global.max_allowed_packet").await) as u64;
    let size = most.min(64 * MIB) - 1024;
    let sql = format!("SELECT id, REPEAT('x', {size}) FROM orders ORDER BY id DESC");
    let (peak, drained) = peak(&shop.proxy, drain(&mut client, &sql)).await;
    let (rows, bytes) = drained.unwrap();
    println!("4 rows of {} MiB; the proxy held {} MiB at most", size / MIB, peak / MIB);
    assert_eq!((rows, bytes / size), (4, 4));
    // A head of each server, its read buffer, which grows by doubling, and what goes to the client.
    assert!(peak <= ROOM + 3 * 4 * size, "{peak} bytes");
    let over = format!("SELECT id, REPEAT('x', {}) FROM orders ORDER BY id", most + 1);
    let mut direct = shop.direct(0).await;
    assert_eq!(client.one(&over).await.errno(), direct.one(&over).await.errno());
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders").await), 4);
}

/// Sorted rows without end, of which a client reads one now and then.
#[tokio::test]
async fn a_client_that_reads_slowly() {
    let shop = filled(Lab::shared().await, "slow_reader", "", 4000).await;
    let mut client = connect(&shop.login()).await;
    let long = "SELECT order_id, REPEAT('x', 20000) FROM order_items ORDER BY order_id";
    client.send(long).await.unwrap();
    let (peak, ()) = peak(&shop.proxy, async {
        for _ in 0..400 {
            soon("a packet", client.read()).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    })
    .await;
    assert!(peak <= ROOM, "{peak} bytes");
    client.abort();
    let mut other = shop.client().await;
    assert_eq!(number(&soon("an answer", other.one("SELECT COUNT(*) FROM order_items")).await), 4000);
}
