//! A key column's definition, held against a rule: a rule that a column does not fit would route wrongly.

use super::key::{Charset, KeyType, show};
use super::rule::Rule;
use crate::base::ids::NodeId;
use crate::base::{Code, Error, Result, Value};

/// A column as `information_schema.COLUMNS` describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyColumn {
    /// TABLE_NAME
    pub table: String,
    /// COLUMN_NAME
    pub name: String,
    /// DATA_TYPE, lower case: `bigint`, `varchar` …
    pub data_type: String,
    /// COLUMN_TYPE: `bigint(20) unsigned zerofill`, `varchar(64)` …
    pub column_type: String,
    /// IS_NULLABLE
    pub nullable: bool,
    /// CHARACTER_SET_NAME
    pub charset: Option<String>,
    /// COLLATION_NAME
    pub collation: Option<String>,
    /// CHARACTER_MAXIMUM_LENGTH
    pub length: Option<u64>,
    /// NUMERIC_SCALE
    pub scale: Option<u32>,
}

/// What new ids look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdForm {
    /// Numbers of 64 bits.
    Number,
    /// Numbers that begin small.
    Short,
    /// UUIDs, as text or as 16 bytes.
    Uuid,
}

impl KeyType {
    /// The type as the configuration writes it.
    pub fn describe(self) -> String {
        match self {
            Self::Integer => "integer".into(),
            Self::Decimal { scale } => format!("decimal({scale})"),
            Self::Date => "date".into(),
            Self::Datetime => "datetime".into(),
            Self::String(Charset::Utf8mb4) => "string".into(),
            Self::String(charset) => format!("string ({})", charset.name()),
            Self::Binary => "binary".into(),
        }
    }
}

impl KeyColumn {
    fn attribute(&self, word: &str) -> bool {
        self.column_type.split_whitespace().any(|w| w.eq_ignore_ascii_case(word))
    }

    /// The ALTER that gives the column another type.
    fn alter(&self, column_type: &str) -> String {
        let null = if self.nullable { "" } else { " NOT NULL" };
        format!("ALTER TABLE `{}` MODIFY `{}` {column_type}{null}", self.table, self.name)
    }

    /// Whether new ids can be stored in the column; `Err` says why not, and the ALTER that mends it.
    pub fn check_id(&self, form: IdForm) -> Result<(), String> {
        let long = |least| self.length.is_some_and(|length| length >= least);
        let kind = self.data_type.as_str();
        let (fits, wanted) = match form {
            IdForm::Number => (kind == "bigint", "bigint"),
            IdForm::Short => (self.integers().is_some(), "bigint"),
            IdForm::Uuid => match kind {
                "char" | "varchar" => (long(36), "char(36)"),
                "binary" => (self.length == Some(16), "binary(16)"),
                "varbinary" => (long(16), "binary(16)"),
                _ => (false, "char(36)"),
            },
        };
        if fits {
            return Ok(());
        }
        Err(format!(
            "its id column `{}` is {}, and has no room for the ids that its generator makes; mend it with {} (and \
             AUTO_INCREMENT where it has that)",
            self.name,
            self.column_type,
            self.alter(wanted)
        ))
    }

    /// The smallest and greatest integer of the column; `None` if it is no integer column.
    fn integers(&self) -> Option<(i128, i128)> {
        let bits = match self.data_type.as_str() {
            "tinyint" => 8,
            "smallint" => 16,
            "mediumint" => 24,
            "int" => 32,
            "bigint" => 64,
            _ => return None,
        };
        let range = if self.attribute("unsigned") {
            (0, (1i128 << bits) - 1)
        } else {
            (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1)
        };
        Some(range)
    }
}

