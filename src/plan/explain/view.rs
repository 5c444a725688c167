//! From a plan, bound or not, and what running it came to, to the [`Tree`] that is shown.

use super::tree::{self, Actual, Last, Part, Tree, on_nodes};
use super::{carried, describe, job_place, place};
use crate::base::ids::SourceId;
use crate::plan::bind::{Bound, Stage};
use crate::plan::ir::{Act, Copy, Plan, Read, Routing};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::stage_spec::{self, BoundStages, Choice, Pulled, Staged};
use crate::topology::schema::Schemas;
use crate::topology::{Layout, Topology};

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

/// What a tree is made with.
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
    ) -> Tree {
        let stages = staged.stages.iter().zip(&bound.pulls).enumerate();
        let stages = stages.filter_map(|(n, (stage, pull))| {
            let places = stage.places(&staged.rest, &bound.rest);
            let mut sources: Vec<SourceId> = places.iter().map(|node| node.source).collect();
            sources.dedup();
            let name = |source| self.topology.source(source).map_or("?", |s| &*s.name).to_owned();
            let into = sources.into_iter().map(name).collect();
            self.stage(stage, pull, choice, took.and_then(|took| took.stages.get(n)), into)
        });
        let mut tree = Tree {
            plan: "read over copies of rows".to_owned(),
            stages: stages.collect(),
            part: self.part(&staged.rest, &bound.rest, took.map(|took| &took.rest)),
            steps: steps(&bound.rest),
            ..Tree::default()
        };
        let rest = took.map(|took| took.rest.all);
        let Some((last, jobs)) = staged.last.as_ref().zip(bound.last.as_ref()) else {
            tree.answered = rest;
            return tree;
        };
        let end = took.and_then(|took| took.last.as_ref());
        tree.groups = rest;
        tree.last = Some(Last { over: last.stage.name.to_string(), part: self.part(&last.plan, jobs, end) });
        tree.answered = end.map(|took| took.all);
        tree
    }

    /// One of its stages, whose rows go to the sources of these names.
    fn stage(
        &self,
        stage: &stage_spec::Stage,
        pull: &Pulled,
        choice: Choice,
        took: Option<&(Took, Option<Box<TookOver>>)>,
        into: Vec<String>,
    ) -> Option<tree::Stage> {
        let plan = stage.pull.as_ref()?;
        let (mut read, mut over) = (Part::default(), None);
        match (pull, &plan.act) {
            (Pulled::Read(bound), _) => read = self.part(plan, bound, took.map(|(took, _)| took)),
            (Pulled::Over(inner), Act::Read(read)) => {
                let took = took.and_then(|(_, inside)| inside.as_deref());
                over = choice.of(read).map(|way| Box::new(self.staged(way, inner, choice, took)));
            }
            (Pulled::Over(_), _) => {}
        }
        let placing = stage.placing.as_ref().filter(|_| !into.is_empty());
        Some(tree::Stage {
            name: stage.name.to_string(),
            of: stage.table.to_string(),
            estimated_rows: self.estimated(stage, pull),
            pull: read,
            over,
            into,
            placed_by: placing.map(|placing| placing.spread.key.to_string()),
            copied: took.map(|(took, _)| took.all),
        })
    }

    /// Any other plan.
    pub fn tree(&self, plan: &Plan, bound: Option<&Bound>, took: Option<&Took>) -> Tree {
        let moved = bound.is_none_or(|bound| !bound.destinations().is_empty());
        let into = match &plan.act {
            Act::Copy(copy) if moved => self.destinations(plan, copy),
            _ => Vec::new(),
        };
        let refusal = match &plan.act {
            Act::Refused(error) => Some(error.message.clone()),
            _ => None,
        };
        Tree {
            plan: headline(plan, bound),
            part: match bound {
                Some(bound) => self.part(plan, bound, took),
                None => self.routes(plan, None),
            },
            steps: bound.map(steps).unwrap_or_default().into_iter().chain(refusal).collect(),
            answered: took.map(|took| took.all),
            into,
            ..Tree::default()
        }
    }

    /// Where the rows of a copy go.
    pub fn destinations(&self, plan: &Plan, copy: &Copy) -> Vec<String> {
        routes(plan, &copy.routing, self.topology)
    }

    /// About how many rows a stage has at most.
    fn estimated(&self, stage: &stage_spec::Stage, pull: &Pulled) -> Option<u64> {
        let (plan, Pulled::Read(pull)) = (stage.pull.as_ref()?, pull) else { return None };
        let Act::Read(read) = &plan.act else { return None };
        let used = plan.tables.iter().find(|used| used.table.name == stage.table)?;
        let rows = self.schemas.rows(&used.database, &used.table.name)?;
        Some(match (&used.table.layout, &read.routing) {
            (Layout::Sharded(sharded), Routing::Sharded { .. }) => {
                let nodes = sharded.nodes.len().max(1) as u64;
                rows.saturating_mul(pull.jobs.len() as u64).div_ceil(nodes)
            }
            _ => rows,
        })
    }

    /// Where a part goes, and what is sent there.
    fn part(&self, plan: &Plan, bound: &Bound, took: Option<&Took>) -> Part {
        let jobs = bound.jobs.iter().enumerate().map(|(n, job)| tree::Job {
            at: job_place(job, self.topology),
            text: String::from_utf8_lossy(job.text.as_deref().unwrap_or(self.text)).into_owned(),
            actual: took.and_then(|took| *took.each.get(n)?),
        });
        Part { jobs: jobs.collect(), ..self.routes(plan, Some(bound)) }
    }

    /// How its nodes are found, and what becomes of their rows.
    fn routes(&self, plan: &Plan, bound: Option<&Bound>) -> Part {
        let many = bound.is_none_or(|bound| bound.many);
        let routes = |routing| routes(plan, routing, self.topology);
        let merged = |read: &Read| Some(merge(&read.many.as_ref().ok().filter(|_| many)?.merge));
        let (routes, merge) = match &plan.act {
            Act::Read(read) => {
                let several = matches!(read.routing, Routing::Sharded { .. } | Routing::Every(_));
                (routes(&read.routing), merged(read).filter(|_| several))
            }
            Act::Write(write) => (routes(&write.routing), None),
            Act::Load(load) => (routes(&load.routing), None),
            Act::Copy(copy) if bound.is_some_and(|b| b.destinations().is_empty()) => {
                (copy.local.as_ref().map(|local| routes(&local.routing)).unwrap_or_default(), None)
            }
            Act::Copy(copy) => (routes(&copy.read.routing), merged(&copy.read)),
            Act::Insert(insert) => {
                (carried(plan, insert.table).map(|what| format!("ids: {what}")).into_iter().collect(), None)
            }
            Act::Refused(_) | Act::Ddl(_) | Act::CreateSelect | Act::Session => (Vec::new(), None),
        };
        Part { routes, merge, jobs: Vec::new() }
    }
}

