//! LOAD DATA LOCAL: the client's file into one place as it is, or row by row into several, with new ids.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Session;
use super::ids::last_on;
use super::query::{Text, no_job};
use crate::backend::conn::Summary;
use crate::backend::{Lease, Role};
use crate::base::ids::NewIds;
use crate::base::{Code, Error, Fate, Result, Value};
use crate::exec::lines::{Cutter, Field, Row};
use crate::exec::load::{self, Batch, Gather, Part, Upload};
use crate::exec::send::{Call, Preset, State, send};
use crate::exec::single::{self, Around};
use crate::exec::{Connections, info, write};
use crate::idgen::Ids;
use crate::plan::Bound;
use crate::plan::ir::{Job, Load, LoadId, LoadRows, Plan};
use crate::plan::load::asks_for_id;
use crate::sharding::KeyType;
use crate::topology::{IdRule, Layout, Node, Table};
use crate::wire::capability;

/// How long a batch waits for new ids.
const PATIENCE: Duration = Duration::from_secs(5);

/// Character sets in which no byte of a longer character looks like ASCII, so that rows can be cut without knowing more.
const PLAIN: [&str; 28] = [
    "utf8mb4", "utf8mb3", "utf8", "ascii", "binary", "latin1", "latin2", "latin5", "latin7", "cp1250",
    "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "armscii8", "dec8", "geostd8", "greek",
    "hebrew", "hp8", "keybcs2", "koi8r", "koi8u", "macce", "macroman", "tis620",
];

