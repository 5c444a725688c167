//! Entries of lookup tables: how they are read from rows, placed and written. All in SQL that the proxy composes; values
//! that are equal under the column's own collation have the same place, which a server works out.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use crate::base::{Error, Result, Value, hex};
use crate::plan::edit::quote;
use crate::topology::schema::{Column, TableSchema};
use crate::topology::{Index, Layout, Table};

/// All rows, whatever sql_select_limit the session has.
pub const ALL: &str = " LIMIT 18446744073709551615";
/// And locks them.
pub const FOR_UPDATE: &str = " FOR UPDATE";

/// How values of a column are read as plain ASCII, and written again.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Digits.
    Number,
    /// Digits with a point.
    Decimal,
    /// A date or time.
    Moment,
    /// Characters: hexadecimal UTF-8. The collation, unless its strings are equal only byte by byte (trailing spaces aside).
    Text { charset: String, folds: Option<String> },
    /// Hexadecimal bytes.
    Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    /// As an expression.
    column: String,
    definition: String,
    form: Form,
    nullable: bool,
}

/// A row as it is read: its columns' cells and, for each index, its place.
pub type Row = Vec<Option<Bytes>>;

/// What is read of a table's rows for its lookups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries {
    parts: Vec<Part>,
    /// What tells a row from all others: the sharding key and the primary key.
    identity: Vec<usize>,
    /// The primary key, in its order.
    primary: Vec<usize>,
    indexes: Vec<(Arc<Index>, Vec<usize>)>,
}

impl Entries {
    /// Of a table with indexes. Refused: columns whose values cannot be placed rightly, and what else keeps the index
    /// from being right.
    pub fn of(table: &Table, schema: &TableSchema) -> Result<Self> {
        let Layout::Sharded(sharded) = &table.layout else {
            return Err(unfit(table, "it is not sharded", "give it a UNIQUE KEY of its own"));
        };
        if schema.triggers {
            return Err(unfit(
                table,
                "a trigger could change rows unseen",
                "drop its triggers, or leave the index out",
            ));
        }
        let mut entries =
            Self { parts: Vec::new(), identity: Vec::new(), primary: Vec::new(), indexes: Vec::new() };
        let key = std::iter::once(sharded.key.as_ref());
        let primary = schema.unique.first().map_or(&[][..], Vec::as_slice);
        for name in key.chain(primary.iter().map(String::as_str)) {
            let place = entries.part(table, schema, name)?;
            if !entries.identity.contains(&place) {
                entries.identity.push(place);
            }
        }
        let primary: Result<Vec<usize>> =
            primary.iter().map(|name| entries.part(table, schema, name)).collect();
        entries.primary = primary?;
        for index in &table.indexes {
            let places = index.columns.iter().map(|name| entries.part(table, schema, name));
            let places = places.collect::<Result<Vec<_>>>()?;
            // ON UPDATE CURRENT_TIMESTAMP would change it unseen.
            if let Some(part) = entries.named(&places).find(|part| part.definition.starts_with("datetime")) {
                let what = format_args!("`{}` is a datetime", part.name);
                return Err(unfit(table, what, "index other columns"));
            }
            entries.indexes.push((Arc::clone(index), places));
        }
        Ok(entries)
    }

    fn part(&mut self, table: &Table, schema: &TableSchema, name: &str) -> Result<usize> {
        if let Some(known) = self.parts.iter().position(|part| part.name.eq_ignore_ascii_case(name)) {
            return Ok(known);
        }
        let column = schema.position(name).and_then(|i| schema.columns.get(i));
        let Some(column) = column else {
            return Err(unfit(table, format_args!("it has no column `{name}`"), "name one that it has"));
        };
        let form = form(column).ok_or_else(|| {
            let what = format_args!("values of `{name}` ({}) cannot be placed rightly", column.column_type);
            unfit(table, what, "index integer, decimal, date, char, varchar, binary or varbinary columns")
        })?;
        let mut definition = column.column_type.clone();
        if let (Some(charset), Some(collation)) = (&column.charset, &column.collation) {
            let _ = write!(definition, " CHARACTER SET {charset} COLLATE {collation}");
        }
        self.parts.push(Part {
            name: column.name.clone(),
            column: quote(&column.name),
            definition,
            form,
            nullable: column.nullable,
        });
        Ok(self.parts.len() - 1)
    }

