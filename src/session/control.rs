//! Statements that the session carries out itself: transaction control, SET, USE, KILL, warnings, PREPARE in SQL.

use super::Session;
use super::dispatch::kill;
use super::prepared::wrong_count;
use super::query::Text;
use super::reply::{self, Column};
use super::views;
use crate::backend::{Role, Summary};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Fate, Result, Value};
use crate::exec::warned::Warned;
use crate::exec::{Asked, Connections};
use crate::plan::ir::Plan;
use crate::sql;
use crate::sql::facts::{ExplainFormat, Kind, Operand, Show};
use crate::sql::lex::{Kind as Token, Lexer, Mode};
use crate::sql::splice;

impl Session {
    /// Carries out a plan of [`Act::Session`](crate::plan::ir::Act::Session).
    pub(super) async fn control(&mut self, plan: &Plan, text: &Text<'_>) -> Result<()> {
        let statement = &plan.statement;
        match &statement.kind {
            Kind::Empty => not_blank(text.original, self.vars.mode)?,
            Kind::Begin { read_only, snapshot } => self.begin(*read_only, *snapshot).await?,
            Kind::Commit { chain, release } => {
                self.held.commit().await?;
                return self.ended(*chain, *release, text.more).await;
            }
            Kind::Rollback { chain, release } => {
                self.held.rollback().await;
                return self.ended(*chain, *release, text.more).await;
            }
            Kind::Savepoint(name) => {
                if self.held.in_transaction() {
                    self.held.savepoint(name).await?;
                }
            }
            Kind::RollbackTo(name) => {
                if !self.held.rollback_to(name).await? {
                    return Err(no_savepoint(name));
                }
            }
            Kind::ReleaseSavepoint(name) => {
                if !self.held.release(name).await? {
                    return Err(no_savepoint(name));
                }
            }
            // The values of a prepared SET stand within expressions that a server evaluates.
            Kind::Set(_) if statement.params > 0 && text.given.is_binary() => {
                let values: Result<Vec<Value>> =
                    (0..statement.params).map(|i| text.given.value(usize::from(i))).collect();
                let set = splice::inline(text.original, &values?, self.vars.mode);
                return Box::pin(self.query(&set.ok_or_else(wrong_count)?, text.more)).await;
            }
            Kind::Set(items) => {
                let warnings = self.set(&text.lossy(), statement, items).await?;
                self.last.row_count = 0;
                if warnings == 0 {
                    self.forget_warnings();
                }
                self.ok(&Summary { warnings, ..Summary::default() }, text.more);
                return Ok(());
            }
            Kind::Use(name) => self.use_database(name)?,
            Kind::Kill { query, id } => {
                let id = Self::kill_id(id, text)?;
                kill(
                    &self.shared.registry,
                    id,
                    &self.info.user,
                    if *query { Asked::Statement } else { Asked::Session },
                )?;
            }
            Kind::ResumeDdl { undo, id } => {
                let done = Box::pin(self.resume_ddl(*undo, text.operand(id)?)).await?;
                self.last.row_count = 0;
                self.ok(&done, text.more);
                return Ok(());
            }
            Kind::Show(show) => return Box::pin(self.show(show, text)).await,
            Kind::Explain { shardgate: true, analyze, format, inner, .. } => {
                let span = text.shape.original_span(*inner);
                let inner = text.original.get(span.start as usize..span.end as usize).unwrap_or_default();
                let inner = String::from_utf8_lossy(inner).into_owned();
                return Box::pin(self.explain(&inner, *analyze, *format == ExplainFormat::Json, text)).await;
            }
            Kind::Prepare { name, text: source, variable } => {
                let sql = match (source, variable) {
                    (Some(operand), _) => text.operand(operand)?,
                    (None, Some(variable)) => self.vars.user.get(variable).cloned().unwrap_or(Value::Null),
                    (None, None) => Value::Null,
                };
                self.prepare_named(name, &sql).await?;
                self.tracker.changed(true);
            }
            Kind::Execute { name, using } => {
                return Box::pin(self.execute_named(name, using, text.more)).await;
            }
            Kind::Deallocate(name) => {
                self.statements.deallocate(name)?;
                self.tracker.changed(true);
            }
            Kind::UnlockTables => {}
            other => {
                let what = format!("{other:?}")
                    .split(['(', ' ', '{'])
                    .next()
                    .unwrap_or_default()
                    .to_ascii_uppercase();
                return Err(Error::refused(
                    format!("{what} is for one server"),
                    "run it on the servers themselves",
                ));
            }
        }
        self.last.row_count = 0;
        self.forget_warnings();
        let info = if matches!(statement.kind, Kind::Prepare { .. }) { "Statement prepared" } else { "" };
        self.ok(&Summary { info: info.to_owned(), ..Summary::default() }, text.more);
        Ok(())
    }

