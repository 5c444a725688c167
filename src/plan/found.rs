//! UPDATE and DELETE whose rows no node finds alone: a query over the client's own tables and conditions finds them first,
//! with what they are set to; then each table's rows are changed where they are, by their keys.

use std::sync::Arc;

use super::edit::quote;
use super::ir::{KeyForm, Stored};
use super::pick::{around, form_of, row_key};
use super::refuse;
use super::staged::{leaves_nothing, mentions};
use crate::base::{Result, Value};
use crate::sql::facts::{
    Assignment, ColumnRef, Expr, ExprKind, Kind, Limit, Name, Operand, Span, Statement, TableName, TableRef,
};
use crate::topology::schema::{Column, Schemas, TableSchema};
use crate::topology::{Layout, Table, Topology};

/// Functions of the clock, whose value is one and the same for a whole statement.
const CLOCK: [&str; 16] = [
    "NOW",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURDATE",
    "CURTIME",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "SYSDATE",
    "UTC_DATE",
    "UTC_TIME",
    "UTC_TIMESTAMP",
    "UNIX_TIMESTAMP",
    "UUID",
    "UUID_SHORT",
    "RAND",
];

/// What names stand for.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The tables that there are.
    pub topology: &'a Topology,
    /// Their definitions.
    pub schemas: &'a dyn Schemas,
    /// The session's database.
    pub database: Option<&'a str>,
    /// An UPDATE of several tables may have ORDER BY and LIMIT, which count joined rows (MariaDB manual, "UPDATE").
    pub joins_in_order: bool,
}

impl Names<'_> {
    /// A table by its name.
    pub fn table(&self, name: &TableName) -> Option<Arc<Table>> {
        let database = name.schema.as_ref().map(|name| name.text.as_str()).or(self.database)?;
        Some(self.topology.database(database)?.table(&name.name.text))
    }

    /// Its definition, where that is known.
    pub fn schema(&self, name: &TableName) -> Option<Arc<TableSchema>> {
        let database = name.schema.as_ref().map(|name| name.text.as_str()).or(self.database)?;
        self.schemas.table(database, &name.name.text)
    }

    /// The table among those joined that is called so.
    pub fn called(&self, joined: &[&TableName], schema: Option<&Name>, table: &Name) -> Option<usize> {
        let database = |name: &TableName| {
            let own = name.schema.as_ref().map(|schema| schema.text.clone());
            own.or_else(|| self.database.map(str::to_owned))
        };
        let so = |name: &TableName| {
            name.exposed() == table.text
                && schema.is_none_or(|schema| database(name).as_ref() == Some(&schema.text))
        };
        // Tables of two databases may have one name: then what else names it is not looked for.
        let mut found = joined.iter().enumerate().filter(|(_, name)| so(name)).map(|(at, _)| at);
        found.next().filter(|_| found.next().is_none())
    }

    /// The table among those joined that a column belongs to.
    pub fn owner(&self, joined: &[&TableName], column: &ColumnRef) -> Option<usize> {
        if let Some(table) = &column.table {
            return self.called(joined, column.schema.as_ref(), table);
        }
        if joined.len() == 1 {
            return Some(0);
        }
        let has =
            |name: &TableName| self.schema(name).is_some_and(|s| s.position(&column.name.text).is_some());
        let mut having = joined.iter().enumerate().filter(|(_, name)| has(name)).map(|(at, _)| at);
        having.next().filter(|_| having.next().is_none())
    }
}

/// How the rows of a change are found, and what becomes of them.
#[derive(Debug)]
pub struct Found {
    /// The query: a row for each combination of rows that the conditions hold for.
    pub question: Vec<u8>,
    /// The tables that change, in their order in the statement.
    pub targets: Vec<Target>,
    /// IGNORE.
    pub ignore: bool,
    /// LIMIT 0.
    pub none: bool,
    /// `RETURNING …`
    pub returning: Option<Vec<u8>>,
}

