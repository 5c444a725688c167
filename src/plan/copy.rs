//! INSERT … SELECT and REPLACE … SELECT: by each place for itself where every row provably stays where it is read;
//! otherwise the query is a read of its own, whose rows are placed and given ids one by one.

use super::edit::{Edits, quote, quoted, text};
use super::gene;
use super::insert::{Rows, Spot, auto_increment, auto_of, name_columns, same_everywhere, shown};
use super::ir::{Act, Copy, GivenId, Read, Route, Routing, Selective, Several, Stored, Template, Write};
use super::join::Place;
use super::names::{self, Ctx, Style};
use super::scope::Scopes;
use super::spread::aligned;
use super::{refuse, select};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result};
use crate::sql::facts::{Body, ColumnRef, Insert, Query, Select, Span, TableName};
use crate::topology::schema::Column;
use crate::topology::{Layout, Table};

/// What rows are called that carry columns for ON DUPLICATE KEY UPDATE besides what they insert; their columns are `x1`, …
pub const CARRIED: &str = "shardgate_rows";

/// Plans an INSERT or REPLACE of a query's rows.
pub(super) fn plan(
    ctx: &Ctx<'_>,
    insert: &Insert,
    index: usize,
    table: &Table,
    query: &Query,
) -> Result<Act> {
    let mut source = ctx.clone();
    source.ignored.push(index);
    // The entries of rows that a server selects itself would not be known.
    let local = match table.indexes.as_slice() {
        [] => local(ctx, &source, insert, index, table, query),
        _ => Err(refuse::feature("a table with a unique index over all shards", "insert the rows as values")),
    };
    if let Ok(write @ Write { many: Ok(Several::AtOnce), .. }) = local {
        return Ok(Act::Write(write));
    }
    source.part = Some(query.span);
    match (moving(ctx, &source, insert, index, table, query), local) {
        (Ok(copy), local) => Ok(Act::Copy(Box::new(Copy { local: local.ok(), ..copy }))),
        // Values may say that one place does it alone.
        (Err(why), Ok(write)) => Ok(Act::Write(Write { many: Err(why), ..write })),
        (Err(why), Err(_)) => Err(why),
    }
}

/// The whole statement for each place. An error: rows may have to go elsewhere, or need ids.
fn local(
    ctx: &Ctx<'_>,
    source: &Ctx<'_>,
    insert: &Insert,
    index: usize,
    table: &Table,
    query: &Query,
) -> Result<Write> {
    let mut scopes = Scopes::new(source);
    let found = scopes.query(query, &Place::top());
    let placed = scopes.placed(&found.proof)?;
    let apart = || {
        refuse::feature(
            format_args!("rows of this SELECT would have to move to other shards of `{}`", table.name),
            "read the rows first and insert them as values",
        )
    };
    if let Some(id) = &table.id {
        // An AUTO_INCREMENT column would take NULL and 0 for a wish.
        let is_key = matches!(&table.layout, Layout::Sharded(s) if s.key.eq_ignore_ascii_case(&id.column));
        let counts =
            auto_of(ctx, index, table).is_some_and(|auto| auto.name.eq_ignore_ascii_case(&id.column));
        if position(ctx, insert, index, &id.column).is_none() || (counts && !is_key) {
            return Err(apart());
        }
    }
    let (routing, many) = match (&table.layout, placed.routing) {
        (Layout::Single(node), Routing::Any(_)) => {
            if !ctx.used().all(|i| ctx.covers(i, &[node.source])) {
                return Err(apart());
            }
            (Routing::Any(vec![node.clone()]), Ok(()))
        }
        (Layout::Single(_), Routing::Sharded { mut leads, .. }) => {
            leads.push((index, Route::All));
            (Routing::Sharded { leads, aligned: false }, Err(apart()))
        }
        (Layout::Reference(nodes), Routing::Any(_)) => {
            let sources: Vec<SourceId> = nodes.iter().map(|n| n.source).collect();
            if query.limit.is_some() || !source.used().all(|i| source.covers(i, &sources)) {
                return Err(apart());
            }
            same_everywhere(ctx)?;
            if auto_of(ctx, index, table).is_some() {
                return Err(apart());
            }
            (Routing::Every(nodes.clone()), Ok(()))
        }
        (Layout::Sharded(target), Routing::Sharded { leads, aligned: sound }) => {
            let (Some(block), Body::Select(select)) = (&found.block, &query.body) else {
                return Err(apart());
            };
            let list = scopes.visible(select, block.scope, &Edits::default());
            let filling = |column: &str| {
                list.columns.get(position(ctx, insert, index, column)?).and_then(|v| v.col.clone())
            };
            let col = filling(&target.key).ok_or_else(apart)?;
            let mut keys = scopes.class(block.ctx, &col);
            keys.retain(|c| scopes.key_owner(c).is_some_and(|s| aligned(s, target)));
            let owner = keys.first().ok_or_else(apart)?;
            gene::check_copy(ctx, &scopes, index, filling, &keys)?;
            if sound {
                // Every node reads and writes its own rows; what is not row by row needs one node.
                let any_order = insert.returning.is_none() || query.order_by.is_empty();
                let many = if any_order && scopes.inserts_in_place(query, select, block, &col) {
                    returned(ctx, insert)
                } else {
                    Err(apart())
                };
                (Routing::Sharded { leads, aligned: true }, many)
            } else {
                let mut leads = leads;
                leads.push((index, scopes.route_of(owner.leaf)));
                (Routing::Sharded { leads, aligned: false }, Err(apart()))
            }
        }
        _ => return Err(apart()),
    };
    let mut edits = names::edits(ctx, &routing, Style::Bare(index))?;
    if ctx.nodes(index).len() > 1 && insert.is_positional() {
        let schema = ctx.tables.get(index).and_then(|t| ctx.schemas.table(&t.database, &table.name));
        let schema = schema.ok_or_else(apart)?;
        name_columns(insert, shown(&schema), &mut edits);
    }
    let text = edits.whole(ctx.shape);
    Ok(Write { routing, text, many: many.map(|()| Several::AtOnce), kept: Vec::new(), moves: None })
}

