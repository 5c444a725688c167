//! What the bank keeps: its tables, a journal of what clients were told, and the audit that compares the two.
//!
//! Whatever happens: an account's balance is what its transfers say, the sum over all accounts is constant, the rows of a
//! transfer are all there or none is, and the counters of a group, which only one statement changes, are equal. Tokens move from shard to shard as their key is set:
//! each is somewhere once, where its key belongs.

use std::collections::HashMap;

use super::house::{House, SHARDS};
use crate::support::client::Cell;
use crate::support::shop::run;

/// Accounts of each shard that the tellers move money between.
pub const ACCOUNTS: usize = 6;
pub const GROUPS: i64 = 6;
pub const TOKENS: i64 = 8;
const BALANCE: i64 = 1_000_000;

/// What the client knows about something that it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Acknowledged,
    /// An error that says that nothing was done.
    Refused(String),
    /// No answer, or error 1180.
    Unknown(String),
}

/// A transfer: what is added to which account.
#[derive(Debug, Clone)]
pub struct Transfer {
    pub id: u64,
    pub sides: Vec<(i64, i64)>,
    pub told: Told,
}

/// All that clients were told.
#[derive(Debug, Default)]
pub struct Journal {
    pub transfers: Vec<Transfer>,
    /// Group and answer of each step of its counters.
    pub steps: Vec<(i64, Told)>,
    /// Answers to moves of tokens.
    pub moves: Vec<Told>,
}

impl Journal {
    fn all(&self) -> impl Iterator<Item = &Told> {
        let steps = self.steps.iter().map(|(_, told)| told);
        self.transfers.iter().map(|transfer| &transfer.told).chain(steps).chain(&self.moves)
    }

    /// How many were acknowledged, refused, and left open.
    pub fn told(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for told in self.all() {
            counts[match told {
                Told::Acknowledged => 0,
                Told::Refused(_) => 1,
                Told::Unknown(_) => 2,
            }] += 1;
        }
        counts
    }

