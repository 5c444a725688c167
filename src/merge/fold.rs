//! Partial aggregates of the shards → the aggregate of the whole group.

use std::cmp::Ordering;

use bytes::Bytes;

use super::compare::{Compare, Precision};
use super::double;
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
}

/// Columns by their number in the whole row.
#[derive(Debug)]
enum What {
    First(usize),
    Count(usize),
    Sum { sum: usize, float: bool },
    Avg { sum: usize, count: usize, float: bool },
    Extreme { by: Box<Compare>, wanted: Ordering },
    Bits(usize, fn(u64, u64) -> u64),
}

/// What becomes of a cell of the group's first row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Keep,
    /// Another value, `None` for NULL.
    Put(Option<Bytes>),
}

/// What one group has so far.
#[derive(Debug)]
pub(super) enum Acc {
    /// No row yet.
    Start,
    First(Option<Bytes>),
    Exact {
        sum: Option<Exact>,
        count: i128,
    },
    Float {
        sum: Option<f64>,
        count: i128,
    },
    Extreme {
        value: Option<Bytes>,
        weight: Option<Bytes>,
    },
    Bits(u64),
}

impl Fold {
    pub(super) fn resolve(target: Col, fold: &spec::Fold, shape: &Shape) -> Result<Self> {
        let target = shape.at(target)?;
        let what = match fold {
            spec::Fold::First(col) => What::First(shape.at(*col)?),
            spec::Fold::Count(col) => What::Count(exact_column(shape, *col)?),
            spec::Fold::Sum(col) => {
                let (sum, float) = sum_column(shape, *col, target)?;
                What::Sum { sum, float }
            }
            spec::Fold::Avg { value, sum, count } => {
                let (sum, float) = sum_column(shape, *sum, shape.at(*value)?)?;
                What::Avg { sum, count: exact_column(shape, *count)?, float }
            }
            spec::Fold::Min { value, weight } => extreme(*value, *weight, Ordering::Less, shape)?,
            spec::Fold::Max { value, weight } => extreme(*value, *weight, Ordering::Greater, shape)?,
            spec::Fold::BitAnd(col) => What::Bits(bits_column(shape, *col)?, |a, b| a & b),
            spec::Fold::BitOr(col) => What::Bits(bits_column(shape, *col)?, |a, b| a | b),
            spec::Fold::BitXor(col) => What::Bits(bits_column(shape, *col)?, |a, b| a ^ b),
        };
        Ok(Self { target, what })
    }

    /// Adds one row of partials.
    pub(super) fn add(&self, acc: &mut Acc, row: &Row, shape: &Shape) -> Result<()> {
        match &self.what {
            What::First(col) => {
                if matches!(acc, Acc::Start) {
                    *acc = Acc::First(row.cell_bytes(*col));
                }
                Ok(())
            }
            What::Count(col) => add_exact(acc, None, count(row, *col, shape)?, shape, *col),
            What::Sum { sum, float: true } => {
                add_float(acc, float_cell(row, *sum, shape)?, 0);
                Ok(())
            }
            What::Sum { sum, float: false } => add_exact(acc, exact_cell(row, *sum, shape)?, 0, shape, *sum),
            What::Avg { sum, count: col, float: true } => {
                add_float(acc, float_cell(row, *sum, shape)?, count(row, *col, shape)?);
                Ok(())
            }
            What::Avg { sum, count: col, float: false } => {
                add_exact(acc, exact_cell(row, *sum, shape)?, count(row, *col, shape)?, shape, *sum)
            }
            What::Extreme { by, wanted } => add_extreme(acc, by, *wanted, row),
            What::Bits(col, join) => {
                let value = exact_cell(row, *col, shape)?
                    .and_then(|value| value.to_integer())
                    .and_then(|value| u64::try_from(value).ok())
                    .ok_or_else(|| bad_cell(&shape.columns[*col]))?;
                *acc = Acc::Bits(if let Acc::Bits(before) = acc { join(*before, value) } else { value });
                Ok(())
            }
        }
    }

