//! OK, ERR and EOF packets: payloads written and read (MySQL source docs, "Generic Response Packets").

use super::primitives::{array, lenenc_int, lenenc_str, put_lenenc_int, put_lenenc_str};
use super::status;
use crate::base::Error;

/// What an OK packet says, or an EOF packet (which has only status and warnings).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OkPacket<'a> {
    /// Rows changed, or matched with `FOUND_ROWS`.
    pub affected: u64,
    /// The first generated id.
    pub last_insert_id: u64,
    /// [`status`](super::status) flags.
    pub status: u16,
    /// Number of warnings.
    pub warnings: u16,
    /// Text for a person, such as `Rows matched: 1  Changed: 1  Warnings: 0`.
    pub info: &'a [u8],
    /// Changes of the session's state as [`track`](super::track) writes them, for a client of
    /// [`SESSION_TRACK`](super::capability::SESSION_TRACK) only; `None`: no change. It is not read from packets of
    /// servers, which are not asked for it.
    pub changes: Option<&'a [u8]>,
}

/// Appends an OK payload. Servers write the info text with a length in front whatever the capabilities are, and leave
/// an empty one out.
pub fn put_ok(out: &mut Vec<u8>, ok: &OkPacket<'_>) {
    put_ok_with_header(out, 0x00, ok);
}

/// Appends the packet that ends a result set: an EOF packet, or with `deprecate_eof` an OK packet of header 0xFE.
pub fn put_end(out: &mut Vec<u8>, ok: &OkPacket<'_>, deprecate_eof: bool) {
    if deprecate_eof {
        put_ok_with_header(out, 0xFE, ok);
    } else {
        put_eof(out, ok.status, ok.warnings);
    }
}

/// Appends an EOF payload.
pub fn put_eof(out: &mut Vec<u8>, status: u16, warnings: u16) {
    out.push(0xFE);
    out.extend_from_slice(&warnings.to_le_bytes());
    out.extend_from_slice(&status.to_le_bytes());
}

fn put_ok_with_header(out: &mut Vec<u8>, header: u8, ok: &OkPacket<'_>) {
    out.push(header);
    put_lenenc_int(out, ok.affected);
    put_lenenc_int(out, ok.last_insert_id);
    let changed = if ok.changes.is_some() { status::SESSION_STATE_CHANGED } else { 0 };
    out.extend_from_slice(&(ok.status | changed).to_le_bytes());
    out.extend_from_slice(&ok.warnings.to_le_bytes());
    if !ok.info.is_empty() || ok.changes.is_some() {
        put_lenenc_str(out, ok.info);
    }
    if let Some(changes) = ok.changes {
        put_lenenc_str(out, changes);
    }
}

/// Appends an ERR payload. A message longer than MySQL's 512 bytes is kept: clients take any length.
pub fn put_err(out: &mut Vec<u8>, error: &Error) {
    out.push(0xFF);
    out.extend_from_slice(&error.errno.to_le_bytes());
    out.push(b'#');
    out.extend_from_slice(&error.sqlstate);
    out.extend_from_slice(error.message.as_bytes());
}

/// Appends the ERR payload that stands in the place of a greeting: it has no SQLSTATE, since nothing is agreed yet.
pub fn put_err_unagreed(out: &mut Vec<u8>, error: &Error) {
    out.push(0xFF);
    out.extend_from_slice(&error.errno.to_le_bytes());
    out.extend_from_slice(error.message.as_bytes());
}

/// Reads an OK payload, of header 0x00 or 0xFE.
pub fn decode_ok(payload: &[u8]) -> Option<OkPacket<'_>> {
    let (&header, mut buf) = payload.split_first()?;
    if header != 0x00 && header != 0xFE {
        return None;
    }
    let (affected, last_insert_id) = (lenenc_int(&mut buf)?, lenenc_int(&mut buf)?);
    let (status, warnings) = (u16::from_le_bytes(array(&mut buf)?), u16::from_le_bytes(array(&mut buf)?));
    let info = lenenc_str(&mut buf).unwrap_or_default();
    Some(OkPacket { affected, last_insert_id, status, warnings, info, changes: None })
}

/// Reads what ends a result set: an EOF packet, or an OK packet of header 0xFE. Their lengths tell them apart.
pub fn decode_end(payload: &[u8]) -> Option<OkPacket<'_>> {
    match *payload {
        [0xFE, a, b, c, d] => Some(OkPacket {
            warnings: u16::from_le_bytes([a, b]),
            status: u16::from_le_bytes([c, d]),
            ..OkPacket::default()
        }),
        [0xFE, ..] if payload.len() < 0xFF_FFFF => decode_ok(payload),
        _ => None,
    }
}

/// Whether a packet in the place of a row ends the result set instead. ERR packets do, too.
pub fn is_end(payload: &[u8]) -> bool {
    payload.first().is_some_and(|&b| b >= 0xFE) && payload.len() < 0xFF_FFFF
}

/// Reads an ERR payload: the server's number, SQLSTATE (`HY000` where it sent none) and text.
pub fn decode_err(payload: &[u8]) -> Option<Error> {
    let mut buf = payload.strip_prefix(&[0xFF])?;
    let errno = u16::from_le_bytes(array(&mut buf)?);
    let mut sqlstate = *b"HY000";
    if let Some(mut rest) = buf.strip_prefix(b"#")
        && let Some(state) = array(&mut rest)
    {
        (sqlstate, buf) = (state, rest);
    }
    Some(Error::backend(errno, sqlstate, String::from_utf8_lossy(buf).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Code;
    use proptest::prelude::*;

    #[test]
    fn ok_and_eof_come_back() {
        let ok = OkPacket {
            affected: 300,
            last_insert_id: u64::MAX,
            status: 2,
            warnings: 7,
            info: b"Records: 3",
            changes: None,
        };
        let mut out = Vec::new();
        put_ok(&mut out, &ok);
        assert_eq!(decode_ok(&out), Some(ok));
        for deprecate in [false, true] {
            let ok = OkPacket { status: 0x22, warnings: 3, ..OkPacket::default() };
            out.clear();
            put_end(&mut out, &ok, deprecate);
            assert!(is_end(&out));
            assert_eq!((out.len(), decode_end(&out)), (if deprecate { 7 } else { 5 }, Some(ok)));
        }
        // Changes come with a flag, and behind an info that may be empty.
        out.clear();
        put_ok(&mut out, &OkPacket { status: 2, changes: Some(b"\x01\x03\x02d2"), ..OkPacket::default() });
        assert_eq!(out, b"\x00\x00\x00\x02\x40\x00\x00\x00\x05\x01\x03\x02d2");
    }

    #[test]
    fn errors_come_back() {
        let mut out = Vec::new();
        put_err(&mut out, &Error::new(Code::NoTable, "Table 'a.b' doesn't exist"));
        let error = decode_err(&out).unwrap();
        assert_eq!((error.errno, &error.sqlstate), (1146, b"42S02"));
        assert_eq!(error.message, "Table 'a.b' doesn't exist");
        out.clear();
        put_err_unagreed(&mut out, &Error::new(Code::TooManyConnections, "Too many connections"));
        assert_eq!(decode_err(&out).unwrap().message, "Too many connections");
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_do_not(bytes: Vec<u8>) {
            let _ = (decode_ok(&bytes), decode_end(&bytes), decode_err(&bytes), is_end(&bytes));
        }
    }
}
