//! Rooms of the library, measured in this process.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use shardgate::base::ids::NewIds;
use shardgate::merge::{Budget, Merger};
use shardgate::plan::cache::{self, Plans};
use shardgate::plan::ir::Plan;
use shardgate::plan::merge_spec::{Col, Fold, Key, Merge, Step};
use shardgate::plan::{self, Setting};
use shardgate::sql::lex::Mode;
use shardgate::sql::normalise::{Normalised, normalise};
use shardgate::topology::Topology;
use shardgate::wire::column::{ColumnDef, kind};
use shardgate::wire::row::{Format, encode_cells};
use shardgate::{config, sql, topology};

use crate::curve::{Curve, Figure, Goal, Panel, least, seconds, steps};
use crate::input::{Given, Input, Nobody, Nothing};
use crate::proxy::resident;

/// A map of 64 shards.
fn map() -> Topology {
    let text = "[[user]]\nname = \"app\"\n[source.ds]\nprimary = \"mysql://root@127.0.0.1\"\n[database.d]\n\
                shards = [\"ds/g{0..63}\"]\n[database.d.group.g]\nalgorithm = { hash = \"crc32\", slots = 1024 }\n\
                tables = { t = \"id\" }\n";
    let config = config::parse(text, "growth", &|_| None).unwrap();
    topology::build(&config, 1).unwrap()
}

fn shape_of(text: &str) -> Normalised {
    let mut shape = Normalised::default();
    normalise(text.as_bytes(), Mode::default(), &mut shape);
    shape
}

fn planned(shape: &Normalised, map: &Topology) -> Arc<Plan> {
    let text = shape.text().unwrap();
    let statement = sql::parse(text, Mode::default()).unwrap();
    Arc::new(plan::build(Arc::new(statement), text, Some("d"), map, &Nothing))
}

fn key(shape: &Normalised) -> cache::Key<'_> {
    let (hash, shape) = (shape.hash(), shape.shape());
    cache::Key { hash, shape, database: Some("d"), topology: 1, definitions: 1, mode: 0 }
}

fn bound(plan: &Plan, text: &str, shape: &Normalised) -> plan::Bound {
    let source = Input { text: text.as_bytes(), shape, given: Given::Text(shape.literals()) };
    plan::bind(plan, &source, &Nobody, Setting::default(), &mut |_, _, _| {
        Ok(NewIds::Numbers { first: 1, step: 1 })
    })
    .unwrap()
}

/// Shapes in the plan cache, 10 to 100,000.
pub fn plans() -> Figure {
    let map = map();
    let mut find = Curve::new("find, in no order", Goal::Linear);
    let mut keep = Curve::new("keep", Goal::Linear);
    let memory = memory(&map);
    for count in steps(10, 100_000) {
        let shapes: Vec<Normalised> = (0..count).map(shape_number).collect();
        let plans = Plans::new(count, 1 << 16);
        let mut keeping = Duration::ZERO;
        for shape in &shapes {
            let plan = planned(shape, &map);
            let begin = Instant::now();
            plans.put(&key(shape), plan);
            keeping += begin.elapsed();
        }
        let (second, missed) = found(&plans, &shapes);
        eprintln!("{missed} of {count} plans have left already");
        find.add(count, second * 1e9);
        keep.add(count, keeping.as_secs_f64() * 1e9 / count as f64);
    }
    Figure {
        name: "plans",
        title: "Plan cache",
        about: "Shapes of point selects, each with its plan, in a cache with room for all of them, as the sessions use it \
                (`plan::cache::Plans`, in process). What finding costs more among many is the processor's: a plan that lies in none of its caches is four \
                looks at memory away."
            .to_owned(),
        panels: vec![
            Panel { x: "shapes", y: "ns a plan", curves: vec![find, keep] },
            Panel { x: "shapes", y: "MiB for shapes' plans", curves: vec![memory] },
        ],
    }
}

/// One of many shapes.
fn shape_number(number: usize) -> Normalised {
    shape_of(&format!("SELECT c, k AS a{number} FROM t WHERE id = 1"))
}

/// By what the process grows while one cache fills: nothing may have been freed before that could be used again.
fn memory(map: &Topology) -> Curve {
    let mut curve = Curve::new("resident memory", Goal::Linear);
    let (last, steps) = (100_000, steps(1_000, 100_000));
    let before = resident("self");
    let plans = Plans::new(last, 1 << 16);
    for number in 0..last {
        let shape = shape_number(number);
        plans.put(&key(&shape), planned(&shape, map));
        if steps.contains(&(number + 1)) {
            curve.add(number + 1, resident("self") - before);
        }
    }
    curve
}

