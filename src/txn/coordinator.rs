//! What all transactions of a proxy share: their names, where they are decided, and what becomes of those whose end is not
//! known yet.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::base::clock::{Clock, SystemClock};
use crate::base::ids::SourceId;
use crate::base::xid::{Gtrid, Xid};
use crate::base::{Code, Error, Result};
use crate::store::{Asked, Asker, Decisions, Home, Outcome};
use crate::telemetry::Metrics;
use crate::topology::Source;

/// How long a transaction may still decide for itself after its COMMIT began. Tombstones stay for longer than this and any
/// difference between clocks: see [`Coordinator::sweep`](super::recover).
const DECIDES: Duration = Duration::from_secs(3600);
/// How long a decided transaction's COMMIT waits for a source that was lost.
const LATE: Duration = Duration::from_secs(1);
/// How long nobody asks again about what was just asked.
const PAUSE: Duration = Duration::from_millis(50);
/// Decisions that wait for their removal; those beyond are removed when they are old.
const WAITING: usize = 100_000;

/// Bounds and rules of transactions.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Some transactions may span several sources.
    pub atomic: bool,
    /// How long a transaction may stay open.
    pub timeout: Option<Duration>,
    /// The schema of the decisions on each source.
    pub schema: String,
    /// How long a COMMIT whose answer was lost is looked for.
    pub patience: Duration,
    /// How long a prepared branch of another proxy is left alone.
    pub grace: Duration,
}

/// A source's part in it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) decisions: Decisions,
    /// The server's identity, and where it says that it is, once it was asked.
    home: OnceLock<Home>,
    opening: tokio::sync::Mutex<()>,
}

/// A branch that was found prepared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    pub(super) since: Instant,
    /// Its transaction is known to have no coordinator any more.
    pub(super) orphan: bool,
}

/// What all transactions of a proxy share.
#[derive(Debug)]
pub struct Coordinator {
    pub(super) terms: Terms,
    owner: u64,
    next: AtomicU64,
    pub(super) places: Vec<Place>,
    pub(super) names: Vec<Arc<str>>,
    /// Numbers of own transactions that are being committed.
    live: Mutex<HashSet<u64>>,
    pub(super) doubts: Mutex<HashMap<Gtrid, Doubt>>,
    done: Mutex<Vec<(SourceId, Gtrid)>>,
    wanted: Notify,
    pub(super) metrics: Metrics,
    snapshot_sql: String,
}

/// An own transaction that is being committed: recovery leaves it alone while this lives.
#[derive(Debug)]
pub(super) struct Live<'a>(&'a Coordinator, u64);

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.live.lock().remove(&self.1);
    }
}

impl Coordinator {
    /// For transactions over these sources. Nothing is connected yet.
    pub fn new(sources: &[Source], terms: Terms, metrics: Metrics) -> Self {
        let place = |source: &Source| Place {
            decisions: Decisions::new(source, &terms.schema),
            home: OnceLock::new(),
            opening: tokio::sync::Mutex::new(()),
        };
        Self {
            owner: rand::random(),
            next: AtomicU64::new(1),
            places: sources.iter().map(place).collect(),
            names: sources.iter().map(|source| Arc::from(&*source.name)).collect(),
            live: Mutex::default(),
            doubts: Mutex::default(),
            done: Mutex::default(),
            wanted: Notify::new(),
            snapshot_sql: format!("SELECT id FROM `{}`.home", terms.schema.replace('`', "``")),
            terms,
            metrics,
        }
    }

    /// Whether there can be transactions over several sources.
    pub fn spans(&self) -> bool {
        self.terms.atomic && self.places.len() > 1
    }

