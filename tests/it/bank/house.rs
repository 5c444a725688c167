//! The bank's house: four servers, and two proxies over them, each with ways of its own to the servers. Any of it may be
//! killed and comes back.

use std::process::Command;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::interposer::Interposer;
use crate::support::proxy::Proxy;
use crate::support::shop::connect;

pub const SHARDS: usize = 4;

/// A proxy and its ways to the servers.
#[derive(Debug)]
pub struct Place {
    pub ways: Vec<Interposer>,
    config: String,
    /// `None` for the moment between its end and its next start.
    proxy: Mutex<Option<Proxy>>,
    /// 0 while it does not run.
    port: AtomicU16,
}

impl Place {
    /// Where clients connect, as soon as it runs.
    pub async fn port(&self) -> u16 {
        loop {
            match self.port.load(Ordering::Relaxed) {
                0 => tokio::time::sleep(Duration::from_millis(5)).await,
                port => return port,
            }
        }
    }

    /// Ends the proxy by SIGKILL.
    pub async fn kill(&self) {
        let mut proxy = self.proxy.lock().await;
        self.port.store(0, Ordering::Relaxed);
        if let Some(proxy) = proxy.take() {
            tokio::task::spawn_blocking(|| drop(proxy)).await.unwrap();
        }
    }

    /// Starts it, unless it runs.
    pub async fn start(&self) {
        let mut proxy = self.proxy.lock().await;
        if proxy.is_none() {
            let started = Proxy::start(&self.config).await;
            self.port.store(started.port, Ordering::Relaxed);
            *proxy = Some(started);
        }
    }

    /// SIGSTOP, for as long as `meanwhile` takes.
    pub async fn stopped<T>(&self, meanwhile: impl Future<Output = T>) -> T {
        let proxy = self.proxy.lock().await;
        let pid = proxy.as_ref().map(|proxy| proxy.pid);
        let signal = |name: &str| {
            if let Some(pid) = pid {
                let sent = Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
                assert!(sent.success(), "kill {name} {pid}");
            }
        };
        signal("-STOP");
        let done = meanwhile.await;
        signal("-CONT");
        done
    }

    /// What the proxy has logged since its start.
    pub async fn log(&self) -> String {
        self.proxy.lock().await.as_ref().map(Proxy::log).unwrap_or_default()
    }
}

#[derive(Debug)]
pub struct House {
    pub lab: Lab,
    pub database: String,
    pub places: [Place; 2],
    /// How much clients were told to be done.
    pub acknowledged: AtomicU64,
    /// Held by who kills and restarts a server.
    servers: [Mutex<()>; SHARDS],
}

impl House {
    /// `recover_after`: for how long proxies leave alone what others have prepared.
    pub async fn start(recover_after: &str) -> Self {
        let lab = Lab::start(SHARDS as u16, 0, 0).await;
        let database = lab.database("bank").await;
        let places =
            [place(&lab, &database, recover_after).await, place(&lab, &database, recover_after).await];
        let acknowledged = AtomicU64::new(0);
        Self { lab, database, places, acknowledged, servers: Default::default() }
    }

    /// A client of a proxy.
    pub async fn client(&self, place: usize) -> crate::support::client::Result<Client> {
        let login = Login::app(self.places[place].port().await).database(&self.database);
        Client::connect(&login).await
    }

    /// A client of a server itself.
    pub async fn direct(&self, shard: usize) -> Client {
        connect(&Login::root(self.lab.cluster.primaries[shard].port()).database(&self.database)).await
    }

    /// Ends a server by SIGKILL, and starts it again on the same data.
    pub async fn restart(&self, shard: usize, after: Duration) {
        let _alone = self.servers[shard].lock().await;
        let server = &self.lab.cluster.primaries[shard];
        server.kill_hard().await.unwrap();
        tokio::time::sleep(after).await;
        server.restart().await.unwrap();
    }

    /// Transactions of Shardgate that are prepared somewhere.
    pub async fn in_doubt(&self) -> Vec<String> {
        let mut all = Vec::new();
        for shard in 0..SHARDS {
            for row in self.direct(shard).await.one("XA RECOVER").await.rows() {
                let [format, _, _, data] = row.as_slice() else { panic!("{row:?}") };
                if format.to_string() == format!("'{}'", 0x5347_4154) && data.to_string().starts_with("'sg-")
                {
                    all.push(format!("ds{shard}: {data}"));
                }
            }
        }
        all
    }

    /// Waits until nothing is in doubt anywhere.
    pub async fn settle(&self, patience: Duration) -> Duration {
        let began = Instant::now();
        loop {
            let left = self.in_doubt().await;
            if left.is_empty() {
                return began.elapsed();
            }
            if began.elapsed() > patience {
                for place in &self.places {
                    println!("{}", place.log().await);
                }
                panic!("after {patience:?} still in doubt: {left:#?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn stop(self) {
        for place in &self.places {
            place.kill().await;
        }
        self.lab.cluster.stop().await;
    }
}

async fn place(lab: &Lab, database: &str, recover_after: &str) -> Place {
    let mut ways = Vec::new();
    let mut config = format!(
        "threads = 1\n[[user]]\nname = \"app\"\npassword = \"app\"\n\
         [transaction]\nrecover_every = \"100ms\"\nrecover_after = \"{recover_after}\"\n"
    );
    for (n, server) in lab.cluster.primaries.iter().enumerate() {
        let way = Interposer::start(server.port()).await;
        config += &format!("[source.ds{n}]\nprimary = \"{}\"\n", way.url());
        ways.push(way);
    }
    config += &format!(
        "[database.{database}]\nshards = [\"ds{{0..{}}}/{database}\"]\n\
         [database.{database}.group.by_account]\nalgorithm = {{ hash = \"crc32\", slots = 1024 }}\n\
         tables = {{ accounts = \"id\", transfers = \"account\", counters = \"id\", tokens = \"place\" }}\n",
        SHARDS - 1
    );
    Place { ways, config, proxy: Mutex::new(None), port: AtomicU16::new(0) }
}
