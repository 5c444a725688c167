//! Bad input on the wire, and logins: what is wrong is told where it can be, and harms nobody else.

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Client, Failure, Login, Refusal};
use crate::support::packets::refusal;
use crate::support::shop::{Setup, Shop, closed, connect, number, run, soon, text, until};

/// Sends bytes in the place of a login; what comes back after the greeting until the end.
async fn stranger(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut head = [0; 4];
    socket.read_exact(&mut head).await.unwrap();
    let mut greeting = vec![0; usize::from(head[0])];
    socket.read_exact(&mut greeting).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    socket.shutdown().await.ok();
    let mut rest = Vec::new();
    soon("the end of a stranger's connection", socket.read_to_end(&mut rest)).await.ok();
    rest
}

/// The number of sessions, as COM_STATISTICS tells it.
async fn sessions(client: &mut Client) -> String {
    client.command(9, &[]).await.unwrap();
    let text = String::from_utf8(client.read().await.unwrap()).unwrap();
    text.split_whitespace().nth(1).unwrap().to_owned()
}

async fn refused(login: &Login) -> Refusal {
    match Client::connect(login).await {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{login:?}: {other:?}"),
    }
}

#[tokio::test]
async fn garbage_instead_of_a_login() {
    let shop = Shop::shared("garbage").await;
    let port = shop.proxy.port;
    let told = |bytes: &[u8]| (bytes.get(4) == Some(&0xFF)).then(|| refusal(&bytes[4..]).errno);
    assert_eq!(told(&stranger(port, b"\x03\x00\x00\x01abc").await), Some(1043));
    assert_eq!(told(&stranger(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await), Some(1156));
    assert_eq!(told(&stranger(port, b"\x03\x00\x00\x07abc").await), Some(1156));
    stranger(port, b"").await;
    stranger(port, b"\x20\x00\x00\x01half").await;
    let mut random = StdRng::seed_from_u64(7);
    for n in 0..200 {
        let mut bytes = vec![0; n * 3];
        random.fill_bytes(&mut bytes);
        if n % 2 == 0 {
            bytes = [&(bytes.len() as u32).to_le_bytes()[..3], &[1], &bytes].concat();
        }
        stranger(port, &bytes).await;
    }
    let mut client = shop.client().await;
    assert_eq!(text(&client.one("SELECT 'well'").await), "well");
    until("the strangers' sessions end", async || (sessions(&mut client).await == "1").then_some(())).await;
}

#[tokio::test]
async fn broken_framing_ends_one_session_only() {
    let shop = Shop::shared("framing").await;
    let mut other = shop.client().await;
    run(&mut other, &["BEGIN", "INSERT INTO users (id, name) VALUES (1, 'x')"]).await;

    // A packet out of order.
    let mut client = shop.client().await;
    client.raw(b"\x09\x00\x00\x05\x03SELECT 1").await.unwrap();
    let answer = soon("an answer to a packet out of order", client.read()).await;
    if let Ok(packet) = &answer {
        assert_eq!(refusal(packet).errno, 1156);
    }
    assert!(soon("the end", client.at_end()).await);

    // Half a packet.
    let mut client = shop.client().await;
    client.raw(b"\x64\x00\x00\x00\x03SELECT 1").await.unwrap();
    drop(client);
    let mut client = shop.client().await;
    client.raw(b"\x64\x00").await.unwrap();
    client.abort();

    // Half an EXECUTE, a command without its operands, an empty packet.
    let mut client = shop.client().await;
    for (command, body) in [(0x17, &b"\x01\x00"[..]), (0x17, b""), (0x1A, b"\x01")] {
        client.command(command, body).await.unwrap();
        let packet = soon("an answer to a cut command", client.read()).await.unwrap();
        assert_eq!(packet[0], 0xFF, "{command:#x}");
    }
    assert_eq!(number(&client.one("SELECT 7").await), 7);
    client.raw(&[0, 0, 0, 0]).await.unwrap();
    let empty = soon("an answer to an empty packet", client.read()).await;
    assert!(closed(&empty) || empty.unwrap()[0] == 0xFF);
    drop(client);

    until("only one session is left", async || (sessions(&mut other).await == "1").then_some(())).await;
    run(&mut other, &["COMMIT"]).await;
    assert_eq!(number(&other.one("SELECT COUNT(*) FROM users").await), 1);
}

#[tokio::test]
async fn packets_over_the_limit() {
    let setup = Setup { listen: "max_packet = \"1MiB\"", ..Setup::default() };
    let shop = Shop::shared_with("oversize", &setup).await;
    let fits = format!("SELECT LENGTH('{}')", "x".repeat(1 << 19));
    let mut client = shop.client().await;
    assert_eq!(number(&client.one(&fits).await), 1 << 19);
    for size in [1 << 20, 3 << 20, 40 << 20] {
        let mut client = shop.client().await;
        let large = format!("SELECT LENGTH('{}')", "x".repeat(size));
        match soon("an answer to a large packet", client.query(&large)).await {
            Ok(answers) => assert_eq!(answers[0].errno(), 1153, "{size}: {}", answers[0]),
            Err(failure) => panic!("{size}: {failure}"),
        }
        drop(client);
    }
    // Long data adds up to the limit, too.
    let statement = client.prepare("SELECT LENGTH(?)").await.unwrap();
    for _ in 0..4 {
        client.send_long_data(&statement, 0, &vec![b'x'; 1 << 19]).await.unwrap();
    }
    let answer =
        client.execute(&statement, &[crate::support::client::Param::Blob(Vec::new())]).await.unwrap();
    assert_eq!(answer[0].errno(), 1153, "{}", answer[0]);
    assert_eq!(number(&client.one("SELECT 7").await), 7);
}

#[tokio::test]
async fn wrong_passwords_and_users_look_alike() {
    let shop = Shop::shared("password").await;
    let port = shop.proxy.port;
    let login = |user: &str, password: &str| Login {
        user: user.into(),
        password: password.into(),
        ..Login::app(port)
    };
    for (user, password, used) in [
        ("app", "wrong", "YES"),
        ("app", "", "NO"),
        ("nobody", "app", "YES"),
        ("nobody", "", "NO"),
        ("", "app", "YES"),
    ] {
        let refusal = refused(&login(user, password)).await;
        let message = format!("Access denied for user '{user}'@'127.0.0.1' (using password: {used})");
        let wanted = Refusal { errno: 1045, state: "28000".into(), message };
        assert_eq!(refusal, wanted);
    }
    assert_eq!(text(&connect(&login("app", "app")).await.one("SELECT 'in'").await), "in");
}

#[tokio::test]
async fn unknown_databases() {
    let shop = Shop::shared("unknown_database").await;
    let plain = refused(&Login::root(shop.lab.oracle().port()).database("nowhere")).await;
    assert_eq!(refused(&Login::app(shop.proxy.port).database("nowhere")).await, plain);
    assert_eq!(plain.errno, 1049);
    let (mut client, mut oracle) = (shop.client().await, shop.plain().await);
    assert_eq!(client.one("USE nowhere").await, oracle.one("USE nowhere").await);
    assert_eq!(client.use_database("nowhere").await.unwrap(), oracle.use_database("nowhere").await.unwrap());
    assert_eq!(
        client.use_database("").await.unwrap().errno(),
        oracle.use_database("").await.unwrap().errno()
    );
    assert_eq!(text(&client.one("SELECT DATABASE()").await), shop.database);
    assert_eq!(client.use_database(&shop.database).await.unwrap().errno(), 0);

    let mut client = connect(&Login::app(shop.proxy.port)).await;
    let mut oracle = connect(&Login::root(shop.lab.oracle().port())).await;
    for sql in
        ["SELECT DATABASE()", "SELECT * FROM users", "INSERT INTO users (id) VALUES (1)", "SHOW TABLES"]
    {
        let (given, wanted) = (client.one(sql).await, oracle.one(sql).await);
        assert_eq!(given.errno(), wanted.errno(), "{sql}: {given} instead of {wanted}");
    }
    let counted = format!("SELECT COUNT(*) FROM {}.users", shop.database);
    assert_eq!(number(&client.one(&counted).await), 0);
}

#[tokio::test]
async fn the_greeting_announces_the_servers_version() {
    let shop = Shop::shared("version").await;
    let (client, mut direct) = (shop.client().await, shop.direct(0).await);
    assert_eq!(client.version, direct.version);
    let version = text(&direct.one("SELECT VERSION()").await);
    assert!(client.version.ends_with(&version), "{} {version}", client.version);
    let mut other = shop.client().await;
    assert_eq!(text(&other.one("SELECT CONNECTION_ID()").await), other.connection_id.to_string());
    assert_ne!(client.connection_id, other.connection_id);
}

#[tokio::test]
async fn too_many_clients() {
    let setup = Setup { listen: "max_connections = 3", ..Setup::default() };
    let shop = Shop::shared_with("too_many", &setup).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(until("a place is free", async || Client::connect(&shop.login()).await.ok()).await);
    }
    let refusal = refused(&shop.login()).await;
    assert_eq!(refusal.errno, 1040, "{refusal:?}");
    assert_eq!(number(&clients[0].one("SELECT 1").await), 1);
    clients.pop();
    until("the place is free again", async || Client::connect(&shop.login()).await.ok()).await;
}

#[tokio::test]
async fn a_login_that_never_comes() {
    let setup = Setup { listen: "login_timeout = \"5s\"", ..Setup::default() };
    let shop = Shop::shared_with("login_timeout", &setup).await;
    let mut socket = TcpStream::connect(("127.0.0.1", shop.proxy.port)).await.unwrap();
    let mut all = Vec::new();
    soon("a silent client is closed", socket.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all[4], 10, "the greeting came first");
    assert_eq!(number(&shop.client().await.one("SELECT 1").await), 1);
}
