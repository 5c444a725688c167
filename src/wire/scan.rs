//! Where does a server's response end? [`ResponseScanner`] walks over its raw bytes as they arrive, in chunks of any
//! cut, and decodes nothing but the packets that decide: heads, ends, errors. Rows are skipped by arithmetic.
//!
//! Sources: MySQL source docs, "Text Resultset", "Binary Protocol Resultset", "COM_STMT_PREPARE Response",
//! "COM_FIELD_LIST Response". Valid for connections without compression and without optional metadata.

use super::primitives::{array, lenenc_int};
use super::status;
use super::stream::{HEADER, MAX_FRAME};

/// Bytes of a packet that are enough to read any head or end.
const HEAD: usize = 32;

/// Which command's response is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// COM_QUERY and COM_STMT_EXECUTE: OK, ERR, LOCAL INFILE or result sets.
    Query,
    /// COM_STMT_PREPARE.
    Prepare,
    /// One packet: PING, INIT_DB, STATISTICS, RESET…
    Single,
    /// COM_FIELD_LIST: column definitions up to an EOF.
    FieldList,
    /// COM_STMT_FETCH: rows up to an EOF.
    Fetch,
}

/// The numbers of the OK or EOF packet that ended a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trailer {
    /// Rows affected (0 in an EOF).
    pub affected: u64,
    /// The first generated id (0 in an EOF).
    pub last_insert_id: u64,
    /// [`status`] flags.
    pub status: u16,
    /// Number of warnings.
    pub warnings: u16,
    /// Where the low byte of the status flags stands in the chunk that was scanned last; `None` when it stood in an
    /// earlier chunk (never with [`holding`](ResponseScanner::holding)).
    pub status_at: Option<usize>,
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// By OK or EOF.
    Ok(Trailer),
    /// By ERR. Its packet says nothing about the transaction's status.
    Err {
        /// The server's error number.
        errno: u16,
    },
    /// The server waits for a file's content; its next packet is read after [`resume`](ResponseScanner::resume).
    LocalInfile,
    /// PREPARE succeeded.
    Prepared {
        /// The server's statement id.
        id: u32,
        /// Number of parameters.
        params: u16,
        /// Number of result columns.
        columns: u16,
        /// Number of warnings.
        warnings: u16,
    },
    /// A single packet that is neither OK nor ERR, such as STATISTICS' text.
    Text,
    /// The bytes are no response of this command: the connection must be closed.
    Malformed,
}

/// The end of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether a result set came before.
    pub result_set: bool,
    /// Rows that came, over all result sets.
    pub rows: u64,
}

/// What [`ResponseScanner::advance`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanned {
    /// Bytes of the chunk that belong to the response and are done with.
    pub consumed: usize,
    /// The end, when it lies in this chunk.
    pub done: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The first packet of a Query result.
    First,
    /// Column definitions, then what follows.
    Defs {
        left: u32,
        then: Then,
    },
    /// The EOF after column definitions.
    DefsEof(Then),
    Rows,
    Prepare,
    Fields,
    Single,
    /// After the end.
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Rows,
    Columns(u16),
    Prepared,
}

/// Walks over one response. Allocates nothing.
#[derive(Debug, Clone)]
pub struct ResponseScanner {
    state: State,
    deprecate_eof: bool,
    hold: bool,
    sequence: u8,
    header: [u8; HEADER],
    header_len: usize,
    /// Payload bytes of the current frame still to come.
    left: usize,
    frame_full: bool,
    continuing: bool,
    /// The current packet is a row or a column definition: its head is not looked at.
    skipping: bool,
    head: [u8; HEAD],
    /// Payload bytes of the current packet that have gone by.
    seen: usize,
    prepared: (u32, u16, u16, u16),
    result_set: bool,
    rows: u64,
}

