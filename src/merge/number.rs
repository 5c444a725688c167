//! Exact numbers: integers and DECIMAL of any length, added and divided as the server does.

use bigdecimal::num_bigint::{BigInt, Sign};

use crate::wire::column::{ColumnDef, kind};
use crate::wire::row::Format;

/// The digits of the largest DECIMAL that the servers compute with: nine words of nine digits. A SUM may have more than
/// the 65 digits of a column (measured on MariaDB 10.11 and MySQL 9.7).
const MAX_DIGITS: u64 = 81;

/// An exact number: `value / 10^scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exact {
    value: Int,
    scale: u32,
}

/// An integer that leaves 128 bits only when it must.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Int {
    Small(i128),
    Big(BigInt),
}

impl From<Int> for BigInt {
    fn from(value: Int) -> Self {
        match value {
            Int::Small(small) => small.into(),
            Int::Big(big) => big,
        }
    }
}

impl From<i128> for Exact {
    fn from(value: i128) -> Self {
        Self { value: Int::Small(value), scale: 0 }
    }
}

impl Exact {
    /// Reads an optional sign, digits, and optionally a point and digits.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        if let Some(short) = Self::parse_short(text) {
            return Some(short);
        }
        let parts = Digits::split(text)?;
        let scale = u32::try_from(parts.fraction.len()).ok()?;
        let value = if parts.whole.len() + parts.fraction.len() <= 38 {
            let digits = parts.whole.iter().chain(parts.fraction);
            let value = digits.fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
            Int::Small(if parts.negative { -value } else { value })
        } else {
            let sign = if parts.negative { Sign::Minus } else { Sign::Plus };
            let digits: Vec<u8> =
                parts.whole.iter().chain(parts.fraction).map(|digit| digit - b'0').collect();
            Int::Big(BigInt::from_radix_be(sign, &digits, 10)?)
        };
        Some(Self { value, scale })
    }

    /// Reads up to 18 digits in one go; `None` for what is longer or no number.
    fn parse_short(text: &[u8]) -> Option<Self> {
        let (negative, rest) = match text.first()? {
            b'-' => (true, &text[1..]),
            _ => (false, text),
        };
        if rest.len() > 19 {
            return None;
        }
        let (mut value, mut count, mut point) = (0u64, 0, None);
        for (at, byte) in rest.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    value = value * 10 + u64::from(byte - b'0');
                    count += 1;
                }
                b'.' if point.is_none() => point = Some(at),
                _ => return None,
            }
        }
        let scale = point.map_or(0, |point| rest.len() - point - 1) as u32;
        let value = i128::from(value);
        let value = Int::Small(if negative { -value } else { value });
        (1..=18).contains(&count).then_some(Self { value, scale })
    }

    /// Reads the cell of an integer or DECIMAL column.
    pub(super) fn read(cell: &[u8], column: &ColumnDef, format: Format) -> Option<Self> {
        if column.is_integer() { integer(cell, column, format).map(Self::from) } else { Self::parse(cell) }
    }

    /// Adds another one. `None` when the sum has more digits than the servers compute with.
    pub(super) fn add(&mut self, other: Self) -> Option<()> {
        if let (Int::Small(sum), Int::Small(more)) = (&self.value, &other.value)
            && self.scale == other.scale
            && let Some(sum) = sum.checked_add(*more)
        {
            self.value = Int::Small(sum);
            return Some(());
        }
        *self = std::mem::replace(self, Self::from(0)).plus(other)?;
        Some(())
    }

    /// The sum; `None` as of [`Exact::add`].
    fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.at_scale(scale)?, other.at_scale(scale)?);
        let value = match (&a, &b) {
            (Int::Small(x), Int::Small(y)) => x.checked_add(*y).map(Int::Small),
            _ => None,
        };
        let value = match value {
            Some(value) => value,
            None => Int::Big(BigInt::from(a) + BigInt::from(b)),
        };
        if let Int::Big(big) = &value
            && big.bits() >= 270
            && *big.magnitude() >= bigdecimal::num_bigint::BigUint::from(10u8).pow(MAX_DIGITS as u32)
        {
            return None;
        }
        Some(Self { value, scale })
    }

    /// The number's digits with more zeros after the point.
    fn at_scale(self, scale: u32) -> Option<Int> {
        let more = scale.checked_sub(self.scale)?;
        if more == 0 {
            return Some(self.value);
        }
        if let Int::Small(value) = self.value
            && let Some(value) = 10i128.checked_pow(more).and_then(|power| value.checked_mul(power))
        {
            return Some(Int::Small(value));
        }
        Some(Int::Big(BigInt::from(self.value) * BigInt::from(10u8).pow(more)))
    }

    /// Appends the text with exactly `scale` digits after the point, rounded half away from zero.
    pub(super) fn put_text(&self, scale: u32, out: &mut Vec<u8>) {
        self.divided(1, scale, true, out);
    }

    /// Appends this sum through `count` as the servers' AVG gives it, with `scale` digits after the point. `count` is more
    /// than nothing.
    ///
    /// The servers divide to whole words of nine digits, cut what comes after, and then round half away from zero to
    /// `scale`. So nothing is rounded where `scale` is a multiple of nine: AVG of 1.00000, 1, 0 is 0.666666666
    /// (`do_div_mod` in MySQL's `strings/decimal.cc`; measured on both servers).
    pub(super) fn put_average(&self, count: i128, scale: u32, out: &mut Vec<u8>) {
        self.divided(count, scale, !scale.is_multiple_of(9), out);
    }

    fn divided(&self, by: i128, scale: u32, round: bool, out: &mut Vec<u8>) {
        if self.divided_small(by, scale, round, out).is_some() {
            return;
        }
        let mut above = BigInt::from(self.value.clone());
        let mut below = BigInt::from(by);
        let ten = BigInt::from(10u8);
        if scale >= self.scale {
            above *= ten.pow(scale - self.scale);
        } else {
            below *= ten.pow(self.scale - scale);
        }
        let negative = above.sign() == Sign::Minus;
        let above = above.magnitude();
        let below = below.magnitude();
        let mut quotient = above / below;
        if round && (above - &quotient * below) * 2u8 >= *below {
            quotient += 1u8;
        }
        place_point(negative, quotient.to_string().as_bytes(), scale, out);
    }

    /// The same within 128 bits; `None`, and nothing appended, where they are not enough.
    fn divided_small(&self, by: i128, scale: u32, round: bool, out: &mut Vec<u8>) -> Option<()> {
        let Int::Small(value) = self.value else { return None };
        let power = |more: u32| 10u128.checked_pow(more);
        let (mut above, mut below) = (value.unsigned_abs(), by.unsigned_abs());
        if scale >= self.scale {
            above = above.checked_mul(power(scale - self.scale)?)?;
        } else {
            below = below.checked_mul(power(self.scale - scale)?)?;
        }
        let mut quotient = above;
        if below != 1 {
            quotient = above.checked_div(below)?;
            let rest = above - quotient * below;
            quotient += u128::from(round && rest >= below - rest);
        }
        let mut digits = [0; 40];
        let mut at = digits.len();
        while quotient > u128::from(u64::MAX) || at == digits.len() {
            at -= 1;
            digits[at] = b'0' + (quotient % 10) as u8;
            quotient /= 10;
        }
        let mut rest = quotient as u64;
        while rest > 0 {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        place_point(value < 0, &digits[at..], scale, out);
        Some(())
    }

    /// As an integer of 128 bits; `None` for a fraction or something larger.
    pub(super) fn to_integer(&self) -> Option<i128> {
        match (&self.value, self.scale) {
            (Int::Small(value), 0) => Some(*value),
            _ => None,
        }
    }
}

