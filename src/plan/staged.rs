//! SELECTs that no node answers alone and no merge puts together: the rows that they need of their tables are brought to
//! one server (or some tables' rows to all servers of another table) as temporary tables, and servers evaluate the
//! client's own text over those. So every expression, collation and type stays MySQL's affair.
//!
//! A table's rows are a *stage*: as few columns and rows as the statement can need, which is decided soundly and not
//! exactly, because the whole statement with all of its conditions runs over them again. So are the rows of a query in it
//! that stands for itself and has fewer rows than its tables: a *block*.

use std::sync::Arc;

use super::alike;
use super::block;
use super::finish;
use super::ir::{Act, Plan, Read, Routing};
use super::join::Place;
use super::names::{self, Answered, Ctx, Reader};
use super::pull;
use super::scope::Scopes;
use super::select;
use super::stage_spec::{Last, Placing, Stage, Staged, Ways};
use crate::sql::facts::{Body, Query, Statement};
use crate::topology::{Layout, Node, Table};

/// A statement over stages has no more queries in it: what is decided of one looks at the others.
const MAX_QUERIES: usize = 100;

/// How a SELECT is answered over stages; `None` where it cannot be.
pub(super) fn plan(ctx: &Ctx<'_>, query: &Query) -> Option<Arc<Ways>> {
    if !can_be_staged(ctx, query) {
        return None;
    }
    let alone = alone(ctx, query);
    // Groups that are folded need no copies of rows.
    let whole = || whole_place(&Staging::new(ctx, query));
    let (within, whole) = match Staging::new(ctx, query).over(&[], &[]) {
        Some(groups) => (Some(groups), whole()),
        // MySQL opens a temporary table once: what is read twice needs two.
        None => match whole() {
            Some(staged) if staged.reopens => match over_blocks(ctx, query, whole_place) {
                Some(blocks) => (Some(blocks), Some(staged)),
                None => (Some(staged), None),
            },
            staged => (staged, None),
        },
    };
    (alone.is_some() || within.is_some()).then(|| Arc::new(Ways { alone, within, whole }))
}

/// Outside of transactions: with the queries in it read first that stand for themselves, or with tables alone.
fn alone(ctx: &Ctx<'_>, query: &Query) -> Option<Staged> {
    let beside = |staging: &Staging<'_>| staging.beside_tables().or_else(|| staging.in_one_place());
    Staging::new(ctx, query)
        .over(&[], &[])
        .or_else(|| over_blocks(ctx, query, |over| over.over(&[], &[]).or_else(|| beside(over))))
        .or_else(|| beside(&Staging::new(ctx, query)))
}

/// All tables in one place.
fn whole_place(staging: &Staging<'_>) -> Option<Staged> {
    let named = staging.ctx.statement.tables.len();
    staging.over(&staging.ctx.used().filter(|i| *i < named).collect::<Vec<_>>(), &[])
}

