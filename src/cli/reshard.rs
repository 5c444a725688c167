//! `shardgate reshard plan --from NOW --to THEN [--connect]`: what would move, and how many rows that is. Changes
//! nothing.

#![expect(clippy::print_stdout, reason = "a command's answer goes to standard output")]

use std::path::Path;
use std::process::ExitCode;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};

use super::check::{load, report, run};
use crate::config::Config;
use crate::reshard::moves::{GroupPlan, TablePlan};
use crate::reshard::{Counts, Plan, Progress, estimate, moves};

/// Prints the plan from one configuration to another; with `connect` the servers of the first count their rows.
/// Fails if a file has problems, if rows would be misread under the new one, or if something could not be counted.
pub fn plan(from: &Path, to: &Path, connect: bool) -> ExitCode {
    let (now, then) = match (load(from), load(to)) {
        (Ok(now), Ok(then)) => (now, then),
        (now, then) => {
            let problems: Vec<_> = now.err().into_iter().chain(then.err()).flatten().collect();
            return report(&problems);
        }
    };
    let plan = moves(&now, &then);
    for group in &plan.groups {
        print_group(group, to);
    }
    let mut counts = None;
    if connect && !plan.tables.is_empty() {
        match count(&now, &plan) {
            Ok(counted) => counts = Some(counted),
            Err(code) => return code,
        }
    }
    if plan.tables.is_empty() {
        println!("No declared table has to move.");
    } else {
        println!("{}", table(&plan, counts.as_deref()));
    }
    for note in &plan.notes {
        println!("note: {note}");
    }
    for problem in &plan.problems {
        println!("refused: {problem}");
    }
    let errors: Vec<&String> = counts.iter().flatten().flat_map(|counts| &counts.errors).collect();
    for error in &errors {
        println!("not counted: {error}");
    }
    println!("Nothing was changed.");
    if errors.is_empty() && plan.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print_group(group: &GroupPlan, to: &Path) {
    let GroupPlan { database, group: name, parts, moved, ranges } = group;
    let percent = f64::from(*moved) * 100.0 / f64::from((*parts).max(1));
    println!("Group {database}.{name}: {moved} of {parts} parts move ({percent:.1} %).");
    if let Some(ranges) = ranges {
        println!("That is the fewest for an even spread. Write this map into {}:\n", to.display());
        println!("  [database.{database}.group.{name}]");
        println!("  algorithm = {{ …, ranges = [");
        for range in ranges {
            println!("    \"{range}\",");
        }
        println!("  ] }}\n");
    }
}

fn count(now: &Config, plan: &Plan) -> Result<Vec<Counts>, ExitCode> {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("counting {bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let show = |progress: Progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.site);
    };
    let counts = run(estimate(now, plan, show));
    bar.finish_and_clear();
    counts
}

/// One line for each flow; with counts the rows, and lines for what only the rows could tell.
fn table(plan: &Plan, counts: Option<&[Counts]>) -> Table {
    let mut out = Table::new();
    out.load_preset(ASCII_MARKDOWN);
    let mut header = vec!["table", "from", "to", "what"];
    if counts.is_some() {
        header.push("rows");
    }
    out.set_header(header);
    for (number, planned) in plan.tables.iter().enumerate() {
        let counted = counts.and_then(|counts| counts.get(number));
        rows(&mut out, planned, counted);
    }
    if let Some(column) = out.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    out
}

fn rows(out: &mut Table, planned: &TablePlan, counted: Option<&Counts>) {
    let name = format!("{}.{}", planned.database, planned.table);
    // Where a site could not be counted, every figure is a lower bound.
    let least = if counted.is_some_and(|counts| !counts.errors.is_empty()) { "≥ " } else { "" };
    let mut add = |from: String, to: String, what: &str, rows: Option<u64>| {
        let mut cells = vec![name.clone(), from, to, what.to_owned()];
        cells.extend(rows.map(|rows| format!("{least}{}", grouped(rows))));
        out.add_row(cells);
    };
    let site = |sites: &[crate::reshard::moves::Site], at: usize| {
        sites.get(at).map_or(String::new(), ToString::to_string)
    };
    let ends = |from, to| (site(&planned.now.sites, from), site(&planned.then.sites, to));
    let planned_moves = planned.moves.as_deref().unwrap_or_default();
    for m in planned_moves {
        let (from, to) = ends(m.from, m.to);
        let rows = counted.map(|counts| counts.flows.get(&(m.from, m.to)).copied().unwrap_or_default());
        let what = match m.pieces {
            0 | 1 => shortened(&m.what),
            pieces => format!("{pieces} {}", shortened(&m.what)),
        };
        add(from, to, &what, rows);
    }
    let Some(counts) = counted else {
        if planned.moves.is_none() {
            add(String::new(), String::new(), "known only when counted", None);
        }
        return;
    };
    for ((from, to), rows) in &counts.flows {
        if !planned_moves.iter().any(|m| (m.from, m.to) == (*from, *to)) {
            let what = if planned.moves.is_none() { "by the new rule" } else { "misplaced rows" };
            let (from, to) = ends(*from, *to);
            add(from, to, what, Some(*rows));
        }
    }
    let (homeless, misplaced) = (counts.homeless, counts.misplaced);
    if homeless > 0 {
        add(String::new(), String::new(), "NO PLACE under the new rule", Some(homeless));
    }
    if misplaced > 0 {
        add(String::new(), String::new(), "of all: not where the present rule looks", Some(misplaced));
    }
    let total = format!("moves, of {least}{}", grouped(counts.rows));
    add(String::new(), String::new(), &total, Some(counts.moved));
}

/// Long lists of parts are cut for the table's sake.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST).collect();
    format!("{head}…")
}

/// `1234567` → `1,234,567`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
