//! The servers, the proxies before them, and what is loaded: [`Lab`].

use std::fmt::Write as _;
use std::path::Path;

use mysql_async::OptsBuilder;
use shardgate::cli::demo::servers::{Cluster, Spec};
use tempfile::TempDir;

use crate::Settings;
use crate::client::Client;
use crate::process::{Process, find, free_port};
use crate::sysbench;

pub const SHARDS: u16 = 4;
/// Rows of `sbtest.times`, to join with: each of sbtest1's rows so many times.
const TIMES: u32 = 200;
/// The databases: sysbench's table with its rows, and an empty one for inserts.
pub const FULL: &str = "sbtest";
pub const EMPTY: &str = "sbinsert";
/// As `FULL`, on the four servers by ranges of ids.
pub const RANGES: &str = "sbranges";
/// The account that everyone logs in with, on servers and proxies.
pub const ACCOUNT: &str = "app";
/// Connections of a Shardgate to each server (the default of `pool.max_connections`).
pub const POOL: u32 = 64;

/// The way to the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Direct,
    HaProxy,
    /// Shardgate before the server that `Direct` connects to.
    One,
    /// Shardgate with the table spread over four servers.
    Four,
    /// Shardgate with the table spread over four servers by ranges of ids.
    Ranges,
    /// HAProxy taking turns over the four servers: wrong answers, but what it costs to talk to four.
    HaProxyFour,
    /// As `One` and `Four`, with the program that `BENCH_OTHER` names.
    OtherOne,
    OtherFour,
}

impl Way {
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::HaProxy => "HAProxy",
            Self::One => "Shardgate, 1 server",
            Self::Four => "Shardgate, 4 shards",
            Self::Ranges => "Shardgate, 4 ranges",
            Self::HaProxyFour => "HAProxy, 4 servers",
            Self::OtherOne => "other, 1 server",
            Self::OtherFour => "other, 4 shards",
        }
    }

    /// Whether the table is spread.
    pub fn spread(self) -> bool {
        matches!(self, Self::Four | Self::OtherFour | Self::Ranges)
    }

    /// The database with the table that has its rows.
    pub fn full(self) -> &'static str {
        if self == Self::Ranges { RANGES } else { FULL }
    }
}

/// Where to connect to.
pub struct Target {
    pub way: Way,
    pub port: u16,
    /// The proxy on the way.
    pub proxy: Option<Process>,
}

impl Target {
    /// A client's connection to a database, with a buffer of so many bytes.
    pub fn connect(&self, database: &str, buffer: usize) -> Client {
        self.try_connect(database, buffer).unwrap_or_else(|error| panic!("{}: {error}", self.way.name()))
    }

    pub fn try_connect(&self, database: &str, buffer: usize) -> std::io::Result<Client> {
        Client::connect(self.port, ACCOUNT, ACCOUNT, database, buffer)
    }

    /// The same as an asynchronous client's options; it asks the server nothing but its statements.
    pub fn options(&self, database: &str) -> OptsBuilder {
        OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.port)
            .user(Some(ACCOUNT))
            .pass(Some(ACCOUNT))
            .db_name(Some(database))
            .max_allowed_packet(Some(64 << 20))
            .wait_timeout(Some(28_800))
            .prefer_socket(false)
    }

    /// The proxy's resident memory now, in bytes; none for a direct connection.
    pub fn memory(&self) -> f64 {
        self.proxy.as_ref().map_or(0.0, Process::memory)
    }

    /// The most that it was.
    pub fn peak(&self) -> f64 {
        self.proxy.as_ref().map_or(0.0, Process::peak)
    }
}

/// Everything that runs. Fields are dropped in order: the proxies go before the servers.
pub struct Lab {
    /// One target for each way, the direct one first.
    pub targets: Vec<Target>,
    pub settings: Settings,
    pub cluster: Cluster,
    /// The proxies' configurations and logs.
    files: TempDir,
}

impl Lab {
    pub async fn start(settings: Settings) -> Self {
        let spec = Spec { primaries: SHARDS, replicas_each: 0, plain: 1, dir: settings.dir.clone() };
        let cluster = Cluster::start(spec).await.unwrap_or_else(|error| panic!("{error}"));
        let log =
            if cluster.flavor().is_mariadb() { "innodb_log_file_size" } else { "innodb_redo_log_capacity" };
        for server in cluster.servers() {
            let statements = [
                // Data and log in memory, on every server: what is measured is not the disk.
                "SET GLOBAL innodb_buffer_pool_size = 268435456".to_owned(),
                format!("SET GLOBAL {log} = 134217728"),
                // A deadlock over two shards is seen by no server; it ends soon.
                "SET GLOBAL innodb_lock_wait_timeout = 1".to_owned(),
                format!("CREATE USER {ACCOUNT}@'%' IDENTIFIED BY '{ACCOUNT}'"),
                format!("GRANT ALL ON *.* TO {ACCOUNT}@'%'"),
                format!("CREATE DATABASE {FULL}"),
                format!("CREATE DATABASE {EMPTY}"),
                format!("CREATE DATABASE {RANGES}"),
            ];
            server.run(&statements).await.unwrap();
        }
        let times: Vec<String> = (0..TIMES).map(|id| format!("({id})")).collect();
        let times = [
            format!("CREATE TABLE {FULL}.times (id INT PRIMARY KEY)"),
            format!("INSERT INTO {FULL}.times VALUES {}", times.join(",")),
        ];
        cluster.plain[0].run(&times).await.unwrap();
        let mut lab = Self { targets: Vec::new(), settings, cluster, files: tempfile::tempdir().unwrap() };
        // A proxy that starts later knows the tables of the server that was loaded directly.
        let others = [Way::OtherOne, Way::OtherFour].into_iter().filter(|_| lab.settings.other.is_some());
        let ways: Vec<Way> = [Way::Direct, Way::HaProxy, Way::HaProxyFour, Way::One, Way::Four, Way::Ranges]
            .into_iter()
            .chain(others)
            .collect();
        for way in ways {
            let target = lab.launch(way, POOL);
            if matches!(way, Way::Direct | Way::Four | Way::Ranges) {
                sysbench::load(&target, lab.settings.rows);
            }
            lab.targets.push(target);
        }
        lab
    }

