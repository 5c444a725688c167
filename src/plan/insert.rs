//! INSERT and REPLACE: each row goes to the node of its key, with its id made where it asks for one.

use super::change;
use super::edit::{Edits, quote, quoted, text};
use super::gene;
use super::ir::{
    Act, Cell, IdValue, Insert, InsertRow, Piece, Route, Routing, Selective, SessionValue, Several, Template,
    Write,
};
use super::names::{self, Ctx, Style};
use super::{copy, refuse};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result};
use crate::sharding::{IdForm, KeyColumn};
use crate::sql::facts::{self, Assignment, ColumnRef, Expr, ExprKind, InsertSource, Span};
use crate::topology::schema::{Column, TableSchema};
use crate::topology::{Layout, Table};

/// Plans an INSERT or REPLACE.
pub(super) fn plan(ctx: &Ctx<'_>, insert: &facts::Insert) -> Result<Act> {
    let index = ctx.index_of(&insert.table).unwrap_or(0);
    let Some(used) = ctx.tables.get(index) else {
        return Err(Error::new(Code::Internal, "an INSERT without its table"));
    };
    let table = std::sync::Arc::clone(&used.table);
    if let Layout::Sharded(sharded) = &table.layout
        && let Some(a) = insert.on_duplicate.iter().find(|a| {
            let own = |c: &ColumnRef| c.name.text.eq_ignore_ascii_case(&sharded.key);
            own(&a.column) && !gene::keeps(ctx, &a.value, own)
        })
    {
        return Err(refuse::key_change(&a.column.name.text, &table.name));
    }
    gene::on_duplicate(ctx, insert, &table)?;
    match &insert.source {
        InsertSource::Query(query) => copy::plan(ctx, insert, index, &table, query),
        InsertSource::Rows(_) | InsertSource::Set(_) => {
            let sources: Vec<SourceId> = ctx.nodes(index).iter().map(|n| n.source).collect();
            if ctx.used().any(|i| i != index && (ctx.sharded(i).is_some() || !ctx.covers(i, &sources))) {
                return Err(refuse::feature(
                    "a subquery in an inserted row reads a table that the row's shard does not have in full",
                    "read the value first, and insert it as a parameter",
                ));
            }
            if table.id.is_some() || matches!(table.layout, Layout::Sharded(_)) {
                Rows { ctx, insert, index, table: &table, computed: Vec::new() }.plan()
            } else {
                whole(ctx, insert, index, &table)
            }
        }
    }
}

/// A table's AUTO_INCREMENT column.
pub(super) fn auto_of(ctx: &Ctx<'_>, index: usize, table: &Table) -> Option<Column> {
    let schema = ctx.schemas.table(&ctx.tables.get(index)?.database, &table.name)?;
    schema.columns.iter().find(|column| column.auto_increment).cloned()
}

/// The id column's definition, where it is AUTO_INCREMENT and does not place the row.
fn auto_id(ctx: &Ctx<'_>, index: usize, table: &Table) -> Option<std::sync::Arc<TableSchema>> {
    let id = table.id.as_ref()?;
    let is_key = matches!(&table.layout, Layout::Sharded(s) if s.key.eq_ignore_ascii_case(&id.column));
    let schema = ctx.schemas.table(&ctx.tables.get(index)?.database, &table.name)?;
    let auto = schema.columns.get(schema.position(&id.column)?)?.auto_increment;
    (auto && !is_key).then_some(schema)
}

/// Whether a table's server can be left to give ids from where it is told: a trigger's INSERT into another table would
/// take them first.
fn server_gives(ctx: &Ctx<'_>, index: usize, table: &Table) -> bool {
    let carries = table.id.as_ref().is_some_and(|id| id.gene().is_some());
    !carries && auto_id(ctx, index, table).is_some_and(|schema| !schema.triggers)
}

/// A table that every row of the statement goes to alike, without ids of Shardgate's.
fn whole(ctx: &Ctx<'_>, insert: &facts::Insert, index: usize, table: &Table) -> Result<Act> {
    let nodes = ctx.nodes(index).to_vec();
    if nodes.len() > 1 {
        same_everywhere(ctx)?;
        auto_increment(ctx, insert, index, table)?;
    }
    let copies = nodes.len() > 1;
    let routing = Routing::Every(nodes);
    let mut edits = names::edits(ctx, &routing, Style::Bare(index))?;
    if copies && let Some(schema) = schema_of(ctx, index).filter(|_| insert.is_positional()) {
        name_columns(insert, shown(&schema), &mut edits);
    }
    let text = edits.whole(ctx.shape);
    Ok(Act::Write(Write { routing, text, many: Ok(Several::AtOnce), kept: Vec::new(), moves: None }))
}

