//! Order of dates and times in both row formats. `None` where bytes are no such value.

/// A DATE, DATETIME or TIMESTAMP in text form as one number that orders like it; a date alone is the midnight that it begins
/// with.
pub(super) fn date_text(text: &[u8]) -> Option<u128> {
    let (head, fraction) = match text.len() {
        10 | 19 => (text, &[][..]),
        20..=26 if text[19] == b'.' => (&text[..19], &text[20..]),
        _ => return None,
    };
    let shaped = head[4] == b'-' && head[7] == b'-';
    let shaped = shaped && (head.len() == 10 || (head[10] == b' ' && head[13] == b':' && head[16] == b':'));
    if !shaped {
        return None;
    }
    let mut packed = u128::from(digits(&head[..4])?.cast_unsigned());
    for at in [5, 8, 11, 14, 17] {
        packed = packed << 8 | u128::from(head.get(at..at + 2).map_or(Some(0), digits)?.cast_unsigned());
    }
    Some(packed << 32 | u128::from(micros(fraction)?.cast_unsigned()))
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
    if parts.next().is_some() {
        return None;
    }
    let total = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros(fraction)?;
    Some(if negative { -total } else { total })
}

/// The digits after a point, six at most.
fn micros(fraction: &[u8]) -> Option<i64> {
    if fraction.is_empty() {
        return Some(0);
    }
    Some(digits(fraction)? * 10i64.pow(6 - fraction.len() as u32))
}

/// A number of one to six digits.
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
    use std::cmp::Ordering;

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
            let date = |text: &str| date_text(text.as_bytes()).unwrap();
            assert_eq!(date(a).cmp(&date(b)), order, "{a} {b}");
        }
        for bad in ["", "2024-1-1", "yesterday!", "2024-01-01T10:00:00"] {
            assert_eq!(date_text(bad.as_bytes()), None);
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
    fn dates_of_both_formats_agree() {
        let binary = [0xE8, 7, 2, 29, 23, 59, 58, 0x20, 0xA1, 7, 0];
        assert_eq!(date_text(b"2024-02-29 23:59:58.5"), date_binary(&binary));
        assert_eq!(date_text(b"2024-02-29"), date_binary(&binary[..4]));
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
