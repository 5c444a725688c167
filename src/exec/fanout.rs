//! A read on several nodes: all are asked at once, their rows are merged as they come, and are there for whoever takes
//! them ([`Rows`]): the client ([`run`]), or the proxy itself.
//!
//! Each source has one or a few *lanes*: a connection and the tasks that it runs one after another. Only streams whose
//! rows the merge wants are read, and those only while rows are asked for: else the servers wait, and memory stays
//! bounded by the merge's budget.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::Client;
use super::names::Names;
use super::send::{State, send};
use super::single::{self, Around, KILL_AGAIN, KILLS};
use super::source::Connections;
use super::write::Task;
use crate::backend::{Lease, Role, Settings};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Fate, Result};
use crate::merge::{Budget, Merger};
use crate::plan::merge_spec::Merge;
use crate::wire::column::ColumnDef;
use crate::wire::packet::{self, OkPacket};
use crate::wire::primitives::{lenenc_int, put_lenenc_int};
use crate::wire::row::Format;

/// Bytes of rows that are collected before they are written to the client.
const CHUNK: usize = 16 * 1024;
/// Bytes of an answer that are read to its end, when nobody wants it any more, before the connection is closed instead.
const DRAIN: usize = 256 * 1024;

/// What is to be read on several nodes.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// How rows become one answer.
    pub merge: &'a Merge,
    /// LIMIT of the answer.
    pub limit: Option<u64>,
    /// OFFSET of the answer.
    pub offset: u64,
    /// What merging may hold.
    pub budget: Budget,
    /// The session's variables.
    pub settings: &'a Settings,
    /// Which server of each source.
    pub role: Role,
    /// The statement locks rows: it is a write to the servers.
    pub locks: bool,
    /// How rows are written.
    pub format: Format,
}

/// How the client's answer is written.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// Names to put back into column definitions.
    pub names: &'a Names,
    /// Status flags of the answer.
    pub status: u16,
    /// How the client wants result sets to end.
    pub deprecate_eof: bool,
}

#[derive(Debug)]
struct Lane {
    source: SourceId,
    lease: Lease,
    /// Tasks still to be sent.
    waiting: VecDeque<usize>,
    /// The task whose answer is being read.
    current: Option<usize>,
    head: Head,
    /// The first answer's head has been read.
    started: bool,
    status: Option<u16>,
}

/// How far the head of the current answer has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Count,
    Columns(usize),
    Eof,
    Rows,
}

/// What became of a read.
#[derive(Debug, Default)]
pub struct Answered {
    /// Rows sent.
    pub rows: u64,
    /// Level, code and message of each warning.
    pub warnings: Vec<[String; 3]>,
}

/// Runs the tasks and answers the client. An error may come after some rows: the client is at a packet's boundary, where
/// an ERR ends the answer, unless the error's fate says otherwise. Connections are always put back.
pub async fn run(
    tasks: &[Task<'_>],
    order: Order<'_>,
    form: Form<'_>,
    connections: &mut impl Connections,
    client: &mut Client,
    around: Around<'_>,
) -> Result<Answered> {
    let mut rows = Rows::open(tasks, order, connections, around).await?;
    let done = send_all(&mut rows, form, client, around).await;
    let warnings = rows.close(connections).await;
    done.map(|rows| Answered { rows, warnings })
}

/// Sends the client what there is, as it comes. Answers how many rows there were.
async fn send_all(
    rows: &mut Rows<'_>,
    form: Form<'_>,
    client: &mut Client,
    around: Around<'_>,
) -> Result<u64> {
    let mut sent = 0;
    loop {
        let more = rows.fill(client).await?;
        while let Some(row) = rows.pop()? {
            if sent == 0 {
                put_head(client, rows.columns(), form);
            }
            sent += 1;
            client.queue_packet(&row);
            if client.queued() > CHUNK {
                around.flush(client).await?;
            }
        }
        if !more {
            break;
        }
    }
    if sent == 0 {
        put_head(client, rows.columns(), form);
    }
    let warnings = rows.warnings().await.min(usize::from(u16::MAX)) as u16;
    let end = OkPacket { status: form.status, warnings, ..OkPacket::default() };
    client.queue_with(|out| packet::put_end(out, &end, form.deprecate_eof));
    Ok(sent)
}

/// A read's rows, merged, for whoever takes them: [`fill`](Self::fill), [`pop`](Self::pop) until there is none, and again.
/// [`close`](Self::close) puts the connections back, at any time.
#[derive(Debug)]
pub struct Rows<'a> {
    lanes: Vec<Lane>,
    tasks: &'a [Task<'a>],
    gather: Gather<'a>,
    around: Around<'a>,
    /// The connections belong to a session that keeps them.
    held: bool,
}

