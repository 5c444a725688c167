//! LOAD DATA LOCAL: the client's file into one place as it is, or row by row into several, with new ids.

use std::sync::Arc;

use super::Session;
use super::ids::{first_stored, last_on};
use super::load_rows::{Spread, part_of};
use super::lookup::{Arriving, NewRow, Writes, by_place, keeping};
use super::query::{Text, no_job};
use super::scope::Hand;
use super::vars::USER_VARIABLES;
use crate::backend::{Flavor, Lease, Pools, Role, Settings, Summary};
use crate::base::{Code, Error, Fate, Result, Value};
use crate::exec::lines::Cutter;
use crate::exec::load::{self, Batch, Gather, Part, Upload};
use crate::exec::send::{Call, Preset, State, send};
use crate::exec::ship::PLAIN;
use crate::exec::single::{self, Around};
use crate::exec::warned::Warned;
use crate::exec::{Connections, info, write};
use crate::idgen::Ids;
use crate::merge::Budget;
use crate::plan::Bound;
use crate::plan::ir::{GivenId, Job, Load, LoadRows, Plan};
use crate::plan::lookup::{self, Images};
use crate::sharding::KeyType;
use crate::topology::{Layout, Table};
use crate::txn::Held;
use crate::wire::capability;

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
        self.warn(Warned::some(std::mem::take(&mut summary.messages), summary.warnings));
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
        let deadline = self.deadline();
        let settings = &self.vars.settings;
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let mut using = self.held.using(&self.pools, self.flavor, settings);
        let mut lease = using.take(job.source, Role::Primary).await?;
        // The connection is of many sessions: afterwards its last id is this statement's, or none.
        let ids = Preset { last_insert_id: load.counts.then_some(0), ..Preset::default() };
        let state = State { schema: &job.schema, settings, writes: true, ids };
        let call = Call::Text(job.text.as_deref().unwrap_or(text.original));
        let mut done = match send(&mut lease, state, &call, around).await {
            Ok(()) => load::pass(&mut lease, &mut self.client, &load.file, around).await,
            Err(error) => Err(error),
        };
        let (mut made, mut values) = (None, Vec::new());
        if let Ok(summary) = &mut done {
            if summary.warnings > 0 {
                summary.messages = single::warnings(&mut lease).await;
            }
            if load.counts {
                made = last_on(&mut lease).await.filter(|id| *id != 0);
            }
            // Without a row they are still what another session left.
            if info::numbers(&summary.info).first().is_some_and(|records| *records > 0) {
                values = variables_on(&mut lease, &load.variables).await;
            }
        }
        using.put(job.source, lease, done.as_ref().ok().map(|summary| summary.status));
        self.last.insert_id = made.unwrap_or(self.last.insert_id);
        self.remember(&load.variables, values);
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
        let (gather, spread) = self.reading(rows, &table, &charset)?;
        let own = self.vars.autocommit && !self.held.in_transaction();
        let deadline = self.deadline();
        let Self { client, held, pools, vars, flavor, ticket, shared, .. } = self;
        let around = Around { pools, interrupt: ticket.interrupt(), deadline };
        let arriving = match plan.images.as_deref() {
            Some(images @ Images { rows: lookup::Rows::Arriving(how), .. }) => Some(Arriving {
                keeping: keeping(plan, images, shared)?,
                how,
                ready: &shared.indexes,
                mode: vars.mode,
            }),
            _ => None,
        };
        let mut upload = Upload::open(client, &load.file, around).await?;
        let work = Work {
            arriving,
            budget: shared.limits.merge,
            bound,
            text: text.original,
            ids: &shared.ids,
            ahead: bound.copies || rows.replace,
            variables: &load.variables,
        };
        let mut unit = Unit { held, pools, flavor: *flavor, settings: &vars.settings, own, begun: false };
        match all_rows(&mut unit, gather, &spread, &mut upload, &work, around).await {
            Ok(total) => {
                unit.keep().await?;
                if let Some(first) = total.first_id {
                    self.last.inserted(first);
                }
                self.remember(&load.variables, total.values);
                Ok(total.summary)
            }
            Err(error) => {
                unit.undo().await;
                if error.fate == Fate::Keep {
                    upload.drain(around).await?;
                }
                Err(error)
            }
        }
    }

    /// The user variables that the last row was read into.
    fn remember(&mut self, names: &[String], values: Vec<Value>) {
        for (name, value) in names.iter().zip(values) {
            if self.vars.user.len() < USER_VARIABLES || self.vars.user.contains_key(name) {
                self.vars.user.insert(name.clone(), value);
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
            GivenId::Field(field) | GivenId::Given(field) => Some(field),
            GivenId::None | GivenId::Added => None,
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

/// What makes one statement of many: a transaction of its own, or a point of the client's to come back to.
struct Unit<'s> {
    held: &'s mut Held,
    pools: &'s Pools,
    flavor: Flavor,
    settings: &'s Settings,
    /// The client has no transaction open.
    own: bool,
    begun: bool,
}

impl Unit<'_> {
    async fn begin(&mut self) -> Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        if !self.own {
            return self.held.statement_begins().await;
        }
        self.held.begin("BEGIN", None, false, self.settings);
        self.held.writes();
        Ok(())
    }

    async fn keep(self) -> Result<()> {
        if self.begun && self.own { self.held.commit().await } else { Ok(()) }
    }

    async fn undo(self) {
        match (self.begun, self.own) {
            (true, true) => self.held.rollback().await,
            (true, false) => self.held.statement_failed().await,
            (false, _) => {}
        }
    }
}

