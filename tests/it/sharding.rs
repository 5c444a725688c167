//! Rules held against a real server: the part that a rule computes is the part that its SQL form gives for the row,
//! and no row that MySQL finds by a comparison lies on a node that the rule leaves out.
//!
//! Works in a schema of its own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test: whatever fails here fails the test")]

use std::borrow::Cow;
use std::collections::HashMap;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder};
use shardgate::base::Value;
use shardgate::base::ids::NodeId;
use shardgate::sharding::moment::Moment;
use shardgate::sharding::{Charset, Function, Interval, Key, KeyColumn, KeyType, Parts, Place, Rule, Unit};

use crate::support::cluster::Lab;

/// One column type with the rules for it and the values to try.
struct Case {
    column: &'static str,
    rules: Vec<Rule>,
    values: Vec<Value>,
}

/// Everything that was compared, so that a caller can see that something was.
#[derive(Debug, Default)]
struct Tally {
    /// Rows whose part was computed on both sides.
    stored: usize,
    /// Comparisons whose rows were looked up.
    found: usize,
}

#[tokio::test]
async fn rules_are_what_a_server_computes() {
    let url = Lab::shared().await.oracle().url();
    let options = OptsBuilder::from_opts(Opts::from_url(&url).unwrap()).prefer_socket(false);
    let mut conn = Conn::new(options).await.unwrap();
    let tally = rules_agree_with_the_server(&mut conn).await;
    conn.disconnect().await.unwrap();
    println!("{} rows and {} comparisons", tally.stored, tally.found);
    assert!(tally.stored > 1000 && tally.found > 1000, "{tally:?}");
}

/// Runs the whole table of cases over a connection (character set utf8mb4). Panics at the first difference.
async fn rules_agree_with_the_server(conn: &mut Conn) -> Tally {
    conn.query_drop("SET NAMES utf8mb4").await.unwrap();
    conn.query_drop("CREATE DATABASE IF NOT EXISTS rules_test").await.unwrap();
    let mysql =
        !conn.query_first::<String, _>("SELECT VERSION()").await.unwrap().unwrap().contains("MariaDB");
    let mut tally = Tally::default();
    for case in cases(mysql) {
        check(conn, &case, &mut tally).await;
    }
    conn.query_drop("DROP DATABASE rules_test").await.unwrap();
    tally
}

/// A comparison of the key with one or two values, and the rows that the server finds by it.
struct Found<'a> {
    condition: String,
    wanted: Wanted<'a>,
    rows: Vec<usize>,
}

enum Wanted<'a> {
    Equal(&'a Value),
    Range(Option<(&'a Value, bool)>, Option<(&'a Value, bool)>),
    Null,
}

async fn check(conn: &mut Conn, case: &Case, tally: &mut Tally) {
    conn.query_drop("DROP TABLE IF EXISTS rules_test.t").await.unwrap();
    let create = format!("CREATE TABLE rules_test.t (n INT PRIMARY KEY, k {}) ENGINE=InnoDB", case.column);
    conn.query_drop(create).await.unwrap();
    let column = describe(conn).await;
    let mut rows = Vec::new();
    conn.query_drop("BEGIN").await.unwrap();
    for (n, value) in case.values.iter().enumerate() {
        let insert = format!("INSERT INTO rules_test.t VALUES ({n}, {})", literal(value));
        if conn.query_drop(insert).await.is_ok() {
            rows.push(n);
        }
    }
    conn.query_drop("COMMIT").await.unwrap();
    assert!(rows.len() * 3 > case.values.len(), "{}: most values are refused", case.column);
    let found = lookups(conn, &case.values).await;
    for rule in &case.rules {
        let at = format!("{} under {}", case.column, rule.describe());
        assert_eq!(rule.check_column(&column), Ok(()), "{at}");
        let parts = parts_of(conn, rule).await;
        tally.stored += stored(rule, &column, case, &rows, &parts, &at);
        let node = |n: usize| parts[&n].and_then(|part| rule.parts().node(part));
        for Found { condition, wanted, rows } in &found {
            let nodes = match wanted {
                Wanted::Range(low, high) => rule.find_range(*low, *high),
                Wanted::Equal(value) => nodes_of(rule, rule.find_equal(value)),
                Wanted::Null => nodes_of(rule, rule.find_null()),
            };
            covered(rows, &nodes, node, &format!("{at}: {condition}"));
            tally.found += 1;
        }
    }
}

