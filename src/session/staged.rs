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
use crate::exec::fanout::{self, Order, Rows};
use crate::exec::names::Names;
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
use crate::txn::Held;
use crate::wire::row::Format;
use crate::wire::status;

/// What is written into a stage at once.
const BATCH: Budget = Budget { max_rows: 20_000, max_bytes: 1024 * 1024 };

/// Where the rows of a staged statement go.
enum Sink<'s, 'b> {
    Client,
    /// Into a stage of a statement around it, at these places.
    Stage(&'s Stage, &'s [Node], &'s mut Bench<'b>),
}

/// Whose connections a part of a statement runs on: the session's, or those that have its stages.
enum Ground<'g, 'b> {
    Session(Side<'g>),
    Bench(&'g mut Bench<'b>),
}

impl Ground<'_, '_> {
    async fn open<'r>(
        &mut self,
        tasks: &'r [Task<'r>],
        order: Order<'r>,
        held: &mut Held,
        around: Around<'r>,
    ) -> Result<Rows<'r>> {
        match self {
            Self::Session(side) => side.open(tasks, order, held, around).await,
            Self::Bench(bench) => Rows::open(tasks, order, *bench, around).await,
        }
    }

    async fn close(&mut self, rows: Rows<'_>, held: &mut Held) {
        match self {
            Self::Session(side) => side.close(rows, held).await,
            Self::Bench(bench) => drop(rows.close(*bench).await),
        }
    }
}

impl Session {
    /// Answers a read that was refused as it stands over copies of its rows, where that is possible; otherwise the refusal is
    /// the answer.
    pub(super) async fn read_staged(&mut self, read: &Read, text: &Text<'_>, refusal: Error) -> Result<()> {
        let Some(staged) = self.way(read, &refusal) else { return Err(refusal) };
        self.shared.metrics.staged.inc();
        let done = self.over_stages(staged, text, Sink::Client).await;
        if let Err(error) = &done {
            self.after_error(error.errno).await;
        }
        done
    }

