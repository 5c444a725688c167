//! Bytes → tokens, as MySQL's own lexer cuts them (sql/sql_lex.cc; manual section "Language Structure").
//!
//! Works on bytes of any encoding that extends ASCII without using ASCII bytes inside of characters: bytes from
//! 0x80 on are letters. Never fails and never panics: what cannot be read is a [`Kind::Bad`] token.
//! Plain comments, hints and the brackets of executable comments come out as tokens, so that callers decide.

/// The parts of `sql_mode` that change how a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Mode {
    /// `ANSI_QUOTES`: `"x"` is an identifier.
    pub ansi_quotes: bool,
    /// `NO_BACKSLASH_ESCAPES`: `\` in a string is a character like any other.
    pub no_backslash_escapes: bool,
    /// `PIPES_AS_CONCAT`: `||` concatenates.
    pub pipes_as_concat: bool,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An unquoted word: identifier or keyword.
    Word,
    /// An identifier in backticks, or in double quotes under `ANSI_QUOTES`.
    Quoted,
    /// `'…'` or `"…"`.
    Str,
    /// `N'…'`.
    NationalStr,
    /// Digits.
    Int,
    /// Digits with a point.
    Decimal,
    /// A number with an exponent.
    Float,
    /// `0x…` or `x'…'`.
    Hex,
    /// `0b…` or `b'…'`.
    Bit,
    /// `@name`, with the sign.
    UserVar,
    /// `@@name`, `@@scope.name`, with the signs.
    SysVar,
    /// `?`
    Param,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `;`
    Semicolon,
    /// Any other operator, see [`Op`].
    Op(Op),
    /// `-- …`, `# …`, `/* … */`
    Comment,
    /// `/*+ … */`
    Hint,
    /// `/*!`, `/*!50000`, `/*M!100100`: what follows is code up to [`Kind::ExecClose`]. The number is the version
    /// (0: none).
    ExecOpen {
        /// The lowest server version that runs the content; 0 if none is written.
        version: u32,
        /// `/*M!`: MariaDB only.
        maria: bool,
    },
    /// `*/` of an executable comment.
    ExecClose,
    /// A byte or an unterminated string or comment that no statement may have.
    Bad,
    /// The end of the text.
    End,
}

/// Operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Eq,
    /// `<=>`
    NullSafeEq,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<>` or `!=`
    Ne,
    /// `:=`
    Assign,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `||`
    Pipes,
    /// `&&`
    AndAnd,
    /// `|`
    BitOr,
    /// `&`
    BitAnd,
    /// `^`
    BitXor,
    /// `~`
    Tilde,
    /// `!`
    Bang,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `->`
    Arrow,
    /// `->>`
    LongArrow,
    /// `{`
    BraceOpen,
    /// `}`
    BraceClose,
    /// `:`
    Colon,
    /// `@` alone, as in `'user'@'host'`
    At,
}

/// One token: what, and which bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What.
    pub kind: Kind,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Token {
    /// Its bytes in the text it was cut from.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or(&[])
    }
}

const IDENT: u8 = 1;
const DIGIT: u8 = 2;
const SPACE: u8 = 4;
const HEX: u8 = 8;

const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        let mut class = 0;
        if b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80 {
            class |= IDENT;
        }
        if b.is_ascii_digit() {
            class |= DIGIT;
        }
        if matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C) {
            class |= SPACE;
        }
        if b.is_ascii_hexdigit() {
            class |= HEX;
        }
        table[i] = class;
        i += 1;
    }
    table
}

#[inline]
fn is(b: u8, class: u8) -> bool {
    CLASS[b as usize] & class != 0
}

/// Whether a byte may stand in an unquoted identifier.
pub fn is_ident_byte(b: u8) -> bool {
    is(b, IDENT)
}

/// Cuts a text into tokens.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    text: &'a [u8],
    pos: usize,
    mode: Mode,
    in_exec: bool,
    after_dot: bool,
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of `text`. Texts over 4 GiB are cut there (packets are smaller).
    pub fn new(text: &'a [u8], mode: Mode) -> Self {
        let text = &text[..text.len().min(u32::MAX as usize)];
        Self { text, pos: 0, mode, in_exec: false, after_dot: false }
    }

    /// The byte at which the next token is looked for.
    pub fn position(&self) -> usize {
        self.pos
    }

    /// Whether the lexer stands inside of an executable comment.
    pub fn in_executable(&self) -> bool {
        self.in_exec
    }

    #[inline]
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.pos + ahead).copied().unwrap_or(0)
    }

    #[inline]
    fn run(&mut self, class: u8) {
        while let Some(&b) = self.text.get(self.pos) {
            if !is(b, class) {
                break;
            }
            self.pos += 1;
        }
    }

    /// The next token; [`Kind::End`] for ever once the text is over.
    #[inline]
    pub fn token(&mut self) -> Token {
        self.run(SPACE);
        let start = self.pos;
        let Some(&b) = self.text.get(start) else {
            return Token { kind: Kind::End, start: start as u32, end: start as u32 };
        };
        let after_dot = std::mem::take(&mut self.after_dot);
        let kind = match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80.. => self.word(b),
            b'0'..=b'9' if after_dot => {
                self.run(IDENT);
                Kind::Word
            }
            b'0'..=b'9' => self.number(),
            b'\'' => self.string(b'\'', Kind::Str),
            b'"' if self.mode.ansi_quotes => self.quoted(b'"'),
            b'"' => self.string(b'"', Kind::Str),
            b'`' => self.quoted(b'`'),
            b'.' => self.dot(start),
            b'@' => self.variable(),
            _ => self.symbol(b),
        };
        Token { kind, start: start as u32, end: self.pos as u32 }
    }

    #[inline]
    fn word(&mut self, first: u8) -> Kind {
        if self.peek(1) == b'\'' {
            match first {
                b'x' | b'X' => return self.prefixed(Kind::Hex, HEX),
                b'b' | b'B' => return self.prefixed(Kind::Bit, DIGIT),
                b'n' | b'N' => {
                    self.pos += 1;
                    return self.string(b'\'', Kind::NationalStr);
                }
                _ => {}
            }
        }
        self.pos += 1;
        self.run(IDENT);
        self.after_dot = self.peek(0) == b'.' && is(self.peek(1), IDENT);
        Kind::Word
    }

    /// `x'…'` and `b'…'`.
    fn prefixed(&mut self, kind: Kind, class: u8) -> Kind {
        self.pos += 2;
        let body = self.pos;
        self.run(class);
        let digits = &self.text[body..self.pos];
        let good = match kind {
            Kind::Hex => digits.len().is_multiple_of(2),
            _ => digits.iter().all(|d| matches!(d, b'0' | b'1')),
        };
        if self.peek(0) == b'\'' && good {
            self.pos += 1;
            return kind;
        }
        self.pos = self.text.len();
        Kind::Bad
    }

    fn number(&mut self) -> Kind {
        let start = self.pos;
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'b') {
            let (class, kind) = if self.peek(1) == b'x' { (HEX, Kind::Hex) } else { (DIGIT, Kind::Bit) };
            self.pos += 2;
            self.run(class);
            let digits = &self.text[start + 2..self.pos];
            let good = kind == Kind::Hex || digits.iter().all(|d| matches!(d, b'0' | b'1'));
            if !digits.is_empty() && good && !is(self.peek(0), IDENT) {
                return kind;
            }
            self.pos = start;
        }
        self.run(DIGIT);
        let next = self.peek(0);
        if matches!(next, b'e' | b'E') && self.exponent() {
            return Kind::Float;
        }
        if is(next, IDENT) {
            self.run(IDENT);
            self.after_dot = self.peek(0) == b'.' && is(self.peek(1), IDENT);
            return Kind::Word;
        }
        if next == b'.' {
            self.pos += 1;
            return self.fraction();
        }
        Kind::Int
    }

    /// Behind the point of a number.
    fn fraction(&mut self) -> Kind {
        self.run(DIGIT);
        if matches!(self.peek(0), b'e' | b'E') {
            return if self.exponent() { Kind::Float } else { Kind::Bad };
        }
        Kind::Decimal
    }

    /// Takes `e5`, `e+5`, `E-5`; takes nothing if no digit follows.
    fn exponent(&mut self) -> bool {
        let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if !is(self.peek(1 + sign), DIGIT) {
            return false;
        }
        self.pos += 1 + sign;
        self.run(DIGIT);
        true
    }

    fn dot(&mut self, start: usize) -> Kind {
        self.pos += 1;
        let glued =
            start.checked_sub(1).and_then(|i| self.text.get(i)).is_some_and(|&b| is(b, IDENT) || b == b'`');
        if is(self.peek(0), DIGIT) && !glued {
            return self.fraction();
        }
        self.after_dot = glued || is(self.peek(0), IDENT);
        Kind::Dot
    }

    /// A string from its opening quote. Doubled quotes and (unless the mode forbids) backslashes escape.
    fn string(&mut self, quote: u8, kind: Kind) -> Kind {
        self.pos += 1;
        loop {
            let rest = self.text.get(self.pos..).unwrap_or(&[]);
            let found = if self.mode.no_backslash_escapes {
                memchr::memchr(quote, rest)
            } else {
                scan2(quote, b'\\', rest)
            };
            let Some(i) = found else {
                self.pos = self.text.len();
                return Kind::Bad;
            };
            if rest[i] == b'\\' {
                self.pos = (self.pos + i + 2).min(self.text.len());
                continue;
            }
            self.pos += i + 1;
            if self.peek(0) == quote && self.pos < self.text.len() {
                self.pos += 1;
                continue;
            }
            return kind;
        }
    }

    fn quoted(&mut self, quote: u8) -> Kind {
        self.pos += 1;
        loop {
            let rest = self.text.get(self.pos..).unwrap_or(&[]);
            let Some(i) = memchr::memchr(quote, rest) else {
                self.pos = self.text.len();
                return Kind::Bad;
            };
            self.pos += i + 1;
            if self.peek(0) == quote && self.pos < self.text.len() {
                self.pos += 1;
                continue;
            }
            return Kind::Quoted;
        }
    }

    fn variable(&mut self) -> Kind {
        if self.peek(1) == b'@' {
            self.pos += 2;
            loop {
                if self.peek(0) == b'`' {
                    if self.quoted(b'`') == Kind::Bad {
                        return Kind::Bad;
                    }
                } else {
                    self.run(IDENT);
                }
                if self.peek(0) == b'.' && (is(self.peek(1), IDENT) || self.peek(1) == b'`') {
                    self.pos += 1;
                } else {
                    return Kind::SysVar;
                }
            }
        }
        self.pos += 1;
        let bad = match self.peek(0) {
            b'`' => self.quoted(b'`') == Kind::Bad,
            q @ (b'\'' | b'"') => self.string(q, Kind::Str) == Kind::Bad,
            b if is(b, IDENT) || b == b'.' => {
                while is(self.peek(0), IDENT) || self.peek(0) == b'.' {
                    self.pos += 1;
                }
                false
            }
            _ => return Kind::Op(Op::At),
        };
        if bad { Kind::Bad } else { Kind::UserVar }
    }

    fn symbol(&mut self, b: u8) -> Kind {
        let (one, two) = (self.peek(1), self.peek(2));
        let (kind, len) = match (b, one, two) {
            (b'(', ..) => (Kind::Open, 1),
            (b')', ..) => (Kind::Close, 1),
            (b',', ..) => (Kind::Comma, 1),
            (b'?', ..) => (Kind::Param, 1),
            (b';', ..) => (Kind::Semicolon, 1),
            (b'#', ..) => return self.line_comment(),
            (b'-', b'-', _) if self.dashes() => return self.line_comment(),
            (b'/', b'*', _) => return self.block_comment(),
            (b'*', b'/', _) if self.in_exec => {
                self.in_exec = false;
                (Kind::ExecClose, 2)
            }
            (b'-', b'>', b'>') => (Kind::Op(Op::LongArrow), 3),
            (b'-', b'>', _) => (Kind::Op(Op::Arrow), 2),
            (b'<', b'=', b'>') => (Kind::Op(Op::NullSafeEq), 3),
            (b'<', b'=', _) => (Kind::Op(Op::Le), 2),
            (b'<', b'>', _) | (b'!', b'=', _) => (Kind::Op(Op::Ne), 2),
            (b'<', b'<', _) => (Kind::Op(Op::Shl), 2),
            (b'>', b'=', _) => (Kind::Op(Op::Ge), 2),
            (b'>', b'>', _) => (Kind::Op(Op::Shr), 2),
            (b'|', b'|', _) => (Kind::Op(Op::Pipes), 2),
            (b'&', b'&', _) => (Kind::Op(Op::AndAnd), 2),
            (b':', b'=', _) => (Kind::Op(Op::Assign), 2),
            _ => (single(b), 1),
        };
        self.pos += len;
        kind
    }

    /// `--` starts a comment only before a space, a control character or the end.
    fn dashes(&self) -> bool {
        self.text.get(self.pos + 2).is_none_or(|&b| b <= b' ' || b == 0x7F)
    }

    fn line_comment(&mut self) -> Kind {
        let rest = &self.text[self.pos..];
        self.pos += memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        Kind::Comment
    }

    fn block_comment(&mut self) -> Kind {
        let maria = self.peek(2) == b'M' && self.peek(3) == b'!';
        if maria || self.peek(2) == b'!' {
            if self.in_exec {
                self.pos = self.text.len();
                return Kind::Bad;
            }
            self.pos += if maria { 4 } else { 3 };
            let mut version = 0;
            let digits = (0..6).take_while(|&i| is(self.peek(i), DIGIT)).count();
            if digits >= 5 {
                version = (0..digits).fold(0, |v, i| v * 10 + u32::from(self.peek(i) - b'0'));
                self.pos += digits;
            }
            if version >= 900_000 {
                return self.comment_end(Kind::Comment);
            }
            self.in_exec = true;
            return Kind::ExecOpen { version, maria };
        }
        let kind = if self.peek(2) == b'+' { Kind::Hint } else { Kind::Comment };
        self.pos += 2;
        self.comment_end(kind)
    }

    fn comment_end(&mut self, kind: Kind) -> Kind {
        let rest = self.text.get(self.pos..).unwrap_or(&[]);
        for i in memchr::memchr_iter(b'/', rest) {
            if i > 0 && rest[i - 1] == b'*' {
                self.pos += i + 1;
                return kind;
            }
        }
        self.pos = self.text.len();
        Kind::Bad
    }
}

/// The first of two bytes. Strings in statements are mostly short: a loop beats a vector search on them.
#[inline]
fn scan2(a: u8, b: u8, rest: &[u8]) -> Option<usize> {
    let near = rest.len().min(24);
    match rest[..near].iter().position(|&x| x == a || x == b) {
        Some(i) => Some(i),
        None => memchr::memchr2(a, b, &rest[near..]).map(|i| i + near),
    }
}

fn single(b: u8) -> Kind {
    Kind::Op(match b {
        b'=' => Op::Eq,
        b'<' => Op::Lt,
        b'>' => Op::Gt,
        b'+' => Op::Plus,
        b'-' => Op::Minus,
        b'*' => Op::Star,
        b'/' => Op::Slash,
        b'%' => Op::Percent,
        b'|' => Op::BitOr,
        b'&' => Op::BitAnd,
        b'^' => Op::BitXor,
        b'~' => Op::Tilde,
        b'!' => Op::Bang,
        b'{' => Op::BraceOpen,
        b'}' => Op::BraceClose,
        b':' => Op::Colon,
        _ => return Kind::Bad,
    })
}

#[cfg(test)]
#[path = "lex_tests.rs"]
mod tests;
