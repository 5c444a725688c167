//! Configuration → map: names become numbers.

use std::collections::HashMap;
use std::sync::Arc;

use super::index::Index;
use super::map::{
    Database, Endpoint, Generator, IdLayout, IdRule, Layout, Node, Sharded, Source, Table, Topology,
};
use crate::base::ids::{GeneratorId, SourceId};
use crate::config::{Address, Config, IdGenerator, IdKind, Place, Problem, TableLayout};
use crate::sharding::{Gene, IdForm};

/// Builds the map. A configuration from [`crate::config::load`] has no problems left; one that was put together by
/// hand may name sources that it does not declare, or give a rule another number of nodes than its table has.
pub fn build(config: &Config, version: u64) -> Result<Topology, Vec<Problem>> {
    let mut building = Building {
        ids: HashMap::new(),
        schemas: HashMap::new(),
        shared: None,
        problems: Vec::new(),
        layout: config.ids.layout,
        consecutive: config.ids.consecutive,
        generators: vec![Generator::Snowflake(config.ids.layout)],
    };
    let mut sources = Vec::new();
    for (number, source) in config.sources.iter().enumerate() {
        match u16::try_from(number) {
            Ok(id) => building.ids.insert(source.name.as_str(), SourceId(id)),
            Err(_) => break,
        };
        sources.push(Source {
            name: source.name.as_str().into(),
            primary: endpoint(&source.primary),
            replicas: source.replicas.iter().map(endpoint).collect(),
        });
    }
    let databases = config.databases.iter().map(|database| {
        let built = building.database(database);
        (built.name.to_string(), Arc::new(built))
    });
    let databases = databases.collect();
    if building.problems.is_empty() {
        return Ok(Topology { version, sources, generators: building.generators, databases });
    }
    Err(building.problems)
}

/// Nodes, and the places that they were made of.
struct Shared {
    of: Arc<[Place]>,
    nodes: Arc<[Node]>,
}

struct Building<'a> {
    ids: HashMap<&'a str, SourceId>,
    /// Schemas' names, each once.
    schemas: HashMap<&'a str, Arc<str>>,
    /// The last nodes that tables of one group can share.
    shared: Option<Shared>,
    problems: Vec<Problem>,
    layout: IdLayout,
    consecutive: bool,
    /// The plain layout is the first.
    generators: Vec<Generator>,
}

impl<'a> Building<'a> {
    fn problem(&mut self, message: String) {
        self.problems.push(Problem::new("configuration", message));
    }

    fn node(&mut self, place: &'a Place) -> Node {
        let source = self.ids.get(place.source.as_str()).copied().unwrap_or_else(|| {
            self.problem(format!("unknown source \"{}\"", place.source));
            SourceId(0)
        });
        let schema = self.schemas.entry(&place.schema).or_insert_with(|| place.schema.as_str().into());
        Node { source, schema: Arc::clone(schema), table: place.table.as_deref().map(Into::into) }
    }

    fn nodes(&mut self, places: &'a [Place]) -> Vec<Node> {
        places.iter().map(|place| self.node(place)).collect()
    }

    fn database(&mut self, database: &'a crate::config::Database) -> Database {
        if database.shards.is_empty() {
            self.problem(format!("database \"{}\" has no shards", database.name));
        }
        let shards = self.nodes(&database.shards);
        let tables = database
            .tables
            .iter()
            .map(|table| (table.name.clone(), Arc::new(self.table(&database.name, table))));
        let tables = tables.collect();
        Database { name: database.name.as_str().into(), shards, tables }
    }

    fn table(&mut self, database: &str, table: &'a crate::config::Table) -> Table {
        let layout = match &table.layout {
            TableLayout::Reference(places) => Layout::Reference(self.nodes(places)),
            TableLayout::Single(place) => Layout::Single(self.named(place, &table.name)),
            TableLayout::Sharded { group, key, rule, nodes } => {
                if usize::from(rule.node_count()) != nodes.len() {
                    let (name, count, wanted) = (&table.name, nodes.len(), rule.node_count());
                    self.problem(format!("table \"{name}\" has {count} nodes, its rule {wanted}"));
                }
                Layout::Sharded(Arc::new(Sharded {
                    key: key.as_str().into(),
                    group: group.as_str().into(),
                    rule: Arc::clone(rule),
                    nodes: self.sharded(nodes, &table.name),
                }))
            }
        };
        let id = table.id.as_ref().and_then(|id| self.id(database, table, id));
        let mut homes: Vec<Node> = Vec::new();
        if let Layout::Sharded(sharded) = &layout {
            for node in sharded.nodes.iter().map(|node| Node { table: None, ..node.clone() }) {
                if !table.indexes.is_empty() && !homes.contains(&node) {
                    homes.push(node);
                }
            }
        }
        let index = |index: &crate::config::UniqueIndex| {
            Arc::new(Index {
                id: format!("{database}.{}.{}", table.name, index.name).into(),
                name: index.name.as_str().into(),
                columns: index.columns.iter().map(|column| column.as_str().into()).collect(),
                lookup: index.lookup.as_str().into(),
                nodes: homes.as_slice().into(),
            })
        };
        let indexes = table.indexes.iter().map(index).collect();
        Table { name: table.name.as_str().into(), layout, id, indexes }
    }

