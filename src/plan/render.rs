//! Templates → text: pieces copied one after another, and the parameters that belong to their `?`.

use super::bind::{SessionValues, Source};
use super::edit::quote;
use super::ir::{Cell, Param, Piece, SessionValue, TableUse};
use super::names::physical;
use super::route;
use crate::base::ids::NodeId;
use crate::base::{Code, Error, Result, Value};
use crate::sql::facts::{Operand, Span};
use crate::topology::{Layout, Node};

/// Where a text will run.
pub(super) struct Frame<'p> {
    /// The leading table's place: its schema is selected.
    pub(super) node: &'p Node,
    /// The number of the node that all sharded tables share.
    pub(super) index: Option<NodeId>,
    /// Places of tables that were found apart.
    pub(super) own: Vec<(usize, &'p Node)>,
}

/// One text in the making.
pub(super) struct Renderer<'r> {
    pub(super) tables: &'r [TableUse],
    pub(super) source: &'r dyn Source,
    pub(super) session: &'r dyn SessionValues,
    pub(super) no_backslash_escapes: bool,
    pub(super) frame: &'r Frame<'r>,
    pub(super) out: Vec<u8>,
    /// `Some` for a prepared statement.
    pub(super) params: Option<Vec<Param>>,
    /// The new id of the row.
    pub(super) id: Option<&'r Value>,
    /// Where the row's id was given.
    pub(super) given: Option<&'r Cell>,
}

