//! Statements whose answers are taken in whole from several servers: sent to all, then all answers are read. What changes
//! rows is added up; rows that the proxy reads for itself are bounded.

use std::sync::Arc;

use futures_util::future::join_all;

use super::Client;
use super::info;
use super::interrupt::Asked;
use super::send::{Call, Preset, State, drop_insert_id, send};
use super::single::{self, Around};
use super::source::Connections;
use super::stop::{Target, stop};
use crate::backend::{Answer, AnswerLimit, Lease, Role, Settings, Summary};
use crate::base::ids::SourceId;
use crate::base::{Code, Error, Fate, Result};
use crate::wire::row::Format;

/// One statement for one server.
#[derive(Debug)]
pub struct Task<'a> {
    /// The server.
    pub source: SourceId,
    /// The schema.
    pub schema: &'a Arc<str>,
    /// The statement.
    pub call: Call<'a>,
    /// Ids that its server must know of.
    pub ids: Preset,
}

/// What became of tasks.
#[derive(Debug)]
pub struct Ran {
    /// One entry a task; `None`: it was not begun, because another failed.
    pub results: Vec<Option<Result<Answer>>>,
    /// LAST_INSERT_ID() on the server of the last task for which it was set before, or ids were given, and that the answer does
    /// not tell.
    pub last_insert_id: Option<u64>,
}

/// In which order sources are asked, and what a failure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// All at once; the failure of one task stops no other.
    Whatever,
    /// All at once; no further task is begun once one has failed.
    Together,
    /// The first source before the others. Statements that change the same rows then queue up there, instead of each
    /// holding what another waits for, which no single server could see.
    FirstAhead,
}

