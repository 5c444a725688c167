//! SELECTs that no node answers alone and no merge puts together: the rows that they need of their tables are brought to
//! one server (or some tables' rows to all servers of another table) as temporary tables, and servers evaluate the
//! client's own text over those. So every expression, collation and type stays MySQL's affair.
//!
//! A table's rows are a *stage*: as few columns and rows as the statement can need, which is decided soundly and not
//! exactly, because the whole statement with all of its conditions runs over them again. So are the rows of a query in it
//! that stands for itself and has fewer rows than its tables: a *block*.

use std::sync::Arc;

use super::block;
use super::edit::{quote, text};
use super::finish;
use super::ir::{Act, Piece, Read, Route, Routing, Scatter, TableUse, Template};
use super::join::Place;
use super::merge_spec::{Merge, Step};
use super::names::{self, Answered, Ctx, Reader, Style, is_system};
use super::scope::{Col, Cond, Origin, Part, Scopes};
use super::select;
use super::stage_spec::{Reduction, Stage, StageColumn, Staged, Ways};
use crate::sql::facts::{Body, Item, JoinKind, Query, Span, TableName, TableRef};
use crate::topology::schema::{Column, TableSchema};
use crate::topology::{Layout, Node, Table};

/// Bytes of an index's columns that every server takes.
const INDEX_BYTES: u64 = 3000;

/// How a SELECT is answered over stages; `None` where it cannot be.
pub(super) fn plan(ctx: &Ctx<'_>, query: &Query) -> Option<Arc<Ways>> {
    if !can_be_staged(ctx, query) {
        return None;
    }
    let alone = alone(ctx, query);
    // Groups that are folded need no copies of rows.
    let whole = || Staging::new(ctx, query).over(&ctx.used().collect::<Vec<_>>());
    let (within, whole) = match Staging::new(ctx, query).over(&[]) {
        Some(groups) => (Some(groups), whole()),
        None => (whole(), None),
    };
    (alone.is_some() || within.is_some()).then(|| Arc::new(Ways { alone, within, whole }))
}

/// Outside of transactions: with the queries in it read first that stand for themselves, or with tables alone.
fn alone(ctx: &Ctx<'_>, query: &Query) -> Option<Staged> {
    if let Some(staged) = Staging::new(ctx, query).over(&[]) {
        return Some(staged);
    }
    let staging = Staging::new(ctx, query);
    let plain = || staging.beside_tables().or_else(|| staging.in_one_place());
    let blocks = block::find(ctx, query);
    let mut over = ctx.clone();
    let mut stages = Vec::new();
    for (n, inner) in blocks.iter().enumerate() {
        let name: Arc<str> = format!("shardgate_block_{}", n + 1).into();
        let Some(mut stage) = block::stage(ctx, inner, Arc::clone(&name)) else { continue };
        let opaque = block::is_opaque(ctx, query, inner);
        for (n, (reader, alias)) in block::further_readers(ctx, query, inner).into_iter().enumerate() {
            let copy: Arc<str> = format!("{name}_{}", n + 2).into();
            over.copies.push(Reader { name: reader, alias, opaque, table: over.tables.len() });
            let nodes = places(ctx).into_iter().map(|node| Node { table: Some(Arc::clone(&copy)), ..node });
            over.tables.push(finish::staged_table(ctx, &copy, nodes.collect()));
            stage.copies.push(copy);
        }
        let table = over.tables.len();
        over.blocks.push(Answered { query: inner.span, derived: inner.derived, opaque, table });
        let nodes = places(ctx).into_iter().map(|node| Node { table: Some(Arc::clone(&name)), ..node });
        over.tables.push(finish::staged_table(ctx, &name, nodes.collect()));
        over.ignored.extend(block::tables_in(ctx, inner.span));
        stages.push(stage);
    }
    if stages.is_empty() {
        return plain();
    }
    let beside = Staging::new(&over, query);
    let found = beside.over(&[]).or_else(|| beside.beside_tables()).or_else(|| beside.in_one_place());
    let Some(found) = found else { return plain() };
    let blocks = stages.len();
    stages.extend(found.stages.into_iter().map(|mut stage| {
        stage.reductions.iter_mut().for_each(|reduction| reduction.stage += blocks);
        stage
    }));
    Some(Staged { stages, ..found })
}

