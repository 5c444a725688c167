//! Ids that carry the slot of their row's customer: a statement that names only an id asks one server, and says the same
//! as one server with all rows; ids that would lead astray are not stored.

use std::collections::BTreeMap;

use crate::support::client::{Answer, Cell, Client, Login, Param};
use crate::support::cluster::Lab;
use crate::support::proxy::{Options, Proxy, config};
use crate::support::shop::{Shop, connect, number, numbers, run};

const SLOTS: u32 = 1024;
/// Ids below it are old ones.
const CUTOVER: i64 = 1 << 50;

/// A shop whose `sales`, `items`, `old` and `packed` are sharded by customer, with ids that carry their slots.
pub(super) async fn shop<'a>(lab: &'a Lab, tag: &str) -> Shop<'a> {
    let database = lab.database(tag).await;
    let head = config(lab, &database, Options::default());
    let last = lab.cluster.primaries.len() - 1;
    let sections = format!(
        r#"
[database.{database}.group.by_customer]
algorithm = {{ hash = "crc32" }}
tables = {{ sales = "customer_id", items = "customer_id", old = "customer_id", packed = "customer_id" }}

[database.{database}.table.sales]
id = {{ column = "sale_id", gene = "customer_id" }}

[database.{database}.table.items]
id = {{ column = "sale_id", gene = "customer_id" }}

[database.{database}.table.old]
id = {{ column = "sale_id", gene = "customer_id", cutover = {CUTOVER} }}

[database.{database}.table.packed]
id = {{ column = "sale_id", gene = "customer_id", gene_place = "low" }}
nodes = ["ds{{0..{last}}}/{database}.packed_{{0..2}}"]
"#
    );
    let proxy = Proxy::start(&(head + &sections)).await;
    let shop = Shop { lab, database, proxy };
    for client in [&mut shop.client().await, &mut shop.plain().await] {
        for table in ["sales", "old", "packed"] {
            let create = format!(
                "CREATE TABLE {table} (sale_id BIGINT NOT NULL PRIMARY KEY, customer_id BIGINT NOT NULL, n INT NOT NULL, total INT)"
            );
            run(client, &[&create]).await;
        }
        let items = "CREATE TABLE items (sale_id BIGINT NOT NULL, customer_id BIGINT NOT NULL, line INT NOT NULL, PRIMARY KEY (sale_id, line))";
        run(client, &[items]).await;
    }
    shop
}

pub(super) fn slot(customer: i64) -> u32 {
    crc32fast::hash(customer.to_string().as_bytes()) % SLOTS
}

/// An id of a customer, as Shardgate would make it between worker and sequence.
pub(super) fn id_of(customer: i64, n: i64) -> i64 {
    (CUTOVER + n) << 12 | i64::from(slot(customer)) << 2
}

/// `sale_id` by `n`.
async fn ids(client: &mut Client, table: &str) -> BTreeMap<i64, i64> {
    let answer = client.one(&format!("SELECT n, sale_id FROM {table}")).await;
    let cell = |cell: &Cell| cell.to_string().trim_matches('\'').parse().unwrap();
    answer.rows().iter().map(|row| (cell(&row[0]), cell(&row[1]))).collect()
}

/// Statements with a mark of their own, counted at the servers' general logs.
struct Watch {
    servers: Vec<Client>,
    marks: u32,
}

impl Watch {
    async fn start(shop: &Shop<'_>) -> Self {
        let mut servers = Vec::new();
        for shard in 0..shop.shards() {
            let mut server = connect(&Login::root(shop.lab.cluster.primaries[shard].port())).await;
            run(&mut server, &["SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = 1"]).await;
            servers.push(server);
        }
        Self { servers, marks: 0 }
    }

    /// The answer to a statement, and how many times servers were asked.
    async fn ask(&mut self, client: &mut Client, sql: &str, params: Option<&[Param]>) -> (Answer, i64) {
        self.marks += 1;
        let text = format!("{sql} /* mark {} */", self.marks);
        let answer = match params {
            None => client.one(&text).await,
            Some(params) => {
                let statement = client.prepare(&text).await.unwrap();
                let answer = client.execute(&statement, params).await.unwrap().remove(0);
                client.close(&statement).await.unwrap();
                answer
            }
        };
        let count = format!(
            "SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') \
             AND argument LIKE CONCAT('%/* mark', ' {} */%')",
            self.marks
        );
        let mut asked = 0;
        for server in &mut self.servers {
            asked += number(&server.one(&count).await);
        }
        (answer, asked)
    }
}