/// Runs all tasks: those of one source one after another, sources as `pace` says. Every connection is put back before
/// this returns. With `client`, all is stopped when that one leaves. What succeeded where others failed is for the
/// caller to undo. Each task's answer may have as many rows as fit `limit`: more are error 1038.
pub async fn run(
    tasks: &[Task<'_>],
    settings: &Settings,
    connections: &mut impl Connections,
    pace: Pace,
    limit: AnswerLimit,
    mut client: Option<&mut Client>,
    around: Around<'_>,
) -> Ran {
    let mut last_insert_id = None;
    let mut results: Vec<Option<Result<Answer>>> = tasks.iter().map(|_| None).collect();
    let mut lanes = open_lanes(tasks, connections, &mut results).await;
    let failed = |results: &[Option<Result<Answer>>]| results.iter().any(|r| matches!(r, Some(Err(_))));
    let mut open = if pace == Pace::FirstAhead { 1 } else { lanes.len() };
    while pace == Pace::Whatever || !failed(&results) {
        // Each lane must advance, so no short cut here.
        let begun = lanes.iter_mut().take(open).filter_map(|lane| lane.advance(tasks).then_some(())).count();
        if begun == 0 && open >= lanes.len() {
            break;
        }
        if begun == 0 {
            open = lanes.len();
            continue;
        }
        let asked = lanes.iter_mut().filter_map(|lane| Some((lane.asked?, lane)));
        let sending =
            asked.filter_map(|(i, lane)| Some((i, tasks.get(i)?, lane))).map(async |(i, task, lane)| {
                let state = State { schema: task.schema, settings, writes: true, ids: task.ids };
                (i, send(&mut lane.lease, state, &task.call, around).await.inspect_err(|_| lane.asked = None))
            });
        for (i, sent) in join_all(sending).await {
            if let Err(error) = sent {
                settle(&mut results, i, Err(error));
            }
        }
        let mut stopped = None;
        for n in 0..lanes.len() {
            let asked = lanes.iter().skip(n).filter(|lane| lane.asked.is_some());
            let others: Vec<_> = asked.map(|lane| Target::of(&lane.lease)).collect();
            let Some(lane) = lanes.get_mut(n) else { continue };
            let Some(i) = lane.asked.take() else { continue };
            let format = tasks.get(i).map_or(Format::Text, |task| task.call.format());
            let mut answer =
                lane.answer((format, limit), client.as_deref_mut(), around, &others, &mut stopped).await;
            if let Ok(Answer { ok, .. }) = &mut answer
                && ok.warnings > 0
            {
                ok.messages = single::warnings(&mut lane.lease).await;
            }
            if let Some(task) = tasks.get(i) {
                last_insert_id = lane.settle_ids(task.ids, &answer).await.or(last_insert_id);
            }
            lane.status = answer.as_ref().ok().map(|answer| answer.ok.status);
            // Servers say 1317 of what was stopped, or what it was about; why it was is known here.
            let answer = answer.map_err(|error| stopped.clone().filter(|_| is_end(&error)).unwrap_or(error));
            settle(&mut results, i, answer);
        }
    }
    for lane in lanes {
        connections.put(lane.source, lane.lease, lane.status);
    }
    Ran { results, last_insert_id }
}

/// Whether a server says this of a statement that was killed.
fn is_end(error: &Error) -> bool {
    // ER_FILSORT_ABORT; ER_NOT_KEYFILE: MyISAM had begun to build indexes.
    const AMID: [u16; 2] = [1028, 1034];
    error.is(Code::Killed) || AMID.contains(&error.errno)
}

/// One connection a source. A source that gives none fails its first task.
async fn open_lanes(
    tasks: &[Task<'_>],
    connections: &mut impl Connections,
    results: &mut [Option<Result<Answer>>],
) -> Vec<Lane> {
    let mut sources: Vec<SourceId> = tasks.iter().map(|task| task.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut lanes: Vec<Lane> = Vec::with_capacity(sources.len());
    for source in sources {
        match connections.take(source, Role::Primary).await {
            Ok(lease) => lanes.push(Lane { source, lease, status: None, next: 0, asked: None }),
            Err(error) => {
                for (i, _) in tasks.iter().enumerate().filter(|(_, task)| task.source == source) {
                    settle(results, i, Err(error.clone()));
                }
            }
        }
    }
    lanes
}

fn settle(results: &mut [Option<Result<Answer>>], i: usize, result: Result<Answer>) {
    if let Some(place) = results.get_mut(i) {
        *place = Some(result);
    }
}

struct Lane {
    source: SourceId,
    lease: Lease,
    status: Option<u16>,
    /// Tasks before this one are done with.
    next: usize,
    /// The task that is running.
    asked: Option<usize>,
}

/// Resolves when the client has left; never, where that is to change nothing.
async fn left(client: Option<&mut Client>) {
    match client {
        Some(client) => client.closed().await,
        None => std::future::pending().await,
    }
}

impl Lane {
    /// The answer to what was asked. When the client leaves, when the time is over and on KILL, the servers that have
    /// not answered are stopped, once: `stopped` then holds the reason.
    async fn answer(
        &mut self,
        (format, limit): (Format, AnswerLimit),
        client: Option<&mut Client>,
        around: Around<'_>,
        asked: &[Target],
        stopped: &mut Option<Error>,
    ) -> Result<Answer> {
        let deaf = {
            let mut answering = std::pin::pin!(self.lease.answer_in(format, limit));
            let why = match stopped {
                Some(why) => why,
                None => stopped.insert(tokio::select! {
                    biased;
                    answer = &mut answering => return answer,
                    () = left(client) => Error::client(Code::Killed, "the client left while its statement ran"),
                    error = around.expired() => error,
                    asked = around.interrupt.raised() => Error::new(Code::Killed, "Query execution was interrupted")
                        .with_fate(if asked == Asked::Session { Fate::Close } else { Fate::Keep }),
                }),
            };
            if let Some(answer) = stop(answering, asked, around.pools).await {
                return answer;
            }
            why.clone()
        };
        self.lease.give_up();
        Err(deaf)
    }

    /// After a task for which ids were set: what LAST_INSERT_ID() is there now, where the answer does not tell; and no id is left
    /// for an INSERT of somebody else.
    async fn settle_ids(&mut self, ids: Preset, answer: &Result<Answer>) -> Option<u64> {
        let unknown = ids.last_insert_id.is_some() || (ids.insert_id.is_some() && answer.is_err());
        let told = if unknown && !self.lease.is_lost() {
            self.lease.query("SELECT LAST_INSERT_ID()", 1).await.ok().and_then(|a| a.text(0, 0)?.parse().ok())
        } else {
            None
        };
        let used = answer.as_ref().is_ok_and(|answer| ids.was_used(answer.ok.last_insert_id));
        if ids.insert_id.is_some() && !used && drop_insert_id(&mut self.lease).await.is_err() {
            self.lease.give_up();
        }
        told
    }

    /// Chooses this source's next task; `false` when there is none.
    fn advance(&mut self, tasks: &[Task<'_>]) -> bool {
        self.asked = (self.next..tasks.len()).find(|&i| tasks[i].source == self.source);
        self.next = self.asked.map_or(tasks.len(), |i| i + 1);
        self.asked.is_some()
    }
}

/// Takes what is about the statement and not about its rows from all answers but the first that says it.
pub fn say_once(answers: &mut [Summary]) {
    /// No default value for a field; deprecated syntax, with and without a replacement.
    const ABOUT_THE_STATEMENT: [&str; 3] = ["1364", "1287", "1681"];
    let mut said: Vec<[String; 3]> = Vec::new();
    for answer in answers.iter_mut().filter(|answer| answer.warnings > 0) {
        let before = answer.messages.len();
        let own = said.len();
        answer.messages.retain(|message| {
            let about = ABOUT_THE_STATEMENT.contains(&message[1].as_str());
            let again = said.iter().take(own).any(|earlier| earlier == message);
            if about && !again {
                said.push(message.clone());
            }
            !about || !again
        });
        let fewer = before.saturating_sub(answer.messages.len()) as u16;
        if fewer > 0 {
            answer.warnings = answer.warnings.saturating_sub(fewer);
            answer.info = info::with_warnings(&answer.info, answer.warnings);
        }
    }
}

/// Several servers' answers as one.
pub fn sum(answers: &[Summary]) -> Summary {
    let infos: Vec<String> = answers.iter().map(|answer| answer.info.clone()).collect();
    Summary {
        affected: answers.iter().map(|a| a.affected).sum(),
        last_insert_id: answers.iter().map(|a| a.last_insert_id).find(|id| *id != 0).unwrap_or(0),
        status: answers.iter().fold(0, |all, a| all | a.status),
        warnings: answers.iter().fold(0u16, |all, a| all.saturating_add(a.warnings)),
        info: info::sum(&infos),
        messages: answers.iter().flat_map(|a| a.messages.clone()).take(single::WARNINGS).collect(),
    }
}
