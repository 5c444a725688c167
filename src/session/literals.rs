//! Values in a statement's text: literals that mean the same as what a client gave, or a server answered.

use super::query::Text;
use crate::base::{Error, Result, Value, hex};
use crate::sql::{self, splice};
use crate::topology::schema::Column;
use crate::wire::column::{ColumnDef, kind};

/// The statement as a text with its values in it.
pub(super) fn plain(text: &Text<'_>, mode: sql::lex::Mode, mariadb: bool) -> Result<Vec<u8>> {
    if !text.given.is_binary() {
        return Ok(text.original.to_vec());
    }
    let (mut out, mut at) = (Vec::new(), 0);
    for (i, place) in text.shape.param_offsets().iter().enumerate() {
        out.extend_from_slice(text.original.get(at..*place as usize).unwrap_or_default());
        let value = text.given.value(i)?;
        let typed = typed(&value, mariadb).filter(|_| !is_count(&out));
        match typed {
            Some(typed) => out.extend_from_slice(typed.as_bytes()),
            None => splice::put_literal(&value, mode, &mut out),
        }
        at = *place as usize + 1;
    }
    out.extend_from_slice(text.original.get(at..).unwrap_or_default());
    Ok(out)
}

/// A parameter's literal where the plain one would be of another type. MySQL's parameters have all the digits that their type
/// allows (manual, "PREPARE Statement"), MariaDB's those that were sent.
fn typed(value: &Value, mariadb: bool) -> Option<String> {
    Some(match value {
        Value::Date(text) if is_odd(text) => return None,
        Value::Decimal(text) if !mariadb => format!("CAST({text} AS DECIMAL(65, 30))"),
        Value::Time(text) if !mariadb => format!("CAST('{text}' AS TIME(6))"),
        Value::Date(text) if !mariadb && is_moment(text) => format!("CAST('{text}' AS DATETIME(6))"),
        Value::UInt(n) => format!("CAST({n} AS UNSIGNED)"),
        Value::Decimal(text) if !text.contains('.') => format!("{text}."),
        Value::Bytes(bytes) => format!("_binary x'{}'", hex(bytes)),
        Value::Date(text) if is_moment(text) => format!("TIMESTAMP'{text}'"),
        Value::Date(text) => format!("DATE'{text}'"),
        Value::Time(text) => format!("TIME'{text}'"),
        _ => return None,
    })
}

/// Whether what follows is a count of rows, which is a plain number.
fn is_count(before: &[u8]) -> bool {
    let before = before.trim_ascii_end().to_ascii_uppercase();
    before.ends_with(b"LIMIT") || before.ends_with(b"OFFSET")
}

fn is_moment(date: &str) -> bool {
    date.len() > "YYYY-MM-DD".len()
}

/// Servers read no date like this in a typed literal.
fn is_odd(date: &str) -> bool {
    date.starts_with("0000") || date.get(5..10).is_some_and(|day| day.contains("00"))
}

/// A value as a literal of its own type, in its own collation where that is known.
pub(super) fn literal(value: &Value, column: &ColumnDef, definition: Option<&Column>) -> Result<String> {
    Ok(match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(n) => n.to_string(),
        Value::UInt(n) => n.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::Double(number) => format!("{number:e}"),
        Value::Date(text) if is_odd(text) => format!("'{text}'"),
        Value::Date(text) if column.kind == kind::DATE => format!("DATE'{text}'"),
        Value::Date(text) => format!("TIMESTAMP'{text}'"),
        Value::Time(text) => format!("TIME'{text}'"),
        Value::Bytes(bytes) if column.kind == kind::BIT => {
            let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
            number.to_string()
        }
        Value::Bytes(_) if column.kind == kind::GEOMETRY => {
            return Err(Error::refused(
                "geometry values cannot go along with a statement",
                "read them first, and give them as values",
            ));
        }
        Value::Bytes(bytes) => format!("_binary x'{}'", hex(bytes)),
        Value::Str(bytes) if column.kind == kind::JSON => format!("CAST(_utf8mb4 x'{}' AS JSON)", hex(bytes)),
        Value::Str(bytes) => {
            let plain = format!("_utf8mb4 x'{}'", hex(bytes));
            let known = definition.and_then(|d| d.charset.as_ref().zip(d.collation.as_ref()));
            known.map_or(plain.clone(), |(set, collation)| {
                format!("CONVERT({plain} USING {set}) COLLATE {collation}")
            })
        }
    })
}
