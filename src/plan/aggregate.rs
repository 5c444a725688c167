//! GROUP BY, aggregates and DISTINCT over several nodes: partial results of the shards that `merge` folds.

use super::alike;
use super::edit::text;
use super::ir::Template;
use super::merge_spec::{Col as Out, Fold, Key, Step};
use super::order::{self, Form, Target, key_of, weight_of};
use super::refuse;
use super::select::{self, Draft, Outcome};
use crate::base::{Error, Result};
use crate::sql::facts::{Aggregate, ColumnRef, Expr, ExprKind, Func};

/// One key of GROUP BY.
struct GroupKey {
    /// The visible column that it is.
    visible: Option<usize>,
    key: Key,
}

/// Groups that may lie on several nodes.
pub(super) fn group(draft: &mut Draft<'_, '_>) -> Result<Outcome> {
    let select = draft.select;
    if select.having.is_some() {
        return Err(refuse::feature(
            "HAVING over groups that lie on several shards",
            "group by the sharding key as well, or filter the groups in the application",
        ));
    }
    if !draft.list.complete {
        return Err(refuse::feature("`*` in a query with groups", "name the columns"));
    }
    if select.distinct && !select.group_by.is_empty() {
        return Err(refuse::feature(
            "DISTINCT over groups that lie on several shards",
            "leave DISTINCT out, or group by the selected columns",
        ));
    }
    let groups = group_keys(draft)?;
    let within = within(draft)?;
    let mut folds = folds(draft, &groups)?;
    let order = group_order(draft, &groups, &mut folds)?;
    let visible = draft.list.columns.len();
    // A position may stand for a hidden column too: it needs no text that the server would have to find again.
    let position = |out: Out| match out {
        Out::Visible(i) => i + 1,
        Out::Hidden(i) => visible + i + 1,
    };
    // An alias may have a column's name: positions stand for one thing only.
    let places = within.iter().map(|key| position(key.value).to_string());
    let shard_group: String = places.flat_map(|place| [", ".to_owned(), place]).collect();
    let shard_order = (!groups.is_empty()).then(|| {
        let list: Vec<String> = groups
            .iter()
            .map(|g| g.visible.map_or_else(|| position(g.key.value), |i| i + 1).to_string())
            .collect();
        format!("ORDER BY {}{shard_group}", list.join(", "))
    });
    let keys: Vec<Key> = groups.into_iter().map(|g| g.key).collect();
    let order_is_group_prefix = keys.starts_with(&order);
    Ok(Outcome {
        step: Step::Group { keys, within, folds, order, order_is_group_prefix },
        shard_order,
        shard_limit: false,
        shard_group,
    })
}

fn group_keys(draft: &mut Draft<'_, '_>) -> Result<Vec<GroupKey>> {
    let mut out = Vec::new();
    for expr in &draft.select.group_by {
        if !expr.subqueries.is_empty() {
            return Err(refuse::feature("GROUP BY a subquery over several shards", "group by a column"));
        }
        let Some((visible, body, form)) = group_target(draft, expr)? else {
            return Err(refuse::feature("GROUP BY a position that is not an expression", "name the column"));
        };
        // An aggregate of the group's own key is the key; a bare expression would break ONLY_FULL_GROUP_BY.
        let column = is_column(draft, expr, visible);
        let wrapped = if column { body } else { order::least(body) };
        if !column && form == Form::Weighted {
            draft.weighed.push(expr.span);
        }
        let key = match form {
            Form::Weighted if visible.is_some() => {
                let weight = Out::Hidden(draft.hidden.add(weight_of(&wrapped)));
                let value = visible.map_or(Out::Visible(0), Out::Visible);
                Key { value, weight: Some(weight), descending: false }
            }
            form => key_of(visible, wrapped, form, false, &mut draft.hidden)?,
        };
        out.push(GroupKey { visible, key });
    }
    Ok(out)
}

