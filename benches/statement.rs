//! What a statement costs inside of the proxy, piece by piece, without any server: `cargo bench --bench statement`.
//! The goal for a point select on a plan-cache hit (normalise, look up, bind) is 1.5 µs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a bench stops where it cannot go on"
)]

use std::borrow::Cow;
use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use shardgate::base::clock::Clock;
use shardgate::base::{Result, Value};
use shardgate::idgen::Snowflake;
use shardgate::merge::{Budget, Merger};
use shardgate::plan::ir::{Plan, SessionValue};
use shardgate::plan::merge_spec::{Col, Key, Merge, Step, weight_sql};
use shardgate::plan::{self, SessionValues, Setting, Source, cache};
use shardgate::sql::facts::Span;
use shardgate::sql::lex::Mode;
use shardgate::sql::literal::Literal;
use shardgate::sql::normalise::{Normalised, normalise};
use shardgate::topology::Topology;
use shardgate::topology::schema::{Schemas, TableSchema};
use shardgate::wire::binary::WireType;
use shardgate::wire::column::{ColumnDef, kind};
use shardgate::wire::execute::{LongData, Params, put_execute};
use shardgate::wire::row::{Format, Row, encode_cells};
use shardgate::wire::scan::{Response, ResponseScanner};
use shardgate::{config, sql, topology};

const POINT: &str = "SELECT c FROM sbtest1 WHERE id=501733";
const JOIN: &str = "SELECT u.name, o.id, SUM(i.quantity) FROM users u JOIN orders o ON o.user_id = u.id \
                    JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.id \
                    WHERE u.id = 4711 AND o.status IN ('paid', 'sent') GROUP BY u.name, o.id ORDER BY o.id LIMIT 10";
const SCATTER: &str =
    "SELECT status, COUNT(*), SUM(total), AVG(total) FROM orders WHERE total > 10.5 GROUP BY status";
const ROWS: usize = 10_000;
const STREAMS: usize = 4;

const CONFIG: &str = r#"
[[user]]
name = "app"
[source.ds0]
primary = "mysql://root@127.0.0.1:13306"
[source.ds1]
primary = "mysql://root@127.0.0.1:13307"
[source.ds2]
primary = "mysql://root@127.0.0.1:13308"
[source.ds3]
primary = "mysql://root@127.0.0.1:13309"
[database.shop]
shards = ["ds{0..3}/shop"]
[database.shop.group.by_user]
algorithm = { hash = "crc32", slots = 1024 }
tables = { users = "id", orders = "user_id", order_items = "user_id" }
[database.shop.group.by_id]
algorithm = { hash = "crc32", slots = 1024 }
tables = { sbtest1 = "id" }
"#;

/// No table definitions.
struct Nothing;

impl Schemas for Nothing {
    fn table(&self, _database: &str, _table: &str) -> Option<Arc<TableSchema>> {
        None
    }
}

/// A session that knows nothing of itself.
struct Nobody;

impl SessionValues for Nobody {
    fn get(&self, _what: &SessionValue) -> Result<Value> {
        Ok(Value::Null)
    }
}

/// One execution's values, as a session gives them.
struct Input<'a> {
    text: &'a [u8],
    shape: &'a Normalised,
    given: Given<'a>,
}

enum Given<'a> {
    Text(&'a [Literal]),
    Prepared(&'a Params<'a>),
}

impl Source for Input<'_> {
    fn text(&self) -> &[u8] {
        self.text
    }

    fn original(&self, span: Span) -> Span {
        self.shape.original_span(span)
    }

    fn params_in(&self, span: Span) -> Range<u16> {
        self.shape.params_in(span)
    }

    fn prepared(&self) -> bool {
        matches!(self.given, Given::Prepared(_))
    }

    fn value(&self, i: u16) -> Cow<'_, Value> {
        Cow::Owned(match self.given {
            Given::Text(literals) => literals[usize::from(i)].value(self.text, Mode::default()),
            Given::Prepared(params) => params.value(usize::from(i)).unwrap(),
        })
    }

    fn literal(&self, i: u16) -> &[u8] {
        match self.given {
            Given::Text(literals) => literals[usize::from(i)].of(self.text),
            Given::Prepared(_) => b"NULL",
        }
    }
}

