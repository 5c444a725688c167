//! Conditions as far as routing can use them: what [`super::expr`] has read → [`Predicate`]. Everything here is
//! positive and under AND/OR only (NOT gives `Other`), so that "may not be true" can stand for "NULL or false".

use super::expr::Node;
use super::facts::{ColumnRef, Compare, Operand, Predicate};
use super::lex::Op;
use crate::base::Value;

/// A node as a condition.
pub(super) fn condition(node: Node) -> Predicate {
    match node {
        Node::Condition(predicate) => predicate,
        Node::Bool(false) | Node::Operand(Operand::Const(Value::Null | Value::Int(0))) => Predicate::Never,
        _ => Predicate::Other,
    }
}

/// `left AND right`, flat.
pub(super) fn and(left: Node, right: Node) -> Predicate {
    let mut all = match condition(left) {
        Predicate::And(all) => all,
        one => vec![one],
    };
    match condition(right) {
        Predicate::And(more) => all.extend(more),
        one => all.push(one),
    }
    Predicate::And(all)
}

/// `left OR right`, flat.
pub(super) fn or(left: Node, right: Node) -> Predicate {
    let mut any = match condition(left) {
        Predicate::Or(any) => any,
        one => vec![one],
    };
    match condition(right) {
        Predicate::Or(more) => any.extend(more),
        one => any.push(one),
    }
    Predicate::Or(any)
}

/// The routing meaning of a comparison operator; `None` for `<>`.
pub(super) fn comparison(op: Op) -> Option<Compare> {
    Some(match op {
        Op::Eq => Compare::Eq,
        Op::NullSafeEq => Compare::NullSafeEq,
        Op::Lt => Compare::Lt,
        Op::Le => Compare::Le,
        Op::Gt => Compare::Gt,
        Op::Ge => Compare::Ge,
        _ => return None,
    })
}

fn turned(op: Compare) -> Compare {
    match op {
        Compare::Lt => Compare::Gt,
        Compare::Le => Compare::Ge,
        Compare::Gt => Compare::Lt,
        Compare::Ge => Compare::Le,
        same => same,
    }
}

/// `left op right`.
pub(super) fn compare(left: Node, op: Compare, right: Node) -> Predicate {
    match (left, right) {
        (Node::Row(left), Node::Row(right)) if op == Compare::Eq && left.len() == right.len() => {
            let pairs = left.into_iter().zip(right);
            Predicate::And(pairs.map(|(l, r)| compare(l, Compare::Eq, r)).collect())
        }
        (Node::Column(left), Node::Column(right)) if op == Compare::Eq => Predicate::Same(left, right),
        (Node::Column(column), node) => match node.operand() {
            Some(value) => column_compare(column, op, value),
            None => Predicate::Other,
        },
        (node, Node::Column(column)) => match node.operand() {
            Some(value) => column_compare(column, turned(op), value),
            None => Predicate::Other,
        },
        _ => Predicate::Other,
    }
}

fn is_null(value: &Operand) -> bool {
    matches!(value, Operand::Const(Value::Null))
}

fn column_compare(column: ColumnRef, op: Compare, value: Operand) -> Predicate {
    match (op, is_null(&value)) {
        (Compare::NullSafeEq, true) => Predicate::IsNull(column),
        (_, true) => Predicate::Never,
        _ => Predicate::Compare(column, op, value),
    }
}

/// `left BETWEEN low AND high`.
pub(super) fn between(left: Node, low: Node, high: Node) -> Predicate {
    match (left, low.operand(), high.operand()) {
        (Node::Column(_), Some(low), Some(high)) if is_null(&low) || is_null(&high) => Predicate::Never,
        (Node::Column(column), Some(low), Some(high)) => Predicate::Between(column, low, high),
        _ => Predicate::Other,
    }
}

/// `left IN (list)`. Columns of a tuple each get an In of their own; other places of the tuple say nothing.
pub(super) fn within(left: Node, list: Vec<Node>) -> Predicate {
    match left {
        Node::Column(column) => column_in(column, list),
        Node::Row(left) => {
            let width = left.len();
            let mut places: Vec<Vec<Node>> = (0..width).map(|_| Vec::with_capacity(list.len())).collect();
            for row in list {
                let Node::Row(cells) = row else { return Predicate::Other };
                if cells.len() != width {
                    return Predicate::Other;
                }
                for (place, cell) in places.iter_mut().zip(cells) {
                    place.push(cell);
                }
            }
            let pairs = left.into_iter().zip(places);
            Predicate::And(pairs.map(|(place, values)| within_one(place, values)).collect())
        }
        _ => Predicate::Other,
    }
}

fn within_one(place: Node, values: Vec<Node>) -> Predicate {
    match place {
        Node::Column(column) => column_in(column, values),
        _ => Predicate::Other,
    }
}

/// A NULL in the list never makes IN true, so it falls out.
fn column_in(column: ColumnRef, list: Vec<Node>) -> Predicate {
    let mut values = Vec::with_capacity(list.len());
    for node in list {
        match node.operand() {
            Some(value) if is_null(&value) => {}
            Some(value) => values.push(value),
            None => return Predicate::Other,
        }
    }
    if values.is_empty() { Predicate::Never } else { Predicate::In(column, values) }
}