/// One table whose rows change.
#[derive(Debug)]
pub struct Target {
    /// As UPDATE or DELETE names it.
    pub named: Vec<u8>,
    /// What tells its rows apart: column, form, and its place among what the question answers.
    pub keys: Vec<(String, KeyForm, usize)>,
    /// What columns are set to; `None`: the rows are deleted.
    pub set: Option<Vec<(String, New)>>,
    /// One row after another, because another row may be in the way of its new unique values.
    pub one_by_one: bool,
}

/// What a column is set to.
#[derive(Debug)]
pub enum New {
    /// What the client has written: it hangs on the row itself alone.
    Text(Vec<u8>),
    /// What the question has answered.
    Read(Answered),
}

/// A value among what the question answers.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// Its place.
    pub at: usize,
    /// What it is stored in.
    pub stored: Stored,
    /// The place of the same with all of its digits, should it be a DECIMAL: servers divide with more of them than they show.
    pub exact: Option<usize>,
}

/// The parts of UPDATE and DELETE that are alike.
struct Parts<'s> {
    tables: &'s [TableRef],
    from: Span,
    values: Vec<&'s Expr>,
    filter: Option<&'s Expr>,
    order: Option<Span>,
    limit: Option<&'s Limit>,
    ignore: bool,
    returns: bool,
}

impl Parts<'_> {
    /// What stands behind all of them.
    fn tail<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let spans = [self.filter.map(|filter| filter.span), self.order, self.limit.map(|limit| limit.span)];
        let end = spans.iter().flatten().map(|span| span.end).fold(self.from.end, u32::max);
        let tail = text.get(end as usize..)?.trim_ascii_start();
        tail.get(..9).is_some_and(|word| word.eq_ignore_ascii_case(b"RETURNING")).then_some(tail)
    }
}

fn parts(statement: &Statement) -> Option<Parts<'_>> {
    Some(match &statement.kind {
        Kind::Update(update) => Parts {
            tables: &update.tables,
            from: update.from,
            values: update.set.iter().map(|assignment| &assignment.value).collect(),
            filter: update.filter_expr.as_ref(),
            order: update.order_span,
            limit: update.limit.as_ref(),
            ignore: update.ignore,
            returns: false,
        },
        Kind::Delete(delete) => Parts {
            tables: &delete.tables,
            from: delete.from,
            values: Vec::new(),
            filter: delete.filter_expr.as_ref(),
            order: delete.order_span,
            limit: delete.limit.as_ref(),
            ignore: delete.ignore,
            returns: delete.returning,
        },
        _ => return None,
    })
}

/// How the rows are found, `text` being what the statement's spans refer to; `None` where a query cannot say which they are.
///
/// # Errors
/// 1235 where the rows that it finds cannot be told apart.
pub fn plan(statement: &Statement, text: &[u8], names: Names<'_>) -> Result<Option<Found>> {
    let Some(parts) = parts(statement).filter(|parts| is_query(statement, parts, names)) else {
        return Ok(None);
    };
    let mut joined = Vec::new();
    for table in parts.tables {
        named(table, &mut joined);
    }
    let Some(targets) = targets(statement, &joined, names) else { return Ok(None) };
    let single = matches!(parts.tables, [TableRef::Table(_)]);
    let mut asking = Asking { text, names, joined: &joined, single, items: Vec::new() };
    let mut out = Vec::with_capacity(targets.len());
    for (at, assignments) in targets {
        let Some(target) = asking.target(at, assignments)? else { return Ok(None) };
        out.push(target);
    }
    let mut question = b"SELECT ".to_vec();
    for (n, item) in asking.items.iter().enumerate() {
        question.extend_from_slice(if n == 0 { b"" } else { b", " });
        question.extend_from_slice(item);
        question.extend_from_slice(format!(" AS shardgate_{n}").as_bytes());
    }
    let mut clause = |word: &str, span: Option<Span>| {
        if let Some(span) = span {
            question.extend_from_slice(word.as_bytes());
            question.extend_from_slice(of(text, span));
        }
    };
    clause(" FROM ", Some(parts.from));
    clause(" WHERE ", parts.filter.map(|filter| filter.span));
    clause(" ", parts.order);
    clause(" ", parts.limit.map(|limit| limit.span));
    question.extend_from_slice(b" FOR UPDATE");
    let returning = if parts.returns { parts.tail(text) } else { None };
    let at = text.len() - returning.map_or(0, <[u8]>::len);
    let reads = statement.tables.iter().any(|table| table.span.start as usize >= at);
    if parts.returns && (returning.is_none() || reads) {
        return Ok(None);
    }
    // They are answered in their order.
    if parts.returns && parts.order.is_some() {
        for target in &mut out {
            target.one_by_one = true;
        }
    }
    let none = parts.limit.is_some_and(|limit| limit.count == Operand::Const(Value::Int(0)));
    Ok(Some(Found {
        question,
        targets: out,
        ignore: parts.ignore,
        none,
        returning: returning.map(<[u8]>::to_vec),
    }))
}

