//! The task that ends what transactions over several sources have left behind, theirs and those of other proxies.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval, sleep};

use crate::base::Result;
use crate::config::{Config, TransactionMode};
use crate::telemetry::Metrics;
use crate::topology::Topology;
use crate::txn::{Coordinator, Terms};

/// How often decisions that nobody will ask for are removed.
const FORGET: Duration = Duration::from_secs(1);
/// How often old ones are looked for.
const SWEEP: Duration = Duration::from_secs(600);
/// How long recovery rests, however much it is wanted.
const REST: Duration = Duration::from_millis(100);

/// For the transactions of a proxy. Errors: what a person has to mend on a source before transactions can span several.
pub(super) async fn coordinator(
    config: &Config,
    topology: &Topology,
    metrics: &Metrics,
) -> Result<Arc<Coordinator>> {
    let settings = &config.transaction;
    let terms = Terms {
        atomic: config
            .users
            .iter()
            .any(|user| user.transaction.unwrap_or(settings.mode) == TransactionMode::Atomic),
        timeout: settings.timeout,
        schema: settings.schema.clone(),
        patience: settings.commit_timeout,
        grace: settings.recover_after,
    };
    let coordinator = Coordinator::new(&topology.sources, terms, metrics.clone());
    coordinator.open().await?;
    Ok(Arc::new(coordinator))
}

/// Recovers at once, then every so often, and whenever a transaction is left behind. Does nothing where none can be.
pub(super) async fn run(coordinator: Arc<Coordinator>, every: Duration) {
    if !coordinator.spans() {
        return;
    }
    let mut forget = interval(every.clamp(REST, FORGET));
    let (mut recovered, mut swept): (Option<Instant>, Option<Instant>) = (None, None);
    loop {
        if recovered.is_none_or(|at| at.elapsed() >= every) {
            coordinator.recover().await;
            recovered = Some(Instant::now());
        }
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            coordinator.sweep().await;
            swept = Some(Instant::now());
        }
        tokio::select! {
            _ = forget.tick() => coordinator.forget().await,
            () = coordinator.wanted() => {
                sleep(REST).await;
                recovered = None;
            }
        }
    }
}
