//! Key types, and MySQL's conversions between them and values: for comparing (`key = value`; MySQL manual, "Type
//! Conversion in Expression Evaluation") and for storing (INSERT).
//!
//! Strings arrive in the connection's character set, which must be utf8mb4 (or its subsets ascii and utf8mb3).

use std::borrow::Cow;
use std::str::FromStr;

use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

use super::moment::Moment;
use crate::base::{Code, Error, Result, Value, hex};

/// Whole numbers below this are exact as doubles.
const EXACT_DOUBLE: f64 = 9_007_199_254_740_992.0;
const EXACT_INT: i128 = 1 << 53;

/// The type of a sharding key's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// TINYINT to BIGINT, signed or unsigned.
    Integer,
    /// DECIMAL with so many digits behind the point.
    Decimal {
        /// As in the column's definition.
        scale: u8,
    },
    /// DATE.
    Date,
    /// DATETIME of any precision.
    Datetime,
    /// CHAR, VARCHAR or TEXT with a `_bin` collation.
    String(Charset),
    /// BINARY, VARBINARY or BLOB.
    Binary,
}

/// The character set of a string key's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// All of Unicode.
    Utf8mb4,
    /// Unicode's basic plane.
    Utf8mb3,
    /// MySQL's latin1, which is Windows-1252.
    Latin1,
    /// Seven bits.
    Ascii,
}

/// A key in the one form in which equal keys are equal: an integer; a decimal of the key's scale; a date; a
/// string's UTF-8 without trailing spaces; a binary string without trailing zero bytes. (Trailing spaces and zeros
/// do not count even where the column holds them apart: they then share a part, which is always right.)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key<'a> {
    /// Of [`KeyType::Integer`].
    Int(i128),
    /// Of [`KeyType::Decimal`].
    Decimal(BigDecimal),
    /// Of [`KeyType::Date`] and [`KeyType::Datetime`].
    Moment(Moment),
    /// Of [`KeyType::String`] and [`KeyType::Binary`].
    Bytes(Cow<'a, [u8]>),
}

/// What a value is to a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Match<'a> {
    /// This key and no other.
    Exactly(Key<'a>),
    /// A key between these two, both included: which one depends on the column's precision.
    Within(Key<'a>, Key<'a>),
    /// No key.
    Nothing,
    /// Only the server can tell.
    Unknown,
}

/// Which keys lie between two bounds.
#[derive(Debug, Clone, PartialEq)]
pub enum Keys<'a> {
    /// Only the server can tell.
    Unknown,
    /// None.
    Nothing,
    /// These at most; both ends inclusive, `None` is open.
    Between(Option<Key<'a>>, Option<Key<'a>>),
}

/// A bound of a range: the value, and whether it is in the range.
pub type Bound<'a> = Option<(&'a Value, bool)>;

impl Key<'_> {
    /// The same key with bytes of its own.
    pub fn into_owned(self) -> Key<'static> {
        match self {
            Key::Int(n) => Key::Int(n),
            Key::Decimal(d) => Key::Decimal(d),
            Key::Moment(m) => Key::Moment(m),
            Key::Bytes(b) => Key::Bytes(Cow::Owned(b.into_owned())),
        }
    }
}

impl Charset {
    /// The name in MySQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8mb4 => "utf8mb4",
            Self::Utf8mb3 => "utf8mb3",
            Self::Latin1 => "latin1",
            Self::Ascii => "ascii",
        }
    }

    /// Whether every character of a text is in the set.
    pub fn holds(self, text: &str) -> bool {
        match self {
            Self::Utf8mb4 => true,
            Self::Utf8mb3 => text.chars().all(|c| c <= '\u{FFFF}'),
            Self::Latin1 => text.chars().all(in_latin1),
            Self::Ascii => text.is_ascii(),
        }
    }
}

/// MySQL's latin1 is Windows-1252 with its five holes filled by control characters.
fn in_latin1(c: char) -> bool {
    const UPPER: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\u{81}\u{8D}\u{8F}\u{90}\u{9D}";
    matches!(c, '\0'..='\u{7F}' | '\u{A0}'..='\u{FF}') || UPPER.contains(c)
}

