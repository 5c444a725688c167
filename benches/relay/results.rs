//! Much at once: results of 500 MB, a reader that is slow, INSERTs of 1,000 rows.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::LONG;
use crate::page::{Goal, Section, median, mib, percent, ratio, table};
use crate::targets::{EMPTY, FULL, Lab, POOL, Way};

/// Bytes of a big result.
const BIG: u64 = 500_000_000;
/// By how much a proxy may grow, in bytes.
const GROWTH: f64 = 32.0 * 1024.0 * 1024.0;
/// The least part of direct throughput for a result, and for inserts.
const RELAYED: f64 = 0.85;
const INSERTED: f64 = 0.80;
/// Bytes of sbtest1's column c, and of a whole row's packet.
const C_BYTES: u64 = 119;
const ROW_BYTES: u64 = 194;
/// A slow reader takes a megabyte, and sleeps.
const PIECE: u64 = 1_000_000;
const PAUSE: Duration = Duration::from_millis(20);
const ROWS_EACH: u32 = 1000;
const INSERTS: u32 = 120;

/// One reading of a result.
struct Read {
    mb_per_second: f64,
    growth: f64,
}

/// One server's result, passed on.
pub fn relayed(lab: &Lab) -> Section {
    let few = BIG / ROW_BYTES / u64::from(lab.settings.rows);
    let narrow = format!("SELECT s.* FROM times t STRAIGHT_JOIN sbtest1 s WHERE t.id < {few}");
    let ways = lab.with_other(&[Way::Direct, Way::HaProxy, Way::One]);
    let results = [("rows of 0.2 kB", narrow), ("rows of 5 kB", long_rows(lab))];
    compare(lab, "A big result of one server", &ways, &results)
}

/// Four shards' rows, merged, beside one server that has them all.
pub fn merged(lab: &Lab) -> Section {
    let any = long_rows(lab);
    let ordered = format!("{any} ORDER BY id");
    let ways = lab.with_other(&[Way::Direct, Way::HaProxy, Way::Four]);
    compare(lab, "A big result of four servers", &ways, &[("as rows come", any), ("in order", ordered)])
}

/// A SELECT of [`BIG`] bytes, with a row for each of sbtest1.
fn long_rows(lab: &Lab) -> String {
    format!("SELECT id, REPEAT(c, {}) FROM sbtest1", BIG / C_BYTES / u64::from(lab.settings.rows))
}

fn compare(lab: &Lab, title: &str, ways: &[Way], results: &[(&str, String)]) -> Section {
    let mut table = table(&["result", "through", "MB/s", "of direct", "memory at its peak"], 2);
    let mut goals = Vec::new();
    for (what, sql) in results {
        let runs = lab.rounds(ways, |way| read(lab, way, sql));
        for (way, read) in ways.iter().zip(&runs) {
            let part = ratio(read, &runs[0], |read| read.mb_per_second);
            let growth = read.iter().map(|read| read.growth).fold(0.0, f64::max);
            table.add_row([
                (*what).to_owned(),
                way.name().to_owned(),
                format!("{:.0}", median(read.iter().map(|read| read.mb_per_second))),
                percent(part),
                if *way == Way::Direct { "–".to_owned() } else { format!("+ {}", mib(growth)) },
            ]);
            if matches!(way, Way::One | Way::Four) {
                goals.push(Goal {
                    what: format!("{title}, {what}: ≥ 85 % of direct, < 32 MiB"),
                    figure: format!("{}, {}", percent(part), mib(growth)),
                    met: part >= RELAYED && growth < GROWTH,
                });
            }
        }
    }
    let text = format!(
        "## {title}\n\n{} MB, read by a client that keeps nothing. Each time through a new proxy: one that has worked already \
         has memory to use again, and would show too little.\n\n{table}\n",
        BIG / 1_000_000
    );
    Section { text, goals }
}

/// Reads a result of about [`BIG`] bytes through a new proxy.
fn read(lab: &Lab, way: Way, sql: &str) -> Read {
    let target = lab.launch(way, POOL);
    let mut client = target.connect(FULL, LONG);
    let (before, start) = (target.memory(), Instant::now());
    let bytes = client.query(sql).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(bytes.abs_diff(BIG) < BIG / 20, "{sql}: {bytes} bytes");
    Read { mb_per_second: bytes as f64 / 1e6 / seconds, growth: target.peak() - before }
}

