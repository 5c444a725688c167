//! Snowflake ids: time, worker, sequence.
//!
//! The state is one atomic number, the *last* id that was made (without its gene): reserving n ids is one
//! compare-and-swap that adds n, whatever n is, and who reads the last id reads whose it is. Ids that are asked for one
//! by one begin at another place in each millisecond, so that they spread evenly over `id % n` (see [`Starts`]). Ids
//! run ahead of time when more are asked for than a millisecond has, by [`Snowflake::MAX_AHEAD_MS`] at most unless
//! configured otherwise.
//!
//! # Why no thread passes the bound of another worker
//!
//! [`Snowflake::reserve`] does `last = load(state)`, `b = load(bound)`, `compare_and_swap(state, last, new)`, and makes
//! ids of the worker in `last` below `b`. Meanwhile somebody may give the generator to another worker: bound = 0
//! ([`Fence::close`]), another state ([`Snowflake::hold`]), bound = B ([`Fence::open`]), in this order. Say that a
//! worker's *term* goes from its `hold` to the next one. Then, where the compare-and-swap succeeds, `last` and `b` are
//! of one term:
//!
//! 1. No state recurs: `reserve` makes the id larger, and `hold` the millisecond, before anything else. So success
//!    means that nobody changed the state between the load and the swap, and that no `hold` did.
//! 2. `b` is no older than `last`'s term: the load of `last` acquires what that term's `hold` released (the swaps of
//!    `reserve` on top of it go on with its release sequence), and that came after its `close`. So `b` is 0, which
//!    refuses, or was opened in this term or later.
//! 3. `b` is no younger: had it been opened in a later term, then loading it would have acquired that term's `hold`,
//!    and the swap would find that state or a later one, not `last`.
//!
//! Within a term the bound only grows, so ids below any `b` of it are the worker's. A thread that is stopped between
//! its load of the bound and its swap, however long, makes ids that were its worker's when it read the bound, and
//! nobody else ever makes those.

use std::hint::spin_loop;
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
    starts: Starts,
    /// By gene: the last id that was made, but for its gene. Ids of different genes differ by it, so each has all
    /// sequences.
    last: Box<[AtomicU64]>,
}

impl Snowflake {
    /// How far ids may run ahead of time unless configured otherwise.
    pub const MAX_AHEAD_MS: u64 = 1000;

    /// A generator. It makes no ids before [`hold`](Self::hold), and none while the fence is closed.
    pub fn new(layout: Layout, fence: Arc<Fence>, max_ahead_ms: u64) -> Self {
        let last = (0..layout.genes()).map(|_| AtomicU64::new(0)).collect();
        Self { layout, fence, max_ahead_ms, starts: Starts::new(rand::random()), last }
    }

    /// The layout of its ids.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// From now on ids are those of `worker`, of a time from `floor` (Unix milliseconds) on, and larger than all that
    /// were made here before. The fence is closed while this runs, and one thread at a time holds: see
    /// [`Fence::open`].
    pub fn hold(&self, worker: u16, floor: u64) {
        let layout = &self.layout;
        let shift = layout.worker_bits() + layout.sequence_bits();
        // The last millisecond that counts as used up: the one before the floor.
        let before = floor.saturating_sub(layout.epoch_ms()).saturating_sub(1);
        for last in &self.last {
            // A swap that began before the fence was closed may still come in between.
            let mut there = last.load(Ordering::Relaxed);
            loop {
                let ms = ((there >> shift) + 1).max(before).min(layout.end() - 1);
                let new = layout.head(ms, worker) | (layout.per_ms() - 1);
                match last.compare_exchange_weak(there, new, Ordering::AcqRel, Ordering::Relaxed) {
                    Ok(_) => break,
                    Err(other) => there = other,
                }
            }
        }
    }

    /// How far ids have run ahead of time, in milliseconds.
    pub fn ahead_ms(&self) -> u64 {
        let newest = self.last.iter().map(|last| last.load(Ordering::Relaxed)).max().unwrap_or(0);
        let ms = newest >> (self.layout.worker_bits() + self.layout.sequence_bits());
        (ms + self.layout.epoch_ms()).saturating_sub(self.fence.now())
    }

