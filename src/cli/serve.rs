//! `shardgate serve`: the proxy itself.

use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config};
use crate::server;
use crate::topology::{self, Topology};

/// Serves until SIGINT or SIGTERM.
pub fn run(path: &Path) -> ExitCode {
    let Some((config, topology)) = load(path) else { return ExitCode::from(2) };
    let filter = EnvFilter::try_new(&config.log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("shardgate: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let served = runtime.block_on(async {
        let running = server::start(&config, topology).await.map_err(|error| error.message)?;
        println!("shardgate: serving on {}", running.address);
        if let Some(address) = running.admin {
            println!("shardgate: http://{address}");
        }
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt()).map_err(|e| e.to_string())?,
            signal(SignalKind::terminate()).map_err(|e| e.to_string())?,
        );
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        running.shut_down().await;
        Ok::<(), String>(())
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("shardgate: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Reads a configuration; prints all its problems if it has any.
pub(super) fn load(path: &Path) -> Option<(Config, Topology)> {
    let built =
        config::load(path).and_then(|config| topology::build(&config, 1).map(|topology| (config, topology)));
    match built {
        Ok(both) => Some(both),
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            eprintln!("shardgate: {} problem(s) in {}", problems.len(), path.display());
            None
        }
    }
}
