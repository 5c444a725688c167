//! New ids: unique over all proxies whatever happens, increasing in each, consecutive within a statement.
//!
//! [`Ids`] is what a proxy makes them with. A generator alone needs a [`Fence`] that somebody opens:
//!
//! ```
//! use std::sync::Arc;
//! use shardgate::base::clock::SystemClock;
//! use shardgate::idgen::{Fence, Layout, Snowflake};
//!
//! let fence = Arc::new(Fence::new(Arc::new(SystemClock)));
//! let ids = Snowflake::new(Layout::SNOWFLAKE, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS);
//! // Nobody else may have worker 5, ever, for ids of this time: that is what leases are for.
//! ids.hold(5, fence.now());
//! fence.open(fence.now() + 60_000);
//! let first = ids.reserve(100, 0).unwrap();
//! assert!(ids.reserve(1, 0).unwrap() > first + 99);
//! assert_eq!(ids.layout().decode(first).worker, 5);
//! ```

pub mod ask;
pub mod fence;
pub mod lease;
#[cfg(test)]
mod lease_tests;
pub mod segment;
pub mod snowflake;
pub mod uuid7;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, timeout};

pub use crate::base::layout::Layout;
pub use ask::Ask;
pub use fence::Fence;
pub use lease::{Holder, Terms};
pub use segment::Segment;
pub use snowflake::{Refusal, Snowflake};
pub use uuid7::Uuid7;

use crate::base::ids::{GeneratorId, NewIds};
use crate::base::{Code, Error, Result};
use crate::telemetry::Metrics;
use crate::topology::Generator as Spec;

/// How long who found no id waits before asking again, if nothing tells it before: at first, and at most. Time alone may
/// bring more snowflakes.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(100)];

/// One generator.
#[derive(Debug)]
enum Generator {
    Snowflake(Snowflake),
    Segment(Segment),
    Uuid7(Uuid7),
}

/// All generators of a proxy.
#[derive(Debug)]
pub struct Ids {
    fence: Arc<Fence>,
    generators: Box<[Generator]>,
    /// Ids have run out: whoever renews should do it now.
    wanted: Notify,
    /// Segments have to be fetched.
    segments_wanted: Arc<Notify>,
    /// Something was renewed.
    renewed: Notify,
    /// Why the worker's number cannot be held. Looked at by who is refused only.
    trouble: Mutex<Option<String>>,
    metrics: Metrics,
}

impl Ids {
    /// The generators of a map. They make nothing before [`hold`](Self::hold).
    pub fn new(specs: &[Spec], fence: Arc<Fence>, max_ahead: Duration, metrics: Metrics) -> Self {
        let max_ahead = max_ahead.as_millis() as u64;
        let segments_wanted = Arc::new(Notify::new());
        let generator = |spec: &Spec| match spec {
            Spec::Snowflake(layout) => {
                Generator::Snowflake(Snowflake::new(*layout, Arc::clone(&fence), max_ahead))
            }
            Spec::Segment { name, start, step } => {
                let wanted = Arc::clone(&segments_wanted);
                Generator::Segment(Segment::new(Arc::clone(name), *start, *step, wanted))
            }
            Spec::Uuid7 => Generator::Uuid7(Uuid7::new(Arc::clone(&fence))),
        };
        let generators = specs.iter().map(generator).collect();
        let (wanted, renewed) = (Notify::new(), Notify::new());
        Self { fence, generators, wanted, segments_wanted, renewed, trouble: Mutex::new(None), metrics }
    }

    /// The bound and the time of the snowflake generators.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// From now on snowflake ids are `worker`'s, from `floor` on and below `bound` (Unix milliseconds).
    pub fn hold(&self, worker: u16, floor: u64, bound: u64) {
        self.fence.close();
        for generator in &self.generators {
            if let Generator::Snowflake(snowflake) = generator {
                snowflake.hold(worker, floor);
            }
        }
        self.fence.open(bound);
        self.renewed.notify_waiters();
    }

    /// The worker's number is held up to a later bound.
    pub fn extend(&self, bound: u64) {
        self.fence.open(bound);
        self.renewed.notify_waiters();
    }

    /// New ids, `gene` being the slot that they carry (0 where they carry none). [`Code::NoIds`] when there are none
    /// now: [`listen`](Self::listen) tells when to ask again. Other errors stay.
    pub fn reserve(&self, generator: GeneratorId, n: usize, gene: u32) -> Result<NewIds> {
        let made = match self.generators.get(usize::from(generator.0)) {
            Some(Generator::Snowflake(snowflake)) => match snowflake.reserve(n as u64, gene) {
                Ok(first) => Ok(NewIds::Numbers { first, step: snowflake.layout().step() }),
                Err(refusal) => {
                    let mut error = Error::from(refusal);
                    if refusal == Refusal::Bound {
                        self.wanted.notify_one();
                        if let Some(trouble) = self.trouble.lock().as_deref() {
                            error.message = format!("{}: {trouble}", error.message);
                        }
                    }
                    Err(error)
                }
            },
            Some(Generator::Segment(segment)) => {
                segment.reserve(n as u64).map(|first| NewIds::Numbers { first, step: 1 })
            }
            Some(Generator::Uuid7(uuids)) => uuids.reserve(n).map(NewIds::Uuids),
            None => Err(Error::new(Code::Internal, "a table's generator is not in the map")),
        };
        if made.is_ok() {
            self.metrics.ids_issued.inc_by(n as u64);
        }
        made
    }

