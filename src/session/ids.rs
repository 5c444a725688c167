//! Ids as a session sees them: LAST_INSERT_ID(), the OK packet's insert id, `insert_id`, and which rows of an INSERT
//! have been inserted. (MySQL 8.4 manual, "Information Functions", "mysql_insert_id()".)

use std::collections::HashSet;

use super::Session;
use super::input::Known;
use super::query::{Text, nodes_of};
use crate::backend::{AnswerLimit, Flavor, Lease, Role, Summary};
use crate::base::{Code, Error, Origin, Result, Value};
use crate::exec::Connections;
use crate::exec::send::{Preset, drop_insert_id};
use crate::exec::ship;
use crate::exec::single::Around;
use crate::exec::write::{self, Pace, Task};
use crate::plan::ir::{Act, Insert, Job, Plan, Selective};
use crate::plan::{self, Bound};
use crate::sql::facts::{Expr, ExprKind, InsertSource, Kind};
use crate::sql::splice::quote;
use crate::topology::Table;
use crate::topology::schema::Schemas;
use crate::wire::binary::{self, WireType};
use crate::wire::scan::{End, Outcome};

/// Whether a statement may change LAST_INSERT_ID() without a word in its answer: then only the server knows what it is.
pub(super) fn tells(plan: &Plan) -> bool {
    let by_call = |call: &crate::sql::facts::FunctionUse| call.args && call.name == "LAST_INSERT_ID";
    plan.statement.functions.iter().any(by_call)
        || match &plan.statement.kind {
            Kind::Call => true,
            // Rows end in a packet without an insert id, and a query's rows may bring their own.
            Kind::Insert(insert) => {
                plain_insert(plan)
                    && (insert.returning.is_some() || matches!(insert.source, InsertSource::Query(_)))
            }
            _ => false,
        }
}

/// LAST_INSERT_ID() on a connection.
pub(super) async fn last_on(lease: &mut Lease) -> Option<u64> {
    lease.query("SELECT LAST_INSERT_ID()", 1).await.ok()?.text(0, 0)?.parse().ok()
}

/// After a statement that was relayed: LAST_INSERT_ID() where the server had been told of it before, and no id left for an
/// INSERT of somebody else.
pub(super) async fn after(lease: &mut Lease, ids: Preset, end: &End) -> Option<u64> {
    if lease.is_broken() {
        return None;
    }
    let told = if ids.last_insert_id.is_some() { last_on(lease).await } else { None };
    let used = matches!(end.outcome, Outcome::Ok(ok) if ids.was_used(ok.last_insert_id));
    if ids.insert_id.is_some() && !used && drop_insert_id(lease).await.is_err() {
        lease.give_up();
    }
    told
}

/// Whether rows are inserted whose ids, if any, are their server's own affair.
pub(super) fn plain_insert(plan: &Plan) -> bool {
    matches!((&plan.act, &plan.statement.kind), (Act::Write(_) | Act::Copy(_), Kind::Insert(_)))
}

impl Session {
    /// What the server of a job must know of ids.
    pub(super) fn preset(&self, plan: &Plan, job: &Job) -> Preset {
        let last_insert_id = tells(plan).then_some(self.last.insert_id);
        match (job.native, self.insert_id) {
            (Some(native), _) => Preset { last_insert_id, insert_id: Some(native.first), room: native.count },
            (None, Some(first)) if plain_insert(plan) => {
                Preset { last_insert_id, insert_id: Some(first), room: 1 }
            }
            _ => Preset { last_insert_id, ..Preset::default() },
        }
    }

