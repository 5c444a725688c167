//! The ids that drivers compute for the rows of an insert, `first + i`, are those that the rows have: through Shardgate as
//! on one server. Connector/J and Sequelize read one id and count the rest.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::drivers::{installed, output};
use crate::support::client::{Client, Login};
use crate::support::cluster::Lab;
use crate::support::proxy::Proxy;

const TABLES: [&str; 4] = ["by_id", "by_key", "own_ids", "native"];
const CONNECTOR_J: &str = "/usr/share/java/mariadb-java-client.jar";

/// Tables that are sharded by the id and by another key, that have Shardgate's ids on one source, and MySQL's own.
fn config(lab: &Lab, database: &str, layout: &str) -> String {
    let mut text = String::from("[[user]]\nname = \"app\"\npassword = \"app\"\n");
    for (n, primary) in lab.cluster.primaries.iter().enumerate() {
        write!(text, "\n[source.ds{n}]\nprimary = \"{}\"\n", primary.url()).unwrap();
    }
    let last = lab.cluster.primaries.len() - 1;
    write!(
        text,
        r#"
[ids]
layout = "{layout}"
store  = "ds0/{database}"

[database.{database}]
shards = ["ds{{0..{last}}}/{database}"]
single = {{ own_ids = "ds0/{database}", native = "ds1/{database}" }}

[database.{database}.group.ids]
algorithm = {{ hash = "crc32", slots = 1024 }}
tables    = {{ by_id = "id", by_key = "k" }}

[database.{database}.table.by_id]
id = {{ column = "id" }}
[database.{database}.table.by_key]
id = {{ column = "id" }}
[database.{database}.table.own_ids]
id = {{ column = "id" }}
"#
    )
    .unwrap();
    text
}

/// What a driver says of a plain server, and of Shardgate.
async fn compare(program: &Path, before: &[&str], script: &str, layout: &str) -> (String, String) {
    let lab = Lab::shared().await;
    let database = lab.database("keys").await;
    let proxy = Proxy::start(&config(lab, &database, layout)).await;
    let mut said = Vec::new();
    for login in [Login::root(lab.oracle().port()), Login::app(proxy.port)] {
        let mut client = Client::connect(&login.clone().database(&database)).await.unwrap();
        for table in TABLES {
            let sql = format!(
                "CREATE TABLE {table} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, k BIGINT NOT NULL, batch INT NOT \
                 NULL, n INT NOT NULL, KEY batch_key (batch, n)) ENGINE=InnoDB"
            );
            assert_eq!(client.one(&sql).await.errno(), 0);
        }
        said.push(output(program, before, script, &login, &database, &[], Some(&proxy)).await);
        for table in TABLES {
            let answer = client.one(&format!("SELECT id FROM {table}")).await;
            let ids: HashSet<String> = answer.rows().iter().map(|row| row[0].to_string()).collect();
            assert_eq!(ids.len(), answer.rows().len(), "{table} has an id twice");
        }
        if login.user == "app" {
            let sql = "SELECT id FROM by_id LIMIT 1";
            for primary in &lab.cluster.primaries {
                let direct = Login::root(primary.port()).database(&database);
                let rows = Client::connect(&direct).await.unwrap().one(sql).await;
                assert_eq!(rows.rows().len(), 1, "rows lie on all shards");
            }
        }
    }
    let proxys = said.pop().unwrap();
    (said.pop().unwrap(), proxys)
}

/// A batch is one packet with many INSERTs where Connector/J rewrites it, and each has an id of its own; rows of one INSERT
/// have ids that follow each other, as many as the layout has in a millisecond.
#[tokio::test]
async fn connector_j_knows_the_keys_of_a_batch() {
    installed(CONNECTOR_J);
    let before = ["-cp", CONNECTOR_J];
    let (plain, proxys) = compare(Path::new("java"), &before, "WithConnectorJ.java", "41/10/12").await;
    assert_eq!(plain, proxys);
    assert_eq!(proxys.lines().filter(|line| line.ends_with(" keys, 0 wrong")).count(), 52, "{proxys}");
}

/// Ids of 53 bits: Node reads others as strings, and Sequelize counts with numbers only.
#[tokio::test]
async fn sequelize_knows_the_ids_of_what_it_creates() {
    installed("target/node/node_modules/sequelize");
    let (plain, proxys) = compare(Path::new("node"), &[], "with_sequelize.js", "39/1/13").await;
    assert_eq!(plain, proxys);
    let right = |line: &&str| line.ends_with("right") || line.contains(" rows, 0 wrong, ");
    assert_eq!(proxys.lines().filter(right).count(), 20, "{proxys}");
}
