//! The writing end of an INSERT … SELECT whose rows move: batches of them are put where they belong, and what the servers
//! say adds up to the answer of one.

use bytes::Bytes;

use super::copy_carried::{self, Carried};
use super::copy_rows::{Part, Placing};
use super::ids::first_stored;
use super::lookup::{Arriving, Place, Texts, keeping, run};
use super::query::no_job;
use super::returning::{Returned, Returning, too_many};
use super::scope::Hand;
use super::vars::Vars;
use super::write::pace_of;
use super::{Shared, zones};
use crate::backend::{AnswerLimit, Summary};
use crate::base::{Code, Error, Result};
use crate::exec::info;
use crate::exec::send::{Call, Preset};
use crate::exec::ship::Writer;
use crate::exec::single;
use crate::exec::write::{self, Pace, Task};
use crate::merge::Budget;
use crate::plan::ir::{Copy, GivenId, IdValue, Plan, Selective};
use crate::plan::lookup::{self, Images};
use crate::sql::lex::Mode;
use crate::topology::Table;
use crate::topology::schema::Schemas;
use crate::wire::column::ColumnDef;

/// What is written at once.
pub(super) const BATCH: Budget = Budget { max_rows: 8192, max_bytes: 1024 * 1024 };

/// Warnings about what a statement is written with (ER_WARN_DEPRECATED_SYNTAX and its kin).
pub(super) const DEPRECATED: [&str; 2] = ["1287", "1681"];

/// What all batches came to.
#[derive(Default)]
pub(super) struct Total {
    pub(super) summary: Summary,
    pub(super) rows: u64,
    /// The first new id that was stored.
    pub(super) first_id: Option<u64>,
    /// The last id that a row brought along.
    pub(super) given: Option<u64>,
    /// What the server of the last row says.
    pub(super) last_id: u64,
    /// The session's time zone has one and the same offset for ever.
    steady_clock: bool,
    /// Warnings about the statement, which each server gives for each of its parts.
    pub(super) notes: Vec<[String; 3]>,
    /// What RETURNING answers.
    pub(super) returned: Returned,
    /// How many new ids were given.
    made: u64,
    /// The new ids begin with the session's `insert_id`.
    pub(super) uses_insert_id: bool,
    /// LAST_INSERT_ID(), where a server that gives ids itself has set it.
    pub(super) told: Option<u64>,
}

/// A copy under way: it takes the query's rows batch by batch.
pub(super) struct Copying<'a> {
    copy: &'a Copy,
    table: &'a Table,
    shared: &'a Shared,
    places: &'a [Place<'a>],
    /// Each place gets all rows.
    copies: bool,
    /// What the statement says of rows that it returns.
    pub(super) returning: Option<Returning>,
    /// The table has unique indexes over all shards.
    arriving: Option<Arriving<'a>>,
    pace: Pace,
    /// What the session has of ids, as far as it concerns the table.
    ids: Preset,
    zero_is_value: bool,
    mode: Mode,
    charset: String,
    /// `None`: no row has come yet.
    placing: Option<Placing<'a>>,
    /// What parts of the query have had to warn of.
    warned: Vec<[String; 3]>,
    total: Total,
}

