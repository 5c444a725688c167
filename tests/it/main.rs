//! Integration tests on real servers.
//!
//! One binary, so that it links once. Without a MySQL or MariaDB server installed they fail with the command that
//! installs one. `SHARDGATE_MYSQL_HOME=DIR cargo test --test it` runs them on the MySQL whose program is
//! DIR/bin/mysqld.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::format_push_string,
    missing_docs,
    dead_code,
    reason = "all of this is tests, helpers outside of test functions too"
)]

#[path = "../support/mod.rs"]
mod support;

mod bank;
mod carried;
mod cli;
mod commands;
mod copies;
mod corpus;
mod create_select;
mod ddl;
mod ddl_progress;
mod dml;
mod drift;
mod driver_keys;
mod drivers;
mod explain;
mod extreme;
mod fleet;
mod found;
mod generated;
mod genes;
mod genes_generated;
mod ids_apps;
mod ids_golden;
mod ids_inserts;
mod ids_leases;
mod ids_simulation;
mod ids_torture;
mod large;
mod load;
mod memory;
mod merging;
mod moves;
mod oracle;
mod placed;
mod pools;
mod relay;
mod replicas;
mod servers;
mod sessions;
mod sharding;
mod staged;
mod staged_copies;
mod stops;
mod threads;
mod tpch;
mod tracking;
mod transactions;
mod unique;
mod verify;
mod warnings;
mod wire;
mod writes;
