//! A client of the bank: it moves money in transactions of several kinds, and writes down what it was told.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::house::{House, SHARDS};
use super::ledger::{ACCOUNTS, GROUPS, Journal, TOKENS, Told, Transfer, key, shard};
use crate::support::client::{Answer, Client, Failure};

/// How long an answer may take in the worst case: servers restart, proxies are stopped, branches wait for recovery.
const PATIENCE: Duration = Duration::from_secs(300);
/// `ER_ERROR_DURING_COMMIT`: the outcome is not known.
const OUTCOME_UNKNOWN: u16 = 1180;
/// A server cannot be reached: no need to ask again at once.
const SOURCE_DOWN: u16 = 2003;
/// The connection to a server was lost in a statement.
const SOURCE_LOST: u16 = 2013;
const PAUSE: Duration = Duration::from_millis(20);

/// Why something was not done.
enum Failed {
    Refused(u16, String),
    Broken(String),
}

/// What a transaction does besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// A part is done twice, and rolled back to a savepoint once.
    Savepoint,
    /// It reads on a shard where it writes nothing.
    Reader,
    /// It ends with ROLLBACK.
    TakenBack,
}

/// A client, and what it was told.
pub struct Teller<'a> {
    house: &'a House,
    place: usize,
    client: Option<Client>,
    pub journal: Journal,
}

impl<'a> Teller<'a> {
    pub fn new(house: &'a House, place: usize) -> Self {
        Self { house, place, client: None, journal: Journal::default() }
    }

    /// Does one thing by chance. This is where further kinds of writes are added.
    pub async fn act(&mut self, id: u64, rng: &mut StdRng) {
        match rng.random_range(0..20) {
            0..2 => self.count(rng.random_range(0..GROUPS)).await,
            2..3 => {
                let place = key(rng.random_range(0..SHARDS), rng.random_range(0..ACCOUNTS));
                self.move_token(rng.random_range(1..=TOKENS), place).await;
            }
            3..6 => self.note(id, random_sides(rng, 0)).await,
            6..8 => self.transfer(id, random_sides(rng, 1), Kind::TakenBack).await,
            8..11 => self.transfer(id, random_sides(rng, 100), Kind::Reader).await,
            11..14 => self.transfer(id, random_sides(rng, 100), Kind::Savepoint).await,
            _ => self.transfer(id, random_sides(rng, 100), Kind::Plain).await,
        }
    }

    /// A transfer in a transaction.
    pub async fn transfer(&mut self, id: u64, sides: Vec<(i64, i64)>, kind: Kind) {
        let told = match self.work(id, &sides, kind).await {
            Err(failed) => {
                self.say("ROLLBACK").await.ok();
                refused(failed)
            }
            Ok(()) if kind == Kind::TakenBack => {
                self.say("ROLLBACK").await.ok();
                Told::Refused("taken back".into())
            }
            Ok(()) => told(self.say("COMMIT").await),
        };
        let told = self.heard(told);
        self.journal.transfers.push(Transfer { id, sides, told });
    }

    /// Rows on several shards by one INSERT outside of a transaction.
    async fn note(&mut self, id: u64, sides: Vec<(i64, i64)>) {
        let said = self.say(&insert(id, &sides)).await;
        let here = shard(sides[0].0);
        let told = match said {
            // On one server it is what it is without Shardgate: it may have been carried out.
            Err(Failed::Refused(SOURCE_LOST, why)) if sides.iter().all(|(key, _)| shard(*key) == here) => {
                Told::Unknown(why)
            }
            said => told(said),
        };
        let told = self.heard(told);
        self.journal.transfers.push(Transfer { id, sides, told });
    }

    /// One UPDATE of rows on all shards outside of a transaction.
    async fn count(&mut self, group: i64) {
        let told = told(self.say(&format!("UPDATE counters SET v = v + 1 WHERE grp = {group}")).await);
        let told = self.heard(told);
        self.journal.steps.push((group, told));
    }

    /// A row's sharding key is set: it moves to another shard.
    async fn move_token(&mut self, token: i64, place: i64) {
        let said = self.say(&format!("UPDATE tokens SET place = {place} WHERE id = {token}")).await;
        let told = self.heard(told(said));
        self.journal.moves.push(told);
    }

