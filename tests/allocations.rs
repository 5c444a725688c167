//! Heap allocations of a statement whose plan is cached, counted in a whole proxy on real servers.
//!
//! The proxy runs in this process. Every thread is counted but the test's own, where the client and the care of the
//! servers run. `make allocations` prints the figures; `make allocations ARGS=scatter` shows for the cases whose names
//! contain a word where each allocation of one statement comes from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    dead_code,
    reason = "all of this is a test, and the client is shared with others"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/packets.rs"]
mod packets;

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use client::{Answer, Client, Login, Param, Statement};
use shardgate::cli::demo::servers::{Cluster, Spec};
use shardgate::{config, server, topology};
use tokio::runtime::Builder;

const SHARDS: u16 = 4;
const ROWS: u64 = 64;
/// Runs before the counting begins: then connections to all shards are open, and buffers have their sizes.
const WARM: u64 = 100;
/// Runs that are counted together. The least of all batches counts: what timers do now and then is no statement's.
const BATCH: u64 = 50;
const BATCHES: u64 = 5;

/// Statements that run again and again.
struct Case {
    name: &'static str,
    /// Allocations of one run at most.
    bound: u64,
    /// What one run is. Each `?` is the key of a row: of one that there is, in an INSERT of a new one.
    steps: &'static [&'static str],
    /// Sent prepared, not as text.
    prepared: bool,
    /// Run within one open transaction.
    inside: bool,
}

impl Case {
    const fn new(name: &'static str, bound: u64, steps: &'static [&'static str]) -> Self {
        Self { name, bound, steps, prepared: false, inside: false }
    }

    const fn prepared(self) -> Self {
        Self { prepared: true, ..self }
    }

    const fn inside(self) -> Self {
        Self { inside: true, ..self }
    }
}

const POINT: &str = "SELECT c FROM t WHERE id = ?";
const INSERT: &str = "INSERT INTO t (id, k, c) VALUES (?, 1, 'new')";
const CASES: &[Case] = &[
    Case::new("point select", 0, &[POINT]),
    Case::new("point select, prepared", 0, &[POINT]).prepared(),
    Case::new("point select in a transaction", 0, &[POINT]).inside(),
    Case::new("point select in a transaction, prepared", 0, &[POINT]).prepared().inside(),
    Case::new("whole transaction", 0, &["BEGIN", POINT, "COMMIT"]),
    Case::new("update by key", 0, &["UPDATE t SET k = k + 1 WHERE id = ?"]),
    Case::new("insert with its key", 0, &[INSERT]),
    Case::new("insert with its key, prepared", 0, &[INSERT]).prepared(),
    Case::new("insert with an id that Shardgate makes", 16, &["INSERT INTO t (k, c) VALUES (1, 'new')"]),
    Case::new("scatter, merged by order", 116, &["SELECT id, c FROM t WHERE id < 65 ORDER BY id LIMIT 10"]),
    Case::new("scatter, merged by group", 165, &["SELECT k, COUNT(*), SUM(id) FROM t GROUP BY k"]),
];

#[test]
fn a_cached_statement_allocates_no_more_than_it_did() {
    // Its value chooses the cases to show; empty, none.
    let shown = std::env::var("ALLOCATIONS").ok().filter(|word| !word.is_empty());
    not_counted();
    let (proxy, here) = (
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
        Builder::new_current_thread().enable_all().build().unwrap(),
    );
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
    let spec = Spec { primaries: SHARDS, replicas_each: 0, plain: 0, dir };
    let cluster = here.block_on(Cluster::start(spec)).unwrap_or_else(|error| panic!("{error}"));
    here.block_on(create(&cluster));
    let mut config = config::parse(&configuration(&cluster), "allocations", &|_| None).unwrap();
    config.listen.address = "127.0.0.1:0".into();
    let map = topology::build(&config, 1).unwrap();
    let running =
        proxy.block_on(async { proxy.spawn(async move { server::start(&config, map).await }).await });
    let running = running.unwrap().unwrap();
    let port = running.address.port();

    let mut worse = Vec::new();
    here.block_on(async {
        for case in CASES.iter().filter(|case| shown.as_ref().is_none_or(|word| case.name.contains(word))) {
            let mut run = Run::open(case, port).await;
            run.times(WARM).await;
            let (mut least, mut bytes) = (u64::MAX, u64::MAX);
            for _ in 0..BATCHES {
                let before = (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
                run.times(BATCH).await;
                least = least.min(COUNT.load(Ordering::Relaxed) - before.0);
                bytes = bytes.min(BYTES.load(Ordering::Relaxed) - before.1);
            }
            let each = least as f64 / BATCH as f64;
            println!("{:<40} {each:>7.2} allocations, {:>7} bytes", case.name, bytes / BATCH);
            if least > case.bound * BATCH {
                worse.push(format!(
                    "{}: {each:.2} allocations, at most {} were expected",
                    case.name, case.bound
                ));
            }
            if shown.is_some() {
                println!("{}", run.sites().await);
            }
        }
    });
    proxy.block_on(running.shut_down());
    here.block_on(cluster.stop());
    assert!(
        worse.is_empty(),
        "{}\n`make allocations ARGS=WORD` shows where they come from",
        worse.join("\n")
    );
}

async fn create(cluster: &Cluster) {
    for server in &cluster.primaries {
        let table = "CREATE TABLE a.t (id BIGINT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL)";
        server.run(&["CREATE DATABASE a", table]).await.unwrap();
    }
}

fn configuration(cluster: &Cluster) -> String {
    let mut text = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\ndatabase = \"a\"\n");
    for server in &cluster.primaries {
        write!(text, "[source.{}]\nprimary = \"{}\"\n", server.name(), server.url()).unwrap();
    }
    let last = SHARDS - 1;
    write!(
        text,
        r#"
[database.a]
shards = ["ds{{0..{last}}}/a"]
[database.a.group.by_id]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables = {{ t = "id" }}
[database.a.table.t]
id = {{ column = "id", generator = "snowflake" }}
"#
    )
    .unwrap();
    text
}

/// A case in progress: a client of its own.
struct Run {
    case: &'static Case,
    client: Client,
    statements: Vec<Statement>,
    done: u64,
}

impl Run {
    async fn open(case: &'static Case, port: u16) -> Self {
        let mut client = Client::connect(&Login::app(port)).await.unwrap();
        check(&client.one("DELETE FROM t WHERE id > 0").await);
        let rows: Vec<_> = (1..=ROWS).map(|id| format!("({id}, {}, '{id:0119}')", id % 8)).collect();
        check(&client.one(&format!("INSERT INTO t (id, k, c) VALUES {}", rows.join(", "))).await);
        let mut statements = Vec::new();
        for step in case.steps.iter().filter(|_| case.prepared) {
            statements.push(client.prepare(step).await.unwrap());
        }
        if case.inside {
            check(&client.one("BEGIN").await);
        }
        Self { case, client, statements, done: 0 }
    }

