//! No id is made twice, whatever happens to processes, clocks, and the way to the store: a simulation of all of it over
//! the real leases, fence and generator.
//!
//! Time, the store and every fault are the simulation's own, so that hours pass in seconds. `SHARDGATE_SEED=7` runs
//! other worlds; `SHARDGATE_SIMULATED_IDS=100000000` makes at least so many ids (`make torture-ids`).

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use shardgate::base::clock::{Clock, FixedClock};
use shardgate::base::ids::{GeneratorId, NewIds};
use shardgate::base::layout::EPOCH_MS;
use shardgate::base::{Code, Error, Result};
use shardgate::idgen::{Fence, Holder, Ids, Layout, Snowflake, Terms};
use shardgate::store::{Lease, Leases, Snapshot};
use shardgate::telemetry::Metrics;
use shardgate::topology::Generator;

const START: u64 = EPOCH_MS + 31_556_952_000;
const PROCESSES: usize = 6;
/// Ticks of a world, 1 to 50 ms each: 17 minutes.
const TICKS: usize = 40_000;
const HOUR: u64 = 3_600_000;
/// The most that a statement asks for at once, as bits of the sequence.
const SEQUENCE: u32 = 12;

// ---- the store ----------------------------------------------------------------------------------------------------

/// The store, and the network to it.
struct World {
    rng: StdRng,
    rows: Vec<Lease>,
    clock: FixedClock,
    /// Writes that are still on their way, and from when on they arrive.
    late: VecDeque<(u64, Lease)>,
    /// By process: until when (of true time) it cannot reach the store.
    cut: [u64; PROCESSES],
    /// True time.
    now: u64,
}

impl World {
    fn swap(&mut self, lease: &Lease) -> bool {
        let place = self.rows.iter().position(|row| row.worker == lease.worker);
        let stored = place.map_or(0, |at| self.rows[at].version);
        if stored + 1 != lease.version {
            return false;
        }
        match place {
            Some(at) => self.rows[at] = lease.clone(),
            None => self.rows.push(lease.clone()),
        }
        true
    }

    fn arrive(&mut self) {
        while self.late.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, lease) = self.late.pop_front().unwrap();
            self.swap(&lease);
        }
    }
}

/// What becomes of a request.
enum Fate {
    Answered,
    /// It does not arrive.
    Lost,
    /// It is carried out, and the answer does not arrive.
    Unanswered,
    /// The asker gives up, and it arrives afterwards.
    Late,
}

/// A process's way to the store.
struct Way {
    world: Arc<Mutex<World>>,
    process: usize,
}

impl Way {
    /// The request travels for some ticks: anything may happen meanwhile.
    async fn travel(&self) {
        let mut ticks = self.world.lock().rng.random_range(0..4);
        poll_fn(|_| {
            if ticks == 0 {
                return Poll::Ready(());
            }
            ticks -= 1;
            Poll::Pending
        })
        .await;
    }

    fn fate(&self) -> Fate {
        let mut world = self.world.lock();
        if world.cut[self.process] > world.now {
            return if world.rng.random_bool(0.2) { Fate::Unanswered } else { Fate::Lost };
        }
        match world.rng.random_range(0..100) {
            0 => Fate::Lost,
            1 | 2 => Fate::Unanswered,
            3 => Fate::Late,
            _ => Fate::Answered,
        }
    }
}

fn no_answer() -> Error {
    Error::new(Code::SourceDown, "no answer")
}

impl Leases for Way {
    fn name(&self) -> &'static str {
        "the simulated store"
    }

    async fn read(&self) -> Result<Snapshot> {
        self.travel().await;
        let fate = self.fate();
        let seen = {
            let world = self.world.lock();
            Snapshot { now_ms: world.clock.unix_ms(), leases: world.rows.clone() }
        };
        self.travel().await;
        if matches!(fate, Fate::Answered) { Ok(seen) } else { Err(no_answer()) }
    }

    async fn swap(&self, lease: &Lease) -> Result<bool> {
        self.travel().await;
        let fate = self.fate();
        let done = match fate {
            Fate::Answered | Fate::Unanswered => self.world.lock().swap(lease),
            Fate::Lost => false,
            Fate::Late => {
                let mut world = self.world.lock();
                let at = world.now + world.rng.random_range(0..90_000);
                let place = world.late.partition_point(|(other, _)| *other <= at);
                world.late.insert(place, (at, lease.clone()));
                false
            }
        };
        self.travel().await;
        if matches!(fate, Fate::Answered) { Ok(done) } else { Err(no_answer()) }
    }
}

// ---- processes ----------------------------------------------------------------------------------------------------

/// What a task has last heard of its lease.
#[derive(Default)]
struct Heard {
    worker: Option<u16>,
    /// How often it was taken or renewed.
    renewals: u64,
    leave: bool,
}

/// A process that runs.
struct Run {
    ids: Arc<Ids>,
    heard: Arc<Mutex<Heard>>,
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
    naive: Naive,
}

