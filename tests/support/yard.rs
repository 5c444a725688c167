//! A shop with orders to bring together, seen from its servers too: where statements are stopped in the middle.

use super::client::{Answer, Client};
use super::cluster::Lab;
use super::shop::{Setup, Shop, run, running, soon};

pub const SMALL_POOL: &str = "[pool]\nmax_connections = 4\n";

/// Users and orders of all shards, joined by what is no sharding key.
pub struct Yard<'a> {
    pub shop: Shop<'a>,
    pub direct: Vec<Client>,
    pub lockers: Vec<Client>,
}

impl<'a> Yard<'a> {
    pub async fn over(lab: &'a Lab, tag: &str, more: &str) -> Self {
        let shop = Shop::over(lab, tag, &Setup { more, ..Setup::default() }).await;
        let (mut direct, mut lockers) = (Vec::new(), Vec::new());
        for shard in 0..shop.shards() {
            let key = shop.key(shard, 0, 0);
            let mut server = shop.direct(shard).await;
            let base = shard * 1_000_000;
            let rows: Vec<String> = (1..=64).map(|n| format!("({}, {key}, 7)", base + n)).collect();
            run(
                &mut server,
                &[
                    &format!("INSERT INTO users (id, name, age) VALUES ({key}, 'u', 7)"),
                    &format!("INSERT INTO orders (id, user_id, product_id) VALUES {}", rows.join(",")),
                ],
            )
            .await;
            direct.push(server);
            lockers.push(shop.direct(shard).await);
        }
        Self { shop, direct, lockers }
    }

    /// A connection to the last shard, to lock what is there.
    pub fn locker(&mut self) -> &mut Client {
        self.lockers.last_mut().unwrap()
    }

    /// How many statements like this run.
    pub async fn busy(&mut self, like: &str) -> i64 {
        let mut count = 0;
        for server in &mut self.direct {
            count += running(server, like).await;
        }
        count
    }

    pub async fn unlock(&mut self) {
        for locker in &mut self.lockers {
            run(locker, &["UNLOCK TABLES"]).await;
        }
    }
}

/// The error of the statement that is under way.
pub async fn error(client: &mut Client, what: &str) -> (u16, String) {
    match soon(what, client.receive()).await {
        Ok(answers) => match answers.into_iter().next() {
            Some(Answer::Refused(refusal)) => (refusal.errno, refusal.message),
            other => panic!("{what}: {other:?}"),
        },
        Err(failure) => panic!("{what}: {failure}"),
    }
}
