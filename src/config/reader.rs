//! Walks the TOML with positions. Every access names its key; what nobody asked for is an unknown key.

use std::cell::RefCell;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Lines, Problem, suggestion};
use super::text;

/// The text, and the mistakes found in it so far.
pub(super) struct Reader<'a> {
    text: &'a str,
    lines: Lines<'a>,
    file: &'a str,
    environment: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<Problem>>,
}

/// A value and the byte where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub value: T,
    pub at: usize,
}

/// One table of the file.
pub(super) struct Section<'r, 't> {
    pub reader: &'r Reader<'r>,
    table: &'t DeTable<'t>,
    /// Where its header stands.
    pub at: usize,
    /// Its name for messages: `[source.ds0]`.
    pub name: String,
    known: RefCell<Vec<&'static str>>,
}

pub(super) type Item<'t> = Spanned<DeValue<'t>>;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, file: &'a str, environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { text, lines: Lines::of(text), file, environment, problems: RefCell::default() }
    }

    /// The file's table; what is not TOML is reported, the rest is read on.
    pub(super) fn table(&self) -> DeTable<'a> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.report(at, format!("not TOML: {}", error.message().lines().next().unwrap_or_default()));
        }
        table.into_inner()
    }

    pub(super) fn report(&self, at: usize, message: impl Into<String>) {
        self.problems.borrow_mut().push(Problem::at(self.file, &self.lines, at, message.into()));
    }

    /// Every mistake, in the file's order.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }

    /// A string with the environment's values in it.
    pub(super) fn string(&self, item: &Item<'_>, what: &str) -> Option<At<String>> {
        let at = item.span().start;
        let DeValue::String(raw) = item.get_ref() else {
            self.report(at, format!("{what} must be a string, not {}", type_of(item)));
            return None;
        };
        match text::fill(raw, self.environment) {
            Ok(value) => Some(At { value, at }),
            Err(why) => {
                self.report(at, why);
                None
            }
        }
    }

    /// A string or an array of strings, each expanded by its braces.
    pub(super) fn names(&self, item: &Item<'_>, what: &str) -> Vec<At<String>> {
        let items: Vec<&Item<'_>> = match item.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![item],
        };
        let mut out = Vec::new();
        for At { value, at } in items.into_iter().filter_map(|item| self.string(item, what)) {
            match text::expand(&value) {
                Ok(names) => out.extend(names.into_iter().map(|value| At { value, at })),
                Err(why) => self.report(at, why),
            }
        }
        out
    }

    /// An integer within bounds.
    pub(super) fn integer(&self, item: &Item<'_>, what: &str, min: u64, max: u64) -> Option<u64> {
        let number = match item.get_ref() {
            DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok(),
            _ => None,
        };
        let number = number.and_then(|n| u64::try_from(n).ok()).filter(|n| (min..=max).contains(n));
        if number.is_none() {
            let at = item.span().start;
            self.report(at, format!("{what} must be an integer from {min} to {max}, not {}", type_of(item)));
        }
        number
    }
}

