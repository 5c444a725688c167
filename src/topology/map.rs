//! The map's parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::index::Index;
use crate::base::ids::{GeneratorId, NodeId, SourceId};
pub use crate::base::layout::Layout as IdLayout;
use crate::sharding::{Gene, IdForm, Rule};

/// Everything that routing needs to know.
#[derive(Debug, Clone, Default)]
pub struct Topology {
    /// Counts reloads.
    pub version: u64,
    /// `SourceId` is the place in here.
    pub sources: Vec<Source>,
    /// How new ids are made: `GeneratorId` is the place in here.
    pub generators: Vec<Generator>,
    /// By name.
    pub databases: BTreeMap<String, Arc<Database>>,
}

/// One MySQL primary and its replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As in `[source.NAME]`.
    pub name: Arc<str>,
    /// The server that takes writes.
    pub primary: Endpoint,
    /// Servers that may answer reads.
    pub replicas: Vec<Endpoint>,
}

/// How to reach one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Account.
    pub user: String,
    /// Its password; empty for none.
    pub password: String,
}

/// One logical database.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name, as clients know it.
    pub name: Arc<str>,
    /// Its shards in slot order (schema on a source; `table` is `None`).
    pub shards: Vec<Node>,
    /// Declared tables by name. An undeclared table is single and lives on the first shard: see [`Database::table`].
    pub tables: BTreeMap<String, Arc<Table>>,
}

/// One logical table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name, as clients know it.
    pub name: Arc<str>,
    /// Where its rows are.
    pub layout: Layout,
    /// How ids are generated, if they are.
    pub id: Option<IdRule>,
    /// What is unique over all of its shards.
    pub indexes: Vec<Arc<Index>>,
}

/// Where a table's rows are.
#[derive(Debug, Clone)]
pub enum Layout {
    /// Spread by a key.
    Sharded(Arc<Sharded>),
    /// A full copy on each source.
    Reference(Vec<Node>),
    /// On one source.
    Single(Node),
}

/// How a table is spread.
#[derive(Debug, Clone)]
pub struct Sharded {
    /// The sharding column's name. Column names compare case-insensitively.
    pub key: Arc<str>,
    /// The group's name: tables of one group are spread by the same rule.
    pub group: Arc<str>,
    /// Key → node.
    pub rule: Arc<Rule>,
    /// `NodeId` is the place in here. Tables of one group share it where they are named alike on all nodes.
    pub nodes: Arc<[Node]>,
}

/// A place for rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Node {
    /// On which source.
    pub source: SourceId,
    /// In which schema.
    pub schema: Arc<str>,
    /// Under which table name, where that differs from the logical one.
    pub table: Option<Arc<str>>,
}

/// How a table's new ids are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdRule {
    /// The id column's name.
    pub column: Arc<str>,
    /// What makes them.
    pub generator: GeneratorId,
    /// What its ids look like.
    pub form: IdForm,
    /// The layout of snowflake ids; `None` for others.
    pub layout: Option<IdLayout>,
    /// Whether an INSERT of more rows than there are ids in a row is refused.
    pub consecutive: bool,
    /// Where ids carry a slot: ids below this were made before they did.
    pub cutover: u64,
}

impl IdRule {
    /// How many ids there can be that follow one another.
    pub fn block(&self) -> usize {
        const OTHERS: usize = 4096;
        self.layout.map_or(OTHERS, |layout| layout.per_ms() as usize)
    }
}

/// What makes ids. Tables share a generator where that is all the same to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Generator {
    /// Snowflake ids of a layout.
    Snowflake(IdLayout),
    /// Numbers from a counter in the store.
    Segment {
        /// The counter's name: `database.table`.
        name: Arc<str>,
        /// The first number.
        start: u64,
        /// How many are taken at once.
        step: u32,
    },
    /// UUIDs of version 7.
    Uuid7,
}

impl IdRule {
    /// How the sharding key's slot is read from an id, where ids carry it.
    pub fn gene(&self) -> Option<Gene> {
        Gene::new(self.layout?, self.cutover)
    }
}

impl Topology {
    /// A database by its exact name.
    pub fn database(&self, name: &str) -> Option<&Arc<Database>> {
        self.databases.get(name)
    }

    /// A source; `None` only for an id of another topology.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(usize::from(id.0))
    }
}

impl Database {
    /// A table by its exact name. An undeclared name is a single table on the first shard.
    pub fn table(&self, name: &str) -> Arc<Table> {
        if let Some(table) = self.tables.get(name) {
            return Arc::clone(table);
        }
        let home = self.shards.first().cloned().unwrap_or(Node {
            source: SourceId(0),
            schema: Arc::clone(&self.name),
            table: None,
        });
        Arc::new(Table { name: name.into(), layout: Layout::Single(home), id: None, indexes: Vec::new() })
    }
}

impl Sharded {
    /// Whether two tables of one group have the same rows' nodes at the same servers, node by node, so that a join
    /// on the key can run on each node alone.
    pub fn aligned_with(&self, other: &Sharded) -> bool {
        self.group == other.group
            && self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(other.nodes.iter()).all(|(a, b)| a.source == b.source)
    }

    /// A node; `None` only for an id of another table.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::from(id.0))
    }
}
