//! Real MySQL and MariaDB servers on free ports of 127.0.0.1, for the demo and the tests.
//!
//! They live in a private folder, replicate for real, and die with the process that started them, even when that
//! one is killed: each runs under a tiny `sh` that waits on a pipe. This module knows nothing of Shardgate itself.
//! Start reading at [`Cluster::start`].

mod flavor;
mod folder;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use mysql_async::prelude::Queryable;

pub use flavor::Flavor;
pub use server::Server;

/// Why a server could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server program is installed.
    #[error(
        "no MariaDB or MySQL server found{0}; install one with `sudo apt-get install -y mariadb-server-core \
         mariadb-client-core`, or set SHARDGATE_MYSQL_HOME to a folder that holds bin/mysqld"
    )]
    Missing(String),
    /// A file or process could not be handled.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A server did not do what it was started for.
    #[error("{what}\n{log}")]
    Failed {
        /// What happened.
        what: String,
        /// The end of the server's log.
        log: String,
    },
    /// A server refused a statement.
    #[error("{server}: {statement}: {source}")]
    Statement {
        /// The server's name.
        server: String,
        /// The statement.
        statement: String,
        /// What the server answered.
        source: mysql_async::Error,
    },
}

/// The result of anything about servers.
pub type Result<T> = std::result::Result<T, Error>;

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    let what = what.into();
    move |source| Error::Io { what, source }
}

/// How long a server may take for a step: to start, to stop, to replicate.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to start.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Number of primaries, named `ds0`, `ds1`, …
    pub primaries: u16,
    /// Number of replicas of each, named `ds0r0`, …
    pub replicas_each: u16,
    /// Number of servers that stand alone, named `plain0`, …
    pub plain: u16,
    /// Where templates are kept and data lives while the servers run.
    pub dir: PathBuf,
}

/// Primaries, their replicas, and servers that stand alone. All stop, and their data goes, when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    /// The primaries, in order.
    pub primaries: Vec<Server>,
    /// The replicas of each primary, in the primaries' order.
    pub replicas: Vec<Vec<Server>>,
    /// The servers that stand alone.
    pub plain: Vec<Server>,
    flavor: Flavor,
    /// Declared last: the folder goes after the servers in it.
    _folder: folder::Folder,
}

impl Cluster {
    /// Starts servers of the kind that [`Flavor::find`] finds.
    pub async fn start(spec: Spec) -> Result<Self> {
        Self::start_flavor(Flavor::find()?, spec).await
    }

    /// Starts servers of a given kind, all at once; replicas follow their primaries when this returns.
    pub async fn start_flavor(flavor: Flavor, spec: Spec) -> Result<Self> {
        let template = flavor.template(&spec.dir).await?;
        let folder = folder::Folder::new(&spec.dir)?;
        let names = names(&spec);
        let mut running = Vec::new();
        for (number, (name, read_only)) in names.into_iter().enumerate() {
            let (flavor, template, dir) = (flavor.clone(), template.clone(), folder.path().to_owned());
            let id = number as u32 + 1;
            running.push(tokio::spawn(async move {
                Server::start(flavor, &template, &dir, &name, id, read_only).await
            }));
        }
        let mut servers = Vec::new();
        for task in running {
            servers.push(task.await.map_err(|e| io("a server's start")(e.into()))??);
        }
        let mut servers = servers.into_iter();
        let primaries: Vec<_> = servers.by_ref().take(spec.primaries.into()).collect();
        let mut replicas = Vec::new();
        for primary in &primaries {
            let mine: Vec<_> = servers.by_ref().take(spec.replicas_each.into()).collect();
            for replica in &mine {
                replica.follow(primary).await?;
            }
            replicas.push(mine);
        }
        Ok(Self { primaries, replicas, plain: servers.collect(), flavor, _folder: folder })
    }

    /// The kind of the servers.
    pub fn flavor(&self) -> &Flavor {
        &self.flavor
    }

    /// Every server: primaries, replicas, those that stand alone.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.primaries.iter().chain(self.replicas.iter().flatten()).chain(&self.plain)
    }

    /// Waits until every replica has applied all that its primary had committed at the call.
    pub async fn sync(&self) -> Result<()> {
        for (primary, replicas) in self.primaries.iter().zip(&self.replicas) {
            for replica in replicas {
                replica.catch_up(primary).await?;
            }
        }
        Ok(())
    }

    /// Stops all without blocking the caller's thread; dropping does the same, blocking.
    pub async fn stop(self) {
        tokio::task::spawn_blocking(|| drop(self)).await.ok();
    }
}

/// Name and whether it is a replica, in the order: primaries, replicas, plain.
fn names(spec: &Spec) -> Vec<(String, bool)> {
    let mut names: Vec<_> = (0..spec.primaries).map(|p| (format!("ds{p}"), false)).collect();
    for p in 0..spec.primaries {
        names.extend((0..spec.replicas_each).map(|r| (format!("ds{p}r{r}"), true)));
    }
    names.extend((0..spec.plain).map(|n| (format!("plain{n}"), false)));
    names
}

/// The last lines of a log, for an error's text.
fn tail(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

/// Runs one statement on a control connection.
async fn run(conn: &mut mysql_async::Conn, server: &str, statement: &str) -> Result<()> {
    conn.query_drop(statement).await.map_err(|source| Error::Statement {
        server: server.to_owned(),
        statement: statement.to_owned(),
        source,
    })
}
