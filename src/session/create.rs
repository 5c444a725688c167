//! CREATE TABLE … SELECT that no server can do alone: a server says how the query's columns are defined, a table of that
//! definition is created at all of its places, and the rows are inserted as INSERT … SELECT does it. When they cannot be,
//! the table is dropped again.

use std::sync::Arc;

use bytes::Bytes;

use super::Session;
use super::composed::TRIES;
use super::input::{Given, Known};
use super::literals::plain;
use super::pick::tasks_of;
use super::query::{Text, no_job};
use crate::backend::{AnswerLimit, Lease, Settings, Summary};
use crate::base::{Code, Error, Origin, Result};
use crate::exec::send::{self, Call, Preset, State};
use crate::exec::single::{self, Around};
use crate::exec::write::{self, Pace};
use crate::exec::{Interrupt, info};
use crate::plan::ir::{Act, Job, Plan};
use crate::plan::stage_spec::Choice;
use crate::plan::{self};
use crate::sql::facts::{Body, Ddl, Item, Kind, Query, Span, TableName};
use crate::sql::normalise::Normalised;
use crate::sql::{self, splice};
use crate::topology::schema::{Column, Schemas, TableSchema};
use crate::wire::row::Format;

/// ER_TABLE_EXISTS_ERROR
const EXISTS: &str = "1050";

/// How a table is that takes a query's rows.
struct Definition {
    /// What follows the table's name in CREATE TABLE.
    body: String,
    /// How many columns the query has: the table's last ones.
    width: usize,
    /// What the server had to say of the definition.
    said: Summary,
}

