//! What a transaction costs: on one server through a relay and through Shardgate, and over two shards beside one.

use std::thread;
use std::time::Instant;

use crate::client::{Client, SHORT};
use crate::page::{Goal, Section, median, ratio, table};
use crate::targets::{FULL, Lab, SHARDS, Way};

/// Transactions of one client in a run.
const EACH: u32 = 400;
const CLIENTS: [u32; 2] = [1, 8];
/// At most, of the same through the relay, and of a transaction on one shard.
const OF_RELAY: f64 = 1.05;
const OF_ONE: f64 = 2.2;

/// How a transaction goes, and where.
#[derive(Clone, Copy)]
struct Case {
    what: &'static str,
    way: Way,
    /// Its two UPDATEs change rows of two shards.
    spread: bool,
}

const CASES: [Case; 5] = [
    Case { what: "one server, directly", way: Way::Direct, spread: false },
    Case { what: "one server, HAProxy", way: Way::HaProxy, spread: false },
    Case { what: "one server, Shardgate", way: Way::One, spread: false },
    Case { what: "one shard of four", way: Way::Four, spread: false },
    Case { what: "two shards of four", way: Way::Four, spread: true },
];

/// BEGIN, two SELECTs and two UPDATEs by primary key, COMMIT; cases take turns.
pub fn measure(lab: &Lab) -> Section {
    let mut table = table(&["transaction on", "clients", "µs", "of the relay", "of one shard"], 1);
    let mut goals = Vec::new();
    for clients in CLIENTS {
        let mut runs: Vec<Vec<f64>> = CASES.iter().map(|_| Vec::new()).collect();
        // The first round fills pools and plans.
        for round in 0..=lab.settings.rounds * 3 {
            for turn in 0..CASES.len() {
                let at = (turn + round) % CASES.len();
                let took = run(lab, CASES[at], clients);
                if round > 0 {
                    runs[at].push(took);
                }
            }
        }
        let of = |case: usize, base: usize| ratio(&runs[case], &runs[base], |took| *took);
        for (n, case) in CASES.iter().enumerate() {
            let shown =
                |ratio: f64, known: bool| if known { format!("x {ratio:.2}") } else { "–".to_owned() };
            table.add_row([
                case.what.to_owned(),
                clients.to_string(),
                format!("{:.0}", median(runs[n].iter().copied())),
                shown(of(n, 1), n < 3),
                shown(of(n, 3), n > 2),
            ]);
        }
        goals.push(Goal {
            what: format!("a transaction on one server, {clients} clients: ≤ 1.05 of the relay's"),
            figure: format!("x {:.2}", of(2, 1)),
            met: of(2, 1) <= OF_RELAY,
        });
        goals.push(Goal {
            what: format!("a transaction over two shards, {clients} clients: ≤ 2.2 of one shard's"),
            figure: format!("x {:.2}", of(4, 3)),
            met: of(4, 3) <= OF_ONE,
        });
    }
    let text = format!(
        "## Transactions\n\n\
         BEGIN, two SELECTs and two UPDATEs of rows by primary key, COMMIT; {EACH} of each client in a run, runs in turns. \
         Over two shards the COMMIT is XA PREPARE and the decision's INSERT, the decision's COMMIT, XA COMMIT.\n\n{table}\n"
    );
    Section { text, goals }
}

/// Microseconds of a transaction.
fn run(lab: &Lab, case: Case, clients: u32) -> f64 {
    let mut ready: Vec<(Client, Vec<[u32; 2]>)> = (0..clients)
        .map(|client| (lab.target(case.way).connect(FULL, SHORT), rows(lab, case, client)))
        .collect();
    let start = Instant::now();
    thread::scope(|scope| {
        for (client, rows) in &mut ready {
            scope.spawn(move || {
                for [a, b] in rows {
                    transact(client, [*a, *b]).unwrap();
                }
            });
        }
    });
    start.elapsed().as_secs_f64() * 1e6 / f64::from(EACH)
}

fn transact(client: &mut Client, rows: [u32; 2]) -> std::io::Result<()> {
    client.query("BEGIN")?;
    for id in rows {
        client.query(&format!("SELECT c FROM sbtest1 WHERE id={id}"))?;
    }
    for id in rows {
        client.query(&format!("UPDATE sbtest1 SET k=k+1 WHERE id={id}"))?;
    }
    client.query("COMMIT").map(drop)
}

/// Pairs of rows that no other client changes, on the shards that the case wants.
fn rows(lab: &Lab, case: Case, client: u32) -> Vec<[u32; 2]> {
    let part = lab.settings.rows / *CLIENTS.iter().max().unwrap();
    let mine = client * part + 1..(client + 1) * part;
    let shard = |id: u32| crc32fast::hash(id.to_string().as_bytes()) % 1024 / (1024 / u32::from(SHARDS));
    let of = |wanted: u32| mine.clone().filter(move |id| shard(*id) == wanted).collect::<Vec<_>>();
    let (one, two) = (of(client % 2), of(client % 2 + 2));
    let second = if case.spread { two } else { one.iter().rev().copied().collect() };
    one.into_iter().zip(second).cycle().take(EACH as usize).map(|(a, b)| [a, b]).collect()
}