/// Whether a SELECT has the rows, and does nothing else.
fn is_query(statement: &Statement, parts: &Parts<'_>, names: Names<'_>) -> bool {
    let exprs = || parts.values.iter().copied().chain(parts.filter);
    let several = !matches!(parts.tables, [TableRef::Table(_)]);
    leaves_nothing(statement)
        && exprs().all(|expr| expr.aggregates.is_empty() && !expr.window)
        && parts.limit.is_none_or(|limit| limit.offset.is_none())
        && (!several
            || parts.order.is_none() && parts.limit.is_none()
            || names.joins_in_order && matches!(statement.kind, Kind::Update(_)))
}

/// The tables that change (places in `joined`), each with its assignments.
type Targets<'s> = Vec<(usize, Option<Vec<&'s Assignment>>)>;

fn targets<'s>(statement: &'s Statement, joined: &[&TableName], names: Names<'_>) -> Option<Targets<'s>> {
    let mut out: Targets<'s> = Vec::new();
    match &statement.kind {
        Kind::Update(update) => {
            for assignment in &update.set {
                let at = names.owner(joined, &assignment.column)?;
                match out.iter_mut().find(|(other, _)| *other == at) {
                    Some((_, Some(own))) => own.push(assignment),
                    _ => out.push((at, Some(vec![assignment]))),
                }
            }
        }
        Kind::Delete(delete) if delete.targets.is_empty() => {
            out.extend((0..joined.len()).map(|at| (at, None)));
        }
        Kind::Delete(delete) => {
            for target in &delete.targets {
                out.push((names.called(joined, target.schema.as_ref(), &target.name)?, None));
            }
        }
        _ => return None,
    }
    out.sort_by_key(|(at, _)| *at);
    Some(out)
}

/// The question as it grows.
struct Asking<'a> {
    text: &'a [u8],
    names: Names<'a>,
    joined: &'a [&'a TableName],
    /// The statement is about one table, which it changes: assignments see what earlier ones have set.
    single: bool,
    items: Vec<Vec<u8>>,
}

