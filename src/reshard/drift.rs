//! Drift: a logical table whose places define it differently. What most of them have is taken for what is meant, and the
//! others are shown as a diff against it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error as SqlError};

use super::server::quoted;
use crate::sql::definition::{Definition, as_logical, without_counter};

/// ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE
const MISSING: [u16; 2] = [1049, 1146];

/// A table's definition at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// `source/schema.table`
    pub(super) at: String,
    /// Its parts in words that are the same wherever the same is defined: columns in order, indexes and constraints,
    /// options, triggers.
    pub(super) lines: Vec<String>,
}

/// How a place names what the logical table calls otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) schema: &'a str,
    pub(super) table: &'a str,
    pub(super) logical: &'a str,
}

/// The parts of a table's definition; `None` where it does not exist.
pub(super) async fn lines(conn: &mut Conn, names: Names<'_>) -> mysql_async::Result<Option<Vec<String>>> {
    let Names { schema, table, logical } = names;
    // Servers word a definition by their own modes; with these all do it alike.
    conn.query_drop("SET SESSION sql_mode = '', sql_quote_show_create = 1").await?;
    let show = format!("SHOW CREATE TABLE {}.{}", quoted(schema), quoted(table));
    let row: Option<mysql_async::Row> = match conn.query_first(show).await {
        Err(SqlError::Server(error)) if MISSING.contains(&error.code) => return Ok(None),
        row => row?,
    };
    let Some(text) = row.and_then(|row| row.get_opt::<String, usize>(1)?.ok()) else { return Ok(None) };
    let text = as_logical(&without_counter(&text), table, logical);
    let mut lines: Vec<String> = Definition::read(&text).lines().into_iter().map(str::to_owned).collect();
    let select = "SELECT TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT FROM information_schema.TRIGGERS
        WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ? ORDER BY EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER";
    let triggers: Vec<(String, String, String, String)> = conn.exec(select, (schema, table)).await?;
    lines.extend(triggers.into_iter().map(|(name, timing, event, body)| {
        let words = body.split_whitespace().collect::<Vec<_>>().join(" ");
        as_logical(&format!("TRIGGER {} {timing} {event} {words}", quoted(&name)), table, logical)
    }));
    Ok(Some(lines))
}

/// For each place that defines something as most do not: a text that says where, and a diff.
pub(super) fn drift(what: &str, name: &str, found: &[Found]) -> Vec<String> {
    let mut groups: BTreeMap<&[String], Vec<&str>> = BTreeMap::new();
    for place in found {
        groups.entry(&place.lines).or_default().push(&place.at);
    }
    // Of equally many, those that the first place is among.
    let first = found.first().map(|place| place.lines.as_slice());
    let rank = |(lines, places): &(&&[String], &Vec<&str>)| (places.len(), Some(**lines) == first);
    let Some((usual, most)) = groups.iter().max_by_key(rank) else { return Vec::new() };
    let mut texts = Vec::new();
    for (lines, places) in groups.iter().filter(|(lines, _)| *lines != usual) {
        let mut text = format!(
            "{what} {name} is defined differently at {}: {} of {} places agree\n--- {}\n+++ {}",
            places.join(", "),
            most.len(),
            found.len(),
            most.join(", "),
            places.join(", ")
        );
        for (sign, line) in diff(usual, lines) {
            // Writing to a string does not fail.
            let _ = write!(text, "\n{sign} {line}");
        }
        texts.push(text);
    }
    texts
}

/// The lines that differ: those that only `old` has with `-`, those that only `new` has with `+`, in order.
fn diff<'l>(old: &'l [String], new: &'l [String]) -> Vec<(char, &'l str)> {
    // common[m][n]: how many lines the rests from m and n have in common, in order.
    let mut common = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    let at = |common: &[Vec<u32>], m: usize, n: usize| {
        common.get(m).and_then(|row| row.get(n)).copied().unwrap_or(0)
    };
    for (m, was) in old.iter().enumerate().rev() {
        for (n, is) in new.iter().enumerate().rev() {
            let longest = if was == is {
                at(&common, m + 1, n + 1) + 1
            } else {
                at(&common, m + 1, n).max(at(&common, m, n + 1))
            };
            if let Some(cell) = common.get_mut(m).and_then(|row| row.get_mut(n)) {
                *cell = longest;
            }
        }
    }
    let (mut m, mut n, mut out) = (0, 0, Vec::new());
    loop {
        match (old.get(m), new.get(n)) {
            (Some(was), Some(is)) if was == is => (m, n) = (m + 1, n + 1),
            (Some(was), is) if is.is_none() || at(&common, m + 1, n) >= at(&common, m, n + 1) => {
                out.push(('-', was.as_str()));
                m += 1;
            }
            (_, Some(is)) => {
                out.push(('+', is.as_str()));
                n += 1;
            }
            _ => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(at: &str, lines: &[&str]) -> Found {
        Found { at: at.to_owned(), lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }

    #[test]
    fn what_most_places_have_is_what_is_meant() {
        let usual = ["`id` int", "`a` int", "KEY `k` (`a`)"];
        let all = [
            found("ds0/s.t", &["`id` int", "`a` bigint", "`b` int", "KEY `k` (`a`)"]),
            found("ds1/s.t", &usual),
            found("ds2/s.t", &usual),
            found("ds3/s.t", &["`a` int", "`id` int", "KEY `k` (`a`)"]),
        ];
        let texts = drift("table", "d.t", &all);
        assert_eq!(texts.len(), 2);
        assert_eq!(
            texts.iter().find(|text| text.contains("at ds0/s.t")).unwrap(),
            "table d.t is defined differently at ds0/s.t: 2 of 4 places agree\n--- ds1/s.t, ds2/s.t\n+++ ds0/s.t\n\
             - `a` int\n+ `a` bigint\n+ `b` int"
        );
        let moved = texts.iter().find(|text| text.contains("at ds3/s.t")).unwrap();
        assert!(
            moved.ends_with("- `id` int\n+ `id` int") || moved.ends_with("+ `a` int\n- `a` int"),
            "{moved}"
        );
        assert_eq!(drift("table", "d.t", &all[1..3]), Vec::<String>::new());
        assert_eq!(drift("table", "d.t", &[]), Vec::<String>::new());
        // Two against two: the first is meant.
        let tie = [all[0].clone(), all[1].clone()];
        assert!(drift("table", "d.t", &tie)[0].contains("differently at ds1/s.t: 1 of 2"));
    }
}
