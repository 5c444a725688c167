//! Plans → answers: sends texts to servers, relays or merges what comes back. Knows no sharding rule and not where a
//! connection comes from ([`source::Connections`]).

pub mod define;
pub mod fanout;
pub mod info;
pub mod interrupt;
mod json;
pub mod lines;
pub mod load;
pub mod meter;
pub mod names;
pub mod send;
pub mod ship;
pub mod single;
pub mod source;
pub mod stage;
mod stop;
pub mod warned;
pub mod write;

pub use interrupt::{Asked, Interrupt};
pub use source::Connections;

use tokio::net::TcpStream;

use crate::wire::stream::PacketStream;

/// The connection to the application.
pub type Client = PacketStream<TcpStream>;
