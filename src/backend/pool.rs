//! Connections to one server.
//!
//! Each thread that serves clients has a shelf of its own, where the connections lie idle that its reactor watches: a
//! statement's client and server then wake the same thread, and taking a connection touches no memory that other
//! threads write to. Threads share the bound on how many there are, and the line of those who wait.

use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::conn::{Conn, Flavor};
use super::pools::Limits;
use crate::base::{Code, Error, Result};
use crate::telemetry::Metrics;
use crate::topology::Endpoint;

/// Connections beyond the bound, for what a statement must know before it can be planned: its session may hold one
/// already, and all others may be in use by sessions that want to know the same.
const ASIDE: usize = 2;

/// Seconds since the pools began, as of the last sweep: what the age of connections is measured by, without asking the
/// system for the time at each statement.
#[derive(Debug, Default)]
pub(super) struct Seconds(AtomicU32);

impl Seconds {
    pub(super) fn now(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, seconds: u32) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    fn since(&self, then: u32) -> Duration {
        Duration::from_secs(u64::from(self.now().saturating_sub(then)))
    }
}

/// What all pools have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
    pub(super) seconds: Seconds,
    /// Threads that serve clients; their shelves are followed by one for everybody else.
    pub(super) threads: usize,
}

/// A connection that lies idle, and since when.
#[derive(Debug)]
struct Idle {
    conn: Box<Conn>,
    since: u32,
}

/// One thread's idle connections by flavor, the one used last on top. A cache line of its own keeps threads apart.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shelf(Mutex<[Vec<Idle>; Flavor::COUNT]>);

impl Shelf {
    fn take(&self, flavor: Flavor) -> Option<Idle> {
        self.0.lock().get_mut(flavor.index())?.pop()
    }

    /// Any connection, of whatever flavor: the one that lies there longest.
    fn take_oldest(&self) -> Option<Idle> {
        let mut stacks = self.0.lock();
        let oldest = stacks.iter_mut().filter(|stack| !stack.is_empty());
        let stack = oldest.min_by_key(|stack| stack.first().map_or(u32::MAX, |idle| idle.since))?;
        Some(stack.remove(0))
    }

    fn put(&self, flavor: Flavor, idle: Idle) {
        if let Some(stack) = self.0.lock().get_mut(flavor.index()) {
            stack.push(idle);
        }
    }
}

/// One server's connections.
#[derive(Debug)]
pub(super) struct Pool {
    name: Arc<str>,
    endpoint: Endpoint,
    common: Arc<Common>,
    shelves: Box<[Shelf]>,
    /// Connections that there are: idle, in use, or being opened.
    open: AtomicUsize,
    /// How many wait for one.
    waiting: AtomicUsize,
    freed: Notify,
    aside: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(name: &Arc<str>, endpoint: &Endpoint, common: &Arc<Common>) -> Arc<Self> {
        Arc::new(Self {
            name: Arc::clone(name),
            endpoint: endpoint.clone(),
            common: Arc::clone(common),
            shelves: (0..=common.threads).map(|_| Shelf::default()).collect(),
            open: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            freed: Notify::new(),
            aside: Arc::new(Semaphore::new(ASIDE)),
        })
    }

    /// A connection for the thread that the shelf belongs to. Errors: 1040 when none became free in time, 2003 when the
    /// server cannot be reached.
    pub(super) async fn take(self: &Arc<Self>, shelf: usize, flavor: Flavor) -> Result<Lease> {
        loop {
            let at_hand =
                if self.waiting.load(Ordering::Relaxed) == 0 { self.from(shelf, flavor) } else { None };
            let idle = match at_hand {
                Some(idle) => idle,
                None => match self.wait_in_line(shelf, flavor).await? {
                    Found::Idle(idle) => idle,
                    Found::Room(room) => return self.open(shelf, flavor, room).await,
                },
            };
            if let Some(lease) = self.usable(idle, shelf).await {
                return Ok(lease);
            }
        }
    }

    /// A connection for a question of the proxy's own; it never waits for those that statements use.
    pub(super) async fn take_aside(self: &Arc<Self>, shelf: usize) -> Result<Lease> {
        let flavor = Flavor::default();
        let limit = self.common.limits.wait;
        let turn = timeout(limit, Arc::clone(&self.aside).acquire_owned()).await;
        let turn = turn.ok().and_then(std::result::Result::ok).ok_or_else(|| self.none_free())?;
        let idle = match self.from(shelf, flavor) {
            Some(idle) => self.usable(idle, shelf).await,
            None => None,
        };
        let mut lease = if let Some(lease) = idle {
            lease
        } else {
            self.open.fetch_add(1, Ordering::Relaxed);
            self.open(shelf, flavor, Room(Arc::clone(self))).await?
        };
        lease.aside = Some(turn);
        Ok(lease)
    }

    /// A connection that lay idle, if its server is still there.
    async fn usable(self: &Arc<Self>, idle: Idle, shelf: usize) -> Option<Lease> {
        let long = self.common.seconds.since(idle.since) >= self.common.limits.check;
        let mut lease = self.lease(idle.conn, shelf);
        // The first look costs no system call: the runtime knows whether something has come.
        if !lease.is_stale() && (!long || self.answers(&mut lease).await) {
            return Some(lease);
        }
        lease.give_up();
        None
    }

    fn lease(self: &Arc<Self>, conn: Box<Conn>, shelf: usize) -> Lease {
        Lease { conn: Some(conn), pool: Arc::clone(self), shelf, aside: None }
    }

    fn none_free(&self) -> Error {
        let Limits { wait, max_connections, .. } = self.common.limits;
        Error::new(
            Code::TooManyConnections,
            format!(
                "no connection to source \"{}\" became free within {} ms (pool.max_connections = {max_connections})",
                self.name,
                wait.as_millis()
            ),
        )
    }

