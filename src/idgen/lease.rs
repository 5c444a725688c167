//! How a proxy gets a worker's number, keeps it, and gives it back.
//!
//! What makes ids unique is the bound in the store's row: an owner's ids stay below it, and the next owner's begin at
//! it. Clocks decide only who may *try* to take a number over. So it does no harm when that happens to somebody who
//! was paused or cut off and does not know: he can make ids below his bound only, which are nobody else's.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::Ids;
use crate::base::layout::Layout;
use crate::base::{Code, Error, Result};
use crate::sharding::Moment;
use crate::store::{Lease, Leases, Snapshot};
use crate::telemetry::Metrics;

/// How far this host's clock and the store's may lie apart, in milliseconds.
const SKEW_MS: u64 = 60_000;
/// How far the ids' time may be moved forward to get above a number's bound, in milliseconds.
const JUMP_MS: u64 = 600_000;
/// For how many years ids must last.
const YEARS: f64 = 10.0;
/// How often a row may be lost to another proxy before this one rests.
const TRIES: usize = 200;
/// How many owners a message lists.
const LISTED: usize = 10;
const MS_PER_DAY: u64 = 86_400_000;
/// `TO_DAYS('1970-01-01')`
const UNIX_DAY: i64 = 719_528;

/// What a proxy asks for.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The layout of its ids, without a gene.
    pub layout: Layout,
    /// For how long a number is held without a renewal.
    pub lease: Duration,
    /// The only number that it takes; `None`: any.
    pub worker: Option<u16>,
    /// Its name: unlike that of any other process, ever.
    pub owner: String,
}

impl Terms {
    fn lease_ms(&self) -> u64 {
        self.lease.as_millis() as u64
    }
}

/// Holds a worker's number for the [`Ids`] of a proxy.
#[derive(Debug)]
pub struct Holder<L> {
    store: L,
    ids: Arc<Ids>,
    terms: Terms,
    metrics: Metrics,
    /// The number.
    worker: Option<u16>,
    /// A number has been held: ids have been made.
    begun: bool,
}

/// A row to be written, and what follows from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) lease: Lease,
    /// Where ids begin.
    pub(super) floor: u64,
    /// Its owner has not given it back.
    pub(super) stolen: bool,
}

impl<L: Leases> Holder<L> {
    /// Nothing is held before [`tend`](Self::tend).
    pub fn new(store: L, ids: Arc<Ids>, terms: Terms, metrics: Metrics) -> Self {
        Self { store, ids, terms, metrics, worker: None, begun: false }
    }

    /// The number that is held.
    pub fn worker(&self) -> Option<u16> {
        self.worker
    }

    /// Takes a number, or holds the one that it has for longer. [`Code::SourceDown`]: the store cannot be used now; other
    /// errors are for a person to mend. Ids go on up to the bound in either case, and who gets none is told the error.
    pub async fn tend(&mut self) -> Result<()> {
        let done = match self.worker {
            Some(worker) => self.renew(worker).await,
            None => self.acquire().await,
        };
        self.ids.trouble(done.as_ref().err().map(|error| error.message.clone()));
        done
    }

    /// Makes no more ids, and lets others have the number. A renewal that was given up half-way may still reach the store
    /// between reading the row and writing it: then both are done again.
    pub async fn release(&mut self) -> Result<()> {
        self.ids.fence().close();
        let Some(worker) = self.worker.take() else { return Ok(()) };
        for _ in 0..TRIES {
            let seen = self.store.read().await?;
            let Some(row) = self.own(&seen, worker) else { return Ok(()) };
            let (version, expires_ms) = (row.version + 1, seen.now_ms);
            if self.store.swap(&Lease { version, owner: String::new(), expires_ms, ..row.clone() }).await? {
                return Ok(());
            }
        }
        Err(self.outrun())
    }

