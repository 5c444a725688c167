//! The text of EXPLAIN SHARDGATE: a plan as a tree, a line each; with ANALYZE, what running it came to.

use std::time::Duration;

use super::{carried, describe, job_place, place};
use crate::base::ids::SourceId;
use crate::plan::bind::{Bound, Stage};
use crate::plan::ir::{Act, Copy, Plan, Routing};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::stage_spec::{self, BoundStages, Choice, Pulled, Staged};
use crate::topology::schema::Schemas;
use crate::topology::{Layout, Topology};

/// What a server's answer, or all of them, came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Actual {
    /// Rows that were read, as far as they were wanted.
    pub rows: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// From the question to the last of them.
    pub time: Duration,
}

/// What running one part of a plan came to.
#[derive(Debug, Default)]
pub struct Took {
    /// Of each job; `None` for one that was not asked.
    pub each: Vec<Option<Actual>>,
    /// What came of all of them.
    pub all: Actual,
}

/// What running a statement over copies came to.
#[derive(Debug, Default)]
pub struct TookOver {
    /// Each stage; and what its rows came from, where that runs over copies itself.
    pub stages: Vec<(Took, Option<Box<TookOver>>)>,
    /// The statement over them.
    pub rest: Took,
    /// What runs over its rows.
    pub last: Option<Took>,
}

impl std::fmt::Display for Actual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rows, bytes, time } = self;
        write!(f, "{rows} rows, {bytes} bytes, {:.1} ms", time.as_secs_f64() * 1000.0)
    }
}

/// What the text is made with.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The client's own text.
    pub text: &'a [u8],
    /// The map.
    pub topology: &'a Topology,
    /// Who knows how large tables are.
    pub schemas: &'a (dyn Schemas + Sync),
}

impl View<'_> {
    /// A SELECT over copies of rows: each stage, then the statement.
    pub fn staged(
        &self,
        staged: &Staged,
        bound: &BoundStages,
        choice: Choice,
        took: Option<&TookOver>,
    ) -> Vec<String> {
        let mut out = vec!["read over copies of rows".to_owned()];
        for (n, (stage, pull)) in staged.stages.iter().zip(&bound.pulls).enumerate() {
            let Some(plan) = &stage.pull else { continue };
            let took = took.and_then(|took| took.stages.get(n));
            out.push(format!("  `{}`: rows of {}{}", stage.name, stage.table, self.estimated(stage, pull)));
            let part = match (pull, &plan.act) {
                (Pulled::Read(bound), _) => self.part(plan, bound, took.map(|(took, _)| took)),
                (Pulled::Over(inner), Act::Read(read)) => {
                    let took = took.and_then(|(_, inside)| inside.as_deref());
                    let lines = choice.of(read).map(|way| self.staged(way, inner, choice, took));
                    lines.unwrap_or_default().into_iter().map(|line| format!("  {line}")).collect()
                }
                (Pulled::Over(_), _) => Vec::new(),
            };
            out.extend(part.into_iter().map(|line| format!("  {line}")));
            let places = stage.places(&staged.rest, &bound.rest);
            let mut sources: Vec<SourceId> = places.iter().map(|node| node.source).collect();
            sources.dedup();
            let names = sources.iter().map(|source| self.topology.source(*source).map_or("?", |s| &*s.name));
            let names: Vec<&str> = names.collect();
            if !names.is_empty() {
                let by =
                    stage.placing.as_ref().map(|placing| format!(", placed by key `{}`", placing.spread.key));
                out.push(format!("    into {}{}", names.join(", "), by.unwrap_or_default()));
            }
            out.extend(took.map(|(took, _)| format!("    copied: {}", took.all)));
        }
        out.push(format!("  then the statement {}", on_nodes(&bound.rest)));
        let rest = took.map(|took| &took.rest);
        let mut lines = self.part(&staged.rest, &bound.rest, rest);
        lines.extend(then_lines(&bound.rest));
        out.extend(lines.into_iter().map(|line| format!("  {line}")));
        let Some((last, jobs)) = staged.last.as_ref().zip(bound.last.as_ref()) else {
            out.extend(rest.map(|took| format!("    answered: {}", took.all)));
            return out;
        };
        out.extend(rest.map(|took| format!("    groups: {}", took.all)));
        out.push(format!("  then over its rows, `{}`", last.stage.name));
        let end = took.and_then(|took| took.last.as_ref());
        out.extend(self.part(&last.plan, jobs, end).into_iter().map(|line| format!("  {line}")));
        out.extend(end.map(|took| format!("    answered: {}", took.all)));
        out
    }

    /// Any other plan.
    pub fn lines(&self, plan: &Plan, bound: Option<&Bound>, took: Option<&Took>) -> Vec<String> {
        let mut out = vec![headline(plan, bound)];
        match bound {
            Some(bound) => {
                out.extend(self.part(plan, bound, took));
                out.extend(then_lines(bound));
            }
            None => out.extend(self.routes(plan, None)),
        }
        out.extend(took.map(|took| format!("  answered: {}", took.all)));
        out
    }

    /// Where the rows of a copy go.
    pub fn into_lines(&self, plan: &Plan, copy: &Copy) -> Vec<String> {
        let mut out = vec!["  the rows go to".to_owned()];
        out.extend(routing_lines(plan, &copy.routing, self.topology));
        out
    }

    /// About how many rows a stage has at most.
    fn estimated(&self, stage: &stage_spec::Stage, pull: &Pulled) -> String {
        let (Some(plan), Pulled::Read(pull)) = (&stage.pull, pull) else { return String::new() };
        let Act::Read(read) = &plan.act else { return String::new() };
        let used = plan.tables.iter().find(|used| used.table.name == stage.table);
        let Some((used, rows)) =
            used.and_then(|used| Some((used, self.schemas.rows(&used.database, &used.table.name)?)))
        else {
            return String::new();
        };
        let rows = match (&used.table.layout, &read.routing) {
            (Layout::Sharded(sharded), Routing::Sharded { .. }) => {
                let nodes = sharded.nodes.len().max(1) as u64;
                rows.saturating_mul(pull.jobs.len() as u64).div_ceil(nodes)
            }
            _ => rows,
        };
        format!(", of about {rows}")
    }

    /// Where a part goes, and what is sent there.
    fn part(&self, plan: &Plan, bound: &Bound, took: Option<&Took>) -> Vec<String> {
        let mut out = self.routes(plan, Some(bound));
        for (n, job) in bound.jobs.iter().enumerate() {
            let own = job.text.as_deref().unwrap_or(self.text);
            let at = job_place(job, self.topology);
            out.push(format!("  → {at}: {}", String::from_utf8_lossy(own)));
            let actual = took.and_then(|took| *took.each.get(n)?);
            out.extend(actual.map(|actual| format!("    {actual}")));
        }
        out
    }

    fn routes(&self, plan: &Plan, bound: Option<&Bound>) -> Vec<String> {
        let mut out = Vec::new();
        let routing_lines = |plan, routing| routing_lines(plan, routing, self.topology);
        match &plan.act {
            Act::Read(read) => {
                out.extend(routing_lines(plan, &read.routing));
                if let (Ok(scatter), true) = (&read.many, bound.is_none_or(|b| b.many))
                    && matches!(read.routing, Routing::Sharded { .. } | Routing::Every(_))
                {
                    out.push(format!("  merge: {}", merge_line(&scatter.merge)));
                }
            }
            Act::Write(write) => out.extend(routing_lines(plan, &write.routing)),
            Act::Load(load) => out.extend(routing_lines(plan, &load.routing)),
            Act::Refused(error) => out.push(format!("  {}", error.message)),
            Act::Copy(copy) if bound.is_some_and(|b| b.destinations().is_empty()) => {
                out.extend(copy.local.iter().flat_map(|local| routing_lines(plan, &local.routing)));
            }
            Act::Copy(copy) => {
                out.extend(routing_lines(plan, &copy.read.routing));
                if let (Ok(scatter), true) = (&copy.read.many, bound.is_none_or(|b| b.many)) {
                    out.push(format!("  merge: {}", merge_line(&scatter.merge)));
                }
                out.extend(self.into_lines(plan, copy));
            }
            Act::Insert(insert) => {
                out.extend(carried(plan, insert.table).map(|what| format!("  ids: {what}")));
            }
            Act::Ddl(_) | Act::CreateSelect | Act::Session => {}
        }
        out
    }
}

