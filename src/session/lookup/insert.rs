//! INSERT and REPLACE of rows that others may be in the way of: texts for places, and the statement of VALUES.

use super::super::Session;

use super::super::copy_rows::statement;
use super::super::copy_write::DEPRECATED;
use super::super::ids;
use super::super::input::{Given, inlined};
use super::super::query::{Text, no_job};
use super::super::scope::Hand;
use super::super::write::pace_of;
use super::arrive::{Arriving, NewRow, Writes, by_place};
use super::keeping;
use crate::backend::{Answer, AnswerLimit, Summary};
use crate::base::{Error, Origin, Result};
use crate::exec::info;
use crate::exec::send::{Call, Preset};
use crate::exec::write::{self, Pace, Task};
use crate::plan::ir::{Act, Job, Plan};
use crate::plan::lookup::{Images, Rows};
use crate::plan::{Bound, Destination};
use crate::sql::lex::Mode;

/// A place that rows are written to.
pub(in crate::session) struct Place<'a> {
    pub(in crate::session) job: &'a Job,
    /// The text up to the rows.
    pub(in crate::session) head: Vec<u8>,
    /// After the last row.
    pub(in crate::session) tail: Vec<u8>,
    /// The text up to the rows of a REPLACE.
    replace: Vec<u8>,
}

impl<'a> Place<'a> {
    /// The texts with their parameters written into them.
    pub(in crate::session) fn of(from: &'a Destination, given: &Given<'_>, mode: Mode) -> Result<Self> {
        let text = |job| inlined(job, given, mode);
        let replace = from.replace.as_ref().map_or(Ok(Vec::new()), text)?;
        Ok(Self { job: &from.head, head: text(&from.head)?, tail: text(&from.tail)?, replace })
    }
}

/// Writes rows as texts.
pub(in crate::session) struct Texts<'a> {
    pub(in crate::session) places: &'a [Place<'a>],
    /// The rows come from a query: the head ends before them, not behind VALUES.
    pub(in crate::session) queried: bool,
    pub(in crate::session) pace: Pace,
    pub(in crate::session) ids: Preset,
}

impl Texts<'_> {
    fn statement(&self, head: &[u8], rows: &[&[u8]], tail: &[u8]) -> Vec<u8> {
        let body = rows.join(&b", "[..]);
        if self.queried { statement(head, &body, rows.len(), tail) } else { [head, &body, tail].concat() }
    }
}

impl Writes for Texts<'_> {
    async fn write(&mut self, hand: &mut Hand<'_>, rows: &[NewRow]) -> Result<Vec<Summary>> {
        let mut tasks = Vec::new();
        let mut numbers: Vec<Vec<u64>> = Vec::new();
        for (at, rows) in by_place(rows) {
            let Place { job, head, tail, .. } = self.places.get(at).ok_or_else(no_job)?;
            let texts: Vec<&[u8]> = rows.iter().map(|row| row.text.as_slice()).collect();
            let call = Call::Owned(self.statement(head, &texts, tail));
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: self.ids });
            numbers.push(rows.iter().map(|row| row.number).collect());
        }
        let answers = run(hand, &tasks, &numbers, self.pace, AnswerLimit::of_rows(0)).await?;
        Ok(answers.into_iter().map(|answer| answer.ok).collect())
    }

    fn replacing(&self, row: &NewRow) -> Result<Vec<u8>> {
        let place = self.places.get(row.at).ok_or_else(no_job)?;
        Ok(self.statement(&place.replace, &[&row.text], b""))
    }

    fn updating(&self, at: usize, mut insert: Vec<u8>) -> Result<Vec<u8>> {
        insert.extend_from_slice(&self.places.get(at).ok_or_else(no_job)?.tail);
        Ok(insert)
    }

    fn ids(&self) -> Preset {
        self.ids
    }

    fn queried(&self) -> bool {
        self.queried
    }
}

