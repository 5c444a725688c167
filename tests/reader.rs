//! The reader of statements against another one: for every statement of the corpus that the `sqlparser` crate can read
//! too, both must find the same tables.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use shardgate::sql::facts::Kind;
use shardgate::sql::lex::Mode;
use shardgate::sql::{parse, split};
use sqlparser::ast::visit_relations;
use sqlparser::dialect::MySqlDialect;
use sqlparser::parser::Parser;

#[test]
fn both_readers_find_the_same_tables() {
    let mut compared = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/corpus")).unwrap() {
        let text = std::fs::read(file.unwrap().path()).unwrap();
        for range in split(&text, Mode::default()) {
            let Ok(sql) = std::str::from_utf8(&text[range]) else { continue };
            let Ok(ours) = parse(sql, Mode::default()) else { continue };
            let queries =
                matches!(ours.kind, Kind::Select(_) | Kind::Insert(_) | Kind::Update(_) | Kind::Delete(_));
            // sqlparser counts the names of common table expressions as tables.
            // It takes some of MySQL's modifiers for tables, and the aliases that DELETE names.
            let aliases = matches!(&ours.kind, Kind::Delete(delete) if !delete.targets.is_empty());
            let misread = ["LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK ", "UPDATE IGNORE"]
                .iter()
                .any(|word| sql.contains(word));
            if misread || aliases || !queries || sql.to_ascii_uppercase().contains("WITH ") {
                continue;
            }
            let Ok(theirs) = Parser::parse_sql(&MySqlDialect {}, sql) else { continue };
            let mut tables = BTreeSet::new();
            let _ = visit_relations(&theirs, |name| {
                let last = name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.clone());
                tables.extend(last);
                ControlFlow::<()>::Continue(())
            });
            tables.retain(|table| !table.eq_ignore_ascii_case("dual"));
            let found: BTreeSet<String> = ours.tables.iter().map(|table| table.name.text.clone()).collect();
            assert_eq!(found, tables, "{sql}");
            compared += 1;
        }
    }
    assert!(compared > 800, "only {compared} statements could be compared");
}
