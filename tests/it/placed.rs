//! Rows of a stage that go only to the node whose rows they are joined with: by each rule and type of key, with values that
//! are equal to none, to several, or that belong nowhere, one plain server and Shardgate answer alike.

use std::fmt::Write as _;

use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::Step;
use crate::support::oracle::{Form, Outcome, Pair};
use crate::support::proxy::Proxy;
use crate::support::shop::connect;

/// A table that stays where it is: its name, key's type, what places it, and the keys that it has.
const KEPT: [(&str, &str, &str, &str); 12] = [
    ("hashed", "INT", "algorithm = { hash = \"crc32\", slots = 64 }", "1,2,3,5,8,13,21,34,-3"),
    ("wide", "BIGINT UNSIGNED", "algorithm = { hash = \"crc32\" }", "1,2,4,8,16,32,18446744073709551615"),
    ("remains", "INT", "algorithm = { modulo = 8 }", "1,2,3,4,5,6,7,8,9,-1,-9"),
    ("ranged", "INT", "algorithm = { range = [3, 10, 20] }", "-3,1,2,3,9,10,11,20,34"),
    ("listed", "INT", "algorithm = { list = [[1, 2], [3, 5], [8], [13, 21]] }", "1,2,3,5,8,13"),
    (
        "rest",
        "INT",
        "algorithm = { list = [[1, 2], [3, 5], [8], [13]], default = 1, null = 2 }",
        "1,2,3,34,-3",
    ),
    (
        "months",
        "DATE",
        "algorithm = { date = \"month\", start = \"2024-01-01\", parts = 4 }",
        "'2024-01-01','2024-01-31','2024-02-29','2024-04-30'",
    ),
    (
        "moments",
        "DATETIME",
        "key = \"datetime\"\nalgorithm = { hash = \"crc32\" }",
        "'2024-01-01 00:00:00','2024-01-31 12:00:00','2024-02-29 23:59:59'",
    ),
    (
        "texts",
        "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "key = \"string\"\nalgorithm = { hash = \"crc32\" }",
        "'a','A','b ','é','e','','zz'",
    ),
    (
        "western",
        "VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin",
        "key = { string = \"latin1\" }\nalgorithm = { hash = \"crc32\" }",
        "'a','A','b','e','zz'",
    ),
    ("sums", "DECIMAL(10,2)", "key = { decimal = 2 }\nalgorithm = { hash = \"crc32\" }", "1,2.50,3.14,-3,8"),
    ("bytes", "VARBINARY(20)", "key = \"binary\"\nalgorithm = { hash = \"crc32\" }", "'a','A','b ','é','zz'"),
];

/// Columns of the table that is brought to them, which is sharded by its id, and their values.
const FACTS: [(&str, &str, [&str; 8]); 9] = [
    ("i", "INT", ["1", "2", "3", "NULL", "34", "-3", "99", "8"]),
    ("u", "BIGINT UNSIGNED", ["1", "18446744073709551615", "3", "NULL", "8", "13", "77", "16"]),
    ("d", "DECIMAL(12,4)", ["1.0000", "2.5", "3.14", "NULL", "3.1415", "-3", "8", "2.5"]),
    (
        "s",
        "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ["'a'", "'A'", "'b'", "NULL", "'é'", "'b  '", "'1'", "''"],
    ),
    (
        "c",
        "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        ["'a'", "'A'", "'B'", "NULL", "'É'", "'2024-01-31'", "'1'", "'8'"],
    ),
    (
        "l",
        "VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin",
        ["'a'", "'A'", "'b'", "NULL", "'é'", "'b  '", "'Ã©'", "'e'"],
    ),
    ("b", "VARBINARY(20)", ["'a'", "'A'", "'b'", "NULL", "'é'", "'b '", "x'00'", "'zz'"]),
    (
        "t",
        "DATE",
        [
            "'2024-01-01'",
            "'2024-01-31'",
            "'2024-02-29'",
            "NULL",
            "'2025-12-31'",
            "'1999-01-01'",
            "'2024-04-30'",
            "'2024-01-31'",
        ],
    ),
    (
        "m",
        "DATETIME(3)",
        [
            "'2024-01-01'",
            "'2024-01-31 12:00:00'",
            "'2024-01-31 12:00:00.250'",
            "NULL",
            "'2024-02-29 23:59:59'",
            "'1999-01-01'",
            "'2024-02-29 23:59:59.500'",
            "'2024-01-01'",
        ],
    ),
];

