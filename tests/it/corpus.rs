//! The corpus: files of statements that answer through Shardgate as they do on one plain server.
//!
//! One file alone: `cargo test --test it corpus::points` (or `corpus::points::text`). To check a new file for
//! mistakes of its own, `SHARDGATE_ORACLE_SELF=1` compares a plain server with a plain server.

use crate::support::client::Login;
use crate::support::cluster::Lab;
use crate::support::corpus::{Step, load};
use crate::support::oracle::{Form, Pair};
use crate::support::proxy::{Options, Proxy, config};

/// Whose errors have to have the same words as a plain server's.
const WORDS: &str = "messages";

macro_rules! corpus {
    ($($name:ident)*) => { $(
        mod $name {
            use super::{Form, Options, run};

            #[tokio::test]
            async fn text() {
                run(stringify!($name), Form::Text, Options::default()).await;
            }

            #[tokio::test]
            async fn prepared() {
                run(stringify!($name), Form::Prepared, Options::default()).await;
            }

            #[tokio::test]
            async fn bound() {
                run(stringify!($name), Form::Bound, Options::default()).await;
            }
        }
    )* };
}

corpus! {
    codes ddl errors filters groups ids joins kinds literals order points returning select_locks session show subqueries transactions
    writes
}

/// SELECTs: in each form, and in a transaction that has written before.
macro_rules! selects {
    ($($name:ident)*) => { $(
        mod $name {
            use super::{Form, Options, run, run_within};

            #[tokio::test]
            async fn text() {
                run(stringify!($name), Form::Text, Options::default()).await;
            }

            #[tokio::test]
            async fn prepared() {
                run(stringify!($name), Form::Prepared, Options::default()).await;
            }

            #[tokio::test]
            async fn bound() {
                run(stringify!($name), Form::Bound, Options::default()).await;
            }

            #[tokio::test]
            async fn within() {
                run_within(stringify!($name)).await;
            }
        }
    )* };
}

selects! {
    select_aggregates select_bad select_ctes select_derived select_joins select_order select_sets select_subqueries
    select_twice select_types select_windows messages
}

/// Statements of a file in a transaction that has changed rows of all shards.
async fn run_within(name: &str) {
    let lab = Lab::shared().await;
    let database = lab.database(name).await;
    let all = load(&format!("{name}.sql"));
    let own = format!("{name}.sql:");
    let (selects, setup): (Vec<_>, Vec<_>) = all.into_iter().partition(|step| step.place.starts_with(&own));
    let proxy = Proxy::start(&config(lab, &database, Options { ledger: true, ..Options::default() })).await;
    let oracle = Login::root(lab.oracle().port()).database(&database);
    let login = Login::app(proxy.port).database(&database);
    let mut pair = Pair::connect(oracle, login, lab.is_mariadb()).await.with_words(name == WORDS);
    pair.run(&setup, Form::Text).await;
    pair.run(&load("select_writes.sql"), Form::Text).await;
    pair.run(&selects, Form::Text).await;
}

async fn run(name: &str, form: Form, options: Options) {
    let options = Options { ledger: name.starts_with("select") || name == WORDS, ..options };
    let lab = Lab::shared().await;
    let database = lab.database(name).await;
    let steps = load(&format!("{name}.sql"));
    let oracle = Login::root(lab.oracle().port()).database(&database);
    if std::env::var_os("SHARDGATE_ORACLE_SELF").is_some() {
        let other = Login::root(lab.cluster.primaries[0].port()).database(&database);
        let steps: Vec<_> = steps.into_iter().filter(|step| !step.refused).collect();
        Pair::connect(oracle, other, lab.is_mariadb()).await.run(&steps, form).await;
        return;
    }
    // A join of a numbered with an unnumbered table may be refused; what is answered must be right.
    let numbered = options.numbered;
    let steps: Vec<_> =
        steps.into_iter().map(|step| Step { may_refuse: step.may_refuse || numbered, ..step }).collect();
    let proxy = Proxy::start(&config(lab, &database, options)).await;
    let login = Login::app(proxy.port).database(&database);
    let pair = Pair::connect(oracle, login, lab.is_mariadb()).await;
    pair.with_words(name == WORDS).run(&steps, form).await;
}

mod numbered {
    //! Tables that are numbered on their shards answer as one all the same.

    use super::{Form, Options, run};

    const NUMBERED: Options = Options { numbered: true, replicas: false, ledger: false };

    #[tokio::test]
    async fn points() {
        run("points", Form::Text, NUMBERED).await;
    }

    #[tokio::test]
    async fn joins() {
        run("joins", Form::Text, NUMBERED).await;
    }

    #[tokio::test]
    async fn groups() {
        run("groups", Form::Prepared, NUMBERED).await;
    }

    #[tokio::test]
    async fn writes() {
        run("writes", Form::Text, NUMBERED).await;
    }

    #[tokio::test]
    async fn ddl() {
        run("ddl", Form::Text, NUMBERED).await;
    }
}
