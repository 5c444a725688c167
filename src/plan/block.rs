//! Queries inside of a statement that stand for themselves: they name nothing outside, so they can be answered first, each
//! by the best plan that it has.

use std::sync::Arc;

use super::ir::{Act, Read, Routing};
use super::join::Place;
use super::names::{self, Ctx};
use super::scope::Scopes;
use super::select;
use super::stage_spec::{Stage, StageColumn};
use super::staged::mentions;
use crate::base::Value;
use crate::sql::facts::{
    Aggregate, Body, ColumnRef, Cte, Expr, ExprKind, Func, Item, Operand, Query, Select, Span, TableName,
    TableRef,
};
use crate::topology::Layout;
use crate::topology::schema::Column;

/// The tables that a part of the statement names.
pub(super) fn tables_in(ctx: &Ctx<'_>, part: Span) -> Vec<usize> {
    let inside = |i: &usize| ctx.statement.tables.get(*i).is_some_and(|name| part.holds(name.span));
    ctx.used().filter(inside).collect()
}

/// The outermost queries in a statement that read sharded tables, stand for themselves, and have fewer rows than their
/// tables: they aggregate, limit, unite or are part of an expression.
pub(super) fn find<'q>(ctx: &Ctx<'_>, query: &'q Query) -> Vec<&'q Query> {
    let mut out = Vec::new();
    inside(ctx, query, query, &mut out);
    out
}

/// How a query's rows become a stage; `None`: they do not.
pub(super) fn stage(ctx: &Ctx<'_>, query: &Query, name: Arc<str>) -> Option<Stage> {
    let mut own = ctx.clone();
    own.part = Some(query.span);
    let mine = tables_in(ctx, query.span);
    own.ignored.extend(ctx.used().filter(|i| !mine.contains(i)));
    let Ok(Act::Read(read)) = select::plan(&own, query) else { return None };
    let answered = read.many.is_ok() || read.staged.is_some() || matches!(read.routing, Routing::Any(_));
    if !answered {
        return None;
    }
    let text = Arc::from("a query in it");
    let statement = Arc::clone(&ctx.own);
    let known = known(&own, query);
    let pull = own.plan(statement, Act::Read(Read { locks: false, ..read }));
    Some(Stage {
        name,
        table: text,
        columns: None,
        known,
        keys: Vec::new(),
        pull: Some(pull),
        reductions: Vec::new(),
        tail: String::new(),
        copies: Vec::new(),
        placing: None,
    })
}

/// What is known of a query's columns beforehand: their names, and which ENUM or SET they are, as servers do not tell that
/// of what they answer.
fn known(ctx: &Ctx<'_>, query: &Query) -> Vec<StageColumn> {
    let Some(select) = first(query) else { return Vec::new() };
    let mut scopes = Scopes::new(ctx);
    let scope = scopes.query(query, &Place::top()).block.map(|block| block.scope);
    let defined = |column: Option<&Column>| {
        let of_names = column.filter(|column| ["enum", "set"].contains(&column.data_type.as_str()));
        StageColumn::computed(String::new(), of_names)
    };
    let mut out = Vec::new();
    for item in &select.items {
        match item {
            Item::Star { .. } => {
                let leaves =
                    scope.and_then(|scope| scopes.blocks.get(scope)).map(|block| block.leaves.as_slice());
                let table = leaves.and_then(|leaves| scopes.leaves.get(*leaves.first()?)?.schema.as_deref());
                let columns = table.into_iter().flat_map(|schema| &schema.columns);
                out.extend(columns.filter(|column| !column.invisible).map(|column| defined(Some(column))));
            }
            Item::Expr { expr, alias, .. } => {
                let column = scope.and_then(|scope| scopes.resolve(scope, shown(expr)?));
                let column = column.and_then(|column| scopes.definition(&column));
                out.push(StageColumn { name: alias.clone().unwrap_or_default(), ..defined(column) });
            }
        }
    }
    out
}

/// The SELECT whose columns give a query's their names.
fn first(query: &Query) -> Option<&Select> {
    match &query.body {
        Body::Select(select) => Some(select),
        Body::Set { left, .. } => first(left),
        Body::Other => None,
    }
}

/// The column whose values an expression has, as they are.
fn shown(expr: &Expr) -> Option<&ColumnRef> {
    match &expr.kind {
        ExprKind::Column(column) => Some(column),
        ExprKind::Aggregate(Aggregate { func: Func::Min | Func::Max, args, columns, .. }) => {
            match (args.as_slice(), columns.as_slice()) {
                ([arg], [column]) if column.span() == *arg => Some(column),
                _ => None,
            }
        }
        _ => None,
    }
}