impl Rule {
    /// Whether the rule places the rows of this column rightly; if not, why, and the ALTER or the setting that
    /// mends it.
    pub fn check_column(&self, column: &KeyColumn) -> Result<(), String> {
        let (table, name, found) = (&column.table, &column.name, &column.column_type);
        let data_type = column.data_type.as_str();
        if column.attribute("zerofill") {
            let plain: Vec<&str> = found.split_whitespace().filter(|w| *w != "zerofill").collect();
            return Err(format!(
                "sharding key `{table}`.`{name}` is ZEROFILL, so that servers hash other digits than clients send; \
                 mend it with {}",
                column.alter(&plain.join(" "))
            ));
        }
        if data_type == "timestamp" {
            return Err(format!(
                "sharding key `{table}`.`{name}` is a TIMESTAMP, whose value depends on each session's time zone; \
                 mend it with {}",
                column.alter("datetime")
            ));
        }
        let fits = match self.key() {
            KeyType::Integer => column.integers().is_some(),
            KeyType::Decimal { scale } => data_type == "decimal" && column.scale == Some(u32::from(scale)),
            KeyType::Date => data_type == "date",
            KeyType::Datetime => data_type == "datetime",
            KeyType::Binary => {
                matches!(data_type, "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob")
            }
            KeyType::String(charset) => return check_text(column, charset),
        };
        if fits {
            return Ok(());
        }
        let advice = match suggestion(column) {
            Some(key) => format!("write key = {key} in the table's group"),
            None => format!("no rule works on {data_type} columns; shard by another column"),
        };
        let wanted = self.key().describe();
        Err(format!(
            "sharding key `{table}`.`{name}` is {found}, while its rule is for {wanted} keys; {advice}"
        ))
    }

    /// Like [`Rule::store`], and refuses what this column would clip: under a sql_mode that is not strict, and in
    /// INSERT IGNORE, a server stores the nearest value that fits, which belongs elsewhere.
    pub fn store_in(&self, value: &Value, column: &KeyColumn) -> Result<NodeId> {
        let node = self.store(value)?;
        let too_long = |text: &[u8]| {
            let chars = match self.key() {
                KeyType::String(_) => String::from_utf8_lossy(text).trim_end_matches(' ').chars().count(),
                _ => text.len(),
            };
            column.length.is_some_and(|length| chars as u64 > length)
        };
        let clipped = match (self.key(), value) {
            (_, Value::Null) => false,
            (KeyType::Integer, value) => match (column.integers(), self.key().stored(value)?) {
                (Some((min, max)), super::key::Match::Exactly(super::key::Key::Int(n))) => n < min || n > max,
                _ => false,
            },
            (KeyType::String(_) | KeyType::Binary, Value::Str(text) | Value::Bytes(text)) => too_long(text),
            (KeyType::String(_) | KeyType::Binary, Value::Int(n)) => too_long(n.to_string().as_bytes()),
            (KeyType::String(_) | KeyType::Binary, Value::UInt(n)) => too_long(n.to_string().as_bytes()),
            _ => false,
        };
        if clipped {
            let (column, value) = (&column.name, show(value));
            return Err(Error::new(
                Code::OutOfRange,
                format!("Out of range value for column '{column}': sharding key {value}"),
            ));
        }
        Ok(node)
    }
}

/// Character columns: the rule's character set, and a collation that keeps different strings apart.
fn check_text(column: &KeyColumn, charset: Charset) -> Result<(), String> {
    let (table, name, found) = (&column.table, &column.name, &column.column_type);
    let text = matches!(
        column.data_type.as_str(),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext"
    );
    let Some(collation) = column.collation.as_deref().filter(|_| text) else {
        let advice = match suggestion(column) {
            Some(key) => format!("write key = {key} in the table's group"),
            None => format!("no rule works on {} columns; shard by another column", column.data_type),
        };
        return Err(format!(
            "sharding key `{table}`.`{name}` is {found}, while its rule is for string keys; {advice}"
        ));
    };
    let found_set = column.charset.as_deref().map(|c| if c == "utf8" { "utf8mb3" } else { c });
    let found_set = found_set.or_else(|| collation.split('_').next()).unwrap_or_default();
    if !collation.ends_with("_bin") {
        let set = if charset.name() == found_set { found_set } else { charset.name() };
        return Err(format!(
            "sharding key `{table}`.`{name}` has collation {collation}, under which different strings are equal \
             ('Bob' = 'bob'), so that equal keys could be on different shards; mend it with {}",
            column.alter(&format!("{found} CHARACTER SET {set} COLLATE {set}_bin"))
        ));
    }
    if found_set != charset.name() {
        let set = charset.name();
        let key = match suggestion(column) {
            Some(key) => format!("write key = {key} in the table's group, or "),
            None => String::new(),
        };
        return Err(format!(
            "sharding key `{table}`.`{name}` has character set {found_set}, while its rule is for {set}; {key}mend \
             it with {}",
            column.alter(&format!("{found} CHARACTER SET {set} COLLATE {set}_bin"))
        ));
    }
    Ok(())
}

