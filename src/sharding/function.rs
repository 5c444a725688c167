//! The algorithms: key → part, and the same as an SQL expression.

use super::key::{Key, KeyType};
use super::moment::Moment;
use crate::base::hex;

/// How keys are cut into parts.
#[derive(Debug, Clone, PartialEq)]
pub enum Function {
    /// CRC-32 (zlib's, which is MySQL's `CRC32()`) of the key's canonical text, modulo the number of slots.
    /// NULL is in slot 0.
    Hash {
        /// How many slots.
        slots: u32,
    },
    /// The remainder of an integer key, never negative: -1 modulo 4 is 3. NULL is in part 0.
    Modulo {
        /// How many parts.
        divisor: u32,
    },
    /// Part 0 lies below the first bound, the last part from the last bound on.
    Range {
        /// Ascending; each is the first key of the next part. Strings compare by their bytes.
        bounds: Vec<Key<'static>>,
    },
    /// Listed keys.
    List {
        /// Sorted by key: key and part.
        keys: Vec<(Key<'static>, u32)>,
        /// How many lists.
        parts: u32,
        /// The part of keys that are in no list; `None`: they have no place.
        default: Option<u32>,
    },
    /// Intervals of the calendar.
    Interval(Interval),
}

/// Part i begins `i * every` units after `start`.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// What is counted.
    pub unit: Unit,
    /// How many units an interval has.
    pub every: u32,
    /// The start of part 0: the first day of a unit.
    pub start: Moment,
    /// How many parts.
    pub parts: u32,
    /// Whether part 0 follows the last part again (and precedes itself); if not, other dates have no place.
    pub wrap: bool,
}

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Day,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl Unit {
    /// Units since year 0.
    pub(super) fn count(self, m: &Moment) -> i64 {
        match self {
            Self::Day => m.to_days(),
            Self::Month => m.to_months(),
            Self::Year => i64::from(m.year),
        }
    }

    /// The same in SQL. Signed, so that a difference may be negative.
    fn sql(self, column: &str) -> String {
        match self {
            Self::Day => format!("CAST(TO_DAYS({column}) AS SIGNED)"),
            Self::Month => {
                format!("CAST(YEAR({column}) AS SIGNED) * 12 + CAST(MONTH({column}) AS SIGNED) - 1")
            }
            Self::Year => format!("CAST(YEAR({column}) AS SIGNED)"),
        }
    }

    /// The start of the unit with this count; `None` outside of the years 1 to 9999.
    pub(super) fn moment(self, count: i64) -> Option<Moment> {
        match self {
            Self::Day => Moment::from_days(count),
            Self::Month => {
                let year = u16::try_from(count.div_euclid(12)).ok()?;
                Moment::date(year, count.rem_euclid(12) as u8 + 1, 1)
            }
            Self::Year => Moment::date(u16::try_from(count).ok()?, 1, 1),
        }
    }

    /// Whether a moment is the first of a unit.
    pub fn starts(self, m: &Moment) -> bool {
        m.is_midnight()
            && match self {
                Self::Day => true,
                Self::Month => m.day == 1,
                Self::Year => m.day == 1 && m.month == 1,
            }
    }

    /// `day`, `month` or `year`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl Interval {
    /// The interval's number before it is wrapped or checked.
    pub fn index(&self, m: &Moment) -> i64 {
        (self.unit.count(m) - self.unit.count(&self.start)).div_euclid(i64::from(self.every))
    }

    /// The part of an interval's number.
    pub fn part(&self, index: i64) -> Option<u32> {
        let parts = i64::from(self.parts);
        if self.wrap {
            return Some(index.rem_euclid(parts) as u32);
        }
        (0..parts).contains(&index).then_some(index as u32)
    }

    fn sql(&self, column: &str) -> String {
        let (unit, start, parts) = (self.unit.sql(column), self.unit.count(&self.start), self.parts);
        let index = match self.every {
            1 => format!("({unit} - {start})"),
            every => format!("FLOOR(({unit} - {start}) / {every})"),
        };
        if self.wrap {
            return format!("MOD(MOD({index}, {parts}) + {parts}, {parts})");
        }
        format!("CASE WHEN {index} BETWEEN 0 AND {} THEN {index} END", parts - 1)
    }
}

