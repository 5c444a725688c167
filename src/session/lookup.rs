//! Unique indexes over all shards, carried out: entries change in the transaction of the rows that they belong to, and a
//! statement whose shard nothing else tells is sent where its lookup says. Start at [`Session::looked_up`] and
//! [`Session::keep_lookups`].

mod arrive;
mod build;
mod insert;
mod keep;
mod prepare;

pub(super) use arrive::{Arriving, NewRow, Writes, by_place};
pub use build::{Built, Differences};
pub(super) use insert::{Place, Texts, run};
pub(super) use keep::{Keeping, lost_sight};
pub use prepare::Ready;

use self::keep::{Own, tasks};
use super::query::{Text, no_job};
use super::{Session, Shared};
use crate::backend::{Answer, Summary};
use crate::base::{Result, Value};
use crate::exec::info;
use crate::exec::send::Preset;
use crate::exec::write::Task;
use crate::plan::Bound;
use crate::plan::ir::{Act, Plan};
use crate::plan::lookup::{self, Images, Lookup, PlaceOf, Row, Rows};
use crate::sql::facts::Kind;
use crate::topology::Node;

/// The rows that a statement changes, one list a job.
pub(super) type Before = Vec<Vec<Row>>;

impl Session {
    // ---- reading ------------------------------------------------------------------------------------------------

    /// The plan for the shards where a statement's rows are, by the lookup that knows; `None`: no lookup tells, and the
    /// plan is right as it is. The statement keeps its condition, so that an entry can never bring a wrong row.
    pub(super) async fn looked_up(&mut self, plan: &Plan, text: &Text<'_>) -> Result<Option<Plan>> {
        let Some(by) = plan.lookup.clone() else { return Ok(None) };
        if !self.shared.indexes.is_ready(&by.index) {
            return Ok(None);
        }
        let values = wanted(&by, text)?;
        let Some(places) = self.value_places(&by, &values).await? else { return Ok(None) };
        let locks = self.held.in_transaction()
            && match &plan.act {
                Act::Read(read) => read.locks,
                _ => true,
            };
        let Some(own) = questions(&by, &values, &places, locks) else { return Ok(None) };
        let mut keys = Vec::new();
        for answer in self.pull_own(&own).await? {
            for row in &answer.rows {
                let cell = row.first().and_then(Option::as_ref).ok_or_else(no_job)?;
                keys.push(by.entries.key(cell).ok_or_else(no_job)?);
            }
        }
        Ok(Some(lookup::narrowed(plan, keys)))
    }

    /// The place of each value's entry; `None` where one cannot be told. What only a server can tell is asked at once.
    async fn value_places(&mut self, by: &Lookup, values: &[Vec<Value>]) -> Result<Option<Vec<u32>>> {
        let mut places = vec![0; values.len()];
        let (mut asked, mut exprs) = (Vec::new(), Vec::new());
        for (n, (place, tuple)) in places.iter_mut().zip(values).enumerate() {
            match by.entries.place_of(by.number, tuple) {
                PlaceOf::At(known) => *place = known,
                PlaceOf::Ask(expr) => {
                    asked.push(n);
                    exprs.push(expr);
                }
                PlaceOf::Unknown => return Ok(None),
            }
        }
        if asked.is_empty() {
            return Ok(Some(places));
        }
        let Some(node) = by.index.nodes.iter().find(|node| Some(node.source) == self.held.home()) else {
            let first = by.index.nodes.get(self.shared.turn() % by.index.nodes.len().max(1));
            return self.ask_places(first.ok_or_else(no_job)?, &exprs, &asked, places).await.map(Some);
        };
        self.ask_places(node, &exprs, &asked, places).await.map(Some)
    }

    async fn ask_places(
        &mut self,
        node: &Node,
        exprs: &[String],
        asked: &[usize],
        mut places: Vec<u32>,
    ) -> Result<Vec<u32>> {
        let own = [Own { node, sql: format!("SELECT {}", exprs.join(", ")) }];
        let answers = self.pull_own(&own).await?;
        for (column, n) in asked.iter().enumerate() {
            let told = answers.first().and_then(|answer| answer.text(0, column)?.parse().ok());
            if let Some(place) = places.get_mut(*n) {
                *place = told.ok_or_else(no_job)?;
            }
        }
        Ok(places)
    }

    /// What EXPLAIN SHARDGATE says of a statement's lookup.
    pub(super) fn lookup_line(&self, plan: &Plan) -> Option<String> {
        let by = plan.lookup.as_ref()?;
        Some(if self.shared.indexes.is_ready(&by.index) {
            format!("{}, one read of `{}`", by.index.id, by.index.lookup)
        } else {
            format!(
                "{} is not ready, so all shards are asked; build it with shardgate index build",
                by.index.id
            )
        })
    }

    // ---- keeping ------------------------------------------------------------------------------------------------

