//! How many rows a plan moves: each server counts its own, by the rules' SQL forms. Only SELECT COUNT runs, on the
//! primaries.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::moves::{Plan, Side, TablePlan};
use super::server::{connect, quoted};
use crate::config::{Config, Source};

/// One statement that counts a site's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The table's place in the plan.
    pub table: usize,
    /// The site's place in the table's `now.sites`.
    pub site: usize,
    /// The source's name.
    pub source: String,
    /// Answers rows of: part now, part then (NULL: no place), and how many rows.
    pub sql: String,
}

/// What was counted of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// All rows.
    pub rows: u64,
    /// Rows that move (for reference tables: that are copied).
    pub moved: u64,
    /// Rows by where from and where to: places in `now.sites` and `then.sites`.
    pub flows: BTreeMap<(usize, usize), u64>,
    /// Rows that are not where the present rule looks for them.
    pub misplaced: u64,
    /// Rows that the new rule gives no place.
    pub homeless: u64,
    /// What could not be counted, and why.
    pub errors: Vec<String>,
}

/// How far the counting is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Sites counted.
    pub done: usize,
    /// Sites to count.
    pub total: usize,
    /// The site that was counted last.
    pub site: String,
}

/// The statements that count a plan's rows.
pub fn statements(plan: &Plan) -> Vec<Statement> {
    let mut out = Vec::new();
    for (table, planned) in plan.tables.iter().enumerate() {
        let sites = if planned.copies { &planned.now.sites[..1] } else { &planned.now.sites[..] };
        for (number, site) in sites.iter().enumerate() {
            let (now, then) = (form(&planned.now, planned), form(&planned.then, planned));
            let place = format!("{}.{}", quoted(&site.schema), quoted(&site.table));
            out.push(Statement {
                table,
                site: number,
                source: site.source.clone(),
                sql: format!("SELECT {now} AS a, {then} AS b, COUNT(*) FROM {place} AS t GROUP BY a, b"),
            });
        }
    }
    out
}

fn form(side: &Side, table: &TablePlan) -> String {
    match &side.rule {
        Some((key, rule)) if !table.copies => rule.sql_form(&format!("t.{}", quoted(key))),
        _ => "0".into(),
    }
}

/// Counts, source by source in parallel, with one connection each. `progress` is called after each site. The answer
/// has one entry for each table of the plan; what fails is told there.
pub async fn estimate(now: &Config, plan: &Plan, mut progress: impl FnMut(Progress)) -> Vec<Counts> {
    let statements = statements(plan);
    let total = statements.len();
    let mut by_source: BTreeMap<String, Vec<Statement>> = BTreeMap::new();
    for statement in statements {
        by_source.entry(statement.source.clone()).or_default().push(statement);
    }
    let (sender, mut answers) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    for (name, statements) in by_source {
        if let Some(source) = now.sources.iter().find(|source| source.name == name) {
            tasks.spawn(count(source.clone(), now.pool.connect_timeout, statements, sender.clone()));
        }
    }
    drop(sender);
    let mut counts = vec![Counts::default(); plan.tables.len()];
    let mut done = 0;
    while let Some((statement, answer)) = answers.recv().await {
        let table = &plan.tables[statement.table];
        let site = table.now.sites[statement.site].to_string();
        match answer {
            Ok(rows) => add(&mut counts[statement.table], table, statement.site, &rows),
            Err(why) => counts[statement.table].errors.push(format!("{site}: {why}")),
        }
        done += 1;
        progress(Progress { done, total, site });
    }
    counts
}

/// Part now, part then, rows.
type Row = (Option<u32>, Option<u32>, u64);
type Answer = (Statement, Result<Vec<Row>, String>);

async fn count(
    source: Source,
    limit: std::time::Duration,
    statements: Vec<Statement>,
    answers: mpsc::UnboundedSender<Answer>,
) {
    let mut conn = match connect(&source.primary, limit).await {
        Ok(conn) => conn,
        Err(why) => {
            for statement in statements {
                // The receiver lives as long as this task is waited for.
                let _ = answers.send((statement, Err(why.clone())));
            }
            return;
        }
    };
    for statement in statements {
        let rows = conn.query::<Row, _>(statement.sql.as_str()).await.map_err(|error| error.to_string());
        let _ = answers.send((statement, rows));
    }
    // Nothing was changed: how the goodbye goes does not matter.
    let _ = conn.disconnect().await;
}

fn add(counts: &mut Counts, table: &TablePlan, from: usize, rows: &[Row]) {
    for (now, then, rows) in rows {
        counts.rows += rows;
        if table.copies {
            for copy in table.moves.iter().flatten() {
                *counts.flows.entry((copy.from, copy.to)).or_default() += rows;
                counts.moved += rows;
            }
            continue;
        }
        if table.now.site_of(*now) != Some(from) {
            counts.misplaced += rows;
        }
        match table.then.site_of(*then) {
            None => counts.homeless += rows,
            Some(to) if table.then.sites.get(to) == table.now.sites.get(from) => {}
            Some(to) => {
                *counts.flows.entry((from, to)).or_default() += rows;
                counts.moved += rows;
            }
        }
    }
}