impl Function {
    /// How many parts there are.
    pub fn parts(&self) -> u32 {
        match self {
            Self::Hash { slots } => *slots,
            Self::Modulo { divisor } => *divisor,
            Self::Range { bounds } => bounds.len() as u32 + 1,
            Self::List { parts, .. } => *parts,
            Self::Interval(interval) => interval.parts,
        }
    }

    /// Whether NULL has a part without being given one.
    pub fn null_part(&self) -> Option<u32> {
        matches!(self, Self::Hash { .. } | Self::Modulo { .. }).then_some(0)
    }

    /// Whether a part's keys follow one another, so that two keys of one part have only that part between them.
    pub fn is_ordered(&self) -> bool {
        matches!(self, Self::Range { .. } | Self::Interval(_))
    }

    /// The part of a key; `None` where it has no place.
    pub fn part(&self, key_type: KeyType, key: &Key<'_>) -> Option<u32> {
        match (self, key) {
            (Self::Hash { slots }, key) => Some(crc32(key_type, key) % slots),
            (Self::Modulo { divisor }, Key::Int(n)) => Some(n.rem_euclid(i128::from(*divisor)) as u32),
            (Self::Range { bounds }, key) => Some(bounds.partition_point(|bound| bound <= key) as u32),
            (Self::List { keys, default, .. }, key) => match keys.binary_search_by(|(k, _)| k.cmp(key)) {
                Ok(at) => Some(keys[at].1),
                Err(_) => *default,
            },
            (Self::Interval(interval), Key::Moment(m)) => interval.part(interval.index(m)),
            _ => None,
        }
    }

    /// The parts of keys between two keys, both included; `None` is open. Not sorted; `None` when all parts are.
    pub fn parts_between(&self, low: Option<&Key<'_>>, high: Option<&Key<'_>>) -> Option<Vec<u32>> {
        /// So many single keys are looked up one by one.
        const FEW: i128 = 64;
        match self {
            Self::Hash { .. } | Self::Modulo { .. } => match (low, high) {
                (Some(Key::Int(low)), Some(Key::Int(high))) if high - low < FEW => {
                    (*low..=*high).map(|n| self.part(KeyType::Integer, &Key::Int(n))).collect()
                }
                _ => None,
            },
            Self::Range { bounds } => {
                let first = low.map_or(0, |low| bounds.partition_point(|bound| bound <= low));
                let last = high.map_or(bounds.len(), |high| bounds.partition_point(|bound| bound <= high));
                Some((first as u32..=last as u32).collect())
            }
            Self::List { keys, default, .. } => {
                let inside =
                    |key: &Key<'_>| low.is_none_or(|low| low <= key) && high.is_none_or(|high| key <= high);
                let listed = keys.iter().filter(|(key, _)| inside(key)).map(|(_, part)| *part);
                Some(listed.chain(*default).collect())
            }
            Self::Interval(interval) => {
                let index = |key: Option<&Key<'_>>| match key {
                    Some(Key::Moment(m)) => Some(interval.index(m)),
                    _ => None,
                };
                let parts = i64::from(interval.parts);
                let (low, high) = (index(low), index(high));
                if interval.wrap {
                    let (Some(low), Some(high)) = (low, high) else { return None };
                    return (high - low < parts)
                        .then(|| (low..=high).filter_map(|i| interval.part(i)).collect());
                }
                let low = low.map_or(0, |low| low.max(0));
                let high = high.map_or(parts - 1, |high| high.min(parts - 1));
                Some((low..=high).map(|i| i as u32).collect())
            }
        }
    }

    /// The part in SQL, for a column that is not NULL (hash and modulo: for any).
    pub fn sql(&self, key_type: KeyType, column: &str) -> String {
        match self {
            Self::Hash { slots } => format!("COALESCE(CRC32({}), 0) % {slots}", canonical(key_type, column)),
            Self::Modulo { divisor: d } => format!("COALESCE(MOD(MOD({column}, {d}) + {d}, {d}), 0)"),
            Self::Range { bounds } => {
                let column = canonical(key_type, column);
                let case =
                    |(part, bound)| format!(" WHEN {column} < {} THEN {part}", literal(key_type, bound));
                let cases: String = bounds.iter().enumerate().map(case).collect();
                if cases.is_empty() {
                    return "0".to_owned();
                }
                format!("CASE{cases} ELSE {} END", bounds.len())
            }
            Self::List { keys, parts, default } => {
                let column = canonical(key_type, column);
                let when = |part: u32| {
                    let of_part = keys.iter().filter(|(_, p)| *p == part);
                    let list: Vec<String> = of_part.map(|(key, _)| literal(key_type, key)).collect();
                    match list.as_slice() {
                        [] => String::new(),
                        list => format!(" WHEN {column} IN ({}) THEN {part}", list.join(", ")),
                    }
                };
                let cases: String = (0..*parts).map(when).collect();
                match (cases.as_str(), default) {
                    ("", None) => "NULL".to_owned(),
                    ("", Some(part)) => part.to_string(),
                    (_, None) => format!("CASE{cases} END"),
                    (_, Some(part)) => format!("CASE{cases} ELSE {part} END"),
                }
            }
            Self::Interval(interval) => interval.sql(column),
        }
    }
}

