//! What a configuration means. Each field is a key of the file; `config/reference.toml` shows them with defaults.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::base::layout::{GenePlace, Layout};
use crate::sharding::Rule;

/// A whole, checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[listen]`
    pub listen: Listen,
    /// `[admin]`
    pub admin: Admin,
    /// `[[user]]`: who may connect.
    pub users: Vec<User>,
    /// `[source.NAME]`: the MySQL servers, in the file's order.
    pub sources: Vec<Source>,
    /// `[pool]`
    pub pool: Pool,
    /// `[limits]`
    pub limits: Limits,
    /// `[transaction]`
    pub transaction: Transaction,
    /// `[ids]`
    pub ids: Ids,
    /// `[log]`
    pub log: Log,
    /// `[database.NAME]`: the logical databases, in the file's order.
    pub databases: Vec<Database>,
}

/// `[listen]`: where clients connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// `address`, host and port. Default `127.0.0.1:3307`.
    pub address: String,
    /// `max_connections`: clients at the same time; more are answered error 1040. Default 4096.
    pub max_connections: u32,
    /// `threads` that serve clients. `None` (written `0`, the default): one for each core.
    pub threads: Option<NonZeroUsize>,
    /// `max_packet`: bytes of one statement or parameter at most. Default 64 MiB.
    pub max_packet: u64,
    /// `login_timeout`: how long a client may take to log in. Default 10 s.
    pub login_timeout: Duration,
}

/// `[admin]`: the HTTP service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// `address`, host and port. `None` (the default): there is none.
    pub address: Option<String>,
}

/// `[[user]]`: an account of clients. Servers are logged in to with the sources' own accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `name`
    pub name: String,
    /// `password`; empty for none.
    pub password: String,
    /// `database`: selected where the client names none.
    pub database: Option<String>,
    /// `transaction`: the mode of this user's transactions. Default that of `[transaction]`.
    pub transaction: Option<TransactionMode>,
}

/// `[source.NAME]`: one MySQL primary and its replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The section's name.
    pub name: String,
    /// `primary`: takes writes, `mysql://user[:password]@host[:port]`.
    pub primary: Address,
    /// `replicas`: may answer reads.
    pub replicas: Vec<Address>,
}

/// How to reach one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// TCP port; 3306 where none is given.
    pub port: u16,
    /// Account.
    pub user: String,
    /// Its password; empty for none.
    pub password: String,
}

/// `[pool]`: connections to each server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// `max_connections` to one server; two more are opened for a moment to ask for tables' definitions. Default 64.
    pub max_connections: u32,
    /// `wait`: how long a statement waits for a free connection before error 1040. Default 5 s.
    pub wait: Duration,
    /// `connect_timeout`: how long connecting and logging in may take. Default 3 s.
    pub connect_timeout: Duration,
    /// `answer_timeout`: how long a server may take over a statement of Shardgate's own (COMMIT, ROLLBACK, SAVEPOINT, a step
    /// of a commit) before it is taken for lost. Default 60 s.
    pub answer_timeout: Duration,
    /// `idle_check`: a connection that was idle for so long is pinged before it is used. Default 30 s.
    pub idle_check: Duration,
    /// `max_idle`: a connection that was idle for so long is closed. Default 10 min.
    pub max_idle: Duration,
    /// `max_lifetime`: a connection is closed when it is so old and free. Default 1 h.
    pub max_lifetime: Duration,
}

/// `[limits]`: what one statement may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `statement_timeout`: error 3024 after it. `None` (written `0`, the default): no limit.
    pub statement_timeout: Option<Duration>,
    /// `merge_rows`: rows held in memory at most while answers of shards are merged. Default 1,000,000.
    pub merge_rows: u64,
    /// `merge_bytes`: bytes held in memory at most while answers of shards are merged. Default 256 MiB.
    pub merge_bytes: u64,
    /// `stage_rows`: rows of one table at most that a SELECT over several sources brings together in a temporary table.
    /// Default 20,000,000.
    pub stage_rows: u64,
    /// `stage_bytes`: bytes of these rows at most. Default 8 GiB.
    pub stage_bytes: u64,
    /// `scatter_connections`: connections that one statement takes to one server, where a table is numbered. Default 4.
    pub scatter_connections: u32,
    /// `plans`: shapes of statements whose plans are kept, about 5 KiB each. Default 10,000.
    pub plans: u32,
}

/// `[transaction]`: transactions over several sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// `mode`: `atomic` (the default) or `single`.
    pub mode: TransactionMode,
    /// `schema`: where each source keeps decisions. Default `shardgate`.
    pub schema: String,
    /// `timeout`: how long a transaction may stay open. `None` (written `0`, the default): no limit.
    pub timeout: Option<Duration>,
    /// `commit_timeout`: how long a COMMIT whose answer was lost is looked for before its outcome is told to be unknown.
    /// Default 10 s.
    pub commit_timeout: Duration,
    /// `recover_every`: how often sources are asked for transactions that were left behind. Default 5 s.
    pub recover_every: Duration,
    /// `recover_after`: for how long a prepared transaction of another proxy is left alone. Default 5 s.
    pub recover_after: Duration,
}

