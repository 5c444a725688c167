//! Prepared statements: the binary protocol's, and PREPARE … FROM in SQL.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::Session;
use super::control::not_blank;
use super::describe::is_scattered;
use super::input::{Given, Known};
use super::query::Text;
use super::reply;
use crate::backend::Settings;
use crate::backend::conn::Prepared;
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result, Value};
use crate::exec::send;
use crate::exec::single::Around;
use crate::plan::ir::{Act, Job, Plan};
use crate::plan::stage_spec::is_refusal;
use crate::plan::{SessionValues, Setting, Source, bind};
use crate::sql::facts::Kind;
use crate::sql::normalise::Normalised;
use crate::sql::splice;
use crate::wire::binary::WireType;
use crate::wire::command::Execute;
use crate::wire::execute::{LongData, Params};
use crate::wire::packet;

/// Statements that one session may keep prepared: MySQL's max_prepared_stmt_count.
const LIMIT: usize = 16_382;

/// One prepared statement.
struct Statement {
    sql: Bytes,
    shape: Normalised,
    plan: Arc<Plan>,
    /// Counts the plans' invalidations; another number: plan anew.
    epoch: u64,
    database: Option<Arc<str>>,
    params: usize,
    /// Types of the parameters as last bound.
    types: Vec<WireType>,
    long: LongData,
    /// SEND_LONG_DATA went over the limit: EXECUTE says so.
    too_long: bool,
}

/// A session's prepared statements.
#[derive(Default)]
pub(super) struct Statements {
    by_id: HashMap<u32, Box<Statement>, foldhash::fast::RandomState>,
    last_id: u32,
    named: HashMap<String, Vec<u8>>,
}

impl Statements {
    pub(super) fn close(&mut self, id: u32) {
        self.by_id.remove(&id);
    }

    /// Appends to a parameter. There is no answer to this command: errors wait for EXECUTE.
    pub(super) fn long_data(&mut self, id: u32, param: u16, data: &[u8], limit: usize) {
        if let Some(statement) = self.by_id.get_mut(&id) {
            if usize::from(param) >= statement.params || statement.long.bytes() + data.len() > limit {
                statement.too_long = true;
            } else {
                statement.long.append(param, data);
            }
        }
    }

    pub(super) fn reset(&mut self, id: u32) -> Result<()> {
        let statement =
            self.by_id.get_mut(&id).ok_or_else(|| unknown(&id.to_string(), "mysqld_stmt_reset"))?;
        statement.long.clear();
        statement.too_long = false;
        Ok(())
    }

    pub(super) fn deallocate(&mut self, name: &str) -> Result<()> {
        let found = self.named.remove(&name.to_ascii_lowercase());
        found.map(|_| ()).ok_or_else(|| unknown(name, "DEALLOCATE PREPARE"))
    }

    fn add(&mut self, statement: Statement) -> Result<u32> {
        if self.by_id.len() >= LIMIT {
            let message =
                format!("Can't create more than max_prepared_stmt_count statements (current value: {LIMIT})");
            let error = Error::new(Code::Memory, message);
            return Err(Error { errno: 1461, sqlstate: *b"42000", ..error });
        }
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if self.last_id != 0 && !self.by_id.contains_key(&self.last_id) {
                self.by_id.insert(self.last_id, Box::new(statement));
                return Ok(self.last_id);
            }
        }
    }
}

fn unknown(name: &str, command: &str) -> Error {
    Error::new(
        Code::UnknownStatement,
        format!("Unknown prepared statement handler ({name}) given to {command}"),
    )
}

impl Session {
    /// COM_STMT_PREPARE: a server prepares the statement too, for the definitions of its columns and parameters.
    pub(super) async fn prepare(&mut self, text: &[u8]) -> Result<()> {
        let prepared = self.prepare_statement(text).await;
        let prepared = match prepared {
            Err(error) => Err(self.or_servers(text, error).await),
            done => done,
        };
        self.noted(prepared)
    }

