//! TPC-H on one plain server and through Shardgate: all 22 queries answer alike.
//!
//! `SHARDGATE_TPCH=0.1 make tpch` takes another scale factor, and shows times and what moved.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::Step;
use crate::support::oracle::{Form, Outcome, Pair};
use crate::support::proxy::Proxy;
use crate::support::shop::connect;
use crate::support::tpch;

fn scale() -> f64 {
    std::env::var("SHARDGATE_TPCH")
        .map_or(0.002, |text| text.parse().expect("SHARDGATE_TPCH is a scale factor"))
}

/// How long a query takes, and what it moved: the proxy's count of rows and bytes that went into stages.
async fn timed(client: &mut Client, sql: &str) -> Duration {
    let start = Instant::now();
    let answer = client.one(sql).await;
    assert_eq!(answer.errno(), 0, "{sql}: {answer}");
    start.elapsed()
}

async fn staged(client: &mut Client) -> [u64; 2] {
    let answer = client.one("SHOW SHARDGATE STATUS").await;
    let value = |name: &str| {
        let row = answer.rows().iter().find(|row| row[0].to_string() == format!("'{name}'"));
        row.and_then(|row| row[1].to_string().trim_matches('\'').parse().ok())
            .unwrap_or_else(|| panic!("no {name}: {answer}"))
    };
    [value("shardgate_staged_rows_total"), value("shardgate_staged_bytes_total")]
}

#[tokio::test]
async fn all_queries() {
    let lab = Lab::shared().await;
    let database = lab.database("tpch").await;
    let mut config = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n");
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        write!(config, "[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
    }
    let last = lab.cluster.primaries.len() - 1;
    write!(config, "[database.{database}]\nshards = [\"ds{{0..{last}}}/{database}\"]\n").unwrap();
    config.push_str(&tpch::layout(&database));
    let proxy = Proxy::start(&config).await;
    let ours = Login::app(proxy.port).database(&database);
    let plain = Login::root(lab.oracle().port()).database(&database);
    let (mut through, mut direct) = (connect(&ours).await, connect(&plain).await);
    let mut texts: Vec<String> = tpch::TABLES.iter().map(|&table| table.to_owned()).collect();
    tpch::inserts(scale(), |text| texts.push(text));
    for client in [&mut through, &mut direct] {
        for text in &texts {
            let answer = client.one(text).await;
            assert_eq!(answer.errno(), 0, "{}: {answer}", &text[..80.min(text.len())]);
        }
        for table in ["region", "nation", "supplier", "part", "partsupp", "customer", "orders", "lineitem"] {
            client.one(&format!("ANALYZE TABLE {table}")).await;
        }
    }
    let mut pair = Pair::connect(plain.clone(), ours.clone(), lab.is_mariadb()).await;
    let mut table = String::from("query     plain  Shardgate  ratio  rows moved  kB moved\n");
    let (mut all, mut wrong) = ([Duration::ZERO; 2], String::new());
    for (n, sql) in tpch::QUERIES.iter().enumerate() {
        let ordered = sql.contains(" ORDER BY ");
        let step = Step { place: format!("Q{}", n + 1), text: (*sql).into(), ordered, ..Step::default() };
        match pair.check(&step, Form::Text).await {
            Ok(Outcome::Same) => {}
            Ok(Outcome::Refused) => writeln!(wrong, "Q{} is refused", n + 1).unwrap(),
            Err(difference) => wrong.push_str(&difference),
        }
        let before = staged(&mut through).await;
        let times = [timed(&mut direct, sql).await, timed(&mut through, sql).await];
        let after = staged(&mut through).await;
        let [plain, ours] = times.map(|time| time.as_secs_f64());
        writeln!(
            table,
            "Q{:<4} {:>9.3} s {:>8.3} s {:>6.2} {:>11} {:>9}",
            n + 1,
            plain,
            ours,
            ours / plain,
            after[0] - before[0],
            (after[1] - before[1]) / 1024
        )
        .unwrap();
        for (sum, time) in all.iter_mut().zip(times) {
            *sum += time;
        }
    }
    let [plain, ours] = all.map(|time| time.as_secs_f64());
    println!("{table}all   {plain:>9.3} s {ours:>8.3} s {:>6.2}", ours / plain);
    assert!(wrong.is_empty(), "{wrong}");
}
