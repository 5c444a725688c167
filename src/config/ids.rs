//! `[ids]`, and a table's `id`: how new ids are made.

use std::path::PathBuf;
use std::time::Duration;

use super::model::{GeneKey, IdGenerator, IdKind, Ids, Place, Source, Workers};
use super::problem::suggestion;
use super::reader::{At, Item, Section};
use super::text;
use crate::base::layout::{EPOCH_MS, GenePlace, Layout};
use crate::sharding::{Gene, Moment, Rule};

const GENERATORS: [&str; 3] = ["snowflake", "segment", "uuid7"];

pub(super) fn ids(root: &Section<'_, '_>, sources: &[Source]) -> Ids {
    let store = Place {
        source: sources.first().map(|source| source.name.clone()).unwrap_or_default(),
        schema: "shardgate".into(),
        table: None,
    };
    let mut ids = Ids {
        declared: false,
        layout: Layout::SNOWFLAKE,
        max_ahead: Duration::from_secs(1),
        consecutive: true,
        lease: Duration::from_secs(60),
        workers: Workers::Leased(store),
    };
    let Some(section) = root.section("ids") else { return ids };
    ids.declared = true;
    let epoch =
        section.string("epoch").map(|day| epoch_of(&day.value).map_err(|why| section.report(day.at, why)));
    let epoch_ms = epoch.and_then(Result::ok).unwrap_or(EPOCH_MS);
    let layout = section.string("layout").unwrap_or(At { value: "41/10/12".into(), at: 0 });
    match layout_of(&layout.value, epoch_ms) {
        Ok(layout) => ids.layout = layout,
        Err(why) => section.report(layout.at, why),
    }
    ids.max_ahead = section.duration("max_ahead", ids.max_ahead);
    ids.consecutive = section.boolean("consecutive", true);
    ids.lease = section.duration("lease", ids.lease);
    if ids.lease < Duration::from_secs(3) || ids.lease > Duration::from_secs(3600) {
        section.report(section.key_at("lease"), "lease must be a time from \"3s\" to \"1h\"");
    }
    if let Some(workers) = workers(&section, &ids.layout, sources) {
        ids.workers = workers;
    }
    section.finish();
    ids
}

fn workers(section: &Section<'_, '_>, layout: &Layout, sources: &[Source]) -> Option<Workers> {
    let store = section.string("store");
    let state = section.string("state");
    let fixed = section.item("worker").is_some();
    let worker = section.integer("worker", 0, 0, u64::from(layout.workers()) - 1) as u16;
    match (store, state, fixed) {
        (Some(store), None, false) => match text::place(&store.value) {
            Ok((source, schema, None)) => {
                let known = || sources.iter().map(|source| source.name.as_str());
                if !known().any(|name| name == source) {
                    let guess = suggestion(source, known());
                    section.report(store.at, format!("unknown source \"{source}\"{guess}"));
                }
                Some(Workers::Leased(Place { source: source.into(), schema: schema.into(), table: None }))
            }
            Ok(_) => {
                section.report(store.at, "the store is source/schema; its tables have names of their own");
                None
            }
            Err(why) => {
                section.report(store.at, why);
                None
            }
        },
        (Some(store), _, _) => {
            section.report(
                store.at,
                "worker numbers come from a store, or are fixed by worker and state: not both",
            );
            None
        }
        (None, Some(state), true) => Some(Workers::Fixed { worker, state: PathBuf::from(state.value) }),
        (None, None, true) => {
            let why = "a fixed worker needs state, a directory of this host that remembers until when ids were made; \
                       or leave worker out, to have numbers leased";
            section.report(section.key_at("worker"), why);
            None
        }
        (None, Some(state), false) => {
            section.report(state.at, "state is for a fixed worker; add worker");
            None
        }
        (None, None, false) => None,
    }
}

/// `41/10/12`: bits of time, worker and sequence. `Err` says what is wrong.
pub fn layout_of(text: &str, epoch_ms: u64) -> Result<Layout, String> {
    let bits: Option<Vec<u32>> = text.split('/').map(|part| part.trim().parse().ok()).collect();
    match bits.as_deref() {
        Some(&[time, worker, sequence]) => Layout::new(time, worker, sequence, epoch_ms),
        _ => {
            Err(format!("\"{text}\" is no layout; write bits of time, worker and sequence, such as 41/10/12"))
        }
    }
}

