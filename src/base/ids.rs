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

/// A UUID as MySQL's UUID() writes one: 36 characters, lower case.
pub fn uuid_text(uuid: &[u8; 16]) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(*uuid));
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}
