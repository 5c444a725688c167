//! TOML → [`Config`]: what was typed becomes what is meant, and all mistakes are told at once, each with its place and,
//! where a name is close to a known one, with a suggestion. Knows no server and opens no connection.
//!
//! `model` is what comes out and documents every key; `config/reference.toml` shows them all with their defaults.
//! Names are read by `basics` (everything but tables), `database` and `algorithm`; `reader` walks the TOML and
//! `text` holds the small languages inside of strings.

mod admin;
mod algorithm;
mod basics;
mod database;
mod ids;
mod index;
pub mod model;
mod problem;
mod reader;
mod text;
mod transaction;

use std::path::Path;

pub use ids::{epoch_of, layout_of};
pub use model::{
    Address, Admin, Config, Database, GeneKey, Group, IdGenerator, IdKind, Ids, Limits, Listen, Log, Place,
    Pool, Source, Table, TableLayout, Transaction, TransactionMode, UniqueIndex, User, Workers,
};
pub use problem::Problem;
use reader::{Reader, Section};

/// Reads a file. `${NAME}` in it is taken from the process's environment.
pub fn load(path: &Path) -> Result<Config, Vec<Problem>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| vec![Problem::new(&name, format!("cannot read the file: {error}"))])?;
    parse(&text, &name, &|variable| std::env::var(variable).ok())
}

/// Reads a text. `name` stands for the file in problems; `environment` gives the values for `${NAME}`.
pub fn parse(
    text: &str,
    name: &str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Problem>> {
    let reader = Reader::new(text, name, environment);
    let table = reader.table();
    let root = Section::root(&reader, &table);
    let sources = basics::sources(&root);
    let config = Config {
        listen: basics::listen(&root),
        ids: ids::ids(&root, &sources),
        sources,
        admin: admin::admin(&root),
        pool: basics::pool(&root),
        limits: basics::limits(&root),
        transaction: transaction::transaction(&root),
        log: basics::log(&root),
        users: basics::users(&root),
        databases: Vec::new(),
    };
    let databases = database::databases(&root, &config.sources, config.ids.layout);
    let config = Config { databases, ..config };
    basics::check_users(&root, &config);
    root.finish();
    let problems = reader.into_problems();
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

#[cfg(test)]
mod tests;
