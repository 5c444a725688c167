//! TPC-H: its tables filled by a generator of our own (the distributions of the specification, version 3, in the parts that
//! its queries look at), and its 22 queries with the parameters of their validation.

use std::fmt::Write as _;

/// The tables' definitions, smallest first.
pub const TABLES: [&str; 8] = [
    "CREATE TABLE region (r_regionkey INT NOT NULL PRIMARY KEY, r_name CHAR(25) NOT NULL, r_comment VARCHAR(152))",
    "CREATE TABLE nation (n_nationkey INT NOT NULL PRIMARY KEY, n_name CHAR(25) NOT NULL, n_regionkey INT NOT NULL, \
     n_comment VARCHAR(152), KEY (n_regionkey))",
    "CREATE TABLE supplier (s_suppkey INT NOT NULL PRIMARY KEY, s_name CHAR(25) NOT NULL, s_address VARCHAR(40) NOT NULL, \
     s_nationkey INT NOT NULL, s_phone CHAR(15) NOT NULL, s_acctbal DECIMAL(15,2) NOT NULL, s_comment VARCHAR(101) NOT NULL, \
     KEY (s_nationkey))",
    "CREATE TABLE part (p_partkey INT NOT NULL PRIMARY KEY, p_name VARCHAR(55) NOT NULL, p_mfgr CHAR(25) NOT NULL, \
     p_brand CHAR(10) NOT NULL, p_type VARCHAR(25) NOT NULL, p_size INT NOT NULL, p_container CHAR(10) NOT NULL, \
     p_retailprice DECIMAL(15,2) NOT NULL, p_comment VARCHAR(23) NOT NULL)",
    "CREATE TABLE partsupp (ps_partkey INT NOT NULL, ps_suppkey INT NOT NULL, ps_availqty INT NOT NULL, \
     ps_supplycost DECIMAL(15,2) NOT NULL, ps_comment VARCHAR(199) NOT NULL, PRIMARY KEY (ps_partkey, ps_suppkey), \
     KEY (ps_suppkey))",
    "CREATE TABLE customer (c_custkey INT NOT NULL PRIMARY KEY, c_name VARCHAR(25) NOT NULL, c_address VARCHAR(40) NOT NULL, \
     c_nationkey INT NOT NULL, c_phone CHAR(15) NOT NULL, c_acctbal DECIMAL(15,2) NOT NULL, c_mktsegment CHAR(10) NOT NULL, \
     c_comment VARCHAR(117) NOT NULL, KEY (c_nationkey))",
    "CREATE TABLE orders (o_orderkey INT NOT NULL PRIMARY KEY, o_custkey INT NOT NULL, o_orderstatus CHAR(1) NOT NULL, \
     o_totalprice DECIMAL(15,2) NOT NULL, o_orderdate DATE NOT NULL, o_orderpriority CHAR(15) NOT NULL, \
     o_clerk CHAR(15) NOT NULL, o_shippriority INT NOT NULL, o_comment VARCHAR(79) NOT NULL, KEY (o_custkey))",
    "CREATE TABLE lineitem (l_orderkey INT NOT NULL, l_partkey INT NOT NULL, l_suppkey INT NOT NULL, \
     l_linenumber INT NOT NULL, l_quantity DECIMAL(15,2) NOT NULL, l_extendedprice DECIMAL(15,2) NOT NULL, \
     l_discount DECIMAL(15,2) NOT NULL, l_tax DECIMAL(15,2) NOT NULL, l_returnflag CHAR(1) NOT NULL, \
     l_linestatus CHAR(1) NOT NULL, l_shipdate DATE NOT NULL, l_commitdate DATE NOT NULL, l_receiptdate DATE NOT NULL, \
     l_shipinstruct CHAR(25) NOT NULL, l_shipmode CHAR(10) NOT NULL, l_comment VARCHAR(44) NOT NULL, \
     PRIMARY KEY (l_orderkey, l_linenumber), KEY (l_partkey), KEY (l_suppkey))",
];

