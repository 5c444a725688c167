//! Assembly: the only place that constructs the parts and wires them together, listens, and shuts down.

mod admin;
mod definitions;
mod indexes;
pub mod listen;
mod recovery;
mod segments;
mod threads;
mod workers;

pub use indexes::aside;
pub use listen::{Running, start};
