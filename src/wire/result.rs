//! Answers that Shardgate composes itself. Each writer is consumed by its next step, so that packets in a wrong order do
//! not compile: [`ResultWriter`] → [`Rows`] → end. Packets are queued; [`Rows::relieve`] writes when much is queued.

use std::marker::PhantomData;

use tokio::io::{AsyncRead, AsyncWrite};

use super::binary::{self, WireType};
use super::capability::DEPRECATE_EOF;
use super::column::ColumnDef;
use super::execute::text;
use super::packet::{self, OkPacket};
use super::primitives::{put_lenenc_int, put_lenenc_str};
use super::stream::PacketStream;
use crate::base::{Code, Error, Result, Value};

/// Queued bytes from which [`Rows::relieve`] writes.
const MUCH: usize = 32 * 1024;

/// UNSIGNED in a column definition's flags.
const UNSIGNED_FLAG: u16 = 0x20;

/// Rows in text form: answers to COM_QUERY.
#[derive(Debug)]
pub struct Text;

/// Rows in binary form: answers to COM_STMT_EXECUTE.
#[derive(Debug)]
pub struct Binary;

/// The answer to one command (or to one statement of several), not begun.
#[derive(Debug)]
pub struct ResultWriter<'a, S> {
    stream: &'a mut PacketStream<S>,
    deprecate_eof: bool,
}

impl<'a, S> ResultWriter<'a, S> {
    /// An answer to a client of these capabilities.
    pub fn new(stream: &'a mut PacketStream<S>, capabilities: u32) -> Self {
        Self { stream, deprecate_eof: capabilities & DEPRECATE_EOF != 0 }
    }

    /// Answers OK.
    pub fn ok(self, ok: &OkPacket<'_>) {
        self.stream.queue_with(|out| packet::put_ok(out, ok));
    }

    /// Answers an error.
    pub fn error(self, error: &Error) {
        self.stream.queue_with(|out| packet::put_err(out, error));
    }

    /// Answers an EOF (SET_OPTION, DEBUG), which newer clients want as an OK.
    pub fn eof(self, status: u16) {
        let ok = OkPacket { status, ..OkPacket::default() };
        self.stream.queue_with(|out| packet::put_end(out, &ok, self.deprecate_eof));
    }

    /// Begins a result set with text rows. `status` is shown to clients that want an EOF after the columns.
    pub fn text(self, columns: &[ColumnDef], status: u16) -> Rows<'a, S, Text> {
        self.begin(columns, status)
    }

    /// Begins a result set with binary rows.
    pub fn binary(self, columns: &[ColumnDef], status: u16) -> Rows<'a, S, Binary> {
        self.begin(columns, status)
    }

    fn begin<F>(self, columns: &[ColumnDef], status: u16) -> Rows<'a, S, F> {
        self.stream.queue_with(|out| put_lenenc_int(out, columns.len() as u64));
        definitions(self.stream, columns, self.deprecate_eof, status);
        let types = columns.iter().map(wire_type).collect();
        Rows { stream: self.stream, deprecate_eof: self.deprecate_eof, types, form: PhantomData }
    }

    /// Answers PREPARE: the statement's id, its parameters and its columns.
    pub fn prepared(
        self,
        id: u32,
        params: &[ColumnDef],
        columns: &[ColumnDef],
        warnings: u16,
        status: u16,
    ) -> Result<()> {
        let (Ok(p), Ok(c)) = (u16::try_from(params.len()), u16::try_from(columns.len())) else {
            let error = Error {
                errno: 1390,
                ..Error::new(Code::Internal, "Prepared statement contains too many placeholders")
            };
            self.error(&error);
            return Err(error);
        };
        self.stream.queue_with(|out| {
            out.push(0);
            out.extend_from_slice(&id.to_le_bytes());
            out.extend_from_slice(&c.to_le_bytes());
            out.extend_from_slice(&p.to_le_bytes());
            out.push(0);
            out.extend_from_slice(&warnings.to_le_bytes());
        });
        for list in [params, columns] {
            if !list.is_empty() {
                definitions(self.stream, list, self.deprecate_eof, status);
            }
        }
        Ok(())
    }

    /// Answers FIELD_LIST. Each definition is followed by the column's default, which is given as NULL.
    pub fn fields(self, columns: &[ColumnDef], status: u16) {
        for column in columns {
            self.stream.queue_with(|out| {
                column.encode(out);
                out.push(0xFB);
            });
        }
        self.eof(status);
    }
}