impl Renderer<'_> {
    pub(super) fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(super) fn template(&mut self, pieces: &[Piece]) -> Result<()> {
        pieces.iter().try_for_each(|p| self.piece(p))
    }

    fn piece(&mut self, piece: &Piece) -> Result<()> {
        match piece {
            Piece::Shape(span) => self.shape(*span),
            Piece::Text(text) => self.text(text),
            Piece::Table(i) => {
                let (table, node) = self.place(*i)?;
                let name = physical(&table.table, node, &self.frame.node.schema);
                self.text(&name);
            }
            Piece::Qualifier(i) => {
                let (table, node) = self.place(*i)?;
                let name = quote(node.table.as_deref().unwrap_or(&table.table.name));
                self.text(&name);
            }
            Piece::Operand(operand) => self.operand(operand),
            Piece::LimitSum(count, offset) => {
                let sum = self.row_count(count)?.saturating_add(self.row_count(offset)?);
                self.value(&Value::UInt(sum));
            }
            Piece::Session(what) => {
                let value = self.session.get(what)?;
                let short = match (what, &value) {
                    (
                        SessionValue::Database
                        | SessionValue::User
                        | SessionValue::CurrentUser
                        | SessionValue::Computed(_),
                        _,
                    ) => true,
                    // A UUID.
                    (SessionValue::NextId(_), Value::Str(_)) => true,
                    // A parameter: another text for each execution would have to be prepared each time. What a
                    // parameter gives may be NULL, what COALESCE gives here may not.
                    (SessionValue::NextId(_), Value::UInt(n)) if self.params.is_some() => {
                        self.text("COALESCE(CAST(");
                        self.value(&Value::Str(format!("{n:020}").into_bytes()));
                        self.text(" AS UNSIGNED), CAST('0' AS UNSIGNED))");
                        return Ok(());
                    }
                    _ => false,
                };
                if short { self.value(&value) } else { self.typed(&value) }
            }
            Piece::NewId => match (self.id, self.given) {
                (Some(id), _) => self.value(id),
                (None, Some(Cell::Operand(operand))) => self.operand(operand),
                (None, Some(Cell::Session(what))) => {
                    let value = self.session.get(what)?;
                    self.value(&value);
                }
                (None, _) => return Err(Error::new(Code::Internal, "a row without its id")),
            },
            Piece::Alias(span) => {
                let span = self.source.original(*span);
                let text = self.source.text().get(span.start as usize..span.end as usize).unwrap_or_default();
                self.out.extend_from_slice(b" AS `");
                for byte in text {
                    if *byte == b'`' {
                        self.out.push(b'`');
                    }
                    self.out.push(*byte);
                }
                self.out.push(b'`');
            }
        }
        Ok(())
    }

    /// A value of a function or variable, of the type that it has there: BIGINT, however short the number is, and
    /// LONGTEXT. (MariaDB derives a CAST's type from its argument's length, hence the zeros.)
    fn typed(&mut self, value: &Value) {
        match value {
            Value::Int(n) => {
                let sign = if *n < 0 { "-" } else { "" };
                self.text(&format!("CAST('{sign}{:020}' AS SIGNED)", n.unsigned_abs()));
            }
            Value::UInt(n) => self.text(&format!("CAST('{n:020}' AS UNSIGNED)")),
            Value::Str(_) | Value::Null => {
                self.text("CAST(");
                self.value(value);
                self.text(" AS CHAR(16777216))");
            }
            _ => self.value(value),
        }
    }

    fn shape(&mut self, span: Span) {
        let own = self.source.original(span);
        let text = self.source.text().get(own.start as usize..own.end as usize).unwrap_or_default();
        self.out.extend_from_slice(text);
        if let Some(params) = &mut self.params {
            params.extend(self.source.params_in(span).map(Param::Client));
        }
    }

    fn place(&self, table: usize) -> Result<(&TableUse, &Node)> {
        let lost = || Error::new(Code::Internal, "a table without a place");
        let used = self.tables.get(table).ok_or_else(lost)?;
        let node = match (&used.table.layout, self.frame.own.iter().find(|(t, _)| *t == table)) {
            (_, Some((_, node))) => Some(*node),
            (Layout::Sharded(sharded), None) => match self.frame.index {
                Some(id) => sharded.node(id),
                None => sharded.nodes.iter().find(|n| n.source == self.frame.node.source),
            },
            (Layout::Reference(nodes), None) => nodes.iter().find(|n| n.source == self.frame.node.source),
            (Layout::Single(node), None) => Some(node),
        };
        Ok((used, node.ok_or_else(lost)?))
    }

    fn operand(&mut self, operand: &Operand) {
        match (operand, &mut self.params) {
            (Operand::Const(value), _) => self.value(value),
            (Operand::Param(i), Some(params)) => {
                params.push(Param::Client(*i));
                self.out.push(b'?');
            }
            (Operand::NegParam(i), Some(params)) => {
                params.push(Param::Client(*i));
                self.out.extend_from_slice(b"-?");
            }
            (Operand::Param(i), None) => self.out.extend_from_slice(self.source.literal(*i)),
            (Operand::NegParam(i), None) => {
                self.out.push(b'-');
                self.out.extend_from_slice(self.source.literal(*i));
            }
        }
    }

    fn row_count(&self, operand: &Operand) -> Result<u64> {
        let bad = || Error::new(Code::Syntax, "LIMIT and OFFSET must be whole numbers of at least 0");
        let value = route::value(operand, &|i| self.source.value(i)).ok_or_else(bad)?;
        match &*value {
            Value::Int(n) => u64::try_from(*n).map_err(|_| bad()),
            Value::UInt(n) => Ok(*n),
            _ => Err(bad()),
        }
    }

    /// A value of Shardgate's: a literal, or a parameter of a prepared statement.
    fn value(&mut self, value: &Value) {
        if let Some(params) = &mut self.params {
            params.push(Param::Value(value.clone()));
            self.out.push(b'?');
            return;
        }
        match value {
            Value::Null => self.text("NULL"),
            Value::Int(n) => self.text(&n.to_string()),
            Value::UInt(n) => self.text(&n.to_string()),
            Value::Decimal(d) => self.text(d),
            // With an exponent a number is a DOUBLE, without one a DECIMAL.
            Value::Double(f) => self.text(&format!("{f:e}")),
            Value::Str(bytes) => self.string(bytes),
            Value::Bytes(bytes) => {
                self.text("x'");
                for byte in bytes {
                    self.text(&format!("{byte:02X}"));
                }
                self.text("'");
            }
            Value::Date(text) | Value::Time(text) => self.string(text.as_bytes()),
        }
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.push(b'\'');
        for byte in bytes {
            match byte {
                b'\'' => self.out.push(b'\''),
                b'\\' if !self.no_backslash_escapes => self.out.push(b'\\'),
                _ => {}
            }
            self.out.push(*byte);
        }
        self.out.push(b'\'');
    }
}
