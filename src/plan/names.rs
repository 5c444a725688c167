//! Names: which logical tables a statement names, and the edits that turn logical names into physical ones and
//! session functions into values.

use std::sync::Arc;

use super::edit::{Edits, quote, text};
use super::ir::{Act, Piece, Plan, Routing, SessionValue, TableUse, Template};
use super::refuse;
use crate::base::ids::SourceId;
use crate::base::{Error, Result};
use crate::sql::facts::{
    Body, Expr, ExprKind, FunctionUse, InsertSource, Item, Kind, Query, Span, Statement, TableName, TableRef,
};
use crate::topology::schema::Schemas;
use crate::topology::{Database, Layout, Node, Sharded, Table, Topology};

/// A query with LIMIT is none that a server sees through.
const ALL_OF_THEM: &str = " LIMIT 18446744073709551615";

/// A query whose rows are there already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    /// Where it stands.
    pub(super) query: Span,
    /// With its parentheses, where it is all of a derived table.
    pub(super) derived: Option<Span>,
    /// A server would not have seen through it to its tables.
    pub(super) opaque: bool,
    /// It says SQL_CALC_FOUND_ROWS, for all of the statement.
    pub(super) counts: bool,
    /// What has its rows (index in [`Ctx::tables`]).
    pub(super) table: usize,
}

/// A name of a common table expression that reads another copy of such rows.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// Where it stands.
    pub(super) name: Span,
    /// The alias that the copy needs.
    pub(super) alias: Option<String>,
    /// As in [`Answered`].
    pub(super) opaque: bool,
    /// The copy (index in [`Ctx::tables`]).
    pub(super) table: usize,
}

/// What every part of the planner looks at.
#[derive(Clone)]
pub(super) struct Ctx<'a> {
    /// The client's statement: `statement` itself, or what explains it.
    pub(super) own: Arc<Statement>,
    pub(super) statement: &'a Statement,
    pub(super) shape: &'a str,
    pub(super) home: Option<&'a str>,
    pub(super) topology: &'a Topology,
    pub(super) schemas: &'a dyn Schemas,
    pub(super) tables: Vec<TableUse>,
    /// Names among `tables` that are no tables of their own (targets of a multi-table DELETE), or stand outside of `part`.
    pub(super) ignored: Vec<usize>,
    /// The part of the shape that is planned as a statement of its own; `None`: all of it.
    pub(super) part: Option<Span>,
    /// Tables in whose place copies of their rows are read.
    pub(super) staged: Vec<usize>,
    /// Columns that are selected besides the client's own, behind the last of them, and where that ends.
    pub(super) carried: Option<(u32, String)>,
    /// Queries whose rows are there already.
    pub(super) blocks: Vec<Answered>,
    /// Names of common table expressions that read another copy of such rows.
    pub(super) copies: Vec<Reader>,
}

/// Schemas that a server has of itself.
pub(super) fn is_system(schema: &str) -> bool {
    ["information_schema", "performance_schema", "mysql", "sys"]
        .iter()
        .any(|s| s.eq_ignore_ascii_case(schema))
}

impl<'a> Ctx<'a> {
    /// Resolves every table that the statement names.
    pub(super) fn new(
        own: Arc<Statement>,
        statement: &'a Statement,
        shape: &'a str,
        home: Option<&'a str>,
        topology: &'a Topology,
        schemas: &'a dyn Schemas,
    ) -> Result<Self> {
        let mut ctx = Self {
            own,
            statement,
            shape,
            home,
            topology,
            schemas,
            tables: Vec::new(),
            ignored: Vec::new(),
            staged: Vec::new(),
            part: None,
            blocks: Vec::new(),
            copies: Vec::new(),
            carried: None,
        };
        ctx.tables = statement.tables.iter().map(|t| ctx.resolve(t)).collect::<Result<_>>()?;
        Ok(ctx)
    }

    /// The edited text; `None`: the client's own.
    pub(super) fn text(&self, edits: &Edits) -> Option<Template> {
        match self.part {
            None => edits.whole(self.shape),
            Some(part) => Some(edits.render_closed(part)),
        }
    }

