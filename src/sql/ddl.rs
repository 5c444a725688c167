//! DDL and table maintenance: heads and table names; bodies are the servers' business (manual, "Data Definition
//! Statements", "Table Maintenance Statements").

use super::facts::{Ddl, DdlKind, Kind as Statement_, Name, TableName};
use super::lex::Kind;
use super::parse::{Parser, Read};

/// Words that end a column's type.
const AFTER_TYPE: [&str; 24] = [
    "NOT",
    "NULL",
    "DEFAULT",
    "AUTO_INCREMENT",
    "PRIMARY",
    "UNIQUE",
    "KEY",
    "COMMENT",
    "CHECK",
    "REFERENCES",
    "GENERATED",
    "AS",
    "ON",
    "INVISIBLE",
    "VISIBLE",
    "CONSTRAINT",
    "STORAGE",
    "COLUMN_FORMAT",
    "VIRTUAL",
    "STORED",
    "PERSISTENT",
    "FIRST",
    "AFTER",
    "ENFORCED",
];
/// Words that begin a part of a table's definition that is no column.
const NO_COLUMN: [&str; 10] =
    ["PRIMARY", "KEY", "INDEX", "UNIQUE", "CONSTRAINT", "FOREIGN", "FULLTEXT", "SPATIAL", "CHECK", "PERIOD"];

