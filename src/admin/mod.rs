//! What is going on: who is connected.

pub mod registry;

pub use registry::{Registry, Ticket};