    /// The session's database; an error if none is selected.
    pub(super) fn home_database(&self) -> Result<&'a Arc<Database>> {
        self.database(self.home.ok_or_else(refuse::no_database)?)
    }

    /// A declared database.
    pub(super) fn database(&self, name: &str) -> Result<&'a Arc<Database>> {
        self.topology.database(name).ok_or_else(|| refuse::unknown_database(name))
    }

    /// The session's database or, without one, the first: where statements without tables run.
    pub(super) fn any_database(&self) -> Option<&'a Arc<Database>> {
        self.home.and_then(|h| self.topology.database(h)).or_else(|| self.topology.databases.values().next())
    }

    /// One place on each source of the session's database: any of them answers a statement without tables.
    pub(super) fn any_nodes(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        for shard in self.any_database().iter().flat_map(|d| &d.shards) {
            if nodes.iter().all(|n| n.source != shard.source) {
                // Without a selected database none is selected on the server either: it need not exist yet.
                let schema = if self.home.is_some() { Arc::clone(&shard.schema) } else { "".into() };
                nodes.push(Node { schema, ..shard.clone() });
            }
        }
        nodes
    }

    /// The first shard of the session's (or the first) database.
    pub(super) fn first_node(&self) -> Vec<Node> {
        self.any_database().and_then(|d| d.shards.first().cloned()).into_iter().collect()
    }

    /// The logical table that a name means.
    pub(super) fn resolve(&self, name: &TableName) -> Result<TableUse> {
        let schema = match &name.schema {
            Some(schema) => schema.text.as_str(),
            None => self.home.ok_or_else(refuse::no_database)?,
        };
        if is_system(schema) {
            let source = self.first_node().first().map_or(SourceId(0), |n| n.source);
            let node = Node { source, schema: schema.into(), table: None };
            let table = Table {
                name: name.name.text.as_str().into(),
                layout: Layout::Single(node),
                id: None,
                indexes: Vec::new(),
            };
            return Ok(TableUse { database: schema.into(), table: Arc::new(table) });
        }
        let database = self.database(schema)?;
        Ok(TableUse { database: Arc::clone(&database.name), table: database.table(&name.name.text) })
    }

    /// Whether the rows of a query are there already.
    pub(super) fn is_block(&self, query: &Query) -> bool {
        self.blocks.iter().any(|block| block.query == query.span)
    }

    /// The tables that count.
    pub(super) fn used(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.tables.len()).filter(|i| !self.ignored.contains(i))
    }

    /// The place of a named table in `statement.tables`.
    pub(super) fn index_of(&self, name: &TableName) -> Option<usize> {
        self.statement.tables.iter().position(|t| t.span == name.span)
    }

    /// How a table is sharded, if it is.
    pub(super) fn sharded(&self, table: usize) -> Option<&Arc<Sharded>> {
        match &self.tables.get(table)?.table.layout {
            Layout::Sharded(sharded) => Some(sharded),
            _ => None,
        }
    }

    /// Every place of a table.
    pub(super) fn nodes(&self, table: usize) -> &[Node] {
        self.tables.get(table).map_or(&[], |t| nodes_of(&t.table))
    }

    /// Whether the table can be read beside rows on each of these sources.
    pub(super) fn covers(&self, table: usize, sources: &[SourceId]) -> bool {
        let nodes = self.nodes(table);
        sources.iter().all(|s| nodes.iter().any(|n| n.source == *s))
    }

    /// A plan for this statement.
    pub(super) fn plan(self, statement: Arc<Statement>, act: Act) -> Plan {
        let renamed = self.tables.iter().any(|t| {
            !is_system(&t.database)
                && nodes_of(&t.table).iter().any(|n| n.table.is_some() || *n.schema != *t.database)
        });
        let pins = statement.assigns_user_variables
            || statement.functions.iter().any(|f| f.name == "GET_LOCK" || f.name.starts_with("RELEASE_"));
        Plan { statement, tables: self.tables, act, pins, renamed, lookup: None, images: None }
    }
}

/// Every place of a table.
pub(super) fn nodes_of(table: &Table) -> &[Node] {
    match &table.layout {
        Layout::Sharded(sharded) => &sharded.nodes,
        Layout::Reference(nodes) => nodes,
        Layout::Single(node) => std::slice::from_ref(node),
    }
}

/// Which tables must keep their bare name (no alias can be given to them): INSERT's target, single-table DELETE's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Every entry may get an alias.
    Aliased,
    /// The table with this index may not.
    Bare(usize),
}

/// The edits that names and session functions need, for a statement with this routing.
pub(super) fn edits(ctx: &Ctx<'_>, routing: &Routing, style: Style) -> Result<Edits> {
    let mut edits = Edits::default();
    one_id_each(ctx.statement)?;
    block_edits(ctx, &mut edits);
    session_edits(ctx, &mut edits);
    if needs_mapping(ctx, routing) {
        map_names(ctx, style, &mut edits)?;
    }
    name_columns(ctx, &[], &mut edits);
    if let Some((at, columns)) = &ctx.carried {
        edits.insert(*at, vec![text(columns.as_str())]);
    }
    Ok(edits)
}