impl Session {
    /// Carries a CREATE TABLE … SELECT out.
    pub(super) async fn create_select(&mut self, plan: &Plan, text: &Text<'_>) -> Result<()> {
        if matches!(&plan.statement.kind, Kind::Ddl(ddl) if ddl.temporary) {
            self.may_make_temporary()?;
        } else {
            self.held.commit().await?;
        }
        in_columns(plan, text)?;
        let plain = plain(text, self.vars.mode, self.shared.is_mariadb())?;
        let shape = Normalised::verbatim(&plain);
        let statement = sql::parse(&shape.masked(), self.vars.mode)
            .map_err(|error| Error::refused(error.message, "write it in a simpler form"))?;
        let Kind::Ddl(ddl) = &statement.kind else { return Err(no_job()) };
        let (Some(query), Some(table)) = (&ddl.query, ddl.tables.first()) else { return Err(no_job()) };
        let definition = self.definition(&plain, ddl, (table, query)).await?;
        let name = self.full_name(table);
        let create = format!(
            "CREATE {}{}TABLE {}{name}{}",
            if ddl.or_replace { "OR REPLACE " } else { "" },
            if ddl.temporary { "TEMPORARY " } else { "" },
            if ddl.lenient { "IF NOT EXISTS " } else { "" },
            definition.body
        );
        let pinned = self.held.pinned();
        if ddl.temporary {
            self.held.stick();
        }
        let created = self.define_plainly(&create).await?;
        if created.messages.iter().any(|[_, code, _]| code == EXISTS) {
            self.written(created, text);
            return Ok(());
        }
        let rows = self.insert_rows(&plain, ddl, (table, query), &definition, (text.more, pinned)).await;
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return Err(self.uncreated(&name, ddl.temporary, error).await),
        };
        self.written(with_definition(rows, definition.said), text);
        Ok(())
    }

    /// A temporary table belongs to one connection, whose transaction it must not be a branch of.
    fn may_make_temporary(&self) -> Result<()> {
        if self.vars.autocommit && !self.held.in_transaction() {
            return Ok(());
        }
        Err(Error::refused(
            "in a transaction, a temporary table of rows that come from several servers",
            "create it before the transaction",
        ))
    }

    /// What a server shows of a temporary table's columns.
    async fn shown(&mut self, table: &TableName) -> Result<Arc<TableSchema>> {
        let shown = self.ask(&format!("SHOW FULL COLUMNS FROM {}", self.full_name(table))).await?;
        let column = |row: usize| {
            let column_type = shown.text(row, 1)?.to_lowercase();
            let ends = |c: char| !c.is_ascii_alphanumeric();
            Some(Column {
                name: shown.text(row, 0)?,
                data_type: column_type.split(ends).next().unwrap_or_default().to_owned(),
                nullable: shown.text(row, 3)? == "YES",
                auto_increment: shown.text(row, 6)?.to_lowercase().contains("auto_increment"),
                column_type,
                ..Column::default()
            })
        };
        let columns = (0..shown.rows.len()).map(column).collect::<Option<_>>().ok_or_else(no_job)?;
        Ok(Arc::new(TableSchema { columns, triggers: false, row_triggers: false, unique: Vec::new() }))
    }

    /// What a server makes of the query's columns: it creates a temporary table of the same name, without rows.
    async fn definition(
        &mut self,
        plain: &[u8],
        ddl: &Ddl,
        (table, query): (&TableName, &Query),
    ) -> Result<Definition> {
        let question = without_rows(plain, query);
        let shape = Normalised::verbatim(&question);
        let plan = self.planned_by_definitions(&shape).await?;
        if let Act::Refused(error) = &plan.act {
            return Err(error.clone());
        }
        let given = Given::Text { text: &question, literals: &[], mode: self.vars.mode };
        let text = Text { original: &question, shape: &shape, given: &given, more: false };
        let job = plan::bind::describe(&plan, &text.input(), &Known(self), self.setting())?;
        let query_text = job.text.clone().unwrap_or_else(|| question.clone());
        // Of the session's temporary tables one may be called so.
        let own = splice::quote(if ddl.temporary { "shardgate_new" } else { &table.name.text });
        let name = match self.schema_of(table, &job) {
            Some(schema) => format!("{}.{own}", splice::quote(&schema)),
            None => own.clone(),
        };
        let between = plain.get(table.span.end as usize..query.span.start as usize).unwrap_or_default();
        temporary(between)?;
        let mut create = format!("CREATE TEMPORARY TABLE {name} ").into_bytes();
        create.extend_from_slice(between);
        create.extend_from_slice(&query_text);
        let around =
            Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: self.deadline() };
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        let mut lease = using.take_unused(job.source).await?;
        let settings = &self.vars.settings;
        let answered = define(&mut lease, settings, &job, (&create, &query_text), &name, around).await;
        if answered.as_ref().is_err_and(|error| !error.is(Code::NotSupported)) {
            // The table may be there still.
            let gone = lease.query(&format!("DROP TEMPORARY TABLE IF EXISTS {name}"), 0).await;
            if gone.is_err() {
                lease.give_up();
            }
        }
        using.put_unused(job.source, lease);
        let (shown, width, said) = answered?;
        let head = format!("CREATE TEMPORARY TABLE {own}");
        let body = shown.strip_prefix(&head).ok_or_else(|| {
            Error::new(Code::Internal, "a server words a table's definition in an unknown way")
        })?;
        Ok(Definition { body: body.to_owned(), width, said })
    }

    /// The schema that the new table will be in, where a job's server has it.
    fn schema_of(&self, table: &TableName, job: &Job) -> Option<String> {
        let database = table.schema.as_ref().map(|name| name.text.as_str()).or(self.database.as_deref())?;
        let known = self.shared.topology().database(database)?.table(&table.name.text);
        let nodes = super::query::nodes_of(&known.layout);
        nodes.iter().find(|node| node.source == job.source).map(|node| node.schema.to_string())
    }

    fn full_name(&self, table: &TableName) -> String {
        let own = splice::quote(&table.name.text);
        match table.schema.as_ref().map(|name| name.text.as_str()).or(self.database.as_deref()) {
            Some(database) => format!("{}.{own}", splice::quote(database)),
            None => own,
        }
    }

    /// Carries DDL of our own out, as a plain session understands it.
    async fn define_plainly(&mut self, sql: &str) -> Result<Summary> {
        let own = self.vars.settings.clone();
        self.vars.adopt(plainly(&own));
        let done = self.define_own(sql.as_bytes()).await;
        self.vars.adopt(own);
        done
    }

    async fn define_own(&mut self, sql: &[u8]) -> Result<Summary> {
        let shape = Normalised::verbatim(sql);
        let plan = self.planned_by_definitions(&shape).await?;
        let steps = match &plan.act {
            Act::Ddl(steps) => steps,
            Act::Refused(error) => return Err(error.clone()),
            _ => return Err(no_job()),
        };
        let given = Given::Text { text: sql, literals: &[], mode: self.vars.mode };
        let text = Text { original: sql, shape: &shape, given: &given, more: false };
        let bound = self.bind(&plan, &text)?;
        self.define(&plan, steps, &bound, &text).await
    }

    /// Inserts the query's rows into the table, which is there now. They are committed then, whatever autocommit is.
    async fn insert_rows(
        &mut self,
        plain: &[u8],
        ddl: &Ddl,
        (table, query): (&TableName, &Query),
        definition: &Definition,
        (more, pinned): (bool, bool),
    ) -> Result<Summary> {
        let own = if ddl.temporary { Some(self.shown(table).await?) } else { None };
        let columns = self.last_columns(table, own.as_ref(), definition.width).await?;
        let verb = match ddl.duplicates {
            Some("REPLACE") => "REPLACE",
            Some(_) => "INSERT IGNORE",
            None => "INSERT",
        };
        let mut sql = format!("{verb} INTO {} ({columns}) ", self.full_name(table)).into_bytes();
        sql.extend_from_slice(part(plain, query.span));
        let shape = Normalised::verbatim(&sql);
        let plan = self
            .planned_beside(&shape, own.as_ref().map(|schema| (table.name.text.as_str(), schema)))
            .await?;
        let given = Given::Text { text: &sql, literals: &[], mode: self.vars.mode };
        let text = Text { original: &sql, shape: &shape, given: &given, more };
        if let Act::Refused(error) = &plan.act {
            return Err(error.clone());
        }
        if !self.vars.autocommit {
            self.held.begin("BEGIN", None, false, &self.vars.settings);
        }
        let done = match (&plan.act, self.bind(&plan, &text)) {
            (Act::Copy(copy), bound) if !matches!(&bound, Ok(bound) if bound.destinations().is_empty()) => {
                // The connection that has the new table must be the first to write.
                let within = pinned || copy.read.locks || !self.vars.autocommit;
                let choice = Choice { within, ..self.copy_choice(copy) };
                let bound = bound.as_ref().map_err(Clone::clone);
                self.copied_by(&plan, copy, bound, &text, choice).await.map(|answer| answer.ok)
            }
            (Act::Copy(_) | Act::Write(_), Ok(bound)) if plan.images.is_none() => {
                let scope = self.open_scope(bound.jobs.len() > 1).await?;
                let done = self.write_whole(&bound, &text).await;
                self.close_scope(scope, done).await
            }
            (_, Err(error)) => Err(error),
            _ => Err(Error::refused(
                "CREATE TABLE … SELECT of rows that are not placed as INSERT … SELECT places them",
                "create the table first, and insert the rows then",
            )),
        };
        match done {
            Ok(done) => self.held.commit().await.map(|()| done),
            Err(error) => {
                self.held.rollback().await;
                Err(error)
            }
        }
    }

    /// The new table's last columns, as a list.
    async fn last_columns(
        &self,
        table: &TableName,
        own: Option<&Arc<TableSchema>>,
        width: usize,
    ) -> Result<String> {
        let unknown = || Error::new(Code::Internal, "the new table's columns are not known");
        let database = table.schema.as_ref().map(|name| name.text.as_str()).or(self.database.as_deref());
        let database = database.ok_or_else(unknown)?;
        let known = self.shared.topology().database(database).ok_or_else(unknown)?.table(&table.name.text);
        let mut schema = own.cloned();
        for _ in 0..TRIES {
            // What is known may be forgotten at any time.
            if schema.is_some() {
                break;
            }
            self.shared.load_definition(&self.pools, database, &known).await?;
            self.shared.check_columns(database, &known)?;
            schema = self.shared.catalog.table(database, &table.name.text);
        }
        let schema = schema.ok_or_else(unknown)?;
        let first = schema.columns.len().checked_sub(width).ok_or_else(unknown)?;
        let names: Vec<String> = schema.columns.iter().skip(first).map(|c| splice::quote(&c.name)).collect();
        Ok(names.join(", "))
    }

    /// Drops a table that has just been created, though the statement may have been stopped.
    async fn drop_anyway(&mut self, sql: &[u8]) -> Result<()> {
        let shape = Normalised::verbatim(sql);
        let plan = self.planned(&shape)?;
        let (Act::Ddl(steps), Kind::Ddl(ddl)) = (&plan.act, &plan.statement.kind) else {
            return Err(no_job());
        };
        let given = Given::Text { text: sql, literals: &[], mode: self.vars.mode };
        let text = Text { original: sql, shape: &shape, given: &given, more: false };
        let bound = self.bind(&plan, &text)?;
        let tasks = tasks_of(&bound.jobs, &text)?;
        let settings = self.vars.settings.clone();
        let mut using = self.held.using(&self.pools, self.flavor, &settings);
        let around = Around { pools: &self.pools, interrupt: &Interrupt::default(), deadline: None };
        let limit = AnswerLimit::of_rows(0);
        let ran = write::run(&tasks, &settings, &mut using, Pace::Whatever, limit, None, around).await;
        if ddl.temporary {
            return ran.results.into_iter().flatten().try_for_each(|result| result.map(|_| ()));
        }
        for step in steps {
            self.changed(ddl, step);
        }
        if let Some(log) = &self.shared.ddl {
            log.definitions.publish(&super::ddl::databases_of(ddl, steps)).await;
        }
        ran.results.into_iter().flatten().try_for_each(|result| result.map(|_| ()))
    }

    /// The rows are not in: the table goes again.
    async fn uncreated(&mut self, name: &str, temporary: bool, error: Error) -> Error {
        let temporary = if temporary { "TEMPORARY " } else { "" };
        match self.drop_anyway(format!("DROP {temporary}TABLE IF EXISTS {name}").as_bytes()).await {
            Ok(()) => error,
            Err(left) => Error {
                message: format!("{}; the new table is left without rows: {}", error.message, left.message),
                ..error
            },
        }
    }
}

