//! A client of the proxy as any application has one: plain statements, answers as text.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use comfy_table::{ContentArrangement, Table, presets};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, Value};

use super::{Error, Result};

/// The account and database of `config/quickstart.toml`.
pub(super) const USER: &str = "app";
pub(super) const DATABASE: &str = "shop";
/// Rows of an answer that are shown.
const SHOWN: usize = 8;

/// One connection through the proxy.
#[derive(Debug)]
pub(super) struct Client {
    conn: Conn,
}

/// What a statement came back with.
#[derive(Debug)]
pub(super) struct Answer {
    columns: Vec<String>,
    /// Every cell as text; `NULL` for NULL.
    pub(super) rows: Vec<Vec<String>>,
    pub(super) affected: u64,
    /// The first id that the statement made.
    pub(super) insert_id: u64,
    pub(super) took: Duration,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr, database: Option<&str>) -> Result<Self> {
        let password = std::env::var("APP_PASSWORD").unwrap_or_else(|_| USER.to_owned());
        let opts = OptsBuilder::default()
            .ip_or_hostname(address.ip().to_string())
            .tcp_port(address.port())
            .user(Some(USER))
            .pass(Some(password))
            .db_name(database)
            .prefer_socket(false);
        let conn = Conn::new(opts).await.map_err(refused("connect"))?;
        Ok(Self { conn })
    }

    /// Runs one statement as text.
    pub(super) async fn run(&mut self, sql: &str) -> Result<Answer> {
        let start = Instant::now();
        let mut result = self.conn.query_iter(sql).await.map_err(refused(sql))?;
        let columns = result.columns_ref().iter().map(|column| column.name_str().into_owned()).collect();
        let rows: Vec<Row> = result.collect().await.map_err(refused(sql))?;
        let (affected, insert_id) = (result.affected_rows(), result.last_insert_id().unwrap_or(0));
        result.drop_result().await.map_err(refused(sql))?;
        let took = start.elapsed();
        let rows = rows.into_iter().map(|row| row.unwrap().iter().map(text).collect()).collect();
        Ok(Answer { columns, rows, affected, insert_id, took })
    }

    pub(super) async fn leave(self) {
        self.conn.disconnect().await.ok();
    }
}

/// An answer to the text protocol has only bytes and NULLs.
fn text(value: &Value) -> String {
    match value {
        Value::NULL => "NULL".to_owned(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.as_sql(true),
    }
}

fn refused(sql: &str) -> impl FnOnce(mysql_async::Error) -> Error {
    let sql = sql.chars().take(300).collect();
    move |source| Error::Statement { sql, source }
}

impl Answer {
    /// For the terminal: a table of the first rows, or what was changed.
    pub(super) fn shown(&self) -> String {
        if self.columns.is_empty() {
            let id = if self.insert_id == 0 {
                String::new()
            } else {
                format!(", first new id {}", self.insert_id)
            };
            return format!("{} row(s) affected{id}", self.affected);
        }
        let mut table = Table::new();
        table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(&self.columns);
        table.add_rows(self.rows.iter().take(SHOWN));
        match self.rows.len().saturating_sub(SHOWN) {
            0 => table.to_string(),
            more => format!("{table}\n… and {more} more"),
        }
    }
}
