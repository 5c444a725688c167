//! `shardgate verify`: every difference between the places of a reference table is found, none is invented while
//! clients write, and rows on wrong shards are told.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::cli::said;
use crate::support::client::Client;
use crate::support::cluster::Lab;
use crate::support::proxy::{Proxy, free_port};
use crate::support::shop::{connect, run, until};
use crate::support::{client::Login, proxy};

/// Reference tables and a sharded one, on all primaries.
struct House {
    lab: &'static Lab,
    database: String,
    dir: tempfile::TempDir,
}

const TABLES: [&str; 5] = [
    "CREATE TABLE kinds (id INT NOT NULL PRIMARY KEY, n INT, dec_ DECIMAL(10,4), f FLOAT, d DOUBLE, s VARCHAR(30), \
     fixed CHAR(5), t TEXT, b VARBINARY(8), big LONGBLOB, j JSON, at DATETIME(6), seen TIMESTAMP NULL, e ENUM('a','b'), \
     bits BIT(9)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    "CREATE TABLE pairs (a VARCHAR(10) NOT NULL, b DATE NOT NULL, v INT, PRIMARY KEY (a, b)) \
     CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    "CREATE TABLE bare (a INT, s VARCHAR(10)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    "CREATE TABLE floats (f FLOAT NOT NULL PRIMARY KEY, v INT)",
    "CREATE TABLE nothing_in (id INT PRIMARY KEY)",
];
const USERS: &str = "CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20))";

impl House {
    async fn build(tag: &str) -> Self {
        let lab = Lab::shared().await;
        let house = Self { lab, database: lab.database(tag).await, dir: tempfile::tempdir().unwrap() };
        for shard in 0..4 {
            let mut direct = house.direct(shard).await;
            run(&mut direct, &TABLES).await;
            let keys: Vec<String> =
                (1..=400).filter(|key| home(*key) == shard).map(|k| format!("({k}, 'n')")).collect();
            let kinds: Vec<String> = (1..=300)
                .map(|n| {
                    format!(
                        "({n}, {n}, 1.5, 0.1, 0.1, 'text', 'ab', 'long', 'ab', REPEAT('x', {}), '{{\"a\":1}}', \
                         '2024-01-01 00:00:00.5', '2024-01-01 00:00:00', 'a', b'101')",
                        if n < 20 { 100_000 } else { 100 }
                    )
                })
                .collect();
            run(
                &mut direct,
                &[
                    USERS,
                    &format!("INSERT INTO users VALUES {}", keys.join(",")),
                    &format!("INSERT INTO kinds VALUES {}", kinds.join(",")),
                    "UPDATE kinds SET s = NULL, t = NULL, b = NULL, n = NULL WHERE id = 2",
                    "INSERT INTO pairs VALUES ('x', '2024-01-01', 1), ('x', '2024-01-02', 2), ('it''s', '2024-01-01', 3)",
                    "INSERT INTO bare VALUES (1, 'a'), (1, 'a'), (2, NULL), (NULL, NULL)",
                    "INSERT INTO floats VALUES (0.1, 1), (0.2, 2)",
                ],
            )
            .await;
        }
        house
    }

    async fn direct(&self, shard: usize) -> Client {
        connect(&Login::root(self.lab.cluster.primaries[shard].port()).database(&self.database)).await
    }

    fn rules(&self) -> String {
        let servers = proxy::config(self.lab, &self.database, proxy::Options::default());
        let servers = servers.split("\n[database.").next().unwrap().to_owned();
        let database = &self.database;
        format!(
            "{servers}\n[database.{database}]\nshards = [\"ds{{0..3}}/{database}\"]\n\
             reference = [\"kinds\", \"pairs\", \"bare\", \"floats\", \"nothing_in\"]\n\
             [database.{database}.group.by_user]\nalgorithm = {{ hash = \"crc32\", slots = 1024 }}\n\
             tables = {{ users = \"id\" }}\n"
        )
    }

    fn file(&self, rules: &str) -> PathBuf {
        let file = self.dir.path().join("verify.toml");
        std::fs::write(&file, rules).unwrap();
        file
    }

