//! Workers' numbers on real servers: who gets which, what a restart does, an outage of the store, and every reason for
//! which a proxy does not start.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shardgate::base::clock::SystemClock;
use shardgate::cli::demo::servers::Server;
use shardgate::idgen::{Fence, Holder, Ids, Layout, Terms};
use shardgate::store::{Db, Lease, Leases, MySqlLeases};
use shardgate::telemetry::Metrics;
use shardgate::topology::{Endpoint, Generator, Source};

use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;
use crate::support::shop::{PATIENCE, connect, number, numbers, run, soon, text, until};

/// A table `t` with snowflake ids on the `home` server, whose proxies lease from schema `DATABASE_ids` on the first.
struct Setup<'a> {
    lab: &'a Lab,
    database: String,
    home: usize,
}

impl Setup<'static> {
    async fn shared(tag: &str) -> Self {
        Setup::over(Lab::shared().await, tag, 0).await
    }
}

impl<'a> Setup<'a> {
    async fn over(lab: &'a Lab, tag: &str, home: usize) -> Self {
        let database = lab.database(tag).await;
        let table = format!("CREATE TABLE {database}.t (id BIGINT PRIMARY KEY, v INT)");
        lab.cluster.primaries[home].run(&[&table]).await.unwrap();
        Self { lab, database, home }
    }

    fn store(&self) -> String {
        format!("{}_ids", self.database)
    }

    /// The configuration without `[listen]`. `ids`: keys of `[ids]`.
    fn config(&self, ids: &str) -> String {
        self.config_as("root", ids)
    }

    fn config_as(&self, user: &str, ids: &str) -> String {
        let Self { database, home, lab } = self;
        let mut sources = String::new();
        for (n, primary) in lab.cluster.primaries.iter().enumerate() {
            sources +=
                &format!("[source.ds{n}]\nprimary = \"mysql://{user}@127.0.0.1:{}\"\n", primary.port());
        }
        format!(
            "[[user]]\nname = \"app\"\npassword = \"app\"\n{sources}[ids]\n{ids}\n[database.{database}]\n\
             shards = [\"ds{home}/{database}\"]\nsingle = {{ t = \"ds{home}/{database}\" }}\n\
             [database.{database}.table.t]\nid = {{ column = \"id\" }}\n"
        )
    }

    fn leased(&self, more: &str) -> String {
        self.config(&format!("store = \"ds0/{}\"\n{more}", self.store()))
    }

    async fn client(&self, proxy: &Proxy) -> Client {
        connect(&Login::app(proxy.port).database(&self.database)).await
    }

    async fn direct(&self) -> Client {
        connect(&Login::root(self.lab.cluster.primaries[0].port())).await
    }

    /// Makes an id: its worker, its time, and itself.
    async fn id(&self, proxy: &Proxy, layout: &Layout) -> (u16, u64, u64) {
        let answer = self.client(proxy).await.one("INSERT INTO t (v) VALUES (1)").await;
        assert_eq!(answer.errno(), 0, "{answer}");
        let id = answer.done().last_id;
        let parts = layout.decode(id);
        (parts.worker, parts.unix_ms, id)
    }
}

