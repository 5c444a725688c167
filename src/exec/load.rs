//! LOAD DATA LOCAL: the client's file, passed on to one server as it comes, or gathered into batches of rows that
//! several servers load at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::future::join_all;
use tokio::time::{Instant, timeout, timeout_at};

use super::info;
use super::lines::{Cut, Cutter, Row};
use super::send::{Call, Preset, State, send};
use super::single::{self, Around};
use super::source::Connections;
use super::stop::{KILL_AGAIN, KILLS, Target};
use super::{Asked, Client};
use crate::backend::file::Wanted;
use crate::backend::{Lease, Role, Settings, Summary};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Fate, Origin, Result};
use crate::wire::packet;

/// How long a client may be silent in the middle of its file: MySQL's net_read_timeout.
const SILENCE: Duration = Duration::from_secs(30);
/// Bytes that are collected before they are passed on to a server.
const CHUNK: usize = 64 * 1024;
/// Rows of a batch at most.
const ROWS: usize = 8192;
/// Bytes of a batch: the row that reaches it is the last.
const BYTES: usize = 1 << 20;

// ---- the client's side -------------------------------------------------------------------------------------------

/// A file that the client sends.
#[derive(Debug)]
pub struct Upload<'c> {
    client: &'c mut Client,
    over: bool,
    /// What was asked of the session is known to whoever reads.
    seen: Option<Asked>,
}

impl<'c> Upload<'c> {
    /// Asks the client for a file, which must be the one that its own statement names.
    pub async fn open(client: &'c mut Client, file: &[u8], around: Around<'_>) -> Result<Self> {
        client.queue_with(|out| {
            out.push(0xFB);
            out.extend_from_slice(file);
        });
        around.flush(client).await?;
        Ok(Self { client, over: false, seen: None })
    }

    /// The next packet; `None` after the last. Errors: KILL, the statement's time is over, the client left, is silent
    /// for too long, or breaks the protocol. Cancel safe.
    pub async fn next(&mut self, around: Around<'_>) -> Result<Option<Bytes>> {
        if self.over {
            return Ok(None);
        }
        if around.interrupt.asked() != self.seen
            && let Some(error) = around.stopped()
        {
            return Err(error);
        }
        let packet = if let Some(packet) = self.client.buffered_packet()? {
            Some(packet)
        } else {
            tokio::select! {
                biased;
                packet = timeout(SILENCE, self.client.read_packet()) => packet.map_err(|_| silent())??,
                error = around.expired() => return Err(error),
                asked = around.interrupt.beyond(self.seen) => {
                    return Err(around.stopped().unwrap_or_else(|| killed(asked)));
                }
            }
        };
        match packet {
            Some(packet) if packet.is_empty() => {
                self.over = true;
                Ok(None)
            }
            Some(packet) => Ok(Some(packet)),
            None => Err(Error::client(Code::Killed, "the client left while its statement ran")),
        }
    }

    /// Reads what the client still sends and forgets it, so that it gets to read the answer. A client that is told to
    /// end, or goes on for long after the statement's time is over, is left: the error closes the connection.
    pub async fn drain(&mut self, around: Around<'_>) -> Result<()> {
        let end = around.deadline.map(|deadline| deadline.max(Instant::now()) + SILENCE);
        while !self.over {
            let seen = around.interrupt.asked().filter(|asked| *asked == Asked::Statement);
            let silence = Instant::now() + SILENCE;
            let limit = end.map_or(silence, |end| end.min(silence));
            let packet = tokio::select! {
                biased;
                asked = around.interrupt.beyond(seen) => match asked {
                    Some(Asked::Session) => return Err(killed(asked)),
                    _ => continue,
                },
                packet = timeout_at(limit, self.client.read_packet()) => packet.map_err(|_| silent())??,
            };
            self.over = packet.is_none_or(|packet| packet.is_empty());
        }
        Ok(())
    }
}

fn silent() -> Error {
    let text = "Got timeout reading communication packets: the client sent nothing more of its file";
    Error { errno: 1159, sqlstate: *b"08S01", ..Error::client(Code::Killed, text) }
}

fn killed(asked: Option<Asked>) -> Error {
    let fate = if asked == Some(Asked::Session) { Fate::Close } else { Fate::Keep };
    Error::new(Code::Killed, "Query execution was interrupted").with_fate(fate)
}

// ---- one server --------------------------------------------------------------------------------------------------

