//! Assembly: the only place that constructs the parts and wires them together, listens, and shuts down.

pub mod listen;
mod segments;
mod threads;

pub use listen::{Running, start};
