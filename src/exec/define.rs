//! Column definitions of results → columns of a table that holds the same values, so that a statement over the table means
//! what it would over the query.

use crate::base::{Error, Result};
use crate::plan::ir::Stored;
use crate::wire::column::{BINARY_CHARSET, ColumnDef, NOT_FIXED, flag, kind};

/// Bytes of a row's columns (MySQL 8.4 manual, "Row Size Limits").
const ROW: usize = 65_535;

/// Bytes that are enough for a column of another type than a string's.
const SHORT: usize = 64;

/// Bytes of the longest strings for which all columns of a row have room; longer ones are TEXT.
pub fn longest(columns: &[ColumnDef]) -> u32 {
    let strings = columns.iter().filter(|column| column.is_string()).count();
    // Each has its length in front, and may be NULL.
    let others = (columns.len() - strings) * SHORT + strings * 3;
    (ROW.saturating_sub(others) / strings.max(1)) as u32
}

/// The type of a column as CREATE TABLE has it, and what it holds. The result was read with
/// `character_set_results = NULL`; `collation` tells a collation's character set and name, `longest` is what
/// [`longest`] says of all columns.
///
/// # Errors
/// 1235 where the definition does not tell all that the type is.
pub fn column(
    column: &ColumnDef,
    longest: u32,
    collation: &dyn Fn(u16) -> Option<(String, String)>,
) -> Result<(String, Stored)> {
    let unsigned = if column.is_unsigned() { " unsigned" } else { "" };
    let integer = |name: &str| {
        let text = if column.has(flag::ZEROFILL) {
            format!("{name}({}) unsigned zerofill", column.length)
        } else {
            format!("{name}{unsigned}")
        };
        (text, Stored::Other)
    };
    let digits = if column.decimals > 0 { format!("({})", column.decimals.min(6)) } else { String::new() };
    Ok(match column.kind {
        _ if column.is_enum_or_set() => {
            return Err(Error::refused(
                format!("'{}' is an ENUM or SET whose values are not told", column.label()),
                format!("select {} + 0, or CAST it AS CHAR", column.label()),
            ));
        }
        kind::TINY => integer("tinyint"),
        kind::SHORT => integer("smallint"),
        kind::INT24 => integer("mediumint"),
        kind::LONG => integer("int"),
        kind::LONGLONG => integer("bigint"),
        kind::YEAR => ("year".into(), Stored::Other),
        kind::BIT => (format!("bit({})", column.length.clamp(1, 64)), Stored::Other),
        kind::FLOAT | kind::DOUBLE if column.decimals < NOT_FIXED && column.org_name.is_empty() => {
            return Err(Error::refused(
                format!("'{}' is computed, and has more digits than it shows", column.label()),
                format!("select {} + 0e0", column.label()),
            ));
        }
        kind::FLOAT => (fixed("float", column), Stored::Real),
        kind::DOUBLE => (fixed("double", column), Stored::Real),
        kind::DECIMAL | kind::NEWDECIMAL => {
            let scale = u32::from(column.decimals);
            let sign = u32::from(!column.is_unsigned());
            let precision = column.length.saturating_sub(u32::from(scale > 0) + sign).clamp(scale.max(1), 65);
            (format!("decimal({precision},{scale}){unsigned}"), Stored::Other)
        }
        kind::DATE | kind::NEWDATE => ("date".into(), Stored::Date),
        kind::TIME => (format!("time{digits}"), Stored::Time),
        kind::DATETIME => (format!("datetime{digits}"), Stored::Moment),
        kind::TIMESTAMP => (format!("timestamp{digits} NULL"), Stored::Stamp),
        kind::JSON => ("json".into(), Stored::Json),
        kind::GEOMETRY => ("geometry".into(), Stored::Other),
        kind::NULL => ("binary(0)".into(), Stored::Text),
        _ if column.charset == BINARY_CHARSET => (bytes(column, longest), Stored::Text),
        _ => {
            let (charset, name) = collation(column.charset).ok_or_else(|| {
                Error::refused(
                    format!("the collation {} of '{}' is not known", column.charset, column.label()),
                    "name a collation with COLLATE",
                )
            })?;
            (
                format!("{} CHARACTER SET {charset} COLLATE {name}", characters(column, longest, &charset)),
                Stored::Text,
            )
        }
    })
}

/// FLOAT and DOUBLE, with as many digits as they show.
fn fixed(name: &str, column: &ColumnDef) -> String {
    match column.decimals {
        NOT_FIXED.. => name.to_owned(),
        decimals => format!("{name}({},{decimals})", column.length.clamp(u32::from(decimals) + 1, 255)),
    }
}

