//! What the benches without a server share: statements with their plans, values as a session gives them, rows as servers
//! send them.

mod input;

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use shardgate::base::Value;
use shardgate::base::ids::NewIds;
use shardgate::merge::{Budget, Merger};
use shardgate::plan::ir::Plan;
use shardgate::plan::merge_spec::{Col, Fold, Key, Merge, Step};
use shardgate::plan::{self, Setting, cache};
use shardgate::sql::lex::Mode;
use shardgate::sql::normalise::{Normalised, normalise};
use shardgate::topology::Topology;
use shardgate::wire::binary::WireType;
use shardgate::wire::column::{ColumnDef, kind};
use shardgate::wire::execute::{LongData, Params, put_execute};
use shardgate::wire::row::{Format, encode_cells};
use shardgate::wire::scan::{Response, ResponseScanner};
use shardgate::{config, sql, topology};

pub use input::Nothing;
use input::{Given, Input, Nobody};

pub const POINT: &str = "SELECT c FROM sbtest1 WHERE id=501733";
pub const JOIN: &str = "SELECT u.name, o.id, SUM(i.quantity) FROM users u JOIN orders o ON o.user_id = u.id \
                    JOIN order_items i ON i.user_id = o.user_id AND i.order_id = o.id \
                    WHERE u.id = 4711 AND o.status IN ('paid', 'sent') GROUP BY u.name, o.id ORDER BY o.id LIMIT 10";
pub const SCATTER: &str =
    "SELECT status, COUNT(*), SUM(total), AVG(total) FROM orders WHERE total > 10.5 GROUP BY status";
pub const INSERT: &str = "INSERT INTO users (name, email, city, joined) VALUES ('Eva Lind', 'eva@example.org', 'Roma', '2025-01-31')";
/// A sale by its sharding key, by its id that carries the key's slot, and a new one.
pub const SALES: [(&str, &str); 3] = [
    ("select by key", "SELECT total FROM sales WHERE customer_id = 335544320000023049"),
    ("select by gene", "SELECT total FROM sales WHERE sale_id = 335544320000023049"),
    ("insert with gene", "INSERT INTO sales (customer_id, total) VALUES (4711, 1)"),
];
pub const ROWS: usize = 10_000;
pub const STREAMS: usize = 4;

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
[database.shop.group.by_customer]
algorithm = { hash = "crc32", slots = 1024 }
tables = { sales = "customer_id" }
[database.shop.table.sales]
id = { column = "sale_id", gene = "customer_id" }
[database.shop.table.users]
id = { column = "id", generator = "snowflake" }
"#;

pub fn map() -> Topology {
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
    plan::bind(plan, input, &Nobody, Setting::default(), &mut |_, _, _| {
        Ok(NewIds::Numbers { first: 1, step: 1 })
    })
    .unwrap()
}

/// A statement as text, with its plan in the cache.
pub struct Cached {
    text: &'static str,
    plans: cache::Plans,
    shape: Normalised,
}

impl Cached {
    pub fn new(text: &'static str) -> Self {
        let mut shape = Normalised::default();
        normalise(text.as_bytes(), Mode::default(), &mut shape);
        let plans = cache::Plans::new(100, 10_000);
        plans.put(&key(&shape), planned(&shape, &map()));
        Self { text, plans, shape }
    }

    /// The text without its literals.
    pub fn normal(&self) -> &str {
        self.shape.text().unwrap()
    }

    /// What is done when it comes: normalise, look up, bind.
    pub fn run(&mut self) -> plan::Bound {
        let text = black_box(self.text.as_bytes());
        normalise(text, Mode::default(), &mut self.shape);
        let plan = self.plans.get(&key(&self.shape)).unwrap();
        bound(&plan, &Input { text, shape: &self.shape, given: Given::Text(self.shape.literals()) })
    }
}

/// A prepared point select.
pub struct Prepared {
    shape: Normalised,
    plan: Arc<Plan>,
    packet: Vec<u8>,
    types: Vec<WireType>,
    long: LongData,
}

impl Prepared {
    const TEXT: &[u8] = b"SELECT c FROM sbtest1 WHERE id=?";

    pub fn new() -> Self {
        let shape = Normalised::prepared(Self::TEXT, Mode::default());
        let plan = planned(&shape, &map());
        let mut packet = Vec::new();
        let value = Value::Int(501_733);
        put_execute(&mut packet, 1, 0, &[(WireType::of(&value), value)]);
        Self { shape, plan, packet, types: Vec::new(), long: LongData::default() }
    }

    /// What is done when it is executed: decode, bind.
    pub fn run(&mut self) -> plan::Bound {
        // The command's byte, the statement's number, the flags and the iteration count come before the parameters.
        let body = black_box(&self.packet[10..]);
        let params = Params::decode(body, 1, &mut self.types, &self.long).unwrap();
        bound(&self.plan, &Input { text: Self::TEXT, shape: &self.shape, given: Given::Prepared(&params) })
    }
}

