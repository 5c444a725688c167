//! What a statement is planned and bound with where there is no session: no definitions, no memory, the values given.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use shardgate::base::{Result, Value};
use shardgate::plan::ir::SessionValue;
use shardgate::plan::{SessionValues, Source};
use shardgate::sql::facts::Span;
use shardgate::sql::lex::Mode;
use shardgate::sql::literal::Literal;
use shardgate::sql::normalise::Normalised;
use shardgate::topology::schema::{Schemas, TableSchema};
use shardgate::wire::execute::Params;

/// No table definitions.
pub struct Nothing;

impl Schemas for Nothing {
    fn table(&self, _database: &str, _table: &str) -> Option<Arc<TableSchema>> {
        None
    }
}

/// A session that knows nothing of itself.
pub struct Nobody;

impl SessionValues for Nobody {
    fn get(&self, _what: &SessionValue) -> Result<Value> {
        Ok(Value::Null)
    }
}

/// One execution's values, as a session gives them.
pub struct Input<'a> {
    pub text: &'a [u8],
    pub shape: &'a Normalised,
    pub given: Given<'a>,
}

pub enum Given<'a> {
    Text(&'a [Literal]),
    Prepared(&'a Params<'a>),
}

impl Source for Input<'_> {
    fn text(&self) -> &[u8] {
        self.text
    }

    fn original(&self, span: Span) -> Span {
        self.shape.original_span(span)
    }

    fn params_in(&self, span: Span) -> Range<u16> {
        self.shape.params_in(span)
    }

    fn prepared(&self) -> bool {
        matches!(self.given, Given::Prepared(_))
    }

    fn value(&self, i: u16) -> Cow<'_, Value> {
        Cow::Owned(match self.given {
            Given::Text(literals) => literals[usize::from(i)].value(self.text, Mode::default()),
            Given::Prepared(params) => params.value(usize::from(i)).unwrap(),
        })
    }

    fn literal(&self, i: u16) -> &[u8] {
        match self.given {
            Given::Text(literals) => literals[usize::from(i)].of(self.text),
            Given::Prepared(_) => b"NULL",
        }
    }
}
