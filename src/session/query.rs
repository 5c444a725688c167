//! The way that every statement takes: read its shape, plan it, bind it to its values, run the jobs, answer.

use std::borrow::Cow;
use std::time::Duration;

use smallvec::SmallVec;
use tokio::time::Instant;

use super::input::{Given, Known};
use super::{Session, Shared};
use crate::base::ids::{NewIds, SourceId};
use crate::base::{Code, Error, Fate, Origin, Result, Value};
use crate::exec::Asked;
use crate::exec::names::Names;
use crate::idgen::Patience;
use crate::plan::bind::MakeIds;
use crate::plan::ir::{Act, Plan};
use crate::plan::stage_spec::outgrew;
use crate::plan::{self, Bound, Setting};
use crate::sharding::{IdForm, KeyType};
use crate::sql::facts::{DdlKind, FunctionUse, Kind, Operand};
use crate::sql::normalise::{Normalised, normalise};
use crate::sql::{self, literal};
use crate::topology::{IdRule, Layout, Node, Table};

/// A statement's text as the session needs it besides its plan.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// As the client sent it.
    pub(super) original: &'a [u8],
    /// Its shape.
    pub(super) shape: &'a Normalised,
    /// The values of the shape's `?`.
    pub(super) given: &'a Given<'a>,
    /// Another statement of the same command follows.
    pub(super) more: bool,
}

impl Text<'_> {
    /// The shape as text: what the facts' spans refer to.
    pub(super) fn lossy(&self) -> Cow<'_, str> {
        self.shape.masked()
    }

    /// An operand's value.
    pub(super) fn operand(&self, operand: &Operand) -> Result<Value> {
        let param = |i: u16| self.given.value(usize::from(i));
        match operand {
            Operand::Const(value) => Ok(value.clone()),
            Operand::Param(i) => param(*i),
            Operand::NegParam(i) => Ok(literal::negate(&param(*i)?).unwrap_or(Value::Null)),
        }
    }
}

impl Session {
    /// COM_QUERY: one statement, or several where the client has asked for that.
    pub(super) async fn queries(&mut self, text: &[u8]) -> Result<()> {
        if !self.multi_statements || memchr::memchr(b';', text).is_none() {
            return self.query(text, false).await;
        }
        let mut statements = sql::split_command(text, self.vars.mode).peekable();
        while let Some(range) = statements.next() {
            let statement = text.get(range.clone()).unwrap_or_default();
            let more = statements.peek().is_some();
            let mut done = self.query(statement, more).await;
            if !more {
                return done;
            }
            if done.as_ref().is_err_and(|error| error.is(Code::Syntax)) {
                // A server reads on to the end of the text.
                let rest = sql::trimmed(text).get(range.start..).unwrap_or_default();
                done = match done {
                    Err(error) => Err(Box::pin(self.server_says(rest, error)).await),
                    done => done,
                };
                return self.noted(done);
            }
            done?;
            if self.last.failed {
                return Ok(());
            }
            if self.client.queued() > super::FLUSH {
                self.client.flush().await?;
            }
        }
        self.query(text, false).await
    }

    /// One statement's whole way.
    pub(super) async fn query(&mut self, text: &[u8], more: bool) -> Result<()> {
        self.shared.metrics.statements.inc();
        self.last.failed = false;
        let mode = self.vars.mode;
        let replaced = if self.null_is_id() { Box::pin(self.with_last_id(text)).await } else { Ok(None) };
        let replaced = match replaced {
            Ok(replaced) => replaced,
            Err(error) => return self.noted(Err(error)),
        };
        let text = replaced.as_deref().unwrap_or(text);
        let mut shape = std::mem::take(&mut self.scratch);
        normalise(text, mode, &mut shape);
        let mut done = match self.plan(text, &mut shape).await {
            Ok(plan) => {
                let given = Given::Text { text, literals: shape.literals(), mode };
                let done =
                    self.run(&plan, &Text { original: text, shape: &shape, given: &given, more }).await;
                if self.last.failed || done.is_err() {
                    self.doubt(&plan, &done);
                }
                done
            }
            Err(error) => Err(error),
        };
        self.scratch = shape;
        if let Err(error) = done {
            done = Err(self.or_servers(text, error).await);
        }
        self.noted(done)
    }

