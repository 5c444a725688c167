//! Changes of rows on several shards that no shard can do its part of alone: LIMIT counts the rows of all of them, and
//! ORDER BY says which come first.

use bytes::Bytes;

use super::Session;
use super::input::Known;
use super::query::{Text, no_job};
use crate::backend::{Answer, Settings, Summary};
use crate::base::{Code, Error, Result};
use crate::exec::info;
use crate::exec::send::Preset;
use crate::exec::warned::Warned;
use crate::exec::write::{self, Pace, Task};
use crate::merge::Merger;
use crate::plan::ir::{Act, Job, Pick, Plan, Several};
use crate::plan::merge_spec::Step;
use crate::plan::pick::{self, Then};
use crate::plan::{Bound, Stage};
use crate::sql::facts::Kind;
use crate::wire::column::{ColumnDef, kind};
use crate::wire::row::{self, Format, Row};

/// Rows that one statement names by their keys. More make a server forget its indexes (range_optimizer_max_mem_size).
pub(super) const AT_ONCE: usize = 500;

/// A row that a statement is about: where it is, and its key as literals.
#[derive(Debug, Clone)]
pub(super) struct PickedRow {
    /// The job that found it.
    pub(super) at: usize,
    /// `(1, 'a')`
    pub(super) key: String,
    /// What its key is after the statement.
    pub(super) after: String,
}

impl Session {
    /// Carries out a change in parts, as one statement.
    pub(super) async fn write_picked(&mut self, plan: &Plan, bound: &Bound, text: &Text<'_>) -> Result<()> {
        self.may_write()?;
        let scope = self.open_scope(true).await?;
        let done = self.write_in_parts(plan, bound, text).await;
        let summary = self.close_scope(scope, done).await?;
        self.written(summary, text);
        Ok(())
    }

    /// A change that finds no row is refused in a READ ONLY transaction, too.
    pub(super) fn may_write(&self) -> Result<()> {
        if self.held.read_only() {
            return Err(Error::new(Code::ReadOnly, "Cannot execute statement in a READ ONLY transaction"));
        }
        Ok(())
    }

    /// Answers a change that has been carried out.
    pub(super) fn written(&mut self, mut summary: Summary, text: &Text<'_>) {
        self.last.row_count = summary.affected as i64;
        self.warn(Warned::some(std::mem::take(&mut summary.messages), summary.warnings));
        self.ok(&summary, text.more);
    }

    /// The parts of a change, in a scope that is open.
    pub(super) async fn write_in_parts(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        let Act::Write(write) = &plan.act else { return Err(no_job()) };
        match (bound.stage, &write.many, &write.moves) {
            (Stage::Moves, _, Some(moves)) => self.move_rows(plan, moves, bound, text).await,
            (Stage::Picked, Ok(Several::Picked(pick)), _) => {
                self.change_picked(plan, pick, bound, text).await
            }
            (Stage::InTurn, ..) => self.in_turn(bound, text).await,
            (Stage::Whole, ..) => {
                let before = self.rows_before(plan, bound, text).await?;
                let mut tasks = Vec::with_capacity(bound.jobs.len());
                for job in &bound.jobs {
                    let call = text.given.call(job, text.original)?;
                    let ids = Preset::default();
                    tasks.push(Task { source: job.source, schema: &job.schema, call, ids });
                }
                let answers = self.change(&tasks, Pace::FirstAhead).await?;
                self.keep_lookups(plan, bound, text, before, &answers).await?;
                Ok(if bound.copies {
                    answers.into_iter().next().unwrap_or_default()
                } else {
                    write::sum(&answers)
                })
            }
            _ => Err(no_job()),
        }
    }

    /// Each job as it is, in a scope that is open.
    pub(super) async fn write_whole(&mut self, bound: &Bound, text: &Text<'_>) -> Result<Summary> {
        let answers = self.change(&tasks_of(&bound.jobs, text)?, Pace::FirstAhead).await?;
        Ok(one_of(answers, bound.copies))
    }

