//! DDL and table maintenance: every physical node of a logical table gets its own text.

use std::sync::Arc;

use super::edit::{quote, text};
use super::gene;
use super::ir::{Act, DdlPlace, DdlStep, Piece, Read, Route, Routing, Scatter, TableUse};
use super::merge_spec::{Merge, Step};
use super::names::{self, Ctx, Style, nodes_of, physical};
use super::refuse;
use crate::base::{Error, Result};
use crate::sharding::KeyColumn;
use crate::sql::facts::{Ddl, DdlKind, Query, Span, TableName};
use crate::topology::{Database, Layout, Node, Sharded, Table};

/// Plans a DDL statement.
pub(super) fn plan(ctx: &Ctx<'_>, ddl: &Ddl) -> Result<Act> {
    match ddl.kind {
        DdlKind::CreateDatabase | DdlKind::AlterDatabase | DdlKind::DropDatabase => database(ctx, ddl),
        DdlKind::Maintain => maintain(ctx, ddl),
        DdlKind::Other => other(ctx),
        DdlKind::DropTable => {
            let tables = uses(ctx, &ddl.tables)?;
            temporary(ddl, &tables)?;
            if alike(&tables) {
                return Ok(Act::Ddl(vec![edited(ctx, &tables, &tables)?]));
            }
            let groups = tables.iter().map(std::slice::from_ref);
            groups.map(|one| step(ctx, one, &ddl.tables, &[])).collect::<Result<_>>().map(Act::Ddl)
        }
        DdlKind::RenameTable => {
            let tables = uses(ctx, &ddl.tables)?;
            tables.chunks(2).try_for_each(same_places)?;
            if alike(&tables) {
                return Ok(Act::Ddl(vec![edited(ctx, &tables, &tables)?]));
            }
            tables.chunks(2).map(|pair| rename(ctx, ddl, pair)).collect::<Result<_>>().map(Act::Ddl)
        }
        DdlKind::AlterTableRename => {
            let tables = uses(ctx, &ddl.tables)?;
            same_places(&tables)?;
            Ok(Act::Ddl(vec![edited(ctx, &tables, &tables)?]))
        }
        _ => table(ctx, ddl),
    }
}

/// A table as the statement names it.
struct Use<'q> {
    name: &'q TableName,
    database: Arc<str>,
    table: Arc<Table>,
}

fn uses<'q>(ctx: &Ctx<'_>, names: &'q [TableName]) -> Result<Vec<Use<'q>>> {
    names
        .iter()
        .map(|name| {
            let found = ctx.resolve(name)?;
            Ok(Use { name, database: found.database, table: found.table })
        })
        .collect()
}

