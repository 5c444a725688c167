//! RETURNING over several places: the rows that each server answers of what it has written, as one answer. It is sent once
//! all that was written is there.

use bytes::Bytes;

use super::Session;
use super::query::{Text, names_of};
use super::reply::{self, Form};
use super::write::pace_of;
use crate::backend::{Answer, AnswerLimit, Summary};
use crate::base::{Code, Error, Result};
use crate::exec::warned::Warned;
use crate::exec::write::{self, Task};
use crate::merge::Budget;
use crate::plan::Bound;
use crate::plan::ir::Plan;
use crate::sql::facts::{InsertSource, Kind};
use crate::wire::column::ColumnDef;

/// How an INSERT of a query's rows answers them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Returning {
    /// The client wants them in the binary protocol.
    pub(super) binary: bool,
    /// IGNORE may leave some out.
    pub(super) leaves_out: bool,
    /// The query says in which order its rows come.
    pub(super) ordered: bool,
}

impl Returning {
    /// `None`: the statement answers no rows.
    pub(super) fn of(plan: &Plan, binary: bool) -> Option<Self> {
        let Kind::Insert(insert) = &plan.statement.kind else { return None };
        insert.returning?;
        let ordered = matches!(&insert.source, InsertSource::Query(query) if !query.order_by.is_empty());
        Some(Self { binary, leaves_out: insert.ignore, ordered })
    }
}

/// Rows that batches have returned.
#[derive(Debug, Default)]
pub(super) struct Returned {
    pub(super) columns: Vec<ColumnDef>,
    pub(super) rows: Vec<Vec<Option<Bytes>>>,
    bytes: u64,
}

impl Returned {
    /// What each of so many answers may add: no more rows than it wrote, so that only their bytes are to be shared.
    pub(super) fn room(&self, budget: Budget, answers: usize) -> AnswerLimit {
        let left = |all: u64, taken: u64| usize::try_from(all.saturating_sub(taken)).unwrap_or(usize::MAX);
        AnswerLimit {
            rows: left(budget.max_rows, self.rows.len() as u64),
            bytes: left(budget.max_bytes, self.bytes) / answers.max(1),
        }
    }

    /// Adds the rows of answers, each of which wrote rows of these numbers. What they say of rows is then what a server
    /// says that returns none.
    pub(super) fn take(
        &mut self,
        answers: &mut [Answer],
        numbers: &[Vec<u64>],
        returning: Returning,
    ) -> Result<()> {
        let mut rows = Vec::new();
        for (answer, numbers) in answers.iter_mut().zip(numbers) {
            answer.ok.affected = answer.rows.len() as u64;
            if self.columns.is_empty() {
                self.columns = std::mem::take(&mut answer.columns);
            } else if !answer.columns.iter().map(kind_of).eq(self.columns.iter().map(kind_of)) {
                return Err(unlike());
            }
            if answer.rows.len() != numbers.len() && !returning.leaves_out {
                return Err(unlike());
            }
            // Of rows that are left out nothing tells which they were: there they come in their order as it is.
            let number =
                |n: usize| if returning.leaves_out { 0 } else { numbers.get(n).copied().unwrap_or(0) };
            rows.extend(
                std::mem::take(&mut answer.rows).into_iter().enumerate().map(|(n, row)| (number(n), row)),
            );
        }
        rows.sort_by_key(|(number, _)| *number);
        let size = |row: &[Option<Bytes>]| row.iter().flatten().map(|cell| cell.len() as u64).sum::<u64>();
        self.bytes += rows.iter().map(|(_, row)| size(row)).sum::<u64>();
        self.rows.extend(rows.into_iter().map(|(_, row)| row));
        Ok(())
    }
}

/// What two servers must agree on of a column.
fn kind_of(column: &ColumnDef) -> (u8, bool) {
    (column.kind, column.is_unsigned())
}

/// What RETURNING answers is more than may be kept until all is written.
pub(super) fn too_many(error: Error, budget: Budget) -> Error {
    if !error.is(Code::Memory) {
        return error;
    }
    let message = format!(
        "the rows of RETURNING are kept until all is written, and are more than limits.merge_rows = {} rows or \
         limits.merge_bytes = {} bytes allow; raise it, or write fewer rows at a time",
        budget.max_rows, budget.max_bytes
    );
    Error { message, ..error }
}

fn unlike() -> Error {
    Error::new(Code::Internal, "two servers answer RETURNING differently")
}

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
    for answer in answers {
        if !answer.columns.iter().map(kind_of).eq(all.columns.iter().map(kind_of)) {
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
