//! `column IN (SELECT …)` as a conjunct of WHERE: seen in the text around the subquery, since facts keep only that
//! the condition is not of a simple form.

use crate::sql::facts::{ColumnRef, Expr, Query};

/// The outer column of `column IN (subquery)`, where that is one of the conjuncts of the whole condition. `None`
/// wherever the text is not plainly so.
pub(super) fn outer_column<'e>(shape: &str, filter: &'e Expr, query: &Query) -> Option<&'e ColumnRef> {
    let before = shape.get(filter.span.start as usize..query.span.start as usize)?;
    let after = shape.get(query.span.end as usize..filter.span.end as usize)?;
    let head = strip_word(before.trim_end().strip_suffix('(')?.trim_end(), "IN")?.trim_end();
    let tail = after.trim_start().strip_prefix(')')?;
    let column = filter.columns.iter().find(|c| {
        let end = filter.span.start as usize + head.len();
        c.name.span.end as usize == end
    })?;
    let start = column.schema.as_ref().or(column.table.as_ref()).unwrap_or(&column.name).span.start;
    let lead = shape.get(filter.span.start as usize..start as usize)?;
    (conjuncts_only(lead) && ends_in_and(lead) && conjuncts_only(tail) && starts_with_and(tail))
        .then_some(column)
}

fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let at = text.len().checked_sub(word.len())?;
    let (head, last) = (text.get(..at)?, text.get(at..)?);
    (last.eq_ignore_ascii_case(word) && head.ends_with([' ', '\t', '\n', '\r', '`'])).then_some(head)
}

fn ends_in_and(lead: &str) -> bool {
    let lead = lead.trim_end();
    lead.is_empty() || lead.split_whitespace().next_back().is_some_and(|w| w.eq_ignore_ascii_case("AND"))
}

fn starts_with_and(tail: &str) -> bool {
    let tail = tail.trim();
    tail.is_empty() || tail.split_whitespace().next().is_some_and(|w| w.eq_ignore_ascii_case("AND"))
}

/// Whether a part of a condition is joined by AND alone: any word or sign that could join or negate otherwise, and
/// anything that could hide one, says no.
fn conjuncts_only(text: &str) -> bool {
    let plain =
        !text.contains(['\'', '"', '#', '|', '&', '!']) && !text.contains("--") && !text.contains("/*");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '`' && c != '.');
    plain
        && words.into_iter().all(|w| {
            !["OR", "XOR", "NOT", "BETWEEN", "CASE", "SELECT", "IS"]
                .iter()
                .any(|bad| w.eq_ignore_ascii_case(bad))
        })
        && balanced(text)
}

fn balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}
