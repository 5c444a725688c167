//! Physical names in column definitions, put back to the logical ones that the client knows.

use bytes::Bytes;

use crate::wire::column::ColumnDef;

/// One table's names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    schema: Bytes,
    table: Bytes,
    logical_schema: Bytes,
    logical_table: Bytes,
}

/// The names of a statement's tables where they differ. Empty: nothing has to be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    tables: Vec<Name>,
    /// Columns of temporary tables, by their tables, and what they are to the client.
    columns: Vec<(Bytes, Bytes, ColumnDef)>,
}

impl Names {
    /// Whether physical and logical names are the same.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    /// A table stands as `schema.table` on a server and is `logical_schema.logical_table` to the client.
    pub fn add(&mut self, schema: &str, table: &str, logical_schema: &str, logical_table: &str) {
        if schema == logical_schema && table == logical_table {
            return;
        }
        let copy = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let name = Name {
            schema: copy(schema),
            table: copy(table),
            logical_schema: copy(logical_schema),
            logical_table: copy(logical_table),
        };
        if !self.tables.contains(&name) {
            self.tables.push(name);
        }
    }

    /// A column of a temporary table is this to the client, where it is shown as it is.
    pub fn add_column(&mut self, table: &str, column: &str, shown: ColumnDef) {
        let copy = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        self.columns.push((copy(table), copy(column), shown));
    }

    /// Puts the logical names into a column's definition.
    pub fn restore(&self, column: &mut ColumnDef) {
        let own = |(table, name, _): &&(Bytes, Bytes, ColumnDef)| {
            *table == column.org_table && *name == column.org_name
        };
        if let Some((_, _, shown)) = self.columns.iter().find(own) {
            *column = ColumnDef { name: column.name.clone(), charset: column.charset, ..shown.clone() };
            return;
        }
        let found =
            self.tables.iter().find(|name| name.schema == column.schema && name.table == column.org_table);
        if let Some(name) = found {
            if column.table == column.org_table {
                column.table = name.logical_table.clone();
            }
            column.org_table = name.logical_table.clone();
            column.schema = name.logical_schema.clone();
        }
    }

    /// Puts the logical name into a text that a server wrote about a table (SHOW CREATE TABLE).
    pub fn restore_text(&self, text: &[u8]) -> Vec<u8> {
        let mut text = String::from_utf8_lossy(text).into_owned();
        for name in &self.tables {
            let (physical, logical) =
                (String::from_utf8_lossy(&name.table), String::from_utf8_lossy(&name.logical_table));
            if text == physical {
                return logical.into_owned().into_bytes();
            }
            text = text.replace(&format!("`{physical}`"), &format!("`{logical}`"));
        }
        text.into_bytes()
    }
}
