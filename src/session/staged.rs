//! A SELECT over copies of rows: its stages are made and filled, then it runs over them, and they go whatever became of
//! it.

use bytes::Bytes;
use tokio::time::Instant;

use super::Session;
use super::copy::{Side, collect, reading};
use super::input::Known;
use super::query::{Text, names_of, no_job};
use super::read::{order, tasks_of, warnings_after};
use crate::backend::{Lease, Role, Settings};
use crate::base::{Code, Error, Origin, Result};
use crate::exec::Connections;
use crate::exec::fanout::{self, Order};
use crate::exec::meter::Meter;
use crate::exec::send::{Call, Preset, State, send};
use crate::exec::single::{self, Around};
use crate::exec::stage::{Bench, Filler};
use crate::exec::write::Task;
use crate::merge::Budget;
use crate::plan::Bound;
use crate::plan::explain::tree::Took;
use crate::plan::ir::{Act, Plan, Read};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::stage_spec::{BoundStages, Stage, Staged};
use crate::sql::facts::{Body, Kind, Query};
use crate::wire::row::Format;
use crate::wire::status;

/// What is written into a stage at once.
const BATCH: Budget = Budget { max_rows: 20_000, max_bytes: 1024 * 1024 };

/// One execution of a SELECT over copies of rows.
struct Over<'a> {
    staged: &'a Staged,
    bound: BoundStages,
    text: &'a Text<'a>,
    /// In a transaction.
    within: bool,
    /// When all of it must have ended.
    deadline: Option<Instant>,
    /// Its rows are counted, and not sent.
    counted: bool,
}

impl Session {
    /// Answers a read that was refused as it stands over copies of its rows, where that is possible; otherwise the refusal is
    /// the answer.
    pub(super) async fn read_staged(&mut self, read: &Read, text: &Text<'_>, refusal: Error) -> Result<()> {
        let Some(staged) = self.staged(read, &refusal) else { return Err(refusal) };
        self.shared.metrics.staged.inc();
        let bound = staged.bind(&text.input(), &Known(self), self.setting())?;
        self.over_stages(staged, bound, text, false).await.map(|_| ())
    }

    /// The same with its rows counted instead of sent: what each stage came to, and the statement over them.
    pub(super) async fn count_staged(
        &mut self,
        staged: &Staged,
        bound: BoundStages,
        text: &Text<'_>,
    ) -> Result<(BoundStages, Vec<Took>)> {
        self.over_stages(staged, bound, text, true).await
    }

