//! Text ↔ facts. Reads statements once (lexer), or in full when a plan has to be made (parser), and edits a
//! client's own text by byte spans. Knows no table's place and does no I/O.
//!
//! Start at [`facts`]: everything that upper rooms learn about a statement stands there.

mod call;
mod change;
mod condition;
mod ddl;
pub mod definition;
mod expr;
pub mod facts;
mod functions;
mod kind;
pub mod lex;
pub mod literal;
mod load;
pub mod normalise;
pub mod parse;
mod predicates;
mod query;
pub mod splice;
mod split;
mod words;

pub use load::{LineFormat, LoadData, LoadTarget};
pub use parse::{ParseError, parse, parse_bytes};
pub use split::{first_word, split, split_command, trimmed};
