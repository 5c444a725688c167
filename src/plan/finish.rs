//! A final statement: what a SELECT with groups makes of them (HAVING, expressions over aggregates, windows, DISTINCT, any
//! ORDER BY) is evaluated by a server over the merged groups, which stand in a stage with a column for each group key
//! and each aggregate.

use std::sync::Arc;

use super::aggregate;
use super::edit::{Edits, quote, text};
use super::ir::{Act, Piece, Plan, Read, Routing, Scatter, TableUse, Template};
use super::join::Place;
use super::merge_spec::Merge;
use super::names::{self, Ctx, Style};
use super::order::{self, Hidden, VisibleList};
use super::placed::Placed;
use super::refuse;
use super::scope::Scopes;
use super::select::Draft;
use super::stage_spec::{Last, Stage, StageColumn};
use crate::sql::facts::{Aggregate, Body, ColumnRef, Expr, ExprKind, Func, Item, Query, Select, Span};
use crate::topology::{Layout, Node, Table};

/// Groups, and what is made of them.
pub(super) struct Groups {
    /// What the shards answer, and how it is merged.
    pub(super) partial: Read,
    /// What runs over the merged groups.
    pub(super) last: Last,
}

/// The groups of a SELECT, column by column.
struct Columns<'q> {
    scopes: &'q Scopes<'q>,
    scope: usize,
    select: &'q Select,
    keys: Vec<Expr>,
    aggregates: Vec<Aggregate>,
}

/// The SELECT over the groups in a stage, which is made at one of `places`; `None`: it needs more than its groups.
pub(super) fn plan(ctx: &Ctx<'_>, query: &Query, name: Arc<str>, places: &[Node]) -> Option<Groups> {
    let Body::Select(select) = &query.body else { return None };
    let stars = select.items.iter().any(|item| matches!(item, Item::Star { .. }));
    if stars || select.rollup || select.windows || query.lock.is_some() || !query.with.is_empty() {
        return None;
    }
    let mut scopes = Scopes::new(ctx);
    let found = scopes.query(query, &Place::top());
    let block = found.block?;
    let Placed { routing, many: Ok(()) } = scopes.placed(&found.proof).ok()? else { return None };
    if !matches!(routing, Routing::Sharded { .. }) {
        return None;
    }
    let edits = names::edits(ctx, &routing, Style::Aliased).ok()?;
    let keys = select
        .group_by
        .iter()
        .map(|key| written(&scopes, block.scope, select, key))
        .collect::<Option<_>>()?;
    let mut columns = Columns { scopes: &scopes, scope: block.scope, select, keys, aggregates: Vec::new() };
    for expr in outer_exprs(select, query) {
        for aggregate in &expr.aggregates {
            if expr.subqueries.iter().any(|inner| aggregate.span.holds(inner.span)) {
                return None;
            }
            // Inside of an expression servers keep more digits of an average than they show.
            if aggregate.func == Func::Avg && !matches!(expr.kind, ExprKind::Aggregate(_)) {
                return None;
            }
            // A column is a year, and compared as one; what an aggregate answers of years is a number.
            if !matches!(aggregate.func, Func::CountAll | Func::Count | Func::Sum | Func::Avg)
                && aggregate.columns.iter().any(|column| is_year(&scopes, block.scope, column))
            {
                return None;
            }
            if columns.aggregate(aggregate).is_none() {
                columns.aggregates.push(aggregate.clone());
            }
        }
    }
    let is_average =
        |expr: &Expr| matches!(&expr.kind, ExprKind::Aggregate(aggregate) if aggregate.func == Func::Avg);
    let mut aliased = select.having.iter().flat_map(|having| &having.columns);
    if aliased.any(|column| order::aliased(select, column).is_some_and(is_average)) {
        return None;
    }
    if columns.aggregates.is_empty() {
        return None;
    }
    // What the shards are asked for, as if the client had asked for the keys and the aggregates alone.
    let item = |expr: Expr| Item::Expr { span: expr.span, expr, alias: None };
    let mut partial = select.clone();
    (partial.distinct, partial.having, partial.calc_found_rows) = (false, None, false);
    partial.items = columns.keys.iter().cloned().map(item).collect();
    partial.items.extend(columns.aggregates.iter().map(|aggregate| item(whole(aggregate))));
    partial.group_by.clone_from(&columns.keys);
    let question =
        Query { order_by: Vec::new(), order_span: None, limit: None, body: Body::Other, ..query.clone() };
    let list = scopes.visible(&partial, block.scope, &edits);
    let mut draft = Draft {
        scopes: &scopes,
        query: &question,
        select: &partial,
        block: &block,
        edits: &edits,
        list,
        hidden: Hidden::default(),
        equal: Vec::new(),
        weighed: Vec::new(),
    };
    let outcome = aggregate::group(&mut draft).ok()?;
    let from = rows_of(select);
    let mut rest =
        edits.render(Span { start: from.start, end: select.group_span.map_or(from.end, |g| g.start) });
    if !columns.keys.is_empty() {
        let places: Vec<String> = (1..=columns.keys.len()).map(|n| n.to_string()).collect();
        rest.push(text(format!(" GROUP BY {}", places.join(", "))));
    }
    let with = |hidden: &Hidden| asked(&draft.list, hidden).into_iter().chain(rest.clone()).collect();
    // One node's groups are whole: nothing is merged.
    let (one, mut shard): (Template, Template) = (with(&Hidden::default()), with(&draft.hidden));
    let order = outcome.shard_order.map(|order| format!(" {order}"));
    let behind = [Some(outcome.shard_group), order].into_iter().flatten();
    shard.extend(behind.filter(|part| !part.trim().is_empty()).map(text));
    let hidden = draft.hidden.len();
    let mut equal = std::mem::take(&mut draft.equal);
    let last = columns.last(ctx, query, name, places, &mut equal)?;
    equal.retain(|(a, b)| a != b && a.of(ctx.shape).contains('?'));
    let mut weighed = std::mem::take(&mut draft.weighed);
    weighed.retain(|span| span.of(ctx.shape).contains('?'));
    let partial = Read {
        routing,
        one: Some(one),
        many: Ok(Scatter {
            text: Some(shard),
            merge: Merge { hidden, step: outcome.step },
            limit: None,
            equal,
            weighed,
        }),
        replica: false,
        locks: false,
        first: false,
        rename: false,
        staged: None,
    };
    Some(Groups { partial, last })
}