    /// A statement that needed no table has run: MySQL forgets what the one before had to warn of, MariaDB does not.
    fn forget_warnings(&mut self) {
        if !self.shared.is_mariadb() {
            self.last.warned = Warned::default();
        }
    }

    async fn begin(&mut self, read_only: Option<bool>, snapshot: bool) -> Result<()> {
        self.held.commit().await?;
        let characteristics = self.vars.next_transaction.take();
        let read_only = read_only
            .or_else(|| characteristics.as_deref().and_then(access))
            .unwrap_or_else(|| self.vars.settings.is_read_only());
        let begin = match (read_only, snapshot) {
            (false, false) => "START TRANSACTION",
            (true, false) => "START TRANSACTION READ ONLY",
            (false, true) => "START TRANSACTION WITH CONSISTENT SNAPSHOT",
            (true, true) => "START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT",
        };
        self.held.begin(begin, characteristics.as_deref(), read_only, &self.vars.settings);
        if snapshot {
            Box::pin(self.take_snapshots()).await?;
        }
        self.tracker.began(snapshot);
        Ok(())
    }

    /// WITH CONSISTENT SNAPSHOT: what is seen is what is there now, so that the transaction begins on every source at
    /// once. Each source's snapshot is consistent in itself.
    async fn take_snapshots(&mut self) -> Result<()> {
        if self.held.is_single() {
            return Ok(());
        }
        let sources = self.shared.topology().sources.len() as u16;
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        let mut done = Ok(());
        for source in (0..sources).map(SourceId) {
            done = match using.take(source, Role::Primary).await {
                Ok(mut lease) => {
                    // XA START takes no snapshot: the first read does.
                    let sql = if source.0 == 0 { "DO 0" } else { self.shared.coordinator.snapshot_sql() };
                    let read = lease.query(sql, 1).await;
                    let status = read.as_ref().ok().map(|read| read.ok.status);
                    using.put(source, lease, status);
                    read.map(|_| ())
                }
                Err(error) => Err(error),
            };
            if done.is_err() {
                break;
            }
        }
        if done.is_err() {
            self.held.rollback().await;
        }
        done
    }

    /// A transaction has ended.
    async fn ended(&mut self, chain: bool, release: bool, more: bool) -> Result<()> {
        self.vars.next_transaction = None;
        if chain {
            self.held.begin_again(&self.vars.settings);
            self.tracker.began(false);
        }
        self.last.row_count = 0;
        self.forget_warnings();
        self.ok(&Summary::default(), more);
        if release {
            self.client.flush().await?;
            return Err(Error::client(Code::Killed, "RELEASE").with_fate(Fate::Close));
        }
        Ok(())
    }

    fn kill_id(id: &Operand, text: &Text<'_>) -> Result<u32> {
        match text.operand(id)? {
            Value::Int(id) => u32::try_from(id).ok(),
            Value::UInt(id) => u32::try_from(id).ok(),
            _ => None,
        }
        .ok_or_else(|| Error::new(Code::WrongArguments, "KILL takes a connection's id: see CONNECTION_ID()"))
    }

    /// What a statement has to warn of, as one server would list it.
    pub(super) fn warn(&mut self, mut warned: Warned) {
        let own = if self.shared.is_mariadb() { 64 } else { 1024 };
        let most = self.vars.settings.get("max_error_count").and_then(|most| most.parse().ok());
        warned.messages.truncate(most.unwrap_or(own));
        self.last.warned = warned;
    }

