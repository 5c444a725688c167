//! All pools: per server and flavor one bb8 pool, made when first needed.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::conn::{Conn, Flavor};
use super::manager::{Failures, Manager};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result};
use crate::telemetry::Metrics;
use crate::topology::{Endpoint, Source, Topology};

/// A replica that could not be reached is left alone for so long.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(2);

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
    /// Connections per server and flavor.
    pub max_connections: u32,
    /// How long a statement waits for a free connection before error 1040.
    pub wait: Duration,
    /// How long opening a connection may take.
    pub connect: Duration,
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
            check: Duration::from_secs(30),
            idle: Duration::from_secs(600),
            lifetime: Duration::from_secs(3600),
            scatter: 4,
        }
    }
}

/// A connection taken from a pool; it goes back when dropped, unless it is broken.
pub struct Lease {
    conn: bb8::PooledConnection<'static, Manager>,
    endpoint: Arc<Endpoint>,
}

impl Lease {
    /// The server it leads to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Deref for Lease {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

#[derive(Debug)]
struct Server {
    endpoint: Arc<Endpoint>,
    /// Milliseconds since `Pools::born` until which it is left alone.
    rests_until: AtomicU64,
    failures: Failures,
    flavors: [OnceLock<bb8::Pool<Manager>>; Flavor::COUNT],
}

#[derive(Debug)]
struct SourcePools {
    name: Arc<str>,
    primary: Server,
    replicas: Vec<Server>,
    next: AtomicUsize,
}

/// Every server's pools.
#[derive(Debug)]
pub struct Pools {
    sources: Vec<SourcePools>,
    limits: Limits,
    metrics: Metrics,
    born: Instant,
    /// How often schemas were dropped.
    schemas: AtomicU64,
}

impl Pools {
    /// Pools for all servers of a map. Nothing is connected yet.
    pub fn new(topology: &Topology, limits: Limits, metrics: Metrics) -> Self {
        Self {
            sources: topology.sources.iter().map(SourcePools::new).collect(),
            limits,
            metrics,
            born: Instant::now(),
            schemas: AtomicU64::new(0),
        }
    }

    /// Connections that one statement takes to one server.
    pub fn scatter(&self) -> usize {
        self.limits.scatter
    }

    /// How often schemas were dropped: connections that remember one from before must select it again.
    pub fn schemas(&self) -> u64 {
        self.schemas.load(Ordering::Acquire)
    }

    /// Schemas have been dropped.
    pub fn schemas_dropped(&self) {
        self.schemas.fetch_add(1, Ordering::AcqRel);
    }

    /// A connection to a source. Errors: 1040 when none became free in time, 2003 when the server cannot be reached.
    pub async fn get(&self, source: SourceId, role: Role, flavor: Flavor) -> Result<Lease> {
        let pools = self.sources.get(usize::from(source.0)).ok_or_else(|| {
            Error::new(Code::Internal, format!("source number {} is not in the map", source.0))
        })?;
        if role == Role::Replica {
            for server in pools.healthy_replicas(self.now()) {
                match self.take(&pools.name, server, flavor).await {
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
        self.take(&pools.name, &pools.primary, flavor).await
    }

    async fn take(&self, name: &Arc<str>, server: &Server, flavor: Flavor) -> Result<Lease> {
        let Some(cell) = server.flavors.get(flavor.index()) else {
            return Err(Error::new(Code::Internal, "no such flavor"));
        };
        let pool = cell.get_or_init(|| self.open(name, server, flavor));
        loop {
            let mut failures = server.failures.subscribe();
            let got = tokio::select! {
                biased;
                got = pool.get_owned() => got,
                _ = failures.changed() => {
                    let failure = failures.borrow().clone();
                    return Err(failure.unwrap_or_else(|| Error::new(Code::SourceDown, format!("source \"{name}\" is gone"))));
                }
            };
            let conn = got.map_err(|error| match error {
                bb8::RunError::User(error) => error,
                bb8::RunError::TimedOut => Error::new(
                    Code::TooManyConnections,
                    format!(
                        "no connection to source \"{name}\" became free within {} ms (pool.max_connections = {})",
                        self.limits.wait.as_millis(),
                        self.limits.max_connections
                    ),
                ),
            })?;
            let mut lease = Lease { conn, endpoint: Arc::clone(&server.endpoint) };
            let idle = lease.idle();
            // The first look costs no system call: the runtime knows whether something has come.
            let usable = !lease.is_stale() && (idle < self.limits.check || self.answers(&mut lease).await);
            if usable {
                return Ok(lease);
            }
            lease.give_up();
        }
    }

    async fn answers(&self, lease: &mut Lease) -> bool {
        matches!(tokio::time::timeout(self.limits.connect, lease.ping()).await, Ok(Ok(())))
    }

    fn open(&self, name: &Arc<str>, server: &Server, flavor: Flavor) -> bb8::Pool<Manager> {
        bb8::Pool::builder()
            .max_size(self.limits.max_connections)
            .connection_timeout(self.limits.wait)
            .idle_timeout(Some(self.limits.idle))
            .max_lifetime(Some(self.limits.lifetime))
            .retry_connection(false)
            .test_on_check_out(false)
            .queue_strategy(bb8::QueueStrategy::Lifo)
            .build_unchecked(Manager {
                name: Arc::clone(name),
                endpoint: Arc::clone(&server.endpoint),
                flavor,
                connect_timeout: self.limits.connect,
                metrics: self.metrics.clone(),
                failures: server.failures.clone(),
            })
    }

    /// Stops what a connection runs, by KILL QUERY over a connection of its own. Failing is logged: the server's own
    /// look at its closed connection ends the statement then.
    pub async fn kill(&self, name: &str, endpoint: &Endpoint, connection_id: u32) {
        let opened = Conn::open(name.into(), endpoint, Flavor::default(), self.limits.connect).await;
        let result = match opened {
            Ok(mut conn) => conn.query(&format!("KILL QUERY {connection_id}"), 0).await.map(|_| ()),
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => {
                self.metrics.killed.inc();
            }
            Err(error) => tracing::warn!(source = name, connection_id, "KILL QUERY failed: {error}"),
        }
    }

    fn now(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }
}

impl SourcePools {
    fn new(source: &Source) -> Self {
        Self {
            name: Arc::clone(&source.name),
            primary: Server::new(&source.primary),
            replicas: source.replicas.iter().map(Server::new).collect(),
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

impl Server {
    fn new(endpoint: &Endpoint) -> Self {
        Self {
            endpoint: Arc::new(endpoint.clone()),
            rests_until: AtomicU64::new(0),
            failures: Failures::default(),
            flavors: Default::default(),
        }
    }
}
