//! `[database.NAME]`: shards, groups and tables.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::algorithm;
use super::ids;
use super::index;
use super::model::{Database, Group, IdGenerator, Place, Source, Table, TableLayout, UniqueIndex};
use super::problem::suggestion;
use super::reader::{At, Item, Section};
use super::text;
use crate::base::layout::Layout;
use crate::sharding::{Parts, Rule};

/// So many unknown tables get a guess at what was meant: each looks at all tables that there are.
const GUESSES: usize = 20;

/// `[database.NAME.table.TABLE]`
struct Extra {
    at: usize,
    id: Option<ids::Given>,
    indexes: Vec<UniqueIndex>,
    nodes: Option<Vec<At<Place>>>,
    nodes_at: usize,
    used: bool,
}

/// One database while it is read.
struct Reading<'a, 'r, 't> {
    section: &'a Section<'r, 't>,
    sources: &'a [Source],
    /// Of snowflake ids.
    layout: Layout,
    shards: Vec<Place>,
    extras: BTreeMap<String, Extra>,
    /// Where each table is declared.
    declared: BTreeMap<String, String>,
    tables: Vec<Table>,
}

pub(super) fn databases(root: &Section<'_, '_>, sources: &[Source], layout: Layout) -> Vec<Database> {
    let entries = root.entries("database");
    if entries.is_empty() {
        root.report(0, "there is no [database.NAME]; declare at least one with its shards");
    }
    let mut databases = Vec::new();
    for (At { value: name, at }, item) in entries {
        let title = format!("[database.{name}]");
        let Some(section) = Section::of(root.reader, item, at, title) else { continue };
        databases.push(database(name, &section, sources, layout));
        section.finish();
    }
    databases
}

fn database(name: String, section: &Section<'_, '_>, sources: &[Source], layout: Layout) -> Database {
    let shards = if let Some(names) = section.names("shards") {
        shards(section, names, sources)
    } else {
        section.missing("shards", "shards = [\"ds{0..3}/shop\"]");
        Vec::new()
    };
    let mut reading = Reading {
        section,
        sources,
        layout,
        shards,
        extras: BTreeMap::new(),
        declared: BTreeMap::new(),
        tables: Vec::new(),
    };
    reading.extras();
    let groups = reading.groups();
    reading.singles();
    reading.references(&groups);
    reading.unused();
    Database { name, shards: reading.shards, groups, tables: reading.tables }
}

/// Shards: places without table names, each once.
fn shards(section: &Section<'_, '_>, names: Vec<At<String>>, sources: &[Source]) -> Vec<Place> {
    if names.is_empty() {
        section.report(section.key_at("shards"), "shards is empty; name at least one source/schema");
    }
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for At { value: name, at } in names {
        let Some(place) = place(section, &name, at, sources) else { continue };
        if place.table.is_some() {
            let message = format!(
                "\"{name}\": a shard is source/schema; tables' own names go to nodes of [….table.NAME]"
            );
            section.report(at, message);
        } else if !seen.insert(place.clone()) {
            section.report(at, format!("shard \"{name}\" is given twice"));
        }
        out.push(place);
    }
    if out.len() > usize::from(u16::MAX) {
        section.report(section.key_at("shards"), "more than 65535 shards");
        out.truncate(usize::from(u16::MAX));
    }
    out
}

/// A place of a known source. One of an unknown source is reported and kept, so that counts stay right.
fn place(section: &Section<'_, '_>, name: &str, at: usize, sources: &[Source]) -> Option<Place> {
    match text::place(name) {
        Ok((source, schema, table)) => {
            let known = || sources.iter().map(|source| source.name.as_str());
            if !known().any(|name| name == source) {
                section.report(at, format!("unknown source \"{source}\"{}", suggestion(source, known())));
            }
            Some(Place { source: source.into(), schema: schema.into(), table: table.map(Into::into) })
        }
        Err(why) => {
            section.report(at, why);
            None
        }
    }
}

impl<'t> Reading<'_, '_, 't> {
    fn report(&self, at: usize, message: impl Into<String>) {
        self.section.report(at, message);
    }

    /// Notes a table's declaration; `false` and a problem if it has one.
    fn declare(&mut self, table: &str, at: usize, home: &str) -> bool {
        if table.is_empty() || table.contains(['`', '/', '.']) {
            self.report(at, format!("\"{table}\" is no table's name"));
            return false;
        }
        if let Some(first) = self.declared.get(table) {
            self.report(at, format!("table \"{table}\" is declared twice: in {first} and in {home}"));
            return false;
        }
        self.declared.insert(table.to_owned(), home.to_owned());
        true
    }

