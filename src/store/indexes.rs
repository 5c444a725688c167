//! Which unique indexes hold all rows: the table `indexes`, one row an index. An index that is being built is written by
//! all proxies and believed by none.

use std::collections::HashMap;
use std::sync::Arc;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::Db;
use crate::base::{Error, Result};

/// What the store's account may not be allowed (MySQL 8.4 Error Message Reference: ER_DBACCESS_DENIED_ERROR,
/// ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR).
const DENIED: [u16; 3] = [1044, 1142, 1227];
/// ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE
const MISSING: [u16; 2] = [1049, 1146];

/// What is known of an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IndexState {
    /// Every row has its entry, and values are unique.
    pub ready: bool,
    /// Over which places its entries are spread: `ds0/shop,ds1/shop`.
    pub layout: String,
    /// How far building has come, as the builder wrote it.
    pub progress: String,
}

/// The states of a store's indexes.
#[derive(Debug, Clone)]
pub struct Indexes(Arc<Db>);

impl Indexes {
    /// Those of this store. Nothing is connected or created yet.
    pub fn new(db: Arc<Db>) -> Self {
        Self(db)
    }

    /// All of them by `database.table.index`; none where the store's table does not exist.
    pub async fn read(&self) -> Result<HashMap<String, IndexState>> {
        let schema = self.0.schema();
        let select = format!("SELECT name, state = 'ready', layout, progress FROM {schema}.indexes");
        let work = async |conn: &mut Conn| conn.query::<(String, bool, String, String), _>(select).await;
        match self.0.with("read the states of indexes", work).await {
            Ok(rows) => {
                let state = |(name, ready, layout, progress)| (name, IndexState { ready, layout, progress });
                Ok(rows.into_iter().map(state).collect())
            }
            Err(error) if MISSING.contains(&error.errno) => Ok(HashMap::new()),
            Err(error) => Err(self.explained(error)),
        }
    }

    /// Writes what is known of an index.
    pub async fn write(&self, name: &str, state: &IndexState) -> Result<()> {
        let replace = format!(
            "REPLACE INTO {}.indexes (name, state, layout, progress) VALUES (?, ?, ?, ?)",
            self.0.schema()
        );
        self.put(&replace, name, state).await
    }

    /// The same for one that nothing was known of: what somebody else has written since, stays.
    pub async fn begin(&self, name: &str, state: &IndexState) -> Result<()> {
        let insert = format!(
            "INSERT INTO {0}.indexes (name, state, layout, progress) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE \
             state = IF(indexes.layout = VALUES(layout), indexes.state, VALUES(state)), \
             progress = IF(indexes.layout = VALUES(layout), indexes.progress, VALUES(progress)), layout = VALUES(layout)",
            self.0.schema()
        );
        self.put(&insert, name, state).await
    }

    async fn put(&self, sql: &str, name: &str, state: &IndexState) -> Result<()> {
        let word = if state.ready { "ready" } else { "building" };
        let values = (name, word, state.layout.as_str(), state.progress.as_str());
        let write = async |conn: &mut Conn| conn.exec_drop(sql, values).await;
        match self.0.with("write the state of an index", write).await {
            Err(error) if MISSING.contains(&error.errno) => {
                self.create().await?;
                self.0.with("write the state of an index", write).await.map_err(|error| self.explained(error))
            }
            done => done.map_err(|error| self.explained(error)),
        }
    }

    async fn create(&self) -> Result<()> {
        let schema = self.0.schema();
        let create = async |conn: &mut Conn| {
            conn.query_drop(format!("CREATE DATABASE IF NOT EXISTS {schema}")).await?;
            let table = format!(
                "CREATE TABLE IF NOT EXISTS {schema}.indexes (
                    name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY
                        COMMENT 'database.table.index',
                    state VARCHAR(16) NOT NULL COMMENT 'building or ready',
                    layout TEXT NOT NULL COMMENT 'the places that its entries are spread over',
                    progress TEXT NOT NULL COMMENT 'how far building has come'
                ) ENGINE = InnoDB COMMENT 'Shardgate: unique indexes over all shards'"
            );
            conn.query_drop(table).await
        };
        self.0.with("create its table indexes", create).await.map_err(|error| self.explained(error))
    }

    /// A denial says what to grant.
    fn explained(&self, error: Error) -> Error {
        if !DENIED.contains(&error.errno) {
            return error;
        }
        let grant = format!("GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON {}.* TO it", self.0.schema());
        let message = format!("{}; the account of {} needs: {grant}", error.message, self.0.name());
        Error { message, ..error }
    }
}
