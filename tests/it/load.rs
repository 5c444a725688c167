//! LOAD DATA LOCAL through Shardgate leaves and says what it does on one plain server, whatever the table's layout.

mod cases;

use std::time::{Duration, Instant};

use crate::support::client::{Answer, Cell, Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{closed, connect, number, run, running, soon, text, until};
use cases::{CASES, Case};

/// One place; one place with new ids; everywhere with new ids; by a key, by the new id, by a key without ids.
const TABLES: [&str; 6] = ["one", "one_id", "everywhere", "by_key", "by_id", "no_ids"];
/// Ids of the plain server: generated ones are above this on all sides.
const HIGH: u64 = 1 << 41;

/// A proxy over the first so many shards, and the plain server, with the same empty tables.
struct Room {
    database: String,
    proxy: Proxy,
    plain: Client,
    shards: usize,
}

impl Room {
    async fn new(tag: &str, shards: usize, more: &str) -> Self {
        let lab = Lab::shared().await;
        let database = lab.database(tag).await;
        let mut config = format!("{more}\n[[user]]\nname = \"app\"\npassword = \"app\"\n");
        for (n, primary) in lab.cluster.primaries.iter().take(shards).enumerate() {
            config.push_str(&format!("[source.ds{n}]\nprimary = \"{}\"\n", primary.url()));
        }
        let last = shards - 1;
        config.push_str(&format!(
            r#"
[database.{database}]
shards    = ["ds{{0..{last}}}/{database}"]
reference = ["everywhere", "bare"]
single    = {{ one = "ds0/{database}", one_id = "ds{last}/{database}" }}
[database.{database}.group.by_k]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ by_key = "k", by_id = "id", no_ids = "k", counted = "k" }}
[database.{database}.group.by_code]
key       = "string"
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ codes = "code" }}
"#
        ));
        for table in ["one_id", "everywhere", "by_key", "by_id"] {
            config.push_str(&format!(
                "[database.{database}.table.{table}]\nid = {{ column = \"id\", generator = \"snowflake\" }}\n"
            ));
        }
        let proxy = Proxy::start(&config).await;
        let plain = connect(&Login::root(lab.oracle().port()).database(&database).with_files()).await;
        let mut room = Self { database, proxy, plain, shards };
        let mut client = room.client().await;
        for table in TABLES {
            let create = create(table);
            run(&mut client, &[&create]).await;
            run(&mut room.plain, &[&create]).await;
        }
        room
    }

    async fn client(&self) -> Client {
        connect(&Login::app(self.proxy.port).database(&self.database).with_files()).await
    }

    async fn direct(&self, shard: usize) -> Client {
        let lab = Lab::shared().await;
        connect(&Login::root(lab.cluster.primaries[shard].port()).database(&self.database)).await
    }
}

fn create(table: &str) -> String {
    let (id, own) = match table {
        "no_ids" => ("", String::new()),
        _ => ("id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, ", format!(" AUTO_INCREMENT={HIGH}")),
    };
    format!(
        "CREATE TABLE {table} ({id}k INT NOT NULL, a VARCHAR(60), b VARCHAR(60) NOT NULL DEFAULT 'none', \
         c LONGBLOB, d DECIMAL(10,2), u INT, UNIQUE KEY ku (k, u)) \
         ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci{own}"
    )
}

/// All that a statement leaves: its answer, its warnings, the rows, how many ids were made, and whose row the last is.
async fn left(client: &mut Client, answer: &Answer, table: &str) -> Vec<String> {
    let mut all = vec![match answer {
        Answer::Done(done) => {
            format!("affected={} last={} {} {:?}", done.affected, done.last_id, done.warnings, done.info)
        }
        // Of a statement that does not parse, servers show as much as they like.
        Answer::Refused(refusal) => format!("{} {}", refusal.errno, refusal.state),
        Answer::Rows { .. } => panic!("{answer}"),
    }];
    let mut warnings: Vec<String> =
        client.one("SHOW WARNINGS").await.rows().iter().map(|row| shown(row)).collect();
    warnings.sort();
    if answer.errno() == 0 {
        all.extend(warnings);
    }
    let ids = if table == "no_ids" { "1" } else { "IF(id >= 1099511627776, 'new', id)" };
    let rows =
        client.one(&format!("SELECT {ids}, k, a, b, HEX(c), d, u FROM {table} ORDER BY k, a, b, d, u")).await;
    all.extend(rows.rows().iter().map(|row| shown(row)));
    // After an error LAST_INSERT_ID() is undefined (manual, "Information Functions").
    if table != "no_ids" && answer.errno() == 0 {
        let last = client.one(&format!("SELECT k, a, b FROM {table} WHERE id = LAST_INSERT_ID()")).await;
        all.push(format!("last: {:?}", last.rows().iter().map(|row| shown(row)).collect::<Vec<_>>()));
        all.push(text(&client.one("SELECT LAST_INSERT_ID() > 7").await));
    }
    all
}

fn shown(row: &[Cell]) -> String {
    // A duplicate of a generated id would name it; of others, servers name the table or not.
    row.iter().map(Cell::to_string).collect::<Vec<_>>().join(" ")
}

async fn statement(client: &mut Client, table: &str, case: &Case, piece: usize) -> Answer {
    if !case.before.is_empty() {
        run(client, &[case.before]).await;
    }
    let Case { mode, options, list, .. } = case;
    let sql = format!(
        "LOAD DATA LOCAL INFILE 'file' {mode} INTO TABLE {table} {options} {}",
        list.replace("{t}", table)
    );
    match soon(&sql, client.load(&sql, case.file, piece)).await {
        Ok(answer) => answer,
        Err(failure) => panic!("{sql}: {failure}"),
    }
}

#[tokio::test]
async fn as_on_one_server() {
    let mut differences = Vec::new();
    let (mut checked, mut refused) = (0, 0);
    for shards in [1, 4] {
        let mut room = Room::new("load", shards, "").await;
        let mut client = room.client().await;
        for (n, case) in CASES.iter().enumerate() {
            for table in TABLES {
                let clear = format!("DELETE FROM {table}");
                run(&mut client, &[&clear, "SELECT LAST_INSERT_ID(7)"]).await;
                run(&mut room.plain, &[&clear, "SELECT LAST_INSERT_ID(7)"]).await;
                // Whatever the client's packets are.
                let given = statement(&mut client, table, case, [3, 1 << 16][n % 2]).await;
                if given.errno() == 1235
                    && case.may_refuse
                    && (table != "one" || case.options.contains("nothing"))
                {
                    refused += 1;
                    continue;
                }
                let wanted = statement(&mut room.plain, table, case, 1 << 16).await;
                let wanted = left(&mut room.plain, &wanted, table).await;
                let given = left(&mut client, &given, table).await;
                checked += 1;
                if wanted != given {
                    let Case { mode, options, list, file, .. } = case;
                    differences.push(format!(
                        "{shards} shards, {table}: {mode} {options} {list}\n  {}\n  oracle:    {wanted:#?}\n  shardgate: {given:#?}",
                        file.escape_ascii()
                    ));
                }
            }
        }
    }
    println!("{checked} loads compared, {refused} refused");
    assert!(
        differences.is_empty(),
        "{} differ\n{}",
        differences.len(),
        differences[..differences.len().min(8)].join("\n")
    );
}
