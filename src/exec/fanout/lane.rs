//! One connection of a read on several nodes: its tasks go out one after another, and their answers come in packet by
//! packet.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::{Gather, Order};
use crate::backend::Lease;
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Fate, Result};
use crate::exec::Client;
use crate::exec::send::{State, send};
use crate::exec::single::{self, Around};
use crate::exec::source::Connections;
use crate::exec::stop::{DEAF, KILL_AGAIN, KILLS, Target, stop};
use crate::exec::warned::Warned;
use crate::exec::write::Task;
use crate::merge::Merger;
use crate::plan::explain::tree::Actual;
use crate::wire::column::ColumnDef;
use crate::wire::packet;
use crate::wire::primitives::lenenc_int;

/// Bytes of an answer that are read to its end, when nobody wants it any more, before the connection is closed instead.
const DRAIN: usize = 256 * 1024;

/// A connection, and the tasks that it runs one after another.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) source: SourceId,
    pub(super) lease: Lease,
    /// Tasks still to be sent.
    waiting: VecDeque<usize>,
    /// The task whose answer is being read.
    pub(super) current: Option<usize>,
    head: Head,
    /// Definitions of the current answer, until all have been read.
    columns: Vec<ColumnDef>,
    /// The first answer's head has been read.
    pub(super) started: bool,
    pub(super) status: Option<u16>,
    /// Rows and their bytes of the current answer.
    counted: (u64, u64),
    /// When it was asked for, where somebody wants to know.
    asked: Option<Instant>,
    /// What there was to warn of in each answer that has been read, where there was something.
    pub(super) warned: Vec<Warned>,
    /// Answers with nothing to warn of.
    pub(super) quiet: usize,
    /// So many warnings of the last of them are not among these yet.
    unasked: u16,
}

/// How far the head of the current answer has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Count,
    Columns(usize),
    Eof,
    Rows,
}

/// Takes connections, in the order of sources so that two statements never wait for each other, and sends each its first
/// task.
pub(super) async fn open(
    tasks: &[Task<'_>],
    order: &Order<'_>,
    connections: &mut impl Connections,
    lanes: &mut Vec<Lane>,
    client: &mut Client,
    around: Around<'_>,
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
            lanes.push(Lane {
                source,
                lease,
                waiting,
                current: None,
                head,
                columns: Vec::new(),
                started: false,
                status: None,
                counted: (0, 0),
                asked: None,
                warned: Vec::new(),
                quiet: 0,
                unasked: 0,
            });
        }
        for (n, task) in mine.into_iter().enumerate() {
            if let Some(lane) = lanes.get_mut(first + n % width) {
                lane.waiting.push_back(task);
            }
        }
    }
    // What a connection has to be told or to prepare first is waited for on all of them together.
    if !tasks.iter().any(|task| task.call.is_binary()) {
        let begun = join_all(lanes.iter_mut().map(|lane| lane.next(tasks, order, around))).await;
        return begun.into_iter().collect();
    }
    prepare(tasks, order, lanes, client, around).await
}

