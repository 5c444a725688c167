//! Of rows with equal keys the first one only.

use bytes::Bytes;

use super::budget::Ledger;
use super::shape::{Arena, Shape};
use super::sorted::Streams;
use crate::base::Result;

/// The key of the row that went out last, against which the next ones are held.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    last: Vec<u8>,
    any: bool,
}

impl Distinct {
    /// The next row that differs from the last one.
    pub(super) fn next(
        &mut self,
        streams: &mut Streams,
        shape: &Shape,
        arena: &mut Arena,
        ledger: &mut Ledger,
    ) -> Result<Option<Bytes>> {
        while let Some((_, key)) = streams.top() {
            if self.any && self.last == key {
                streams.advance(shape, ledger)?;
                continue;
            }
            self.last.clear();
            self.last.extend_from_slice(key);
            self.any = true;
            return streams.pop(shape, arena, ledger);
        }
        Ok(None)
    }
}
