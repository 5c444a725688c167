//! The threads that serve clients: what they share, and how clients come to them.

use std::process::Command;

use crate::support::client::{CLIENT_DEPRECATE_EOF, CLIENT_FOUND_ROWS, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::{Options, config};
use crate::support::shop::{Setup, Shop, connect, number, soon};

#[tokio::test]
async fn one_connection_serves_all_threads_and_all_kinds_of_clients() {
    let setup = Setup { listen: "threads = 4", more: "[pool]\nmax_connections = 1\n", ..Setup::default() };
    let shop = Shop::shared_with("one_for_all", &setup).await;
    let tasks: Vec<_> = (0..16)
        .map(|n: usize| {
            // Clients that negotiate otherwise need connections of another kind.
            let capabilities = [0, CLIENT_FOUND_ROWS, CLIENT_DEPRECATE_EOF][n % 3];
            let login = Login { capabilities, ..shop.login() };
            let key = shop.key(0, 0, n);
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let insert = format!("INSERT INTO users (id, name, city) VALUES ({key}, 'n', 'x')");
                assert_eq!(client.one(&insert).await.done().affected, 1);
                let same = format!("UPDATE users SET city = 'x' WHERE id = {key}");
                for _ in 0..20 {
                    let affected = client.one(&same).await.done().affected;
                    assert_eq!(affected, u64::from(capabilities == CLIENT_FOUND_ROWS));
                }
            })
        })
        .collect();
    for task in tasks {
        soon("all clients", task).await.unwrap();
    }
    assert_eq!(number(&shop.client().await.one("SELECT COUNT(*) FROM users").await), 16);
}

#[tokio::test]
async fn a_storm_of_clients_is_served_by_all_threads() {
    let setup = Setup { listen: "threads = 4", ..Setup::default() };
    let shop = Shop::shared_with("storm", &setup).await;
    let tasks: Vec<_> = (0..400)
        .map(|n: usize| {
            let login = shop.login();
            let sql = format!("SELECT COUNT(*) FROM users WHERE id = {n}");
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                assert_eq!(number(&client.one(&sql).await), 0);
                client
            })
        })
        .collect();
    let mut clients = Vec::new();
    for task in tasks {
        clients.push(soon("a client", task).await.unwrap());
    }
    // All of them stay, and all of them are still served.
    for client in &mut clients {
        assert_eq!(number(&client.one("SELECT 5").await), 5);
    }
}

#[tokio::test]
async fn a_port_is_not_shared_with_another_proxy() {
    let shop = Shop::shared("one_port").await;
    let port = shop.login().port;
    let text = config(Lab::shared().await, "one_port", Options::default());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("second.toml");
    std::fs::write(&file, format!("[listen]\naddress = \"127.0.0.1:{port}\"\nthreads = 3\n{text}")).unwrap();
    let mut second = Command::new(env!("CARGO_BIN_EXE_shardgate"));
    let second = second.args(["serve", "--config"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && said.contains("in use"), "{said}");
}
