//! Rows with equal keys → one row of folded aggregates, and the order of such rows.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use bytes::Bytes;

use super::budget::Ledger;
use super::fold::{Cell, Fold, Folded};
use super::key::{Keys, prefix};
use super::shape::{Arena, Shape, bad_cell};
use crate::base::Result;
use crate::wire::row::{Row, encode_cells};

/// The group that is being folded.
#[derive(Debug)]
pub(super) struct Grouping {
    folds: Vec<Fold>,
    first: Row,
    key: Vec<u8>,
    open: bool,
    folded: Folded,
    within: Option<Within>,
}

/// Rows of a group that are told apart by more than what makes the group.
#[derive(Debug)]
struct Within {
    /// What makes the group.
    keys: Keys,
    /// The same of the row that is looked at.
    group: Vec<u8>,
    /// All by which the row before it is sorted.
    last: Vec<u8>,
}

impl Grouping {
    /// `keys`: what makes a group, where the streams are sorted by more than that.
    pub(super) fn new(folds: Vec<Fold>, keys: Option<Keys>, shape: &Shape) -> Self {
        let first = Row::empty(shape.format);
        let within = keys.map(|keys| Within { keys, group: Vec::new(), last: Vec::new() });
        Self { folds, first, key: Vec::new(), open: false, folded: Folded::default(), within }
    }

    /// Whether a group has rows and has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Adds a row to the group; `false`, and nothing done, when it belongs to the next one.
    pub(super) fn add(&mut self, row: &Row, key: &[u8], shape: &Shape) -> Result<bool> {
        let group = match &mut self.within {
            None => key,
            Some(within) => {
                within.group.clear();
                within.keys.encode(row, &mut within.group)?;
                &within.group
            }
        };
        if self.open && self.key != group {
            return Ok(false);
        }
        let mut again = self.open;
        if !self.open {
            self.open = true;
            self.first.copy_from(row);
            self.key.clear();
            self.key.extend_from_slice(group);
            self.folds.iter_mut().for_each(Fold::reset);
        }
        if let Some(within) = &mut self.within {
            again &= within.last == key;
            within.last.clear();
            within.last.extend_from_slice(key);
        }
        self.folds
            .iter_mut()
            .filter(|fold| !(again && fold.once))
            .try_for_each(|fold| fold.add(row, shape))?;
        Ok(true)
    }

    /// Ends the group, if there is one: its row with the first `width` columns.
    pub(super) fn finish(&mut self, width: usize, shape: &Shape, arena: &mut Arena) -> Result<Option<Bytes>> {
        if !self.open {
            return Ok(None);
        }
        self.open = false;
        if self.folds.is_empty() {
            return Ok(Some(arena.cut(&mut self.first, width)));
        }
        self.folded.clear(shape.columns.len());
        for fold in &self.folds {
            fold.finish(&mut self.folded, shape)?;
        }
        let (first, folded) = (&self.first, &self.folded);
        let cells = (0..width).map(|i| match folded.cell(i) {
            Cell::Keep => first.cell(i),
            Cell::Put(cell) => cell,
        });
        let columns = &shape.columns[..width];
        let (fits, row) = arena.put(|out| encode_cells(shape.format, columns, cells, out));
        match (fits, columns.first()) {
            (None, Some(column)) => Err(bad_cell(column)),
            _ => Ok(Some(row)),
        }
    }
}

/// Groups in memory, to be put in another order than they came in. With a known number of wanted rows only that
/// many are held.
#[derive(Debug)]
pub(super) struct Ordered {
    keys: Keys,
    /// The largest first, while rows come in.
    rows: BinaryHeap<Held>,
    wanted: Option<usize>,
    seen: u64,
    /// Once all rows have come: the smallest last.
    sorted: Vec<Held>,
    row: Row,
    scratch: Vec<u8>,
}

/// A row and what it is ordered by.
#[derive(Debug)]
struct Held {
    prefix: u128,
    /// The key, then the row.
    bytes: Bytes,
    key: usize,
}

impl Held {
    fn key(&self) -> &[u8] {
        &self.bytes[..self.key]
    }

    /// Bytes that it takes.
    fn cost(&self) -> usize {
        self.bytes.len() + size_of::<Self>()
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.key().cmp(other.key()))
    }
}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Held {}

impl Ordered {
    pub(super) fn new(keys: Keys, wanted: Option<usize>, shape: &Shape) -> Self {
        Self {
            keys,
            rows: BinaryHeap::new(),
            wanted,
            seen: 0,
            sorted: Vec::new(),
            row: Row::empty(shape.format),
            scratch: Vec::new(),
        }
    }

    /// Takes a whole row, hidden columns included.
    pub(super) fn add(
        &mut self,
        payload: Bytes,
        shape: &Shape,
        arena: &mut Arena,
        ledger: &mut Ledger,
    ) -> Result<()> {
        shape.load(&mut self.row, payload)?;
        let scratch = &mut self.scratch;
        scratch.clear();
        self.keys.encode(&self.row, scratch)?;
        // Of equal rows the earlier one is smaller.
        scratch.extend(self.seen.to_be_bytes());
        self.seen += 1;
        let (key, prefix) = (scratch.len(), prefix(scratch));
        let row = &self.row;
        let Some(wanted) = self.wanted else {
            let ((), bytes) = arena.put(|out| {
                out.extend_from_slice(scratch);
                row.encode_prefix(shape.visible, out);
            });
            let held = Held { prefix, bytes, key };
            ledger.take(held.cost())?;
            self.rows.push(held);
            return Ok(());
        };
        if self.rows.len() >= wanted {
            let Some(largest) = self.rows.peek_mut() else { return Ok(()) };
            if (largest.prefix, largest.key()) < (prefix, scratch) {
                return Ok(());
            }
            ledger.release(largest.cost());
            PeekMut::pop(largest);
        }
        row.encode_prefix(shape.visible, scratch);
        // Each by itself: a block of many would stay for the one of them that does.
        let held = Held { prefix, bytes: Bytes::copy_from_slice(scratch), key };
        ledger.take(held.cost())?;
        self.rows.push(held);
        Ok(())
    }

    /// The next row in order, once all have been added.
    pub(super) fn next(&mut self, ledger: &mut Ledger) -> Option<Bytes> {
        if !self.rows.is_empty() {
            self.sorted = std::mem::take(&mut self.rows).into_vec();
            self.sorted.sort_unstable_by(|a, b| b.cmp(a));
        }
        self.sorted.pop().map(|held| {
            ledger.release(held.cost());
            held.bytes.slice(held.key..)
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.sorted.is_empty()
    }
}
