//! The one match over the kinds of statements: what the session does itself, and who plans the rest.

use std::sync::Arc;

use super::ir::{Act, Plan};
use super::names::{self, Ctx};
use super::{change, ddl, insert, load, lookup, refuse, select, show};
use crate::base::{Code, Error, Result};
use crate::sql::facts::{ExplainFormat, Kind, Statement};
use crate::topology::Topology;
use crate::topology::schema::Schemas;

/// Plans a statement; an error becomes a refusal.
pub(super) fn plan(
    own: Arc<Statement>,
    statement: &Statement,
    shape: &str,
    home: Option<&str>,
    topology: &Topology,
    schemas: &dyn Schemas,
) -> Plan {
    let refused = |own: Arc<Statement>, error: Error| Plan {
        statement: own,
        tables: Vec::new(),
        act: Act::Refused(error),
        pins: false,
        renamed: false,
        lookup: None,
        images: None,
    };
    if let Kind::Explain { shardgate: true, format: ExplainFormat::Other(name), .. } = &statement.kind {
        let message = format!("Unknown EXPLAIN format name: '{name}'");
        return refused(own, Error::new(Code::UnknownFormat, message));
    }
    if answered(&statement.kind) {
        return Plan { act: Act::Session, ..refused(own, refuse::no_database()) };
    }
    // An explained statement's facts are its own.
    let (facts, explained) = match &statement.kind {
        Kind::Explain { statement, .. } => (&**statement, true),
        _ => (statement, false),
    };
    let resolved = match facts.kind {
        // DDL, SHOW and DESCRIBE resolve the names that they carry, each in its own way.
        Kind::Show(_) | Kind::Describe(_) => {
            let bare = Ctx {
                own: Arc::clone(&own),
                statement: facts,
                shape,
                home,
                topology,
                schemas,
                tables: Vec::new(),
                ignored: Vec::new(),
                part: None,
                staged: Vec::new(),
                blocks: Vec::new(),
                copies: Vec::new(),
                carried: None,
            };
            Ok(bare)
        }
        _ => Ctx::new(Arc::clone(&own), facts, shape, home, topology, schemas),
    };
    let mut ctx = match resolved {
        Ok(ctx) => ctx,
        Err(error) => return refused(own, error),
    };
    if let Kind::Delete(delete) = &facts.kind {
        ctx.ignored = change::targets(&ctx, delete);
    }
    let act = act(&ctx, facts).and_then(|act| if explained { show::explain(&ctx, act) } else { Ok(act) });
    let indexed = act.and_then(|act| lookup::plan(&ctx, facts, act));
    let lookup::Indexed { act, lookup, images } = indexed.unwrap_or_else(lookup::Indexed::refused);
    let pins = match &facts.kind {
        Kind::Ddl(ddl) => ddl::pins(ddl),
        Kind::LockTables => true,
        _ => false,
    };
    let mut plan = Plan { lookup, images, ..ctx.plan(own, act) };
    plan.pins = (plan.pins || pins) && !matches!(plan.act, Act::Refused(_));
    plan
}

/// What the session does without a plan.
fn answered(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Use(_)
            | Kind::Set(_)
            | Kind::Explain { shardgate: true, .. }
            | Kind::Begin { .. }
            | Kind::Commit { .. }
            | Kind::Rollback { .. }
            | Kind::Savepoint(_)
            | Kind::RollbackTo(_)
            | Kind::ReleaseSavepoint(_)
            | Kind::Kill { .. }
            | Kind::UnlockTables
            | Kind::Prepare { .. }
            | Kind::Execute { .. }
            | Kind::Deallocate(_)
            | Kind::ResumeDdl { .. }
            | Kind::Empty
    )
}

fn act(ctx: &Ctx<'_>, statement: &Statement) -> Result<Act> {
    match &statement.kind {
        Kind::Select(query) => select::plan(ctx, query),
        Kind::Insert(insert) => insert::plan(ctx, insert),
        Kind::Update(update) => change::update(ctx, update),
        Kind::Delete(delete) => change::delete(ctx, delete),
        Kind::Ddl(ddl) => ddl::plan(ctx, ddl),
        Kind::Show(show) => show::plan(ctx, show),
        Kind::Describe(table) => show::describe(ctx, table),
        // Which tables are locked may not be known: then there must be one server only.
        Kind::LockTables if ctx.tables.is_empty() => show::one_server(ctx),
        Kind::LockTables | Kind::Do => show::beside_tables(ctx),
        Kind::Call => show::one_server(ctx),
        Kind::LoadData(data) => load::plan(ctx, data),
        Kind::Explain { .. } => Err(refuse::feature("EXPLAIN of EXPLAIN", "explain the statement itself")),
        Kind::Other(word) => match word.as_str() {
            "XA" | "HANDLER" => Err(refuse::feature(
                format_args!("{word} works on one server's own connection"),
                "use BEGIN and COMMIT, which Shardgate carries out over several servers, or SELECT",
            )),
            _ => show::one_server(ctx),
        },
        _ => Ok(names::session()),
    }
}
