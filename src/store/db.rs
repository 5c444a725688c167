//! The store's connection: one to its source's primary, made when first needed and again after it was lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::base::{Code, Error, Result};
use crate::topology::{Endpoint, Source};

/// What the store's account may not be allowed (MySQL 8.4 Error Message Reference: ER_DBACCESS_DENIED_ERROR,
/// ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR).
const DENIED: [u16; 3] = [1044, 1142, 1227];
/// ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE
pub(super) const MISSING: [u16; 2] = [1049, 1146];

/// The tables' home.
pub struct Db {
    /// `source/schema`, for messages.
    name: String,
    schema: String,
    endpoint: Endpoint,
    limit: Duration,
    conn: Mutex<Option<Conn>>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Db {
    /// The store in a schema of a source. `limit`: how long one use of it may take, connecting included. Nothing is
    /// connected yet.
    pub fn new(source: &Source, schema: &str, limit: Duration) -> Self {
        Self {
            name: format!("{}/{schema}", source.name),
            schema: schema.to_owned(),
            endpoint: source.primary.clone(),
            limit,
            conn: Mutex::new(None),
        }
    }

    /// `source/schema`, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema's name in backquotes.
    pub fn schema(&self) -> String {
        format!("`{}`", self.schema.replace('`', "``"))
    }

    /// The schema's name as it is.
    pub fn plain_schema(&self) -> &str {
        &self.schema
    }

    /// Uses the connection. Afterwards it must be outside of a transaction; where `work` fails, it is closed.
    /// [`Code::SourceDown`] when the server cannot be reached or does not answer in time; the server's own error
    /// otherwise, with what was being done.
    pub async fn with<T>(
        &self,
        what: &str,
        work: impl AsyncFnOnce(&mut Conn) -> mysql_async::Result<T>,
    ) -> Result<T> {
        let using = async {
            let mut held = self.conn.lock().await;
            let mut conn = match held.take() {
                Some(conn) => conn,
                None => self.connect().await?,
            };
            let done = work(&mut conn).await?;
            *held = Some(conn);
            Ok(done)
        };
        let Ok(done) = timeout(self.limit, using).await else { return Err(self.late(what)) };
        done.map_err(|error| self.failed(what, &error))
    }

    /// A connection that the caller keeps: for locks, which live as long as it does.
    pub(super) async fn apart(&self, what: &str) -> Result<Conn> {
        match timeout(self.limit, self.connect()).await {
            Ok(conn) => conn.map_err(|error| self.failed(what, &error)),
            Err(_) => Err(self.late(what)),
        }
    }

    async fn connect(&self) -> mysql_async::Result<Conn> {
        let Endpoint { host, port, user, password } = &self.endpoint;
        let opts = OptsBuilder::default()
            .ip_or_hostname(host.as_str())
            .tcp_port(*port)
            .user(Some(user.as_str()))
            .pass(Some(password).filter(|password| !password.is_empty()))
            .prefer_socket(false);
        let mut conn = Conn::new(opts).await?;
        // Where several proxies compare and set, each must see what the others have committed.
        conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
        // In a zone with summer time UNIX_TIMESTAMP(NOW()) is wrong for an hour a year.
        conn.query_drop("SET SESSION autocommit = 1, time_zone = '+00:00'").await?;
        Ok(conn)
    }

    fn late(&self, what: &str) -> Error {
        let ms = self.limit.as_millis();
        Error::new(
            Code::SourceDown,
            format!("the store {} cannot {what}: no answer within {ms} ms", self.name),
        )
    }

    pub(super) fn failed(&self, what: &str, error: &mysql_async::Error) -> Error {
        let text = format!("the store {} cannot {what}: {error}", self.name);
        match error {
            mysql_async::Error::Server(server) => {
                Error { errno: server.code, ..Error::new(Code::Internal, text) }
            }
            _ => Error::new(Code::SourceDown, text),
        }
    }
}

/// Tables that are created when they are first needed.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) db: Db,
    /// What they are, for messages.
    what: &'static str,
    /// The statements that create them in a schema.
    create: fn(&str) -> Vec<String>,
    /// They are there.
    created: AtomicBool,
}

impl Tables {
    /// Nothing is connected or created yet.
    pub(super) fn new(db: Db, what: &'static str, create: fn(&str) -> Vec<String>) -> Self {
        Self { db, what, create, created: AtomicBool::new(false) }
    }

    /// Works on the tables: see [`Db::with`].
    pub(super) async fn run<T>(
        &self,
        what: &str,
        work: impl AsyncFnOnce(&mut Conn) -> mysql_async::Result<T>,
    ) -> Result<T> {
        if !self.created.load(Ordering::Acquire) {
            let schema = self.db.schema();
            let create = async |conn: &mut Conn| {
                conn.query_drop(format!("CREATE DATABASE IF NOT EXISTS {schema}")).await?;
                for table in (self.create)(&schema) {
                    conn.query_drop(table).await?;
                }
                Ok(())
            };
            let created = self.db.with(&format!("create {}", self.what), create).await;
            created.map_err(|error| self.explained(error))?;
            self.created.store(true, Ordering::Release);
        }
        let done = self.db.with(what, work).await;
        if done.as_ref().is_err_and(|error| MISSING.contains(&error.errno)) {
            // Somebody has dropped them: the next one creates them again.
            self.created.store(false, Ordering::Release);
        }
        done.map_err(|error| self.explained(error))
    }

    /// A denial says what to grant.
    pub(super) fn explained(&self, error: Error) -> Error {
        if !is_denied(&error) {
            return error;
        }
        let grant = format!("GRANT CREATE, SELECT, INSERT, UPDATE, DELETE ON {}.* TO it", self.db.schema());
        let message = format!("{}; the account of {} needs: {grant}", error.message, self.db.name());
        Error { message, ..error }
    }
}

/// Whether the store's account may not do it.
pub(super) fn is_denied(error: &Error) -> bool {
    DENIED.contains(&error.errno)
}
