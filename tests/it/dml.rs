//! Every shape of DML answers through Shardgate as on one plain server, and leaves the same rows behind.
//!
//! The cases are data: `dml/*.sql`, groups of statements on the tables and rows of `dml/tables.sql`. Each group starts
//! with these rows and runs as text and prepared, in autocommit, in a transaction that commits, in one that rolls back,
//! and for a client that counts matched rows. After each run the whole contents of all tables are read from the
//! servers themselves: all shards together must hold what the plain server holds, each row must lie on its key's
//! shard, and reference tables must be alike everywhere.
//!
//! `-- == TITLE` opens a group; `-- == TITLE | as it stands` one that runs in autocommit only, because it begins and
//! ends transactions itself. What Shardgate refuses is marked with the reason; a marked statement that is answered
//! fails the test, so that the marks stay true.
//!
//! One file: `cargo test --test it dml::key_changes`. To check a file for mistakes of its own,
//! `SHARDGATE_ORACLE_SELF=1` compares a plain server with a plain server.

mod contents;

use std::path::{Path, PathBuf};

use self::contents::House;
use crate::support::client::{CLIENT_FOUND_ROWS, Login};
use crate::support::cluster::Lab;
use crate::support::corpus::{Step, parse};
use crate::support::oracle::{Form, Pair};
use crate::support::proxy::{Options, Proxy, config};
use crate::support::shop::{connect, run};

/// How many statements there are, and how many of them are refused on MariaDB and on MySQL.
const STATEMENTS: usize = 1785;
const REFUSED: [usize; 2] = [44, 46];

macro_rules! files {
    ($($name:ident)*) => {
        const FILES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[tokio::test]
            async fn $name() {
                check(stringify!($name)).await;
            }
        )*
    };
}

files! { copies deletes errors found inserts key_changes selects transactions updates }

/// How a group runs.
#[derive(Debug, Clone, Copy)]
struct Mode {
    form: Form,
    /// What stands around the group.
    around: Option<(&'static str, &'static str)>,
    capabilities: u32,
}

const COMMIT: Option<(&str, &str)> = Some(("BEGIN", "COMMIT"));
const ROLLBACK: Option<(&str, &str)> = Some(("BEGIN", "ROLLBACK"));

const MODES: [Mode; 7] = [
    Mode { form: Form::Text, around: None, capabilities: 0 },
    Mode { form: Form::Bound, around: None, capabilities: 0 },
    Mode { form: Form::Text, around: COMMIT, capabilities: 0 },
    Mode { form: Form::Bound, around: COMMIT, capabilities: 0 },
    Mode { form: Form::Text, around: ROLLBACK, capabilities: 0 },
    Mode { form: Form::Bound, around: ROLLBACK, capabilities: 0 },
    Mode { form: Form::Text, around: None, capabilities: CLIENT_FOUND_ROWS },
];

