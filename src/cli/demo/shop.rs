//! The sample shop: its tables, and rows that a seed decides, so that every answer can be checked against them.
//! Knows no server and no proxy.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The same shop every time.
const SEED: u64 = 20_260_101;
const PRODUCTS: u64 = 200;
/// Orders of one user, on average.
const ORDERS_EACH: u64 = 4;
/// Rows that one user brings: the user, the orders, and two items of each order on average.
const ROWS_EACH: u64 = 1 + ORDERS_EACH + 2 * ORDERS_EACH;

const FIRST: [&str; 16] = [
    "Ada", "Ben", "Chloé", "Dan", "Eva", "Finn", "Grete", "Hugo", "Ida", "Jan", "Kai", "Lea", "Max", "Nora",
    "Ole", "Zoë",
];
const LAST: [&str; 12] = [
    "Abel", "Brandt", "Conti", "Dupont", "Evans", "Fischer", "García", "Holm", "Ito", "Jansen", "Kowalski",
    "Lind",
];
const CITIES: [&str; 8] = ["Berlin", "Kraków", "Lisboa", "London", "Oslo", "Paris", "Roma", "Zürich"];
const THINGS: [&str; 10] =
    ["Atlas", "Bell", "Chair", "Desk", "Easel", "Flask", "Globe", "Hammer", "Inkwell", "Jug"];
const STATES: [&str; 4] = ["new", "paid", "sent", "done"];

/// The tables, in the order of their creation.
pub(super) const TABLES: [&str; 5] = [
    "CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  email VARCHAR(120) NOT NULL,
  city VARCHAR(40) NOT NULL,
  joined DATE NOT NULL,
  KEY by_city (city)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE products (
  id INT NOT NULL PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  price DECIMAL(10,2) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  status VARCHAR(10) NOT NULL,
  total DECIMAL(10,2) NOT NULL,
  placed DATETIME NOT NULL,
  KEY by_user (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE order_items (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  product_id INT NOT NULL,
  quantity INT NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  KEY by_user (user_id),
  KEY by_order (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE audit_log (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  happened DATETIME NOT NULL,
  what VARCHAR(200) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
];

/// A customer.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) city: &'static str,
    joined: String,
}

/// What is sold. Amounts of money are in cents.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) price: i64,
}

/// An order, its total kept with it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) user: u64,
    pub(super) status: &'static str,
    pub(super) total: i64,
    pub(super) placed: String,
}

/// A line of an order.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: u64,
    order: u64,
    pub(super) user: u64,
    pub(super) product: u64,
    pub(super) quantity: i64,
    pub(super) price: i64,
}

/// All rows.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) users: Vec<User>,
    pub(super) products: Vec<Product>,
    pub(super) orders: Vec<Order>,
    pub(super) items: Vec<Item>,
}

impl Shop {
    /// A shop of about `rows` rows in its sharded tables; never fewer than twenty users.
    pub(super) fn of_about(rows: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(SEED);
        let count = (rows / ROWS_EACH).max(20);
        let users = (1..=count).map(|id| user(id, &mut rng)).collect();
        let products: Vec<_> = (1..=PRODUCTS).map(|id| product(id, &mut rng)).collect();
        let (mut orders, mut items) = (Vec::new(), Vec::new());
        for id in 1..=count * ORDERS_EACH {
            let user = rng.random_range(1..=count);
            let mut total = 0;
            for _ in 0..rng.random_range(1..=3) {
                let product = &products[rng.random_range(0..products.len())];
                let quantity = rng.random_range(1..=5);
                total += quantity * product.price;
                let id = items.len() as u64 + 1;
                items.push(Item {
                    id,
                    order: id_of(orders.len()),
                    user,
                    product: product.id,
                    quantity,
                    price: product.price,
                });
            }
            let status = STATES[rng.random_range(0..STATES.len())];
            orders.push(Order { id, user, status, total, placed: moment(&mut rng) });
        }
        Self { users, products, orders, items }
    }

    /// Each table's name, columns, and rows as SQL literals in parentheses.
    pub(super) fn rows(&self) -> [(&'static str, &'static str, Vec<String>); 4] {
        [
            ("users", "id, name, email, city, joined", self.users.iter().map(User::literal).collect()),
            ("products", "id, name, price", self.products.iter().map(Product::literal).collect()),
            (
                "orders",
                "id, user_id, status, total, placed",
                self.orders.iter().map(Order::literal).collect(),
            ),
            (
                "order_items",
                "id, order_id, user_id, product_id, quantity, price",
                self.items.iter().map(Item::literal).collect(),
            ),
        ]
    }
}

/// The id that the element after `len` others gets.
fn id_of(len: usize) -> u64 {
    len as u64 + 1
}

fn pick<'a>(words: &[&'a str], rng: &mut StdRng) -> &'a str {
    words[rng.random_range(0..words.len())]
}

fn user(id: u64, rng: &mut StdRng) -> User {
    let name = format!("{} {}", pick(&FIRST, rng), pick(&LAST, rng));
    let joined = format!(
        "202{}-{:02}-{:02}",
        rng.random_range(0..5),
        rng.random_range(1..=12),
        rng.random_range(1..=28)
    );
    User { id, name, city: pick(&CITIES, rng), joined }
}

fn product(id: u64, rng: &mut StdRng) -> Product {
    Product { id, name: format!("{} No. {id}", pick(&THINGS, rng)), price: rng.random_range(199..=49_999) }
}

fn moment(rng: &mut StdRng) -> String {
    let (month, day) = (rng.random_range(1..=12), rng.random_range(1..=28));
    let (hour, minute, second) = (rng.random_range(0..24), rng.random_range(0..60), rng.random_range(0..60));
    format!("2025-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

impl User {
    fn literal(&self) -> String {
        let Self { id, name, city, joined } = self;
        format!("({id}, '{name}', 'user{id}@shop.example', '{city}', '{joined}')")
    }
}

impl Product {
    fn literal(&self) -> String {
        format!("({}, '{}', {})", self.id, self.name, money(self.price))
    }
}

impl Order {
    fn literal(&self) -> String {
        let Self { id, user, status, total, placed } = self;
        format!("({id}, {user}, '{status}', {}, '{placed}')", money(*total))
    }
}

impl Item {
    fn literal(&self) -> String {
        let Self { id, order, user, product, quantity, price } = self;
        format!("({id}, {order}, {user}, {product}, {quantity}, {})", money(*price))
    }
}

/// Cents as a `DECIMAL(n,2)` shows: `12.30`.
pub(super) fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// What `AVG` of a `DECIMAL(n,2)` column shows: four digits more than the column has (`div_precision_increment`),
/// rounded half up.
pub(super) fn average(cents: i64, count: i64) -> String {
    let millionths = (i128::from(cents) * 20_000 / i128::from(count) + 1) / 2;
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_is_the_same_every_time_and_adds_up() {
        let (one, other) = (Shop::of_about(2_600), Shop::of_about(2_600));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!((one.users.len(), one.orders.len()), (200, 800));
        for order in &one.orders {
            let lines = one.items.iter().filter(|item| item.order == order.id);
            assert_eq!(order.total, lines.map(|item| item.quantity * item.price).sum::<i64>());
        }
        assert!(one.items.iter().all(|item| one.orders[item.order as usize - 1].user == item.user));
    }

    #[test]
    fn money_and_averages_show_as_mysql_shows_them() {
        assert_eq!((money(5), money(1234)), ("0.05".into(), "12.34".into()));
        assert_eq!(average(500, 3), "1.666667");
        assert_eq!(average(100, 3), "0.333333");
        assert_eq!(average(100, 8), "0.125000");
    }
}
