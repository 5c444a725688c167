//! A shape → [`Statement`]. A recursive-descent reader on the lexer's tokens, with MySQL's own grammar and operator
//! precedence (sql/sql_yacc.yy), so that every position is exact and nothing is re-printed.
//!
//! It reads all that routing needs and skips what only a server needs (types, index hints, DDL bodies). It may accept a
//! text that MySQL refuses; it never reads a text in another way than MySQL does: what it does not know is an error.
//! This file has the entry and the token cursor; [`super::kind`] picks the reader by the first word.

use std::fmt;

use super::facts::{
    Aggregate, ColumnRef, FunctionUse, Kind as Statement_, Name, Query, Span, Statement, TableName,
};
use super::lex::{Kind, Lexer, Mode, Op};
use super::literal::identifier;
use super::words;

/// Why and where a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What was expected.
    pub message: String,
    /// Byte offset into the shape.
    pub offset: u32,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for ParseError {}

/// The result of each reader.
pub(super) type Read<T> = Result<T, ParseError>;

/// Reads one statement.
pub fn parse(shape: &str, mode: Mode) -> Result<Statement, ParseError> {
    parse_bytes(shape.as_bytes(), mode)
}

/// Reads one statement whose text may not be UTF-8: such names are read as Latin-1, positions are true.
pub fn parse_bytes(shape: &[u8], mode: Mode) -> Result<Statement, ParseError> {
    let mut parser = Parser::new(shape, mode)?;
    let kind = parser.statement()?;
    parser.finish(kind)
}

/// A token that matters to the grammar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tok {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// `?`: its number. `(`: the index of its `)`.
    pub(super) link: u32,
}

/// What an expression refers to, gathered while it is read.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) columns: Vec<ColumnRef>,
    pub(super) aggregates: Vec<Aggregate>,
    pub(super) subqueries: Vec<Query>,
    pub(super) window: bool,
}

/// The cursor over the tokens, and the facts gathered so far.
pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    pub(super) mode: Mode,
    pub(super) tokens: Vec<Tok>,
    pub(super) pos: usize,
    pub(super) depth: u32,
    links: u32,
    pub(super) scopes: Vec<Scope>,
    pub(super) ctes: Vec<String>,
    pub(super) tables: Vec<TableName>,
    pub(super) qualified: Vec<ColumnRef>,
    pub(super) functions: Vec<FunctionUse>,
    /// Tokens of variables that are assigned, not read.
    pub(super) assigned: Vec<usize>,
    pub(super) assigns: bool,
    pub(super) calls_stored: bool,
    hints: Vec<String>,
    params: u32,
    /// An executable comment whose content some servers run and others skip.
    pub(super) uncertain: Option<u32>,
}

/// Nesting beyond this is an error (the stack of a thread is finite).
const MAX_DEPTH: u32 = 100;

/// So many queries and tables may be strung together by UNION, JOIN and WITH: each stands within the one after it.
const MAX_LINKS: u32 = 2_000;

impl<'a> Parser<'a> {
    fn new(text: &'a [u8], mode: Mode) -> Read<Self> {
        let mut parser = Self {
            text,
            mode,
            tokens: Vec::with_capacity(text.len() / 4 + 4),
            pos: 0,
            depth: 0,
            links: 0,
            scopes: Vec::new(),
            ctes: Vec::new(),
            tables: Vec::new(),
            qualified: Vec::new(),
            functions: Vec::new(),
            assigned: Vec::new(),
            assigns: false,
            calls_stored: false,
            hints: Vec::new(),
            params: 0,
            uncertain: None,
        };
        parser.cut()?;
        Ok(parser)
    }

