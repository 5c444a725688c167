//! A calendar date with a time of day, as DATE and DATETIME columns hold it, and the strict texts that MySQL reads
//! without guessing (MySQL manual, "Date and Time Literals").

const MS_PER_DAY: i64 = 86_400_000;
/// `TO_DAYS('1970-01-01')`
const UNIX_DAY: i64 = 719_528;

/// A valid date of the years 1 to 9999 with its time of day. Orders as time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to the month's last.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Millionths of a second.
    pub micros: u32,
}

impl Moment {
    /// Midnight of a date; `None` where the calendar has no such day.
    pub fn date(year: u16, month: u8, day: u8) -> Option<Self> {
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=month_length(year, month)).contains(&day);
        valid.then_some(Self { year, month, day, hour: 0, minute: 0, second: 0, micros: 0 })
    }

    /// Reads `YYYY-MM-DD` or `YYYY-MM-DD hh:mm:ss[.f]` (one to six digits; `T` may stand for the space). Anything
    /// else, also what MySQL would still accept (`24-1-1`, `2024/01/01`), is `None`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (date, time) = if text.len() > 10 { text.split_at(10) } else { (text, &[][..]) };
        if date.len() != 10 || date[4] != b'-' || date[7] != b'-' {
            return None;
        }
        let moment =
            Self::date(number(&date[..4])? as u16, number(&date[5..7])? as u8, number(&date[8..10])? as u8)?;
        if time.is_empty() {
            return Some(moment);
        }
        if time.len() < 9 || !matches!(time[0], b' ' | b'T') || time[3] != b':' || time[6] != b':' {
            return None;
        }
        let (hour, minute, second) = (number(&time[1..3])?, number(&time[4..6])?, number(&time[7..9])?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let micros = match &time[9..] {
            [] => 0,
            [b'.', digits @ ..] if (1..=6).contains(&digits.len()) => {
                number(digits)? * 10_u32.pow(6 - digits.len() as u32)
            }
            _ => return None,
        };
        Some(Self { hour: hour as u8, minute: minute as u8, second: second as u8, micros, ..moment })
    }

    /// Whether the time of day is midnight sharp.
    pub fn is_midnight(&self) -> bool {
        (self.hour, self.minute, self.second, self.micros) == (0, 0, 0, 0)
    }

    /// Midnight of the same day.
    #[must_use]
    pub fn midnight(self) -> Self {
        Self { hour: 0, minute: 0, second: 0, micros: 0, ..self }
    }

    /// Midnight of the next day; the same at the calendar's end.
    #[must_use]
    pub fn next_day(self) -> Self {
        let Self { year, month, day, .. } = self;
        Self::date(year, month, day + 1)
            .or_else(|| Self::date(year, month + 1, 1))
            .or_else(|| Self::date(year + 1, 1, 1))
            .unwrap_or(self)
    }

    /// The same second without its fraction.
    #[must_use]
    pub fn floor_second(self) -> Self {
        Self { micros: 0, ..self }
    }

    /// The start of the next second.
    #[must_use]
    pub fn next_second(self) -> Self {
        let floor = self.floor_second();
        match (self.second < 59, self.minute < 59, self.hour < 23) {
            (true, ..) => Self { second: self.second + 1, ..floor },
            (false, true, _) => Self { second: 0, minute: self.minute + 1, ..floor },
            (false, false, true) => Self { second: 0, minute: 0, hour: self.hour + 1, ..floor },
            (false, false, false) => self.next_day(),
        }
    }

    /// MySQL's `TO_DAYS()`: days since year 0.
    pub fn to_days(&self) -> i64 {
        let (y, m, d) = (i64::from(self.year), i64::from(self.month), i64::from(self.day));
        // Years that begin in March, so that the leap day is the last of its year.
        let (y, m) = if m > 2 { (y, m - 3) } else { (y - 1, m + 9) };
        // 60 days lie between MySQL's day 0 (0000-01-01, a year of 365 days to it) and 0000-03-01.
        365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + d + 59
    }

    /// MySQL's `FROM_DAYS()`: the inverse of [`Moment::to_days`].
    pub fn from_days(days: i64) -> Option<Self> {
        // The year by its mean length is off by one at most.
        let guess = u16::try_from(days * 400 / 146_097).ok()?.max(1);
        let starts = |year: u16| Self::date(year, 1, 1).map(|start| start.to_days());
        let year = (guess.saturating_sub(1).max(1)..=guess + 1)
            .rev()
            .find(|year| starts(*year).is_some_and(|start| start <= days))?;
        let mut rest = days - starts(year)?;
        for month in 1..=12 {
            let length = i64::from(month_length(year, month));
            if rest < length {
                return Self::date(year, month, rest as u8 + 1);
            }
            rest -= length;
        }
        None
    }

    /// Milliseconds since 1970-01-01, as if it were UTC; what is left of a millisecond is cut.
    pub fn unix_ms(&self) -> i64 {
        let seconds = (i64::from(self.hour) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second);
        (self.to_days() - UNIX_DAY) * MS_PER_DAY + seconds * 1000 + i64::from(self.micros / 1000)
    }

    /// The inverse of [`Moment::unix_ms`]; `None` outside of the years 1 to 9999.
    pub fn from_unix_ms(ms: i64) -> Option<Self> {
        let day = Self::from_days(ms.div_euclid(MS_PER_DAY) + UNIX_DAY)?;
        let rest = ms.rem_euclid(MS_PER_DAY) as u32;
        let (hour, minute) = ((rest / 3_600_000) as u8, (rest / 60_000 % 60) as u8);
        Some(Self { hour, minute, second: (rest / 1000 % 60) as u8, micros: rest % 1000 * 1000, ..day })
    }

    /// Months since year 0.
    pub fn to_months(&self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }

    /// `YYYY-MM-DD`
    pub fn date_text(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `YYYY-MM-DD hh:mm:ss.ffffff`
    pub fn datetime_text(&self) -> String {
        let Self { hour, minute, second, micros, .. } = self;
        format!("{} {hour:02}:{minute:02}:{second:02}.{micros:06}", self.date_text())
    }
}

