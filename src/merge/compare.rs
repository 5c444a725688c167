//! Order of rows by keys, as the servers' ORDER BY has it, on raw cells of either format. What cannot be compared
//! surely is refused when the merge is set up, never guessed.

use std::cmp::Ordering;

use super::shape::{Shape, bad_cell};
use super::{double, number, temporal, weight};
use crate::base::{Error, Result};
use crate::plan::merge_spec::Key;
use crate::wire::column::{ColumnDef, NOT_FIXED, kind};
use crate::wire::row::{Format, Row};

/// How two cells of one column are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// A column of NULLs only.
    Nothing,
    /// Integers and DECIMAL as digits.
    Digits,
    /// Integers of the binary format.
    Integer,
    Double,
    DateText,
    DateBinary,
    TimeText,
    TimeBinary,
    /// BIT: bytes, the highest first, of perhaps different lengths.
    Bits,
    Bytes,
    /// The weight column's bytes.
    Weight,
}

/// A comparison by one key, resolved against the columns of the rows.
#[derive(Debug, Clone)]
pub(super) struct Compare {
    pub(super) value: usize,
    pub(super) weight: Option<usize>,
    column: ColumnDef,
    by: By,
    format: Format,
    descending: bool,
}

/// Whether values may be compared by a text that shows them only in part (FLOAT has 6 digits there).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// Rows are told apart by it.
    Needed,
    /// Only the text of the larger or smaller one is wanted: what looks equal is equal.
    AsShown,
}

impl Compare {
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
        Ok(Self { value, weight, column, by, format: shape.format, descending: key.descending })
    }

    /// Compares two rows by this key, its direction included.
    fn rows(&self, a: &Row, b: &Row) -> Result<Ordering> {
        let weight = |row| self.weight.and_then(|weight| Row::cell(row, weight));
        let order = self.cells((a.cell(self.value), weight(a)), (b.cell(self.value), weight(b)))?;
        Ok(if self.descending { order.reverse() } else { order })
    }

    /// Compares two pairs of value and weight, smallest first. NULL is smaller than anything.
    pub(super) fn cells(
        &self,
        a: (Option<&[u8]>, Option<&[u8]>),
        b: (Option<&[u8]>, Option<&[u8]>),
    ) -> Result<Ordering> {
        match (a.0, b.0) {
            (None, None) => Ok(Ordering::Equal),
            (None, Some(_)) => Ok(Ordering::Less),
            (Some(_), None) => Ok(Ordering::Greater),
            (Some(_), Some(_)) if self.by == By::Weight => match (a.1, b.1) {
                (Some(a), Some(b)) => weight::compare(a, b),
                _ => Err(bad_cell(&self.column)),
            },
            (Some(a), Some(b)) => self.values(a, b).ok_or_else(|| bad_cell(&self.column)),
        }
    }

    fn values(&self, a: &[u8], b: &[u8]) -> Option<Ordering> {
        match self.by {
            By::Digits => number::compare_text(a, b),
            By::Integer => Some(number::integer(a, &self.column)?.cmp(&number::integer(b, &self.column)?)),
            By::Double => {
                let read = |cell| double::read(cell, &self.column, self.format);
                read(a)?.partial_cmp(&read(b)?)
            }
            By::DateText => temporal::compare_date_text(a, b),
            By::DateBinary => Some(temporal::date_binary(a)?.cmp(&temporal::date_binary(b)?)),
            By::TimeText => Some(temporal::time_text(a)?.cmp(&temporal::time_text(b)?)),
            By::TimeBinary => Some(temporal::time_binary(a)?.cmp(&temporal::time_binary(b)?)),
            By::Bits => {
                let (a, b) = (without_zeros(a), without_zeros(b));
                Some(a.len().cmp(&b.len()).then_with(|| a.cmp(b)))
            }
            By::Bytes => Some(a.cmp(b)),
            By::Nothing | By::Weight => None,
        }
    }
}

fn without_zeros(bits: &[u8]) -> &[u8] {
    let zeros = bits.iter().take_while(|byte| **byte == 0).count();
    &bits[zeros..]
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
        _ if column.is_decimal() => Ok(By::Digits),
        _ if column.is_integer() => Ok(if text { By::Digits } else { By::Integer }),
        kind::DATE | kind::NEWDATE | kind::DATETIME | kind::TIMESTAMP => {
            Ok(if text { By::DateText } else { By::DateBinary })
        }
        kind::TIME => Ok(if text { By::TimeText } else { By::TimeBinary }),
        kind::BIT => Ok(By::Bits),
        _ if column.is_bytes() => Ok(By::Bytes),
        kind::JSON => refuse("a JSON value", "order or group by a scalar that is extracted from it"),
        other => refuse(
            &format!("whose type {other} has no order outside of the server"),
            "order or group by an expression of a plain type",
        ),
    }
}

/// Comparison by several keys, the first one first.
#[derive(Debug, Clone)]
pub(super) struct Keys(Vec<Compare>);

impl Keys {
    pub(super) fn resolve(keys: &[Key], shape: &Shape) -> Result<Self> {
        keys.iter()
            .map(|key| Compare::resolve(key, shape, Precision::Needed))
            .collect::<Result<_>>()
            .map(Self)
    }

    pub(super) fn compare(&self, a: &Row, b: &Row) -> Result<Ordering> {
        for key in &self.0 {
            let order = key.rows(a, b)?;
            if order != Ordering::Equal {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }
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

    fn ascending(column: &ColumnDef, format: Format, cells: &[&[u8]]) {
        let columns = [column.clone()];
        let keys = Keys::resolve(&[key(None)], &Shape::new(&columns, 0, format).unwrap()).unwrap();
        let mut rows = vec![row(&columns, format, None)];
        rows.extend(cells.iter().map(|cell| row(&columns, format, Some(cell))));
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate() {
                assert_eq!(keys.compare(a, b).unwrap(), i.cmp(&j), "{i} {j} kind {}", column.kind);
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
        let keys = Keys::resolve(&[key(None)], &Shape::new(&columns, 0, Format::Text).unwrap()).unwrap();
        let bad = row(&columns, Format::Text, Some(b"x"));
        assert!(keys.compare(&bad, &bad).is_err());
    }
}
