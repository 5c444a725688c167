//! DDL over several places: what was asked, how far each place is, and who is at it.
//!
//! A row of `ddl` is a statement, a row of `ddl_places` one place with all that is needed to go on there or to go back,
//! whoever does it. Two statements never work on one table at the same time: each holds a lock of the store's server
//! (GET_LOCK), which goes when its holder dies.

use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, TxOpts, params};
use tokio::time::timeout;

use super::db::{MISSING, Tables};
use super::{Db, Definitions};
use crate::base::{Code, Error, Result};

/// Rows that a view shows: the newest.
const SHOWN: u32 = 1000;

/// How far a statement or one of its places is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    Pending,
    /// Begun; whether it was done is unknown.
    Running,
    /// Done.
    Done,
    /// Not done, and why is told.
    Failed,
    /// Taken back.
    Undone,
}

impl State {
    const ALL: [State; 5] = [State::Pending, State::Running, State::Done, State::Failed, State::Undone];

    /// As it is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Undone => "undone",
        }
    }

    fn read(name: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.name() == name).unwrap_or(State::Running)
    }
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The session's database.
    pub database: String,
    /// What it changes: `database.table`, or `database` alone. Locked in this order.
    pub subjects: Vec<String>,
    /// What kind of statement it is; the store does not read it.
    pub kind: String,
    /// The client's text.
    pub text: Vec<u8>,
    /// Session variables it depends on; the store does not read them.
    pub settings: String,
}

impl Statement {
    /// The databases of what it changes.
    pub fn databases(&self) -> impl Iterator<Item = &str> {
        self.subjects
            .iter()
            .map(|subject| subject.split_once('.').map_or(&**subject, |(database, _)| database))
    }
}

/// A statement at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Places of a step are done at once, steps one after another.
    pub step: u16,
    /// The source's name.
    pub source: String,
    /// The schema that is selected; empty for none.
    pub schema: String,
    /// For people: `source/schema.table`.
    pub name: String,
    /// The text for it.
    pub text: Vec<u8>,
    /// What was there before; the store does not read it.
    pub before: String,
    /// What was there after it was done, where that was looked at.
    pub after: Option<String>,
    /// How far it is.
    pub state: State,
    /// Why it failed: number and message.
    pub error: Option<(u16, String)>,
}

/// A statement as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: u64,
    /// What was asked.
    pub statement: Statement,
    /// How far it is.
    pub state: State,
    /// Its places in order.
    pub places: Vec<Place>,
}

/// A statement as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its number.
    pub id: u64,
    /// The session's database.
    pub database: String,
    /// The client's text.
    pub text: Vec<u8>,
    /// `running` where its proxy is at it, `interrupted` where that has gone.
    pub state: &'static str,
    /// Places where it is done.
    pub done: u64,
    /// All places.
    pub places: u64,
    /// The first place where it failed.
    pub failed_at: String,
    /// With which error.
    pub error: String,
    /// When it began, in UTC.
    pub started: String,
    /// The proxy and the session that began it.
    pub owner: String,
}

/// Locks of the store's server on what a statement changes; gone when this is dropped.
#[derive(Debug)]
pub struct Lock {
    conn: Conn,
}

impl Lock {
    /// Gives the locks back; the store's server has done so when this returns, if it answers.
    pub async fn release(self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        if !matches!(timeout(PATIENCE, self.conn.disconnect()).await, Ok(Ok(()))) {
            tracing::debug!("the store did not say goodbye to a lock's connection");
        }
    }
}

/// The tables.
#[derive(Debug)]
pub struct DdlLog {
    tables: Tables,
    /// This proxy's name.
    owner: String,
    /// What proxies know of definitions.
    pub definitions: Definitions,
}

impl DdlLog {
    /// DDL in the store's schema, as this proxy's. Nothing is connected or created yet.
    pub fn new(db: Db, owner: String, definitions: Definitions) -> Self {
        Self { tables: Tables::new(db, "its tables of DDL", create), owner, definitions }
    }

    // ---- a statement's way --------------------------------------------------------------------------------------

