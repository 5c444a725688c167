//! An UPDATE that gives rows new sharding keys: each shard changes its rows itself, so that every value, warning and
//! count is a server's own; then those whose keys lead elsewhere are read, deleted, and inserted where they belong.

use bytes::Bytes;

use super::Session;
use super::lookup::{Keeping, keeping, lost_sight};
use super::pick::{AT_ONCE, PickedRow, matched, tuple, with_warnings};
use super::query::{Text, no_job};
use crate::backend::{Settings, Summary};
use crate::base::ids::NodeId;
use crate::base::{Code, Error, Result, Value};
use crate::exec::send::{Call, Preset};
use crate::exec::write::{self, Pace, Task};
use crate::plan::Bound;
use crate::plan::ir::{Job, Moves, Pick, Plan};
use crate::plan::lookup;
use crate::plan::moves;
use crate::plan::pick::Then;
use crate::sql::splice::quote;
use crate::wire::binary::{self, WireType};
use crate::wire::column::{ColumnDef, kind};

/// Values that one prepared statement takes at most (they are counted in 16 bits).
const PLACEHOLDERS: usize = 60_000;

/// A row on its way to another shard, changed already.
#[derive(Debug)]
struct Leaving {
    /// The job that found it.
    at: usize,
    /// Its key there, as literals.
    key: String,
    to: NodeId,
    /// In the order of [`Moves::columns`].
    values: Vec<(WireType, Value)>,
}

impl Session {
    /// Carries out an UPDATE of rows that may belong elsewhere afterwards.
    pub(super) async fn move_rows(
        &mut self,
        plan: &Plan,
        moves: &Moves,
        bound: &Bound,
        text: &Text<'_>,
    ) -> Result<Summary> {
        if moves.pick.limit.is_none() && self.vars.settings.get("sql_safe_updates") == Some("1") {
            return Err(Error::refused(
                "a new value of a column by which rows are placed moves them to other shards, and sql_safe_updates would \
                 not see by which key the statement finds them",
                "SET sql_safe_updates = 0, or give the statement a LIMIT",
            ));
        }
        let (rows, asked) = self.pick(&moves.pick, bound, text).await?;
        if rows.is_empty() {
            let done = self.change_rows(plan, &moves.pick, bound, text, &rows).await?;
            return Ok(with_warnings(done, &asked));
        }
        let checks = self.has_parents(plan, moves, bound).await?;
        let mut settings = self.vars.settings.clone();
        if checks {
            settings = settings.with("foreign_key_checks", "0");
        }
        let shared = self.shared.clone();
        let images = plan.images.as_deref();
        let keeping = images.map(|images| keeping(plan, images, &shared)).transpose()?;
        let rounds = if moves.one_by_one { rows.chunks(1) } else { rows.chunks(rows.len()) };
        let mut all = Vec::new();
        for rows in rounds {
            let before = match keeping {
                Some(keeping) => self.followed(keeping, &moves.pick, bound, rows, |row| &row.key).await?,
                None => Vec::new(),
            };
            all.push(self.change_rows_under(plan, &moves.pick, text, bound, rows, &settings).await?);
            let leaving = self.leaving(plan, moves, bound, text, rows, checks).await?;
            if let Some(keeping) = keeping {
                let after = self.followed(keeping, &moves.pick, bound, rows, |row| &row.after).await?;
                let (before, after) = (before.iter().collect::<Vec<_>>(), after.iter().collect::<Vec<_>>());
                let settings = self.vars.settings.clone();
                keeping.exchange(&mut self.hand(&settings), &before, &after).await?;
            }
            self.resettle(plan, moves, bound, text, leaving).await?;
        }
        Ok(with_warnings(write::sum(&all), &asked))
    }

