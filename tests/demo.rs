//! The demo as a newcomer runs it, with fewer rows: it compares every answer itself, and leaves no process behind.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "all of this is a test")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

fn demo(more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_shardgate"))
        .args(["demo", "--port", "0", "--rows", "1300"])
        .args(more)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The ports of all servers that the demo names, and of the proxy.
fn ports(output: &str) -> Vec<u16> {
    let lines =
        output.lines().filter(|line| line.contains(", replica on ") || line.starts_with("Shardgate serves"));
    let words = lines.flat_map(|line| line.split([' ', ',', ':']));
    words.filter_map(|word| word.parse().ok()).filter(|port| *port > 1023).collect()
}

fn all_closed(output: &str) {
    let ports = ports(output);
    assert_eq!(ports.len(), 9, "{output}");
    for port in ports {
        assert!(
            std::net::TcpStream::connect(("127.0.0.1", port)).is_err(),
            "port {port} still answers\n{output}"
        );
    }
}

fn errors(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn once_shows_everything_and_ends() {
    let output = demo(&["--once"]).wait_with_output().unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("all are right"), "{text}\n{errors}");
    assert_eq!(errors, "", "{text}");
    all_closed(&text);
}

#[test]
fn it_stays_up_until_it_is_told_to_stop() {
    let mut child = demo(&[]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut output = String::new();
    for line in lines.by_ref() {
        output.push_str(&line.unwrap());
        output.push('\n');
        if output.contains("It stays up") {
            break;
        }
    }
    assert!(output.contains("It stays up"), "{output}\n{}", errors(&mut child));
    for port in ports(&output) {
        assert!(
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(),
            "port {port} does not answer\n{output}"
        );
    }
    assert!(
        Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap().success()
    );
    for line in lines {
        line.unwrap();
    }
    assert!(child.wait().unwrap().success(), "{output}\n{}", errors(&mut child));
    all_closed(&output);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output =
        Command::new(env!("CARGO_BIN_EXE_shardgate")).args(["demo", "--port", &port]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains(&port) && errors.contains("--port"), "{errors}");
}
