//! Recovery: every branch that was left prepared is ended as its transaction was decided, by any proxy, at any time.
//!
//! Presumed abort: a transaction without a decision is rolled back. So that this is true for ever, a tombstone takes the
//! place of the decision first: a coordinator that still lives then finds it, and rolls back as well. Therefore it does no
//! harm to come early, and there is no need to know who lives.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::coordinator::{Coordinator, Doubt};
use crate::base::Error;
use crate::base::ids::SourceId;
use crate::base::xid::{Gtrid, Xid};
use crate::store::{Asked, Asker, Decision, Outcome};

/// Decisions that are so old are removed where no source has a branch of theirs. Far more than a transaction may take to
/// decide for itself and clocks may differ: a tombstone must not go while its transaction could.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// What a row of SHOW SHARDGATE TRANSACTIONS says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The transaction; of a source that cannot be asked, nothing.
    pub gtrid: Option<Gtrid>,
    /// committing, in doubt, committed, rolled back; unreachable.
    pub state: &'static str,
    /// The source where it is decided; empty: none of this configuration.
    pub home: String,
    /// Sources with a prepared branch.
    pub branches: Vec<String>,
    /// For how long this proxy has seen it so, or how long ago it was decided, in seconds.
    pub age_s: u64,
}

/// A prepared transaction's branches: each where it was found.
type Found = HashMap<Gtrid, Vec<(SourceId, Xid)>>;

impl Coordinator {
    /// One round over all sources.
    pub async fn recover(&self) {
        let (found, told) = self.prepared().await;
        let all = told.len() == self.places.len();
        let now = Instant::now();
        let due: Vec<Gtrid> = {
            let mut doubts = self.doubts.lock();
            // What no source has prepared any more is over. One that cannot be asked may have it still.
            doubts.retain(|gtrid, _| !all || found.contains_key(gtrid));
            let due = |gtrid: &Gtrid, doubt: &Doubt| {
                doubt.orphan || (now - doubt.since >= self.terms.grace && !self.is_live(*gtrid))
            };
            let seen = found
                .keys()
                .map(|gtrid| (*gtrid, *doubts.entry(*gtrid).or_insert(Doubt { since: now, orphan: false })));
            seen.filter(|(gtrid, doubt)| due(gtrid, doubt)).map(|(gtrid, _)| gtrid).collect()
        };
        self.metrics.in_doubt.set(found.keys().filter(|gtrid| !self.is_live(**gtrid)).count() as i64);
        let oldest = self.doubts.lock().values().map(|doubt| now - doubt.since).max().unwrap_or_default();
        self.metrics.in_doubt_seconds.set(oldest.as_secs() as i64);
        for gtrid in due {
            if let Some(branches) = found.get(&gtrid) {
                self.finish(gtrid, branches).await;
            }
        }
    }

    /// Ends one transaction's branches, if its home tells how.
    async fn finish(&self, gtrid: Gtrid, branches: &[(SourceId, Xid)]) {
        let Some((_, Xid { home, .. })) = branches.first() else { return };
        let Some(place) = self.source_of(home).and_then(|home| self.place(home).ok()) else {
            return tracing::warn!(
                %gtrid, %home, "a transaction in doubt was decided on a server that is no source here"
            );
        };
        let outcome = match place.decisions.settle(gtrid, Asker::Recovery(home)).await {
            Ok(Asked::Decided(outcome)) => outcome,
            Ok(Asked::Busy) => return,
            Ok(Asked::Unknown) => {
                let name = place.decisions.name();
                return tracing::warn!(%gtrid, %home, "in doubt: {name} has another identity than it had");
            }
            Err(error) => return tracing::warn!(%gtrid, "in doubt: {}", error.message),
        };
        for (source, xid) in branches {
            let Ok(place) = self.place(*source) else { continue };
            match place.decisions.finish(xid, outcome).await {
                Ok(true) => {
                    let name = self.name(*source);
                    tracing::info!(%gtrid, source = name, ?outcome, "recovered a transaction's branch");
                    match outcome {
                        Outcome::Committed => self.metrics.recovered_committed.inc(),
                        Outcome::RolledBack => self.metrics.recovered_rolled_back.inc(),
                    };
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%gtrid, "in doubt: {}", error.message),
            }
        }
    }