/// Whether a group key is a plain column, looked at through an alias or a position.
fn is_column(draft: &Draft<'_, '_>, expr: &Expr, visible: Option<usize>) -> bool {
    match visible.and_then(|i| draft.list.columns.get(i)).and_then(|v| v.expr) {
        Some(shown) => matches!(shown.kind, ExprKind::Column(_)),
        None => matches!(expr.kind, ExprKind::Column(_)),
    }
}

type GroupTarget = Option<(Option<usize>, Template, Form)>;

/// What a GROUP BY item stands for: columns come before select aliases (MySQL 8.4 manual, "SELECT Statement").
fn group_target(draft: &mut Draft<'_, '_>, expr: &Expr) -> Result<GroupTarget> {
    let (scopes, list, scope, shape) = (draft.scopes, &draft.list, draft.block.scope, draft.scopes.at.shape);
    let shown = |i: usize| list.columns.get(i).map(|v| (Some(i), v.text.clone(), v.form));
    match &expr.kind {
        ExprKind::Operand(_) => match order::positioned(draft.select, expr) {
            Some(target) => Ok(list
                .columns
                .iter()
                .position(|v| v.expr.is_some_and(|e| e.span == target.span))
                .and_then(shown)),
            None => Err(refuse::feature("GROUP BY a constant or an unknown position", "group by a column")),
        },
        ExprKind::Column(column) => {
            let alias = order::aliased(draft.select, column);
            let col = scopes.resolve(scope, column);
            let certain = column.table.is_some()
                || alias.is_none()
                || col.as_ref().is_some_and(|c| scopes.surely_has(c.leaf, &c.name));
            if certain && col.is_some() {
                let visible = list.columns.iter().position(|v| v.col == col);
                let form = scopes.form_of_column(col.as_ref());
                return Ok(Some((visible, draft.edits.render(expr.span), form)));
            }
            match alias {
                Some(target)
                    if col.as_ref().is_none_or(|c| scopes.surely_lacks(c.leaf, &c.name))
                        || same(target, column) =>
                {
                    Ok(list
                        .columns
                        .iter()
                        .position(|v| v.expr.is_some_and(|e| e.span == target.span))
                        .and_then(shown))
                }
                Some(_) => Err(refuse::feature(
                    format_args!("GROUP BY `{}`, which may be a column or an alias", column.name.text),
                    "qualify the column with its table, or name the alias otherwise",
                )),
                None => {
                    let visible = list.columns.iter().position(|v| {
                        v.expr.is_some_and(|e| matches!(&e.kind, ExprKind::Column(c) if same_name(c, column)))
                    });
                    Ok(Some((visible, draft.edits.render(expr.span), Form::Weighted)))
                }
            }
        }
        _ => {
            let visible = list.columns.iter().position(|v| v.expr.is_some_and(|e| alike(shape, e, expr)));
            let form = scopes.form(scope, expr);
            if let Some(shown) = visible.and_then(|i| list.columns.get(i)).and_then(|v| v.expr) {
                draft.equal.push((shown.span, expr.span));
            }
            Ok(Some((visible, draft.edits.render(expr.span), form)))
        }
    }
}

/// Whether two expressions are written alike. Literals between quotes may differ by case; `?` must be compared when
/// their values are known.
fn alike(shape: &str, a: &Expr, b: &Expr) -> bool {
    let (a, b) = (a.span.of(shape), b.span.of(shape));
    a == b || (!a.contains(['\'', '"']) && a.eq_ignore_ascii_case(b))
}

fn same(expr: &Expr, column: &crate::sql::facts::ColumnRef) -> bool {
    matches!(&expr.kind, ExprKind::Column(c) if c.name.text.eq_ignore_ascii_case(&column.name.text))
}

fn same_name(a: &crate::sql::facts::ColumnRef, b: &crate::sql::facts::ColumnRef) -> bool {
    let table = |c: &crate::sql::facts::ColumnRef| c.table.as_ref().map(|t| t.text.clone());
    a.name.text.eq_ignore_ascii_case(&b.name.text) && table(a) == table(b)
}

