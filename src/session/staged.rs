//! A SELECT over copies of rows: its stages are made and filled, then it runs over them, and they go whatever became of
//! it.

use bytes::Bytes;

use super::Session;
use super::copy::{Side, collect, reading};
use super::input::Known;
use super::query::{Text, names_of, no_job};
use super::read::{found_rows, warnings_after};
use crate::backend::conn::Prepared;
use crate::backend::{Role, Settings};
use crate::base::{Code, Error, Origin, Result};
use crate::exec::Connections;
use crate::exec::fanout::{self, Order};
use crate::exec::send::{Call, Preset, State, send};
use crate::exec::single::{self, Around, Bits};
use crate::exec::stage::{Bench, Filler};
use crate::exec::write::Task;
use crate::merge::Budget;
use crate::plan::ir::{Act, Job, Plan, Read};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::stage_spec::{Stage, Staged, Ways};
use crate::plan::{self, Bound};
use crate::topology::{Layout, Node};
use crate::wire::column::ColumnDef;
use crate::wire::row::Format;
use crate::wire::status;

/// What is written into a stage at once.
const BATCH: Budget = Budget { max_rows: 20_000, max_bytes: 1024 * 1024 };

impl Session {
    /// Answers a read that was refused as it stands over copies of its rows, where that is possible; otherwise the refusal is
    /// the answer.
    pub(super) async fn read_staged(&mut self, read: &Read, text: &Text<'_>, refusal: Error) -> Result<()> {
        let within = self.held.in_transaction() || self.held.pinned();
        let ways = read
            .staged
            .as_deref()
            .filter(|_| refusal.is(Code::NotSupported) && refusal.origin == Origin::Proxy);
        let way = ways.and_then(|ways| if within { ways.within.as_ref() } else { ways.alone.as_ref() });
        let Some(staged) = way.filter(|staged| !staged.reopens || self.shared.is_mariadb()) else {
            return Err(refusal);
        };
        self.shared.metrics.staged.inc();
        let rest = &staged.rest;
        let bound =
            plan::bind(rest, &text.input(), &Known(self), self.setting(), &mut |_, _, _| Err(no_job()))?;
        let pools = self.pools.clone();
        let mut bench = Bench::new(&pools, self.flavor);
        let done = self.over_stages(staged, &bound, text, within, &mut bench).await;
        bench.clear().await;
        if let Err(error) = &done {
            self.after_error(error.errno).await;
        }
        done
    }

    async fn over_stages(
        &mut self,
        staged: &Staged,
        bound: &Bound,
        text: &Text<'_>,
        within: bool,
        bench: &mut Bench<'_>,
    ) -> Result<()> {
        for stage in &staged.stages {
            self.fill(stage, &staged.rest, bound, text, within, bench).await?;
        }
        if bound.many {
            self.merged_over(staged, bound, text, bench).await
        } else {
            self.relayed_over(staged, bound, text, bench).await
        }
    }