/// Whether a column may be a YEAR.
fn is_year(scopes: &Scopes<'_>, scope: usize, column: &ColumnRef) -> bool {
    let col = scopes.resolve(scope, column).map(|col| scopes.trace(&col));
    let leaf = col.as_ref().and_then(|col| scopes.leaves.get(col.leaf));
    let Some((schema, col)) = leaf.and_then(|leaf| leaf.schema.as_ref()).zip(col) else { return false };
    let found = schema.position(&col.name).and_then(|at| schema.columns.get(at));
    found.is_some_and(|column| column.data_type == "year")
}

/// The name of a stage's column.
fn named(n: usize) -> String {
    format!("shardgate_{n}")
}

/// Everything of the block that stands outside of FROM, WHERE and GROUP BY.
fn outer_exprs<'q>(select: &'q Select, query: &'q Query) -> impl Iterator<Item = &'q Expr> {
    super::select::item_exprs(select)
        .chain(&select.having)
        .chain(query.order_by.iter().map(|item| &item.expr))
}

/// FROM, WHERE and GROUP BY.
fn rows_of(select: &Select) -> Span {
    let from = select.from_span.unwrap_or(select.span);
    let parts = [select.filter_expr.as_ref().map(|filter| filter.span), select.group_span];
    Span {
        start: from.start,
        end: parts.into_iter().flatten().map(|s| s.end).max().unwrap_or(0).max(from.end),
    }
}

/// An aggregate as an expression of its own.
fn whole(aggregate: &Aggregate) -> Expr {
    Expr {
        span: aggregate.span,
        kind: ExprKind::Aggregate(aggregate.clone()),
        columns: aggregate.columns.clone(),
        aggregates: vec![aggregate.clone()],
        subqueries: Vec::new(),
        window: false,
        parts: Vec::new(),
    }
}