impl<'a> Rows<'a> {
    /// Sends all tasks on their ways. On an error the connections have been put back.
    pub async fn open(
        tasks: &'a [Task<'a>],
        order: Order<'a>,
        connections: &mut impl Connections,
        around: Around<'a>,
    ) -> Result<Self> {
        let gather = Gather {
            order,
            streams: tasks.len(),
            columns: Vec::new(),
            merger: None,
            warned: false,
            warnings: Vec::new(),
        };
        let held = connections.many() == 1;
        let mut rows = Self { lanes: Vec::new(), tasks, gather, around, held };
        match open(tasks, &order, connections, &mut rows.lanes).await {
            Ok(()) => Ok(rows),
            Err(error) => {
                rows.close(connections).await;
                Err(error)
            }
        }
    }

    /// The columns; none before the first [`fill`](Self::fill).
    pub fn columns(&self) -> &[ColumnDef] {
        self.gather.merger.as_ref().map_or(&[], Merger::visible)
    }

    /// The next row of what has been read.
    pub fn pop(&mut self) -> Result<Option<Bytes>> {
        self.gather.merger.as_mut().map_or(Ok(None), Merger::pop)
    }

    /// Reads on, until there may be rows: every server has begun to answer then, and none has said an error. `false`: what
    /// there is now is the last. It stops when `client` leaves, on KILL, and when the statement's time is over.
    pub async fn fill(&mut self, client: &mut Client) -> Result<bool> {
        let Self { lanes, tasks, gather, around, .. } = self;
        let mut stepped = false;
        loop {
            // Looked at first: servers that never pause would never let the branches below run.
            if let Some(error) = around.stopped() {
                kill(lanes, *around).await;
                return Err(error);
            }
            if lanes.iter().all(|lane| lane.started) {
                if gather.merger.as_ref().is_some_and(Merger::done) {
                    return Ok(false);
                }
                if stepped {
                    return Ok(true);
                }
            }
            let mut progress = false;
            for lane in lanes.iter_mut() {
                while lane.wanted(gather) {
                    if lane.current.is_none() {
                        lane.next(tasks, &gather.order).await?;
                        continue;
                    }
                    if !lane.take_buffered(gather)? {
                        break;
                    }
                    progress = true;
                }
            }
            stepped |= progress;
            if progress {
                continue;
            }
            tokio::select! {
                biased;
                filled = fill_any(lanes, gather) => filled?,
                () = client.closed() => {
                    kill(lanes, *around).await;
                    return Err(Error::client(Code::Killed, "the client left while its statement ran"));
                }
                error = around.expired() => {
                    kill(lanes, *around).await;
                    return Err(error);
                }
                _ = around.interrupt.raised() => {}
            }
        }
    }

    /// What the servers have to warn of, once all has been read.
    pub async fn warned(&mut self) -> &[[String; 3]] {
        self.warnings().await;
        &self.gather.warnings
    }

    /// Asks the servers for their warnings, where there are any. Answers how many there are.
    async fn warnings(&mut self) -> usize {
        if std::mem::take(&mut self.gather.warned) {
            self.gather.warnings = warnings(&mut self.lanes).await;
        }
        self.gather.warnings.len()
    }

    /// Puts the connections back. What was not read to its end is stopped. Answers the warnings that were asked for.
    pub async fn close(self, connections: &mut impl Connections) -> Vec<[String; 3]> {
        for mut lane in self.lanes {
            if lane.current.is_some() && !lane.lease.is_lost() {
                lane.abandon(self.held, self.around).await;
            }
            connections.put(lane.source, lane.lease, lane.status);
        }
        self.gather.warnings
    }
}

/// Takes connections, in the order of sources so that two statements never wait for each other, and sends each its first
/// task.
async fn open(
    tasks: &[Task<'_>],
    order: &Order<'_>,
    connections: &mut impl Connections,
    lanes: &mut Vec<Lane>,
) -> Result<()> {
    let mut sources: Vec<SourceId> = tasks.iter().map(|task| task.source).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let mine: Vec<usize> = (0..tasks.len()).filter(|&i| tasks[i].source == source).collect();
        let width = mine.len().min(connections.many().max(1));
        let first = lanes.len();
        for _ in 0..width {
            let lease = connections.take(source, order.role).await?;
            let (waiting, head) = (VecDeque::new(), Head::Count);
            lanes.push(Lane { source, lease, waiting, current: None, head, started: false, status: None });
        }
        for (n, task) in mine.into_iter().enumerate() {
            if let Some(lane) = lanes.get_mut(first + n % width) {
                lane.waiting.push_back(task);
            }
        }
    }
    // What a connection has to be told or to prepare first is waited for on all of them together.
    let begun = join_all(lanes.iter_mut().map(|lane| lane.next(tasks, order))).await;
    begun.into_iter().collect()
}

