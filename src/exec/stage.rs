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
use super::load::{self, Part};
use super::send::{Call, Preset};
use super::ship::Writer;
use super::single::Around;
use super::source::Connections;
use super::write::{self, Pace, Task};
use crate::backend::{AnswerLimit, Flavor, Lease, Pools, Role, Settings};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Origin, Result, Value};
use crate::plan::stage_spec::{Placing, Stage};
use crate::sharding::Place;
use crate::sharding::key::show;
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
            let name = table(node);
            texts.push(format!("CREATE TEMPORARY TABLE {name} ({})", filler.definition).into_bytes());
            if !self.made.contains(&name) {
                self.made.push(name);
            }
        }
        self.write(places, texts, settings, Some(client), around).await.map_err(|error| {
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
            let (from, to) = (table, |node| named(node, copy));
            let made =
                places.iter().map(|n| format!("CREATE TEMPORARY TABLE {} LIKE {}", to(n), from(n)).into());
            self.write(places, made.collect(), settings, Some(&mut *client), around).await?;
            let filled =
                places.iter().map(|n| format!("INSERT INTO {} SELECT * FROM {}", to(n), from(n)).into());
            self.write(places, filled.collect(), settings, Some(&mut *client), around).await?;
        }
        Ok(())
    }

    /// Runs one text a place, none where it is empty; nothing is answered but that they ran. With
    /// `client`, all is stopped when that one leaves.
    pub async fn write(
        &mut self,
        places: &[Node],
        texts: Vec<Vec<u8>>,
        settings: &Settings,
        client: Option<&mut Client>,
        around: Around<'_>,
    ) -> Result<()> {
        let wanted = places.iter().zip(texts).filter(|(_, text)| !text.is_empty());
        let tasks: Vec<Task<'_>> = wanted
            .map(|(node, text)| Task {
                source: node.source,
                schema: &node.schema,
                call: Call::Owned(text),
                ids: Preset::default(),
            })
            .collect();
        let (limit, pace) = (AnswerLimit::of_rows(0), Pace::Together);
        let ran = write::run(&tasks, settings, self, pace, limit, client, around).await;
        ran.results.into_iter().flatten().try_for_each(|result| result.map(|_| ()))
    }

    /// Whether all of these places take files by LOAD DATA LOCAL.
    pub async fn takes_files(&mut self, places: &[Node]) -> Result<bool> {
        for node in places {
            let mut lease = self.take(node.source, Role::Primary).await?;
            let asked = lease.query("SELECT @@local_infile", 1).await;
            self.put(node.source, lease, None);
            if asked?.text(0, 0).as_deref() != Some("1") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes rows into a stage. With `client`, all is stopped when that one leaves.
    ///
    /// # Errors
    /// What a server says; 1105 where it took fewer rows than it got.
    pub async fn fill(
        &mut self,
        places: &[Node],
        batch: Batch,
        settings: &Settings,
        client: Option<&mut Client>,
        around: Around<'_>,
    ) -> Result<()> {
        let Some(heads) = batch.files else {
            return self.write(places, batch.texts, settings, client, around).await;
        };
        let wanted =
            places.iter().zip(heads.iter().zip(batch.texts)).filter(|(_, (_, file))| !file.is_empty());
        let parts: Vec<Part<'_>> = wanted
            .map(|(node, (head, file))| Part {
                source: node.source,
                schema: &node.schema,
                text: head.as_bytes(),
                file: file.into(),
                rows: Arc::default(),
            })
            .collect();
        let stop = async {
            tokio::select! {
                error = around.halted() => error,
                error = left(client) => error,
            }
        };
        let answers = load::run(&parts, settings, self, false, stop, around).await?;
        // A file's rows that do not fit are left out or changed, and only counted.
        let (taken, warnings) = answers.iter().fold((0, 0), |(rows, warnings), answer| {
            (rows + answer.affected, warnings + u64::from(answer.warnings))
        });
        if taken == batch.rows && warnings == 0 {
            return Ok(());
        }
        Err(Error::new(
            Code::Internal,
            format!("{taken} of {} rows were copied, {warnings} warnings", batch.rows),
        ))
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
    /// What its rows are.
    table: Arc<str>,
    placing: Option<Placing>,
    /// What stands between the parentheses of CREATE TABLE.
    definition: String,
    names: Vec<String>,
    columns: Vec<ColumnDef>,
    writers: Vec<(Writer, bool)>,
    row: Row,
    seconds: bool,
    /// Rows may be written as files; they are.
    has_files: bool,
    files: bool,
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
        if stage.columns.as_ref().is_some_and(|own| own.len() != columns.len()) {
            return Err(Error::new(Code::Internal, "rows of a stage have other columns than it"));
        }
        let known = stage.columns.as_ref().unwrap_or(&stage.known);
        let (mut parts, mut names, mut writers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut has_files, longest) = (true, define::longest(columns));
        for (n, column) in columns.iter().enumerate() {
            let staged = known.get(n);
            let label = column.label();
            let name = match staged.map_or(label.as_ref(), |staged| &staged.name) {
                "" => label.as_ref(),
                name => name,
            };
            // Nobody names what has no name that a column can have.
            let long = name.chars().count() > LONGEST_NAME;
            let name = if long { format!("shardgate_{n}") } else { quote(name) };
            let (definition, stored) = match staged.and_then(|s| Some((s.definition.clone()?, s.stored?))) {
                Some(known) => known,
                None => define::column(column, longest, collation)?,
            };
            let (writer, seconds) =
                (Writer::new(column, stored, charset, "utf8mb4")?, staged.is_some_and(|s| s.seconds));
            // What has a text of its own is not known by its bytes alone.
            let named = ["enum", "set", "uuid", "inet"].iter().any(|kind| definition.starts_with(kind));
            has_files &= writer.has_fields() && !seconds && !named;
            writers.push((writer, seconds));
            parts.push(format!("{name} {definition}"));
            names.push(name);
        }
        parts.extend(stage.keys.iter().cloned());
        Ok(Self {
            table: Arc::clone(&stage.table),
            placing: stage.placing.clone(),
            definition: parts.join(", "),
            names,
            columns: columns.to_vec(),
            seconds: writers.iter().any(|(_, seconds)| *seconds),
            writers,
            row: Row::empty(Format::Binary),
            has_files,
            files: false,
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

    /// Whether rows may be written as files.
    pub fn has_files(&self) -> bool {
        self.has_files
    }

    /// From now on rows are written as files.
    pub fn write_files(&mut self) {
        self.files = true;
    }

    /// The columns of the rows.
    pub fn columns(&self) -> &[ColumnDef] {
        &self.columns
    }

    /// Rows as they are written into the stage at each place.
    ///
    /// # Errors
    /// 1235 of a row that has no place.
    pub fn texts(&mut self, places: &[Node], rows: &[Bytes]) -> Result<Batch> {
        let bytes: usize = rows.iter().map(Bytes::len).sum();
        let share = if self.placing.is_some() { places.len().max(1) } else { 1 };
        let names = self.names.join(",");
        let head = |place| {
            let table = table(place);
            if self.files {
                format!("LOAD DATA LOCAL INFILE 'rows' INTO TABLE {table} CHARACTER SET binary ({names})")
            } else {
                format!("INSERT INTO {table} ({names}) VALUES ")
            }
        };
        let heads: Vec<String> = places.iter().map(head).collect();
        let mut batch = Batch::default();
        batch.texts.resize_with(places.len(), || Vec::with_capacity(bytes * 2 / share + 256));
        batch.texts.iter_mut().for_each(Vec::clear);
        let numbers: Vec<Option<usize>> = places.iter().map(|place| self.number(place)).collect();
        let mut literals = Vec::new();
        for payload in rows {
            if !self.row.load(payload.clone(), &self.columns) {
                return Err(unreadable());
            }
            let spot = self.spot()?;
            literals.clear();
            self.put(&mut literals)?;
            let here = |number: Option<usize>| match spot {
                Spot::Everywhere => true,
                Spot::Node(node) => number == Some(node),
                Spot::Nowhere => false,
            };
            let wanted = batch.texts.iter_mut().zip(&heads).zip(&numbers).filter(|(_, n)| here(**n));
            for ((text, head), _) in wanted {
                match (self.files, text.is_empty()) {
                    (true, _) => {}
                    (false, true) => text.extend_from_slice(head.as_bytes()),
                    (false, false) => text.push(b','),
                }
                text.extend_from_slice(&literals);
                batch.rows += 1;
                batch.bytes += payload.len() as u64;
            }
        }
        batch.files = self.files.then_some(heads);
        Ok(batch)
    }

    /// Which node of the stage a place is.
    fn number(&self, place: &Node) -> Option<usize> {
        self.placing.as_ref()?.spread.nodes.iter().position(|node| node == place)
    }

    /// Where the loaded row belongs.
    fn spot(&self) -> Result<Spot> {
        let Some(Placing { column, spread, needs_key }) = &self.placing else { return Ok(Spot::Everywhere) };
        let (writer, _) = self.writers.get(*column).ok_or_else(unreadable)?;
        // Characters come in the column's own character set, as bytes do.
        let value = match writer.value(self.row.cell(*column)).ok_or_else(unreadable)? {
            Value::Str(text) => Value::Bytes(text),
            value => value,
        };
        let place = match &value {
            Value::Null if *needs_key => Place::Nowhere,
            Value::Null => spread.rule.find_null(),
            value => spread.rule.find(value),
        };
        match (place, needs_key) {
            (Place::One(node), _) => Ok(Spot::Node(usize::from(node.0))),
            // It is equal to no key, or to keys that are each on one node.
            (Place::Nowhere, true) => Ok(Spot::Nowhere),
            (Place::Unknown, true) => Ok(Spot::Everywhere),
            (Place::Nowhere | Place::Unknown, false) => Err(Error::refused(
                format!(
                    "a row of `{}` has {} in `{}`, by which no shard is its place beside the table it is joined with",
                    self.table,
                    show(&value),
                    spread.key
                ),
                "leave such rows out by a condition",
            )),
        }
    }

    /// Appends the loaded row's values in parentheses, or as a line of a file.
    fn put(&self, out: &mut Vec<u8>) -> Result<()> {
        if self.files {
            for (i, (writer, _)) in self.writers.iter().enumerate() {
                if i > 0 {
                    out.push(b'\t');
                }
                writer.field(out, self.row.cell(i)).ok_or_else(unreadable)?;
            }
            out.push(b'\n');
            return Ok(());
        }
        for (i, (writer, seconds)) in self.writers.iter().enumerate() {
            out.push(if i == 0 { b'(' } else { b',' });
            let cell = self.row.cell(i);
            writer.check(cell)?;
            let seconds = *seconds && cell.is_some();
            if seconds {
                out.extend_from_slice(b"FROM_UNIXTIME(");
            }
            writer.put(out, cell, true).ok_or_else(unreadable)?;
            if seconds {
                out.push(b')');
            }
        }
        out.push(b')');
        Ok(())
    }
}

/// Where a row of a stage is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Everywhere,
    Node(usize),
    Nowhere,
}

/// Rows as they are written.
#[derive(Debug, Default)]
pub struct Batch {
    /// One text a place, or one file; empty: it gets no row.
    texts: Vec<Vec<u8>>,
    /// What takes the files.
    files: Option<Vec<String>>,
    /// Rows in all of them.
    pub rows: u64,
    /// Bytes of these.
    pub bytes: u64,
}

/// Resolves when the client has left; never, where that is to change nothing.
async fn left(client: Option<&mut Client>) -> Error {
    match client {
        Some(client) => client.closed().await,
        None => std::future::pending().await,
    }
    Error::client(Code::Killed, "the client left while its statement ran")
}

/// A stage at a place, as a statement names it.
fn table(node: &Node) -> String {
    format!("{}.{}", quote(&node.schema), quote(node.table.as_deref().unwrap_or_default()))
}

fn unreadable() -> Error {
    Error::new(Code::Internal, "a row for a stage cannot be read")
}