/// The columns that a row without a list has values for.
pub(super) fn shown(schema: &TableSchema) -> impl Iterator<Item = &str> {
    schema.columns.iter().filter(|column| !column.invisible).map(|column| &*column.name)
}

/// Gives the statement its column list: its rows are placed by the columns' order as it is known, and a server at which
/// they are in another order by now must not read them otherwise.
pub(super) fn name_columns<'n>(
    insert: &facts::Insert,
    names: impl IntoIterator<Item = &'n str>,
    edits: &mut Edits,
) {
    match insert.columns_span {
        Some(span) => edits.insert(span.end - 1, vec![text(quoted(names))]),
        None => edits.insert(insert.columns_at, vec![text(format!(" ({})", quoted(names)))]),
    }
}

fn schema_of(ctx: &Ctx<'_>, index: usize) -> Option<std::sync::Arc<TableSchema>> {
    let used = ctx.tables.get(index)?;
    ctx.schemas.table(&used.database, &used.table.name)
}

/// A write to copies must not be evaluated differently by each.
pub(super) fn same_everywhere(ctx: &Ctx<'_>) -> Result<()> {
    match ctx.statement.functions.iter().find(|f| ["RAND", "UUID", "NEXTVAL"].contains(&f.name.as_str())) {
        Some(f) => Err(refuse::feature(
            format_args!("{}() in a write to a reference table would give each copy another value", f.name),
            "make the value first, and write it as a parameter",
        )),
        None => Ok(()),
    }
}

/// AUTO_INCREMENT on copies gives other ids where rows come in another order, and on shards the same ids twice.
pub(super) fn auto_increment(
    ctx: &Ctx<'_>,
    insert: &facts::Insert,
    index: usize,
    table: &Table,
) -> Result<()> {
    let Some(schema) = ctx.tables.get(index).and_then(|t| ctx.schemas.table(&t.database, &table.name)) else {
        return Ok(());
    };
    let Some(auto) = schema.columns.iter().find(|c| c.auto_increment) else { return Ok(()) };
    let names = |c: &facts::Name| c.text.eq_ignore_ascii_case(&auto.name);
    let place =
        insert.columns.as_ref().map_or_else(|| schema.position(&auto.name), |c| c.iter().position(names));
    let given = match (&insert.source, place) {
        (InsertSource::Rows(rows), Some(at)) => rows.iter().all(|r| r.cells.get(at).is_some_and(is_value)),
        (InsertSource::Set(set), _) => set.iter().any(|a| names(&a.column.name) && is_value(&a.value)),
        (InsertSource::Query(_), at) => at.is_some(),
        _ => false,
    };
    if given {
        return Ok(());
    }
    Err(refuse::feature(
        format_args!(
            "AUTO_INCREMENT of the reference table `{}` could give each copy another id",
            table.name
        ),
        format_args!("declare a generator for `{}` in the table's configuration, or give the id", auto.name),
    ))
}

fn is_value(expr: &Expr) -> bool {
    !matches!(
        &expr.kind,
        ExprKind::Default | ExprKind::Operand(facts::Operand::Const(crate::base::Value::Null))
    )
}

/// What inserted rows are made of.
pub(super) struct Rows<'q, 'a> {
    pub(super) ctx: &'q Ctx<'a>,
    pub(super) insert: &'q facts::Insert,
    pub(super) index: usize,
    pub(super) table: &'q Table,
    pub(super) computed: Vec<Template>,
}

/// Where key and id stand in a row.
pub(super) struct Places {
    /// The key's place; `None`: the table is not sharded.
    pub(super) key: Option<Spot>,
    /// The id's place; `None`: the table has no generated ids.
    pub(super) id: Option<Spot>,
    /// How many values a row must have.
    width: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// The i-th cell.
    At(usize),
    /// The row does not have it.
    Missing,
}