fn map() -> Topology {
    let config = config::parse(CONFIG, "bench", &|_| None).expect("the bench's configuration");
    topology::build(&config, 1).expect("the bench's topology")
}

fn planned(shape: &Normalised, map: &Topology) -> Arc<Plan> {
    let text = shape.text().unwrap();
    let statement = sql::parse(text, Mode::default()).expect("the bench's statement");
    Arc::new(plan::build(Arc::new(statement), text, Some("shop"), map, &Nothing))
}

fn key(shape: &Normalised) -> cache::Key<'_> {
    let (hash, shape) = (shape.hash(), shape.shape());
    cache::Key { hash, shape, database: Some("shop"), topology: 1, definitions: 1, mode: 0 }
}

fn bound(plan: &Plan, input: &Input<'_>) -> plan::Bound {
    plan::bind(plan, input, &Nobody, Setting::default(), &mut |_| Ok(1)).unwrap()
}

fn statements(c: &mut Criterion) {
    let map = map();
    let mut shape = Normalised::default();
    for (name, text) in [("point select", POINT), ("join", JOIN), ("scatter", SCATTER)] {
        normalise(text.as_bytes(), Mode::default(), &mut shape);
        let normal = shape.text().unwrap().to_owned();
        c.bench_function(&format!("normalise/{name}"), |b| {
            let mut out = Normalised::default();
            b.iter(|| normalise(black_box(text.as_bytes()), Mode::default(), &mut out));
        });
        c.bench_function(&format!("parse/{name}"), |b| {
            b.iter(|| sql::parse(black_box(&normal), Mode::default()).unwrap());
        });
        let statement = Arc::new(sql::parse(&normal, Mode::default()).unwrap());
        c.bench_function(&format!("plan/{name}"), |b| {
            b.iter(|| plan::build(Arc::clone(&statement), black_box(&normal), Some("shop"), &map, &Nothing));
        });
        let plans = cache::Plans::new(100, 10_000);
        plans.put(&key(&shape), planned(&shape, &map));
        c.bench_function(&format!("normalise, hit and bind/{name}"), |b| {
            let mut out = Normalised::default();
            b.iter(|| {
                let text = black_box(text.as_bytes());
                normalise(text, Mode::default(), &mut out);
                let plan = plans.get(&key(&out)).unwrap();
                bound(&plan, &Input { text, shape: &out, given: Given::Text(out.literals()) })
            });
        });
    }
}

fn prepared(c: &mut Criterion) {
    let text = b"SELECT c FROM sbtest1 WHERE id=?";
    let shape = Normalised::prepared(text, Mode::default());
    let plan = planned(&shape, &map());
    let mut packet = Vec::new();
    let value = Value::Int(501_733);
    put_execute(&mut packet, 1, 0, &[(WireType::of(&value), value)]);
    // The command's byte, the statement's number, the flags and the iteration count come before the parameters.
    let body = &packet[10..];
    c.bench_function("decode and bind/prepared point select", |b| {
        let (mut types, long) = (Vec::new(), LongData::default());
        b.iter(|| {
            let params = Params::decode(black_box(body), 1, &mut types, &long).unwrap();
            bound(&plan, &Input { text, shape: &shape, given: Given::Prepared(&params) })
        });
    });
}

/// `[id BIGINT, c VARCHAR]`, every `STREAMS`-th id.
fn row(columns: &[ColumnDef], id: usize) -> Bytes {
    let (id, text) = (id.to_string(), format!("{:0119}", id * 7_919));
    let mut out = Vec::new();
    encode_cells(Format::Text, columns, [Some(id.as_bytes()), Some(text.as_bytes())], &mut out).unwrap();
    out.into()
}

fn columns() -> Vec<ColumnDef> {
    vec![ColumnDef::new("id", kind::LONGLONG), ColumnDef::new("c", kind::VAR_STRING)]
}

