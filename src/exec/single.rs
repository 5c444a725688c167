//! One server's answer, relayed to the client as bytes: rows are never decoded, and no more than a socket's buffer
//! of them is ever here. The server waits when the client reads slowly.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use tokio::time::{Instant, timeout, timeout_at};

use super::Client;
use super::interrupt::{Asked, Interrupt};
use super::names::Names;
use super::stop::{DEAF, KILL_AGAIN, KILLS, Target};
use crate::backend::{Lease, Pools};
use crate::base::{Code, Error, Fate, Result};
use crate::wire::column::ColumnDef;
use crate::wire::packet;
use crate::wire::primitives::lenenc_int;
use crate::wire::scan::{End, Outcome, Response, ResponseScanner, Trailer};

/// Bytes that are collected before they are written to the client.
const CHUNK: usize = 16 * 1024;

/// Warnings kept of one statement: MySQL's own max_error_count.
pub const WARNINGS: usize = 1024;

/// Level, code and message of the warnings and errors of the statement that has just run on this connection.
pub async fn warnings(lease: &mut Lease) -> Vec<[String; 3]> {
    match lease.query("SHOW WARNINGS", WARNINGS).await {
        Ok(answer) => (0..answer.rows.len())
            .map(|row| [0, 1, 2].map(|column| answer.text(row, column).unwrap_or_default()))
            .collect(),
        Err(_) => Vec::new(),
    }
}

/// What a relay needs besides the two connections.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// For KILL.
    pub pools: &'a Pools,
    /// The session's ear.
    pub interrupt: &'a Interrupt,
    /// When the statement's time is over (`limits.statement_timeout`).
    pub deadline: Option<Instant>,
}

impl Around<'_> {
    /// Resolves when the statement's time is over.
    pub(super) async fn expired(&self) -> Error {
        match self.deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
        Self::too_late()
    }

    fn too_late() -> Error {
        let text = "Query execution was interrupted, limits.statement_timeout exceeded";
        Error::new(Code::Timeout, text)
    }

    /// Why the statement must not go on: KILL, or its time is over.
    pub(super) fn stopped(&self) -> Option<Error> {
        match self.interrupt.asked() {
            Some(Asked::Session) => Some(session_killed()),
            Some(Asked::Statement) => Some(Error::new(Code::Killed, "Query execution was interrupted")),
            None => self.deadline.filter(|deadline| Instant::now() >= *deadline).map(|_| Self::too_late()),
        }
    }

    /// Resolves when there is no use in waiting for a client that does not read: its session was killed, or the
    /// statement's time is over. KILL QUERY alone waits: the client gets to read the error.
    async fn given_up(&self) -> Error {
        loop {
            if self.interrupt.asked() == Some(Asked::Session) {
                return session_killed();
            }
            tokio::select! {
                error = self.expired() => return error.with_fate(Fate::Close),
                _ = self.interrupt.beyond(self.interrupt.asked()) => {}
            }
        }
    }

    /// Resolves when the session was killed.
    pub(super) async fn ended(&self) -> Error {
        while self.interrupt.asked() != Some(Asked::Session) {
            self.interrupt.beyond(self.interrupt.asked()).await;
        }
        session_killed()
    }

    /// Resolves when the statement must not go on: KILL, or its time is over.
    pub async fn halted(&self) -> Error {
        tokio::select! {
            error = self.expired() => error,
            _ = self.interrupt.raised() => self.stopped().unwrap_or_else(session_killed),
        }
    }

    /// Writes to the client what is queued.
    pub(super) async fn flush(&self, client: &mut Client) -> Result<()> {
        tokio::select! {
            biased;
            done = client.flush() => done,
            error = self.given_up() => Err(error),
        }
    }
}

fn session_killed() -> Error {
    Error::new(Code::Killed, "Connection was killed").with_fate(Fate::Close)
}

