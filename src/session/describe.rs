//! PREPARE of a SELECT whose tables no server has together: a server describes it over copies without rows.

use bytes::Bytes;

use super::Session;
use super::input::Known;
use super::query::{Text, names_of, no_job};
use super::staged::{running, storing};
use crate::backend::Role;
use crate::backend::conn::Prepared;
use crate::base::Result;
use crate::exec::Connections;
use crate::exec::send;
use crate::exec::single::Around;
use crate::exec::stage::{Bench, Filler};
use crate::plan::bind::{self, Bound};
use crate::plan::stage_spec::{Staged, Ways};
use crate::wire::column::{ColumnDef, kind};

impl Session {
    /// What a server says of a statement; `None` where it does not run over tables' copies alone.
    pub(super) async fn describe_staged(&mut self, ways: &Ways, text: &Text<'_>) -> Option<Result<Prepared>> {
        let plain = |staged: &&Staged| {
            staged.last.is_none() && staged.stages.iter().all(|stage| stage.columns.is_some())
        };
        let staged = [&ways.within, &ways.whole, &ways.alone].into_iter().flatten().find(plain)?;
        let pools = self.pools.clone();
        let mut bench = Bench::new(&pools, self.flavor);
        let described = self.describe_over(staged, text, &mut bench).await;
        bench.clear().await;
        Some(described)
    }

    async fn describe_over(
        &mut self,
        staged: &Staged,
        text: &Text<'_>,
        bench: &mut Bench<'_>,
    ) -> Result<Prepared> {
        let job = bind::describe(&staged.rest, &text.input(), &Known(self), self.setting())?;
        let bound = Bound { jobs: [job].into_iter().collect(), ..Bound::default() };
        let (deadline, shared) = (self.deadline(), self.shared.clone());
        for stage in &staged.stages {
            let columns: Vec<ColumnDef> = stage
                .columns
                .iter()
                .flatten()
                .map(|column| ColumnDef::new(&column.name, kind::VAR_STRING))
                .collect();
            let (charset, collation) = (|id| shared.charset(id), |id| shared.collation(id));
            let filler = Filler::new(stage, &columns, &charset, &collation)?;
            let settings = storing(&self.vars.settings, filler.is_utc());
            let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
            let places = stage.places(&staged.rest, &bound);
            bench.make(&filler, &places, &settings, &mut self.client, around).await?;
        }
        let job = bound.jobs.into_iter().next().ok_or_else(no_job)?;
        let whole = job.text.map_or_else(|| Bytes::copy_from_slice(text.original), Bytes::from);
        let mut lease = bench.take(job.source, Role::Primary).await?;
        lease.queue_state((!job.schema.is_empty()).then_some(&job.schema), &running(&self.vars.settings));
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let prepared = send::prepare(&mut lease, &whole, 0, around).await;
        bench.put(job.source, lease, None);
        let mut prepared = (*prepared?).clone();
        let names = names_of(&staged.rest);
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
