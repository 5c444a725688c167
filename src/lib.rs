//! Shardgate: many MySQL servers, one MySQL.
//!
//! The rooms stand on storeys and import only downward (`tests/architecture.rs` holds them to it).
//! Start reading at [`session`]: its query module is the spine that every statement takes.
#![forbid(unsafe_code)]

pub mod base;

pub mod sharding;
pub mod telemetry;
pub mod wire;

pub mod config;
pub mod sql;

pub mod topology;

pub mod backend;
pub mod plan;

pub mod merge;
pub mod store;

pub mod exec;
pub mod idgen;

pub mod txn;

pub mod admin;

pub mod reshard;
pub mod session;

pub mod server;

pub mod cli;
