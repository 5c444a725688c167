//! Leases with clocks that stand where they are put and a store in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::lease::choose;
use super::{Fence, Holder, Ids, Layout, Terms};
use crate::base::clock::{Clock, FixedClock};
use crate::base::ids::GeneratorId;
use crate::base::layout::{EPOCH_MS, YEAR_MS};
use crate::base::{Code, Error, Result};
use crate::store::{Lease, Leases, Snapshot};
use crate::telemetry::Metrics;
use crate::topology::Generator;

const START: u64 = EPOCH_MS + 1_000_000_000;
const LEASE: u64 = 60_000;

/// The store: its rows, its clock, and what is wrong with it.
#[derive(Default)]
struct Store {
    rows: Mutex<Vec<Lease>>,
    clock: FixedClock,
    down: AtomicBool,
    /// Writes are done, and not answered.
    mute: AtomicBool,
    /// A write that was given up, and arrives after the next read.
    late: Mutex<Option<Lease>>,
}

impl Store {
    fn new() -> Arc<Self> {
        Arc::new(Self { clock: FixedClock::at(START), ..Self::default() })
    }

    fn row(&self, worker: u16) -> Lease {
        self.rows.lock().iter().find(|row| row.worker == worker).unwrap().clone()
    }

    fn add(&self, worker: u16, owner: &str, bound_ms: u64, expires_ms: u64) {
        let (layout, epoch_ms) = (Layout::SNOWFLAKE.to_string(), EPOCH_MS);
        let row = Lease { worker, version: 7, owner: owner.into(), bound_ms, layout, epoch_ms, expires_ms };
        self.rows.lock().push(row);
    }
}

impl Leases for Arc<Store> {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn read(&self) -> Result<Snapshot> {
        if self.down.load(Ordering::Relaxed) {
            return Err(Error::new(Code::SourceDown, "the store sleeps"));
        }
        let mut leases = self.rows.lock().clone();
        leases.sort_by_key(|row| row.worker);
        let late = self.late.lock().take();
        if let Some(late) = late {
            self.swap(&late).await?;
        }
        Ok(Snapshot { now_ms: self.clock.unix_ms(), leases })
    }

    async fn swap(&self, lease: &Lease) -> Result<bool> {
        let mut rows = self.rows.lock();
        let place = rows.iter().position(|row| row.worker == lease.worker);
        let stored = place.map_or(0, |at| rows[at].version);
        if stored + 1 != lease.version {
            return Ok(false);
        }
        match place {
            Some(at) => rows[at] = lease.clone(),
            None => rows.push(lease.clone()),
        }
        if self.mute.load(Ordering::Relaxed) {
            return Err(Error::new(Code::SourceDown, "the answer was lost"));
        }
        Ok(true)
    }
}

/// A process: its clock, its ids, and its lease.
struct Proxy {
    store: Arc<Store>,
    clock: Arc<FixedClock>,
    ids: Arc<Ids>,
    holder: Holder<Arc<Store>>,
    metrics: Metrics,
}

impl Proxy {
    fn new(store: &Arc<Store>, name: &str) -> Self {
        Self::with(store, name, Layout::SNOWFLAKE, None)
    }