/// `[id BIGINT, c VARCHAR]`, every `STREAMS`-th id.
pub fn row(columns: &[ColumnDef], id: usize) -> Bytes {
    let (id, text) = (id.to_string(), format!("{:0119}", id * 7_919));
    let mut out = Vec::new();
    encode_cells(Format::Text, columns, [Some(id.as_bytes()), Some(text.as_bytes())], &mut out).unwrap();
    out.into()
}

pub fn columns() -> Vec<ColumnDef> {
    vec![ColumnDef::new("id", kind::LONGLONG), ColumnDef::new("c", kind::VAR_STRING)]
}

/// A whole answer as a server sends it.
pub fn answer(rows: usize) -> Vec<u8> {
    let columns = columns();
    let mut definitions: Vec<Vec<u8>> = vec![vec![2]];
    for column in &columns {
        let mut out = Vec::new();
        column.encode(&mut out);
        definitions.push(out);
    }
    let rows = (0..rows).map(|id| row(&columns, id).to_vec());
    let end = vec![0xFE, 0, 0, 2, 0, 0, 0];
    let mut bytes = Vec::new();
    for (sequence, payload) in definitions.into_iter().chain(rows).chain([end]).enumerate() {
        bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes()[..3]);
        bytes.push((sequence + 1) as u8);
        bytes.extend_from_slice(&payload);
    }
    bytes
}

/// Finds the end of an answer that comes in chunks; gives the number of its rows.
pub fn scan(answer: &[u8]) -> u64 {
    let mut scanner = ResponseScanner::new(Response::Query, true, 1);
    let end = answer.chunks(16 * 1024).find_map(|chunk| scanner.advance(chunk).done);
    end.expect("the answer has an end").rows
}

/// Streams of rows, and how they become one.
pub struct Merging {
    merge: Merge,
    columns: Vec<ColumnDef>,
    streams: Vec<Vec<Bytes>>,
}

impl Merging {
    /// Rows that no two streams share.
    pub fn rows(step: Step) -> Self {
        let columns = columns();
        let stream = |stream| (0..ROWS).map(|i| row(&columns, i * STREAMS + stream)).collect();
        let streams = (0..STREAMS).map(stream).collect();
        Self { merge: Merge { hidden: 0, step }, columns, streams }
    }

    /// Counts and sums by a key, as of `GROUP BY id`: every stream has a part of every group.
    pub fn groups() -> Self {
        let sum = ColumnDef { decimals: 2, ..ColumnDef::new("sum", kind::NEWDECIMAL) };
        let columns =
            vec![ColumnDef::new("id", kind::LONGLONG), ColumnDef::new("count", kind::LONGLONG), sum];
        let row = |id: usize| {
            let cells = [id.to_string(), (id % 10).to_string(), format!("{}.50", id * 3)];
            let mut out = Vec::new();
            encode_cells(Format::Text, &columns, cells.iter().map(|cell| Some(cell.as_bytes())), &mut out)
                .unwrap();
            Bytes::from(out)
        };
        let streams = vec![(0..ROWS).map(row).collect(); STREAMS];
        let step = Step::Group {
            keys: by_id(),
            within: Vec::new(),
            folds: [(1, Fold::Count as fn(Col) -> Fold), (2, Fold::Sum)]
                .map(|(at, fold)| (Col::Visible(at), fold(Col::Visible(at))))
                .to_vec(),
            order: by_id(),
            order_is_group_prefix: true,
        };
        Self { merge: Merge { hidden: 0, step }, columns, streams }
    }

    pub fn merger(&self) -> Merger {
        const BUDGET: Budget = Budget { max_rows: 1_000_000, max_bytes: 1 << 30 };
        Merger::new(&self.merge, &self.columns, Format::Text, STREAMS, None, 0, BUDGET).unwrap()
    }

    /// Takes all rows through the merge, whose streams end where their rows do; gives how many came out.
    pub fn drive(&self, merger: &mut Merger) -> usize {
        let (mut next, mut out) = ([0; STREAMS], 0);
        loop {
            while merger.pop().unwrap().is_some() {
                out += 1;
            }
            if merger.done() {
                return out;
            }
            for (stream, rows) in self.streams.iter().enumerate() {
                if merger.wants_row(stream) {
                    match rows.get(next[stream]) {
                        Some(row) => merger.push(stream, Bytes::clone(row)).unwrap(),
                        None => merger.finish(stream),
                    }
                    next[stream] += 1;
                }
            }
        }
    }
}

/// The order of the first column.
pub fn by_id() -> Vec<Key> {
    vec![Key { value: Col::Visible(0), weight: None, descending: false }]
}
