//! SELECTs over copies of rows, when something goes wrong in any part of them: while rows are read, while they are
//! written into temporary tables, and while the statement runs over these. Whatever becomes of it, no temporary table
//! and no connection is left behind. And EXPLAIN SHARDGATE, which says what the parts are.

use std::time::{Duration, Instant};

use shardgate::cli::demo::servers::Server;

use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::{Options, Proxy, config};
use crate::support::shop::{Setup, Shop, connect, number, numbers, run, soon, text, until};
use crate::support::yard::{SMALL_POOL, Yard, error};

/// Connections to each server.
const POOL: usize = 4;

/// Where a statement is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// Its rows are read: another holds one of the tables.
    Read,
    /// They are written into a temporary table: there are many.
    Fill,
    /// It runs on all servers, each with a part of a table beside the copies.
    Spread,
    /// It runs on one server.
    Alone,
}

const PARTS: [Part; 4] = [Part::Read, Part::Fill, Part::Spread, Part::Alone];

const JOIN: &str =
    "SELECT /*+ SHARDGATE(stay=u) */ u.id, o.id FROM users u JOIN orders o ON o.product_id = u.age";

/// On servers of a test's own.
pub async fn yard<'a>(lab: &'a Lab, tag: &str, more: &str) -> Yard<'a> {
    for server in &lab.cluster.primaries {
        visible(lab, server).await;
    }
    Yard::over(lab, tag, more).await
}

impl Yard<'_> {
    /// Many more orders on the first shard.
    pub async fn grow(&mut self) {
        let sql = "INSERT INTO orders (user_id, product_id, note) SELECT user_id, 8, REPEAT('x', 200) FROM \
                   orders WHERE id < 1000000";
        for _ in 0..11 {
            run(&mut self.direct[0], &[sql]).await;
        }
    }

    /// The statement that is stopped in a part, and how it looks on the servers then.
    fn sql(part: Part) -> (String, &'static str) {
        match part {
            Part::Read => (format!("{JOIN} WHERE o.id % 1000000 <= 20"), "SELECT %`o`.`product_id`%"),
            Part::Fill => (format!("{JOIN} WHERE CONCAT(o.note, '') <> ''"), "% INTO %shardgate_stage%"),
            Part::Spread | Part::Alone => {
                (format!("{JOIN} WHERE o.id % 1000000 <= 20 AND SLEEP(1000) = 0"), "%SLEEP(1000)%")
            }
        }
    }

    /// A client whose statement comes to a part, and no further.
    async fn begin(&mut self, part: Part) -> Client {
        let (sql, _) = Self::sql(part);
        if part == Part::Read {
            run(self.locker(), &["LOCK TABLES orders WRITE"]).await;
        }
        let mut client = self.shop.client().await;
        if part == Part::Alone {
            run(&mut client, &["BEGIN"]).await;
        }
        client.send(&sql).await.unwrap();
        client
    }

    /// A client whose statement is in the middle of a part.
    async fn amid(&mut self, part: Part) -> Client {
        let client = self.begin(part).await;
        let (_, like) = Self::sql(part);
        until(&format!("{part:?} runs"), async || (self.busy(like).await > 0).then_some(())).await;
        // Tables are made when the first rows have come.
        let seen = self.temporary().await > 0;
        assert!(seen || part == Part::Read, "{part:?}: temporary tables can be seen");
        client
    }

    /// Temporary tables of all connections of both servers. MySQL lists them; MariaDB has files for each that is not
    /// InnoDB's, named after its process.
    pub async fn temporary(&mut self) -> i64 {
        let mut count = 0;
        for (n, server) in self.direct.iter_mut().enumerate() {
            if !self.shop.lab.is_mariadb() {
                let sql = "SELECT COUNT(*) FROM information_schema.INNODB_TEMP_TABLE_INFO";
                count += number(&server.one(sql).await);
                continue;
            }
            let dir = text(&server.one("SELECT @@tmpdir").await);
            let pid = self.shop.lab.cluster.primaries[n].pid().unwrap();
            let name = format!("#sql-temptable-{pid:x}-");
            let files = std::fs::read_dir(dir).unwrap().flatten();
            let own = files.filter(|file| {
                let file = file.file_name().to_string_lossy().into_owned();
                file.starts_with(&name) && file.contains(".MYI")
            });
            count += own.count() as i64;
        }
        count
    }

    /// Nothing runs, nothing is left, and every connection of the pools can be had.
    pub async fn is_clean(&mut self, after: &str) {
        let gone = format!("no temporary table is left after {after}");
        until(&gone, async || (self.temporary().await == 0).then_some(())).await;
        for like in ["SELECT %`o`.`product_id`%", "%shardgate_stage%"] {
            // What drops the tables names them until it has ended.
            until(&format!("{like} has ended after {after}"), async || {
                (self.busy(like).await == 0).then_some(())
            })
            .await;
        }
        let mut clients = Vec::new();
        for n in 0..POOL {
            let mut client = self.shop.client().await;
            run(&mut client, &["BEGIN"]).await;
            for shard in 0..self.shop.shards() {
                let sql = format!("SELECT id FROM users WHERE id = {} FOR SHARE", self.shop.key(shard, 0, 0));
                let sql = if self.shop.lab.is_mariadb() {
                    sql.replace("FOR SHARE", "LOCK IN SHARE MODE")
                } else {
                    sql
                };
                let answer = soon("a free connection", client.one(&sql)).await;
                assert_eq!(answer.errno(), 0, "connection {n} to shard {shard} after {after}: {answer}");
            }
            clients.push(client);
        }
        for client in &mut clients {
            run(client, &["ROLLBACK"]).await;
        }
        let mut client = self.shop.client().await;
        let answer = soon("rows", client.one(&format!("{JOIN} WHERE o.id % 1000000 <= 20"))).await;
        assert_eq!(answer.rows().len(), 80, "after {after}");
    }
}

