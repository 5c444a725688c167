//! `shardgate verify --config FILE [DATABASE[.TABLE] …]`: whether reference tables are equal everywhere, and rows of
//! sharded tables on the shards of their keys. Changes nothing.

#![expect(clippy::print_stdout, reason = "a command's answer goes to standard output")]
#![expect(clippy::print_stderr, reason = "a command's problems go to standard error")]

use std::path::Path;
use std::process::ExitCode;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use indicatif::ProgressBar;

use super::check::{load, report, run};
use super::reshard::grouped;
use crate::reshard::verify::{Verified, verify};

/// Prints what was found. Fails where rows differ or lie elsewhere, and where that could not be told.
pub fn verify_tables(file: &Path, wanted: &[String]) -> ExitCode {
    let config = match load(file) {
        Ok(config) => config,
        Err(problems) => return report(&problems),
    };
    let bar = ProgressBar::new_spinner();
    let found = run(verify(&config, wanted, |table| bar.set_message(table.to_owned())));
    bar.finish_and_clear();
    let verified = match found {
        Ok(Ok(verified)) => verified,
        Ok(Err(why)) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
        Err(code) => return code,
    };
    println!("{}", table(&verified));
    let mut wrong = false;
    for one in &verified {
        match &one.outcome {
            Ok(rows) => {
                wrong |= !rows.is_empty();
                for row in rows {
                    println!("{} {row}", one.table);
                }
            }
            Err(why) => {
                wrong = true;
                eprintln!("{} is not verified: {why}", one.table);
            }
        }
    }
    if wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn table(verified: &[Verified]) -> Table {
    let mut out = Table::new();
    out.load_preset(ASCII_MARKDOWN);
    out.set_header(["table", "kind", "places", "rows", "seconds", "result"]);
    for one in verified {
        let kind = if one.reference { "reference" } else { "sharded" };
        let result = match (&one.outcome, one.reference) {
            (Err(_), _) => "not verified".to_owned(),
            (Ok(rows), true) if rows.is_empty() => "equal".to_owned(),
            (Ok(rows), false) if rows.is_empty() => "in place".to_owned(),
            (Ok(rows), true) => format!("{} rows differ", told(rows)),
            (Ok(rows), false) => format!("{} rows elsewhere", told(rows)),
        };
        let seconds = format!("{:.2}", one.time.as_secs_f64());
        out.add_row([&one.table, kind, &one.places.to_string(), &grouped(one.rows), &seconds, &result]);
    }
    for column in 2..5 {
        if let Some(column) = out.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    out
}

/// As many as are told may not be all.
fn told(rows: &[String]) -> String {
    let least = if rows.len() >= crate::reshard::verify::TOLD { "≥ " } else { "" };
    format!("{least}{}", rows.len())
}
