//! A plan as people and tools are shown it: what EXPLAIN SHARDGATE answers, as lines and as JSON. [`View`](super::view::View)
//! makes it.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::base::{Code, Error, Result};

/// A plan.
#[derive(Debug, Default, Serialize)]
pub struct Tree {
    /// What is done, and on how many nodes.
    pub plan: String,
    /// What a unique index over all shards says first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<String>,
    /// The copies of rows that are made first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// The statement itself.
    #[serde(flatten)]
    pub part: Part,
    /// What else is done, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// What came of the statement, where more runs over its rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Actual>,
    /// What runs over its rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
    /// What came of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Actual>,
    /// Where the rows go that are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub into: Vec<String>,
}

/// Something that servers are asked.
#[derive(Debug, Default, Serialize)]
pub struct Part {
    /// How the nodes are found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// What becomes of the rows of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merge: Option<String>,
    /// Who is asked what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<Job>,
}

/// What one server is asked.
#[derive(Debug, Serialize)]
pub struct Job {
    /// The source and the schema.
    pub at: String,
    /// What is sent there.
    pub text: String,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Actual>,
}

/// Rows that are copied.
#[derive(Debug, Serialize)]
pub struct Stage {
    /// The temporary table.
    pub name: String,
    /// The table whose rows it holds, or what they are.
    pub of: String,
    /// About how many rows it has at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_rows: Option<u64>,
    /// What reads them.
    #[serde(flatten)]
    pub pull: Part,
    /// What reads them, where that runs over copies itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Box<Tree>>,
    /// The sources that they go to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub into: Vec<String>,
    /// The column by which each row goes to one of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placed_by: Option<String>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied: Option<Actual>,
}

/// What runs over the rows of a statement.
#[derive(Debug, Serialize)]
pub struct Last {
    /// The temporary table that they are put into.
    pub over: String,
    /// What is asked there.
    #[serde(flatten)]
    pub part: Part,
}

/// What a server's answer, or all of them, came to.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Actual {
    /// Rows that were read, as far as they were wanted.
    pub rows: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// From the question to the last of them.
    #[serde(rename = "ms", serialize_with = "milliseconds")]
    pub time: Duration,
}

fn milliseconds<S: Serializer>(time: &Duration, out: S) -> std::result::Result<S::Ok, S::Error> {
    out.serialize_f64(time.as_micros() as f64 / 1000.0)
}

impl std::fmt::Display for Actual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rows, bytes, time } = self;
        write!(f, "{rows} rows, {bytes} bytes, {:.1} ms", time.as_secs_f64() * 1000.0)
    }
}

impl Tree {
    /// As JSON.
    ///
    /// # Errors
    /// None that a tree has: all of it is text and numbers.
    pub fn json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|error| Error::new(Code::Internal, error.to_string()))
    }

    /// As lines of text.
    pub fn lines(&self) -> Vec<String> {
        let mut out = vec![self.plan.clone()];
        out.extend(self.lookup.as_ref().map(|lookup| format!("  lookup: {lookup}")));
        let over_copies = !self.stages.is_empty() || self.last.is_some();
        out.extend(self.stages.iter().flat_map(Stage::lines));
        let (mut own, indent) = (self.part.lines(), if over_copies { "  " } else { "" });
        own.extend(self.steps.iter().map(|step| format!("  {step}")));
        if over_copies {
            out.push(format!("  then the statement {}", on_nodes(self.part.jobs.len())));
        }
        out.extend(own.into_iter().map(|line| format!("{indent}{line}")));
        out.extend(self.groups.map(|groups| format!("{indent}  groups: {groups}")));
        if let Some(last) = &self.last {
            out.push(format!("  then over its rows, `{}`", last.over));
            out.extend(last.part.lines().into_iter().map(|line| format!("{indent}{line}")));
        }
        out.extend(self.answered.map(|answered| format!("{indent}  answered: {answered}")));
        if !self.into.is_empty() {
            out.push("  the rows go to".to_owned());
            out.extend(self.into.iter().map(|place| format!("  {place}")));
        }
        out
    }
}

impl Part {
    fn lines(&self) -> Vec<String> {
        let mut out: Vec<String> = self.routes.iter().map(|route| format!("  {route}")).collect();
        out.extend(self.merge.as_ref().map(|merge| format!("  merge: {merge}")));
        for Job { at, text, actual } in &self.jobs {
            out.push(format!("  → {at}: {text}"));
            out.extend(actual.map(|actual| format!("    {actual}")));
        }
        out
    }
}

impl Stage {
    fn lines(&self) -> Vec<String> {
        let about = self.estimated_rows.map(|rows| format!(", of about {rows}"));
        let mut out = vec![format!("  `{}`: rows of {}{}", self.name, self.of, about.unwrap_or_default())];
        out.extend(self.pull.lines().into_iter().map(|line| format!("  {line}")));
        let over = self.over.iter().flat_map(|over| over.lines());
        out.extend(over.map(|line| format!("    {line}")));
        if !self.into.is_empty() {
            let by = self.placed_by.as_ref().map(|key| format!(", placed by key `{key}`"));
            out.push(format!("    into {}{}", self.into.join(", "), by.unwrap_or_default()));
        }
        out.extend(self.copied.map(|copied| format!("    copied: {copied}")));
        out
    }
}

/// How many nodes are asked.
pub fn on_nodes(nodes: usize) -> String {
    match nodes {
        1 => "on one node".into(),
        n => format!("on {n} nodes"),
    }
}