    /// LIMIT without ORDER BY: any rows will do, so each shard takes what those before it have left.
    async fn in_turn(&mut self, bound: &Bound, text: &Text<'_>) -> Result<Summary> {
        let mut left = bound.limit.map_or(0, |(count, _)| count);
        let mut all = Vec::new();
        for job in &bound.jobs {
            if left == 0 && !all.is_empty() {
                break;
            }
            let sql = [job.text.as_deref().unwrap_or_default(), format!("LIMIT {left}").as_bytes()].concat();
            let job = Job { text: Some(sql), ..job.clone() };
            let done = self.change(&tasks_of(&[job], text)?, Pace::FirstAhead).await?;
            for summary in done {
                left = left.saturating_sub(matched(&summary));
                all.push(summary);
            }
        }
        Ok(write::sum(&all))
    }

    /// ORDER BY … LIMIT: the first rows of all shards.
    async fn change_picked(
        &mut self,
        plan: &Plan,
        pick: &Pick,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        let (rows, asked) = self.pick(pick, bound, text).await?;
        let done = self.change_rows(plan, pick, bound, text, &rows).await?;
        Ok(with_warnings(done, &asked))
    }

    /// Asks for the rows that a statement is about, and locks them. They come in their order; the summary has the
    /// warnings that WHERE and ORDER BY have given.
    pub(super) async fn pick(
        &mut self,
        pick: &Pick,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<(Vec<PickedRow>, Summary)> {
        let settings = self.vars.settings.clone();
        let answers = self.pull_under(&tasks_of(&bound.jobs, text)?, Pace::FirstAhead, &settings).await?;
        let summaries: Vec<Summary> = answers.iter().map(|answer| answer.ok.clone()).collect();
        let limit = bound.limit.map(|(count, _)| count);
        let rows = self.merged(pick, &answers, text.given.format(), limit)?;
        Ok((rows, write::sum(&summaries)))
    }

    /// The rows of all shards as one list.
    fn merged(
        &self,
        pick: &Pick,
        answers: &[Answer],
        format: Format,
        limit: Option<u64>,
    ) -> Result<Vec<PickedRow>> {
        let mut out = Vec::new();
        if pick.merge.step == Step::Concat {
            for (at, answer) in answers.iter().enumerate() {
                for cells in &answer.rows {
                    out.push(picked_row(pick, at, cells)?);
                }
            }
            return Ok(out);
        }
        // Which shard a row comes from is a column of its own in front.
        let first = answers.first().ok_or_else(no_job)?;
        let mut columns = vec![ColumnDef::new("", kind::VAR_STRING)];
        columns.extend(first.columns.iter().cloned());
        let budget = self.shared.limits.merge;
        let mut merger = Merger::new(&pick.merge, &columns, format, answers.len(), limit, 0, budget)?;
        for (at, answer) in answers.iter().enumerate() {
            let tag = at.to_string();
            for cells in &answer.rows {
                let tagged = std::iter::once(Some(tag.as_bytes())).chain(cells.iter().map(Option::as_deref));
                let mut payload = Vec::new();
                row::encode_cells(format, &columns, tagged, &mut payload).ok_or_else(bad_row)?;
                merger.push(at, payload.into())?;
            }
            merger.finish(at);
        }
        let visible = merger.visible().to_vec();
        while let Some(payload) = merger.pop()? {
            let row = Row::parse(payload, format, &visible).ok_or_else(bad_row)?;
            let tag = row.cell(0).and_then(|tag| std::str::from_utf8(tag).ok()?.parse().ok());
            let cells: Vec<Option<Bytes>> = (1..row.len()).map(|i| row.cell_bytes(i)).collect();
            out.push(picked_row(pick, tag.ok_or_else(bad_row)?, &cells)?);
        }
        Ok(out)
    }

    /// Runs the statement itself on picked rows. All of them are there: they are locked.
    pub(super) async fn change_rows(
        &mut self,
        plan: &Plan,
        pick: &Pick,
        bound: &Bound,
        text: &Text<'_>,
        rows: &[PickedRow],
    ) -> Result<Summary> {
        let settings = self.vars.settings.clone();
        self.change_rows_under(plan, pick, text, bound, rows, &settings).await
    }

    /// The same with other variables than the session's.
    pub(super) async fn change_rows_under(
        &mut self,
        plan: &Plan,
        pick: &Pick,
        text: &Text<'_>,
        bound: &Bound,
        rows: &[PickedRow],
        settings: &Settings,
    ) -> Result<Summary> {
        if rows.is_empty() {
            let info = if matches!(plan.statement.kind, Kind::Update(_)) { info::NO_ROW } else { "" };
            return Ok(Summary { info: info.to_owned(), ..Summary::default() });
        }
        let jobs = self.jobs_for(plan, pick, Then::Change, bound, text, &by_key(rows))?;
        let tasks = tasks_of(&jobs, text)?;
        let done = write::sum(&self.change_under(&tasks, Pace::FirstAhead, settings).await?);
        if matched(&done) != rows.len() as u64 {
            return Err(Error::new(
                Code::Internal,
                format!("{} of {} rows that were picked were changed", matched(&done), rows.len()),
            ));
        }
        Ok(done)
    }

    /// The statements for rows, each on its shard: `(job, key)`.
    pub(super) fn jobs_for(
        &self,
        plan: &Plan,
        pick: &Pick,
        what: Then<'_>,
        bound: &Bound,
        text: &Text<'_>,
        rows: &[(usize, &str)],
    ) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        for (at, found) in bound.jobs.iter().enumerate() {
            let keys: Vec<&str> =
                rows.iter().filter(|(place, _)| *place == at).map(|(_, key)| *key).collect();
            for keys in keys.chunks(AT_ONCE) {
                let setting = self.setting();
                let job =
                    pick::then(plan, pick, what, (found.node, keys), &text.input(), &Known(self), setting)?;
                jobs.push(job);
            }
        }
        Ok(jobs)
    }
}