/// `SELECT` with each column under the name that it has in the stage, and the hidden ones.
fn asked(list: &VisibleList<'_>, hidden: &Hidden) -> Template {
    let mut out = vec![text("SELECT ")];
    for (n, column) in list.columns.iter().enumerate() {
        if n > 0 {
            out.push(text(", "));
        }
        out.extend(column.text.iter().cloned());
        out.push(text(format!(" AS `{}`", named(n))));
    }
    out.extend(hidden.select_list());
    out.push(text(" "));
    out
}

/// What an item of GROUP BY stands for: a position, a column, an alias. A name that may be either is nobody's.
fn written(scopes: &Scopes<'_>, scope: usize, select: &Select, key: &Expr) -> Option<Expr> {
    if !key.subqueries.is_empty() {
        return None;
    }
    let found = match &key.kind {
        ExprKind::Operand(_) => order::positioned(select, key)?,
        ExprKind::Column(column) => match (scopes.resolve(scope, column), order::aliased(select, column)) {
            (_, None) => key,
            (Some(col), Some(aliased)) => match &aliased.kind {
                ExprKind::Column(other) if scopes.resolve(scope, other) == Some(col.clone()) => key,
                _ if scopes.surely_has(col.leaf, &col.name) => key,
                _ if scopes.surely_lacks(col.leaf, &col.name) => aliased,
                _ => return None,
            },
            (None, Some(aliased)) => aliased,
        },
        _ => key,
    };
    (found.aggregates.is_empty() && found.subqueries.is_empty() && !found.window).then(|| found.clone())
}

