//! Whether a statement's tables can be joined where their rows are: on one node, or on each of several nodes alone.
//!
//! Every block (SELECT, UPDATE, DELETE) gets a [`Spread`]: how the rows of its FROM are spread when each node runs it
//! by itself. What is not provably right is a reason, which becomes a refusal unless one node answers it all.

use super::scope::{Col, Context, Leaf, Origin, Part, Scope, Scopes};
use super::spread::{Proof, Spread};
use crate::base::Result;
use crate::sql::facts::{
    Body, ColumnRef, Cte, Expr, ExprKind, Item, JoinKind, Predicate, Query, Select, TableName, TableRef,
};

/// What a block is made of, whatever the statement.
pub(super) struct Parts<'q> {
    pub(super) from: &'q [TableRef],
    pub(super) filter: Option<&'q Predicate>,
    pub(super) filter_expr: Option<&'q Expr>,
    pub(super) exprs: Vec<&'q Expr>,
    /// The column that the only row of WHERE's conjunct `outer IN (SELECT column …)` must be equal to.
    pub(super) member: Option<(Col, &'q ColumnRef)>,
}

/// A block that has been looked through.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) scope: usize,
    pub(super) ctx: usize,
    pub(super) proof: Proof,
}

/// A query expression that has been looked through. `block` is there for a plain SELECT.
pub(super) struct Found {
    pub(super) proof: Proof,
    pub(super) block: Option<Block>,
}

/// Where a block stands: the scope its names may reach, the context its rows matter under, the CTEs in sight.
#[derive(Clone)]
pub(super) struct Place<'q> {
    names: Option<usize>,
    ctx: Option<usize>,
    ctes: Vec<(&'q Cte, bool)>,
    essential: bool,
    member: Option<Col>,
}

impl Place<'_> {
    /// The statement itself.
    pub(super) fn top() -> Self {
        Self { names: None, ctx: None, ctes: Vec::new(), essential: true, member: None }
    }
}

pub(super) enum Tree {
    Leaf(usize),
    /// Rows must meet under the context.
    Inner(Box<Tree>, Box<Tree>, usize),
    /// The first is preserved; the second's rows matter under the context.
    Outer(Box<Tree>, Box<Tree>, usize),
    /// What is equal is not written.
    Natural(Box<Tree>, Box<Tree>),
    Empty,
}

