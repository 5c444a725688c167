//! sysbench's point selects against one server directly, through HAProxy, and through Shardgate with the table spread
//! over four servers: `make bench`. Writes `benches/RESULTS.md`.
//!
//! The targets take turns within each round, so that whatever else the machine does hits all of them, and medians over
//! the rounds are shown. `BENCH_ROUNDS` (3), `BENCH_SECONDS` (5, of each run), `BENCH_ROWS` (50,000).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a bench stops where it cannot go on"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its reader sits at a terminal")]

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};
use shardgate::cli::demo::servers::{Cluster, Server, Spec};

const THREADS: [u32; 2] = [8, 64];
const SHARDS: u16 = 4;
/// Clock ticks a second in `/proc/PID/stat` (proc(5): `sysconf(_SC_CLK_TCK)`, 100 on every Linux that Rust runs on).
const TICKS: f64 = 100.0;
/// Connections that are held open to see what an idle one takes.
const IDLE: usize = 500;

fn main() {
    // `cargo test --all-targets` starts benches too, without this word.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(compare());
}

async fn compare() {
    let (rounds, seconds, rows) =
        (setting("BENCH_ROUNDS", 3), setting("BENCH_SECONDS", 5), setting("BENCH_ROWS", 50_000));
    let bench = Bench::start(rows).await;
    let mut runs: Vec<Vec<Run>> = Vec::new();
    let cases: Vec<(u32, bool)> =
        [false, true].into_iter().flat_map(|ps| THREADS.map(|threads| (threads, ps))).collect();
    for target in &bench.targets {
        target.run(rows, 8, false, 1);
    }
    for round in 0..rounds {
        for (case, &(threads, prepared)) in cases.iter().enumerate() {
            for turn in 0..bench.targets.len() {
                let at = (turn + round as usize) % bench.targets.len();
                let run = bench.targets[at].run(rows, threads, prepared, seconds);
                eprintln!(
                    "round {}: {threads} threads, prepared {prepared}, {}: {run:?}",
                    round + 1,
                    bench.targets[at].name
                );
                let slot = case * bench.targets.len() + at;
                runs.resize_with(runs.len().max(slot + 1), Vec::new);
                runs[slot].push(run);
            }
        }
    }
    let mut table = table(&[
        "threads",
        "statements",
        "through",
        "queries/s",
        "of direct",
        "p99 ms",
        "CPU s / 10,000",
        "user",
        "system",
    ]);
    for (case, &(threads, prepared)) in cases.iter().enumerate() {
        let first = case * bench.targets.len();
        let direct = median(&runs[first], |run| run.qps);
        for (target, runs) in bench.targets.iter().zip(&runs[first..]) {
            let (qps, p99) = (median(runs, |run| run.qps), median(runs, |run| run.p99));
            let (user, system) = (median(runs, |run| run.user), median(runs, |run| run.system));
            let cpu = |cost: f64| if target.pid.is_some() { format!("{cost:.3}") } else { "–".to_owned() };
            table.add_row([
                threads.to_string(),
                if prepared { "prepared" } else { "text" }.to_owned(),
                target.name.to_owned(),
                format!("{qps:.0}"),
                format!("{:.0} %", 100.0 * qps / direct),
                format!("{p99:.2}"),
                cpu(user + system),
                cpu(user),
                cpu(system),
            ]);
        }
    }
    let memory = bench.memory(rows).await;
    let about = about(&bench, rounds, seconds, rows).await;
    let page = format!("{about}\n{table}\n\n{memory}");
    println!("\n{page}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/RESULTS.md");
    std::fs::write(&file, page).unwrap();
    println!("Written to {}", file.display());
    drop(bench.processes);
    bench.cluster.stop().await;
}