impl Asking<'_> {
    fn ask(&mut self, item: Vec<u8>) -> usize {
        self.items.push(item);
        self.items.len() - 1
    }

    fn target(&mut self, at: usize, assignments: Option<Vec<&Assignment>>) -> Result<Option<Target>> {
        let Some(name) = self.joined.get(at).copied() else { return Ok(None) };
        let (Some(table), Some(schema)) = (self.names.table(name), self.names.schema(name)) else {
            return Ok(None);
        };
        let mut columns = row_key(&schema)?;
        if let Layout::Sharded(sharded) = &table.layout
            && !columns.iter().any(|column| column.name.eq_ignore_ascii_case(&sharded.key))
            && let Some(key) = column(&schema, &sharded.key)
        {
            columns.insert(0, key);
        }
        let mut keys = Vec::with_capacity(columns.len());
        for column in columns {
            let form = form_of(column)?;
            let (head, tail) = around(&form);
            let item = format!("{head}{}.{}{tail}", quote(name.exposed()), quote(&column.name));
            keys.push((quote(&column.name), form, self.ask(item.into_bytes())));
        }
        let Some(assignments) = assignments else {
            let named = of(self.text, name.span).to_vec();
            return Ok(Some(Target { named, keys, set: None, one_by_one: false }));
        };
        let in_unique = |assignment: &&Assignment| {
            let name = assignment.column.name.text.to_lowercase();
            let unique_over_all = table.indexes.iter().flat_map(|index| &index.columns);
            schema.unique.iter().any(|index| index.contains(&name))
                || unique_over_all.into_iter().any(|column| column.eq_ignore_ascii_case(&name))
        };
        let one_by_one = assignments.iter().any(in_unique);
        let mut set = Vec::with_capacity(assignments.len());
        for (n, assignment) in assignments.iter().enumerate() {
            let Some(column) = column(&schema, &assignment.column.name.text) else { return Ok(None) };
            if column.generated && !self.single && assignment.value.kind != ExprKind::Default {
                return Err(refuse::feature(
                    format_args!("a change of several tables sets `{}`, a generated column", column.name),
                    "leave the column out",
                ));
            }
            let new = if self.is_own(at, &assignment.value) {
                New::Text(of(self.text, assignment.value.span).to_vec())
            } else {
                self.sees_no_change(&assignment.value, assignments.get(..n).unwrap_or_default())?;
                New::Read(self.answered(of(self.text, assignment.value.span), Stored::of(column)))
            };
            set.push((quote(&column.name), new));
        }
        let end = name.alias.as_ref().map_or(name.span.end, |alias| alias.span.end);
        let named = of(self.text, Span { start: name.span.start, end }).to_vec();
        Ok(Some(Target { named, keys, set: Some(set), one_by_one }))
    }

    fn answered(&mut self, value: &[u8], stored: Stored) -> Answered {
        let number = matches!(stored, Stored::Real | Stored::Other);
        let divides = value.contains(&b'/') || mentions(&String::from_utf8_lossy(value), "AVG");
        let at = self.ask(value.to_vec());
        let exact = (number && divides).then(|| [b"CAST(", value, b" AS DECIMAL(65, 30))"].concat());
        Answered { at, stored, exact: exact.map(|item| self.ask(item)) }
    }

    /// Whether an expression hangs on nothing but the row that it is for.
    fn is_own(&self, at: usize, expr: &Expr) -> bool {
        if matches!(expr.kind, ExprKind::Operand(_) | ExprKind::Default) {
            return true;
        }
        let shown = String::from_utf8_lossy(of(self.text, expr.span));
        expr.subqueries.is_empty()
            && expr.columns.iter().all(|column| self.names.owner(self.joined, column) == Some(at))
            && !CLOCK.iter().any(|word| mentions(&shown, word))
    }

    /// In an UPDATE of one table an expression sees what earlier assignments have set (MySQL manual, "UPDATE Statement"); the
    /// question sees what was there before.
    fn sees_no_change(&self, expr: &Expr, earlier: &[&Assignment]) -> Result<()> {
        let shown = String::from_utf8_lossy(of(self.text, expr.span));
        let seen =
            earlier.iter().map(|assignment| &assignment.column.name.text).find(|c| mentions(&shown, c));
        match seen.filter(|_| self.single) {
            None => Ok(()),
            Some(column) => Err(refuse::feature(
                format_args!(
                    "an assignment that is read before the rows change names the column `{column}`, which an earlier \
                     assignment has set"
                ),
                "set that column last, or in a statement of its own",
            )),
        }
    }
}

fn column<'s>(schema: &'s TableSchema, name: &str) -> Option<&'s Column> {
    schema.position(name).and_then(|at| schema.columns.get(at))
}

fn of(text: &[u8], span: Span) -> &[u8] {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// The tables that a FROM names itself.
pub fn named<'t>(table: &'t TableRef, out: &mut Vec<&'t TableName>) {
    match table {
        TableRef::Table(name) => out.push(name),
        TableRef::Join { left, right, .. } => {
            named(left, out);
            named(right, out);
        }
        TableRef::Derived { .. } | TableRef::Function => {}
    }
}
