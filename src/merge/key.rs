//! Keys of rows: bytes that order like the servers' ORDER BY has the rows, made once for a row from its raw cells of either
//! format. So whatever compares rows compares bytes, and cannot fail. What cannot be compared surely is refused when the
//! merge is set up, never guessed.
//!
//! Each key begins with 0 for NULL, the smallest value, or what is larger; no key is the beginning of another one, so
//! several stand one after the other. A descending one has all its bits turned over.

use super::shape::{Shape, bad_cell};
use super::{double, number, temporal, weight};
use crate::base::{Error, Result};
use crate::plan::merge_spec::Key;
use crate::wire::column::{ColumnDef, NOT_FIXED, kind};
use crate::wire::row::{Format, Row};

/// What stands before a value that is not NULL.
const VALUE: u8 = 1;

/// How the cells of one column are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// A column of NULLs only.
    Nothing,
    Integer,
    Decimal,
    Double,
    Date,
    Time,
    /// BIT: bytes, the highest first, of perhaps different lengths.
    Bits,
    Bytes,
    /// The weight column's bytes.
    Weight,
}

/// One key, resolved against the columns of the rows.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    pub(super) value: usize,
    pub(super) weight: Option<usize>,
    column: ColumnDef,
    by: By,
    format: Format,
    descending: bool,
    /// What a space weighs, as the first weight has it.
    pad: Option<Box<[u8]>>,
}

/// Whether values may be compared by a text that shows them only in part (FLOAT has 6 digits there).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// Rows are told apart by it.
    Needed,
    /// Only the text of the larger or smaller one is wanted: what looks equal is equal.
    AsShown,
}

impl Encoder {
    pub(super) fn resolve(key: &Key, shape: &Shape, precision: Precision) -> Result<Self> {
        let value = shape.at(key.value)?;
        let column = shape.columns[value].clone();
        let by = by(&column, key.weight.is_some(), shape.format, precision)?;
        let weight = match key.weight {
            Some(weight) if by == By::Weight => Some(shape.at(weight)?),
            _ => None,
        };
        if let Some(weight) = weight
            && !shape.columns[weight].is_bytes()
        {
            return Err(Error::refused(
                format_args!("the weights of column '{}' do not come as bytes", column.label()),
                "order by a number or a binary string",
            ));
        }
        Ok(Self { value, weight, column, by, format: shape.format, descending: key.descending, pad: None })
    }

    /// Appends the row's key.
    pub(super) fn encode(&mut self, row: &Row, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        match (row.cell(self.value), self.by) {
            (None, _) => out.push(0),
            (Some(_), By::Weight) => {
                out.push(VALUE);
                let cell = self.weight.and_then(|weight| row.cell(weight));
                weight::put(cell.ok_or_else(|| bad_cell(&self.column))?, &mut self.pad, out)?;
            }
            (Some(cell), _) => self.put(cell, out).ok_or_else(|| bad_cell(&self.column))?,
        }
        if self.descending {
            out[start..].iter_mut().for_each(|byte| *byte = !*byte);
        }
        Ok(())
    }

    fn put(&self, cell: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let text = self.format == Format::Text;
        if self.by != By::Integer {
            out.push(VALUE);
        }
        match self.by {
            By::Integer => put_integer(number::integer(cell, &self.column, self.format)?, out)?,
            By::Decimal => number::put_decimal(cell, out)?,
            By::Double => out.extend(bits(double::read(cell, &self.column, self.format)?).to_be_bytes()),
            By::Date => {
                let date = if text { temporal::date_text(cell) } else { temporal::date_binary(cell) }?;
                out.extend_from_slice(&date.to_be_bytes()[5..]);
            }
            By::Time => {
                let time = if text { temporal::time_text(cell) } else { temporal::time_binary(cell) }?;
                out.extend((time.cast_unsigned() ^ 1 << 63).to_be_bytes());
            }
            By::Bits => {
                let zeros = cell.iter().take_while(|byte| **byte == 0).count();
                out.push(u8::try_from(cell.len() - zeros).ok()?);
                out.extend_from_slice(&cell[zeros..]);
            }
            By::Bytes => put_bytes(cell, out),
            By::Nothing | By::Weight => return None,
        }
        Some(())
    }
}

/// Integers of 64 bits with and without sign: 65 bits, of which the highest goes into the byte that says that the value is
/// not NULL.
fn put_integer(value: i128, out: &mut Vec<u8>) -> Option<()> {
    let above = u128::try_from(value.checked_add(1 << 63)?).ok()?;
    out.push(VALUE + u8::try_from(above >> 64).ok().filter(|high| *high <= 1)?);
    out.extend((above as u64).to_be_bytes());
    Some(())
}