    /// Rows of an indexed table as they are at the moment, where they were found.
    async fn followed(
        &mut self,
        keeping: Keeping<'_>,
        pick: &Pick,
        bound: &Bound,
        rows: &[PickedRow],
        key: impl Fn(&PickedRow) -> &String,
    ) -> Result<Vec<lookup::Row>> {
        let names: Vec<String> = pick.keys.iter().map(|key| quote(&key.name)).collect();
        let names = names.join(", ");
        let places = bound.jobs.iter().enumerate().map(|(at, job)| {
            let here = rows.iter().filter(|row| row.at == at);
            (usize::from(job.node.0), here.map(|row| format!("(({names}) = {})", key(row))).collect())
        });
        let settings = self.vars.settings.clone();
        let found = keeping.rows(&mut self.hand(&settings), &places.collect::<Vec<_>>()).await?;
        if found.len() == rows.len() { Ok(found) } else { Err(lost_sight()) }
    }

    /// Whether rows refer to others. Where they change, those need not be; the checks come when the rows are inserted
    /// where they belong, even if that is where they were. Rows that others refer to do not move: those would be deleted
    /// with them, or be in the way.
    async fn has_parents(&mut self, plan: &Plan, moves: &Moves, bound: &Bound) -> Result<bool> {
        let job = moves::references(plan, moves, bound.jobs.first().ok_or_else(no_job)?)?;
        let answers = self.pull(&[task(&job, own(&job))]).await?;
        let keys = answers.first().ok_or_else(no_job)?;
        if keys.text(0, 1).is_some_and(|refers| refers == "1") {
            return Err(Error::refused(
                format!(
                    "a new value of a column by which rows are placed moves them to other shards, and rows of other tables refer to them (foreign key \
                     `{}`)",
                    keys.text(0, 0).unwrap_or_default()
                ),
                "insert the row with its new key, move those that refer to it, and delete it, in one transaction",
            ));
        }
        Ok(!keys.rows.is_empty())
    }

    /// Those of the rows just changed whose keys lead elsewhere, or all of them.
    async fn leaving(
        &mut self,
        plan: &Plan,
        moves: &Moves,
        bound: &Bound,
        text: &Text<'_>,
        rows: &[PickedRow],
        all: bool,
    ) -> Result<Vec<Leaving>> {
        let keys: Vec<(usize, &str)> = rows.iter().map(|row| (row.at, row.after.as_str())).collect();
        let what = Then::Read(&moves.columns);
        let jobs = self.jobs_for(plan, &moves.pick, what, bound, text, &keys)?;
        let settings = self.neutral();
        let tasks: Vec<Task<'_>> = jobs.iter().map(|job| task(job, prepared(job, Vec::new()))).collect();
        let answers = self.pull_under(&tasks, Pace::Together, &settings).await?;
        let mut found = 0;
        let mut leaving = Vec::new();
        for (job, answer) in jobs.iter().zip(&answers) {
            let at = bound.jobs.iter().position(|asked| asked.node == job.node).ok_or_else(no_job)?;
            for cells in &answer.rows {
                found += 1;
                let (key, cells) = cells.split_at_checked(moves.pick.keys.len()).ok_or_else(no_job)?;
                let columns = answer.columns.get(moves.pick.keys.len()..).unwrap_or_default();
                let values: Vec<(WireType, Value)> = columns
                    .iter()
                    .zip(cells)
                    .map(|(c, cell)| value(c, cell.as_deref()))
                    .collect::<Result<_>>()?;
                let plain: Vec<Value> = values.iter().map(|(_, value)| value.clone()).collect();
                let to = moves::home(plan, moves, &plain)?;
                if all || to != job.node {
                    let key = tuple(&moves.pick, key)?;
                    leaving.push(Leaving { at, key, to, values });
                }
            }
        }
        if found != rows.len() {
            return Err(Error::refused(
                "a new value of a column by which rows are placed moves them to other shards, and what became of their primary keys is not known",
                "set the primary key to plain values of its column's own type",
            ));
        }
        Ok(leaving)
    }

