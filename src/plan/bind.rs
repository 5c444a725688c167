//! Plan + values → jobs: which servers, and which text for each.
//!
//! The common case, one node and the client's own text, allocates nothing but the list of one job.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::copy::CARRIED;
use super::ir::{
    Act, Copy, DdlStep, GivenId, Ids, Job, Kept, Load, Param, Piece, Plan, Read, Routing, Scatter,
    SessionValue, Several, Template, Write,
};
use super::refuse;
use super::render::{Frame, Renderer};
use super::route;
use super::targets::Places;
use crate::base::ids::{NewIds, NodeId, SourceId};
use crate::base::{Code, Error, Result, Value};
use crate::sql::facts::{Operand, Span};
use crate::topology::IdRule;

/// A statement's text and values, as one execution gives them.
pub trait Source {
    /// The client's own text.
    fn text(&self) -> &[u8];
    /// A part of the shape → the same part of the client's own text.
    fn original(&self, span: Span) -> Span;
    /// Which `?` of the shape stand in a part of it.
    fn params_in(&self, span: Span) -> Range<u16>;
    /// Whether the shape's `?` are parameters that are sent beside the text.
    fn prepared(&self) -> bool;
    /// The value of the i-th `?`; NULL for one that is not there.
    fn value(&self, i: u16) -> Cow<'_, Value>;
    /// The i-th literal as it was written. Not called for prepared statements.
    fn literal(&self, i: u16) -> &[u8];
}

/// What the session knows.
pub trait SessionValues {
    /// The value that a function or variable has in this session.
    fn get(&self, what: &SessionValue) -> Result<Value>;
}

/// What decides among equal places, and how values are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setting {
    /// The source to take where any will do: the one of an open transaction.
    pub prefer: Option<SourceId>,
    /// Spreads statements that any of several places can answer: a count that grows with each statement.
    pub spread: usize,
    /// sql_mode NO_AUTO_VALUE_ON_ZERO: an id of 0 is an id.
    pub zero_is_value: bool,
    /// sql_mode NO_BACKSLASH_ESCAPES.
    pub no_backslash_escapes: bool,
}

/// Jobs, and what becomes of their answers. It is moved about for every statement: what few need is in [`Extras`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bound {
    /// One text for one server each.
    pub jobs: SmallVec<[Job; 1]>,
    /// A read's rows come from several jobs and are merged by the plan's `Scatter`.
    pub many: bool,
    /// The answer is the first job's alone (copies of a reference table); otherwise affected rows are summed.
    pub copies: bool,
    /// What a change of rows does with the jobs.
    pub stage: Stage,
    /// Ids that were made or given.
    pub ids: Ids,
    /// Rows of the merged answer, or of those that are changed: count and offset.
    pub limit: Option<(u64, u64)>,
    /// `None`: nothing of it.
    pub extras: Option<Box<Extras>>,
}

/// What few statements bind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extras {
    /// Ends of the steps in the jobs, for DDL: a step starts when the one before has ended everywhere. Empty: all
    /// jobs may run at once.
    pub steps: Vec<usize>,
    /// Which of the statement's rows each job inserts, where RETURNING answers them in that order.
    pub rows: Vec<Vec<usize>>,
    /// What reads the rows that the jobs change, one a job: see [`Images`](super::lookup::Images).
    pub images: Vec<Job>,
    /// Where the rows that the jobs give are written to; empty where the jobs are the whole statement.
    pub destinations: Vec<Destination>,
    /// Rows that go to `destinations` one by one.
    pub arrivals: Vec<Arrival>,
}

impl Extras {
    /// Rows of jobs and what reads them, where there are any.
    pub(super) fn of_rows(rows: Vec<Vec<usize>>, images: Vec<Job>) -> Option<Box<Self>> {
        let any = !rows.is_empty() || !images.is_empty();
        any.then(|| Box::new(Self { rows, images, ..Self::default() }))
    }
}

impl Bound {
    /// [`Extras::steps`]
    pub fn steps(&self) -> &[usize] {
        self.extras.as_ref().map_or(&[], |extras| &extras.steps)
    }

    /// [`Extras::rows`]
    pub fn rows(&self) -> &[Vec<usize>] {
        self.extras.as_ref().map_or(&[], |extras| &extras.rows)
    }

    /// [`Extras::images`]
    pub fn images(&self) -> &[Job] {
        self.extras.as_ref().map_or(&[], |extras| &extras.images)
    }

    /// [`Extras::arrivals`]
    pub fn arrivals(&self) -> &[Arrival] {
        self.extras.as_ref().map_or(&[], |extras| &extras.arrivals)
    }

    /// [`Extras::destinations`]
    pub fn destinations(&self) -> &[Destination] {
        self.extras.as_ref().map_or(&[], |extras| &extras.destinations)
    }
}

