//! Every response in one chunk, byte by byte, and with the end held back: equal results.

use super::*;
use crate::base::{Code, Error};
use crate::wire::packet::{OkPacket, put_end, put_err, put_ok};
use proptest::prelude::*;

/// Packets of one response, framed.
struct Frames(Vec<u8>, u8);

impl Frames {
    fn new() -> Self {
        Self(Vec::new(), 1)
    }

    fn add(mut self, payload: &[u8]) -> Self {
        let mut rest = payload;
        loop {
            let (chunk, tail) = rest.split_at(rest.len().min(MAX_FRAME));
            self.0.extend_from_slice(&(chunk.len() as u32).to_le_bytes()[..3]);
            self.0.push(self.1);
            self.0.extend_from_slice(chunk);
            self.1 = self.1.wrapping_add(1);
            rest = tail;
            if chunk.len() < MAX_FRAME {
                return self;
            }
        }
    }

    fn ok(self, ok: &OkPacket<'_>) -> Self {
        let mut out = Vec::new();
        put_ok(&mut out, ok);
        self.add(&out)
    }

    fn end(self, ok: &OkPacket<'_>, deprecate_eof: bool) -> Self {
        let mut out = Vec::new();
        put_end(&mut out, ok, deprecate_eof);
        self.add(&out)
    }

    fn err(self, code: Code) -> Self {
        let mut out = Vec::new();
        put_err(&mut out, &Error::new(code, "no"));
        self.add(&out)
    }

    fn defs(mut self, n: usize, deprecate_eof: bool, status: u16) -> Self {
        for _ in 0..n {
            self =
                self.add(b"\x03def\x00\x00\x00\x01a\x00\x0c\x3f\x00\x01\x00\x00\x00\x08\x81\x00\x00\x00\x00");
        }
        if deprecate_eof { self } else { self.end(&OkPacket { status, ..OkPacket::default() }, false) }
    }

    fn result(self, deprecate_eof: bool, rows: &[&[u8]], status: u16) -> Self {
        let mut frames = self.add(&[2]).defs(2, deprecate_eof, 2);
        for row in rows {
            frames = frames.add(row);
        }
        frames.end(&OkPacket { status, warnings: 5, ..OkPacket::default() }, deprecate_eof)
    }
}

/// Scans in chunks of `size`, and hands in again what was not consumed; returns the end and where its flags stand.
fn scan(mut scanner: ResponseScanner, bytes: &[u8], size: usize) -> (End, usize, Option<usize>) {
    let (mut from, mut to) = (0, 0);
    loop {
        assert!(to < bytes.len(), "the end was not seen");
        to = (to + size).min(bytes.len());
        let scanned = scanner.advance(&bytes[from..to]);
        if let Some(mut end) = scanned.done {
            let mut at = None;
            if let Outcome::Ok(trailer) = &mut end.outcome {
                at = trailer.status_at.take().map(|at| at + from);
            }
            assert!(scanner.is_done());
            assert_eq!(scanner.advance(b"more"), Scanned { consumed: 0, done: None });
            return (end, from + scanned.consumed, at);
        }
        from += scanned.consumed;
    }
}

fn check(
    response: Response,
    deprecate_eof: bool,
    frames: &Frames,
    want: Outcome,
    result_set: bool,
    rows: u64,
) {
    let mut bytes = frames.0.clone();
    let len = bytes.len();
    bytes.extend_from_slice(b"next");
    let sizes = if len > 1000 { vec![bytes.len(), 4099, 65536] } else { vec![bytes.len(), 1, 2, 3, 7] };
    for size in sizes {
        for hold in [false, true] {
            let scanner = ResponseScanner::new(response, deprecate_eof, 1);
            let (end, consumed, at) =
                scan(if hold { scanner.clone().holding() } else { scanner }, &bytes, size);
            assert_eq!((end, consumed), (End { outcome: want, result_set, rows }, len), "chunks of {size}");
            if let Outcome::Ok(trailer) = want
                && (hold || size >= len)
            {
                let at = at.unwrap();
                assert_eq!(&bytes[at..at + 2], &trailer.status.to_le_bytes());
            }
        }
    }
}

fn trailer(affected: u64, last_insert_id: u64, status: u16, warnings: u16) -> Outcome {
    Outcome::Ok(Trailer { affected, last_insert_id, status, warnings, status_at: None })
}

#[test]
fn answers_without_rows() {
    let ok = OkPacket {
        affected: 70_000,
        last_insert_id: 1 << 40,
        status: 3,
        warnings: 1,
        info: b"Rows matched: 1",
        changes: None,
    };
    let want = trailer(70_000, 1 << 40, 3, 1);
    for response in [Response::Query, Response::Single] {
        check(response, true, &Frames::new().ok(&ok), want, false, 0);
        check(response, false, &Frames::new().err(Code::Syntax), Outcome::Err { errno: 1064 }, false, 0);
        check(response, false, &Frames::new().end(&ok, false), trailer(0, 0, 3, 1), false, 0);
    }
    check(Response::Single, true, &Frames::new().add(b"Uptime: 1"), Outcome::Text, false, 0);
    check(Response::Query, true, &Frames::new().add(b"\xfb/etc/hosts"), Outcome::LocalInfile, false, 0);
}

