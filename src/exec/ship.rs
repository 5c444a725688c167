//! Rows of the binary protocol as literals, so that a server that gets them has the very values that another one gave:
//! of the same type where it matters, and the same bytes in the same character set.

use super::json;
use crate::base::{Error, Result, Value, put_hex};
use crate::plan::ir::Stored;
use crate::wire::binary::{WireType, read_cell};
use crate::wire::column::{BINARY_CHARSET, ColumnDef, NOT_FIXED, flag, kind};

/// Character sets in which no byte of a longer character looks like ASCII.
pub const PLAIN: [&str; 28] = [
    "utf8mb4", "utf8mb3", "utf8", "ascii", "binary", "latin1", "latin2", "latin5", "latin7", "cp1250",
    "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "armscii8", "dec8", "geostd8", "greek",
    "hebrew", "hp8", "keybcs2", "koi8r", "koi8u", "macce", "macroman", "tis620",
];

/// How the values of one column are written.
#[derive(Debug, Clone)]
pub struct Writer {
    wire: WireType,
    form: Form,
    stored: Stored,
    /// Digits after the point.
    decimals: u8,
}

#[derive(Debug, Clone)]
enum Form {
    /// `1`, `-5.0`
    Number,
    /// A number whose text is filled up with zeros to so many digits, as YEAR and ZEROFILL are.
    Filled(usize),
    /// FLOAT; DOUBLE
    Float,
    Double,
    /// BIT
    Bits,
    Temporal,
    /// Bytes behind a character set's introducer: in quotes, or in hexadecimal digits.
    Quoted(String),
    Hex(String),
}

impl Writer {
    /// How values of a column, read with `character_set_results = NULL`, are written for what they are `stored` in.
    /// `charset` tells a collation's character set, `client` is the one that statements are read in.
    ///
    /// # Errors
    /// 1235 where a value's meaning depends on its column in a way that no literal has.
    pub fn new(
        column: &ColumnDef,
        stored: Stored,
        charset: impl Fn(u16) -> Option<String>,
        client: &str,
    ) -> Result<Self> {
        let wire = WireType { kind: column.kind, unsigned: column.is_unsigned() };
        let text = |name: String| {
            let plain = |name: &str| PLAIN.contains(&name);
            if plain(&name) && plain(client) { Form::Quoted(name) } else { Form::Hex(name) }
        };
        let form = match column.kind {
            kind::YEAR if as_text(stored) => Form::Filled(4),
            _ if column.has(flag::ZEROFILL) && as_text(stored) && column.is_integer() => {
                Form::Filled(column.length as usize)
            }
            _ if column.is_integer() || column.is_decimal() || column.kind == kind::NULL => Form::Number,
            kind::FLOAT => Form::Float,
            kind::DOUBLE => Form::Double,
            kind::BIT => Form::Bits,
            kind::DATE | kind::NEWDATE | kind::DATETIME | kind::TIMESTAMP | kind::TIME => Form::Temporal,
            kind::JSON => text("utf8mb4".to_owned()),
            _ if column.is_enum_or_set() && !as_text(stored) => {
                return Err(Error::refused(
                    format!("the ENUM or SET '{}' would be stored as its number", column.label()),
                    format!("select {} + 0", column.label()),
                ));
            }
            _ if column.charset == BINARY_CHARSET => text("binary".to_owned()),
            _ => text(charset(column.charset).ok_or_else(|| {
                Error::refused(
                    format!(
                        "the character set of '{}' (collation {}) is not known",
                        column.label(),
                        column.charset
                    ),
                    "CONVERT it USING utf8mb4",
                )
            })?),
        };
        Ok(Self { wire, form, stored, decimals: column.decimals })
    }

    /// The character set of its strings.
    pub fn charset(&self) -> Option<&str> {
        match &self.form {
            Form::Quoted(name) | Form::Hex(name) => Some(name),
            _ => None,
        }
    }

    /// The minute of a TIMESTAMP that is stored as one, by the session's clock; `None` of any other cell.
    pub fn minute(&self, cell: Option<&[u8]>) -> Option<String> {
        if self.wire.kind != kind::TIMESTAMP || self.stored != Stored::Stamp {
            return None;
        }
        match read_cell(self.wire, cell?)? {
            Value::Date(text) if !text.starts_with("0000") => Some(text.get(..16)?.to_owned()),
            _ => None,
        }
    }

