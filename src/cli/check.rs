//! `shardgate check FILE [--connect]`: whether a configuration is right, and whether the servers fit it.

#![expect(clippy::print_stdout, reason = "a command's answer goes to standard output")]
#![expect(clippy::print_stderr, reason = "a command's problems go to standard error")]

use std::path::Path;
use std::process::ExitCode;

use crate::config::{self, Config, Problem, TableLayout};
use crate::reshard::{Level, inspect};
use crate::topology;

/// Checks a file; with `connect` also the servers that it names. The exit code is 2 when the file has problems, 1 when
/// the servers do not fit it.
pub fn check(file: &Path, connect: bool) -> ExitCode {
    let config = match load(file) {
        Ok(config) => config,
        Err(problems) => return report(&problems),
    };
    println!("{}: {}", file.display(), summary(&config));
    if connect { servers(&config) } else { ExitCode::SUCCESS }
}

/// Reads a file and builds its map, so that every problem there can be is found.
pub(super) fn load(file: &Path) -> Result<Config, Vec<Problem>> {
    let config = config::load(file)?;
    topology::build(&config, 0).map(|_| config)
}

/// Prints problems, one a line; the exit code of failure.
pub(super) fn report(problems: &[Problem]) -> ExitCode {
    for problem in problems {
        eprintln!("{problem}");
    }
    let plural = if problems.len() == 1 { "" } else { "s" };
    eprintln!("{} problem{plural}", problems.len());
    ExitCode::from(2)
}

/// Runs something that talks to servers.
pub(super) fn run<T>(work: impl Future<Output = T>) -> Result<T, ExitCode> {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => Ok(runtime.block_on(work)),
        Err(error) => {
            eprintln!("cannot start: {error}");
            Err(ExitCode::FAILURE)
        }
    }
}

fn servers(config: &Config) -> ExitCode {
    let findings = match run(inspect(config)) {
        Ok(findings) => findings,
        Err(code) => return code,
    };
    let problems = findings.iter().filter(|finding| finding.level == Level::Problem).count();
    for finding in &findings {
        match finding.level {
            Level::Problem => eprintln!("problem: {}", finding.text),
            Level::Note => println!("note: {}", finding.text),
        }
    }
    if problems == 0 {
        println!("the servers fit");
        return ExitCode::SUCCESS;
    }
    eprintln!("{problems} problem{}", if problems == 1 { "" } else { "s" });
    ExitCode::FAILURE
}

fn summary(config: &Config) -> String {
    let tables = || config.databases.iter().flat_map(|database| &database.tables);
    let count = |wanted: fn(&TableLayout) -> bool| tables().filter(|table| wanted(&table.layout)).count();
    let servers: usize = config.sources.iter().map(|source| 1 + source.replicas.len()).sum();
    format!(
        "right ({} sources with {servers} servers; {} databases; {} sharded, {} reference, {} single tables)",
        config.sources.len(),
        config.databases.len(),
        count(|layout| matches!(layout, TableLayout::Sharded { .. })),
        count(|layout| matches!(layout, TableLayout::Reference(_))),
        count(|layout| matches!(layout, TableLayout::Single(_))),
    )
}
