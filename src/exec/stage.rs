//! Stages: temporary tables that hold copies of rows while one statement runs over them, and the connections that have
//! them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::Client;
use super::define;
use super::send::{Call, Preset};
use super::ship::Writer;
use super::single::Around;
use super::source::Connections;
use super::write::{self, Pace, Task};
use crate::backend::{AnswerLimit, Flavor, Lease, Pools, Role, Settings};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Origin, Result};
use crate::plan::stage_spec::Stage;
use crate::sql::splice::quote;
use crate::topology::Node;
use crate::wire::column::ColumnDef;
use crate::wire::row::{Format, Row};

/// How long temporary tables are given to go.
const CLEAR: Duration = Duration::from_secs(5);
/// ER_DBACCESS_DENIED_ERROR
const DENIED: u16 = 1044;

/// Connections of one statement, one a source: what they have in temporary tables stays until [`Bench::clear`].
#[derive(Debug)]
pub struct Bench<'a> {
    pools: &'a Pools,
    flavor: Flavor,
    idle: Vec<(SourceId, Lease)>,
    /// Names of temporary tables, with their schemas.
    made: Vec<String>,
}

impl Connections for Bench<'_> {
    async fn take(&mut self, source: SourceId, _role: Role) -> Result<Lease> {
        if let Some(at) = self.idle.iter().position(|(of, _)| *of == source) {
            return Ok(self.idle.swap_remove(at).1);
        }
        let mut lease = self.pools.get(source, Role::Primary, self.flavor).await?;
        lease.schemas_as_of(self.pools.schemas());
        lease.litter(true);
        Ok(lease)
    }

    fn put(&mut self, source: SourceId, lease: Lease, _status: Option<u16>) {
        if !lease.is_lost() {
            self.idle.push((source, lease));
        }
    }

    fn many(&self) -> usize {
        1
    }

    fn keeps(&self) -> bool {
        false
    }
}

impl<'a> Bench<'a> {
    /// Without any connection yet.
    pub fn new(pools: &'a Pools, flavor: Flavor) -> Self {
        Self { pools, flavor, idle: Vec::new(), made: Vec::new() }
    }

    /// Makes a stage at these places.
    ///
    /// # Errors
    /// Where the account may not make temporary tables: which right it lacks.
    pub async fn make(
        &mut self,
        filler: &Filler,
        places: &[Node],
        settings: &Settings,
        client: &mut Client,
        around: Around<'_>,
    ) -> Result<()> {
        let mut texts = Vec::with_capacity(places.len());
        for node in places {
            let name = filler.table(node);
            texts.push(format!("CREATE TEMPORARY TABLE {name} ({})", filler.definition).into_bytes());
            if !self.made.contains(&name) {
                self.made.push(name);
            }
        }
        self.write(places, texts, settings, client, around).await.map_err(|error| {
            if error.origin != Origin::Backend || error.errno != DENIED {
                return error;
            }
            let message = format!(
                "{}; the statement needs rows of several sources in one place: GRANT CREATE TEMPORARY TABLES to the \
                 account that Shardgate uses there",
                error.message
            );
            Error { message, ..error }
        })
    }

    /// Makes the further tables of a stage that has all of its rows.
    pub async fn copy(
        &mut self,
        stage: &Stage,
        places: &[Node],
        settings: &Settings,
        client: &mut Client,
        around: Around<'_>,
    ) -> Result<()> {
        for copy in &stage.copies {
            let named = |node: &Node, name: &str| format!("{}.{}", quote(&node.schema), quote(name));
            self.made.extend(places.iter().map(|node| named(node, copy)));
            let (from, to) = (|node| named(node, &stage.name), |node| named(node, copy));
            let made =
                places.iter().map(|n| format!("CREATE TEMPORARY TABLE {} LIKE {}", to(n), from(n)).into());
            self.write(places, made.collect(), settings, client, around).await?;
            let filled =
                places.iter().map(|n| format!("INSERT INTO {} SELECT * FROM {}", to(n), from(n)).into());
            self.write(places, filled.collect(), settings, client, around).await?;
        }
        Ok(())
    }

    /// Runs one text a place; nothing is answered but that they ran.
    pub async fn write(
        &mut self,
        places: &[Node],
        texts: Vec<Vec<u8>>,
        settings: &Settings,
        client: &mut Client,
        around: Around<'_>,
    ) -> Result<()> {
        let tasks: Vec<Task<'_>> = places
            .iter()
            .zip(texts)
            .map(|(node, text)| Task {
                source: node.source,
                schema: &node.schema,
                call: Call::Owned(text),
                ids: Preset::default(),
            })
            .collect();
        let (limit, pace) = (AnswerLimit::of_rows(0), Pace::Together);
        let ran = write::run(&tasks, settings, self, pace, limit, Some(client), around).await;
        ran.results.into_iter().flatten().try_for_each(|result| result.map(|_| ()))
    }

    /// Drops the temporary tables, and gives the connections back. One that cannot be cleared is closed, and its tables
    /// go with it.
    pub async fn clear(self) {
        let drop = format!("DROP TEMPORARY TABLE IF EXISTS {}", self.made.join(", "));
        let empty = self.made.is_empty();
        let cleared =
            self.idle.into_iter().filter(|(_, lease)| !lease.is_broken()).map(async |(_, mut lease)| {
                if empty || matches!(timeout(CLEAR, lease.query(&drop, 0)).await, Ok(Ok(_))) {
                    lease.litter(false);
                }
            });
        join_all(cleared).await;
    }
}

