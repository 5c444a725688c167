//! Leases in a table `leases` of the store's schema. Both are made when they are first needed.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, from_row_opt};

use super::db::Db;
use super::leases::{Lease, Leases, Snapshot};
use crate::base::{Code, Error, Result};

/// Errors of MySQL and MariaDB (Server Error Message Reference) that mean something here.
mod errno {
    pub(super) const NO_SCHEMA: u16 = 1049;
    pub(super) const NO_COLUMN: u16 = 1054;
    pub(super) const NO_TABLE: u16 = 1146;
    /// To a schema, to a table, to a column, to something that a privilege is for.
    pub(super) const DENIED: [u16; 4] = [1044, 1142, 1143, 1227];
}

/// A row as it is read: the store's time, and a lease's columns, NULL where there is no lease.
type Columns =
    (u64, Option<u16>, Option<u64>, Option<String>, Option<u64>, Option<String>, Option<u64>, Option<u64>);

/// The table.
#[derive(Debug)]
pub struct MySqlLeases {
    db: Db,
}

/// What came of a statement, where the server understood it.
enum Outcome<T> {
    Done(T),
    /// The account lacks a privilege: the server's words, and the account as a GRANT names it.
    Denied(String, String),
    /// There is no table.
    Missing,
}

impl MySqlLeases {
    /// Leases in the store's schema. Nothing is connected or made yet.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    fn table(&self) -> String {
        format!("{}.leases", self.db.schema())
    }

    /// Runs a statement, and sorts what a person has to mend from what passes.
    async fn run<T>(
        &self,
        what: &str,
        privilege: &str,
        work: impl AsyncFnOnce(&mut Conn) -> mysql_async::Result<T>,
    ) -> Result<Option<T>> {
        let sorted = async |conn: &mut Conn| match work(conn).await {
            Ok(done) => Ok(Outcome::Done(done)),
            Err(mysql_async::Error::Server(error)) if errno::DENIED.contains(&error.code) => {
                let account: Option<String> = conn.query_first("SELECT CURRENT_USER()").await?;
                Ok(Outcome::Denied(error.message, account.unwrap_or_default()))
            }
            Err(mysql_async::Error::Server(error))
                if [errno::NO_TABLE, errno::NO_SCHEMA].contains(&error.code) =>
            {
                Ok(Outcome::Missing)
            }
            Err(error) => Err(error),
        };
        match self.db.with(what, sorted).await {
            Ok(Outcome::Done(done)) => Ok(Some(done)),
            Ok(Outcome::Missing) => Ok(None),
            Ok(Outcome::Denied(said, account)) => {
                let account = match account.rsplit_once('@') {
                    Some((user, host)) => format!("'{user}'@'{host}'"),
                    None => account,
                };
                let text = format!(
                    "the store {} cannot {what}: its account lacks {privilege} ({said}); GRANT SELECT, INSERT, UPDATE, CREATE \
                     ON {}.* TO {account}",
                    self.db.name(),
                    self.db.schema()
                );
                Err(Error::new(Code::AccessDenied, text))
            }
            Err(error) if error.errno == errno::NO_COLUMN => Err(self.foreign(&error.message)),
            Err(error) => Err(Error::new(Code::SourceDown, error.message)),
        }
    }

    fn foreign(&self, why: &str) -> Error {
        let table = self.table();
        let text = format!(
            "{table} is no table of Shardgate's leases: {why}; name another schema in [ids] store = \"{}\"",
            self.db.name()
        );
        Error::new(Code::NoColumn, text)
    }

    /// Makes the schema, unless it is there, and the table.
    async fn create(&self) -> Result<()> {
        let (schema, table) = (self.db.schema(), self.table());
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (\
             worker SMALLINT UNSIGNED NOT NULL PRIMARY KEY, \
             version BIGINT UNSIGNED NOT NULL, \
             owner VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL, \
             bound_ms BIGINT UNSIGNED NOT NULL, \
             layout VARCHAR(64) CHARACTER SET utf8mb4 NOT NULL, \
             epoch_ms BIGINT UNSIGNED NOT NULL, \
             expires_ms BIGINT UNSIGNED NOT NULL\
             ) ENGINE = InnoDB COMMENT = 'Worker numbers of Shardgate: who may make ids up to when'"
        );
        let work = async |conn: &mut Conn| {
            conn.query_drop(format!("CREATE SCHEMA IF NOT EXISTS {schema}")).await?;
            conn.query_drop(create).await
        };
        match self.run("create its table of leases", "CREATE", work).await? {
            Some(()) => Ok(()),
            None => Err(self.gone()),
        }
    }

    /// Somebody drops what is being made.
    fn gone(&self) -> Error {
        Error::new(Code::SourceDown, format!("the store {} has lost its table of leases", self.db.name()))
    }

    fn lease(&self, columns: Columns) -> Result<(u64, Option<Lease>)> {
        let (now_ms, worker, version, owner, bound_ms, layout, epoch_ms, expires_ms) = columns;
        let Some(worker) = worker else { return Ok((now_ms, None)) };
        let all = (version, owner, bound_ms, layout, epoch_ms, expires_ms);
        let (Some(version), Some(owner), Some(bound_ms), Some(layout), Some(epoch_ms), Some(expires_ms)) =
            all
        else {
            return Err(self.foreign("a column is NULL"));
        };
        Ok((now_ms, Some(Lease { worker, version, owner, bound_ms, layout, epoch_ms, expires_ms })))
    }
}

