//! Changes of a session's state, as OK packets carry them (MySQL source docs, "OK_Packet", "Session State Information").
//! Each entry is its kind and, with a length in front, its data.

use super::primitives::put_lenenc_str;

/// SESSION_TRACK_SYSTEM_VARIABLES
const SYSTEM_VARIABLES: u8 = 0;
/// SESSION_TRACK_SCHEMA
const SCHEMA: u8 = 1;
/// SESSION_TRACK_STATE_CHANGE
const STATE_CHANGE: u8 = 2;
/// SESSION_TRACK_TRANSACTION_STATE
const TRANSACTION_STATE: u8 = 5;

/// A system variable has this value now.
pub fn put_variable(out: &mut Vec<u8>, name: &str, value: &str) {
    put(out, SYSTEM_VARIABLES, &[name, value]);
}

/// This is the database that is selected; empty: none.
pub fn put_schema(out: &mut Vec<u8>, name: &str) {
    put(out, SCHEMA, &[name]);
}

/// The session's state has changed in some way.
pub fn put_state_change(out: &mut Vec<u8>) {
    out.push(STATE_CHANGE);
    put_lenenc_str(out, b"1");
}

/// The transaction's state: eight letters (MySQL manual, "Server Tracking of Client Session State").
pub fn put_transaction_state(out: &mut Vec<u8>, state: &str) {
    put(out, TRANSACTION_STATE, &[state]);
}

fn put(out: &mut Vec<u8>, kind: u8, texts: &[&str]) {
    let mut data = Vec::new();
    for text in texts {
        put_lenenc_str(&mut data, text.as_bytes());
    }
    out.push(kind);
    put_lenenc_str(out, &data);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_as_servers_write_them() {
        let mut out = Vec::new();
        put_variable(&mut out, "autocommit", "OFF");
        put_schema(&mut out, "d2");
        put_state_change(&mut out);
        put_transaction_state(&mut out, "T_______");
        let told = b"\x00\x0f\x0aautocommit\x03OFF\x01\x03\x02d2\x02\x011\x05\x09\x08T_______";
        assert_eq!(out.escape_ascii().to_string(), told.escape_ascii().to_string());
    }
}
