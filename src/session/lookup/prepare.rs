//! The tables of lookups: made and checked when a table with a unique index is first used, and believed once they hold
//! all rows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::backend::Pools;
use crate::base::{Error, Result};
use crate::plan::ir::TableUse;
use crate::plan::lookup::{self, Entries};
use crate::session::Shared;
use crate::store::indexes::{IndexState, Indexes};
use crate::topology::schema::{Schemas, TableSchema};
use crate::topology::{Index, Topology};

/// Rows at most of what is asked here.
const ROWS: usize = 10_000;
/// ER_DUP_KEYNAME: the key is there already.
pub(super) const THERE: u16 = 1061;

/// Which indexes hold all rows.
#[derive(Debug, Default)]
pub struct Ready {
    store: Option<Indexes>,
    ids: ArcSwap<HashSet<Arc<str>>>,
    /// Definitions whose lookups are there, by `database.table`.
    prepared: Mutex<HashMap<String, Arc<TableSchema>>>,
    /// One at a time prepares.
    preparing: tokio::sync::Mutex<()>,
}

impl Ready {
    /// As the store says; nothing is ready without one.
    pub fn of(store: Option<Indexes>) -> Self {
        Self { store, ..Self::default() }
    }

    /// Whether every row of the index has its entry.
    pub fn is_ready(&self, index: &Index) -> bool {
        self.ids.load().contains(&index.id)
    }

    /// The store that knows.
    pub(super) fn store(&self) -> Option<&Indexes> {
        self.store.as_ref()
    }

    fn set(&self, index: &Arc<str>, ready: bool) {
        self.ids.rcu(|known| {
            let mut all = HashSet::clone(known);
            let _ = if ready { all.insert(Arc::clone(index)) } else { all.remove(index) };
            all
        });
    }

    /// Asks the store what has become of the indexes of a map.
    pub async fn refresh(&self, topology: &Topology) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let states = store.read().await?;
        for table in topology.databases.values().flat_map(|database| database.tables.values()) {
            for index in &table.indexes {
                let known = states.get(&*index.id);
                let ready = known.is_some_and(|state| state.ready && state.layout == layout(index, topology));
                self.set(&index.id, ready);
            }
        }
        Ok(())
    }
}

/// Over which places an index's entries are spread.
pub(super) fn layout(index: &Index, topology: &Topology) -> String {
    let place = |node: &crate::topology::Node| {
        let source = topology.source(node.source).map_or("?", |source| &source.name);
        format!("{source}/{}", node.schema)
    };
    index.nodes.iter().map(place).collect::<Vec<_>>().join(",")
}

impl Shared {
    /// Makes and checks the lookup tables of a table whose definition is known. An index of an empty table is ready at
    /// once; one of a table with rows is written from now on, and has to be built.
    pub(in crate::session) async fn prepare_lookups(&self, pools: &Pools, used: &TableUse) -> Result<()> {
        let table = &used.table;
        if table.indexes.is_empty() {
            return Ok(());
        }
        let _alone = self.indexes.preparing.lock().await;
        let Some(schema) = self.catalog.table(&used.database, &table.name) else { return Ok(()) };
        if self.are_prepared(used) {
            return Ok(());
        }
        self.prepare_each(pools, used, &schema).await?;
        self.indexes.prepared.lock().insert(format!("{}.{}", used.database, table.name), schema);
        Ok(())
    }

    /// Whether the lookups of a table are there, as its definition is now.
    pub(in crate::session) fn are_prepared(&self, used: &TableUse) -> bool {
        if used.table.indexes.is_empty() {
            return true;
        }
        let Some(schema) = self.catalog.table(&used.database, &used.table.name) else { return false };
        let prepared = self.indexes.prepared.lock();
        let known = prepared.get(&format!("{}.{}", used.database, used.table.name));
        known.is_some_and(|known| Arc::ptr_eq(known, &schema))
    }

    async fn prepare_each(&self, pools: &Pools, used: &TableUse, schema: &TableSchema) -> Result<()> {
        let entries = Entries::of(&used.table, schema)?;
        let Some(store) = &self.indexes.store else { return Err(no_store()) };
        self.check_keys(pools, used).await?;
        let states = store.read().await?;
        for (number, index) in used.table.indexes.iter().enumerate() {
            let mut made = false;
            for node in index.nodes.iter() {
                made |= self.prepare_part(pools, &entries, number, index, node).await?;
            }
            let layout = layout(index, &self.topology);
            let known = states.get(&*index.id).filter(|state| state.layout == layout);
            let ready = match known {
                Some(state) if !made || !state.ready => state.ready,
                _ => {
                    let ready = self.is_empty(pools, used).await?;
                    if ready {
                        self.make_unique(pools, &entries, number, index).await?;
                    }
                    let state = IndexState { ready, layout, progress: String::new() };
                    match known {
                        // Another proxy may have made it ready since.
                        None if !ready => store.begin(&index.id, &state).await?,
                        _ => store.write(&index.id, &state).await?,
                    }
                    ready
                }
            };
            self.indexes.set(&index.id, ready);
        }
        Ok(())
    }

