//! Which definitions of tables the proxies plan by: a count of changes, with the databases of the latest ones, and a row for
//! each proxy that lives, with the count as of which it knows them.
//!
//! Who changes definitions counts that, and waits until every other proxy of the same databases has a row with that count,
//! or one that has run out. A proxy renews its row before it looks at the count: either who waits sees the row, or the
//! proxy sees the count. One whose row may have run out does not trust what it knows ([`Definitions::current`]): it was
//! stopped, or cut off from the store, and nobody waits for it any more.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::Db;
use super::db::{Tables, is_denied};
use crate::base::Result;
use crate::base::clock::{Clock, SystemClock};

/// For how long others wait for a proxy that does not renew its row.
const LEASE: Duration = Duration::from_secs(6);
/// For how long the proxy itself relies on it: less, as its clock and the store's may not run equally fast.
const TRUST: Duration = Duration::from_secs(5);
/// How old a row is renewed.
const RENEWED: Duration = Duration::from_secs(2);
/// How often who waits looks whether the others have heard.
const PAUSE: Duration = Duration::from_millis(10);

/// How many changes are kept with their databases.
const KEPT: u64 = 1000;
/// How soon a store that failed is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// The count and the rows.
#[derive(Debug)]
pub struct Definitions {
    tables: Tables,
    /// This proxy's name.
    owner: String,
    /// The databases that it serves, each between two line feeds.
    databases: String,
    /// The count as of which it knows the definitions.
    known: AtomicU64,
    /// Up to when it knows of all changes, by [`Clock::elapsed_ms`].
    until: AtomicU64,
    /// A change of this proxy's is not counted yet.
    unannounced: AtomicBool,
    announced: Notify,
}

