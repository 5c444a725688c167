//! What queries are made of: expressions, conditions, tables, and the queries themselves.

use crate::base::Value;

/// A piece of the shape: byte offsets, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Whether `inner` lies in it.
    pub fn holds(self, inner: Span) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }

    /// The text it stands for; empty if it does not fit.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// A value that is known when the statement is planned, or that arrives with each execution.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Operand {
    /// Written in the shape itself.
    Const(Value),
    /// The i-th `?` of the shape.
    Param(u16),
    /// `-?`: the i-th `?` with its sign turned.
    NegParam(u16),
}

/// A column as written.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnRef {
    /// `db` of `db.table.column`.
    pub schema: Option<Name>,
    /// `table` of `table.column`: a table's name or an alias.
    pub table: Option<Name>,
    /// The column's name without quotes. Column names compare case-insensitively.
    pub name: Name,
}

impl ColumnRef {
    /// The whole of it.
    pub fn span(&self) -> Span {
        let first = self.schema.as_ref().or(self.table.as_ref()).unwrap_or(&self.name);
        Span { start: first.span.start, end: self.name.span.end }
    }
}

/// An identifier without its quotes, and where it stands with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// The identifier, unquoted and unescaped.
    pub text: String,
    /// Its place in the shape, quotes included.
    pub span: Span,
}

/// A table as written in FROM, INTO, UPDATE, DDL …
#[derive(Debug, Clone, PartialEq)]
pub struct TableName {
    /// `db` of `db.table`.
    pub schema: Option<Name>,
    /// The table. Table names compare case-sensitively.
    pub name: Name,
    /// Its alias.
    pub alias: Option<Name>,
    /// From the first byte of the schema (or name) to the last of the name; the alias is outside.
    pub span: Span,
    /// It is the whole query (`TABLE t`), and takes no alias.
    pub bare: bool,
    /// `PARTITION (…)` behind it.
    pub partition: Option<Span>,
    /// `USE INDEX (…)`, `FORCE INDEX (…)` … behind it, all of them.
    pub index_hints: Option<Span>,
}

impl TableName {
    /// The name by which columns refer to it.
    pub fn exposed(&self) -> &str {
        self.alias.as_ref().map_or(&self.name.text, |a| &a.text)
    }
}

/// A comparison operator between a column and a value, turned so that the column stands left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// `=`
    Eq,
    /// `<=>`
    NullSafeEq,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A condition of WHERE, ON or HAVING as far as routing can use it.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// All must hold.
    And(Vec<Predicate>),
    /// One must hold.
    Or(Vec<Predicate>),
    /// `column op value`
    Compare(ColumnRef, Compare, Operand),
    /// `column IN (values)`. `(a, b) IN ((1, 2), …)` gives one In per column, joined by And.
    In(ColumnRef, Vec<Operand>),
    /// `column BETWEEN low AND high`
    Between(ColumnRef, Operand, Operand),
    /// `column IS NULL`
    IsNull(ColumnRef),
    /// `column = column`
    Same(ColumnRef, ColumnRef),
    /// A constant FALSE or NULL (`WHERE 0`, `1 = 2` is Other).
    Never,
    /// Anything else: no help for routing, and no harm under And.
    Other,
}

/// An expression: its text, and what it refers to at any depth outside of its subqueries.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// Where it stands.
    pub span: Span,
    /// Its outermost form.
    pub kind: ExprKind,
    /// Columns in it.
    pub columns: Vec<ColumnRef>,
    /// Aggregate calls in it (not those with OVER).
    pub aggregates: Vec<Aggregate>,
    /// Subqueries in it.
    pub subqueries: Vec<Query>,
    /// Whether a window function (… OVER …) is in it.
    pub window: bool,
    /// Of WHERE and ON: what AND joins, as far as it has no subqueries; empty where it joins nothing.
    pub parts: Vec<Expr>,
}

/// The outermost form of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A column and nothing else (parentheses ignored).
    Column(ColumnRef),
    /// One aggregate call and nothing else.
    Aggregate(Aggregate),
    /// A literal, NULL, TRUE, FALSE or `?`, with an optional sign.
    Operand(Operand),
    /// The keyword DEFAULT (INSERT and UPDATE only).
    Default,
    /// Anything else.
    Other,
}

/// An aggregate function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Func {
    /// COUNT(*)
    CountAll,
    /// COUNT(expr [, …])
    Count,
    /// SUM
    Sum,
    /// AVG
    Avg,
    /// MIN
    Min,
    /// MAX
    Max,
    /// BIT_AND
    BitAnd,
    /// BIT_OR
    BitOr,
    /// BIT_XOR
    BitXor,
    /// ANY_VALUE
    AnyValue,
    /// Any other aggregate of MySQL or MariaDB (GROUP_CONCAT, STD …), upper case.
    Other(String),
}

