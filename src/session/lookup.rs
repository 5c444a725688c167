//! Unique indexes over all shards, carried out: entries change in the transaction of the rows that they belong to, and a
//! statement whose shard nothing else tells is sent where its lookup says. Start at [`Session::looked_up`] and
//! [`Session::keep_lookups`].

mod build;
mod prepare;

pub use build::{Built, Differences};
pub use prepare::Ready;

use super::Session;
use super::query::{Text, no_job};
use crate::backend::{Answer, Summary};
use crate::base::{Error, Origin, Result, Value};
use crate::exec::info;
use crate::exec::send::{Call, Preset};
use crate::exec::write::{Pace, Task};
use crate::plan::Bound;
use crate::plan::ir::{Act, Plan};
use crate::plan::lookup::{self, ALL, Entries, FOR_UPDATE, Images, Lookup, PlaceOf, Row, Rows};
use crate::sql::facts::Kind;
use crate::topology::{Index, Node};

/// Entries or rows that one text names at most.
const BATCH: usize = 500;
/// ER_DUP_ENTRY
const DUPLICATE: u16 = 1062;

/// A statement for one place, of the proxy's own.
struct Own<'n> {
    node: &'n Node,
    sql: String,
}

/// The rows that a statement changes, one list a job.
pub(super) type Before = Vec<Vec<Row>>;

impl Session {
    // ---- reading ------------------------------------------------------------------------------------------------

    /// The plan for the shards where a statement's rows are, by the lookup that knows; `None`: no lookup tells, and the
    /// plan is right as it is. The statement keeps its condition, so that an entry can never bring a wrong row.
    pub(super) async fn looked_up(&mut self, plan: &Plan, text: &Text<'_>) -> Result<Option<Plan>> {
        let Some(by) = plan.lookup.clone() else { return Ok(None) };
        if !self.shared.indexes.is_ready(&by.index) {
            return Ok(None);
        }
        let values = wanted(&by, text)?;
        let Some(places) = self.value_places(&by, &values).await? else { return Ok(None) };
        let locks = self.held.in_transaction()
            && match &plan.act {
                Act::Read(read) => read.locks,
                _ => true,
            };
        let Some(own) = questions(&by, &values, &places, locks) else { return Ok(None) };
        let mut keys = Vec::new();
        for answer in self.pull_own(&own).await? {
            for row in &answer.rows {
                let cell = row.first().and_then(Option::as_ref).ok_or_else(no_job)?;
                keys.push(by.entries.key(cell).ok_or_else(no_job)?);
            }
        }
        Ok(Some(lookup::narrowed(plan, keys)))
    }

    /// The place of each value's entry; `None` where one cannot be told. What only a server can tell is asked at once.
    async fn value_places(&mut self, by: &Lookup, values: &[Vec<Value>]) -> Result<Option<Vec<u32>>> {
        let mut places = vec![0; values.len()];
        let (mut asked, mut exprs) = (Vec::new(), Vec::new());
        for (n, (place, tuple)) in places.iter_mut().zip(values).enumerate() {
            match by.entries.place_of(by.number, tuple) {
                PlaceOf::At(known) => *place = known,
                PlaceOf::Ask(expr) => {
                    asked.push(n);
                    exprs.push(expr);
                }
                PlaceOf::Unknown => return Ok(None),
            }
        }
        if asked.is_empty() {
            return Ok(Some(places));
        }
        let Some(node) = by.index.nodes.iter().find(|node| Some(node.source) == self.held.home()) else {
            let first = by.index.nodes.get(self.shared.turn() % by.index.nodes.len().max(1));
            return self.ask_places(first.ok_or_else(no_job)?, &exprs, &asked, places).await.map(Some);
        };
        self.ask_places(node, &exprs, &asked, places).await.map(Some)
    }

    async fn ask_places(
        &mut self,
        node: &Node,
        exprs: &[String],
        asked: &[usize],
        mut places: Vec<u32>,
    ) -> Result<Vec<u32>> {
        let own = [Own { node, sql: format!("SELECT {}", exprs.join(", ")) }];
        let answers = self.pull_own(&own).await?;
        for (column, n) in asked.iter().enumerate() {
            let told = answers.first().and_then(|answer| answer.text(0, column)?.parse().ok());
            if let Some(place) = places.get_mut(*n) {
                *place = told.ok_or_else(no_job)?;
            }
        }
        Ok(places)
    }

