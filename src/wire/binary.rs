//! Single values in the binary protocol (MySQL source docs, "Binary Protocol Value"), as parameters and in rows.

use std::fmt::Write;

use super::kind;
use super::primitives::{array, lenenc_str, put_lenenc_str, take};
use crate::base::Value;

/// The type of a parameter or a column: MySQL's type byte and whether integers are unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireType {
    /// One of [`kind`]'s bytes.
    pub kind: u8,
    /// Unsigned integer.
    pub unsigned: bool,
}

impl WireType {
    /// A type that is not an unsigned integer.
    pub const fn signed(kind: u8) -> Self {
        Self { kind, unsigned: false }
    }

    /// The type that a value has by itself.
    pub fn of(value: &Value) -> Self {
        Self::signed(match value {
            Value::Null => kind::NULL,
            Value::Int(_) => kind::LONGLONG,
            Value::UInt(_) => return Self { kind: kind::LONGLONG, unsigned: true },
            Value::Decimal(_) => kind::NEWDECIMAL,
            Value::Double(_) => kind::DOUBLE,
            Value::Str(_) => kind::VAR_STRING,
            Value::Bytes(_) => kind::BLOB,
            Value::Date(text) if text.len() <= 10 => kind::DATE,
            Value::Date(_) => kind::DATETIME,
            Value::Time(_) => kind::TIME,
        })
    }
}

/// Takes one value's bytes, its length in front included, from `buf`. `None` for a type that is not on the wire and
/// where the bytes end too early.
pub fn take_value<'a>(buf: &mut &'a [u8], kind: u8) -> Option<&'a [u8]> {
    let len = match kind {
        kind::NULL => 0,
        kind::TINY => 1,
        kind::SHORT | kind::YEAR => 2,
        kind::LONG | kind::INT24 | kind::FLOAT => 4,
        kind::LONGLONG | kind::DOUBLE => 8,
        kind::DATE | kind::NEWDATE | kind::DATETIME | kind::TIMESTAMP | kind::TIME => {
            1 + usize::from(*buf.first()?)
        }
        _ if is_text(kind) => {
            let mut rest = *buf;
            lenenc_str(&mut rest)?;
            buf.len() - rest.len()
        }
        _ => return None,
    };
    take(buf, len)
}

/// Types whose values are bytes with a length in front.
pub fn is_text(kind: u8) -> bool {
    matches!(kind, kind::DECIMAL | kind::VARCHAR | kind::BIT | kind::VECTOR | kind::JSON..=kind::GEOMETRY)
}

/// Reads a row's cell: the bytes of [`take_value`] without the length in front.
pub fn read_cell(wire: WireType, cell: &[u8]) -> Option<Value> {
    match wire.kind {
        kind::DATE | kind::NEWDATE | kind::DATETIME | kind::TIMESTAMP | kind::TIME => {
            let mut bytes = vec![u8::try_from(cell.len()).ok()?];
            bytes.extend_from_slice(cell);
            read_value(wire, &bytes)
        }
        kind if is_text(kind) => Some(text_value(kind, cell)),
        _ => read_value(wire, cell),
    }
}

/// Reads the bytes that [`take_value`] took. `None` where they are no value of the type (a month 13, a date of 5 bytes).
///
/// FLOAT becomes the double that equals it, which is what a server makes of such a parameter (0.1 becomes
/// 0.10000000149011612); written back with its own type it is the same four bytes.
pub fn read_value(wire: WireType, bytes: &[u8]) -> Option<Value> {
    let mut buf = bytes;
    let buf = &mut buf;
    let (signed, unsigned) = match wire.kind {
        kind::NULL => return Some(Value::Null),
        kind::FLOAT => return Some(Value::Double(f64::from(f32::from_le_bytes(array(buf)?)))),
        kind::DOUBLE => return Some(Value::Double(f64::from_le_bytes(array(buf)?))),
        kind::DATE | kind::NEWDATE => return read_date(buf, false),
        kind::DATETIME | kind::TIMESTAMP => return read_date(buf, true),
        kind::TIME => return read_time(buf),
        kind::TINY => {
            let bytes = array(buf)?;
            (i64::from(i8::from_le_bytes(bytes)), u64::from(u8::from_le_bytes(bytes)))
        }
        kind::SHORT | kind::YEAR => {
            let bytes = array(buf)?;
            (i64::from(i16::from_le_bytes(bytes)), u64::from(u16::from_le_bytes(bytes)))
        }
        kind::LONG | kind::INT24 => {
            let bytes = array(buf)?;
            (i64::from(i32::from_le_bytes(bytes)), u64::from(u32::from_le_bytes(bytes)))
        }
        kind::LONGLONG => {
            let bytes = array(buf)?;
            (i64::from_le_bytes(bytes), u64::from_le_bytes(bytes))
        }
        other => return Some(text_value(other, lenenc_str(buf)?)),
    };
    Some(if wire.unsigned { Value::UInt(unsigned) } else { Value::Int(signed) })
}

