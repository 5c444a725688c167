//! Copies of rows that a SELECT runs over: plain data.

use std::fmt::Write as _;
use std::sync::Arc;

use super::bind::{self, Bound, SessionValues, Setting, Source};
use super::ir::{Act, Piece, Plan, Read, Stored};
use crate::base::{Code, Error, Fate, Origin, Result};
use crate::topology::schema::Column;
use crate::topology::{Layout, Node, Sharded};

/// How a SELECT is answered over copies of rows.
#[derive(Debug)]
pub struct Ways {
    /// Outside of transactions: beside tables that stay where they are.
    pub alone: Option<Staged>,
    /// In a transaction, whose connections make no tables and whose changes no other connection sees: over copies
    /// only.
    pub within: Option<Staged>,
    /// Over copies of all its tables, where the values of an execution are such that the others refuse it; `None`:
    /// `within` is that.
    pub whole: Option<Staged>,
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

/// Which of its ways a read takes.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// In a transaction.
    pub within: bool,
    /// The servers open a temporary table twice in one statement.
    pub reopens: bool,
}

impl Choice {
    /// The copies that a read runs over which is refused as it stands.
    pub fn of(self, read: &Read) -> Option<&Staged> {
        let ways = read.staged.as_deref()?;
        let way = if self.within { &ways.within } else { &ways.alone };
        way.as_ref().filter(|staged| self.takes(staged))
    }

    /// The copies of all its tables, which no values and no rows are refused by.
    pub fn whole(self, read: &Read) -> Option<&Staged> {
        let ways = read.staged.as_deref()?;
        ways.whole.as_ref().or(ways.within.as_ref()).filter(|staged| self.takes(staged))
    }

    /// Whether the servers run a statement over such copies.
    pub fn takes(self, staged: &Staged) -> bool {
        self.reopens || !staged.reopens
    }

    /// The copies that a read runs over which is refused as it stands, and what is asked.
    ///
    /// # Errors
    /// The refusal, if it cannot be answered so either.
    pub fn bind<'r>(
        self,
        read: &'r Read,
        refusal: Error,
        source: &dyn Source,
        session: &dyn SessionValues,
        setting: Setting,
    ) -> Result<(&'r Staged, BoundStages)> {
        let Some(staged) = self.of(read) else { return Err(refusal) };
        match staged.bind(source, session, setting, self) {
            Err(refusal) if is_refusal(&refusal) => {
                let whole = self.whole(read).ok_or(refusal)?;
                whole.bind(source, session, setting, self).map(|bound| (whole, bound))
            }
            bound => bound.map(|bound| (staged, bound)),
        }
    }
}

/// One execution of a [`Staged`]: which servers are asked what.
#[derive(Debug)]
pub struct BoundStages {
    /// What reads the rows of each stage.
    pub pulls: Vec<Pulled>,
    /// The statement over them.
    pub rest: Bound,
    /// What runs over its rows.
    pub last: Option<Bound>,
}

/// What reads the rows of one stage.
#[derive(Debug)]
pub enum Pulled {
    /// A read.
    Read(Box<Bound>),
    /// One that runs over copies itself.
    Over(Box<BoundStages>),
}

/// Whether a read is refused for what it is, and not for its values.
pub fn is_refusal(error: &Error) -> bool {
    error.is(Code::NotSupported) && error.origin == Origin::Proxy
}

/// Whether merging the shards' rows took more memory than it may: a server has disks.
pub fn outgrew(error: &Error) -> bool {
    error.is(Code::Memory) && error.origin == Origin::Proxy && error.fate == Fate::Keep
}

