//! What the rows of a merge look like: their columns, how many the client sees, and the wire format.

use bytes::{Bytes, BytesMut};

use crate::base::{Code, Error, Result};
use crate::plan::merge_spec::Col;
use crate::wire::column::ColumnDef;
use crate::wire::row::{Format, Row};

/// The shape of a shard's rows.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) columns: Vec<ColumnDef>,
    pub(super) visible: usize,
    pub(super) format: Format,
}

impl Shape {
    /// The shape of rows of which the last `hidden` columns are hidden.
    pub(super) fn new(columns: &[ColumnDef], hidden: usize, format: Format) -> Result<Self> {
        let visible = columns.len().checked_sub(hidden).ok_or_else(|| {
            Error::new(
                Code::Internal,
                format!("a merge expects {hidden} hidden columns in rows of {}", columns.len()),
            )
        })?;
        Ok(Self { columns: columns.to_vec(), visible, format })
    }

    /// The column's number in the whole row.
    pub(super) fn at(&self, col: Col) -> Result<usize> {
        let (number, end) = match col {
            Col::Visible(i) => (i, self.visible),
            Col::Hidden(i) => (i.saturating_add(self.visible), self.columns.len()),
        };
        if number < end {
            return Ok(number);
        }
        Err(Error::new(
            Code::Internal,
            format!(
                "a merge needs column {col:?}; the shards' rows have {} of {}",
                self.visible,
                self.columns.len()
            ),
        ))
    }

    /// Puts a payload into `row`.
    pub(super) fn load(&self, row: &mut Row, payload: Bytes) -> Result<()> {
        if row.load(payload, &self.columns) {
            return Ok(());
        }
        Err(Error::new(Code::Internal, "a shard sent a row that does not have the columns it announced"))
    }
}

/// Where rows are written that did not come as they go out: one block of memory holds many.
#[derive(Debug, Default)]
pub(super) struct Arena {
    row: Vec<u8>,
    block: BytesMut,
}

impl Arena {
    /// Bytes of a block.
    const BLOCK: usize = 32 * 1024;

    /// Keeps the row that `write` writes.
    pub(super) fn put<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> (T, Bytes) {
        self.row.clear();
        let written = write(&mut self.row);
        if self.block.capacity() < self.row.len() {
            self.block = BytesMut::with_capacity(Self::BLOCK.max(self.row.len()));
        }
        self.block.extend_from_slice(&self.row);
        (written, self.block.split().freeze())
    }

    /// Takes a row's first `visible` columns out of it: its payload is gone then.
    pub(super) fn cut(&mut self, row: &mut Row, visible: usize) -> Bytes {
        if row.format() == Format::Text || visible >= row.len() {
            return row.take_prefix(visible);
        }
        self.put(|out| row.encode_prefix(visible, out)).1
    }
}

/// The error for a cell that is no value of its column's type.
pub(super) fn bad_cell(column: &ColumnDef) -> Error {
    Error::new(
        Code::Internal,
        format!(
            "a shard sent bytes for column '{}' that are no value of its type {}",
            column.label(),
            column.kind
        ),
    )
}
