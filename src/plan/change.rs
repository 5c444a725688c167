//! UPDATE and DELETE: changes of rows where they are.

use super::edit::{Edits, quote, text};
use super::gene;
use super::insert::same_everywhere;
use super::ir::{Act, Kept, Moves, Route, Routing, Several, Write};
use super::join::{Block, Parts, Place};
use super::moves;
use super::names::{self, Ctx, Style};
use super::pick::{self, Change};
use super::placed::Placed;
use super::refuse;
use super::scope::{Origin, Scopes};
use crate::base::{Error, Result};
use crate::sql::facts::{Delete, Expr, ExprKind, Limit, OrderItem, Span, TableName, TableRef, Update};
use crate::topology::Layout;

/// What an UPDATE's tables have to do with each other.
pub(super) fn update_block(scopes: &mut Scopes<'_>, update: &Update) -> Block {
    let exprs = update.set.iter().map(|a| &a.value).chain(&update.filter_expr);
    let parts =
        parts(&update.tables, update.filter.as_ref(), update.filter_expr.as_ref(), exprs, &update.order_by);
    scopes.block(&parts, &Place::top())
}

/// What a DELETE's tables have to do with each other.
pub(super) fn delete_block(scopes: &mut Scopes<'_>, delete: &Delete) -> Block {
    let exprs = delete.filter_expr.iter();
    let parts =
        parts(&delete.tables, delete.filter.as_ref(), delete.filter_expr.as_ref(), exprs, &delete.order_by);
    scopes.block(&parts, &Place::top())
}

/// Plans an UPDATE.
pub(super) fn update(ctx: &Ctx<'_>, update: &Update) -> Result<Act> {
    let mut scopes = Scopes::new(ctx);
    let block = update_block(&mut scopes, update);
    let placed = scopes.placed(&block.proof)?;
    let mut changed = Vec::new();
    for assignment in &update.set {
        match scopes.resolve(block.scope, &assignment.column).map(|c| c.leaf) {
            Some(leaf) => changed.push(leaf),
            // Which table it is cannot be told: it may be any.
            None => changed.extend(scopes.blocks.get(block.scope).iter().flat_map(|s| &s.leaves)),
        }
    }
    changed.sort_unstable();
    changed.dedup();
    let placed = settle(ctx, &scopes, placed, &changed, &update.order_by, update.limit.as_ref())?;
    let edits = names::edits(ctx, &placed.routing, Style::Aliased)?;
    let alone = whole_table(&scopes, &block, &update.tables);
    let change = Change {
        from: update.from,
        head: Span { start: 0, end: update.set.last().map_or(update.from.end, |a| a.value.span.end) },
        filter: update.filter_expr.as_ref(),
        order_by: &update.order_by,
        order: update.order_span,
        limit: update.limit.as_ref(),
        set: Vec::new(),
        ordered: false,
    };
    let many = placed.several(|| several(&scopes, &block, alone, &edits, &change));
    let (kept, moves) = placing(ctx, &scopes, &block, update, &edits, &many)?;
    let text = edits.whole(ctx.shape);
    Ok(Act::Write(Write { routing: placed.routing, text, many, kept, moves }))
}

/// What becomes of the columns by which rows are placed: they are kept, or rows move.
fn placing(
    ctx: &Ctx<'_>,
    scopes: &Scopes<'_>,
    block: &Block,
    update: &Update,
    edits: &Edits,
    many: &Result<Several>,
) -> Result<(Vec<Kept>, Option<Box<Moves>>)> {
    let (keys, ids) =
        (key_assignments(scopes, block, update), gene::id_assignments(ctx, scopes, block, update));
    let (mut kept, mut always) = (Vec::new(), false);
    for found in [keys, ids] {
        match found {
            Ok(found) => kept.extend(found),
            Err(_) => always = true,
        }
    }
    if kept.is_empty() && !always {
        return Ok((kept, None));
    }
    let moves = many.as_ref().map_err(Clone::clone);
    match moves.and_then(|_| moves::plan(scopes, block, update, edits, always)) {
        Ok(moves) => Ok((kept, Some(Box::new(moves)))),
        Err(why) if always => Err(why),
        Err(why) => {
            for kept in &mut kept {
                kept.otherwise = why.clone();
            }
            Ok((kept, None))
        }
    }
}

/// The only table of a statement's block, where it is a sharded one and nothing else.
pub(super) fn whole_table(scopes: &Scopes<'_>, block: &Block, tables: &[TableRef]) -> Option<usize> {
    let [TableRef::Table(_)] = tables else { return None };
    let leaf = scopes.blocks.get(block.scope)?.leaves.first()?;
    scopes.sharded(*leaf).map(|_| *leaf)
}