    /// The stages of a read that was refused as it stands.
    pub(super) fn staged<'r>(&self, read: &'r Read, refusal: &Error) -> Option<&'r Staged> {
        if !refusal.is(Code::NotSupported) || refusal.origin != Origin::Proxy {
            return None;
        }
        let ways = read.staged.as_deref()?;
        let way = if self.reads_within() { &ways.within } else { &ways.alone };
        way.as_ref().filter(|staged| !staged.reopens || self.shared.is_mariadb())
    }

    fn reads_within(&self) -> bool {
        self.held.in_transaction() || self.held.pinned()
    }

    async fn over_stages(
        &mut self,
        staged: &Staged,
        bound: BoundStages,
        text: &Text<'_>,
        counted: bool,
    ) -> Result<(BoundStages, Vec<Took>)> {
        let (within, deadline) = (self.reads_within(), self.deadline());
        let over = Over { staged, bound, text, within, deadline, counted };
        let shared = self.shared.clone();
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let _turn = shared.turn_to_stage(&mut self.client, around).await?;
        let pools = self.pools.clone();
        let mut bench = Bench::new(&pools, self.flavor);
        let done = self.run_over(&over, &mut bench).await;
        bench.clear().await;
        if let Err(error) = &done {
            self.after_error(error.errno).await;
        }
        done.map(|took| (over.bound, took))
    }

    async fn run_over(&mut self, over: &Over<'_>, bench: &mut Bench<'_>) -> Result<Vec<Took>> {
        let mut took = Vec::with_capacity(over.staged.stages.len() + 1);
        for (stage, pull) in over.staged.stages.iter().zip(&over.bound.pulls) {
            took.push(self.fill(over, stage, pull, bench).await?);
        }
        match (over.counted, over.bound.rest.many) {
            (true, _) => took.push(self.counted_over(over, bench).await?),
            (false, true) => self.merged_over(over, bench).await?,
            (false, false) => self.relayed_over(over, bench).await?,
        }
        Ok(took)
    }

    /// Reads a stage's rows, and writes them to every place where the statement will run.
    async fn fill(
        &mut self,
        over: &Over<'_>,
        stage: &Stage,
        pull: &Bound,
        bench: &mut Bench<'_>,
    ) -> Result<Took> {
        let Over { within, deadline, text, .. } = *over;
        let Act::Read(read) = &stage.pull.act else { return Err(no_job()) };
        let places = over.staged.places(stage, &over.bound);
        let mut tasks = Vec::with_capacity(pull.jobs.len());
        for job in &pull.jobs {
            let call = match text.given.call(job, text.original)? {
                Call::Text(text) => Call::ExecuteWith(Bytes::copy_from_slice(text), Vec::new()),
                Call::Owned(text) => Call::ExecuteWith(Bytes::from(text), Vec::new()),
                call => call,
            };
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let meter = Meter::default();
        let shared = self.shared.clone();
        let Self { client, held, pools, vars, flavor, ticket, .. } = self;
        let around = Around { pools, interrupt: ticket.interrupt(), deadline };
        let (settings, storing) = (reading(&vars.settings), storing(&vars.settings));
        let concat = Merge { hidden: 0, step: Step::Concat };
        let order = Order {
            merge: &concat,
            limit: None,
            offset: 0,
            budget: shared.limits.merge,
            settings: &settings,
            role: if read.replica && !within { Role::Replica } else { Role::Primary },
            locks: read.locks,
            format: Format::Binary,
            meter: Some(&meter),
        };
        bench.make(stage, &places, &storing, client, around).await?;
        let from = Side { apart: !within, pools, flavor: *flavor, settings: &vars.settings };
        let mut rows = from.open(&tasks, order, held, client, around).await?;
        let limit = shared.limits.stage;
        let done = async {
            let (mut filler, mut total) = (None, Budget { max_rows: 0, max_bytes: 0 });
            loop {
                let (batch, ended) = collect(&mut rows, client, BATCH).await?;
                total.max_rows += batch.len() as u64;
                total.max_bytes += batch.iter().map(|row| row.len() as u64).sum::<u64>();
                if total.max_rows > limit.max_rows || total.max_bytes > limit.max_bytes {
                    return Err(too_many(stage, limit));
                }
                let filler = match &mut filler {
                    Some(filler) => filler,
                    none => none.insert(Filler::new(stage, rows.columns(), |id| shared.charset(id))?),
                };
                if !batch.is_empty() {
                    let texts = places.iter().map(|node| filler.text(stage, node, &batch));
                    let texts = texts.collect::<Result<Vec<_>>>()?;
                    bench.write(&places, texts, &storing, client, around).await?;
                    let (copies, bytes) = (places.len() as u64, batch.iter().map(Bytes::len).sum::<usize>());
                    shared.metrics.staged_rows.inc_by(batch.len() as u64 * copies);
                    shared.metrics.staged_bytes.inc_by(bytes as u64 * copies);
                }
                if ended {
                    return Ok(total);
                }
            }
        }
        .await;
        from.close(rows, held).await;
        done.map(|total| meter.took(total.max_rows, total.max_bytes))
    }

    /// One server has all that the statement needs.
    async fn relayed_over(&mut self, over: &Over<'_>, bench: &mut Bench<'_>) -> Result<()> {
        let Over { staged, bound: BoundStages { rest: bound, .. }, text, deadline, .. } = over;
        let job = bound.jobs.first().ok_or_else(no_job)?;
        let names = names_of(&staged.rest);
        let call = text.given.call(job, text.original)?;
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: *deadline };
        let state = State {
            schema: &job.schema,
            settings: &self.vars.settings,
            writes: false,
            ids: Preset::default(),
        };
        let mut lease = bench.take(job.source, Role::Primary).await?;
        let ended = match send(&mut lease, state, &call).await {
            Ok(()) => single::reframe(&mut lease, &mut self.client, text.more, &names, around).await,
            Err(error) => Err(error),
        };
        let end = match ended {
            Ok(end) => end,
            Err(error) => {
                bench.put(job.source, lease, None);
                return Err(error);
            }
        };
        self.last.warnings = warnings_after(&mut lease, &end).await;
        let found = if counts_all(&staged.rest) { found_rows(&mut lease).await } else { None };
        bench.put(job.source, lease, None);
        self.after(&end, true).await;
        self.last.found_rows = found.unwrap_or(self.last.found_rows);
        Ok(())
    }

    /// Every server has its part of a table, and the stages beside it.
    async fn merged_over(&mut self, over: &Over<'_>, bench: &mut Bench<'_>) -> Result<()> {
        let Over { staged, bound: BoundStages { rest: bound, .. }, text, deadline, .. } = over;
        let Act::Read(read) = &staged.rest.act else { return Err(no_job()) };
        let scatter = read.many.as_ref().map_err(Clone::clone)?;
        let names = names_of(&staged.rest);
        let tasks = tasks_of(bound, text)?;
        let mut flags = self.status(text.more);
        if !self.vars.autocommit {
            flags |= status::IN_TRANS;
        }
        let (budget, format) = (self.shared.limits.merge, text.given.format());
        let order = order(&scatter.merge, bound, &self.vars, budget, format);
        let form = fanout::Form { names: &names, status: flags, deprecate_eof: self.flavor.deprecate_eof };
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: *deadline };
        let answered = fanout::run(&tasks, order, form, bench, &mut self.client, around).await?;
        self.last.found_rows = answered.rows;
        self.last.row_count = -1;
        self.last.warnings = answered.warnings;
        Ok(())
    }

    /// The statement, with its rows counted.
    async fn counted_over(&mut self, over: &Over<'_>, bench: &mut Bench<'_>) -> Result<Took> {
        let Act::Read(read) = &over.staged.rest.act else { return Err(no_job()) };
        let bound = &over.bound.rest;
        let tasks = tasks_of(bound, over.text)?;
        let concat = Merge { hidden: 0, step: Step::Concat };
        let merge = match &read.many {
            Ok(scatter) if bound.many => &scatter.merge,
            _ => &concat,
        };
        let order = order(merge, bound, &self.vars, self.shared.limits.merge, over.text.given.format());
        let around =
            Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: over.deadline };
        fanout::count(&tasks, order, bench, &mut self.client, around).await
    }
}

