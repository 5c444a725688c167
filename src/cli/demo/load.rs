//! Fills the sample shop through the proxy, and checks that all of it arrived, on every shard its part.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::client::{Client, DATABASE};
use super::house::House;
use super::shop::{Shop, TABLES, money};
use super::{Error, Result, thousands};

/// Rows of one INSERT.
const BATCH: usize = 500;

/// Creates the database and its tables: each statement reaches every shard that the configuration gives the table.
pub(super) async fn create(house: &House) -> Result<()> {
    let mut client = Client::connect(house.address, None).await?;
    let start = Instant::now();
    client.run(&format!("CREATE DATABASE {DATABASE} DEFAULT CHARACTER SET utf8mb4")).await?;
    client.run(&format!("USE {DATABASE}")).await?;
    for table in TABLES {
        client.run(table).await?;
    }
    println!("Created {} tables on the shards through Shardgate in {:.1?}", TABLES.len(), start.elapsed());
    client.leave().await;
    Ok(())
}

/// Loads all rows with INSERTs of many rows each; Shardgate splits each by shard.
pub(super) async fn load(house: &House, shop: &Shop) -> Result<()> {
    let mut client = Client::connect(house.address, Some(DATABASE)).await?;
    let tables = shop.rows();
    let bar = Progress::over(tables.iter().map(|(.., rows)| rows.len() as u64).sum());
    for (table, columns, rows) in &tables {
        bar.now(table);
        for batch in rows.chunks(BATCH) {
            let sql = format!("INSERT INTO {table} ({columns}) VALUES {}", batch.join(", "));
            let answer = client.run(&sql).await?;
            let expected = batch.len() as u64;
            if answer.affected != expected {
                return Err(Error::wrong(&sql, expected, answer.affected));
            }
            bar.more(expected);
        }
        bar.table_done(table, rows.len());
    }
    bar.done();
    client.leave().await;
    Ok(())
}

/// Compares counts and sums of every table with what was generated, and shows what each shard holds.
pub(super) async fn check(house: &House, shop: &Shop) -> Result<()> {
    house.cluster.sync().await?;
    let mut client = Client::connect(house.address, Some(DATABASE)).await?;
    let turnover: i64 = shop.orders.iter().map(|order| order.total).sum();
    let pieces: i64 = shop.items.iter().map(|item| item.quantity).sum();
    let prices: i64 = shop.products.iter().map(|product| product.price).sum();
    let last = shop.users.iter().map(|user| user.id).max().unwrap_or(0);
    let checks = [
        ("SELECT COUNT(*), MAX(id) FROM users", shop.users.len(), last.to_string()),
        ("SELECT COUNT(*), SUM(total) FROM orders", shop.orders.len(), money(turnover)),
        ("SELECT COUNT(*), SUM(quantity) FROM order_items", shop.items.len(), pieces.to_string()),
        ("SELECT COUNT(*), SUM(price) FROM products", shop.products.len(), money(prices)),
    ];
    for (sql, count, sum) in checks {
        let expected = vec![vec![count.to_string(), sum]];
        let answer = client.run(sql).await?;
        if answer.rows != expected {
            return Err(Error::wrong(sql, expected, answer.rows));
        }
    }
    client.leave().await;
    println!(
        "Checked: through Shardgate, counts and sums are those of the generated data. On the servers themselves:"
    );
    per_shard(house, shop).await
}

/// Asks the servers directly, past the proxy.
async fn per_shard(house: &House, shop: &Shop) -> Result<()> {
    let expected = [shop.users.len(), shop.orders.len(), shop.items.len()].map(|len| len as u64);
    let mut sums = [0; 3];
    for server in &house.cluster.primaries {
        let mut line = Vec::new();
        for (sum, table) in sums.iter_mut().zip(["users", "orders", "order_items"]) {
            let rows = rows_on(server, table).await?;
            *sum += rows;
            line.push(format!("{} {table}", thousands(rows)));
        }
        println!("  {}: {}, {} products", server.name(), line.join(", "), rows_on(server, "products").await?);
    }
    if sums == expected {
        return Ok(());
    }
    Err(Error::wrong("the shards' rows of users, orders and order_items, added up", expected, sums))
}

async fn rows_on(server: &super::servers::Server, table: &str) -> Result<u64> {
    use mysql_async::prelude::Queryable;
    let sql = format!("SELECT COUNT(*) FROM {DATABASE}.{table}");
    let mut conn = server.control().await?;
    let rows = conn.query_first(&sql).await.map_err(|source| Error::Statement { sql, source })?;
    conn.disconnect().await.ok();
    Ok(rows.unwrap_or(0))
}

/// A bar on a terminal, else a line for each table.
struct Progress {
    bar: Option<ProgressBar>,
    rows: u64,
    start: Instant,
}

impl Progress {
    fn over(rows: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(rows));
        let style =
            ProgressStyle::with_template("Loading {msg:<12} {wide_bar:.cyan} {human_pos}/{human_len} rows");
        if let (Some(bar), Ok(style)) = (&bar, style) {
            bar.set_style(style);
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { bar, rows, start: Instant::now() }
    }

    fn now(&self, table: &'static str) {
        if let Some(bar) = &self.bar {
            bar.set_message(table);
        }
    }

    fn more(&self, rows: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(rows);
        }
    }

    fn table_done(&self, table: &str, rows: usize) {
        if self.bar.is_none() {
            println!("  {table}: {} rows", thousands(rows as u64));
        }
    }

    fn done(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        println!("Loaded {} rows through Shardgate in {:.1?}", thousands(self.rows), self.start.elapsed());
    }
}
