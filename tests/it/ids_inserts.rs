//! New ids in statements that are not among the golden cases (`ids_golden`): RETURNING, computed keys and ids, SELECTs
//! that give many rows, servers that count otherwise, and ids that were announced to a server and not used.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::support::client::{Answer, Client, Login, Param};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, number, numbers, run, text, until};

const T: &str = "CREATE TABLE t (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT UNIQUE, w VARCHAR(40) NOT NULL DEFAULT '')";
const SINGLE: &str = "single = { t = \"ds0/{db}\" }\ntable.t = { id = { column = \"id\" } }\n";
const BY_V: &str = "group.g = { algorithm = { modulo = 4 }, tables = { t = \"v\" } }\ntable.t = { id = { column = \"id\" } }\n";

struct Setup {
    proxy: Proxy,
    config: String,
    database: String,
}

impl Setup {
    /// A proxy over some of the lab's servers, with `t` on it. `{db}` in `tables` stands for the database.
    async fn over(lab: &Lab, tag: &str, sources: usize, tables: &str, t: &str) -> Self {
        let database = lab.database(tag).await;
        let mut config =
            String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n[pool]\nmax_connections = 2\n");
        for (n, primary) in lab.cluster.primaries.iter().take(sources).enumerate() {
            write!(config, "[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
        }
        let last = sources - 1;
        write!(config, "[database.{database}]\nshards = [\"ds{{0..{last}}}/{database}\"]\n").unwrap();
        config.push_str(&tables.replace("{db}", &database));
        let setup = Self { proxy: Proxy::start(&config).await, config, database };
        run(&mut setup.client().await, &[t]).await;
        setup
    }

    async fn client(&self) -> Client {
        connect(&Login::app(self.proxy.port).database(&self.database)).await
    }
}

/// What no server's own counter has come to.
const LEAST: i64 = 1 << 40;

async fn last(client: &mut Client) -> i64 {
    number(&client.one("SELECT LAST_INSERT_ID()").await)
}

#[tokio::test]
async fn returning_gives_the_new_ids() {
    let lab = Lab::shared().await;
    for (tag, sources, tables) in [("returning", 1, SINGLE), ("returning_v", 4, BY_V)] {
        let setup = Setup::over(lab, tag, sources, tables, T).await;
        let mut client = setup.client().await;
        let answer = client.one("INSERT INTO t (v) VALUES (1) RETURNING id, v").await;
        if !lab.is_mariadb() {
            assert_eq!(answer.errno(), 1064, "{answer}");
            continue;
        }
        let id = number(&answer);
        assert!(id > LEAST, "{answer}");
        assert_eq!(last(&mut client).await, id);
        // Rows of one shard.
        let answer = client.one("INSERT INTO t (v, w) VALUES (4, 'a'), (8, 'b') RETURNING id").await;
        let ids = numbers(&answer);
        assert_eq!((ids.len(), ids[1] - ids[0]), (2, 1), "{answer}");
        assert_eq!(last(&mut client).await, ids[0]);
        let answer = client.one("INSERT IGNORE INTO t (v) VALUES (4) RETURNING id").await;
        assert_eq!(answer.rows().len(), 0);
        assert_eq!(last(&mut client).await, ids[0]);
        let upsert = "INSERT INTO t (v) VALUES (4) ON DUPLICATE KEY UPDATE w = 'z' RETURNING id";
        assert_eq!(number(&client.one(upsert).await), ids[0]);
        assert_eq!(last(&mut client).await, ids[0]);
        let answer = client.one("INSERT IGNORE INTO t (v) VALUES (8), (16) RETURNING id").await;
        assert_eq!(numbers(&answer), [last(&mut client).await], "{answer}");
        let prepared = client.prepare("INSERT INTO t (v) VALUES (?) RETURNING id").await.unwrap();
        let answer = client.execute(&prepared, &[Param::Int(12)]).await.unwrap().remove(0);
        let Answer::Rows { rows, .. } = &answer else { panic!("{answer}") };
        assert_eq!(rows[0][0].to_string(), last(&mut client).await.to_string());
        // Rows of several shards come in the statement's order.
        let answer = client.one("INSERT INTO t (v) VALUES (21), (22) RETURNING id, v").await;
        let rows: Vec<String> = answer.rows().iter().map(|row| row[1].to_string()).collect();
        assert_eq!(rows, ["'21'", "'22'"], "{sources} sources: {answer}");
        let ids = numbers(&answer);
        assert_eq!((ids[1] - ids[0], last(&mut client).await), (1, ids[0]), "{answer}");
    }
}

#[tokio::test]
async fn a_narrow_id_column_is_refused_with_what_mends_it() {
    let lab = Lab::shared().await;
    let t = "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT)";
    let setup = Setup::over(lab, "narrow", 1, SINGLE, t).await;
    let mut client = setup.client().await;
    for sql in ["INSERT INTO t (v) VALUES (1)", "SELECT * FROM t"] {
        let answer = client.one(sql).await;
        assert_eq!(answer.errno(), 1235, "{answer}");
        assert!(answer.to_string().contains("ALTER TABLE `t` MODIFY `id` bigint NOT NULL"), "{answer}");
    }
    // A proxy that starts says so by itself.
    let other = Proxy::start(&setup.config).await;
    let named = async || other.log().contains("MODIFY `id` bigint").then_some(());
    until("the log of a proxy that starts names the column", named).await;
    run(
        &mut client,
        &["ALTER TABLE t MODIFY id BIGINT NOT NULL AUTO_INCREMENT", "INSERT INTO t (v) VALUES (1)"],
    )
    .await;
    assert!(number(&client.one("SELECT id FROM t").await) > LEAST);
}

#[tokio::test]
async fn keys_and_ids_may_be_computed() {
    let lab = Lab::shared().await;
    let setup = Setup::over(lab, "computed", 4, BY_V, T).await;
    let mut client = setup.client().await;
    run(
        &mut client,
        &["SET @three = 3", "INSERT INTO t (v, w) VALUES (1 + 1, 'a'), (ABS(-5), 'b'), (@three * 2, 'c')"],
    )
    .await;
    let prepared =
        client.prepare("INSERT INTO t (id, v, w) VALUES (? - ?, ? * 10, CONCAT(?, 'x'))").await.unwrap();
    let params = [Param::Int(7), Param::Int(7), Param::Int(4), Param::Str("p".into())];
    let answer = client.execute(&prepared, &params).await.unwrap().remove(0);
    assert_eq!(answer.done().affected, 1, "{answer}");
    run(&mut client, &["INSERT INTO t (id, v) VALUES (GREATEST(5, 9), 41)"]).await;
    for (v, w) in [(2, "a"), (5, "b"), (6, "c"), (40, "px")] {
        assert_eq!(text(&client.one(&format!("SELECT w FROM t WHERE v = {v}")).await), w);
    }
    assert_eq!(number(&client.one("SELECT id FROM t WHERE v = 41").await), 9);
    assert_eq!(number(&client.one(&format!("SELECT COUNT(*) FROM t WHERE id > {LEAST}")).await), 4);
    // A value that differs each time is stored as it was placed.
    for _ in 0..8 {
        run(&mut client, &["INSERT INTO t (v) VALUES (1000 + FLOOR(RAND() * 1000000))"]).await;
    }
    let all = numbers(&client.one("SELECT v FROM t WHERE v >= 1000").await);
    assert_eq!(all.len(), 8);
    for v in all {
        assert_eq!(number(&client.one(&format!("SELECT COUNT(*) FROM t WHERE v = {v}")).await), 1);
    }
    let answer = client.one("INSERT INTO t (w, v) VALUES ('a', LENGTH(w))").await;
    assert_eq!(answer.errno(), 1235, "{answer}");
}

#[tokio::test]
async fn a_select_may_give_any_number_of_rows() {
    let lab = Lab::shared().await;
    let tables = "group.g = { algorithm = { modulo = 4 }, tables = { t = \"v\", s = \"v\" } }\ntable.t = { id = { column = \"id\" } }\n";
    let setup = Setup::over(lab, "selected", 4, tables, T).await;
    let mut client = setup.client().await;
    run(&mut client, &["CREATE TABLE s (v INT PRIMARY KEY, w VARCHAR(20))"]).await;
    let rows: Vec<String> = (0..5000).map(|n| format!("({}, 'row {n}')", n * 4)).collect();
    run(
        &mut client,
        &[&format!("INSERT INTO s VALUES {}", rows.join(",")), "INSERT INTO s VALUES (1, 'x'), (2, 'y')"],
    )
    .await;
    // All on one shard, and more than a millisecond has.
    for (sql, rows) in [
        ("INSERT INTO t (v, w) SELECT v, w FROM s WHERE v % 4 = 0 ORDER BY v", 5000),
        ("INSERT INTO t (v, w) SELECT v, w FROM s ORDER BY v", 5002),
    ] {
        for transaction in [false, true] {
            if transaction {
                run(&mut client, &["BEGIN", "INSERT INTO t (v) VALUES (3)"]).await;
            }
            let answer = client.one(sql).await;
            assert_eq!(answer.done().affected, rows, "{answer}");
            let first = number(&client.one("SELECT id FROM t WHERE v = 0").await);
            assert_eq!((last(&mut client).await, answer.done().last_id as i64), (first, first));
            let ids: Vec<i64> = numbers(&client.one("SELECT id FROM t WHERE v <> 3 ORDER BY v").await);
            assert!(ids.len() as u64 == rows && ids.is_sorted() && ids[0] == first, "{sql}");
            run(&mut client, &[if transaction { "ROLLBACK" } else { "DELETE FROM t" }]).await;
        }
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM t").await), 0);
    }
    let answer = client.one("INSERT INTO t (v, w) SELECT v, w FROM s WHERE v < 4000").await;
    assert_eq!(answer.done().affected, 1002, "{answer}");
    assert!(answer.done().info.contains("Records: 1002  Duplicates: 0"), "{answer}");
    let ids: BTreeSet<i64> = numbers(&client.one("SELECT id FROM t").await).into_iter().collect();
    assert_eq!(ids.len(), 1002);
    assert!(ids.iter().all(|id| *id > LEAST));
    let told = last(&mut client).await;
    assert!(ids.contains(&told) && answer.done().last_id as i64 == told, "{answer}");
}

#[tokio::test]
async fn an_id_that_no_row_took_is_given_to_nobody_else() {
    let lab = Lab::shared().await;
    let setup = Setup::over(lab, "unused", 1, SINGLE, T).await;
    let mut client = setup.client().await;
    run(
        &mut client,
        &[
            "CREATE TABLE other (n INT AUTO_INCREMENT PRIMARY KEY, a INT)",
            "SET sql_mode = 'STRICT_ALL_TABLES'",
        ],
    )
    .await;
    let failing = [
        // No row at all; rows with ids of their own.
        ("INSERT INTO t (id, v) SELECT n, n FROM other WHERE n = 1", 0),
        ("DELETE FROM t", 0),
        ("INSERT INTO t (v) SELECT n FROM other WHERE n > 1000000", 0),
        // A row that comes to nothing before it has an id, and after it has one.
        ("INSERT INTO t (v, w) VALUES ('x', 'a'), (2, 'b')", 1366),
        ("INSERT INTO t (v, w) VALUES (1, 'a'), (1, 'b')", 1062),
        ("INSERT INTO t (v, w) VALUES (1, REPEAT('a', 100)), (2, 'b')", 1406),
    ];
    run(&mut client, &["INSERT INTO other (a) VALUES (0)"]).await;
    let mut wanted = 1;
    for transaction in [false, true] {
        for (sql, errno) in failing {
            if transaction {
                run(&mut client, &["BEGIN"]).await;
            }
            let before = last(&mut client).await;
            assert_eq!(client.one(sql).await.errno(), errno, "{sql}");
            if errno != 1062 {
                assert_eq!(last(&mut client).await, before, "{sql}");
            }
            let answer = client.one("INSERT INTO other (a) VALUES (1)").await;
            wanted += 1;
            assert_eq!(answer.done().last_id, wanted, "{sql}, in a transaction: {transaction}");
            if transaction {
                run(&mut client, &["COMMIT"]).await;
            }
        }
    }
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM t").await), 0);
}

#[tokio::test]
async fn servers_that_count_in_steps_give_ids_one_after_another() {
    let lab = Lab::start(1, 0, 0).await;
    let steps = ["SET GLOBAL auto_increment_increment = 5", "SET GLOBAL auto_increment_offset = 3"];
    lab.cluster.primaries[0].run(&steps).await.unwrap();
    let setup = Setup::over(&lab, "steps", 1, SINGLE, T).await;
    let mut client = setup.client().await;
    let answer = client.one("INSERT INTO t (v) VALUES (1), (2), (3)").await;
    let first = answer.done().last_id as i64;
    assert_eq!(numbers(&client.one("SELECT id FROM t ORDER BY id").await), [first, first + 1, first + 2]);
    let answer = client.one("INSERT INTO t (v) SELECT v + 10 FROM t").await;
    let first = answer.done().last_id as i64;
    let ids = numbers(&client.one("SELECT id FROM t WHERE v > 10 ORDER BY id").await);
    assert_eq!(ids, [first, first + 1, first + 2]);
    assert_eq!(number(&client.one("SELECT @@session.auto_increment_increment").await), 1);
    assert_eq!(client.one("SET auto_increment_increment = 7").await.errno(), 1235);
    run(&mut client, &["SET auto_increment_increment = 1"]).await;
    // Tables without a generator count as their server does.
    run(&mut client, &["CREATE TABLE plain (n INT AUTO_INCREMENT PRIMARY KEY, a INT)"]).await;
    run(
        &mut client,
        &[
            "INSERT INTO plain (a) VALUES (1), (2)",
            "INSERT INTO t (v) VALUES (4), (5)",
            "INSERT INTO plain (a) VALUES (3)",
        ],
    )
    .await;
    assert_eq!(numbers(&client.one("SELECT n FROM plain ORDER BY n").await), [3, 8, 13]);
}

/// Drivers count on from the first id: a statement whose ids would not follow one another is refused.
#[tokio::test]
async fn ids_of_a_statement_follow_one_another_or_it_is_refused() {
    let lab = Lab::shared().await;
    for (tag, sources, tables) in [("rows", 1, SINGLE), ("rows_v", 4, BY_V)] {
        for consecutive in [true, false] {
            let tables = format!("{tables}\n[ids]\nconsecutive = {consecutive}\n");
            let setup = Setup::over(lab, tag, sources, &tables, T).await;
            let mut client = setup.client().await;
            for count in [4096, 4097] {
                let rows: Vec<String> = (0..count).map(|v| format!("({v})")).collect();
                let answer = client.one(&format!("INSERT INTO t (v) VALUES {}", rows.join(","))).await;
                if consecutive && count > 4096 {
                    assert_eq!(answer.errno(), 1235, "{answer}");
                    assert!(answer.to_string().contains("4096 in a row"), "{answer}");
                    continue;
                }
                let first = answer.done().last_id as i64;
                let ids = numbers(&client.one("SELECT id FROM t ORDER BY v").await);
                assert_eq!(ids.len(), count);
                let apart = ids.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
                assert_eq!((ids[0], apart), (first, count / 4097));
                run(&mut client, &["DELETE FROM t"]).await;
            }
        }
    }
}

/// Files have ids of all numeric generators.
#[tokio::test]
async fn files_are_given_slots_and_short_numbers() {
    let lab = Lab::shared().await;
    let tables = r#"
single = { notes = "ds0/{db}" }
group.g = { algorithm = { hash = "crc32", slots = 16 }, tables = { t = "v" } }
table.t = { id = { column = "id", gene = "v" } }
table.notes = { id = { column = "id", generator = "segment", start = 70 } }
"#;
    let t = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, v INT UNIQUE, w VARCHAR(40))";
    let setup = Setup::over(lab, "files", 4, tables, t).await;
    let login = Login::app(setup.proxy.port).database(&setup.database).with_files();
    let mut client = connect(&login).await;
    run(&mut client, &["CREATE TABLE notes (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT)"]).await;
    let rows: Vec<String> = (0..300).map(|v| format!("{v}\tr{v}\n")).collect();
    let rows = rows.concat();
    let sql = "LOAD DATA LOCAL INFILE 'file' INTO TABLE t (v, w)";
    let answer = client.load(sql, rows.as_bytes(), 1000).await.unwrap();
    assert_eq!((answer.done().affected, answer.done().last_id), (300, 0), "{answer}");
    let first = last(&mut client).await;
    assert_eq!(number(&client.one("SELECT v FROM t WHERE id = LAST_INSERT_ID()").await), 0);
    let scattered = async |client: &mut Client| {
        let status = client.one("SHOW SHARDGATE STATUS").await;
        let row = status.rows().iter().find(|row| row[0].to_string().contains("scattered")).unwrap();
        row[1].to_string()
    };
    let before = scattered(&mut client).await;
    for v in 0..300 {
        let id = number(&client.one(&format!("SELECT id FROM t WHERE v = {v}")).await);
        assert_eq!(text(&client.one(&format!("SELECT w FROM t WHERE id = {id}")).await), format!("r{v}"));
    }
    assert_eq!(scattered(&mut client).await, before, "each id leads to one shard");
    // The first row that is stored, where others were there before; and ids of the file must fit.
    let answer = client.load(sql, b"7\told\n300\tnew\n5\told\n301\tnew\n", 100).await.unwrap();
    assert_eq!(answer.done().affected, 2, "{answer}");
    assert!(last(&mut client).await != first);
    assert_eq!(number(&client.one("SELECT v FROM t WHERE id = LAST_INSERT_ID()").await), 300);
    let id = number(&client.one("SELECT id FROM t WHERE v = 1").await);
    let sql = "LOAD DATA LOCAL INFILE 'file' INTO TABLE t (id, v)";
    // 41/10/8 with 4 bits of slot before the sequence.
    let other = i64::from((crc32fast::hash(b"401") + 1) % 16);
    let wrong = format!("\\N\t400\n{}\t401\n", id >> 12 << 12 | other << 8);
    let answer = client.load(sql, wrong.as_bytes(), 100).await.unwrap();
    assert_eq!(answer.errno(), 1235, "{answer}");
    assert!(answer.to_string().contains("carries slot"), "{answer}");
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM t").await), 302);
    let sql = "LOAD DATA LOCAL INFILE 'file' INTO TABLE notes (a)";
    client.load(sql, b"1\n2\n3\n", 100).await.unwrap().done();
    assert_eq!(numbers(&client.one("SELECT id FROM notes ORDER BY a").await), [70, 71, 72]);
    assert_eq!(last(&mut client).await, 70);
}