    /// Carries a plan out. The answer is queued.
    pub(super) async fn run(&mut self, plan: &Plan, text: &Text<'_>) -> Result<()> {
        let plain = self.held.deadline().is_none()
            && !self.held.has_outlived()
            && self.vars.next_transaction.is_none();
        if plain { self.carry_out(plan, text).await } else { Box::pin(self.run_bounded(plan, text)).await }
    }

    /// The same where the transaction has a time limit, or the next one characteristics of its own.
    async fn run_bounded(&mut self, plan: &Plan, text: &Text<'_>) -> Result<()> {
        self.held.expire().await;
        if let Some(error) = self.held.outlived()
            && !matches!(plan.statement.kind, Kind::Rollback { .. })
        {
            return Err(error);
        }
        let once = self.vars.autocommit && !self.held.in_transaction() && !plan.tables.is_empty();
        if once {
            self.held.characterise(self.vars.next_transaction.as_deref());
        }
        let done = self.carry_out(plan, text).await;
        if once {
            self.held.characterise(None);
            // They stay until a transaction has ended.
            if done.is_ok() && !self.last.failed {
                self.vars.next_transaction = None;
            }
        }
        if done.is_err() {
            self.held.expire().await;
        }
        match self.held.outlived() {
            Some(outlived) => done.map_err(|error| outlived.with_fate(error.fate)),
            None => done,
        }
    }

    async fn carry_out(&mut self, plan: &Plan, text: &Text<'_>) -> Result<()> {
        if plan.statement.functions.iter().any(FunctionUse::is_next_id) {
            Box::pin(self.make_next_ids(plan, text)).await?;
        }
        self.held.statement();
        if plan.statement.calls_stored {
            self.held.writes();
        }
        match &plan.act {
            Act::Refused(error) => return Box::pin(self.write_pulled(plan, text, error.clone())).await,
            Act::Session => return self.control(plan, text).await,
            Act::CreateSelect => return Box::pin(self.create_select(plan, text)).await,
            Act::Ddl(steps) => {
                let bound = self.bind(plan, text)?;
                // A temporary table belongs to the connection that it is made on, and leaves the transaction open.
                match matches!(&plan.statement.kind, Kind::Ddl(ddl) if ddl.temporary) {
                    false => self.held.commit().await?,
                    true if plan.pins => self.held.stick(),
                    true => {}
                }
                let done = self.ddl(plan, steps, &bound, text).await;
                if matches!(&plan.statement.kind, Kind::Ddl(ddl) if ddl.kind == DdlKind::DropDatabase) {
                    self.pools.schemas_dropped();
                }
                return done;
            }
            Act::Read(_) | Act::Write(_) | Act::Insert(_) | Act::Load(_) | Act::Copy(_) => {}
        }
        self.begin_as_needed(plan);
        if plan.pins {
            self.held.stick();
        }
        self.check_key_charset(plan)?;
        if matches!(&plan.act, Act::Insert(insert) if !insert.computed.is_empty()) {
            Box::pin(self.compute(plan, text)).await?;
        }
        let narrowed = match plan.lookup {
            Some(_) => Box::pin(self.looked_up(plan, text)).await?,
            None => None,
        };
        let plan = narrowed.as_ref().unwrap_or(plan);
        let mut bound = match self.bind_patiently(plan, text).await {
            Err(error) => return Box::pin(self.otherwise(plan, text, error)).await,
            Ok(bound) => bound,
        };
        if let Act::Load(load) = &plan.act {
            return Box::pin(self.load(plan, load, &bound, text)).await;
        }
        if let Act::Copy(copy) = &plan.act
            && !bound.destinations().is_empty()
        {
            return Box::pin(self.copy(plan, copy, Ok(&bound), text)).await;
        }
        let Act::Read(read) = &plan.act else { return self.write(plan, &bound, text).await };
        let mut down = Vec::new();
        loop {
            let begun = self.client.mark();
            let done = self.read(plan, read, &bound, text).await;
            if let Err(error) = &done
                && outgrew(error)
                && self.client.take_back(begun)
            {
                return Box::pin(self.read_staged(read, text, error.clone())).await;
            }
            if matches!(&plan.statement.kind, Kind::Ddl(_)) {
                self.shared.maintained(plan);
            }
            let Some(other) = self.elsewhere(plan, text, &bound, &done, &mut down)? else { return done };
            bound = other;
        }
    }

