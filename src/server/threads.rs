//! The threads that serve clients. Each runs a scheduler and a reactor of its own, and a session stays on one thread
//! from its login to its end: its client and the servers' connections that it takes wake that thread and no other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backend::Pools;
use crate::base::{Code, Error, Result};
use crate::session::{self, Shared};

/// Bytes of a thread's stack, of which memory holds what was used: enough to plan the deepest statement that is read.
const STACK: usize = 32 << 20;

/// One of the threads.
#[derive(Debug)]
struct Thread {
    runtime: Handle,
    pools: Pools,
    /// Sessions that live there.
    sessions: Arc<AtomicUsize>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Threads(Vec<Thread>);

impl Threads {
    /// Starts `count` threads, which run until `end`. Errors: the system gives no more threads or descriptors.
    pub(super) fn start(count: usize, pools: &Pools, end: &CancellationToken) -> Result<Self> {
        let start = |number| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let handle = runtime.handle().clone();
            let end = end.clone();
            let run = move || runtime.block_on(end.cancelled());
            std::thread::Builder::new().name(format!("shardgate-{number}")).stack_size(STACK).spawn(run)?;
            Ok(Thread { runtime: handle, pools: pools.of_thread(number), sessions: Arc::default() })
        };
        let threads: std::io::Result<_> = (0..count).map(start).collect();
        threads
            .map(Self)
            .map_err(|error| Error::new(Code::Internal, format!("cannot start {count} threads: {error}")))
    }

    /// Runs a task on a thread.
    pub(super) fn spawn(&self, number: usize, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(thread) = self.0.get(number) {
            thread.runtime.spawn(task);
        }
    }

    /// Serves a client that a thread has accepted: there, or on another that has fewer by more than one. Called on the
    /// thread that accepted it.
    pub(super) fn serve(
        &self,
        accepted: usize,
        socket: TcpStream,
        peer: SocketAddr,
        shared: &Arc<Shared>,
        tasks: &TaskTracker,
    ) {
        let sessions = |thread: &Thread| thread.sessions.load(Ordering::Relaxed);
        let here = |(number, thread): &(usize, &Thread)| {
            (sessions(thread) + usize::from(*number != accepted), *number != accepted)
        };
        let Some((number, thread)) = self.0.iter().enumerate().min_by_key(here) else { return };
        let (shared, pools, place) = (Arc::clone(shared), thread.pools.clone(), Place::new(&thread.sessions));
        let serve = async move |socket| {
            let _place = place;
            shared.metrics.clients.inc();
            session::serve(socket, peer, Arc::clone(&shared), pools).await;
            shared.metrics.clients.dec();
        };
        if number == accepted {
            tasks.spawn(serve(socket));
            return;
        }
        // Another thread's reactor has to watch the socket.
        match socket.into_std() {
            Ok(socket) => {
                thread.runtime.spawn(tasks.track_future(async move {
                    match TcpStream::from_std(socket) {
                        Ok(socket) => serve(socket).await,
                        Err(error) => tracing::warn!(%peer, "a client cannot be served: {error}"),
                    }
                }));
            }
            Err(error) => tracing::warn!(%peer, "a client cannot be served: {error}"),
        }
    }
}

/// A session that counts.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn new(sessions: &Arc<AtomicUsize>) -> Self {
        sessions.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(sessions))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