/// Temporary tables are made where they can be seen from outside of their connections.
pub async fn visible(lab: &Lab, server: &Server) {
    if lab.is_mariadb() {
        server.run(&["SET GLOBAL default_tmp_storage_engine = MyISAM"]).await.unwrap();
    }
}

#[tokio::test]
async fn kill_query_stops_each_part() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "kill_staged", SMALL_POOL).await;
    yard.grow().await;
    let mut killer = yard.shop.client().await;
    for part in PARTS {
        let what = format!("KILL QUERY in {part:?}");
        let mut victim = yard.amid(part).await;
        run(&mut killer, &[&format!("KILL QUERY {}", victim.connection_id)]).await;
        let (errno, message) = error(&mut victim, &what).await;
        assert_eq!(errno, 1317, "{what}: {message}");
        yard.unlock().await;
        run(&mut victim, &["ROLLBACK"]).await;
        assert_eq!(victim.one(&format!("{JOIN} WHERE o.id % 1000000 <= 2")).await.rows().len(), 8, "{what}");
        drop(victim);
        yard.is_clean(&what).await;
    }
}

#[tokio::test]
async fn who_leaves_leaves_nothing_behind() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "leave_staged", SMALL_POOL).await;
    yard.grow().await;
    let mut killer = yard.shop.client().await;
    for part in PARTS {
        for how in ["leaving", "aborting", "KILL"] {
            let what = format!("{how} in {part:?}");
            let mut victim = yard.amid(part).await;
            match how {
                "leaving" => drop(victim),
                "aborting" => victim.abort(),
                _ => {
                    run(&mut killer, &[&format!("KILL {}", victim.connection_id)]).await;
                    assert!(soon(&what, victim.at_end()).await, "{what}");
                }
            }
            let (_, like) = Yard::sql(part);
            until(&what, async || (yard.busy(like).await == 0).then_some(())).await;
            yard.unlock().await;
            yard.is_clean(&what).await;
        }
    }
}

