//! UPDATEs after which rows may belong to other nodes: the sharding key is set to something that WHERE does not demand.

use std::sync::Arc;

use super::bind::{Binder, Target, lost};
use super::change::whole_table;
use super::edit::{Edits, quote};
use super::gene;
use super::ir::{Job, Moves, Plan};
use super::join::Block;
use super::pick::{self, Change};
use super::refuse;
use super::route;
use super::scope::{Origin, Scopes};
use crate::base::ids::NodeId;
use crate::base::{Error, Result, Value};
use crate::sql::facts::{ExprKind, Span, Update};
use crate::topology::schema::TableSchema;
use crate::topology::{Index, Layout, Table};

/// How rows move that an UPDATE gives new keys, or why they cannot.
pub(super) fn plan(
    scopes: &Scopes<'_>,
    block: &Block,
    update: &Update,
    edits: &Edits,
    always: bool,
) -> Result<Moves> {
    let cannot = |why: &str| {
        refuse::feature(
            format_args!(
                "a new value of a column by which rows are placed moves them to other shards, and {why}"
            ),
            "delete the rows and insert them with their new values in one transaction",
        )
    };
    let leaf = whole_table(scopes, block, &update.tables)
        .ok_or_else(|| cannot("the statement names several tables"))?;
    let Some(Origin::Table(table)) = scopes.leaves.get(leaf).map(|leaf| &leaf.origin) else {
        return Err(lost());
    };
    let sharded = scopes.sharded(leaf).ok_or_else(lost)?;
    let schema = scopes.leaves.get(leaf).and_then(|leaf| leaf.schema.as_ref());
    let schema = schema.ok_or_else(|| cannot("the table's definition is not known"))?;
    let key = schema.position(&sharded.key).and_then(|at| schema.columns.get(at)).ok_or_else(lost)?;
    if update.ignore {
        return Err(cannot(
            "IGNORE would have to leave those where they are that another row is in the way of",
        ));
    }
    if schema.row_triggers {
        return Err(cannot("the table's triggers for inserted and deleted rows would act on them"));
    }
    let statement = scopes.at.statement;
    if statement.assigns_user_variables
        || statement.functions.iter().any(|f| f.name == "LAST_INSERT_ID" && f.args)
    {
        return Err(cannot("the statement sets variables of the session on the way"));
    }
    let index = pick::row_key(schema)
        .map_err(|_| cannot("the table has no primary key, by which they could be told apart"))?;
    let in_index = |name: &str| index.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let mut set = Vec::new();
    for (n, assignment) in update.set.iter().enumerate() {
        let name = &assignment.column.name.text;
        if !in_index(name) {
            continue;
        }
        let earlier = update.set.get(..n).unwrap_or_default();
        let value = &assignment.value;
        let read = |name: &str| earlier.iter().any(|a| a.column.name.text.eq_ignore_ascii_case(name));
        if scopes.changes(value)
            || !value.subqueries.is_empty()
            || value.kind == ExprKind::Default
            || value.columns.iter().any(|column| read(&column.name.text))
        {
            return Err(cannot("what its primary key becomes cannot be told before"));
        }
        set.push((name.clone(), value));
    }
    let indexes = scopes.at.tables.get(*table).map_or(&[][..], |used| used.table.indexes.as_slice());
    let one_by_one = shifts(schema, indexes, update);
    let end = update.set.last().map_or(update.from.end, |a| a.value.span.end);
    let change = Change {
        from: update.from,
        head: Span { start: 0, end },
        filter: update.filter_expr.as_ref(),
        order_by: &update.order_by,
        order: update.order_span,
        limit: update.limit.as_ref(),
        set,
        ordered: one_by_one,
    };
    let sets_key = |a: &&crate::sql::facts::Assignment| a.column.name.text.eq_ignore_ascii_case(&sharded.key);
    let to = match update.set.iter().rfind(sets_key).map(|a| &a.value.kind) {
        Some(ExprKind::Operand(operand)) => Some(operand.clone()),
        _ => None,
    };
    let stored = schema.columns.iter().filter(|column| !column.generated);
    Ok(Moves {
        pick: pick::plan(scopes, block, *table, edits, &change)?,
        to,
        column: key.as_key(scopes.leaves.get(leaf).map_or("", |leaf| &leaf.name)),
        columns: stored.map(|column| column.name.clone()).collect(),
        one_by_one,
        always,
    })
}

/// Whether a row may get a unique value that another of the rows has and is about to give up.
fn shifts(schema: &TableSchema, indexes: &[Arc<Index>], update: &Update) -> bool {
    let varies = |name: &str| {
        update.set.iter().any(|a| {
            a.column.name.text.eq_ignore_ascii_case(name) && !matches!(a.value.kind, ExprKind::Operand(_))
        })
    };
    schema.unique.iter().flatten().any(|name| varies(name))
        || indexes.iter().flat_map(|index| &index.columns).any(|name| varies(name))
}