/// An aggregate call.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which.
    pub func: Func,
    /// `f(DISTINCT …)`
    pub distinct: bool,
    /// The arguments' places, without DISTINCT.
    pub args: Vec<Span>,
    /// Columns in the arguments.
    pub columns: Vec<ColumnRef>,
    /// The whole call.
    pub span: Span,
}

/// A query expression: SELECT, set operation, VALUES or TABLE, with its own ORDER BY and LIMIT.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The whole, without enclosing parentheses.
    pub span: Span,
    /// WITH: common table expressions, visible to this query.
    pub with: Vec<Cte>,
    /// What is queried.
    pub body: Body,
    /// ORDER BY of the whole.
    pub order_by: Vec<OrderItem>,
    /// From the word ORDER to the last item.
    pub order_span: Option<Span>,
    /// LIMIT of the whole.
    pub limit: Option<Limit>,
    /// FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE.
    pub lock: Option<Span>,
    /// INTO @var, OUTFILE or DUMPFILE.
    pub into: Option<Span>,
    /// Of a derived table whose columns have the query's names: with its parentheses.
    pub derived: Option<Span>,
}

/// One common table expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// Its name.
    pub name: Name,
    /// WITH RECURSIVE.
    pub recursive: bool,
    /// Its query.
    pub query: Query,
}

/// The body of a query expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A SELECT.
    Select(Box<Select>),
    /// UNION, INTERSECT or EXCEPT of two bodies.
    Set {
        /// Upper-case name of the operation, with ` ALL` where written.
        operation: String,
        /// Left side.
        left: Box<Query>,
        /// Right side.
        right: Box<Query>,
    },
    /// VALUES ROW(…) or TABLE t.
    Other,
}

/// One SELECT.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// From the word SELECT to the last byte before ORDER BY, LIMIT or a lock clause.
    pub span: Span,
    /// SELECT DISTINCT (or DISTINCTROW).
    pub distinct: bool,
    /// SQL_CALC_FOUND_ROWS.
    pub calc_found_rows: bool,
    /// The select list.
    pub items: Vec<Item>,
    /// FROM; several where written with commas.
    pub from: Vec<TableRef>,
    /// From the word FROM to the last table.
    pub from_span: Option<Span>,
    /// WHERE.
    pub filter: Option<Predicate>,
    /// The WHERE condition's text and what it refers to.
    pub filter_expr: Option<Expr>,
    /// GROUP BY.
    pub group_by: Vec<Expr>,
    /// From the word GROUP to the last item (with WITH ROLLUP).
    pub group_span: Option<Span>,
    /// WITH ROLLUP.
    pub rollup: bool,
    /// HAVING.
    pub having: Option<Expr>,
    /// WINDOW.
    pub windows: bool,
}

/// One item of a select list.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `*` or `t.*`
    Star {
        /// `t` of `t.*`.
        table: Option<Name>,
        /// Where it stands.
        span: Span,
    },
    /// An expression.
    Expr {
        /// The expression.
        expr: Expr,
        /// AS alias.
        alias: Option<String>,
        /// With the alias.
        span: Span,
    },
}

impl Item {
    /// Where it stands, alias included.
    pub fn span(&self) -> Span {
        match self {
            Item::Star { span, .. } | Item::Expr { span, .. } => *span,
        }
    }
}

/// One item of ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderItem {
    /// The expression (a position is `ExprKind::Operand(Const(Int))`: normalise leaves positions in the shape).
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
}

/// LIMIT and OFFSET.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// From the word LIMIT to the end.
    pub span: Span,
    /// Rows at most.
    pub count: Operand,
    /// Rows to skip.
    pub offset: Option<Operand>,
}

/// Something in FROM.
#[expect(clippy::large_enum_variant, reason = "a statement has few of them")]
#[derive(Debug, Clone, PartialEq)]
pub enum TableRef {
    /// A named table (or CTE).
    Table(TableName),
    /// A subquery.
    Derived {
        /// The subquery.
        query: Box<Query>,
        /// Its alias.
        alias: Option<Name>,
        /// LATERAL.
        lateral: bool,
    },
    /// A join.
    Join {
        /// Left side.
        left: Box<TableRef>,
        /// Right side.
        right: Box<TableRef>,
        /// Its kind.
        kind: JoinKind,
        /// ON.
        on: Option<Predicate>,
        /// ON's text and what it refers to (for its subqueries and columns).
        on_expr: Option<Expr>,
        /// USING (columns).
        using: Vec<Name>,
    },
    /// JSON_TABLE and the like.
    Function,
}

/// The kind of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// JOIN, INNER JOIN, CROSS JOIN, STRAIGHT_JOIN.
    Inner,
    /// LEFT JOIN.
    Left,
    /// RIGHT JOIN.
    Right,
    /// NATURAL [LEFT|RIGHT] JOIN: columns are implied by the tables' definitions.
    Natural,
}
