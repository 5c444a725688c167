//! What proxies share: tables in a schema of one source, by default `shardgate` on the first.
//!
//! [`db`] is the connection to it; [`segments`] the counters of segment ids.

pub mod db;
pub mod segments;

pub use db::Db;
pub use segments::Segments;
