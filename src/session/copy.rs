//! INSERT … SELECT whose rows move: they are read, and written where they belong, in batches of bounded size; all of them, or
//! none.
//!
//! What is read is what one server would have read. In autocommit the rows come as of the statement's beginning over
//! connections of their own, so the statement never meets rows of its own, and as much is in memory as one batch needs.
//! A transaction's own writes are only seen on its own connections, which cannot write while they read: there all rows are
//! collected first, within the bounds of a merge. As on one server they are read with shared locks where the isolation
//! level asks for repeatable reads, or the rows would come from the transaction's snapshot instead of what is there now.

use bytes::Bytes;

use super::Session;
use super::copy_rows::{Part, Placing};
use super::ids::first_stored;
use super::lookup::{Arriving, Place, Texts, keeping as lookup_keeping, run};
use super::query::{Text, no_job};
use super::scope::Hand;
use super::write::pace_of;
use super::zones;
use crate::backend::{Flavor, Lease, Pools, Role, Settings, Summary};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result};
use crate::exec::fanout::{Order, Rows};
use crate::exec::send::{Call, Preset};
use crate::exec::ship::Writer;
use crate::exec::single::{self, Around};
use crate::exec::write::{self, Task};
use crate::exec::{Client, Connections, info};
use crate::merge::Budget;
use crate::plan::Bound;
use crate::plan::ir::{Copy, GivenId, Job, Plan, Selective};
use crate::plan::lookup::{self, Images};
use crate::plan::merge_spec::{Merge, Step};
use crate::sql::facts::{Body, InsertSource, Kind};
use crate::txn::Held;
use crate::wire::row::Format;

/// What is written at once.
const BATCH: Budget = Budget { max_rows: 8192, max_bytes: 1024 * 1024 };

/// Warnings about what a statement is written with (ER_WARN_DEPRECATED_SYNTAX and its kin).
pub(super) const DEPRECATED: [&str; 2] = ["1287", "1681"];

/// Connections from the pools alone, one a source.
struct Apart<'a> {
    pools: &'a Pools,
    flavor: Flavor,
}

impl Connections for Apart<'_> {
    async fn take(&mut self, source: SourceId, role: Role) -> Result<Lease> {
        let mut lease = self.pools.get(source, role, self.flavor).await?;
        lease.schemas_as_of(self.pools.schemas());
        Ok(lease)
    }

    fn put(&mut self, _source: SourceId, lease: Lease, _status: Option<u16>) {
        drop(lease);
    }

    fn many(&self) -> usize {
        1
    }

    fn keeps(&self) -> bool {
        false
    }
}

/// Whose connections are read from: the pools', or those of the session's transaction.
pub(super) struct Side<'a> {
    pub(super) apart: bool,
    pub(super) pools: &'a Pools,
    pub(super) flavor: Flavor,
    pub(super) settings: &'a Settings,
}

impl<'a> Side<'a> {
    pub(super) async fn open<'r>(
        &self,
        tasks: &'r [Task<'r>],
        order: Order<'r>,
        held: &mut Held,
        client: &mut Client,
        around: Around<'r>,
    ) -> Result<Rows<'r>> {
        if self.apart {
            return Rows::open(tasks, order, &mut self.apart(), client, around).await;
        }
        let mut using = held.using(self.pools, self.flavor, self.settings);
        Rows::open(tasks, order, &mut using, client, around).await
    }

    pub(super) async fn close(&self, rows: Rows<'_>, held: &mut Held) {
        if self.apart {
            rows.close(&mut self.apart()).await;
        } else {
            rows.close(&mut held.using(self.pools, self.flavor, self.settings)).await;
        }
    }

    fn apart(&self) -> Apart<'a> {
        Apart { pools: self.pools, flavor: self.flavor }
    }
}

/// What all batches came to.
#[derive(Default)]
struct Total {
    summary: Summary,
    rows: u64,
    /// The first new id that was stored.
    first_id: Option<u64>,
    /// The last id that a row brought along.
    given: Option<u64>,
    /// What the server of the last row says.
    last_id: u64,
    /// The session's time zone has one and the same offset for ever.
    steady_clock: bool,
    /// Warnings about the statement, which each server gives for each of its parts.
    notes: Vec<[String; 3]>,
}