    /// The errors that were told, without names and numbers of what they were about, and how often.
    pub fn reasons(&self) -> Vec<(String, usize)> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for told in self.all() {
            if let Told::Refused(why) | Told::Unknown(why) = told {
                let masked = why.replace(|c: char| c.is_ascii_digit(), "");
                let number: String = why.chars().take_while(char::is_ascii_digit).collect();
                *counts.entry(number + &masked).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        counts
    }
}

/// The shard of a key: `CRC32(key) % 1024`, even ranges.
pub fn shard(key: i64) -> usize {
    crc32fast::hash(key.to_string().as_bytes()) as usize % 1024 / (1024 / SHARDS)
}

/// The `nth` key of a shard, counted from 0.
pub fn key(on: usize, nth: usize) -> i64 {
    (1..).filter(|&key| shard(key) == on).nth(nth).unwrap()
}

/// Makes the tables on each server, with so many accounts on each.
pub async fn open(house: &House, accounts: usize) {
    for on in 0..SHARDS {
        let rows: Vec<_> = (0..accounts).map(|nth| format!("({}, {BALANCE})", key(on, nth))).collect();
        let counters: Vec<_> =
            (0..GROUPS).map(|group| format!("({}, {group}, 0)", key(on, group as usize))).collect();
        let tokens: Vec<_> = (1..=TOKENS)
            .filter(|token| *token as usize % SHARDS == on)
            .map(|token| format!("({token}, {})", key(on, 0)))
            .collect();
        let mut client = house.direct(on).await;
        let statements = [
            "CREATE TABLE accounts (id BIGINT NOT NULL PRIMARY KEY, balance BIGINT NOT NULL)".to_owned(),
            "CREATE TABLE transfers (account BIGINT NOT NULL, id BIGINT NOT NULL, amount BIGINT NOT NULL, \
             PRIMARY KEY (account, id))"
                .to_owned(),
            "CREATE TABLE counters (id BIGINT NOT NULL PRIMARY KEY, grp INT NOT NULL, v BIGINT NOT NULL, KEY (grp))"
                .to_owned(),
            format!("INSERT INTO accounts VALUES {}", rows.join(", ")),
            format!("INSERT INTO counters VALUES {}", counters.join(", ")),
            "CREATE TABLE tokens (id BIGINT NOT NULL PRIMARY KEY, place BIGINT NOT NULL)".to_owned(),
            format!("INSERT INTO tokens VALUES {}", tokens.join(", ")),
        ];
        run(&mut client, &statements.each_ref().map(String::as_str)).await;
    }
}

/// Compares what is there with what was told; all that is wrong.
pub async fn audit(house: &House, journal: &Journal) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut stored: HashMap<u64, Vec<(i64, i64)>> = HashMap::new();
    let mut counters: HashMap<i64, Vec<i64>> = HashMap::new();
    let mut tokens = Vec::new();
    let (mut sum, mut accounts) = (0, 0);
    for on in 0..SHARDS {
        let mut client = house.direct(on).await;
        run(&mut client, &["BEGIN"]).await;
        for table in ["accounts", "transfers", "counters", "tokens"] {
            let answer = client.one(&format!("SELECT * FROM {table} FOR UPDATE")).await;
            if answer.errno() != 0 {
                wrong.push(format!("ds{on}: rows of {table} are locked: {answer}"));
            }
        }
        run(&mut client, &["ROLLBACK"]).await;
        let mut moved: HashMap<i64, i64> = HashMap::new();
        for row in client.one("SELECT account, id, amount FROM transfers").await.rows() {
            let [account, id, amount] = ints(row);
            *moved.entry(account).or_default() += amount;
            stored.entry(id as u64).or_default().push((account, amount));
        }
        for row in client.one("SELECT id, balance FROM accounts").await.rows() {
            let [id, balance] = ints(row);
            (sum, accounts) = (sum + balance, accounts + 1);
            let right = BALANCE + moved.get(&id).copied().unwrap_or(0);
            if balance != right {
                wrong.push(format!("ds{on}: account {id} has {balance}, its transfers say {right}"));
            }
        }
        for row in client.one("SELECT id, place FROM tokens").await.rows() {
            let [token, place] = ints(row);
            tokens.push(token);
            if shard(place) != on {
                wrong.push(format!("ds{on}: token {token} is at {place}, which is ds{}", shard(place)));
            }
        }
        for row in client.one("SELECT grp, v FROM counters").await.rows() {
            let [group, value] = ints(row);
            counters.entry(group).or_default().push(value);
        }
    }
    if sum != accounts * BALANCE {
        wrong.push(format!("{accounts} accounts have {sum} instead of {}", accounts * BALANCE));
    }
    tokens.sort_unstable();
    if !tokens.iter().copied().eq(1..=TOKENS) {
        wrong.push(format!("of {TOKENS} tokens there are {tokens:?}"));
    }
    for transfer in &journal.transfers {
        let mut there = stored.remove(&transfer.id).unwrap_or_default();
        let mut whole = transfer.sides.clone();
        there.sort_unstable();
        whole.sort_unstable();
        let right = match transfer.told {
            Told::Acknowledged => there == whole,
            Told::Refused(_) => there.is_empty(),
            Told::Unknown(_) => there.is_empty() || there == whole,
        };
        if !right {
            wrong.push(format!("of {transfer:?} there is {there:?}"));
        }
    }
    wrong.extend(stored.into_iter().map(|stranger| format!("nobody asked for the transfer {stranger:?}")));
    for (group, values) in counters {
        let count = |wanted: fn(&Told) -> bool| {
            journal.steps.iter().filter(|(of, told)| *of == group && wanted(told)).count() as i64
        };
        let least = count(|told| *told == Told::Acknowledged);
        let most = least + count(|told| matches!(told, Told::Unknown(_)));
        if values.iter().any(|value| *value != values[0] || !(least..=most).contains(value)) {
            wrong.push(format!("counters of group {group} are {values:?}, and not one of {least}..={most}"));
        }
    }
    wrong
}

fn ints<const N: usize>(row: &[Cell]) -> [i64; N] {
    let cells: Vec<i64> =
        row.iter().map(|cell| cell.to_string().trim_matches('\'').parse().unwrap()).collect();
    cells.try_into().unwrap()
}