    /// The indexes.
    pub fn indexes(&self) -> impl Iterator<Item = &Arc<Index>> {
        self.indexes.iter().map(|(index, _)| index)
    }

    /// The indexes' numbers in the order in which a server looks for duplicates: those without NULLs come first.
    pub fn order(&self) -> Vec<usize> {
        let nullable = |number: &usize| {
            let columns = self.indexes.get(*number).map_or(&[][..], |(_, columns)| columns.as_slice());
            self.named(columns).any(|part| part.nullable)
        };
        let mut order: Vec<usize> = (0..self.indexes.len()).collect();
        order.sort_by_key(nullable);
        order
    }

    /// Whether a statement that sets the column may change an entry.
    pub fn has(&self, column: &str) -> bool {
        self.parts.iter().any(|part| part.name.eq_ignore_ascii_case(column))
    }

    /// Whether the column stands in an index.
    pub fn is_indexed(&self, column: &str) -> bool {
        let named = |(_, columns): &(_, Vec<usize>)| {
            self.named(columns).any(|part| part.name.eq_ignore_ascii_case(column))
        };
        self.indexes.iter().any(named)
    }

    /// Whether the column tells a row from others.
    pub fn identifies(&self, column: &str) -> bool {
        self.named(&self.identity).any(|part| part.name.eq_ignore_ascii_case(column))
    }

    /// The columns that tell rows apart.
    pub fn identity(&self) -> impl Iterator<Item = &str> {
        self.named(&self.identity).map(|part| part.name.as_str())
    }

