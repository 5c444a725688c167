//! Proofs: how the rows of a join are spread when each node runs it alone, and whether groups, subqueries and derived
//! tables are whole on each node. What is not provably right is a reason.

use super::join::{Block, Found, Tree, passes_rows};
use super::names::Ctx;
use super::scope::{Col, Origin, Scopes};
use crate::base::ids::SourceId;
use crate::sql::facts::{Body, Query, Select};
use crate::topology::Sharded;

/// How the rows of a block or join are spread over nodes that each run it alone.
#[derive(Debug, Clone)]
pub(super) enum Spread {
    /// Each node has all of them.
    Everywhere,
    /// Each row is on exactly one node: that of these columns' values.
    Local(Vec<Col>),
    /// A subquery that sees only rows of the outer row's node, and all that it would see anywhere.
    Tied,
}

/// A proof's result: a spread, or why there is none.
pub(super) type Proof = Result<Spread, String>;

/// Whether node i of both tables is the same server's, for the same keys.
pub(super) fn aligned(a: &Sharded, b: &Sharded) -> bool {
    a.aligned_with(b) && a.rule == b.rule
}

impl Scopes<'_> {
    /// Whether a key of the block must be equal to the key of a sharded table of an outer block.
    pub(super) fn tied(&self, ctx: usize, keys: &[Col], mut scope: Option<usize>) -> bool {
        let mut outer: Vec<usize> = Vec::new();
        while let Some(at) = scope.and_then(|s| self.blocks.get(s)) {
            outer.extend(&at.leaves);
            scope = at.parent;
        }
        keys.iter().any(|key| {
            let Some(mine) = self.key_owner(key) else { return false };
            self.class(ctx, key)
                .iter()
                .any(|c| outer.contains(&c.leaf) && self.key_owner(c).is_some_and(|s| aligned(s, mine)))
        })
    }

    /// How a derived table's rows are spread.
    pub(super) fn derived_proof(
        &self,
        query: &Query,
        found: &Found,
        outputs: &[(String, Option<Col>)],
        id: usize,
        rowwise: bool,
    ) -> Proof {
        match found.proof.clone()? {
            Spread::Everywhere if query.limit.is_some() && !self.at.is_block(query) => {
                Err("a derived table with LIMIT may give each shard other rows".into())
            }
            Spread::Everywhere => Ok(Spread::Everywhere),
            Spread::Tied => Err("a derived table that depends on an outer row".into()),
            Spread::Local(_) => {
                let Some(block) = found.block.as_ref().filter(|_| rowwise) else {
                    return Err(
                        "a derived table limits, groups, numbers or unites rows of several shards before they are joined"
                            .into(),
                    );
                };
                if let Body::Select(select) = &query.body
                    && (select.distinct || !select.group_by.is_empty())
                    && !self.groups_locally(select, block)
                    && !self.outputs_key(select, block)
                {
                    return Err("a derived table groups rows of several shards by another column than the sharding key"
                        .into());
                }
                // Not the keys of a null-supplied side: a row of any node may have NULL there.
                let same = self.row_keys(block);
                let keys = outputs
                    .iter()
                    .filter(|(_, c)| c.as_ref().is_some_and(|c| same.contains(c)))
                    .map(|(n, _)| Col { leaf: id, name: n.to_lowercase() })
                    .collect();
                Ok(Spread::Local(keys))
            }
        }
    }

    /// Keys of sharded rows that the block's rows are never without, and columns equal to them.
    fn row_keys(&self, block: &Block) -> Vec<Col> {
        let Ok(Spread::Local(keys)) = &block.proof else { return Vec::new() };
        keys.iter()
            .filter(|k| self.leaves.get(k.leaf).is_some_and(|l| l.ctx == block.ctx))
            .flat_map(|k| self.class(block.ctx, k))
            .filter(|c| self.leaves.get(c.leaf).is_some_and(|l| l.ctx == block.ctx))
            .collect()
    }

    /// Whether every group lies on one node: the sharding key is among the group keys.
    pub(super) fn groups_locally(&self, select: &Select, block: &Block) -> bool {
        let keys = self.row_keys(block);
        !select.rollup
            && select
                .group_by
                .iter()
                .any(|g| self.column_of(g, select, block.scope).is_some_and(|c| keys.contains(&c)))
    }

    /// Whether the sharding key is among the visible columns, so that equal rows lie on one node.
    pub(super) fn outputs_key(&self, select: &Select, block: &Block) -> bool {
        let keys = self.row_keys(block);
        select.group_by.is_empty()
            && self
                .outputs(select, block, true)
                .0
                .iter()
                .any(|(_, c)| c.as_ref().is_some_and(|c| keys.contains(c)))
    }

    /// Whether rows of an INSERT … SELECT may be inserted by each node alone: `col` is the key of its own rows.
    pub(super) fn inserts_in_place(&self, query: &Query, select: &Select, block: &Block, col: &Col) -> bool {
        let grouped = select.distinct || !select.group_by.is_empty();
        passes_rows(query)
            && self.row_keys(block).contains(col)
            && (!grouped || self.groups_locally(select, block) || self.outputs_key(select, block))
    }

    pub(super) fn spread(&self, tree: &Tree) -> Proof {
        match tree {
            Tree::Empty => Ok(Spread::Everywhere),
            Tree::Leaf(id) => self.leaf_spread(*id),
            Tree::Inner(a, b, ctx) => self.joined(self.spread(a)?, self.spread(b)?, *ctx),
            Tree::Outer(a, b, ctx) => match (self.spread(a)?, self.spread(b)?) {
                (Spread::Everywhere, Spread::Local(_)) => Err(
                    "an outer join preserves rows of a table that every shard has, against rows that only some have"
                        .into(),
                ),
                (a, b) => self.joined(a, b, *ctx),
            },
            Tree::Natural(a, b) => match (self.spread(a)?, self.spread(b)?) {
                (Spread::Everywhere, Spread::Everywhere) => Ok(Spread::Everywhere),
                _ => Err("NATURAL JOIN does not say which columns are equal".into()),
            },
        }
    }

    fn leaf_spread(&self, id: usize) -> Proof {
        let Some(leaf) = self.leaves.get(id) else { return Ok(Spread::Everywhere) };
        match &leaf.origin {
            Origin::Opaque => {
                if leaf.name.is_empty() {
                    Ok(Spread::Everywhere)
                } else {
                    Err("a recursive common table expression over rows of several shards".into())
                }
            }
            Origin::Derived { .. } => {
                self.proofs.iter().rfind(|(l, _)| *l == id).map_or(Ok(Spread::Everywhere), |(_, p)| p.clone())
            }
            Origin::Table(i) => match self.key(id) {
                Some(key) => Ok(Spread::Local(vec![key])),
                None if self.at.covers(*i, &sharded_sources(self.at)) => Ok(Spread::Everywhere),
                None => Err("a table that lives on one source is joined with a table on several".into()),
            },
        }
    }

    fn joined(&self, a: Spread, b: Spread, ctx: usize) -> Proof {
        match (a, b) {
            (Spread::Everywhere, x) | (x, Spread::Everywhere) => Ok(x),
            (Spread::Local(a), Spread::Local(b)) => {
                let meets = a.iter().any(|x| {
                    let owner = self.key_owner(x);
                    self.class(ctx, x).iter().any(|c| {
                        b.contains(c)
                            && matches!((owner, self.key_owner(c)), (Some(p), Some(q)) if aligned(p, q))
                    })
                });
                if !meets {
                    return Err("sharded tables are joined otherwise than by their sharding keys".into());
                }
                Ok(Spread::Local(a.into_iter().chain(b).collect()))
            }
            (Spread::Tied, _) | (_, Spread::Tied) => Err("a join with a subquery of an outer row".into()),
        }
    }
}

/// Every source on which a sharded table of the statement has a node.
pub(super) fn sharded_sources(at: &Ctx<'_>) -> Vec<SourceId> {
    let mut out: Vec<SourceId> = Vec::new();
    for i in at.used() {
        for node in at.sharded(i).iter().flat_map(|s| s.nodes.iter()) {
            if !out.contains(&node.source) {
                out.push(node.source);
            }
        }
    }
    out
}
