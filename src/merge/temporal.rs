//! Order of dates and times in both row formats. `None` where bytes are no such value.

use std::cmp::Ordering;

use super::number::compare_fractions;

/// Compares two DATE, DATETIME or TIMESTAMP values in text form. The servers print them with fixed widths, so bytes
/// decide up to the fraction.
pub(super) fn compare_date_text(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let (a, a_fraction) = date_text(a)?;
    let (b, b_fraction) = date_text(b)?;
    let common = a.len().min(b.len());
    // A date alone is the midnight that it begins with.
    let midnight = |rest: &[u8]| rest.is_empty() || rest == b" 00:00:00";
    let order =
        a[..common].cmp(&b[..common]).then_with(|| midnight(&b[common..]).cmp(&midnight(&a[common..])));
    Some(order.then_with(|| compare_fractions(a_fraction, b_fraction)))
}

fn date_text(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, fraction) = match text.len() {
        10 | 19 => (text, &[][..]),
        20..=26 if text[19] == b'.' => (&text[..19], &text[20..]),
        _ => return None,
    };
    let shaped = head.iter().enumerate().all(|(i, byte)| match i {
        4 | 7 => *byte == b'-',
        10 => *byte == b' ',
        13 | 16 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    (shaped && fraction.iter().all(u8::is_ascii_digit)).then_some((head, fraction))
}

/// A binary DATE, DATETIME or TIMESTAMP of 0, 4, 7 or 11 bytes as one number that orders like it.
pub(super) fn date_binary(cell: &[u8]) -> Option<u128> {
    let mut full = [0u8; 11];
    if !matches!(cell.len(), 0 | 4 | 7 | 11) {
        return None;
    }
    full[..cell.len()].copy_from_slice(cell);
    let [y0, y1, month, day, hour, minute, second, m0, m1, m2, m3] = full;
    let mut packed = u128::from(u16::from_le_bytes([y0, y1]));
    for part in [month, day, hour, minute, second] {
        packed = packed << 8 | u128::from(part);
    }
    Some(packed << 32 | u128::from(u32::from_le_bytes([m0, m1, m2, m3])))
}

/// A TIME in text form, `[-]hhh:mm:ss[.ffffff]`, in microseconds.
pub(super) fn time_text(text: &[u8]) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (clock, fraction) = match rest.iter().position(|byte| *byte == b'.') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &[][..]),
    };
    let mut parts = clock.split(|byte| *byte == b':');
    let (hours, minutes, seconds) = (digits(parts.next()?)?, digits(parts.next()?)?, digits(parts.next()?)?);
    if parts.next().is_some() || fraction.len() > 6 {
        return None;
    }
    let micros =
        if fraction.is_empty() { 0 } else { digits(fraction)? * 10i64.pow(6 - fraction.len() as u32) };
    let total = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros;
    Some(if negative { -total } else { total })
}

fn digits(text: &[u8]) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= 6 && text.iter().all(u8::is_ascii_digit);
    plain.then(|| text.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

/// A binary TIME of 0, 8 or 12 bytes in microseconds.
pub(super) fn time_binary(cell: &[u8]) -> Option<i64> {
    if !matches!(cell.len(), 0 | 8 | 12) {
        return None;
    }
    let mut full = [0u8; 12];
    full[..cell.len()].copy_from_slice(cell);
    let [negative, d0, d1, d2, d3, hours, minutes, seconds, m0, m1, m2, m3] = full;
    let days = i64::from(u32::from_le_bytes([d0, d1, d2, d3]));
    let clock = (i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
    let total = (days * 86_400 + clock) * 1_000_000 + i64::from(u32::from_le_bytes([m0, m1, m2, m3]));
    Some(if negative == 0 { total } else { -total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_text() {
        for (a, b, order) in [
            ("2024-01-31", "2024-02-01", Ordering::Less),
            ("0000-00-00", "2024-02-01", Ordering::Less),
            ("2024-01-01 10:00:00", "2024-01-01 10:00:00.000", Ordering::Equal),
            ("2024-01-01 10:00:00.5", "2024-01-01 10:00:00.25", Ordering::Greater),
            ("2024-01-01", "2024-01-01 00:00:00", Ordering::Equal),
            ("2024-01-01", "2024-01-01 00:00:01", Ordering::Less),
            ("2024-01-01 00:00:01", "2024-01-01", Ordering::Greater),
        ] {
            assert_eq!(compare_date_text(a.as_bytes(), b.as_bytes()), Some(order), "{a} {b}");
        }
        for bad in ["", "2024-1-1", "yesterday!", "2024-01-01T10:00:00"] {
            assert_eq!(compare_date_text(bad.as_bytes(), b"2024-01-01"), None);
        }
    }

    #[test]
    fn times_of_both_formats_agree() {
        assert_eq!(time_text(b"-838:59:59.5"), Some(-3_020_399_500_000));
        assert_eq!(time_binary(&[1, 34, 0, 0, 0, 22, 59, 59, 0x20, 0xA1, 7, 0]), Some(-3_020_399_500_000));
        assert_eq!(time_text(b"00:00:00"), Some(0));
        assert_eq!(time_binary(b""), Some(0));
        assert_eq!(time_text(b"12:00"), None);
        assert_eq!(time_binary(&[1]), None);
    }

    #[test]
    fn binary_dates_order() {
        let date = |bytes: &[u8]| date_binary(bytes).unwrap();
        assert!(date(b"") < date(&[0xE8, 7, 1, 1]));
        assert_eq!(date(&[0xE8, 7, 1, 1]), date(&[0xE8, 7, 1, 1, 0, 0, 0]));
        assert!(date(&[0xE8, 7, 1, 1, 0, 0, 1]) < date(&[0xE8, 7, 1, 1, 0, 0, 1, 1, 0, 0, 0]));
        assert!(date(&[0xFF, 7, 1, 1]) > date(&[0x00, 7, 12, 31, 23, 59, 59]));
        assert_eq!(date_binary(&[1, 2]), None);
    }
}
