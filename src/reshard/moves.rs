//! What has to move between two configurations, and the new map that moves the least. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::assign::fewest_moves;
use super::genes::misread;
use crate::base::ids::NodeId;
use crate::config::{Config, Database, Group, Place, Source, Table, TableLayout};
use crate::sharding::overlay::{Overlay, overlay, whole};
use crate::sharding::{Parts, Rule};

/// What has to move.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Groups of the new configuration whose parts move.
    pub groups: Vec<GroupPlan>,
    /// Declared tables whose rows move.
    pub tables: Vec<TablePlan>,
    /// What else a person should know.
    pub notes: Vec<String>,
    /// Why rows that are there would be misread under the new configuration: it must not come into force.
    pub problems: Vec<String>,
}

/// A group whose parts move.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupPlan {
    /// Its database.
    pub database: String,
    /// Its name.
    pub group: String,
    /// How many parts there are.
    pub parts: u32,
    /// How many of them move.
    pub moved: u32,
    /// `ranges` to write into the group's algorithm: the map that this plan is for, where it is not the one that the
    /// new configuration gives by itself.
    pub ranges: Option<Vec<String>>,
}

/// One table's moves.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePlan {
    /// Its database.
    pub database: String,
    /// Its name.
    pub table: String,
    /// Where its rows are.
    pub now: Side,
    /// Where they shall be.
    pub then: Side,
    /// What moves; `None` where only the rows can tell.
    pub moves: Option<Vec<Move>>,
    /// Rows stay where they are as well: new copies of a reference table.
    pub copies: bool,
}

/// One layout of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Places in the rule's order.
    pub sites: Vec<Site>,
    /// Sharding column and rule; `None`: all rows are on the first site.
    pub rule: Option<(String, Arc<Rule>)>,
}

/// A physical table. Sites are the same where server, schema and table are; a source's name does not count.
#[derive(Debug, Clone)]
pub struct Site {
    /// The source's name in its configuration.
    pub source: String,
    /// The primary's host.
    pub host: String,
    /// The primary's port.
    pub port: u16,
    /// Schema.
    pub schema: String,
    /// Table.
    pub table: String,
}

impl PartialEq for Site {
    fn eq(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.schema, &self.table)
            == (&other.host, other.port, &other.schema, &other.table)
    }
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}.{}", self.source, self.schema, self.table)
    }
}

/// Rows that go from one site to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// Place in `now.sites`.
    pub from: usize,
    /// Place in `then.sites`.
    pub to: usize,
    /// Which: `slots 0-127`.
    pub what: String,
    /// How many pieces (slots, ranges …).
    pub pieces: u32,
}

/// What has to move from one configuration to another, with the fewest moves.
///
/// Where the new configuration does not write a group's `ranges` down and keeps its algorithm, parts stay where they
/// are as far as an even spread allows.
pub fn moves(now: &Config, then: &Config) -> Plan {
    let mut plan = Plan::default();
    let databases = pairs(&now.databases, &then.databases, |database| &database.name);
    for (name, pair) in databases {
        match pair {
            (Some(before), Some(after)) => Comparing { now, then, before, after, plan: &mut plan }.compare(),
            (Some(_), None) => plan
                .notes
                .push(format!("database {name} is no longer configured: its tables stay where they are")),
            (None, Some(_)) => plan.notes.push(format!("database {name} is new: nothing moves")),
            (None, None) => {}
        }
    }
    plan
}

/// Items of two lists by name.
fn pairs<'a, T>(
    now: &'a [T],
    then: &'a [T],
    name: impl Fn(&T) -> &String,
) -> BTreeMap<String, (Option<&'a T>, Option<&'a T>)> {
    let mut out: BTreeMap<String, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for item in now {
        out.entry(name(item).clone()).or_default().0 = Some(item);
    }
    for item in then {
        out.entry(name(item).clone()).or_default().1 = Some(item);
    }
    out
}

/// Two states of one database.
struct Comparing<'a> {
    now: &'a Config,
    then: &'a Config,
    before: &'a Database,
    after: &'a Database,
    plan: &'a mut Plan,
}