    /// Exit code, output, errors. The command runs beside the test's own tasks.
    async fn verify(&self, tables: &[&str]) -> (i32, String, String) {
        let file = self.file(&self.rules());
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_shardgate"))
            .args(["verify", "--config"])
            .arg(file)
            .args(tables.iter().map(|table| format!("{}.{table}", self.database)))
            .output()
            .await
            .unwrap();
        let (out, errors) = said(&output);
        (output.status.code().unwrap(), out, errors)
    }
}

fn home(key: i64) -> usize {
    crc32fast::hash(key.to_string().as_bytes()) as usize % 1024 / 256
}

#[tokio::test]
async fn what_is_equal_is_equal() {
    let house = House::build("verify_equal").await;
    let (code, out, errors) = house.verify(&[]).await;
    assert_eq!((code, errors.as_str()), (0, ""), "{out}");
    println!("{out}");
    for (table, rows) in [("kinds", 300), ("pairs", 3), ("bare", 4), ("nothing_in", 0)] {
        let line = out.lines().find(|line| line.contains(table)).unwrap();
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(
            (cells[2], cells[3], cells[4], cells[6]),
            ("reference", "4", &*rows.to_string(), "equal"),
            "{line}"
        );
    }
    let users = out.lines().find(|line| line.contains("users")).unwrap();
    assert!(users.contains("sharded") && users.contains("400") && users.contains("in place"), "{users}");
    let (code, out, _) = house.verify(&["pairs"]).await;
    assert!(code == 0 && out.contains("pairs") && !out.contains("kinds"), "{out}");
    let (code, _, errors) = house.verify(&["unknown"]).await;
    assert!(code == 2 && errors.contains("unknown"), "{errors}");
}

