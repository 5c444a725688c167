//! One place of a table: the statements that let its server compute checksums, and list and lock single rows.
//!
//! A row's text is all of its columns as bytes in quotes, NULL without: exact, whatever the collations are, and the
//! same on MariaDB and MySQL. A FLOAT is taken as the DOUBLE that it is, as its own text is rounded; long values count by
//! their digest, so that no row's text outgrows a packet.

use std::collections::BTreeMap;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};

use crate::config::{self, Config};
use crate::reshard::server::{connect, quoted};

/// A table's rows are summed by so many buckets.
const BUCKETS: u64 = 1024;
/// Rows that are listed at once.
const ROWS: usize = 100_000;
/// The longest that a statement may take.
const DEADLINE: Duration = Duration::from_secs(1800);

/// A connection to a place.
pub(super) struct Place {
    /// `source/schema` or `source/schema.table`
    pub name: String,
    schema: String,
    table: String,
    conn: Conn,
}

/// A bucket's rows in three numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    /// How many.
    pub rows: u64,
    /// All CRC32 of rows by XOR: sees what addition may not.
    crc: u64,
    /// The sum of 60 bits of each row's SHA-256: sees what XOR may not, as rows that are there twice.
    sha: String,
}

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Its primary key as text, or all of it where the table has none.
    pub label: Vec<u8>,
    /// SHA-256 of all of it.
    pub digest: String,
    /// How often it is there.
    pub times: u64,
    key: Vec<Value>,
}

/// What a table's rows consist of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// Names and types.
    columns: Vec<(String, String)>,
    /// The primary key's columns.
    key: Vec<String>,
}

impl Shape {
    /// Whether single rows can be found, and locked, by their key's text.
    pub fn lockable(&self) -> bool {
        let inexact = |name: &String| matches!(self.kind(name), "float" | "bit");
        !self.key.is_empty() && !self.key.iter().any(inexact)
    }

    fn kind(&self, column: &str) -> &str {
        self.columns.iter().find(|(name, _)| name == column).map_or("", |(_, kind)| kind)
    }

    /// The row's text.
    fn text(&self) -> String {
        let all: Vec<String> = self.columns.iter().map(|(name, kind)| exact(name, kind)).collect();
        format!("CONCAT({})", all.join(",',',"))
    }

    /// What tells a row from others.
    fn label(&self) -> String {
        if self.key.is_empty() {
            return self.text();
        }
        let parts: Vec<String> = self
            .key
            .iter()
            .map(|name| {
                let shown = name.replace('\\', "\\\\").replace('\'', "''");
                format!("'{shown}=',{}", exact(name, self.kind(name)))
            })
            .collect();
        format!("CONCAT({})", parts.join(",', ',"))
    }

    fn bucket(&self) -> String {
        format!("CRC32({}) % {BUCKETS}", self.label())
    }
}

/// A column's exact value in quotes, or the word NULL.
fn exact(name: &str, kind: &str) -> String {
    let column = quoted(name);
    let bytes = match kind {
        "float" => format!("CAST(CAST({column} AS DOUBLE) AS CHAR)"),
        "char" | "varchar" | "enum" | "set" | "binary" | "varbinary" => format!("CAST({column} AS BINARY)"),
        "tinytext" | "text" | "mediumtext" | "longtext" | "tinyblob" | "blob" | "mediumblob" | "longblob"
        | "json" => format!("SHA2({column}, 256)"),
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "double" | "date" | "time"
        | "datetime" | "timestamp" | "year" => format!("CAST({column} AS CHAR)"),
        _ => format!("HEX({column})"),
    };
    format!("QUOTE({bytes})")
}

impl Place {
    /// Connects. Moments are compared in UTC, and a lock is not waited for long.
    pub async fn open(config: &Config, place: &config::Place, table: &str) -> Result<Self, String> {
        let suffix = place.table.as_ref().map_or(String::new(), |table| format!(".{table}"));
        let name = format!("{}/{}{suffix}", place.source, place.schema);
        let source = config.sources.iter().find(|source| source.name == place.source);
        let source = source.ok_or_else(|| format!("{name}: no such source"))?;
        let conn = connect(&source.primary, config.pool.connect_timeout).await;
        let conn = conn.map_err(|why| format!("{name}: {why}"))?;
        let table = place.table.clone().unwrap_or_else(|| table.to_owned());
        let mut place = Self { name, schema: place.schema.clone(), table, conn };
        place
            .run(
                "SET SESSION time_zone = '+00:00', sql_mode = '', innodb_lock_wait_timeout = 2, \
                 character_set_results = 'utf8mb4'",
            )
            .await?;
        Ok(place)
    }

