//! New rows of indexed tables: what finds them once they are in, and what becomes of those that others are in the way of.

use std::sync::Arc;

use super::{Images, Rows, columns_of, entries, unfollowed};
use crate::base::{Result, Value};
use crate::plan::edit::{quote, text};
use crate::plan::gene;
use crate::plan::ir::{Act, Cell, Copy, GivenId, Insert, InsertRow, Piece, Template};
use crate::plan::names::Ctx;
use crate::plan::refuse;
use crate::sql::LoadData;
use crate::sql::facts::{self, ColumnRef, ExprKind, InsertSource, Operand, Span};

/// Rows that come in parts, or that others may be in the way of.
#[derive(Debug)]
pub struct Arriving {
    /// What becomes of a row that others are in the way of.
    pub conflict: Conflict,
    /// What tells rows apart.
    pub identity: Identity,
    /// The columns that make up a row where another one changes in its place.
    pub columns: Vec<String>,
    /// Up to the rows, a REPLACE of the same.
    pub replace: Template,
}

/// What becomes of a row that others are in the way of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The statement fails.
    Fails,
    /// It is left out, with a warning: IGNORE.
    LeavesOut,
    /// The others go: REPLACE.
    Replaces,
    /// The first of them changes instead: ON DUPLICATE KEY UPDATE.
    Updates,
}

/// What tells new rows from others.
#[derive(Debug)]
pub enum Identity {
    /// A condition a row.
    Each(Vec<Template>),
    /// Columns, and where their values are in each row.
    Cells(Vec<(String, Spot)>),
}

/// Where a value of a row is that comes from a query or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// In this column of the query.
    Column(usize),
    /// It is the sharding key.
    Key,
    /// It is the id.
    Id,
}

/// What must be read of the rows that an INSERT or REPLACE brings.
pub(super) fn images(ctx: &Ctx<'_>, insert: &facts::Insert, act: &Act) -> Result<Option<Arc<Images>>> {
    let Some(table) = ctx.index_of(&insert.table) else { return Ok(None) };
    let Some(entries) = entries(ctx, table)? else { return Ok(None) };
    if insert.returning.is_some() {
        return Err(unfollowed("RETURNING", "insert the row, and select it then"));
    }
    let conflict = match (insert.replace, insert.ignore, insert.on_duplicate.is_empty()) {
        (true, ..) => Conflict::Replaces,
        (_, true, false) => {
            return Err(unfollowed("IGNORE and ON DUPLICATE KEY UPDATE together", "use one of them"));
        }
        (_, true, true) => Conflict::LeavesOut,
        (_, false, false) => Conflict::Updates,
        _ => Conflict::Fails,
    };
    if conflict == Conflict::Updates {
        updates_in_place(ctx, insert, &entries)?;
    }
    let columns = columns_of(ctx, insert, table);
    let rows = match act {
        Act::Insert(planned) => {
            let each = planned.rows.iter().enumerate();
            let each = each.map(|(n, row)| condition(ctx, planned, insert, &columns, (n, row), &entries));
            let each = each.collect::<Result<Vec<_>>>()?;
            if conflict == Conflict::Fails {
                let list = text(format!("SELECT {} FROM ", entries.list()));
                Rows::New(vec![list, Piece::Table(table), text(" WHERE ")], each)
            } else {
                let replace = replacing(&planned.head, insert);
                Rows::Arriving(arriving(ctx, table, conflict, Identity::Each(each), columns, replace)?)
            }
        }
        Act::Copy(copy) => {
            let identity = Identity::Cells(cells_of(ctx, copy, &columns, &entries)?);
            let replace = replacing(&copy.head, insert);
            Rows::Arriving(arriving(ctx, table, conflict, identity, columns, replace)?)
        }
        _ => return Err(unfollowed("rows that a server selects itself", "insert them as values")),
    };
    Ok(Some(Arc::new(Images { table, entries, rows })))
}

