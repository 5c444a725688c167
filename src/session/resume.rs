//! `SHARDGATE DDL CONTINUE` and `UNDO`: DDL that has come to some of its places only, whichever proxy began it.
//!
//! What each place did is known from its record and, where that says nothing (the proxy died while it ran), from the
//! definitions that are there now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Session;
use super::ddl::{report, settle, to_json, unchanged};
use super::look::{look, plain_settings};
use crate::backend::{Settings, Summary};

use crate::base::ids::SourceId;
use crate::base::{Code, Error, Result, Value};
use crate::exec::send::{Call, Preset};
use crate::exec::write::Task;
use crate::plan::undo::{self, Seen, Undo, comparable};
use crate::sql::facts::DdlKind;
use crate::store::DdlLog;
use crate::store::ddl::{Place, Record, State};
use crate::topology::Node;

/// A statement's places, with what was and is there.
struct Work {
    id: u64,
    kind: DdlKind,
    settings: Settings,
    places: Vec<Place>,
    /// The source of each place and what the statement changes there.
    objects: Vec<(SourceId, Vec<Node>)>,
    before: Vec<Vec<Seen>>,
    now: Vec<Vec<Seen>>,
}

/// What a place has of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    /// Nothing: it is as it was.
    Nothing,
    /// It is done there.
    Done,
    /// Neither.
    Else,
}

impl Session {
    /// Goes on with a statement, or takes it back.
    pub(super) async fn resume_ddl(&mut self, undo: bool, id: Value) -> Result<Summary> {
        let id = match id {
            Value::Int(id) => u64::try_from(id).ok(),
            Value::UInt(id) => Some(id),
            _ => None,
        };
        let id = id.ok_or_else(|| wrong("a statement's number is wanted, as SHOW SHARDGATE DDL shows it"))?;
        // As any DDL does.
        self.held.commit().await?;
        let log = self.ddl_log()?;
        let record = open(&log, id).await?;
        let lock = self.lock_ddl(&log, &record.statement.subjects).await.map_err(unchanged)?;
        // While this one waited, another may have ended it.
        let done = match open(&log, id).await {
            Ok(record) => self.resume_locked(&log, record, undo).await,
            Err(error) => Err(error),
        };
        self.shared.all_changed();
        let databases: Vec<&str> = record.statement.databases().collect();
        log.definitions.publish(&databases).await;
        lock.release().await;
        done
    }

    async fn resume_locked(&mut self, log: &DdlLog, record: Record, undo: bool) -> Result<Summary> {
        let mut work = self.work(record)?;
        work.now = self.look_again(&work).await.map_err(unchanged)?;
        if undo { self.undo_ddl(log, work).await } else { self.continue_ddl(log, work).await }
    }

    /// Everything that the record says, in terms of this proxy's map.
    fn work(&self, record: Record) -> Result<Work> {
        let Record { id, statement, places, .. } = record;
        let unreadable = |error: serde_json::Error| {
            Error::new(Code::Internal, format!("the record of DDL statement {id} cannot be read: {error}"))
        };
        let kind = serde_json::from_str(&statement.kind).map_err(unreadable)?;
        let settings: BTreeMap<Box<str>, Box<str>> =
            serde_json::from_str(&statement.settings).map_err(unreadable)?;
        let (mut before, mut objects) = (Vec::new(), Vec::new());
        for place in &places {
            let seen: Vec<Seen> = serde_json::from_str(&place.before).map_err(unreadable)?;
            let sources = &self.shared.topology().sources;
            let source =
                sources.iter().position(|source| *source.name == *place.source).ok_or_else(|| {
                    let text =
                        format!("no source is called \"{}\" here, and the statement is for it", place.source);
                    unchanged(wrong(&text))
                })?;
            let source = SourceId(source as u16);
            let node = |seen: &Seen| Node {
                source,
                schema: seen.schema.as_str().into(),
                table: seen.table.as_deref().map(Into::into),
            };
            objects.push((source, seen.iter().map(node).collect()));
            before.push(seen);
        }
        Ok(Work { id, kind, settings: settings.into(), places, objects, before, now: Vec::new() })
    }

    async fn look_again(&self, work: &Work) -> Result<Vec<Vec<Seen>>> {
        look(&self.pools, &work.objects, work.kind == DdlKind::TruncateTable).await
    }

    // ---- CONTINUE -----------------------------------------------------------------------------------------------

    async fn continue_ddl(&mut self, log: &DdlLog, mut work: Work) -> Result<Summary> {
        let last = work.places.iter().map(|place| place.step).max().unwrap_or(0);
        for step in 0..=last {
            let mut todo = Vec::new();
            for i in 0..work.places.len() {
                let Some(place) = work.places.get(i).filter(|place| place.step == step) else { continue };
                match work.has(i) {
                    Has::Done => work.is_done(i),
                    _ if work.is_like_done(i) => work.is_done(i),
                    Has::Else if place.state == State::Running => return Err(work.strange(i)),
                    Has::Nothing | Has::Else => todo.push(i),
                }
            }
            if let Some(error) = self.run_places(log, &mut work, &todo).await? {
                let noted = self.note_failure(log, work.id, &work.places).await;
                return Err(report(work.id, &work.places, &error, noted));
            }
        }
        log.end(work.id, State::Done).await?;
        Ok(summary(format!("DDL statement {} is done on {} places", work.id, work.places.len())))
    }

