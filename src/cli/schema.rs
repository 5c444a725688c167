//! Tables' definitions from a file of CREATE TABLE statements (what `mysqldump --no-data` writes, or a schema as people
//! write it), for planning without servers.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::sql;
use crate::sql::facts::{Ddl, DdlKind, Kind};
use crate::sql::lex::{Kind as Token, Lexer, Mode};
use crate::topology::schema::{Column, Schemas, TableSchema};

/// Definitions by database and table; without a database, where the file names none: those are every database's.
#[derive(Debug, Default)]
pub struct Definitions(HashMap<(Option<String>, String), Arc<TableSchema>>);

impl Schemas for Definitions {
    fn table(&self, database: &str, table: &str) -> Option<Arc<TableSchema>> {
        let of = |database: Option<&str>| self.0.get(&(database.map(str::to_owned), table.to_owned()));
        of(Some(database)).or_else(|| of(None)).cloned()
    }
}

impl Definitions {
    /// Reads a file. What is no CREATE TABLE is passed over.
    pub fn read(path: &Path) -> std::io::Result<Self> {
        Ok(Self::of(&String::from_utf8_lossy(&std::fs::read(path)?)))
    }

    fn of(text: &str) -> Self {
        let mut out = HashMap::new();
        let (mode, mut database) = (Mode::default(), None);
        for range in sql::split(text.as_bytes(), mode) {
            let Some(Ok(statement)) = text.get(range).map(|one| sql::parse(one, mode)) else { continue };
            match statement.kind {
                Kind::Use(name) => database = Some(name),
                Kind::Ddl(ddl) if ddl.kind == DdlKind::CreateTable && !ddl.columns.is_empty() => {
                    let Some(table) = ddl.tables.first() else { continue };
                    let place = table.schema.as_ref().map(|name| name.text.clone()).or(database.clone());
                    out.insert((place, table.name.text.clone()), Arc::new(schema_of(&ddl)));
                }
                _ => {}
            }
        }
        Self(out)
    }
}

fn schema_of(ddl: &Ddl) -> TableSchema {
    let (charset, collation) = charset_of(&words(&ddl.options));
    let whole = (charset.or_else(|| collation.as_deref().map(charset_in)), collation);
    let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
    let mut keys: Vec<(bool, Vec<String>)> =
        ddl.unique.iter().map(|(primary, key)| (*primary, lower(key))).collect();
    let mut columns = Vec::with_capacity(ddl.columns.len());
    for ((name, text), attributes) in ddl.columns.iter().zip(&ddl.attributes) {
        let attributes = words(attributes);
        let has = |word: &str| attributes.iter().any(|w| w == word);
        // KEY alone is the primary key too.
        let primary = has("PRIMARY") || has("KEY") && !has("UNIQUE");
        if primary || has("UNIQUE") {
            keys.push((primary, lower(std::slice::from_ref(name))));
        }
        let part = keys.iter().any(|(primary, key)| *primary && key.contains(&name.to_lowercase()));
        let nullable = !part && !attributes.windows(2).any(|words| words == ["NOT", "NULL"]);
        columns.push(Column {
            nullable,
            has_default: nullable || has("DEFAULT"),
            auto_increment: has("AUTO_INCREMENT"),
            generated: has("AS"),
            invisible: has("INVISIBLE"),
            ..column_of(name, text, &whole)
        });
    }
    keys.sort_by_key(|(primary, _)| !primary);
    let unique = keys.into_iter().map(|(_, key)| key).collect();
    TableSchema { columns, triggers: false, row_triggers: false, unique }
}

/// The words and whole numbers of a text, upper case.
fn words(text: &str) -> Vec<String> {
    let mut lexer = Lexer::new(text.as_bytes(), Mode::default());
    let mut out = Vec::new();
    loop {
        let token = lexer.token();
        match token.kind {
            Token::End | Token::Bad => return out,
            Token::Word | Token::Int => {
                out.push(String::from_utf8_lossy(token.of(text.as_bytes())).to_uppercase());
            }
            _ => {}
        }
    }
}

/// `[DEFAULT] {CHARACTER SET | CHARSET} [=] …`, `COLLATE [=] …`
fn charset_of(words: &[String]) -> (Option<String>, Option<String>) {
    let after = |run: &[&str]| {
        let at = words.windows(run.len()).position(|words| words == run)?;
        words.get(at + run.len()).map(|word| word.to_lowercase())
    };
    (after(&["CHARACTER", "SET"]).or_else(|| after(&["CHARSET"])), after(&["COLLATE"]))
}