impl<'a> Copying<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        copy: &'a Copy,
        shared: &'a Shared,
        vars: &Vars,
        (places, copies): (&'a [Place<'a>], bool),
        ids: Preset,
    ) -> Result<Self> {
        let mode = vars.mode;
        let ids = concerning(plan, copy, shared, places.len(), ids)?;
        let arriving = match plan.images.as_deref() {
            Some(images @ Images { rows: lookup::Rows::Arriving(how), .. }) => {
                let keeping = keeping(plan, images, shared)?;
                Some(Arriving { keeping, how, ready: &shared.indexes, mode })
            }
            _ => None,
        };
        let charset = vars.settings.get("character_set_client").unwrap_or("utf8mb4").trim_matches('\'');
        Ok(Self {
            copy,
            table: plan.tables.get(copy.table).map(|used| &*used.table).ok_or_else(no_job)?,
            shared,
            places,
            copies,
            returning: None,
            arriving,
            pace: pace_of(plan),
            ids,
            zero_is_value: vars.zero_is_value,
            mode,
            charset: charset.to_owned(),
            placing: None,
            warned: Vec::new(),
            total: Total { uses_insert_id: ids.insert_id.is_some(), ..Total::default() },
        })
    }

    /// No row has come yet.
    pub(super) fn is_new(&self) -> bool {
        self.placing.is_none()
    }

    /// What all came to.
    pub(super) fn total(self) -> Total {
        self.total
    }

    /// What parts of the query have to warn of, that are read before its rows come.
    pub(super) fn warned(&mut self, messages: Vec<[String; 3]>) {
        self.warned.extend(messages);
    }

    /// Writes rows with these columns. `end`: they are the last, and what the servers have to warn of.
    pub(super) async fn take(
        &mut self,
        hand: Hand<'_>,
        columns: Vec<ColumnDef>,
        rows: &[Bytes],
        end: Option<Vec<[String; 3]>>,
    ) -> Result<()> {
        if self.placing.is_none() {
            self.placing = Some(self.placing(columns)?);
        }
        let Self { placing: Some(placing), places, arriving, returning, ids, total, .. } = self else {
            return Err(no_job());
        };
        let texts = Texts { places, queried: true, pace: self.pace, ids: Preset::default() };
        let mut writing =
            Writing { hand, placing, texts, arriving: *arriving, returning: *returning, ids: *ids };
        let ended = end.is_some();
        if let Some(mut last) = end {
            // What rows are read by is looked at once more in the statement over them.
            let before = std::mem::take(&mut self.warned);
            for message in &before {
                if let Some(at) = last.iter().position(|again| again == message) {
                    last.remove(at);
                }
            }
            last.splice(0..0, before);
            writing.warned(last, total).await?;
        }
        for batch in batches(rows) {
            writing.batch(batch, total).await?;
        }
        if ended && total.rows == 0 {
            writing.nothing(total).await?;
        }
        Ok(())
    }

    fn placing(&self, columns: Vec<ColumnDef>) -> Result<Placing<'a>> {
        let own = columns.len().checked_sub(self.copy.carried);
        if own != Some(self.copy.columns.len()) {
            return Err(Error::new(Code::ColumnCount, "Column count doesn't match value count at row 1"));
        }
        let carried = match self.copy.carried {
            0 => None,
            _ => Some(Carried::new(self.copy, &columns, &self.charset, self.shared)?),
        };
        let writer =
            |(column, stored)| Writer::new(column, stored, |id| self.shared.charset(id), &self.charset);
        let writers = columns.iter().zip(self.copy.columns.iter().copied()).map(writer);
        Ok(Placing {
            carried,
            writers: writers.collect::<Result<_>>()?,
            copy: self.copy,
            table: self.table,
            ids: &self.shared.ids,
            columns,
            destinations: self.places,
            copies: self.copies,
            in_order: self.returning.is_some_and(|returning| returning.leaves_out && returning.ordered),
            zero_is_value: self.zero_is_value,
            mode: self.mode,
        })
    }
}

/// What concerns a table of what the session has of ids.
fn concerning(plan: &Plan, copy: &Copy, shared: &Shared, places: usize, ids: Preset) -> Result<Preset> {
    let counts = || {
        let used = plan.tables.get(copy.table)?;
        let schema = shared.catalog.table(&used.database, &used.table.name)?;
        Some(schema.columns.iter().any(|column| column.auto_increment))
    };
    match copy.generates {
        // A row asks for no id of a server's where there are several places.
        None if places == 1 && counts().unwrap_or(true) => Ok(ids),
        Some(IdValue::Number) if ids.insert_id.is_some() && copy.selective != Selective::No => {
            Err(Error::refused(
                "insert_id for rows of a query of which some may be left out, or change others",
                "leave IGNORE or ON DUPLICATE KEY UPDATE out, or select the ids",
            ))
        }
        Some(IdValue::Number) => Ok(Preset { last_insert_id: None, ..ids }),
        _ => Ok(Preset::default()),
    }
}

/// The SQLSTATE of what is a warning elsewhere (MySQL Error Message Reference).
pub(super) fn state_of(errno: u16) -> [u8; 5] {
    *match errno {
        1264 => b"22003",
        1292 | 1366 => b"22007",
        1365 => b"22012",
        1406 => b"22001",
        1441 => b"22008",
        _ => b"HY000",
    }
}

/// Rows in the sizes in which they are written.
fn batches(mut rows: &[Bytes]) -> impl Iterator<Item = &[Bytes]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |row: &&Bytes| {
            let fits = bytes < BATCH.max_bytes;
            bytes += row.len() as u64;
            fits
        };
        let count = rows.iter().take(BATCH.max_rows as usize).take_while(fits).count();
        let (batch, rest) = rows.split_at(count);
        rows = rest;
        (count > 0).then_some(batch)
    })
}

