//! The task that holds a worker's number for the proxy's ids.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::base::clock::Clock;
use crate::base::{Code, Error, Result};
use crate::config::{self, Config, IdKind, Workers};
use crate::idgen::{Holder, Ids, Terms};
use crate::store::{Db, FileLeases, Leases, MySqlLeases};
use crate::telemetry::Metrics;
use crate::topology::Topology;

/// A lease is renewed so many times in its life: at one of a minute, an outage of 50 s goes unnoticed.
const RENEWALS: u32 = 12;
/// How far a fixed number's ids may be made ahead of what its file says. Little, as each restart begins there.
const WINDOW: Duration = Duration::from_secs(3);
/// How often its file is written.
const TICK: Duration = Duration::from_secs(1);
/// How soon a store that failed is asked again, at the latest.
const RETRY: Duration = Duration::from_secs(1);
/// How long the store rests between two requests, however many wait for ids.
const REST: Duration = Duration::from_millis(50);
/// How long one use of the store may take.
const LIMIT: Duration = Duration::from_secs(3);

/// A worker's number that is held, or will be as soon as the store can be reached; or none, where nothing needs one.
#[derive(Debug)]
pub(super) struct Worker(Option<(DropGuard, JoinHandle<()>)>);

impl Worker {
    /// Takes a number, and holds it from now on. Errors: everything but a store that cannot be reached, which is asked
    /// again and again while statements that need ids are refused.
    pub(super) async fn start(
        config: &Config,
        topology: &Topology,
        ids: &Arc<Ids>,
        clock: &Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Result<Self> {
        if !needed(config) {
            return Ok(Self(None));
        }
        let owner = owner(&config.listen.address);
        let terms = |lease, worker| Terms { layout: config.ids.layout, lease, worker, owner };
        match &config.ids.workers {
            Workers::Fixed { worker, state } => {
                let store = FileLeases::open(Path::new(state), *worker, Arc::clone(clock))?;
                let terms = terms(WINDOW, Some(*worker));
                hold(Holder::new(store, Arc::clone(ids), terms, metrics.clone()), ids, TICK).await
            }
            Workers::Leased(place) => {
                let source = topology.sources.iter().find(|source| *source.name == *place.source);
                let source = source.ok_or_else(|| {
                    Error::new(
                        Code::Internal,
                        format!("the store of [ids] names the unknown source {}", place.source),
                    )
                })?;
                let lease = config.ids.lease;
                let store = MySqlLeases::new(Db::new(source, &place.schema, LIMIT.min(lease / 2)));
                let terms = terms(lease, None);
                hold(Holder::new(store, Arc::clone(ids), terms, metrics.clone()), ids, lease / RENEWALS).await
            }
        }
    }

    /// Gives the number back, unless the store takes too long for that.
    pub(super) async fn release(self) {
        let Some((leave, task)) = self.0 else { return };
        drop(leave);
        if timeout(LIMIT, task).await.is_err() {
            tracing::warn!("the worker's number is not given back: the store does not answer");
        }
    }
}

/// Whether anything makes snowflake ids.
fn needed(config: &Config) -> bool {
    let makes =
        |table: &config::Table| matches!(&table.id, Some(id) if matches!(id.kind, IdKind::Snowflake { .. }));
    config.ids.declared || config.databases.iter().any(|database| database.tables.iter().any(makes))
}

/// A name that no other process has: host, process id and address for people, a random number for certainty.
pub(super) fn owner(address: &str) -> String {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    let host: String = host.chars().take(64).collect();
    format!("{host}:{} on {address} #{:016x}", std::process::id(), rand::random::<u64>())
}

async fn hold<L: Leases + 'static>(mut holder: Holder<L>, ids: &Arc<Ids>, every: Duration) -> Result<Worker> {
    let first = match holder.tend().await {
        Err(error) if !error.is(Code::SourceDown) => return Err(error),
        first => first,
    };
    let leave = CancellationToken::new();
    let task = tokio::spawn(tend(holder, Arc::clone(ids), every, first, leave.clone()));
    Ok(Worker(Some((leave.drop_guard(), task))))
}

/// Renews until `leave`, then gives the number back. `last`: what came of the first request.
async fn tend<L: Leases>(
    mut holder: Holder<L>,
    ids: Arc<Ids>,
    every: Duration,
    mut last: Result<()>,
    leave: CancellationToken,
) {
    let mut told = None;
    loop {
        let pause = match &last {
            Ok(()) => {
                if told.take().is_some() {
                    tracing::info!("ids are made again");
                }
                every
            }
            Err(error) => {
                if told.as_ref() != Some(&error.message) {
                    tracing::warn!("{}", error.message);
                    told = Some(error.message.clone());
                }
                every.min(RETRY)
            }
        };
        let now = Instant::now();
        let due = async {
            tokio::select! {
                () = sleep_until(now + pause) => {}
                () = ids.wanted() => sleep_until(now + REST).await,
            }
        };
        tokio::select! {
            () = leave.cancelled() => break,
            () = due => {}
        }
        last = tokio::select! {
            () = leave.cancelled() => break,
            done = holder.tend() => done,
        };
    }
    if let Err(error) = holder.release().await {
        tracing::warn!("the worker's number is not given back: {}", error.message);
    }
}
