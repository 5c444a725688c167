//! UPDATE and DELETE that read tables which are not where the changed rows are: those are read first, and go along as
//! literals. What the statement means is the server's to say: subqueries become lists or queries of literals, joined
//! tables derived tables of literals.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use super::Session;
use super::literals::{literal, plain};
use super::moves::value;
use super::query::{Text, no_job};
use crate::backend::Answer;
use crate::base::{Code, Error, Origin, Result, Value};
use crate::exec::send::{Call, Preset};
use crate::exec::write::{Pace, Task};
use crate::merge::Merger;
use crate::plan::explain::tree::Tree;
use crate::plan::found::{self, Found, Names, named};
use crate::plan::ir::{Act, Plan};
use crate::plan::shared::shared;
use crate::plan::stage_spec::is_refusal;
use crate::plan::{self, Bound};
use crate::session::input::Given;
use crate::sql::facts::{
    Compare, Expr, Kind, Operand, Predicate, Query, Span, Statement, TableName, TableRef,
};
use crate::sql::normalise::Normalised;
use crate::sql::{self, splice};
use crate::topology::schema::{Column, TableSchema};
use crate::topology::{Layout, Table};
use crate::wire::column::ColumnDef;
use crate::wire::row::{Format, Row};

/// A part of a statement that is read before it runs.
struct Part {
    /// What the rows stand for.
    span: Span,
    /// The query for them.
    question: Vec<u8>,
    form: Form,
}

/// How rows go along.
enum Form {
    /// Behind IN.
    List,
    /// Any other subquery.
    Query,
    /// A joined table.
    Table(String, Arc<TableSchema>),
}

/// A statement that runs as it is now.
struct Ready {
    sql: Vec<u8>,
    shape: Normalised,
    plan: Plan,
    bound: Bound,
}

/// Rows, and what they have in their columns.
struct Rows {
    columns: Vec<ColumnDef>,
    rows: Vec<Vec<Value>>,
}

impl Session {
    /// A statement that was refused as it stands. What it reads elsewhere is read first, or the rows that it is about are
    /// found first; where neither can be, the refusal is the answer.
    pub(super) async fn write_pulled(&mut self, plan: &Plan, text: &Text<'_>, refusal: Error) -> Result<()> {
        let changes = matches!(plan.statement.kind, Kind::Update(_) | Kind::Delete(_));
        if !changes || !is_refusal(&refusal) {
            return Err(refusal);
        }
        let plain = plain(text, self.vars.mode, self.shared.is_mariadb())?;
        let shape = Normalised::verbatim(&plain);
        let Ok(statement) = sql::parse(&shape.masked(), self.vars.mode) else { return Err(refusal) };
        self.load_definitions(&statement).await?;
        let parts = self.parts(&statement, &plain).unwrap_or_default();
        let found = found::plan(&statement, &plain, self.names());
        if parts.is_empty() {
            match &found {
                Ok(None) => return Err(refusal),
                Err(error) => return Err(error.clone()),
                Ok(Some(_)) => self.accepted(&plain, &refusal).await?,
            }
        }
        if !self.vars.autocommit && !self.held.in_transaction() {
            let characteristics = self.vars.next_transaction.take();
            self.held.begin("BEGIN", characteristics.as_deref(), false, &self.vars.settings);
        }
        self.may_write()?;
        let scope = self.open_scope(true).await?;
        let done = self.pull_and_change(&plain, parts, found, refusal, text.given.is_binary()).await;
        let answer = self.close_scope(scope, done).await?;
        if !answer.columns.is_empty() {
            return self.answer_returned(answer, text);
        }
        self.written(answer.ok, text);
        Ok(())
    }

    /// Whether a statement that is refused as it stands is tried over rows that are read before it.
    pub(super) fn reads_ahead(&self, statement: &Statement, text: &[u8]) -> bool {
        let changes = matches!(statement.kind, Kind::Update(_) | Kind::Delete(_));
        changes
            && (self.parts(statement, text).is_some_and(|parts| !parts.is_empty())
                || matches!(found::plan(statement, text, self.names()), Ok(Some(_))))
    }

    /// What a server has against a statement before it runs (that a table which changes is read in a subquery, say) no query
    /// for its rows would say.
    async fn accepted(&mut self, plain: &[u8], refusal: &Error) -> Result<()> {
        let said = self.server_says(plain, refusal.clone()).await;
        if said == *refusal { Ok(()) } else { Err(said) }
    }