/// Whether the statement means the same over copies of its tables' rows.
fn can_be_staged(ctx: &Ctx<'_>, query: &Query) -> bool {
    let statement = ctx.statement;
    let bound_to_tables = ["AGAINST", "DEFAULT", "PROCEDURE"];
    query.into.is_none()
        && !statement.assigns_user_variables
        && !statement.calls_stored
        && !statement.functions.iter().any(|call| {
            call.name.contains("LOCK")
                || call.name == "NEXTVAL"
                || call.is_next_id()
                || call.name == "LAST_INSERT_ID" && call.args
        })
        && !bound_to_tables.iter().any(|word| mentions(ctx.shape, word))
        && ctx.used().next().is_some()
}

/// Whether a name stands anywhere in a text, in whatever role.
pub(super) fn mentions(shape: &str, name: &str) -> bool {
    let (text, name) = (shape.as_bytes(), name.as_bytes());
    let part =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'$');
    if name.is_empty() || !name.is_ascii() || name.contains(&b'`') || name.contains(&b'"') {
        return true;
    }
    text.windows(name.len()).enumerate().any(|(at, word)| {
        word.eq_ignore_ascii_case(name)
            && !at.checked_sub(1).is_some_and(|before| part(text.get(before)))
            && !part(text.get(at + name.len()))
    })
}

struct Staging<'a> {
    ctx: &'a Ctx<'a>,
    query: &'a Query,
    scopes: Scopes<'a>,
    /// Where temporary tables may be made: one place on each source.
    places: Vec<Node>,
    /// Tables (index in `Plan::tables`) all of whose columns are needed.
    whole: Vec<usize>,
}

impl<'a> Staging<'a> {
    fn new(ctx: &'a Ctx<'a>, query: &'a Query) -> Self {
        let mut scopes = Scopes::new(ctx);
        scopes.query(query, &Place::top());
        let mut whole = Vec::new();
        names::each_query(ctx.statement, &mut |query| whole_tables(ctx, query, &mut whole));
        Self { ctx, query, scopes, places: places(ctx), whole }
    }

    fn layout(&self, table: usize) -> Option<&Layout> {
        self.ctx.tables.get(table).map(|used| &used.table.layout)
    }

    /// Whether the statement says so: `/*+ SHARDGATE(stay=orders) */`.
    fn is_to_stay(&self, table: usize) -> bool {
        let Some(name) = self.ctx.statement.tables.get(table) else { return false };
        let hints = self.ctx.statement.hints.iter().filter_map(|hint| hint.split_once('='));
        hints
            .filter(|(what, _)| what.trim().eq_ignore_ascii_case("stay"))
            .flat_map(|(_, names)| names.split(','))
            .any(|stays| stays.trim() == name.exposed())
    }

    /// About how many rows a table has; 0: not known.
    fn rows(&self, table: usize) -> u64 {
        let used = self.ctx.tables.get(table);
        used.and_then(|used| self.ctx.schemas.rows(&used.database, &used.table.name)).unwrap_or(0)
    }

    /// All tables but these and those that are everywhere.
    fn others(&self, kept: &[usize]) -> Vec<usize> {
        let ctx = self.ctx;
        ctx.used()
            .filter(|i| !kept.contains(i) && !matches!(self.layout(*i), Some(Layout::Reference(_))))
            .collect()
    }

    /// Some sharded tables stay where they are, the others' rows come to them.
    fn beside_tables(&self) -> Option<Staged> {
        let ctx = self.ctx;
        let sharded: Vec<usize> = ctx.used().filter(|i| ctx.sharded(*i).is_some()).collect();
        let mut families: Vec<Vec<usize>> = Vec::new();
        for i in &sharded {
            let family: Vec<usize> = sharded.iter().copied().filter(|j| self.alike(*i, *j)).collect();
            if !families.contains(&family) {
                families.push(family);
            }
        }
        families.extend(sharded.iter().map(|i| vec![*i]));
        // The largest stays where it is, or that which the statement says.
        families.sort_by_key(|family| {
            let rows = family.iter().map(|i| self.rows(*i)).max().unwrap_or(0);
            std::cmp::Reverse((family.iter().any(|i| self.is_to_stay(*i)), rows, family.len()))
        });
        families.iter().find_map(|kept| {
            let staged = self.others(kept);
            if staged.is_empty() { None } else { self.over(&staged) }
        })
    }