/// How Shardgate holds them: what follows `shards` in `[database.{database}]`.
pub fn layout(database: &str) -> String {
    let mut out = String::from("reference = [\"region\", \"nation\"]\n");
    for (group, tables) in [
        ("orders", "orders = \"o_orderkey\", lineitem = \"l_orderkey\""),
        ("customers", "customer = \"c_custkey\""),
        ("parts", "part = \"p_partkey\", partsupp = \"ps_partkey\""),
        ("suppliers", "supplier = \"s_suppkey\""),
    ] {
        writeln!(out, "[database.{database}.group.{group}]").unwrap();
        writeln!(out, "algorithm = {{ hash = \"crc32\", slots = 1024 }}\ntables = {{ {tables} }}").unwrap();
    }
    out
}

const NATIONS: [(&str, u32); 25] = [
    ("ALGERIA", 0),
    ("ARGENTINA", 1),
    ("BRAZIL", 1),
    ("CANADA", 1),
    ("EGYPT", 4),
    ("ETHIOPIA", 0),
    ("FRANCE", 3),
    ("GERMANY", 3),
    ("INDIA", 2),
    ("INDONESIA", 2),
    ("IRAN", 4),
    ("IRAQ", 4),
    ("JAPAN", 2),
    ("JORDAN", 4),
    ("KENYA", 0),
    ("MOROCCO", 0),
    ("MOZAMBIQUE", 0),
    ("PERU", 1),
    ("CHINA", 2),
    ("ROMANIA", 3),
    ("SAUDI ARABIA", 4),
    ("VIETNAM", 2),
    ("RUSSIA", 3),
    ("UNITED KINGDOM", 3),
    ("UNITED STATES", 1),
];
const REGIONS: [&str; 5] = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"];
const SEGMENTS: [&str; 5] = ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"];
const PRIORITIES: [&str; 5] = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"];
const MODES: [&str; 7] = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"];
const INSTRUCTIONS: [&str; 4] = ["COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"];
const TYPES: [[&str; 6]; 3] = [
    ["STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"],
    ["ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED", "BRUSHED"],
    ["TIN", "NICKEL", "BRASS", "STEEL", "COPPER", "COPPER"],
];
const CONTAINERS: [[&str; 8]; 2] = [
    ["SM", "LG", "MED", "JUMBO", "WRAP", "SM", "LG", "MED"],
    ["CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"],
];
const COLOURS: [&str; 24] = [
    "almond",
    "antique",
    "aquamarine",
    "azure",
    "beige",
    "bisque",
    "black",
    "blanched",
    "blue",
    "blush",
    "brown",
    "burlywood",
    "chartreuse",
    "forest",
    "frosted",
    "green",
    "honeydew",
    "indian",
    "ivory",
    "khaki",
    "lemon",
    "lime",
    "misty",
    "navy",
];
const WORDS: [&str; 24] = [
    "furiously",
    "sly",
    "careful",
    "express",
    "packages",
    "requests",
    "deposits",
    "special",
    "accounts",
    "pending",
    "quickly",
    "final",
    "ironic",
    "regular",
    "theodolites",
    "Customer",
    "Complaints",
    "foxes",
    "pinto",
    "beans",
    "bold",
    "unusual",
    "above",
    "slyly",
];

/// SplitMix64: good enough for data, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.next() as usize % words.len()]
    }

    fn text(&mut self, words: usize, most: usize) -> String {
        let mut out = String::new();
        for _ in 0..words {
            let word = self.of(&WORDS);
            if out.len() + word.len() + 1 > most {
                break;
            }
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        out
    }

    fn phone(&mut self, nation: i64) -> String {
        let (a, b, c) = (self.between(100, 999), self.between(100, 999), self.between(1000, 9999));
        format!("{}-{a}-{b}-{c}", nation + 10)
    }
}