/// Whether some table's physical name differs from what the client wrote, on some place that the statement can
/// come to.
pub(super) fn needs_mapping(ctx: &Ctx<'_>, routing: &Routing) -> bool {
    let (lead, aligned) = match routing {
        Routing::Any(nodes) | Routing::Every(nodes) => {
            return nodes.iter().any(|frame| ctx.used().any(|i| differs_at(ctx, i, frame, None)));
        }
        Routing::Sharded { leads, aligned } => (leads.first().map_or(0, |l| l.0), *aligned),
    };
    ctx.nodes(lead)
        .iter()
        .enumerate()
        .any(|(n, frame)| ctx.used().any(|i| differs_at(ctx, i, frame, (aligned || i == lead).then_some(n))))
}

/// Whether table `i` is not reached by the client's own text in a job at `frame`. `node`: the number of the node,
/// where all sharded tables share it.
fn differs_at(ctx: &Ctx<'_>, i: usize, frame: &Node, node: Option<usize>) -> bool {
    let (Some(table), Some(written)) = (ctx.tables.get(i), ctx.statement.tables.get(i)) else { return false };
    let expected: &str = written.schema.as_ref().map_or(&frame.schema, |s| &s.text);
    let wrong = |n: &Node| n.table.is_some() || &*n.schema != expected;
    match (&table.table.layout, node) {
        (Layout::Sharded(sharded), Some(n)) => sharded.nodes.get(n).is_none_or(wrong),
        (Layout::Sharded(sharded), None) => {
            sharded.nodes.iter().any(|n| n.source == frame.source && wrong(n))
        }
        (Layout::Reference(nodes), _) => nodes.iter().any(|n| n.source == frame.source && wrong(n)),
        (Layout::Single(node), _) => wrong(node),
    }
}

/// Rows that are there already are read where they are. Servers see through a query to its tables where they can (MySQL 8.4
/// manual, "Optimizing Derived Tables, View References, and Common Table Expressions"), and what they answer hangs on that
/// here and there (WITH ROLLUP by an expression over one): they see through what stands for the query where they would have
/// seen through the query.
pub(super) fn block_edits(ctx: &Ctx<'_>, edits: &mut Edits) {
    for Answered { query, derived, opaque, counts, table } in &ctx.blocks {
        let all = text(if *counts { "SELECT SQL_CALC_FOUND_ROWS * FROM " } else { "SELECT * FROM " });
        match derived {
            Some(derived) => edits.replace(*derived, vec![Piece::Table(*table)]),
            None if *opaque => edits.replace(*query, vec![all, Piece::Table(*table), text(ALL_OF_THEM)]),
            None => edits.replace(*query, vec![all, Piece::Table(*table)]),
        }
    }
    for Reader { name, alias, opaque, table } in &ctx.copies {
        let alias = alias.iter().map(|alias| text(format!(" AS {}", quote(alias))));
        let mut pieces = if *opaque {
            vec![Piece::Table(*table)]
        } else {
            vec![text("(SELECT * FROM "), Piece::Table(*table), text(")")]
        };
        pieces.extend(alias);
        edits.replace(*name, pieces);
    }
}

pub(super) fn map_names(ctx: &Ctx<'_>, style: Style, edits: &mut Edits) -> Result<()> {
    let statement = ctx.statement;
    for (i, name) in statement.tables.iter().enumerate().filter(|(i, _)| !ctx.ignored.contains(i)) {
        let mut pieces = vec![Piece::Table(i)];
        if name.alias.is_none() && !name.bare && style != Style::Bare(i) {
            let twin = statement.tables.iter().enumerate().any(|(j, other)| {
                j != i
                    && other.alias.is_none()
                    && other.name.text == name.name.text
                    && other.schema != name.schema
            });
            if twin {
                return Err(refuse::feature(
                    format_args!(
                        "two tables named `{}` stand in one statement, and one has to be renamed",
                        name.name.text
                    ),
                    "give each of them an alias",
                ));
            }
            pieces.push(text(format!(" AS {}", quote(&name.name.text))));
        }
        edits.replace(name.span, pieces);
        // A copy has neither partitions nor indexes of a name.
        if ctx.staged.contains(&i) {
            for span in name.partition.iter().chain(&name.index_hints) {
                edits.replace(*span, vec![text(" ")]);
            }
        }
    }
    for column in &statement.qualified {
        let Some(table) = &column.table else { continue };
        let start = column.schema.as_ref().map_or(table.span.start, |s| s.span.start);
        let span = Span { start, end: table.span.end };
        match style {
            Style::Bare(i)
                if statement
                    .tables
                    .get(i)
                    .is_some_and(|t| t.alias.is_none() && t.name.text == table.text) =>
            {
                edits.replace(span, vec![Piece::Qualifier(i)]);
            }
            _ if column.schema.is_some() => edits.replace(span, vec![text(quote(&table.text))]),
            _ => {}
        }
    }
    Ok(())
}

