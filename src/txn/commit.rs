//! How a transaction ends on its sources.
//!
//! Where one source has been written to, its COMMIT is all there is to it. Where several have: the later branches are
//! prepared while the first source, in its own plain transaction, writes the decision; its COMMIT decides; then the
//! later branches commit. Whoever dies in between leaves either a decision, which recovery finds and carries out, or none,
//! and nothing of the transaction is there. The round trips are those of two-phase commit, and one for the decision's COMMIT.

use std::sync::Arc;

use futures_util::future::join_all;
use smallvec::{SmallVec, smallvec};

use super::coordinator::Coordinator;
use super::held::{FEW, Held, Leg};
use crate::backend::{Answer, Conn};
use crate::base::ids::SourceId;
use crate::base::xid::{Gtrid, Xid};
use crate::base::{Code, Error, Result};
use crate::store::Outcome;

/// ER_XAER_NOTA: no branch of that name. Whoever recovers a decided transaction commits its branches, too.
const UNKNOWN_XID: u16 = 1397;
/// ER_DUP_ENTRY
const DUPLICATE: u16 = 1062;
/// ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
const READ_ONLY: u16 = 1792;

impl Held {
    /// Commits on every source: all of them, or none. After an error nothing of the transaction is there, unless the error
    /// says that this is not known.
    pub async fn commit(&mut self) -> Result<()> {
        let writers = self.legs.iter().filter(|leg| leg.open && leg.wrote).count();
        let done = match self.gtrid {
            Some(gtrid) if writers > 1 => self.decide(gtrid).await,
            _ => self.commit_one().await,
        };
        self.ended();
        done
    }

    /// Commits where one source at most has been written to: its answer is the transaction's.
    async fn commit_one(&mut self) -> Result<()> {
        let coordinator = Arc::clone(&self.coordinator);
        let coordinator = &*coordinator;
        let ended = each_open(&mut self.legs, |leg| async move {
            let wrote = leg.wrote;
            leg.touch(coordinator);
            let mut done = leg.end("COMMIT").await;
            if let Err(error) = &mut done {
                if wrote && leg.lease.as_ref().is_some_and(|lease| lease.is_lost()) {
                    *error = unanswered(error);
                }
                leg.give_up();
            }
            (wrote, done)
        })
        .await;
        self.lost |= self.any_lost();
        let writes = ended.iter().any(|(wrote, _)| *wrote);
        ended.into_iter().filter(|(wrote, _)| *wrote || !writes).try_for_each(|(_, done)| done)
    }

    /// Commits where several sources have been written to.
    async fn decide(&mut self, gtrid: Gtrid) -> Result<()> {
        let coordinator = Arc::clone(&self.coordinator);
        let _live = coordinator.committing(gtrid);
        let until = Coordinator::decides_until();
        let (home, decide) = match self.decision(&coordinator, gtrid, until) {
            Ok(decision) => decision,
            Err(error) => {
                self.undo(&coordinator, gtrid).await;
                return Err(rolled_back(error));
            }
        };
        let prepared = each_open(&mut self.legs, |leg| leg.prepare(&decide, &coordinator)).await;
        if let Some(error) = prepared.into_iter().find_map(Result::err) {
            self.lost |= self.any_lost();
            self.undo(&coordinator, gtrid).await;
            // It cannot have written anything anywhere.
            return if error.errno == READ_ONLY { Ok(()) } else { Err(rolled_back(error)) };
        }
        if let Some(error) = self.commit_first().await.err() {
            match coordinator.resolve(home, gtrid, until).await {
                Some(Outcome::Committed) => {}
                Some(Outcome::RolledBack) => {
                    self.undo(&coordinator, gtrid).await;
                    return Err(rolled_back(error));
                }
                None => {
                    self.legs.iter_mut().filter(|leg| leg.open).for_each(Leg::give_up);
                    coordinator.orphaned(gtrid);
                    return Err(unknown(gtrid, coordinator.name(home), &error));
                }
            }
        }
        coordinator.metrics.transactions_spread.inc();
        let ended = each_open(&mut self.legs, Leg::commit_prepared).await;
        let sure = ended.iter().all(|ended| matches!(ended, Ended::Committed));
        let late: SmallVec<[(SourceId, Xid); FEW]> = ended.into_iter().filter_map(Ended::late).collect();
        if sure {
            coordinator.settled(home, gtrid);
        }
        coordinator.commit_late(gtrid, &late).await;
        Ok(())
    }

