//! LOAD DATA LOCAL through Shardgate leaves and says what it does on one plain server, whatever the table's layout.

mod cases;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::support::client::{Answer, Cell, Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{closed, connect, number, numbers, run, running, soon, text, until};
use cases::{CASES, Case};

/// One place; one place with new ids; everywhere with new ids; by a key, by the new id, by a key without ids; in two
/// numbered tables on each shard.
const TABLES: [&str; 7] = ["one", "one_id", "everywhere", "by_key", "by_id", "no_ids", "numbered"];
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
tables    = {{ by_key = "k", by_id = "id", no_ids = "k", counted = "k", numbered = "k" }}
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
        config.push_str(&format!(
            "[database.{database}.table.numbered]\nid = {{ column = \"id\", generator = \"snowflake\" }}\n\
             nodes = [\"ds{{0..{last}}}/{database}.numbered_{{0..1}}\"]\n"
        ));
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
    // Without the sharding key in it, no shard could tell what is unique.
    let unique = if table == "by_id" { "id, k, u" } else { "k, u" };
    format!(
        "CREATE TABLE {table} ({id}k INT NOT NULL, a VARCHAR(60), b VARCHAR(60) NOT NULL DEFAULT 'none', \
         c LONGBLOB, d DECIMAL(10,2), u INT, UNIQUE KEY ku ({unique})) \
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
    if answer.errno() == 0 {
        let variables = client.one("SELECT @a, @b, @skip").await;
        all.push(format!("variables: {}", shown(&variables.rows()[0])));
    }
    // After an error LAST_INSERT_ID() is undefined (manual, "Information Functions").
    if table != "no_ids" && answer.errno() == 0 {
        let last = client.one(&format!("SELECT k, a, b FROM {table} WHERE id = LAST_INSERT_ID()")).await;
        all.push(format!("last: {:?}", last.rows().iter().map(|row| shown(row)).collect::<Vec<_>>()));
        all.push(text(&client.one("SELECT LAST_INSERT_ID() > 7").await));
    }
    all
}

fn shown(row: &[Cell]) -> String {
    // Servers' messages name the physical table.
    let text = row.iter().map(Cell::to_string).collect::<Vec<_>>().join(" ");
    text.replace("numbered_0", "numbered").replace("numbered_1", "numbered")
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
                let known = table != "one" || case.options.ends_with("TERMINATED");
                if given.errno() == 1235 && case.may_refuse && known {
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

/// Loads a file that must be taken.
async fn load(client: &mut Client, sql: &str, file: &[u8]) -> Answer {
    soon(sql, client.load(sql, file, 16 * 1024)).await.unwrap_or_else(|failure| panic!("{sql}: {failure}"))
}

#[tokio::test]
async fn ids_of_the_file_and_new_ones() {
    for shards in [1, 4] {
        let mut room = Room::new("load_ids", shards, "").await;
        let mut client = room.client().await;
        let list = "(a, id, k)";
        let csv = "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'";
        let sql =
            |table: &str, rest: &str| format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} {rest}");
        let cases: [(&str, &[u8]); 5] = [
            (list, b"x\t\\N\t1\ny\t0\t2\nz\t600\t3\nw\t000\t4\n"),
            (list, b"x\t500\t1\ny\t600\t2\n"),
            (list, b"x\t7\t1\ny\t-0\t2\nz\t9\t3\tmore\n"),
            (csv, b"NULL,1,\"a\",b,c,1,1\n\"0\",2,\"a,\",b,c,1,2\n\"17\",3,a,b,c,1,\\N"),
            (csv, b"\\N,1,a,b,c,2,3,4,5\n0,2,a,b,,2,9\n"),
        ];
        for (rest, file) in cases {
            for table in TABLES.iter().filter(|table| **table != "no_ids") {
                let clear = format!("DELETE FROM {table}");
                for client in [&mut client, &mut room.plain] {
                    run(client, &[&clear, "SELECT LAST_INSERT_ID(7)"]).await;
                }
                let sql = sql(table, rest);
                let given = load(&mut client, &sql, file).await;
                let wanted = load(&mut room.plain, &sql, file).await;
                let given = left(&mut client, &given, table).await;
                assert_eq!(left(&mut room.plain, &wanted, table).await, given, "{shards} shards: {sql}");
            }
        }
        // With NO_AUTO_VALUE_ON_ZERO, 0 is an id.
        let mode = "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_TRANS_TABLES'";
        for table in ["one_id", "everywhere", "by_key", "by_id", "numbered"] {
            for client in [&mut client, &mut room.plain] {
                run(client, &[&format!("DELETE FROM {table}"), mode, "SELECT LAST_INSERT_ID(7)"]).await;
            }
            let given = load(&mut client, &sql(table, list), b"x\t0\t1\ny\t\\N\t2\n").await;
            let wanted = load(&mut room.plain, &sql(table, list), b"x\t0\t1\ny\t\\N\t2\n").await;
            let given = left(&mut client, &given, table).await;
            assert_eq!(left(&mut room.plain, &wanted, table).await, given, "{table}");
            // What only a server can read as a number is refused, and leaves nothing.
            for id in ["", "x", "1.5", " 3"] {
                run(&mut client, &[&format!("DELETE FROM {table}")]).await;
                let answer =
                    load(&mut client, &sql(table, list), format!("x\t5\t1\ny\t{id}\t2\n").as_bytes()).await;
                assert_eq!(answer.errno(), 1235, "{id}: {answer}");
                assert!(answer.to_string().contains("row 2 of the file"), "{answer}");
                assert_eq!(number(&client.one(&format!("SELECT COUNT(*) FROM {table}")).await), 0);
            }
        }
    }
}

/// The recorded cases of real servers (l1.txt, l2.txt, l3.txt), with generated ids from 100 on.
#[tokio::test]
async fn golden() {
    let cases: [(&str, &[u8], &[i64], i64); 3] = [
        ("(v)", b"1\n2\n3\n", &[100, 101, 102], 100),
        ("(id,v)", b"500\t1\n600\t2\n", &[500, 600], 7),
        ("(id,v)", b"\\N\t1\n0\t2\n600\t3\n", &[100, 101, 600], 100),
    ];
    let room = Room::new("load_golden", 4, "").await;
    let mut client = room.client().await;
    for table in ["one", "one_id", "everywhere", "by_id"] {
        for (list, file, ids, last) in cases {
            let create = format!(
                "CREATE TABLE {table}(id bigint not null auto_increment primary key, v int{}, w int) auto_increment=100",
                if table == "by_id" { "" } else { " unique" }
            );
            run(&mut client, &[&format!("DROP TABLE {table}"), &create, "SELECT LAST_INSERT_ID(7)"]).await;
            let answer =
                load(&mut client, &format!("load data local infile 'file' into table {table}{list}"), file)
                    .await;
            let done = answer.done();
            let n = ids.len();
            assert_eq!((done.affected, done.last_id), (n as u64, 0), "{table} {list}");
            assert_eq!(done.info, format!("Records: {n}  Deleted: 0  Skipped: 0  Warnings: 0"));
            let rows = client.one(&format!("select id,v from {table} order by v")).await;
            let stored: Vec<i64> = rows
                .rows()
                .iter()
                .map(|row| row[0].to_string().trim_matches('\'').parse().unwrap())
                .collect();
            let first = stored[0];
            let mapped: Vec<i64> =
                stored.iter().map(|id| if *id > 1000 { id - first + 100 } else { *id }).collect();
            assert_eq!(mapped, ids, "{table} {list}");
            let lid = number(&client.one("SELECT LAST_INSERT_ID()").await);
            assert_eq!(if lid > 1000 { lid - first + 100 } else { lid }, last, "{table} {list}");
        }
    }
}

#[tokio::test]
async fn part_of_a_transaction() {
    let room = Room::new("load_txn", 4, "").await;
    let mut client = room.client().await;
    let count = |table: &str| format!("SELECT COUNT(*) FROM {table}");
    let rows: Vec<u8> = (0..20_000).flat_map(|n| format!("{n}\tx\n").into_bytes()).collect();
    let broken: Vec<u8> = [rows.as_slice(), b"77\ty\tz\n"].concat();
    for table in TABLES {
        let sql = format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} (k, a)");
        let fails = format!("LOAD DATA LOCAL INFILE 'file' REPLACE INTO TABLE {table} (k, a)");
        run(&mut client, &["BEGIN", &format!("INSERT INTO {table} (k, a) VALUES (1, 'before')")]).await;
        assert_eq!(load(&mut client, &sql, &rows).await.done().affected, 20_000);
        assert_eq!(number(&client.one(&count(table)).await), 20_001);
        // Too many fields: an error in strict mode, that undoes the statement and no more.
        let answer = load(&mut client, &fails, &broken).await;
        assert_eq!(answer.errno(), 1262, "{answer}");
        assert!(answer.to_string().contains("Row 20001 "), "{answer}");
        assert_eq!(number(&client.one(&count(table)).await), 20_001, "{table}");
        assert_eq!(client.ping().await.unwrap().done().status & 1, 1, "the transaction goes on");
        run(&mut client, &["ROLLBACK"]).await;
        assert_eq!(number(&client.one(&count(table)).await), 0, "{table}");
        // On its own it is whole, or nothing.
        assert_eq!(load(&mut client, &fails, &broken).await.errno(), 1262);
        assert_eq!(client.ping().await.unwrap().done().status & 1, 0);
        assert_eq!(number(&client.one(&count(table)).await), 0, "{table}");
        assert_eq!(load(&mut client, &sql, &rows).await.done().affected, 20_000);
        run(&mut client, &["SET autocommit = 0"]).await;
        assert_eq!(load(&mut client, &sql, &rows).await.done().affected, 20_000);
        run(&mut client, &["ROLLBACK", "SET autocommit = 1"]).await;
        assert_eq!(number(&client.one(&count(table)).await), 20_000, "{table}");
    }
}

#[tokio::test]
async fn who_cannot_send_files_is_told_so() {
    let room = Room::new("load_unable", 4, "").await;
    let lab = Lab::shared().await;
    let mut client = connect(&Login::app(room.proxy.port).database(&room.database)).await;
    let mut plain = connect(&Login::root(lab.oracle().port()).database(&room.database)).await;
    for table in TABLES {
        let sql = format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} (k)");
        let (given, wanted) = (client.one(&sql).await, plain.one(&sql).await);
        assert_eq!(given, wanted, "{table}");
    }
    // A file on a server: for tables of one place.
    let mut able = room.client().await;
    assert_eq!(able.one("LOAD DATA INFILE '/no/such/file' INTO TABLE by_key (k)").await.errno(), 1235);
    let direct = plain.one("LOAD DATA INFILE '/no/such/file' INTO TABLE one (k)").await.errno();
    assert_eq!(able.one("LOAD DATA INFILE '/no/such/file' INTO TABLE one (k)").await.errno(), direct);
    // MySQL prepares no LOAD DATA; MariaDB does.
    for table in TABLES {
        let sql = format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} (k)");
        let (given, wanted) = (able.prepare(&sql).await, room_plain(&room).await.prepare(&sql).await);
        assert_eq!(given.is_ok(), wanted.is_ok(), "{table}");
        match (given, wanted) {
            (Ok(statement), _) => {
                let execute = [&statement.id.to_le_bytes()[..], &[0, 1, 0, 0, 0]].concat();
                able.command(0x17, &execute).await.unwrap();
                assert_eq!(able.read().await.unwrap(), b"\xfbfile");
                able.write(b"1\n2\n").await.unwrap();
                able.write(&[]).await.unwrap();
                assert_eq!(able.answered().await.unwrap().done().affected, 2, "{table}");
            }
            (Err(given), Err(wanted)) => assert_eq!(given.to_string(), wanted.to_string()),
            (Err(given), Ok(_)) => panic!("{given}"),
        }
        let named = format!("PREPARE s FROM '{}'", sql.replace('\'', "''"));
        assert_eq!(able.one(&named).await.errno(), room_plain(&room).await.one(&named).await.errno());
    }
}