    /// Without autocommit a transaction begins with the first statement that uses a table.
    pub(super) fn begin_as_needed(&mut self, plan: &Plan) {
        if !self.vars.autocommit && !self.held.in_transaction() && !plan.tables.is_empty() {
            let characteristics = self.vars.next_transaction.take();
            self.held.begin("BEGIN", characteristics.as_deref(), false, &self.vars.settings);
        }
    }

    /// A statement that is refused as it stands: over copies of rows, or with what it reads read before.
    async fn otherwise(&mut self, plan: &Plan, text: &Text<'_>, refusal: Error) -> Result<()> {
        match &plan.act {
            Act::Read(read) => self.read_staged(read, text, refusal).await,
            Act::Copy(copy) => self.copy(plan, copy, Err(refusal), text).await,
            _ => self.write_pulled(plan, text, refusal).await,
        }
    }

    /// A string key is placed by its bytes in utf8mb4: statements in another character set would miss its shard.
    pub(super) fn check_key_charset(&self, plan: &Plan) -> Result<()> {
        let Some(charset) = self.vars.settings.get("character_set_client") else { return Ok(()) };
        if ["'utf8mb4'", "'utf8mb3'", "'utf8'", "'ascii'"].contains(&charset) {
            return Ok(());
        }
        let by_string = |table: &Table| match &table.layout {
            Layout::Sharded(sharded) => {
                matches!(sharded.rule.key(), KeyType::String(_)) || !table.indexes.is_empty()
            }
            _ => false,
        };
        match plan.tables.iter().find(|used| by_string(&used.table)) {
            Some(used) => Err(Error::refused(
                format!(
                    "'{}' is sharded by a string or has a unique index, and the connection's character set is {charset}",
                    used.table.name
                ),
                "SET NAMES utf8mb4",
            )),
            None => Ok(()),
        }
    }