    /// Cuts the text: drops comments, merges adjacent strings, links parentheses, numbers the `?`.
    fn cut(&mut self) -> Read<()> {
        let mut lexer = Lexer::new(self.text, self.mode);
        let mut open: Vec<usize> = Vec::new();
        loop {
            let token = lexer.token();
            let mut link = 0;
            match token.kind {
                Kind::Comment | Kind::ExecClose => continue,
                Kind::Hint => {
                    self.hint(token.of(self.text));
                    continue;
                }
                Kind::ExecOpen { version, maria } => {
                    if maria || version > 50_699 {
                        self.uncertain.get_or_insert(token.start);
                    }
                    continue;
                }
                Kind::Bad => {
                    return Err(error("an unterminated string or comment, or a stray byte", token.start));
                }
                Kind::Str => {
                    if let Some(last) = self.tokens.last_mut()
                        && matches!(last.kind, Kind::Str | Kind::NationalStr)
                    {
                        last.end = token.end;
                        continue;
                    }
                }
                Kind::Param => {
                    link = self.params;
                    self.params += 1;
                }
                Kind::Open => open.push(self.tokens.len()),
                Kind::Close => {
                    let Some(at) = open.pop() else { return Err(error("`)` without `(`", token.start)) };
                    self.tokens[at].link = self.tokens.len() as u32;
                }
                Kind::End => {
                    if let Some(at) = open.pop() {
                        return Err(error("`(` without `)`", self.tokens[at].start));
                    }
                    if lexer.in_executable() {
                        return Err(error("an unterminated executable comment", token.start));
                    }
                    self.tokens.push(Tok { kind: Kind::End, start: token.start, end: token.end, link: 0 });
                    break;
                }
                _ => {}
            }
            self.tokens.push(Tok { kind: token.kind, start: token.start, end: token.end, link });
        }
        let end = self.tokens.pop();
        while self.tokens.last().is_some_and(|t| t.kind == Kind::Semicolon) {
            self.tokens.pop();
        }
        self.tokens.extend(end);
        match u16::try_from(self.params) {
            Ok(_) => Ok(()),
            Err(_) => Err(error("more than 65535 parameters", 0)),
        }
    }

    /// Takes `SHARDGATE(…)` out of a hint's text.
    fn hint(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let upper = text.to_ascii_uppercase();
        let mut from = 0;
        while let Some(at) = upper[from..].find("SHARDGATE") {
            from += at + "SHARDGATE".len();
            let rest = text[from..].trim_start();
            if let Some(inner) = rest.strip_prefix('(')
                && let Some(end) = inner.find(')')
            {
                self.hints.push(inner[..end].trim().to_owned());
            }
        }
    }

    fn finish(mut self, kind: Statement_) -> Read<Statement> {
        if self.kind() != Kind::End {
            return Err(self.unexpected("the end of the statement"));
        }
        let queries = matches!(
            kind,
            Statement_::Select(_)
                | Statement_::Insert(_)
                | Statement_::Update(_)
                | Statement_::Delete(_)
                | Statement_::LoadData(_)
                | Statement_::Explain { .. }
        );
        if let (true, Some(at)) = (queries, self.uncertain) {
            return Err(error("an executable comment that only some servers run", at));
        }
        Ok(self.statement_of(kind))
    }

    /// The statement with all facts gathered so far.
    pub(super) fn statement_of(&mut self, kind: Statement_) -> Statement {
        let (user_variables, system_variables) = self.variables();
        self.tables.sort_by_key(|t| t.span.start);
        self.qualified.sort_by_key(|c| c.table.as_ref().map_or(c.name.span.start, |t| t.span.start));
        self.functions.sort_by_key(|f| f.span.start);
        Statement {
            kind,
            tables: self.tables.clone(),
            qualified: self.qualified.clone(),
            functions: self.functions.clone(),
            user_variables,
            assigns_user_variables: self.assigns,
            calls_stored: self.calls_stored,
            system_variables,
            params: self.params as u16,
            hints: self.hints.clone(),
        }
    }

    fn variables(&mut self) -> (Vec<Name>, Vec<Name>) {
        let (mut user, mut system) = (Vec::new(), Vec::new());
        for (i, token) in self.tokens.iter().enumerate() {
            if self.assigned.contains(&i) {
                continue;
            }
            match token.kind {
                Kind::UserVar if self.tokens.get(i + 1).is_some_and(|t| t.kind == Kind::Op(Op::Assign)) => {
                    self.assigns = true;
                }
                Kind::UserVar => user.push(Name { text: self.user_variable(i), span: self.span(i, i) }),
                Kind::SysVar => system.push(Name { text: self.system_variable(i), span: self.span(i, i) }),
                _ => {}
            }
        }
        (user, system)
    }

