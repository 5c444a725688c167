//! A statement's text → its shape: each literal becomes one `?`, plain comments fall out. One lexer pass, no
//! allocation in steady state: this runs for every text query, before the plan cache.
//!
//! What stays in the shape, because a plan depends on it or because MySQL wants a literal there: positions in ORDER BY
//! and GROUP BY, aliases, type lengths, ESCAPE, SEPARATOR, COLLATE, JSON paths, OUTFILE clauses, and everything in
//! statements other than queries and changes (DDL, SET, SHOW …). Leaving too much costs a cache entry; replacing too
//! much costs a parse error, after which the caller plans [`Normalised::verbatim`]. Neither gives a wrong plan.

use std::borrow::Cow;
use std::ops::Range;

use super::facts::Span;
use super::lex::{Kind, Lexer, Mode, Op, Token};
use super::literal::{Literal, LiteralKind, canonical_date, canonical_datetime, canonical_time, string};
use super::words as list;

/// A part of the original that has another text in the shape: a literal or a dropped comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    shape_start: u32,
    shape_end: u32,
    start: u32,
    end: u32,
}

/// A statement's shape and literals. A buffer to be used again: [`normalise`] clears and fills it.
#[derive(Debug, Clone, Default)]
pub struct Normalised {
    shape: Vec<u8>,
    hash: u64,
    literals: Vec<Literal>,
    segments: Vec<Segment>,
    placeholders: u32,
    /// Where a prepared statement's own `?` stand.
    params: Vec<u32>,
    verbatim: bool,
}

impl Normalised {
    /// The shape's bytes: the key of the plan cache, together with the [`Mode`] and the default database.
    pub fn shape(&self) -> &[u8] {
        &self.shape
    }

    /// The shape as text; `None` if it is not UTF-8 outside of its literals.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.shape).ok()
    }

    /// The shape as text of the same length, with `_` for each byte that is not ASCII where it is not UTF-8. Positions
    /// are true; text cut from it must not be sent to a server.
    pub fn masked(&self) -> Cow<'_, str> {
        match self.text() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.shape.iter().map(|&b| if b < 0x80 { b as char } else { '_' }).collect()),
        }
    }

    /// A hash of the shape. Different shapes may share it: compare the shape too.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The literals, in order: the i-th stands where the shape has its i-th `?`.
    pub fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// How many `?` the client wrote itself. More than 0 in a COM_QUERY is a syntax error of the client; the shape is
    /// then the text itself.
    pub fn placeholders(&self) -> u32 {
        self.placeholders
    }

    /// Whether the shape is the text itself, with its literals in it.
    pub fn is_verbatim(&self) -> bool {
        self.verbatim
    }

    /// Makes the text its own shape: for PREPARE, and for a shape that does not parse. Offsets are equal in both.
    pub fn set_verbatim(&mut self, text: &[u8]) {
        self.clear();
        self.shape.extend_from_slice(text);
        self.verbatim = true;
        self.finish();
    }

    /// A text that is its own shape.
    pub fn verbatim(text: &[u8]) -> Self {
        let mut out = Self::default();
        out.set_verbatim(text);
        out
    }

    /// A statement to prepare: its own shape, its `?` are the client's.
    pub fn prepared(text: &[u8], mode: Mode) -> Self {
        let mut out = Self::verbatim(text);
        let mut lexer = Lexer::new(text, mode);
        loop {
            let token = lexer.token();
            match token.kind {
                Kind::Param => out.params.push(token.start),
                Kind::End => break,
                _ => {}
            }
        }
        out.placeholders = out.params.len() as u32;
        out
    }

    /// Where a prepared statement's own `?` stand.
    pub fn param_offsets(&self) -> &[u32] {
        &self.params
    }

    /// Which `?` of the shape stand in a piece of it.
    pub fn params_in(&self, span: Span) -> Range<u16> {
        let (from, to) = if self.params.is_empty() {
            let before = |at: u32| self.literals.partition_point(|l| l.shape_pos < at);
            (before(span.start), before(span.end))
        } else {
            let before = |at: u32| self.params.partition_point(|p| *p < at);
            (before(span.start), before(span.end))
        };
        from as u16..to as u16
    }

    /// The original's offset at which the piece that starts at `shape_offset` starts.
    pub fn original_offset(&self, shape_offset: u32) -> u32 {
        let after = self.segments.partition_point(|s| s.shape_end <= shape_offset);
        match after.checked_sub(1).and_then(|i| self.segments.get(i)) {
            Some(segment) => segment.end + (shape_offset - segment.shape_end),
            None => match self.segments.first() {
                Some(first) if first.shape_start < shape_offset => first.start,
                _ => shape_offset,
            },
        }
    }

    /// The original's offset at which the piece that ends at `shape_end` ends: behind a literal, before a comment.
    pub fn original_end(&self, shape_end: u32) -> u32 {
        let after = self.segments.partition_point(|s| s.shape_start < shape_end);
        match after.checked_sub(1).and_then(|i| self.segments.get(i)) {
            Some(segment) => segment.end + shape_end.saturating_sub(segment.shape_end),
            None => shape_end,
        }
    }

    /// A piece of the shape → the same piece of the original.
    pub fn original_span(&self, span: Span) -> Span {
        let start = self.original_offset(span.start);
        Span { start, end: self.original_end(span.end).max(start) }
    }

    fn clear(&mut self) {
        self.shape.clear();
        self.literals.clear();
        self.segments.clear();
        self.placeholders = 0;
        self.params.clear();
        self.verbatim = false;
    }

    fn finish(&mut self) {
        self.hash = hash(&self.shape);
    }
}