#[tokio::test]
async fn a_statement_has_one_time_for_all_of_its_parts() {
    let lab = Lab::start(2, 0, 0).await;
    let more = format!("[limits]\nstatement_timeout = \"5s\"\n{SMALL_POOL}");
    let mut yard = yard(&lab, "late_staged", &more).await;
    for part in [Part::Read, Part::Spread, Part::Alone] {
        let what = format!("{part:?} takes too long");
        let mut client = yard.begin(part).await;
        let (errno, message) = error(&mut client, &what).await;
        assert_eq!(errno, 3024, "{what}: {message}");
        yard.unlock().await;
        run(&mut client, &["ROLLBACK"]).await;
        drop(client);
        yard.is_clean(&what).await;
    }
    // Half of its time goes by while rows are read; the rest does not begin anew.
    let sql = format!("{JOIN} WHERE o.id % 1000000 = 1 AND SLEEP(1.75) = 0");
    run(&mut yard.lockers[1], &["LOCK TABLES orders WRITE"]).await;
    let mut client = yard.shop.client().await;
    client.send(&sql).await.unwrap();
    let began = Instant::now();
    until("rows are read", async || (yard.busy("SELECT %`o`.`product_id`%").await > 0).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(3).saturating_sub(began.elapsed())).await;
    yard.unlock().await;
    let (errno, message) = error(&mut client, &sql).await;
    assert_eq!(errno, 3024, "{message}");
    drop(client);
    yard.is_clean("a late statement").await;
}

#[tokio::test]
async fn a_shard_that_dies_is_named() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "dead_staged", SMALL_POOL).await;
    for part in [Part::Read, Part::Spread] {
        let what = format!("a shard dies in {part:?}");
        let mut client = yard.amid(part).await;
        // Those of the dead server go with it.
        yard.direct.truncate(1);
        yard.lockers.truncate(1);
        lab.cluster.primaries[1].kill_hard().await.unwrap();
        let (errno, message) = error(&mut client, &what).await;
        assert!([2003, 2013].contains(&errno) && message.contains("\"ds1\""), "{what}: {errno} {message}");
        assert_eq!(number(&client.one("SELECT 5").await), 5, "{what}");
        let own = format!("SELECT COUNT(*) FROM users WHERE id = {}", yard.shop.key(0, 0, 0));
        assert_eq!(number(&client.one(&own).await), 1, "{what}");
        let gone = "no temporary table is left on the other server";
        until(gone, async || (yard.temporary().await == 0).then_some(())).await;
        lab.cluster.primaries[1].restart().await.unwrap();
        visible(&lab, &lab.cluster.primaries[1]).await;
        yard.direct.push(yard.shop.direct(1).await);
        yard.lockers.push(yard.shop.direct(1).await);
        assert_eq!(client.one(&format!("{JOIN} WHERE o.id % 1000000 <= 2")).await.rows().len(), 8, "{what}");
        drop(client);
        yard.is_clean(&what).await;
    }
}

#[tokio::test]
async fn stages_have_bounds() {
    let lab = Lab::start(2, 0, 0).await;
    for (limit, setting) in [("stage_rows = 40", "limits.stage_rows"), ("stage_bytes = 1024", "stage_bytes")]
    {
        let more = format!("[limits]\n{limit}\n{SMALL_POOL}");
        let mut yard = yard(&lab, "bound_staged", &more).await;
        let mut client = yard.shop.client().await;
        for begin in ["DO 0", "BEGIN"] {
            run(&mut client, &[begin]).await;
            client.send(JOIN).await.unwrap();
            let (errno, message) = error(&mut client, setting).await;
            assert_eq!(errno, 1038, "{message}");
            assert!(message.contains("`orders`") && message.contains(setting), "{message}");
            assert_eq!(client.one(&format!("{JOIN} WHERE o.id % 1000000 <= 2")).await.rows().len(), 8);
            run(&mut client, &["ROLLBACK"]).await;
        }
        drop(client);
        assert_eq!(yard.temporary().await, 0, "{limit}");
    }
}