impl Rows<'_, '_> {
    fn plan(mut self) -> Result<Act> {
        let ctx = self.ctx;
        let routing = match &self.table.layout {
            Layout::Sharded(_) => Routing::Sharded { leads: vec![(self.index, Route::All)], aligned: true },
            _ => Routing::Every(ctx.nodes(self.index).to_vec()),
        };
        if ctx.nodes(self.index).len() > 1 {
            if !matches!(self.table.layout, Layout::Sharded(_)) {
                same_everywhere(ctx)?;
            }
            if self.table.id.is_none() {
                auto_increment(ctx, self.insert, self.index, self.table)?;
            }
        }
        let mut edits = names::edits(ctx, &routing, Style::Bare(self.index))?;
        let verbatim = edits.is_empty() && !self.insert.is_positional();
        let mut own = edits.clone();
        let (range, rows) = match &self.insert.source {
            InsertSource::Rows(rows) => self.values(rows, &mut edits)?,
            InsertSource::Set(set) => self.set(set, &mut edits)?,
            InsertSource::Query(_) => return Err(Error::new(Code::Internal, "rows of a query")),
        };
        let rendered = rows
            .into_iter()
            .map(|(span, key, id)| InsertRow { pieces: edits.render_closed(span), key, id })
            .collect::<Vec<_>>();
        let len = ctx.shape.len() as u32;
        let insert = self.insert;
        let selective = match () {
            () if !insert.on_duplicate.is_empty() => Selective::Update,
            () if insert.ignore => Selective::Ignore,
            () => Selective::No,
        };
        // Only the server knows what LAST_INSERT_ID() is after a later row of several has failed.
        let native = rendered.len() > 1
            && selective == Selective::No
            && self.computed.is_empty()
            && insert.returning.is_none()
            && rendered.iter().all(|row| row.id.is_some())
            && server_gives(ctx, self.index, self.table);
        if native && insert.is_positional() {
            name_columns(insert, self.columns()?.iter().map(String::as_str), &mut own);
        }
        Ok(Act::Insert(Insert {
            native: native.then(|| own.whole(ctx.shape)),
            selective,
            table: self.index,
            head: edits.render_closed(Span { start: 0, end: range.start }),
            rows: rendered,
            tail: edits.render_closed(Span { start: range.end, end: len }),
            generates: self.id_value(),
            verbatim,
            column: self.key_column(),
            computed: std::mem::take(&mut self.computed),
            many: match (insert.returning.is_some(), insert.ignore) {
                (true, true) => Err(refuse::feature(
                    "RETURNING of rows that go to several shards, and of which IGNORE may leave some out",
                    "insert rows of one key at a time",
                )),
                (true, false) => change::returned(self.ctx),
                (false, _) => Ok(()),
            },
        }))
    }

    pub(super) fn key_column(&self) -> Option<KeyColumn> {
        let used = self.ctx.tables.get(self.index)?;
        let schema = self.ctx.schemas.table(&used.database, &self.table.name)?;
        let column = schema.columns.get(schema.position(self.key_name()?)?)?;
        Some(column.as_key(&self.table.name))
    }

    pub(super) fn key_name(&self) -> Option<&str> {
        match &self.table.layout {
            Layout::Sharded(s) => Some(&s.key),
            _ => None,
        }
    }

    pub(super) fn id_name(&self) -> Option<&str> {
        self.table.id.as_ref().map(|i| &*i.column)
    }

    /// What new ids are: UUIDs by their column's type, which is a text where its definition is not known.
    pub(super) fn id_value(&self) -> Option<IdValue> {
        let rule = self.table.id.as_ref()?;
        if rule.form != IdForm::Uuid {
            return Some(IdValue::Number);
        }
        let used = self.ctx.tables.get(self.index)?;
        let schema = self.ctx.schemas.table(&used.database, &self.table.name);
        let column = schema.as_ref().and_then(|s| s.columns.get(s.position(&rule.column)?));
        let binary = column.is_some_and(|c| ["binary", "varbinary"].contains(&c.data_type.as_str()));
        Some(if binary { IdValue::Bytes } else { IdValue::Text })
    }