    /// Where the transaction is decided, and the statement that does it.
    fn decision(&self, coordinator: &Coordinator, gtrid: Gtrid, until: u64) -> Result<(SourceId, String)> {
        let home = self.legs.iter().find(|leg| leg.open && leg.xid.is_none()).map(|leg| leg.source);
        let home = home.ok_or_else(|| Error::new(Code::Internal, "the transaction has no first source"))?;
        let mut branches = String::new();
        for leg in self.legs.iter().filter(|leg| leg.open && leg.wrote && leg.xid.is_some()) {
            branches += &coordinator.place(leg.source)?.known().ok_or_else(in_use)?;
            branches.push(',');
        }
        Ok((home, coordinator.place(home)?.decisions.decide_sql(gtrid, &branches, until)))
    }

    /// The COMMIT that decides. After an error its connection is closed.
    async fn commit_first(&mut self) -> Result<()> {
        let first = self.legs.iter_mut().find(|leg| leg.open && leg.xid.is_none());
        let Some(lease) = first.and_then(|leg| leg.lease.as_mut()) else {
            return Err(in_use());
        };
        let done = lease.query("COMMIT", 0).await;
        if done.is_err() {
            lease.give_up();
        }
        done.map(|_| ())
    }

    /// Rolls back what was prepared, or may have been.
    async fn undo(&mut self, coordinator: &Coordinator, gtrid: Gtrid) {
        let left = each_open(&mut self.legs, |leg| async move {
            let undone = leg.undo().await;
            if undone.is_err() {
                leg.give_up();
            }
            undone.is_err() && leg.xid.is_some()
        })
        .await;
        if left.contains(&true) {
            coordinator.orphaned(gtrid);
        }
    }

    /// Rolls back on every source. A source that does not answer has its connection closed, which rolls back as well.
    pub async fn rollback(&mut self) {
        each_open(&mut self.legs, |leg| async move {
            if leg.end("ROLLBACK").await.is_err() {
                leg.give_up();
            }
        })
        .await;
        self.ended();
    }
}

impl Leg {
    /// COMMIT or ROLLBACK of this source's part alone.
    pub(super) async fn end(&mut self, how: &str) -> Result<()> {
        let Some(lease) = self.lease.as_mut() else { return Err(in_use()) };
        match &self.xid {
            None => lease.query(how, 0).await.map(|_| ()),
            Some(xid) if how == "COMMIT" => {
                let (end, commit) = (format!("XA END {xid}"), format!("XA COMMIT {xid} ONE PHASE"));
                lease.query_both(&end, &commit).await.map(|_| ())
            }
            Some(xid) => {
                // A deadlock has ended it already: then only the second is wanted.
                let (end, rollback) = (format!("XA END {xid}"), format!("XA ROLLBACK {xid}"));
                lease.query_anyway(&end, &rollback).await.map(|_| ())
            }
        }
    }

    /// Sees to it that the binary log has a change of a branch that may have none left.
    fn touch(&mut self, coordinator: &Coordinator) {
        let Some(xid) = self.xid.as_ref().filter(|_| self.wrote && self.partly_undone) else { return };
        if let (Ok(place), Some(lease)) = (coordinator.place(self.source), self.lease.as_mut()) {
            for sql in place.decisions.touch_sql(xid) {
                lease.queue_before(&sql);
            }
        }
    }

    /// The first phase: a later branch is prepared; the first one has its decision written, by `decide`.
    async fn prepare(&mut self, decide: &str, coordinator: &Coordinator) -> Result<()> {
        self.touch(coordinator);
        if self.xid.is_none() && self.unsure {
            self.check_open().await?;
        }
        let Some(lease) = self.lease.as_mut() else { return Err(in_use()) };
        let Some(xid) = &self.xid else {
            return match lease.query(decide, 0).await {
                // Outside of the transaction, should the server have ended it, it would say nothing of what was done inside.
                Ok(Answer { ok, .. }) if ok.affected == 1 && Conn::in_transaction(ok.status) => Ok(()),
                Ok(_) => Err(aborted("its COMMIT was held up for too long, or the server has ended it")),
                Err(error) if error.errno == DUPLICATE => {
                    Err(aborted("another Shardgate has taken it for abandoned"))
                }
                Err(error) => Err(error),
            };
        };
        if !self.wrote {
            // It ends when all is decided: there is nothing to prepare.
            return Ok(());
        }
        lease.query_both(&format!("XA END {xid}"), &format!("XA PREPARE {xid}")).await.map(|_| ())
    }

