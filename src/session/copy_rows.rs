//! The rows of a query on their way into a table: which ids they get, which place each goes to, and the texts that write
//! them there.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::copy_carried::Carried;
use super::load_rows::ids_for;
use super::lookup::{NewRow, Place, lost_sight};
use super::query::no_job;
use crate::base::{Code, Error, Result, Value};
use crate::exec::ship::{PLAIN, Writer};
use crate::idgen::Ids;
use crate::plan::ir::{Copy, GivenId, IdValue, Job};
use crate::plan::load::place;
use crate::plan::lookup::{Identity, Spot};
use crate::plan::{asks_for_id, gene, id_value, null_key};
use crate::sharding::{Gene, KeyType};
use crate::sql::lex::Mode;
use crate::sql::splice;
use crate::topology::{IdRule, Layout, Table};
use crate::wire::column::ColumnDef;
use crate::wire::row::{Format, Row};

/// Gives rows their ids, puts each where it belongs, and writes it down.
pub(super) struct Placing<'a> {
    pub(super) copy: &'a Copy,
    pub(super) table: &'a Table,
    pub(super) ids: &'a Ids,
    pub(super) columns: Vec<ColumnDef>,
    /// Of the columns that are inserted.
    pub(super) writers: Vec<Writer>,
    /// How the others go along, where there are any.
    pub(super) carried: Option<Carried>,
    pub(super) destinations: &'a [Place<'a>],
    /// Each destination gets all rows.
    pub(super) copies: bool,
    /// Rows are written in their order: those of another place end a statement.
    pub(super) in_order: bool,
    pub(super) zero_is_value: bool,
    pub(super) mode: Mode,
}

/// What one place gets of a batch.
pub(super) struct Part<'a> {
    pub(super) job: &'a Job,
    pub(super) text: Vec<u8>,
    /// Which rows of the query these are, counted from 1.
    pub(super) rows: Vec<u64>,
}

/// Rows of one statement, as they are written.
struct Body {
    /// The number of their destination.
    at: usize,
    text: Vec<u8>,
    /// Which rows of the query these are, counted from 1.
    rows: Vec<u64>,
}

/// What a batch comes to.
pub(super) struct Parts<'a> {
    pub(super) each: Vec<Part<'a>>,
    /// Or row by row, where that is asked for.
    pub(super) rows: Vec<NewRow>,
    /// The new ids that are numbers, in the rows' order.
    pub(super) made: Vec<u64>,
    /// The last id that a row brought along, where it is a number.
    pub(super) given: Option<u64>,
}

/// What is known of a row before it has its id.
struct Known {
    key: Option<Value>,
    id: Option<Value>,
    asks: bool,
}

