//! SET. Session variables are set on a server at once, so that a wrong one fails as it does there; what the server
//! made of the value is read back and tracked. User variables are evaluated by a server and kept here.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use super::Session;
use super::control::access;
use super::input::Known;
use super::track;
use super::vars::USER_VARIABLES;
use crate::backend::{Answer, Settings};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result, Value};
use crate::config::TransactionMode;
use crate::exec::warned::Warned;
use crate::exec::{Connections, single};
use crate::plan::ir::SessionValue;
use crate::plan::{self, SessionValues};
use crate::sql::facts::{SetItem, SetTarget, Statement};
use crate::sql::splice;
use crate::txn::Held;
use crate::wire::column::ColumnDef;
use crate::wire::kind;

/// Variables that the proxy itself answers for.
const INSERT_IDS: [&str; 2] = ["last_insert_id", "identity"];
/// How far apart the ids of one statement lie.
const STEPS: [&str; 2] = ["auto_increment_increment", "auto_increment_offset"];

/// The mode of the session's transactions: atomic or single.
pub(super) const TRANSACTION_MODE: &str = "shardgate_transaction_mode";

impl Session {
    /// Carries a SET out.
    pub(super) async fn set(&mut self, text: &str, statement: &Statement, items: &[SetItem]) -> Result<u16> {
        let mut warnings = 0;
        let mut users = Vec::new();
        let mut others: Vec<&SetItem> = Vec::new();
        let mut told: Vec<(&str, u64)> = Vec::new();
        for item in items {
            match &item.target {
                SetTarget::User(name) => {
                    users.push((name.clone(), self.evaluate(text, statement, item).await?));
                }
                SetTarget::Session(name) if INSERT_IDS.contains(&name.as_str()) => {
                    let value = self.evaluate(text, statement, item).await?;
                    self.last.insert_id = unsigned(&value).ok_or_else(|| wrong_type(name))?;
                    told.push((name, self.last.insert_id));
                }
                SetTarget::Session(name) if name == "insert_id" => {
                    let value = self.evaluate(text, statement, item).await?;
                    let id = unsigned(&value).ok_or_else(|| wrong_type(name))?;
                    self.insert_id = Some(id);
                    told.push((name, id));
                }
                SetTarget::Session(name) if name == TRANSACTION_MODE => {
                    let value = self.evaluate(text, statement, item).await?;
                    self.set_transaction_mode(&value)?;
                }
                SetTarget::Session(name) if STEPS.contains(&name.as_str()) => {
                    let value = self.evaluate(text, statement, item).await?;
                    if unsigned(&value) != Some(1) {
                        return Err(Error::refused(
                            format!("new ids of a statement follow one another, and {name} is 1"),
                            "leave it at 1",
                        ));
                    }
                }
                SetTarget::Global(_) => {
                    return Err(Error::refused(
                        "SET GLOBAL would change one server of many",
                        "set it on each server",
                    ));
                }
                SetTarget::Other => {
                    return Err(Error::refused("this SET is for one server", "run it on each server"));
                }
                SetTarget::Transaction { scope: Some(scope) } if scope.eq_ignore_ascii_case("global") => {
                    return Err(Error::refused(
                        "SET GLOBAL would change one server of many",
                        "set it on each server",
                    ));
                }
                SetTarget::Transaction { scope: None } => {
                    self.next_transaction(item.span.of(text))?;
                }
                _ => others.push(item),
            }
        }
        if !others.is_empty() {
            warnings = self.set_session(text, statement, &others).await?;
        }
        for (name, value) in users {
            if self.vars.user.len() >= USER_VARIABLES && !self.vars.user.contains_key(&name) {
                return Err(Error::new(
                    Code::Memory,
                    format!("a session may have {USER_VARIABLES} user variables"),
                ));
            }
            self.vars.user.insert(name, value);
        }
        for (name, id) in told {
            if let Some(name) = self.tracker.name_of(name) {
                self.tracker.variable(name, id.to_string());
            }
        }
        self.track_changes(items);
        Ok(warnings)
    }

    /// Notes whether a SET has changed the session's state: characteristics of the next transaction are none of it, and
    /// MySQL begins anew where it is told to track it.
    fn track_changes(&mut self, items: &[SetItem]) {
        for item in items {
            match &item.target {
                SetTarget::Transaction { scope: None } => {}
                SetTarget::Session(name) if name == track::STATE && !self.shared.is_mariadb() => {
                    self.tracker.changed(false);
                }
                _ => self.tracker.changed(true),
            }
        }
    }

