//! `shardgate index build|check --config FILE DATABASE.TABLE[.INDEX]`: fills a unique index over all shards while it is
//! written, and compares one with its table.

#![expect(clippy::print_stdout, reason = "a command's answer goes to standard output")]
#![expect(clippy::print_stderr, reason = "a command's problems go to standard error")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::check::run;
use super::serve::load;
use crate::base::Result;
use crate::plan::ir::TableUse;
use crate::server;
use crate::session::{Built, Shared};
use crate::topology::Topology;

/// What is done with indexes.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fill an index from the rows that there are, while clients write; run again, it goes on where it ended
    Build {
        /// The configuration
        #[arg(long, short)]
        config: PathBuf,
        /// `DATABASE.TABLE` or `DATABASE.TABLE.INDEX`
        name: String,
    },
    /// Compare an index with its table, both ways; fails where they differ
    Check {
        /// The configuration
        #[arg(long, short)]
        config: PathBuf,
        /// `DATABASE.TABLE` or `DATABASE.TABLE.INDEX`
        name: String,
    },
}

/// Carries a command out.
pub(super) fn run_command(command: Command) -> ExitCode {
    match command {
        Command::Build { config, name } => each(&config, &name, true),
        Command::Check { config, name } => each(&config, &name, false),
    }
}

fn each(path: &Path, name: &str, build: bool) -> ExitCode {
    let Some((config, topology)) = load(path) else { return ExitCode::from(2) };
    let Some((used, numbers)) = find(&topology, name) else {
        eprintln!("shardgate: {} has no table or index {name} (DATABASE.TABLE[.INDEX])", path.display());
        return ExitCode::from(2);
    };
    let work = async {
        let shared = server::aside(&config, topology).await?;
        let mut whole = true;
        for number in numbers {
            whole &= if build {
                one_built(&shared, &used, number).await?
            } else {
                one_checked(&shared, &used, number).await?
            };
        }
        Ok::<bool, crate::base::Error>(whole)
    };
    match run(work) {
        Ok(Ok(true)) => ExitCode::SUCCESS,
        Ok(Ok(false)) => ExitCode::FAILURE,
        Ok(Err(error)) => {
            eprintln!("shardgate: {}", error.message);
            ExitCode::FAILURE
        }
        Err(code) => code,
    }
}

/// The table, and which of its indexes are meant.
fn find(topology: &Topology, name: &str) -> Option<(TableUse, Vec<usize>)> {
    for database in topology.databases.values() {
        for table in database.tables.values().filter(|table| !table.indexes.is_empty()) {
            let all = format!("{}.{}", database.name, table.name);
            let numbers = table.indexes.iter().enumerate();
            let numbers: Vec<usize> =
                numbers.filter(|(_, index)| all == name || *index.id == *name).map(|(n, _)| n).collect();
            if !numbers.is_empty() {
                let used = TableUse { database: database.name.clone(), table: table.clone() };
                return Some((used, numbers));
            }
        }
    }
    None
}

fn tell(place: &str, rows: u64) {
    println!("  {place}: {rows} rows");
}

fn id(used: &TableUse, number: usize) -> &str {
    used.table.indexes.get(number).map_or("", |index| &index.id)
}

async fn one_built(shared: &Shared, used: &TableUse, number: usize) -> Result<bool> {
    let id = id(used, number);
    println!("building {id}");
    match shared.build_index(used, number, &mut tell).await? {
        Built::Already => println!("{id} is ready already"),
        Built::Ready => println!("{id} is ready"),
        Built::Duplicates(doubles) => {
            for double in &doubles {
                eprintln!("duplicate: {double}");
            }
            eprintln!("{id} is not unique: change these rows, and run this again");
            return Ok(false);
        }
    }
    Ok(true)
}

async fn one_checked(shared: &Shared, used: &TableUse, number: usize) -> Result<bool> {
    let id = id(used, number);
    println!("checking {id}");
    let found = shared.check_index(used, number, &mut tell).await?;
    for row in &found.missing {
        eprintln!("missing: {row}");
    }
    for entry in &found.stale {
        eprintln!("stale: {entry}");
    }
    let whole = found.missing.is_empty() && found.stale.is_empty();
    println!("{id} {}", if whole { "agrees with its table" } else { "differs from its table" });
    Ok(whole)
}