#[tokio::test]
async fn each_difference_is_found() {
    let house = House::build("verify_differ").await;
    let mut direct = house.direct(2).await;
    for (table, change, back, told) in [
        ("kinds", "UPDATE kinds SET n = 0 WHERE id = 7", "UPDATE kinds SET n = 7 WHERE id = 7", "id='7'"),
        ("kinds", "UPDATE kinds SET n = 0 WHERE id = 2", "UPDATE kinds SET n = NULL WHERE id = 2", "id='2'"),
        ("kinds", "UPDATE kinds SET s = '' WHERE id = 2", "UPDATE kinds SET s = NULL WHERE id = 2", "id='2'"),
        (
            "kinds",
            "UPDATE kinds SET s = 'NULL' WHERE id = 2",
            "UPDATE kinds SET s = NULL WHERE id = 2",
            "id='2'",
        ),
        ("kinds", "UPDATE kinds SET t = '' WHERE id = 2", "UPDATE kinds SET t = NULL WHERE id = 2", "id='2'"),
        (
            "kinds",
            "UPDATE kinds SET s = 'text ' WHERE id = 8",
            "UPDATE kinds SET s = 'text' WHERE id = 8",
            "id='8'",
        ),
        (
            "kinds",
            "UPDATE kinds SET s = 'Text' WHERE id = 8",
            "UPDATE kinds SET s = 'text' WHERE id = 8",
            "id='8'",
        ),
        (
            "kinds",
            "UPDATE kinds SET s = 'tëxt' WHERE id = 8",
            "UPDATE kinds SET s = 'text' WHERE id = 8",
            "id='8'",
        ),
        (
            "kinds",
            "UPDATE kinds SET f = 0.1 + 1e-8 WHERE id = 9",
            "UPDATE kinds SET f = 0.1 WHERE id = 9",
            "id='9'",
        ),
        (
            "kinds",
            "UPDATE kinds SET d = 0.1e0 + 2e-17 WHERE id = 9",
            "UPDATE kinds SET d = 0.1e0 WHERE id = 9",
            "id='9'",
        ),
        (
            "kinds",
            "UPDATE kinds SET dec_ = 1.5001 WHERE id = 9",
            "UPDATE kinds SET dec_ = 1.5 WHERE id = 9",
            "id='9'",
        ),
        (
            "kinds",
            "UPDATE kinds SET b = 'ab\\0' WHERE id = 9",
            "UPDATE kinds SET b = 'ab' WHERE id = 9",
            "id='9'",
        ),
        (
            "kinds",
            "UPDATE kinds SET big = CONCAT(REPEAT('x', 99999), 'y') WHERE id = 9",
            "UPDATE kinds SET big = REPEAT('x', 100000) WHERE id = 9",
            "id='9'",
        ),
        (
            "kinds",
            "UPDATE kinds SET j = '{\"a\":\"1\"}' WHERE id = 9",
            "UPDATE kinds SET j = '{\"a\":1}' WHERE id = 9",
            "id='9'",
        ),
        (
            "kinds",
            "UPDATE kinds SET at = '2024-01-01 00:00:00.500001' WHERE id = 9",
            "UPDATE kinds SET at = '2024-01-01 00:00:00.5' WHERE id = 9",
            "id='9'",
        ),
        ("kinds", "UPDATE kinds SET e = 'b' WHERE id = 9", "UPDATE kinds SET e = 'a' WHERE id = 9", "id='9'"),
        (
            "kinds",
            "UPDATE kinds SET bits = b'100' WHERE id = 9",
            "UPDATE kinds SET bits = b'101' WHERE id = 9",
            "id='9'",
        ),
        (
            "kinds",
            "UPDATE kinds SET id = 1000 WHERE id = 10",
            "UPDATE kinds SET id = 10 WHERE id = 1000",
            "id='1000'",
        ),
        (
            "pairs",
            "DELETE FROM pairs WHERE a = 'it''s'",
            "INSERT INTO pairs VALUES ('it''s', '2024-01-01', 3)",
            "a='it\\'s', b='2024-01-01'",
        ),
        (
            "pairs",
            "INSERT INTO pairs VALUES ('new', '2024-01-01', 3)",
            "DELETE FROM pairs WHERE a = 'new'",
            "a='new', b='2024-01-01'",
        ),
        (
            "pairs",
            "UPDATE pairs SET a = 'X' WHERE v = 1",
            "UPDATE pairs SET a = 'x' WHERE v = 1",
            "a='X', b='2024-01-01'",
        ),
        (
            "bare",
            "INSERT INTO bare VALUES (1, 'a')",
            "DELETE FROM bare WHERE a = 1 LIMIT 1",
            "3 times at ds2/",
        ),
        ("bare", "UPDATE bare SET s = '' WHERE a = 2", "UPDATE bare SET s = NULL WHERE a = 2", "'2',''"),
        (
            "bare",
            "DELETE FROM bare WHERE a IS NULL",
            "INSERT INTO bare VALUES (NULL, NULL)",
            "(NULL,NULL): at ds0/",
        ),
        ("floats", "UPDATE floats SET v = 9 WHERE v = 1", "UPDATE floats SET v = 1 WHERE v = 9", "f='0.1"),
        ("nothing_in", "INSERT INTO nothing_in VALUES (5)", "DELETE FROM nothing_in", "id='5'"),
    ] {
        run(&mut direct, &[change]).await;
        let (code, out, errors) = house.verify(&[table]).await;
        assert_eq!((code, errors.as_str()), (1, ""), "{change}: {out}");
        assert!(out.contains(told) && out.contains(&format!("ds2/{}", house.database)), "{change}: {out}");
        run(&mut direct, &[back]).await;
    }
    let (code, out, _) = house.verify(&[]).await;
    assert_eq!(code, 0, "all is as it was: {out}");
    // Many differences are told in part; another definition is no difference of rows.
    run(&mut direct, &["UPDATE kinds SET n = -1"]).await;
    let (code, out, _) = house.verify(&["kinds"]).await;
    assert!(code == 1 && out.contains("≥ 20 rows differ") && out.lines().count() < 30, "{out}");
    run(&mut direct, &["ALTER TABLE kinds DROP COLUMN n"]).await;
    let (code, out, errors) = house.verify(&["kinds"]).await;
    assert!(
        code == 1 && out.contains("not verified") && errors.contains("not defined alike"),
        "{out}{errors}"
    );
}

#[tokio::test]
async fn rows_on_wrong_shards_are_told() {
    let house = House::build("verify_misplaced").await;
    let stray = (1000..2000).find(|key| home(*key) == 1).unwrap();
    run(&mut house.direct(3).await, &[&format!("INSERT INTO users VALUES ({stray}, 'lost')")]).await;
    let (code, out, _) = house.verify(&["users"]).await;
    let database = &house.database;
    let told = format!("(id='{stray}'): lies at ds3/{database}, belongs at ds1/{database}");
    assert!(code == 1 && out.contains(&told) && out.contains("1 rows elsewhere"), "{out}");
}