    /// # Errors
    /// 1235 of a JSON value whose text does not tell all that it is, and that is stored as JSON.
    pub fn check(&self, cell: Option<&[u8]>) -> Result<()> {
        let (kind::JSON, Stored::Json, Some(cell)) = (self.wire.kind, self.stored, cell) else {
            return Ok(());
        };
        match json::ambiguous(cell) {
            None => Ok(()),
            Some(part) => Err(Error::refused(
                format!("{part} in a JSON value may be of a type that its text does not tell"),
                "select CAST(… AS CHAR), which gives the text: its fractions are DOUBLE, its dates strings",
            )),
        }
    }

    /// A cell's value; `None`: it is none of its type.
    pub fn value(&self, cell: Option<&[u8]>) -> Option<Value> {
        match (cell, &self.form) {
            (None, _) => Some(Value::Null),
            (Some(cell), Form::Quoted(name) | Form::Hex(name)) if name != "binary" => {
                Some(Value::Str(cell.to_vec()))
            }
            (Some(cell), _) => read_cell(self.wire, cell),
        }
    }

    /// Whether a file that is read with CHARACTER SET binary can hold its values ([`Writer::field`]), so that they are stored as
    /// they are: numbers, moments, and strings that go into columns of strings.
    pub fn has_fields(&self) -> bool {
        match &self.form {
            // As text 0 is another year than as a number.
            Form::Number | Form::Float | Form::Double => {
                self.wire.kind != kind::YEAR && !as_text(self.stored)
            }
            Form::Temporal => matches!(
                (self.wire.kind, self.stored),
                (kind::DATE | kind::NEWDATE, Stored::Date)
                    | (kind::DATETIME, Stored::Moment)
                    | (kind::TIME, Stored::Time)
            ),
            Form::Quoted(_) => self.stored == Stored::Text,
            Form::Filled(_) | Form::Bits | Form::Hex(_) => false,
        }
    }

    /// Appends a cell as a field of a file whose fields are escaped by `\\`. `None`: it is no value of its type.
    pub fn field(&self, out: &mut Vec<u8>, cell: Option<&[u8]>) -> Option<()> {
        let Some(cell) = cell else {
            out.extend_from_slice(b"\\N");
            return Some(());
        };
        if matches!(self.form, Form::Quoted(_)) {
            escaped(out, cell);
            return Some(());
        }
        let text = match read_cell(self.wire, cell)? {
            Value::Null => "\\N".to_owned(),
            Value::Int(n) => n.to_string(),
            Value::UInt(n) => n.to_string(),
            Value::Decimal(text) => text,
            Value::Date(text) => self.moment(text).trim_matches('\'').to_owned(),
            Value::Time(text) => self.time(&text).trim_matches('\'').to_owned(),
            Value::Double(number) => format!("{number:e}"),
            Value::Str(_) | Value::Bytes(_) => return None,
        };
        out.extend_from_slice(text.as_bytes());
        Some(())
    }

    /// Appends a cell as a literal. `None`: it is no value of its type.
    pub fn put(&self, out: &mut Vec<u8>, cell: Option<&[u8]>, backslash: bool) -> Option<()> {
        let Some(cell) = cell else {
            out.extend_from_slice(b"NULL");
            return Some(());
        };
        match &self.form {
            Form::Quoted(charset) => {
                out.push(b'_');
                out.extend_from_slice(charset.as_bytes());
                quoted(out, cell, backslash);
                return Some(());
            }
            Form::Hex(charset) => {
                out.push(b'_');
                out.extend_from_slice(charset.as_bytes());
                out.extend_from_slice(b" x'");
                put_hex(cell, out);
                out.push(b'\'');
                return Some(());
            }
            Form::Bits => {
                out.extend_from_slice(b"0x");
                put_hex(cell, out);
                return Some(());
            }
            Form::Number | Form::Filled(_) | Form::Float | Form::Double | Form::Temporal => {}
        }
        let literal = match (read_cell(self.wire, cell)?, &self.form) {
            (Value::Null, _) => "NULL".to_owned(),
            (Value::Int(n), Form::Filled(width)) => format!("'{n:0width$}'"),
            (Value::UInt(n), Form::Filled(width)) => format!("'{n:0width$}'"),
            (Value::Int(n), _) => n.to_string(),
            (Value::UInt(n), _) => n.to_string(),
            (Value::Decimal(text), _) => text,
            (Value::Double(number), form) => self.real(number, matches!(form, Form::Float)),
            (Value::Date(text), _) => self.moment(text),
            (Value::Time(text), _) => self.time(&text),
            (Value::Str(_) | Value::Bytes(_), _) => return None,
        };
        out.extend_from_slice(literal.as_bytes());
        Some(())
    }