/// Has a server define the table, and tell how: its definition, how many columns the query has, and the warnings.
async fn define(
    lease: &mut Lease,
    settings: &Settings,
    job: &Job,
    (create, query): (&[u8], &[u8]),
    name: &str,
    around: Around<'_>,
) -> Result<(String, usize, Summary)> {
    let schema = (!job.schema.is_empty()).then_some(&job.schema);
    let mut own = settings.with("autocommit", "1");
    if let Some(engine) = settings.get("default_storage_engine") {
        own = own.with("default_tmp_storage_engine", engine);
    }
    lease.queue_state(schema, &own);
    let width = send::prepare(lease, &Bytes::copy_from_slice(query), 0, around).await?.columns.len();
    let state = State { schema: &job.schema, settings: &own, writes: true, ids: Preset::default() };
    let none = (Format::Text, AnswerLimit::of_rows(0));
    let created = send::collect(lease, state, &Call::Text(create), none, around).await;
    let mut said = created.map_err(unlike_others)?.ok;
    if said.warnings > 0 {
        said.messages = single::warnings(lease).await;
    }
    lease.queue_state(schema, &plainly(&own));
    let shown = lease.query(&format!("SHOW CREATE TABLE {name}"), 1).await?;
    lease.query(&format!("DROP TEMPORARY TABLE {name}"), 0).await?;
    let shown = shown.text(0, 1).ok_or_else(no_job)?;
    Ok((shown, width, said))
}

