//! A SELECT over copies of rows: its stages are made and filled, then it runs over them, and they go whatever became of
//! it.

use bytes::Bytes;
use tokio::time::Instant;

use super::Session;
use super::copy::{collect, locked, reading};
use super::input::Known;
use super::planning::OF_THE_TEXT;
use super::query::{Text, names_of, no_job};
use super::read::{found_rows, order, tasks_of, warnings_after};
use super::sink::{Collected, Ground, Kept, Sink};
use crate::backend::{Role, Settings};
use crate::base::{Code, Error, Result};
use crate::exec::Connections;
use crate::exec::fanout::{self, Order};
use crate::exec::meter::Meter;
use crate::exec::names::Names;
use crate::exec::send::{Call, Preset, State, send};
use crate::exec::ship::PLAIN;
use crate::exec::single::{self, Around, Bits};
use crate::exec::stage::{Bench, Filler, Values};
use crate::exec::warned::Warned;
use crate::exec::write::Task;
use crate::merge::Budget;
use crate::plan::Bound;
use crate::plan::explain::view::{Took, TookOver};
use crate::plan::ir::{Act, Plan, Read};
use crate::plan::merge_spec::{Merge, Step};
use crate::plan::stage_spec::{BoundStages, Choice, Pulled, Stage, Staged, is_refusal, outgrew};
use crate::wire::column::ColumnDef;
use crate::wire::row::Format;
use crate::wire::status;

/// What is written into a stage at once.
const BATCH: Budget = Budget { max_rows: 20_000, max_bytes: 1024 * 1024 };

/// ER_WRONG_FIELD_WITH_GROUP
const NOT_GROUPED: u16 = 1055;

/// One execution of a SELECT over copies of rows.
#[derive(Clone, Copy)]
pub(super) struct Over<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) choice: Choice,
    /// When all of it must have ended.
    pub(super) deadline: Option<Instant>,
    /// What is read is locked, as a statement does that changes rows by it.
    pub(super) lock: bool,
}

impl Session {
    /// Answers a read that was refused as it stands, or outgrew a merge, over copies of its rows, where that is possible;
    /// otherwise the refusal is the answer.
    pub(super) async fn read_staged(&mut self, read: &Read, text: &Text<'_>, refusal: Error) -> Result<()> {
        self.over_ways(read, text, refusal, Sink::Client).await.map(|_| ())
    }