    /// All come to one server: to that of a table which lives on one source, if there is any.
    fn in_one_place(&self) -> Option<Staged> {
        let home = self.ctx.used().find_map(|i| match self.layout(i)? {
            Layout::Single(node) => Some(node.source),
            _ => None,
        });
        let staged: Vec<usize> = self
            .others(&[])
            .into_iter()
            .filter(|i| match self.layout(*i) {
                Some(Layout::Single(node)) => Some(node.source) != home,
                _ => true,
            })
            .collect();
        self.over(&staged)
    }

    fn alike(&self, a: usize, b: usize) -> bool {
        match (self.ctx.sharded(a), self.ctx.sharded(b)) {
            (Some(a), Some(b)) => super::spread::aligned(a, b),
            _ => false,
        }
    }

    /// The statement with these tables staged; `None` where it is no better off.
    fn over(&self, staged: &[usize]) -> Option<Staged> {
        let mut staged = staged.to_vec();
        // What small tables have tells which rows of large ones are needed.
        staged.sort_by_key(|i| self.rows(*i));
        let mut over = Ctx { staged: staged.clone(), ..self.ctx.clone() };
        let mut stages: Vec<Stage> = Vec::with_capacity(staged.len());
        for (n, i) in staged.iter().enumerate() {
            let used = self.ctx.tables.get(*i)?;
            let name: Arc<str> = format!("shardgate_stage_{}", n + 1).into();
            let nodes =
                self.places.iter().map(|node| Node { table: Some(Arc::clone(&name)), ..node.clone() });
            let table = Table {
                name: Arc::clone(&used.table.name),
                layout: Layout::Reference(nodes.collect()),
                id: None,
                indexes: Vec::new(),
            };
            let stage = self.stage(*i, name, staged.get(..n).unwrap_or_default(), &stages)?;
            stages.push(stage);
            *over.tables.get_mut(*i)? =
                TableUse { database: Arc::clone(&used.database), table: Arc::new(table) };
        }
        let own = Arc::clone(&self.ctx.own);
        let (read, last) = match select::direct(&over, self.query) {
            Ok(Act::Read(read)) if read.many.is_ok() || matches!(read.routing, Routing::Any(_)) => {
                (read, None)
            }
            _ => {
                let groups = finish::plan(&over, self.query, "shardgate_groups".into(), &self.places)?;
                (groups.partial, Some(groups.last))
            }
        };
        let rest =
            Box::new(over.plan(own, Act::Read(Read { replica: read.replica && stages.is_empty(), ..read })));
        let twice = block::read_twice(self.ctx, self.query);
        let stands = staged.iter().filter_map(|i| self.ctx.statement.tables.get(*i)).map(|name| name.span);
        let blocks = self.ctx.blocks.iter().map(|block| block.query);
        let reopens = stands.chain(blocks).any(|part| twice.iter().any(|cte| cte.holds(part)));
        Some(Staged { stages, rest, last, reopens })
    }

    /// Tables and the leaves that they are.
    fn table_leaves(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let origin = |(leaf, it): (usize, &super::scope::Leaf)| match it.origin {
            Origin::Table(i) => Some((i, leaf)),
            _ => None,
        };
        self.scopes.leaves.iter().enumerate().filter_map(origin)
    }

