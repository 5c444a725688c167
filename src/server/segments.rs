//! Keeps the segment generators filled from the store.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, Workers};
use crate::idgen::Ids;
use crate::store::{Db, Segments};
use crate::topology::Topology;

/// How long one use of the store may take.
const LIMIT: Duration = Duration::from_secs(3);
/// How long a store that failed is left alone.
const PAUSE: Duration = Duration::from_millis(200);
/// The store's schema where the configuration names none.
const SCHEMA: &str = "shardgate";

/// Fetches numbers whenever a generator asks for them. Ends when there are no such generators.
pub(super) async fn fill(ids: Arc<Ids>, store: Option<Segments>) {
    let Some(store) = store.filter(|_| ids.segments().next().is_some()) else { return };
    loop {
        let mut failed = false;
        for segment in ids.segments() {
            while let Some(count) = segment.ask() {
                match store.take(segment.name(), segment.start(), count).await {
                    Ok(first) => segment.put(first, count),
                    Err(error) => {
                        if segment.failed(&error) {
                            tracing::warn!("{}", error.message);
                        }
                        failed = true;
                    }
                }
                ids.fetched();
                if failed {
                    break;
                }
            }
        }
        if failed {
            tokio::time::sleep(PAUSE).await;
        } else {
            ids.segments_wanted().await;
        }
    }
}

/// The counters in the store.
pub(super) fn store(config: &Config, topology: &Topology) -> Option<Segments> {
    db(config, topology).map(|db| Segments::new(Arc::new(db)))
}

/// The store of the configuration: where worker numbers are leased, or a schema of the first source where they are fixed.
pub(super) fn db(config: &Config, topology: &Topology) -> Option<Db> {
    let (source, schema) = match &config.ids.workers {
        Workers::Leased(place) => {
            let named = |source: &&crate::topology::Source| *source.name == *place.source;
            (topology.sources.iter().find(named), place.schema.as_str())
        }
        Workers::Fixed { .. } => (topology.sources.first(), SCHEMA),
    };
    Some(Db::new(source?, schema, LIMIT))
}
