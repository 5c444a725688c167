//! Writes on several shards: all of one or nothing, reference tables, generated ids.

use std::collections::HashSet;

use crate::support::client::{Answer, CLIENT_FOUND_ROWS, Client, Login, Param};
use crate::support::proxy::Options;
use crate::support::shop::{Setup, Shop, connect, number, numbers, run, soon, text};

/// One key on each shard, the `nth` above `above`.
fn keys(shop: &Shop<'_>, above: i64, nth: usize) -> Vec<i64> {
    (0..shop.shards()).map(|shard| shop.key(shard, above, nth)).collect()
}

fn users(keys: &[i64], name: &str) -> String {
    let rows: Vec<String> = keys.iter().map(|key| format!("({key}, '{name}')")).collect();
    format!("INSERT INTO users (id, name) VALUES {}", rows.join(", "))
}

#[tokio::test]
async fn an_error_on_one_shard_leaves_nothing_on_the_others() {
    let shop = Shop::shared("all_or_nothing").await;
    let mut client = shop.client().await;
    run(&mut client, &["ALTER TABLE users ADD UNIQUE KEY email_key (email)"]).await;
    for shard in 0..4 {
        let (first, second) = (keys(&shop, 0, 0), keys(&shop, 0, 1));
        run(&mut client, &["DELETE FROM users", &users(&[first[shard]], "there")]).await;
        // A key that is there already.
        for sql in [users(&first, "new"), users(&[second.as_slice(), &first].concat(), "new")] {
            let answer = client.one(&sql).await;
            assert_eq!(answer.errno(), 1062, "{sql}: {answer}");
            assert_eq!(shop.each("SELECT COUNT(*) FROM users").await.iter().sum::<i64>(), 1, "{sql}");
            let prepared = client.prepare(&sql).await.unwrap();
            assert_eq!(client.execute(&prepared, &[]).await.unwrap()[0].errno(), 1062);
            assert_eq!(
                shop.each("SELECT COUNT(*) FROM users").await.iter().sum::<i64>(),
                1,
                "prepared: {sql}"
            );
        }
        // A change that only one shard refuses.
        run(
            &mut client,
            &["DELETE FROM users", &users(&first, "one"), &users(&second[shard..=shard], "two")],
        )
        .await;
        let sql = "UPDATE users SET email = 'same'";
        assert_eq!(client.one(sql).await.errno(), 1062);
        assert_eq!(shop.each("SELECT COUNT(*) FROM users WHERE email IS NOT NULL").await, [0; 4]);
        // Inside of a transaction the statement is undone, and no more.
        let third = keys(&shop, 1000, 0);
        run(&mut client, &["BEGIN", &users(&third[..2], "before")]).await;
        for sql in [sql.to_owned(), users(&[third.as_slice(), &first[shard..=shard]].concat(), "new")] {
            assert_eq!(client.one(&sql).await.errno(), 1062, "{sql}");
        }
        let answer = client.ping().await.unwrap();
        assert_eq!(answer.done().status & 1, 1, "the transaction goes on");
        run(&mut client, &[&users(&third[2..], "after"), "COMMIT"]).await;
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM users").await), 9);
        assert_eq!(number(&client.one("SELECT COUNT(*) FROM users WHERE email IS NOT NULL").await), 0);
        assert_eq!(shop.each("SELECT COUNT(*) FROM users WHERE id > 1000").await, [1; 4]);
    }
}

#[tokio::test]
async fn numbered_tables_change_as_one() {
    let setup = Setup { options: Options { numbered: true, ..Options::default() }, ..Setup::default() };
    let shop = Shop::shared_with("numbered_writes", &setup).await;
    let mut client = shop.client().await;
    let row = |id: i64, user: i64| format!("({id}, {user}, 1)");
    let insert =
        |rows: &[String]| format!("INSERT INTO orders (id, user_id, product_id) VALUES {}", rows.join(", "));
    let all: Vec<String> = (1..=80).map(|n| row(n, n)).collect();
    assert_eq!(client.one(&insert(&all)).await.done().affected, 80);
    let counts = [0, 1].map(|n| format!("SELECT COUNT(*) FROM orders_{n}"));
    let (even, odd) = (shop.each(&counts[0]).await, shop.each(&counts[1]).await);
    assert!(even.iter().chain(&odd).all(|count| *count > 0), "{even:?} {odd:?}");
    assert_eq!(even.iter().chain(&odd).sum::<i64>(), 80);
    // The last row is there already.
    let again: Vec<String> = (200..=240).map(|n| row(n, n)).chain([row(80, 80)]).collect();
    assert_eq!(client.one(&insert(&again)).await.errno(), 1062);
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders").await), 80);
    assert_eq!(client.one("UPDATE orders SET total = user_id").await.done().affected, 80);
    assert_eq!(client.one("DELETE FROM orders WHERE total > 40").await.done().affected, 40);
    assert_eq!(
        (shop.each(&counts[0]).await, shop.each(&counts[1]).await).0.iter().sum::<i64>()
            + shop.each(&counts[1]).await.iter().sum::<i64>(),
        40
    );
    run(
        &mut client,
        &["BEGIN", "UPDATE orders SET note = 'gone'", "DELETE FROM orders WHERE user_id < 10", "ROLLBACK"],
    )
    .await;
    assert_eq!(number(&client.one("SELECT COUNT(*) FROM orders WHERE note IS NULL").await), 40);
}