/// How it is done where ids have no bound: while the lease has not expired by the holder's clock, ids are made.
struct Naive {
    fence: Arc<Fence>,
    ids: Snowflake,
    worker: Option<u16>,
    renewals: u64,
    until: u64,
}

impl Naive {
    fn new(layout: Layout, clock: &Arc<FixedClock>) -> Self {
        let fence = Arc::new(Fence::new(Arc::clone(clock) as Arc<dyn Clock>));
        let ids = Snowflake::new(layout, Arc::clone(&fence), 1000);
        Self { fence, ids, worker: None, renewals: 0, until: 0 }
    }

    fn reserve(&mut self, heard: &Heard, lease: u64, n: u64) -> Option<u64> {
        let wall = self.fence.wall();
        if heard.renewals != self.renewals {
            (self.renewals, self.until) = (heard.renewals, wall + lease);
        }
        let worker = heard.worker?;
        if self.worker != Some(worker) {
            self.worker = Some(worker);
            self.ids.hold(worker, 0);
        }
        self.fence.follow(u64::MAX);
        self.fence.open(if wall < self.until { u64::MAX } else { 0 });
        self.ids.reserve(n, 0).ok()
    }
}

/// A host: its clock goes on whatever becomes of the process on it.
struct Host {
    clock: Arc<FixedClock>,
    run: Option<Run>,
    /// Until when (of true time) the process is stopped, or none is started.
    until: u64,
}

fn start(
    world: &Arc<Mutex<World>>,
    process: usize,
    layout: Layout,
    lease: u64,
    clock: &Arc<FixedClock>,
    metrics: &Metrics,
) -> Run {
    let fence = Arc::new(Fence::new(Arc::clone(clock) as Arc<dyn Clock>));
    let specs = [Generator::Snowflake(layout)];
    let ids = Arc::new(Ids::new(&specs, fence, Duration::from_secs(1), metrics.clone()));
    let owner = format!("process {process} #{:x}", world.lock().rng.random::<u64>());
    let terms = Terms { layout, lease: Duration::from_millis(lease), worker: None, owner };
    let way = Way { world: Arc::clone(world), process };
    let holder = Holder::new(way, Arc::clone(&ids), terms, metrics.clone());
    let heard = Arc::new(Mutex::new(Heard::default()));
    let task = Box::pin(tend(holder, Arc::clone(&ids), Arc::clone(clock), lease / 12, Arc::clone(&heard)));
    Run { ids, heard, task, naive: Naive::new(layout, clock) }
}

/// What the server's task does, by the simulation's time.
async fn tend(
    mut holder: Holder<Way>,
    ids: Arc<Ids>,
    clock: Arc<FixedClock>,
    every: u64,
    heard: Arc<Mutex<Heard>>,
) {
    while !heard.lock().leave {
        let done = holder.tend().await;
        {
            let mut heard = heard.lock();
            heard.worker = holder.worker();
            heard.renewals += u64::from(done.is_ok());
        }
        let due = clock.elapsed_ms() + every;
        let mut wanted = pin!(ids.wanted());
        poll_fn(|cx| match wanted.as_mut().poll(cx) {
            Poll::Pending if clock.elapsed_ms() < due => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    }
    holder.release().await.ok();
    heard.lock().worker = None;
}

// ---- what happens -------------------------------------------------------------------------------------------------

/// What a world has come to.
#[derive(Debug, Default)]
struct Outcome {
    ids: u64,
    duplicates: u64,
    naive_ids: u64,
    naive_duplicates: u64,
    refused: u64,
    kills: u64,
    pauses: u64,
    steps: u64,
    cuts: u64,
    steals: u64,
}

impl Outcome {
    fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.ids, other.ids),
            (&mut self.duplicates, other.duplicates),
            (&mut self.naive_ids, other.naive_ids),
            (&mut self.naive_duplicates, other.naive_duplicates),
            (&mut self.refused, other.refused),
            (&mut self.kills, other.kills),
            (&mut self.pauses, other.pauses),
            (&mut self.steps, other.steps),
            (&mut self.cuts, other.cuts),
            (&mut self.steals, other.steals),
        ];
        for (sum, part) in pairs {
            *sum += part;
        }
    }
}

/// Blocks of ids, first and last.
#[derive(Default)]
struct Made(Vec<(u64, u64)>);

impl Made {
    fn add(&mut self, first: u64, n: u64) {
        self.0.push((first, first + n - 1));
    }

    /// How many ids there are, and how many of them were made before.
    fn count(mut self) -> (u64, u64) {
        self.0.sort_unstable();
        let (mut ids, mut twice, mut next) = (0, 0, 0);
        for (first, last) in self.0 {
            ids += last - first + 1;
            if first < next {
                twice += last.min(next - 1) - first + 1;
            }
            next = next.max(last + 1);
        }
        (ids, twice)
    }
}

/// A time between two, small ones as likely as large ones.
fn span(rng: &mut StdRng, from: u64, to: u64) -> u64 {
    let (from, to) = ((from as f64).ln(), (to as f64).ln());
    rng.random_range(from..to).exp() as u64
}

