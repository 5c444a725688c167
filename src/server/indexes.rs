//! Keeps what is known of unique indexes as the store has it.

use std::sync::Arc;
use std::time::Duration;

use super::{listen, recovery, segments};
use crate::admin::Registry;
use crate::backend::Pools;
use crate::base::Result;
use crate::base::clock::SystemClock;
use crate::config::Config;
use crate::idgen::{Fence, Ids};
use crate::session::{Ready, Shared};
use crate::store::Indexes;
use crate::telemetry::Metrics;
use crate::topology::Topology;

/// How long a change in the store goes unnoticed.
const EVERY: Duration = Duration::from_secs(1);

/// Which indexes are ready, by the configuration's store.
pub(super) fn states(config: &Config, topology: &Topology) -> Ready {
    Ready::of(segments::db(config, topology).map(|db| Indexes::new(Arc::new(db))))
}

/// What a command needs that looks after indexes, without serving clients.
pub async fn aside(config: &Config, topology: Topology) -> Result<Shared> {
    let (metrics, fence) = (Metrics::default(), Fence::new(Arc::new(SystemClock)));
    let ids = Ids::new(&topology.generators, Arc::new(fence), config.ids.max_ahead, metrics.clone());
    let pools = Pools::new(&topology, listen::limits(config), metrics.clone(), 1);
    let states = states(config, &topology);
    let registry = Arc::new(Registry::default());
    let coordinator = recovery::coordinator(config, &topology, &metrics).await?;
    let shared = Shared::new(config, topology, pools, Arc::new(ids), coordinator, metrics, registry);
    Ok(shared.with_indexes(states))
}

/// Looks again and again. Ends where no table has an index.
pub(super) async fn watch(shared: Arc<Shared>) {
    let tables = || shared.topology.databases.values().flat_map(|database| database.tables.values());
    if !tables().any(|table| !table.indexes.is_empty()) {
        return;
    }
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        if let Err(error) = shared.indexes.refresh(&shared.topology).await {
            tracing::debug!("{}", error.message);
        }
    }
}