/// What a change of rows does with its jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// They are the statement itself.
    #[default]
    Whole,
    /// They are the statement up to LIMIT, which counts the rows of all of them.
    InTurn,
    /// They pick the rows that are changed.
    Picked,
    /// They pick the rows that are changed, and may have to move then.
    Moves,
}

/// A row that comes by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// The number of its destination.
    pub at: usize,
    /// The row.
    pub row: Job,
    /// The condition that finds it once it is there.
    pub found: Job,
}

/// A place that rows are written to: the texts before and behind them.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// Up to the rows.
    pub head: Job,
    /// After the last row.
    pub tail: Job,
    /// Up to the rows, a REPLACE of the same: where another row may have to change instead.
    pub replace: Option<Job>,
}

/// What a job is made for: places of all tables.
pub(super) struct Target<'p> {
    pub(super) frame: Frame<'p>,
    pub(super) id: NodeId,
}

/// Makes new ids by a table's rule: so many, with the slot that they carry (0 where they carry none).
pub type MakeIds<'m> = dyn FnMut(&IdRule, usize, u32) -> Result<NewIds> + 'm;

/// Binds one execution's values.
pub fn bind(
    plan: &Plan,
    source: &dyn Source,
    session: &dyn SessionValues,
    setting: Setting,
    ids: &mut MakeIds<'_>,
) -> Result<Bound> {
    let binder = Binder { plan, source, session, setting };
    match &plan.act {
        Act::Session | Act::CreateSelect => Ok(Bound::default()),
        Act::Refused(error) => Err(error.clone()),
        Act::Read(read) => binder.read(read),
        Act::Write(write) => binder.write(write),
        Act::Insert(insert) => binder.insert(insert, ids),
        Act::Load(load) => binder.load(load),
        Act::Copy(copy) => binder.copy(copy),
        Act::Ddl(steps) => binder.ddl(steps),
    }
}

/// Where the rows of an INSERT … SELECT may go, whatever gives them.
pub fn destinations(
    plan: &Plan,
    source: &dyn Source,
    session: &dyn SessionValues,
    setting: Setting,
) -> Result<Bound> {
    let Act::Copy(copy) = &plan.act else { return Err(lost()) };
    Binder { plan, source, session, setting }.destinations(copy)
}

/// The question that makes values of [`Insert::computed`](super::ir::Insert::computed); `None` when there are none.
pub fn compute(
    plan: &Plan,
    source: &dyn Source,
    session: &dyn SessionValues,
    setting: Setting,
) -> Result<Option<Job>> {
    let Act::Insert(insert) = &plan.act else { return Ok(None) };
    if insert.computed.is_empty() {
        return Ok(None);
    }
    let binder = Binder { plan, source, session, setting };
    let mut text = vec![Piece::Text("SELECT ".into())];
    for (n, expr) in insert.computed.iter().enumerate() {
        if n > 0 {
            text.push(Piece::Text(", ".into()));
        }
        text.extend(expr.iter().cloned());
    }
    binder.job(Some(&text), &binder.first_insert_target(insert)?).map(Some)
}

/// The text that PREPARE has a server look at, for the definitions of columns and parameters: that of the first place,
/// whatever the parameters will be.
pub fn describe(
    plan: &Plan,
    source: &dyn Source,
    session: &dyn SessionValues,
    setting: Setting,
) -> Result<Job> {
    let binder = Binder { plan, source, session, setting };
    let (routing, template) = match &plan.act {
        Act::Read(read) => (&read.routing, read.one.as_ref()),
        Act::Write(write) => (&write.routing, write.text.as_ref()),
        Act::Load(load) => (&load.routing, load.text.as_ref()),
        Act::Copy(copy) => return binder.describe_copy(copy),
        Act::Insert(insert) => {
            let target = binder.first_insert_target(insert)?;
            return if insert.verbatim {
                binder.job(None, &target)
            } else {
                binder.insert_all(insert, &target)
            };
        }
        Act::Refused(error) => return Err(error.clone()),
        Act::Session | Act::Ddl(_) | Act::CreateSelect => return Err(lost()),
    };
    let target = binder.first_target(routing)?;
    binder.job(template, &target)
}