#[tokio::test]
async fn a_statement_by_id_asks_one_server() {
    let lab = Lab::start(4, 0, 1).await;
    let shop = shop(&lab, "genes").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain().await);
    for n in 0..20 {
        let answer =
            client.one(&format!("INSERT INTO sales (customer_id, n) VALUES ({}, {n})", 100 + n % 7)).await;
        let last = number(&client.one("SELECT LAST_INSERT_ID()").await);
        assert_eq!(answer.done().last_id as i64, last);
        assert_eq!(ids(&mut client, "sales").await[&n], last);
    }
    let statement = client.prepare("INSERT INTO sales SET n = ?, customer_id = ?").await.unwrap();
    for n in 20..30 {
        let params = [Param::Int(n), Param::Int(100 + n)];
        let answer = client.execute(&statement, &params).await.unwrap().remove(0);
        assert_eq!(ids(&mut client, "sales").await[&n], answer.done().last_id as i64);
    }
    // Many rows of many customers, some of whose ids are asked for by NULL and 0.
    let rows: Vec<String> = (30..230)
        .map(|n| format!("({}, {}, {n})", ["NULL", "0", "DEFAULT"][n as usize % 3], 100 + n / 3 % 40))
        .collect();
    let answer =
        client.one(&format!("INSERT INTO sales (sale_id, customer_id, n) VALUES {}", rows.join(", "))).await;
    assert_eq!(answer.done().affected, 200);
    let made = ids(&mut client, "sales").await;
    assert_eq!(answer.done().last_id as i64, made[&30]);
    assert_eq!(made.len(), 230);
    // Ids of one statement's rows of one slot that follow each other follow each other.
    assert_eq!((made[&31] - made[&30], made[&32] - made[&30]), (1, 2));
    for shard in 0..shop.shards() {
        let mut direct = shop.direct(shard).await;
        let customers = numbers(&direct.one("SELECT customer_id FROM sales ORDER BY sale_id").await);
        let sales = numbers(&direct.one("SELECT sale_id FROM sales ORDER BY sale_id").await);
        assert!(!sales.is_empty());
        for (customer, sale) in customers.into_iter().zip(sales) {
            assert_eq!(sale as u64 >> 2 & 1023, u64::from(slot(customer)), "{customer} {sale}");
        }
    }
    let copy = client.one("SELECT sale_id, customer_id, n, total FROM sales").await;
    for row in copy.rows() {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        run(&mut oracle, &[&format!("INSERT INTO sales VALUES ({})", cells.join(", "))]).await;
    }
    let rows: Vec<String> =
        (0..30).map(|n| format!("({}, {}, 1)", made[&n], 100 + if n < 20 { n % 7 } else { n })).collect();
    let items = format!("INSERT INTO items (sale_id, customer_id, line) VALUES {}", rows.join(", "));
    run(&mut client, &[&items]).await;
    run(&mut oracle, &[&items]).await;

    let mut watch = Watch::start(&shop).await;
    let (one, two) = (made[&3], made[&4]);
    let apart = made[&(0..230).find(|n| slot(100 + n % 7) / 256 != slot(103) / 256).unwrap()];
    for (sql, values, servers) in [
        ("SELECT n, customer_id FROM sales WHERE sale_id = ?", vec![one], 1),
        ("SELECT n FROM sales WHERE ? = sale_id AND n >= 0", vec![one], 1),
        ("SELECT n FROM sales WHERE sale_id <=> ? LIMIT 2", vec![one], 1),
        ("SELECT n FROM sales WHERE sale_id IN (?, ?) ORDER BY n", vec![one, one], 1),
        ("SELECT n FROM sales WHERE sale_id IN (?, ?) ORDER BY n", vec![one, apart], 2),
        ("SELECT n FROM sales WHERE sale_id = ? OR sale_id = ? ORDER BY n", vec![one, apart], 2),
        (
            "SELECT n FROM sales WHERE sale_id = ? OR (customer_id = ? AND n < 20) ORDER BY n",
            vec![one, 103],
            1,
        ),
        ("SELECT n FROM sales WHERE sale_id = ? AND customer_id = ?", vec![one, 103], 1),
        ("SELECT n FROM sales WHERE sale_id = ? AND customer_id = ?", vec![apart, 103], 1),
        ("SELECT COUNT(*), SUM(n), AVG(n) FROM sales WHERE sale_id = ?", vec![two], 1),
        ("SELECT n FROM sales WHERE sale_id > ? ORDER BY n", vec![two], 4),
        ("SELECT n FROM sales WHERE sale_id = ? AND customer_id > 0", vec![made[&100] + 1], 1),
        (
            "SELECT s.n, i.line FROM sales s JOIN items i ON i.sale_id = s.sale_id WHERE s.sale_id = ?",
            vec![one],
            1,
        ),
        (
            "SELECT s.n, i.line FROM sales s LEFT JOIN items i ON i.customer_id = s.customer_id AND i.sale_id = s.sale_id \
             WHERE s.sale_id = ?",
            vec![made[&150]],
            1,
        ),
        ("SELECT line FROM items WHERE sale_id = ?", vec![two], 1),
        ("UPDATE sales SET total = 5 WHERE sale_id = ?", vec![one], 1),
        (
            "UPDATE sales SET total = total + 1, sale_id = sale_id WHERE sale_id IN (?, ?)",
            vec![one, apart],
            2,
        ),
        ("UPDATE sales SET sale_id = LAST_INSERT_ID(sale_id), total = 6 WHERE sale_id = ?", vec![one], 1),
        ("DELETE FROM sales WHERE sale_id = ? LIMIT 1", vec![two], 1),
        ("DELETE FROM sales WHERE sale_id = ?", vec![two], 1),
        ("SELECT sale_id, customer_id, total FROM sales WHERE total IS NOT NULL ORDER BY sale_id", vec![], 4),
    ] {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        let written = texts.iter().fold(sql.to_owned(), |all, value| all.replacen('?', value, 1));
        let (answer, asked) = watch.ask(&mut client, &written, None).await;
        assert_eq!(asked, servers, "{written}: {answer}");
        let wanted = oracle.one(&written).await;
        same(&answer, &wanted, &written);
        if answer.errno() == 0 && !sql.starts_with("SELECT") {
            continue;
        }
        let params: Vec<Param> = values.iter().map(|value| Param::Int(*value)).collect();
        let (answer, asked) = watch.ask(&mut client, sql, Some(&params)).await;
        assert_eq!(asked, servers, "{sql} {values:?}: {answer}");
        let statement = oracle.prepare(sql).await.unwrap();
        same(&answer, &oracle.execute(&statement, &params).await.unwrap()[0], sql);
    }
    let params = [Param::Int(7), Param::Int(one)];
    let (answer, asked) =
        watch.ask(&mut client, "UPDATE sales SET total = ? WHERE sale_id = ?", Some(&params)).await;
    assert_eq!((answer.done().affected, asked), (1, 1));
    let (answer, asked) =
        watch.ask(&mut client, "DELETE FROM sales WHERE sale_id = ?", Some(&params[1..])).await;
    assert_eq!((answer.done().affected, asked), (1, 1));

    // Drivers that quote numbers: one string is compared exactly, a list of them perhaps as doubles.
    for (sql, values, servers) in [
        ("SELECT n FROM sales WHERE sale_id = ?", vec![two], 1),
        ("SELECT n FROM sales WHERE sale_id = ?", vec![made[&200]], 1),
        ("SELECT n FROM sales WHERE sale_id IN (?, ?) ORDER BY n", vec![made[&200], made[&201]], 4),
    ] {
        let quoted = values.iter().fold(sql.to_owned(), |all, v| all.replacen('?', &format!("'{v}'"), 1));
        let (answer, asked) = watch.ask(&mut client, &quoted, None).await;
        assert_eq!(asked, servers, "{quoted}");
        same(&answer, &oracle.one(&quoted).await, &quoted);
        let params: Vec<Param> = values.iter().map(|v| Param::Str(v.to_string())).collect();
        let (answer, asked) = watch.ask(&mut client, sql, Some(&params)).await;
        assert_eq!(asked, servers, "{sql} {values:?}");
        let statement = oracle.prepare(sql).await.unwrap();
        same(&answer, &oracle.execute(&statement, &params).await.unwrap()[0], sql);
    }

    // Old ids lie anywhere, and are found; new ones are found at once.
    for n in 0..12 {
        run(
            &mut client,
            &[&format!("INSERT INTO old (sale_id, customer_id, n) VALUES ({}, {}, {n})", n + 1, 200 + n)],
        )
        .await;
        let params = [Param::Int(300 + n), Param::Int(100 + n)];
        let insert = client.prepare("INSERT INTO old (customer_id, n) VALUES (?, ?)").await.unwrap();
        client.execute(&insert, &params).await.unwrap();
    }
    let made = ids(&mut client, "old").await;
    for n in 0..12 {
        for (n, servers) in [(n, 4), (100 + n, 1)] {
            let sql = "SELECT n FROM old WHERE sale_id = ";
            let (answer, asked) = watch.ask(&mut client, &format!("{sql}{}", made[&n]), None).await;
            assert_eq!((numbers(&answer), asked), (vec![n], servers));
            let (answer, asked) =
                watch.ask(&mut client, &format!("{sql}?"), Some(&[Param::Int(made[&n])])).await;
            assert_eq!((answer.rows().len(), asked), (1, servers));
        }
    }
    let both = format!("SELECT n FROM old WHERE sale_id IN ({}, {}) ORDER BY n", made[&1], made[&101]);
    assert_eq!(numbers(&client.one(&both).await), [1, 101]);
}

