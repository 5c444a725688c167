//! Unique indexes over all shards: which statements a lookup routes, and what must be read of the rows that a statement
//! changes, so that the lookup's entries change with them. What cannot be followed is refused.

mod bind;
mod ddl;
mod entry;
mod insert;

use std::sync::Arc;

use super::change;
use super::edit::{quote, text};
use super::ir::{Act, Piece, Plan, Route, Routing, Several, TableUse, Template, Write};
use super::join::Place;
use super::names::{self, Ctx, Style};
use super::refuse;
use super::scope::Scopes;
use crate::base::{Error, Result, Value};
use crate::sql::facts::{self, Kind, Operand, Span, Statement, TableName, TableRef};
use crate::topology::{Index, Layout};

pub use entry::{ALL, Entering, Entries, FOR_UPDATE, PlaceOf, Row};
pub use insert::{Arriving, Conflict, Identity, Spot};

/// Values of one statement that are looked up at most: for more, all shards are asked.
const VALUES: usize = 200;

/// A lookup that tells where a statement's rows are.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The table (place in `Plan::tables`).
    pub table: usize,
    /// The index.
    pub index: Arc<Index>,
    /// Its place among the table's.
    pub number: usize,
    /// What is read of the table's rows.
    pub entries: Arc<Entries>,
    /// What each column must be equal to: one of several values only where there is one column.
    pub values: Vec<Vec<Operand>>,
}

/// What must be read of rows that change.
#[derive(Debug)]
pub struct Images {
    /// The table (place in `Plan::tables`).
    pub table: usize,
    /// What is read.
    pub entries: Arc<Entries>,
    /// Which rows.
    pub rows: Rows,
}

impl Images {
    /// Whether the rows are read before the statement or behind it.
    pub fn is_read_around(&self) -> bool {
        matches!(self.rows, Rows::Found(_) | Rows::New(..))
    }
}

/// Which rows are read.
#[derive(Debug)]
pub enum Rows {
    /// Those that an UPDATE or DELETE finds, before it changes them: the whole text.
    Found(Template),
    /// New ones, after they were inserted: the text up to its conditions, and one condition a row.
    New(Template, Vec<Template>),
    /// New ones that come in parts, or that others may be in the way of.
    Arriving(Arriving),
    /// Those that may move: the session knows their keys.
    Moving,
}

/// An act, and how it uses indexes.
pub(super) struct Indexed {
    pub(super) act: Act,
    pub(super) lookup: Option<Arc<Lookup>>,
    pub(super) images: Option<Arc<Images>>,
}

impl Indexed {
    pub(super) fn refused(error: Error) -> Self {
        Self { act: Act::Refused(error), lookup: None, images: None }
    }
}

/// Adds to a planned statement what its tables' unique indexes make of it.
pub(super) fn plan(ctx: &Ctx<'_>, statement: &Statement, act: Act) -> Result<Indexed> {
    let mut indexed = Indexed { act, lookup: None, images: None };
    if !ctx.tables.iter().any(|used| !used.table.indexes.is_empty()) {
        return Ok(indexed);
    }
    match (&statement.kind, &indexed.act) {
        (_, Act::Refused(_)) => {}
        (Kind::Select(query), Act::Read(read)) => {
            let mut scopes = Scopes::new(ctx);
            scopes.query(query, &Place::top());
            indexed.lookup = lookup(ctx, &scopes, &read.routing);
        }
        // EXPLAIN of a change changes nothing.
        (Kind::Update(_) | Kind::Delete(_) | Kind::Insert(_), Act::Read(_)) => {}
        (Kind::Update(update), Act::Write(write)) => {
            indexed.images = update_images(ctx, update, write)?;
            let mut scopes = Scopes::new(ctx);
            change::update_block(&mut scopes, update);
            indexed.lookup = lookup(ctx, &scopes, &write.routing);
            keep_whole(&mut indexed);
        }
        (Kind::Delete(delete), Act::Write(write)) => {
            indexed.images = delete_images(ctx, delete, write)?;
            let mut scopes = Scopes::new(ctx);
            change::delete_block(&mut scopes, delete);
            indexed.lookup = lookup(ctx, &scopes, &write.routing);
            keep_whole(&mut indexed);
        }
        (Kind::Insert(insert), act) => indexed.images = insert::images(ctx, insert, act)?,
        (Kind::Ddl(ddl), Act::Ddl(_)) => {
            let Act::Ddl(steps) = indexed.act else { return Ok(indexed) };
            indexed.act = Act::Ddl(ddl::steps(ctx, ddl, steps)?);
        }
        (Kind::Update(_) | Kind::Delete(_), _) => {
            return Err(unfollowed(
                "the statement runs in several parts",
                "change rows of one key at a time",
            ));
        }
        (Kind::LoadData(load), act) => indexed.images = insert::load_images(ctx, load, act)?,
        _ => {}
    }
    Ok(indexed)
}

