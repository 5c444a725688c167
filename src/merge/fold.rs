//! Partial aggregates of the shards → the aggregate of the whole group.

use std::cmp::Ordering;
use std::ops::Range;

use bytes::Bytes;

use super::double;
use super::key::{Encoder, Precision};
use super::number::Exact;
use super::shape::{Shape, bad_cell};
use crate::base::{Code, Error, Result};
use crate::plan::merge_spec::{self as spec, Col, Key};
use crate::wire::column::{ColumnDef, NOT_FIXED, kind};
use crate::wire::row::{Format, Row};

/// One aggregate: how it is folded and which column it goes to.
#[derive(Debug)]
pub(super) struct Fold {
    target: usize,
    what: What,
    /// It takes one of the rows that are not told apart within the group.
    pub(super) once: bool,
}

/// Columns by their number in the whole row, and what the group has so far.
#[derive(Debug)]
enum What {
    First { from: usize, seen: bool, cell: Option<Bytes> },
    Count { from: usize, count: i128 },
    Sum { from: usize, sum: Sum },
    Avg { from: usize, sum: Sum, of: usize, count: i128 },
    Extreme(Box<Extreme>),
    Bits { from: usize, join: fn(u64, u64) -> u64, bits: Option<u64> },
}

/// A sum of what is not NULL.
#[derive(Debug)]
enum Sum {
    Exact(Option<Exact>),
    Float(Option<f64>),
}

/// The smallest or largest that is not NULL.
#[derive(Debug)]
struct Extreme {
    by: Encoder,
    wanted: Ordering,
    key: Vec<u8>,
    /// The value and its weight.
    best: Option<(Bytes, Option<Bytes>)>,
    /// The key of the row that is looked at.
    scratch: Vec<u8>,
}

/// What becomes of a cell of the group's first row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Keep,
    /// Another value, `None` for NULL.
    Put(Option<&'a [u8]>),
}

/// What replaces a cell, by where it stands in [`Folded`].
#[derive(Debug, Clone)]
enum Place {
    Keep,
    Null,
    At(Range<usize>),
}

/// What replaces cells of a group's first row: a buffer that is filled again for each group.
#[derive(Debug, Default)]
pub(super) struct Folded {
    cells: Vec<Place>,
    bytes: Vec<u8>,
}

impl Folded {
    /// Replaces nothing of `columns`.
    pub(super) fn clear(&mut self, columns: usize) {
        self.bytes.clear();
        self.cells.clear();
        self.cells.resize(columns, Place::Keep);
    }

    pub(super) fn cell(&self, column: usize) -> Cell<'_> {
        match self.cells.get(column) {
            Some(Place::At(place)) => Cell::Put(self.bytes.get(place.clone())),
            Some(Place::Null) => Cell::Put(None),
            Some(Place::Keep) | None => Cell::Keep,
        }
    }

    fn put(&mut self, column: usize, write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        let start = self.bytes.len();
        write(&mut self.bytes)?;
        self.cells[column] = Place::At(start..self.bytes.len());
        Ok(())
    }

    fn copy(&mut self, column: usize, cell: Option<&[u8]>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(cell.unwrap_or_default());
        self.cells[column] = if cell.is_some() { Place::At(start..self.bytes.len()) } else { Place::Null };
    }
}

impl Fold {
    pub(super) fn resolve(target: Col, fold: &spec::Fold, shape: &Shape) -> Result<Self> {
        if let spec::Fold::Once(fold) = fold {
            return Ok(Self { once: true, ..Self::resolve(target, fold, shape)? });
        }
        let target = shape.at(target)?;
        let what = match fold {
            spec::Fold::First(col) => What::First { from: shape.at(*col)?, seen: false, cell: None },
            spec::Fold::Count(col) => What::Count { from: exact_column(shape, *col)?, count: 0 },
            spec::Fold::Sum(col) => {
                let (from, sum) = sum_column(shape, *col, target)?;
                What::Sum { from, sum }
            }
            spec::Fold::Avg { value, sum, count } => {
                let (from, sum) = sum_column(shape, *sum, shape.at(*value)?)?;
                What::Avg { from, sum, of: exact_column(shape, *count)?, count: 0 }
            }
            spec::Fold::Min { value, weight } => extreme(*value, *weight, Ordering::Less, shape)?,
            spec::Fold::Max { value, weight } => extreme(*value, *weight, Ordering::Greater, shape)?,
            spec::Fold::BitAnd(col) => bits_of(shape, *col, |a, b| a & b)?,
            spec::Fold::BitOr(col) => bits_of(shape, *col, |a, b| a | b)?,
            spec::Fold::BitXor(col) => bits_of(shape, *col, |a, b| a ^ b)?,
            spec::Fold::Once(_) => {
                return Err(Error::new(Code::Internal, "a fold that takes rows once, once more"));
            }
        };
        Ok(Self { target, what, once: false })
    }

