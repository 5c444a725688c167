//! Entries go with their rows, in the transaction that changes them.

use std::collections::HashMap;

use super::super::query::no_job;
use super::super::scope::Hand;
use crate::base::{Error, Origin, Result};
use crate::exec::send::{Call, Preset};
use crate::exec::write::{Pace, Task};
use crate::plan::ir::TableUse;
use crate::plan::lookup::{self, ALL, Entering, Entries, FOR_UPDATE, Row};
use crate::topology::{Index, Node};

/// Entries or rows that one text names at most.
const BATCH: usize = 500;
/// ER_DUP_ENTRY
pub(super) const DUPLICATE: u16 = 1062;

/// A statement for one place, of the proxy's own.
pub(super) struct Own<'n> {
    pub(super) node: &'n Node,
    pub(super) sql: String,
}

/// How the rows of a table are followed.
#[derive(Clone, Copy)]
pub(in crate::session) struct Keeping<'k> {
    pub(in crate::session) entries: &'k Entries,
    pub(in crate::session) used: &'k TableUse,
    pub(in crate::session) mariadb: bool,
}

impl<'k> Keeping<'k> {
    /// Rows as they were and as they are: entries change where values have.
    pub(in crate::session) async fn updated(
        &self,
        hand: &mut Hand<'_>,
        before: &[Row],
        after: &[Row],
    ) -> Result<()> {
        if before.len() != after.len() {
            return Err(lost_sight());
        }
        let entries = self.entries;
        let identity = |row: &Row| entries.locate(row);
        let now: std::collections::HashMap<String, &Row> =
            after.iter().map(|row| (identity(row), row)).collect();
        let mut changes = Vec::new();
        for number in 0..entries.indexes().count() {
            let (mut removed, mut added) = (Vec::new(), Vec::new());
            for old in before {
                let new = *now.get(&identity(old)).ok_or_else(lost_sight)?;
                if !entries.same_entry(number, old, new) {
                    removed.push(old);
                    added.push(new);
                }
            }
            handed_on(entries, number, &removed, &added)?;
            changes.push((removed, added));
        }
        self.change(hand, &changes).await
    }

    pub(in crate::session) async fn exchange(
        &self,
        hand: &mut Hand<'_>,
        removed: &[&Row],
        added: &[&Row],
    ) -> Result<()> {
        let changes: Vec<_> = self.entries.indexes().map(|_| (removed.to_vec(), added.to_vec())).collect();
        self.change(hand, &changes).await
    }

    /// Entries go, and others come, in this order on each server: of each index those of some rows.
    async fn change(&self, hand: &mut Hand<'_>, changes: &[(Vec<&Row>, Vec<&Row>)]) -> Result<()> {
        let entries = self.entries;
        let mut own = Vec::new();
        for (number, (index, (removed, _))) in entries.indexes().zip(changes).enumerate() {
            for (node, rows) in by_node(entries, number, index, removed)? {
                let name = lookup::part_name(index, node);
                own.extend(rows.chunks(BATCH).map(|some| Own { node, sql: entries.delete(&name, some) }));
            }
        }
        // Index after index: of two who want the same values, one waits for the other at the first, and neither has what
        // the other waits for. So the first duplicate is that of the first index, too.
        for number in entries.order() {
            let added = changes.get(number).map_or(&[][..], |(_, added)| added.as_slice());
            own.extend(self.entering(number, added, Entering::New)?);
            let done = hand.change(&tasks(&own), Pace::FirstAhead).await;
            done.map_err(|error| self.in_its_words(error))?;
            own.clear();
        }
        Ok(())
    }

