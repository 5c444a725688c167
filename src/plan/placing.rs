//! Stages each of whose rows is on one node only: that of the rows that it is joined with.
//!
//! To the planner such a stage is a table that is sharded like those that stay where they are, by the column that is
//! equal to their key. So what may run on each node alone is decided by the very proofs that hold for sharded tables, and
//! all that is to be shown here is that the stage keeps the promises of one: a row is where the rule finds its column's
//! value, and values of the column are equal to keys as keys are among themselves.

use std::sync::Arc;

use super::scope::Col;
use super::stage_spec::{Placing, Stage};
use super::staged::Staging;
use crate::sharding::KeyType;
use crate::topology::schema::Column;
use crate::topology::{Node, Sharded};

impl Staging<'_> {
    /// How the rows of a staged table may be placed beside the kept tables; `None`: they are needed everywhere.
    pub(super) fn placing(&self, i: usize, kept: &[usize], stage: &Stage) -> Option<Placing> {
        let leaves: Vec<usize> = self.leaves_of(i);
        let keys: Vec<(Col, &Arc<Sharded>)> = kept
            .iter()
            .flat_map(|table| self.leaves_of(*table))
            .filter_map(|leaf| Some((self.scopes.key(leaf)?, self.scopes.sharded(leaf)?)))
            .collect();
        let mut columns = stage.columns.as_deref().unwrap_or_default().iter().enumerate();
        columns.find_map(|(n, column)| self.placing_by(n, &column.name, &leaves, &keys, stage))
    }

    fn leaves_of(&self, table: usize) -> Vec<usize> {
        self.table_leaves().filter(|(t, _)| *t == table).map(|(_, leaf)| leaf).collect()
    }

    /// The n-th column as what rows are placed by.
    fn placing_by(
        &self,
        n: usize,
        name: &str,
        leaves: &[usize],
        keys: &[(Col, &Arc<Sharded>)],
        stage: &Stage,
    ) -> Option<Placing> {
        let scopes = &self.scopes;
        let own = |leaf: &usize| Col { leaf: *leaf, name: name.to_lowercase() };
        let column = scopes.definition(&own(leaves.first()?))?;
        let context = |leaf: usize| scopes.leaves.get(leaf).map(|leaf| leaf.ctx);
        let equal =
            |under: usize, a: &Col, b: &Col| scopes.class(context(under)?, a).contains(b).then_some(());
        // Equal in rows that matter on either side: the other's may be there without it.
        let (key, sharded) = keys.iter().find(|(key, _)| {
            let meets = |leaf: &usize| {
                equal(*leaf, &own(leaf), key).or_else(|| equal(key.leaf, key, &own(leaf))).is_some()
            };
            leaves.iter().any(meets)
        })?;
        // Without the key's definition it is not known what is equal to it.
        scopes.definition(key).filter(|key| is_key(sharded.rule.key(), key))?;
        if !is_key(sharded.rule.key(), column) {
            return None;
        }
        // Wherever it is read, a row is of use only where it is equal to some kept row's key.
        let bound = |leaf: &usize| keys.iter().any(|(key, _)| equal(*leaf, &own(leaf), key).is_some());
        let needs_key = leaves.iter().all(bound);
        if !needs_key && column.nullable && sharded.rule.null_part().is_none() {
            return None;
        }
        let named = |(n, node): (usize, &Node)| {
            // Several nodes may lie in one schema.
            Node { table: Some(format!("{}_{n}", stage.name).into()), ..node.clone() }
        };
        let spread = Sharded {
            key: name.into(),
            group: Arc::clone(&sharded.group),
            rule: Arc::clone(&sharded.rule),
            nodes: sharded.nodes.iter().enumerate().map(named).collect(),
        };
        Some(Placing { column: n, spread: Arc::new(spread), needs_key })
    }
}

/// Whether a column's values are keys of this type, equal as the rule holds keys equal: columns of one type, and for
/// strings of one collation, under which no two different strings have different places.
fn is_key(key: KeyType, column: &Column) -> bool {
    let kind = column.data_type.as_str();
    match key {
        KeyType::Integer => matches!(kind, "tinyint" | "smallint" | "mediumint" | "int" | "bigint"),
        KeyType::Decimal { .. } => kind == "decimal",
        KeyType::Date => kind == "date",
        KeyType::Datetime => kind == "datetime",
        KeyType::String(charset) => {
            column.charset.as_deref() == Some(charset.name())
                && column.collation.as_deref().is_some_and(|name| name.ends_with("_bin"))
        }
        KeyType::Binary => kind.ends_with("binary") || kind.ends_with("blob"),
    }
}