    fn named<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = &'a Part> {
        places.iter().filter_map(|place| self.parts.get(*place))
    }

    /// The columns of an index's lookup table.
    fn stored(&self, number: usize) -> Vec<usize> {
        let own = self.indexes.get(number).map_or(&[][..], |(_, columns)| columns.as_slice());
        let others = own.iter().filter(|place| !self.identity.contains(place));
        self.identity.iter().chain(others).copied().collect()
    }

    /// What a SELECT of rows lists.
    pub fn list(&self) -> String {
        let columns = self.parts.iter().map(Part::read);
        let places = self.indexes.iter().map(|(_, columns)| self.place_sql(columns));
        columns.chain(places).collect::<Vec<_>>().join(", ")
    }

    /// The same where other tables stand beside this one.
    pub fn list_of(&self, table: &str) -> String {
        let mut own = self.clone();
        for part in &mut own.parts {
            part.column = format!("{}.{}", quote(table), quote(&part.name));
        }
        own.list()
    }

    /// What a SELECT of a lookup's entries lists: rows of the same form, without what the lookup does not have.
    pub fn list_stored(&self, number: usize) -> String {
        let stored = self.stored(number);
        let column = |(place, part): (usize, &Part)| {
            if stored.contains(&place) { part.read() } else { "NULL".to_owned() }
        };
        let columns = self.parts.iter().enumerate().map(column);
        let places = self.indexes.iter().enumerate().map(|(other, (_, columns))| {
            if other == number { self.place_sql(columns) } else { "NULL".to_owned() }
        });
        columns.chain(places).collect::<Vec<_>>().join(", ")
    }

    fn place_sql(&self, columns: &[usize]) -> String {
        let parts: Vec<String> = self.named(columns).map(|part| part.normal(&part.column)).collect();
        format!("CAST(CRC32(CONCAT_WS(',',{})) AS CHAR)", parts.join(","))
    }

    /// The columns of the primary key.
    pub fn primary(&self) -> &[usize] {
        &self.primary
    }

    /// The columns that tell rows apart: the primary key of lookups.
    pub fn identity_places(&self) -> &[usize] {
        &self.identity
    }

    /// The next rows in the order of some columns, behind those with these cells; from the first where there are none.
    pub fn batch(
        &self,
        list: &str,
        name: &str,
        order: &[usize],
        last: &[Option<String>],
        most: usize,
    ) -> String {
        let parts: Vec<&Part> = self.named(order).collect();
        let names = self.names(order);
        let mut beyond: Vec<String> = Vec::new();
        for n in 0..parts.len().min(last.len()) {
            let compare = |(i, (part, cell)): (usize, (&&Part, &Option<String>))| {
                let sign = if i == n { ">" } else { "=" };
                let cell = cell.as_ref().map(|cell| Bytes::copy_from_slice(cell.as_bytes()));
                format!("{} {sign} {}", quote(&part.name), part.literal(cell.as_ref()))
            };
            let each: Vec<String> = parts.iter().zip(last).enumerate().take(n + 1).map(compare).collect();
            beyond.push(format!("({})", each.join(" AND ")));
        }
        let filter =
            if beyond.is_empty() { String::new() } else { format!(" WHERE {}", beyond.join(" OR ")) };
        format!("SELECT {list} FROM {name}{filter} ORDER BY {names} LIMIT {most}")
    }

    /// A row's cells in some columns.
    pub fn cells(&self, columns: &[usize], row: &Row) -> Vec<Option<String>> {
        let text = |cell: &Bytes| String::from_utf8_lossy(cell).into_owned();
        columns.iter().map(|place| row.get(*place)?.as_ref().map(text)).collect()
    }

    /// The cell of a row's sharding key, for [`key`](Self::key).
    pub fn key_cell<'r>(&self, row: &'r Row) -> Option<&'r Bytes> {
        row.get(*self.identity.first()?)?.as_ref()
    }

    /// The condition that finds a row again.
    pub fn locate(&self, row: &Row) -> String {
        let each = self.identity.iter().filter_map(|place| Some((self.parts.get(*place)?, row.get(*place)?)));
        let each: Vec<String> = each
            .map(|(part, cell)| format!("{} <=> {}", quote(&part.name), part.literal(cell.as_ref())))
            .collect();
        format!("({})", each.join(" AND "))
    }

    /// The literal of a row's value in a column that tells it from others; `None` for other columns.
    pub fn identifying(&self, column: &str, row: &Row) -> Option<String> {
        let is = |place: &&usize| {
            self.parts.get(**place).is_some_and(|part| part.name.eq_ignore_ascii_case(column))
        };
        let place = self.identity.iter().find(is)?;
        Some(self.parts.get(*place)?.literal(row.get(*place)?.as_ref()))
    }

    /// The condition that finds what has a row's primary key.
    pub fn with_primary(&self, row: &Row) -> String {
        self.equal(&self.primary, row)
    }

    /// The condition that finds what has a row's value in an index.
    pub fn with_value(&self, number: usize, row: &Row) -> String {
        self.equal(self.indexes.get(number).map_or(&[][..], |(_, columns)| columns.as_slice()), row)
    }

    fn equal(&self, columns: &[usize], row: &Row) -> String {
        let each = columns.iter().filter_map(|place| Some((self.parts.get(*place)?, row.get(*place)?)));
        let each: Vec<String> = each
            .map(|(part, cell)| format!("{} = {}", quote(&part.name), part.literal(cell.as_ref())))
            .collect();
        each.join(" AND ")
    }

    /// Whether two reads are of the same row.
    pub fn same_row(&self, a: &Row, b: &Row) -> bool {
        self.identity.iter().all(|place| a.get(*place) == b.get(*place))
    }

    /// Whether two reads of a row have the same entry.
    pub fn same_entry(&self, number: usize, a: &Row, b: &Row) -> bool {
        let columns = self.indexes.get(number).map_or(&[][..], |(_, columns)| columns.as_slice());
        columns.iter().all(|place| a.get(*place) == b.get(*place))
    }

    /// The place of a row's entry; `None`: it has none, because a column is NULL.
    pub fn place(&self, number: usize, row: &Row) -> Option<u32> {
        let (_, columns) = self.indexes.get(number)?;
        if columns.iter().any(|place| row.get(*place).is_none_or(Option::is_none)) {
            return None;
        }
        std::str::from_utf8(row.get(self.parts.len() + number)?.as_ref()?).ok()?.parse().ok()
    }

    /// An index's entry in words, for messages.
    pub fn show(&self, number: usize, row: &Row) -> String {
        let columns = self.indexes.get(number).map_or(&[][..], |(_, columns)| columns.as_slice());
        let cells = columns.iter().filter_map(|place| Some((self.parts.get(*place)?, row.get(*place)?)));
        cells.map(|(part, cell)| part.show(cell.as_ref())).collect::<Vec<_>>().join("-")
    }

    /// The lookup table's definition. Its unique key is added when every row has its entry.
    pub fn create(&self, number: usize, name: &str) -> String {
        let stored = self.stored(number);
        let columns: Vec<String> = self
            .named(&stored)
            .map(|part| format!("{} {} NOT NULL", quote(&part.name), part.definition))
            .collect();
        format!(
            "CREATE TABLE IF NOT EXISTS {name} ({}, PRIMARY KEY ({})) ENGINE = InnoDB COMMENT 'Shardgate: a lookup table'",
            columns.join(", "),
            self.names(&self.identity)
        )
    }

    /// The definitions of the lookup's columns: name and type as `information_schema` tells them.
    pub fn definitions(&self, number: usize) -> Vec<(String, String)> {
        let stored = self.stored(number);
        self.named(&stored).map(|part| (part.name.clone(), part.definition.clone())).collect()
    }

    /// From now on values are unique on this node, and so everywhere.
    pub fn add_unique(&self, number: usize, name: &str) -> String {
        let (index, columns) = match self.indexes.get(number) {
            Some((index, columns)) => (quote(&index.name), self.names(columns)),
            None => return String::new(),
        };
        format!("ALTER TABLE {name} ADD UNIQUE KEY {index} ({columns})")
    }

    /// Takes back what [`add_unique`](Self::add_unique) did.
    pub fn drop_unique(&self, number: usize, name: &str) -> String {
        let index = self.indexes.get(number).map_or(String::new(), |(index, _)| quote(&index.name));
        format!("ALTER TABLE {name} DROP KEY {index}")
    }

    /// Values that stand in a lookup's part more than once, in words.
    pub fn doubles(&self, number: usize, name: &str, most: usize) -> String {
        let columns = self.indexes.get(number).map_or(&[][..], |(_, columns)| columns.as_slice());
        let each: Vec<String> = self.named(columns).map(|part| quote(&part.name)).collect();
        let names = each.join(", ");
        format!(
            "SELECT CONCAT_WS('-', {names}), COUNT(*) FROM {name} GROUP BY {names} HAVING COUNT(*) > 1 LIMIT {most}"
        )
    }

    fn names(&self, places: &[usize]) -> String {
        self.named(places).map(|part| quote(&part.name)).collect::<Vec<_>>().join(", ")
    }

    /// Rows' entries into one part of the lookup.
    pub fn insert(&self, number: usize, name: &str, rows: &[&Row], entering: Entering) -> String {
        let stored = self.stored(number);
        let tuple = |row: &&Row| {
            let cells = stored.iter().filter_map(|place| Some((self.parts.get(*place)?, row.get(*place)?)));
            let cells: Vec<String> = cells.map(|(part, cell)| part.literal(cell.as_ref())).collect();
            format!("({})", cells.join(","))
        };
        let tuples: Vec<String> = rows.iter().map(tuple).collect();
        let first = self.named(&self.identity).next().map_or(String::new(), |part| quote(&part.name));
        let tail = match entering {
            Entering::Again => format!(" ON DUPLICATE KEY UPDATE {first} = {name}.{first}"),
            Entering::New | Entering::Over => String::new(),
        };
        let verb = if entering == Entering::Over { "REPLACE" } else { "INSERT" };
        format!("{verb} INTO {name} ({}) VALUES {}{tail}", self.names(&stored), tuples.join(", "))
    }

    /// Takes rows' entries out of one part of the lookup.
    pub fn delete(&self, name: &str, rows: &[&Row]) -> String {
        format!("DELETE FROM {name} WHERE {}", self.any(rows))
    }

    /// The condition that finds any of the rows, or their entries.
    pub fn any(&self, rows: &[&Row]) -> String {
        rows.iter().map(|row| self.locate(row)).collect::<Vec<_>>().join(" OR ")
    }

    /// The question which sharding keys the entries of some values have.
    pub fn find(&self, number: usize, name: &str, values: &[&[Value]], locks: bool) -> Option<String> {
        let (_, columns) = self.indexes.get(number)?;
        let tuple = |values: &&[Value]| {
            let each = self.named(columns).zip(values.iter());
            let each: Option<Vec<String>> = each
                .map(|(part, v)| Some(format!("{} = {}", quote(&part.name), part.compared(v)?)))
                .collect();
            each.map(|each| format!("({})", each.join(" AND ")))
        };
        let tuples: Option<Vec<String>> = values.iter().map(tuple).collect();
        let key = self.named(&self.identity).next()?.read();
        let locks = if locks { FOR_UPDATE } else { "" };
        Some(format!("SELECT {key} FROM {name} WHERE {}{ALL}{locks}", tuples?.join(" OR ")))
    }

    /// The place of a value that a statement gives.
    pub fn place_of(&self, number: usize, values: &[Value]) -> PlaceOf {
        let Some((_, columns)) = self.indexes.get(number) else { return PlaceOf::Unknown };
        let (mut known, mut asked) = (Some(Vec::new()), Vec::new());
        for (part, value) in self.named(columns).zip(values) {
            let Some(literal) = part.compared(value) else { return PlaceOf::Unknown };
            known = known.zip(part.normal_of(value)).map(|(mut all, one)| {
                all.push(one);
                all
            });
            asked.push(part.normal(&part.typed(&literal)));
        }
        match known {
            Some(parts) => PlaceOf::At(crc32fast::hash(parts.join(",").as_bytes())),
            None => PlaceOf::Ask(format!("CRC32(CONCAT_WS(',',{}))", asked.join(","))),
        }
    }

    /// The value of a row's sharding key, from what [`find`](Self::find) answered.
    pub fn key(&self, cell: &[u8]) -> Option<Value> {
        let part = self.named(&self.identity).next()?;
        let text = std::str::from_utf8(cell).ok()?;
        Some(match part.form {
            Form::Number => match text.parse::<i64>() {
                Ok(number) => Value::Int(number),
                Err(_) => text.parse().map_or_else(|_| Value::Decimal(text.to_owned()), Value::UInt),
            },
            Form::Decimal => Value::Decimal(text.to_owned()),
            Form::Moment => Value::Str(cell.to_vec()),
            Form::Text { .. } => Value::Str(bytes_of(text)?),
            Form::Bytes => Value::Bytes(bytes_of(text)?),
        })
    }
}

