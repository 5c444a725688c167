//! Packets of the MySQL protocol, to and from what the tests' client speaks in. Shares no code with Shardgate.

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::client::{Cell, Column, Param, Refusal};

/// A status flag: the packet tells what has changed in the session.
const SESSION_STATE_CHANGED: u16 = 0x4000;

/// An OK packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    pub affected: u64,
    pub last_id: u64,
    pub status: u16,
    pub warnings: u16,
    pub info: String,
    /// What it says of the session: variables, the database, any change, the transaction's state.
    pub changes: Vec<String>,
}

impl Param {
    pub fn kind(&self) -> [u8; 2] {
        match self {
            Self::Null => [6, 0],
            Self::Int(_) => [8, 0],
            Self::UInt(_) => [8, 0x80],
            Self::Double(_) => [5, 0],
            Self::Decimal(_) => [246, 0],
            Self::Str(_) => [253, 0],
            Self::Blob(_) => [252, 0],
            Self::DateTime(..) => [12, 0],
            Self::Date(..) => [10, 0],
            Self::Time(..) => [11, 0],
        }
    }

    pub fn put(&self, out: &mut Vec<u8>) {
        let mut string = |bytes: &[u8]| {
            out.push(0xFE);
            out.extend((bytes.len() as u64).to_le_bytes());
            out.extend(bytes);
        };
        match self {
            Self::Null => {}
            Self::Int(n) => out.extend(n.to_le_bytes()),
            Self::UInt(n) => out.extend(n.to_le_bytes()),
            Self::Double(n) => out.extend(n.to_le_bytes()),
            Self::Decimal(text) | Self::Str(text) => string(text.as_bytes()),
            Self::Blob(bytes) => string(bytes),
            Self::DateTime(year, month, day, hour, minute, second, micros) => {
                out.push(11);
                out.extend(year.to_le_bytes());
                out.extend([month, day, hour, minute, second]);
                out.extend(micros.to_le_bytes());
            }
            Self::Date(year, month, day) => {
                out.push(4);
                out.extend(year.to_le_bytes());
                out.extend([month, day]);
            }
            Self::Time(negative, days, hours, minutes, seconds, micros) => {
                out.push(12);
                out.push(u8::from(*negative));
                out.extend(days.to_le_bytes());
                out.extend([hours, minutes, seconds]);
                out.extend(micros.to_le_bytes());
            }
        }
    }
}

/// The answer to a scramble, by the plugin's rule.
pub fn proof(plugin: &str, password: &str, scramble: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let xor = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    if plugin == "caching_sha2_password" {
        let once = Sha256::digest(password);
        let twice = Sha256::digest(once);
        xor(&once, &Sha256::new().chain_update(twice).chain_update(scramble).finalize())
    } else {
        let once = Sha1::digest(password);
        let twice = Sha1::digest(once);
        xor(&once, &Sha1::new().chain_update(scramble).chain_update(twice).finalize())
    }
}

pub fn refusal(packet: &[u8]) -> Refusal {
    let mut bytes = Bytes(&packet[1..]);
    let errno = bytes.number(2) as u16;
    let mut state = "HY000".to_owned();
    if bytes.0.first() == Some(&b'#') {
        bytes.take(1);
        state = String::from_utf8_lossy(bytes.take(5)).into_owned();
    }
    Refusal { errno, state, message: String::from_utf8_lossy(bytes.0).into_owned() }
}

pub fn done(packet: &[u8]) -> Done {
    let mut bytes = Bytes(&packet[1..]);
    let (affected, last_id) = (bytes.length(), bytes.length());
    let (status, warnings) = (bytes.number(2) as u16, bytes.number(2) as u16);
    let info = if bytes.0.is_empty() { String::new() } else { bytes.text() };
    let mut changes = Vec::new();
    if status & SESSION_STATE_CHANGED != 0 {
        let length = bytes.length() as usize;
        let mut told = Bytes(bytes.take(length));
        while !told.0.is_empty() {
            let (kind, length) = (told.number(1), told.length() as usize);
            let mut data = Bytes(told.take(length));
            changes.push(match kind {
                0 => format!("{} = {}", data.text(), data.text()),
                1 => format!("database {}", data.text()),
                2 => format!("changed {}", String::from_utf8_lossy(data.take(length))),
                kind => format!("{kind}: {}", data.text()),
            });
            assert!(data.0.is_empty(), "{changes:?} and {:?}", data.0);
        }
    }
    // An OK packet has nothing behind what its flags say; an EOF packet is shorter.
    assert!(packet.len() < 7 || bytes.0.is_empty(), "{}", packet.escape_ascii());
    Done { affected, last_id, status, warnings, info, changes }
}

