//! Inserted rows: which node each is for, and its id.

use smallvec::{SmallVec, smallvec};

use super::bind::{Binder, Bound, Extras, MakeIds, SessionValues, Setting, Source, Target, lost, nowhere};
use super::ir::{Act, Cell, IdValue, Ids, Insert, Job, Native, Plan, Selective};
use super::names::nodes_of;
use super::refuse;
use super::route;
use crate::base::ids::{NewIds, NodeId, uuid_text};
use crate::base::{Result, Value};
use crate::sharding::IdForm;
use crate::sql::facts::Kind;
use crate::topology::{IdRule, Layout, Sharded};

impl<'p> Binder<'p> {
    pub(super) fn insert(&self, insert: &'p Insert, ids: &mut MakeIds<'_>) -> Result<Bound> {
        let mut given = self.rows_given(insert)?;
        let mut made = self.make(insert, &mut given, ids)?;
        let targets = self.insert_targets(insert, &given)?;
        if targets.len() > 1 && insert.rows.first().is_some_and(|r| r.key.is_some()) {
            insert.many.as_ref().map_err(Clone::clone)?;
        }
        let job_of = |row: Option<usize>| {
            let job = row.and_then(|row| targets.iter().position(|(_, rows)| rows.contains(&row)));
            job.unwrap_or(0)
        };
        let first_new = given.iter().position(|row| matches!(row, RowId::New(_)));
        made.ends = (job_of(first_new), job_of(insert.rows.len().checked_sub(1)));
        let copies = insert.rows.first().is_some_and(|r| r.key.is_none());
        let whole = insert.verbatim && made.count == 0 && (targets.len() == 1 || copies);
        let mut jobs = SmallVec::with_capacity(targets.len());
        let mut images = Vec::new();
        for (target, rows) in &targets {
            let new = |row: &usize| match given.get(*row) {
                Some(RowId::New(id)) => Some(id),
                _ => None,
            };
            let rows_of = rows.iter().filter_map(|row| Some((*row, insert.rows.get(*row)?, new(row))));
            images.extend(self.image_of_new(target, rows_of)?);
            if whole {
                jobs.push(self.job(None, target)?);
                continue;
            }
            let mut renderer = self.renderer(&target.frame);
            renderer.template(&insert.head)?;
            for (n, row) in rows.iter().enumerate() {
                if n > 0 {
                    renderer.text(", ");
                }
                let (Some(row), id) = (insert.rows.get(*row), given.get(*row)) else { continue };
                renderer.id = id.and_then(|i| match i {
                    RowId::New(id) => Some(id),
                    RowId::Given(_) | RowId::None => None,
                });
                renderer.given = row.id.as_ref();
                renderer.template(&row.pieces)?;
            }
            renderer.template(&insert.tail)?;
            jobs.push(Self::finish(renderer, target));
        }
        let returning =
            matches!(&self.plan.statement.kind, Kind::Insert(insert) if insert.returning.is_some());
        let rows = if returning && !copies {
            targets.iter().map(|(_, rows)| rows.to_vec()).collect()
        } else {
            Vec::new()
        };
        let mut bound =
            Bound { jobs, copies, ids: made, extras: Extras::of_rows(rows, images), ..Bound::default() };
        let id = |row: usize| match given.get(row) {
            Some(RowId::New(id)) => Some(id),
            _ => None,
        };
        self.arrivals(insert, &targets, id, &mut bound)?;
        Ok(bound)
    }