    async fn prepare_statement(&mut self, text: &[u8]) -> Result<()> {
        let sql = Bytes::copy_from_slice(text);
        let mut shape = Normalised::prepared(text, self.vars.mode);
        let epoch = self.shared.epoch();
        let plan = self.plan(text, &mut shape).await?;
        if plan.statement.kind == Kind::Empty {
            not_blank(text, self.vars.mode)?;
            // MySQL prepares no comment, MariaDB does.
            if !self.shared.is_mariadb() {
                return Err(unpreparable());
            }
        }
        let described = self.describe(&plan, &sql, &shape).await;
        let described = self.in_own_names(&plan, described)?;
        let params = usize::from(plan.statement.params);
        let statement = Statement {
            sql,
            shape,
            plan,
            epoch,
            database: self.database.clone(),
            params,
            types: Vec::new(),
            long: LongData::default(),
            too_long: false,
        };
        let id = self.statements.add(statement)?;
        self.answer_prepare(id, params, &described);
        Ok(())
    }

    /// What a server says of the statement; nothing for statements that the session carries out.
    async fn describe(&mut self, plan: &Plan, sql: &Bytes, shape: &Normalised) -> Result<Prepared> {
        let nothing = Prepared { id: 0, params: Vec::new(), columns: Vec::new(), warnings: 0 };
        match &plan.act {
            Act::Refused(error) => {
                return self.later(plan, sql, error.clone()).await.map_or(Ok(nothing), Err);
            }
            Act::Session => {
                // MySQL does not prepare SHOW WARNINGS, MariaDB does.
                let shows = matches!(plan.statement.kind, Kind::Show(_)) && !self.shared.is_mariadb();
                if shows || matches!(plan.statement.kind, Kind::Prepare { .. } | Kind::Execute { .. }) {
                    return Err(unpreparable());
                }
                let columns = Self::own_columns(&plan.statement.kind);
                return Ok(Prepared {
                    columns: reply::definitions(columns, self.shared.string_decimals()),
                    ..nothing
                });
            }
            Act::Ddl(_) | Act::CreateSelect => return Ok(nothing),
            Act::Read(_) | Act::Write(_) | Act::Insert(_) | Act::Load(_) | Act::Copy(_) => {}
        }
        let given = Given::Text { text: sql, literals: &[], mode: self.vars.mode };
        let text = Text { original: sql, shape, given: &given, more: false };
        self.stand_for_next_ids(&plan.statement)?;
        let (read, copied) = match &plan.act {
            Act::Read(read) => (Some(read), false),
            Act::Copy(copy) => (Some(&copy.read), true),
            _ => (None, false),
        };
        let staged = read.filter(|read| read.staged.is_some());
        let settings = self.vars.settings.clone();
        let returns = matches!(&plan.statement.kind, Kind::Insert(insert) if insert.returning.is_some());
        let described = match (staged, self.describe_there(plan, &settings, &text).await) {
            (Some(read), Err(error)) if is_scattered(&error) => {
                match self.describe_staged(read, error, &settings, &text).await {
                    Err(refusal) if copied && is_refusal(&refusal) => Ok(nothing.clone()),
                    described => described,
                }
            }
            // No server has all tables of a change that finds its rows first.
            (None, Err(error)) if is_scattered(&error) && self.reads_ahead(&plan.statement, sql) => {
                Ok(nothing.clone())
            }
            (_, described) => described,
        };
        // What was prepared of rows that are copied is the query alone; what they are answered as stands behind it.
        match (&plan.act, described) {
            (Act::Copy(_), Ok(_)) if returns => {
                let columns =
                    self.describe_as(bind::describe_returned, plan, &settings, &text).await?.columns;
                Ok(Prepared { columns, ..nothing })
            }
            (Act::Copy(_), Ok(_)) => Ok(nothing),
            (_, described) => described,
        }
    }