/// Appends a number's digits with the point and the sign; no sign on a zero.
fn place_point(negative: bool, digits: &[u8], scale: u32, out: &mut Vec<u8>) {
    let scale = scale as usize;
    if negative && digits.iter().any(|digit| *digit != b'0') {
        out.push(b'-');
    }
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
    if scale > 0 {
        out.push(b'.');
        out.extend(std::iter::repeat_n(b'0', scale - fraction.len()));
        out.extend_from_slice(fraction);
    }
}

/// Reads the cell of an integer column.
pub(super) fn integer(cell: &[u8], column: &ColumnDef, format: Format) -> Option<i128> {
    match format {
        Format::Text => integer_text(cell),
        Format::Binary => integer_binary(cell, column),
    }
}

fn integer_text(text: &[u8]) -> Option<i128> {
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        _ => (false, text),
    };
    // ZEROFILL may put more of them in front than there are digits in any number.
    let zeros = if digits.len() > 19 { digits.iter().take_while(|digit| **digit == b'0').count() } else { 0 };
    let digits = &digits[zeros..];
    if !digits.iter().all(u8::is_ascii_digit) || digits.len() + zeros == 0 {
        return None;
    }
    let value = match digits.len() {
        0..=19 => i128::from(digits.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'))),
        20..=38 => digits.iter().fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0')),
        _ => return None,
    };
    Some(if negative { -value } else { value })
}