/// What is done when the jobs have answered.
fn then_lines(bound: &Bound) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    out.extend(match bound.stage {
        Stage::InTurn => Some("  one after another, each with what LIMIT leaves".to_owned()),
        Stage::Picked => Some("  then the statement itself, for the rows picked".to_owned()),
        Stage::Moves => {
            Some("  then the statement itself, and rows with a new place are moved there".to_owned())
        }
        Stage::Whole => None,
    });
    if let Some((count, offset)) = bound.limit {
        out.push(format!("  then {count} rows from row {offset}"));
    }
    out
}

fn on_nodes(bound: &Bound) -> String {
    match bound.jobs.len() {
        1 => "on one node".into(),
        n => format!("on {n} nodes"),
    }
}

fn headline(plan: &Plan, bound: Option<&Bound>) -> String {
    let what = match &plan.act {
        Act::Session => return "answered by Shardgate".into(),
        Act::Refused(_) => return "refused".into(),
        Act::CreateSelect => return "definition as a query's columns say, then a copy of its rows".into(),
        Act::Read(read) if read.locks => "locking read",
        Act::Read(_) => "read",
        Act::Write(_) => "write",
        Act::Insert(_) => "insert",
        Act::Load(_) => "load",
        Act::Copy(_) if bound.is_some_and(|b| b.destinations().is_empty()) => "write",
        Act::Copy(_) => "copy",
        Act::Ddl(_) => "definition",
    };
    match bound {
        Some(bound) => format!("{what} {}", on_nodes(bound)),
        None => what.into(),
    }
}

fn routing_lines(plan: &Plan, routing: &Routing, topology: &Topology) -> Vec<String> {
    match routing {
        Routing::Any(nodes) => vec![format!("  any of {} places", nodes.len())],
        Routing::Every(nodes) => {
            vec![format!(
                "  each of {}",
                nodes.iter().map(|n| place(n, topology)).collect::<Vec<_>>().join(", ")
            )]
        }
        Routing::Sharded { leads, .. } => leads
            .iter()
            .filter_map(|(i, route)| {
                let used = plan.tables.get(*i)?;
                let Layout::Sharded(sharded) = &used.table.layout else { return None };
                Some(format!(
                    "  {}: {} (of {} nodes)",
                    used.table.name,
                    describe(route, &sharded.key),
                    sharded.nodes.len()
                ))
            })
            .collect(),
    }
}

fn merge_line(merge: &Merge) -> String {
    match &merge.step {
        Step::Concat => "rows as they come".into(),
        Step::Sorted { keys } => format!("sorted by {} keys", keys.len()),
        Step::Group { keys, folds, .. } if keys.is_empty() => {
            format!("one row of {} aggregates", folds.len())
        }
        Step::Group { keys, folds, .. } => {
            format!("groups by {} keys, {} aggregates", keys.len(), folds.len())
        }
        Step::Distinct { keys, .. } => format!("distinct rows by {} keys", keys.len()),
    }
}
