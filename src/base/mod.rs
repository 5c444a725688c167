//! What every room speaks in: errors, values, ids, the clock. Knows nothing of SQL, networks or shards.

pub mod clock;
pub mod code;
pub mod error;
pub mod hex;
pub mod ids;
pub mod layout;
pub mod value;
pub mod xid;

pub use code::Code;
pub use error::{Error, Fate, Origin, Result};
pub use hex::{hex, hex_name, put_hex};
pub use value::Value;