    fn set_transaction_mode(&mut self, given: &Value) -> Result<()> {
        // ER_WRONG_VALUE_FOR_VAR, ER_CANT_CHANGE_TX_CHARACTERISTICS
        let wrong = |(errno, sqlstate), why: &str| {
            let error = Error::new(Code::WrongArguments, format!("{TRANSACTION_MODE} cannot be set: {why}"));
            Error { errno, sqlstate, ..error }
        };
        let (value, progress) = ((1231, *b"42000"), (1568, *b"25001"));
        let name = match given {
            Value::Str(name) => String::from_utf8_lossy(name),
            _ => "".into(),
        };
        let mode = TransactionMode::named(&name).ok_or_else(|| wrong(value, "it is 'atomic' or 'single'"))?;
        if self.held.in_transaction() {
            return Err(wrong(progress, "end the transaction first"));
        }
        if mode == TransactionMode::Atomic && !self.shared.coordinator.spans() {
            let why = "[transaction] mode is \"single\" for all users, so that nobody would recover its transactions";
            return Err(wrong(value, why));
        }
        self.held.set_single(mode == TransactionMode::Single);
        Ok(())
    }

    fn next_transaction(&mut self, text: &str) -> Result<()> {
        if self.held.in_transaction() {
            let message = "Transaction characteristics can't be changed while a transaction is in progress";
            let error = Error::new(Code::ReadOnly, message);
            return Err(Error { errno: 1568, sqlstate: *b"25001", ..error });
        }
        self.vars.next_transaction = Some(format!("SET TRANSACTION {}", text.trim()));
        Ok(())
    }

    /// The value of an assignment, by a server where it is more than a literal.
    async fn evaluate(&mut self, text: &str, statement: &Statement, item: &SetItem) -> Result<Value> {
        if let Some(crate::sql::facts::Operand::Const(value)) = &item.value {
            return Ok(value.clone());
        }
        let sql = format!("SELECT {}", self.substituted(text, statement, item));
        let answer = self.ask(&sql).await?;
        let (Some(column), Some(row)) = (answer.columns.first(), answer.rows.first()) else {
            return Ok(Value::Null);
        };
        Ok(row.first().and_then(Option::as_ref).map_or(Value::Null, |cell| value_of(column, cell)))
    }

    /// The text of an assignment's value with what only the session knows put in.
    fn substituted(&self, text: &str, statement: &Statement, item: &SetItem) -> String {
        let mut edits: Vec<(usize, usize, String)> = Vec::new();
        let within = |start: u32, end: u32| start >= item.span.start && end <= item.span.end;
        for name in statement.user_variables.iter().filter(|n| within(n.span.start, n.span.end)) {
            let value = self.vars.user.get(&name.text).unwrap_or(&Value::Null);
            edits.push((
                name.span.start as usize,
                name.span.end as usize,
                splice::literal(value, self.vars.mode),
            ));
        }
        for call in statement.functions.iter().filter(|f| within(f.span.start, f.span.end)) {
            let known = match plan::session_value(statement, call) {
                Some(SessionValue::User | SessionValue::CurrentUser) | None => None,
                Some(what) => Known(self).get(&what).ok(),
            };
            if let Some(value) = known {
                edits.push((
                    call.span.start as usize,
                    call.span.end as usize,
                    splice::literal(&value, self.vars.mode),
                ));
            }
        }
        edits.sort_unstable();
        let (mut out, mut at) = (String::new(), item.span.start as usize);
        for (start, end, literal) in
            edits.into_iter().filter(|(start, ..)| *start >= item.span.start as usize)
        {
            if start >= at {
                out.push_str(text.get(at..start).unwrap_or(""));
                out.push_str(&literal);
                at = end;
            }
        }
        out.push_str(text.get(at..item.span.end as usize).unwrap_or(""));
        out
    }

