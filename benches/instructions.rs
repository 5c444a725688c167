//! Instructions of a statement, counted by callgrind: `make instructions` compares them with those of
//! `benches/instructions.toml` and fails where one has become more than 5 % worse; `make instructions ARGS=accept` writes
//! them there.
//!
//! Pieces of the way are counted in this program, which runs itself under valgrind. A whole proxy is counted by running
//! `shardgate serve` under valgrind between a client and real servers. A new statement, which has to be parsed, marks where
//! one batch of known ones ends and the next begins. A wake-up more or less depends on the moment an answer comes, so the
//! least of several batches counts. What the kernel does is not counted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    missing_docs,
    reason = "a bench stops where it cannot go on, and shares code with other benches and tests"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its reader sits at a terminal")]

#[path = "../tests/support/client.rs"]
mod client;
#[path = "../tests/support/packets.rs"]
mod packets;
mod pieces;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use client::{Answer, Client, Login, Param, Statement};
use comfy_table::{CellAlignment, Table, presets};
use shardgate::cli::demo::servers::{Cluster, Spec};
use shardgate::plan::merge_spec::Step;

use pieces::{Cached, INSERT, Merging, POINT, Prepared, ROWS, SCATTER, STREAMS, answer, by_id, scan};

/// The share by which a figure may be worse.
const TOLERANCE: f64 = 0.05;
const SHARDS: u16 = 2;
const ROWS_THERE: u64 = 64;
/// Statements of a batch, and batches.
const BATCH: u64 = 200;
const BATCHES: u64 = 6;
/// Runs once for each statement that is not known, and for no other.
const MARK: &str = "shardgate::sql::parse::parse_bytes";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |word: &str| arguments.iter().any(|argument| argument == word);
    if given("pieces") {
        run_pieces();
        return ExitCode::SUCCESS;
    }
    // `cargo test --all-targets` starts benches too, without this word.
    if !given("--bench") {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/callgrind");
    std::fs::remove_dir_all(&dir).ok();
    std::fs::create_dir_all(&dir).unwrap();
    let mut figures = count_pieces(&dir);
    figures.extend(runtime.block_on(count_proxy(&dir)));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.toml");
    if given("accept") { accept(&file, &figures) } else { compare(&file, &figures) }
}

/// Instructions of one statement or row, by its name.
type Figures = Vec<(String, f64)>;

// ---- comparing --------------------------------------------------------------------------------------------------

fn accept(file: &Path, figures: &Figures) -> ExitCode {
    let mut text = String::from(
        "# Instructions of a statement, or of a row: what `make instructions ARGS=accept` counted last. They depend on the\n\
         # compiler and a little on the processor.\n\n",
    );
    for (name, figure) in figures {
        writeln!(text, "\"{name}\" = {figure:.1}").unwrap();
    }
    std::fs::write(file, &text).unwrap();
    println!("{text}\nWritten to {}", file.display());
    ExitCode::SUCCESS
}

