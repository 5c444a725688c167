//! UPDATE and DELETE whose rows a query finds first, wherever what it reads is: then each table's rows are changed by their
//! keys, through the same plans as a client's own statements, so that lookups, moves, copies, warnings and counts are those of
//! any other change.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::Session;
use super::copy_write::{DEPRECATED, state_of};
use super::input::Given;
use super::pick::{AT_ONCE, matched, tasks_of, with_warnings};
use super::query::{Text, no_job};
use super::sink::Collected;
use crate::backend::{Answer, Summary};
use crate::base::{Code, Error, Result, Value};
use crate::exec::info;
use crate::exec::send::Call;
use crate::exec::ship::Writer;
use crate::exec::write;
use crate::plan::Bound;
use crate::plan::found::{Answered, Found, New, Target};
use crate::plan::ir::{Act, KeyForm, Plan};
use crate::plan::pick;
use crate::sql::normalise::Normalised;
use crate::sql::splice;
use crate::wire::column::ColumnDef;
use crate::wire::row::{Format, Row};

/// Rows of a table in which the statement sets the same.
#[derive(Debug)]
struct Alike {
    /// ` SET …`; nothing where they are deleted.
    set: Vec<u8>,
    /// Their keys: `(1, 'a')`.
    keys: Vec<Vec<u8>>,
}

/// A column, what it is set to, and the place and form of that among what was found.
type Setting<'t> = (&'t String, &'t New, Option<(usize, Writer)>);

impl Session {
    /// Finds the rows, then changes them: in a scope that is open.
    pub(super) async fn change_found(&mut self, found: &Found, binary: bool) -> Result<Answer> {
        if self.vars.settings.get("sql_safe_updates") == Some("1") {
            return Err(Error::refused(
                "the rows are found by a query of its own, and sql_safe_updates would not see by which key",
                "SET sql_safe_updates = 0",
            ));
        }
        let read = self.rows_found(&found.question).await?;
        self.strictly(found, &read.warned.messages).await?;
        let rows: Vec<Row> = read
            .rows
            .iter()
            .map(|row| Row::parse(row.clone(), Format::Binary, &read.columns).ok_or_else(strange))
            .collect::<Result<_>>()?;
        // All is known before the first row changes.
        let changes = found.targets.iter().map(|target| self.changes(target, &read, &rows));
        let changes = changes.collect::<Result<Vec<_>>>()?;
        drop((rows, read.rows));
        let mut all = Vec::new();
        for (target, own) in found.targets.iter().zip(changes) {
            for alike in own {
                for keys in alike.keys.chunks(AT_ONCE) {
                    all.push(self.change_alike((found, target), &alike.set, keys, binary).await?);
                }
            }
            if let (true, false, Some(returning)) = (all.is_empty(), found.none, &found.returning) {
                all.push(self.returned_of_none(target, returning, binary).await?);
            }
        }
        let summaries: Vec<Summary> = all.iter().map(|answer| answer.ok.clone()).collect();
        let mut done = write::sum(&summaries);
        let says_nothing = found.none && self.shared.is_mariadb();
        if all.is_empty() && !says_nothing && found.targets.iter().any(|target| target.set.is_some()) {
            info::NO_ROW.clone_into(&mut done.info);
        }
        let asked =
            Summary { warnings: read.warned.told(), messages: read.warned.messages, ..Summary::default() };
        Ok(Answer {
            columns: all.first().map(|answer| answer.columns.clone()).unwrap_or_default(),
            rows: all.into_iter().flat_map(|answer| answer.rows).collect(),
            ok: with_warnings(done, &asked),
        })
    }

    async fn rows_found(&mut self, question: &[u8]) -> Result<Collected> {
        let shape = Normalised::verbatim(question);
        let plan = self.planned_by_definitions(&shape).await?;
        let read = match &plan.act {
            Act::Read(read) if !plan.pins => read,
            Act::Refused(error) => return Err(error.clone()),
            _ => return Err(no_job()),
        };
        let given = Given::Text { text: question, literals: &[], mode: self.vars.mode };
        let text = Text { original: question, shape: &shape, given: &given, more: false };
        Box::pin(self.collected(&plan, read, &text)).await
    }

