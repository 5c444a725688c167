//! Eight proxies that are killed, stopped for longer than a lease, and started again, while clients insert rows: no id
//! comes twice, and what was acknowledged is there.
//!
//! `make torture-ids` inserts ten million rows (`SHARDGATE_TORTURE_ROWS`) and moves each proxy's clock about by libfaketime
//! (`SHARDGATE_FAKETIME`, the library's path).

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::support::client::{Answer, Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, number};

const PROXIES: usize = 8;
/// Rows of a statement: less than a block of ids, so that they are consecutive.
const ROWS: u64 = 1000;
const LEASE: Duration = Duration::from_secs(3);
/// No id can be made now.
const NO_IDS: u16 = 1467;
/// How long it may take that a statement is answered, in the worst case that a proxy is stopped.
const PATIENCE: Duration = Duration::from_secs(300);

/// What all proxies share.
struct Torture {
    config: String,
    database: String,
    wanted: u64,
    statements: AtomicU64,
    acknowledged: AtomicU64,
    /// Statement → the first of its ids.
    answered: Mutex<HashMap<u64, u64>>,
    kills: AtomicU64,
    pauses: AtomicU64,
    /// From a proxy's start to its first ids.
    starts: Mutex<Vec<Duration>>,
    /// The library that moves clocks, and where their offsets are.
    faketime: Option<(String, tempfile::TempDir)>,
}

impl Torture {
    fn done(&self) -> bool {
        self.acknowledged.load(Ordering::Relaxed) >= self.wanted
    }

    /// How a proxy's clock is moved: a file with its offset in seconds.
    fn clock(&self, place: usize) -> Option<PathBuf> {
        self.faketime.as_ref().map(|(_, dir)| dir.path().join(place.to_string()))
    }

    fn set_clock(&self, place: usize, seconds: i64) {
        if let Some(file) = self.clock(place) {
            let new = file.with_extension("new");
            std::fs::write(&new, format!("{seconds:+}\n")).unwrap();
            std::fs::rename(new, file).unwrap();
        }
    }

    /// Starts a proxy with a clock that is wrong by less than what it would refuse.
    async fn start(&self, place: usize) -> Proxy {
        self.set_clock(place, rand::random_range(-55..=55));
        let Some((library, _)) = &self.faketime else { return Proxy::start(&self.config).await };
        let file = self.clock(place).unwrap();
        let variables = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", file.to_str().unwrap()),
            ("FAKETIME_CACHE_DURATION", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ];
        Proxy::start_with(&self.config, &variables).await
    }

    /// Starts a proxy again and again.
    async fn place(self: Arc<Self>, place: usize) {
        while !self.done() {
            let began = Instant::now();
            let proxy = self.start(place).await;
            let client = connect(&Login::app(proxy.port).database(&self.database)).await;
            let inserting = tokio::spawn(Arc::clone(&self).insert(client, began));
            self.harm(place, proxy).await;
            inserting.await.unwrap();
        }
    }

    /// Lets a proxy run for a while, stops it now and then, and kills it.
    async fn harm(&self, place: usize, proxy: Proxy) {
        for _ in 0..rand::random_range(1..4) {
            if self.done() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(rand::random_range(50..1500))).await;
            match rand::random_range(0..12) {
                0 => {
                    self.pauses.fetch_add(1, Ordering::Relaxed);
                    signal(&proxy, "STOP");
                    let pause = rand::random_range(500..2 * LEASE.as_millis() as u64);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                    signal(&proxy, "CONT");
                }
                1..4 => self.set_clock(place, rand::random_range(-3600..=3600)),
                _ => {}
            }
        }
        self.kills.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(|| drop(proxy)).await.unwrap();
    }

    /// Inserts until the proxy is gone.
    async fn insert(self: Arc<Self>, mut client: Client, began: Instant) {
        let mut first = true;
        while !self.done() {
            let statement = self.statements.fetch_add(1, Ordering::Relaxed);
            let row = format!("({statement})");
            let rows = vec![row.as_str(); ROWS as usize].join(",");
            let sql = format!("INSERT INTO t (statement) VALUES {rows}");
            let answer = tokio::time::timeout(PATIENCE, client.query(&sql)).await.expect("no answer");
            let Ok(answers) = answer else { return };
            match answers.as_slice() {
                [Answer::Done(done)] => {
                    assert_eq!(done.affected, ROWS);
                    self.answered.lock().insert(statement, done.last_id);
                    self.acknowledged.fetch_add(ROWS, Ordering::Relaxed);
                    if std::mem::take(&mut first) {
                        self.starts.lock().push(began.elapsed());
                    }
                }
                // Stopped, or alone too long with its lease: a statement waits for ids for five seconds.
                [Answer::Refused(refusal)] if refusal.errno == NO_IDS => {}
                // A duplicate key is what this is about; nothing else may happen either.
                other => panic!("{other:?}"),
            }
        }
    }
}