/// A column's canonical value in SQL: what [`Key`] holds.
fn canonical(key_type: KeyType, column: &str) -> String {
    match key_type {
        KeyType::Integer | KeyType::Decimal { .. } | KeyType::Date => column.to_owned(),
        KeyType::Datetime => format!("CAST({column} AS DATETIME(6))"),
        KeyType::String(_) => format!("CAST(RTRIM(CONVERT({column} USING utf8mb4)) AS BINARY)"),
        KeyType::Binary => format!("TRIM(TRAILING x'00' FROM {column})"),
    }
}

/// A key as a literal of SQL.
pub(super) fn literal(key_type: KeyType, key: &Key<'_>) -> String {
    match (key, key_type) {
        (Key::Int(n), _) => n.to_string(),
        (Key::Decimal(d), _) => d.to_plain_string(),
        (Key::Moment(m), KeyType::Date) => format!("DATE'{}'", m.date_text()),
        (Key::Moment(m), _) => format!("TIMESTAMP'{}'", m.datetime_text()),
        (Key::Bytes(bytes), _) => format!("x'{}'", hex(bytes)),
    }
}

/// CRC-32 of a key's canonical text.
fn crc32(key_type: KeyType, key: &Key<'_>) -> u32 {
    match (key, key_type) {
        (Key::Int(n), _) => crc32_of_int(*n),
        (Key::Decimal(d), _) => crc32fast::hash(d.to_plain_string().as_bytes()),
        (Key::Moment(m), KeyType::Date) => crc32fast::hash(m.date_text().as_bytes()),
        (Key::Moment(m), _) => crc32fast::hash(m.datetime_text().as_bytes()),
        (Key::Bytes(bytes), _) => crc32fast::hash(bytes),
    }
}

/// Without an allocation: most keys are integers, and this runs once a statement.
fn crc32_of_int(n: i128) -> u32 {
    let mut text = [0u8; 40];
    let mut at = text.len();
    let mut rest = n.unsigned_abs() as u64;
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        at -= 1;
        text[at] = b'-';
    }
    crc32fast::hash(&text[at..])
}