#[tokio::test]
async fn reference_tables_are_written_everywhere() {
    let shop = Shop::shared("reference").await;
    let mut client = shop.client().await;
    let sum = "SELECT COALESCE(SUM(id * 100 + price), 0) FROM products";
    for (sql, affected, total) in [
        ("INSERT INTO products (id, name, price) VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)", 3, 606),
        ("UPDATE products SET price = price + 1", 3, 609),
        ("UPDATE products SET price = 4 WHERE id = 3", 0, 609),
        ("DELETE FROM products WHERE id = 2", 1, 406),
        ("REPLACE INTO products (id, name, price) VALUES (3, 'c', 9)", 2, 411),
        ("INSERT IGNORE INTO products (id, name, price) VALUES (3, 'x', 1), (4, 'd', 0)", 1, 811),
        (
            "INSERT INTO products (id, name, price) VALUES (4, 'x', 1) ON DUPLICATE KEY UPDATE price = 5",
            2,
            816,
        ),
    ] {
        let answer = client.one(sql).await;
        assert_eq!(answer.done().affected, affected, "{sql}");
        let sums: Vec<String> = {
            let mut all = Vec::new();
            for shard in 0..4 {
                all.push(text(&shop.direct(shard).await.one(sum).await));
            }
            all
        };
        assert!(sums.iter().all(|s| *s == format!("{total}.00")), "{sql}: {sums:?}");
    }
    // One copy that is not like the others refuses the statement: then it is done nowhere.
    run(&mut shop.direct(2).await, &["INSERT INTO products (id, name, price) VALUES (50, 'only here', 0)"])
        .await;
    let sql = "INSERT INTO products (id, name, price) VALUES (49, 'y', 0), (50, 'x', 0)";
    assert_eq!(client.one(sql).await.errno(), 1062);
    assert_eq!(shop.each("SELECT COUNT(*) FROM products WHERE id = 49").await, [0; 4]);
    run(&mut client, &["BEGIN", "INSERT INTO products (id, name, price) VALUES (60, 'kept', 0)"]).await;
    assert_eq!(client.one(sql).await.errno(), 1062);
    run(&mut client, &["COMMIT"]).await;
    assert_eq!(shop.each("SELECT COUNT(*) FROM products WHERE id IN (49, 60)").await, [1; 4]);
    // Read anywhere, inside of a transaction too.
    run(&mut client, &["BEGIN", "UPDATE products SET name = 'seen' WHERE id = 60"]).await;
    for key in keys(&shop, 0, 0) {
        let sql = format!("SELECT name FROM products WHERE id = 60 OR id = -{key}");
        assert_eq!(text(&client.one(&sql).await), "seen");
    }
    run(&mut client, &["ROLLBACK"]).await;
    for _ in 0..8 {
        assert_eq!(text(&client.one("SELECT name FROM products WHERE id = 60").await), "kept");
    }
}

/// Ids that a statement's rows have got, by their mark.
async fn marked(client: &mut Client, mark: &str) -> Vec<i64> {
    let mut ids = numbers(&client.one(&format!("SELECT id FROM orders WHERE note = '{mark}'")).await);
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn generated_ids_under_concurrency() {
    let shop = Shop::shared("ids").await;
    let tasks: Vec<_> = (0..8)
        .map(|n: i64| {
            let login = shop.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let sql =
                    "INSERT INTO orders (user_id, product_id, note) VALUES (?, 1, ?), (?, 1, ?), (?, 1, ?)";
                let prepared = client.prepare(sql).await.unwrap();
                let mut all = Vec::new();
                for round in 0..40_i64 {
                    let mark = format!("{n}-{round}");
                    let note = Param::Str(mark.clone());
                    let mut count = 3;
                    let done = if round % 2 == 0 {
                        let of = |add: i64| Param::Int(n * 1000 + round * 3 + add);
                        let params = [of(0), note.clone(), of(1), note.clone(), of(2), note];
                        client.execute(&prepared, &params).await.unwrap().remove(0)
                    } else {
                        count = round % 7 + 1;
                        let rows: Vec<String> = (0..count)
                            .map(|add| format!("({}, 1, '{mark}')", n * 1000 + round * 3 + add))
                            .collect();
                        let insert = format!(
                            "INSERT INTO orders (user_id, product_id, note) VALUES {}",
                            rows.join(",")
                        );
                        client.one(&insert).await
                    };
                    let done = done.done().clone();
                    assert_eq!(done.affected, count as u64);
                    let told = number(&client.one("SELECT LAST_INSERT_ID()").await);
                    assert_eq!(told, done.last_id as i64);
                    let ids = marked(&mut client, &mark).await;
                    let wanted: Vec<i64> = (0..count).map(|n| told + n).collect();
                    assert_eq!(ids, wanted, "one after another, the first in OK");
                    all.extend(ids);
                }
                all
            })
        })
        .collect();
    let (mut seen, mut total) = (HashSet::new(), 0);
    for task in tasks {
        for id in soon("a client", task).await.unwrap() {
            assert!(id > 0 && seen.insert(id), "{id} twice");
            total += 1;
        }
    }
    assert_eq!(shop.each("SELECT COUNT(*) FROM orders").await.iter().sum::<i64>(), total);
}

