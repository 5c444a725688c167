//! Stages: temporary tables that hold copies of rows while one statement runs over them, and the connections that have
//! them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::Client;
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
        stage: &Stage,
        places: &[Node],
        settings: &Settings,
        client: &mut Client,
        around: Around<'_>,
    ) -> Result<()> {
        let mut texts = Vec::with_capacity(places.len());
        for node in places {
            let name = format!("{}.{}", quote(&node.schema), quote(&stage.name));
            texts.push(format!("CREATE TEMPORARY TABLE {name} ({})", stage.definition).into_bytes());
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
    columns: Vec<ColumnDef>,
    writers: Vec<(Writer, bool)>,
    names: String,
    row: Row,
}

impl Filler {
    /// For rows with these columns, in the binary protocol, read with `character_set_results = NULL`. `charset` tells a
    /// collation's character set.
    pub fn new(
        stage: &Stage,
        columns: &[ColumnDef],
        charset: impl Fn(u16) -> Option<String>,
    ) -> Result<Self> {
        if columns.len() != stage.columns.len() {
            return Err(Error::new(Code::Internal, "rows of a stage have other columns than it"));
        }
        let writers = columns.iter().zip(&stage.columns).map(|(column, staged)| {
            Ok((Writer::new(column, staged.stored, &charset, "utf8mb4")?, staged.seconds))
        });
        let names: Vec<String> = stage.columns.iter().map(|column| quote(&column.name)).collect();
        Ok(Self {
            columns: columns.to_vec(),
            writers: writers.collect::<Result<_>>()?,
            names: names.join(","),
            row: Row::empty(Format::Binary),
        })
    }

    /// The rows as an INSERT into the stage at a place.
    pub fn text(&mut self, stage: &Stage, node: &Node, rows: &[Bytes]) -> Result<Vec<u8>> {
        let bytes: usize = rows.iter().map(Bytes::len).sum();
        let mut out = Vec::with_capacity(bytes * 2 + 256);
        let head =
            format!("INSERT INTO {}.{} ({}) VALUES ", quote(&node.schema), quote(&stage.name), self.names);
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
