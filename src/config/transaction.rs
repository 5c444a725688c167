//! `[transaction]`: transactions over several sources.

use std::time::Duration;

use super::model::{Transaction, TransactionMode};
use super::reader::Section;

const SECOND: Duration = Duration::from_secs(1);
/// Characters of a schema's name at most (MySQL 8.4 manual, "Identifier Length Limits").
const LONGEST_NAME: usize = 64;

pub(super) fn transaction(root: &Section<'_, '_>) -> Transaction {
    let mut transaction = Transaction {
        mode: TransactionMode::Atomic,
        schema: "shardgate".into(),
        timeout: None,
        commit_timeout: 10 * SECOND,
        recover_every: 5 * SECOND,
        recover_after: 5 * SECOND,
    };
    let Some(section) = root.section("transaction") else { return transaction };
    transaction.mode = mode(&section, "mode").unwrap_or(transaction.mode);
    if let Some(schema) = section.string("schema") {
        if schema.value.is_empty() || schema.value.chars().count() > LONGEST_NAME {
            section.report(schema.at, "schema is the name of a schema; write \"shardgate\"");
        }
        transaction.schema = schema.value;
    }
    transaction.timeout =
        Some(section.duration("timeout", Duration::ZERO)).filter(|timeout| !timeout.is_zero());
    transaction.commit_timeout = section.duration("commit_timeout", transaction.commit_timeout);
    transaction.recover_every = section.duration("recover_every", transaction.recover_every);
    transaction.recover_after = section.duration("recover_after", transaction.recover_after);
    section.finish();
    transaction
}

/// `atomic` or `single`.
pub(super) fn mode(section: &Section<'_, '_>, key: &'static str) -> Option<TransactionMode> {
    let mode = section.string(key)?;
    let read = TransactionMode::named(&mode.value);
    if read.is_none() {
        let text = format!("{key} \"{}\" is none; write \"atomic\" or \"single\"", mode.value);
        section.report(mode.at, text);
    }
    read
}
