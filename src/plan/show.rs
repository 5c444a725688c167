//! SHOW, DESCRIBE and EXPLAIN: forwarded to the first place of what they show, or composed where one server does not
//! have the whole logical world.

use std::fmt::Write as _;

use super::edit::{Edits, quote, string, text};
use super::ir::{Act, Piece, Read, Routing, Template};
use super::names::{self, Ctx, Style, nodes_of, physical, plain};
use super::refuse;
use crate::base::ids::SourceId;
use crate::base::{Error, Result};
use crate::sql::facts::{Kind, Show, TableName};
use crate::topology::{Database, Node};

/// Plans a SHOW.
pub(super) fn plan(ctx: &Ctx<'_>, show: &Show) -> Result<Act> {
    let what = show.what.as_str();
    if what.starts_with("SHARDGATE")
        || what.starts_with("WARNINGS")
        || what.starts_with("ERRORS")
        || what.starts_with("COUNT")
    {
        return Ok(Act::Session);
    }
    if let Some(table) = &show.table {
        return of_table(ctx, show, table);
    }
    match what {
        "DATABASES" | "SCHEMAS" => Ok(databases(ctx, show)),
        "TABLES" => tables(ctx, show),
        "TABLE STATUS" | "TRIGGERS" | "EVENTS" | "OPEN TABLES" | "CREATE DATABASE" | "CREATE SCHEMA" => {
            of_database(ctx, show)
        }
        _ => Ok(forward(ctx.any_nodes(), None, false)),
    }
}

/// DESCRIBE: like SHOW COLUMNS.
pub(super) fn describe(ctx: &Ctx<'_>, table: &TableName) -> Result<Act> {
    let found = ctx.resolve(table)?;
    let nodes = like_the_first(&found.table);
    let node = nodes.first().ok_or_else(refuse::no_database)?;
    let mut edits = Edits::default();
    map_table(table, &found.table, node, &mut edits);
    Ok(forward(nodes, edits.whole(ctx.shape), false))
}

/// The places of a table that have it under the same name as the first: all of them tell its definition, should that one
/// be down.
fn like_the_first(table: &crate::topology::Table) -> Vec<Node> {
    let nodes = nodes_of(table);
    let alike = |node: &&Node| {
        nodes.first().is_some_and(|first| (&first.schema, &first.table) == (&node.schema, &node.table))
    };
    nodes.iter().filter(alike).cloned().collect()
}

fn map_table(name: &TableName, table: &crate::topology::Table, node: &Node, edits: &mut Edits) {
    let written = name.schema.as_ref().map_or(&*node.schema, |s| &s.text);
    if node.table.is_some() || *node.schema != *written {
        edits.replace(name.span, vec![text(physical(table, node, &node.schema))]);
    }
}

/// A statement for one place, answered as it comes.
pub(super) fn forward(nodes: Vec<Node>, one: Option<Template>, rename: bool) -> Act {
    Act::Read(Read {
        routing: Routing::Any(nodes),
        one,
        many: Err(refuse::needs_one_node("a statement about one server")),
        replica: false,
        locks: false,
        first: true,
        rename,
        staged: None,
    })
}

/// EXPLAIN of a server: where the explained statement goes, or its first node.
pub(super) fn explain(ctx: &Ctx<'_>, inner: Act) -> Result<Act> {
    let (routing, replica) = match inner {
        Act::Read(read) => (read.routing, read.replica),
        Act::Write(write) => (write.routing, false),
        // Of the query alone, or of the whole where its rows stay.
        Act::Copy(copy) => match copy.local {
            Some(local) => (local.routing, false),
            None => {
                return Err(refuse::feature(
                    "EXPLAIN of rows that go to other places",
                    "explain the SELECT, or use EXPLAIN SHARDGATE",
                ));
            }
        },
        Act::Insert(insert) => {
            (Routing::Any(ctx.nodes(insert.table).iter().take(1).cloned().collect()), false)
        }
        Act::Refused(error) => return Err(error),
        Act::Session | Act::Ddl(_) | Act::CreateSelect | Act::Load(_) => {
            return Err(refuse::feature(
                "EXPLAIN of such a statement",
                "explain a SELECT, INSERT, UPDATE or DELETE",
            ));
        }
    };
    let style = match &ctx.statement.kind {
        crate::sql::facts::Kind::Insert(i) => ctx.index_of(&i.table).map_or(Style::Aliased, Style::Bare),
        crate::sql::facts::Kind::Delete(d) if d.targets.is_empty() => Style::Bare(0),
        _ => Style::Aliased,
    };
    let one = names::edits(ctx, &routing, style)?.whole(ctx.shape);
    let many = Err(refuse::needs_one_node("EXPLAIN on several nodes"));
    Ok(Act::Read(Read { routing, one, many, replica, locks: false, first: true, rename: true, staged: None }))
}