/// What transactions may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionMode {
    /// Span several sources: all of it is committed, or nothing.
    Atomic,
    /// Stay on one source: others are refused.
    Single,
}

impl TransactionMode {
    /// The mode of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Atomic, Self::Single].into_iter().find(|mode| name.eq_ignore_ascii_case(mode.name()))
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Atomic => "atomic",
            Self::Single => "single",
        }
    }
}

/// `[ids]`: how new ids are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// The section is there: ids may be asked for though no table has a generator.
    pub declared: bool,
    /// `layout` of snowflake ids, bits of time, worker and sequence, and `epoch`, the UTC day on which their time starts.
    /// Default `41/10/12` from 2024-01-01.
    pub layout: Layout,
    /// `max_ahead`: how far ids may run ahead of time before a statement waits. Default 1 s.
    pub max_ahead: Duration,
    /// `consecutive`: whether the ids of a statement must follow one another, as drivers count on. Then an INSERT may have as
    /// many rows as a millisecond has ids. Default true.
    pub consecutive: bool,
    /// `lease`: for how long a worker's number is leased, and so how long an outage of the store goes unnoticed.
    /// Default 60 s.
    pub lease: Duration,
    /// Who says which worker's number this proxy has.
    pub workers: Workers,
}

/// Where a proxy's worker number comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workers {
    /// `store`, `source/schema`: leased from tables in that schema. Default: `shardgate` on the first source.
    Leased(Place),
    /// `worker` and `state`: always this number; the file that remembers until when ids were made is in the directory
    /// `state`, which no two hosts share.
    Fixed {
        /// The number.
        worker: u16,
        /// The directory.
        state: PathBuf,
    },
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// `level`: `error`, `warn`, `info`, `debug` or `trace`. Default `info`.
    pub level: String,
}

/// `[database.NAME]`: one logical database.
#[derive(Debug, Clone, PartialEq)]
pub struct Database {
    /// The section's name: what clients USE.
    pub name: String,
    /// `shards`: `source/schema`, in slot order.
    pub shards: Vec<Place>,
    /// `[database.NAME.group.GROUP]`
    pub groups: Vec<Group>,
    /// Declared tables: those of groups, of `reference` and of `single`.
    pub tables: Vec<Table>,
}

/// A place for rows: `source/schema[.table]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// A source's name.
    pub source: String,
    /// A schema on it.
    pub schema: String,
    /// The table's name there, where it differs from the logical one.
    pub table: Option<String>,
}

/// `[database.NAME.group.GROUP]`: tables that are sharded alike, so that rows of one key lie together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The section's name.
    pub name: String,
    /// `shards`: the database's, unless the group has its own.
    pub shards: Vec<Place>,
    /// `algorithm` and `key`: key → shard.
    pub rule: Arc<Rule>,
}

/// One declared table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name, as clients know it.
    pub name: String,
    /// Where its rows are.
    pub layout: TableLayout,
    /// `[database.NAME.table.TABLE]`: `id`.
    pub id: Option<IdGenerator>,
    /// `[database.NAME.table.TABLE]`: `index`.
    pub indexes: Vec<UniqueIndex>,
}

/// `index.NAME = { unique = true }`: values that are unique over all shards, kept in a lookup table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueIndex {
    /// The key.
    pub name: String,
    /// `columns`. Default: the one that the index is named after.
    pub columns: Vec<String>,
    /// `table`: the lookup table's name. Default `TABLE_NAME_lookup`.
    pub lookup: String,
}

/// Where a table's rows are.
#[derive(Debug, Clone, PartialEq)]
pub enum TableLayout {
    /// In a group's `tables`.
    Sharded {
        /// The group.
        group: String,
        /// The sharding column.
        key: String,
        /// Key → place in `nodes`.
        rule: Arc<Rule>,
        /// `nodes` of the table's own section where given, else the group's shards: the same for all its tables.
        nodes: Arc<[Place]>,
    },
    /// In `reference`: a full copy on every source that the database uses.
    Reference(Vec<Place>),
    /// In `single`.
    Single(Place),
}

/// `id = { column = "id", generator = "snowflake" }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdGenerator {
    /// `column`: filled where an INSERT omits it or gives NULL, 0 or DEFAULT.
    pub column: String,
    /// `generator` and its own keys.
    pub kind: IdKind,
}

/// How ids are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdKind {
    /// `generator = "snowflake"`, the default.
    Snowflake {
        /// `gene`: the table's sharding column, whose slot the ids carry.
        gene: Option<GeneKey>,
    },
    /// `generator = "segment"`: short dense numbers from a counter in the store.
    Segment {
        /// `start`: the first. Default 1.
        start: u64,
        /// `step`: how many are taken from the store at once. Default 1,000.
        step: u32,
    },
    /// `generator = "uuid7"`: UUIDs of version 7 for a CHAR(36) or BINARY(16) column.
    Uuid7,
}

/// `gene = "user_id", gene_place = "middle", cutover = 0`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneKey {
    /// `gene`: the sharding column.
    pub column: String,
    /// `gene_place`: `middle` (the default) or `low`.
    pub place: GenePlace,
    /// `cutover`: ids below it were made without a gene. Default 0.
    pub cutover: u64,
}
