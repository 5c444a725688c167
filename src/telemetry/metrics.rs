//! Counters, in one struct.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Every counter of the proxy.
#[derive(Debug, Default, Clone)]
pub struct Metrics {
    /// Clients connected now.
    pub clients: Gauge,
    /// Statements run, whatever their fate.
    pub statements: Counter<u64, AtomicU64>,
    /// Statements whose plan was in the cache.
    pub plan_hits: Counter<u64, AtomicU64>,
    /// Statements that had to be parsed.
    pub plan_misses: Counter<u64, AtomicU64>,
    /// Statements that ran on several nodes.
    pub scattered: Counter<u64, AtomicU64>,
    /// Statements that ran over copies of rows.
    pub staged: Counter<u64, AtomicU64>,
    /// Rows that were written into copies, once for each place.
    pub staged_rows: Counter<u64, AtomicU64>,
    /// Bytes of these, as servers gave them.
    pub staged_bytes: Counter<u64, AtomicU64>,
    /// Errors sent to clients.
    pub errors: Counter<u64, AtomicU64>,
    /// Statements stopped on a server because their client left or killed them.
    pub killed: Counter<u64, AtomicU64>,
    /// Connections opened to servers.
    pub opened: Counter<u64, AtomicU64>,
    /// Transactions that were committed on several sources at once.
    pub transactions_spread: Counter<u64, AtomicU64>,
    /// Transactions with prepared branches that no own COMMIT is working on, as recovery last saw it.
    pub in_doubt: Gauge,
    /// For how long the oldest of them has been seen.
    pub in_doubt_seconds: Gauge,
    /// Branches that recovery has committed.
    pub recovered_committed: Counter<u64, AtomicU64>,
    /// Branches that recovery has rolled back.
    pub recovered_rolled_back: Counter<u64, AtomicU64>,
    /// Ids made.
    pub ids_issued: Counter<u64, AtomicU64>,
    /// Statements that got no id in time (error 1467).
    pub ids_refused: Counter<u64, AtomicU64>,
    /// Worker numbers taken over from proxies that had not renewed them.
    pub ids_steals: Counter<u64, AtomicU64>,
    /// Milliseconds by which ids run ahead of their time.
    pub ids_ahead_ms: Gauge,
    /// Milliseconds for which ids can be made before the worker's number must be renewed.
    pub ids_bound_left_ms: Gauge,
    /// Years that the layout of ids lasts.
    pub ids_years_left: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// All of them in Prometheus' text format (OpenMetrics).
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry()) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }

    /// Every counter's name and value, as SHOW SHARDGATE STATUS lists them.
    pub fn rows(&self) -> Vec<(String, String)> {
        let text = self.text();
        let values = text.lines().filter(|line| !line.starts_with('#'));
        values
            .filter_map(|line| line.split_once(' '))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// A registry that names them all, for exposition.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("shardgate");
        registry.register("clients", "Clients connected now", self.clients.clone());
        registry.register("statements", "Statements run", self.statements.clone());
        registry.register("plan_cache_hits", "Statements planned from the cache", self.plan_hits.clone());
        registry.register("plan_cache_misses", "Statements that were parsed", self.plan_misses.clone());
        registry.register("scattered", "Statements that ran on several nodes", self.scattered.clone());
        registry.register("staged", "Statements that ran over copies of rows", self.staged.clone());
        registry.register("staged_rows", "Rows written into copies", self.staged_rows.clone());
        registry.register("staged_bytes", "Bytes of rows written into copies", self.staged_bytes.clone());
        registry.register("errors", "Errors sent to clients", self.errors.clone());
        registry.register("killed", "Statements stopped on a server", self.killed.clone());
        registry.register("server_connections_opened", "Connections opened to servers", self.opened.clone());
        let spread = self.transactions_spread.clone();
        registry.register("transactions_spread", "Transactions committed on several sources", spread);
        registry.register("in_doubt", "Transactions in doubt", self.in_doubt.clone());
        let seconds = self.in_doubt_seconds.clone();
        registry.register("in_doubt_seconds", "Since when the oldest is in doubt", seconds);
        let committed = self.recovered_committed.clone();
        registry.register("recovered_committed", "Branches that recovery committed", committed);
        let rolled_back = self.recovered_rolled_back.clone();
        registry.register("recovered_rolled_back", "Branches that recovery rolled back", rolled_back);
        registry.register("ids_issued", "Ids made", self.ids_issued.clone());
        registry.register("ids_refused", "Statements that got no id in time", self.ids_refused.clone());
        registry.register("ids_steals", "Worker numbers taken over", self.ids_steals.clone());
        registry.register("ids_ahead_ms", "How far ids run ahead of their time", self.ids_ahead_ms.clone());
        let left = self.ids_bound_left_ms.clone();
        registry.register("ids_bound_left_ms", "For how long ids can be made without a renewal", left);
        registry.register("ids_years_left", "How long the layout of ids lasts", self.ids_years_left.clone());
        registry
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn every_counter_has_a_row() {
        let metrics = Metrics::default();
        metrics.statements.inc();
        let rows = metrics.rows();
        assert_eq!(rows.len(), 22);
        assert!(rows.contains(&("shardgate_statements_total".to_owned(), "1".to_owned())), "{rows:?}");
    }
}