/// How several nodes carry out a change that each of them can do a part of.
fn several(
    scopes: &Scopes<'_>,
    block: &Block,
    alone: Option<usize>,
    edits: &Edits,
    change: &Change<'_>,
) -> Result<Several> {
    let Some(limit) = change.limit else {
        return if change.order.is_none() || alone.is_some() { Ok(Several::AtOnce) } else { Err(ordered()) };
    };
    let Some(table) = alone.and_then(|leaf| scopes.leaves.get(leaf)).and_then(|leaf| match leaf.origin {
        Origin::Table(table) => Some(table),
        _ => None,
    }) else {
        return Err(ordered());
    };
    if limit.offset.is_some() {
        return Err(ordered());
    }
    if change.order.is_none() {
        let head = edits.render_closed(Span { start: 0, end: limit.span.start });
        return Ok(Several::InTurn(head, limit.count.clone()));
    }
    pick::plan(scopes, block, table, edits, change).map(|pick| Several::Picked(Box::new(pick)))
}

fn ordered() -> Error {
    refuse::needs_one_node("ORDER BY or LIMIT in a change of several tables' rows on several shards")
}

fn parts<'q>(
    from: &'q [TableRef],
    filter: Option<&'q crate::sql::facts::Predicate>,
    filter_expr: Option<&'q Expr>,
    exprs: impl Iterator<Item = &'q Expr>,
    order: &'q [OrderItem],
) -> Parts<'q> {
    Parts {
        from,
        filter,
        filter_expr,
        exprs: exprs.chain(order.iter().map(|o| &o.expr)).collect(),
        member: None,
    }
}

