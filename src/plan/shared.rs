//! A query whose rows are read as a statement reads what it changes others by: with shared locks at any depth, so that the
//! rows are what is there now, and stay. A lock clause reaches no subquery (MySQL 8.4 manual, "Locking Reads"): each query
//! gets its own. TABLE takes none, and is written as the SELECT that it stands for.

use super::names::each_query;
use super::refuse;
use crate::base::{Error, Result};
use crate::sql;
use crate::sql::facts::{Body, Query, Span, Statement, TableName, TableRef};
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
    let (mut sides, mut locked, mut tables, mut unlocked) = (Vec::new(), Vec::new(), Vec::new(), false);
    each_query(&statement, &mut |query| match &query.body {
        Body::Set { left, right, .. } => sides.extend([left.span, right.span]),
        Body::Select(select) => {
            if query.lock.is_none() && select.from.iter().any(|from| reads(&statement, from)) {
                locked.push(query.span);
            }
        }
        Body::Other => {
            let own = statement.tables.iter().filter(|table| is_in(query, table.span));
            let own: Vec<_> = own.filter(|t| !query.with.iter().any(|c| is_in(&c.query, t.span))).collect();
            match own.as_slice() {
                [] => {}
                [table] if query.lock.is_some() && keyword(text, table).is_some() => {}
                [table] => match keyword(text, table) {
                    Some(at) => {
                        tables.push(at);
                        locked.push(query.span);
                    }
                    None => unlocked = true,
                },
                _ => unlocked = true,
            }
        }
    });
    if unlocked {
        return Err(refuse::feature(
            "a subquery in VALUES of a query whose rows are locked, as changes in a transaction lock what they read",
            "write SELECT … UNION ALL SELECT …",
        ));
    }
    let insert = |at: u32, text: &str| (Span { start: at, end: at }, text.to_owned());
    let mut pieces = Vec::new();
    for span in locked {
        // A side of UNION has a clause of its own only in parentheses.
        let is_side = sides.contains(&span);
        pieces.extend(is_side.then(|| insert(span.start, "(")));
        pieces.push(insert(span.end, SHARED));
        pieces.extend(is_side.then(|| insert(span.end, ")")));
    }
    pieces.extend(tables.into_iter().map(|keyword| (keyword, "SELECT * FROM".to_owned())));
    pieces.sort_by_key(|(span, _)| span.start);
    let (mut out, mut from) = (Vec::with_capacity(text.len() + SHARED.len()), 0);
    for (span, piece) in pieces {
        out.extend_from_slice(text.get(from..span.start as usize).unwrap_or_default());
        out.extend_from_slice(piece.as_bytes());
        from = span.end as usize;
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

/// Where TABLE stands before a table's name.
fn keyword(text: &[u8], table: &TableName) -> Option<Span> {
    const TABLE: &[u8] = b"TABLE";
    let before = text.get(..table.span.start as usize)?.trim_ascii_end();
    let start = before.len().checked_sub(TABLE.len())?;
    let is_keyword = before.get(start..)?.eq_ignore_ascii_case(TABLE);
    is_keyword.then_some(Span { start: start as u32, end: before.len() as u32 })
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
            ("TABLE t", "SELECT * FROM t L"),
            ("table\n t ORDER BY a LIMIT 2", "SELECT * FROM\n t ORDER BY a LIMIT 2 L"),
            ("TABLE t FOR UPDATE", "TABLE t FOR UPDATE"),
            ("SELECT 1 FROM t UNION TABLE s", "(SELECT 1 FROM t L) UNION (SELECT * FROM s L)"),
            (
                "SELECT a FROM t WHERE (a, b) IN (TABLE s) UNION VALUES ROW(1)",
                "(SELECT a FROM t WHERE (a, b) IN (SELECT * FROM s L) L) UNION VALUES ROW(1)",
            ),
            (
                "WITH c AS (TABLE t), d AS (SELECT a FROM s) TABLE c",
                "WITH c AS (SELECT * FROM t L), d AS (SELECT a FROM s L) TABLE c",
            ),
        ] {
            assert_eq!(locks(sql), locked);
        }
        let hidden = [&b"VALUES ROW((SELECT MAX(a) FROM t))"[..], b"TABLE /* a comment */ t"];
        assert!(hidden.iter().all(|sql| shared(sql, Mode::default()).is_err()));
    }
}