    /// Locks what a statement changes, for at most `wait`. Errors: 1205 with who holds it;
    /// [`Code::SourceDown`] when the store cannot be reached.
    pub async fn lock(&self, subjects: &[String], wait: Duration) -> Result<Lock> {
        let what = "lock what the statement changes";
        let mut conn = self.tables.db.apart(what).await?;
        let failed = |error: mysql_async::Error| self.tables.db.failed(what, &error);
        // As long as a statement may take.
        conn.query_drop("SET SESSION wait_timeout = 31536000").await.map_err(failed)?;
        let mut subjects = subjects.to_vec();
        subjects.sort();
        subjects.dedup();
        let begun = tokio::time::Instant::now();
        for subject in &subjects {
            let left = wait.saturating_sub(begun.elapsed()).as_secs();
            let sql = format!("SELECT GET_LOCK({}, :left)", lock_name(":subject"));
            let values =
                params! { "schema" => self.tables.db.schema(), "subject" => subject, "left" => left };
            let patience = wait.saturating_add(Duration::from_secs(3));
            let asked = timeout(patience, conn.exec_first(sql, values)).await;
            let got: Option<Option<i64>> = match asked {
                Ok(got) => got.map_err(failed)?,
                Err(_) => {
                    return Err(Error::new(
                        Code::SourceDown,
                        format!("the store {} cannot {what}: no answer", self.tables.db.name()),
                    ));
                }
            };
            if got.flatten() != Some(1) {
                return Err(self.held(subject, wait).await);
            }
        }
        Ok(Lock { conn })
    }

    /// Somebody else works on it.
    async fn held(&self, subject: &str, wait: Duration) -> Error {
        type Row = (u64, String, String, String);
        let schema = self.tables.db.schema();
        let sql = format!(
            "SELECT id, subjects, owner, CAST(started AS CHAR) FROM {schema}.ddl WHERE state = 'running'"
        );
        let rows = self
            .tables
            .db
            .with("tell who holds a lock", async |conn| conn.query::<Row, _>(sql.as_str()).await);
        let whole = |row: &Row| subjects_of(&row.1).iter().any(|one| one == subject);
        let who = rows.await.ok().and_then(|rows| rows.into_iter().find(whole)).map_or_else(
            || "another proxy".to_owned(),
            |(id, _, owner, started)| format!("statement {id} of {owner}, since {started} UTC"),
        );
        let text = format!(
            "Lock wait timeout exceeded: {subject} is being changed by {who}, and was not free within {} s; nothing was \
             changed; SHOW SHARDGATE DDL tells how far that is",
            wait.as_secs()
        );
        Error::new(Code::LockWait, text)
    }

