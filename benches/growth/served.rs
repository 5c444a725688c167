//! Through a proxy process in front of four real servers, which hold as many schemas as there are shards.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Row};
use shardgate::cli::demo::servers::{Cluster, Spec};
use tokio::task::JoinSet;

use crate::curve::{Curve, Figure, Goal, Panel, least, steps};
use crate::proxy::Proxy;

const SERVERS: usize = 4;
const SHARDS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Rows of each shard.
const ROWS: usize = 100;
/// Clients that connect or ask at the same time.
const AT_ONCE: usize = 64;

pub struct Servers {
    cluster: Cluster,
    dir: PathBuf,
}

/// What a statement costs.
struct Cost {
    milliseconds: f64,
    /// Of the proxy's processor time.
    cpu: f64,
}

impl Servers {
    pub async fn start() -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-servers");
        let spec = Spec { primaries: SERVERS as u16, replicas_each: 0, plain: 0, dir: dir.clone() };
        let cluster = Cluster::start(spec).await.unwrap_or_else(|error| panic!("{error}"));
        for (number, server) in cluster.primaries.iter().enumerate() {
            let mut sql = vec!["CREATE DATABASE own".to_owned(), table("own")];
            for shard in (number..64).step_by(SERVERS) {
                let schema = format!("g{shard}");
                let row = |row: usize| format!("({}, {row}, REPEAT('c', 60))", shard + 64 * row);
                let rows: Vec<String> = (0..ROWS).map(row).collect();
                sql.push(format!("CREATE DATABASE {schema}"));
                sql.push(table(&schema));
                sql.push(format!("INSERT INTO {schema}.t VALUES {}", rows.join(",")));
            }
            server.run(&sql).await.unwrap();
        }
        Self { cluster, dir }
    }

    pub async fn version(&self) -> String {
        self.cluster.flavor().version().await.unwrap()
    }

    pub async fn stop(self) {
        self.cluster.stop().await;
    }

    /// A proxy with these databases, and the databases over 1 to 64 shards.
    fn proxy(&self, databases: &str) -> Proxy {
        let mut config = "[log]\nlevel = \"warn\"\n[[user]]\nname = \"app\"\npassword = \"app\"\n".to_owned();
        for server in &self.cluster.primaries {
            write!(config, "[source.{}]\nprimary = \"{}\"\n", server.name(), server.url()).unwrap();
        }
        for count in SHARDS {
            write!(
                config,
                "[database.s{count}]\nshards = {:?}\n[database.s{count}.group.g]\nalgorithm = {{ modulo = {count} }}\n\
                 tables = {{ t = \"id\" }}\n",
                places(count)
            )
            .unwrap();
        }
        Proxy::start(&self.dir, &(config + databases))
    }

    /// Shards, 1 to 64.
    pub async fn shards(&self) -> Figure {
        let mut proxy = self.proxy("");
        drop(proxy.connect("s1").await);
        let statements = [
            ("one row by its key", Goal::Level, "SELECT c FROM t WHERE id = 0"),
            ("COUNT(*)", Goal::Linear, "SELECT COUNT(*) FROM t"),
            ("all rows in order", Goal::Sorting, "SELECT id, c FROM t ORDER BY id"),
            ("100 groups", Goal::Sorting, "SELECT k, COUNT(*), SUM(id) FROM t GROUP BY k"),
        ];
        let mut panels = ["ms a statement", "µs of the proxy's CPU a statement"].map(|y| Panel {
            x: "shards",
            y,
            curves: statements.iter().map(|(name, goal, _)| Curve::new(name, *goal)).collect(),
        });
        for count in SHARDS {
            let mut conn = proxy.connect(&format!("s{count}")).await;
            for (number, (_, _, sql)) in statements.iter().enumerate() {
                let cost = cost(&proxy, &mut conn, sql).await;
                panels[0].curves[number].add(count, cost.milliseconds);
                panels[1].curves[number].add(count, cost.cpu * 1e6);
            }
            conn.disconnect().await.unwrap();
        }
        Figure {
            name: "shards",
            title: "Shards",
            about: format!(
                "One client, {SERVERS} servers with up to 16 schemas each, {ROWS} rows a shard: what is read from all shards is as \
                 many rows as there are shards, times {ROWS}."
            ),
            panels: panels.into(),
        }
    }

    /// Tables in the configuration, 10 to 10,000.
    pub async fn tables(&self) -> Figure {
        let mut start = [
            Curve::new("in one group, 64 shards", Goal::LinearBelow(3.0)),
            Curve::new("each with 16 nodes of its own", Goal::LinearBelow(3.0)),
        ];
        let mut memory = [
            Curve::new("in one group, 64 shards", Goal::Linear),
            Curve::new("each with 16 nodes of its own", Goal::Linear),
        ];
        for count in steps(10, 10_000) {
            for (number, databases) in [grouped(count), apart(count)].iter().enumerate() {
                let mut times = Vec::new();
                let mut resident = 0.0;
                for _ in 0..3 {
                    let mut proxy = self.proxy(databases);
                    let mut conn = proxy.connect("many").await;
                    let _: Option<Row> = conn.query_first("SELECT c FROM t WHERE id = 0").await.unwrap();
                    times.push(proxy.born.elapsed().as_secs_f64());
                    resident = proxy.memory();
                }
                start[number].add(count, least(&times));
                memory[number].add(count, resident);
            }
        }
        let panel = |y, curves: Vec<Curve>| Panel { x: "tables in the configuration", y, curves };
        Figure {
            name: "tables",
            title: "Tables",
            about: "From the start of the process to the first answer (a row by its key), and the memory that it has then. \
                    Then the first statement on each of so many tables, one after the other: their definitions are read from \
                    the servers and kept. Last, the time to tell of mistakes in a configuration of as many tables."
                .to_owned(),
            panels: vec![
                panel("s from start to first answer", start.into()),
                panel("MiB of resident memory", memory.into()),
                panel("s for all first statements", vec![self.first_statements().await]),
                crate::inside::mistakes(),
            ],
        }
    }

    async fn first_statements(&self) -> Curve {
        let steps = steps(10, 10_000);
        let last = 10_000;
        let tables: Vec<String> = (0..last).map(|table| format!("t{table} = \"ds0/own.t\"")).collect();
        let databases =
            format!("[database.many]\nshards = [\"ds0/own\"]\nsingle = {{ {} }}\n", tables.join(", "));
        let mut proxy = self.proxy(&databases);
        let mut conn = proxy.connect("many").await;
        let mut curve = Curve::new("each table once", Goal::Linear);
        let begin = Instant::now();
        for table in 0..last {
            conn.query_drop(format!("SELECT c FROM t{table} WHERE id = 0")).await.unwrap();
            if steps.contains(&(table + 1)) {
                curve.add(table + 1, begin.elapsed().as_secs_f64());
            }
        }
        curve
    }

    /// Clients, 1 to 10,000.
    pub async fn clients(&self) -> Figure {
        let mut proxy = self.proxy("");
        drop(proxy.connect("s4").await);
        let mut memory = Curve::new("whole process", Goal::Linear);
        let mut connect = Curve::new("all connect", Goal::Linear);
        let mut round = Curve::new("each says one statement", Goal::Linear);
        let mut beside = Curve::new("one talks, the others are idle", Goal::Level);
        let (mut conns, mut connecting): (Vec<Conn>, f64) = (Vec::new(), 0.0);
        for count in steps(1, 10_000) {
            let begin = Instant::now();
            conns = more(&proxy, conns, count).await;
            connecting += begin.elapsed().as_secs_f64();
            connect.add(count, connecting);
            let mut times = Vec::new();
            for _ in 0..3 {
                let begin = Instant::now();
                conns = each(conns).await;
                times.push(begin.elapsed().as_secs_f64());
            }
            round.add(count, least(&times));
            memory.add(count, proxy.memory());
            let cost = cost(&proxy, &mut conns[0], "SELECT c FROM t WHERE id = 0").await;
            beside.add(count, cost.milliseconds);
        }
        drop(proxy);
        drop(conns);
        let panel = |y, curves| Panel { x: "clients that are connected", y, curves };
        Figure {
            name: "clients",
            title: "Clients",
            about: format!(
                "They connect, and say a point select each, {AT_ONCE} at a time; four shards. Memory is that after every client \
                 has said three statements."
            ),
            panels: vec![
                panel("s for all", vec![connect, round]),
                panel("ms a statement", vec![beside]),
                panel("MiB of resident memory", vec![memory]),
            ],
        }
    }

    /// IN lists, 1 to 10,000.
    pub async fn lists(&self) -> Panel {
        let mut proxy = self.proxy("");
        let mut curves = Vec::new();
        for (name, database) in [("4 shards", "s4"), ("64 shards", "s64")] {
            let mut conn = proxy.connect(database).await;
            let mut curve = Curve::new(name, Goal::Linear);
            for count in steps(1, 10_000) {
                let ids: Vec<String> = (0..count).map(|id| id.to_string()).collect();
                let sql = format!("SELECT c FROM t WHERE id IN ({})", ids.join(","));
                curve.add(count, cost(&proxy, &mut conn, &sql).await.milliseconds);
            }
            conn.disconnect().await.unwrap();
            curves.push(curve);
        }
        Panel { x: "values in IN", y: "ms a statement, servers included", curves }
    }
}

