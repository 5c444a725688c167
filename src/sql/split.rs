//! Several statements in one text → one at a time.

use std::ops::Range;

use super::lex::{Kind, Lexer, Mode, Token};

/// The statements of a text, without their semicolons and surrounding space; empty ones are left out. A stored
/// program's body (CREATE PROCEDURE … BEGIN …; … END) is not cut.
pub fn split(text: &[u8], mode: Mode) -> Split<'_> {
    Split { text, lexer: Lexer::new(text, mode), strict: false, done: false }
}

/// The same as a server takes a command's: semicolons and space at the very end are nothing, a comment may be the last
/// statement, and where there is none elsewhere, all that follows is one that cannot be read.
pub fn split_command(text: &[u8], mode: Mode) -> Split<'_> {
    Split { strict: true, ..split(trimmed(text), mode) }
}

/// The text without the semicolons and the space at its end.
pub fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b';' && !byte.is_ascii_whitespace());
    text.get(..end.map_or(0, |end| end + 1)).unwrap_or_default()
}

/// See [`split`].
#[derive(Debug, Clone)]
pub struct Split<'a> {
    text: &'a [u8],
    lexer: Lexer<'a>,
    strict: bool,
    done: bool,
}

impl Iterator for Split<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let mut start = None;
        let mut end = 0;
        let mut words = Words::default();
        while !self.done {
            let token = self.lexer.token();
            match token.kind {
                Kind::End => self.done = true,
                Kind::Semicolon if words.stored() || (self.strict && words.count == 0) => {
                    self.done = true;
                    start.get_or_insert(token.start as usize);
                    end = trimmed(self.text).len();
                }
                Kind::Semicolon if words.count == 0 => start = None,
                Kind::Semicolon => break,
                kind => {
                    start.get_or_insert(token.start as usize);
                    end = token.end as usize;
                    if kind != Kind::Comment {
                        words.see(token, self.text);
                    }
                }
            }
        }
        start.filter(|_| words.count > 0 || self.strict).map(|start| start..end.max(start))
    }
}

/// Enough of a statement's head to know a stored program.
#[derive(Default)]
struct Words {
    count: u32,
    creates: bool,
    program: bool,
}

impl Words {
    fn see(&mut self, token: Token, text: &[u8]) {
        self.count += 1;
        if token.kind != Kind::Word {
            return;
        }
        let word = token.of(text);
        let any = |list: &[&str]| list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
        if self.count == 1 {
            self.creates = any(&["CREATE", "ALTER"]);
        } else if self.count <= 24 && self.creates {
            self.program |= any(&["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"]);
        } else if self.count == 3 {
            self.program |= any(&["ATOMIC"]);
        }
    }

    fn stored(&self) -> bool {
        self.program
    }
}

/// The first word of a statement, past comments, opening parentheses and executable comments' brackets; empty if
/// there is none.
pub fn first_word(text: &[u8]) -> &[u8] {
    let mut lexer = Lexer::new(text, Mode::default());
    loop {
        let token = lexer.token();
        match token.kind {
            Kind::Word => return token.of(text),
            Kind::Comment | Kind::Hint | Kind::Open | Kind::ExecOpen { .. } => {}
            _ => return &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        split(text.as_bytes(), Mode::default()).map(|r| &text[r]).collect()
    }

    #[test]
    fn statements_are_cut_at_semicolons_outside_of_strings_and_comments() {
        assert_eq!(parts("select 1; select 2 ;"), ["select 1", "select 2"]);
        assert_eq!(
            parts("select ';', `;` /* ; */ -- ;\n, 2;;;/* x */;select 3"),
            ["select ';', `;` /* ; */ -- ;\n, 2", "select 3"]
        );
        assert_eq!(parts(" ; /* only */ "), Vec::<&str>::new());
        assert_eq!(
            parts("create procedure p() begin select 1; select 2; end; "),
            ["create procedure p() begin select 1; select 2; end"]
        );
        assert_eq!(parts("create table t (a int); insert into t values (1)").len(), 2);
        assert_eq!(parts("select 'open; select 2"), ["select 'open; select 2"]);
    }

    #[test]
    fn what_is_empty_in_a_command_is_wrong_but_for_its_end() {
        for (text, wanted) in [
            ("select 1;; \n;", &["select 1"][..]),
            ("select 1; /* only */ ", &["select 1", "/* only */"]),
            ("select 1; ; select 2; select 3;", &["select 1", "; select 2; select 3"]),
            ("select 1; -- x\n; select 2", &["select 1", "-- x\n; select 2"]),
            (" ; ;", &[]),
        ] {
            let parts: Vec<&str> =
                split_command(text.as_bytes(), Mode::default()).map(|range| &text[range]).collect();
            assert_eq!(parts, wanted, "{text}");
        }
    }

    #[test]
    fn first_words() {
        for (text, want) in [
            ("  /* x */ select 1", "select"),
            ("((select 1))", "select"),
            ("/*!40101 SET NAMES utf8 */", "SET"),
            ("", ""),
            ("'x'", ""),
        ] {
            assert_eq!(first_word(text.as_bytes()), want.as_bytes());
        }
    }
}