    /// A read that any of several sources could answer, bound to another one when its server cannot be reached.
    pub(super) fn elsewhere(
        &mut self,
        plan: &Plan,
        text: &Text<'_>,
        bound: &Bound,
        done: &Result<impl Sized>,
        down: &mut Vec<SourceId>,
    ) -> Result<Option<Bound>> {
        let ([job], Err(error)) = (bound.jobs.as_slice(), done) else { return Ok(None) };
        if !error.is(Code::SourceDown) || error.origin != Origin::Proxy || error.fate != Fate::Keep {
            return Ok(None);
        }
        down.push(job.source);
        for source in (0..self.shared.topology().sources.len()).map(|source| SourceId(source as u16)) {
            let setting = Setting { prefer: Some(source), ..self.setting() };
            let other = plan::bind(plan, &text.input(), &Known(self), setting, &mut |_, _, _| Err(no_job()))?;
            if matches!(other.jobs.as_slice(), [job] if !down.contains(&job.source)) {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    /// Binds with the ids that there are.
    pub(super) fn bind(&mut self, plan: &Plan, text: &Text<'_>) -> Result<Bound> {
        let ids = &self.shared.ids;
        let bound = self.bind_by(plan, text, &mut |rule, n, gene| ids.reserve(rule.generator, n, gene))?;
        if bound.ids.first.is_some() {
            self.insert_id = None;
        }
        Ok(bound)
    }

    /// Binds; what the client has SET insert_id to comes before what is made.
    fn bind_by(&self, plan: &Plan, text: &Text<'_>, make: &mut MakeIds<'_>) -> Result<Bound> {
        let mut wanted = self.insert_id;
        let mut make = |rule: &IdRule, n: usize, gene: u32| match wanted.take() {
            Some(first) if rule.form != IdForm::Uuid => Ok(NewIds::Numbers { first, step: 1 }),
            _ => make(rule, n, gene),
        };
        plan::bind(plan, &text.input(), &Known(self), self.setting(), &mut make)
    }

    /// Binds; where no id may be made now, it waits for the clock, the lease or the store.
    async fn bind_patiently(&mut self, plan: &Plan, text: &Text<'_>) -> Result<Bound> {
        match self.bind(plan, text) {
            Err(error) if error.is(Code::NoIds) => {}
            bound => return bound,
        }
        let bound = Box::pin(self.patiently(|session, make| session.bind_by(plan, text, make))).await?;
        self.insert_id = None;
        Ok(bound)
    }

    /// Does what needs new ids, again and again until they are there. Ids that were made in one round are used in the
    /// next: a large statement would never find all that it needs at once.
    pub(super) async fn patiently<T>(
        &mut self,
        work: impl Fn(&Self, &mut MakeIds<'_>) -> Result<T>,
    ) -> Result<T> {
        let (mut made, mut patience) = (SmallVec::<[NewIds; 1]>::new(), None);
        loop {
            let shared = &self.shared;
            let soon = shared.ids.listen();
            let mut asked = 0;
            let done = work(self, &mut |rule, n, gene| {
                if made.len() == asked {
                    made.push(shared.ids.reserve(rule.generator, n, gene)?);
                }
                asked += 1;
                made.get(asked - 1).cloned().ok_or_else(no_job)
            });
            match done {
                Err(error) if error.is(Code::NoIds) => {
                    let patience = patience.get_or_insert_with(|| Patience::until(id_deadline(shared)));
                    if patience.over() {
                        shared.metrics.ids_refused.inc();
                        return Err(error);
                    }
                    tokio::select! {
                        () = patience.wait(soon) => {}
                        asked = self.ticket.interrupt().raised() => return Err(interrupted(asked)),
                    }
                }
                done => return done,
            }
        }
    }

    /// When a statement that begins now must have ended: its own time is over, or its transaction's.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let own = self.shared.deadline();
        match self.held.deadline() {
            Some(deadline) => Some(own.map_or(deadline, |own| own.min(deadline))),
            None => own,
        }
    }

    /// What decides among equal places, and how values are written.
    pub(super) fn setting(&self) -> Setting {
        Setting {
            prefer: self.held.home(),
            spread: self.shared.turn(),
            zero_is_value: self.vars.zero_is_value,
            no_backslash_escapes: self.vars.mode.no_backslash_escapes,
        }
    }

    /// What the session remembers of an error.
    pub(super) fn noted(&mut self, done: Result<()>) -> Result<()> {
        if let Err(error) = &done
            && error.fate == Fate::Keep
        {
            self.last.failed_with(error);
        }
        done
    }
}

pub(super) fn interrupted(asked: Asked) -> Error {
    let fate = if asked == Asked::Session { Fate::Close } else { Fate::Keep };
    Error::new(Code::Killed, "Query execution was interrupted").with_fate(fate)
}

/// When a statement that begins now has waited long enough for ids.
fn id_deadline(shared: &Shared) -> Instant {
    const PATIENCE: Duration = Duration::from_secs(5);
    let patience = Instant::now() + PATIENCE;
    shared.deadline().map_or(patience, |deadline| deadline.min(patience))
}

pub(super) fn no_job() -> Error {
    Error::new(Code::Internal, "the plan has nothing to run")
}

pub(super) fn nodes_of(layout: &Layout) -> &[Node] {
    match layout {
        Layout::Sharded(sharded) => &sharded.nodes,
        Layout::Reference(nodes) => nodes,
        Layout::Single(node) => std::slice::from_ref(node),
    }
}

/// The statement's tables whose physical names differ from those that the client knows.
pub(super) fn names_of(plan: &Plan) -> Names {
    let mut names = Names::default();
    if !plan.renamed {
        return names;
    }
    for used in &plan.tables {
        let nodes: &[Node] = match &used.table.layout {
            Layout::Sharded(sharded) => &sharded.nodes,
            Layout::Reference(nodes) => nodes,
            Layout::Single(node) => std::slice::from_ref(node),
        };
        for node in nodes {
            let table = node.table.as_deref().unwrap_or(&used.table.name);
            names.add(&node.schema, table, &used.database, &used.table.name);
        }
    }
    names
}
