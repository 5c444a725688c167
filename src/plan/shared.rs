//! A query whose rows are read as a statement reads what it changes others by: with shared locks at any depth, so that the
//! rows are what is there now, and stay. A lock clause reaches no subquery (MySQL 8.4 manual, "Locking Reads"): each query
//! gets its own.

use super::names::each_query;
use super::refuse;
use crate::base::{Error, Result};
use crate::sql;
use crate::sql::facts::{Body, Query, Span, Statement, TableRef};
use crate::sql::lex::Mode;
use crate::sql::normalise::Normalised;

/// What locks what a query reads.
const SHARED: &str = " LOCK IN SHARE MODE";

/// The text of a query with shared locks on all that it reads; its own lock clauses stay as they are.
///
/// # Errors
/// 1235 for what cannot be told to lock.
pub fn shared(text: &[u8], mode: Mode) -> Result<Vec<u8>> {
    let shape = Normalised::verbatim(text);
    let statement = sql::parse(&shape.masked(), mode)
        .map_err(|error| Error::refused(error.message, "write it in a simpler form"))?;
    let (mut sides, mut locked, mut unlocked) = (Vec::new(), Vec::new(), false);
    each_query(&statement, &mut |query| match &query.body {
        Body::Set { left, right, .. } => sides.extend([left.span, right.span]),
        Body::Select(select) => {
            if query.lock.is_none() && select.from.iter().any(|from| reads(&statement, from)) {
                locked.push(query.span);
            }
        }
        Body::Other => unlocked |= statement.tables.iter().any(|table| is_in(query, table.span)),
    });
    if unlocked {
        return Err(refuse::feature(
            "TABLE or VALUES in a query whose rows are locked, as changes in a transaction lock what they read",
            "write SELECT",
        ));
    }
    let mut pieces = Vec::new();
    for span in locked {
        // A side of UNION has a clause of its own only in parentheses.
        let is_side = sides.contains(&span);
        pieces.extend(is_side.then_some((span.start, "(".to_owned())));
        pieces.push((span.end, if is_side { format!("{SHARED})") } else { SHARED.to_owned() }));
    }
    pieces.sort_by_key(|(at, _)| *at);
    let (mut out, mut from) = (Vec::with_capacity(text.len() + SHARED.len()), 0);
    for (at, piece) in pieces {
        out.extend_from_slice(text.get(from..at as usize).unwrap_or_default());
        out.extend_from_slice(piece.as_bytes());
        from = at as usize;
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    Ok(out)
}

/// Whether a table stands here, outside of subqueries.
fn reads(statement: &Statement, from: &TableRef) -> bool {
    match from {
        // The names of common table expressions are not among the statement's tables.
        TableRef::Table(name) => statement.tables.iter().any(|table| table.span == name.span),
        TableRef::Join { left, right, .. } => reads(statement, left) || reads(statement, right),
        TableRef::Derived { .. } | TableRef::Function => false,
    }
}

fn is_in(query: &Query, span: Span) -> bool {
    query.span.start <= span.start && span.end <= query.span.end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locks(sql: &str) -> String {
        let text = shared(sql.as_bytes(), Mode::default()).unwrap();
        String::from_utf8(text).unwrap().replace(SHARED, " L")
    }

    #[test]
    fn each_query_that_reads_a_table_locks() {
        for (sql, locked) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT a FROM t ORDER BY a LIMIT 2 -- t", "SELECT a FROM t ORDER BY a LIMIT 2 L -- t"),
            ("SELECT (SELECT b FROM s) ", "SELECT (SELECT b FROM s L) "),
            (
                "SELECT a FROM t WHERE a IN (SELECT b FROM s WHERE EXISTS (SELECT 1 FROM r))",
                "SELECT a FROM t WHERE a IN (SELECT b FROM s WHERE EXISTS (SELECT 1 FROM r L) L) L",
            ),
            ("SELECT * FROM (SELECT a FROM t) d", "SELECT * FROM (SELECT a FROM t L) d"),
            ("WITH c AS (SELECT a FROM t) SELECT a FROM c", "WITH c AS (SELECT a FROM t L) SELECT a FROM c"),
            ("SELECT a FROM t JOIN c ON a = b FOR UPDATE", "SELECT a FROM t JOIN c ON a = b FOR UPDATE"),
            (
                "SELECT a FROM t UNION SELECT 1 UNION ALL (SELECT b FROM s LIMIT 1) ORDER BY a",
                "(SELECT a FROM t L) UNION SELECT 1 UNION ALL ((SELECT b FROM s LIMIT 1 L)) ORDER BY a",
            ),
        ] {
            assert_eq!(locks(sql), locked);
        }
        assert!(shared(b"SELECT 1 FROM t UNION TABLE s", Mode::default()).is_err());
    }
}
