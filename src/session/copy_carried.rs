//! Rows that carry more columns than they insert, for ON DUPLICATE KEY UPDATE: they stand in a derived table, whose columns
//! have the types that the query's have.

use super::Shared;
use super::copy_rows::unreadable;
use crate::base::{Error, Origin, Result};
use crate::exec::ship::Writer;
use crate::plan::CARRIED;
use crate::plan::ir::{Copy, GivenId, Stored};
use crate::wire::column::{BINARY_CHARSET, ColumnDef, NOT_FIXED, flag, kind};
use crate::wire::row::Row;

/// How rows carry columns.
pub(super) struct Carried {
    /// Up to the rows, and behind them.
    head: String,
    tail: String,
    /// How a row opens.
    opening: &'static str,
    /// Where the columns begin, and how each is written.
    first: usize,
    columns: Vec<(Writer, Typed)>,
}

/// What makes an expression one of a column's type: what stands before it and behind it.
struct Typed {
    before: String,
    after: String,
}

impl Carried {
    /// For rows with these columns, the last of which are carried.
    ///
    /// # Errors
    /// 1235 of a column whose type no expression can be given.
    pub(super) fn new(copy: &Copy, columns: &[ColumnDef], client: &str, shared: &Shared) -> Result<Self> {
        let first = copy.columns.len();
        let carried = columns.get(first..).unwrap_or_default();
        let typed = |column| {
            Ok((Writer::new(column, Stored::Text, |id| shared.charset(id), client)?, typed(column, shared)?))
        };
        let columns = carried.iter().map(typed).collect::<Result<Vec<_>>>()?;
        let inserted: Vec<String> =
            (1..=first + usize::from(copy.id == GivenId::Added)).map(|n| format!("`v{n}`")).collect();
        let nulls = inserted.iter().map(|name| format!("NULL AS {name}"));
        let types = columns.iter().enumerate();
        let types =
            types.map(|(n, (_, Typed { before, after }))| format!("{before}NULL{after} AS `x{}`", n + 1));
        let all = nulls.chain(types).collect::<Vec<_>>().join(",");
        Ok(Self {
            head: format!(" SELECT {} FROM (SELECT {all} FROM DUAL WHERE FALSE", inserted.join(",")),
            tail: format!(") AS `{CARRIED}`"),
            opening: if shared.is_mariadb() { "(" } else { "ROW(" },
            first,
            columns,
        })
    }

    pub(super) fn opening(&self) -> &'static str {
        self.opening
    }

    /// Appends the columns of a row.
    pub(super) fn put(&self, out: &mut Vec<u8>, row: &Row, backslash: bool) -> Result<()> {
        for (n, (writer, Typed { before, after })) in self.columns.iter().enumerate() {
            out.push(b',');
            out.extend_from_slice(before.as_bytes());
            writer.put(out, row.cell(self.first + n), backslash).ok_or_else(unreadable)?;
            out.extend_from_slice(after.as_bytes());
        }
        Ok(())
    }

    /// The statement for a place; without rows, one that inserts none.
    pub(super) fn statement(&self, head: &[u8], rows: &[u8], tail: &[u8]) -> Vec<u8> {
        let values: &[u8] = if rows.is_empty() { b"" } else { b" UNION ALL VALUES " };
        [head, self.head.as_bytes(), values, rows, self.tail.as_bytes(), tail].concat()
    }
}

/// How a literal becomes an expression of a column's type.
fn typed(column: &ColumnDef, shared: &Shared) -> Result<Typed> {
    let cast = |to: String| Typed { before: "CAST(".to_owned(), after: format!(" AS {to})") };
    let digits = column.decimals.min(6);
    let scale = u32::from(column.decimals);
    Ok(match column.kind {
        _ if column.is_enum_or_set() || column.has(flag::ZEROFILL) => return Err(untyped(column)),
        kind::TINY | kind::SHORT | kind::INT24 | kind::LONG | kind::LONGLONG => {
            cast(if column.is_unsigned() { "UNSIGNED" } else { "SIGNED" }.to_owned())
        }
        kind::DECIMAL | kind::NEWDECIMAL if !column.is_unsigned() => {
            let precision = column.length.saturating_sub(u32::from(scale > 0) + 1).clamp(scale.max(1), 65);
            cast(format!("DECIMAL({precision},{scale})"))
        }
        kind::DOUBLE if column.decimals >= NOT_FIXED => cast("DOUBLE".to_owned()),
        kind::DATE | kind::NEWDATE => cast("DATE".to_owned()),
        kind::TIME => cast(format!("TIME({digits})")),
        kind::DATETIME => cast(format!("DATETIME({digits})")),
        kind::STRING | kind::VAR_STRING | kind::VARCHAR | kind::BLOB if column.charset == BINARY_CHARSET => {
            cast("BINARY".to_owned())
        }
        kind::STRING | kind::VAR_STRING | kind::VARCHAR | kind::BLOB => {
            let (charset, collation) = shared.collation(column.charset).ok_or_else(|| untyped(column))?;
            Typed { before: "CONVERT(".to_owned(), after: format!(" USING {charset}) COLLATE {collation}") }
        }
        _ => return Err(untyped(column)),
    })
}

/// Where expressions stand for columns, their collations are as strong as if the client had written COLLATE.
pub(super) fn mixed(error: Error) -> Error {
    const MIXED: [u16; 3] = [1267, 1270, 1271];
    if error.origin != Origin::Backend || !MIXED.contains(&error.errno) {
        return error;
    }
    Error::refused(
        format!(
            "columns of the SELECT meet in ON DUPLICATE KEY UPDATE, whose collations differ: {}",
            error.message
        ),
        "say by COLLATE in which collation they are to meet",
    )
}

fn untyped(column: &ColumnDef) -> Error {
    Error::refused(
        format!(
            "ON DUPLICATE KEY UPDATE with a column of the SELECT, `{}`, whose type only a table's column can have",
            String::from_utf8_lossy(&column.org_name)
        ),
        "write VALUES(column), which is the value that was to be inserted",
    )
}
