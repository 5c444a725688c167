//! What the integration tests stand on: servers, a proxy to test, a client that sees everything, and the oracle.

pub mod client;
pub mod cluster;
pub mod columns;
pub mod corpus;
pub mod generate;
pub mod interposer;
pub mod oracle;
pub mod packets;
pub mod proxy;
pub mod selects;
pub mod shop;
pub mod tpch;
pub mod upload;
pub mod yard;