    /// How a result set of the proxy's own goes out.
    pub(super) fn form(&self, binary: bool, more: bool) -> reply::Form {
        reply::Form {
            status: self.status(more),
            deprecate_eof: self.flavor.deprecate_eof,
            binary,
            strings: self.shared.string_decimals(),
        }
    }

    /// SHOW WARNINGS, ERRORS and their counts: of the last statement, whatever server ran it.
    async fn show(&mut self, show: &Show, text: &Text<'_>) -> Result<()> {
        let form = self.form(text.given.is_binary(), text.more);
        if let Some(asked) = views::asked(&show.what) {
            return self.view(asked, form).await;
        }
        let errors_only = show.what.contains("ERRORS");
        let mut rows: Vec<Vec<String>> = self
            .last
            .warned
            .messages
            .iter()
            .filter(|[level, ..]| !errors_only || level == "Error")
            .map(|row| row.to_vec())
            .collect();
        if let Some(limit) = &show.limit {
            let number = |operand: &Operand| match text.operand(operand)? {
                Value::Int(n) => Ok(usize::try_from(n).unwrap_or(0)),
                Value::UInt(n) => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
                _ => Err(Error::new(Code::WrongArguments, "LIMIT takes a number")),
            };
            let skipped = limit.offset.as_ref().map_or(Ok(0), number)?;
            rows = rows.into_iter().skip(skipped).take(number(&limit.count)?).collect();
        }
        if show.what.starts_with("COUNT") {
            let count = if errors_only { rows.len() } else { self.last.warned.count };
            rows = vec![vec![count.to_string()]];
        }
        reply::table(&mut self.client, shown(&show.what), &rows, form);
        Ok(())
    }

    /// The columns of a statement that the session answers with rows; none for others.
    pub(super) fn own_columns(kind: &Kind) -> &'static [Column] {
        match kind {
            Kind::Show(show) => shown(&show.what),
            Kind::Explain { format: ExplainFormat::Json, .. } => &JSON,
            Kind::Explain { .. } => &PLAN,
            _ => &[],
        }
    }
}

/// What EXPLAIN SHARDGATE answers.
pub(super) const PLAN: [Column; 1] = [Column::Text("Plan", 1024)];

/// What it answers with FORMAT=JSON.
pub(super) const JSON: [Column; 1] = [Column::Text("EXPLAIN", 1024)];

/// The columns of SHOW WARNINGS and its kin.
fn shown(what: &str) -> &'static [Column] {
    const LIST: [Column; 3] =
        [Column::Text("Level", 7), Column::Number("Code"), Column::Text("Message", 512)];
    const WARNINGS: [Column; 1] = [Column::Count("@@session.warning_count")];
    const ERRORS: [Column; 1] = [Column::Count("@@session.error_count")];
    if let Some(asked) = views::asked(what) {
        return views::columns(asked);
    }
    match (what.starts_with("COUNT"), what.contains("ERRORS")) {
        (false, _) => &LIST,
        (true, false) => &WARNINGS,
        (true, true) => &ERRORS,
    }
}

/// Whether `SET TRANSACTION …` makes the next one READ ONLY, or READ WRITE.
pub(super) fn access(characteristics: &str) -> Option<bool> {
    characteristics.split(|c: char| !c.is_ascii_alphabetic()).find_map(|word| match word {
        word if word.eq_ignore_ascii_case("ONLY") => Some(true),
        word if word.eq_ignore_ascii_case("WRITE") => Some(false),
        _ => None,
    })
}

/// A statement without a word: servers take a comment for one, and a semicolon only at the very end.
pub(super) fn not_blank(text: &[u8], mode: Mode) -> Result<()> {
    let text = sql::trimmed(text);
    if text.is_empty() {
        return Err(Error { errno: 1065, ..Error::new(Code::Syntax, "Query was empty") });
    }
    let mut lexer = Lexer::new(text, mode);
    loop {
        match lexer.token().kind {
            Token::Semicolon => return Err(Error::refused("an empty statement", "leave the semicolon out")),
            Token::End | Token::Bad => return Ok(()),
            _ => {}
        }
    }
}

fn no_savepoint(name: &str) -> Error {
    let error = Error::new(Code::Internal, format!("SAVEPOINT {name} does not exist"));
    Error { errno: 1305, sqlstate: *b"42000", ..error }
}