    /// What is prepared, and which sources have told.
    async fn prepared(&self) -> (Found, Vec<SourceId>) {
        let (mut found, mut told) = (Found::new(), Vec::new());
        let asked = (0..self.places.len() as u16).map(SourceId).map(async |source| {
            self.home(source).await?;
            Ok::<_, Error>((source, self.place(source)?.decisions.prepared().await?))
        });
        for answer in join_all(asked).await {
            match answer {
                Ok((source, xids)) => {
                    told.push(source);
                    for xid in xids {
                        found.entry(xid.gtrid).or_default().push((source, xid));
                    }
                }
                Err(error) => tracing::debug!("{}", error.message),
            }
        }
        (found, told)
    }

    /// Removes old decisions: tombstones, as their transactions cannot decide any more; commits, where every server that
    /// had a branch tells that it has none.
    pub async fn sweep(&self) {
        let mut old = Vec::new();
        for (n, place) in self.places.iter().enumerate() {
            match place.decisions.list(OLD.as_secs()).await {
                Ok(decisions) => old.extend(decisions.into_iter().map(|d| (SourceId(n as u16), d))),
                Err(error) => tracing::debug!("{}", error.message),
            }
        }
        if old.is_empty() {
            return;
        }
        // Asked after the decisions were read: a branch that is not there by now never will be.
        let (found, told) = self.prepared().await;
        let over = |decision: &Decision| {
            let mut branches = decision.branches.iter().map(|home| self.source_of(home));
            decision.outcome == Outcome::RolledBack
                || (!found.contains_key(&decision.gtrid)
                    && branches.all(|source| source.is_some_and(|source| told.contains(&source))))
        };
        for (home, decision) in old.iter().filter(|(_, decision)| over(decision)) {
            self.settled(*home, decision.gtrid);
        }
        self.forget().await;
    }

    fn source_of(&self, home: &str) -> Option<SourceId> {
        let place = self.places.iter().position(|place| place.known().as_deref() == Some(home))?;
        u16::try_from(place).ok().map(SourceId)
    }

    /// What is known of transactions over several sources now: those in doubt, and those whose decision is still kept.
    pub async fn report(&self) -> Vec<Report> {
        if !self.spans() {
            return Vec::new();
        }
        let (found, _) = self.prepared().await;
        let now = Instant::now();
        let mut rows = Vec::new();
        let mut decided: HashMap<Gtrid, (String, &'static str, u64)> = HashMap::new();
        let listed = join_all(self.places.iter().map(|place| place.decisions.list(0))).await;
        for (name, list) in self.names.iter().zip(listed) {
            match list {
                Ok(decisions) => decided.extend(decisions.into_iter().map(|decision| {
                    let state = match decision.outcome {
                        Outcome::Committed => "committed",
                        Outcome::RolledBack => "rolled back",
                    };
                    (decision.gtrid, (name.to_string(), state, decision.age_s))
                })),
                Err(error) => {
                    tracing::debug!("{}", error.message);
                    let home = name.to_string();
                    rows.push(Report {
                        gtrid: None,
                        state: "unreachable",
                        home,
                        branches: Vec::new(),
                        age_s: 0,
                    });
                }
            }
        }
        for (gtrid, branches) in found {
            let home = branches.iter().find_map(|(_, xid)| self.source_of(&xid.home));
            let since = self.doubts.lock().get(&gtrid).map(|doubt| doubt.since);
            rows.push(Report {
                gtrid: Some(gtrid),
                state: if self.is_live(gtrid) { "committing" } else { "in doubt" },
                home: home.map_or(String::new(), |home| self.name(home).to_owned()),
                branches: branches.iter().map(|(source, _)| self.name(*source).to_owned()).collect(),
                age_s: since.map_or(0, |since| (now - since).as_secs()),
            });
            decided.remove(&gtrid);
        }
        rows.extend(decided.into_iter().map(|(gtrid, (home, state, age_s))| Report {
            gtrid: Some(gtrid),
            state,
            home,
            branches: Vec::new(),
            age_s,
        }));
        let rank = |row: &Report| {
            ["unreachable", "in doubt", "committing"].iter().position(|state| *state == row.state)
        };
        rows.sort_by_key(|row| (rank(row).unwrap_or(usize::MAX), row.age_s, row.gtrid));
        rows
    }
}
