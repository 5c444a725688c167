//! Whether the rows are where they must be: a reference table has the same rows at all of its places, and each row of a
//! sharded table lies on the shard that its key routes to. The servers compute it ([`place`] has the statements): one
//! scan of a place, no locks.
//!
//! Places are written atomically, but not read at one instant: a row that seems to differ may be between two commits.
//! So what differs is looked at again, by fewer and fewer rows, and at last under a row lock on all places at once: a
//! writer that has reached one place and not the other holds its lock there. Without a primary key the same difference
//! has to be seen several times in a row.

mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use self::place::{Place, Row, Shape};
use super::server::quoted;
use crate::base::ids::NodeId;
use crate::config::{self, Config, Database, Table, TableLayout};
use crate::sharding::Rule;

/// How many differences of a table are told.
pub const TOLD: usize = 20;
/// Buckets whose rows are read in one scan.
const BUCKETS_AT_ONCE: usize = 16;
/// Rows that are locked at once.
const LOCKED_AT_ONCE: usize = 20;
/// How often a difference that no lock can confirm has to be seen, and how often locks are tried for.
const LOOKS: usize = 4;
/// Between two looks: far longer than a commit takes from one place to the next.
const PAUSE: Duration = Duration::from_millis(300);

/// What was found about one table.
#[derive(Debug)]
pub struct Verified {
    /// `database.table`
    pub table: String,
    /// Whether it is a reference table, and not a sharded one.
    pub reference: bool,
    /// How many places have it.
    pub places: usize,
    /// How many rows it has, as clients count them.
    pub rows: u64,
    /// How long it took.
    pub time: Duration,
    /// Rows that differ or lie elsewhere, at most [`TOLD`]; or why that is not known.
    pub outcome: Result<Vec<String>, String>,
}

/// Verifies the tables that `wanted` (`DATABASE` or `DATABASE.TABLE`) names, or all; single tables have nothing to
/// verify. `Err`: a name that is no declared table's.
pub async fn verify(
    config: &Config,
    wanted: &[String],
    mut progress: impl FnMut(&str),
) -> Result<Vec<Verified>, String> {
    let tables = chosen(config, wanted)?;
    let mut out = Vec::new();
    for (database, table) in tables {
        let name = format!("{}.{}", database.name, table.name);
        progress(&name);
        let started = Instant::now();
        let mut verified = Verified {
            table: name,
            reference: matches!(table.layout, TableLayout::Reference(_)),
            places: 0,
            rows: 0,
            time: Duration::ZERO,
            outcome: Ok(Vec::new()),
        };
        let outcome = match &table.layout {
            TableLayout::Reference(nodes) => reference(config, table, nodes, &mut verified).await,
            TableLayout::Sharded { key, rule, nodes, .. } => {
                sharded(config, table, (key, rule), nodes, &mut verified).await
            }
            TableLayout::Single(_) => continue,
        };
        verified.outcome = outcome;
        verified.time = started.elapsed();
        out.push(verified);
    }
    Ok(out)
}

fn chosen<'c>(config: &'c Config, wanted: &[String]) -> Result<Vec<(&'c Database, &'c Table)>, String> {
    let all = || config.databases.iter().flat_map(|d| d.tables.iter().map(move |table| (d, table)));
    let is = |(database, table): &(&Database, &Table), name: &str| {
        name == database.name || name == format!("{}.{}", database.name, table.name)
    };
    if let Some(unknown) = wanted.iter().find(|name| !all().any(|entry| is(&entry, name))) {
        return Err(format!(
            "`{unknown}` is no declared database or table: write DATABASE or DATABASE.TABLE"
        ));
    }
    Ok(all().filter(|entry| wanted.is_empty() || wanted.iter().any(|name| is(entry, name))).collect())
}

