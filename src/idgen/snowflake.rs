//! Snowflake ids: 41 bits of milliseconds since an epoch, 10 bits of worker, 12 bits of sequence.
//!
//! The state is one atomic counter of *slots* (`slot = milliseconds << 12 | sequence`): reserving n ids is one
//! compare-and-swap. A clock that goes back does not matter, the counter goes on; it may run ahead of the clock
//! by [`MAX_AHEAD_MS`] at most. The sequence starts at a random place in each millisecond, so that ids made one at
//! a time spread evenly over `id % n`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::clock::Clock;
use crate::base::{Code, Error, Result};

/// How far the counter may run ahead of the clock, in milliseconds.
pub const MAX_AHEAD_MS: u64 = 1000;
/// 2024-01-01 00:00:00 UTC in Unix milliseconds: where the ids' time starts. Ids last 69 years from here.
pub const EPOCH_MS: u64 = 1_704_067_200_000;

/// How an id's 63 bits are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout;

impl Layout {
    /// Bits of the sequence.
    pub const SEQUENCE_BITS: u32 = 12;
    /// Bits of the worker.
    pub const WORKER_BITS: u32 = 10;
    /// Bits of the time.
    pub const TIME_BITS: u32 = 41;
    /// Ids a worker has in one millisecond.
    pub const PER_MS: u64 = 1 << Self::SEQUENCE_BITS;
    /// How many workers there can be.
    pub const WORKERS: u16 = 1 << Self::WORKER_BITS;
}

/// A generator for one worker. Two generators with the same worker number give the same ids: numbers must differ
/// between proxies.
pub struct Snowflake {
    worker: u64,
    next: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Snowflake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snowflake").field("worker", &self.worker).finish_non_exhaustive()
    }
}

impl Snowflake {
    /// A generator. Error: the worker's number is 1,024 or more.
    pub fn new(worker: u16, clock: Arc<dyn Clock>) -> Result<Self> {
        if worker >= Layout::WORKERS {
            let text = format!("worker {worker} is too large: ids have room for 0..{}", Layout::WORKERS);
            return Err(Error::new(Code::OutOfRange, text));
        }
        Ok(Self { worker: u64::from(worker), next: AtomicU64::new(0), clock })
    }

    /// The first of `n` consecutive ids, `1 ≤ n ≤ 4096`. Errors: a wrong `n`; a clock before 2024 or after 2093; a
    /// counter that has run too far ahead of the clock. Nothing is taken on an error.
    pub fn reserve(&self, n: u64) -> Result<u64> {
        if n == 0 || n > Layout::PER_MS {
            let text = format!("{n} ids at once: a statement may ask for 1 to {}", Layout::PER_MS);
            return Err(Error::new(Code::OutOfRange, text));
        }
        let unix = self.clock.unix_ms();
        let now = unix.checked_sub(EPOCH_MS).filter(|ms| *ms < 1 << Layout::TIME_BITS).ok_or_else(|| {
            Error::new(
                Code::OutOfRange,
                format!("the clock stands at Unix time {unix} ms, outside of the ids' 69 years"),
            )
        })?;
        let fresh = now << Layout::SEQUENCE_BITS | rand::random_range(0..Layout::PER_MS / 2);
        let mut current = self.next.load(Ordering::Relaxed);
        loop {
            let mut first = current.max(fresh);
            if (first & (Layout::PER_MS - 1)) + n > Layout::PER_MS {
                first = (first >> Layout::SEQUENCE_BITS).wrapping_add(1) << Layout::SEQUENCE_BITS;
            }
            if first >> Layout::SEQUENCE_BITS > now + MAX_AHEAD_MS {
                let text = "ids are asked for faster than 4,096 a millisecond, or the clock went back by more than a second";
                return Err(Error::new(Code::TooManyConnections, text));
            }
            match self.next.compare_exchange_weak(current, first + n, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(self.id(first)),
                Err(now_there) => current = now_there,
            }
        }
    }

    fn id(&self, slot: u64) -> u64 {
        let (ms, sequence) = (slot >> Layout::SEQUENCE_BITS, slot & (Layout::PER_MS - 1));
        ms << (Layout::SEQUENCE_BITS + Layout::WORKER_BITS) | self.worker << Layout::SEQUENCE_BITS | sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::FixedClock;
    use std::collections::HashSet;

    fn generator(clock: &Arc<FixedClock>) -> Snowflake {
        Snowflake::new(5, Arc::clone(clock) as Arc<dyn Clock>).unwrap()
    }

    #[test]
    fn ids_increase_and_differ_whatever_the_clock_does() {
        let clock = Arc::new(FixedClock::at(EPOCH_MS + 1_000_000));
        let ids = generator(&clock);
        let (mut seen, mut last) = (HashSet::new(), 0);
        for step in 0..20_000u64 {
            clock.set(EPOCH_MS + 1_000_000 + step * 7 % 900);
            let n = step % 13 + 1;
            let first = ids.reserve(n).unwrap();
            for id in first..first + n {
                assert!(id > last && seen.insert(id));
                last = id;
            }
            assert_eq!(first >> 12 & 1023, 5);
        }
    }

    #[test]
    fn a_block_stays_within_one_millisecond() {
        let clock = Arc::new(FixedClock::at(EPOCH_MS + 5));
        let ids = generator(&clock);
        for n in [1, 4096, 4095, 2, 4096] {
            let first = ids.reserve(n).unwrap();
            assert_eq!(first >> 22, (first + n - 1) >> 22);
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        let clock = Arc::new(FixedClock::at(EPOCH_MS + 5));
        let ids = generator(&clock);
        assert!(ids.reserve(0).is_err() && ids.reserve(4097).is_err());
        clock.set(0);
        assert!(ids.reserve(1).is_err());
        clock.set(EPOCH_MS + (1 << 41));
        assert!(ids.reserve(1).is_err());
        assert!(Snowflake::new(1024, clock).is_err());
    }

    #[test]
    fn single_ids_spread_over_buckets() {
        let clock = Arc::new(FixedClock::at(EPOCH_MS));
        let ids = generator(&clock);
        let mut buckets = [0u32; 16];
        for step in 0..16_000u64 {
            clock.set(EPOCH_MS + 1 + step);
            buckets[(ids.reserve(1).unwrap() % 16) as usize] += 1;
        }
        assert!(buckets.iter().all(|n| (800..1200).contains(n)), "{buckets:?}");
    }
}