fn temporary(ddl: &Ddl, tables: &[Use<'_>]) -> Result<()> {
    match tables.iter().find(|t| ddl.temporary && !matches!(t.table.layout, Layout::Single(_))) {
        Some(t) => Err(refuse::feature(
            format_args!("a temporary table named like `{}`, which lives on several servers", t.table.name),
            "give the temporary table a name that is not declared",
        )),
        None => Ok(()),
    }
}

/// CREATE, ALTER, TRUNCATE TABLE, CREATE and DROP INDEX: the first table at each of its places, other tables where
/// they are beside it.
fn table(ctx: &Ctx<'_>, ddl: &Ddl) -> Result<Act> {
    let own = uses(ctx, &ddl.tables)?;
    let referenced = uses(ctx, &ddl.references)?;
    temporary(ddl, &own)?;
    if let Some(first) = own.first().filter(|_| pins(ddl))
        && ctx.schemas.table(&first.database, &first.table.name).is_some()
    {
        return Err(refuse::feature(
            format_args!("a temporary table in the place of `{}`, which is there", first.table.name),
            "give the temporary table a name of its own",
        ));
    }
    let Some(first) = own.first() else { return other(ctx) };
    if let Some(query) = &ddl.query {
        by_session(ctx, query)?;
        if !matches!(first.table.layout, Layout::Single(_)) || names::one_source(ctx).is_err() {
            return create_select(ctx, ddl, query);
        }
    }
    if let Layout::Sharded(sharded) = &first.table.layout {
        let is_key = |name: &str| name.eq_ignore_ascii_case(&sharded.key);
        if ddl.dropped.iter().any(|name| is_key(name)) {
            return Err(refuse::feature(
                format_args!("`{}` is the sharding key of `{}`", sharded.key, first.table.name),
                "keep the column, or shard the table by another one in the configuration first",
            ));
        }
        if let Some(name) = ddl.dropped.iter().find(|name| gene::carries(&first.table, name)) {
            return Err(refuse::feature(
                format_args!(
                    "`{name}` carries the slot of `{}`: a new column `{name}` would not",
                    sharded.key
                ),
                "keep the column, or take gene out of the table's configuration first",
            ));
        }
        if ddl.kind == DdlKind::CreateTable || ddl.columns.iter().any(|(name, _)| is_key(name)) {
            check_key_column(sharded, &first.table, &ddl.columns)?;
        }
    }
    for target in &referenced {
        foreign_key(&first.table, &target.table)?;
    }
    let mut beside: Vec<&Use<'_>> = own.iter().chain(&referenced).collect();
    let read = if ddl.query.is_some() {
        let known: Vec<Span> = beside.iter().map(|u| u.name.span).collect();
        let rest: Vec<TableName> =
            ctx.statement.tables.iter().filter(|t| !known.contains(&t.span)).cloned().collect();
        rest
    } else {
        Vec::new()
    };
    let read = uses(ctx, &read)?;
    beside.extend(&read);
    let all: Vec<Use<'_>> = beside
        .into_iter()
        .map(|u| Use { name: u.name, database: Arc::clone(&u.database), table: Arc::clone(&u.table) })
        .collect();
    Ok(Act::Ddl(vec![edited(ctx, std::slice::from_ref(first), &all)?]))
}

/// CREATE TABLE … SELECT that no server can do alone.
fn create_select(ctx: &Ctx<'_>, ddl: &Ddl, query: &Query) -> Result<Act> {
    let first = "create the table first, and insert the rows then";
    if !ddl.references.is_empty() {
        return Err(refuse::feature("a foreign key in CREATE TABLE … SELECT over several servers", first));
    }
    if query.into.is_some() {
        return Err(refuse::feature("INTO in a query whose rows are inserted", "leave it out"));
    }
    let new = ddl.tables.first().and_then(|name| ctx.resolve(name).ok());
    let same = |used: &&TableUse| {
        new.as_ref().is_some_and(|new| new.database == used.database && new.table.name == used.table.name)
    };
    if ddl.or_replace && ctx.tables.iter().filter(same).count() > 1 {
        return Err(refuse::feature("a table that is replaced by rows of its own", first));
    }
    Ok(Act::CreateSelect)
}

/// The new columns' types are a server's to say: values that only the session knows would go along as literals, whose types
/// are other ones.
fn by_session(ctx: &Ctx<'_>, query: &Query) -> Result<()> {
    let statement = ctx.statement;
    let inside = |span: Span| query.span.start <= span.start && span.end <= query.span.end;
    let called =
        statement.functions.iter().any(|f| inside(f.span) && names::session_value(statement, f).is_some());
    let read = statement.user_variables.iter().any(|variable| inside(variable.span));
    let systems = statement.system_variables.iter().any(|v| names::session_variable(&v.text).is_some());
    if called || read || systems || statement.assigns_user_variables {
        return Err(refuse::feature(
            "user variables and functions of the session in CREATE TABLE … SELECT",
            "create the table first, and insert the rows then",
        ));
    }
    Ok(())
}

/// Whether the key column's type is one whose values the rule can place. Character columns are checked when the table
/// is there: their collation may be the table's.
fn check_key_column(sharded: &Sharded, table: &Table, columns: &[(String, String)]) -> Result<()> {
    let Some((name, written)) = columns.iter().find(|(n, _)| n.eq_ignore_ascii_case(&sharded.key)) else {
        return if columns.is_empty() {
            Ok(())
        } else {
            Err(refuse::feature(
                format_args!(
                    "the table `{}` has no column `{}`, which is its sharding key",
                    table.name, sharded.key
                ),
                "define the column, or name another key in the configuration",
            ))
        };
    };
    let column_type = written.to_ascii_lowercase();
    let word: String = column_type.chars().take_while(char::is_ascii_alphanumeric).collect();
    let data_type = match word.as_str() {
        "integer" | "int4" => "int",
        "int8" | "serial" => "bigint",
        "dec" | "numeric" | "fixed" => "decimal",
        "bool" | "boolean" => "tinyint",
        "char" | "varchar" | "character" | "nchar" | "nvarchar" | "national" | "tinytext" | "text"
        | "mediumtext" | "longtext" | "long" => return Ok(()),
        other => other,
    };
    let scale = column_type
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or(Some(0), |(args, _)| {
            args.split_once(',').map_or(Some(0), |(_, scale)| scale.trim().parse().ok())
        });
    let column = KeyColumn {
        table: table.name.to_string(),
        name: name.clone(),
        data_type: data_type.to_owned(),
        column_type,
        scale,
        ..KeyColumn::default()
    };
    sharded
        .rule
        .check_column(&column)
        .map_err(|why| refuse::feature(why, "or define the column as the rule wants it"))
}

/// A foreign key must find its rows on the same server.
fn foreign_key(from: &Table, to: &Table) -> Result<()> {
    let good = match (&from.layout, &to.layout) {
        (Layout::Sharded(a), Layout::Sharded(b)) => super::spread::aligned(a, b),
        (_, Layout::Reference(there)) => {
            nodes_of(from).iter().all(|n| there.iter().any(|t| t.source == n.source))
        }
        (Layout::Single(a), Layout::Single(b)) => a.source == b.source,
        (Layout::Single(_) | Layout::Reference(_), _) | (Layout::Sharded(_), Layout::Single(_)) => false,
    };
    if good {
        return Ok(());
    }
    Err(refuse::feature(
        format_args!("a foreign key from `{}` to `{}`, whose rows lie on other servers", from.name, to.name),
        "shard both tables alike in one group, or declare the referenced one a reference table",
    ))
}

/// The client's text at each place of the first tables, all names mapped.
fn edited(ctx: &Ctx<'_>, first: &[Use<'_>], all: &[Use<'_>]) -> Result<DdlStep> {
    let Some(lead) = first.first() else { return Ok(DdlStep { places: Vec::new(), changes: Vec::new() }) };
    let len = ctx.shape.len() as u32;
    let mut places = Vec::new();
    for (i, node) in nodes_of(&lead.table).iter().enumerate() {
        let mut edits = super::edit::Edits::default();
        for u in all {
            let there = beside(&u.table, node, i).ok_or_else(|| {
                refuse::feature(
                    format_args!("`{}` is not on each server of `{}`", u.table.name, lead.table.name),
                    "declare both tables alike",
                )
            })?;
            let written = u.name.schema.as_ref().map_or(&*node.schema, |s| &s.text);
            if there.table.is_some() || *there.schema != *written {
                edits.replace(u.name.span, vec![text(physical(&u.table, there, &node.schema))]);
            }
        }
        let template =
            edits.whole(ctx.shape).unwrap_or_else(|| vec![Piece::Shape(Span { start: 0, end: len })]);
        let objects = first.iter().filter_map(|u| object(u, node, i)).collect();
        places.push(DdlPlace { node: node.clone(), text: template, objects });
    }
    let changes = first.iter().map(|u| (Arc::clone(&u.database), Arc::clone(&u.table.name))).collect();
    Ok(DdlStep { places, changes })
}

/// Whether the tables have the same places, so that one text names them all at each: a server then does all of it or,
/// where it is atomic, nothing.
fn alike(tables: &[Use<'_>]) -> bool {
    let sources = |u: &Use<'_>| nodes_of(&u.table).iter().map(|node| node.source).collect::<Vec<_>>();
    tables.windows(2).all(|pair| matches!(pair, [a, b] if sources(a) == sources(b)))
}

/// A table by its physical name beside the i-th node of another.
fn object(u: &Use<'_>, node: &Node, i: usize) -> Option<Node> {
    let there = beside(&u.table, node, i)?;
    let name = there.table.as_ref().unwrap_or(&u.table.name);
    Some(Node { table: Some(Arc::clone(name)), ..there.clone() })
}

/// The place of a table beside the i-th node of another.
fn beside<'t>(table: &'t Table, node: &Node, i: usize) -> Option<&'t Node> {
    match &table.layout {
        Layout::Sharded(s) => s.nodes.get(i).filter(|n| n.source == node.source),
        Layout::Reference(nodes) => nodes.iter().find(|n| n.source == node.source),
        Layout::Single(own) => Some(own).filter(|n| n.source == node.source),
    }
}

