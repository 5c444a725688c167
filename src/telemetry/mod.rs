//! What the proxy says about itself: counters and logs. One struct of typed families, handed down; no statics.

pub mod metrics;

pub use metrics::Metrics;
