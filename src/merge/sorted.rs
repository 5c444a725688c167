//! The streams of a merge that arrive sorted: the smallest row of all their heads is next. A tree of losers finds it: each
//! inner node keeps the stream that lost there, so a new head meets as many others as the tree is deep. Nothing is
//! allocated for a row.

use std::cmp::Ordering;
use std::collections::VecDeque;

use bytes::Bytes;

use super::budget::Ledger;
use super::key::{Keys, prefix};
use super::shape::{Arena, Shape};
use crate::base::{Code, Error, Result};
use crate::wire::row::{Format, Row};

/// One stream: the row that takes part in the merge, those behind it, and the key of the one before it.
#[derive(Debug)]
struct Stream {
    head: Row,
    /// There is a head.
    loaded: bool,
    prefix: u128,
    key: Vec<u8>,
    previous: Vec<u8>,
    /// Bytes of the head, as they were booked.
    size: usize,
    queue: VecDeque<Bytes>,
    open: bool,
}

impl Stream {
    fn new(format: Format) -> Self {
        Self {
            head: Row::empty(format),
            loaded: false,
            prefix: 0,
            key: Vec::new(),
            previous: Vec::new(),
            size: 0,
            queue: VecDeque::new(),
            open: true,
        }
    }

    /// Makes a row the head. A stream that is not sorted as announced is an error: its rows would come out in a wrong
    /// order, or one group twice.
    fn load(&mut self, payload: Bytes, keys: &mut Keys, shape: &Shape, ledger: &mut Ledger) -> Result<()> {
        self.size = payload.len();
        ledger.take(self.size)?;
        shape.load(&mut self.head, payload)?;
        std::mem::swap(&mut self.key, &mut self.previous);
        self.key.clear();
        keys.encode(&self.head, &mut self.key)?;
        self.prefix = prefix(&self.key);
        self.loaded = true;
        if self.previous > self.key {
            return Err(Error::refused(
                "a shard orders rows differently than their values compare; long strings are ordered by their first max_sort_length bytes only",
                "raise max_sort_length, or order and group by a shorter expression",
            ));
        }
        Ok(())
    }
}

/// Sorted streams.
#[derive(Debug)]
pub(super) struct Streams {
    keys: Keys,
    each: Vec<Stream>,
    /// At 0 the stream with the smallest head, at each inner node of the tree the one that lost there. Stream `i` of `n`
    /// is the leaf `n + i`; the node above `m` is `m / 2`.
    tree: Vec<usize>,
    /// The tree stands. From then on only the smallest one's stream can be without a known head.
    planted: bool,
    /// Open streams without a head: while there are any, no row is known to be the next.
    missing: usize,
}

impl Streams {
    pub(super) fn new(keys: Keys, streams: usize, format: Format) -> Self {
        Self {
            keys,
            each: (0..streams).map(|_| Stream::new(format)).collect(),
            tree: vec![0; streams],
            planted: false,
            missing: streams,
        }
    }

    /// Whether nothing can go out before this stream gives a row or ends.
    pub(super) fn wants(&self, stream: usize) -> bool {
        self.each.get(stream).is_some_and(|stream| stream.open && !stream.loaded)
    }

    /// Takes a row of an open stream.
    pub(super) fn push(
        &mut self,
        number: usize,
        payload: Bytes,
        shape: &Shape,
        ledger: &mut Ledger,
    ) -> Result<()> {
        let stream =
            self.each.get_mut(number).filter(|stream| stream.open).ok_or_else(|| not_open(number))?;
        if stream.loaded {
            ledger.queue(payload.len());
            stream.queue.push_back(payload);
            return Ok(());
        }
        stream.load(payload, &mut self.keys, shape, ledger)?;
        self.known(number);
        Ok(())
    }

    /// The stream has no more rows.
    pub(super) fn finish(&mut self, number: usize) {
        if let Some(stream) = self.each.get_mut(number).filter(|stream| stream.open) {
            stream.open = false;
            if !stream.loaded {
                self.known(number);
            }
        }
    }

    /// Whether all streams have ended and given all their rows.
    pub(super) fn is_drained(&self) -> bool {
        self.missing == 0 && self.first().is_none()
    }

    /// The next row and its key; `None` while a stream's is not known, and at the end.
    pub(super) fn top(&self) -> Option<(&Row, &[u8])> {
        self.first().map(|stream| (&stream.head, &stream.key[..]))
    }

    /// Cuts the row that [`Streams::top`] gives and steps over it.
    pub(super) fn pop(
        &mut self,
        shape: &Shape,
        arena: &mut Arena,
        ledger: &mut Ledger,
    ) -> Result<Option<Bytes>> {
        if self.first().is_none() {
            return Ok(None);
        }
        let row = self.tree.first().and_then(|first| self.each.get_mut(*first));
        let row = row.map(|stream| arena.cut(&mut stream.head, shape.visible));
        self.advance(shape, ledger)?;
        Ok(row)
    }

    /// Steps over the row that [`Streams::top`] gives.
    pub(super) fn advance(&mut self, shape: &Shape, ledger: &mut Ledger) -> Result<()> {
        let Some(&first) = self.tree.first() else { return Ok(()) };
        let stream = &mut self.each[first];
        ledger.release(stream.size);
        stream.loaded = false;
        match stream.queue.pop_front() {
            Some(payload) => {
                ledger.dequeue(payload.len());
                stream.load(payload, &mut self.keys, shape, ledger)?;
                self.replay(first);
            }
            None if stream.open => self.missing += 1,
            None => self.replay(first),
        }
        Ok(())
    }

    fn first(&self) -> Option<&Stream> {
        let first = self.tree.first().filter(|_| self.missing == 0)?;
        self.each.get(*first).filter(|stream| stream.loaded)
    }

    /// A stream's head, or its end, was missing and is known now.
    fn known(&mut self, number: usize) {
        self.missing -= 1;
        if self.missing > 0 {
            return;
        }
        if self.planted {
            self.replay(number);
        } else {
            self.plant();
        }
    }

    /// Lets all streams meet.
    fn plant(&mut self) {
        let count = self.each.len();
        let mut winners: Vec<usize> = (0..2 * count).map(|node| node.saturating_sub(count)).collect();
        for node in (1..count).rev() {
            let (a, b) = (winners[2 * node], winners[2 * node + 1]);
            let (winner, loser) = if self.is_before(a, b) { (a, b) } else { (b, a) };
            winners[node] = winner;
            self.tree[node] = loser;
        }
        self.tree[0] = winners[1];
        self.planted = true;
    }

    /// Lets the stream that was the smallest meet, with its new head, those that lost on its way up.
    fn replay(&mut self, number: usize) {
        let mut winner = number;
        let mut node = usize::midpoint(number, self.each.len());
        while node > 0 {
            let loser = self.tree[node];
            if self.is_before(loser, winner) {
                self.tree[node] = winner;
                winner = loser;
            }
            node /= 2;
        }
        self.tree[0] = winner;
    }

    /// The smaller head first, of equal ones that of the stream with the smaller number; streams that have ended last.
    fn is_before(&self, a: usize, b: usize) -> bool {
        let (left, right) = (&self.each[a], &self.each[b]);
        let order = right
            .loaded
            .cmp(&left.loaded)
            .then_with(|| left.prefix.cmp(&right.prefix))
            .then_with(|| left.key.cmp(&right.key));
        order.then(a.cmp(&b)) == Ordering::Less
    }
}

/// The error for a row of a stream that has ended or never was.
pub(super) fn not_open(stream: usize) -> Error {
    Error::new(Code::Internal, format!("a row came for stream {stream} of a merge, which is not open"))
}