fn database_of<'a>(ctx: &Ctx<'a>, show: &Show) -> Result<&'a Database> {
    match &show.database {
        Some(name) => Ok(ctx.database(&name.text)?),
        None => Ok(ctx.home_database()?),
    }
}

/// SHOW COLUMNS, INDEX, CREATE TABLE: of the table's first node.
fn of_table(ctx: &Ctx<'_>, show: &Show, name: &TableName) -> Result<Act> {
    // FROM db after the table wins over a qualified name (MySQL 8.4 manual, "SHOW COLUMNS").
    let mut meant = name.clone();
    if let Some(database) = &show.database {
        meant.schema = Some(database.clone());
    }
    let found = ctx.resolve(&meant)?;
    let nodes = like_the_first(&found.table);
    let node = nodes.first().ok_or_else(refuse::no_database)?;
    let mut edits = Edits::default();
    if let Some(database) = &show.database {
        if node.table.is_some() || *node.schema != *database.text {
            edits.replace(name.span, vec![text(quote(node.table.as_deref().unwrap_or(&found.table.name)))]);
            edits.replace(database.span, vec![text(quote(&node.schema))]);
        }
    } else {
        map_table(name, &found.table, node, &mut edits);
    }
    let rename = node.table.is_some();
    Ok(forward(nodes, edits.whole(ctx.shape), rename))
}

/// SHOW TABLE STATUS and its kin: of the database's first shard.
fn of_database(ctx: &Ctx<'_>, show: &Show) -> Result<Act> {
    if show.database.as_ref().is_some_and(|d| names::is_system(&d.text)) {
        return Ok(forward(ctx.first_node(), None, false));
    }
    let database = database_of(ctx, show)?;
    let node = database.shards.first().cloned().ok_or_else(refuse::no_database)?;
    if numbered(database, &node) && show.what == "TABLE STATUS" {
        return Err(refuse::feature(
            "SHOW TABLE STATUS would show numbered physical tables",
            "use SHOW TABLES, and SHOW CREATE TABLE for each",
        ));
    }
    let mut edits = Edits::default();
    if let Some(name) = &show.database
        && *node.schema != *name.text
    {
        edits.replace(name.span, vec![text(quote(&node.schema))]);
    }
    Ok(forward(vec![node], edits.whole(ctx.shape), true))
}

fn numbered(database: &Database, node: &Node) -> bool {
    database.tables.values().flat_map(|t| nodes_of(t)).any(|n| n.source == node.source && n.table.is_some())
}

/// SHOW TABLES: verbatim where the first shard has exactly the logical tables, composed otherwise.
fn tables(ctx: &Ctx<'_>, show: &Show) -> Result<Act> {
    let system = |name: &str| names::is_system(name);
    match (&show.database, ctx.home) {
        (Some(d), _) if system(&d.text) => return Ok(forward(ctx.first_node(), None, false)),
        (None, Some(home)) if system(home) => {
            let nodes = ctx.first_node().into_iter().map(|n| Node { schema: home.into(), ..n }).collect();
            return Ok(forward(nodes, None, false));
        }
        _ => {}
    }
    let database = database_of(ctx, show)?;
    let node = database.shards.first().cloned().ok_or_else(refuse::no_database)?;
    let elsewhere = |n: &Node| n.source != node.source || n.schema != node.schema;
    let away: Vec<&str> = database
        .tables
        .values()
        .filter(|t| !nodes_of(t).iter().any(|n| !elsewhere(n)))
        .map(|t| &*t.name)
        .collect();
    if *node.schema == *database.name && !numbered(database, &node) && away.is_empty() {
        return Ok(forward(vec![node], None, false));
    }
    let sql = compose_tables(database, &node, &away, show.full);
    let column = quote(&format!("Tables_in_{}", database.name));
    Ok(forward(vec![node], Some(filtered(ctx, &sql, show, &column)), false))
}