    /// The lower-case name of a user variable's token.
    pub(super) fn user_variable(&self, i: usize) -> String {
        let bytes = self.bytes(i).get(1..).unwrap_or(&[]);
        let name = match bytes.first() {
            Some(b'\'' | b'"') => {
                String::from_utf8_lossy(&super::literal::string(bytes, self.mode)).into_owned()
            }
            _ => identifier(bytes),
        };
        name.to_lowercase()
    }

    /// The lower-case text of a system variable's token, without signs and quotes.
    pub(super) fn system_variable(&self, i: usize) -> String {
        identifier(self.bytes(i).get(2..).unwrap_or(&[])).replace('`', "").to_lowercase()
    }
}

/// The cursor.
impl<'a> Parser<'a> {
    /// The token `ahead` of the cursor.
    pub(super) fn tok(&self, ahead: usize) -> Tok {
        let last = self.tokens.len().saturating_sub(1);
        let none = Tok { kind: Kind::End, start: 0, end: 0, link: 0 };
        self.tokens.get((self.pos + ahead).min(last)).copied().unwrap_or(none)
    }

    pub(super) fn kind(&self) -> Kind {
        self.tok(0).kind
    }

    /// A token's bytes.
    pub(super) fn bytes(&self, i: usize) -> &'a [u8] {
        let Some(token) = self.tokens.get(i) else { return &[] };
        self.text.get(token.start as usize..token.end as usize).unwrap_or(&[])
    }

    /// The unquoted word `ahead` of the cursor; empty if there is none.
    pub(super) fn word(&self, ahead: usize) -> &'a [u8] {
        if self.tok(ahead).kind == Kind::Word { self.bytes(self.pos + ahead) } else { &[] }
    }

    /// The current token's bytes, upper case.
    pub(super) fn upper(&self) -> String {
        String::from_utf8_lossy(self.bytes(self.pos)).to_ascii_uppercase()
    }

    /// Whether the word `ahead` is this keyword (given in upper case).
    pub(super) fn at(&self, ahead: usize, keyword: &str) -> bool {
        self.word(ahead).eq_ignore_ascii_case(keyword.as_bytes())
    }

    pub(super) fn is(&self, keyword: &str) -> bool {
        self.at(0, keyword)
    }

    pub(super) fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|k| self.is(k))
    }

    /// Whether the next words are these.
    pub(super) fn is_run(&self, keywords: &[&str]) -> bool {
        keywords.iter().enumerate().all(|(i, k)| self.at(i, k))
    }

    pub(super) fn step(&mut self) {
        if self.pos + 1 < self.tokens.len() {
            self.pos += 1;
        }
    }

    pub(super) fn eat(&mut self, keyword: &str) -> bool {
        let yes = self.is(keyword);
        if yes {
            self.step();
        }
        yes
    }

    pub(super) fn eat_any(&mut self, keywords: &[&str]) -> bool {
        let yes = self.is_any(keywords);
        if yes {
            self.step();
        }
        yes
    }

    pub(super) fn eat_run(&mut self, keywords: &[&str]) -> bool {
        let yes = self.is_run(keywords);
        if yes {
            self.pos += keywords.len();
        }
        yes
    }

    pub(super) fn expect(&mut self, keyword: &str) -> Read<()> {
        if self.eat(keyword) { Ok(()) } else { Err(self.unexpected(keyword)) }
    }

    pub(super) fn eat_kind(&mut self, kind: Kind) -> bool {
        let yes = self.kind() == kind;
        if yes {
            self.step();
        }
        yes
    }

    pub(super) fn expect_kind(&mut self, kind: Kind, name: &str) -> Read<()> {
        if self.eat_kind(kind) { Ok(()) } else { Err(self.unexpected(name)) }
    }

    pub(super) fn open(&mut self) -> Read<()> {
        self.expect_kind(Kind::Open, "`(`")
    }

    pub(super) fn close(&mut self) -> Read<()> {
        self.expect_kind(Kind::Close, "`)`")
    }

    /// Jumps behind the `)` of the `(` at the cursor.
    pub(super) fn skip_parens(&mut self) -> Read<()> {
        if self.kind() != Kind::Open {
            return Err(self.unexpected("`(`"));
        }
        self.pos = self.tok(0).link as usize + 1;
        Ok(())
    }

    /// Jumps to the next token at this depth that `stop` wants, or to a `)` of this depth, or to the end.
    pub(super) fn skip_until(&mut self, stop: impl Fn(&Self) -> bool) {
        while !matches!(self.kind(), Kind::End | Kind::Close) && !stop(self) {
            if self.kind() == Kind::Open {
                self.pos = self.tok(0).link as usize + 1;
            } else {
                self.step();
            }
        }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> ParseError {
        let token = self.tok(0);
        let near = String::from_utf8_lossy(self.bytes(self.pos)).chars().take(40).collect::<String>();
        let near = if token.kind == Kind::End { "the end".to_owned() } else { format!("`{near}`") };
        error(format!("expected {wanted}, found {near}"), token.start)
    }

    /// From token `first` to token `last`, both inside.
    pub(super) fn span(&self, first: usize, last: usize) -> Span {
        let start = self.tokens.get(first).map_or(0, |t| t.start);
        Span { start, end: self.tokens.get(last).map_or(start, |t| t.end).max(start) }
    }

    /// From token `first` to the last token taken.
    pub(super) fn since(&self, first: usize) -> Span {
        self.span(first, self.pos.saturating_sub(1).max(first))
    }

    /// One more query or table in a string of them.
    pub(super) fn link(&mut self) -> Read<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(error("too many queries and joined tables in one statement", self.tok(0).start));
        }
        Ok(())
    }

    /// Runs a reader one level deeper.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= MAX_DEPTH {
            return Err(error("nested too deeply", self.tok(0).start));
        }
        self.depth += 1;
        let out = read(self);
        self.depth -= 1;
        out
    }

    /// Reads items with commas between them.
    pub(super) fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut out = vec![read(self)?];
        while self.eat_kind(Kind::Comma) {
            out.push(read(self)?);
        }
        Ok(out)
    }
}

