//! Snowflake ids: time, worker, sequence.
//!
//! The state is one atomic counter of *slots* (`slot = milliseconds << sequence bits | sequence`) with the worker's
//! number in its lowest bits: reserving n ids is one compare-and-swap, and who reads a slot reads whose it is. Ids
//! that are asked for one by one begin at a random place in each millisecond, so that they spread evenly over
//! `id % n`. The counter runs ahead of time when more ids are asked for than a millisecond has, by
//! [`Snowflake::MAX_AHEAD_MS`] at most unless configured otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use super::fence::Fence;
use crate::base::layout::Layout;

/// Why no id was made. Nothing is taken then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// So many ids are never consecutive in this layout, or none were asked for.
    #[error("{asked} ids at once: the layout allows 1 to {most}")]
    Block {
        /// How many were asked for.
        asked: u64,
        /// How many there can be.
        most: u64,
    },
    /// Ids run ahead of time: that many milliseconds have to pass.
    #[error("ids are asked for faster than their layout allows")]
    Ahead {
        /// Milliseconds to wait.
        ms: u64,
    },
    /// The worker's number is held no longer than to here: its lease must be renewed first.
    #[error("the lease of the worker's number has not been renewed in time")]
    Bound,
    /// The time lies before the layout's epoch or beyond its end.
    #[error("the clock stands at Unix time {unix_ms} ms, outside of the ids' time")]
    Clock {
        /// The time.
        unix_ms: u64,
    },
    /// There is no such gene in the layout.
    #[error("slot {gene} is beyond the layout's genes")]
    Gene {
        /// What was asked for.
        gene: u32,
    },
}

/// A generator of ids of one layout. Uniqueness is the [`Fence`]'s care: ids are made below its bound only.
#[derive(Debug)]
pub struct Snowflake {
    layout: Layout,
    fence: Arc<Fence>,
    max_ahead_ms: u64,
    /// By gene: the next free slot and the worker. Ids of different genes differ by their gene, so each has all slots.
    next: Box<[AtomicU64]>,
}

impl Snowflake {
    /// How far ids may run ahead of time unless configured otherwise.
    pub const MAX_AHEAD_MS: u64 = 1000;

    /// A generator. It makes no ids before [`hold`](Self::hold), and none while the fence is closed.
    pub fn new(layout: Layout, fence: Arc<Fence>, max_ahead_ms: u64) -> Self {
        let next = (0..layout.genes()).map(|_| AtomicU64::new(0)).collect();
        Self { layout, fence, max_ahead_ms, next }
    }

    /// The layout of its ids.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// From now on ids are those of `worker`, of a time from `floor` (Unix milliseconds) on, and above all that were made
    /// here before. The fence is closed while this runs: see [`Fence::open`].
    pub fn hold(&self, worker: u16, floor: u64) {
        let bits = self.layout.worker_bits();
        let floor = floor.saturating_sub(self.layout.epoch_ms()) << self.layout.sequence_bits();
        for next in &self.next {
            let slot = (next.load(Ordering::Relaxed) >> bits).max(floor);
            next.store(slot << bits | u64::from(worker), Ordering::Release);
        }
    }

    /// How far ids have run ahead of time, in milliseconds.
    pub fn ahead_ms(&self) -> u64 {
        let newest = self.next.iter().map(|next| next.load(Ordering::Relaxed)).max().unwrap_or(0);
        let ms = newest >> (self.layout.worker_bits() + self.layout.sequence_bits());
        (ms + self.layout.epoch_ms()).saturating_sub(self.fence.now())
    }

