//! The checked configuration as a live, versioned map: which tables there are, how they are spread, and over what.
//! Immutable once built; a reload builds another.
//!
//! `map` holds the parts, [`build`] makes them from a configuration, [`Live`] hands the current one out.

mod build;
mod index;
pub mod map;
pub mod schema;

pub use build::build;
pub use index::Index;
pub use map::{
    Database, Endpoint, Generator, IdLayout, IdRule, Layout, Node, Sharded, Source, Table, Topology,
};
