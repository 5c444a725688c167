//! Transactions: the connections that a session keeps, and commits over several sources that survive the death of
//! anything.
//!
//! The first source that a transaction touches runs a plain transaction, each further one an XA branch. [`held`] opens
//! them, [`commit`] ends them, [`coordinator`] is what all transactions of a proxy share, and [`recover`] ends what was
//! left behind by whomever.

mod commit;
pub mod coordinator;
pub mod held;
pub mod recover;

pub use coordinator::{Coordinator, Terms};
pub use held::Held;
pub use recover::Report;