#[tokio::test]
async fn an_account_that_may_make_no_temporary_tables_is_told_of_the_right() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "poor_staged", SMALL_POOL).await;
    let rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, LOCK TABLES, PROCESS";
    for server in &mut yard.direct {
        let make = "CREATE USER 'poor'@'%' IDENTIFIED BY 'poor'";
        run(server, &[make, &format!("GRANT {rights} ON *.* TO 'poor'@'%'")]).await;
        if !lab.is_mariadb() {
            run(server, &["GRANT XA_RECOVER_ADMIN ON *.* TO 'poor'@'%'"]).await;
        }
    }
    let text = config(&lab, &yard.shop.database, Options::default()).replace("//root@", "//poor:poor@");
    let proxy = Proxy::start(&format!("{text}{SMALL_POOL}")).await;
    let mut client = connect(&Login::app(proxy.port).database(&yard.shop.database)).await;
    for _ in 0..3 {
        client.send(JOIN).await.unwrap();
        let (errno, message) = error(&mut client, "a lack of rights").await;
        assert_eq!(errno, 1044, "{message}");
        assert!(message.contains("GRANT CREATE TEMPORARY TABLES"), "{message}");
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders").await), 128);
    }
    for server in &mut yard.direct {
        run(server, &["GRANT CREATE TEMPORARY TABLES ON *.* TO 'poor'@'%'"]).await;
    }
    // Rights on all schemas are those of new connections.
    let proxy = Proxy::start(&format!("{text}{SMALL_POOL}")).await;
    let mut client = connect(&Login::app(proxy.port).database(&yard.shop.database)).await;
    assert_eq!(client.one(&format!("{JOIN} WHERE o.id % 1000000 <= 2")).await.rows().len(), 8);
    assert_eq!(yard.temporary().await, 0);
}

#[tokio::test]
async fn many_share_few_connections() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "few_staged", SMALL_POOL).await;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let login = yard.shop.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                for round in 0..4 {
                    let id = (n + round) % 30 + 1;
                    let mut answer = client.one(&format!("{JOIN} WHERE o.id % 1000000 = {id}")).await;
                    assert_eq!(answer.errno(), 0, "{answer}");
                    assert_eq!(answer.rows().len(), 4);
                    answer = client.one("SELECT COUNT(*) FROM orders").await;
                    assert_eq!(number(&answer), 128);
                }
            })
        })
        .collect();
    for task in tasks {
        soon("no deadlock", task).await.unwrap();
    }
    yard.is_clean("many clients").await;
}

#[tokio::test]
async fn labels_keep_their_case() {
    let shop = Shop::over(Lab::shared().await, "labels_staged", &Setup::default()).await;
    let mut client = shop.client().await;
    run(
        &mut client,
        &[
            "CREATE TABLE kinds (k INT PRIMARY KEY, e ENUM('New','OLD'), s SET('Eco','SALE'))",
            "INSERT INTO kinds VALUES (7, 'OLD', 'Eco,SALE')",
            "INSERT INTO users (id, name, age) VALUES (1, 'u', 7)",
        ],
    )
    .await;
    for begin in ["DO 0", "BEGIN"] {
        run(&mut client, &[begin]).await;
        let answer = client.one("SELECT CONCAT(e, ' ', s) FROM users u JOIN kinds k ON k.k = u.age").await;
        assert_eq!(text(&answer), "OLD Eco,SALE");
    }
}

/// The lines of EXPLAIN SHARDGATE.
async fn explained(client: &mut Client, sql: &str) -> Vec<String> {
    let answer = client.one(&format!("EXPLAIN SHARDGATE {sql}")).await;
    let line = |row: &Vec<crate::support::client::Cell>| row[0].to_string().trim_matches('\'').to_owned();
    answer.rows().iter().map(line).collect()
}

fn count(lines: &[String], part: &str) -> usize {
    lines.iter().filter(|line| line.contains(part)).count()
}