fn folds(draft: &mut Draft<'_, '_>, groups: &[GroupKey]) -> Result<Vec<(Out, Fold)>> {
    let mut out = Vec::new();
    let shown: Vec<(usize, Expr)> =
        draft.list.columns.iter().enumerate().filter_map(|(i, v)| Some((i, v.expr?.clone()))).collect();
    for (i, expr) in shown {
        if groups.iter().any(|g| g.visible == Some(i)) || matches!(expr.kind, ExprKind::Operand(_)) {
            continue;
        }
        if let ExprKind::Aggregate(aggregate) = &expr.kind {
            if let Some(fold) = fold(draft, Out::Visible(i), aggregate, &expr)? {
                out.push((Out::Visible(i), fold));
            }
            continue;
        }
        if !expr.aggregates.is_empty() {
            return Err(refuse::feature(
                "an expression over aggregates of groups that lie on several shards",
                "select each aggregate as a column of its own and compute the expression in the application",
            ));
        }
        if !expr.subqueries.is_empty() || !repeats_group_key(draft, &expr, groups) {
            return Err(refuse::feature(
                format_args!(
                    "`{}` is neither an aggregate nor a group key, and its groups lie on several shards",
                    expr.span.of(draft.scopes.at.shape)
                ),
                "add it to GROUP BY, or take MIN or MAX of it",
            ));
        }
    }
    Ok(out)
}

/// Whether an item is a group key once more (the same column under another alias), or has no column at all.
fn repeats_group_key(draft: &Draft<'_, '_>, expr: &Expr, groups: &[GroupKey]) -> bool {
    let columns = &draft.list.columns;
    let key_cols: Vec<_> = draft
        .select
        .group_by
        .iter()
        .filter_map(|g| draft.scopes.column_of(g, draft.select, draft.block.scope))
        .chain(groups.iter().filter_map(|g| columns.get(g.visible?)?.col.clone()))
        .collect();
    // Of rows that are equal under a collation, any may show: so may a plain column, but nothing computed from it.
    match &expr.kind {
        ExprKind::Column(c) => {
            draft.scopes.resolve(draft.block.scope, c).is_some_and(|c| key_cols.contains(&c))
        }
        _ => expr.columns.is_empty(),
    }
}

fn argument(draft: &Draft<'_, '_>, aggregate: &Aggregate) -> Template {
    aggregate.args.first().map_or_else(Template::new, |a| draft.edits.render(*a))
}

fn call(name: &str, argument: Template) -> Template {
    let mut out = vec![text(format!("{name}("))];
    out.extend(argument);
    out.push(text(")"));
    out
}

/// Whether it matters how often a value comes that is to be taken once.
fn takes_once(aggregate: &Aggregate) -> bool {
    aggregate.distinct && !matches!(aggregate.func, Func::Min | Func::Max | Func::AnyValue)
}