/// The first tasks where some have to be prepared: a server does that when it gets at the tables, which may take long.
async fn prepare(
    tasks: &[Task<'_>],
    order: &Order<'_>,
    lanes: &mut [Lane],
    client: &mut Client,
    around: Around<'_>,
) -> Result<()> {
    let targets: Vec<_> = lanes.iter().map(|lane| Target::of(&lane.lease)).collect();
    let stopped = {
        let mut begun = pin!(join_all(lanes.iter_mut().map(|lane| lane.next(tasks, order, around))));
        let stopped = tokio::select! {
            biased;
            begun = &mut begun => return begun.into_iter().collect(),
            () = client.closed() => Error::client(Code::Killed, "the client left while its statement ran"),
            error = around.halted() => error,
        };
        if stop(begun, &targets, around.pools).await.is_some() {
            return Err(stopped);
        }
        stopped
    };
    for lane in lanes {
        lane.lease.give_up();
    }
    Err(stopped)
}

/// Reads from whichever wanted lane has something.
pub(super) async fn fill_any(lanes: &mut [Lane], gather: &Gather<'_>) -> Result<()> {
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

fn stuck() -> Error {
    Error::new(Code::Internal, "the merge waits for a row that no server is asked for").with_fate(Fate::Close)
}

pub(super) async fn kill(lanes: &mut [Lane], around: Around<'_>) {
    for lane in lanes.iter_mut().filter(|lane| lane.current.is_some()) {
        around.pools.kill(lane.lease.name(), lane.lease.endpoint(), lane.lease.info().connection_id).await;
    }
}

impl Lane {
    /// Sends the next task, if there is one.
    pub(super) async fn next(
        &mut self,
        tasks: &[Task<'_>],
        order: &Order<'_>,
        around: Around<'_>,
    ) -> Result<()> {
        let Some(i) = self.waiting.pop_front() else { return Ok(()) };
        let Some(task) = tasks.get(i) else { return Ok(()) };
        self.ask_warnings().await;
        let state =
            State { schema: task.schema, settings: order.settings, writes: order.locks, ids: task.ids };
        self.asked = order.meter.map(|_| Instant::now());
        send(&mut self.lease, state, &task.call, around).await?;
        self.current = Some(i);
        self.head = Head::Count;
        self.counted = (0, 0);
        Ok(())
    }

    /// Asks what there is to warn of in the last answer: the next statement's warnings take the place of its.
    pub(super) async fn ask_warnings(&mut self) {
        let count = std::mem::take(&mut self.unasked);
        if count == 0 || self.current.is_some() || self.lease.is_broken() {
            return;
        }
        let messages = single::warnings(&mut self.lease).await;
        if let Some(last) = self.warned.last_mut() {
            *last = Warned::some(messages, count);
        }
    }

    /// Tells what the current answer came to.
    pub(super) fn measure(&self, order: &Order<'_>) {
        if let (Some(meter), Some(task), Some(asked)) = (order.meter, self.current, self.asked) {
            let (rows, bytes) = self.counted;
            meter.note(task, Actual { rows, bytes, time: asked.elapsed() });
        }
    }

    /// Whether its next packet is wanted: the merge waits for its stream, or for one that comes after it here. Every
    /// answer's head is wanted, so that an error on any server is known before rows go out.
    pub(super) fn wanted(&self, gather: &Gather<'_>) -> bool {
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
    pub(super) fn take_buffered(&mut self, gather: &mut Gather<'_>) -> Result<bool> {
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
                self.columns.clear();
                self.head = Head::Columns(count as usize);
            }
            Head::Columns(left) => {
                self.columns.push(ColumnDef::decode(&packet).ok_or_else(|| self.lease.malformed())?);
                self.head = match left {
                    1 if eof => Head::Eof,
                    1 => Head::Rows,
                    _ => Head::Columns(left - 1),
                };
                if left == 1 {
                    self.started = true;
                    gather.head(self.current.unwrap_or_default(), &std::mem::take(&mut self.columns))?;
                }
            }
            Head::Eof => self.head = Head::Rows,
            Head::Rows if packet::is_end(&packet) => {
                let end = packet::decode_end(&packet).ok_or_else(|| self.lease.malformed())?;
                self.status = Some(end.status);
                self.lease.finished();
                self.unasked = end.warnings;
                if end.warnings > 0 {
                    self.warned.push(Warned::default());
                } else {
                    self.quiet += 1;
                }
                self.measure(&gather.order);
                if let (Some(stream), Some(merger)) = (self.current.take(), gather.merger.as_mut()) {
                    merger.finish(stream);
                }
            }
            Head::Rows => {
                self.counted.0 += 1;
                self.counted.1 += packet.len() as u64;
                if let (Some(stream), Some(merger)) = (self.current, gather.merger.as_mut()) {
                    merger.push(stream, packet)?;
                }
            }
        }
        Ok(())
    }

    /// The rest of the answer is not wanted: it is read to its end where that is short or the connection must be kept;
    /// otherwise the statement is stopped and the connection closed.
    pub(super) async fn abandon(&mut self, keep: bool, around: Around<'_>) {
        let _ = timeout(KILL_AGAIN, self.drain(DRAIN)).await;
        // A connection that is kept is waited for as long as its server hears.
        let target = Target::of(&self.lease);
        let (mut kills, mut deaf) = (0, 0);
        while self.current.is_some() && !self.lease.is_lost() {
            if deaf == DEAF || (kills >= KILLS && !keep) {
                self.lease.give_up();
                return;
            }
            kills += 1;
            deaf = if target.kill(around.pools).await { 0 } else { deaf + 1 };
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