    fn from(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.table))
    }

    /// Whatever a server does, it has a deadline, and its error names the place.
    async fn within<T>(
        name: &str,
        work: impl Future<Output = Result<T, mysql_async::Error>>,
    ) -> Result<T, String> {
        match tokio::time::timeout(DEADLINE, work).await {
            Ok(answer) => answer.map_err(|error| format!("{name}: {error}")),
            Err(_) => Err(format!("{name}: no answer within {DEADLINE:?}")),
        }
    }

    async fn run(&mut self, sql: &str) -> Result<(), String> {
        Self::within(&self.name, self.conn.query_drop(sql)).await
    }

    /// The columns as this place has them.
    pub async fn shape(&mut self) -> Result<Shape, String> {
        let columns = "SELECT COLUMN_NAME, LOWER(CAST(DATA_TYPE AS CHAR)) FROM information_schema.COLUMNS \
                       WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";
        let key = "SELECT COLUMN_NAME FROM information_schema.STATISTICS \
                   WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX";
        let whose = (self.schema.clone(), self.table.clone());
        let columns: Vec<(String, String)> =
            Self::within(&self.name, self.conn.exec(columns, whose.clone())).await?;
        let key = Self::within(&self.name, self.conn.exec(key, whose)).await?;
        if columns.is_empty() {
            return Err(format!("{}: the table is not there", self.name));
        }
        Ok(Shape { columns, key })
    }

    /// The checksums of all buckets that have rows.
    pub async fn sums(&mut self, shape: &Shape) -> Result<BTreeMap<u64, Sum>, String> {
        let (bucket, text) = (shape.bucket(), shape.text());
        let sql = format!(
            "SELECT {bucket} AS bucket, COUNT(*), BIT_XOR(CRC32({text})), \
             CAST(SUM(CAST(CONV(LEFT(SHA2({text}, 256), 15), 16, 10) AS UNSIGNED)) AS CHAR) \
             FROM {} GROUP BY bucket",
            self.from()
        );
        let rows: Vec<(u64, u64, u64, String)> = Self::within(&self.name, self.conn.query(sql)).await?;
        Ok(rows.into_iter().map(|(bucket, rows, crc, sha)| (bucket, Sum { rows, crc, sha })).collect())
    }

    /// The rows of some buckets.
    pub async fn rows(&mut self, shape: &Shape, buckets: &[u64]) -> Result<Vec<Row>, String> {
        let buckets: Vec<String> = buckets.iter().map(u64::to_string).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {} IN ({}) LIMIT {}",
            listed(shape),
            self.from(),
            shape.bucket(),
            buckets.join(","),
            ROWS + 1
        );
        let rows: Vec<mysql_async::Row> = Self::within(&self.name, self.conn.query(sql)).await?;
        if rows.len() > ROWS {
            return Err(format!("{}: it differs, and has more rows than can be told apart", self.name));
        }
        Ok(rows.into_iter().filter_map(row).collect())
    }

    /// Single rows as they are now, locked against changes until [`Place::unlock`]: rows that are not there, too.
    pub async fn locked(&mut self, shape: &Shape, rows: &[Row]) -> Result<Vec<Row>, String> {
        self.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        self.run("START TRANSACTION").await?;
        let one: Vec<String> = shape.key.iter().map(|name| format!("{} = ?", quoted(name))).collect();
        let one = format!("({})", one.join(" AND "));
        let any = vec![one; rows.len()].join(" OR ");
        let sql = format!("SELECT {} FROM {} WHERE {any} LOCK IN SHARE MODE", listed(shape), self.from());
        let values = rows.iter().flat_map(|row| row.key.clone()).collect();
        let found: Vec<mysql_async::Row> =
            Self::within(&self.name, self.conn.exec(sql, Params::Positional(values))).await?;
        let found: Vec<Row> = found.into_iter().filter_map(row).collect();
        // A collation may find rows that are others by their bytes: those have been listed themselves.
        Ok(found.into_iter().filter(|row| rows.iter().any(|asked| asked.label == row.label)).collect())
    }

    /// Ends what [`Place::locked`] has begun.
    pub async fn unlock(&mut self) -> Result<(), String> {
        self.run("ROLLBACK").await
    }

    /// How many rows are in each part of a rule.
    pub async fn parts(&mut self, part: &str) -> Result<Vec<(Option<u64>, u64)>, String> {
        let sql = format!("SELECT {part} AS part, COUNT(*) FROM {} GROUP BY part", self.from());
        Self::within(&self.name, self.conn.query(sql)).await
    }

    /// Some rows of parts that do not belong here, with their part.
    pub async fn rows_of(
        &mut self,
        shape: &Shape,
        part: &str,
        parts: &[Option<u64>],
        most: usize,
    ) -> Result<Vec<(Vec<u8>, Option<u64>)>, String> {
        let numbers: Vec<String> =
            parts.iter().flatten().take(BUCKETS as usize).map(u64::to_string).collect();
        let mut any = Vec::new();
        if !numbers.is_empty() {
            any.push(format!("{part} IN ({})", numbers.join(",")));
        }
        if parts.contains(&None) {
            any.push(format!("({part}) IS NULL"));
        }
        let sql = format!(
            "SELECT {}, {part} FROM {} WHERE {} LIMIT {most}",
            shape.label(),
            self.from(),
            any.join(" OR ")
        );
        Self::within(&self.name, self.conn.query(sql)).await
    }
}

/// Label, digest, and the key's columns.
fn listed(shape: &Shape) -> String {
    let mut list = vec![shape.label(), format!("SHA2({}, 256)", shape.text())];
    list.extend(shape.key.iter().map(|name| quoted(name)));
    list.join(", ")
}

fn row(row: mysql_async::Row) -> Option<Row> {
    let mut cells = row.unwrap().into_iter();
    let Value::Bytes(label) = cells.next()? else { return None };
    let Value::Bytes(digest) = cells.next()? else { return None };
    Some(Row { label, digest: String::from_utf8_lossy(&digest).into_owned(), times: 1, key: cells.collect() })
}