    /// The running target of a way.
    pub fn target(&self, way: Way) -> &Target {
        self.targets.iter().find(|target| target.way == way).unwrap()
    }

    /// Each way's answers in each round. Within a round the ways take turns; another one begins each time.
    pub fn rounds<T>(&self, ways: &[Way], mut run: impl FnMut(Way) -> T) -> Vec<Vec<T>> {
        let mut answers: Vec<Vec<T>> = ways.iter().map(|_| Vec::new()).collect();
        for round in 0..self.settings.rounds {
            for turn in 0..ways.len() {
                let at = (turn + round) % ways.len();
                answers[at].push(run(ways[at]));
            }
        }
        answers
    }

    /// `ways`, and the same with the other program where there is one.
    pub fn with_other(&self, ways: &[Way]) -> Vec<Way> {
        let other = |way| match way {
            Way::One => Some(Way::OtherOne),
            Way::Four => Some(Way::OtherFour),
            _ => None,
        };
        let others = ways.iter().filter_map(|&way| other(way)).filter(|_| self.settings.other.is_some());
        ways.iter().copied().chain(others).collect()
    }

    /// A new proxy that has not done anything (none for a direct connection). `pool`: Shardgate's connections to each
    /// server.
    pub fn launch(&self, way: Way, pool: u32) -> Target {
        if way == Way::Direct {
            return Target { way, port: self.cluster.plain[0].port(), proxy: None };
        }
        let port = free_port();
        let name = format!("{way:?}-{port}").to_lowercase();
        let log = self.files.path().join(format!("{name}.log"));
        let write = |extension: &str, text: String| {
            let file = self.files.path().join(format!("{name}.{extension}"));
            std::fs::write(&file, text).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let proxy = if matches!(way, Way::HaProxy | Way::HaProxyFour) {
            let program = find("haproxy").expect("haproxy: apt-get install haproxy");
            let config = write("cfg", self.haproxy(way, port));
            Process::start(&program, &["-db", "-f", &config], port, &log)
        } else {
            let own = Path::new(env!("CARGO_BIN_EXE_shardgate"));
            let other = matches!(way, Way::OtherOne | Way::OtherFour);
            let program = if other { self.settings.other.as_deref().unwrap() } else { own };
            let config = write("toml", self.shardgate(way, port, pool));
            Process::start(program, &["serve", "--config", &config], port, &log)
        };
        Target { way, port, proxy: Some(proxy) }
    }

    fn haproxy(&self, way: Way, port: u16) -> String {
        let mut config = format!(
            "global\n  maxconn 2000\n\
             defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  timeout server 1h\n\
             listen mysql\n  bind 127.0.0.1:{port}\n"
        );
        let servers = if way == Way::HaProxyFour { &self.cluster.primaries } else { &self.cluster.plain };
        for server in servers {
            writeln!(config, "  server {} 127.0.0.1:{}", server.name(), server.port()).unwrap();
        }
        config
    }

    fn shardgate(&self, way: Way, port: u16, pool: u32) -> String {
        let mut config = format!(
            "[listen]\naddress = \"127.0.0.1:{port}\"\nmax_connections = 100000\n\
             [pool]\nmax_connections = {pool}\n[log]\nlevel = \"warn\"\n\
             [[user]]\nname = \"{ACCOUNT}\"\npassword = \"{ACCOUNT}\"\n"
        );
        let servers = if way.spread() { &self.cluster.primaries } else { &self.cluster.plain };
        for server in servers {
            write!(config, "[source.{}]\nprimary = \"{}\"\n", server.name(), server.url()).unwrap();
        }
        for database in [way.full(), EMPTY] {
            let shards: Vec<String> =
                servers.iter().map(|server| format!("\"{}/{database}\"", server.name())).collect();
            write!(config, "[database.{database}]\nshards = [{}]\n", shards.join(", ")).unwrap();
            if way.spread() {
                let quarter = self.settings.rows / u32::from(SHARDS);
                let bounds = (1..u32::from(SHARDS)).map(|part| (part * quarter + 1).to_string());
                let algorithm = if database == RANGES {
                    format!("range = [{}]", bounds.collect::<Vec<_>>().join(", "))
                } else {
                    "hash = \"crc32\", slots = 1024".to_owned()
                };
                write!(
                    config,
                    "[database.{database}.group.by_id]\nalgorithm = {{ {algorithm} }}\n\
                     tables = {{ sbtest1 = \"id\" }}\n"
                )
                .unwrap();
            }
        }
        config
    }

    /// Empties the table for inserts on the servers of a way, past the proxy.
    pub fn empty(&self, way: Way) {
        let servers = if way.spread() { &self.cluster.primaries } else { &self.cluster.plain };
        for server in servers {
            let mut client = Client::connect(server.port(), "root", "", EMPTY, crate::client::SHORT).unwrap();
            client.query("TRUNCATE TABLE sbtest1").unwrap();
            client.quit().unwrap();
        }
    }
}
