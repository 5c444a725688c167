//! `shardgate demo`: real servers, a proxy in front of them, a sample shop in it, and a tour of what it does. All that it
//! starts ends with it.
//!
//! [`run`] is the story; `house` starts servers and proxy, `shop` makes the rows, `load` fills them in, `tour` shows
//! statements. `servers` knows nothing of Shardgate: the tests use it too.

mod client;
mod house;
mod load;
pub mod servers;
mod shop;
mod tour;

use std::fmt::Debug;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use client::{DATABASE, USER};
use house::House;
use shop::Shop;

/// How the demo runs.
#[derive(Debug, Clone, Copy, Args)]
pub struct Options {
    /// End after the tour instead of staying up
    #[arg(long)]
    once: bool,
    /// The port on 127.0.0.1 that Shardgate serves on; 0 takes a free one
    #[arg(long, default_value_t = 3307)]
    port: u16,
    /// About how many rows to load
    #[arg(long, default_value_t = 65_000)]
    rows: u64,
}

/// Why the demo ended early.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Servers(#[from] servers::Error),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("the demo's configuration is wrong:\n{0}")]
    Configuration(String),
    #[error("{0}")]
    Proxy(String),
    #[error("{sql}\n  failed: {source}")]
    Statement { sql: String, source: mysql_async::Error },
    #[error("{sql}\n  must give {expected}\n  but gave  {got}")]
    Wrong { sql: String, expected: String, got: String },
    #[error("interrupted")]
    Interrupted,
}

type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn wrong(sql: &str, expected: impl Debug, got: impl Debug) -> Self {
        let sql = sql.chars().take(300).collect();
        Self::Wrong { sql, expected: format!("{expected:?}"), got: format!("{got:?}") }
    }
}

fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    let what = what.into();
    move |source| Error::Io { what, source }
}

/// Runs the demo: until Ctrl-C, or to the end of the tour.
pub fn run(options: Options) -> ExitCode {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new("warn")).with_writer(std::io::stderr).init();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(io("cannot start threads"))
        .and_then(|runtime| runtime.block_on(story(options)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shardgate: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn story(options: Options) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(io("no signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(io("no signals"))?;
    let stop = async {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    };
    tokio::pin!(stop);
    let mut start = std::pin::pin!(House::start(options.port));
    let mut done = Ok(());
    let house = tokio::select! {
        house = &mut start => house?,
        // Servers are stopped in order once they are up: that is a second or two.
        () = &mut stop => {
            done = Err(Error::Interrupted);
            start.await?
        }
    };
    if done.is_ok() {
        done = tokio::select! {
            done = show(&house, options.rows) => done,
            () = &mut stop => Err(Error::Interrupted),
        };
    }
    if done.is_ok() && !options.once {
        how_to_connect(&house);
        stop.await;
        done = Ok(());
    }
    println!("\nStopping Shardgate and its servers …");
    house.stop().await;
    done
}

/// Fills the shop and shows it.
async fn show(house: &House, rows: u64) -> Result<()> {
    let shop = Shop::of_about(rows);
    load::create(house).await?;
    load::load(house, &shop).await?;
    load::check(house, &shop).await?;
    tour::run(house, &shop).await?;
    println!("\nEvery answer was compared with the generated rows: all are right.");
    Ok(())
}

fn how_to_connect(house: &House) {
    let (port, config) = (house.address.port(), house.config.display());
    let shardgate = std::env::args().next().unwrap_or_else(|| "shardgate".to_owned());
    println!(
        "\nIt stays up. In another terminal:\n\
         \n  mariadb -h127.0.0.1 -P{port} -u{USER} -p{USER} {DATABASE}        (or mysql)\n\
         \nEXPLAIN SHARDGATE before a statement says where it goes; so does, without a connection,\n\
         \n  {shardgate} explain --config {config} \"SELECT COUNT(*) FROM orders\"\n\
         \nCtrl-C stops every process that the demo has started."
    );
}

/// `12345` as `12,345`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_parted() {
        let shown = [0, 999, 1_000, 65_000, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "65,000", "1,234,567"]);
    }
}
