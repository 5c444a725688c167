//! INSERT … SELECT whose rows move: they are read, and written where they belong, in batches of bounded size; all of them, or
//! none.
//!
//! What is read is what one server would have read. In autocommit the rows come as of the statement's beginning over
//! connections of their own, so the statement never meets rows of its own, and as much is in memory as one batch needs.
//! A transaction's own writes are only seen on its own connections, which cannot write while they read: there all rows are
//! collected first, within the bounds of a merge. As on one server they are read with shared locks where the isolation
//! level asks for repeatable reads, or the rows would come from the transaction's snapshot instead of what is there now.
//!
//! A query that only copies of rows answer (see `staged`) runs over these on connections apart, in a transaction too: its
//! rows come batch by batch, while the transaction's connections write.

use bytes::Bytes;

use super::Session;
use super::copy_write::{BATCH, Copying, Total};
use super::input::Known;
use super::lookup::Place;
use super::query::{Text, names_of};
use super::returning::{Returned, Returning};
use super::scope::Hand;
use super::sink::{Ground, Sink};
use super::staged::{Over, running};
use crate::backend::{Answer, Flavor, Lease, Pools, Role, Settings, Summary};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result};
use crate::exec::fanout::{Order, Rows};
use crate::exec::send::{Call, Preset};
use crate::exec::single::{self, Around};
use crate::exec::stage::Bench;
use crate::exec::warned::Warned;
use crate::exec::write::Task;
use crate::exec::{Client, Connections, info};
use crate::merge::Budget;
use crate::plan::ir::{Copy, Job, Plan, Read, Selective};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::shared::shared;
use crate::plan::stage_spec::{BoundStages, Choice, Staged, is_refusal};
use crate::plan::{self, Bound};
use crate::sql::lex::Mode;
use crate::txn::Held;
use crate::wire::row::Format;

/// What gives a copy its rows.
enum Source<'b> {
    /// A read that servers answer as it stands.
    Read(&'b Bound),
    /// One over copies of rows.
    Over(&'b Staged, &'b BoundStages),
}

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

impl Session {
    /// Carries an INSERT of a query's rows out, and answers it. An error: what is in the way of the query as it stands.
    pub(super) async fn copy(
        &mut self,
        plan: &Plan,
        copy: &Copy,
        bound: Result<&Bound>,
        text: &Text<'_>,
    ) -> Result<()> {
        let choice = self.copy_choice(copy);
        let mut answer = self.copied_by(plan, copy, bound, text, choice).await?;
        if answer.columns.is_empty() {
            self.written(answer.ok, text);
            return Ok(());
        }
        let names = names_of(plan);
        answer.columns.iter_mut().for_each(|column| names.restore(column));
        self.answer_returned(answer, text)
    }

    /// Carries it out with its rows read as it is told.
    pub(super) async fn copied_by(
        &mut self,
        plan: &Plan,
        copy: &Copy,
        bound: Result<&Bound>,
        text: &Text<'_>,
        choice: Choice,
    ) -> Result<Answer> {
        let lock = choice.within && !copy.read.locks && self.held.repeats_reads(&self.vars.settings);
        let over = Over { text, choice, deadline: self.deadline(), lock };
        let mut copying = match bound {
            Ok(bound) => self.copied_from(plan, copy, bound, Source::Read(bound), &over).await?,
            Err(refusal) if is_refusal(&refusal) => {
                let (input, setting) = (text.input(), self.setting());
                let (staged, stages) = choice.bind(&copy.read, refusal, &input, &Known(self), setting)?;
                let to = plan::bind::destinations(plan, &input, &Known(self), setting)?;
                self.shared.metrics.staged.inc();
                let shared = self.shared.clone();
                let around = Around {
                    pools: &self.pools,
                    interrupt: self.ticket.interrupt(),
                    deadline: over.deadline,
                };
                let _turn = shared.turn_to_stage(&mut self.client, around).await?;
                self.copied_from(plan, copy, &to, Source::Over(staged, &stages), &over).await?
            }
            Err(error) => return Err(error),
        };
        let mut summary = std::mem::take(&mut copying.summary);
        // What a server has to say of the text it says when it reads it: of a prepared one, at PREPARE.
        if !text.given.is_binary() {
            summary.warnings = summary.warnings.saturating_add(copying.notes.len() as u16);
            copying.notes.append(&mut summary.messages);
            copying.notes.truncate(single::WARNINGS);
            summary.messages = std::mem::take(&mut copying.notes);
        }
        let duplicates = info::numbers(&summary.info).get(1).copied().unwrap_or(0);
        let Summary { warnings, .. } = summary;
        summary.info = format!("Records: {}  Duplicates: {duplicates}  Warnings: {warnings}", copying.rows);
        match (copying.first_id, copy.generates) {
            (Some(first), _) => {
                summary.last_insert_id = first;
                self.last.inserted(first);
            }
            (None, Some(_)) if summary.affected > 0 => {
                // Which rows are new only servers know where others change instead.
                let given = copying.given.filter(|_| copy.selective != Selective::Update);
                summary.last_insert_id = given.unwrap_or(copying.last_id);
            }
            _ => {}
        }
        if copying.uses_insert_id && copying.rows > 0 {
            self.insert_id = None;
        }
        if let Some(told) = copying.told {
            self.last.inserted(told);
        }
        self.last.found_rows = copying.rows;
        let Returned { columns, rows, .. } = copying.returned;
        Ok(Answer { columns, rows, ok: summary })
    }

