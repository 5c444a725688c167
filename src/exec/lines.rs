//! Bytes of a file → rows, as a server's LOAD DATA cuts them (manual, "LOAD DATA Statement"; sql/sql_load.cc, class
//! READ_INFO, whose quirks are kept). Pure: no I/O.
//!
//! For character sets in which no byte of a longer character looks like ASCII.

use memchr::memmem;

use crate::sql::LineFormat;

/// More bytes are needed to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct More;

/// How rows are cut.
#[derive(Debug, Clone)]
pub struct Cutter {
    field_end: Vec<u8>,
    line_start: Vec<u8>,
    line_end: Vec<u8>,
    enclosed: Option<u8>,
    escaped: Option<u8>,
    /// How many fields are read of a line.
    fields: usize,
    /// Fields that are wanted, by their place in a line.
    wanted: [Option<usize>; WANTED],
    /// Bytes that may mean something.
    special: [bool; 256],
}

/// How many fields of a row can be wanted.
pub const WANTED: usize = 2;

/// One row. Places are byte offsets into what was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Behind what lines start with.
    pub start: usize,
    /// Behind what lines end with, and behind fields that are too many.
    pub end: usize,
    /// The wanted fields; `None`: the line is too short, or it was not wanted.
    pub found: [Option<Field>; WANTED],
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// With its enclosing bytes.
    pub start: usize,
    /// Without the terminator.
    pub end: usize,
    /// What it means; `None` for NULL.
    pub value: Option<Vec<u8>>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// A row.
    Row(Row),
    /// More bytes are needed; so many of those that are there belong to no row.
    More(usize),
    /// No row follows.
    End,
}

impl Cutter {
    /// A cutter for lines of so many fields. `None` for formats whose rows cannot be told one by one here: no line or field
    /// terminator, the same for both, one that is not ASCII, enclosing or escaping by more than a byte.
    pub fn new(format: &LineFormat, fields: usize, wanted: [Option<usize>; WANTED]) -> Option<Self> {
        let one = |bytes: &[u8]| match *bytes {
            [] => Some(None),
            [byte] => Some(Some(byte)),
            _ => None,
        };
        let (enclosed, escaped) = (one(&format.enclosed)?, one(&format.escaped)?);
        let parts =
            [&format.field_end, &format.line_start, &format.line_end, &format.enclosed, &format.escaped];
        if format.field_end.is_empty()
            || format.line_end.is_empty()
            || format.field_end == format.line_end
            || parts.iter().any(|part| !part.is_ascii())
        {
            return None;
        }
        let mut special = [false; 256];
        let first = |bytes: &[u8]| bytes.first().copied();
        for byte in
            [enclosed, escaped, first(&format.field_end), first(&format.line_end)].into_iter().flatten()
        {
            special[usize::from(byte)] = true;
        }
        Some(Self {
            field_end: format.field_end.clone(),
            line_start: format.line_start.clone(),
            line_end: format.line_end.clone(),
            enclosed,
            escaped,
            fields,
            wanted,
            special,
        })
    }

    /// The end of the first line of a header; `None`: more bytes are needed. `ended`: no byte follows `bytes`.
    pub fn line(&self, bytes: &[u8], ended: bool) -> Option<usize> {
        let mut at = Cursor { cutter: self, bytes, pos: 0, ended };
        at.rest_of_line().ok().map(|()| at.pos)
    }

    /// The first row. `ended`: no byte follows `bytes`.
    pub fn row(&self, bytes: &[u8], ended: bool) -> Cut {
        let mut start = 0;
        if !self.line_start.is_empty() {
            let Some(at) = memmem::find(bytes, &self.line_start) else {
                let cut = bytes.len().saturating_sub(self.line_start.len() - 1);
                return if ended { Cut::End } else { Cut::More(cut) };
            };
            start = at + self.line_start.len();
        }
        if start == bytes.len() && ended {
            return Cut::End;
        }
        let mut at = Cursor { cutter: self, bytes, pos: start, ended };
        match at.row() {
            Ok(row) => Cut::Row(row),
            Err(More) => Cut::More(start - self.line_start.len()),
        }
    }
}

struct Cursor<'a> {
    cutter: &'a Cutter,
    bytes: &'a [u8],
    pos: usize,
    ended: bool,
}

/// How a field ended.
struct End {
    /// Where its terminator begins.
    at: usize,
    /// It was enclosed, and closed.
    closed: bool,
    /// The line ended with it.
    line: bool,
    /// An escaped N was in it.
    null: bool,
}