    /// Runs the statement at places. An error at a place that has it all the same is none: the server was still at it.
    async fn run_places(&mut self, log: &DdlLog, work: &mut Work, todo: &[usize]) -> Result<Option<Error>> {
        let begun: Vec<(usize, Place)> = work.pick(todo, |place| place.state = State::Running);
        log.settle(work.id, &begun).await?;
        let texts: Vec<Sent> = todo
            .iter()
            .filter_map(|i| {
                let (place, (source, _)) = (work.places.get(*i)?, work.objects.get(*i)?);
                Some((*source, place.schema.as_str().into(), place.text.clone()))
            })
            .collect();
        let results = self.run_ddl(&tasks(&texts), &work.settings).await;
        let mut ran: Vec<Place> = todo.iter().filter_map(|i| work.places.get(*i).cloned()).collect();
        let mut failed = settle(&mut ran, &results);
        for (i, place) in todo.iter().zip(ran) {
            if let Some(kept) = work.places.get_mut(*i) {
                *kept = place;
            }
        }
        if failed.is_some()
            && let Ok(now) = self.look_again(work).await
        {
            work.now = now;
            for i in todo {
                if work.places.get(*i).is_some_and(|place| place.state != State::Done)
                    && work.has(*i) == Has::Done
                {
                    work.is_done(*i);
                }
            }
            if todo.iter().all(|i| work.places.get(*i).is_some_and(|place| place.state == State::Done)) {
                failed = None;
            }
        }
        Ok(failed)
    }

    // ---- UNDO ---------------------------------------------------------------------------------------------------

    async fn undo_ddl(&mut self, log: &DdlLog, mut work: Work) -> Result<Summary> {
        let mut undone = Vec::new();
        for i in (0..work.places.len()).rev() {
            match (work.has(i), work.places.get(i)) {
                (Has::Nothing, _) | (_, None) => {}
                (Has::Else, _) => return Err(work.strange(i)),
                // It was so before, where the statement shows elsewhere.
                (Has::Done, Some(place)) if !work.shows_at(i) && work.shows(place.step) => {}
                (Has::Done, Some(_)) => {
                    let (was, is) = (work.before.get(i), work.now.get(i));
                    let undo = undo::undo(work.kind, was.map_or(&[], |all| all), is.map_or(&[], |all| all));
                    undone.push((i, undo.map_err(|why| work.no_undo(i, &why))?));
                }
            }
        }
        for (i, undo) in &undone {
            self.nothing_is_lost(&work, *i, undo).await?;
        }
        let texts: Vec<(usize, String)> = undone
            .into_iter()
            .flat_map(|(i, undo)| undo.statements.into_iter().map(move |sql| (i, sql)))
            .collect();
        let begun: Vec<usize> = texts.iter().map(|(i, _)| *i).collect();
        let begun = work.pick(&begun, |place| place.state = State::Running);
        log.settle(work.id, &begun).await.map_err(unchanged)?;
        let sent: Vec<_> = texts
            .iter()
            .filter_map(|(i, sql)| Some((work.objects.get(*i)?.0, Arc::from(""), sql.clone().into_bytes())))
            .collect();
        let results = self.run_ddl(&tasks(&sent), &plain_settings()).await;
        let mut failed = None;
        for ((i, _), result) in texts.iter().zip(results) {
            let Some(place) = work.places.get_mut(*i) else { continue };
            match result {
                Ok(_) => {
                    (place.state, place.error, place.after) = (State::Pending, None, None);
                }
                Err(error) => {
                    place.error = Some((error.errno, error.message.clone()));
                    failed = failed.or(Some(error));
                }
            }
        }
        let Some(error) = failed else {
            let all: Vec<(usize, Place)> = work.places.iter().cloned().enumerate().collect();
            let taken = |(i, place)| (i, Place { state: State::Undone, error: None, ..place });
            log.settle(work.id, &all.into_iter().map(taken).collect::<Vec<_>>()).await?;
            log.end(work.id, State::Undone).await?;
            return Ok(summary(format!("DDL statement {} is undone on {} places", work.id, begun.len())));
        };
        let noted = self.note_failure(log, work.id, &work.places).await;
        Err(report(work.id, &work.places, &error, noted))
    }