    /// How a table's rows are read, and what they are put into.
    fn stage(&self, i: usize, name: Arc<str>, tables: &[usize], before: &[Stage]) -> Option<Stage> {
        let ctx = self.ctx;
        let used = ctx.tables.get(i)?;
        if is_system(&used.database) {
            return None;
        }
        let schema = ctx.schemas.table(&used.database, &used.table.name)?;
        let columns = self.needed(i, &schema);
        // A CTE that is read twice is two leaves: rows are needed under either's conditions.
        let leaf = self.only_leaf(i);
        let routing = match &used.table.layout {
            Layout::Sharded(_) => {
                let route = leaf.map_or(Route::All, |leaf| self.scopes.route_of(leaf));
                Routing::Sharded { leads: vec![(i, route)], aligned: true }
            }
            Layout::Reference(nodes) => Routing::Any(nodes.clone()),
            Layout::Single(node) => Routing::Any(vec![node.clone()]),
        };
        let reductions = leaf.map_or_else(Vec::new, |leaf| self.reductions(i, leaf, &schema, tables, before));
        let (question, tail) = self.question(i, &columns, leaf, &routing, !reductions.is_empty())?;
        let read = Read {
            one: Some(question.clone()),
            many: Ok(Scatter {
                text: Some(question),
                merge: Merge { hidden: 0, step: Step::Concat },
                limit: None,
                equal: Vec::new(),
                weighed: Vec::new(),
            }),
            replica: select::replica(ctx, self.query.lock.is_some()),
            locks: self.query.lock.is_some(),
            first: false,
            rename: false,
            staged: None,
            routing,
        };
        let own = Arc::clone(&ctx.own);
        Some(Stage {
            name,
            table: Arc::clone(&used.table.name),
            keys: self.keys(i, &schema, &columns),
            columns: Some(columns.iter().map(|column| StageColumn::of(column)).collect()),
            pull: Some(ctx.clone().plan(own, Act::Read(read))),
            reductions,
            tail,
            copies: Vec::new(),
        })
    }

    /// The leaf that a table is; `None` where it is several.
    fn only_leaf(&self, table: usize) -> Option<usize> {
        let mut leaves = self.table_leaves().filter(|(t, _)| *t == table).map(|(_, leaf)| leaf);
        leaves.next().filter(|_| leaves.next().is_none())
    }

    /// Columns of a leaf that are equal, in every row that matters, to a column of an earlier stage.
    fn reductions(
        &self,
        i: usize,
        leaf: usize,
        schema: &TableSchema,
        tables: &[usize],
        before: &[Stage],
    ) -> Vec<Reduction> {
        let (Some(ctx), Some(name)) =
            (self.scopes.leaves.get(leaf).map(|l| l.ctx), self.ctx.statement.tables.get(i))
        else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for column in schema.columns.iter().filter(|column| is_exact(column)) {
            let own = Col { leaf, name: column.name.to_lowercase() };
            for col in self.scopes.class(ctx, &own).into_iter().map(|col| self.scopes.trace(&col)) {
                let of = |table: &usize| self.only_leaf(*table) == Some(col.leaf) && col.leaf != leaf;
                let Some(stage) = tables.iter().position(of) else { continue };
                let columns =
                    before.get(stage).and_then(|stage| stage.columns.as_deref()).unwrap_or_default();
                let Some(of) = columns.iter().position(|c| c.name.eq_ignore_ascii_case(&col.name)) else {
                    continue;
                };
                let column = format!("{}.{}", quote(name.exposed()), quote(&column.name));
                out.push(Reduction { column, stage, of });
            }
        }
        out
    }