/// Connects to all places of a table. The shape of its rows is the first place's; another one elsewhere is an error.
async fn open(
    config: &Config,
    table: &Table,
    nodes: &[config::Place],
) -> Result<(Vec<Place>, Shape), String> {
    let opened = join_all(nodes.iter().map(|node| Place::open(config, node, &table.name))).await;
    let mut places = opened.into_iter().collect::<Result<Vec<_>, _>>()?;
    let shapes = join_all(places.iter_mut().map(Place::shape)).await;
    let shapes = shapes.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some(first) = shapes.first().cloned() else { return Err("it has no place".to_owned()) };
    match shapes.iter().position(|shape| *shape != first) {
        Some(other) => Err(format!(
            "it is not defined alike at {} and at {}: see `shardgate check --connect`",
            places[0].name, places[other].name
        )),
        None => Ok((places, first)),
    }
}

// ---- reference tables -----------------------------------------------------------------------------------------------

async fn reference(
    config: &Config,
    table: &Table,
    nodes: &[config::Place],
    verified: &mut Verified,
) -> Result<Vec<String>, String> {
    verified.places = nodes.len();
    let (mut places, shape) = open(config, table, nodes).await?;
    let (mut suspects, rows) = suspects(&mut places, &shape).await?;
    verified.rows = rows;
    if !suspects.is_empty() {
        // Most of them were caught between two commits.
        tokio::time::sleep(PAUSE).await;
        let (again, rows) = self::suspects(&mut places, &shape).await?;
        suspects = suspects.intersection(&again).copied().collect();
        verified.rows = rows;
    }
    let mut told = Vec::new();
    let suspects: Vec<u64> = suspects.into_iter().collect();
    for buckets in suspects.chunks(BUCKETS_AT_ONCE) {
        let found = if shape.lockable() {
            locked(&mut places, &shape, buckets).await?
        } else {
            seen_often(&mut places, &shape, buckets).await?
        };
        told.extend(found.iter().map(|(label, states)| describe(label, states, &places)));
        if told.len() >= TOLD {
            told.truncate(TOLD);
            break;
        }
    }
    Ok(told)
}

/// The buckets whose checksums are not the same everywhere, and how many rows the first place has.
async fn suspects(places: &mut [Place], shape: &Shape) -> Result<(BTreeSet<u64>, u64), String> {
    let sums = join_all(places.iter_mut().map(|place| place.sums(shape))).await;
    let sums = sums.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some(first) = sums.first() else { return Ok((BTreeSet::new(), 0)) };
    let buckets = sums.iter().flat_map(|sums| sums.keys().copied());
    let differ = buckets.filter(|bucket| sums.iter().any(|sums| sums.get(bucket) != first.get(bucket)));
    Ok((differ.collect(), first.values().map(|sum| sum.rows).sum()))
}

/// A row at a place: its digest and how often it is there, if it is.
type State = Option<(String, u64)>;
/// By a row's label: how it is at each place.
type States = BTreeMap<Vec<u8>, Vec<State>>;

/// The rows of some buckets that are not the same everywhere, with their rows' keys.
async fn differing(
    places: &mut [Place],
    shape: &Shape,
    buckets: &[u64],
) -> Result<(States, BTreeMap<Vec<u8>, Row>), String> {
    let lists = join_all(places.iter_mut().map(|place| place.rows(shape, buckets))).await;
    let lists = lists.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut rows = BTreeMap::new();
    let states = states(&lists);
    for row in lists.into_iter().flatten() {
        if states.contains_key(&row.label) {
            rows.insert(row.label.clone(), row);
        }
    }
    Ok((states, rows))
}

/// What differs between lists of rows.
fn states(lists: &[Vec<Row>]) -> States {
    let mut all = States::new();
    for (place, rows) in lists.iter().enumerate() {
        for row in rows {
            let states = all.entry(row.label.clone()).or_insert_with(|| vec![None; lists.len()]);
            if let Some(state) = states.get_mut(place) {
                let times = state.as_ref().map_or(0, |(_, times)| *times) + row.times;
                *state = Some((row.digest.clone(), times));
            }
        }
    }
    all.retain(|_, states| states.iter().any(|state| Some(state) != states.first()));
    all
}

