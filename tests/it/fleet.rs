//! Several proxies over the same shards: what one changes, the others plan by before it is answered, and one that was
//! stopped, killed or cut off from the store neither uses what it knew before nor keeps the others waiting for long.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shardgate::base::hex_name;
use tokio::task::JoinHandle;

use crate::support::client::{Answer, Client, Login, Param};
use crate::support::cluster::Lab;
use crate::support::interposer::{Interposer, Point, Step, Trap};
use crate::support::proxy::{Options, Proxy, config};
use crate::support::shop::{Setup, Shop, connect, number, numbers, run, soon, text, until};

/// For how long DDL waits for a proxy that does not answer (`store::definitions`).
const LEASE: Duration = Duration::from_secs(6);
const CODES: &str = "CREATE TABLE codes (code VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, v VARCHAR(20) COLLATE utf8mb4_bin)";
const KEY_LAST: &str = "ALTER TABLE codes MODIFY v VARCHAR(20) COLLATE utf8mb4_bin FIRST";
const KEY_FIRST: &str = "ALTER TABLE codes MODIFY v VARCHAR(20) COLLATE utf8mb4_bin AFTER code";

/// A second proxy over a shop.
struct Second {
    proxy: Proxy,
    login: Login,
}

impl Second {
    async fn beside(shop: &Shop<'_>) -> Self {
        Self::of(shop, &config(shop.lab, &shop.database, Options::default())).await
    }

    async fn of(shop: &Shop<'_>, config: &str) -> Self {
        let proxy = Proxy::start(config).await;
        let login = Login::app(proxy.port).database(&shop.database);
        Self { proxy, login }
    }

    async fn client(&self) -> Client {
        connect(&self.login).await
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.proxy.pid.to_string()]).status();
        assert!(status.unwrap().success());
    }
}

/// The least time that any of the statements takes: whoever waits for others waits each time.
async fn fastest(client: &mut Client, statements: &[String]) -> Duration {
    let mut least = Duration::MAX;
    for sql in statements {
        let begun = Instant::now();
        run(client, &[sql]).await;
        least = least.min(begun.elapsed());
    }
    least
}

/// Each row lies where its key says: `CRC32(code) % 1024`, even ranges.
async fn all_are_at_home(shop: &Shop<'_>) -> i64 {
    let width = 1024 / shop.shards();
    let mut rows = 0;
    for shard in 0..shop.shards() {
        let (from, to) = (shard * width, (shard + 1) * width);
        let astray =
            format!("SELECT COUNT(*) FROM codes WHERE CRC32(code) % 1024 NOT BETWEEN {from} AND {}", to - 1);
        let mut direct = shop.direct(shard).await;
        assert_eq!(number(&direct.one(&astray).await), 0, "rows on ds{shard} that belong elsewhere");
        rows += number(&direct.one("SELECT COUNT(*) FROM codes").await);
    }
    rows
}

