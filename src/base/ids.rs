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