/// Writes batches in the statement's transaction.
struct Writing<'w, 'a> {
    hand: Hand<'w>,
    placing: &'w Placing<'a>,
    texts: Texts<'w>,
    /// The table has unique indexes over all shards.
    arriving: Option<Arriving<'w>>,
    returning: Option<Returning>,
    ids: Preset,
}

impl Writing<'_, '_> {
    /// What a query has to warn of is an error in strict mode, where rows are changed (manual, "Server SQL Modes").
    async fn warned(&mut self, messages: Vec<[String; 3]>, total: &mut Total) -> Result<()> {
        let serious =
            |[level, code, _]: &&[String; 3]| level == "Warning" && !DEPRECATED.contains(&code.as_str());
        if let Some([_, code, message]) = messages.iter().find(serious)
            && self.placing.copy.selective != Selective::Ignore
            && self.ask("SELECT @@sql_mode".to_owned()).await?.is_some_and(|mode| mode.contains("STRICT_"))
        {
            let errno = code.parse().unwrap_or_default();
            return Err(Error::backend(errno, state_of(errno), message.clone()));
        }
        total.add(vec![Summary { warnings: messages.len() as u16, messages, ..Summary::default() }]);
        Ok(())
    }

    async fn batch(&mut self, rows: &[Bytes], total: &mut Total) -> Result<()> {
        self.unambiguous(rows, total).await?;
        let identity = self.arriving.as_ref().map(|arriving| &arriving.how.identity);
        let next = self.ids.insert_id.map(|first| first.saturating_add(total.made));
        let parts = self.placing.parts(rows, total.rows, identity, next).await?;
        total.made += parts.made.len() as u64;
        let answers = match &self.arriving {
            None => self.write(parts.each, total).await?,
            Some(arriving) => arriving.take_in(&mut self.hand, &mut self.texts, &parts.rows).await?,
        };
        let Self { placing, .. } = self;
        total.rows += rows.len() as u64;
        total.given = parts.given.or(total.given);
        total.last_id =
            answers.iter().map(|answer| answer.last_insert_id).rfind(|id| *id != 0).unwrap_or(total.last_id);
        let answers = if placing.copies { answers.into_iter().take(1).collect() } else { answers };
        let stored: u64 = answers.iter().map(|answer| answer.affected).sum();
        total.add(answers);
        if total.first_id.is_some() || parts.made.is_empty() {
            return Ok(());
        }
        total.first_id = match placing.copy.selective {
            Selective::No => parts.made.first().copied(),
            Selective::Ignore if stored == rows.len() as u64 => parts.made.first().copied(),
            Selective::Ignore | Selective::Update => {
                let nodes =
                    placing.destinations.iter().map(|destination| usize::from(destination.job.node.0));
                let nodes = nodes.take(if placing.copies { 1 } else { usize::MAX });
                let Hand { held, pools, flavor, settings, .. } = &mut self.hand;
                let mut using = held.using(pools, *flavor, settings);
                first_stored(placing.table, nodes, &parts.made, &mut using).await?
            }
        };
        Ok(())
    }

    /// Refuses moments that the session's time zone has twice, when clocks are put back: their texts are the same.
    async fn unambiguous(&mut self, rows: &[Bytes], total: &mut Total) -> Result<()> {
        /// Parts of a UNION.
        const AT_ONCE: usize = 512;
        let zone = self.hand.settings.get("time_zone").unwrap_or_default().trim_matches('\'');
        if total.steady_clock || zone.starts_with(['+', '-']) {
            return Ok(());
        }
        let minutes: Vec<String> = self.placing.minutes(rows)?.into_iter().collect();
        if minutes.is_empty() {
            return Ok(());
        }
        total.steady_clock = self.ask(zones::STEADY.to_owned()).await?.is_some();
        if total.steady_clock {
            return Ok(());
        }
        for minutes in minutes.chunks(AT_ONCE) {
            if let Some(minute) = self.ask(zones::twice(minutes)).await? {
                return Err(Error::refused(
                    format!(
                        "'{minute}' comes twice in this time zone, and a TIMESTAMP goes to another shard as text"
                    ),
                    "SET time_zone = '+00:00' before the statement",
                ));
            }
        }
        Ok(())
    }

    /// The first cell of what a place that is written to answers, in the session's time zone.
    async fn ask(&mut self, sql: String) -> Result<Option<String>> {
        let Some(Place { job, .. }) = self.placing.destinations.first() else { return Ok(None) };
        let call = Call::Owned(sql.into_bytes());
        let task = Task { source: job.source, schema: &job.schema, call, ids: Preset::default() };
        let answers = self.hand.pull(&[task], self.texts.pace).await?;
        Ok(answers.first().ok_or_else(no_job)?.text(0, 0))
    }