/// A result set whose columns are written.
#[derive(Debug)]
pub struct Rows<'a, S, F> {
    stream: &'a mut PacketStream<S>,
    deprecate_eof: bool,
    types: Vec<WireType>,
    form: PhantomData<F>,
}

impl<S, F> Rows<'_, S, F> {
    /// Queues a row that is in wire form already (a payload without a frame's header).
    pub fn raw(&mut self, payload: &[u8]) {
        self.stream.queue_packet(payload);
    }

    /// Ends the result set. With [`MORE_RESULTS_EXISTS`](super::status::MORE_RESULTS_EXISTS) in `status` another
    /// [`ResultWriter`] must follow.
    pub fn finish(self, status: u16, warnings: u16) {
        let ok = OkPacket { status, warnings, ..OkPacket::default() };
        self.stream.queue_with(|out| packet::put_end(out, &ok, self.deprecate_eof));
    }

    /// Ends the result set with an error.
    pub fn fail(self, error: &Error) {
        self.stream.queue_with(|out| packet::put_err(out, error));
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, F> Rows<'_, S, F> {
    /// Writes what is queued when it is much: call it between rows, so that a slow client slows the source of the rows.
    pub async fn relieve(&mut self) -> Result<()> {
        if self.stream.queued() < MUCH { Ok(()) } else { self.stream.flush().await }
    }
}

impl<S> Rows<'_, S, Text> {
    /// Queues a row of cells as text, `None` for NULL. Fails (1105), with nothing queued, when their number is not that of
    /// the columns.
    pub fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = Option<&'c [u8]>, IntoIter: ExactSizeIterator>,
    ) -> Result<()> {
        let cells = cells.into_iter();
        if cells.len() != self.types.len() {
            return Err(wrong_count(cells.len(), self.types.len()));
        }
        self.stream.queue_with(|out| {
            for cell in cells {
                match cell {
                    Some(bytes) => put_lenenc_str(out, bytes),
                    None => out.push(0xFB),
                }
            }
        });
        Ok(())
    }

    /// Queues a row of values, printed as MySQL prints them.
    pub fn values(&mut self, values: &[Value]) -> Result<()> {
        let cells: Vec<Option<Vec<u8>>> =
            values.iter().map(|v| (*v != Value::Null).then(|| text(v))).collect();
        self.row(cells.iter().map(Option::as_deref))
    }
}

impl<S> Rows<'_, S, Binary> {
    /// Queues a row of values in their columns' types. Columns of string types take any value, as text. Fails (1105), with
    /// nothing queued, when a value does not fit its column or their numbers differ.
    pub fn values(&mut self, values: &[Value]) -> Result<()> {
        if values.len() != self.types.len() {
            return Err(wrong_count(values.len(), self.types.len()));
        }
        let mut row = vec![0; 1 + (values.len() + 9) / 8];
        for (i, (value, wire)) in values.iter().zip(&self.types).enumerate() {
            if *value == Value::Null {
                // The bitmap's first two bits are reserved.
                if let Some(byte) = row.get_mut(1 + (i + 2) / 8) {
                    *byte |= 1 << ((i + 2) % 8);
                }
            } else if binary::put_value(&mut row, *wire, value).is_none() {
                if !binary::is_text(wire.kind) {
                    let text = format!("column {i} of type {} cannot carry {value:?}", wire.kind);
                    return Err(Error::new(Code::Internal, text));
                }
                put_lenenc_str(&mut row, &text(value));
            }
        }
        self.stream.queue_packet(&row);
        Ok(())
    }
}

fn definitions<S>(stream: &mut PacketStream<S>, columns: &[ColumnDef], deprecate_eof: bool, status: u16) {
    for column in columns {
        stream.queue_with(|out| column.encode(out));
    }
    if !deprecate_eof {
        stream.queue_with(|out| packet::put_eof(out, status, 0));
    }
}

fn wire_type(column: &ColumnDef) -> WireType {
    WireType { kind: column.kind, unsigned: column.flags & UNSIGNED_FLAG != 0 }
}

