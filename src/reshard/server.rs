//! Connections for looking and counting: one to a source, off the data path.

use std::time::Duration;

use mysql_async::{Conn, OptsBuilder};

use crate::config::Address;

/// Connects within `limit`. The error names the server and what it said.
pub(super) async fn connect(address: &Address, limit: Duration) -> Result<Conn, String> {
    let password = Some(&address.password).filter(|password| !password.is_empty());
    let opts = OptsBuilder::default()
        .ip_or_hostname(address.host.as_str())
        .tcp_port(address.port)
        .user(Some(address.user.as_str()))
        .pass(password)
        .prefer_socket(false);
    let place = format!("{}:{}", address.host, address.port);
    match tokio::time::timeout(limit, Conn::new(opts)).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(mysql_async::Error::Io(mysql_async::IoError::Io(error)))) => {
            Err(format!("cannot connect to {place}: {error}"))
        }
        Ok(Err(error)) => Err(format!("cannot connect to {place}: {error}")),
        Err(_) => Err(format!("cannot connect to {place} within {limit:?}")),
    }
}

/// A name in backquotes.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
