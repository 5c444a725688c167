//! Golden plans: `tests/golden/*.json` hold statements with the plan and jobs that the planner makes of them, refusals
//! included. `UPDATE_GOLDEN=1 cargo test --test golden` writes what is made now; read the difference before you commit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking"
)]

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use shardgate::base::ids::NewIds;
use shardgate::base::{Error, Result, Value};
use shardgate::plan::ir::SessionValue;
use shardgate::plan::{SessionValues, Setting, Source, bind, build, explain};
use shardgate::sql::facts::Span;
use shardgate::sql::lex::Mode;
use shardgate::sql::normalise::{Normalised, count_params, normalise};
use shardgate::sql::parse::parse;
use shardgate::topology::schema::{Column, Schemas, TableSchema};
use shardgate::topology::{Generator, IdRule, Topology, build as build_topology};

const CONFIG: &str = include_str!("golden/topology.toml");

/// One statement's text and values.
struct Statement {
    text: Vec<u8>,
    normal: Normalised,
    params: Option<Vec<Value>>,
}

impl Source for Statement {
    fn text(&self) -> &[u8] {
        &self.text
    }

    fn original(&self, span: Span) -> Span {
        self.normal.original_span(span)
    }

    fn params_in(&self, span: Span) -> Range<u16> {
        if self.params.is_some() {
            let before = |at: u32| count_params(&self.text[..at as usize], Mode::default()) as u16;
            return before(span.start)..before(span.end);
        }
        let before = |at: u32| self.normal.literals().partition_point(|l| l.shape_pos < at) as u16;
        before(span.start)..before(span.end)
    }

    fn prepared(&self) -> bool {
        self.params.is_some()
    }

    fn value(&self, i: u16) -> Cow<'_, Value> {
        match &self.params {
            Some(params) => params.get(i as usize).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
            None => Cow::Owned(self.normal.literals()[i as usize].value(&self.text, Mode::default())),
        }
    }

    fn literal(&self, i: u16) -> &[u8] {
        self.normal.literals()[i as usize].of(&self.text)
    }
}

/// A session that knows a little.
struct Session;

impl SessionValues for Session {
    fn get(&self, what: &SessionValue) -> Result<Value> {
        Ok(match what {
            SessionValue::Computed(i) => Value::Int(*i as i64 + 100),
            SessionValue::LastInsertId => Value::Int(41),
            SessionValue::FoundRows => Value::Int(3),
            SessionValue::RowCount => Value::Int(-1),
            SessionValue::NextId(i) => Value::UInt(500 + *i as u64),
            SessionValue::ConnectionId => Value::Int(9),
            SessionValue::Database => Value::Str(b"shop".to_vec()),
            SessionValue::User | SessionValue::CurrentUser => Value::Str(b"app@localhost".to_vec()),
            SessionValue::Variable(name) if name == "seven" => Value::Int(7),
            SessionValue::Variable(_) => Value::Null,
            SessionValue::System(_) => Value::Int(1),
        })
    }
}

/// Definitions of some tables; others are unknown.
struct Definitions;

impl Schemas for Definitions {
    fn table(&self, database: &str, table: &str) -> Option<Arc<TableSchema>> {
        let columns = match (database, table) {
            ("shop", "users") => {
                "id bigint, name varchar, email varchar, level enum, score float, seen timestamp, born date"
            }
            ("shop", "orders") => {
                "id bigint, user_id bigint, product_id bigint, total decimal, status varchar, note json, created datetime"
            }
            ("shop", "order_items") => {
                "id bigint, user_id bigint, order_id bigint, quantity int, label varchar"
            }
            ("shop", "products") => "id bigint auto, title varchar, price decimal",
            ("papers", "docs") => "id char, title varchar",
            ("papers", "scans") => "id binary, title varchar",
            ("papers", "pages") => "id bigint, title varchar",
            ("shop", "audit_log") => "id bigint auto, user_id bigint, what text",
            ("market", "orders") => "order_id bigint, user_id bigint, total decimal",
            ("market", "items") => "order_id bigint, user_id bigint, line int, sku varchar",
            ("market", "legacy") => "order_id bigint, user_id bigint, total decimal",
            ("market", "visits") => "user_id bigint, order_id bigint, at datetime",
            _ => return None,
        };
        let columns = columns.split(", ").map(|c| {
            let words: Vec<&str> = c.split(' ').collect();
            let text = matches!(words[1], "varchar" | "text" | "enum");
            Column {
                name: words[0].into(),
                data_type: words[1].into(),
                nullable: words[0] != "id",
                collation: text.then(|| "utf8mb4_general_ci".into()),
                auto_increment: words.get(2) == Some(&"auto"),
                has_default: words[0] != "id",
                column_type: words[1].into(),
                ..Column::default()
            }
        });
        Some(Arc::new(TableSchema {
            columns: columns.collect(),
            unique: vec![vec!["id".into()]],
            triggers: false,
            row_triggers: false,
        }))
    }
}

