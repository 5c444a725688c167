//! Values that are unique over all shards of a table: a lookup table with one entry a row, spread by the indexed value.

use std::sync::Arc;

use super::map::Node;

/// How a lookup's entries are cut: by the CRC-32 of the indexed value, in so many parts, evenly over its nodes.
const PARTS: u32 = 1024;

/// One unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// `database.table.name`
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// What is unique together.
    pub columns: Vec<Arc<str>>,
    /// The name of the lookup table.
    pub lookup: Arc<str>,
    /// Where the lookup's parts are: each of the table's schemas once.
    pub nodes: Arc<[Node]>,
}

impl Index {
    /// Where the entry of a value is, by the CRC-32 of the value's normal form.
    pub fn node(&self, place: u32) -> Option<&Node> {
        let nodes = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.get((place % PARTS * nodes / PARTS) as usize)
    }
}
