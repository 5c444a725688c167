//! Why a statement is refused, and how to write it instead: every refusal of the planner that several files share.

use std::fmt::Display;

use crate::base::{Code, Error};
use crate::sharding::KeyColumn;

/// Refuses a statement that would be right on one node only.
pub(super) fn needs_one_node(reason: impl Display) -> Error {
    Error::refused(
        reason,
        "give each sharded table in it a condition key = value, so that one shard can answer it alone",
    )
}

/// Refuses a feature that no shard can carry out alone.
pub(super) fn feature(reason: impl Display, instead: impl Display) -> Error {
    Error::refused(reason, instead)
}

/// No database is selected.
pub(super) fn no_database() -> Error {
    Error::new(Code::NoDatabase, "No database selected")
}

/// The database is not declared.
pub(super) fn unknown_database(name: &str) -> Error {
    Error::new(Code::UnknownDatabase, format!("Unknown database '{name}'"))
}

/// The sharding key may not change.
pub(super) fn key_change(key: &str, table: &str) -> Error {
    Error::refused(
        format_args!(
            "a new value of the sharding key `{key}` would leave the row of `{table}` on the wrong shard"
        ),
        "delete the row and insert it with the new key in one transaction",
    )
}

/// A row's sharding key is NULL. Where its column takes no NULL this is what a server says.
pub fn null_key(key: &str, column: Option<&KeyColumn>) -> Error {
    if column.is_some_and(|column| column.nullable) {
        return Error::refused(
            format_args!("a row whose sharding key `{key}` is NULL has no place"),
            "give the key a value",
        );
    }
    Error::new(Code::NullColumn, format!("Column '{key}' cannot be null"))
}
