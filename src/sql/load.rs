//! LOAD DATA (manual, "LOAD DATA Statement").

use super::facts::{Assignment, Name, Span, TableName};
use super::lex::{Kind, Mode};
use super::literal::{LiteralKind, decode, string};
use super::parse::{Parser, Read, error};
use crate::base::Value;

/// LOAD DATA.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadData {
    /// The file's name.
    pub file: Vec<u8>,
    /// LOCAL: the client has the file, not the server.
    pub local: bool,
    /// REPLACE.
    pub replace: bool,
    /// INTO TABLE.
    pub table: TableName,
    /// CHARACTER SET: of the file.
    pub charset: Option<String>,
    /// FIELDS and LINES.
    pub format: LineFormat,
    /// IGNORE n LINES: how many, and the whole clause.
    pub skip: Option<(u64, Span)>,
    /// What the fields of a line are for; `None` or empty: all columns in the table's order.
    pub columns: Option<Vec<LoadTarget>>,
    /// The list with its parentheses.
    pub columns_span: Option<Span>,
    /// Where it is, or would be.
    pub columns_at: u32,
    /// SET.
    pub set: Vec<Assignment>,
}

/// What a field is for.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadTarget {
    /// A column.
    Column(Name),
    /// `@x`
    Variable(String),
}

/// How a file's bytes become rows and fields. As written: `enclosed` and `escaped` may have more bytes than a server
/// takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFormat {
    /// FIELDS TERMINATED BY
    pub field_end: Vec<u8>,
    /// FIELDS [OPTIONALLY] ENCLOSED BY. OPTIONALLY changes nothing for what is read.
    pub enclosed: Vec<u8>,
    /// FIELDS ESCAPED BY
    pub escaped: Vec<u8>,
    /// LINES STARTING BY
    pub line_start: Vec<u8>,
    /// LINES TERMINATED BY
    pub line_end: Vec<u8>,
}

impl LineFormat {
    /// What holds where nothing is said.
    pub fn usual(mode: Mode) -> Self {
        Self {
            field_end: b"\t".to_vec(),
            enclosed: Vec::new(),
            escaped: if mode.no_backslash_escapes { Vec::new() } else { b"\\".to_vec() },
            line_start: Vec::new(),
            line_end: b"\n".to_vec(),
        }
    }
}

