//! Routing + values → the places that have to be asked.

use std::sync::Arc;

use super::bind::{Binder, Target, lost, nowhere};
use super::ir::{Act, Read, Route, Routing, Write};
use super::refuse;
use super::render::Frame;
use super::route::{self, NodeSet};
use crate::base::Result;
use crate::base::ids::NodeId;
use crate::topology::{Layout, Node, Sharded};

/// Places that have to be asked. One is the common case, and costs no list.
pub(super) enum Places<'p> {
    One(Target<'p>),
    Many(Vec<Target<'p>>),
}

impl<'p> Places<'p> {
    pub(super) fn as_slice(&self) -> &[Target<'p>] {
        match self {
            Places::One(target) => std::slice::from_ref(target),
            Places::Many(targets) => targets,
        }
    }
}

impl<'p> Binder<'p> {
    /// The first place that a routing knows.
    pub(super) fn first_target(&self, routing: &'p Routing) -> Result<Target<'p>> {
        match routing {
            Routing::Any(nodes) | Routing::Every(nodes) => {
                let i = self.preferred(nodes);
                Ok(Self::plain(nodes.get(i).ok_or_else(nowhere)?, i))
            }
            Routing::Sharded { leads, aligned: true } => {
                let lead = leads.first().and_then(|(t, _)| self.sharded(*t)).ok_or_else(lost)?;
                Self::aligned(lead, NodeId(self.preferred(&lead.nodes) as u16))
            }
            Routing::Sharded { leads, aligned: false } => {
                let lead = leads.first().map(|(t, _)| *t).ok_or_else(lost)?;
                let first =
                    |t: usize| self.plan.tables.get(t).map_or(&[][..], |u| super::names::nodes_of(&u.table));
                let home = first(lead).first().ok_or_else(lost)?;
                let own = leads
                    .iter()
                    .filter_map(|(t, _)| Some((*t, first(*t).iter().find(|n| n.source == home.source)?)))
                    .collect();
                Ok(Target { frame: Frame { node: home, index: None, own }, id: NodeId(0) })
            }
        }
    }

    /// The node to take where any will do.
    pub(super) fn preferred(&self, nodes: &[Node]) -> usize {
        self.setting.prefer.and_then(|p| nodes.iter().position(|n| n.source == p)).unwrap_or(0)
    }

    /// The places of a statement: one, or all that have to be asked.
    pub(super) fn targets(&self, routing: &'p Routing) -> Result<Places<'p>> {
        match routing {
            Routing::Any(nodes) => {
                let preferred = self.setting.prefer.and_then(|p| nodes.iter().position(|n| n.source == p));
                let turn = preferred.or_else(|| self.setting.spread.checked_rem(nodes.len()));
                let node = turn.and_then(|i| nodes.get(i)).ok_or_else(nowhere)?;
                Ok(Places::One(Self::plain(node, turn.unwrap_or(0))))
            }
            Routing::Every(nodes) => {
                Ok(Places::Many(nodes.iter().enumerate().map(|(i, n)| Self::plain(n, i)).collect()))
            }
            Routing::Sharded { leads, aligned: true } => self.aligned_targets(leads),
            Routing::Sharded { leads, aligned: false } => self.apart(leads),
        }
    }

    pub(super) fn plain(node: &'p Node, i: usize) -> Target<'p> {
        Target { frame: Frame { node, index: None, own: Vec::new() }, id: NodeId(i as u16) }
    }

    pub(super) fn aligned(sharded: &'p Sharded, id: NodeId) -> Result<Target<'p>> {
        let node = sharded.node(id).ok_or_else(lost)?;
        Ok(Target { frame: Frame { node, index: Some(id), own: Vec::new() }, id })
    }

    pub(super) fn sharded(&self, table: usize) -> Option<&'p Arc<Sharded>> {
        match &self.plan.tables.get(table)?.table.layout {
            Layout::Sharded(sharded) => Some(sharded),
            _ => None,
        }
    }

    /// The nodes of a lead: for a sharded table by its route.
    pub(super) fn nodes<'v>(&'v self, route: &'v Route, sharded: &Sharded) -> NodeSet {
        match route::evaluate(route, &sharded.rule, &|i| self.source.value(i)) {
            NodeSet::All if sharded.nodes.len() == 1 => NodeSet::One(NodeId(0)),
            set => set,
        }
    }

    pub(super) fn aligned_targets(&self, leads: &'p [(usize, Route)]) -> Result<Places<'p>> {
        let mut set = NodeSet::All;
        for (table, route) in leads {
            let sharded = self.sharded(*table).ok_or_else(lost)?;
            set = set.and(self.nodes(route, sharded));
        }
        let lead = leads.first().and_then(|(t, _)| self.sharded(*t)).ok_or_else(lost)?;
        match set {
            NodeSet::One(id) => Ok(Places::One(Self::aligned(lead, id)?)),
            // Nothing can match: any node gives the empty answer with its right columns.
            NodeSet::Empty => {
                Ok(Places::One(Self::aligned(lead, NodeId(self.preferred(&lead.nodes) as u16))?))
            }
            NodeSet::All => {
                let all = (0..lead.nodes.len()).map(|i| Self::aligned(lead, NodeId(i as u16)));
                all.collect::<Result<_>>().map(Places::Many)
            }
            NodeSet::Some(ids) => {
                ids.into_iter().map(|id| Self::aligned(lead, id)).collect::<Result<_>>().map(Places::Many)
            }
        }
    }

    /// Tables whose nodes are found apart: each must come down to one place, all on one source.
    pub(super) fn apart(&self, leads: &'p [(usize, Route)]) -> Result<Places<'p>> {
        let why = || match &self.plan.act {
            Act::Read(Read { many: Err(e), .. }) | Act::Write(Write { many: Err(e), .. }) => e.clone(),
            Act::Copy(copy) if copy.read.many.is_err() => copy.read.many.clone().err().unwrap_or_else(lost),
            _ => refuse::needs_one_node("its tables come to different shards"),
        };
        let mut own: Vec<(usize, &'p Node, NodeId)> = Vec::new();
        let mut free: Vec<usize> = Vec::new();
        for (table, route) in leads {
            let used = self.plan.tables.get(*table).ok_or_else(lost)?;
            match &used.table.layout {
                Layout::Sharded(sharded) => match self.nodes(route, sharded) {
                    NodeSet::One(id) => {
                        let node = sharded.node(id).ok_or_else(lost)?;
                        if own.iter().any(|(t, n, _)| t == table && *n != node) {
                            return Err(why());
                        }
                        own.push((*table, node, id));
                    }
                    NodeSet::Empty => free.push(*table),
                    NodeSet::All | NodeSet::Some(_) => return Err(why()),
                },
                Layout::Single(node) => own.push((*table, node, NodeId(0))),
                Layout::Reference(_) => free.push(*table),
            }
        }
        let home = if let Some((_, node, _)) = own.first() {
            node.source
        } else {
            let first = leads.first().and_then(|(t, _)| self.sharded(*t)).ok_or_else(lost)?;
            first.nodes.first().ok_or_else(lost)?.source
        };
        if own.iter().any(|(_, n, _)| n.source != home) {
            return Err(why());
        }
        for table in free {
            if own.iter().any(|(t, ..)| *t == table) {
                continue;
            }
            let nodes = self.plan.tables.get(table).map_or(&[][..], |t| super::names::nodes_of(&t.table));
            let (i, node) = nodes.iter().enumerate().find(|(_, n)| n.source == home).ok_or_else(why)?;
            own.push((table, node, NodeId(i as u16)));
        }
        // The first lead's place is the job's, as it was when the text was decided.
        let lead = leads.first().map_or(0, |l| l.0);
        let (_, node, id) = *own.iter().find(|(t, ..)| *t == lead).ok_or_else(lost)?;
        let own = own.into_iter().map(|(t, n, _)| (t, n)).collect();
        Ok(Places::One(Target { frame: Frame { node, index: None, own }, id }))
    }
}