/// Reads, places and writes one batch after another; the next is read while one is written.
async fn all_rows(
    unit: &mut Unit<'_>,
    mut gather: Gather,
    spread: &Spread<'_>,
    upload: &mut Upload<'_>,
    work: &Work<'_>,
    around: Around<'_>,
) -> Result<Total> {
    let mut total = Total::default();
    loop {
        gather.collect(upload, around).await?;
        let batch = gather.take();
        let last = gather.is_done();
        if let Some(arriving) = work.arriving.filter(|_| !batch.rows.is_empty()) {
            unit.begin().await?;
            taken_in(unit, &arriving, spread, &batch, work, around, &mut total).await?;
            if last {
                return Ok(total);
            }
            continue;
        }
        let (parts, made) = spread.parts(&batch, work).await?;
        // A single statement is whole by itself; its variables are asked for on its own connection.
        if !(last && parts.len() == 1 && work.variables.is_empty()) {
            unit.begin().await?;
        }
        let mut using = unit.held.using(unit.pools, unit.flavor, unit.settings);
        let stop = async {
            match gather.collect(upload, around).await {
                Ok(()) => around.halted().await,
                Err(error) => error,
            }
        };
        let answers = load::run(&parts, unit.settings, &mut using, work.ahead, stop, around).await?;
        total.add(answers, work.bound.copies);
        if total.first_id.is_none() && !made.is_empty() {
            total.first_id = match total.skipped {
                0 => made.first().copied(),
                _ => first_stored(spread.table, written(&parts, work.bound), &made, &mut using).await?,
            };
        }
        if let Some(part) = parts.last().filter(|_| !batch.rows.is_empty() && !work.variables.is_empty()) {
            let mut lease = using.take(part.source, Role::Primary).await?;
            total.values = variables_on(&mut lease, work.variables).await;
            using.put(part.source, lease, Some(total.summary.status));
        }
        if last {
            return Ok(total);
        }
    }
}