    /// What UNDO drops must hold nothing that was written since.
    async fn nothing_is_lost(&self, work: &Work, i: usize, undo: &Undo) -> Result<()> {
        let Some((source, _)) = work.objects.get(i) else { return Ok(()) };
        if undo.empty.is_empty() {
            return Ok(());
        }
        let mut lease = self.pools.aside(*source).await.map_err(unchanged)?;
        lease.queue_state(None, &plain_settings());
        for question in &undo.empty {
            let answer = lease.query(question, 1).await;
            let why = match answer {
                Ok(answer) if answer.rows.is_empty() => continue,
                Ok(_) => "it holds what was written since".to_owned(),
                Err(error) => {
                    format!("whether it holds what was written since cannot be told: {}", error.message)
                }
            };
            return Err(work.no_undo(i, &why));
        }
        Ok(())
    }
}

impl Work {
    /// What a place has of the statement.
    fn has(&self, i: usize) -> Has {
        let (Some(place), Some(was), Some(is)) = (self.places.get(i), self.before.get(i), self.now.get(i))
        else {
            return Has::Else;
        };
        if place.state == State::Done {
            // Where it was seen afterwards, it must still look so.
            let seen = place.after.as_deref().and_then(|after| serde_json::from_str::<Vec<Seen>>(after).ok());
            return if seen.is_none_or(|seen| seen == *is) { Has::Done } else { Has::Else };
        }
        if was == is {
            return Has::Nothing;
        }
        // Alike elsewhere: done, whoever did it. Where there is nothing to compare with, a statement was running and
        // something has changed.
        let alone = place.state == State::Running && !self.shows(place.step);
        if alone || self.is_like_done(i) { Has::Done } else { Has::Else }
    }

    /// Whether a place has what the statement has visibly made of another one.
    fn is_like_done(&self, i: usize) -> bool {
        let (Some(place), Some(is)) = (self.places.get(i), self.now.get(i)) else { return false };
        let mut models = self.done_in(place.step).filter_map(|other| self.now.get(other));
        models.any(|model| comparable(model) == comparable(is))
    }

    /// Whether places where a step is done show it.
    fn shows(&self, step: u16) -> bool {
        self.done_in(step).next().is_some()
    }

    /// Places where a step is done and shows.
    fn done_in(&self, step: u16) -> impl Iterator<Item = usize> {
        let done = move |place: &Place| place.step == step && place.state == State::Done;
        let all = self.places.iter().enumerate();
        all.filter(move |(i, place)| done(place) && self.shows_at(*i)).map(|(i, _)| i)
    }

    /// Whether the definitions at a place are others than before.
    fn shows_at(&self, i: usize) -> bool {
        match (self.before.get(i), self.now.get(i)) {
            (Some(was), Some(is)) => comparable(was) != comparable(is),
            _ => false,
        }
    }

    fn is_done(&mut self, i: usize) {
        let after = self.now.get(i).and_then(|now| to_json(now).ok());
        if let Some(place) = self.places.get_mut(i) {
            (place.state, place.error, place.after) = (State::Done, None, after);
        }
    }

    /// Changes some of the places, and tells which.
    fn pick(&mut self, which: &[usize], change: impl Fn(&mut Place)) -> Vec<(usize, Place)> {
        let mut picked = Vec::new();
        for i in which {
            if let Some(place) = self.places.get_mut(*i) {
                change(place);
                picked.push((*i, place.clone()));
            }
        }
        picked.dedup_by_key(|(i, _)| *i);
        picked
    }

    fn strange(&self, i: usize) -> Error {
        let name = self.places.get(i).map_or("?", |place| &place.name);
        Error::refused(
            format!("{name} is neither as it was before statement {} nor as that leaves it", self.id),
            "compare the places with shardgate check --connect, and mend that one on its server",
        )
    }

    fn no_undo(&self, i: usize, why: &str) -> Error {
        let name = self.places.get(i).map_or("?", |place| &place.name);
        Error::refused(
            format!("DDL statement {} has no exact inverse at {}: {why}; nothing was changed", self.id, name),
            format!("go on with SHARDGATE DDL CONTINUE {}, or mend it with statements of your own", self.id),
        )
    }
}

/// A statement that has not ended well.
async fn open(log: &DdlLog, id: u64) -> Result<Record> {
    let record = log.read(id).await?;
    let record = record.ok_or_else(|| {
        wrong(&format!("there is no DDL statement {id}; SHOW SHARDGATE DDL lists those over several places"))
    })?;
    match record.state {
        State::Done => Err(wrong(&format!("DDL statement {id} is done at all of its places"))),
        State::Undone => Err(wrong(&format!("DDL statement {id} was undone"))),
        State::Pending | State::Running | State::Failed => Ok(record),
    }
}

/// A text for a source, with the schema that is to be selected.
type Sent = (SourceId, Arc<str>, Vec<u8>);

fn tasks(sent: &[Sent]) -> Vec<Task<'_>> {
    let ids = Preset::default();
    let tasks = sent.iter().map(|(source, schema, text)| {
        let call = Call::Owned(text.clone());
        Task { source: *source, schema, call, ids }
    });
    tasks.collect()
}

fn summary(info: String) -> Summary {
    Summary { info, ..Summary::default() }
}

fn wrong(text: &str) -> Error {
    Error::new(Code::WrongArguments, text)
}
