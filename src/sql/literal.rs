//! Literals of a statement's text → values (MySQL manual, "Literal Values").

use super::lex::Mode;
use crate::base::Value;

/// How a literal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LiteralKind {
    /// Digits.
    Int,
    /// Digits with a point.
    Decimal,
    /// With an exponent.
    Float,
    /// One or more adjacent strings, possibly after `N` or an introducer of a UTF-8 character set.
    Str,
    /// A string after `_binary`.
    Binary,
    /// `0x…` or `x'…'`
    Hex,
    /// `0b…` or `b'…'`
    Bit,
    /// `DATE '…'` or `TIMESTAMP '…'` in canonical form.
    Date,
    /// `TIME '…'` in canonical form.
    Time,
}

/// One literal of a statement: where it stands in the original text, and where its `?` stands in the shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal {
    /// First byte in the original (prefix or introducer included).
    pub start: u32,
    /// One past the last byte in the original.
    pub end: u32,
    /// The byte offset of its `?` in the shape.
    pub shape_pos: u32,
    /// How it is written.
    pub kind: LiteralKind,
}

impl Literal {
    /// Its bytes in the original text.
    pub fn of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or(&[])
    }

    /// What it means. `text` is the original text.
    pub fn value(&self, text: &[u8], mode: Mode) -> Value {
        decode(self.of(text), self.kind, mode)
    }
}

/// The meaning of a literal's bytes.
pub fn decode(bytes: &[u8], kind: LiteralKind, mode: Mode) -> Value {
    match kind {
        LiteralKind::Int => integer(bytes, false),
        LiteralKind::Decimal => Value::Decimal(decimal(bytes)),
        LiteralKind::Float => Value::Double(ascii(bytes).parse().unwrap_or(f64::INFINITY)),
        LiteralKind::Str => Value::Str(string(bytes, mode)),
        LiteralKind::Binary => Value::Bytes(string(bytes, mode)),
        LiteralKind::Hex => Value::Bytes(hex(digits_of(bytes))),
        LiteralKind::Bit => Value::Bytes(bits(digits_of(bytes))),
        LiteralKind::Date => Value::Date(string_text(bytes, mode)),
        LiteralKind::Time => Value::Time(string_text(bytes, mode)),
    }
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("")
}

fn string_text(bytes: &[u8], mode: Mode) -> String {
    String::from_utf8_lossy(&string(bytes, mode)).into_owned()
}

/// An integer literal; beyond 64 bits it is a DECIMAL, as in MySQL.
pub(super) fn integer(digits: &[u8], negative: bool) -> Value {
    let text = ascii(digits);
    let Ok(value) = text.parse::<u64>() else {
        let text = text.trim_start_matches('0');
        return Value::Decimal(if negative { format!("-{text}") } else { text.to_owned() });
    };
    if !negative {
        return i64::try_from(value).map_or(Value::UInt(value), Value::Int);
    }
    match 0i64.checked_sub_unsigned(value) {
        Some(value) => Value::Int(value),
        None => Value::Decimal(format!("-{value}")),
    }
}

/// `.5` → `0.5`, `5.` → `5`.
fn decimal(bytes: &[u8]) -> String {
    let text = ascii(bytes);
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.starts_with('.') { format!("0{text}") } else { text.to_owned() }
}

/// The same value with its sign turned; `None` for values that have no sign.
pub fn negate(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Null => Value::Null,
        Value::Int(v) => match v.checked_neg() {
            Some(v) => Value::Int(v),
            None => Value::UInt(v.unsigned_abs()),
        },
        Value::UInt(v) => match 0i64.checked_sub_unsigned(*v) {
            Some(v) => Value::Int(v),
            None => Value::Decimal(format!("-{v}")),
        },
        Value::Decimal(text) => Value::Decimal(match text.strip_prefix('-') {
            Some(rest) => rest.to_owned(),
            None => format!("-{text}"),
        }),
        Value::Double(v) => Value::Double(-v),
        _ => return None,
    })
}

/// The digits of `0x4D`, `x'4D'`, `0b1`, `b'1'`.
fn digits_of(bytes: &[u8]) -> &[u8] {
    let body = bytes.get(2..).unwrap_or(&[]);
    body.strip_suffix(b"'").unwrap_or(body)
}

fn hex(digits: &[u8]) -> Vec<u8> {
    let nibble = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
    let odd = digits.len() % 2;
    let mut out = Vec::with_capacity(digits.len() / 2 + odd);
    if odd == 1 {
        out.push(nibble(digits[0]));
    }
    out.extend(digits[odd..].chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])));
    out
}

fn bits(digits: &[u8]) -> Vec<u8> {
    let mut out = vec![0u8; digits.len().div_ceil(8)];
    for (i, _) in digits.iter().rev().enumerate().filter(|(_, d)| **d == b'1') {
        let last = out.len() - 1;
        out[last - i / 8] |= 1 << (i % 8);
    }
    out
}

/// The content of adjacent strings, past any prefix (`N`, `_utf8mb4`, `DATE`) and over comments between them.
pub(super) fn string(bytes: &[u8], mode: Mode) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut lexer = super::lex::Lexer::new(bytes, Mode { ansi_quotes: false, ..mode });
    loop {
        let token = lexer.token();
        match token.kind {
            super::lex::Kind::End | super::lex::Kind::Bad => return out,
            super::lex::Kind::Str => unquote(token.of(bytes), mode, &mut out),
            super::lex::Kind::NationalStr => unquote(&token.of(bytes)[1..], mode, &mut out),
            _ => {}
        }
    }
}

