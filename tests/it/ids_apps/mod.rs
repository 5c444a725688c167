//! Ids that are no snowflakes, and ids that applications ask for themselves.

mod http;
mod next_id;
mod segments;
mod uuids;

use crate::support::client::{Answer, Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, run};

/// Tables with every kind of generator, over two sources; the store is a schema of its own on the second.
struct House<'a> {
    lab: &'a Lab,
    database: String,
    config: String,
    proxy: Proxy,
}

/// Numbers that a proxy takes from the store at once.
const STEP: u64 = 100;

const TABLES: [&str; 8] = [
    "CREATE TABLE orders (id BIGINT UNSIGNED PRIMARY KEY, user_id BIGINT NOT NULL, note VARCHAR(40))",
    "CREATE TABLE tickets (id BIGINT UNSIGNED PRIMARY KEY, note VARCHAR(40))",
    "CREATE TABLE parts (id BIGINT UNSIGNED PRIMARY KEY, user_id BIGINT NOT NULL)",
    "CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE docs (id CHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, title VARCHAR(40))",
    "CREATE TABLE scans (id BINARY(16) PRIMARY KEY, title VARCHAR(40))",
    "CREATE TABLE units (id CHAR(36) PRIMARY KEY, name VARCHAR(40))",
    "CREATE TABLE visits (id CHAR(36) PRIMARY KEY, user_id BIGINT NOT NULL)",
];

fn config(lab: &Lab, database: &str, more: &str) -> String {
    let [a, b] = [0, 1].map(|n| lab.cluster.primaries[n].url());
    format!(
        r#"
[[user]]
name = "app"
password = "app"
[source.ds0]
primary = "{a}"
[source.ds1]
primary = "{b}"
[ids]
store = "ds1/{database}_store"
[database.{database}]
shards = ["ds{{0..1}}/{database}"]
reference = ["units"]
single = {{ tickets = "ds0/{database}", plain = "ds0/{database}" }}
group.by_user = {{ algorithm = {{ hash = "crc32" }}, tables = {{ users = "id", orders = "user_id", parts = "user_id", visits = "user_id" }} }}
group.by_doc  = {{ key = "string", algorithm = {{ hash = "crc32" }}, tables = {{ docs = "id" }} }}
group.by_scan = {{ key = "binary", algorithm = {{ hash = "crc32" }}, tables = {{ scans = "id" }} }}
table.orders  = {{ id = {{ column = "id", generator = "segment", step = {STEP} }} }}
table.tickets = {{ id = {{ column = "id", generator = "segment", start = 5000, step = {STEP} }} }}
table.parts   = {{ id = {{ column = "id", generator = "snowflake", gene = "user_id" }} }}
table.users   = {{ id = {{ column = "id", generator = "snowflake" }} }}
table.docs    = {{ id = {{ column = "id", generator = "uuid7" }} }}
table.scans   = {{ id = {{ column = "id", generator = "uuid7" }} }}
table.units   = {{ id = {{ column = "id", generator = "uuid7" }} }}
table.visits  = {{ id = {{ column = "id", generator = "uuid7" }} }}
{more}
"#
    )
}

impl<'a> House<'a> {
    async fn over(lab: &'a Lab, tag: &str, more: &str) -> Self {
        let database = lab.database(tag).await;
        let config = config(lab, &database, more);
        let proxy = Proxy::start(&config).await;
        let house = Self { lab, database, config, proxy };
        run(&mut house.client().await, &TABLES).await;
        house
    }

    async fn client(&self) -> Client {
        connect(&Login::app(self.proxy.port).database(&self.database)).await
    }

    /// A client of the store's server.
    async fn store(&self) -> Client {
        connect(&Login::root(self.lab.cluster.primaries[1].port())).await
    }

    /// The first number of a counter that nobody has taken.
    async fn counter(&self, table: &str) -> u64 {
        let sql = format!("SELECT next FROM {0}_store.segments WHERE name = '{0}.{table}'", self.database);
        self.store().await.one(&sql).await.rows()[0][0].to_string().trim_matches('\'').parse().unwrap()
    }
}

/// Number and text of an error.
fn refused(answer: &Answer) -> (u16, &str) {
    match answer {
        Answer::Refused(refusal) => (refusal.errno, &refusal.message),
        other => panic!("no error: {other}"),
    }
}
