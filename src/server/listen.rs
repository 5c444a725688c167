//! From a configuration to a proxy that serves: sockets, one task a client, and the end of all of it.

use std::net::{SocketAddr, TcpListener as Listener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::admin::Registry;
use crate::backend::Pools;
use crate::backend::pools::Limits;
use crate::base::clock::{Clock, SystemClock};
use crate::base::{Code, Error, Result};
use crate::config::Config;
use crate::idgen::{Fence, Ids};
use crate::session::Shared;
use crate::store::{DdlLog, Definitions};
use crate::telemetry::Metrics;
use crate::topology::Topology;
use crate::wire::packet;
use crate::wire::stream::PacketStream;

use super::threads::Threads;
use super::workers::{self, Worker};
use super::{admin, definitions, indexes, recovery, segments};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
/// How long sessions have to end at shutdown before their sockets are closed under them.
const GRACE: Duration = Duration::from_secs(5);
/// How long accepting rests when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(20);

/// A proxy that serves.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where the HTTP service listens, if there is one.
    pub admin: Option<SocketAddr>,
    shared: Arc<Shared>,
    /// Ends accepting, and then the threads.
    stop: CancellationToken,
    end: DropGuard,
    tasks: TaskTracker,
    worker: Worker,
}

/// Builds everything and starts to listen. Errors: an address that cannot be bound, a worker's number that cannot be had,
/// threads that the system does not give. Servers that do not answer are no error: they are connected to when a
/// statement needs them.
pub async fn start(config: &Config, topology: Topology) -> Result<Running> {
    let metrics = Metrics::default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let fence = Arc::new(Fence::new(Arc::clone(&clock)));
    let ids = Arc::new(Ids::new(&topology.generators, fence, config.ids.max_ahead, metrics.clone()));
    let worker = Worker::start(config, &topology, &ids, &clock, &metrics).await?;
    let segments = segments::fill(Arc::clone(&ids), segments::store(config, &topology));
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let count = config.listen.threads.unwrap_or_else(cores).get();
    let pools = Pools::new(&topology, limits(config), metrics.clone(), count);
    let registry = Arc::new(Registry::default());
    let coordinator = recovery::coordinator(config, &topology, &metrics).await?;
    let recovery = recovery::run(Arc::clone(&coordinator), config.transaction.recover_every);
    let states = indexes::states(config, &topology);
    let owner = workers::owner(&config.listen.address);
    let store = || segments::db(config, &topology);
    let databases = || topology.databases.values().map(|database| &*database.name);
    let ddl = store().zip(store()).map(|(db, own)| {
        let definitions = Definitions::new(own, owner.clone(), databases());
        DdlLog::new(db, owner, definitions)
    });
    let shared = Shared::new(config, topology, pools.clone(), ids, coordinator, metrics, registry);
    let shared = Arc::new(shared.with_ddl(ddl).with_indexes(states));
    shared.learn_server().await;
    let listeners = listen(&config.listen.address, count)?;
    let address = match listeners.first().map(Listener::local_addr) {
        Some(Ok(address)) => address,
        Some(Err(error)) => return Err(cannot_listen(&config.listen.address, &error)),
        None => return Err(Error::new(Code::Internal, "no thread serves clients")),
    };
    let (stop, end, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
    let threads = Arc::new(Threads::start(count, &pools, &end)?);
    for (number, listener) in listeners.into_iter().enumerate() {
        let accepting = Accepting {
            listener,
            number,
            threads: Arc::clone(&threads),
            shared: Arc::clone(&shared),
            limit: config.listen.max_connections as usize,
            tasks: tasks.clone(),
        };
        threads.spawn(number, tasks.track_future(until(stop.clone(), accepting.run())));
    }
    tasks.spawn(until(stop.clone(), sweep(pools)));
    tasks.spawn(until(stop.clone(), segments));
    tasks.spawn(until(stop.clone(), indexes::watch(Arc::clone(&shared))));
    tasks.spawn(until(stop.clone(), definitions::follow(Arc::clone(&shared))));
    tasks.spawn(until(stop.clone(), recovery));
    let checked = Arc::clone(&shared);
    tasks.spawn(until(stop.clone(), async move { checked.check_id_columns().await }));
    let admin = admin::start(config, &shared, &stop, &tasks).await?;
    tracing::info!(%address, threads = count, "serving");
    Ok(Running { address, admin, shared, stop, end: end.drop_guard(), tasks, worker })
}

/// Bounds of the pools.
pub(super) fn limits(config: &Config) -> Limits {
    Limits {
        max_connections: config.pool.max_connections,
        wait: config.pool.wait,
        connect: config.pool.connect_timeout,
        answer: config.pool.answer_timeout,
        check: config.pool.idle_check,
        idle: config.pool.max_idle,
        lifetime: config.pool.max_lifetime,
        scatter: config.limits.scatter_connections as usize,
    }
}

impl Running {
    /// Stops accepting, asks every session to end, waits for them, and ends the threads.
    pub async fn shut_down(self) {
        self.stop.cancel();
        self.shared.registry.end_all();
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!(sessions = self.shared.registry.len(), "sessions did not end in time");
        }
        self.worker.release().await;
        definitions::leave(&self.shared).await;
        drop(self.end);
    }
}

