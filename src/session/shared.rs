//! What all sessions of a proxy share.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::track::{Tracked, Tracker};
use super::vars::mode_of;
use crate::admin::Registry;
use crate::backend::catalog::Catalog;
use crate::backend::{Pools, Settings};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result};
use crate::config::{Config, TransactionMode, User};
use crate::exec::Client;
use crate::exec::single::Around;
use crate::idgen::Ids;
use crate::merge::Budget;
use crate::plan::cache::Plans;
use crate::sql::lex::Mode;
use crate::store::DdlLog;
use crate::telemetry::Metrics;
use crate::topology::Topology;
use crate::txn::Coordinator;
use crate::wire::capability;

/// What the greeting says before any server could be asked.
const UNKNOWN_VERSION: &str = "8.0.0-shardgate";
/// Bytes of a shape that is worth keeping a plan for.
const LONGEST_SHAPE: usize = 64 * 1024;
/// Collations a server may have.
const COLLATIONS: usize = 10_000;

/// Bounds of one session or statement.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a packet that a client may send.
    pub max_packet: usize,
    /// What merging may hold.
    pub merge: Budget,
    /// What one temporary table may hold.
    pub stage: Budget,
    /// How long a statement waits for its turn to make temporary tables.
    pub turn: Duration,
    /// How long a statement may take.
    pub statement: Option<Duration>,
    /// How long a login may take.
    pub login: Duration,
}

/// What a server said of itself.
#[derive(Debug)]
pub struct ServerFacts {
    version: String,
    mariadb: bool,
    mode: Mode,
    /// Ids of one statement do not follow one another there: auto_increment_increment is not 1.
    steps: bool,
    /// What clients are told of their sessions that do not say.
    tracked: Tracked,
    /// Collation id → (character set, collation).
    collations: HashMap<u16, (String, String)>,
}

/// Handles that every session has.
#[derive(Debug)]
pub struct Shared {
    /// The map.
    pub topology: Arc<Topology>,
    /// Connections to servers, as they are seen outside of the threads that serve clients.
    pub pools: Pools,
    /// Definitions of tables.
    pub catalog: Catalog,
    /// Plans by shape.
    pub plans: Plans,
    /// Sessions that live.
    pub registry: Arc<Registry>,
    /// Counters.
    pub metrics: Metrics,
    /// New ids.
    pub ids: Arc<Ids>,
    /// What all transactions share.
    pub coordinator: Arc<Coordinator>,
    /// Which unique indexes hold all rows.
    pub indexes: super::Ready,
    /// How far DDL over several places is, and what other proxies have changed.
    pub ddl: Option<Arc<DdlLog>>,
    /// Bounds.
    pub limits: Limits,
    /// By name, each with its mode of transactions.
    users: HashMap<String, User>,
    /// Tables that may have been changed past this proxy.
    pub(super) doubted: Mutex<BTreeSet<(String, String)>>,
    /// Statements that may run over copies of rows at the same time.
    staging: Semaphore,
    server: ArcSwapOption<ServerFacts>,
    epoch: AtomicU64,
    turn: AtomicUsize,
}

impl Shared {
    /// Everything for one proxy.
    pub fn new(
        config: &Config,
        topology: Topology,
        pools: Pools,
        ids: Arc<Ids>,
        coordinator: Arc<Coordinator>,
        metrics: Metrics,
        registry: Arc<Registry>,
    ) -> Self {
        Self {
            pools,
            topology: Arc::new(topology),
            catalog: Catalog::default(),
            plans: Plans::new(config.limits.plans as usize, LONGEST_SHAPE),
            registry,
            metrics,
            ids,
            coordinator,
            indexes: super::Ready::default(),
            ddl: None,
            limits: Limits {
                max_packet: usize::try_from(config.listen.max_packet).unwrap_or(usize::MAX),
                merge: Budget { max_rows: config.limits.merge_rows, max_bytes: config.limits.merge_bytes },
                stage: Budget { max_rows: config.limits.stage_rows, max_bytes: config.limits.stage_bytes },
                turn: config.pool.wait,
                statement: config.limits.statement_timeout,
                login: config.listen.login_timeout,
            },
            users: config
                .users
                .iter()
                .map(|user| {
                    let transaction = user.transaction.or(Some(config.transaction.mode));
                    (user.name.clone(), User { transaction, ..user.clone() })
                })
                .collect(),
            doubted: Mutex::default(),
            // Each holds a connection to a server while it waits for another: half of all is left to those who read.
            staging: Semaphore::new((config.pool.max_connections as usize / 2).max(1)),
            server: ArcSwapOption::empty(),
            epoch: AtomicU64::new(0),
            turn: AtomicUsize::new(0),
        }
    }

