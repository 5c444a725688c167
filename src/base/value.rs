//! A value as a client gave it: a literal of a statement's text or a parameter of an EXECUTE.

use serde::{Deserialize, Serialize};

/// A literal or parameter. Text that MySQL would convert (a number given as a string, a date) stays as given:
/// whoever needs another type converts it as MySQL would, or says that it cannot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// NULL.
    Null,
    /// A signed integer.
    Int(i64),
    /// An unsigned integer above `i64::MAX`, or a parameter that was sent as unsigned.
    UInt(u64),
    /// An exact number as text: optional sign, digits, optional point and digits. No exponent.
    Decimal(String),
    /// A floating-point number.
    Double(f64),
    /// A character string: its bytes as received, in the connection's character set unless stated otherwise.
    Str(Vec<u8>),
    /// A binary string (x'..', 0x.., b'..', a BLOB parameter).
    Bytes(Vec<u8>),
    /// A date or datetime in canonical text: `YYYY-MM-DD` or `YYYY-MM-DD hh:mm:ss[.ffffff]`.
    Date(String),
    /// A time in canonical text: `[-]hhh:mm:ss[.ffffff]`.
    Time(String),
}
