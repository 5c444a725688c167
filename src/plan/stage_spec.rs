//! Copies of rows that a SELECT runs over: plain data.

use std::sync::Arc;

use super::bind::{self, Bound, SessionValues, Setting, Source};
use super::ir::{Plan, Stored};
use crate::base::{Code, Error, Result};
use crate::topology::schema::Column;
use crate::topology::{Layout, Node};

/// How a SELECT is answered over copies of rows.
#[derive(Debug)]
pub struct Ways {
    /// Outside of transactions: beside tables that stay where they are.
    pub alone: Option<Staged>,
    /// In a transaction, whose connections make no tables and whose changes no other connection sees: over copies
    /// only.
    pub within: Option<Staged>,
}

/// A SELECT over copies of rows: temporary tables that are filled before it runs, and go when it has run.
#[derive(Debug)]
pub struct Staged {
    /// The copies.
    pub stages: Vec<Stage>,
    /// The statement over them: its tables are the stages.
    pub rest: Box<Plan>,
    /// Some stage is opened twice (a common table expression that is read twice), which MySQL does not do.
    pub reopens: bool,
}

/// One execution of a [`Staged`]: which servers are asked what.
#[derive(Debug)]
pub struct BoundStages {
    /// What reads the rows of each stage.
    pub pulls: Vec<Bound>,
    /// The statement over them.
    pub rest: Bound,
}

impl Staged {
    /// Binds one execution's values.
    pub fn bind(
        &self,
        source: &dyn Source,
        session: &dyn SessionValues,
        setting: Setting,
    ) -> Result<BoundStages> {
        let bind = |plan: &Plan| {
            bind::bind(plan, source, session, setting, &mut |_, _, _| {
                Err(Error::new(Code::Internal, "a read makes no ids"))
            })
        };
        let pulls = self.stages.iter().map(|stage| bind(&stage.pull)).collect::<Result<_>>()?;
        Ok(BoundStages { pulls, rest: bind(&self.rest)? })
    }

    /// Where a stage is needed: on the sources that the statement runs on.
    pub fn places(&self, stage: &Stage, bound: &BoundStages) -> Vec<Node> {
        let here = |node: &&Node| {
            node.table.as_deref() == Some(&*stage.name)
                && bound.rest.jobs.iter().any(|job| job.source == node.source)
        };
        let nodes = self.rest.tables.iter().filter_map(|used| match &used.table.layout {
            Layout::Reference(nodes) => Some(nodes.iter().filter(here)),
            _ => None,
        });
        nodes.flatten().cloned().collect()
    }
}

/// Rows of one table, as a temporary table.
#[derive(Debug)]
pub struct Stage {
    /// Its name.
    pub name: Arc<str>,
    /// The table whose rows it holds.
    pub table: Arc<str>,
    /// What stands between the parentheses of CREATE TEMPORARY TABLE.
    pub definition: String,
    /// Its columns, in the order of the rows that are read.
    pub columns: Vec<StageColumn>,
    /// What reads the rows.
    pub pull: Plan,
}

/// A column of a stage.
#[derive(Debug)]
pub struct StageColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub stored: Stored,
    /// It is read as seconds since 1970.
    pub seconds: bool,
}

impl StageColumn {
    /// The copy of a table's column.
    pub fn of(column: &Column) -> Self {
        let seconds = column.data_type == "timestamp";
        let stored = if seconds { Stored::Other } else { Stored::of(column) };
        Self { name: column.name.clone(), stored, seconds }
    }
}