    /// What the search has to warn of is an error in strict mode, where rows change (manual, "Server SQL Modes").
    async fn strictly(&mut self, found: &Found, warned: &[[String; 3]]) -> Result<()> {
        let serious =
            |[level, code, _]: &&[String; 3]| level == "Warning" && !DEPRECATED.contains(&code.as_str());
        let Some([_, code, message]) = warned.iter().find(serious).filter(|_| !found.ignore) else {
            return Ok(());
        };
        let mode = self.rows_found(b"SELECT @@sql_mode").await?;
        let is_strict = |row: &Bytes| row.windows(7).any(|word| word == b"STRICT_");
        if !mode.rows.iter().any(is_strict) {
            return Ok(());
        }
        let errno = code.parse().unwrap_or_default();
        Err(Error::backend(errno, state_of(errno), message.clone()))
    }

    /// The rows of one table, each once: the first of what was found with it decides (the manual leaves that open), and
    /// where an outer join has found none there is none. Those that are to be alike come together.
    fn changes(&self, target: &Target, read: &Collected, rows: &[Row]) -> Result<Vec<Alike>> {
        let client = self.vars.settings.get("character_set_client").unwrap_or("utf8mb4").trim_matches('\'');
        let writer = |new: &New| match new {
            New::Text(_) => Ok(None),
            New::Read(Answered { at, stored, exact }) => {
                let column = |at: usize| read.columns.get(at).ok_or_else(strange);
                let at = exact.filter(|_| column(*at).is_ok_and(ColumnDef::is_decimal)).unwrap_or(*at);
                let charset = |id| self.shared.charset(id);
                Writer::new(column(at)?, *stored, charset, client).map(|writer| Some((at, writer)))
            }
        };
        let set = target.set.iter().flatten();
        let set: Vec<Setting<'_>> =
            set.map(|(name, new)| Ok((name, new, writer(new)?))).collect::<Result<_>>()?;
        let (mut known, mut places) = (HashSet::new(), HashMap::new());
        let mut out: Vec<Alike> = Vec::new();
        for row in rows {
            let Some(key) = self.key_of(target, row)? else { continue };
            if !known.insert(key.clone()) {
                continue;
            }
            let set = self.set_in(&set, row)?;
            let alike = places.get(&set).and_then(|at: &usize| out.get_mut(*at));
            if let Some(alike) = alike.filter(|_| !target.one_by_one) {
                alike.keys.push(key);
                continue;
            }
            places.insert(set.clone(), out.len());
            out.push(Alike { set, keys: vec![key] });
        }
        Ok(out)
    }

    /// ` SET …` for a row.
    fn set_in(&self, set: &[Setting<'_>], row: &Row) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        for (n, (column, new, writer)) in set.iter().enumerate() {
            out.extend_from_slice(if n == 0 { b" SET " } else { b", " });
            out.extend_from_slice(column.as_bytes());
            out.extend_from_slice(b" = ");
            match (new, writer) {
                (New::Text(text), _) => out.extend_from_slice(text),
                (New::Read(_), Some((at, writer))) => {
                    let cell = row.cell(*at);
                    writer.check(cell)?;
                    writer.put(&mut out, cell, !self.vars.mode.no_backslash_escapes).ok_or_else(strange)?;
                }
                (New::Read(_), None) => return Err(strange()),
            }
        }
        Ok(out)
    }

    /// `(1, 'a')`
    fn key_of(&self, target: &Target, row: &Row) -> Result<Option<Vec<u8>>> {
        let mut out = b"(".to_vec();
        for (n, (_, form, at)) in target.keys.iter().enumerate() {
            let Some(cell) = row.cell(*at) else { return Ok(None) };
            out.extend_from_slice(if n == 0 { b"" } else { b", " });
            let literal = pick::literal(form, cell)?;
            match literal.strip_prefix("_utf8mb4 x'").filter(|_| matches!(form, KeyForm::Characters(_))) {
                // Rows are placed by values that can be read in the text.
                Some(_) => {
                    out.extend_from_slice(b"_utf8mb4");
                    splice::put_literal(&Value::Str(bytes_of(cell)), self.vars.mode, &mut out);
                }
                None => out.extend_from_slice(literal.as_bytes()),
            }
        }
        out.push(b')');
        Ok(Some(out))
    }