impl Leases for MySqlLeases {
    fn name(&self) -> &str {
        self.db.name()
    }

    async fn read(&self) -> Result<Snapshot> {
        let sql = format!(
            "SELECT t.now_ms, l.worker, l.version, l.owner, l.bound_ms, l.layout, l.epoch_ms, l.expires_ms \
             FROM (SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED) AS now_ms) t \
             LEFT JOIN {} l ON TRUE ORDER BY l.worker",
            self.table()
        );
        let read = async || {
            let work = async |conn: &mut Conn| conn.query::<Row, _>(&sql).await;
            self.run("read its leases", "SELECT", work).await
        };
        let rows = if let Some(rows) = read().await? {
            rows
        } else {
            self.create().await?;
            read().await?.ok_or_else(|| self.gone())?
        };
        let mut snapshot = Snapshot::default();
        for row in rows {
            let columns = from_row_opt::<Columns>(row).map_err(|error| self.foreign(&error.to_string()))?;
            let (now_ms, lease) = self.lease(columns)?;
            snapshot.now_ms = now_ms;
            snapshot.leases.extend(lease);
        }
        Ok(snapshot)
    }

    async fn swap(&self, lease: &Lease) -> Result<bool> {
        let Lease { worker, version, owner, bound_ms, layout, epoch_ms, expires_ms } = lease;
        let (table, first) = (self.table(), *version == 1);
        let work = async |conn: &mut Conn| {
            if !first {
                let sql = format!(
                    "UPDATE {table} SET version = ?, owner = ?, bound_ms = ?, layout = ?, epoch_ms = ?, expires_ms = ? \
                     WHERE worker = ? AND version = ?"
                );
                let before = version - 1;
                let values = (version, owner, bound_ms, layout, epoch_ms, expires_ms, worker, before);
                conn.exec_drop(sql, values).await?;
                return Ok(conn.affected_rows() == 1);
            }
            // Nothing is done where a row is there. The account must be able to UPDATE from the start.
            let sql = format!(
                "INSERT INTO {table} (version, owner, bound_ms, layout, epoch_ms, expires_ms, worker) \
                 VALUES (?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE worker = {table}.worker"
            );
            conn.exec_drop(sql, (version, owner, bound_ms, layout, epoch_ms, expires_ms, worker)).await?;
            Ok(conn.affected_rows() == 1)
        };
        let privilege = if first { "INSERT or UPDATE" } else { "UPDATE" };
        self.run("write a lease", privilege, work).await?.ok_or_else(|| self.gone())
    }
}