    /// With an exponent a number is a DOUBLE. As text it has the digits that its type shows.
    fn real(&self, number: f64, float: bool) -> String {
        match self.decimals {
            decimals if decimals < NOT_FIXED && as_text(self.stored) => {
                format!("'{number:.digits$}'", digits = usize::from(decimals))
            }
            _ if float && as_text(self.stored) => format!("CAST({number:e} AS FLOAT)"),
            _ => format!("{number:e}"),
        }
    }

    /// A date is written as what it is, unless it goes into a column of its kind or as a text; so is a zero date, which
    /// no literal of a date can be.
    fn moment(&self, mut text: String) -> String {
        if text.len() > 10 {
            fraction(&mut text, self.decimals);
        }
        let moment = matches!(self.stored, Stored::Moment | Stored::Stamp);
        let (word, own) = match self.wire.kind {
            kind::DATE | kind::NEWDATE => ("DATE", moment || self.stored == Stored::Date),
            _ => ("TIMESTAMP", moment),
        };
        if own || as_text(self.stored) || text.starts_with("0000") || text.contains("-00") {
            format!("'{text}'")
        } else {
            format!("{word}'{text}'")
        }
    }

    fn time(&self, text: &str) -> String {
        let mut text = text.to_owned();
        fraction(&mut text, self.decimals);
        if self.stored == Stored::Time || as_text(self.stored) {
            format!("'{text}'")
        } else {
            format!("TIME'{text}'")
        }
    }
}

/// Whether a value is stored as the text that it shows.
fn as_text(stored: Stored) -> bool {
    matches!(stored, Stored::Text | Stored::Json)
}

/// A moment or a time as the text protocol shows it; any other value as it is.
pub fn as_shown(value: Value, decimals: u8) -> Value {
    match value {
        Value::Date(mut text) | Value::Time(mut text) => {
            if text.contains(':') {
                fraction(&mut text, decimals);
            }
            Value::Str(text.into_bytes())
        }
        other => other,
    }
}

/// Gives a time as many digits after the point as its type has.
fn fraction(text: &mut String, decimals: u8) {
    let digits = usize::from(decimals.min(6));
    let (whole, micros) = match text.split_once('.') {
        Some((whole, micros)) => (whole.to_owned(), micros.to_owned()),
        None => (text.clone(), "000000".to_owned()),
    };
    *text = if digits == 0 { whole } else { format!("{whole}.{}", micros.get(..digits).unwrap_or(&micros)) };
}

fn quoted(out: &mut Vec<u8>, bytes: &[u8], backslash: bool) {
    out.push(b'\'');
    let mut rest = bytes;
    while let Some(at) = memchr::memchr2(b'\'', b'\\', rest) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        let byte = after.first().copied().unwrap_or_default();
        if byte == b'\'' || backslash {
            out.push(byte);
        }
        out.push(byte);
        rest = after.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out.push(b'\'');
}