/// What a trigger inserts elsewhere would take the ids that the server was told of.
#[tokio::test]
async fn triggers_take_no_ids() {
    let lab = Lab::shared().await;
    for hidden in [false, true] {
        let setup = Setup::over(lab, "triggers", 1, SINGLE, T).await;
        let primary = &lab.cluster.primaries[0];
        let mut server = connect(&Login::root(primary.port()).database(&setup.database)).await;
        run(
            &mut server,
            &[
                "CREATE TABLE log (n BIGINT AUTO_INCREMENT PRIMARY KEY, v INT)",
                "CREATE TABLE s (v INT PRIMARY KEY)",
                "INSERT INTO s VALUES (10), (11)",
                "CREATE TRIGGER tg BEFORE INSERT ON t FOR EACH ROW INSERT INTO log (v) VALUES (NEW.v)",
            ],
        )
        .await;
        let mut proxy = None;
        if hidden {
            // An account that may not see triggers: MySQL shows it none, MariaDB that there is one.
            let user = format!("u_{}", setup.database);
            let grant = "SELECT, INSERT, UPDATE, DELETE, CREATE, CREATE TEMPORARY TABLES";
            run(
                &mut server,
                &[
                    &format!("CREATE USER {user}@'%' IDENTIFIED BY 'p'"),
                    &format!("GRANT {grant} ON `{}`.* TO {user}@'%'", setup.database),
                    &format!("GRANT {grant} ON shardgate.* TO {user}@'%'"),
                ],
            )
            .await;
            let url = primary.url().replace("root@", &format!("{user}:p@"));
            let database = &setup.database;
            let config = format!(
                "[[user]]\nname = \"app\"\npassword = \"app\"\n[source.ds0]\nprimary = \"{url}\"\n\
                 [database.{database}]\nshards = [\"ds0/{database}\"]\n{}",
                SINGLE.replace("{db}", database)
            );
            proxy = Some(Proxy::start(&config).await);
        }
        let port = proxy.as_ref().map_or(setup.proxy.port, |proxy| proxy.port);
        let mut client = connect(&Login::app(port).database(&setup.database)).await;
        let selected = client.one("INSERT INTO t (v) SELECT v FROM s").await;
        assert_eq!(selected.done().affected, 2, "{selected}");
        let first = selected.done().last_id as i64;
        assert_eq!(numbers(&client.one("SELECT id FROM t ORDER BY id").await), [first, first + 1]);
        assert_eq!(numbers(&client.one("SELECT v FROM log ORDER BY v").await), [10, 11]);
        run(&mut client, &["DELETE FROM t", "DELETE FROM log"]).await;
        let several = client.one("INSERT INTO t (v) VALUES (1), (2), (3)").await;
        let first = several.done().last_id as i64;
        assert_eq!(numbers(&client.one("SELECT id FROM t ORDER BY id").await), [first, first + 1, first + 2]);
        assert_eq!(numbers(&client.one("SELECT v FROM log ORDER BY n").await), [1, 2, 3]);
        // Ids stand in the statement where rows do.
        let answer = client.one("INSERT INTO t (v) VALUES (4)").await;
        assert!(answer.done().last_id as i64 > LEAST, "{answer}");
        assert_eq!(number(&client.one("SELECT MAX(n) > 100 FROM log").await), 0);
    }
}

