//! Column definitions (protocol page "Protocol::ColumnDefinition41").
//!
//! Note that the character set of a definition is the one the result was converted to for the connection
//! (`character_set_results`), not the column's own collation: nothing about order or equality can be read from it,
//! except that 63 means bytes.

use bytes::Bytes;

use super::primitives::{array, lenenc_int, lenenc_str, put_lenenc_int, put_lenenc_str};

pub use super::kind;

/// The flag bits of a column (protocol page "Column Definition Flags").
pub mod flag {
    #![allow(missing_docs, reason = "the names are the protocol's own")]
    pub const NOT_NULL: u16 = 1;
    pub const PRI_KEY: u16 = 2;
    pub const UNIQUE_KEY: u16 = 4;
    pub const MULTIPLE_KEY: u16 = 8;
    pub const BLOB: u16 = 16;
    pub const UNSIGNED: u16 = 32;
    pub const ZEROFILL: u16 = 64;
    pub const BINARY: u16 = 128;
    pub const ENUM: u16 = 256;
    pub const AUTO_INCREMENT: u16 = 512;
    pub const TIMESTAMP: u16 = 1024;
    pub const SET: u16 = 2048;
    pub const NO_DEFAULT_VALUE: u16 = 4096;
    pub const ON_UPDATE_NOW: u16 = 8192;
    pub const NUM: u16 = 32768;
}

/// The character set number of bytes that are no text.
pub const BINARY_CHARSET: u16 = 63;

/// What `decimals` says of a FLOAT or DOUBLE without a fixed number of digits after the point (`NOT_FIXED_DEC`).
pub const NOT_FIXED: u8 = 31;

/// The definition of one column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnDef {
    /// Always `def`.
    pub catalog: Bytes,
    /// Schema of the table; empty for an expression.
    pub schema: Bytes,
    /// Table or its alias; empty for an expression.
    pub table: Bytes,
    /// Table without alias.
    pub org_table: Bytes,
    /// Column or its alias.
    pub name: Bytes,
    /// Column without alias; empty for an expression.
    pub org_name: Bytes,
    /// Collation number that the connection receives this column in; 63 for bytes.
    pub charset: u16,
    /// Display width in bytes.
    pub length: u32,
    /// Type byte, one of [`kind`].
    pub kind: u8,
    /// Bits of [`flag`].
    pub flags: u16,
    /// Digits after the point; 31 for FLOAT and DOUBLE without a fixed number of them.
    pub decimals: u8,
}

impl ColumnDef {
    /// A column of type `kind` named `name`, an expression of no table. Character strings are utf8mb4.
    pub fn new(name: &str, kind: u8) -> Self {
        let text = matches!(
            kind,
            kind::VARCHAR | kind::VAR_STRING | kind::STRING | kind::TINY_BLOB
                ..=kind::BLOB | kind::ENUM | kind::SET
        );
        Self {
            catalog: Bytes::from_static(b"def"),
            name: Bytes::copy_from_slice(name.as_bytes()),
            charset: if text { 45 } else { BINARY_CHARSET },
            kind,
            decimals: if matches!(kind, kind::FLOAT | kind::DOUBLE) { NOT_FIXED } else { 0 },
            ..Self::default()
        }
    }

    /// Reads a definition's payload. `None` when it is cut short or not of this form.
    pub fn decode(payload: &[u8]) -> Option<Self> {
        let mut buf = payload;
        let mut text = || lenenc_str(&mut buf).map(Bytes::copy_from_slice);
        let (catalog, schema, table) = (text()?, text()?, text()?);
        let (org_table, name, org_name) = (text()?, text()?, text()?);
        if lenenc_int(&mut buf)? < 0x0C {
            return None;
        }
        Some(Self {
            catalog,
            schema,
            table,
            org_table,
            name,
            org_name,
            charset: u16::from_le_bytes(array(&mut buf)?),
            length: u32::from_le_bytes(array(&mut buf)?),
            kind: array::<1>(&mut buf)?[0],
            flags: u16::from_le_bytes(array(&mut buf)?),
            decimals: array::<1>(&mut buf)?[0],
        })
    }

    /// Appends the definition's payload (without packet header).
    pub fn encode(&self, out: &mut Vec<u8>) {
        for text in [&self.catalog, &self.schema, &self.table, &self.org_table, &self.name, &self.org_name] {
            put_lenenc_str(out, text);
        }
        put_lenenc_int(out, 0x0C);
        out.extend_from_slice(&self.charset.to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
        out.push(self.kind);
        out.extend_from_slice(&self.flags.to_le_bytes());
        out.extend_from_slice(&[self.decimals, 0, 0]);
    }

    /// The name for a message.
    pub fn label(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// Whether all the given [`flag`] bits are set.
    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags == flags
    }

    /// An unsigned number. YEAR and BIT have no sign either way.
    pub fn is_unsigned(&self) -> bool {
        self.has(flag::UNSIGNED) || matches!(self.kind, kind::YEAR | kind::BIT)
    }

    /// TINYINT to BIGINT, and YEAR.
    pub fn is_integer(&self) -> bool {
        matches!(self.kind, kind::TINY | kind::SHORT | kind::INT24 | kind::LONG | kind::LONGLONG | kind::YEAR)
    }

    /// DECIMAL, which both row formats carry as text.
    pub fn is_decimal(&self) -> bool {
        matches!(self.kind, kind::DECIMAL | kind::NEWDECIMAL)
    }

    /// FLOAT or DOUBLE.
    pub fn is_float(&self) -> bool {
        matches!(self.kind, kind::FLOAT | kind::DOUBLE)
    }

    /// Integer, DECIMAL, FLOAT or DOUBLE.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || self.is_decimal() || self.is_float()
    }

    /// ENUM or SET: MySQL sends them as strings with a flag, and orders them by number.
    pub fn is_enum_or_set(&self) -> bool {
        self.flags & (flag::ENUM | flag::SET) != 0 || matches!(self.kind, kind::ENUM | kind::SET)
    }

    /// A string type of any kind, bytes or text, ENUM and SET included.
    pub fn is_string(&self) -> bool {
        matches!(
            self.kind,
            kind::VARCHAR | kind::VAR_STRING | kind::STRING | kind::TINY_BLOB
                ..=kind::BLOB | kind::ENUM | kind::SET
        )
    }

    /// A character string: its order is a collation's.
    pub fn is_text(&self) -> bool {
        self.is_string() && self.charset != BINARY_CHARSET
    }

    /// Bytes: their order is `memcmp`.
    pub fn is_bytes(&self) -> bool {
        self.is_string() && self.charset == BINARY_CHARSET
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn definition_comes_back() {
        let mut column = ColumnDef::new("n", kind::LONGLONG);
        column.flags = flag::UNSIGNED | flag::NOT_NULL;
        column.schema = Bytes::from_static(b"shop");
        column.length = 20;
        let mut out = Vec::new();
        column.encode(&mut out);
        assert_eq!(ColumnDef::decode(&out), Some(column));
        for end in 0..out.len() - 2 {
            assert_eq!(ColumnDef::decode(&out[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn reads_what_a_server_sent() {
        let packet = b"\x03def\x00\x00\x00\x011\x00\x0c\x3f\x00\x01\x00\x00\x00\x08\x81\x00\x00\x00\x00";
        let column = ColumnDef::decode(packet).unwrap();
        assert_eq!((column.kind, column.flags, column.charset), (kind::LONGLONG, 0x81, 63));
        assert!(column.is_integer() && !column.is_text());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = ColumnDef::decode(&bytes);
        }
    }
}