impl Parser<'_> {
    /// LOAD DATA.
    pub(super) fn load(&mut self) -> Read<LoadData> {
        self.step();
        self.expect("DATA")?;
        self.eat_any(&["LOW_PRIORITY", "CONCURRENT"]);
        let local = self.eat("LOCAL");
        self.expect("INFILE")?;
        let file = self.bytes_literal()?;
        let replace = self.eat("REPLACE");
        if !replace {
            self.eat("IGNORE");
        }
        self.expect("INTO")?;
        self.expect("TABLE")?;
        let table = self.table()?;
        if self.eat("PARTITION") {
            self.skip_parens()?;
        }
        let charset = self.load_charset()?;
        let mut format = LineFormat::usual(self.mode);
        if self.eat_any(&["FIELDS", "COLUMNS"]) {
            self.fields_format(&mut format)?;
        }
        if self.eat("LINES") {
            self.lines_format(&mut format)?;
        }
        let skip = self.skipped_lines()?;
        let (first, columns_at) = (self.pos, self.since(0).end);
        let columns = if self.kind() == Kind::Open { Some(self.load_targets()?) } else { None };
        let columns_span = columns.is_some().then(|| self.since(first));
        let first = self.pos;
        let set = if self.eat("SET") { self.assignments()? } else { Vec::new() };
        self.own_variables(columns.as_deref().unwrap_or_default(), first);
        Ok(LoadData {
            file,
            local,
            replace,
            table,
            charset,
            format,
            skip,
            columns,
            columns_span,
            columns_at,
            set,
        })
    }

    fn load_charset(&mut self) -> Read<Option<String>> {
        if !self.eat("CHARSET") && !self.eat_run(&["CHARACTER", "SET"]) && !self.eat_run(&["CHAR", "SET"]) {
            return Ok(None);
        }
        if self.kind() == Kind::Str {
            let name = string(self.bytes(self.pos), self.mode);
            self.step();
            return Ok(Some(String::from_utf8_lossy(&name).into_owned()));
        }
        self.any_name().map(|name| Some(name.text))
    }

    fn fields_format(&mut self, format: &mut LineFormat) -> Read<()> {
        let first = self.pos;
        loop {
            let place = if self.eat_run(&["TERMINATED", "BY"]) {
                &mut format.field_end
            } else if self.eat_run(&["ENCLOSED", "BY"]) || self.eat_run(&["OPTIONALLY", "ENCLOSED", "BY"]) {
                &mut format.enclosed
            } else if self.eat_run(&["ESCAPED", "BY"]) {
                &mut format.escaped
            } else if self.pos > first {
                return Ok(());
            } else {
                return Err(self.unexpected("TERMINATED BY, ENCLOSED BY or ESCAPED BY"));
            };
            *place = self.bytes_literal()?;
        }
    }

    fn lines_format(&mut self, format: &mut LineFormat) -> Read<()> {
        let first = self.pos;
        loop {
            let place = if self.eat_run(&["TERMINATED", "BY"]) {
                &mut format.line_end
            } else if self.eat_run(&["STARTING", "BY"]) {
                &mut format.line_start
            } else if self.pos > first {
                return Ok(());
            } else {
                return Err(self.unexpected("TERMINATED BY or STARTING BY"));
            };
            *place = self.bytes_literal()?;
        }
    }

    fn skipped_lines(&mut self) -> Read<Option<(u64, Span)>> {
        let first = self.pos;
        if !self.eat("IGNORE") {
            return Ok(None);
        }
        let count = std::str::from_utf8(self.bytes(self.pos)).ok().and_then(|digits| digits.parse().ok());
        let (Kind::Int, Some(count)) = (self.kind(), count) else {
            return Err(self.unexpected("a number of lines"));
        };
        self.step();
        if !self.eat_any(&["LINES", "ROWS"]) {
            return Err(self.unexpected("LINES or ROWS"));
        }
        Ok(Some((count, self.since(first))))
    }

    fn load_targets(&mut self) -> Read<Vec<LoadTarget>> {
        self.open()?;
        if self.eat_kind(Kind::Close) {
            return Ok(Vec::new());
        }
        let targets = self.list(|p| {
            if p.kind() == Kind::UserVar {
                let name = p.user_variable(p.pos);
                p.step();
                return Ok(LoadTarget::Variable(name));
            }
            p.column().map(|column| LoadTarget::Column(column.name))
        })?;
        self.close()?;
        Ok(targets)
    }

    /// The variables that a line's fields are put into are the statement's own, and not read from the session, in the
    /// list and from token `set` on.
    fn own_variables(&mut self, targets: &[LoadTarget], set: usize) {
        let own = |parser: &Self, i: usize| {
            let name = parser.user_variable(i);
            targets.iter().any(|target| matches!(target, LoadTarget::Variable(own) if *own == name))
        };
        let variables: Vec<usize> = (0..self.tokens.len())
            .filter(|&i| self.tokens.get(i).is_some_and(|token| token.kind == Kind::UserVar))
            .filter(|&i| i < set || own(self, i))
            .collect();
        self.assigned.extend(variables);
    }

    /// A string, or a hexadecimal or bit literal.
    fn bytes_literal(&mut self) -> Read<Vec<u8>> {
        let kind = match self.kind() {
            Kind::Str => LiteralKind::Str,
            Kind::Hex => LiteralKind::Hex,
            Kind::Bit => LiteralKind::Bit,
            _ => return Err(self.unexpected("a string")),
        };
        let (Value::Str(bytes) | Value::Bytes(bytes)) = decode(self.bytes(self.pos), kind, self.mode) else {
            return Err(error("a string was expected", self.tok(0).start));
        };
        self.step();
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::facts::Kind as Statement;
    use crate::sql::parse;

    fn load(text: &str) -> LoadData {
        match parse(text, Mode::default()).unwrap().kind {
            Statement::LoadData(load) => *load,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let found = load("load data infile 'a\\\\b.txt' into table t");
        assert_eq!(found.format, LineFormat::usual(Mode::default()));
        assert_eq!((found.file.as_slice(), found.local, found.replace), (&b"a\\b.txt"[..], false, false));
        assert_eq!((found.skip, found.columns, found.charset), (None, None, None));
        let mode = Mode { no_backslash_escapes: true, ..Mode::default() };
        let statement = parse("LOAD DATA INFILE 'a' INTO TABLE t", mode).unwrap();
        assert!(matches!(statement.kind, Statement::LoadData(load) if load.format.escaped.is_empty()));
    }

    #[test]
    fn every_option_is_read() {
        let text = "LOAD DATA CONCURRENT LOCAL INFILE '/f' REPLACE INTO TABLE d.t PARTITION (p0, p1) CHARACTER SET utf8mb4 \
                    COLUMNS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY 0x5c \
                    LINES STARTING BY '>>' TERMINATED BY '\\r\\n' IGNORE 2 ROWS (a, @b, t.c) SET e = @b + @k, f = DEFAULT";
        let found = load(text);
        assert!(found.local && found.replace);
        assert_eq!((found.table.name.text.as_str(), found.charset.as_deref()), ("t", Some("utf8mb4")));
        let format = LineFormat {
            field_end: b",".to_vec(),
            enclosed: b"\"".to_vec(),
            escaped: b"\\".to_vec(),
            line_start: b">>".to_vec(),
            line_end: b"\r\n".to_vec(),
        };
        assert_eq!(found.format, format);
        let (count, span) = found.skip.unwrap();
        assert_eq!((count, span.of(text)), (2, "IGNORE 2 ROWS"));
        assert_eq!(found.columns_span.unwrap().of(text), "(a, @b, t.c)");
        let columns = found.columns.unwrap();
        assert!(matches!(&columns[1], LoadTarget::Variable(name) if name == "b"));
        assert!(matches!(&columns[2], LoadTarget::Column(name) if name.text == "c"));
        assert_eq!(found.set.len(), 2);
        let statement = parse(text, Mode::default()).unwrap();
        let read: Vec<_> = statement.user_variables.iter().map(|name| name.text.as_str()).collect();
        assert_eq!((read, statement.assigns_user_variables), (vec!["k"], false));
    }

    #[test]
    fn what_is_no_load_is_an_error() {
        for text in [
            "LOAD DATA INFILE x INTO TABLE t",
            "LOAD DATA INFILE 'x' INTO TABLE t FIELDS",
            "LOAD DATA INFILE 'x' INTO TABLE t IGNORE LINES",
            "LOAD XML INFILE 'x' INTO TABLE t",
            "LOAD DATA INFILE 'x' INTO TABLE t LINES TERMINATED BY '\\n' FIELDS TERMINATED BY ','",
        ] {
            assert!(parse(text, Mode::default()).is_err(), "{text}");
        }
    }
}