    /// How long a transaction may stay open.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.terms.timeout
    }

    /// A source's name.
    pub(super) fn name(&self, source: SourceId) -> &str {
        self.names.get(usize::from(source.0)).map_or("?", |name| name)
    }

    /// A name that no transaction has or will have.
    pub(super) fn gtrid(&self) -> Gtrid {
        Gtrid { owner: self.owner, number: self.next.fetch_add(1, Ordering::Relaxed) }
    }

    pub(super) fn place(&self, source: SourceId) -> Result<&Place> {
        let unknown = || Error::new(Code::Internal, format!("source {} is not known", source.0));
        self.places.get(usize::from(source.0)).ok_or_else(unknown)
    }

    /// A read of a table of InnoDB that every source has.
    pub fn snapshot_sql(&self) -> &str {
        &self.snapshot_sql
    }

    /// A source's identity; asked of its server the first time.
    pub(super) async fn home(&self, source: SourceId) -> Result<Arc<str>> {
        let place = self.place(source)?;
        if let Some(home) = place.known() {
            return Ok(home);
        }
        let _one = place.opening.lock().await;
        if let Some(home) = place.known() {
            return Ok(home);
        }
        let home = place.decisions.open().await?;
        let copy = self.places.iter().zip(&self.names).find_map(|(other, name)| {
            let other = other.home.get()?;
            (other.id == home.id && other.server != home.server).then_some(name)
        });
        if let Some(other) = copy {
            return Err(Error::new(
                Code::Internal,
                format!(
                    "{} and source \"{other}\" have the same identity in {}.home, as after copying a server's files: DELETE that \
                     row on the copy, and no transaction may be in doubt there (XA RECOVER)",
                    place.decisions.name(),
                    self.terms.schema
                ),
            ));
        }
        Ok(Arc::clone(&place.home.get_or_init(|| home).id))
    }

    /// Prepares every source that can be reached for transactions over several. Errors: what a person has to mend.
    pub async fn open(&self) -> Result<()> {
        if !self.spans() {
            return Ok(());
        }
        for n in 0..self.places.len() as u16 {
            match self.home(SourceId(n)).await {
                Ok(_) => {}
                Err(error) if error.is(Code::SourceDown) => tracing::warn!("{}", error.message),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    // ---- one transaction's end ----------------------------------------------------------------------------------

    /// An own transaction's COMMIT begins.
    pub(super) fn committing(&self, gtrid: Gtrid) -> Live<'_> {
        self.live.lock().insert(gtrid.number);
        Live(self, gtrid.number)
    }

    /// Whether it is an own transaction that is being committed.
    pub(super) fn is_live(&self, gtrid: Gtrid) -> bool {
        gtrid.owner == self.owner && self.live.lock().contains(&gtrid.number)
    }

    /// Until when a transaction whose COMMIT begins now may decide for itself, in Unix seconds. To be asked before its first
    /// branch is prepared, and once: what is found later on says nothing of it.
    pub(super) fn decides_until() -> u64 {
        SystemClock.unix_ms() / 1000 + DECIDES.as_secs()
    }

    /// How an own transaction was decided whose deciding COMMIT was not answered; where it was not, it is rolled back.
    /// `None`: the server did not tell in time.
    pub(super) async fn resolve(&self, home: SourceId, gtrid: Gtrid, until: u64) -> Option<Outcome> {
        let deadline = Instant::now() + self.terms.patience;
        let place = self.place(home).ok()?;
        loop {
            match place.decisions.settle(gtrid, Asker::Itself(until)).await {
                Ok(Asked::Decided(outcome)) => return Some(outcome),
                Ok(Asked::Unknown) => return None,
                Ok(Asked::Busy) => {}
                Err(error) => tracing::warn!(%gtrid, "{}", error.message),
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(PAUSE).await;
        }
    }

    /// Commits branches of a decided transaction whose connections were lost. What cannot be committed soon is left to
    /// recovery.
    pub(super) async fn commit_late(&self, gtrid: Gtrid, branches: &[(SourceId, Xid)]) {
        let deadline = Instant::now() + LATE;
        for (source, xid) in branches {
            while let Ok(place) = self.place(*source) {
                let done = match place.decisions.finish(xid, Outcome::Committed).await {
                    Ok(true) => true,
                    // Somebody has done it; or the server does not know yet that its connection is lost.
                    Ok(false) => {
                        place.decisions.prepared().await.is_ok_and(|prepared| !prepared.contains(xid))
                    }
                    Err(_) => false,
                };
                if done {
                    break;
                }
                if Instant::now() >= deadline {
                    self.orphaned(gtrid);
                    break;
                }
                sleep(PAUSE).await;
            }
        }
    }

    /// A transaction has no coordinator any more: recovery need not wait.
    pub(super) fn orphaned(&self, gtrid: Gtrid) {
        let since = Instant::now();
        self.doubts.lock().entry(gtrid).or_insert(Doubt { since, orphan: true }).orphan = true;
        self.wanted.notify_one();
    }

    /// All of a transaction is there, and its client knows: its decision may be removed.
    pub(super) fn settled(&self, home: SourceId, gtrid: Gtrid) {
        let mut done = self.done.lock();
        if done.len() < WAITING {
            done.push((home, gtrid));
        }
    }

    /// Resolves when recovery has something to do at once.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Removes decisions that nobody will ask for.
    pub async fn forget(&self) {
        let done = std::mem::take(&mut *self.done.lock());
        let mut by_home: HashMap<SourceId, Vec<Gtrid>> = HashMap::new();
        for (home, gtrid) in done {
            by_home.entry(home).or_default().push(gtrid);
        }
        for (home, gtrids) in by_home {
            let Ok(place) = self.place(home) else { continue };
            if let Err(error) = place.decisions.forget(&gtrids).await {
                tracing::debug!("{}", error.message);
                for gtrid in gtrids {
                    self.settled(home, gtrid);
                }
            }
        }
    }
}

impl Place {
    /// The server's identity, if it was asked already.
    pub(super) fn known(&self) -> Option<Arc<str>> {
        self.home.get().map(|home| Arc::clone(&home.id))
    }
}
