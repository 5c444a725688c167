//! Assembly: the only place that constructs the parts and wires them together, listens, and shuts down.

pub mod listen;
mod threads;
mod workers;

pub use listen::{Running, start};
