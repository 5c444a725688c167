//! What a person types. The only room that prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this room talks to a person at a terminal")]

pub mod check;
pub mod demo;
pub mod explain;
pub mod id;
pub mod index;
pub mod reshard;
mod schema;
pub mod serve;
pub mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Many MySQL servers, one MySQL.
#[derive(Debug, Parser)]
#[command(name = "shardgate", version, about, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start four servers with replicas, Shardgate in front of them, and a sample shop to look at
    Demo(demo::Options),
    /// Serve clients
    Serve {
        /// The configuration
        #[arg(long, short)]
        config: PathBuf,
    },
    /// Report all mistakes of a configuration at once
    Check {
        /// The configuration
        config: PathBuf,
        /// Look at the servers' tables too
        #[arg(long)]
        connect: bool,
    },
    /// Plan how rows move between two layouts
    Reshard {
        #[command(subcommand)]
        command: Reshard,
    },
    /// Unique indexes over all shards
    Index {
        #[command(subcommand)]
        command: index::Command,
    },
    /// Compare reference tables over all their places, and look for rows on shards that their keys do not route to
    Verify {
        /// The configuration
        #[arg(long, short)]
        config: PathBuf,
        /// DATABASE or DATABASE.TABLE; all tables if left out
        tables: Vec<String>,
    },
    /// New ids, what ids say, and which ids a time has
    Id {
        #[command(subcommand)]
        command: id::Command,
    },
    /// Show where a statement would go and what would be sent there, without any server
    Explain {
        /// The configuration
        #[arg(long, short)]
        config: PathBuf,
        /// The database that is selected; the configuration's only one if left out
        #[arg(long, short)]
        database: Option<String>,
        /// A file of CREATE TABLE statements: what depends on columns is planned by them
        #[arg(long)]
        schema: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// The statement
        sql: String,
    },
}

#[derive(Debug, Subcommand)]
enum Reshard {
    /// Show which slots move from where to where, with as few moves as possible; changes nothing
    Plan {
        /// The configuration as it is
        #[arg(long)]
        from: PathBuf,
        /// The configuration as it shall be
        #[arg(long)]
        to: PathBuf,
        /// Count the rows that move, inside of the servers
        #[arg(long)]
        connect: bool,
    },
}

/// Runs the command line.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Demo(options) => demo::run(options),
        Command::Serve { config } => serve::run(&config),
        Command::Check { config, connect } => check::check(&config, connect),
        Command::Reshard { command: Reshard::Plan { from, to, connect } } => {
            reshard::plan(&from, &to, connect)
        }
        Command::Verify { config, tables } => verify::verify_tables(&config, &tables),
        Command::Id { command } => id::run(command),
        Command::Index { command } => index::run_command(command),
        Command::Explain { config, database, schema, json, sql } => {
            explain::run(&config, database.as_deref(), schema.as_deref(), json, &sql)
        }
    }
}
