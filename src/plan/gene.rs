//! Ids that carry their row's slot: made for inserted rows, checked where they are given, and left alone by changes.
//! That a query by id alone may go to one shard rests on all of it.

use smallvec::SmallVec;

use super::bind::{Binder, MakeIds, lost};
use super::ir::{IdValue, Insert, Kept, Route};
use super::join::Block;
use super::names::Ctx;
use super::refuse;
use super::rows::{RowId, id_value};
use super::scope::{Col, Scopes};
use crate::base::{Error, Result, Value};
use crate::sharding::Gene;
use crate::sql::facts::{self, Assignment, ColumnRef, Expr, ExprKind, Operand, Update};
use crate::topology::{IdRule, Layout, Table};

impl Binder<'_> {
    /// Gives each row that asks for one an id with the slot of its key; ids that rows bring along must carry it. Rows of
    /// one slot that follow each other get ids that follow each other. Answers the first new id.
    pub(super) fn gene_ids(
        &self,
        insert: &Insert,
        rule: &IdRule,
        gene: Gene,
        rows: &mut [RowId],
        ids: &mut MakeIds<'_>,
    ) -> Result<Option<u64>> {
        let table = &self.plan.tables.get(insert.table).ok_or_else(lost)?.table;
        let slots = self.slots(insert)?;
        for (row, slot) in rows.iter().zip(&slots) {
            if let RowId::Given(value) = row {
                check(table, rule, gene, value, *slot)?;
            }
        }
        let block = rule.layout.map_or(1, |layout| layout.per_ms() as usize);
        let asks = |row: &RowId| matches!(row, RowId::New(_));
        let (mut first, mut start) = (None, 0);
        while let (Some(rest), Some(after)) = (rows.get_mut(start..), slots.get(start..)) {
            let Some(at) = rest.iter().position(&asks) else { break };
            let (rest, after) = (rest.get_mut(at..).unwrap_or_default(), after.get(at..).unwrap_or_default());
            let slot = *after.first().ok_or_else(lost)?;
            let alike = |(row, other): &(&mut RowId, &u32)| asks(row) && **other == slot;
            let run = rest.iter_mut().zip(after).take_while(alike).take(block);
            let run: SmallVec<[&mut RowId; 1]> = run.map(|(row, _)| row).collect();
            start += at + run.len();
            let new = ids(rule, run.len(), slot)?;
            first = first.or(new.number(0));
            for (i, row) in run.into_iter().enumerate() {
                *row = RowId::New(id_value(&new, i, IdValue::Number).ok_or_else(lost)?);
            }
        }
        Ok(first)
    }

    /// The slot of each row's key.
    fn slots(&self, insert: &Insert) -> Result<SmallVec<[u32; 1]>> {
        let sharded = self.sharded(insert.table).ok_or_else(lost)?;
        let slot = |row: &super::ir::InsertRow| {
            let value = self.row_key(insert, sharded, row.key.as_ref().ok_or_else(lost)?)?;
            sharded.rule.part_of(&value)
        };
        insert.rows.iter().map(slot).collect()
    }
}

/// Whether a row whose key is in `slot` may have this value as its id; refuses it if not.
pub fn check(table: &Table, rule: &IdRule, gene: Gene, id: &Value, slot: u32) -> Result<()> {
    let Layout::Sharded(sharded) = &table.layout else { return Ok(()) };
    gene.check(id, slot).map_err(|why| {
        let (column, name, key) = (&rule.column, &table.name, &sharded.key);
        Error::refused(
            format!("`{column}` of `{name}` carries the slot of `{key}`, by which its row is found: {why}"),
            format!("leave `{column}` out, or take it from SHARDGATE_NEXT_ID('{name}', 1, {key})"),
        )
    })
}

/// A new value of an id that carries a slot.
fn change(rule: &IdRule, table: &Table) -> Error {
    refuse::feature(
        format_args!(
            "the id `{}` of `{}` carries the slot of the sharding key: with another value its row would not be found",
            rule.column, table.name
        ),
        "delete the row and insert it with a new id in one transaction",
    )
}

/// What a row without a key lacks besides its place, for a message.
pub(super) fn and_slot(table: &Table) -> String {
    carrier(table)
        .map_or(String::new(), |(rule, _)| format!(", whose slot the ids of `{}` carry", rule.column))
}

/// A table's id rule, where its ids carry slots.
fn carrier(table: &Table) -> Option<(&IdRule, Gene)> {
    let rule = table.id.as_ref()?;
    Some((rule, rule.gene()?))
}

/// Whether ids of a table carry slots.
pub(super) fn slots_matter(table: &Table) -> bool {
    carrier(table).is_some()
}

/// Whether a column of a table is an id that carries a slot.
pub(super) fn carries(table: &Table, column: &str) -> bool {
    carrier(table).is_some_and(|(rule, _)| rule.column.eq_ignore_ascii_case(column))
}