fn signal(proxy: &Proxy, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &proxy.pid.to_string()]).status();
    assert!(status.unwrap().success(), "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_id_comes_twice_and_no_row_is_lost_when_proxies_are_killed() {
    let wanted = std::env::var("SHARDGATE_TORTURE_ROWS")
        .map_or(150_000, |text| text.replace('_', "").parse().unwrap());
    let faketime = std::env::var("SHARDGATE_FAKETIME").ok().map(|library| {
        assert!(PathBuf::from(&library).exists(), "SHARDGATE_FAKETIME={library}: no such file");
        (library, tempfile::tempdir().unwrap())
    });
    let lab = Lab::start(1, 0, 0).await;
    let database = lab.database("torture").await;
    let primary = &lab.cluster.primaries[0];
    let create = [
        format!("CREATE TABLE {database}.t (id BIGINT PRIMARY KEY, statement INT NOT NULL)"),
        "SET GLOBAL innodb_flush_log_at_trx_commit = 2".to_owned(),
    ];
    primary.run(&create).await.unwrap();
    // 64 workers for eight proxies that leave theirs behind every second: all are taken over many times.
    let config = format!(
        "[[user]]\nname = \"app\"\npassword = \"app\"\n[source.ds0]\nprimary = \"{}\"\n\
         [ids]\nlayout = \"41/6/12\"\nlease = \"{}s\"\n\
         [database.{database}]\nshards = [\"ds0/{database}\"]\nsingle = {{ t = \"ds0/{database}\" }}\n\
         [database.{database}.table.t]\nid = {{ column = \"id\" }}\n",
        primary.url(),
        LEASE.as_secs()
    );
    let torture = Arc::new(Torture {
        config: format!("threads = 1\n{config}"),
        database: database.clone(),
        wanted,
        statements: AtomicU64::new(0),
        acknowledged: AtomicU64::new(0),
        answered: Mutex::default(),
        kills: AtomicU64::new(0),
        pauses: AtomicU64::new(0),
        starts: Mutex::default(),
        faketime,
    });
    let began = Instant::now();
    let mut places = tokio::task::JoinSet::new();
    for place in 0..PROXIES {
        places.spawn(Arc::clone(&torture).place(place));
    }
    places.join_all().await;
    let took = began.elapsed();

    let mut direct = connect(&Login::root(primary.port()).database(&database)).await;
    let rows = number(&direct.one("SELECT COUNT(*) FROM t").await) as u64;
    let acknowledged = torture.acknowledged.load(Ordering::Relaxed);
    let sql = "SELECT statement, COUNT(*), MIN(id), MAX(id) FROM t GROUP BY statement";
    let answer = direct.one(sql).await;
    let mut stored = HashMap::new();
    for row in answer.rows() {
        let cells: Vec<u64> =
            row.iter().map(|cell| cell.to_string().trim_matches('\'').parse().unwrap()).collect();
        assert!(
            cells[1] == ROWS && cells[3] - cells[2] == ROWS - 1,
            "half a statement, or ids apart: {cells:?}"
        );
        stored.insert(cells[0], cells[2]);
    }
    for (statement, first) in torture.answered.lock().iter() {
        assert_eq!(stored.get(statement), Some(first), "statement {statement} was acknowledged");
    }
    let ahead =
        "SELECT CAST((MAX(id) >> 18) + 1704067200000 - UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) FROM t";
    let ahead = number(&direct.one(ahead).await);
    if torture.faketime.is_some() {
        assert!(ahead > 10_000, "no clock was moved: ids lead by {ahead} ms");
    }
    let workers = number(&direct.one("SELECT COUNT(*) FROM shardgate.leases").await);
    let versions = number(&direct.one("SELECT SUM(version) FROM shardgate.leases").await);
    let mut starts = torture.starts.lock().clone();
    starts.sort();
    println!(
        "{rows} rows, {acknowledged} of them acknowledged, in {took:.1?}: {} kills, {} pauses, clocks {} (ids lead by {ahead} ms); {workers} \
         workers, {versions} writes of their leases; first ids after {:?} (median), {:?} (slowest) from a process's start",
        torture.kills.load(Ordering::Relaxed),
        torture.pauses.load(Ordering::Relaxed),
        if torture.faketime.is_some() { "moved by up to an hour" } else { "as they are" },
        starts[starts.len() / 2],
        starts[starts.len() - 1]
    );
    assert!(rows >= acknowledged && acknowledged >= wanted);
    assert!(torture.kills.load(Ordering::Relaxed) >= PROXIES as u64);
    lab.cluster.stop().await;
}
