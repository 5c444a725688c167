//! SHARDGATE_NEXT_ID: ids for the application, in SQL.

use super::{House, refused};
use crate::support::client::{Answer, Cell, Client, Column, Param};
use crate::support::cluster::Lab;
use crate::support::shop::{connect, number, numbers, run, text};

async fn value(client: &mut Client, sql: &str) -> u64 {
    let answer = client.one(sql).await;
    assert_eq!(answer.errno(), 0, "{sql}: {answer}");
    text(&answer).parse().unwrap()
}

fn columns(answer: &Answer) -> &[Column] {
    match answer {
        Answer::Rows { columns, .. } => columns,
        other => panic!("no rows: {other}"),
    }
}

#[tokio::test]
async fn each_execution_has_ids_of_its_own() {
    let house = House::over(Lab::shared().await, "next_id", "").await;
    let mut client = house.client().await;
    for n in 1..=5 {
        assert_eq!(value(&mut client, "SELECT SHARDGATE_NEXT_ID('orders')").await, n);
    }
    assert_eq!(value(&mut client, "SELECT SHARDGATE_NEXT_ID('orders', 10)").await, 6);
    let whole = format!("SELECT SHARDGATE_NEXT_ID('{}.orders', 250) AS id", house.database);
    let block = value(&mut client, &whole).await;
    let both = client.one("SELECT SHARDGATE_NEXT_ID('orders') a, SHARDGATE_NEXT_ID('orders', 3) b").await;
    let cells: Vec<u64> =
        both.rows()[0].iter().map(|c| c.to_string().trim_matches('\'').parse().unwrap()).collect();
    assert_eq!(cells, [16, 17]);
    // A segment of its own lies behind those that were held.
    assert!(block > 17, "{block}");
    // Two that each need a segment of their own.
    let both = client
        .one("SELECT CONCAT(SHARDGATE_NEXT_ID('tickets', 300) + 300, '=', SHARDGATE_NEXT_ID('tickets', 300))")
        .await;
    assert_eq!(text(&both), "5300=5300");
    let prepared = client.prepare("SELECT SHARDGATE_NEXT_ID(?, ?), ?").await.unwrap();
    for first in [20, 22, 24] {
        let params = [Param::Str("orders".into()), Param::Int(2), Param::Str("x".into())];
        let answer = client.execute(&prepared, &params).await.unwrap();
        assert_eq!(answer[0].rows(), [[Cell::UInt(first), Cell::Bytes(b"x".to_vec())]], "{}", answer[0]);
    }
    run(&mut client, &["PREPARE s FROM 'SELECT SHARDGATE_NEXT_ID(?)'", "SET @t = 'orders'"]).await;
    for n in [26, 27] {
        assert_eq!(value(&mut client, "EXECUTE s USING @t").await, n);
    }
    // Snowflakes and UUIDs.
    let first = value(&mut client, "SELECT SHARDGATE_NEXT_ID('users', 4096)").await;
    assert!(value(&mut client, "SELECT SHARDGATE_NEXT_ID('users')").await >= first + 4096);
    let uuids = [0, 1].map(|_| "SELECT SHARDGATE_NEXT_ID('docs')");
    let (a, b) = (text(&client.one(uuids[0]).await), text(&client.one(uuids[1]).await));
    assert!(a.len() == 36 && a < b, "{a} {b}");
    // With the slot of another key: the same for the same user.
    let slot = |id: u64| id >> 2 & 1023;
    let mut of = async |user: i64| {
        let one = value(&mut client, &format!("SELECT SHARDGATE_NEXT_ID('parts', 1, {user})")).await;
        let two = value(&mut client, &format!("SELECT SHARDGATE_NEXT_ID('parts', 2, '{user}')")).await;
        assert!(one != two && slot(one) == slot(two));
        slot(one)
    };
    for user in [1, 42, 1_000_000] {
        assert_eq!(of(user).await, u64::from(crc32fast::hash(user.to_string().as_bytes()) % 1024));
    }
}