impl KeyType {
    /// What a value is to keys of this type under MySQL's `=`.
    pub fn compared(self, value: &Value) -> Match<'_> {
        if matches!(value, Value::Null) {
            return Match::Nothing;
        }
        match self {
            Self::Integer => compared_integer(value),
            Self::Decimal { scale } => compared_decimal(value, scale),
            Self::Date | Self::Datetime => match moment_of(value) {
                Some(moment) => self.rounded(moment),
                None => Match::Unknown,
            },
            Self::String(charset) => match value {
                Value::Str(text) => text_key(text, charset).map_or(Match::Unknown, Match::Exactly),
                Value::Bytes(bytes) => binary_text(bytes, charset).map_or(Match::Unknown, Match::Exactly),
                _ => Match::Unknown,
            },
            Self::Binary => match value {
                Value::Str(bytes) | Value::Bytes(bytes) => Match::Exactly(binary_key(bytes)),
                _ => Match::Unknown,
            },
        }
    }

    /// The key that a row has once `value`, which is not NULL, is stored in it. Refused where MySQL's conversion
    /// cannot be told exactly, with the way to write the value.
    pub fn stored(self, value: &Value) -> Result<Match<'_>> {
        match self {
            Self::Integer => stored_integer(value).map(Match::Exactly),
            Self::Decimal { scale } => stored_decimal(value, scale).map(Match::Exactly),
            Self::Date => {
                moment_of(value)
                    .map(|m| {
                        if m.micros == 0 {
                            Match::Exactly(Key::Moment(m.midnight()))
                        } else {
                            self.rounded(m)
                        }
                    })
                    .ok_or_else(|| bad("a date key", value, "write it as 'YYYY-MM-DD'"))
            }
            Self::Datetime => moment_of(value)
                .map(|m| self.rounded(m))
                .ok_or_else(|| bad("a datetime key", value, "write it as 'YYYY-MM-DD hh:mm:ss'")),
            Self::String(charset) => stored_text(value, charset).map(Match::Exactly),
            Self::Binary => match value {
                Value::Str(bytes) | Value::Bytes(bytes) => Ok(Match::Exactly(binary_key(bytes))),
                Value::Int(n) => Ok(Match::Exactly(Key::Bytes(Cow::Owned(n.to_string().into_bytes())))),
                Value::UInt(n) => Ok(Match::Exactly(Key::Bytes(Cow::Owned(n.to_string().into_bytes())))),
                _ => Err(bad("a binary key", value, "write it as x'…' or as a string")),
            },
        }
    }

    /// Which keys lie between two bounds: never fewer than MySQL would find.
    pub fn between<'a>(self, low: Bound<'a>, high: Bound<'a>) -> Keys<'a> {
        if matches!(low, Some((Value::Null, _))) || matches!(high, Some((Value::Null, _))) {
            return Keys::Nothing;
        }
        match self {
            Self::Integer => between_integers(low, high),
            Self::String(Charset::Latin1) => Keys::Unknown,
            Self::String(charset) => between_texts(low, high, charset),
            Self::Decimal { .. } | Self::Date | Self::Datetime | Self::Binary => {
                let end = |bound: Bound<'a>, upper: bool| match bound.map(|(value, _)| self.compared(value)) {
                    None => Some(None),
                    Some(Match::Exactly(key)) => Some(Some(key)),
                    Some(Match::Within(low, high)) => Some(Some(if upper { high } else { low })),
                    // A decimal between two keys: its neighbours are within one unit of the scale.
                    Some(Match::Nothing) => {
                        bound.and_then(|(value, _)| self.rounded_away(value, upper)).map(Some)
                    }
                    Some(Match::Unknown) => None,
                };
                match (end(low, false), end(high, true)) {
                    (Some(low), Some(high)) => Keys::Between(low, high),
                    _ => Keys::Unknown,
                }
            }
        }
    }

    /// A moment as this key's column may hold it: fractions are cut or rounded by the column's precision.
    fn rounded(self, m: Moment) -> Match<'static> {
        let exact = match self {
            Self::Date => m.is_midnight(),
            _ => m.micros == 0,
        };
        match (exact, self) {
            (true, _) => Match::Exactly(Key::Moment(m)),
            (false, Self::Date) => Match::Within(Key::Moment(m.midnight()), Key::Moment(m.next_day())),
            (false, _) => Match::Within(Key::Moment(m.floor_second()), Key::Moment(m.next_second())),
        }
    }

    fn rounded_away(self, value: &Value, upper: bool) -> Option<Key<'static>> {
        let Self::Decimal { scale } = self else { return None };
        let mode = if upper { RoundingMode::Ceiling } else { RoundingMode::Floor };
        Some(Key::Decimal(exact(value)?.with_scale_round(i64::from(scale), mode)))
    }
}

/// A refusal to store a value.
fn bad(key: &str, value: &Value, instead: &str) -> Error {
    let what = format!(
        "{} as {key} would be converted by the server, and on which shard it belongs is not known before",
        show(value)
    );
    Error::refused(what, instead)
}

/// A value for a message.
pub fn show(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Int(n) => n.to_string(),
        Value::UInt(n) => n.to_string(),
        Value::Decimal(text) => text.clone(),
        Value::Double(d) => format!("{d:e}"),
        Value::Str(text) => format!("'{}'", String::from_utf8_lossy(&text[..text.len().min(64)])),
        Value::Bytes(bytes) => format!("x'{}'", hex(&bytes[..bytes.len().min(32)])),
        Value::Date(text) | Value::Time(text) => format!("'{text}'"),
    }
}

