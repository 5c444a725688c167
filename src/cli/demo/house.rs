//! The demo's house: four primaries with a replica each, and Shardgate in this process in front of them, configured by
//! `config/quickstart.toml` with the servers' real ports in it.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::servers::{Cluster, Flavor, Spec};
use super::{Error, Result, io};
use crate::server::{self, Running};
use crate::{config, topology};

const QUICKSTART: &str = include_str!("../../../config/quickstart.toml");
/// The address that the quickstart configuration listens on.
const LISTEN: &str = "127.0.0.1:3307";
/// The ports of its first primary and first replica; the others follow.
const PRIMARY: u16 = 13306;
const REPLICA: u16 = 13316;
const SOURCES: u16 = 4;

/// The servers, and the proxy in front of them.
#[derive(Debug)]
pub(super) struct House {
    pub(super) cluster: Cluster,
    pub(super) address: SocketAddr,
    /// The configuration as it is used, for other commands of `shardgate`.
    pub(super) config: PathBuf,
    proxy: Running,
}

impl House {
    /// Starts everything. `port` is the proxy's; 0 takes a free one.
    pub(super) async fn start(port: u16) -> Result<Self> {
        // Better known before eight servers have started than after.
        let port = free(port).map_err(|error| cannot_listen(port, &error))?;
        let dir = folder()?;
        let flavor = Flavor::find()?;
        println!("Starting {SOURCES} primaries and a replica of each ({}) …", flavor.version().await?);
        let spec = Spec { primaries: SOURCES, replicas_each: 1, plain: 0, dir: dir.clone() };
        let cluster = Cluster::start_flavor(flavor, spec).await?;
        for (primary, replicas) in cluster.primaries.iter().zip(&cluster.replicas) {
            let replicas: Vec<_> = replicas.iter().map(|replica| replica.port().to_string()).collect();
            println!(
                "  {}: 127.0.0.1:{}, replica on {}",
                primary.name(),
                primary.port(),
                replicas.join(", ")
            );
        }
        let text = configuration(&cluster, port)?;
        let (proxy, address) = serve(&text).await?;
        let config = dir.join(format!("shardgate-{port}.toml"));
        std::fs::write(&config, text).map_err(io(format!("cannot write {}", config.display())))?;
        println!("Shardgate serves on {address} ({})", config.display());
        Ok(Self { cluster, address, config, proxy })
    }

    /// Stops the proxy, then the servers.
    pub(super) async fn stop(self) {
        self.proxy.shut_down().await;
        self.cluster.stop().await;
        std::fs::remove_file(&self.config).ok();
    }
}

/// Checks the configuration and serves it.
async fn serve(text: &str) -> Result<(Running, SocketAddr)> {
    let problems = |problems: Vec<config::Problem>| {
        Error::Configuration(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let config =
        config::parse(text, "quickstart.toml", &|name| std::env::var(name).ok()).map_err(problems)?;
    let topology = topology::build(&config, 1).map_err(problems)?;
    let running = server::start(&config, topology).await.map_err(|error| Error::Proxy(error.message))?;
    let address = running.address;
    Ok((running, address))
}

/// The quickstart configuration with the ports of this run.
fn configuration(cluster: &Cluster, port: u16) -> Result<String> {
    let mut text = replaced(QUICKSTART, LISTEN, &format!("127.0.0.1:{port}"))?;
    for (n, (primary, replicas)) in (0..).zip(cluster.primaries.iter().zip(&cluster.replicas)) {
        text = replaced(&text, &url(PRIMARY + n), &primary.url())?;
        for replica in replicas {
            text = replaced(&text, &url(REPLICA + n), &replica.url())?;
        }
    }
    Ok(text)
}

/// The port, or a free one for 0.
fn free(port: u16) -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", port))?.local_addr()?.port())
}

fn url(port: u16) -> String {
    format!("mysql://root@127.0.0.1:{port}")
}

fn replaced(text: &str, from: &str, to: &str) -> Result<String> {
    let from = format!("\"{from}\"");
    if !text.contains(&from) {
        return Err(Error::Configuration(format!("config/quickstart.toml has no {from}")));
    }
    Ok(text.replacen(&from, &format!("\"{to}\""), 1))
}

fn cannot_listen(port: u16, error: &std::io::Error) -> Error {
    Error::Proxy(format!(
        "cannot listen on 127.0.0.1:{port}: {error}; stop what listens there, or choose another port with --port"
    ))
}

/// Where the servers live: `target/demo` in a checkout, else a folder of this user's own among the temporary ones.
fn folder() -> Result<PathBuf> {
    if Path::new("Cargo.toml").is_file() && Path::new("target").is_dir() {
        return Ok(PathBuf::from("target/demo"));
    }
    if let Some(private) = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_dir()) {
        return Ok(Path::new(&private).join("shardgate-demo"));
    }
    let user = std::fs::metadata("/proc/self").map_err(io("cannot read /proc/self"))?.uid();
    let dir = std::env::temp_dir().join(format!("shardgate-demo-{user}"));
    std::fs::create_dir_all(&dir).map_err(io(format!("cannot make {}", dir.display())))?;
    let owner = std::fs::metadata(&dir).map_err(io(format!("cannot read {}", dir.display())))?.uid();
    if owner == user { Ok(dir) } else { Err(Error::Configuration(format!("{} is not yours", dir.display()))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickstart_configuration_has_what_is_replaced() {
        for n in 0..SOURCES {
            for port in [PRIMARY + n, REPLICA + n] {
                assert!(replaced(QUICKSTART, &url(port), "x").is_ok(), "{port}");
            }
        }
        assert!(replaced(QUICKSTART, LISTEN, "x").is_ok());
    }
}