    /// The first of `n` ids that differ by the layout's [`step`](Layout::step), one from the next; `1 ≤ n ≤`
    /// [`per_ms`](Layout::per_ms). `gene`: the slot that they carry, 0 where the layout has none. Ids of one gene
    /// increase, over all threads. Never waits.
    pub fn reserve(&self, n: u64, gene: u32) -> Result<u64, Refusal> {
        let layout = &self.layout;
        let per_ms = layout.per_ms();
        if n == 0 || n > per_ms {
            return Err(Refusal::Block { asked: n, most: per_ms });
        }
        let counter = self.last.get(gene as usize).ok_or(Refusal::Gene { gene })?;
        let unix_ms = self.fence.now();
        let now = unix_ms.checked_sub(layout.epoch_ms()).filter(|ms| *ms < layout.end());
        let now = now.ok_or(Refusal::Clock { unix_ms })?;
        let shift = layout.worker_bits() + layout.sequence_bits();
        let worker = per_ms * (u64::from(layout.workers()) - 1);
        loop {
            let last = counter.load(Ordering::Acquire);
            // Read after the last id: see the module's reasoning.
            let bound = self.fence.bound().saturating_sub(layout.epoch_ms()).min(layout.end());
            let first = if last < now << shift {
                now << shift | last & worker | self.starts.next(n, per_ms)
            } else if (last & (per_ms - 1)) + n < per_ms {
                last + 1
            } else {
                ((last >> shift) + 1) << shift | last & worker
            };
            let ms = first >> shift;
            if ms > now.saturating_add(self.max_ahead_ms) {
                return Err(Refusal::Ahead { ms: ms - now - self.max_ahead_ms });
            }
            if ms >= bound {
                return Err(if ms < layout.end() { Refusal::Bound } else { Refusal::Clock { unix_ms } });
            }
            let swap = counter.compare_exchange(last, first + n - 1, Ordering::AcqRel, Ordering::Relaxed);
            if swap.is_ok() {
                return Ok(layout.with(first, gene));
            }
            back_off();
        }
    }
}

/// Leaves the counter for a microsecond or two to the thread that has it: passed to and fro at each id, it would serve
/// two threads slower than one.
#[cold]
fn back_off() {
    for _ in 0..64 {
        spin_loop();
    }
}

/// Where in a millisecond ids begin.
///
/// With the first ids of all milliseconds at sequence 0, a table that gets fewer than one row a millisecond would have
/// its `id % 64` in one or two buckets. Random beginnings spread as dice do: of 64 buckets with 1,500 ids each, the
/// fullest has 6 to 10 % too many. Multiples of an irrational number (modulo 1) spread more evenly than dice, and so
/// does every second or third of them, which is what one of several tables sees (Weyl's theorem). Where calls come at
/// random times, it is dice again.
#[derive(Debug)]
struct Starts(AtomicU64);

impl Starts {
    /// The number, in 2^64ths. Each number is in step with some rhythm of calls; this one, of a hundred tried, with none
    /// of 1 id a minute to 1,000 a second, alone and of 2 to 4 tables in turn, at ticks of 1, 4 and 10 ms: the fullest of
    /// up to 64 buckets has 7 % too many there.
    const STEP: u64 = 0xB29F_2414_08DB_4DEF;

    fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next beginning of a block of `n`. An eighth of the millisecond is left for the blocks that follow, for who has
    /// no room is at the start of the next one.
    fn next(&self, n: u64, per_ms: u64) -> u64 {
        let end = (per_ms - n + 1).min(per_ms - per_ms / 8);
        let place = self.0.fetch_add(Self::STEP, Ordering::Relaxed);
        ((u128::from(place) * u128::from(end)) >> 64) as u64
    }
}

#[cfg(test)]
#[path = "even_tests.rs"]
mod even_tests;
#[cfg(test)]
#[path = "snowflake_tests.rs"]
mod tests;
