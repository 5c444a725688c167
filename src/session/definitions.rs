//! Tables' definitions: read from the servers when a statement first names a table, and held against the configuration.

use std::collections::BTreeSet;

use super::Session;
use super::query::nodes_of;
use super::shared::Shared;
use crate::backend::Pools;
use crate::backend::catalog::Catalog;
use crate::base::{Code, Error, Result};
use crate::plan::ir::Plan;
use crate::topology::schema::Schemas;
use crate::topology::{Layout, Table};

/// ER_BAD_FIELD_ERROR, ER_WRONG_VALUE_COUNT_ON_ROW, ER_NO_SUCH_TABLE: errors of statements that were planned by
/// definitions of before, and of statements that are wrong.
const DOUBTFUL: [u16; 3] = [1054, 1136, 1146];
/// Tables at most that wait to be read again.
const DOUBTED: usize = 64;

impl Session {
    /// After a statement that failed: whether others have changed what its plan is made of.
    pub(super) fn doubt(&self, plan: &Plan, done: &Result<()>) {
        let errno = match done {
            Err(error) => error.errno,
            Ok(()) => {
                self.last.warned.messages.iter().rev().find_map(|[_, code, _]| code.parse().ok()).unwrap_or(0)
            }
        };
        if errno == Code::NoDatabase.errno() && self.database.is_some() {
            // The one that the connection had selected was dropped.
            self.pools.schemas_dropped();
        }
        if DOUBTFUL.contains(&errno) {
            for used in &plan.tables {
                self.shared.doubt(&used.database, &used.table.name);
            }
        }
    }
}

impl Shared {
    /// Loads a table's definition from the first of its nodes whose server can be reached.
    pub(super) async fn load_definition(&self, pools: &Pools, database: &str, table: &Table) -> Result<()> {
        let mut loaded = Ok(());
        for node in nodes_of(&table.layout) {
            loaded = self.catalog.load(pools, database, &table.name, node, parts_of(&table.layout)).await;
            if !matches!(&loaded, Err(error) if error.is(Code::SourceDown)) {
                break;
            }
        }
        loaded
    }

    /// Forgets definitions. Counted before, too: who finds them missing finds the count changed, and plans again.
    pub(super) fn forget(&self, forget: impl FnOnce(&Catalog)) {
        self.definitions_changed();
        forget(&self.catalog);
        self.definitions_changed();
    }

    /// Tables have been analysed or repaired: how many rows they have is to be learned again.
    pub(super) fn maintained(&self, plan: &Plan) {
        self.forget(|catalog| {
            plan.tables.iter().for_each(|used| catalog.forget(&used.database, &used.table.name));
        });
    }

    /// Others have changed definitions, databases too: what is known of them is known no more.
    pub fn all_changed(&self) {
        self.forget(Catalog::forget_all);
        self.pools.schemas_dropped();
    }

    /// Reads a table that is known again, from the first of its nodes whose server can be reached. Whether it was changed
    /// past what is known.
    pub async fn reread(&self, pools: &Pools, database: &str, table: &str) -> Result<bool> {
        let Some(known) = self.topology().database(database) else { return Ok(false) };
        let table = known.table(table);
        let (mut changed, parts) = (Ok(false), parts_of(&table.layout));
        for node in nodes_of(&table.layout) {
            changed = self.catalog.reread(pools, database, &table.name, node, parts).await;
            if !matches!(&changed, Err(error) if error.is(Code::SourceDown)) {
                break;
            }
        }
        if matches!(changed, Ok(true)) {
            self.definitions_changed();
        }
        changed
    }

    /// A statement has failed as if the table were not what is known of it: it is read again soon.
    pub(super) fn doubt(&self, database: &str, table: &str) {
        let mut doubted = self.doubted.lock();
        if doubted.len() < DOUBTED {
            doubted.insert((database.to_owned(), table.to_owned()));
        }
    }

    /// Tables that are to be read again.
    pub fn take_doubted(&self) -> BTreeSet<(String, String)> {
        std::mem::take(&mut *self.doubted.lock())
    }

    /// A table whose sharding or id column does not fit its rule would be read and written wrongly: it is refused.
    pub(super) fn check_columns(&self, database: &str, table: &Table) -> Result<()> {
        let Some(schema) = self.catalog.table(database, &table.name) else { return Ok(()) };
        let forget = || self.catalog.forget(database, &table.name);
        let column = |name: &str, what: &str| {
            schema.position(name).and_then(|i| schema.columns.get(i)).ok_or_else(|| {
                forget();
                let text = format!("Unknown column '{name}', {what} of '{database}.{}'", table.name);
                Error::new(Code::NoColumn, text)
            })
        };
        let unfit = |why: String| {
            forget();
            let text = format!("'{database}.{}' cannot be used as it is: {why}", table.name);
            Error::new(Code::NotSupported, text)
        };
        if let Some(id) = &table.id {
            let column = column(&id.column, "the id column")?.as_key(&table.name);
            column.check_id(id.form).map_err(unfit)?;
        }
        let Layout::Sharded(sharded) = &table.layout else { return Ok(()) };
        let key = column(&sharded.key, "the sharding key")?;
        sharded.rule.check_column(&key.as_key(&table.name)).map_err(unfit)
    }

    /// Looks at the tables whose ids are made, so that a column that has no room for them is known before a statement is
    /// refused for it. What does not fit is logged, with what mends it.
    pub async fn check_id_columns(&self) {
        for (database, tables) in &self.topology.databases {
            for table in tables.tables.values().filter(|table| table.id.is_some()) {
                let loaded = self.load_definition(&self.pools, database, table).await;
                match loaded.and_then(|()| self.check_columns(database, table)) {
                    Ok(()) => {}
                    Err(error) if error.is(Code::SourceDown) => tracing::debug!("{}", error.message),
                    Err(error) => tracing::error!("{}", error.message),
                }
            }
        }
    }
}

/// How many of a table's places hold rows of their own.
fn parts_of(layout: &Layout) -> usize {
    match layout {
        Layout::Sharded(sharded) => sharded.nodes.len(),
        Layout::Reference(_) | Layout::Single(_) => 1,
    }
}
