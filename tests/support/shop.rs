//! A shop of a test's own behind a proxy of its own: its tables, who holds which key, and the servers behind.

use std::time::{Duration, Instant};

use super::client::{Answer, Cell, Client, Failure, Login};
use super::cluster::Lab;
use super::corpus::load;
use super::proxy::{Options, Proxy, config};

/// How long anything may take that must happen: a busy machine decides no test.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A proxy over a database of its own with the shop's tables, all empty.
#[derive(Debug)]
pub struct Shop<'a> {
    pub lab: &'a Lab,
    pub database: String,
    pub proxy: Proxy,
}

/// What a test's shop differs in.
#[derive(Debug, Clone, Default)]
pub struct Setup<'a> {
    pub options: Options,
    /// Keys of `[listen]`.
    pub listen: &'a str,
    /// Further sections.
    pub more: &'a str,
}

impl Shop<'static> {
    /// Over the servers that all tests share.
    pub async fn shared(tag: &str) -> Self {
        Self::shared_with(tag, &Setup::default()).await
    }

    pub async fn shared_with(tag: &str, setup: &Setup<'_>) -> Self {
        Shop::over(Lab::shared().await, tag, setup).await
    }
}

impl<'a> Shop<'a> {
    /// Over servers of a test's own.
    pub async fn over(lab: &'a Lab, tag: &str, setup: &Setup<'_>) -> Self {
        let database = lab.database(tag).await;
        let text = format!("{}\n{}{}", setup.listen, config(lab, &database, setup.options), setup.more);
        let proxy = Proxy::start(&text).await;
        let shop = Self { lab, database, proxy };
        let mut client = shop.client().await;
        for step in load("shop.sql").iter().filter(|step| step.text.starts_with("CREATE")) {
            let answer = client.one(&step.text).await;
            assert_eq!(answer.errno(), 0, "{}: {answer}", step.place);
        }
        lab.cluster.sync().await.unwrap();
        shop
    }

    /// How the proxy is logged into.
    pub fn login(&self) -> Login {
        Login::app(self.proxy.port).database(&self.database)
    }

    /// A client of the proxy.
    pub async fn client(&self) -> Client {
        connect(&self.login()).await
    }

    /// A client of a shard's primary itself.
    pub async fn direct(&self, shard: usize) -> Client {
        connect(&Login::root(self.lab.cluster.primaries[shard].port()).database(&self.database)).await
    }

    /// A client of the plain server, in a database of the same name that is empty.
    pub async fn plain(&self) -> Client {
        connect(&Login::root(self.lab.oracle().port()).database(&self.database)).await
    }

    /// The same with the shop's tables.
    pub async fn plain_with_tables(&self) -> Client {
        let mut client = self.plain().await;
        for step in load("shop.sql").iter().filter(|step| step.text.starts_with("CREATE")) {
            run(&mut client, &[&step.text]).await;
        }
        client
    }

    /// A change in a transaction whose snapshot is older than what others have committed since: what it reads is what is
    /// there now, and that stays until its end, as on one server, where there are the shop's tables too.
    pub async fn reads_what_is_there_now(&self, change: &str, question: &str) {
        let mut seen = Vec::new();
        for through in [false, true] {
            let [mut client, mut other] = if through {
                [self.client().await, self.client().await]
            } else {
                [self.plain().await, self.plain().await]
            };
            let orders: Vec<String> = (1..=40).map(|n| format!("({n}, {n}, 1 + {n} % 4, 'old')")).collect();
            run(
                &mut client,
                &[
                    "DELETE FROM orders",
                    "DELETE FROM users",
                    "INSERT INTO users (id, name, age) VALUES (1, 'a', 7), (2, 'b', 7), (3, 'c', 7), (4, 'd', 8)",
                    &format!(
                        "INSERT INTO orders (id, user_id, product_id, note) VALUES {}",
                        orders.join(",")
                    ),
                    "BEGIN",
                    "SELECT COUNT(*) FROM orders",
                    "SELECT COUNT(*) FROM users",
                ],
            )
            .await;
            let others = "UPDATE orders SET note = CONCAT('new', id)";
            run(&mut other, &[others, "SET innodb_lock_wait_timeout = 1"]).await;
            let changed = client.one(change).await;
            assert_eq!(changed.errno(), 0, "{change}: {changed}");
            let late = "UPDATE orders SET note = 'late' WHERE id = 3";
            let held = other.one(late).await.errno();
            let now = client.one(question).await.rows().to_vec();
            run(&mut client, &["COMMIT"]).await;
            let free = other.one(late).await.errno();
            assert_eq!((held, free), (1205, 0), "{change}, through Shardgate: {through}");
            seen.push((changed.done().affected, now));
        }
        assert_eq!(seen[0], seen[1], "{change}");
    }

    /// The first number of `sql`'s answer on each shard.
    pub async fn each(&self, sql: &str) -> Vec<i64> {
        let mut all = Vec::new();
        for shard in 0..self.shards() {
            all.push(number(&self.direct(shard).await.one(sql).await));
        }
        all
    }

    pub fn shards(&self) -> usize {
        self.lab.cluster.primaries.len()
    }

    /// The `nth` integer, counted from 0, above `above` that lives on a shard: `CRC32(key) % 1024`, even ranges.
    pub fn key(&self, shard: usize, above: i64, nth: usize) -> i64 {
        let shards = self.shards();
        assert!(shards.is_power_of_two(), "even ranges");
        let lives = |key: &i64| {
            crc32fast::hash(key.to_string().as_bytes()) as usize % 1024 / (1024 / shards) == shard
        };
        (above + 1..).filter(lives).nth(nth).unwrap()
    }
}

/// Logs in, or fails the test.
pub async fn connect(login: &Login) -> Client {
    match Client::connect(login).await {
        Ok(client) => client,
        Err(failure) => panic!("cannot log in as {login:?}: {failure}"),
    }
}

/// The first cell of a text answer.
pub fn text(answer: &Answer) -> String {
    match answer.rows().first().and_then(|row| row.first()) {
        Some(Cell::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("no text: {other:?} of {answer}"),
    }
}

/// The first cell of a text answer as a number.
pub fn number(answer: &Answer) -> i64 {
    text(answer).parse().unwrap_or_else(|_| panic!("no number: {answer}"))
}

/// The first column of a text answer as numbers.
pub fn numbers(answer: &Answer) -> Vec<i64> {
    let cell = |row: &Vec<Cell>| row[0].to_string().trim_matches('\'').parse();
    answer.rows().iter().map(|row| cell(row).unwrap_or_else(|_| panic!("no number: {answer}"))).collect()
}

/// Runs statements that must succeed.
pub async fn run(client: &mut Client, statements: &[&str]) {
    for statement in statements {
        let answer = client.one(statement).await;
        assert_eq!(answer.errno(), 0, "{statement}: {answer}");
    }
}

/// Asks again and again until `check` finds something. The time is over: the test fails with `what`.
pub async fn until<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What must come in time.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(done) => done,
        Err(late) => panic!("not within {PATIENCE:?}: {what}: {late}"),
    }
}

/// Whether a connection was closed, with or without an error packet before.
pub fn closed<T>(result: &Result<T, Failure>) -> bool {
    matches!(result, Err(Failure::Broken(_)))
}

/// Statements that run on a server (not those of replication or of this question), as shown by its process list.
pub async fn running(client: &mut Client, like: &str) -> i64 {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '{like}' AND ID <> CONNECTION_ID()"
    );
    number(&client.one(&sql).await)
}
