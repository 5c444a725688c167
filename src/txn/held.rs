//! The connections that a session keeps, and why.
//!
//! A transaction opens on a source when it first touches it: `BEGIN` goes in the same write as the first statement, and
//! `XA START` on each source after the first. A session also keeps connections that hold state of its own (GET_LOCK,
//! temporary tables).

use std::borrow::Cow;
use std::sync::Arc;

use tokio::time::Instant;

use super::commit::each_open;
use super::coordinator::Coordinator;
use crate::backend::{Conn, Flavor, Lease, Pools, Role, Settings};
use crate::base::ids::SourceId;
use crate::base::xid::{Gtrid, Xid};
use crate::base::{Code, Error, Result};
use crate::exec::Connections;

/// Sources that most transactions touch at most: no list is allocated for them.
pub(super) const FEW: usize = 4;

/// What a transaction is, as the client sees it.
#[derive(Debug, Clone, PartialEq, Default)]
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
        /// The session's variables then: SET SESSION changes the level of transactions to come only.
        settings: Settings,
    },
    /// autocommit = 0, and a server has opened one by itself.
    Implicit,
}

/// One source's connection.
pub(super) struct Leg {
    pub(super) source: SourceId,
    /// `None` while a statement uses it.
    pub(super) lease: Option<Lease>,
    /// Whether a transaction is open there.
    pub(super) open: bool,
    /// Its name there; `None`: a plain transaction, on the first source.
    pub(super) xid: Option<Xid>,
    /// The transaction has written there, or may have.
    pub(super) wrote: bool,
    /// The last statement there has failed, and its server may have ended the transaction.
    pub(super) unsure: bool,
    /// A part of it was rolled back there, perhaps all that it had changed.
    pub(super) partly_undone: bool,
}

/// A session's held connections.
pub struct Held {
    pub(super) coordinator: Arc<Coordinator>,
    state: State,
    /// The transaction's first source before all others.
    pub(super) legs: Vec<Leg>,
    /// The source that the transaction touched first.
    first: Option<SourceId>,
    /// The transaction's name, once it is on several sources.
    pub(super) gtrid: Option<Gtrid>,
    savepoints: Vec<String>,
    /// Transactions stay on one source.
    single: bool,
    /// When the transaction has been open for too long.
    deadline: Option<Instant>,
    /// It was, and is rolled back; the client has not been told.
    outlived: bool,
    /// `SET TRANSACTION …` for the statement that runs, where it is a transaction of its own.
    once: Option<Box<str>>,
    /// The statement that runs may write.
    writing: bool,
    /// Keep connections after the transaction: they hold state of the session.
    sticky: bool,
    /// The transaction that ended last, which AND CHAIN begins once more.
    last: State,
    /// A held connection was lost, and what the session had there with it.
    pub(super) lost: bool,
}

impl Leg {
    /// No transaction is open there any more.
    pub(super) fn closed(&mut self) {
        (self.open, self.wrote, self.xid) = (false, false, None);
        (self.unsure, self.partly_undone) = (false, false);
    }
}

impl Held {
    /// None yet. `single`: transactions stay on one source.
    pub fn new(coordinator: Arc<Coordinator>, single: bool) -> Self {
        Self {
            single,
            deadline: None,
            outlived: false,
            once: None,
            coordinator,
            state: State::Idle,
            legs: Vec::new(),
            first: None,
            gtrid: None,
            savepoints: Vec::new(),
            writing: false,
            sticky: false,
            last: State::Idle,
            lost: false,
        }
    }

    /// Whether a transaction is open, as the status flag IN_TRANS says it.
    pub fn in_transaction(&self) -> bool {
        self.state != State::Idle
    }

    /// Whether it was opened READ ONLY.
    pub fn read_only(&self) -> bool {
        matches!(self.state, State::Begun { read_only: true, .. })
    }

    /// Whether what the transaction reads must not change while it lasts. `settings`: those of one that has still to begin.
    pub fn repeats_reads(&self, settings: &Settings) -> bool {
        match &self.state {
            State::Begun { characteristics, settings, .. } => {
                let own = characteristics.as_ref().map(|own| own.to_ascii_uppercase());
                match own.filter(|own| own.contains("ISOLATION")) {
                    Some(level) => !level.contains("COMMITTED"),
                    None => settings.repeats_reads(),
                }
            }
            State::Idle | State::Implicit => settings.repeats_reads(),
        }
    }

