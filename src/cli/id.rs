//! `shardgate id next | decode | range`: new ids from a running proxy, what ids say, and which ids a time has.

#![expect(clippy::print_stdout, reason = "a command's answer goes to standard output")]
#![expect(clippy::print_stderr, reason = "a command's problems go to standard error")]

mod next;
mod time;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use comfy_table::CellAlignment;
use comfy_table::presets::ASCII_MARKDOWN;

use super::check::{load, report};
use crate::base::Value;
use crate::base::clock::{Clock, SystemClock};
use crate::base::ids::NodeId;
use crate::base::layout::{EPOCH_MS, Gene, GenePlace, Layout};
use crate::config::{Config, epoch_of, layout_of};
use crate::topology::{self, Database, Layout as Spread, Table, Topology};

/// What to do with ids.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Get new ids from a running proxy, one a line
    Next(next::Options),
    /// Show what ids say: when they were made, by whom, and with a table's configuration where their rows are
    Decode {
        /// The ids
        #[arg(required = true)]
        ids: Vec<String>,
        /// Whose ids they are
        #[command(flatten)]
        of: Of,
    },
    /// Show which ids were made in a time, and the WHERE clause for it. Times are RFC 3339 (2026-01-01T00:00:00Z), UTC
    /// (2026-01-01, "2026-01-01 12:30:00") or Unix milliseconds. The ids' time is the proxies' clocks', and a burst may
    /// run ahead of it by `[ids] max_ahead`, a second by default
    Range {
        /// From this time on
        #[arg(long)]
        from: String,
        /// Until just before this time
        #[arg(long)]
        to: String,
        /// The id's column; the table's if left out, else `id`
        #[arg(long)]
        column: Option<String>,
        /// Whose ids they are
        #[command(flatten)]
        of: Of,
    },
}

/// Whose ids they are.
#[derive(Debug, Args)]
pub struct Of {
    /// The configuration; without one, ids are of the default layout
    #[arg(long, short, conflicts_with_all = ["layout", "epoch"])]
    config: Option<PathBuf>,
    /// The table, `database.table`
    #[arg(long, short, requires = "config")]
    table: Option<String>,
    /// Bits of time, worker and sequence, such as 41/10/12, or with a gene 41/4/8+10 (its place: `+10 low`)
    #[arg(long, short)]
    layout: Option<String>,
    /// The day that the ids' time counts from
    #[arg(long)]
    epoch: Option<String>,
}

/// Why there is no answer, and the exit code.
enum Failure {
    /// Printed already.
    Told(ExitCode),
    /// To be printed.
    Because(String),
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Because(why)
    }
}

/// Runs the command.
pub fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Next(options) => next::run(&options),
        Command::Decode { ids, of } => decode(&ids, &of),
        Command::Range { from, to, column, of } => range(&from, &to, column, &of),
    };
    match done {
        Ok(text) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(Failure::Told(code)) => code,
        Err(Failure::Because(why)) => {
            eprintln!("shardgate: {why}");
            ExitCode::FAILURE
        }
    }
}

/// What is known of ids.
struct Known {
    layout: Layout,
    table: Option<Owner>,
}

/// The table that ids belong to.
struct Owner {
    topology: Topology,
    /// `database.table`
    name: String,
    table: Arc<Table>,
}

impl Of {
    fn known(&self) -> Result<Known, Failure> {
        let Some(path) = &self.config else {
            let epoch_ms = self.epoch.as_deref().map_or(Ok(EPOCH_MS), epoch_of)?;
            let layout = parse_layout(self.layout.as_deref().unwrap_or("41/10/12"), epoch_ms)?;
            return Ok(Known { layout, table: None });
        };
        let (config, topology) = configured(path)?;
        let Some(name) = &self.table else {
            return Ok(Known { layout: config.ids.layout, table: None });
        };
        let owner = Owner::find(topology, name)?;
        let layout = owner.table.id.as_ref().and_then(|id| id.layout);
        let layout = layout.ok_or_else(|| {
            format!("ids of {} are no snowflakes: they hold neither time nor worker", owner.name)
        })?;
        Ok(Known { layout, table: Some(owner) })
    }
}