    async fn work(&mut self, id: u64, sides: &[(i64, i64)], kind: Kind) -> Result<(), Failed> {
        self.say("BEGIN").await?;
        for (account, _) in sides {
            self.say(&format!("SELECT balance FROM accounts WHERE id = {account} FOR UPDATE")).await?;
        }
        if kind == Kind::Reader {
            for on in 0..SHARDS {
                self.say(&format!("SELECT balance FROM accounts WHERE id = {}", key(on, 0))).await?;
            }
        }
        if kind == Kind::Savepoint {
            let (account, _) = sides[sides.len() - 1];
            self.say("SAVEPOINT before").await?;
            self.say(&format!("UPDATE accounts SET balance = 0 WHERE id = {account}")).await?;
            self.say(&insert(id, sides)).await?;
            self.say("ROLLBACK TO SAVEPOINT before").await?;
        }
        for (account, amount) in sides {
            let update = format!("UPDATE accounts SET balance = balance + ({amount}) WHERE id = {account}");
            self.say(&update).await?;
        }
        self.say(&insert(id, sides)).await?;
        Ok(())
    }

    /// Counts what was acknowledged.
    fn heard(&self, told: Told) -> Told {
        if told == Told::Acknowledged {
            self.house.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        told
    }

    /// Runs a statement on the connection, or on a new one.
    async fn say(&mut self, sql: &str) -> Result<Answer, Failed> {
        let mut client = match self.client.take() {
            Some(client) => client,
            // A transaction goes on nowhere but where it began.
            None if ["BEGIN", "INSERT", "UPDATE counters", "UPDATE tokens"]
                .iter()
                .any(|word| sql.starts_with(word)) =>
            {
                match self.house.client(self.place).await {
                    Ok(client) => client,
                    Err(failure) => {
                        tokio::time::sleep(PAUSE).await;
                        return Err(Failed::Refused(0, format!("login: {failure}")));
                    }
                }
            }
            None => return Err(Failed::Broken("the connection was lost before".into())),
        };
        let asked = tokio::time::timeout(PATIENCE, client.query(sql)).await;
        let answer = asked.unwrap_or_else(|_| panic!("no answer within {PATIENCE:?}: {sql}"));
        match answer.map_err(|failure| failed(failure, sql))?.remove(0) {
            Answer::Refused(refusal) => {
                self.client = Some(client);
                if refusal.errno == SOURCE_DOWN {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(Failed::Refused(refusal.errno, format!("{} {}", refusal.errno, refusal.message)))
            }
            answer => {
                self.client = Some(client);
                Ok(answer)
            }
        }
    }
}

fn failed(failure: Failure, sql: &str) -> Failed {
    let verb = sql.split_whitespace().next().unwrap_or_default();
    match failure {
        Failure::Refused(refusal) => Failed::Refused(refusal.errno, refusal.message),
        Failure::Broken(why) => Failed::Broken(format!("{verb}: {why}")),
    }
}

/// What was told before the end of the transaction was asked for.
fn refused(failed: Failed) -> Told {
    let (Failed::Refused(_, why) | Failed::Broken(why)) = failed;
    Told::Refused(why)
}

/// What was told when it was to become lasting.
fn told(answer: Result<Answer, Failed>) -> Told {
    match answer {
        Ok(_) => Told::Acknowledged,
        Err(Failed::Refused(OUTCOME_UNKNOWN, why) | Failed::Broken(why)) => Told::Unknown(why),
        Err(Failed::Refused(_, why)) => Told::Refused(why),
    }
}

fn insert(id: u64, sides: &[(i64, i64)]) -> String {
    let rows: Vec<_> = sides.iter().map(|(account, amount)| format!("({account}, {id}, {amount})")).collect();
    format!("INSERT INTO transfers (account, id, amount) VALUES {}", rows.join(", "))
}

/// Two or three accounts; what some lose the others get. Mostly in the order of their keys, so that few wait for each
/// other in a circle.
fn random_sides(rng: &mut StdRng, most: i64) -> Vec<(i64, i64)> {
    let mut sides = BTreeMap::new();
    let count = rng.random_range(2..=3);
    while sides.len() < count {
        sides.insert(key(rng.random_range(0..SHARDS), rng.random_range(0..ACCOUNTS)), 0);
    }
    let mut sides: Vec<_> = sides.into_iter().collect();
    let mut left = 0;
    for (_, amount) in &mut sides[1..] {
        *amount = rng.random_range(-most..=most);
        left -= *amount;
    }
    sides[0].1 = left;
    if rng.random_range(0..8) == 0 {
        sides.reverse();
    }
    sides
}
