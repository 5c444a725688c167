//! UPDATEs that give rows new sharding keys, and changes that count the rows of all shards: as one server does them.

use std::fmt::Write as _;

use crate::support::client::{CLIENT_FOUND_ROWS, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::{Step, load};
use crate::support::generate::Random;
use crate::support::oracle::{Form, Outcome, Pair};
use crate::support::proxy::Proxy;
use crate::support::shop::{connect, run};

/// Tables sharded in each way over the lab's primaries.
pub fn config(lab: &Lab, database: &str) -> String {
    let mut text = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n");
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        write!(text, "\n[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
    }
    write!(
        text,
        r#"
[database.{database}]
shards    = ["ds{{0..3}}/{database}"]
reference = ["products"]

[database.{database}.group.by_user]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ people = "id", orders = "user_id", lines = "user_id" }}

[database.{database}.group.by_range]
algorithm = {{ range = [100, 200, 300] }}
tables    = {{ ranged = "k" }}

[database.{database}.group.by_country]
key       = "string"
algorithm = {{ list = [["de"], ["fr"], ["us"], ["jp"]], default = 0 }}
tables    = {{ listed = "country" }}

[database.{database}.group.by_day]
algorithm = {{ date = "month", start = "2024-01-01", parts = 4, wrap = true }}
tables    = {{ dated = "day" }}

[database.{database}.group.by_code]
key       = "string"
algorithm = {{ hash = "crc32" }}
tables    = {{ names = "code" }}

[database.{database}.group.by_doc]
algorithm = {{ hash = "crc32" }}
tables    = {{ docs = "id" }}

[database.{database}.group.by_k]
algorithm = {{ hash = "crc32" }}
tables    = {{ bare = "k", tracked = "k", parents = "id", children = "parent" }}

[database.{database}.table.docs]
nodes = ["ds{{0..3}}/{database}.docs_{{0..1}}"]
"#
    )
    .unwrap();
    text
}

async fn pair(lab: &'static Lab, tag: &str, capabilities: u32) -> (Pair, Proxy, String) {
    let database = lab.database(tag).await;
    let oracle = Login::root(lab.oracle().port()).database(&database);
    let proxy = Proxy::start(&config(lab, &database)).await;
    let login = Login::app(proxy.port).database(&database);
    let with = |login: Login| Login { capabilities: login.capabilities | capabilities, ..login };
    (Pair::connect(with(oracle), with(login), lab.is_mariadb()).await, proxy, database)
}

async fn corpus(name: &str, form: Form, capabilities: u32) {
    let (mut pair, _proxy, _) = pair(Lab::shared().await, name, capabilities).await;
    pair.run(&load(&format!("{name}.sql")), form).await;
}

#[tokio::test]
async fn text() {
    corpus("moves", Form::Text, 0).await;
}

#[tokio::test]
async fn prepared() {
    corpus("moves", Form::Prepared, 0).await;
}

#[tokio::test]
async fn bound() {
    corpus("moves", Form::Bound, 0).await;
}

#[tokio::test]
async fn found_rows() {
    corpus("moves", Form::Text, CLIENT_FOUND_ROWS).await;
}

mod changes {
    use super::{CLIENT_FOUND_ROWS, Form, corpus};

    #[tokio::test]
    async fn text() {
        corpus("changes", Form::Text, 0).await;
    }

    #[tokio::test]
    async fn prepared() {
        corpus("changes", Form::Prepared, 0).await;
    }

    #[tokio::test]
    async fn bound() {
        corpus("changes", Form::Bound, 0).await;
    }

    #[tokio::test]
    async fn found_rows() {
        corpus("changes", Form::Text, CLIENT_FOUND_ROWS).await;
    }
}

mod pulled {
    use super::{Form, corpus};

    #[tokio::test]
    async fn text() {
        corpus("pulled", Form::Text, 0).await;
    }

    #[tokio::test]
    async fn bound() {
        corpus("pulled", Form::Bound, 0).await;
    }
}