    /// AND CHAIN: another transaction like the one that ended last.
    pub fn begin_again(&mut self, settings: &Settings) {
        match std::mem::take(&mut self.last) {
            State::Begun { characteristics, read_only, settings, .. } => {
                let begin = if read_only { "START TRANSACTION READ ONLY" } else { "START TRANSACTION" };
                self.begin(begin, characteristics.as_deref(), read_only, &settings);
            }
            State::Idle | State::Implicit => self.begin("START TRANSACTION", None, false, settings),
        }
    }

    /// The source that holds the first connection, to be preferred where any would do.
    pub fn home(&self) -> Option<SourceId> {
        self.legs.first().map(|leg| leg.source)
    }

    /// Whether transactions stay on one source.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// From the next transaction on they may span several sources, or not.
    pub fn set_single(&mut self, single: bool) {
        self.single = single;
    }

    /// When the open transaction will have been open for too long.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Rolls the transaction back if it has been open for too long; its client is told at its next statement.
    pub async fn expire(&mut self) {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.rollback().await;
            self.outlived = true;
        }
    }

    /// What the client has to be told of a transaction that was open for too long, once.
    pub fn outlived(&mut self) -> Option<Error> {
        let timeout = self.coordinator.timeout().filter(|_| std::mem::take(&mut self.outlived))?;
        let text = format!(
            "the transaction was open for longer than transaction.timeout = {} ms, and is rolled back; try restarting transaction",
            timeout.as_millis()
        );
        Some(Error::new(Code::LockWait, text))
    }

    /// Whether the client has still to be told so.
    pub fn has_outlived(&self) -> bool {
        self.outlived
    }

    /// `SET TRANSACTION …` for the next statement alone, which is a transaction of its own.
    pub fn characterise(&mut self, characteristics: Option<&str>) {
        self.once = characteristics.map(Into::into);
    }

    /// After a statement's failure: whether the server of a transaction over several sources has rolled its part back, as it
    /// does after a lock wait where innodb_rollback_on_timeout is on. Then the others have to, as well.
    pub async fn is_undone(&mut self) -> bool {
        let unsure = self.legs.iter_mut().find(|leg| leg.open && leg.unsure && leg.xid.is_none());
        match unsure.filter(|_| self.gtrid.is_some()) {
            Some(leg) => leg.check_open().await.is_err(),
            None => false,
        }
    }

    /// Whether the first source has ended its part of the transaction by itself, as a procedure can: then the others must end
    /// theirs as well.
    pub fn left_behind(&self) -> bool {
        let open = |plain: bool| self.legs.iter().any(|leg| leg.open && leg.xid.is_none() == plain);
        self.gtrid.is_some() && open(false) && !open(true)
    }

    /// The sources of connections that are kept.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> {
        self.legs.iter().map(|leg| leg.source)
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
        settings: &Settings,
    ) {
        let characteristics: Option<Box<str>> = characteristics.map(Into::into).or_else(|| self.once.take());
        self.first = None;
        self.deadline = self.coordinator.timeout().map(|timeout| Instant::now() + timeout);
        self.state =
            State::Begun { characteristics, begin: begin.into(), read_only, settings: settings.clone() };
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
        for leg in self.legs.iter_mut().filter(|leg| leg.open) {
            leg.partly_undone = true;
        }
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

    /// A statement begins; nothing is known of what it does.
    pub fn statement(&mut self) {
        self.writing = false;
    }

    /// The statement writes on the sources that it touches from now on.
    pub fn writes(&mut self) {
        self.writing = true;
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

    pub(super) fn ended(&mut self) {
        self.last = std::mem::take(&mut self.state);
        self.first = None;
        self.gtrid = None;
        self.deadline = None;
        self.savepoints.clear();
        if self.sticky {
            let held = self.legs.len();
            self.legs.retain(|leg| leg.lease.as_ref().is_none_or(|lease| !lease.is_broken()));
            self.lost |= self.legs.len() < held;
            for leg in &mut self.legs {
                leg.closed();
            }
        } else {
            self.legs.clear();
        }
    }

    /// Whether a connection of the transaction was lost.
    pub(super) fn any_lost(&self) -> bool {
        self.legs.iter().any(|leg| leg.open && leg.lease.as_ref().is_some_and(|lease| lease.is_lost()))
    }

    /// Runs a statement that answers OK wherever the transaction is open. The session is lost where a source is.
    async fn tell(&mut self, sql: &str) -> Result<()> {
        let told = each_open(&mut self.legs, |leg| async move {
            match leg.lease.as_mut() {
                Some(lease) => lease.query(sql, 0).await.map(|_| ()),
                None => Ok(()),
            }
        })
        .await;
        self.lost |= self.any_lost();
        told.into_iter().collect()
    }

    /// Before a write on several sources: a point to come back to if it fails on one of them.
    pub async fn statement_begins(&mut self) -> Result<()> {
        self.tell("SAVEPOINT shardgate_statement").await
    }

    /// The write has failed on one source: its other parts are undone. Sources that were first touched by it roll
    /// back to their beginning.
    pub async fn statement_failed(&mut self) {
        each_open(&mut self.legs, |leg| async move {
            let Some(lease) = leg.lease.as_mut() else { return };
            let back = lease.query("ROLLBACK TO SAVEPOINT shardgate_statement", 0).await;
            leg.partly_undone = true;
            if back.is_err() && !lease.is_lost() && leg.end("ROLLBACK").await.is_ok() {
                leg.closed();
            }
        })
        .await;
        self.lost |= self.any_lost();
        if !self.legs.iter().any(|leg| leg.open) {
            self.first = None;
        }
    }

    /// Opens the transaction on a source, ahead of the next statement there. Answers its name there, if it is a branch.
    async fn open_on(
        &mut self,
        source: SourceId,
        lease: &mut Lease,
        settings: &Settings,
    ) -> Result<Option<Xid>> {
        let first = *self.first.get_or_insert(source);
        let xid =
            if first == source || self.read_only() { None } else { Some(self.branch(first, source).await?) };
        match &self.state {
            State::Begun { settings: begun, .. } => lease.queue_state(None, &settings.at_level_of(begun)),
            State::Idle | State::Implicit => lease.queue_state(None, settings),
        }
        if let State::Begun { characteristics: Some(characteristics), .. } = &self.state {
            lease.queue_before(characteristics);
        }
        // One that the client has begun is what it was then: SET SESSION changes transactions to come only.
        if let State::Begun { characteristics, begin, read_only: false, .. } = &self.state
            && begin.starts_with("START")
            && (characteristics.is_some() || settings.is_read_only())
        {
            lease.queue_before("SET TRANSACTION READ WRITE");
        }
        match (&xid, &self.state) {
            (Some(xid), _) => lease.queue_before(&format!("XA START {xid}")),
            (None, State::Begun { begin, .. }) => lease.queue_before(begin),
            // The server begins one with the statement.
            (None, _) => {}
        }
        for name in &self.savepoints {
            lease.queue_before(&format!("SAVEPOINT {}", quoted(name)));
        }
        Ok(xid)
    }

    /// The transaction's name on a source after its first.
    async fn branch(&mut self, first: SourceId, source: SourceId) -> Result<Xid> {
        if self.single {
            return Err(Error::refused(
                "the transaction would span several sources, and its mode is \"single\"",
                "end it before touching rows of another source, or set shardgate_transaction_mode = 'atomic'",
            ));
        }
        let coordinator = Arc::clone(&self.coordinator);
        // The decision will name both.
        coordinator.home(source).await?;
        let home = coordinator.home(first).await?;
        let gtrid = *self.gtrid.get_or_insert_with(|| coordinator.gtrid());
        Ok(Xid { gtrid, home, branch: source.0 })
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
        if !self.alone() {
            let mut lease = self.pools.get(source, role, self.flavor).await?;
            lease.schemas_as_of(self.pools.schemas());
            if let Some(once) = &self.held.once {
                lease.queue_state(None, self.settings);
                lease.queue_before(once);
            }
            return Ok(lease);
        }
        let held = &mut *self.held;
        let held_lease =
            held.legs.iter_mut().find(|leg| leg.source == source).and_then(|leg| leg.lease.take());
        let mut lease = if let Some(lease) = held_lease {
            lease
        } else {
            let lease = self.pools.get(source, Role::Primary, self.flavor).await?;
            held.legs.retain(|leg| leg.source != source);
            held.legs.push(Leg {
                source,
                lease: None,
                open: false,
                xid: None,
                wrote: false,
                unsure: false,
                partly_undone: false,
            });
            lease
        };
        lease.schemas_as_of(self.pools.schemas());
        let writing = held.writing;
        let Some(leg) = held.legs.iter_mut().find(|leg| leg.source == source) else { return Ok(lease) };
        leg.wrote |= writing;
        if !leg.open && (held.in_transaction() || self.settings.manual_commit()) {
            let opened = held.open_on(source, &mut lease, self.settings).await;
            let Some(leg) = held.legs.iter_mut().find(|leg| leg.source == source) else { return Ok(lease) };
            match opened {
                Ok(xid) => leg.xid = xid,
                Err(error) => {
                    leg.lease = Some(lease);
                    return Err(error);
                }
            }
        }
        Ok(lease)
    }

    fn put(&mut self, source: SourceId, lease: Lease, status: Option<u16>) {
        let held = &mut *self.held;
        let place = held.legs.iter().position(|leg| leg.source == source && leg.lease.is_none());
        if lease.is_broken() {
            held.lost |= held.pinned();
            place.map(|place| held.legs.remove(place));
            return;
        }
        let branch = place.and_then(|place| held.legs.get(place)).is_some_and(|leg| leg.xid.is_some());
        let open = match (&held.state, status) {
            // A branch ends by XA ROLLBACK or XA COMMIT only.
            _ if branch => true,
            (State::Begun { .. }, None) => true,
            (_, Some(status)) => Conn::in_transaction(status),
            (State::Implicit, None) => true,
            // A failed statement may have begun a transaction, if servers begin them by themselves.
            (State::Idle, None) => self.settings.manual_commit(),
        };
        if open && held.state == State::Idle {
            held.state = State::Implicit;
        }
        match place.and_then(|place| held.legs.get_mut(place)) {
            Some(leg) if open || held.sticky => {
                (leg.open, leg.lease, leg.unsure) = (open, Some(lease), status.is_none());
            }
            Some(_) => held.legs.retain(|leg| leg.source != source),
            None if open || held.sticky => {
                held.first.get_or_insert(source);
                held.legs.push(Leg {
                    source,
                    lease: Some(lease),
                    open,
                    xid: None,
                    wrote: held.writing,
                    unsure: false,
                    partly_undone: false,
                });
            }
            None => {}
        }
        if !open && held.state != State::Idle && !held.legs.iter().any(|leg| leg.open) && status.is_some() {
            // The server has ended the transaction by itself: an implicit commit, a deadlock.
            held.ended();
        }
        if held.state == State::Idle && !held.legs.iter().any(|leg| leg.open || leg.xid.is_some()) {
            // The statement has begun none: the next to come may go elsewhere, and be the first.
            held.first = None;
        }
    }

    fn many(&self) -> usize {
        if self.alone() { 1 } else { self.pools.scatter() }
    }
}

impl Using<'_> {
    /// A connection on which nothing is to run that begins or ends a transaction, as where a statement is only prepared: one
    /// that is held, or any. To be given back by [`put_unused`](Self::put_unused).
    pub async fn take_unused(&mut self, source: SourceId) -> Result<Lease> {
        let mut legs = self.held.legs.iter_mut();
        let mut lease = match legs.find(|leg| leg.source == source).and_then(|leg| leg.lease.take()) {
            Some(lease) => lease,
            None => self.pools.get(source, Role::Primary, self.flavor).await?,
        };
        lease.schemas_as_of(self.pools.schemas());
        Ok(lease)
    }

    /// Gives it back.
    pub fn put_unused(&mut self, source: SourceId, lease: Lease) {
        let mut legs = self.held.legs.iter_mut();
        match legs.find(|leg| leg.source == source && leg.lease.is_none()) {
            Some(_) if lease.is_broken() => self.put(source, lease, None),
            Some(leg) => leg.lease = Some(lease),
            None => {}
        }
    }

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
