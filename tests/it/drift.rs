//! `shardgate check --connect`: what differs between places is found and shown as a diff.

use std::process::{Command, Output};

use crate::support::proxy::Options;
use crate::support::shop::{Setup, Shop, run};

fn check(shop: &Shop<'_>) -> Output {
    let config = shop.proxy.config();
    Command::new(env!("CARGO_BIN_EXE_shardgate")).arg("check").arg(config).arg("--connect").output().unwrap()
}

/// What it says of problems; the exit code tells whether there are any.
fn problems(shop: &Shop<'_>) -> String {
    let output = check(shop);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = i32::from(!said.is_empty());
    assert_eq!(output.status.code(), Some(code), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    said
}

#[tokio::test]
async fn every_kind_of_difference_is_shown() {
    let setup = Setup { options: Options { numbered: true, ..Options::default() }, ..Setup::default() };
    let shop = Shop::shared_with("drift", &setup).await;
    let name = &shop.database;
    let mut client = shop.client().await;
    run(&mut client, &["INSERT INTO users (id, name) VALUES (1, 'x'), (2, 'x'), (3, 'x')"]).await;
    assert_eq!(problems(&shop), "", "counters are no difference");
    let stdout = String::from_utf8_lossy(&check(&shop).stdout).into_owned();
    assert!(stdout.contains("the servers fit"), "{stdout}");
    // Each is made on one shard, found, and taken back.
    for (shard, there, back, shows) in [
        (
            2,
            "ALTER TABLE users ADD COLUMN extra INT DEFAULT 5",
            "ALTER TABLE users DROP COLUMN extra",
            vec!["+ `extra` int"],
        ),
        (
            1,
            "ALTER TABLE users MODIFY name VARCHAR(65) NOT NULL",
            "ALTER TABLE users MODIFY name VARCHAR(64) NOT NULL",
            vec!["- `name` varchar(64)", "+ `name` varchar(65)"],
        ),
        (
            3,
            "ALTER TABLE users MODIFY name VARCHAR(64)",
            "ALTER TABLE users MODIFY name VARCHAR(64) NOT NULL",
            vec!["- `name` varchar(64)", " NOT NULL", "+ `name` varchar(64)", " DEFAULT NULL"],
        ),
        (
            0,
            "ALTER TABLE users MODIFY city VARCHAR(40) FIRST",
            "ALTER TABLE users MODIFY city VARCHAR(40) AFTER email",
            vec!["- `city` varchar(40)", "+ `city` varchar(40)"],
        ),
        (
            2,
            "ALTER TABLE users MODIFY city VARCHAR(40) CHARACTER SET latin1",
            "ALTER TABLE users MODIFY city VARCHAR(40)",
            vec!["+ `city` varchar(40) CHARACTER SET latin1"],
        ),
        (
            1,
            "ALTER TABLE users ALTER active SET DEFAULT 0",
            "ALTER TABLE users ALTER active SET DEFAULT 1",
            vec!["- `active`", "+ `active`"],
        ),
        (
            1,
            "ALTER TABLE users ADD COLUMN sum BIGINT AS (age + 1) VIRTUAL",
            "ALTER TABLE users DROP COLUMN sum",
            vec!["+ `sum` bigint", "GENERATED ALWAYS AS ", "(`age` + 1)"],
        ),
        (
            3,
            "ALTER TABLE users DROP KEY city_key",
            "ALTER TABLE users ADD KEY city_key (city)",
            vec!["- KEY `city_key` (`city`)"],
        ),
        (
            3,
            "ALTER TABLE users ADD UNIQUE KEY only_here (name, id)",
            "ALTER TABLE users DROP KEY only_here",
            vec!["+ UNIQUE KEY `only_here` (`name`,`id`)"],
        ),
        (
            0,
            "ALTER TABLE users ADD COLUMN parent BIGINT, ADD CONSTRAINT up FOREIGN KEY (parent) REFERENCES users (id)",
            "ALTER TABLE users DROP FOREIGN KEY up, DROP KEY up, DROP COLUMN parent",
            vec!["+ CONSTRAINT `up` FOREIGN KEY (`parent`) REFERENCES `users` (`id`)"],
        ),
        (
            0,
            "ALTER TABLE users ENGINE = MyISAM",
            "ALTER TABLE users ENGINE = InnoDB",
            vec!["- ) ENGINE=InnoDB", "+ ) ENGINE=MyISAM"],
        ),
        (
            2,
            "ALTER TABLE users ADD CONSTRAINT old CHECK (age > 3)",
            "ALTER TABLE users DROP CONSTRAINT old",
            vec!["+ CONSTRAINT `old` CHECK"],
        ),
        (
            2,
            "CREATE TRIGGER watch BEFORE INSERT ON users FOR EACH ROW SET NEW.city = 'x'",
            "DROP TRIGGER watch",
            vec!["+ TRIGGER `watch` BEFORE INSERT SET NEW.city = 'x'"],
        ),
    ] {
        let mut direct = shop.direct(shard).await;
        run(&mut direct, &[there]).await;
        let said = problems(&shop);
        assert!(
            said.contains(&format!(
                "table {name}.users is defined differently at ds{shard}/{name}.users: 3 of 4 places agree"
            )),
            "{there}: {said}"
        );
        assert!(said.contains(&format!("+++ ds{shard}/{name}.users")), "{there}: {said}");
        assert!(shows.iter().all(|line| said.contains(line)), "{there}: {said}");
        let lines = said.lines().filter(|line| line.starts_with("+ ") || line.starts_with("- ")).count();
        assert!(lines <= 3, "only what differs is shown: {said}");
        run(&mut direct, &[back]).await;
        assert_eq!(problems(&shop), "", "{back}");
    }
    // A numbered table, a reference table, a table and a database that are missing, another default.
    for (there, back, shows) in [
        (
            "ALTER TABLE orders_1 ADD COLUMN extra INT",
            "ALTER TABLE orders_1 DROP COLUMN extra",
            format!("table {name}.orders is defined differently at ds1/{name}.orders_1: 7 of 8 places agree"),
        ),
        (
            "ALTER TABLE products ADD COLUMN extra INT",
            "ALTER TABLE products DROP COLUMN extra",
            format!("table {name}.products is defined differently at ds1/{name}.products"),
        ),
        (
            "RENAME TABLE kinds TO kinds_away",
            "RENAME TABLE kinds_away TO kinds",
            format!("table {name}.kinds is missing at ds1/{name}.kinds, while it exists at ds0/{name}.kinds"),
        ),
        (
            "ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_bin",
            "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            format!("database {name} is defined differently at ds1/{name}: 3 of 4 places agree"),
        ),
    ] {
        let mut direct = shop.direct(1).await;
        if direct.one("SHOW CREATE TABLE kinds").await.errno() == 1146 && there.contains("kinds") {
            run(&mut client, &["CREATE TABLE kinds (k INT PRIMARY KEY)"]).await;
        }
        run(&mut direct, &[there]).await;
        let said = problems(&shop);
        assert!(said.contains(&shows), "{there}: {said}");
        run(&mut direct, &[back]).await;
        assert_eq!(problems(&shop), "", "{back}");
    }
    run(&mut shop.direct(3).await, &[&format!("DROP DATABASE {name}")]).await;
    let said = problems(&shop);
    assert!(
        said.contains(&format!("source ds3 has no schema {name}; mend it with CREATE DATABASE")),
        "{said}"
    );
    assert!(said.contains(&format!("table {name}.users is missing at ds3/{name}.users")), "{said}");
}

#[tokio::test]
async fn two_against_two_and_three_kinds_are_all_shown() {
    let shop = Shop::shared("drift_ties").await;
    for (shard, column) in [(2, "a INT"), (3, "b INT")] {
        run(&mut shop.direct(shard).await, &[&format!("ALTER TABLE users ADD COLUMN {column}")]).await;
    }
    let said = problems(&shop);
    let name = &shop.database;
    for (shard, line) in [(2, "+ `a` int"), (3, "+ `b` int")] {
        assert!(
            said.contains(&format!("differently at ds{shard}/{name}.users: 2 of 4 places agree")),
            "{said}"
        );
        assert!(said.contains(line), "{said}");
    }
    run(&mut shop.direct(3).await, &["ALTER TABLE users DROP COLUMN b, ADD COLUMN a INT"]).await;
    let said = problems(&shop);
    assert!(said.contains(&format!("differently at ds2/{name}.users, ds3/{name}.users: 2 of 4")), "{said}");
}