    /// Whether an INSERT gives all its ids itself: then OK carries the last of them, and LAST_INSERT_ID() stays.
    pub(super) async fn keeps_insert_id(&self, plan: &Plan, text: &Text<'_>) -> Result<bool> {
        let Kind::Insert(insert) = &plan.statement.kind else { return Ok(false) };
        let Some(used) = plan.tables.first() else { return Ok(false) };
        // Another proxy's DDL may have made this one forget it in the meantime.
        if !self.shared.catalog.knows(&used.database, &used.table.name) {
            Box::pin(self.shared.load_definition(&self.pools, &used.database, &used.table)).await?;
        }
        let Some(schema) = self.shared.catalog.table(&used.database, &used.table.name) else {
            return Ok(false);
        };
        let Some(auto) = schema.columns.iter().position(|column| column.auto_increment) else {
            return Ok(false);
        };
        let is_auto = |name: &str| schema.position(name) == Some(auto);
        let place = match &insert.columns {
            Some(columns) => columns.iter().position(|column| is_auto(&column.text)),
            None => Some(auto),
        };
        let asks = |expr: &Expr| {
            Ok::<bool, Error>(match &expr.kind {
                ExprKind::Default => true,
                ExprKind::Operand(operand) => {
                    let value = text.operand(operand)?;
                    plan::asks_for_id(&value, self.vars.zero_is_value)
                }
                _ => false,
            })
        };
        let mut given = match (&insert.source, place) {
            (InsertSource::Rows(rows), Some(place)) => rows.iter().map(|row| row.cells.get(place)).collect(),
            (InsertSource::Set(set), _) => {
                vec![set.iter().find(|a| is_auto(&a.column.name.text)).map(|a| &a.value)]
            }
            (InsertSource::Query(_), Some(_)) => return Ok(true),
            (_, None) => return Ok(false),
        }
        .into_iter();
        given.try_fold(true, |kept, cell: Option<&Expr>| match cell {
            Some(cell) => Ok(kept && !asks(cell)?),
            None => Ok(false),
        })
    }

    /// Has a server make values of the expressions that stand for keys and ids.
    pub(super) async fn compute(&mut self, plan: &Plan, text: &Text<'_>) -> Result<()> {
        let job = plan::compute(plan, &text.input(), &super::input::Known(self), self.setting())?;
        let Some(job) = job else { return Ok(()) };
        let bound = Bound { jobs: smallvec::smallvec![job], ..Bound::default() };
        let answer = self.collect(plan, &bound, text).await?;
        let row = answer.rows.into_iter().next().unwrap_or_default();
        let binary = text.given.is_binary();
        let values = row.into_iter().zip(&answer.columns).map(|(cell, column)| match cell {
            None => Ok(Value::Null),
            Some(cell) if binary && !binary::is_text(column.kind) => {
                let wire = WireType { kind: column.kind, unsigned: column.is_unsigned() };
                let value = binary::read_cell(wire, &cell).ok_or_else(|| {
                    let what = format!("a computed value of type {} cannot be read", column.kind);
                    Error::new(Code::Internal, what)
                })?;
                Ok(ship::as_shown(value, column.decimals))
            }
            Some(cell) => Ok(super::set::value_of(column, &cell)),
        });
        self.computed = values.collect::<Result<_>>()?;
        Ok(())
    }

    /// The insert id of an INSERT's answer, and LAST_INSERT_ID(), once its rows have ids of Shardgate's. `inserted`: the first
    /// new id that a row has, where that had to be looked up.
    /// `last`: what the server of the last row says.
    pub(super) fn settle_ids(
        &mut self,
        plan: &Plan,
        bound: &Bound,
        summary: &mut Summary,
        inserted: Option<u64>,
        last: u64,
    ) {
        let ids = &bound.ids;
        let Some(first) = ids.first else {
            if let Some(explicit) = ids.explicit.filter(|_| summary.affected > 0) {
                summary.last_insert_id = explicit as u64;
            }
            return;
        };
        let first = match &plan.act {
            Act::Insert(insert)
                if insert.selective != Selective::No && looks_up(insert, bound, summary, self.flavor) =>
            {
                inserted
            }
            Act::Insert(insert) if insert.selective == Selective::Update => {
                // One row: the server tells the id of the row that it inserted or changed.
                let changed = summary.last_insert_id != first && summary.last_insert_id != 0;
                (!changed && summary.affected == 1).then_some(first)
            }
            _ => (summary.affected > 0).then_some(first),
        };
        match first {
            Some(first) => {
                summary.last_insert_id = first;
                self.last.inserted(first);
            }
            None => summary.last_insert_id = last,
        }
    }