/// Which kept table is joined with which column, and whether its rows are placed by it.
const JOINS: [(&str, &str, bool); 23] = [
    ("hashed", "i", true),
    ("hashed", "u", true),
    ("wide", "u", true),
    ("remains", "i", true),
    ("ranged", "i", true),
    ("ranged", "u", true),
    ("listed", "i", true),
    ("rest", "i", true),
    ("months", "t", true),
    ("moments", "m", true),
    ("texts", "s", true),
    ("western", "l", true),
    ("sums", "d", true),
    ("bytes", "b", true),
    ("hashed", "d", false),
    ("hashed", "c", false),
    ("sums", "i", false),
    ("months", "c", false),
    ("months", "m", false),
    ("moments", "t", false),
    ("texts", "c", false),
    ("texts", "b", false),
    ("western", "s", false),
];

/// All rows of the facts, and what they meet.
const ALL_ROWS: &str = "SELECT f.id, K.k, K.v FROM f LEFT JOIN K ON K.k = f.C";

/// What is asked of a kept table `K` with the key `k` and of the facts' column `C`.
const QUESTIONS: [&str; 26] = [
    "SELECT K.k, K.v, f.id FROM K JOIN f ON f.C = K.k",
    "SELECT COUNT(*), SUM(f.id), MIN(f.C) FROM K, f WHERE K.k = f.C",
    ALL_ROWS,
    "SELECT COUNT(*), COUNT(K.k), SUM(f.id) FROM K RIGHT JOIN f ON K.k = f.C",
    "SELECT f.id FROM f LEFT JOIN K ON K.k = f.C WHERE K.k IS NULL",
    "SELECT f.id, K.v FROM f LEFT JOIN K ON K.k = f.C WHERE f.C IS NULL",
    "SELECT f.id, K.v FROM f LEFT JOIN K ON K.k = f.C AND K.v = 2 WHERE f.id > 5",
    "SELECT K.k, K.v, f.id FROM K LEFT JOIN f ON f.C = K.k",
    "SELECT K.k, COUNT(f.id) FROM K LEFT JOIN f ON f.C = K.k GROUP BY K.k",
    "SELECT n, COUNT(*) FROM (SELECT K.k, COUNT(f.id) n FROM K LEFT JOIN f ON f.C = K.k GROUP BY K.k) g GROUP BY n",
    "SELECT K.k, K.v FROM K WHERE EXISTS (SELECT * FROM f WHERE f.C = K.k)",
    "SELECT K.k, K.v FROM K WHERE EXISTS (SELECT 1 FROM f WHERE f.C = K.k AND f.n > 1)",
    "SELECT K.k, K.v FROM K WHERE NOT EXISTS (SELECT * FROM f WHERE f.C = K.k)",
    "SELECT COUNT(*) FROM K WHERE NOT EXISTS (SELECT f.id FROM f WHERE K.k = f.C AND f.id < 6)",
    "SELECT K.k, K.v FROM K WHERE K.k IN (SELECT f.C FROM f)",
    "SELECT K.k, K.v FROM K WHERE K.v = 1 AND K.k IN (SELECT f.C FROM f WHERE f.n < 3)",
    "SELECT K.k, K.v FROM K WHERE K.k NOT IN (SELECT f.C FROM f)",
    "SELECT K.k, K.v FROM K WHERE K.k NOT IN (SELECT f.C FROM f WHERE f.C IS NOT NULL)",
    "SELECT K.k, (SELECT COUNT(*) FROM f WHERE f.C = K.k) n FROM K",
    "SELECT K.k, (SELECT SUM(f.n) FROM f WHERE f.C = K.k AND f.id > K.v) n FROM K",
    "SELECT K.k, g.n FROM K JOIN (SELECT C c, COUNT(*) n FROM f GROUP BY C) g ON g.c = K.k",
    "SELECT K.k, g.n FROM K LEFT JOIN (SELECT C c, SUM(n) n FROM f WHERE n > 0 GROUP BY C) g ON g.c = K.k",
    "SELECT a.id, b.id, K.v FROM f a JOIN K ON a.C = K.k JOIN f b ON b.C = K.k WHERE a.id < b.id",
    "SELECT DISTINCT f.C FROM f JOIN K ON f.C = K.k WHERE K.v < 3",
    "WITH w AS (SELECT id, C c FROM f WHERE id < 20) SELECT K.k, w.id FROM K JOIN w ON w.c = K.k",
    "SELECT K.k, f.id FROM K JOIN f ON f.C = K.k ORDER BY f.id DESC, K.v LIMIT 3",
];

