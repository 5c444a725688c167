//! How cost grows with what there is more of: `make bench-growth`. Writes `benches/GROWTH.md` and the curves beside
//! this file, one SVG a subject. `cargo bench --bench growth -- plans rows` measures only these, and prints them.
//!
//! `inside` measures rooms of the library in this process, `served` a proxy process in front of real servers, `curve`
//! says how steep a curve is, `plot` draws, `report` writes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    dead_code,
    reason = "a bench stops where it cannot go on, and shares code with other benches"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its reader sits at a terminal")]

mod curve;
#[path = "../pieces/input.rs"]
mod input;
mod inside;
mod plot;
mod proxy;
mod report;
mod served;

use curve::Figure;

fn main() {
    // `cargo test --all-targets` starts benches too, without this word.
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(word) = arguments.iter().position(|argument| argument == "--bench") else { return };
    arguments.remove(word);
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // First, for it measures by what this process grows.
    let plans = wanted("plans").then(inside::plans);
    let mut figures: Vec<Figure> = Vec::new();
    let server = runtime.block_on(async {
        let mut server = None;
        if ["shards", "tables", "clients", "lists"].into_iter().any(wanted) {
            let servers = served::Servers::start().await;
            server = Some(servers.version().await);
            if wanted("shards") {
                figures.push(servers.shards().await);
            }
            if wanted("tables") {
                figures.push(servers.tables().await);
            }
            if wanted("clients") {
                figures.push(servers.clients().await);
            }
            if wanted("lists") {
                let mut figure = inside::lists();
                figure.panels.push(servers.lists().await);
                figures.push(figure);
            }
            servers.stop().await;
        }
        server
    });
    figures.extend(plans);
    if wanted("rows") {
        figures.push(inside::rows());
    }
    let page = report::page(&figures, server.as_deref());
    println!("{page}");
    if arguments.is_empty() {
        report::write(&figures, &page);
    }
}