    pub(super) fn first_insert_target(&self, insert: &'p Insert) -> Result<Target<'p>> {
        let table = self.plan.tables.get(insert.table).ok_or_else(lost)?;
        match &table.table.layout {
            Layout::Sharded(sharded) => Self::aligned(sharded, NodeId(self.preferred(&sharded.nodes) as u16)),
            Layout::Reference(nodes) => {
                let at = self.preferred(nodes);
                Ok(Self::plain(nodes.get(at).ok_or_else(nowhere)?, at))
            }
            Layout::Single(node) => Ok(Self::plain(node, 0)),
        }
    }

    /// All rows at one place, with an id that stands for the new ones.
    pub(super) fn insert_all(&self, insert: &'p Insert, target: &Target<'p>) -> Result<Job> {
        let one = Value::Int(1);
        let mut renderer = self.renderer(&target.frame);
        renderer.template(&insert.head)?;
        for (n, row) in insert.rows.iter().enumerate() {
            if n > 0 {
                renderer.text(", ");
            }
            renderer.id = matches!(row.id, Some(Cell::NewId)).then_some(&one);
            renderer.given = row.id.as_ref();
            renderer.template(&row.pieces)?;
        }
        renderer.template(&insert.tail)?;
        Ok(Self::finish(renderer, target))
    }

    /// Each row's id as it is given; new ones are still to be made.
    fn rows_given(&self, insert: &Insert) -> Result<SmallVec<[RowId; 1]>> {
        let Some(form) = insert.generates else { return Ok(SmallVec::new()) };
        // Only a number may be 0 and ask for another.
        let zero_is_value = self.setting.zero_is_value || form != IdValue::Number;
        let mut rows = SmallVec::<[RowId; 1]>::with_capacity(insert.rows.len());
        for row in &insert.rows {
            rows.push(match &row.id {
                None => RowId::None,
                Some(Cell::NewId) => RowId::New(Value::Null),
                Some(cell) => {
                    let value = self.cell(cell)?;
                    if asks_for_id(&value, zero_is_value) {
                        RowId::New(Value::Null)
                    } else {
                        RowId::Given(value)
                    }
                }
            });
        }
        Ok(rows)
    }

    /// Makes the rows' new ids. Answers what the session has to know of them.
    fn make(&self, insert: &Insert, rows: &mut [RowId], ids: &mut MakeIds<'_>) -> Result<Ids> {
        let mut made = Ids::default();
        let Some(form) = insert.generates else { return Ok(made) };
        let asks = |row: &&RowId| matches!(row, RowId::New(_));
        made.count = rows.iter().filter(asks).count() as u64;
        let table = self.plan.tables.get(insert.table).ok_or_else(lost)?;
        let rule = table.table.id.as_ref().ok_or_else(lost)?;
        made.first = match rule.gene() {
            Some(gene) => self.gene_ids(insert, rule, gene, rows, ids)?,
            None => new_ids(rule, form, rows, made.count as usize, ids)?,
        };
        if form != IdValue::Number {
            return Ok(made);
        }
        if made.count == 0 {
            made.explicit = rows.iter().rev().find_map(|r| match r {
                RowId::Given(Value::Int(n)) => Some(i128::from(*n)),
                RowId::Given(Value::UInt(n)) => Some(i128::from(*n)),
                RowId::Given(Value::Str(s)) => std::str::from_utf8(s).ok()?.trim().parse().ok(),
                _ => None,
            });
        }
        if insert.selective != Selective::No {
            let new = |row: &RowId| match row {
                RowId::New(Value::Int(id)) => u64::try_from(*id).ok(),
                RowId::New(Value::UInt(id)) => Some(*id),
                _ => None,
            };
            made.made = rows.iter().filter_map(new).collect();
        }
        Ok(made)
    }

    fn insert_targets(&self, insert: &Insert, ids: &[RowId]) -> Result<SmallVec<[(Target<'p>, Rows); 1]>> {
        let table = self.plan.tables.get(insert.table).ok_or_else(lost)?;
        let sharded = match &table.table.layout {
            Layout::Sharded(sharded) => sharded,
            Layout::Reference(nodes) => {
                let all: Rows = (0..insert.rows.len()).collect();
                return Ok(nodes.iter().enumerate().map(|(i, n)| (Self::plain(n, i), all.clone())).collect());
            }
            Layout::Single(node) => {
                return Ok(smallvec![(Self::plain(node, 0), (0..insert.rows.len()).collect())]);
            }
        };
        let mut places: SmallVec<[(NodeId, Rows); 1]> = SmallVec::new();
        for (i, row) in insert.rows.iter().enumerate() {
            let node = match row.key.as_ref().ok_or_else(lost)? {
                Cell::NewId => match ids.get(i) {
                    Some(RowId::New(value) | RowId::Given(value)) => store(insert, sharded, value)?,
                    _ => return Err(lost()),
                },
                cell => store(insert, sharded, &self.row_key(insert, sharded, cell)?)?,
            };
            match places.iter_mut().find(|(n, _)| *n == node) {
                Some((_, rows)) => rows.push(i),
                None => places.push((node, smallvec![i])),
            }
        }
        places.sort_by_key(|(n, _)| *n);
        places.into_iter().map(|(n, rows)| Ok((Self::aligned(sharded, n)?, rows))).collect()
    }

    /// The key that a row brings along.
    pub(super) fn row_key(&self, insert: &Insert, sharded: &Sharded, cell: &Cell) -> Result<Value> {
        match self.cell(cell)? {
            Value::Null => Err(refuse::null_key(&sharded.key, insert.column.as_ref())),
            value => Ok(value),
        }
    }

    fn cell(&self, cell: &Cell) -> Result<Value> {
        match cell {
            Cell::Operand(operand) => {
                let values = |i| self.source.value(i);
                match route::value(operand, &values) {
                    Some(value) => Ok(value.into_owned()),
                    None => Err(refuse::feature(
                        "the sign of a string is not a number that can be placed",
                        "give the number without quotes",
                    )),
                }
            }
            Cell::Session(what) => self.session.get(what),
            Cell::NewId => Err(lost()),
        }
    }
}

/// Gives ids to the rows that ask for one, `wanted` of them. Answers the first.
fn new_ids(
    rule: &IdRule,
    form: IdValue,
    rows: &mut [RowId],
    mut wanted: usize,
    ids: &mut MakeIds<'_>,
) -> Result<Option<u64>> {
    // A block of ids lies within one millisecond: more rows take several blocks. Numbers of a segment are always
    // consecutive.
    let block = if rule.form == IdForm::Short { wanted } else { rule.block() };
    if wanted > block && rule.form == IdForm::Number && rule.consecutive {
        return Err(refuse::feature(
            format_args!(
                "{wanted} new ids of `{}` would not follow one another, and drivers count on from the first: there are \
                 {block} in a row",
                rule.column
            ),
            "insert fewer rows at once, give the sequence more bits in [ids] layout, or set [ids] consecutive = false",
        ));
    }
    let (mut new, mut at, mut left, mut first) = (NewIds::Uuids(Vec::new()), 0, 0, None);
    for row in rows {
        let RowId::New(id) = row else { continue };
        if left == 0 {
            (left, at) = (wanted.min(block), 0);
            new = ids(rule, left, 0)?;
            first = first.or(new.number(0));
        }
        *id = id_value(&new, at, form).ok_or_else(lost)?;
        (at, left, wanted) = (at + 1, left - 1, wanted - 1);
    }
    Ok(first)
}

/// The INSERT of a bound one, with ids that its server gives itself, the same ones: what LAST_INSERT_ID() is after it has
/// failed at a later row, only the server knows. `None`: it is not to be had so.
pub fn replay(
    plan: &Plan,
    bound: &Bound,
    source: &dyn Source,
    session: &dyn SessionValues,
    setting: Setting,
) -> Result<Option<Job>> {
    let Act::Insert(insert) = &plan.act else { return Ok(None) };
    let (Some(text), [job], Some(first)) = (&insert.native, bound.jobs.as_slice(), bound.ids.first) else {
        return Ok(None);
    };
    let count = bound.ids.count;
    if count != insert.rows.len() as u64 {
        return Ok(None);
    }
    let binder = Binder { plan, source, session, setting };
    let table = &plan.tables.get(insert.table).ok_or_else(lost)?.table;
    let target = match &table.layout {
        Layout::Sharded(sharded) => Binder::aligned(sharded, job.node)?,
        _ => Binder::plain(nodes_of(table).first().ok_or_else(nowhere)?, 0),
    };
    let native = Native { first, count };
    Ok(Some(Job { native: Some(native), ..binder.job(text.as_ref(), &target)? }))
}

/// The rows that go to one place. Most inserts have one, and make no list of it.
type Rows = SmallVec<[usize; 1]>;

/// A row's id.
pub(super) enum RowId {
    New(Value),
    Given(Value),
    None,
}

/// The value of the i-th of new ids.
pub fn id_value(new: &NewIds, i: usize, form: IdValue) -> Option<Value> {
    Some(match (new, form) {
        (NewIds::Numbers { .. }, _) => {
            let id = new.number(i)?;
            i64::try_from(id).map_or(Value::UInt(id), Value::Int)
        }
        (NewIds::Uuids(made), IdValue::Bytes) => Value::Bytes(made.get(i)?.to_vec()),
        (NewIds::Uuids(made), _) => Value::Str(uuid_text(made.get(i)?).into_bytes()),
    })
}

/// NULL asks for a new id, and so does 0 unless sql_mode NO_AUTO_VALUE_ON_ZERO says otherwise (MySQL 8.4 manual,
/// "Using AUTO_INCREMENT").
pub fn asks_for_id(value: &Value, zero_is_value: bool) -> bool {
    let zero = match value {
        Value::Null => return true,
        Value::Int(n) => *n == 0,
        Value::UInt(n) => *n == 0,
        Value::Double(f) => f.round() == 0.0,
        Value::Decimal(d) => d.parse::<f64>().is_ok_and(|f| f.round() == 0.0),
        Value::Str(s) => {
            std::str::from_utf8(s).is_ok_and(|s| s.trim().parse::<f64>().is_ok_and(|f| f.round() == 0.0))
        }
        Value::Bytes(_) | Value::Date(_) | Value::Time(_) => false,
    };
    zero && !zero_is_value
}

/// Where a row with this key is stored.
fn store(insert: &Insert, sharded: &Sharded, value: &Value) -> Result<NodeId> {
    match &insert.column {
        Some(column) => sharded.rule.store_in(value, column),
        None => sharded.rule.store(value),
    }
}