/// Differing rows of some buckets, confirmed under row locks on all places at once.
async fn locked(places: &mut [Place], shape: &Shape, buckets: &[u64]) -> Result<States, String> {
    let (_, rows) = differing(places, shape, buckets).await?;
    let rows: Vec<Row> = rows.into_values().collect();
    let mut found = States::new();
    for batch in rows.chunks(LOCKED_AT_ONCE) {
        let mut lists = Err(String::new());
        for _ in 0..LOOKS {
            let answers = join_all(places.iter_mut().map(|place| place.locked(shape, batch))).await;
            let ended = join_all(places.iter_mut().map(Place::unlock)).await;
            ended.into_iter().collect::<Result<Vec<_>, _>>()?;
            lists = answers.into_iter().collect::<Result<Vec<_>, _>>();
            if lists.is_ok() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        found.extend(states(&lists?));
        if found.len() >= TOLD {
            break;
        }
    }
    Ok(found)
}

/// Differing rows of some buckets that are the same each time that one looks.
async fn seen_often(places: &mut [Place], shape: &Shape, buckets: &[u64]) -> Result<States, String> {
    let (mut found, _) = differing(places, shape, buckets).await?;
    for _ in 1..LOOKS {
        if found.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let (again, _) = differing(places, shape, buckets).await?;
        found.retain(|label, states| again.get(label) == Some(states));
    }
    Ok(found)
}

/// `(id='3'): d96da23c at ds0/shop, ds1/shop; fa8fbf3e at ds2/shop; missing at ds3/shop`
fn describe(label: &[u8], states: &[State], places: &[Place]) -> String {
    let mut kinds: Vec<(&State, Vec<&str>)> = Vec::new();
    for (state, place) in states.iter().zip(places) {
        match kinds.iter_mut().find(|(kind, _)| *kind == state) {
            Some((_, names)) => names.push(&place.name),
            None => kinds.push((state, vec![&place.name])),
        }
    }
    let there = kinds.iter().filter(|(state, _)| state.is_some()).count();
    let mut words: Vec<String> = Vec::new();
    for (state, names) in &kinds {
        let names = names.join(", ");
        words.push(match state {
            None => format!("missing at {names}"),
            Some((_, times)) if *times > 1 => format!("{times} times at {names}"),
            Some((digest, _)) if there > 1 => format!("{} at {names}", digest.get(..8).unwrap_or(digest)),
            Some(_) => format!("at {names}"),
        });
    }
    format!("({}): {}", shown(label), words.join("; "))
}

/// Bytes for a person, bounded.
fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 120;
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).collect();
    if text.chars().count() > MOST { text.chars().take(MOST).chain(['…']).collect() } else { text }
}

// ---- sharded tables -------------------------------------------------------------------------------------------------

async fn sharded(
    config: &Config,
    table: &Table,
    (key, rule): (&str, &Rule),
    nodes: &[config::Place],
    verified: &mut Verified,
) -> Result<Vec<String>, String> {
    verified.places = nodes.len();
    let (mut places, shape) = open(config, table, nodes).await?;
    let part = rule.sql_form(&quoted(key));
    let home = |part: u64| {
        let part = u32::try_from(part).ok()?;
        rule.parts().node(part).map(|NodeId(node)| usize::from(node))
    };
    let counts = join_all(places.iter_mut().map(|place| place.parts(&part))).await;
    let counts = counts.into_iter().collect::<Result<Vec<_>, _>>()?;
    verified.rows = counts.iter().flatten().map(|(_, rows)| rows).sum();
    let mut told = Vec::new();
    for (at, counts) in counts.iter().enumerate() {
        let wrong = counts.iter().map(|(part, _)| *part);
        let wrong: Vec<Option<u64>> = wrong.filter(|part| part.and_then(home) != Some(at)).collect();
        if wrong.is_empty() || told.len() >= TOLD {
            continue;
        }
        let Some(place) = places.get_mut(at) else { continue };
        let rows = place.rows_of(&shape, &part, &wrong, TOLD - told.len()).await?;
        let here = place.name.clone();
        let belongs = |part: Option<u64>| {
            let other = part.and_then(home).and_then(|node| places.get(node));
            other.map_or("nowhere".to_owned(), |place| format!("at {}", place.name))
        };
        told.extend(
            rows.into_iter().map(|(label, part)| {
                format!("({}): lies at {here}, belongs {}", shown(&label), belongs(part))
            }),
        );
    }
    Ok(told)
}