    /// One part of a lookup; `true`: it was not there.
    async fn prepare_part(
        &self,
        pools: &Pools,
        entries: &Entries,
        number: usize,
        index: &Index,
        node: &crate::topology::Node,
    ) -> Result<bool> {
        let mut conn = pools.aside(node.source).await?;
        let columns = format!(
            "SELECT COLUMN_NAME, CONCAT(COLUMN_TYPE, IF(COLLATION_NAME IS NULL, '', CONCAT(' CHARACTER SET ', \
             CHARACTER_SET_NAME, ' COLLATE ', COLLATION_NAME))) FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = '{}' AND TABLE_NAME = '{}' ORDER BY ORDINAL_POSITION",
            escaped(&node.schema),
            escaped(&index.lookup)
        );
        let name = lookup::part_name(index, node);
        let found = conn.query(&columns, ROWS).await?;
        if found.rows.is_empty() {
            conn.query(&entries.create(number, &name), 0).await?;
            return Ok(true);
        }
        let found: Vec<(String, String)> = (0..found.rows.len())
            .filter_map(|row| Some((found.text(row, 0)?, found.text(row, 1)?.to_ascii_lowercase())))
            .collect();
        let wanted =
            entries.definitions(number).into_iter().map(|(name, kind)| (name, kind.to_ascii_lowercase()));
        if wanted.eq(found) {
            return Ok(false);
        }
        Err(Error::refused(
            format_args!("the lookup table {name} has not the columns that the index {} needs", index.id),
            format_args!("drop it on each shard, and run shardgate index build {}", index.id),
        ))
    }

    /// A primary key tells rows apart; what changes rows behind the proxy's back is refused.
    async fn check_keys(&self, pools: &Pools, used: &TableUse) -> Result<()> {
        let Some(node) = lookup::nodes(used).first() else { return Ok(()) };
        let table = node.table.as_deref().unwrap_or(&used.table.name);
        let (schema, table) = (escaped(&node.schema), escaped(table));
        let mut conn = pools.aside(node.source).await?;
        let primary = format!(
            "SELECT 1 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '{schema}' AND TABLE_NAME = '{table}' AND \
             INDEX_NAME = 'PRIMARY'"
        );
        if conn.query(&primary, ROWS).await?.rows.is_empty() {
            return Err(Error::refused(
                format_args!(
                    "`{}` has a unique index over all shards, and no primary key to tell rows apart",
                    used.table.name
                ),
                "give it a primary key",
            ));
        }
        let cascades = format!(
            "SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '{schema}' \
             AND TABLE_NAME = '{table}' AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL'))"
        );
        match conn.query(&cascades, ROWS).await?.text(0, 0) {
            None => Ok(()),
            Some(name) => Err(Error::refused(
                format_args!(
                    "the foreign key `{name}` changes rows of `{}` behind the back of its unique index",
                    used.table.name
                ),
                "define it with RESTRICT, or leave the index out",
            )),
        }
    }

    async fn is_empty(&self, pools: &Pools, used: &TableUse) -> Result<bool> {
        for node in lookup::nodes(used) {
            let name = lookup::table_name(used, node);
            let mut conn = pools.aside(node.source).await?;
            if !conn.query(&format!("SELECT 1 FROM {name} LIMIT 1"), ROWS).await?.rows.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn make_unique(
        &self,
        pools: &Pools,
        entries: &Entries,
        number: usize,
        index: &Index,
    ) -> Result<()> {
        for node in index.nodes.iter() {
            let mut conn = pools.aside(node.source).await?;
            match conn.query_at_length(&entries.add_unique(number, &lookup::part_name(index, node)), 0).await
            {
                Err(error) if error.errno != THERE => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

pub(super) fn no_store() -> Error {
    Error::refused("there is no store that knows which indexes are ready", "name one in [ids] store")
}

/// A name from the configuration inside of quotes; it has no backslash (the configuration refuses none, so it is
/// doubled).
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('\'', "''")
}
