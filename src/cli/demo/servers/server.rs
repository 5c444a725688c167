//! One running server and the `sh` that watches over it.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use parking_lot::Mutex;

use super::folder::{alive, copy};
use super::{Error, Flavor, PATIENCE, Result, io, run, tail};

/// The server's folder for temporary files, within its data.
pub(super) const TMP: &str = "tmp";

/// Starts the server, says its process id, and waits for a signal's name on its input. The end of input means that
/// the owner is gone, however it went: the server is killed and its data removed.
const WATCH: &str = r#"
data=$1; shift
"$@" </dev/null >/dev/null 2>&1 &
pid=$!
echo $pid
exec >/dev/null
if read -r signal; then kill -"$signal" $pid; wait $pid
else kill -KILL $pid; wait $pid; rm -rf "$data"; rmdir "${data%/*}" 2>/dev/null
fi
"#;

/// A server on 127.0.0.1. It stops, and its data goes, when this is dropped or its owner's process ends.
#[derive(Debug)]
pub struct Server {
    name: String,
    flavor: Flavor,
    data: PathBuf,
    port: u16,
    id: u32,
    read_only: bool,
    /// `None` while it is stopped.
    watch: Mutex<Option<Watch>>,
}

/// The `sh`. Of std and not of tokio, so that it does not belong to the runtime that happened to start it.
#[derive(Debug)]
struct Watch {
    sh: Child,
    input: ChildStdin,
    pid: u32,
}