    /// Changes rows of one table in which the statement sets the same.
    async fn change_alike(
        &mut self,
        (found, target): (&Found, &Target),
        set: &[u8],
        keys: &[Vec<u8>],
        binary: bool,
    ) -> Result<Answer> {
        let sql = statement(found, target, set, keys);
        let shape = Normalised::verbatim(&sql);
        let plan = self.planned_by_definitions(&shape).await?;
        if let Act::Refused(error) = &plan.act {
            return Err(error.clone());
        }
        let given = Given::Text { text: &sql, literals: &[], mode: self.vars.mode };
        let text = Text { original: &sql, shape: &shape, given: &given, more: false };
        let bound = self.bind(&plan, &text)?;
        if found.returning.is_some() {
            return self.returned_as(&plan, &bound, &text, binary).await;
        }
        let done = Box::pin(self.write_in_parts(&plan, &bound, &text)).await?;
        if target.set.is_some() && !found.ignore && matched(&done) != keys.len() as u64 {
            return Err(Error::new(
                Code::Internal,
                format!("{} of {} rows that were found were changed", matched(&done), keys.len()),
            ));
        }
        Ok(Answer { ok: done, ..Answer::default() })
    }

    async fn returned_as(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        binary: bool,
    ) -> Result<Answer> {
        let mut tasks = tasks_of(&bound.jobs, text)?;
        for task in tasks.iter_mut().filter(|_| binary) {
            let sql = match &task.call {
                Call::Text(text) => Bytes::copy_from_slice(text),
                Call::Owned(text) => Bytes::copy_from_slice(text),
                _ => continue,
            };
            task.call = Call::ExecuteWith(sql, Vec::new());
        }
        self.returned(plan, bound, &tasks).await
    }

    /// What RETURNING answers of no row. Of a DELETE that cannot find any a server says nothing but OK.
    async fn returned_of_none(&mut self, target: &Target, returning: &[u8], binary: bool) -> Result<Answer> {
        let list = returning.get(b"RETURNING".len()..).unwrap_or_default();
        let list = list.trim_ascii_end().strip_suffix(b";").unwrap_or(list);
        let sql = [b"SELECT", list, b" FROM ", &target.named, b" WHERE FALSE"].concat();
        let shape = Normalised::verbatim(&sql);
        let plan = self.planned_by_definitions(&shape).await?;
        let given = Given::Text { text: &sql, literals: &[], mode: self.vars.mode };
        let text = Text { original: &sql, shape: &shape, given: &given, more: false };
        let bound = self.bind(&plan, &text)?;
        self.returned_as(&plan, &bound, &text, binary).await
    }
}

/// The statement for the rows with these keys.
fn statement(found: &Found, target: &Target, set: &[u8], keys: &[Vec<u8>]) -> Vec<u8> {
    let word = if target.set.is_some() { "UPDATE " } else { "DELETE " };
    let ignore = if found.ignore { "IGNORE " } else { "" };
    let from = if target.set.is_some() { "" } else { "FROM " };
    let mut sql = [word, ignore, from].concat().into_bytes();
    sql.extend_from_slice(&target.named);
    sql.extend_from_slice(set);
    let names: Vec<&str> = target.keys.iter().map(|(name, ..)| name.as_str()).collect();
    sql.extend_from_slice(format!(" WHERE ({}) IN (", names.join(", ")).as_bytes());
    sql.extend_from_slice(&keys.join(&b", "[..]));
    sql.push(b')');
    if let Some(returning) = &found.returning {
        sql.push(b' ');
        sql.extend_from_slice(returning);
    }
    sql
}

/// What hexadecimal digits say.
fn bytes_of(digits: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or_default() as u8;
    digits.chunks(2).map(|pair| pair.iter().fold(0, |all, byte| all << 4 | digit(*byte))).collect()
}

fn strange() -> Error {
    Error::new(Code::Internal, "a server answered other columns than it was asked for")
}