fn compare(file: &Path, figures: &Figures) -> ExitCode {
    let accepted: BTreeMap<String, f64> = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(["instructions of", "accepted", "now", ""]);
    for column in 1..4 {
        table.column_mut(column).unwrap().set_cell_alignment(CellAlignment::Right);
    }
    let (mut worse, mut better) = (false, false);
    for (name, now) in figures {
        let Some(before) = accepted.get(name) else {
            worse = true;
            table.add_row([name, "–", &format!("{now:.1}"), "not in the file"]);
            continue;
        };
        let change = now / before - 1.0;
        (worse, better) = (worse || change > TOLERANCE, better || change < -TOLERANCE);
        let mark = if change > TOLERANCE { " worse" } else { "" };
        let change = format!("{:+.1} %{mark}", change * 100.0);
        table.add_row([name, &format!("{before:.1}"), &format!("{now:.1}"), &change]);
    }
    println!("{table}");
    if better {
        println!("`make instructions ARGS=accept` keeps what became better.");
    }
    if worse {
        println!("More than {:.0} % worse: `make instructions ARGS=accept` accepts it.", TOLERANCE * 100.0);
    }
    if worse { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

// ---- pieces -----------------------------------------------------------------------------------------------------

/// A piece of the way, and how many statements or rows one run of it is.
type Piece = (&'static str, usize, Box<dyn FnMut()>);

fn pieces() -> Vec<Piece> {
    let cached = |text| -> Box<dyn FnMut()> {
        let mut cached = Cached::new(text);
        Box::new(move || drop(black_box(cached.run())))
    };
    let mut prepared = Prepared::new();
    let scanned = |rows| -> Box<dyn FnMut()> {
        let answer = answer(rows);
        Box::new(move || assert_eq!(scan(black_box(&answer)), rows as u64))
    };
    let merged = |merging: Merging| -> Box<dyn FnMut()> {
        Box::new(move || {
            black_box(merging.drive(&mut merging.merger()));
        })
    };
    vec![
        ("point select: normalise, hit, bind", 1, cached(POINT)),
        ("scatter: normalise, hit, bind", 1, cached(SCATTER)),
        ("insert with a new id: normalise, hit, bind", 1, cached(INSERT)),
        ("prepared point select: decode, bind", 1, Box::new(move || drop(black_box(prepared.run())))),
        ("scan of an answer with one row", 1, scanned(1)),
        ("scan of a large answer, each row", ROWS, scanned(ROWS)),
        ("merge by order, each row", ROWS * STREAMS, merged(Merging::rows(Step::Sorted { keys: by_id() }))),
        ("merge by group, each row", ROWS * STREAMS, merged(Merging::groups())),
    ]
}

/// What callgrind counts: everything within a call of this, and each call apart.
#[inline(never)]
fn counted(runs: usize, piece: &mut dyn FnMut()) {
    for _ in 0..runs {
        piece();
    }
}

fn run_pieces() {
    for (_, size, mut piece) in pieces() {
        // What grows once has grown then.
        piece();
        counted(runs(size), &mut piece);
    }
}

fn runs(size: usize) -> usize {
    if size == 1 { 100 } else { 1 }
}

fn count_pieces(dir: &Path) -> Figures {
    let out = dir.join("pieces");
    let mut command =
        callgrind(&out, &["--toggle-collect=instructions::counted", "--dump-after=instructions::counted"]);
    command.arg(std::env::current_exe().unwrap()).arg("pieces").env_clear().env("PATH", "/usr/bin:/bin");
    let status = command.status().expect("valgrind: apt-get install valgrind");
    assert!(status.success(), "{command:?}: {status}");
    let figure =
        |((name, size, _), total): (Piece, u64)| (name.to_owned(), total as f64 / (runs(size) * size) as f64);
    pieces().into_iter().zip(parts(&out)).map(figure).collect()
}

// ---- a whole proxy ----------------------------------------------------------------------------------------------

/// A statement that a client sends again and again.
struct Case {
    name: &'static str,
    /// `?` is the key of a row, of a new one in an INSERT.
    sql: &'static str,
    prepared: bool,
    /// Within one open transaction.
    inside: bool,
}

const POINT_BY_KEY: &str = "SELECT c FROM t WHERE id = ?";
const INSERT_BY_KEY: &str = "INSERT INTO t (id, k, c) VALUES (?, 1, 'new')";
const SORTED: &str = "SELECT id, c FROM t WHERE id < 65 ORDER BY id LIMIT 10";
const CASES: [Case; 5] = [
    Case { name: "proxy: point select", sql: POINT_BY_KEY, prepared: false, inside: false },
    Case { name: "proxy: prepared point select", sql: POINT_BY_KEY, prepared: true, inside: false },
    Case { name: "proxy: point select in a transaction", sql: POINT_BY_KEY, prepared: false, inside: true },
    Case { name: "proxy: insert", sql: INSERT_BY_KEY, prepared: false, inside: false },
    Case { name: "proxy: scatter of 10 rows over 2 shards", sql: SORTED, prepared: false, inside: false },
];

async fn count_proxy(dir: &Path) -> Figures {
    let spec = Spec { primaries: SHARDS, replicas_each: 0, plain: 0, dir: dir.with_file_name("servers") };
    let cluster = Cluster::start(spec).await.unwrap_or_else(|error| panic!("{error}"));
    for server in &cluster.primaries {
        let table = "CREATE TABLE a.t (id BIGINT PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL)";
        server.run(&["CREATE DATABASE a", table]).await.unwrap();
    }
    let out = dir.join("proxy");
    let mut proxy = Proxy::start(dir, &cluster, &out);
    let mut session = Session { client: proxy.client().await, marks: 0, runs: 0 };
    session.fill().await;
    let mut cases = Vec::new();
    for case in &CASES {
        let statement =
            if case.prepared { Some(session.client.prepare(case.sql).await.unwrap()) } else { None };
        // Everything is known before the first mark.
        session.begin(case).await;
        session.run(case, statement.as_ref()).await;
        session.end(case).await;
        cases.push((case, statement));
    }
    let mut batches = Vec::new();
    for (case, statement) in cases {
        session.begin(case).await;
        let first = session.mark().await;
        // Without statements: what a mark itself takes.
        for _ in 0..BATCHES {
            session.mark().await;
        }
        for _ in 0..BATCHES {
            session.run(case, statement.as_ref()).await;
            session.mark().await;
        }
        session.end(case).await;
        batches.push((case.name, first));
    }
    let marks = session.marks;
    drop(session);
    proxy.end();
    cluster.stop().await;
    let parts = parts(&out);
    assert!(
        parts.len() as u64 >= marks,
        "{} of {marks} marks: is {MARK} a function of its own?",
        parts.len()
    );
    // Parts end where marks begin; those of the statements before the first mark come first.
    let parts = &parts[parts.len() - marks as usize..];
    let least = |from: u64| parts[from as usize..][..BATCHES as usize].iter().min().unwrap();
    let figure = |(name, first): (&str, u64)| {
        let (empty, full) = (least(first + 1), least(first + 1 + BATCHES));
        assert!(full > empty, "{name}: its batches hold nothing; does {MARK} run for known statements too?");
        (name.to_owned(), (full - empty) as f64 / BATCH as f64)
    };
    batches.into_iter().map(figure).collect()
}

/// One client's conversation with the proxy.
struct Session {
    client: Client,
    marks: u64,
    runs: u64,
}

impl Session {
    async fn fill(&mut self) {
        let rows: Vec<_> = (1..=ROWS_THERE).map(|id| format!("({id}, {}, '{id:0119}')", id % 8)).collect();
        ask(&mut self.client, &format!("INSERT INTO t (id, k, c) VALUES {}", rows.join(", "))).await;
    }

    async fn begin(&mut self, case: &Case) {
        if case.inside {
            ask(&mut self.client, "BEGIN").await;
        }
    }

    async fn end(&mut self, case: &Case) {
        if case.inside {
            ask(&mut self.client, "COMMIT").await;
        }
    }

    /// One batch.
    async fn run(&mut self, case: &Case, statement: Option<&Statement>) {
        for _ in 0..BATCH {
            self.runs += 1;
            let new = case.sql.starts_with("INSERT");
            let key = if new { 100_000 + self.runs } else { 1 + self.runs % ROWS_THERE };
            match statement {
                Some(statement) => {
                    let answers = self.client.execute(statement, &[Param::Int(key as i64)]).await;
                    check(&answers.unwrap()[0]);
                }
                None => ask(&mut self.client, &case.sql.replace('?', &key.to_string())).await,
            }
        }
    }

    /// Sends a new statement; gives its number from 0.
    async fn mark(&mut self) -> u64 {
        self.marks += 1;
        ask(&mut self.client, &format!("SELECT c AS mark_{:04} FROM t WHERE id = 1", self.marks)).await;
        self.marks - 1
    }
}

async fn ask(client: &mut Client, sql: &str) {
    check(&client.one(sql).await);
}

fn check(answer: &Answer) {
    assert!(!matches!(answer, Answer::Refused(_)), "{answer}");
}

/// `shardgate serve` under callgrind; it ends when this is dropped.
struct Proxy {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Proxy {
    fn start(dir: &Path, cluster: &Cluster, out: &Path) -> Self {
        let port = free_port();
        let mut config = format!(
            "[listen]\naddress = \"127.0.0.1:{port}\"\n[log]\nlevel = \"warn\"\n\
             [[user]]\nname = \"app\"\npassword = \"app\"\ndatabase = \"a\"\n"
        );
        for server in &cluster.primaries {
            write!(config, "[source.{}]\nprimary = \"{}\"\n", server.name(), server.url()).unwrap();
        }
        let last = SHARDS - 1;
        write!(
            config,
            "[database.a]\nshards = [\"ds{{0..{last}}}/a\"]\n[database.a.group.by_id]\n\
             algorithm = {{ hash = \"crc32\", slots = 1024 }}\ntables = {{ t = \"id\" }}\n"
        )
        .unwrap();
        let (file, log) = (dir.join("shardgate.toml"), dir.join("proxy.log"));
        std::fs::write(&file, config).unwrap();
        let output = std::fs::File::create(&log).unwrap();
        let mut command = callgrind(out, &[&format!("--dump-before={MARK}")]);
        command.arg(env!("CARGO_BIN_EXE_shardgate")).args(["serve", "--config"]).arg(file);
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let child = command.spawn().expect("valgrind: apt-get install valgrind");
        Self { child, port, log }
    }

    async fn client(&mut self) -> Client {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            match Client::connect(&Login::app(self.port)).await {
                Ok(client) => return client,
                Err(failure) => {
                    let ended = self.child.try_wait().unwrap().is_some();
                    let log = std::fs::read_to_string(&self.log).unwrap();
                    assert!(!ended && Instant::now() < deadline, "{failure}\n{log}");
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks it to end, and waits until it has.
    fn end(&mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}\n{}", std::fs::read_to_string(&self.log).unwrap());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A port that nobody listens on, below the range that outgoing connections take theirs from.
fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (0..100).map(|_| rand::random_range(10_000..15_000)).find(free).expect("no free port")
}

// ---- callgrind --------------------------------------------------------------------------------------------------

fn callgrind(out: &Path, more: &[&str]) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind", &format!("--callgrind-out-file={}", out.display())])
        .args(more);
    command
}

/// The instructions of each part of a run, in order; the last part, which ends with the program, is left out.
fn parts(out: &Path) -> Vec<u64> {
    let part = |number: usize| PathBuf::from(format!("{}.{number}", out.display()));
    (1..).map_while(|number| part(number).exists().then(|| total(&part(number)))).collect()
}

/// The instructions that a file of callgrind's sums up to.
fn total(file: &Path) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let line = text.lines().find_map(|line| line.strip_prefix("totals:")).expect("a file of callgrind's");
    line.trim().parse().unwrap()
}