/// With the queries in it read first that stand for themselves; `rest` has the rest of it. `None`: there are none, or the rest
/// cannot be answered.
fn over_blocks(
    ctx: &Ctx<'_>,
    query: &Query,
    rest: impl FnOnce(&Staging<'_>) -> Option<Staged>,
) -> Option<Staged> {
    let blocks = block::find(ctx, query);
    let mut over = ctx.clone();
    let mut stages = Vec::new();
    for (n, inner) in blocks.iter().enumerate() {
        let name: Arc<str> = format!("shardgate_block_{}", n + 1).into();
        let Some(mut stage) = block::stage(ctx, inner, Arc::clone(&name)) else { continue };
        let opaque = block::is_opaque(ctx, query, inner);
        let counts = matches!(&inner.body, Body::Select(select) if select.calc_found_rows);
        for (n, (reader, alias)) in block::further_readers(ctx, query, inner).into_iter().enumerate() {
            let copy: Arc<str> = format!("{name}_{}", n + 2).into();
            over.copies.push(Reader { name: reader, alias, opaque, table: over.tables.len() });
            let nodes = places(ctx).into_iter().map(|node| Node { table: Some(Arc::clone(&copy)), ..node });
            over.tables.push(finish::staged_table(ctx, &copy, nodes.collect()));
            stage.copies.push(copy);
        }
        let table = over.tables.len();
        over.blocks.push(Answered { query: inner.span, derived: inner.derived, opaque, counts, table });
        let nodes = places(ctx).into_iter().map(|node| Node { table: Some(Arc::clone(&name)), ..node });
        over.tables.push(finish::staged_table(ctx, &name, nodes.collect()));
        over.ignored.extend(block::tables_in(ctx, inner.span));
        stages.push(stage);
    }
    if stages.is_empty() {
        return None;
    }
    let found = rest(&Staging::new(&over, query))?;
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
    let mut queries = 0;
    names::each_query(statement, &mut |_| queries += 1);
    queries <= MAX_QUERIES
        && query.into.is_none()
        && leaves_nothing(statement)
        && !bound_to_tables.iter().any(|word| mentions(ctx.shape, word))
        && ctx.used().next().is_some()
}

/// Whether a statement leaves nothing on its connection and counts nothing up, so that it may run anywhere.
pub(super) fn leaves_nothing(statement: &Statement) -> bool {
    !statement.assigns_user_variables
        && !statement.calls_stored
        && !statement.functions.iter().any(|call| {
            call.name.contains("LOCK")
                || call.name == "NEXTVAL"
                || call.is_next_id()
                || call.name == "LAST_INSERT_ID" && call.args
        })
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

/// A statement some of whose tables are to be staged.
pub(super) struct Staging<'a> {
    pub(super) ctx: &'a Ctx<'a>,
    pub(super) query: &'a Query,
    pub(super) scopes: Scopes<'a>,
    /// Where temporary tables may be made: one place on each source.
    places: Vec<Node>,
    /// Tables (index in `Plan::tables`) all of whose columns are needed.
    pub(super) whole: Vec<usize>,
    /// Tables whose rows count once, however many are alike; `true`: they make groups.
    pub(super) alike: Vec<(usize, bool)>,
}

impl<'a> Staging<'a> {
    fn new(ctx: &'a Ctx<'a>, query: &'a Query) -> Self {
        let mut scopes = Scopes::new(ctx);
        scopes.query(query, &Place::top());
        let (mut whole, mut alike) = (Vec::new(), Vec::new());
        names::each_query(ctx.statement, &mut |query| {
            pull::whole_tables(ctx, query, &mut whole);
            alike::tables(ctx, query, &mut alike);
        });
        Self { ctx, query, scopes, places: places(ctx), whole, alike }
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
    pub(super) fn rows(&self, table: usize) -> u64 {
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
            let family: Vec<usize> = sharded.iter().copied().filter(|j| self.aligned(*i, *j)).collect();
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
            if staged.is_empty() { None } else { self.over(&staged, kept) }
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
        self.over(&staged, &[])
    }

    fn aligned(&self, a: usize, b: usize) -> bool {
        match (self.ctx.sharded(a), self.ctx.sharded(b)) {
            (Some(a), Some(b)) => super::spread::aligned(a, b),
            _ => false,
        }
    }

    /// The statement with these tables staged, beside those that are kept where they are; `None` where it is no better off.
    fn over(&self, staged: &[usize], kept: &[usize]) -> Option<Staged> {
        let mut staged = staged.to_vec();
        // What small tables have tells which rows of large ones are needed.
        staged.sort_by_key(|i| self.rows(*i));
        let mut stages: Vec<Stage> = Vec::with_capacity(staged.len());
        for (n, i) in staged.iter().enumerate() {
            let name: Arc<str> = format!("shardgate_stage_{}", n + 1).into();
            let stage = self.stage(*i, name, staged.get(..n).unwrap_or_default(), &stages)?;
            stages.push(stage);
        }
        let placings: Vec<Option<Placing>> =
            staged.iter().zip(&stages).map(|(i, stage)| self.placing(*i, kept, stage)).collect();
        // Rows that are on one node each are fewer, but another part of the statement may need all of them everywhere.
        let without = |out: usize| {
            placings
                .iter()
                .enumerate()
                .map(move |(n, placing)| placing.clone().filter(|_| n != out))
                .collect()
        };
        let placed = placings.iter().flatten().count();
        let mut tries = vec![placings.clone()];
        if placed > 1 {
            tries.extend(
                (0..placings.len()).filter(|n| matches!(placings.get(*n), Some(Some(_)))).map(without),
            );
        }
        if placed > 0 {
            tries.push(vec![None; placings.len()]);
        }
        let (rest, last, placings) = tries.into_iter().find_map(|placings| {
            let (rest, last) = self.rest(&staged, &stages, &placings)?;
            Some((rest, last, placings))
        })?;
        for (stage, placing) in stages.iter_mut().zip(placings) {
            stage.placing = placing;
        }
        let twice = block::read_twice(self.ctx, self.query);
        let stands = staged.iter().filter_map(|i| self.ctx.statement.tables.get(*i)).map(|name| name.span);
        let blocks = self.ctx.blocks.iter().map(|block| block.query);
        let reopens = stands.chain(blocks).any(|part| twice.iter().any(|cte| cte.holds(part)));
        Some(Staged { stages, rest: Box::new(rest), last, reopens })
    }

    /// The statement over stages of these tables, and what runs over its rows.
    fn rest(
        &self,
        staged: &[usize],
        stages: &[Stage],
        placings: &[Option<Placing>],
    ) -> Option<(Plan, Option<Last>)> {
        let mut over = Ctx { staged: staged.to_vec(), ..self.ctx.clone() };
        for ((i, stage), placing) in staged.iter().zip(stages).zip(placings) {
            let used = over.tables.get_mut(*i)?;
            let everywhere = || {
                let named = |node: &Node| Node { table: Some(Arc::clone(&stage.name)), ..node.clone() };
                Layout::Reference(self.places.iter().map(named).collect())
            };
            let on_one = |placing: &Placing| Layout::Sharded(Arc::clone(&placing.spread));
            let layout = placing.as_ref().map_or_else(everywhere, on_one);
            let table = Table { name: Arc::clone(&used.table.name), layout, id: None, indexes: Vec::new() };
            used.table = Arc::new(table);
        }
        // Over nothing at all it is what it was, which is refused, or outgrew a merge.
        let is_new = !staged.is_empty() || !over.blocks.is_empty();
        let (read, last) = match select::direct(&over, self.query) {
            Ok(Act::Read(read))
                if is_new && (read.many.is_ok() || matches!(read.routing, Routing::Any(_))) =>
            {
                (read, None)
            }
            _ => {
                let groups = finish::plan(&over, self.query, "shardgate_groups".into(), &self.places)?;
                (groups.partial, Some(groups.last))
            }
        };
        let replica = read.replica && stages.is_empty();
        let own = Arc::clone(&self.ctx.own);
        Some((over.plan(own, Act::Read(Read { replica, ..read })), last))
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
