//! EXPLAIN SHARDGATE as JSON: the same tree as its lines. And of statements that are carried out in another way than the
//! first one thought of.

use serde_json::Value;

use crate::support::client::{Answer, Cell, Client, Param};
use crate::support::cluster::Lab;
use crate::support::shop::{Shop, run};
use crate::support::yard::{SMALL_POOL, Yard};

/// The one cell of an answer.
fn cell(answer: &Answer) -> String {
    let rows = answer.rows();
    assert_eq!((rows.len(), rows[0].len()), (1, 1), "{answer}");
    written(&rows[0][0])
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        other => panic!("{other}"),
    }
}

fn tree(answer: &Answer) -> Value {
    let Answer::Rows { columns, .. } = answer else { panic!("{answer}") };
    assert_eq!(columns[0].name, "EXPLAIN");
    serde_json::from_str(&cell(answer)).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

async fn explained(client: &mut Client, sql: &str) -> Value {
    tree(&client.one(&format!("EXPLAIN SHARDGATE {sql}")).await)
}

async fn lines(client: &mut Client, sql: &str) -> Vec<String> {
    let answer = client.one(&format!("EXPLAIN SHARDGATE {sql}")).await;
    answer.rows().iter().map(|row| written(&row[0])).collect()
}

const JOIN: &str = "SELECT /*+ SHARDGATE(stay=u) */ u.id, o.id FROM users u JOIN orders o ON o.product_id = u.age \
                    WHERE o.id % 1000000 <= 20 ORDER BY u.id LIMIT 5";

#[tokio::test]
async fn as_json() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = Yard::over(&lab, "explain_json", SMALL_POOL).await;
    for server in &mut yard.direct {
        run(server, &["ANALYZE TABLE users, orders"]).await;
    }
    let mut client = yard.shop.client().await;
    let plan = explained(&mut client, &format!("FORMAT=JSON {JOIN}")).await;
    assert_eq!(plan["plan"], "read over copies of rows", "{plan:#}");
    let stage = &plan["stages"][0];
    assert_eq!(stage["name"], "shardgate_stage_1", "{plan:#}");
    assert_eq!(stage["of"], "orders", "{plan:#}");
    assert_eq!(stage["estimated_rows"], 128, "{plan:#}");
    assert_eq!(stage["routes"], serde_json::json!(["orders: all (of 2 nodes)"]), "{plan:#}");
    assert_eq!(stage["into"], serde_json::json!(["ds0", "ds1"]), "{plan:#}");
    assert!(stage["jobs"][1]["at"].as_str().unwrap().starts_with("ds1/"), "{plan:#}");
    assert!(stage["jobs"][1]["text"].as_str().unwrap().starts_with("SELECT "), "{plan:#}");
    assert_eq!(plan["jobs"].as_array().unwrap().len(), 2, "{plan:#}");
    assert!(plan["merge"].as_str().unwrap().starts_with("sorted by"), "{plan:#}");
    assert_eq!(plan["steps"], serde_json::json!(["then 5 rows from row 0"]), "{plan:#}");
    assert!(plan.get("answered").is_none() && stage.get("copied").is_none(), "{plan:#}");

    // Both words in either order, and the format as a string.
    for options in ["ANALYZE FORMAT=JSON", "FORMAT = 'json' ANALYZE"] {
        let plan = explained(&mut client, &format!("{options} {JOIN}")).await;
        let stage = &plan["stages"][0];
        assert_eq!(stage["copied"]["rows"], 40, "{plan:#}");
        assert_eq!(stage["jobs"][0]["actual"]["rows"], 20, "{plan:#}");
        assert!(stage["jobs"][0]["actual"]["bytes"].as_u64().unwrap() > 20, "{plan:#}");
        assert!(stage["jobs"][0]["actual"]["ms"].as_f64().unwrap() > 0.0, "{plan:#}");
        assert_eq!(plan["answered"]["rows"], 5, "{plan:#}");
    }

    // The tree as lines has all that JSON has.
    let (json, text) = (
        explained(&mut client, &format!("FORMAT=JSON {JOIN}")).await,
        lines(&mut client, &format!("FORMAT=TREE {JOIN}")).await,
    );
    assert_eq!(text, lines(&mut client, JOIN).await);
    assert_eq!(text[0], json["plan"].as_str().unwrap());
    for job in json["jobs"].as_array().unwrap().iter().chain(json["stages"][0]["jobs"].as_array().unwrap()) {
        let line = format!("→ {}: {}", job["at"].as_str().unwrap(), job["text"].as_str().unwrap());
        assert!(text.iter().any(|shown| shown.trim_start() == line), "{line}\n{text:#?}");
    }

    // Prepared, too.
    let sql =
        "EXPLAIN SHARDGATE ANALYZE FORMAT=JSON SELECT id FROM orders WHERE id % 1000000 <= ? ORDER BY id";
    let statement = client.prepare(sql).await.unwrap();
    assert_eq!(statement.columns[0].name, "EXPLAIN");
    let plan = tree(&client.execute(&statement, &[Param::Int(3)]).await.unwrap().remove(0));
    assert_eq!(plan["plan"], "read on 2 nodes", "{plan:#}");
    assert_eq!(plan["answered"]["rows"], 6, "{plan:#}");
    assert_eq!(plan["jobs"][1]["actual"]["rows"], 3, "{plan:#}");

    // What is no SELECT, and what is refused.
    let plan = explained(&mut client, "FORMAT=JSON DELETE FROM orders WHERE user_id = 1").await;
    assert_eq!(plan["plan"], "write on one node", "{plan:#}");
    let plan =
        explained(&mut client, "FORMAT=JSON UPDATE users u JOIN orders o ON o.id = u.age SET u.age = 1")
            .await;
    assert!(plan["steps"][0].as_str().is_some(), "{plan:#}");
    drop(client);
    yard.is_clean("EXPLAIN").await;
}