    fn own<'s>(&self, seen: &'s Snapshot, worker: u16) -> Option<&'s Lease> {
        seen.leases.iter().find(|row| row.worker == worker && row.owner == self.terms.owner)
    }

    async fn renew(&mut self, worker: u16) -> Result<()> {
        let ids = Arc::clone(&self.ids);
        let fence = ids.fence();
        for _ in 0..TRIES {
            let seen = self.store.read().await?;
            let Some(row) = self.own(&seen, worker) else {
                tracing::warn!(
                    worker,
                    store = self.store.name(),
                    "another proxy has taken the worker's number"
                );
                fence.close();
                self.worker = None;
                return self.acquire().await;
            };
            // The bound first, then the time: a clock that was set forward does not meet the bound. How far it can lead
            // is limited by the store's, so that a wrong clock does not carry the bounds away with it.
            let now = fence.now().max(fence.wall().min(seen.now_ms + SKEW_MS));
            let bound_ms = row.bound_ms.max(now + self.terms.lease_ms());
            let expires_ms = seen.now_ms + self.terms.lease_ms();
            let lease = Lease { version: row.version + 1, bound_ms, expires_ms, ..row.clone() };
            if self.store.swap(&lease).await? {
                ids.extend(bound_ms);
                fence.follow(now);
                return Ok(());
            }
        }
        Err(self.outrun())
    }

    async fn acquire(&mut self) -> Result<()> {
        let ids = Arc::clone(&self.ids);
        let fence = ids.fence();
        if !self.begun {
            fence.begin();
            self.check_clock(fence.wall())?;
        }
        for _ in 0..TRIES {
            let seen = self.store.read().await?;
            self.check_store(&seen)?;
            let Choice { lease, floor, stolen } =
                choose(&self.terms, &seen, fence.now()).map_err(|why| self.refused(&why))?;
            if self.store.swap(&lease).await? {
                fence.close();
                fence.reach(floor);
                ids.hold(lease.worker, floor, lease.bound_ms);
                (self.worker, self.begun) = (Some(lease.worker), true);
                if stolen {
                    self.metrics.ids_steals.inc();
                }
                tracing::info!(worker = lease.worker, store = self.store.name(), "holds a worker's number");
                return Ok(());
            }
        }
        Err(self.outrun())
    }

    /// Refuses a clock that ids cannot be made by.
    fn check_clock(&self, wall: u64) -> Result<()> {
        let layout = &self.terms.layout;
        if wall < layout.epoch_ms() || wall - layout.epoch_ms() >= layout.end() {
            return Err(self.refused(&format!(
                "this host's clock says {}, and ids of layout {layout} are for times from {} to {}; set the clock",
                utc(wall),
                utc(layout.epoch_ms()),
                utc(layout.epoch_ms() + layout.end())
            )));
        }
        let years = layout.years_left(wall);
        if years < YEARS {
            return Err(self.refused(&format!(
                "ids of layout {layout} since {} last {years:.1} more years, and fewer than {YEARS} are too few; give new \
                 tables a layout with more bits of time",
                utc(layout.epoch_ms())
            )));
        }
        Ok(())
    }

    /// Refuses a store whose rows are of other ids, or whose clock shows another time.
    fn check_store(&self, seen: &Snapshot) -> Result<()> {
        let layout = &self.terms.layout;
        let ours = (layout.to_string(), layout.epoch_ms());
        if let Some(row) = seen.leases.iter().find(|row| (&row.layout, row.epoch_ms) != (&ours.0, ours.1)) {
            return Err(self.refused(&format!(
                "[ids] layout is {} and its epoch {}, and worker {} there has made ids of layout {} since {}: ids of both \
                 could be equal; set layout and epoch as they were, or name another store for other tables",
                ours.0,
                utc(ours.1),
                row.worker,
                row.layout,
                utc(row.epoch_ms)
            )));
        }
        let wall = self.ids.fence().wall();
        if !self.begun && wall.abs_diff(seen.now_ms) > SKEW_MS {
            return Err(self.refused(&format!(
                "this host's clock says {}, and the store's {}: more than {} s apart; set the clock that is wrong",
                utc(wall),
                utc(seen.now_ms),
                SKEW_MS / 1000
            )));
        }
        Ok(())
    }

    fn refused(&self, why: &str) -> Error {
        Error::new(Code::NoIds, format!("no worker's number from {}: {why}", self.store.name()))
    }

    fn outrun(&self) -> Error {
        let text = format!("{}: other proxies were faster, {TRIES} times over", self.store.name());
        Error::new(Code::SourceDown, text)
    }
}