fn moment_of(value: &Value) -> Option<Moment> {
    match value {
        Value::Str(text) => Moment::parse(text),
        Value::Date(text) => Moment::parse(text.as_bytes()),
        _ => None,
    }
}

/// An exact number; `None` for anything that is not one, and for decimals with an exponent.
fn exact(value: &Value) -> Option<BigDecimal> {
    match value {
        Value::Int(n) => Some(BigDecimal::from(*n)),
        Value::UInt(n) => Some(BigDecimal::from(*n)),
        Value::Decimal(text) if text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'+' | b'-')) => {
            decimal(text)
        }
        _ => None,
    }
}

/// Reads a number of no more characters than any DECIMAL has, zeros in front included: reading takes their square.
fn decimal(text: &str) -> Option<BigDecimal> {
    (text.len() <= 256).then(|| BigDecimal::from_str(text).ok()).flatten()
}

/// A string that is an integer in the only form that every conversion reads alike: no sign but `-`, no leading
/// zero, no space.
fn canonical_integer(text: &[u8]) -> Option<i128> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let plain = match digits {
        [b'0'] => text.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.len() < 20 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

fn in_64_bits(n: i128) -> bool {
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&n)
}

/// The integer that a server takes a string for where an integer column stands alone against it, by `=` or `<=>`: it
/// converts the constant to the column's type, and compares exactly. (Beyond 64 bits it compares doubles; so do some
/// servers with a list of values.)
pub fn equal_integer(value: &Value) -> Option<Value> {
    let Value::Str(text) = value else { return None };
    canonical_integer(text).and_then(|n| i64::try_from(n).ok()).map(Value::Int)
}

fn compared_integer(value: &Value) -> Match<'_> {
    match value {
        Value::Int(n) => Match::Exactly(Key::Int(i128::from(*n))),
        Value::UInt(n) => Match::Exactly(Key::Int(i128::from(*n))),
        Value::Decimal(_) => match exact(value) {
            Some(d) if !d.is_integer() => Match::Nothing,
            Some(d) => match d.to_i128().filter(|n| in_64_bits(*n)) {
                Some(n) => Match::Exactly(Key::Int(n)),
                None => Match::Nothing,
            },
            None => Match::Unknown,
        },
        // Keys are compared as doubles: from 2^53 on several keys are equal to one double.
        Value::Double(d) if d.abs() < EXACT_DOUBLE => {
            if d.fract() == 0.0 {
                Match::Exactly(Key::Int(*d as i128))
            } else {
                Match::Nothing
            }
        }
        // In a list a server may compare a string as an integer or as a double: they differ from 2^53 on.
        Value::Str(text) => match canonical_integer(text).filter(|n| n.abs() < EXACT_INT) {
            Some(n) => Match::Exactly(Key::Int(n)),
            None => Match::Unknown,
        },
        _ => Match::Unknown,
    }
}

fn compared_decimal(value: &Value, scale: u8) -> Match<'_> {
    let Some(number) = exact(value) else { return Match::Unknown };
    let key = number.with_scale_round(i64::from(scale), RoundingMode::Down);
    if key == number { Match::Exactly(Key::Decimal(key)) } else { Match::Nothing }
}

fn stored_integer(value: &Value) -> Result<Key<'_>> {
    let n = match value {
        Value::Int(n) => Some(i128::from(*n)),
        Value::UInt(n) => Some(i128::from(*n)),
        // MySQL rounds half away from zero (manual, "Rounding Behavior").
        Value::Decimal(_) => match exact(value).map(|d| d.with_scale_round(0, RoundingMode::HalfUp)) {
            Some(d) => Some(d.to_i128().ok_or_else(|| out_of_range(value))?),
            None => None,
        },
        Value::Double(d) if d.fract() == 0.0 && d.abs() < EXACT_DOUBLE => Some(*d as i128),
        Value::Str(text) => canonical_integer(text),
        _ => None,
    };
    match n {
        Some(n) if in_64_bits(n) => Ok(Key::Int(n)),
        Some(_) => Err(out_of_range(value)),
        None => Err(bad("an integer key", value, "write it as an integer without quotes")),
    }
}

fn out_of_range(value: &Value) -> Error {
    Error::new(Code::OutOfRange, format!("Out of range value for the sharding key: {}", show(value)))
}