#[tokio::test]
async fn formats_that_there_are_not() {
    let shop = Shop::shared("explain_formats").await;
    let (mut client, mut plain) = (shop.client().await, shop.plain().await);
    for format in ["TRADITIONAL", "xml", "`Tree 2`"] {
        let answer = client.one(&format!("EXPLAIN SHARDGATE FORMAT={format} SELECT 1")).await;
        let name = format.trim_matches('`');
        let wanted = format!("ERROR 1791 (HY000): Unknown EXPLAIN format name: '{name}'");
        assert_eq!(answer.to_string(), wanted);
        assert!(client.prepare(&format!("EXPLAIN SHARDGATE FORMAT={format} SELECT 1")).await.is_err());
    }
    let sql = "EXPLAIN FORMAT=xml SELECT 1";
    let as_servers = client.one(&sql.replace("FORMAT", "SHARDGATE FORMAT")).await;
    let wanted = plain.one(sql).await;
    assert_eq!(as_servers.errno(), wanted.errno());
    // MariaDB has other words.
    assert!(shop.lab.is_mariadb() || as_servers == wanted, "{as_servers} for {wanted}");
}

/// What a block's rows are is known only when they come. An ENUM's values nobody tells: the rows of its table are copied
/// instead.
#[tokio::test]
async fn analyze_takes_the_way_that_the_statement_takes() {
    let shop = Shop::shared("explain_ways").await;
    let (mut client, mut plain) = (shop.client().await, shop.plain_with_tables().await);
    for id in 1..=8 {
        for asked in [&mut client, &mut plain] {
            let user = format!("INSERT INTO users (id, name, age) VALUES ({id}, 'u', {id})");
            let order = format!("INSERT INTO orders (id, user_id, product_id) VALUES ({id}, {id}, {id})");
            run(asked, &[&user, &order]).await;
        }
    }
    // Which ENUM it is goes under in groups by another column.
    let first = "(SELECT x.status FROM (SELECT id, status FROM orders GROUP BY id) x ORDER BY x.id LIMIT 1)";
    for sql in [
        format!("SELECT id FROM users WHERE name <> {first} AND id < 4 ORDER BY id"),
        format!("SELECT {first} AS s, COUNT(*) FROM users WHERE id < 4"),
        format!("SELECT u.id FROM users u JOIN {first} d ON d.status <> u.name WHERE u.id < 4 ORDER BY id"),
    ] {
        assert_eq!(client.one(&sql).await.rows(), plain.one(&sql).await.rows(), "{sql}");
        let thought = lines(&mut client, &sql).await.join("\n");
        assert!(thought.contains("rows of a query in it"), "{thought}");
        let taken = lines(&mut client, &format!("ANALYZE {sql}")).await.join("\n");
        assert!(!taken.contains("a query in it") && taken.contains("rows of orders"), "{taken}");
        assert!(taken.contains("answered: "), "{taken}");
        let plan = explained(&mut client, &format!("ANALYZE FORMAT=JSON {sql}")).await;
        let rows = plain.one(&sql).await.rows().len();
        assert_eq!(plan["answered"]["rows"], rows, "{plan:#}");
        assert_eq!(plan["stages"].as_array().unwrap().len(), 2, "{plan:#}");
    }
}
