//! Ids spread evenly over `id % n`, whatever their rate, the clock's tick, and the tables that share a generator.
//!
//! Where the pattern of calls is regular, so are the ids: nothing depends on chance but where the whole pattern begins.
//! Where chance takes part, its seed is fixed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::base::clock::{Clock, FixedClock};
use crate::base::layout::EPOCH_MS;

const IDS: usize = 100_000;
const START: u64 = EPOCH_MS + 90_000_000_123;
/// Milliseconds from one id to the next: 1, 10, 100 and 1,000 ids a second.
const GAPS: [u64; 4] = [1000, 100, 10, 1];

/// A generator whose clock moves in ticks.
struct Ticking {
    clock: Arc<FixedClock>,
    ids: Snowflake,
    tick: u64,
    ms: u64,
}

impl Ticking {
    fn new(tick: u64, seed: u64) -> Self {
        let clock = Arc::new(FixedClock::at(START));
        let fence = Arc::new(Fence::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let starts = Starts::new(seed);
        let ids = Snowflake {
            starts,
            ..Snowflake::new(Layout::SNOWFLAKE, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS)
        };
        ids.hold(5, 0);
        fence.open(u64::MAX);
        Self { clock, ids, tick, ms: 0 }
    }

    fn pass(&mut self, ms: u64) {
        let before = self.ms / self.tick;
        self.ms += ms;
        self.clock.pass((self.ms / self.tick - before) * self.tick);
    }

    fn block(&self, n: u64) -> u64 {
        self.ids.reserve(n, 0).unwrap()
    }
}

/// The fullest bucket over the mean is 1.10 at most for all n from 2 to 64.
fn even(what: &str, ids: &[u64]) {
    assert!(ids.len() >= IDS, "{what}: {} ids", ids.len());
    // Each smaller n has a multiple among these, whose buckets are parts of its own.
    for most in 33..=64_usize {
        let mut fine = vec![0_u32; most];
        for id in ids {
            fine[(id % most as u64) as usize] += 1;
        }
        for n in (2..=most).filter(|n| most.is_multiple_of(*n)) {
            let bucket = |at: usize| fine.iter().skip(at).step_by(n).sum::<u32>();
            let fullest = f64::from((0..n).map(bucket).max().unwrap());
            let skew = fullest * n as f64 / ids.len() as f64;
            assert!(skew <= 1.10, "{what}: of {n} buckets the fullest is at {skew:.3} of the mean");
        }
    }
}

#[test]
fn ids_spread_evenly_at_every_rate() {
    for (seed, tick) in [(0, 1), (1 << 63, 4), (0x1234_5678_9ABC_DEF0, 10)] {
        for gap in GAPS {
            let mut clock = Ticking::new(tick, seed);
            let ids: Vec<u64> = (0..IDS)
                .map(|_| {
                    clock.pass(gap);
                    clock.block(1)
                })
                .collect();
            even(&format!("an id each {gap} ms, tick {tick} ms"), &ids);
        }
    }
}

#[test]
fn tables_that_take_turns_have_even_ids_each() {
    for (tables, tick) in [(2, 1), (2, 4), (3, 1), (4, 4)] {
        for gap in GAPS {
            let mut clock = Ticking::new(tick, 7);
            let mut ids = vec![Vec::with_capacity(IDS); tables];
            for turn in 0..IDS * tables {
                clock.pass(gap);
                ids[turn % tables].push(clock.block(1));
            }
            for table in &ids {
                even(&format!("one of {tables} tables, an id each {gap} ms, tick {tick} ms"), table);
            }
        }
    }
}

#[test]
fn blocks_begin_evenly() {
    for n in 2..=10 {
        for (gap, tick) in [(1000, 1), (1, 1), (1, 4)] {
            let mut clock = Ticking::new(tick, 99);
            let firsts: Vec<u64> = (0..IDS)
                .map(|_| {
                    clock.pass(gap);
                    clock.block(n)
                })
                .collect();
            even(&format!("blocks of {n}, one each {gap} ms, tick {tick} ms"), &firsts);
        }
    }
}

#[test]
fn ids_at_random_times_of_random_tables_are_even() {
    let mut random = StdRng::seed_from_u64(42);
    for gap in GAPS {
        let mut clock = Ticking::new(4, random.random());
        let mut ids = [const { Vec::new() }; 2];
        while ids.iter().any(|table| table.len() < IDS) {
            clock.pass(random.random_range(0..=2 * gap));
            ids[usize::from(random.random::<bool>())].push(clock.block(1));
        }
        even(&format!("a table of two, about an id each {gap} ms"), &ids[0]);
        even(&format!("the other table, about an id each {gap} ms"), &ids[1]);
    }
}
