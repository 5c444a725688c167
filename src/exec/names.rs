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
pub struct Names(Vec<Name>);

impl Names {
    /// Whether physical and logical names are the same.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        if !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// Puts the logical names into a column's definition.
    pub fn restore(&self, column: &mut ColumnDef) {
        let found = self.0.iter().find(|name| name.schema == column.schema && name.table == column.org_table);
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
        for name in &self.0 {
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