/// Whether FOUND_ROWS() counts what LIMIT leaves out (SQL_CALC_FOUND_ROWS).
fn counts_all(plan: &Plan) -> bool {
    let Kind::Select(query) = &plan.statement.kind else { return false };
    fn first(query: &Query) -> bool {
        match &query.body {
            Body::Select(select) => select.calc_found_rows,
            Body::Set { left, .. } => first(left),
            Body::Other => false,
        }
    }
    first(query)
}

async fn found_rows(lease: &mut Lease) -> Option<u64> {
    lease.query("SELECT FOUND_ROWS()", 1).await.ok()?.text(0, 0)?.parse().ok()
}

/// The session's variables for the writing of copies: values go in as they are, whatever the session takes for wrong, and
/// moments by a clock that is never put back.
fn storing(settings: &Settings) -> Settings {
    settings.with("sql_mode", "''").with("time_zone", "'+00:00'").with("character_set_client", "'utf8mb4'")
}

fn too_many(stage: &Stage, limit: Budget) -> Error {
    let table = &stage.table;
    Error::new(
        Code::Memory,
        format!(
            "the statement needs more rows of `{table}` in another place than limits.stage_rows = {} or \
             limits.stage_bytes = {} allow; narrow its conditions, or raise the limit",
            limit.max_rows, limit.max_bytes
        ),
    )
}
