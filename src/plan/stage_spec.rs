//! Copies of rows that a SELECT runs over: plain data.

use std::fmt::Write as _;
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
    /// The statement over them: its tables are the stages, and what lies beside them. Without any stage it runs where a
    /// statement runs that needs none.
    pub rest: Box<Plan>,
    /// What runs over the rows of `rest`, if they are not the answer.
    pub last: Option<Last>,
    /// Some stage is opened twice (a common table expression that is read twice), which MySQL does not do.
    pub reopens: bool,
}

/// A statement over the merged rows of another.
#[derive(Debug)]
pub struct Last {
    /// What the rows are put into.
    pub stage: Stage,
    /// The statement.
    pub plan: Box<Plan>,
}

/// Rows of one table or query, as a temporary table.
#[derive(Debug)]
pub struct Stage {
    /// Its name.
    pub name: Arc<str>,
    /// The table whose rows it holds, or what they are.
    pub table: Arc<str>,
    /// Its columns, in the order of the rows that are read; `None`: as they come.
    pub columns: Option<Vec<StageColumn>>,
    /// Its indexes, as CREATE TABLE has them behind the columns.
    pub keys: Vec<String>,
    /// What reads the rows; `None` where they come from the statement that is run before.
    pub pull: Option<Plan>,
}

/// A column of a stage.
#[derive(Debug, Clone, Default)]
pub struct StageColumn {
    /// Its name.
    pub name: String,
    /// Its type and what else belongs to its definition; `None`: as servers describe what they answer.
    pub definition: Option<String>,
    /// What it holds, where its definition is known.
    pub stored: Option<Stored>,
    /// It is read as seconds since 1970.
    pub seconds: bool,
}

impl StageColumn {
    /// The copy of a table's column.
    pub fn of(column: &Column) -> Self {
        let seconds = column.data_type == "timestamp";
        let stored = if seconds { Stored::Other } else { Stored::of(column) };
        Self { name: column.name.clone(), definition: Some(defined(column)), stored: Some(stored), seconds }
    }

    /// A column of a query's rows, which is a table's column or not.
    pub fn computed(name: String, column: Option<&Column>) -> Self {
        Self { name, definition: column.map(defined), stored: column.map(Stored::of), seconds: false }
    }
}

/// A column's type as it is defined, without what gives it values.
fn defined(column: &Column) -> String {
    let mut out = column.column_type.clone();
    if let (Some(charset), Some(collation)) = (&column.charset, &column.collation) {
        let _ = write!(out, " CHARACTER SET {charset} COLLATE {collation}");
    }
    out.push_str(match (column.nullable, column.data_type.as_str()) {
        (false, "timestamp") => " NOT NULL DEFAULT '1970-01-02 00:00:00'",
        (false, _) => " NOT NULL",
        (true, _) => " NULL",
    });
    if column.invisible {
        out.push_str(" INVISIBLE");
    }
    out
}
