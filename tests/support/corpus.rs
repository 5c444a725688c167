//! Corpus files: SQL statements with notes, run on the oracle and through Shardgate and compared.
//!
//! Statements end with `;`. What follows a statement on its last line as a comment is notes, separated by `|`:
//! `SELECT id FROM users; -- unordered`
//! - `ordered`, `unordered`: whether rows are compared in order; without, when the statement ends in an ORDER BY
//! - `refused`, `refused: WHY`: Shardgate must answer 1235 (and the oracle does not run it); `may-refuse`: it may
//! - `refused on mariadb: WHY`, `refused on mysql: WHY`: only there
//! - `text-only`: not in prepared form; `count-only`: compare the number of rows, not the rows
//! - `any-warnings`: the number of warnings may differ; `any-info`: what OK says besides numbers may differ
//! - `any-columns`: of columns only names and number are compared
//! - `mariadb`, `mysql`: only there
//! - `bind 1, 'a', NULL`: values of the statement's `?`
//! - `then`: sent in one packet with the next statement
//!
//! `-- setup: FILE` on a line of its own runs another file first.

use std::path::{Path, PathBuf};

use super::client::Param;

/// A statement and what its notes say.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// File and line, for a reader.
    pub place: String,
    pub text: String,
    pub ordered: bool,
    pub refused: bool,
    pub may_refuse: bool,
    pub text_only: bool,
    pub count_only: bool,
    pub any_warnings: bool,
    pub any_info: bool,
    /// The insert id is that of another row: which is the last one is not said.
    pub any_id: bool,
    pub any_columns: bool,
    /// The same for an answer without rows, whose types hang on how early a server sees that there are none.
    pub any_columns_of_nothing: bool,
    pub only_mariadb: bool,
    pub only_mysql: bool,
    pub refused_on_mariadb: bool,
    pub refused_on_mysql: bool,
    pub bind: Option<Vec<Param>>,
    /// The next statement goes into the same packet.
    pub then: bool,
}

/// The folder of the corpus.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/corpus")
}

/// Reads a file of the corpus, with those that it names as its setup before it.
pub fn load(name: &str) -> Vec<Step> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    parse(name, &text)
}

/// Reads statements; `name` is what their places are told by.
pub fn parse(name: &str, text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = text;
    let mut line = 1;
    loop {
        // Between statements: blank lines and lines of comment.
        let blank = rest.len() - rest.trim_start().len();
        line += count_lines(&rest[..blank]);
        rest = &rest[blank..];
        if rest.is_empty() {
            return steps;
        }
        if rest.starts_with("-- ") || rest.starts_with("--\n") {
            let (comment, after) = rest.split_once('\n').unwrap_or((rest, ""));
            if let Some(file) = comment.strip_prefix("-- setup: ") {
                steps.extend(load(file.trim()));
            }
            line += 1;
            rest = after;
            continue;
        }
        let end = statement_end(rest).unwrap_or_else(|| panic!("{name}:{line}: no `;`"));
        let (statement, after) = (&rest[..end], &rest[end + 1..]);
        let (tail, after) = after.split_once('\n').unwrap_or((after, ""));
        let mut step = Step {
            place: format!("{name}:{line}"),
            text: statement.to_owned(),
            ordered: ends_ordered(statement),
            ..Step::default()
        };
        if let Some(notes) = tail.trim().strip_prefix("--") {
            notes.split(" | ").for_each(|note| step.note(note.trim()));
        } else {
            assert!(tail.trim().is_empty(), "{name}:{line}: one statement a line: {tail}");
        }
        line += count_lines(statement) + 1;
        steps.push(step);
        rest = after;
    }
}

fn count_lines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}

impl Step {
    fn note(&mut self, note: &str) {
        match note {
            "ordered" => self.ordered = true,
            "unordered" => self.ordered = false,
            "refused" => self.refused = true,
            "may-refuse" => self.may_refuse = true,
            "text-only" => self.text_only = true,
            "count-only" => self.count_only = true,
            "any-warnings" => self.any_warnings = true,
            "any-info" => self.any_info = true,
            "any-id" => self.any_id = true,
            "any-columns" => self.any_columns = true,
            "mariadb" => self.only_mariadb = true,
            "mysql" => self.only_mysql = true,
            "then" => self.then = true,
            _ if note.starts_with("refused: ") => self.refused = true,
            _ if note.starts_with("refused on mariadb: ") => self.refused_on_mariadb = true,
            _ if note.starts_with("refused on mysql: ") => self.refused_on_mysql = true,
            _ => match note.strip_prefix("bind ") {
                Some(values) => self.bind = Some(values.split(", ").map(literal).collect()),
                None => panic!("{}: unknown note `{note}`", self.place),
            },
        }
    }

    /// Whether Shardgate must refuse the statement on such servers.
    pub fn is_refused(&self, mariadb: bool) -> bool {
        self.refused || if mariadb { self.refused_on_mariadb } else { self.refused_on_mysql }
    }

    /// Whether the statement runs on such servers.
    pub fn runs_on(&self, mariadb: bool) -> bool {
        if mariadb { !self.only_mysql } else { !self.only_mariadb }
    }
}