fn table(schema: &str) -> String {
    format!("CREATE TABLE {schema}.t (id INT PRIMARY KEY, k INT, c CHAR(60))")
}

/// The first shards, server by server in turns.
fn places(count: usize) -> Vec<String> {
    (0..count).map(|shard| format!("ds{}/g{shard}", shard % SERVERS)).collect()
}

/// A database of tables that are spread alike.
fn grouped(count: usize) -> String {
    let tables: Vec<String> = (1..count).map(|table| format!("t{table} = \"id\"")).collect();
    format!(
        "[database.many]\nshards = {:?}\n[database.many.group.g]\nalgorithm = {{ hash = \"crc32\", slots = 1024 }}\n\
         tables = {{ t = \"id\"{}{} }}\n",
        places(64),
        if tables.is_empty() { "" } else { ", " },
        tables.join(", ")
    )
}

/// A database whose tables but one have nodes and an id of their own.
fn apart(count: usize) -> String {
    let last = SERVERS - 1;
    let mut text = format!(
        "[database.many]\nshards = [\"ds{{0..{last}}}/own\"]\n[database.many.group.g]\n\
         algorithm = {{ hash = \"crc32\", slots = 1024 }}\n[database.many.group.g.tables]\nt = \"id\"\n"
    );
    for table in 1..count {
        writeln!(text, "t{table} = \"owner\"").unwrap();
    }
    for table in 1..count {
        write!(
            text,
            "[database.many.table.t{table}]\nid = {{ column = \"id\", generator = \"snowflake\" }}\n\
             nodes = [\"ds{{0..{last}}}/own.t{table}_{{0..3}}\"]\n"
        )
        .unwrap();
    }
    text
}

