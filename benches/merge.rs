//! Rows that eight servers send → one answer, on one core and without a server: `make bench-merge`. The goals are 3 million
//! rows a second sorted and 2 million grouped; rows are those that come in.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops where it cannot go on")]

use std::time::Duration;

use bytes::Bytes;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use shardgate::merge::{Budget, Merger};
use shardgate::plan::merge_spec::{Col, Fold, Key, Merge, Step};
use shardgate::wire::column::{ColumnDef, kind};
use shardgate::wire::row::{Format, encode_cells};

const STREAMS: usize = 8;
/// Rows of each stream that is only sorted.
const SORTED: usize = 50_000;
const BUDGET: Budget = Budget { max_rows: 4_000_000, max_bytes: 4 << 30 };
/// Rows of each stream that are there before they are asked for, as those of a read buffer are.
const AHEAD: usize = 100;

fn column(name: &str, kind: u8) -> ColumnDef {
    ColumnDef::new(name, kind)
}

fn decimal(name: &str, decimals: u8) -> ColumnDef {
    ColumnDef { decimals, ..column(name, kind::NEWDECIMAL) }
}

fn weight() -> ColumnDef {
    ColumnDef { charset: 63, ..column("weight", kind::VAR_STRING) }
}

/// The value of [`weight_sql`](shardgate::plan::merge_spec::weight_sql) in utf8mb4_general_ci.
fn weigh(text: &str) -> Vec<u8> {
    let units = text.trim_end().bytes().flat_map(|byte| [0, byte.to_ascii_uppercase()]);
    units.chain([0, 0x20, 2]).collect()
}

/// A name of two words that orders like its number.
fn name(number: usize) -> String {
    const WORDS: [&str; 8] = ["Alder", "birch", "Cedar", "dogwood", "Elm", "fir", "Ginkgo", "hazel"];
    format!("{} {number:07} {}", WORDS[number / 200_000 % 8], WORDS[number % 8])
}

fn ascending(value: Col, weight: Option<Col>) -> Key {
    Key { value, weight, descending: false }
}

/// Streams of rows, and how they become one.
struct Merging {
    merge: Merge,
    columns: Vec<ColumnDef>,
    streams: Vec<Vec<Bytes>>,
}

impl Merging {
    /// Rows of each stream one after the other in one piece of memory, as they are read. `of` is a stream's numbers.
    fn new(
        merge: Merge,
        columns: Vec<ColumnDef>,
        of: impl Fn(usize) -> Vec<usize>,
        row: impl Fn(usize) -> Vec<Vec<u8>>,
    ) -> Self {
        let stream = |stream: usize| {
            let (mut all, mut ends) = (Vec::new(), vec![0]);
            for number in of(stream) {
                let cells = row(number);
                let cells = cells.iter().map(|cell| Some(&cell[..]));
                encode_cells(Format::Text, &columns, cells, &mut all).unwrap();
                ends.push(all.len());
            }
            let all = Bytes::from(all);
            ends.windows(2).map(|span| all.slice(span[0]..span[1])).collect()
        };
        let streams = (0..STREAMS).map(stream).collect();
        Self { merge, columns, streams }
    }

    /// `SELECT id, name, price … ORDER BY id`, or `name`: rows that no two streams share.
    fn sorted(by_name: bool) -> Self {
        let mut columns =
            vec![column("id", kind::LONGLONG), column("name", kind::VAR_STRING), decimal("price", 2)];
        let key = if by_name {
            columns.push(weight());
            ascending(Col::Visible(1), Some(Col::Hidden(0)))
        } else {
            ascending(Col::Visible(0), None)
        };
        let merge = Merge { hidden: usize::from(by_name), step: Step::Sorted { keys: vec![key] } };
        let of = |stream| (0..SORTED).map(|i| i * STREAMS + stream).collect();
        Self::new(merge, columns, of, |number| {
            let mut cells = vec![
                (number * 13).to_string().into_bytes(),
                name(number).into_bytes(),
                format!("{}.{:02}", number % 9973, number % 100).into_bytes(),
            ];
            if by_name {
                cells.push(weigh(&name(number)));
            }
            cells
        })
    }

