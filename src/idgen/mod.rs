//! New ids: unique over all proxies, increasing in each, consecutive within a statement.

pub mod snowflake;

pub use snowflake::{Layout, Snowflake};
