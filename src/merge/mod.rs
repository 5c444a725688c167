//! N streams of rows → one, as one server would have answered: concatenated, merged by their order, grouped, or
//! made distinct; then OFFSET and LIMIT; hidden columns cut. Pure and synchronous: it does no I/O and knows no SQL, no
//! shard and no collation. Start reading at [`Merger`].
//!
//! Who reads the servers asks [`Merger::wants`] from which streams rows are needed, gives them by [`Merger::push`] and
//! [`Merger::finish`], and takes what can go out by [`Merger::pop`] until [`Merger::done`].

mod budget;
mod concat;
mod distinct;
mod double;
mod fold;
mod group;
mod key;
mod limit;
mod number;
mod recast;
mod shape;
mod sorted;
mod temporal;
mod weight;

#[cfg(test)]
mod tests;

use bytes::Bytes;

pub use budget::Budget;

use crate::base::{Code, Error, Result};
use crate::plan::merge_spec::{Key, Merge, Step};
use crate::wire::column::{ColumnDef, kind};
use crate::wire::row::Format;

use budget::Ledger;
use concat::Concat;
use distinct::Distinct;
use fold::Fold;
use group::{Grouping, Ordered};
use key::Keys;
use limit::Window;
use recast::Recast;
use shape::{Arena, Shape};
use sorted::Streams;

/// Bytes of the longest VARCHAR: what parameters give may be as long.
const LONGEST_VARCHAR: u32 = 65_532;

/// The merge of one statement's rows.
#[derive(Debug)]
pub struct Merger {
    shape: Shape,
    streams: usize,
    work: Work,
    window: Window,
    ledger: Ledger,
    arena: Arena,
    /// Streams whose rows are written otherwise than the first one's.
    recast: Vec<(usize, Recast)>,
}

#[derive(Debug)]
enum Work {
    Concat(Concat),
    Sorted(Streams),
    Distinct {
        streams: Streams,
        distinct: Distinct,
    },
    /// Groups go out as they come, or are put in order first.
    Group {
        streams: Streams,
        grouping: Box<Grouping>,
        ordered: Option<Ordered>,
    },
}

impl Merger {
    /// Sets up a merge of `streams` streams whose rows have `columns`, the hidden ones included and last.
    /// `limit` and `offset` count the merged rows.
    ///
    /// # Errors
    /// 1235 when the rows cannot be compared or added surely, with the reason and what to write instead; 1105 when the
    /// columns are not those that the merge was planned for.
    pub fn new(
        merge: &Merge,
        columns: &[ColumnDef],
        format: Format,
        streams: usize,
        limit: Option<u64>,
        offset: u64,
        budget: Budget,
    ) -> Result<Self> {
        let shape = Shape::new(columns, merge.hidden, format)?;
        let window = Window::new(offset, limit);
        let sorted =
            |keys: &[Key]| Ok::<_, Error>(Streams::new(Keys::resolve(keys, &shape)?, streams, format));
        let work = match &merge.step {
            Step::Concat => Work::Concat(Concat::new(streams, &shape)),
            Step::Sorted { keys } => Work::Sorted(sorted(keys)?),
            Step::Distinct { keys } => {
                Work::Distinct { streams: sorted(keys)?, distinct: Distinct::default() }
            }
            Step::Group { keys, within, folds, order, order_is_group_prefix } => {
                let folds = folds
                    .iter()
                    .map(|(target, fold)| Fold::resolve(*target, fold, &shape))
                    .collect::<Result<Vec<_>>>()?;
                let ordered = if *order_is_group_prefix || order.is_empty() {
                    None
                } else {
                    Some(Ordered::new(Keys::resolve(order, &shape)?, window.reach(), &shape))
                };
                let streams = sorted(&[&keys[..], within].concat())?;
                let told = (!within.is_empty()).then(|| Keys::resolve(keys, &shape)).transpose()?;
                Work::Group { streams, grouping: Box::new(Grouping::new(folds, told, &shape)), ordered }
            }
        };
        let (ledger, arena, recast) = (Ledger::new(budget), Arena::default(), Vec::new());
        Ok(Self { shape, streams, work, window, ledger, arena, recast })
    }

    /// The columns that the client sees.
    pub fn visible(&self) -> &[ColumnDef] {
        &self.shape.columns[..self.shape.visible]
    }

    /// Whether another stream's columns are such that its rows can be merged with the others; those of whole numbers of
    /// other sizes are from now on.
    ///
    /// # Errors
    /// 1105 with the first column that differs in type, sign, scale or being text. 1235 where an expression is an ENUM or
    /// SET on one server only: by how they went about it, they order it otherwise.
    pub fn check(&mut self, stream: usize, columns: &[ColumnDef]) -> Result<()> {
        if columns.len() != self.shape.columns.len() {
            return Err(Error::new(Code::Internal, "the shards answered different numbers of columns"));
        }
        let visible = self.shape.visible;
        let same = |i: usize, a: &ColumnDef, b: &ColumnDef| {
            // Of strings a scale means nothing, and depends on how a server went about the statement.
            let scale = |c: &ColumnDef| (!c.is_string() && c.kind != kind::JSON).then_some(c.decimals);
            // How large a BLOB or TEXT may be, too; of which size whole numbers are; and whether it is a BLOB of what the
            // client does not see, or what may be as long as a VARCHAR can be.
            let kind = |c: &ColumnDef| match c.kind {
                kind::TINY_BLOB | kind::MEDIUM_BLOB | kind::LONG_BLOB => kind::BLOB,
                kind::VAR_STRING | kind::STRING if i >= visible || c.length >= LONGEST_VARCHAR => kind::BLOB,
                _ if c.is_integer() => kind::LONGLONG,
                kind => kind,
            };
            let is_year = a.kind == kind::YEAR || b.kind == kind::YEAR;
            let sign = |c: &ColumnDef| !is_year && c.is_unsigned();
            (kind(a), scale(a), sign(a), a.is_text(), a.is_enum_or_set())
                == (kind(b), scale(b), sign(b), b.is_text(), b.is_enum_or_set())
        };
        let pairs = self.shape.columns.iter().zip(columns).enumerate();
        let found = pairs.map(|(i, (a, b))| (i, a, b)).find(|(i, a, b)| !same(*i, a, b));
        if let Some((_, column, other)) = found {
            if column.is_string() && other.is_string() && column.is_enum_or_set() != other.is_enum_or_set() {
                return Err(Error::refused(
                    format_args!("column '{}' is an ENUM or SET on some shards only", column.label()),
                    "write CONCAT(column) for its text, or column + 0 for its number",
                ));
            }
            return Err(Error::new(
                Code::Internal,
                format!(
                    "the shards have different types for column '{}': {} and {}; give the tables one definition",
                    column.label(),
                    column.kind,
                    other.kind
                ),
            ));
        }
        if self.shape.format == Format::Binary {
            self.recast.extend(Recast::new(columns, &self.shape.columns).map(|recast| (stream, recast)));
        }
        Ok(())
    }