/// A value of a `bind` note.
fn literal(text: &str) -> Param {
    let text = text.trim();
    if text == "NULL" {
        Param::Null
    } else if let Some(string) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Param::Str(string.to_owned())
    } else if let Some(bytes) = text.strip_prefix("b'").and_then(|rest| rest.strip_suffix('\'')) {
        Param::Blob(bytes.into())
    } else if let Some(n) = text.strip_suffix('u') {
        Param::UInt(n.parse().unwrap())
    } else if let Some(day) = text.strip_prefix("DATE ") {
        let parts: Vec<u16> = day.split('-').map(|part| part.parse().unwrap()).collect();
        Param::Date(parts[0], parts[1] as u8, parts[2] as u8)
    } else if let Some(clock) = text.strip_prefix("TIME ") {
        let parts: Vec<u8> = clock.split(':').map(|part| part.parse().unwrap()).collect();
        Param::Time(false, 0, parts[0], parts[1], parts[2], 0)
    } else if let Some(n) = text.strip_suffix('d') {
        Param::Double(n.parse().unwrap())
    } else if let Ok(n) = text.parse::<i64>() {
        Param::Int(n)
    } else if let Ok(n) = text.parse::<u64>() {
        Param::UInt(n)
    } else {
        Param::Decimal(text.to_owned())
    }
}

/// A piece of a statement's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Blank,
    Word,
    Number,
    String,
    Quoted,
    Sign,
}

/// Splits a statement into pieces. A lexer of the tests' own: it needs to be right for the corpus only.
fn pieces(text: &str) -> Vec<(Piece, &str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let until = |found: Option<usize>, extra: usize| found.map_or(rest.len(), |at| at + extra);
        let word = |c: char| c.is_alphanumeric() || "_$@".contains(c) || !c.is_ascii();
        let (piece, length) = if first.is_whitespace() {
            (Piece::Blank, until(rest.find(|c: char| !c.is_whitespace()), 0))
        } else if rest.starts_with("/*") {
            (Piece::Blank, until(rest.find("*/"), 2))
        } else if rest.starts_with("-- ") || rest.starts_with('#') {
            (Piece::Blank, until(rest.find('\n'), 1))
        } else if first == '\'' || first == '"' {
            (Piece::String, quoted(rest, first))
        } else if first == '`' {
            (Piece::Quoted, quoted(rest, first))
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            (Piece::Number, number(rest))
        } else if word(first) {
            (Piece::Word, until(rest.find(|c: char| !word(c)), 0))
        } else {
            (Piece::Sign, first.len_utf8())
        };
        pieces.push((piece, &rest[..length]));
        rest = &rest[length..];
    }
    pieces
}

fn quoted(text: &str, quote: char) -> usize {
    let mut skip = false;
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if skip {
            skip = false;
        } else if c == '\\' && quote != '`' {
            skip = true;
        } else if c == quote {
            if chars.peek().is_some_and(|&(_, next)| next == quote) {
                skip = true;
            } else {
                return at + 1;
            }
        }
    }
    text.len()
}

fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let exponent =
            matches!(byte, b'+' | b'-') && matches!(bytes[at - 1], b'e' | b'E') && !text.starts_with("0x");
        if !(byte.is_ascii_alphanumeric() || byte == b'.' || exponent) {
            break;
        }
        at += 1;
    }
    at
}

fn statement_end(text: &str) -> Option<usize> {
    let mut at = 0;
    for (piece, part) in pieces(text) {
        if piece == Piece::Sign && part == ";" {
            return Some(at);
        }
        at += part.len();
    }
    None
}

/// Whether an ORDER BY stands outside of all parentheses.
fn ends_ordered(text: &str) -> bool {
    let mut depth = 0;
    let mut before = String::new();
    for (piece, part) in pieces(text) {
        match (piece, part) {
            (Piece::Blank, _) => continue,
            (Piece::Sign, "(") => depth += 1,
            (Piece::Sign, ")") => depth -= 1,
            (Piece::Word, word) if depth == 0 && before == "ORDER" && word.eq_ignore_ascii_case("BY") => {
                return true;
            }
            _ => {}
        }
        before = part.to_ascii_uppercase();
    }
    false
}

/// Words after which literals may become parameters.
const OPENS: [&str; 10] =
    ["WHERE", "ON", "SET", "VALUES", "HAVING", "LIMIT", "OFFSET", "BETWEEN", "IN", "WHEN"];
/// Words after which they may not.
const SHUTS: [&str; 6] = ["GROUP", "ORDER", "SELECT", "FROM", "UNION", "RETURNING"];
/// Words whose literal is a part of syntax.
const BINDS_TIGHTLY: [&str; 10] =
    ["DATE", "TIME", "TIMESTAMP", "N", "X", "B", "COLLATE", "AS", "ESCAPE", "INTERVAL"];