    /// The same; the rows go where they are wanted. Answers the way that was taken, and what it came to.
    pub(super) async fn over_ways<'r>(
        &mut self,
        read: &'r Read,
        text: &Text<'_>,
        refusal: Error,
        mut sink: Sink<'_, '_>,
    ) -> Result<(&'r Staged, BoundStages, TookOver)> {
        if !is_refusal(&refusal) && !outgrew(&refusal) {
            return Err(refusal);
        }
        let (choice, setting, input) = (self.choice(), self.setting(), text.input());
        let (staged, bound) = choice.bind(read, refusal, &input, &Known(self), setting)?;
        self.shared.metrics.staged.inc();
        let begun = self.client.mark();
        match self.over_stages(staged, &bound, text, sink.again()).await {
            // What a query's rows are is known only when they come. Nor does MySQL mind in an IN how rows are grouped.
            Err(refusal) if is_refusal(&refusal) || refusal.errno == NOT_GROUPED => {
                let whole = choice.whole(read).filter(|_| self.client.take_back(begun)).ok_or(refusal)?;
                let bound = whole.bind(&input, &Known(self), setting, choice)?;
                let took = self.over_stages(whole, &bound, text, sink).await?;
                Ok((whole, bound, took))
            }
            done => done.map(|took| (staged, bound, took)),
        }
    }

    /// All rows of a read, within the bounds of a merge.
    pub(super) async fn collected(&mut self, plan: &Plan, read: &Read, text: &Text<'_>) -> Result<Collected> {
        let mut out = Collected::default();
        match self.bind(plan, text) {
            Ok(bound) => {
                let over = Over { text, choice: self.choice(), deadline: self.deadline(), lock: false };
                self.rows_into(&over, (plan, &bound, &[]), Sink::Rows(&mut out), None).await?;
            }
            Err(refusal) => {
                self.over_ways(read, text, refusal, Sink::Rows(&mut out)).await?;
            }
        }
        Ok(out)
    }

    /// How this session's statements run over copies.
    pub(super) fn choice(&self) -> Choice {
        let within = self.held.in_transaction() || self.held.pinned();
        Choice { within, reopens: self.shared.is_mariadb() }
    }

    async fn over_stages(
        &mut self,
        staged: &Staged,
        bound: &BoundStages,
        text: &Text<'_>,
        sink: Sink<'_, '_>,
    ) -> Result<TookOver> {
        let over = Over { text, choice: self.choice(), deadline: self.deadline(), lock: false };
        let shared = self.shared.clone();
        let around =
            Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: over.deadline };
        let _turn = shared.turn_to_stage(&mut self.client, around).await?;
        let done = self.run_over(&over, staged, bound, sink).await;
        if let Err(error) = &done {
            self.after_error(error.errno).await;
        }
        done
    }

    /// Runs a statement over copies; its temporary tables are gone afterwards.
    pub(super) async fn run_over(
        &mut self,
        over: &Over<'_>,
        staged: &Staged,
        bound: &BoundStages,
        sink: Sink<'_, '_>,
    ) -> Result<TookOver> {
        let pools = self.pools.clone();
        let (mut bench, mut end) = (Bench::new(&pools, self.flavor), Bench::new(&pools, self.flavor));
        let done = Box::pin(self.run_parts(over, staged, bound, sink, (&mut bench, &mut end))).await;
        bench.clear().await;
        end.clear().await;
        done
    }

    /// `bench` has the stages of the statement, `end` those of what runs over its rows.
    async fn run_parts(
        &mut self,
        over: &Over<'_>,
        staged: &Staged,
        bound: &BoundStages,
        sink: Sink<'_, '_>,
        (bench, end): (&mut Bench<'_>, &mut Bench<'_>),
    ) -> Result<TookOver> {
        let (mut took, mut warned) = (TookOver::default(), Warned::default());
        let last = staged.last.as_ref().zip(bound.last.as_ref());
        let client = self.vars.settings.get("character_set_client").unwrap_or("utf8mb4").trim_matches('\'');
        let plain = PLAIN.contains(&client);
        let mut known: Vec<Vec<(usize, Values)>> = Vec::with_capacity(staged.stages.len());
        for (n, (stage, pull)) in staged.stages.iter().zip(&bound.pulls).enumerate() {
            let later = staged.stages.iter().flat_map(|later| &later.reductions);
            let columns = later.filter(|reduction| reduction.stage == n).map(|reduction| reduction.of);
            // Where a byte of a longer character may look like a quote no literal is written.
            let columns = columns.filter(|_| plain).collect();
            let mut kept = Kept { columns, ..Kept::default() };
            let more = narrowed(stage, &known);
            let places = stage.places(&staged.rest, &bound.rest);
            if places.is_empty() && kept.columns.is_empty() {
                took.stages.push((Took::default(), None));
            } else {
                let into = Sink::Stage(stage, &places, bench, &mut kept);
                took.stages.push(self.fill(over, pull, into, &more).await?);
            }
            warned.add(kept.warned);
            known.push(kept.values);
            let Some((last, jobs)) = last else { continue };
            let places = stage.places(&last.plan, jobs);
            if !places.is_empty() {
                let into = Sink::Stage(stage, &places, end, &mut Kept::default());
                self.fill(over, pull, into, &more).await?;
            }
        }
        let bench = (!staged.stages.is_empty()).then_some(bench);
        let Some((last, jobs)) = last else {
            let names = names_of(&staged.rest);
            took.rest = self.answer(over, (&staged.rest, &bound.rest), sink, bench, names, warned).await?;
            return Ok(took);
        };
        let places = last.stage.places(&last.plan, jobs);
        let mut kept = Kept { warned, ..Kept::default() };
        let into = Sink::Stage(&last.stage, &places, end, &mut kept);
        let (shown, rest) = self.rows_into(over, (&staged.rest, &bound.rest, &[]), into, bench).await?;
        took.rest = rest;
        let (mut names, back) = (names_of(&last.plan), names_of(&staged.rest));
        for (column, mut shown) in last.stage.columns.iter().flatten().zip(shown) {
            back.restore(&mut shown);
            names.add_column(&last.stage.name, &column.name, shown);
        }
        let last = (&*last.plan, jobs);
        took.last = Some(self.answer(over, last, sink, Some(end), names, kept.warned).await?);
        Ok(took)
    }

    /// Reads a stage's rows, and writes them to every place where the statement will run.
    async fn fill(
        &mut self,
        over: &Over<'_>,
        pull: &Pulled,
        sink: Sink<'_, '_>,
        more: &[u8],
    ) -> Result<(Took, Option<Box<TookOver>>)> {
        let Sink::Stage(stage, ..) = &sink else { return Err(no_job()) };
        let plan = stage.pull.as_ref().ok_or_else(no_job)?;
        let Act::Read(read) = &plan.act else { return Err(no_job()) };
        match pull {
            Pulled::Read(bound) => {
                let read = self.rows_into(over, (plan, bound, more), sink, None).await;
                read.map(|(_, took)| (took, None))
            }
            // A query's rows have no reductions.
            Pulled::Over(bound) => {
                let staged = over.choice.of(read).ok_or_else(no_job)?;
                let mut took = Box::pin(self.run_over(over, staged, bound, sink)).await?;
                let all = match &mut took.last {
                    Some(last) => last.all,
                    None => took.rest.all,
                };
                Ok((Took { each: Vec::new(), all }, Some(Box::new(took))))
            }
        }
    }

    /// The rows of a bound read go where they are wanted. `before`: what there was to warn of when the rows were read that
    /// it runs over.
    async fn answer(
        &mut self,
        over: &Over<'_>,
        (plan, bound): (&Plan, &Bound),
        mut sink: Sink<'_, '_>,
        bench: Option<&mut Bench<'_>>,
        names: Names,
        before: Warned,
    ) -> Result<Took> {
        sink.warned(&before);
        match (sink, bench) {
            (Sink::Client, Some(bench)) => {
                // A relayed answer ends with one server's own count.
                if bound.many || before.count > 0 {
                    self.merged_over(over, (plan, bound), bench, names, &before).await?;
                } else {
                    self.relayed_over(over, plan, bound, bench, names).await?;
                }
                Ok(Took::default())
            }
            (Sink::Counted, Some(bench)) => self.counted_over(over, plan, bound, bench).await,
            (Sink::Client | Sink::Counted, None) => Err(no_job()),
            (Sink::Copy(copying), bench) => {
                let Act::Read(read) = &plan.act else { return Err(no_job()) };
                self.copy_rows(over, (read, bound), bench, copying).await.map(|()| Took::default())
            }
            (sink, bench) => {
                self.rows_into(over, (plan, bound, &[]), sink, bench).await.map(|(_, took)| took)
            }
        }
    }

    /// Writes the rows of a bound read into a stage, or keeps them; `more` stands behind each of its texts. Answers their columns.
    async fn rows_into(
        &mut self,
        over: &Over<'_>,
        (plan, bound, more): (&Plan, &Bound, &[u8]),
        sink: Sink<'_, '_>,
        bench: Option<&mut Bench<'_>>,
    ) -> Result<(Vec<ColumnDef>, Took)> {
        let (Act::Read(read), Sink::Stage(..) | Sink::Rows(_)) = (&plan.act, &sink) else {
            return Err(no_job());
        };
        let text = over.text;
        let mut jobs = bound.jobs.clone();
        let lock = over.lock && bench.is_none();
        for job in &mut jobs {
            job.text.iter_mut().for_each(|own| own.extend_from_slice(more));
            locked(job, lock, self.vars.mode)?;
        }
        let mut tasks = Vec::with_capacity(jobs.len());
        for job in &jobs {
            let call = match text.given.call(job, text.original)? {
                Call::Text(text) => Call::ExecuteWith(Bytes::copy_from_slice(text), Vec::new()),
                Call::Owned(text) => Call::ExecuteWith(Bytes::from(text), Vec::new()),
                call => call,
            };
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let meter = Meter::default();
        let (within, shared) = (over.choice.within, self.shared.clone());
        let backslash = !self.vars.mode.no_backslash_escapes;
        let Self { client, held, pools, vars, flavor, ticket, .. } = self;
        let around = Around { pools, interrupt: ticket.interrupt(), deadline: over.deadline };
        let settings = reading(&vars.settings);
        let settings = if bench.is_some() { running(&settings) } else { settings };
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
            locks: read.locks || lock,
            format: Format::Binary,
            meter: Some(&meter),
        };
        let mut from = Ground::of(bench, over.choice, pools, *flavor, &vars.settings);
        let mut rows = from.open(&tasks, order, held, client, around).await?;
        let (stage, places, target, kept) = match sink {
            Sink::Stage(stage, places, target, kept) => (stage, places, target, kept),
            sink => {
                let done = match sink {
                    Sink::Rows(collected) => collected.fill(&mut rows, client, shared.limits.merge).await,
                    _ => Err(no_job()),
                };
                from.close(rows, held).await;
                return done.map(|()| (Vec::new(), meter.took(0, 0)));
            }
        };
        let limit = shared.limits.stage;
        let done = async {
            let (mut batch, mut ended) = collect(&mut rows, client, BATCH).await?;
            let (charset, collation) = (|id| shared.charset(id), |id| shared.collation(id));
            let mut filler = Filler::new(stage, rows.columns(), &charset, &collation)?;
            filler.keep(kept.columns.iter().copied());
            let settings = storing(&vars.settings, filler.is_utc());
            target.make(&filler, places, &settings, client, around).await?;
            // For few rows it is not worth asking.
            if !ended && filler.has_files() && target.takes_files(places).await? {
                filler.write_files();
            }
            let mut total = Budget { max_rows: 0, max_bytes: 0 };
            loop {
                total.max_rows += batch.len() as u64;
                total.max_bytes += batch.iter().map(|row| row.len() as u64).sum::<u64>();
                if total.max_rows > limit.max_rows || total.max_bytes > limit.max_bytes {
                    return Err(too_many(stage, limit));
                }
                filler.note(&batch, backslash)?;
                let written = filler.texts(places, &batch)?;
                shared.metrics.staged_rows.inc_by(written.rows);
                shared.metrics.staged_bytes.inc_by(written.bytes);
                if ended {
                    target.fill(places, written, &settings, Some(client), around).await?;
                    target.copy(stage, places, &settings, client, around).await?;
                    kept.values = filler.take_kept();
                    kept.warned = rows.warned(std::mem::take(&mut kept.warned)).await;
                    return Ok((filler.columns().to_vec(), total));
                }
                // The next rows come while these are written; who waits for them hears when the client leaves.
                let writing = target.fill(places, written, &settings, None, around);
                let (done, next) = tokio::join!(writing, collect(&mut rows, client, BATCH));
                done?;
                (batch, ended) = next?;
            }
        }
        .await;
        from.close(rows, held).await;
        done.map(|(columns, total)| (columns, meter.took(total.max_rows, total.max_bytes)))
    }

    /// The status behind an answer that other connections gave than those of the transaction.
    fn status_in(&self, more: bool) -> u16 {
        // Without autocommit the statement has begun one.
        self.status(more) | if self.vars.autocommit { 0 } else { status::IN_TRANS }
    }

    /// One server has all that the statement needs.
    async fn relayed_over(
        &mut self,
        over: &Over<'_>,
        plan: &Plan,
        bound: &Bound,
        bench: &mut Bench<'_>,
        names: Names,
    ) -> Result<()> {
        let text = over.text;
        let job = bound.jobs.first().ok_or_else(no_job)?;
        let call = text.given.call(job, text.original)?;
        let around =
            Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: over.deadline };
        let (settings, ids) = (running(&self.vars.settings), Preset::default());
        let state = State { schema: &job.schema, settings: &settings, writes: false, ids };
        let (clear, set) = (status::AUTOCOMMIT | status::IN_TRANS, self.status_in(text.more));
        let bits = Bits { clear, set, told: OF_THE_TEXT };
        let mut lease = bench.take(job.source, Role::Primary).await?;
        let ended = match send(&mut lease, state, &call, around).await {
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
        self.last.warned = warnings_after(&mut lease, &end).await;
        let found = found_rows(plan, &mut lease).await;
        bench.put(job.source, lease, None);
        self.after(&end, true).await;
        self.last.found_rows = found.unwrap_or(self.last.found_rows);
        Ok(())
    }

    /// Every server has its part of a table, and the stages beside it; or there was something to warn of before.
    async fn merged_over(
        &mut self,
        over: &Over<'_>,
        (plan, bound): (&Plan, &Bound),
        bench: &mut Bench<'_>,
        names: Names,
        before: &Warned,
    ) -> Result<()> {
        let text = over.text;
        let concat = Merge { hidden: 0, step: Step::Concat };
        let merge = merge_of(plan, bound, &concat)?;
        let tasks = tasks_of(bound, text)?;
        let (flags, settings) = (self.status_in(text.more), running(&self.vars.settings));
        let (budget, format) = (self.shared.limits.merge, text.given.format());
        let order = Order { settings: &settings, ..order(merge, bound, &self.vars, budget, format) };
        let deprecate_eof = self.flavor.deprecate_eof;
        let form = fanout::Form { names: &names, status: flags, deprecate_eof, before };
        let around =
            Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: over.deadline };
        let answered = fanout::run(&tasks, order, form, bench, &mut self.client, around).await?;
        self.last.found_rows = answered.rows;
        self.last.row_count = -1;
        self.warn(answered.warned);
        if let (false, Some(job)) = (bound.many, bound.jobs.first()) {
            let mut lease = bench.take(job.source, Role::Primary).await?;
            let found = found_rows(plan, &mut lease).await;
            bench.put(job.source, lease, None);
            self.last.found_rows = found.unwrap_or(self.last.found_rows);
        }
        Ok(())
    }

    /// The statement, with its rows counted.
    async fn counted_over(
        &mut self,
        over: &Over<'_>,
        plan: &Plan,
        bound: &Bound,
        bench: &mut Bench<'_>,
    ) -> Result<Took> {
        let tasks = tasks_of(bound, over.text)?;
        let concat = Merge { hidden: 0, step: Step::Concat };
        let merge = merge_of(plan, bound, &concat)?;
        let (budget, format) = (self.shared.limits.merge, over.text.given.format());
        let settings = running(&self.vars.settings);
        let order = Order { settings: &settings, ..order(merge, bound, &self.vars, budget, format) };
        let around =
            Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: over.deadline };
        fanout::count(&tasks, order, bench, &mut self.client, around).await
    }
}