/// What is done when the jobs have answered.
fn steps(bound: &Bound) -> Vec<String> {
    let staged = match bound.stage {
        Stage::InTurn => Some("one after another, each with what LIMIT leaves"),
        Stage::Picked => Some("then the statement itself, for the rows picked"),
        Stage::Moves => Some("then the statement itself, and rows with a new place are moved there"),
        Stage::Whole => None,
    };
    let limit = bound.limit.map(|(count, offset)| format!("then {count} rows from row {offset}"));
    staged.map(str::to_owned).into_iter().chain(limit).collect()
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
        Some(bound) => format!("{what} {}", on_nodes(bound.jobs.len())),
        None => what.into(),
    }
}

fn routes(plan: &Plan, routing: &Routing, topology: &Topology) -> Vec<String> {
    match routing {
        Routing::Any(nodes) => vec![format!("any of {} places", nodes.len())],
        Routing::Every(nodes) => {
            vec![format!(
                "each of {}",
                nodes.iter().map(|n| place(n, topology)).collect::<Vec<_>>().join(", ")
            )]
        }
        Routing::Sharded { leads, .. } => leads
            .iter()
            .filter_map(|(i, route)| {
                let used = plan.tables.get(*i)?;
                let Layout::Sharded(sharded) = &used.table.layout else { return None };
                Some(format!(
                    "{}: {} (of {} nodes)",
                    used.table.name,
                    describe(route, &sharded.key),
                    sharded.nodes.len()
                ))
            })
            .collect(),
    }
}

fn merge(merge: &Merge) -> String {
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
