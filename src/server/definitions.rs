//! Follows changes of tables' definitions that this proxy has not made: other proxies count theirs in the store, and wait
//! until this one has heard of them; and what was changed past all proxies is found by reading known tables again: a few
//! at a time, and those at once with which a statement failed as if they were others.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::session::Shared;

/// How often the store is asked whether others have changed something. Their DDL waits that long for this proxy.
const EVERY: Duration = Duration::from_millis(100);
/// How long a store that failed is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// How often tables are read again…
const REREAD_EVERY: Duration = Duration::from_secs(5);
/// … and how many at a time.
const REREAD: usize = 10;
/// How long reading them may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Lets nobody's DDL wait for this proxy any more.
pub(super) async fn leave(shared: &Shared) {
    let Some(log) = &shared.ddl else { return };
    if let Err(error) = log.definitions.leave().await {
        tracing::warn!("DDL of other proxies will wait for this one for a while: {}", error.message);
    }
}

/// Runs as long as the proxy does.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reread = Instant::now() + REREAD_EVERY;
    let (mut known, mut failing) = (VecDeque::new(), false);
    loop {
        match &shared.ddl {
            Some(log) => {
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = log.definitions.wanted() => {}
                }
                match log.definitions.exchange(|| shared.all_changed()).await {
                    Ok(()) => failing = false,
                    Err(error) => {
                        if failing {
                            tracing::debug!("{}", error.message);
                        } else {
                            tracing::warn!("{}", error.message);
                        }
                        failing = true;
                        ticks.reset_after(PAUSE);
                    }
                }
            }
            None => drop(ticks.tick().await),
        }
        let mut again: Vec<(String, String)> = shared.take_doubted().into_iter().collect();
        if Instant::now() >= reread {
            if known.is_empty() {
                known = shared.catalog.names().into();
            }
            again.extend(known.drain(..known.len().min(REREAD)));
            reread = Instant::now() + REREAD_EVERY;
        }
        for (database, table) in again {
            // A server that does not answer tells nothing, and its statements fail anyway.
            let _ = timeout(LIMIT, shared.reread(&shared.pools, &database, &table)).await;
        }
    }
}