/// The same of a LOAD DATA LOCAL. Without REPLACE it leaves duplicates out: the server cannot stop the client.
pub(super) fn load_images(ctx: &Ctx<'_>, load: &LoadData, act: &Act) -> Result<Option<Arc<Images>>> {
    let Some(table) = ctx.index_of(&load.table) else { return Ok(None) };
    let Some(entries) = entries(ctx, table)? else { return Ok(None) };
    let Act::Load(planned) = act else {
        return Err(unfollowed(
            "LOAD DATA of a server's file",
            "use LOAD DATA LOCAL INFILE with the file at the client",
        ));
    };
    let id = ctx.tables.get(table).and_then(|used| used.table.id.as_ref()).map(|rule| &*rule.column);
    let key = ctx.sharded(table).map(|sharded| &*sharded.key);
    let is = |own: Option<&str>, name: &str| own.is_some_and(|own| own.eq_ignore_ascii_case(name));
    let given = planned.rows.as_ref().is_some_and(|rows| rows.id != GivenId::None);
    let cells = entries.identity().map(|name| match () {
        () if is(id, name) && given => Ok((name.to_owned(), Spot::Id)),
        () if is(key, name) => Ok((name.to_owned(), Spot::Key)),
        () => Err(refuse::feature(
            format_args!(
                "the primary key `{name}` is neither the sharding key nor a generated id, and the unique index needs \
                 it of each line"
            ),
            "insert the rows with INSERT … VALUES of many rows each",
        )),
    });
    let identity = Identity::Cells(cells.collect::<Result<_>>()?);
    let conflict = if load.replace { Conflict::Replaces } else { Conflict::LeavesOut };
    let rows = Rows::Arriving(Arriving { conflict, identity, columns: Vec::new(), replace: Template::new() });
    Ok(Some(Arc::new(Images { table, entries, rows })))
}

fn arriving(
    ctx: &Ctx<'_>,
    table: usize,
    conflict: Conflict,
    identity: Identity,
    mut columns: Vec<String>,
    replace: Template,
) -> Result<Arriving> {
    let used = ctx.tables.get(table);
    let schema = used.and_then(|used| ctx.schemas.table(&used.database, &used.table.name));
    let schema = schema.ok_or_else(|| unfollowed("the table's definition is not known", "try again"))?;
    columns.retain(|name| {
        let column = schema.position(name).and_then(|at| schema.columns.get(at));
        column.is_some_and(|column| !column.generated)
    });
    let key = ctx.sharded(table).map(|sharded| sharded.key.to_string());
    let primary = schema.unique.first().into_iter().flatten().cloned();
    for name in key.into_iter().chain(primary) {
        if !columns.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            columns.push(name);
        }
    }
    Ok(Arriving { conflict, identity, columns, replace })
}

/// ON DUPLICATE KEY UPDATE may change a row on another shard than the new row's: it runs there with that row's own
/// primary key, which it must neither change nor read of the new row.
fn updates_in_place(ctx: &Ctx<'_>, insert: &facts::Insert, entries: &super::Entries) -> Result<()> {
    let of_the_row = |column: &ColumnRef| {
        let first = column.schema.as_ref().or(column.table.as_ref()).unwrap_or(&column.name).span.start;
        let before = Span { start: 0, end: first }.of(ctx.shape).trim_end();
        let called = before.strip_suffix('(').map(|before| before.trim_end().to_ascii_uppercase());
        let values = called.is_some_and(|name| name.ends_with("VALUES") || name.ends_with("VALUE"));
        let alias = column.table.as_ref().map(|name| name.text != insert.table.exposed());
        values || alias.unwrap_or(insert.row_alias)
    };
    for assignment in &insert.on_duplicate {
        let own = |column: &ColumnRef| {
            column.name.text.eq_ignore_ascii_case(&assignment.column.name.text) && !of_the_row(column)
        };
        if entries.identifies(&assignment.column.name.text) && !gene::keeps(ctx, &assignment.value, own) {
            return Err(unfollowed("a new primary key", "delete the row and insert it again"));
        }
        let reads = |column: &&ColumnRef| entries.identifies(&column.name.text) && of_the_row(column);
        if let Some(column) = assignment.value.columns.iter().find(reads) {
            return Err(refuse::feature(
                format_args!(
                    "ON DUPLICATE KEY UPDATE reads `{}` of the new row, and may run on another shard with the primary \
                     key of the row that is there",
                    column.name.text
                ),
                "write the value itself",
            ));
        }
    }
    Ok(())
}