/// A value of a type whose values are bytes. A DECIMAL that is not plain digits stays a string, for MySQL to convert.
pub fn text_value(kind: u8, bytes: &[u8]) -> Value {
    match kind {
        kind::DECIMAL | kind::NEWDECIMAL => match std::str::from_utf8(bytes) {
            Ok(text) if is_decimal(text) => Value::Decimal(text.to_owned()),
            _ => Value::Str(bytes.to_vec()),
        },
        kind::TINY_BLOB..=kind::BLOB | kind::BIT | kind::GEOMETRY | kind::VECTOR => {
            Value::Bytes(bytes.to_vec())
        }
        _ => Value::Str(bytes.to_vec()),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    digits.len() > usize::from(digits.contains('.'))
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
}

fn read_date(buf: &mut &[u8], with_time: bool) -> Option<Value> {
    let [len] = array(buf)?;
    if len as usize != buf.len() || !matches!(len, 0 | 4 | 7 | 11) {
        return None;
    }
    let (year, [month, day]) =
        if len >= 4 { (u16::from_le_bytes(array(buf)?), array(buf)?) } else { (0, [0; 2]) };
    let [hour, minute, second] = if len >= 7 { array(buf)? } else { [0; 3] };
    let micros = if len >= 11 { u32::from_le_bytes(array(buf)?) } else { 0 };
    if year > 9999 || month > 12 || day > 31 || hour > 23 || minute > 59 || second > 59 || micros > 999_999 {
        return None;
    }
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if with_time {
        let _ = write!(text, " {hour:02}:{minute:02}:{second:02}");
        if micros > 0 {
            let _ = write!(text, ".{micros:06}");
        }
    }
    Some(Value::Date(text))
}

fn read_time(buf: &mut &[u8]) -> Option<Value> {
    let [len] = array(buf)?;
    if len as usize != buf.len() || !matches!(len, 0 | 8 | 12) {
        return None;
    }
    if len == 0 {
        return Some(Value::Time("00:00:00".to_owned()));
    }
    let ([negative], days) = (array(buf)?, u32::from_le_bytes(array(buf)?));
    let [hour, minute, second] = array(buf)?;
    let micros = if len == 12 { u32::from_le_bytes(array(buf)?) } else { 0 };
    if minute > 59 || second > 59 || micros > 999_999 {
        return None;
    }
    let hours = u64::from(days) * 24 + u64::from(hour);
    let sign = if negative == 0 { "" } else { "-" };
    let fraction = if micros > 0 { format!(".{micros:06}") } else { String::new() };
    Some(Value::Time(format!("{sign}{hours:02}:{minute:02}:{second:02}{fraction}")))
}

/// Appends a value in a type's wire form. `None`, with nothing appended, where the value is none of the type's:
/// another class, out of range, or a FLOAT that would lose digits. NULL is never a value here: bitmaps carry it.
pub fn put_value(out: &mut Vec<u8>, wire: WireType, value: &Value) -> Option<()> {
    match (wire.kind, value) {
        (kind::FLOAT, Value::Double(double)) => {
            let float = *double as f32;
            if f64::from(float).to_bits() != double.to_bits() {
                return None;
            }
            out.extend_from_slice(&float.to_le_bytes());
        }
        (kind::DOUBLE, Value::Double(double)) => out.extend_from_slice(&double.to_le_bytes()),
        (kind::DATE | kind::NEWDATE, Value::Date(text)) => {
            put_date(out, &parse_date(text).filter(|d| !d.has_time)?);
        }
        (kind::DATETIME | kind::TIMESTAMP, Value::Date(text)) => {
            put_date(out, &parse_date(text).filter(|d| d.has_time)?);
        }
        (kind::TIME, Value::Time(text)) => put_time(out, text)?,
        (_, Value::Int(int)) => put_int(out, wire, i128::from(*int))?,
        (_, Value::UInt(int)) => put_int(out, wire, i128::from(*int))?,
        (kind::DECIMAL | kind::NEWDECIMAL, Value::Decimal(text)) => put_lenenc_str(out, text.as_bytes()),
        (kind, Value::Str(bytes) | Value::Bytes(bytes)) if is_text(kind) => put_lenenc_str(out, bytes),
        _ => return None,
    }
    Some(())
}

fn put_int(out: &mut Vec<u8>, wire: WireType, value: i128) -> Option<()> {
    let width = match wire.kind {
        kind::TINY => 1,
        kind::SHORT | kind::YEAR => 2,
        kind::LONG | kind::INT24 => 4,
        kind::LONGLONG => 8,
        _ => return None,
    };
    let bits = 8 * width as u32;
    let range = if wire.unsigned { 0..1i128 << bits } else { -(1i128 << (bits - 1))..1i128 << (bits - 1) };
    if !range.contains(&value) {
        return None;
    }
    out.extend_from_slice(&value.to_le_bytes()[..width]);
    Some(())
}

struct Date {
    year: u16,
    rest: [u8; 5],
    micros: u32,
    has_time: bool,
}

fn parse_date(text: &str) -> Option<Date> {
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time)));
    let mut parts = date.splitn(3, '-');
    let year = number::<u16>(parts.next()?)?;
    let (month, day) = (number(parts.next()?)?, number(parts.next()?)?);
    let (clock, micros) = match time {
        Some(time) => parse_clock(time)?,
        None => ((0, 0, 0), 0),
    };
    let hour = u8::try_from(clock.0).ok()?;
    Some(Date { year, rest: [month, day, hour, clock.1, clock.2], micros, has_time: time.is_some() })
}