/// A whole answer as a server sends it.
fn answer() -> Vec<u8> {
    let columns = columns();
    let mut definitions: Vec<Vec<u8>> = vec![vec![2]];
    for column in &columns {
        let mut out = Vec::new();
        column.encode(&mut out);
        definitions.push(out);
    }
    let rows = (0..ROWS).map(|id| row(&columns, id).to_vec());
    let end = vec![0xFE, 0, 0, 2, 0, 0, 0];
    let mut bytes = Vec::new();
    for (sequence, payload) in definitions.into_iter().chain(rows).chain([end]).enumerate() {
        bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes()[..3]);
        bytes.push((sequence + 1) as u8);
        bytes.extend_from_slice(&payload);
    }
    bytes
}

fn rows(c: &mut Criterion) {
    let answer = answer();
    let mut group = c.benchmark_group("rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("scan 10,000", |b| {
        b.iter(|| {
            let mut scanner = ResponseScanner::new(Response::Query, true, 1);
            for chunk in black_box(&answer).chunks(16 * 1024) {
                if let Some(end) = scanner.advance(chunk).done {
                    assert_eq!(end.rows, ROWS as u64);
                    return;
                }
            }
            unreachable!("the answer has an end");
        });
    });
    let columns = columns();
    let payloads: Vec<Bytes> = (0..ROWS).map(|id| row(&columns, id)).collect();
    group.bench_function("cells of 10,000", |b| {
        let mut row = Row::empty(Format::Text);
        b.iter(|| {
            for payload in &payloads {
                assert!(row.load(Bytes::clone(payload), &columns));
                black_box(row.cell(1));
            }
        });
    });
    group.finish();
}

/// Takes all rows through the merge; streams end where their rows do.
fn drive(merger: &mut Merger, streams: &[Vec<Bytes>]) -> usize {
    let (mut next, mut out) = ([0; STREAMS], 0);
    loop {
        while merger.pop().unwrap().is_some() {
            out += 1;
        }
        if merger.done() {
            return out;
        }
        for stream in 0..STREAMS {
            if merger.wants_row(stream) {
                match streams[stream].get(next[stream]) {
                    Some(row) => merger.push(stream, Bytes::clone(row)).unwrap(),
                    None => merger.finish(stream),
                }
                next[stream] += 1;
            }
        }
    }
}

fn merges(c: &mut Criterion) {
    const BUDGET: Budget = Budget { max_rows: 1_000_000, max_bytes: 1 << 30 };
    let columns = columns();
    let spread = |stream| (0..ROWS).map(|i| row(&columns, i * STREAMS + stream)).collect();
    let streams: Vec<Vec<Bytes>> = (0..STREAMS).map(spread).collect();
    let by_id = vec![Key { value: Col::Visible(0), weight: None, descending: false }];
    let steps = [
        ("concat", Step::Concat),
        ("sorted", Step::Sorted { keys: by_id.clone() }),
        ("distinct", Step::Distinct { keys: by_id }),
    ];
    let mut group = c.benchmark_group("merge 4 × 10,000");
    group.sample_size(20).throughput(Throughput::Elements((ROWS * STREAMS) as u64));
    for (name, step) in steps {
        let merge = Merge { hidden: 0, step };
        group.bench_function(name, |b| {
            let new = || Merger::new(&merge, &columns, Format::Text, STREAMS, None, 0, BUDGET).unwrap();
            b.iter_batched(
                new,
                |mut merger| assert_eq!(drive(&mut merger, &streams), ROWS * STREAMS),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// A clock that never runs out of milliseconds: a millisecond has 4,096 ids, and a bench asks for more.
struct Hasty(AtomicU64);

impl Clock for Hasty {
    fn unix_ms(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

fn ids(c: &mut Criterion) {
    let ids = Snowflake::new(1, Arc::new(Hasty(AtomicU64::new(1_800_000_000_000)))).unwrap();
    c.bench_function("snowflake/100 ids", |b| b.iter(|| ids.reserve(black_box(100)).unwrap()));
    c.bench_function("weight_sql", |b| b.iter(|| weight_sql(black_box("u.city"))));
}

criterion_group!(benches, statements, prepared, rows, merges, ids);
criterion_main!(benches);