    /// LAST_INSERT_ID() after an INSERT of several rows has failed: a server has the first new id then, if a later row was to
    /// blame. Which one it was it does not say. So it does it again, with the same ids, which it gives itself now; and
    /// whatever comes of it is undone.
    pub(super) async fn learn_last_id(&mut self, plan: &Plan, bound: &Bound, text: &Text<'_>, error: &Error) {
        if !is_of_a_row(error) {
            return;
        }
        let known = Known(self);
        let job = plan::replay(plan, bound, &text.input(), &known, self.setting());
        let Ok(Some(job)) = job else { return };
        let Ok(call) = text.given.call(&job, text.original) else { return };
        let ids = Preset { last_insert_id: Some(self.last.insert_id), ..self.preset(plan, &job) };
        let task = Task { source: job.source, schema: &job.schema, call, ids };
        let own = self.vars.autocommit && !self.held.in_transaction();
        if own {
            self.held.begin("BEGIN", None, false, &self.vars.settings);
        } else if self.held.statement_begins().await.is_err() {
            return;
        }
        let settings = self.shared.giving_ids(&self.vars.settings);
        let deadline = self.deadline();
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let mut using = self.held.using(&self.pools, self.flavor, &settings);
        let client = Some(&mut self.client);
        let ran = write::run(
            &[task],
            &settings,
            &mut using,
            Pace::Together,
            AnswerLimit::of_rows(0),
            client,
            around,
        )
        .await;
        if own {
            self.held.rollback().await;
        } else {
            self.held.statement_failed().await;
        }
        self.last.insert_id = ran.last_insert_id.unwrap_or(self.last.insert_id);
    }

    /// LAST_INSERT_ID() after an INSERT of which so many rows have gone to the client.
    pub(super) async fn settle_returned(&mut self, plan: &Plan, bound: &Bound, rows: u64) {
        let first = match &plan.act {
            _ if rows == 0 => None,
            // The rows of the answer may be others than the new ones.
            Act::Insert(insert) if insert.selective != Selective::No => {
                self.first_inserted(plan, bound).await.unwrap_or_else(|error| {
                    tracing::warn!("LAST_INSERT_ID() after RETURNING is not known: {error}");
                    None
                })
            }
            _ => bound.ids.first,
        };
        if let Some(first) = first {
            self.last.inserted(first);
        }
    }

    /// The first of the new ids, in the rows' order, that rows have.
    pub(super) async fn first_inserted(&mut self, plan: &Plan, bound: &Bound) -> Result<Option<u64>> {
        let Act::Insert(insert) = &plan.act else { return Ok(None) };
        let Some(used) = plan.tables.get(insert.table) else { return Ok(None) };
        let nodes = bound.jobs.iter().map(|job| usize::from(job.node.0));
        let mut using = self.held.using(&self.pools, self.flavor, &self.vars.settings);
        first_stored(&used.table, nodes, &bound.ids.made, &mut using).await
    }
}

/// The first of new ids, in their order, that a row has on one of these nodes of the table.
pub(super) async fn first_stored(
    table: &Table,
    nodes: impl Iterator<Item = usize>,
    made: &[u64],
    connections: &mut impl Connections,
) -> Result<Option<u64>> {
    let Some(rule) = &table.id else { return Ok(None) };
    let list: Vec<String> = made.iter().map(u64::to_string).collect();
    let (id, list) = (quote(&rule.column), list.join(","));
    let mut stored = HashSet::new();
    for node in nodes.filter_map(|node| nodes_of(&table.layout).get(node)) {
        let (schema, name) = (quote(&node.schema), quote(node.table.as_deref().unwrap_or(&table.name)));
        let sql = format!("SELECT {id} FROM {schema}.{name} WHERE {id} IN ({list})");
        let mut lease = connections.take(node.source, Role::Primary).await?;
        let answer = lease.query(&sql, made.len()).await;
        connections.put(node.source, lease, answer.as_ref().ok().map(|answer| answer.ok.status));
        let answer = answer?;
        stored.extend((0..answer.rows.len()).filter_map(|row| answer.text(row, 0)?.parse::<u64>().ok()));
    }
    Ok(made.iter().copied().find(|id| stored.contains(id)))
}

/// Whether a server found fault with a row: a duplicate, a value, a reference (SQLSTATE classes 22 and 23, and values
/// that MySQL has given no class).
fn is_of_a_row(error: &Error) -> bool {
    const VALUES: [u16; 3] = [1364, 1366, 3819];
    error.origin == Origin::Backend
        && (matches!(&error.sqlstate[..2], b"22" | b"23") || VALUES.contains(&error.errno))
}

/// Whether only a look at the table tells which rows were inserted: some were not.
pub(super) fn looks_up(insert: &Insert, bound: &Bound, summary: &Summary, flavor: Flavor) -> bool {
    let rows = insert.rows.len() as u64;
    match insert.selective {
        Selective::No => false,
        Selective::Ignore => rows > 1 && summary.affected > 0 && summary.affected < rows,
        // With CLIENT_FOUND_ROWS a row that was found and not changed counts as one that was inserted.
        Selective::Update if rows == 1 => {
            flavor.found_rows && summary.affected == 1 && bound.ids.first != Some(summary.last_insert_id)
        }
        Selective::Update => true,
    }
}