/// A sharding key may only be set to the value that WHERE demands of it.
fn key_assignments(scopes: &Scopes<'_>, block: &Block, update: &Update) -> Result<Vec<Kept>> {
    let mut kept = Vec::new();
    let leaves = scopes.blocks.get(block.scope).map_or(&[][..], |s| &s.leaves);
    for assignment in &update.set {
        let name = &assignment.column.name.text;
        let resolved = scopes.resolve(block.scope, &assignment.column).map(|c| c.leaf);
        for leaf in leaves.iter().filter(|l| resolved.is_none_or(|r| r == **l)) {
            let Some(sharded) = scopes.sharded(*leaf).filter(|s| s.key.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let table = scopes.leaves.get(*leaf).map_or("", |l| l.name.as_str());
            let given = match (scopes.route_of(*leaf), &assignment.value.kind) {
                (Route::Eq(held), ExprKind::Operand(new)) => Some((held, new.clone())),
                (Route::And(all), ExprKind::Operand(new)) => all.into_iter().find_map(|r| match r {
                    Route::Eq(held) => Some((held, new.clone())),
                    _ => None,
                }),
                _ => None,
            };
            let otherwise = refuse::key_change(&sharded.key, table);
            match given {
                Some((held, new)) => kept.push(Kept { held, new, otherwise }),
                None => return Err(otherwise),
            }
        }
    }
    Ok(kept)
}

/// Checks what is changed where, and narrows what several nodes may do.
fn settle(
    ctx: &Ctx<'_>,
    scopes: &Scopes<'_>,
    placed: Placed,
    changed: &[usize],
    order: &[OrderItem],
    limit: Option<&Limit>,
) -> Result<Placed> {
    let layouts: Vec<(usize, &Layout)> = changed
        .iter()
        .filter_map(|l| match scopes.leaves.get(*l)?.origin {
            Origin::Table(i) => Some((i, &ctx.tables.get(i)?.table.layout)),
            _ => None,
        })
        .collect();
    let reference = layouts.iter().find_map(|(i, l)| match l {
        Layout::Reference(nodes) => Some((*i, nodes)),
        _ => None,
    });
    if let Some((_, nodes)) = reference {
        let everywhere = ctx.used().all(|i| {
            ctx.tables.get(i).is_some_and(|t| match &t.table.layout {
                Layout::Reference(own) => {
                    own.len() == nodes.len() && own.iter().zip(nodes).all(|(a, b)| a.source == b.source)
                }
                _ => {
                    nodes.len() == 1
                        && ctx.covers(i, &[nodes.first().map_or(crate::base::ids::SourceId(0), |n| n.source)])
                }
            })
        });
        if !everywhere {
            return Err(refuse::feature(
                "a change of a reference table would depend on rows that not every copy's server has",
                "read the values first, and change the reference table by its own columns",
            ));
        }
        if nodes.len() > 1 {
            same_everywhere(ctx)?;
            if limit.is_some() && !(order.iter().any(|o| unique(scopes, &o.expr))) {
                return Err(refuse::feature(
                    "LIMIT in a change of a reference table could take other rows on each copy",
                    "order by a unique column as well",
                ));
            }
        }
        return Ok(Placed { routing: Routing::Every(nodes.clone()), many: Ok(()) });
    }
    let mut placed = placed;
    if let Routing::Any(nodes) = &mut placed.routing {
        nodes.truncate(1);
        return Ok(placed);
    }
    if layouts.iter().any(|(_, l)| matches!(l, Layout::Single(_))) {
        placed.many = placed.many.and(Err(refuse::needs_one_node(
            "a table that is not sharded would be changed once for each shard",
        )));
    }
    Ok(placed)
}

/// Whether an expression is a column that is unique by itself.
fn unique(scopes: &Scopes<'_>, expr: &Expr) -> bool {
    let ExprKind::Column(column) = &expr.kind else { return false };
    scopes.leaves.iter().filter_map(|l| l.schema.as_ref()).any(|s| {
        s.unique
            .iter()
            .any(|u| matches!(u.as_slice(), [only] if only.eq_ignore_ascii_case(&column.name.text)))
    })
}

/// Names of a multi-table DELETE's targets that are no tables of their own.
pub(super) fn targets(ctx: &Ctx<'_>, delete: &Delete) -> Vec<usize> {
    delete
        .targets
        .iter()
        .filter(|t| !from_names(&delete.tables).iter().any(|f| f.span == t.span))
        .filter_map(|t| ctx.index_of(t))
        .collect()
}

fn from_names(tables: &[TableRef]) -> Vec<&TableName> {
    let mut out = Vec::new();
    for table in tables {
        match table {
            TableRef::Table(name) => out.push(name),
            TableRef::Join { left, right, .. } => {
                out.extend(from_names(std::slice::from_ref(left)));
                out.extend(from_names(std::slice::from_ref(right)));
            }
            TableRef::Derived { .. } | TableRef::Function => {}
        }
    }
    out
}

/// Plans a DELETE.
/// Whether RETURNING answers the same of rows on several shards as of all in one place.
pub(super) fn returned(ctx: &Ctx<'_>) -> Result<()> {
    let statement = ctx.statement;
    let sets_id = statement.functions.iter().any(|call| call.args && call.name == "LAST_INSERT_ID");
    if statement.assigns_user_variables || sets_id || statement.tables.len() > 1 {
        return Err(refuse::needs_one_node(
            "RETURNING of rows on several shards, with other tables, a variable that is assigned, or LAST_INSERT_ID(expression)",
        ));
    }
    Ok(())
}

pub(super) fn delete(ctx: &Ctx<'_>, delete: &Delete) -> Result<Act> {
    let mut scopes = Scopes::new(ctx);
    let block = delete_block(&mut scopes, delete);
    let placed = scopes.placed(&block.proof)?;
    let leaves = scopes.blocks.get(block.scope).map_or(Vec::new(), |s| s.leaves.clone());
    let changed: Vec<usize> = if delete.targets.is_empty() {
        leaves
    } else {
        let named = |l: &usize| {
            scopes.leaves.get(*l).is_some_and(|leaf| delete.targets.iter().any(|t| t.name.text == leaf.name))
        };
        leaves.into_iter().filter(named).collect()
    };
    let mut placed = settle(ctx, &scopes, placed, &changed, &delete.order_by, delete.limit.as_ref())?;
    if delete.returning {
        let first =
            || refuse::needs_one_node("RETURNING of rows in their order, or of the first of several shards");
        let ordered = delete.order_span.is_some() || delete.limit.is_some();
        placed.many = placed.many.and_then(|()| if ordered { Err(first()) } else { returned(ctx) });
    }
    let bare = match delete.tables.as_slice() {
        [TableRef::Table(name)] if delete.targets.is_empty() => ctx.index_of(name),
        _ => None,
    };
    let mut edits = names::edits(ctx, &placed.routing, bare.map_or(Style::Aliased, Style::Bare))?;
    if names::needs_mapping(ctx, &placed.routing) {
        for target in &delete.targets {
            edits.replace(target.span, vec![text(quote(&target.name.text))]);
        }
    }
    let change = Change {
        from: delete.from,
        head: Span { start: 0, end: delete.from.end },
        filter: delete.filter_expr.as_ref(),
        order_by: &delete.order_by,
        order: delete.order_span,
        limit: delete.limit.as_ref(),
        set: Vec::new(),
        ordered: false,
    };
    let alone = bare.and_then(|_| whole_table(&scopes, &block, &delete.tables));
    let many = placed.several(|| several(&scopes, &block, alone, &edits, &change));
    Ok(Act::Write(Write {
        text: edits.whole(ctx.shape),
        routing: placed.routing,
        many,
        kept: Vec::new(),
        moves: None,
    }))
}