/// What aggregates of DISTINCT values tell rows of a group apart by. The shards group by it too: what they answer then are
/// aggregates of one value each, and the others are added up from more parts. So it is only where values that are equal
/// are the same, and all such aggregates are of the same columns.
fn within(draft: &mut Draft<'_, '_>) -> Result<Vec<Key>> {
    let (scopes, scope, select) = (draft.scopes, draft.block.scope, draft.select);
    let exprs = select::item_exprs(select).chain(draft.query.order_by.iter().map(|item| &item.expr));
    let all: Vec<&Aggregate> = exprs.flat_map(|expr| &expr.aggregates).collect();
    let once: Vec<&Aggregate> = all.iter().copied().filter(|aggregate| takes_once(aggregate)).collect();
    let Some(first) = once.first() else { return Ok(Vec::new()) };
    let column = |column: &ColumnRef| {
        let col = scopes.resolve(scope, column)?;
        let definition = scopes.definition(&col)?;
        let plain = alike::has_one_form(definition) && scopes.form_of_column(Some(&col)) == Form::Native;
        plain.then_some((col, definition))
    };
    let columns = |aggregate: &Aggregate| {
        let plain = aggregate.args.len() == aggregate.columns.len()
            && aggregate.args.iter().zip(&aggregate.columns).all(|(arg, column)| *arg == column.span());
        let found = aggregate.columns.iter().map(column).collect::<Option<Vec<_>>>().filter(|_| plain)?;
        let numbers = found
            .iter()
            .all(|(_, column)| column.data_type.ends_with("int") || column.data_type == "decimal");
        let foldable = match aggregate.func {
            Func::Count => true,
            Func::Sum | Func::Avg => numbers,
            _ => false,
        };
        foldable.then(|| found.into_iter().map(|(col, _)| col).collect::<Vec<_>>())
    };
    // Of strings that are equal a server shows the first that it reads.
    let key = |expr: &Expr| {
        let col = scopes.column_of(expr, select, scope);
        col.is_some() && matches!(scopes.form_of_column(col.as_ref()), Form::Native | Form::Place)
    };
    let shown = |aggregate: &&Aggregate| {
        !matches!(aggregate.func, Func::Min | Func::Max)
            || scopes.argument_form(scope, &aggregate.columns, &aggregate.args) == Form::Native
    };
    let told = columns(first);
    let same = told.is_some() && once.iter().all(|aggregate| columns(aggregate) == told);
    if !same || select.group_by.is_empty() || !select.group_by.iter().all(key) || !all.iter().all(shown) {
        return Err(refuse::feature(
            "an aggregate of DISTINCT values over several shards",
            "group by the sharding key, or select the distinct values and count them in the application",
        ));
    }
    let bodies: Vec<Template> = first.args.iter().map(|arg| draft.edits.render(*arg)).collect();
    bodies.into_iter().map(|body| key_of(None, body, Form::Native, false, &mut draft.hidden)).collect()
}

fn fold(draft: &mut Draft<'_, '_>, shown: Out, aggregate: &Aggregate, expr: &Expr) -> Result<Option<Fold>> {
    let fold = fold_each(draft, shown, aggregate, expr)?;
    Ok(if takes_once(aggregate) { fold.map(|fold| Fold::Once(Box::new(fold))) } else { fold })
}

fn fold_each(
    draft: &mut Draft<'_, '_>,
    shown: Out,
    aggregate: &Aggregate,
    expr: &Expr,
) -> Result<Option<Fold>> {
    if !expr.subqueries.is_empty() {
        return Err(refuse::feature(
            "a subquery inside of an aggregate over several shards",
            "join the table instead",
        ));
    }
    let divides = aggregate.args.iter().any(|arg| arg.of(draft.scopes.at.shape).contains('/'));
    if divides && matches!(aggregate.func, Func::Sum | Func::Avg) {
        return Err(refuse::feature(
            "a sum of quotients over several shards (servers add them up with more digits than they show)",
            "group by the sharding key, or divide the sum instead",
        ));
    }
    let distinct = if takes_once(aggregate) { "DISTINCT " } else { "" };
    let body = order::wrap(distinct, argument(draft, aggregate), "");
    Ok(Some(match &aggregate.func {
        Func::CountAll | Func::Count => Fold::Count(shown),
        Func::Sum => Fold::Sum(shown),
        Func::Avg => Fold::Avg {
            value: shown,
            sum: Out::Hidden(draft.hidden.add(call("SUM", precise(draft, aggregate, body.clone())))),
            count: Out::Hidden(draft.hidden.add(call("COUNT", body))),
        },
        Func::Min => {
            let Key { value, weight, .. } = extreme(draft, shown, expr, false);
            Fold::Min { value, weight }
        }
        Func::Max => {
            let Key { value, weight, .. } = extreme(draft, shown, expr, false);
            Fold::Max { value, weight }
        }
        Func::BitAnd => Fold::BitAnd(shown),
        Func::BitOr => Fold::BitOr(shown),
        Func::BitXor => Fold::BitXor(shown),
        Func::AnyValue if !draft.select.group_by.is_empty() => return Ok(None),
        Func::AnyValue => return Err(unfoldable("ANY_VALUE")),
        Func::Other(name) => return Err(unfoldable(name)),
    }))
}