/// Variables under which definitions are worded, and read, alike.
fn plainly(settings: &Settings) -> Settings {
    settings
        .with("sql_mode", "''")
        .with("sql_quote_show_create", "1")
        .with("character_set_client", "'utf8mb4'")
        .with("character_set_results", "'utf8mb4'")
        .with("collation_connection", "'utf8mb4_general_ci'")
}

/// What a temporary table cannot have.
fn temporary(definition: &[u8]) -> Result<()> {
    let written = String::from_utf8_lossy(definition).to_ascii_uppercase();
    match ["PARTITION", "FULLTEXT", "COMPRESSED"].iter().find(|word| written.contains(**word)) {
        Some(word) => Err(Error::refused(
            format!("{word} in CREATE TABLE … SELECT over several servers"),
            "create the table first, and insert the rows then",
        )),
        None => Ok(()),
    }
}

/// A table of the new one's name that only this connection has is in the way.
fn unlike_others(error: Error) -> Error {
    if error.origin == Origin::Backend && error.errno.to_string() == EXISTS {
        return Error::refused(
            "CREATE TABLE … SELECT of a table that the session has a temporary table beside",
            "drop the temporary table first",
        );
    }
    error
}

/// Parameters in the list of columns: a literal's column is of another type.
fn in_columns(plan: &Plan, text: &Text<'_>) -> Result<()> {
    let Kind::Ddl(ddl) = &plan.statement.kind else { return Err(no_job()) };
    if !text.given.is_binary() || text.shape.param_offsets().is_empty() {
        return Ok(());
    }
    let inside = |span: Span| text.shape.param_offsets().iter().any(|at| span.start <= *at && *at < span.end);
    if ddl.query.as_deref().is_none_or(|query| items(query).into_iter().any(inside)) {
        return Err(Error::refused(
            "parameters among the columns of a CREATE TABLE … SELECT over several servers",
            "write the values into the statement",
        ));
    }
    Ok(())
}

