//! `benches/GROWTH.md`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use comfy_table::{CellAlignment, Table, presets};

use crate::curve::{Curve, Figure};
use crate::plot;

/// The page; `server` is the version of the servers, if there were any.
pub fn page(figures: &[Figure], server: Option<&str>) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let mut out = format!(
        "# How cost grows\n\n\
         What `make bench-growth` measured on {date}, on {cores} cores ({model}) that bench, proxy and servers ({server}) share; \
         Shardgate {version}.\n\n\
         The slope is that of the curve over its last decade in the log-log plot: 1 is cost in proportion (the dashed lines), 0 is level. \
         The goal is at most 1 for the work on a growing number of things (1 + 1/ln n where they are sorted or merged), and at most 0.3 for a \
         statement that does not concern them; 0.15 more is taken for noise.\n",
        date = date(),
        cores = std::thread::available_parallelism().unwrap(),
        model = model.trim_start_matches([':', '\t', ' ']),
        server = server.unwrap_or("none"),
        version = env!("CARGO_PKG_VERSION"),
    );
    for figure in figures {
        write!(out, "\n## {}\n\n{}\n\n", figure.title, figure.about).unwrap();
        writeln!(out, "![{}](growth/{}.svg)", figure.title, figure.name).unwrap();
        for panel in &figure.panels {
            writeln!(out, "\n{}\n", numbers(panel.x, panel.y, &panel.curves)).unwrap();
        }
    }
    out
}

/// Writes the page and the pictures.
pub fn write(figures: &[Figure], page: &str) {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches");
    std::fs::write(benches.join("GROWTH.md"), page).unwrap();
    for figure in figures {
        std::fs::write(benches.join(format!("growth/{}.svg", figure.name)), plot::svg(figure)).unwrap();
    }
    println!("Written to {}", benches.join("GROWTH.md").display());
}

/// A row an x, a column a curve; then slopes and goals.
fn numbers(x: &str, y: &str, curves: &[Curve]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header([format!("{x} → {y}")].into_iter().chain(curves.iter().map(|c| c.name.to_owned())));
    let mut all: Vec<f64> =
        curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.0)).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    for x in all {
        let at = |curve: &Curve| {
            curve.points.iter().find(|point| point.0.total_cmp(&x).is_eq()).map(|point| point.1)
        };
        table.add_row(
            [grouped(x)].into_iter().chain(curves.iter().map(|c| at(c).map_or(String::new(), number))),
        );
    }
    let mut line = |name: &str, cell: &dyn Fn(&Curve) -> String| {
        table.add_row([name.to_owned()].into_iter().chain(curves.iter().map(cell)));
    };
    line("slope", &|curve| format!("{:.2}", curve.slope()));
    line("goal", &|curve| format!("{}: {}", curve.wanted(), if curve.met() { "met" } else { "not met" }));
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// `10,000`
fn grouped(x: f64) -> String {
    let digits = format!("{x:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three digits that count.
fn number(y: f64) -> String {
    match y {
        100.0.. => grouped(y),
        10.0.. => format!("{y:.1}"),
        1.0.. => format!("{y:.2}"),
        _ => format!("{y:.3}"),
    }
}

fn date() -> String {
    let output = Command::new("date").args(["-u", "+%F"]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
