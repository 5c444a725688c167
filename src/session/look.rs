//! What is at places now: definitions as their servers word them, for DDL that goes on or back.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::backend::{Lease, Pools, Settings};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Origin, Result};
use crate::plan::undo::Seen;
use crate::sql::definition::without_counter;
use crate::topology::Node;

/// How long a server may take to tell what is there.
const LIMIT: Duration = Duration::from_secs(10);
/// ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE
const MISSING: [u16; 2] = [1049, 1146];

/// Under which definitions are worded alike whatever a client has set.
pub(super) fn plain_settings() -> Settings {
    Settings::default().with("sql_mode", "''").with("sql_quote_show_create", "1")
}

/// Looks at objects of several places, each on a source. All sources are asked at once, and all must answer: the error
/// names one that does not. `created`: the time of creation is wanted, too.
pub(super) async fn look(
    pools: &Pools,
    places: &[(SourceId, Vec<Node>)],
    created: bool,
) -> Result<Vec<Vec<Seen>>> {
    let mut sources: Vec<SourceId> = places.iter().map(|(source, _)| *source).collect();
    sources.sort_unstable();
    sources.dedup();
    let looking = sources.into_iter().map(async |source| {
        let here = places.iter().enumerate().filter(|(_, place)| place.0 == source);
        let work = async {
            let mut lease = pools.aside(source).await?;
            lease.queue_state(None, &plain_settings());
            let mut found = Vec::new();
            for (n, (_, objects)) in here {
                let mut all = Vec::with_capacity(objects.len());
                for object in objects {
                    all.push(seen(&mut lease, object, created).await?);
                }
                found.push((n, all));
            }
            Ok(found)
        };
        timeout(LIMIT, work).await.unwrap_or_else(|_| {
            let text = format!("a server did not tell its definitions within {} s", LIMIT.as_secs());
            Err(Error::new(Code::SourceDown, text))
        })
    });
    let mut all: Vec<Vec<Seen>> = places.iter().map(|_| Vec::new()).collect();
    for found in join_all(looking).await {
        for (n, seen) in found? {
            if let Some(place) = all.get_mut(n) {
                *place = seen;
            }
        }
    }
    Ok(all)
}

async fn seen(lease: &mut Lease, object: &Node, created: bool) -> Result<Seen> {
    let mut seen = Seen {
        schema: object.schema.to_string(),
        table: object.table.as_deref().map(str::to_owned),
        definition: None,
        created: None,
    };
    let what = if seen.table.is_some() { "TABLE" } else { "DATABASE" };
    match lease.query(&format!("SHOW CREATE {what} {}", seen.quoted()), 1).await {
        Ok(answer) => seen.definition = answer.text(0, 1).map(|text| without_counter(&text)),
        Err(error) if error.origin == Origin::Backend && MISSING.contains(&error.errno) => {}
        Err(error) => return Err(error),
    }
    if created && seen.definition.is_some() {
        let status = format!("SELECT CREATE_TIME FROM information_schema.TABLES WHERE {}", seen.filter());
        seen.created = lease.query(&status, 1).await?.text(0, 0);
    }
    Ok(seen)
}
