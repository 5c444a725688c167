//! Rows that are picked before a statement changes them: where only all nodes together can tell which rows a statement
//! is about (ORDER BY … LIMIT), and where rows may have to move afterwards. Each node is asked for the rows' primary
//! keys, which are locked; the statement then runs on just these.

use smallvec::SmallVec;

use super::bind::{Binder, Bound, SessionValues, Setting, Source, Stage, Target, lost};
use super::edit::{Edits, quote, text};
use super::ir::{Job, KeyForm, Pick, PickedKey, Piece, Plan, Template};
use super::join::Block;
use super::merge_spec::{Merge, Step};
use super::order::{self, Hidden, wrap};
use super::refuse;
use super::scope::{Col, Scopes};
use crate::base::ids::NodeId;
use crate::base::{Code, Error, Result};
use crate::sql::facts::{Expr, ExprKind, Limit, OrderItem, Span};
use crate::topology::schema::{Column, TableSchema};

/// A change of one table's rows, whatever the statement.
pub(super) struct Change<'q> {
    /// Where the table stands, with its alias.
    pub(super) from: Span,
    /// The statement up to WHERE.
    pub(super) head: Span,
    pub(super) filter: Option<&'q Expr>,
    pub(super) order_by: &'q [OrderItem],
    pub(super) order: Option<Span>,
    pub(super) limit: Option<&'q Limit>,
    /// What columns of the primary key are set to.
    pub(super) set: Vec<(String, &'q Expr)>,
    /// The rows are wanted in the order of their primary key where no other is given.
    pub(super) ordered: bool,
}

/// How the rows of the block's only table are picked.
pub(super) fn plan(
    scopes: &Scopes<'_>,
    block: &Block,
    table: usize,
    edits: &Edits,
    change: &Change<'_>,
) -> Result<Pick> {
    let leaf = scopes.blocks.get(block.scope).and_then(|scope| scope.leaves.first()).ok_or_else(lost)?;
    let schema = scopes.leaves.get(*leaf).and_then(|leaf| leaf.schema.as_ref()).ok_or_else(unknown)?;
    let mut columns = Vec::new();
    let mut keys = Vec::new();
    for column in row_key(schema)? {
        let form = form_of(column)?;
        columns.push(shown(&form, vec![text(quote(&column.name))]));
        keys.push(PickedKey { name: column.name.clone(), form, after: keys.len() });
    }
    for key in &mut keys {
        let Some((_, value)) = change.set.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(&key.name))
        else {
            continue;
        };
        key.after = columns.len();
        columns.push(shown(&key.form, wrap("(", edits.render(value.span), ")")));
    }
    let mut hidden = Hidden::default();
    let mut merged = Vec::new();
    let mut by = Template::new();
    if let Some(span) = change.order {
        order::check(change.order_by, &scopes.at.statement.functions)?;
        for item in change.order_by {
            if matches!(item.expr.kind, ExprKind::Operand(_)) || !item.expr.subqueries.is_empty() {
                return Err(refuse::needs_one_node("ORDER BY what is no column, in a change of rows"));
            }
            let form = scopes.form(block.scope, &item.expr);
            let body = edits.render(item.expr.span);
            merged.push(order::key_of(None, body, form, item.descending, &mut hidden)?);
        }
        by.push(text(" "));
        by.extend(edits.render(span));
    } else if change.ordered {
        for (n, key) in keys.iter().enumerate() {
            let form = scopes.form_of_column(Some(&Col { leaf: *leaf, name: key.name.to_lowercase() }));
            let body = vec![text(quote(&key.name))];
            merged.push(order::key_of(None, body.clone(), form, false, &mut hidden)?);
            by.push(text(if n == 0 { " ORDER BY " } else { ", " }));
            by.extend(body);
        }
    }
    let mut question = vec![text("SELECT ")];
    for (n, column) in columns.into_iter().enumerate() {
        question.push(text(if n == 0 { "" } else { ", " }));
        question.extend(column);
    }
    question.extend(hidden.select_list());
    question.push(text(" FROM "));
    question.extend(edits.render(change.from));
    if let Some(filter) = change.filter {
        question.push(text(" WHERE "));
        question.extend(edits.render(filter.span));
    }
    question.extend(by.iter().cloned());
    let limit = change.limit.map(|limit| limit.count.clone());
    if let Some(count) = &limit {
        question.extend([text(" LIMIT "), Piece::Operand(count.clone())]);
    }
    question.push(text(" FOR UPDATE"));
    let step = if merged.is_empty() { Step::Concat } else { Step::Sorted { keys: merged } };
    let merge = Merge { hidden: hidden.len(), step };
    Ok(Pick { table, question, merge, limit, keys, head: edits.render_closed(change.head), tail: by })
}

