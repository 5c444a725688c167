//! Building an index for rows that are there already, while they change, and comparing one with its table. Both walk
//! tables in bounded batches by their primary keys.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::keep::{DUPLICATE, by_node};
use super::prepare::{THERE, layout, no_store};
use crate::backend::Pools;
use crate::base::{Code, Error, Result};
use crate::plan::ir::TableUse;
use crate::plan::lookup::{self, Entering, Entries, Row};
use crate::session::Shared;
use crate::sharding::Place;
use crate::store::IndexState;
use crate::topology::schema::Schemas;
use crate::topology::{Index, Layout, Node};

/// Rows that are read and locked at once.
const BATCH: usize = 500;
/// Differences and duplicates that are told at most.
const TOLD: usize = 100;
/// How often a batch that waits for others' locks in vain is tried again.
const TRIES: usize = 10;
/// ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK
const BUSY: [u16; 2] = [1205, 1213];

/// How far building has come, as the store keeps it: for each of the table's nodes the last primary key that was copied.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Copied {
    nodes: Vec<Copy>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Copy {
    done: bool,
    last: Vec<Option<String>>,
}

/// What a builder or a comparison tells while it works: where, and how many rows it has seen there.
pub type Tell<'t> = &'t mut dyn FnMut(&str, u64);

/// What became of building an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Built {
    /// It was ready before.
    Already,
    /// It is ready now.
    Ready,
    /// Values stand in several rows; it is still being built.
    Duplicates(Vec<String>),
}

/// How an index differs from its table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// Rows without their entry.
    pub missing: Vec<String>,
    /// Entries without their row, or at a wrong place.
    pub stale: Vec<String>,
}

/// A table's index.
struct Work<'w> {
    shared: &'w Shared,
    pools: &'w Pools,
    used: &'w TableUse,
    entries: Entries,
    number: usize,
    index: &'w Index,
}

impl Shared {
    /// The definition and the lookups of a table, prepared.
    async fn open(&self, used: &TableUse) -> Result<Entries> {
        self.load_definition(&self.pools, &used.database, &used.table).await?;
        self.check_columns(&used.database, &used.table)?;
        self.prepare_lookups(&self.pools, used).await?;
        let schema = self.catalog.table(&used.database, &used.table.name).ok_or_else(|| {
            let text = format!("Table '{}.{}' doesn't exist", used.database, used.table.name);
            Error::new(Code::NoTable, text)
        })?;
        Entries::of(&used.table, &schema)
    }

    /// Copies what an index lacks, while others write, and makes it ready. Goes on where an earlier run ended.
    pub async fn build_index(&self, used: &TableUse, number: usize, tell: Tell<'_>) -> Result<Built> {
        let entries = self.open(used).await?;
        let Some(index) = used.table.indexes.get(number) else { return Err(gone()) };
        let work = Work { shared: self, pools: &self.pools, used, entries, number, index };
        work.build(tell).await
    }

    /// Compares an index with its table, both ways. What seems to differ is looked at again under locks, so that writers
    /// at work are no differences.
    pub async fn check_index(&self, used: &TableUse, number: usize, tell: Tell<'_>) -> Result<Differences> {
        let entries = self.open(used).await?;
        let Some(index) = used.table.indexes.get(number) else { return Err(gone()) };
        let work = Work { shared: self, pools: &self.pools, used, entries, number, index };
        let mut found = Differences::default();
        for node in lookup::nodes(used) {
            work.rows_have_entries(node, &mut found, tell).await?;
        }
        for node in index.nodes.iter() {
            work.entries_have_rows(node, &mut found, tell).await?;
        }
        Ok(found)
    }
}

fn gone() -> Error {
    Error::new(Code::Internal, "the table has no such index")
}