    async fn set_session(&mut self, text: &str, statement: &Statement, items: &[&SetItem]) -> Result<u16> {
        const CHARSETS: [&str; 3] =
            ["character_set_client", "character_set_connection", "character_set_results"];
        let (mut names, mut told): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        let mut sql = String::from("SET ");
        for item in items {
            if sql.len() > 4 {
                sql.push(',');
            }
            let value = self.substituted(text, statement, item);
            let _ = match &item.target {
                SetTarget::Names => {
                    names.extend(["character_set_client", "character_set_results", "collation_connection"]);
                    told.extend(CHARSETS);
                    write!(sql, "NAMES {value}")
                }
                SetTarget::CharacterSet => {
                    names.extend(["character_set_client", "character_set_results", "collation_connection"]);
                    told.extend(CHARSETS);
                    write!(sql, "CHARACTER SET {value}")
                }
                SetTarget::Transaction { .. } => {
                    let (isolation, read_only) = self.transaction_variables();
                    names.extend([isolation, read_only]);
                    told.extend(access(&value).map(|_| read_only));
                    told.extend(value.to_ascii_uppercase().contains("ISOLATION").then_some(isolation));
                    write!(sql, "SESSION TRANSACTION {value}")
                }
                SetTarget::Session(name) => {
                    let tracked =
                        if name == "character_set_connection" { "collation_connection" } else { name };
                    names.push(tracked);
                    told.push(name);
                    write!(sql, "SESSION {name}={value}")
                }
                _ => Ok(()),
            };
        }
        names.sort_unstable();
        names.dedup();
        let was_autocommit = self.vars.autocommit;
        let now = self.set_and_read(&sql, &names, &told).await?;
        check_charset(&now.settings)?;
        self.tracker.check(&now.settings)?;
        self.vars.adopt(now.settings);
        self.tracker.adopt(&self.vars.settings);
        for variable in told {
            let Some(name) = self.tracker.name_of(variable) else { continue };
            let shown = now.shown.get(variable).cloned();
            if let Some(value) = shown.or_else(|| track::known_value(variable, &self.vars.settings)) {
                self.tracker.variable(name, value);
            }
        }
        if self.vars.autocommit && !was_autocommit {
            self.held.commit().await?;
        }
        Ok(now.warnings)
    }

    fn transaction_variables(&self) -> (&'static str, &'static str) {
        if self.shared.is_mariadb() {
            ("tx_isolation", "tx_read_only")
        } else {
            ("transaction_isolation", "transaction_read_only")
        }
    }

    /// Runs the SET on a server and reads the variables back, as SQL literals among the session's settings. An open
    /// transaction's connections are not used: there `autocommit = 1` would commit one of them.
    async fn set_and_read(&mut self, sql: &str, names: &[&str], told: &[&str]) -> Result<Now> {
        let question = self.show_told(told);
        let (anchor, count) = (self.anchor(), self.shared.topology().sources.len());
        let mut aside = Held::new(Arc::clone(&self.shared.coordinator), true);
        let held = if self.held.in_transaction() { &mut aside } else { &mut self.held };
        let mut using = held.using(&self.pools, self.flavor, &self.vars.settings);
        let (source, mut lease) = using.take_any(anchor, count).await?;
        lease.queue_state(None, &self.vars.settings);
        let read = format!(
            "SELECT {}",
            names.iter().map(|n| format!("@@session.{n}")).collect::<Vec<_>>().join(",")
        );
        let set = lease.query(sql, 0).await;
        let mut warnings = 0;
        let answer = match set {
            Ok(set) => {
                warnings = set.ok.warnings;
                if warnings > 0 {
                    let messages = single::warnings(&mut lease).await;
                    self.last.warned = Warned::some(messages, warnings);
                }
                lease.query(&read, 1).await
            }
            Err(error) => Err(error),
        };
        let shown = match question.filter(|_| answer.is_ok()) {
            Some(sql) => lease.query(&sql, told.len()).await,
            None => Ok(Answer::default()),
        };
        let read = answer.map(|answer| {
            let literals = names.iter().enumerate().map(|(i, name)| (*name, literal_of(&answer, i)));
            let settings =
                literals.fold(self.vars.settings.clone(), |all, (name, literal)| all.with(name, &literal));
            (settings, answer.ok.status)
        });
        match read.and_then(|read| Ok((read, shown?))) {
            Ok(((settings, status), shown)) => {
                lease.assume(&settings);
                using.put(source, lease, Some(status));
                let cell = |row, column| shown.text(row, column);
                let shown = (0..shown.rows.len()).filter_map(|row| Some((cell(row, 0)?, cell(row, 1)?)));
                Ok(Now { settings, warnings, shown: shown.collect() })
            }
            Err(error) => {
                using.put(source, lease, None);
                Err(error)
            }
        }
    }