    /// There is no row: a server says what it has to say of that, and of the table.
    async fn nothing(&mut self, total: &mut Total) -> Result<()> {
        let Some(Place { job, head, tail, .. }) = self.placing.destinations.first() else { return Ok(()) };
        let width = self.placing.writers.len() + usize::from(self.placing.copy.id == GivenId::Added);
        let text = if let Some(carried) = &self.placing.carried {
            carried.statement(head, b"", tail)
        } else {
            let nulls = vec!["NULL"; width].join(",");
            [head, format!(" SELECT {nulls} FROM DUAL WHERE FALSE").as_bytes(), tail].concat()
        };
        let answers = self.write(vec![Part { job, text, rows: Vec::new() }], total).await?;
        total.add(answers);
        Ok(())
    }

    /// What servers must know of ids that they give themselves, to so many rows.
    fn preset(&self, total: &Total, rows: u64) -> Result<Preset> {
        if self.placing.copy.generates.is_some() {
            return Ok(Preset::default());
        }
        if self.ids.insert_id.is_none() || rows == 0 {
            return Ok(Preset { insert_id: None, ..self.ids });
        }
        // Which id the next one is only the server knows.
        if total.rows > 0 {
            return Err(Error::refused(
                format!(
                    "insert_id for more than {} rows of a query, or {} bytes",
                    BATCH.max_rows, BATCH.max_bytes
                ),
                "insert fewer rows at a time, or select the ids",
            ));
        }
        Ok(Preset { room: rows, ..self.ids })
    }

    /// Runs the statements; the first failure, by the rows' order, is the answer.
    async fn write(&mut self, parts: Vec<Part<'_>>, total: &mut Total) -> Result<Vec<Summary>> {
        let mut numbers = Vec::with_capacity(parts.len());
        let mut tasks = Vec::with_capacity(parts.len());
        let ids = self.preset(total, numbers_of(&parts))?;
        for Part { job, text, rows } in parts {
            numbers.push(rows);
            let call = match self.returning {
                Some(Returning { binary: true, .. }) => Call::ExecuteWith(text.into(), Vec::new()),
                _ => Call::Owned(text),
            };
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids });
        }
        let limit = match self.returning {
            Some(_) => total.returned.room(self.hand.budget, tasks.len()),
            None => AnswerLimit::of_rows(0),
        };
        let written = run(&mut self.hand, &tasks, &numbers, self.texts.pace, limit).await;
        let mut answers = written.map_err(|error| match &self.placing.carried {
            Some(_) => copy_carried::mixed(too_many(error, self.hand.budget)),
            None => too_many(error, self.hand.budget),
        })?;
        total.told = total.told.or(self.hand.last_insert_id.filter(|id| Some(*id) != ids.last_insert_id));
        if let Some(returning) = self.returning {
            let copies = if self.placing.copies { 1 } else { usize::MAX };
            answers.truncate(copies);
            total.returned.take(&mut answers, &numbers, returning)?;
        }
        Ok(answers.into_iter().map(|answer| answer.ok).collect())
    }
}

/// How many rows are written.
fn numbers_of(parts: &[Part<'_>]) -> u64 {
    parts.iter().map(|part| part.rows.len() as u64).sum()
}

impl Total {
    /// Warnings stand in the order of their rows.
    fn add(&mut self, mut answers: Vec<Summary>) {
        for answer in &mut answers {
            let (notes, messages): (Vec<_>, Vec<_>) = std::mem::take(&mut answer.messages)
                .into_iter()
                .partition(|[_, code, _]| DEPRECATED.contains(&code.as_str()));
            answer.warnings = answer.warnings.saturating_sub(notes.len() as u16);
            answer.messages = messages;
            for note in notes {
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
            }
        }
        let mut all = vec![std::mem::take(&mut self.summary)];
        let mut messages: Vec<[String; 3]> =
            answers.iter().flat_map(|answer| answer.messages.clone()).collect();
        messages.sort_by_key(|[_, _, message]| info::row_of(message).unwrap_or(u64::MAX));
        let mut kept = std::mem::take(&mut all[0].messages);
        all.extend(answers);
        self.summary = write::sum(&all);
        kept.extend(messages);
        kept.truncate(single::WARNINGS);
        self.summary.messages = kept;
    }
}
