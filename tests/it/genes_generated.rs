//! Random statements over tables whose ids carry slots: the answers are those of one server with all rows, or a refusal.
//! The same seed gives the same statements.

use crate::support::client::{Answer, Client, Param};
use crate::support::cluster::Lab;
use crate::support::corpus::bound;
use crate::support::generate::Random;
use crate::support::shop::run;

use super::genes::{id_of, shop};

const SEED: u64 = 20_240;
const STATEMENTS: usize = 1200;
const REFUSED: u16 = 1235;

/// Makes statements about what is stored, and what is not.
struct Maker {
    random: Random,
    ids: Vec<i64>,
}

impl Maker {
    fn id(&mut self) -> i64 {
        match self.random.below(8) {
            0 => id_of(self.random.range(1, 12), 900),
            1 => self.random.range(-3, 50),
            _ => self.ids[self.random.below(self.ids.len())],
        }
    }

    /// An id as somebody might write it.
    fn value(&mut self) -> String {
        let id = self.id();
        match self.random.below(14) {
            0 => format!("'{id}'"),
            1 => format!("{id}.0"),
            2 => format!("{id}.5"),
            3 => "NULL".into(),
            4 => format!("'{id}x'"),
            5 => format!("-{}", id.unsigned_abs()),
            6 => format!("{}", id as u64 | 1 << 63),
            _ => id.to_string(),
        }
    }

    fn list(&mut self) -> String {
        let values: Vec<String> = (0..=self.random.below(3)).map(|_| self.value()).collect();
        values.join(", ")
    }

    /// A condition on one of the tables.
    fn condition(&mut self, tables: &[&str], depth: usize) -> String {
        if depth > 0 && self.random.chance(55) {
            let (left, right) = (self.condition(tables, depth - 1), self.condition(tables, depth - 1));
            return match self.random.below(8) {
                0 => format!("NOT ({left})"),
                1 => format!("({left} XOR {right})"),
                2..4 => format!("({left} OR {right})"),
                _ => format!("({left} AND {right})"),
            };
        }
        let t = self.random.pick(tables).to_owned();
        let customer = self.random.range(0, 13);
        match self.random.below(16) {
            0 => format!("{t}.sale_id > {}", self.value()),
            1 => format!("{t}.sale_id BETWEEN {} AND {}", self.value(), self.value()),
            2 => format!("{t}.sale_id <> {}", self.value()),
            3 => format!("{t}.sale_id <=> {}", self.value()),
            4 => format!("{t}.sale_id IS NULL"),
            5 => format!("{} = {t}.sale_id", self.value()),
            6 => format!("{t}.sale_id IN ({})", self.list()),
            7 => format!("{t}.sale_id NOT IN ({})", self.list()),
            8 => format!("({t}.sale_id, {t}.customer_id) = ({}, {customer})", self.value()),
            9 => {
                format!("({t}.customer_id, {t}.sale_id) IN (({customer}, {}), (3, {}))", self.id(), self.id())
            }
            10 | 11 => format!("{t}.customer_id = {customer}"),
            12 => format!("{t}.customer_id IN ({customer}, {})", self.random.range(0, 13)),
            13 => format!("{t}.sale_id + 0 = {}", self.id()),
            _ => format!("{t}.sale_id = {}", self.value()),
        }
    }

    fn statement(&mut self) -> String {
        let table = self.random.pick(&["sales", "sales", "old", "packed", "items"]).to_owned();
        let n = if table == "items" { "line" } else { "n" };
        let both = ["s", "i"];
        let join = self.random.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN"]).to_owned();
        let on = self.random.pick(&[
            "i.customer_id = s.customer_id AND i.sale_id = s.sale_id",
            "i.sale_id = s.sale_id AND s.customer_id = i.customer_id",
            "i.sale_id = s.sale_id",
            "i.customer_id = s.customer_id",
        ]);
        let on = on.to_owned();
        match self.random.below(12) {
            0 | 1 => format!(
                "SELECT s.n, i.line, i.sale_id FROM sales s {join} items i ON {on} WHERE {} ORDER BY 1, 2, 3",
                self.condition(&both, 2)
            ),
            2 => format!(
                "SELECT s.n, i.line, i.sale_id FROM sales s {join} items i ON {on} AND {} WHERE {} ORDER BY 1, 2, 3",
                self.condition(&both, 1),
                self.condition(&both, 1)
            ),
            3 => format!(
                "SELECT COUNT(*), SUM(d.{n}) FROM (SELECT * FROM {table} WHERE {}) d WHERE {}",
                self.condition(&[&table], 1),
                self.condition(&["d"], 1)
            ),
            4 => format!(
                "SELECT s.n FROM sales s WHERE {} AND EXISTS (SELECT 1 FROM items i WHERE {on} AND {}) ORDER BY 1",
                self.condition(&["s"], 1),
                self.condition(&both, 1)
            ),
            5 => format!(
                "SELECT s.n FROM sales s WHERE s.sale_id IN (SELECT i.sale_id FROM items i WHERE i.customer_id = s.customer_id AND {}) \
                 ORDER BY 1",
                self.condition(&["i"], 1)
            ),
            6 if table != "items" => {
                format!(
                    "UPDATE {table} SET total = COALESCE(total, 0) + 1 WHERE {}",
                    self.condition(&[&table], 2)
                )
            }
            7 => format!(
                "UPDATE sales s JOIN items i ON {on} SET s.total = 7, s.sale_id = s.sale_id WHERE {}",
                self.condition(&both, 2)
            ),
            8 => format!(
                "SELECT customer_id, COUNT(*), MAX(sale_id) FROM {table} WHERE {} GROUP BY customer_id ORDER BY 1",
                self.condition(&[&table], 2)
            ),
            9 => format!("DELETE FROM {table} WHERE {} AND {n} > 36", self.condition(&[&table], 2)),
            _ => format!(
                "SELECT {n}, sale_id FROM {table} WHERE {} ORDER BY 1, 2",
                self.condition(&[&table], 3)
            ),
        }
    }
}

