//! How the rows of one table are read for a stage: which columns and rows the statement can need, and what the stage is
//! indexed by. Soundly and not exactly: the whole statement runs over them again.

use std::sync::Arc;

use super::alike::{self, Once};
use super::block;
use super::edit::{quote, text};
use super::ir::{Act, Piece, Read, Route, Routing, Scatter, Template};
use super::merge_spec::{Merge, Step};
use super::names::{self, Ctx, Style, is_system};
use super::scope::{Col, Cond, Leaf, Origin, Part};
use super::select;
use super::stage_spec::{Reduction, Stage, StageColumn};
use super::staged::{Staging, mentions};
use crate::sql::facts::{Body, Item, JoinKind, Query, Select, Span, TableName, TableRef};
use crate::topology::Layout;
use crate::topology::schema::{Column, TableSchema};

/// Bytes of an index's columns that every server takes.
const INDEX_BYTES: u64 = 3000;

impl Staging<'_> {
    /// Tables and the leaves that they are.
    pub(super) fn table_leaves(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let origin = |(leaf, it): (usize, &Leaf)| match it.origin {
            Origin::Table(i) => Some((i, leaf)),
            _ => None,
        };
        self.scopes.leaves.iter().enumerate().filter_map(origin)
    }

    /// How a table's rows are read, and what they are put into.
    pub(super) fn stage(
        &self,
        i: usize,
        name: Arc<str>,
        tables: &[usize],
        before: &[Stage],
    ) -> Option<Stage> {
        let ctx = self.ctx;
        let used = ctx.tables.get(i)?;
        if is_system(&used.database) {
            return None;
        }
        let schema = ctx.schemas.table(&used.database, &used.table.name)?;
        let once = self.once(i, &schema);
        let columns = self.needed(i, &schema, once != Once::Alike);
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
        let (question, tail) = self.question(i, &columns, leaf, &routing, (&once, !reductions.is_empty()))?;
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
            known: Vec::new(),
            pull: Some(ctx.clone().plan(own, Act::Read(read))),
            reductions,
            tail,
            copies: Vec::new(),
            placing: None,
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
    pub(super) fn needed<'s>(&self, i: usize, schema: &'s TableSchema, ordered: bool) -> Vec<&'s Column> {
        let whole = self.whole.contains(&i);
        // In its order a server reads the rows, and what a group has one value of may hang on it.
        let primary = schema.unique.first().filter(|_| ordered);
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
        (once, reduced): (&Once, bool),
    ) -> Option<(Template, String)> {
        let ctx = self.ctx;
        let written = ctx.statement.tables.get(i)?;
        let exposed = written.exposed();
        let named = |column: &Column| format!("{}.{}", quote(exposed), quote(&column.name));
        let list: Vec<String> = columns
            .iter()
            .map(|column| match &column.data_type {
                _ if once.is_first(column) => format!("MIN({})", named(column)),
                // As text a moment may come twice when clocks are put back.
                kind if kind == "timestamp" => format!("UNIX_TIMESTAMP({})", named(column)),
                _ => named(column),
            })
            .collect();
        let word = if *once == Once::Alike { "SELECT DISTINCT" } else { "SELECT" };
        let mut out = vec![text(format!("{word} {} FROM ", list.join(", "))), Piece::Table(i)];
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
        let tail =
            self.query.lock.map_or_else(|| once.groups(columns, named), |lock| locking(lock.of(ctx.shape)));
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
            // MySQL takes MIN and MAX of an ENUM by its strings, but by its numbers where it has an index.
            let numbered = ["enum", "set"].contains(&column.data_type.as_str());
            if numbered || indexed.iter().any(|key| key.first() == Some(&name)) || !indexable(&[column]) {
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
        let mut note = |col: &Col| {
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

/// What stands behind a pull for a statement with this locking clause.
fn locking(clause: &str) -> String {
    let clause = clause.to_ascii_uppercase();
    let kind = if clause.contains("UPDATE") { " FOR UPDATE" } else { " LOCK IN SHARE MODE" };
    match ["SKIP LOCKED", "NOWAIT"].into_iter().find(|rest| clause.ends_with(rest)) {
        Some(rest) if clause.contains("UPDATE") => format!("{kind} {rest}"),
        Some(rest) => format!(" FOR SHARE {rest}"),
        None => kind.to_owned(),
    }
}

fn pairs(cond: &Cond, note: &mut impl FnMut(&Col)) {
    match cond {
        Cond::And(parts) | Cond::Or(parts) => parts.iter().for_each(|part| pairs(part, note)),
        Cond::Same(a, b) => {
            note(a);
            note(b);
        }
        _ => {}
    }
}

/// Tables of a query's own FROM that `*`, NATURAL JOIN or TABLE shows whole.
pub(super) fn whole_tables(ctx: &Ctx<'_>, query: &Query, out: &mut Vec<usize>) {
    let select = match &query.body {
        Body::Select(select) => select,
        Body::Other => {
            out.extend(block::tables_in(ctx, query.span));
            return;
        }
        Body::Set { .. } => return,
    };
    let exists = alike::exists(ctx, query);
    for (name, natural) in from_tables(select) {
        let shown = !exists
            && select.items.iter().any(|item| match item {
                Item::Star { table: None, .. } => true,
                Item::Star { table: Some(of), .. } => of.text.eq_ignore_ascii_case(name.exposed()),
                Item::Expr { .. } => false,
            });
        if natural || shown {
            out.extend(ctx.index_of(name));
        }
    }
}

/// The tables of a SELECT's own FROM; `true`: NATURAL JOIN compares all columns.
pub(super) fn from_tables(select: &Select) -> Vec<(&TableName, bool)> {
    let mut out = Vec::new();
    select.from.iter().for_each(|table| own_tables(table, false, &mut out));
    out
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
