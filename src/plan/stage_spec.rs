//! Copies of rows that a SELECT runs over: plain data.

use std::sync::Arc;

use super::ir::{Plan, Stored};
use crate::topology::schema::Column;

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