fn integer_binary(cell: &[u8], column: &ColumnDef) -> Option<i128> {
    let signed = !column.is_unsigned();
    let value = match (column.kind, cell.len()) {
        (kind::TINY, 1) if signed => i128::from(cell[0].cast_signed()),
        (kind::TINY, 1) => i128::from(cell[0]),
        (kind::SHORT | kind::YEAR, 2) if signed => i128::from(i16::from_le_bytes(cell.try_into().ok()?)),
        (kind::SHORT | kind::YEAR, 2) => i128::from(u16::from_le_bytes(cell.try_into().ok()?)),
        (kind::LONG | kind::INT24, 4) if signed => i128::from(i32::from_le_bytes(cell.try_into().ok()?)),
        (kind::LONG | kind::INT24, 4) => i128::from(u32::from_le_bytes(cell.try_into().ok()?)),
        (kind::LONGLONG, 8) if signed => i128::from(i64::from_le_bytes(cell.try_into().ok()?)),
        (kind::LONGLONG, 8) => i128::from(u64::from_le_bytes(cell.try_into().ok()?)),
        _ => return None,
    };
    Some(value)
}

/// The parts of a number's text, zeros in front of the whole part gone.
struct Digits<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
}

impl<'a> Digits<'a> {
    fn split(text: &'a [u8]) -> Option<Self> {
        let (negative, rest) = match text.first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = match rest.iter().position(|byte| *byte == b'.') {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, &[][..]),
        };
        let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        if rest.is_empty() || whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
            return None;
        }
        let zeros = whole.iter().take_while(|digit| **digit == b'0').count();
        Some(Self { negative, whole: &whole[zeros..], fraction })
    }
}

