//! Ids for applications: whose they are, and what is to be said for them. SHARDGATE_NEXT_ID and the HTTP service ask
//! alike.

use crate::base::{Code, Error, Result, Value};
use crate::topology::{IdRule, Layout, Topology};

/// New ids of a table, asked for by an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask<'t> {
    /// How they are made.
    pub rule: &'t IdRule,
    /// How many.
    pub count: usize,
    /// The slot that they carry; 0 where they carry none.
    pub gene: u32,
}

impl<'t> Ask<'t> {
    /// So many ids of a table, which is named `table`, in the database `home`, or `database.table`. `key`: the sharding
    /// key's value, for ids that carry its slot. Errors: [`Code::NoDatabase`], [`Code::UnknownDatabase`],
    /// [`Code::NoTable`] for a table without a generator, [`Code::OutOfRange`] for a count that no generator has,
    /// [`Code::WrongArguments`] for a key that is missing or is not asked for, and those of
    /// [`part_of`](crate::sharding::Rule::part_of).
    pub fn new(
        topology: &'t Topology,
        home: Option<&str>,
        name: &str,
        count: u64,
        key: Option<&Value>,
    ) -> Result<Self> {
        let (database, name) = match name.split_once('.') {
            Some(both) => both,
            None => (home.ok_or_else(|| Error::new(Code::NoDatabase, "No database selected"))?, name),
        };
        let known = topology
            .database(database)
            .ok_or_else(|| Error::new(Code::UnknownDatabase, format!("Unknown database '{database}'")))?;
        let table = known.tables.get(name);
        let Some((table, rule)) = table.and_then(|table| Some((table, table.id.as_ref()?))) else {
            let message = format!(
                "Table '{database}.{name}' has no generator of ids; declare one in the configuration: \
                 [database.{database}.table.{name}] id = {{ column = \"id\", generator = \"snowflake\" }}"
            );
            return Err(Error::new(Code::NoTable, message));
        };
        let gene = match (rule.layout.and_then(|layout| layout.gene()), &table.layout, key) {
            (Some(_), Layout::Sharded(sharded), Some(key)) => sharded.rule.part_of(key)?,
            (Some(_), Layout::Sharded(sharded), None) => {
                let message = format!(
                    "ids of '{database}.{name}' carry the slot of `{}`: give its value after the count",
                    sharded.key
                );
                return Err(Error::new(Code::WrongArguments, message));
            }
            (_, _, Some(_)) => {
                let message = format!("ids of '{database}.{name}' carry no slot: give no sharding key");
                return Err(Error::new(Code::WrongArguments, message));
            }
            (_, _, None) => 0,
        };
        Ok(Self { rule, count: usize::try_from(count).unwrap_or(usize::MAX), gene })
    }
}