impl<'a> Placing<'a> {
    /// The texts for a batch of rows, `before` of which have come before: row by row where what tells them from others is
    /// wanted. `next`: the id that new ones begin with, where that is said.
    pub(super) async fn parts(
        &self,
        rows: &[Bytes],
        before: u64,
        identity: Option<&Identity>,
        next: Option<u64>,
    ) -> Result<Parts<'a>> {
        let mut row = Row::empty(Format::Binary);
        let mut known = Vec::with_capacity(rows.len());
        for (i, payload) in rows.iter().enumerate() {
            self.load(&mut row, payload)?;
            known.push(self.known(&row).map_err(|error| at_row(&error, before, i))?);
        }
        let new = self.new_ids(&known, before, next).await?;
        let number = |value: &Value| match value {
            Value::Int(n) => u64::try_from(*n).ok(),
            Value::UInt(n) => Some(*n),
            _ => None,
        };
        let mut made = Vec::new();
        let mut bodies: Vec<Body> = Vec::new();
        let mut open: Vec<Option<usize>> = vec![None; self.destinations.len()];
        let mut next = new.into_iter();
        let mut single = Vec::new();
        for (i, (payload, known)) in rows.iter().zip(&known).enumerate() {
            self.load(&mut row, payload)?;
            let id = if known.asks { next.next() } else { None };
            made.extend(id.as_ref().and_then(number));
            let at = self.place(known, id.as_ref()).map_err(|error| at_row(&error, before, i))?;
            self.check(&row).map_err(|error| at_row(&error, before, i))?;
            if let Some(identity) = identity {
                let mut text = Vec::new();
                self.write(&mut text, &row, id.as_ref())?;
                let found = self.found(identity, &row, id.as_ref())?;
                single.push(NewRow { at, number: before + i as u64 + 1, text, found });
                continue;
            }
            let open = open.get_mut(at).ok_or_else(no_job)?;
            if open.is_none_or(|n| self.in_order && n + 1 < bodies.len()) {
                *open = Some(bodies.len());
                bodies.push(Body { at, text: Vec::new(), rows: Vec::new() });
            }
            let body = open.and_then(|n| bodies.get_mut(n)).ok_or_else(no_job)?;
            if !body.rows.is_empty() {
                body.text.push(b',');
            }
            self.write(&mut body.text, &row, id.as_ref())?;
            body.rows.push(before + i as u64 + 1);
        }
        if !self.in_order {
            bodies.sort_by_key(|body| body.at);
        }
        let given =
            known.iter().rev().find_map(|known| known.id.as_ref().filter(|_| !known.asks).and_then(number));
        let each = bodies.iter().flat_map(|body| self.parts_of(body)).collect();
        Ok(Parts { each, rows: single, made, given })
    }

    /// The statements for the places that rows go to.
    fn parts_of(&self, body: &Body) -> impl Iterator<Item = Part<'a>> {
        let to = if self.copies {
            self.destinations
        } else {
            self.destinations.get(body.at..=body.at).unwrap_or_default()
        };
        to.iter().map(|destination| Part {
            job: destination.job,
            text: match &self.carried {
                Some(carried) => carried.statement(&destination.head, &body.text, &destination.tail),
                None => statement(&destination.head, &body.text, body.rows.len(), &destination.tail),
            },
            rows: body.rows.clone(),
        })
    }

    fn load(&self, row: &mut Row, payload: &Bytes) -> Result<()> {
        if row.load(payload.clone(), &self.columns) { Ok(()) } else { Err(unreadable()) }
    }

    /// The minutes of the TIMESTAMP values that are stored as such.
    pub(super) fn minutes(&self, rows: &[Bytes]) -> Result<BTreeSet<String>> {
        let mut row = Row::empty(Format::Binary);
        let mut minutes = BTreeSet::new();
        for payload in rows {
            self.load(&mut row, payload)?;
            minutes.extend(self.writers.iter().enumerate().filter_map(|(i, w)| w.minute(row.cell(i))));
        }
        Ok(minutes)
    }

    fn check(&self, row: &Row) -> Result<()> {
        self.writers.iter().enumerate().try_for_each(|(i, writer)| writer.check(row.cell(i)))
    }

    fn known(&self, row: &Row) -> Result<Known> {
        let value = |at: usize| {
            let writer = self.writers.get(at).ok_or_else(unreadable)?;
            writer.value(row.cell(at)).ok_or_else(unreadable)
        };
        let key = match self.copy.key {
            Some(at) if !self.copy.key_is_id => Some(self.key(at, value(at)?)?),
            _ => None,
        };
        // Only a number may be 0 and ask for another.
        let zero_is_value =
            self.zero_is_value || self.copy.generates.is_some_and(|form| form != IdValue::Number);
        let (id, asks) = match self.copy.id {
            GivenId::None => (None, false),
            GivenId::Added => (None, true),
            GivenId::Field(at) | GivenId::Given(at) => {
                let id = value(at)?;
                let asks = asks_for_id(&id, zero_is_value);
                (Some(id), asks)
            }
        };
        if let (GivenId::Given(at), true) = (self.copy.id, asks) {
            let name = self.columns.get(at).map(|column| column.label().into_owned()).unwrap_or_default();
            return Err(Error::refused(
                format!("'{name}' asks for an id, and AUTO_INCREMENT would count on each server for itself"),
                "declare a generator in the table's configuration, or select the ids",
            ));
        }
        Ok(Known { key, id, asks })
    }

    /// A row's sharding key. A string is placed by its bytes in utf8mb4.
    fn key(&self, at: usize, value: Value) -> Result<Value> {
        let Layout::Sharded(sharded) = &self.table.layout else { return Ok(value) };
        let charset = self.writers.get(at).and_then(Writer::charset).unwrap_or("utf8mb4");
        match &value {
            Value::Null => Err(null_key(&sharded.key, self.copy.column.as_ref())),
            Value::Str(bytes) => {
                let utf8 = ["utf8mb4", "utf8mb3", "utf8"].contains(&charset);
                let same = utf8 || (bytes.is_ascii() && PLAIN.contains(&charset));
                if same || !matches!(sharded.rule.key(), KeyType::String(_)) {
                    return Ok(value);
                }
                Err(Error::refused(
                    format!(
                        "the sharding key has characters whose bytes in {charset} are not those in utf8mb4"
                    ),
                    format!("select CONVERT({} USING utf8mb4)", sharded.key),
                ))
            }
            _ => Ok(value),
        }
    }

    /// New ids for the rows that ask for one.
    async fn new_ids(&self, known: &[Known], before: u64, next: Option<u64>) -> Result<Vec<Value>> {
        let (Some(rule), Some(form)) = (&self.table.id, self.copy.generates) else { return Ok(Vec::new()) };
        let slots = match rule.gene() {
            Some(gene) => self.slots(known, rule, gene, before)?,
            None => known.iter().filter(|known| known.asks).map(|_| 0).collect(),
        };
        if let Some(next) = next {
            let given = |(id, slot)| {
                let id = Value::UInt(id);
                match rule.gene() {
                    Some(gene) => gene::check(self.table, rule, gene, &id, slot).map(|()| id),
                    None => Ok(id),
                }
            };
            return (next..).zip(slots).map(given).collect();
        }
        let made = ids_for(rule, slots, self.ids).await?;
        Ok(made.iter().flat_map(|(new, n)| (0..*n).filter_map(|i| id_value(new, i, form))).collect())
    }

    /// The slots of the rows that ask for an id; an id that another row brings along must carry its row's.
    fn slots(&self, known: &[Known], rule: &IdRule, gene: Gene, before: u64) -> Result<Vec<u32>> {
        let Layout::Sharded(sharded) = &self.table.layout else { return Ok(Vec::new()) };
        let mut slots = Vec::new();
        for (i, row) in known.iter().enumerate() {
            let slot = sharded.rule.part_of(row.key.as_ref().ok_or_else(no_job)?);
            let slot = slot.map_err(|error| at_row(&error, before, i))?;
            match &row.id {
                _ if row.asks => slots.push(slot),
                Some(id) => {
                    gene::check(self.table, rule, gene, id, slot).map_err(|e| at_row(&e, before, i))?;
                }
                None => {}
            }
        }
        Ok(slots)
    }

    /// The number of a row's destination.
    fn place(&self, known: &Known, id: Option<&Value>) -> Result<usize> {
        if self.copies {
            return Ok(0);
        }
        let key = if self.copy.key_is_id { id.or(known.id.as_ref()) } else { known.key.as_ref() };
        place(self.table, self.copy.column.as_ref(), key.ok_or_else(no_job)?)
    }

    /// A row as a list of literals; its new id stands where it asks for one, or last.
    fn write(&self, out: &mut Vec<u8>, row: &Row, id: Option<&Value>) -> Result<()> {
        let backslash = !self.mode.no_backslash_escapes;
        let at = match self.copy.id {
            GivenId::Field(at) => id.map(|_| at),
            _ => None,
        };
        out.extend_from_slice(self.carried.as_ref().map_or("(", Carried::opening).as_bytes());
        for (i, writer) in self.writers.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            match id.filter(|_| at == Some(i)) {
                Some(id) => splice::put_literal(id, self.mode, out),
                None => writer.put(out, row.cell(i), backslash).ok_or_else(unreadable)?,
            }
        }
        if let (None, Some(id)) = (at, id) {
            out.push(b',');
            splice::put_literal(id, self.mode, out);
        }
        if let Some(carried) = &self.carried {
            carried.put(out, row, backslash)?;
        }
        out.push(b')');
        Ok(())
    }
}