fn step(rng: &mut StdRng, clock: &FixedClock, true_now: u64) {
    let by = span(rng, 1, HOUR);
    let to = if rng.random() { true_now + by } else { true_now - by };
    clock.set(to);
}

fn simulate(seed: u64, naive: bool) -> Outcome {
    let mut rng = StdRng::seed_from_u64(seed);
    let layout = Layout::new(41, rng.random_range(1..=4), SEQUENCE, EPOCH_MS).unwrap();
    let lease = [3_000, 10_000, 60_000][rng.random_range(0..3)];
    let world = Arc::new(Mutex::new(World {
        rng: StdRng::seed_from_u64(seed ^ 0xFACE),
        rows: Vec::new(),
        clock: FixedClock::at(START),
        late: VecDeque::new(),
        cut: [0; PROCESSES],
        now: START,
    }));
    let metrics = Metrics::default();
    let new_clock = || Arc::new(FixedClock::at(START));
    let mut hosts: Vec<Host> =
        (0..PROCESSES).map(|_| Host { clock: new_clock(), run: None, until: 0 }).collect();
    let (mut made, mut naively, mut outcome) = (Made::default(), Made::default(), Outcome::default());
    let mut context = Context::from_waker(Waker::noop());
    let mut now = START;
    for _ in 0..TICKS {
        let passed = rng.random_range(1..50);
        now += passed;
        {
            let mut world = world.lock();
            world.now = now;
            world.clock.pass(passed);
            world.arrive();
            match rng.random_range(0..8_000) {
                0 => step(&mut rng, &world.clock, now),
                1..8 => world.clock.set(now),
                _ => {}
            }
        }
        for (process, host) in hosts.iter_mut().enumerate() {
            host.clock.pass(passed);
            match rng.random_range(0..12_000) {
                0..12 => {
                    outcome.kills += u64::from(host.run.take().is_some());
                    host.until = now + if rng.random() { 0 } else { span(&mut rng, 1, 5_000) };
                }
                12..16 => {
                    outcome.pauses += 1;
                    host.until = now + span(&mut rng, 100, 300_000);
                }
                16..20 => {
                    outcome.steps += 1;
                    step(&mut rng, &host.clock, now);
                }
                20..40 => host.clock.set(now),
                40..44 => {
                    outcome.cuts += 1;
                    world.lock().cut[process] = now + span(&mut rng, 100, 200_000);
                }
                44..46 => {
                    if let Some(run) = &host.run {
                        run.heard.lock().leave = true;
                    }
                }
                _ => {}
            }
            if host.until > now {
                continue;
            }
            let run =
                host.run.get_or_insert_with(|| start(&world, process, layout, lease, &host.clock, &metrics));
            // Ids are made before and after the task runs: it may stop anywhere.
            let n = match rng.random_range(0..10) {
                0..6 => rng.random_range(1..=4),
                6..9 => rng.random_range(1..=100),
                _ => rng.random_range(1..=1 << SEQUENCE),
            };
            match run.ids.reserve(GeneratorId(0), n as usize, 0) {
                Ok(NewIds::Numbers { first, .. }) => made.add(first, n),
                _ => outcome.refused += 1,
            }
            if naive && let Some(first) = run.naive.reserve(&run.heard.lock(), lease, n) {
                naively.add(first, n);
            }
            if run.task.as_mut().poll(&mut context).is_ready() {
                host.run = None;
            }
        }
    }
    (outcome.ids, outcome.duplicates) = made.count();
    (outcome.naive_ids, outcome.naive_duplicates) = naively.count();
    outcome.steals = metrics.ids_steals.get();
    outcome
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

#[test]
fn no_id_is_made_twice() {
    let least = setting("SHARDGATE_SIMULATED_IDS", 50_000_000);
    let first = setting("SHARDGATE_SEED", 1);
    let (mut all, started) = (Outcome::default(), Instant::now());
    let mut worlds = 0;
    while all.ids < least {
        let seed = first + worlds;
        let outcome = simulate(seed, false);
        assert_eq!(outcome.duplicates, 0, "SHARDGATE_SEED={seed}: {outcome:?}");
        all.add(&outcome);
        worlds += 1;
    }
    println!("{worlds} worlds in {:.1?}: {all:?}", started.elapsed());
    // Faults come, and ids are made most of the time all the same.
    assert!(all.steals > worlds && all.kills > worlds && all.pauses > worlds && all.cuts > worlds, "{all:?}");
    assert!(all.refused < worlds * TICKS as u64 * PROCESSES as u64 / 2, "{all:?}");
}

#[test]
fn without_the_bound_ids_are_made_twice() {
    let mut all = Outcome::default();
    for seed in 1..=2 {
        all.add(&simulate(seed, true));
    }
    println!("{all:?}");
    assert!(all.naive_duplicates > 1_000, "{all:?}");
    assert_eq!(all.duplicates, 0, "{all:?}");
}
