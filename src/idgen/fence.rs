//! Until when ids may be made, and what time it is for them.
//!
//! Whoever holds a worker's number may issue ids whose *own time* lies below a bound, and nobody else ever below it
//! again. So a process that was paused, cut off or replaced cannot make an id twice, whatever the clocks say: clocks
//! decide how old ids look, never whether they are unique.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::base::clock::Clock;

/// The bound and the time that all snowflake generators of a process share.
///
/// Time is a hybrid: it goes on with the clock that nobody sets, and is moved forward (never back) to the clock that
/// people set by [`Fence::follow`]. A clock that is set back stops nothing.
pub struct Fence {
    clock: Arc<dyn Clock>,
    /// Unix milliseconds that no id may reach; 0: none may be made.
    bound: AtomicU64,
    /// Unix milliseconds at the moment when `Clock::elapsed_ms` was 0; only grows.
    offset: AtomicU64,
}

impl std::fmt::Debug for Fence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fence")
            .field("bound", &self.bound)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl Fence {
    /// A closed fence: no id may be made before [`open`](Self::open).
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let fence = Self { clock, bound: AtomicU64::new(0), offset: AtomicU64::new(0) };
        fence.begin();
        fence
    }

    /// Puts the ids' time to the clock that people set, back too if need be: only before the first id.
    pub fn begin(&self) {
        self.offset.store(self.clock.unix_ms().saturating_sub(self.clock.elapsed_ms()), Ordering::Relaxed);
    }

    /// What time it is for ids, in Unix milliseconds. Never goes back once it has [begun](Self::begin).
    pub fn now(&self) -> u64 {
        self.offset.load(Ordering::Relaxed).saturating_add(self.clock.elapsed_ms())
    }

    /// Moves the ids' time forward to the clock that people set, `most` (Unix milliseconds) at the furthest.
    pub fn follow(&self, most: u64) {
        self.reach(self.clock.unix_ms().min(most));
    }

    /// Moves the ids' time forward to `unix_ms`, unless it is there.
    pub fn reach(&self, unix_ms: u64) {
        self.offset.fetch_max(unix_ms.saturating_sub(self.clock.elapsed_ms()), Ordering::Relaxed);
    }

    /// The clock that people set.
    pub fn wall(&self) -> u64 {
        self.clock.unix_ms()
    }

    /// Unix milliseconds that no id may reach.
    pub fn bound(&self) -> u64 {
        self.bound.load(Ordering::Acquire)
    }

    /// Ids may be made up to `bound` (Unix milliseconds). For the same worker it may only grow; to change the worker,
    /// [`close`](Self::close) comes first and generators are told before this.
    pub fn open(&self, bound: u64) {
        self.bound.store(bound, Ordering::Release);
    }

    /// No id may be made from now on.
    pub fn close(&self) {
        self.bound.store(0, Ordering::Release);
    }
}