/// Mean seconds to find a plan, and how many of all are missing. The keys are copied together first: a session has just
/// made its key when it looks for a plan.
fn found(plans: &Plans, shapes: &[Normalised]) -> (f64, usize) {
    const BATCH: usize = 64;
    // A step that shares no divisor with the count goes through all of them, out of order.
    let (mut at, step) = (0, 7_919 % shapes.len());
    let mut keys = vec![Normalised::default(); BATCH];
    let (mut time, mut hits) = (Duration::ZERO, 0);
    let batches = shapes.len().max(100_000).div_ceil(BATCH);
    for _ in 0..batches {
        for key in &mut keys {
            key.clone_from(&shapes[at]);
            at = (at + step) % shapes.len();
        }
        let begin = Instant::now();
        for shape in &keys {
            hits += usize::from(plans.get(black_box(&key(shape))).is_some());
        }
        time += begin.elapsed();
    }
    let looked = batches * BATCH;
    (time.as_secs_f64() / looked as f64, shapes.len() - hits * shapes.len() / looked)
}

/// Mistakes in a configuration, 10 to 10,000: each table names a server that is not there, and each has a section for
/// a table that is not there either.
pub fn mistakes() -> Panel {
    let mut curve = Curve::new("two in each table", Goal::Linear);
    for count in steps(10, 10_000) {
        let mut text =
            "[[user]]\nname = \"app\"\n[source.ds0]\nprimary = \"mysql://root@127.0.0.1\"\n[database.d]\n\
                        shards = [\"ds0/d\"]\n[database.d.single]\n"
                .to_owned();
        for table in 0..count {
            writeln!(text, "t{table} = \"ds1/d\"").unwrap();
        }
        for table in 0..count {
            writeln!(text, "[database.d.table.u{table}]").unwrap();
        }
        let told = || config::parse(black_box(&text), "growth", &|_| None).unwrap_err();
        assert_eq!(told().len(), 2 * count);
        curve.add(2 * count, seconds(|| drop(told())) * 1e3);
    }
    Panel { x: "mistakes", y: "ms to tell them", curves: vec![curve] }
}

/// Values in lists, 1 to 10,000, without any server.
pub fn lists() -> Figure {
    let map = map();
    let mut cached = Curve::new("IN, plan known", Goal::Linear);
    let mut first = Curve::new("IN, plan made", Goal::Linear);
    let mut or_cached = Curve::new("OR, plan known", Goal::Linear);
    let mut or_first = Curve::new("OR, plan made", Goal::Linear);
    for count in steps(1, 10_000) {
        let ids: Vec<String> = (0..count).map(|id| (id * 7).to_string()).collect();
        let within = format!("SELECT c FROM t WHERE id IN ({})", ids.join(","));
        let or = format!("SELECT c FROM t WHERE id = {}", ids.join(" OR id = "));
        for (text, known, made) in [(&within, &mut cached, &mut first), (&or, &mut or_cached, &mut or_first)]
        {
            let mut shape = shape_of(text);
            let plan = planned(&shape, &map);
            let plans = Plans::new(100, 1 << 20);
            plans.put(&key(&shape), plan);
            let hit = seconds(|| {
                normalise(black_box(text).as_bytes(), Mode::default(), &mut shape);
                let plan = plans.get(&key(&shape)).unwrap();
                black_box(bound(&plan, text, &shape));
            });
            known.add(count, hit * 1e6);
            made.add(count, seconds(|| drop(black_box(planned(&shape, &map)))) * 1e6);
        }
    }
    Figure {
        name: "lists",
        title: "IN lists",
        about: "Left in process, over 64 shards: shape, plan from the cache and jobs (\"plan known\"); parse and plan of the shape \
                (\"plan made\"); and the same for as many comparisons joined by OR. Right through the proxy, rows and servers \
                included."
            .to_owned(),
        panels: vec![Panel {
            x: "values",
            y: "µs a statement",
            curves: vec![cached, first, or_cached, or_first],
        }],
    }
}

/// Streams of a merge.
const STREAMS: usize = 4;
/// Rows that a stream is given at a time.
const CHUNK: usize = 2_000;

