//! Expressions: precedence climbing with MySQL's operator precedence (manual, "Operator Precedence").

use super::facts::{Aggregate, ColumnRef, Expr, ExprKind, Operand, Predicate, Query};
use super::lex::{Kind, Op};
use super::literal::{self, LiteralKind, decode, identifier, negate};
use super::normalise::temporal;
use super::parse::{Parser, Read, Scope};
use super::{facts, predicates, words};
use crate::base::Value;

/// What an expression is, as far as conditions and lists need to know.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Column(ColumnRef),
    Operand(Operand),
    /// TRUE, FALSE: an operand, but no position in ORDER BY.
    Bool(bool),
    Row(Vec<Node>),
    Condition(Predicate),
    Aggregate(Aggregate),
    Default,
    Other,
}

impl Node {
    /// As a value known at planning or execution.
    pub(super) fn operand(self) -> Option<Operand> {
        match self {
            Node::Operand(operand) => Some(operand),
            Node::Bool(yes) => Some(Operand::Const(Value::Int(i64::from(yes)))),
            _ => None,
        }
    }

    fn kind(&self) -> ExprKind {
        match self {
            Node::Column(column) => ExprKind::Column(column.clone()),
            Node::Operand(operand) => ExprKind::Operand(operand.clone()),
            Node::Bool(yes) => ExprKind::Operand(Operand::Const(Value::Int(i64::from(*yes)))),
            Node::Aggregate(aggregate) => ExprKind::Aggregate(aggregate.clone()),
            Node::Default => ExprKind::Default,
            Node::Row(_) | Node::Condition(_) | Node::Other => ExprKind::Other,
        }
    }
}

/// Binding powers.
const OR: u8 = 1;
const XOR: u8 = 2;
pub(super) const AND: u8 = 3;
pub(super) const NOT: u8 = 4;
const COMPARE: u8 = 5;
const PREDICATE: u8 = 6;
pub(super) const BIT_EXPR: u8 = 7;
const CONCAT: u8 = 13;
const UNARY: u8 = 14;
const COLLATE: u8 = 15;

