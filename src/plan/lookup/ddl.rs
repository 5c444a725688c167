//! What definitions do to lookup tables.

use std::sync::Arc;

use super::part_name;
use crate::base::Result;
use crate::plan::ir::{DdlPlace, DdlStep, Piece};
use crate::plan::names::Ctx;
use crate::plan::refuse;
use crate::sql::facts::{Ddl, DdlKind};
use crate::topology::{Node, Table};

/// The steps of a statement with those that its tables' lookups need.
pub(super) fn steps(ctx: &Ctx<'_>, ddl: &Ddl, steps: Vec<DdlStep>) -> Result<Vec<DdlStep>> {
    let tables = ctx.used().filter_map(|i| ctx.tables.get(i)).filter(|used| !used.table.indexes.is_empty());
    match ddl.kind {
        // Entries go first: one too many refuses a value, one too few would let it in twice.
        DdlKind::TruncateTable => {
            let emptied = tables.flat_map(|used| each(&used.table, "TRUNCATE TABLE"));
            Ok(emptied.chain(steps).collect())
        }
        DdlKind::DropTable => {
            let dropped: Vec<_> = tables.flat_map(|used| each(&used.table, "DROP TABLE IF EXISTS")).collect();
            Ok(steps.into_iter().chain(dropped).collect())
        }
        DdlKind::RenameTable | DdlKind::AlterTableRename => match tables.into_iter().next() {
            None => Ok(steps),
            Some(used) => Err(refuse::feature(
                format_args!(
                    "`{}` has a unique index over all shards, which would lose its table",
                    used.table.name
                ),
                "take the index out of the configuration first, and build it for the new name",
            )),
        },
        DdlKind::AlterTable => {
            for used in tables {
                let schema = ctx.schemas.table(&used.database, &used.table.name);
                let primary = schema.as_ref().and_then(|schema| schema.unique.first());
                let own = used.table.indexes.iter().flat_map(|index| &index.columns).map(|name| &**name);
                let own: Vec<&str> = own.chain(primary.into_iter().flatten().map(String::as_str)).collect();
                let changed = ddl.dropped.iter().chain(ddl.columns.iter().map(|(name, _)| name));
                let named = |name: &&String| own.iter().any(|own| own.eq_ignore_ascii_case(name));
                if let Some(name) = changed.into_iter().find(named) {
                    return Err(refuse::feature(
                        format_args!(
                            "the lookup tables of `{}` hold `{name}` as it is defined now",
                            used.table.name
                        ),
                        "take the index out of the configuration, drop its lookup table, change the column, and build \
                         the index anew",
                    ));
                }
            }
            Ok(steps)
        }
        _ => Ok(steps),
    }
}

/// A step for each of a table's lookups.
fn each<'t>(table: &'t Table, what: &'static str) -> impl Iterator<Item = DdlStep> + 't {
    table.indexes.iter().map(move |index| {
        let place = |node: &Node| DdlPlace {
            node: node.clone(),
            text: vec![Piece::Text(format!("{what} {}", part_name(index, node)).into())],
            objects: vec![Node { table: Some(Arc::clone(&index.lookup)), ..node.clone() }],
        };
        DdlStep { places: index.nodes.iter().map(place).collect(), changes: Vec::new() }
    })
}