/// Runs a statement on every server: triggers are made there.
async fn everywhere(lab: &Lab, database: &str, sql: &str) {
    for server in lab.cluster.primaries.iter().chain(std::iter::once(lab.oracle())) {
        let mut client = connect(&Login::root(server.port()).database(database)).await;
        run(&mut client, &[sql]).await;
    }
}

fn step(text: &str, notes: Step) -> Step {
    Step { place: "here".into(), text: text.into(), ordered: true, ..notes }
}

async fn same(pair: &mut Pair, statements: &[&str]) {
    for text in statements {
        let outcome =
            pair.check(&step(text, Step { any_warnings: true, ..Step::default() }), Form::Text).await;
        assert_eq!(outcome, Ok(Outcome::Same), "{text}");
    }
}

async fn refused(pair: &mut Pair, statements: &[&str]) {
    for text in statements {
        let outcome = pair.check(&step(text, Step { refused: true, ..Step::default() }), Form::Text).await;
        assert_eq!(outcome, Ok(Outcome::Refused), "{text}");
    }
}

#[tokio::test]
async fn triggers_of_updates_act_once_and_others_not_at_all() {
    let lab = Lab::shared().await;
    let (mut pair, _proxy, database) = pair(lab, "moved_triggers", 0).await;
    same(
        &mut pair,
        &["CREATE TABLE tracked (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, n INT NOT NULL DEFAULT 0)"],
    )
    .await;
    let trigger = "CREATE TRIGGER counts BEFORE UPDATE ON tracked FOR EACH ROW SET NEW.n = OLD.n + 1";
    everywhere(lab, &database, trigger).await;
    let look = "SELECT * FROM tracked ORDER BY id";
    same(
        &mut pair,
        &[
            "INSERT INTO tracked (id, k) VALUES (1, 1), (2, 2), (3, 3), (4, 4)",
            "UPDATE tracked SET k = k + 1",
            look,
            "UPDATE tracked SET k = 9 WHERE id < 3",
            look,
        ],
    )
    .await;
    everywhere(lab, &database, "CREATE TRIGGER gone AFTER DELETE ON tracked FOR EACH ROW SET @gone = 1")
        .await;
    // The proxy learns of triggers with a table's definition.
    same(&mut pair, &["ALTER TABLE tracked COMMENT 'with triggers'"]).await;
    refused(&mut pair, &["UPDATE tracked SET k = k + 1", "UPDATE tracked SET k = 3 WHERE k = 9"]).await;
    same(&mut pair, &["UPDATE tracked SET k = 9 WHERE k = 9", look]).await;
}

#[tokio::test]
async fn rows_that_others_refer_to_stay() {
    let (mut pair, _proxy, _) = pair(Lab::shared().await, "moved_parents", 0).await;
    same(
        &mut pair,
        &[
            "CREATE TABLE parents (id INT NOT NULL PRIMARY KEY, n INT)",
            "CREATE TABLE children (id INT NOT NULL PRIMARY KEY, parent INT NOT NULL, \
             FOREIGN KEY (parent) REFERENCES parents (id) ON UPDATE CASCADE ON DELETE CASCADE)",
            "INSERT INTO parents VALUES (1, 1), (2, 2), (3, 3), (4, 4)",
            "INSERT INTO children VALUES (1, 1), (2, 2), (3, 3)",
        ],
    )
    .await;
    let look = ["SELECT * FROM parents ORDER BY id", "SELECT * FROM children ORDER BY id"];
    refused(&mut pair, &["UPDATE parents SET id = 7 WHERE id = 1", "UPDATE parents SET id = id + 10"]).await;
    same(&mut pair, &["UPDATE parents SET id = 4 WHERE id = 4"]).await;
    same(&mut pair, &look).await;
    // A child goes to another parent.
    same(&mut pair, &["UPDATE children SET parent = 2 WHERE id = 1", "UPDATE children SET parent = 1 + id"])
        .await;
    same(&mut pair, &look).await;
    same(&mut pair, &["UPDATE children SET parent = 77 WHERE id = 1", "BEGIN"]).await;
    same(&mut pair, &["UPDATE children SET parent = 78 WHERE id > 1", "UPDATE children SET parent = 2"])
        .await;
    same(&mut pair, &["COMMIT"]).await;
    same(&mut pair, &look).await;
}