    /// Notes a statement that is about to begin: its first step's places are running. `session`: whose it is.
    pub async fn begin(&self, statement: &Statement, places: &[Place], session: &str) -> Result<u64> {
        let owner = format!("{session} at {}", self.owner);
        let schema = &self.tables.db.schema();
        self.tables.run("note a DDL statement", async |conn: &mut Conn| {
            let mut tx = conn.start_transaction(TxOpts::default()).await?;
            let sql = format!(
                "INSERT INTO {schema}.ddl (db, subjects, kind, statement, settings, owner, state, started) \
                 VALUES (?, ?, ?, ?, ?, ?, 'running', CURRENT_TIMESTAMP)"
            );
            let Statement { database, kind, text, settings, .. } = statement;
            let subjects = statement.subjects.join("\n");
            tx.exec_drop(sql, (database, subjects, kind, text, settings, &owner)).await?;
            let id = tx.last_insert_id().unwrap_or_default();
            let sql = format!(
                "INSERT INTO {schema}.ddl_places (ddl, place, step, source, db, name, statement, before_it, state) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            );
            let rows = places.iter().enumerate().map(|(n, place)| {
                let state = if place.step == 0 { State::Running } else { State::Pending };
                let Place { step, source, schema, name, text, before, .. } = place;
                (id, n, step, source, schema, name, text, before, state.name())
            });
            tx.exec_batch(sql, rows).await?;
            if id % SWEEP == 0 {
                sweep(&mut tx, schema, id).await?;
            }
            tx.commit().await?;
            Ok(id)
        })
        .await
    }

    /// Notes what became of places, by number.
    pub async fn settle(&self, id: u64, places: &[(usize, Place)]) -> Result<()> {
        let schema = &self.tables.db.schema();
        self.tables.run("note how far a DDL statement is", async |conn: &mut Conn| {
            let sql = format!(
                "UPDATE {schema}.ddl_places SET state = ?, errno = ?, error = ?, after_it = ? WHERE ddl = ? AND place = ?"
            );
            let rows = places.iter().map(|(n, place)| {
                let (errno, error) = place.error.clone().unzip();
                (place.state.name(), errno, error, &place.after, id, n)
            });
            conn.exec_batch(sql, rows).await
        })
        .await
    }

    /// Notes what became of a statement.
    pub async fn end(&self, id: u64, state: State) -> Result<()> {
        let schema = &self.tables.db.schema();
        self.tables.run("note the end of a DDL statement", async |conn: &mut Conn| {
            let mut tx = conn.start_transaction(TxOpts::default()).await?;
            let sql = format!("UPDATE {schema}.ddl SET state = ?, ended = CURRENT_TIMESTAMP WHERE id = ?");
            tx.exec_drop(sql, (state.name(), id)).await?;
            if state == State::Done {
                let sql = format!(
                    "UPDATE {schema}.ddl_places SET state = 'done', errno = NULL, error = NULL WHERE ddl = ?"
                );
                tx.exec_drop(sql, (id,)).await?;
            }
            tx.commit().await
        })
        .await
    }

    /// Forgets a statement that has changed nothing anywhere.
    pub async fn forget(&self, id: u64) -> Result<()> {
        let schema = &self.tables.db.schema();
        self.tables
            .run("forget a DDL statement", async |conn: &mut Conn| {
                conn.exec_drop(format!("DELETE FROM {schema}.ddl_places WHERE ddl = ?"), (id,)).await?;
                conn.exec_drop(format!("DELETE FROM {schema}.ddl WHERE id = ?"), (id,)).await
            })
            .await
    }

    /// A statement.
    pub async fn read(&self, id: u64) -> Result<Option<Record>> {
        let schema = &self.tables.db.schema();
        self.tables
            .run("read a DDL statement", async |conn: &mut Conn| {
                let sql = format!(
                    "SELECT db, subjects, kind, statement, settings, state FROM {schema}.ddl WHERE id = ?"
                );
                type Row = (String, String, String, Vec<u8>, String, String);
                let row: Option<Row> = conn.exec_first(sql, (id,)).await?;
                let Some((database, subjects, kind, text, settings, state)) = row else { return Ok(None) };
                let subjects = subjects_of(&subjects);
                let statement = Statement { database, subjects, kind, text, settings };
                let sql = format!(
                    "SELECT step, source, db, name, statement, before_it, after_it, state, errno, error \
                 FROM {schema}.ddl_places WHERE ddl = ? ORDER BY place"
                );
                type PlaceRow = (
                    u16,
                    String,
                    String,
                    String,
                    Vec<u8>,
                    String,
                    Option<String>,
                    String,
                    Option<u16>,
                    Option<String>,
                );
                let rows: Vec<PlaceRow> = conn.exec(sql, (id,)).await?;
                let places = rows.into_iter().map(|row| {
                    let (step, source, schema, name, text, before, after, state, errno, error) = row;
                    let (state, error) = (State::read(&state), errno.zip(error));
                    Place { step, source, schema, name, text, before, after, state, error }
                });
                let places = places.collect();
                Ok(Some(Record { id, statement, state: State::read(&state), places }))
            })
            .await
    }

    /// The newest statements, newest first. Creates nothing.
    pub async fn list(&self) -> Result<Vec<Shown>> {
        let schema = self.tables.db.schema();
        let lock = lock_name("SUBSTRING_INDEX(d.subjects, CHAR(10 USING utf8mb4), 1)");
        let sql = format!(
            "SELECT d.id, d.db, d.statement, \
               IF(d.state = 'running' AND IS_FREE_LOCK({lock}), 'interrupted', d.state), \
               (SELECT COUNT(*) FROM {schema}.ddl_places p WHERE p.ddl = d.id AND p.state = 'done'), \
               (SELECT COUNT(*) FROM {schema}.ddl_places p WHERE p.ddl = d.id), \
               (SELECT p.name FROM {schema}.ddl_places p WHERE p.ddl = d.id AND p.errno IS NOT NULL ORDER BY p.place LIMIT 1), \
               (SELECT CONCAT(p.errno, ' ', p.error) FROM {schema}.ddl_places p WHERE p.ddl = d.id AND p.errno IS NOT NULL \
                 ORDER BY p.place LIMIT 1), \
               CAST(d.started AS CHAR), d.owner \
             FROM {schema}.ddl d ORDER BY d.id DESC LIMIT {SHOWN}"
        );
        type Row = (u64, String, Vec<u8>, String, u64, u64, Option<String>, Option<String>, String, String);
        let values: Params = params! { "schema" => &schema };
        let read = self
            .tables
            .db
            .with("tell of DDL statements", async |conn| conn.exec::<Row, _, _>(sql, values).await);
        let rows = match read.await {
            Err(error) if MISSING.contains(&error.errno) => return Ok(Vec::new()),
            read => read.map_err(|error| self.tables.explained(error))?,
        };
        let shown = |row: Row| {
            let (id, database, text, state, done, places, failed_at, error, started, owner) = row;
            let state = if state == INTERRUPTED { INTERRUPTED } else { State::read(&state).name() };
            let (failed_at, error) = (failed_at.unwrap_or_default(), error.unwrap_or_default());
            Shown { id, database, text, state, done, places, failed_at, error, started, owner }
        };
        Ok(rows.into_iter().map(shown).collect())
    }
}

/// A statement whose proxy has gone.
const INTERRUPTED: &str = "interrupted";
/// Old records are removed at each statement whose number this divides…
const SWEEP: u64 = 16;
/// … but for so many that ended well last.
const KEPT: u64 = 1000;

/// The lock of a subject, as SQL. Its length is bounded (manual, "Locking Functions"), that of names is not.
fn lock_name(subject: &str) -> String {
    format!("CONCAT('shardgate.', LEFT(SHA2(CONCAT(:schema, '/', {subject}), 256), 40))")
}

fn subjects_of(text: &str) -> Vec<String> {
    text.split('\n').map(str::to_owned).collect()
}

/// Removes what is of no more use: what ended well a week ago or a thousand statements ago, and what failed and was left
/// alone for three months. It is looked for without locks: a search that waits for rows of statements that end would meet
/// them in a deadlock.
async fn sweep(conn: &mut impl Queryable, schema: &str, id: u64) -> mysql_async::Result<()> {
    let before = id.saturating_sub(KEPT);
    let old = format!(
        "(state IN ('done', 'undone') AND (id < {before} OR ended < CURRENT_TIMESTAMP - INTERVAL 7 DAY)) OR \
         (state = 'failed' AND ended < CURRENT_TIMESTAMP - INTERVAL 90 DAY)"
    );
    let found = format!("SELECT id FROM {schema}.ddl WHERE {old} ORDER BY id LIMIT {KEPT}");
    let found: Vec<String> = conn.query_map(found, |id: u64| id.to_string()).await?;
    if found.is_empty() {
        return Ok(());
    }
    let ids = found.join(",");
    conn.query_drop(format!("DELETE FROM {schema}.ddl_places WHERE ddl IN ({ids})")).await?;
    conn.query_drop(format!("DELETE FROM {schema}.ddl WHERE id IN ({ids})")).await
}

fn create(schema: &str) -> Vec<String> {
    let names = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL";
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {schema}.ddl (
                id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
                db VARCHAR(64) {names} COMMENT 'the session''s database',
                subjects MEDIUMTEXT {names} COMMENT 'what it changes, a line each',
                kind VARCHAR(32) {names},
                statement LONGBLOB NOT NULL,
                settings MEDIUMTEXT {names} COMMENT 'session variables',
                owner VARCHAR(255) {names} COMMENT 'session and proxy that began it',
                state VARCHAR(8) {names} COMMENT 'running, failed, done, undone',
                started DATETIME NOT NULL COMMENT 'UTC',
                ended DATETIME COMMENT 'UTC'
            ) ENGINE = InnoDB COMMENT 'Shardgate: DDL over several places'"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {schema}.ddl_places (
                ddl BIGINT UNSIGNED NOT NULL,
                place INT UNSIGNED NOT NULL,
                step SMALLINT UNSIGNED NOT NULL,
                source VARCHAR(255) {names},
                db VARCHAR(64) {names},
                name VARCHAR(512) {names} COMMENT 'source/schema.table',
                statement LONGBLOB NOT NULL,
                before_it LONGTEXT {names} COMMENT 'definitions before it',
                after_it LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'and after it',
                state VARCHAR(8) {names} COMMENT 'pending, running, done, failed',
                errno SMALLINT UNSIGNED,
                error TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
                PRIMARY KEY (ddl, place)
            ) ENGINE = InnoDB COMMENT 'Shardgate: how far DDL is at each place'"
        ),
    ]
}