    /// Writes the group's value into `cells`, which hold what replaces the first row's cells.
    pub(super) fn finish(&self, acc: Acc, cells: &mut [Cell], shape: &Shape) -> Result<()> {
        let column = &shape.columns[self.target];
        let decimals = column.decimals;
        let cell = match (&self.what, acc) {
            (_, Acc::Start) => return Ok(()),
            (_, Acc::First(cell)) => cell,
            (What::Count(_), Acc::Exact { count, .. }) => {
                Some(exact_bytes(&count.into(), column, shape.format)?)
            }
            (What::Avg { .. }, Acc::Exact { sum: Some(sum), count }) => {
                sum.average(count, u32::from(decimals)).map(Bytes::from)
            }
            (_, Acc::Exact { sum, .. }) => {
                sum.map(|sum| exact_bytes(&sum, column, shape.format)).transpose()?
            }
            (What::Avg { .. }, Acc::Float { sum: Some(sum), count }) => {
                (count > 0).then(|| float_bytes(sum / count as f64, column, shape.format)).transpose()?
            }
            (_, Acc::Float { sum, .. }) => {
                sum.map(|sum| float_bytes(sum, column, shape.format)).transpose()?
            }
            (What::Extreme { by, .. }, Acc::Extreme { value, weight }) => {
                if let Some(at) = by.weight {
                    cells[at] = Cell::Put(weight);
                }
                value
            }
            (_, Acc::Extreme { value, .. }) => value,
            (_, Acc::Bits(bits)) => Some(exact_bytes(&i128::from(bits).into(), column, shape.format)?),
        };
        cells[self.target] = Cell::Put(cell);
        Ok(())
    }
}

fn extreme(value: Col, weight: Option<Col>, wanted: Ordering, shape: &Shape) -> Result<What> {
    let key = Key { value, weight, descending: false };
    Compare::resolve(&key, shape, Precision::AsShown).map(|by| What::Extreme { by: Box::new(by), wanted })
}

fn exact_column(shape: &Shape, col: Col) -> Result<usize> {
    let at = shape.at(col)?;
    let column = &shape.columns[at];
    if column.is_integer() || column.is_decimal() {
        return Ok(at);
    }
    Err(cannot_add(column))
}

fn bits_column(shape: &Shape, col: Col) -> Result<usize> {
    let at = shape.at(col)?;
    if shape.columns[at].is_integer() {
        return Ok(at);
    }
    Err(Error::refused(
        format_args!("the bits of column '{}' are a binary string", shape.columns[at].label()),
        "aggregate the bits of an integer",
    ))
}

/// The column to add and whether it is floating; it must be of the kind of the column that the result goes to, and
/// be shown with all its digits.
fn sum_column(shape: &Shape, col: Col, result: usize) -> Result<(usize, bool)> {
    let at = shape.at(col)?;
    let (column, result) = (&shape.columns[at], &shape.columns[result]);
    let exact = |column: &ColumnDef| column.is_integer() || column.is_decimal();
    if exact(column) && exact(result) {
        return Ok((at, false));
    }
    let whole =
        column.kind == kind::DOUBLE && (column.decimals >= NOT_FIXED || shape.format == Format::Binary);
    if whole && result.is_float() { Ok((at, true)) } else { Err(cannot_add(column)) }
}

fn cannot_add(column: &ColumnDef) -> Error {
    Error::refused(
        format_args!("the shards' sums in column '{}' are shown rounded or are no numbers", column.label()),
        "add the expression + 0e0, or a CAST of it to DECIMAL",
    )
}

fn exact_cell(row: &Row, col: usize, shape: &Shape) -> Result<Option<Exact>> {
    let column = &shape.columns[col];
    let read = |cell| Exact::read(cell, column, shape.format).ok_or_else(|| bad_cell(column));
    row.cell(col).map(read).transpose()
}

fn float_cell(row: &Row, col: usize, shape: &Shape) -> Result<Option<f64>> {
    let column = &shape.columns[col];
    let read = |cell| double::read(cell, column, shape.format).ok_or_else(|| bad_cell(column));
    row.cell(col).map(read).transpose()
}