async fn room_plain(room: &Room) -> Client {
    let lab = Lab::shared().await;
    connect(&Login::root(lab.oracle().port()).database(&room.database).with_files()).await
}

#[tokio::test]
async fn large_files_in_little_memory() {
    let room = Room::new("load_large", 4, "").await;
    let mut client = room.client().await;
    let line = |n: usize| format!("{n}\t{}\t{}\n", "a".repeat(50), "b".repeat(50));
    let file: Vec<u8> = (0..200_000).flat_map(|n| line(n).into_bytes()).collect();
    let memory = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/{}/status", room.proxy.pid)).unwrap();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    for table in ["one", "by_key", "by_id", "no_ids"] {
        std::fs::write(format!("/proc/{}/clear_refs", room.proxy.pid), "5").unwrap();
        let before = memory("VmRSS");
        let begun = Instant::now();
        let answer =
            load(&mut client, &format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} (k, a, b)"), &file)
                .await;
        let (taken, grown) = (begun.elapsed(), memory("VmHWM").saturating_sub(before));
        assert_eq!(answer.done().affected, 200_000);
        assert!(grown < 20, "{table}: {grown} MiB for a file of {} MiB", file.len() >> 20);
        println!("{table}: 200000 rows in {taken:?}, {grown} MiB more");
        let sums =
            client.one(&format!("SELECT COUNT(*), SUM(k), SUM(a = REPEAT('a', 50)) FROM {table}")).await;
        assert_eq!(shown(&sums.rows()[0]), "'200000' '19999900000' '200000'");
        if table == "by_key" {
            let ids = numbers(&client.one(&format!("SELECT id FROM {table}")).await);
            assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 200_000);
        }
    }
    // Rows of more than a batch, of more than a packet of 16 MiB, and one after another.
    let mut plain = room_plain(&room).await;
    let sizes = [5 << 20, 3, 17 << 20, 1 << 20, 0];
    let file: Vec<u8> = sizes
        .iter()
        .enumerate()
        .flat_map(|(n, size)| [format!("{n}\t").as_bytes(), &vec![b'x'; *size], b"\n"].concat())
        .collect();
    for table in TABLES {
        let sum = format!("SELECT k, LENGTH(c), CRC32(c) FROM {table} ORDER BY k");
        for client in [&mut client, &mut plain] {
            run(client, &[&format!("TRUNCATE TABLE {table}")]).await;
            let sql = format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} (k, c)");
            let answer = soon(&sql, client.load(&sql, &file, 1 << 20)).await.unwrap();
            assert_eq!(answer.done().affected, 5, "{answer}");
        }
        assert_eq!(client.one(&sum).await.rows(), plain.one(&sum).await.rows(), "{table}");
    }
}

