//! Where a statement goes: the routing of a statement whose tables have been looked through.

use super::ir::{Route, Routing, Several};
use super::names::{is_system, nodes_of};
use super::refuse;
use super::scope::{Origin, Scopes};
use super::spread::{Proof, Spread, sharded_sources};
use crate::base::{Error, Result};
use crate::topology::{Layout, Node};

/// Where a statement goes, and why several nodes cannot answer it, if so.
pub(super) struct Placed {
    pub(super) routing: Routing,
    pub(super) many: Result<(), Error>,
}

impl Placed {
    /// How several nodes carry out a change, where they can and are asked for parts of it.
    pub(super) fn several(&self, how: impl FnOnce() -> Result<Several>) -> Result<Several> {
        match (&self.routing, &self.many) {
            (_, Err(why)) => Err(why.clone()),
            (Routing::Sharded { .. }, Ok(())) => how(),
            _ => Ok(Several::AtOnce),
        }
    }
}

impl Scopes<'_> {
    /// The routing of a statement whose top block has been looked through.
    pub(super) fn placed(&self, proof: &Proof) -> Result<Placed> {
        let spread: Vec<usize> = (0..self.leaves.len()).filter(|l| self.sharded(*l).is_some()).collect();
        let followed = |i| self.leaves.iter().any(|l| matches!(l.origin, Origin::Table(t) if t == i));
        let hidden = self.at.used().any(|i| self.at.sharded(i).is_some() && !followed(i));
        let sources = sharded_sources(self.at);
        let elsewhere = self.at.used().any(|i| !followed(i) && !self.at.covers(i, &sources));
        if spread.is_empty() && !hidden {
            return Ok(Placed { routing: Routing::Any(self.unsharded()?), many: Ok(()) });
        }
        let reason = match proof {
            _ if hidden => Some("a sharded table stands where its rows cannot be followed".to_owned()),
            _ if elsewhere => Some("it names a table that not every shard has".to_owned()),
            Ok(Spread::Local(_)) => None,
            Ok(_) => Some("a sharded table is read beside tables that every shard has".to_owned()),
            Err(why) => Some(why.clone()),
        };
        let Some(reason) = reason else {
            let mut leads: Vec<(usize, Route)> = Vec::new();
            for leaf in spread.iter().filter(|l| self.leaves.get(**l).is_some_and(|l| l.essential)) {
                let lead = (self.table_of(*leaf), self.route_of(*leaf));
                if !leads.contains(&lead) {
                    leads.push(lead);
                }
            }
            if leads.iter().any(|(_, r)| *r != Route::All) {
                leads.retain(|(_, r)| *r != Route::All);
            } else {
                leads.truncate(1);
            }
            if leads.is_empty() {
                leads.extend(spread.first().map(|l| (self.table_of(*l), Route::All)));
            }
            return Ok(Placed { routing: Routing::Sharded { leads, aligned: true }, many: Ok(()) });
        };
        let mut leads: Vec<(usize, Route)> =
            spread.iter().map(|l| (self.table_of(*l), self.route_of(*l))).collect();
        for i in self.at.used() {
            let followed = leads.iter().any(|(t, _)| *t == i);
            if !followed && (self.at.sharded(i).is_some() || !self.at.covers(i, &sources)) {
                leads.push((i, Route::All));
            }
        }
        Ok(Placed {
            routing: Routing::Sharded { leads, aligned: false },
            many: Err(refuse::needs_one_node(reason)),
        })
    }

    fn table_of(&self, leaf: usize) -> usize {
        match self.leaves.get(leaf).map(|l| &l.origin) {
            Some(Origin::Table(i)) => *i,
            _ => 0,
        }
    }

    /// The places where all tables of a statement without sharded ones can be read.
    fn unsharded(&self) -> Result<Vec<Node>> {
        let at = self.at;
        if at.used().next().is_none() {
            return Ok(at.any_nodes());
        }
        if at.used().all(|i| at.tables.get(i).is_some_and(|t| is_system(&t.database))) {
            return self.system();
        }
        let single = at
            .used()
            .find(|i| at.tables.get(*i).is_some_and(|t| matches!(t.table.layout, Layout::Single(_))));
        let mut nodes = at.nodes(single.or(at.used().next()).unwrap_or(0)).to_vec();
        nodes.retain(|n| at.used().all(|i| at.covers(i, &[n.source])));
        if nodes.is_empty() {
            return Err(refuse::feature(
                "its tables live on different sources",
                "declare the smaller one a reference table, or read the tables one by one",
            ));
        }
        Ok(nodes)
    }

    /// information_schema and its kin: of the first shard of the session's database, where that shows logical names.
    fn system(&self) -> Result<Vec<Node>> {
        let at = self.at;
        let nodes = at.first_node();
        let renamed = at.any_database().is_some_and(|d| {
            let tables = d.tables.values().flat_map(|t| nodes_of(t));
            let first = nodes.first();
            first.is_some_and(|f| *f.schema != *d.name)
                || tables
                    .into_iter()
                    .any(|n| n.table.is_some() && first.is_some_and(|f| f.source == n.source))
        });
        if renamed {
            return Err(refuse::feature(
                "a server's own tables show schemas and tables by their physical names",
                "use SHOW TABLES, SHOW COLUMNS, SHOW INDEX and SHOW CREATE TABLE",
            ));
        }
        Ok(nodes)
    }
}