    /// Whether the sharding key is the column whose values are made.
    pub(super) fn key_is_id(&self) -> bool {
        self.id_name().zip(self.key_name()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
    }

    /// Key and id among the columns in the row's order.
    pub(super) fn places(&self, columns: &[String]) -> Places {
        let find = |name: Option<&str>| {
            name.map(|n| {
                columns.iter().position(|c| c.eq_ignore_ascii_case(n)).map_or(Spot::Missing, Spot::At)
            })
        };
        Places { key: find(self.key_name()), id: find(self.id_name()), width: columns.len() }
    }

    fn columns(&self) -> Result<Vec<String>> {
        if let Some(columns) = &self.insert.columns
            && (!columns.is_empty() || self.has_empty_rows())
        {
            return Ok(columns.iter().map(|c| c.text.clone()).collect());
        }
        if self.has_empty_rows() {
            return Ok(Vec::new());
        }
        let database = self.ctx.tables.get(self.index).map(|t| std::sync::Arc::clone(&t.database));
        match database.and_then(|d| self.ctx.schemas.table(&d, &self.table.name)) {
            Some(schema) => Ok(shown(&schema).map(str::to_owned).collect()),
            None => Err(refuse::feature(
                format_args!("the order of the columns of `{}` is not known", self.table.name),
                "write the column list: INSERT INTO t (a, b) VALUES …",
            )),
        }
    }

    fn has_empty_rows(&self) -> bool {
        matches!(&self.insert.source, InsertSource::Rows(rows) if rows.iter().all(|r| r.cells.is_empty()))
    }

    fn values(&mut self, rows: &[facts::InsertRow], edits: &mut Edits) -> Result<(Span, Vec<RowPlace>)> {
        let columns = self.columns()?;
        let places = self.places(&columns);
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Err(Error::new(Code::Internal, "an INSERT without rows"));
        };
        let id_name = self.id_name().unwrap_or("").to_owned();
        if self.insert.is_positional() {
            let added = Some(&*id_name).filter(|_| places.id == Some(Spot::Missing));
            name_columns(self.insert, columns.iter().map(String::as_str).chain(added), edits);
        } else if places.id == Some(Spot::Missing) {
            let sep = if places.width == 0 { "" } else { ", " };
            let added = text(format!("{sep}{}", quote(&id_name)));
            match self.insert.columns_span {
                Some(span) => edits.insert(span.end - 1, vec![added]),
                None => {
                    edits.insert(self.insert.columns_at, vec![text(format!(" ({})", quote(&id_name)))]);
                }
            }
        }
        let key_is_id = self.key_is_id();
        let mut out = Vec::with_capacity(rows.len());
        for (n, row) in rows.iter().enumerate() {
            if row.cells.len() != places.width {
                return Err(Error::new(
                    Code::ColumnCount,
                    format!("Column count doesn't match value count at row {}", n + 1),
                ));
            }
            let cell = |place: Spot| match place {
                Spot::At(i) => row.cells.get(i),
                Spot::Missing => None,
            };
            let id = match places.id {
                None => None,
                Some(Spot::Missing) => {
                    let sep = if places.width == 0 { "" } else { ", " };
                    edits.insert(row.span.end - 1, vec![text(sep), Piece::NewId]);
                    Some(Cell::NewId)
                }
                Some(place) => match cell(place) {
                    Some(expr) => Some(self.id_cell(expr, edits)?),
                    None => None,
                },
            };
            let key = match places.key {
                None => None,
                Some(place) => Some(self.key_cell(cell(place), id.as_ref(), key_is_id, edits)?),
            };
            out.push((row.span, key, id));
        }
        Ok((Span { start: first.span.start, end: last.span.end }, out))
    }

    /// `SET a = 1, b = 2`: one row.
    fn set(&mut self, set: &[Assignment], edits: &mut Edits) -> Result<(Span, Vec<RowPlace>)> {
        let (Some(first), Some(last)) = (set.first(), set.last()) else {
            return Err(Error::new(Code::Internal, "an INSERT without rows"));
        };
        let start = first
            .column
            .schema
            .as_ref()
            .or(first.column.table.as_ref())
            .unwrap_or(&first.column.name)
            .span
            .start;
        let range = Span { start, end: last.value.span.end };
        let find =
            |name: &str| set.iter().find(|a| a.column.name.text.eq_ignore_ascii_case(name)).map(|a| &a.value);
        let id = match self.id_name() {
            None => None,
            Some(name) => Some(if let Some(expr) = find(name) {
                self.id_cell(expr, edits)?
            } else {
                edits.insert(range.end, vec![text(format!(", {} = ", quote(name))), Piece::NewId]);
                Cell::NewId
            }),
        };
        let key = match self.key_name() {
            None => None,
            Some(name) => {
                let value = find(name);
                Some(self.key_cell(value, id.as_ref(), self.key_is_id(), edits)?)
            }
        };
        // The row takes the insertion at its end; the tail begins behind it.
        Ok((range, vec![(range, key, id)]))
    }