/// The statement with its literals as parameters, where MySQL allows parameters; `None` when it has none.
pub fn bound(text: &str) -> Option<(String, Vec<Param>)> {
    let pieces = pieces(text);
    let verb = pieces.iter().find(|(piece, _)| *piece == Piece::Word)?.1.to_ascii_uppercase();
    if !["SELECT", "UPDATE", "DELETE", "INSERT", "REPLACE"].contains(&verb.as_str()) {
        return None;
    }
    let mut out = String::new();
    let mut params = Vec::new();
    let mut open = false;
    let mut type_depth = 0; // inside of the parentheses of CAST(… AS DECIMAL(10,2))
    let (mut before, mut earlier) = ((Piece::Blank, ""), (Piece::Blank, ""));
    for (place, &(piece, part)) in pieces.iter().enumerate() {
        let upper = part.to_ascii_uppercase();
        let word = upper.as_str();
        if piece == Piece::Word {
            open = (open || OPENS.contains(&word)) && !SHUTS.contains(&word);
        }
        match part {
            "(" if type_depth > 0 || is_type(before.1) => type_depth += 1,
            ")" if type_depth > 0 => type_depth -= 1,
            _ => {}
        }
        let tight = type_depth > 0
            || before.1.starts_with('_')
            || before.1 == ">" && part.starts_with('\'') && part.contains('$')
            || BINDS_TIGHTLY.contains(&before.1.to_ascii_uppercase().as_str())
            || before.0 == Piece::String
            || pieces[place + 1..]
                .iter()
                .find(|(p, _)| *p != Piece::Blank)
                .is_some_and(|(p, _)| *p == Piece::String)
            || word.starts_with("0X")
            || word.starts_with("0B");
        // A sign that takes nothing from anything belongs to the value: MySQL takes `-?` beside an unsigned column for a
        // number that is out of range.
        let signed =
            before.1 == "-" && matches!(earlier.1, "(" | "," | "=" | "<" | ">" | "AND") && out.ends_with('-');
        match if signed { param(piece, &format!("-{part}")) } else { param(piece, part) } {
            Some(param) if open && !tight => {
                if signed {
                    out.pop();
                }
                params.push(param);
                out.push('?');
            }
            _ => out.push_str(part),
        }
        if piece != Piece::Blank {
            (earlier, before) = (before, (piece, part));
        }
    }
    (!params.is_empty()).then_some((out, params))
}

fn is_type(word: &str) -> bool {
    ["DECIMAL", "CHAR", "VARCHAR", "BINARY", "DATETIME", "TIME", "VARBINARY"]
        .iter()
        .any(|name| word.eq_ignore_ascii_case(name))
}

fn param(piece: Piece, part: &str) -> Option<Param> {
    match piece {
        Piece::String => Some(Param::Str(unquote(part)?)),
        Piece::Number => {
            if let Ok(n) = part.parse::<i64>() {
                Some(Param::Int(n))
            } else if let Ok(n) = part.parse::<u64>() {
                Some(Param::UInt(n))
            } else if part.contains(['e', 'E']) {
                part.parse().ok().map(Param::Double)
            } else {
                part.contains('.').then(|| Param::Decimal(part.to_owned()))
            }
        }
        _ => None,
    }
}

/// A string literal's value, `None` where it holds escapes besides those of quotes and backslash.
fn unquote(part: &str) -> Option<String> {
    let quote = part.chars().next()?;
    let inner = part.get(1..part.len() - 1)?;
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                c @ ('\\' | '\'' | '"') => out.push(c),
                'n' => out.push('\n'),
                't' => out.push('\t'),
                _ => return None,
            },
            c if c == quote => {
                chars.next();
                out.push(c);
            }
            c => out.push(c),
        }
    }
    Some(out)
}

mod tests {
    use super::*;

    #[test]
    fn notes_and_literals_are_read() {
        let text = "-- a note\nSELECT 'a;b', `x``y` -- c;\nFROM t WHERE a=1.5 AND b IN ('it''s',-2) LIMIT 3; -- unordered | refused\nDO 1;\n";
        let steps = parse("f", text);
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].place.as_str(), steps[1].place.as_str()), ("f:2", "f:4"));
        assert!(steps[0].refused && !steps[0].ordered && !steps[1].refused);
        let (text, params) = bound(&steps[0].text).unwrap();
        assert!(text.ends_with("WHERE a=? AND b IN (?,?) LIMIT ?"), "{text}");
        let wanted = [Param::Decimal("1.5".into()), Param::Str("it's".into()), Param::Int(-2), Param::Int(3)];
        assert_eq!(params, wanted);
    }

    #[test]
    fn syntax_stays_as_it_is() {
        for text in [
            "SELECT CAST(a AS DECIMAL(10,2)), 'x', 1 FROM t ORDER BY 1",
            "SELECT a FROM t WHERE d = DATE '2024-01-01' AND c = _utf8mb4 'x' AND e = 0x41",
            "SELECT a FROM t WHERE s = 'a' 'b'",
        ] {
            assert_eq!(bound(text), None, "{text}");
        }
        assert!(
            ends_ordered("SELECT a FROM (SELECT 1) x ORDER\n BY a")
                && !ends_ordered("SELECT (SELECT 1 ORDER BY 1)")
        );
    }
}