/// Runs statements, each of which has rows of these numbers; the first failure, by the rows' order, is the answer.
pub(in crate::session) async fn run(
    hand: &mut Hand<'_>,
    tasks: &[Task<'_>],
    numbers: &[Vec<u64>],
    pace: Pace,
    limit: AnswerLimit,
) -> Result<Vec<Answer>> {
    let results = hand.try_each(tasks, pace, limit).await;
    let mut failed: Option<(u64, Error)> = None;
    let mut answers = Vec::with_capacity(numbers.len());
    for (result, rows) in results.into_iter().zip(numbers) {
        match result {
            Some(Ok(mut answer)) => {
                for [_, _, message] in &mut answer.ok.messages {
                    *message = info::renumbered(message, rows);
                }
                answers.push(answer);
            }
            Some(Err(error)) => {
                let message = match error.origin {
                    Origin::Backend => info::renumbered(&error.message, rows),
                    _ => error.message.clone(),
                };
                let row = info::row_of(&message).unwrap_or(u64::MAX);
                if failed.as_ref().is_none_or(|(first, _)| row < *first) {
                    failed = Some((row, Error { message, ..error }));
                }
            }
            None => {}
        }
    }
    failed.map_or(Ok(answers), |(_, error)| Err(error))
}

/// Takes away what is about the text.
fn without_notes(answer: &mut Summary) {
    let before = answer.messages.len();
    answer.messages.retain(|[_, code, _]| !DEPRECATED.contains(&code.as_str()));
    let notes = before.saturating_sub(answer.messages.len()) as u16;
    answer.warnings = answer.warnings.saturating_sub(notes);
    answer.info = info::with_warnings(&answer.info, answer.warnings);
}

impl Session {
    /// Runs an INSERT or REPLACE of rows that others may be in the way of. Answers the first new id that a row has, too,
    /// where that had to be looked up.
    pub(in crate::session) async fn take_rows_in(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<(Vec<Summary>, Option<u64>)> {
        let scope = self.open_scope(true).await?;
        let done = self.take_each_in(plan, bound, text).await;
        self.close_scope(scope, done).await
    }

    async fn take_each_in(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<(Vec<Summary>, Option<u64>)> {
        let (Some(images), Act::Insert(insert)) = (plan.images.as_deref(), &plan.act) else {
            return Err(no_job());
        };
        let Images { rows: Rows::Arriving(how), .. } = images else { return Err(no_job()) };
        let mode = self.vars.mode;
        let places = bound.destinations().iter().map(|place| Place::of(place, text.given, mode));
        let places = places.collect::<Result<Vec<_>>>()?;
        let mut rows = Vec::with_capacity(bound.arrivals().len());
        for (n, arrival) in bound.arrivals().iter().enumerate() {
            let found = inlined(&arrival.found, text.given, mode)?;
            rows.push(NewRow {
                at: arrival.at,
                number: n as u64 + 1,
                text: inlined(&arrival.row, text.given, mode)?,
                found: String::from_utf8(found).map_err(|_| super::lost_sight())?,
            });
        }
        let shared = self.shared.clone();
        let arriving =
            Arriving { keeping: keeping(plan, images, &shared)?, how, ready: &shared.indexes, mode };
        let ids = bound.jobs.first().map_or(Preset::default(), |job| self.preset(plan, job));
        let mut texts = Texts { places: &places, queried: false, pace: pace_of(plan), ids };
        let settings = self.vars.settings.clone();
        let mut hand = self.hand(&settings);
        let done = arriving.take_in(&mut hand, &mut texts, &rows).await;
        let told = hand.last_insert_id.filter(|_| ids.last_insert_id.is_some());
        self.last.insert_id = told.unwrap_or(self.last.insert_id);
        let mut answers = done?;
        write::say_once(&mut answers);
        // What a server has to say of a prepared statement's text it says at PREPARE.
        if text.given.is_binary() {
            answers.iter_mut().for_each(without_notes);
        }
        if let [answer] = answers.as_mut_slice()
            && insert.rows.len() == 1
        {
            answer.info.clear();
        }
        let selective = !bound.ids.made.is_empty();
        let inserted = if selective && ids::looks_up(insert, bound, &write::sum(&answers), self.flavor) {
            self.first_inserted(plan, bound).await?
        } else {
            None
        };
        Ok((answers, inserted))
    }
}
