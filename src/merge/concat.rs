//! All rows of all streams in the order in which they arrive.

use std::collections::VecDeque;

use bytes::Bytes;

use super::budget::Ledger;
use super::shape::{Arena, Shape};
use super::sorted::not_open;
use crate::base::Result;
use crate::wire::row::Row;

/// Rows that wait to go out.
#[derive(Debug)]
pub(super) struct Concat {
    queue: VecDeque<Bytes>,
    open: Vec<bool>,
    row: Row,
}

impl Concat {
    pub(super) fn new(streams: usize, shape: &Shape) -> Self {
        Self { queue: VecDeque::new(), open: vec![true; streams], row: Row::empty(shape.format) }
    }

    pub(super) fn wants(&self, stream: usize) -> bool {
        self.queue.is_empty() && self.open.get(stream) == Some(&true)
    }

    pub(super) fn push(&mut self, stream: usize, payload: Bytes, ledger: &mut Ledger) -> Result<()> {
        if self.open.get(stream) != Some(&true) {
            return Err(not_open(stream));
        }
        ledger.queue(payload.len());
        self.queue.push_back(payload);
        Ok(())
    }

    pub(super) fn finish(&mut self, stream: usize) {
        if let Some(open) = self.open.get_mut(stream) {
            *open = false;
        }
    }

    pub(super) fn is_drained(&self) -> bool {
        self.queue.is_empty() && !self.open.contains(&true)
    }

    /// The next row, its hidden columns cut; without hidden columns it is not even looked at.
    pub(super) fn next(
        &mut self,
        shape: &Shape,
        arena: &mut Arena,
        ledger: &mut Ledger,
    ) -> Result<Option<Bytes>> {
        let Some(payload) = self.queue.pop_front() else { return Ok(None) };
        ledger.dequeue(payload.len());
        if shape.visible == shape.columns.len() {
            return Ok(Some(payload));
        }
        shape.load(&mut self.row, payload)?;
        Ok(Some(arena.cut(&mut self.row, shape.visible)))
    }
}
