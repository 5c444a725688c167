//! The connections that a session keeps, and why.
//!
//! A transaction opens on a source when it first touches it: `BEGIN` goes in the same write as the first statement.
//! A session also keeps connections that hold state of its own (GET_LOCK, temporary tables).

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::backend::{Conn, Flavor, Lease, Pools, Role, Settings};
use crate::base::ids::SourceId;
use crate::base::{Error, Result};
use crate::exec::Connections;

/// Sources that most transactions touch at most: no list is allocated for them.
const FEW: usize = 4;

/// What a transaction is, as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum State {
    /// None is open.
    #[default]
    Idle,
    /// BEGIN was said; these open it on each source.
    Begun {
        /// `SET TRANSACTION …`, if it was said before.
        characteristics: Option<Box<str>>,
        /// `BEGIN`, `START TRANSACTION READ ONLY` …
        begin: Cow<'static, str>,
        read_only: bool,
    },
    /// autocommit = 0, and a server has opened one by itself.
    Implicit,
}

struct Leg {
    source: SourceId,
    /// `None` while a statement uses it.
    lease: Option<Lease>,
    /// Whether a transaction is open there.
    open: bool,
}

/// A session's held connections.
#[derive(Default)]
pub struct Held {
    state: State,
    legs: Vec<Leg>,
    savepoints: Vec<String>,
    /// Keep connections after the transaction: they hold state of the session.
    sticky: bool,
    /// The transaction that ended last was READ ONLY.
    was_read_only: bool,
    /// The transaction has written, or may have.
    wrote: bool,
    /// A held connection was lost, and what the session had there with it.
    lost: bool,
}

impl Held {
    /// Whether a transaction is open, as the status flag IN_TRANS says it.
    pub fn in_transaction(&self) -> bool {
        self.state != State::Idle
    }

    /// Whether it was opened READ ONLY.
    pub fn read_only(&self) -> bool {
        matches!(self.state, State::Begun { read_only: true, .. })
    }

    /// Whether the transaction that ended last was READ ONLY: AND CHAIN begins another like it.
    pub fn was_read_only(&self) -> bool {
        self.was_read_only
    }

    /// The source that holds the first connection, to be preferred where any would do.
    pub fn home(&self) -> Option<SourceId> {
        self.legs.first().map(|leg| leg.source)
    }

    /// How many sources the transaction has touched.
    pub fn touched(&self) -> usize {
        self.legs.iter().filter(|leg| leg.open).count()
    }

    /// Whether statements must go to the connections held: replicas are out.
    pub fn pinned(&self) -> bool {
        self.in_transaction() || self.sticky
    }

    /// Whether a held connection was lost: the session must end, as it would have with a plain server.
    pub fn lost(&self) -> bool {
        self.lost
    }

    /// From now on connections are kept until the session ends or resets.
    pub fn stick(&mut self) {
        self.sticky = true;
    }

    /// BEGIN: what to say to each source when it is first touched. The caller has ended the transaction before.
    pub fn begin(
        &mut self,
        begin: impl Into<Cow<'static, str>>,
        characteristics: Option<&str>,
        read_only: bool,
    ) {
        let characteristics = characteristics.map(Into::into);
        self.wrote = false;
        self.state = State::Begun { characteristics, begin: begin.into(), read_only };
    }

    /// Sets a savepoint wherever the transaction is open, and on each source that it touches later.
    pub async fn savepoint(&mut self, name: &str) -> Result<()> {
        self.tell(&format!("SAVEPOINT {}", quoted(name))).await?;
        self.savepoints.retain(|known| !known.eq_ignore_ascii_case(name));
        self.savepoints.push(name.to_owned());
        Ok(())
    }