    /// The columns that the statement may name, or show.
    fn needed<'s>(&self, i: usize, schema: &'s TableSchema) -> Vec<&'s Column> {
        let whole = self.whole.contains(&i);
        // In its order a server reads the rows, and what a group has one value of may hang on it.
        let primary = schema.unique.first();
        let wanted = |column: &&Column| {
            whole && !column.invisible
                || mentions(self.ctx.shape, &column.name)
                || primary.is_some_and(|key| key.contains(&column.name.to_lowercase()))
        };
        let columns: Vec<&Column> = schema.columns.iter().filter(wanted).collect();
        if columns.is_empty() { schema.columns.iter().take(1).collect() } else { columns }
    }

    fn question(
        &self,
        i: usize,
        columns: &[&Column],
        leaf: Option<usize>,
        routing: &Routing,
        reduced: bool,
    ) -> Option<(Template, String)> {
        let ctx = self.ctx;
        let written = ctx.statement.tables.get(i)?;
        let exposed = written.exposed();
        let list: Vec<String> = columns
            .iter()
            .map(|column| {
                let name = format!("{}.{}", quote(exposed), quote(&column.name));
                // As text a moment may come twice when clocks are put back.
                if column.data_type == "timestamp" { format!("UNIX_TIMESTAMP({name})") } else { name }
            })
            .collect();
        let mut out = vec![text(format!("SELECT {} FROM ", list.join(", "))), Piece::Table(i)];
        out.extend(written.partition.into_iter().flat_map(|span| [text(" "), Piece::Shape(span)]));
        out.push(text(format!(" AS {}", quote(exposed))));
        out.extend(written.index_hints.into_iter().flat_map(|span| [text(" "), Piece::Shape(span)]));
        let edits = names::edits(ctx, routing, Style::Aliased).ok()?;
        let mut word = " WHERE (";
        for part in leaf.iter().flat_map(|leaf| self.conditions(*leaf)) {
            out.push(text(word));
            out.extend(edits.render(part));
            out.push(text(")"));
            word = " AND (";
        }
        let tail = self.query.lock.map_or_else(String::new, |lock| {
            let lock = lock.of(ctx.shape).to_ascii_uppercase();
            let kind = if lock.contains("UPDATE") { " FOR UPDATE" } else { " LOCK IN SHARE MODE" };
            match ["SKIP LOCKED", "NOWAIT"].into_iter().find(|rest| lock.ends_with(rest)) {
                Some(rest) if lock.contains("UPDATE") => format!("{kind} {rest}"),
                Some(rest) => format!(" FOR SHARE {rest}"),
                None => kind.to_owned(),
            }
        });
        if reduced {
            if word == " WHERE (" {
                out.push(text(" WHERE TRUE"));
            }
            return Some((out, tail));
        }
        out.push(text(tail));
        Some((out, String::new()))
    }

    /// Conditions that stand where the leaf's rows are looked at, and name nothing else.
    fn conditions(&self, leaf: usize) -> Vec<Span> {
        let Some(ctx) = self.scopes.leaves.get(leaf).map(|l| l.ctx) else { return Vec::new() };
        let alone = |part: &Part| {
            part.columns.iter().all(|column| {
                column.schema.is_none()
                    && self.scopes.resolve(part.scope, column).is_some_and(|found| found.leaf == leaf)
            }) && self.is_steady(part.span)
        };
        let context = self.scopes.contexts.get(ctx);
        let parts = context.into_iter().flat_map(|context| &context.parts);
        parts.filter(|part| alone(part)).map(|part| part.span).collect()
    }

    /// Whether a text has the same value each time for the same row.
    fn is_steady(&self, span: Span) -> bool {
        let steady =
            ["DATABASE", "SCHEMA", "USER", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "CONNECTION_ID"];
        let calls = &self.ctx.statement.functions;
        !calls.iter().any(|call| span.holds(call.span) && !steady.contains(&call.name.as_str()))
    }

    /// Indexes of a copy: what is unique stays so, and columns that rows are joined by are found.
    fn keys(&self, i: usize, schema: &TableSchema, columns: &[&Column]) -> Vec<String> {
        let find =
            |name: &String| columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).copied();
        let (mut out, mut indexed): (Vec<String>, Vec<Vec<String>>) = (Vec::new(), Vec::new());
        for (n, key) in schema.unique.iter().enumerate() {
            let Some(found) = key.iter().map(find).collect::<Option<Vec<_>>>() else { continue };
            if !indexable(&found) {
                continue;
            }
            // The first is the primary key only if its columns can be one.
            let primary = n == 0 && found.iter().all(|column| !column.nullable);
            let names: Vec<String> = found.iter().map(|column| quote(&column.name)).collect();
            let kind = if primary { "PRIMARY KEY" } else { "UNIQUE KEY" };
            out.push(format!("{kind} ({})", names.join(", ")));
            indexed.push(key.clone());
        }
        for name in self.joined_by(i) {
            let Some(column) = find(&name) else { continue };
            if indexed.iter().any(|key| key.first() == Some(&name)) || !indexable(&[column]) {
                continue;
            }
            out.push(format!("KEY ({})", quote(&column.name)));
            indexed.push(vec![name]);
        }
        out
    }

    /// Columns of a table, lower case, that are compared with other columns.
    fn joined_by(&self, i: usize) -> Vec<String> {
        let leaves: Vec<usize> = self.table_leaves().filter(|(t, _)| *t == i).map(|(_, leaf)| leaf).collect();
        let mut out: Vec<String> = Vec::new();
        let mut note = |col: &super::scope::Col| {
            let col = self.scopes.trace(col);
            if leaves.contains(&col.leaf) && !out.contains(&col.name) {
                out.push(col.name);
            }
        };
        for context in &self.scopes.contexts {
            for cond in &context.conds {
                pairs(cond, &mut note);
            }
            for (a, b) in &context.links {
                note(a);
                note(b);
            }
        }
        out
    }
}