fn stored_decimal(value: &Value, scale: u8) -> Result<Key<'_>> {
    let number = match value {
        Value::Str(text) => {
            let text = std::str::from_utf8(text).ok().filter(|t| plain_decimal(t));
            text.and_then(decimal)
        }
        _ => exact(value),
    };
    let round = |d: BigDecimal| Key::Decimal(d.with_scale_round(i64::from(scale), RoundingMode::HalfUp));
    number.map(round).ok_or_else(|| bad("a decimal key", value, "write it as a decimal without exponent"))
}

/// `-12.50`, and neither `.5` nor `+1` nor `1e3` nor ` 1`.
fn plain_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

fn stored_text(value: &Value, charset: Charset) -> Result<Key<'_>> {
    let key = match value {
        Value::Str(text) => text_key(text, charset),
        Value::Bytes(bytes) => binary_text(bytes, charset),
        Value::Int(n) => Some(Key::Bytes(Cow::Owned(n.to_string().into_bytes()))),
        Value::UInt(n) => Some(Key::Bytes(Cow::Owned(n.to_string().into_bytes()))),
        _ => return Err(bad("a string key", value, "write it as a quoted string")),
    };
    key.ok_or_else(|| {
        let what = format!(
            "Incorrect string value for the sharding key: {} is not in {}",
            show(value),
            charset.name()
        );
        Error::new(Code::BadValue, what)
    })
}

fn text_key(text: &[u8], charset: Charset) -> Option<Key<'_>> {
    charset.holds(std::str::from_utf8(text).ok()?).then(|| Key::Bytes(Cow::Borrowed(trimmed(text, b' '))))
}

/// A binary string beside a character column: bytes of the column's own character set.
fn binary_text(bytes: &[u8], charset: Charset) -> Option<Key<'_>> {
    match charset {
        Charset::Latin1 if !bytes.is_ascii() => None,
        _ => text_key(bytes, charset),
    }
}

fn binary_key(bytes: &[u8]) -> Key<'_> {
    Key::Bytes(Cow::Borrowed(trimmed(bytes, 0)))
}

fn trimmed(bytes: &[u8], pad: u8) -> &[u8] {
    let len = bytes.iter().rposition(|b| *b != pad).map_or(0, |last| last + 1);
    &bytes[..len]
}

fn between_integers<'a>(low: Bound<'_>, high: Bound<'_>) -> Keys<'a> {
    let mut loose = false;
    let mut bound = |bound: Bound<'_>, upper: bool| -> Option<Option<i128>> {
        let Some((value, inclusive)) = bound else { return Some(None) };
        let number = match value {
            Value::Double(d) if d.abs() < EXACT_DOUBLE => {
                loose = true;
                BigDecimal::try_from(*d).ok()?
            }
            Value::Str(text) => {
                loose = true;
                BigDecimal::from(canonical_integer(text)?)
            }
            _ => exact(value)?,
        };
        let mode = if upper { RoundingMode::Floor } else { RoundingMode::Ceiling };
        let whole = number.with_scale_round(0, mode);
        let step = i128::from(!inclusive && number == whole);
        // Far outside of 64 bits: any bound beyond them is as good.
        let edge =
            if number.sign() == Sign::Minus { i128::from(i64::MIN) - 1 } else { i128::from(u64::MAX) + 1 };
        let n = whole
            .to_i128()
            .filter(|n| in_64_bits(*n))
            .map_or(edge, |n| if upper { n - step } else { n + step });
        Some(Some(n))
    };
    let (Some(low), Some(high)) = (bound(low, false), bound(high, true)) else { return Keys::Unknown };
    // One double or string among the bounds may make the server compare all of them as doubles.
    if loose && [low, high].into_iter().flatten().any(|n| n.abs() >= EXACT_INT - 1) {
        return Keys::Unknown;
    }
    match (low, high) {
        (Some(low), Some(high)) if low > high => Keys::Nothing,
        _ => Keys::Between(low.map(Key::Int), high.map(Key::Int)),
    }
}

/// Under PAD SPACE `"a\t" < "a"`, while as bytes it is greater. So an upper bound takes in everything that begins
/// with it, and a lower bound with a character below the space is open.
fn between_texts<'a>(low: Bound<'a>, high: Bound<'a>, charset: Charset) -> Keys<'a> {
    let text = |bound: Bound<'a>| match bound {
        None => Some(None),
        Some((Value::Str(text), _)) => match text_key(text, charset) {
            Some(Key::Bytes(bytes)) => Some(Some(bytes)),
            _ => None,
        },
        _ => None,
    };
    let (Some(low), Some(high)) = (text(low), text(high)) else { return Keys::Unknown };
    let low = low.filter(|bytes| bytes.iter().all(|b| *b >= b' '));
    let high = high.map(|bytes| {
        let mut bytes = bytes.into_owned();
        bytes.push(0xFF);
        Cow::Owned(bytes)
    });
    Keys::Between(low.map(Key::Bytes), high.map(Key::Bytes))
}
