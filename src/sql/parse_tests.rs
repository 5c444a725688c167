//! Statements read: kinds, conditions, places.

use super::*;
use crate::sql::facts::{Body, Compare, InsertSource, Kind as S, Operand, Predicate};
use proptest::prelude::*;

fn read(text: &str) -> Statement {
    parse(text, Mode::default()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn filter(text: &str) -> Predicate {
    match read(&format!("SELECT a FROM t WHERE {text}")).kind {
        S::Select(query) => match query.body {
            Body::Select(select) => select.filter.unwrap(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn conditions_are_turned_and_unknown_ones_are_other() {
    let is = |text: &str, wanted: Compare, param: u16| match filter(text) {
        Predicate::Compare(column, op, Operand::Param(i)) => {
            assert_eq!((column.name.text.as_str(), op, i), ("id", wanted, param), "{text}");
        }
        other => panic!("{text}: {other:?}"),
    };
    is("id = ?", Compare::Eq, 0);
    is("? < id", Compare::Gt, 0);
    is("(`id`) <=> (?)", Compare::NullSafeEq, 0);
    for other in
        ["id <> ?", "id + 1 = ?", "id = ? + 1", "NOT (id = ?)", "id = @x", "f(id) = ?", "id COLLATE c = ?"]
    {
        assert_eq!(filter(other), Predicate::Other, "{other}");
    }
    assert_eq!(filter("FALSE"), Predicate::Never);
    assert!(matches!(filter("id IN (?, ?)"), Predicate::In(_, values) if values.len() == 2));
    assert!(matches!(filter("id BETWEEN ? AND ?"), Predicate::Between(..)));
    assert!(matches!(filter("a = ? AND id = ? OR b = ?"), Predicate::Or(parts) if parts.len() == 2));
}

#[test]
fn statements_are_told_apart() {
    let cases = [
        ("SELECT 1", "Select"),
        ("(SELECT 1) UNION SELECT 2 ORDER BY 1", "Select"),
        ("WITH c AS (SELECT 1) SELECT * FROM c", "Select"),
        ("INSERT INTO t (a, b) VALUES (?, ?)", "Insert"),
        ("REPLACE t SET a = 1", "Insert"),
        ("UPDATE t SET a = 1 WHERE b = 2 ORDER BY c LIMIT 3", "Update"),
        ("DELETE FROM t WHERE a = 1", "Delete"),
        ("DELETE a FROM t a JOIN u b ON a.x = b.x", "Delete"),
        ("CREATE TABLE t (a INT, PRIMARY KEY (a))", "Ddl"),
        ("ALTER TABLE t ADD COLUMN b INT", "Ddl"),
        ("SET NAMES utf8mb4 COLLATE utf8mb4_bin, @a = 5, SESSION x = ON", "Set"),
        ("SHOW FULL COLUMNS FROM t FROM d LIKE 'a%'", "Show"),
        ("DESCRIBE t", "Describe"),
        ("EXPLAIN SHARDGATE SELECT 1", "Explain"),
        ("START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT", "Begin"),
        ("COMMIT AND NO CHAIN RELEASE", "Commit"),
        ("ROLLBACK TO SAVEPOINT a", "RollbackTo"),
        ("KILL QUERY 5", "Kill"),
        ("PREPARE a FROM 'SELECT 1'", "Prepare"),
        ("EXECUTE a USING @b, @c", "Execute"),
        ("-- nothing", "Empty"),
    ];
    for (text, wanted) in cases {
        let kind = format!("{:?}", read(text).kind);
        assert!(kind.starts_with(wanted), "{text}: {kind}");
    }
}

#[test]
fn a_misspelt_word_never_widens_a_statement() {
    for text in [
        "SELECT * FROM t wher id = 1",
        "UPDATE t SET a = 1 wher id = 2",
        "DELETE FROM t wher id = 2",
        "DELETE FROM t WHERE id = 2 limt 1",
        "INSERT INTO t VALUES (1) garbage",
        "SELECT 1 2",
        "FOO BAR",
        "SELEC 1",
        "SELECT a FROM t GROUP BY a DESC",
        "SELECT x FROM (SELECT a, b FROM t) d (x)",
        "SELECT x FROM (SELECT * FROM t) d (x)",
    ] {
        assert!(parse(text, Mode::default()).is_err(), "{text}");
    }
}

#[test]
fn tables_are_found_at_any_depth() {
    let text = "SELECT * FROM a JOIN b USING (x) WHERE EXISTS (SELECT 1 FROM d.c) AND y IN (SELECT z FROM (SELECT 1 FROM e) f)";
    let names: Vec<String> = read(text).tables.iter().map(|t| t.name.text.clone()).collect();
    assert_eq!(names, ["a", "b", "c", "e"]);
}

#[test]
fn rows_of_an_insert_have_exact_places() {
    let text = "INSERT INTO t (a, b) VALUES (?, 'x)'), ROW(?, (2))";
    let S::Insert(insert) = read(text).kind else { panic!() };
    let InsertSource::Rows(rows) = insert.source else { panic!() };
    let texts: Vec<&str> = rows.iter().map(|row| row.span.of(text)).collect();
    assert_eq!(texts, ["(?, 'x)')", "ROW(?, (2))"]);
}

proptest! {
    #[test]
    fn any_text_parses_or_does_not(text: String) {
        let _ = parse(&text, Mode::default());
    }

    #[test]
    fn any_soup_of_words_parses_or_does_not(words in proptest::collection::vec(0usize..40, 0..30)) {
        const WORDS: [&str; 40] = [
            "SELECT", "FROM", "WHERE", "(", ")", ",", "a", "b.c", "=", "?", "1", "'x'", "AND", "OR", "NOT", "IN", "BETWEEN",
            "JOIN", "LEFT", "ON", "USING", "GROUP", "BY", "ORDER", "LIMIT", "UNION", "INSERT", "INTO", "VALUES", "UPDATE",
            "SET", "DELETE", "CASE", "WHEN", "END", "*", "-", "INTERVAL", "COUNT(", "SHOW",
        ];
        let text: Vec<&str> = words.into_iter().map(|i| WORDS[i]).collect();
        let _ = parse(&text.join(" "), Mode::default());
    }
}

/// Whatever is written, the stack of a thread is enough to read it, and to forget it.
#[test]
fn nothing_overflows_the_stack() {
    let chain = |begin: &str, link: &str, times: usize| format!("{begin}{}", link.repeat(times));
    let texts = [
        (false, chain("SELECT 1", " UNION SELECT 1", 50_000)),
        (false, chain("SELECT 1 FROM t", " JOIN t", 50_000)),
        (false, chain("SELECT 1 FROM (t", ", t", 50_000) + ")"),
        (false, chain("WITH c AS (SELECT 1)", ", c AS (SELECT 1)", 50_000) + " SELECT 1"),
        (true, chain("SELECT 1 FROM t", ", t", 30_000)),
        (true, chain("SELECT 1 FROM t WHERE a = 1", " AND a = 1", 30_000)),
        (true, chain("SELECT 1 FROM t WHERE a = 1", " OR a = 1", 30_000)),
        (true, chain("SELECT 1", " + 1", 30_000)),
        (true, chain("SELECT 1", ", 1", 30_000)),
        (true, chain("SELECT 1", " COLLATE x", 30_000)),
        (true, chain("SELECT CASE", " WHEN 1 THEN 1", 30_000) + " END"),
        (false, chain("SELECT ", "(", 30_000)),
        (false, chain("SELECT ", "NOT ", 30_000)),
        (false, chain("", "EXPLAIN SHARDGATE ", 30_000) + "SELECT 1"),
        (false, chain("SELECT 1 FROM ", "(", 30_000)),
        (false, chain("", "(", 30_000) + "SELECT 1"),
        (false, chain("SELECT ", "(", 30_000) + "1" + &")".repeat(30_000)),
        (false, chain("SELECT 1 FROM t WHERE a = ", "(", 30_000) + "SELECT 1" + &")".repeat(30_000)),
    ];
    for (fine, text) in texts {
        let begin: String = text.chars().take(40).collect();
        let read = crate::sql::parse(&text, Mode::default());
        if fine {
            assert!(read.is_ok(), "{begin}: {:?}", read.err());
        }
    }
}