impl ResponseScanner {
    /// A scanner for the response to a command. `sequence` is the number of the response's first packet: what
    /// [`PacketStream::sequence`](super::stream::PacketStream::sequence) says after the command was queued (1, and more
    /// after a command of 16 MiB).
    pub fn new(response: Response, deprecate_eof: bool, sequence: u8) -> Self {
        let state = match response {
            Response::Query => State::First,
            Response::Prepare => State::Prepare,
            Response::Single => State::Single,
            Response::FieldList => State::Fields,
            Response::Fetch => State::Rows,
        };
        Self {
            state,
            deprecate_eof,
            hold: false,
            sequence,
            header: [0; HEADER],
            header_len: 0,
            left: 0,
            frame_full: false,
            continuing: false,
            skipping: false,
            head: [0; HEAD],
            seen: 0,
            prepared: (0, 0, 0, 0),
            result_set: false,
            rows: 0,
        }
    }

    /// The same scanner, but it does not consume a packet that may end the response until all of it is in the chunk:
    /// then [`Trailer::status_at`] is always known, and the flags can be patched before the bytes go on. The caller keeps
    /// what was not consumed and hands it in again, with more behind it.
    #[must_use]
    pub fn holding(self) -> Self {
        Self { hold: true, ..self }
    }

    /// Goes on after [`Outcome::LocalInfile`]: the file was sent, and the server's next packet has this number.
    pub fn resume(&mut self, sequence: u8) {
        self.state = State::First;
        self.sequence = sequence;
    }

    /// Whether the end was reached.
    pub fn is_done(&self) -> bool {
        self.state == State::Over
    }

    /// The sequence number that the server's next packet has.
    pub fn sequence(&self) -> u8 {
        self.sequence
    }

    /// Walks over the next bytes. After the end it consumes nothing.
    pub fn advance(&mut self, bytes: &[u8]) -> Scanned {
        let mut pos = 0;
        while self.state != State::Over {
            if self.left == 0 && self.header_len == 0 && !self.continuing {
                if let Some(outcome) = self.skip_run(bytes, &mut pos) {
                    return self.end(pos, outcome);
                }
                if self.left == 0 && self.hold && !whole_packet(bytes, pos) {
                    break;
                }
            }
            if self.left == 0 {
                match self.take_header(bytes, &mut pos) {
                    Some(true) => {}
                    Some(false) => return self.end(pos, Outcome::Malformed),
                    None => break,
                }
            }
            let base = pos as isize - self.seen as isize;
            self.take_payload(bytes, &mut pos);
            if self.left > 0 {
                break;
            }
            self.continuing = self.frame_full;
            if !self.continuing
                && let Some(outcome) = self.packet_done(base)
            {
                return self.end(pos, outcome);
            }
        }
        Scanned { consumed: pos, done: None }
    }

    fn end(&mut self, consumed: usize, outcome: Outcome) -> Scanned {
        self.state = State::Over;
        Scanned { consumed, done: Some(End { outcome, result_set: self.result_set, rows: self.rows }) }
    }

    /// Steps over rows and column definitions as long as they are plain: the hot loop. Stops before a packet that may
    /// end something, before a header that is cut, and inside of the chunk's last packet when that is cut.
    fn skip_run(&mut self, bytes: &[u8], pos: &mut usize) -> Option<Outcome> {
        let limit = match self.state {
            State::Rows => u64::MAX,
            State::Defs { left, .. } => u64::from(left),
            _ => return None,
        };
        let (mut at, mut count) = (*pos, 0);
        while count < limit {
            let Some(&[a, b, c, sequence, first]) = bytes.get(at..).and_then(<[u8]>::first_chunk) else {
                break;
            };
            let len = u32::from_le_bytes([a, b, c, 0]) as usize;
            if first >= 0xFE || sequence != self.sequence || len == 0 || len == MAX_FRAME {
                break;
            }
            self.sequence = sequence.wrapping_add(1);
            let end = at + HEADER + len;
            if end > bytes.len() {
                self.left = end - bytes.len();
                self.seen = len - self.left;
                self.frame_full = false;
                self.skipping = true;
                at = bytes.len();
                break;
            }
            at = end;
            count += 1;
        }
        *pos = at;
        self.passed(count)
    }