/// The columns that identify a row: the first unique index without NULLs, which is the primary key where there is one.
pub(super) fn row_key(schema: &TableSchema) -> Result<Vec<&Column>> {
    let column = |name: &String| schema.position(name).and_then(|at| schema.columns.get(at));
    let whole = |index: &Vec<String>| {
        let columns: Option<Vec<&Column>> = index.iter().map(column).collect();
        columns.filter(|columns| columns.iter().all(|column| !column.nullable))
    };
    schema.unique.iter().find_map(whole).ok_or_else(|| {
        refuse::feature(
            "the table has no primary key, by which the rows to change could be told apart",
            "give the table a primary key",
        )
    })
}

fn unknown() -> Error {
    refuse::needs_one_node("the table's definition is not known")
}

/// How a column of a key is told.
pub(super) fn form_of(column: &Column) -> Result<KeyForm> {
    Ok(match column.data_type.as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "year" | "bit" | "enum"
        | "set" => KeyForm::Number,
        "date" | "datetime" | "time" | "uuid" | "inet4" | "inet6" => KeyForm::Quoted,
        "timestamp" => KeyForm::Moment,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => KeyForm::Bytes,
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => {
            KeyForm::Characters(column.charset.clone().ok_or_else(unknown)?)
        }
        kind => {
            return Err(refuse::feature(
                format_args!("rows cannot be told apart by the {kind} column `{}`", column.name),
                "give the table a primary key of whole numbers",
            ));
        }
    })
}

/// An expression as plain characters, from which [`literal`] makes a value again.
fn shown(form: &KeyForm, body: Template) -> Template {
    let (head, tail) = around(form);
    wrap(head, body, &tail)
}

/// What stands before and behind such an expression.
pub(super) fn around(form: &KeyForm) -> (&'static str, String) {
    match form {
        KeyForm::Number => ("CAST(", "+0 AS CHAR)".to_owned()),
        KeyForm::Quoted => ("CAST(", " AS CHAR)".to_owned()),
        KeyForm::Moment => ("CAST(UNIX_TIMESTAMP(", ") AS CHAR)".to_owned()),
        KeyForm::Bytes => ("HEX(CAST(", " AS BINARY))".to_owned()),
        KeyForm::Characters(set) => ("HEX(CONVERT(", format!(" USING {set}))")),
    }
}

/// The literal of a cell that a server has given in a form.
pub fn literal(form: &KeyForm, cell: &[u8]) -> Result<String> {
    let (plain, found): (fn(u8) -> bool, _) = match form {
        KeyForm::Number | KeyForm::Moment => (|b| b.is_ascii_digit() || b"+-.e".contains(&b), cell),
        KeyForm::Quoted => (|b| b.is_ascii_alphanumeric() || b":-. ".contains(&b), cell),
        KeyForm::Bytes | KeyForm::Characters(_) => (|b| b.is_ascii_hexdigit(), cell),
    };
    let text = std::str::from_utf8(found).ok().filter(|text| text.bytes().all(plain)).ok_or_else(|| {
        Error::new(Code::Internal, "a server wrote a primary key in another form than it was asked for")
    })?;
    Ok(match form {
        KeyForm::Number => text.to_owned(),
        KeyForm::Quoted => format!("'{text}'"),
        KeyForm::Moment => format!("FROM_UNIXTIME({text})"),
        KeyForm::Bytes => format!("x'{text}'"),
        KeyForm::Characters(set) => format!("_{set} x'{text}'"),
    })
}