    /// What EXPLAIN SHARDGATE says of a statement's lookup.
    pub(super) fn lookup_line(&self, plan: &Plan) -> Option<String> {
        let by = plan.lookup.as_ref()?;
        Some(if self.shared.indexes.is_ready(&by.index) {
            format!("  lookup: {}, one read of `{}`", by.index.id, by.index.lookup)
        } else {
            format!(
                "  lookup: {} is not ready, so all shards are asked; build it with shardgate index build",
                by.index.id
            )
        })
    }

    // ---- keeping ------------------------------------------------------------------------------------------------

    /// Reads and locks the rows that an UPDATE or DELETE is about to change.
    pub(super) async fn rows_before(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Before> {
        match plan.images.as_deref() {
            Some(Images { rows: Rows::Found(_), .. }) => self.images(bound, text).await,
            _ => Ok(Before::new()),
        }
    }

    async fn images(&mut self, bound: &Bound, text: &Text<'_>) -> Result<Before> {
        let mut tasks = Vec::with_capacity(bound.images().len());
        for job in bound.images() {
            let call = text.given.call(job, text.original)?;
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        Ok(self.pull(&tasks).await?.into_iter().map(|answer| answer.rows).collect())
    }

    /// After a statement has changed rows: their entries change with them. Error 1062 where a value is there already.
    pub(super) async fn keep_lookups(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        before: Before,
        answers: &[Summary],
    ) -> Result<()> {
        let Some(images) = plan.images.clone() else { return Ok(()) };
        let entries = &images.entries;
        match &plan.statement.kind {
            Kind::Insert(_) => {
                let Act::Insert(insert) = &plan.act else { return Err(no_job()) };
                let after = self.images(bound, text).await?;
                let rows: Vec<&Row> = after.iter().flatten().collect();
                if rows.len() != insert.rows.len() {
                    return Err(lost_sight());
                }
                self.change_entries(entries, &[], &rows).await
            }
            Kind::Update(_) => {
                let matched = |answer: &Summary| info::numbers(&answer.info).first().copied().unwrap_or(0);
                same_count(&before, answers, matched)?;
                let used = plan.tables.get(images.table).ok_or_else(no_job)?;
                let mut own = Vec::new();
                for (job, rows) in bound.images().iter().zip(&before) {
                    let node = lookup::nodes(used).get(usize::from(job.node.0)).ok_or_else(no_job)?;
                    let name = lookup::table_name(used, node);
                    let rows: Vec<&Row> = rows.iter().collect();
                    own.extend(rows.chunks(BATCH).map(|some| {
                        let sql = format!(
                            "SELECT {} FROM {name} WHERE {}{ALL}{FOR_UPDATE}",
                            entries.list(),
                            entries.any(some)
                        );
                        Own { node, sql }
                    }));
                }
                let after: Vec<Row> = self.pull_own(&own).await?.into_iter().flat_map(|a| a.rows).collect();
                self.updated(entries, &before.into_iter().flatten().collect::<Vec<_>>(), &after).await
            }
            Kind::Delete(_) => {
                same_count(&before, answers, |answer| answer.affected)?;
                let rows: Vec<&Row> = before.iter().flatten().collect();
                self.change_entries(entries, &rows, &[]).await
            }
            _ => Err(no_job()),
        }
    }

    /// Rows as they were and as they are: entries change where values have.
    async fn updated(&mut self, entries: &Entries, before: &[Row], after: &[Row]) -> Result<()> {
        if before.len() != after.len() {
            return Err(lost_sight());
        }
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
        self.change_indexes(entries, &changes).await
    }

    async fn change_entries(&mut self, entries: &Entries, removed: &[&Row], added: &[&Row]) -> Result<()> {
        let changes: Vec<_> = entries.indexes().map(|_| (removed.to_vec(), added.to_vec())).collect();
        self.change_indexes(entries, &changes).await
    }

    /// Entries go, and others come, in this order on each server: of each index those of some rows.
    async fn change_indexes(&mut self, entries: &Entries, changes: &[(Vec<&Row>, Vec<&Row>)]) -> Result<()> {
        let mut own = Vec::new();
        for (number, (index, (removed, _))) in entries.indexes().zip(changes).enumerate() {
            for (node, rows) in by_node(entries, number, index, removed)? {
                let name = lookup::part_name(index, node);
                own.extend(rows.chunks(BATCH).map(|some| Own { node, sql: entries.delete(&name, some) }));
            }
        }
        for (number, (index, (_, added))) in entries.indexes().zip(changes).enumerate() {
            for (node, rows) in by_node(entries, number, index, added)? {
                let name = lookup::part_name(index, node);
                let insert = |some| Own { node, sql: entries.insert(number, &name, some, false) };
                own.extend(rows.chunks(BATCH).map(insert));
            }
        }
        if own.is_empty() {
            return Ok(());
        }
        let table = entries.indexes().next().and_then(|index| index.id.split('.').nth(1)).unwrap_or_default();
        let mariadb = self.shared.is_mariadb();
        let done = self.change(&own_tasks(&own), Pace::Together).await;
        done.map(|_| ()).map_err(|error| in_its_words(error, table, mariadb))
    }

    async fn pull_own(&mut self, own: &[Own<'_>]) -> Result<Vec<Answer>> {
        self.pull(&own_tasks(own)).await
    }
}

/// What is looked up: values that no row can equal are left out.
fn wanted(by: &Lookup, text: &Text<'_>) -> Result<Vec<Vec<Value>>> {
    let mut columns = Vec::with_capacity(by.values.len());
    for operands in &by.values {
        let values: Result<Vec<Value>> = operands.iter().map(|operand| text.operand(operand)).collect();
        columns.push(values?);
    }
    let tuples: Vec<Vec<Value>> = match columns.as_slice() {
        [one] => one.iter().map(|value| vec![value.clone()]).collect(),
        several => vec![several.iter().filter_map(|column| column.first().cloned()).collect()],
    };
    Ok(tuples.into_iter().filter(|tuple| !tuple.contains(&Value::Null)).collect())
}

fn own_tasks<'a>(own: &'a [Own<'a>]) -> Vec<Task<'a>> {
    own.iter()
        .map(|one| Task {
            source: one.node.source,
            schema: &one.node.schema,
            call: Call::Text(one.sql.as_bytes()),
            ids: Preset::default(),
        })
        .collect()
}

/// The questions to the lookup's parts.
fn questions<'n>(by: &'n Lookup, values: &[Vec<Value>], places: &[u32], locks: bool) -> Option<Vec<Own<'n>>> {
    let mut parts: Vec<(&Node, Vec<&[Value]>)> = Vec::new();
    for (value, place) in values.iter().zip(places) {
        let node = by.index.node(*place)?;
        match parts.iter_mut().find(|(known, _)| *known == node) {
            Some((_, of)) => of.push(value),
            None => parts.push((node, vec![value])),
        }
    }
    let ask = |(node, values): (&'n Node, Vec<&[Value]>)| {
        let sql = by.entries.find(by.number, &lookup::part_name(&by.index, node), &values, locks)?;
        Some(Own { node, sql })
    };
    parts.into_iter().map(ask).collect()
}

/// Rows that have an entry, by the node that it is on.
fn by_node<'i, 'r>(
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
    let mut had: std::collections::HashMap<u32, &Row> = std::collections::HashMap::new();
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

/// A statement must have changed the rows that were read for it.
fn same_count(before: &Before, answers: &[Summary], count: impl Fn(&Summary) -> u64) -> Result<()> {
    let same = before.iter().zip(answers).all(|(rows, answer)| rows.len() as u64 == count(answer));
    if same && before.len() == answers.len() { Ok(()) } else { Err(lost_sight()) }
}

fn lost_sight() -> Error {
    Error::refused(
        "the rows that the statement changed are not those that it was seen to find, and its unique index could not follow",
        "name the rows by their keys, without functions that give another value each time",
    )
}

/// A duplicate entry of a lookup as one of the table itself: its keys are named alike. MySQL names the table, too.
fn in_its_words(error: Error, table: &str, mariadb: bool) -> Error {
    if error.errno != DUPLICATE || error.origin != Origin::Backend {
        return error;
    }
    let Some((head, key)) = error.message.rsplit_once(" for key ") else { return error };
    let key = key.trim_matches('\'');
    let key = match key.split_once('.').filter(|_| !mariadb) {
        Some((_, key)) => format!("{table}.{key}"),
        None => key.to_owned(),
    };
    let message = format!("{head} for key '{key}'");
    Error { message, ..error }
}