#[test]
fn result_sets() {
    for deprecate in [false, true] {
        let rows: [&[u8]; 4] = [b"\x01a\x01b", b"\xfb\xfb", b"\x00\x00", b"\x00\x00\x01"];
        let frames = Frames::new().result(deprecate, &rows, 0x22);
        check(Response::Query, deprecate, &frames, trailer(0, 0, 0x22, 5), true, 4);
        let frames = Frames::new().result(deprecate, &[], 2);
        check(Response::Query, deprecate, &frames, trailer(0, 0, 2, 5), true, 0);
        let frames = Frames::new().add(&[1]).defs(1, deprecate, 0).add(b"\x01a").err(Code::Killed);
        check(Response::Query, deprecate, &frames, Outcome::Err { errno: 1317 }, true, 1);
        let frames = Frames::new().add(b"\x01a").end(&OkPacket::default(), deprecate);
        check(Response::Fetch, deprecate, &frames, trailer(0, 0, 0, 0), false, 1);
        let frames = Frames::new().add(b"\x03def").add(b"\x03def").end(&OkPacket::default(), deprecate);
        check(Response::FieldList, deprecate, &frames, trailer(0, 0, 0, 0), false, 0);
    }
}

#[test]
fn many_results_end_with_the_last() {
    for deprecate in [false, true] {
        let more = OkPacket { affected: 1, status: 0x0A, ..OkPacket::default() };
        let frames = Frames::new().result(deprecate, &[b"\x01a\x01b"], 0x0A).ok(&more);
        let frames = frames.result(deprecate, &[b"\x01a\x01b"], 0x0A).ok(&OkPacket { affected: 9, ..more });
        let last = frames.ok(&OkPacket { affected: 3, status: 2, ..OkPacket::default() });
        check(Response::Query, deprecate, &last, trailer(3, 0, 2, 0), true, 2);
    }
}

#[test]
fn a_cursor_has_no_rows() {
    let frames = Frames::new().add(&[1]).defs(1, false, 0x42);
    check(Response::Query, false, &frames, trailer(0, 0, 0x42, 0), true, 0);
    let frames =
        Frames::new().add(&[1]).defs(1, true, 0).end(&OkPacket { status: 0x42, ..OkPacket::default() }, true);
    check(Response::Query, true, &frames, trailer(0, 0, 0x42, 0), true, 0);
}

#[test]
fn prepared_statements() {
    for deprecate in [false, true] {
        for (params, columns) in [(0u16, 0u16), (2, 0), (0, 3), (2, 3)] {
            let [p, c] = [params as u8, columns as u8];
            let mut frames = Frames::new().add(&[0, 9, 0, 0, 0, c, 0, p, 0, 0, 4, 0]);
            for n in [params, columns] {
                if n > 0 {
                    frames = frames.defs(n as usize, deprecate, 2);
                }
            }
            let want = Outcome::Prepared { id: 9, params, columns, warnings: 4 };
            check(Response::Prepare, deprecate, &frames, want, false, 0);
        }
    }
    check(Response::Prepare, true, &Frames::new().err(Code::Syntax), Outcome::Err { errno: 1064 }, false, 0);
}

#[test]
fn rows_over_sixteen_mebibytes() {
    // The continuation looks like an EOF, an ERR or a row; it is none.
    for first in [0xFE, 0xFF, 1] {
        for len in [MAX_FRAME - 5, MAX_FRAME, MAX_FRAME + 1, MAX_FRAME + 6] {
            let mut row = vec![first; len];
            row[0] = 0xFD;
            if len > MAX_FRAME {
                row[0] = 0xFE;
            }
            let frames = Frames::new().result(true, &[&row, b"\x01a\x01b"], 2);
            check(Response::Query, true, &frames, trailer(0, 0, 2, 5), true, 2);
        }
    }
}

#[test]
fn the_response_to_a_large_command_begins_later() {
    let bytes = [7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0];
    let scanned = ResponseScanner::new(Response::Query, true, 2).advance(&bytes);
    assert!(matches!(scanned.done, Some(End { outcome: Outcome::Ok(t), .. }) if t.status == 2));
}

#[test]
fn nonsense_is_malformed() {
    let cases: [&[u8]; 6] = [
        &[1, 0, 0, 0, 0],
        &[0, 0, 0, 1],
        &[2, 0, 0, 1, 1, 1],
        &[1, 0, 0, 1, 0],
        &[2, 0, 0, 1, 0xFF, 1],
        &[5, 0, 0, 1, 0xFD, 0xFF, 0xFF, 0xFF, 0],
    ];
    for bytes in cases {
        let (end, ..) = scan(ResponseScanner::new(Response::Query, true, 1), bytes, 1);
        assert_eq!(end.outcome, Outcome::Malformed, "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_end_alike_in_any_cut(
        bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(2), Just(0xFE), any::<u8>()], 0..200),
        cut in 1..20usize,
        deprecate: bool,
    ) {
        for response in [Response::Query, Response::Prepare, Response::Single, Response::FieldList, Response::Fetch] {
            let whole = ResponseScanner::new(response, deprecate, 1).advance(&bytes);
            let mut scanner = ResponseScanner::new(response, deprecate, 1);
            let (mut consumed, mut done) = (0, None);
            for chunk in bytes.chunks(cut) {
                let scanned = scanner.advance(chunk);
                prop_assert!(scanned.consumed <= chunk.len());
                consumed += scanned.consumed;
                done = done.or(scanned.done);
            }
            prop_assert_eq!(consumed, whole.consumed);
            prop_assert_eq!(done.map(|e| std::mem::discriminant(&e.outcome)), whole.done.map(|e| std::mem::discriminant(&e.outcome)));
            prop_assert_eq!(done.map(|e| e.rows), whole.done.map(|e| e.rows));
        }
    }
}