#[tokio::test]
async fn thousands_of_rows_move_as_one() {
    let (mut pair, _proxy, _) = pair(Lab::shared().await, "moved_many", 0).await;
    let rows: Vec<String> = (1..=3000).map(|n| format!("({n}, {}, 'v{n}')", n % 400)).collect();
    let insert = format!("INSERT INTO ranged (id, k, v) VALUES {}", rows.join(", "));
    let look = "SELECT COUNT(*), SUM(id * k), MIN(v), MAX(v) FROM ranged WHERE k > 5";
    same(
        &mut pair,
        &[
            "CREATE TABLE ranged (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, v VARCHAR(20) DEFAULT NULL)",
            &insert,
            "UPDATE ranged SET k = (k + 150) % 400",
            look,
            "UPDATE ranged SET k = 250, v = CONCAT(v, '!') ORDER BY k DESC, id LIMIT 1700",
            look,
            "DELETE FROM ranged ORDER BY k, id LIMIT 1200",
            look,
            "BEGIN",
            "UPDATE ranged SET k = 10",
            "ROLLBACK",
            look,
        ],
    )
    .await;
}

/// Random changes of tables sharded in each way: 2,000 statements, and after each batch all tables are equal.
#[tokio::test]
async fn random_changes() {
    random(Form::Text, 20_261_121, 1200).await;
}

#[tokio::test]
async fn random_changes_bound() {
    random(Form::Bound, 7, 800).await;
}

async fn random(form: Form, seed: u64, count: usize) {
    let (mut pair, _proxy, _) = pair(Lab::shared().await, "moves_random", 0).await;
    let setup = load("moves_tables.sql");
    pair.run(&setup, Form::Text).await;
    let mut maker = Maker { random: Random::new(seed), open: false };
    let mut refused = 0;
    for batch in 0..count / 20 {
        println!("seed {seed}, batch {batch}");
        if batch % 8 == 7 {
            let again: Vec<Step> =
                setup.iter().filter(|step| step.text.starts_with("INSERT")).cloned().collect();
            let empty: Vec<Step> = TABLES
                .iter()
                .chain(&["bare"])
                .map(|table| step(&format!("DELETE FROM `{table}`"), Step::default()))
                .collect();
            pair.run(&empty, Form::Text).await;
            pair.run(&again, Form::Text).await;
        }
        let steps: Vec<Step> = (0..20)
            .map(|_| {
                step(&maker.statement(), Step { may_refuse: true, any_warnings: false, ..Step::default() })
            })
            .collect();
        refused += pair.run(&steps, form).await;
        let looks: Vec<Step> = TABLES
            .iter()
            .map(|table| match *table {
                // The moment of a change is another on each side.
                "lines" => "SELECT user_id, n, what, changed IS NULL FROM `lines` ORDER BY 1, 2".to_owned(),
                table => format!("SELECT * FROM `{table}` ORDER BY 1, 2"),
            })
            .map(|look| step(&look, Step::default()))
            .collect();
        pair.run(&looks, Form::Prepared).await;
    }
    assert!(refused <= count / 20, "{refused} of {count} statements were refused");
}

const TABLES: [&str; 8] = ["people", "orders", "lines", "ranged", "listed", "dated", "names", "docs"];

struct Maker {
    random: Random,
    open: bool,
}

impl Maker {
    fn n(&mut self) -> i64 {
        self.random.range(1, 16)
    }