impl Binder<'_> {
    /// Whether all rows of the statement stay on the only node that it is for.
    pub(super) fn all_stay(&self, moves: &Moves, targets: &[Target<'_>]) -> Result<bool> {
        let table = &self.plan.tables.get(moves.pick.table).ok_or_else(lost)?.table;
        let sharded = self.sharded(moves.pick.table).ok_or_else(lost)?;
        // A row's entries have its key.
        if gene::slots_matter(table) || !table.indexes.is_empty() {
            return Ok(false);
        }
        if sharded.nodes.len() == 1 {
            return Ok(true);
        }
        let (Some(to), [target]) = (&moves.to, targets) else { return Ok(false) };
        let values = |i| self.source.value(i);
        let value = route::value(to, &values).filter(|value| **value != Value::Null);
        Ok(value.is_some_and(|value| sharded.rule.store_in(&value, &moves.column) == Ok(target.id)))
    }
}

/// Where a row belongs, by its key; and that its id, where ids carry slots, leads there.
pub fn home(plan: &Plan, moves: &Moves, row: &[Value]) -> Result<NodeId> {
    let table = &plan.tables.get(moves.pick.table).ok_or_else(lost)?.table;
    let Layout::Sharded(sharded) = &table.layout else { return Err(lost()) };
    let key = cell(moves, row, &sharded.key).ok_or_else(lost)?;
    if *key == Value::Null {
        return Err(Error::new(
            crate::base::Code::NullColumn,
            format!("Column '{}' cannot be null", sharded.key),
        ));
    }
    check_id(table, moves, row, sharded.rule.part_of(key))?;
    sharded.rule.store(key)
}

fn check_id(table: &Table, moves: &Moves, row: &[Value], part: Result<u32>) -> Result<()> {
    let Some(rule) = &table.id else { return Ok(()) };
    let (Some(gene), Some(id)) = (rule.gene(), cell(moves, row, &rule.column)) else { return Ok(()) };
    gene::check(table, rule, gene, id, part?)
}

fn cell<'r>(moves: &Moves, row: &'r [Value], column: &str) -> Option<&'r Value> {
    row.get(moves.columns.iter().position(|name| name.eq_ignore_ascii_case(column))?)
}

/// INSERT of so many whole rows, a `?` for each value.
pub fn insertion(plan: &Plan, moves: &Moves, node: NodeId, rows: usize) -> Result<Job> {
    let used = plan.tables.get(moves.pick.table).ok_or_else(lost)?;
    let Layout::Sharded(sharded) = &used.table.layout else { return Err(lost()) };
    let place = sharded.node(node).ok_or_else(lost)?;
    let names: Vec<String> = moves.columns.iter().map(|name| quote(name)).collect();
    let row = format!("({})", vec!["?"; names.len()].join(", "));
    let text = format!(
        "INSERT INTO {} ({}) VALUES {}",
        super::names::physical(&used.table, place, &place.schema),
        names.join(", "),
        vec![row.as_str(); rows].join(", ")
    );
    Ok(Job {
        source: place.source,
        schema: Arc::clone(&place.schema),
        node,
        text: Some(text.into_bytes()),
        params: None,
        native: None,
    })
}

/// The question for the foreign keys of a job's table: their names, and whether it is rows of this table that they refer to.
pub fn references(plan: &Plan, moves: &Moves, job: &Job) -> Result<Job> {
    let used = plan.tables.get(moves.pick.table).ok_or_else(lost)?;
    let Layout::Sharded(sharded) = &used.table.layout else { return Err(lost()) };
    let place = sharded.node(job.node).ok_or_else(lost)?;
    let literal = |name: &str| {
        let hex: Vec<String> = name.bytes().map(|byte| format!("{byte:02X}")).collect();
        format!("CONVERT(x'{}' USING utf8mb4)", hex.concat())
    };
    let (schema, table) =
        (literal(&place.schema), literal(place.table.as_deref().unwrap_or(&used.table.name)));
    let to_it = format!("UNIQUE_CONSTRAINT_SCHEMA = {schema} AND REFERENCED_TABLE_NAME = {table}");
    let text = format!(
        "SELECT CONSTRAINT_NAME, {to_it} FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE {to_it} OR \
         (CONSTRAINT_SCHEMA = {schema} AND TABLE_NAME = {table}) ORDER BY 2 DESC"
    );
    Ok(Job { text: Some(text.into_bytes()), params: None, ..job.clone() })
}