impl Server {
    /// Starts a server on a copy of the template. `id` is its replication id, different for each.
    pub(super) async fn start(
        flavor: Flavor,
        template: &Path,
        dir: &Path,
        name: &str,
        id: u32,
        read_only: bool,
    ) -> Result<Self> {
        let data = dir.join(name);
        let (from, to) = (template.to_owned(), data.clone());
        blocking("cannot copy the template", move || {
            copy(&from, &to)?;
            std::fs::create_dir(to.join(TMP))
        })
        .await?;
        let mut tries = 0;
        loop {
            let server = Self {
                name: name.to_owned(),
                flavor: flavor.clone(),
                data: data.clone(),
                port: free_port()?,
                id,
                read_only,
                watch: Mutex::new(None),
            };
            match server.launch().await {
                Ok(()) => return Ok(server),
                // Someone else took the port in between.
                Err(Error::Failed { log, .. }) if tries < 5 && log.contains("port") => {
                    server.signal("KILL").await?;
                    std::fs::remove_file(data.join("error.log")).ok();
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// `ds0`, `ds0r0`, `plain0`, …
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The TCP port on 127.0.0.1; the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id, `None` while it is stopped.
    pub fn pid(&self) -> Option<u32> {
        self.watch.lock().as_ref().map(|watch| watch.pid).filter(|&pid| alive(pid))
    }

    /// `mysql://root@127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}", self.port)
    }

    /// The folder with its data, `error.log` included.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A new control connection, as root, without a database.
    pub async fn control(&self) -> Result<mysql_async::Conn> {
        self.connect().await.map_err(|source| Error::Statement {
            server: self.name.clone(),
            statement: "connect".to_owned(),
            source,
        })
    }

    async fn connect(&self) -> std::result::Result<mysql_async::Conn, mysql_async::Error> {
        let opts = mysql_async::OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(self.port)
            .user(Some("root"))
            .prefer_socket(false);
        mysql_async::Conn::new(opts).await
    }

    /// Runs statements one after another on a connection of their own.
    pub async fn run<S: AsRef<str>>(&self, statements: &[S]) -> Result<()> {
        let mut conn = self.control().await?;
        for statement in statements {
            run(&mut conn, &self.name, statement.as_ref()).await?;
        }
        conn.disconnect().await.ok();
        Ok(())
    }

    /// Ends the server as a crash would (SIGKILL). Its data stays for [`Self::restart`].
    pub async fn kill_hard(&self) -> Result<()> {
        self.signal("KILL").await
    }

    /// Ends the server in order (SIGTERM). Its data stays for [`Self::restart`].
    pub async fn shut_down(&self) -> Result<()> {
        self.signal("TERM").await
    }

    /// Starts the server again on its port and data; ends it first when it runs. Ready when this returns.
    pub async fn restart(&self) -> Result<()> {
        self.signal("TERM").await?;
        self.launch().await
    }

    /// Sends a signal and waits until the server has ended. Nothing to do when it has ended already.
    async fn signal(&self, signal: &'static str) -> Result<()> {
        let Some(mut watch) = self.watch.lock().take() else { return Ok(()) };
        let what = format!("cannot end {}", self.name);
        blocking(&what, move || {
            let deadline = Instant::now() + PATIENCE;
            writeln!(watch.input, "{signal}")?;
            while watch.sh.try_wait()?.is_none() {
                if Instant::now() > deadline {
                    return Err(std::io::ErrorKind::TimedOut.into());
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(())
        })
        .await
    }

    /// Starts the process and waits until it answers.
    async fn launch(&self) -> Result<()> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(WATCH).arg("sh").arg(&self.data).arg(self.flavor.program());
        command.args(self.flavor.options(&self.data, self.port, self.id, self.read_only));
        // A process group of its own: a Ctrl-C on the terminal is the owner's to answer.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let watch = blocking("cannot start a server", move || spawn(&mut command)).await?;
        let pid = watch.pid;
        *self.watch.lock() = Some(watch);
        self.ready(pid).await
    }

    /// Connects until it works. The answer must come from this very server: another may listen on the port.
    async fn ready(&self, pid: u32) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(mut conn) = self.connect().await {
                let id: Option<u32> = conn.query_first("SELECT @@server_id").await.ok().flatten();
                let data: Option<String> = conn.query_first("SELECT @@datadir").await.ok().flatten();
                conn.disconnect().await.ok();
                if id == Some(self.id) && data.is_some_and(|data| Path::new(&data) == self.data) {
                    return Ok(());
                }
            }
            let what = if !alive(pid) {
                "ended while it started"
            } else if Instant::now() > deadline {
                "does not answer"
            } else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let log = tail(&self.data.join("error.log"));
            return Err(Error::Failed {
                what: format!("server {} on port {} {what}", self.name, self.port),
                log,
            });
        }
    }

    /// Makes this server a replica of `primary`, from the beginning of its binary log.
    pub(super) async fn follow(&self, primary: &Server) -> Result<()> {
        let port = primary.port;
        let statements = if self.flavor.is_mariadb() {
            [
                format!(
                    "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={port}, MASTER_USER='root', \
                     MASTER_PASSWORD='', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos"
                ),
                "START SLAVE".to_owned(),
            ]
        } else {
            [
                format!(
                    "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port}, SOURCE_USER='root', \
                     SOURCE_PASSWORD='', SOURCE_CONNECT_RETRY=1, SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1"
                ),
                "START REPLICA".to_owned(),
            ]
        };
        self.run(&statements).await
    }

    /// Waits until this replica has applied all that `primary` has committed.
    pub async fn catch_up(&self, primary: &Server) -> Result<()> {
        let (position, wait) = if self.flavor.is_mariadb() {
            ("SELECT @@gtid_binlog_pos", "SELECT MASTER_GTID_WAIT(?, ?)")
        } else {
            ("SELECT @@gtid_executed", "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)")
        };
        let refused = |name: &str, statement: &str, source| Error::Statement {
            server: name.to_owned(),
            statement: statement.to_owned(),
            source,
        };
        let mut conn = primary.control().await?;
        let position: Option<String> =
            conn.query_first(position).await.map_err(|e| refused(&primary.name, position, e))?;
        conn.disconnect().await.ok();
        let position = position.unwrap_or_default();
        if position.is_empty() {
            return Ok(());
        }
        let mut conn = self.control().await?;
        let parameters = (&position, PATIENCE.as_secs());
        let late: Option<i64> =
            conn.exec_first(wait, parameters).await.map_err(|e| refused(&self.name, wait, e))?;
        conn.disconnect().await.ok();
        if late == Some(0) {
            return Ok(());
        }
        let log = tail(&self.data.join("error.log"));
        Err(Error::Failed { what: format!("{} does not catch up with {}", self.name, primary.name), log })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(Watch { mut sh, input, .. }) = self.watch.lock().take() {
            drop(input);
            sh.wait().ok();
        }
    }
}

/// Starts the `sh` and reads the server's process id from it.
fn spawn(command: &mut Command) -> std::io::Result<Watch> {
    let missing = || std::io::Error::other("no pipe");
    let mut sh = command.spawn()?;
    let input = sh.stdin.take().ok_or_else(missing)?;
    let mut line = String::new();
    BufReader::new(sh.stdout.take().ok_or_else(missing)?).read_line(&mut line)?;
    let pid = line.trim().parse().map_err(std::io::Error::other)?;
    Ok(Watch { sh, input, pid })
}

/// A port that nobody listens on, below the range that outgoing connections take theirs from.
fn free_port() -> Result<u16> {
    let mut error = None;
    for _ in 0..100 {
        let port = rand::random_range(15_000..32_000);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(taken) => error = Some(taken),
        }
    }
    Err(io("no free port")(error.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into())))
}

/// Runs a blocking step on a thread of its own.
async fn blocking<T: Send + 'static>(
    what: &str,
    step: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(step).await {
        Ok(done) => done.map_err(io(what)),
        Err(gone) => Err(io(what)(gone.into())),
    }
}
