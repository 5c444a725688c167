//! SELECT: where it goes, its text on one node, and how several nodes' rows become its answer.

use super::aggregate;
use super::edit::{Edits, text};
use super::ir::{Act, Read, Routing, Scatter};
use super::join::{Block, Place};
use super::merge_spec::{Key, Merge, Step};
use super::names::{self, Ctx, Style};
use super::order::{self, Hidden, Target, VisibleList};
use super::placed::Placed;
use super::refuse;
use super::scope::Scopes;
use super::staged;
use crate::base::{Code, Error, Result, Value};
use crate::sql::facts::{Body, Expr, Item, Kind, Limit, Operand, Query, Select, Span};

/// What the text of a scattered SELECT is made of.
pub(super) struct Draft<'q, 'a> {
    pub(super) scopes: &'q Scopes<'a>,
    pub(super) query: &'q Query,
    pub(super) select: &'q Select,
    pub(super) block: &'q Block,
    pub(super) edits: &'q Edits,
    pub(super) list: VisibleList<'q>,
    pub(super) hidden: Hidden,
    /// Parts that were taken for the same expression.
    pub(super) equal: Vec<(Span, Span)>,
    /// Parts that are written once more in aggregates of hidden columns.
    pub(super) weighed: Vec<Span>,
}

/// What is sent and how it is merged: ORDER BY on the shards (`None`: the client's own), whether LIMIT is sent.
pub(super) struct Outcome {
    pub(super) step: Step,
    pub(super) shard_order: Option<String>,
    pub(super) shard_limit: bool,
    /// What the shards group by beyond the client's keys: `, 5`.
    pub(super) shard_group: String,
}

/// Plans a SELECT.
pub(super) fn plan(ctx: &Ctx<'_>, query: &Query) -> Result<Act> {
    match direct(ctx, query) {
        Ok(Act::Read(mut read))
            if (may_refuse(&read) || may_outgrow(&read))
                && matches!(read.routing, Routing::Sharded { .. }) =>
        {
            read.staged = staged::plan(ctx, query);
            Ok(Act::Read(read))
        }
        Err(error) if error.is(Code::NotSupported) => match staged::plan(ctx, query) {
            Some(ways) => Ok(Act::Read(Read {
                // As it stands it has no place to go to.
                routing: Routing::Every(Vec::new()),
                one: None,
                many: Err(error),
                replica: false,
                locks: query.lock.is_some(),
                first: false,
                rename: false,
                staged: Some(ways),
            })),
            None => Err(error),
        },
        act => act,
    }
}

/// Whether there are values with which several nodes cannot answer it.
fn may_refuse(read: &Read) -> bool {
    read.many.as_ref().map_or(true, |scatter| !scatter.equal.is_empty() || !scatter.weighed.is_empty())
}

/// Whether a merge holds all rows of the answer: groups that come out in another order than they are made in.
fn may_outgrow(read: &Read) -> bool {
    let step = read.many.as_ref().map(|scatter| &scatter.merge.step);
    matches!(step, Ok(Step::Group { keys, order_is_group_prefix: false, .. }) if !keys.is_empty())
}

/// Plans a SELECT that one node answers, or several whose rows can be merged.
pub(super) fn direct(ctx: &Ctx<'_>, query: &Query) -> Result<Act> {
    let mut scopes = Scopes::new(ctx);
    let found = scopes.query(query, &Place::top());
    let Placed { routing, many } = scopes.placed(&found.proof)?;
    let routing = lock_functions(ctx, routing)?;
    let edits = names::edits(ctx, &routing, Style::Aliased)?;
    let many = match (&routing, many, &found.block) {
        (Routing::Any(_) | Routing::Every(_), ..) => {
            Err(refuse::needs_one_node("its tables are whole on each source"))
        }
        (_, Err(why), _) => Err(why),
        (_, Ok(()), Some(block)) => scatter(&scopes, query, block, &edits),
        (_, Ok(()), None) => Err(refuse::needs_one_node("a set operation over several shards")),
    };
    let locks = query.lock.is_some();
    Ok(Act::Read(Read {
        one: ctx.text(&edits),
        many,
        replica: replica(ctx, locks),
        locks,
        first: false,
        rename: false,
        staged: None,
        routing,
    }))
}

/// Whether a replica may answer.
pub(super) fn replica(ctx: &Ctx<'_>, locks: bool) -> bool {
    let statement = ctx.statement;
    !locks
        && !matches!(statement.kind, Kind::Insert(_))
        && !statement.assigns_user_variables
        && !statement.calls_stored
        && !statement.hints.iter().any(|h| h.trim().eq_ignore_ascii_case("primary"))
        && !statement
            .functions
            .iter()
            .any(|f| f.name.contains("LOCK") || f.name == "NEXTVAL" || (f.name == "LAST_INSERT_ID" && f.args))
}

/// Statements with GET_LOCK and its kin all go to one and the same server, or two clients would lock past each other.
pub(super) fn lock_functions(ctx: &Ctx<'_>, routing: Routing) -> Result<Routing> {
    if !ctx.statement.functions.iter().any(|f| f.name.contains("LOCK")) {
        return Ok(routing);
    }
    if !ctx.tables.is_empty() {
        return Err(refuse::feature(
            "a named lock belongs to one server, and the statement's tables to others",
            "take the lock in a statement without tables",
        ));
    }
    let home = ctx.topology.databases.values().next().and_then(|d| d.shards.first().cloned());
    Ok(Routing::Any(home.into_iter().collect()))
}