/// Rows merged, 10³ to 10⁷.
pub fn rows() -> Figure {
    let id = || Key { value: Col::Visible(0), weight: None, descending: false };
    let sum = || Key { value: Col::Visible(1), weight: None, descending: true };
    let group = |order: Vec<Key>, order_is_group_prefix| Step::Group {
        keys: vec![id()],
        within: Vec::new(),
        folds: vec![
            (Col::Visible(1), Fold::Sum(Col::Visible(1))),
            (Col::Visible(2), Fold::Count(Col::Visible(2))),
        ],
        order,
        order_is_group_prefix,
    };
    // A step, how many rows a group has, and the most rows it is measured with.
    let cases = [
        ("in order", Step::Sorted { keys: vec![id()] }, 1, 10_000_000),
        ("groups of 4 rows", group(vec![id()], true), 4, 10_000_000),
        ("groups of 40 rows", group(vec![id()], true), 40, 10_000_000),
        ("groups of 4, sorted anew", group(vec![sum()], false), 4, 2_000_000),
    ];
    let mut curves = Vec::new();
    for (name, step, size, most) in cases {
        let anew = matches!(&step, Step::Group { order_is_group_prefix: false, .. });
        let mut curve = Curve::new(name, if anew { Goal::Sorting } else { Goal::Linear });
        for count in steps(1_000, most) {
            let again = if count > 1_000_000 { 1 } else { 3 };
            let times: Vec<f64> = (0..again).map(|_| merged(&step, count, size)).collect();
            curve.add(count, least(&times) * 1e3);
        }
        curves.push(curve);
    }
    Figure {
        name: "rows",
        title: "Rows merged",
        about: format!(
            "{STREAMS} streams in process, which come by {CHUNK} rows at a time; making the rows is not counted. A merge in order \
             and of groups holds what it was given last only; groups that leave in another order than they come in are held, up \
             to `limits.merge_rows`."
        ),
        panels: vec![Panel { x: "rows of all streams", y: "ms", curves }],
    }
}

/// Seconds to merge `count` rows of which `size` each have the same id.
fn merged(step: &Step, count: usize, size: usize) -> f64 {
    const BUDGET: Budget = Budget { max_rows: 1_000_000, max_bytes: 256 << 20 };
    let mut sum = ColumnDef::new("s", kind::NEWDECIMAL);
    sum.decimals = 0;
    let columns = [ColumnDef::new("id", kind::LONGLONG), sum, ColumnDef::new("n", kind::LONGLONG)];
    let merge = Merge { hidden: 0, step: step.clone() };
    let mut merger = Merger::new(&merge, &columns, Format::Text, STREAMS, None, 0, BUDGET).unwrap();
    let each = count / STREAMS;
    // Rows of one id lie on all streams, as groups do; without groups the streams take turns.
    let id = |stream: usize, row: usize| {
        if size == 1 { row * STREAMS + stream } else { row / (size / STREAMS) }
    };
    let (mut given, mut out, mut time) = ([0; STREAMS], 0, Duration::ZERO);
    let mut text = String::new();
    while !merger.done() {
        let mut chunks: Vec<(usize, Vec<Bytes>)> = Vec::new();
        for stream in merger.wants() {
            let end = (given[stream] + CHUNK).min(each);
            let mut chunk = Vec::with_capacity(CHUNK);
            for row in given[stream]..end {
                let id = id(stream, row);
                text.clear();
                write!(text, "{id}").unwrap();
                // Sums in no order.
                let sum = (id.wrapping_mul(2_654_435_761) % 1_000_003).to_string();
                let mut payload = Vec::with_capacity(32);
                let cells = [text.as_bytes(), sum.as_bytes(), b"1"].map(Some);
                encode_cells(Format::Text, &columns, cells, &mut payload).unwrap();
                chunk.push(Bytes::from(payload));
            }
            given[stream] = end;
            chunks.push((stream, chunk));
        }
        let begin = Instant::now();
        for (stream, chunk) in chunks {
            if chunk.is_empty() {
                merger.finish(stream);
            }
            for row in chunk {
                merger.push(stream, row).unwrap();
            }
        }
        while let Some(row) = merger.pop().unwrap() {
            black_box(row);
            out += 1;
        }
        time += begin.elapsed();
    }
    assert_eq!(out, each * STREAMS / size, "rows of the answer");
    time.as_secs_f64()
}