/// The text that PREPARE has a server look at for what an INSERT of a query's rows answers of them.
pub fn describe_returned(
    plan: &Plan,
    source: &dyn Source,
    session: &dyn SessionValues,
    setting: Setting,
) -> Result<Job> {
    let Act::Copy(copy) = &plan.act else { return Err(lost()) };
    let binder = Binder { plan, source, session, setting };
    let width = copy.columns.len() + usize::from(copy.id == GivenId::Added);
    let inserted: Vec<String> = (1..=width).map(|n| format!("v{n}")).collect();
    let carried = (1..=copy.carried).map(|n| format!("x{n}"));
    let nulls: Vec<String> =
        inserted.iter().cloned().chain(carried).map(|name| format!("NULL AS {name}")).collect();
    let (inserted, nulls) = (inserted.join(","), nulls.join(","));
    let rows = format!(" SELECT {inserted} FROM (SELECT {nulls}) AS `{CARRIED}`");
    let text = [&copy.head[..], &[Piece::Text(rows.into())], &copy.tail[..]].concat();
    binder.job(Some(&text), &binder.first_target(&copy.routing)?)
}

pub(super) struct Binder<'p> {
    pub(super) plan: &'p Plan,
    pub(super) source: &'p dyn Source,
    pub(super) session: &'p dyn SessionValues,
    pub(super) setting: Setting,
}

impl<'p> Binder<'p> {
    fn read(&self, read: &'p Read) -> Result<Bound> {
        let places = match &read.routing {
            Routing::Any(_) if read.first => Places::One(self.first_target(&read.routing)?),
            routing => self.targets(routing)?,
        };
        let mut targets = places.as_slice();
        if read.first {
            targets = targets.get(..1).unwrap_or(targets);
        }
        if let [target] = targets {
            let job = self.job(read.one.as_ref(), target)?;
            return Ok(Bound { jobs: smallvec![job], ..Bound::default() });
        }
        let scatter = read.many.as_ref().map_err(Clone::clone)?;
        self.scatter(scatter, targets)
    }