    /// The question how a server shows the variables that the client is to be told of; `None` where there is no need.
    fn show_told(&self, told: &[&str]) -> Option<String> {
        let tracked = |name: &str| name == track::VARIABLES || self.tracker.name_of(name).is_some();
        let asked: Vec<String> = told
            .iter()
            .filter(|name| self.tracker.is_on() && tracked(name) && !track::is_known(name))
            .map(|name| format!("'{name}'"))
            .collect();
        let list = || format!("SHOW SESSION VARIABLES WHERE Variable_name IN ({})", asked.join(","));
        (!asked.is_empty()).then(list)
    }

    /// The source to ask where any would do.
    pub(super) fn anchor(&self) -> SourceId {
        let home = self.database.as_ref().and_then(|name| self.shared.topology().database(name));
        let first = home.and_then(|database| database.shards.first()).map(|node| node.source);
        self.held.home().or(first).unwrap_or(SourceId(0))
    }
}

/// What a SET has come to.
struct Now {
    settings: Settings,
    warnings: u16,
    /// Variables as SHOW VARIABLES shows them, where the client is told of them.
    shown: HashMap<String, String>,
}

/// Character sets whose characters may end in a byte that is ASCII: a statement in them cannot be read byte by byte.
const UNREADABLE: [&str; 5] = ["'big5'", "'cp932'", "'gb18030'", "'gbk'", "'sjis'"];

/// Refuses a client's character set that statements cannot be read in.
pub(super) fn check_charset(settings: &Settings) -> Result<()> {
    match settings.get("character_set_client").filter(|charset| UNREADABLE.contains(charset)) {
        Some(charset) => Err(Error::refused(
            format!("in the character set {charset} a quote may be a part of a character"),
            "use utf8mb4",
        )),
        None => Ok(()),
    }
}

fn literal_of(answer: &Answer, column: usize) -> String {
    let cell = answer.rows.first().and_then(|row| row.get(column)).and_then(Option::as_ref);
    match (cell, answer.columns.get(column)) {
        (Some(cell), Some(definition)) => {
            let text = String::from_utf8_lossy(cell);
            let number = matches!(
                definition.kind,
                kind::TINY
                    | kind::SHORT
                    | kind::LONG
                    | kind::INT24
                    | kind::LONGLONG
                    | kind::DOUBLE
                    | kind::FLOAT
                    | kind::NEWDECIMAL
            );
            if number { text.into_owned() } else { format!("'{}'", text.replace('\'', "''")) }
        }
        _ => "NULL".to_owned(),
    }
}

/// A text cell as a value of its column's type.
pub(super) fn value_of(column: &ColumnDef, cell: &[u8]) -> Value {
    let text = String::from_utf8_lossy(cell);
    let parsed = match column.kind {
        kind::TINY | kind::SHORT | kind::LONG | kind::INT24 | kind::LONGLONG | kind::YEAR => {
            text.parse().map(Value::Int).ok().or_else(|| text.parse().map(Value::UInt).ok())
        }
        kind::NEWDECIMAL | kind::DECIMAL => Some(Value::Decimal(text.to_string())),
        kind::DOUBLE | kind::FLOAT => text.parse().map(Value::Double).ok(),
        _ => None,
    };
    const BINARY: u16 = 63;
    let temporal =
        matches!(column.kind, kind::DATE | kind::DATETIME | kind::TIMESTAMP | kind::TIME | kind::NEWDATE);
    parsed.unwrap_or_else(|| {
        if column.charset == BINARY && !temporal {
            Value::Bytes(cell.to_vec())
        } else {
            Value::Str(cell.to_vec())
        }
    })
}

fn unsigned(value: &Value) -> Option<u64> {
    match value {
        Value::Int(n) => u64::try_from(*n).ok(),
        Value::UInt(n) => Some(*n),
        _ => None,
    }
}

fn wrong_type(name: &str) -> Error {
    let error = Error::new(Code::WrongArguments, format!("Incorrect argument type to variable '{name}'"));
    Error { errno: 1232, sqlstate: *b"42000", ..error }
}
