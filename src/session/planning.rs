//! From a shape to its plan: the cache, or the parser, the tables' definitions and the planner. A statement that is
//! refused is shown to a server first: its mistakes are reported in the server's own words.

use std::sync::Arc;

use bytes::Bytes;

use super::Session;
use crate::backend::catalog::Unsteady;
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Origin, Result};
use crate::exec::send;
use crate::exec::single::Around;
use crate::plan::ir::{Act, Plan, TableUse};
use crate::plan::{self, cache};
use crate::sql::facts::{DdlKind, Kind, Statement};
use crate::sql::lex::Mode;
use crate::sql::normalise::Normalised;
use crate::sql::{self};
use crate::topology::{Layout, Node, Table};

/// What statements and functions of Shardgate's own begin with.
const OWN_WORD: &[u8] = b"SHARDGATE";

/// Errors that name a clause or cite the text: ambiguous column, unknown column, syntax, columns of a UNION, columns of an
/// operand.
pub(super) const OF_THE_TEXT: &[u16] = &[1052, 1054, 1064, 1222, 1241];

impl Session {
    /// The plan for a shape. A shape that does not parse becomes the text itself.
    pub(super) async fn plan(&mut self, text: &[u8], shape: &mut Normalised) -> Result<Arc<Plan>> {
        if self.shared.current() {
            return self.plan_as_known(text, shape).await;
        }
        Box::pin(self.plan_afresh(text, shape)).await
    }

    /// The plan by definitions that were read since the statement came: this proxy may not have heard of changes that
    /// others have been told of.
    async fn plan_afresh(&mut self, text: &[u8], shape: &mut Normalised) -> Result<Arc<Plan>> {
        let unsteady = Unsteady::now();
        loop {
            let epoch = self.shared.epoch();
            let plan = self.plan_as_known(text, shape).await?;
            for used in &plan.tables {
                self.shared.reread(&self.pools, &used.database, &used.table.name).await?;
            }
            if self.shared.epoch() == epoch {
                return Ok(plan);
            }
            unsteady.check()?;
        }
    }

    /// The plan by what is known: from the cache, or made.
    async fn plan_as_known(&mut self, text: &[u8], shape: &mut Normalised) -> Result<Arc<Plan>> {
        let mode = self.vars.mode;
        loop {
            if let Some(plan) = self.shared.plans.get(&self.key(shape)) {
                self.shared.metrics.plan_hits.inc();
                return Ok(plan);
            }
            self.shared.metrics.plan_misses.inc();
            match sql::parse(&shape.masked(), mode) {
                Ok(statement) => return self.make_plan(Arc::new(statement), shape).await,
                Err(_) if !shape.is_verbatim() => shape.set_verbatim(text),
                Err(error) => return Err(self.not_parsed(text, &error.message).await),
            }
        }
    }

    pub(super) async fn make_plan(
        &mut self,
        statement: Arc<Statement>,
        shape: &Normalised,
    ) -> Result<Arc<Plan>> {
        let (mut unsteady, mut epoch) = (None, self.shared.epoch());
        loop {
            let complete = self.load_definitions(&statement).await?;
            let shared = &self.shared;
            let (database, statement) = (self.database.as_deref(), Arc::clone(&statement));
            let plan = plan::build(statement, &shape.masked(), database, shared.topology(), &shared.catalog);
            let plan = Arc::new(plan);
            // Definitions that were forgotten while they were read would be taken for none.
            let now = shared.epoch();
            if now != epoch {
                unsteady.get_or_insert_with(Unsteady::now).check()?;
                epoch = now;
                continue;
            }
            if complete && !matches!(plan.act, Act::Ddl(_) | Act::CreateSelect) {
                shared.plans.put(&cache::Key { definitions: epoch, ..self.key(shape) }, Arc::clone(&plan));
            }
            return Ok(plan);
        }
    }

    /// What a plan depends on.
    pub(super) fn key<'k>(&'k self, shape: &'k Normalised) -> cache::Key<'k> {
        let Mode { ansi_quotes, no_backslash_escapes, pipes_as_concat, .. } = self.vars.mode;
        let bits = [ansi_quotes, no_backslash_escapes, pipes_as_concat, shape.is_verbatim()];
        cache::Key {
            hash: shape.hash(),
            shape: shape.shape(),
            database: self.database.as_deref(),
            topology: self.shared.topology.version,
            definitions: self.shared.epoch(),
            mode: bits.iter().fold(0, |all, bit| all << 1 | u32::from(*bit)),
        }
    }

    /// Loads the definitions of all tables that a statement names. `false`: one of them does not exist (yet). Those that were
    /// forgotten while others were read would be taken for none: they are loaded again.
    pub(super) async fn load_definitions(&self, statement: &Statement) -> Result<bool> {
        let mut unsteady = None;
        loop {
            let epoch = self.shared.epoch();
            let complete = self.load_once(statement).await?;
            if self.shared.epoch() == epoch {
                return Ok(complete);
            }
            unsteady.get_or_insert_with(Unsteady::now).check()?;
        }
    }

