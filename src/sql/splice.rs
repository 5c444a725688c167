//! Shardgate's own pieces of SQL text: literals and quoted names that every sql_mode reads alike.

use super::lex::{Kind, Lexer, Mode};
use crate::base::{Value, put_hex};

/// A value as an SQL literal. Strings are in the connection's character set, as they were when they came in.
pub fn literal(value: &Value, mode: Mode) -> String {
    let mut out = Vec::new();
    put_literal(value, mode, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends a value as an SQL literal: bytes, because a string may be in any character set.
pub fn put_literal(value: &Value, mode: Mode, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"NULL"),
        Value::Int(n) => out.extend_from_slice(n.to_string().as_bytes()),
        Value::UInt(n) => out.extend_from_slice(n.to_string().as_bytes()),
        Value::Decimal(text) => out.extend_from_slice(text.as_bytes()),
        // The exponent makes it a floating-point literal; 17 digits tell every double apart.
        Value::Double(double) => out.extend_from_slice(format!("{double:e}").as_bytes()),
        Value::Str(bytes) => put_string(bytes, mode, out),
        Value::Bytes(bytes) => {
            out.extend_from_slice(b"x'");
            put_hex(bytes, out);
            out.push(b'\'');
        }
        Value::Date(text) | Value::Time(text) => put_string(text.as_bytes(), mode, out),
    }
}

fn put_string(bytes: &[u8], mode: Mode, out: &mut Vec<u8>) {
    out.push(b'\'');
    for &byte in bytes {
        match byte {
            b'\'' => out.extend_from_slice(b"''"),
            b'\\' if !mode.no_backslash_escapes => out.extend_from_slice(b"\\\\"),
            _ => out.push(byte),
        }
    }
    out.push(b'\'');
}

/// A text with values in the places of its `?`. `None`: there are more or fewer of them.
pub fn inline(sql: &[u8], values: &[Value], mode: Mode) -> Option<Vec<u8>> {
    let (mut text, mut at, mut values) = (Vec::with_capacity(sql.len()), 0, values.iter());
    let mut lexer = Lexer::new(sql, mode);
    loop {
        let token = lexer.token();
        match token.kind {
            Kind::End | Kind::Bad => break,
            Kind::Param => {
                text.extend_from_slice(sql.get(at..token.start as usize)?);
                put_literal(values.next()?, mode, &mut text);
                at = token.end as usize;
            }
            _ => {}
        }
    }
    text.extend_from_slice(sql.get(at..)?);
    values.next().is_none().then_some(text)
}

/// A name in backticks.
pub fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_back_as_they_were() {
        let plain = Mode::default();
        let cases = [
            (Value::Null, "NULL"),
            (Value::Int(-5), "-5"),
            (Value::UInt(u64::MAX), "18446744073709551615"),
            (Value::Decimal("1.50".into()), "1.50"),
            (Value::Double(0.1), "1e-1"),
            (Value::Str(b"it's \\ here".to_vec()), "'it''s \\\\ here'"),
            (Value::Bytes(vec![0, 255]), "x'00FF'"),
            (Value::Date("2024-02-29".into()), "'2024-02-29'"),
        ];
        for (value, text) in cases {
            assert_eq!(literal(&value, plain), text);
        }
        let mode = Mode { no_backslash_escapes: true, ..plain };
        assert_eq!(literal(&Value::Str(b"a\\b".to_vec()), mode), "'a\\b'");
    }
}
