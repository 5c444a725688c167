//! Sort keys: which columns the shards have to add so that rows can be compared without knowing collations.

use super::edit::{Edits, quote, text};
use super::ir::{Piece, Template};
use super::merge_spec::{Col as Out, Key, weight_sql};
use super::refuse;
use super::scope::{Col, Origin, Scopes};
use crate::base::{Error, Result, Value};
use crate::sharding::KeyType;
use crate::sql::facts::{ColumnRef, Expr, ExprKind, Func, Item, Operand, OrderItem, Select};
use crate::topology::schema::Column;

/// The expression whose bytes sort as `expr` sorts in its collation. The one place that knows how.
pub(super) fn weight_of(expr: &Template) -> Template {
    const PLACE: &str = "\u{0}";
    let around = weight_sql(PLACE);
    let mut out = Template::new();
    for (i, part) in around.split(PLACE).enumerate() {
        if i > 0 {
            out.extend(expr.iter().cloned());
        }
        out.push(text(part));
    }
    out
}

/// How values of an expression are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By the value itself: numbers, binary strings, dates.
    Native,
    /// By weight, if it turns out to be a character string.
    Weighted,
    /// By the number behind it: ENUM, SET.
    Place,
    /// By its full precision: FLOAT, FLOAT(m,d), DOUBLE(m,d).
    Precise,
    /// By the moment behind it: TIMESTAMP, whose text may repeat when clocks are set back.
    Moment,
    /// Not by anything that can be shipped.
    Unsortable,
}

/// The form of a column by its data type.
fn form_of_type(column: &Column) -> Form {
    match column.data_type.as_str() {
        "double" if column.column_type.contains('(') => Form::Precise,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "double" | "year" | "bit"
        | "date" | "datetime" | "time" | "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob"
        | "longblob" => Form::Native,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => Form::Weighted,
        "enum" | "set" => Form::Place,
        "float" => Form::Precise,
        "timestamp" => Form::Moment,
        _ => Form::Unsortable,
    }
}

/// One visible column of the answer.
#[derive(Debug, Clone)]
pub(super) struct Visible<'q> {
    /// Its expression; `None` for a column of a star.
    pub(super) expr: Option<&'q Expr>,
    /// Alias or column name, lower case.
    pub(super) name: String,
    /// The column it is, if it is one.
    pub(super) col: Option<Col>,
    /// Its text for a hidden column.
    pub(super) text: Template,
    /// How it compares.
    pub(super) form: Form,
    /// It is another value each time it is written.
    pub(super) changes: bool,
}

/// The visible columns as far as they can be counted.
pub(super) struct VisibleList<'q> {
    pub(super) columns: Vec<Visible<'q>>,
    /// Whether all are known: false after a star over a table whose definition is not.
    pub(super) complete: bool,
    /// Expressions after an uncounted star.
    pub(super) rest: Vec<Visible<'q>>,
}

/// Hidden columns as they are collected.
#[derive(Default)]
pub(super) struct Hidden {
    columns: Vec<Template>,
}

impl Hidden {
    /// Adds a column; one with the same text is used again.
    pub(super) fn add(&mut self, column: Template) -> usize {
        if let Some(i) = self.columns.iter().position(|c| *c == column) {
            return i;
        }
        self.columns.push(column);
        self.columns.len() - 1
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    /// `, expr AS _sg0, …`
    pub(super) fn select_list(&self) -> Template {
        let mut out = Template::new();
        for (i, column) in self.columns.iter().enumerate() {
            out.push(text(", "));
            out.extend(column.iter().cloned());
            out.push(text(format!(" AS `_sg{i}`")));
        }
        out
    }
}

/// What an ORDER BY or GROUP BY item stands for.
pub(super) enum Target {
    /// The i-th visible column.
    Visible(usize),
    /// An expression of its own. `whole`: a plain column or something with an aggregate, which a query with groups
    /// may select as it is.
    Expr { text: Template, form: Form, whole: bool },
    /// A constant: no order.
    Nothing,
}

impl Scopes<'_> {
    /// How an expression compares.
    pub(super) fn form(&self, scope: usize, expr: &Expr) -> Form {
        match &expr.kind {
            ExprKind::Column(column) => self.form_of_column(self.resolve(scope, column).as_ref()),
            ExprKind::Aggregate(a) => match a.func {
                Func::CountAll | Func::Count | Func::Sum | Func::Avg => Form::Native,
                Func::Min | Func::Max => match self.argument_form(scope, a.columns.as_slice(), &a.args) {
                    Form::Native => Form::Native,
                    _ => Form::Weighted,
                },
                _ => Form::Weighted,
            },
            _ if self.at.statement.functions.iter().any(|f| f.name == "RAND" && f.span == expr.span) => {
                Form::Native
            }
            _ => Form::Weighted,
        }
    }

