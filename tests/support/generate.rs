//! Random SELECTs over the sample shop whose answer is one: every order is total, every group's columns are exact.
//!
//! The same seed gives the same statements on every machine.

use super::corpus::Step;

/// A small generator of numbers (SplitMix64), the tests' own so that seeds keep their meaning.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    /// True in `percent` of cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// One to `most` different ones, in random order.
    fn some<'a>(&mut self, from: &[&'a str], most: usize) -> Vec<&'a str> {
        let mut left = from.to_vec();
        (0..=self.below(most.min(from.len()))).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }
}

/// What a column's literals look like.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The sharding key: mostly values that exist.
    Key,
    Int(i64, i64),
    Decimal,
    Double,
    Text(&'static [&'static str]),
    Date,
    DateTime,
}

const NAMES: &[&str] =
    &["Bob", "bob ", "ärger", "zoe", "strasse", "😀 smile", "O''Brien", "", "Max", "n", "nobody"];
const CITIES: &[&str] = &["berlin", "Paris", "Wien", "zurich", "Oslo", "Nowhere"];
const EMAILS: &[&str] = &["User1@example.org", "user2@example.org", "USER1@example.org", "m"];
const STATES: &[&str] = &["new", "paid", "sent", "done", "PAID"];
const NOTES: &[&str] = &["note 4 of ä", "note 8 of b", "m", ""];

/// A table: columns with the kind of their literals, those that group exactly, those that aggregate.
struct Table {
    name: &'static str,
    key: &'static str,
    columns: &'static [(&'static str, Kind)],
    exact: &'static [&'static str],
    numbers: &'static [&'static str],
    /// MIN and MAX have one answer.
    extremes: &'static [&'static str],
}

const USERS: Table = Table {
    name: "users",
    key: "id",
    columns: &[
        ("id", Kind::Key),
        ("name", Kind::Text(NAMES)),
        ("email", Kind::Text(EMAILS)),
        ("city", Kind::Text(CITIES)),
        ("age", Kind::Int(0, 100)),
        ("balance", Kind::Decimal),
        ("score", Kind::Double),
        ("born", Kind::Date),
        ("created", Kind::DateTime),
        ("active", Kind::Int(0, 1)),
    ],
    exact: &[
        "active",
        "age",
        "age DIV 10",
        "email",
        "born",
        "YEAR(born)",
        "balance",
        "score",
        "id % 3",
        "active + 1",
    ],
    numbers: &["age", "balance", "score", "active", "id", "balance * 2", "age + 1", "IFNULL(age, 0)"],
    extremes: &["id", "age", "balance", "score", "born", "created", "email", "CHAR_LENGTH(name)"],
};

const ORDERS: Table = Table {
    name: "orders",
    key: "user_id",
    columns: &[
        ("user_id", Kind::Key),
        ("id", Kind::Int(100, 162)),
        ("product_id", Kind::Int(0, 8)),
        ("status", Kind::Text(STATES)),
        ("total", Kind::Decimal),
        ("placed", Kind::DateTime),
        ("note", Kind::Text(NOTES)),
    ],
    exact: &[
        "user_id",
        "product_id",
        "status",
        "total",
        "DATE(placed)",
        "MONTH(placed)",
        "product_id % 2",
        "total IS NULL",
    ],
    numbers: &["total", "product_id", "id", "total * 1.5", "-total", "total IS NULL"],
    extremes: &["id", "user_id", "total", "placed", "product_id", "total + 1"],
};

const ITEMS: Table = Table {
    name: "order_items",
    key: "user_id",
    columns: &[
        ("user_id", Kind::Key),
        ("id", Kind::Int(0, 61)),
        ("order_id", Kind::Int(100, 162)),
        ("product_id", Kind::Int(0, 8)),
        ("quantity", Kind::Int(0, 3)),
        ("price", Kind::Decimal),
    ],
    exact: &["user_id", "order_id", "product_id", "quantity", "price"],
    numbers: &["quantity", "price", "quantity * price", "quantity / 3"],
    extremes: &["id", "quantity", "price", "quantity * price"],
};

/// `count` statements. The text of each is its own reproduction, over `shop.sql`.
pub fn statements(seed: u64, count: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|number| {
            let (text, ordered) = statement(&mut random);
            Step {
                place: format!("seed {seed}, statement {number}"),
                text,
                ordered,
                any_warnings: true,
                ..Step::default()
            }
        })
        .collect()
}

