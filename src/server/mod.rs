//! Assembly: the only place that constructs the parts and wires them together, listens, and shuts down.

mod admin;
mod definitions;
pub mod listen;
mod recovery;
mod segments;
mod threads;
mod workers;

pub use listen::{Running, start};
