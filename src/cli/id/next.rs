//! `shardgate id next`: new ids from a running proxy, which holds a worker's number; this command holds none.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Value};
use tokio::time::timeout;

use super::{Failure, Owner, configured};
use crate::base::hex;
use crate::base::layout::Layout;
use crate::cli::check::run as wait;

/// How long the proxy may take for all of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which ids, and from where.
#[derive(Debug, Args)]
pub struct Options {
    /// The configuration that the proxy runs with
    #[arg(long, short)]
    config: Option<PathBuf>,
    /// The table, `database.table`; the configuration's only one with an id if left out
    #[arg(long, short, required_unless_present = "config")]
    table: Option<String>,
    /// How many
    #[arg(short, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    n: u32,
    /// The sharding key, for ids that carry its slot
    #[arg(long, short)]
    key: Option<String>,
    /// Where the proxy listens, HOST:PORT; as the configuration says if left out
    #[arg(long, short, required_unless_present = "config")]
    address: Option<String>,
    /// Who asks; the configuration's first user if left out
    #[arg(long, short, required_unless_present = "config")]
    user: Option<String>,
    /// The user's password; the configuration's or MYSQL_PWD's if left out
    #[arg(long, short)]
    password: Option<String>,
}

/// Whom to ask for what.
struct Asking {
    address: String,
    user: String,
    password: String,
    table: String,
    /// How many ids a block has at most, and how they differ.
    block: u32,
    step: u64,
}

/// The ids, one a line.
pub(super) fn run(options: &Options) -> Result<String, Failure> {
    let asking = options.asking()?;
    let asked = wait(async {
        let done = timeout(PATIENCE, asking.ids(options.n, options.key.as_deref())).await;
        done.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
    });
    let ids = asked.map_err(Failure::Told)?;
    Ok(ids.map_err(|why| format!("the proxy at {} gives no ids: {why}", asking.address))?)
}

impl Options {
    fn asking(&self) -> Result<Asking, Failure> {
        let environment = || std::env::var("MYSQL_PWD").ok();
        let mut asking = Asking {
            address: self.address.clone().unwrap_or_default(),
            user: self.user.clone().unwrap_or_default(),
            password: self.password.clone().or_else(environment).unwrap_or_default(),
            table: self.table.clone().unwrap_or_default(),
            // How ids of a block differ is not known without a configuration.
            block: 1,
            step: 1,
        };
        let Some(path) = &self.config else { return Ok(asking) };
        let (config, topology) = configured(path)?;
        if self.address.is_none() {
            asking.address = config.listen.address;
        }
        let user = match &self.user {
            None => config.users.first(),
            Some(name) => config.users.iter().find(|user| user.name == *name),
        };
        if let Some(user) = user {
            asking.user.clone_from(&user.name);
            if self.password.is_none() {
                asking.password.clone_from(&user.password);
            }
        }
        let owner = match &self.table {
            Some(name) => Owner::find(topology, name)?,
            None => Owner::only(topology)?,
        };
        let layout = owner.table.id.as_ref().and_then(|id| id.layout);
        (asking.block, asking.step) = layout.map_or((1, 1), |l: Layout| (l.per_ms() as u32, l.step()));
        asking.table = owner.name;
        Ok(asking)
    }
}

impl Asking {
    async fn ids(&self, n: u32, key: Option<&str>) -> Result<String, String> {
        let mut conn = self.connect().await?;
        let (mut text, mut left) = (String::new(), n);
        while left > 0 {
            let count = left.min(self.block);
            left -= count;
            let id = match key {
                None => conn.exec_first("SELECT SHARDGATE_NEXT_ID(?, ?)", (&self.table, count)).await,
                Some(key) => {
                    let asked = (&self.table, count, key);
                    conn.exec_first("SELECT SHARDGATE_NEXT_ID(?, ?, ?)", asked).await
                }
            };
            let id: Value = id.map_err(|error| error.to_string())?.ok_or("it answers without a row")?;
            match number(&id) {
                Some(first) => {
                    for i in 0..u64::from(count) {
                        let _ = writeln!(text, "{}", first.wrapping_add(i.wrapping_mul(self.step)));
                    }
                }
                // A UUID: never more than one at once.
                None => match &id {
                    Value::Bytes(bytes) => {
                        let _ = writeln!(text, "{}", uuid(bytes));
                    }
                    _ => return Err("its answer is no id".into()),
                },
            }
        }
        let _ = conn.disconnect().await;
        Ok(text)
    }

    async fn connect(&self) -> Result<Conn, String> {
        let wrong = || format!("\"{}\" is no address; write HOST:PORT", self.address);
        let (host, port) = self.address.rsplit_once(':').ok_or_else(wrong)?;
        let port: u16 = port.parse().map_err(|_| wrong())?;
        // Where a proxy listens on all addresses of its host, one is as good as another.
        let host = match host.trim_start_matches('[').trim_end_matches(']') {
            "0.0.0.0" | "" => "127.0.0.1",
            "::" => "::1",
            host => host,
        };
        let opts = OptsBuilder::default()
            .ip_or_hostname(host)
            .tcp_port(port)
            .user(Some(&self.user))
            .pass(Some(&self.password).filter(|password| !password.is_empty()))
            .prefer_socket(false);
        Conn::new(opts).await.map_err(|error| error.to_string())
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::UInt(n) => Some(*n),
        Value::Int(n) => u64::try_from(*n).ok(),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

/// As text, whichever column it is for.
fn uuid(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() != 16 => text.to_owned(),
        _ => {
            let hex = hex(bytes).to_ascii_lowercase();
            let dashes = [8, 12, 16, 20];
            let mut text = String::new();
            for (at, digit) in hex.chars().enumerate() {
                if dashes.contains(&at) {
                    text.push('-');
                }
                text.push(digit);
            }
            text
        }
    }
}