/// A task for each job.
pub(super) fn tasks_of<'t>(jobs: &'t [Job], text: &'t Text<'_>) -> Result<Vec<Task<'t>>> {
    let task = |job: &'t Job| {
        let call = text.given.call(job, text.original)?;
        Ok(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() })
    };
    jobs.iter().map(task).collect()
}

/// The answers of a change's places as one: the first, where they are copies.
pub(super) fn one_of(answers: Vec<Summary>, copies: bool) -> Summary {
    if copies { answers.into_iter().next().unwrap_or_default() } else { write::sum(&answers) }
}

pub(super) fn by_key(rows: &[PickedRow]) -> Vec<(usize, &str)> {
    rows.iter().map(|row| (row.at, row.key.as_str())).collect()
}

/// How many rows a statement was about: those that an UPDATE matched, changed or not.
pub(super) fn matched(summary: &Summary) -> u64 {
    if summary.info.starts_with("Rows matched: ") {
        return info::numbers(&summary.info).first().copied().unwrap_or(0);
    }
    summary.affected
}

/// What a statement answered, and the warnings of the question before it.
pub(super) fn with_warnings(mut done: Summary, asked: &Summary) -> Summary {
    done.warnings = done.warnings.saturating_add(asked.warnings);
    done.info = info::with_warnings(&done.info, done.warnings);
    done.messages.splice(0..0, asked.messages.iter().cloned());
    done
}

fn picked_row(pick: &Pick, at: usize, cells: &[Option<Bytes>]) -> Result<PickedRow> {
    let key = tuple(pick, cells)?;
    let after: Option<Vec<Option<Bytes>>> =
        pick.keys.iter().map(|key| cells.get(key.after).cloned()).collect();
    Ok(PickedRow { at, key, after: tuple(pick, &after.ok_or_else(bad_row)?)? })
}

/// A row's key as literals.
pub(super) fn tuple(pick: &Pick, cells: &[Option<Bytes>]) -> Result<String> {
    let mut out = String::new();
    for (n, key) in pick.keys.iter().enumerate() {
        out.push_str(if n == 0 { "(" } else { ", " });
        match cells.get(n).ok_or_else(bad_row)? {
            Some(cell) => out.push_str(&pick::literal(&key.form, cell)?),
            None => out.push_str("NULL"),
        }
    }
    out.push(')');
    Ok(out)
}

fn bad_row() -> Error {
    Error::new(Code::Internal, "a shard answered other columns than it was asked for")
}
