//! Answers of the proxy's own making.

use bytes::Bytes;

use crate::backend::{Answer, Summary};
use crate::base::{Code, Error, Fate, Result};
use crate::exec::Client;
use crate::wire::column::ColumnDef;
use crate::wire::kind;
use crate::wire::packet::{self, OkPacket};
use crate::wire::primitives;
use crate::wire::row::{Format, encode_cells};

/// Queues an OK packet; `changes`: of the session's state, for clients that asked to be told.
pub fn ok(client: &mut Client, summary: &Summary, status: u16, changes: Option<&[u8]>) {
    let ok = OkPacket {
        affected: summary.affected,
        last_insert_id: summary.last_insert_id,
        status,
        warnings: summary.warnings,
        info: summary.info.as_bytes(),
        changes,
    };
    client.queue_with(|out| packet::put_ok(out, &ok));
}

/// Queues an ERR packet.
pub fn error(client: &mut Client, error: &Error) {
    client.queue_with(|out| packet::put_err(out, error));
}

/// A column of a result set of the proxy's own.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    /// VARCHAR in utf8mb4, with its length in characters.
    Text(&'static str, u32),
    /// Unsigned INT.
    Number(&'static str),
    /// BIGINT.
    Count(&'static str),
}

impl Column {
    /// `strings`: the decimals that the servers give for strings.
    fn definition(self, strings: u8) -> ColumnDef {
        let (name, charset, length, kind, flags) = match self {
            Column::Text(name, length) => (name, 45, length * 4, kind::VAR_STRING, 1),
            // NOT_NULL, UNSIGNED, BINARY; the binary charset, as servers say it of numbers.
            Column::Number(name) => (name, 63, 10, kind::LONG, 1 | 32 | 128),
            Column::Count(name) => (name, 63, 21, kind::LONGLONG, 32 | 128),
        };
        ColumnDef {
            catalog: Bytes::from_static(b"def"),
            schema: Bytes::new(),
            table: Bytes::new(),
            org_table: Bytes::new(),
            name: Bytes::from_static(name.as_bytes()),
            org_name: Bytes::new(),
            charset,
            length,
            kind,
            flags,
            decimals: if matches!(self, Column::Text(..)) { strings } else { 0 },
        }
    }
}

/// How a result set of the proxy's own goes out.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Status flags.
    pub status: u16,
    /// The client wants no EOF packets.
    pub deprecate_eof: bool,
    /// Rows in the binary protocol.
    pub binary: bool,
    /// The decimals that the servers give for strings.
    pub strings: u8,
}

/// The definitions of columns as packets.
pub fn definitions(columns: &[Column], strings: u8) -> Vec<Bytes> {
    let encode = |column: &Column| {
        let mut out = Vec::new();
        column.definition(strings).encode(&mut out);
        Bytes::from(out)
    };
    columns.iter().map(encode).collect()
}

/// Queues a whole result set of the proxy's own.
pub fn table(client: &mut Client, columns: &[Column], rows: &[Vec<String>], form: Form) {
    client.queue_with(|out| primitives::put_lenenc_int(out, columns.len() as u64));
    for definition in definitions(columns, form.strings) {
        client.queue_packet(&definition);
    }
    if !form.deprecate_eof {
        client.queue_with(|out| packet::put_eof(out, form.status, 0));
    }
    for row in rows {
        client.queue_with(|out| {
            if form.binary {
                // Header and a bitmap without NULLs (protocol page "Binary Protocol Resultset Row").
                out.resize(out.len() + 1 + (columns.len() + 9) / 8, 0);
            }
            for (cell, column) in row.iter().zip(columns) {
                match column {
                    Column::Number(_) if form.binary => {
                        out.extend_from_slice(&cell.parse::<u32>().unwrap_or(0).to_le_bytes());
                    }
                    Column::Count(_) if form.binary => {
                        out.extend_from_slice(&cell.parse::<u64>().unwrap_or(0).to_le_bytes());
                    }
                    _ => primitives::put_lenenc_str(out, cell.as_bytes()),
                }
            }
        });
    }
    let end = OkPacket { status: form.status, ..OkPacket::default() };
    client.queue_with(|out| packet::put_end(out, &end, form.deprecate_eof));
}

/// Queues a whole answer of a server's, each string in it looked over by `edit`.
pub fn answer(
    client: &mut Client,
    answer: &Answer,
    form: Form,
    edit: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<()> {
    client.queue_with(|out| primitives::put_lenenc_int(out, answer.columns.len() as u64));
    for column in &answer.columns {
        client.queue_with(|out| column.encode(out));
    }
    if !form.deprecate_eof {
        client.queue_with(|out| packet::put_eof(out, form.status, 0));
    }
    let format = if form.binary { Format::Binary } else { Format::Text };
    for row in &answer.rows {
        let edited: Vec<Option<Vec<u8>>> = row
            .iter()
            .zip(&answer.columns)
            .map(|(cell, column)| {
                Some(if column.is_string() { edit(cell.as_ref()?) } else { cell.as_ref()?.to_vec() })
            })
            .collect();
        let mut payload = Vec::new();
        encode_cells(format, &answer.columns, edited.iter().map(Option::as_deref), &mut payload).ok_or_else(
            || Error::new(Code::Internal, "an edited row does not fit its columns").with_fate(Fate::Close),
        )?;
        client.queue_packet(&payload);
    }
    let end = OkPacket { status: form.status, warnings: answer.ok.warnings, ..OkPacket::default() };
    client.queue_with(|out| packet::put_end(out, &end, form.deprecate_eof));
    Ok(())
}