/// Rows and column names, or what was changed.
pub(super) fn same(given: &Answer, wanted: &Answer, sql: &str) {
    match (given, wanted) {
        (Answer::Rows { columns: a, rows: x, .. }, Answer::Rows { columns: b, rows: y, .. }) => {
            let names = |columns: &[crate::support::client::Column]| {
                columns.iter().map(|c| (c.name.clone(), c.kind)).collect::<Vec<_>>()
            };
            assert_eq!((names(a), x), (names(b), y), "{sql}");
        }
        (Answer::Done(a), Answer::Done(b)) => {
            assert_eq!((a.affected, a.last_id, &a.info), (b.affected, b.last_id, &b.info), "{sql}");
        }
        _ => panic!("{sql}: {given}, and not {wanted}"),
    }
}

#[tokio::test]
async fn ids_that_would_lead_astray_are_not_stored() {
    let shop = shop(Lab::shared().await, "astray").await;
    let mut client = shop.client().await;
    let (mine, other) = (id_of(1, 1), id_of(2, 2));
    assert_ne!(slot(1), slot(2));
    run(&mut client, &[&format!("INSERT INTO sales (sale_id, customer_id, n) VALUES ({mine}, 1, 1)")]).await;
    for (sql, params) in [
        (format!("INSERT INTO sales (sale_id, customer_id, n) VALUES ({other}, 1, 2)"), vec![]),
        (format!("INSERT INTO sales (customer_id, n, sale_id) VALUES (1, 3, NULL), (1, 4, {other})"), vec![]),
        (format!("INSERT IGNORE INTO sales SET customer_id = 1, n = 5, sale_id = '{other}'"), vec![]),
        (format!("REPLACE INTO sales VALUES ({other}, 1, 6, 0)"), vec![]),
        ("INSERT INTO sales (sale_id, customer_id, n) VALUES (-5, 1, 7)".to_owned(), vec![]),
        ("INSERT INTO sales (sale_id, customer_id, n) VALUES (?, ?, 8)".to_owned(), vec![other, 1]),
        ("UPDATE sales SET sale_id = ? WHERE sale_id = ?".to_owned(), vec![other, mine]),
        (format!("UPDATE sales SET sale_id = {other} WHERE customer_id = 1"), vec![]),
        ("UPDATE sales SET sale_id = sale_id + 4".to_owned(), vec![]),
        ("UPDATE sales SET customer_id = 2".to_owned(), vec![]),
        (
            format!(
                "INSERT INTO sales (sale_id, customer_id, n) VALUES ({mine}, 1, 9) ON DUPLICATE KEY UPDATE sale_id = {other}"
            ),
            vec![],
        ),
        (format!("INSERT INTO sales (sale_id, customer_id, n) SELECT {other}, 1, 10"), vec![]),
    ] {
        let answer = if params.is_empty() {
            client.one(&sql).await
        } else {
            let statement = client.prepare(&sql).await.unwrap();
            let params: Vec<Param> = params.into_iter().map(Param::Int).collect();
            client.execute(&statement, &params).await.unwrap().remove(0)
        };
        assert_eq!(answer.errno(), 1235, "{sql}: {answer}");
        assert!(answer.to_string().contains("carr"), "{answer}");
    }
    let answer = client.one("INSERT INTO sales (n) VALUES (1)").await;
    assert!(answer.to_string().contains("`customer_id`"), "{answer}");
    assert_eq!(client.one("INSERT INTO sales (customer_id, n) VALUES (NULL, 1)").await.errno(), 1048);
    assert_eq!(numbers(&client.one("SELECT sale_id FROM sales").await), [mine]);

    // What keeps the id is done as ever.
    let upsert = format!(
        "INSERT INTO sales (sale_id, customer_id, n) VALUES ({mine}, 1, 9) \
         ON DUPLICATE KEY UPDATE sale_id = LAST_INSERT_ID(sale_id), n = n + 1"
    );
    assert_eq!(client.one(&upsert).await.done().last_id, mine as u64);
    run(&mut client, &[&format!("UPDATE sales SET sale_id = {mine}, n = n + 1 WHERE sale_id = {mine}")])
        .await;
    assert_eq!(number(&client.one(&format!("SELECT n FROM sales WHERE sale_id = {mine}")).await), 3);
    // A row that has another id keeps what it is found by.
    run(
        &mut client,
        &["INSERT INTO items (sale_id, customer_id, line) SELECT sale_id, customer_id, 1 FROM sales"],
    )
    .await;
    assert_eq!(number(&client.one(&format!("SELECT COUNT(*) FROM items WHERE sale_id = {mine}")).await), 1);
}

