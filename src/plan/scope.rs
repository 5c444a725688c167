//! What a statement's tables have to do with each other: which column a name means, which columns must be equal,
//! and which conditions therefore hold for each table's rows that matter to the answer.
//!
//! A *context* is a set of conditions under which rows matter. The root context of a block holds WHERE and the ON
//! conditions of inner joins. The null-supplying side of an outer join has a context of its own below it: its
//! rows matter only if they satisfy ON *and* meet a row that matters, so it inherits everything above; nothing of it
//! reaches up. A subquery's context hangs below the one it is evaluated in. A derived table whose rows pass one by
//! one hangs below the place where it is read, its output columns being equal to the columns they come from.

use std::sync::Arc;

use super::ir::Route;
use super::names::Ctx;
use super::route;
use crate::sharding::Gene;
use crate::sql::facts::{ColumnRef, Compare, Operand, Predicate, Span};
use crate::topology::schema::TableSchema;
use crate::topology::{Sharded, Table};

/// A column of a leaf, lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Col {
    pub(super) leaf: usize,
    pub(super) name: String,
}

/// A condition whose columns are resolved.
#[derive(Debug, Clone)]
pub(super) enum Cond {
    And(Vec<Cond>),
    Or(Vec<Cond>),
    /// What the column must satisfy; `true`: it may be satisfied by NULL.
    Atom(Col, Route, bool),
    Same(Col, Col),
    Never,
    Other,
}

/// A set of conditions, and the one it inherits from.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) parent: Option<usize>,
    pub(super) conds: Vec<Cond>,
    /// Those without subqueries as they are written, part by part.
    pub(super) parts: Vec<Part>,
    /// Output column of a derived table = the column it comes from.
    pub(super) links: Vec<(Col, Col)>,
}

/// A condition as it is written.
#[derive(Debug)]
pub(super) struct Part {
    /// The scope of its names.
    pub(super) scope: usize,
    pub(super) span: Span,
    pub(super) columns: Vec<ColumnRef>,
}

/// Where a leaf's rows come from.
#[derive(Debug)]
pub(super) enum Origin {
    /// A named table (index in `Plan::tables`).
    Table(usize),
    /// A derived table or CTE.
    Derived {
        /// Output columns and, where rows pass one by one, what they come from.
        outputs: Vec<(String, Option<Col>)>,
        /// Whether there may be more outputs than are known.
        open: bool,
    },
    /// JSON_TABLE, a CTE's reference to itself.
    Opaque,
}

/// Something in FROM that has rows.
#[derive(Debug)]
pub(super) struct Leaf {
    /// The name by which columns refer to it.
    pub(super) name: String,
    /// Its database, for a named table.
    pub(super) database: Option<Arc<str>>,
    pub(super) origin: Origin,
    /// Under which conditions its rows matter.
    pub(super) ctx: usize,
    pub(super) schema: Option<Arc<TableSchema>>,
    /// It stands in the root block on a side that is not null-supplied: its conditions narrow the whole answer.
    pub(super) essential: bool,
}

/// The names that are visible in one SELECT.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) parent: Option<usize>,
    pub(super) leaves: Vec<usize>,
    /// Columns of USING: unqualified, they mean any side's.
    pub(super) using: Vec<String>,
}

/// Everything that is found out about a statement's tables.
pub(super) struct Scopes<'a> {
    pub(super) at: &'a Ctx<'a>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) blocks: Vec<Scope>,
    pub(super) contexts: Vec<Context>,
    /// How the rows of derived leaves are spread.
    pub(super) proofs: Vec<(usize, super::spread::Proof)>,
}

enum Has {
    Yes,
    Maybe,
    No,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(at: &'a Ctx<'a>) -> Self {
        Self { at, leaves: Vec::new(), blocks: Vec::new(), contexts: Vec::new(), proofs: Vec::new() }
    }

    pub(super) fn new_context(&mut self, parent: Option<usize>) -> usize {
        self.contexts.push(Context { parent, ..Context::default() });
        self.contexts.len() - 1
    }

    /// How a leaf is sharded, if it is a sharded table.
    pub(super) fn sharded(&self, leaf: usize) -> Option<&Arc<Sharded>> {
        match self.leaves.get(leaf)?.origin {
            Origin::Table(i) => self.at.sharded(i),
            _ => None,
        }
    }

