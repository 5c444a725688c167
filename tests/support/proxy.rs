//! Shardgate under test: a configuration over the shared servers, and the process that serves it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use super::cluster::Lab;
use super::shop::PATIENCE;

/// Ends the proxy when the test process ends, however that goes.
const WATCH: &str = r#"log=$1; shift; "$@" </dev/null >"$log" 2>&1 & pid=$!; echo $pid; read -r word; kill -KILL $pid; wait $pid"#;

/// What a test's configuration differs in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Name the replicas, so that SELECTs outside of transactions go to them.
    pub replicas: bool,
    /// Keep `orders` in two numbered tables on each shard.
    pub numbered: bool,
    /// A table of its own on the last source.
    pub ledger: bool,
}

/// The configuration of the sample shop, sharded over the lab's primaries, without `[listen]`.
pub fn config(lab: &Lab, database: &str, options: Options) -> String {
    let mut text = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n");
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        write!(text, "\n[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
        let replicas: Vec<_> =
            lab.cluster.replicas[n].iter().map(|replica| format!("\"{}\"", replica.url())).collect();
        if options.replicas {
            writeln!(text, "replicas = [{}]", replicas.join(", ")).unwrap();
        }
    }
    let last = lab.cluster.primaries.len() - 1;
    let nodes = format!("nodes = [\"ds{{0..{last}}}/{database}.orders_{{0..1}}\"]");
    let ledger = if options.ledger { format!(", ledger = \"ds{last}/{database}\"") } else { String::new() };
    let nodes = if options.numbered { nodes.as_str() } else { "" };
    write!(
        text,
        r#"
[database.{database}]
shards    = ["ds{{0..{last}}}/{database}"]
reference = ["products", "colors"]
single    = {{ audit_log = "ds0/{database}"{ledger} }}

[database.{database}.group.by_user]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ users = "id", orders = "user_id", order_items = "user_id", lumped = "id" }}

[database.{database}.group.by_k]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ kinds = "k", sparse = "k", things = "k", parts = "k", nothing = "k" }}

[database.{database}.group.by_code]
key       = "string"
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ codes = "code" }}

[database.{database}.table.users]
id = {{ column = "id", generator = "snowflake" }}

[database.{database}.table.orders]
id = {{ column = "id", generator = "snowflake" }}
{nodes}

[database.{database}.table.order_items]
id = {{ column = "id", generator = "snowflake" }}
"#
    )
    .unwrap();
    text
}

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    pub port: u16,
    /// The process id of `shardgate`.
    pub pid: u32,
    watch: Child,
    dir: tempfile::TempDir,
}

impl Proxy {
    /// Serves a configuration on a free port of 127.0.0.1.
    pub async fn start(config: &str) -> Self {
        Self::start_with(config, &[]).await
    }

    /// The same in an environment that has these variables too.
    pub async fn start_with(config: &str, variables: &[(&str, &str)]) -> Self {
        for _ in 0..5 {
            let mut proxy = Self::launch(config, variables);
            if proxy.answers().await {
                return proxy;
            }
            let log = proxy.log();
            assert!(
                log.contains("in use"),
                "shardgate does not serve this configuration:\n{config}\nIt says:\n{log}"
            );
        }
        panic!("no free port");
    }

    fn launch(config: &str, variables: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = dir.path().join("shardgate.toml");
        let config = patient(&format!("[listen]\naddress = \"127.0.0.1:{port}\"\n\n{config}"));
        std::fs::write(&file, config).unwrap();
        let mut watch = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .arg(dir.path().join("log"))
            .args([env!("CARGO_BIN_EXE_shardgate"), "serve", "--config"])
            .arg(&file)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        BufReader::new(watch.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        Self { port, pid: pid.trim().parse().unwrap(), watch, dir }
    }

    /// The file that it was started with.
    pub fn config(&self) -> std::path::PathBuf {
        self.dir.path().join("shardgate.toml")
    }

    /// What the proxy has written to its output and error output.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.dir.path().join("log")).unwrap_or_default()).into_owned()
    }

    /// Waits until it says that it serves; that somebody accepts on the port is not enough: it could be another process that
    /// was faster. `false` when the process has ended, or says nothing for long.
    async fn answers(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
            if stat.is_empty() || stat.contains(") Z ") {
                return false;
            }
            if self.log().contains("serving") {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    fn end(&mut self) {
        if let Some(mut input) = self.watch.stdin.take() {
            input.write_all(b"end\n").ok();
        }
        self.watch.wait().ok();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.end();
    }
}

/// Deadlines that hardly any test is about, longer than what the busiest machine takes.
const PATIENT: [(&str, &str, &str); 3] =
    [("listen", "login_timeout", "60s"), ("pool", "wait", "60s"), ("pool", "connect_timeout", "60s")];

/// A configuration with these deadlines where it names none of its own.
fn patient(config: &str) -> String {
    let mut text = config.to_owned();
    for (section, key, value) in PATIENT {
        let head = format!("[{section}]\n");
        if !text.contains(&head) {
            write!(text, "\n{head}").unwrap();
        }
        let (before, rest) = text.split_once(&head).unwrap();
        if !rest.split("\n[").next().unwrap().contains(key) {
            text = format!("{before}{head}{key} = \"{value}\"\n{rest}");
        }
    }
    text
}

/// A port that nobody listens on, below the range that outgoing connections take theirs from. No test of this process
/// is given the same one.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(rand::random_range(0..5000)));
    (0..5000)
        .map(|_| 10_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 5000)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("no free port")
}