#[tokio::test]
async fn numbered_tables_are_found_by_id() {
    let shop = shop(Lab::shared().await, "packed").await;
    let mut client = shop.client().await;
    let rows: Vec<String> = (0..120).map(|n| format!("({}, {n})", n / 2)).collect();
    run(&mut client, &[&format!("INSERT INTO packed (customer_id, n) VALUES {}", rows.join(", "))]).await;
    let made = ids(&mut client, "packed").await;
    for (n, id) in &made {
        assert_eq!(*id as u64 & 1023, u64::from(slot(n / 2)));
        let sql = format!("FROM packed WHERE sale_id = {id}");
        assert_eq!(numbers(&client.one(&format!("SELECT n {sql}")).await), [*n]);
        let plan = client.one(&format!("EXPLAIN SHARDGATE SELECT n {sql}")).await;
        let lines: Vec<String> = plan.rows().iter().map(|row| row[0].to_string()).collect();
        assert!(lines[0].contains("read on one node"), "{lines:?}");
        let found = format!("packed: slot of sale_id = {id} (of 12 nodes)");
        assert!(lines[1].contains(&found), "{lines:?}");
    }
    // Two ids of one slot that were made together differ by all slots.
    assert_eq!(made[&1] - made[&0], i64::from(SLOTS));
    let plan = client.one("EXPLAIN SHARDGATE INSERT INTO packed (customer_id, n) VALUES (1, 1)").await;
    assert!(plan.to_string().contains("sale_id carries the slot of customer_id"), "{plan}");
    assert_eq!(
        client.one(&format!("DELETE FROM packed WHERE sale_id = {}", made[&5])).await.done().affected,
        1
    );
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM packed").await), 119);
}