#[tokio::test]
async fn a_place_that_is_down_is_told() {
    let house = House::build("verify_down").await;
    let port = house.lab.cluster.primaries[1].port();
    let file = house.file(&house.rules().replace(&format!(":{port}"), &format!(":{}", free_port())));
    let output = crate::cli::shardgate(&["verify", "--config", file.to_str().unwrap()]);
    let (out, errors) = said(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{errors}");
    assert!(
        out.contains("not verified") && errors.contains("ds1/") && errors.contains("cannot connect"),
        "{out}{errors}"
    );
}

#[tokio::test]
async fn writes_meanwhile_are_no_differences() {
    let house = House::build("verify_writes").await;
    let proxy = Proxy::start(&house.rules()).await;
    let login = Login::app(proxy.port).database(&house.database);
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..3)
        .map(|writer: i64| {
            let (login, stop, written) = (login.clone(), Arc::clone(&stop), Arc::clone(&written));
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                while !stop.load(Ordering::Relaxed) {
                    let id = 10_000 + writer;
                    for sql in [
                        format!(
                            "UPDATE kinds SET n = n + 1 WHERE id BETWEEN {} AND {}",
                            writer * 50,
                            writer * 50 + 60
                        ),
                        "UPDATE pairs SET v = v + 1".to_owned(),
                        format!("INSERT INTO nothing_in VALUES ({id})"),
                        format!("DELETE FROM nothing_in WHERE id = {id}"),
                        format!("INSERT INTO bare VALUES ({id}, 'w')"),
                        format!("DELETE FROM bare WHERE a = {id}"),
                    ] {
                        let answer = client.one(&sql).await;
                        assert!([0, 1205, 1213].contains(&answer.errno()), "{sql}: {answer}");
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let mut among_writes = 0;
    until("four comparisons had writes meanwhile", async || {
        let before = written.load(Ordering::Relaxed);
        let (code, out, errors) = house.verify(&[]).await;
        assert_eq!((code, errors.as_str()), (0, ""), "{out}");
        among_writes += usize::from(written.load(Ordering::Relaxed) > before);
        (among_writes == 4).then_some(())
    })
    .await;
    // What really differs is seen all the same.
    run(&mut house.direct(1).await, &["UPDATE kinds SET s = 'behind' WHERE id = 20"]).await;
    let (code, out, errors) = house.verify(&["kinds"]).await;
    assert!(code == 1 && out.contains("id='20'") && out.contains("1 rows differ"), "{out}{errors}");
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let seen = until("all is committed", async || Some(house.verify(&["pairs"]).await)).await;
    assert_eq!(seen.0, 0, "{}", seen.1);
}

/// `SHARDGATE_VERIFY_ROWS=200000 cargo test --test it verify::many_rows -- --nocapture` measures.
#[tokio::test]
async fn many_rows() {
    let house = House::build("verify_many").await;
    let rows: u64 = std::env::var("SHARDGATE_VERIFY_ROWS").map_or(20_000, |text| text.parse().unwrap());
    for shard in 0..4 {
        let mut direct = house.direct(shard).await;
        let digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
                      UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
        let all: Vec<String> = (0..6).map(|n| format!("{digits} AS t{n}")).collect();
        let number: Vec<String> = (0..6).map(|n| format!("t{n}.d * {}", 10_u64.pow(n))).collect();
        let number = number.join(" + ");
        let fill = format!(
            "INSERT INTO pairs SELECT {number}, '2024-01-01', {number} FROM {} WHERE {number} < {rows}",
            all.join(", ")
        );
        run(&mut direct, &[&fill]).await;
    }
    let (code, out, errors) = house.verify(&["pairs"]).await;
    assert_eq!((code, errors.as_str()), (0, ""), "{out}");
    println!("{out}");
    run(&mut house.direct(3).await, &["UPDATE pairs SET v = -1 WHERE a = '1777'"]).await;
    let (code, out, _) = house.verify(&["pairs"]).await;
    println!("{out}");
    assert!(code == 1 && out.contains("a='1777', b='2024-01-01'"), "{out}");
}