/// The key type that fits a column, as the configuration writes it.
fn suggestion(column: &KeyColumn) -> Option<String> {
    let text = match column.data_type.as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => "\"integer\"".into(),
        "decimal" => format!("{{ decimal = {} }}", column.scale?),
        "date" => "\"date\"".into(),
        "datetime" => "\"datetime\"".into(),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => "\"binary\"".into(),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => {
            match column.charset.as_deref()? {
                "utf8mb4" => "\"string\"".into(),
                "utf8" | "utf8mb3" => "{ string = \"utf8mb3\" }".into(),
                set @ ("latin1" | "ascii") => format!("{{ string = \"{set}\" }}"),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(column_type: &str, collation: Option<&str>) -> KeyColumn {
        KeyColumn {
            table: "users".into(),
            name: "k".into(),
            data_type: column_type.split(['(', ' ']).next().unwrap().into(),
            column_type: column_type.into(),
            charset: collation.map(|c| c.split('_').next().unwrap().into()),
            collation: collation.map(Into::into),
            length: Some(3),
            scale: Some(2),
            nullable: false,
        }
    }

    fn hash(key: KeyType) -> Rule {
        Rule::hash(key, 1024, 4)
    }

    #[test]
    fn columns_fit_or_the_mend_is_told() {
        let string = KeyType::String(Charset::Utf8mb4);
        for (key, column_type, collation, wanted) in [
            (KeyType::Integer, "bigint(20) unsigned", None, ""),
            (KeyType::Integer, "int", None, ""),
            (KeyType::Integer, "int(5) unsigned zerofill", None, "MODIFY `k` int(5) unsigned NOT NULL"),
            (KeyType::Integer, "varchar(3)", Some("utf8mb4_bin"), "key = \"string\""),
            (KeyType::Integer, "double", None, "shard by another column"),
            (KeyType::Integer, "timestamp", None, "MODIFY `k` datetime NOT NULL"),
            (KeyType::Decimal { scale: 2 }, "decimal(10,2)", None, ""),
            (KeyType::Decimal { scale: 3 }, "decimal(10,2)", None, "key = { decimal = 2 }"),
            (string, "varchar(3)", Some("utf8mb4_bin"), ""),
            (string, "varchar(3)", Some("utf8mb4_0900_bin"), ""),
            (
                string,
                "varchar(3)",
                Some("utf8mb4_general_ci"),
                "MODIFY `k` varchar(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
            ),
            (string, "char(3)", Some("latin1_bin"), "key = { string = \"latin1\" }"),
            (string, "varbinary(3)", None, "key = \"binary\""),
            (KeyType::Date, "datetime", None, "key = \"datetime\""),
        ] {
            let answer = hash(key).check_column(&column(column_type, collation));
            match wanted {
                "" => assert_eq!(answer, Ok(()), "{column_type}"),
                part => assert!(answer.as_ref().is_err_and(|text| text.contains(part)), "{answer:?}"),
            }
        }
    }

    #[test]
    fn clipped_values_are_refused() {
        let integer = hash(KeyType::Integer);
        assert!(integer.store_in(&Value::Int(-1), &column("int unsigned", None)).is_err());
        assert!(integer.store_in(&Value::Int(127), &column("tinyint", None)).is_ok());
        assert!(integer.store_in(&Value::Decimal("127.5".into()), &column("tinyint", None)).is_err());
        let string = hash(KeyType::String(Charset::Utf8mb4));
        let narrow = column("varchar(3)", Some("utf8mb4_bin"));
        assert!(string.store_in(&Value::Str("äöü  ".into()), &narrow).is_ok());
        assert!(string.store_in(&Value::Str("äöüx".into()), &narrow).is_err());
    }
}
