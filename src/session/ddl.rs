//! DDL: the same change of definitions at every place of a table.
//!
//! At one place a server does it or does not. Over several, what each place does is kept in the store, so that whatever
//! fails in between, this proxy included, can be shown, continued and undone: see [`resume`](super::resume).

use std::sync::Arc;
use std::time::Duration;

use super::Session;
use super::look::look;
use super::query::{Text, no_job};
use crate::backend::{Answer, AnswerLimit, Settings, Summary};

use crate::base::ids::SourceId;
use crate::base::{Code, Error, Origin, Result};
use crate::exec::info;
use crate::exec::send::{Call, Preset};
use crate::exec::single::Around;
use crate::exec::warned::Warned;
use crate::exec::write::{self, Pace, Task};
use crate::plan::Bound;
use crate::plan::ir::{DdlPlace, DdlStep, Job, Plan};
use crate::plan::undo::{Seen, comparable};
use crate::sql::facts::{Ddl, DdlKind, Kind};
use crate::store::DdlLog;
use crate::store::ddl::{Lock, Place, State, Statement};
use crate::topology::{Layout, Node};

/// How long a statement waits for another one on the same table, where the client has not SET lock_wait_timeout.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// ER_BAD_TABLE_ERROR
const UNKNOWN_TABLE: u16 = 1051;

/// What became of a step's places.
pub(super) type Results = Vec<Result<Summary>>;

impl Session {
    /// Carries DDL out, and answers it. The transaction has been committed.
    pub(super) async fn ddl(
        &mut self,
        plan: &Plan,
        steps: &[DdlStep],
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<()> {
        let mut summary = self.define(plan, steps, bound, text).await?;
        self.last.row_count = 0;
        self.warn(Warned::some(std::mem::take(&mut summary.messages), summary.warnings));
        if summary.last_insert_id != 0 {
            // CREATE TABLE … SELECT.
            self.last.insert_id = summary.last_insert_id;
        }
        if matches!(&plan.statement.kind, Kind::Ddl(ddl) if ddl.temporary && ddl.query.is_none()) {
            self.tracker.changed(true);
        }
        self.ok(&summary, text.more);
        Ok(())
    }

    /// Carries DDL out.
    pub(super) async fn define(
        &mut self,
        plan: &Plan,
        steps: &[DdlStep],
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        let Kind::Ddl(ddl) = &plan.statement.kind else { return Err(no_job()) };
        let places: usize = steps.iter().map(|step| step.places.len()).sum();
        if places > 1 && !ddl.temporary {
            Box::pin(self.ddl_at_places(ddl, steps, bound, text)).await
        } else {
            self.ddl_at_place(ddl, steps, bound, text).await
        }
    }

    async fn ddl_at_place(
        &mut self,
        ddl: &Ddl,
        steps: &[DdlStep],
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        let log = self.shared.ddl.clone().filter(|_| !ddl.temporary);
        if let Some(log) = &log {
            // Others that could not be told would go on planning by what they know.
            tokio::select! {
                reached = log.definitions.reach() => reached.map_err(unchanged)?,
                asked = self.ticket.interrupt().raised() => return Err(super::query::interrupted(asked)),
            }
        }
        let answers = self.run_steps(ddl, steps, bound, text, None).await;
        if let Some(log) = &log {
            log.definitions.publish(&databases_of(ddl, steps)).await;
        }
        Ok(one_answer(answers?, self.shared.is_mariadb()))
    }

    /// One step after the other, up to the first that fails somewhere: each one's answers, and whether they are of copies.
    async fn run_steps(
        &mut self,
        ddl: &Ddl,
        steps: &[DdlStep],
        bound: &Bound,
        text: &Text<'_>,
        mut kept: Option<&mut Progress<'_>>,
    ) -> Result<Vec<(Vec<Summary>, bool)>> {
        let (mut answers, mut first) = (Vec::new(), 0);
        for (step, jobs) in steps.iter().zip(jobs_of(bound)) {
            let mine = first..first + step.places.len();
            let begun = std::mem::replace(&mut first, mine.end) > 0;
            // MariaDB drops the others all the same.
            let gone = kept.as_ref().is_some_and(|kept| kept.lacks(step));
            if let Some(kept) = kept.as_mut().filter(|_| begun && !gone) {
                kept.begin(mine.clone()).await?;
            }
            let results = if gone { Vec::new() } else { self.run_step(jobs, text).await };
            if !ddl.temporary {
                self.changed(ddl, step);
            }
            if let Some(kept) = &mut kept {
                settle(kept.places.get_mut(mine).unwrap_or_default(), &results);
            }
            let done: Result<Vec<Summary>> = results.into_iter().collect();
            answers.push((done?, !ddl.temporary && self.copies(step)));
        }
        Ok(answers)
    }

    /// One step's jobs on their servers, all at once.
    async fn run_step(&mut self, jobs: &[Job], text: &Text<'_>) -> Results {
        let call = |job: &Job| Call::Owned(job.text.clone().unwrap_or_else(|| text.original.to_vec()));
        let ids = Preset::default();
        let task = |job| -> Task<'_> {
            let job: &Job = job;
            Task { source: job.source, schema: &job.schema, call: call(job), ids }
        };
        let tasks: Vec<Task<'_>> = jobs.iter().map(task).collect();
        let settings = self.vars.settings.clone();
        self.run_ddl(&tasks, &settings).await
    }