    /// ROLLBACK TO: savepoints set after it are gone. `false`: there is none of that name.
    pub async fn rollback_to(&mut self, name: &str) -> Result<bool> {
        let Some(place) = self.savepoints.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
            return Ok(false);
        };
        self.tell(&format!("ROLLBACK TO SAVEPOINT {}", quoted(name))).await?;
        self.savepoints.truncate(place + 1);
        Ok(true)
    }

    /// RELEASE SAVEPOINT: it and those after it are gone. `false`: there is none of that name.
    pub async fn release(&mut self, name: &str) -> Result<bool> {
        let Some(place) = self.savepoints.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
            return Ok(false);
        };
        self.tell(&format!("RELEASE SAVEPOINT {}", quoted(name))).await?;
        self.savepoints.truncate(place);
        Ok(true)
    }

    /// A statement is about to write.
    pub fn writes(&mut self) {
        self.wrote = true;
    }

    /// Commits on every source: at once where the transaction has only read, else one after another. Then the first
    /// failure rolls back the sources that have not committed; it says so when others had committed already.
    pub async fn commit(&mut self) -> Result<()> {
        if !self.wrote {
            let failure = self.end_all("COMMIT").await;
            self.ended();
            return failure.map_or(Ok(()), Err);
        }
        let mut failure: Option<Error> = None;
        let mut committed = 0;
        for leg in self.legs.iter_mut().filter(|leg| leg.open) {
            let Some(lease) = leg.lease.as_mut() else { continue };
            let text = if failure.is_none() { "COMMIT" } else { "ROLLBACK" };
            match lease.query(text, 0).await {
                Ok(_) => committed += u32::from(failure.is_none()),
                Err(mut error) => {
                    // Whether it has committed is not known: the session ends, as it would have with that server.
                    self.lost |= lease.is_lost();
                    if committed > 0 && failure.is_none() {
                        error.message = format!(
                            "{} (committed on {committed} sources before this one failed)",
                            error.message
                        );
                    }
                    lease.give_up();
                    failure.get_or_insert(error);
                }
            }
            leg.open = false;
        }
        self.ended();
        failure.map_or(Ok(()), Err)
    }

    /// Ends the transaction wherever it is open; where that fails, by closing the connection. Answers the first failure.
    async fn end_all(&mut self, sql: &str) -> Option<Error> {
        let ended = self.ask_all(sql).await;
        let open = self.legs.iter_mut().filter(|leg| leg.open).filter_map(|leg| leg.lease.as_mut());
        for (lease, _) in open.zip(&ended).filter(|(_, ended)| ended.is_err()) {
            lease.give_up();
        }
        ended.into_iter().find_map(Result::err)
    }

    /// Runs a statement that answers OK wherever the transaction is open: sent to all sources before any answer is
    /// waited for.
    async fn ask_all(&mut self, sql: &str) -> SmallVec<[Result<()>; FEW]> {
        let mut asked = SmallVec::<[_; FEW]>::new();
        for leg in self.legs.iter_mut().filter(|leg| leg.open) {
            if let Some(lease) = leg.lease.as_mut() {
                lease.queue_query(sql.as_bytes());
                let sent = lease.settle().await;
                asked.push((lease, sent));
            }
        }
        let mut answers = SmallVec::new();
        for (lease, sent) in asked {
            let answer = match sent {
                Ok(()) => lease.answer(0).await.map(|_| ()),
                Err(error) => Err(error),
            };
            self.lost |= lease.is_lost();
            answers.push(answer);
        }
        answers
    }

    /// Rolls back on every source. A source that does not answer has its connection closed, which rolls back as well.
    pub async fn rollback(&mut self) {
        let lost = self.lost;
        self.end_all("ROLLBACK").await;
        // Nothing is lost by a rollback.
        self.lost = lost;
        self.ended();
    }

    /// Ends everything without a word: held connections are closed, and their servers roll back.
    pub fn abandon(&mut self) {
        for leg in &mut self.legs {
            if let Some(lease) = leg.lease.as_mut() {
                lease.give_up();
            }
        }
        self.legs.clear();
        self.sticky = false;
        self.ended();
    }

    fn ended(&mut self) {
        self.was_read_only = self.read_only();
        self.state = State::Idle;
        self.wrote = false;
        self.savepoints.clear();
        if self.sticky {
            self.legs.retain(|leg| leg.lease.as_ref().is_none_or(|lease| !lease.is_broken()));
            self.legs.iter_mut().for_each(|leg| leg.open = false);
        } else {
            self.legs.clear();
        }
    }

    /// Runs a statement that answers OK wherever the transaction is open.
    async fn tell(&mut self, sql: &str) -> Result<()> {
        self.ask_all(sql).await.into_iter().collect()
    }

    /// Before a write on several sources: a point to come back to if it fails on one of them.
    pub async fn statement_begins(&mut self) -> Result<()> {
        self.tell("SAVEPOINT shardgate_statement").await
    }

    /// The write has failed on one source: its other parts are undone. Sources that were first touched by it roll
    /// back to their beginning.
    pub async fn statement_failed(&mut self) {
        for leg in self.legs.iter_mut().filter(|leg| leg.open) {
            if let Some(lease) = leg.lease.as_mut() {
                let back = lease.query("ROLLBACK TO SAVEPOINT shardgate_statement", 0).await;
                self.lost |= lease.is_lost();
                if back.is_err() && lease.query("ROLLBACK", 0).await.is_ok() {
                    leg.open = false;
                }
            }
        }
    }

    /// Takes connections from here and from the pools.
    pub fn using<'a>(&'a mut self, pools: &'a Pools, flavor: Flavor, settings: &'a Settings) -> Using<'a> {
        Using { held: self, pools, flavor, settings }
    }
}

