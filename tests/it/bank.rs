//! Nothing lost: a bank over four servers, whose proxies, servers and connections are killed at every step of its
//! transactions, has every acknowledged transfer on all sides, none of the refused, and the same sum as before.
//!
//! `house` runs the servers and proxies, `ledger` says what must be true, `teller` moves money, `cases` kills at each step
//! once, `killer` by chance. `make torture-commit` kills 2,000 times (`SHARDGATE_KILLS`); a run's seed is printed, and
//! `SHARDGATE_SEED` gives it again.

mod cases;
mod house;
mod killer;
mod ledger;
mod teller;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use house::House;
use killer::Killer;
use ledger::{ACCOUNTS, Journal, audit, open};
use teller::Teller;

use crate::support::shop::run;

const TELLERS: usize = 8;
/// How long recovery may take after the last kill.
const PATIENCE: Duration = Duration::from_secs(300);

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.replace('_', "").parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_at_any_step_leaves_all_or_nothing() {
    cases::run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_keeps_its_money_whatever_dies() {
    let seed = setting("SHARDGATE_SEED").unwrap_or_else(rand::random);
    let kills = setting("SHARDGATE_KILLS").unwrap_or(100);
    println!("SHARDGATE_SEED={seed} SHARDGATE_KILLS={kills}");
    let house = Arc::new(House::start("200ms").await);
    open(&house, ACCOUNTS).await;
    let strangers = Strangers::prepare(&house).await;
    for place in &house.places {
        place.start().await;
    }
    let (ids, closed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut tellers = tokio::task::JoinSet::new();
    for number in 0..TELLERS {
        let (house, ids, closed) = (Arc::clone(&house), Arc::clone(&ids), Arc::clone(&closed));
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
        tellers.spawn(async move {
            let mut teller = Teller::new(&house, number % house.places.len());
            while !closed.load(Ordering::Relaxed) {
                teller.act(ids.fetch_add(1, Ordering::Relaxed), &mut rng).await;
            }
            teller.journal
        });
    }
    let killer = Killer::new(Arc::clone(&house));
    let killing = tokio::spawn(Arc::clone(&killer).run(seed));
    let began = Instant::now();
    let mut shown = 0;
    let enough = || {
        killer.kills.load(Ordering::Relaxed) >= kills && house.acknowledged.load(Ordering::Relaxed) > kills
    };
    while !enough() {
        assert!(!killing.is_finished(), "the killer has failed");
        let so_far = killer.kills.load(Ordering::Relaxed) / 100;
        if so_far > shown {
            shown = so_far;
            println!("{} kills in {:.0?}", so_far * 100, began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    killer.rest();
    killing.await.unwrap();
    let killed = began.elapsed();
    closed.store(true, Ordering::Relaxed);
    let mut journal = Journal::default();
    for other in tellers.join_all().await {
        journal.transfers.extend(other.transfers);
        journal.steps.extend(other.steps);
        journal.moves.extend(other.moves);
    }
    let settled = house.settle(PATIENCE).await;
    let mut wrong = strangers.check(&house).await;
    wrong.extend(audit(&house, &journal).await);
    for (what, count) in killer.tally.lock().iter() {
        println!("{count:6} {what}");
    }
    for (why, count) in journal.reasons().iter().take(30) {
        println!("{count:6} {why}");
    }
    let [acknowledged, refused, unknown] = journal.told();
    println!(
        "{} kills in {killed:.1?}; {acknowledged} acknowledged, {refused} refused, {unknown} unknown; nothing in doubt after \
         {settled:.1?}",
        killer.kills.load(Ordering::Relaxed)
    );
    assert!(
        wrong.is_empty(),
        "SHARDGATE_SEED={seed}: {} wrong, such as {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    drop(killer);
    Arc::into_inner(house).unwrap().stop().await;
}

/// Prepared transactions of other programs, alike enough to be taken for Shardgate's.
struct Strangers;

impl Strangers {
    const XIDS: [&str; 3] = ["'sg-1-1','other'", "'other','sg-1-1',1397178708", "'other'"];

    async fn prepare(house: &House) -> Self {
        let mut client = house.direct(0).await;
        run(&mut client, &["CREATE TABLE strangers (id INT NOT NULL PRIMARY KEY)"]).await;
        for (id, xid) in Self::XIDS.iter().enumerate() {
            // On a connection of its own: on MariaDB it is busy with the transaction until that ends.
            let mut client = house.direct(0).await;
            let statements = [
                format!("XA START {xid}"),
                format!("INSERT INTO strangers VALUES ({id})"),
                format!("XA END {xid}"),
                format!("XA PREPARE {xid}"),
            ];
            run(&mut client, &statements.each_ref().map(String::as_str)).await;
        }
        Self
    }

    /// They are still there.
    async fn check(self, house: &House) -> Vec<String> {
        let mut client = house.direct(0).await;
        let mut wrong = Vec::new();
        for xid in Self::XIDS {
            let answer = client.one(&format!("XA COMMIT {xid}")).await;
            if answer.errno() != 0 {
                wrong.push(format!("a stranger's transaction {xid} was touched: {answer}"));
            }
        }
        wrong
    }
}