#[tokio::test]
async fn stopped_in_the_middle() {
    let room = Room::new("load_stopped", 4, "").await;
    let (mut other, part) = (room.client().await, b"1\tx\n2\ty\n".repeat(50_000));
    for table in TABLES {
        let sql = format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} (k, a)");
        let empty = async |other: &mut Client| {
            let count = number(&other.one(&format!("SELECT COUNT(*) FROM {table}")).await);
            (count == 0).then_some(())
        };
        // The client vanishes.
        let mut client = room.client().await;
        assert!(client.asked(&sql).await.unwrap().is_none());
        for piece in part.chunks(16 * 1024) {
            client.write(piece).await.unwrap();
        }
        client.abort();
        for shard in 0..room.shards {
            let mut server = room.direct(shard).await;
            until("the servers are free", async || {
                (running(&mut server, &format!("LOAD DATA%{table} %")).await == 0).then_some(())
            })
            .await;
        }
        until("nothing is left", async || empty(&mut other).await).await;
        // KILL QUERY: the file is read to its end, as a server does it, and the connection goes on.
        let mut client = room.client().await;
        assert!(client.asked(&sql).await.unwrap().is_none());
        client.write(&part).await.unwrap();
        run(&mut other, &[&format!("KILL QUERY {}", client.connection_id)]).await;
        for piece in part.chunks(64 * 1024) {
            client.write(piece).await.unwrap();
        }
        client.write(&[]).await.unwrap();
        let answer = soon("the answer", client.answered()).await.unwrap();
        assert_eq!(answer.errno(), 1317, "{table}: {answer}");
        assert_eq!(text(&soon("a next one", client.one("SELECT 'goes on'")).await), "goes on");
        until("nothing is left", async || empty(&mut other).await).await;
        // KILL CONNECTION.
        assert!(client.asked(&sql).await.unwrap().is_none());
        client.write(&part).await.unwrap();
        run(&mut other, &[&format!("KILL {}", client.connection_id)]).await;
        assert!(soon("the end", client.at_end()).await);
        until("nothing is left", async || empty(&mut other).await).await;
        // An error of a server in the middle: the rest of the file is read, and the connection goes on.
        let mut client = room.client().await;
        let fails = format!("LOAD DATA LOCAL INFILE 'file' REPLACE INTO TABLE {table} (k, d)");
        let answer = load(&mut client, &fails, &[b"1\tnothing\n".as_slice(), &part].concat()).await;
        assert_eq!(answer.errno(), 1366, "{table}: {answer}");
        assert_eq!(text(&client.one("SELECT 'goes on'").await), "goes on");
        until("nothing is left", async || empty(&mut other).await).await;
    }
}

