//! `shardgate id`: what ids say, which ids a time has, and new ones from a proxy.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use shardgate::idgen::Layout;

use crate::cli::{said, shardgate};
use crate::support::shop::Shop;

const CONFIG: &str = r#"[listen]
address = "127.0.0.1:1"

[[user]]
name = "app"
password = "app"

[source.ds0]
primary = "mysql://root@127.0.0.1:1"
[source.ds1]
primary = "mysql://root@127.0.0.1:2"

[ids]
epoch = "2020-01-01"

[database.shop]
shards = ["ds{0..1}/shop"]
[database.shop.group.by_user]
algorithm = { hash = "crc32", slots = 1024 }
tables = { users = "id", orders = "user_id" }
[database.shop.table.users]
id = { column = "id" }
[database.shop.table.orders]
id = { column = "order_id" }
"#;

/// Runs `shardgate id` successfully.
fn id(args: &[&str]) -> String {
    let output = shardgate(&[&["id"], args].concat());
    let (text, errors) = said(&output);
    assert!(output.status.success(), "{args:?}: {errors}");
    text
}

/// Runs `shardgate id` in vain.
fn id_refused(args: &[&str]) -> String {
    let output = shardgate(&[&["id"], args].concat());
    let (text, errors) = said(&output);
    assert!(!output.status.success() && text.is_empty(), "{args:?}: {text}");
    errors
}

/// The cells of the line that holds a word.
fn cells(text: &str, word: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("no {word} in {text}"));
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn file() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shardgate.toml");
    std::fs::write(&path, CONFIG).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn decode_shows_what_ids_say() {
    let second = 86_400_000 * 365 + 1_234;
    let id_of = Layout::SNOWFLAKE.encode(second, 17, 4095, 0).to_string();
    let text = id(&["decode", &id_of, "1"]);
    assert!(text.starts_with("Layout: 41/10/12, counted from 2024-01-01."), "{text}");
    let shown = cells(&text, &id_of);
    assert_eq!(shown[..4], [&*id_of, "2024-12-31 00:00:01.234", "17", "4095"]);
    assert!(shown[4].ends_with("ago"), "{text}");
    assert_eq!(cells(&text, "00:00:00")[1..4], ["2024-01-01 00:00:00", "0", "1"]);
    // Another layout and day.
    let small = Layout::JAVASCRIPT.encode(1000, 31, 5, 0).to_string();
    let text = id(&["decode", &small, "--layout", "41/5/7", "--epoch", "1970-01-01"]);
    assert_eq!(cells(&text, &small)[1..4], ["1970-01-01 00:00:01", "31", "5"]);
    let text = id(&["decode", "8591", "--layout", "41/4/8+10 low"]);
    assert_eq!(cells(&text, "8591")[2..5], ["0", "8", "399"], "{text}");
}