/// A statement, and whether its rows have an order.
fn statement(random: &mut Random) -> (String, bool) {
    let table = random.pick(&[&USERS, &USERS, &ORDERS, &ITEMS]);
    match random.below(10) {
        0..3 => rows(random, table),
        3..6 => groups(random, table),
        6 => totals(random, table),
        7 => distinct(random, table),
        _ => join(random),
    }
}

fn rows(random: &mut Random, table: &Table) -> (String, bool) {
    let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let list = if random.chance(20) { "*".to_owned() } else { random.some(&names, 5).join(", ") };
    let mut text = format!("SELECT {list} FROM {}{}", table.name, filter(random, table, ""));
    let ordered = random.chance(75);
    if ordered {
        let mut keys: Vec<String> = random
            .some(&names, 3)
            .into_iter()
            .filter(|name| *name != "id")
            .map(|name| direction(random, name))
            .collect();
        keys.push(direction(random, "id"));
        text += &format!(" ORDER BY {}", keys.join(", "));
        text += &limit(random);
    }
    (text, ordered)
}

fn groups(random: &mut Random, table: &Table) -> (String, bool) {
    let by = random.some(table.exact, 2);
    let aggregates = aggregates(random, table);
    let hidden = random.chance(10);
    let list = if hidden { aggregates.clone() } else { format!("{}, {aggregates}", by.join(", ")) };
    let filter = filter(random, table, "");
    let mut text = format!("SELECT {list} FROM {}{filter} GROUP BY {}", table.name, by.join(", "));
    // Without the key among the groups, HAVING needs merged groups: left to the corpus.
    if by.contains(&table.key) && random.chance(30) {
        text += &format!(" HAVING COUNT(*) > {}", random.below(3));
    }
    let ordered = random.chance(60);
    if ordered {
        let keys: Vec<_> = by.iter().map(|name| direction(random, name)).collect();
        text += &format!(" ORDER BY {}", keys.join(", "));
        text += &limit(random);
    }
    (text, ordered)
}

fn totals(random: &mut Random, table: &Table) -> (String, bool) {
    (format!("SELECT {} FROM {}{}", aggregates(random, table), table.name, filter(random, table, "")), false)
}

fn distinct(random: &mut Random, table: &Table) -> (String, bool) {
    let list = random.some(table.exact, 2);
    let mut text =
        format!("SELECT DISTINCT {} FROM {}{}", list.join(", "), table.name, filter(random, table, ""));
    let ordered = random.chance(60);
    if ordered {
        let keys: Vec<_> = list.iter().map(|name| direction(random, name)).collect();
        text += &format!(" ORDER BY {}{}", keys.join(", "), limit(random));
    }
    (text, ordered)
}

fn join(random: &mut Random) -> (String, bool) {
    let kind = random.pick(&["JOIN", "INNER JOIN", "LEFT JOIN"]);
    let mut from = format!("users u {kind} orders o ON o.user_id = u.id");
    let mut list = vec!["u.id", "u.name", "o.id", "o.total", "o.status", "u.age", "u.balance"];
    let mut tie = vec!["u.id", "o.id"];
    if random.chance(30) {
        from += &format!(" {kind} order_items i ON i.user_id = u.id AND i.order_id = o.id");
        list.extend(["i.quantity", "i.price"]);
        tie.push("i.id");
    }
    if random.chance(40) {
        from += &format!(" {kind} products p ON p.id = o.product_id");
        list.extend(["p.name", "p.category"]);
    }
    let side = if random.chance(50) { filter(random, &USERS, "u.") } else { filter(random, &ORDERS, "o.") };
    if random.chance(30) {
        let by = random.pick(&["u.active", "o.status", "o.product_id", "u.id", "u.age DIV 20"]);
        let sum = random.pick(&[
            "COUNT(*)",
            "SUM(o.total)",
            "AVG(o.total)",
            "MAX(o.placed)",
            "COUNT(o.id)",
            "MIN(u.age)",
        ]);
        return (format!("SELECT {by}, {sum} FROM {from}{side} GROUP BY {by} ORDER BY {by}"), true);
    }
    let mut text = format!("SELECT {} FROM {from}{side}", random.some(&list, 5).join(", "));
    let ordered = random.chance(70);
    if ordered {
        let mut keys: Vec<String> = Vec::new();
        if random.chance(60) {
            let key = random.pick(&["u.name", "o.total", "o.status", "u.born", "o.placed", "u.balance"]);
            keys.push(direction(random, key));
        }
        keys.extend(tie.iter().map(|name| direction(random, name)));
        text += &format!(" ORDER BY {}{}", keys.join(", "), limit(random));
    }
    (text, ordered)
}

