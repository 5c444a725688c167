//! What Shardgate costs beside a direct connection and a TCP relay: `make bench`. Start reading at [`main`].
//!
//! Targets take turns within each round, and what counts is the median over the rounds of each round's ratio to the
//! direct connection: whatever else the machine does hits all of them. From the environment:
//!
//! - `BENCH_ROUNDS` (3), `BENCH_SECONDS` (3, of each run), `BENCH_ROWS` (100,000), `BENCH_CLIENTS` (10,000 idle ones)
//! - `BENCH_CASES`: parts of names of what to run, separated by commas: `point_select`, `/prepared/64`, `connect`, …
//! - `BENCH_DIR` (`/dev/shm/shardgate-bench` where memory is ample, else `target/bench-servers`): where the servers keep
//!   their data; on a disk that others write to, writes are not worth measuring
//! - `BENCH_OTHER`: another `shardgate` program, which takes its turns too: what a change brings
//!
//! A whole run writes `benches/RESULTS.md`; one with `BENCH_CASES` or `BENCH_OTHER` only prints.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a bench stops where it cannot go on"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its reader sits at a terminal")]

mod client;
mod connections;
mod page;
mod process;
mod results;
mod scatter;
mod sysbench;
mod targets;
mod transactions;

use std::path::{Path, PathBuf};

use page::Section;
use targets::Lab;
use tokio::runtime::Runtime;

type Measure = fn(&Lab, &Runtime) -> Section;

/// What is measured besides statements: the name for `BENCH_CASES`, and how.
const SECTIONS: [(&str, Measure); 9] = [
    ("transactions", |lab, _| transactions::measure(lab)),
    ("results/relayed", |lab, _| results::relayed(lab)),
    ("results/merged", |lab, _| results::merged(lab)),
    ("results/slow_reader", |lab, _| results::slow_reader(lab)),
    ("inserts", |lab, _| results::inserts(lab)),
    ("scatter", |lab, _| scatter::measure(lab)),
    ("connect", |lab, _| connections::storms(lab)),
    ("idle", |lab, _| connections::idle(lab)),
    ("think", connections::think),
];

/// Bytes that must be free in memory for the servers' data to go there.
const MEMORY: u64 = 6 << 30;

/// How long and what.
struct Settings {
    rounds: usize,
    seconds: u32,
    rows: u32,
    clients: usize,
    cases: Vec<String>,
    dir: PathBuf,
    other: Option<PathBuf>,
}

impl Settings {
    fn read() -> Self {
        let number = |name: &str, default: u32| {
            std::env::var(name)
                .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
        };
        let cases = std::env::var("BENCH_CASES").unwrap_or_default();
        Self {
            rounds: number("BENCH_ROUNDS", 3) as usize,
            seconds: number("BENCH_SECONDS", 3),
            rows: number("BENCH_ROWS", 100_000),
            clients: number("BENCH_CLIENTS", 10_000) as usize,
            cases: cases
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
            dir: std::env::var_os("BENCH_DIR").map_or_else(data, PathBuf::from),
            other: std::env::var_os("BENCH_OTHER").map(PathBuf::from),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|part| name.contains(part.as_str()))
    }

    /// Whether this is the run that the page in the repository is about.
    fn whole(&self) -> bool {
        self.cases.is_empty() && self.other.is_none()
    }
}

/// Where the servers keep their data unless told.
fn data() -> PathBuf {
    let free = process::first_line("stat", &["-f", "-c", "%a %S", "/dev/shm"]);
    let bytes = free.split(' ').map(|number| number.parse::<u64>().unwrap_or(0)).product::<u64>();
    if bytes >= MEMORY {
        return PathBuf::from("/dev/shm/shardgate-bench");
    }
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-servers")
}

fn main() {
    // `cargo test --all-targets` starts benches too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let lab = runtime.block_on(Lab::start(Settings::read()));
    let about = runtime.block_on(page::about(&lab));
    let mut sections: Vec<Section> = sysbench::measure(&lab).into_iter().collect();
    for (name, measure) in SECTIONS {
        if lab.settings.wants(name) {
            eprintln!("{name}");
            sections.push(measure(&lab, &runtime));
        }
    }
    let page = page::render(&about, &sections);
    println!("\n{page}");
    if lab.settings.whole() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/RESULTS.md");
        std::fs::write(&file, page).unwrap();
        println!("Written to {}", file.display());
    }
}
