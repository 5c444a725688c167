//! How long a SELECT over all four shards takes beside the slowest of the shards.

use std::time::Instant;

use crate::client::{Client, SHORT};
use crate::page::{Goal, Section, percentile, table};
use crate::targets::{ACCOUNT, FULL, Lab, Way};

/// Statements that Shardgate sends to every shard as they are, and how often they are asked.
const PIECES: [(&str, &str, usize); 2] = [
    ("an index lookup", "SELECT id, c FROM sbtest1 WHERE k = 4711", 3000),
    ("a scan", "SELECT COUNT(*) FROM sbtest1 WHERE c LIKE '%12-34%56-7%'", 150),
];
/// How much longer than the slowest shard a scatter may take.
const GOAL: f64 = 1.15;

/// Asks in turns: each shard alone, all four at once by one thread, and Shardgate.
pub fn measure(lab: &Lab) -> Section {
    let header = ["each shard runs", "asked", "p50 ms", "p99 ms", "of the four at once, p50", "p99"];
    let mut table = table(&header, 2);
    let mut goals = Vec::new();
    let mut shards: Vec<Client> = lab
        .cluster
        .primaries
        .iter()
        .map(|server| Client::connect(server.port(), ACCOUNT, ACCOUNT, FULL, SHORT).unwrap())
        .collect();
    let ways = lab.with_other(&[Way::Four]);
    let mut proxies: Vec<Client> = ways.iter().map(|&way| lab.target(way).connect(FULL, SHORT)).collect();
    for (what, sql, times) in PIECES {
        let (mut alone, mut at_once) = (Vec::new(), Vec::new());
        let mut through: Vec<Vec<f64>> = ways.iter().map(|_| Vec::new()).collect();
        for _ in 0..times {
            let slowest =
                shards.iter_mut().map(|shard| milliseconds(|| shard.query(sql))).fold(0.0, f64::max);
            alone.push(slowest);
            at_once.push(milliseconds(|| {
                shards.iter_mut().try_for_each(|shard| shard.send(sql))?;
                shards.iter_mut().try_for_each(|shard| shard.receive(|_| ()).map(drop))
            }));
            for (proxy, times) in proxies.iter_mut().zip(&mut through) {
                times.push(milliseconds(|| proxy.query(sql)));
            }
        }
        let base = (percentile(&mut at_once, 0.5), percentile(&mut at_once, 0.99));
        let mut row = |asked: &str, times: &mut [f64]| {
            let (p50, p99) = (percentile(times, 0.5), percentile(times, 0.99));
            table.add_row([
                what.to_owned(),
                asked.to_owned(),
                format!("{p50:.2}"),
                format!("{p99:.2}"),
                format!("x {:.2}", p50 / base.0),
                format!("x {:.2}", p99 / base.1),
            ]);
            (p50 / base.0, p99 / base.1)
        };
        row("the slowest of four, one after another", &mut alone);
        row("four at once, by one thread", &mut at_once);
        for (way, times) in ways.iter().zip(&mut through) {
            let (p50, p99) = row(way.name(), times);
            if *way == Way::Four {
                goals.push(Goal {
                    what: format!("scatter, {what} on each shard: ≤ slowest shard + 15 %"),
                    figure: format!("p50 x {p50:.2}, p99 x {p99:.2}"),
                    met: p50 <= GOAL,
                });
            }
        }
    }
    let text = format!(
        "## Scatters\n\n\
         One client. The slowest of four servers that work at the same time is the last answer of `four at once`; asked \
         one after another each has the machine to itself.\n\n{table}\n"
    );
    Section { text, goals }
}

fn milliseconds<T>(ask: impl FnOnce() -> std::io::Result<T>) -> f64 {
    let start = Instant::now();
    ask().unwrap();
    start.elapsed().as_secs_f64() * 1000.0
}