/// Runs a LOAD DATA LOCAL that was sent to a server, with the client's file as it comes.
///
/// KILL QUERY stops the server's statement; as with a plain server the file is read to its end before the answer. When
/// the client leaves or the time is over, the connection to the server is given up, which undoes the statement.
pub async fn pass(
    lease: &mut Lease,
    client: &mut Client,
    file: &[u8],
    around: Around<'_>,
) -> Result<Summary> {
    let mut stopped = false;
    let first = single::next(lease, client, around, &mut stopped).await?;
    if let Wanted::Nothing(summary) = lease.file_wanted(&first)? {
        return Ok(summary);
    }
    let mut upload = match Upload::open(client, file, around).await {
        Ok(upload) => upload,
        Err(error) => {
            lease.give_up();
            return Err(error);
        }
    };
    if let Err(error) = feed(lease, &mut upload, around).await {
        lease.give_up();
        if error.fate == Fate::Keep {
            upload.drain(around).await?;
        }
        return Err(error);
    }
    stopped |= upload.seen.is_some();
    let last = single::next(lease, client, around, &mut stopped).await?;
    lease.finished();
    match last.first() {
        Some(0x00) => packet::decode_ok(&last).map(|ok| Ok(ok.into())),
        _ => packet::decode_err(&last).map(Err),
    }
    .unwrap_or_else(|| Err(lease.malformed()))
}

/// Passes all of the file on.
async fn feed(lease: &mut Lease, upload: &mut Upload<'_>, around: Around<'_>) -> Result<()> {
    loop {
        let part = match upload.next(around).await {
            Err(error) if error.is(Code::Killed) && error.fate == Fate::Keep && upload.seen.is_none() => {
                upload.seen = Some(Asked::Statement);
                around.pools.kill(lease.name(), lease.endpoint(), lease.info().connection_id).await;
                continue;
            }
            part => part?,
        };
        lease.queue_file(part.as_deref().unwrap_or_default());
        if part.is_some() && lease.stream().queued() < CHUNK && !upload.client.buffered().is_empty() {
            continue;
        }
        tokio::select! {
            biased;
            flushed = lease.flush_file() => flushed?,
            error = around.expired() => return Err(error),
            error = around.ended() => return Err(error),
        }
        if part.is_none() {
            return Ok(());
        }
    }
}

// ---- rows --------------------------------------------------------------------------------------------------------

/// Gathers a file's rows into batches.
#[derive(Debug)]
pub struct Gather {
    cutter: Cutter,
    /// Lines of the header that are still to be skipped.
    skip: u64,
    /// Bytes of a row at most.
    longest: usize,
    bytes: BytesMut,
    /// Up to here `bytes` are cut into rows.
    at: usize,
    rows: Vec<Row>,
    /// So many bytes were not enough for the next row: it is looked for again once there are twice as many.
    short: usize,
    /// All bytes are here.
    ended: bool,
    /// All rows are cut.
    done: bool,
    /// How many rows earlier batches had.
    before: u64,
}

/// Rows of a file.
#[derive(Debug)]
pub struct Batch {
    /// The file's bytes that they are in.
    pub bytes: Bytes,
    /// The rows.
    pub rows: Vec<Row>,
    /// How many rows came before.
    pub before: u64,
}

impl Gather {
    /// For rows of so many bytes at most, behind so many lines of a header.
    pub fn new(cutter: Cutter, skip: u64, longest: usize) -> Self {
        Self {
            cutter,
            skip,
            longest,
            bytes: BytesMut::new(),
            at: 0,
            rows: Vec::new(),
            short: 0,
            ended: false,
            done: false,
            before: 0,
        }
    }

    /// Reads on until there is a full batch, or the file's last. Cancel safe.
    pub async fn collect(&mut self, upload: &mut Upload<'_>, around: Around<'_>) -> Result<()> {
        while !self.cut()? {
            match upload.next(around).await? {
                Some(part) => self.bytes.extend_from_slice(&part),
                None => self.ended = true,
            }
        }
        Ok(())
    }

    /// What was gathered.
    pub fn take(&mut self) -> Batch {
        let bytes = self.bytes.split_to(self.at).freeze();
        self.at = 0;
        let rows = std::mem::take(&mut self.rows);
        let before = self.before;
        self.before += rows.len() as u64;
        Batch { bytes, rows, before }
    }