#[tokio::test]
async fn the_last_id_may_stand_anywhere() {
    let lab = Lab::shared().await;
    for (tag, sources, tables) in [("anywhere", 1, SINGLE), ("anywhere_v", 4, BY_V)] {
        let setup = Setup::over(lab, tag, sources, tables, T).await;
        let mut client = setup.client().await;
        run(&mut client, &["INSERT INTO t (v) VALUES (1), (2), (3)", "INSERT INTO t (v) VALUES (7)"]).await;
        let id = last(&mut client).await;
        for sql in [
            "SELECT v FROM t WHERE id = LAST_INSERT_ID()",
            "SELECT v FROM t WHERE id = @@last_insert_id AND @@identity = LAST_INSERT_ID()",
            "SELECT a.v FROM t a JOIN t b ON a.id = b.id AND a.v = b.v AND b.id = LAST_INSERT_ID() WHERE a.v = 7",
            "SELECT v FROM t WHERE v = 7 HAVING LAST_INSERT_ID() > 0",
            "SELECT v FROM t WHERE id IN (LAST_INSERT_ID(), 5)",
        ] {
            assert_eq!(number(&client.one(sql).await), 7, "{sql}");
            let prepared = client.prepare(sql).await.unwrap();
            let answer = client.execute(&prepared, &[]).await.unwrap().remove(0);
            assert_eq!(answer.rows()[0][0].to_string(), "7", "{sql}");
        }
        let prepared = client
            .prepare("UPDATE t SET w = CONCAT('id ', LAST_INSERT_ID()) WHERE id = LAST_INSERT_ID()")
            .await
            .unwrap();
        assert_eq!(client.execute(&prepared, &[]).await.unwrap()[0].done().affected, 1);
        assert_eq!(text(&client.one("SELECT w FROM t WHERE v = 7").await), format!("id {id}"));
        // The same statement with another last id.
        run(&mut client, &["INSERT INTO t (v) VALUES (8)"]).await;
        let other = last(&mut client).await;
        assert_eq!(client.execute(&prepared, &[]).await.unwrap()[0].done().affected, 1);
        assert_eq!(text(&client.one("SELECT w FROM t WHERE v = 8").await), format!("id {other}"));
        run(&mut client, &["DELETE FROM t WHERE id = LAST_INSERT_ID()"]).await;
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM t").await), 4);
        // Another session's is its own, and a reset one has none.
        assert_eq!(last(&mut setup.client().await).await, 0);
        client.simple(0x1F, &[]).await.unwrap();
        assert_eq!(last(&mut client).await, 0);
    }
}