/// A UTC day → Unix milliseconds. `Err` says what is wrong.
pub fn epoch_of(day: &str) -> Result<u64, String> {
    let moment = Moment::parse(day.as_bytes()).filter(Moment::is_midnight);
    moment
        .and_then(|moment| u64::try_from(moment.unix_ms()).ok())
        .ok_or_else(|| format!("epoch \"{day}\" is no day from 1970 on; write it as \"2024-01-01\" (UTC)"))
}

/// A table's `id` as it was read, and where its `gene` stands.
pub(super) struct Given {
    pub(super) id: IdGenerator,
    gene_at: usize,
}

impl Given {
    fn gene(&self) -> Option<&GeneKey> {
        match &self.id.kind {
            IdKind::Snowflake { gene } => gene.as_ref(),
            _ => None,
        }
    }

    /// Whether ids of a table that is sharded by `key` can carry its slot: where in the file it is said, and why not.
    pub(super) fn check_gene(
        &self,
        table: &str,
        key: &str,
        rule: &Rule,
        layout: Layout,
    ) -> Result<(), At<String>> {
        let Some(gene) = self.gene() else { return Ok(()) };
        let wrong = |value| Err(At { value, at: self.gene_at });
        if self.id.column.eq_ignore_ascii_case(key) {
            return wrong(format!(
                "table \"{table}\" is sharded by its id: a query by \"{key}\" goes to one shard as it is; leave gene out"
            ));
        }
        if !gene.column.eq_ignore_ascii_case(key) {
            return wrong(format!(
                "gene \"{}\" is not the sharding column of table \"{table}\", whose rows are found by the slot of \"{key}\"; \
                 write gene = \"{key}\"",
                gene.column
            ));
        }
        match Gene::layout(layout, rule, gene.place) {
            Ok(_) => Ok(()),
            Err(why) => wrong(format!("gene of table \"{table}\": {why}")),
        }
    }

    /// The id of a table that is not sharded: it has no slot to carry.
    pub(super) fn check_plain(&self, table: &str, kind: &str) -> Result<(), At<String>> {
        match self.gene() {
            Some(_) => {
                let value = format!("gene is for sharded tables; \"{table}\" is declared in {kind}");
                Err(At { value, at: self.gene_at })
            }
            None => Ok(()),
        }
    }
}

/// `id = { column = "id", generator = "snowflake" }`
pub(super) fn generator<'t>(table: &Section<'_, 't>, item: &'t Item<'t>) -> Option<Given> {
    let section = Section::of(table.reader, item, table.key_at("id"), "id".into())?;
    let column = section.string("column");
    if section.item("column").is_none() {
        section.missing("column", "column = \"id\"");
    }
    let generator = section.string("generator");
    let kind = match generator.as_ref().map_or("snowflake", |generator| generator.value.as_str()) {
        "snowflake" => Some(IdKind::Snowflake { gene: gene(&section) }),
        "segment" => Some(IdKind::Segment {
            start: section.integer("start", 1, 1, i64::MAX as u64),
            step: section.integer("step", 1000, 1, 1_000_000) as u32,
        }),
        "uuid7" => Some(IdKind::Uuid7),
        other => {
            let guess = suggestion(other, GENERATORS);
            let message = format!("unknown generator \"{other}\"{guess}; one of {}", GENERATORS.join(", "));
            section.report(generator.as_ref().map_or(0, |generator| generator.at), message);
            None
        }
    };
    let gene_at = section.key_at("gene");
    section.finish();
    Some(Given { id: IdGenerator { column: column?.value, kind: kind? }, gene_at })
}

/// `gene = "user_id", gene_place = "middle", cutover = 0`
fn gene(section: &Section<'_, '_>) -> Option<GeneKey> {
    let place = match section.string("gene_place") {
        None => GenePlace::Middle,
        Some(place) => match place.value.as_str() {
            "middle" => GenePlace::Middle,
            "low" => GenePlace::Low,
            other => {
                let guess = suggestion(other, ["middle", "low"]);
                section
                    .report(place.at, format!("unknown gene_place \"{other}\"{guess}; one of middle, low"));
                GenePlace::Middle
            }
        },
    };
    let cutover = section.integer("cutover", 0, 0, i64::MAX as u64);
    let Some(column) = section.string("gene") else {
        for key in ["gene_place", "cutover"].into_iter().filter(|key| section.item(key).is_some()) {
            section.report(
                section.key_at(key),
                format!("{key} is for ids with a gene; add gene, or leave it out"),
            );
        }
        return None;
    };
    Some(GeneKey { column: column.value, place, cutover })
}