    /// A condition on a column of small numbers.
    fn about(&mut self, column: &str) -> String {
        let n = self.n();
        match self.random.below(7) {
            0 => format!("{column} = {n}"),
            1 => format!("{column} IN ({n}, {}, {})", self.n(), self.n()),
            2 => format!("{column} > {n}"),
            3 => format!("{column} BETWEEN {n} AND {}", n + 4),
            4 => format!("{column} % 3 = {}", n % 3),
            5 => format!("{column} = {n} OR {column} = {}", self.n()),
            _ => format!("{column} < {n}"),
        }
    }

    fn order(&mut self, columns: &str) -> String {
        let n = self.random.below(6);
        match self.random.below(4) {
            0 => format!(" ORDER BY {columns} LIMIT {n}"),
            1 => format!(" ORDER BY {}", columns.replace(',', " DESC,")),
            _ => String::new(),
        }
    }

    fn statement(&mut self) -> String {
        if self.random.chance(8) {
            self.open = !self.open;
            if self.open {
                return "BEGIN".into();
            }
            return self.random.pick(&["COMMIT", "ROLLBACK"]).to_owned();
        }
        let (n, other) = (self.n(), self.n());
        match self.random.below(22) {
            0 => format!("UPDATE people SET id = {n} WHERE {}", self.about("id")),
            1 => format!("UPDATE people SET id = id + {n}, n = n + 1 WHERE {}", self.about("id")),
            2 => format!("UPDATE people SET id = id - {n} WHERE {}{}", self.about("id"), self.order("id")),
            3 => format!("UPDATE people SET n = id, id = {n} WHERE id = {other}"),
            4 => format!("UPDATE orders SET user_id = {n} WHERE {}", self.about("id")),
            5 => format!(
                "UPDATE orders SET user_id = user_id + {n}, note = user_id WHERE {}{}",
                self.about("user_id"),
                self.order("total, id")
            ),
            6 => format!("UPDATE orders SET user_id = id, uniq = {n} WHERE {}", self.about("id")),
            7 => format!(
                "UPDATE orders SET total = {n}, user_id = total + 1 WHERE {}{}",
                self.about("user_id"),
                self.order("label, id")
            ),
            8 => format!("UPDATE `lines` SET user_id = {n} WHERE {}", self.about("user_id")),
            9 => format!("UPDATE `lines` SET user_id = user_id + 1, n = n + {n} WHERE {}", self.about("n")),
            10 => format!(
                "UPDATE `lines` SET user_id = {n}, n = {other} WHERE user_id = {}{}",
                self.n(),
                self.order("n, user_id")
            ),
            11 => {
                format!("UPDATE ranged SET k = {} WHERE {}{}", n * 30, self.about("id"), self.order("k, id"))
            }
            12 => format!("UPDATE ranged SET k = (k + {}) % 400, v = k WHERE {}", n * 20, self.about("id")),
            13 => format!(
                "UPDATE listed SET country = '{}' WHERE {}{}",
                ["de", "fr", "us", "jp", "xx"][n as usize % 5],
                self.about("id"),
                self.order("country, id")
            ),
            14 => format!("UPDATE listed SET country = IF(v > {n}, 'de', 'us'), v = v + 1"),
            15 => format!(
                "UPDATE dated SET day = '2024-{:02}-{:02}' WHERE {}",
                n % 12 + 1,
                other,
                self.about("id")
            ),
            16 => format!(
                "UPDATE dated SET day = day + INTERVAL {n} DAY WHERE {}{}",
                self.about("id"),
                self.order("day, id")
            ),
            17 => format!("UPDATE names SET code = CONCAT('c', n, '-{n}') WHERE {}", self.about("n")),
            18 => format!("UPDATE docs SET id = id + {n} WHERE {}{}", self.about("id"), self.order("id")),
            19 => format!("UPDATE docs SET id = {n}, title = 'x' WHERE id = {other}"),
            20 => format!("DELETE FROM orders WHERE {}{}", self.about("id"), self.order("user_id, id")),
            _ => format!("DELETE FROM docs WHERE {}{}", self.about("id"), self.order("title, id")),
        }
    }
}