/// Ends a proxy in order: its number is given back.
fn terminate(proxy: Proxy) {
    let status = Command::new("kill").args(["-TERM", &proxy.pid.to_string()]).status().unwrap();
    assert!(status.success());
    let deadline = Instant::now() + PATIENCE;
    while !std::fs::read_to_string(format!("/proc/{}/stat", proxy.pid))
        .map_or(true, |stat| stat.contains(") Z "))
    {
        assert!(Instant::now() < deadline, "the proxy does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(proxy);
}

/// Milliseconds since 1970.
fn wall() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64
}

/// What a proxy says that does not start.
pub(crate) async fn refusal(config: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("shardgate.toml");
    std::fs::write(&file, format!("[listen]\naddress = \"127.0.0.1:1\"\n\n{config}")).unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_shardgate"));
    command.args(["serve", "--config"]).arg(&file).kill_on_drop(true);
    let Output { status, stderr, .. } = soon("the proxy ends", command.output()).await.unwrap();
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!(status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default();
    last.strip_prefix("shardgate: ").unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[tokio::test]
async fn proxies_have_different_numbers_and_a_restart_begins_above() {
    let setup = Setup::shared("leases").await;
    let (config, layout) =
        (setup.leased("layout = \"41/1/12\""), Layout::new(41, 1, 12, Layout::SNOWFLAKE.epoch_ms()).unwrap());
    let began = Instant::now();
    let first = Proxy::start(&config).await;
    let serves = began.elapsed();
    setup.id(&first, &layout).await;
    println!("serves after {serves:?}, with a first id after {:?}", began.elapsed());
    let second = Proxy::start(&config).await;
    let (one, two) = (setup.id(&first, &layout).await, setup.id(&second, &layout).await);
    assert_ne!(one.0, two.0);
    terminate(first);
    let mut direct = setup.direct().await;
    let lease = format!("SELECT owner, bound_ms FROM {}.leases WHERE worker = {}", setup.store(), one.0);
    let answer = direct.one(&lease).await;
    assert_eq!(text(&answer), "");
    let bound: u64 = answer.rows()[0][1].to_string().trim_matches('\'').parse().unwrap();
    assert!(bound > one.1);
    let third = Proxy::start(&config).await;
    let three = setup.id(&third, &layout).await;
    assert!(three.0 == one.0 && three.1 >= bound && three.2 > one.2, "{one:?} {bound} {three:?}");
    let answer = direct.one(&lease).await;
    assert!(text(&answer).contains(&format!(":{} on 127.0.0.1:{}", third.pid, third.port)), "{answer}");

    // Both numbers are held: a third proxy is told by whom.
    let said = refusal(&config).await;
    assert!(said.contains("all 2 are held: worker 0 by ") && said.contains("worker 1 by "), "{said}");
    assert!(said.contains(&format!(":{} on ", third.pid)) && said.contains("s more"), "{said}");

    // Ids of another layout, or of another epoch, are not made beside these.
    for (ids, what) in [
        ("layout = \"41/5/7\"", "layout is 41/5/7"),
        ("layout = \"41/1/12\"\nepoch = \"2023-01-01\"", "its epoch 2023-01-01"),
    ] {
        let said = refusal(&setup.leased(ids)).await;
        assert!(said.contains(what) && said.contains("of layout 41/1/12 since 2024-01-01"), "{said}");
    }
}

#[tokio::test]
async fn leases_from_the_future_are_passed_over_or_refused() {
    let setup = Setup::shared("future").await;
    let (config, layout) =
        (setup.leased("layout = \"41/1/12\""), Layout::new(41, 1, 12, Layout::SNOWFLAKE.epoch_ms()).unwrap());
    let first = Proxy::start(&config).await;
    let one = setup.id(&first, &layout).await;
    terminate(first);
    let mut direct = setup.direct().await;
    let far = "bound_ms = UNIX_TIMESTAMP() * 1000 + 3600000";
    run(&mut direct, &[&format!("UPDATE {}.leases SET {far}", setup.store())]).await;
    let second = Proxy::start(&config).await;
    assert_eq!(setup.id(&second, &layout).await.0, 1 - one.0);
    terminate(second);
    run(&mut direct, &[&format!("UPDATE {}.leases SET {far}", setup.store())]).await;
    let said = refusal(&config).await;
    assert!(said.contains("from the future: ids of worker ") && said.contains("Set the clocks"), "{said}");
    // Rows that were brought back from long ago do not bring back the time.
    run(&mut direct, &[&format!("UPDATE {}.leases SET bound_ms = 5", setup.store())]).await;
    let third = Proxy::start(&config).await;
    assert!(setup.id(&third, &layout).await.1 >= one.1);
}

#[tokio::test]
async fn an_outage_of_the_store_is_told_when_the_lease_has_run_out_and_ends_by_itself() {
    let lab = Lab::start(2, 0, 0).await;
    let setup = Setup::over(&lab, "outage", 1).await;
    let proxy = Proxy::start(&setup.leased("lease = \"15s\"")).await;
    let mut client = setup.client(&proxy).await;
    let insert = "INSERT INTO t (v) VALUES (1)";
    run(&mut client, &[insert]).await;
    lab.cluster.primaries[0].kill_hard().await.unwrap();
    let mut went_on = 0;
    let refused = until("ids run out", async || {
        let answer = client.one(insert).await;
        went_on += u32::from(answer.errno() == 0);
        (answer.errno() != 0).then_some(answer)
    })
    .await;
    assert!(went_on > 0, "nothing was made by the lease that was held");
    let said = refused.to_string();
    assert!(refused.errno() == 1467 && said.contains(&format!("the store ds0/{}", setup.store())), "{said}");
    assert!(said.to_lowercase().contains("refused"), "{said}");
    lab.cluster.primaries[0].restart().await.unwrap();
    until("ids are made again", async || (client.one(insert).await.errno() == 0).then_some(())).await;

    // A proxy that starts during an outage serves, and makes ids when it is over.
    lab.cluster.primaries[0].kill_hard().await.unwrap();
    let other = Proxy::start(&setup.leased("lease = \"15s\"")).await;
    let mut client = setup.client(&other).await;
    let answer = client.one(insert).await;
    assert!(answer.errno() == 1467 && answer.to_string().contains("the store ds0/"), "{answer}");
    run(&mut client, &["INSERT INTO t (id, v) VALUES (1, 1)"]).await;
    let status = client.one("SHOW SHARDGATE STATUS").await;
    let row =
        |name: &str| status.rows().iter().find(|row| row[0].to_string().contains(name)).unwrap().clone();
    assert_eq!(row("ids_refused_total")[1].to_string(), "'1'");
    lab.cluster.primaries[0].restart().await.unwrap();
    until("ids are made", async || (client.one(insert).await.errno() == 0).then_some(())).await;
    let status = client.one("SHOW SHARDGATE STATUS").await;
    let value = |name: &str| {
        let row = status.rows().iter().find(|row| row[0].to_string().contains(name)).unwrap();
        row[1].to_string().trim_matches('\'').parse::<f64>().unwrap()
    };
    assert!((1.0..=15_000.0).contains(&value("ids_bound_left_ms")), "{status}");
    assert!((60.0..70.0).contains(&value("ids_years_left")) && value("ids_issued_total") >= 1.0, "{status}");
    lab.cluster.stop().await;
}

#[tokio::test]
async fn a_fixed_number_is_held_once_and_goes_on_above() {
    let setup = Setup::shared("fixed").await;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let config = setup.config(&format!("worker = 9\nstate = \"{}\"", state.display()));
    let mut ids = BTreeSet::new();
    for _ in 0..3 {
        let proxy = Proxy::start(&config).await;
        let (worker, _, id) = setup.id(&proxy, &Layout::SNOWFLAKE).await;
        assert!(worker == 9 && ids.last().is_none_or(|last| *last < id), "{id} after {ids:?}");
        ids.insert(id);
        let said = refusal(&config).await;
        assert!(said.contains("worker 9 is held by another process on this host"), "{said}");
        assert!(said.contains(&format!(":{} on 127.0.0.1:{}", proxy.pid, proxy.port)), "{said}");
        // Killed: nothing is given back, and the next one starts at once.
        drop(proxy);
    }
    let ahead = Layout::SNOWFLAKE.decode(*ids.last().unwrap()).unix_ms;
    let now = Layout::SNOWFLAKE.decode(setup.id(&Proxy::start(&config).await, &Layout::SNOWFLAKE).await.2);
    assert!(now.unix_ms >= ahead && now.unix_ms < wall() + 30_000, "restarts lead far ahead");
    std::fs::write(state.join("worker-9"), "half a rec").unwrap();
    let said = refusal(&config).await;
    assert!(said.contains("worker-9 is damaged") && said.contains("remove the file"), "{said}");
    // The store is not asked, and nothing is made there.
    let schemas =
        format!("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '{}'", setup.store());
    assert_eq!(number(&setup.direct().await.one(&schemas).await), 0);
}

#[tokio::test]
async fn clocks_outside_of_the_layouts_time_are_refused() {
    let setup = Setup::shared("clocks").await;
    for (ids, what) in [
        ("epoch = \"2090-01-01\"", "are for times from 2090-01-01 00:00:00 UTC to 2159"),
        ("layout = \"38/10/12\"\nepoch = \"2015-01-01\"", "to 2023-09-17"),
        ("layout = \"40/10/12\"\nepoch = \"1995-01-01\"", "fewer than 10 are too few"),
    ] {
        let said = refusal(&setup.leased(ids)).await;
        assert!(said.starts_with("no worker's number from ds0/") && said.contains(what), "{said}");
    }
}

#[tokio::test]
async fn a_missing_privilege_is_named() {
    let setup = Setup::shared("grant").await;
    let server = &setup.lab.cluster.primaries[0];
    let user = format!("u_{}", setup.database);
    let grants =
        [format!("CREATE USER '{user}'@'%'"), format!("GRANT ALL ON {}.* TO '{user}'@'%'", setup.database)];
    server.run(&grants).await.unwrap();
    let ids = format!("store = \"ds0/{}\"\n[transaction]\nmode = \"single\"", setup.store());
    let config = setup.config_as(&user, &ids);
    let grant = format!("GRANT SELECT, INSERT, UPDATE, CREATE ON `{}`.* TO '{user}'@'%'", setup.store());
    let said = refusal(&config).await;
    assert!(said.ends_with(&grant), "{said}");
    server.run(&[grant.replace("UPDATE, ", "")]).await.unwrap();
    let said = refusal(&config).await;
    assert!(said.contains("UPDATE command denied") && said.ends_with(&grant), "{said}");
    server.run(&[grant]).await.unwrap();
    let proxy = Proxy::start(&config).await;
    setup.id(&proxy, &Layout::SNOWFLAKE).await;
}

#[tokio::test]
async fn a_table_of_that_name_that_is_another_is_left_alone() {
    let setup = Setup::shared("foreign").await;
    let create = [
        format!("CREATE SCHEMA {}", setup.store()),
        format!("CREATE TABLE {}.leases (flat INT, tenant TEXT)", setup.store()),
    ];
    setup.lab.cluster.primaries[0].run(&create).await.unwrap();
    let said = refusal(&setup.leased("")).await;
    assert!(
        said.contains("is no table of Shardgate's leases") && said.contains("name another schema"),
        "{said}"
    );
}

#[tokio::test]
async fn without_generated_ids_no_number_is_taken() {
    let lab = Lab::shared().await;
    let plain = lab.oracle();
    let database = lab.database("no_ids").await;
    plain.run(&[format!("CREATE TABLE {database}.t (id INT PRIMARY KEY)")]).await.unwrap();
    let config = format!(
        "[[user]]\nname = \"app\"\npassword = \"app\"\n[source.plain]\nprimary = \"{}\"\n\
         [database.{database}]\nshards = [\"plain/{database}\"]\n",
        plain.url()
    );
    let proxy = Proxy::start(&config).await;
    let mut client = connect(&Login::app(proxy.port).database(&database)).await;
    run(&mut client, &["INSERT INTO t VALUES (1)", "SELECT * FROM t"]).await;
    let leases = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shardgate' AND \
                  TABLE_NAME = 'leases'";
    assert_eq!(number(&connect(&Login::root(plain.port())).await.one(leases).await), 0);
    drop(proxy);
    plain.run(&["DROP DATABASE IF EXISTS shardgate"]).await.unwrap();
}

/// A holder in this process, over a server's table.
fn holder(server: &Server, schema: &str, owner: String, layout: Layout) -> Holder<MySqlLeases> {
    let primary = Endpoint {
        host: "127.0.0.1".into(),
        port: server.port(),
        user: "root".into(),
        password: String::new(),
    };
    let source = Source { name: "ds0".into(), primary, replicas: Vec::new() };
    let store = MySqlLeases::new(Db::new(&source, schema, PATIENCE));
    let fence = Arc::new(Fence::new(Arc::new(SystemClock)));
    let metrics = Metrics::default();
    let specs = [Generator::Snowflake(layout)];
    let ids = Arc::new(Ids::new(&specs, fence, Duration::from_secs(1), metrics.clone()));
    let terms = Terms { layout, lease: Duration::from_secs(3600), worker: None, owner };
    Holder::new(store, ids, terms, metrics)
}

#[tokio::test]
async fn sixty_four_proxies_that_start_together_have_all_sixty_four_numbers() {
    let setup = Setup::shared("together").await;
    let server = &setup.lab.cluster.primaries[0];
    let layout = Layout::new(41, 6, 12, Layout::SNOWFLAKE.epoch_ms()).unwrap();
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let mut holder = holder(server, &setup.store(), format!("holder {n}"), layout);
        tasks.spawn(async move {
            let began = Instant::now();
            holder.tend().await.unwrap();
            let acquired = began.elapsed();
            let began = Instant::now();
            holder.tend().await.unwrap();
            (holder.worker().unwrap(), acquired, began.elapsed())
        });
    }
    let all = tasks.join_all().await;
    println!("64 took their numbers in {:?}", started.elapsed());
    let workers: BTreeSet<u16> = all.iter().map(|(worker, ..)| *worker).collect();
    assert_eq!(workers.len(), 64);
    let mut direct = setup.direct().await;
    let sql = format!("SELECT worker FROM {}.leases ORDER BY worker", setup.store());
    assert_eq!(numbers(&direct.one(&sql).await), (0..64).collect::<Vec<_>>());
    let late = holder(server, &setup.store(), "late".into(), layout).tend().await.unwrap_err();
    assert!(late.message.contains("all 64 are held") && late.message.contains(", and 54 others"), "{late}");

    // One alone, on a table that is there.
    let (mut acquire, mut renew) = (Vec::new(), Vec::new());
    for n in 0..20 {
        let mut holder = holder(server, &format!("{}_2", setup.store()), format!("alone {n}"), layout);
        let began = Instant::now();
        holder.tend().await.unwrap();
        acquire.push(began.elapsed());
        for _ in 0..10 {
            let began = Instant::now();
            holder.tend().await.unwrap();
            renew.push(began.elapsed());
        }
        holder.release().await.unwrap();
    }
    let (first, median) = (acquire[0], |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    });
    println!(
        "acquire {:?} (with the table's creation {first:?}), renew {:?}",
        median(&mut acquire),
        median(&mut renew)
    );
}

#[tokio::test]
async fn the_table_holds_what_is_compared() {
    let setup = Setup::shared("rows").await;
    let server = &setup.lab.cluster.primaries[0];
    let primary = Endpoint {
        host: "127.0.0.1".into(),
        port: server.port(),
        user: "root".into(),
        password: String::new(),
    };
    let source = Source { name: "ds0".into(), primary, replicas: Vec::new() };
    let store = MySqlLeases::new(Db::new(&source, &setup.store(), PATIENCE));
    let before = wall();
    let seen = store.read().await.unwrap();
    assert!(
        seen.leases.is_empty() && (before - 1000..=wall() + 1000).contains(&seen.now_ms),
        "{seen:?} {before}"
    );
    let lease = Lease {
        worker: 65_535,
        version: 1,
        owner: "größer 🦀 'quoted'".into(),
        bound_ms: u64::from(u32::MAX) * 1000,
        layout: "41/16/6".into(),
        epoch_ms: 1_704_067_200_000,
        expires_ms: 7,
    };
    assert!(store.swap(&lease).await.unwrap());
    assert!(!store.swap(&lease).await.unwrap());
    assert_eq!(store.read().await.unwrap().leases, std::slice::from_ref(&lease));
    let later = |version| Lease { version, expires_ms: 8, ..lease.clone() };
    assert!(!store.swap(&later(3)).await.unwrap());
    assert!(store.swap(&later(2)).await.unwrap());
    assert!(!store.swap(&later(2)).await.unwrap());
    assert_eq!(store.read().await.unwrap().leases, [later(2)]);
}
