//! Plans of statements that Shardgate composes itself: nobody will ask for them again, so that none is kept.

use std::sync::Arc;

use super::Session;
use crate::base::{Error, Result};
use crate::plan::{self, ir::Plan};
use crate::sql::normalise::Normalised;
use crate::sql::{self, facts::Statement};
use crate::topology::schema::{Schemas, TableSchema};

/// How often a statement is planned while definitions change.
pub(super) const TRIES: usize = 10;

/// The definitions that are known, and that of a table which only the session has.
struct Beside<'s> {
    known: &'s dyn Schemas,
    own: Option<(&'s str, &'s Arc<TableSchema>)>,
}

impl Schemas for Beside<'_> {
    fn table(&self, database: &str, table: &str) -> Option<Arc<TableSchema>> {
        match self.own {
            Some((name, schema)) if name == table => Some(Arc::clone(schema)),
            _ => self.known.table(database, table),
        }
    }

    fn rows(&self, database: &str, table: &str) -> Option<u64> {
        self.known.rows(database, table)
    }
}

impl Session {
    /// The plan of a statement that no definition matters to.
    pub(super) fn planned(&self, shape: &Normalised) -> Result<Plan> {
        let statement = self.parsed(shape)?;
        let shared = &self.shared;
        let database = self.database.as_deref();
        Ok(plan::build(statement, &shape.masked(), database, shared.topology(), &shared.catalog))
    }

    /// The plan by definitions, which are read where they are not known.
    pub(super) async fn planned_by_definitions(&mut self, shape: &Normalised) -> Result<Plan> {
        self.planned_beside(shape, None).await
    }

    /// The same beside a table that only this session has.
    pub(super) async fn planned_beside(
        &mut self,
        shape: &Normalised,
        own: Option<(&str, &Arc<TableSchema>)>,
    ) -> Result<Plan> {
        let statement = self.parsed(shape)?;
        let mut tries = 0;
        loop {
            let epoch = self.shared.epoch();
            self.load_definitions(&statement).await?;
            let shared = &self.shared;
            let (database, statement) = (self.database.as_deref(), Arc::clone(&statement));
            let schemas = Beside { known: &shared.catalog, own };
            let plan = plan::build(statement, &shape.masked(), database, shared.topology(), &schemas);
            tries += 1;
            // Definitions that were forgotten while they were read would be taken for none.
            if shared.epoch() == epoch || tries == TRIES {
                return Ok(plan);
            }
        }
    }

    fn parsed(&self, shape: &Normalised) -> Result<Arc<Statement>> {
        let statement = sql::parse(&shape.masked(), self.vars.mode)
            .map_err(|error| Error::refused(error.message, "write it in a simpler form"))?;
        Ok(Arc::new(statement))
    }
}