impl Pick {
    /// ` WHERE … IN (…)`: rows with these keys, each a tuple of literals.
    fn only(&self, rows: &[&str]) -> String {
        let names: Vec<String> = self.keys.iter().map(|key| quote(&key.name)).collect();
        format!(" WHERE ({}) IN ({})", names.join(", "), rows.join(", "))
    }
}

impl<'p> Binder<'p> {
    /// The questions for the rows of each place.
    pub(super) fn picked(&self, pick: &'p Pick, targets: &[Target<'p>], stage: Stage) -> Result<Bound> {
        let jobs: Result<SmallVec<_>> = targets.iter().map(|t| self.job(Some(&pick.question), t)).collect();
        let limit = pick.limit.as_ref().map(|count| self.count(count)).transpose()?;
        Ok(Bound { jobs: jobs?, stage, limit: limit.map(|count| (count, 0)), ..Bound::default() })
    }
}

/// What is done with picked rows on a node.
#[derive(Debug, Clone, Copy)]
pub enum Then<'a> {
    /// The statement itself.
    Change,
    /// Their keys and then these columns are read, and the rows locked.
    Read(&'a [String]),
    /// They are deleted.
    Delete,
}

/// The statement for a node's picked rows, whose keys are tuples of literals.
pub fn then(
    plan: &Plan,
    pick: &Pick,
    what: Then<'_>,
    (node, rows): (NodeId, &[&str]),
    source: &dyn Source,
    session: &dyn SessionValues,
    setting: Setting,
) -> Result<Job> {
    let binder = Binder { plan, source, session, setting };
    let sharded = binder.sharded(pick.table).ok_or_else(lost)?;
    let only = text(pick.only(rows));
    let table = Piece::Table(pick.table);
    let template: Template = match what {
        Then::Change => pick.head.iter().cloned().chain([only]).chain(pick.tail.iter().cloned()).collect(),
        Then::Read(columns) => {
            let mut out = vec![text("SELECT ")];
            for key in &pick.keys {
                out.extend(shown(&key.form, vec![text(quote(&key.name))]));
                out.push(text(", "));
            }
            let names: Vec<String> = columns.iter().map(|name| quote(name)).collect();
            out.extend([text(names.join(", ")), text(" FROM "), table, only, text(" FOR UPDATE")]);
            out
        }
        Then::Delete => vec![text("DELETE FROM "), table, only],
    };
    binder.job(Some(&template), &Binder::aligned(sharded, node)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_literals_and_nothing_else() {
        let characters = KeyForm::Characters("latin1".into());
        for (form, cell, wanted) in [
            (KeyForm::Number, "-12.50", "-12.50"),
            (KeyForm::Quoted, "2024-02-29 23:59:59.5", "'2024-02-29 23:59:59.5'"),
            (KeyForm::Moment, "1700000000.25", "FROM_UNIXTIME(1700000000.25)"),
            (KeyForm::Bytes, "00FF", "x'00FF'"),
            (KeyForm::Bytes, "", "x''"),
            (characters.clone(), "E4", "_latin1 x'E4'"),
        ] {
            assert_eq!(literal(&form, cell.as_bytes()).unwrap(), wanted);
        }
        for (form, cell) in [(KeyForm::Number, "1 OR 1"), (KeyForm::Quoted, "'"), (characters, "E'")] {
            assert!(literal(&form, cell.as_bytes()).is_err(), "{cell}");
        }
    }
}
