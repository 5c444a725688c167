//! Many clients: that come and go, that are idle, that think.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::client::SHORT;
use crate::page::{Goal, Section, median, mib, percent, percentile, ratio, table};
use crate::process::open_files;
use crate::targets::{FULL, Lab, POOL, SHARDS, Way};

/// Threads that connect, log in, ask, and quit.
const THREADS: u32 = 8;
/// The least part of direct connections a second.
const CONNECTED: f64 = 0.93;
/// The most resident memory of an idle client, in bytes.
const IDLE: f64 = 12.0 * 1024.0;
/// Files that a process needs besides its clients.
const FILES: usize = 600;
/// Server connections for all thinking clients together.
const SERVER_CONNECTIONS: u32 = 64;
/// What `pool.max_connections` allows for each server then: one more reads tables' definitions.
const POOLED: u32 = SERVER_CONNECTIONS / SHARDS as u32 - 1;
/// How long a client thinks, in milliseconds.
const THOUGHT: std::ops::Range<u64> = 1000..3000;
/// How long clients take to come, all together, before measuring begins.
const ARRIVAL: Duration = Duration::from_secs(6);

/// Connect, log in, one point select, quit.
pub fn storms(lab: &Lab) -> Section {
    let ways = lab.with_other(&[Way::Direct, Way::HaProxy, Way::One, Way::Four]);
    let runs = lab.rounds(&ways, |way| {
        let start = Instant::now();
        let length = Duration::from_secs(lab.settings.seconds.into());
        let mut times: Vec<f64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    scope.spawn(move || {
                        let mut times = Vec::new();
                        while start.elapsed() < length {
                            let begin = Instant::now();
                            let mut client = lab.target(way).connect(FULL, SHORT);
                            client.query(&point_select(lab, thread + times.len() as u32)).unwrap();
                            client.quit().unwrap();
                            times.push(begin.elapsed().as_secs_f64() * 1000.0);
                        }
                        times
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let rate = times.len() as f64 / start.elapsed().as_secs_f64();
        (rate, percentile(&mut times, 0.5), percentile(&mut times, 0.99))
    });
    let mut table = table(&["through", "a second", "of direct", "p50 ms", "p99 ms"], 1);
    let mut goals = Vec::new();
    for (way, runs_of_way) in ways.iter().zip(&runs) {
        let part = ratio(runs_of_way, &runs[0], |run| run.0);
        table.add_row([
            way.name().to_owned(),
            format!("{:.0}", median(runs_of_way.iter().map(|run| run.0))),
            percent(part),
            format!("{:.2}", median(runs_of_way.iter().map(|run| run.1))),
            format!("{:.2}", median(runs_of_way.iter().map(|run| run.2))),
        ]);
        if matches!(way, Way::One | Way::Four) {
            goals.push(Goal {
                what: format!("connect, log in, query, quit: ≥ 93 % of direct ({})", way.name()),
                figure: percent(part),
                met: part >= CONNECTED,
            });
        }
    }
    let text = format!(
        "## Clients that come and go\n\nConnect, log in with a password, one point select, quit: {THREADS} threads.\n\n{table}\n"
    );
    Section { text, goals }
}

/// What a client that does nothing takes of the proxy's memory.
pub fn idle(lab: &Lab) -> Section {
    let count = clients(lab);
    let mut table =
        table(&["through", "clients", "logged in", "after a statement each", "the process then"], 1);
    let mut each = 0.0;
    for way in lab.with_other(&[Way::Four]) {
        let target = lab.launch(way, POOL);
        // What the first client makes it load is no client's.
        target.connect(FULL, SHORT).query(&point_select(lab, 1)).unwrap();
        let before = target.memory();
        let mut clients: Vec<_> = (0..count).map(|_| target.connect(FULL, 256)).collect();
        let logged_in = (target.memory() - before) / count as f64;
        for (id, client) in clients.iter_mut().enumerate() {
            client.query(&point_select(lab, id as u32)).unwrap();
        }
        let used = (target.memory() - before) / count as f64;
        let kib = |bytes: f64| format!("{:.1} KiB each", bytes / 1024.0);
        table.add_row([
            way.name().to_owned(),
            count.to_string(),
            kib(logged_in),
            kib(used),
            mib(target.memory()),
        ]);
        if way == Way::Four {
            each = used;
        }
    }
    let goal = Goal {
        what: format!("{count} idle clients: ≤ 12 KiB of resident memory each"),
        figure: format!("{:.1} KiB", each / 1024.0),
        met: each <= IDLE,
    };
    Section { text: format!("## Idle clients\n\n{table}\n"), goals: vec![goal] }
}

/// Clients that ask for a row every two seconds or so, and share few server connections.
pub fn think(lab: &Lab, runtime: &Runtime) -> Section {
    runtime.block_on(thinking(lab))
}

async fn thinking(lab: &Lab) -> Section {
    let mut servers = Vec::new();
    for server in &lab.cluster.primaries {
        servers.push(server.control().await.unwrap());
    }
    let before = connections(&mut servers).await;
    let target = lab.launch(Way::Four, POOLED);
    let (count, rows) = (clients(lab), lab.settings.rows);
    let (measuring, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let (options, measuring, ended) = (target.options(FULL), Arc::clone(&measuring), Arc::clone(&ended));
        tasks.spawn(async move {
            let (mut times, mut errors) = (Vec::new(), 0);
            let arrival = ARRIVAL.as_millis() as u64 * 2 / 3;
            tokio::time::sleep(Duration::from_millis(rand::random_range(0..arrival))).await;
            let Ok(mut conn) = Conn::new(options).await else { return (times, 1) };
            while !ended.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(rand::random_range(THOUGHT))).await;
                let start = Instant::now();
                let sql = format!("SELECT c FROM sbtest1 WHERE id = {}", rand::random_range(1..=rows));
                match conn.query_first::<String, _>(sql).await {
                    Ok(Some(_)) if measuring.load(Ordering::Relaxed) => {
                        times.push(start.elapsed().as_secs_f64() * 1000.0);
                    }
                    Ok(Some(_)) => {}
                    _ => errors += 1,
                }
            }
            (times, errors)
        });
    }
    tokio::time::sleep(ARRIVAL).await;
    measuring.store(true, Ordering::Relaxed);
    let length = Duration::from_secs(u64::from(lab.settings.seconds) * 2);
    let (start, mut most) = (Instant::now(), 0);
    while start.elapsed() < length {
        most = most.max(connections(&mut servers).await - before);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    measuring.store(false, Ordering::Relaxed);
    ended.store(true, Ordering::Relaxed);
    let memory = target.memory();
    let (mut times, mut errors) = (Vec::new(), 0);
    while let Some(client) = tasks.join_next().await {
        let (of_client, errors_of_client) = client.unwrap();
        times.extend(of_client);
        errors += errors_of_client;
    }
    let rate = times.len() as f64 / length.as_secs_f64();
    let wanted = count as f64 * 1000.0 / ((THOUGHT.start + THOUGHT.end) as f64 / 2.0);
    let text = format!(
        "## Clients that think\n\n\
         {count} clients, each a point select every {:.0} s on average; `pool.max_connections` = {} for each of {SHARDS} servers. \
         {rate:.0} statements/s of {wanted:.0} that answers in no time would make; p50 {:.2} ms, p99 {:.2} ms; {errors} errors; at \
         most {most} server connections on all servers together; the process had {}.\n",
        (THOUGHT.start + THOUGHT.end) as f64 / 2000.0,
        POOLED,
        percentile(&mut times, 0.5),
        percentile(&mut times, 0.99),
        mib(memory)
    );
    let goal = Goal {
        what: format!("{count} thinking clients: ≤ {SERVER_CONNECTIONS} server connections, no errors"),
        figure: format!("{most}, {errors} errors, {} of the statements wanted", percent(rate / wanted)),
        met: most <= i64::from(SERVER_CONNECTIONS) && errors == 0 && rate >= 0.95 * wanted,
    };
    Section { text, goals: vec![goal] }
}

/// Connections that all servers together have, those that ask left out.
async fn connections(servers: &mut [Conn]) -> i64 {
    let mut all = -(servers.len() as i64);
    for server in servers {
        let row: Option<(String, i64)> =
            server.query_first("SHOW GLOBAL STATUS LIKE 'Threads_connected'").await.unwrap();
        all += row.unwrap().1;
    }
    all
}

/// As many clients as were asked for and as this process and a proxy may hold.
fn clients(lab: &Lab) -> usize {
    let most = open_files().saturating_sub(FILES);
    if most < lab.settings.clients {
        eprintln!("only {most} clients: this process may not open more files (ulimit -n)");
    }
    lab.settings.clients.min(most)
}

fn point_select(lab: &Lab, number: u32) -> String {
    format!("SELECT c FROM sbtest1 WHERE id = {}", number % lab.settings.rows + 1)
}