/// Statements that belong together.
#[derive(Debug)]
struct Group {
    place: String,
    as_it_stands: bool,
    steps: Vec<Step>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/dml")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Reads a file's groups.
fn groups(name: &str) -> Vec<Group> {
    let file = format!("{name}.sql");
    let text = read(&file);
    let mut groups: Vec<Group> = Vec::new();
    let mut body = String::new();
    let close = |groups: &mut Vec<Group>, body: &mut String| {
        let text = std::mem::take(body);
        match groups.last_mut() {
            Some(group) => group.steps = parse(&file, &text),
            None => assert!(text.lines().all(|l| l.is_empty() || l.starts_with("--")), "{file}: no group"),
        }
    };
    for (line, content) in text.lines().enumerate() {
        let Some(title) = content.strip_prefix("-- == ") else {
            body.push_str(content);
            body.push('\n');
            continue;
        };
        close(&mut groups, &mut body);
        let (title, note) = title.split_once(" | ").unwrap_or((title, ""));
        assert!(["", "as it stands"].contains(&note), "{file}:{}: {note}", line + 1);
        let place = format!("{file}:{} ({title})", line + 1);
        groups.push(Group { place, as_it_stands: !note.is_empty(), steps: Vec::new() });
        body = "\n".repeat(line + 1);
    }
    close(&mut groups, &mut body);
    groups
}

/// The configuration: [`config`]'s servers and user, other tables.
fn rules(lab: &Lab, database: &str) -> String {
    let servers = config(lab, database, Options::default());
    let servers = servers.split("[database.").next().unwrap();
    let last = lab.cluster.primaries.len() - 1;
    read("rules.toml")
        .replace("LAST", &last.to_string())
        .replace("DATABASE", database)
        .replace("SERVERS", servers)
}

async fn check(name: &str) {
    let lab = Lab::shared().await;
    let database = lab.database("dml").await;
    let oracle = Login::root(lab.oracle().port()).database(&database);
    let alone = std::env::var_os("SHARDGATE_ORACLE_SELF").is_some();
    let (proxy, login) = if alone {
        (None, Login::root(lab.cluster.primaries[0].port()).database(&database))
    } else {
        let proxy = Proxy::start(&rules(lab, &database)).await;
        let login = Login::app(proxy.port).database(&database);
        (Some(proxy), login)
    };
    let tables: Vec<String> = parse("tables.sql", &read("tables.sql")).into_iter().map(|s| s.text).collect();
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    for login in [&oracle, &login] {
        run(&mut connect(login).await, &tables).await;
    }
    let mut house = House::open(lab, &database, if alone { 1 } else { lab.cluster.primaries.len() }).await;
    let mut differences = Vec::new();
    let (mut asked, groups) = (0, groups(name));
    for group in &groups {
        for mode in MODES.iter().filter(|mode| !group.as_it_stands || mode.around.is_none()) {
            let [oracle, login] = [&oracle, &login]
                .map(|login| Login { capabilities: login.capabilities | mode.capabilities, ..login.clone() });
            let mut pair = Pair::connect(oracle, login, lab.is_mariadb()).await;
            let found = run_group(&mut pair, group, *mode, alone).await;
            let contents = house.contents().await;
            let left = contents.differences(&mut pair);
            house.restore(&contents).await;
            asked += group.steps.len();
            differences.extend(found.into_iter().map(|what| format!("{mode:?}\n{what}")));
            differences.extend(
                left.into_iter().map(|what| format!("{mode:?}\n── {}: left behind: {what}\n", group.place)),
            );
        }
    }
    lab.cluster.sync().await.unwrap();
    println!("{name}: {} groups, {asked} statements, {} differ", groups.len(), differences.len());
    let shown = differences.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    drop(proxy);
    assert!(differences.is_empty(), "{} differ\n\n{shown}", differences.len());
}

async fn run_group(pair: &mut Pair, group: &Group, mode: Mode, alone: bool) -> Vec<String> {
    let mut differences = Vec::new();
    let simple = |text: &str| Step { place: group.place.clone(), text: text.to_owned(), ..Step::default() };
    let mut packet: Option<Step> = None;
    // What is set to the time is compared, and a second may pass in between.
    let clock = simple("SET timestamp = 1750000000");
    let before = mode.around.map(|(before, _)| simple(before));
    let after = mode.around.map(|(_, after)| simple(after));
    for step in [&clock].into_iter().chain(&before).chain(&group.steps).chain(&after) {
        let step = match packet.take() {
            Some(first) => {
                Step { text: format!("{}; {}", first.text, step.text), text_only: true, ..step.clone() }
            }
            None => step.clone(),
        };
        if step.then {
            packet = Some(step);
            continue;
        }
        if alone && (step.refused || step.refused_on_mariadb || step.refused_on_mysql) {
            continue;
        }
        let mut checked = pair.check(&step, mode.form).await.map(|_| ());
        if checked.is_ok() {
            checked = pair.check_diagnostics(&step).await;
        }
        differences.extend(checked.err());
    }
    differences
}

/// The numbers that the README quotes are those of the files.
#[test]
fn numbers_are_as_stated() {
    let steps: Vec<Step> = FILES.iter().flat_map(|name| groups(name)).flat_map(|group| group.steps).collect();
    assert!(!steps.iter().any(|step| step.may_refuse), "a statement is refused or it is not");
    let refused = [true, false].map(|mariadb| steps.iter().filter(|s| s.is_refused(mariadb)).count());
    assert_eq!(
        (steps.len(), refused),
        (STATEMENTS, REFUSED),
        "write these numbers into STATEMENTS and REFUSED"
    );
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".sql")?.to_owned()))
        .filter(|name| name != "tables")
        .collect();
    files.sort_unstable();
    assert_eq!(files, FILES, "every file is run");
}