    fn scatter(&self, scatter: &Scatter, targets: &[Target<'p>]) -> Result<Bound> {
        for (a, b) in &scatter.equal {
            let (a, b) = (self.source.params_in(*a), self.source.params_in(*b));
            if a.len() != b.len() || a.zip(b).any(|(a, b)| self.source.value(a) != self.source.value(b)) {
                return Err(refuse::feature(
                    "two expressions that look alike have different values in them",
                    "refer to the selected expression by an alias",
                ));
            }
        }
        if self.source.prepared() && scatter.weighed.iter().any(|s| !self.source.params_in(*s).is_empty()) {
            return Err(refuse::feature(
                "a parameter in an expression that groups rows of several shards",
                "write its value into the statement",
            ));
        }
        let limit = match &scatter.limit {
            None => None,
            Some((count, offset)) => {
                let offset = offset.as_ref().map_or(Ok(0), |o| self.count(o))?;
                Some((self.count(count)?, offset))
            }
        };
        let jobs = targets.iter().map(|t| self.job(scatter.text.as_ref(), t)).collect::<Result<_>>()?;
        Ok(Bound { jobs, many: true, limit, ..Bound::default() })
    }

    /// A row count of LIMIT.
    pub(super) fn count(&self, operand: &Operand) -> Result<u64> {
        let bad = || Error::new(Code::Syntax, "LIMIT and OFFSET must be whole numbers of at least 0");
        let value = route::value(operand, &|i| self.source.value(i)).ok_or_else(bad)?;
        match &*value {
            Value::Int(n) => u64::try_from(*n).map_err(|_| bad()),
            Value::UInt(n) => Ok(*n),
            _ => Err(bad()),
        }
    }

    fn write(&self, write: &'p Write) -> Result<Bound> {
        let changed = write.kept.iter().find(|kept| !self.is_kept(kept));
        let places = self.targets(&write.routing)?;
        let targets = places.as_slice();
        if let (Some(count), [first, ..]) = (write.rows(), targets)
            && self.count(count)? == 0
            && changed.is_none_or(|_| write.moves.is_some())
        {
            // LIMIT 0: nothing changes, wherever it runs.
            let job = self.job(write.text.as_ref(), first)?;
            return Ok(Bound { jobs: smallvec![job], ..Bound::default() });
        }
        match (&write.moves, changed) {
            (Some(moves), changed)
                if (moves.always || changed.is_some()) && !self.all_stay(moves, targets)? =>
            {
                return self.picked(&moves.pick, targets, Stage::Moves);
            }
            (None, Some(kept)) => return Err(kept.otherwise.clone()),
            _ => {}
        }
        let copies = matches!(write.routing, Routing::Every(_));
        if targets.len() > 1 && !copies {
            match write.many.as_ref().map_err(Clone::clone)? {
                Several::AtOnce => {}
                Several::InTurn(text, count) => {
                    let jobs: Result<_> = targets.iter().map(|t| self.job(Some(text), t)).collect();
                    let limit = Some((self.count(count)?, 0));
                    return Ok(Bound { jobs: jobs?, stage: Stage::InTurn, limit, ..Bound::default() });
                }
                Several::Picked(pick) => return self.picked(pick, targets, Stage::Picked),
            }
        }
        let jobs = targets.iter().map(|t| self.job(write.text.as_ref(), t)).collect::<Result<_>>()?;
        let images = self.images_found(targets)?;
        Ok(Bound { jobs, copies, extras: Extras::of_rows(Vec::new(), images), ..Bound::default() })
    }

    /// The whole statement at each place, where its rows stay there; otherwise the query, and where its rows go.
    fn copy(&self, copy: &'p Copy) -> Result<Bound> {
        match copy.local.as_ref().map(|local| self.write(local)) {
            Some(Err(error)) if error.is(Code::NotSupported) => {}
            Some(bound) => return bound,
            None => {}
        }
        let Bound { jobs, many, limit, .. } = self.read(&copy.read)?;
        Ok(Bound { jobs, many, limit, ..self.destinations(copy)? })
    }

    fn destinations(&self, copy: &'p Copy) -> Result<Bound> {
        let places = self.targets(&copy.routing)?;
        let texts = |target| self.destination(&copy.head, &copy.tail, target);
        let destinations = places.as_slice().iter().map(texts).collect::<Result<_>>()?;
        Ok(Bound {
            extras: Some(Box::new(Extras { destinations, ..Extras::default() })),
            copies: matches!(copy.routing, Routing::Every(_)),
            ..Bound::default()
        })
    }

    /// The query, as PREPARE has a server look at it.
    fn describe_copy(&self, copy: &'p Copy) -> Result<Job> {
        let target = self.first_target(&copy.read.routing)?;
        self.job(copy.read.one.as_ref(), &target)
    }

    /// Whether a column is set to the value that it has.
    fn is_kept(&self, Kept { held, new, .. }: &Kept) -> bool {
        let values = |i| self.source.value(i);
        match (route::value(held, &values), route::value(new, &values)) {
            // Several keys are equal to one double.
            (Some(a), Some(b)) => a == b && !matches!(*a, Value::Double(_)),
            _ => false,
        }
    }

    /// One job for each place where rows may go, in the order of nodes.
    fn load(&self, load: &'p Load) -> Result<Bound> {
        let places = self.targets(&load.routing)?;
        let jobs = places.as_slice().iter().map(|target| self.job(load.text.as_ref(), target));
        let copies = matches!(load.routing, Routing::Every(_));
        Ok(Bound { jobs: jobs.collect::<Result<_>>()?, copies, ..Bound::default() })
    }

    fn ddl(&self, steps: &'p [DdlStep]) -> Result<Bound> {
        let (mut bound, mut ends) = (Bound::default(), Vec::new());
        for step in steps {
            for (i, place) in step.places.iter().enumerate() {
                let frame = Frame { node: &place.node, index: None, own: Vec::new() };
                let own = matches!(place.text.as_slice(), [Piece::Shape(_)]);
                let target = Target { frame, id: NodeId(i as u16) };
                bound.jobs.push(self.job((!own).then_some(&place.text), &target)?);
            }
            ends.push(bound.jobs.len());
        }
        bound.extras = Some(Box::new(Extras { steps: ends, ..Extras::default() }));
        Ok(bound)
    }

    pub(super) fn renderer<'r>(&'r self, frame: &'r Frame<'p>) -> Renderer<'r> {
        Renderer {
            tables: &self.plan.tables,
            source: self.source,
            session: self.session,
            no_backslash_escapes: self.setting.no_backslash_escapes,
            frame,
            out: Vec::with_capacity(self.source.text().len() + 64),
            params: self.source.prepared().then(Vec::new),
            id: None,
            given: None,
        }
    }

    pub(super) fn job(&self, template: Option<&Template>, target: &Target<'p>) -> Result<Job> {
        let Some(template) = template else {
            let node = target.frame.node;
            return Ok(Job {
                source: node.source,
                schema: Arc::clone(&node.schema),
                node: target.id,
                text: None,
                params: None,
                native: None,
            });
        };
        let mut renderer = self.renderer(&target.frame);
        renderer.template(template)?;
        Ok(Self::finish(renderer, target))
    }

    pub(super) fn finish(renderer: Renderer<'_>, target: &Target<'p>) -> Job {
        let node = target.frame.node;
        let (text, params): (Vec<u8>, Option<Vec<Param>>) = (renderer.out, renderer.params);
        Job {
            source: node.source,
            schema: Arc::clone(&node.schema),
            node: target.id,
            text: Some(text),
            params,
            native: None,
        }
    }
}

pub(super) fn nowhere() -> Error {
    Error::new(Code::NoDatabase, "No database selected")
}

pub(super) fn lost() -> Error {
    Error::new(Code::Internal, "a plan does not fit its topology")
}
