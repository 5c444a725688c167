//! Value → part → node, pure. Knows no SQL statement, no table and no network.
//!
//! A [`Rule`] turns a key into a *part* (a hash slot, a remainder, a range, a list, an interval of time) and a part
//! into a node. The first half never changes while data is moved: only the map from parts to nodes does.
//! [`Rule::sql_form`] gives the expression by which a server computes the same part from a column.
//!
//! Three promises, tested on real servers (`tests/it/sharding.rs`):
//! - what [`Rule::store`] says of a value is what the SQL form says of the row that was stored with it;
//! - [`Rule::find`] never misses a row that MySQL would find with `key = value`: where only the server can tell,
//!   it answers [`Place::Unknown`];
//! - [`Rule::find_range`] answers a superset.
//!
//! Start at `rule`; `key` holds MySQL's conversions.

pub mod column;
pub mod function;
pub mod gene;
pub mod key;
pub mod moment;
pub mod overlay;
pub mod parts;
pub mod rule;
#[cfg(test)]
mod tests;

pub use column::{IdForm, KeyColumn};
pub use function::{Function, Interval, Unit};
pub use gene::Gene;
pub use key::{Charset, Key, KeyType};
pub use moment::Moment;
pub use parts::Parts;
pub use rule::Rule;

use crate::base::ids::NodeId;

/// A set of a table's nodes, ascending, each once.
pub type Nodes = Vec<NodeId>;

/// Where rows whose key compares with a value are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On one node.
    One(NodeId),
    /// Nowhere: no key can be equal to the value (NULL, 1.5 for an integer key).
    Nowhere,
    /// It cannot be told without the server (`key = '5abc'`): every node has to be asked, which is always right.
    Unknown,
}