    /// How a table's ids are made. A gene has as many bits as the slots of the table's rule need.
    fn id(&mut self, database: &str, table: &crate::config::Table, id: &IdGenerator) -> Option<IdRule> {
        let (generator, cutover) = match &id.kind {
            IdKind::Uuid7 => (Generator::Uuid7, 0),
            IdKind::Segment { start, step } => {
                let name = format!("{database}.{}", table.name).into();
                (Generator::Segment { name, start: *start, step: *step }, 0)
            }
            IdKind::Snowflake { gene: None } => (Generator::Snowflake(self.layout), 0),
            IdKind::Snowflake { gene: Some(key) } => {
                let TableLayout::Sharded { rule, .. } = &table.layout else {
                    let name = &table.name;
                    self.problem(format!(
                        "table \"{name}\" is not sharded: its ids can carry no slot (gene)"
                    ));
                    return None;
                };
                match Gene::layout(self.layout, rule, key.place) {
                    Ok(layout) => (Generator::Snowflake(layout), key.cutover),
                    Err(why) => {
                        self.problem(format!("the gene of table \"{}\": {why}", table.name));
                        return None;
                    }
                }
            }
        };
        let (form, layout) = match &generator {
            Generator::Snowflake(layout) => (IdForm::Number, Some(*layout)),
            Generator::Segment { .. } => (IdForm::Short, None),
            Generator::Uuid7 => (IdForm::Uuid, None),
        };
        let place = self.generators.iter().position(|known| *known == generator).unwrap_or_else(|| {
            self.generators.push(generator);
            self.generators.len() - 1
        });
        let generator = GeneratorId(place as u16);
        Some(IdRule {
            column: id.column.as_str().into(),
            generator,
            form,
            layout,
            consecutive: self.consecutive,
            cutover,
        })
    }

    /// The nodes of a sharded table.
    fn sharded(&mut self, places: &'a Arc<[Place]>, logical: &str) -> Arc<[Node]> {
        if let Some(shared) = self.shared.as_ref().filter(|shared| Arc::ptr_eq(&shared.of, places)) {
            return Arc::clone(&shared.nodes);
        }
        let nodes: Arc<[Node]> = places.iter().map(|place| self.named(place, logical)).collect();
        if places.iter().all(|place| place.table.is_none()) {
            self.shared = Some(Shared { of: Arc::clone(places), nodes: Arc::clone(&nodes) });
        }
        nodes
    }

    /// A table's node: it has a name of its own only where that differs from the logical one.
    fn named(&mut self, place: &'a Place, logical: &str) -> Node {
        let node = self.node(place);
        let table = node.table.filter(|name| **name != *logical);
        Node { table, ..node }
    }
}

fn endpoint(address: &Address) -> Endpoint {
    Endpoint {
        host: address.host.clone(),
        port: address.port,
        user: address.user.clone(),
        password: address.password.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Value;
    use crate::sharding::Place as Where;

    const TEXT: &str = r#"
        user = [{ name = "app" }]
        source.a.primary = "mysql://r@h:1"
        source.b.primary = "mysql://r@h:2"
        [database.d]
        shards = ["{b,a}/d"]
        reference = ["r"]
        single = { s = "b/other.s2" }
        group.g = { algorithm = { modulo = 4 }, tables = { t = "id", n = "t_id" } }
        table.n = { nodes = ["{b,a}/d.n_{0,1}"], id = { column = "id", generator = "snowflake" } }
    "#;

    fn topology() -> Topology {
        build(&crate::config::parse(TEXT, "t", &|_| None).unwrap(), 7).unwrap()
    }

    #[test]
    fn names_become_numbers() {
        let map = topology();
        let database = map.database("d").unwrap();
        assert_eq!(map.version, 7);
        assert_eq!(&*map.source(database.shards[0].source).unwrap().name, "b");
        let Layout::Single(s) = &database.table("s").layout else { panic!() };
        assert_eq!((&*s.schema, s.table.as_deref()), ("other", Some("s2")));
        let Layout::Reference(copies) = &database.table("r").layout else { panic!() };
        assert_eq!(copies.len(), 2);
        let Layout::Single(home) = &database.table("undeclared").layout else { panic!() };
        assert_eq!(home, &database.shards[0]);
    }

    #[test]
    fn tables_of_a_group_share_their_nodes() {
        let text = TEXT.replace("t = \"id\",", "t = \"id\", u = \"id\",");
        let map = build(&crate::config::parse(&text, "t", &|_| None).unwrap(), 7).unwrap();
        let nodes = |name: &str| match &map.database("d").unwrap().table(name).layout {
            Layout::Sharded(sharded) => Arc::clone(&sharded.nodes),
            other => panic!("{other:?}"),
        };
        assert!(Arc::ptr_eq(&nodes("t"), &nodes("u")));
        assert!(!Arc::ptr_eq(&nodes("t"), &nodes("n")));
    }

    #[test]
    fn numbered_nodes_lie_with_their_shard() {
        let map = topology();
        let database = map.database("d").unwrap();
        let sharded = |name: &str| match &database.table(name).layout {
            Layout::Sharded(sharded) => Arc::clone(sharded),
            other => panic!("{other:?}"),
        };
        let (t, n) = (sharded("t"), sharded("n"));
        assert!(!t.aligned_with(&n));
        for key in -9..9 {
            let node = |s: &Sharded| match s.rule.find(&Value::Int(key)) {
                Where::One(id) => s.node(id).unwrap().clone(),
                other => panic!("{other:?}"),
            };
            assert_eq!(node(&t).source, node(&n).source, "{key}");
            assert_eq!(node(&t).table, None);
            assert_eq!(node(&n).table.as_deref(), Some(format!("n_{}", key & 1).as_str()), "{key}");
        }
    }
}