/// Where the columns of a query stand; all of it, where they may be anywhere in it.
fn items(query: &Query) -> Vec<Span> {
    match &query.body {
        Body::Select(select) if query.with.is_empty() => {
            let item = |item: &Item| match item {
                Item::Expr { expr, .. } => Some(expr.span),
                Item::Star { .. } => None,
            };
            select.items.iter().filter_map(item).collect()
        }
        _ => vec![query.span],
    }
}

/// The query with LIMIT 0 in the place of its own.
fn without_rows(plain: &[u8], query: &Query) -> Vec<u8> {
    let place = match (&query.limit, query.order_span, query.lock) {
        (Some(limit), ..) => limit.span,
        (None, Some(order), _) => Span { start: order.end, end: order.end },
        (None, None, Some(lock)) => Span { start: lock.start, end: lock.start },
        (None, None, None) => Span { start: query.span.end, end: query.span.end },
    };
    let before = part(plain, Span { start: query.span.start, end: place.start });
    let after = part(plain, Span { start: place.end, end: query.span.end });
    [before, b" LIMIT 0 ", after].concat()
}

fn part(plain: &[u8], span: Span) -> &[u8] {
    plain.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// The rows' answer with the warnings that the definition gave before them.
fn with_definition(mut rows: Summary, said: Summary) -> Summary {
    rows.warnings = rows.warnings.saturating_add(said.warnings);
    rows.info = info::with_warnings(&rows.info, rows.warnings);
    rows.messages.splice(0..0, said.messages);
    rows
}