    fn with(store: &Arc<Store>, name: &str, layout: Layout, worker: Option<u16>) -> Self {
        let clock = Arc::new(FixedClock::at(START));
        let fence = Arc::new(Fence::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let metrics = Metrics::default();
        let specs = [Generator::Snowflake(layout)];
        let ids = Arc::new(Ids::new(&specs, fence, Duration::from_secs(1), metrics.clone()));
        let lease = Duration::from_millis(LEASE);
        let terms = Terms { layout, lease, worker, owner: name.into() };
        let holder = Holder::new(Arc::clone(store), Arc::clone(&ids), terms, metrics.clone());
        Self { store: Arc::clone(store), clock, ids, holder, metrics }
    }

    fn pass(&self, ms: u64) {
        self.clock.pass(ms);
        self.store.clock.pass(ms);
    }

    /// The worker and the time of a new id.
    fn id(&self) -> Result<(u16, u64)> {
        let first = self.ids.reserve(GeneratorId(0), 1, 0)?.number(0).unwrap();
        let parts = Layout::SNOWFLAKE.decode(first);
        Ok((parts.worker, parts.unix_ms))
    }

    async fn refusal(&mut self) -> String {
        let error = self.holder.tend().await.unwrap_err();
        assert!(error.is(Code::NoIds), "{error}");
        error.message
    }
}

#[tokio::test]
async fn a_restart_begins_above_the_bound() {
    let store = Store::new();
    let mut first = Proxy::with(&store, "first", Layout::SNOWFLAKE, Some(3));
    assert!(first.id().is_err());
    first.holder.tend().await.unwrap();
    assert_eq!(first.id().unwrap(), (3, START));
    assert_eq!(store.row(3).bound_ms, START + LEASE);
    first.holder.release().await.unwrap();
    assert!(first.id().is_err());
    assert_eq!(store.row(3).owner, "");
    let mut second = Proxy::with(&store, "second", Layout::SNOWFLAKE, Some(3));
    second.holder.tend().await.unwrap();
    assert_eq!(second.id().unwrap(), (3, START + LEASE));
    assert_eq!(second.metrics.ids_steals.get(), 0);
    assert_eq!(second.metrics.ids_issued.get(), 1);
}

#[tokio::test]
async fn an_outage_of_fifty_seconds_goes_unnoticed_and_a_longer_one_is_told() {
    let store = Store::new();
    let mut proxy = Proxy::new(&store, "p");
    proxy.holder.tend().await.unwrap();
    proxy.pass(5_000);
    store.down.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        assert!(proxy.holder.tend().await.unwrap_err().is(Code::SourceDown));
        assert!(proxy.id().is_ok());
        proxy.pass(5_000);
    }
    assert!(proxy.id().is_ok());
    proxy.pass(5_001);
    let error = proxy.id().unwrap_err();
    assert!(error.is(Code::NoIds) && error.message.contains("the store sleeps"), "{error}");
    store.down.store(false, Ordering::Relaxed);
    proxy.holder.tend().await.unwrap();
    assert_eq!(proxy.id().unwrap().1, START + 60_001);
}

#[tokio::test]
async fn whoever_was_paused_makes_ids_below_his_bound_only_and_takes_another_number() {
    let store = Store::new();
    let layout = Layout::new(41, 1, 12, EPOCH_MS).unwrap();
    let mut paused = Proxy::with(&store, "paused", layout, Some(0));
    paused.holder.tend().await.unwrap();
    store.clock.pass(LEASE);
    let mut thief = Proxy::with(&store, "thief", layout, Some(0));
    thief.clock.pass(LEASE);
    thief.holder.tend().await.unwrap();
    assert_eq!(thief.metrics.ids_steals.get(), 1);
    let time = |proxy: &Proxy| {
        let id = proxy.ids.reserve(GeneratorId(0), 1, 0).unwrap().number(0).unwrap();
        layout.decode(id).unix_ms
    };
    // Its clock stands still: it knows of nothing.
    assert!(time(&paused) < START + LEASE && time(&thief) >= START + LEASE);
    paused.clock.pass(LEASE);
    assert!(paused.ids.reserve(GeneratorId(0), 1, 0).is_err());
    let text = paused.refusal().await;
    assert!(text.contains("all 1 are held: worker 0 by thief for 60 s more"), "{text}");
    assert_eq!(paused.holder.worker(), None);
}

