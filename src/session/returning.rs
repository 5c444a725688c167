//! RETURNING over several places: the rows that each server answers of what it has written, as one answer. It is sent once
//! all that was written is there.

use super::Session;
use super::query::{Text, names_of};
use super::reply::{self, Form};
use super::write::pace_of;
use crate::backend::{Answer, Summary};
use crate::base::{Code, Error, Result};
use crate::exec::warned::Warned;
use crate::exec::write::{self, Task};
use crate::plan::Bound;
use crate::plan::ir::Plan;
use crate::wire::column::ColumnDef;

impl Session {
    /// Runs a write with RETURNING on its servers as one, and answers its rows.
    pub(super) async fn write_returning(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        tasks: &[Task<'_>],
        text: &Text<'_>,
    ) -> Result<()> {
        let scope = self.open_scope(true).await?;
        let done = self.returned(plan, bound, tasks).await;
        let answer = self.close_scope(scope, done).await?;
        if bound.ids.first.is_some() {
            self.settle_returned(plan, bound, answer.rows.len() as u64).await;
        }
        self.answer_returned(answer, text)
    }

    /// The rows of a write with RETURNING, in a scope that is open.
    pub(super) async fn returned(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        tasks: &[Task<'_>],
    ) -> Result<Answer> {
        let settings = self.vars.settings.clone();
        let answers = self.pull_under(tasks, pace_of(plan), &settings).await?;
        let mut answer = one(answers, bound)?;
        let names = names_of(plan);
        for column in &mut answer.columns {
            names.restore(column);
        }
        Ok(answer)
    }

    /// Answers rows that were written.
    pub(super) fn answer_returned(&mut self, mut answer: Answer, text: &Text<'_>) -> Result<()> {
        self.last.row_count = -1;
        self.warn(Warned::some(std::mem::take(&mut answer.ok.messages), answer.ok.warnings));
        let form = Form {
            status: self.status(text.more),
            deprecate_eof: self.flavor.deprecate_eof,
            binary: text.given.is_binary(),
            strings: 0,
        };
        reply::answer(&mut self.client, &answer, form, <[u8]>::to_vec)
    }
}

/// All rows, those of an INSERT in the order in which the statement has them.
fn one(answers: Vec<Answer>, bound: &Bound) -> Result<Answer> {
    let mut ends: Vec<Summary> = answers.iter().map(|answer| answer.ok.clone()).collect();
    let mut answers = answers.into_iter();
    let Some(mut all) = answers.next() else { return Ok(Answer::default()) };
    if bound.copies {
        return Ok(all);
    }
    let unlike = || Error::new(Code::Internal, "two servers answer RETURNING differently");
    for answer in answers {
        let like = |(a, b): (&ColumnDef, &ColumnDef)| (a.kind, a.is_unsigned()) == (b.kind, b.is_unsigned());
        if answer.columns.len() != all.columns.len() || !answer.columns.iter().zip(&all.columns).all(like) {
            return Err(unlike());
        }
        all.rows.extend(answer.rows);
    }
    if !bound.rows().is_empty() {
        let order: Vec<usize> = bound.rows().iter().flatten().copied().collect();
        if order.len() != all.rows.len() {
            return Err(unlike());
        }
        let mut rows: Vec<_> = order.into_iter().zip(all.rows).collect();
        rows.sort_by_key(|(row, _)| *row);
        all.rows = rows.into_iter().map(|(_, row)| row).collect();
    }
    write::say_once(&mut ends);
    all.ok = write::sum(&ends);
    Ok(all)
}
