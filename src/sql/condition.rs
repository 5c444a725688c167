//! Conditions of WHERE and ON, whole and in the parts that AND joins.

use super::expr::{AND, NOT, Node};
use super::facts::{Expr, ExprKind, Predicate, Span};
use super::parse::{Parser, Read, Scope};
use super::predicates;

impl Parser<'_> {
    /// Reads an expression, also as a condition: with the parts that AND joins.
    pub(super) fn filter(&mut self) -> Read<(Expr, Predicate)> {
        // Only parts without subqueries are kept: nested ones would be kept twice at each level.
        let first = self.pos;
        let (mut whole, mut node) = self.expr_from(NOT)?;
        let mut parts = Vec::new();
        while self.infix_power() == AND {
            if parts.is_empty() {
                parts.push(whole.subqueries.is_empty().then(|| whole.clone()));
            }
            self.step();
            let (part, right) = self.expr_from(NOT)?;
            parts.push(part.subqueries.is_empty().then(|| part.clone()));
            whole.absorb(part);
            node = Node::Condition(predicates::and(node, right));
        }
        if self.infix_power() != 0 {
            // OR: what was read so far is one side of it.
            self.scopes.push(Scope::default());
            let rest = self.climb_on(node, 0);
            let scope = self.scopes.pop().unwrap_or_default();
            node = rest?;
            whole.absorb(Expr::of(scope, self.since(first), ExprKind::Other));
            parts.clear();
        }
        whole.span = self.since(first);
        whole.parts = parts.into_iter().flatten().collect();
        Ok((whole, predicates::condition(node)))
    }
}

impl Expr {
    pub(super) fn of(scope: Scope, span: Span, kind: ExprKind) -> Self {
        let Scope { columns, aggregates, subqueries, window, .. } = scope;
        Self { span, kind, columns, aggregates, subqueries, window, parts: Vec::new() }
    }

    /// Takes in what another part of the same condition refers to.
    fn absorb(&mut self, part: Expr) {
        self.columns.extend(part.columns);
        self.aggregates.extend(part.aggregates);
        self.subqueries.extend(part.subqueries);
        self.window |= part.window;
        self.kind = ExprKind::Other;
    }
}
