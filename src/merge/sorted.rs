//! The streams of a merge that arrive sorted: the smallest row of all their heads is next (a binary heap of stream
//! numbers; nothing is allocated for a row).

use std::cmp::Ordering;
use std::collections::VecDeque;

use bytes::Bytes;

use super::budget::Ledger;
use super::compare::Keys;
use super::heap;
use super::shape::Shape;
use crate::base::{Code, Error, Result};
use crate::wire::row::{Format, Row};

/// One stream: the row that takes part in the merge, those behind it, and the one before it.
#[derive(Debug)]
struct Stream {
    head: Row,
    loaded: bool,
    previous: Row,
    has_previous: bool,
    queue: VecDeque<Bytes>,
    open: bool,
}

impl Stream {
    fn new(format: Format) -> Self {
        Self {
            head: Row::empty(format),
            loaded: false,
            previous: Row::empty(format),
            has_previous: false,
            queue: VecDeque::new(),
            open: true,
        }
    }
}

/// Sorted streams.
#[derive(Debug)]
pub(super) struct Streams {
    keys: Keys,
    each: Vec<Stream>,
    /// Numbers of the streams that have a head, the one with the smallest at the front.
    heap: Vec<usize>,
    /// Open streams without a head: while there are any, no row is known to be the next.
    missing: usize,
}

impl Streams {
    pub(super) fn new(keys: Keys, streams: usize, format: Format) -> Self {
        Self {
            keys,
            each: (0..streams).map(|_| Stream::new(format)).collect(),
            heap: Vec::with_capacity(streams),
            missing: streams,
        }
    }

    /// Whether nothing can go out before this stream gives a row or ends.
    pub(super) fn wants(&self, stream: usize) -> bool {
        self.each.get(stream).is_some_and(|stream| stream.open && !stream.loaded)
    }

    /// Takes a row of an open stream.
    pub(super) fn push(&mut self, stream: usize, payload: Bytes, shape: &Shape) -> Result<()> {
        let into = self.each.get_mut(stream).filter(|stream| stream.open).ok_or_else(|| not_open(stream))?;
        into.queue.push_back(payload);
        if into.loaded {
            return Ok(());
        }
        self.load(stream, shape)?;
        self.missing -= 1;
        self.heap.push(stream);
        let (streams, keys) = (&self.each, &self.keys);
        heap::sift_up(&mut self.heap, |a, b| before(streams, keys, *a, *b))
    }

    /// The stream has no more rows.
    pub(super) fn finish(&mut self, stream: usize) {
        if let Some(stream) = self.each.get_mut(stream).filter(|stream| stream.open) {
            stream.open = false;
            self.missing -= usize::from(!stream.loaded);
        }
    }

    /// Whether all streams have ended and given all their rows.
    pub(super) fn is_drained(&self) -> bool {
        self.missing == 0 && self.heap.is_empty()
    }

    /// The next row; `None` while a stream's is not known, and at the end.
    pub(super) fn top(&self) -> Option<&Row> {
        let first = self.heap.first().filter(|_| self.missing == 0)?;
        self.each.get(*first).map(|stream| &stream.head)
    }

    /// Steps over the row that [`Streams::top`] gave.
    pub(super) fn advance(&mut self, shape: &Shape, ledger: &mut Ledger) -> Result<()> {
        let Some(&first) = self.heap.first() else { return Ok(()) };
        let stream = &mut self.each[first];
        ledger.release(stream.head.payload().len());
        std::mem::swap(&mut stream.head, &mut stream.previous);
        stream.has_previous = true;
        stream.loaded = false;
        if stream.queue.is_empty() {
            self.missing += usize::from(stream.open);
            self.heap.swap_remove(0);
        } else {
            self.load(first, shape)?;
        }
        let (streams, keys) = (&self.each, &self.keys);
        heap::sift_down(&mut self.heap, 0, |a, b| before(streams, keys, *a, *b))
    }

    /// Makes the stream's next row its head. A stream that is not sorted as announced is an error: its rows would
    /// come out in a wrong order, or one group twice.
    fn load(&mut self, number: usize, shape: &Shape) -> Result<()> {
        let stream = &mut self.each[number];
        let Some(payload) = stream.queue.pop_front() else { return Ok(()) };
        shape.load(&mut stream.head, payload)?;
        stream.loaded = true;
        if stream.has_previous && self.keys.compare(&stream.previous, &stream.head)? == Ordering::Greater {
            return Err(Error::refused(
                "a shard orders rows differently than their values compare; long strings are ordered by their first max_sort_length bytes only",
                "raise max_sort_length, or order and group by a shorter expression",
            ));
        }
        Ok(())
    }
}

/// The smaller head first; of equal ones the stream with the smaller number.
fn before(streams: &[Stream], keys: &Keys, a: usize, b: usize) -> Result<bool> {
    Ok(match keys.compare(&streams[a].head, &streams[b].head)? {
        Ordering::Equal => a < b,
        order => order == Ordering::Less,
    })
}

/// The error for a row of a stream that has ended or never was.
pub(super) fn not_open(stream: usize) -> Error {
    Error::new(Code::Internal, format!("a row came for stream {stream} of a merge, which is not open"))
}
