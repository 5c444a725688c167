//! The page that a run ends with: goals and whether they are met, then each section's tables.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use crate::process::{find, first_line};
use crate::targets::{Lab, SHARDS};

/// What was aimed at, and what came out.
pub struct Goal {
    pub what: String,
    pub figure: String,
    pub met: bool,
}

/// A part of the page.
pub struct Section {
    /// Markdown, heading included.
    pub text: String,
    pub goals: Vec<Goal>,
}

/// The whole page.
pub fn render(about: &str, sections: &[Section]) -> String {
    let mut goals = table(&["goal", "measured", "met"], 3);
    for goal in sections.iter().flat_map(|section| &section.goals) {
        goals.add_row([goal.what.as_str(), &goal.figure, if goal.met { "yes" } else { "**no**" }]);
    }
    let mut page = format!("{about}\n{goals}\n");
    for section in sections {
        write!(page, "\n{}", section.text).unwrap();
    }
    page.push('\n');
    page.push_str(include_str!("../TRIED.md"));
    page
}

/// A table of Markdown; the columns behind the first `words` are numbers.
pub fn table(header: &[&str], words: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The middle one; of an even number the mean of the middle two.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// The median over rounds of each round's quotient.
pub fn ratio<T>(runs: &[T], base: &[T], value: impl Fn(&T) -> f64) -> f64 {
    median(runs.iter().zip(base).map(|(run, base)| value(run) / value(base)))
}

/// The smallest value that `part` (0 to 1) of all do not exceed. Sorts them.
pub fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * part).ceil() as usize;
    values.get(at.max(1) - 1).copied().unwrap_or(f64::NAN)
}

pub fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

pub fn mib(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

/// What was measured, where and when.
pub async fn about(lab: &Lab) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let haproxy = first_line("haproxy", &["-v"]);
    let cores = std::thread::available_parallelism().unwrap();
    let calls = if find("perf").is_some() { "" } else { " (not counted here: perf is not installed)" };
    format!(
        "# What Shardgate costs beside a TCP relay\n\n\
         What `make bench` printed on {date}: {rounds} round(s), runs of {seconds} s. Clients, proxies and servers share \
         {cores} cores ({model}, Linux {linux}), so read the ratios, not the rates. Ways take turns within a round; a ratio is the \
         median over the rounds of each round's own.\n\n\
         {sysbench}; servers {server}; HAProxy {haproxy} in TCP mode, {cores} threads; Shardgate {version}, before the \
         server of the direct connection, and with `sbtest1` ({rows} rows) over {SHARDS} servers by `id` (CRC32, 1024 slots). \
         Every server's data fits into its memory; its files are on {disk}, and flushed once a second. CPU, context switches and system calls are \
         those of the proxy process alone, from `/proc/PID` and, in a separate short run, `perf stat -e \
         raw_syscalls:sys_enter`{calls}.\n",
        date = first_line("date", &["-u", "+%F"]),
        rounds = lab.settings.rounds,
        seconds = lab.settings.seconds,
        rows = lab.settings.rows,
        model = model.trim_start_matches([':', '\t', ' ']),
        linux = first_line("uname", &["-r"]),
        sysbench = first_line("sysbench", &["--version"]),
        server = lab.cluster.flavor().version().await.unwrap(),
        disk = first_line("stat", &["-f", "-c", "%T", lab.settings.dir.to_str().unwrap()]),
        haproxy = haproxy.split_whitespace().nth(2).unwrap_or("?"),
        version = env!("CARGO_PKG_VERSION"),
    )
}