fn money(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// Days since 1992-01-01 as a date.
fn date(days: i64) -> String {
    let (mut year, mut left) = (1992, days);
    let leap = |year: i64| year % 4 == 0;
    while left >= 365 + i64::from(leap(year)) {
        left -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", left + 1)
}

/// INSERT statements for all rows at a scale factor, of a thousand rows or so each.
pub fn inserts(scale: f64, mut each: impl FnMut(String)) {
    let count = |base: f64| (base * scale).max(5.0) as i64;
    let (suppliers, parts, customers, orders) =
        (count(10_000.0), count(200_000.0), count(150_000.0), count(1_500_000.0));
    let mut dice = Dice(19_920_101);
    let mut rows = Rows { table: "", text: String::new(), count: 0, each: &mut each };
    for (key, name) in REGIONS.iter().enumerate() {
        rows.add("region", format_args!("{key},'{name}','{}'", dice.text(8, 150)));
    }
    for (key, (name, region)) in NATIONS.iter().enumerate() {
        rows.add("nation", format_args!("{key},'{name}',{region},'{}'", dice.text(8, 150)));
    }
    for key in 1..=suppliers {
        let nation = dice.between(0, 24);
        let (address, phone) = (dice.text(3, 40), dice.phone(nation));
        let balance = money(dice.between(-99_999, 999_999));
        let mut comment = dice.text(6, 80);
        if dice.next().is_multiple_of(50) {
            comment = format!("Customer {} Complaints", dice.of(&WORDS));
        }
        rows.add(
            "supplier",
            format_args!("{key},'Supplier#{key:09}','{address}',{nation},'{phone}',{balance},'{comment}'"),
        );
    }
    let price = |part: i64| 90_000 + (part / 10) % 20_001 + 100 * (part % 1_000);
    for key in 1..=parts {
        let name: Vec<&str> = (0..5).map(|_| dice.of(&COLOURS)).collect();
        let mfgr = dice.between(1, 5);
        let brand = mfgr * 10 + dice.between(1, 5);
        let kind = [dice.of(&TYPES[0]), dice.of(&TYPES[1][..5]), dice.of(&TYPES[2][..5])].join(" ");
        let container = format!("{} {}", dice.of(&CONTAINERS[0][..5]), dice.of(&CONTAINERS[1]));
        let size = dice.between(1, 50);
        rows.add(
            "part",
            format_args!(
                "{key},'{}','Manufacturer#{mfgr}','Brand#{brand}','{kind}',{size},'{container}',{},'{}'",
                name.join(" "),
                money(price(key)),
                dice.text(2, 23)
            ),
        );
    }
    let supplier_of = |part: i64, i: i64| (part + i * (suppliers / 4)) % suppliers + 1;
    for part in 1..=parts {
        for i in 0..4 {
            let (quantity, cost) = (dice.between(1, 9_999), money(dice.between(100, 100_000)));
            let supplier = supplier_of(part, i);
            rows.add(
                "partsupp",
                format_args!("{part},{supplier},{quantity},{cost},'{}'", dice.text(10, 190)),
            );
        }
    }
    for key in 1..=customers {
        let nation = dice.between(0, 24);
        let (address, phone) = (dice.text(3, 40), dice.phone(nation));
        let (balance, segment) = (money(dice.between(-99_999, 999_999)), dice.of(&SEGMENTS));
        rows.add(
            "customer",
            format_args!(
                "{key},'Customer#{key:09}','{address}',{nation},'{phone}',{balance},'{segment}','{}'",
                dice.text(8, 110)
            ),
        );
    }
    let mut lines = Vec::new();
    for n in 0..orders {
        // Keys with gaps, and a third of the customers without orders, as the specification has it.
        let key = n / 8 * 32 + n % 8 + 1;
        let mut customer = dice.between(1, customers);
        if customer % 3 == 0 {
            customer = customer % customers + 1;
        }
        let ordered = dice.between(0, 2_405);
        let (mut total, mut open) = (0, 0);
        let count = dice.between(1, 7);
        for line in 1..=count {
            let part = dice.between(1, parts);
            let supplier = supplier_of(part, dice.between(0, 3));
            let quantity = dice.between(1, 50);
            let extended = quantity * price(part);
            let (discount, tax) = (dice.between(0, 10), dice.between(0, 8));
            let shipped = ordered + dice.between(1, 121);
            let (committed, received) = (ordered + dice.between(30, 90), shipped + dice.between(1, 30));
            // Days up to 1995-06-17.
            let now = 1_263;
            let returned = if received <= now { dice.of(&["R", "A"]) } else { "N" };
            let status = if shipped > now { "O" } else { "F" };
            open += i64::from(status == "O");
            total += extended * (100 - discount) * (100 + tax) / 10_000;
            lines.push(format!(
                "{key},{part},{supplier},{line},{quantity},{},0.{discount:02},0.{tax:02},'{returned}','{status}','{}','{}','{}','{}','{}','{}'",
                money(extended),
                date(shipped),
                date(committed),
                date(received),
                dice.of(&INSTRUCTIONS),
                dice.of(&MODES),
                dice.text(4, 44)
            ));
        }
        let status = if open == 0 {
            "F"
        } else if open == count {
            "O"
        } else {
            "P"
        };
        let clerk = dice.between(1, (1_000.0 * scale).max(1.0) as i64);
        rows.add(
            "orders",
            format_args!(
                "{key},{customer},'{status}',{},'{}','{}','Clerk#{clerk:09}',0,'{}'",
                money(total),
                date(ordered),
                dice.of(&PRIORITIES),
                dice.text(7, 78)
            ),
        );
    }
    for line in lines {
        rows.add("lineitem", format_args!("{line}"));
    }
    rows.flush();
}

struct Rows<'e> {
    table: &'static str,
    text: String,
    count: usize,
    each: &'e mut dyn FnMut(String),
}

impl Rows<'_> {
    fn add(&mut self, table: &'static str, row: std::fmt::Arguments<'_>) {
        if self.table != table || self.count == 1_000 {
            self.flush();
            self.table = table;
        }
        let separator = if self.count == 0 { format!("INSERT INTO {table} VALUES (") } else { ",(".into() };
        write!(self.text, "{separator}{row})").unwrap();
        self.count += 1;
    }

    fn flush(&mut self) {
        if self.count > 0 {
            (self.each)(std::mem::take(&mut self.text));
        }
        self.count = 0;
    }
}