/// Relays the answer that the server is about to give, byte for byte. Nothing is flushed at the end: the caller does,
/// with whatever it adds.
///
/// Errors: the client left (the server's statement is killed, its connection given up); the server was lost. The
/// error's fate says whether the client is still at a packet's boundary where an ERR can be sent.
pub async fn relay(lease: &mut Lease, client: &mut Client, around: Around<'_>) -> Result<End> {
    let mut scanner =
        ResponseScanner::new(Response::Query, lease.flavor().deprecate_eof, lease.reply_sequence());
    let (mut relayed, mut killed) = (false, false);
    loop {
        let buffered = lease.stream().buffered();
        if !buffered.is_empty() {
            let scanned = scanner.advance(buffered);
            let bytes = &buffered[..scanned.consumed];
            let passed = scanned.consumed;
            relayed |= passed > 0;
            match scanned.done {
                Some(End { outcome: Outcome::Malformed | Outcome::LocalInfile, .. }) => {
                    return Err(lost(lease.malformed()));
                }
                Some(end) => {
                    client.queue_raw(bytes);
                    lease.stream().consume(passed);
                    lease.finished();
                    return Ok(end);
                }
                None if client.queued() + passed <= CHUNK => client.queue_raw(bytes),
                None => {
                    let written = tokio::select! {
                        biased;
                        written = client.write_all_raw(bytes) => written,
                        error = around.given_up() => Err(error),
                    };
                    if let Err(error) = written {
                        return Err(left(lease, around, error).await);
                    }
                }
            }
            lease.stream().consume(passed);
        }
        wait(lease, client, around, &mut killed).await.map_err(|e| if relayed { lost(e) } else { e })?;
    }
}

/// In what the client's answer differs from the server's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bits {
    /// Flags that the server may have and the client does not.
    pub clear: u16,
    /// Flags that the client has.
    pub set: u16,
    /// Errors that are the caller's to tell, where they are the whole answer.
    pub told: &'static [u16],
}

/// Relays the answer packet by packet, with the client's own sequence numbers: where another answer came before or
/// follows, or where column definitions name physical tables.
pub async fn reframe(
    lease: &mut Lease,
    client: &mut Client,
    bits: Bits,
    names: &Names,
    around: Around<'_>,
) -> Result<End> {
    let deprecate_eof = lease.flavor().deprecate_eof;
    let (mut killed, mut rows) = (false, 0);
    let first = next(lease, client, around, &mut killed).await?;
    if first.first() == Some(&0xFF)
        && let Some(error) = packet::decode_err(&first).filter(|error| bits.told.contains(&error.errno))
    {
        lease.finished();
        return Err(error);
    }
    match first.first() {
        Some(0x00 | 0xFF) => return finish(lease, client, &first, (bits, names), deprecate_eof, None),
        Some(0xFB) | None => return Err(lease.malformed()),
        _ => {}
    }
    client.queue_packet(&first);
    let columns = lenenc_int(&mut &first[..]).ok_or_else(|| lost(lease.malformed()))?;
    for _ in 0..columns {
        let packet = next(lease, client, around, &mut killed).await.map_err(lost)?;
        let mut column = ColumnDef::decode(&packet).ok_or_else(|| lost(lease.malformed()))?;
        names.restore(&mut column);
        client.queue_with(|out| column.encode(out));
    }
    if !deprecate_eof {
        let eof = next(lease, client, around, &mut killed).await.map_err(lost)?;
        client.queue_packet(&eof);
    }
    loop {
        let packet = next(lease, client, around, &mut killed).await.map_err(lost)?;
        if packet::is_end(&packet) {
            return finish(lease, client, &packet, (bits, names), deprecate_eof, Some(rows));
        }
        rows += 1;
        client.queue_packet(&packet);
        if client.queued() > CHUNK
            && let Err(error) = around.flush(client).await
        {
            return Err(left(lease, around, error).await);
        }
    }
}