impl Columns<'_> {
    fn alike(&self, a: Span, b: Span) -> bool {
        let shape = self.scopes.at.shape;
        let (a, b) = (a.of(shape), b.of(shape));
        a == b || (!a.contains(['\'', '"']) && a.eq_ignore_ascii_case(b))
    }

    /// The place of an aggregate among them. One with `?` in it may have another value each time.
    fn aggregate(&self, aggregate: &Aggregate) -> Option<usize> {
        let open = aggregate.span.of(self.scopes.at.shape).contains('?');
        self.aggregates.iter().position(|other| {
            other.span == aggregate.span || (!open && self.alike(other.span, aggregate.span))
        })
    }

    /// The key that a column is.
    fn key_of_column(&self, column: &ColumnRef) -> Option<usize> {
        let col = self.scopes.resolve(self.scope, column)?;
        self.keys.iter().position(|key| match &key.kind {
            ExprKind::Column(key) => self.scopes.resolve(self.scope, key).is_some_and(|key| key == col),
            _ => false,
        })
    }

    /// What stands for a group's columns in the final statement.
    fn last(
        &self,
        ctx: &Ctx<'_>,
        query: &Query,
        name: Arc<str>,
        places: &[Node],
        equal: &mut Vec<(Span, Span)>,
    ) -> Option<Last> {
        let mut over = ctx.clone();
        let table = over.tables.len();
        let nodes: Vec<Node> =
            places.iter().map(|node| Node { table: Some(Arc::clone(&name)), ..node.clone() }).collect();
        over.tables.push(staged_table(ctx, &name, nodes.clone()));
        let mut edits = Edits::default();
        names::block_edits(ctx, &mut edits);
        names::session_edits(ctx, &mut edits);
        for item in super::select::item_exprs(self.select) {
            self.edit(item, false, &mut edits, equal)?;
        }
        for item in &query.order_by {
            if !matches!(item.expr.kind, ExprKind::Operand(_)) {
                self.edit(&item.expr, true, &mut edits, equal)?;
            }
        }
        let rows = rows_of(self.select);
        let from = vec![text(" FROM "), Piece::Table(table), text(" ")];
        match &self.select.having {
            None => edits.overwrite(rows, from),
            Some(having) => {
                self.edit_having(having, &mut edits, equal)?;
                let mut from = from;
                from.push(text("WHERE "));
                edits.overwrite(Span { start: rows.start, end: having.span.start }, from);
            }
        }
        names::name_columns(ctx, &[rows], &mut edits);
        for item in &self.select.items {
            if let Item::Expr {
                expr: Expr { kind: ExprKind::Column(column), span, .. }, alias: None, ..
            } = item
            {
                edits.insert(span.end, vec![text(format!(" AS {}", quote(&column.name.text)))]);
            }
        }
        let one = over.text(&edits)?;
        let columns = (0..self.keys.len() + self.aggregates.len()).map(|n| self.column(n)).collect();
        let stage = Stage {
            name,
            table: "its groups".into(),
            columns: Some(columns),
            known: Vec::new(),
            keys: Vec::new(),
            pull: None,
            reductions: Vec::new(),
            tail: String::new(),
            copies: Vec::new(),
            placing: None,
        };
        let read = Read {
            routing: Routing::Any(nodes),
            one: Some(one),
            many: Err(refuse::needs_one_node("a statement over groups")),
            replica: false,
            locks: false,
            first: false,
            rename: false,
            staged: None,
        };
        let plan: Plan = over.plan(Arc::clone(&ctx.own), Act::Read(read));
        Some(Last { stage, plan: Box::new(plan) })
    }

    fn column(&self, n: usize) -> StageColumn {
        let key = self.keys.get(n).and_then(|key| match &key.kind {
            ExprKind::Column(column) => self.scopes.resolve(self.scope, column),
            _ => None,
        });
        StageColumn::computed(named(n), key.and_then(|col| self.scopes.definition(&col)))
    }

    /// Puts the stage's columns into an expression; `None`: something in it is neither key nor aggregate.
    fn edit(
        &self,
        expr: &Expr,
        ordering: bool,
        edits: &mut Edits,
        equal: &mut Vec<(Span, Span)>,
    ) -> Option<()> {
        let stands = |n: usize| vec![text(format!("`{}`", named(n)))];
        if let (ExprKind::Column(column), true) = (&expr.kind, ordering)
            && column.table.is_none()
            && order::aliased(self.select, column).is_some()
        {
            return Some(());
        }
        if let Some(n) = self.keys.iter().position(|key| self.alike(key.span, expr.span))
            && !matches!(expr.kind, ExprKind::Column(_))
        {
            equal.push((self.keys.get(n)?.span, expr.span));
            edits.overwrite(expr.span, stands(n));
            return Some(());
        }
        for aggregate in &expr.aggregates {
            edits.overwrite(aggregate.span, stands(self.keys.len() + self.aggregate(aggregate)?));
        }
        for column in &expr.columns {
            let span = column.span();
            if expr.aggregates.iter().any(|aggregate| aggregate.span.holds(span)) {
                continue;
            }
            edits.overwrite(span, stands(self.key_of_column(column)?));
        }
        expr.subqueries.iter().all(|inner| self.scopes.at.is_block(inner)).then_some(())
    }

    /// HAVING becomes the condition on the groups: aliases in it are what they stand for.
    fn edit_having(&self, having: &Expr, edits: &mut Edits, equal: &mut Vec<(Span, Span)>) -> Option<()> {
        let mut plain = having.clone();
        let mut aliases = Vec::new();
        plain.columns.retain(|column| {
            let inside = having.aggregates.iter().any(|aggregate| aggregate.span.holds(column.name.span));
            match order::aliased(self.select, column).filter(|_| column.table.is_none() && !inside) {
                Some(aliased) if self.key_of_column(column).is_none() => {
                    aliases.push((column.name.span, aliased));
                    false
                }
                _ => true,
            }
        });
        // A key that is also an alias of something else.
        let torn = plain.columns.iter().any(|column| {
            let aliased = order::aliased(self.select, column).filter(|_| column.table.is_none());
            aliased.is_some_and(|aliased| match &aliased.kind {
                ExprKind::Column(other) => self.key_of_column(other) != self.key_of_column(column),
                _ => true,
            })
        });
        if torn || aliases.iter().any(|(_, aliased)| aliased.window || self.scopes.changes(aliased)) {
            return None;
        }
        self.edit(&plain, false, edits, equal)?;
        for (span, aliased) in aliases {
            let mut pieces = vec![text("(")];
            pieces.extend(edits.render(aliased.span));
            pieces.push(text(")"));
            edits.overwrite(span, pieces);
        }
        Some(())
    }
}

/// A stage as a table of a plan.
pub(super) fn staged_table(ctx: &Ctx<'_>, name: &Arc<str>, nodes: Vec<Node>) -> TableUse {
    let database = ctx.tables.first().map_or_else(|| "".into(), |used| Arc::clone(&used.database));
    let table =
        Table { name: Arc::clone(name), layout: Layout::Reference(nodes), id: None, indexes: Vec::new() };
    TableUse { database, table: Arc::new(table) }
}