struct Pending<'q> {
    scope: usize,
    conds: Vec<(usize, &'q Predicate)>,
    exprs: Vec<(usize, &'q Expr)>,
    same: Vec<(usize, Col, Col)>,
}

impl Scopes<'_> {
    /// Looks through a query expression.
    pub(super) fn query<'q>(&mut self, query: &'q Query, place: &Place<'q>) -> Found {
        if self.at.is_block(query) {
            return Found { proof: Ok(Spread::Everywhere), block: None };
        }
        let mut place = place.clone();
        let member = place.member.take();
        for cte in &query.with {
            place.ctes.push((cte, false));
        }
        match &query.body {
            Body::Select(select) => {
                let parts = Parts {
                    from: &select.from,
                    filter: select.filter.as_ref(),
                    filter_expr: select.filter_expr.as_ref(),
                    exprs: select_exprs(select, query),
                    member: member.filter(|_| passes_rows(query)).zip(only_column(select)),
                };
                let block = self.block(&parts, &place);
                Found { proof: block.proof.clone(), block: Some(block) }
            }
            Body::Set { left, right, operation } => {
                place.essential = false;
                let (l, r) = (self.query(left, &place).proof, self.query(right, &place).proof);
                let proof = match (l, r) {
                    (Err(why), _) | (_, Err(why)) => Err(why),
                    (Ok(Spread::Everywhere), Ok(Spread::Everywhere)) => Ok(Spread::Everywhere),
                    (Ok(Spread::Everywhere | Spread::Tied), Ok(Spread::Everywhere | Spread::Tied)) => {
                        Ok(Spread::Tied)
                    }
                    _ => Err(format!("{operation} over rows of several shards")),
                };
                Found { proof, block: None }
            }
            Body::Other => Found {
                proof: if self.at.statement.tables.iter().all(|table| !within(table, query)) {
                    Ok(Spread::Everywhere)
                } else {
                    Err("TABLE and VALUES over rows of several shards".into())
                },
                block: None,
            },
        }
    }

    /// Looks through one block.
    pub(super) fn block<'q>(&mut self, parts: &Parts<'q>, place: &Place<'q>) -> Block {
        self.blocks.push(Scope { parent: place.names, ..Scope::default() });
        let scope = self.blocks.len() - 1;
        let ctx = self.new_context(place.ctx);
        let mut pending = Pending { scope, conds: Vec::new(), exprs: Vec::new(), same: Vec::new() };
        let mut tree = Tree::Empty;
        for table in parts.from {
            let next = self.collect(table, ctx, place, &mut pending);
            tree = match tree {
                Tree::Empty => next,
                tree => Tree::Inner(Box::new(tree), Box::new(next), ctx),
            };
        }
        pending.conds.extend(parts.filter.map(|f| (ctx, f)));
        let written = pending.exprs.iter().copied().chain(parts.filter_expr.map(|filter| (ctx, filter)));
        for (at, expr) in written.collect::<Vec<_>>() {
            self.note_parts(at, scope, expr);
        }
        let conds: Vec<_> = pending.conds.iter().map(|(at, p)| (*at, self.condition(scope, p))).collect();
        for (at, cond) in conds {
            self.add(at, |c| c.conds.push(cond));
        }
        for (at, a, b) in std::mem::take(&mut pending.same) {
            self.add(at, |c| c.links.push((a, b)));
        }
        if let Some((outer, column)) = &parts.member
            && let Some(inner) = self.resolve(scope, column)
            && self.comparable(outer, &inner)
        {
            let outer = outer.clone();
            self.add(ctx, |c| c.links.push((outer, inner)));
        }
        pending.exprs.extend(parts.exprs.iter().map(|e| (ctx, *e)));
        let mut trouble = None;
        for (at, expr) in &pending.exprs {
            for query in &expr.subqueries {
                let below = Place {
                    names: Some(scope),
                    ctx: Some(*at),
                    ctes: place.ctes.clone(),
                    essential: false,
                    member: self.member_of(scope, parts, expr, query),
                };
                if let Err(why) = self.subquery(query, &below) {
                    trouble = trouble.or(Some(why));
                }
            }
        }
        let mut proof = self.spread(&tree);
        if let Some(why) = trouble {
            proof = proof.and(Err(why));
        }
        if let Ok(Spread::Local(keys)) = &proof
            && place.names.is_some()
            && self.tied(ctx, keys, place.names)
        {
            proof = Ok(Spread::Tied);
        }
        Block { scope, ctx, proof }
    }

    /// The parts of a condition, as they are written.
    fn note_parts(&mut self, ctx: usize, scope: usize, expr: &Expr) {
        let parts = if expr.parts.is_empty() { std::slice::from_ref(expr) } else { &expr.parts };
        let parts = parts.iter().filter(|part| part.subqueries.is_empty() && !part.columns.is_empty());
        let parts: Vec<Part> =
            parts.map(|part| Part { scope, span: part.span, columns: part.columns.clone() }).collect();
        self.add(ctx, |context| context.parts.extend(parts));
    }

    /// The outer column of a conjunct `column IN (subquery)` of WHERE.
    fn member_of(&self, scope: usize, parts: &Parts<'_>, expr: &Expr, query: &Query) -> Option<Col> {
        let is_filter = parts.filter_expr.is_some_and(|f| f.span == expr.span);
        let column = is_filter.then(|| super::member::outer_column(self.at.shape, expr, query))??;
        self.resolve(scope, column)
    }

    fn add(&mut self, ctx: usize, change: impl FnOnce(&mut Context)) {
        if let Some(context) = self.contexts.get_mut(ctx) {
            change(context);
        }
    }

    /// A subquery in an expression: right on each node if it sees the same everywhere, or only rows of the node.
    fn subquery<'q>(&mut self, query: &'q Query, place: &Place<'q>) -> Result<(), String> {
        let found = self.query(query, place);
        match found.proof? {
            Spread::Everywhere
                if query.limit.is_some() && query.order_by.is_empty() && !self.at.is_block(query) =>
            {
                Err("a subquery with LIMIT and without ORDER BY may give each shard other rows".into())
            }
            Spread::Everywhere | Spread::Tied => Ok(()),
            Spread::Local(_) => {
                Err("a subquery reads a sharded table and is not tied to the outer row by the sharding key"
                    .into())
            }
        }
    }

    fn collect<'q>(
        &mut self,
        table: &'q TableRef,
        ctx: usize,
        place: &Place<'q>,
        pending: &mut Pending<'q>,
    ) -> Tree {
        match table {
            TableRef::Table(name) => Tree::Leaf(self.named(name, ctx, place, pending.scope)),
            TableRef::Derived { query, alias, lateral } => {
                let name = alias.as_ref().map_or(String::new(), |a| a.text.clone());
                let names = if *lateral { Some(pending.scope) } else { place.names };
                Tree::Leaf(self.derived(query, name, ctx, names, place, pending.scope))
            }
            TableRef::Function => Tree::Leaf(self.leaf(
                pending.scope,
                Leaf {
                    name: String::new(),
                    database: None,
                    origin: Origin::Opaque,
                    ctx,
                    schema: None,
                    essential: false,
                },
            )),
            TableRef::Join { left, right, kind, on, on_expr, using } => {
                let (l, r, at) = match kind {
                    JoinKind::Inner => (
                        self.collect(left, ctx, place, pending),
                        self.collect(right, ctx, place, pending),
                        ctx,
                    ),
                    JoinKind::Left | JoinKind::Right => {
                        let below = self.new_context(Some(ctx));
                        let inner = Place { essential: false, ..place.clone() };
                        if *kind == JoinKind::Left {
                            let l = self.collect(left, ctx, place, pending);
                            (l, self.collect(right, below, &inner, pending), below)
                        } else {
                            let l = self.collect(left, below, &inner, pending);
                            (l, self.collect(right, ctx, place, pending), below)
                        }
                    }
                    JoinKind::Natural => {
                        let (a, b) = (self.new_context(Some(ctx)), self.new_context(Some(ctx)));
                        let inner = Place { essential: false, ..place.clone() };
                        let l = self.collect(left, a, &inner, pending);
                        (l, self.collect(right, b, &inner, pending), ctx)
                    }
                };
                pending.conds.extend(on.iter().map(|p| (at, p)));
                pending.exprs.extend(on_expr.iter().map(|e| (at, e)));
                for column in using {
                    self.using(&column.text, &l, &r, at, pending);
                }
                let (l, r) = (Box::new(l), Box::new(r));
                match kind {
                    JoinKind::Inner => Tree::Inner(l, r, at),
                    JoinKind::Left => Tree::Outer(l, r, at),
                    JoinKind::Right => Tree::Outer(r, l, at),
                    JoinKind::Natural => Tree::Natural(l, r),
                }
            }
        }
    }

    fn using(&mut self, column: &str, left: &Tree, right: &Tree, at: usize, pending: &mut Pending<'_>) {
        if let Some(scope) = self.blocks.get_mut(pending.scope) {
            scope.using.push(column.to_owned());
        }
        let side = |tree: &Tree| {
            let leaves = tree.leaves();
            let known: Vec<usize> = leaves.iter().copied().filter(|l| self.surely_has(*l, column)).collect();
            match (known.as_slice(), leaves.as_slice()) {
                ([leaf, ..], _) | ([], [leaf]) => Some(Col { leaf: *leaf, name: column.to_lowercase() }),
                _ => None,
            }
        };
        if let (Some(a), Some(b)) = (side(left), side(right))
            && self.comparable(&a, &b)
        {
            pending.same.push((at, a, b));
        }
    }

    fn leaf(&mut self, scope: usize, leaf: Leaf) -> usize {
        self.leaves.push(leaf);
        let id = self.leaves.len() - 1;
        if let Some(scope) = self.blocks.get_mut(scope) {
            scope.leaves.push(id);
        }
        id
    }

    fn named<'q>(&mut self, name: &'q TableName, ctx: usize, place: &Place<'q>, scope: usize) -> usize {
        let exposed = name.exposed().to_owned();
        let Some(index) = self.at.index_of(name) else {
            return self.common(name, exposed, ctx, place, scope);
        };
        let (database, schema) = self.at.tables.get(index).map_or((None, None), |t| {
            (Some(t.database.clone()), self.at.schemas.table(&t.database, &t.table.name))
        });
        self.leaf(
            scope,
            Leaf {
                name: exposed,
                database,
                origin: Origin::Table(index),
                ctx,
                schema,
                essential: place.essential,
            },
        )
    }

    /// A reference to a CTE: like a derived table, written in its place.
    fn common(
        &mut self,
        name: &TableName,
        exposed: String,
        ctx: usize,
        place: &Place<'_>,
        scope: usize,
    ) -> usize {
        let at = place.ctes.iter().rposition(|(c, _)| c.name.text.eq_ignore_ascii_case(&name.name.text));
        match at.and_then(|at| place.ctes.get(at).map(|c| (at, *c))) {
            Some((at, (cte, false))) => {
                let mut inner = place.clone();
                inner.ctes.truncate(at);
                if cte.recursive {
                    inner.ctes.push((cte, true));
                    inner.essential = false;
                }
                self.derived(&cte.query, exposed, ctx, None, &inner, scope)
            }
            _ => self.leaf(
                scope,
                Leaf {
                    name: exposed,
                    database: None,
                    origin: Origin::Opaque,
                    ctx,
                    schema: None,
                    essential: false,
                },
            ),
        }
    }

    fn derived<'q>(
        &mut self,
        query: &'q Query,
        name: String,
        ctx: usize,
        names: Option<usize>,
        place: &Place<'q>,
        scope: usize,
    ) -> usize {
        let rowwise = passes_rows(query);
        let id = self.leaf(
            scope,
            Leaf { name, database: None, origin: Origin::Opaque, ctx, schema: None, essential: false },
        );
        let inner = Place {
            names,
            ctx: rowwise.then_some(ctx),
            ctes: place.ctes.clone(),
            essential: place.essential && rowwise,
            member: None,
        };
        let found = self.query(query, &inner);
        let (outputs, open) = match (&query.body, &found.block) {
            (Body::Select(select), Some(block)) => self.outputs(select, block, rowwise),
            _ => (Vec::new(), true),
        };
        if let Some(block) = &found.block {
            let links: Vec<(Col, Col)> = outputs
                .iter()
                .filter_map(|(n, c)| Some((Col { leaf: id, name: n.to_lowercase() }, c.clone()?)))
                .collect();
            let ctx = block.ctx;
            self.add(ctx, |c| c.links.extend(links));
        }
        let proof = self.derived_proof(query, &found, &outputs, id, rowwise);
        if let Some(leaf) = self.leaves.get_mut(id) {
            leaf.origin = Origin::Derived { outputs, open };
        }
        self.proofs.push((id, proof));
        id
    }

    pub(super) fn outputs(
        &self,
        select: &Select,
        block: &Block,
        rowwise: bool,
    ) -> (Vec<(String, Option<Col>)>, bool) {
        let mut out = Vec::new();
        let mut open = false;
        let grouped: Vec<Col> =
            select.group_by.iter().filter_map(|g| self.column_of(g, select, block.scope)).collect();
        let passed =
            |col: Option<Col>| col.filter(|c| rowwise && (select.group_by.is_empty() || grouped.contains(c)));
        for item in &select.items {
            match item {
                Item::Expr { expr, alias, .. } => {
                    let (name, col) = match &expr.kind {
                        ExprKind::Column(c) => (c.name.text.clone(), self.resolve(block.scope, c)),
                        _ => (expr.span.of(self.at.shape).to_owned(), None),
                    };
                    out.push((alias.clone().unwrap_or(name), passed(col)));
                }
                Item::Star { table, .. } => {
                    let leaves = self.blocks.get(block.scope).map_or(Vec::new(), |s| s.leaves.clone());
                    for id in leaves {
                        let Some(leaf) = self.leaves.get(id) else { continue };
                        if table.as_ref().is_some_and(|t| t.text != leaf.name) {
                            continue;
                        }
                        match (&leaf.origin, &leaf.schema) {
                            (Origin::Derived { outputs, open: more }, _) => {
                                open |= more;
                                for (name, _) in outputs {
                                    let col = Col { leaf: id, name: name.to_lowercase() };
                                    out.push((name.clone(), passed(Some(col))));
                                }
                            }
                            (_, Some(schema)) => {
                                for column in &schema.columns {
                                    let col = Col { leaf: id, name: column.name.to_lowercase() };
                                    out.push((column.name.clone(), passed(Some(col))));
                                }
                            }
                            _ => {
                                open = true;
                                if let Some(key) = self.key(id) {
                                    out.push((key.name.clone(), passed(Some(key))));
                                }
                            }
                        }
                    }
                }
            }
        }
        (out, open)
    }

    /// The column that an expression is, looking through positions and aliases as GROUP BY does.
    pub(super) fn column_of(&self, expr: &Expr, select: &Select, scope: usize) -> Option<Col> {
        match &expr.kind {
            ExprKind::Column(column) => match self.resolve(scope, column) {
                Some(col) if self.definition(&col).is_some() || self.key_owner(&col).is_some() => Some(col),
                // With one table the name may still be an alias.
                other => match super::order::aliased(select, column) {
                    Some(Expr { kind: ExprKind::Column(inner), .. }) => self.resolve(scope, inner),
                    Some(_) => None,
                    None => other,
                },
            },
            ExprKind::Operand(_) => match super::order::positioned(select, expr)? {
                Expr { kind: ExprKind::Column(inner), .. } => self.resolve(scope, inner),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Tree {
    fn leaves(&self) -> Vec<usize> {
        match self {
            Tree::Empty => Vec::new(),
            Tree::Leaf(id) => vec![*id],
            Tree::Inner(a, b, _) | Tree::Outer(a, b, _) | Tree::Natural(a, b) => {
                let mut all = a.leaves();
                all.extend(b.leaves());
                all
            }
        }
    }
}

/// The column that is all of a select list.
fn within(table: &TableName, query: &Query) -> bool {
    query.span.start <= table.span.start && table.span.end <= query.span.end
}

fn only_column(select: &Select) -> Option<&ColumnRef> {
    match select.items.as_slice() {
        [Item::Expr { expr: Expr { kind: ExprKind::Column(column), .. }, .. }] => Some(column),
        _ => None,
    }
}

fn select_exprs<'q>(select: &'q Select, query: &'q Query) -> Vec<&'q Expr> {
    let items = select.items.iter().filter_map(|i| match i {
        Item::Expr { expr, .. } => Some(expr),
        Item::Star { .. } => None,
    });
    items
        .chain(&select.filter_expr)
        .chain(&select.group_by)
        .chain(&select.having)
        .chain(query.order_by.iter().map(|o| &o.expr))
        .collect()
}

/// Whether each row of the query (or each of its groups) depends on no row with another value of an output column
/// that is passed through: then conditions on that column may be applied before.
pub(super) fn passes_rows(query: &Query) -> bool {
    let Body::Select(select) = &query.body else { return false };
    let exprs = select_exprs(select, query);
    query.limit.is_none()
        && query.into.is_none()
        && !select.rollup
        && !exprs.iter().any(|e| e.window)
        && (!select.group_by.is_empty() || !exprs.iter().any(|e| !e.aggregates.is_empty()))
        && (select.having.is_none() || !select.group_by.is_empty())
}