fn configured(path: &std::path::Path) -> Result<(Config, Topology), Failure> {
    let built = load(path).and_then(|config| topology::build(&config, 1).map(|topology| (config, topology)));
    built.map_err(|problems| Failure::Told(report(&problems)))
}

/// `41/10/12`, `41/4/8+10` or `41/4/8+10 low`: as layouts are written, the sequence without the gene.
fn parse_layout(text: &str, epoch_ms: u64) -> Result<Layout, String> {
    let Some((bits, gene)) = text.split_once('+') else { return layout_of(text, epoch_ms) };
    let wrong = || format!("\"{text}\" is no layout; a gene is written such as 41/4/8+10 or 41/4/8+10 low");
    let (gene, place) = match gene.split_once(' ').unwrap_or((gene, "middle")) {
        (gene, "middle") => (gene, GenePlace::Middle),
        (gene, "low") => (gene, GenePlace::Low),
        _ => return Err(wrong()),
    };
    let gene: u32 = gene.parse().map_err(|_| wrong())?;
    let (head, sequence) = bits.rsplit_once('/').ok_or_else(wrong)?;
    let sequence: u32 = sequence.trim().parse().map_err(|_| wrong())?;
    let both = layout_of(&format!("{head}/{}", sequence.saturating_add(gene)), epoch_ms)?;
    both.with_gene(Gene { bits: gene, place })
}

/// The tables with an id, `database.table`.
fn with_ids(topology: &Topology) -> Vec<String> {
    let of = |database: &Arc<Database>| {
        let with = database.tables.values().filter(|table| table.id.is_some());
        with.map(|table| format!("{}.{}", database.name, table.name)).collect::<Vec<_>>()
    };
    topology.databases.values().flat_map(of).collect()
}

impl Owner {
    /// The only table with an id.
    fn only(topology: Topology) -> Result<Self, String> {
        match with_ids(&topology).as_slice() {
            [] => Err("the configuration has no table with an id".into()),
            [name] => Self::find(topology, name),
            names => Err(format!("say with --table whose ids: {}", names.join(", "))),
        }
    }

    /// A table with an id by its name; the database may be left out where there is only one.
    fn find(topology: Topology, name: &str) -> Result<Self, String> {
        let mut databases = topology.databases.values();
        let (database, table) = match (name.split_once('.'), databases.next(), databases.next()) {
            (Some((database, table)), ..) => (database, table),
            (None, Some(only), None) => (&*only.name, name),
            (None, ..) => return Err(format!("write {name} with its database: DATABASE.{name}")),
        };
        let table = topology.database(database).and_then(|database| database.tables.get(table)).cloned();
        if let Some(table) = table.filter(|table| table.id.is_some()) {
            return Ok(Self { name: format!("{database}.{}", table.name), table, topology });
        }
        let known = with_ids(&topology).join(", ");
        Err(format!("{name} is no table with an id in the configuration; those are: {known}"))
    }

    /// Where the row of an id is, as far as the id says it.
    fn shard(&self, id: u64, gene: Option<u32>) -> Option<String> {
        let (Spread::Sharded(sharded), Some(rule)) = (&self.table.layout, &self.table.id) else {
            return None;
        };
        let node: NodeId = match gene {
            Some(slot) if id >= rule.cutover => sharded.rule.parts().node(slot)?,
            Some(_) => return None,
            None if sharded.key.eq_ignore_ascii_case(&rule.column) => {
                sharded.rule.store(&Value::UInt(id)).ok()?
            }
            None => return None,
        };
        let place = sharded.node(node)?;
        let source = &self.topology.source(place.source)?.name;
        let table = place.table.as_ref().map(|table| format!(".{table}")).unwrap_or_default();
        Some(format!("{} ({source}/{}{table})", node.0, place.schema))
    }
}

