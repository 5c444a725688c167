//! FLOAT and DOUBLE: reading cells, and printing as the text protocol does (`my_gcvt` and `my_fcvt` of MySQL's
//! `strings/dtoa.cc`; every case of the tests was printed by MariaDB 10.11 and MySQL 9.7).

use crate::wire::column::{ColumnDef, NOT_FIXED, kind};
use crate::wire::row::Format;

/// Reads the cell of a FLOAT or DOUBLE column. `None` for what is no finite number: the servers have none.
pub(super) fn read(cell: &[u8], column: &ColumnDef, format: Format) -> Option<f64> {
    let value = match (format, column.kind) {
        (Format::Text, _) => std::str::from_utf8(cell).ok()?.parse().ok()?,
        (Format::Binary, kind::FLOAT) => f64::from(f32::from_le_bytes(cell.try_into().ok()?)),
        (Format::Binary, kind::DOUBLE) => f64::from_le_bytes(cell.try_into().ok()?),
        _ => return None,
    };
    value.is_finite().then_some(value)
}

/// Prints a DOUBLE with `decimals` digits after the point; 31 and more: as many as it needs.
pub(super) fn to_text(value: f64, decimals: u8) -> String {
    let shortest = Shortest::of(value);
    if decimals >= NOT_FIXED {
        return shortest.general();
    }
    shortest.fixed(usize::from(decimals)).unwrap_or_else(|| {
        let text = format!("{value:.*}", usize::from(decimals));
        match text.strip_prefix('-') {
            Some(zero) if zero.bytes().all(|byte| matches!(byte, b'0' | b'.')) => zero.to_owned(),
            _ => text,
        }
    })
}

/// The fewest digits that read back as the number: `0.DIGITS * 10^point`.
struct Shortest {
    negative: bool,
    digits: String,
    point: i32,
}

impl Shortest {
    fn of(value: f64) -> Self {
        let text = format!("{:e}", value.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        Self {
            negative: value.is_sign_negative() && value != 0.0,
            digits: mantissa.chars().filter(char::is_ascii_digit).collect(),
            point: exponent.parse::<i32>().unwrap_or(0) + 1,
        }
    }

    /// Without exponent where the point stands within 15 digits of the first digit, otherwise like `1.5e100`.
    fn general(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        if (-14..=15).contains(&self.point) {
            return format!("{sign}{}", self.plain());
        }
        let (first, rest) = self.digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{sign}{first}{dot}{rest}e{}", self.point - 1)
    }

    fn plain(&self) -> String {
        let len = self.digits.len() as i32;
        if self.point <= 0 {
            format!("0.{}{}", "0".repeat(self.point.unsigned_abs() as usize), self.digits)
        } else if self.point >= len {
            format!("{}{}", self.digits, "0".repeat((self.point - len) as usize))
        } else {
            let (whole, fraction) = self.digits.split_at(self.point as usize);
            format!("{whole}.{fraction}")
        }
    }

    /// With exactly `decimals` digits after the point; `None` when there are more than that.
    fn fixed(&self, decimals: usize) -> Option<String> {
        let mut text = self.plain();
        let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let missing = if self.digits == "0" { decimals } else { decimals.checked_sub(fraction)? };
        if self.negative {
            text.insert(0, '-');
        }
        if fraction == 0 && missing > 0 {
            text.push('.');
        }
        text.extend(std::iter::repeat_n('0', missing));
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_doubles_as_the_servers_do() {
        for (value, text) in [
            (1e14, "100000000000000"),
            (1e15, "1e15"),
            (123_456_789_012_345.0, "123456789012345"),
            (1_234_567_890_123_456.0, "1.234567890123456e15"),
            (12_345_678_901_234_567.0, "1.2345678901234568e16"),
            (1e20, "1e20"),
            (1.5e100, "1.5e100"),
            (1e-5, "0.00001"),
            (1e-10, "0.0000000001"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.0 / 3.0, "0.3333333333333333"),
            (f64::MAX, "1.7976931348623157e308"),
            (5e-324, "5e-324"),
            (-1.5e-7, "-0.00000015"),
            (1.234_567_890_123_456_7e-14, "0.000000000000012345678901234567"),
            (1.234_567_890_123_456_7e-15, "0.0000000000000012345678901234568"),
            (1.234_567_890_123_456_7e-16, "1.2345678901234568e-16"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (-1.234_567_890_123_456_8e22, "-1.2345678901234568e22"),
            (123_456_789e6, "123456789000000"),
            (123_456_789e7, "1.23456789e15"),
            (2_796_202.916_666_666_5, "2796202.9166666665"),
            (6.666_666_666_666_667e299, "6.666666666666667e299"),
            (-5.551_115_123_125_783e-17, "-5.551115123125783e-17"),
            (0.0, "0"),
            (-0.0, "0"),
            (100.0, "100"),
        ] {
            assert_eq!(to_text(value, NOT_FIXED), text);
        }
    }

    #[test]
    fn prints_fixed_digits_as_the_servers_do() {
        for (value, decimals, text) in [
            (1e20, 4, "100000000000000000000.0000"),
            (1e23, 4, "100000000000000000000000.0000"),
            (500_000.125, 3, "500000.125"),
            (99_999.898_437_5, 3, "99999.898"),
            (99_999.898_437_5, 7, "99999.8984375"),
            (83_333.354_166_666_67, 7, "83333.3541667"),
            // ties go to the even digit
            (0.031_25, 4, "0.0312"),
            (-0.031_25, 4, "-0.0312"),
            (0.093_75, 4, "0.0938"),
            // no sign on what rounds to nothing
            (-5.551_115_123_125_783e-17, 3, "0.000"),
            (0.0, 4, "0.0000"),
            (-0.2, 3, "-0.200"),
            (17.9, 2, "17.90"),
            (5.0, 0, "5"),
        ] {
            assert_eq!(to_text(value, decimals), text);
        }
    }

    proptest! {
        #[test]
        fn text_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let column = ColumnDef::new("d", kind::DOUBLE);
            prop_assert_eq!(read(to_text(value, NOT_FIXED).as_bytes(), &column, Format::Text), Some(value));
        }
    }
}
