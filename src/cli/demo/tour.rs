//! The handful of statements that the demo shows: for each, where it went, what came back, how long it took. Every
//! answer is compared with what the loaded rows must give.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::client::{Answer, Client, DATABASE};
use super::house::House;
use super::shop::{Order, Shop, average, money};
use super::{Error, Result};

/// A line of a plan is cut after so many characters.
const WIDTH: usize = 110;
/// The reference table's row that is changed, and what the transaction's order has of it.
const PRODUCT: usize = 7;
const PIECES: i64 = 3;

/// Runs all of it.
pub(super) async fn run(house: &House, shop: &Shop) -> Result<()> {
    let client = Client::connect(house.address, Some(DATABASE)).await?;
    let mut tour = Tour { client, shop, step: 0 };
    tour.point_read().await?;
    tour.scatter().await?;
    tour.groups().await?;
    tour.join_on_one_shard().await?;
    tour.join_on_all_shards().await?;
    tour.reference().await?;
    tour.insert().await?;
    tour.transaction().await?;
    tour.client.leave().await;
    Ok(())
}

struct Tour<'a> {
    client: Client,
    shop: &'a Shop,
    step: u32,
}

type Rows = Vec<Vec<String>>;

impl Tour<'_> {
    async fn point_read(&mut self) -> Result<()> {
        self.title("A point read: the key says which shard, the answer is relayed as bytes");
        let user = &self.shop.users[self.shop.users.len() / 2];
        let sql = format!("SELECT id, name, city FROM users WHERE id = {}", user.id);
        let expected = vec![vec![user.id.to_string(), user.name.clone(), user.city.to_owned()]];
        self.show_rows(&sql, expected).await
    }

    async fn scatter(&mut self) -> Result<()> {
        self.title("No key: every shard sorts its part, Shardgate merges the sorted streams");
        let sql = "SELECT id, user_id, total, placed FROM orders ORDER BY total DESC, id LIMIT 5";
        let mut orders: Vec<&Order> = self.shop.orders.iter().collect();
        orders.sort_by_key(|order| (-order.total, order.id));
        let row = |o: &&Order| vec![o.id.to_string(), o.user.to_string(), money(o.total), o.placed.clone()];
        self.show_rows(sql, orders.iter().take(5).map(row).collect()).await
    }

    async fn groups(&mut self) -> Result<()> {
        self.title("Groups: every shard adds up its part, Shardgate adds up the parts");
        let sql = "SELECT status, COUNT(*) AS orders, SUM(total) AS turnover, AVG(total) AS average, MAX(total) AS most \
                   FROM orders GROUP BY status ORDER BY status";
        let mut groups: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
        for order in &self.shop.orders {
            let (count, sum, most) = groups.entry(order.status).or_default();
            (*count, *sum, *most) = (*count + 1, *sum + order.total, order.total.max(*most));
        }
        let row = |(status, (count, sum, most)): (&str, (i64, i64, i64))| {
            vec![status.to_owned(), count.to_string(), money(sum), average(sum, count), money(most)]
        };
        self.show_rows(sql, groups.into_iter().map(row).collect()).await
    }

    async fn join_on_one_shard(&mut self) -> Result<()> {
        self.title("A join on the sharding key, one user: all of it is on one shard");
        let user = &self.shop.users[self.shop.users.len() / 3];
        let sql = format!(
            "SELECT u.name, o.id, o.status, o.total FROM users u JOIN orders o ON o.user_id = u.id \
             WHERE u.id = {} ORDER BY o.id",
            user.id
        );
        let mine = self.shop.orders.iter().filter(|order| order.user == user.id);
        let row = |o: &Order| vec![user.name.clone(), o.id.to_string(), o.status.to_owned(), money(o.total)];
        self.show_rows(&sql, mine.map(row).collect()).await
    }

    async fn join_on_all_shards(&mut self) -> Result<()> {
        self.title(
            "A join on the sharding key, all users, with a reference table: each shard joins its part",
        );
        let sql = "SELECT u.city, COUNT(*) AS sold, SUM(i.quantity) AS pieces, MIN(p.price) AS cheapest FROM users u \
                   JOIN order_items i ON i.user_id = u.id JOIN products p ON p.id = i.product_id \
                   WHERE p.price >= 100 GROUP BY u.city ORDER BY u.city";
        let mut groups: BTreeMap<&str, (u64, i64, i64)> = BTreeMap::new();
        for item in &self.shop.items {
            let price = self.shop.products[item.product as usize - 1].price;
            if price >= 10_000 {
                let city = self.shop.users[item.user as usize - 1].city;
                let (sold, pieces, cheapest) = groups.entry(city).or_insert((0, 0, i64::MAX));
                (*sold, *pieces, *cheapest) = (*sold + 1, *pieces + item.quantity, price.min(*cheapest));
            }
        }
        let row = |(city, (sold, pieces, cheapest)): (&str, (u64, i64, i64))| {
            vec![city.to_owned(), sold.to_string(), pieces.to_string(), money(cheapest)]
        };
        self.show_rows(sql, groups.into_iter().map(row).collect()).await
    }

    async fn reference(&mut self) -> Result<()> {
        self.title("A change of a reference table: it is on every source, and so is the change");
        let product = &self.shop.products[PRODUCT];
        let sql = format!("UPDATE products SET price = price + 1.00 WHERE id = {}", product.id);
        self.show_change(&sql, 1).await?;
        let sql =
            format!("SELECT /*+ SHARDGATE(primary) */ name, price FROM products WHERE id = {}", product.id);
        self.show_rows(&sql, vec![vec![product.name.clone(), money(product.price + 100)]]).await
    }

    async fn insert(&mut self) -> Result<()> {
        self.title("New rows without ids: Shardgate makes the ids, and splits the rows by shard");
        let names = ["Ursula Ahn", "Viktor Bo", "Wanda Cruz", "Xaver Dietl"];
        let row = |name: &&str| {
            format!("('{name}', '{}@new.example', 'Oslo', '2026-01-01')", name.replace(' ', "."))
        };
        let values: Vec<_> = names.iter().map(row).collect();
        let sql = format!("INSERT INTO users (name, email, city, joined) VALUES {}", values.join(", "));
        let first = self.show_change(&sql, names.len() as u64).await?.insert_id;
        let sql =
            format!("SELECT /*+ SHARDGATE(primary) */ id, name FROM users WHERE id >= {first} ORDER BY id");
        let answer = self.show(&sql).await?;
        let got: Vec<_> = answer.rows.iter().map(|row| row.get(1).map_or("", String::as_str)).collect();
        let known =
            answer.rows.first().and_then(|row| row.first()).is_some_and(|id| *id == first.to_string());
        must(&sql, known && got == names, names, &answer.rows)
    }

    async fn transaction(&mut self) -> Result<()> {
        self.title("A transaction of one user: one shard, and nothing more than MySQL does for it");
        let user = self.shop.users[self.shop.users.len() / 2].id;
        let product = &self.shop.products[PRODUCT];
        let total = money(product.price * PIECES);
        self.show_change("START TRANSACTION", 0).await?;
        let sql = format!(
            "INSERT INTO orders (user_id, status, total, placed) VALUES ({user}, 'basket', {total}, '2026-01-01 12:00:00')"
        );
        let order = self.show_change(&sql, 1).await?.insert_id;
        let sql = format!(
            "INSERT INTO order_items (order_id, user_id, product_id, quantity, price) \
             VALUES (LAST_INSERT_ID(), {user}, {}, {PIECES}, {})",
            product.id,
            money(product.price)
        );
        self.show_change(&sql, 1).await?;
        self.show_change("COMMIT", 0).await?;
        let sql = format!(
            "SELECT /*+ SHARDGATE(primary) */ o.id, o.status, o.total, i.quantity, i.price FROM orders o \
             JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.id \
             WHERE o.user_id = {user} AND o.status = 'basket'"
        );
        let row = [order.to_string(), "basket".to_owned(), total, PIECES.to_string(), money(product.price)];
        self.show_rows(&sql, vec![row.to_vec()]).await
    }

    fn title(&mut self, title: &str) {
        self.step += 1;
        println!("\n{}. {title}", self.step);
    }

    async fn show_rows(&mut self, sql: &str, expected: Rows) -> Result<()> {
        let answer = self.show(sql).await?;
        must(sql, answer.rows == expected, &expected, &answer.rows)
    }

    async fn show_change(&mut self, sql: &str, affected: u64) -> Result<Answer> {
        let answer = self.show(sql).await?;
        must(sql, answer.affected == affected, affected, &answer.affected)?;
        Ok(answer)
    }

    /// Prints a statement, where it goes, and what comes back.
    async fn show(&mut self, sql: &str) -> Result<Answer> {
        println!("\nmysql> {sql};");
        if !matches!(sql, "START TRANSACTION" | "COMMIT") {
            let plan = self.client.run(&format!("EXPLAIN SHARDGATE {sql}")).await?;
            for line in plan.rows.iter().flatten() {
                println!("   {}", cut(line));
            }
        }
        let answer = self.client.run(sql).await?;
        println!("{}\n{:.1?}", answer.shown(), answer.took);
        Ok(answer)
    }
}

fn must(sql: &str, right: bool, expected: impl Debug, got: &impl Debug) -> Result<()> {
    if right { Ok(()) } else { Err(Error::wrong(sql, expected, got)) }
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