    /// Whether an expression gives another value each time it is written.
    pub(super) fn changes(&self, expr: &Expr) -> bool {
        self.at.statement.functions.iter().any(|f| {
            ["RAND", "UUID", "NEXTVAL", "SLEEP"].contains(&f.name.as_str())
                && expr.span.start <= f.span.start
                && f.span.end <= expr.span.end
        })
    }

    /// The form of an aggregate's argument where it is one plain column.
    pub(super) fn argument_form(
        &self,
        scope: usize,
        columns: &[ColumnRef],
        args: &[crate::sql::facts::Span],
    ) -> Form {
        match (columns, args) {
            ([column], [arg]) => {
                let start = column.table.as_ref().unwrap_or(&column.name).span.start;
                if arg.start == start && arg.end == column.name.span.end {
                    self.form_of_column(self.resolve(scope, column).as_ref())
                } else {
                    Form::Weighted
                }
            }
            _ => Form::Weighted,
        }
    }

    pub(super) fn form_of_column(&self, col: Option<&Col>) -> Form {
        let Some(col) = col else { return Form::Weighted };
        match (self.definition(col), self.key_owner(col)) {
            (Some(definition), _) => form_of_type(definition),
            (None, Some(sharded)) if !matches!(sharded.rule.key(), KeyType::String(_)) => Form::Native,
            _ => Form::Weighted,
        }
    }

