//! One row in wire form, with lazy cells (protocol pages "Text Resultset Row", "Binary Protocol Resultset Row").
//!
//! A row is its payload plus the spans of its cells, found in one pass. Cells are the raw bytes on the wire without
//! a length in front: what they mean is for whoever knows the column.

use bytes::Bytes;

use super::column::{ColumnDef, kind};
use super::primitives::{lenenc_int, put_lenenc_str};

/// How a row's cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Answer to COM_QUERY: each cell a length-encoded string, 0xFB for NULL.
    Text,
    /// Answer to COM_STMT_EXECUTE: 0x00, a bitmap of NULLs, then each cell by its type.
    Binary,
}

/// Where a cell's bytes stand in the payload. `start` is `NULL` for NULL; `end` is where the next cell begins
/// on the wire, for NULL too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    end: u32,
}

const NULL: u32 = u32::MAX;

/// The places of the cells of one row: a buffer that is filled again for each row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Spans(Vec<Span>);

/// One row in wire form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    payload: Bytes,
    format: Format,
    spans: Spans,
}

impl Row {
    /// A row of no cells, to be filled by [`Row::load`].
    pub fn empty(format: Format) -> Self {
        Self { payload: Bytes::new(), format, spans: Spans::default() }
    }

    /// Takes a row's payload apart. `None` when it does not have exactly these columns.
    pub fn parse(payload: Bytes, format: Format, columns: &[ColumnDef]) -> Option<Self> {
        let mut row = Self::empty(format);
        row.load(payload, columns).then_some(row)
    }

    /// Puts another payload in this row's place and keeps the buffer. `false`, and a row of no cells, when the
    /// payload does not have exactly these columns.
    pub fn load(&mut self, payload: Bytes, columns: &[ColumnDef]) -> bool {
        let found = match self.format {
            Format::Text => self.spans.read_text(&payload, columns.len()),
            Format::Binary => self.spans.read_binary(&payload, columns),
        };
        self.payload = payload;
        if found.is_none() {
            self.spans.0.clear();
        }
        found.is_some()
    }

    /// Makes this row the same as `other` and keeps the buffer.
    pub fn copy_from(&mut self, other: &Self) {
        self.payload.clone_from(&other.payload);
        self.format = other.format;
        self.spans.0.clone_from(&other.spans.0);
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.spans.0.len()
    }

    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.spans.0.is_empty()
    }

    /// The whole payload.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// How the cells are written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The raw bytes of cell `i`; `None` for NULL and for a column that is not there.
    pub fn cell(&self, i: usize) -> Option<&[u8]> {
        let span = self.spans.0.get(i).filter(|span| span.start != NULL)?;
        self.payload.get(span.start as usize..span.end as usize)
    }

    /// As [`Row::cell`], sharing the payload's memory.
    pub fn cell_bytes(&self, i: usize) -> Option<Bytes> {
        self.cell(i).map(|cell| self.payload.slice_ref(cell))
    }

    /// The row with its first `visible` columns only. A text row is cut without copying; a binary one gets a
    /// bitmap of its new width.
    pub fn prefix(&self, visible: usize) -> Bytes {
        if visible >= self.len() {
            return self.payload.clone();
        }
        match self.format {
            Format::Text => self.payload.slice(..self.end_of(visible)),
            Format::Binary => {
                let mut out = Vec::with_capacity(self.end_of(visible));
                self.encode_prefix(visible, &mut out);
                out.into()
            }
        }
    }

    /// As [`Row::prefix`], and leaves a row of no cells: a text row's memory goes along.
    pub fn take_prefix(&mut self, visible: usize) -> Bytes {
        let out = if self.format == Format::Text || visible >= self.len() {
            let end = if visible >= self.len() { self.payload.len() } else { self.end_of(visible) };
            let mut payload = std::mem::take(&mut self.payload);
            payload.truncate(end);
            payload
        } else {
            self.prefix(visible)
        };
        self.spans.0.clear();
        out
    }

    /// Appends the row with its first `visible` columns only.
    pub fn encode_prefix(&self, visible: usize, out: &mut Vec<u8>) {
        let visible = visible.min(self.len());
        let end = self.end_of(visible);
        if self.format == Format::Text || visible == self.len() {
            out.extend_from_slice(self.payload.get(..end).unwrap_or_default());
            return;
        }
        out.push(0);
        let bitmap = out.len();
        out.resize(bitmap + bitmap_len(visible), 0);
        for (i, span) in self.spans.0.iter().take(visible).enumerate() {
            if span.start == NULL {
                set_null(&mut out[bitmap..], i);
            }
        }
        let body = 1 + bitmap_len(self.len());
        out.extend_from_slice(self.payload.get(body..end).unwrap_or_default());
    }

    /// Where the first `count` columns end in the payload.
    fn end_of(&self, count: usize) -> usize {
        match (count.checked_sub(1).and_then(|last| self.spans.0.get(last)), self.format) {
            (Some(span), _) => span.end as usize,
            (None, Format::Text) => 0,
            (None, Format::Binary) => (1 + bitmap_len(self.len())).min(self.payload.len()),
        }
    }
}