/// A change of an indexed table runs as it is: its rows are read before it and after it, not in between. Rows that may
/// move are known by their keys.
fn keep_whole(indexed: &mut Indexed) {
    let Act::Write(write) = &mut indexed.act else { return };
    if indexed.images.as_ref().is_some_and(|images| images.is_read_around())
        && matches!(write.many, Ok(Several::InTurn(..) | Several::Picked(_)))
    {
        write.many =
            Err(unfollowed("ORDER BY or LIMIT over several shards", "change rows of one key at a time"));
    }
}

fn unfollowed(what: &str, instead: &str) -> Error {
    let reason =
        format_args!("{what}: a unique index over all shards could not follow what becomes of each row");
    refuse::feature(reason, instead)
}

/// What is read of the rows of an indexed table; `None` for others, and where the table does not exist.
fn entries(ctx: &Ctx<'_>, table: usize) -> Result<Option<Arc<Entries>>> {
    let Some(used) = ctx.tables.get(table).filter(|used| !used.table.indexes.is_empty()) else {
        return Ok(None);
    };
    let Some(schema) = ctx.schemas.table(&used.database, &used.table.name) else { return Ok(None) };
    Entries::of(&used.table, &schema).map(|entries| Some(Arc::new(entries)))
}

/// A lookup for a statement whose shards nothing else tells.
fn lookup(ctx: &Ctx<'_>, scopes: &Scopes<'_>, routing: &Routing) -> Option<Arc<Lookup>> {
    let Routing::Sharded { leads, aligned: true } = routing else { return None };
    if leads.iter().any(|(_, route)| *route != Route::All) {
        return None;
    }
    for leaf in (0..scopes.leaves.len()).filter(|l| scopes.leaves.get(*l).is_some_and(|l| l.essential)) {
        let Some(table) = scopes.table_index(leaf) else { continue };
        let Some(used) = ctx.tables.get(table).filter(|used| !used.table.indexes.is_empty()) else {
            continue;
        };
        let Some(entries) = entries(ctx, table).ok().flatten() else { continue };
        for (number, index) in used.table.indexes.iter().enumerate() {
            let several = index.columns.len() == 1;
            let values = index.columns.iter().map(|column| {
                let route = scopes.route_of_column(leaf, column);
                values(&route).filter(|values| several || values.len() == 1)
            });
            if let Some(values) = values.collect::<Option<Vec<_>>>() {
                let index = Arc::clone(index);
                return Some(Arc::new(Lookup { table, index, number, entries, values }));
            }
        }
    }
    None
}

/// The values of which a column must have one.
fn values(route: &Route) -> Option<Vec<Operand>> {
    match route {
        Route::Eq(operand) => Some(vec![operand.clone()]),
        Route::In(operands) if operands.len() <= VALUES => Some(operands.clone()),
        Route::And(parts) => parts.iter().find_map(values),
        _ => None,
    }
}

fn update_images(ctx: &Ctx<'_>, update: &facts::Update, write: &Write) -> Result<Option<Arc<Images>>> {
    let mut followed = None;
    for table in ctx.used() {
        let Some(name) = ctx.statement.tables.get(table) else { continue };
        let Some(entries) = entries(ctx, table)? else { continue };
        let own = |a: &&facts::Assignment| {
            a.column.table.as_ref().is_none_or(|qualifier| qualifier.text == name.exposed())
        };
        let sets = |column: &dyn Fn(&str) -> bool| {
            update.set.iter().filter(own).any(|a| column(&a.column.name.text))
        };
        let key = ctx.sharded(table).map(|sharded| Arc::clone(&sharded.key));
        let is_key = |column: &str| key.as_ref().is_some_and(|key| key.eq_ignore_ascii_case(column));
        if sets(&|column| entries.identifies(column) && !is_key(column)) {
            return Err(unfollowed("a new primary key", "delete the row and insert it again"));
        }
        if sets(&|column| entries.is_indexed(column)) {
            if update.ignore || update.limit.is_some() || !update.order_by.is_empty() {
                return Err(unfollowed("IGNORE, ORDER BY or LIMIT", "name the rows by their keys"));
            }
            let other = followed.replace((table, Rows::Found(Template::new()), entries));
            if other.is_some() {
                return Err(unfollowed("indexed columns of two tables", "update one table at a time"));
            }
        } else if write.moves.is_some() {
            followed = Some((table, Rows::Moving, entries));
        }
    }
    let Some((table, rows, entries)) = followed else { return Ok(None) };
    if matches!(rows, Rows::Moving) {
        return Ok(Some(Arc::new(Images { table, entries, rows })));
    }
    let filter = update.filter_expr.as_ref();
    found(ctx, table, (&update.tables, update.from), entries, filter, &write.routing).map(Some)
}

