//! Tables' definitions, read from the servers when first needed and kept until DDL changes them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use tokio::time::Instant;

use super::answer::Answer;
use super::pools::Pools;
use super::settings::Settings;
use crate::base::{Code, Error, Result, hex_name};
use crate::topology::Node;
use crate::topology::schema::{Column, Schemas, TableSchema};

/// Definitions at most kept; beyond it all are read anew.
const KEPT: usize = 100_000;
/// Columns of one table at most (MySQL allows 4,096) times indexes.
const ROWS: usize = 100_000;
/// For how long definitions are read again while they change.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of the tables. Planning looks it up, so that its lock is taken when a statement is new, not when it is
/// repeated; it is held for one look or one entry.
#[derive(Debug, Default)]
pub struct Catalog {
    known: RwLock<Known>,
}

/// By database and table.
#[derive(Debug, Default)]
struct Known {
    databases: HashMap<String, HashMap<String, Entry>>,
    tables: usize,
    /// Counts what was forgotten: a definition whose reading began before may be the one that was forgotten.
    forgotten: u64,
}

#[derive(Debug)]
struct Entry {
    schema: Arc<TableSchema>,
    /// About how many rows there are in all of its nodes.
    rows: Option<u64>,
}

impl Known {
    fn keep(&mut self, database: &str, table: &str, entry: Entry) {
        if self.tables >= KEPT {
            self.forget_all();
        }
        let tables = self.databases.entry(database.to_owned()).or_default();
        self.tables += usize::from(tables.insert(table.to_owned(), entry).is_none());
    }

    fn forget(&mut self, database: &str, table: &str) {
        let gone = self.databases.get_mut(database).and_then(|tables| tables.remove(table));
        self.tables -= usize::from(gone.is_some());
        self.forgotten += 1;
    }

    fn forget_all(&mut self) {
        *self = Self { forgotten: self.forgotten + 1, ..Self::default() };
    }
}

/// Since when definitions have changed while they were read.
#[derive(Debug)]
pub struct Unsteady(Instant);

impl Unsteady {
    /// Since now.
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// Whether it is worth reading once more.
    ///
    /// # Errors
    /// 1105 when that has been done for long.
    pub fn check(&self) -> Result<()> {
        if self.0.elapsed() < PATIENCE {
            return Ok(());
        }
        Err(Error::new(Code::Internal, "definitions of tables change faster than they can be read"))
    }
}

impl Schemas for Catalog {
    fn table(&self, database: &str, table: &str) -> Option<Arc<TableSchema>> {
        Some(Arc::clone(&self.known.read().databases.get(database)?.get(table)?.schema))
    }

    fn rows(&self, database: &str, table: &str) -> Option<u64> {
        self.known.read().databases.get(database)?.get(table)?.rows
    }
}

impl Catalog {
    /// Whether the table's definition is here.
    pub fn knows(&self, database: &str, table: &str) -> bool {
        self.table(database, table).is_some()
    }

    /// Reads a logical table's definition from one of its nodes, of which `parts` hold other rows each. A table that does
    /// not exist is not remembered. What was read while something was forgotten is read again: it may be older than what
    /// the caller has been told of.
    pub async fn load(
        &self,
        pools: &Pools,
        database: &str,
        table: &str,
        node: &Node,
        parts: usize,
    ) -> Result<()> {
        let unsteady = Unsteady::now();
        loop {
            let forgotten = self.known.read().forgotten;
            let Some((schema, rows)) = Self::read(pools, table, node).await? else { return Ok(()) };
            let mut known = self.known.write();
            if known.forgotten == forgotten {
                known.keep(database, table, Entry { schema: Arc::new(schema), rows: in_all(rows, parts) });
                return Ok(());
            }
            unsteady.check()?;
        }
    }

    /// Reads a table that is known again. Whether it has changed, or is gone: it is forgotten then. How many rows there are
    /// is no change of it.
    pub async fn reread(
        &self,
        pools: &Pools,
        database: &str,
        table: &str,
        node: &Node,
        parts: usize,
    ) -> Result<bool> {
        let now = Self::read(pools, table, node).await?;
        let mut known = self.known.write();
        let Some(before) = known.databases.get_mut(database).and_then(|tables| tables.get_mut(table)) else {
            return Ok(false);
        };
        match now {
            Some((schema, rows)) if schema == *before.schema => {
                before.rows = in_all(rows, parts);
                Ok(false)
            }
            _ => {
                known.forget(database, table);
                Ok(true)
            }
        }
    }

    /// All that are known: database and table.
    pub fn names(&self) -> Vec<(String, String)> {
        let known = self.known.read();
        let all = known
            .databases
            .iter()
            .flat_map(|(database, tables)| tables.keys().map(|table| (database.clone(), table.clone())));
        all.collect()
    }