/// The logical tables that the first shard has under whatever name, and those that it does not have.
fn compose_tables(database: &Database, node: &Node, away: &[&str], full: bool) -> String {
    let mut case = String::new();
    let mut skip = Vec::new();
    let mut tables: Vec<_> = database.tables.values().collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    for table in tables {
        let here = nodes_of(table).iter().filter(|n| n.source == node.source && n.schema == node.schema);
        for (i, name) in here.filter_map(|n| n.table.as_deref()).enumerate() {
            if i == 0 {
                let _ = write!(case, " WHEN {} THEN {}", string(name), string(&table.name));
            } else {
                skip.push(string(name));
            }
        }
    }
    skip.sort();
    let name = if case.is_empty() {
        "TABLE_NAME".to_owned()
    } else {
        format!("CASE TABLE_NAME{case} ELSE TABLE_NAME END")
    };
    let kind = if full { ", TABLE_TYPE AS `Table_type`" } else { "" };
    let column = quote(&format!("Tables_in_{}", database.name));
    let mut sql = format!(
        "SELECT {name} AS {column}{kind} FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        string(&node.schema)
    );
    if !skip.is_empty() {
        let _ = write!(sql, " AND TABLE_NAME NOT IN ({})", skip.join(", "));
    }
    let mut away = away.to_vec();
    away.sort_unstable();
    for table in away {
        let _ = write!(sql, " UNION SELECT {}{}", string(table), if full { ", 'BASE TABLE'" } else { "" });
    }
    sql
}

/// A composed SHOW with the client's LIKE or WHERE.
fn filtered(ctx: &Ctx<'_>, sql: &str, show: &Show, column: &str) -> Template {
    let kind = if show.full { ", `Table_type`" } else { "" };
    let header = pattern(ctx, show).map_or_else(String::new, |p| {
        format!(" AS {}", quote(&format!("{} ({p})", column.trim_matches('`'))))
    });
    let mut out = plain(format!("SELECT {column}{header}{kind} FROM ({sql}) AS `TABLE_NAMES`"));
    if let Some(tail) = show.tail {
        out.push(text(if tail_is_where(ctx, show) { " ".to_owned() } else { format!(" WHERE {column} ") }));
        out.push(Piece::Shape(tail));
    }
    out.push(text(" ORDER BY 1"));
    out
}

/// LIKE's pattern, which becomes a part of the column's name.
fn pattern<'q>(ctx: &Ctx<'q>, show: &Show) -> Option<&'q str> {
    let like = show.tail.filter(|_| !tail_is_where(ctx, show))?.of(ctx.shape).trim_start().get(4..)?.trim();
    like.strip_prefix('\'')?.strip_suffix('\'')
}

/// Whether the tail is a WHERE of its own.
fn tail_is_where(ctx: &Ctx<'_>, show: &Show) -> bool {
    show.tail.is_some_and(|t| {
        t.of(ctx.shape).trim_start().get(..5).is_some_and(|w| w.eq_ignore_ascii_case("WHERE"))
    })
}

/// SHOW DATABASES: those declared, and information_schema.
fn databases(ctx: &Ctx<'_>, show: &Show) -> Act {
    let mut names: Vec<&str> = ctx.topology.databases.keys().map(String::as_str).collect();
    names.push("information_schema");
    names.sort_unstable();
    let rows: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(i, n)| format!("SELECT {}{}", string(n), if i == 0 { " AS `Database`" } else { "" }))
        .collect();
    let header = pattern(ctx, show).map_or_else(
        || "`Database`".to_owned(),
        |p| format!("`Database` AS {}", quote(&format!("Database ({p})"))),
    );
    let mut out = plain(format!("SELECT {header} FROM ({}) AS `SCHEMATA`", rows.join(" UNION ALL ")));
    if let Some(tail) = show.tail {
        out.push(text(if tail_is_where(ctx, show) { " " } else { " WHERE `Database` " }));
        out.push(Piece::Shape(tail));
    }
    forward(ctx.any_nodes(), Some(out), false)
}

/// Statements that run on one server as they are, or not at all (CALL, DO, FLUSH …).
pub(super) fn one_server(ctx: &Ctx<'_>) -> Result<Act> {
    let nodes = ctx.any_nodes();
    let sources: Vec<SourceId> = nodes.iter().map(|n| n.source).collect();
    if sources.len() > 1 {
        return Err(refuse::feature(
            "such a statement would have to run on one server of several, and which one cannot be told",
            "run it on the server directly",
        ));
    }
    match forward(nodes, None, false) {
        // What a procedure does cannot be told: it may write.
        Act::Read(read) if matches!(ctx.statement.kind, Kind::Call) => {
            Ok(Act::Read(Read { locks: true, ..read }))
        }
        act => Ok(act),
    }
}

/// Statements whose tables all live on one server (DO, LOCK TABLES).
pub(super) fn beside_tables(ctx: &Ctx<'_>) -> Result<Act, Error> {
    let nodes = names::one_source(ctx)?;
    let routing = super::select::lock_functions(ctx, Routing::Any(nodes))?;
    let one = names::edits(ctx, &routing, Style::Aliased)?.whole(ctx.shape);
    let Routing::Any(nodes) = routing else { return Ok(Act::Session) };
    Ok(forward(nodes, one, false))
}