/// The query as a read of its own, and where its rows go.
fn moving(
    ctx: &Ctx<'_>,
    source: &Ctx<'_>,
    insert: &Insert,
    index: usize,
    table: &Table,
    query: &Query,
) -> Result<Copy> {
    returned(ctx, insert)?;
    if query.into.is_some() {
        return Err(refuse::feature("INTO in a query whose rows are inserted", "leave it out"));
    }
    by_connection(ctx)?;
    let carried = carried(ctx, insert, index, table, query)?;
    let read = read(&carrying(source, query, &carried), query)?;
    let mut target = ctx.clone();
    target.ignored = (0..ctx.tables.len()).filter(|i| *i != index).collect();
    let nodes = ctx.nodes(index);
    let routing = match &table.layout {
        Layout::Sharded(_) => Routing::Sharded { leads: vec![(index, Route::All)], aligned: true },
        _ => Routing::Every(nodes.to_vec()),
    };
    let rows = Rows { ctx, insert, index, table, computed: Vec::new() };
    let columns = filled(ctx, &rows)?;
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let places = rows.places(&names);
    let key_is_id = rows.key_is_id();
    let key = match (places.key, rows.key_name()) {
        (Some(Spot::At(at)), _) => Some(at),
        (Some(Spot::Missing), Some(name)) if !key_is_id => return Err(rows.no_key(name)),
        _ => None,
    };
    let id = match places.id {
        Some(Spot::At(at)) => GivenId::Field(at),
        Some(Spot::Missing) => GivenId::Added,
        None => match auto_of(ctx, index, table).filter(|_| nodes.len() > 1) {
            None => GivenId::None,
            Some(auto) => {
                let at = names.iter().position(|name| name.eq_ignore_ascii_case(&auto.name));
                auto_increment(ctx, insert, index, table)?;
                at.map_or(GivenId::None, GivenId::Given)
            }
        },
    };
    let mut edits = names::edits(&target, &routing, Style::Bare(index))?;
    let listed = insert.columns_span.filter(|_| insert.columns.as_ref().is_some_and(|c| !c.is_empty()));
    let end = listed.map_or(insert.columns_at, |span| span.end);
    let added = rows.id_name().filter(|_| id == GivenId::Added);
    match (listed, added) {
        (Some(span), Some(id)) => edits.insert(span.end - 1, vec![text(format!(", {}", quote(id)))]),
        (Some(_), None) => {}
        (None, added) => {
            let names = names.iter().map(String::as_str).chain(added);
            edits.insert(end, vec![text(format!(" ({})", quoted(names)))]);
        }
    }
    Ok(Copy {
        local: None,
        read,
        table: index,
        routing,
        head: edits.render_closed(Span { start: 0, end }),
        tail: tail(ctx, insert, index, &edits, &carried)?,
        carried: carried.len(),
        columns: columns.iter().map(Stored::of).collect(),
        key,
        id,
        key_is_id,
        column: rows.key_column(),
        generates: rows.id_value(),
        selective: match () {
            () if !insert.on_duplicate.is_empty() => Selective::Update,
            () if insert.ignore => Selective::Ignore,
            () => Selective::No,
        },
    })
}