/// A finite number's bits, put so that they order like it.
fn bits(value: f64) -> u64 {
    // Zero has no sign then.
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// Bytes of any length, and an end that is smaller than whatever may go on.
pub(super) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(zero) = memchr::memchr(0, rest) {
        out.extend_from_slice(&rest[..=zero]);
        out.push(0xFF);
        rest = &rest[zero + 1..];
    }
    out.extend_from_slice(rest);
    out.extend([0, 0]);
}

fn by(column: &ColumnDef, weighed: bool, format: Format, precision: Precision) -> Result<By> {
    let text = format == Format::Text;
    let refuse = |why: &str, instead: &str| {
        Err(Error::refused(
            format_args!("rows of several shards cannot be compared by '{}', {why}", column.label()),
            instead,
        ))
    };
    // Weights do not help here: MariaDB weighs the name, and orders by the number.
    if column.is_enum_or_set() {
        return refuse(
            "an ENUM or SET, which is ordered by its number and shown by its name",
            "order or group by the column + 0",
        );
    }
    if column.is_text() {
        return if weighed {
            Ok(By::Weight)
        } else {
            refuse(
                "a character string, without its collation's weights",
                "order or group by CAST(… AS BINARY) or by a number",
            )
        };
    }
    let lossy = column.kind == kind::FLOAT || (column.is_float() && column.decimals < NOT_FIXED);
    match column.kind {
        kind::FLOAT | kind::DOUBLE if lossy && text && precision == Precision::Needed => refuse(
            "a FLOAT or a DOUBLE of fixed digits, which is shown rounded",
            "order or group by the column + 0e0",
        ),
        kind::FLOAT | kind::DOUBLE => Ok(By::Double),
        kind::NULL => Ok(By::Nothing),
        _ if column.is_decimal() => Ok(By::Decimal),
        _ if column.is_integer() => Ok(By::Integer),
        kind::DATE | kind::NEWDATE | kind::DATETIME | kind::TIMESTAMP => Ok(By::Date),
        kind::TIME => Ok(By::Time),
        kind::BIT => Ok(By::Bits),
        _ if column.is_bytes() => Ok(By::Bytes),
        kind::JSON => refuse("a JSON value", "order or group by a scalar that is extracted from it"),
        other => refuse(
            &format!("whose type {other} has no order outside of the server"),
            "order or group by an expression of a plain type",
        ),
    }
}

/// Several keys, the first one first.
#[derive(Debug, Clone)]
pub(super) struct Keys(Vec<Encoder>);