impl Session {
    /// Carries a LOAD DATA LOCAL out.
    pub(super) async fn load(
        &mut self,
        plan: &Plan,
        load: &Load,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<()> {
        if self.info.capabilities & capability::LOCAL_FILES == 0 {
            return Err(self.disabled());
        }
        self.held.writes();
        let done = match &load.rows {
            None => self.load_whole(load, bound, text).await,
            Some(rows) => self.load_rows(plan, load, rows, bound, text).await,
        };
        let mut summary = match done {
            Ok(summary) => summary,
            Err(error) => {
                self.after_error(error.errno).await;
                return Err(error);
            }
        };
        // Its OK packet has no insert id (golden cases of real servers), unlike an INSERT's.
        summary.last_insert_id = 0;
        self.last.row_count = summary.affected as i64;
        self.last.warnings = std::mem::take(&mut summary.messages);
        self.ok(&summary, text.more);
        Ok(())
    }

    /// What servers say to a client that cannot send files.
    fn disabled(&self) -> Error {
        let (errno, sqlstate, text) = if self.shared.is_mariadb() {
            (
                4166,
                *b"HY000",
                "The used command is not allowed because the MariaDB server or client has disabled the local \
                 infile capability",
            )
        } else {
            (
                3948,
                *b"42000",
                "Loading local data is disabled; this must be enabled on both the client and server sides",
            )
        };
        Error { errno, sqlstate, ..Error::new(Code::NotSupported, text) }
    }

    /// The whole file to the table's only place.
    async fn load_whole(&mut self, load: &Load, bound: &Bound, text: &Text<'_>) -> Result<Summary> {
        let job = bound.jobs.first().ok_or_else(no_job)?;
        let deadline = self.shared.deadline();
        let settings = &self.vars.settings;
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let mut using = self.held.using(&self.pools, self.flavor, settings);
        let mut lease = using.take(job.source, Role::Primary).await?;
        // The connection is of many sessions: afterwards its last id is this statement's, or none.
        let ids = Preset { last_insert_id: load.counts.then_some(0), insert_id: None };
        let state = State { schema: &job.schema, settings, writes: true, ids };
        let call = Call::Text(job.text.as_deref().unwrap_or(text.original));
        let mut done = match send(&mut lease, state, &call).await {
            Ok(()) => load::pass(&mut lease, &mut self.client, &load.file, around).await,
            Err(error) => Err(error),
        };
        let mut made = None;
        if let Ok(summary) = &mut done {
            if summary.warnings > 0 {
                summary.messages = single::warnings(&mut lease).await;
            }
            if load.counts {
                made = last_on(&mut lease).await.filter(|id| *id != 0);
            }
        }
        using.put(job.source, lease, done.as_ref().ok().map(|summary| summary.status));
        self.last.insert_id = made.unwrap_or(self.last.insert_id);
        done
    }

    /// The file's rows each to where they belong: all of them, or none.
    async fn load_rows(
        &mut self,
        plan: &Plan,
        load: &Load,
        rows: &LoadRows,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        let charset = self.file_charset(rows, bound).await?;
        let table = plan.tables.get(load.table).map(|used| Arc::clone(&used.table)).ok_or_else(no_job)?;
        let (gather, mut spread) = self.reading(rows, &table, &charset)?;
        let deadline = self.shared.deadline();
        let own = self.vars.autocommit && !self.held.in_transaction();
        let Self { client, held, pools, vars, flavor, ticket, shared, .. } = self;
        let around = Around { pools, interrupt: ticket.interrupt(), deadline };
        let mut upload = Upload::open(client, &load.file, around).await?;
        let mut begun = false;
        let work = Work { bound, text: text.original, ids: &shared.ids };
        let done: Result<Total> = async {
            let mut total = Total::default();
            let mut gather = gather;
            gather.collect(&mut upload, around).await?;
            loop {
                let batch = gather.take();
                let last = gather.is_done();
                let (parts, made) = spread.parts(&batch, &work).await?;
                let alone = last && parts.len() == 1;
                if !begun && !alone {
                    begun = true;
                    if own {
                        held.begin("BEGIN", None, false);
                        held.writes();
                    } else {
                        held.statement_begins().await?;
                    }
                }
                let mut using = held.using(pools, *flavor, &vars.settings);
                // The next batch is read while this one is written.
                let stop = async {
                    match gather.collect(&mut upload, around).await {
                        Ok(()) => around.halted().await,
                        Err(error) => error,
                    }
                };
                let ahead = bound.copies || rows.replace;
                let answers = load::run(&parts, &vars.settings, &mut using, ahead, stop, around).await?;
                total.add(answers, bound.copies);
                if let Some((first, last)) = made.filter(|_| total.first_id.is_none()) {
                    total.first_id = if total.skipped == 0 {
                        Some(first)
                    } else {
                        spread.lowest(first, last, &parts, &mut using).await?
                    };
                }
                if last {
                    return Ok(total);
                }
                gather.collect(&mut upload, around).await?;
            }
        }
        .await;
        match done {
            Ok(total) => {
                if begun && own {
                    held.commit().await?;
                }
                self.last.insert_id = total.first_id.unwrap_or(self.last.insert_id);
                Ok(total.summary)
            }
            Err(error) => {
                match (begun, own) {
                    (true, true) => held.rollback().await,
                    (true, false) => held.statement_failed().await,
                    (false, _) => {}
                }
                if error.fate == Fate::Keep {
                    upload.drain(around).await?;
                }
                Err(error)
            }
        }
    }

    /// Which character set servers take the file for.
    async fn file_charset(&mut self, rows: &LoadRows, bound: &Bound) -> Result<String> {
        let charset = if let Some(charset) = &rows.charset {
            charset.clone()
        } else {
            let job = bound.jobs.first().ok_or_else(no_job)?;
            let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
            let mut lease = using.take(job.source, Role::Primary).await?;
            lease.queue_state(Some(&job.schema), &self.vars.settings);
            let answer = lease.query("SELECT @@character_set_database", 1).await;
            using.put(job.source, lease, answer.as_ref().ok().map(|answer| answer.ok.status));
            answer?.text(0, 0).unwrap_or_default()
        };
        let charset = charset.to_ascii_lowercase();
        if PLAIN.contains(&charset.as_str()) {
            return Ok(charset);
        }
        Err(Error::refused(
            format!("rows of a file in {charset} cannot be told from each other here"),
            "convert the file, and write CHARACTER SET utf8mb4",
        ))
    }

    fn reading<'a>(
        &self,
        rows: &'a LoadRows,
        table: &'a Arc<Table>,
        charset: &'a str,
    ) -> Result<(Gather, Spread<'a>)> {
        let id = match rows.id {
            LoadId::Field(field) | LoadId::Given(field) => Some(field),
            LoadId::None | LoadId::Added => None,
        };
        let cutter = Cutter::new(&rows.format, rows.fields, [rows.key, id]).ok_or_else(|| {
            Error::refused(
                "the rows of such a file cannot be told from each other here",
                "end fields and lines with ASCII characters, and not both with the same",
            )
        })?;
        let by_text = match &table.layout {
            Layout::Sharded(sharded) => matches!(sharded.rule.key(), KeyType::String(_)),
            _ => false,
        };
        let spread = Spread { rows, table, charset, by_text, zero_is_value: self.vars.zero_is_value };
        Ok((Gather::new(cutter, rows.skip, self.shared.limits.max_packet), spread))
    }
}

