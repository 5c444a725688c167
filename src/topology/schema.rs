//! Tables' definitions as the planner needs them, read from real servers by `backend::catalog`.

use std::sync::Arc;

use crate::sharding::KeyColumn;

/// One table's definition (of the first shard that holds it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchema {
    /// In the table's order.
    pub columns: Vec<Column>,
    /// Whether it has triggers (those that the source's account may see).
    pub triggers: bool,
    /// Whether some of them act on inserted or deleted rows.
    pub row_triggers: bool,
    /// PRIMARY KEY and UNIQUE indexes: lower-case column names in order, the primary key first.
    pub unique: Vec<Vec<String>>,
}

impl TableSchema {
    /// The place of a column; names compare case-insensitively.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name))
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Column {
    /// As defined.
    pub name: String,
    /// information_schema's DATA_TYPE: `bigint`, `varchar`, `enum` …, lower case.
    pub data_type: String,
    /// `unsigned` in COLUMN_TYPE.
    pub unsigned: bool,
    /// May it be NULL.
    pub nullable: bool,
    /// COLLATION_NAME of a character column.
    pub collation: Option<String>,
    /// AUTO_INCREMENT.
    pub auto_increment: bool,
    /// COLUMN_DEFAULT is given or the column is nullable.
    pub has_default: bool,
    /// Generated column.
    pub generated: bool,
    /// Left out of `*` and of what names no columns.
    pub invisible: bool,
    /// COLUMN_TYPE: `bigint(20) unsigned zerofill`, `varchar(64)` …
    pub column_type: String,
    /// CHARACTER_MAXIMUM_LENGTH
    pub length: Option<u64>,
    /// NUMERIC_SCALE
    pub scale: Option<u32>,
    /// CHARACTER_SET_NAME
    pub charset: Option<String>,
}

impl Column {
    /// The column as a sharding rule looks at it.
    pub fn as_key(&self, table: &str) -> KeyColumn {
        KeyColumn {
            table: table.to_owned(),
            name: self.name.clone(),
            data_type: self.data_type.clone(),
            column_type: self.column_type.clone(),
            nullable: self.nullable,
            charset: self.charset.clone(),
            collation: self.collation.clone(),
            length: self.length,
            scale: self.scale,
        }
    }
}

/// Where the planner looks definitions up. Never does I/O: what is not loaded is `None`.
pub trait Schemas {
    /// The definition of a logical table.
    fn table(&self, database: &str, table: &str) -> Option<Arc<TableSchema>>;

    /// About how many rows a logical table has, in all of its places; `None` where nobody can tell.
    fn rows(&self, _database: &str, _table: &str) -> Option<u64> {
        None
    }
}
