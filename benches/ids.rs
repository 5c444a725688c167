//! What new ids cost: ours beside ferroid, rs-snowflake and a mutex, in one run: `cargo bench --bench ids`. Results are in
//! benches/IDS.md.
//!
//! A 41/10/12 id has 4,096 sequences a millisecond: who never runs ahead of time makes 4.096 million ids a second, and
//! waits for the rest of the time whatever its code costs. So each case says whether it waits. Where it does not, ours
//! runs ahead within its second of look-ahead and begins anew outside of the measured time; ferroid gets a clock that
//! moves on when it asks for time, which measures its code alone; rs-snowflake's `lazy_generate` never looks at a clock;
//! the mutex runs ahead without limit.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench stops where it cannot go on, and says what it found"
)]

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use ferroid::generator::{AtomicSnowflakeGenerator, Poll};
use ferroid::id::SnowflakeTwitterId;
use ferroid::time::{MonotonicClock, TimeSource};
use shardgate::base::clock::{Clock, SystemClock};
use shardgate::idgen::{Fence, Layout, Refusal, Snowflake};
use snowflake::SnowflakeIdGenerator;

/// As many ids as fit the look-ahead of a second whatever their blocks.
const BURST: u64 = 4096 * 990;
const HOUR_MS: u64 = 3_600_000;

/// Something that makes ids for many threads without waiting for time.
trait Source: Sync {
    fn one(&self) -> u64;
}

fn ours() -> Snowflake {
    let fence = Arc::new(Fence::new(Arc::new(SystemClock)));
    let ids = Snowflake::new(Layout::SNOWFLAKE, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS);
    ids.hold(5, fence.now());
    fence.open(fence.now() + HOUR_MS);
    ids
}

impl Source for Snowflake {
    fn one(&self) -> u64 {
        self.reserve(1, 0).unwrap()
    }
}

/// A clock that stands until it is moved.
#[derive(Clone)]
struct Moved(Arc<AtomicU64>);