    /// The streams from which a row, or their end, is needed before anything more can go out.
    pub fn wants(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.streams).filter(|stream| self.wants_row(*stream))
    }

    /// Whether [`Merger::wants`] names this stream.
    pub fn wants_row(&self, stream: usize) -> bool {
        if self.window.is_closed() {
            return false;
        }
        match &self.work {
            Work::Concat(concat) => concat.wants(stream),
            Work::Sorted(streams) | Work::Distinct { streams, .. } | Work::Group { streams, .. } => {
                streams.wants(stream)
            }
        }
    }

    /// Whether rows may come ahead of what is wanted.
    pub fn has_room(&self) -> bool {
        self.ledger.has_room()
    }

    /// Takes the payload of one row of a stream.
    ///
    /// # Errors
    /// 1038 when the budget is exceeded; 1235 when the stream is not in the announced order; 1105 when the row is
    /// malformed or the stream has ended.
    pub fn push(&mut self, stream: usize, row: Bytes) -> Result<()> {
        if self.window.is_closed() {
            return Ok(());
        }
        let row = match self.recast.iter_mut().find(|(of, _)| *of == stream) {
            Some((_, recast)) => recast.row(row, &self.shape.columns)?,
            None => row,
        };
        match &mut self.work {
            Work::Concat(concat) => concat.push(stream, row, &mut self.ledger),
            Work::Sorted(streams) | Work::Distinct { streams, .. } | Work::Group { streams, .. } => {
                streams.push(stream, row, &self.shape, &mut self.ledger)
            }
        }
    }

    /// The stream has given all its rows.
    pub fn finish(&mut self, stream: usize) {
        match &mut self.work {
            Work::Concat(concat) => concat.finish(stream),
            Work::Sorted(streams) | Work::Distinct { streams, .. } | Work::Group { streams, .. } => {
                streams.finish(stream);
            }
        }
    }

    /// The payload of the next row for the client: its visible columns. `None` when streams must give more first
    /// (see [`Merger::wants`]) or nothing is left (see [`Merger::done`]).
    ///
    /// # Errors
    /// As [`Merger::push`], and 1264 when a sum exceeds its type.
    pub fn pop(&mut self) -> Result<Option<Bytes>> {
        let Self { shape, work, window, ledger, arena, .. } = self;
        while !window.is_closed() {
            let row = match work {
                Work::Concat(concat) => concat.next(shape, arena, ledger)?,
                Work::Sorted(streams) => streams.pop(shape, arena, ledger)?,
                Work::Distinct { streams, distinct } => distinct.next(streams, shape, arena, ledger)?,
                Work::Group { streams, grouping, ordered: None } => {
                    next_group(streams, grouping, shape.visible, shape, arena, ledger)?
                }
                Work::Group { streams, grouping, ordered: Some(ordered) } => {
                    let width = shape.columns.len();
                    while let Some(group) = next_group(streams, grouping, width, shape, arena, ledger)? {
                        ordered.add(group, shape, arena, ledger)?;
                    }
                    if streams.is_drained() { ordered.next(ledger) } else { None }
                }
            };
            match row {
                None => return Ok(None),
                Some(row) if window.admit() => return Ok(Some(row)),
                Some(_) => {}
            }
        }
        Ok(None)
    }

    /// Whether no further row will come: LIMIT is reached (the shards can be stopped), or all streams have ended and
    /// all rows are out.
    pub fn done(&self) -> bool {
        self.window.is_closed()
            || match &self.work {
                Work::Concat(concat) => concat.is_drained(),
                Work::Sorted(streams) | Work::Distinct { streams, .. } => streams.is_drained(),
                Work::Group { streams, grouping, ordered } => {
                    streams.is_drained()
                        && !grouping.is_open()
                        && ordered.as_ref().is_none_or(Ordered::is_empty)
                }
            }
    }
}

/// The next whole group with the first `width` columns; `None` while its end is not known, and at the end.
fn next_group(
    streams: &mut Streams,
    grouping: &mut Grouping,
    width: usize,
    shape: &Shape,
    arena: &mut Arena,
    ledger: &mut Ledger,
) -> Result<Option<Bytes>> {
    while let Some((row, key)) = streams.top() {
        if !grouping.add(row, key, shape)? {
            return grouping.finish(width, shape, arena);
        }
        streams.advance(shape, ledger)?;
    }
    if streams.is_drained() { grouping.finish(width, shape, arena) } else { Ok(None) }
}