/// The text up to the rows, as a REPLACE.
fn replacing(head: &Template, insert: &facts::Insert) -> Template {
    let start = insert.table.span.start;
    let mut out = vec![text("REPLACE INTO ")];
    for piece in head {
        match piece {
            Piece::Shape(span) if span.end <= start => {}
            Piece::Shape(span) => out.push(Piece::Shape(Span { start: span.start.max(start), ..*span })),
            other => out.push(other.clone()),
        }
    }
    out
}

/// Where a query has what tells its rows apart.
fn cells_of(
    ctx: &Ctx<'_>,
    copy: &Copy,
    columns: &[String],
    entries: &super::Entries,
) -> Result<Vec<(String, Spot)>> {
    let id = ctx.tables.get(copy.table).and_then(|used| used.table.id.as_ref()).map(|rule| &*rule.column);
    let each = entries.identity().map(|name| {
        if id.is_some_and(|id| id.eq_ignore_ascii_case(name)) {
            return Ok((name.to_owned(), Spot::Id));
        }
        let at = columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        at.map(|at| (name.to_owned(), Spot::Column(at))).ok_or_else(|| not_given(name))
    });
    each.collect()
}

fn not_given(name: &str) -> crate::base::Error {
    refuse::feature(
        format_args!("the row's primary key `{name}` is not given, and its unique index needs it"),
        format_args!("give `{name}` as a literal or a parameter, or declare a generator for it"),
    )
}

/// The condition that finds one row of VALUES again.
fn condition(
    ctx: &Ctx<'_>,
    planned: &Insert,
    insert: &facts::Insert,
    columns: &[String],
    (n, row): (usize, &InsertRow),
    entries: &super::Entries,
) -> Result<Template> {
    let mut pieces = vec![text("(")];
    for (i, name) in entries.identity().enumerate() {
        pieces.push(text(format!("{}{} <=> ", if i > 0 { " AND " } else { "" }, quote(name))));
        pieces.push(given(ctx, planned, insert, columns, (n, row), name)?);
    }
    pieces.push(text(")"));
    Ok(pieces)
}

/// What a new row has in a column that tells it from others.
fn given(
    ctx: &Ctx<'_>,
    planned: &Insert,
    insert: &facts::Insert,
    columns: &[String],
    (n, row): (usize, &InsertRow),
    name: &str,
) -> Result<Piece> {
    let used = ctx.tables.get(planned.table);
    let is = |column: Option<&str>| column.is_some_and(|column| column.eq_ignore_ascii_case(name));
    if is(used.and_then(|used| used.table.id.as_ref()).map(|id| &*id.column)) {
        return Ok(Piece::NewId);
    }
    let is_key = is(ctx.sharded(planned.table).map(|sharded| &*sharded.key));
    match &row.key {
        Some(Cell::Operand(operand)) if is_key => return Ok(Piece::Operand(operand.clone())),
        Some(Cell::Session(value)) if is_key => return Ok(Piece::Session(value.clone())),
        Some(Cell::NewId) if is_key => return Ok(Piece::NewId),
        _ => {}
    }
    let cell = match &insert.source {
        InsertSource::Rows(rows) => {
            let place = columns.iter().position(|column| column.eq_ignore_ascii_case(name));
            place.and_then(|place| rows.get(n)?.cells.get(place))
        }
        InsertSource::Set(set) => {
            set.iter().find(|a| a.column.name.text.eq_ignore_ascii_case(name)).map(|a| &a.value)
        }
        InsertSource::Query(_) => None,
    };
    match cell.map(|cell| &cell.kind) {
        Some(ExprKind::Operand(operand)) if *operand != Operand::Const(Value::Null) => {
            Ok(Piece::Operand(operand.clone()))
        }
        _ => Err(not_given(name)),
    }
}