async fn explained(client: &mut Client, sql: &str) -> String {
    let answer = client.one(&format!("EXPLAIN SHARDGATE {sql}")).await;
    answer.rows().iter().map(|row| row[0].to_string() + "\n").collect()
}

/// Servers, a proxy, and the tables.
async fn set_up(lab: &Lab, tag: &str) -> (Proxy, Pair, Client) {
    let database = lab.database(tag).await;
    let mut config = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n");
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        writeln!(config, "[source.ds{n}]\nprimary = \"{}\"", primary.url()).unwrap();
    }
    let last = lab.cluster.primaries.len() - 1;
    writeln!(config, "[database.{database}]\nshards = [\"ds{{0..{last}}}/{database}\"]").unwrap();
    writeln!(
        config,
        "[database.{database}.group.facts]\nalgorithm = {{ modulo = 4 }}\ntables = {{ f = \"id\" }}"
    )
    .unwrap();
    writeln!(
        config,
        "[database.{database}.group.many]\nalgorithm = {{ modulo = 8 }}\ntables = {{ many = \"id\" }}"
    )
    .unwrap();
    for (name, _, algorithm, _) in KEPT {
        let tables = format!("tables = {{ {name} = \"k\" }}");
        writeln!(config, "[database.{database}.group.of_{name}]\n{algorithm}\n{tables}").unwrap();
    }
    let numbered = format!("nodes = [\"ds{{0..{last}}}/{database}.remains_{{0..1}}\"]");
    writeln!(config, "[database.{database}.table.remains]\n{numbered}").unwrap();
    let proxy = Proxy::start(&config).await;
    let ours = Login::app(proxy.port).database(&database);
    let plain = Login::root(lab.oracle().port()).database(&database);
    let mut texts = Vec::new();
    for (name, kind, _, keys) in KEPT {
        texts.push(format!("CREATE TABLE {name} (k {kind} NOT NULL, v INT NOT NULL, PRIMARY KEY (k, v))"));
        let rows: Vec<String> = keys
            .split(',')
            .enumerate()
            .flat_map(|(n, key)| (0..=n % 3).map(move |v| format!("({key},{v})")))
            .collect();
        texts.push(format!("INSERT INTO {name} VALUES {}", rows.join(",")));
    }
    let columns: Vec<String> = FACTS.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    texts.push(format!("CREATE TABLE f (id INT NOT NULL PRIMARY KEY, n INT, {})", columns.join(", ")));
    let rows: Vec<String> = (0..32)
        .map(|id| {
            // Each column has its values in an order of its own, and the facts of every third node are few.
            let values: Vec<&str> =
                FACTS.iter().enumerate().map(|(n, fact)| fact.2[(id * (n + 3) + n) % 8]).collect();
            format!("({}, {}, {})", id + 1, id % 4, values.join(", "))
        })
        .collect();
    texts.push(format!("INSERT INTO f VALUES {}", rows.join(", ")));
    let (mut through, mut direct) = (connect(&ours).await, connect(&plain).await);
    for client in [&mut through, &mut direct] {
        for text in &texts {
            let answer = client.one(text).await;
            assert_eq!(answer.errno(), 0, "{text}: {answer}");
        }
    }
    let pair = Pair::connect(plain, ours, lab.is_mariadb()).await;
    (proxy, pair, through)
}