#[tokio::test]
async fn it_stands_wherever_an_expression_may() {
    let house = House::over(Lab::shared().await, "next_id", "").await;
    let mut client = house.client().await;
    run(
        &mut client,
        &[
            "SET @a = SHARDGATE_NEXT_ID('orders'), @b = 100 + SHARDGATE_NEXT_ID('orders', 2)",
            "DO SHARDGATE_NEXT_ID('orders')",
        ],
    )
    .await;
    assert_eq!(value(&mut client, "SELECT @a * 1000 + @b").await, 1102);
    assert_eq!(value(&mut client, "SELECT IF(1, (SELECT SHARDGATE_NEXT_ID('orders')), 0)").await, 5);
    let both =
        client.one("SELECT SHARDGATE_NEXT_ID('orders') UNION ALL SELECT SHARDGATE_NEXT_ID('orders')").await;
    assert_eq!(numbers(&both), [6, 7]);
    // As the table's own id: an explicit one, that is also the sharding key in `users`.
    let insert = "INSERT INTO orders (id, user_id, note) VALUES (SHARDGATE_NEXT_ID('orders'), 5, 'a'), (SHARDGATE_NEXT_ID('orders'), 6, CONCAT('n', SHARDGATE_NEXT_ID('orders')))";
    let answer = client.one(insert).await;
    assert_eq!(answer.errno(), 0, "{answer}");
    assert_eq!(
        text(&client.one("SELECT GROUP_CONCAT(id, note) FROM orders WHERE user_id = 6").await),
        "9n10"
    );
    run(&mut client, &["INSERT INTO users (id, name) VALUES (SHARDGATE_NEXT_ID('users'), 'x')"]).await;
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM users u WHERE u.id > 0").await), 1);
    let prepared = client
        .prepare("INSERT INTO orders (id, user_id, note) VALUES (SHARDGATE_NEXT_ID('orders', ?), ?, ?)")
        .await
        .unwrap();
    assert_eq!(prepared.params, 3);
    for _ in 0..3 {
        let params = [Param::Int(2), Param::Int(7), Param::Str("p".into())];
        let answer = client.execute(&prepared, &params).await.unwrap();
        assert_eq!(answer[0].done().affected, 1, "{}", answer[0]);
    }
    let ids = numbers(&client.one("SELECT id FROM orders WHERE user_id = 7 ORDER BY id").await);
    assert_eq!(ids, [11, 13, 15]);
    // In an expression that a server computes first, once.
    let computed = "INSERT INTO orders (id, user_id) VALUES (1000 + SHARDGATE_NEXT_ID('orders'), 7 + 2)";
    assert_eq!(client.one(computed).await.errno(), 0);
    assert_eq!(numbers(&client.one("SELECT id FROM orders WHERE user_id = 9").await), [1017]);
    // A block taken at once, then used.
    run(&mut client, &["SET @first = SHARDGATE_NEXT_ID('orders', 3)"]).await;
    run(&mut client, &["INSERT INTO orders (id, user_id) VALUES (@first, 8)"]).await;
    assert_eq!(numbers(&client.one("SELECT id FROM orders WHERE user_id = 8").await), [18]);
    // The id that SET insert_id wants is the row's, not the call's, and no UUID's.
    run(&mut client, &["SET insert_id = 4000", "INSERT INTO docs (title) VALUES ('a')"]).await;
    run(&mut client, &["INSERT INTO tickets (note) VALUES (SHARDGATE_NEXT_ID('orders'))"]).await;
    assert_eq!(text(&client.one("SELECT GROUP_CONCAT(id, '=', note) FROM tickets").await), "4000=21");
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM docs WHERE LENGTH(id) = 36").await), 1);
}

#[tokio::test]
async fn explaining_uses_no_ids_up() {
    let house = House::over(Lab::shared().await, "next_id", "").await;
    let mut client = house.client().await;
    assert_eq!(value(&mut client, "SELECT SHARDGATE_NEXT_ID('orders')").await, 1);
    run(
        &mut client,
        &[
            "EXPLAIN SHARDGATE SELECT SHARDGATE_NEXT_ID('orders', 20)",
            "EXPLAIN SHARDGATE INSERT INTO orders (user_id) VALUES (1), (2)",
            "EXPLAIN SHARDGATE INSERT INTO docs (title) VALUES ('a')",
            "EXPLAIN SELECT SHARDGATE_NEXT_ID('orders')",
        ],
    )
    .await;
    client.prepare("SELECT SHARDGATE_NEXT_ID('orders')").await.unwrap();
    assert_eq!(value(&mut client, "SELECT SHARDGATE_NEXT_ID('orders')").await, 2);
}