    /// Runs statements at their places. There is no deadline, and no matter whether the client waits: stopped half-way,
    /// places would differ.
    pub(super) async fn run_ddl(&mut self, tasks: &[Task<'_>], settings: &Settings) -> Results {
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: None };
        let limit = AnswerLimit::of_rows(0);
        let ran = write::run(tasks, settings, &mut using, Pace::Whatever, limit, None, around).await;
        let done = |result: Option<Result<Answer>>| Ok(result.unwrap_or_else(|| Err(no_job()))?.ok);
        ran.results.into_iter().map(done).collect()
    }

    /// A step may have changed definitions.
    pub(super) fn changed(&self, ddl: &Ddl, step: &DdlStep) {
        self.shared.forget(|catalog| {
            for (database, table) in &step.changes {
                catalog.forget(database, table);
            }
            if ddl.kind == DdlKind::Other {
                // A trigger may be a table's.
                catalog.forget_all();
            }
        });
    }

    /// Whether the step's places hold copies of a reference table.
    fn copies(&self, step: &DdlStep) -> bool {
        let Some((database, table)) = step.changes.first() else { return false };
        let database = self.shared.topology().database(database);
        database.is_some_and(|known| matches!(known.table(table).layout, Layout::Reference(_)))
    }

    // ---- several places -----------------------------------------------------------------------------------------

    pub(super) fn ddl_log(&self) -> Result<Arc<DdlLog>> {
        let none = || Error::new(Code::Internal, "there is no store for the progress of DDL");
        self.shared.ddl.as_ref().map(Arc::clone).ok_or_else(none)
    }

    async fn ddl_at_places(
        &mut self,
        ddl: &Ddl,
        steps: &[DdlStep],
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        let log = self.ddl_log()?;
        let mut subjects: Vec<String> =
            steps.iter().flat_map(|step| &step.changes).map(|(db, table)| format!("{db}.{table}")).collect();
        subjects.extend(ddl.database.as_ref().map(|name| name.text.clone()));
        let lock = self.lock_ddl(&log, &subjects).await.map_err(unchanged)?;
        let done = self.ddl_locked(&log, subjects, ddl, steps, bound, text).await;
        lock.release().await;
        done
    }

    /// Waits for the locks of what a statement changes, with an ear for KILL.
    pub(super) async fn lock_ddl(&self, log: &DdlLog, subjects: &[String]) -> Result<Lock> {
        let seconds = self.vars.settings.get("lock_wait_timeout").and_then(|seconds| seconds.parse().ok());
        let wait = seconds.map_or(LOCK_WAIT, Duration::from_secs);
        tokio::select! {
            lock = log.lock(subjects, wait) => lock,
            asked = self.ticket.interrupt().raised() => Err(super::query::interrupted(asked)),
        }
    }

