//! Starts the HTTP service where the configuration has one.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::Http;
use crate::base::{Code, Error, Result};
use crate::config::Config;
use crate::session::Shared;

/// Serves until `stop`. Where it listens; `None`: the configuration has no address. Errors: it cannot be bound.
pub(super) async fn start(
    config: &Config,
    shared: &Shared,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<Option<SocketAddr>> {
    let Some(address) = &config.admin.address else { return Ok(None) };
    let listener = Http::listen(address).await?;
    let bound = listener.local_addr().map_err(|error| {
        Error::new(Code::Internal, format!("cannot tell where {address} is bound: {error}"))
    })?;
    let http = Http {
        ids: Arc::clone(&shared.ids),
        topology: Arc::clone(shared.topology()),
        metrics: shared.metrics.clone(),
    };
    tasks.spawn(http.serve(listener, stop.clone()));
    tracing::info!(address = %bound, "serving HTTP");
    Ok(Some(bound))
}
