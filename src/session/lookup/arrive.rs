//! New rows of an indexed table, in the statement's order. Rows that go in together as if nothing were in their way are
//! the same as if they had gone in one by one; where something is, they are taken out again and tried in halves, until
//! one row is left: what becomes of that is decided over all shards.

use std::collections::BTreeMap;

use super::super::moves::value;
use super::super::query::no_job;
use super::super::scope::Hand;
use super::keep::{DUPLICATE, Keeping, Own, lost_sight, tasks};
use super::prepare::Ready;
use crate::backend::Summary;
use crate::base::{Code, Error, Result};
use crate::exec::info;
use crate::exec::send::{Call, Preset};
use crate::exec::write::{self, Pace, Task};
use crate::plan::load;
use crate::plan::lookup::{self, ALL, Conflict, Entering, FOR_UPDATE, Row};
use crate::sql::lex::Mode;
use crate::sql::splice;

/// Back to here what has met others is undone.
const POINT: &str = "shardgate_row";

/// How often a statement looks again at a row that somebody else has come in the way of meanwhile.
const RACES: u32 = 10;

/// A row on its way in.
pub(in crate::session) struct NewRow {
    /// The number of its node.
    pub(in crate::session) at: usize,
    /// Which of the statement's rows it is, counted from 1.
    pub(in crate::session) number: u64,
    /// As it is written.
    pub(in crate::session) text: Vec<u8>,
    /// The condition that finds it once it is in.
    pub(in crate::session) found: String,
}

/// Rows by their nodes.
pub(in crate::session) fn by_place(rows: &[NewRow]) -> BTreeMap<usize, Vec<&NewRow>> {
    let mut places: BTreeMap<usize, Vec<&NewRow>> = BTreeMap::new();
    for row in rows {
        places.entry(row.at).or_default().push(row);
    }
    places
}

/// How a statement writes rows.
pub(in crate::session) trait Writes {
    /// Writes rows, each where it belongs, as the client wants it: one answer a server's statement.
    async fn write(&mut self, hand: &mut Hand<'_>, rows: &[NewRow]) -> Result<Vec<Summary>>;

    /// The statement that puts a row in the place of all that are in its way on its own shard.
    fn replacing(&self, row: &NewRow) -> Result<Vec<u8>>;

    /// The statement for another shard, from an INSERT of a row that is there.
    fn updating(&self, at: usize, insert: Vec<u8>) -> Result<Vec<u8>>;

    /// What the statement's server must know of ids.
    fn ids(&self) -> Preset;

    /// Whether the rows come from a query: servers then count no row as a duplicate that was found and not changed.
    fn queried(&self) -> bool;
}

/// How new rows are followed.
#[derive(Clone, Copy)]
pub(in crate::session) struct Arriving<'a> {
    pub(in crate::session) keeping: Keeping<'a>,
    pub(in crate::session) how: &'a lookup::Arriving,
    pub(in crate::session) ready: &'a Ready,
    pub(in crate::session) mode: Mode,
}

/// What has come of rows that went in together.
enum Attempt {
    /// They are in.
    Done(Vec<Summary>),
    /// Others are in the way of at least one of them.
    Met(Met),
}

/// What is known of a row that others are in the way of, where it is the only one.
#[derive(Default)]
struct Met {
    answers: Vec<Summary>,
    /// The row as it would be.
    image: Option<Row>,
    /// The duplicate in the server's words.
    duplicate: Option<Error>,
}