    /// The sharding key's column of a sharded leaf.
    pub(super) fn key(&self, leaf: usize) -> Option<Col> {
        self.sharded(leaf).map(|s| Col { leaf, name: s.key.to_lowercase() })
    }

    /// The table that a leaf is, if it is one.
    pub(super) fn table(&self, leaf: usize) -> Option<&Table> {
        match self.leaves.get(leaf)?.origin {
            Origin::Table(i) => self.at.tables.get(i).map(|used| &*used.table),
            _ => None,
        }
    }

    /// The place in `Plan::tables` of the table that a leaf is, if it is one.
    pub(super) fn table_index(&self, leaf: usize) -> Option<usize> {
        match self.leaves.get(leaf)?.origin {
            Origin::Table(i) => Some(i),
            _ => None,
        }
    }

    /// The id column of a sharded leaf, where its values carry the key's slot. One that is not known to be wide enough
    /// for ids may hold what a server made of them.
    fn carrier(&self, leaf: usize) -> Option<Carrier> {
        let rule = self.table(leaf)?.id.as_ref()?;
        let gene = rule.gene()?;
        let col = Col { leaf, name: rule.column.to_lowercase() };
        let wide = self.definition(&col).is_none_or(|column| column.data_type == "bigint");
        wide.then(|| Carrier { col, column: Arc::clone(&rule.column), gene })
    }

    /// Whether a column is an id that carries a slot.
    fn carries(&self, col: &Col) -> bool {
        let col = self.trace(col);
        self.carrier(col.leaf).is_some_and(|id| id.col == col)
    }

