//! Times as people write and read them.

use crate::sharding::Moment;

/// A time in Unix milliseconds; what is left of a millisecond is cut.
pub(super) fn from(text: &str) -> Result<u64, String> {
    Ok(read(text)?.0)
}

/// The same; what is left of a millisecond counts as a whole one.
pub(super) fn to(text: &str) -> Result<u64, String> {
    let (ms, whole) = read(text)?;
    Ok(if whole { ms } else { ms + 1 })
}

/// Unix milliseconds, and whether nothing is left.
fn read(text: &str) -> Result<(u64, bool), String> {
    let wrong = || {
        format!(
            "\"{text}\" is no time; write 2026-01-31T12:30:00Z, 2026-01-31, \"2026-01-31 12:30:00\" (UTC) or Unix \
             milliseconds"
        )
    };
    let text = text.trim();
    if let Ok(ms) = text.parse() {
        return Ok((ms, true));
    }
    let (moment, offset) = offset(text).ok_or_else(wrong)?;
    let moment = Moment::parse(moment.as_bytes()).ok_or_else(wrong)?;
    let ms = u64::try_from(moment.unix_ms() - offset).map_err(|_| format!("{text} lies before 1970"))?;
    Ok((ms, moment.micros % 1000 == 0))
}

/// What RFC 3339 writes behind a time, `Z` or `+hh:mm`, in milliseconds; nothing stands for UTC.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(moment) = text.strip_suffix(['Z', 'z']) {
        return (moment.len() > 10).then_some((moment, 0));
    }
    let Some((moment, sign, offset)) = text.len().checked_sub(6).and_then(|at| {
        let (moment, offset) = (text.get(..at)?, text.get(at..)?);
        let sign = match offset.as_bytes().first()? {
            b'+' => 1,
            b'-' if at > 10 => -1,
            _ => return None,
        };
        Some((moment, sign, offset.get(1..)?))
    }) else {
        return Some((text, 0));
    };
    let (hours, minutes) = offset.split_once(':')?;
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some((moment, sign * (hours * 60 + minutes) * 60_000))
}

/// `2026-01-31 12:30:00.123`
pub(super) fn written(unix_ms: u64) -> String {
    match i64::try_from(unix_ms).ok().and_then(Moment::from_unix_ms) {
        Some(moment) => moment.datetime_text().trim_end_matches("000").trim_end_matches('.').to_owned(),
        None => format!("Unix time {unix_ms} ms"),
    }
}

/// How long ago, in the two largest units: `3 d 4 h ago`, `in 12 s`.
pub(super) fn age(unix_ms: u64, now: u64) -> String {
    const UNITS: [(u64, &str); 6] =
        [(31_556_952_000, "y"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
    let mut rest = now.abs_diff(unix_ms);
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        }
        // The unit below the largest is the last, empty or not.
        if parts.len() == 2 || (parts.len() == 1 && count == 0) {
            break;
        }
    }
    match parts.join(" ") {
        empty if empty.is_empty() => "this moment".into(),
        length if unix_ms > now => format!("in {length}"),
        length => format!("{length} ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for (text, ms) in [
            ("2024-01-01", 1_704_067_200_000),
            ("2024-01-01T00:00:00Z", 1_704_067_200_000),
            ("2024-01-01t00:00:00z", 0),
            ("2024-01-01 00:00:00", 1_704_067_200_000),
            ("2024-01-01 00:00:00.5", 1_704_067_200_500),
            ("2024-01-01T02:00:00+02:00", 1_704_067_200_000),
            ("2023-12-31T19:30:00.25-04:30", 1_704_067_200_250),
            ("1704067200000", 1_704_067_200_000),
            ("0", 0),
        ] {
            let read = from(text);
            // RFC 3339 allows small letters, MySQL does not, and neither does this.
            if text.contains('t') {
                assert!(read.is_err(), "{text}");
            } else {
                assert_eq!(read, Ok(ms), "{text}");
                assert_eq!(to(text), Ok(ms), "{text}");
            }
        }
        assert_eq!(from("2024-01-01 00:00:00.000001"), Ok(1_704_067_200_000));
        assert_eq!(to("2024-01-01 00:00:00.000001"), Ok(1_704_067_200_001));
        for text in [
            "",
            "x",
            "2024",
            "2024-13-01",
            "2024-02-30",
            "2024-01-01T25:00:00Z",
            "2024-01-01Z",
            "-5",
            "2024-01-01T00:00:00+2:00",
            "2024-01-01T00:00:00+02:99",
            "2024-01-01T00:00:00+24:00",
            "01.01.2024",
            "1969-12-31",
            "tomorrow",
            "2024-01-01T00:00:00Ä",
            "99999999999999999999999",
        ] {
            if let Ok(ms) = from(text) {
                assert_eq!(text, "2024", "{text} is {ms}");
            }
        }
    }

    #[test]
    fn ages_are_told_in_two_units() {
        for (before, wanted) in [
            (0, "this moment"),
            (7, "7 ms ago"),
            (1000, "1 s ago"),
            (61_500, "1 min 1 s ago"),
            (3_600_000, "1 h ago"),
            (3_605_000, "1 h ago"),
            (90_000_000, "1 d 1 h ago"),
            (40_000_000_000, "1 y 97 d ago"),
        ] {
            assert_eq!(age(1_000_000_000_000 - before, 1_000_000_000_000), wanted);
        }
        assert_eq!(age(1_000_000_012_000, 1_000_000_000_000), "in 12 s");
        assert_eq!(written(1_704_067_200_123), "2024-01-01 00:00:00.123");
    }
}
