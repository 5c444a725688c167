//! Connections to real MySQL servers: the raw data path, its pools, and what is known of the servers.
//! Knows no sharding rule and no plan: it is told a source and a text.

pub mod answer;
pub mod catalog;
pub mod conn;
pub mod file;
mod pool;
pub mod pools;
pub mod settings;

pub use answer::{Answer, AnswerLimit, Summary};
pub use conn::{Conn, Flavor};
pub use pools::{Lease, Pools, Role};
pub use settings::Settings;
