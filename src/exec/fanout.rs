//! A read on several nodes: all are asked at once, their rows are merged as they come, and are there for whoever takes
//! them ([`Rows`]): the client ([`run`]), or the proxy itself.
//!
//! Each source has one or a few *lanes*: a connection and the tasks that it runs one after another. Only streams whose
//! rows the merge wants are read, and those only while rows are asked for: else the servers wait, and memory stays
//! bounded by the merge's budget.

mod lane;

use bytes::Bytes;

use self::lane::{Lane, fill_any, kill, open};
use super::Client;
use super::meter::Meter;
use super::names::Names;
use super::single::Around;
use super::source::Connections;
use super::warned::Warned;
use super::write::Task;
use crate::backend::{Role, Settings};
use crate::base::{Code, Error, Result};
use crate::merge::{Budget, Merger};
use crate::plan::explain::view::Took;
use crate::plan::merge_spec::Merge;
use crate::wire::column::ColumnDef;
use crate::wire::packet::{self, OkPacket};
use crate::wire::primitives::put_lenenc_int;
use crate::wire::row::Format;

/// Bytes of rows that are collected before they are written to the client.
const CHUNK: usize = 16 * 1024;

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
    /// Who wants to know what each answer came to.
    pub meter: Option<&'a Meter>,
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
    /// What there was to warn of when the rows were read that the statement runs over.
    pub before: &'a Warned,
}

/// What became of a read.
#[derive(Debug, Default)]
pub struct Answered {
    /// Rows sent.
    pub rows: u64,
    /// What there is to warn of.
    pub warned: Warned,
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
    let mut rows = Rows::open(tasks, order, connections, client, around).await?;
    let done = send_all(&mut rows, form, client, around).await;
    rows.close(connections).await;
    done.map(|(rows, warned)| Answered { rows, warned })
}

/// Runs the tasks and counts what they answer; nothing is sent to the client.
pub async fn count(
    tasks: &[Task<'_>],
    order: Order<'_>,
    connections: &mut impl Connections,
    client: &mut Client,
    around: Around<'_>,
) -> Result<Took> {
    let meter = Meter::default();
    let order = Order { meter: Some(&meter), ..order };
    let mut rows = Rows::open(tasks, order, connections, client, around).await?;
    let counted = count_all(&mut rows, client).await;
    rows.close(connections).await;
    counted.map(|(rows, bytes)| meter.took(rows, bytes))
}

async fn count_all(rows: &mut Rows<'_>, client: &mut Client) -> Result<(u64, u64)> {
    let (mut count, mut bytes) = (0, 0);
    loop {
        let more = rows.fill(client).await?;
        while let Some(row) = rows.pop()? {
            count += 1;
            bytes += row.len() as u64;
        }
        if !more {
            return Ok((count, bytes));
        }
    }
}

/// Sends the client what there is, as it comes. Answers how many rows there were, and what there is to warn of.
async fn send_all(
    rows: &mut Rows<'_>,
    form: Form<'_>,
    client: &mut Client,
    around: Around<'_>,
) -> Result<(u64, Warned)> {
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
    let warned = rows.warned(form.before.clone()).await;
    let end = OkPacket { status: form.status, warnings: warned.told(), ..OkPacket::default() };
    client.queue_with(|out| packet::put_end(out, &end, form.deprecate_eof));
    Ok((sent, warned))
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
        client: &mut Client,
        around: Around<'a>,
    ) -> Result<Self> {
        let gather = Gather { order, streams: tasks.len(), merger: None };
        let held = connections.keeps();
        let mut rows = Self { lanes: Vec::new(), tasks, gather, around, held };
        match open(tasks, &order, connections, &mut rows.lanes, client, around).await {
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
                        lane.next(tasks, &gather.order, *around).await?;
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

    /// What there is to warn of, once all has been read; `before`: what there was when the rows were read that the
    /// statement runs over.
    pub async fn warned(&mut self, before: Warned) -> Warned {
        let mut lists = Vec::new();
        for lane in &mut self.lanes {
            lane.ask_warnings().await;
            lists.append(&mut lane.warned);
        }
        if lists.is_empty() {
            return before;
        }
        let quiet: usize = self.lanes.iter().map(|lane| lane.quiet).sum();
        lists.resize(lists.len() + quiet, Warned::default());
        Warned::merged(&lists).over(before, self.tasks.len() > 1)
    }

    /// Puts the connections back. What was not read to its end is stopped.
    pub async fn close(self, connections: &mut impl Connections) {
        for mut lane in self.lanes {
            lane.measure(&self.gather.order);
            if lane.current.is_some() && !lane.lease.is_lost() {
                lane.abandon(self.held, self.around).await;
            }
            connections.put(lane.source, lane.lease, lane.status);
        }
    }
}

/// The answer that is being put together.
#[derive(Debug)]
struct Gather<'a> {
    order: Order<'a>,
    streams: usize,
    merger: Option<Merger>,
}

impl Gather<'_> {
    /// An answer's definitions are complete: the first make the merge, the others must agree.
    fn head(&mut self, stream: usize, columns: &[ColumnDef]) -> Result<()> {
        if let Some(merger) = &mut self.merger {
            return merger.check(stream, columns);
        }
        let Order { merge, limit, offset, budget, format, .. } = self.order;
        self.merger = Some(Merger::new(merge, columns, format, self.streams, limit, offset, budget)?);
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
