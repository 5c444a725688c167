//! Rows with equal keys → one row of folded aggregates, and the order of such rows.

use std::cmp::Ordering;

use bytes::Bytes;

use super::budget::Ledger;
use super::compare::Keys;
use super::fold::{Acc, Cell, Fold};
use super::heap;
use super::shape::{Shape, bad_cell};
use super::sort::sort;
use crate::base::Result;
use crate::wire::row::{Row, encode_cells};

/// The group that is being folded.
#[derive(Debug)]
pub(super) struct Grouping {
    keys: Keys,
    folds: Vec<Fold>,
    accs: Vec<Acc>,
    first: Row,
    open: bool,
    cells: Vec<Cell>,
}

impl Grouping {
    pub(super) fn new(keys: Keys, folds: Vec<Fold>, shape: &Shape) -> Self {
        Self {
            keys,
            folds,
            accs: Vec::new(),
            first: Row::empty(shape.format),
            open: false,
            cells: Vec::new(),
        }
    }

    /// Whether a group has rows and has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Adds a row to the group; `false`, and nothing done, when it belongs to the next one.
    pub(super) fn add(&mut self, row: &Row, shape: &Shape) -> Result<bool> {
        if self.open && self.keys.compare(&self.first, row)? != Ordering::Equal {
            return Ok(false);
        }
        if !self.open {
            self.first.copy_from(row);
            self.open = true;
            self.accs.clear();
            self.accs.resize_with(self.folds.len(), || Acc::Start);
        }
        for (fold, acc) in self.folds.iter().zip(&mut self.accs) {
            fold.add(acc, row, shape)?;
        }
        Ok(true)
    }

    /// Ends the group, if there is one: its row with the first `width` columns.
    pub(super) fn finish(&mut self, width: usize, shape: &Shape) -> Result<Option<Bytes>> {
        if !self.open {
            return Ok(None);
        }
        self.open = false;
        if self.folds.is_empty() {
            return Ok(Some(self.first.prefix(width)));
        }
        self.cells.clear();
        self.cells.resize(shape.columns.len(), Cell::Keep);
        for (fold, acc) in self.folds.iter().zip(self.accs.drain(..)) {
            fold.finish(acc, &mut self.cells, shape)?;
        }
        let first = &self.first;
        let cells = self.cells.iter().take(width).enumerate().map(|(i, replaced)| match replaced {
            Cell::Put(cell) => cell.as_deref(),
            Cell::Keep => first.cell(i),
        });
        let mut out = Vec::with_capacity(first.payload().len() + 32);
        let columns = &shape.columns[..width];
        match (encode_cells(shape.format, columns, cells, &mut out), columns.first()) {
            (None, Some(column)) => Err(bad_cell(column)),
            _ => Ok(Some(out.into())),
        }
    }
}

/// Groups in memory, to be put in another order than they came in. With a known number of wanted rows only that
/// many are held.
#[derive(Debug)]
pub(super) struct Ordered {
    keys: Keys,
    /// The largest first (a heap) while rows come in, if only `wanted` are held; from `sort` on the smallest last.
    rows: Vec<(Row, u64)>,
    wanted: Option<usize>,
    seen: u64,
    sorted: bool,
}

impl Ordered {
    pub(super) fn new(keys: Keys, wanted: Option<usize>) -> Self {
        Self { keys, rows: Vec::new(), wanted, seen: 0, sorted: false }
    }

    /// Takes a whole row, hidden columns included.
    pub(super) fn add(&mut self, payload: Bytes, shape: &Shape, ledger: &mut Ledger) -> Result<()> {
        let mut row = Row::empty(shape.format);
        shape.load(&mut row, payload)?;
        self.seen += 1;
        let keys = &self.keys;
        let item = (row, self.seen);
        if self.wanted.is_none_or(|wanted| self.rows.len() < wanted) {
            ledger.take(cost(&item.0))?;
            self.rows.push(item);
            if self.wanted.is_some() {
                heap::sift_up(&mut self.rows, |a, b| before(keys, b, a))?;
            }
            return Ok(());
        }
        if let Some(largest) = self.rows.first_mut()
            && before(keys, &item, largest)?
        {
            ledger.release(cost(&largest.0));
            ledger.take(cost(&item.0))?;
            *largest = item;
            heap::sift_down(&mut self.rows, 0, |a, b| before(keys, b, a))?;
        }
        Ok(())
    }

    /// The next row in order, once all have been added.
    pub(super) fn next(&mut self, visible: usize, ledger: &mut Ledger) -> Result<Option<Bytes>> {
        if !self.sorted {
            let (rows, keys) = (std::mem::take(&mut self.rows), &self.keys);
            self.rows = sort(rows, &mut |a, b| before(keys, b, a))?;
            self.sorted = true;
        }
        Ok(self.rows.pop().map(|(row, _)| {
            ledger.release(cost(&row));
            row.prefix(visible)
        }))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Bytes that a held row takes.
fn cost(row: &Row) -> usize {
    row.payload().len() + 8 * row.len() + size_of::<(Row, u64)>()
}

/// The smaller row first, of equal ones the earlier.
fn before(keys: &Keys, a: &(Row, u64), b: &(Row, u64)) -> Result<bool> {
    Ok(match keys.compare(&a.0, &b.0)? {
        Ordering::Equal => a.1 < b.1,
        order => order == Ordering::Less,
    })
}