impl Comparing<'_> {
    fn compare(mut self) {
        let maps = self.groups();
        for (name, pair) in pairs(&self.before.tables, &self.after.tables, |table| &table.name) {
            if let (before, Some(after)) = pair {
                let now = before.map(|table| (table, self.now.ids.layout));
                let why = misread(now, (after, self.then.ids.layout));
                let why = why.map(|why| format!("table {}.{name}: {why}", self.after.name));
                // A table that was not declared may be new.
                let told = if before.is_some() { &mut self.plan.problems } else { &mut self.plan.notes };
                told.extend(why);
            }
            match pair {
                (Some(before), Some(after)) => self.table(before, after, &maps),
                (Some(_), None) => self.note(
                    &name,
                    "is no longer declared: it would be taken for a single table on the first shard",
                ),
                (None, Some(after)) => self.declared(after, &maps),
                (None, None) => {}
            }
        }
        let home = |config, database: &Database| database.shards.first().map(|shard| site(config, shard, ""));
        if home(self.now, self.before) != home(self.then, self.after) {
            let database = &self.after.name;
            let note = format!(
                "database {database}: the first shard is another one: undeclared tables have to move there as a whole"
            );
            self.plan.notes.push(note);
        }
    }

    fn note(&mut self, table: &str, what: &str) {
        self.plan.notes.push(format!("table {}.{table} {what}", self.after.name));
    }

    /// The new map of each group whose own map is not the best one.
    fn groups(&mut self) -> BTreeMap<String, Parts> {
        let mut maps = BTreeMap::new();
        for after in &self.after.groups {
            let Some(before) = self.group_before(after) else { continue };
            if !before.rule.same_parts(&after.rule) {
                continue;
            }
            let shards: Vec<Site> = after.shards.iter().map(|shard| site(self.then, shard, "")).collect();
            let place = |shard: &Place| {
                let site = site(self.now, shard, "");
                shards.iter().position(|other| *other == site).map(|shard| shard as u16)
            };
            let homes: Vec<Option<u16>> = before.shards.iter().map(place).collect();
            let count = before.rule.parts().len();
            let home = |part| homes.get(usize::from(before.rule.parts().node(part)?.0)).copied().flatten();
            let current: Vec<Option<u16>> = (0..count).map(home).collect();
            let given = after.rule.parts();
            let best = fewest_moves(&current, shards.len() as u16);
            let same = (0..count).all(|part| given.node(part) == best.get(part as usize).copied());
            let parts = if given.is_given() || same {
                given.clone()
            } else {
                Parts::from_nodes(best, shards.len() as u16)
            };
            let stays = |part: u32| parts.node(part).map(|node| node.0) == current[part as usize];
            let moved = (0..count).filter(|part| !stays(*part)).count() as u32;
            let ranges = (!given.is_given() && !same).then(|| parts.texts());
            if moved > 0 || ranges.is_some() {
                let (database, group) = (self.after.name.clone(), after.name.clone());
                self.plan.groups.push(GroupPlan {
                    database,
                    group,
                    parts: count,
                    moved,
                    ranges: ranges.clone(),
                });
            }
            if ranges.is_some() {
                maps.insert(after.name.clone(), parts);
            }
        }
        maps
    }

    /// The group that was before: of the same name, or of a table that is in this one.
    fn group_before(&self, after: &Group) -> Option<&Group> {
        let group_of = |table: &Table| match &table.layout {
            TableLayout::Sharded { group, .. } => Some(group.clone()),
            _ => None,
        };
        let by_name = |name: &str| self.before.groups.iter().find(|group| group.name == name);
        by_name(&after.name).or_else(|| {
            let members =
                self.after.tables.iter().filter(|table| group_of(table).as_ref() == Some(&after.name));
            let before =
                members.filter_map(|t| self.before.tables.iter().find(|before| before.name == t.name));
            before.filter_map(group_of).find_map(|group| by_name(&group))
        })
    }

    fn table(&mut self, before: &Table, after: &Table, maps: &BTreeMap<String, Parts>) {
        if let (TableLayout::Reference(old), TableLayout::Reference(new)) = (&before.layout, &after.layout) {
            return self.reference(&after.name, old, new);
        }
        let now = Self::side(self.now, before, &BTreeMap::new(), self.before);
        let then = Self::side(self.then, after, maps, self.after);
        match (now, then) {
            (Some(now), Some(then)) => self.compare_sides(&after.name, now, then),
            _ => self.note(&after.name, "is a reference table on one side only: this plan does not cover it"),
        }
    }

    /// A table that was undeclared, hence single on the first shard.
    fn declared(&mut self, after: &Table, maps: &BTreeMap<String, Parts>) {
        let Some(home) = self.before.shards.first() else { return };
        let now = Side { sites: vec![site(self.now, home, &after.name)], rule: None };
        match Self::side(self.then, after, maps, self.after) {
            Some(then) => self.compare_sides(&after.name, now, then),
            None => self.note(&after.name, "becomes a reference table: this plan does not cover it"),
        }
    }

    fn reference(&mut self, table: &str, old: &[Place], new: &[Place]) {
        let sites = |config, places: &[Place]| {
            places.iter().map(|place| site(config, place, table)).collect::<Vec<_>>()
        };
        let now = Side { sites: sites(self.now, old), rule: None };
        let then = Side { sites: sites(self.then, new), rule: None };
        let fresh = then.sites.iter().enumerate().filter(|(_, site)| !now.sites.contains(site));
        let copy = |(to, _)| Move { from: 0, to, what: "a full copy".into(), pieces: 1 };
        let moves: Vec<Move> = fresh.map(copy).collect();
        if !moves.is_empty() {
            self.push(table, now, then, Some(moves), true);
        }
    }

    fn push(&mut self, table: &str, now: Side, then: Side, moves: Option<Vec<Move>>, copies: bool) {
        let database = self.after.name.clone();
        self.plan.tables.push(TablePlan { database, table: table.into(), now, then, moves, copies });
    }

    /// `None` for a reference table.
    fn side(
        config: &Config,
        table: &Table,
        maps: &BTreeMap<String, Parts>,
        database: &Database,
    ) -> Option<Side> {
        match &table.layout {
            TableLayout::Reference(_) => None,
            TableLayout::Single(place) => {
                Some(Side { sites: vec![site(config, place, &table.name)], rule: None })
            }
            TableLayout::Sharded { group, key, rule, nodes } => {
                let shards =
                    database.groups.iter().find(|g| g.name == *group).map_or(1, |g| g.shards.len().max(1));
                let parts = maps.get(group).map(|parts| match nodes.len() / shards {
                    0 | 1 => parts.clone(),
                    tables => parts.split(tables as u16),
                });
                let rule = match parts.and_then(|parts| rule.with_parts(parts).ok()) {
                    Some(rule) => Arc::new(rule),
                    None => Arc::clone(rule),
                };
                let sites = nodes.iter().map(|node| site(config, node, &table.name)).collect();
                Some(Side { sites, rule: Some((key.clone(), rule)) })
            }
        }
    }

    fn compare_sides(&mut self, table: &str, now: Side, then: Side) {
        let pieces = match (&now.rule, &then.rule) {
            (None, None) => {
                if now.sites != then.sites {
                    let all = Move { from: 0, to: 0, what: "all rows".into(), pieces: 1 };
                    self.push(table, now, then, Some(vec![all]), false);
                }
                return;
            }
            (Some((_, rule)), None) => Some(whole(rule, true, false)),
            (None, Some((_, rule))) => Some(whole(rule, false, true)),
            (Some((key, a)), Some((other, b))) if key.eq_ignore_ascii_case(other) => overlay(a, b),
            _ => None,
        };
        match pieces {
            None => {
                self.note(
                    table,
                    "gets another rule: which rows move is not known before they are counted (--connect)",
                );
                self.push(table, now, then, None, false);
            }
            Some(pieces) => {
                let moves = flows(&pieces, &now, &then);
                if !moves.is_empty() {
                    self.push(table, now, then, Some(moves), false);
                }
            }
        }
    }
}