    fn id_cell(&mut self, expr: &Expr, edits: &mut Edits) -> Result<Cell> {
        let cell = match &expr.kind {
            ExprKind::Default => Cell::NewId,
            ExprKind::Operand(operand) => Cell::Operand(operand.clone()),
            _ if self.is_default_of_id(expr) => Cell::NewId,
            _ => self.value_cell(expr, edits).ok_or_else(|| {
                refuse::feature(
                    format_args!(
                        "the id column `{}` is given as an expression",
                        self.id_name().unwrap_or("")
                    ),
                    "give a literal or a parameter, or leave it out to have an id made",
                )
            })?,
        };
        edits.overwrite(expr.span, vec![Piece::NewId]);
        Ok(cell)
    }

    /// `DEFAULT(id)`
    fn is_default_of_id(&self, expr: &Expr) -> bool {
        let text = expr.span.of(self.ctx.shape);
        let word = text.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("default"));
        let own = |c: &ColumnRef| self.id_name().is_some_and(|id| id.eq_ignore_ascii_case(&c.name.text));
        word && text[7..].trim_start().starts_with('(') && matches!(expr.columns.as_slice(), [c] if own(c))
    }

    /// Nothing is given for the sharding key.
    pub(super) fn no_key(&self, key: &str) -> Error {
        let slot = gene::and_slot(self.table);
        refuse::feature(
            format_args!("the row has no value for the sharding key `{key}` of `{}`{slot}", self.table.name),
            format_args!("give `{key}` in the column list and in each row"),
        )
    }

    fn key_cell(
        &mut self,
        expr: Option<&Expr>,
        id: Option<&Cell>,
        is_id: bool,
        edits: &mut Edits,
    ) -> Result<Cell> {
        let key = self.key_name().unwrap_or("").to_owned();
        if is_id && id.is_some() {
            return Ok(Cell::NewId);
        }
        let Some(expr) = expr else { return Err(self.no_key(&key)) };
        match &expr.kind {
            ExprKind::Operand(operand) => Ok(Cell::Operand(operand.clone())),
            ExprKind::Default => Err(refuse::feature(
                format_args!("DEFAULT for the sharding key `{key}`"),
                "give its value as a literal or a parameter",
            )),
            _ => {
                let cell = self.value_cell(expr, edits).ok_or_else(|| {
                    refuse::feature(
                        format_args!("the sharding key `{key}` is given as an expression"),
                        "give a literal or a parameter",
                    )
                })?;
                // What it was computed to stands in the row: computed again it could be another value.
                if let Cell::Session(value @ SessionValue::Computed(_)) = &cell {
                    edits.overwrite(expr.span, vec![Piece::Session(value.clone())]);
                }
                Ok(cell)
            }
        }
    }

    /// A value that is known before the row is placed: the session's, or what a server makes of an expression without
    /// columns.
    fn value_cell(&mut self, expr: &Expr, edits: &Edits) -> Option<Cell> {
        if let Some(cell) = self.session_cell(expr) {
            return Some(cell);
        }
        let plain = expr.columns.is_empty()
            && expr.subqueries.is_empty()
            && expr.aggregates.is_empty()
            && !expr.window
            && matches!(expr.kind, ExprKind::Other)
            && !self.ctx.statement.assigns_user_variables;
        plain.then(|| {
            self.computed.push(edits.render(expr.span));
            Cell::Session(SessionValue::Computed(self.computed.len() - 1))
        })
    }

    /// LAST_INSERT_ID() or `@x` as a whole cell.
    fn session_cell(&self, expr: &Expr) -> Option<Cell> {
        let statement = self.ctx.statement;
        if let Some(call) = statement.functions.iter().find(|f| f.span == expr.span) {
            return names::session_value(statement, call).map(Cell::Session);
        }
        let variable = statement.user_variables.iter().find(|v| v.span == expr.span)?;
        (!statement.assigns_user_variables)
            .then(|| Cell::Session(super::ir::SessionValue::Variable(variable.text.clone())))
    }
}

type RowPlace = (Span, Option<Cell>, Option<Cell>);