impl Keys {
    pub(super) fn resolve(keys: &[Key], shape: &Shape) -> Result<Self> {
        keys.iter()
            .map(|key| Encoder::resolve(key, shape, Precision::Needed))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Appends the row's keys.
    pub(super) fn encode(&mut self, row: &Row, out: &mut Vec<u8>) -> Result<()> {
        self.0.iter_mut().try_for_each(|key| key.encode(row, out))
    }
}

/// The first bytes of a key as one number that orders like them, so that most comparisons need no look at the rest.
pub(super) fn prefix(key: &[u8]) -> u128 {
    let mut first = [0; 16];
    let len = key.len().min(16);
    first[..len].copy_from_slice(&key[..len]);
    u128::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::merge_spec::Col;
    use crate::wire::column::flag;
    use crate::wire::row::encode_cells;
    use bytes::Bytes;

    fn key(weight: Option<Col>) -> Key {
        Key { value: Col::Visible(0), weight, descending: false }
    }

    fn row(columns: &[ColumnDef], format: Format, cell: Option<&[u8]>) -> Row {
        let mut out = Vec::new();
        encode_cells(format, columns, [cell], &mut out).unwrap();
        Row::parse(Bytes::from(out), format, columns).unwrap()
    }

    fn encoded(keys: &mut Keys, row: &Row) -> Vec<u8> {
        let mut out = Vec::new();
        keys.encode(row, &mut out).unwrap();
        out
    }

    fn ascending(column: &ColumnDef, format: Format, cells: &[&[u8]]) {
        let columns = [column.clone()];
        let mut rows = vec![row(&columns, format, None)];
        rows.extend(cells.iter().map(|cell| row(&columns, format, Some(cell))));
        let shape = Shape::new(&columns, 0, format).unwrap();
        for descending in [false, true] {
            let mut keys = Keys::resolve(&[Key { descending, ..key(None) }], &shape).unwrap();
            let keys: Vec<Vec<u8>> = rows.iter().map(|row| encoded(&mut keys, row)).collect();
            for (i, a) in keys.iter().enumerate() {
                for (j, b) in keys.iter().enumerate() {
                    let order = if descending { j.cmp(&i) } else { i.cmp(&j) };
                    assert_eq!(a.cmp(b), order, "{i} {j} kind {}", column.kind);
                    assert_eq!(prefix(a).cmp(&prefix(b)).then(a.cmp(b)), order);
                    assert!(i == j || !a.starts_with(b), "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn each_type_in_both_formats() {
        let mut unsigned = ColumnDef::new("n", kind::LONGLONG);
        unsigned.flags = flag::UNSIGNED;
        ascending(&unsigned, Format::Text, &[b"0", b"9", b"10", b"18446744073709551615"]);
        ascending(&unsigned, Format::Binary, &[&[1; 8], &[0xFF; 8]]);
        let signed = ColumnDef::new("n", kind::LONGLONG);
        ascending(&signed, Format::Binary, &[&[0xFF; 8], &[0; 8], &[1; 8]]);
        ascending(&signed, Format::Text, &[b"-10", b"-9", b"0", b"9", b"10"]);
        let tiny = ColumnDef::new("n", kind::TINY);
        ascending(&tiny, Format::Binary, &[&[0x80], &[0xFF], &[0], &[0x7F]]);
        let decimal = ColumnDef::new("n", kind::NEWDECIMAL);
        for format in [Format::Text, Format::Binary] {
            ascending(
                &decimal,
                format,
                &[b"-1.10", b"-1.01", b"0.00", b"99999999999999999999999999999999999999.5"],
            );
            ascending(&ColumnDef::new("b", kind::BIT), format, &[b"\0\0", b"\x01", b"\x01\0", b"\x02\0"]);
            let mut bytes = ColumnDef::new("b", kind::VAR_STRING);
            bytes.charset = 63;
            ascending(&bytes, format, &[b"", b"A", b"a", b"a\0", b"a ", b"b"]);
        }
        let double = ColumnDef::new("d", kind::DOUBLE);
        ascending(&double, Format::Text, &[b"-1e300", b"-0.5", b"0", b"9", b"10", b"1e15"]);
        ascending(
            &double,
            Format::Binary,
            &[&(-2f64).to_le_bytes(), &1e-9f64.to_le_bytes(), &1e9f64.to_le_bytes()],
        );
        ascending(
            &ColumnDef::new("f", kind::FLOAT),
            Format::Binary,
            &[&(-2f32).to_le_bytes(), &16_777_216f32.to_le_bytes(), &16_777_218f32.to_le_bytes()],
        );
        let time = ColumnDef::new("t", kind::TIME);
        ascending(
            &time,
            Format::Text,
            &[b"-838:59:59", b"-00:00:01", b"00:00:00", b"99:00:00", b"100:00:00"],
        );
        ascending(&time, Format::Binary, &[&[1, 0, 0, 0, 0, 1, 0, 0], b"", &[0, 1, 0, 0, 0, 0, 0, 0]]);
        let date = ColumnDef::new("t", kind::DATETIME);
        ascending(&date, Format::Binary, &[b"", &[0xE8, 7, 1, 2], &[0xE8, 7, 1, 2, 0, 0, 1]]);
        ascending(&ColumnDef::new("y", kind::YEAR), Format::Binary, &[&[0, 0], &[0x6D, 7], &[0xE8, 7]]);
    }

    #[test]
    fn what_has_no_sure_order_is_refused() {
        let mut enumeration = ColumnDef::new("e", kind::STRING);
        enumeration.flags = flag::ENUM;
        let mut fixed = ColumnDef::new("d", kind::DOUBLE);
        fixed.decimals = 3;
        for column in [
            enumeration,
            fixed,
            ColumnDef::new("s", kind::VAR_STRING),
            ColumnDef::new("j", kind::JSON),
            ColumnDef::new("g", kind::GEOMETRY),
            ColumnDef::new("f", kind::FLOAT),
        ] {
            let shape = Shape::new(&[column], 0, Format::Text).unwrap();
            assert_eq!(Keys::resolve(&[key(None)], &shape).unwrap_err().errno, 1235);
        }
    }

    #[test]
    fn a_weight_that_is_no_bytes_or_not_there_is_refused() {
        let columns = [ColumnDef::new("s", kind::VAR_STRING), ColumnDef::new("w", kind::VAR_STRING)];
        let shape = Shape::new(&columns, 1, Format::Text).unwrap();
        assert!(Keys::resolve(&[key(Some(Col::Hidden(0)))], &shape).is_err());
        assert!(Keys::resolve(&[key(Some(Col::Hidden(1)))], &shape).is_err());
    }

    #[test]
    fn malformed_cells_are_errors() {
        let columns = [ColumnDef::new("n", kind::LONG)];
        let mut keys = Keys::resolve(&[key(None)], &Shape::new(&columns, 0, Format::Text).unwrap()).unwrap();
        let bad = row(&columns, Format::Text, Some(b"x"));
        assert!(keys.encode(&bad, &mut Vec::new()).is_err());
    }
}
