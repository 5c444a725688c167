//! Plans and jobs in words: all of a plan for golden tests here; what EXPLAIN SHARDGATE shows is a [`tree`], which a
//! [`view`] makes.

pub mod tree;
pub mod view;

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::bind::Bound;
use super::edit::text;
use super::ir::{Act, Cell, Job, Pick, Piece, Plan, Read, Route, Routing, Several, Template};
use super::stage_spec::{self, Staged};
use crate::base::{Error, Value};
use crate::sql::facts::Operand;
use crate::topology::{Layout, Node, Topology};

/// The plan and, where it was bound, its jobs. `text` is the client's own.
pub fn json(plan: &Plan, bound: Option<&Bound>, shape: &str, text: &[u8], topology: &Topology) -> Json {
    let mut out = json!({ "act": act_json(plan, shape, topology) });
    if plan.pins {
        put(&mut out, "pins", json!(true));
    }
    if let Some(bound) = bound {
        let jobs: Vec<Json> = bound.jobs.iter().map(|j| job_json(j, text, topology)).collect();
        put(&mut out, "jobs", json!(jobs));
        if let Some((count, offset)) = bound.limit {
            put(&mut out, "rows", json!({ "count": count, "offset": offset }));
        }
        if bound.ids.first.is_some() || bound.ids.explicit.is_some() {
            let explicit = bound.ids.explicit.map(|e| e.to_string());
            put(
                &mut out,
                "ids",
                json!({ "first": bound.ids.first, "count": bound.ids.count, "explicit": explicit }),
            );
        }
        if bound.steps().len() > 1 {
            put(&mut out, "steps", json!(bound.steps()));
        }
    }
    out
}

fn put(out: &mut Json, name: &str, value: Json) {
    if let Json::Object(map) = out {
        map.insert(name.to_owned(), value);
    }
}

fn refusal(error: &Error) -> Json {
    json!({ "errno": error.errno, "message": error.message })
}

fn act_json(plan: &Plan, shape: &str, topology: &Topology) -> Json {
    match &plan.act {
        Act::Session => json!("session"),
        Act::Refused(error) => json!({ "refused": refusal(error) }),
        Act::Read(read) => json!({ "read": read_json(plan, read, shape, topology) }),
        Act::Write(write) => {
            let mut out = json!({ "routing": routing_json(plan, &write.routing, topology) });
            if let Some(text) = &write.text {
                put(&mut out, "text", json!(template(text, shape)));
            }
            match &write.many {
                Ok(Several::AtOnce) => {}
                Ok(Several::InTurn(text, _)) => put(&mut out, "in turn", json!(template(text, shape))),
                Ok(Several::Picked(pick)) => put(&mut out, "many", pick_json(pick, shape)),
                Err(error) => put(&mut out, "many", json!({ "refused": refusal(error) })),
            }
            if let Some(moves) = &write.moves {
                put(&mut out, "moves", pick_json(&moves.pick, shape));
            }
            json!({ "write": out })
        }
        Act::Insert(insert) => {
            let rows: Vec<Json> = insert
                .rows
                .iter()
                .map(|r| {
                    let mut row = json!({ "text": template(&r.pieces, shape) });
                    if let Some(key) = &r.key {
                        put(&mut row, "key", json!(cell(key)));
                    }
                    if let Some(id) = &r.id {
                        put(&mut row, "id", json!(cell(id)));
                    }
                    row
                })
                .collect();
            let mut out = json!({ "head": template(&insert.head, shape), "rows": rows, "tail": template(&insert.tail, shape) });
            if let Some(what) = carried(plan, insert.table) {
                put(&mut out, "ids", json!(what));
            }
            json!({ "insert": out })
        }
        Act::Load(load) => {
            let mut out = json!({ "routing": routing_json(plan, &load.routing, topology) });
            if let Some(text) = &load.text {
                put(&mut out, "text", json!(template(text, shape)));
            }
            if let Some(rows) = &load.rows {
                put(&mut out, "key", json!(rows.key));
                put(&mut out, "id", json!(format!("{:?}", rows.id)));
            }
            json!({ "load": out })
        }
        Act::CreateSelect => json!({ "create, then insert": {} }),
        Act::Copy(copy) => {
            let mut out = json!({
                "read": read_json(plan, &copy.read, shape, topology),
                "into": routing_json(plan, &copy.routing, topology),
                "head": template(&copy.head, shape),
                "tail": template(&copy.tail, shape),
                "key": copy.key,
                "id": format!("{:?}", copy.id),
            });
            if let Some(local) = &copy.local {
                put(&mut out, "local", routing_json(plan, &local.routing, topology));
            }
            json!({ "copy": out })
        }
        Act::Ddl(steps) => {
            let steps: Vec<Json> = steps
                .iter()
                .map(|s| {
                    let nodes: Vec<String> = s.places.iter().map(|p| place(&p.node, topology)).collect();
                    let changes: Vec<String> = s.changes.iter().map(|(d, t)| format!("{d}.{t}")).collect();
                    json!({ "nodes": nodes, "changes": changes })
                })
                .collect();
            json!({ "ddl": steps })
        }
    }
}