/// How the answers of a bound read become one; `concat` where there is one of them.
fn merge_of<'a>(plan: &'a Plan, bound: &Bound, concat: &'a Merge) -> Result<&'a Merge> {
    let Act::Read(read) = &plan.act else { return Err(no_job()) };
    match &read.many {
        Ok(scatter) if bound.many => Ok(&scatter.merge),
        _ => Ok(concat),
    }
}

/// What is added to the question for a stage's rows, now that the values of earlier stages are known.
fn narrowed(stage: &Stage, known: &[Vec<(usize, Values)>]) -> Vec<u8> {
    let mut out = Vec::new();
    for reduction in &stage.reductions {
        let values = known.get(reduction.stage).into_iter().flatten().find(|(of, _)| *of == reduction.of);
        let Some((_, Some(values))) = values else { continue };
        if values.is_empty() {
            out.extend_from_slice(b" AND FALSE");
            continue;
        }
        out.extend_from_slice(format!(" AND {} IN (", reduction.column).as_bytes());
        for (n, value) in values.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(value);
        }
        out.push(b')');
    }
    out.extend_from_slice(stage.tail.as_bytes());
    out
}

/// The session's variables for the writing of copies: values go in as they are, whatever the session takes for wrong, and
/// seconds by a clock that is never put back.
pub(super) fn storing(settings: &Settings, utc: bool) -> Settings {
    let settings = committing(settings).with("sql_mode", "''").with("character_set_client", "'utf8mb4'");
    if utc { settings.with("time_zone", "'+00:00'") } else { settings }
}

/// The session's variables for a statement over copies: where MySQL 9.7 intersects two indexes of a temporary table, it
/// loses rows.
pub(super) fn running(settings: &Settings) -> Settings {
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