/// A statement's cost: repeated for three stretches of time, the shortest counts.
async fn cost(proxy: &Proxy, conn: &mut Conn, sql: &str) -> Cost {
    const STRETCH: f64 = 0.08;
    let (mut times, mut cpus) = (Vec::new(), Vec::new());
    for stretch in 0..4 {
        let (begin, cpu, mut said) = (Instant::now(), proxy.cpu(), 0);
        while said == 0 || begin.elapsed().as_secs_f64() < STRETCH {
            conn.query_drop(sql).await.unwrap();
            said += 1;
        }
        // The first opens connections and plans.
        if stretch > 0 {
            times.push(begin.elapsed().as_secs_f64() / f64::from(said));
            cpus.push((proxy.cpu() - cpu) / f64::from(said));
        }
    }
    Cost { milliseconds: least(&times) * 1e3, cpu: least(&cpus) }
}

/// `count` clients.
async fn more(proxy: &Proxy, mut conns: Vec<Conn>, count: usize) -> Vec<Conn> {
    let missing = count - conns.len();
    let mut tasks = JoinSet::new();
    for task in 0..AT_ONCE.min(missing) {
        let options = proxy.options("s4");
        tasks.spawn(async move {
            let mut part = Vec::new();
            for _ in (task..missing).step_by(AT_ONCE) {
                part.push(Conn::new(options.clone()).await.unwrap());
            }
            part
        });
    }
    conns.extend(tasks.join_all().await.into_iter().flatten());
    conns
}

/// Every client says one statement.
async fn each(conns: Vec<Conn>) -> Vec<Conn> {
    let size = conns.len().div_ceil(AT_ONCE);
    let mut tasks = JoinSet::new();
    let mut left = conns.into_iter();
    loop {
        let mut part: Vec<Conn> = left.by_ref().take(size).collect();
        if part.is_empty() {
            break;
        }
        tasks.spawn(async move {
            for (number, conn) in part.iter_mut().enumerate() {
                conn.query_drop(format!("SELECT c FROM t WHERE id = {number}")).await.unwrap();
            }
            part
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}
