//! `shardgate explain`: a statement's plan, offline. Definitions of tables come from a file; without one, what depends on
//! them (an unqualified column in a join, INSERT without a column list, copies of rows) is planned as unknown.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::schema::Definitions;
use super::serve::load;
use std::borrow::Cow;
use std::ops::Range;

use crate::base::ids::NewIds;
use crate::base::{Code, Error, Result, Value};
use crate::plan::explain::view::View;
use crate::plan::ir::SessionValue;
use crate::plan::stage_spec::Choice;
use crate::plan::{self, Act, SessionValues, Setting, Source};
use crate::sharding::IdForm;
use crate::sql;
use crate::sql::facts::Span;
use crate::sql::lex::Mode;
use crate::topology::schema::Schemas;
use crate::topology::{IdRule, Topology};

/// Prints the plan of a statement.
pub fn run(path: &Path, database: Option<&str>, schema: Option<&Path>, json: bool, sql: &str) -> ExitCode {
    let Some((_, topology)) = load(path) else { return ExitCode::from(2) };
    let schemas = match schema.map(Definitions::read) {
        Some(Ok(schemas)) => schemas,
        None => Definitions::default(),
        Some(Err(error)) => {
            eprintln!("shardgate: {}: {error}", schema.unwrap_or(path).display());
            return ExitCode::from(2);
        }
    };
    let only = topology.databases.keys().next().map(String::as_str);
    let database = database.or(if topology.databases.len() == 1 { only } else { None });
    match explained(&topology, &schemas, database, json, sql) {
        Ok(text) => {
            println!("{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("shardgate: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A statement with its literals in it.
struct Written<'a>(&'a str);

impl Source for Written<'_> {
    fn text(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn original(&self, span: Span) -> Span {
        span
    }

    fn params_in(&self, _span: Span) -> Range<u16> {
        0..0
    }

    fn prepared(&self) -> bool {
        false
    }

    fn value(&self, _i: u16) -> Cow<'_, Value> {
        Cow::Owned(Value::Null)
    }

    fn literal(&self, _i: u16) -> &[u8] {
        b"?"
    }
}

/// No session: its values show as NULL, new ids as 1.
struct Nobody;

impl SessionValues for Nobody {
    fn get(&self, what: &SessionValue) -> Result<Value> {
        Ok(if matches!(what, SessionValue::NextId(_)) { Value::UInt(1) } else { Value::Null })
    }
}

fn explained(
    topology: &Topology,
    schemas: &(dyn Schemas + Sync),
    database: Option<&str>,
    json: bool,
    sql: &str,
) -> Result<String> {
    let statement =
        sql::parse(sql, Mode::default()).map_err(|error| Error::new(Code::Syntax, error.message))?;
    let plan = plan::build(Arc::new(statement), sql, database, topology, schemas);
    // Ids are made anew each time: an example stands for them.
    let mut ids = |rule: &IdRule, n: usize, slot: u32| {
        if rule.form == IdForm::Uuid {
            return Ok(NewIds::Uuids(vec![[0; 16]; n]));
        }
        let first = rule.layout.map_or(1, |layout| layout.encode(0, 0, 1, slot));
        Ok(NewIds::Numbers { first, step: rule.layout.map_or(1, |layout| layout.step()) })
    };
    let bound = match &plan.act {
        Act::Read(_) | Act::Write(_) | Act::Insert(_) | Act::Load(_) | Act::Copy(_) | Act::Ddl(_) => {
            plan::bind(&plan, &Written(sql), &Nobody, Setting::default(), &mut ids).map(Some)
        }
        Act::Refused(error) => return Err(error.clone()),
        Act::Session | Act::CreateSelect => Ok(None),
    };
    let text = sql.as_bytes();
    let view = View { text, topology, schemas };
    let tree = match (bound, &plan.act) {
        (Ok(bound), _) => view.tree(&plan, bound.as_ref(), None),
        (Err(refusal), Act::Read(read)) => {
            let choice = Choice { within: false, reopens: true };
            let (staged, bound) = choice.bind(read, refusal, &Written(sql), &Nobody, Setting::default())?;
            view.staged(staged, &bound, choice, None)
        }
        (Err(refusal), _) => return Err(refusal),
    };
    if json { tree.json() } else { Ok(tree.lines().join("\n")) }
}