impl Arriving<'_> {
    /// Takes rows in: answers of servers, which add up to the statement's.
    pub(in crate::session) async fn take_in(
        &self,
        hand: &mut Hand<'_>,
        writes: &mut impl Writes,
        rows: &[NewRow],
    ) -> Result<Vec<Summary>> {
        if self.how.conflict == Conflict::Fails {
            let answers = writes.write(hand, rows).await?;
            let images = self.images(hand, rows).await?;
            if images.len() != rows.len() {
                return Err(lost_sight());
            }
            self.keeping.exchange(hand, &[], &images.iter().collect::<Vec<_>>()).await?;
            return Ok(answers);
        }
        let mut answers = Vec::new();
        let mut left = vec![rows];
        let mut again = RACES;
        while let Some(some) = left.pop() {
            hand.held.savepoint(POINT).await?;
            let done = match self.attempt(hand, writes, some).await {
                Ok(Attempt::Met(met)) => {
                    hand.held.rollback_to(POINT).await?;
                    if let [row] = some {
                        self.settle(hand, writes, row, met).await.map(|summary| vec![summary])
                    } else {
                        let (first, second) = some.split_at(some.len() / 2);
                        left.extend([second, first]);
                        continue;
                    }
                }
                Ok(Attempt::Done(done)) => Ok(done),
                Err(error) => Err(error),
            };
            match done {
                // To REPLACE nothing is a duplicate: somebody else came in between, whose row is seen now.
                Err(error)
                    if error.errno == DUPLICATE && self.how.conflict == Conflict::Replaces && again > 0 =>
                {
                    again -= 1;
                    hand.held.rollback_to(POINT).await?;
                    left.push(some);
                }
                done => answers.extend(done?),
            }
        }
        hand.held.release(POINT).await?;
        Ok(answers)
    }

    async fn attempt(
        &self,
        hand: &mut Hand<'_>,
        writes: &mut impl Writes,
        rows: &[NewRow],
    ) -> Result<Attempt> {
        let (conflict, entries) = (self.how.conflict, self.keeping.entries);
        let met = |answers| Ok(Attempt::Met(Met { answers, ..Met::default() }));
        let answers = match writes.write(hand, rows).await {
            Err(error) if conflict == Conflict::Updates && error.errno == DUPLICATE => return met(Vec::new()),
            answers => answers?,
        };
        let one = rows.len() == 1;
        match (conflict, all_new(&answers)) {
            (Conflict::LeavesOut, false) if one && self.names_the_first(&answers) => {
                return Ok(Attempt::Done(answers));
            }
            (Conflict::Replaces, false) if one => {}
            (_, false) => return met(answers),
            (_, true) => {}
        }
        let mut images = self.images(hand, rows).await?;
        if images.len() != rows.len() {
            return if conflict == Conflict::Updates { met(answers) } else { Err(lost_sight()) };
        }
        let new: Vec<&Row> = images.iter().collect();
        if conflict == Conflict::LeavesOut {
            let Err(error) = self.keeping.exchange(hand, &[], &new).await else {
                return Ok(Attempt::Done(answers));
            };
            let duplicate = (error.errno == DUPLICATE).then(|| error.clone()).ok_or(error)?;
            return Ok(Attempt::Met(Met { answers, duplicate: Some(duplicate), image: None }));
        }
        // A row that is replaced by one like it may count as one that has met nothing.
        let nowhere = |row: &&Row| (0..entries.indexes().count()).all(|n| entries.place(n, row).is_none());
        let unsure = conflict == Conflict::Replaces && (!all_new(&answers) || new.iter().any(nowhere));
        if !unsure && self.enter(hand, &new).await? {
            return Ok(Attempt::Done(answers));
        }
        let image = images.pop().filter(|_| one);
        Ok(Attempt::Met(Met { answers, image, duplicate: None }))
    }

    /// Rows' entries; `false`: others were there already, and are gone now, and held, so that nobody else gets them before
    /// it is decided what becomes of them.
    async fn enter(&self, hand: &mut Hand<'_>, new: &[&Row]) -> Result<bool> {
        let entries = self.keeping.entries;
        let mut alone = true;
        for number in entries.order() {
            let count = new.iter().filter(|row| entries.place(number, row).is_some()).count() as u64;
            let own = self.keeping.entering(number, new, Entering::Over)?;
            let done = hand.change(&tasks(&own), Pace::FirstAhead).await?;
            alone &= done.iter().map(|summary| summary.affected).sum::<u64>() == count;
        }
        Ok(alone)
    }

    async fn images(&self, hand: &mut Hand<'_>, rows: &[NewRow]) -> Result<Vec<Row>> {
        let places = by_place(rows).into_iter();
        let places = places.map(|(at, rows)| (at, rows.iter().map(|row| row.found.clone()).collect()));
        self.keeping.rows(hand, &places.collect::<Vec<_>>()).await
    }

    /// What becomes of one row that others are in the way of.
    async fn settle(
        &self,
        hand: &mut Hand<'_>,
        writes: &mut impl Writes,
        row: &NewRow,
        met: Met,
    ) -> Result<Summary> {
        match self.how.conflict {
            Conflict::Fails => Err(no_job()),
            Conflict::LeavesOut if met.duplicate.is_some() => left_out(met),
            Conflict::LeavesOut => self.named_anew(hand, writes, row, met).await,
            Conflict::Replaces => {
                let new = met.image.ok_or_else(lost_sight)?;
                self.replace(hand, writes, row, &new).await
            }
            Conflict::Updates => self.update(hand, writes, row).await,
        }
    }

    /// Whether a row that its own server has left out is a duplicate by the first of the keys that it can be one by.
    fn names_the_first(&self, answers: &[Summary]) -> bool {
        let first = self.keeping.entries.order().first().and_then(|n| self.keeping.entries.indexes().nth(*n));
        let own = |name: &str| first.is_some_and(|index| *index.name == *name);
        let key = key_of(answers);
        key.is_none_or(|key| key == "PRIMARY" || own(key))
    }

    /// A row that its own server has left out, and that may be a duplicate by an earlier key on another shard: that is the
    /// one to name.
    async fn named_anew(
        &self,
        hand: &mut Hand<'_>,
        writes: &mut impl Writes,
        row: &NewRow,
        met: Met,
    ) -> Result<Summary> {
        let mut summary = write::sum(&met.answers);
        let named = match self.tried(hand, writes, row).await {
            Ok((new, ..)) => self.keeping.exchange(hand, &[], &[&new]).await,
            Err(_) => Ok(()),
        };
        hand.held.rollback_to(POINT).await?;
        match named {
            Err(error) if error.errno == DUPLICATE => {
                let duplicate = |message: &&mut [String; 3]| message[1] == DUPLICATE.to_string();
                for message in summary.messages.iter_mut().filter(duplicate) {
                    message[2].clone_from(&error.message);
                }
                Ok(summary)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(summary),
        }
    }

    /// REPLACE: all that are in the way go, wherever they are.
    async fn replace(
        &self,
        hand: &mut Hand<'_>,
        writes: &mut impl Writes,
        row: &NewRow,
        new: &Row,
    ) -> Result<Summary> {
        let mut others = self.with_primary(hand, row.at, new).await?;
        self.with_values(hand, new, &mut others, usize::MAX).await?;
        let mut own = Vec::new();
        for (at, other) in &others {
            let node = lookup::nodes(self.keeping.used).get(*at).ok_or_else(no_job)?;
            let name = lookup::table_name(self.keeping.used, node);
            own.push(Own { node, sql: self.keeping.entries.delete(&name, &[other]) });
        }
        let gone = hand.change(&tasks(&own), Pace::FirstAhead).await?;
        let mut summary = write::sum(&writes.write(hand, std::slice::from_ref(row)).await?);
        if gone.iter().any(|gone| gone.affected != 1) || summary.affected != 1 {
            return Err(lost_sight());
        }
        let removed: Vec<&Row> = others.iter().map(|(_, other)| other).collect();
        self.keeping.exchange(hand, &removed, &[new]).await?;
        let count = others.len() as u64;
        summary.affected += count;
        for word in ["Duplicates: ", "Deleted: "] {
            summary.info = info::raised(&summary.info, word, count);
        }
        Ok(summary)
    }

    /// ON DUPLICATE KEY UPDATE: the first that is in the way changes, where it is.
    async fn update(&self, hand: &mut Hand<'_>, writes: &mut impl Writes, row: &NewRow) -> Result<Summary> {
        let entries = self.keeping.entries;
        let (new, cells, trial) = self.tried(hand, writes, row).await?;
        let mut others = self.with_primary(hand, row.at, &new).await?;
        let own = !others.is_empty();
        if !own {
            self.with_values(hand, &new, &mut others, 1).await?;
        }
        let Some((at, before)) = others.into_iter().next() else {
            let answers = writes.write(hand, std::slice::from_ref(row)).await?;
            let image = self.images(hand, std::slice::from_ref(row)).await?;
            let [image] = image.as_slice() else { return Err(lost_sight()) };
            self.keeping.exchange(hand, &[], &[image]).await?;
            return Ok(write::sum(&answers));
        };
        let answers = if own {
            writes.write(hand, std::slice::from_ref(row)).await?
        } else {
            let node = lookup::nodes(self.keeping.used).get(at).ok_or_else(no_job)?;
            let insert = self.insert_at(&lookup::table_name(self.keeping.used, node), &before, &cells);
            let call = Call::Owned(writes.updating(at, insert)?);
            let task = Task { source: node.source, schema: &node.schema, call, ids: writes.ids() };
            let mut done = write::sum(&hand.change(&[task], Pace::Together).await?);
            // What there is to say of the row's values has been said where they were converted.
            done.warnings = done.warnings.saturating_add(trial.warnings);
            done.messages.splice(0..0, trial.messages);
            for [_, _, message] in &mut done.messages {
                *message = info::renumbered(message, &[row.number]);
            }
            vec![done]
        };
        let after = self.keeping.rows(hand, &[(at, vec![entries.locate(&before)])]).await?;
        self.keeping.updated(hand, &[before], &after).await?;
        let mut summary = write::sum(&answers);
        if summary.info.is_empty() {
            let found = summary.affected == 2 || summary.affected == 1 && !writes.queried();
            let (found, warnings) = (u64::from(found), summary.warnings);
            summary.info = format!("Records: 1  Duplicates: {found}  Warnings: {warnings}");
        }
        Ok(summary)
    }

    /// A row as it would be, its values as literals, in the order of their columns, and what a server has to say of it.
    async fn tried(
        &self,
        hand: &mut Hand<'_>,
        writes: &mut impl Writes,
        row: &NewRow,
    ) -> Result<(Row, Vec<Vec<u8>>, Summary)> {
        let node = lookup::nodes(self.keeping.used).get(row.at).ok_or_else(no_job)?;
        // What refers to those in its way is none of its concern: they stay.
        let settings = hand.settings.with("foreign_key_checks", "0");
        let call = Call::Owned(writes.replacing(row)?);
        let task = Task { source: node.source, schema: &node.schema, call, ids: Preset::default() };
        let trial = write::sum(&hand.under(&settings).change(&[task], Pace::Together).await?);
        let mut images = self.images(hand, std::slice::from_ref(row)).await?;
        let image = images.pop().ok_or_else(lost_sight)?;
        let names: Vec<String> = self.how.columns.iter().map(|name| splice::quote(name)).collect();
        let name = lookup::table_name(self.keeping.used, node);
        let sql = format!("SELECT {} FROM {name} WHERE {}", names.join(", "), row.found);
        let call = Call::ExecuteWith(sql.into_bytes().into(), Vec::new());
        let task = Task { source: node.source, schema: &node.schema, call, ids: Preset::default() };
        let settings = hand.settings.with("character_set_results", "'utf8mb4'");
        let answers = hand.under(&settings).pull(&[task], Pace::Together).await?;
        let answer = answers.first().ok_or_else(no_job)?;
        let cells = answer.rows.first().ok_or_else(lost_sight)?;
        let literal = |(column, cell): (_, &Option<bytes::Bytes>)| {
            let (_, value) = value(column, cell.as_deref())?;
            let mut out = Vec::new();
            splice::put_literal(&value, self.mode, &mut out);
            Ok(out)
        };
        let cells = answer.columns.iter().zip(cells).map(literal).collect::<Result<_>>()?;
        hand.held.rollback_to(POINT).await?;
        Ok((image, cells, trial))
    }

    /// An INSERT of the new row with the primary key of one that is there, which makes that one the duplicate.
    fn insert_at(&self, name: &str, there: &Row, cells: &[Vec<u8>]) -> Vec<u8> {
        let names: Vec<String> = self.how.columns.iter().map(|name| splice::quote(name)).collect();
        let mut out = format!("INSERT INTO {name} ({}) VALUES (", names.join(", ")).into_bytes();
        for (n, (column, cell)) in self.how.columns.iter().zip(cells).enumerate() {
            if n > 0 {
                out.extend_from_slice(b", ");
            }
            match self.keeping.entries.identifying(column, there) {
                Some(literal) => out.extend_from_slice(literal.as_bytes()),
                None => out.extend_from_slice(cell),
            }
        }
        out.push(b')');
        out
    }

    /// The row with a row's primary key, on its own shard.
    async fn with_primary(&self, hand: &mut Hand<'_>, at: usize, new: &Row) -> Result<Vec<(usize, Row)>> {
        let condition = self.keeping.entries.with_primary(new);
        let found = self.keeping.rows(hand, &[(at, vec![condition])]).await?;
        Ok(found.into_iter().map(|row| (at, row)).collect())
    }

    /// Adds the rows that have a row's values in an index, `most` at most; index after index, so that all who look for the
    /// same wait for each other at the first.
    async fn with_values(
        &self,
        hand: &mut Hand<'_>,
        new: &Row,
        found: &mut Vec<(usize, Row)>,
        most: usize,
    ) -> Result<()> {
        let entries = self.keeping.entries;
        for number in entries.order() {
            let index = entries.indexes().nth(number).ok_or_else(no_job)?;
            let Some(place) = entries.place(number, new).filter(|_| self.ready.is_ready(index)) else {
                continue;
            };
            let node = index.node(place).ok_or_else(no_job)?;
            let (list, name) = (entries.list_stored(number), lookup::part_name(index, node));
            let value = entries.with_value(number, new);
            let own =
                [Own { node, sql: format!("SELECT {list} FROM {name} WHERE {value}{ALL}{FOR_UPDATE}") }];
            let answers = hand.pull(&tasks(&own), Pace::Together).await?;
            for entry in answers.iter().flat_map(|answer| &answer.rows) {
                if found.len() >= most || found.iter().any(|(_, row)| entries.same_row(row, entry)) {
                    continue;
                }
                let key = entries.key_cell(entry).and_then(|cell| entries.key(cell)).ok_or_else(no_job)?;
                let at = load::place(&self.keeping.used.table, None, &key)?;
                let rows = self.keeping.rows(hand, &[(at, vec![entries.locate(entry)])]).await?;
                let row = rows.into_iter().next().ok_or_else(|| {
                    let what = format!(
                        "the index {} has an entry '{}' of a row that is not there; run shardgate index check",
                        index.id,
                        entries.show(number, entry)
                    );
                    Error::new(Code::Internal, what)
                })?;
                found.push((at, row));
            }
        }
        Ok(())
    }
}

