//! Session variables that a client has set, as a server's connection must have them.
//!
//! A session keeps its variables here; a pooled connection remembers what it was given. Before a statement the
//! difference is sent in the same write ([`Settings::difference`]).

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Collation every connection to a server is opened with: utf8mb4_general_ci, known to all servers.
pub const OPENING_COLLATION: u16 = 45;

/// What the variables that belong to the opening collation hold on a new connection. Their DEFAULT would be the
/// server's global value, not this.
const OPENING: [(&str, &str); 3] = [
    ("character_set_client", "'utf8mb4'"),
    ("character_set_results", "'utf8mb4'"),
    ("collation_connection", "'utf8mb4_general_ci'"),
];

/// What DEFAULT does not bring back: MySQL 9.7 sets these two to 0 by it. Their global value is meant.
const UNDONE: [(&str, &str); 2] =
    [("foreign_key_checks", "@@global.foreign_key_checks"), ("unique_checks", "@@global.unique_checks")];

/// Variables and their values as SQL literals, where they differ from a new connection's.
#[derive(Debug, Clone)]
pub struct Settings {
    variables: Arc<BTreeMap<Box<str>, Box<str>>>,
    stamp: u64,
    /// autocommit = 0
    manual_commit: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from(BTreeMap::new())
    }
}

impl From<BTreeMap<Box<str>, Box<str>>> for Settings {
    fn from(variables: BTreeMap<Box<str>, Box<str>>) -> Self {
        let mut hasher = DefaultHasher::new();
        variables.hash(&mut hasher);
        let manual_commit = variables.get("autocommit").is_some_and(|value| **value == *"0");
        Self { variables: Arc::new(variables), stamp: hasher.finish(), manual_commit }
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.stamp == other.stamp
            && (Arc::ptr_eq(&self.variables, &other.variables) || self.variables == other.variables)
    }
}

impl Settings {
    /// The same with one variable set to an SQL literal. What a new connection has anyway is left out.
    #[must_use]
    pub fn with(&self, name: &str, literal: &str) -> Self {
        let mut variables = (*self.variables).clone();
        if OPENING.contains(&(name, literal)) {
            variables.remove(name);
        } else {
            variables.insert(name.into(), literal.into());
        }
        Self::from(variables)
    }

    /// All that are set, by name.
    pub fn variables(&self) -> &BTreeMap<Box<str>, Box<str>> {
        &self.variables
    }

    /// A number that equal settings share.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// Whether transactions are READ ONLY where they do not say otherwise.
    pub fn is_read_only(&self) -> bool {
        let on = |name: &str| self.get(name) == Some("1");
        on("transaction_read_only") || on("tx_read_only")
    }

    /// The same with the isolation level that `other` has.
    #[must_use]
    pub fn at_level_of(&self, other: &Self) -> Self {
        const LEVEL: [&str; 2] = ["transaction_isolation", "tx_isolation"];
        if LEVEL.iter().all(|name| self.get(name) == other.get(name)) {
            return self.clone();
        }
        let mut variables = (*self.variables).clone();
        variables.retain(|name, _| !LEVEL.contains(&&**name));
        variables.extend(LEVEL.iter().filter_map(|name| Some(((*name).into(), other.get(name)?.into()))));
        Self::from(variables)
    }

    /// Whether reads within a transaction must not change while it lasts: REPEATABLE READ, the servers' default, or
    /// SERIALIZABLE.
    pub fn repeats_reads(&self) -> bool {
        let level = ["transaction_isolation", "tx_isolation"].iter().find_map(|name| self.get(name));
        !level.unwrap_or_default().to_ascii_uppercase().contains("COMMITTED")
    }

    /// Whether autocommit is off.
    pub fn manual_commit(&self) -> bool {
        self.manual_commit
    }

    /// A variable's value as an SQL literal, if it was set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(AsRef::as_ref)
    }

    /// The SET statement that turns a connection with these settings into one with `wanted`; `None` if they are
    /// equal.
    pub fn difference(&self, wanted: &Settings) -> Option<String> {
        if self == wanted {
            return None;
        }
        let mut sql = String::from("SET ");
        let names = self.names(wanted);
        if let Some(names) = &names {
            sql.push_str(names);
        }
        let named = |name: &str| names.is_some() && OPENING.iter().any(|(known, _)| *known == name);
        let mut put = |name: &str, literal: &str| {
            if sql.len() > 4 {
                sql.push(',');
            }
            sql.push_str(name);
            sql.push('=');
            sql.push_str(literal);
        };
        for name in self.variables.keys().filter(|name| !wanted.variables.contains_key(*name) && !named(name))
        {
            let opening = OPENING.iter().chain(&UNDONE).find(|(known, _)| *known == &**name);
            put(name, opening.map_or("DEFAULT", |(_, literal)| literal));
        }
        let changed = |name: &str, value: &str| self.get(name) != Some(value) && !named(name);
        for (name, literal) in wanted.variables.iter().filter(|(name, value)| changed(name, value)) {
            put(name, literal);
        }
        Some(sql)
    }
}

impl Settings {
    /// SET NAMES, where the character sets are as it leaves them: the collation of results can be set in no other way.
    fn names(&self, wanted: &Settings) -> Option<String> {
        let all = |settings: &Settings| {
            OPENING.map(|(name, opening)| settings.get(name).unwrap_or(opening).trim_matches('\'').to_owned())
        };
        let [client, results, collation] = all(wanted);
        let fits = client == results
            && collation.strip_prefix(&client).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        (fits && all(self) != all(wanted)).then(|| format!("NAMES '{client}' COLLATE '{collation}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_sets_changes_and_resets_what_is_gone() {
        let old = Settings::default().with("sql_mode", "''").with("character_set_results", "NULL");
        let new = Settings::default().with("sql_mode", "'ANSI'").with("time_zone", "'+00:00'");
        assert_eq!(
            old.difference(&new).as_deref(),
            Some("SET NAMES 'utf8mb4' COLLATE 'utf8mb4_general_ci',sql_mode='ANSI',time_zone='+00:00'")
        );
        assert_eq!(
            new.difference(&old).as_deref(),
            Some("SET time_zone=DEFAULT,character_set_results=NULL,sql_mode=''")
        );
        assert_eq!(new.difference(&new.clone()), None);
        let unchecked = Settings::default().with("unique_checks", "0");
        let back = unchecked.difference(&Settings::default());
        assert_eq!(back.as_deref(), Some("SET unique_checks=@@global.unique_checks"));
    }

    #[test]
    fn what_a_new_connection_has_is_no_difference() {
        let named = Settings::default().with("character_set_client", "'utf8mb4'");
        assert_eq!(Settings::default().difference(&named), None);
    }
}