/// What all batches of a statement need.
struct Work<'a> {
    bound: &'a Bound,
    /// The client's own text.
    text: &'a [u8],
    ids: &'a Ids,
}

/// What all batches came to.
#[derive(Default)]
struct Total {
    summary: Summary,
    /// Rows that were not stored.
    skipped: u64,
    /// The first new id that was stored.
    first_id: Option<u64>,
}

impl Total {
    fn add(&mut self, mut answers: Vec<Summary>, copies: bool) {
        if copies {
            answers.truncate(1);
        }
        answers.insert(0, std::mem::take(&mut self.summary));
        self.summary = write::sum(&answers);
        // `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`
        self.skipped = info::numbers(&self.summary.info).get(2).copied().unwrap_or(0);
    }
}

/// Gives rows their ids, and puts each where it belongs.
struct Spread<'a> {
    rows: &'a LoadRows,
    table: &'a Table,
    charset: &'a str,
    /// The sharding key is a string.
    by_text: bool,
    zero_is_value: bool,
}

impl Spread<'_> {
    /// What each place gets of a batch; the first and the last of the new ids, if some were made.
    async fn parts<'w>(
        &mut self,
        batch: &Batch,
        work: &Work<'w>,
    ) -> Result<(Vec<Part<'w>>, Option<(u64, u64)>)> {
        let asking: Vec<bool> = batch
            .rows
            .iter()
            .enumerate()
            .map(|(i, row)| self.asks(row).map_err(|error| at_row(&error, batch, i)))
            .collect::<Result<_>>()?;
        let count = asking.iter().filter(|asks| **asks).count();
        let new = match &self.table.id {
            Some(rule) if count > 0 => new_ids(work.ids, rule, count).await?,
            _ => Vec::new(),
        };
        let jobs = &work.bound.jobs;
        let mut places: Vec<(Vec<u8>, Vec<u64>)> = vec![Default::default(); jobs.len()];
        let mut next = new.iter().copied();
        for (i, (row, asks)) in batch.rows.iter().zip(asking).enumerate() {
            let id = if asks { next.next() } else { None };
            let place = self.place(row, id).map_err(|error| at_row(&error, batch, i))?;
            let Some((file, numbers)) = places.get_mut(place) else { return Err(no_job()) };
            self.rows.format.line_start.iter().for_each(|byte| file.push(*byte));
            write_row(file, &batch.bytes, row, id, self.rows);
            numbers.push(batch.before + i as u64 + 1);
        }
        let filled: Vec<(Bytes, Arc<[u64]>)> =
            places.into_iter().map(|(file, rows)| (file.into(), rows.into())).collect();
        let empty = batch.rows.is_empty() && batch.before == 0;
        let part = |(i, job): (usize, &'w Job)| {
            let (file, rows) = filled.get(if work.bound.copies { 0 } else { i })?.clone();
            // A file without rows goes to one place, for what a server says to it.
            let wanted = !rows.is_empty() || (empty && (i == 0 || work.bound.copies));
            let text = job.text.as_deref().unwrap_or(work.text);
            wanted.then_some(Part { source: job.source, schema: &job.schema, text, file, rows })
        };
        let parts = jobs.iter().enumerate().filter_map(part).collect();
        Ok((parts, new.first().copied().zip(new.last().copied())))
    }

    /// Whether a row asks for a new id.
    fn asks(&self, row: &Row) -> Result<bool> {
        let (LoadId::Field(place) | LoadId::Given(place)) = self.rows.id else {
            return Ok(self.rows.id == LoadId::Added);
        };
        let Some(field) = row.found[1].as_ref() else {
            return Err(Error::refused(
                format!("it has no field {} for the id", place + 1),
                "give each line all fields, \\N where an id is to be made",
            ));
        };
        let asks = asks_for_id(field.value.as_deref(), self.zero_is_value).ok_or_else(|| {
            let value = String::from_utf8_lossy(field.value.as_deref().unwrap_or_default()).into_owned();
            Error::refused(
                format!("'{value}' as an id would be converted by the server"),
                "give a whole number, or \\N where an id is to be made",
            )
        })?;
        match self.rows.id {
            LoadId::Given(_) if asks => Err(Error::refused(
                "it asks for an id, and AUTO_INCREMENT would count on each server for itself",
                "declare a generator in the table's configuration, or give the ids",
            )),
            _ => Ok(asks),
        }
    }

    /// The number of a row's place.
    fn place(&self, row: &Row, id: Option<u64>) -> Result<usize> {
        if !matches!(self.table.layout, Layout::Sharded(_)) {
            return Ok(0);
        }
        let field = if self.rows.key_is_id { row.found[1].as_ref() } else { row.found[0].as_ref() };
        let key = match (id.filter(|_| self.rows.key_is_id), field) {
            (Some(id), _) => i64::try_from(id).map_or(Value::UInt(id), Value::Int),
            (None, Some(Field { value: Some(value), .. })) => {
                self.check_text(value)?;
                Value::Str(value.clone())
            }
            (None, Some(_)) => {
                return Err(Error::new(Code::NullColumn, "the sharding key cannot be null"));
            }
            (None, None) => {
                return Err(Error::refused(
                    "it has no field for the sharding key",
                    "give each line all fields",
                ));
            }
        };
        self.rows.place(self.table, &key)
    }

    /// A string key is placed by its bytes in utf8mb4.
    fn check_text(&self, value: &[u8]) -> Result<()> {
        let same = match self.charset {
            _ if !self.by_text || value.is_ascii() => true,
            charset if charset.starts_with("utf8mb4") => true,
            charset if charset.starts_with("utf8") => value.iter().all(|byte| *byte < 0xF0),
            _ => false,
        };
        if same {
            return Ok(());
        }
        Err(Error::refused(
            format!(
                "its sharding key has characters whose bytes in {} are not those in utf8mb4",
                self.charset
            ),
            "convert the file, and write CHARACTER SET utf8mb4",
        ))
    }

    /// The lowest of new ids that was stored: rows before it were skipped.
    async fn lowest(
        &self,
        first: u64,
        last: u64,
        parts: &[Part<'_>],
        connections: &mut impl Connections,
    ) -> Result<Option<u64>> {
        let Some(rule) = &self.table.id else { return Ok(None) };
        let nodes: &[Node] = match &self.table.layout {
            Layout::Sharded(sharded) => &sharded.nodes,
            Layout::Reference(nodes) => nodes.get(..1).unwrap_or_default(),
            Layout::Single(node) => std::slice::from_ref(node),
        };
        let quote = |name: &str| format!("`{}`", name.replace('`', "``"));
        let mut lowest = None;
        for node in nodes {
            let here = |part: &&Part<'_>| part.source == node.source && *part.schema == node.schema;
            if parts.iter().find(here).is_none() {
                continue;
            }
            let (id, schema) = (quote(&rule.column), quote(&node.schema));
            let table = quote(node.table.as_deref().unwrap_or(&self.table.name));
            let sql = format!("SELECT MIN({id}) FROM {schema}.{table} WHERE {id} BETWEEN {first} AND {last}");
            let mut lease: Lease = connections.take(node.source, Role::Primary).await?;
            let answer = lease.query(&sql, 1).await;
            connections.put(node.source, lease, answer.as_ref().ok().map(|answer| answer.ok.status));
            let found: Option<u64> = answer?.text(0, 0).and_then(|id| id.parse().ok());
            lowest = lowest.into_iter().chain(found).min();
        }
        Ok(lowest)
    }
}