/// What a proxy keeps for a client that does not keep up.
pub fn slow_reader(lab: &Lab) -> Section {
    let any = long_rows(lab);
    let part = lab.settings.rows / 3;
    let mut table = table(&["result", "through", "MB", "seconds", "memory at its peak"], 2);
    let mut worst = 0.0f64;
    for (what, way, sql) in [
        ("one server's", Way::HaProxy, format!("{any} WHERE id <= {part}")),
        ("one server's", Way::One, format!("{any} WHERE id <= {part}")),
        ("merged as rows come", Way::Four, format!("{any} WHERE id <= {part}")),
        ("merged in order", Way::Four, format!("{any} WHERE id <= {part} ORDER BY id")),
    ] {
        let target = lab.launch(way, POOL);
        let mut client = target.connect(FULL, LONG);
        let (before, start) = (target.memory(), Instant::now());
        let mut next = PIECE;
        client.send(&sql).unwrap();
        let bytes = client
            .receive(|bytes| {
                if bytes >= next {
                    sleep(PAUSE);
                    next += PIECE;
                }
            })
            .unwrap();
        let growth = target.peak() - before;
        if way != Way::HaProxy {
            worst = worst.max(growth);
        }
        table.add_row([
            what.to_owned(),
            way.name().to_owned(),
            (bytes / 1_000_000).to_string(),
            format!("{:.1}", start.elapsed().as_secs_f64()),
            format!("+ {}", mib(growth)),
        ]);
    }
    let text = format!(
        "## A slow reader\n\nIt reads a megabyte, sleeps for {} ms, and so on: the servers have to wait for it.\n\n{table}\n",
        PAUSE.as_millis()
    );
    let goal = Goal {
        what: "a slow reader slows the servers and fills no memory: < 32 MiB".to_owned(),
        figure: format!("{} at most", mib(worst)),
        met: worst < GROWTH,
    };
    Section { text, goals: vec![goal] }
}

/// INSERTs of many rows, split over the shards.
pub fn inserts(lab: &Lab) -> Section {
    let statements: Vec<String> = (0..INSERTS).map(insert).collect();
    let ways = lab.with_other(&[Way::Direct, Way::HaProxy, Way::One, Way::Four]);
    let mut table = table(&["clients", "through", "rows/s", "of direct"], 2);
    let mut goals = Vec::new();
    for clients in [1, 8] {
        let runs = lab.rounds(&ways, |way| {
            lab.empty(way);
            let start = Instant::now();
            std::thread::scope(|scope| {
                for part in statements.chunks(statements.len() / clients) {
                    scope.spawn(move || {
                        let mut client = lab.target(way).connect(EMPTY, LONG);
                        for statement in part {
                            client.query(statement).unwrap();
                        }
                    });
                }
            });
            f64::from(INSERTS * ROWS_EACH) / start.elapsed().as_secs_f64()
        });
        for (way, rates) in ways.iter().zip(&runs) {
            let part = ratio(rates, &runs[0], |rate| *rate);
            table.add_row([
                clients.to_string(),
                way.name().to_owned(),
                format!("{:.0}", median(rates.iter().copied())),
                percent(part),
            ]);
            if *way == Way::Four {
                goals.push(Goal {
                    what: format!(
                        "1,000-row INSERTs over four shards, {clients} client(s): ≥ 80 % of direct"
                    ),
                    figure: percent(part),
                    met: part >= INSERTED,
                });
            }
        }
    }
    let text = format!(
        "## INSERTs of 1,000 rows\n\n{INSERTS} statements into an empty table; rows as sysbench's, ids one after another.\n\n\
         {table}\n"
    );
    Section { text, goals }
}

/// The INSERT with this number. Rows look like sysbench's.
fn insert(number: u32) -> String {
    let digits = |count: usize| -> String {
        let groups: Vec<String> =
            (0..count).map(|_| format!("{:011}", rand::random_range(0..100_000_000_000u64))).collect();
        groups.join("-")
    };
    let ids = number * ROWS_EACH + 1..=(number + 1) * ROWS_EACH;
    let rows: Vec<String> =
        ids.map(|id| format!("({id}, {}, '{}', '{}')", id % 1000, digits(10), digits(5))).collect();
    format!("INSERT INTO sbtest1 (id, k, c, pad) VALUES {}", rows.join(", "))
}