#[tokio::test]
async fn rows_lie_where_their_keys_say_while_another_proxy_alters() {
    let shop = Shop::shared("fleet_loop").await;
    let second = Second::beside(&shop).await;
    let mut a = shop.client().await;
    run(&mut a, &[CODES, "CREATE TABLE source (id BIGINT PRIMARY KEY, x VARCHAR(20), y VARCHAR(20))"]).await;
    run(&mut a, &["INSERT INTO source VALUES (1, 'p', 'q')"]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let written: [Arc<AtomicU64>; 3] = Default::default();
    let mut writers = Vec::new();
    for (n, login) in [&second.login, &second.login, &shop.login()].into_iter().enumerate() {
        let (login, stop, written) = (login.clone(), Arc::clone(&stop), Arc::clone(&written[n]));
        writers.push(tokio::spawn(async move {
            let mut client = connect(&login).await;
            let prepared = client.prepare("INSERT INTO codes VALUES (?, ?)").await.unwrap();
            let (mut done, mut i) = (0, 0);
            while !stop.load(Ordering::Relaxed) {
                i += 1;
                let (k, w) = (format!("k{n}-{i}"), format!("w{n}-{i}"));
                let answer = match i % 4 {
                    0 => {
                        let values = [Param::Str(k), Param::Str(w)];
                        client.execute(&prepared, &values).await.unwrap().remove(0)
                    }
                    1 => client.one(&format!("INSERT INTO codes SELECT '{k}', '{w}' FROM source")).await,
                    2 => {
                        client
                            .one(&format!("REPLACE INTO codes VALUES ('{k}', '{w}'), ('{k}x', '{w}x')"))
                            .await
                    }
                    _ => client.one(&format!("INSERT INTO codes VALUES ('{k}', '{w}')")).await,
                };
                // The table may have a column more or less at that moment.
                assert!([0, 1054, 1136].contains(&answer.errno()), "{answer}");
                if answer.errno() == 0 {
                    done += answer.done().affected as i64;
                    written.fetch_add(1, Ordering::Relaxed);
                }
            }
            done
        }));
    }
    let mut b = second.client().await;
    let prepared = b.prepare("INSERT INTO codes VALUES (?, ?)").await.unwrap();
    let mut mine = 0;
    for round in 0..12 {
        let before = written.each_ref().map(|written| written.load(Ordering::Relaxed));
        run(&mut a, &[KEY_LAST]).await;
        // Whoever was told of the change finds it made, through any proxy.
        run(&mut b, &[&format!("INSERT INTO codes VALUES ('v{round}', 'text{round}')")]).await;
        let values = [Param::Str(format!("v{round}")), Param::Str(format!("sent{round}"))];
        let answer = b.execute(&prepared, &values).await.unwrap().remove(0);
        assert_eq!(answer.errno(), 0, "{answer}");
        for key in ["text", "sent"] {
            let sql = format!("SELECT v FROM codes WHERE code = '{key}{round}'");
            assert_eq!(text(&b.one(&sql).await), format!("v{round}"), "{sql}");
        }
        run(&mut a, &[KEY_FIRST, "ALTER TABLE codes ADD COLUMN more VARCHAR(20) FIRST"]).await;
        run(&mut b, &[&format!("INSERT INTO codes VALUES ('m{round}', 'wide{round}', 'v')")]).await;
        assert_eq!(
            text(&b.one(&format!("SELECT more FROM codes WHERE code = 'wide{round}'")).await),
            format!("m{round}")
        );
        run(&mut a, &["ALTER TABLE codes DROP COLUMN more"]).await;
        mine += 3;
        until("all write meanwhile", async || {
            let wrote = |(now, before): (&Arc<AtomicU64>, u64)| now.load(Ordering::Relaxed) > before;
            written.iter().zip(before).all(wrote).then_some(())
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut done = mine;
    for writer in writers {
        done += soon("a writer", writer).await.unwrap();
    }
    assert_eq!(all_are_at_home(&shop).await, done);
}

#[tokio::test]
async fn a_definition_that_was_read_before_a_change_is_not_kept_after_it() {
    let shop = Shop::shared("fleet_late").await;
    let mut a = shop.client().await;
    run(&mut a, &[CODES]).await;
    let first = &shop.lab.cluster.primaries[0];
    let way = Interposer::start(first.port()).await;
    let over_way = config(shop.lab, &shop.database, Options::default()).replace(&first.url(), &way.url());
    let second = Second::of(&shop, &over_way).await;
    let (mut b, mut c) = (second.client().await, second.client().await);
    // DDL waits for it from now on, and it relies on that.
    let mut store = shop.direct(0).await;
    let enrolled = format!("SELECT COUNT(*) FROM shardgate.ddl_proxies WHERE dbs LIKE '%{}%'", shop.database);
    until("both proxies live", async || (number(&store.one(&enrolled).await) == 2).then_some(())).await;
    run(&mut a, &["ALTER TABLE users MODIFY name VARCHAR(99)"]).await;
    run(&mut c, &["SELECT COUNT(*) FROM users"]).await;
    let mut trap = way.trap_of(Step::Define, Point::After, &hex_name("codes"));
    let insert = tokio::spawn(async move { b.one("INSERT INTO codes VALUES ('v', 'text')").await });
    // The second proxy has asked for the columns, and the server has said what they are now.
    let held = soon("the columns are read", trap.reached()).await.unwrap();
    run(&mut a, &[KEY_LAST]).await;
    held.pass();
    let answer = soon("the first answer", insert).await.unwrap();
    assert_eq!(answer.errno(), 0, "{answer}");
    run(&mut c, &["INSERT INTO codes VALUES ('v', 'after')"]).await;
    assert_eq!(text(&c.one("SELECT v FROM codes WHERE code = 'after'").await), "v");
    assert_eq!(all_are_at_home(&shop).await, 2);
}

#[tokio::test]
async fn copies_stay_alike_while_another_proxy_alters() {
    let shop = Shop::shared("fleet_copies").await;
    let second = Second::beside(&shop).await;
    let mut a = shop.client().await;
    let table = "CREATE TABLE products (id INT PRIMARY KEY, x VARCHAR(20), y VARCHAR(20))";
    run(&mut a, &["DROP TABLE IF EXISTS products", table]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (login, stop) = (second.login.clone(), Arc::clone(&stop));
        async move {
            let mut client = connect(&login).await;
            let mut i = 0;
            while !stop.load(Ordering::Relaxed) {
                i += 1;
                let answer = client.one(&format!("INSERT INTO products VALUES ({i}, 'x{i}', 'y{i}')")).await;
                assert_eq!(answer.errno(), 0, "{answer}");
            }
            i
        }
    });
    for _ in 0..10 {
        let ways = ["AFTER y", "AFTER id"];
        run(
            &mut a,
            &ways
                .map(|way| format!("ALTER TABLE products MODIFY x VARCHAR(20) {way}"))
                .each_ref()
                .map(|s| &**s),
        )
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    let rows = soon("the writer", writer).await.unwrap();
    assert_eq!(shop.each("SELECT COUNT(*) FROM products").await, [rows; 4]);
    let sums = shop.each("SELECT SUM(CRC32(CONCAT_WS('|', id, x, y))) FROM products").await;
    assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
}

#[tokio::test]
async fn ddl_waits_for_nobody_where_there_is_nobody_and_not_long_for_others() {
    let shop = Shop::shared("fleet_time").await;
    let mut a = shop.client().await;
    let mut time = async |from: usize| {
        let widths = |n: usize| format!("ALTER TABLE users MODIFY name VARCHAR({})", 100 + n);
        fastest(&mut a, &(from..from + 9).map(widths).collect::<Vec<_>>()).await
    };
    let alone = time(0).await;
    let second = Second::beside(&shop).await;
    let mut b = second.client().await;
    assert_eq!(number(&b.one("SELECT COUNT(*) FROM users").await), 0);
    let both = time(20).await;
    println!("an ALTER at four places: {alone:?} with one proxy, {both:?} with two");
    assert!(both < LEASE, "{alone:?} {both:?}");
    // One that takes leave is not waited for.
    second.signal("TERM");
    soon("the end of the proxy", async { while !b.at_end().await {} }).await;
    let after = time(40).await;
    assert!(after < LEASE, "{after:?}");
}

#[tokio::test]
async fn a_proxy_that_was_stopped_does_not_plan_by_what_it_knew() {
    let shop = Shop::shared("fleet_stop").await;
    let second = Second::beside(&shop).await;
    let (mut a, mut b, mut c) = (shop.client().await, second.client().await, second.client().await);
    run(&mut a, &[CODES]).await;
    let insert = "INSERT INTO codes VALUES ('a', 'b')";
    run(&mut b, &[insert, "DELETE FROM codes"]).await;
    let prepared = c.prepare("INSERT INTO codes VALUES (?, ?)").await.unwrap();
    c.execute(&prepared, &[Param::Str("a".into()), Param::Str("b".into())]).await.unwrap();
    run(&mut c, &["DELETE FROM codes"]).await;
    second.signal("STOP");
    soon("DDL beside a proxy that was stopped", run(&mut a, &[KEY_LAST])).await;
    // Their statements are there when it wakes up.
    b.send("INSERT INTO codes VALUES ('v', 'text')").await.unwrap();
    let executing = tokio::spawn(async move {
        let values = [Param::Str("v".into()), Param::Str("sent".into())];
        c.execute(&prepared, &values).await.unwrap().remove(0)
    });
    tokio::task::yield_now().await;
    second.signal("CONT");
    let answers = soon("the answer of the one that was stopped", b.receive()).await.unwrap();
    assert_eq!(answers[0].errno(), 0, "{}", answers[0]);
    let answer = soon("the other answer", executing).await.unwrap();
    assert_eq!(answer.errno(), 0, "{answer}");
    for key in ["text", "sent"] {
        assert_eq!(text(&a.one(&format!("SELECT v FROM codes WHERE code = '{key}'")).await), "v");
    }
    assert_eq!(all_are_at_home(&shop).await, 2);
    // It is one of those again that DDL waits for.
    run(&mut a, &[KEY_FIRST]).await;
    run(&mut b, &["INSERT INTO codes VALUES ('again', 'v')"]).await;
    assert_eq!(text(&a.one("SELECT v FROM codes WHERE code = 'again'").await), "v");
}

#[tokio::test]
async fn a_proxy_that_was_killed_keeps_nobody_waiting_for_longer_than_its_lease() {
    let shop = Shop::shared("fleet_kill").await;
    let second = Second::beside(&shop).await;
    let (mut a, mut b) = (shop.client().await, second.client().await);
    run(&mut a, &[CODES]).await;
    run(&mut b, &["INSERT INTO codes VALUES ('a', 'b')"]).await;
    second.signal("KILL");
    soon("DDL beside a proxy that was killed", run(&mut a, &[KEY_LAST])).await;
    let next = fastest(&mut a, &[KEY_FIRST, KEY_LAST, KEY_FIRST].map(str::to_owned)).await;
    assert!(next < LEASE, "{next:?}");
}

#[tokio::test]
async fn a_proxy_that_is_cut_off_from_the_store_reads_definitions_anew() {
    let lab = Lab::start(3, 0, 0).await;
    let database = lab.database("fleet_cut").await;
    let text_of = config(&lab, &database, Options::default()).replace("ds{0..2}", "ds{0..1}");
    let proxy = Proxy::start(&format!("{text_of}\n[ids]\nstore = \"ds2/keeper\"\n")).await;
    let mut client = connect(&Login::app(proxy.port).database(&database)).await;
    run(&mut client, &[CODES, "INSERT INTO codes VALUES ('a', 'b')"]).await;
    lab.cluster.primaries[2].kill_hard().await.unwrap();
    // As long as it may take it for granted that others wait for it.
    tokio::time::sleep(LEASE).await;
    for round in 0..3 {
        for (order, row) in [(KEY_LAST, "'v', 'last"), (KEY_FIRST, "'first")] {
            for primary in &lab.cluster.primaries[..2] {
                run(&mut connect(&Login::root(primary.port()).database(&database)).await, &[order]).await;
            }
            let row =
                if order == KEY_LAST { format!("{row}{round}'") } else { format!("{row}{round}', 'v'") };
            run(&mut client, &[&format!("INSERT INTO codes VALUES ({row})")]).await;
        }
    }
    let found = client.one("SELECT COUNT(*) FROM codes WHERE v = 'v'").await;
    assert_eq!(numbers(&found), [6]);
    lab.cluster.primaries[2].restart().await.unwrap();
    until("the store is reached again", async || (client.one(KEY_LAST).await.errno() == 0).then_some(()))
        .await;
    run(&mut client, &["INSERT INTO codes VALUES ('v', 'back')"]).await;
    assert_eq!(text(&client.one("SELECT v FROM codes WHERE code = 'back'").await), "v");
}

/// What a proxy counts.
async fn counted(client: &mut Client, name: &str) -> i64 {
    let status = client.one("SHOW SHARDGATE STATUS").await;
    let row = status.rows().iter().find(|row| row[0].to_string().contains(name));
    row.unwrap_or_else(|| panic!("{status}"))[1].to_string().trim_matches('\'').parse().unwrap()
}

#[tokio::test]
async fn a_change_of_a_database_leaves_plans_of_others() {
    let lab = Lab::start(2, 0, 0).await;
    let setup = Setup::default();
    let (mine, other) =
        (Shop::over(&lab, "fleet_mine", &setup).await, Shop::over(&lab, "fleet_other", &setup).await);
    let (mut client, mut changes) = (mine.client().await, other.client().await);
    let mut store = mine.direct(0).await;
    let known = "SELECT MIN(version) FROM shardgate.ddl_proxies WHERE expires > CURRENT_TIMESTAMP(3)";
    let question = "SELECT COUNT(*) FROM users";
    for (changing, shop, planned) in [(&mut changes, &other, 0), (&mut mine.client().await, &mine, 1)] {
        run(&mut client, &[question]).await;
        let before = counted(&mut client, "plan_cache_misses").await;
        run(changing, &["ALTER TABLE users ADD COLUMN extra INT"]).await;
        let count = number(&store.one("SELECT version FROM shardgate.ddl_definitions").await);
        until("all have heard", async || (number(&store.one(known).await) >= count).then_some(())).await;
        run(&mut client, &[question]).await;
        let misses = counted(&mut client, "plan_cache_misses").await - before;
        // SHOW and the question itself are planned anew where all is forgotten.
        assert_eq!(misses > 0, planned > 0, "{misses} after a change of {}", shop.database);
    }
}

/// What counts a change of definitions in the store.
const COUNTED: &str = "ddl_definitions (id, version)";

/// Two proxies over two shards, and their clients: the first reaches the store by a way of its own, and has changed nothing yet.
struct Apart {
    way: Interposer,
    /// Proxies, for as long as their clients.
    _proxies: [Proxy; 2],
    login: Login,
    other: Client,
}

impl Apart {
    async fn of(lab: &Lab, tag: &str) -> Self {
        let (database, store) = (lab.database(tag).await, &lab.cluster.primaries[2]);
        let way = Interposer::start(store.port()).await;
        let text = config(lab, &database, Options::default()).replace("ds{0..2}", "ds{0..1}");
        let text = format!("{text}\n[ids]\nstore = \"ds2/keeper\"\n");
        let second = Proxy::start(&text).await;
        let first = Proxy::start(&text.replace(&store.url(), &way.url())).await;
        let login = |proxy: &Proxy| Login::app(proxy.port).database(&database);
        let (login, mut other) = (login(&first), connect(&login(&second)).await);
        run(&mut other, &[CODES, "INSERT INTO codes VALUES ('a', 'b')"]).await;
        let mut direct = connect(&Login::root(store.port())).await;
        let enrolled = "SELECT COUNT(*) FROM keeper.ddl_proxies";
        until("both proxies live", async || (number(&direct.one(enrolled).await) == 2).then_some(())).await;
        Self { way, _proxies: [first, second], login, other }
    }

    /// Stops what counts the next change before it has come to the store.
    fn trap(&self) -> Trap {
        self.way.trap_of(Step::Work, Point::Before, COUNTED)
    }

    fn altering(&self) -> JoinHandle<Answer> {
        let login = self.login.clone();
        tokio::spawn(async move { connect(&login).await.one(KEY_LAST).await })
    }

    /// The other proxy plans by the new definition.
    async fn other_knows(&mut self) {
        run(&mut self.other, &["INSERT INTO codes VALUES ('v', 'text')"]).await;
        assert_eq!(text(&self.other.one("SELECT v FROM codes WHERE code = 'text'").await), "v");
    }
}

#[tokio::test]
async fn ddl_is_answered_when_a_store_that_failed_has_told_others() {
    let lab = Lab::start(3, 0, 0).await;
    let mut apart = Apart::of(&lab, "fleet_failed").await;
    let mut trap = apart.trap();
    let mut altering = apart.altering();
    let failing = soon("the change is counted", trap.reached()).await.unwrap();
    trap = apart.trap();
    failing.cut();
    let held = soon("it is counted again", trap.reached()).await.unwrap();
    assert!(held.sql.contains(COUNTED), "{}", held.sql);
    tokio::select! {
        answer = &mut altering => panic!("answered before others can know: {answer:?}"),
        () = tokio::time::sleep(Duration::from_millis(300)) => {}
    }
    held.pass();
    let answer = soon("the answer", altering).await.unwrap();
    assert_eq!(answer.errno(), 0, "{answer}");
    apart.other_knows().await;
}

#[tokio::test]
async fn a_change_that_the_store_did_not_take_is_told_as_soon_as_it_does() {
    let lab = Lab::start(3, 0, 0).await;
    let mut apart = Apart::of(&lab, "fleet_told_late").await;
    let mut trap = apart.trap();
    let mut altering = apart.altering();
    let answer = loop {
        tokio::select! {
            answer = &mut altering => break answer.unwrap(),
            failing = trap.reached() => {
                trap = apart.trap();
                failing.unwrap().cut();
            }
        }
    };
    assert_eq!(answer.errno(), 0, "{answer}");
    drop(trap);
    let mut first = connect(&apart.login).await;
    until("the other proxy plans as the first does", async || {
        let sql = "EXPLAIN SHARDGATE INSERT INTO codes VALUES ('v', 'a')";
        (first.one(sql).await == apart.other.one(sql).await).then_some(())
    })
    .await;
    apart.other_knows().await;
}

/// Others reach the store, and rely on what they know: they could not be told of a change.
#[tokio::test]
async fn a_proxy_that_is_cut_off_alone_changes_no_definition() {
    let lab = Lab::start(3, 0, 0).await;
    let database = lab.database("fleet_alone").await;
    let text_of = config(&lab, &database, Options::default()).replace("ds{0..2}", "ds{0..1}")
        + "\n[ids]\nstore = \"ds2/keeper\"\n";
    let store = &lab.cluster.primaries[2];
    let way = Interposer::start(store.port()).await;
    let proxy = Proxy::start(&text_of.replace(&store.url(), &way.url())).await;
    let other = Proxy::start(&text_of).await;
    let mut a = connect(&Login::app(proxy.port).database(&database)).await;
    let mut b = connect(&Login::app(other.port).database(&database)).await;
    let log = CODES.replace("codes", "audit_log");
    run(&mut a, &[&log, "INSERT INTO audit_log VALUES ('a', 'b')"]).await;
    run(&mut b, &["INSERT INTO audit_log VALUES ('b', 'b')"]).await;
    drop(way);
    // At one place, and at several.
    for (sql, place) in [(KEY_LAST.replace("codes", "audit_log"), "audit_log"), (CODES.to_owned(), "codes")] {
        let answer = soon("a change that nobody could be told of", a.one(&sql)).await;
        assert_eq!(answer.errno(), 2003, "{sql}: {answer}");
        assert!(answer.to_string().contains("nothing was changed"), "{answer}");
        let mut server = connect(&Login::root(lab.cluster.primaries[0].port()).database(&database)).await;
        let columns = server.one(&format!("SHOW COLUMNS FROM {place}")).await;
        if place == "codes" {
            assert_eq!(columns.errno(), 1146, "{columns}");
        } else {
            assert_eq!(text(&columns), "code");
        }
    }
    run(&mut a, &["CREATE TEMPORARY TABLE mine (n INT)", "INSERT INTO audit_log VALUES ('c', 'c')"]).await;
    // The other one can.
    run(&mut b, &[&KEY_LAST.replace("codes", "audit_log")]).await;
    for client in [&mut a, &mut b] {
        run(client, &["INSERT INTO audit_log VALUES ('v', 'last')"]).await;
        assert_eq!(text(&client.one("SELECT v FROM audit_log WHERE code = 'last'").await), "v");
        run(client, &["DELETE FROM audit_log WHERE code = 'last'"]).await;
    }
}