    /// What the statement's names stand for.
    fn names(&self) -> Names<'_> {
        Names {
            topology: self.shared.topology(),
            schemas: &self.shared.catalog,
            database: self.database.as_deref(),
            joins_in_order: self.shared.is_mariadb(),
        }
    }

    /// How a statement that is refused as it stands is carried out all the same.
    pub(super) fn tree_ahead(&self, statement: &Statement, text: &[u8]) -> Option<Tree> {
        let parts = self.parts(statement, text).unwrap_or_default();
        let shown = |question: &[u8]| String::from_utf8_lossy(question).into_owned();
        if !parts.is_empty() {
            let reads = parts.iter().map(|part| format!("read: {}", shown(&part.question)));
            let last = "then the statement with these rows in it".to_owned();
            let plan = "write with rows that are read first".to_owned();
            return Some(Tree { plan, steps: reads.chain([last]).collect(), ..Tree::default() });
        }
        let found = found::plan(statement, text, self.names()).ok()??;
        let first = format!("found by: {}", shown(&found.question));
        let changes = found.targets.iter().map(|target| {
            let word = if target.set.is_some() { "UPDATE" } else { "DELETE FROM" };
            let keys: Vec<&str> = target.keys.iter().map(|(name, ..)| name.as_str()).collect();
            format!("then: {word} {} by ({})", shown(&target.named), keys.join(", "))
        });
        let plan = "write of rows that are found first".to_owned();
        Some(Tree { plan, steps: std::iter::once(first).chain(changes).collect(), ..Tree::default() })
    }

    async fn pull_and_change(
        &mut self,
        plain: &[u8],
        parts: Vec<Part>,
        found: Result<Option<Found>>,
        refusal: Error,
        binary: bool,
    ) -> Result<Answer> {
        let ready = if parts.is_empty() { Err(refusal) } else { self.ready(plain, &parts, &refusal).await };
        let joins = parts.iter().any(|part| matches!(part.form, Form::Table(..)));
        let why = match ready {
            Ok(ready) => {
                let given = Given::Text { text: &ready.sql, literals: &[], mode: self.vars.mode };
                let text = Text { original: &ready.sql, shape: &ready.shape, given: &given, more: false };
                match Box::pin(self.write_in_parts(&ready.plan, &ready.bound, &text)).await {
                    // Servers find this before they change any row.
                    Err(error) if is_mixed(&error) && (joins || matches!(found, Ok(Some(_)))) => {
                        mixed(&error)
                    }
                    done => return done.map(|ok| Answer { ok, ..Answer::default() }),
                }
            }
            Err(why) => why,
        };
        match found {
            // It may need fewer rows than the tables have.
            Ok(Some(found)) if is_refusal(&why) || why.is(Code::Memory) => {
                if !parts.is_empty() {
                    self.accepted(plain, &why).await?;
                }
                self.change_found(&found, binary).await
            }
            Err(error) if is_refusal(&why) => Err(error),
            _ => Err(why),
        }
    }

    /// The statement with what it reads elsewhere in it, bound to where it runs.
    async fn ready(&mut self, plain: &[u8], parts: &[Part], refusal: &Error) -> Result<Ready> {
        const UNKNOWN: [u16; 2] = [1054, 1109];
        let mut parts: Vec<&Part> = parts.iter().collect();
        parts.sort_by_key(|part| part.span.start);
        let (mut sql, mut at) = (Vec::new(), 0);
        for part in parts {
            let rows = self.rows_of(&part.question).await.map_err(|error| {
                // It refers to columns outside of itself.
                let depends = error.origin == Origin::Backend && UNKNOWN.contains(&error.errno);
                if depends { refusal.clone() } else { error }
            })?;
            sql.extend_from_slice(plain.get(at..part.span.start as usize).unwrap_or_default());
            sql.extend_from_slice(self.literals(part, &rows)?.as_bytes());
            at = part.span.end as usize;
        }
        sql.extend_from_slice(plain.get(at..).unwrap_or_default());
        let shape = Normalised::verbatim(&sql);
        let plan = self.planned_by_definitions(&shape).await?;
        match &plan.act {
            Act::Write(_) => {}
            Act::Refused(error) => return Err(error.clone()),
            _ => return Err(no_job()),
        }
        let given = Given::Text { text: &sql, literals: &[], mode: self.vars.mode };
        let bound = self.bind(&plan, &Text { original: &sql, shape: &shape, given: &given, more: false })?;
        Ok(Ready { sql, shape, plan, bound })
    }

    /// All rows of a query, in memory.
    async fn rows_of(&mut self, sql: &[u8]) -> Result<Rows> {
        let shape = Normalised::verbatim(sql);
        let plan = self.planned_by_definitions(&shape).await?;
        let read = match &plan.act {
            Act::Read(read) if !plan.pins => read,
            Act::Refused(error) => return Err(error.clone()),
            _ => return Err(Error::refused("only a query has rows", "use SELECT")),
        };
        let given = Given::Text { text: sql, literals: &[], mode: self.vars.mode };
        let text = Text { original: sql, shape: &shape, given: &given, more: false };
        let bound = self.bind(&plan, &text)?;
        // As on one server: what rows are changed by is what is there now, and stays as long as they do.
        let lock = self.held.repeats_reads(&self.vars.settings);
        let mut tasks: Vec<Task<'_>> = Vec::with_capacity(bound.jobs.len());
        for job in &bound.jobs {
            let own = job.text.as_deref().unwrap_or(sql);
            let own = if lock { shared(own, self.vars.mode)? } else { own.to_vec() };
            let call = Call::ExecuteWith(Bytes::from(own), Vec::new());
            tasks.push(Task { source: job.source, schema: &job.schema, call, ids: Preset::default() });
        }
        let settings = self.vars.settings.with("character_set_results", "'utf8mb4'");
        let answers = self.pull_under(&tasks, Pace::Together, &settings).await?;
        let first = answers.first().ok_or_else(no_job)?;
        if !bound.many {
            let rows = first.rows.iter().map(|cells| {
                let cells = cells.iter().map(Option::as_deref);
                values(&first.columns, cells)
            });
            return Ok(Rows { columns: first.columns.clone(), rows: rows.collect::<Result<_>>()? });
        }
        let scatter = read.many.as_ref().map_err(Clone::clone)?;
        self.merged_rows(&scatter.merge, &bound, &answers)
    }

    fn merged_rows(
        &self,
        merge: &plan::merge_spec::Merge,
        bound: &Bound,
        answers: &[Answer],
    ) -> Result<Rows> {
        let first = answers.first().ok_or_else(no_job)?;
        let (count, offset) = bound.limit.map_or((None, 0), |(count, offset)| (Some(count), offset));
        let budget = self.shared.limits.merge;
        let format = Format::Binary;
        let mut merger = Merger::new(merge, &first.columns, format, answers.len(), count, offset, budget)?;
        for (stream, answer) in answers.iter().enumerate() {
            merger.check(stream, &answer.columns)?;
            for cells in &answer.rows {
                let cells = cells.iter().map(Option::as_deref);
                let mut payload = Vec::new();
                crate::wire::row::encode_cells(format, &answer.columns, cells, &mut payload)
                    .ok_or_else(no_job)?;
                merger.push(stream, payload.into())?;
            }
            merger.finish(stream);
        }
        let columns = merger.visible().to_vec();
        let mut rows = Vec::new();
        while let Some(payload) = merger.pop()? {
            let row = Row::parse(payload, format, &columns).ok_or_else(no_job)?;
            rows.push(values(&columns, (0..row.len()).map(|i| row.cell(i)))?);
        }
        Ok(Rows { columns, rows })
    }

    // ---- what is read first -----------------------------------------------------------------------------------------

    /// The parts of a statement that can be read before it; `None` where it changes tables that are not together.
    fn parts(&self, statement: &Statement, plain: &[u8]) -> Option<Vec<Part>> {
        // What is another value each time it is read, or is seen by the session, is not read ahead.
        let each_time = ["RAND", "UUID", "NEXTVAL", "SLEEP"];
        let ahead = statement
            .functions
            .iter()
            .all(|f| !(each_time.contains(&f.name.as_str()) || f.name == "LAST_INSERT_ID" && f.args));
        if !ahead || statement.assigns_user_variables {
            return None;
        }
        let (tables, exprs, filter): (&[TableRef], Vec<&Expr>, _) = match &statement.kind {
            Kind::Update(update) => {
                let values = update.set.iter().map(|assignment| &assignment.value);
                (&update.tables, values.chain(&update.filter_expr).collect(), update.filter.as_ref())
            }
            Kind::Delete(delete) if !delete.returning => {
                (&delete.tables, delete.filter_expr.iter().collect(), delete.filter.as_ref())
            }
            _ => return None,
        };
        let mut joined = Vec::new();
        for table in tables {
            named(table, &mut joined);
        }
        let names = self.names();
        let changed = self.targets(statement, &joined)?;
        let home = names.table(changed.first()?)?;
        if !changed.iter().all(|name| names.table(name).is_some_and(|table| beside(&home, &table))) {
            return None;
        }
        let mut parts = Vec::new();
        for query in exprs.iter().flat_map(|expr| &expr.subqueries) {
            let inside =
                |table: &&TableName| query.span.start <= table.span.start && table.span.end <= query.span.end;
            // Of the table that it changes a server reads nothing meanwhile, or says so.
            let own = |table: &TableName| changed.iter().any(|name| name.name.text == table.name.text);
            let read: Vec<&TableName> = statement.tables.iter().filter(inside).collect();
            if read.is_empty() || read.iter().any(|table| own(table)) {
                continue;
            }
            parts.push(part(query, plain));
        }
        for name in joined.iter().filter(|name| !changed.iter().any(|c| c.span == name.span)) {
            let table = names.table(name)?;
            if beside(&home, &table) {
                continue;
            }
            let schema = names.schema(name)?;
            let alias = name.exposed().to_owned();
            let mut question = b"SELECT ".to_vec();
            let columns: Vec<String> = schema.columns.iter().map(|c| splice::quote(&c.name)).collect();
            question.extend_from_slice(columns.join(", ").as_bytes());
            question.extend_from_slice(b" FROM ");
            let end = name.alias.as_ref().map_or(name.span.end, |alias| alias.span.end);
            let span = Span { start: name.span.start, end };
            question.extend_from_slice(plain.get(span.start as usize..span.end as usize)?);
            let mut conditions = Vec::new();
            if let Some(filter) = filter {
                self.conditions(filter, &alias, &mut conditions);
            }
            if !conditions.is_empty() {
                question.extend_from_slice(format!(" WHERE {}", conditions.join(" AND ")).as_bytes());
            }
            parts.push(Part { span, question, form: Form::Table(alias, schema) });
        }
        Some(parts)
    }

    /// The tables among those joined whose rows change.
    fn targets<'s>(&self, statement: &Statement, joined: &[&'s TableName]) -> Option<Vec<&'s TableName>> {
        let called = |name: &str| joined.iter().copied().find(|table| table.exposed() == name);
        let names = self.names();
        match &statement.kind {
            Kind::Update(update) => {
                let columns = update.set.iter().map(|assignment| &assignment.column);
                columns.map(|column| joined.get(names.owner(joined, column)?).copied()).collect()
            }
            Kind::Delete(delete) if delete.targets.is_empty() => Some(joined.to_vec()),
            Kind::Delete(delete) => delete.targets.iter().map(|target| called(&target.name.text)).collect(),
            _ => None,
        }
    }

    /// Conditions of WHERE on one table alone that no row of NULLs satisfies.
    fn conditions(&self, filter: &Predicate, alias: &str, out: &mut Vec<String>) {
        let mode = self.vars.mode;
        let value = |operand: &Operand| match operand {
            Operand::Const(value) => Some(splice::literal(value, mode)),
            Operand::Param(_) | Operand::NegParam(_) => None,
        };
        let (column, text) = match filter {
            Predicate::And(parts) => {
                return parts.iter().for_each(|part| self.conditions(part, alias, out));
            }
            Predicate::Compare(column, op, operand) => {
                let op = match op {
                    Compare::Eq => "=",
                    Compare::Lt => "<",
                    Compare::Le => "<=",
                    Compare::Gt => ">",
                    Compare::Ge => ">=",
                    Compare::NullSafeEq => return,
                };
                (column, value(operand).map(|value| format!("{op} {value}")))
            }
            Predicate::In(column, operands) => {
                let list: Option<Vec<String>> = operands.iter().map(value).collect();
                (column, list.map(|list| format!("IN ({})", list.join(", "))))
            }
            Predicate::Between(column, low, high) => {
                let ends = value(low).zip(value(high));
                (column, ends.map(|(low, high)| format!("BETWEEN {low} AND {high}")))
            }
            _ => return,
        };
        if let (Some(text), true) = (text, column.table.as_ref().is_some_and(|table| table.text == alias)) {
            out.push(format!("{} {text}", splice::quote(&column.name.text)));
        }
    }

    // ---- how it goes along ------------------------------------------------------------------------------------------

    fn literals(&self, part: &Part, rows: &Rows) -> Result<String> {
        let columns: Vec<Option<&Column>> = match &part.form {
            Form::Table(_, schema) => schema.columns.iter().map(Some).collect(),
            Form::List | Form::Query => vec![None; rows.columns.len()],
        };
        let tuple = |row: &Vec<Value>| -> Result<Vec<String>> {
            let cells = row.iter().zip(&rows.columns).zip(&columns);
            cells.map(|((value, column), definition)| literal(value, column, *definition)).collect()
        };
        let tuples: Vec<Vec<String>> = rows.rows.iter().map(tuple).collect::<Result<_>>()?;
        let many = rows.columns.len() != 1;
        if matches!(part.form, Form::List) && !tuples.is_empty() {
            let row = |row: &Vec<String>| if many { format!("({})", row.join(", ")) } else { row.concat() };
            return Ok(tuples.iter().map(row).collect::<Vec<_>>().join(", "));
        }
        let named = |values: Vec<String>| {
            let names = columns.iter().zip(&rows.columns);
            let names =
                names.map(|(column, shown)| column.map_or(shown.label().into_owned(), |c| c.name.clone()));
            let items =
                values.iter().zip(names).map(|(value, name)| format!("{value} AS {}", splice::quote(&name)));
            items.collect::<Vec<_>>().join(", ")
        };
        let mut out = String::from("SELECT ");
        match tuples.split_first() {
            None => {
                let _ = write!(
                    out,
                    "{} FROM DUAL WHERE FALSE",
                    named(vec!["NULL".to_owned(); rows.columns.len()])
                );
            }
            Some((first, rest)) => {
                out.push_str(&named(first.clone()));
                if rest.is_empty() && matches!(part.form, Form::Table(..)) {
                    // Literals in the place of columns would be stronger than those when collations meet.
                    let nothing = vec!["NULL"; rows.columns.len()].join(", ");
                    let _ = write!(out, " UNION ALL SELECT {nothing} FROM DUAL WHERE FALSE");
                }
                let word = if self.shared.is_mariadb() { "" } else { "ROW" };
                for (n, row) in rest.iter().enumerate() {
                    out.push_str(if n == 0 { " UNION ALL VALUES " } else { ", " });
                    let _ = write!(out, "{word}({})", row.join(", "));
                }
            }
        }
        Ok(match &part.form {
            Form::Table(alias, _) => format!("({out}) AS {}", splice::quote(alias)),
            Form::List | Form::Query => out,
        })
    }
}