    /// Whether no rows follow those that were gathered.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// `true`: the batch is full, or the file's last.
    fn cut(&mut self) -> Result<bool> {
        loop {
            if self.done || self.rows.len() >= ROWS || self.at >= BYTES {
                return Ok(true);
            }
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if rest.len() < self.short.saturating_mul(2) && !self.ended {
                return Ok(false);
            }
            self.short = 0;
            if self.skip > 0 && !rest.is_empty() {
                let Some(line) = self.cutter.line(rest, self.ended) else { return self.more(0) };
                self.bytes.advance(line);
                self.skip -= 1;
                continue;
            }
            match self.cutter.row(rest, self.ended) {
                Cut::Row(row) => {
                    let end = self.at + row.end;
                    self.rows.push(moved(row, self.at));
                    self.at = end;
                }
                Cut::More(unused) => return self.more(unused),
                Cut::End => self.done = true,
            }
        }
    }

    /// The next row is not all there.
    fn more(&mut self, unused: usize) -> Result<bool> {
        self.at += unused;
        if self.rows.is_empty() {
            self.bytes.advance(self.at);
            self.at = 0;
        }
        self.short = self.bytes.len() - self.at;
        if self.short <= self.longest {
            return Ok(false);
        }
        let row = self.before + self.rows.len() as u64 + 1;
        Err(Error::new(
            Code::Memory,
            format!("row {row} of the file is longer than listen.max_packet = {} bytes", self.longest),
        ))
    }
}

fn moved(row: Row, by: usize) -> Row {
    let found = row.found.map(|field| {
        field.map(|field| super::lines::Field { start: field.start + by, end: field.end + by, ..field })
    });
    Row { start: row.start + by, end: row.end + by, found }
}

// ---- several servers ---------------------------------------------------------------------------------------------

/// Rows for one place.
#[derive(Debug)]
pub struct Part<'a> {
    /// The server.
    pub source: SourceId,
    /// The schema.
    pub schema: &'a Arc<str>,
    /// The statement.
    pub text: &'a [u8],
    /// Its file.
    pub file: Bytes,
    /// Which rows of the client's file these are, counted from 1.
    pub rows: Arc<[u64]>,
}