/// Functions and variables whose value only the session knows become pieces.
pub(super) fn session_edits(ctx: &Ctx<'_>, edits: &mut Edits) {
    let statement = ctx.statement;
    for call in &statement.functions {
        if let Some(value) = session_value(statement, call) {
            edits.replace(call.span, vec![Piece::Session(value)]);
        }
    }
    if !statement.assigns_user_variables {
        for variable in &statement.user_variables {
            edits.replace(variable.span, vec![Piece::Session(SessionValue::Variable(variable.text.clone()))]);
        }
    }
    for variable in &statement.system_variables {
        if let Some(name) = session_variable(&variable.text) {
            edits.replace(variable.span, vec![Piece::Session(SessionValue::System(name.into()))]);
        }
    }
}

/// A call of SHARDGATE_NEXT_ID has one value in a statement: where it would be evaluated for each of several rows, all
/// would get the same id.
fn one_id_each(statement: &Statement) -> Result<()> {
    if !statement.functions.iter().any(FunctionUse::is_next_id) {
        return Ok(());
    }
    let mut over_rows = match &statement.kind {
        Kind::Update(_) | Kind::Delete(_) => true,
        Kind::Insert(insert) => insert.on_duplicate.iter().any(|a| calls_next_id(statement, a.value.span)),
        _ => false,
    };
    each_query(statement, &mut |query| {
        if let Body::Select(select) = &query.body
            && !select.from.is_empty()
        {
            over_rows |= calls_next_id(statement, query.span);
        }
    });
    if over_rows {
        return Err(refuse::feature(
            "SHARDGATE_NEXT_ID would give all rows of the statement the same id",
            "ask for a block of ids first: SELECT SHARDGATE_NEXT_ID('orders', 100)",
        ));
    }
    Ok(())
}

fn calls_next_id(statement: &Statement, part: Span) -> bool {
    let inside = |call: &FunctionUse| part.start <= call.span.start && call.span.end <= part.end;
    statement.functions.iter().any(|call| call.is_next_id() && inside(call))
}

/// The session's value that a statement's call stands for.
pub fn session_value(statement: &Statement, call: &FunctionUse) -> Option<SessionValue> {
    if call.is_next_id() {
        let calls = statement.functions.iter().filter(|call| call.is_next_id());
        return Some(SessionValue::NextId(calls.take_while(|c| c.span != call.span).count()));
    }
    if call.args {
        return None;
    }
    Some(match call.name.as_str() {
        "LAST_INSERT_ID" => SessionValue::LastInsertId,
        "FOUND_ROWS" => SessionValue::FoundRows,
        "ROW_COUNT" => SessionValue::RowCount,
        "CONNECTION_ID" => SessionValue::ConnectionId,
        "DATABASE" | "SCHEMA" => SessionValue::Database,
        "USER" | "SESSION_USER" | "SYSTEM_USER" => SessionValue::User,
        "CURRENT_USER" => SessionValue::CurrentUser,
        _ => return None,
    })
}

/// The name of a system variable whose session value is not the server's.
pub(super) fn session_variable(written: &str) -> Option<&str> {
    let name = ["session.", "local."].iter().find_map(|p| written.strip_prefix(p)).unwrap_or(written);
    const OWN: &[&str] = &[
        "last_insert_id",
        "identity",
        "insert_id",
        "auto_increment_increment",
        "auto_increment_offset",
        "in_transaction",
        "pseudo_thread_id",
        "warning_count",
        "error_count",
        "shardgate_transaction_mode",
    ];
    OWN.contains(&name).then_some(name)
}

/// A select item that an edit touches would get another column name: it is named by its own text.
/// `gone`: what stands nowhere in the text any more.
pub(super) fn name_columns(ctx: &Ctx<'_>, gone: &[Span], edits: &mut Edits) {
    if edits.is_empty() {
        return;
    }
    let mut named = Vec::new();
    let blocks = ctx.blocks.iter().map(|block| &block.query);
    let replaced = |query: &Query| blocks.clone().chain(gone).any(|part| part.holds(query.span));
    each_query(ctx.statement, &mut |query| {
        let Body::Select(select) = &query.body else { return };
        if replaced(query) {
            return;
        }
        for item in &select.items {
            if let Item::Expr { expr, alias: None, .. } = item
                && !matches!(expr.kind, ExprKind::Column(_))
                && edits.touches(expr.span)
            {
                named.push(expr.span);
            }
        }
    });
    for span in named {
        edits.insert(span.end, vec![Piece::Alias(span)]);
    }
}

