//! What a statement costs inside of the proxy, piece by piece, without any server: `cargo bench --bench statement`.
//! The goal for a point select on a plan-cache hit (normalise, look up, bind) is 1.5 µs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a bench stops where it cannot go on"
)]

mod pieces;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use shardgate::base::clock::Clock;
use shardgate::idgen::{Fence, Layout, Snowflake};
use shardgate::plan::merge_spec::{Step, weight_sql};
use shardgate::sql::lex::Mode;
use shardgate::sql::normalise::{Normalised, normalise};
use shardgate::wire::row::{Format, Row};
use shardgate::{plan, sql};

use pieces::{
    Cached, INSERT, JOIN, Merging, Nothing, POINT, Prepared, ROWS, SALES, SCATTER, STREAMS, answer, by_id,
    columns, map, row, scan,
};

fn statements(c: &mut Criterion) {
    let map = map();
    for (name, text) in [("point select", POINT), ("join", JOIN), ("scatter", SCATTER), ("insert", INSERT)] {
        let mut cached = Cached::new(text);
        let normal = cached.normal().to_owned();
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
        c.bench_function(&format!("normalise, hit and bind/{name}"), |b| b.iter(|| cached.run()));
    }
}

/// A row that is found by its key, by an id that carries its key's slot, and one that gets such an id.
fn genes(c: &mut Criterion) {
    for (name, text) in SALES {
        let mut cached = Cached::new(text);
        c.bench_function(&format!("normalise, hit and bind/{name}"), |b| b.iter(|| cached.run()));
    }
}

fn prepared(c: &mut Criterion) {
    let mut prepared = Prepared::new();
    c.bench_function("decode and bind/prepared point select", |b| b.iter(|| prepared.run()));
}

fn rows(c: &mut Criterion) {
    let answer = answer(ROWS);
    let mut group = c.benchmark_group("rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("scan 10,000", |b| {
        b.iter(|| assert_eq!(scan(black_box(&answer)), ROWS as u64));
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

fn merges(c: &mut Criterion) {
    let cases = [
        ("concat", Merging::rows(Step::Concat)),
        ("sorted", Merging::rows(Step::Sorted { keys: by_id() })),
        ("distinct", Merging::rows(Step::Distinct { keys: by_id() })),
        ("groups", Merging::groups()),
    ];
    let mut group = c.benchmark_group("merge 4 × 10,000");
    group.sample_size(20).throughput(Throughput::Elements((ROWS * STREAMS) as u64));
    for (name, merging) in cases {
        group.bench_function(name, |b| {
            b.iter_batched(
                || merging.merger(),
                |mut merger| merging.drive(&mut merger),
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
        1_800_000_000_000
    }

    fn elapsed_ms(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

fn ids(c: &mut Criterion) {
    let fence = Arc::new(Fence::new(Arc::new(Hasty(AtomicU64::new(0)))));
    let ids = Snowflake::new(Layout::SNOWFLAKE, Arc::clone(&fence), Snowflake::MAX_AHEAD_MS);
    ids.hold(1, 0);
    fence.open(u64::MAX);
    c.bench_function("snowflake/100 ids", |b| b.iter(|| ids.reserve(black_box(100), 0).unwrap()));
    c.bench_function("weight_sql", |b| b.iter(|| weight_sql(black_box("u.city"))));
}

criterion_group!(benches, statements, genes, prepared, rows, merges, ids);
criterion_main!(benches);
