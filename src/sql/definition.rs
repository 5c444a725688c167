//! A table's definition as SHOW CREATE TABLE words it (manual, "SHOW CREATE TABLE Statement"), in parts that can be
//! compared: columns in order, indexes and constraints, and the rest. Knows no server; both flavors word it alike, a line
//! a part.

/// What a part defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// A column.
    Column,
    /// PRIMARY KEY
    Primary,
    /// Any other index.
    Index,
    /// FOREIGN KEY
    ForeignKey,
    /// CHECK
    Check,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// What it defines.
    pub kind: PartKind,
    /// Its name, in backquotes; empty for the primary key.
    pub name: String,
    /// All of it, without the comma.
    pub text: String,
}

/// A definition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition {
    /// Columns, in order.
    pub columns: Vec<Part>,
    /// Indexes and constraints, sorted: their order means nothing.
    pub keys: Vec<Part>,
    /// Options and partitions; for a view, all of it.
    pub rest: String,
}

impl Definition {
    /// Reads what SHOW CREATE TABLE answers, under sql_quote_show_create and without ANSI_QUOTES. Counters of
    /// AUTO_INCREMENT are left out.
    pub fn read(text: &str) -> Self {
        let Some((_, body)) = text.split_once(" (\n").filter(|_| text.starts_with("CREATE TABLE")) else {
            return Self { rest: text.to_owned(), ..Self::default() };
        };
        let (parts, rest) = body.split_once("\n)").unwrap_or((body, ""));
        let mut definition = Self { rest: format!("){}", without_counter(rest)), ..Self::default() };
        for line in parts.lines() {
            let line = line.trim();
            let part = part(line.strip_suffix(',').unwrap_or(line));
            if part.kind == PartKind::Column {
                definition.columns.push(part);
            } else {
                definition.keys.push(part);
            }
        }
        definition.keys.sort();
        definition
    }

    /// Its parts as lines, alike for tables that are defined alike.
    pub fn lines(&self) -> Vec<&str> {
        let parts = self.columns.iter().chain(&self.keys).map(|part| part.text.as_str());
        parts.chain(self.rest.lines()).collect()
    }
}

fn part(text: &str) -> Part {
    let named = |kind, text: &str, at: &str| Part { kind, name: name_in(at), text: text.to_owned() };
    if text.starts_with('`') {
        return named(PartKind::Column, text, text);
    }
    if text.starts_with("PRIMARY KEY") {
        return named(PartKind::Primary, text, "");
    }
    match text.strip_prefix("CONSTRAINT ") {
        Some(rest) => {
            let name = name_in(rest);
            let what = rest.get(name.len()..).unwrap_or_default().trim_start();
            let foreign = what.starts_with("FOREIGN KEY");
            named(if foreign { PartKind::ForeignKey } else { PartKind::Check }, text, rest)
        }
        None => named(PartKind::Index, text, text.find('`').and_then(|i| text.get(i..)).unwrap_or_default()),
    }
}

/// The name in backquotes that a text begins with.
fn name_in(text: &str) -> String {
    let mut end = 0;
    let mut quotes = text.strip_prefix('`').map(|rest| rest.char_indices().peekable()).into_iter().flatten();
    while let Some((i, c)) = quotes.next() {
        if c == '`' && !text.get(i + 2..).is_some_and(|rest| rest.starts_with('`')) {
            end = i + 2;
            break;
        }
        if c == '`' {
            quotes.next();
        }
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// A definition without the counter of AUTO_INCREMENT, which is no part of it.
pub fn without_counter(text: &str) -> String {
    const COUNTER: &str = " AUTO_INCREMENT=";
    // After the last parenthesis of the columns: before, it could stand in a comment.
    let from = text.rfind("\n)").unwrap_or(0);
    let Some(at) = text.get(from..).and_then(|rest| rest.find(COUNTER)).map(|at| at + from) else {
        return text.to_owned();
    };
    let (head, tail) = text.split_at(at);
    let tail = tail.get(COUNTER.len()..).unwrap_or_default();
    format!("{head}{}", tail.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// A definition of a physical table as that of the logical one: its name, and constraints that are named by it.
pub fn as_logical(text: &str, physical: &str, logical: &str) -> String {
    if physical == logical {
        return text.to_owned();
    }
    let quoted = |name: &str| name.replace('`', "``");
    let (physical, logical) = (quoted(physical), quoted(logical));
    let text = text.replace(&format!("`{physical}`"), &format!("`{logical}`"));
    // InnoDB names foreign keys and checks after the table.
    ["_ibfk_", "_chk_"].iter().fold(text, |text, suffix| {
        text.replace(&format!("`{physical}{suffix}"), &format!("`{logical}{suffix}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &str = "CREATE TABLE `orders_0` (\n  `id` bigint NOT NULL AUTO_INCREMENT,\n  `a``b` int DEFAULT NULL COMMENT 'x, AUTO_INCREMENT=5',\n  \
        PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`a``b`),\n  KEY `k` (`a``b`,`id`),\n  \
        CONSTRAINT `orders_0_ibfk_1` FOREIGN KEY (`id`) REFERENCES `users` (`id`),\n  \
        CONSTRAINT `c` CHECK (`id` > 0)\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4";

    #[test]
    fn a_definition_is_read_in_parts() {
        let read = Definition::read(ORDERS);
        let names: Vec<&str> = read.columns.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["`id`", "`a``b`"]);
        let keys: Vec<_> = read.keys.iter().map(|part| (part.kind, part.name.as_str())).collect();
        assert_eq!(
            keys,
            [
                (PartKind::Primary, ""),
                (PartKind::Index, "`k`"),
                (PartKind::Index, "`u`"),
                (PartKind::ForeignKey, "`orders_0_ibfk_1`"),
                (PartKind::Check, "`c`"),
            ]
        );
        assert_eq!(read.rest, ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");
        assert_eq!(read.lines().len(), 8);
        let view = Definition::read("CREATE ALGORITHM=UNDEFINED VIEW `v` AS select 1 AS `1`");
        assert!(view.columns.is_empty() && view.rest.contains("select 1"));
    }

    #[test]
    fn the_counter_goes_and_names_become_logical() {
        let text = as_logical(&without_counter(ORDERS), "orders_0", "orders");
        assert!(text.starts_with("CREATE TABLE `orders` (") && text.contains("`orders_ibfk_1`"), "{text}");
        assert!(text.contains("'x, AUTO_INCREMENT=5'") && !text.contains("=17"), "{text}");
    }
}
