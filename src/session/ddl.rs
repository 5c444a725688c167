//! DDL: the same change of definitions at every place of a table.

use super::Session;
use super::query::{Text, no_job};
use crate::backend::conn::Summary;
use crate::base::{Error, Result};
use crate::exec::info;
use crate::exec::send::{Call, Preset};
use crate::exec::single::Around;
use crate::exec::write::{self, Pace, Task};
use crate::plan::Bound;
use crate::plan::ir::{DdlStep, Job};
use crate::topology::Node;

impl Session {
    pub(super) async fn ddl(&mut self, steps: &[DdlStep], bound: &Bound, text: &Text<'_>) -> Result<()> {
        let mut summaries = Vec::new();
        let mut begun = 0;
        for (step, end) in steps.iter().zip(&bound.steps) {
            let jobs = bound.jobs.get(begun..*end).unwrap_or_default();
            begun = *end;
            let original = text.original;
            let call = |job: &'_ Job| Call::Owned(job.text.clone().unwrap_or_else(|| original.to_vec()));
            let tasks: Vec<Task<'_>> = jobs
                .iter()
                .map(|job| {
                    let ids = Preset::default();
                    Task { source: job.source, schema: &job.schema, call: call(job), ids }
                })
                .collect();
            let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
            // No deadline, and no matter whether the client waits: stopped half-way, shards would differ.
            let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline: None };
            let (settings, pace) = (&self.vars.settings, Pace::Whatever);
            let results = write::run(&tasks, settings, &mut using, pace, None, around).await.results;
            for (database, table) in &step.changes {
                self.shared.catalog.forget(database, table);
            }
            self.shared.definitions_changed();
            let places: Vec<&Node> = step.nodes.iter().map(|(node, _)| node).collect();
            let done = self.all_done(&places, results)?;
            let rows = done.iter().map(|summary| summary.affected).sum();
            let infos: Vec<String> = done.iter().map(|summary| summary.info.clone()).collect();
            let info = info::sum(&infos);
            summaries.extend(done.into_iter().next().map(|first| Summary { affected: rows, info, ..first }));
        }
        self.last.row_count = 0;
        // Each place says the same: one server's answer is the answer.
        let mut summary = summaries.into_iter().next().unwrap_or_default();
        self.last.warnings = std::mem::take(&mut summary.messages);
        if summary.last_insert_id != 0 {
            // CREATE TABLE … SELECT.
            self.last.insert_id = summary.last_insert_id;
        }
        self.ok(&summary, text.more);
        Ok(())
    }

    /// DDL has succeeded everywhere, or the error says where it did and where it did not.
    pub(super) fn all_done(
        &self,
        places: &[&Node],
        results: Vec<Option<Result<Summary>>>,
    ) -> Result<Vec<Summary>> {
        let mut done = Vec::new();
        let mut failures: Vec<(String, Error)> = Vec::new();
        for (node, result) in places.iter().zip(results) {
            let name = self.shared.topology().source(node.source).map_or("?", |source| &source.name);
            let table = node.table.as_ref().map_or(String::new(), |table| format!(".{table}"));
            match result {
                Some(Ok(summary)) => done.push(summary),
                Some(Err(error)) => failures.push((format!("{name}/{}{table}", node.schema), error)),
                None => failures.push((format!("{name}/{}{table}", node.schema), no_job())),
            }
        }
        let Some((_, first)) = failures.first() else { return Ok(done) };
        if done.is_empty() && failures.iter().all(|(_, error)| error.errno == first.errno) {
            return Err(first.clone());
        }
        let list: Vec<String> = failures
            .iter()
            .map(|(place, error)| format!("{place}: {} {}", error.errno, error.message))
            .collect();
        let message =
            format!("done on {} of {} places, failed on {}", done.len(), places.len(), list.join("; "));
        Err(Error { message, ..first.clone() })
    }
}