fn month_length(year: u16, month: u8) -> u8 {
    match month {
        2 if (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_texts_only() {
        for (text, wanted) in [
            ("2024-02-29", Some("2024-02-29 00:00:00.000000")),
            ("2024-02-29 23:59:59", Some("2024-02-29 23:59:59.000000")),
            ("2024-02-29T23:59:59.5", Some("2024-02-29 23:59:59.500000")),
            ("2024-02-29 00:00:00.000001", Some("2024-02-29 00:00:00.000001")),
            ("2023-02-29", None),
            ("0000-01-01", None),
            ("2024-00-01", None),
            ("2024-1-1", None),
            ("24-01-01", None),
            ("2024-01-01 24:00:00", None),
            ("2024-01-01 00:00", None),
            ("2024-01-01 00:00:00.", None),
            ("2024-01-01 00:00:00.1234567", None),
            ("2024-01-01 00:00:00+02:00", None),
            ("20240101", None),
            ("", None),
        ] {
            assert_eq!(
                Moment::parse(text.as_bytes()).map(|m| m.datetime_text()).as_deref(),
                wanted,
                "{text}"
            );
        }
    }

    #[test]
    fn milliseconds_are_unix_times() {
        for (text, ms) in [
            ("1970-01-01", 0),
            ("2024-01-01", 1_704_067_200_000),
            ("2024-02-29 23:59:59.999", 1_709_251_199_999),
            ("1969-12-31 23:59:59.999", -1),
            ("9999-12-31 23:59:59.000", 253_402_300_799_000),
        ] {
            let moment = Moment::parse(text.as_bytes()).unwrap();
            assert_eq!(moment.unix_ms(), ms, "{text}");
            assert_eq!(Moment::from_unix_ms(ms), Some(moment), "{text}");
        }
        assert_eq!(Moment::from_unix_ms(253_402_300_800_000), None);
        assert_eq!(Moment::from_unix_ms(i64::MIN), None);
        assert_eq!(Moment::from_unix_ms(i64::MAX), None);
    }

    #[test]
    fn days_are_mysqls() {
        // SELECT TO_DAYS(...) on MySQL 9.7 and MariaDB 10.11.
        for (text, days) in
            [("0001-01-01", 366), ("1970-01-01", 719_528), ("2024-02-29", 739_310), ("9999-12-31", 3_652_424)]
        {
            assert_eq!(Moment::parse(text.as_bytes()).unwrap().to_days(), days, "{text}");
        }
        for days in (366..3_652_425).step_by(17) {
            assert_eq!(Moment::from_days(days).map(|m| m.to_days()), Some(days));
        }
        assert_eq!((Moment::from_days(365), Moment::from_days(3_652_425)), (None, None));
    }

    #[test]
    fn the_next_second_carries() {
        for (text, wanted) in [
            ("2024-02-28 23:59:59.9", "2024-02-29 00:00:00.000000"),
            ("2024-12-31 23:59:59", "2025-01-01 00:00:00.000000"),
            ("2024-12-31 23:00:59", "2024-12-31 23:01:00.000000"),
        ] {
            assert_eq!(Moment::parse(text.as_bytes()).unwrap().next_second().datetime_text(), wanted);
        }
    }
}