/// Writes rows down for a stage.
#[derive(Debug)]
pub struct Filler {
    name: Arc<str>,
    /// What stands between the parentheses of CREATE TABLE.
    definition: String,
    names: Vec<String>,
    columns: Vec<ColumnDef>,
    writers: Vec<(Writer, bool)>,
    row: Row,
    seconds: bool,
    /// Columns whose different values are kept, as literals, as long as they are few.
    kept: Vec<(usize, Values)>,
}

/// Different values as literals; `None`: too many of them.
pub type Values = Option<HashSet<Vec<u8>>>;

/// Characters of a column's name (MySQL 8.4 manual, "Identifier Length Limits").
const LONGEST_NAME: usize = 64;

/// Values that are kept of one column.
const KEPT: usize = 5_000;

impl Filler {
    /// For rows with these columns, in the binary protocol, read with `character_set_results = NULL`. `collation` tells
    /// a collation's character set and name.
    ///
    /// # Errors
    /// 1235 where a column of a query is of a type that its definition does not tell.
    pub fn new(
        stage: &Stage,
        columns: &[ColumnDef],
        charset: &dyn Fn(u16) -> Option<String>,
        collation: &dyn Fn(u16) -> Option<(String, String)>,
    ) -> Result<Self> {
        let known = stage.columns.as_deref();
        if known.is_some_and(|known| known.len() != columns.len()) {
            return Err(Error::new(Code::Internal, "rows of a stage have other columns than it"));
        }
        let (mut parts, mut names, mut writers) = (Vec::new(), Vec::new(), Vec::new());
        for (n, column) in columns.iter().enumerate() {
            let staged = known.and_then(|known| known.get(n));
            let name = match staged {
                Some(staged) => quote(&staged.name),
                // Nobody names what has no name that a column can have.
                None if column.label().chars().count() > LONGEST_NAME => format!("shardgate_{n}"),
                None => quote(&column.label()),
            };
            let (definition, stored) = match staged.and_then(|s| Some((s.definition.clone()?, s.stored?))) {
                Some(known) => known,
                None => define::column(column, collation)?,
            };
            writers
                .push((Writer::new(column, stored, charset, "utf8mb4")?, staged.is_some_and(|s| s.seconds)));
            parts.push(format!("{name} {definition}"));
            names.push(name);
        }
        parts.extend(stage.keys.iter().cloned());
        Ok(Self {
            name: Arc::clone(&stage.name),
            definition: parts.join(", "),
            names,
            columns: columns.to_vec(),
            seconds: writers.iter().any(|(_, seconds)| *seconds),
            writers,
            row: Row::empty(Format::Binary),
            kept: Vec::new(),
        })
    }

    /// Keeps the different values of these columns.
    pub fn keep(&mut self, columns: impl Iterator<Item = usize>) {
        self.kept = columns.map(|column| (column, Some(HashSet::new()))).collect();
    }

    /// The values that were kept.
    pub fn take_kept(&mut self) -> Vec<(usize, Values)> {
        std::mem::take(&mut self.kept)
    }

    /// Notes the values of rows. `backslash`: it is special between quotes where the literals will stand.
    pub fn note(&mut self, rows: &[Bytes], backslash: bool) -> Result<()> {
        let Self { kept, writers, row, columns, .. } = self;
        for (column, values) in kept.iter_mut() {
            let Some((writer, _)) = writers.get(*column) else { continue };
            for payload in rows {
                let Some(known) = values else { break };
                if !row.load(payload.clone(), columns) {
                    return Err(unreadable());
                }
                let cell = row.cell(*column);
                let mut literal = Vec::new();
                writer.put(&mut literal, cell, backslash).ok_or_else(unreadable)?;
                if cell.is_some() {
                    known.insert(literal);
                }
                if known.len() > KEPT {
                    *values = None;
                }
            }
        }
        Ok(())
    }

    /// Whether moments are written as seconds since 1970: then the server must take them for UTC.
    pub fn is_utc(&self) -> bool {
        self.seconds
    }

    /// The columns of the rows.
    pub fn columns(&self) -> &[ColumnDef] {
        &self.columns
    }

    fn table(&self, node: &Node) -> String {
        format!("{}.{}", quote(&node.schema), quote(&self.name))
    }

    /// The rows as an INSERT into the stage at a place.
    pub fn text(&mut self, node: &Node, rows: &[Bytes]) -> Result<Vec<u8>> {
        let bytes: usize = rows.iter().map(Bytes::len).sum();
        let mut out = Vec::with_capacity(bytes * 2 + 256);
        let head = format!("INSERT INTO {} ({}) VALUES ", self.table(node), self.names.join(","));
        out.extend_from_slice(head.as_bytes());
        for (n, payload) in rows.iter().enumerate() {
            if !self.row.load(payload.clone(), &self.columns) {
                return Err(unreadable());
            }
            out.extend_from_slice(if n == 0 { b"(" } else { b",(" });
            for (i, (writer, seconds)) in self.writers.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                let cell = self.row.cell(i);
                writer.check(cell)?;
                let seconds = *seconds && cell.is_some();
                if seconds {
                    out.extend_from_slice(b"FROM_UNIXTIME(");
                }
                writer.put(&mut out, cell, true).ok_or_else(unreadable)?;
                if seconds {
                    out.push(b')');
                }
            }
            out.push(b')');
        }
        Ok(out)
    }
}

fn unreadable() -> Error {
    Error::new(Code::Internal, "a row for a stage cannot be read")
}
