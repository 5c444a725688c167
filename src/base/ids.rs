//! Newtypes for the numbers that rooms hand to each other, so that one cannot be taken for another.

use serde::{Deserialize, Serialize};

/// A source (one primary and its replicas): its place in `Topology::sources`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceId(pub u16);

/// A part of a sharded table: its place in the table's nodes, in slot order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u16);

/// A client's connection: what `CONNECTION_ID()` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionId(pub u32);

/// A generator of new ids: its place in `Topology::generators`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GeneratorId(pub u16);

/// New ids that were made at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewIds {
    /// `first`, `first + step`, and so on.
    Numbers {
        /// The first.
        first: u64,
        /// From one to the next.
        step: u64,
    },
    /// UUIDs, as 16 bytes each.
    Uuids(Vec<[u8; 16]>),
}

impl NewIds {
    /// The i-th as a number; `None` for UUIDs.
    pub fn number(&self, i: usize) -> Option<u64> {
        match self {
            Self::Numbers { first, step } => Some(first.wrapping_add(step.wrapping_mul(i as u64))),
            Self::Uuids(_) => None,
        }
    }
}
