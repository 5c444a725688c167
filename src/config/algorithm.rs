//! `algorithm` and `key` of a group → its [`Rule`].

use std::borrow::Cow;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use toml::de::DeValue;

use super::problem::suggestion;
use super::reader::{Item, Section, type_of};
use crate::sharding::moment::Moment;
use crate::sharding::{Charset, Function, Interval, Key, KeyType, Parts, Rule, Unit};

/// So many parts a rule may have.
const MOST_PARTS: u64 = 65_536;
const ALGORITHMS: [&str; 5] = ["hash", "modulo", "range", "list", "date"];

/// The rule of a group over so many shards. Mistakes are reported; `None` where no rule came of it.
pub(super) fn rule(group: &Section<'_, '_>, shards: usize) -> Option<Rule> {
    let key = key_type(group);
    let Some(item) = group.item("algorithm") else {
        group.missing("algorithm", "algorithm = { hash = \"crc32\", slots = 1024 }");
        return None;
    };
    let at = group.key_at("algorithm");
    let section = Section::of(group.reader, item, at, "algorithm".into())?;
    let given: Vec<&str> = ALGORITHMS.into_iter().filter(|name| section.item(name).is_some()).collect();
    let function = match given.as_slice() {
        ["hash"] => hash(&section),
        ["modulo"] => modulo(&section, key),
        ["range"] => range(&section, key.unwrap_or(KeyType::Integer)),
        ["list"] => list(&section, key.unwrap_or(KeyType::Integer)),
        ["date"] => date(&section, key, shards),
        [] => {
            section
                .report(at, format!("the algorithm is missing or unknown; one of {}", ALGORITHMS.join(", ")));
            None
        }
        several => {
            section.report(at, format!("one algorithm is needed, not {}", several.join(" and ")));
            None
        }
    };
    let null = section.item("null").and_then(|item| part(&section, item, "null"));
    let parts = function.as_ref().and_then(|function| parts(&section, function, shards));
    let default = match (&function, key) {
        (Some(Function::Interval(_)), None) => KeyType::Date,
        (_, key) => key.unwrap_or(KeyType::Integer),
    };
    section.finish();
    if null.is_some() && function.as_ref().is_some_and(|function| function.null_part().is_some()) {
        group.report(at, "null is for range, list and date; hash and modulo keep NULL keys in part 0");
    }
    match Rule::new(default, function?, parts?, null) {
        Ok(rule) => Some(rule),
        Err(why) => {
            group.report(at, why);
            None
        }
    }
}

/// `key`: `"integer"`, `"string"`, `{ string = "latin1" }`, `{ decimal = 2 }` …
fn key_type(group: &Section<'_, '_>) -> Option<KeyType> {
    let item = group.item("key")?;
    if matches!(item.get_ref(), DeValue::Table(_)) {
        let section = Section::of(group.reader, item, item.span().start, "key".into())?;
        let string = section.string("string");
        let decimal = section.item("decimal");
        let key = match (string, decimal) {
            (Some(set), None) => {
                let sets = [Charset::Utf8mb4, Charset::Utf8mb3, Charset::Latin1, Charset::Ascii];
                let found = sets.into_iter().find(|charset| charset.name() == set.value);
                if found.is_none() {
                    let guess = suggestion(&set.value, sets.map(Charset::name));
                    let names = sets.map(Charset::name).join(", ");
                    section.report(
                        set.at,
                        format!("unknown character set \"{}\"{guess}; one of {names}", set.value),
                    );
                }
                found.map(KeyType::String)
            }
            (None, Some(scale)) => {
                let scale = section.reader.integer(scale, "decimal", 0, 38);
                scale.map(|scale| KeyType::Decimal { scale: scale as u8 })
            }
            _ => {
                let message =
                    "a key type is { string = \"latin1\" } or { decimal = 2 } or a word such as \"integer\"";
                section.report(section.at, message);
                None
            }
        };
        section.finish();
        return key;
    }
    let word = group.string("key")?;
    let types = [
        ("integer", KeyType::Integer),
        ("string", KeyType::String(Charset::Utf8mb4)),
        ("binary", KeyType::Binary),
        ("date", KeyType::Date),
        ("datetime", KeyType::Datetime),
        ("decimal", KeyType::Decimal { scale: 0 }),
    ];
    let found = types.into_iter().find(|(name, _)| *name == word.value).map(|(_, key)| key);
    if found.is_none() {
        let guess = suggestion(&word.value, types.map(|(name, _)| name));
        let names = types.map(|(name, _)| name).join(", ");
        group.report(word.at, format!("unknown key type \"{}\"{guess}; one of {names}", word.value));
    }
    found
}

