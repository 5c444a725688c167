//! Whether the servers fit a configuration: they answer, schemas exist, tables are defined alike on all of their
//! nodes, key columns suit their rules and id columns hold 64 bits. Only looks.

use std::collections::BTreeMap;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::drift::{self, Found, Names};
use super::server::{connect, quoted};
use crate::config::{Config, Database, IdKind, Place, Table, TableLayout};
use crate::sharding::{IdForm, KeyColumn};

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What it is, where, and how to mend it.
    pub text: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Answers would be wrong or fail.
    Problem,
    /// To know.
    Note,
}

/// A unique index: its name and its columns, lower case.
type Unique = (String, Vec<String>);

/// What routing needs of a physical table.
#[derive(Debug, Clone, PartialEq, Default)]
struct Facts {
    columns: Vec<KeyColumn>,
    unique: Vec<Unique>,
}

/// Looks at every server of a configuration.
pub async fn inspect(config: &Config) -> Vec<Finding> {
    let mut inspection = Inspection { findings: Vec::new(), servers: BTreeMap::new() };
    inspection.connect(config).await;
    for database in &config.databases {
        inspection.schemas(database).await;
        for table in &database.tables {
            inspection.table(database, table).await;
        }
    }
    let Inspection { mut findings, servers } = inspection;
    for (_, conn) in servers {
        // Nothing was changed: how the goodbye goes does not matter.
        let _ = conn.disconnect().await;
    }
    findings.sort();
    findings.dedup();
    findings
}

struct Inspection {
    findings: Vec<Finding>,
    /// Primaries that answer, by source.
    servers: BTreeMap<String, Conn>,
}

impl Inspection {
    fn problem(&mut self, text: String) {
        self.findings.push(Finding { level: Level::Problem, text });
    }

    fn note(&mut self, text: String) {
        self.findings.push(Finding { level: Level::Note, text });
    }

    async fn connect(&mut self, config: &Config) {
        for source in &config.sources {
            let limit = config.pool.connect_timeout;
            for replica in &source.replicas {
                match connect(replica, limit).await {
                    Ok(conn) => drop(conn.disconnect().await),
                    Err(why) => self.problem(format!("source {}: replica: {why}", source.name)),
                }
            }
            match connect(&source.primary, limit).await {
                Ok(conn) => drop(self.servers.insert(source.name.clone(), conn)),
                Err(why) => self.problem(format!("source {}: primary: {why}", source.name)),
            }
        }
    }

    async fn schemas(&mut self, database: &Database) {
        let places = database.shards.iter().chain(database.groups.iter().flat_map(|group| &group.shards));
        let places: Vec<&Place> = places.chain(database.tables.iter().flat_map(nodes)).collect();
        let (mut seen, mut collations) = (std::collections::HashSet::new(), Vec::new());
        for place in places {
            if !seen.insert((&place.source, &place.schema)) {
                continue;
            }
            let Some(conn) = self.servers.get_mut(&place.source) else { continue };
            let select =
                "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?";
            let answer: Result<Option<String>, _> = conn.exec_first(select, (&place.schema,)).await;
            let (source, schema) = (&place.source, &place.schema);
            match answer {
                Ok(None) => self.problem(format!(
                    "source {source} has no schema {schema}; mend it with CREATE DATABASE {}",
                    quoted(schema)
                )),
                Ok(Some(collation)) => {
                    collations.push(Found { at: format!("{source}/{schema}"), lines: vec![collation] });
                }
                Err(error) => self.problem(format!("source {source}: {error}")),
            }
        }
        for text in drift::drift("database", &database.name, &collations) {
            self.problem(text);
        }
    }