    /// Reads and locks the rows that an UPDATE or DELETE is about to change.
    pub(super) async fn rows_before(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Before> {
        match plan.images.as_deref() {
            Some(Images { rows: Rows::Found(_), .. }) => self.images(bound, text).await,
            _ => Ok(Before::new()),
        }
    }

    async fn images(&mut self, bound: &Bound, text: &Text<'_>) -> Result<Before> {
        let mut tasks = Vec::with_capacity(bound.images().len());
        for job in bound.images() {
            let call = text.given.call(job, text.original)?;
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        Ok(self.pull(&tasks).await?.into_iter().map(|answer| answer.rows).collect())
    }

    /// After a statement has changed rows: their entries change with them. Error 1062 where a value is there already.
    pub(super) async fn keep_lookups(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        text: &Text<'_>,
        before: Before,
        answers: &[Summary],
    ) -> Result<()> {
        let Some(images) = plan.images.as_deref().filter(|images| images.is_read_around()) else {
            return Ok(());
        };
        let after = match &images.rows {
            Rows::New(..) => self.images(bound, text).await?,
            _ => Before::new(),
        };
        let keeping = keeping(plan, images, &self.shared)?;
        let settings = self.vars.settings.clone();
        let mut hand = self.hand(&settings);
        match &plan.statement.kind {
            Kind::Insert(_) => {
                let Act::Insert(insert) = &plan.act else { return Err(no_job()) };
                let rows: Vec<&Row> = after.iter().flatten().collect();
                if rows.len() != insert.rows.len() {
                    return Err(lost_sight());
                }
                keeping.exchange(&mut hand, &[], &rows).await
            }
            Kind::Update(_) => {
                let matched = |answer: &Summary| info::numbers(&answer.info).first().copied().unwrap_or(0);
                same_count(&before, answers, matched)?;
                let places = bound.images().iter().zip(&before).map(|(job, rows)| {
                    (usize::from(job.node.0), rows.iter().map(|row| keeping.entries.locate(row)).collect())
                });
                let after = keeping.rows(&mut hand, &places.collect::<Vec<_>>()).await?;
                keeping.updated(&mut hand, &before.into_iter().flatten().collect::<Vec<_>>(), &after).await
            }
            Kind::Delete(_) => {
                same_count(&before, answers, |answer| answer.affected)?;
                let rows: Vec<&Row> = before.iter().flatten().collect();
                keeping.exchange(&mut hand, &rows, &[]).await
            }
            _ => Err(no_job()),
        }
    }

    async fn pull_own(&mut self, own: &[Own<'_>]) -> Result<Vec<Answer>> {
        self.pull(&tasks(own)).await
    }
}

/// How the rows are followed that a plan changes.
pub(super) fn keeping<'k>(plan: &'k Plan, images: &'k Images, shared: &Shared) -> Result<Keeping<'k>> {
    let used = plan.tables.get(images.table).ok_or_else(no_job)?;
    Ok(Keeping { entries: &images.entries, used, mariadb: shared.is_mariadb() })
}

/// What is looked up: values that no row can equal are left out.
fn wanted(by: &Lookup, text: &Text<'_>) -> Result<Vec<Vec<Value>>> {
    let mut columns = Vec::with_capacity(by.values.len());
    for operands in &by.values {
        let values: Result<Vec<Value>> = operands.iter().map(|operand| text.operand(operand)).collect();
        columns.push(values?);
    }
    let tuples: Vec<Vec<Value>> = match columns.as_slice() {
        [one] => one.iter().map(|value| vec![value.clone()]).collect(),
        several => vec![several.iter().filter_map(|column| column.first().cloned()).collect()],
    };
    Ok(tuples.into_iter().filter(|tuple| !tuple.contains(&Value::Null)).collect())
}

/// The questions to the lookup's parts.
fn questions<'n>(by: &'n Lookup, values: &[Vec<Value>], places: &[u32], locks: bool) -> Option<Vec<Own<'n>>> {
    let mut parts: Vec<(&Node, Vec<&[Value]>)> = Vec::new();
    for (value, place) in values.iter().zip(places) {
        let node = by.index.node(*place)?;
        match parts.iter_mut().find(|(known, _)| *known == node) {
            Some((_, of)) => of.push(value),
            None => parts.push((node, vec![value])),
        }
    }
    let ask = |(node, values): (&'n Node, Vec<&[Value]>)| {
        let sql = by.entries.find(by.number, &lookup::part_name(&by.index, node), &values, locks)?;
        Some(Own { node, sql })
    };
    parts.into_iter().map(ask).collect()
}

/// A statement must have changed the rows that were read for it.
fn same_count(before: &Before, answers: &[Summary], count: impl Fn(&Summary) -> u64) -> Result<()> {
    let same = before.iter().zip(answers).all(|(rows, answer)| rows.len() as u64 == count(answer));
    if same && before.len() == answers.len() { Ok(()) } else { Err(lost_sight()) }
}
