//! Moving data between layouts. Today its first form: what would move ([`moves`], pure), how many rows that is
//! ([`estimate`]), whether the servers fit a configuration ([`inspect`]), and whether rows are where they must be
//! ([`verify`]).
//!
//! Changes nothing anywhere.

pub mod assign;
mod drift;
pub mod estimate;
pub mod genes;
pub mod inspect;
pub mod moves;
mod server;
pub mod verify;

pub use estimate::{Counts, Progress, estimate};
pub use inspect::{Finding, Level, inspect};
pub use moves::{Move, Plan, moves};