/// One table of a statement that lists several: the text around the list stays.
fn step(ctx: &Ctx<'_>, tables: &[Use<'_>], list: &[TableName], after: &[Use<'_>]) -> Result<DdlStep> {
    let Some(lead) = tables.first() else { return Ok(DdlStep { places: Vec::new(), changes: Vec::new() }) };
    if list.len() == tables.len() + after.len() {
        return edited(ctx, tables, tables);
    }
    let (Some(first), Some(last)) = (list.first(), list.last()) else {
        return edited(ctx, tables, tables);
    };
    let mut places = Vec::new();
    for (i, node) in nodes_of(&lead.table).iter().enumerate() {
        let mut template = vec![Piece::Shape(Span { start: 0, end: first.span.start })];
        template.push(text(physical(&lead.table, node, &node.schema)));
        for other in after {
            let there = beside(&other.table, node, i).ok_or_else(moved)?;
            template.push(text(format!(" TO {}", physical(&other.table, there, &node.schema))));
        }
        template.push(Piece::Shape(Span { start: last.span.end, end: ctx.shape.len() as u32 }));
        let objects = tables.iter().chain(after).filter_map(|u| object(u, node, i)).collect();
        places.push(DdlPlace { node: node.clone(), text: template, objects });
    }
    let changes =
        tables.iter().chain(after).map(|u| (Arc::clone(&u.database), Arc::clone(&u.table.name))).collect();
    Ok(DdlStep { places, changes })
}

