//! The servers that all tests of a run share: four primaries with a replica each, and one plain server as oracle.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use shardgate::cli::demo::servers::{Cluster, Server, Spec};
use tokio::sync::OnceCell;

static SHARED: OnceCell<Lab> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The shared servers.
#[derive(Debug)]
pub struct Lab {
    pub cluster: Cluster,
}

impl Lab {
    /// The servers of this run; started by the first test that asks. They end with the test process.
    pub async fn shared() -> &'static Self {
        SHARED.get_or_init(|| Self::start(4, 1, 1)).await
    }

    /// Servers of a test's own, for those that kill or reconfigure them.
    pub async fn start(primaries: u16, replicas_each: u16, plain: u16) -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
        match Cluster::start(Spec { primaries, replicas_each, plain, dir }).await {
            Ok(cluster) => Self { cluster },
            Err(error) => panic!("{error}"),
        }
    }

    /// The server that holds all data by itself.
    pub fn oracle(&self) -> &Server {
        &self.cluster.plain[0]
    }

    /// Whether the servers are MariaDB and not MySQL.
    pub fn is_mariadb(&self) -> bool {
        self.cluster.flavor().is_mariadb()
    }

    /// A new, empty database on every server; its name is a test's own.
    pub async fn database(&self, tag: &str) -> String {
        let name = format!("{tag}_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
        for server in self.cluster.primaries.iter().chain(&self.cluster.plain) {
            server.run(&[&create]).await.unwrap();
        }
        self.cluster.sync().await.unwrap();
        name
    }
}