/// Appends a row of raw cells, one for each of `columns`. `None`, and nothing appended, when a cell's length is not
/// what its column's type has on the wire, or there are more or fewer cells than columns.
pub fn encode_cells<'a>(
    format: Format,
    columns: &[ColumnDef],
    cells: impl IntoIterator<Item = Option<&'a [u8]>>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let start = out.len();
    let mut cells = cells.into_iter();
    if format == Format::Binary {
        out.resize(start + 1 + bitmap_len(columns.len()), 0);
    }
    for (i, column) in columns.iter().enumerate() {
        let Some(cell) = cells.next() else {
            out.truncate(start);
            return None;
        };
        let fits = match (cell, format) {
            (None, Format::Text) => {
                out.push(0xFB);
                true
            }
            (None, Format::Binary) => {
                set_null(&mut out[start + 1..], i);
                true
            }
            (Some(bytes), Format::Binary) if width(column.kind).is_some() => {
                out.extend_from_slice(bytes);
                width(column.kind) == Some(bytes.len())
            }
            (Some(bytes), _) => {
                put_lenenc_str(out, bytes);
                true
            }
        };
        if !fits {
            out.truncate(start);
            return None;
        }
    }
    if cells.next().is_some() {
        out.truncate(start);
        return None;
    }
    Some(())
}

/// Bytes of a binary row's bitmap of NULLs: one bit a column after two unused ones.
fn bitmap_len(columns: usize) -> usize {
    (columns + 9) / 8
}

fn set_null(bitmap: &mut [u8], column: usize) {
    if let Some(byte) = bitmap.get_mut((column + 2) / 8) {
        *byte |= 1 << ((column + 2) % 8);
    }
}

/// The bytes that a binary row's cell of this type always has; `None` where a length stands in front.
fn width(column_kind: u8) -> Option<usize> {
    match column_kind {
        kind::NULL => Some(0),
        kind::TINY => Some(1),
        kind::SHORT | kind::YEAR => Some(2),
        kind::LONG | kind::INT24 | kind::FLOAT => Some(4),
        kind::LONGLONG | kind::DOUBLE => Some(8),
        _ => None,
    }
}

impl Spans {
    fn read_text(&mut self, payload: &[u8], columns: usize) -> Option<()> {
        self.0.clear();
        let total = u32::try_from(payload.len()).ok()? as usize;
        let mut rest = payload;
        for _ in 0..columns {
            let span = if rest.first() == Some(&0xFB) {
                rest = &rest[1..];
                Span { start: NULL, end: (total - rest.len()) as u32 }
            } else {
                skip_lenenc(&mut rest, total)?
            };
            self.0.push(span);
        }
        rest.is_empty().then_some(())
    }

    fn read_binary(&mut self, payload: &[u8], columns: &[ColumnDef]) -> Option<()> {
        self.0.clear();
        let total = u32::try_from(payload.len()).ok()? as usize;
        let bitmap = payload.get(1..=bitmap_len(columns.len()))?;
        if payload.first() != Some(&0) {
            return None;
        }
        let mut rest = payload.get(1 + bitmap.len()..)?;
        for (i, column) in columns.iter().enumerate() {
            let at = (total - rest.len()) as u32;
            let span = if bitmap.get((i + 2) / 8)? & (1 << ((i + 2) % 8)) != 0 {
                Span { start: NULL, end: at }
            } else if let Some(width) = width(column.kind) {
                rest = rest.get(width..)?;
                Span { start: at, end: at + width as u32 }
            } else {
                skip_lenenc(&mut rest, total)?
            };
            self.0.push(span);
        }
        rest.is_empty().then_some(())
    }
}

