//! What statements over several shards have to warn of: as often as one plain server says it.

use crate::support::client::{Answer, Cell, Client, Failure};
use crate::support::cluster::Lab;
use crate::support::proxy::Options;
use crate::support::shop::{Setup, Shop, run};

/// What is left of a statement: its rows, the counts of its warnings as they are told in each way, and these.
#[derive(Debug, Clone, PartialEq)]
struct Left {
    rows: usize,
    /// In the packet that ends the answer, SHOW COUNT(*) WARNINGS, ERRORS, and the variable.
    counts: [String; 4],
    /// Those of SHOW WARNINGS LIMIT 1, 2.
    some: usize,
    list: Vec<String>,
}

async fn left(client: &mut Client, sql: &str, prepared: bool) -> Left {
    let mut statement = None;
    let answer = if prepared {
        let prepared = client.prepare(sql).await.unwrap();
        let answer = client.execute(&prepared, &[]).await.unwrap().remove(0);
        statement = Some(prepared);
        answer
    } else {
        client.one(sql).await
    };
    let shown = client.one("SHOW WARNINGS").await;
    let line = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect::<Vec<_>>().join(" ");
    let mut list: Vec<String> = shown.rows().iter().map(line).collect();
    list.sort_unstable();
    let some = client.one("SHOW WARNINGS LIMIT 1, 2").await.rows().len();
    let mut counts = vec![format!("'{}'", answer.warnings())];
    for ask in ["SHOW COUNT(*) WARNINGS", "SHOW COUNT(*) ERRORS", "SELECT @@warning_count"] {
        counts.push(client.one(ask).await.rows()[0][0].to_string());
    }
    if let Some(statement) = statement {
        client.close(&statement).await.unwrap();
    }
    Left { rows: answer.rows().len(), counts: counts.try_into().unwrap(), some, list }
}

/// Servers look at these more often than once a row, each in its own way.
const LOOSE: &[&str] = &[
    "SELECT id FROM users WHERE age > (SELECT MAX(CAST(note AS SIGNED)) FROM orders)",
    "SELECT u.id, d.n FROM users u JOIN (SELECT product_id, SUM(note + 0) AS n FROM orders GROUP BY product_id) d ON d.product_id = u.age",
    "WITH c AS (SELECT id, product_id FROM orders WHERE CAST(note AS SIGNED) > 3) SELECT COUNT(*) FROM c a JOIN c b ON a.product_id = b.product_id",
    "SELECT id, CAST(name AS SIGNED), RANK() OVER (ORDER BY age) FROM users WHERE CAST(name AS SIGNED) > 3",
];

const STATEMENTS: &[&str] = &[
    // One shard, several, all.
    "SELECT id FROM users WHERE id = 3 AND CAST(name AS SIGNED) = 3",
    "SELECT id FROM users WHERE CAST(name AS SIGNED) > 3",
    "SELECT CAST(name AS SIGNED) FROM users ORDER BY id",
    "SELECT COUNT(*), SUM(name + 0) FROM users",
    "SELECT id FROM orders WHERE CAST(note AS SIGNED) > 3",
    // A filter of one of the tables.
    "SELECT u.id, o.id FROM users u JOIN orders o ON o.product_id = u.age WHERE CAST(u.name AS SIGNED) > 3",
    "SELECT u.id, o.id FROM users u JOIN orders o ON o.product_id = u.age WHERE CAST(o.note AS SIGNED) > 3",
    // What is selected.
    "SELECT CAST(u.name AS SIGNED), o.id FROM users u JOIN orders o ON o.product_id = u.age",
    "SELECT CAST(o.note AS SIGNED), u.id FROM users u JOIN orders o ON o.product_id = u.age",
    // Subqueries and derived tables.
    "SELECT id FROM users WHERE age IN (SELECT product_id FROM orders WHERE CAST(note AS SIGNED) > 3)",
    "SELECT id, (SELECT SUM(CAST(note AS SIGNED)) FROM orders) FROM users",
    "SELECT id FROM users WHERE age > (SELECT COUNT(*) FROM orders WHERE CAST(note AS SIGNED) > 3)",
    "SELECT u.id, d.n FROM users u JOIN (SELECT product_id, COUNT(*) AS n FROM orders WHERE CAST(note AS SIGNED) > 3 GROUP BY product_id) d ON d.product_id = u.age",
    "SELECT id FROM users WHERE CAST(name AS SIGNED) > 3 UNION SELECT id FROM orders WHERE CAST(note AS SIGNED) > 3",
    "SELECT id, RANK() OVER (ORDER BY age) FROM users WHERE CAST(name AS SIGNED) > 3",
    "SELECT id, SUM(CAST(name AS SIGNED)) OVER (ORDER BY id) FROM users",
    "SELECT age % 2 AS a, COUNT(*) + 1 AS n FROM users WHERE CAST(name AS SIGNED) > 3 GROUP BY a HAVING n > 0",
    // By zero.
    "SELECT id, 1 / (age - age) FROM users",
    "SELECT u.id, 1 / 0 FROM users u JOIN orders o ON o.product_id = u.age",
    "SELECT u.id, o.id / (o.id - o.id) FROM users u JOIN orders o ON o.product_id = u.age",
    // Nothing.
    "SELECT u.id FROM users u JOIN orders o ON o.product_id = u.age",
];