fn nodes_of(rule: &Rule, place: Place) -> Vec<NodeId> {
    match place {
        Place::One(node) => vec![node],
        Place::Nowhere => Vec::new(),
        Place::Unknown => rule.all(),
    }
}

/// The part of each row by the rule's SQL form.
async fn parts_of(conn: &mut Conn, rule: &Rule) -> HashMap<usize, Option<u32>> {
    let select = format!("SELECT n, {} FROM rules_test.t AS t", rule.sql_form("`t`.`k`"));
    conn.query::<(usize, Option<u32>), _>(select).await.unwrap().into_iter().collect()
}

/// Holds the rule's own answer for each stored value against its row's part; answers how many there were.
fn stored(
    rule: &Rule,
    column: &KeyColumn,
    case: &Case,
    rows: &[usize],
    parts: &HashMap<usize, Option<u32>>,
    at: &str,
) -> usize {
    let mut count = 0;
    for &n in rows {
        let value = &case.values[n];
        match rule.store_in(value, column) {
            Ok(node) => {
                let part = parts[&n].unwrap_or_else(|| panic!("{at}: {value:?} has no part at the server"));
                assert_eq!(Some(node), rule.parts().node(part), "{at}: {value:?} is in part {part}");
                count += 1;
            }
            Err(error) if error.is(shardgate::base::Code::NoPartition) => {
                assert_eq!(parts[&n], None, "{at}: {value:?}");
            }
            Err(_) => {}
        }
    }
    count
}

/// Every value in every comparison, and pairs of them in BETWEEN.
async fn lookups<'a>(conn: &mut Conn, values: &'a [Value]) -> Vec<Found<'a>> {
    let mut all = vec![("k IS NULL".to_owned(), Wanted::Null)];
    for value in values {
        let text = literal(value);
        all.push((format!("k = {text}"), Wanted::Equal(value)));
        all.push((format!("k < {text}"), Wanted::Range(None, Some((value, false)))));
        all.push((format!("k <= {text}"), Wanted::Range(None, Some((value, true)))));
        all.push((format!("k > {text}"), Wanted::Range(Some((value, false)), None)));
        all.push((format!("k >= {text}"), Wanted::Range(Some((value, true)), None)));
    }
    let pairs = values.iter().zip(values.iter().skip(1)).chain(values.iter().zip(values.iter().skip(7)));
    for (a, b) in pairs.flat_map(|(a, b)| [(a, b), (b, a)]) {
        let condition = format!("k BETWEEN {} AND {}", literal(a), literal(b));
        all.push((condition, Wanted::Range(Some((a, true)), Some((b, true)))));
    }
    let mut found = Vec::new();
    for (condition, wanted) in all {
        // Some comparisons (a date column with a text that is none) are refused by the server.
        let select = format!("SELECT n FROM rules_test.t AS t WHERE {condition}");
        let rows = conn.query(select).await.unwrap_or_default();
        found.push(Found { condition, wanted, rows });
    }
    found
}

fn covered(rows: &[usize], nodes: &[NodeId], node: impl Fn(usize) -> Option<NodeId>, at: &str) {
    for &n in rows {
        assert!(node(n).is_none_or(|node| nodes.contains(&node)), "{at} finds row {n} outside of {nodes:?}");
    }
}

async fn describe(conn: &mut Conn) -> KeyColumn {
    type Row = (String, String, String, Option<String>, Option<String>, Option<u64>, Option<u32>);
    let row: Row = conn
        .query_first(
            "SELECT CAST(DATA_TYPE AS CHAR), CAST(COLUMN_TYPE AS CHAR), IS_NULLABLE, CHARACTER_SET_NAME,
                    COLLATION_NAME, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE
             FROM information_schema.COLUMNS
             WHERE TABLE_SCHEMA = 'rules_test' AND TABLE_NAME = 't' AND COLUMN_NAME = 'k'",
        )
        .await
        .unwrap()
        .unwrap();
    KeyColumn {
        table: "t".into(),
        name: "k".into(),
        data_type: row.0.to_lowercase(),
        column_type: row.1,
        nullable: row.2 == "YES",
        charset: row.3,
        collation: row.4,
        length: row.5,
        scale: row.6,
    }
}