impl TimeSource<u64> for Moved {
    fn current_millis(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Ferroid {
    clock: Moved,
    ids: AtomicSnowflakeGenerator<SnowflakeTwitterId, Moved>,
}

impl Ferroid {
    fn new() -> Self {
        let clock = Moved(Arc::new(AtomicU64::new(1_000_000_000)));
        Self { ids: AtomicSnowflakeGenerator::new(5, clock.clone()), clock }
    }
}

impl Source for Ferroid {
    fn one(&self) -> u64 {
        loop {
            let now = self.clock.current_millis();
            match self.ids.poll_id() {
                Poll::Ready { id } => return id.to_raw(),
                // Another thread was first.
                Poll::Pending { yield_for: 0 } => {}
                Poll::Pending { .. } => {
                    self.clock.0.fetch_max(now + 1, Ordering::Relaxed);
                }
            }
        }
    }
}

/// What is written where no library is at hand: the clock and the last id behind a mutex. It runs ahead of time.
#[derive(Default)]
struct Locked(Mutex<u64>);

impl Source for Locked {
    fn one(&self) -> u64 {
        let mut last = self.0.lock().unwrap();
        let now = SystemClock.unix_ms() << 12;
        *last = now.max(*last + 1);
        (*last >> 12) << 22 | 5 << 12 | *last & 0xFFF
    }
}

/// rs-snowflake's generators are for one thread.
struct Lazy(Mutex<SnowflakeIdGenerator>);

impl Lazy {
    fn new() -> Self {
        Self(Mutex::new(SnowflakeIdGenerator::new(1, 1)))
    }
}

impl Source for Lazy {
    fn one(&self) -> u64 {
        self.0.lock().unwrap().lazy_generate() as u64
    }
}

/// The time of `calls` calls, each of which takes `ids`, of fresh generators where one runs out.
fn calls<G, R>(calls: u64, ids: u64, fresh: impl Fn() -> G, call: impl Fn(&G) -> R) -> Duration {
    let (mut left, mut time) = (calls, Duration::ZERO);
    while left > 0 {
        let now = left.min(BURST / ids);
        let generator = fresh();
        let begun = Instant::now();
        for _ in 0..now {
            black_box(call(&generator));
        }
        time += begun.elapsed();
        left -= now;
    }
    time
}

fn one_id(c: &mut Criterion) {
    let mut group = c.benchmark_group("an id");
    group.throughput(Throughput::Elements(1));
    let never = |case: &str| format!("{case}, never waits");
    let waits = |case: &str| format!("{case}, waits for time");
    group.bench_function(never("shardgate"), |b| {
        b.iter_custom(|n| calls(n, 1, ours, Source::one));
    });
    group.bench_function(never("ferroid atomic, clock for free"), |b| {
        let ids = Ferroid::new();
        b.iter(|| ids.one());
    });
    group.bench_function(never("rs-snowflake lazy, no clock, one thread only"), |b| {
        let mut ids = SnowflakeIdGenerator::new(1, 1);
        b.iter(|| ids.lazy_generate());
    });
    group.bench_function(never("mutex around clock and state"), |b| {
        let ids = Locked::default();
        b.iter(|| ids.one());
    });
    group.bench_function(waits("ferroid atomic, own ticker thread"), |b| {
        let ids = AtomicSnowflakeGenerator::<SnowflakeTwitterId, _>::new(5, MonotonicClock::<1>::default());
        b.iter(|| ids.next_id(|_| std::hint::spin_loop()));
    });
    group.bench_function(waits("rs-snowflake, clock every 4096 ids"), |b| {
        let mut ids = SnowflakeIdGenerator::new(1, 1);
        b.iter(|| ids.generate());
    });
    group.bench_function(waits("rs-snowflake, clock for each id"), |b| {
        let mut ids = SnowflakeIdGenerator::new(1, 1);
        b.iter(|| ids.real_time_generate());
    });
    group.finish();
}

fn blocks(c: &mut Criterion) {
    let mut group = c.benchmark_group("consecutive ids, none waits");
    for n in [1, 10, 100, 1000, 4096_u64] {
        group.throughput(Throughput::Elements(n));
        group.bench_with_input(BenchmarkId::new("shardgate", n), &n, |b, &n| {
            b.iter_custom(|times| calls(times, n, ours, |ids| ids.reserve(n, 0)));
        });
        // Peers have no blocks: n calls, whose ids another thread's may part.
        group.bench_with_input(BenchmarkId::new("ferroid, clock for free", n), &n, |b, &n| {
            let ids = Ferroid::new();
            b.iter(|| (0..n).map(|_| ids.one()).sum::<u64>());
        });
        group.bench_with_input(BenchmarkId::new("rs-snowflake lazy", n), &n, |b, &n| {
            let mut ids = SnowflakeIdGenerator::new(1, 1);
            b.iter(|| (0..n).map(|_| ids.lazy_generate()).sum::<i64>());
        });
        group.bench_with_input(BenchmarkId::new("mutex", n), &n, |b, &n| {
            let ids = Locked::default();
            b.iter(|| (0..n).map(|_| ids.one()).sum::<u64>());
        });
    }
    group.finish();
}

/// The time in which threads together make `ids` ids.
fn together<S: Source>(threads: u64, ids: u64, fresh: impl Fn() -> S) -> Duration {
    let (mut left, mut time) = (ids, Duration::ZERO);
    while left > 0 {
        let now = left.min(BURST);
        let (source, start) = (fresh(), Barrier::new(threads as usize + 1));
        time += thread::scope(|scope| {
            let makers: Vec<_> = (0..threads)
                .map(|thread| {
                    let (source, start) = (&source, &start);
                    let share = now / threads + u64::from(thread < now % threads);
                    scope.spawn(move || {
                        start.wait();
                        for _ in 0..share {
                            black_box(source.one());
                        }
                    })
                })
                .collect();
            start.wait();
            let begun = Instant::now();
            for maker in makers {
                maker.join().unwrap();
            }
            begun.elapsed()
        });
        left -= now;
    }
    time
}

fn burst(c: &mut Criterion) {
    let mut group = c.benchmark_group("burst, ids one by one, none waits");
    group.throughput(Throughput::Elements(1));
    for threads in [1, 2, 4] {
        let id = |name| BenchmarkId::new(name, format!("{threads} threads"));
        group.bench_function(id("shardgate"), |b| b.iter_custom(|n| together(threads, n, ours)));
        group.bench_function(id("ferroid atomic, clock for free"), |b| {
            b.iter_custom(|n| together(threads, n, Ferroid::new));
        });
        group.bench_function(id("rs-snowflake lazy in a mutex"), |b| {
            b.iter_custom(|n| together(threads, n, Lazy::new));
        });
        group.bench_function(id("mutex around clock and state"), |b| {
            b.iter_custom(|n| together(threads, n, Locked::default));
        });
    }
    group.finish();
}

/// Ids a second over seconds, when the look-ahead is used up: asks again when refused, as soon as there may be more.
fn sustained() {
    for (n, threads) in [(1, 1), (1, 2), (1000, 1)] {
        let ids = ours();
        while ids.reserve(4096, 0).is_ok() {}
        let (begun, last) = (Instant::now(), Duration::from_secs(4));
        let make = || {
            let mut made = 0;
            while begun.elapsed() < last {
                match ids.reserve(n, 0) {
                    Ok(_) => made += n,
                    Err(Refusal::Ahead { ms }) => thread::sleep(Duration::from_millis(ms)),
                    Err(other) => unreachable!("{other}"),
                }
            }
            made
        };
        let made: u64 = thread::scope(|scope| {
            let makers: Vec<_> = (0..threads).map(|_| scope.spawn(make)).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).sum()
        });
        let rate = made as f64 / begun.elapsed().as_secs_f64() / 1e6;
        println!("sustained, blocks of {n}, {threads} threads: {rate:.3} M ids/s");
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = one_id, blocks, burst
}

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    // `cargo test --benches` only asks whether it runs.
    if std::env::args().any(|arg| arg == "--bench") {
        sustained();
    }
}
