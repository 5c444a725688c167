//! What is going on, and what is asked for aside: who is connected, and the HTTP service.

pub mod http;
pub mod registry;

pub use http::Http;
pub use registry::{Registry, Ticket};