    async fn ddl_locked(
        &mut self,
        log: &DdlLog,
        subjects: Vec<String>,
        ddl: &Ddl,
        steps: &[DdlStep],
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        let objects: Vec<(SourceId, Vec<Node>)> =
            steps.iter().flat_map(|step| &step.places).map(objects_of).collect();
        let truncates = ddl.kind == DdlKind::TruncateTable;
        let before = look(&self.pools, &objects, truncates).await.map_err(unchanged)?;
        let unknown = if ddl.kind == DdlKind::DropTable && !ddl.lenient && steps.len() > 1 {
            unknown_tables(steps, &before)
        } else {
            Vec::new()
        };
        if !unknown.is_empty() && !self.shared.is_mariadb() {
            return Err(no_such_tables(&unknown));
        }
        let places = self.places(steps, bound, &before, text)?;
        let statement = Statement {
            database: self.database.as_deref().unwrap_or_default().to_owned(),
            subjects,
            kind: to_json(&ddl.kind)?,
            text: text.original.to_vec(),
            settings: to_json(self.vars.settings.variables())?,
        };
        let session = format!("{}#{}", self.info.user, self.ticket.id().0);
        let id = log.begin(&statement, &places, &session).await.map_err(unchanged)?;
        let mut kept = Progress { log, id, places, unknown };
        let answers = self.run_steps(ddl, steps, bound, text, Some(&mut kept)).await;
        let Progress { places, unknown, .. } = kept;
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => {
                let error = self.ddl_failed(log, id, &objects, places, &before, error).await;
                log.definitions.publish(&databases_of(ddl, steps)).await;
                return Err(error);
            }
        };
        log.definitions.publish(&databases_of(ddl, steps)).await;
        if let Err(error) = log.end(id, State::Done).await {
            // It is done: whoever continues it finds that out by looking.
            tracing::warn!(id, "a DDL statement is done, which cannot be noted: {}", error.message);
        }
        if unknown.is_empty() {
            Ok(one_answer(answers, self.shared.is_mariadb()))
        } else {
            Err(no_such_tables(&unknown))
        }
    }

    /// What is noted of each place before the statement begins.
    fn places(
        &self,
        steps: &[DdlStep],
        bound: &Bound,
        before: &[Vec<Seen>],
        text: &Text<'_>,
    ) -> Result<Vec<Place>> {
        let mut out = Vec::new();
        let mut seen = before.iter();
        for (n, (step, jobs)) in steps.iter().zip(jobs_of(bound)).enumerate() {
            for (place, job) in step.places.iter().zip(jobs) {
                let source = self.shared.topology().source(place.node.source);
                let source = source.map_or_else(String::new, |source| source.name.to_string());
                let object = place.objects.first().unwrap_or(&place.node);
                let table = object.table.as_ref().map_or(String::new(), |table| format!(".{table}"));
                out.push(Place {
                    step: n as u16,
                    name: format!("{source}/{}{table}", object.schema),
                    source,
                    schema: place.node.schema.to_string(),
                    text: job.text.clone().unwrap_or_else(|| text.original.to_vec()),
                    before: to_json(&seen.next())?,
                    after: None,
                    state: if n == 0 { State::Running } else { State::Pending },
                    error: None,
                });
            }
        }
        Ok(out)
    }

    /// The statement failed somewhere: where it did is noted, unless all places are alike as they were before.
    async fn ddl_failed(
        &self,
        log: &DdlLog,
        id: u64,
        objects: &[(SourceId, Vec<Node>)],
        mut places: Vec<Place>,
        before: &[Vec<Seen>],
        error: Error,
    ) -> Error {
        let created = before.iter().flatten().any(|seen| seen.created.is_some());
        let after = look(&self.pools, objects, created).await;
        let same = places.iter().all(|place| place.state == State::Failed || place.state == State::Pending)
            && after.as_ref().is_ok_and(|after| changed_alike(before, after));
        if same {
            if let Err(error) = log.forget(id).await {
                tracing::warn!(
                    id,
                    "a DDL statement that changed nothing cannot be forgotten: {}",
                    error.message
                );
            }
            return if error.origin == Origin::Backend { error } else { unchanged(error) };
        }
        if let Ok(after) = after {
            for (place, seen) in places.iter_mut().zip(after).filter(|(place, _)| place.state == State::Done)
            {
                place.after = to_json(&seen).ok();
            }
        }
        let noted = self.note_failure(log, id, &places).await;
        report(id, &places, &error, noted)
    }

    /// Writes down how far a statement has come that failed.
    pub(super) async fn note_failure(&self, log: &DdlLog, id: u64, places: &[Place]) -> Result<()> {
        let all: Vec<(usize, Place)> = places.iter().cloned().enumerate().collect();
        log.settle(id, &all).await?;
        log.end(id, State::Failed).await
    }
}