impl Side {
    /// The site of a part.
    pub fn site_of(&self, part: Option<u32>) -> Option<usize> {
        match &self.rule {
            None => Some(0),
            Some((_, rule)) => rule.parts().node(part?).map(|NodeId(node)| usize::from(node)),
        }
    }
}

/// Pieces that change their site, gathered by where from and where to.
fn flows(overlay: &Overlay, now: &Side, then: &Side) -> Vec<Move> {
    let mut gathered: BTreeMap<(usize, usize), Vec<u32>> = BTreeMap::new();
    for (piece, (a, b)) in overlay.parts.iter().enumerate() {
        let (Some(from), Some(to)) = (now.site_of(*a), then.site_of(*b)) else { continue };
        if now.sites.get(from) != then.sites.get(to) {
            gathered.entry((from, to)).or_default().push(piece as u32);
        }
    }
    let flow = |((from, to), pieces): ((usize, usize), Vec<u32>)| Move {
        from,
        to,
        what: overlay.describe(&pieces),
        pieces: pieces.len() as u32,
    };
    gathered.into_iter().map(flow).collect()
}

/// A place as a physical table; `table` is its name where the place gives none.
fn site(config: &Config, place: &Place, table: &str) -> Site {
    let source: Option<&Source> = config.sources.iter().find(|source| source.name == place.source);
    Site {
        source: place.source.clone(),
        host: source.map_or(String::new(), |source| source.primary.host.clone()),
        port: source.map_or(0, |source| source.primary.port),
        schema: place.schema.clone(),
        table: place.table.clone().unwrap_or_else(|| table.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(shards: u16, rest: &str) -> Config {
        let sources: String = (0..shards)
            .fold(String::new(), |all, n| all + &format!("source.ds{n}.primary = \"mysql://r@h:{n}1\"\n"));
        let text = format!(
            "user = [{{ name = \"app\" }}]\n{sources}[database.d]\nshards = [\"ds{{0..{}}}/d\"]\n{rest}",
            shards - 1
        );
        crate::config::parse(&text, "t", &|_| None).unwrap()
    }

    const HASH: &str = "group.g = { algorithm = { hash = \"crc32\" }, tables = { t = \"id\", u = \"t_id\" } }\nreference = [\"r\"]";

    #[test]
    fn nothing_moves_between_equal_configurations() {
        assert_eq!(moves(&config(4, HASH), &config(4, HASH)), Plan::default());
    }

    #[test]
    fn a_fifth_shard_takes_its_share_and_no_more() {
        let plan = moves(&config(4, HASH), &config(5, HASH));
        let group = &plan.groups[0];
        assert_eq!((group.parts, group.moved), (1024, 204));
        let ranges = group.ranges.as_ref().unwrap();
        assert_eq!(
            (ranges.len(), ranges[0].as_str(), ranges[4].as_str()),
            (5, "0-204", "205-255,461-511,717-767,973-1023")
        );
        let names: Vec<&str> = plan.tables.iter().map(|table| table.table.as_str()).collect();
        assert_eq!(names, ["r", "t", "u"]);
        assert!(plan.tables[0].copies);
        let moves = plan.tables[1].moves.as_ref().unwrap();
        assert_eq!((moves.len(), moves[0].to, moves[0].what.as_str()), (4, 4, "slots 205-255"));
        assert_eq!(moves.iter().map(|m| m.pieces).sum::<u32>(), 204);
        // Written into the new configuration, the map is what is planned for, and nothing is left to propose.
        let written = format!(
            "group.g = {{ algorithm = {{ hash = \"crc32\", ranges = {ranges:?} }}, tables = {{ t = \"id\", u = \"t_id\" }} }}\nreference = [\"r\"]"
        );
        let again = moves_of(&config(4, HASH), &config(5, &written));
        assert_eq!(again.groups[0].ranges, None);
        assert_eq!(again.groups[0].moved, 204);
        assert_eq!(again.tables, plan.tables);
        assert!(moves_of(&config(5, &written), &config(5, &written)).tables.is_empty());
    }

    fn moves_of(now: &Config, then: &Config) -> Plan {
        moves(now, then)
    }

    #[test]
    fn numbered_tables_move_with_their_slots() {
        let numbered = |last: u16| {
            format!(
                "group.g = {{ algorithm = {{ hash = \"crc32\", slots = 8 }}, tables = {{ t = \"id\" }} }}\ntable.t.nodes = [\"ds{{0..{last}}}/d.t_{{0..1}}\"]"
            )
        };
        let plan = moves(&config(2, &numbered(1)), &config(4, &numbered(3)));
        assert_eq!(plan.groups[0].moved, 4);
        let moved: Vec<String> = plan.tables[0]
            .moves
            .as_ref()
            .unwrap()
            .iter()
            .map(|m| {
                format!("{} {} {}", plan.tables[0].now.sites[m.from], m.what, plan.tables[0].then.sites[m.to])
            })
            .collect();
        assert_eq!(
            moved,
            [
                "ds0/d.t_0 slots 2 ds2/d.t_0",
                "ds0/d.t_1 slots 3 ds2/d.t_1",
                "ds1/d.t_0 slots 6 ds3/d.t_0",
                "ds1/d.t_1 slots 7 ds3/d.t_1"
            ]
        );
    }

    #[test]
    fn ranges_and_new_rules() {
        let rule =
            |algorithm: &str| format!("group.g = {{ algorithm = {algorithm}, tables = {{ t = \"id\" }} }}");
        let plan = moves(&config(2, &rule("{ range = [100] }")), &config(2, &rule("{ range = [80] }")));
        let table = &plan.tables[0];
        assert_eq!(table.moves.as_ref().unwrap()[0].what, "80 … < 100");
        let plan = moves(&config(2, &rule("{ range = [100] }")), &config(2, &rule("{ modulo = 2 }")));
        assert_eq!(plan.tables[0].moves, None);
        let plan = moves(&config(2, ""), &config(2, &rule("{ modulo = 2 }")));
        assert_eq!(plan.tables[0].moves.as_ref().unwrap()[0].what, "remainders of 2: 1");
    }
}