impl Work<'_> {
    async fn build(&self, tell: Tell<'_>) -> Result<Built> {
        let Some(store) = self.shared.indexes.store() else { return Err(no_store()) };
        let states = store.read().await?;
        let state = states.get(&*self.index.id).cloned().unwrap_or_default();
        if state.ready {
            return Ok(Built::Already);
        }
        let mut copied: Copied = serde_json::from_str(&state.progress).unwrap_or_default();
        let nodes = lookup::nodes(self.used);
        copied.nodes.resize(nodes.len(), Copy::default());
        let layout = layout(self.index, &self.shared.topology);
        for (n, node) in nodes.iter().enumerate() {
            let mut seen = 0;
            while let Some(copy) = copied.nodes.get_mut(n).filter(|copy| !copy.done) {
                seen += self.copy_batch(node, copy).await?;
                let progress = serde_json::to_string(&copied).unwrap_or_default();
                let state = IndexState { ready: false, layout: layout.clone(), progress };
                store.write(&self.index.id, &state).await?;
                tell(&self.place(node), seen);
            }
        }
        let doubles = self.make_unique().await?;
        if !doubles.is_empty() {
            return Ok(Built::Duplicates(doubles));
        }
        store.write(&self.index.id, &IndexState { ready: true, layout, progress: String::new() }).await?;
        Ok(Built::Ready)
    }

    fn place(&self, node: &Node) -> String {
        let source = self.shared.topology.source(node.source).map_or("?", |source| &source.name);
        let table = node.table.as_deref().map_or(String::new(), |table| format!(".{table}"));
        format!("{source}/{}{table}", node.schema)
    }

    /// One batch of rows: they stay as they are until their entries are there.
    async fn copy_batch(&self, node: &Node, copy: &mut Copy) -> Result<u64> {
        for left in (0..TRIES).rev() {
            match self.try_batch(node, copy).await {
                Err(error) if left > 0 && BUSY.contains(&error.errno) => {}
                done => return done,
            }
        }
        Err(gone())
    }

    async fn try_batch(&self, node: &Node, copy: &mut Copy) -> Result<u64> {
        let name = lookup::table_name(self.used, node);
        let sql = self.entries.batch(&self.entries.list(), &name, self.entries.primary(), &copy.last, BATCH);
        let mut conn = self.pools.aside(node.source).await?;
        conn.query_at_length("BEGIN", 0).await?;
        let copied = async {
            let rows = conn.query_at_length(&format!("{sql} LOCK IN SHARE MODE"), BATCH).await?.rows;
            let all: Vec<&Row> = rows.iter().collect();
            for (node, some) in by_node(&self.entries, self.number, self.index, &all)? {
                let insert = self.entries.insert(
                    self.number,
                    &lookup::part_name(self.index, node),
                    &some,
                    Entering::Again,
                );
                self.pools.aside(node.source).await?.query_at_length(&insert, 0).await?;
            }
            Ok(rows)
        }
        .await;
        let ended = conn.query_at_length("COMMIT", 0).await;
        let rows = match (copied, ended) {
            (Ok(rows), Ok(_)) => rows,
            (Err(error), _) | (_, Err(error)) => {
                conn.give_up();
                return Err(error);
            }
        };
        copy.done = rows.len() < BATCH;
        if let Some(last) = rows.last() {
            copy.last = self.entries.cells(self.entries.primary(), last);
        }
        Ok(rows.len() as u64)
    }

    /// Makes values unique on every node; or tells those that are not, and leaves everything as it was.
    async fn make_unique(&self) -> Result<Vec<String>> {
        let mut doubles = Vec::new();
        for node in self.index.nodes.iter() {
            let name = lookup::part_name(self.index, node);
            let mut conn = self.pools.aside(node.source).await?;
            // A writer's transaction that stays open must not keep all others waiting behind this.
            conn.query_at_length("SET SESSION lock_wait_timeout = 20", 0).await?;
            let done = conn.query_at_length(&self.entries.add_unique(self.number, &name), 0).await;
            conn.query_at_length("SET SESSION lock_wait_timeout = DEFAULT", 0).await?;
            match done {
                Ok(_) => {}
                Err(error) if error.errno == THERE => {}
                Err(error) if error.errno == DUPLICATE => {
                    let answer =
                        conn.query_at_length(&self.entries.doubles(self.number, &name, TOLD), TOLD).await?;
                    let told =
                        |row| Some(format!("{} in {} rows", answer.text(row, 0)?, answer.text(row, 1)?));
                    doubles.extend((0..answer.rows.len()).filter_map(told));
                    if doubles.is_empty() {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if doubles.is_empty() {
            return Ok(doubles);
        }
        // Nobody is refused a value by an index that is not ready.
        for node in self.index.nodes.iter() {
            let drop = self.entries.drop_unique(self.number, &lookup::part_name(self.index, node));
            // Where it could not be made there is none.
            let _ = self.pools.aside(node.source).await?.query_at_length(&drop, 0).await;
        }
        Ok(doubles)
    }

    // ---- comparing ----------------------------------------------------------------------------------------------

    async fn rows_have_entries(&self, node: &Node, found: &mut Differences, tell: Tell<'_>) -> Result<()> {
        let name = lookup::table_name(self.used, node);
        let (mut last, mut seen) = (Vec::new(), 0);
        loop {
            let primary = self.entries.primary();
            let sql = self.entries.batch(&self.entries.list(), &name, primary, &last, BATCH);
            let rows = self.pools.aside(node.source).await?.query_at_length(&sql, BATCH).await?.rows;
            let all: Vec<&Row> = rows.iter().collect();
            for (part, some) in by_node(&self.entries, self.number, self.index, &all)? {
                let there = self.entries_of(part, &some).await?;
                for row in some {
                    let entry = there.get(&self.entries.locate(row));
                    let same = entry.is_some_and(|entry| self.entries.same_entry(self.number, entry, row));
                    if !same && !self.agrees(row).await? && found.missing.len() < TOLD {
                        found.missing.push(self.told(row));
                    }
                }
            }
            seen += rows.len() as u64;
            tell(&self.place(node), seen);
            match rows.last().filter(|_| rows.len() == BATCH) {
                Some(row) => last = self.entries.cells(primary, row),
                None => return Ok(()),
            }
        }
    }

    async fn entries_have_rows(&self, part: &Node, found: &mut Differences, tell: Tell<'_>) -> Result<()> {
        let name = lookup::part_name(self.index, part);
        let (mut last, mut seen) = (Vec::new(), 0);
        loop {
            let (list, identity) = (self.entries.list_stored(self.number), self.entries.identity_places());
            let sql = self.entries.batch(&list, &name, identity, &last, BATCH);
            let rows = self.pools.aside(part.source).await?.query_at_length(&sql, BATCH).await?.rows;
            let mut homes: Vec<(&Node, Vec<&Row>)> = Vec::new();
            for entry in &rows {
                let misplaced =
                    self.entries.place(self.number, entry).and_then(|p| self.index.node(p)) != Some(part);
                match self.home(entry).filter(|_| !misplaced) {
                    None => self.stale(entry, found),
                    Some(home) => match homes.iter_mut().find(|(known, _)| *known == home) {
                        Some((_, of)) => of.push(entry),
                        None => homes.push((home, vec![entry])),
                    },
                }
            }
            for (home, some) in homes {
                let there = self.rows_of(home, &some).await?;
                for entry in some {
                    let row = there.get(&self.entries.locate(entry));
                    let same = row.is_some_and(|row| self.entries.same_entry(self.number, entry, row));
                    if !same && !self.still_agrees(part, entry).await? {
                        self.stale(entry, found);
                    }
                }
            }
            seen += rows.len() as u64;
            tell(&format!("{} of {}", self.index.lookup, self.place(part)), seen);
            match rows.last().filter(|_| rows.len() == BATCH) {
                Some(row) => last = self.entries.cells(identity, row),
                None => return Ok(()),
            }
        }
    }

    fn stale(&self, entry: &Row, found: &mut Differences) {
        if found.stale.len() < TOLD {
            found.stale.push(self.told(entry));
        }
    }

    fn told(&self, row: &Row) -> String {
        format!("'{}' of the row {}", self.entries.show(self.number, row), self.entries.locate(row))
    }

    /// The node of an entry's row.
    fn home(&self, entry: &Row) -> Option<&Node> {
        let Layout::Sharded(sharded) = &self.used.table.layout else { return None };
        let key = self.entries.key(self.entries.key_cell(entry)?)?;
        match sharded.rule.find(&key) {
            Place::One(id) => sharded.node(id),
            Place::Nowhere | Place::Unknown => None,
        }
    }

    async fn entries_of(&self, part: &Node, rows: &[&Row]) -> Result<HashMap<String, Row>> {
        let (list, name) = (self.entries.list_stored(self.number), lookup::part_name(self.index, part));
        self.read(part, &format!("SELECT {list} FROM {name} WHERE {}", self.entries.any(rows))).await
    }

    async fn rows_of(&self, home: &Node, rows: &[&Row]) -> Result<HashMap<String, Row>> {
        let (list, name) = (self.entries.list(), lookup::table_name(self.used, home));
        self.read(home, &format!("SELECT {list} FROM {name} WHERE {}", self.entries.any(rows))).await
    }

    async fn read(&self, node: &Node, sql: &str) -> Result<HashMap<String, Row>> {
        let rows = self.pools.aside(node.source).await?.query_at_length(sql, BATCH).await?.rows;
        Ok(rows.into_iter().map(|row| (self.entries.locate(&row), row)).collect())
    }

    /// Whether a row has its entry after all: looked at while no writer can change it.
    async fn agrees(&self, row: &Row) -> Result<bool> {
        let Some(home) = self.home(row) else { return Ok(false) };
        self.locked(home, row, async |now: Option<Row>| {
            let Some(now) = now else { return Ok(true) };
            let Some(place) = self.entries.place(self.number, &now) else { return Ok(true) };
            let part = self.index.node(place).ok_or_else(gone)?;
            let there = self.entries_of(part, &[&now]).await?;
            Ok(there.values().any(|entry| self.entries.same_entry(self.number, entry, &now)))
        })
        .await
    }

    /// Whether an entry has its row after all, or is gone.
    async fn still_agrees(&self, part: &Node, entry: &Row) -> Result<bool> {
        let Some(home) = self.home(entry) else { return Ok(false) };
        self.locked(home, entry, async |now: Option<Row>| {
            let there = self.entries_of(part, &[entry]).await?;
            let Some(entry) = there.values().next() else { return Ok(true) };
            Ok(now.is_some_and(|now| self.entries.same_entry(self.number, entry, &now)))
        })
        .await
    }

    /// Looks at a row while it is locked.
    async fn locked<T>(
        &self,
        home: &Node,
        row: &Row,
        look: impl AsyncFnOnce(Option<Row>) -> Result<T>,
    ) -> Result<T> {
        let (list, name) = (self.entries.list(), lookup::table_name(self.used, home));
        let sql = format!("SELECT {list} FROM {name} WHERE {} LOCK IN SHARE MODE", self.entries.locate(row));
        let mut conn = self.pools.aside(home.source).await?;
        conn.query_at_length("BEGIN", 0).await?;
        let looked = async {
            let now = conn.query_at_length(&sql, 1).await?.rows.into_iter().next();
            look(now).await
        }
        .await;
        if conn.query_at_length("COMMIT", 0).await.is_err() || looked.is_err() {
            conn.give_up();
        }
        looked
    }
}
