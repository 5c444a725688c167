//! A session's transaction: which connections it holds, and what is said to them at its end.

pub mod held;

pub use held::{Held, Using};
