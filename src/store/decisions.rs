//! What becomes of transactions that span several servers: a row on the server where a transaction is decided.
//!
//! Every source has a schema of its own for it, with two tables. `decisions` has a row for each transaction that is
//! decided: `outcome` 1 is written by the transaction itself, in the part of it that runs on this server, so that its
//! COMMIT there is the decision; 0 is a tombstone, written by whoever finds a branch without a decision: after it there
//! can be no other. `home` holds the server's identity, which branches elsewhere name.

use std::sync::Arc;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row, from_row_opt};

use super::Db;
use crate::base::xid::{Gtrid, Xid};
use crate::base::{Code, Error, Result};
use crate::topology::Source;

/// How long one use of a server may take.
const LIMIT: Duration = Duration::from_secs(3);
/// Rows that one statement reads or removes.
const ROWS: usize = 1000;

/// Numbers of the errors that are told apart here (MySQL 8.4 Error Message Reference).
mod errno {
    /// ER_DUP_ENTRY
    pub(super) const DUPLICATE: u16 = 1062;
    /// ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK
    pub(super) const BUSY: [u16; 2] = [1205, 1213];
    /// ER_XAER_NOTA
    pub(super) const UNKNOWN_XID: u16 = 1397;
    /// ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_XAER_RMERR
    pub(super) const DENIED: [u16; 4] = [1044, 1142, 1227, 1401];
}

/// How a transaction was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is there, or will be.
    Committed,
    /// Nothing of it is there.
    RolledBack,
}

/// What came of asking for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is decided, and stays so.
    Decided(Outcome),
    /// It is being decided: ask again.
    Busy,
    /// It cannot be told here, and never will: the decision may have been removed, or is another server's.
    Unknown,
}

/// Who asks for a decision.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// The transaction itself, which could decide until this time, in Unix seconds. Later on nothing that is found but a
    /// commit says anything: it may have been committed, and all that told so removed.
    Itself(u64),
    /// Recovery, which has found a branch that names a server of this identity.
    Recovery(&'a str),
}

/// Where transactions are decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The server's identity: letters and digits. Its replicas have it, too.
    pub id: Arc<str>,
    /// Where the server says that it is: host, port, data directory.
    pub server: String,
}

/// A transaction that was decided on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The transaction.
    pub gtrid: Gtrid,
    /// How.
    pub outcome: Outcome,
    /// Seconds since then, by that server's clock.
    pub age_s: u64,
    /// Identities of the servers that had branches, of one that was committed.
    pub branches: Vec<String>,
}

/// The decisions of one source.
#[derive(Debug)]
pub struct Decisions {
    db: Db,
    table: String,
}

impl Decisions {
    /// Those of a source, in this schema. Nothing is connected or created yet.
    pub fn new(source: &Source, schema: &str) -> Self {
        let db = Db::new(source, schema, LIMIT);
        let table = format!("{}.decisions", db.schema());
        Self { db, table }
    }

    /// `source/schema`, for messages.
    pub fn name(&self) -> &str {
        self.db.name()
    }

    /// The statement with which a transaction decides for itself, naming the servers of its branches: 1 row, or it was too
    /// late. Until `before`, in Unix seconds: afterwards a tombstone may have been removed, and must not be overlooked.
    /// SYSDATE() is the server's time whatever the session says.
    pub fn decide_sql(&self, gtrid: Gtrid, branches: &str, before: u64) -> String {
        format!(
            "INSERT INTO {} (gtrid,outcome,at,branches) SELECT '{gtrid}',1,UNIX_TIMESTAMP(SYSDATE()),'{branches}' FROM DUAL \
             WHERE UNIX_TIMESTAMP(SYSDATE())<{before}",
            self.table
        )
    }

    /// Two statements that change a row in a branch, and leave nothing. MySQL writes savepoints into its binary log; where they
    /// are all that a prepared branch has there, its replicas stop at it (error 3898).
    pub fn touch_sql(&self, xid: &Xid) -> [String; 2] {
        let (table, key) = (&self.table, format!("{}-{}", xid.gtrid, xid.branch));
        [
            format!("INSERT INTO {table} (gtrid,outcome,at,branches) VALUES ('{key}',0,0,'')"),
            format!("DELETE FROM {table} WHERE gtrid='{key}'"),
        ]
    }

