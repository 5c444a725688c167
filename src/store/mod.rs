//! What proxies share: tables in a schema of one source, by default `shardgate` on the first.
//!
//! [`db`] is the connection to it.

pub mod db;

pub use db::Db;