/// A value as a client writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Int(n) => n.to_string(),
        Value::UInt(n) => n.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::Double(d) => format!("{d:e}"),
        Value::Str(text) => {
            let text = std::str::from_utf8(text).unwrap();
            format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''").replace('\0', "\\0"))
        }
        Value::Bytes(bytes) => format!("x'{}'", shardgate::base::hex(bytes)),
        Value::Date(text) if text.len() == 10 => format!("DATE'{text}'"),
        Value::Date(text) => format!("TIMESTAMP'{text}'"),
        Value::Time(text) => format!("TIME'{text}'"),
    }
}

fn ints(list: &[i64]) -> Vec<Value> {
    list.iter().copied().map(Value::Int).collect()
}

fn strs<T: AsRef<str>>(list: &[T]) -> Vec<Value> {
    list.iter().map(|text| Value::Str(text.as_ref().as_bytes().to_vec())).collect()
}

fn decimals(list: &[&str]) -> Vec<Value> {
    list.iter().map(|text| Value::Decimal((*text).into())).collect()
}

fn rule(key: KeyType, function: Function, nodes: u16, null: Option<u32>) -> Rule {
    let parts = Parts::even(function.parts(), nodes);
    Rule::new(key, function, parts, null).unwrap()
}

fn list(key: KeyType, lists: Vec<Vec<Key<'static>>>, default: Option<u32>, null: Option<u32>) -> Rule {
    let parts = lists.len() as u32;
    let mut keys: Vec<_> = lists
        .into_iter()
        .enumerate()
        .flat_map(|(part, keys)| keys.into_iter().map(move |key| (key, part as u32)))
        .collect();
    keys.sort();
    rule(key, Function::List { keys, parts, default }, parts as u16, null)
}

fn range(key: KeyType, bounds: Vec<Key<'static>>, null: Option<u32>) -> Rule {
    let nodes = bounds.len() as u16 + 1;
    rule(key, Function::Range { bounds }, nodes, null)
}