fn inside<'q>(ctx: &Ctx<'_>, top: &Query, query: &'q Query, out: &mut Vec<&'q Query>) {
    let twice = read_twice(ctx, top);
    for cte in query.with.iter().filter(|cte| !cte.recursive) {
        // What is read twice is better answered once.
        consider(ctx, top, &cte.query, !twice.contains(&cte.query.span), out);
    }
    for item in &query.order_by {
        in_expr(ctx, top, &item.expr, out);
    }
    match &query.body {
        Body::Select(select) => {
            for expr in exprs(select) {
                in_expr(ctx, top, expr, out);
            }
            select.from.iter().for_each(|table| in_table(ctx, top, table, out));
        }
        Body::Set { left, right, .. } => {
            // What binds tighter is not told by how they nest: only single SELECTs are taken.
            for side in [left, right] {
                match &side.body {
                    Body::Set { .. } => inside(ctx, top, side, out),
                    _ => consider(ctx, top, side, false, out),
                }
            }
        }
        Body::Other => {}
    }
}

fn in_expr<'q>(ctx: &Ctx<'_>, top: &Query, expr: &'q Expr, out: &mut Vec<&'q Query>) {
    expr.subqueries.iter().for_each(|query| consider(ctx, top, query, false, out));
}

fn in_table<'q>(ctx: &Ctx<'_>, top: &Query, table: &'q TableRef, out: &mut Vec<&'q Query>) {
    match table {
        TableRef::Derived { query, lateral: false, .. } => consider(ctx, top, query, true, out),
        TableRef::Derived { query, .. } => inside(ctx, top, query, out),
        TableRef::Join { left, right, on_expr, .. } => {
            in_table(ctx, top, left, out);
            in_table(ctx, top, right, out);
            if let Some(expr) = on_expr {
                in_expr(ctx, top, expr, out);
            }
        }
        TableRef::Table(_) | TableRef::Function => {}
    }
}

fn consider<'q>(ctx: &Ctx<'_>, top: &Query, query: &'q Query, table: bool, out: &mut Vec<&'q Query>) {
    let sharded = |i: usize| match ctx.tables.get(i).map(|used| &used.table.layout) {
        Some(Layout::Sharded(_)) => true,
        Some(Layout::Single(_)) => ctx.topology.sources.len() > 1,
        _ => false,
    };
    let tables = tables_in(ctx, query.span);
    if !tables.iter().any(|i| sharded(*i)) {
        return;
    }
    if (!table || shrinks(query)) && has_columns(query) && stands_alone(ctx, top, query) {
        out.push(query);
    } else {
        inside(ctx, top, query, out);
    }
}

/// Whether a table can have the query's columns: each has a name of its own, and a type.
fn has_columns(query: &Query) -> bool {
    let Body::Select(select) = &query.body else { return true };
    if select.rollup {
        return false;
    }
    let mut names: Vec<String> = Vec::new();
    select.items.iter().all(|item| match item {
        Item::Star { .. } => {
            select.items.len() == 1 && matches!(select.from.as_slice(), [TableRef::Table(_)])
        }
        Item::Expr { expr: Expr { kind: ExprKind::Operand(Operand::Const(Value::Null)), .. }, .. } => false,
        Item::Expr { expr, alias, .. } => {
            let name = match (alias, &expr.kind) {
                (Some(alias), _) => alias.to_lowercase(),
                (None, ExprKind::Column(column)) => column.name.text.to_lowercase(),
                (None, _) => return true,
            };
            let new = !names.contains(&name);
            names.push(name);
            new
        }
    })
}

/// Whether a query is that of a common table expression and one that servers do not see through.
pub(super) fn is_opaque(ctx: &Ctx<'_>, query: &Query, inner: &Query) -> bool {
    shrinks(inner) && expressions(ctx, query).0.iter().any(|cte| cte.query.span == inner.span)
}

/// Whether a query has fewer rows than its tables.
fn shrinks(query: &Query) -> bool {
    query.limit.is_some()
        || match &query.body {
            Body::Select(select) => {
                select.distinct
                    || !select.group_by.is_empty()
                    || super::select::item_exprs(select).any(|expr| !expr.aggregates.is_empty())
            }
            Body::Set { .. } => true,
            Body::Other => false,
        }
}

fn exprs(select: &Select) -> impl Iterator<Item = &Expr> {
    let items = select.items.iter().filter_map(|item| match item {
        Item::Expr { expr, .. } => Some(expr),
        Item::Star { .. } => None,
    });
    items.chain(&select.filter_expr).chain(&select.group_by).chain(&select.having)
}

/// Whether a query names no row of the queries around it, and no common table expression of theirs.
fn stands_alone(ctx: &Ctx<'_>, top: &Query, query: &Query) -> bool {
    let (mut own, mut around, mut columns) = (Names::default(), Names::default(), Vec::new());
    names::in_query(top, &mut |other| {
        if query.span.holds(other.span) {
            own.note(other);
            columns_of(other, &mut columns);
        } else {
            around.note(other);
        }
    });
    let text = query.span.of(ctx.shape);
    if around.ctes.iter().any(|name| !own.ctes.contains(name) && mentions(text, name)) {
        return false;
    }
    let schemas: Option<Vec<_>> = tables_in(ctx, query.span)
        .into_iter()
        .map(|i| ctx.tables.get(i).and_then(|used| ctx.schemas.table(&used.database, &used.table.name)))
        .collect();
    let Some(schemas) = schemas else { return false };
    let known = |name: &str| {
        schemas.iter().any(|schema| schema.position(name).is_some())
            || own.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
    };
    let has = |names: &[String], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    columns.iter().all(|column| match &column.table {
        Some(table) => has(&own.tables, &table.text) && !has(&around.tables, &table.text),
        None => known(&column.name.text),
    })
}