/// The queries; where rows could tie for a place of theirs in the order, the order goes on to a key.
pub const QUERIES: [&str; 22] = [
    "SELECT l_returnflag, l_linestatus, SUM(l_quantity) AS sum_qty, SUM(l_extendedprice) AS sum_base_price, \
     SUM(l_extendedprice * (1 - l_discount)) AS sum_disc_price, \
     SUM(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, AVG(l_quantity) AS avg_qty, \
     AVG(l_extendedprice) AS avg_price, AVG(l_discount) AS avg_disc, COUNT(*) AS count_order FROM lineitem \
     WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL '90' DAY GROUP BY l_returnflag, l_linestatus \
     ORDER BY l_returnflag, l_linestatus",
    "SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment \
     FROM part, supplier, partsupp, nation, region WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND p_size = 15 \
     AND p_type LIKE '%BRASS' AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'EUROPE' \
     AND ps_supplycost = (SELECT MIN(ps_supplycost) FROM partsupp, supplier, nation, region \
     WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey \
     AND r_name = 'EUROPE') ORDER BY s_acctbal DESC, n_name, s_name, p_partkey LIMIT 100",
    "SELECT l_orderkey, SUM(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority \
     FROM customer, orders, lineitem WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey \
     AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15' \
     GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, l_orderkey LIMIT 10",
    "SELECT o_orderpriority, COUNT(*) AS order_count FROM orders WHERE o_orderdate >= DATE '1993-07-01' \
     AND o_orderdate < DATE '1993-07-01' + INTERVAL '3' MONTH AND EXISTS (SELECT * FROM lineitem \
     WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate) GROUP BY o_orderpriority ORDER BY o_orderpriority",
    "SELECT n_name, SUM(l_extendedprice * (1 - l_discount)) AS revenue \
     FROM customer, orders, lineitem, supplier, nation, region WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey \
     AND l_suppkey = s_suppkey AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey \
     AND r_name = 'ASIA' AND o_orderdate >= DATE '1994-01-01' AND o_orderdate < DATE '1994-01-01' + INTERVAL '1' YEAR \
     GROUP BY n_name ORDER BY revenue DESC",
    "SELECT SUM(l_extendedprice * l_discount) AS revenue FROM lineitem WHERE l_shipdate >= DATE '1994-01-01' \
     AND l_shipdate < DATE '1994-01-01' + INTERVAL '1' YEAR AND l_discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 \
     AND l_quantity < 24",
    "SELECT supp_nation, cust_nation, l_year, SUM(volume) AS revenue FROM (SELECT n1.n_name AS supp_nation, \
     n2.n_name AS cust_nation, EXTRACT(YEAR FROM l_shipdate) AS l_year, l_extendedprice * (1 - l_discount) AS volume \
     FROM supplier, lineitem, orders, customer, nation n1, nation n2 WHERE s_suppkey = l_suppkey \
     AND o_orderkey = l_orderkey AND c_custkey = o_custkey AND s_nationkey = n1.n_nationkey \
     AND c_nationkey = n2.n_nationkey AND ((n1.n_name = 'FRANCE' AND n2.n_name = 'GERMANY') \
     OR (n1.n_name = 'GERMANY' AND n2.n_name = 'FRANCE')) \
     AND l_shipdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31') AS shipping \
     GROUP BY supp_nation, cust_nation, l_year ORDER BY supp_nation, cust_nation, l_year",
    "SELECT o_year, SUM(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / SUM(volume) AS mkt_share \
     FROM (SELECT EXTRACT(YEAR FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) AS volume, \
     n2.n_name AS nation FROM part, supplier, lineitem, orders, customer, nation n1, nation n2, region \
     WHERE p_partkey = l_partkey AND s_suppkey = l_suppkey AND l_orderkey = o_orderkey AND o_custkey = c_custkey \
     AND c_nationkey = n1.n_nationkey AND n1.n_regionkey = r_regionkey AND r_name = 'AMERICA' \
     AND s_nationkey = n2.n_nationkey AND o_orderdate BETWEEN DATE '1995-01-01' AND DATE '1996-12-31' \
     AND p_type = 'ECONOMY ANODIZED STEEL') AS all_nations GROUP BY o_year ORDER BY o_year",
    "SELECT nation, o_year, SUM(amount) AS sum_profit FROM (SELECT n_name AS nation, \
     EXTRACT(YEAR FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount \
     FROM part, supplier, lineitem, partsupp, orders, nation WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey \
     AND ps_partkey = l_partkey AND p_partkey = l_partkey AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey \
     AND p_name LIKE '%green%') AS profit GROUP BY nation, o_year ORDER BY nation, o_year DESC",
    "SELECT c_custkey, c_name, SUM(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, n_name, c_address, c_phone, \
     c_comment FROM customer, orders, lineitem, nation WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey \
     AND o_orderdate >= DATE '1993-10-01' AND o_orderdate < DATE '1993-10-01' + INTERVAL '3' MONTH \
     AND l_returnflag = 'R' AND c_nationkey = n_nationkey GROUP BY c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, \
     c_comment ORDER BY revenue DESC, c_custkey LIMIT 20",
    "SELECT ps_partkey, SUM(ps_supplycost * ps_availqty) AS value FROM partsupp, supplier, nation \
     WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY' GROUP BY ps_partkey \
     HAVING SUM(ps_supplycost * ps_availqty) > (SELECT SUM(ps_supplycost * ps_availqty) * 0.0001 \
     FROM partsupp, supplier, nation WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY') \
     ORDER BY value DESC, ps_partkey",
    "SELECT l_shipmode, SUM(CASE WHEN o_orderpriority = '1-URGENT' OR o_orderpriority = '2-HIGH' THEN 1 ELSE 0 END) \
     AS high_line_count, SUM(CASE WHEN o_orderpriority <> '1-URGENT' AND o_orderpriority <> '2-HIGH' THEN 1 ELSE 0 END) \
     AS low_line_count FROM orders, lineitem WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') \
     AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate AND l_receiptdate >= DATE '1994-01-01' \
     AND l_receiptdate < DATE '1994-01-01' + INTERVAL '1' YEAR GROUP BY l_shipmode ORDER BY l_shipmode",
    "SELECT c_count, COUNT(*) AS custdist FROM (SELECT c_custkey, COUNT(o_orderkey) AS c_count FROM customer \
     LEFT OUTER JOIN orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) \
     AS c_orders GROUP BY c_count ORDER BY custdist DESC, c_count DESC",
    "SELECT 100.00 * SUM(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / \
     SUM(l_extendedprice * (1 - l_discount)) AS promo_revenue FROM lineitem, part WHERE l_partkey = p_partkey \
     AND l_shipdate >= DATE '1995-09-01' AND l_shipdate < DATE '1995-09-01' + INTERVAL '1' MONTH",
    "WITH revenue AS (SELECT l_suppkey AS supplier_no, SUM(l_extendedprice * (1 - l_discount)) AS total_revenue \
     FROM lineitem WHERE l_shipdate >= DATE '1996-01-01' AND l_shipdate < DATE '1996-01-01' + INTERVAL '3' MONTH \
     GROUP BY l_suppkey) SELECT s_suppkey, s_name, s_address, s_phone, total_revenue FROM supplier, revenue \
     WHERE s_suppkey = supplier_no AND total_revenue = (SELECT MAX(total_revenue) FROM revenue) ORDER BY s_suppkey",
    "SELECT p_brand, p_type, p_size, COUNT(DISTINCT ps_suppkey) AS supplier_cnt FROM partsupp, part \
     WHERE p_partkey = ps_partkey AND p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM POLISHED%' \
     AND p_size IN (49, 14, 23, 45, 19, 3, 36, 9) AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier \
     WHERE s_comment LIKE '%Customer%Complaints%') GROUP BY p_brand, p_type, p_size \
     ORDER BY supplier_cnt DESC, p_brand, p_type, p_size",
    "SELECT SUM(l_extendedprice) / 7.0 AS avg_yearly FROM lineitem, part WHERE p_partkey = l_partkey \
     AND p_brand = 'Brand#23' AND p_container = 'MED BOX' AND l_quantity < (SELECT 0.2 * AVG(l_quantity) FROM lineitem \
     WHERE l_partkey = p_partkey)",
    "SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, SUM(l_quantity) FROM customer, orders, lineitem \
     WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING SUM(l_quantity) > 250) \
     AND c_custkey = o_custkey AND o_orderkey = l_orderkey GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, \
     o_totalprice ORDER BY o_totalprice DESC, o_orderdate, o_orderkey LIMIT 100",
    "SELECT SUM(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem, part WHERE (p_partkey = l_partkey \
     AND p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG') AND l_quantity >= 1 \
     AND l_quantity <= 11 AND p_size BETWEEN 1 AND 5 AND l_shipmode IN ('AIR', 'AIR REG') \
     AND l_shipinstruct = 'DELIVER IN PERSON') OR (p_partkey = l_partkey AND p_brand = 'Brand#23' \
     AND p_container IN ('MED BAG', 'MED BOX', 'MED PKG', 'MED PACK') AND l_quantity >= 10 AND l_quantity <= 20 \
     AND p_size BETWEEN 1 AND 10 AND l_shipmode IN ('AIR', 'AIR REG') AND l_shipinstruct = 'DELIVER IN PERSON') \
     OR (p_partkey = l_partkey AND p_brand = 'Brand#34' AND p_container IN ('LG CASE', 'LG BOX', 'LG PACK', 'LG PKG') \
     AND l_quantity >= 20 AND l_quantity <= 30 AND p_size BETWEEN 1 AND 15 AND l_shipmode IN ('AIR', 'AIR REG') \
     AND l_shipinstruct = 'DELIVER IN PERSON')",
    "SELECT s_name, s_address FROM supplier, nation WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp \
     WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE 'forest%') AND ps_availqty > \
     (SELECT 0.5 * SUM(l_quantity) FROM lineitem WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey \
     AND l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1994-01-01' + INTERVAL '1' YEAR)) \
     AND s_nationkey = n_nationkey AND n_name = 'CANADA' ORDER BY s_name",
    "SELECT s_name, COUNT(*) AS numwait FROM supplier, lineitem l1, orders, nation WHERE s_suppkey = l1.l_suppkey \
     AND o_orderkey = l1.l_orderkey AND o_orderstatus = 'F' AND l1.l_receiptdate > l1.l_commitdate \
     AND EXISTS (SELECT * FROM lineitem l2 WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey) \
     AND NOT EXISTS (SELECT * FROM lineitem l3 WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey \
     AND l3.l_receiptdate > l3.l_commitdate) AND s_nationkey = n_nationkey AND n_name = 'SAUDI ARABIA' \
     GROUP BY s_name ORDER BY numwait DESC, s_name LIMIT 100",
    "SELECT cntrycode, COUNT(*) AS numcust, SUM(c_acctbal) AS totacctbal FROM (SELECT SUBSTRING(c_phone FROM 1 FOR 2) \
     AS cntrycode, c_acctbal FROM customer WHERE SUBSTRING(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17') \
     AND c_acctbal > (SELECT AVG(c_acctbal) FROM customer WHERE c_acctbal > 0.00 \
     AND SUBSTRING(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17')) \
     AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS custsale GROUP BY cntrycode ORDER BY cntrycode",
];