/// Whether an expression is a column and nothing else, or LAST_INSERT_ID(column), which leaves it what it is.
pub(super) fn keeps(ctx: &Ctx<'_>, value: &Expr, same: impl Fn(&ColumnRef) -> bool) -> bool {
    if let ExprKind::Column(column) = &value.kind {
        return same(column);
    }
    let called = ctx.statement.functions.iter().any(|f| f.span == value.span && f.name == "LAST_INSERT_ID");
    let ([column], true) = (value.columns.as_slice(), called) else { return false };
    let argument = value.span.of(ctx.shape).split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let first = column.schema.as_ref().or(column.table.as_ref()).unwrap_or(&column.name);
    let written = facts::Span { start: first.span.start, end: column.name.span.end };
    argument.is_some_and(|text| text.trim() == written.of(ctx.shape)) && same(column)
}

/// ON DUPLICATE KEY UPDATE leaves ids that carry slots what they are.
pub(super) fn on_duplicate(ctx: &Ctx<'_>, insert: &facts::Insert, table: &Table) -> Result<()> {
    let Some((rule, _)) = carrier(table) else { return Ok(()) };
    let own = |column: &ColumnRef| {
        let qualified = column.table.as_ref().map(|t| t.text == table.name.as_ref());
        column.name.text.eq_ignore_ascii_case(&rule.column) && qualified.unwrap_or(!insert.row_alias)
    };
    let changes =
        |a: &&Assignment| a.column.name.text.eq_ignore_ascii_case(&rule.column) && !keeps(ctx, &a.value, own);
    match insert.on_duplicate.iter().find(changes) {
        Some(_) => Err(change(rule, table)),
        None => Ok(()),
    }
}

/// UPDATE leaves ids that carry slots what they are: set to themselves, or to the value that WHERE demands. Answers what
/// has to be the same for that.
pub(super) fn id_assignments(
    ctx: &Ctx<'_>,
    scopes: &Scopes<'_>,
    block: &Block,
    update: &Update,
) -> Result<Vec<Kept>> {
    let mut kept = Vec::new();
    let leaves = scopes.blocks.get(block.scope).map_or(&[][..], |s| &s.leaves);
    for Assignment { column, value } in &update.set {
        let resolved = scopes.resolve(block.scope, column).map(|c| c.leaf);
        for leaf in leaves.iter().filter(|l| resolved.is_none_or(|r| r == **l)) {
            let Some(table) = scopes.table(*leaf) else { continue };
            let Some((rule, _)) = carrier(table) else { continue };
            if !column.name.text.eq_ignore_ascii_case(&rule.column) {
                continue;
            }
            let id = Col { leaf: *leaf, name: rule.column.to_lowercase() };
            if keeps(ctx, value, |other| scopes.resolve(block.scope, other).as_ref() == Some(&id)) {
                continue;
            }
            let held = held_id(scopes.route_of(*leaf));
            let otherwise = change(rule, table);
            match (held, &value.kind) {
                (Some(held), ExprKind::Operand(new)) => {
                    kept.push(Kept { held, new: new.clone(), otherwise });
                }
                _ => return Err(otherwise),
            }
        }
    }
    Ok(kept)
}

/// The value that a route demands of the id, if it is one.
fn held_id(route: Route) -> Option<Operand> {
    match route {
        Route::Gene { id, .. } => match *id {
            Route::Eq(held) => Some(held),
            _ => None,
        },
        Route::And(all) => all.into_iter().find_map(held_id),
        _ => None,
    }
}

/// INSERT … SELECT gives ids that fit: those of a table that reads all ids alike which may carry slots here, in rows that
/// keep its key. `filling` tells the SELECT's column for one of the target's, `keys` those that are equal to the key's.
pub(super) fn check_copy(
    ctx: &Ctx<'_>,
    scopes: &Scopes<'_>,
    index: usize,
    filling: impl Fn(&str) -> Option<Col>,
    keys: &[Col],
) -> Result<()> {
    let Some(used) = ctx.tables.get(index) else { return Err(lost()) };
    let Some((rule, target)) = carrier(&used.table) else { return Ok(()) };
    let fits = |id: Col| {
        let id = scopes.trace(&id);
        let Some((from, gene)) = scopes.table(id.leaf).and_then(carrier) else { return false };
        from.column.eq_ignore_ascii_case(&id.name)
            && gene.reads_like(&target)
            && gene.cutover() <= target.cutover()
            && scopes.key(id.leaf).is_some_and(|key| keys.contains(&key))
    };
    // A server would make ids of its own of NULL and 0.
    let schema = ctx.schemas.table(&used.database, &used.table.name);
    let column = schema.as_ref().and_then(|s| s.columns.get(s.position(&rule.column)?));
    let as_given = column.is_some_and(|column| !column.auto_increment);
    if as_given && filling(&rule.column).is_some_and(fits) {
        return Ok(());
    }
    Err(refuse::feature(
        format_args!(
            "ids of `{}` carry the slot of the sharding key of `{}`, and those that this SELECT gives may not",
            rule.column, used.table.name
        ),
        "select the id from a table whose ids carry the same slot into a column that is not AUTO_INCREMENT, or insert the \
         rows as values without ids",
    ))
}
