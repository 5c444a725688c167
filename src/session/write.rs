//! Plans that change rows on several servers.

use super::Session;
use super::ids;
use super::pick::{one_of, tasks_of};
use super::query::Text;
use crate::backend::{AnswerLimit, Role, Summary};
use crate::base::Result;
use crate::exec::info;
use crate::exec::single::Around;
use crate::exec::write::{self, Pace, Task};
use crate::plan::ir::{Act, Plan};
use crate::plan::{Bound, Stage};
use crate::sql::facts::{Kind, Statement};
use crate::topology::Layout;

impl Session {
    pub(super) async fn write(&mut self, plan: &Plan, bound: &Bound, text: &Text<'_>) -> Result<()> {
        if bound.stage != Stage::Whole {
            return Box::pin(self.write_picked(plan, bound, text)).await;
        }
        // UUIDs are no insert ids: MySQL has none for a column without AUTO_INCREMENT.
        let generated = bound.ids.first.is_some();
        let returns = match &plan.statement.kind {
            Kind::Insert(insert) => insert.returning.is_some(),
            Kind::Delete(delete) => delete.returning,
            _ => false,
        };
        let wanted = self.insert_id.is_some() && ids::plain_insert(plan);
        let indexed = plan.images.as_ref().is_some_and(|images| images.is_read_around());
        let by_row = !bound.arrivals().is_empty();
        if bound.jobs.len() == 1 && !indexed && !by_row && ((!generated && !wanted) || returns) {
            // FOUND_ROWS() is about the last SELECT.
            let found_rows = self.last.found_rows;
            self.forward(plan, bound, Role::Primary, true, text).await?;
            let rows = std::mem::replace(&mut self.last.found_rows, found_rows);
            if returns && generated && !self.last.failed {
                self.settle_returned(plan, bound, rows).await;
            }
            return Ok(());
        }
        let mut tasks = tasks_of(&bound.jobs, text)?;
        for (task, job) in tasks.iter_mut().zip(&bound.jobs) {
            task.ids = self.preset(plan, job);
        }
        if returns {
            return Box::pin(self.write_returning(plan, bound, &tasks, text)).await;
        }
        let ran = if by_row {
            Box::pin(self.take_rows_in(plan, bound, text)).await
        } else {
            self.run_writes(plan, bound, text, &tasks).await
        };
        if let Err(error) = &ran {
            self.learn_last_id(plan, bound, text, error).await;
        }
        let (answers, inserted) = ran?;
        let infos = answers.clone();
        let mut summary = one_of(answers, bound.copies);
        if ids::plain_insert(plan) {
            self.insert_id = None;
            if summary.last_insert_id != 0 && !self.keeps_insert_id(plan, text).await? {
                self.last.inserted(summary.last_insert_id);
            }
        } else {
            let last = if by_row { infos.last() } else { infos.get(bound.ids.ends.1) };
            let last = last.map_or(0, |answer| answer.last_insert_id);
            self.settle_ids(plan, bound, &mut summary, inserted, last);
        }
        if let Act::Insert(insert) = &plan.act
            && !bound.copies
        {
            summary.info = insert_info(insert.rows.len(), &plan.statement, &infos);
        }
        self.written(summary, text);
        Ok(())
    }

    /// Runs a write on its servers as one: all of it is there afterwards, or (but for a crash in the middle of the
    /// commits) nothing. Answers the first new id that a row has, too, where that had to be looked up.
    async fn run_writes(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        tasks: &[Task<'_>],
    ) -> Result<(Vec<Summary>, Option<u64>)> {
        let deadline = self.deadline();
        let selective = match &plan.act {
            Act::Insert(insert) => Some(insert).filter(|_| !bound.ids.made.is_empty()),
            _ => None,
        };
        // One row needs no transaction to be looked at: nobody else has its id.
        let several = tasks.len() > 1 || bound.ids.made.len() > 1;
        let indexed = plan.images.as_ref().is_some_and(|images| images.is_read_around());
        let scope = self.open_scope(several || indexed).await?;
        let before = match self.rows_before(plan, bound, text).await {
            Ok(before) => before,
            Err(error) => return self.close_scope(scope, Err(error)).await,
        };
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let (settings, pace) = (&self.vars.settings, pace_of(plan));
        let (limit, client) = (AnswerLimit::of_rows(0), Some(&mut self.client));
        let ran = write::run(tasks, settings, &mut using, pace, limit, client, around).await;
        let known = tasks.iter().any(|task| task.ids.last_insert_id.is_some());
        self.last.insert_id = ran.last_insert_id.filter(|_| known).unwrap_or(self.last.insert_id);
        let first_in = matches!(ran.results.get(bound.ids.ends.0), Some(Some(Ok(_))));
        let mut answers: Result<Vec<Summary>> =
            ran.results.into_iter().flatten().map(|result| result.map(|answer| answer.ok)).collect();
        if let Ok(all) = &mut answers {
            write::say_once(all);
        }
        let mut inserted = None;
        if let (Some(insert), Ok(all)) = (selective, &answers)
            && ids::looks_up(insert, bound, &write::sum(all), self.flavor)
        {
            match self.first_inserted(plan, bound).await {
                Ok(first) => inserted = first,
                Err(error) => answers = Err(error),
            }
        }
        if let Ok(all) = &answers
            && indexed
            && let Err(error) = Box::pin(self.keep_lookups(plan, bound, text, before, all)).await
        {
            answers = Err(error);
        }
        // A server remembers the first id of a statement that failed at a later row.
        if let (Some(first), true, true) = (bound.ids.first, first_in, answers.is_err()) {
            self.last.insert_id = first;
        }
        self.close_scope(scope, answers.map(|answers| (answers, inserted))).await
    }
}

/// The info string of an INSERT of several rows, as one server words it (manual, "INSERT Statement"). A server that got
/// one row says nothing: what became of the row follows from the affected rows.
fn insert_info(rows: usize, statement: &Statement, answers: &[Summary]) -> String {
    if rows < 2 {
        return answers.first().map(|answer| answer.info.clone()).unwrap_or_default();
    }
    let Kind::Insert(insert) = &statement.kind else { return String::new() };
    let one = |affected: u64| match () {
        () if insert.ignore && insert.on_duplicate.is_empty() => 1u64.saturating_sub(affected),
        () if insert.ignore => 0,
        () if insert.replace => affected.saturating_sub(1),
        () if !insert.on_duplicate.is_empty() => u64::from(affected == 2),
        () => 0,
    };
    let texts: Vec<String> = answers
        .iter()
        .map(|answer| {
            if answer.info.is_empty() {
                format!("Records: 1  Duplicates: {}  Warnings: {}", one(answer.affected), answer.warnings)
            } else {
                answer.info.clone()
            }
        })
        .collect();
    info::sum(&texts)
}

/// New rows wait for no lock that another statement's new rows hold; changes of rows that are there do.
pub(super) fn pace_of(plan: &Plan) -> Pace {
    let sharded = plan.tables.first().is_some_and(|used| matches!(used.table.layout, Layout::Sharded(_)));
    match &plan.statement.kind {
        Kind::Insert(insert) if sharded && !insert.replace && insert.on_duplicate.is_empty() => {
            Pace::Together
        }
        _ => Pace::FirstAhead,
    }
}