/// Where literals stand for columns, their collations are as strong as if the client had written COLLATE.
fn is_mixed(error: &Error) -> bool {
    const MIXED: [u16; 3] = [1267, 1270, 1271];
    error.origin == Origin::Backend && MIXED.contains(&error.errno)
}

fn mixed(error: &Error) -> Error {
    Error::refused(
        format!("columns of tables on different shards meet, whose collations differ: {}", error.message),
        "say by COLLATE in which collation they are to meet",
    )
}

/// Whether a table is wherever rows of a changed one are.
fn beside(home: &Table, table: &Table) -> bool {
    match (&home.layout, &table.layout) {
        (Layout::Sharded(home), Layout::Sharded(table)) => home.aligned_with(table),
        (Layout::Single(home), Layout::Single(table)) => home.source == table.source,
        (Layout::Reference(_), Layout::Reference(_)) => true,
        (Layout::Sharded(_) | Layout::Single(_), Layout::Reference(_)) => true,
        _ => false,
    }
}

fn part(query: &Query, plain: &[u8]) -> Part {
    let text = |span: Span| plain.get(span.start as usize..span.end as usize).unwrap_or_default().to_vec();
    let before = text(Span { start: 0, end: query.span.start });
    let before = String::from_utf8_lossy(&before).trim_end().to_ascii_uppercase();
    let word = before.strip_suffix('(').map_or("", str::trim_end);
    let after_in = word.strip_suffix("IN").is_some_and(|rest| {
        rest.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '$' | '`' | '.'))
    });
    let form = if after_in { Form::List } else { Form::Query };
    Part { span: query.span, question: text(query.span), form }
}

fn values<'c>(columns: &[ColumnDef], cells: impl Iterator<Item = Option<&'c [u8]>>) -> Result<Vec<Value>> {
    columns.iter().zip(cells).map(|(column, cell)| value(column, cell).map(|(_, value)| value)).collect()
}
