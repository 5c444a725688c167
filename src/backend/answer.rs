//! Answers that are taken in whole.

use bytes::Bytes;

use crate::wire::column::ColumnDef;
use crate::wire::packet::OkPacket;

/// What an OK packet said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Affected rows.
    pub affected: u64,
    /// The insert id.
    pub last_insert_id: u64,
    /// Status flags.
    pub status: u16,
    /// Number of warnings.
    pub warnings: u16,
    /// The info string.
    pub info: String,
    /// Level, code and message of its warnings, where they were asked for.
    pub messages: Vec<[String; 3]>,
}

impl From<OkPacket<'_>> for Summary {
    fn from(ok: OkPacket<'_>) -> Self {
        Self {
            affected: ok.affected,
            last_insert_id: ok.last_insert_id,
            status: ok.status,
            warnings: ok.warnings,
            info: String::from_utf8_lossy(ok.info).into_owned(),
            messages: Vec::new(),
        }
    }
}

/// A whole small answer, decoded: for what the proxy asks on its own account.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Empty if the statement gave no result set.
    pub columns: Vec<ColumnDef>,
    /// Cells as they are on the wire; `None` = NULL.
    pub rows: Vec<Vec<Option<Bytes>>>,
    /// What the last OK packet said.
    pub ok: Summary,
}

impl Answer {
    /// A cell as text; `None` for NULL, or where there is none.
    pub fn text(&self, row: usize, column: usize) -> Option<String> {
        let cell = self.rows.get(row)?.get(column)?.as_ref()?;
        Some(String::from_utf8_lossy(cell).into_owned())
    }
}

/// What an answer may hold in memory.
#[derive(Debug, Clone, Copy)]
pub struct AnswerLimit {
    /// Rows.
    pub rows: usize,
    /// Bytes of rows as they are on the wire.
    pub bytes: usize,
}

impl AnswerLimit {
    /// So many rows, whatever their size.
    pub fn of_rows(rows: usize) -> Self {
        Self { rows, bytes: usize::MAX }
    }
}