    /// Creates what is missing, checks what recovery needs, and tells the server's identity and where it is (host, port,
    /// data directory). [`Code::SourceDown`]: it cannot be reached now; [`Code::AccessDenied`]: the account lacks a
    /// privilege, and the message says which.
    pub async fn open(&self) -> Result<Home> {
        let opened = self.db.with("create its tables of decisions", async |conn: &mut Conn| {
            let done = match self.create(conn).await {
                Ok(home) => conn.query_drop("XA RECOVER").await.map(|()| home).map_err(|error| (error, true)),
                Err(error) => Err((error, false)),
            };
            match done {
                Ok(home) => Ok(Ok(home)),
                Err((mysql_async::Error::Server(error), recovers)) if errno::DENIED.contains(&error.code) => {
                    let account: Option<String> = conn.query_first("SELECT CURRENT_USER()").await?;
                    Ok(Err((error.message, account.unwrap_or_default(), recovers)))
                }
                Err((error, _)) => Err(error),
            }
        });
        let (schema, name) = (self.db.schema(), self.name());
        let home = opened.await?.map_err(|(said, account, recovers)| {
            let (user, host) = account.rsplit_once('@').unwrap_or((&account, "%"));
            let grant = if recovers {
                "XA_RECOVER_ADMIN ON *.*".to_owned()
            } else {
                format!("CREATE, SELECT, INSERT, DELETE ON {schema}.*")
            };
            let text = format!(
                "transactions over several sources cannot be recovered on {name}: its account lacks a privilege ({said}); set \
                 [transaction] mode = \"single\", or GRANT {grant} TO '{user}'@'{host}'"
            );
            Error::new(Code::AccessDenied, text)
        })?;
        let home =
            home.ok_or_else(|| Error::new(Code::Internal, format!("{schema}.home on {name} has no row")))?;
        if home.id.is_empty() || !home.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let text = format!("{schema}.home on {name} holds {:?}, which is no identity", home.id);
            return Err(Error::new(Code::Internal, text));
        }
        Ok(home)
    }

    async fn create(&self, conn: &mut Conn) -> mysql_async::Result<Option<Home>> {
        let (schema, table) = (self.db.schema(), &self.table);
        let there: Option<u8> = conn
            .exec_first(
                "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'home'",
                (self.db.plain_schema(),),
            )
            .await?;
        if there.is_none() {
            conn.query_drop(format!("CREATE SCHEMA IF NOT EXISTS {schema}")).await?;
            conn.query_drop(format!(
                "CREATE TABLE IF NOT EXISTS {table} (\
                 gtrid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, \
                 outcome TINYINT NOT NULL COMMENT '1: committed, 0: rolled back', \
                 at BIGINT UNSIGNED NOT NULL COMMENT 'Unix seconds', \
                 branches TEXT CHARACTER SET ascii NOT NULL COMMENT 'identities of the other servers', KEY (at)\
                 ) ENGINE = InnoDB COMMENT = 'Shardgate: transactions over several servers that were decided here'"
            ))
            .await?;
            conn.query_drop(format!(
                "CREATE TABLE IF NOT EXISTS {schema}.home (\
                 one TINYINT NOT NULL PRIMARY KEY, \
                 id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL\
                 ) ENGINE = InnoDB COMMENT = 'Shardgate: what this server is called in names of transactions'"
            ))
            .await?;
        }
        // An account that may not do what is done later is told so now.
        conn.query_drop(format!("DELETE FROM {table} WHERE gtrid = ''")).await?;
        conn.query_drop(format!("INSERT INTO {table} SELECT * FROM {table} WHERE gtrid = ''")).await?;
        let read = format!("SELECT id, @@hostname, @@port, @@datadir FROM {schema}.home WHERE one = 1");
        let mut home: Option<(String, String, u32, String)> = conn.query_first(read.as_str()).await?;
        if home.is_none() {
            let id = format!("{:016x}", rand::random::<u64>());
            conn.exec_drop(format!("INSERT IGNORE INTO {schema}.home (one, id) VALUES (1, ?)"), (id,))
                .await?;
            home = conn.query_first(read).await?;
        }
        Ok(home.map(|(id, host, port, folder)| Home {
            id: id.into(),
            server: format!("{host}:{port} {folder}"),
        }))
    }

    /// Shardgate's branches that are prepared there.
    pub async fn prepared(&self) -> Result<Vec<Xid>> {
        let recover = async |conn: &mut Conn| conn.query::<Row, _>("XA RECOVER").await;
        let rows = self.db.with("tell its prepared transactions", recover).await?;
        let ours = rows.into_iter().filter_map(|row| {
            let (format, length, _, data) = from_row_opt::<(u64, usize, usize, Vec<u8>)>(row).ok()?;
            Xid::recovered(format, length, &data)
        });
        Ok(ours.collect())
    }

    /// How a transaction was decided here. One that is not is rolled back by asking: a tombstone is left in the place of
    /// its decision.
    pub async fn settle(&self, gtrid: Gtrid, asker: Asker<'_>) -> Result<Asked> {
        let (table, schema) = (&self.table, self.db.schema());
        let timely = match asker {
            Asker::Itself(before) => format!("UNIX_TIMESTAMP() < {before}"),
            Asker::Recovery(home) => {
                format!("EXISTS (SELECT 1 FROM {schema}.home WHERE one = 1 AND id = '{home}')")
            }
        };
        let ask = async |conn: &mut Conn| {
            conn.query_drop("SET SESSION innodb_lock_wait_timeout = 1").await?;
            let put = format!(
                "INSERT INTO {table} (gtrid, outcome, at, branches) \
                 SELECT '{gtrid}', 0, UNIX_TIMESTAMP(), '' FROM DUAL WHERE {timely}"
            );
            match conn.query_drop(put).await {
                Ok(()) if conn.affected_rows() == 1 => return Ok(Asked::Decided(Outcome::RolledBack)),
                Ok(()) => {}
                Err(mysql_async::Error::Server(error)) if error.code == errno::DUPLICATE => {}
                Err(mysql_async::Error::Server(error)) if errno::BUSY.contains(&error.code) => {
                    return Ok(Asked::Busy);
                }
                Err(error) => return Err(error),
            }
            let read =
                format!("SELECT (SELECT outcome FROM {table} WHERE gtrid = '{gtrid}'), {timely} FROM DUAL");
            Ok(match conn.query_first::<(Option<u8>, bool), _>(read).await? {
                Some((Some(1), true)) => Asked::Decided(Outcome::Committed),
                Some((Some(1), false)) if matches!(asker, Asker::Itself(_)) => {
                    Asked::Decided(Outcome::Committed)
                }
                Some((Some(_), true)) => Asked::Decided(Outcome::RolledBack),
                // It was removed in between.
                Some((None, true)) => Asked::Busy,
                _ => Asked::Unknown,
            })
        };
        self.db.with("tell how a transaction was decided", ask).await
    }

    /// Ends a prepared branch as its transaction was decided. `false`: there is none of that name, or (MariaDB) the
    /// connection that prepared it is not closed yet.
    pub async fn finish(&self, xid: &Xid, outcome: Outcome) -> Result<bool> {
        let verb = match outcome {
            Outcome::Committed => "COMMIT",
            Outcome::RolledBack => "ROLLBACK",
        };
        let end = async |conn: &mut Conn| match conn.query_drop(format!("XA {verb} {xid}")).await {
            Ok(()) => Ok(true),
            Err(mysql_async::Error::Server(error)) if error.code == errno::UNKNOWN_XID => Ok(false),
            Err(error) => Err(error),
        };
        self.db.with("end a prepared transaction", end).await
    }

    /// Removes the rows of transactions that nobody will ask for.
    pub async fn forget(&self, gtrids: &[Gtrid]) -> Result<()> {
        for some in gtrids.chunks(ROWS) {
            let list: Vec<String> = some.iter().map(|gtrid| format!("'{gtrid}'")).collect();
            let sql = format!("DELETE FROM {} WHERE gtrid IN ({})", self.table, list.join(","));
            self.db.with("remove decisions", async |conn: &mut Conn| conn.query_drop(&sql).await).await?;
        }
        Ok(())
    }

    /// Decisions that are at least so old, the oldest first: as many as one statement reads.
    pub async fn list(&self, age_s: u64) -> Result<Vec<Decision>> {
        let sql = format!(
            "SELECT gtrid, outcome, CAST(UNIX_TIMESTAMP() AS SIGNED) - CAST(at AS SIGNED), branches FROM {} \
             WHERE at <= UNIX_TIMESTAMP() - {age_s} ORDER BY at LIMIT {ROWS}",
            self.table
        );
        let read = async |conn: &mut Conn| conn.query::<(String, u8, i64, String), _>(&sql).await;
        let rows = self.db.with("list its decisions", read).await?;
        let decisions = rows.into_iter().filter_map(|(gtrid, outcome, age, branches)| {
            let outcome = if outcome == 1 { Outcome::Committed } else { Outcome::RolledBack };
            let branches = branches.split(',').filter(|home| !home.is_empty()).map(str::to_owned).collect();
            Some(Decision { gtrid: Gtrid::parse(&gtrid)?, outcome, age_s: age.max(0) as u64, branches })
        });
        Ok(decisions.collect())
    }
}