/// Names that queries give.
#[derive(Default)]
struct Names {
    tables: Vec<String>,
    ctes: Vec<String>,
    aliases: Vec<String>,
}

impl Names {
    fn note(&mut self, query: &Query) {
        self.ctes.extend(query.with.iter().map(|cte| cte.name.text.clone()));
        let Body::Select(select) = &query.body else { return };
        for item in &select.items {
            match item {
                Item::Expr { alias: Some(alias), .. } => self.aliases.push(alias.clone()),
                Item::Expr { .. } | Item::Star { .. } => {}
            }
        }
        select.from.iter().for_each(|table| self.note_table(table));
    }

    fn note_table(&mut self, table: &TableRef) {
        match table {
            TableRef::Table(name) => self.tables.push(name.exposed().to_owned()),
            TableRef::Derived { alias, .. } => {
                self.tables.extend(alias.iter().map(|alias| alias.text.clone()));
            }
            TableRef::Join { left, right, .. } => {
                self.note_table(left);
                self.note_table(right);
            }
            TableRef::Function => {}
        }
    }
}

/// The columns that a query's own expressions name.
fn columns_of<'q>(query: &'q Query, out: &mut Vec<&'q ColumnRef>) {
    out.extend(query.order_by.iter().flat_map(|item| &item.expr.columns));
    let Body::Select(select) = &query.body else { return };
    out.extend(exprs(select).flat_map(|expr| &expr.columns));
    select.from.iter().for_each(|table| on_columns(table, out));
}

fn on_columns<'q>(table: &'q TableRef, out: &mut Vec<&'q ColumnRef>) {
    if let TableRef::Join { left, right, on_expr, .. } = table {
        on_columns(left, out);
        on_columns(right, out);
        out.extend(on_expr.iter().flat_map(|expr| &expr.columns));
    }
}

/// Common table expressions that are opened more than once, also through others. One whose rows stand in a copy for each
/// of its readers is opened once each.
pub(super) fn read_twice(ctx: &Ctx<'_>, query: &Query) -> Vec<Span> {
    let (ctes, readers) = expressions(ctx, query);
    let mut twice: Vec<Span> = Vec::new();
    // One more round for each expression that reads others.
    for _ in 0..ctes.len() {
        for cte in &ctes {
            let reads = |name: &&&TableName| {
                name.name.text.eq_ignore_ascii_case(&cte.name.text)
                    && !(cte.recursive && cte.query.span.holds(name.span))
                    && !ctx.copies.iter().any(|copy| copy.name == name.span)
            };
            let mine: Vec<Span> = readers.iter().filter(reads).map(|name| name.span).collect();
            let again = mine.len() > 1 || mine.iter().any(|at| twice.iter().any(|cte| cte.holds(*at)));
            if again && !twice.contains(&cte.query.span) {
                twice.push(cte.query.span);
            }
        }
    }
    twice
}

/// Where a common table expression, of which this is the query, is read, but for the first place.
pub(super) fn further_readers(ctx: &Ctx<'_>, query: &Query, inner: &Query) -> Vec<(Span, Option<String>)> {
    let (ctes, readers) = expressions(ctx, query);
    let Some(cte) = ctes.iter().find(|cte| cte.query.span == inner.span) else { return Vec::new() };
    let is = |name: &str| name.eq_ignore_ascii_case(&cte.name.text);
    // A list of columns gives them names that the rows do not have.
    let between = Span { start: cte.name.span.end, end: inner.span.start };
    let renames = between.of(ctx.shape).trim_start().starts_with('(');
    if renames && first(inner).is_none() || ctes.iter().filter(|other| is(&other.name.text)).count() > 1 {
        return Vec::new();
    }
    let mine = readers.iter().filter(|name| is(&name.name.text)).skip(1);
    mine.map(|name| (name.span, name.alias.is_none().then(|| name.name.text.clone()))).collect()
}

/// All common table expressions, and where they are read.
fn expressions<'q>(ctx: &Ctx<'_>, query: &'q Query) -> (Vec<&'q Cte>, Vec<&'q TableName>) {
    let (mut ctes, mut readers) = (Vec::new(), Vec::new());
    names::in_query(query, &mut |part| {
        ctes.extend(&part.with);
        if let Body::Select(select) = &part.body {
            select.from.iter().for_each(|table| reads(ctx, table, &mut readers));
        }
    });
    (ctes, readers)
}

/// Names in FROM that are no tables.
fn reads<'q>(ctx: &Ctx<'_>, table: &'q TableRef, out: &mut Vec<&'q TableName>) {
    match table {
        TableRef::Table(name) if ctx.index_of(name).is_none() => out.push(name),
        TableRef::Join { left, right, .. } => {
            reads(ctx, left, out);
            reads(ctx, right, out);
        }
        TableRef::Table(_) | TableRef::Derived { .. } | TableRef::Function => {}
    }
}