fn rename(ctx: &Ctx<'_>, ddl: &Ddl, pair: &[Use<'_>]) -> Result<DdlStep> {
    let (Some(_), Some(new)) = (pair.first(), pair.get(1)) else { return Err(moved()) };
    step(ctx, pair.get(..1).unwrap_or(pair), &ddl.tables, std::slice::from_ref(new))
}

/// A renamed table's rows stay where they are: the new name must mean the same places.
fn same_places(pair: &[Use<'_>]) -> Result<()> {
    let (Some(old), Some(new)) = (pair.first(), pair.get(1)) else { return Ok(()) };
    let good = match (&old.table.layout, &new.table.layout) {
        (Layout::Sharded(a), Layout::Sharded(b)) => super::spread::aligned(a, b),
        (Layout::Reference(a), Layout::Reference(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.source == b.source)
        }
        (Layout::Single(a), Layout::Single(b)) => a.source == b.source,
        _ => false,
    };
    if good { Ok(()) } else { Err(moved()) }
}

fn moved() -> Error {
    refuse::feature(
        "the new name means other servers than those that hold the table",
        "declare the new name in the configuration exactly as the old one, then rename",
    )
}

/// CREATE, ALTER and DROP DATABASE: on each distinct place of a declared database.
fn database(ctx: &Ctx<'_>, ddl: &Ddl) -> Result<Act> {
    let name = match &ddl.database {
        Some(name) => name.text.as_str(),
        None => ctx.home.ok_or_else(refuse::no_database)?,
    };
    let Some(database) = ctx.topology.database(name) else {
        return Err(refuse::feature(
            format_args!("the database `{name}` is not declared, so it has no servers"),
            format_args!("add [database.{name}] with its shards to the configuration, and reload"),
        ));
    };
    let mut all = Vec::new();
    for place in places(database) {
        // The schema itself may not be there yet: nothing is selected.
        let node = Node { source: place.source, schema: "".into(), table: None };
        let template = match &ddl.database {
            Some(name) => {
                let mut edits = super::edit::Edits::default();
                edits.replace(name.span, vec![text(quote(&place.schema))]);
                edits.whole(ctx.shape).unwrap_or_default()
            }
            None => {
                return Err(refuse::feature("ALTER DATABASE without a name", "name the database"));
            }
        };
        all.push(DdlPlace { node, text: template, objects: vec![place] });
    }
    let mut changes: Vec<(Arc<str>, Arc<str>)> =
        database.tables.keys().map(|t| (Arc::clone(&database.name), Arc::from(t.as_str()))).collect();
    changes.sort();
    Ok(Act::Ddl(vec![DdlStep { places: all, changes }]))
}

/// Each distinct schema on a source that the database uses.
fn places(database: &Database) -> Vec<Node> {
    let mut out: Vec<Node> = Vec::new();
    let tables = database.tables.values().flat_map(|t| nodes_of(t).iter());
    for node in database.shards.iter().chain(tables) {
        if !out.iter().any(|n| n.source == node.source && n.schema == node.schema) {
            out.push(Node { table: None, ..node.clone() });
        }
    }
    out
}

/// ANALYZE, OPTIMIZE, CHECK …: each node answers rows for its own part.
fn maintain(ctx: &Ctx<'_>, _ddl: &Ddl) -> Result<Act> {
    let sharded: Vec<usize> = ctx.used().filter(|i| ctx.sharded(*i).is_some()).collect();
    let routing = match sharded.as_slice() {
        [] => match ctx.tables.first().map(|t| &t.table.layout) {
            Some(Layout::Reference(nodes)) if ctx.tables.len() == 1 => Routing::Every(nodes.clone()),
            _ => Routing::Any(names::one_source(ctx)?),
        },
        [lead, rest @ ..] => {
            let alike = |i: &usize| match (ctx.sharded(*lead), ctx.sharded(*i)) {
                (Some(a), Some(b)) => super::spread::aligned(a, b),
                _ => false,
            };
            if !rest.iter().all(alike) || sharded.len() < ctx.tables.len() {
                return Err(refuse::feature(
                    "tables on different servers in one statement",
                    "name one table at a time",
                ));
            }
            Routing::Sharded { leads: vec![(*lead, Route::All)], aligned: true }
        }
    };
    let text = names::edits(ctx, &routing, Style::Bare(0))?;
    let text = if names::needs_mapping(ctx, &routing) {
        let mut edits = super::edit::Edits::default();
        for (i, name) in ctx.statement.tables.iter().enumerate() {
            edits.replace(name.span, vec![Piece::Table(i)]);
        }
        edits.whole(ctx.shape)
    } else {
        text.whole(ctx.shape)
    };
    let merge = Merge { hidden: 0, step: Step::Concat };
    Ok(Act::Read(Read {
        one: text.clone(),
        many: Ok(Scatter { text, merge, limit: None, equal: Vec::new(), weighed: Vec::new() }),
        replica: false,
        locks: false,
        first: false,
        rename: true,
        staged: None,
        routing,
    }))
}

/// Views, procedures, triggers, users …: only where one server has everything.
fn other(ctx: &Ctx<'_>) -> Result<Act> {
    let nodes = ctx.any_nodes();
    let [node] = nodes.as_slice() else {
        return Err(refuse::feature(
            "this kind of definition would have to be made on every server, and cannot be followed there",
            "make it on each server directly",
        ));
    };
    let routing = Routing::Any(vec![node.clone()]);
    if names::needs_mapping(ctx, &routing) {
        return Err(refuse::feature(
            "a definition that names tables with other physical names",
            "make it on the server directly",
        ));
    }
    let all = vec![Piece::Shape(Span { start: 0, end: ctx.shape.len() as u32 })];
    let place = DdlPlace { node: node.clone(), text: all, objects: Vec::new() };
    Ok(Act::Ddl(vec![DdlStep { places: vec![place], changes: Vec::new() }]))
}

/// Whether the statement leaves a temporary table on its connection.
pub(super) fn pins(ddl: &Ddl) -> bool {
    ddl.temporary && ddl.kind == DdlKind::CreateTable
}
