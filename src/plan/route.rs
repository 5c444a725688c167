//! Routes: what a sharding key must satisfy, made simple when planned, and evaluated to nodes when bound.

use std::borrow::Cow;

use super::ir::Route;
use crate::base::Value;
use crate::base::ids::NodeId;
use crate::sharding::{Gene, Place, Rule};
use crate::sql::facts::Operand;

/// All of them, simplified: `All` dropped, one lower and one upper bound made one range.
pub(super) fn and(routes: impl IntoIterator<Item = Route>) -> Route {
    let mut parts: Vec<Route> = Vec::new();
    for route in routes {
        match route {
            Route::All => {}
            Route::None => return Route::None,
            Route::And(inner) => inner.into_iter().for_each(|r| add(&mut parts, r)),
            other => add(&mut parts, other),
        }
    }
    match parts.len() {
        0 => Route::All,
        1 => parts.swap_remove(0),
        _ => Route::And(parts),
    }
}

/// A condition is held against so many of those before it: one more that says the same does no harm.
const MET: usize = 32;

fn add(parts: &mut Vec<Route>, route: Route) {
    if parts.iter().take(MET).any(|part| *part == route) {
        return;
    }
    if let Route::Range { low, high } = &route {
        for part in parts.iter_mut().take(MET) {
            if let Route::Range { low: l, high: h } = part {
                if l.is_none() && high.is_none() {
                    l.clone_from(low);
                    return;
                }
                if h.is_none() && low.is_none() {
                    h.clone_from(high);
                    return;
                }
            }
        }
    }
    parts.push(route);
}

/// One of them, simplified.
pub(super) fn or(routes: impl IntoIterator<Item = Route>) -> Route {
    let mut parts: Vec<Route> = Vec::new();
    for route in routes {
        match route {
            Route::All => return Route::All,
            Route::None => {}
            Route::Or(inner) => parts.extend(inner),
            other => parts.push(other),
        }
    }
    match parts.len() {
        0 => Route::None,
        1 => parts.swap_remove(0),
        _ => Route::Or(parts),
    }
}

/// A set of nodes. `Some` is ascending, without doubles, and has neither none nor one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeSet {
    /// Every node.
    All,
    /// No node.
    Empty,
    /// One node.
    One(NodeId),
    /// These.
    Some(Vec<NodeId>),
}

impl NodeSet {
    fn of(mut nodes: Vec<NodeId>, rule: &Rule) -> Self {
        nodes.sort_unstable();
        nodes.dedup();
        match nodes.as_slice() {
            [] => NodeSet::Empty,
            [one] => NodeSet::One(*one),
            many if many.len() >= usize::from(rule.node_count()) => NodeSet::All,
            _ => NodeSet::Some(nodes),
        }
    }

    fn from_place(place: Place) -> Self {
        match place {
            Place::One(node) => NodeSet::One(node),
            Place::Nowhere => NodeSet::Empty,
            Place::Unknown => NodeSet::All,
        }
    }

    /// Whether the node is in it.
    pub fn contains(&self, node: NodeId) -> bool {
        match self {
            NodeSet::All => true,
            NodeSet::Empty => false,
            NodeSet::One(one) => *one == node,
            NodeSet::Some(nodes) => nodes.binary_search(&node).is_ok(),
        }
    }

    /// Nodes in both.
    #[must_use]
    pub fn and(self, other: NodeSet) -> NodeSet {
        match (self, other) {
            (NodeSet::All, x) | (x, NodeSet::All) => x,
            (NodeSet::Empty, _) | (_, NodeSet::Empty) => NodeSet::Empty,
            (NodeSet::One(n), x) | (x, NodeSet::One(n)) => {
                if x.contains(n) {
                    NodeSet::One(n)
                } else {
                    NodeSet::Empty
                }
            }
            (NodeSet::Some(a), b @ NodeSet::Some(_)) => {
                let nodes: Vec<NodeId> = a.into_iter().filter(|n| b.contains(*n)).collect();
                match nodes.as_slice() {
                    [] => NodeSet::Empty,
                    [one] => NodeSet::One(*one),
                    _ => NodeSet::Some(nodes),
                }
            }
        }
    }