/// A row as a place gets it, with its new id.
fn write_row(file: &mut Vec<u8>, bytes: &[u8], row: &Row, id: Option<u64>, rows: &LoadRows) {
    let piece = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
    match (id, &row.found[1]) {
        (Some(id), Some(field)) => {
            file.extend_from_slice(piece(row.start, field.start));
            file.extend_from_slice(id.to_string().as_bytes());
            file.extend_from_slice(piece(field.end, row.end));
        }
        (Some(id), None) => {
            file.extend_from_slice(id.to_string().as_bytes());
            file.extend_from_slice(&rows.format.field_end);
            file.extend_from_slice(piece(row.start, row.end));
        }
        (None, _) => file.extend_from_slice(piece(row.start, row.end)),
    }
}

/// New ids, consecutive as far as their layout allows. Where none may be made now, it waits for the clock, the lease or
/// the store.
async fn new_ids(ids: &Ids, rule: &IdRule, count: usize) -> Result<Vec<u64>> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let wanted = rule.block().min(count - all.len());
        let new = ids.reserve_patiently(rule.generator, wanted, 0, PATIENCE).await?;
        if let NewIds::Uuids(_) = new {
            return Err(Error::refused("UUIDs cannot be put into a file", "insert the rows with INSERT"));
        }
        all.extend((0..wanted).filter_map(|i| new.number(i)));
    }
    Ok(all)
}

fn at_row(error: &Error, batch: &Batch, i: usize) -> Error {
    let row = batch.before + i as u64 + 1;
    Error { message: format!("{} (row {row} of the file)", error.message), ..error.clone() }
}