#[tokio::test]
async fn explain_shows_each_part() {
    let lab = Lab::start(2, 0, 0).await;
    let mut yard = yard(&lab, "explain_staged", SMALL_POOL).await;
    for server in &mut yard.direct {
        run(server, &["ANALYZE TABLE users, orders"]).await;
    }
    let mut client = yard.shop.client().await;
    let sql = format!("{JOIN} WHERE o.id % 1000000 <= 20 ORDER BY u.id LIMIT 5");
    let made = client.one("SHOW SHARDGATE STATUS").await;
    let plan = explained(&mut client, &sql).await;
    println!("{}", plan.join("\n"));
    assert_eq!(plan[0], "read over copies of rows");
    assert!(plan[1].contains("`shardgate_stage_1`: rows of orders, of about 128"), "{plan:#?}");
    assert!(plan[2].contains("orders: all (of 2 nodes)"), "{plan:#?}");
    assert_eq!(count(&plan, ": SELECT "), 4, "{plan:#?}");
    assert_eq!(count(&plan, "into ds0, ds1"), 1, "{plan:#?}");
    assert_eq!(count(&plan, "then the statement on 2 nodes"), 1, "{plan:#?}");
    assert_eq!(count(&plan, "merge: sorted by"), 1, "{plan:#?}");
    assert_eq!(count(&plan, " ms"), 0, "{plan:#?}");
    let staged = |answer: &crate::support::client::Answer| {
        answer.rows().iter().find(|row| row[0].to_string().contains("staged_total")).cloned()
    };
    let after = client.one("SHOW SHARDGATE STATUS").await;
    assert_eq!(staged(&made), staged(&after), "nothing ran");

    let plan = explained(&mut client, &format!("ANALYZE {sql}")).await;
    println!("{}", plan.join("\n"));
    assert_eq!(count(&plan, "      20 rows, "), 2, "{plan:#?}");
    assert_eq!(count(&plan, "    copied: 40 rows, "), 1, "{plan:#?}");
    assert_eq!(count(&plan, "    answered: 5 rows, "), 1, "{plan:#?}");
    assert_eq!(count(&plan, " ms"), 6, "{plan:#?}");

    // In a transaction all of it comes to one server, what it has written too.
    run(&mut client, &["BEGIN", "DELETE FROM orders WHERE id % 1000000 <= 10"]).await;
    let plan = explained(&mut client, &format!("ANALYZE {sql}")).await;
    println!("{}", plan.join("\n"));
    assert_eq!(count(&plan, "shardgate_stage_2"), 2, "{plan:#?}");
    assert_eq!(count(&plan, "copied: 20 rows, "), 1, "{plan:#?}");
    assert_eq!(count(&plan, "then the statement on one node"), 1, "{plan:#?}");
    run(&mut client, &["ROLLBACK"]).await;

    // Where nothing is copied.
    let plan =
        explained(&mut client, "ANALYZE SELECT id FROM orders WHERE id % 1000000 <= 3 ORDER BY id").await;
    assert_eq!(plan[0], "read on 2 nodes");
    assert_eq!(count(&plan, "    3 rows, "), 2, "{plan:#?}");
    assert_eq!(count(&plan, "  answered: 6 rows, "), 1, "{plan:#?}");
    let one = format!("ANALYZE SELECT id FROM orders WHERE user_id = {} LIMIT 2", yard.shop.key(0, 0, 0));
    let plan = explained(&mut client, &one).await;
    assert_eq!(plan[0], "read on one node");
    assert_eq!(count(&plan, "  answered: 2 rows, "), 1, "{plan:#?}");
    for sql in [
        "DELETE FROM orders".to_owned(),
        "INSERT INTO orders (user_id, product_id) VALUES (1, 1)".to_owned(),
        "SELECT id FROM orders FOR UPDATE".to_owned(),
        "SELECT @a := id FROM orders WHERE user_id = 1".to_owned(),
    ] {
        let answer = client.one(&format!("EXPLAIN SHARDGATE ANALYZE {sql}")).await;
        assert_eq!(answer.errno(), 1235, "{sql}: {answer}");
    }
    let answer = client.one("EXPLAIN SHARDGATE ANALYZE SELECT nothing FROM orders").await;
    assert_eq!(answer.errno(), 1054, "{answer}");
    assert_eq!(numbers(&client.one("SELECT COUNT(*) FROM orders").await), [128]);
    drop(client);
    yard.is_clean("EXPLAIN").await;
}