    fn from(&self, shelf: usize, flavor: Flavor) -> Option<Idle> {
        self.shelves.get(shelf)?.take(flavor)
    }

    /// Takes a place in the line, at its end; whoever leaves it wakes the next.
    async fn wait_in_line(self: &Arc<Self>, shelf: usize, flavor: Flavor) -> Result<Found> {
        let deadline = Instant::now() + self.common.limits.wait;
        let (_place, before) = Place::at_the_end(self);
        let mut may_look = before == 0;
        loop {
            let mut freed = pin!(self.freed.notified());
            freed.as_mut().enable();
            if may_look && let Some(found) = self.look_around(shelf, flavor) {
                return Ok(found);
            }
            if timeout_at(deadline, freed).await.is_err() {
                return Err(self.none_free());
            }
            may_look = true;
        }
    }

    /// Whatever leads to a connection, the cheapest first: an idle one from the own shelf, room for a new one, an idle
    /// one that another thread has, the place of an idle one of another flavor.
    fn look_around(self: &Arc<Self>, shelf: usize, flavor: Flavor) -> Option<Found> {
        if let Some(idle) = self.from(shelf, flavor) {
            return Some(Found::Idle(idle));
        }
        let limit = self.common.limits.max_connections as usize;
        let more = |open: usize| (open < limit).then_some(open + 1);
        if self.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok() {
            return Some(Found::Room(Room(Arc::clone(self))));
        }
        let others = (0..self.shelves.len()).filter(|other| *other != shelf);
        for Idle { conn, since } in others.filter_map(|other| self.from(other, flavor)) {
            match conn.move_here() {
                Ok(conn) => return Some(Found::Idle(Idle { conn: Box::new(conn), since })),
                Err(error) => {
                    tracing::warn!(source = &*self.name, "a connection did not come along: {error}");
                    self.open.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        let replaced = self.shelves.iter().find_map(Shelf::take_oldest)?;
        replaced.conn.quit();
        Some(Found::Room(Room(Arc::clone(self))))
    }

    async fn open(self: &Arc<Self>, shelf: usize, flavor: Flavor, room: Room) -> Result<Lease> {
        let limit = self.common.limits.connect;
        let mut conn = Conn::open(Arc::clone(&self.name), &self.endpoint, flavor, limit).await?;
        self.common.metrics.opened.inc();
        conn.born = self.common.seconds.now();
        conn.answers_within(self.common.limits.answer);
        room.filled();
        Ok(self.lease(Box::new(conn), shelf))
    }

    async fn answers(&self, lease: &mut Lease) -> bool {
        matches!(tokio::time::timeout(self.common.limits.connect, lease.ping()).await, Ok(Ok(())))
    }

    /// A connection comes back.
    fn put(&self, shelf: usize, mut conn: Box<Conn>) {
        let limits = &self.common.limits;
        let old = self.common.seconds.since(conn.born) >= limits.lifetime;
        let surplus = self.open.load(Ordering::Relaxed) > limits.max_connections as usize;
        let clean = conn.is_clean();
        match self.shelves.get(shelf) {
            Some(place) if clean && !old && !surplus => {
                conn.rest();
                place.put(conn.flavor(), Idle { conn, since: self.common.seconds.now() });
            }
            _ => {
                if clean {
                    conn.quit();
                }
                self.open.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.wake_next();
    }

    /// Wakes whoever waits longest. The fence is the other half of the one in [`Place::at_the_end`]: either the place in
    /// the line is seen here, or what was freed is seen there.
    fn wake_next(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.freed.notify_one();
        }
    }

    /// Closes what has been idle or alive for too long.
    pub(super) fn sweep(&self) {
        let limits = &self.common.limits;
        let over = |idle: &mut Idle| {
            self.common.seconds.since(idle.since) >= limits.idle
                || self.common.seconds.since(idle.conn.born) >= limits.lifetime
                || idle.conn.is_stale()
        };
        for shelf in &self.shelves {
            let mut closed = Vec::new();
            for stack in shelf.0.lock().iter_mut() {
                closed.extend(stack.extract_if(.., over));
            }
            for idle in closed {
                idle.conn.quit();
                self.open.fetch_sub(1, Ordering::Relaxed);
                self.wake_next();
            }
        }
    }
}

/// What comes of waiting.
enum Found {
    Idle(Idle),
    Room(Room),
}

/// The right to open a connection, which counts as one; given back when that fails.
struct Room(Arc<Pool>);

impl Room {
    /// The connection is there.
    fn filled(self) {
        // Counted for as long as the connection is there.
        self.0.open.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.wake_next();
    }
}

/// A place in the line of those who wait.
struct Place<'a>(&'a Pool);

impl<'a> Place<'a> {
    /// Also says how many were there before.
    fn at_the_end(pool: &'a Pool) -> (Self, usize) {
        let before = pool.waiting.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        (Self(pool), before)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.wake_next();
    }
}

/// A connection taken from a pool; it goes back when dropped, unless it is broken.
#[derive(Debug)]
pub struct Lease {
    /// There until it is dropped.
    conn: Option<Box<Conn>>,
    pool: Arc<Pool>,
    shelf: usize,
    /// The turn that a question of the proxy's own waited for.
    aside: Option<OwnedSemaphorePermit>,
}

impl Lease {
    /// The server it leads to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.pool.endpoint
    }
}

impl Deref for Lease {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        match &self.conn {
            Some(conn) => conn,
            None => unreachable!("a lease holds its connection until it is dropped"),
        }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Conn {
        match &mut self.conn {
            Some(conn) => conn,
            None => unreachable!("a lease holds its connection until it is dropped"),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.pool.put(self.shelf, conn);
        }
    }
}