fn setting(name: &str, default: u32) -> u32 {
    std::env::var(name)
        .ok()
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn median(runs: &[Run], value: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// What is measured, and everything that runs for it.
struct Bench {
    targets: Vec<Target>,
    dir: PathBuf,
    processes: Vec<Process>,
    cluster: Cluster,
}

/// Where sysbench connects to.
struct Target {
    name: &'static str,
    port: u16,
    user: &'static str,
    password: &'static str,
    /// The proxy whose CPU time counts.
    pid: Option<u32>,
}

/// One run of sysbench. CPU in seconds per 10,000 queries.
#[derive(Debug)]
struct Run {
    qps: f64,
    p99: f64,
    user: f64,
    system: f64,
}

impl Bench {
    async fn start(rows: u32) -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-servers");
        let spec = Spec { primaries: SHARDS, replicas_each: 0, plain: 1, dir: dir.clone() };
        let cluster = Cluster::start(spec).await.unwrap_or_else(|error| panic!("{error}"));
        for server in cluster.servers() {
            server.run(&["CREATE DATABASE sbtest"]).await.unwrap();
        }
        let plain = &cluster.plain[0];
        let haproxy = haproxy(&dir, plain);
        let shardgate = shardgate(&dir, &cluster);
        let pid = shardgate.child.id();
        let targets = vec![
            Target { name: "direct", port: plain.port(), user: "root", password: "", pid: None },
            Target {
                name: "HAProxy",
                port: haproxy.port,
                user: "root",
                password: "",
                pid: Some(haproxy.child.id()),
            },
            Target { name: "Shardgate", port: shardgate.port, user: "app", password: "app", pid: Some(pid) },
        ];
        // HAProxy's server is the direct one.
        for target in [&targets[0], &targets[2]] {
            eprintln!("loading {rows} rows: {}", target.name);
            target.sysbench(rows, &["prepare".to_owned()]);
        }
        spread(&cluster, rows).await;
        Self { targets, dir, processes: vec![haproxy, shardgate], cluster }
    }

    /// What results and idle connections take of Shardgate's memory, as lines of Markdown. Each is measured on a new
    /// process: one that has worked already has memory to use again, and would show too little.
    async fn memory(&self, rows: u32) -> String {
        let wide = ["CREATE TABLE sbtest.wide (id INT PRIMARY KEY)".to_owned(), fill("sbtest.wide", 224)];
        self.cluster.primaries[0].run(&wide).await.unwrap();
        let times = 500_000_000 / (119 * u64::from(rows));
        let mut text = "Memory of the proxy process, by which a new one grows:\n\n".to_owned();
        for (what, sql) in [
            ("relayed from one server", "SELECT REPEAT('x', 10000) FROM wide a, wide b".to_owned()),
            ("merged from four servers", format!("SELECT id, REPEAT(c, {times}) FROM sbtest1")),
            ("merged in order", format!("SELECT id, REPEAT(c, {times}) FROM sbtest1 ORDER BY id")),
        ] {
            let (proxy, target) = self.fresh();
            let mut conn = target.connect().await;
            let (before, start) = (proxy.memory("VmRSS"), Instant::now());
            let line = match drain(&mut conn, &sql).await {
                Ok(bytes) => format!(
                    "a result of {} MB, {what}: {:.1} MiB at its peak ({:.1} s)",
                    bytes / 1_000_000,
                    mib(proxy.memory("VmHWM") - before),
                    start.elapsed().as_secs_f64()
                ),
                Err(error) => format!("a result of 500 MB, {what}: {error}"),
            };
            writeln!(text, "- {line}").unwrap();
            conn.disconnect().await.ok();
        }
        let (proxy, target) = self.fresh();
        target.connect().await.disconnect().await.ok();
        let before = proxy.memory("VmRSS");
        let mut idle = Vec::new();
        for _ in 0..IDLE {
            idle.push(target.connect().await);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let after = proxy.memory("VmRSS");
        let each = (after - before) / 1024.0 / IDLE as f64;
        writeln!(
            text,
            "- an idle client: {each:.1} KiB (over {IDLE}); the whole process then: {:.1} MiB",
            mib(after)
        )
        .unwrap();
        for conn in idle {
            conn.disconnect().await.ok();
        }
        text
    }

    /// A Shardgate that has not done anything.
    fn fresh(&self) -> (Process, Target) {
        let proxy = shardgate(&self.dir, &self.cluster);
        let target = Target { name: "Shardgate", port: proxy.port, user: "app", password: "app", pid: None };
        (proxy, target)
    }
}

fn mib(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}

/// An INSERT of the numbers below `count`.
fn fill(table: &str, count: u32) -> String {
    let rows: Vec<_> = (0..count).map(|id| format!("({id})")).collect();
    format!("INSERT INTO {table} VALUES {}", rows.join(","))
}

/// Reads a result to its end. Answers the bytes of its last cells.
async fn drain(conn: &mut Conn, sql: &str) -> Result<usize, mysql_async::Error> {
    let mut result = conn.query_iter(sql).await?;
    let mut bytes = 0;
    while let Some(row) = result.next().await? {
        let cell: &[u8] = row.as_ref(row.len() - 1).map_or(&[], |value| match value {
            mysql_async::Value::Bytes(bytes) => bytes,
            _ => &[],
        });
        bytes += cell.len();
    }
    Ok(bytes)
}

/// Every shard has its part, and together they have all.
async fn spread(cluster: &Cluster, rows: u32) {
    let mut parts = Vec::new();
    for server in &cluster.primaries {
        let mut conn = server.control().await.unwrap();
        let rows: Option<u32> = conn.query_first("SELECT COUNT(*) FROM sbtest.sbtest1").await.unwrap();
        parts.push(rows.unwrap());
        conn.disconnect().await.unwrap();
    }
    assert!(
        parts.iter().sum::<u32>() == rows && !parts.contains(&0),
        "the shards hold {parts:?} of {rows} rows"
    );
}

impl Target {
    fn sysbench(&self, rows: u32, more: &[String]) -> String {
        let mut command = Command::new("sysbench");
        command.args([
            "oltp_point_select",
            "--db-driver=mysql",
            "--mysql-host=127.0.0.1",
            "--mysql-db=sbtest",
        ]);
        command.args(["--tables=1", "--auto_inc=off", "--rand-type=uniform", "--percentile=99"]);
        command.arg(format!("--mysql-port={}", self.port)).arg(format!("--table-size={rows}"));
        command.arg(format!("--mysql-user={}", self.user)).arg(format!("--mysql-password={}", self.password));
        let output = command.args(more).output().expect("sysbench: apt-get install sysbench");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "sysbench through {}: {}\n{text}{errors}", self.name, output.status);
        text
    }

    fn run(&self, rows: u32, threads: u32, prepared: bool, seconds: u32) -> Run {
        let before = self.cpu();
        let text = self.sysbench(
            rows,
            &[
                format!("--threads={threads}"),
                format!("--time={seconds}"),
                format!("--db-ps-mode={}", if prepared { "auto" } else { "disable" }),
                "run".to_owned(),
            ],
        );
        let after = self.cpu();
        let number = |name: &str| -> f64 {
            let line = text
                .lines()
                .find_map(|line| line.trim().strip_prefix(name))
                .unwrap_or_else(|| panic!("{text}"));
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        assert!(number("ignored errors:") == 0.0 && number("reconnects:") == 0.0, "{}\n{text}", self.name);
        let queries = number("total:");
        let cost = |ticks: u64| ticks as f64 / TICKS / queries * 10_000.0;
        let total = text.lines().find_map(|line| line.trim().strip_prefix("total time:")).unwrap();
        Run {
            qps: queries / total.trim().trim_end_matches('s').parse::<f64>().unwrap(),
            p99: number("99th percentile:"),
            user: cost(after.0 - before.0),
            system: cost(after.1 - before.1),
        }
    }

    /// User and system time of the proxy, in ticks: fields 14 and 15 of `/proc/PID/stat`.
    fn cpu(&self) -> (u64, u64) {
        let Some(pid) = self.pid else { return (0, 0) };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        (fields[11].parse().unwrap(), fields[12].parse().unwrap())
    }

    async fn connect(&self) -> Conn {
        let opts = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.port)
            .user(Some(self.user))
            .pass(Some(self.password))
            .db_name(Some("sbtest"))
            .prefer_socket(false);
        Conn::new(opts).await.unwrap()
    }
}

/// A process that serves on a port; it ends when this is dropped.
struct Process {
    child: Child,
    port: u16,
}

impl Process {
    fn start(mut command: Command, port: u16, log: &Path) -> Self {
        let output = std::fs::File::create(log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut process = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = process.child.try_wait().unwrap().is_some();
            assert!(
                !ended && Instant::now() < deadline,
                "{command:?}\n{}",
                std::fs::read_to_string(log).unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        process
    }
}

impl Process {
    /// A line of `/proc/PID/status`, in bytes.
    fn memory(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn haproxy(dir: &Path, server: &Server) -> Process {
    let port = free_port();
    let config = format!(
        "global\n  maxconn 2000\n\
         defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n\
         listen mysql\n  bind 127.0.0.1:{port}\n  server one 127.0.0.1:{}\n",
        server.port()
    );
    let file = written(dir, "haproxy.cfg", &config);
    let program =
        ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"].into_iter().find(|path| Path::new(path).is_file());
    let mut command = Command::new(program.unwrap_or("haproxy"));
    command.arg("-db").arg("-f").arg(file);
    Process::start(command, port, &dir.join("haproxy.log"))
}

fn shardgate(dir: &Path, cluster: &Cluster) -> Process {
    let port = free_port();
    let mut config = format!(
        "[listen]\naddress = \"127.0.0.1:{port}\"\n[log]\nlevel = \"warn\"\n[[user]]\nname = \"app\"\npassword = \"app\"\n"
    );
    for server in &cluster.primaries {
        write!(config, "[source.{}]\nprimary = \"{}\"\n", server.name(), server.url()).unwrap();
    }
    let last = SHARDS - 1;
    write!(
        config,
        "[database.sbtest]\nshards = [\"ds{{0..{last}}}/sbtest\"]\n[database.sbtest.group.by_id]\n\
         algorithm = {{ hash = \"crc32\", slots = 1024 }}\ntables = {{ sbtest1 = \"id\" }}\n"
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_shardgate"));
    command.args(["serve", "--config"]).arg(written(dir, "shardgate.toml", &config));
    Process::start(command, port, &dir.join("shardgate.log"))
}

fn written(dir: &Path, name: &str, text: &str) -> PathBuf {
    let file = dir.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// What was measured, where and when.
async fn about(bench: &Bench, rounds: u32, seconds: u32, rows: u32) -> String {
    let first = |program: &str, arguments: &[&str]| {
        let output =
            Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&output).lines().next().unwrap_or("?").trim().to_owned()
    };
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let haproxy = first("haproxy", &["-v"]);
    let haproxy = haproxy.split_whitespace().nth(2).unwrap_or("?");
    let sysbench = first("sysbench", &["--version"]);
    let server = bench.cluster.flavor().version().await.unwrap();
    let cores = std::thread::available_parallelism().unwrap();
    format!(
        "# Point selects through a proxy\n\n\
         What `make bench` printed on {date}. Medians of {rounds} round(s) of {seconds} s each, targets taking turns; {rows} rows.\n\
         sysbench, proxies and servers share {cores} cores ({model}), so read the ratios, not the rates.\n\n\
         {sysbench}, `oltp_point_select`; server {server}; HAProxy {haproxy} in TCP mode, {cores} threads; Shardgate \
         {version} with `sbtest1` over {SHARDS} servers by `id`.\n\
         CPU is that of the proxy process alone, from `/proc/PID/stat`.\n",
        date = first("date", &["-u", "+%F"]),
        model = model.trim_start_matches([':', '\t', ' ']),
        version = env!("CARGO_PKG_VERSION"),
    )
}