    async fn load_once(&self, statement: &Statement) -> Result<bool> {
        let mut complete = true;
        for name in &statement.tables {
            let Some(database) = name.schema.as_ref().map(|n| n.text.as_str()).or(self.database.as_deref())
            else {
                continue;
            };
            let Some(known) = self.shared.topology().database(database) else { continue };
            let table = known.table(&name.name.text);
            let used = TableUse { database: database.into(), table: Arc::clone(&table) };
            let knows = self.shared.catalog.knows(database, &name.name.text);
            if knows && self.shared.are_prepared(&used) {
                continue;
            }
            if !knows {
                self.shared.load_definition(&self.pools, database, &table).await?;
            }
            let looks = matches!(statement.kind, Kind::Ddl(_) | Kind::Show(_) | Kind::Describe(_));
            if !looks && !knows {
                self.shared.check_columns(database, &table)?;
            }
            // TRUNCATE empties the lookups, too.
            let empties = matches!(&statement.kind, Kind::Ddl(d) if d.kind == DdlKind::TruncateTable);
            if !looks || empties {
                self.shared.prepare_lookups(&self.pools, &used).await?;
            }
            complete &= self.shared.catalog.knows(database, &name.name.text);
        }
        Ok(complete)
    }

    /// A statement that Shardgate cannot read: a server's own message if it cannot either.
    pub(super) async fn not_parsed(&mut self, text: &[u8], why: &str) -> Error {
        if text
            .trim_ascii_start()
            .get(..OWN_WORD.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(OWN_WORD))
        {
            return Error::new(Code::Syntax, format!("You have an error in your SQL syntax: {why}"));
        }
        let own = Error::refused(
            format!("its parser cannot read the statement: {why}"),
            "write it in a simpler form",
        );
        self.server_says(text, own).await
    }

    /// Whether the source has those of the selected database's tables that a text may mean under their logical names:
    /// then what it has against the text is true for Shardgate, too.
    pub(super) fn is_whole_on(&self, source: SourceId, text: &[u8]) -> bool {
        let Some(database) = self.database.as_ref().and_then(|name| self.shared.topology().database(name))
        else {
            return true;
        };
        let here = |nodes: &[Node]| {
            nodes.iter().any(|n| n.source == source)
                && nodes.iter().all(|n| n.table.is_none() && n.schema == database.name)
        };
        let named = |table: &Table| {
            let name = table.name.as_bytes();
            text.windows(name.len().max(1)).any(|word| word.eq_ignore_ascii_case(name))
        };
        database.tables.values().filter(|table| named(table)).all(|table| match &table.layout {
            Layout::Sharded(sharded) => here(&sharded.nodes),
            Layout::Reference(nodes) => here(nodes),
            Layout::Single(node) => here(std::slice::from_ref(node)),
        })
    }

    /// A refusal, or the server's own error if the statement is wrong. A server's error that names a clause or cites the
    /// text may be about a text that the client has not written: then what one says of the client's. Other errors as they
    /// are.
    pub(super) async fn or_servers(&mut self, text: &[u8], error: Error) -> Error {
        let asked = match error.origin {
            Origin::Proxy => error.is(Code::NotSupported) || error.is(Code::UnknownDatabase),
            Origin::Backend => OF_THE_TEXT.contains(&error.errno),
            Origin::Client => false,
        };
        if asked { Box::pin(self.server_says(text, error)).await } else { error }
    }

    /// What a server has against a statement that is about to be refused with `own`: its own error, if it would not
    /// take the statement either, so that a mistake is reported as one.
    pub(super) async fn server_says(&mut self, text: &[u8], own: Error) -> Error {
        /// The statement cannot be prepared: this says nothing about it.
        const UNPREPARABLE: u16 = 1295;
        /// The statement cannot be read: a server finds this before it looks for any table.
        const SYNTAX: u16 = 1064;
        // A server does not know Shardgate's own words, and would say so whatever the mistake is.
        if text.windows(OWN_WORD.len()).any(|word| word.eq_ignore_ascii_case(OWN_WORD)) {
            return own;
        }
        // A transaction is not opened on yet another source for this.
        let mut places: Vec<SourceId> = self.held.sources().collect();
        if places.is_empty() {
            places.push(self.anchor());
        }
        let whole = places.iter().copied().find(|source| self.is_whole_on(*source, text));
        let Some(source) = whole.or(places.first().copied()) else { return own };
        let (schema, deadline) = (self.schema_on(source), self.deadline());
        let settings = &self.vars.settings;
        let mut using = self.held.using(&self.pools, self.flavor, settings);
        let Ok(mut lease) = using.take_unused(source).await else { return own };
        lease.queue_state(schema.as_ref(), settings);
        let around = Around { pools: &self.pools, interrupt: self.ticket.interrupt(), deadline };
        let prepared = send::prepare(&mut lease, &Bytes::copy_from_slice(text), 0, around).await;
        using.put_unused(source, lease);
        match prepared {
            Err(error) if error.origin == Origin::Backend => match error.errno {
                UNPREPARABLE => own,
                SYNTAX => error,
                _ if whole.is_some() => error,
                _ => own,
            },
            _ => own,
        }
    }

    /// The session's database as a source has it.
    pub(super) fn schema_on(&self, source: SourceId) -> Option<Arc<str>> {
        let name = self.database.as_ref()?;
        match self.shared.topology().database(name) {
            Some(database) => {
                database.shards.iter().find(|node| node.source == source).map(|n| Arc::clone(&n.schema))
            }
            None => Some(Arc::clone(name)),
        }
    }
}
