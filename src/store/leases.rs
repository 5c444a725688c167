//! Which proxy has which worker's number, and up to which time it may make ids with it.
//!
//! All that is asked of a store is in [`Leases`]: a table that can be read as a whole, and one row that is written only
//! if nobody else has written it. Who gets which number is not decided here.

use crate::base::Result;

/// One row: a worker's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The number.
    pub worker: u16,
    /// Counts the writes of this row, from 1.
    pub version: u64,
    /// Who has the number; empty: nobody, it was given back.
    pub owner: String,
    /// Unix milliseconds that no id with this number has reached, and that its owner's may not. Never lowered.
    pub bound_ms: u64,
    /// The layout of all ids, as text: `41/10/12`.
    pub layout: String,
    /// Where their time starts, in Unix milliseconds.
    pub epoch_ms: u64,
    /// When others may take the number, in Unix milliseconds by the store's clock.
    pub expires_ms: u64,
}

/// All rows at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Unix milliseconds by the store's clock.
    pub now_ms: u64,
    /// The rows, by number. A number that nobody ever had has none.
    pub leases: Vec<Lease>,
}

/// A store of leases. Its errors: [`Code::SourceDown`](crate::base::Code::SourceDown) where it may work later; any other
/// is for a person to mend.
pub trait Leases: Send + Sync {
    /// What it is, for messages.
    fn name(&self) -> &str;

    /// Everything, with the store's own time.
    fn read(&self) -> impl Future<Output = Result<Snapshot>> + Send;

    /// Writes a row if the stored one has the version just before; version 1: if there is none. `false`: somebody else
    /// was first, and nothing is written. After an error it may be written or not.
    fn swap(&self, lease: &Lease) -> impl Future<Output = Result<bool>> + Send;
}