fn pick_json(pick: &Pick, shape: &str) -> Json {
    let then: Vec<Piece> =
        pick.head.iter().cloned().chain([text(" WHERE …")]).chain(pick.tail.iter().cloned()).collect();
    json!({ "pick": template(&pick.question, shape), "merge": &pick.merge, "then": template(&then, shape) })
}

fn read_json(plan: &Plan, read: &Read, shape: &str, topology: &Topology) -> Json {
    let mut out = json!({ "routing": routing_json(plan, &read.routing, topology) });
    if let Some(text) = &read.one {
        put(&mut out, "one", json!(template(text, shape)));
    }
    match &read.many {
        _ if read.first || matches!(read.routing, Routing::Any(_)) => {}
        Ok(scatter) => {
            let mut many = json!({ "merge": &scatter.merge });
            if let Some(text) = &scatter.text {
                put(&mut many, "text", json!(template(text, shape)));
            }
            put(&mut out, "many", many);
        }
        Err(error) => put(&mut out, "many", json!({ "refused": refusal(error) })),
    }
    if let Some(ways) = &read.staged {
        let way = |staged: &Staged| staged_json(staged, shape, topology);
        put(&mut out, "staged", json!(ways.alone.as_ref().map(way)));
        put(&mut out, "staged in a transaction", json!(ways.within.as_ref().map(way)));
    }
    for (name, set) in
        [("replica", read.replica), ("locks", read.locks), ("first", read.first), ("rename", read.rename)]
    {
        if set {
            put(&mut out, name, json!(true));
        }
    }
    out
}

fn staged_json(staged: &Staged, shape: &str, topology: &Topology) -> Json {
    let stages: Vec<Json> = staged.stages.iter().map(|stage| stage_json(stage, shape, topology)).collect();
    let mut out = json!({ "stages": stages });
    if let Act::Read(rest) = &staged.rest.act {
        put(&mut out, "rest", read_json(&staged.rest, rest, shape, topology));
    }
    if let Some(last) = &staged.last
        && let Act::Read(read) = &last.plan.act
    {
        put(&mut out, "last", json!(read.one.as_ref().map(|text| template(text, shape))));
    }
    out
}

fn stage_json(stage: &stage_spec::Stage, shape: &str, topology: &Topology) -> Json {
    let mut out = json!({ "of": stage.table });
    if let Some(columns) = &stage.columns {
        let defined =
            columns.iter().map(|c| format!("{} {}", c.name, c.definition.as_deref().unwrap_or("?")));
        put(&mut out, "columns", json!(defined.chain(stage.keys.iter().cloned()).collect::<Vec<_>>()));
    }
    if let Some(placing) = &stage.placing {
        put(&mut out, "placed by key", json!(placing.spread.key));
    }
    if let Some(Plan { act: Act::Read(pull), .. }) = &stage.pull
        && let Some(plan) = &stage.pull
    {
        put(&mut out, "pull", read_json(plan, pull, shape, topology));
    }
    out
}

fn routing_json(plan: &Plan, routing: &Routing, topology: &Topology) -> Json {
    let places = |nodes: &[Node]| nodes.iter().map(|n| place(n, topology)).collect::<Vec<_>>();
    match routing {
        Routing::Any(nodes) => json!({ "any": places(nodes) }),
        Routing::Every(nodes) => json!({ "every": places(nodes) }),
        Routing::Sharded { leads, aligned } => {
            let leads: Vec<String> = leads
                .iter()
                .map(|(i, route)| {
                    let Some(used) = plan.tables.get(*i) else { return String::new() };
                    match &used.table.layout {
                        Layout::Sharded(s) => format!("{}: {}", used.table.name, describe(route, &s.key)),
                        _ => format!("{}: where it lives", used.table.name),
                    }
                })
                .collect();
            if *aligned { json!({ "sharded": leads }) } else { json!({ "one node": leads }) }
        }
    }
}

