//! The two kinds of server: where their programs are, how an empty data folder is made, which options they start with.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use super::server::TMP;
use super::{Error, PATIENCE, Result, io, tail};

/// Raised when what a template holds changes, so that old ones are not used.
const TEMPLATE: u32 = 1;

/// Root without a password over TCP, for MySQL, whose own root is for sockets only. Replication logs in as root as
/// well: all is private to 127.0.0.1.
const ROOT: &str = "CREATE USER 'root'@'127.0.0.1';\n\
                    GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n";

/// Which server to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flavor {
    /// MariaDB.
    MariaDb {
        /// The server's program.
        server: PathBuf,
    },
    /// Oracle's MySQL.
    MySql {
        /// The folder that holds `bin/mysqld`.
        home: PathBuf,
    },
}

impl Flavor {
    /// What the environment variable `SHARDGATE_MYSQL_HOME` points at, else MariaDB, else MySQL, from the PATH or
    /// the system's folders.
    pub fn find() -> Result<Self> {
        if let Some(home) = std::env::var_os("SHARDGATE_MYSQL_HOME").filter(|home| !home.is_empty()) {
            let home = PathBuf::from(home);
            if !home.join("bin/mysqld").is_file() {
                return Err(Error::Missing(format!(" in SHARDGATE_MYSQL_HOME={}", home.display())));
            }
            return Ok(Self::MySql { home });
        }
        if let Some(server) = program("mariadbd") {
            return Ok(Self::MariaDb { server });
        }
        match program("mysqld").as_deref().and_then(Path::parent).and_then(Path::parent) {
            Some(home) if home.join("bin/mysqld").is_file() => Ok(Self::MySql { home: home.to_owned() }),
            _ => Err(Error::Missing(String::new())),
        }
    }

    /// The word that starts a server.
    pub fn program(&self) -> PathBuf {
        match self {
            Self::MariaDb { server } => server.clone(),
            Self::MySql { home } => home.join("bin/mysqld"),
        }
    }

    /// Whether this is MariaDB.
    pub fn is_mariadb(&self) -> bool {
        matches!(self, Self::MariaDb { .. })
    }

    /// The version as the program says it, for example `10.11.19-MariaDB`.
    pub async fn version(&self) -> Result<String> {
        let output = output(&self.program(), &["--no-defaults".into(), "--version".into()]).await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.split_whitespace().skip_while(|word| *word != "Ver").nth(1).unwrap_or("unknown");
        Ok(version.split("-0+").next().unwrap_or(version).to_owned())
    }

    /// An empty data folder to copy from. Made once for a version and kept: in a folder of its own that is renamed
    /// when whole, so that processes that do it at the same time do not meet.
    pub(super) async fn template(&self, dir: &Path) -> Result<PathBuf> {
        let kind = if self.is_mariadb() { "mariadb" } else { "mysql" };
        let templates = absolute(dir)?.join("templates");
        let ready = templates.join(format!("{kind}-{}-{TEMPLATE}", self.version().await?));
        if ready.is_dir() {
            return Ok(ready);
        }
        std::fs::create_dir_all(&templates).map_err(io(format!("cannot make {}", templates.display())))?;
        let work = tempdir(&templates)?;
        let made = self.bootstrap(&work).await.and_then(|()| {
            std::fs::rename(work.join("data"), &ready)
                .or_else(|error| if ready.is_dir() { Ok(()) } else { Err(error) })
                .map_err(io(format!("cannot make {}", ready.display())))
        });
        std::fs::remove_dir_all(&work).ok();
        made.map(|()| ready)
    }

    /// Makes `work/data`.
    async fn bootstrap(&self, work: &Path) -> Result<()> {
        let data = work.join("data");
        // Servers that start at the same time delete each other's temporary files where they share a folder.
        let tmp = work.join(TMP);
        std::fs::create_dir_all(&tmp).map_err(io(format!("cannot make {}", tmp.display())))?;
        let mut args = vec![
            "--no-defaults".to_owned(),
            format!("--datadir={}", data.display()),
            format!("--tmpdir={}", tmp.display()),
        ];
        if is_root() {
            args.push("--user=root".to_owned());
        }
        let (program, own): (_, &[&str]) = match self {
            Self::MariaDb { server } => (
                beside(server, "mariadb-install-db")
                    .ok_or_else(|| Error::Missing(" (mariadb-install-db is not there)".to_owned()))?,
                &[
                    "--auth-root-authentication-method=normal", // makes root@127.0.0.1 too, without a password
                    "--skip-test-db",
                    "--skip-name-resolve",
                    "--innodb-log-file-size=8M",
                ],
            ),
            Self::MySql { .. } => {
                let sql = work.join("root.sql");
                std::fs::write(&sql, ROOT).map_err(io(format!("cannot write {}", sql.display())))?;
                args.push(format!("--init-file={}", sql.display()));
                (
                    self.program(),
                    &[
                        "--initialize-insecure",
                        "--skip-log-bin",
                        "--mysqlx=OFF",
                        "--innodb-redo-log-capacity=32M",
                    ],
                )
            }
        };
        args.extend(own.iter().map(|&option| option.to_owned()));
        let output = output(&program, &args).await?;
        if output.status.success() {
            // A copy makes itself a name of its own.
            std::fs::remove_file(data.join("auto.cnf")).ok();
            return Ok(());
        }
        let log = work.join("log");
        std::fs::write(&log, [output.stdout, output.stderr].concat()).ok();
        Err(Error::Failed {
            what: format!("{} ended with {}", program.display(), output.status),
            log: tail(&log),
        })
    }