impl Definitions {
    /// Those of databases in the store's schema, as a proxy sees them. Nothing is connected or created yet.
    pub fn new<'n>(db: Db, owner: String, databases: impl Iterator<Item = &'n str>) -> Self {
        let mut lines = String::from("\n");
        for database in databases {
            lines.push_str(database);
            lines.push('\n');
        }
        Self {
            tables: Tables::new(db, "its tables of definitions", create),
            owner,
            databases: lines,
            known: AtomicU64::new(0),
            until: AtomicU64::new(0),
            unannounced: AtomicBool::new(false),
            announced: Notify::new(),
        }
    }

    /// Whether this proxy knows of all changes that anybody has been told of. To be asked before what is known is looked
    /// at: a change may be heard of in between.
    pub fn current(&self) -> bool {
        SystemClock.elapsed_ms() < self.until.load(Ordering::Acquire)
    }

    /// Resolves when there is something to announce.
    pub async fn wanted(&self) {
        self.announced.notified().await;
    }

    /// Tells others what could not be told before, shows that this proxy lives, and hears what others have changed: where
    /// that is of its databases, `forget` is called, and must leave nothing to plan by.
    pub async fn exchange(&self, forget: impl FnOnce()) -> Result<()> {
        let begun = SystemClock.elapsed_ms();
        let trusts = || self.until.store(begun + millis(TRUST), Ordering::Release);
        match self.hear(begun, forget).await {
            Ok(true) => trusts(),
            Ok(false) => {}
            // It will never hear of anything, and says so: it is as if it were the only one.
            Err(error) if is_denied(&error) => {
                trusts();
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether this proxy's row was renewed.
    async fn hear(&self, begun: u64, forget: impl FnOnce()) -> Result<bool> {
        if self.unannounced.swap(false, Ordering::AcqRel)
            && let Err(error) = self.count(&[]).await
        {
            self.unannounced.store(true, Ordering::Release);
            return Err(error);
        }
        let renews = self.until.load(Ordering::Acquire) < begun + millis(TRUST.saturating_sub(RENEWED));
        let known = self.known.load(Ordering::Acquire);
        let read = async |conn: &mut Conn| {
            if renews {
                self.enrol(conn, known).await?;
            }
            let sql = format!("SELECT version FROM {}.ddl_definitions", self.tables.db.schema());
            conn.query_first::<u64, _>(sql).await
        };
        let version = self.tables.run("tell what has changed", read).await?.unwrap_or(0);
        if version == known {
            return Ok(renews);
        }
        if self.concerns(known, version).await? {
            forget();
        }
        let acknowledge = async |conn: &mut Conn| self.enrol(conn, version).await;
        self.tables.run("acknowledge a change", acknowledge).await?;
        self.known.store(version, Ordering::Release);
        Ok(true)
    }

    /// Whether others can be told of a change: to be asked before it is made. A store that does not answer is tried for as
    /// long as [`publish`](Self::publish) tries it; one that may not be used has no others.
    pub async fn reach(&self) -> Result<()> {
        let tried = Instant::now() + LEASE;
        let sql = format!("SELECT version FROM {}.ddl_definitions", self.tables.db.schema());
        loop {
            let read = async |conn: &mut Conn| conn.query_drop(&sql).await;
            match self.tables.run("tell other proxies of a change of definitions", read).await {
                Err(error) if !is_denied(&error) && Instant::now() >= tried => return Err(error),
                Err(error) if !is_denied(&error) => sleep(RETRY).await,
                _ => return Ok(()),
            }
        }
    }

    /// Tells others that definitions of databases (none: of any) have changed, and waits until none of them plans by those of
    /// before. This proxy's own are forgotten already. A store that cannot be reached is tried for as long as proxies that
    /// are cut off from it, too, rely on what they know; those that are not hear of the change as soon as it can be.
    pub async fn publish(&self, databases: &[&str]) {
        let tried = Instant::now() + LEASE;
        let version = loop {
            match self.count(databases).await {
                Ok(version) => break version,
                Err(error) if is_denied(&error) || Instant::now() >= tried => {
                    tracing::warn!(
                        "other proxies cannot be told of a change of definitions yet: {}",
                        error.message
                    );
                    self.unannounced.store(true, Ordering::Release);
                    self.announced.notify_one();
                    return;
                }
                Err(_) => sleep(RETRY).await,
            }
        };
        let last = Instant::now() + LEASE;
        while Instant::now() < last {
            let behind = async |conn: &mut Conn| self.behind(conn, version, databases).await;
            match self.tables.run("tell who knows of a change", behind).await {
                Ok(false) => return,
                Ok(true) => sleep(PAUSE).await,
                Err(error) => {
                    tracing::warn!("waits as if other proxies had gone: {}", error.message);
                    sleep_until(last).await;
                }
            }
        }
    }

    /// Lets nobody wait for this proxy any more.
    pub async fn leave(&self) -> Result<()> {
        self.until.store(0, Ordering::Release);
        let sql = format!("DELETE FROM {}.ddl_proxies WHERE owner = ?", self.tables.db.schema());
        self.tables.run("take leave", async |conn: &mut Conn| conn.exec_drop(sql, (&self.owner,)).await).await
    }

    /// Whether changes after a count, up to another, are perhaps of databases that this proxy serves.
    async fn concerns(&self, known: u64, version: u64) -> Result<bool> {
        let schema = self.tables.db.schema();
        let sql =
            format!("SELECT dbs FROM {schema}.ddl_changes WHERE version > ? AND version <= ? LIMIT {KEPT}");
        let read = async |conn: &mut Conn| conn.exec::<String, _, _>(sql, (known, version)).await;
        let changes = self.tables.run("tell what has changed", read).await?;
        let ours = |dbs: &String| {
            dbs.is_empty() || dbs.lines().any(|database| self.databases.contains(&format!("\n{database}\n")))
        };
        // Those that are not kept are of any database.
        let all = version.checked_sub(known) == Some(changes.len() as u64);
        Ok(!all || changes.iter().any(ours))
    }

    /// Counts a change of databases (none: of any), and tells the new count. A change of this proxy's own is no news to it.
    async fn count(&self, databases: &[&str]) -> Result<u64> {
        let schema = self.tables.db.schema();
        let sql = format!(
            "INSERT INTO {schema}.ddl_definitions (id, version) VALUES (1, LAST_INSERT_ID(1)) \
             ON DUPLICATE KEY UPDATE version = LAST_INSERT_ID(version + 1)"
        );
        let (keep, cut) = (
            format!("REPLACE INTO {schema}.ddl_changes (version, dbs) VALUES (?, ?)"),
            format!("DELETE FROM {schema}.ddl_changes WHERE version <= ?"),
        );
        let count = async |conn: &mut Conn| {
            // Who sees the count sees whose it is.
            conn.query_drop("START TRANSACTION").await?;
            conn.query_drop(sql).await?;
            let version = conn.last_insert_id().unwrap_or(1);
            conn.exec_drop(keep, (version, databases.join("\n"))).await?;
            conn.exec_drop(cut, (version.saturating_sub(KEPT),)).await?;
            conn.query_drop("COMMIT").await?;
            Ok(version)
        };
        let version = self.tables.run("count a change", count).await?;
        let before = version.saturating_sub(1);
        if self.known.compare_exchange(before, version, Ordering::AcqRel, Ordering::Acquire).is_err() {
            tracing::debug!(version, "others have changed definitions, too");
        }
        Ok(version)
    }

    /// Writes this proxy's row: it lives, and knows all up to a count.
    async fn enrol(&self, conn: &mut Conn, version: u64) -> mysql_async::Result<()> {
        let schema = self.tables.db.schema();
        let sql = format!(
            "INSERT INTO {schema}.ddl_proxies (owner, dbs, version, expires) \
             VALUES (?, ?, ?, CURRENT_TIMESTAMP(3) + INTERVAL {} SECOND) \
             ON DUPLICATE KEY UPDATE version = VALUES(version), expires = VALUES(expires)",
            LEASE.as_secs()
        );
        conn.exec_drop(sql, (&self.owner, &self.databases, version)).await?;
        if self.until.load(Ordering::Acquire) == 0 {
            // Of proxies that did not take leave.
            let old = "expires < CURRENT_TIMESTAMP(3) - INTERVAL 1 DAY";
            conn.query_drop(format!("DELETE FROM {schema}.ddl_proxies WHERE {old}")).await?;
        }
        Ok(())
    }

    /// Whether another proxy of these databases lives that does not know all up to a count.
    async fn behind(&self, conn: &mut Conn, version: u64, databases: &[&str]) -> mysql_async::Result<bool> {
        let serves = match databases {
            [] => "TRUE".to_owned(),
            some => vec!["LOCATE(?, dbs) > 0"; some.len()].join(" OR "),
        };
        let sql = format!(
            "SELECT 1 FROM {}.ddl_proxies WHERE owner <> ? AND version < ? AND expires > CURRENT_TIMESTAMP(3) \
             AND ({serves}) LIMIT 1",
            self.tables.db.schema()
        );
        let mut values = vec![Value::from(&self.owner), Value::from(version)];
        values.extend(databases.iter().map(|database| Value::from(format!("\n{database}\n"))));
        let found: Option<u64> = conn.exec_first(sql, values).await?;
        Ok(found.is_some())
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}

fn create(schema: &str) -> Vec<String> {
    let names = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL";
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {schema}.ddl_definitions (
                id TINYINT NOT NULL PRIMARY KEY,
                version BIGINT UNSIGNED NOT NULL COMMENT 'counts changes of definitions'
            ) ENGINE = InnoDB COMMENT 'Shardgate: proxies look here for changes of others'"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {schema}.ddl_changes (
                version BIGINT UNSIGNED NOT NULL PRIMARY KEY COMMENT 'the count with this change',
                dbs MEDIUMTEXT {names} COMMENT 'databases that it is of, a line each; none: any'
            ) ENGINE = InnoDB COMMENT 'Shardgate: the latest changes of definitions'"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {schema}.ddl_proxies (
                owner VARCHAR(255) {names} PRIMARY KEY,
                dbs MEDIUMTEXT {names} COMMENT 'databases that it serves, a line each',
                version BIGINT UNSIGNED NOT NULL COMMENT 'the count of changes as of which it knows definitions',
                expires DATETIME(3) NOT NULL COMMENT 'UTC; until then DDL waits for it'
            ) ENGINE = InnoDB COMMENT 'Shardgate: proxies that live, and which definitions they plan by'"
        ),
    ]
}
