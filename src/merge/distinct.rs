//! Of rows with equal keys the first one only.

use std::cmp::Ordering;

use bytes::Bytes;

use super::budget::Ledger;
use super::compare::Keys;
use super::shape::Shape;
use super::sorted::Streams;
use crate::base::Result;
use crate::wire::row::Row;

/// The row that went out last, against which the next ones are held.
#[derive(Debug)]
pub(super) struct Distinct {
    keys: Keys,
    last: Row,
    any: bool,
}

impl Distinct {
    pub(super) fn new(keys: Keys, shape: &Shape) -> Self {
        Self { keys, last: Row::empty(shape.format), any: false }
    }

    /// The next row that differs from the last one.
    pub(super) fn next(
        &mut self,
        streams: &mut Streams,
        shape: &Shape,
        ledger: &mut Ledger,
    ) -> Result<Option<Bytes>> {
        while let Some(row) = streams.top() {
            let again = self.any && self.keys.compare(&self.last, row)? == Ordering::Equal;
            if !again {
                self.last.copy_from(row);
                self.any = true;
            }
            streams.advance(shape, ledger)?;
            if !again {
                return Ok(Some(self.last.prefix(shape.visible)));
            }
        }
        Ok(None)
    }
}