    /// The one way of a row from its shard to another.
    async fn resettle(
        &mut self,
        plan: &Plan,
        moves: &Moves,
        bound: &Bound,
        text: &Text<'_>,
        leaving: Vec<Leaving>,
    ) -> Result<()> {
        if leaving.is_empty() {
            return Ok(());
        }
        let keys: Vec<(usize, &str)> = leaving.iter().map(|row| (row.at, row.key.as_str())).collect();
        let jobs = self.jobs_for(plan, &moves.pick, Then::Delete, bound, text, &keys)?;
        let tasks: Vec<Task<'_>> = jobs.iter().map(|job| task(job, own(job))).collect();
        let deleted = write::sum(&self.change(&tasks, Pace::Together).await?);
        if matched(&deleted) != leaving.len() as u64 {
            return Err(Error::new(Code::Internal, "rows that were to move were gone"));
        }
        let most = (PLACEHOLDERS / moves.columns.len().max(1)).clamp(1, AT_ONCE);
        let mut nodes: Vec<NodeId> = leaving.iter().map(|row| row.to).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let mut jobs = Vec::new();
        let mut all = Vec::new();
        for node in nodes {
            let rows: Vec<&Leaving> = leaving.iter().filter(|row| row.to == node).collect();
            for rows in rows.chunks(most) {
                jobs.push(moves::insertion(plan, moves, node, rows.len())?);
                all.push(rows.iter().flat_map(|row| row.values.iter().cloned()).collect::<Vec<_>>());
            }
        }
        let tasks: Vec<Task<'_>> =
            jobs.iter().zip(all).map(|(job, values)| task(job, prepared(job, values))).collect();
        let settings = self.neutral();
        self.change_under(&tasks, Pace::Together, &settings).await.map(|_| ())
    }

    /// Variables under which rows are read and written as they are stored: no value is converted, and none is wrong.
    fn neutral(&self) -> Settings {
        self.vars
            .settings
            .with("sql_mode", "'NO_AUTO_VALUE_ON_ZERO'")
            .with("time_zone", "'+00:00'")
            .with("character_set_client", "'utf8mb4'")
            .with("character_set_results", "'utf8mb4'")
            .with("collation_connection", "'utf8mb4_general_ci'")
    }
}

fn task<'j>(job: &'j Job, call: Call<'j>) -> Task<'j> {
    Task { source: job.source, schema: &job.schema, call, ids: Preset::default() }
}

/// A text of the proxy's own.
fn own(job: &Job) -> Call<'_> {
    Call::Text(job.text.as_deref().unwrap_or_default())
}

/// The same as a prepared statement, whose values come and go in their own types.
fn prepared(job: &Job, values: Vec<(WireType, Value)>) -> Call<'_> {
    Call::ExecuteWith(Bytes::copy_from_slice(job.text.as_deref().unwrap_or_default()), values)
}

/// A cell as a parameter that stores the same again.
pub(super) fn value(column: &ColumnDef, cell: Option<&[u8]>) -> Result<(WireType, Value)> {
    const BINARY: u16 = 63;
    let Some(cell) = cell else { return Ok((WireType::signed(kind::NULL), Value::Null)) };
    if !binary::is_text(column.kind) {
        let wire = WireType { kind: column.kind, unsigned: column.is_unsigned() };
        let value = binary::read_cell(wire, cell).ok_or_else(|| {
            Error::new(Code::Internal, "a shard sent bytes that are no value of their type")
        })?;
        return Ok((if column.is_float() { wire } else { WireType::of(&value) }, value));
    }
    let value = match column.kind {
        kind::DECIMAL | kind::NEWDECIMAL => binary::text_value(column.kind, cell),
        kind::JSON => Value::Str(cell.to_vec()),
        _ if column.charset == BINARY => Value::Bytes(cell.to_vec()),
        _ => Value::Str(cell.to_vec()),
    };
    Ok((WireType::of(&value), value))
}
