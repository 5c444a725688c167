//! A mistake in a configuration, and the guess at what was meant.

use std::fmt;

/// One mistake: `quickstart.toml:12:9: unknown source "ds9"; did you mean "ds0"?`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as it was named.
    pub file: String,
    /// From 1; 0 where the mistake has no place in the file.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem of the file as a whole.
    pub fn new(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: message.into() }
    }

    /// A problem at a byte of the file's text.
    pub(super) fn at(file: &str, lines: &Lines<'_>, at: usize, message: String) -> Self {
        let (line, column) = lines.place(at);
        Self { file: file.into(), line, column, message }
    }
}

/// A text and where its lines begin, so that finding a mistake's place does not read all that stands before it.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let after = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    /// Line and column of a byte, from 1.
    fn place(&self, at: usize) -> (u32, u32) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = self.starts.partition_point(|start| *start <= before.len());
        let start = line.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or(0);
        (line as u32, before[start..].chars().count() as u32 + 1)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.message),
        }
    }
}

/// `; did you mean "ds0"?`, or nothing where no known name is close.
pub(super) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let allowed = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map_or(String::new(), |(_, candidate)| format!("; did you mean \"{candidate}\"?"))
}

/// Edits between two names: insertions, deletions, replacements, and swaps of neighbours (Damerau, restricted).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_suggested() {
        assert_eq!(suggestion("primry", ["replicas", "primary"]), "; did you mean \"primary\"?");
        assert_eq!(suggestion("ds9", ["ds0", "ds1"]), "; did you mean \"ds0\"?");
        assert_eq!(suggestion("adderss", ["address"]), "; did you mean \"address\"?");
        assert_eq!(suggestion("xyz", ["address", "ds0"]), "");
    }

    #[test]
    fn places_count_characters() {
        let at = |text: &str, at: usize| Problem::at("f", &Lines::of(text), at, "m".into()).to_string();
        assert_eq!(at("a\nüb = 1", 5), "f:2:3: m");
        assert_eq!(at("a\nb", 2), "f:2:1: m");
        assert_eq!(at("a\nb", 1), "f:1:2: m");
        assert_eq!(at("a\n", 9), "f:2:1: m");
        assert_eq!(at("", 0), "f:1:1: m");
    }
}
