//! The bound on what one merge may hold in memory.

use crate::base::{Code, Error, Result};

/// Limits on the rows that one merge holds at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Setting `limits.merge_rows`.
    pub max_rows: u64,
    /// Setting `limits.merge_bytes`: payload bytes.
    pub max_bytes: u64,
}

/// Rows and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Held {
    rows: u64,
    bytes: u64,
}

impl Held {
    fn add(&mut self, bytes: usize) {
        self.rows += 1;
        self.bytes += bytes as u64;
    }

    fn sub(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes as u64);
    }
}

/// What a merge holds now, against its budget: rows that it needs, and rows that have come ahead of them, which never make
/// it fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ledger {
    budget: Budget,
    needed: Held,
    ahead: Held,
}

impl Ledger {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, needed: Held::default(), ahead: Held::default() }
    }

    /// Books one row of `bytes` in that is needed. Error 1038 when that exceeds the budget.
    pub(super) fn take(&mut self, bytes: usize) -> Result<()> {
        self.needed.add(bytes);
        let (name, limit, unit) = if self.needed.rows > self.budget.max_rows {
            ("limits.merge_rows", self.budget.max_rows, "rows")
        } else if self.needed.bytes > self.budget.max_bytes {
            ("limits.merge_bytes", self.budget.max_bytes, "bytes")
        } else {
            return Ok(());
        };
        Err(Error::new(
            Code::Memory,
            format!(
                "merging the shards' rows needs more memory than {name} = {limit} {unit} allows; raise it or narrow the statement"
            ),
        ))
    }

    /// Books one row of `bytes` out that was needed.
    pub(super) fn release(&mut self, bytes: usize) {
        self.needed.sub(bytes);
    }

    /// Books one row of `bytes` in that waits for its turn.
    pub(super) fn queue(&mut self, bytes: usize) {
        self.ahead.add(bytes);
    }

    /// Books one row of `bytes` out that waited.
    pub(super) fn dequeue(&mut self, bytes: usize) {
        self.ahead.sub(bytes);
    }

    /// Rows and bytes held.
    #[cfg(test)]
    pub(super) fn held(&self) -> (u64, u64) {
        (self.needed.rows + self.ahead.rows, self.needed.bytes + self.ahead.bytes)
    }

    /// Whether what waits takes less than an eighth of the budget.
    pub(super) fn has_room(&self) -> bool {
        self.ahead.rows < self.budget.max_rows / 8 && self.ahead.bytes < self.budget.max_bytes / 8
    }
}