impl Session {
    /// Carries an INSERT of a query's rows out, and answers it.
    pub(super) async fn copy(
        &mut self,
        plan: &Plan,
        copy: &Copy,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<()> {
        let summary = self.copied(plan, copy, bound, text).await?;
        self.written(summary, text);
        Ok(())
    }

    /// Carries an INSERT of a query's rows out.
    pub(super) async fn copied(
        &mut self,
        plan: &Plan,
        copy: &Copy,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        if self.insert_id.is_some() {
            return Err(Error::refused(
                "insert_id for rows that a query gives, and that go to several places",
                "SET insert_id = 0, or select the ids",
            ));
        }
        let apart = self.vars.autocommit && !self.held.pinned() && !copy.read.locks;
        let scope = self.open_scope(true).await?;
        let done = self.transfer(plan, copy, bound, text, apart).await;
        let mut total = self.close_scope(scope, done).await?;
        let mut summary = std::mem::take(&mut total.summary);
        // What a server has to say of the text it says when it reads it: of a prepared one, at PREPARE.
        if !text.given.is_binary() {
            summary.warnings = summary.warnings.saturating_add(total.notes.len() as u16);
            total.notes.append(&mut summary.messages);
            total.notes.truncate(single::WARNINGS);
            summary.messages = std::mem::take(&mut total.notes);
        }
        let duplicates = info::numbers(&summary.info).get(1).copied().unwrap_or(0);
        let Summary { warnings, .. } = summary;
        summary.info = format!("Records: {}  Duplicates: {duplicates}  Warnings: {warnings}", total.rows);
        match (total.first_id, copy.generates) {
            (Some(first), _) => {
                summary.last_insert_id = first;
                self.last.inserted(first);
            }
            (None, Some(_)) if summary.affected > 0 => {
                summary.last_insert_id = total.given.unwrap_or(total.last_id);
            }
            _ => {}
        }
        Ok(summary)
    }

    /// Reads, places and writes one batch after another.
    async fn transfer(
        &mut self,
        plan: &Plan,
        copy: &Copy,
        bound: &Bound,
        text: &Text<'_>,
        apart: bool,
    ) -> Result<Total> {
        let table = plan.tables.get(copy.table).map(|used| &*used.table).ok_or_else(no_job)?;
        let lock =
            !apart && !copy.read.locks && self.held.repeats_reads(&self.vars.settings) && lockable(plan);
        let jobs: Vec<Job> = bound.jobs.iter().map(|job| locked(job, lock)).collect();
        let mut tasks = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let call = match text.given.call(job, text.original)? {
                Call::Text(text) => Call::ExecuteWith(Bytes::copy_from_slice(text), Vec::new()),
                call => call,
            };
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let destinations = bound.destinations().iter().map(|to| Place::of(to, text.given, self.vars.mode));
        let destinations = destinations.collect::<Result<Vec<_>>>()?;
        let concat = Merge { hidden: 0, step: Step::Concat };
        let scatter = copy.read.many.as_ref().ok().filter(|_| bound.many);
        let settings = reading(&self.vars.settings);
        let order = Order {
            merge: scatter.map_or(&concat, |scatter| &scatter.merge),
            limit: bound.limit.map(|(count, _)| count),
            offset: bound.limit.map_or(0, |(_, offset)| offset),
            budget: self.shared.limits.merge,
            settings: &settings,
            role: Role::Primary,
            locks: lock || copy.read.locks,
            format: Format::Binary,
            meter: None,
        };
        let deadline = self.shared.deadline();
        let shared = self.shared.clone();
        let (zero_is_value, mode) = (self.vars.zero_is_value, self.vars.mode);
        let charset =
            self.vars.settings.get("character_set_client").unwrap_or("utf8mb4").trim_matches('\'').to_owned();
        let Self { client, held, pools, vars, flavor, ticket, .. } = self;
        let around = Around { pools, interrupt: ticket.interrupt(), deadline };
        let from = Side { apart, pools, flavor: *flavor, settings: &vars.settings };
        let mut rows = Some(from.open(&tasks, order, held, client, around).await?);
        let arriving = match plan.images.as_deref() {
            Some(images @ Images { rows: lookup::Rows::Arriving(how), .. }) => {
                let keeping = lookup_keeping(plan, images, &shared)?;
                Some(Arriving { keeping, how, ready: &shared.indexes, mode })
            }
            _ => None,
        };
        let mut placing: Option<Placing<'_>> = None;
        let mut total = Total::default();
        let bounds = if apart { BATCH } else { shared.limits.merge };
        let done = async {
            loop {
                let Some(open) = rows.as_mut() else { return Ok(()) };
                let (read, ended) = collect(open, client, bounds).await?;
                if placing.is_none() {
                    let columns = open.columns().to_vec();
                    if columns.len() != copy.columns.len() {
                        return Err(Error::new(
                            Code::ColumnCount,
                            "Column count doesn't match value count at row 1",
                        ));
                    }
                    let writers = columns
                        .iter()
                        .zip(&copy.columns)
                        .map(|(column, stored)| {
                            Writer::new(column, *stored, |id| shared.charset(id), &charset)
                        })
                        .collect::<Result<_>>()?;
                    placing = Some(Placing {
                        copy,
                        table,
                        ids: &shared.ids,
                        columns,
                        writers,
                        destinations: &destinations,
                        copies: bound.copies,
                        zero_is_value,
                        mode,
                    });
                }
                let Some(placing) = &placing else { return Err(no_job()) };
                if !ended && !apart {
                    return Err(too_many(bounds));
                }
                let mut warned = Vec::new();
                if ended && let Some(mut rows) = rows.take() {
                    warned = rows.warned().await.to_vec();
                    from.close(rows, held).await;
                }
                let hand = Hand {
                    held,
                    pools,
                    flavor: *flavor,
                    settings: &vars.settings,
                    client: Some(client),
                    around,
                    budget: shared.limits.merge,
                    last_insert_id: None,
                };
                let pace = pace_of(plan);
                let texts =
                    Texts { places: placing.destinations, queried: true, pace, ids: Preset::default() };
                let mut writing = Writing { hand, placing, texts, arriving };
                writing.warned(warned, &mut total).await?;
                for batch in batches(&read) {
                    writing.batch(batch, &mut total).await?;
                }
                if ended && total.rows == 0 {
                    writing.nothing(&mut total).await?;
                }
            }
        }
        .await;
        if let Some(rows) = rows {
            from.close(rows, held).await;
        }
        done.map(|()| total)
    }
}

/// The session's variables for a query whose rows come as they are stored, and all of them: sql_select_limit is for what a
/// client sees (MySQL 8.4 manual, "Server System Variables").
pub(super) fn reading(settings: &Settings) -> Settings {
    let settings = settings.with("character_set_results", "NULL");
    match settings.get("sql_select_limit") {
        Some(_) => settings.with("sql_select_limit", "18446744073709551615"),
        None => settings,
    }
}

/// The job with shared locks on what it reads.
fn locked(job: &Job, lock: bool) -> Job {
    let mut job = job.clone();
    if let (true, Some(text)) = (lock, &mut job.text) {
        text.extend_from_slice(b" LOCK IN SHARE MODE");
    }
    job
}

/// Whether the query can be told to lock: a single SELECT from tables.
fn lockable(plan: &Plan) -> bool {
    match &plan.statement.kind {
        Kind::Insert(insert) => match &insert.source {
            InsertSource::Query(query) => {
                matches!(&query.body, Body::Select(select) if !select.from.is_empty()) && query.lock.is_none()
            }
            _ => false,
        },
        _ => false,
    }
}

/// Reads on up to the bounds. `true`: these are the last.
pub(super) async fn collect(
    rows: &mut Rows<'_>,
    client: &mut Client,
    bounds: Budget,
) -> Result<(Vec<Bytes>, bool)> {
    let (mut read, mut bytes) = (Vec::new(), 0);
    while (read.len() as u64) < bounds.max_rows && bytes < bounds.max_bytes {
        match rows.pop()? {
            Some(row) => {
                bytes += row.len() as u64;
                read.push(row);
            }
            None if rows.fill(client).await? => {}
            None => return Ok((read, true)),
        }
    }
    Ok((read, false))
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

fn too_many(bounds: Budget) -> Error {
    let text = format!(
        "in a transaction the rows of the query are collected before they are written, and are more than \
         limits.merge_rows = {} rows or limits.merge_bytes = {} bytes allow; raise it, or run the statement in autocommit",
        bounds.max_rows, bounds.max_bytes
    );
    Error::new(Code::Memory, text)
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
        let parts = self.placing.parts(rows, total.rows, identity).await?;
        let answers = match &self.arriving {
            None => self.write(parts.each).await?,
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
        let mut text = head.clone();
        text.extend_from_slice(b" SELECT ");
        let width = self.placing.columns.len() + usize::from(self.placing.copy.id == GivenId::Added);
        text.extend_from_slice(vec!["NULL"; width].join(",").as_bytes());
        text.extend_from_slice(b" FROM DUAL WHERE FALSE");
        text.extend_from_slice(tail);
        let answers = self.write(vec![Part { job, text, rows: Vec::new() }]).await?;
        total.add(answers);
        Ok(())
    }

    /// Runs the statements; the first failure, by the rows' order, is the answer.
    async fn write(&mut self, parts: Vec<Part<'_>>) -> Result<Vec<Summary>> {
        let mut numbers = Vec::with_capacity(parts.len());
        let mut tasks = Vec::with_capacity(parts.len());
        for Part { job, text, rows } in parts {
            numbers.push(rows);
            let call = Call::Owned(text);
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        run(&mut self.hand, &tasks, &numbers, self.texts.pace).await
    }
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
