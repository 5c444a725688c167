//! The pools of all servers, as one thread sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::conn::{Conn, Flavor};
pub use super::pool::Lease;
use super::pool::{Common, Pool, Seconds};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result};
use crate::telemetry::Metrics;
use crate::topology::{Endpoint, Source, Topology};

/// A replica that could not be reached is left alone for so long.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(2);

/// ER_NO_SUCH_THREAD.
const NO_SUCH_THREAD: u16 = 1094;

/// Which server of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one that takes writes.
    Primary,
    /// A replica if a healthy one is there, otherwise the primary.
    Replica,
}

/// Bounds of the pools.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections per server.
    pub max_connections: u32,
    /// How long a statement waits for a free connection before error 1040.
    pub wait: Duration,
    /// How long opening a connection may take.
    pub connect: Duration,
    /// How long a statement of the proxy's own may take ([`Conn::query`]).
    pub answer: Duration,
    /// A connection that lay idle for so long is pinged before it is used.
    pub check: Duration,
    /// Idle connections are closed after this.
    pub idle: Duration,
    /// Connections are closed after this, at the next return.
    pub lifetime: Duration,
    /// Connections that one statement takes to one server.
    pub scatter: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 64,
            wait: Duration::from_secs(5),
            connect: Duration::from_secs(2),
            answer: Duration::from_secs(60),
            check: Duration::from_secs(30),
            idle: Duration::from_secs(600),
            lifetime: Duration::from_secs(3600),
            scatter: 4,
        }
    }
}

#[derive(Debug)]
struct Server {
    pool: Arc<Pool>,
    /// Milliseconds since `All::born` until which it is left alone.
    rests_until: AtomicU64,
}

#[derive(Debug)]
struct SourcePools {
    name: Arc<str>,
    primary: Server,
    replicas: Vec<Server>,
    next: AtomicUsize,
}

/// Every server's pools, and which thread's shelves are used.
#[derive(Debug, Clone)]
pub struct Pools {
    all: Arc<All>,
    shelf: usize,
}

#[derive(Debug)]
struct All {
    sources: Vec<SourcePools>,
    common: Arc<Common>,
    born: Instant,
    /// How often schemas were dropped.
    schemas: AtomicU64,
}

impl Pools {
    /// Pools for all servers of a map, for `threads` threads that serve clients. Nothing is connected yet. What comes
    /// back is for everybody else; a thread takes its own by [`of_thread`](Self::of_thread).
    pub fn new(topology: &Topology, limits: Limits, metrics: Metrics, threads: usize) -> Self {
        let common = Arc::new(Common { limits, metrics, seconds: Seconds::default(), threads });
        let all = All {
            sources: topology.sources.iter().map(|source| SourcePools::new(source, &common)).collect(),
            common,
            born: Instant::now(),
            schemas: AtomicU64::new(0),
        };
        Self { all: Arc::new(all), shelf: threads }
    }

    /// The same pools with the shelves of a thread (numbered from 0).
    #[must_use]
    pub fn of_thread(&self, thread: usize) -> Self {
        Self { all: Arc::clone(&self.all), shelf: thread.min(self.all.common.threads) }
    }

    /// How often [`sweep`](Self::sweep) is to be called.
    pub const SWEEP: Duration = Duration::from_secs(1);

    /// Closes connections that were idle or alive for too long.
    pub fn sweep(&self) {
        self.all.common.seconds.set(self.all.born.elapsed().as_secs() as u32);
        for source in &self.all.sources {
            for server in std::iter::once(&source.primary).chain(&source.replicas) {
                server.pool.sweep();
            }
        }
    }

    /// Connections that one statement takes to one server.
    pub fn scatter(&self) -> usize {
        self.all.common.limits.scatter
    }

    /// How often schemas were dropped: connections that remember one from before must select it again.
    pub fn schemas(&self) -> u64 {
        self.all.schemas.load(Ordering::Acquire)
    }

    /// Schemas have been dropped.
    pub fn schemas_dropped(&self) {
        self.all.schemas.fetch_add(1, Ordering::AcqRel);
    }

    /// A connection to a source's primary for a question of the proxy's own: it neither waits for those that statements
    /// use nor keeps them waiting. Errors as [`get`](Self::get) has them.
    pub async fn aside(&self, source: SourceId) -> Result<Lease> {
        self.source(source)?.primary.pool.take_aside(self.shelf).await
    }

    fn source(&self, source: SourceId) -> Result<&SourcePools> {
        self.all.sources.get(usize::from(source.0)).ok_or_else(|| {
            Error::new(Code::Internal, format!("source number {} is not in the map", source.0))
        })
    }

    /// A connection to a source. Errors: 1040 when none became free in time, 2003 when the server cannot be reached.
    pub async fn get(&self, source: SourceId, role: Role, flavor: Flavor) -> Result<Lease> {
        let pools = self.source(source)?;
        if role == Role::Replica {
            for server in pools.healthy_replicas(self.now()) {
                match server.pool.take(self.shelf, flavor).await {
                    Ok(lease) => return Ok(lease),
                    Err(error) if error.is(Code::SourceDown) => {
                        let until = self.now() + REST_AFTER_FAILURE.as_millis() as u64;
                        server.rests_until.store(until, Ordering::Relaxed);
                        tracing::warn!(source = &*pools.name, "replica left alone: {}", error.message);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        pools.primary.pool.take(self.shelf, flavor).await
    }

    /// Stops what a connection runs, by KILL QUERY over a connection of its own; whether the server has answered it. Failing
    /// is logged: the server's own look at its closed connection ends the statement then.
    pub async fn kill(&self, name: &str, endpoint: &Endpoint, connection_id: u32) -> bool {
        let limit = self.all.common.limits.connect;
        let killed = match Conn::open(name.into(), endpoint, Flavor::default(), limit).await {
            Ok(mut conn) => {
                conn.answers_within(limit);
                conn.query(&format!("KILL QUERY {connection_id}"), 0).await
            }
            Err(error) => Err(error),
        };
        match killed {
            Ok(_) => {
                self.all.common.metrics.killed.inc();
                true
            }
            // The connection is gone, and what ran on it.
            Err(error) if error.errno == NO_SUCH_THREAD => true,
            Err(error) => {
                tracing::warn!(source = name, connection_id, "KILL QUERY failed: {error}");
                false
            }
        }
    }

    fn now(&self) -> u64 {
        self.all.born.elapsed().as_millis() as u64
    }
}

impl SourcePools {
    fn new(source: &Source, common: &Arc<Common>) -> Self {
        let server = |endpoint: &Endpoint| Server {
            pool: Pool::new(&source.name, endpoint, common),
            rests_until: AtomicU64::new(0),
        };
        Self {
            name: Arc::clone(&source.name),
            primary: server(&source.primary),
            replicas: source.replicas.iter().map(server).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Replicas that may be asked now, beginning with the one whose turn it is.
    fn healthy_replicas(&self, now: u64) -> impl Iterator<Item = &Server> {
        let turn = if self.replicas.len() > 1 { self.next.fetch_add(1, Ordering::Relaxed) } else { 0 };
        let count = self.replicas.len();
        (0..count)
            .filter_map(move |i| self.replicas.get((turn.wrapping_add(i)) % count))
            .filter(move |server| server.rests_until.load(Ordering::Relaxed) <= now)
    }
}