#[tokio::test]
async fn no_longer_than_the_statement_s_time() {
    let room = Room::new("load_late", 4, "[limits]\nstatement_timeout = \"3s\"\n").await;
    for table in TABLES {
        let mut client = room.client().await;
        let sql = format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {table} (k, a)");
        assert!(client.asked(&sql).await.unwrap().is_none());
        client.write(b"1\tx\n").await.unwrap();
        let begun = Instant::now();
        // The time passes; only then the file goes on and ends.
        while begun.elapsed() < Duration::from_millis(3200) {
            client.write(b"2\tx\n").await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        client.write(&[]).await.unwrap();
        let answer = soon("the answer", client.answered()).await.unwrap();
        assert_eq!(answer.errno(), 3024, "{table}: {answer}");
        assert_eq!(number(&client.one(&format!("SELECT COUNT(*) FROM {table}")).await), 0);
    }
}

#[tokio::test]
async fn refused_with_what_to_write_instead() {
    let room = Room::new("load_refused", 4, "").await;
    let mut client = room.client().await;
    run(
        &mut client,
        &[
            "CREATE TABLE codes (code VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, v INT)",
            "CREATE TABLE counted (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL)",
            "CREATE TABLE bare (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL)",
        ],
    )
    .await;
    for (rest, file, what) in [
        ("by_key (a)", &b"1\n"[..], "no field is for the sharding key `k`"),
        ("by_key (@k) SET k = @k", b"1\n", "is given by SET or twice"),
        ("by_id (@id, a) SET id = @id", b"1\n", "is given by SET or twice"),
        ("by_key (k) SET k = 5", b"1\n", "is given by SET or twice"),
        ("by_key (k, k)", b"1\n", "is given by SET or twice"),
        ("by_key (k) SET id = 5", b"1\n", "is given by SET or twice"),
        ("by_key (k, a) SET b = (SELECT MAX(a) FROM no_ids)", b"1\n", "a subquery"),
        ("everywhere (k, a) SET b = RAND()", b"1\n", "RAND()"),
        ("counted (k)", b"1\n", "declare a generator"),
        ("counted (id, k)", b"\\N\t1\n", "declare a generator"),
        ("bare (k)", b"1\n", "declare a generator"),
        ("codes CHARACTER SET latin1 (code)", b"\xe9\n", "CHARACTER SET utf8mb4"),
        ("by_key FIELDS TERMINATED BY '' (k)", b"1\n", "cannot be told from each other"),
    ] {
        let sql = format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {rest}");
        let answer = load(&mut client, &sql, file).await;
        assert!(answer.errno() == 1235 && answer.to_string().contains(what), "{sql}: {answer}");
    }
    // What was given is taken.
    for (rest, file) in [
        ("counted (id, k)", "1\t1\n2\t2\n"),
        ("bare (id, k)", "1\t1\n2\t2\n"),
        ("codes CHARACTER SET latin1 (code)", "a\nb\n"),
        ("codes CHARACTER SET utf8mb4 (code)", "é\n漢\n"),
        ("codes CHARACTER SET utf8mb3 (code)", "ü\n字\n"),
    ] {
        let answer =
            load(&mut client, &format!("LOAD DATA LOCAL INFILE 'file' INTO TABLE {rest}"), file.as_bytes())
                .await;
        assert_eq!(answer.done().affected, 2, "{rest}");
    }
    for code in ["a", "é", "漢", "ü", "字"] {
        assert_eq!(
            number(&client.one(&format!("SELECT COUNT(*) FROM codes WHERE code = '{code}'")).await),
            1,
            "{code}"
        );
    }
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM bare").await), 2);
}

#[tokio::test]
async fn packets_rows_and_commands_at_their_limits() {
    let room = Room::new("load_wrong", 4, "max_packet = \"1MiB\"\n").await;
    // A packet over the limit ends the connection, a row over it the statement.
    let mut client = room.client().await;
    let sql = "LOAD DATA LOCAL INFILE 'file' INTO TABLE by_key (k, c)";
    let row = [b"1\t".as_slice(), &vec![b'x'; 2 << 20], b"\n"].concat();
    let answer = load(&mut client, sql, &row).await;
    assert_eq!(answer.errno(), 1038, "{answer}");
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM by_key").await), 0);
    let answer = client.load(sql, &row, 2 << 20).await;
    assert!(closed(&answer) || answer.is_ok_and(|answer| answer.errno() == 1153));
    // Several statements in one command.
    let mut client = room.client().await;
    let two = "LOAD DATA LOCAL INFILE 'file' INTO TABLE by_key (k, a); SELECT COUNT(*) FROM by_key";
    let answer = client.load(two, b"1\tx\n2\ty\n", 5).await.unwrap();
    assert_eq!((answer.done().affected, answer.done().status & 8), (2, 8));
    let rest = client.receive().await.unwrap();
    assert_eq!(number(&rest[0]), 2);
}