fn hash(section: &Section<'_, '_>) -> Option<Function> {
    let slots = section.integer("slots", 1024, 1, MOST_PARTS) as u32;
    let name = section.string("hash")?;
    if name.value != "crc32" {
        section.report(name.at, format!("unknown hash \"{}\"; the one there is is \"crc32\"", name.value));
        return None;
    }
    Some(Function::Hash { slots })
}

fn modulo(section: &Section<'_, '_>, key: Option<KeyType>) -> Option<Function> {
    let item = section.item("modulo")?;
    if key.is_some_and(|key| key != KeyType::Integer) {
        section.report(item.span().start, "modulo needs an integer key; use hash for others");
        return None;
    }
    let divisor = section.reader.integer(item, "modulo", 1, MOST_PARTS)? as u32;
    Some(Function::Modulo { divisor })
}

fn range(section: &Section<'_, '_>, key: KeyType) -> Option<Function> {
    let item = section.item("range")?;
    let DeValue::Array(array) = item.get_ref() else {
        let message = format!("range must be a list of bounds, not {}", type_of(item));
        section.report(item.span().start, message);
        return None;
    };
    let mut bounds: Vec<Key<'static>> = Vec::new();
    for item in array {
        let bound = literal(section, item, key)?;
        if bounds.last().is_some_and(|last| *last >= bound) {
            section.report(item.span().start, format!("bounds must ascend: {} does not", type_of(item)));
        }
        bounds.push(bound);
    }
    Some(Function::Range { bounds })
}