    /// Asks a server whether the plain transaction is open there that has seen an error.
    pub(super) async fn check_open(&mut self) -> Result<()> {
        let Some(lease) = self.lease.as_mut() else { return Err(in_use()) };
        let Answer { ok, .. } = lease.query("DO 0", 0).await?;
        self.unsure = false;
        if Conn::in_transaction(ok.status) { Ok(()) } else { Err(aborted("its server has rolled it back")) }
    }

    /// The second phase. What has to be tried again: its connection is closed.
    async fn commit_prepared(leg: &mut Self) -> Ended {
        let Some(xid) = leg.xid.clone() else { return Ended::Committed };
        if !leg.wrote {
            // Whether its reading ends well makes no difference.
            if leg.end("COMMIT").await.is_err() {
                leg.give_up();
            }
            return Ended::Committed;
        }
        let done = match leg.lease.as_mut() {
            Some(lease) => lease.query(&format!("XA COMMIT {xid}"), 0).await,
            None => Err(in_use()),
        };
        match done {
            Ok(_) => Ended::Committed,
            Err(error) if error.errno == UNKNOWN_XID => Ended::ByOthers,
            Err(_) => {
                leg.give_up();
                Ended::Late(leg.source, xid)
            }
        }
    }

    /// Undoes the first phase, however far it came. An error: it may be prepared still.
    async fn undo(&mut self) -> Result<()> {
        let Some(lease) = self.lease.as_mut() else { return Err(in_use()) };
        let Some(xid) = &self.xid else { return lease.query("ROLLBACK", 0).await.map(|_| ()) };
        if lease.is_broken() {
            return Err(Error::new(Code::SourceLost, "its connection is lost"));
        }
        match lease.query_anyway(&format!("XA END {xid}"), &format!("XA ROLLBACK {xid}")).await {
            Err(error) if error.errno == UNKNOWN_XID => Ok(()),
            done => done.map(|_| ()),
        }
    }

    pub(super) fn give_up(&mut self) {
        if let Some(lease) = self.lease.as_mut() {
            lease.give_up();
        }
    }
}

/// Does something wherever the transaction is open, at once on all sources.
pub(super) async fn each_open<'a, F: Future>(
    legs: &'a mut [Leg],
    work: impl Fn(&'a mut Leg) -> F,
) -> SmallVec<[F::Output; FEW]> {
    let mut open = legs.iter_mut().filter(|leg| leg.open);
    let Some(first) = open.next() else { return SmallVec::new() };
    // Most have one, and need no list.
    let Some(second) = open.next() else { return smallvec![work(first).await] };
    join_all([first, second].into_iter().chain(open).map(work)).await.into()
}

/// What became of a prepared branch.
enum Ended {
    Committed,
    /// Somebody else has committed it, or will: its server does not know it by this connection.
    ByOthers,
    /// Its connection was lost.
    Late(SourceId, Xid),
}

impl Ended {
    fn late(self) -> Option<(SourceId, Xid)> {
        match self {
            Self::Late(source, xid) => Some((source, xid)),
            _ => None,
        }
    }
}

/// Drivers try again what failed as a deadlock does (ER_LOCK_DEADLOCK).
fn aborted(why: &str) -> Error {
    let error =
        Error::new(Code::Internal, format!("the transaction cannot be committed: {why}; try it again"));
    Error { errno: 1213, sqlstate: *b"40001", ..error }
}

fn in_use() -> Error {
    Error::new(Code::Internal, "a connection of the transaction is in use")
}

/// A COMMIT on one source alone was not answered: nothing tells what became of it.
fn unanswered(error: &Error) -> Error {
    let text =
        format!("the outcome of the transaction is unknown: its COMMIT was not answered ({})", error.message);
    Error::new(Code::OutcomeUnknown, text)
}

fn rolled_back(mut error: Error) -> Error {
    error.message += " (the transaction was rolled back on all sources)";
    error
}

/// ER_ERROR_DURING_COMMIT, with words of its own.
fn unknown(gtrid: Gtrid, home: &str, error: &Error) -> Error {
    Error::new(
        Code::OutcomeUnknown,
        format!(
            "the outcome of transaction {gtrid} is unknown: source \"{home}\", where it is decided, was lost in its COMMIT ({}); \
             once that source is back, SHOW SHARDGATE TRANSACTIONS tells whether it is committed or rolled back",
            error.message
        ),
    )
}
