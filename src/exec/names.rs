//! Physical names in column definitions and messages, put back to the logical ones that the client knows.

use bytes::Bytes;

use crate::wire::column::ColumnDef;

/// Errors that quote names, and no values (MySQL 8.4 Error Message Reference): ER_TABLE_EXISTS_ERROR, ER_BAD_TABLE_ERROR,
/// ER_BAD_FIELD_ERROR, ER_WRONG_FIELD_WITH_GROUP, ER_UPDATE_TABLE_USED, ER_TABLE_NOT_LOCKED_FOR_WRITE,
/// ER_TABLE_NOT_LOCKED, ER_UNKNOWN_TABLE, ER_NO_SUCH_TABLE, ER_KEY_DOES_NOT_EXITS, ER_VIEW_INVALID,
/// ER_CANT_UPDATE_USED_TABLE_IN_SF_OR_TRG, ER_CHECK_CONSTRAINT_VIOLATED.
const QUOTE_NAMES: [u16; 13] = [1050, 1051, 1054, 1055, 1093, 1099, 1100, 1109, 1146, 1176, 1356, 1442, 3819];
/// ER_DUP_ENTRY quotes a row's values, and then a key, which MySQL calls by its table.
const DUPLICATE: u16 = 1062;

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

    /// Puts the logical names into what a server says of an error, or as a warning. Values that it cites stay.
    pub fn restore_message(&self, errno: u16, message: &str) -> String {
        let at = if errno == DUPLICATE { message.rfind(" for key ").unwrap_or(0) } else { 0 };
        let (cited, rest) = message.split_at(at);
        let quotes = errno == DUPLICATE || QUOTE_NAMES.contains(&errno);
        let mut rest = rest.to_owned();
        for name in &self.tables {
            let [schema, table, own_schema, own] =
                [&name.schema, &name.table, &name.logical_schema, &name.logical_table]
                    .map(|name| String::from_utf8_lossy(name));
            let mut put = |from: String, to: String| {
                if rest.contains(&from) {
                    rest = rest.replace(&from, &to);
                }
            };
            put(format!("`{schema}`.`{table}`"), format!("`{own_schema}`.`{own}`"));
            if quotes {
                for end in ["'", "."] {
                    put(format!("'{schema}.{table}{end}"), format!("'{own_schema}.{own}{end}"));
                }
                // Where the table has its own name as an alias.
                put(format!("'{schema}.{own}."), format!("'{own_schema}.{own}."));
            }
            if table == own {
                continue;
            }
            for end in ["`", "."] {
                put(format!("`{table}{end}"), format!("`{own}{end}"));
            }
            for end in ["'", ".", "_chk_"].into_iter().filter(|_| quotes) {
                put(format!("'{table}{end}"), format!("'{own}{end}"));
            }
        }
        format!("{cited}{rest}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_what_the_client_knows() {
        let mut names = Names::default();
        for (schema, table) in [("s0", "orders_1"), ("s1", "orders_10")] {
            names.add(schema, table, "shop", "orders");
        }
        names.add("s1", "users", "shop", "users");
        for (errno, said, wanted) in [
            (1146, "Table 's0.orders_1' doesn't exist", "Table 'shop.orders' doesn't exist"),
            (1146, "Table 's1.users' doesn't exist", "Table 'shop.users' doesn't exist"),
            (1146, "Table 's1.orders_1' doesn't exist", "Table 's1.orders_1' doesn't exist"),
            (1054, "Unknown column 'orders_10.no' in 'on'", "Unknown column 'orders.no' in 'on'"),
            (1055, "column 's1.orders.note' which", "column 'shop.orders.note' which"),
            (3819, "Check constraint 'orders_1_chk_2' is", "Check constraint 'orders_chk_2' is"),
            (
                4025,
                "CONSTRAINT `orders_1.n` failed for `s0`.`orders_1`",
                "CONSTRAINT `orders.n` failed for `shop`.`orders`",
            ),
            (
                1062,
                "Duplicate entry 'orders_1.x' for key 'orders_1.PRIMARY'",
                "Duplicate entry 'orders_1.x' for key 'orders.PRIMARY'",
            ),
            (1366, "Incorrect value: 's0.orders_1' for", "Incorrect value: 's0.orders_1' for"),
        ] {
            assert_eq!(names.restore_message(errno, said), wanted);
        }
    }
}
