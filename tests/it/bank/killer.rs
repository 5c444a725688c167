//! Kills by chance: proxies, servers, connections, at steps of transactions and at any time, several at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::house::{House, SHARDS};
use crate::support::interposer::{Point, Step, Stopped};

/// How long a step is waited for before something is done anyway.
const STEP: Duration = Duration::from_millis(500);
const STEPS: [Step; 8] = [
    Step::XaStart,
    Step::XaEnd,
    Step::XaPrepare,
    Step::Decide,
    Step::Tombstone,
    Step::Commit,
    Step::XaCommit,
    Step::XaRollback,
];

/// What all killers share.
pub struct Killer {
    house: Arc<House>,
    pub kills: AtomicU64,
    done: AtomicBool,
    /// What was killed where, and how often.
    pub tally: Mutex<BTreeMap<String, u64>>,
}

impl Killer {
    pub fn new(house: Arc<House>) -> Arc<Self> {
        Arc::new(Self {
            house,
            kills: AtomicU64::new(0),
            done: AtomicBool::new(false),
            tally: Mutex::default(),
        })
    }

    /// Kills until [`Self::rest`].
    pub async fn run(self: Arc<Self>, seed: u64) {
        let mut killers = tokio::task::JoinSet::new();
        for number in 0..3 {
            let (killer, rng) = (Arc::clone(&self), StdRng::seed_from_u64(seed ^ number << 32));
            killers.spawn(async move { killer.kill_on(rng).await });
        }
        killers.join_all().await;
    }

    pub fn rest(&self) {
        self.done.store(true, Ordering::Relaxed);
    }

    async fn kill_on(self: Arc<Self>, mut rng: StdRng) {
        while !self.done.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(rng.random_range(0..150))).await;
            let (place, shard) = (rng.random_range(0..2), rng.random_range(0..SHARDS));
            let way = &self.house.places[place].ways[shard];
            let step = STEPS[rng.random_range(0..STEPS.len())];
            let point = if rng.random() { Point::Before } else { Point::After };
            let mut trap = way.trap(step, point, rng.random_range(0..3));
            let at_step = rng.random_bool(0.8);
            let reached =
                if at_step { tokio::time::timeout(STEP, trap.reached()).await.ok().flatten() } else { None };
            drop(trap);
            if at_step && reached.is_none() {
                continue;
            }
            let when = if reached.is_some() { format!("{point:?} {step:?}") } else { "any time".to_owned() };
            let what = self.strike(place, shard, reached, &mut rng).await;
            *self.tally.lock().entry(format!("{when}: {what}")).or_default() += 1;
            self.kills.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn strike(
        &self,
        place: usize,
        shard: usize,
        stopped: Option<Stopped>,
        rng: &mut StdRng,
    ) -> &'static str {
        let house = &self.house;
        let late = rng.random();
        let wait = Duration::from_millis(rng.random_range(0..800));
        let go_on = |stopped: Option<Stopped>| match stopped {
            Some(stopped) if late => stopped.pass(),
            Some(stopped) => stopped.cut(),
            None => {}
        };
        match rng.random_range(0..20) {
            0..8 => {
                match stopped {
                    Some(stopped) => stopped.cut(),
                    None => house.places[place].ways[shard].cut_all(),
                }
                "connection"
            }
            8..14 => {
                house.places[place].kill().await;
                go_on(stopped);
                tokio::time::sleep(wait / 4).await;
                house.places[place].start().await;
                "proxy"
            }
            14..16 => {
                house.places[place].stopped(tokio::time::sleep(wait * 4)).await;
                go_on(stopped);
                "proxy stopped"
            }
            16..18 => {
                tokio::time::sleep(wait * 4).await;
                go_on(stopped);
                "way stalled"
            }
            _ => {
                let restart = house.restart(shard, wait);
                if late {
                    restart.await;
                    go_on(stopped);
                } else {
                    go_on(stopped);
                    restart.await;
                }
                "server"
            }
        }
    }
}
