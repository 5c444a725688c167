//! The values of one execution: literals of a text, or parameters of a prepared statement.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::Session;
use super::query::Text;
use super::set::TRANSACTION_MODE;
use crate::base::{Code, Error, Result, Value};
use crate::config::TransactionMode;
use crate::exec::send::Call;
use crate::plan::ir::{Job, Param, SessionValue};
use crate::plan::{SessionValues, Source};
use crate::sql::facts::Span;
use crate::sql::lex::Mode;
use crate::sql::literal::Literal;
use crate::sql::normalise::Normalised;
use crate::sql::splice;
use crate::wire::binary::WireType;
use crate::wire::execute::Params;
use crate::wire::row::Format;

/// Where the values of a shape's `?` are.
#[derive(Clone, Copy)]
pub(super) enum Given<'a> {
    /// In the text.
    Text {
        /// As the client sent it.
        text: &'a [u8],
        /// Its literals, one a `?`.
        literals: &'a [Literal],
        /// How it is read.
        mode: Mode,
    },
    /// In the body of an EXECUTE.
    Prepared {
        /// The statement's text.
        sql: &'a Bytes,
        /// Its parameters.
        params: &'a Params<'a>,
    },
}

impl Given<'_> {
    /// The i-th value.
    pub(super) fn value(&self, i: usize) -> Result<Value> {
        match self {
            Given::Text { text, literals, mode } => literals
                .get(i)
                .map(|literal| literal.value(text, *mode))
                .ok_or_else(|| Error::new(Code::Internal, format!("the statement has no value number {i}"))),
            Given::Prepared { params, .. } => params.value(i),
        }
    }

    /// Whether rows must go out in the binary protocol.
    pub(super) fn is_binary(&self) -> bool {
        matches!(self, Given::Prepared { .. })
    }

    /// The form that the servers' rows have.
    pub(super) fn format(&self) -> Format {
        if self.is_binary() { Format::Binary } else { Format::Text }
    }

    /// What to send for a job.
    pub(super) fn call<'b>(&'b self, job: &'b Job, original: &'b [u8]) -> Result<Call<'b>> {
        match self {
            Given::Text { .. } => Ok(Call::Text(job.text.as_deref().unwrap_or(original))),
            Given::Prepared { sql, params } => {
                let Some(made) = &job.params else {
                    return Ok(match &job.text {
                        None => Call::Execute(sql, params),
                        Some(text) => Call::ExecuteWith(Bytes::copy_from_slice(text), typed(params)?),
                    });
                };
                let text =
                    job.text.as_ref().map_or_else(|| Bytes::clone(sql), |text| Bytes::copy_from_slice(text));
                let mut values = Vec::with_capacity(made.len());
                for param in made {
                    values.push(match param {
                        Param::Client(i) => {
                            let value = params.value(usize::from(*i))?;
                            (params.wire_type(usize::from(*i)).unwrap_or_else(|| WireType::of(&value)), value)
                        }
                        Param::Value(value) => (WireType::of(value), value.clone()),
                    });
                }
                Ok(Call::ExecuteWith(text, values))
            }
        }
    }
}

/// A job's text with its parameters written into it.
pub(super) fn inlined(job: &Job, given: &Given<'_>, mode: Mode) -> Result<Vec<u8>> {
    let own = job.text.as_deref().unwrap_or_default();
    let Some(params) = &job.params else { return Ok(own.to_vec()) };
    let mut values = Vec::with_capacity(params.len());
    for param in params {
        values.push(match param {
            Param::Client(i) => given.value(usize::from(*i))?,
            Param::Value(value) => value.clone(),
        });
    }
    splice::inline(own, &values, mode)
        .ok_or_else(|| Error::new(Code::Internal, "a text has other parameters than it was given"))
}

fn typed(params: &Params<'_>) -> Result<Vec<(WireType, Value)>> {
    (0..params.len())
        .map(|i| {
            let value = params.value(i)?;
            Ok((params.wire_type(i).unwrap_or_else(|| WireType::of(&value)), value))
        })
        .collect()
}

/// One execution as the planner's binding reads it.
pub(super) struct Input<'a> {
    text: &'a [u8],
    shape: &'a Normalised,
    given: &'a Given<'a>,
}

impl Text<'_> {
    pub(super) fn input(&self) -> Input<'_> {
        Input { text: self.original, shape: self.shape, given: self.given }
    }
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
        self.given.is_binary()
    }

    fn value(&self, i: u16) -> Cow<'_, Value> {
        Cow::Owned(self.given.value(usize::from(i)).unwrap_or(Value::Null))
    }

    fn literal(&self, i: u16) -> &[u8] {
        match self.given {
            Given::Text { text, literals, .. } => {
                literals.get(usize::from(i)).map_or(b"NULL", |l| l.of(text))
            }
            Given::Prepared { .. } => b"NULL",
        }
    }
}

/// What a session knows of itself.
pub(super) struct Known<'a>(pub(super) &'a Session);

impl SessionValues for Known<'_> {
    fn get(&self, what: &SessionValue) -> Result<Value> {
        let session = self.0;
        let text = |text: &str| Value::Str(text.as_bytes().to_vec());
        let count = |n: usize| Value::UInt(n as u64);
        Ok(match what {
            SessionValue::LastInsertId => Value::UInt(session.last.insert_id),
            SessionValue::FoundRows => Value::Int(session.last.found_rows as i64),
            SessionValue::RowCount => Value::Int(session.last.row_count),
            SessionValue::ConnectionId => Value::Int(i64::from(session.ticket.id().0)),
            SessionValue::Database => session.database.as_deref().map_or(Value::Null, text),
            SessionValue::User => text(&format!("{}@{}", session.info.user, session.peer.ip())),
            SessionValue::CurrentUser => text(&format!("{}@%", session.info.user)),
            SessionValue::Variable(name) => session.vars.user.get(name).cloned().unwrap_or(Value::Null),
            SessionValue::NextId(i) => session.next.get(*i).cloned().unwrap_or(Value::Null),
            SessionValue::Computed(i) => session.computed.get(*i).cloned().unwrap_or(Value::Null),
            SessionValue::System(name) => match name.as_str() {
                "last_insert_id" | "identity" => Value::UInt(session.last.insert_id),
                "warning_count" => count(session.last.warned.count),
                "error_count" => {
                    count(session.last.warned.messages.iter().filter(|w| w[0] == "Error").count())
                }
                "insert_id" => Value::UInt(session.insert_id.unwrap_or(0)),
                "auto_increment_increment" | "auto_increment_offset" => Value::UInt(1),
                "autocommit" => count(usize::from(session.vars.autocommit)),
                "pseudo_thread_id" => count(session.ticket.id().0 as usize),
                "in_transaction" => count(usize::from(session.held.in_transaction())),
                TRANSACTION_MODE if session.held.is_single() => text(TransactionMode::Single.name()),
                TRANSACTION_MODE => text(TransactionMode::Atomic.name()),
                other => {
                    return Err(Error::refused(
                        format!("@@{other} is for one server"),
                        "ask the servers themselves",
                    ));
                }
            },
        })
    }
}