fn wrong_count(cells: usize, columns: usize) -> Error {
    Error::new(Code::Internal, format!("a row of {cells} cells for {columns} columns"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::kind;
    use crate::wire::scan::{End, Outcome, Response, ResponseScanner};
    use bytes::Bytes;
    use tokio::io::{DuplexStream, duplex};

    fn column(name: &'static str, kind: u8) -> ColumnDef {
        let empty = Bytes::new();
        ColumnDef {
            catalog: Bytes::from_static(b"def"),
            schema: empty.clone(),
            table: empty.clone(),
            org_table: empty.clone(),
            name: Bytes::from_static(name.as_bytes()),
            org_name: empty,
            charset: 45,
            length: 10,
            kind,
            flags: 0,
            decimals: 0,
        }
    }

    /// What `write` queues, scanned as a response.
    async fn written(
        response: Response,
        caps: u32,
        write: impl FnOnce(ResultWriter<'_, DuplexStream>),
    ) -> (End, Vec<Bytes>) {
        let (ours, theirs) = duplex(1 << 16);
        let (mut server, mut client) = (PacketStream::to_client(ours), PacketStream::to_server(theirs));
        server.reset_sequence(1);
        write(ResultWriter::new(&mut server, caps));
        server.flush().await.unwrap();
        client.fill().await.unwrap();
        let scanned = ResponseScanner::new(response, caps & DEPRECATE_EOF != 0, 1).advance(client.buffered());
        assert_eq!(scanned.consumed, client.buffered().len());
        client.reset_sequence(1);
        let mut packets = Vec::new();
        while let Some(packet) = client.buffered_packet().unwrap() {
            packets.push(packet);
        }
        (scanned.done.unwrap(), packets)
    }

    #[tokio::test]
    async fn result_sets_scan_with_and_without_eof() {
        let columns = [column("a", kind::LONG), column("b", kind::VAR_STRING)];
        let values = [[Value::Int(-1), Value::Str(b"x".to_vec())], [Value::Null, Value::Int(5)]];
        for caps in [0, DEPRECATE_EOF] {
            let (end, packets) = written(Response::Query, caps, |w| {
                let mut rows = w.text(&columns, 2);
                for row in &values {
                    rows.values(row).unwrap();
                }
                assert!(rows.row([None]).is_err());
                rows.finish(2, 3);
            })
            .await;
            assert!(
                matches!(end, End { outcome: Outcome::Ok(t), result_set: true, rows: 2 } if t.warnings == 3)
            );
            assert_eq!(packets[packets.len() - 2], &b"\xfb\x015"[..]);
            let (end, packets) = written(Response::Query, caps, |w| {
                let mut rows = w.binary(&columns, 2);
                for row in &values {
                    rows.values(row).unwrap();
                }
                assert!(rows.values(&[Value::Str(vec![]), Value::Null]).is_err());
                rows.finish(2, 0);
            })
            .await;
            assert_eq!(end.rows, 2);
            assert_eq!(packets[packets.len() - 3], &b"\x00\x00\xff\xff\xff\xff\x01x"[..]);
            assert_eq!(packets[packets.len() - 2], &b"\x00\x04\x015"[..]);
        }
    }

    #[tokio::test]
    async fn other_answers_scan() {
        let columns = [column("a", kind::LONG)];
        for caps in [0, DEPRECATE_EOF] {
            let (end, _) =
                written(Response::Prepare, caps, |w| w.prepared(3, &columns, &columns, 1, 2).unwrap()).await;
            assert_eq!(end.outcome, Outcome::Prepared { id: 3, params: 1, columns: 1, warnings: 1 });
            let (end, _) = written(Response::FieldList, caps, |w| w.fields(&columns, 2)).await;
            assert!(matches!(end.outcome, Outcome::Ok(t) if t.status == 2));
            let (end, _) = written(Response::Single, caps, |w| w.eof(2)).await;
            assert!(matches!(end.outcome, Outcome::Ok(t) if t.status == 2));
            let (end, _) =
                written(Response::Query, caps, |w| w.error(&Error::new(Code::NoTable, "no"))).await;
            assert_eq!(end.outcome, Outcome::Err { errno: 1146 });
            let (end, _) = written(Response::Query, caps, |w| {
                let mut rows = w.text(&columns, 2);
                rows.raw(b"\x011");
                rows.fail(&Error::new(Code::Killed, "no"));
            })
            .await;
            assert_eq!(end, End { outcome: Outcome::Err { errno: 1317 }, result_set: true, rows: 1 });
        }
    }
}