    /// With the store that knows which unique indexes hold all rows.
    #[must_use]
    pub fn with_indexes(self, indexes: super::Ready) -> Self {
        Self { indexes, ..self }
    }

    /// The same with a place for the progress of DDL.
    #[must_use]
    pub fn with_ddl(self, ddl: Option<DdlLog>) -> Self {
        Self { ddl: ddl.map(Arc::new), ..self }
    }

    /// Counts changes of the tables' definitions: plans of another count are not used.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// A table has changed.
    pub fn definitions_changed(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.plans.clear();
    }

    /// Whether all changes of definitions that others have been told of are known here. To be asked before definitions,
    /// plans or [`epoch`](Self::epoch) are looked at.
    pub fn current(&self) -> bool {
        self.ddl.as_ref().is_none_or(|log| log.definitions.current())
    }

    /// A number that grows with each call, to spread what any place can answer.
    pub fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits until another statement may run over copies of rows; it does as long as the permit is there.
    pub(super) async fn turn_to_stage(
        &self,
        client: &mut Client,
        around: Around<'_>,
    ) -> Result<SemaphorePermit<'_>> {
        let late = || {
            Error::new(
                Code::TooManyConnections,
                format!(
                    "as many statements run over copies of rows as may have connections for that, half of                      pool.max_connections, and none ended within {} ms",
                    self.limits.turn.as_millis()
                ),
            )
        };
        tokio::select! {
            biased;
            turn = self.staging.acquire() => turn.map_err(|_| late()),
            error = around.halted() => Err(error),
            () = client.closed() => {
                Err(Error::client(Code::Killed, "the client left while its statement waited"))
            }
            () = tokio::time::sleep(self.limits.turn) => Err(late()),
        }
    }

    /// When a statement that begins now must have ended.
    pub fn deadline(&self) -> Option<Instant> {
        self.limits.statement.map(|limit| Instant::now() + limit)
    }

    /// Whether a user's transactions stay on one source.
    pub fn is_single(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|user| user.transaction == Some(TransactionMode::Single))
    }

    /// A user's password; `None` for an unknown user.
    pub fn password(&self, user: &str) -> Option<String> {
        self.users.get(user).map(|user| user.password.clone())
    }

    /// The database that a user has selected without naming one.
    pub fn database_of(&self, user: &str) -> Option<String> {
        self.users.get(user)?.database.clone()
    }

    /// The map.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// Asks the first server that answers for its version, sql_mode and collations. That none does is logged: the next
    /// login asks again.
    pub async fn learn_server(&self) {
        if self.server.load().is_some() {
            return;
        }
        for i in 0..self.topology.sources.len() {
            match self.ask_server(SourceId(i as u16)).await {
                Ok(facts) => {
                    self.server.store(Some(Arc::new(facts)));
                    return;
                }
                Err(error) => tracing::warn!("{}", error.message),
            }
        }
    }

    async fn ask_server(&self, source: SourceId) -> Result<ServerFacts> {
        let mut conn = self.pools.aside(source).await?;
        let version = conn.info().version.clone();
        let mode = conn.query("SELECT @@global.sql_mode", 1).await?.text(0, 0).unwrap_or_default();
        let steps = conn.query("SELECT @@global.auto_increment_increment<>1", 1).await?.text(0, 0);
        let steps = steps.as_deref() == Some("1");
        let tracked = "SELECT @@global.session_track_system_variables,@@global.session_track_schema,\
                       @@global.session_track_state_change";
        let tracked = conn.query(tracked, 1).await?;
        let tracked = Tracked {
            variables: tracked.text(0, 0).unwrap_or_default(),
            schema: tracked.text(0, 1).as_deref() == Some("1"),
            state: tracked.text(0, 2).as_deref() == Some("1"),
        };
        let sql = "SELECT ID,CHARACTER_SET_NAME,COLLATION_NAME FROM information_schema.COLLATIONS WHERE ID IS NOT NULL";
        let answer = conn.query(sql, COLLATIONS).await?;
        let collation = |row| {
            let id = answer.text(row, 0)?.parse().ok()?;
            Some((id, (answer.text(row, 1)?, answer.text(row, 2)?)))
        };
        let collations = (0..answer.rows.len()).filter_map(collation).collect();
        Ok(ServerFacts {
            mariadb: version.contains("MariaDB"),
            version,
            mode: mode_of(&mode),
            steps,
            tracked,
            collations,
        })
    }

    /// The version that the greeting announces: the servers' own.
    pub fn version(&self) -> String {
        self.server.load().as_ref().map_or_else(|| UNKNOWN_VERSION.to_owned(), |facts| facts.version.clone())
    }

    /// Whether the servers are MariaDB.
    pub fn is_mariadb(&self) -> bool {
        self.server.load().as_ref().is_some_and(|facts| facts.mariadb)
    }

    /// A session's variables for an INSERT whose ids its server gives: one after another, from where it is told.
    pub fn giving_ids(&self, settings: &Settings) -> Settings {
        if self.server.load().as_ref().is_some_and(|facts| facts.steps) {
            return settings.with("auto_increment_increment", "1").with("auto_increment_offset", "1");
        }
        settings.clone()
    }

    /// The character set of a collation.
    pub fn charset(&self, collation: u16) -> Option<String> {
        let server = self.server.load();
        let facts = server.as_ref()?;
        match facts.collations.get(&collation) {
            Some((charset, _)) => Some(charset.clone()),
            // MariaDB's UCA-14.0.0 collations are of no one character set in information_schema.
            None if facts.mariadb && (2048..2304).contains(&collation) => Some("utf8mb3".to_owned()),
            None if facts.mariadb && (2304..2560).contains(&collation) => Some("utf8mb4".to_owned()),
            None => None,
        }
    }

    /// The character set and the name of a collation.
    pub fn collation(&self, collation: u16) -> Option<(String, String)> {
        let server = self.server.load();
        server.as_ref()?.collations.get(&collation).cloned()
    }

    /// What the servers give as decimals of strings in column definitions.
    pub fn string_decimals(&self) -> u8 {
        if self.is_mariadb() { 39 } else { 31 }
    }

    /// How the servers read text when a session has not set sql_mode.
    pub fn server_mode(&self) -> Mode {
        self.server.load().as_ref().map_or_else(Mode::default, |facts| facts.mode)
    }

    /// What tells a client of its session.
    pub(super) fn tracker(&self, capabilities: u32) -> Tracker {
        let tracked = self.server.load().as_ref().map(|facts| facts.tracked.clone()).unwrap_or_default();
        Tracker::new(capabilities & capability::SESSION_TRACK != 0, self.is_mariadb(), tracked)
    }

    /// The variables that a login with this collation has from the start. A collation that the servers do not know is
    /// utf8mb4's default, as it is for a client that connects to them.
    pub fn opening_settings(&self, collation: u16) -> Settings {
        let server = self.server.load();
        match server.as_ref().and_then(|facts| facts.collations.get(&collation)) {
            Some((charset, collation)) => Settings::default()
                .with("character_set_client", &format!("'{charset}'"))
                .with("character_set_results", &format!("'{charset}'"))
                .with("collation_connection", &format!("'{collation}'")),
            None => Settings::default(),
        }
    }
}