    /// Whose connections a copy is read on: those of a transaction where it sees its own writes, or keeps its locks.
    pub(super) fn copy_choice(&self, copy: &Copy) -> Choice {
        let apart = self.vars.autocommit && !self.held.pinned() && !copy.read.locks;
        Choice { within: !apart, ..self.choice() }
    }

    /// Reads, places and writes one batch after another.
    async fn copied_from(
        &mut self,
        plan: &Plan,
        copy: &Copy,
        to: &Bound,
        from: Source<'_>,
        over: &Over<'_>,
    ) -> Result<Total> {
        let places = to.destinations().iter().map(|to| Place::of(to, over.text.given, self.vars.mode));
        let places = places.collect::<Result<Vec<_>>>()?;
        let shared = self.shared.clone();
        let ids = Preset { last_insert_id: Some(self.last.insert_id), insert_id: self.insert_id, room: 0 };
        let mut copying = Copying::new(plan, copy, &shared, &self.vars, (&places, to.copies), ids)?;
        copying.returning = Returning::of(plan, over.text.given.is_binary());
        let scope = self.open_scope(true).await?;
        let done = match from {
            Source::Read(bound) => self.copy_rows(over, (&copy.read, bound), None, &mut copying).await,
            Source::Over(staged, stages) => self.copy_over(over, copy, staged, stages, &mut copying).await,
        };
        self.close_scope(scope, done.map(|()| copying.total())).await
    }

    /// The query's rows are those of a statement over copies.
    async fn copy_over(
        &mut self,
        over: &Over<'_>,
        copy: &Copy,
        staged: &Staged,
        stages: &BoundStages,
        copying: &mut Copying<'_>,
    ) -> Result<()> {
        let Err(refusal) = self.run_over(over, staged, stages, Sink::Copy(copying)).await else {
            return Ok(());
        };
        // What a query's rows are is known only when they come; none has been written by then.
        let whole = over.choice.whole(&copy.read).filter(|_| is_refusal(&refusal) && copying.is_new());
        let Some(whole) = whole else { return Err(refusal) };
        let stages = whole.bind(&over.text.input(), &Known(self), self.setting(), over.choice)?;
        self.run_over(over, whole, &stages, Sink::Copy(copying)).await.map(|_| ())
    }

    /// The rows of a bound read go where they belong, `bench` being the connections that have its stages.
    pub(super) async fn copy_rows(
        &mut self,
        over: &Over<'_>,
        (read, bound): (&Read, &Bound),
        bench: Option<&mut Bench<'_>>,
        copying: &mut Copying<'_>,
    ) -> Result<()> {
        let own = bench.is_none();
        let lock = own && over.lock;
        let mut jobs = bound.jobs.clone();
        jobs.iter_mut().try_for_each(|job| locked(job, lock, self.vars.mode))?;
        let mut tasks = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let call = match over.text.given.call(job, over.text.original)? {
                Call::Text(text) => Call::ExecuteWith(Bytes::copy_from_slice(text), Vec::new()),
                call => call,
            };
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let concat = Merge { hidden: 0, step: Step::Concat };
        let scatter = read.many.as_ref().ok().filter(|_| bound.many);
        let budget = self.shared.limits.merge;
        let Self { client, held, pools, vars, flavor, ticket, .. } = self;
        let settings = reading(&vars.settings);
        let settings = if own { settings } else { running(&settings) };
        let order = Order {
            merge: scatter.map_or(&concat, |scatter| &scatter.merge),
            limit: bound.limit.map(|(count, _)| count),
            offset: bound.limit.map_or(0, |(_, offset)| offset),
            budget,
            settings: &settings,
            role: Role::Primary,
            locks: lock || read.locks,
            format: Format::Binary,
            meter: None,
        };
        let around = Around { pools, interrupt: ticket.interrupt(), deadline: over.deadline };
        let mut from = Ground::of(bench, over.choice, pools, *flavor, &vars.settings);
        let streams = !own || !over.choice.within;
        let bounds = if streams { BATCH } else { budget };
        let mut rows = Some(from.open(&tasks, order, held, client, around).await?);
        let done = async {
            loop {
                let Some(open) = rows.as_mut() else { return Ok(()) };
                let (read, ended) = collect(open, client, bounds).await?;
                if !ended && !streams {
                    return Err(too_many(bounds));
                }
                let columns = open.columns().to_vec();
                let mut end = None;
                if ended && let Some(mut rows) = rows.take() {
                    end = Some(rows.warned(Warned::default()).await.messages);
                    from.close(rows, held).await;
                }
                let hand = Hand {
                    held,
                    pools,
                    flavor: *flavor,
                    settings: &vars.settings,
                    client: Some(client),
                    around,
                    budget,
                    last_insert_id: None,
                };
                copying.take(hand, columns, &read, end).await?;
            }
        }
        .await;
        if let Some(rows) = rows {
            from.close(rows, held).await;
        }
        done
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

/// A job's text with shared locks on all that it reads, where that is asked for.
pub(super) fn locked(job: &mut Job, lock: bool, mode: Mode) -> Result<()> {
    if let (true, Some(text)) = (lock, &mut job.text) {
        *text = shared(text, mode)?;
    }
    Ok(())
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

fn too_many(bounds: Budget) -> Error {
    let text = format!(
        "in a transaction the rows of the query are collected before they are written, and are more than \
         limits.merge_rows = {} rows or limits.merge_bytes = {} bytes allow; raise it, or run the statement in autocommit",
        bounds.max_rows, bounds.max_bytes
    );
    Error::new(Code::Memory, text)
}
