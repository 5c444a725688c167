//! From a configuration to a proxy that serves: sockets, one task a client, and the end of all of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::Registry;
use crate::backend::pools::Limits;
use crate::base::clock::{Clock, SystemClock};
use crate::base::{Code, Error, Result};
use crate::config::Config;
use crate::idgen::Snowflake;
use crate::session::{self, Shared};
use crate::telemetry::Metrics;
use crate::topology::Topology;
use crate::wire::packet;
use crate::wire::stream::PacketStream;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// How long sessions have to end at shutdown before their sockets are closed under them.
const GRACE: Duration = Duration::from_secs(5);

/// A proxy that serves.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Builds everything and starts to listen. Errors: an address that cannot be bound, a worker number that is too large.
/// Servers that do not answer are no error: they are connected to when a statement needs them.
pub async fn start(config: &Config, topology: Topology) -> Result<Running> {
    let metrics = Metrics::default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let limits = Limits {
        max_connections: config.pool.max_connections,
        wait: config.pool.wait,
        connect: config.pool.connect_timeout,
        check: config.pool.idle_check,
        idle: config.pool.max_idle,
        lifetime: config.pool.max_lifetime,
        scatter: config.limits.scatter_connections as usize,
    };
    let ids = Snowflake::new(config.ids.worker, clock)?;
    let shared = Arc::new(Shared::new(config, topology, limits, ids, metrics, Arc::new(Registry::default())));
    shared.learn_server().await;
    let listener = bind(&config.listen.address)?;
    let address = listener.local_addr().map_err(|e| cannot_listen(&config.listen.address, &e))?;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let limit = config.listen.max_connections as usize;
    let serving = accept(listener, Arc::clone(&shared), limit, stop.clone(), tasks.clone());
    tasks.spawn(serving);
    tracing::info!(%address, "serving");
    Ok(Running { address, shared, stop, tasks })
}

impl Running {
    /// Stops accepting, asks every session to end, and waits for them.
    pub async fn shut_down(self) {
        self.stop.cancel();
        self.shared.registry.end_all();
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!(sessions = self.shared.registry.len(), "sessions did not end in time");
        }
    }
}

fn cannot_listen(address: &str, error: &std::io::Error) -> Error {
    Error::new(Code::Internal, format!("cannot listen on {address}: {error}"))
}

fn bind(address: &str) -> Result<TcpListener> {
    let wrong = |error: std::io::Error| cannot_listen(address, &error);
    let parsed: SocketAddr = address.parse().map_err(|e| {
        Error::new(Code::Internal, format!("listen.address {address:?} is no IP address with a port: {e}"))
    })?;
    let socket = if parsed.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(wrong)?;
    socket.set_reuseaddr(true).map_err(wrong)?;
    socket.bind(parsed).map_err(wrong)?;
    socket.listen(BACKLOG).map_err(wrong)
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    limit: usize,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors: others must end before a new one can come.
                tracing::warn!("accept failed: {error}");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        if shared.registry.len() >= limit {
            tasks.spawn(turn_away(socket, limit));
            continue;
        }
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            shared.metrics.clients.inc();
            session::serve(socket, peer, Arc::clone(&shared)).await;
            shared.metrics.clients.dec();
        });
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