/// What becomes of entries that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entering {
    /// An error.
    New,
    /// They stay.
    Again,
    /// They go, and are counted: who tries this holds them for itself then, and can take it back.
    Over,
}

/// Where the entry of a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaceOf {
    /// There.
    At(u32),
    /// A server tells, by this expression.
    Ask(String),
    /// Which entries the value equals, only the lookup's own server can tell.
    Unknown,
}

impl Part {
    /// The column as ASCII text.
    fn read(&self) -> String {
        let name = &self.column;
        match self.form {
            Form::Number | Form::Decimal | Form::Moment => format!("CAST({name} AS CHAR)"),
            Form::Text { .. } => format!("HEX(CONVERT({name} USING utf8mb4))"),
            Form::Bytes => format!("HEX({name})"),
        }
    }

    /// What is read, as a literal. The introducer keeps a comparison under the column's own collation.
    fn literal(&self, cell: Option<&Bytes>) -> String {
        let Some(cell) = cell else { return "NULL".into() };
        let text = String::from_utf8_lossy(cell);
        match self.form {
            Form::Number | Form::Decimal => text.into_owned(),
            Form::Moment => format!("'{text}'"),
            Form::Text { .. } => format!("_utf8mb4 x'{text}'"),
            Form::Bytes => format!("x'{text}'"),
        }
    }

