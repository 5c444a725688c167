//! The MySQL client/server protocol, both sides. Knows no SQL and no sharding.

pub mod auth;
pub mod binary;
pub mod capability;
pub mod client;
pub mod column;
pub mod command;
pub mod execute;
pub mod greeting;
pub mod handshake;
pub mod kind;
pub mod login;
pub mod packet;
pub mod primitives;
pub mod result;
pub mod row;
pub mod rsa;
pub mod scan;
pub mod status;
pub mod stream;
pub mod track;