    fn extras(&mut self) {
        for (At { value: name, at }, item) in self.section.entries("table") {
            let title = format!("[….table.{name}]");
            let Some(section) = Section::of(self.section.reader, item, at, title) else { continue };
            let id = section.item("id").and_then(|item| ids::generator(&section, item));
            let nodes = section.names("nodes").map(|names| {
                if names.is_empty() {
                    section
                        .report(section.key_at("nodes"), "nodes is empty; leave it out for one node a shard");
                }
                let read = |name: At<String>| {
                    let value = place(&section, &name.value, name.at, self.sources)?;
                    Some(At { value, at: name.at })
                };
                names.into_iter().filter_map(read).collect()
            });
            let nodes_at = section.key_at("nodes");
            let indexes = index::indexes(&section, &name);
            section.finish();
            self.extras.insert(name, Extra { at, id, indexes, nodes, nodes_at, used: false });
        }
    }

    fn groups(&mut self) -> Vec<Group> {
        let mut groups = Vec::new();
        for (At { value: name, at }, item) in self.section.entries("group") {
            let title = format!("[….group.{name}]");
            let Some(section) = Section::of(self.section.reader, item, at, title) else { continue };
            let own = section.names("shards").map(|names| shards(&section, names, self.sources));
            let shards = own.unwrap_or_else(|| self.shards.clone());
            let rule = algorithm::rule(&section, shards.len()).map(Arc::new);
            let tables = section.entries("tables");
            if section.item("tables").is_none() {
                section.missing("tables", "tables = { users = \"id\", orders = \"user_id\" }");
            }
            let nodes: Arc<[Place]> = shards.as_slice().into();
            for (table, item) in tables {
                self.sharded(&section, &name, &table, item, rule.as_ref(), &nodes);
            }
            section.finish();
            groups.extend(rule.map(|rule| Group { name, shards, rule }));
        }
        groups
    }

    fn sharded(
        &mut self,
        section: &Section<'_, '_>,
        group: &str,
        table: &At<String>,
        item: &'t Item<'t>,
        rule: Option<&Arc<Rule>>,
        shards: &Arc<[Place]>,
    ) {
        let key = section.reader.string(item, "a table's sharding column");
        if !self.declare(&table.value, table.at, &format!("group \"{group}\"")) {
            return;
        }
        let (nodes, id, indexes) = match self.extras.get_mut(&table.value) {
            Some(extra) => {
                extra.used = true;
                let nodes = extra.nodes.take().map(|nodes| (nodes, extra.nodes_at));
                (nodes, extra.id.take(), std::mem::take(&mut extra.indexes))
            }
            None => (None, None, Vec::new()),
        };
        let (Some(rule), Some(key)) = (rule, key) else { return };
        let id = id.map(|given| {
            if let Err(why) = given.check_gene(&table.value, &key.value, rule, self.layout) {
                self.report(why.at, why.value);
            }
            given.id
        });
        if key.value.is_empty() {
            self.report(key.at, format!("table \"{}\" has no sharding column", table.value));
        }
        let placed = match nodes {
            None => Some((Arc::clone(rule), Arc::clone(shards))),
            Some((nodes, at)) => self.numbered(&table.value, rule, shards, nodes, at),
        };
        if let Some((rule, nodes)) = placed {
            let layout = TableLayout::Sharded { group: group.into(), key: key.value, rule, nodes };
            self.tables.push(Table { name: table.value.clone(), layout, id, indexes });
        }
    }