/// Whether RETURNING answers the same of rows in several places as of all in one.
fn returned(ctx: &Ctx<'_>, insert: &Insert) -> Result<()> {
    let Some(returning) = insert.returning else { return Ok(()) };
    if ctx.statement.tables.iter().any(|table| returning.holds(table.span)) {
        return Err(refuse::feature(
            "a subquery in RETURNING of rows that a query gives, and that go to several places",
            "leave it out, and SELECT it in a statement of its own",
        ));
    }
    by_connection(ctx)
}

/// What a statement leaves on its connection would be left on those that rows are read from, and on each that writes.
fn by_connection(ctx: &Ctx<'_>) -> Result<()> {
    let what = if ctx.statement.assigns_user_variables {
        "an assignment to a user variable"
    } else if ctx.statement.functions.iter().any(|call| call.args && call.name == "LAST_INSERT_ID") {
        "LAST_INSERT_ID(expression)"
    } else {
        return Ok(());
    };
    Err(refuse::feature(
        format_args!("{what} in an INSERT … SELECT whose rows go to other places"),
        "SELECT it in a statement of its own",
    ))
}

/// The query's context with more columns behind its own.
fn carrying<'a>(source: &Ctx<'a>, query: &Query, carried: &[&ColumnRef]) -> Ctx<'a> {
    let named = |(n, column): (usize, &&ColumnRef)| {
        let table = column.table.as_ref().map_or(String::new(), |table| format!("{}.", quote(&table.text)));
        format!(", {table}{} AS `x{}`", quote(&column.name.text), n + 1)
    };
    let columns = carried.iter().enumerate().map(named).collect::<Vec<_>>().concat();
    let last = match &query.body {
        Body::Select(select) => select.items.last().map(|item| item.span().end),
        _ => None,
    };
    Ctx { carried: last.filter(|_| !carried.is_empty()).map(|at| (at, columns)), ..source.clone() }
}

fn read(source: &Ctx<'_>, query: &Query) -> Result<Read> {
    match select::plan(source, query)? {
        Act::Read(read) => Ok(read),
        _ => Err(Error::new(Code::Internal, "a query that is no read")),
    }
}

/// The columns that the query fills, in its order.
fn filled(ctx: &Ctx<'_>, rows: &Rows<'_, '_>) -> Result<Vec<Column>> {
    let unknown = || {
        refuse::feature(
            format_args!("the columns of `{}` are not known", rows.table.name),
            "create the table through Shardgate, or look at it with SHOW CREATE TABLE first",
        )
    };
    let used = ctx.tables.get(rows.index).ok_or_else(unknown)?;
    let schema = ctx.schemas.table(&used.database, &rows.table.name).ok_or_else(unknown)?;
    match rows.insert.columns.as_ref().filter(|columns| !columns.is_empty()) {
        None => Ok(schema.columns.iter().filter(|column| !column.invisible).cloned().collect()),
        Some(columns) => columns
            .iter()
            .map(|name| {
                let at = schema.position(&name.text).ok_or_else(|| {
                    let text = format!("Unknown column '{}' in 'field list'", name.text);
                    Error { errno: 1054, sqlstate: *b"42S22", ..Error::new(Code::Syntax, text) }
                })?;
                schema.columns.get(at).cloned().ok_or_else(unknown)
            })
            .collect(),
    }
}