    /// The visible columns of a select list.
    pub(super) fn visible<'q>(&self, select: &'q Select, scope: usize, edits: &Edits) -> VisibleList<'q> {
        let mut list = VisibleList { columns: Vec::new(), complete: true, rest: Vec::new() };
        for item in &select.items {
            match item {
                Item::Expr { expr, alias, .. } => {
                    let col = match &expr.kind {
                        ExprKind::Column(c) => self.resolve(scope, c),
                        _ => None,
                    };
                    let own = match &expr.kind {
                        ExprKind::Column(c) => c.name.text.clone(),
                        _ => String::new(),
                    };
                    let visible = Visible {
                        expr: Some(expr),
                        name: alias.clone().unwrap_or(own).to_lowercase(),
                        col,
                        text: edits.render(expr.span),
                        form: self.form(scope, expr),
                        changes: self.changes(expr),
                    };
                    if list.complete { list.columns.push(visible) } else { list.rest.push(visible) }
                }
                Item::Star { table, .. } => {
                    self.star(table.as_ref().map(|t| t.text.as_str()), scope, &mut list);
                }
            }
        }
        list
    }

    fn star(&self, table: Option<&str>, scope: usize, list: &mut VisibleList<'_>) {
        let Some(here) = self.blocks.get(scope) else { return };
        // USING and NATURAL fold columns: their count and order are the server's.
        if table.is_none() && !here.using.is_empty() {
            list.complete = false;
        }
        for id in &here.leaves {
            let Some(leaf) = self.leaves.get(*id).filter(|l| table.is_none_or(|t| t == l.name)) else {
                continue;
            };
            let (Origin::Table(_), Some(schema), true) = (&leaf.origin, &leaf.schema, list.complete) else {
                list.complete = false;
                return;
            };
            for column in &schema.columns {
                let col = Col { leaf: *id, name: column.name.to_lowercase() };
                list.columns.push(Visible {
                    expr: None,
                    name: col.name.clone(),
                    text: vec![text(format!("{}.{}", quote(&leaf.name), quote(&column.name)))],
                    form: form_of_type(column),
                    changes: false,
                    col: Some(col),
                });
            }
        }
    }

    /// What an ORDER BY item stands for: select aliases come before columns (MySQL 8.4 manual, "SELECT Statement").
    pub(super) fn order_target(
        &self,
        item: &OrderItem,
        select: &Select,
        scope: usize,
        list: &VisibleList<'_>,
        edits: &Edits,
    ) -> Result<Target> {
        let expr = &item.expr;
        if let ExprKind::Operand(operand) = &expr.kind {
            return position(operand, list);
        }
        if !expr.subqueries.is_empty() {
            return Err(refuse::feature(
                "ORDER BY a subquery over several shards",
                "select the subquery and order by its alias on one shard",
            ));
        }
        if let ExprKind::Column(column) = &expr.kind {
            if let Some(target) = self.named_target(column, scope, list) {
                return Ok(target);
            }
        } else if let Some(i) = self.same_text(expr, list) {
            return Ok(Target::Visible(i));
        }
        Ok(Target::Expr {
            text: self.without_aliases(expr, select, scope, edits)?,
            form: self.form(scope, expr),
            whole: is_whole(expr),
        })
    }

    fn named_target(&self, column: &ColumnRef, scope: usize, list: &VisibleList<'_>) -> Option<Target> {
        let name = column.name.text.to_lowercase();
        let col = self.resolve(scope, column);
        let fits = |v: &Visible<'_>| match column.table {
            None => v.name == name,
            Some(_) => col.is_some() && v.col == col,
        };
        if let Some(i) = list.columns.iter().position(fits) {
            return Some(Target::Visible(i));
        }
        list.rest.iter().find(|v| fits(v)).map(|v| Target::Expr {
            text: v.text.clone(),
            form: v.form,
            whole: v.whole(),
        })
    }

    /// The visible column with the same text; a `?` in it may be another value each time.
    pub(super) fn same_text(&self, expr: &Expr, list: &VisibleList<'_>) -> Option<usize> {
        let wanted = expr.span.of(self.at.shape);
        if wanted.contains('?') {
            return None;
        }
        list.columns.iter().position(|v| {
            v.expr.is_some_and(|e| {
                e.span.of(self.at.shape).eq_ignore_ascii_case(wanted) && !wanted.contains(['\'', '"'])
            })
        })
    }

    /// The text of an ORDER BY expression for the select list, where aliases cannot be seen: they are replaced by
    /// what they stand for. Inside of an expression a column comes before an alias.
    fn without_aliases(&self, expr: &Expr, select: &Select, scope: usize, edits: &Edits) -> Result<Template> {
        let mut own = edits.clone();
        for column in expr.columns.iter().filter(|c| c.table.is_none()) {
            let Some(aliased) = aliased(select, column) else { continue };
            let leaves = self.blocks.get(scope).map_or(&[][..], |s| &s.leaves);
            if leaves.iter().any(|l| self.surely_has(*l, &column.name.text)) {
                continue;
            }
            if matches!(&aliased.kind, ExprKind::Column(c) if c.name.text.eq_ignore_ascii_case(&column.name.text))
            {
                continue;
            }
            if !leaves.iter().all(|l| self.surely_lacks(*l, &column.name.text)) {
                return Err(refuse::feature(
                    format_args!(
                        "ORDER BY an expression with `{}`, which may be a column or an alias",
                        column.name.text
                    ),
                    "qualify the column with its table, or order by an alias alone",
                ));
            }
            let mut pieces = vec![text("(")];
            pieces.extend(edits.render(aliased.span));
            pieces.push(text(")"));
            own.replace(column.name.span, pieces);
        }
        Ok(own.render(expr.span))
    }
}

fn position(operand: &Operand, list: &VisibleList<'_>) -> Result<Target> {
    let Operand::Const(Value::Int(n)) = operand else { return Ok(Target::Nothing) };
    let index = usize::try_from(*n).ok().and_then(|n| n.checked_sub(1));
    match index.filter(|i| *i < list.columns.len()) {
        Some(i) => Ok(Target::Visible(i)),
        None if list.complete => Err(unknown_position(*n)),
        None => Err(refuse::feature(
            "ORDER BY a position after `*`, while the table's definition is not known",
            "name the column instead of its position",
        )),
    }
}

fn unknown_position(n: i64) -> Error {
    Error::new(crate::base::Code::NoColumn, format!("Unknown column '{n}' in 'order clause'"))
}

/// The expression that an unqualified name stands for as an alias.
pub(super) fn aliased<'q>(select: &'q Select, column: &ColumnRef) -> Option<&'q Expr> {
    if column.table.is_some() {
        return None;
    }
    select.items.iter().find_map(|item| match item {
        Item::Expr { expr, alias: Some(alias), .. } if alias.eq_ignore_ascii_case(&column.name.text) => {
            Some(expr)
        }
        _ => None,
    })
}