/// How several nodes answer a SELECT whose rows are each on one of them.
fn scatter(scopes: &Scopes<'_>, query: &Query, block: &Block, edits: &Edits) -> Result<Scatter, Error> {
    let Body::Select(select) = &query.body else {
        return Err(refuse::needs_one_node("a set operation over several shards"));
    };
    refuse_features(scopes, query, select)?;
    let list = scopes.visible(select, block.scope, edits);
    let mut draft = Draft {
        scopes,
        query,
        select,
        block,
        edits,
        list,
        hidden: Hidden::default(),
        equal: Vec::new(),
        weighed: Vec::new(),
    };
    let grouped = !select.group_by.is_empty();
    let aggregated = grouped
        || select.having.is_some()
        || item_exprs(select).any(|e| !e.aggregates.is_empty())
        || query.order_by.iter().any(|o| !o.expr.aggregates.is_empty());
    let outcome = if aggregated && !(grouped && scopes.groups_locally(select, block)) {
        aggregate::group(&mut draft)?
    } else if select.distinct {
        aggregate::distinct(&mut draft)?
    } else {
        sorted(&mut draft)?
    };
    Ok(draft.finish(outcome))
}

/// The expressions of a select list.
pub(super) fn item_exprs(select: &Select) -> impl Iterator<Item = &Expr> {
    select.items.iter().filter_map(|i| match i {
        Item::Expr { expr, .. } => Some(expr),
        Item::Star { .. } => None,
    })
}

fn refuse_features(scopes: &Scopes<'_>, query: &Query, select: &Select) -> Result<()> {
    let one_shard = "give the sharding key a value, so that one shard answers it";
    if query.into.is_some() {
        return Err(refuse::feature("SELECT … INTO over several shards", one_shard));
    }
    if select.calc_found_rows {
        return Err(refuse::feature(
            "SQL_CALC_FOUND_ROWS over several shards",
            "select COUNT(*) with the same conditions in a statement of its own",
        ));
    }
    if scopes.at.statement.assigns_user_variables {
        return Err(refuse::feature("an assignment to a user variable in rows of several shards", one_shard));
    }
    if item_exprs(select).chain(&select.having).chain(&select.group_by).any(|e| e.window) {
        return Err(refuse::feature("a window function over rows of several shards", one_shard));
    }
    if select.rollup {
        return Err(refuse::feature(
            "WITH ROLLUP over several shards",
            "select the groups and the totals in two statements",
        ));
    }
    order::check(&query.order_by, &scopes.at.statement.functions)?;
    limit_check(query.limit.as_ref())
}

/// LIMIT's constants must be counts; parameters are checked when bound.
fn limit_check(limit: Option<&Limit>) -> Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    for operand in [Some(&limit.count), limit.offset.as_ref()].into_iter().flatten() {
        let good = match operand {
            Operand::Const(Value::Int(n)) => *n >= 0,
            Operand::Const(Value::UInt(_)) | Operand::Param(_) => true,
            _ => false,
        };
        if !good {
            return Err(Error::new(
                crate::base::Code::Syntax,
                "LIMIT and OFFSET must be whole numbers of at least 0",
            ));
        }
    }
    Ok(())
}

/// Rows that need no folding: in any order, or merged by the client's order.
fn sorted(draft: &mut Draft<'_, '_>) -> Result<Outcome> {
    let keys = draft.order_keys()?;
    let step = if keys.is_empty() { Step::Concat } else { Step::Sorted { keys } };
    Ok(Outcome { step, shard_order: None, shard_limit: true, shard_group: String::new() })
}

impl Draft<'_, '_> {
    /// The keys of the client's ORDER BY.
    fn order_keys(&mut self) -> Result<Vec<Key>> {
        let grouped = !self.select.group_by.is_empty();
        let mut keys = Vec::new();
        for item in &self.query.order_by {
            let target =
                self.scopes.order_target(item, self.select, self.block.scope, &self.list, self.edits)?;
            keys.extend(order::key(target, item.descending, grouped, &self.list, &mut self.hidden)?);
        }
        Ok(keys)
    }

    /// What the i-th item of ORDER BY stands for.
    pub(super) fn target(&self, i: usize) -> Result<Option<(Target, bool)>> {
        let Some(item) = self.query.order_by.get(i) else { return Ok(None) };
        let target = self.scopes.order_target(item, self.select, self.block.scope, &self.list, self.edits)?;
        Ok(Some((target, item.descending)))
    }

    fn finish(self, outcome: Outcome) -> Scatter {
        let mut edits = self.edits.clone();
        if self.hidden.len() > 0
            && let Some(last) = self.select.items.last()
        {
            edits.insert(last.span().end, self.hidden.select_list());
        }
        if let Some(group) = self.select.group_span.filter(|_| !outcome.shard_group.is_empty()) {
            edits.insert(group.end, vec![text(outcome.shard_group)]);
        }
        let limit = self.query.limit.as_ref();
        if let Some(order) = outcome.shard_order {
            match self.query.order_span {
                Some(span) => edits.replace(span, vec![text(order)]),
                None => edits.insert(self.select.span.end, vec![text(format!(" {order} "))]),
            }
        }
        if let Some(limit) = limit {
            match (&limit.offset, outcome.shard_limit) {
                (_, false) => edits.replace(limit.span, Vec::new()),
                (Some(offset), true) => edits.replace(limit.span, order::limit_sum(&limit.count, offset)),
                (None, true) => {}
            }
        }
        let with_values = |span: &Span| span.of(self.scopes.at.shape).contains('?');
        Scatter {
            weighed: self.weighed.into_iter().filter(with_values).collect(),
            text: self.scopes.at.text(&edits),
            merge: Merge { hidden: self.hidden.len(), step: outcome.step },
            equal: self.equal.into_iter().filter(|(a, _)| with_values(a)).collect(),
            limit: limit.map(|l| (l.count.clone(), l.offset.clone())),
        }
    }
}