    /// Counts rows or column definitions that went by.
    fn passed(&mut self, count: u64) -> Option<Outcome> {
        let State::Defs { left, then } = &mut self.state else {
            self.rows = self.rows.wrapping_add(count);
            return None;
        };
        let then = *then;
        *left = left.saturating_sub(count as u32);
        if *left > 0 {
            return None;
        }
        self.state = State::DefsEof(then);
        if self.deprecate_eof { self.after_defs(then) } else { None }
    }

    fn after_defs(&mut self, then: Then) -> Option<Outcome> {
        match then {
            Then::Rows => self.state = State::Rows,
            Then::Columns(0) | Then::Prepared => {
                let (id, params, columns, warnings) = self.prepared;
                return Some(Outcome::Prepared { id, params, columns, warnings });
            }
            Then::Columns(n) => self.state = State::Defs { left: u32::from(n), then: Then::Prepared },
        }
        None
    }

    /// `None`: the header is not complete. `Some(false)`: it is wrong.
    fn take_header(&mut self, bytes: &[u8], pos: &mut usize) -> Option<bool> {
        while self.header_len < HEADER {
            self.header[self.header_len] = *bytes.get(*pos)?;
            self.header_len += 1;
            *pos += 1;
        }
        self.header_len = 0;
        let [a, b, c, sequence] = self.header;
        self.left = u32::from_le_bytes([a, b, c, 0]) as usize;
        self.frame_full = self.left == MAX_FRAME;
        if !self.continuing {
            self.seen = 0;
            self.skipping = false;
        }
        let good = sequence == self.sequence && (self.left > 0 || self.continuing);
        self.sequence = sequence.wrapping_add(1);
        Some(good)
    }

    fn take_payload(&mut self, bytes: &[u8], pos: &mut usize) {
        let rest = bytes.get(*pos..).unwrap_or_default();
        let take = rest.len().min(self.left);
        if !self.skipping && self.seen < HEAD {
            let part = &rest[..take.min(HEAD - self.seen)];
            self.head[self.seen..self.seen + part.len()].copy_from_slice(part);
        }
        self.seen = self.seen.saturating_add(take);
        self.left -= take;
        *pos += take;
    }

    /// A whole packet has gone by; `base` is where its payload began, relative to the chunk.
    fn packet_done(&mut self, base: isize) -> Option<Outcome> {
        let long = self.seen >= MAX_FRAME;
        if self.skipping || (long && self.state == State::Rows) {
            return self.passed(1);
        }
        let head = self.head;
        let head = &head[..self.seen.min(HEAD)];
        let first = head.first().copied().unwrap_or_default();
        if first == 0xFF && !long {
            return Some(decode_errno(head));
        }
        match self.state {
            State::First => self.first(head, first, base),
            State::Defs { .. } => self.passed(1),
            State::DefsEof(then) => match decode_end(head, self.seen, base) {
                Some(eof) if first == 0xFE => {
                    // A cursor was opened: no rows follow.
                    let over = then == Then::Rows && eof.status & status::CURSOR_EXISTS != 0;
                    if over { Some(Outcome::Ok(eof)) } else { self.after_defs(then) }
                }
                _ => Some(Outcome::Malformed),
            },
            State::Rows if first == 0xFE => self.finish_result(decode_end(head, self.seen, base)),
            State::Fields if first == 0xFE => Some(ended(decode_end(head, self.seen, base))),
            State::Rows | State::Fields => {
                self.rows = self.rows.wrapping_add(u64::from(self.state == State::Rows));
                None
            }
            State::Single => Some(match first {
                0x00 | 0xFE => ended(decode_end(head, self.seen, base)),
                _ => Outcome::Text,
            }),
            State::Prepare => self.prepare_head(head),
            State::Over => Some(Outcome::Malformed),
        }
    }