/// Visits every query expression of a statement, at any depth.
pub(super) fn each_query<'s>(statement: &'s Statement, visit: &mut dyn FnMut(&'s Query)) {
    match &statement.kind {
        Kind::Select(query) => in_query(query, visit),
        Kind::Insert(insert) => {
            match &insert.source {
                InsertSource::Query(query) => in_query(query, visit),
                InsertSource::Rows(rows) => {
                    rows.iter().flat_map(|r| &r.cells).for_each(|e| in_expr(e, visit));
                }
                InsertSource::Set(set) => set.iter().for_each(|a| in_expr(&a.value, visit)),
            }
            insert.on_duplicate.iter().for_each(|a| in_expr(&a.value, visit));
        }
        Kind::Update(update) => {
            update.tables.iter().for_each(|t| in_table(t, visit));
            update.set.iter().for_each(|a| in_expr(&a.value, visit));
            update.filter_expr.iter().for_each(|e| in_expr(e, visit));
        }
        Kind::Delete(delete) => {
            delete.tables.iter().for_each(|t| in_table(t, visit));
            delete.filter_expr.iter().for_each(|e| in_expr(e, visit));
        }
        Kind::Ddl(ddl) => ddl.query.iter().for_each(|q| in_query(q, visit)),
        Kind::Explain { statement, .. } => each_query(statement, visit),
        _ => {}
    }
}

pub(super) fn in_query<'s>(query: &'s Query, visit: &mut dyn FnMut(&'s Query)) {
    visit(query);
    query.with.iter().for_each(|c| in_query(&c.query, visit));
    query.order_by.iter().for_each(|o| in_expr(&o.expr, visit));
    match &query.body {
        Body::Select(select) => {
            for item in &select.items {
                if let Item::Expr { expr, .. } = item {
                    in_expr(expr, visit);
                }
            }
            select.from.iter().for_each(|t| in_table(t, visit));
            select
                .filter_expr
                .iter()
                .chain(&select.group_by)
                .chain(&select.having)
                .for_each(|e| in_expr(e, visit));
        }
        Body::Set { left, right, .. } => {
            in_query(left, visit);
            in_query(right, visit);
        }
        Body::Other => {}
    }
}

fn in_table<'s>(table: &'s TableRef, visit: &mut dyn FnMut(&'s Query)) {
    match table {
        TableRef::Derived { query, .. } => in_query(query, visit),
        TableRef::Join { left, right, on_expr, .. } => {
            in_table(left, visit);
            in_table(right, visit);
            if let Some(expr) = on_expr {
                in_expr(expr, visit);
            }
        }
        TableRef::Table(_) | TableRef::Function => {}
    }
}

fn in_expr<'s>(expr: &'s Expr, visit: &mut dyn FnMut(&'s Query)) {
    expr.subqueries.iter().for_each(|q| in_query(q, visit));
}

/// The physical name of a table at a node, quoted; with its schema where that is not `selected`.
pub(super) fn physical(table: &Table, node: &Node, selected: &str) -> String {
    let name = quote(node.table.as_deref().unwrap_or(&table.name));
    if *node.schema == *selected { name } else { format!("{}.{name}", quote(&node.schema)) }
}

/// What the session does.
pub(super) fn session() -> Act {
    Act::Session
}

/// A template of one text.
pub(super) fn plain(sql: impl Into<Box<str>>) -> Template {
    vec![text(sql)]
}

/// A statement that must come to one place, whose tables are no help in routing: all its tables have to be
/// readable at one source, and it runs there.
pub(super) fn one_source(ctx: &Ctx<'_>) -> Result<Vec<Node>, Error> {
    let mut candidates = if ctx.tables.is_empty() { ctx.any_nodes() } else { ctx.nodes(0).to_vec() };
    if ctx.used().any(|i| ctx.sharded(i).is_some_and(|s| s.nodes.len() > 1)) {
        return Err(refuse::feature(
            "a sharded table stands in a statement that one server must carry out alone",
            "use tables that are not sharded",
        ));
    }
    candidates.retain(|c| ctx.used().all(|i| ctx.covers(i, &[c.source])));
    if candidates.is_empty() && !ctx.tables.is_empty() {
        return Err(refuse::feature(
            "its tables live on different sources",
            "put them on one source, or read them one by one",
        ));
    }
    Ok(candidates)
}