impl Parser<'_> {
    /// Reads a statement that starts with one of CREATE, ALTER, DROP, TRUNCATE, RENAME and the maintenance words.
    pub(super) fn ddl(&mut self, word: &str) -> Read<Statement_> {
        let ddl = match word {
            "CREATE" => self.create()?,
            "ALTER" => self.alter()?,
            "DROP" => self.drop_object()?,
            "TRUNCATE" => {
                self.step();
                self.eat("TABLE");
                let mut ddl = empty(DdlKind::TruncateTable);
                ddl.tables.push(self.table()?);
                self.skip_all();
                ddl
            }
            "RENAME" => self.rename()?,
            _ => return self.maintain(word),
        };
        Ok(Statement_::Ddl(Box::new(ddl)))
    }

    fn other(&mut self) -> Ddl {
        self.skip_all();
        empty(DdlKind::Other)
    }

    fn create(&mut self) -> Read<Ddl> {
        self.step();
        let or_replace = self.eat_run(&["OR", "REPLACE"]);
        let temporary = self.eat("TEMPORARY");
        if self.eat("TABLE") {
            return Ok(Ddl { or_replace, ..self.create_table(temporary)? });
        }
        if self.eat_any(&["DATABASE", "SCHEMA"]) {
            return self.database(DdlKind::CreateDatabase);
        }
        self.eat_any(&["UNIQUE", "FULLTEXT", "SPATIAL"]);
        if self.eat("INDEX") {
            return self.index(DdlKind::CreateIndex);
        }
        Ok(self.other())
    }

    fn create_table(&mut self, temporary: bool) -> Read<Ddl> {
        let mut ddl = empty(DdlKind::CreateTable);
        ddl.temporary = temporary;
        ddl.lenient = self.eat_run(&["IF", "NOT", "EXISTS"]);
        ddl.tables.push(self.table()?);
        if self.eat("LIKE") {
            ddl.tables.push(self.table()?);
            return Ok(ddl);
        }
        if self.kind() == Kind::Open && self.at(1, "LIKE") {
            self.pos += 2;
            ddl.tables.push(self.table()?);
            self.close()?;
            return Ok(ddl);
        }
        if self.kind() == Kind::Open && !self.is_query(1) {
            self.definition(&mut ddl)?;
        }
        let first = self.pos;
        let queries = |p: &Self| p.is_query(0) && !p.is_run(&["WITH", "SYSTEM"]);
        self.skip_until(|p| queries(p) || p.is_any(&["IGNORE", "REPLACE"]));
        ddl.options = String::from_utf8_lossy(self.text_between(first)).into_owned();
        ddl.duplicates = ["IGNORE", "REPLACE"].into_iter().find(|word| self.eat(word));
        self.skip_until(queries);
        if queries(self) {
            ddl.query = Some(Box::new(self.query()?));
        }
        self.skip_all();
        Ok(ddl)
    }

    /// `(column type …, KEY …)`
    fn definition(&mut self, ddl: &mut Ddl) -> Read<()> {
        self.open()?;
        loop {
            let quoted = self.kind() == Kind::Quoted;
            if quoted || (self.kind() == Kind::Word && !self.is_any(&NO_COLUMN)) {
                let name = self.any_name()?.text;
                let first = self.pos;
                self.skip_until(|p| p.kind() == Kind::Comma || p.is_any(&AFTER_TYPE));
                let text = String::from_utf8_lossy(self.text_between(first)).into_owned();
                ddl.columns.push((name, text));
                let first = self.pos;
                self.references(ddl, |p| p.kind() == Kind::Comma)?;
                ddl.attributes.push(String::from_utf8_lossy(self.text_between(first)).into_owned());
            } else {
                let first = self.pos;
                ddl.unique.extend(self.unique_key());
                self.pos = first;
                self.references(ddl, |p| p.kind() == Kind::Comma)?;
            }
            if !self.eat_kind(Kind::Comma) {
                break;
            }
        }
        self.close()
    }

    /// `[CONSTRAINT [name]] {PRIMARY KEY | UNIQUE …} (column …)`: whether it is the primary key, and its columns.
    fn unique_key(&mut self) -> Option<(bool, Vec<String>)> {
        if self.eat("CONSTRAINT") && !self.is_any(&["PRIMARY", "UNIQUE"]) {
            self.step();
        }
        let primary = self.eat("PRIMARY");
        if !primary && !self.eat("UNIQUE") {
            return None;
        }
        self.skip_until(|p| p.kind() == Kind::Open);
        self.open().ok()?;
        let columns = self.list(|p| {
            let name = p.any_name()?.text;
            p.skip_until(|p| p.kind() == Kind::Comma);
            Ok(name)
        });
        columns.ok().map(|columns| (primary, columns))
    }

    /// The text from token `first` to the cursor.
    fn text_between(&self, first: usize) -> &[u8] {
        let span = self.since(first);
        self.text.get(span.start as usize..span.end as usize).unwrap_or(&[])
    }

    /// Moves to `stop` at this depth and notes the tables behind REFERENCES.
    fn references(&mut self, ddl: &mut Ddl, stop: impl Fn(&Self) -> bool) -> Read<()> {
        loop {
            self.skip_until(|p| stop(p) || p.is("REFERENCES"));
            if !self.eat("REFERENCES") {
                return Ok(());
            }
            ddl.references.push(self.table()?);
        }
    }

    fn alter(&mut self) -> Read<Ddl> {
        self.step();
        while self.eat_any(&["ONLINE", "OFFLINE", "IGNORE"]) {}
        if self.eat_any(&["DATABASE", "SCHEMA"]) {
            return self.database(DdlKind::AlterDatabase);
        }
        if !self.eat("TABLE") {
            return Ok(self.other());
        }
        let mut ddl = empty(DdlKind::AlterTable);
        ddl.lenient = self.eat_run(&["IF", "EXISTS"]);
        ddl.tables.push(self.table()?);
        loop {
            self.skip_until(|p| p.is_any(&["REFERENCES", "RENAME", "DROP", "CHANGE", "MODIFY"]));
            if self.eat("REFERENCES") {
                ddl.references.push(self.table()?);
            } else if self.is_any(&["DROP", "CHANGE", "MODIFY"]) {
                self.altered_column(&mut ddl)?;
            } else if self.eat("RENAME") {
                if self.is_any(&["INDEX", "KEY"]) {
                    continue;
                }
                if self.eat("COLUMN") {
                    ddl.dropped.push(self.any_name()?.text);
                    continue;
                }
                self.eat_any(&["TO", "AS"]);
                ddl.kind = DdlKind::AlterTableRename;
                ddl.tables.push(self.table()?);
            } else {
                self.skip_all();
                return Ok(ddl);
            }
        }
    }

    /// DROP, CHANGE or MODIFY of a column; DROP of anything else is passed over.
    fn altered_column(&mut self, ddl: &mut Ddl) -> Read<()> {
        let word = self.upper();
        self.step();
        let others = [
            "INDEX",
            "KEY",
            "PRIMARY",
            "FOREIGN",
            "CONSTRAINT",
            "CHECK",
            "PARTITION",
            "PERIOD",
            "SYSTEM",
            "DEFAULT",
        ];
        if self.is_any(&others) {
            return Ok(());
        }
        self.eat("COLUMN");
        self.eat_run(&["IF", "EXISTS"]);
        if !matches!(self.kind(), Kind::Word | Kind::Quoted) {
            return Ok(());
        }
        let name = self.any_name()?.text;
        if word == "DROP" {
            ddl.dropped.push(name);
            return Ok(());
        }
        let new = if word == "CHANGE" { self.any_name()?.text } else { name.clone() };
        if !new.eq_ignore_ascii_case(&name) {
            ddl.dropped.push(name);
        }
        let first = self.pos;
        self.skip_until(|p| p.kind() == Kind::Comma || p.is_any(&AFTER_TYPE));
        let text = String::from_utf8_lossy(self.text_between(first)).into_owned();
        ddl.columns.push((new, text));
        Ok(())
    }

    fn drop_object(&mut self) -> Read<Ddl> {
        self.step();
        let temporary = self.eat("TEMPORARY");
        if self.eat_any(&["TABLE", "TABLES"]) {
            let mut ddl = empty(DdlKind::DropTable);
            ddl.temporary = temporary;
            ddl.lenient = self.eat_run(&["IF", "EXISTS"]);
            ddl.tables = self.list(Self::table)?;
            self.eat_any(&["RESTRICT", "CASCADE"]);
            return Ok(ddl);
        }
        if self.eat_any(&["DATABASE", "SCHEMA"]) {
            return self.database(DdlKind::DropDatabase);
        }
        if self.eat("INDEX") {
            return self.index(DdlKind::DropIndex);
        }
        Ok(self.other())
    }

    fn index(&mut self, kind: DdlKind) -> Read<Ddl> {
        let mut ddl = empty(kind);
        ddl.lenient = self.eat_run(&["IF", "NOT", "EXISTS"]) || self.eat_run(&["IF", "EXISTS"]);
        self.any_name()?;
        self.skip_until(|p| p.is("ON"));
        self.expect("ON")?;
        ddl.tables.push(self.table()?);
        self.skip_all();
        Ok(ddl)
    }

    fn database(&mut self, kind: DdlKind) -> Read<Ddl> {
        let mut ddl = empty(kind);
        ddl.lenient = self.eat_run(&["IF", "NOT", "EXISTS"]) || self.eat_run(&["IF", "EXISTS"]);
        let options = ["CHARACTER", "CHARSET", "COLLATE", "DEFAULT", "READ", "ENCRYPTION", "COMMENT"];
        // ALTER DATABASE may leave the name out.
        let named = self.kind() == Kind::Quoted || (self.kind() == Kind::Word && !self.is_any(&options));
        if named {
            let name: Name = self.any_name()?;
            ddl.database = Some(name);
        }
        self.skip_all();
        Ok(ddl)
    }

    fn rename(&mut self) -> Read<Ddl> {
        self.step();
        if !self.eat_any(&["TABLE", "TABLES"]) {
            return Ok(self.other());
        }
        let mut ddl = empty(DdlKind::RenameTable);
        ddl.lenient = self.eat_run(&["IF", "EXISTS"]);
        let pairs: Vec<[TableName; 2]> = self.list(|p| {
            let old = p.table()?;
            p.expect("TO")?;
            Ok([old, p.table()?])
        })?;
        ddl.tables = pairs.into_iter().flatten().collect();
        Ok(ddl)
    }

    fn maintain(&mut self, word: &str) -> Read<Statement_> {
        self.step();
        self.eat_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
        if !self.eat_any(&["TABLE", "TABLES"]) {
            self.skip_all();
            return Ok(Statement_::Other(word.to_owned()));
        }
        let mut ddl = empty(DdlKind::Maintain);
        ddl.tables = self.list(Self::table)?;
        self.skip_all();
        Ok(Statement_::Ddl(Box::new(ddl)))
    }
}

fn empty(kind: DdlKind) -> Ddl {
    Ddl {
        kind,
        lenient: false,
        temporary: false,
        tables: Vec::new(),
        database: None,
        or_replace: false,
        query: None,
        duplicates: None,
        columns: Vec::new(),
        attributes: Vec::new(),
        unique: Vec::new(),
        options: String::new(),
        dropped: Vec::new(),
        references: Vec::new(),
    }
}
