//! Puts one statement on a connection: state first, then the text or the execution of a prepared one.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::single::Around;
use super::stop::{Target, hearing};
use crate::backend::conn::Prepared;
use crate::backend::{Answer, AnswerLimit, Conn, Lease, Settings};
use crate::base::{Result, Value};
use crate::wire::binary::WireType;
use crate::wire::execute::{self, Params};
use crate::wire::row::Format;

/// How long a server may take to read a statement, and over what waits for nothing, when the statement is not wanted any more.
const HANGS: Duration = Duration::from_secs(1);

/// A statement for one server.
#[derive(Debug)]
pub enum Call<'a> {
    /// COM_QUERY.
    Text(&'a [u8]),
    /// COM_QUERY of a text of Shardgate's making.
    Owned(Vec<u8>),
    /// COM_STMT_EXECUTE of this text, prepared when it is not yet, with the client's parameters as they came.
    Execute(&'a Bytes, &'a Params<'a>),
    /// The same with parameters of Shardgate's making.
    ExecuteWith(Bytes, Vec<(WireType, Value)>),
}

impl Call<'_> {
    /// Whether rows come in the binary protocol.
    pub fn is_binary(&self) -> bool {
        !matches!(self, Call::Text(_) | Call::Owned(_))
    }

    /// The form that its rows come in.
    pub fn format(&self) -> Format {
        if self.is_binary() { Format::Binary } else { Format::Text }
    }
}

/// What the server's session must have when the statement runs.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// The schema; empty: none needs to be selected.
    pub schema: &'a Arc<str>,
    /// The variables.
    pub settings: &'a Settings,
    /// The statement writes: it may not run if the state cannot be reached, so the state's answers are waited for
    /// first. A read's answer is simply dropped in that case.
    pub writes: bool,
    /// Ids that it must know of.
    pub ids: Preset,
}

/// What a server is told of ids before a statement (MySQL 8.4 manual, "Server System Variables").
#[derive(Debug, Clone, Copy, Default)]
pub struct Preset {
    /// `last_insert_id`: what LAST_INSERT_ID() answers there.
    pub last_insert_id: Option<u64>,
    /// `insert_id`: the first id that an INSERT gives. It stays until an INSERT has used it.
    pub insert_id: Option<u64>,
    /// How many ids there are from it on.
    pub room: u64,
}

impl Preset {
    /// Whether an INSERT that answered with this insert id has certainly used `insert_id`.
    pub fn was_used(self, answered: u64) -> bool {
        self.insert_id.is_some_and(|first| answered >= first && answered - first < self.room)
    }

    fn sql(self) -> Option<String> {
        Some(match (self.last_insert_id, self.insert_id) {
            (None, None) => return None,
            (Some(last), None) => format!("SET last_insert_id={last}"),
            (None, Some(next)) => format!("SET insert_id={next}"),
            (Some(last), Some(next)) => format!("SET last_insert_id={last},insert_id={next}"),
        })
    }
}

/// Writes the statement. The next packet on the connection is the first of its answer.
pub async fn send(lease: &mut Lease, state: State<'_>, call: &Call<'_>, around: Around<'_>) -> Result<()> {
    let conn = &mut **lease;
    let schema = (!state.schema.is_empty()).then_some(state.schema);
    conn.queue_state(schema, state.settings);
    if state.writes && conn.has_pending() {
        settle(lease, around).await?;
    }
    let conn = &mut **lease;
    if let Some(sql) = state.ids.sql() {
        conn.queue_before(&sql);
    }
    match call {
        Call::Text(text) => conn.queue_query(text),
        Call::Owned(text) => conn.queue_query(text),
        Call::Execute(text, params) => {
            let types = hash((0..params.len()).filter_map(|i| params.wire_type(i)));
            let id = prepare(lease, text, types, around).await?.id;
            lease.queue_with(|out| params.put_execute(out, id, 0));
        }
        Call::ExecuteWith(text, params) => {
            let types = hash(params.iter().map(|(wire, _)| *wire));
            let id = prepare(lease, text, types, around).await?.id;
            lease.queue_with(|out| execute::put_execute(out, id, 0, params));
        }
    }
    settle(lease, around).await
}

/// Writes what is queued, and reads what state commands are answered. They wait for nothing on a server that does not hang:
/// where that does not end soon after KILL or the statement's time, the connection is given up.
async fn settle(lease: &mut Lease, around: Around<'_>) -> Result<()> {
    let stopped = {
        let mut settling = pin!(lease.settle());
        let stopped = tokio::select! {
            biased;
            settled = &mut settling => return settled,
            error = around.halted() => error,
        };
        if let Ok(settled) = timeout(HANGS, settling).await {
            return settled;
        }
        stopped
    };
    lease.give_up();
    Err(stopped)
}

/// Prepares a statement for parameters of some types (a hash of them; 0: not to be executed now), unless it is. A server does
/// that when it gets at the tables: KILL and the end of the statement's time are heard meanwhile.
pub async fn prepare(
    lease: &mut Lease,
    text: &Bytes,
    types: u64,
    around: Around<'_>,
) -> Result<Arc<Prepared>> {
    if let Some(prepared) = lease.prepared(text, types) {
        return Ok(prepared);
    }
    let target = Target::of(lease);
    let prepared = hearing(lease.prepare(text, types), target, around).await;
    prepared.unwrap_or_else(|deaf| {
        lease.give_up();
        Err(deaf)
    })
}

/// The whole answer of a statement, which KILL and the end of its time stop.
pub async fn collect(
    lease: &mut Lease,
    state: State<'_>,
    call: &Call<'_>,
    (format, limit): (Format, AnswerLimit),
    around: Around<'_>,
) -> Result<Answer> {
    send(lease, state, call, around).await?;
    let target = Target::of(lease);
    let answer = hearing(lease.answer_in(format, limit), target, around).await;
    answer.unwrap_or_else(|deaf| {
        lease.give_up();
        Err(deaf)
    })
}

/// Makes a connection forget an `insert_id` that no INSERT has used: a reset would end its transaction, and 0 would be an
/// id. Where this fails, the connection is of no use to others.
pub async fn drop_insert_id(conn: &mut Conn) -> Result<()> {
    conn.queue_before("CREATE TEMPORARY TABLE shardgate_insert_id (id BIGINT AUTO_INCREMENT PRIMARY KEY)");
    conn.queue_before("INSERT INTO shardgate_insert_id VALUES ()");
    conn.query("DROP TEMPORARY TABLE shardgate_insert_id", 0).await.map(|_| ())
}

/// A number for a list of types (FNV-1a); never 0.
fn hash(types: impl Iterator<Item = WireType>) -> u64 {
    let bytes = types.flat_map(|wire| [wire.kind, u8::from(wire.unsigned)]);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }) | 1
}