/// More literals than this, and the text stays its own shape: `Operand::Param` has 16 bits.
const MAX_LITERALS: usize = 65_000;

/// What the first word says about the literals that follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No word yet.
    Start,
    /// EXPLAIN: literals stay until the explained statement begins.
    Explain,
    /// Literals become `?`.
    Replace,
}

struct Pass<'a> {
    text: &'a [u8],
    mode: Mode,
    out: &'a mut Normalised,
    /// The original up to here is in the shape.
    copied: usize,
    stage: Stage,
    prev: Token,
    depth: u32,
    /// Bit d: an ORDER BY or GROUP BY list is open at parenthesis depth d.
    by: u64,
    /// Only `(` and `+` stand between the last BY or comma of such a list and here.
    item: bool,
    /// Depth of an open `CHAR(`, `DECIMAL(`; 0 if none.
    typed: u32,
}

/// Fills `out` with the shape and literals of one statement. Never fails: what is no statement becomes a shape that
/// does not parse.
pub fn normalise(text: &[u8], mode: Mode, out: &mut Normalised) {
    out.clear();
    let prev = Token { kind: Kind::End, start: 0, end: 0 };
    let stage = Stage::Start;
    let mut pass = Pass { text, mode, out, copied: 0, stage, prev, depth: 0, by: 0, item: false, typed: 0 };
    if pass.run() {
        out.finish();
    } else {
        let placeholders = out.placeholders;
        out.set_verbatim(text);
        out.placeholders = placeholders;
    }
}

