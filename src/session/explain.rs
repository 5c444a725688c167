//! EXPLAIN SHARDGATE: how a statement would be carried out; with ANALYZE, a SELECT runs, and what it came to stands
//! beside the plan in the place of its rows.

use std::sync::Arc;

use super::Session;
use super::control::{JSON, PLAN};
use super::input::{Given, Known};
use super::query::{Text, no_job};
use super::read::{order, tasks_of};
use super::reply;
use super::sink::Sink;
use crate::backend::Role;
use crate::base::{Code, Error, Result};
use crate::exec::fanout::{self, Order};
use crate::exec::single::Around;
use crate::plan::explain::tree::Tree;
use crate::plan::explain::view::{Took, View};
use crate::plan::ir::{Act, Plan, Read};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::stage_spec::{is_refusal, outgrew};
use crate::plan::{self, Bound};
use crate::sql::facts::Kind;
use crate::sql::normalise::Normalised;
use crate::sql::splice;
use crate::topology::IdRule;

impl Session {
    /// Answers EXPLAIN SHARDGATE of a statement: the plan as a tree, a line a row, or as JSON.
    pub(super) async fn explain(
        &mut self,
        inner: &str,
        analyze: bool,
        json: bool,
        text: &Text<'_>,
    ) -> Result<()> {
        let tree = match text.given {
            Given::Text { .. } => self.explained(inner, analyze).await?,
            Given::Prepared { params, .. } => {
                let inlined = splice::inline(inner.as_bytes(), &params.values()?, self.vars.mode);
                let inlined = inlined.ok_or_else(|| Error::new(Code::Internal, "a `?` has no value"))?;
                self.explained(&String::from_utf8_lossy(&inlined), analyze).await?
            }
        };
        let (columns, lines) = if json { (&JSON, vec![tree.json()?]) } else { (&PLAN, tree.lines()) };
        let rows: Vec<Vec<String>> = lines.into_iter().map(|line| vec![line]).collect();
        let form = self.form(text.given.is_binary(), text.more);
        reply::table(&mut self.client, columns, &rows, form);
        Ok(())
    }

    async fn explained(&mut self, sql: &str, analyze: bool) -> Result<Tree> {
        let mut shape = Normalised::verbatim(sql.as_bytes());
        let plan = Box::pin(self.plan(sql.as_bytes(), &mut shape)).await?;
        let mode = self.vars.mode;
        let given = Given::Text { text: sql.as_bytes(), literals: &[], mode };
        let text = Text { original: sql.as_bytes(), shape: &shape, given: &given, more: false };
        if analyze {
            may_run(&plan)?;
            self.begin_as_needed(&plan);
            self.check_key_charset(&plan)?;
        }
        self.show_next_ids(&plan.statement, &text)?;
        if matches!(&plan.act, Act::Insert(insert) if !insert.computed.is_empty()) {
            self.compute(&plan, &text).await?;
        }
        let lookup = self.lookup_line(&plan);
        let plan = match self.looked_up(&plan, &text).await? {
            Some(narrowed) => Arc::new(narrowed),
            None => plan,
        };
        let ids = &self.shared.ids;
        let mut example = |rule: &IdRule, n: usize, gene: u32| Ok(ids.example(rule.generator, n, gene));
        let bound = match plan.act {
            Act::Read(_) | Act::Write(_) | Act::Insert(_) | Act::Copy(_) => {
                plan::bind(&plan, &text.input(), &Known(self), self.setting(), &mut example).map(Some)
            }
            _ => Ok(None),
        };
        let refusal = match (&plan.act, &bound) {
            (Act::Refused(error), _) | (Act::Write(_), Err(error)) => Some(error),
            _ => None,
        };
        if refusal.is_some_and(is_refusal)
            && let Some(tree) = self.tree_ahead(&plan.statement, sql.as_bytes())
        {
            return Ok(tree);
        }
        let shared = Arc::clone(&self.shared);
        let view = View { text: sql.as_bytes(), topology: shared.topology(), schemas: &shared.catalog };
        let tree = match (&plan.act, bound) {
            (Act::Read(read), Err(refusal)) if analyze => {
                let ran = Box::pin(self.over_ways(read, &text, refusal, Sink::Counted)).await?;
                let (staged, bound, took) = ran;
                view.staged(staged, &bound, self.choice(), Some(&took))
            }
            (Act::Read(read), Err(refusal)) if is_refusal(&refusal) => {
                let (choice, input) = (self.choice(), text.input());
                let (staged, bound) = choice.bind(read, refusal, &input, &Known(self), self.setting())?;
                view.staged(staged, &bound, choice, None)
            }
            (Act::Copy(copy), Err(refusal)) if is_refusal(&refusal) => {
                let (choice, input) = (self.copy_choice(copy), text.input());
                let (staged, bound) =
                    choice.bind(&copy.read, refusal, &input, &Known(self), self.setting())?;
                Tree { into: view.destinations(&plan, copy), ..view.staged(staged, &bound, choice, None) }
            }
            (_, Err(refusal)) => return Err(refusal),
            (Act::Read(read), Ok(Some(bound))) if analyze => {
                let took = self.count_read(read, &bound, &text).await;
                if let Err(error) = &took {
                    self.after_error(error.errno).await;
                }
                match took {
                    Err(error) if outgrew(&error) => {
                        let ran = Box::pin(self.over_ways(read, &text, error, Sink::Counted)).await?;
                        let (staged, bound, took) = ran;
                        view.staged(staged, &bound, self.choice(), Some(&took))
                    }
                    took => view.tree(&plan, Some(&bound), Some(&took?)),
                }
            }
            (_, Ok(bound)) => view.tree(&plan, bound.as_ref(), None),
        };
        Ok(Tree { lookup, ..tree })
    }

    /// Runs a read and counts its rows.
    async fn count_read(&mut self, read: &Read, bound: &Bound, text: &Text<'_>) -> Result<Took> {
        let concat = Merge { hidden: 0, step: Step::Concat };
        let merge = match &read.many {
            Ok(scatter) if bound.many => &scatter.merge,
            _ if bound.jobs.is_empty() => return Err(no_job()),
            _ => &concat,
        };
        let tasks = tasks_of(bound, text)?;
        let deadline = self.deadline();
        let role = if read.replica { Role::Replica } else { Role::Primary };
        let (budget, format) = (self.shared.limits.merge, text.given.format());
        let order = Order { role, ..order(merge, bound, &self.vars, budget, format) };
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        fanout::count(&tasks, order, &mut using, &mut self.client, around).await
    }
}

/// ANALYZE runs the statement: it must be one that leaves nothing behind but its rows.
fn may_run(plan: &Plan) -> Result<()> {
    let plain = match (&plan.act, &plan.statement.kind) {
        (Act::Refused(error), _) => return Err(error.clone()),
        (Act::Read(read), Kind::Select(query)) => {
            !read.locks && query.into.is_none() && !plan.pins && !plan.statement.assigns_user_variables
        }
        _ => false,
    };
    if plain {
        return Ok(());
    }
    Err(Error::refused(
        "EXPLAIN SHARDGATE ANALYZE of a statement that does more than read",
        "leave ANALYZE out, or explain a SELECT without INTO, FOR UPDATE, assignments and locks",
    ))
}