    /// What new ids look like at present, for EXPLAIN: nothing is taken.
    pub fn example(&self, generator: GeneratorId, n: usize, gene: u32) -> NewIds {
        match self.generators.get(usize::from(generator.0)) {
            Some(Generator::Snowflake(snowflake)) => {
                let layout = snowflake.layout();
                let first = layout.encode(self.fence.now().saturating_sub(layout.epoch_ms()), 0, 0, gene);
                NewIds::Numbers { first, step: layout.step() }
            }
            Some(Generator::Uuid7(_)) => NewIds::Uuids(vec![[0; 16]; n.min(Uuid7::MOST)]),
            Some(Generator::Segment(_)) | None => NewIds::Numbers { first: 1, step: 1 },
        }
    }

    /// What keeps the worker's number from being held or renewed, for who is refused for it; `None`: nothing.
    pub fn trouble(&self, why: Option<String>) {
        *self.trouble.lock() = why;
    }

    /// Brings the gauges up to date: how far ids run ahead, what is left below the bound, and how long the layout lasts.
    pub fn observe(&self) {
        let (now, metrics) = (self.fence.now(), &self.metrics);
        let snowflakes = || {
            self.generators.iter().filter_map(|generator| match generator {
                Generator::Snowflake(snowflake) => Some(snowflake),
                Generator::Segment(_) | Generator::Uuid7(_) => None,
            })
        };
        let ahead = snowflakes().map(Snowflake::ahead_ms).max().unwrap_or(0);
        let years = snowflakes().map(|snowflake| snowflake.layout().years_left(now));
        metrics.ids_ahead_ms.set(ahead as i64);
        metrics.ids_bound_left_ms.set(self.fence.bound().saturating_sub(now) as i64);
        metrics.ids_years_left.set(years.reduce(f64::min).unwrap_or(0.0));
    }

    /// Listens for new ids. Who listens before asking misses none that come after.
    pub fn listen(&self) -> Soon<'_> {
        Soon { renewed: self.renewed.notified() }
    }

    /// As [`reserve`](Self::reserve), but waits for ids as long as `patience`.
    pub async fn reserve_patiently(
        &self,
        generator: GeneratorId,
        n: usize,
        gene: u32,
        patience: Duration,
    ) -> Result<NewIds> {
        let mut patience = Patience::until(Instant::now() + patience);
        loop {
            let soon = self.listen();
            match self.reserve(generator, n, gene) {
                Err(error) if error.is(Code::NoIds) => {
                    if patience.over() {
                        self.metrics.ids_refused.inc();
                        return Err(error);
                    }
                    patience.wait(soon).await;
                }
                made => return made,
            }
        }
    }

    /// Resolves when numbers for segments have to be fetched from the store.
    pub async fn segments_wanted(&self) {
        self.segments_wanted.notified().await;
    }

    /// The generators of segment ids.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.generators.iter().filter_map(|generator| match generator {
            Generator::Segment(segment) => Some(segment),
            Generator::Snowflake(_) | Generator::Uuid7(_) => None,
        })
    }

    /// Numbers have come from the store, or it failed: who waits asks again.
    pub fn fetched(&self) {
        self.renewed.notify_waiters();
    }

    /// Resolves when somebody waits for a renewal.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }
}

/// What [`Ids::listen`] heard.
#[derive(Debug)]
pub struct Soon<'i> {
    renewed: Notified<'i>,
}

/// How long somebody waits for ids, asking now and again.
#[derive(Debug)]
pub struct Patience {
    until: Instant,
    pause: Duration,
}

impl Patience {
    /// Until a moment.
    pub fn until(until: Instant) -> Self {
        Self { until, pause: PAUSES[0] }
    }

    /// Whether it is over.
    pub fn over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Waits until it is worth asking again.
    pub async fn wait(&mut self, soon: Soon<'_>) {
        let pause = self.pause.min(self.until.saturating_duration_since(Instant::now()));
        // Nothing told: it may be worth asking all the same.
        let _ = timeout(pause, soon.renewed).await;
        self.pause = (2 * self.pause).min(PAUSES[1]);
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Ahead { .. } | Refusal::Bound => Code::NoIds,
            Refusal::Block { .. } | Refusal::Clock { .. } | Refusal::Gene { .. } => Code::OutOfRange,
        };
        Error::new(code, format!("no id can be made: {refusal}"))
    }
}