    /// The statements that put rows' entries into one index.
    pub(super) fn entering(&self, number: usize, rows: &[&Row], how: Entering) -> Result<Vec<Own<'k>>> {
        let Some(index) = self.entries.indexes().nth(number) else { return Err(no_job()) };
        let mut own = Vec::new();
        for (node, rows) in by_node(self.entries, number, index, rows)? {
            let name = lookup::part_name(index, node);
            let insert = |some| Own { node, sql: self.entries.insert(number, &name, some, how) };
            own.extend(rows.chunks(BATCH).map(insert));
        }
        Ok(own)
    }

    /// Reads and locks rows that are on a node: those for which any of the conditions holds.
    pub(in crate::session) async fn rows(
        &self,
        hand: &mut Hand<'_>,
        conditions: &[(usize, Vec<String>)],
    ) -> Result<Vec<Row>> {
        let mut own = Vec::new();
        for (at, conditions) in conditions {
            let node = lookup::nodes(self.used).get(*at).ok_or_else(no_job)?;
            let name = lookup::table_name(self.used, node);
            own.extend(conditions.chunks(BATCH).map(|some| {
                let list = self.entries.list();
                let any = some.join(" OR ");
                Own { node, sql: format!("SELECT {list} FROM {name} WHERE {any}{ALL}{FOR_UPDATE}") }
            }));
        }
        let answers = hand.pull(&tasks(&own), Pace::Together).await?;
        Ok(answers.into_iter().flat_map(|answer| answer.rows).collect())
    }

    /// A duplicate entry of a lookup as one of the table itself: its keys are named alike. MySQL names the table, too.
    pub(super) fn in_its_words(&self, error: Error) -> Error {
        if error.errno != DUPLICATE || error.origin != Origin::Backend {
            return error;
        }
        let Some((head, key)) = error.message.rsplit_once(" for key ") else { return error };
        let key = key.trim_matches('\'');
        let key = match key.split_once('.').filter(|_| !self.mariadb) {
            Some((_, key)) => format!("{}.{key}", self.used.table.name),
            None => key.to_owned(),
        };
        let message = format!("{head} for key '{key}'");
        Error { message, ..error }
    }
}

pub(super) fn tasks<'a>(own: &'a [Own<'a>]) -> Vec<Task<'a>> {
    own.iter()
        .map(|one| Task {
            source: one.node.source,
            schema: &one.node.schema,
            call: Call::Text(one.sql.as_bytes()),
            ids: Preset::default(),
        })
        .collect()
}

/// Rows that have an entry, by the node that it is on.
pub(super) fn by_node<'i, 'r>(
    entries: &Entries,
    number: usize,
    index: &'i Index,
    rows: &[&'r Row],
) -> Result<Vec<(&'i Node, Vec<&'r Row>)>> {
    let mut parts: Vec<(&Node, Vec<&Row>)> = Vec::new();
    for row in rows {
        let Some(place) = entries.place(number, row) else { continue };
        let node = index.node(place).ok_or_else(no_job)?;
        match parts.iter_mut().find(|(known, _)| *known == node) {
            Some((_, of)) => of.push(row),
            None => parts.push((node, vec![row])),
        }
    }
    Ok(parts)
}

/// One row's new value is what another row of the statement had: whether a server takes that depends on the order in
/// which it changes them.
fn handed_on(entries: &Entries, number: usize, removed: &[&Row], added: &[&Row]) -> Result<()> {
    let place = |row: &&Row| entries.place(number, row);
    let mut had: HashMap<u32, &Row> = HashMap::new();
    for row in removed {
        if let Some(place) = place(row) {
            had.insert(place, row);
        }
    }
    let taken = added.iter().find(|row| {
        place(row).and_then(|place| had.get(&place)).is_some_and(|other| !entries.same_row(other, row))
    });
    match taken {
        None => Ok(()),
        Some(row) => Err(Error::refused(
            format_args!(
                "the UPDATE gives a row the value '{}', which another of its rows had: whether that is a duplicate \
                 depends on the order in which a server changes them",
                entries.show(number, row)
            ),
            "change the rows in two statements, first to values that are free",
        )),
    }
}

pub(in crate::session) fn lost_sight() -> Error {
    Error::refused(
        "the rows that the statement changed are not those that it was seen to find, and its unique index could not follow",
        "name the rows by their keys, without functions that give another value each time",
    )
}
