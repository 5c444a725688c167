//! Real drivers and tools, each in a process of its own. `make test` installs what they need.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::load;
use crate::support::proxy::{Options, Proxy, config};
use crate::support::shop::PATIENCE;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program that `make` installs below target/.
pub fn installed(path: &str) -> PathBuf {
    let path = root().join(path);
    assert!(path.exists(), "{} is missing: run `make setup`", path.display());
    path
}

/// Loads the shop through a proxy, then runs `program script HOST PORT USER PASSWORD DATABASE more…`.
async fn drive(program: &Path, script: &str, more: &[&str]) {
    let lab = Lab::shared().await;
    let database = lab.database("drivers").await;
    let (proxy, login) = if std::env::var_os("SHARDGATE_ORACLE_SELF").is_some() {
        (None, Login::root(lab.oracle().port()))
    } else {
        let text = config(lab, &database, Options::default())
            + &format!(
                "\n[database.{database}.group.by_id]\nalgorithm = {{ hash = \"crc32\", slots = 1024 }}\n"
            )
            + "tables = { sbtest1 = \"id\" }\n";
        let proxy = Proxy::start(&text).await;
        let login = Login::app(proxy.port);
        (Some(proxy), login)
    };
    let mut client = Client::connect(&login.clone().database(&database)).await.unwrap();
    for step in load("shop.sql") {
        let answer = client.one(&step.text).await;
        assert_eq!(answer.errno(), 0, "{}: {answer}", step.place);
    }
    println!("{}", output(program, &[], script, &login, &database, more, proxy.as_ref()).await);
}

/// What `program before… script HOST PORT USER PASSWORD DATABASE more…` says, which must end well.
pub async fn output(
    program: &Path,
    before: &[&str],
    script: &str,
    login: &Login,
    database: &str,
    more: &[&str],
    proxy: Option<&Proxy>,
) -> String {
    let running = tokio::process::Command::new(program)
        .args(before)
        .arg(root().join("tests/drivers").join(script))
        .args(["127.0.0.1", &login.port.to_string(), &login.user, &login.password, database])
        .args(more)
        .env("NODE_PATH", root().join("target/node/node_modules"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(5 * PATIENCE, running).await.expect("the driver does not end").unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let log = proxy.map(Proxy::log).unwrap_or_default();
    assert!(output.status.success(), "{script} {more:?}: {}\n{said}\nShardgate's log:\n{log}", output.status);
    said
}

#[tokio::test]
async fn pymysql() {
    drive(&installed("target/venv/bin/python"), "with_pymysql.py", &[]).await;
}

#[tokio::test]
async fn connector_python() {
    drive(&installed("target/venv/bin/python"), "with_connector.py", &[]).await;
}

#[tokio::test]
async fn mysql2_for_node() {
    installed("target/node/node_modules/mysql2");
    drive(Path::new("node"), "with_mysql2.js", &[]).await;
}

#[tokio::test]
async fn mariadb_client() {
    drive(Path::new("sh"), "with_cli.sh", &["mariadb"]).await;
}

/// MySQL's own client, where `SHARDGATE_MYSQL_HOME` has one; elsewhere `mariadb` under its old name.
#[tokio::test]
async fn mysql_client() {
    let own = std::env::var_os("SHARDGATE_MYSQL_HOME").map(|home| PathBuf::from(home).join("bin/mysql"));
    let client = own.filter(|client| client.is_file()).unwrap_or_else(|| PathBuf::from("mysql"));
    drive(Path::new("sh"), "with_cli.sh", &[client.to_str().unwrap()]).await;
}

#[tokio::test]
async fn sysbench_prepared() {
    drive(Path::new("sh"), "with_sysbench.sh", &["auto"]).await;
}

#[tokio::test]
async fn sysbench_text() {
    drive(Path::new("sh"), "with_sysbench.sh", &["disable"]).await;
}