/// The expression that a position stands for, where no star comes before it.
pub(super) fn positioned<'q>(select: &'q Select, expr: &Expr) -> Option<&'q Expr> {
    let ExprKind::Operand(Operand::Const(Value::Int(n))) = &expr.kind else { return None };
    let index = usize::try_from(*n).ok()?.checked_sub(1)?;
    if select.items.iter().take(index + 1).any(|i| matches!(i, Item::Star { .. })) {
        return None;
    }
    match select.items.get(index)? {
        Item::Expr { expr, .. } => Some(expr),
        Item::Star { .. } => None,
    }
}

/// Whether a query with groups may select an expression as it is, under ONLY_FULL_GROUP_BY.
fn is_whole(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Column(_)) || !expr.aggregates.is_empty()
}

impl Visible<'_> {
    /// Whether a query with groups may select it once more.
    pub(super) fn whole(&self) -> bool {
        self.expr.is_none_or(is_whole)
    }
}

/// `MIN(expr)`: of a group's own key, the key. Servers with ONLY_FULL_GROUP_BY do not see that a function of a group
/// key depends on it, and take this instead.
pub(super) fn least(body: Template) -> Template {
    wrap("MIN(", body, ")")
}

/// The sort key of a target: hidden columns are added as its form needs them.
pub(super) fn key(
    target: Target,
    descending: bool,
    grouped: bool,
    list: &VisibleList<'_>,
    hidden: &mut Hidden,
) -> Result<Option<Key>> {
    if let Target::Visible(i) = target
        && list.columns.get(i).is_some_and(|v| v.changes && v.form != Form::Native)
    {
        return Err(refuse::feature(
            "ORDER BY a random string over several shards",
            "order in the application",
        ));
    }
    let (visible, body, form, whole) = match target {
        Target::Nothing => return Ok(None),
        Target::Visible(i) => match list.columns.get(i) {
            Some(v) => (Some(i), v.text.clone(), v.form, v.whole()),
            None => return Ok(None),
        },
        Target::Expr { text, form, whole } => (None, text, form, whole),
    };
    let body = if grouped && !whole { least(body) } else { body };
    key_of(visible, body, form, descending, hidden).map(Some)
}

/// The sort key of an expression that is perhaps visible.
pub(super) fn key_of(
    visible: Option<usize>,
    body: Template,
    form: Form,
    descending: bool,
    hidden: &mut Hidden,
) -> Result<Key> {
    let (value, weight) = match form {
        Form::Native => (visible.map_or_else(|| Out::Hidden(hidden.add(body)), Out::Visible), None),
        Form::Weighted => {
            let value = visible.map_or_else(|| Out::Hidden(hidden.add(body.clone())), Out::Visible);
            (value, Some(Out::Hidden(hidden.add(weight_of(&body)))))
        }
        Form::Place => (Out::Hidden(hidden.add(wrap("(", body, ") + 0"))), None),
        Form::Precise => (Out::Hidden(hidden.add(wrap("(", body, ") + 0e0"))), None),
        Form::Moment => (Out::Hidden(hidden.add(wrap("UNIX_TIMESTAMP(", body, ")"))), None),
        Form::Unsortable => {
            return Err(refuse::feature(
                "values of this column's type (JSON, geometry, UUID …) cannot be compared outside of a server",
                "order or group by another column, or by a CAST of this one",
            ));
        }
    };
    Ok(Key { value, weight, descending })
}

pub(super) fn wrap(head: &str, body: Template, tail: &str) -> Template {
    let mut out = vec![text(head)];
    out.extend(body);
    out.push(text(tail));
    out
}

/// ORDER BY of several shards: `ORDER BY RAND()` has no order that could be merged.
pub(super) fn check(items: &[OrderItem], functions: &[crate::sql::facts::FunctionUse]) -> Result<()> {
    let random = |f: &&crate::sql::facts::FunctionUse| ["RAND", "UUID", "SLEEP"].contains(&f.name.as_str());
    for item in items {
        let inside = |f: &crate::sql::facts::FunctionUse| {
            item.expr.span.start <= f.span.start && f.span.end <= item.expr.span.end
        };
        if functions.iter().filter(random).any(inside) {
            return Err(refuse::feature(
                "ORDER BY a random value over several shards would not be evenly random after LIMIT",
                "select the random value with an alias and order by the alias",
            ));
        }
        if item.expr.window {
            return Err(refuse::feature(
                "a window function over rows of several shards",
                "give the sharding key a value, so that one shard has all rows",
            ));
        }
    }
    Ok(())
}

/// The piece of LIMIT for each of several shards.
pub(super) fn limit_sum(count: &Operand, offset: &Operand) -> Template {
    vec![text("LIMIT "), Piece::LimitSum(count.clone(), offset.clone())]
}