impl Pass<'_> {
    /// False: the text must be its own shape.
    fn run(&mut self) -> bool {
        let mut lexer = Lexer::new(self.text, self.mode);
        loop {
            let token = lexer.token();
            match token.kind {
                Kind::Comment => {
                    self.comment(token);
                    continue;
                }
                Kind::Word => {
                    if !self.word(token) {
                        self.out.placeholders = count_params(&self.text[token.start as usize..], self.mode);
                        break;
                    }
                }
                Kind::Int => {
                    if !(self.item && self.in_by()) && self.typed == 0 {
                        self.replace(token.start, token.end, LiteralKind::Int);
                    }
                    self.item = false;
                }
                Kind::Str => {
                    self.string(token, &mut lexer);
                    self.item = false;
                    continue;
                }
                Kind::Open => self.open(),
                Kind::Close => self.close(),
                Kind::Comma => self.item = self.in_by(),
                Kind::Op(Op::Plus) | Kind::Hint | Kind::ExecOpen { .. } | Kind::ExecClose => {}
                Kind::Decimal => self.replace(token.start, token.end, LiteralKind::Decimal),
                Kind::Float => self.replace(token.start, token.end, LiteralKind::Float),
                Kind::NationalStr => {
                    self.string(token, &mut lexer);
                    continue;
                }
                Kind::Hex => self.bytes(token, LiteralKind::Hex),
                Kind::Bit => self.bytes(token, LiteralKind::Bit),
                Kind::Param => {
                    self.out.placeholders = count_params(self.text, self.mode);
                    return false;
                }
                Kind::End | Kind::Bad => break,
                _ => self.item = false,
            }
            self.prev = token;
            if self.out.literals.len() > MAX_LITERALS || self.depth >= 64 {
                return false;
            }
        }
        self.copy_to(self.text.len());
        true
    }

    #[inline]
    fn in_by(&self) -> bool {
        self.by != 0 && (self.by & (1 << self.depth.min(63)) != 0 || self.item)
    }

    #[inline]
    fn copy_to(&mut self, end: usize) {
        if let Some(piece) = self.text.get(self.copied..end) {
            self.out.shape.extend_from_slice(piece);
            self.copied = end;
        }
    }

    /// A comment falls out; a space stays where words would touch.
    fn comment(&mut self, token: Token) {
        self.copy_to(token.start as usize);
        let shape_start = self.out.shape.len() as u32;
        let touches = self.out.shape.last().is_some_and(|b| !b.is_ascii_whitespace());
        if touches {
            self.out.shape.push(b' ');
        }
        self.copied = token.end as usize;
        let shape_end = self.out.shape.len() as u32;
        self.out.segments.push(Segment { shape_start, shape_end, start: token.start, end: token.end });
    }

    #[inline]
    fn replace(&mut self, start: u32, end: u32, kind: LiteralKind) {
        if self.stage != Stage::Replace {
            return;
        }
        self.copy_to(start as usize);
        let shape_pos = self.out.shape.len() as u32;
        self.out.shape.push(b'?');
        self.copied = end as usize;
        self.out.literals.push(Literal { start, end, shape_pos, kind });
        self.out.segments.push(Segment { shape_start: shape_pos, shape_end: shape_pos + 1, start, end });
    }

    /// False: the rest stays as it is.
    #[inline]
    fn word(&mut self, token: Token) -> bool {
        let word = token.of(self.text);
        if self.stage != Stage::Replace && !self.first_word(word) {
            return false;
        }
        self.item = false;
        match word.len() {
            2 if word.eq_ignore_ascii_case(b"BY") => {
                self.by |= 1 << self.depth.min(63);
                self.item = true;
            }
            7 | 8 if word.eq_ignore_ascii_case(b"OUTFILE") || word.eq_ignore_ascii_case(b"DUMPFILE") => {
                return false;
            }
            3..=6 if self.by != 0 && list::ends_by_list(word) => {
                self.by &= !(1 << self.depth.min(63));
            }
            _ => {}
        }
        true
    }

    /// Decides by a word before [`Stage::Replace`]. False: no literal of the statement is replaced.
    fn first_word(&mut self, word: &[u8]) -> bool {
        if list::has_literals(word) {
            self.stage = Stage::Replace;
            return true;
        }
        if self.stage == Stage::Explain {
            return true;
        }
        if list::is_explain(word) {
            self.stage = Stage::Explain;
            return true;
        }
        false
    }

    fn open(&mut self) {
        if self.prev.kind == Kind::Word && self.typed == 0 && list::has_length(self.prev.of(self.text)) {
            self.typed = self.depth + 1;
        }
        self.depth += 1;
    }

    fn close(&mut self) {
        self.by &= !(1 << self.depth.min(63));
        if self.typed == self.depth {
            self.typed = 0;
        }
        self.depth = self.depth.saturating_sub(1);
        self.item = false;
    }

    /// A hexadecimal or bit literal: one with an introducer stays.
    fn bytes(&mut self, token: Token, kind: LiteralKind) {
        self.item = false;
        if self.prev.kind == Kind::Word && self.prev.of(self.text).starts_with(b"_") {
            return;
        }
        self.replace(token.start, token.end, kind);
    }

    /// A string and all strings adjacent to it; sets `prev` itself, as it reads one token too far.
    fn string(&mut self, token: Token, lexer: &mut Lexer<'_>) {
        let mut end = token.end;
        while self.may_continue(lexer.position()) {
            let mut ahead = lexer.clone();
            let mut next = ahead.token();
            while next.kind == Kind::Comment {
                next = ahead.token();
            }
            if next.kind != Kind::Str {
                break;
            }
            end = next.end;
            *lexer = ahead;
        }
        if let Some((start, kind)) = self.string_role(token, end) {
            self.replace(start, end, kind);
        }
        self.prev = Token { end, ..token };
    }

    /// Whether another string, or a comment before it, may follow at `pos`.
    fn may_continue(&self, pos: usize) -> bool {
        let next = self.text.get(pos..).and_then(|rest| rest.iter().find(|b| !b.is_ascii_whitespace()));
        next.is_some_and(|b| matches!(b, b'\'' | b'"' | b'/' | b'#' | b'-'))
    }

    /// Where the literal that this string belongs to starts, and its kind; `None` if it stays in the shape.
    fn string_role(&self, token: Token, end: u32) -> Option<(u32, LiteralKind)> {
        let before = self.prev.of(self.text);
        match self.prev.kind {
            Kind::Word if token.kind == Kind::NationalStr => {
                list::before_operand(before).then_some((token.start, LiteralKind::Str))
            }
            Kind::Word if before.starts_with(b"_") => {
                // A comment between introducer and string has been dropped already: leave such oddities.
                let kind = list::introducer(before)?;
                (self.copied <= self.prev.start as usize).then_some((self.prev.start, kind))
            }
            Kind::Word if list::is_temporal(before) => {
                let body = string(self.text.get(token.start as usize..end as usize)?, self.mode);
                let kind = temporal(before, &body)?;
                (self.copied <= self.prev.start as usize).then_some((self.prev.start, kind))
            }
            Kind::Word => list::before_operand(before).then_some((token.start, LiteralKind::Str)),
            Kind::Op(Op::Arrow | Op::LongArrow) => None,
            Kind::Quoted | Kind::Close | Kind::Dot | Kind::UserVar | Kind::SysVar => None,
            Kind::Int
            | Kind::Decimal
            | Kind::Float
            | Kind::Hex
            | Kind::Bit
            | Kind::Str
            | Kind::NationalStr => None,
            _ => Some((token.start, LiteralKind::Str)),
        }
    }
}