/// What a value is, for "must be …, not …".
pub(super) fn type_of(item: &Item<'_>) -> String {
    match item.get_ref() {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(i) => i.to_string(),
        DeValue::Float(f) => f.to_string(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Datetime(d) => d.to_string(),
        DeValue::Array(_) => "an array".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

impl<'r, 't> Section<'r, 't> {
    pub(super) fn root(reader: &'r Reader<'r>, table: &'t DeTable<'t>) -> Self {
        Self { reader, table, at: 0, name: "the file".into(), known: RefCell::default() }
    }

    /// A table inside of an item.
    pub(super) fn of(reader: &'r Reader<'r>, item: &'t Item<'t>, at: usize, name: String) -> Option<Self> {
        if let DeValue::Table(table) = item.get_ref() {
            return Some(Self { reader, table, at, name, known: RefCell::default() });
        }
        reader.report(item.span().start, format!("{name} must be a table, not {}", type_of(item)));
        None
    }

    pub(super) fn report(&self, at: usize, message: impl Into<String>) {
        self.reader.report(at, message);
    }

    /// A key's value.
    pub(super) fn item(&self, key: &'static str) -> Option<&'t Item<'t>> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Where a key stands; the section's header where it is missing.
    pub(super) fn key_at(&self, key: &str) -> usize {
        self.table.get_key_value(key).map_or(self.at, |(key, _)| key.span().start)
    }

    /// Reports a key that must be given.
    pub(super) fn missing(&self, key: &str, example: &str) {
        self.report(self.at, format!("{} has no {key}; write {example}", self.name));
    }

    pub(super) fn string(&self, key: &'static str) -> Option<At<String>> {
        self.reader.string(self.item(key)?, key)
    }

    pub(super) fn names(&self, key: &'static str) -> Option<Vec<At<String>>> {
        Some(self.reader.names(self.item(key)?, key))
    }

    pub(super) fn integer(&self, key: &'static str, default: u64, min: u64, max: u64) -> u64 {
        self.item(key).and_then(|item| self.reader.integer(item, key, min, max)).unwrap_or(default)
    }

    pub(super) fn boolean(&self, key: &'static str, default: bool) -> bool {
        match self.item(key) {
            None => default,
            Some(item) => {
                if let DeValue::Boolean(value) = item.get_ref() {
                    *value
                } else {
                    let message = format!("{key} must be true or false, not {}", type_of(item));
                    self.report(item.span().start, message);
                    default
                }
            }
        }
    }

    pub(super) fn duration(&self, key: &'static str, default: Duration) -> Duration {
        let Some(item) = self.item(key) else { return default };
        let value = match item.get_ref() {
            DeValue::String(_) => self.reader.string(item, key).map(|text| text::duration(&text.value)),
            DeValue::Integer(i) if i.as_str() == "0" => Some(Some(Duration::ZERO)),
            _ => Some(None),
        };
        if value == Some(None) {
            let message =
                format!("{key} must be a time such as \"5s\", \"250ms\" or \"1h\", not {}", type_of(item));
            self.report(item.span().start, message);
        }
        value.flatten().unwrap_or(default)
    }

    /// Bytes.
    pub(super) fn size(&self, key: &'static str, default: u64, min: u64, max: u64) -> u64 {
        let Some(item) = self.item(key) else { return default };
        let value = match item.get_ref() {
            DeValue::String(_) => self.reader.string(item, key).map(|text| text::size(&text.value)),
            DeValue::Integer(i) => Some(i.as_str().parse().ok()),
            _ => Some(None),
        };
        let value = value.map(|size| size.filter(|size| (min..=max).contains(size)));
        if value == Some(None) {
            let message = format!(
                "{key} must be a size from {min} to {max} bytes such as \"64MiB\", not {}",
                type_of(item)
            );
            self.report(item.span().start, message);
        }
        value.flatten().unwrap_or(default)
    }

    /// A table below this one.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'r, 't>> {
        let item = self.item(key)?;
        Section::of(self.reader, item, self.key_at(key), format!("[{key}]"))
    }

    /// Every entry of a table below this one, in the file's order.
    pub(super) fn entries(&self, key: &'static str) -> Vec<(At<String>, &'t Item<'t>)> {
        let Some(item) = self.item(key) else { return Vec::new() };
        Section::of(self.reader, item, self.key_at(key), key.into()).map_or(Vec::new(), |s| s.all())
    }

    fn all(&self) -> Vec<(At<String>, &'t Item<'t>)> {
        let entry = |(key, item): (&'t Spanned<_>, _)| {
            let name: &std::borrow::Cow<'t, str> = key.get_ref();
            (At { value: name.to_string(), at: key.span().start }, item)
        };
        let mut all: Vec<_> = self.table.iter().map(entry).collect();
        all.sort_by_key(|(key, _)| key.at);
        all
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self) {
        let known = self.known.borrow();
        for (key, _) in self.all() {
            if !known.contains(&key.value.as_str()) {
                let guess = suggestion(&key.value, known.iter().copied());
                self.report(key.at, format!("unknown key \"{}\" in {}{guess}", key.value, self.name));
            }
        }
    }
}