#[tokio::test]
async fn a_clock_that_is_set_forward_moves_the_bound_first() {
    let store = Store::new();
    let mut proxy = Proxy::new(&store, "p");
    proxy.holder.tend().await.unwrap();
    proxy.clock.set(START + 30_000);
    assert_eq!(proxy.id().unwrap().1, START);
    proxy.holder.tend().await.unwrap();
    let worker = proxy.holder.worker().unwrap();
    assert_eq!((proxy.id().unwrap().1, store.row(worker).bound_ms), (START + 30_000, START + 30_000 + LEASE));
    // An hour is not believed: the store's clock does not say so.
    proxy.clock.set(START + 3_600_000);
    proxy.holder.tend().await.unwrap();
    assert_eq!((proxy.id().unwrap().1, store.row(worker).bound_ms), (START + 60_000, START + 60_000 + LEASE));
    // Back by an hour: time for ids goes on.
    proxy.clock.set(START - 3_600_000);
    proxy.pass(10);
    proxy.holder.tend().await.unwrap();
    assert_eq!(proxy.id().unwrap().1, START + 60_010);
}

#[tokio::test]
async fn a_lost_answer_costs_no_number() {
    let store = Store::new();
    let mut proxy = Proxy::new(&store, "p");
    store.mute.store(true, Ordering::Relaxed);
    assert!(proxy.holder.tend().await.is_err());
    assert!(proxy.id().is_err());
    store.mute.store(false, Ordering::Relaxed);
    proxy.holder.tend().await.unwrap();
    assert_eq!(store.rows.lock().len(), 1);
    // Begun above the first bound: nobody knows whether ids were made up to it.
    assert_eq!(proxy.id().unwrap().1, START + LEASE);
    assert_eq!(proxy.metrics.ids_steals.get(), 0);
    store.mute.store(true, Ordering::Relaxed);
    proxy.pass(5_000);
    assert!(proxy.holder.tend().await.is_err());
    store.mute.store(false, Ordering::Relaxed);
    proxy.holder.tend().await.unwrap();
    assert_eq!(store.rows.lock().len(), 1);
    assert!(proxy.id().is_ok());
}

#[tokio::test]
async fn a_number_is_given_back_though_a_renewal_arrives_late() {
    let store = Store::new();
    let mut proxy = Proxy::new(&store, "one");
    proxy.holder.tend().await.unwrap();
    let row = store.row(proxy.holder.worker().unwrap());
    *store.late.lock() = Some(Lease { version: row.version + 1, ..row.clone() });
    proxy.holder.release().await.unwrap();
    let given = store.row(row.worker);
    assert_eq!((given.owner.as_str(), given.version), ("", row.version + 2));
}

#[tokio::test]
async fn the_free_number_with_the_lowest_bound_is_taken() {
    let store = Store::new();
    let layout = Layout::new(41, 2, 12, EPOCH_MS).unwrap();
    store.add(0, "alive", 0, START + 1);
    store.add(1, "", START + 9, 0);
    store.add(2, "dead", START + 5, START);
    store.add(3, "", START + 7, 0);
    let terms =
        |owner: &str| Terms { layout, lease: Duration::from_secs(60), worker: None, owner: owner.into() };
    let seen = store.read().await.unwrap();
    let choice = choose(&terms("p"), &seen, START - 1000).unwrap();
    assert_eq!((choice.lease.worker, choice.lease.version, choice.stolen), (2, 8, true));
    assert_eq!((choice.floor, choice.lease.bound_ms), (START + 5, START + 5 + LEASE));
    // An old copy of the rows does not bring back ids of times that have passed.
    store.rows.lock().iter_mut().for_each(|row| row.bound_ms -= START.min(row.bound_ms));
    let choice = choose(&terms("p"), &store.read().await.unwrap(), START - 1000).unwrap();
    assert_eq!((choice.floor, choice.lease.bound_ms), (START, START + LEASE));
    // Proxies that start together look in different places for numbers whose bound has passed.
    let empty = Snapshot { now_ms: START, leases: Vec::new() };
    let mut first: Vec<_> =
        (0..40).map(|n| choose(&terms(&n.to_string()), &empty, START).unwrap().lease.worker).collect();
    first.sort_unstable();
    first.dedup();
    assert_eq!(first, [0, 1, 2, 3]);
}