fn place(node: &Node, topology: &Topology) -> String {
    let source = topology.source(node.source).map_or("?", |s| &*s.name);
    match &node.table {
        Some(table) => format!("{source}/{}.{table}", node.schema),
        None => format!("{source}/{}", node.schema),
    }
}

fn job_json(job: &Job, text: &[u8], topology: &Topology) -> Json {
    let own = job.text.as_deref().unwrap_or(text);
    let mut out = json!({ "at": job_place(job, topology), "text": String::from_utf8_lossy(own) });
    if let Some(params) = &job.params {
        put(&mut out, "params", json!(params.iter().map(|p| format!("{p:?}")).collect::<Vec<_>>()));
    }
    out
}

fn job_place(job: &Job, topology: &Topology) -> String {
    let source = topology.source(job.source).map_or("?", |s| &*s.name);
    format!("{source}/{}", job.schema)
}

/// What the ids of a table carry.
fn carried(plan: &Plan, table: usize) -> Option<String> {
    let table = &plan.tables.get(table)?.table;
    let (rule, Layout::Sharded(sharded)) = (table.id.as_ref()?, &table.layout) else { return None };
    rule.gene().map(|_| format!("{} carries the slot of {}", rule.column, sharded.key))
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Operand(o) => operand(o),
        Cell::NewId => "new id".into(),
        Cell::Session(what) => format!("{what:?}"),
    }
}

fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Param(i) => format!("?{i}"),
        Operand::NegParam(i) => format!("-?{i}"),
        Operand::Const(value) => match value {
            Value::Null => "NULL".into(),
            Value::Int(n) => n.to_string(),
            Value::UInt(n) => n.to_string(),
            Value::Decimal(d) => d.clone(),
            Value::Double(f) => format!("{f:e}"),
            Value::Str(s) => format!("'{}'", String::from_utf8_lossy(s)),
            Value::Bytes(b) => format!("{b:02x?}"),
            Value::Date(t) | Value::Time(t) => format!("'{t}'"),
        },
    }
}

/// A route in words: `key = ?0 AND key IN (?1, ?2)`.
pub fn describe(route: &Route, key: &str) -> String {
    let join = |parts: &[Route], word: &str| {
        let parts: Vec<String> = parts.iter().map(|r| format!("({})", describe(r, key))).collect();
        parts.join(word)
    };
    match route {
        Route::All => "all".into(),
        Route::None => "none".into(),
        Route::Eq(o) => format!("{key} = {}", operand(o)),
        Route::NullSafeEq(o) => format!("{key} <=> {}", operand(o)),
        Route::In(list) => format!("{key} IN ({})", list.iter().map(operand).collect::<Vec<_>>().join(", ")),
        Route::Range { low, high } => {
            let low =
                low.as_ref().map(|(o, i)| format!("{key} {} {}", if *i { ">=" } else { ">" }, operand(o)));
            let high =
                high.as_ref().map(|(o, i)| format!("{key} {} {}", if *i { "<=" } else { "<" }, operand(o)));
            [low, high].into_iter().flatten().collect::<Vec<_>>().join(" AND ")
        }
        Route::IsNull => format!("{key} IS NULL"),
        Route::Gene { column, id, .. } => format!("slot of {}", describe(id, column)),
        Route::And(parts) => join(parts, " AND "),
        Route::Or(parts) => join(parts, " OR "),
    }
}

/// A template with the open parts in braces.
pub fn template(template: &Template, shape: &str) -> String {
    let mut out = String::new();
    for piece in template {
        let _ = match piece {
            Piece::Shape(span) => write!(out, "{}", span.of(shape)),
            Piece::Text(text) => write!(out, "{text}"),
            Piece::Table(i) => write!(out, "{{table {i}}}"),
            Piece::Qualifier(i) => write!(out, "{{qualifier {i}}}"),
            Piece::Operand(o) => write!(out, "{{{}}}", operand(o)),
            Piece::LimitSum(a, b) => write!(out, "{{{} + {}}}", operand(a), operand(b)),
            Piece::Session(what) => write!(out, "{{{what:?}}}"),
            Piece::NewId => write!(out, "{{id}}"),
            Piece::Alias(span) => write!(out, " AS `{}`", span.of(shape)),
        };
    }
    out
}
