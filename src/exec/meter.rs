//! What servers' answers came to, for EXPLAIN SHARDGATE ANALYZE.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::plan::explain::tree::Actual;
use crate::plan::explain::view::Took;

/// Counts the answers of one read.
#[derive(Debug)]
pub struct Meter {
    began: Instant,
    each: Mutex<Vec<Option<Actual>>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { began: Instant::now(), each: Mutex::default() }
    }
}

impl Meter {
    /// An answer has ended, or is wanted no more.
    pub(super) fn note(&self, task: usize, actual: Actual) {
        let mut each = self.each.lock();
        if each.len() <= task {
            each.resize(task + 1, None);
        }
        if let Some(place) = each.get_mut(task) {
            *place = Some(actual);
        }
    }

    /// How long it has counted.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// All of it, with what became of the rows.
    pub fn took(self, rows: u64, bytes: u64) -> Took {
        let time = self.elapsed();
        Took { each: self.each.into_inner(), all: Actual { rows, bytes, time } }
    }
}