/// Passes on the last packet of an answer: OK, EOF or ERR; `rows`: of the result set, if there was one.
fn finish(
    lease: &mut Lease,
    client: &mut Client,
    last: &[u8],
    (bits, names): (Bits, &Names),
    deprecate_eof: bool,
    rows: Option<u64>,
) -> Result<End> {
    let (result_set, rows) = (rows.is_some(), rows.unwrap_or(0));
    lease.finished();
    if last.first() == Some(&0xFF) {
        let error = packet::decode_err(last).ok_or_else(|| lost(lease.malformed()))?;
        let errno = error.errno;
        if names.is_empty() {
            client.queue_packet(last);
        } else {
            let message = names.restore_message(error.errno, &error.message);
            client.queue_with(|out| packet::put_err(out, &Error { message, ..error }));
        }
        return Ok(End { outcome: Outcome::Err { errno }, result_set, rows });
    }
    let ok = if result_set { packet::decode_end(last) } else { packet::decode_ok(last) };
    let mut ok = ok.ok_or_else(|| lost(lease.malformed()))?;
    let trailer = Trailer {
        affected: ok.affected,
        last_insert_id: ok.last_insert_id,
        status: ok.status,
        warnings: ok.warnings,
        status_at: None,
    };
    ok.status = (ok.status & !bits.clear) | bits.set;
    client.queue_with(|out| {
        if result_set { packet::put_end(out, &ok, deprecate_eof) } else { packet::put_ok(out, &ok) }
    });
    Ok(End { outcome: Outcome::Ok(trailer), result_set, rows })
}

/// The next packet of the answer.
pub(super) async fn next(
    lease: &mut Lease,
    client: &mut Client,
    around: Around<'_>,
    killed: &mut bool,
) -> Result<Bytes> {
    loop {
        if let Some(packet) = lease.stream().buffered_packet()? {
            return Ok(packet);
        }
        wait(lease, client, around, killed).await?;
    }
}

/// Waits for more of the server's answer, with an eye on the client and an ear for KILL.
pub(super) async fn wait(
    lease: &mut Lease,
    client: &mut Client,
    around: Around<'_>,
    killed: &mut bool,
) -> Result<()> {
    loop {
        // Looked at first: a server that never pauses would never let the branches below run.
        match around.interrupt.asked() {
            Some(Asked::Session) => return Err(left(lease, around, session_killed()).await),
            Some(Asked::Statement) if !*killed => {
                *killed = true;
                around.pools.kill(lease.name(), lease.endpoint(), lease.info().connection_id).await;
            }
            _ => {}
        }
        let seen = around.interrupt.asked();
        let mut events = poll_fn(|cx| {
            if let Poll::Ready(got) = lease.poll_fill(cx) {
                return Poll::Ready(Event::Filled(got));
            }
            if client.poll_closed(cx).is_ready() {
                return Poll::Ready(Event::Left);
            }
            around.interrupt.poll_beyond(cx, seen).map(|_| Event::Asked)
        });
        // Most statements have no time to watch, and need no timer.
        let again = killed.then(|| Instant::now() + KILL_AGAIN);
        let event = match around.deadline.into_iter().chain(again).min() {
            None => events.await,
            Some(end) => timeout_at(end, &mut events).await.unwrap_or(Event::Late),
        };
        match event {
            Event::Filled(got) => return got,
            Event::Left => {
                let error = Error::client(Code::Killed, "the client left while its statement ran");
                return Err(left(lease, around, error).await);
            }
            Event::Asked => {}
            Event::Late if around.deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                return Err(left(lease, around, Around::too_late()).await);
            }
            Event::Late => {
                around.pools.kill(lease.name(), lease.endpoint(), lease.info().connection_id).await;
            }
        }
    }
}

/// What happens while an answer is waited for.
enum Event {
    /// More of it has come.
    Filled(Result<()>),
    /// The client has hung up.
    Left,
    /// KILL.
    Asked,
    /// The statement's time is over, or it is time for another KILL.
    Late,
}

/// The client is in the middle of an answer: no packet of ours can follow.
fn lost(error: Error) -> Error {
    error.with_fate(Fate::Close)
}

async fn left(lease: &mut Lease, around: Around<'_>, error: Error) -> Error {
    let target = Target::of(lease);
    let (mut kills, mut deaf) = (0, 0);
    while kills < KILLS && deaf < DEAF {
        kills += 1;
        deaf = if target.kill(around.pools).await { 0 } else { deaf + 1 };
        if timeout(KILL_AGAIN, lease.fill()).await.is_ok() {
            break;
        }
    }
    lease.give_up();
    error
}
