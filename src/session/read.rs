//! Plans that answer rows: relayed from one server, merged from several, or taken in whole where they are small.

use super::Session;
use super::ids;
use super::input::Given;
use super::query::{Text, names_of, no_job};
use super::vars::Vars;
use crate::backend::{Answer, AnswerLimit, Lease, Role};
use crate::base::{Code, Error, Fate, Result};
use crate::exec::Connections;
use crate::exec::fanout::{self, Order};
use crate::exec::send::{self, Preset, State, send};
use crate::exec::single::{self, Around, Bits};
use crate::exec::warned::Warned;
use crate::exec::write::Task;
use crate::merge::Budget;
use crate::plan::Bound;
use crate::plan::ir::{Act, Plan, Read};
use crate::plan::merge_spec::Merge;
use crate::sql::facts::{Body, Kind, Query};
use crate::sql::normalise::Normalised;
use crate::wire::row::Format;
use crate::wire::scan::{End, Outcome};
use crate::wire::status;

/// Rows at most of SHOW and other answers that are taken in whole.
const SMALL_ANSWER: usize = 100_000;

impl Session {
    pub(super) async fn read(
        &mut self,
        plan: &Plan,
        read: &Read,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<()> {
        let role = if read.replica && !read.locks { Role::Replica } else { Role::Primary };
        if bound.many {
            self.shared.metrics.scattered.inc();
            return self.scatter(plan, read, bound, role, text).await;
        }
        if read.rename {
            return self.renamed(plan, bound, text).await;
        }
        self.forward(plan, bound, role, read.locks || plan.statement.calls_stored, text).await
    }

    /// One job whose answer goes to the client as it comes.
    pub(super) async fn forward(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        role: Role,
        writes: bool,
        text: &Text<'_>,
    ) -> Result<()> {
        let Some(job) = bound.jobs.first() else { return Err(no_job()) };
        let names = names_of(plan);
        let mut retry = role == Role::Replica || !writes;
        if writes {
            self.held.writes();
        }
        let deadline = self.deadline();
        let ids = self.preset(plan, job);
        loop {
            let call = text.given.call(job, text.original)?;
            let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
            let retryable = retry && using.many() > 1;
            let mut lease = using.take(job.source, role).await?;
            let state = State { schema: &job.schema, settings: &self.vars.settings, writes, ids };
            let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
            let ended = match send(&mut lease, state, &call, around).await {
                Ok(())
                    if names.is_empty() && !text.more && self.client.sequence() == lease.reply_sequence() =>
                {
                    single::relay(&mut lease, &mut self.client, around).await
                }
                Ok(()) => {
                    let more = if text.more { status::MORE_RESULTS_EXISTS } else { 0 };
                    let bits = Bits { set: more, ..Bits::default() };
                    single::reframe(&mut lease, &mut self.client, bits, &names, around).await
                }
                Err(error) => Err(error),
            };
            match ended {
                Ok(end) => {
                    let mut warned = warnings_after(&mut lease, &end).await;
                    if matches!(&plan.statement.kind, Kind::Insert(insert) if insert.is_positional()) {
                        warned.messages.retain(|message| !is_of_lists(message));
                        warned = Warned::all(warned.messages);
                    }
                    let found = found_rows(plan, &mut lease).await;
                    let told = ids::after(&mut lease, ids, &end).await;
                    using.put(job.source, lease, status_of(&end));
                    if self.held.left_behind() {
                        self.held.commit().await?;
                    }
                    // MariaDB's list stays for statements that use no table and have nothing to say; MySQL's does not.
                    let replaces = !plan.tables.is_empty() || !self.shared.is_mariadb();
                    if replaces || warned.count > 0 {
                        self.last.warned = warned;
                    }
                    let kept = match &plan.statement.kind {
                        Kind::Insert(_) => self.keeps_insert_id(plan, text).await?,
                        _ => false,
                    };
                    self.after(&end, kept).await;
                    self.last.found_rows = found.unwrap_or(self.last.found_rows);
                    self.last.insert_id = told.unwrap_or(self.last.insert_id);
                    return Ok(());
                }
                Err(error) => {
                    let lost = lease.is_lost();
                    using.put(job.source, lease, None);
                    // A connection that broke while it lay idle: nothing has reached the client, and a read harms nobody.
                    if retryable && lost && error.is(Code::SourceLost) && error.fate == Fate::Keep {
                        retry = false;
                        continue;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// What the session remembers of a statement that ran.
    pub(super) async fn after(&mut self, end: &End, keeps_insert_id: bool) {
        match end.outcome {
            Outcome::Ok(_) if end.result_set => {
                self.last.found_rows = end.rows;
                self.last.row_count = -1;
            }
            Outcome::Ok(trailer) => {
                self.last.row_count = trailer.affected as i64;
                if !keeps_insert_id && trailer.last_insert_id != 0 {
                    self.last.inserted(trailer.last_insert_id);
                }
            }
            Outcome::Err { errno } => {
                self.shared.metrics.errors.inc();
                self.last.row_count = -1;
                self.last.failed = true;
                self.after_error(errno).await;
            }
            _ => {}
        }
    }

    /// A deadlock has rolled the transaction back on one server: so it is on all, and none is open any more.
    pub(super) async fn after_error(&mut self, errno: u16) {
        // ER_LOCK_DEADLOCK, and what XA branches answer then: ER_XA_RBROLLBACK, ER_XA_RBTIMEOUT, ER_XA_RBDEADLOCK.
        const DEADLOCKS: [u16; 4] = [1213, 1402, 1613, 1614];
        if DEADLOCKS.contains(&errno) && self.held.in_transaction() {
            self.held.rollback().await;
        }
        const LOCK_WAIT_TIMEOUT: u16 = 1205;
        if errno == LOCK_WAIT_TIMEOUT && self.held.is_undone().await {
            self.held.rollback().await;
        }
    }

    pub(super) async fn scatter(
        &mut self,
        plan: &Plan,
        read: &Read,
        bound: &Bound,
        role: Role,
        text: &Text<'_>,
    ) -> Result<()> {
        let scatter = read.many.as_ref().map_err(Clone::clone)?;
        let names = names_of(plan);
        let tasks = tasks_of(bound, text)?;
        let (mut status, deadline) = (self.status(text.more), self.deadline());
        if !self.vars.autocommit {
            // The servers begin one with this statement.
            status |= status::IN_TRANS;
        }
        let (budget, format) = (self.shared.limits.merge, text.given.format());
        let order =
            Order { role, locks: read.locks, ..order(&scatter.merge, bound, &self.vars, budget, format) };
        let (before, deprecate_eof) = (Warned::default(), self.flavor.deprecate_eof);
        let form = fanout::Form { names: &names, status, deprecate_eof, before: &before };
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        let answered = fanout::run(&tasks, order, form, &mut using, &mut self.client, around).await;
        if let Err(error) = &answered {
            self.after_error(error.errno).await;
        }
        let answered = answered?;
        self.last.found_rows = answered.rows;
        self.last.row_count = -1;
        self.warn(answered.warned);
        Ok(())
    }

    /// A small answer whose cells name physical tables (SHOW CREATE TABLE).
    pub(super) async fn renamed(&mut self, plan: &Plan, bound: &Bound, text: &Text<'_>) -> Result<()> {
        let answer = self.collect(plan, bound, text).await?;
        let names = names_of(plan);
        let status = self.status(text.more);
        let form = super::reply::Form {
            status,
            deprecate_eof: self.flavor.deprecate_eof,
            binary: text.given.is_binary(),
            strings: 0,
        };
        super::reply::answer(&mut self.client, &answer, form, |cell| names.restore_text(cell))
    }

    /// The whole answer of a bound read on one server.
    pub(super) async fn collect(&mut self, plan: &Plan, bound: &Bound, text: &Text<'_>) -> Result<Answer> {
        let Some(job) = bound.jobs.first() else { return Err(no_job()) };
        if bound.jobs.len() > 1 {
            return Err(Error::refused("the statement needs several shards here", "give the sharding key"));
        }
        let call = text.given.call(job, text.original)?;
        let ids =
            Preset { last_insert_id: ids::tells(plan).then_some(self.last.insert_id), ..Preset::default() };
        let deadline = self.deadline();
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        let mut lease = using.take(job.source, Role::Primary).await?;
        let state = State { schema: &job.schema, settings: &self.vars.settings, writes: false, ids };
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let (format, limit) = (text.given.format(), AnswerLimit::of_rows(SMALL_ANSWER));
        let answer = send::collect(&mut lease, state, &call, (format, limit), around).await;
        if ids.last_insert_id.is_some() {
            self.last.insert_id = ids::last_on(&mut lease).await.unwrap_or(self.last.insert_id);
        }
        using.put(job.source, lease, answer.as_ref().ok().map(|answer| answer.ok.status));
        answer
    }

    /// Asks something on the session's behalf: a read of the proxy's own making that one server answers.
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Answer> {
        let mut shape = Normalised::verbatim(sql.as_bytes());
        let plan = Box::pin(self.plan(sql.as_bytes(), &mut shape)).await?;
        let mode = self.vars.mode;
        let given = Given::Text { text: sql.as_bytes(), literals: &[], mode };
        let text = Text { original: sql.as_bytes(), shape: &shape, given: &given, more: false };
        match &plan.act {
            Act::Refused(error) => Err(error.clone()),
            Act::Read(_) => {
                if plan.statement.calls_stored {
                    self.held.writes();
                }
                let mut bound = self.bind(&plan, &text)?;
                let mut down = Vec::new();
                loop {
                    let answer = self.collect(&plan, &bound, &text).await;
                    let Some(other) = self.elsewhere(&plan, &text, &bound, &answer, &mut down)? else {
                        return answer;
                    };
                    bound = other;
                }
            }
            _ => Err(Error::refused("only a query has a value", "use SELECT")),
        }
    }
}

/// One task a job.
pub(super) fn tasks_of<'a>(bound: &'a Bound, text: &'a Text<'_>) -> Result<Vec<Task<'a>>> {
    let mut tasks = Vec::with_capacity(bound.jobs.len());
    for job in &bound.jobs {
        let call = text.given.call(job, text.original)?;
        tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
    }
    Ok(tasks)
}

/// How the answers of a bound read become one; of primaries, without locks.
pub(super) fn order<'a>(
    merge: &'a Merge,
    bound: &Bound,
    vars: &'a Vars,
    budget: Budget,
    format: Format,
) -> Order<'a> {
    Order {
        merge,
        limit: bound.limit.map(|(count, _)| count).or_else(|| vars.select_limit()),
        offset: bound.limit.map_or(0, |(_, offset)| offset),
        budget,
        settings: &vars.settings,
        role: Role::Primary,
        locks: false,
        format,
        meter: None,
    }
}

/// Warnings and errors of the statement that has just run on this connection.
pub(super) async fn warnings_after(lease: &mut Lease, end: &End) -> Warned {
    let count = match end.outcome {
        Outcome::Ok(trailer) => trailer.warnings,
        Outcome::Err { .. } => 1,
        _ => 0,
    };
    if count == 0 || lease.is_broken() {
        return Warned::default();
    }
    Warned::some(single::warnings(lease).await, count)
}

fn status_of(end: &End) -> Option<u16> {
    match end.outcome {
        Outcome::Ok(trailer) => Some(trailer.status),
        _ => None,
    }
}

/// MariaDB adds this to the error of a NULL where there may be none, if the INSERT has a column list: where the planner has
/// written that, the client has not.
fn is_of_lists([level, code, text]: &[String; 3]) -> bool {
    (level.as_str(), code.as_str(), text.as_str()) == ("Error", "1105", "Unknown error")
}

/// What FOUND_ROWS() is after a statement that counts what its LIMIT leaves out (SQL_CALC_FOUND_ROWS).
pub(super) async fn found_rows(plan: &Plan, lease: &mut Lease) -> Option<u64> {
    fn counts(query: &Query) -> bool {
        match &query.body {
            Body::Select(select) => select.calc_found_rows,
            Body::Set { left, .. } => counts(left),
            Body::Other => false,
        }
    }
    let Kind::Select(query) = &plan.statement.kind else { return None };
    if !counts(query) || lease.is_broken() {
        return None;
    }
    lease.query("SELECT FOUND_ROWS()", 1).await.ok()?.text(0, 0)?.parse().ok()
}