/// Bytes in which a file's special ones are escaped (MySQL 8.4 manual, "LOAD DATA Statement").
fn escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\t' | b'\n' | b'\\' | 0)) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        out.push(b'\\');
        out.push(match after.first() {
            Some(0) => b'0',
            byte => byte.copied().unwrap_or_default(),
        });
        rest = after.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(column: &ColumnDef, stored: Stored, cell: &[u8]) -> String {
        let charset = |id| (id == 45).then(|| "utf8mb4".to_owned());
        let mut out = Vec::new();
        Writer::new(column, stored, charset, "utf8mb4").unwrap().put(&mut out, Some(cell), true).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn literals_have_the_type_that_the_column_had() {
        let column = |kind, decimals| ColumnDef { decimals, ..ColumnDef::new("c", kind) };
        let tenth = 0.1_f32.to_le_bytes();
        for (kind, decimals, stored, cell, literal) in [
            (kind::LONG, 0, Stored::Other, &b"\xff\xff\xff\xff"[..], "-1"),
            (kind::YEAR, 0, Stored::Text, b"\x05\x00", "'0005'"),
            (kind::FLOAT, 31, Stored::Real, &tenth, "1.0000000149011612e-1"),
            (kind::FLOAT, 31, Stored::Text, &tenth, "CAST(1.0000000149011612e-1 AS FLOAT)"),
            (kind::FLOAT, 2, Stored::Text, &tenth, "'0.10'"),
            (kind::NEWDECIMAL, 2, Stored::Other, b"1.50", "1.50"),
            (kind::BIT, 0, Stored::Other, b"\x01\x02", "0x0102"),
            (kind::DATE, 0, Stored::Date, b"\xe8\x07\x02\x1d", "'2024-02-29'"),
            (kind::DATE, 0, Stored::Other, b"\xe8\x07\x02\x1d", "DATE'2024-02-29'"),
            (kind::DATE, 0, Stored::Other, b"", "'0000-00-00'"),
            (kind::DATETIME, 3, Stored::Moment, b"\xe8\x07\x02\x1d\x0a\x00\x01", "'2024-02-29 10:00:01.000'"),
            (kind::TIME, 0, Stored::Other, b"\x01\x01\x00\x00\x00\x02\x03\x04", "TIME'-26:03:04'"),
            (kind::VAR_STRING, 0, Stored::Text, "it's ä\\".as_bytes(), "_utf8mb4'it''s ä\\\\'"),
            (kind::JSON, 0, Stored::Text, b"{}", "_utf8mb4'{}'"),
        ] {
            assert_eq!(written(&column(kind, decimals), stored, cell), literal);
        }
        let bytes = ColumnDef { charset: BINARY_CHARSET, ..ColumnDef::new("c", kind::BLOB) };
        assert_eq!(written(&bytes, Stored::Text, b"a\0'"), "_binary'a\0'''");
    }

    #[test]
    fn fields_are_read_as_what_they_were() {
        let field = |column: &ColumnDef, stored, cell: Option<&[u8]>| {
            let writer = Writer::new(column, stored, |_| Some("utf8mb4".into()), "utf8mb4").unwrap();
            let mut out = Vec::new();
            writer.has_fields().then(|| writer.field(&mut out, cell).unwrap())?;
            Some(String::from_utf8(out).unwrap())
        };
        let column = |kind| ColumnDef { decimals: 31, ..ColumnDef::new("c", kind) };
        for (kind, stored, cell, written) in [
            (kind::LONG, Stored::Other, &b"\xff\xff\xff\xff"[..], Some("-1")),
            (kind::FLOAT, Stored::Real, &0.1_f32.to_le_bytes(), Some("1.0000000149011612e-1")),
            (kind::NEWDECIMAL, Stored::Other, b"1.50", Some("1.50")),
            (kind::DATE, Stored::Date, b"\xe8\x07\x02\x1d", Some("2024-02-29")),
            (kind::VAR_STRING, Stored::Text, b"a\tb\nc\\d\0e'", Some("a\\\tb\\\nc\\\\d\\0e'")),
            (kind::DATE, Stored::Other, b"\xe8\x07\x02\x1d", None),
            (kind::BIT, Stored::Other, b"\x01", None),
            (kind::JSON, Stored::Json, b"{}", None),
        ] {
            assert_eq!(field(&column(kind), stored, Some(cell)).as_deref(), written);
        }
        assert_eq!(field(&column(kind::LONG), Stored::Other, None).as_deref(), Some("\\N"));
    }

    #[test]
    fn what_no_literal_says_is_refused() {
        let flags = flag::ENUM;
        let column = ColumnDef { flags, ..ColumnDef::new("c", kind::STRING) };
        assert!(Writer::new(&column, Stored::Other, |_| None, "utf8mb4").is_err());
        let column = ColumnDef { charset: 999, ..ColumnDef::new("c", kind::STRING) };
        assert!(Writer::new(&column, Stored::Text, |_| None, "utf8mb4").is_err());
        let strange = ColumnDef { charset: 13, ..ColumnDef::new("c", kind::STRING) };
        let writer = Writer::new(&strange, Stored::Text, |_| Some("sjis".into()), "utf8mb4").unwrap();
        let mut out = Vec::new();
        writer.put(&mut out, Some(b"\x83\x5c"), true).unwrap();
        assert_eq!(out, b"_sjis x'835C'");
    }
}