/// One quoted string's content.
fn unquote(quoted: &[u8], mode: Mode, out: &mut Vec<u8>) {
    let Some((&quote, rest)) = quoted.split_first() else { return };
    let body = rest.strip_suffix(&[quote]).unwrap_or(rest);
    let mut i = 0;
    while let Some(&b) = body.get(i) {
        if b == quote {
            out.push(b);
            i += 2;
        } else if b == b'\\' && !mode.no_backslash_escapes {
            let Some(&next) = body.get(i + 1) else { return };
            match next {
                b'0' => out.push(0),
                b'b' => out.push(8),
                b'n' => out.push(b'\n'),
                b'r' => out.push(b'\r'),
                b't' => out.push(b'\t'),
                b'Z' => out.push(26),
                b'%' | b'_' => out.extend_from_slice(&[b'\\', next]),
                _ => out.push(next),
            }
            i += 2;
        } else {
            out.push(b);
            i += 1;
        }
    }
}

/// Identifiers: the text without its quotes. Bytes that are not UTF-8 are read as Latin-1, one character a byte.
pub(super) fn identifier(bytes: &[u8]) -> String {
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&b| b as char).collect(),
    };
    match bytes.first() {
        Some(&quote @ (b'`' | b'"')) if bytes.len() >= 2 => {
            let body = text(&bytes[1..bytes.len() - 1]);
            let quote = quote as char;
            body.replace(&format!("{quote}{quote}"), &quote.to_string())
        }
        _ => text(bytes),
    }
}

/// Whether the content of `DATE '…'` is canonical: `YYYY-MM-DD`.
pub(super) fn canonical_date(body: &[u8]) -> bool {
    body.len() == 10
        && body
            .iter()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

/// Whether the content of `TIMESTAMP '…'` is canonical: `YYYY-MM-DD hh:mm:ss[.ffffff]`.
pub(super) fn canonical_datetime(body: &[u8]) -> bool {
    match (body.get(..10), body.get(10), body.get(11..)) {
        (Some(date), Some(b' '), Some(time)) => {
            canonical_date(date) && time.get(2) == Some(&b':') && canonical_time(time)
        }
        _ => false,
    }
}

/// Whether the content of `TIME '…'` is canonical: `[-]hh[h]:mm:ss[.ffffff]`.
pub(super) fn canonical_time(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"-").unwrap_or(body);
    let hours = body.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(2..=3).contains(&hours) {
        return false;
    }
    let Some((clock, fraction)) = body[hours..].split_at_checked(6) else { return false };
    let shaped =
        clock.iter().enumerate().all(|(i, b)| if i % 3 == 0 { *b == b':' } else { b.is_ascii_digit() });
    shaped
        && match fraction.split_first() {
            None => true,
            Some((b'.', digits)) => (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
            Some(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, kind: LiteralKind) -> Value {
        decode(text.as_bytes(), kind, Mode::default())
    }

    #[test]
    fn numbers() {
        use LiteralKind::{Decimal, Float, Int};
        assert_eq!(value("0012", Int), Value::Int(12));
        assert_eq!(value("9223372036854775808", Int), Value::UInt(9_223_372_036_854_775_808));
        assert_eq!(value("018446744073709551616", Int), Value::Decimal("18446744073709551616".into()));
        assert_eq!(integer(b"9223372036854775808", true), Value::Int(i64::MIN));
        assert_eq!(integer(b"9223372036854775809", true), Value::Decimal("-9223372036854775809".into()));
        assert_eq!(value(".5", Decimal), Value::Decimal("0.5".into()));
        assert_eq!(value("5.", Decimal), Value::Decimal("5".into()));
        assert_eq!(value("1.e5", Float), Value::Double(1e5));
        assert_eq!(value(".5E-1", Float), Value::Double(0.05));
        assert_eq!(negate(&Value::Int(i64::MIN)), Some(Value::UInt(1 << 63)));
        assert_eq!(negate(&Value::UInt(1 << 63)), Some(Value::Int(i64::MIN)));
    }

    #[test]
    fn strings_and_bytes() {
        use LiteralKind::{Binary, Bit, Hex, Str};
        let str = |bytes: &[u8]| Value::Str(bytes.to_vec());
        assert_eq!(value(r"'a\'b''c\n\%\_\x\0\\'", Str), str(b"a'b'c\n\\%\\_x\0\\"));
        assert_eq!(value("'a' /* x */ \"b\"\"\" 'c'", Str), str(b"ab\"c"));
        assert_eq!(value("N'a'", Str), str(b"a"));
        assert_eq!(value("_utf8mb4 'a'", Str), str(b"a"));
        assert_eq!(value("_binary'\\0'", Binary), Value::Bytes(vec![0]));
        assert_eq!(value("x'4d4E'", Hex), Value::Bytes(b"MN".to_vec()));
        assert_eq!(value("0xabc", Hex), Value::Bytes(vec![0xa, 0xbc]));
        assert_eq!(value("b'1000000001'", Bit), Value::Bytes(vec![2, 1]));
        assert_eq!(value("b''", Bit), Value::Bytes(vec![]));
        let plain = Mode { no_backslash_escapes: true, ..Mode::default() };
        assert_eq!(decode(br"'a\'", Str, plain), str(br"a\"));
    }

    #[test]
    fn temporal_forms() {
        assert!(
            canonical_date(b"2020-01-31") && !canonical_date(b"2020-1-31") && !canonical_date(b"20200131")
        );
        assert!(canonical_datetime(b"2020-01-31 10:00:00.5") && !canonical_datetime(b"2020-01-31T10:00:00"));
        assert!(canonical_time(b"-838:59:59") && canonical_time(b"10:00:00") && !canonical_time(b"10:00"));
    }

    #[test]
    fn identifiers_lose_their_quotes() {
        assert_eq!(identifier(b"`a``b`"), "a`b");
        assert_eq!(identifier(b"a\xe9"), "a\u{e9}");
    }
}
