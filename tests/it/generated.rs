//! Random statements answer through Shardgate as they do on one plain server.
//!
//! `SHARDGATE_SEED=7 SHARDGATE_GENERATED=5000 cargo test --test it generated` asks others, and more;
//! `SHARDGATE_SECONDS=3600` goes on with the seeds after it until that time is over.

use crate::support::client::Login;
use crate::support::cluster::Lab;
use crate::support::corpus::{Step, load};
use crate::support::generate::statements;
use crate::support::oracle::{Form, Pair};
use crate::support::proxy::{Options, Proxy, config};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|e| panic!("{name}={text}: {e}")))
}

async fn run(form: Form, options: Options) {
    let seed = number("SHARDGATE_SEED", 20_260_101);
    let count = number("SHARDGATE_GENERATED", 400) as usize;
    println!("SHARDGATE_SEED={seed} SHARDGATE_GENERATED={count}");
    let lab = Lab::shared().await;
    let database = lab.database("generated").await;
    let oracle = Login::root(lab.oracle().port()).database(&database);
    let (proxy, login) = if std::env::var_os("SHARDGATE_ORACLE_SELF").is_some() {
        (None, Login::root(lab.cluster.primaries[0].port()).database(&database))
    } else {
        let proxy = Proxy::start(&config(lab, &database, options)).await;
        let login = Login::app(proxy.port).database(&database);
        (Some(proxy), login)
    };
    let mut pair = Pair::connect(oracle, login, lab.is_mariadb()).await;
    pair.run(&load("shop.sql"), Form::Text).await;
    lab.cluster.sync().await.unwrap();
    let steps: Vec<Step> =
        statements(seed, count).into_iter().map(|step| Step { may_refuse: true, ..step }).collect();
    let refused = pair.run(&steps, form).await;
    // What is answered must be right; what is refused must stay the exception.
    let most = if options.numbered { count / 4 } else { count / 10 };
    assert!(refused <= most, "{refused} of {count} statements were refused");
    drop(proxy);
}

#[tokio::test]
async fn text() {
    run(Form::Text, Options::default()).await;
}

#[tokio::test]
async fn prepared() {
    run(Form::Prepared, Options::default()).await;
}

#[tokio::test]
async fn bound() {
    run(Form::Bound, Options::default()).await;
}

#[tokio::test]
async fn numbered() {
    run(Form::Text, Options { numbered: true, ..Options::default() }).await;
}

#[tokio::test]
async fn on_replicas() {
    run(Form::Text, Options { replicas: true, ..Options::default() }).await;
}

mod selects {
    //! SELECTs of every shape, over columns of every type.

    use std::time::{Duration, Instant};

    use super::{Form, Lab, Login, Options, Pair, Proxy, config, load, number};
    use crate::support::selects::statements;

    async fn run(form: Form, within: bool) {
        let seed = number("SHARDGATE_SEED", 20_260_601);
        let count = number("SHARDGATE_GENERATED", 200) as usize;
        let end = Instant::now() + Duration::from_secs(number("SHARDGATE_SECONDS", 0));
        println!("SHARDGATE_SEED={seed} SHARDGATE_GENERATED={count}");
        let lab = Lab::shared().await;
        let database = lab.database("selects").await;
        let oracle = Login::root(lab.oracle().port()).database(&database);
        let proxy =
            Proxy::start(&config(lab, &database, Options { ledger: true, ..Options::default() })).await;
        let login = Login::app(proxy.port).database(&database);
        let mut pair = Pair::connect(oracle, login, lab.is_mariadb()).await;
        pair.run(&load("select_tables.sql"), Form::Text).await;
        if within {
            pair.run(&load("select_writes.sql"), Form::Text).await;
        }
        for seed in seed.. {
            let refused = pair.run(&statements(seed, count), form).await;
            assert!(refused <= count / 10, "{refused} of {count} statements were refused");
            if Instant::now() >= end {
                break;
            }
        }
    }

    #[tokio::test]
    async fn text() {
        run(Form::Text, false).await;
    }

    #[tokio::test]
    async fn prepared() {
        run(Form::Prepared, false).await;
    }

    #[tokio::test]
    async fn bound() {
        run(Form::Bound, false).await;
    }

    #[tokio::test]
    async fn within() {
        run(Form::Text, true).await;
    }
}