impl Placing<'_> {
    /// The condition that finds a row once it is in; its new id, where it has asked for one.
    fn found(&self, identity: &Identity, row: &Row, id: Option<&Value>) -> Result<String> {
        let Identity::Cells(cells) = identity else { return Err(no_job()) };
        let mut out = b"(".to_vec();
        for (n, (name, spot)) in cells.iter().enumerate() {
            let and = if n > 0 { " AND " } else { "" };
            out.extend_from_slice(format!("{and}{} <=> ", splice::quote(name)).as_bytes());
            let at = match (spot, self.copy.id) {
                (Spot::Column(at), _) => Some(*at),
                (_, GivenId::Field(at) | GivenId::Given(at)) => Some(at),
                _ => None,
            };
            match (id.filter(|_| *spot == Spot::Id), at) {
                (Some(id), _) => splice::put_literal(id, self.mode, &mut out),
                (None, Some(at)) => {
                    let writer = self.writers.get(at).ok_or_else(unreadable)?;
                    let backslash = !self.mode.no_backslash_escapes;
                    writer.put(&mut out, row.cell(at), backslash).ok_or_else(unreadable)?;
                }
                (None, None) => return Err(no_job()),
            }
        }
        out.push(b')');
        String::from_utf8(out).map_err(|_| lost_sight())
    }
}

/// The statement for a place. One row is selected, not given as VALUES: servers take a NULL for a column without one as an
/// error where one row is given, and as a warning, outside of strict mode, where there might be more.
pub(super) fn statement(head: &[u8], rows: &[u8], count: usize, tail: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(head.len() + rows.len() + tail.len() + 20);
    text.extend_from_slice(head);
    let one = rows.strip_prefix(b"(").and_then(|row| row.strip_suffix(b")")).filter(|_| count == 1);
    if let Some(row) = one {
        text.extend_from_slice(b" SELECT ");
        text.extend_from_slice(row);
        text.extend_from_slice(b" FROM DUAL");
    } else {
        text.extend_from_slice(b" VALUES ");
        text.extend_from_slice(rows);
    }
    text.extend_from_slice(tail);
    text
}

pub(super) fn unreadable() -> Error {
    Error::new(Code::Internal, "a row of the query cannot be read")
}

fn at_row(error: &Error, before: u64, i: usize) -> Error {
    if !error.is(Code::NotSupported) {
        return error.clone();
    }
    let row = before + i as u64 + 1;
    Error { message: format!("{} (row {row} of the query)", error.message), ..error.clone() }
}
