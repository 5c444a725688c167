//! Statement + map + definitions → Plan → Jobs. Decides, never does: no I/O, no clock, no randomness.
//!
//! A plan belongs to a statement's *shape* and is cached ([`cache`]); [`bind`](bind()) gives it the literals or
//! parameters of one execution, and makes jobs of it. Plans are plain data ([`ir`]): EXPLAIN prints them and golden
//! tests compare them.
//!
//! Start at [`build`]; `scope`, `join` and `spread` hold the reasoning on which everything else rests: which rows matter under
//! which conditions, and what may run on each node alone.

mod aggregate;
mod alike;
pub mod bind;
mod block;
pub mod cache;
mod change;
pub mod copy;
mod ddl;
mod edit;
pub mod explain;
mod finish;
pub mod found;
pub mod gene;
mod insert;
pub mod ir;
mod join;
pub mod load;
mod local;
pub mod lookup;
mod member;
pub mod merge_spec;
pub mod moves;
mod names;
mod order;
pub mod pick;
mod placed;
mod placing;
mod pull;
mod refuse;
mod render;
mod route;
mod rows;
mod scope;
mod select;
pub mod shared;
mod show;
mod spread;
pub mod stage_spec;
mod staged;
mod targets;
pub mod undo;

use std::sync::Arc;

pub use bind::{Arrival, Bound, Destination, SessionValues, Setting, Source, Stage, bind, compute};
pub use copy::CARRIED;
pub use ir::{Act, Plan};
pub use names::session_value;
pub use refuse::null_key;
pub use rows::{asks_for_id, id_value, replay};

use crate::sql::facts::Statement;
use crate::topology::Topology;
use crate::topology::schema::Schemas;

/// Plans a statement. `shape` is the text that the facts' spans refer to, `database` the session's. Never fails:
/// what cannot be answered rightly is a plan whose act is [`Act::Refused`] (1235, 1046, 1049 …).
pub fn build(
    statement: Arc<Statement>,
    shape: &str,
    database: Option<&str>,
    topology: &Topology,
    schemas: &dyn Schemas,
) -> Plan {
    let facts = Arc::clone(&statement);
    local::plan(statement, &facts, shape, database, topology, schemas)
}
