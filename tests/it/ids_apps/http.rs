//! The HTTP service, spoken to over a plain socket.

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::House;
use crate::support::cluster::Lab;
use crate::support::proxy::free_port;
use crate::support::shop::{number, soon, until};

/// Status, head and body of an answer.
#[derive(Debug)]
struct Said {
    status: u16,
    head: String,
    body: String,
}

impl Said {
    fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

async fn ask(port: u16, request: &str) -> Said {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let text = format!("{request} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    socket.write_all(text.as_bytes()).await.unwrap();
    answer(&mut socket).await
}

/// Everything up to the end of the connection.
async fn answer(socket: &mut TcpStream) -> Said {
    let mut bytes = Vec::new();
    soon("an answer", socket.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {text}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Said { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

async fn house<'a>(lab: &'a Lab, tag: &str) -> (House<'a>, u16) {
    let port = free_port();
    let house = House::over(lab, tag, &format!("[admin]\naddress = \"127.0.0.1:{port}\"")).await;
    assert!(house.proxy.log().contains(&format!("http://127.0.0.1:{port}")), "{}", house.proxy.log());
    (house, port)
}

#[tokio::test]
async fn ids_are_made_by_post() {
    let (house, port) = house(Lab::shared().await, "http").await;
    let of = |table: &str| format!("POST /ids/{}.{table}", house.database);
    let said = ask(port, &of("orders?n=30")).await;
    assert!(said.status == 200 && said.head.contains("content-type: application/json"), "{said:?}");
    assert_eq!(said.json(), json!({ "first": "1", "last": "30", "step": 1, "count": 30 }));
    assert_eq!(ask(port, &of("orders")).await.json()["first"], "31");
    let mut client = house.client().await;
    assert_eq!(number(&client.one("SELECT SHARDGATE_NEXT_ID('orders')").await), 32);
    let said = ask(port, &of("users?n=4096")).await.json();
    let number = |name: &str| said[name].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(number("last") - number("first"), 4095);
    let slot = |said: &Json| said["first"].as_str().unwrap().parse::<u64>().unwrap() >> 2 & 1023;
    let line = ask(port, &of("parts?n=2&key=42")).await.json();
    assert_eq!(slot(&line), u64::from(crc32fast::hash(b"42") % 1024), "{line}");
    let ids = ask(port, &of("docs?n=3")).await.json()["ids"].as_array().unwrap().clone();
    assert!(ids.len() == 3 && ids.iter().all(|id| id.as_str().unwrap().len() == 36), "{ids:?}");
    // One connection for several requests.
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let one = format!("{} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}", of("orders"));
    let last = "GET /health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    socket.write_all(format!("{one}{one}{last}").as_bytes()).await.unwrap();
    let mut all = String::new();
    soon("three answers", socket.read_to_string(&mut all)).await.unwrap();
    assert_eq!(all.matches("HTTP/1.1 200").count(), 3, "{all}");
}

#[tokio::test]
async fn mistakes_are_told_with_a_status() {
    let (house, port) = house(Lab::shared().await, "http").await;
    let database = &house.database;
    for (request, status, part) in [
        (format!("GET /ids/{database}.orders"), 405, "use POST"),
        ("POST /health".to_owned(), 405, "use GET"),
        ("GET /".to_owned(), 404, "/metrics"),
        (format!("POST /ids/{database}.nosuch"), 404, "declare one"),
        ("POST /ids/nosuch.orders".to_owned(), 404, "Unknown database"),
        ("POST /ids/orders".to_owned(), 400, "DATABASE.TABLE"),
        (format!("POST /ids/{database}.orders?n=many"), 400, "whole number"),
        (format!("POST /ids/{database}.orders?n=0"), 400, "1 to 1000000"),
        (format!("POST /ids/{database}.users?n=4097"), 400, "1 to 4096"),
        (format!("POST /ids/{database}.docs?n=100001"), 400, "1 to 100000"),
        (format!("POST /ids/{database}.orders?count=3"), 400, "unknown parameter"),
        (format!("POST /ids/{database}.parts"), 400, "`user_id`"),
        (format!("POST /ids/{database}.parts?key=%zz"), 400, "percent-encoded"),
        (format!("POST /ids/{database}.parts?key=abc"), 400, "abc"),
    ] {
        let said = ask(port, &request).await;
        let error = said.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(said.status == status && error.contains(part), "{request}: {said:?}");
    }
    assert!(ask(port, "POST /metrics").await.head.contains("allow: get"));
    // Too much: a body, a head.
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let large = format!("POST /ids/{database}.orders HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    socket.write_all(large.as_bytes()).await.unwrap();
    assert_eq!(answer(&mut socket).await.status, 413);
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let large = format!("GET /health HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    socket.write_all(large.as_bytes()).await.unwrap();
    assert_eq!(answer(&mut socket).await.status, 431);
}

#[tokio::test]
async fn metrics_and_health_are_read() {
    let (house, port) = house(Lab::shared().await, "http").await;
    house.client().await.one("SELECT 1").await;
    let said = ask(port, "GET /metrics").await;
    assert!(said.head.contains("application/openmetrics-text"), "{said:?}");
    let value =
        |name: &str| said.body.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    assert!(value("shardgate_statements_total ").is_some_and(|n| n > 0), "{said:?}");
    assert!(said.body.ends_with("# EOF\n"), "{said:?}");
    assert_eq!(ask(port, "GET /health").await.json(), json!({ "status": "ok" }));
    let head = ask(port, "HEAD /health").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn more_clients_than_it_takes_wait_and_slow_ones_are_left() {
    let (_house, port) = house(Lab::shared().await, "http").await;
    let mut idle = Vec::new();
    for _ in 0..80 {
        idle.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    // Those that say nothing are closed after ten seconds, and the others come in.
    let said = soon("a place", ask(port, "GET /health")).await;
    assert_eq!(said.status, 200);
}

#[tokio::test]
async fn without_the_store_segments_are_unavailable_and_all_else_goes_on() {
    let lab = Lab::start(2, 0, 0).await;
    let (house, port) = house(&lab, "http").await;
    lab.cluster.primaries[1].kill_hard().await.unwrap();
    let orders = format!("POST /ids/{}.orders", house.database);
    let said = ask(port, &orders).await;
    let error = said.json()["error"].as_str().unwrap_or_default().to_owned();
    assert!(said.status == 503 && error.contains("_store"), "{said:?}");
    for other in ["users", "docs"] {
        assert_eq!(ask(port, &format!("POST /ids/{}.{other}", house.database)).await.status, 200);
    }
    lab.cluster.primaries[1].restart().await.unwrap();
    until("ids come again", async || (ask(port, &orders).await.status == 200).then_some(())).await;
}