/// Appends what orders as DECIMALs do: how many digits the whole part has, all digits, an end; all turned over for a
/// negative one. `None` for what is no number.
pub(super) fn put_decimal(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let Digits { negative, whole, fraction } = Digits::split(text)?;
    let zeros = fraction.iter().rev().take_while(|digit| **digit == b'0').count();
    let fraction = &fraction[..fraction.len() - zeros];
    let start = out.len();
    out.push(0x80 + u8::try_from(whole.len()).ok().filter(|len| *len < 0x80)?);
    out.extend_from_slice(whole);
    out.extend_from_slice(fraction);
    out.push(0);
    if negative && !(whole.is_empty() && fraction.is_empty()) {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text.as_bytes()).unwrap()
    }

    fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn sum(texts: &[&str], scale: u32) -> String {
        let mut sum = exact(texts[0]);
        texts[1..].iter().for_each(|text| sum.add(exact(text)).unwrap());
        text(|out| sum.put_text(scale, out))
    }

    fn average(sum: &str, count: i128, scale: u32) -> String {
        text(|out| exact(sum).put_average(count, scale, out))
    }

    fn compare_text(a: &[u8], b: &[u8]) -> Option<Ordering> {
        let key = |text| {
            let mut out = Vec::new();
            put_decimal(text, &mut out).map(|()| out)
        };
        Some(key(a)?.cmp(&key(b)?))
    }

    #[test]
    fn sums_are_exact_at_any_length() {
        let nines = "9".repeat(65);
        assert_eq!(sum(&[&nines, &nines, "1"], 0), format!("1{}", "9".repeat(65)));
        let small = format!("{}.{}", "9".repeat(35), "9".repeat(30));
        assert_eq!(sum(&[&small, &small, "1"], 30), format!("2{}.{}8", "0".repeat(35), "9".repeat(29)));
        assert_eq!(sum(&["0.1", "-0.1"], 1), "0.0");
        assert_eq!(sum(&["-0.00"], 2), "0.00");
        assert_eq!(sum(&["1.005", "-3.001", "-3.005", "-3.005", "1", "1"], 3), "-6.006");
        assert_eq!(sum(&["0.333333333", "0.333333333", "0.333333333"], 4), "1.0000");
        let mut most = exact(&"9".repeat(81));
        assert_eq!(most.add(exact("1")), None);
    }

    /// Each line was answered by MariaDB 10.11 and MySQL 9.7.
    #[test]
    fn averages_as_the_servers_do() {
        for (total, count, scale, answer) in [
            ("1", 6, 4, "0.1667"),
            ("-1", 6, 4, "-0.1667"),
            ("3", 2, 4, "1.5000"),
            ("-6.006", 6, 7, "-1.0010000"),
            ("36893488147419103234", 6, 4, "6148914691236517205.6667"),
            ("-8.999999999999999999999999999995", 6, 34, "-1.4999999999999999999999999999991667"),
            ("-8.999999999999999999999999999995", 6, 30, "-1.499999999999999999999999999999"),
            ("1", 6, 2, "0.17"),
            // multiples of nine digits are cut, not rounded
            ("1", 2, 0, "0"),
            ("-1", 2, 0, "0"),
            ("2.00000", 3, 9, "0.666666666"),
            ("-2.00000", 3, 9, "-0.666666666"),
            ("2.00000000000000", 3, 18, "0.666666666666666666"),
            ("0.0", 4, 5, "0.00000"),
        ] {
            assert_eq!(average(total, count, scale), answer, "{total} / {count}");
        }
        let big = format!("1{}", "9".repeat(65));
        assert_eq!(average(&big, 3, 4), format!("{}.3333", "6".repeat(65)));
    }

    #[test]
    fn only_numbers_are_read() {
        for text in ["", "-", ".", "1e5", "1.2.3", " 1", "0x1", "--1"] {
            assert_eq!(Exact::parse(text.as_bytes()), None, "{text}");
            assert_eq!(compare_text(text.as_bytes(), b"1"), None, "{text}");
        }
    }

    #[test]
    fn zerofill_and_signs_compare_by_value() {
        for (a, b, order) in [
            ("00007", "9", Ordering::Less),
            ("00012", "12", Ordering::Equal),
            ("-0.00", "0", Ordering::Equal),
            ("-10", "-9", Ordering::Less),
            ("1.10", "1.1", Ordering::Equal),
            ("1.09", "1.1", Ordering::Less),
            ("-1.5", "1.5", Ordering::Less),
            ("18446744073709551615", "9223372036854775807", Ordering::Greater),
        ] {
            assert_eq!(compare_text(a.as_bytes(), b.as_bytes()), Some(order), "{a} {b}");
        }
    }

    #[test]
    fn integers_in_text() {
        for (text, value) in [
            ("0", Some(0)),
            ("-9223372036854775808", Some(i128::from(i64::MIN))),
            ("18446744073709551615", Some(i128::from(u64::MAX))),
            ("000000000000000000000000000000000000000000000012", Some(12)),
            ("", None),
            ("-", None),
            ("1.5", None),
            ("1a", None),
        ] {
            assert_eq!(integer_text(text.as_bytes()), value, "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_order_is_integer_order(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(compare_text(a.to_string().as_bytes(), b.to_string().as_bytes()), Some(a.cmp(&b)));
        }

        #[test]
        fn small_and_big_agree(values in proptest::collection::vec(any::<i128>(), 1..6), scale in 0u32..30) {
            let total = values.iter().fold(BigInt::from(0), |sum, value| sum + *value);
            let shown = |negative, digits: String| text(|out| place_point(negative, digits.as_bytes(), scale, out));
            let texts: Vec<String> =
                values.iter().map(|value| shown(*value < 0, value.unsigned_abs().to_string())).collect();
            let expect = shown(total.sign() == Sign::Minus, total.magnitude().to_string());
            prop_assert_eq!(sum(&texts.iter().map(String::as_str).collect::<Vec<_>>(), scale), expect);
        }
    }
}
