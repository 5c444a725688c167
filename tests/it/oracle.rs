//! The oracle itself: what differs is seen, and ids that are only named differently are not.

use crate::support::client::{Answer, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::Step;
use crate::support::oracle::{Form, Outcome, Pair};
use crate::support::shop::{connect, run};

fn step(text: &str, ordered: bool) -> Step {
    Step { place: "here".into(), text: text.into(), ordered, ..Step::default() }
}

#[tokio::test]
async fn differences_are_seen() {
    let lab = Lab::shared().await;
    let database = lab.database("oracle").await;
    let (first, second) = (lab.oracle(), &lab.cluster.primaries[1]);
    let table =
        format!("CREATE TABLE {database}.t (id BIGINT AUTO_INCREMENT PRIMARY KEY, v INT, s VARCHAR(9))");
    let other = format!("CREATE TABLE {database}.u (id BIGINT PRIMARY KEY, v INT)");
    first
        .run(&[&table, &other, &format!("INSERT INTO {database}.t VALUES (1, 5, 'a'), (2, 6, 'b')")])
        .await
        .unwrap();
    let unsigned = other.replace("v INT", "v INT UNSIGNED");
    let far = 1_u64 << 50;
    let insert = format!("INSERT INTO {database}.t VALUES ({}, 5, 'a'), ({}, 6, 'b')", far + 9, far);
    second.run(&[&table, &unsigned, &insert]).await.unwrap();
    let login = |port| Login::root(port).database(&database);
    let mut pair = Pair::connect(login(first.port()), login(second.port()), lab.is_mariadb()).await;
    for form in [Form::Text, Form::Prepared, Form::Bound] {
        for same in [
            "SELECT v, s FROM t",
            "SELECT id, v FROM t",
            "SELECT v FROM t WHERE v = 5",
            "SELEC",
            "SELECT 1 / 0",
        ] {
            assert_eq!(pair.check(&step(same, false), form).await, Ok(Outcome::Same), "{same}");
        }
        for different in [
            "SELECT v FROM t ORDER BY id",
            "SELECT id FROM t WHERE v = 5 UNION ALL SELECT 1 + (SELECT MAX(id) > 100 FROM t)",
            "SELECT id + 0 AS n FROM t",
            "SELECT id > 100 FROM t",
            "SELECT v FROM u",
            "SELECT v FROM t WHERE id > 100",
            "SELECT s + IF(id > 100, 0, '1x') FROM t",
            "SELECT IF(id > 100, s, 'a') FROM t",
        ] {
            assert!(pair.check(&step(different, true), form).await.is_err(), "{form:?}: {different}");
        }
        let refused = Step { refused: true, ..step("SELECT 1", false) };
        assert!(pair.check(&refused, form).await.is_err());
    }
    assert!(pair.check(&step("UPDATE t SET s = 'z' WHERE id > 100", false), Form::Text).await.is_err());
    assert!(pair.check(&step("INSERT INTO t (id, v) VALUES (1, 7)", false), Form::Text).await.is_err());
}

/// What the oracle lets pass of types, one plain server does by itself.
#[tokio::test]
async fn servers_waver() {
    let lab = Lab::shared().await;
    let database = lab.database("wavers").await;
    let mut client = connect(&Login::root(lab.oracle().port()).database(&database)).await;
    let table = "CREATE TABLE e (id INT PRIMARY KEY, s ENUM('a', 'b'))";
    run(&mut client, &[table, "INSERT INTO e VALUES (1, 'a'), (2, 'b')"]).await;
    let mut types = Vec::new();
    for order in ["id", "COUNT(*)"] {
        let answer = client.one(&format!("SELECT MIN(s) FROM e GROUP BY id ORDER BY {order}")).await;
        let Answer::Rows { columns, .. } = answer else { panic!("{answer}") };
        types.push((columns[0].kind, columns[0].flags & 0x100));
    }
    let string = if lab.is_mariadb() { 253 } else { 254 };
    assert_eq!(types, [(string, 0), (254, 0x100)]);
}