    fn first(&mut self, head: &[u8], first: u8, base: isize) -> Option<Outcome> {
        match first {
            0x00 | 0xFE => self.finish_result(decode_end(head, self.seen, base)),
            0xFB => Some(Outcome::LocalInfile),
            _ => {
                let mut buf = head;
                let count =
                    lenenc_int(&mut buf).filter(|&n| n <= 0xFFFF && buf.is_empty() && self.seen <= HEAD);
                let Some(count) = count else { return Some(Outcome::Malformed) };
                self.result_set = true;
                self.state = State::Defs { left: count as u32, then: Then::Rows };
                None
            }
        }
    }

    /// The last packet of one result: the response ends, or another result follows.
    fn finish_result(&mut self, trailer: Option<Trailer>) -> Option<Outcome> {
        match trailer {
            Some(t) if t.status & status::MORE_RESULTS_EXISTS != 0 => {
                self.state = State::First;
                None
            }
            other => Some(ended(other)),
        }
    }

    fn prepare_head(&mut self, head: &[u8]) -> Option<Outcome> {
        let Some(mut buf) = head.strip_prefix(&[0]) else { return Some(Outcome::Malformed) };
        let Some((id, columns, params)) = numbers(&mut buf) else { return Some(Outcome::Malformed) };
        let warnings = buf.get(1..3).and_then(<[u8]>::first_chunk).map_or(0, |&w| u16::from_le_bytes(w));
        self.prepared = (id, params, columns, warnings);
        if params == 0 {
            return self.after_defs(Then::Columns(columns));
        }
        self.state = State::Defs { left: u32::from(params), then: Then::Columns(columns) };
        None
    }
}

/// PREPARE's id, number of columns, number of parameters.
fn numbers(buf: &mut &[u8]) -> Option<(u32, u16, u16)> {
    Some((u32::from_le_bytes(array(buf)?), u16::from_le_bytes(array(buf)?), u16::from_le_bytes(array(buf)?)))
}

fn ended(trailer: Option<Trailer>) -> Outcome {
    trailer.map_or(Outcome::Malformed, Outcome::Ok)
}

fn decode_errno(head: &[u8]) -> Outcome {
    match head.get(1..3).and_then(<[u8]>::first_chunk) {
        Some(&errno) => Outcome::Err { errno: u16::from_le_bytes(errno) },
        None => Outcome::Malformed,
    }
}

/// Reads an EOF or OK packet from its head; the length tells which it is, whatever was negotiated.
fn decode_end(head: &[u8], len: usize, base: isize) -> Option<Trailer> {
    let at = |offset: usize| usize::try_from(base + offset as isize).ok();
    let mut buf = head.get(1..)?;
    if head.first() == Some(&0xFE) && len < 7 {
        let (warnings, status) = (u16::from_le_bytes(array(&mut buf)?), u16::from_le_bytes(array(&mut buf)?));
        return Some(Trailer { status, warnings, status_at: at(3), ..Trailer::default() });
    }
    let (affected, last_insert_id) = (lenenc_int(&mut buf)?, lenenc_int(&mut buf)?);
    let status_at = at(head.len() - buf.len());
    let (status, warnings) = (u16::from_le_bytes(array(&mut buf)?), u16::from_le_bytes(array(&mut buf)?));
    Some(Trailer { affected, last_insert_id, status, warnings, status_at })
}

/// Whether a packet of one frame begins at `pos` and ends inside of `bytes`. A full frame counts as whole: nothing that
/// ends a response is that long.
fn whole_packet(bytes: &[u8], pos: usize) -> bool {
    let rest = bytes.get(pos..).unwrap_or_default();
    rest.first_chunk().is_some_and(|&[a, b, c, _]: &[u8; HEADER]| {
        let len = u32::from_le_bytes([a, b, c, 0]) as usize;
        len == MAX_FRAME || rest.len() >= HEADER + len
    })
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