/// Columns of the query's tables that ON DUPLICATE KEY UPDATE names: they are read besides those that are inserted.
fn carried<'i>(
    ctx: &Ctx<'_>,
    insert: &'i Insert,
    index: usize,
    table: &Table,
    query: &Query,
) -> Result<Vec<&'i ColumnRef>> {
    let refused = || {
        refuse::feature(
            "ON DUPLICATE KEY UPDATE with columns of the SELECT, whose rows come from other places",
            "write VALUES(column), which is the value that was to be inserted",
        )
    };
    let named = |i: usize| ctx.statement.tables.get(i).map(TableName::exposed);
    let others = || ctx.used().filter(|i| *i != index);
    let has = |i: usize, column: &str| {
        let used = ctx.tables.get(i);
        let schema = used.and_then(|used| ctx.schemas.table(&used.database, &used.table.name));
        schema.map(|schema| schema.position(column).is_some())
    };
    let mut out = Vec::new();
    for assignment in &insert.on_duplicate {
        let value = &assignment.value;
        if !value.subqueries.is_empty() {
            return Err(refused());
        }
        for column in value.columns.iter().filter(|column| !in_values(ctx.shape, column)) {
            let own = match &column.table {
                Some(name) => *table.name == *name.text && !others().any(|i| named(i) == Some(&name.text)),
                None => has(index, &column.name.text).ok_or_else(refused)?,
            };
            // Which of two tables' columns a name means is for a server to say.
            if own && column.table.is_none() && others().any(|i| has(i, &column.name.text) != Some(false)) {
                return Err(refused());
            }
            if !own {
                out.push(column);
            }
        }
    }
    // Groups and sets of rows have no such columns.
    let rows = |select: &Select| {
        !select.distinct
            && select.group_by.is_empty()
            && select.having.is_none()
            && select::item_exprs(select).all(|expr| expr.aggregates.is_empty())
    };
    match &query.body {
        _ if out.is_empty() => Ok(out),
        Body::Select(select) if rows(select) && table.indexes.is_empty() => Ok(out),
        _ => Err(refused()),
    }
}

/// What stands behind the rows as values: ON DUPLICATE KEY UPDATE with the columns that they carry, and RETURNING.
fn tail(
    ctx: &Ctx<'_>,
    insert: &Insert,
    index: usize,
    edits: &Edits,
    carried: &[&ColumnRef],
) -> Result<Template> {
    let mut returning = Template::new();
    if let Some(span) = insert.returning {
        returning.push(text(" "));
        returning.extend(edits.render_closed(span));
    }
    let (Some(first), Some(last)) = (insert.on_duplicate.first(), insert.on_duplicate.last()) else {
        return Ok(returning);
    };
    let table = ctx.tables.get(index).map(|used| std::sync::Arc::clone(&used.table));
    let span = Span { start: written(&first.column).start, end: last.value.span.end };
    let copies =
        ctx.nodes(index).len() > 1 && !matches!(table, Some(t) if matches!(t.layout, Layout::Sharded(_)));
    let called = |f: &&crate::sql::facts::FunctionUse| span.start <= f.span.start && f.span.end <= span.end;
    if copies && ctx.statement.functions.iter().any(|f| called(&f)) {
        same_everywhere(ctx)?;
    }
    let mut edits = edits.clone();
    for (n, column) in carried.iter().enumerate() {
        edits.overwrite(written(column), vec![text(format!("`{CARRIED}`.`x{}`", n + 1))]);
    }
    let mut out = vec![text(" ON DUPLICATE KEY UPDATE ")];
    out.extend(edits.render_closed(span));
    out.extend(returning);
    Ok(out)
}

/// Where a column is named.
fn written(column: &ColumnRef) -> Span {
    let first = column.schema.as_ref().or(column.table.as_ref()).unwrap_or(&column.name);
    Span { start: first.span.start, end: column.name.span.end }
}

/// Whether a column is the argument of VALUES().
fn in_values(shape: &str, column: &ColumnRef) -> bool {
    let before = Span { start: 0, end: written(column).start }.of(shape).trim_end();
    let Some(before) = before.strip_suffix('(') else { return false };
    let before = before.trim_end().to_ascii_uppercase();
    before.ends_with("VALUES") || before.ends_with("VALUE")
}

/// The place of a column among those that the SELECT fills.
fn position(ctx: &Ctx<'_>, insert: &Insert, index: usize, name: &str) -> Option<usize> {
    if let Some(columns) = &insert.columns {
        columns.iter().position(|c| c.text.eq_ignore_ascii_case(name))
    } else {
        let table = ctx.tables.get(index)?;
        ctx.schemas.table(&table.database, &table.table.name)?.position(name)
    }
}