async fn shop(tag: &str, users: i64) -> Shop<'static> {
    let shop = Shop::over(Lab::shared().await, tag, &Setup::default()).await;
    let (mut client, mut plain) = (shop.client().await, shop.plain_with_tables().await);
    let (mut us, mut os) = (Vec::new(), Vec::new());
    for id in 1..=users {
        let name = if id % 3 == 0 { format!("{id}") } else { format!("{id}x") };
        us.push(format!("({id}, '{name}', {})", id % 100));
        os.push(format!("({id}, {}, {id}, '{}y')", id * 7 % users + 1, id % 5));
    }
    for asked in [&mut client, &mut plain] {
        let u = format!("INSERT INTO users (id, name, age) VALUES {}", us.join(", "));
        let o = format!("INSERT INTO orders (id, user_id, product_id, note) VALUES {}", os.join(", "));
        run(asked, &[&u, &o]).await;
    }
    shop
}

/// Asks both everything, outside of a transaction and in one.
async fn check(tag: &str, users: i64) {
    let shop = shop(tag, users).await;
    let (mut client, mut plain) = (shop.client().await, shop.plain().await);
    let mut wrong = Vec::new();
    for (begin, prepared) in [("DO 0", false), ("DO 0", true), ("BEGIN", false), ("BEGIN", true)] {
        run(&mut client, &[begin]).await;
        run(&mut plain, &[begin]).await;
        let all = STATEMENTS.iter().map(|sql| (sql, false)).chain(LOOSE.iter().map(|sql| (sql, true)));
        for (sql, loose) in all {
            let mut given = left(&mut client, sql, prepared).await;
            let mut wanted = left(&mut plain, sql, prepared).await;
            // Which of many are listed is a matter of which came first.
            let cut = |left: &Left| left.counts[1] != format!("'{}'", left.list.len());
            if loose && (cut(&given) || cut(&wanted)) {
                continue;
            }
            for left in [&mut given, &mut wanted] {
                if cut(left) {
                    left.list = vec![format!("{} of them", left.list.len())];
                }
                if loose {
                    left.list.dedup();
                    left.counts = Default::default();
                }
            }
            if given != wanted {
                wrong.push(format!(
                    "{begin}, prepared {prepared}: {sql}\n  plain {wanted:?}\n  given {given:?}"
                ));
            }
        }
        run(&mut client, &["COMMIT"]).await;
        run(&mut plain, &["COMMIT"]).await;
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn few() {
    check("warnings_few", 8).await;
}

/// More than servers list.
#[tokio::test]
async fn many() {
    check("warnings_many", 200).await;
}

/// The number of them that a change has is told in full, too.
#[tokio::test]
async fn of_changes() {
    let shop = shop("warnings_changes", 200).await;
    let (mut client, mut plain) = (shop.client().await, shop.plain().await);
    for sql in [
        "UPDATE IGNORE users SET age = -1",
        "UPDATE IGNORE users SET age = id * 1000 WHERE id < 20",
        "DELETE IGNORE FROM users WHERE CAST(name AS SIGNED) < 0",
    ] {
        let mut counts = Vec::new();
        for asked in [&mut client, &mut plain] {
            let done = asked.one(sql).await.done().clone();
            let count = asked.one("SHOW COUNT(*) WARNINGS").await.rows()[0][0].to_string();
            let variable = asked.one("SELECT @@warning_count").await.rows()[0][0].to_string();
            let listed = asked.one("SHOW WARNINGS").await.rows().len();
            counts.push((done.warnings, done.info, count, variable, listed));
        }
        assert_eq!(counts[0], counts[1], "{sql}");
    }
}

/// Where servers name a table in what they say, it is the client's name for it, though they have another.
#[tokio::test]
async fn numbered_tables_keep_their_names_in_messages() {
    let setup = Setup { options: Options { numbered: true, ..Options::default() }, ..Setup::default() };
    let shop = Shop::shared_with("messages_numbered", &setup).await;
    let (mut client, mut plain) = (shop.client().await, shop.plain_with_tables().await);
    let mut wrong = Vec::new();
    for sql in [
        "ALTER TABLE orders ADD UNIQUE KEY of_user (user_id, product_id), ADD CHECK (product_id < 100)",
        "INSERT INTO users (id, name, age) VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4)",
        "INSERT INTO orders (id, user_id, product_id) VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4)",
        // One place, and several.
        "INSERT INTO orders (id, user_id, product_id) VALUES (9, 1, 1)",
        "INSERT INTO orders (id, user_id, product_id, note) VALUES (9, 1, 1, 'orders_1.x'), (10, 7, 1, 'x')",
        "INSERT IGNORE INTO orders (id, user_id, product_id) VALUES (9, 1, 1)",
        "INSERT INTO orders (id, user_id, product_id) VALUES (9, 1, 500)",
        "INSERT INTO orders (id, user_id, product_id) VALUES (9, 1, 'orders_0')",
        "INSERT INTO orders (id, user_id, nope) VALUES (9, 1, 1)",
        "UPDATE orders SET product_id = 500",
        "UPDATE orders SET product_id = 500 WHERE user_id = 1",
        "UPDATE orders SET orders.nope = 1 WHERE user_id = 1",
        "DELETE FROM orders WHERE orders.nope = 1 AND user_id = 1",
        "DELETE FROM orders WHERE orders.nope = 1",
        "SELECT orders.nope FROM orders",
        "SELECT orders.nope FROM orders WHERE user_id = 1",
        "SELECT id FROM orders FORCE INDEX (nope)",
        "SELECT id FROM orders FORCE INDEX (nope) WHERE user_id = 1",
        "SELECT u.id FROM users u JOIN orders o ON o.product_id = u.age WHERE orders.id = 1",
        "ALTER TABLE orders DROP COLUMN nope",
        "DROP TABLE orders",
        "SELECT id FROM orders",
        "SELECT id FROM orders WHERE user_id = 1",
        "SELECT u.id FROM users u JOIN orders o ON o.product_id = u.age",
        "UPDATE orders SET note = 'x'",
        "DELETE FROM orders WHERE user_id = 1",
        "ALTER TABLE orders ADD COLUMN z INT",
        "TRUNCATE TABLE orders",
        "DROP TABLE orders",
    ] {
        for prepared in [true, false] {
            let mut said = Vec::new();
            for asked in [&mut client, &mut plain] {
                said.push(if prepared { prepares(asked, sql).await } else { says(asked, sql).await });
            }
            if said[0] != said[1] {
                wrong.push(format!("{sql}, prepared {prepared}:\n  given {}\n  plain {}", said[0], said[1]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The error of a statement, and what is shown as warnings afterwards.
async fn says(client: &mut Client, sql: &str) -> String {
    let error = match client.one(sql).await {
        Answer::Refused(refusal) => format!("{} {}", refusal.errno, refusal.message),
        _ => String::new(),
    };
    let shown = client.one("SHOW WARNINGS").await;
    let line = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect::<Vec<_>>().join(" ");
    let list: Vec<String> = shown.rows().iter().map(line).collect();
    format!("{error}; {}", list.join(", "))
}

/// The error of PREPARE.
async fn prepares(client: &mut Client, sql: &str) -> String {
    match client.prepare(sql).await {
        Ok(statement) => {
            client.close(&statement).await.unwrap();
            String::new()
        }
        Err(Failure::Refused(refusal)) => format!("{} {}", refusal.errno, refusal.message),
        Err(failure) => panic!("{sql}: {failure}"),
    }
}