    async fn table(&mut self, database: &Database, table: &Table) {
        let name = format!("{}.{}", database.name, table.name);
        let (mut found, mut missing, mut facts) = (Vec::new(), Vec::new(), None);
        for place in nodes(table) {
            let Some(conn) = self.servers.get_mut(&place.source) else { continue };
            let physical = place.table.as_deref().unwrap_or(&table.name);
            let at = format!("{}/{}.{physical}", place.source, place.schema);
            let names = Names { schema: &place.schema, table: physical, logical: &table.name };
            let read = match drift::lines(conn, names).await {
                Ok(Some(lines)) => {
                    found.push(Found { at: at.clone(), lines });
                    if facts.is_some() {
                        continue;
                    }
                    read(conn, &place.schema, physical, &table.name).await
                }
                Ok(None) => {
                    missing.push(at);
                    continue;
                }
                Err(error) => Err(error),
            };
            match read {
                Ok(read) => facts = Some((at, read)),
                Err(error) => self.problem(format!("table {name} at {at}: {error}")),
            }
        }
        let Some(Found { at: first, .. }) = found.first() else {
            if !missing.is_empty() {
                self.note(format!("table {name} does not exist yet"));
            }
            return;
        };
        for at in missing {
            self.problem(format!("table {name} is missing at {at}, while it exists at {first}"));
        }
        for text in drift::drift("table", &name, &found) {
            self.problem(text);
        }
        let Some((at, facts)) = &facts else { return };
        self.key(&name, table, at, facts);
        self.id(&name, table, facts);
    }

    fn key(&mut self, name: &str, table: &Table, at: &str, facts: &Facts) {
        let TableLayout::Sharded { key, rule, .. } = &table.layout else { return };
        let Some(column) = facts.columns.iter().find(|c| c.name.eq_ignore_ascii_case(key)) else {
            return self.problem(format!("table {name} has no column {key} (its sharding key) at {at}"));
        };
        if let Err(why) = rule.check_column(column) {
            self.problem(format!("table {name} at {at}: {why}"));
        }
        let generated = table.id.as_ref().map(|id| id.column.to_lowercase());
        for (index, columns) in &facts.unique {
            let holds_key = columns.iter().any(|column| column.eq_ignore_ascii_case(key));
            let is_id = generated.as_ref().is_some_and(|id| columns.contains(id));
            if !holds_key && !is_id {
                let columns = columns.join(", ");
                self.note(format!(
                    "table {name}: unique index {index} ({columns}) does not contain the sharding key {key}: each \
                     shard keeps it unique only among its own rows"
                ));
            }
        }
    }

    fn id(&mut self, name: &str, table: &Table, facts: &Facts) {
        let Some(id) = &table.id else { return };
        let found = facts.columns.iter().find(|c| c.name.eq_ignore_ascii_case(&id.column));
        let Some(column) = found else {
            return self.problem(format!("table {name} has no column {} (its id)", id.column));
        };
        let form = match id.kind {
            IdKind::Snowflake { .. } => IdForm::Number,
            IdKind::Segment { .. } => IdForm::Short,
            IdKind::Uuid7 => IdForm::Uuid,
        };
        if let Err(why) = column.check_id(form) {
            self.problem(format!("table {name}: {why}"));
        }
    }
}

fn nodes(table: &Table) -> &[Place] {
    match &table.layout {
        TableLayout::Sharded { nodes, .. } => nodes,
        TableLayout::Reference(places) => places,
        TableLayout::Single(place) => std::slice::from_ref(place),
    }
}

/// Reads the columns and unique indexes of a table. `logical` is its name in messages: what mends it is run through the
/// proxy.
async fn read(conn: &mut Conn, schema: &str, table: &str, logical: &str) -> mysql_async::Result<Facts> {
    let select = "SELECT COLUMN_NAME, CAST(DATA_TYPE AS CHAR), CAST(COLUMN_TYPE AS CHAR), IS_NULLABLE,
            CHARACTER_SET_NAME, COLLATION_NAME, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION";
    type Text = Option<String>;
    type Row = (String, String, String, String, Text, Text, Option<u64>, Option<u32>);
    let rows: Vec<Row> = conn.exec(select, (schema, table)).await?;
    let column = |row: Row| KeyColumn {
        table: logical.to_owned(),
        name: row.0,
        data_type: row.1.to_lowercase(),
        column_type: row.2,
        nullable: row.3 == "YES",
        charset: row.4,
        collation: row.5,
        length: row.6,
        scale: row.7,
    };
    let columns = rows.into_iter().map(column).collect();
    let select = "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS
        WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX";
    let rows: Vec<(String, Text)> = conn.exec(select, (schema, table)).await?;
    let mut unique: Vec<Unique> = Vec::new();
    for (index, column) in rows {
        let column = column.unwrap_or_default().to_lowercase();
        match unique.last_mut() {
            Some((name, columns)) if *name == index => columns.push(column),
            _ => unique.push((index, vec![column])),
        }
    }
    Ok(Facts { columns, unique })
}