#[test]
fn decode_knows_a_tables_shards() {
    let (_dir, path) = file();
    let ids: Vec<String> = (0..50_u64).map(|n| (((n * 77) << 22) + n).to_string()).collect();
    let args: Vec<&str> =
        ["decode", "-c", &path, "-t", "users"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let text = id(&args);
    assert!(text.starts_with("Layout of shop.users: 41/10/12, counted from 2020-01-01."), "{text}");
    let shards: HashSet<String> = ids[1..].iter().map(|id| cells(&text, id)[4].clone()).collect();
    assert_eq!(shards, HashSet::from(["0 (ds0/shop)".to_owned(), "1 (ds1/shop)".to_owned()]));
    // The statement goes where the table says.
    let sql = format!("SELECT * FROM users WHERE id = {}", ids[7]);
    let (plan, _) = said(&shardgate(&["explain", "--config", &path, &sql]));
    let source = cells(&text, &ids[7])[4][3..6].to_owned();
    assert!(plan.contains(&source), "{plan}\n{text}");
    assert_eq!(
        cells(&id(&["decode", "-c", &path, "-t", "shop.orders", "4242"]), "4242")[4],
        "by another column"
    );
}

#[test]
fn range_finds_the_ids_of_a_time() {
    let text = id(&["range", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T00:00:01Z"]);
    let begin = (2 * 365 + 1) * 86_400_000_u64;
    let (first, last) = (begin << 22, ((begin + 1000) << 22) - 1);
    assert_eq!(text, format!("first  {first}\nlast   {last}\n\nWHERE `id` BETWEEN {first} AND {last}\n"));
    // The same time in other words, and the next second has the next id.
    for (from, to) in [
        ("2026-01-01", "2026-01-01 00:00:01"),
        ("2026-01-01T02:00:00+02:00", "1767225601000"),
        ("1767225600000", "2026-01-01T00:00:01.000Z"),
    ] {
        assert_eq!(id(&["range", "--from", from, "--to", to]), text, "{from} to {to}");
    }
    let next = id(&["range", "--from", "1767225601000", "--to", "1767225602000"]);
    assert!(next.starts_with(&format!("first  {}\n", last + 1)), "{next}");
    // A table's layout and column.
    let (_dir, path) = file();
    let own =
        id(&["range", "-c", &path, "-t", "orders", "--from", "2020-01-01", "--to", "2020-01-01 00:00:01"]);
    let last = (1000_u64 << 22) - 1;
    assert_eq!(own, format!("first  0\nlast   {last}\n\nWHERE `order_id` BETWEEN 0 AND {last}\n"));
    assert!(
        id(&["range", "--column", "o`id", "--from", "2026-01-01", "--to", "2026-01-02"]).contains("`o``id`")
    );
}

#[test]
fn what_is_wrong_is_said() {
    let (_dir, path) = file();
    let config = ["-c", &path, "-t"];
    for (args, what) in [
        (vec!["decode", "abc"], "\"abc\" is no id"),
        (vec!["decode", "-1"], "unexpected argument"),
        (vec!["decode", "1.5"], "\"1.5\" is no id"),
        (vec!["decode", "18446744073709551616"], "is no id"),
        (
            vec!["decode", "9223372036854775808"],
            "no id of the layout 41/10/12, whose last is 9223372036854775807",
        ),
        (vec!["decode", "9223372036854775807", "--layout", "41/5/7"], "whose last is 9007199254740991"),
        (vec!["decode", "1", "--layout", "41/10"], "\"41/10\" is no layout"),
        (vec!["decode", "1", "--layout", "41/11/12"], "more than 63 bits"),
        (vec!["decode", "1", "--layout", "41/10/2+x"], "is no layout"),
        (vec!["decode", "1", "--epoch", "2024-13-01"], "epoch \"2024-13-01\" is no day"),
        (vec!["decode", "1", "--epoch", "2024-01-01 12:00:00"], "is no day"),
        (vec!["decode", "1", "-c", "/nowhere.toml"], "/nowhere.toml"),
        (vec!["decode", "1", "-t", "users"], "--config"),
        ([&["decode", "1"], &config[..], &["nothing"]].concat(), "those are: shop.orders, shop.users"),
        ([&["decode", "1"], &config[..], &["other.users"]].concat(), "other.users is no table"),
        (vec!["range", "--from", "yesterday", "--to", "2026-01-01"], "\"yesterday\" is no time"),
        (vec!["range", "--from", "2026-01-02", "--to", "2026-01-01"], "is not before --to 2026-01-01"),
        (vec!["range", "--from", "2026-01-01", "--to", "2026-01-01"], "is not before"),
        (
            vec!["range", "--from", "2023-12-31", "--to", "2026-01-01"],
            "--from 2023-12-31 is outside of the ids' time",
        ),
        (vec!["range", "--from", "2026-01-01", "--to", "2100-01-01"], "--to 2100-01-01 is outside"),
        (vec!["range", "--from", "1960-01-01", "--to", "2026-01-01"], "before 1970"),
        (vec!["range", "--from", "2026-01-01"], "--to"),
        (vec!["next"], "--address"),
        (vec!["next", "-c", &path], "say with --table whose ids: shop.orders, shop.users"),
        (vec!["next", "-c", &path, "-t", "users"], "the proxy at 127.0.0.1:1 gives no ids"),
        (vec!["next", "-c", &path, "-t", "users", "-n", "0"], "0 is not in"),
        (vec!["next", "-c", &path, "-t", "users", "-a", "here"], "\"here\" is no address"),
    ] {
        let errors = id_refused(&args);
        assert!(errors.contains(what), "{args:?} says {errors}instead of {what}");
    }
}

#[tokio::test]
async fn next_gives_ids_of_a_running_proxy() {
    let shop = Shop::shared("next").await;
    let address = format!("127.0.0.1:{}", shop.proxy.port);
    let table = format!("{}.orders", shop.database);
    let login = ["-a", &address, "-u", "app", "-p", "app", "-t", &table];
    let mut all = HashSet::new();
    let mut last = 0;
    for n in ["1", "5", "100"] {
        let text = id(&[&["next", "-n", n], &login[..]].concat());
        let ids: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(ids.len().to_string(), n);
        for id in ids {
            assert!(id > last && all.insert(id));
            last = id;
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    assert!(Layout::SNOWFLAKE.decode(last).unix_ms.abs_diff(now) < 60_000);
    // With the configuration, which knows the address, the user and how ids of a block follow each other.
    let file = shop.proxy.config();
    let text = id(&["next", "-c", file.to_str().unwrap(), "-t", "orders", "-n", "5000"]);
    let ids: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert!(ids.len() == 5000 && ids[0] > last && ids.is_sorted_by(|a, b| a < b));
    assert_eq!(ids[4095] - ids[0], 4095);
    let errors = id_refused(&[&["next", "-p", "wrong"], &login[..4], &login[6..]].concat());
    assert!(errors.contains("Access denied"), "{errors}");
}
