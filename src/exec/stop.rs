//! Stops what servers do: KILL QUERY, over connections of its own, until they have ended.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::single::Around;
use crate::backend::{Lease, Pools};
use crate::base::{Error, Result};
use crate::topology::Endpoint;

/// KILL may come before its statement has begun, which then runs on: without an end it is repeated after so long…
pub(super) const KILL_AGAIN: Duration = Duration::from_millis(200);
/// … and so often, where nobody has to wait for the end.
pub(super) const KILLS: usize = 5;
/// A server that does not hear KILL so often, one after another, hangs or is gone.
pub(super) const DEAF: usize = 2;

/// What KILL needs to know of a connection.
#[derive(Debug, Clone)]
pub(super) struct Target {
    name: Arc<str>,
    endpoint: Endpoint,
    id: u32,
}

impl Target {
    pub(super) fn of(lease: &Lease) -> Self {
        let (name, endpoint) = (lease.name().into(), lease.endpoint().clone());
        Self { name, endpoint, id: lease.info().connection_id }
    }

    /// Whether the server has heard it.
    pub(super) async fn kill(&self, pools: &Pools) -> bool {
        pools.kill(&self.name, &self.endpoint, self.id).await
    }
}

/// What a server does, unless KILL or the end of the statement's time stops it. The outer error: it hears nothing any more,
/// its connection is of no use.
pub(super) async fn hearing<T>(
    doing: impl Future<Output = Result<T>>,
    target: Target,
    around: Around<'_>,
) -> std::result::Result<Result<T>, Error> {
    let mut doing = pin!(doing);
    let stopped = tokio::select! {
        biased;
        done = &mut doing => return Ok(done),
        error = around.halted() => error,
    };
    match stop(doing, &[target], around.pools).await {
        Some(_) => Ok(Err(stopped)),
        None => Err(stopped),
    }
}

/// What servers do, stopped and waited for: a rollback takes its time. `None`: one of them hears nothing any more, its
/// connection is of no use.
pub(super) async fn stop<T>(
    mut doing: Pin<&mut impl Future<Output = T>>,
    targets: &[Target],
    pools: &Pools,
) -> Option<T> {
    let mut deaf = 0;
    while deaf < DEAF {
        let mut heard = true;
        for target in targets {
            heard &= target.kill(pools).await;
        }
        deaf = if heard { 0 } else { deaf + 1 };
        if let Ok(done) = timeout(KILL_AGAIN, doing.as_mut()).await {
            return Some(done);
        }
    }
    None
}