/// A session's connections while a statement runs.
pub struct Using<'a> {
    held: &'a mut Held,
    pools: &'a Pools,
    flavor: Flavor,
    settings: &'a Settings,
}

impl Connections for Using<'_> {
    async fn take(&mut self, source: SourceId, role: Role) -> Result<Lease> {
        let role = if self.alone() { Role::Primary } else { role };
        let held = &mut *self.held;
        let place = held.legs.iter().position(|leg| leg.source == source && leg.lease.is_some());
        let (mut lease, open) = match place {
            Some(place) => {
                let leg = held.legs.swap_remove(place);
                match leg.lease {
                    Some(lease) => (lease, leg.open),
                    None => (self.pools.get(source, role, self.flavor).await?, false),
                }
            }
            None => (self.pools.get(source, role, self.flavor).await?, false),
        };
        lease.schemas_as_of(self.pools.schemas());
        if let State::Begun { characteristics, begin, .. } = &held.state
            && !open
        {
            lease.queue_state(None, self.settings);
            if let Some(characteristics) = characteristics {
                lease.queue_before(characteristics);
            }
            lease.queue_before(begin);
            for name in &held.savepoints {
                lease.queue_before(&format!("SAVEPOINT {}", quoted(name)));
            }
        }
        Ok(lease)
    }

    fn put(&mut self, source: SourceId, lease: Lease, status: Option<u16>) {
        let held = &mut *self.held;
        if lease.is_broken() {
            held.lost |= held.pinned();
            return;
        }
        let open = match (&held.state, status) {
            (State::Begun { .. }, None) => true,
            (_, Some(status)) => Conn::in_transaction(status),
            (State::Implicit, None) => true,
            // A failed statement may have begun a transaction, if servers begin them by themselves.
            (State::Idle, None) => self.settings.manual_commit(),
        };
        if open && held.state == State::Idle {
            held.state = State::Implicit;
        }
        if open || held.sticky {
            held.legs.push(Leg { source, lease: Some(lease), open });
        }
        if !open && held.state != State::Idle && !held.legs.iter().any(|leg| leg.open) && status.is_some() {
            // The server has ended the transaction by itself: an implicit commit, a deadlock.
            held.ended();
        }
    }

    fn many(&self) -> usize {
        if self.alone() { 1 } else { self.pools.scatter() }
    }
}

impl Using<'_> {
    /// Whether each source has one connection for the session, to its primary: in a transaction, also in one that this
    /// very statement begins because autocommit is off.
    fn alone(&self) -> bool {
        self.held.pinned() || self.settings.manual_commit()
    }
}

/// A savepoint's name in backticks.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