fn pairs(cond: &Cond, note: &mut impl FnMut(&super::scope::Col)) {
    match cond {
        Cond::And(parts) | Cond::Or(parts) => parts.iter().for_each(|part| pairs(part, note)),
        Cond::Same(a, b) => {
            note(a);
            note(b);
        }
        _ => {}
    }
}

/// One place on each source, of the session's database where it has one.
fn places(ctx: &Ctx<'_>) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    let used = ctx.tables.iter().filter_map(|used| ctx.topology.database(&used.database));
    let all = ctx.topology.databases.values();
    for shard in used.chain(all).flat_map(|database| &database.shards) {
        if out.iter().all(|node| node.source != shard.source) {
            out.push(Node { table: None, ..shard.clone() });
        }
    }
    out.sort_by_key(|node| node.source);
    out
}

/// Tables of a query's own FROM that `*`, NATURAL JOIN or TABLE shows whole.
fn whole_tables(ctx: &Ctx<'_>, query: &Query, out: &mut Vec<usize>) {
    let select = match &query.body {
        Body::Select(select) => select,
        Body::Other => {
            out.extend(block::tables_in(ctx, query.span));
            return;
        }
        Body::Set { .. } => return,
    };
    let mut tables = Vec::new();
    for table in &select.from {
        own_tables(table, false, &mut tables);
    }
    for (name, natural) in tables {
        let shown = select.items.iter().any(|item| match item {
            Item::Star { table: None, .. } => true,
            Item::Star { table: Some(of), .. } => of.text.eq_ignore_ascii_case(name.exposed()),
            Item::Expr { .. } => false,
        });
        if natural || shown {
            out.extend(ctx.index_of(name));
        }
    }
}

fn own_tables<'q>(table: &'q TableRef, natural: bool, out: &mut Vec<(&'q TableName, bool)>) {
    match table {
        TableRef::Table(name) => out.push((name, natural)),
        TableRef::Join { left, right, kind, .. } => {
            let natural = natural || *kind == JoinKind::Natural;
            own_tables(left, natural, out);
            own_tables(right, natural, out);
        }
        TableRef::Derived { .. } | TableRef::Function => {}
    }
}

/// Whether a value of the column that is written as a literal is equal to the same values only.
fn is_exact(column: &Column) -> bool {
    matches!(
        column.data_type.as_str(),
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "date" | "char" | "varchar"
    )
}

fn indexable(columns: &[&Column]) -> bool {
    let bytes = |column: &&Column| match column.data_type.as_str() {
        name if ["text", "blob", "json", "geometry", "point", "vector"]
            .iter()
            .any(|end| name.ends_with(end)) =>
        {
            None
        }
        "polygon" | "linestring" | "geometrycollection" | "geomcollection" | "multipoint"
        | "multilinestring" | "multipolygon" => None,
        _ => Some(column.length.unwrap_or(16).saturating_mul(if column.charset.is_some() { 4 } else { 1 })),
    };
    columns.iter().map(bytes).sum::<Option<u64>>().is_some_and(|bytes| bytes <= INDEX_BYTES)
}