async fn ask(tag: &str, form: Form, within: bool) {
    let lab = Lab::shared().await;
    let (_proxy, mut pair, mut client) = set_up(lab, tag).await;
    let mut wrong = String::new();
    let step = |place: String, text: String| Step {
        place,
        ordered: text.contains("ORDER BY"),
        text,
        any_warnings: true,
        ..Step::default()
    };
    for (kept, column, placed) in JOINS {
        if within {
            let begin = step("BEGIN".into(), "BEGIN".into());
            pair.check(&begin, Form::Text).await.unwrap();
        }
        for question in QUESTIONS {
            let sql = question
                .replace("FROM K", &format!("FROM {kept} K"))
                .replace("JOIN K", &format!("JOIN {kept} K"))
                .replace(" C c", &format!(" {column} c"))
                .replace("BY C)", &format!("BY {column})"))
                .replace(".C", &format!(".{column}"))
                .replacen("SELECT", "SELECT /*+ SHARDGATE(stay=K) */", 1);
            let place = format!("{kept}.k = f.{column}");
            match pair.check(&step(place.clone(), sql.clone()), form).await {
                Ok(Outcome::Same) => {}
                Ok(Outcome::Refused) => writeln!(wrong, "refused: {sql}").unwrap(),
                Err(difference) => wrong.push_str(&difference),
            }
            // A row that belongs nowhere, as NULL does by these, may not be lost where all rows are wanted.
            let total = !["ranged", "listed", "months"].contains(&kept);
            let placed = match question {
                _ if within => continue,
                ALL_ROWS => placed && total,
                _ if question.contains(" JOIN f ON f.C = K.k") || question.contains("EXISTS (SELECT *") => {
                    placed
                }
                _ => continue,
            };
            let plan = explained(&mut client, &sql).await;
            if plan.contains(&format!("placed by key `{column}`")) != placed {
                writeln!(wrong, "{place}: {sql}\n{plan}").unwrap();
            }
        }
        if within {
            pair.check(&step("ROLLBACK".into(), "ROLLBACK".into()), Form::Text).await.unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test]
async fn text() {
    ask("placed_text", Form::Text, false).await;
}

#[tokio::test]
async fn bound() {
    ask("placed_bound", Form::Bound, false).await;
}

#[tokio::test]
async fn within() {
    ask("placed_within", Form::Text, true).await;
}

#[tokio::test]
async fn rows_that_count_once_are_pulled_once() {
    let lab = Lab::shared().await;
    let (_proxy, _pair, mut client) = set_up(lab, "placed_once").await;
    let bytes = "CAST(`f`.`c` AS BINARY)";
    for (sql, part) in [
        ("SELECT n, COUNT(DISTINCT i), MIN(c) FROM f GROUP BY n", Some(bytes)),
        ("SELECT COUNT(DISTINCT i, u), MAX(d) FROM f WHERE n > 1", Some("SELECT MIN(`f`.`id`), `f`.`n`")),
        ("SELECT c, COUNT(DISTINCT s) FROM f GROUP BY c", Some(bytes)),
        ("SELECT COUNT(DISTINCT i), MIN(c) FROM f", Some(bytes)),
        ("SELECT COUNT(DISTINCT c) FROM f WHERE LENGTH(c) > 1 HAVING COUNT(DISTINCT c) > 0", Some(bytes)),
        (
            "SELECT COUNT(*) FROM hashed WHERE EXISTS (SELECT * FROM f WHERE i = k)",
            Some("SELECT DISTINCT `f`.`i` FROM"),
        ),
        // Each row counts, or its key is asked for.
        ("SELECT c, COUNT(*), COUNT(DISTINCT i) FROM f GROUP BY c", None),
        ("SELECT n, COUNT(DISTINCT i), GROUP_CONCAT(i) FROM f GROUP BY n", None),
        ("SELECT COUNT(DISTINCT i) FROM f WHERE id > 3", None),
        ("SELECT COUNT(DISTINCT i), (SELECT SUM(f.n) FROM hashed LIMIT 1) FROM f", None),
        ("SELECT COUNT(*) FROM hashed WHERE k NOT IN (SELECT i FROM f ORDER BY n LIMIT 3)", None),
        ("SELECT COUNT(*) FROM hashed WHERE k = (SELECT SUM(i) FROM f WHERE i < k)", None),
    ] {
        let plan = explained(&mut client, sql).await;
        assert!(plan.contains("shardgate_"), "{sql}\n{plan}");
        let once = plan.contains("SELECT DISTINCT `f`") || plan.contains("MIN(`f`.`id`)");
        assert_eq!(once, part.is_some(), "{sql}\n{plan}");
        assert!(part.is_none_or(|part| plan.contains(part)), "{sql}\n{plan}");
    }
    // The shards group by the values, too, and no row is copied.
    for sql in [
        "SELECT n, COUNT(DISTINCT i) FROM f GROUP BY n",
        "SELECT n, COUNT(*), COUNT(DISTINCT i), SUM(u) FROM f GROUP BY n ORDER BY 2, 1",
    ] {
        let plan = explained(&mut client, sql).await;
        assert!(plan.contains("GROUP BY n, ") && !plan.contains("shardgate_"), "{sql}\n{plan}");
    }
}

/// A number of every server.
async fn status(lab: &Lab, name: &str) -> i64 {
    let mut sum = 0;
    for server in &lab.cluster.primaries {
        let mut client = connect(&Login::root(server.port())).await;
        let answer = client.one(&format!("SHOW GLOBAL STATUS LIKE '{name}'")).await;
        sum += answer.rows()[0][1].to_string().trim_matches('\'').parse::<i64>().unwrap();
    }
    sum
}

#[tokio::test]
async fn many_rows_arrive_as_they_were() {
    let lab = Lab::shared().await;
    let (_proxy, mut pair, mut client) = set_up(lab, "placed_many").await;
    let ddl = "CREATE TABLE many (id INT NOT NULL PRIMARY KEY, i INT, u BIGINT UNSIGNED, d DECIMAL(30,10), f FLOAT, g DOUBLE, \
               s VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, l CHAR(12) CHARACTER SET latin1, b VARBINARY(20), \
               x MEDIUMTEXT, t DATE, m DATETIME(3), c TIME(6), y YEAR, z TIMESTAMP NULL, e ENUM('a','b'), bits BIT(5))";
    let step = |text: &str| Step { text: text.into(), any_warnings: true, ..Step::default() };
    pair.check(&step(ddl), Form::Text).await.unwrap();
    for from in (0..24_000).step_by(2_000) {
        let rows: Vec<String> = (from..from + 2_000)
            .map(|n: i64| {
                let text = ["'a\\tb'", "'\\\\N'", "'\\n\\'x\\0'", "'ä€ \\Z'", "''", "NULL", "'\\\\'"][n as usize % 7];
                let time = format!("{:02}:{:02}", n % 24, n % 60);
                format!(
                    "({n}, {}, {}, {}.{n:05}, {}e-3, {n}.1e{}, {text}, {}, x'{:06x}00095c0a', REPEAT({text}, {}), \
                     '20{:02}-02-{:02}', '2024-01-31 {time}:01.25{}', '-{time}:01.{n:06}', {}, '2024-06-01 {time}:00', \
                     {}, {})",
                    n % 50 - 3,
                    n as u64 * 700_000_000_000_000,
                    n - 9_000,
                    n * 7 - 3,
                    n % 300 - 150,
                    ["'é '", "NULL", "'\\t'"][n as usize % 3],
                    n,
                    n % 9,
                    n % 99,
                    n % 28 + 1,
                    n % 10,
                    [0, 1999, 2155][n as usize % 3],
                    ["'a'", "'b'", "NULL"][n as usize % 3],
                    n % 32
                )
            })
            .collect();
        pair.check(&step(&format!("INSERT INTO many VALUES {}", rows.join(","))), Form::Text).await.unwrap();
    }
    let plain = "n.id, n.i, n.u, n.d, n.f, n.g, HEX(n.s), HEX(n.l), HEX(n.b), HEX(n.x), n.t, n.m, n.c";
    let before = status(lab, "Com_load").await;
    for list in [plain.to_owned(), format!("{plain}, n.y, n.z, n.e, n.bits + 0")] {
        for sql in [
            format!("SELECT {list} FROM hashed K JOIN many n ON n.i = K.k WHERE K.v = 0"),
            format!(
                "SELECT {list}, K.v FROM many n LEFT JOIN hashed K ON n.i = K.k AND K.v = 1 WHERE n.id % 3 <> 1"
            ),
        ] {
            let sql = sql.replacen("SELECT", "SELECT /*+ SHARDGATE(stay=K) */", 1);
            if let Err(difference) = pair.check(&step(&sql), Form::Text).await {
                panic!("{}", difference.chars().take(3000).collect::<String>());
            }
            assert!(explained(&mut client, &sql).await.contains("placed by key `i`"), "{sql}");
        }
    }
    assert!(status(lab, "Com_load").await > before, "servers that take files get them");
}