async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

async fn sweep(pools: Pools) {
    let mut ticks = tokio::time::interval(Pools::SWEEP);
    loop {
        ticks.tick().await;
        pools.sweep();
    }
}

fn cannot_listen(address: &str, error: &std::io::Error) -> Error {
    Error::new(Code::Internal, format!("cannot listen on {address}: {error}"))
}

/// One listening socket for each thread, among which the system spreads the clients (socket(7), SO_REUSEPORT).
fn listen(address: &str, count: usize) -> Result<Vec<Listener>> {
    let wrong = |error: std::io::Error| cannot_listen(address, &error);
    let parsed: SocketAddr = address.parse().map_err(|e| {
        Error::new(Code::Internal, format!("listen.address {address:?} is no IP address with a port: {e}"))
    })?;
    // Another proxy on the same port would share its clients without a word. One that shares with nobody is told.
    let alone = bind(parsed, false).map_err(wrong)?;
    let parsed = alone.local_addr().map_err(wrong)?;
    drop(alone);
    (0..count).map(|_| bind(parsed, true).map_err(wrong)).collect()
}

fn bind(address: SocketAddr, shares: bool) -> std::io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shares)?;
    // Accepted sockets inherit it.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// One thread's share of the clients that come.
struct Accepting {
    listener: Listener,
    number: usize,
    threads: Arc<Threads>,
    shared: Arc<Shared>,
    limit: usize,
    tasks: TaskTracker,
}

impl Accepting {
    async fn run(self) {
        let Self { listener, number, threads, shared, limit, tasks } = self;
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::error!("cannot wait for clients: {error}"),
        };
        loop {
            match listener.accept().await {
                Ok((socket, _)) if shared.registry.len() >= limit => {
                    tasks.spawn(turn_away(socket, limit));
                }
                Ok((socket, peer)) => threads.serve(number, socket, peer, &shared, &tasks),
                Err(error) => {
                    // Out of file descriptors: others must end before a new one can come.
                    tracing::warn!("accept failed: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

async fn turn_away(socket: TcpStream, limit: usize) {
    let mut client = PacketStream::to_client(socket);
    let error = Error::new(
        Code::TooManyConnections,
        format!("Too many connections (listen.max_connections = {limit})"),
    );
    client.queue_with(|out| packet::put_err_unagreed(out, &error));
    if let Err(error) = tokio::time::timeout(GRACE, client.flush()).await.unwrap_or(Ok(())) {
        tracing::debug!("a client that was turned away had left: {error}");
    }
}
