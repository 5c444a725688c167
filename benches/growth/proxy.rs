//! A proxy process, and what the system says of it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mysql_async::{Conn, OptsBuilder};

/// A Shardgate that serves; it ends when this is dropped.
pub struct Proxy {
    child: Child,
    port: u16,
    /// When the process was started.
    pub born: Instant,
}

impl Proxy {
    /// Starts one. `config` lacks only where to listen.
    pub fn start(dir: &Path, config: &str) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let file = dir.join("growth.toml");
        let listen = format!("[listen]\naddress = \"127.0.0.1:{port}\"\nmax_connections = 20000\n");
        std::fs::write(&file, listen + config).unwrap();
        let log = std::fs::File::create(dir.join("growth.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_shardgate"));
        command.args(["serve", "--config"]).arg(file);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let born = Instant::now();
        Self { child: command.spawn().unwrap(), port, born }
    }

    /// A client, as soon as the proxy takes one.
    pub async fn connect(&mut self, database: &str) -> Conn {
        let deadline = self.born + Duration::from_secs(60);
        loop {
            match Conn::new(self.options(database)).await {
                Ok(conn) => return conn,
                Err(error) => {
                    let ended = self.child.try_wait().unwrap();
                    assert!(ended.is_none() && Instant::now() < deadline, "{ended:?} {error}");
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        }
    }

    /// How a client connects.
    pub fn options(&self, database: &str) -> OptsBuilder {
        OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.port)
            .user(Some("app"))
            .pass(Some("app"))
            .db_name(Some(database))
            // Known, so that the driver does not ask for them with statements of its own.
            .max_allowed_packet(Some(16 << 20))
            .wait_timeout(Some(28_800))
            .prefer_socket(false)
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> f64 {
        resident(&self.child.id().to_string())
    }

    /// Seconds that its threads have run (proc(5): the first field of schedstat, in nanoseconds).
    pub fn cpu(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let of = |task: std::io::Result<std::fs::DirEntry>| -> f64 {
            let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
            text.split_whitespace().next().unwrap().parse().unwrap()
        };
        tasks.map(of).sum::<f64>() / 1e9
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Resident memory of a process in MiB.
pub fn resident(process: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