    /// Begins a group.
    pub(super) fn reset(&mut self) {
        match &mut self.what {
            What::First { seen, .. } => *seen = false,
            What::Count { count, .. } => *count = 0,
            What::Sum { sum, .. } => sum.reset(),
            What::Avg { sum, count, .. } => {
                sum.reset();
                *count = 0;
            }
            What::Extreme(extreme) => extreme.best = None,
            What::Bits { bits, .. } => *bits = None,
        }
    }

    /// Adds one row of partials.
    pub(super) fn add(&mut self, row: &Row, shape: &Shape) -> Result<()> {
        match &mut self.what {
            What::First { from, seen, cell } => {
                if !std::mem::replace(seen, true) {
                    *cell = row.cell_bytes(*from);
                }
                Ok(())
            }
            What::Count { from, count } => add_count(count, row, *from, shape),
            What::Sum { from, sum } => sum.add(row, *from, shape),
            What::Avg { from, sum, of, count } => {
                sum.add(row, *from, shape)?;
                add_count(count, row, *of, shape)
            }
            What::Extreme(extreme) => extreme.add(row),
            What::Bits { from, join, bits } => {
                let value = integer_cell(row, *from, shape)?
                    .and_then(|value| u64::try_from(value).ok())
                    .ok_or_else(|| bad_cell(&shape.columns[*from]))?;
                *bits = Some(bits.map_or(value, |before| join(before, value)));
                Ok(())
            }
        }
    }

    /// Writes what replaces the cells of a group that had rows.
    pub(super) fn finish(&self, folded: &mut Folded, shape: &Shape) -> Result<()> {
        let target = self.target;
        let column = &shape.columns[target];
        let exact = |value: i128, out: &mut Vec<u8>| put_exact(&value.into(), column, shape.format, out);
        match &self.what {
            What::First { cell, .. } => folded.copy(target, cell.as_deref()),
            What::Count { count, .. } => folded.put(target, |out| exact(*count, out))?,
            What::Avg { sum: Sum::Exact(Some(sum)), count, .. } if *count > 0 => {
                folded.put(target, |out| {
                    sum.put_average(*count, u32::from(column.decimals), out);
                    Ok(())
                })?;
            }
            What::Avg { sum: Sum::Float(Some(sum)), count, .. } if *count > 0 => {
                folded.put(target, |out| put_float(sum / *count as f64, column, shape.format, out))?;
            }
            What::Sum { sum: Sum::Exact(Some(sum)), .. } => {
                folded.put(target, |out| put_exact(sum, column, shape.format, out))?;
            }
            What::Sum { sum: Sum::Float(Some(sum)), .. } => {
                folded.put(target, |out| put_float(*sum, column, shape.format, out))?;
            }
            What::Avg { .. } | What::Sum { .. } => folded.copy(target, None),
            What::Extreme(extreme) => {
                let best = extreme.best.as_ref();
                if let Some(at) = extreme.by.weight {
                    folded.copy(at, best.and_then(|(_, weight)| weight.as_deref()));
                }
                folded.copy(target, best.map(|(value, _)| &value[..]));
            }
            What::Bits { bits, .. } => {
                folded.put(target, |out| exact(i128::from(bits.unwrap_or_default()), out))?;
            }
        }
        Ok(())
    }
}

impl Sum {
    fn reset(&mut self) {
        match self {
            Self::Exact(sum) => *sum = None,
            Self::Float(sum) => *sum = None,
        }
    }

    fn add(&mut self, row: &Row, from: usize, shape: &Shape) -> Result<()> {
        let Some(cell) = row.cell(from) else { return Ok(()) };
        let column = &shape.columns[from];
        let bad = || bad_cell(column);
        match self {
            Self::Exact(sum) => {
                let more = Exact::read(cell, column, shape.format).ok_or_else(bad)?;
                match sum {
                    Some(sum) => sum.add(more).ok_or_else(|| out_of_range(column))?,
                    None => *sum = Some(more),
                }
            }
            Self::Float(sum) => {
                let more = double::read(cell, column, shape.format).ok_or_else(bad)?;
                *sum = Some(sum.map_or(more, |sum| sum + more));
            }
        }
        Ok(())
    }
}

impl Extreme {
    fn add(&mut self, row: &Row) -> Result<()> {
        let Some(cell) = row.cell_bytes(self.by.value) else { return Ok(()) };
        self.scratch.clear();
        self.by.encode(row, &mut self.scratch)?;
        if self.best.is_none() || self.scratch.cmp(&self.key) == self.wanted {
            std::mem::swap(&mut self.scratch, &mut self.key);
            self.best = Some((cell, self.by.weight.and_then(|at| row.cell_bytes(at))));
        }
        Ok(())
    }
}