/// A count; one that is NULL counts nothing.
fn count(row: &Row, col: usize, shape: &Shape) -> Result<i128> {
    match exact_cell(row, col, shape)? {
        None => Ok(0),
        Some(value) => value.to_integer().ok_or_else(|| bad_cell(&shape.columns[col])),
    }
}

fn add_exact(acc: &mut Acc, more: Option<Exact>, counted: i128, shape: &Shape, col: usize) -> Result<()> {
    let (sum, count) = match std::mem::replace(acc, Acc::Start) {
        Acc::Exact { sum, count } => (sum, count),
        _ => (None, 0),
    };
    let sum = match (sum, more) {
        (Some(sum), Some(more)) => Some(sum.plus(more).ok_or_else(|| out_of_range(&shape.columns[col]))?),
        (sum, more) => sum.or(more),
    };
    let count = count.checked_add(counted).ok_or_else(|| out_of_range(&shape.columns[col]))?;
    *acc = Acc::Exact { sum, count };
    Ok(())
}

fn add_float(acc: &mut Acc, more: Option<f64>, counted: i128) {
    let (sum, count) = match acc {
        Acc::Float { sum, count } => (*sum, *count),
        _ => (None, 0),
    };
    let sum = match (sum, more) {
        (Some(sum), Some(more)) => Some(sum + more),
        (sum, more) => sum.or(more),
    };
    *acc = Acc::Float { sum, count: count.saturating_add(counted) };
}

fn add_extreme(acc: &mut Acc, by: &Compare, wanted: Ordering, row: &Row) -> Result<()> {
    let cell = row.cell(by.value);
    let weighed = by.weight.and_then(|at| row.cell(at));
    let better = match (&*acc, cell) {
        (Acc::Extreme { .. }, None) => false,
        (Acc::Extreme { value: Some(value), weight }, Some(_)) => {
            by.cells((cell, weighed), (Some(value), weight.as_deref()))? == wanted
        }
        _ => true,
    };
    if better {
        let weight = by.weight.and_then(|at| row.cell_bytes(at));
        *acc = Acc::Extreme { value: row.cell_bytes(by.value), weight };
    }
    Ok(())
}

/// The wire form of an exact value in an integer or DECIMAL column.
fn exact_bytes(value: &Exact, column: &ColumnDef, format: Format) -> Result<Bytes> {
    if column.is_decimal() || format == Format::Text {
        let scale = if column.is_decimal() { u32::from(column.decimals) } else { 0 };
        return Ok(value.to_text(scale).into());
    }
    let whole = value.to_integer().ok_or_else(|| out_of_range(column))?;
    let range = |fits: bool| if fits { Ok(()) } else { Err(out_of_range(column)) };
    let width = match column.kind {
        kind::LONGLONG => 8,
        kind::LONG | kind::INT24 => 4,
        kind::SHORT | kind::YEAR => 2,
        kind::TINY => 1,
        _ => return Err(out_of_range(column)),
    };
    let top = 1i128 << (width * 8 - u32::from(!column.is_unsigned()));
    range(whole < top && whole >= if column.is_unsigned() { 0 } else { -top })?;
    Ok(Bytes::copy_from_slice(&whole.to_le_bytes()[..width as usize]))
}

/// The wire form of a floating value. Infinity is an error, as it is on the server (1690).
fn float_bytes(value: f64, column: &ColumnDef, format: Format) -> Result<Bytes> {
    if !value.is_finite() {
        return Err(out_of_range(column));
    }
    match (format, column.kind) {
        (Format::Text, _) => Ok(double::to_text(value, column.decimals).into()),
        (Format::Binary, kind::DOUBLE) => Ok(Bytes::copy_from_slice(&value.to_le_bytes())),
        (Format::Binary, kind::FLOAT) => Ok(Bytes::copy_from_slice(&(value as f32).to_le_bytes())),
        (Format::Binary, _) => Err(out_of_range(column)),
    }
}

fn out_of_range(column: &ColumnDef) -> Error {
    Error::new(
        Code::OutOfRange,
        format!("the shards' values of '{}' add up to more than its type holds", column.label()),
    )
}