fn unfoldable(name: &str) -> Error {
    refuse::feature(
        format_args!("{name} over groups that lie on several shards"),
        "group by the sharding key, or compute it in the application",
    )
}

/// The argument of a SUM in full precision.
fn precise(draft: &Draft<'_, '_>, aggregate: &Aggregate, body: Template) -> Template {
    match draft.scopes.argument_form(draft.block.scope, &aggregate.columns, &aggregate.args) {
        Form::Precise => order::wrap("(", body, ") + 0e0"),
        _ => body,
    }
}

/// The key of a MIN or MAX: strings compare by weight.
fn extreme(draft: &mut Draft<'_, '_>, shown: Out, expr: &Expr, descending: bool) -> Key {
    let form = draft.scopes.form(draft.block.scope, expr);
    if form != Form::Native {
        draft.weighed.push(expr.span);
    }
    let weight = (form != Form::Native)
        .then(|| Out::Hidden(draft.hidden.add(weight_of(&draft.edits.render(expr.span)))));
    Key { value: shown, weight, descending }
}

/// ORDER BY of finished groups.
fn group_order(
    draft: &mut Draft<'_, '_>,
    groups: &[GroupKey],
    folds: &mut Vec<(Out, Fold)>,
) -> Result<Vec<Key>> {
    if groups.is_empty() {
        // One row has no order: what is wrong with it, the shards say, and of positions it is said here.
        for i in 0..draft.query.order_by.len() {
            draft.target(i)?;
        }
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for i in 0..draft.query.order_by.len() {
        let Some((target, descending)) = draft.target(i)? else { continue };
        match target {
            Target::Nothing => {}
            Target::Visible(v) => out.push(visible_order(draft, groups, v, descending)?),
            Target::Expr { .. } => {
                let query = draft.query;
                let item = query.order_by.get(i).map(|o| &o.expr);
                if let Some(expr) = item
                    && let ExprKind::Aggregate(aggregate) = &expr.kind
                {
                    out.push(hidden_order(draft, aggregate, expr, descending, folds)?);
                    continue;
                }
                let place = item.and_then(|e| Some((group_place(draft, e)?, e.span)));
                if let Some((p, span)) = place
                    && let Some(group) = draft.select.group_by.get(p)
                {
                    draft.equal.push((group.span, span));
                }
                let Some(group) = place.and_then(|(p, _)| groups.get(p)) else {
                    return Err(refuse::feature(
                        "ORDER BY something that is neither a group key nor selected, over groups of several shards",
                        "add it to the select list with an alias, and order by the alias",
                    ));
                };
                out.push(Key { descending, ..group.key.clone() });
            }
        }
    }
    Ok(out)
}

/// ORDER BY an aggregate that is not selected: it becomes a hidden column that is folded like the others.
fn hidden_order(
    draft: &mut Draft<'_, '_>,
    aggregate: &Aggregate,
    expr: &Expr,
    descending: bool,
    folds: &mut Vec<(Out, Fold)>,
) -> Result<Key> {
    let shown = Out::Hidden(draft.hidden.add(draft.edits.render(expr.span)));
    let Some(fold) = fold(draft, shown, aggregate, expr)? else { return Err(unfoldable("ANY_VALUE")) };
    let key = match aggregate.func {
        Func::Min | Func::Max => extreme(draft, shown, expr, descending),
        _ => Key { value: shown, weight: None, descending },
    };
    if !folds.iter().any(|(at, _)| *at == shown) {
        folds.push((shown, fold));
    }
    Ok(key)
}

/// Which group key an ORDER BY expression repeats.
fn group_place(draft: &Draft<'_, '_>, expr: &Expr) -> Option<usize> {
    let (scopes, scope) = (draft.scopes, draft.block.scope);
    draft.select.group_by.iter().position(|g| match (&g.kind, &expr.kind) {
        (ExprKind::Column(a), ExprKind::Column(b)) => {
            let (a, b) = (scopes.resolve(scope, a), scopes.resolve(scope, b));
            a.is_some() && a == b
        }
        _ => alike(scopes.at.shape, g, expr),
    })
}

fn visible_order(draft: &mut Draft<'_, '_>, groups: &[GroupKey], v: usize, descending: bool) -> Result<Key> {
    if let Some(group) = groups.iter().find(|g| g.visible == Some(v)) {
        return Ok(Key { descending, ..group.key.clone() });
    }
    let expr = draft.list.columns.get(v).and_then(|c| c.expr);
    if let Some((Expr { kind: ExprKind::Aggregate(a), .. }, expr)) = expr.zip(expr) {
        return match a.func {
            Func::Min | Func::Max => Ok(extreme(draft, Out::Visible(v), expr, descending)),
            Func::AnyValue | Func::Other(_) => Err(unfoldable("ORDER BY such an aggregate")),
            _ => Ok(Key { value: Out::Visible(v), weight: None, descending }),
        };
    }
    let columns = &draft.list.columns;
    let col = columns.get(v).and_then(|c| c.col.as_ref());
    let twin = groups.iter().find(|g| {
        g.visible.and_then(|i| columns.get(i)).is_some_and(|c| c.col.is_some() && c.col.as_ref() == col)
    });
    twin.map(|g| Key { descending, ..g.key.clone() }).ok_or_else(|| {
        refuse::feature("ORDER BY a computed column over groups of several shards", "order by a group key")
    })
}

/// DISTINCT: every visible column is a key, the client's order first.
pub(super) fn distinct(draft: &mut Draft<'_, '_>) -> Result<Outcome> {
    if !draft.list.complete {
        return Err(refuse::feature(
            "DISTINCT over `*` of a table whose definition is not known",
            "name the columns",
        ));
    }
    let mut places: Vec<(usize, bool)> = Vec::new();
    for i in 0..draft.query.order_by.len() {
        match draft.target(i)? {
            Some((Target::Visible(v), descending)) => {
                if !places.iter().any(|(p, _)| *p == v) {
                    places.push((v, descending));
                }
            }
            Some((Target::Expr { .. }, _)) => {
                return Err(refuse::feature(
                    "SELECT DISTINCT over several shards ordered by something that is not selected",
                    "select it too, or order by a selected column",
                ));
            }
            Some((Target::Nothing, _)) | None => {}
        }
    }
    for v in 0..draft.list.columns.len() {
        if !places.iter().any(|(p, _)| *p == v) {
            places.push((v, false));
        }
    }
    let mut keys = Vec::new();
    let mut positions = Vec::new();
    for (v, descending) in places {
        let Some(column) = draft.list.columns.get(v) else { continue };
        let grouped = !draft.select.group_by.is_empty();
        if column.changes {
            return Err(refuse::feature(
                "DISTINCT of random values over several shards",
                "leave DISTINCT out",
            ));
        }
        let (body, form) = (column.text.clone(), column.form);
        let body = if grouped && !column.whole() { order::least(body) } else { body };
        keys.push(key_of(Some(v), body, form, descending, &mut draft.hidden)?);
        positions.push(format!("{}{}", v + 1, if descending { " DESC" } else { "" }));
    }
    // Weights may tell apart what the collation holds equal: rows would be cut too early by a shard's LIMIT.
    let weighted = keys.iter().any(|k| k.weight.is_some());
    Ok(Outcome {
        step: Step::Distinct { keys },
        shard_order: Some(format!("ORDER BY {}", positions.join(", "))),
        shard_limit: !weighted,
        shard_group: String::new(),
    })
}
