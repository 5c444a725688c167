//! Binary rows whose whole numbers have other sizes than those of the first stream: a server makes an INT or a BIGINT of an
//! expression by whether it needs a temporary table.

use bytes::Bytes;

use super::shape::bad_cell;
use crate::base::{Error, Result};
use crate::wire::column::{ColumnDef, kind};
use crate::wire::row::{Format, Row, encode_cells};

/// Writes a stream's rows as those of another.
#[derive(Debug)]
pub(super) struct Recast {
    own: Vec<ColumnDef>,
    row: Row,
}

impl Recast {
    /// For rows with columns of their own; `None` where they are written alike.
    pub(super) fn new(own: &[ColumnDef], like: &[ColumnDef]) -> Option<Self> {
        let differ = own.iter().zip(like).any(|(own, like)| own.kind != like.kind && own.is_integer());
        differ.then(|| Self { own: own.to_vec(), row: Row::empty(Format::Binary) })
    }

    /// The same row as one of `columns`.
    ///
    /// # Errors
    /// 1235 for a number that the other column does not hold.
    pub(super) fn row(&mut self, payload: Bytes, columns: &[ColumnDef]) -> Result<Bytes> {
        let Self { own, row } = self;
        let mut cells: Vec<Option<Bytes>> = Vec::with_capacity(own.len());
        let known = row.load(payload, own);
        for (i, (own, column)) in own.iter().zip(columns).enumerate() {
            let cell = row.cell_bytes(i);
            cells.push(match cell {
                Some(cell) if own.kind != column.kind && own.is_integer() => {
                    Some(resized(&cell, own, column)?)
                }
                cell => cell,
            });
        }
        let mut out = Vec::with_capacity(row.payload().len() + 8 * own.len());
        let written = encode_cells(Format::Binary, columns, cells.iter().map(Option::as_deref), &mut out);
        match (known, written, own.first()) {
            (true, Some(()), _) => Ok(out.into()),
            (_, _, Some(first)) => Err(bad_cell(first)),
            _ => Ok(Bytes::new()),
        }
    }
}

fn resized(cell: &[u8], own: &ColumnDef, column: &ColumnDef) -> Result<Bytes> {
    let negative = !own.is_unsigned() && cell.last().is_some_and(|last| last & 0x80 != 0);
    let mut wide = [if negative { 0xFF } else { 0 }; 16];
    wide.get_mut(..cell.len()).ok_or_else(|| bad_cell(own))?.copy_from_slice(cell);
    let number = i128::from_le_bytes(wide);
    let bits = match column.kind {
        kind::TINY => 8,
        kind::SHORT | kind::YEAR => 16,
        kind::INT24 | kind::LONG => 32,
        _ => 64,
    };
    let range = match (column.kind, column.is_unsigned()) {
        (kind::YEAR, _) => 0..2156,
        (_, true) => 0..1_i128 << bits,
        (_, false) => -(1_i128 << (bits - 1))..1_i128 << (bits - 1),
    };
    // No year is between these.
    let fits = range.contains(&number) && !(column.kind == kind::YEAR && (1..1901).contains(&number));
    let bytes = number.to_le_bytes();
    match bytes.get(..bits / 8).filter(|_| fits) {
        Some(bytes) => Ok(Bytes::copy_from_slice(bytes)),
        None => Err(Error::refused(
            format!(
                "the shards have different types for '{}', and {number} has only one of them",
                own.label()
            ),
            "CAST it to one type",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::column::flag;

    fn column(kind: u8, flags: u16) -> ColumnDef {
        ColumnDef { flags, ..ColumnDef::new("n", kind) }
    }

    fn one(number: i64, own: &ColumnDef, like: &ColumnDef) -> Result<Option<i64>> {
        let width = |column: &ColumnDef| match column.kind {
            kind::LONGLONG => 8,
            kind::LONG => 4,
            _ => 2,
        };
        let (own, like) =
            (vec![column(kind::VAR_STRING, 0), own.clone()], vec![column(kind::BLOB, 0), like.clone()]);
        let mut payload = Vec::new();
        let bytes = number.to_le_bytes();
        encode_cells(
            Format::Binary,
            &own,
            [Some(b"x".as_slice()), Some(&bytes[..width(&own[1])])],
            &mut payload,
        )
        .unwrap();
        let payload = Recast::new(&own, &like).unwrap().row(payload.into(), &like)?;
        let row = Row::parse(payload, Format::Binary, &like).unwrap();
        assert_eq!(row.cell(0), Some(b"x".as_slice()));
        let cell = row.cell(1).unwrap();
        let sign = if cell[cell.len() - 1] & 0x80 != 0 && !like[1].is_unsigned() { 0xFF } else { 0 };
        let mut wide = [sign; 8];
        wide[..cell.len()].copy_from_slice(cell);
        Ok(Some(i64::from_le_bytes(wide)))
    }

    #[test]
    fn numbers_stay_what_they_are() {
        let (big, int) = (column(kind::LONGLONG, 0), column(kind::LONG, 0));
        let (year, unsigned) = (column(kind::YEAR, 0), column(kind::LONG, flag::UNSIGNED));
        for number in [0, 1, -1, 127, -128, 2_147_483_647, -2_147_483_648] {
            assert_eq!(one(number, &big, &int).unwrap(), Some(number));
            assert_eq!(one(number, &int, &big).unwrap(), Some(number));
        }
        assert_eq!(
            one(4_294_967_295, &unsigned, &column(kind::LONGLONG, flag::UNSIGNED)).unwrap(),
            Some(4_294_967_295)
        );
        assert_eq!(one(2155, &year, &big).unwrap(), Some(2155));
        assert_eq!(one(2155, &big, &year).unwrap(), Some(2155));
        assert_eq!(one(0, &big, &year).unwrap(), Some(0));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (big, int, year) = (column(kind::LONGLONG, 0), column(kind::LONG, 0), column(kind::YEAR, 0));
        for (number, like) in
            [(1 << 40, &int), (-1 - (1 << 31), &int), (1000, &year), (2156, &year), (-1, &year)]
        {
            assert_eq!(one(number, &big, like).unwrap_err().errno, 1235, "{number}");
        }
    }

    #[test]
    fn nothing_is_done_where_rows_are_written_alike() {
        let (text, blob) = (column(kind::VAR_STRING, 0), column(kind::BLOB, 0));
        assert!(Recast::new(&[text], &[blob]).is_none());
    }
}