/// Names.
impl Parser<'_> {
    /// Whether an identifier stands at the cursor.
    pub(super) fn is_ident(&self, ahead: usize) -> bool {
        match self.tok(ahead).kind {
            Kind::Quoted => true,
            Kind::Word => !words::is_reserved(self.word(ahead)),
            _ => false,
        }
    }

    /// Takes a name of any word, reserved or not (behind a point, or behind AS).
    pub(super) fn any_name(&mut self) -> Read<Name> {
        if !matches!(self.kind(), Kind::Word | Kind::Quoted) {
            return Err(self.unexpected("a name"));
        }
        let name = Name { text: identifier(self.bytes(self.pos)), span: self.span(self.pos, self.pos) };
        self.step();
        Ok(name)
    }

    /// Takes an identifier.
    pub(super) fn name(&mut self) -> Read<Name> {
        if self.is_ident(0) { self.any_name() } else { Err(self.unexpected("a name")) }
    }

    /// Takes `[schema.]table`, without an alias, and does not note it.
    pub(super) fn bare_table(&mut self) -> Read<TableName> {
        let first = self.name()?;
        let (schema, name) =
            if self.eat_kind(Kind::Dot) { (Some(first), self.any_name()?) } else { (None, first) };
        let start = schema.as_ref().map_or(name.span.start, |s| s.span.start);
        let span = Span { start, end: name.span.end };
        Ok(TableName { schema, name, alias: None, span, bare: false, partition: None, index_hints: None })
    }

    /// Takes `[schema.]table` and notes it as a table of the statement.
    pub(super) fn table(&mut self) -> Read<TableName> {
        let table = self.bare_table()?;
        self.tables.push(table.clone());
        Ok(table)
    }

    /// Takes `[AS] alias`.
    pub(super) fn alias(&mut self) -> Read<Option<Name>> {
        if self.eat("AS") {
            return self.any_name().map(Some);
        }
        if self.is_ident(0) { self.any_name().map(Some) } else { Ok(None) }
    }

    /// Takes a `(` list of names `)`.
    pub(super) fn name_list(&mut self) -> Read<Vec<Name>> {
        self.open()?;
        let names = self.list(Self::name)?;
        self.close()?;
        Ok(names)
    }
}

/// An error at an offset.
pub(super) fn error(message: impl Into<String>, offset: u32) -> ParseError {
    ParseError { message: message.into(), offset }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
