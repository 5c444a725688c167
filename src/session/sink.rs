//! Where the rows of a read over copies go, and whose connections they come from.

use bytes::Bytes;

use super::copy::{Side, collect};
use super::copy_write::Copying;
use crate::backend::{Flavor, Pools, Settings};
use crate::base::{Code, Error, Result};
use crate::exec::Client;
use crate::exec::fanout::{Order, Rows};
use crate::exec::single::Around;
use crate::exec::stage::{Bench, Values};
use crate::exec::warned::Warned;
use crate::exec::write::Task;
use crate::merge::Budget;
use crate::plan::stage_spec::{Choice, Stage};
use crate::topology::Node;
use crate::txn::Held;
use crate::wire::column::ColumnDef;

/// Where the rows of a staged statement go.
pub(super) enum Sink<'s, 'b> {
    Client,
    /// They are counted, and not sent.
    Counted,
    /// Into a stage, at these places.
    Stage(&'s Stage, &'s [Node], &'s mut Bench<'b>, &'s mut Kept),
    /// Into memory.
    Rows(&'s mut Collected),
    /// Into a table.
    Copy(&'s mut Copying<'b>),
}

/// Rows that the session reads for itself: binary, each string in its own character set.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) columns: Vec<ColumnDef>,
    pub(super) rows: Vec<Bytes>,
    /// What the servers warn of.
    pub(super) warned: Warned,
}

impl Collected {
    /// All of a read's rows.
    ///
    /// # Errors
    /// 1038 where they do not fit.
    pub(super) async fn fill(
        &mut self,
        rows: &mut Rows<'_>,
        client: &mut Client,
        bounds: Budget,
    ) -> Result<()> {
        let (read, ended) = collect(rows, client, bounds).await?;
        if !ended {
            return Err(Error::new(
                Code::Memory,
                format!(
                    "the statement changes more rows than limits.merge_rows = {} or limits.merge_bytes = {} allow to be \
                     found before it; narrow its conditions, or raise the limit",
                    bounds.max_rows, bounds.max_bytes
                ),
            ));
        }
        self.rows = read;
        self.columns = rows.columns().to_vec();
        self.warned = rows.warned(std::mem::take(&mut self.warned)).await;
        Ok(())
    }
}

impl<'b> Sink<'_, 'b> {
    /// The same for as long as it is borrowed.
    pub(super) fn again(&mut self) -> Sink<'_, 'b> {
        match self {
            Self::Client => Sink::Client,
            Self::Counted => Sink::Counted,
            Self::Stage(stage, places, bench, kept) => Sink::Stage(stage, places, bench, kept),
            Self::Rows(collected) => Sink::Rows(collected),
            Self::Copy(copying) => Sink::Copy(copying),
        }
    }

    /// What there was to warn of when the rows were read that the statement runs over.
    pub(super) fn warned(&mut self, before: &Warned) {
        match self {
            Self::Copy(copying) => copying.warned(before.messages.clone()),
            Self::Stage(.., kept) => kept.warned = before.clone(),
            Self::Rows(collected) => collected.warned = before.clone(),
            Self::Client | Self::Counted => {}
        }
    }
}

/// Columns of a stage whose values are kept while it is filled, and these; and what the servers have had to warn of.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) columns: Vec<usize>,
    pub(super) values: Vec<(usize, Values)>,
    pub(super) warned: Warned,
}

/// Whose connections a part of a statement runs on: the session's, or those that have its stages.
pub(super) enum Ground<'g, 'b> {
    Session(Side<'g>),
    Bench(&'g mut Bench<'b>),
}

impl<'g, 'b> Ground<'g, 'b> {
    pub(super) fn of(
        bench: Option<&'g mut Bench<'b>>,
        choice: Choice,
        pools: &'g Pools,
        flavor: Flavor,
        settings: &'g Settings,
    ) -> Self {
        match bench {
            Some(bench) => Self::Bench(bench),
            None => Self::Session(Side { apart: !choice.within, pools, flavor, settings }),
        }
    }

    pub(super) async fn open<'r>(
        &mut self,
        tasks: &'r [Task<'r>],
        order: Order<'r>,
        held: &mut Held,
        client: &mut Client,
        around: Around<'r>,
    ) -> Result<Rows<'r>> {
        match self {
            Self::Session(side) => side.open(tasks, order, held, client, around).await,
            Self::Bench(bench) => Rows::open(tasks, order, *bench, client, around).await,
        }
    }

    pub(super) async fn close(&mut self, rows: Rows<'_>, held: &mut Held) {
        match self {
            Self::Session(side) => side.close(rows, held).await,
            Self::Bench(bench) => rows.close(*bench).await,
        }
    }
}