    /// How a refused read is answered over copies of rows.
    fn way<'r>(&self, read: &'r Read, refusal: &Error) -> Option<&'r Staged> {
        let ways = read.staged.as_deref()?;
        let refused = refusal.is(Code::NotSupported) && refusal.origin == Origin::Proxy;
        let way = if self.reads_within() { ways.within.as_ref() } else { ways.alone.as_ref() };
        way.filter(|staged| refused && (!staged.reopens || self.shared.is_mariadb()))
    }

    /// Whether reads go over the connections of a transaction.
    fn reads_within(&self) -> bool {
        self.held.in_transaction() || self.held.pinned()
    }

    /// Runs a staged statement; its temporary tables are gone afterwards.
    async fn over_stages(&mut self, staged: &Staged, text: &Text<'_>, sink: Sink<'_, '_>) -> Result<()> {
        let pools = self.pools.clone();
        let (mut bench, mut end) = (Bench::new(&pools, self.flavor), Bench::new(&pools, self.flavor));
        let done = Box::pin(self.carry_out_staged(staged, text, sink, &mut bench, &mut end)).await;
        bench.clear().await;
        end.clear().await;
        done
    }

    async fn carry_out_staged(
        &mut self,
        staged: &Staged,
        text: &Text<'_>,
        sink: Sink<'_, '_>,
        bench: &mut Bench<'_>,
        end: &mut Bench<'_>,
    ) -> Result<()> {
        let rest = self.bound_read(&staged.rest, text)?;
        let last = match &staged.last {
            Some(last) => Some((last, self.bound_read(&last.plan, text)?)),
            None => None,
        };
        for stage in &staged.stages {
            let places = places_of(stage, &staged.rest, &rest);
            self.fill(stage, &places, text, bench).await?;
            if let Some((last, bound)) = &last
                && last.plan.tables.iter().any(|used| used.table.name == stage.name)
            {
                self.fill(stage, &places_of(stage, &last.plan, bound), text, end).await?;
            }
        }
        let on_bench = !staged.stages.is_empty();
        let Some((last, bound)) = last else {
            return self
                .answer(&staged.rest, &rest, text, sink, on_bench.then_some(bench), names_of(&staged.rest))
                .await;
        };
        let places = places_of(&last.stage, &last.plan, &bound);
        let into = Sink::Stage(&last.stage, &places, end);
        let shown = self.rows_into(&staged.rest, &rest, text, into, on_bench.then_some(bench)).await?;
        let mut names = names_of(&last.plan);
        let back = names_of(&staged.rest);
        for (column, mut shown) in last.stage.columns.iter().flatten().zip(shown) {
            back.restore(&mut shown);
            names.add_column(&last.stage.name, &column.name, shown);
        }
        self.answer(&last.plan, &bound, text, sink, Some(end), names).await
    }

    fn bound_read(&self, plan: &Plan, text: &Text<'_>) -> Result<Bound> {
        plan::bind(plan, &text.input(), &Known(self), self.setting(), &mut |_, _, _| Err(no_job()))
    }

    /// Reads a stage's rows, and writes them to every place where the statement will run.
    async fn fill(
        &mut self,
        stage: &Stage,
        places: &[Node],
        text: &Text<'_>,
        bench: &mut Bench<'_>,
    ) -> Result<()> {
        let plan = stage.pull.as_ref().ok_or_else(no_job)?;
        let Act::Read(read) = &plan.act else { return Err(no_job()) };
        let sink = Sink::Stage(stage, places, bench);
        match self.bound_read(plan, text) {
            Ok(bound) => self.rows_into(plan, &bound, text, sink, None).await.map(|_| ()),
            Err(refusal) => match self.way(read, &refusal) {
                Some(staged) => Box::pin(self.over_stages(staged, text, sink)).await,
                None => Err(refusal),
            },
        }
    }

    /// The rows of a bound read go where they are wanted.
    async fn answer(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        sink: Sink<'_, '_>,
        bench: Option<&mut Bench<'_>>,
        names: Names,
    ) -> Result<()> {
        match (sink, bench) {
            (Sink::Client, Some(bench)) if bound.many => {
                self.merged_over(plan, bound, text, bench, names).await
            }
            (Sink::Client, Some(bench)) => self.relayed_over(plan, bound, text, bench, names).await,
            (Sink::Client, None) => Err(no_job()),
            (sink, bench) => self.rows_into(plan, bound, text, sink, bench).await.map(|_| ()),
        }
    }

    /// Writes the rows of a bound read into a stage. Answers their columns.
    async fn rows_into(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        sink: Sink<'_, '_>,
        bench: Option<&mut Bench<'_>>,
    ) -> Result<Vec<crate::wire::column::ColumnDef>> {
        let (Act::Read(read), Sink::Stage(stage, places, target)) = (&plan.act, sink) else {
            return Err(no_job());
        };
        let mut tasks = Vec::with_capacity(bound.jobs.len());
        for job in &bound.jobs {
            let call = match text.given.call(job, text.original)? {
                Call::Text(text) => Call::ExecuteWith(Bytes::copy_from_slice(text), Vec::new()),
                Call::Owned(text) => Call::ExecuteWith(Bytes::from(text), Vec::new()),
                call => call,
            };
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let (deadline, within, shared) = (self.deadline(), self.reads_within(), self.shared.clone());
        let Self { client, held, pools, vars, flavor, ticket, .. } = self;
        let around = Around { pools, interrupt: ticket.interrupt(), deadline };
        let settings = reading(&vars.settings);
        let concat = Merge { hidden: 0, step: Step::Concat };
        let scatter = read.many.as_ref().ok().filter(|_| bound.many);
        let replica = read.replica && !within && bench.is_none();
        let order = Order {
            merge: scatter.map_or(&concat, |scatter| &scatter.merge),
            limit: bound.limit.map(|(count, _)| count),
            offset: bound.limit.map_or(0, |(_, offset)| offset),
            budget: shared.limits.merge,
            settings: &settings,
            role: if replica { Role::Replica } else { Role::Primary },
            locks: read.locks,
            format: Format::Binary,
        };
        let mut from = match bench {
            Some(bench) => Ground::Bench(bench),
            None => {
                Ground::Session(Side { apart: !within, pools, flavor: *flavor, settings: &vars.settings })
            }
        };
        let mut rows = from.open(&tasks, order, held, around).await?;
        let limit = shared.limits.stage;
        let done = async {
            let mut filling: Option<(Filler, Settings)> = None;
            let mut total = Budget { max_rows: 0, max_bytes: 0 };
            loop {
                let (batch, ended) = collect(&mut rows, client, BATCH).await?;
                let bytes = batch.iter().map(|row| row.len() as u64).sum::<u64>();
                total = Budget {
                    max_rows: total.max_rows + batch.len() as u64,
                    max_bytes: total.max_bytes + bytes,
                };
                if total.max_rows > limit.max_rows || total.max_bytes > limit.max_bytes {
                    return Err(too_many(stage, limit));
                }
                if filling.is_none() {
                    let (charset, collation) = (|id| shared.charset(id), |id| shared.collation(id));
                    let filler = Filler::new(stage, rows.columns(), &charset, &collation)?;
                    let settings = storing(&vars.settings, filler.is_utc());
                    target.make(&filler, places, &settings, client, around).await?;
                    filling = Some((filler, settings));
                }
                let Some((filler, storing)) = &mut filling else { return Err(no_job()) };
                if !batch.is_empty() {
                    let texts = places.iter().map(|node| filler.text(node, &batch));
                    let texts = texts.collect::<Result<Vec<_>>>()?;
                    target.write(places, texts, storing, client, around).await?;
                    let copies = places.len() as u64;
                    shared.metrics.staged_rows.inc_by(batch.len() as u64 * copies);
                    shared.metrics.staged_bytes.inc_by(bytes * copies);
                }
                if ended {
                    return Ok(filler.columns().to_vec());
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
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        bench: &mut Bench<'_>,
        names: Names,
    ) -> Result<()> {
        let job = bound.jobs.first().ok_or_else(no_job)?;
        let call = text.given.call(job, text.original)?;
        let deadline = self.deadline();
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let (settings, ids) = (&self.vars.settings, Preset::default());
        let state = State { schema: &job.schema, settings, writes: false, ids };
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
        let found = if counts_all(plan) { found_rows(&mut lease).await } else { None };
        bench.put(job.source, lease, None);
        self.after(&end, true).await;
        self.last.found_rows = found.unwrap_or(self.last.found_rows);
        Ok(())
    }

    /// Every server has its part of a table, and the stages beside it.
    async fn merged_over(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        bench: &mut Bench<'_>,
        names: Names,
    ) -> Result<()> {
        let Act::Read(read) = &plan.act else { return Err(no_job()) };
        let scatter = read.many.as_ref().map_err(Clone::clone)?;
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
fn places_of(stage: &Stage, plan: &Plan, bound: &Bound) -> Vec<Node> {
    let named = |node: &&Node| node.table.as_deref() == Some(&*stage.name);
    let nodes = plan.tables.iter().filter_map(|used| match &used.table.layout {
        Layout::Reference(nodes) => Some(nodes.iter().filter(named)),
        _ => None,
    });
    nodes.flatten().filter(|node| bound.jobs.iter().any(|job| job.source == node.source)).cloned().collect()
}

/// The session's variables for the writing of copies: values go in as they are, whatever the session takes for wrong, and
/// seconds by a clock that is never put back.
fn storing(settings: &Settings, utc: bool) -> Settings {
    let settings = settings.with("sql_mode", "''").with("character_set_client", "'utf8mb4'");
    if utc { settings.with("time_zone", "'+00:00'") } else { settings }
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