    /// The options that a server starts with: small, quick, and alike in all that a client can see.
    pub(super) fn options(&self, data: &Path, port: u16, id: u32, read_only: bool) -> Vec<String> {
        let mut options: Vec<String> = [
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--socket=mysql.sock", // within the data folder, whose whole path may be too long for a socket
            "--pid-file=mysql.pid",
            "--log-error=error.log",
            "--skip-name-resolve",
            "--performance-schema=OFF",
            "--max-connections=500",
            "--max-allowed-packet=64M",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=2", // survives a killed server, not a killed machine
            "--sync-binlog=0",
            "--log-bin=binlog",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
            "--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
            "--default-time-zone=+00:00",
            "--innodb-lock-wait-timeout=10",
            "--local-infile=ON", // off by default on MySQL
        ]
        .map(str::to_owned)
        .into();
        options.extend([
            format!("--datadir={}", data.display()),
            // Its own: a server that starts removes what it takes for the rubbish of a crashed one from a shared folder.
            format!("--tmpdir={}", data.join(TMP).display()),
            format!("--port={port}"),
            format!("--server-id={id}"),
            format!("--read-only={}", u8::from(read_only)),
        ]);
        if is_root() {
            options.push("--user=root".to_owned());
        }
        let own: &[&str] = if self.is_mariadb() {
            &[
                "--innodb-log-file-size=32M",
                "--ignore-db-dirs=tmp",
                "--binlog-format=ROW",
                "--log-slave-updates=ON",
            ]
        } else {
            &[
                "--innodb-redo-log-capacity=64M",
                "--gtid-mode=ON",
                "--enforce-gtid-consistency=ON",
                "--mysqlx=OFF",
                "--innodb-doublewrite=OFF",
                "--binlog-expire-logs-seconds=0",
            ]
        };
        options.extend(own.iter().map(|&option| option.to_owned()));
        if read_only && !self.is_mariadb() {
            options.push("--super-read-only=ON".to_owned());
        }
        options
    }
}

/// A program of the PATH, or of where Debian keeps servers.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// A program that belongs to a server: on the PATH, or in the folders beside the server's.
fn beside(server: &Path, name: &str) -> Option<PathBuf> {
    let prefix = server.parent()?.parent()?;
    ["bin", "sbin", "scripts"]
        .map(|dir| prefix.join(dir).join(name))
        .into_iter()
        .find(|file| file.is_file())
        .or_else(|| program(name))
}

/// Whether this process is root: servers refuse to run as root unless told to.
fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_whitespace().nth(1).map(|id| id == "0"))
        .unwrap_or(false)
}

fn absolute(dir: &Path) -> Result<PathBuf> {
    std::path::absolute(dir).map_err(io(format!("no absolute path of {}", dir.display())))
}

/// A new folder of this process's own.
fn tempdir(parent: &Path) -> Result<PathBuf> {
    let dir = parent.join(format!(".{}-{:08x}", std::process::id(), rand::random::<u32>()));
    std::fs::create_dir(&dir).map_err(io(format!("cannot make {}", dir.display())))?;
    Ok(dir)
}

/// Runs a program to its end, within [`PATIENCE`].
async fn output(program: &Path, args: &[String]) -> Result<Output> {
    let running =
        tokio::process::Command::new(program).args(args).stdin(Stdio::null()).kill_on_drop(true).output();
    match tokio::time::timeout(PATIENCE * 2, running).await {
        Ok(output) => output.map_err(io(format!("cannot run {}", program.display()))),
        Err(late) => Err(io(format!("{} does not end", program.display()))(late.into())),
    }
}