/// The answer that is being put together.
#[derive(Debug)]
struct Gather<'a> {
    order: Order<'a>,
    streams: usize,
    /// Definitions of the answer that is being read; of the first one they make the merger.
    columns: Vec<ColumnDef>,
    merger: Option<Merger>,
    /// Some server has warnings.
    warned: bool,
    warnings: Vec<[String; 3]>,
}

/// Reads from whichever wanted lane has something.
async fn fill_any(lanes: &mut [Lane], gather: &Gather<'_>) -> Result<()> {
    poll_fn(|cx| {
        let mut waiting = false;
        for lane in lanes.iter_mut() {
            if lane.current.is_some() && lane.wanted(gather) {
                waiting = true;
                if let Poll::Ready(filled) = pin!(lane.lease.fill()).poll(cx) {
                    return Poll::Ready(filled);
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(Err(stuck())) }
    })
    .await
}

/// The warnings of all servers as one would have given them: what each of them says equally often is about the
/// statement and counts once, anything else is about rows and adds up.
async fn warnings(lanes: &mut [Lane]) -> Vec<[String; 3]> {
    let mut lists: Vec<Vec<[String; 3]>> = Vec::new();
    for lane in lanes.iter_mut().filter(|lane| lane.current.is_none() && !lane.lease.is_broken()) {
        lists.push(single::warnings(&mut lane.lease).await);
    }
    let count = |list: &[[String; 3]], warning: &[String; 3]| list.iter().filter(|w| *w == warning).count();
    let mut out: Vec<[String; 3]> = Vec::new();
    for list in &lists {
        for warning in list {
            let common = lists.iter().all(|other| count(other, warning) == count(list, warning));
            if !common || count(&out, warning) < count(list, warning) {
                out.push(warning.clone());
            }
        }
    }
    out.truncate(single::WARNINGS);
    out
}

fn stuck() -> Error {
    Error::new(Code::Internal, "the merge waits for a row that no server is asked for").with_fate(Fate::Close)
}

async fn kill(lanes: &mut [Lane], around: Around<'_>) {
    for lane in lanes.iter_mut().filter(|lane| lane.current.is_some()) {
        around.pools.kill(lane.lease.name(), lane.lease.endpoint(), lane.lease.info().connection_id).await;
    }
}

impl Lane {
    /// Sends the next task, if there is one.
    async fn next(&mut self, tasks: &[Task<'_>], order: &Order<'_>) -> Result<()> {
        let Some(i) = self.waiting.pop_front() else { return Ok(()) };
        let Some(task) = tasks.get(i) else { return Ok(()) };
        let state =
            State { schema: task.schema, settings: order.settings, writes: order.locks, ids: task.ids };
        send(&mut self.lease, state, &task.call).await?;
        self.current = Some(i);
        self.head = Head::Count;
        Ok(())
    }

    /// Whether its next packet is wanted: the merge waits for its stream, or for one that comes after it here. Every
    /// answer's head is wanted, so that an error on any server is known before rows go out.
    fn wanted(&self, gather: &Gather<'_>) -> bool {
        let Some(merger) = &gather.merger else {
            return self.current.is_some() && (self.head != Head::Rows);
        };
        match self.current {
            Some(_) if self.head != Head::Rows => true,
            Some(i) => merger.wants_row(i) || self.waiting.iter().any(|&later| merger.wants_row(later)),
            None => !self.waiting.is_empty(),
        }
    }

    /// Takes the packets of the current answer that have come, also those beyond the one that is wanted: they fill no
    /// more than the read buffer does. `false`: there is none.
    fn take_buffered(&mut self, gather: &mut Gather<'_>) -> Result<bool> {
        let mut taken = false;
        while self.current.is_some() && (!taken || gather.merger.as_ref().is_none_or(Merger::has_room)) {
            let Some(packet) = self.lease.stream().buffered_packet()? else { break };
            taken = true;
            self.take(packet, gather)?;
        }
        Ok(taken)
    }

    /// Takes one packet of the current answer.
    fn take(&mut self, packet: Bytes, gather: &mut Gather<'_>) -> Result<()> {
        if packet.first() == Some(&0xFF) {
            self.current = None;
            self.status = None;
            self.lease.finished();
            let error = packet::decode_err(&packet).unwrap_or_else(|| self.lease.malformed());
            return Err(error);
        }
        let eof = !self.lease.flavor().deprecate_eof;
        match self.head {
            Head::Count => {
                let count =
                    lenenc_int(&mut &packet[..]).filter(|n| *n > 0).ok_or_else(|| self.lease.malformed())?;
                gather.columns.clear();
                self.head = Head::Columns(count as usize);
            }
            Head::Columns(left) => {
                gather.columns.push(ColumnDef::decode(&packet).ok_or_else(|| self.lease.malformed())?);
                self.head = match left {
                    1 if eof => Head::Eof,
                    1 => Head::Rows,
                    _ => Head::Columns(left - 1),
                };
                if left == 1 {
                    self.started = true;
                    gather.head()?;
                }
            }
            Head::Eof => self.head = Head::Rows,
            Head::Rows if packet::is_end(&packet) => {
                let end = packet::decode_end(&packet).ok_or_else(|| self.lease.malformed())?;
                self.status = Some(end.status);
                self.lease.finished();
                gather.warned |= end.warnings > 0;
                if let (Some(stream), Some(merger)) = (self.current.take(), gather.merger.as_mut()) {
                    merger.finish(stream);
                }
            }
            Head::Rows => {
                if let (Some(stream), Some(merger)) = (self.current, gather.merger.as_mut()) {
                    merger.push(stream, packet)?;
                }
            }
        }
        Ok(())
    }

    /// The rest of the answer is not wanted: it is read to its end where that is short or the connection must be kept;
    /// otherwise the statement is stopped and the connection closed.
    async fn abandon(&mut self, keep: bool, around: Around<'_>) {
        let _ = timeout(KILL_AGAIN, self.drain(DRAIN)).await;
        let mut kills = 0;
        while self.current.is_some() && !self.lease.is_lost() {
            if !keep && kills == KILLS {
                self.lease.give_up();
                return;
            }
            kills += 1;
            let (name, endpoint) = (self.lease.name(), self.lease.endpoint());
            around.pools.kill(name, endpoint, self.lease.info().connection_id).await;
            let _ = timeout(KILL_AGAIN, self.drain(usize::MAX)).await;
        }
    }

    async fn drain(&mut self, limit: usize) {
        let mut read = 0;
        while self.current.is_some() && read < limit {
            let Ok(packet) = self.lease.packet().await else { return };
            read += packet.len();
            self.skip(&packet);
        }
    }

    /// Follows the current answer to its end without taking anything of it.
    fn skip(&mut self, packet: &[u8]) {
        let eof = !self.lease.flavor().deprecate_eof;
        if packet.first() == Some(&0xFF) {
            self.current = None;
            self.lease.finished();
            return;
        }
        match self.head {
            Head::Count => self.head = Head::Columns(lenenc_int(&mut &packet[..]).unwrap_or(1) as usize),
            Head::Columns(1) => self.head = if eof { Head::Eof } else { Head::Rows },
            Head::Columns(left) => self.head = Head::Columns(left.saturating_sub(1)),
            Head::Eof => self.head = Head::Rows,
            Head::Rows if packet::is_end(packet) => {
                self.current = None;
                self.lease.finished();
                self.status = packet::decode_end(packet).map(|end| end.status);
            }
            Head::Rows => {}
        }
    }
}

impl Gather<'_> {
    /// An answer's definitions are complete: the first make the merge, the others must agree.
    fn head(&mut self) -> Result<()> {
        if let Some(merger) = &self.merger {
            return merger.check(&self.columns);
        }
        let Order { merge, limit, offset, budget, format, .. } = self.order;
        self.merger = Some(Merger::new(merge, &self.columns, format, self.streams, limit, offset, budget)?);
        Ok(())
    }
}

/// Queues the column definitions that the client sees.
fn put_head(client: &mut Client, columns: &[ColumnDef], form: Form<'_>) {
    client.queue_with(|out| put_lenenc_int(out, columns.len() as u64));
    for column in columns {
        let mut column = column.clone();
        form.names.restore(&mut column);
        client.queue_with(|out| column.encode(out));
    }
    if !form.deprecate_eof {
        client.queue_with(|out| packet::put_eof(out, form.status, 0));
    }
}