/// A free number, and the row that takes it. `now`: the ids' time. `Err` says why there is none.
///
/// The bound should have passed, so that ids need not begin in the future; if none has, the lowest one is best. Among
/// equals each owner begins to look at another place: proxies that start together seldom want the same, and should the
/// store have lost what it last wrote, a new proxy seldom gets the number of one that does not know yet.
pub(super) fn choose(terms: &Terms, seen: &Snapshot, now: u64) -> Result<Choice, String> {
    let workers = terms.layout.workers();
    let mut rows: Vec<Option<&Lease>> = vec![None; workers as usize];
    for row in &seen.leases {
        if let Some(place) = rows.get_mut(usize::from(row.worker)) {
            *place = Some(row);
        }
    }
    // A row of this owner's own was written by a request whose answer was lost.
    let own = |row: &Lease| row.owner == terms.owner;
    let free = |row: &Lease| row.owner.is_empty() || row.expires_ms <= seen.now_ms || own(row);
    let start = crc32fast::hash(terms.owner.as_bytes()) % workers;
    let numbers = match terms.worker {
        Some(worker) => u32::from(worker)..u32::from(worker) + 1,
        None => 0..workers,
    };
    let candidates = numbers.clone().map(|n| if numbers.len() > 1 { (start + n) % workers } else { n });
    let candidates = candidates.filter_map(|n| Some((n, *rows.get(n as usize)?)));
    let free = candidates.filter(|(_, row)| row.is_none_or(free));
    let now = now.max(seen.now_ms);
    let ahead = |row: &Lease| row.bound_ms.saturating_sub(now);
    let best = free.min_by_key(|(_, row)| row.map_or((true, 0), |row| (!own(row), ahead(row))));
    let Some((worker, row)) = best else { return Err(all_held(seen)) };
    let stored = row.map_or(0, |row| row.bound_ms);
    if stored > now + JUMP_MS {
        return Err(format!(
            "the leases are from the future: ids of worker {worker} may have been made up to {}, it is {}, and no free \
             worker has a lower bound. Set the clocks if they are wrong. If they were, wait until then; where no table \
             holds ids of that time, remove that worker's lease",
            utc(stored),
            utc(now)
        ));
    }
    // An old copy of the rows may have been brought back: ids of times that have passed are never made anew.
    let floor = stored.max(seen.now_ms);
    let lease = Lease {
        worker: worker as u16,
        version: row.map_or(0, |row| row.version) + 1,
        owner: terms.owner.clone(),
        bound_ms: floor.max(now) + terms.lease_ms(),
        layout: terms.layout.to_string(),
        epoch_ms: terms.layout.epoch_ms(),
        expires_ms: seen.now_ms + terms.lease_ms(),
    };
    Ok(Choice { lease, floor, stolen: row.is_some_and(|row| !row.owner.is_empty() && !own(row)) })
}

fn all_held(seen: &Snapshot) -> String {
    let mut text = format!("all {} are held: ", seen.leases.len());
    for (i, row) in seen.leases.iter().take(LISTED).enumerate() {
        let seconds = row.expires_ms.saturating_sub(seen.now_ms).div_ceil(1000);
        let comma = if i > 0 { ", " } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}worker {} by {} for {seconds} s more", row.worker, row.owner);
    }
    if let Some(more) = seen.leases.len().checked_sub(LISTED).filter(|more| *more > 0) {
        let _ = write!(text, ", and {more} others");
    }
    text.push_str(
        "; end one of these proxies, or stop all for as long as a lease lasts, and take bits from the sequence for the worker \
         in [ids] layout, and another store",
    );
    text
}

/// Unix milliseconds as a person reads them.
fn utc(unix_ms: u64) -> String {
    let days = i64::try_from(unix_ms / MS_PER_DAY).unwrap_or(i64::MAX - UNIX_DAY);
    let Some(day) = Moment::from_days(days + UNIX_DAY) else { return format!("Unix time {unix_ms} ms") };
    let seconds = unix_ms % MS_PER_DAY / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{} {hour:02}:{minute:02}:{second:02} UTC", day.date_text())
}