/// A statement that is on its way.
struct Progress<'l> {
    log: &'l DdlLog,
    id: u64,
    places: Vec<Place>,
    /// Tables that are at none of their places, as `database.table`.
    unknown: Vec<String>,
}

impl Progress<'_> {
    /// Whether a step's table is nowhere.
    fn lacks(&self, step: &DdlStep) -> bool {
        step.changes.first().is_some_and(|(db, table)| self.unknown.contains(&format!("{db}.{table}")))
    }

    /// Notes that a step begins.
    async fn begin(&mut self, mine: std::ops::Range<usize>) -> Result<()> {
        let first = mine.start;
        let mut begun = Vec::new();
        for (n, place) in self.places.get_mut(mine).unwrap_or_default().iter_mut().enumerate() {
            place.state = State::Running;
            begun.push((first + n, place.clone()));
        }
        self.log.settle(self.id, &begun).await
    }
}

/// The databases whose definitions a statement changes; none: any.
pub(super) fn databases_of<'s>(ddl: &'s Ddl, steps: &'s [DdlStep]) -> Vec<&'s str> {
    let changed = steps.iter().flat_map(|step| &step.changes).map(|(database, _)| &**database);
    let mut all: Vec<&str> = changed.chain(ddl.database.as_ref().map(|name| name.text.as_str())).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What a place changes, by its source.
fn objects_of(place: &DdlPlace) -> (SourceId, Vec<Node>) {
    (place.node.source, place.objects.clone())
}

/// The jobs of each step.
fn jobs_of(bound: &Bound) -> impl Iterator<Item = &[Job]> {
    let mut begun = 0;
    bound.steps().iter().map(move |end| {
        let jobs = bound.jobs.get(begun..*end).unwrap_or_default();
        begun = *end;
        jobs
    })
}

/// The places' answers as one server's. `mariadb`: one note names all tables that there are not.
fn one_answer(steps: Vec<(Vec<Summary>, bool)>, mariadb: bool) -> Summary {
    let mut answer: Option<Summary> = None;
    for (done, copies) in steps {
        let Some(step) = answer_of(done, copies) else { continue };
        match &mut answer {
            None => answer = Some(step),
            Some(all) => {
                for message in step.messages {
                    match all.messages.last_mut() {
                        Some(last)
                            if mariadb && unknown_in(last).is_some() && unknown_in(&message).is_some() =>
                        {
                            let names =
                                [last, &message].map(|message| unknown_in(message).unwrap_or_default());
                            last[2] = unknown_table(&names.join(","));
                        }
                        _ => all.messages.push(message),
                    }
                }
                all.warnings = all.messages.len() as u16;
            }
        }
    }
    answer.unwrap_or_default()
}

/// A step's answer: the rows of all places, unless they are copies. What all places warn of alike is one warning, as the
/// definitions are one.
fn answer_of(done: Vec<Summary>, copies: bool) -> Option<Summary> {
    let alike = done.windows(2).all(|pair| matches!(pair, [a, b] if a.messages == b.messages));
    let all = write::sum(&done);
    let first = done.into_iter().next()?;
    if copies {
        return Some(first);
    }
    if !alike {
        return Some(Summary { last_insert_id: first.last_insert_id, ..all });
    }
    let info = info::with_warnings(&all.info, first.warnings);
    Some(Summary { affected: all.affected, info, ..first })
}

/// Notes what became of places; the first failure comes back.
pub(super) fn settle(places: &mut [Place], results: &[Result<Summary>]) -> Option<Error> {
    for (place, result) in places.iter_mut().zip(results) {
        match result {
            Ok(_) => (place.state, place.error) = (State::Done, None),
            Err(error) => {
                // A server that was lost may have done it, or still be at it.
                let unknown = error.is(Code::SourceLost);
                place.state = if unknown { State::Running } else { State::Failed };
                place.error = Some((error.errno, error.message.clone()));
            }
        }
    }
    results.iter().find_map(|result| result.as_ref().err().cloned())
}

/// Whether each place is as it was, or all have changed to the same.
fn changed_alike(before: &[Vec<Seen>], after: &[Vec<Seen>]) -> bool {
    let same = |all: &[Vec<Seen>]| {
        all.windows(2).all(|pair| matches!(pair, [a, b] if comparable(a) == comparable(b)))
    };
    before == after || (same(before) && same(after))
}

/// Tables that are at none of their places, as `database.table`.
fn unknown_tables(steps: &[DdlStep], before: &[Vec<Seen>]) -> Vec<String> {
    let mut seen = before.iter();
    let mut unknown = Vec::new();
    for step in steps {
        let here: Vec<&Vec<Seen>> = seen.by_ref().take(step.places.len()).collect();
        let gone = here.iter().all(|place| place.iter().all(|seen| seen.definition.is_none()));
        unknown.extend(step.changes.iter().filter(|_| gone).map(|(db, table)| format!("{db}.{table}")));
    }
    unknown
}

/// The tables that a message calls unknown.
fn unknown_in([_, code, text]: &[String; 3]) -> Option<&str> {
    let names = text.strip_prefix("Unknown table '")?.strip_suffix('\'')?;
    (*code == UNKNOWN_TABLE.to_string()).then_some(names)
}

fn unknown_table(names: &str) -> String {
    format!("Unknown table '{names}'")
}

fn no_such_tables(unknown: &[String]) -> Error {
    let error = Error::new(Code::NoTable, unknown_table(&unknown.join(",")));
    Error { errno: UNKNOWN_TABLE, ..error }
}

/// An error before the first place was touched.
pub(super) fn unchanged(error: Error) -> Error {
    if error.message.contains("nothing was changed") {
        return error;
    }
    Error { message: format!("{}; nothing was changed", error.message), ..error }
}

/// The error of a statement that failed at some of its places: where, and what goes on.
pub(super) fn report(id: u64, places: &[Place], first: &Error, noted: Result<()>) -> Error {
    let done = places.iter().filter(|place| place.state == State::Done).count();
    let failures: Vec<String> = places
        .iter()
        .filter_map(|place| {
            let (errno, message) = place.error.as_ref()?;
            Some(format!("{}: {errno} {message}", place.name))
        })
        .collect();
    let next = match noted {
        Ok(()) => format!("SHARDGATE DDL CONTINUE {id} goes on, SHARDGATE DDL UNDO {id} takes it back"),
        Err(error) => format!(
            "what became of it could not be noted ({}): once that is mended, SHARDGATE DDL CONTINUE {id} goes on",
            error.message
        ),
    };
    let message =
        format!("done on {done} of {} places, failed on {}; {next}", places.len(), failures.join("; "));
    Error { message, ..first.clone() }
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::new(Code::Internal, error.to_string()))
}
