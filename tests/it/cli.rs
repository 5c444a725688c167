//! The commands that need no server: `check` and `explain`.

use std::path::Path;
use std::process::{Command, Output};

pub fn shardgate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shardgate")).args(args).output().unwrap()
}

pub fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

pub fn shipped(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name).to_str().unwrap().to_owned()
}

const TEN_MISTAKES: &str = r#"[listen]
adress = "127.0.0.1:3307"
max_connections = "many"

[[user]]
name = "app"
pasword = "app"

[source.ds0]
primary = "postgres://root@127.0.0.1"
[source.ds1]
replicas = []

[pool]
wait = "5 parsecs"

[log]
level = "inf"

[database.shop]
shards = ["ds{0..2}/shop"]
singel = {}
[database.shop.group.by_user]
algorithm = { hash = "md5" }
tables = { users = "id" }
[database.shop.table.usrs]
id = { column = "id", generator = "snowflake" }
"#;

#[test]
fn check_shows_ten_mistakes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.toml");
    std::fs::write(&file, TEN_MISTAKES).unwrap();
    for args in [vec!["check"], vec!["serve", "--config"], vec!["explain", "SELECT 1", "--config"]] {
        let output = shardgate(&[args.as_slice(), &[file.to_str().unwrap()]].concat());
        let (_, errors) = said(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
        let lines: Vec<&str> = errors.lines().filter(|line| line.contains("bad.toml:")).collect();
        assert!(lines.len() >= 10, "{errors}");
        for (line, what) in [
            (2, "did you mean \"address\"?"),
            (3, "max_connections"),
            (7, "did you mean \"password\"?"),
            (10, "mysql://"),
            (11, "primary"),
            (15, "5 parsecs"),
            (18, "did you mean \"info\"?"),
            (21, "ds2"),
            (22, "did you mean \"single\"?"),
            (24, "crc32"),
            (26, "did you mean \"users\"?"),
        ] {
            let place = format!("bad.toml:{line}:");
            let found = lines.iter().any(|text| text.contains(&place) && text.contains(what));
            assert!(found, "line {line}, {what}:\n{errors}");
        }
    }
}

#[test]
fn check_says_what_a_right_file_holds() {
    for name in ["quickstart.toml", "sharded.toml", "replicas.toml", "reference.toml"] {
        let output = shardgate(&["check", &shipped(name)]);
        let (text, errors) = said(&output);
        assert!(output.status.success(), "{name}: {errors}");
        assert!(text.contains("sources"), "{text}");
    }
    let missing = shardgate(&["check", "/nowhere/at-all.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(said(&missing).1.contains("/nowhere/at-all.toml"), "{}", said(&missing).1);
}

fn explain(sql: &str, more: &[&str]) -> (Output, String, String) {
    let config = shipped("quickstart.toml");
    let output = shardgate(&[&["explain", "--config", &config], more, &[sql]].concat());
    let (text, errors) = said(&output);
    (output, text, errors)
}

#[test]
fn explain_shows_where_a_statement_goes() {
    let (_, text, errors) = explain("SELECT name FROM users WHERE id = 5", &[]);
    let sources = (0..4).filter(|n| text.contains(&format!("ds{n}"))).count();
    assert_eq!(sources, 1, "{text}{errors}");
    let (_, text, _) = explain("SELECT name FROM users ORDER BY name LIMIT 3", &[]);
    assert!((0..4).all(|n| text.contains(&format!("ds{n}"))), "{text}");
    let (_, text, _) = explain("INSERT INTO orders (user_id, product_id) VALUES (1, 1), (2, 2), (3, 3)", &[]);
    assert!(text.contains("INSERT INTO"), "{text}");
    let (_, text, _) = explain("SELECT COUNT(*) FROM users GROUP BY city", &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(json.is_object(), "{text}");
    let (output, _, errors) = explain("SELECT * FROM users u JOIN orders o ON o.id = u.age", &[]);
    assert!(!output.status.success() && errors.contains("1235"), "{errors}");
    // With definitions it is planned as servers would have it answered.
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(64), age INT);\n\
                CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL, product_id INT NOT NULL);";
    std::fs::write(file.path(), text).unwrap();
    let schema = ["--schema", file.path().to_str().unwrap()];
    let join = "SELECT u.name, o.id FROM users u JOIN orders o ON o.product_id = u.age WHERE user_id = 5";
    let (_, text, errors) = explain(join, &schema);
    assert!(text.starts_with("read over copies of rows"), "{text}{errors}");
    assert!(text.contains("rows of orders") && text.contains("then the statement on 4 nodes"), "{text}");
    let (_, text, _) = explain(join, &[&schema[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["stages"][0]["jobs"].as_array().unwrap().len(), 1, "{text}");
    assert_eq!(json["jobs"].as_array().unwrap().len(), 4, "{text}");
    let (output, _, errors) = explain(join, &["--schema", "/nowhere/schema.sql"]);
    assert!(output.status.code() == Some(2) && errors.contains("/nowhere/schema.sql"), "{errors}");
    let (output, _, errors) = explain("SELEC", &[]);
    assert!(!output.status.success() && errors.contains("1064"), "{errors}");
}
