//! INSERT, REPLACE, UPDATE, DELETE (manual, "Data Manipulation Statements").

use super::facts::{
    Assignment, ColumnRef, Delete, Insert, InsertRow, InsertSource, Name, OrderItem, Span, TableName, Update,
};
use super::lex::{Kind, Op};
use super::parse::{Parser, Read, error};

impl Insert {
    /// Whether the order of the table's columns says which value is whose.
    pub fn is_positional(&self) -> bool {
        let listed = self.columns.as_ref().is_some_and(|columns| !columns.is_empty());
        match &self.source {
            InsertSource::Rows(rows) => !listed && rows.iter().any(|row| !row.cells.is_empty()),
            InsertSource::Query(_) => !listed,
            InsertSource::Set(_) => false,
        }
    }
}

impl Parser<'_> {
    /// INSERT and REPLACE.
    pub(super) fn insert(&mut self) -> Read<Insert> {
        let replace = self.is("REPLACE");
        self.step();
        self.eat_any(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"]);
        let ignore = self.eat("IGNORE");
        self.eat("INTO");
        let table = self.table()?;
        if self.eat("PARTITION") {
            self.skip_parens()?;
        }
        let columns_at = self.since(0).end;
        let (mut columns, mut columns_span) = (None, None);
        if self.kind() == Kind::Open && !self.is_query(1) {
            let first = self.pos;
            columns = Some(self.insert_columns()?);
            columns_span = Some(self.since(first));
        }
        let mut row_alias = false;
        let source = if self.eat("SET") {
            InsertSource::Set(self.assignments()?)
        } else if self.is_any(&["VALUES", "VALUE"]) && (self.tok(1).kind == Kind::Open || self.at(1, "ROW")) {
            self.step();
            InsertSource::Rows(self.list(Self::insert_row)?)
        } else {
            InsertSource::Query(Box::new(self.query()?))
        };
        if self.eat("AS") {
            row_alias = true;
            self.name()?;
            if self.kind() == Kind::Open {
                self.name_list()?;
            }
        }
        let mut on_duplicate = Vec::new();
        if self.eat_run(&["ON", "DUPLICATE", "KEY", "UPDATE"]) {
            on_duplicate = self.assignments()?;
        }
        let returning = self.returning()?;
        Ok(Insert {
            replace,
            ignore,
            table,
            columns,
            columns_span,
            columns_at,
            source,
            on_duplicate,
            returning,
            row_alias,
        })
    }

    fn insert_columns(&mut self) -> Read<Vec<Name>> {
        self.open()?;
        if self.eat_kind(Kind::Close) {
            return Ok(Vec::new());
        }
        let columns = self.list(|p| p.column().map(|column| column.name))?;
        self.close()?;
        Ok(columns)
    }

    fn insert_row(&mut self) -> Read<InsertRow> {
        let first = self.pos;
        self.eat("ROW");
        self.open()?;
        let cells = if self.kind() == Kind::Close { Vec::new() } else { self.list(Self::expr)? };
        self.close()?;
        Ok(InsertRow { span: self.since(first), cells })
    }

    /// `column = value, …`
    pub(super) fn assignments(&mut self) -> Read<Vec<Assignment>> {
        self.list(|p| {
            let column: ColumnRef = p.column()?;
            if !p.eat_kind(Kind::Op(Op::Eq)) && !p.eat_kind(Kind::Op(Op::Assign)) {
                return Err(p.unexpected("`=`"));
            }
            Ok(Assignment { column, value: p.expr()? })
        })
    }

    fn returning(&mut self) -> Read<Option<Span>> {
        let first = self.pos;
        if !self.eat("RETURNING") {
            return Ok(None);
        }
        self.list(|p| {
            if p.eat_kind(Kind::Op(Op::Star)) {
                return Ok(());
            }
            p.expr()?;
            p.alias()?;
            Ok(())
        })?;
        Ok(Some(self.since(first)))
    }

    /// UPDATE.
    pub(super) fn update(&mut self) -> Read<Update> {
        self.expect("UPDATE")?;
        self.eat("LOW_PRIORITY");
        let ignore = self.eat("IGNORE");
        let first = self.pos;
        let tables = self.from()?;
        let from = self.since(first);
        self.expect("SET")?;
        let set = self.assignments()?;
        let (filter, filter_expr) = self.where_clause()?;
        let (order_by, order_span) = self.order_and_span()?;
        let limit = self.limit()?;
        Ok(Update { ignore, tables, from, set, filter, filter_expr, order_by, order_span, limit })
    }

    fn order_and_span(&mut self) -> Read<(Vec<OrderItem>, Option<Span>)> {
        let first = self.pos;
        let order_by = self.order_by()?;
        let span = (!order_by.is_empty()).then(|| self.since(first));
        Ok((order_by, span))
    }

    /// DELETE in its three forms.
    pub(super) fn delete(&mut self) -> Read<Delete> {
        self.expect("DELETE")?;
        while self.eat_any(&["LOW_PRIORITY", "QUICK"]) {}
        let ignore = self.eat("IGNORE");
        let (mut targets, tables);
        let mut first;
        if self.eat("FROM") {
            first = self.pos;
            targets = self.targets()?;
            if self.eat("USING") {
                first = self.pos;
                tables = self.from()?;
            } else {
                // The single-table form: what was read is the table itself.
                self.pos = first;
                targets = Vec::new();
                tables = self.list(Self::delete_table)?;
                if tables.len() > 1 {
                    return Err(error("several tables without USING", self.tok(0).start));
                }
            }
        } else {
            targets = self.targets()?;
            self.expect("FROM")?;
            first = self.pos;
            tables = self.from()?;
        }
        let from = self.since(first);
        let (filter, filter_expr) = self.where_clause()?;
        let (order_by, order_span) = self.order_and_span()?;
        let limit = self.limit()?;
        let returning = self.returning()?.is_some();
        Ok(Delete {
            ignore,
            targets,
            tables,
            from,
            filter,
            filter_expr,
            order_by,
            order_span,
            limit,
            returning,
        })
    }

    fn delete_table(&mut self) -> Read<super::facts::TableRef> {
        let mut tables = self.from()?;
        match (tables.pop(), tables.is_empty()) {
            (Some(table @ super::facts::TableRef::Table(_)), true) => Ok(table),
            _ => Err(error("DELETE FROM takes one table", self.tok(0).start)),
        }
    }

    /// Names of tables or aliases to delete from: `t`, `t.*`, `db.t`.
    fn targets(&mut self) -> Read<Vec<TableName>> {
        self.list(|p| {
            let first = p.name()?;
            let mut table = TableName {
                schema: None,
                span: first.span,
                name: first,
                alias: None,
                bare: false,
                partition: None,
                index_hints: None,
            };
            while p.eat_kind(Kind::Dot) {
                if p.eat_kind(Kind::Op(Op::Star)) {
                    break;
                }
                let name = p.any_name()?;
                table.span.end = name.span.end;
                table.schema = Some(std::mem::replace(&mut table.name, name));
            }
            Ok(table)
        })
    }
}
