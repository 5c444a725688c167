//! Query expressions: SELECT, set operations, FROM (manual, "SELECT Statement", "Set Operations", "JOIN Clause").

use super::facts::{
    Body, Cte, Expr, ExprKind, Item, JoinKind, Limit, Name, Operand, OrderItem, Predicate, Query, Select,
    Span, TableName, TableRef,
};
use super::lex::{Kind, Op};
use super::parse::{Parser, Read, error};

/// Words between SELECT and its list that change no plan.
const MODIFIERS: [&str; 8] = [
    "ALL",
    "HIGH_PRIORITY",
    "STRAIGHT_JOIN",
    "SQL_SMALL_RESULT",
    "SQL_BIG_RESULT",
    "SQL_BUFFER_RESULT",
    "SQL_NO_CACHE",
    "SQL_CACHE",
];

/// A condition and its text.
pub(super) type Filter = (Option<Predicate>, Option<Expr>);

impl Parser<'_> {
    /// Whether a query starts `ahead` of the cursor.
    pub(super) fn is_query(&self, ahead: usize) -> bool {
        let mut ahead = ahead;
        while self.tok(ahead).kind == Kind::Open {
            ahead += 1;
        }
        ["SELECT", "WITH", "TABLE", "VALUES"].iter().any(|k| self.at(ahead, k))
    }

    /// Whether the `(` that is token `at` holds a query and nothing else: not `((SELECT 1) + 2)`, not
    /// `((SELECT …) a JOIN b)`.
    pub(super) fn opens_query(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at).filter(|t| t.kind == Kind::Open) else { return false };
        let next = at + 1;
        if self.tokens.get(next).is_some_and(|t| t.kind == Kind::Open) {
            if !self.opens_query(next) {
                return false;
            }
            let after = self.tokens.get(next).map_or(0, |t| t.link as usize + 1);
            let set = ["UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT"];
            return after == token.link as usize
                || set.iter().any(|k| self.bytes(after).eq_ignore_ascii_case(k.as_bytes()));
        }
        let word = self.bytes(next);
        let is = |k: &str| word.eq_ignore_ascii_case(k.as_bytes());
        // VALUES(c) is a function in ON DUPLICATE KEY UPDATE.
        is("SELECT")
            || is("WITH")
            || is("TABLE")
            || is("VALUES") && self.bytes(next + 1).eq_ignore_ascii_case(b"ROW")
    }

    /// Reads a query expression with all that belongs to it.
    pub(super) fn query(&mut self) -> Read<Query> {
        self.nested(|p| {
            let first = p.pos;
            let scope = p.ctes.len();
            let with = p.with()?;
            let query = p.query_after_with(first, with);
            p.ctes.truncate(scope);
            query
        })
    }

    fn query_after_with(&mut self, first: usize, with: Vec<Cte>) -> Read<Query> {
        let mut query = self.term()?;
        while self.is_any(&["UNION", "INTERSECT", "EXCEPT", "MINUS"]) {
            let mut operation = self.upper();
            self.step();
            if self.eat("ALL") {
                operation.push_str(" ALL");
            } else {
                self.eat("DISTINCT");
            }
            let right = self.term()?;
            let span = self.since(first);
            query = plain(Body::Set { operation, left: Box::new(query), right: Box::new(right) }, span);
        }
        if self.is_run(&["ORDER", "BY"]) || self.is("LIMIT") {
            // (SELECT … LIMIT 3) LIMIT 2: the inner one keeps what is its own.
            if query.limit.is_some() || !query.order_by.is_empty() {
                return Err(error("ORDER BY or LIMIT around a query that has its own", self.tok(0).start));
            }
            self.tail(&mut query)?;
        }
        self.locks(&mut query)?;
        query.with = with;
        query.span = self.since(first);
        Ok(query)
    }

    fn with(&mut self) -> Read<Vec<Cte>> {
        if !self.eat("WITH") {
            return Ok(Vec::new());
        }
        let recursive = self.eat("RECURSIVE");
        self.list(|p| {
            let name = p.name()?;
            if recursive {
                p.ctes.push(name.text.clone());
            }
            let columns = if p.kind() == Kind::Open { p.name_list()? } else { Vec::new() };
            p.expect("AS")?;
            let mut query = p.parenthesised_query()?;
            rename_columns(&mut query, &columns)?;
            if !recursive {
                p.ctes.push(name.text.clone());
            }
            Ok(Cte { name, recursive, query })
        })
    }

    /// One operand of a set operation.
    fn term(&mut self) -> Read<Query> {
        if self.kind() == Kind::Open {
            return self.parenthesised_query();
        }
        let first = self.pos;
        if self.is("SELECT") {
            let mut query = plain(Body::Other, Span::default());
            let select = self.select(&mut query)?;
            query.span = select.span;
            query.body = Body::Select(Box::new(select));
            return Ok(query);
        }
        if self.eat("TABLE") {
            let table = TableName { bare: true, ..self.bare_table()? };
            if table.schema.is_some() || !self.ctes.contains(&table.name.text) {
                self.tables.push(table);
            }
            return Ok(plain(Body::Other, self.since(first)));
        }
        if self.eat("VALUES") {
            self.list(|p| {
                p.eat("ROW");
                p.open()?;
                p.list(Self::expr)?;
                p.close()
            })?;
            return Ok(plain(Body::Other, self.since(first)));
        }
        Err(self.unexpected("a query"))
    }

    fn select(&mut self, query: &mut Query) -> Read<Select> {
        let first = self.pos;
        self.expect("SELECT")?;
        let (mut distinct, mut calc_found_rows) = (false, false);
        loop {
            if self.eat_any(&["DISTINCT", "DISTINCTROW"]) {
                distinct = true;
            } else if self.eat("SQL_CALC_FOUND_ROWS") {
                calc_found_rows = true;
            } else if !self.eat_any(&MODIFIERS) {
                break;
            }
        }
        let items = self.list(Self::item)?;
        self.into(query);
        let from_first = self.pos;
        let from = if self.eat("FROM") { self.from()? } else { Vec::new() };
        let from_span = (self.pos > from_first).then(|| self.since(from_first));
        let (filter, filter_expr) = self.where_clause()?;
        let group_first = self.pos;
        let (mut group_by, mut group_span, mut rollup) = (Vec::new(), None, false);
        if self.eat_run(&["GROUP", "BY"]) {
            if self.is("ROLLUP") && self.tok(1).kind == Kind::Open {
                return Err(error("GROUP BY ROLLUP(…)", self.tok(0).start));
            }
            group_by = self.list(|p| {
                let expr = p.by_expr()?;
                // MariaDB sorts by it; MySQL does not take it any more.
                if p.is_any(&["ASC", "DESC"]) {
                    return Err(p.unexpected("no direction in GROUP BY"));
                }
                Ok(expr)
            })?;
            rollup = self.eat_run(&["WITH", "ROLLUP"]);
            group_span = Some(self.since(group_first));
        }
        let having = if self.eat("HAVING") { Some(self.expr()?) } else { None };
        let windows = self.eat("WINDOW");
        if windows {
            self.list(|p| {
                p.name()?;
                p.expect("AS")?;
                p.window_spec()
            })?;
        }
        let span = self.since(first);
        Ok(Select {
            span,
            distinct,
            calc_found_rows,
            items,
            from,
            from_span,
            filter,
            filter_expr,
            group_by,
            group_span,
            rollup,
            having,
            windows,
        })
    }

    fn item(&mut self) -> Read<Item> {
        let first = self.pos;
        let star = |t: Kind| t == Kind::Op(Op::Star);
        if star(self.kind()) {
            self.step();
            return Ok(Item::Star { table: None, span: self.since(first) });
        }
        let named = matches!(self.kind(), Kind::Word | Kind::Quoted) && self.tok(1).kind == Kind::Dot;
        if named && star(self.tok(2).kind) {
            let table = self.any_name()?;
            self.pos += 2;
            let name = Name { text: "*".into(), span: self.span(self.pos - 1, self.pos - 1) };
            self.qualified.push(super::facts::ColumnRef { schema: None, table: Some(table.clone()), name });
            return Ok(Item::Star { table: Some(table), span: self.since(first) });
        }
        let deeper = named && self.tok(3).kind == Kind::Dot && star(self.tok(4).kind);
        if deeper {
            let schema = self.any_name()?;
            self.step();
            let table = self.any_name()?;
            self.pos += 2;
            let name = Name { text: "*".into(), span: self.span(self.pos - 1, self.pos - 1) };
            let column = super::facts::ColumnRef { schema: Some(schema), table: Some(table.clone()), name };
            self.qualified.push(column);
            return Ok(Item::Star { table: Some(table), span: self.since(first) });
        }
        let expr = self.expr()?;
        let alias = if self.eat("AS") { Some(self.item_alias()?) } else { self.bare_alias()? };
        Ok(Item::Expr { expr, alias, span: self.since(first) })
    }

    fn item_alias(&mut self) -> Read<String> {
        if self.kind() == Kind::Str {
            let text = super::literal::string(self.bytes(self.pos), self.mode);
            self.step();
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
        Ok(self.any_name()?.text)
    }

    fn bare_alias(&mut self) -> Read<Option<String>> {
        if self.kind() == Kind::Str || self.is_ident(0) { self.item_alias().map(Some) } else { Ok(None) }
    }

    /// INTO @a, @b · OUTFILE … · DUMPFILE …
    fn into(&mut self, query: &mut Query) {
        if !self.is("INTO") {
            return;
        }
        let first = self.pos;
        self.step();
        while self.kind() == Kind::UserVar {
            self.assigned.push(self.pos);
            self.assigns = true;
            self.step();
            self.eat_kind(Kind::Comma);
        }
        self.skip_until(|p| p.is_any(&["FROM", "FOR", "LOCK"]));
        query.into = Some(self.since(first));
    }

    /// ORDER BY and LIMIT.
    fn tail(&mut self, query: &mut Query) -> Read<()> {
        let first = self.pos;
        query.order_by = self.order_by()?;
        if !query.order_by.is_empty() {
            query.order_span = Some(self.since(first));
        }
        query.limit = self.limit()?;
        Ok(())
    }

    pub(super) fn order_by(&mut self) -> Read<Vec<OrderItem>> {
        if !self.eat_run(&["ORDER", "BY"]) {
            return Ok(Vec::new());
        }
        self.list(|p| {
            let expr = p.by_expr()?;
            let descending = p.is("DESC");
            p.eat_any(&["ASC", "DESC"]);
            Ok(OrderItem { expr, descending })
        })
    }

    pub(super) fn limit(&mut self) -> Read<Option<Limit>> {
        if !self.is("LIMIT") {
            return Ok(None);
        }
        let first = self.pos;
        self.step();
        let (count, offset) = self.limit_operands()?;
        Ok(Some(Limit { span: self.since(first), count, offset }))
    }

    /// `n`, `skip, n` or `n OFFSET skip`.
    pub(super) fn limit_operands(&mut self) -> Read<(Operand, Option<Operand>)> {
        let a = self.count()?;
        Ok(if self.eat_kind(Kind::Comma) {
            (self.count()?, Some(a))
        } else if self.eat("OFFSET") {
            let offset = self.count()?;
            (a, Some(offset))
        } else {
            (a, None)
        })
    }

    fn count(&mut self) -> Read<Operand> {
        let at = self.tok(0).start;
        match self.expr()?.kind {
            ExprKind::Operand(operand) => Ok(operand),
            _ => Err(error("LIMIT takes a number", at)),
        }
    }

    /// FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE, INTO behind the query.
    fn locks(&mut self, query: &mut Query) -> Read<()> {
        loop {
            let first = self.pos;
            if self.is("FOR") && (self.at(1, "UPDATE") || self.at(1, "SHARE")) {
                self.pos += 2;
                if self.eat("OF") {
                    self.list(Self::bare_table)?;
                }
            } else if self.eat_run(&["LOCK", "IN", "SHARE", "MODE"]) {
            } else if self.is("INTO") {
                self.into(query);
                continue;
            } else {
                return Ok(());
            }
            if self.eat("WAIT") {
                self.count()?;
            } else if !self.eat("NOWAIT") {
                self.eat_run(&["SKIP", "LOCKED"]);
            }
            query.lock = Some(self.since(first));
        }
    }

    pub(super) fn where_clause(&mut self) -> Read<Filter> {
        if !self.eat("WHERE") {
            return Ok((None, None));
        }
        let (expr, predicate) = self.filter()?;
        Ok((Some(predicate), Some(expr)))
    }

    /// FROM's list.
    pub(super) fn from(&mut self) -> Read<Vec<TableRef>> {
        if self.is("DUAL") && !self.is_ident(1) {
            self.step();
            return Ok(Vec::new());
        }
        self.list(Self::joined)
    }

    fn joined(&mut self) -> Read<TableRef> {
        self.nested(|p| {
            let mut left = p.factor()?;
            while let Some(kind) = p.join_kind()? {
                let right = Box::new(p.factor()?);
                let (mut on, mut on_expr, mut using) = (None, None, Vec::new());
                if p.eat("ON") {
                    let (expr, predicate) = p.filter()?;
                    (on, on_expr) = (Some(predicate), Some(expr));
                } else if p.eat("USING") {
                    using = p.name_list()?;
                }
                left = TableRef::Join { left: Box::new(left), right, kind, on, on_expr, using };
            }
            Ok(left)
        })
    }

    fn join_kind(&mut self) -> Read<Option<JoinKind>> {
        let natural = self.eat("NATURAL");
        let kind = if self.eat("STRAIGHT_JOIN") {
            return Ok(Some(JoinKind::Inner));
        } else if self.eat_any(&["INNER", "CROSS"]) {
            JoinKind::Inner
        } else if self.is_any(&["LEFT", "RIGHT"]) {
            let left = self.is("LEFT");
            self.step();
            self.eat("OUTER");
            if left { JoinKind::Left } else { JoinKind::Right }
        } else if natural || self.is("JOIN") {
            JoinKind::Inner
        } else {
            return Ok(None);
        };
        self.expect("JOIN")?;
        Ok(Some(if natural { JoinKind::Natural } else { kind }))
    }

    fn factor(&mut self) -> Read<TableRef> {
        let lateral = self.eat("LATERAL");
        if self.kind() == Kind::Open {
            if self.opens_query(self.pos) {
                let from = self.pos;
                let mut query = Box::new(self.parenthesised_query()?);
                let whole = self.since(from);
                let alias = self.alias()?;
                if alias.is_some() && self.kind() == Kind::Open {
                    let columns = self.name_list()?;
                    rename_columns(&mut query, &columns)?;
                } else if !lateral {
                    query.derived = Some(whole);
                }
                return Ok(TableRef::Derived { query, alias, lateral });
            }
            return self.nested(|p| {
                p.open()?;
                let mut list = p.from()?.into_iter();
                p.close()?;
                let first = list.next().ok_or_else(|| error("an empty FROM", p.tok(0).start))?;
                // A comma in parentheses joins like CROSS JOIN.
                Ok(list.fold(first, |left, right| TableRef::Join {
                    left: Box::new(left),
                    right: Box::new(right),
                    kind: JoinKind::Inner,
                    on: None,
                    on_expr: None,
                    using: Vec::new(),
                }))
            });
        }
        if self.tok(1).kind == Kind::Open && self.kind() == Kind::Word && !self.at(1, "PARTITION") {
            // JSON_TABLE(…), a sequence function.
            self.step();
            self.skip_parens()?;
            self.alias()?;
            return Ok(TableRef::Function);
        }
        self.table_factor()
    }

    fn table_factor(&mut self) -> Read<TableRef> {
        let mut table = self.bare_table()?;
        let is_cte = table.schema.is_none() && self.ctes.contains(&table.name.text);
        if self.is("PARTITION") && self.tok(1).kind == Kind::Open {
            let from = self.pos;
            self.step();
            self.skip_parens()?;
            table.partition = Some(self.span(from, self.pos - 1));
        }
        if self.is_run(&["FOR", "SYSTEM_TIME"]) {
            return Err(error("FOR SYSTEM_TIME", self.tok(0).start));
        }
        table.alias = self.alias()?;
        let from = self.pos;
        while self.is_any(&["USE", "FORCE", "IGNORE"]) && (self.at(1, "INDEX") || self.at(1, "KEY")) {
            self.pos += 2;
            if self.eat("FOR") {
                self.skip_until(|p| p.kind() == Kind::Open);
            }
            self.skip_parens()?;
            table.index_hints = Some(self.span(from, self.pos - 1));
        }
        if !is_cte {
            self.tables.push(table.clone());
        }
        Ok(TableRef::Table(table))
    }
}

/// A column list after a derived table's or common table expression's name: its columns are known by these names.
fn rename_columns(query: &mut Query, columns: &[Name]) -> Read<()> {
    let Some(first) = columns.first() else { return Ok(()) };
    match &mut query.body {
        Body::Select(select) => {
            if select.items.len() != columns.len() {
                return Err(error("a column list of another length than the query's", first.span.start));
            }
            for (item, name) in select.items.iter_mut().zip(columns) {
                match item {
                    Item::Expr { alias, .. } => *alias = Some(name.text.clone()),
                    Item::Star { .. } => {
                        return Err(error("a column list over a query with `*`", name.span.start));
                    }
                }
            }
            Ok(())
        }
        Body::Set { left, right, .. } => {
            rename_columns(left, columns)?;
            rename_columns(right, columns)
        }
        Body::Other => Ok(()),
    }
}

fn plain(body: Body, span: Span) -> Query {
    Query {
        span,
        with: Vec::new(),
        body,
        order_by: Vec::new(),
        order_span: None,
        limit: None,
        lock: None,
        into: None,
        derived: None,
    }
}