/// Has all parts loaded: those of one source one after another, sources at once, or with `first_ahead` the first before the
/// others. One answer a part. When `stop` resolves, the servers are stopped, and its error is the answer. All connections are put
/// back; what succeeded where others failed is for the caller to undo.
pub async fn run(
    parts: &[Part<'_>],
    settings: &Settings,
    connections: &mut impl Connections,
    first_ahead: bool,
    stop: impl Future<Output = Error>,
    around: Around<'_>,
) -> Result<Vec<Summary>> {
    let mut sources: Vec<SourceId> = parts.iter().map(|part| part.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut lanes: Vec<Lane> = Vec::with_capacity(sources.len());
    let mut failure = None;
    for source in sources {
        match connections.take(source, Role::Primary).await {
            Ok(lease) => lanes.push(Lane { source, lease, answers: Vec::new(), failure: None, status: None }),
            Err(error) => failure = Some(error),
        }
    }
    if failure.is_none() {
        failure = load(&mut lanes, parts, settings, first_ahead, stop, around).await;
    }
    let mut answers: Vec<(usize, Summary)> = Vec::with_capacity(parts.len());
    for lane in lanes {
        answers.extend(lane.answers);
        connections.put(lane.source, lane.lease, lane.status);
        // Servers say 1317 of what was stopped; why it was is known here.
        failure = failure.or(lane.failure);
    }
    match failure {
        Some(error) if answers.len() < parts.len() => Err(error),
        // All was done, or was done before it could be stopped.
        _ => {
            answers.sort_unstable_by_key(|(part, _)| *part);
            Ok(answers.into_iter().map(|(_, answer)| answer).collect())
        }
    }
}

struct Lane {
    source: SourceId,
    lease: Lease,
    answers: Vec<(usize, Summary)>,
    failure: Option<Error>,
    status: Option<u16>,
}

/// What KILL needs to know of a connection, and whether it has done its work.
struct Running {
    target: Target,
    done: AtomicBool,
}

/// Runs all lanes; the answer is why they were stopped, if they were.
async fn load(
    lanes: &mut [Lane],
    parts: &[Part<'_>],
    settings: &Settings,
    first_ahead: bool,
    stop: impl Future<Output = Error>,
    around: Around<'_>,
) -> Option<Error> {
    let running: Vec<Running> = lanes
        .iter()
        .map(|lane| Running { target: Target::of(&lane.lease), done: AtomicBool::new(false) })
        .collect();
    let mut all = lanes.iter_mut().zip(&running);
    let mut work = std::pin::pin!(async {
        if first_ahead && let Some((lane, running)) = all.next() {
            lane.run(parts, settings, running, around).await;
            if lane.failure.is_some() {
                return;
            }
        }
        join_all(all.map(|(lane, running)| lane.run(parts, settings, running, around))).await;
    });
    let error = tokio::select! {
        biased;
        () = &mut work => return None,
        error = stop => error,
    };
    // Servers that do not hear of it in so long are left: their connections are closed in the middle.
    for _ in 0..KILLS * 10 {
        for server in running.iter().filter(|server| !server.done.load(Ordering::Relaxed)) {
            server.target.kill(around.pools).await;
        }
        if timeout(KILL_AGAIN, &mut work).await.is_ok() {
            break;
        }
    }
    Some(error)
}

impl Lane {
    async fn run(&mut self, parts: &[Part<'_>], settings: &Settings, running: &Running, around: Around<'_>) {
        let source = self.source;
        for (i, part) in parts.iter().enumerate().filter(|(_, part)| part.source == source) {
            match self.part(part, settings, around).await {
                Ok(answer) => {
                    self.status = Some(answer.status);
                    self.answers.push((i, answer));
                }
                Err(error) => {
                    self.status = None;
                    self.failure = Some(error);
                    break;
                }
            }
        }
        running.done.store(true, Ordering::Relaxed);
    }

    async fn part(&mut self, part: &Part<'_>, settings: &Settings, around: Around<'_>) -> Result<Summary> {
        let state = State { schema: part.schema, settings, writes: true, ids: Preset::default() };
        send(&mut self.lease, state, &Call::Text(part.text), around).await?;
        let loaded = self.lease.load(&part.file).await;
        let mut answer = loaded.map_err(|error| match error.origin {
            Origin::Backend => Error { message: info::renumbered(&error.message, &part.rows), ..error },
            _ => error,
        })?;
        if answer.warnings > 0 {
            answer.messages = single::warnings(&mut self.lease).await;
            for [_, _, message] in &mut answer.messages {
                *message = info::renumbered(message, &part.rows);
            }
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::LineFormat;
    use crate::sql::lex::Mode;

    fn gather(skip: u64, longest: usize) -> Gather {
        let format = LineFormat::usual(Mode::default());
        Gather::new(Cutter::new(&format, 2, [Some(0), None]).unwrap(), skip, longest)
    }

    #[test]
    fn rows_are_gathered_whatever_the_pieces_are() {
        let text: Vec<u8> = (0..20_000).flat_map(|n| format!("{n}\tx\n").into_bytes()).collect();
        for size in [7, 100, 1 << 20] {
            let mut gather = gather(2, 1000);
            let mut numbers = 2;
            let mut pieces = text.chunks(size);
            loop {
                while !gather.cut().unwrap() {
                    match pieces.next() {
                        Some(piece) => gather.bytes.extend_from_slice(piece),
                        None => gather.ended = true,
                    }
                }
                let done = gather.is_done();
                let batch = gather.take();
                assert!(batch.rows.len() <= ROWS && (done || batch.rows.len() == ROWS));
                assert_eq!(batch.before, numbers - 2);
                for row in &batch.rows {
                    assert_eq!(&batch.bytes[row.start..row.end], format!("{numbers}\tx\n").as_bytes());
                    numbers += 1;
                }
                if done {
                    break;
                }
            }
            assert_eq!(numbers, 20_000);
        }
    }

    #[test]
    fn a_row_without_an_end_is_an_error() {
        let mut gather = gather(0, 1000);
        gather.bytes.extend_from_slice(b"a\n");
        gather.bytes.extend_from_slice(&[b'x'; 2000]);
        let error = gather.cut().unwrap_err();
        assert!(error.is(Code::Memory) && error.message.contains("row 2 "), "{error}");
    }

    #[test]
    fn a_header_longer_than_the_file_leaves_no_rows() {
        let mut gather = gather(5, 1000);
        gather.bytes.extend_from_slice(b"a\nb\n");
        gather.ended = true;
        assert!(gather.cut().unwrap() && gather.is_done());
        assert!(gather.take().rows.is_empty());
    }
}