/// Steps over a length-encoded string; `total` is the length of the payload that `rest` is the tail of.
fn skip_lenenc(rest: &mut &[u8], total: usize) -> Option<Span> {
    let len = usize::try_from(lenenc_int(rest)?).ok()?;
    let start = total - rest.len();
    *rest = rest.get(len..)?;
    // `start` of an empty cell can be at most the payload's length, which fits and is not NULL's mark.
    let start = u32::try_from(start).ok().filter(|start| *start != NULL)?;
    Some(Span { start, end: start + len as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn columns(kinds: &[u8]) -> Vec<ColumnDef> {
        kinds.iter().map(|kind| ColumnDef::new("c", *kind)).collect()
    }

    fn row(format: Format, columns: &[ColumnDef], cells: &[Option<&[u8]>]) -> Row {
        let mut out = Vec::new();
        encode_cells(format, columns, cells.iter().copied(), &mut out).unwrap();
        Row::parse(out.into(), format, columns).unwrap()
    }

    #[test]
    fn cuts_hidden_columns_in_both_formats() {
        let kinds =
            [kind::LONG, kind::VAR_STRING, kind::DATE, kind::NULL, kind::TINY, kind::DOUBLE, kind::BLOB];
        let columns = columns(&kinds);
        let cells: [Option<&[u8]>; 7] = [
            Some(b"\x01\0\0\0"),
            None,
            Some(b"\xe4\x07\x01\x02"),
            None,
            Some(b"\x05"),
            None,
            Some(b"weight"),
        ];
        for format in [Format::Text, Format::Binary] {
            let whole = row(format, &columns, &cells);
            for visible in 0..=columns.len() {
                let cut = row(format, &columns[..visible], &cells[..visible]);
                assert_eq!(whole.prefix(visible), cut.payload(), "{format:?} {visible}");
                assert_eq!(whole.clone().take_prefix(visible), cut.payload(), "{format:?} {visible}");
                for (i, cell) in cells.iter().enumerate().take(visible) {
                    assert_eq!(cut.cell(i), *cell);
                }
                assert_eq!(cut.cell(visible), None);
            }
        }
    }

    #[test]
    fn a_cell_of_the_wrong_width_is_refused() {
        let columns = columns(&[kind::LONGLONG]);
        let mut out = vec![9];
        assert_eq!(encode_cells(Format::Binary, &columns, [Some(&b"1"[..])], &mut out), None);
        assert_eq!(encode_cells(Format::Text, &columns, [], &mut out), None);
        assert_eq!(encode_cells(Format::Text, &columns, [None, None], &mut out), None);
        assert_eq!(out, [9]);
    }

    #[test]
    fn rows_of_other_columns_are_refused() {
        let two = columns(&[kind::LONG, kind::LONG]);
        for bytes in [&b"\x011"[..], b"\x011\x012\x013", b"\x05abc\xfb", b"\xff", b""] {
            assert_eq!(Row::parse(Bytes::copy_from_slice(bytes), Format::Text, &two), None, "{bytes:?}");
        }
        for bytes in [&b"\x00"[..], b"\x00\x00\x01\0\0\0", b"\x01\x0c", b"\x00\x0c\x01"] {
            assert_eq!(Row::parse(Bytes::copy_from_slice(bytes), Format::Binary, &two), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            kinds in proptest::collection::vec(any::<u8>(), 0..12),
            visible in 0usize..14,
        ) {
            let columns = columns(&kinds);
            for format in [Format::Text, Format::Binary] {
                if let Some(row) = Row::parse(bytes.clone().into(), format, &columns) {
                    for i in 0..14 {
                        let _ = row.cell(i);
                    }
                    let _ = row.prefix(visible);
                }
            }
        }

        #[test]
        fn text_cells_come_back(cells in proptest::collection::vec(
            proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)), 0..6)) {
            let columns = columns(&vec![kind::VAR_STRING; cells.len()]);
            for format in [Format::Text, Format::Binary] {
                let row = row(format, &columns, &cells.iter().map(Option::as_deref).collect::<Vec<_>>());
                for (i, cell) in cells.iter().enumerate() {
                    prop_assert_eq!(row.cell(i), cell.as_deref());
                }
            }
        }
    }
}