    /// What the first server says to which the statement could go.
    pub(super) async fn describe_there(
        &mut self,
        plan: &Plan,
        settings: &Settings,
        text: &Text<'_>,
    ) -> Result<Prepared> {
        self.describe_as(bind::describe, plan, settings, text).await
    }

    /// What the first server says to which a job made of the statement could go.
    async fn describe_as(
        &mut self,
        job: fn(&Plan, &dyn Source, &dyn SessionValues, Setting) -> Result<Job>,
        plan: &Plan,
        settings: &Settings,
        text: &Text<'_>,
    ) -> Result<Prepared> {
        let (mut setting, deadline) = (self.setting(), self.deadline());
        let mut others = 0..self.shared.topology().sources.len();
        let (job, mut using, mut lease) = loop {
            let job = job(plan, &text.input(), &Known(self), setting)?;
            let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
            match (using.take_unused(job.source).await, others.next()) {
                (Ok(lease), _) => break (job, using, lease),
                // Whichever server can be reached has the same tables.
                (Err(error), Some(next)) if error.is(Code::SourceDown) => {
                    setting.prefer = Some(SourceId(next as u16));
                    setting.spread = next;
                }
                (Err(error), _) => return Err(error),
            }
        };
        let text = job.text.map_or_else(|| Bytes::copy_from_slice(text.original), Bytes::from);
        let schema = (!job.schema.is_empty()).then_some(&job.schema);
        lease.queue_state(schema, settings);
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let prepared = send::prepare(&mut lease, &text, 0, around).await;
        using.put_unused(job.source, lease);
        Ok((*prepared?).clone())
    }

    /// What is refused of a statement before its values are known, unless it is to be carried out over rows that are read
    /// ahead. What a server has against it is told at once, too.
    async fn later(&mut self, plan: &Plan, sql: &[u8], refusal: Error) -> Option<Error> {
        if let Err(error) = self.load_definitions(&plan.statement).await {
            return Some(error);
        }
        if !self.reads_ahead(&plan.statement, sql) {
            return Some(refusal);
        }
        Some(self.server_says(sql, refusal).await).filter(|error| !error.is(Code::NotSupported))
    }

    /// Protocol page "COM_STMT_PREPARE Response".
    fn answer_prepare(&mut self, id: u32, params: usize, described: &Prepared) {
        let (status, deprecate) = (self.status(false), self.flavor.deprecate_eof);
        let client = &mut self.client;
        client.queue_with(|out| {
            out.push(0);
            out.extend_from_slice(&id.to_le_bytes());
            out.extend_from_slice(&(described.columns.len() as u16).to_le_bytes());
            out.extend_from_slice(&(params as u16).to_le_bytes());
            out.push(0);
            out.extend_from_slice(&described.warnings.to_le_bytes());
        });
        // The server's own parameters may differ in number from the client's: all parameters look alike.
        let anything = crate::wire::column::ColumnDef::new("?", crate::wire::kind::VAR_STRING);
        for i in 0..params {
            match described.params.get(i) {
                Some(packet) => client.queue_packet(packet),
                None => client.queue_with(|out| anything.encode(out)),
            }
        }
        if params > 0 && !deprecate {
            client.queue_with(|out| packet::put_eof(out, status, 0));
        }
        for column in &described.columns {
            client.queue_packet(column);
        }
        if !described.columns.is_empty() && !deprecate {
            client.queue_with(|out| packet::put_eof(out, status, 0));
        }
    }

    /// COM_STMT_EXECUTE.
    pub(super) async fn execute(&mut self, execute: Execute<'_>) -> Result<()> {
        self.shared.metrics.statements.inc();
        let Some(mut statement) = self.statements.by_id.remove(&execute.id) else {
            return Err(unknown(&execute.id.to_string(), "mysqld_stmt_execute"));
        };
        let mut done = self.execute_statement(&mut statement, execute.body).await;
        if let Err(error) = done {
            done = Err(self.or_servers(&statement.sql, error).await);
        }
        statement.long.clear();
        statement.too_long = false;
        self.statements.by_id.insert(execute.id, statement);
        self.noted(done)
    }