    async fn times(&mut self, times: u64) {
        for _ in 0..times {
            self.done += 1;
            for (at, step) in self.case.steps.iter().enumerate() {
                let new = step.starts_with("INSERT");
                let key = if new { 100_000 + self.done } else { 1 + self.done % ROWS };
                let answers = match self.statements.get(at) {
                    Some(statement) => {
                        let keys = vec![Param::Int(key as i64); usize::from(statement.params)];
                        self.client.execute(statement, &keys).await
                    }
                    None => self.client.query(&step.replace('?', &key.to_string())).await,
                };
                check(&answers.unwrap_or_else(|failure| panic!("{step}: {failure}"))[0]);
            }
        }
    }

    /// Where the allocations of one run come from.
    async fn sites(&mut self) -> String {
        TRACED.lock().unwrap().clear();
        tokio::time::sleep(Duration::from_millis(20)).await;
        TRACING.store(true, Ordering::SeqCst);
        self.times(1).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        TRACING.store(false, Ordering::SeqCst);
        let mut sites: BTreeMap<String, (u64, usize)> = BTreeMap::new();
        let mut order = Vec::new();
        for (bytes, trace) in TRACED.lock().unwrap().drain(..) {
            let site = site(&trace.to_string());
            let counts = sites.entry(site.clone()).or_insert_with(|| {
                order.push(site);
                (0, 0)
            });
            *counts = (counts.0 + 1, counts.1 + bytes);
        }
        order.iter().fold(String::new(), |mut text, site| {
            let (count, bytes) = sites[site];
            write!(text, "  {count} × ({bytes} bytes)\n{site}").unwrap();
            text
        })
    }
}

fn check(answer: &Answer) {
    assert!(!matches!(answer, Answer::Refused(_)), "{answer}");
}

/// The frames of a trace that say most: the crate's own, and the last ones before the allocator was asked.
fn site(trace: &str) -> String {
    let mut frames: Vec<(&str, &str)> = Vec::new();
    for line in trace.lines().map(str::trim) {
        if let Some(place) = line.strip_prefix("at ") {
            frames.last_mut().unwrap().1 = place;
        } else {
            frames.push((line.split_once(": ").map_or(line, |(_, name)| name), ""));
        }
    }
    let own = |frame: &(&str, &str)| frame.1.starts_with("./src/");
    let asked = frames.iter().position(|(name, _)| name.contains("__rust_")).map_or(0, |at| at + 1);
    let plumbing = |place: &str| ["/alloc/src/alloc.rs", "/raw_vec/"].iter().any(|file| place.contains(file));
    let ours = frames.iter().position(own).unwrap_or(frames.len());
    let foreign = frames[asked..ours].iter().filter(|(_, place)| !plumbing(place)).collect::<Vec<_>>();
    let own = frames[ours..].iter().filter(|frame| own(frame)).take(8);
    // Without a function of the crate's the beginning of the trace must do.
    let shown = if ours < frames.len() {
        foreign.len().saturating_sub(3)..foreign.len()
    } else {
        0..foreign.len().min(12)
    };
    let mut text = String::new();
    for (name, place) in foreign[shown].iter().copied().chain(own) {
        let place = place.rsplit_once("/library/").map_or(*place, |(_, place)| place);
        let place = place.rsplit_once("/index.crates.io-").map_or(place, |(_, place)| place);
        writeln!(text, "      {}  {place}", name.chars().take(110).collect::<String>()).unwrap();
    }
    text
}

static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static TRACING: AtomicBool = AtomicBool::new(false);
static TRACED: Mutex<Vec<(usize, Backtrace)>> = Mutex::new(Vec::new());

thread_local! {
    static COUNTED: Cell<bool> = const { Cell::new(true) };
}

/// What this thread allocates from now on is not counted.
fn not_counted() {
    COUNTED.with(|counted| counted.set(false));
}

fn note(bytes: usize) {
    if COUNTED.try_with(Cell::get) != Ok(true) {
        return;
    }
    COUNT.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(bytes as u64, Ordering::Relaxed);
    if TRACING.load(Ordering::Relaxed) {
        // The trace allocates too.
        COUNTED.with(|counted| counted.set(false));
        TRACED.lock().unwrap().push((bytes, Backtrace::force_capture()));
        COUNTED.with(|counted| counted.set(true));
    }
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(unsafe_code, reason = "the trait demands it; everything is handed on to the system's allocator")]
// SAFETY: all blocks are the system allocator's own, given and taken back with the layouts that came in.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        unsafe { System.realloc(block, layout, size) }
    }
}