fn bytes(column: &ColumnDef, longest: u32) -> String {
    match (column.kind, column.length) {
        (kind::STRING, length @ 0..=255) => format!("binary({length})"),
        (kind::STRING | kind::VAR_STRING | kind::VARCHAR, length) if length <= longest => {
            format!("varbinary({length})")
        }
        (_, 0..=255) => "tinyblob".into(),
        (_, 256..=65_535) => "blob".into(),
        (_, 65_536..=16_777_215) => "mediumblob".into(),
        _ => "longblob".into(),
    }
}

fn characters(column: &ColumnDef, longest: u32, charset: &str) -> String {
    let width = widest(charset);
    match (column.kind, column.length) {
        (kind::STRING, length) if length / width <= 255 => format!("char({})", length / width),
        (kind::STRING | kind::VAR_STRING | kind::VARCHAR, length) if length <= longest => {
            format!("varchar({})", length / width)
        }
        (_, 0..=255) => "tinytext".into(),
        (_, 256..=65_535) => "text".into(),
        (_, 65_536..=16_777_215) => "mediumtext".into(),
        _ => "longtext".into(),
    }
}

/// Bytes of the widest character.
fn widest(charset: &str) -> u32 {
    match charset {
        "utf8mb4" | "utf16" | "utf16le" | "utf32" | "gb18030" => 4,
        "utf8mb3" | "utf8" | "ujis" | "eucjpms" => 3,
        "ucs2" | "sjis" | "cp932" | "big5" | "gbk" | "gb2312" | "euckr" => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn all_columns_of_a_row_have_room() {
        let columns = |kinds: &[u8]| kinds.iter().map(|kind| ColumnDef::new("c", *kind)).collect::<Vec<_>>();
        assert_eq!(longest(&columns(&[kind::VAR_STRING])), 65_532);
        assert_eq!(longest(&columns(&[kind::VAR_STRING, kind::LONGLONG, kind::STRING])), 32_732);
        assert_eq!(longest(&columns(&[])), 65_535);
    }

    #[test]
    fn types_are_those_that_the_values_had() {
        let collation = |id| (id == 45).then(|| ("utf8mb4".to_owned(), "utf8mb4_general_ci".to_owned()));
        let text = " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
        for (kind, length, decimals, flags, expected) in [
            (kind::LONGLONG, 21, 0, 0, "bigint".to_owned()),
            (kind::LONG, 10, 0, flag::UNSIGNED, "int unsigned".into()),
            (kind::SHORT, 4, 0, flag::UNSIGNED | flag::ZEROFILL, "smallint(4) unsigned zerofill".into()),
            (kind::NEWDECIMAL, 34, 2, 0, "decimal(32,2)".into()),
            (kind::NEWDECIMAL, 10, 0, flag::UNSIGNED, "decimal(10,0) unsigned".into()),
            (kind::DOUBLE, 22, 31, 0, "double".into()),
            (kind::DOUBLE, 10, 2, 0, "double(10,2)".into()),
            (kind::DATETIME, 26, 6, 0, "datetime(6)".into()),
            (kind::VAR_STRING, 256, 0, 0, format!("varchar(64){text}")),
            (kind::STRING, 100, 0, 0, format!("char(25){text}")),
            (kind::VAR_STRING, 80_000, 0, 0, format!("mediumtext{text}")),
            (kind::BLOB, 262_140, 0, flag::BLOB, format!("mediumtext{text}")),
        ] {
            let org_name = Bytes::from_static(b"c");
            let def = ColumnDef { org_name, length, flags, decimals, ..ColumnDef::new("c", kind) };
            assert_eq!(column(&def, 65_532, &collation).unwrap().0, expected);
        }
        let bytes =
            ColumnDef { charset: BINARY_CHARSET, length: 16, ..ColumnDef::new("c", kind::VAR_STRING) };
        assert_eq!(column(&bytes, 65_532, &collation).unwrap().0, "varbinary(16)");
        let deviation = ColumnDef { decimals: 4, ..ColumnDef::new("c", kind::DOUBLE) };
        assert!(column(&deviation, 65_532, &collation).is_err());
        let unknown = ColumnDef { charset: 999, ..ColumnDef::new("c", kind::VAR_STRING) };
        assert!(column(&unknown, 65_532, &collation).is_err());
        let set = ColumnDef { flags: flag::SET, ..ColumnDef::new("c", kind::STRING) };
        assert!(column(&set, 65_532, &collation).is_err());
    }
}
