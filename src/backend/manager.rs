//! What bb8 needs to know to keep connections to one server.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::conn::{Conn, Flavor};
use crate::base::Error;
use crate::telemetry::Metrics;
use crate::topology::Endpoint;

/// Opens connections of one flavor to one server.
#[derive(Debug, Clone)]
pub struct Manager {
    pub(super) name: Arc<str>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) flavor: Flavor,
    pub(super) connect_timeout: Duration,
    pub(super) metrics: Metrics,
    /// Where those who wait for a connection hear that the server cannot be reached.
    pub(super) failures: Failures,
}

/// The last reason why a server could not be reached. bb8 itself lets everyone wait to the end instead.
pub(super) type Failures = watch::Sender<Option<Error>>;

impl bb8::ManageConnection for Manager {
    type Connection = Conn;
    type Error = Error;

    async fn connect(&self) -> Result<Conn, Error> {
        let opened =
            Conn::open(Arc::clone(&self.name), &self.endpoint, self.flavor, self.connect_timeout).await;
        let conn = opened.inspect_err(|error| drop(self.failures.send_replace(Some(error.clone()))))?;
        self.metrics.opened.inc();
        Ok(conn)
    }

    async fn is_valid(&self, conn: &mut Conn) -> Result<(), Error> {
        if conn.is_stale() { Err(conn.malformed()) } else { Ok(()) }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        conn.rest();
        !conn.is_clean()
    }
}
