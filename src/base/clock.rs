//! Time as a dependency: handed in, so that tests step it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// What time it is, by two clocks.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970-01-01 UTC, by the clock that people and NTP set: it may step either way. 0 for a clock
    /// that stands before 1970.
    fn unix_ms(&self) -> u64;
    /// Milliseconds since some moment, by a clock that nobody sets: it never goes back. Coarse: it may lag behind by a
    /// tick of the kernel, 1 to 10 ms.
    fn elapsed_ms(&self) -> u64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
    }

    fn elapsed_ms(&self) -> u64 {
        let time = clock_gettime(ClockId::MonotonicCoarse);
        time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
    }
}

/// Two clocks that stand where they are put.
#[derive(Debug, Default)]
pub struct FixedClock {
    unix_ms: AtomicU64,
    elapsed_ms: AtomicU64,
}

impl FixedClock {
    /// Clocks that stand at `unix_ms` and 0.
    pub fn at(unix_ms: u64) -> Self {
        Self { unix_ms: AtomicU64::new(unix_ms), elapsed_ms: AtomicU64::new(0) }
    }

    /// Steps the clock that people set; the other one does not move.
    pub fn set(&self, unix_ms: u64) {
        self.unix_ms.store(unix_ms, Ordering::Relaxed);
    }

    /// Lets time pass on both.
    pub fn pass(&self, ms: u64) {
        self.unix_ms.fetch_add(ms, Ordering::Relaxed);
        self.elapsed_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for FixedClock {
    fn unix_ms(&self) -> u64 {
        self.unix_ms.load(Ordering::Relaxed)
    }

    fn elapsed_ms(&self) -> u64 {
        self.elapsed_ms.load(Ordering::Relaxed)
    }
}