/// The character set that a collation's name begins with.
fn charset_in(collation: &str) -> String {
    collation.split('_').next().unwrap_or_default().to_owned()
}

/// A column by its type, as information_schema words it.
fn column_of(name: &str, text: &str, whole: &(Option<String>, Option<String>)) -> Column {
    let own = words(text);
    let lower = text.to_lowercase();
    // Values of ENUM and SET may hold such words.
    let from = lower.rfind(')').unwrap_or(0);
    let rest = lower.get(from..).unwrap_or_default();
    let end = ["character set", "charset", "collate"].iter().filter_map(|word| rest.find(word)).min();
    let column_type = text.get(..end.map_or(text.len(), |end| from + end)).unwrap_or(text).trim();
    let first = own.first().map(|word| word.to_lowercase()).unwrap_or_default();
    let data_type = match first.as_str() {
        "integer" => "int",
        "bool" | "boolean" => "tinyint",
        "dec" | "numeric" | "fixed" => "decimal",
        "real" => "double",
        "character" => "char",
        other => other,
    };
    let numbers: Vec<u64> = own.iter().filter_map(|word| word.parse().ok()).collect();
    let characters = ["char", "text"].iter().any(|end| data_type.ends_with(end));
    let listed = ["enum", "set"].contains(&data_type);
    let (charset, collation) = match charset_of(&own) {
        (None, None) => whole.clone(),
        own => own,
    };
    let charset = charset.or_else(|| collation.as_deref().map(charset_in));
    let charset = charset.unwrap_or_else(|| "utf8mb4".to_owned());
    let collation = collation.unwrap_or_else(|| format!("{charset}_general_ci"));
    let length = characters || data_type.ends_with("binary");
    Column {
        name: name.to_owned(),
        unsigned: own.iter().any(|word| word == "UNSIGNED" || word == "ZEROFILL"),
        column_type: format!("{data_type}{}", column_type.get(first.len()..).unwrap_or_default()),
        length: length.then(|| numbers.first().copied()).flatten(),
        scale: (data_type == "decimal").then(|| numbers.get(1).map_or(0, |scale| *scale as u32)),
        charset: (characters || listed).then_some(charset),
        collation: (characters || listed).then_some(collation),
        data_type: data_type.to_owned(),
        ..Column::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_as_they_are_written() {
        let text = "USE shop; CREATE TABLE `users` (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, name VARCHAR(64) \
                    CHARACTER SET latin1, price Decimal(12,2) NOT NULL DEFAULT 0, note TEXT COLLATE utf8mb4_bin, \
                    kind ENUM('Collate','b'), PRIMARY KEY (id), UNIQUE KEY by_name (name(10), price DESC), KEY k \
                    (kind)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci; DROP TABLE x; \
                    CREATE TABLE b.t (a INT PRIMARY KEY, b INT AS (a + 1), c BOOL UNIQUE NOT NULL)";
        let read = Definitions::of(text);
        let users = read.table("shop", "users").unwrap();
        assert!(read.table("b", "users").is_none());
        assert_eq!(users.unique, [vec!["id".to_owned()], vec!["name".to_owned(), "price".to_owned()]]);
        let all = |of: fn(&Column) -> String| users.columns.iter().map(of).collect::<Vec<_>>();
        assert_eq!(all(|c| c.data_type.clone()), ["bigint", "varchar", "decimal", "text", "enum"]);
        assert_eq!(users.columns[2].column_type, "decimal(12,2)");
        assert_eq!(users.columns[1].column_type, "varchar(64)");
        assert_eq!(users.columns[4].column_type, "enum('Collate','b')");
        let collations = all(|c| c.collation.clone().unwrap_or_default());
        assert_eq!(collations, ["", "latin1_general_ci", "", "utf8mb4_bin", "utf8mb4_unicode_ci"]);
        assert_eq!(all(|c| c.nullable.to_string()), ["false", "true", "false", "true", "true"]);
        assert!(users.columns[0].auto_increment && users.columns[0].unsigned);
        assert_eq!((users.columns[1].length, users.columns[2].scale), (Some(64), Some(2)));
        let t = read.table("b", "t").unwrap();
        assert_eq!(t.unique, [vec!["a".to_owned()], vec!["c".to_owned()]]);
        assert!(t.columns[1].generated && !t.columns[0].nullable);
        assert_eq!(t.columns[2].data_type, "tinyint");
    }
}
