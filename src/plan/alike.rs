//! Tables whose rows count once, however many are alike in what is needed of them: they are pulled once. So it is where a row
//! is only sought (EXISTS, IN), and under aggregates that are the same however often a value comes: COUNT(DISTINCT …),
//! MIN, MAX.

use super::names::Ctx;
use super::pull::from_tables;
use super::staged::Staging;
use crate::sql::facts::{Aggregate, Body, Expr, Func, Item, Query, Select};
use crate::topology::schema::{Column, TableSchema};

/// How rows that are alike are pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Once {
    /// Each of them.
    No,
    /// One of them: no value of a needed column has another form that is equal to it.
    Alike,
    /// The first of those that are alike byte by byte, by this column: in its order a server reads rows, and shows the first of
    /// several forms of a string.
    First(String),
}

impl Once {
    /// Whether rows are told apart by this column, so that it stands for the first.
    pub(super) fn is_first(&self, column: &Column) -> bool {
        matches!(self, Self::First(name) if *name == column.name)
    }

    /// What stands behind the conditions of a pull of these columns.
    pub(super) fn groups(&self, columns: &[&Column], named: impl Fn(&Column) -> String) -> String {
        if !matches!(self, Self::First(_)) {
            return String::new();
        }
        let kept = columns.iter().enumerate().filter(|(_, column)| !self.is_first(column));
        let keys = kept.map(|(n, column)| {
            let bytes = is_string(column).then(|| format!(", CAST({} AS BINARY)", named(column)));
            format!("{}{}", n + 1, bytes.unwrap_or_default())
        });
        format!(" GROUP BY {} ORDER BY NULL", keys.collect::<Vec<_>>().join(", "))
    }
}

impl Staging<'_> {
    /// How rows of a table that are alike are pulled.
    pub(super) fn once(&self, i: usize, schema: &TableSchema) -> Once {
        let Some((_, grouped)) = self.alike.iter().find(|(table, _)| *table == i) else { return Once::No };
        if self.query.lock.is_some() {
            return Once::No;
        }
        let columns = self.needed(i, schema, false);
        let has = |name: &String| columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        // With all of a unique key no two rows are alike.
        if schema.unique.iter().any(|key| key.iter().all(has)) {
            return Once::No;
        }
        let plain = columns.iter().all(|column| has_one_form(column));
        let primary = match schema.unique.first().map(Vec::as_slice) {
            Some([name]) => schema.position(name).and_then(|at| schema.columns.get(at)),
            _ => None,
        };
        match primary {
            _ if plain && !grouped => Once::Alike,
            Some(primary)
                if !primary.nullable
                    && primary.data_type != "timestamp"
                    && has_one_form(primary)
                    && columns.iter().all(|column| has_one_form(column) || is_string(column)) =>
            {
                Once::First(primary.name.clone())
            }
            _ if plain => Once::Alike,
            _ => Once::No,
        }
    }
}

/// Whether values of a type that are equal are one and the same: no other case, no spaces behind, no two zeros.
pub(super) fn has_one_form(column: &Column) -> bool {
    let kind = column.data_type.as_str();
    [
        "tinyint",
        "smallint",
        "mediumint",
        "int",
        "bigint",
        "decimal",
        "date",
        "datetime",
        "timestamp",
        "time",
        "year",
    ]
    .contains(&kind)
}

fn is_string(column: &Column) -> bool {
    matches!(column.data_type.as_str(), "char" | "varchar")
}

/// Tables of a query's own FROM whose rows count once (index in `Plan::tables`); `true`: they make groups, which come in some
/// order.
pub(super) fn tables(ctx: &Ctx<'_>, query: &Query, out: &mut Vec<(usize, bool)>) {
    let Body::Select(select) = &query.body else { return };
    let fickle = |name: &str| ["RAND", "UUID", "SLEEP", "ROWNUM"].contains(&name);
    let changes =
        ctx.statement.functions.iter().any(|call| query.span.holds(call.span) && fickle(&call.name));
    let sought = sought(ctx, query, "EXISTS") || sought(ctx, query, "IN");
    if !changes && (sought || groups_once(query, select)) {
        let tables = from_tables(select).into_iter().filter_map(|(name, _)| ctx.index_of(name));
        out.extend(tables.map(|table| (table, !sought)));
    }
}

/// Whether a query is only asked whether it has rows: what they are does not matter.
pub(super) fn exists(ctx: &Ctx<'_>, query: &Query) -> bool {
    sought(ctx, query, "EXISTS")
}

/// Whether the groups of a SELECT are the same however often a row is in them.
fn groups_once(query: &Query, select: &Select) -> bool {
    let order = query.order_by.iter().map(|item| &item.expr);
    let exprs: Vec<&Expr> = super::select::item_exprs(select).chain(&select.having).chain(order).collect();
    let once = |aggregate: &Aggregate| match aggregate.func {
        Func::Min | Func::Max | Func::BitAnd | Func::BitOr => true,
        Func::Count | Func::Sum | Func::Avg => aggregate.distinct,
        _ => false,
    };
    let mut aggregates = exprs.iter().flat_map(|expr| &expr.aggregates).peekable();
    aggregates.peek().is_some()
        && aggregates.all(once)
        && !select.windows
        && !select.items.iter().any(|item| matches!(item, Item::Star { .. }))
        // A subquery may hold aggregates of this one's rows.
        && exprs.iter().all(|expr| !expr.window && expr.subqueries.is_empty())
}

/// Whether the query is that of `EXISTS (query)` or `… IN (query)`, and means the same however often a row is there. `false`
/// wherever the text is not plainly so, or the query counts its rows.
fn sought(ctx: &Ctx<'_>, query: &Query, word: &str) -> bool {
    let Body::Select(select) = &query.body else { return false };
    // It neither is nor can hold an aggregate of its rows.
    let plain = |expr: &Expr| expr.aggregates.is_empty() && expr.subqueries.is_empty() && !expr.window;
    let counts = !query.with.is_empty()
        || query.limit.is_some()
        || !query.order_by.is_empty()
        || !select.group_by.is_empty()
        || select.having.is_some()
        || select.windows
        || !super::select::item_exprs(select).all(plain);
    let before = ctx.shape.get(..query.span.start as usize).unwrap_or_default();
    // A word in a comment says nothing.
    if counts || ["#", "--", "/*"].iter().any(|comment| before.contains(comment)) {
        return false;
    }
    let Some(before) = before.trim_end().strip_suffix('(') else { return false };
    let before = before.trim_end();
    let at = before.len().checked_sub(word.len());
    at.and_then(|at| Some((before.get(..at)?, before.get(at..)?))).is_some_and(|(head, last)| {
        last.eq_ignore_ascii_case(word) && head.ends_with([' ', '\t', '\n', '\r', '`', '(', ')'])
    })
}