    /// Reads a stage's rows, and writes them to every place where the statement will run.
    async fn fill(
        &mut self,
        stage: &Stage,
        rest: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        within: bool,
        bench: &mut Bench<'_>,
    ) -> Result<()> {
        let Act::Read(read) = &stage.pull.act else { return Err(no_job()) };
        let places = places_of(stage, rest, &bound.jobs);
        let pull = plan::bind(&stage.pull, &text.input(), &Known(self), self.setting(), &mut |_, _, _| {
            Err(no_job())
        })?;
        let mut tasks = Vec::with_capacity(pull.jobs.len());
        for job in &pull.jobs {
            let call = match text.given.call(job, text.original)? {
                Call::Text(text) => Call::ExecuteWith(Bytes::copy_from_slice(text), Vec::new()),
                Call::Owned(text) => Call::ExecuteWith(Bytes::from(text), Vec::new()),
                call => call,
            };
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let deadline = self.deadline();
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
        };
        bench.make(stage, &places, &storing, client, around).await?;
        let from = Side { apart: !within, pools, flavor: *flavor, settings: &vars.settings };
        let mut rows = from.open(&tasks, order, held, around).await?;
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
                    return Ok(());
                }
            }
        }
        .await;
        from.close(rows, held).await;
        done
    }

    /// The status behind an answer that other connections gave than those of the transaction.
    fn status_in(&self, more: bool) -> u16 {
        // Without autocommit the statement has begun one.
        self.status(more) | if self.vars.autocommit { 0 } else { status::IN_TRANS }
    }

    /// What a server says of a statement for PREPARE where no server has all of its tables: over copies without rows.
    pub(super) async fn describe_staged(&mut self, ways: &Ways, text: &Text<'_>) -> Result<Prepared> {
        let staged = ways.alone.as_ref().or(ways.within.as_ref()).ok_or_else(no_job)?;
        let job = plan::bind::describe(&staged.rest, &text.input(), &Known(self), self.setting())?;
        let pools = self.pools.clone();
        let mut bench = Bench::new(&pools, self.flavor);
        let described = self.describe_over(staged, job, text, &mut bench).await;
        bench.clear().await;
        described
    }

    async fn describe_over(
        &mut self,
        staged: &Staged,
        job: Job,
        text: &Text<'_>,
        bench: &mut Bench<'_>,
    ) -> Result<Prepared> {
        let deadline = self.deadline();
        let settings = storing(&self.vars.settings);
        for stage in &staged.stages {
            let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
            let places = places_of(stage, &staged.rest, std::slice::from_ref(&job));
            bench.make(stage, &places, &settings, &mut self.client, around).await?;
        }
        let mut lease = bench.take(job.source, Role::Primary).await?;
        let whole = job.text.map_or_else(|| Bytes::copy_from_slice(text.original), Bytes::from);
        lease.queue_state((!job.schema.is_empty()).then_some(&job.schema), &self.vars.settings);
        let prepared = lease.prepare(&whole, 0).await;
        bench.put(job.source, lease, None);
        let mut prepared = (*prepared?).clone();
        let names = names_of(&staged.rest);
        for packet in &mut prepared.columns {
            let Some(mut column) = ColumnDef::decode(packet) else { continue };
            names.restore(&mut column);
            let mut out = Vec::with_capacity(packet.len());
            column.encode(&mut out);
            *packet = Bytes::from(out);
        }
        Ok(prepared)
    }

    /// One server has all that the statement needs.
    async fn relayed_over(
        &mut self,
        staged: &Staged,
        bound: &Bound,
        text: &Text<'_>,
        bench: &mut Bench<'_>,
    ) -> Result<()> {
        let job = bound.jobs.first().ok_or_else(no_job)?;
        let names = names_of(&staged.rest);
        let call = text.given.call(job, text.original)?;
        let deadline = self.deadline();
        let bits = Bits { clear: status::AUTOCOMMIT | status::IN_TRANS, set: self.status_in(text.more) };
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let settings = running(&self.vars.settings);
        let state = State { schema: &job.schema, settings: &settings, writes: false, ids: Preset::default() };
        let mut lease = bench.take(job.source, Role::Primary).await?;
        let ended = match send(&mut lease, state, &call).await {
            Ok(()) => single::reframe(&mut lease, &mut self.client, bits, &names, around).await,
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
        let found = found_rows(&staged.rest, &mut lease).await;
        bench.put(job.source, lease, None);
        self.after(&end, true).await;
        self.last.found_rows = found.unwrap_or(self.last.found_rows);
        Ok(())
    }

    /// Every server has its part of a table, and the stages beside it.
    async fn merged_over(
        &mut self,
        staged: &Staged,
        bound: &Bound,
        text: &Text<'_>,
        bench: &mut Bench<'_>,
    ) -> Result<()> {
        let Act::Read(read) = &staged.rest.act else { return Err(no_job()) };
        let scatter = read.many.as_ref().map_err(Clone::clone)?;
        let names = names_of(&staged.rest);
        let mut tasks = Vec::with_capacity(bound.jobs.len());
        for job in &bound.jobs {
            let call = text.given.call(job, text.original)?;
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let (flags, deadline) = (self.status_in(text.more), self.deadline());
        let settings = running(&self.vars.settings);
        let order = fanout::Order {
            merge: &scatter.merge,
            limit: bound.limit.map(|(count, _)| count).or_else(|| self.vars.select_limit()),
            offset: bound.limit.map_or(0, |(_, offset)| offset),
            budget: self.shared.limits.merge,
            settings: &settings,
            role: Role::Primary,
            locks: false,
            format: text.given.format(),
        };
        let form = fanout::Form { names: &names, status: flags, deprecate_eof: self.flavor.deprecate_eof };
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let answered = fanout::run(&tasks, order, form, bench, &mut self.client, around).await?;
        self.last.found_rows = answered.rows;
        self.last.row_count = -1;
        self.last.warnings = answered.warnings;
        Ok(())
    }
}

/// Where a stage is needed: on the sources of the statement's jobs.
fn places_of(stage: &Stage, rest: &Plan, jobs: &[Job]) -> Vec<Node> {
    let named = |node: &&Node| node.table.as_deref() == Some(&*stage.name);
    let nodes = rest.tables.iter().filter_map(|used| match &used.table.layout {
        Layout::Reference(nodes) => Some(nodes.iter().filter(named)),
        _ => None,
    });
    nodes.flatten().filter(|node| jobs.iter().any(|job| job.source == node.source)).cloned().collect()
}

/// The session's variables for the writing of copies: values go in as they are, whatever the session takes for wrong, and
/// moments by a clock that is never put back.
fn storing(settings: &Settings) -> Settings {
    committing(settings)
        .with("sql_mode", "''")
        .with("time_zone", "'+00:00'")
        .with("character_set_client", "'utf8mb4'")
}

/// The session's variables for a statement over copies: where MySQL 9.7 intersects two indexes of a temporary table, it
/// loses rows.
fn running(settings: &Settings) -> Settings {
    const OFF: &str = "index_merge=off";
    let own = settings.get("optimizer_switch");
    let all = own.map_or_else(|| format!("'{OFF}'"), |own| format!("CONCAT({own},',{OFF}')"));
    committing(settings).with("optimizer_switch", &all)
}

/// No transaction may stay open on connections that make copies.
fn committing(settings: &Settings) -> Settings {
    if settings.manual_commit() { settings.with("autocommit", "1") } else { settings.clone() }
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
