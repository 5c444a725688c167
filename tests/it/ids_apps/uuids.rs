//! UUIDs of version 7 for columns of characters and of bytes.

use super::House;
use crate::support::client::{Answer, Cell, Client, Login, Param};
use crate::support::cluster::Lab;
use crate::support::shop::{connect, number, run, text};

fn column(answer: &Answer) -> Vec<String> {
    let cell = |row: &Vec<Cell>| match &row[0] {
        Cell::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("no text: {other}"),
    };
    answer.rows().iter().map(cell).collect()
}

async fn done(client: &mut Client, sql: &str) {
    let answer = client.one(sql).await;
    assert_eq!((answer.errno(), answer.done().last_id), (0, 0), "{sql}: {answer}");
}

fn is_uuid7(text: &str) -> bool {
    let dashes: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    text.len() == 36
        && dashes == [8, 13, 18, 23]
        && text[14..15] == *"7"
        && "89ab".contains(&text[19..20])
        && text.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[tokio::test]
async fn characters_and_bytes_have_their_form() {
    let house = House::over(Lab::shared().await, "uuids", "").await;
    let mut client = house.client().await;
    run(&mut client, &["SELECT LAST_INSERT_ID(77)"]).await;
    for (table, shown) in [("docs", "id"), ("scans", "LOWER(HEX(id))")] {
        done(&mut client, &format!("INSERT INTO {table} (title) VALUES ('a1')")).await;
        done(&mut client, &format!("INSERT INTO {table} VALUES (NULL, 'a2'), (DEFAULT, 'a3')")).await;
        done(&mut client, &format!("INSERT INTO {table} SET title = 'a4'")).await;
        let prepared =
            client.prepare(&format!("INSERT INTO {table} (id, title) VALUES (?, ?)")).await.unwrap();
        for title in ["a5", "a6"] {
            let answer = client.execute(&prepared, &[Param::Null, Param::Str(title.into())]).await.unwrap();
            assert_eq!(answer[0].done().last_id, 0, "{}", answer[0]);
        }
        let many: Vec<String> = (0..200).map(|n| format!("('b{n:03}')")).collect();
        done(&mut client, &format!("INSERT INTO {table} (title) VALUES {}", many.join(", "))).await;
        assert_eq!(number(&client.one("SELECT LAST_INSERT_ID()").await), 77);
        let ids = column(&client.one(&format!("SELECT {shown} FROM {table} ORDER BY title")).await);
        assert_eq!(ids.len(), 206);
        assert!(ids.is_sorted() && ids.windows(2).all(|two| two[0] != two[1]), "{ids:?}");
        let written = |id: &String| match table {
            "docs" => id.clone(),
            _ => [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-"),
        };
        assert!(ids.iter().all(|id| is_uuid7(&written(id))), "{ids:?}");
        // Each row is where a query by its id looks for it.
        for id in ids.iter().step_by(20) {
            let literal = if table == "docs" { format!("'{id}'") } else { format!("x'{id}'") };
            let found = client.one(&format!("SELECT COUNT(*) FROM {table} WHERE id = {literal}")).await;
            assert_eq!(number(&found), 1, "{id}");
        }
    }
}

#[tokio::test]
async fn zero_and_nothing_are_values_of_their_own() {
    let house = House::over(Lab::shared().await, "uuids", "").await;
    let mut client = house.client().await;
    done(&mut client, "INSERT INTO docs (id, title) VALUES (0, 'zero'), ('', 'nothing'), ('own', 'own')")
        .await;
    let ids = column(&client.one("SELECT id FROM docs ORDER BY title").await);
    assert_eq!(ids, ["", "own", "0"]);
    done(&mut client, "INSERT INTO docs (id, title) VALUES (NULL, 'made'), ('own2', 'own2')").await;
    assert!(is_uuid7(&text(&client.one("SELECT id FROM docs WHERE title = 'made'").await)));
    assert_eq!(client.one("INSERT INTO docs (id, title) VALUES ('own', 'again')").await.errno(), 1062);
}

/// Every copy of a reference table has the same ids, and a table by another key has them too.
#[tokio::test]
async fn other_tables_have_uuids_too() {
    let house = House::over(Lab::shared().await, "uuids", "").await;
    let mut client = house.client().await;
    done(&mut client, "INSERT INTO units (name) VALUES ('a'), ('b')").await;
    let ids = column(&client.one("SELECT id FROM units ORDER BY name").await);
    assert!(ids.len() == 2 && ids.iter().all(|id| is_uuid7(id)), "{ids:?}");
    for source in 0..2 {
        let port = house.lab.cluster.primaries[source].port();
        let mut direct = connect(&Login::root(port).database(&house.database)).await;
        assert_eq!(column(&direct.one("SELECT id FROM units ORDER BY name").await), ids);
    }
    let many: Vec<String> = (0..20).map(|user| format!("({user})")).collect();
    done(&mut client, &format!("INSERT INTO visits (user_id) VALUES {}", many.join(", "))).await;
    let ids = column(&client.one("SELECT id FROM visits ORDER BY user_id").await);
    assert!(ids.len() == 20 && ids.is_sorted() && ids.iter().all(|id| is_uuid7(id)), "{ids:?}");
}