#[tokio::test]
async fn numbers_whose_bound_is_far_ahead_are_passed_over() {
    let store = Store::new();
    let layout = Layout::new(41, 1, 12, EPOCH_MS).unwrap();
    let far = START + 600_001;
    for worker in 0..2 {
        store.add(worker, "", far, 0);
    }
    for row in store.rows.lock().iter_mut() {
        row.layout = layout.to_string();
    }
    let mut proxy = Proxy::with(&store, "p", layout, None);
    let text = proxy.refusal().await;
    assert!(
        text.contains("from the future: ids of worker") && text.contains("2024-01-12 13:56:40"),
        "{text}"
    );
    proxy.pass(1);
    proxy.holder.tend().await.unwrap();
    let id = proxy.ids.reserve(GeneratorId(0), 1, 0).unwrap().number(0).unwrap();
    assert_eq!(layout.decode(id).unix_ms, far);
}

#[tokio::test]
async fn holders_are_listed() {
    let store = Store::new();
    let layout = Layout::new(41, 4, 12, EPOCH_MS).unwrap();
    let mut proxies = Vec::new();
    for n in 0..16 {
        let mut proxy = Proxy::with(&store, &format!("host{n}"), layout, None);
        proxy.holder.tend().await.unwrap();
        proxies.push(proxy);
    }
    let text = Proxy::with(&store, "late", layout, None).refusal().await;
    assert!(text.contains("all 16 are held: worker 0 by host"), "{text}");
    assert!(text.contains("for 60 s more") && text.contains(", and 6 others; end one"), "{text}");
}

#[tokio::test]
async fn clocks_and_rows_that_do_not_fit_are_refused() {
    let store = Store::new();
    for (wall, what) in [
        (0, "this host's clock says 1970-01-01 00:00:00 UTC"),
        (EPOCH_MS + 176 * YEAR_MS, "this host's clock says 2199-12"),
        (EPOCH_MS + 65 * YEAR_MS, "last 4.7 more years"),
        (START + 60_001, "more than 60 s apart"),
        (START - 60_001, "more than 60 s apart"),
    ] {
        let mut proxy = Proxy::new(&store, "p");
        proxy.clock.set(wall);
        let text = proxy.refusal().await;
        assert!(text.starts_with("no worker's number from memory: ") && text.contains(what), "{text}");
        assert!(proxy.id().is_err() && store.rows.lock().is_empty());
        // It comes right without a restart.
        proxy.clock.set(START);
        proxy.holder.tend().await.unwrap();
        assert_eq!(proxy.id().unwrap().1, START);
        store.rows.lock().clear();
    }
    store.add(3, "", 0, 0);
    for (layout, what) in [
        (Layout::JAVASCRIPT, "layout is 41/5/7"),
        (Layout::new(41, 10, 12, EPOCH_MS - 86_400_000).unwrap(), "epoch 2023-12-31"),
    ] {
        let text = Proxy::with(&store, "p", layout, None).refusal().await;
        assert!(text.contains(what), "{text}");
        assert!(text.contains("worker 3 there has made ids of layout 41/10/12 since 2024-01-01"), "{text}");
    }
}

#[tokio::test]
async fn gauges_say_what_is_left() {
    let store = Store::new();
    let mut proxy = Proxy::new(&store, "p");
    proxy.holder.tend().await.unwrap();
    proxy.pass(1_000);
    proxy.ids.reserve(GeneratorId(0), 4_096, 0).unwrap();
    proxy.ids.reserve(GeneratorId(0), 4_096, 0).unwrap();
    proxy.ids.observe();
    assert_eq!(proxy.metrics.ids_bound_left_ms.get(), 59_000);
    assert_eq!(proxy.metrics.ids_ahead_ms.get(), 1);
    assert!((69.0..70.0).contains(&proxy.metrics.ids_years_left.get()));
    assert_eq!(proxy.metrics.ids_issued.get(), 8_192);
}