    /// Nodes in any of them: put in order once, however many sets there are.
    fn union(sets: impl ExactSizeIterator<Item = NodeSet>, rule: &Rule) -> NodeSet {
        let mut nodes = Vec::with_capacity(sets.len());
        for set in sets {
            match set {
                NodeSet::All => return NodeSet::All,
                NodeSet::Empty => {}
                NodeSet::One(node) => nodes.push(node),
                NodeSet::Some(some) => nodes.extend(some),
            }
        }
        NodeSet::of(nodes, rule)
    }
}

/// Looks a value up: the i-th `?` of the shape.
pub(super) type Values<'v> = dyn Fn(u16) -> Cow<'v, Value> + 'v;

/// The value of an operand; `None` where only a server can tell (`-'5abc'`).
pub(super) fn value<'v>(operand: &'v Operand, values: &Values<'v>) -> Option<Cow<'v, Value>> {
    match operand {
        Operand::Const(value) => Some(Cow::Borrowed(value)),
        Operand::Param(i) => Some(values(*i)),
        Operand::NegParam(i) => negated(&values(*i)).map(Cow::Owned),
    }
}

fn negated(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Null => Value::Null,
        Value::Int(i) => i.checked_neg().map_or_else(|| Value::UInt(i.unsigned_abs()), Value::Int),
        Value::UInt(u) if *u == i64::MIN.unsigned_abs() => Value::Int(i64::MIN),
        Value::UInt(u) => {
            i64::try_from(*u).map_or_else(|_| Value::Decimal(format!("-{u}")), |i| Value::Int(-i))
        }
        Value::Decimal(d) => Value::Decimal(match d.strip_prefix('-') {
            Some(positive) => positive.to_owned(),
            None => format!("-{}", d.strip_prefix('+').unwrap_or(d)),
        }),
        Value::Double(f) => Value::Double(-f),
        Value::Str(_) | Value::Bytes(_) | Value::Date(_) | Value::Time(_) => return None,
    })
}

/// The nodes that may hold keys which satisfy the route: never too few.
pub(super) fn evaluate<'v>(route: &'v Route, rule: &Rule, values: &Values<'v>) -> NodeSet {
    let look_up = |operand: &'v Operand, find: fn(&Rule, &Value) -> Place| match value(operand, values) {
        Some(v) if *v == Value::Null => NodeSet::Empty,
        Some(v) => NodeSet::from_place(find(rule, &v)),
        None => NodeSet::All,
    };
    match route {
        Route::All => NodeSet::All,
        Route::None => NodeSet::Empty,
        Route::Eq(operand) => look_up(operand, Rule::find_equal),
        Route::NullSafeEq(operand) => match value(operand, values) {
            Some(v) if *v == Value::Null => NodeSet::from_place(rule.find_null()),
            _ => look_up(operand, Rule::find_equal),
        },
        Route::In(operands) => NodeSet::union(operands.iter().map(|o| look_up(o, Rule::find)), rule),
        Route::Range { low, high } => range(low.as_ref(), high.as_ref(), rule, values),
        Route::IsNull => NodeSet::from_place(rule.find_null()),
        Route::Gene { gene, id, .. } => by_id(id, *gene, rule, values),
        Route::And(parts) => parts.iter().fold(NodeSet::All, |set, r| {
            if set == NodeSet::Empty { set } else { set.and(evaluate(r, rule, values)) }
        }),
        Route::Or(parts) => NodeSet::union(parts.iter().map(|r| evaluate(r, rule, values)), rule),
    }
}

/// The nodes of the slots that ids carry.
fn by_id<'v>(id: &'v Route, gene: Gene, rule: &Rule, values: &Values<'v>) -> NodeSet {
    let look_up = |operand: &'v Operand, find: fn(&Gene, &Rule, &Value) -> Place| match value(operand, values)
    {
        Some(v) => NodeSet::from_place(find(&gene, rule, &v)),
        None => NodeSet::All,
    };
    match id {
        Route::Eq(operand) => look_up(operand, Gene::find_equal),
        Route::NullSafeEq(operand) => match value(operand, values) {
            Some(v) if *v == Value::Null => NodeSet::All,
            _ => look_up(operand, Gene::find_equal),
        },
        Route::In(operands) => NodeSet::union(operands.iter().map(|o| look_up(o, Gene::find)), rule),
        _ => NodeSet::All,
    }
}