    async fn execute_statement(&mut self, statement: &mut Statement, body: &[u8]) -> Result<()> {
        if statement.too_long {
            let message = format!(
                "the parameters sent by SEND_LONG_DATA exceed listen.max_packet = {}",
                self.shared.limits.max_packet
            );
            return Err(Error::new(Code::PacketTooLarge, message));
        }
        let current = self.shared.current();
        let epoch = self.shared.epoch();
        if statement.epoch == epoch && current {
            self.shared.metrics.plan_hits.inc();
        } else {
            let database = std::mem::replace(&mut self.database, statement.database.clone());
            let planned = self.plan(&statement.sql, &mut statement.shape).await;
            self.database = database;
            statement.plan = planned?;
            statement.epoch = epoch;
        }
        let params = Params::decode(body, statement.params, &mut statement.types, &statement.long)?;
        if self.null_is_id()
            && let Some(sql) = Box::pin(self.with_last_id(&statement.sql)).await?.map(Bytes::from)
        {
            let mut shape = Normalised::prepared(&sql, self.vars.mode);
            let plan = self.plan(&sql, &mut shape).await?;
            let given = Given::Prepared { sql: &sql, params: &params };
            return self
                .run(&plan, &Text { original: &sql, shape: &shape, given: &given, more: false })
                .await;
        }
        let given = Given::Prepared { sql: &statement.sql, params: &params };
        let text = Text { original: &statement.sql, shape: &statement.shape, given: &given, more: false };
        let plan = Arc::clone(&statement.plan);
        self.run(&plan, &text).await
    }

    /// PREPARE name FROM text.
    pub(super) async fn prepare_named(&mut self, name: &str, sql: &Value) -> Result<()> {
        let text = match sql {
            Value::Str(bytes) | Value::Bytes(bytes) => bytes.clone(),
            _ => b"NULL".to_vec(),
        };
        let mut shape = Normalised::prepared(&text, self.vars.mode);
        let plan = Box::pin(self.plan(&text, &mut shape)).await?;
        match &plan.act {
            Act::Refused(error) => {
                if let Some(error) = self.later(&plan, &text, error.clone()).await {
                    return Err(error);
                }
            }
            _ if matches!(plan.statement.kind, Kind::Prepare { .. } | Kind::Execute { .. }) => {
                return Err(unpreparable());
            }
            // MariaDB prepares LOAD DATA, MySQL does not.
            Act::Load(_) if !self.shared.is_mariadb() => return Err(unpreparable()),
            _ => {}
        }
        if self.statements.named.len() >= LIMIT {
            return Err(Error::new(Code::Memory, format!("a session may have {LIMIT} named statements")));
        }
        self.statements.named.insert(name.to_ascii_lowercase(), text);
        Ok(())
    }

    /// EXECUTE name USING @a, @b: the variables' values take the places of the `?`.
    pub(super) async fn execute_named(&mut self, name: &str, using: &[String], more: bool) -> Result<()> {
        let sql =
            self.statements.named.get(&name.to_ascii_lowercase()).ok_or_else(|| unknown(name, "EXECUTE"))?;
        let value =
            |name: &String| self.vars.user.get(&name.to_ascii_lowercase()).cloned().unwrap_or(Value::Null);
        let values: Vec<Value> = using.iter().map(value).collect();
        let text = splice::inline(sql, &values, self.vars.mode).ok_or_else(wrong_count)?;
        self.query(&text, more).await
    }
}

pub(super) fn wrong_count() -> Error {
    Error::new(Code::WrongArguments, "Incorrect arguments to EXECUTE")
}

fn unpreparable() -> Error {
    let error = Error::new(
        Code::NotSupported,
        "This command is not supported in the prepared statement protocol yet",
    );
    Error { errno: 1295, sqlstate: *b"HY000", ..error }
}