impl Parser<'_> {
    /// Reads an expression of its own: with its span and what it refers to.
    pub(super) fn expr(&mut self) -> Read<Expr> {
        self.expr_and_node().map(|(expr, _)| expr)
    }

    /// An item of ORDER BY or GROUP BY: only a number is a position.
    pub(super) fn by_expr(&mut self) -> Read<Expr> {
        let (mut expr, node) = self.expr_and_node()?;
        if matches!(node, Node::Bool(_)) {
            expr.kind = ExprKind::Other;
        }
        Ok(expr)
    }

    fn expr_and_node(&mut self) -> Read<(Expr, Node)> {
        self.expr_from(0)
    }

    /// Reads an expression of its own whose operators bind at least as strongly as `min`.
    pub(super) fn expr_from(&mut self, min: u8) -> Read<(Expr, Node)> {
        let first = self.pos;
        self.scopes.push(Scope::default());
        let node = self.climb(min);
        let scope = self.scopes.pop().unwrap_or_default();
        let node = node?;
        Ok((Expr::of(scope, self.since(first), node.kind()), node))
    }

    /// Reads operators that bind at least as strongly as `min`.
    pub(super) fn climb(&mut self, min: u8) -> Read<Node> {
        self.nested(|p| {
            let left = p.prefix()?;
            p.climb_on(left, min)
        })
    }

    /// The same behind a first operand.
    pub(super) fn climb_on(&mut self, mut left: Node, min: u8) -> Read<Node> {
        loop {
            let power = self.infix_power();
            if power == 0 || power < min {
                return Ok(left);
            }
            left = self.infix(left, power)?;
        }
    }

    /// How strongly the operator at the cursor binds; 0 if there is none.
    pub(super) fn infix_power(&self) -> u8 {
        match self.kind() {
            Kind::Op(op) => match op {
                Op::Pipes => {
                    if self.mode.pipes_as_concat {
                        CONCAT
                    } else {
                        OR
                    }
                }
                Op::AndAnd => AND,
                Op::Eq | Op::NullSafeEq | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Ne => COMPARE,
                Op::BitOr => BIT_EXPR,
                Op::BitAnd => 8,
                Op::Shl | Op::Shr => 9,
                Op::Plus | Op::Minus => 10,
                Op::Star | Op::Slash | Op::Percent => 11,
                Op::BitXor => 12,
                Op::Arrow | Op::LongArrow => COLLATE + 1,
                _ => 0,
            },
            Kind::Word => self.word_power(),
            _ => 0,
        }
    }

    fn word_power(&self) -> u8 {
        match self.word(0).len() {
            2 if self.is("OR") => OR,
            2 if self.is("IS") => COMPARE,
            2 if self.is("IN") => PREDICATE,
            3 if self.is("AND") => AND,
            3 if self.is("XOR") => XOR,
            3 if self.is_any(&["DIV", "MOD"]) => 11,
            3 if self.is("NOT")
                && ["IN", "LIKE", "BETWEEN", "REGEXP", "RLIKE"].iter().any(|w| self.at(1, w)) =>
            {
                PREDICATE
            }
            4 if self.is("LIKE") => PREDICATE,
            5 if self.is("RLIKE") => PREDICATE,
            6 if self.is("REGEXP") || self.is_run(&["SOUNDS", "LIKE"]) || self.is_run(&["MEMBER", "OF"]) => {
                PREDICATE
            }
            7 if self.is("BETWEEN") => PREDICATE,
            7 if self.is("COLLATE") => COLLATE,
            _ => 0,
        }
    }

    fn infix(&mut self, left: Node, power: u8) -> Read<Node> {
        match power {
            OR => {
                self.step();
                let right = self.climb(XOR)?;
                Ok(Node::Condition(predicates::or(left, right)))
            }
            AND => {
                self.step();
                let right = self.climb(NOT)?;
                Ok(Node::Condition(predicates::and(left, right)))
            }
            COMPARE => self.comparison(left),
            PREDICATE => self.predicate(left),
            COLLATE => {
                self.step();
                if !self.eat_kind(Kind::Str) {
                    self.any_name()?;
                }
                Ok(Node::Other)
            }
            power => {
                self.step();
                self.climb(power + 1)?;
                Ok(Node::Other)
            }
        }
    }

    /// `= < > …`, and IS.
    fn comparison(&mut self, left: Node) -> Read<Node> {
        if self.eat("IS") {
            let not = self.eat("NOT");
            if self.eat("NULL") {
                return Ok(match left {
                    Node::Column(column) if !not => Node::Condition(Predicate::IsNull(column)),
                    _ => Node::Other,
                });
            }
            if !self.eat_any(&["TRUE", "FALSE", "UNKNOWN"]) {
                return Err(self.unexpected("NULL, TRUE, FALSE or UNKNOWN"));
            }
            return Ok(Node::Other);
        }
        let op = match self.kind() {
            Kind::Op(op) => predicates::comparison(op),
            _ => None,
        };
        self.step();
        if self.is_any(&["ALL", "ANY", "SOME"])
            && self.tok(1).kind == Kind::Open
            && self.opens_query(self.pos + 1)
        {
            self.step();
            self.subquery()?;
            return Ok(Node::Other);
        }
        let right = self.climb(PREDICATE)?;
        Ok(Node::Condition(match op {
            Some(op) => predicates::compare(left, op, right),
            None => Predicate::Other,
        }))
    }

    /// IN, BETWEEN, LIKE, REGEXP, SOUNDS LIKE, MEMBER OF.
    fn predicate(&mut self, left: Node) -> Read<Node> {
        let not = self.eat("NOT");
        let found = if self.eat("IN") {
            self.in_list(left)?
        } else if self.eat("BETWEEN") {
            let low = self.climb(BIT_EXPR)?;
            self.expect("AND")?;
            let high = self.climb(PREDICATE)?;
            predicates::between(left, low, high)
        } else if self.eat("LIKE") {
            self.climb(BIT_EXPR)?;
            if self.eat("ESCAPE") {
                self.climb(BIT_EXPR)?;
            }
            Predicate::Other
        } else if self.eat_run(&["SOUNDS", "LIKE"]) || self.eat_any(&["REGEXP", "RLIKE"]) {
            self.climb(BIT_EXPR)?;
            Predicate::Other
        } else {
            self.pos += 2; // MEMBER OF
            self.open()?;
            self.climb(0)?;
            self.close()?;
            Predicate::Other
        };
        Ok(Node::Condition(if not { Predicate::Other } else { found }))
    }

    fn in_list(&mut self, left: Node) -> Read<Predicate> {
        if self.kind() != Kind::Open {
            return Err(self.unexpected("`(`"));
        }
        if self.opens_query(self.pos) {
            self.subquery()?;
            return Ok(Predicate::Other);
        }
        self.open()?;
        let list = self.list(|p| p.climb(0))?;
        self.close()?;
        Ok(predicates::within(left, list))
    }

    /// Prefix operators, then a primary.
    fn prefix(&mut self) -> Read<Node> {
        match self.kind() {
            Kind::Op(Op::Minus) => {
                self.step();
                Ok(match self.climb(UNARY)? {
                    Node::Operand(Operand::Param(i)) => Node::Operand(Operand::NegParam(i)),
                    Node::Operand(Operand::Const(value)) if value != Value::Null => match negate(&value) {
                        Some(value) => Node::Operand(Operand::Const(value)),
                        None => Node::Other,
                    },
                    _ => Node::Other,
                })
            }
            Kind::Op(Op::Plus) => {
                self.step();
                Ok(match self.climb(UNARY)? {
                    node @ Node::Operand(_) => node,
                    _ => Node::Other,
                })
            }
            Kind::Op(Op::Tilde | Op::Bang) => {
                self.step();
                self.climb(UNARY)?;
                Ok(Node::Other)
            }
            Kind::Word if self.is("NOT") => {
                self.step();
                self.climb(COMPARE)?;
                Ok(Node::Other)
            }
            Kind::Word if self.is("BINARY") && self.tok(1).kind != Kind::Dot => {
                self.step();
                self.climb(UNARY)?;
                Ok(Node::Other)
            }
            _ => self.primary(),
        }
    }

    fn primary(&mut self) -> Read<Node> {
        let kind = match self.kind() {
            Kind::Int => LiteralKind::Int,
            Kind::Decimal => LiteralKind::Decimal,
            Kind::Float => LiteralKind::Float,
            Kind::Str | Kind::NationalStr => LiteralKind::Str,
            Kind::Hex => LiteralKind::Hex,
            Kind::Bit => LiteralKind::Bit,
            Kind::Param => {
                let i = self.tok(0).link as u16;
                self.step();
                return Ok(Node::Operand(Operand::Param(i)));
            }
            Kind::Word => return self.word_primary(),
            Kind::Quoted => return self.column_or_call(),
            Kind::Open => return self.parens(),
            Kind::UserVar => {
                self.step();
                if self.eat_kind(Kind::Op(Op::Assign)) {
                    self.climb(0)?;
                }
                return Ok(Node::Other);
            }
            Kind::SysVar => {
                self.step();
                return Ok(Node::Other);
            }
            Kind::Op(Op::BraceOpen) => {
                self.step();
                self.any_name()?;
                self.climb(0)?;
                self.expect_kind(Kind::Op(Op::BraceClose), "`}`")?;
                return Ok(Node::Other);
            }
            _ => return Err(self.unexpected("an expression")),
        };
        let value = decode(self.bytes(self.pos), kind, self.mode);
        self.step();
        Ok(Node::Operand(Operand::Const(value)))
    }

    /// `(subquery)`, `(expr)`, `(expr, expr)`.
    fn parens(&mut self) -> Read<Node> {
        if self.opens_query(self.pos) {
            self.subquery()?;
            return Ok(Node::Other);
        }
        self.open()?;
        let node = self.climb(0)?;
        if self.kind() != Kind::Comma {
            self.close()?;
            return Ok(node);
        }
        let mut row = vec![node];
        while self.eat_kind(Kind::Comma) {
            row.push(self.climb(0)?);
        }
        self.close()?;
        Ok(Node::Row(row))
    }

    fn word_primary(&mut self) -> Read<Node> {
        let word = self.word(0);
        let next = self.tok(1).kind;
        if word.first() == Some(&b'_') && matches!(next, Kind::Str | Kind::Hex | Kind::Bit) {
            return Ok(self.introduced());
        }
        if next == Kind::Str && words::is_temporal(word) {
            return Ok(self.temporal());
        }
        if next == Kind::Open && !self.is("EXISTS") && !self.is("ROW") && !self.is("CASE") {
            return self.column_or_call();
        }
        if !words::is_reserved(word) {
            return self.bare_word();
        }
        let upper = self.upper();
        match upper.as_str() {
            "NULL" => {
                self.step();
                Ok(Node::Operand(Operand::Const(Value::Null)))
            }
            "TRUE" | "FALSE" => {
                self.step();
                Ok(Node::Bool(upper == "TRUE"))
            }
            "DEFAULT" => {
                self.step();
                Ok(Node::Default)
            }
            "CASE" => self.case(),
            "EXISTS" => {
                self.step();
                self.subquery()?;
                Ok(Node::Other)
            }
            "INTERVAL" => self.interval(),
            "MATCH" => self.match_against(),
            "CURRENT_USER" => {
                let at = self.pos;
                self.step();
                self.note_function(&upper, at, false, Vec::new());
                Ok(Node::Other)
            }
            "CURRENT_DATE" | "CURRENT_TIME" | "CURRENT_TIMESTAMP" | "LOCALTIME" | "LOCALTIMESTAMP"
            | "UTC_DATE" | "UTC_TIME" | "UTC_TIMESTAMP" => {
                self.step();
                Ok(Node::Other)
            }
            _ => Err(self.unexpected("an expression")),
        }
    }

    /// A word that is no reserved one: a column, or one of a few forms that start with such words.
    fn bare_word(&mut self) -> Read<Node> {
        if self.is("ROW") && self.tok(1).kind == Kind::Open {
            self.step();
            self.open()?;
            let row = self.list(|p| p.climb(0))?;
            self.close()?;
            return Ok(Node::Row(row));
        }
        if self.is_any(&["NEXT", "PREVIOUS"]) && self.at(1, "VALUE") && self.at(2, "FOR") {
            let at = self.pos;
            let name = if self.is("NEXT") { "NEXTVAL" } else { "LASTVAL" };
            self.pos += 3;
            self.table()?;
            self.note_function(name, at, true, Vec::new());
            return Ok(Node::Other);
        }
        self.column_or_call()
    }

    /// `_charset'…'`: a value where the character set is known to be the bytes' own.
    fn introduced(&mut self) -> Node {
        let kind = words::introducer(self.word(0));
        let is_string = self.tok(1).kind == Kind::Str;
        self.pos += 1;
        let bytes = self.bytes(self.pos);
        self.step();
        match kind {
            Some(kind) if is_string => Node::Operand(Operand::Const(decode(bytes, kind, self.mode))),
            _ => Node::Other,
        }
    }

    /// `DATE '…'`.
    fn temporal(&mut self) -> Node {
        let word = self.word(0);
        self.pos += 1;
        let bytes = self.bytes(self.pos);
        self.step();
        match temporal(word, &literal::string(bytes, self.mode)) {
            Some(kind) => Node::Operand(Operand::Const(decode(bytes, kind, self.mode))),
            None => Node::Other,
        }
    }

    fn case(&mut self) -> Read<Node> {
        self.step();
        if !self.is("WHEN") {
            self.climb(0)?;
        }
        self.expect("WHEN")?;
        loop {
            self.climb(0)?;
            self.expect("THEN")?;
            self.climb(0)?;
            if !self.eat("WHEN") {
                break;
            }
        }
        if self.eat("ELSE") {
            self.climb(0)?;
        }
        self.expect("END")?;
        Ok(Node::Other)
    }

    /// `INTERVAL expr unit` (the function INTERVAL is read as a call).
    pub(super) fn interval(&mut self) -> Read<Node> {
        self.expect("INTERVAL")?;
        self.climb(0)?;
        if !words::is_unit(self.word(0)) {
            return Err(self.unexpected("a unit of time"));
        }
        self.step();
        Ok(Node::Other)
    }

    /// A column, or a call of a function by its (possibly qualified) name.
    fn column_or_call(&mut self) -> Read<Node> {
        let first = self.pos;
        if self.tok(1).kind == Kind::Open {
            return self.call(first);
        }
        if self.tok(1).kind == Kind::Dot && self.tok(3).kind == Kind::Open {
            self.name()?;
            self.step();
            return self.call(first);
        }
        let column = self.column()?;
        Ok(Node::Column(column))
    }

    /// Takes `[[db.]table.]column` and notes it.
    pub(super) fn column(&mut self) -> Read<ColumnRef> {
        let mut parts = vec![self.name()?];
        while parts.len() < 3 && self.kind() == Kind::Dot {
            self.step();
            parts.push(self.any_name()?);
        }
        let Some(name) = parts.pop() else { return Err(self.unexpected("a column")) };
        let table = parts.pop();
        let column = ColumnRef { schema: parts.pop(), table, name };
        self.note_column(&column);
        Ok(column)
    }

    pub(super) fn note_column(&mut self, column: &ColumnRef) {
        if column.table.is_some() {
            self.qualified.push(column.clone());
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.columns.push(column.clone());
        }
    }

    /// Takes `(query)` and notes it as a subquery of the expression.
    pub(super) fn subquery(&mut self) -> Read<()> {
        let query = self.parenthesised_query()?;
        if let Some(scope) = self.scopes.last_mut() {
            scope.subqueries.push(query);
        }
        Ok(())
    }

    /// Takes `(query)`.
    pub(super) fn parenthesised_query(&mut self) -> Read<Query> {
        self.nested(|p| {
            p.open()?;
            let query = p.query()?;
            p.close()?;
            Ok(query)
        })
    }

    /// A plain name as text, whatever its quotes.
    pub(super) fn text_of(&self, i: usize) -> String {
        identifier(self.bytes(i))
    }

    /// Notes a call of a function that upper rooms act on.
    pub(super) fn note_function(
        &mut self,
        upper: &str,
        first: usize,
        args: bool,
        operands: Vec<Option<Operand>>,
    ) {
        if words::is_session_function(upper) {
            let span = self.since(first);
            self.functions.push(facts::FunctionUse { name: upper.to_owned(), span, args, operands });
        }
    }
}
