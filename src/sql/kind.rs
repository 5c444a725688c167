//! The reader of a statement, picked by its first word.

use super::facts::{ExplainFormat, Kind as Statement_, Operand, SetItem, SetTarget, Show};
use super::lex::{Kind, Op};
use super::literal::{identifier, string};
use super::parse::{Parser, Read, error};
use crate::base::Value;

/// First words of statements that are for one server.
const OTHERS: [&str; 22] = [
    "XA",
    "HANDLER",
    "FLUSH",
    "RESET",
    "GRANT",
    "REVOKE",
    "PURGE",
    "CHANGE",
    "STOP",
    "INSTALL",
    "UNINSTALL",
    "BINLOG",
    "CACHE",
    "HELP",
    "GET",
    "SIGNAL",
    "RESIGNAL",
    "SHUTDOWN",
    "IMPORT",
    "CLONE",
    "RESTART",
    "BACKUP",
];

impl Parser<'_> {
    /// Reads a whole statement.
    pub(super) fn statement(&mut self) -> Read<Statement_> {
        if self.kind() == Kind::End {
            return Ok(Statement_::Empty);
        }
        if self.is_query(0) {
            return self.query().map(|query| Statement_::Select(Box::new(query)));
        }
        if self.kind() != Kind::Word {
            return Err(self.unexpected("a statement"));
        }
        let word = self.upper();
        match word.as_str() {
            "INSERT" | "REPLACE" => self.insert().map(|insert| Statement_::Insert(Box::new(insert))),
            "UPDATE" => self.update().map(|update| Statement_::Update(Box::new(update))),
            "DELETE" => self.delete().map(|delete| Statement_::Delete(Box::new(delete))),
            "SET" => self.set_statement(),
            "SHOW" => self.show().map(|show| Statement_::Show(Box::new(show))),
            "USE" => {
                self.step();
                Ok(Statement_::Use(self.any_name()?.text))
            }
            "DESCRIBE" | "DESC" | "EXPLAIN" => self.explain(),
            "BEGIN" | "START" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => self.transaction(&word),
            "KILL" => self.kill(),
            "SHARDGATE" => self.resume_ddl(),
            "LOCK" | "UNLOCK" if self.at(1, "TABLES") || self.at(1, "TABLE") => {
                self.skip_until(|_| false);
                Ok(if word == "LOCK" { Statement_::LockTables } else { Statement_::UnlockTables })
            }
            "PREPARE" => self.prepare(),
            "EXECUTE" => self.execute(),
            "DEALLOCATE" | "DROP" if self.at(1, "PREPARE") => {
                self.pos += 2;
                Ok(Statement_::Deallocate(self.any_name()?.text))
            }
            "DO" => {
                self.step();
                self.list(Self::expr)?;
                Ok(Statement_::Do)
            }
            "CALL" => {
                self.skip_until(|_| false);
                Ok(Statement_::Call)
            }
            "LOAD" => self.load().map(|load| Statement_::LoadData(Box::new(load))),
            "CREATE" | "ALTER" | "DROP" | "TRUNCATE" | "RENAME" | "ANALYZE" | "OPTIMIZE" | "CHECK"
            | "REPAIR" | "CHECKSUM" => self.ddl(&word),
            _ if OTHERS.contains(&word.as_str()) => {
                self.skip_all();
                Ok(Statement_::Other(word))
            }
            _ => Err(self.unexpected("a statement")),
        }
    }

    /// Takes everything up to the end.
    pub(super) fn skip_all(&mut self) {
        self.pos = self.tokens.len().saturating_sub(1);
    }

    fn transaction(&mut self, word: &str) -> Read<Statement_> {
        self.step();
        match word {
            "BEGIN" => {
                self.eat("WORK");
                Ok(Statement_::Begin { read_only: None, snapshot: false })
            }
            "START" => {
                self.expect("TRANSACTION")?;
                let (mut read_only, mut snapshot) = (None, false);
                if self.kind() == Kind::Word {
                    self.list(|p| {
                        if read_only.is_none() && p.eat_run(&["READ", "ONLY"]) {
                            read_only = Some(true);
                        } else if read_only.is_none() && p.eat_run(&["READ", "WRITE"]) {
                            read_only = Some(false);
                        } else if p.eat_run(&["WITH", "CONSISTENT", "SNAPSHOT"]) {
                            snapshot = true;
                        } else {
                            return Err(p.unexpected("READ ONLY, READ WRITE or WITH CONSISTENT SNAPSHOT"));
                        }
                        Ok(())
                    })?;
                }
                Ok(Statement_::Begin { read_only, snapshot })
            }
            "SAVEPOINT" => Ok(Statement_::Savepoint(self.any_name()?.text)),
            "RELEASE" => {
                self.expect("SAVEPOINT")?;
                Ok(Statement_::ReleaseSavepoint(self.any_name()?.text))
            }
            _ => {
                self.eat("WORK");
                if word == "ROLLBACK" && self.eat("TO") {
                    self.eat("SAVEPOINT");
                    return Ok(Statement_::RollbackTo(self.any_name()?.text));
                }
                let mut chain = false;
                if self.eat("AND") {
                    let no = self.eat("NO");
                    self.expect("CHAIN")?;
                    chain = !no;
                }
                let no = self.eat("NO");
                let release = if no { self.expect("RELEASE").map(|()| false)? } else { self.eat("RELEASE") };
                if chain && release {
                    return Err(self.unexpected("CHAIN or RELEASE, not both"));
                }
                Ok(if word == "COMMIT" {
                    Statement_::Commit { chain, release }
                } else {
                    Statement_::Rollback { chain, release }
                })
            }
        }
    }

    fn kill(&mut self) -> Read<Statement_> {
        self.step();
        self.eat_any(&["HARD", "SOFT"]);
        let query = self.eat("QUERY");
        if !query {
            self.eat("CONNECTION");
        }
        let at = self.tok(0).start;
        match self.expr()?.kind {
            super::facts::ExprKind::Operand(id) => Ok(Statement_::Kill { query, id }),
            _ => Err(error("KILL takes a connection's id", at)),
        }
    }

    fn resume_ddl(&mut self) -> Read<Statement_> {
        self.step();
        self.expect("DDL")?;
        let undo = self.eat("UNDO");
        if !undo {
            self.expect("CONTINUE")?;
        }
        let at = self.tok(0).start;
        match self.expr()?.kind {
            super::facts::ExprKind::Operand(id) => Ok(Statement_::ResumeDdl { undo, id }),
            _ => Err(error("a statement's number is wanted, as SHOW SHARDGATE DDL shows it", at)),
        }
    }

    fn prepare(&mut self) -> Read<Statement_> {
        self.step();
        let name = self.any_name()?.text;
        self.expect("FROM")?;
        let (mut text, mut variable) = (None, None);
        match self.kind() {
            Kind::Str => text = Some(Operand::Const(Value::Str(string(self.bytes(self.pos), self.mode)))),
            Kind::UserVar => variable = Some(self.user_variable(self.pos)),
            Kind::Param => text = Some(Operand::Param(self.tok(0).link as u16)),
            _ => return Err(self.unexpected("a string or a user variable")),
        }
        self.step();
        Ok(Statement_::Prepare { name, text, variable })
    }

    fn execute(&mut self) -> Read<Statement_> {
        self.step();
        let name = self.any_name()?.text;
        let mut using = Vec::new();
        if self.eat("USING") {
            using = self.list(|p| {
                if p.kind() != Kind::UserVar {
                    return Err(p.unexpected("a user variable"));
                }
                let variable = p.user_variable(p.pos);
                p.step();
                Ok(variable)
            })?;
        }
        Ok(Statement_::Execute { name, using })
    }

    fn explain(&mut self) -> Read<Statement_> {
        let is_describe = !self.is("EXPLAIN");
        self.step();
        let shardgate = self.eat("SHARDGATE");
        let (mut analyze, mut format) = (false, ExplainFormat::Tree);
        loop {
            analyze |= self.is("ANALYZE");
            if self.is("FORMAT") && self.tok(1).kind == Kind::Op(Op::Eq) {
                self.pos += 2;
                format = self.explain_format();
            } else if !self.eat_any(&["EXTENDED", "PARTITIONS", "ANALYZE"]) {
                break;
            }
        }
        let explained = self.is_query(0) || self.is_any(&["INSERT", "REPLACE", "UPDATE", "DELETE"]);
        if !explained && !shardgate {
            if self.is("FOR") || (is_describe && self.kind() == Kind::End) {
                self.skip_all();
                return Ok(Statement_::Other("EXPLAIN".into()));
            }
            let table = self.table()?;
            // A column or a pattern may follow.
            if matches!(self.kind(), Kind::Str | Kind::Word | Kind::Quoted) {
                self.step();
            }
            return Ok(Statement_::Describe(table));
        }
        let first = self.pos;
        let kind = self.nested(Self::statement)?;
        let inner = self.since(first);
        let statement = Box::new(self.statement_of(kind));
        Ok(Statement_::Explain { shardgate, analyze, format, inner, statement })
    }

    fn explain_format(&mut self) -> ExplainFormat {
        let written = self.bytes(self.pos);
        let name = match self.kind() {
            Kind::Str => String::from_utf8_lossy(&string(written, self.mode)).into_owned(),
            _ => identifier(written),
        };
        self.step();
        match name.to_ascii_uppercase().as_str() {
            "TREE" => ExplainFormat::Tree,
            "JSON" => ExplainFormat::Json,
            _ => ExplainFormat::Other(name),
        }
    }

    // ---- SHOW ---------------------------------------------------------------------------------------------------

    fn show(&mut self) -> Read<Show> {
        self.step();
        if self.is("SHARDGATE") {
            let what = self.rest_upper();
            self.skip_all();
            return Ok(Show { what, table: None, database: None, full: false, tail: None, limit: None });
        }
        let mut full = false;
        while self.is_any(&["FULL", "EXTENDED", "GLOBAL", "SESSION", "LOCAL"]) {
            full |= self.is("FULL");
            self.step();
        }
        if self.kind() == Kind::Word && self.is("COUNT") && self.tok(1).kind == Kind::Open {
            let what = self.rest_upper();
            self.skip_all();
            return Ok(Show { what, table: None, database: None, full, tail: None, limit: None });
        }
        let mut words: Vec<String> = Vec::new();
        while self.kind() == Kind::Word && !self.is_any(&["FROM", "IN", "LIKE", "WHERE", "FOR", "LIMIT"]) {
            let of_table = matches!(words.join(" ").as_str(), "CREATE TABLE" | "CREATE VIEW");
            let of_database = matches!(words.join(" ").as_str(), "CREATE DATABASE" | "CREATE SCHEMA");
            if of_table || of_database {
                break;
            }
            words.push(self.upper());
            self.step();
        }
        let what = words.join(" ");
        let mut show = Show { what, table: None, database: None, full, tail: None, limit: None };
        self.show_names(&mut show)?;
        if matches!(show.what.as_str(), "WARNINGS" | "ERRORS") {
            show.limit = self.limit()?;
        }
        if self.kind() != Kind::End {
            let first = self.pos;
            self.skip_all();
            show.tail = Some(self.span(first, self.pos.saturating_sub(1)));
        }
        Ok(show)
    }

    fn show_names(&mut self, show: &mut Show) -> Read<()> {
        match show.what.as_str() {
            "CREATE TABLE" | "CREATE VIEW" => {
                show.table = Some(self.table()?);
            }
            "CREATE DATABASE" | "CREATE SCHEMA" => {
                self.eat_run(&["IF", "NOT", "EXISTS"]);
                show.database = Some(self.any_name()?);
            }
            "COLUMNS" | "FIELDS" | "INDEX" | "INDEXES" | "KEYS" if self.eat_any(&["FROM", "IN"]) => {
                let mut table = self.bare_table()?;
                if self.eat_any(&["FROM", "IN"]) {
                    let database = self.any_name()?;
                    show.database = Some(database.clone());
                    // `FROM t FROM db`: two names at two places; the table's own place stays its name's.
                    table.schema = Some(database);
                }
                self.tables.push(table.clone());
                show.table = Some(table);
            }
            "TABLES" | "TABLE STATUS" | "OPEN TABLES" | "TRIGGERS" | "EVENTS"
                if self.eat_any(&["FROM", "IN"]) =>
            {
                show.database = Some(self.any_name()?);
            }
            _ => {}
        }
        Ok(())
    }

    /// The rest of the statement as upper-case words with one space between them.
    fn rest_upper(&self) -> String {
        let words: Vec<String> = (self.pos..self.tokens.len().saturating_sub(1))
            .map(|i| String::from_utf8_lossy(self.bytes(i)).to_ascii_uppercase())
            .collect();
        words.join(" ")
    }

    // ---- SET ----------------------------------------------------------------------------------------------------

    fn set_statement(&mut self) -> Read<Statement_> {
        self.step();
        let scoped = self.is_any(&["SESSION", "GLOBAL", "LOCAL"]);
        if self.at(usize::from(scoped), "TRANSACTION") {
            let scope = scoped.then(|| self.upper().replace("LOCAL", "SESSION"));
            self.pos += 1 + usize::from(scoped);
            let first = self.pos;
            self.list(Self::characteristic)?;
            let item = self.set_item(SetTarget::Transaction { scope }, first);
            return Ok(Statement_::Set(vec![item]));
        }
        let elsewhere = ["ROLE", "DEFAULT", "RESOURCE", "STATEMENT"];
        if self.is("PASSWORD") || self.is_any(&elsewhere) && self.tok(1).kind != Kind::Op(Op::Eq) {
            let first = self.pos;
            self.skip_all();
            let item = self.set_item(SetTarget::Other, first);
            return Ok(Statement_::Set(vec![item]));
        }
        let lists = self.list(Self::set_one)?;
        Ok(Statement_::Set(lists))
    }

    /// What SET TRANSACTION sets (manual, "SET TRANSACTION Statement").
    fn characteristic(&mut self) -> Read<()> {
        const CHARACTERISTICS: [&[&str]; 6] = [
            &["READ", "ONLY"],
            &["READ", "WRITE"],
            &["ISOLATION", "LEVEL", "READ", "COMMITTED"],
            &["ISOLATION", "LEVEL", "READ", "UNCOMMITTED"],
            &["ISOLATION", "LEVEL", "REPEATABLE", "READ"],
            &["ISOLATION", "LEVEL", "SERIALIZABLE"],
        ];
        if CHARACTERISTICS.iter().any(|words| self.eat_run(words)) {
            return Ok(());
        }
        Err(self.unexpected("ISOLATION LEVEL …, READ ONLY or READ WRITE"))
    }

    /// An item whose value is everything from token `first` to the cursor.
    fn set_item(&self, target: SetTarget, first: usize) -> SetItem {
        SetItem { target, span: self.since(first), value: None, subqueries: Vec::new() }
    }

    fn set_one(&mut self) -> Read<SetItem> {
        if self.is("NAMES") && self.tok(1).kind != Kind::Op(Op::Eq) {
            return self.set_charset(SetTarget::Names, 1);
        }
        if self.is_any(&["CHARSET"]) {
            return self.set_charset(SetTarget::CharacterSet, 1);
        }
        if self.is_any(&["CHARACTER", "CHAR"]) && self.at(1, "SET") {
            return self.set_charset(SetTarget::CharacterSet, 2);
        }
        let target = self.set_target()?;
        if !self.eat_kind(Kind::Op(Op::Eq)) && !self.eat_kind(Kind::Op(Op::Assign)) {
            return Err(self.unexpected("`=`"));
        }
        let first = self.pos;
        let bare = matches!(self.kind(), Kind::Word) && matches!(self.tok(1).kind, Kind::Comma | Kind::End);
        if bare {
            // ON, utf8mb4, DEFAULT: a word, not a column.
            let word = self.text_of(self.pos);
            self.step();
            let known =
                !["DEFAULT", "NULL", "TRUE", "FALSE", "BINARY"].iter().any(|k| word.eq_ignore_ascii_case(k));
            let value = known.then(|| Operand::Const(Value::Str(word.into_bytes())));
            return Ok(SetItem { value, ..self.set_item(target, first) });
        }
        let expr = self.expr()?;
        let value = match expr.kind {
            super::facts::ExprKind::Operand(operand) => Some(operand),
            _ => None,
        };
        Ok(SetItem { target, span: self.since(first), value, subqueries: expr.subqueries })
    }

    fn set_charset(&mut self, target: SetTarget, words: usize) -> Read<SetItem> {
        self.pos += words;
        let first = self.pos;
        self.skip_until(|p| p.kind() == Kind::Comma);
        if self.pos == first {
            return Err(self.unexpected("a character set"));
        }
        Ok(self.set_item(target, first))
    }

    fn set_target(&mut self) -> Read<SetTarget> {
        match self.kind() {
            Kind::UserVar => {
                let name = self.user_variable(self.pos);
                self.assigned.push(self.pos);
                self.step();
                Ok(SetTarget::User(name))
            }
            Kind::SysVar => {
                let name = self.system_variable(self.pos);
                self.assigned.push(self.pos);
                self.step();
                Ok(match name.split_once('.') {
                    Some(("global" | "persist" | "persist_only", name)) => SetTarget::Global(name.to_owned()),
                    Some(("session" | "local", name)) => SetTarget::Session(name.to_owned()),
                    _ => SetTarget::Session(name),
                })
            }
            _ => {
                let global = self.is_any(&["GLOBAL", "PERSIST", "PERSIST_ONLY"]);
                if global || self.is_any(&["SESSION", "LOCAL"]) {
                    self.step();
                }
                let mut name = self.any_name()?.text.to_lowercase();
                while self.eat_kind(Kind::Dot) {
                    name = format!("{name}.{}", self.any_name()?.text.to_lowercase());
                }
                Ok(if global { SetTarget::Global(name) } else { SetTarget::Session(name) })
            }
        }
    }
}