fn extreme(value: Col, weight: Option<Col>, wanted: Ordering, shape: &Shape) -> Result<What> {
    let key = Key { value, weight, descending: false };
    let by = Encoder::resolve(&key, shape, Precision::AsShown)?;
    let (key, scratch) = (Vec::new(), Vec::new());
    Ok(What::Extreme(Box::new(Extreme { by, wanted, key, best: None, scratch })))
}

fn exact_column(shape: &Shape, col: Col) -> Result<usize> {
    let at = shape.at(col)?;
    let column = &shape.columns[at];
    if column.is_integer() || column.is_decimal() {
        return Ok(at);
    }
    Err(cannot_add(column))
}

fn bits_of(shape: &Shape, col: Col, join: fn(u64, u64) -> u64) -> Result<What> {
    let at = shape.at(col)?;
    if shape.columns[at].is_integer() {
        return Ok(What::Bits { from: at, join, bits: None });
    }
    Err(Error::refused(
        format_args!("the bits of column '{}' are a binary string", shape.columns[at].label()),
        "aggregate the bits of an integer",
    ))
}

/// The column to add and how; it must be of the kind of the column that the result goes to, and
/// be shown with all its digits.
fn sum_column(shape: &Shape, col: Col, result: usize) -> Result<(usize, Sum)> {
    let at = shape.at(col)?;
    let (column, result) = (&shape.columns[at], &shape.columns[result]);
    let exact = |column: &ColumnDef| column.is_integer() || column.is_decimal();
    if exact(column) && exact(result) {
        return Ok((at, Sum::Exact(None)));
    }
    let whole =
        column.kind == kind::DOUBLE && (column.decimals >= NOT_FIXED || shape.format == Format::Binary);
    if whole && result.is_float() { Ok((at, Sum::Float(None))) } else { Err(cannot_add(column)) }
}

fn cannot_add(column: &ColumnDef) -> Error {
    Error::refused(
        format_args!("the shards' sums in column '{}' are shown rounded or are no numbers", column.label()),
        "add the expression + 0e0, or a CAST of it to DECIMAL",
    )
}

fn integer_cell(row: &Row, from: usize, shape: &Shape) -> Result<Option<i128>> {
    let column = &shape.columns[from];
    let read = |cell| Exact::read(cell, column, shape.format)?.to_integer();
    row.cell(from).map(|cell| read(cell).ok_or_else(|| bad_cell(column))).transpose()
}

/// A count that is NULL counts nothing.
fn add_count(count: &mut i128, row: &Row, from: usize, shape: &Shape) -> Result<()> {
    let more = integer_cell(row, from, shape)?.unwrap_or_default();
    *count = count.checked_add(more).ok_or_else(|| out_of_range(&shape.columns[from]))?;
    Ok(())
}

/// Appends the wire form of an exact value in an integer or DECIMAL column.
fn put_exact(value: &Exact, column: &ColumnDef, format: Format, out: &mut Vec<u8>) -> Result<()> {
    if column.is_decimal() || format == Format::Text {
        value.put_text(if column.is_decimal() { u32::from(column.decimals) } else { 0 }, out);
        return Ok(());
    }
    let whole = value.to_integer().ok_or_else(|| out_of_range(column))?;
    let width = match column.kind {
        kind::LONGLONG => 8,
        kind::LONG | kind::INT24 => 4,
        kind::SHORT | kind::YEAR => 2,
        kind::TINY => 1,
        _ => return Err(out_of_range(column)),
    };
    let top = 1i128 << (width * 8 - u32::from(!column.is_unsigned()));
    if whole >= top || whole < if column.is_unsigned() { 0 } else { -top } {
        return Err(out_of_range(column));
    }
    out.extend_from_slice(&whole.to_le_bytes()[..width as usize]);
    Ok(())
}

/// Appends the wire form of a floating value. Infinity is an error, as it is on the server (1690).
fn put_float(value: f64, column: &ColumnDef, format: Format, out: &mut Vec<u8>) -> Result<()> {
    if !value.is_finite() {
        return Err(out_of_range(column));
    }
    match (format, column.kind) {
        (Format::Text, _) => out.extend(double::to_text(value, column.decimals).into_bytes()),
        (Format::Binary, kind::DOUBLE) => out.extend(value.to_le_bytes()),
        (Format::Binary, kind::FLOAT) => out.extend((value as f32).to_le_bytes()),
        (Format::Binary, _) => return Err(out_of_range(column)),
    }
    Ok(())
}

fn out_of_range(column: &ColumnDef) -> Error {
    Error::new(
        Code::OutOfRange,
        format!("the shards' values of '{}' add up to more than its type holds", column.label()),
    )
}
