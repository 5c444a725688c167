//! The counters of segment ids: the table `segments`, one row a counter. Proxies take runs of numbers from it, each with
//! one UPDATE that adds and tells what was there before, so that no two get the same.

use std::sync::Arc;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::Db;
use crate::base::{Error, Result};

/// What the store's account may not be allowed: to use the schema, the table, or to create them (MySQL 8.4 Error
/// Message Reference: ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR).
const DENIED: [u16; 3] = [1044, 1142, 1227];
/// ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE
const MISSING: [u16; 2] = [1049, 1146];

/// The counters of a store.
#[derive(Debug, Clone)]
pub struct Segments(Arc<Db>);

impl Segments {
    /// Those of this store. Nothing is connected or created yet.
    pub fn new(db: Arc<Db>) -> Self {
        Self(db)
    }

    /// Takes `count` numbers from a counter, and tells the first. One that does not exist is created and begins at
    /// `start`; so are the table and its schema. [`SourceDown`](crate::base::Code::SourceDown) when the store cannot be reached; the server's own
    /// error otherwise, with the missing GRANT where that is what it says.
    pub async fn take(&self, counter: &str, start: u64, count: u64) -> Result<u64> {
        let what = format!("take {count} ids of {counter}");
        let schema = self.0.schema();
        let taken = self.0.with(&what, async |conn| take(conn, &schema, counter, start, count).await).await;
        match taken {
            Err(error) if MISSING.contains(&error.errno) => {
                self.create().await?;
                let again = async |conn: &mut Conn| take(conn, &schema, counter, start, count).await;
                self.0.with(&what, again).await.map_err(|error| self.explained(error))
            }
            taken => taken.map_err(|error| self.explained(error)),
        }
    }

    async fn create(&self) -> Result<()> {
        let schema = self.0.schema();
        let create = async |conn: &mut Conn| {
            conn.query_drop(format!("CREATE DATABASE IF NOT EXISTS {schema}")).await?;
            let table = format!(
                "CREATE TABLE IF NOT EXISTS {schema}.segments (
                    name VARCHAR(160) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY
                        COMMENT 'database.table',
                    next BIGINT UNSIGNED NOT NULL COMMENT 'the first number that nobody has taken',
                    step BIGINT UNSIGNED NOT NULL COMMENT 'how many were taken last'
                ) ENGINE = InnoDB COMMENT 'Shardgate: counters of segment ids'"
            );
            conn.query_drop(table).await
        };
        self.0.with("create its table segments", create).await.map_err(|error| self.explained(error))
    }

    /// A denial says what to grant.
    fn explained(&self, error: Error) -> Error {
        if !DENIED.contains(&error.errno) {
            return error;
        }
        let grant = format!("GRANT CREATE, SELECT, INSERT, UPDATE ON {}.* TO it", self.0.schema());
        let message = format!("{}; the account of {} needs: {grant}", error.message, self.0.name());
        Error { message, ..error }
    }
}

async fn take(
    conn: &mut Conn,
    schema: &str,
    counter: &str,
    start: u64,
    count: u64,
) -> mysql_async::Result<u64> {
    // LAST_INSERT_ID(next) hands the number before the addition out in the OK packet.
    let add =
        format!("UPDATE {schema}.segments SET next = LAST_INSERT_ID(next) + ?, step = ? WHERE name = ?");
    loop {
        conn.exec_drop(add.as_str(), (count, count, counter)).await?;
        if let Some(first) = conn.last_insert_id().filter(|_| conn.affected_rows() > 0) {
            return Ok(first);
        }
        // Whoever comes first creates it; the time that a use of the store may take ends this.
        let insert = format!("INSERT IGNORE INTO {schema}.segments (name, next, step) VALUES (?, ?, ?)");
        conn.exec_drop(insert, (counter, start, count)).await?;
    }
}