fn decode(ids: &[String], of: &Of) -> Result<String, Failure> {
    let known = of.known()?;
    let layout = known.layout;
    let last = layout.range(0, u64::MAX).map_or(u64::MAX, |(_, last)| last);
    let sharded = known.table.as_ref().is_some_and(|owner| matches!(owner.table.layout, Spread::Sharded(_)));
    let mut heads = vec!["id", "time (UTC)", "worker", "sequence"];
    heads.extend(layout.gene().map(|_| "gene"));
    heads.extend(sharded.then_some("shard"));
    heads.push("age");
    let mut table = comfy_table::Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header(&heads);
    let now = SystemClock.unix_ms();
    for text in ids {
        let id: u64 =
            text.trim().parse().map_err(|_| format!("\"{text}\" is no id: ids are whole numbers"))?;
        if id > last {
            return Err(Failure::Because(format!(
                "{id} is no id of the layout {layout}, whose last is {last}"
            )));
        }
        let parts = layout.decode(id);
        let mut cells = vec![
            id.to_string(),
            time::written(parts.unix_ms),
            parts.worker.to_string(),
            parts.sequence.to_string(),
        ];
        cells.extend(parts.gene.map(|gene| gene.to_string()));
        if sharded {
            let shard = known.table.as_ref().and_then(|owner| owner.shard(id, parts.gene));
            cells.push(shard.unwrap_or_else(|| "by another column".into()));
        }
        cells.push(time::age(parts.unix_ms, now));
        table.add_row(cells);
    }
    for (at, head) in heads.iter().enumerate() {
        if ["id", "worker", "sequence", "gene"].contains(head)
            && let Some(column) = table.column_mut(at)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let epoch = time::written(layout.epoch_ms());
    let whose = known.table.map(|owner| format!(" of {}", owner.name)).unwrap_or_default();
    let (day, _) = epoch.split_at(10);
    Ok(format!("Layout{whose}: {layout}, counted from {day}.\n\n{table}"))
}

fn range(from: &str, to: &str, column: Option<String>, of: &Of) -> Result<String, Failure> {
    let known = of.known()?;
    let layout = known.layout;
    let (begin, end) = (time::from(from)?, time::to(to)?);
    if begin >= end {
        return Err(Failure::Because(format!(
            "--from {from} is not before --to {to}: ids from --from on and before --to are meant"
        )));
    }
    let (epoch, over) = (layout.epoch_ms(), layout.epoch_ms().saturating_add(layout.end()));
    for (what, text, ms) in [("--from", from, begin), ("--to", to, end - 1)] {
        if ms < epoch || ms >= over {
            let why = format!(
                "{what} {text} is outside of the ids' time, which goes from {} to {} in the layout {layout}",
                time::written(epoch),
                time::written(over)
            );
            return Err(Failure::Because(why));
        }
    }
    let (first, last) = layout.range(begin, end - 1).ok_or_else(|| "no id has such a time".to_owned())?;
    let own = known.table.and_then(|owner| owner.table.id.as_ref().map(|id| id.column.to_string()));
    let column = column.or(own).unwrap_or_else(|| "id".into()).replace('`', "``");
    Ok(format!("first  {first}\nlast   {last}\n\nWHERE `{column}` BETWEEN {first} AND {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_read_as_they_are_written() {
        for text in ["41/10/12", "41/5/7", "41/4/8+10 middle", "41/4/8+10 low"] {
            assert_eq!(parse_layout(text, 0).unwrap().to_string(), text);
        }
        assert_eq!(parse_layout("41/4/8+10", 0).unwrap().to_string(), "41/4/8+10 middle");
        for text in
            ["", "41", "41/10", "41/10/x", "41/10/12/1", "41/10/13", "41/4/8+", "41/4/8+x", "41/4/8+10 high"]
        {
            assert!(parse_layout(text, 0).is_err(), "{text}");
        }
    }
}