    fn has(&self, leaf: usize, name: &str) -> Has {
        let Some(leaf) = self.leaves.get(leaf) else { return Has::No };
        match (&leaf.origin, &leaf.schema) {
            (Origin::Table(_), Some(schema)) => {
                if schema.position(name).is_some() {
                    Has::Yes
                } else {
                    Has::No
                }
            }
            (Origin::Table(i), None) => {
                let key = self.at.sharded(*i).is_some_and(|s| s.key.eq_ignore_ascii_case(name));
                if key { Has::Yes } else { Has::Maybe }
            }
            (Origin::Derived { outputs, open }, _) => {
                match outputs.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
                    true => Has::Yes,
                    false if *open => Has::Maybe,
                    false => Has::No,
                }
            }
            (Origin::Opaque, _) => Has::Maybe,
        }
    }

    /// Whether a leaf is known to have a column.
    pub(super) fn surely_has(&self, leaf: usize, name: &str) -> bool {
        matches!(self.has(leaf, name), Has::Yes)
    }

    /// Whether a leaf is known not to have a column.
    pub(super) fn surely_lacks(&self, leaf: usize, name: &str) -> bool {
        matches!(self.has(leaf, name), Has::No)
    }

    /// The column that a reference means; `None` where that cannot be told.
    pub(super) fn resolve(&self, scope: usize, column: &ColumnRef) -> Option<Col> {
        let found = |leaf: usize| Some(Col { leaf, name: column.name.text.to_lowercase() });
        let here = self.blocks.get(scope)?;
        if let Some(table) = &column.table {
            let fits = |l: &&usize| {
                self.leaves.get(**l).is_some_and(|leaf| {
                    leaf.name == table.text
                        && column.schema.as_ref().is_none_or(|s| leaf.database.as_deref() == Some(&s.text))
                })
            };
            return match here.leaves.iter().find(fits) {
                Some(leaf) => found(*leaf),
                None => self.resolve(here.parent?, column),
            };
        }
        let name = &column.name.text;
        if let ([only], None) = (here.leaves.as_slice(), here.parent) {
            return found(*only);
        }
        let (mut yes, mut maybe) = (Vec::new(), false);
        for leaf in &here.leaves {
            match self.has(*leaf, name) {
                Has::Yes => yes.push(*leaf),
                Has::Maybe => maybe = true,
                Has::No => {}
            }
        }
        match yes.as_slice() {
            [one] => found(*one),
            [first, ..] if here.using.iter().any(|u| u.eq_ignore_ascii_case(name)) => found(*first),
            [] if !maybe => self.resolve(here.parent?, column),
            _ => None,
        }
    }

    /// Follows a derived table's column to the table's column it comes from.
    pub(super) fn trace(&self, col: &Col) -> Col {
        let mut col = col.clone();
        for _ in 0..16 {
            let Some(Leaf { origin: Origin::Derived { outputs, .. }, .. }) = self.leaves.get(col.leaf) else {
                break;
            };
            match outputs.iter().find(|(n, _)| n.eq_ignore_ascii_case(&col.name)) {
                Some((_, Some(inner))) => col = inner.clone(),
                _ => break,
            }
        }
        col
    }

    /// The table whose sharding key this column is, passed through derived tables or not.
    pub(super) fn key_owner(&self, col: &Col) -> Option<&Arc<Sharded>> {
        let col = self.trace(col);
        self.sharded(col.leaf).filter(|s| s.key.eq_ignore_ascii_case(&col.name))
    }

    /// The definition of a column, where it is known.
    pub(super) fn definition(&self, col: &Col) -> Option<&crate::topology::schema::Column> {
        let col = self.trace(col);
        let schema = self.leaves.get(col.leaf)?.schema.as_ref()?;
        schema.columns.get(schema.position(&col.name)?)
    }

    /// Whether equality of the two columns means that one and the same key value stands in both: no conversion and
    /// no other collation in between.
    pub(super) fn comparable(&self, a: &Col, b: &Col) -> bool {
        let group = match (self.key_owner(a), self.key_owner(b)) {
            (Some(x), Some(y)) => x.group == y.group && x.rule.same_parts(&y.rule),
            _ => false,
        };
        match (self.definition(a), self.definition(b)) {
            (Some(x), Some(y)) => {
                kind(&x.data_type) == kind(&y.data_type)
                    && x.collation == y.collation
                    && x.unsigned == y.unsigned
                    || (kind(&x.data_type) == "int" && kind(&y.data_type) == "int")
            }
            _ => group || self.carries(a) && self.carries(b),
        }
    }

    /// A predicate with its columns resolved.
    pub(super) fn condition(&self, scope: usize, predicate: &Predicate) -> Cond {
        let atom = |column: &ColumnRef, route: Route, nulls: bool| match self.resolve(scope, column) {
            Some(col) => Cond::Atom(col, route, nulls),
            None => Cond::Other,
        };
        let low = |o: &Operand, inclusive| Route::Range { low: Some((o.clone(), inclusive)), high: None };
        let high = |o: &Operand, inclusive| Route::Range { low: None, high: Some((o.clone(), inclusive)) };
        match predicate {
            Predicate::And(parts) => Cond::And(parts.iter().map(|p| self.condition(scope, p)).collect()),
            Predicate::Or(parts) => Cond::Or(parts.iter().map(|p| self.condition(scope, p)).collect()),
            Predicate::Compare(c, op, v) => match op {
                Compare::Eq => atom(c, Route::Eq(v.clone()), false),
                Compare::NullSafeEq => atom(c, Route::NullSafeEq(v.clone()), true),
                Compare::Lt => atom(c, high(v, false), false),
                Compare::Le => atom(c, high(v, true), false),
                Compare::Gt => atom(c, low(v, false), false),
                Compare::Ge => atom(c, low(v, true), false),
            },
            Predicate::In(c, values) => atom(c, Route::In(values.clone()), false),
            Predicate::Between(c, a, b) => {
                atom(c, Route::Range { low: Some((a.clone(), true)), high: Some((b.clone(), true)) }, false)
            }
            Predicate::IsNull(c) => atom(c, Route::IsNull, true),
            Predicate::Same(a, b) => match (self.resolve(scope, a), self.resolve(scope, b)) {
                (Some(a), Some(b)) if self.comparable(&a, &b) => Cond::Same(a, b),
                _ => Cond::Other,
            },
            Predicate::Never => Cond::Never,
            Predicate::Other => Cond::Other,
        }
    }

    /// A context and those it inherits from, innermost first.
    fn chain(&self, ctx: usize) -> impl Iterator<Item = (usize, &Context)> {
        std::iter::successors(self.contexts.get(ctx).map(|c| (ctx, c)), |(_, c)| {
            c.parent.and_then(|p| self.contexts.get(p).map(|c| (p, c)))
        })
    }

    /// All columns that must be equal to `col` in rows that matter under `ctx`.
    pub(super) fn class(&self, ctx: usize, col: &Col) -> Vec<Col> {
        let mut pairs: Vec<(&Col, &Col)> = Vec::new();
        for (_, context) in self.chain(ctx) {
            context.conds.iter().for_each(|c| equalities(c, &mut pairs));
            pairs.extend(context.links.iter().map(|(a, b)| (a, b)));
        }
        let mut class = vec![col.clone()];
        let mut next = 0;
        while let Some(current) = class.get(next).cloned() {
            for (a, b) in &pairs {
                for (x, y) in [(a, b), (b, a)] {
                    if **x == current && !class.contains(y) {
                        class.push((*y).clone());
                    }
                }
            }
            next += 1;
        }
        class
    }

    /// What the sharding key of a sharded leaf satisfies in every row that matters.
    pub(super) fn route_of(&self, leaf: usize) -> Route {
        let (Some(key), Some(ctx)) = (self.key(leaf), self.leaves.get(leaf).map(|l| l.ctx)) else {
            return Route::All;
        };
        let ids = self.carrier(leaf).map(|id| (self.class(ctx, &id.col), id));
        let known = Known { key: self.class(ctx, &key), ids };
        self.satisfied(ctx, &known)
    }

    /// What a column of a leaf satisfies in every row that matters.
    pub(super) fn route_of_column(&self, leaf: usize, column: &str) -> Route {
        let Some(ctx) = self.leaves.get(leaf).map(|l| l.ctx) else { return Route::All };
        let known = Known { key: self.class(ctx, &Col { leaf, name: column.to_lowercase() }), ids: None };
        self.satisfied(ctx, &known)
    }

    fn satisfied(&self, ctx: usize, known: &Known) -> Route {
        route::and(
            self.chain(ctx)
                .flat_map(|(at, c)| c.conds.iter().map(move |cond| (at, cond)))
                .map(|(at, cond)| self.narrow(cond, known, at)),
        )
    }

    fn narrow(&self, cond: &Cond, known: &Known, at: usize) -> Route {
        match cond {
            Cond::And(parts) => route::and(parts.iter().map(|p| self.narrow(p, known, at))),
            Cond::Or(parts) => route::or(parts.iter().map(|p| self.narrow(p, known, at))),
            // A row that is null-supplied where the condition stands satisfies it without being there.
            Cond::Atom(col, _, true) if self.below(col.leaf, at) => Route::All,
            Cond::Atom(col, route, _) => known.route(col, route),
            Cond::Never => Route::None,
            _ => Route::All,
        }
    }

    /// Whether the leaf's rows are judged in a context below `at`.
    fn below(&self, leaf: usize, at: usize) -> bool {
        self.leaves.get(leaf).is_some_and(|l| l.ctx != at && self.chain(l.ctx).any(|(c, _)| c == at))
    }
}

