//! Type bytes of columns and parameters (MySQL source docs, "enum_field_types"), as far as they appear on the wire.

/// DECIMAL of old.
pub const DECIMAL: u8 = 0;
/// TINYINT.
pub const TINY: u8 = 1;
/// SMALLINT.
pub const SHORT: u8 = 2;
/// INT.
pub const LONG: u8 = 3;
/// FLOAT.
pub const FLOAT: u8 = 4;
/// DOUBLE.
pub const DOUBLE: u8 = 5;
/// NULL.
pub const NULL: u8 = 6;
/// TIMESTAMP.
pub const TIMESTAMP: u8 = 7;
/// BIGINT.
pub const LONGLONG: u8 = 8;
/// MEDIUMINT.
pub const INT24: u8 = 9;
/// DATE.
pub const DATE: u8 = 10;
/// TIME.
pub const TIME: u8 = 11;
/// DATETIME.
pub const DATETIME: u8 = 12;
/// YEAR.
pub const YEAR: u8 = 13;
/// DATE, internal form.
pub const NEWDATE: u8 = 14;
/// VARCHAR.
pub const VARCHAR: u8 = 15;
/// BIT.
pub const BIT: u8 = 16;
/// VECTOR (MySQL 9).
pub const VECTOR: u8 = 242;
/// JSON.
pub const JSON: u8 = 245;
/// DECIMAL.
pub const NEWDECIMAL: u8 = 246;
/// ENUM.
pub const ENUM: u8 = 247;
/// SET.
pub const SET: u8 = 248;
/// TINYBLOB.
pub const TINY_BLOB: u8 = 249;
/// MEDIUMBLOB.
pub const MEDIUM_BLOB: u8 = 250;
/// LONGBLOB.
pub const LONG_BLOB: u8 = 251;
/// BLOB.
pub const BLOB: u8 = 252;
/// VARCHAR, VARBINARY.
pub const VAR_STRING: u8 = 253;
/// CHAR, BINARY.
pub const STRING: u8 = 254;
/// GEOMETRY.
pub const GEOMETRY: u8 = 255;
