//! What all tables hold, read from the servers themselves; and back to what they held first.

use crate::support::client::{Answer, Cell, Client, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::Step;
use crate::support::oracle::Pair;
use crate::support::shop::{connect, run};

/// Where a table's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// On the shard of the column at this place.
    Sharded(usize),
    /// All on each.
    Reference,
    /// On one shard.
    Single,
}

/// The tables of `tables.sql` with where their rows are.
const TABLES: [(&str, Layout); 14] = [
    ("users", Layout::Sharded(0)),
    ("orders", Layout::Sharded(1)),
    ("accounts", Layout::Sharded(0)),
    ("visits", Layout::Sharded(0)),
    ("stamped", Layout::Sharded(0)),
    ("parents", Layout::Sharded(0)),
    ("children", Layout::Sharded(0)),
    ("kinds", Layout::Sharded(0)),
    ("tickets", Layout::Sharded(0)),
    ("codes", Layout::Sharded(0)),
    ("products", Layout::Reference),
    ("rates", Layout::Reference),
    ("audit", Layout::Single),
    ("notes", Layout::Single),
];

/// Direct connections to the plain server and the shards, and what each held first.
#[derive(Debug)]
pub struct House {
    plain: Place,
    shards: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    client: Client,
    database: String,
    first: Vec<Answer>,
    /// Of each table that is there the columns that can be written.
    columns: Vec<Option<String>>,
}

/// What all tables hold at one time.
#[derive(Debug)]
pub struct Contents {
    plain: Vec<Answer>,
    shards: Vec<Vec<Answer>>,
}

impl House {
    /// Connects, and remembers the rows that are there.
    pub async fn open(lab: &Lab, database: &str, shards: usize) -> Self {
        let mut all = Vec::new();
        for server in &lab.cluster.primaries[..shards] {
            all.push(Place::open(server.port(), database).await);
        }
        Self { plain: Place::open(lab.oracle().port(), database).await, shards: all }
    }

    /// Reads everything.
    pub async fn contents(&mut self) -> Contents {
        let mut shards = Vec::new();
        for place in &mut self.shards {
            shards.push(place.read().await);
        }
        Contents { plain: self.plain.read().await, shards }
    }

    /// Brings tables that hold something else than first back to that.
    pub async fn restore(&mut self, now: &Contents) {
        self.plain.restore(&now.plain).await;
        for (place, now) in self.shards.iter_mut().zip(&now.shards) {
            place.restore(now).await;
        }
    }
}

impl Place {
    async fn open(port: u16, database: &str) -> Self {
        let mut client = connect(&Login::root(port).database(database)).await;
        let kept = format!("{database}_first");
        run(&mut client, &[&format!("CREATE DATABASE {kept}")]).await;
        let mut columns = Vec::new();
        for (table, _) in TABLES {
            let sql = format!(
                "SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS \
                 WHERE TABLE_SCHEMA = '{database}' AND TABLE_NAME = '{table}' AND EXTRA NOT LIKE '% GENERATED'"
            );
            let own = client.one(&sql).await.rows()[0][0].to_string().trim_matches('\'').to_owned();
            if own == "NULL" {
                columns.push(None); // a single table of another shard
                continue;
            }
            let copy = format!("CREATE TABLE {kept}.{table} AS SELECT * FROM {table}");
            run(&mut client, &[&copy]).await;
            columns.push(Some(own));
        }
        let mut place = Self { client, database: database.to_owned(), first: Vec::new(), columns };
        place.first = place.read().await;
        place
    }

    async fn read(&mut self) -> Vec<Answer> {
        let read = |((table, _), columns): (&(&str, Layout), &Option<String>)| match columns {
            Some(_) => format!("SELECT * FROM {table}"),
            None => "SELECT NULL LIMIT 0".to_owned(),
        };
        let all: Vec<String> = TABLES.iter().zip(&self.columns).map(read).collect();
        self.client.query(&all.join(";")).await.unwrap()
    }

    /// Tables that refer to others come after them.
    async fn restore(&mut self, now: &[Answer]) {
        let changed = |n: usize| self.first[n] != now[n];
        let parents = (TABLES.iter()).position(|(table, _)| *table == "parents").unwrap();
        let family = parents..parents + 2;
        let family_changed = family.clone().any(changed);
        let (mut empty, mut fill) = (Vec::new(), Vec::new());
        for (n, (table, layout)) in TABLES.iter().enumerate() {
            let Some(columns) = &self.columns[n] else { continue };
            if !(changed(n) || family_changed && family.contains(&n)) {
                continue;
            }
            let first = format!("{}_first.{table}", self.database);
            empty.push(format!("DELETE FROM {table}"));
            fill.push(format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {first}"));
            if *layout == Layout::Single {
                fill.push(format!("ALTER TABLE {table} AUTO_INCREMENT = 1"));
            }
        }
        for statement in empty.iter().rev().chain(&fill) {
            run(&mut self.client, &[statement]).await;
        }
    }
}

impl Contents {
    /// How the shards together differ from the plain server, and rows that lie where they must not.
    pub fn differences(&self, pair: &mut Pair) -> Vec<String> {
        let mut found = Vec::new();
        for (n, (table, layout)) in TABLES.iter().enumerate() {
            let there: Vec<&[Vec<Cell>]> = self.shards.iter().map(|answers| answers[n].rows()).collect();
            let rows: Vec<Vec<Cell>> = match layout {
                Layout::Reference => {
                    let sorted = |rows: &[Vec<Cell>]| {
                        let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
                        rows.sort_unstable();
                        rows
                    };
                    let odd = there.iter().position(|rows| sorted(rows) != sorted(there[0]));
                    found.extend(odd.map(|shard| format!("{table} on shard {shard} is not as on shard 0")));
                    there[0].to_vec()
                }
                Layout::Sharded(key) => {
                    for (shard, rows) in there.iter().enumerate() {
                        let strange =
                            rows.iter().find(|row| self.shards.len() > 1 && home(&row[*key]) != shard);
                        found.extend(strange.map(|row| {
                            let cells: Vec<String> = row.iter().map(Cell::to_string).collect();
                            format!("{table}: ({}) lies on shard {shard}", cells.join(", "))
                        }));
                    }
                    there.concat()
                }
                Layout::Single => there.concat(),
            };
            let Answer::Rows { columns, status, warnings, .. } = &self.plain[n] else { panic!("{table}") };
            let given = Answer::Rows { columns: columns.clone(), rows, status: *status, warnings: *warnings };
            let step = Step::default();
            if let Err(what) = pair.compare(&step, &self.plain[n..=n], std::slice::from_ref(&given)) {
                found.push(format!("{table}: {what}\n  oracle:    {}  shardgate: {given}", self.plain[n]));
            }
        }
        found
    }
}

/// The shard that a key's row belongs to: `CRC32(key) % 1024`, even ranges of four.
fn home(key: &Cell) -> usize {
    match key {
        Cell::Bytes(bytes) => crc32fast::hash(bytes) as usize % 1024 / 256,
        _ => 0,
    }
}