async fn ask(client: &mut Client, sql: &str, params: Option<&[Param]>) -> Answer {
    match params {
        None => client.one(sql).await,
        Some(params) => {
            let statement = match client.prepare(sql).await {
                Ok(statement) => statement,
                Err(crate::support::client::Failure::Refused(refusal)) => return Answer::Refused(refusal),
                Err(broken) => panic!("{sql}: {broken}"),
            };
            let answer = client.execute(&statement, params).await.unwrap().remove(0);
            client.close(&statement).await.unwrap();
            answer
        }
    }
}

/// What an answer says, without what servers word on their own.
fn content(answer: &Answer) -> String {
    match answer {
        Answer::Rows { rows, .. } => format!("{rows:?}"),
        // Each shard that compares with what is no number warns of it.
        Answer::Done(done) => format!("{} changed", done.affected),
        Answer::Refused(refusal) => format!("error {}", refusal.errno),
    }
}

#[tokio::test]
async fn answers_are_those_of_one_server() {
    let shop = shop(Lab::shared().await, "genes_generated").await;
    let (mut client, mut oracle) = (shop.client().await, shop.plain().await);
    let mut ids = Vec::new();
    for n in 0..40_i64 {
        let (customer, low) = (n % 11 + 1, i64::from(super::genes::slot(n % 11 + 1)));
        let id = id_of(customer, n);
        let packed = (id >> 12 << 12) + 1024 + low;
        // Every other old id was made before ids carried slots.
        let old = if n % 2 == 0 { n } else { id };
        ids.extend([id, packed, old]);
        for (table, id) in [("sales", id), ("packed", packed), ("old", old)] {
            let insert = format!(
                "INSERT INTO {table} (sale_id, customer_id, n) VALUES ({}, {customer}, {n})",
                if id == 0 { 41 } else { id }
            );
            run(&mut client, &[&insert]).await;
            run(&mut oracle, &[&insert]).await;
        }
        if n % 3 != 0 {
            let insert =
                format!("INSERT INTO items (sale_id, customer_id, line) VALUES ({id}, {customer}, {n})");
            run(&mut client, &[&insert]).await;
            run(&mut oracle, &[&insert]).await;
        }
    }
    let mut maker = Maker { random: Random::new(SEED), ids };
    let (mut answered, mut refused) = (0, 0);
    for number in 0..STATEMENTS {
        let text = maker.statement();
        // In a strict sql_mode it depends on the rows that a server looks at whether this is an error.
        if text.contains("x'") && !text.starts_with("SELECT") {
            continue;
        }
        let parameters = if number % 2 == 0 { None } else { bound(&text) };
        let (sql, params) = match &parameters {
            Some((sql, params)) => (sql, Some(params.as_slice())),
            None => (&text, None),
        };
        let answer = ask(&mut client, sql, params).await;
        if answer.errno() == REFUSED {
            refused += 1;
            continue;
        }
        answered += 1;
        let wanted = ask(&mut oracle, sql, params).await;
        assert_eq!(content(&answer), content(&wanted), "{number}: {text}");
    }
    println!("{answered} answered, {refused} refused");
    assert!(answered > STATEMENTS / 2, "{refused} refused");
    for table in ["sales", "old", "packed", "items"] {
        let all = format!("SELECT * FROM {table} ORDER BY sale_id");
        assert_eq!(content(&client.one(&all).await), content(&oracle.one(&all).await), "{table}");
    }
}