/// An id column whose values carry the slot of their row's key.
struct Carrier {
    col: Col,
    column: Arc<str>,
    gene: Gene,
}

/// Columns that tell where a leaf's rows are.
struct Known {
    /// Equal to its key.
    key: Vec<Col>,
    /// Equal to its id, where that carries the key's slot.
    ids: Option<(Vec<Col>, Carrier)>,
}

impl Known {
    /// What the key satisfies where a column satisfies `route`.
    fn route(&self, col: &Col, route: &Route) -> Route {
        if self.key.contains(col) {
            return route.clone();
        }
        match (&self.ids, route) {
            (Some((class, id)), Route::Eq(_) | Route::NullSafeEq(_) | Route::In(_))
                if class.contains(col) =>
            {
                Route::Gene { column: Arc::clone(&id.column), gene: id.gene, id: Box::new(route.clone()) }
            }
            _ => Route::All,
        }
    }
}

fn equalities<'c>(cond: &'c Cond, out: &mut Vec<(&'c Col, &'c Col)>) {
    match cond {
        Cond::And(parts) => parts.iter().for_each(|p| equalities(p, out)),
        Cond::Same(a, b) => out.push((a, b)),
        _ => {}
    }
}

/// Types whose values compare with each other without a conversion.
fn kind(data_type: &str) -> &str {
    match data_type {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => "int",
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => "char",
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => "binary",
        other => other,
    }
}
