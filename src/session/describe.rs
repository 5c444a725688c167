//! PREPARE of a SELECT: what a server says of it. Where no server has its tables together, one describes it over copies
//! without rows.

use bytes::Bytes;

use super::Session;
use super::copy::reading;
use super::input::Known;
use super::query::{Text, names_of, no_job};
use super::staged::{running, storing};
use crate::backend::conn::Prepared;
use crate::backend::{Role, Settings};
use crate::base::{Code, Error, Result};
use crate::exec::Connections;
use crate::exec::names::Names;
use crate::exec::send;
use crate::exec::single::Around;
use crate::exec::stage::{Bench, Filler};
use crate::plan::bind::{self, Bound};
use crate::plan::ir::{Act, Plan, Read};
use crate::plan::stage_spec::{Stage, Staged, is_refusal};
use crate::wire::column::{ColumnDef, kind};

/// Whether no server has all tables of a statement.
pub(super) fn is_scattered(error: &Error) -> bool {
    /// ER_NO_SUCH_TABLE
    const MISSING: u16 = 1146;
    error.is(Code::NoDatabase) || error.errno == MISSING
}

impl Session {
    /// What a server says of a statement that is answered over copies.
    ///
    /// # Errors
    /// The refusal, where it cannot be described so.
    pub(super) async fn describe_staged(
        &mut self,
        read: &Read,
        scattered: Error,
        settings: &Settings,
        text: &Text<'_>,
    ) -> Result<Prepared> {
        let choice = self.choice();
        let mut refusal = read.many.as_ref().err().cloned().unwrap_or(scattered);
        let ways = read.staged.iter().flat_map(|ways| [&ways.within, &ways.whole, &ways.alone]);
        // Over copies of tables alone nothing else is to be described first.
        let (first, then): (Vec<&Staged>, Vec<&Staged>) =
            ways.flatten().filter(|staged| choice.takes(staged)).partition(|staged| {
                staged.last.is_none() && staged.stages.iter().all(|stage| stage.columns.is_some())
            });
        let pools = self.pools.clone();
        for staged in first.into_iter().chain(then) {
            let (mut bench, mut end) = (Bench::new(&pools, self.flavor), Bench::new(&pools, self.flavor));
            let described = self.describe_over(staged, settings, text, (&mut bench, &mut end)).await;
            bench.clear().await;
            end.clear().await;
            match described {
                Err(error) if is_refusal(&error) => refusal = error,
                described => return described,
            }
        }
        Err(refusal)
    }

    /// `bench` has the stages of the statement, `end` those of what runs over its rows.
    async fn describe_over(
        &mut self,
        staged: &Staged,
        settings: &Settings,
        text: &Text<'_>,
        (bench, end): (&mut Bench<'_>, &mut Bench<'_>),
    ) -> Result<Prepared> {
        for stage in &staged.stages {
            let columns = match (&stage.columns, &stage.pull) {
                (Some(columns), _) => {
                    columns.iter().map(|column| ColumnDef::new(&column.name, kind::VAR_STRING)).collect()
                }
                (None, Some(pull)) => self.describe_rows(pull, text).await?,
                (None, None) => return Err(no_job()),
            };
            self.make_empty(stage, &columns, &staged.rest, text, bench).await?;
            if let Some(last) = &staged.last {
                self.make_empty(stage, &columns, &last.plan, text, end).await?;
            }
        }
        let (rest, names) = (&staged.rest, names_of(&staged.rest));
        let Some(last) = &staged.last else {
            return self.describe_rest(rest, settings, text, &names, bench).await;
        };
        let groups = self.describe_rest(rest, &reading(settings), text, &names, bench).await?;
        let columns = definitions(&groups);
        self.make_empty(&last.stage, &columns, &last.plan, text, end).await?;
        let mut names = names_of(&last.plan);
        for (column, shown) in last.stage.columns.iter().flatten().zip(columns) {
            names.add_column(&last.stage.name, &column.name, shown);
        }
        self.describe_rest(&last.plan, settings, text, &names, end).await
    }

    /// The columns of what fills a stage.
    async fn describe_rows(&mut self, pull: &Plan, text: &Text<'_>) -> Result<Vec<ColumnDef>> {
        let settings = reading(&self.vars.settings);
        let described = match (self.describe_there(pull, &settings, text).await, &pull.act) {
            (Err(error), Act::Read(read)) if is_scattered(&error) => {
                Box::pin(self.describe_staged(read, error, &settings, text)).await
            }
            (described, _) => described,
        };
        described.map(|described| definitions(&described))
    }

    /// Makes a stage and its copies where a plan needs them.
    async fn make_empty(
        &mut self,
        stage: &Stage,
        columns: &[ColumnDef],
        plan: &Plan,
        text: &Text<'_>,
        bench: &mut Bench<'_>,
    ) -> Result<()> {
        let job = bind::describe(plan, &text.input(), &Known(self), self.setting())?;
        let places = stage.places(plan, &Bound { jobs: [job].into_iter().collect(), ..Bound::default() });
        let (deadline, shared) = (self.deadline(), self.shared.clone());
        let (charset, collation) = (|id| shared.charset(id), |id| shared.collation(id));
        let filler = Filler::new(stage, columns, &charset, &collation)?;
        let settings = storing(&self.vars.settings, filler.is_utc());
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        bench.make(&filler, &places, &settings, &mut self.client, around).await?;
        bench.copy(stage, &places, &settings, &mut self.client, around).await
    }

    /// What a server says of the statement over its stages.
    async fn describe_rest(
        &mut self,
        plan: &Plan,
        settings: &Settings,
        text: &Text<'_>,
        names: &Names,
        bench: &mut Bench<'_>,
    ) -> Result<Prepared> {
        let job = bind::describe(plan, &text.input(), &Known(self), self.setting())?;
        let whole = job.text.map_or_else(|| Bytes::copy_from_slice(text.original), Bytes::from);
        let mut lease = bench.take(job.source, Role::Primary).await?;
        lease.queue_state((!job.schema.is_empty()).then_some(&job.schema), &running(settings));
        let deadline = self.deadline();
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let prepared = send::prepare(&mut lease, &whole, 0, around).await;
        bench.put(job.source, lease, None);
        let mut prepared = (*prepared?).clone();
        for packet in &mut prepared.columns {
            let Some(mut column) = ColumnDef::decode(packet) else { continue };
            names.restore(&mut column);
            let mut out = Vec::with_capacity(packet.len());
            column.encode(&mut out);
            *packet = Bytes::from(out);
        }
        Ok(prepared)
    }
}

fn definitions(described: &Prepared) -> Vec<ColumnDef> {
    described.columns.iter().filter_map(|packet| ColumnDef::decode(packet)).collect()
}