impl Staged {
    /// Binds one execution's values.
    pub fn bind(
        &self,
        source: &dyn Source,
        session: &dyn SessionValues,
        setting: Setting,
        choice: Choice,
    ) -> Result<BoundStages> {
        let bind = |plan: &Plan| {
            bind::bind(plan, source, session, setting, &mut |_, _, _| {
                Err(Error::new(Code::Internal, "a read makes no ids"))
            })
        };
        let pulled = |plan: &Plan| match (bind(plan), &plan.act) {
            (Ok(bound), _) => Ok(Pulled::Read(Box::new(bound))),
            (Err(refusal), Act::Read(read)) if is_refusal(&refusal) => match choice.of(read) {
                Some(inner) => {
                    inner.bind(source, session, setting, choice).map(|inner| Pulled::Over(Box::new(inner)))
                }
                None => Err(refusal),
            },
            (Err(refusal), _) => Err(refusal),
        };
        let pulls = self.stages.iter().filter_map(|stage| stage.pull.as_ref()).map(pulled);
        Ok(BoundStages {
            pulls: pulls.collect::<Result<_>>()?,
            rest: bind(&self.rest)?,
            last: self.last.as_ref().map(|last| bind(&last.plan)).transpose()?,
        })
    }
}

impl Stage {
    /// Where it is needed by a plan: where the plan's jobs run, if its text names it.
    pub fn places(&self, plan: &Plan, bound: &Bound) -> Vec<Node> {
        let Act::Read(read) = &plan.act else { return Vec::new() };
        let text = match &read.many {
            Ok(scatter) if bound.many => scatter.text.as_ref(),
            _ => read.one.as_ref(),
        };
        let named = |table: usize| text.into_iter().flatten().any(|piece| *piece == Piece::Table(table));
        let here = |node: &&Node| {
            node.table.as_deref() == Some(&*self.name)
                && bound.jobs.iter().any(|job| job.source == node.source)
        };
        let used = plan.tables.iter().enumerate().filter(|(table, _)| named(*table));
        let nodes = used.flat_map(|(_, used)| match (&used.table.layout, &self.placing) {
            (Layout::Reference(nodes), None) => nodes.iter().filter(here).cloned().collect(),
            (Layout::Sharded(spread), Some(placing)) if Arc::ptr_eq(spread, &placing.spread) => {
                bound.jobs.iter().filter_map(|job| spread.node(job.node).cloned()).collect()
            }
            _ => Vec::new(),
        });
        nodes.collect()
    }
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
    /// What is known all the same of columns that come as they come; a name that is empty is theirs.
    pub known: Vec<StageColumn>,
    /// Its indexes, as CREATE TABLE has them behind the columns.
    pub keys: Vec<String>,
    /// What reads the rows; `None` where they come from the statement that is run before.
    pub pull: Option<Plan>,
    /// What else is asked of the rows, once stages before this one are known.
    pub reductions: Vec<Reduction>,
    /// What stands behind the conditions of `pull`, where there are reductions.
    pub tail: String,
    /// Further tables with the same rows: MySQL opens a temporary table once in a statement (manual, "TEMPORARY Table
    /// Problems").
    pub copies: Vec<Arc<str>>,
    /// Which of its rows are where; `None`: all of them everywhere.
    pub placing: Option<Placing>,
}

/// Rows of a stage that are on one node each, as if it were a table sharded by one of its columns.
#[derive(Debug, Clone)]
pub struct Placing {
    /// The column (index in [`Stage::columns`]).
    pub column: usize,
    /// Its nodes and what places rows on them: nodes of the tables beside it, and their rule.
    pub spread: Arc<Sharded>,
    /// A row is of use only where its column is equal to the key of a row beside it.
    pub needs_key: bool,
}

/// Rows of a stage are needed only where their column has a value that an earlier stage has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reduction {
    /// The column, as the pull names it.
    pub column: String,
    /// The earlier stage (index in [`Staged::stages`]).
    pub stage: usize,
    /// Its column.
    pub of: usize,
}

/// A column of a stage.
#[derive(Debug, Clone, Default, PartialEq)]
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

    /// A column of a query's rows, which is a table's column or not. An outer join may have made NULL of any.
    pub fn computed(name: String, column: Option<&Column>) -> Self {
        let loose = |column: &Column| defined(&Column { nullable: true, invisible: false, ..column.clone() });
        Self { name, definition: column.map(loose), stored: column.map(Stored::of), seconds: false }
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