    /// `SELECT k, COUNT(*), SUM(v), MIN(v), MAX(v), AVG(v) … GROUP BY k [ORDER BY SUM(v)]`: each group is on `each` of the
    /// streams.
    fn groups(groups: usize, each: usize, by_name: bool, by_sum: bool) -> Self {
        let k = if by_name { column("k", kind::VAR_STRING) } else { column("k", kind::LONGLONG) };
        let numbers = [
            column("count", kind::LONGLONG),
            decimal("sum", 2),
            decimal("min", 2),
            decimal("max", 2),
            decimal("avg", 6),
            decimal("hidden sum", 2),
            column("hidden count", kind::LONGLONG),
        ];
        let mut columns = vec![k];
        columns.extend(numbers);
        let key = if by_name {
            columns.push(weight());
            ascending(Col::Visible(0), Some(Col::Hidden(2)))
        } else {
            ascending(Col::Visible(0), None)
        };
        let at = Col::Visible;
        let step = Step::Group {
            keys: vec![key],
            within: Vec::new(),
            folds: vec![
                (at(1), Fold::Count(at(1))),
                (at(2), Fold::Sum(at(2))),
                (at(3), Fold::Min { value: at(3), weight: None }),
                (at(4), Fold::Max { value: at(4), weight: None }),
                (at(5), Fold::Avg { value: at(5), sum: Col::Hidden(0), count: Col::Hidden(1) }),
            ],
            order: if by_sum { vec![Key { descending: true, ..ascending(at(2), None) }] } else { Vec::new() },
            order_is_group_prefix: false,
        };
        let merge = Merge { hidden: if by_name { 3 } else { 2 }, step };
        let of = |stream| (0..groups).filter(|group| (group + stream) % STREAMS < each).collect();
        Self::new(merge, columns, of, |number| {
            let k = if by_name { name(number) } else { number.to_string() };
            let count = number % 90 + 10;
            let sum = format!("{}.{:02}", number * 7919 % 1_000_003, number % 100);
            let small = format!("{}.{:02}", number % 97, number % 100);
            let large = format!("{}.{:02}", 1000 + number % 97, number % 100);
            let avg = format!("{}.123456", number % 5_000);
            let texts = [k, count.to_string(), sum.clone(), small, large, avg, sum, count.to_string()];
            let mut cells: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
            if by_name {
                cells.push(weigh(&name(number)));
            }
            cells
        })
    }

    fn merger(&self) -> Merger {
        Merger::new(&self.merge, &self.columns, Format::Text, STREAMS, None, 0, BUDGET).unwrap()
    }

    /// Takes all rows through the merge and writes what comes out, as to a client; gives how many came out.
    fn drive(&self, mut merger: Merger) -> usize {
        let (mut next, mut out, mut client) = ([0; STREAMS], 0, Vec::new());
        loop {
            while let Some(row) = merger.pop().unwrap() {
                out += 1;
                client.extend_from_slice(&row);
                if client.len() > 16 * 1024 {
                    client.clear();
                }
            }
            if merger.done() {
                return out;
            }
            for (stream, rows) in self.streams.iter().enumerate() {
                if !merger.wants_row(stream) {
                    continue;
                }
                let from = next[stream];
                next[stream] = rows.len().min(from + AHEAD);
                if from == rows.len() {
                    merger.finish(stream);
                }
                for row in &rows[from..next[stream]] {
                    merger.push(stream, Bytes::clone(row)).unwrap();
                }
            }
        }
    }
}

/// Time that the core worked for this thread: what else the machine does is not counted.
struct CoreTime;

impl Measurement for CoreTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }

    fn end(&self, begun: Duration) -> Duration {
        self.start().saturating_sub(begun)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn merges(c: &mut Criterion<CoreTime>) {
    let mut group = c.benchmark_group("merge of 8 streams");
    group.sample_size(10);
    let mut bench = |name: &str, rows: usize, comes: usize, make: &dyn Fn() -> Merging| {
        group.throughput(Throughput::Elements(rows as u64));
        let mut made = None;
        group.bench_function(name, |b| {
            let merging = made.get_or_insert_with(make);
            assert_eq!(merging.streams.iter().map(Vec::len).sum::<usize>(), rows);
            b.iter_batched(
                || merging.merger(),
                |merger| assert_eq!(merging.drive(merger), comes),
                BatchSize::PerIteration,
            );
        });
    };
    let rows = SORTED * STREAMS;
    bench("sorted by an integer", rows, rows, &|| Merging::sorted(false));
    bench("sorted by a ci string", rows, rows, &|| Merging::sorted(true));
    for (name, by_name) in [("integer", false), ("ci string", true)] {
        for (count, each) in [(10_000, STREAMS), (1_000_000, 2)] {
            for (order, by_sum) in [("", false), (", ordered by SUM", true)] {
                let title = format!("{count} groups by {name}{order}");
                let make = || Merging::groups(count, each, by_name, by_sum);
                bench(&title, count * each, count, &make);
            }
        }
    }
    group.finish();
}

criterion_group!(name = benches; config = Criterion::default().with_measurement(CoreTime); targets = merges);
criterion_main!(benches);