/// The plain server has a function of the same name, and LAST_INSERT_ID() for the type.
#[tokio::test]
async fn names_and_types_are_those_of_a_server() {
    let lab = Lab::shared().await;
    let house = House::over(lab, "next_id", "").await;
    let mut client = house.client().await;
    let root = crate::support::client::Login::root(lab.oracle().port()).database(&house.database);
    let mut plain = connect(&root).await;
    run(
        &mut plain,
        &["CREATE FUNCTION SHARDGATE_NEXT_ID (t VARCHAR(64), n INT) RETURNS BIGINT UNSIGNED DETERMINISTIC NO SQL RETURN n"],
    )
    .await;
    let name = |column: &Column| column.name.clone();
    for sql in [
        "SELECT SHARDGATE_NEXT_ID('orders', 1)",
        "select  shardgate_next_id( 'orders' , 1 )",
        "SELECT SHARDGATE_NEXT_ID('orders', 1) + 1, 'x', SHARDGATE_NEXT_ID(\"orders\", 2) b",
        "SELECT (SHARDGATE_NEXT_ID('orders', 1))",
    ] {
        let (ours, theirs) = (client.one(sql).await, plain.one(sql).await);
        let names = |answer: &Answer| columns(answer).iter().map(name).collect::<Vec<_>>();
        assert_eq!(names(&ours), names(&theirs), "{sql}");
        let (ours, theirs) = (client.prepare(sql).await.unwrap(), plain.prepare(sql).await.unwrap());
        let names = |columns: &[Column]| columns.iter().map(name).collect::<Vec<_>>();
        assert_eq!(names(&ours.columns), names(&theirs.columns), "{sql}");
        let (ours, theirs) =
            (client.execute(&ours, &[]).await.unwrap(), plain.execute(&theirs, &[]).await.unwrap());
        assert_eq!(names(columns(&ours[0])), names(columns(&theirs[0])), "{sql}");
    }
    // The length is that of a CAST, as it is for LAST_INSERT_ID() itself.
    let kind = |column: &Column| (column.kind, column.flags, column.charset, column.decimals);
    let sql = ["SELECT SHARDGATE_NEXT_ID('orders')", "SELECT LAST_INSERT_ID()"];
    let (ours, theirs) = (client.one(sql[0]).await, plain.one(sql[1]).await);
    assert_eq!(kind(&columns(&ours)[0]), kind(&columns(&theirs)[0]), "text");
    let (ours, theirs) = (client.prepare(sql[0]).await.unwrap(), plain.prepare(sql[1]).await.unwrap());
    assert_eq!(kind(&ours.columns[0]), kind(&theirs.columns[0]), "prepared");
    let (ours, theirs) =
        (client.execute(&ours, &[]).await.unwrap(), plain.execute(&theirs, &[]).await.unwrap());
    assert_eq!(kind(&columns(&ours[0])[0]), kind(&columns(&theirs[0])[0]), "executed");
    // A UUID is a text of 36 characters of the connection.
    let ours = client.one("SELECT SHARDGATE_NEXT_ID('docs')").await;
    let theirs = plain.one("SELECT '018f0000-0000-7000-8000-000000000000'").await;
    assert_eq!(kind(&columns(&ours)[0]), kind(&columns(&theirs)[0]), "uuid");
}

#[tokio::test]
async fn mistakes_are_told() {
    let house = House::over(Lab::shared().await, "next_id", "").await;
    let mut client = house.client().await;
    run(&mut client, &["CREATE TABLE plain (id INT)"]).await;
    for (sql, errno, part) in [
        ("SELECT SHARDGATE_NEXT_ID('nosuch')", 1146, "[database.next_id_"),
        ("SELECT SHARDGATE_NEXT_ID('plain')", 1146, "has no generator of ids; declare one"),
        ("SELECT SHARDGATE_NEXT_ID('nosuch.orders')", 1049, "Unknown database 'nosuch'"),
        ("SELECT SHARDGATE_NEXT_ID()", 1582, "native function 'SHARDGATE_NEXT_ID'"),
        ("SELECT SHARDGATE_NEXT_ID('orders', 1, 2, 3)", 1582, "Incorrect parameter count"),
        ("SELECT SHARDGATE_NEXT_ID('users', 0)", 1264, "1 to 4096"),
        ("SELECT SHARDGATE_NEXT_ID('users', 4097)", 1264, "1 to 4096"),
        ("SELECT SHARDGATE_NEXT_ID('users', -1)", 1264, "1 to 4096"),
        ("SELECT SHARDGATE_NEXT_ID('orders', 0)", 1264, "1 to 1000000"),
        ("SELECT SHARDGATE_NEXT_ID('docs', 2)", 1264, "one at a time"),
        ("SELECT SHARDGATE_NEXT_ID('users', 'x')", 1210, "a count"),
        ("SELECT SHARDGATE_NEXT_ID(NULL)", 1210, "a table's name"),
        ("SELECT SHARDGATE_NEXT_ID('users', 1, 5)", 1210, "carry no slot"),
        ("SELECT SHARDGATE_NEXT_ID('parts')", 1210, "`user_id`"),
        ("SELECT SHARDGATE_NEXT_ID(CONCAT('ord', 'ers'))", 1235, "literals or parameters"),
        ("SELECT SHARDGATE_NEXT_ID('users') FROM users", 1235, "the same id"),
        ("UPDATE users SET name = SHARDGATE_NEXT_ID('users') WHERE id = 1", 1235, "the same id"),
        ("SET @x = SHARDGATE_NEXT_ID('nosuch')", 1146, "nosuch"),
        ("INSERT INTO users (id) VALUES (SHARDGATE_NEXT_ID('nosuch'))", 1146, "nosuch"),
    ] {
        let answer = client.one(sql).await;
        let (found, message) = refused(&answer);
        assert!(found == errno && message.contains(part), "{sql}: {found} {message}");
        let prepared = async {
            let statement = client.prepare(sql).await?;
            client.execute(&statement, &[]).await
        };
        let prepared = match prepared.await {
            Ok(answers) => refused(&answers[0]).0,
            Err(crate::support::client::Failure::Refused(refusal)) => refusal.errno,
            Err(other) => panic!("{sql}: {other}"),
        };
        assert_eq!(prepared, errno, "prepared: {sql}");
    }
    let mut nowhere = connect(&crate::support::client::Login::app(house.proxy.port)).await;
    assert_eq!(refused(&nowhere.one("SELECT SHARDGATE_NEXT_ID('users')").await).0, 1046);
}