#[tokio::test]
async fn last_insert_id_is_a_session_s_own() {
    let shop = Shop::shared("last_id").await;
    let (mut a, mut b) = (shop.client().await, shop.client().await);
    assert_eq!(number(&a.one("SELECT LAST_INSERT_ID()").await), 0);
    let first = a.one("INSERT INTO users (name) VALUES ('a')").await.done().last_id;
    let second = b.one("INSERT INTO users (name) VALUES ('b'), ('c')").await.done().last_id;
    assert_ne!(first, second);
    assert_eq!(number(&a.one("SELECT LAST_INSERT_ID()").await) as u64, first);
    assert_eq!(number(&b.one("SELECT @@last_insert_id").await) as u64, second);
    // A failed insert, one with ids of its own, and reads change nothing.
    for sql in [
        "INSERT INTO users (id, name) VALUES (5, 'own')",
        "SELECT COUNT(*) FROM users",
        "UPDATE users SET age = 1",
    ] {
        a.one(sql).await;
    }
    assert_eq!(a.one("INSERT INTO users (id, name) VALUES (5, 'own')").await.errno(), 1062);
    assert_eq!(number(&a.one("SELECT LAST_INSERT_ID()").await) as u64, first);
    // Used in a statement, for the row's children.
    let done = a.one("INSERT INTO orders (user_id, product_id) VALUES (LAST_INSERT_ID(), 7)").await;
    assert_eq!(done.errno(), 0, "{done}");
    let rows = a.one(&format!("SELECT product_id FROM orders WHERE user_id = {first}")).await;
    assert_eq!(number(&rows), 7);
    // 0, NULL and DEFAULT ask for an id as well; with NO_AUTO_VALUE_ON_ZERO, 0 is a value.
    for value in ["0", "NULL", "DEFAULT", "'0'"] {
        let done = a.one(&format!("INSERT INTO users (id, name) VALUES ({value}, 'x')")).await;
        assert!(done.done().last_id > 1 << 40, "{value}: {done}");
    }
    run(
        &mut a,
        &["SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'", "INSERT INTO users (id, name) VALUES (0, 'zero')"],
    )
    .await;
    assert_eq!(text(&a.one("SELECT name FROM users WHERE id = 0").await), "zero");
}

#[tokio::test]
async fn affected_rows_as_the_client_counts_them() {
    let shop = Shop::shared("found_rows").await;
    let mut changed = shop.client().await;
    let mut found = connect(&Login { capabilities: CLIENT_FOUND_ROWS, ..shop.login() }).await;
    run(&mut changed, &[&users(&keys(&shop, 0, 0), "x")]).await;
    let one = format!("UPDATE users SET name = 'x' WHERE id = {}", shop.key(0, 0, 0));
    for (sql, matched) in [(one.as_str(), 1), ("UPDATE users SET name = 'x'", 4)] {
        assert_eq!(changed.one(sql).await.done().affected, 0, "{sql}");
        let Answer::Done(done) = found.one(sql).await else { panic!() };
        assert_eq!(done.affected, matched, "{sql}");
        assert!(done.info.contains(&format!("Rows matched: {matched}  Changed: 0")), "{}", done.info);
    }
}

/// Two clients that change the same rows on all shards at the same time never wait for each other in a circle for ever.
#[tokio::test]
async fn statements_on_all_shards_side_by_side() {
    let shop = Shop::shared("side_by_side").await;
    run(&mut shop.client().await, &[&users(&keys(&shop, 0, 0), "x"), &users(&keys(&shop, 0, 1), "x")]).await;
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let login = shop.login();
            tokio::spawn(async move {
                let mut client = connect(&login).await;
                let mut done = 0;
                for _ in 0..30 {
                    let answer = client.one("UPDATE users SET age = IFNULL(age, 0) + 1").await;
                    assert!([0, 1213, 1205].contains(&answer.errno()), "{answer}");
                    done += i64::from(answer.errno() == 0);
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += soon("a client", task).await.unwrap();
    }
    let ages = shop.client().await.one("SELECT DISTINCT age FROM users").await;
    assert_eq!(ages.rows().len(), 1, "every statement on all rows or on none: {ages}");
    assert_eq!(number(&ages), done);
    assert!(done > 0);
    soon("a last one", shop.client().await.one("UPDATE users SET age = 0")).await.done();
}
