//! The rows of a file on their way: which ids they get, and which place each goes to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::load::Work;
use super::lookup::NewRow;
use super::query::no_job;
use crate::base::ids::NewIds;
use crate::base::{Code, Error, Result, Value};
use crate::exec::lines::{Field, Row};
use crate::exec::load::{Batch, Part};
use crate::idgen::Ids;
use crate::plan::gene;
use crate::plan::ir::{GivenId, Job, LoadRows};
use crate::plan::load::{self, asks_for_id};
use crate::plan::lookup::{Identity, Spot};
use crate::sharding::Gene;
use crate::sql::lex::Mode;
use crate::sql::splice;
use crate::topology::{IdRule, Layout, Table};

/// How long a batch waits for new ids.
const PATIENCE: Duration = Duration::from_secs(5);

/// Gives rows their ids, and puts each where it belongs.
pub(super) struct Spread<'a> {
    pub(super) rows: &'a LoadRows,
    pub(super) table: &'a Table,
    pub(super) charset: &'a str,
    /// The sharding key is a string.
    pub(super) by_text: bool,
    pub(super) zero_is_value: bool,
}

impl Spread<'_> {
    /// Where each row of a batch goes, and its new id; the new ids in the rows' order.
    async fn placed(&self, batch: &Batch, ids: &Ids) -> Result<(Vec<(usize, Option<u64>)>, Vec<u64>)> {
        let asking = each_row(batch, |row| self.asks(row))?;
        let new = self.new_ids(batch, &asking, ids).await?;
        let mut next = new.iter().copied();
        let mut placed = Vec::with_capacity(batch.rows.len());
        for (i, (row, asks)) in batch.rows.iter().zip(asking).enumerate() {
            let id = if asks { next.next() } else { None };
            placed.push((self.place(row, id).map_err(|error| at_row(&error, batch, i))?, id));
        }
        Ok((placed, new))
    }

    /// What each place gets of a batch; the new ids in the rows' order.
    pub(super) async fn parts<'w>(
        &self,
        batch: &Batch,
        work: &Work<'w>,
    ) -> Result<(Vec<Part<'w>>, Vec<u64>)> {
        let (placed, new) = self.placed(batch, work.ids).await?;
        let jobs = &work.bound.jobs;
        let mut places: Vec<(Vec<u8>, Vec<u64>)> = vec![Default::default(); jobs.len()];
        for (i, (row, (place, id))) in batch.rows.iter().zip(placed).enumerate() {
            let Some((file, numbers)) = places.get_mut(place) else { return Err(no_job()) };
            self.line(file, batch, row, id);
            numbers.push(batch.before + i as u64 + 1);
        }
        let filled: Vec<(Bytes, Arc<[u64]>)> =
            places.into_iter().map(|(file, rows)| (file.into(), rows.into())).collect();
        let empty = batch.rows.is_empty() && batch.before == 0;
        let part = |(i, job): (usize, &'w Job)| {
            let (file, rows) = filled.get(if work.bound.copies { 0 } else { i })?.clone();
            // A file without rows goes to one place, for what a server says to it.
            let wanted = !rows.is_empty() || (empty && (i == 0 || work.bound.copies));
            wanted.then_some(part_of(job, work, file, rows))
        };
        let mut parts: Vec<Part<'w>> = jobs.iter().enumerate().filter_map(part).collect();
        // What the last row leaves in user variables must be the last there.
        parts.sort_by_key(|part| part.rows.last().copied());
        Ok((parts, new))
    }

    /// The rows of a batch one by one; the new ids in their order.
    pub(super) async fn rows(
        &self,
        batch: &Batch,
        ids: &Ids,
        identity: &Identity,
    ) -> Result<(Vec<NewRow>, Vec<u64>)> {
        let (placed, new) = self.placed(batch, ids).await?;
        let mut rows = Vec::with_capacity(placed.len());
        for (i, (row, (at, id))) in batch.rows.iter().zip(placed).enumerate() {
            let mut text = Vec::new();
            self.line(&mut text, batch, row, id);
            let found = self.found(identity, row, id)?;
            rows.push(NewRow { at, number: batch.before + i as u64 + 1, text, found });
        }
        Ok((rows, new))
    }

    fn line(&self, file: &mut Vec<u8>, batch: &Batch, row: &Row, id: Option<u64>) {
        file.extend_from_slice(&self.rows.format.line_start);
        write_row(file, &batch.bytes, row, id, self.rows);
    }

    /// The condition that finds a row once it is in.
    fn found(&self, identity: &Identity, row: &Row, id: Option<u64>) -> Result<String> {
        let Identity::Cells(cells) = identity else { return Err(no_job()) };
        let key = usize::from(self.rows.key_is_id);
        let each = cells.iter().map(|(name, spot)| {
            let field = if *spot == Spot::Id { &row.found[1] } else { &row.found[key] };
            let value = match (id, field) {
                (Some(id), _) if *spot == Spot::Id || self.rows.key_is_id => id.to_string(),
                (_, Some(Field { value: Some(value), .. })) => literal(value, self.charset),
                _ => return Err(no_job()),
            };
            Ok(format!("{} <=> {value}", splice::quote(name)))
        });
        Ok(format!("({})", each.collect::<Result<Vec<_>>>()?.join(" AND ")))
    }

    /// New ids for the rows that ask for one, consecutive as far as their layout allows. Where none may be made now, it waits
    /// for the clock, the lease or the store.
    async fn new_ids(&self, batch: &Batch, asking: &[bool], ids: &Ids) -> Result<Vec<u64>> {
        let Some(rule) = &self.table.id else { return Ok(Vec::new()) };
        let count = asking.iter().filter(|asks| **asks).count();
        let slots = match rule.gene() {
            Some(gene) => self.slots(batch, asking, rule, gene)?,
            None => vec![0; count],
        };
        let made = ids_for(rule, slots, ids).await?;
        Ok(made.iter().flat_map(|(new, n)| (0..*n).filter_map(|i| new.number(i))).collect())
    }

    /// The slots of the rows that ask for an id; an id that another row brings along must carry its row's.
    fn slots(&self, batch: &Batch, asking: &[bool], rule: &IdRule, gene: Gene) -> Result<Vec<u32>> {
        let Layout::Sharded(sharded) = &self.table.layout else { return Ok(Vec::new()) };
        let slots = each_row(batch, |row| {
            let slot = sharded.rule.part_of(&self.key(row, None)?)?;
            if let Some(Field { value: Some(id), .. }) = &row.found[1]
                && !self.asks(row)?
            {
                gene::check(self.table, rule, gene, &Value::Str(id.clone()), slot)?;
            }
            Ok(slot)
        })?;
        Ok(slots.into_iter().zip(asking).filter_map(|(slot, asks)| asks.then_some(slot)).collect())
    }

    /// Whether a row asks for a new id.
    fn asks(&self, row: &Row) -> Result<bool> {
        let (GivenId::Field(place) | GivenId::Given(place)) = self.rows.id else {
            return Ok(self.rows.id == GivenId::Added);
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
            GivenId::Given(_) if asks => Err(Error::refused(
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
        load::place(self.table, self.rows.column.as_ref(), &self.key(row, id)?)
    }

    /// A row's sharding key.
    fn key(&self, row: &Row, id: Option<u64>) -> Result<Value> {
        let field = if self.rows.key_is_id { row.found[1].as_ref() } else { row.found[0].as_ref() };
        match (id.filter(|_| self.rows.key_is_id), field) {
            (Some(id), _) => Ok(i64::try_from(id).map_or(Value::UInt(id), Value::Int)),
            (None, Some(Field { value: Some(value), .. })) => {
                self.check_text(value)?;
                Ok(Value::Str(value.clone()))
            }
            (None, Some(_)) => Err(Error::new(Code::NullColumn, "the sharding key cannot be null")),
            (None, None) => {
                Err(Error::refused("it has no field for the sharding key", "give each line all fields"))
            }
        }
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
}

/// New ids for rows whose slots these are (0 where ids carry none), consecutive as far as their layout allows: blocks, and
/// how many are in each. Where none may be made now, it waits for the clock, the lease or the store.
pub(super) async fn ids_for(rule: &IdRule, mut slots: Vec<u32>, ids: &Ids) -> Result<Vec<(NewIds, usize)>> {
    let mut made = Vec::new();
    slots.reverse();
    while let Some(slot) = slots.pop() {
        let mut run = 1;
        while run < rule.block() && slots.last() == Some(&slot) {
            slots.pop();
            run += 1;
        }
        made.push((ids.reserve_patiently(rule.generator, run, slot, PATIENCE).await?, run));
    }
    Ok(made)
}

/// A file for a place.
pub(super) fn part_of<'w>(job: &'w Job, work: &Work<'w>, file: Bytes, rows: Arc<[u64]>) -> Part<'w> {
    let text = job.text.as_deref().unwrap_or(work.text);
    Part { source: job.source, schema: &job.schema, text, file, rows }
}

/// What a field holds, as a literal.
fn literal(value: &[u8], charset: &str) -> String {
    if !value.is_empty() && value.len() < 20 && value.iter().all(u8::is_ascii_digit) {
        return String::from_utf8_lossy(value).into_owned();
    }
    let mut out = format!("_{charset} ").into_bytes();
    splice::put_literal(&Value::Bytes(value.to_vec()), Mode::default(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
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

fn at_row(error: &Error, batch: &Batch, i: usize) -> Error {
    let row = batch.before + i as u64 + 1;
    Error { message: format!("{} (row {row} of the file)", error.message), ..error.clone() }
}

/// Asks something of each row; an error names the row.
fn each_row<T>(batch: &Batch, ask: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    let rows = batch.rows.iter().enumerate();
    rows.map(|(i, row)| ask(row).map_err(|error| at_row(&error, batch, i))).collect()
}