pub fn column(packet: &[u8]) -> Column {
    let mut bytes = Bytes(packet);
    bytes.text();
    let (schema, table, org_table) = (bytes.text(), bytes.text(), bytes.text());
    let (name, org_name) = (bytes.text(), bytes.text());
    bytes.length();
    let charset = bytes.number(2) as u16;
    let length = bytes.number(4) as u32;
    let kind = bytes.number(1) as u8;
    let flags = bytes.number(2) as u16;
    let decimals = bytes.number(1) as u8;
    Column { schema, table, org_table, name, org_name, charset, length, kind, flags, decimals }
}

pub fn text_row(packet: &[u8], columns: usize) -> Vec<Cell> {
    let mut bytes = Bytes(packet);
    let row = (0..columns)
        .map(|_| {
            if bytes.0.first() == Some(&0xFB) {
                bytes.take(1);
                return Cell::Null;
            }
            let length = bytes.length() as usize;
            Cell::Bytes(bytes.take(length).to_vec())
        })
        .collect();
    assert!(bytes.0.is_empty(), "bytes after a row: {}", bytes.0.escape_ascii());
    row
}

pub fn binary_row(packet: &[u8], columns: &[Column]) -> Vec<Cell> {
    let mut bytes = Bytes(&packet[1..]);
    let nulls = bytes.take((columns.len() + 2).div_ceil(8)).to_vec();
    let row = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let bit = place + 2;
            if nulls[bit / 8] >> (bit % 8) & 1 == 1 { Cell::Null } else { binary_cell(&mut bytes, column) }
        })
        .collect();
    assert!(bytes.0.is_empty(), "bytes after a row: {}", bytes.0.escape_ascii());
    row
}

fn binary_cell(bytes: &mut Bytes, column: &Column) -> Cell {
    let unsigned = column.flags & 0x20 != 0;
    let mut integer = |width: usize| {
        let raw = bytes.number(width);
        let shift = 64 - 8 * width as u32;
        if unsigned { Cell::UInt(raw) } else { Cell::Int((raw << shift).cast_signed() >> shift) }
    };
    match column.kind {
        1 => integer(1),
        2 | 13 => integer(2),
        3 | 9 => integer(4),
        8 => integer(8),
        4 => Cell::Float(f32::from_bits(bytes.number(4) as u32)),
        5 => Cell::Double(f64::from_bits(bytes.number(8))),
        7 | 10 | 12 => Cell::Moment(date_time(bytes)),
        11 => Cell::Moment(time(bytes)),
        _ => {
            let length = bytes.length() as usize;
            Cell::Bytes(bytes.take(length).to_vec())
        }
    }
}

fn date_time(bytes: &mut Bytes) -> String {
    let length = bytes.number(1) as usize;
    let mut part = Bytes(bytes.take(length));
    let mut n = |width| part.number_or_zero(width);
    let (year, month, day, hour, minute, second, micros) = (n(2), n(1), n(1), n(1), n(1), n(1), n(4));
    format!("[{length}]{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}")
}

fn time(bytes: &mut Bytes) -> String {
    let length = bytes.number(1) as usize;
    let mut part = Bytes(bytes.take(length));
    let mut n = |width| part.number_or_zero(width);
    let (negative, days, hours, minutes, seconds, micros) = (n(1), n(4), n(1), n(1), n(1), n(4));
    let sign = if negative == 1 { "-" } else { "" };
    format!("[{length}]{sign}{days} {hours:02}:{minutes:02}:{seconds:02}.{micros:06}")
}

/// Bytes that are taken from the front. Ends a test where they end too early.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        assert!(count <= self.0.len(), "a packet ends too early: {} of {count}", self.0.len());
        let (head, tail) = self.0.split_at(count);
        self.0 = tail;
        head
    }

    pub fn number(&mut self, width: usize) -> u64 {
        self.take(width).iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte))
    }

    /// A string with its length in front.
    fn text(&mut self) -> String {
        let length = self.length() as usize;
        String::from_utf8_lossy(self.take(length)).into_owned()
    }

    fn number_or_zero(&mut self, width: usize) -> u64 {
        if self.0.is_empty() { 0 } else { self.number(width) }
    }

    pub fn length(&mut self) -> u64 {
        match self.number(1) {
            0xFC => self.number(2),
            0xFD => self.number(3),
            0xFE => self.number(8),
            short => short,
        }
    }

    pub fn zero_ended(&mut self) -> String {
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(self.0.len());
        let text = String::from_utf8_lossy(self.take(end)).into_owned();
        self.0 = self.0.get(1..).unwrap_or_default();
        text
    }
}