fn topology() -> Topology {
    let config = shardgate::config::parse(CONFIG, "topology.toml", &|_| None).expect("the configuration");
    build_topology(&config, 1).expect("the topology")
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Number(n) if n.is_i64() => Value::Int(n.as_i64().unwrap()),
        Json::Number(n) => Value::Double(n.as_f64().unwrap()),
        Json::String(s) => Value::Str(s.clone().into_bytes()),
        other => panic!("no parameter: {other}"),
    }
}

/// What the planner makes of one case.
fn plan(case: &Json, topology: &Topology) -> Json {
    let text = case["query"].as_str().expect("query").as_bytes().to_vec();
    let params = case["params"].as_array().map(|p| p.iter().map(value).collect::<Vec<_>>());
    let database = match &case["database"] {
        Json::Null => Some("shop"),
        Json::String(s) if s.is_empty() => None,
        Json::String(s) => Some(s.as_str()),
        other => panic!("no database: {other}"),
    };
    let mut normal = Normalised::default();
    match params {
        Some(_) => normal.set_verbatim(&text),
        None => normalise(&text, Mode::default(), &mut normal),
    }
    let shape = normal.text().expect("UTF-8").to_owned();
    let statement = match parse(&shape, Mode::default()) {
        Ok(statement) => statement,
        Err(error) => return json!({ "parse": error.to_string() }),
    };
    let plan = build(Arc::new(statement), &shape, database, topology, &Definitions);
    let source = Statement { text, normal, params };
    let mut next = 1000;
    let mut ids = |rule: &IdRule, n: usize, slot: u32| -> Result<NewIds> {
        let first = next;
        next += n as u64;
        if topology.generators[usize::from(rule.generator.0)] == Generator::Uuid7 {
            return Ok(NewIds::Uuids((first..next).map(|id| u128::from(id).to_be_bytes()).collect()));
        }
        let Some(layout) = rule.layout else { return Ok(NewIds::Numbers { first, step: 1 }) };
        let first = layout.gene().map_or(first, |_| layout.encode(first, 0, 0, slot));
        Ok(NewIds::Numbers { first, step: layout.step() })
    };
    let bound = bind(&plan, &source, &Session, Setting::default(), &mut ids);
    let failed = |e: Error| json!({ "errno": e.errno, "message": e.message });
    let mut out = explain::json(&plan, bound.as_ref().ok(), &shape, &source.text, topology);
    shorten(&mut out);
    // Jobs say where the text is the client's own, or as before.
    let mut before = None;
    if let (Some(jobs), Ok(bound)) = (out.get_mut("jobs").and_then(Json::as_array_mut), &bound) {
        for (shown, job) in jobs.iter_mut().zip(&bound.jobs) {
            if job.text.is_none() {
                shown["text"] = json!("(as sent)");
            } else if before == job.text {
                shown["text"] = json!("(the same)");
            }
            before.clone_from(&job.text);
        }
    }
    if let Err(error) = bound
        && out["act"].get("refused").is_none()
    {
        out["bind"] = failed(error);
    }
    out
}

/// Weights are written `WEIGHT(expr)`: what they really are is `weight_sql`'s matter.
fn shorten(json: &mut Json) {
    match json {
        Json::String(text) => {
            const HEAD: &str = "CONCAT(WEIGHT_STRING(";
            while let Some(at) = text.find(HEAD) {
                let middle = at + text[at..].find(",IF(CONCAT(LEFT(").expect("a weight's middle");
                let end =
                    middle + text[middle..].find("CHAR(0)))").expect("a weight's end") + "CHAR(0)))".len();
                let short = format!("WEIGHT({}", &text[at + HEAD.len()..middle]);
                text.replace_range(at..end, &short);
            }
        }
        Json::Array(list) => list.iter_mut().for_each(shorten),
        Json::Object(map) => map.values_mut().for_each(shorten),
        _ => {}
    }
}

#[test]
fn plans_are_as_written() {
    let topology = topology();
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("tests/golden")
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut cases: Vec<Json> =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for case in &mut cases {
            let made = plan(case, &topology);
            if case["plan"] != made {
                if !update {
                    wrong.push(format!(
                        "{}: {}\n  wanted {}\n  made   {made}",
                        path.file_name().unwrap().to_string_lossy(),
                        case["query"],
                        case["plan"]
                    ));
                }
                case["plan"] = made;
            }
        }
        if update {
            std::fs::write(&path, serde_json::to_string_pretty(&cases).unwrap() + "\n").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{} plans differ:\n{}", wrong.len(), wrong.join("\n"));
}
