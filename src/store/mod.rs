//! What proxies share: tables in a schema of one source, by default `shardgate` on the first.
//!
//! [`db`] is the connection to it. [`leases`] is what is asked of a store of worker numbers, [`mysql`] that store as a
//! table, and [`file`] what a proxy with a fixed number has instead. [`segments`] are the counters of segment ids, [`ddl`] is
//! how far DDL over several places is, [`definitions`] who knows what it has changed, [`indexes`] are the states of unique indexes. [`decisions`] are on every source: what
//! became of transactions that span several.

pub mod db;
pub mod ddl;
pub mod decisions;
pub mod definitions;
pub mod file;
pub mod indexes;
pub mod leases;
pub mod mysql;
pub mod segments;

pub use db::Db;
pub use ddl::DdlLog;
pub use decisions::{Asked, Asker, Decision, Decisions, Home, Outcome};
pub use definitions::Definitions;
pub use file::FileLeases;
pub use indexes::{IndexState, Indexes};
pub use leases::{Lease, Leases, Snapshot};
pub use mysql::MySqlLeases;
pub use segments::Segments;