fn aggregates(random: &mut Random, table: &Table) -> String {
    let count = 1 + random.below(3);
    let mut list = Vec::new();
    for _ in 0..count {
        list.push(match random.below(6) {
            0 => "COUNT(*)".to_owned(),
            1 => format!("COUNT({})", random.pick(table.extremes)),
            2 => format!("SUM({})", random.pick(table.numbers)),
            3 => format!("AVG({})", random.pick(table.numbers)),
            4 => format!("MIN({})", random.pick(table.extremes)),
            _ => format!("MAX({})", random.pick(table.extremes)),
        });
    }
    list.join(", ")
}

fn direction(random: &mut Random, name: &str) -> String {
    format!("{name}{}", random.pick(&["", "", " ASC", " DESC", " DESC"]))
}

fn limit(random: &mut Random) -> String {
    match random.below(4) {
        0 => format!(" LIMIT {}", random.below(12)),
        1 => format!(" LIMIT {} OFFSET {}", random.below(12), random.below(12)),
        2 => format!(" LIMIT {}, {}", random.below(12), random.below(12)),
        _ => String::new(),
    }
}

fn filter(random: &mut Random, table: &Table, prefix: &str) -> String {
    if random.chance(25) {
        return String::new();
    }
    format!(" WHERE {}", condition(random, table, prefix, 2))
}

fn condition(random: &mut Random, table: &Table, prefix: &str, depth: usize) -> String {
    if depth > 0 && random.chance(45) {
        let (left, right) =
            (condition(random, table, prefix, depth - 1), condition(random, table, prefix, depth - 1));
        return match random.below(5) {
            0 | 1 => format!("({left} OR {right})"),
            2 => format!("NOT ({left} AND {right})"),
            _ => format!("{left} AND {right}"),
        };
    }
    let place = if random.chance(35) { 0 } else { random.below(table.columns.len()) };
    let (name, kind) = table.columns[place];
    let column = format!("{prefix}{name}");
    let mut value = || literal(random, kind);
    let (a, b, c) = (value(), value(), value());
    match random.below(11) {
        0..3 => format!("{column} = {a}"),
        3 => format!("{column} IN ({a}, {b}, {c})"),
        4 => format!("{column} BETWEEN {a} AND {b}"),
        5 => format!("{column} {} {a}", random.pick(&["<", "<=", ">", ">=", "<>", "!=", "<=>"])),
        6 => format!("{column} IS {}NULL", random.pick(&["", "NOT "])),
        7 => format!("{a} {} {column}", random.pick(&["=", "<", ">="])),
        8 => format!("{column} NOT IN ({a}, {b})"),
        9 => format!("({column} = {a} OR {column} = {b})"),
        _ => format!("{column} > {a} AND {column} < {b}"),
    }
}

fn literal(random: &mut Random, kind: Kind) -> String {
    match kind {
        Kind::Key => match random.below(8) {
            0 => format!("'{}'", random.range(1, 30)),
            1 => format!("{}.0", random.range(1, 30)),
            2 => random.pick(&["0", "-1", "1000", "9223372036854775807", "2.5"]).to_owned(),
            _ => random.range(1, 30).to_string(),
        },
        Kind::Int(low, high) => random.range(low, high).to_string(),
        Kind::Decimal => {
            random.pick(&["0", "-12.50", "100", "150.00", "47.5", "1e2", "'99.9'", "-5"]).to_owned()
        }
        Kind::Double => random.pick(&["0.25", "-1", "1.5e0", "2", "0"]).to_owned(),
        Kind::Text(from) => format!("'{}'", random.pick(from)),
        Kind::Date => {
            random.pick(&["'1963-02-04'", "'1980-01-01'", "'1970-06-15'", "DATE '1999-12-31'"]).to_owned()
        }
        Kind::DateTime => random
            .pick(&["'2024-02-06 01:07:11.25'", "'2024-03-01'", "'2024-05-01 12:00:00'", "'2024-12-31'"])
            .to_owned(),
    }
}