/// Has a batch of rows taken in by an indexed table.
async fn taken_in(
    unit: &mut Unit<'_>,
    arriving: &Arriving<'_>,
    spread: &Spread<'_>,
    batch: &Batch,
    work: &Work<'_>,
    around: Around<'_>,
    total: &mut Total,
) -> Result<()> {
    let (rows, made) = spread.rows(batch, work.ids, &arriving.how.identity).await?;
    let Unit { held, pools, flavor, settings, .. } = unit;
    let mut hand = Hand {
        held,
        pools,
        flavor: *flavor,
        settings,
        client: None,
        around,
        budget: work.budget,
        last_insert_id: None,
    };
    let answers = arriving.take_in(&mut hand, &mut Files(work), &rows).await?;
    total.add(answers, false);
    let mut using = hand.held.using(hand.pools, hand.flavor, hand.settings);
    if total.first_id.is_none() && !made.is_empty() {
        let nodes = by_place(&rows).into_keys();
        total.first_id = match total.skipped {
            0 => made.first().copied(),
            _ => first_stored(spread.table, nodes, &made, &mut using).await?,
        };
    }
    let last = rows.last().and_then(|row| work.bound.jobs.get(row.at));
    if let Some(job) = last.filter(|_| !work.variables.is_empty()) {
        let mut lease = using.take(job.source, Role::Primary).await?;
        total.values = variables_on(&mut lease, work.variables).await;
        using.put(job.source, lease, Some(total.summary.status));
    }
    Ok(())
}

/// Writes rows as files.
struct Files<'a, 'w>(&'a Work<'w>);

impl Writes for Files<'_, '_> {
    async fn write(&mut self, hand: &mut Hand<'_>, rows: &[NewRow]) -> Result<Vec<Summary>> {
        let mut parts = Vec::new();
        for (at, rows) in by_place(rows) {
            let job = self.0.bound.jobs.get(at).ok_or_else(no_job)?;
            let file: Vec<u8> = rows.iter().flat_map(|row| &row.text).copied().collect();
            let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
            parts.push(part_of(job, self.0, file.into(), numbers.into()));
        }
        let around = hand.around;
        let mut using = hand.held.using(hand.pools, hand.flavor, hand.settings);
        load::run(&parts, hand.settings, &mut using, self.0.ahead, around.halted(), around).await
    }

    fn replacing(&self, _: &NewRow) -> Result<Vec<u8>> {
        Err(no_job())
    }

    fn updating(&self, _: usize, _: Vec<u8>) -> Result<Vec<u8>> {
        Err(no_job())
    }

    fn ids(&self) -> Preset {
        Preset::default()
    }

    fn queried(&self) -> bool {
        false
    }
}

/// The numbers of the nodes that have got rows.
fn written<'w>(parts: &[Part<'_>], bound: &'w Bound) -> impl Iterator<Item = usize> + 'w {
    let here = |job: &&Job| parts.iter().any(|p| p.source == job.source && *p.schema == job.schema);
    let nodes: Vec<usize> = bound.jobs.iter().filter(here).map(|job| usize::from(job.node.0)).collect();
    nodes.into_iter().take(if bound.copies { 1 } else { usize::MAX })
}

/// What all batches of a statement need.
pub(super) struct Work<'a> {
    pub(super) bound: &'a Bound,
    /// The client's own text.
    pub(super) text: &'a [u8],
    pub(super) ids: &'a Ids,
    /// The first source is written before the others: see `exec::write::Pace`.
    ahead: bool,
    /// See [`Load::variables`].
    variables: &'a [String],
    /// The table has unique indexes over all shards.
    arriving: Option<Arriving<'a>>,
    /// What may be read of rows at once.
    budget: Budget,
}

/// What all batches came to.
#[derive(Default)]
struct Total {
    summary: Summary,
    /// Rows that were not stored.
    skipped: u64,
    /// The first new id that was stored.
    first_id: Option<u64>,
    /// What user variables hold.
    values: Vec<Value>,
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

/// What user variables hold on a connection.
async fn variables_on(lease: &mut Lease, names: &[String]) -> Vec<Value> {
    if names.is_empty() {
        return Vec::new();
    }
    let list: Vec<String> = names.iter().map(|name| format!("@`{}`", name.replace('`', "``"))).collect();
    match lease.query(&format!("SELECT {}", list.join(", ")), 1).await {
        Ok(answer) => {
            let cells = answer.rows.into_iter().next().unwrap_or_default();
            cells
                .into_iter()
                .map(|cell| cell.map_or(Value::Null, |bytes| Value::Str(bytes.to_vec())))
                .collect()
        }
        Err(_) => Vec::new(),
    }
}
