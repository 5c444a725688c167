//! Packets as both sides of a connection see them.

use super::*;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

fn pair(size: usize) -> (PacketStream<DuplexStream>, PacketStream<DuplexStream>) {
    let (a, b) = duplex(size);
    (PacketStream::to_client(a), PacketStream::to_server(b))
}

#[tokio::test]
async fn packets_of_all_lengths_come_back() {
    for len in [0, 1, 5000, 70_000, MAX_FRAME - 1, MAX_FRAME, MAX_FRAME + 1, 2 * MAX_FRAME] {
        let (mut server, mut client) = pair(1 << 16);
        let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let sent = payload.clone();
        let task = tokio::spawn(async move {
            client.queue_packet(&sent);
            client.queue_with(|out| out.extend_from_slice(&sent));
            client.flush().await.unwrap();
            client
        });
        assert_eq!(server.read_packet().await.unwrap().unwrap(), payload);
        assert_eq!(server.read_packet().await.unwrap().unwrap(), payload);
        assert_eq!(server.sequence(), task.await.unwrap().sequence());
        assert!(server.read_packet().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_is_queued_can_be_taken_back_until_it_is_written() {
    let (mut server, mut client) = pair(1 << 16);
    client.queue_packet(b"a");
    let mark = client.mark();
    client.queue_packet(b"b");
    assert!(client.take_back(mark));
    client.queue_packet(b"c");
    client.flush().await.unwrap();
    assert!(!client.take_back(mark));
    let mark = client.mark();
    client.write_all_raw(&[1, 0, 0, 2, b'd']).await.unwrap();
    assert!(!client.take_back(mark));
    for payload in ["a", "c", "d"] {
        assert_eq!(server.read_packet().await.unwrap().unwrap(), payload);
    }
}

#[tokio::test]
async fn a_dropped_read_loses_nothing() {
    let (mut server, client) = pair(64);
    let mut raw = client.into_io().unwrap();
    for bytes in [&[3, 0][..], &[0, 0, b'a'], b"b"] {
        raw.write_all(bytes).await.unwrap();
        assert!(timeout(Duration::from_millis(5), server.read_command()).await.is_err());
    }
    raw.write_all(b"c").await.unwrap();
    assert_eq!(server.read_command().await.unwrap().unwrap(), "abc");
}

#[tokio::test]
async fn broken_framing_is_an_error() {
    let cases: [(&[u8], u16); 3] =
        [(&[1, 0, 0, 1, 0], 1156), (&[0xFF, 0xFF, 0xFF, 0], 1153), (&[9, 0, 0, 0, 1], 1158)];
    for (bytes, errno) in cases {
        let (mut server, client) = pair(64);
        server.set_max_packet(1000);
        let mut raw = client.into_io().unwrap();
        raw.write_all(bytes).await.unwrap();
        drop(raw);
        let error = server.read_packet().await.unwrap_err();
        assert_eq!((error.errno, error.fate), (errno, Fate::Close));
    }
}

#[tokio::test]
async fn closed_waits_for_the_hang_up_and_keeps_pipelined_bytes() {
    let (mut server, mut client) = pair(64);
    assert!(timeout(Duration::from_millis(5), server.closed()).await.is_err());
    client.queue_packet(b"\x0e");
    client.flush().await.unwrap();
    assert!(timeout(Duration::from_millis(5), server.closed()).await.is_err());
    drop(client);
    assert!(timeout(Duration::from_millis(5), server.closed()).await.is_err(), "a command waits");
    assert_eq!(server.read_command().await.unwrap().unwrap(), "\x0e");
    timeout(Duration::from_secs(60), server.closed()).await.unwrap();
}

#[tokio::test]
async fn raw_bytes_follow_what_is_queued() {
    let (mut server, mut client) = pair(16);
    let task = tokio::spawn(async move {
        client.queue_packet(b"first");
        client.write_all_raw(&[4, 0, 0, 1, b'n', b'e', b'x', b't']).await.unwrap();
        client.write_all_raw(&[0, 0, 0, 2]).await.unwrap();
    });
    for payload in ["first", "next", ""] {
        assert_eq!(server.read_packet().await.unwrap().unwrap(), payload);
    }
    task.await.unwrap();
}

#[tokio::test]
async fn memory_goes_back_after_a_large_packet() {
    let (mut server, mut client) = pair(1 << 16);
    assert_eq!(server.read.capacity(), 0);
    client.queue_packet(&vec![7; 1 << 20]);
    let task = tokio::spawn(async move {
        client.flush().await.unwrap();
        client
    });
    assert_eq!(server.read_command().await.unwrap().unwrap().len(), 1 << 20);
    assert!(timeout(Duration::from_millis(5), server.read_command()).await.is_err());
    assert!(server.read.capacity() <= SMALL && server.chunk == SMALL);
    drop(task.await.unwrap());
}