    fn show(&self, cell: Option<&Bytes>) -> String {
        let Some(cell) = cell else { return "NULL".into() };
        let text = String::from_utf8_lossy(cell).into_owned();
        match self.form {
            Form::Text { .. } => {
                bytes_of(&text).map_or(text, |bytes| String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => text,
        }
    }

    /// The normal form of an expression of the column's type: the same text for all values that are equal.
    fn normal(&self, expr: &str) -> String {
        match &self.form {
            Form::Number | Form::Decimal | Form::Moment => format!("CAST({expr} AS CHAR)"),
            Form::Bytes => format!("HEX({expr})"),
            Form::Text { folds: None, .. } => {
                format!("HEX(TRIM(TRAILING ' ' FROM CONVERT({expr} USING utf8mb4)))")
            }
            Form::Text { charset, folds: Some(collation) } => format!(
                "HEX(TRIM(TRAILING WEIGHT_STRING(CONVERT(' ' USING {charset}) COLLATE {collation}) FROM WEIGHT_STRING({expr})))"
            ),
        }
    }

    /// A literal as a value of the column's type.
    fn typed(&self, literal: &str) -> String {
        match &self.form {
            Form::Text { charset, folds: Some(collation) } => {
                format!("CONVERT({literal} USING {charset}) COLLATE {collation}")
            }
            _ => literal.to_owned(),
        }
    }

    /// A value as a literal that is compared with the column as the client's own would be, and whose place can be
    /// told; `None` for others.
    fn compared(&self, value: &Value) -> Option<String> {
        match (&self.form, value) {
            (Form::Number, Value::Int(n)) => Some(n.to_string()),
            (Form::Number, Value::UInt(n)) => Some(n.to_string()),
            (Form::Text { charset, .. }, Value::Str(text)) => {
                let text = std::str::from_utf8(text).ok()?;
                // A character that the column's set lacks makes the server compare under another collation.
                (charset == "utf8mb4" || text.is_ascii())
                    .then(|| format!("_utf8mb4 x'{}'", hex(text.as_bytes())))
            }
            (Form::Bytes, Value::Str(bytes) | Value::Bytes(bytes)) => Some(format!("x'{}'", hex(bytes))),
            _ => None,
        }
    }

    /// The normal form of a value, where the proxy itself can tell it.
    fn normal_of(&self, value: &Value) -> Option<String> {
        match (&self.form, value) {
            (Form::Number, Value::Int(n)) => Some(n.to_string()),
            (Form::Number, Value::UInt(n)) => Some(n.to_string()),
            (Form::Bytes, Value::Str(bytes) | Value::Bytes(bytes)) => Some(hex(bytes)),
            (Form::Text { folds: None, .. }, Value::Str(text)) => {
                let text = std::str::from_utf8(text).ok()?;
                Some(hex(text.trim_end_matches(' ').as_bytes()))
            }
            _ => None,
        }
    }
}

fn form(column: &Column) -> Option<Form> {
    if column.generated || column.column_type.contains("zerofill") {
        return None;
    }
    Some(match column.data_type.as_str() {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Form::Number,
        "decimal" => Form::Decimal,
        "date" | "datetime" => Form::Moment,
        "char" | "varchar" => {
            let (charset, collation) = (column.charset.clone()?, column.collation.clone()?);
            let folds = (!collation.ends_with("_bin")).then_some(collation);
            Form::Text { charset, folds }
        }
        "binary" | "varbinary" => Form::Bytes,
        _ => return None,
    })
}

fn unfit(table: &Table, why: impl std::fmt::Display, instead: &str) -> Error {
    Error::refused(format_args!("`{}` cannot have its unique index: {why}", table.name), instead)
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(pair).collect()
}
