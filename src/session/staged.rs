//! A SELECT over copies of rows: its stages are made and filled, then it runs over them, and they go whatever became of
//! it.

use bytes::Bytes;

use super::Session;
use super::copy::{Side, collect, reading};
use super::input::Known;
use super::query::{Text, names_of, no_job};
use super::read::warnings_after;
use crate::backend::{Lease, Role, Settings};
use crate::base::{Code, Error, Origin, Result};
use crate::exec::Connections;
use crate::exec::fanout::{self, Order};
use crate::exec::send::{Call, Preset, State, send};
use crate::exec::single::{self, Around};
use crate::exec::stage::{Bench, Filler};
use crate::exec::write::Task;
use crate::merge::Budget;
use crate::plan::ir::{Act, Plan, Read};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::stage_spec::{Stage, Staged};
use crate::plan::{self, Bound};
use crate::sql::facts::{Body, Kind, Query};
use crate::topology::{Layout, Node};
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
        let places = places_of(stage, rest, bound);
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
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
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
        let (mut flags, deadline) = (self.status(text.more), self.deadline());
        if !self.vars.autocommit {
            flags |= status::IN_TRANS;
        }
        let order = fanout::Order {
            merge: &scatter.merge,
            limit: bound.limit.map(|(count, _)| count).or_else(|| self.vars.select_limit()),
            offset: bound.limit.map_or(0, |(_, offset)| offset),
            budget: self.shared.limits.merge,
            settings: &self.vars.settings,
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

/// Where a stage is needed: on the sources of the statement's jobs.
fn places_of(stage: &Stage, rest: &Plan, bound: &Bound) -> Vec<Node> {
    let named = |node: &&Node| node.table.as_deref() == Some(&*stage.name);
    let nodes = rest.tables.iter().filter_map(|used| match &used.table.layout {
        Layout::Reference(nodes) => Some(nodes.iter().filter(named)),
        _ => None,
    });
    nodes.flatten().filter(|node| bound.jobs.iter().any(|job| job.source == node.source)).cloned().collect()
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