fn range<'v>(
    low: Option<&'v (Operand, bool)>,
    high: Option<&'v (Operand, bool)>,
    rule: &Rule,
    values: &Values<'v>,
) -> NodeSet {
    let bound = |side: Option<&'v (Operand, bool)>| -> Option<Option<(Value, bool)>> {
        match side {
            None => Some(None),
            // A bound that only a server can tell does not narrow.
            Some((operand, inclusive)) => match value(operand, values) {
                None => Some(None),
                Some(v) if *v == Value::Null => None,
                Some(v) => Some(Some((v.into_owned(), *inclusive))),
            },
        }
    };
    match (bound(low), bound(high)) {
        (Some(low), Some(high)) => NodeSet::of(
            rule.find_range(low.as_ref().map(|(v, i)| (v, *i)), high.as_ref().map(|(v, i)| (v, *i))),
            rule,
        ),
        // A comparison with NULL is never true.
        _ => NodeSet::Empty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Rule {
        // Key k lies on node k % 4.
        Rule::modulo(4, 4)
    }

    fn nodes(route: &Route, params: &[Value]) -> NodeSet {
        evaluate(route, &rule(), &|i| Cow::Borrowed(&params[i as usize]))
    }

    fn int(i: i64) -> Operand {
        Operand::Const(Value::Int(i))
    }

    #[test]
    fn equality_comes_down_to_one_node() {
        assert_eq!(nodes(&Route::Eq(Operand::Param(0)), &[Value::Int(6)]), NodeSet::One(NodeId(2)));
        assert_eq!(nodes(&Route::Eq(Operand::Param(0)), &[Value::Null]), NodeSet::Empty);
        assert_eq!(nodes(&Route::NullSafeEq(Operand::Param(0)), &[Value::Int(3)]), NodeSet::One(NodeId(3)));
    }

    #[test]
    fn lists_unite_and_nulls_match_nothing() {
        let route = Route::In(vec![int(1), int(5), Operand::Const(Value::Null)]);
        assert_eq!(nodes(&route, &[]), NodeSet::One(NodeId(1)));
        let route = Route::In(vec![int(2), int(1)]);
        assert_eq!(nodes(&route, &[]), NodeSet::Some(vec![NodeId(1), NodeId(2)]));
        assert_eq!(nodes(&Route::In((0..9).map(int).collect()), &[]), NodeSet::All);
    }

    #[test]
    fn contradictions_are_empty() {
        assert_eq!(nodes(&and([Route::Eq(int(1)), Route::Eq(int(2))]), &[]), NodeSet::Empty);
        assert_eq!(and([Route::Eq(int(1)), Route::None]), Route::None);
    }

    #[test]
    fn alternatives_unite_unless_one_says_nothing() {
        let either = or([Route::Eq(int(1)), Route::Eq(int(2))]);
        assert_eq!(nodes(&either, &[]), NodeSet::Some(vec![NodeId(1), NodeId(2)]));
        assert_eq!(or([Route::Eq(int(1)), Route::All]), Route::All);
        assert_eq!(nodes(&and([either, Route::Eq(int(6))]), &[]), NodeSet::One(NodeId(2)));
    }

    #[test]
    fn two_bounds_become_one_range() {
        let low = Route::Range { low: Some((int(1), true)), high: None };
        let high = Route::Range { low: None, high: Some((int(2), false)) };
        let both = Route::Range { low: Some((int(1), true)), high: Some((int(2), false)) };
        assert_eq!(and([low, high]), both);
        let open = Route::Range { low: Some((Operand::Const(Value::Null), true)), high: None };
        assert_eq!(nodes(&open, &[]), NodeSet::Empty);
    }

    #[test]
    fn a_sign_is_applied_to_numbers_and_to_nothing_else() {
        let negative = Route::Eq(Operand::NegParam(0));
        assert_eq!(nodes(&negative, &[Value::Int(0)]), NodeSet::One(NodeId(0)));
        assert_eq!(nodes(&negative, &[Value::Str(b"5".to_vec())]), NodeSet::All);
        let least = i64::MIN.unsigned_abs();
        assert_eq!(negated(&Value::UInt(least)), Some(Value::Int(i64::MIN)));
        assert_eq!(negated(&Value::UInt(least + 1)), Some(Value::Decimal("-9223372036854775809".into())));
    }
}