    /// A table with nodes of its own: as many on each shard, in the shards' order.
    fn numbered(
        &self,
        table: &str,
        rule: &Arc<Rule>,
        shards: &[Place],
        nodes: Vec<At<Place>>,
        at: usize,
    ) -> Option<(Arc<Rule>, Arc<[Place]>)> {
        let (count, wanted) = (nodes.len(), shards.len());
        if wanted == 0 || count == 0 {
            return None;
        }
        if !count.is_multiple_of(wanted) || count > usize::from(u16::MAX) {
            let message = format!(
                "table \"{table}\" has {count} nodes for {wanted} shards; each shard needs the same number of them"
            );
            self.report(at, message);
            return None;
        }
        let tables = count / wanted;
        let mut seen = HashSet::new();
        for (number, node) in nodes.iter().enumerate() {
            let shard = &shards[number / tables];
            if node.value.source != shard.source {
                let message = format!(
                    "node {number} of table \"{table}\" is on \"{}\", while its shard is on \"{}\": rows of one key would \
                     not lie together; name the nodes in the order of the shards",
                    node.value.source, shard.source
                );
                self.report(node.at, message);
                return None;
            }
            if !seen.insert(&node.value) {
                self.report(node.at, format!("node {number} of table \"{table}\" is given twice"));
                return None;
            }
        }
        let parts = rule.parts().split(tables as u16);
        let (holds, shard_holds) = (holding(&parts), holding(rule.parts()));
        if let Some(node) = (0..count).find(|node| !holds[*node] && shard_holds[node / tables]) {
            let message = format!(
                "the rule's {} parts leave node {node} of table \"{table}\" empty; give the rule more parts",
                parts.len()
            );
            self.report(at, message);
            return None;
        }
        let places = nodes.into_iter().map(|node| node.value).collect();
        match rule.with_parts(parts) {
            Ok(split) if tables > 1 => Some((Arc::new(split), places)),
            Ok(_) => Some((Arc::clone(rule), places)),
            Err(why) => {
                self.report(at, why);
                None
            }
        }
    }

    fn singles(&mut self) {
        for (table, item) in self.section.entries("single") {
            let Some(name) = self.section.reader.string(item, "a single table's place") else { continue };
            let place = place(self.section, &name.value, name.at, self.sources);
            if !self.declare(&table.value, table.at, "single") {
                continue;
            }
            let id = self.plain_extra(&table.value, "single");
            if let Some(place) = place {
                let (name, layout) = (table.value, TableLayout::Single(place));
                self.tables.push(Table { name, layout, id, indexes: Vec::new() });
            }
        }
    }

    /// Reference tables: one copy on each source that the database uses, in the schema it uses first there.
    fn references(&mut self, groups: &[Group]) {
        let mut copies: Vec<Place> = Vec::new();
        let singles = self.tables.iter().filter_map(|table| match &table.layout {
            TableLayout::Single(place) => Some(place),
            _ => None,
        });
        for place in self.shards.iter().chain(groups.iter().flat_map(|group| &group.shards)).chain(singles) {
            if !copies.iter().any(|copy| copy.source == place.source) {
                copies.push(Place { table: None, ..place.clone() });
            }
        }
        for At { value: table, at } in self.section.names("reference").unwrap_or_default() {
            if self.declare(&table, at, "reference") {
                let id = self.plain_extra(&table, "reference");
                let layout = TableLayout::Reference(copies.clone());
                self.tables.push(Table { name: table, layout, id, indexes: Vec::new() });
            }
        }
    }

    /// The id of a table that is not sharded; such a table has no nodes.
    fn plain_extra(&mut self, table: &str, kind: &str) -> Option<IdGenerator> {
        let extra = self.extras.get_mut(table)?;
        extra.used = true;
        let (id, nodes, at) = (extra.id.take(), extra.nodes.is_some(), extra.nodes_at);
        let indexed = !extra.indexes.is_empty();
        if nodes {
            self.report(at, format!("nodes are for sharded tables; \"{table}\" is declared in {kind}"));
        }
        if indexed {
            self.report(
                at,
                format!("\"{table}\" is declared in {kind}: a UNIQUE KEY of its own is all it needs"),
            );
        }
        if let Some(Err(why)) = id.as_ref().map(|given| given.check_plain(table, kind)) {
            self.report(why.at, why.value);
        }
        id.map(|given| given.id)
    }

    fn unused(&self) {
        let unknown = |(table, extra): &(&String, &Extra)| !extra.used && !self.declared.contains_key(*table);
        for (number, (table, extra)) in self.extras.iter().filter(unknown).enumerate() {
            let known = self.declared.keys().map(String::as_str);
            let guess = if number < GUESSES { suggestion(table, known) } else { String::new() };
            let message = format!("table \"{table}\" is in no group, nor in reference or single{guess}");
            self.report(extra.at, message);
        }
    }
}

/// Which nodes hold any part.
fn holding(parts: &Parts) -> Vec<bool> {
    let mut holding = vec![false; parts.node_count().into()];
    for node in (0..parts.len()).filter_map(|part| parts.node(part)) {
        holding[usize::from(node.0)] = true;
    }
    holding
}
