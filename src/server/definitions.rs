//! Follows changes of tables' definitions that this proxy has not made: other proxies count theirs in the store, and what
//! was changed past all proxies is found by reading known tables again: a few at a time, and those at once with which a
//! statement failed as if they were others.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval, timeout};

use crate::session::Shared;

/// How often the store is asked whether others have changed something.
const EVERY: Duration = Duration::from_secs(1);
/// How often tables are read again…
const REREAD_EVERY: Duration = Duration::from_secs(5);
/// … and how many at a time.
const REREAD: usize = 10;
/// How long reading them may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Runs as long as the proxy does.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut ticks = interval(EVERY);
    let mut reread = Instant::now() + REREAD_EVERY;
    let (mut known, mut failing) = (VecDeque::new(), false);
    loop {
        match &shared.ddl {
            Some(log) => {
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = log.wanted() => {}
                }
                match log.exchange().await {
                    Ok(changed) => {
                        failing = false;
                        if changed {
                            shared.all_changed();
                        }
                    }
                    Err(error) if failing => tracing::debug!("{}", error.message),
                    Err(error) => {
                        failing = true;
                        tracing::warn!("{}", error.message);
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
            let _ = timeout(LIMIT, shared.reread(&database, &table)).await;
        }
    }
}
