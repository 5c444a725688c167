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

/// What a merge holds now, against its budget.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ledger {
    budget: Budget,
    rows: u64,
    bytes: u64,
}

impl Ledger {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, rows: 0, bytes: 0 }
    }

    /// Books one row of `bytes` in. Error 1038 when that exceeds the budget.
    pub(super) fn take(&mut self, bytes: usize) -> Result<()> {
        self.rows += 1;
        self.bytes += bytes as u64;
        let (name, limit, unit) = if self.rows > self.budget.max_rows {
            ("limits.merge_rows", self.budget.max_rows, "rows")
        } else if self.bytes > self.budget.max_bytes {
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

    /// Books one row of `bytes` out.
    pub(super) fn release(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes as u64);
    }

    /// Rows and bytes held.
    #[cfg(test)]
    pub(super) fn held(&self) -> (u64, u64) {
        (self.rows, self.bytes)
    }

    /// Whether no more than an eighth of the budget is taken.
    pub(super) fn has_room(&self) -> bool {
        self.rows < self.budget.max_rows / 8 && self.bytes < self.budget.max_bytes / 8
    }
}