/// The kind of `DATE '…'`, `TIME '…'`, `TIMESTAMP '…'`; `None` unless in canonical form.
pub(super) fn temporal(word: &[u8], body: &[u8]) -> Option<LiteralKind> {
    match word.len() {
        4 if word[0].eq_ignore_ascii_case(&b'd') => canonical_date(body).then_some(LiteralKind::Date),
        4 => canonical_time(body).then_some(LiteralKind::Time),
        _ => canonical_datetime(body).then_some(LiteralKind::Date),
    }
}

/// How many `?` a text has outside of strings and comments.
pub fn count_params(text: &[u8], mode: Mode) -> u32 {
    let mut lexer = Lexer::new(text, mode);
    let mut count = 0;
    loop {
        match lexer.token().kind {
            Kind::Param => count += 1,
            Kind::End => return count,
            _ => {}
        }
    }
}

/// A fast hash of bytes: 16 at a time through a 128-bit product. Not for hash tables that an enemy fills without
/// comparing keys.
pub fn hash(bytes: &[u8]) -> u64 {
    const A: u64 = 0x9E37_79B9_7F4A_7C15;
    const B: u64 = 0xD6E8_FEB8_6659_FD93;
    let mix = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let (chunks, rest) = bytes.as_chunks::<16>();
    let mut state = A ^ bytes.len() as u64;
    for chunk in chunks {
        let [low, high] = words(chunk);
        state = mix(low ^ B ^ state, high ^ A.rotate_left(17));
    }
    let mut tail = [0u8; 16];
    tail[..rest.len()].copy_from_slice(rest);
    let [low, high] = words(&tail);
    state = mix(low ^ B ^ state, high ^ A.rotate_left(31));
    mix(state ^ A, B)
}

fn words(chunk: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*chunk);
    [both as u64, (both >> 64) as u64]
}

#[cfg(test)]
#[path = "normalise_tests.rs"]
mod tests;
