//! The servers that the demo and all other tests stand on.

use std::path::Path;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use shardgate::cli::demo::servers::{Cluster, Spec};

use crate::support::shop::PATIENCE;

fn spec(primaries: u16, replicas_each: u16) -> Spec {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
    Spec { primaries, replicas_each, plain: 0, dir }
}

#[tokio::test]
async fn replicas_follow_and_a_killed_server_comes_back() {
    let started = Instant::now();
    let cluster = Cluster::start(spec(1, 1)).await.unwrap();
    println!("{} started in {:?}", cluster.flavor().version().await.unwrap(), started.elapsed());
    let (primary, replica) = (&cluster.primaries[0], &cluster.replicas[0][0]);
    primary
        .run(&[
            "CREATE DATABASE d",
            "CREATE TABLE d.t (id INT PRIMARY KEY)",
            "INSERT INTO d.t VALUES (1), (2)",
        ])
        .await
        .unwrap();
    cluster.sync().await.unwrap();
    let mut conn = replica.control().await.unwrap();
    let count: Option<u32> = conn.query_first("SELECT COUNT(*) FROM d.t").await.unwrap();
    assert_eq!(count, Some(2));
    let port = primary.port();
    primary.kill_hard().await.unwrap();
    assert_eq!(primary.pid(), None);
    assert!(primary.control().await.is_err());
    primary.restart().await.unwrap();
    assert_eq!(primary.port(), port);
    primary.run(&["INSERT INTO d.t VALUES (3)"]).await.unwrap();
    cluster.sync().await.unwrap();
    let count: Option<u32> = conn.query_first("SELECT COUNT(*) FROM d.t").await.unwrap();
    assert_eq!(count, Some(3));
    let settings: Option<(String, String)> =
        conn.query_first("SELECT @@GLOBAL.collation_server, @@GLOBAL.sql_mode").await.unwrap();
    let (collation, mode) = settings.unwrap();
    assert_eq!(collation, "utf8mb4_general_ci");
    assert_eq!(mode, "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION");
    let (pids, data): (Vec<_>, Vec<_>) =
        cluster.servers().map(|s| (s.pid().unwrap(), s.data().to_owned())).unzip();
    cluster.stop().await;
    for (pid, data) in pids.iter().zip(&data) {
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
        assert!(!data.exists());
    }
}

/// Run by [`servers_die_with_a_killed_owner`] in a process of its own; by itself it does nothing.
#[tokio::test]
async fn an_owner_to_be_killed() {
    let Ok(file) = std::env::var("SHARDGATE_TEST_OWNER") else { return };
    let cluster = Cluster::start(spec(1, 0)).await.unwrap();
    let server = &cluster.primaries[0];
    let partial = format!("{file}.partial");
    std::fs::write(&partial, format!("{}\n{}", server.pid().unwrap(), server.data().display())).unwrap();
    std::fs::rename(partial, file).unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
}

#[test]
fn servers_die_with_a_killed_owner() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server");
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "servers::an_owner_to_be_killed"])
        .env("SHARDGATE_TEST_OWNER", &file)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < deadline, "the owner starts no server");
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let (pid, data) = text.split_once('\n').unwrap();
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    owner.kill().unwrap();
    owner.wait().unwrap();
    while Path::new(&format!("/proc/{pid}")).exists() || Path::new(data).exists() {
        assert!(Instant::now() < deadline, "server {pid} or its data in {data} outlives its owner");
        std::thread::sleep(Duration::from_millis(20));
    }
}