fn list(section: &Section<'_, '_>, key: KeyType) -> Option<Function> {
    let item = section.item("list")?;
    let default = section.item("default").and_then(|item| part(section, item, "default"));
    let DeValue::Array(lists) = item.get_ref() else {
        let message = format!("list must be a list of lists of keys, not {}", type_of(item));
        section.report(item.span().start, message);
        return None;
    };
    let mut keys: Vec<(Key<'static>, u32)> = Vec::new();
    for (number, item) in lists.iter().enumerate() {
        let DeValue::Array(list) = item.get_ref() else {
            section.report(
                item.span().start,
                format!("write [{}]: each shard has a list of keys", type_of(item)),
            );
            continue;
        };
        for item in list {
            let key = literal(section, item, key)?;
            if keys.iter().any(|(known, _)| *known == key) {
                section.report(item.span().start, format!("key {} is listed twice", type_of(item)));
            }
            keys.push((key, number as u32));
        }
    }
    keys.sort();
    let parts = lists.len() as u32;
    if default.is_some_and(|default| default >= parts) {
        section.report(
            section.key_at("default"),
            format!("default must be a list's number, 0 to {}", parts - 1),
        );
        return None;
    }
    Some(Function::List { keys, parts, default })
}

fn date(section: &Section<'_, '_>, key: Option<KeyType>, shards: usize) -> Option<Function> {
    let every = section.integer("every", 1, 1, 100_000) as u32;
    let parts = section.integer("parts", shards.max(1) as u64, 1, MOST_PARTS) as u32;
    let wrap = section.boolean("wrap", false);
    let start = section.item("start");
    if start.is_none() {
        section.missing("start", "start = \"2024-01-01\"");
    }
    let start = start.and_then(|item| Some((item.span().start, literal(section, item, KeyType::Date)?)));
    let name = section.string("date")?;
    let units = [("day", Unit::Day), ("month", Unit::Month), ("year", Unit::Year)];
    let Some((_, unit)) = units.into_iter().find(|(word, _)| *word == name.value) else {
        let guess = suggestion(&name.value, units.map(|(word, _)| word));
        section
            .report(name.at, format!("unknown interval \"{}\"{guess}; one of day, month, year", name.value));
        return None;
    };
    if key.is_some_and(|key| !matches!(key, KeyType::Date | KeyType::Datetime)) {
        section.report(name.at, "date intervals need key = \"date\" or \"datetime\"");
        return None;
    }
    let (at, Key::Moment(start)) = start? else { return None };
    if !unit.starts(&start) {
        section.report(at, format!("start must be the first day of a {}", unit.name()));
        return None;
    }
    Some(Function::Interval(Interval { unit, every, start, parts, wrap }))
}

/// A part's number; whether it exists is for [`Rule::new`] to say.
fn part(section: &Section<'_, '_>, item: &Item<'_>, what: &str) -> Option<u32> {
    section.reader.integer(item, what, 0, MOST_PARTS).map(|part| part as u32)
}

/// Which shard holds each part: `ranges`, or evenly.
fn parts(section: &Section<'_, '_>, function: &Function, shards: usize) -> Option<Parts> {
    let count = function.parts();
    let Some(item) = section.item("ranges") else {
        let even = match function {
            Function::Hash { .. } => count as usize >= shards,
            _ => shards > 0 && (count as usize).is_multiple_of(shards),
        };
        if !even && shards > 0 {
            let message = format!(
                "{count} parts do not spread evenly over {shards} shards; say which shard has which in ranges = [\"0-1\", …]"
            );
            section.report(section.at, message);
            return None;
        }
        return Some(Parts::even(count, shards as u16));
    };
    let at = item.span().start;
    let DeValue::Array(array) = item.get_ref() else {
        section.report(at, "ranges must be a list with one text a shard, such as [\"0-511\", \"512-1023\"]");
        return None;
    };
    if array.len() != shards {
        section.report(at, format!("ranges has {} entries for {shards} shards", array.len()));
        return None;
    }
    let mut runs = Vec::new();
    for item in array {
        let text = section.reader.string(item, "an entry of ranges")?;
        let Some(run) = Parts::parse_runs(&text.value) else {
            section.report(text.at, format!("\"{}\" is no list of parts; write \"0-255,300\"", text.value));
            return None;
        };
        runs.push(run);
    }
    match Parts::from_runs(count, &runs) {
        Ok(parts) => Some(parts),
        Err(mistakes) => {
            for (node, mistake) in mistakes {
                let at = array.get(node).map_or(at, |item| item.span().start);
                section.report(at, format!("ranges: {mistake}"));
            }
            None
        }
    }
}

/// A key as the configuration writes it.
fn literal(section: &Section<'_, '_>, item: &Item<'_>, key: KeyType) -> Option<Key<'static>> {
    let text = match item.get_ref() {
        DeValue::String(_) => section.reader.string(item, "a key")?.value,
        DeValue::Integer(i) => i.to_string(),
        DeValue::Float(f) if matches!(key, KeyType::Decimal { .. }) => f.to_string(),
        DeValue::Datetime(d) => d.to_string(),
        _ => String::new(),
    };
    let found = match key {
        KeyType::Integer => {
            text.parse().ok().filter(|n| (i64::MIN.into()..=u64::MAX.into()).contains(n)).map(Key::Int)
        }
        KeyType::Decimal { scale } => {
            let number = BigDecimal::from_str(&text).ok().map(|d| (d.with_scale(i64::from(scale)), d));
            number.filter(|(key, d)| key == d).map(|(key, _)| Key::Decimal(key))
        }
        KeyType::Date => Moment::parse(text.as_bytes()).filter(Moment::is_midnight).map(Key::Moment),
        KeyType::Datetime => Moment::parse(text.as_bytes()).map(Key::Moment),
        KeyType::String(charset) => {
            let good = matches!(item.get_ref(), DeValue::String(_)) && charset.holds(&text);
            good.then(|| Key::Bytes(Cow::Owned(text.trim_end_matches(' ').as_bytes().to_vec())))
        }
        KeyType::Binary => {
            let good = matches!(item.get_ref(), DeValue::String(_));
            good.then(|| Key::Bytes(Cow::Owned(text.trim_end_matches('\0').as_bytes().to_vec())))
        }
    };
    if found.is_none() {
        let message = format!("{} is no key of type {}", type_of(item), key.describe());
        section.report(item.span().start, message);
    }
    found
}