fn parse_clock(text: &str) -> Option<((u64, u8, u8), u32)> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.splitn(3, ':');
    let hms = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if fraction.len() > 6 {
        return None;
    }
    let micros =
        if fraction.is_empty() { 0 } else { number::<u32>(fraction)? * 10u32.pow(6 - fraction.len() as u32) };
    Some((hms, micros))
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

fn put_date(out: &mut Vec<u8>, date: &Date) {
    let Date { year, rest, micros, .. } = *date;
    let len = match (micros, &rest[2..]) {
        (0, [0, 0, 0]) if year == 0 && rest == [0; 5] => 0,
        (0, [0, 0, 0]) => 4,
        (0, _) => 7,
        _ => 11,
    };
    let mut bytes = [0; 11];
    bytes[..2].copy_from_slice(&year.to_le_bytes());
    bytes[2..7].copy_from_slice(&rest);
    bytes[7..].copy_from_slice(&micros.to_le_bytes());
    out.push(len as u8);
    out.extend_from_slice(&bytes[..len]);
}

fn put_time(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let positive = text.strip_prefix('-');
    let ((hours, minute, second), micros) = parse_clock(positive.unwrap_or(text))?;
    let days = u32::try_from(hours / 24).ok()?;
    if (hours, minute, second, micros) == (0, 0, 0, 0) {
        out.push(0);
        return Some(());
    }
    out.push(if micros > 0 { 12 } else { 8 });
    out.push(u8::from(positive.is_some()));
    out.extend_from_slice(&days.to_le_bytes());
    out.extend_from_slice(&[(hours % 24) as u8, minute, second]);
    if micros > 0 {
        out.extend_from_slice(&micros.to_le_bytes());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(wire: WireType, value: &Value) -> Value {
        let mut out = Vec::new();
        put_value(&mut out, wire, value).unwrap();
        let mut buf = &out[..];
        assert_eq!(take_value(&mut buf, wire.kind).unwrap(), out);
        read_value(wire, &out).unwrap()
    }

    #[test]
    fn values_come_back() {
        let text = |s: &str| s.to_owned();
        let cases = [
            (kind::TINY, Value::Int(-128)),
            (kind::SHORT, Value::Int(-32768)),
            (kind::YEAR, Value::Int(2155)),
            (kind::INT24, Value::Int(-5)),
            (kind::LONG, Value::Int(i32::MAX.into())),
            (kind::LONGLONG, Value::Int(i64::MIN)),
            (kind::FLOAT, Value::Double(f64::from(0.1f32))),
            (kind::DOUBLE, Value::Double(0.1)),
            (kind::NEWDECIMAL, Value::Decimal(text("-12.50"))),
            (kind::NEWDECIMAL, Value::Str(b"1e5".to_vec())),
            (kind::VAR_STRING, Value::Str(b"x".repeat(300))),
            (kind::JSON, Value::Str(b"{}".to_vec())),
            (kind::BLOB, Value::Bytes(vec![0, 255])),
            (kind::BIT, Value::Bytes(vec![1])),
            (kind::DATE, Value::Date(text("0000-00-00"))),
            (kind::DATE, Value::Date(text("2024-02-29"))),
            (kind::DATETIME, Value::Date(text("0000-00-00 00:00:00"))),
            (kind::DATETIME, Value::Date(text("2024-02-29 00:00:00"))),
            (kind::TIMESTAMP, Value::Date(text("2024-02-29 23:59:58"))),
            (kind::DATETIME, Value::Date(text("9999-12-31 23:59:59.000001"))),
            (kind::TIME, Value::Time(text("00:00:00"))),
            (kind::TIME, Value::Time(text("-838:59:59"))),
            (kind::TIME, Value::Time(text("25:00:00.500000"))),
        ];
        for (kind, value) in cases {
            assert_eq!(round(WireType::signed(kind), &value), value);
        }
        for (kind, max) in [(kind::TINY, 255), (kind::SHORT, 65535), (kind::LONGLONG, u64::MAX)] {
            let wire = WireType { kind, unsigned: true };
            assert_eq!(round(wire, &Value::UInt(max)), Value::UInt(max));
        }
    }

    #[test]
    fn values_that_do_not_fit_append_nothing() {
        let mut out = Vec::new();
        for (kind, value) in [
            (kind::TINY, Value::Int(128)),
            (kind::FLOAT, Value::Double(0.1)),
            (kind::LONG, Value::Str(b"1".to_vec())),
            (kind::DATE, Value::Date("2024-01-01 00:00:01".into())),
            (kind::DATE, Value::Date("2024-01".into())),
            (kind::TIME, Value::Time("1:2".into())),
            (kind::NULL, Value::Null),
        ] {
            assert_eq!(put_value(&mut out, WireType::signed(kind), &value), None, "{value:?}");
        }
        assert_eq!(put_value(&mut out, WireType { kind: kind::LONG, unsigned: true }, &Value::Int(-1)), None);
        assert!(out.is_empty());
    }

    #[test]
    fn impossible_dates_are_none() {
        for bytes in [&[5, 0, 0, 1, 1, 1][..], &[4, 0, 0, 13, 1], &[4, 0x10, 0x27, 1, 1], &[4, 0, 0, 1]] {
            assert_eq!(read_value(WireType::signed(kind::DATE), bytes), None);
        }
        assert_eq!(read_value(WireType::signed(kind::TIME), &[8, 0, 0, 0, 0, 0, 1, 60, 0]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_do_not(kind: u8, unsigned: bool, bytes: Vec<u8>) {
            let mut buf = &bytes[..];
            let wire = WireType { kind, unsigned };
            if let Some(span) = take_value(&mut buf, kind)
                && let Some(value) = read_value(wire, span) {
                let mut out = Vec::new();
                let _ = put_value(&mut out, wire, &value);
            }
            let _ = read_value(wire, &bytes);
        }

        #[test]
        fn any_text_encodes_or_does_not(text: String) {
            let mut out = Vec::new();
            for value in [Value::Date(text.clone()), Value::Time(text.clone())] {
                let _ = put_value(&mut out, WireType::of(&value), &value);
            }
            let _ = is_decimal(&text);
        }
    }
}