fn text(text: &'static str) -> Key<'static> {
    Key::Bytes(Cow::Borrowed(text.as_bytes()))
}

fn moment(text: &str) -> Moment {
    Moment::parse(text.as_bytes()).unwrap()
}

fn cases(mysql: bool) -> Vec<Case> {
    let mut all = integers();
    all.extend(texts(mysql));
    all.extend(binaries());
    all.extend(times());
    all.push(decimal_case());
    all
}

fn integers() -> Vec<Case> {
    let key = KeyType::Integer;
    let rules = || {
        let int = |n: i128| Key::Int(n);
        vec![
            Rule::hash(key, 1024, 4),
            Rule::hash(key, 7, 3),
            Rule::modulo(4, 4),
            Rule::modulo(13, 5),
            range(key, vec![int(-5), int(0), int(100), int(1 << 63)], Some(1)),
            range(key, vec![int(7)], None),
            list(key, vec![vec![int(-1), int(1), int(u64::MAX.into())], vec![int(0), int(5)]], None, None),
            list(key, vec![vec![int(5)], vec![int(-2), int(300)], vec![]], Some(2), Some(0)),
        ]
    };
    let mut values =
        ints(&[0, 1, -1, 2, -2, 3, -3, 4, -4, -5, 5, 7, 9, 10, 99, 100, 101, 127, -128, 255, 300, 32767]);
    values.extend(ints(&[
        -32768,
        65535,
        1 << 24,
        -(1 << 31),
        (1 << 31) - 1,
        1 << 31,
        (1 << 32) - 1,
        1 << 53,
    ]));
    values.extend(ints(&[(1 << 53) - 1, (1 << 53) + 1, i64::MAX, i64::MAX - 1, i64::MIN, i64::MIN + 1]));
    values.extend([1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX, 12].map(Value::UInt));
    values.extend(decimals(&[
        "0.4",
        "0.5",
        "-0.5",
        "1.5",
        "2.5",
        "-2.5",
        "5.0",
        "-1.49",
        "99.999",
        "18446744073709551616",
    ]));
    values.extend(decimals(&["9007199254740993.0", "-0.0", "+3", ".5", "7."]));
    values.extend([0.0, 5.0, 5.5, -3.0, 1e3, 9.007_199_254_740_992e15, 1e19, 1e300].map(Value::Double));
    values.extend(strs(&[
        "5",
        "-5",
        "0",
        "-0",
        "007",
        "5abc",
        " 5",
        "5 ",
        "",
        "abc",
        "5.0",
        "1e2",
        "9007199254740993",
    ]));
    values.extend(strs(&["9223372036854775807", "18446744073709551615", "99999999999999999999999"]));
    values.extend(strs(&[
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "9007199254740992",
    ]));
    values.extend([Value::Bytes(vec![5]), Value::Bytes(b"5".to_vec()), Value::Null]);
    values.extend([Value::Date("2024-01-01".into()), Value::Null]);
    ["BIGINT", "BIGINT UNSIGNED", "INT", "INT UNSIGNED", "MEDIUMINT", "SMALLINT UNSIGNED", "TINYINT"]
        .map(|column| Case { column, rules: rules(), values: values.clone() })
        .into()
}

fn texts(mysql: bool) -> Vec<Case> {
    let values = || {
        let mut values =
            strs(&["", " ", "  ", "a", "a ", "a  ", "A", "Bob", "bob", "BOB", "a\t", "a\tb", "a b", "a\0"]);
        values.extend(strs(&[
            "\0", "\u{1}", "a'b", "a\\b", "%", "ä", "Ä", "ae", "ß", "ss", "é", "e\u{301}", "ﬁ", "Ａ",
        ]));
        values.extend(strs(&[
            "日本", "😀", "\u{FFFD}", "\u{FFFF}", "m", "mm", "z", "1", "01", "1 ", "\u{A0}", "€",
        ]));
        values.extend((0..=255u8).map(|b| Value::Str(char::from(b).to_string().into_bytes())));
        values
            .extend("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".chars().map(|c| Value::Str(format!("x{c}").into_bytes())));
        values.extend(ints(&[0, 1, -1, i64::MIN]));
        values.extend([
            Value::UInt(u64::MAX),
            Value::Decimal("1.50".into()),
            Value::Double(1.0),
            Value::Null,
        ]);
        values.extend(
            [b"a".to_vec(), b"a ".to_vec(), vec![0xC3, 0xA4], vec![0xE4], vec![0xFF]].map(Value::Bytes),
        );
        values.extend([Value::Date("2024-01-01".into()), Value::Date("2024-01-01 00:00:00".into())]);
        values
    };
    let rules = |charset: Charset| {
        let key = KeyType::String(charset);
        vec![
            Rule::hash(key, 1024, 4),
            range(key, vec![text("A"), text("a\u{5}"), text("m"), text("é")], None),
            list(
                key,
                vec![vec![text(""), text("Bob")], vec![text("bob"), text("a"), text("ß")]],
                Some(1),
                Some(1),
            ),
        ]
    };
    let mut columns = vec![
        ("VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", Charset::Utf8mb4),
        ("CHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", Charset::Utf8mb4),
        ("TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", Charset::Utf8mb4),
        ("VARCHAR(30) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", Charset::Utf8mb3),
        ("VARCHAR(30) CHARACTER SET latin1 COLLATE latin1_bin", Charset::Latin1),
        ("CHAR(30) CHARACTER SET latin1 COLLATE latin1_bin", Charset::Latin1),
        ("VARCHAR(30) CHARACTER SET ascii COLLATE ascii_bin", Charset::Ascii),
    ];
    columns.push(if mysql {
        ("VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin", Charset::Utf8mb4)
    } else {
        ("VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", Charset::Utf8mb4)
    });
    let case = |(column, charset)| {
        let mut values = values();
        if charset == Charset::Ascii {
            // MariaDB takes any byte into an ascii column; such a row has no character, hence no key.
            values.retain(|value| !matches!(value, Value::Bytes(bytes) if !bytes.is_ascii()));
        }
        Case { column, rules: rules(charset), values }
    };
    columns.into_iter().map(case).collect()
}

fn binaries() -> Vec<Case> {
    let bytes = |list: &[&[u8]]| list.iter().map(|b| Value::Bytes(b.to_vec())).collect::<Vec<_>>();
    let mut values =
        bytes(&[b"", b"\0", b"a", b"a\0", b"a\0\0", b"a\0b", b"a ", b" ", b"\xFF", b"\xC3\x28", b"m", b"zz"]);
    values.extend((0..=255u8).map(|b| Value::Bytes(vec![b])));
    values.extend((0..=255u8).map(|b| Value::Bytes(vec![b, 0, b])));
    values.extend(strs(&["a", "a ", "ä", "日本", "", "A"]));
    values.extend(ints(&[0, 5, -7]));
    values.push(Value::Null);
    let key = KeyType::Binary;
    ["VARBINARY(30)", "BINARY(16)", "BLOB"]
        .map(|column| Case {
            column,
            rules: vec![
                Rule::hash(key, 1024, 4),
                range(key, vec![text("\u{1}"), text("a"), text("m")], Some(3)),
                list(key, vec![vec![text("a"), text("")], vec![text("\u{1}")]], None, None),
            ],
            values: values.clone(),
        })
        .into()
}

fn times() -> Vec<Case> {
    let mut values =
        strs(&["2024-01-01", "2024-01-31", "2024-02-29", "2023-12-31", "2025-01-01", "0001-01-01"]);
    values.extend(strs(&[
        "9999-12-31",
        "1970-01-01",
        "2024-01-01 00:00:00",
        "2024-01-01 10:00:00",
        "2024-06-15",
    ]));
    values.extend(strs(&[
        "2024-01-31 23:59:59",
        "2024-01-31 23:59:59.4",
        "2024-01-31 23:59:59.5",
        "2024-12-31",
    ]));
    values.extend(strs(&[
        "2024-01-31 23:59:59.999999",
        "2024-01-31 23:59:59.9999995",
        "2024-02-01",
        "2024-02-02",
    ]));
    values.extend(strs(&[
        "2024-1-1",
        "20240101",
        "24-01-01",
        "2024/01/01",
        "2024-02-30",
        "0000-00-00",
        "",
        "x",
    ]));
    values.extend(strs(&[
        "2024-01-01T10:00:00",
        "2024-01-01 10:00",
        "2024-01-01 00:00:00.000000",
        "2022-05-05",
    ]));
    values.extend(
        ["2024-01-01", "2024-03-01", "2024-01-31 23:59:59.6", "2024-05-05 12:30:00"]
            .map(|t| Value::Date(t.into())),
    );
    values.extend([Value::Int(20_240_101), Value::Int(0), Value::Double(20_240_101.0), Value::Null]);
    let interval = |key, unit, every, start: &str, parts, wrap, null| {
        let start = moment(start);
        rule(key, Function::Interval(Interval { unit, every, start, parts, wrap }), 2, null)
    };
    let rules = |key| {
        vec![
            Rule::hash(key, 1024, 4),
            interval(key, Unit::Month, 1, "2023-12-01", 4, false, None),
            interval(key, Unit::Month, 3, "2024-01-01", 4, true, Some(1)),
            interval(key, Unit::Day, 1, "2024-01-01", 60, false, Some(0)),
            interval(key, Unit::Day, 7, "2024-01-01", 5, true, None),
            interval(key, Unit::Year, 1, "2023-01-01", 3, false, None),
            interval(key, Unit::Year, 10, "2000-01-01", 3, true, None),
            range(
                key,
                ["2024-01-01", "2024-02-01", "2025-01-01"].map(|t| Key::Moment(moment(t))).into(),
                None,
            ),
            list(
                key,
                vec![vec![Key::Moment(moment("2024-01-01"))], vec![Key::Moment(moment("2024-02-01"))]],
                None,
                None,
            ),
        ]
    };
    [
        ("DATE", KeyType::Date),
        ("DATETIME", KeyType::Datetime),
        ("DATETIME(3)", KeyType::Datetime),
        ("DATETIME(6)", KeyType::Datetime),
    ]
    .map(|(column, key)| Case { column, rules: rules(key), values: values.clone() })
    .into()
}

fn decimal_case() -> Case {
    let key = KeyType::Decimal { scale: 2 };
    let number = |text: &str| Key::Decimal(text.parse().unwrap());
    let mut values =
        decimals(&["0", "0.00", "-0.00", "1", "1.5", "1.50", "1.500", "1.005", "1.004", "-1.005", "2.675"]);
    values.extend(decimals(&[
        "99999999999999999999.99",
        "-99999999999999999999.99",
        "10",
        "100.00",
        "0.001",
        "-0.001",
    ]));
    values.extend(decimals(&[".5", "+7.25", "12345678901234567890.12", "9.999", "10.001"]));
    values.extend(ints(&[0, 1, -1, 5, 10, 100, i64::MAX]));
    values.extend(strs(&["1.5", "1.50", "1.005", "-7", "1e2", "abc", "", "0", " 1"]));
    values.extend([Value::Double(1.5), Value::Double(0.1), Value::Null]);
    Case {
        column: "DECIMAL(22,2)",
        rules: vec![
            Rule::hash(key, 1024, 4),
            range(key, vec![number("0.00"), number("1.50"), number("10.00")], Some(0)),
            list(key, vec![vec![number("1.50"), number("0.00")], vec![number("1.01")]], None, None),
        ],
        values,
    }
}