fn delete_images(ctx: &Ctx<'_>, delete: &facts::Delete, write: &Write) -> Result<Option<Arc<Images>>> {
    let target = |table: usize| {
        let name = ctx.statement.tables.get(table).map(TableName::exposed);
        match (delete.targets.as_slice(), delete.tables.as_slice()) {
            ([], [TableRef::Table(only)]) => Some(only.exposed()) == name,
            ([], _) => true,
            (targets, _) => targets.iter().any(|target| Some(target.name.text.as_str()) == name),
        }
    };
    let mut followed = None;
    for table in ctx.used().filter(|table| target(*table)) {
        if let Some(entries) = entries(ctx, table)? {
            followed = Some((table, entries));
        }
    }
    let Some((table, entries)) = followed else { return Ok(None) };
    if delete.targets.len() > 1 {
        return Err(unfollowed("a DELETE from several tables", "delete from one table at a time"));
    }
    if delete.ignore || delete.returning || delete.limit.is_some() || !delete.order_by.is_empty() {
        return Err(unfollowed("IGNORE, RETURNING, ORDER BY or LIMIT", "name the rows by their keys"));
    }
    let filter = delete.filter_expr.as_ref();
    found(ctx, table, (&delete.tables, delete.from), entries, filter, &write.routing).map(Some)
}

/// The SELECT that reads and locks the rows that a statement is about to change.
fn found(
    ctx: &Ctx<'_>,
    table: usize,
    (tables, from): (&[TableRef], Span),
    entries: Arc<Entries>,
    filter: Option<&facts::Expr>,
    routing: &Routing,
) -> Result<Arc<Images>> {
    let fickle = |f: &facts::FunctionUse| ["RAND", "UUID", "SLEEP", "NEXTVAL"].contains(&f.name.as_str());
    if ctx.statement.functions.iter().any(fickle) || ctx.statement.assigns_user_variables {
        return Err(unfollowed("a condition that is another one each time", "name the rows by their keys"));
    }
    let edits = names::edits(ctx, routing, Style::Aliased)?;
    let mut pieces = Vec::new();
    match (tables, ctx.statement.tables.get(table)) {
        ([TableRef::Table(name)], _) => {
            pieces.push(text(format!("SELECT {} FROM ", entries.list())));
            if names::needs_mapping(ctx, routing) {
                pieces.extend([Piece::Table(table), text(format!(" AS {}", quote(name.exposed())))]);
            } else {
                pieces.push(Piece::Shape(name.span));
                pieces.extend(name.alias.iter().map(|alias| text(format!(" AS {}", quote(&alias.text)))));
            }
        }
        (_, Some(name)) => {
            pieces.push(text(format!("SELECT DISTINCT {} FROM ", entries.list_of(name.exposed()))));
            pieces.extend(edits.render(from));
        }
        (_, None) => return Err(super::bind::lost()),
    }
    if let Some(filter) = filter {
        pieces.push(text(" WHERE "));
        pieces.extend(edits.render(filter.span));
    }
    pieces.push(text(format!("{ALL}{FOR_UPDATE}")));
    Ok(Arc::new(Images { table, entries, rows: Rows::Found(pieces) }))
}

/// The columns that an INSERT fills, in order.
fn columns_of(ctx: &Ctx<'_>, insert: &facts::Insert, table: usize) -> Vec<String> {
    if let Some(columns) = insert.columns.as_ref().filter(|columns| !columns.is_empty()) {
        return columns.iter().map(|column| column.text.clone()).collect();
    }
    let schema = ctx.tables.get(table).and_then(|used| ctx.schemas.table(&used.database, &used.table.name));
    schema.map_or(Vec::new(), |schema| schema.columns.iter().map(|c| c.name.clone()).collect())
}

/// The plan for the shards that a lookup has found: those of the sharding keys, and no others.
pub fn narrowed(plan: &Plan, keys: Vec<Value>) -> Plan {
    let mut plan = plan.clone();
    let Some(lookup) = plan.lookup.take() else { return plan };
    let found = match keys.len() {
        0 => Route::None,
        _ => Route::In(keys.into_iter().map(Operand::Const).collect()),
    };
    let routing = match &mut plan.act {
        Act::Read(read) => &mut read.routing,
        Act::Write(write) => &mut write.routing,
        _ => return plan,
    };
    if let Routing::Sharded { leads, .. } = routing {
        leads.push((lookup.table, found));
    }
    plan
}

/// Where an index's part is on a server.
pub fn part_name(index: &Index, node: &crate::topology::Node) -> String {
    format!("{}.{}", quote(&node.schema), quote(&index.lookup))
}

/// A table's place on a server.
pub fn table_name(used: &TableUse, node: &crate::topology::Node) -> String {
    names::physical(&used.table, node, "")
}

/// The nodes of a sharded table.
pub fn nodes(used: &TableUse) -> &[crate::topology::Node] {
    match &used.table.layout {
        Layout::Sharded(sharded) => &sharded.nodes,
        _ => &[],
    }
}