/// Whether every row was inserted, and none left out, replaced or changed.
fn all_new(answers: &[Summary]) -> bool {
    answers.iter().all(|answer| match info::numbers(&answer.info).as_slice() {
        // `Records: 3  Duplicates: 0  Warnings: 0`, and a file's `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`
        [records, other, ..] => answer.affected == *records && *other == 0,
        _ => answer.affected == 1,
    })
}

/// The key by which a server's warning says that a row is a duplicate.
fn key_of(answers: &[Summary]) -> Option<&str> {
    let mut messages = answers.iter().flat_map(|answer| &answer.messages);
    let message = messages.rfind(|[_, code, _]| *code == DUPLICATE.to_string())?;
    let (_, key) = message[2].rsplit_once(" for key ")?;
    let key = key.trim_matches('\'');
    Some(key.rsplit_once('.').map_or(key, |(_, key)| key))
}

/// IGNORE: the row is not there, and a warning says why.
fn left_out(met: Met) -> Result<Summary> {
    let duplicate = met.duplicate.ok_or_else(no_job)?;
    let mut summary = write::sum(&met.answers);
    summary.affected = 0;
    summary.last_insert_id = 0;
    summary.warnings = summary.warnings.saturating_add(1);
    summary.messages.push(["Warning".to_owned(), DUPLICATE.to_string(), duplicate.message]);
    for word in ["Duplicates: ", "Skipped: "] {
        summary.info = info::raised(&summary.info, word, 1);
    }
    summary.info = info::with_warnings(&summary.info, summary.warnings);
    Ok(summary)
}