impl Cursor<'_> {
    fn row(&mut self) -> Result<Row, More> {
        let mut row = Row { start: self.pos, ..Row::default() };
        let mut over = false;
        for place in 0..self.cutter.fields {
            if over || self.is_over()? {
                over = true;
                break;
            }
            let start = self.pos;
            let wanted = self.cutter.wanted.iter().position(|wanted| *wanted == Some(place));
            let mut value = Vec::new();
            let end = self.field(wanted.is_some().then_some(&mut value))?;
            over = end.line;
            if let Some(found) = wanted.and_then(|i| row.found.get_mut(i)) {
                let word = self.cutter.enclosed.is_some() && !end.closed && value == b"NULL";
                let null = word || (end.null && value.len() == 1);
                *found = Some(Field { start, end: end.at, value: (!null).then_some(value) });
            }
        }
        if !over {
            self.rest_of_line()?;
        }
        row.end = self.pos;
        Ok(row)
    }

    fn get(&mut self) -> Result<Option<u8>, More> {
        match self.bytes.get(self.pos) {
            Some(&byte) => {
                self.pos += 1;
                Ok(Some(byte))
            }
            None if self.ended => Ok(None),
            None => Err(More),
        }
    }

    fn is_over(&self) -> Result<bool, More> {
        match self.pos < self.bytes.len() {
            true => Ok(false),
            false if self.ended => Ok(true),
            false => Err(More),
        }
    }

    /// Takes the rest of a terminator whose first byte was just taken, if all of it is there.
    fn terminator(&mut self, byte: u8, terminator: &[u8]) -> Result<bool, More> {
        let Some((first, rest)) = terminator.split_first() else { return Ok(false) };
        if byte != *first {
            return Ok(false);
        }
        let here = self.bytes.get(self.pos..).unwrap_or_default();
        if here.starts_with(rest) {
            self.pos += rest.len();
            return Ok(true);
        }
        if !self.ended && rest.starts_with(here) { Err(More) } else { Ok(false) }
    }

    /// Reads a field; its meaning is appended to `out`.
    fn field(&mut self, mut out: Option<&mut Vec<u8>>) -> Result<End, More> {
        let cutter = self.cutter;
        let mut put = |bytes: &[u8]| {
            if let Some(out) = out.as_deref_mut() {
                out.extend_from_slice(bytes);
            }
        };
        let begin = self.pos;
        let open = cutter.enclosed.filter(|byte| self.bytes.get(begin) == Some(byte));
        self.pos += usize::from(open.is_some());
        let mut null = false;
        loop {
            let run = self.pos;
            while self.bytes.get(self.pos).is_some_and(|byte| !cutter.special[usize::from(*byte)]) {
                self.pos += 1;
            }
            put(self.bytes.get(run..self.pos).unwrap_or_default());
            let at = self.pos;
            let end = |closed, line| End { at, closed, line, null };
            let Some(mut byte) = self.get()? else { break };
            if cutter.escaped == Some(byte) {
                let Some(next) = self.get()? else {
                    put(&[byte]);
                    break;
                };
                if cutter.escaped != cutter.enclosed || next == byte {
                    null |= next == b'N';
                    put(&[unescape(next)]);
                    continue;
                }
                self.pos -= 1;
            }
            if open.is_none() {
                if self.terminator(byte, &cutter.line_end)? {
                    return Ok(end(false, true));
                }
                if self.terminator(byte, &cutter.field_end)? {
                    return Ok(end(false, false));
                }
            } else if open == Some(byte) {
                // What closes a field stands before a terminator, or at the file's end; twice, it is itself.
                let closed = self.pos;
                let Some(next) = self.get()? else { return Ok(End { at: closed, ..end(true, true) }) };
                if Some(next) == open {
                    put(&[next]);
                    continue;
                }
                if self.terminator(next, &cutter.line_end)? {
                    return Ok(End { at: closed, ..end(true, true) });
                }
                if self.terminator(next, &cutter.field_end)? {
                    return Ok(End { at: closed, ..end(true, false) });
                }
                self.pos = closed;
                byte = open.unwrap_or(byte);
            }
            put(&[byte]);
        }
        // The file ended inside of the field: what opened it belongs to it.
        if let (Some(out), Some(open)) = (out, open) {
            out.insert(0, open);
        }
        Ok(End { at: self.bytes.len(), closed: false, line: true, null })
    }

    /// Skips to behind the end of the line. Enclosing bytes mean nothing here.
    fn rest_of_line(&mut self) -> Result<(), More> {
        loop {
            let Some(byte) = self.get()? else { return Ok(()) };
            if self.cutter.escaped == Some(byte) {
                if self.get()?.is_none() {
                    return Ok(());
                }
            } else if self.terminator(byte, &self.cutter.line_end)? {
                return Ok(());
            }
        }
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'0' => 0,
        b'Z' => 26,
        other => other,
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