    /// The first of `n` ids that differ by the layout's [`step`](Layout::step), one from the next; `1 ≤ n ≤`
    /// [`per_ms`](Layout::per_ms). `gene`: the slot that they carry, 0 where the layout has none.
    pub fn reserve(&self, n: u64, gene: u32) -> Result<u64, Refusal> {
        let layout = &self.layout;
        let per_ms = layout.per_ms();
        if n == 0 || n > per_ms {
            return Err(Refusal::Block { asked: n, most: per_ms });
        }
        let next = self.next.get(gene as usize).ok_or(Refusal::Gene { gene })?;
        let unix_ms = self.fence.now();
        let now = unix_ms.checked_sub(layout.epoch_ms()).filter(|ms| *ms < layout.end());
        let now = now.ok_or(Refusal::Clock { unix_ms })?;
        let (worker_bits, bits) = (layout.worker_bits(), layout.sequence_bits());
        let mut state = next.load(Ordering::Acquire);
        loop {
            let mut first = state >> worker_bits;
            if first >> bits < now {
                // A new millisecond. Ids made one at a time would nearly all have sequence 0.
                first = now << bits | rand::random_range(0..=per_ms - n);
            } else if (first & (per_ms - 1)) + n > per_ms {
                first = ((first >> bits) + 1) << bits;
            }
            let ms = first >> bits;
            if ms > now + self.max_ahead_ms {
                return Err(Refusal::Ahead { ms: ms - now - self.max_ahead_ms });
            }
            // Read after the state: see `Fence::open`.
            if ms + layout.epoch_ms() >= self.fence.bound() {
                return Err(Refusal::Bound);
            }
            if ms >= layout.end() {
                return Err(Refusal::Clock { unix_ms });
            }
            let worker = state & ((1 << worker_bits) - 1);
            let new = (first + n) << worker_bits | worker;
            match next.compare_exchange_weak(state, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Ok(layout.encode(ms, worker as u16, first & (per_ms - 1), gene)),
                Err(there) => state = there,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{Clock, FixedClock};
    use crate::base::layout::{EPOCH_MS, Gene, GenePlace};
    use std::collections::HashSet;

    const START: u64 = EPOCH_MS + 1_000_000;

    fn generator(layout: Layout) -> (Arc<FixedClock>, Arc<Fence>, Snowflake) {
        let clock = Arc::new(FixedClock::at(START));
        let fence = Arc::new(Fence::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let ids = Snowflake::new(layout, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS);
        ids.hold(5, 0);
        fence.open(u64::MAX);
        (clock, fence, ids)
    }

    #[test]
    fn ids_increase_and_differ_whatever_the_clock_does() {
        let (clock, fence, ids) = generator(Layout::SNOWFLAKE);
        let (mut seen, mut last) = (HashSet::new(), 0);
        for step in 0..20_000u64 {
            clock.pass(1);
            clock.set(START - 3_600_000 + step * 7 % 900);
            fence.follow(u64::MAX);
            let n = step % 13 + 1;
            let first = ids.reserve(n, 0).unwrap();
            for id in first..first + n {
                assert!(id > last && seen.insert(id));
                last = id;
            }
            assert_eq!(ids.layout().decode(first).worker, 5);
        }
    }

    #[test]
    fn a_block_stays_within_one_millisecond() {
        let (_, _, ids) = generator(Layout::SNOWFLAKE);
        for n in [1, 4096, 4095, 2, 4096] {
            let first = ids.reserve(n, 0).unwrap();
            assert_eq!(first >> 22, (first + n - 1) >> 22);
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused_and_takes_nothing() {
        let (clock, fence, ids) = generator(Layout::SNOWFLAKE);
        assert_eq!(ids.reserve(0, 0), Err(Refusal::Block { asked: 0, most: 4096 }));
        assert_eq!(ids.reserve(4097, 0), Err(Refusal::Block { asked: 4097, most: 4096 }));
        assert_eq!(ids.reserve(1, 1), Err(Refusal::Gene { gene: 1 }));
        let mut made = 0;
        let refused = loop {
            match ids.reserve(4096, 0) {
                Ok(_) => made += 1,
                Err(refusal) => break refusal,
            }
        };
        assert_eq!((made, refused), (Snowflake::MAX_AHEAD_MS + 1, Refusal::Ahead { ms: 1 }));
        clock.pass(1);
        assert!(ids.reserve(4096, 0).is_ok());
        clock.pass(2);
        fence.open(START + Snowflake::MAX_AHEAD_MS);
        assert_eq!(ids.reserve(1, 0), Err(Refusal::Bound));
        fence.close();
        assert_eq!(ids.reserve(1, 0), Err(Refusal::Bound));
        fence.open(u64::MAX);
        fence.reach(EPOCH_MS + (1 << 41));
        assert!(matches!(ids.reserve(1, 0), Err(Refusal::Clock { .. })));
    }

    #[test]
    fn another_worker_goes_on_above_what_was_made_and_above_its_floor() {
        let (_, fence, ids) = generator(Layout::SNOWFLAKE);
        let before = ids.reserve(1, 0).unwrap();
        fence.close();
        ids.hold(7, START + 500);
        fence.open(START + 10_000);
        let after = ids.layout().decode(ids.reserve(1, 0).unwrap());
        assert_eq!((after.worker, after.unix_ms), (7, START + 500));
        fence.close();
        ids.hold(1, 0);
        fence.open(START + 10_000);
        let last = ids.reserve(1, 0).unwrap();
        assert!(last >> 22 > before >> 22 && ids.layout().decode(last).unix_ms == START + 500);
    }

    #[test]
    fn genes_have_all_slots_each() {
        let gene = Gene { bits: 10, place: GenePlace::Middle };
        let (_, _, ids) = generator(Layout::SNOWFLAKE.with_gene(gene).unwrap());
        let mut seen = HashSet::new();
        for gene in 0..1024 {
            for _ in 0..4 * Snowflake::MAX_AHEAD_MS / 100 {
                let id = ids.reserve(1, gene).unwrap();
                assert!(seen.insert(id));
                assert_eq!(ids.layout().decode(id).gene, Some(gene));
            }
        }
        assert_eq!(ids.reserve(5, 0), Err(Refusal::Block { asked: 5, most: 4 }));
    }
}