    /// A table of one node, and about how many rows are there.
    async fn read(pools: &Pools, table: &str, node: &Node) -> Result<Option<(TableSchema, Option<u64>)>> {
        let physical = node.table.as_deref().unwrap_or(table);
        let mut conn = pools.aside(node.source).await?;
        if !conn.info().version.contains("MariaDB") {
            // MySQL would tell how many rows there were up to a day ago.
            conn.queue_state(None, &Settings::default().with("information_schema_stats_expiry", "0"));
        }
        let filter = format!("TABLE_SCHEMA={} AND TABLE_NAME={}", hex_name(&node.schema), hex_name(physical));
        let columns = conn
            .query(
                &format!(
                    "SELECT COLUMN_NAME,DATA_TYPE,COLUMN_TYPE,IS_NULLABLE,COLLATION_NAME,EXTRA,COLUMN_DEFAULT IS NOT NULL,\
                     GENERATION_EXPRESSION<>'',CHARACTER_MAXIMUM_LENGTH,NUMERIC_SCALE,CHARACTER_SET_NAME FROM information_schema.COLUMNS WHERE {filter} ORDER BY ORDINAL_POSITION"
                ),
                ROWS,
            )
            .await?;
        if columns.rows.is_empty() {
            return Ok(None);
        }
        let unique = conn
            .query(
                &format!(
                    "SELECT INDEX_NAME,COLUMN_NAME FROM information_schema.STATISTICS WHERE {filter} AND NON_UNIQUE=0 \
                     ORDER BY INDEX_NAME<>'PRIMARY',INDEX_NAME,SEQ_IN_INDEX"
                ),
                ROWS,
            )
            .await?;
        let (place, name) = (hex_name(&node.schema), hex_name(physical));
        let triggers = format!(
            "SELECT EVENT_MANIPULATION FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA={place} AND \
             EVENT_OBJECT_TABLE={name}"
        );
        let events = conn.query(&triggers, ROWS).await?;
        let rows = format!("SELECT TABLE_ROWS FROM information_schema.TABLES WHERE {filter}");
        let rows = conn.query(&rows, 1).await?;
        let schema = TableSchema {
            columns: columns_of(&columns),
            unique: unique_of(&unique),
            triggers: !events.rows.is_empty(),
            row_triggers: (0..events.rows.len())
                .any(|row| events.text(row, 0).is_none_or(|event| !event.eq_ignore_ascii_case("UPDATE"))),
        };
        Ok(Some((schema, rows.text(0, 0).and_then(|rows| rows.parse().ok()))))
    }

    /// Forgets one table: it has changed.
    pub fn forget(&self, database: &str, table: &str) {
        self.known.write().forget(database, table);
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.known.write().forget_all();
    }
}

/// What parts of about this size come to.
fn in_all(rows: Option<u64>, parts: usize) -> Option<u64> {
    rows.map(|rows| rows.saturating_mul(parts as u64))
}

fn columns_of(answer: &Answer) -> Vec<Column> {
    (0..answer.rows.len())
        .map(|row| {
            let text = |column| answer.text(row, column).unwrap_or_default();
            let (extra, nullable) = (text(5).to_ascii_lowercase(), text(3) == "YES");
            Column {
                name: text(0),
                data_type: text(1).to_ascii_lowercase(),
                unsigned: text(2).to_ascii_lowercase().contains("unsigned"),
                nullable,
                collation: answer.text(row, 4),
                auto_increment: extra.contains("auto_increment"),
                has_default: nullable || text(6) == "1",
                generated: text(7) == "1",
                invisible: extra.contains("invisible"),
                column_type: text(2),
                length: text(8).parse().ok(),
                scale: text(9).parse().ok(),
                charset: answer.text(row, 10),
            }
        })
        .collect()
}

fn unique_of(answer: &Answer) -> Vec<Vec<String>> {
    let mut out: Vec<(String, Vec<Option<String>>)> = Vec::new();
    for row in 0..answer.rows.len() {
        let Some(index) = answer.text(row, 0) else { continue };
        // An expression is no column; what is unique with it need not be without it.
        let column = answer.text(row, 1).map(|column| column.to_ascii_lowercase());
        match out.last_mut() {
            Some((name, columns)) if *name == index => columns.push(column),
            _ => out.push((index, vec![column])),
        }
    }
    out.into_iter().filter_map(|(_, columns)| columns.into_iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let schema =
            TableSchema { columns: Vec::new(), unique: Vec::new(), triggers: false, row_triggers: false };
        Entry { schema: Arc::new(schema), rows: Some(3) }
    }

    #[test]
    fn what_is_kept_is_known_until_it_is_forgotten() {
        let catalog = Catalog::default();
        catalog.known.write().keep("a", "t", entry());
        assert!(catalog.knows("a", "t"));
        assert_eq!((catalog.rows("a", "t"), catalog.rows("a", "u")), (Some(3), None));
        assert!(!catalog.knows("a", "u") && !catalog.knows("b", "t"));
        catalog.forget("b", "t");
        assert!(catalog.knows("a", "t"));
        catalog.forget("a", "t");
        assert!(!catalog.knows("a", "t"));
        catalog.known.write().keep("a", "t", entry());
        catalog.forget_all();
        assert!(!catalog.knows("a", "t"));
    }

    #[test]
    fn it_starts_anew_when_it_is_full() {
        let mut known = Known::default();
        for table in 0..KEPT {
            known.keep("a", &table.to_string(), entry());
        }
        assert_eq!(known.tables, KEPT);
        known.keep("b", "t", entry());
        assert_eq!((known.tables, known.databases.len()), (1, 1));
    }
}
