//! Everything of a configuration but databases.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use toml::de::DeValue;

use super::model::{Address, Config, Limits, Listen, Log, Pool, Source, User};
use super::problem::suggestion;
use super::reader::{At, Section};
use super::{text, transaction};

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn listen(root: &Section<'_, '_>) -> Listen {
    let mut listen = Listen {
        address: "127.0.0.1:3307".into(),
        max_connections: 4096,
        threads: None,
        max_packet: 64 << 20,
        login_timeout: 10 * SECOND,
    };
    let Some(section) = root.section("listen") else { return listen };
    if let Some(address) = section.string("address") {
        match text::host_port(&address.value, None) {
            Ok(_) => listen.address = address.value,
            Err(why) => section.report(address.at, format!("{why}; write \"127.0.0.1:3307\"")),
        }
    }
    listen.max_connections = section.integer("max_connections", 4096, 1, 1_000_000) as u32;
    listen.threads = NonZeroUsize::new(section.integer("threads", 0, 0, 1024) as usize);
    listen.max_packet = section.size("max_packet", listen.max_packet, 1024, 1 << 30);
    listen.login_timeout = section.duration("login_timeout", listen.login_timeout);
    section.finish();
    listen
}

pub(super) fn pool(root: &Section<'_, '_>) -> Pool {
    let mut pool = Pool {
        max_connections: 64,
        wait: 5 * SECOND,
        connect_timeout: 3 * SECOND,
        answer_timeout: 60 * SECOND,
        idle_check: 30 * SECOND,
        max_idle: 600 * SECOND,
        max_lifetime: 3600 * SECOND,
    };
    let Some(section) = root.section("pool") else { return pool };
    pool.max_connections = section.integer("max_connections", 64, 1, 100_000) as u32;
    pool.wait = section.duration("wait", pool.wait);
    pool.connect_timeout = section.duration("connect_timeout", pool.connect_timeout);
    pool.answer_timeout = section.duration("answer_timeout", pool.answer_timeout);
    pool.idle_check = section.duration("idle_check", pool.idle_check);
    pool.max_idle = section.duration("max_idle", pool.max_idle);
    pool.max_lifetime = section.duration("max_lifetime", pool.max_lifetime);
    section.finish();
    pool
}

pub(super) fn limits(root: &Section<'_, '_>) -> Limits {
    let mut limits = Limits {
        statement_timeout: None,
        merge_rows: 1_000_000,
        merge_bytes: 256 << 20,
        stage_rows: 20_000_000,
        stage_bytes: 8 << 30,
        scatter_connections: 4,
        plans: 10_000,
    };
    let Some(section) = root.section("limits") else { return limits };
    limits.statement_timeout =
        Some(section.duration("statement_timeout", Duration::ZERO)).filter(|limit| !limit.is_zero());
    limits.merge_rows = section.integer("merge_rows", limits.merge_rows, 1, i64::MAX as u64);
    limits.merge_bytes = section.size("merge_bytes", limits.merge_bytes, 1024, 1 << 50);
    limits.stage_rows = section.integer("stage_rows", limits.stage_rows, 1, i64::MAX as u64);
    limits.stage_bytes = section.size("stage_bytes", limits.stage_bytes, 1024, 1 << 50);
    limits.scatter_connections = section.integer("scatter_connections", 4, 1, 1000) as u32;
    limits.plans = section.integer("plans", 10_000, 1, 10_000_000) as u32;
    section.finish();
    limits
}

pub(super) fn log(root: &Section<'_, '_>) -> Log {
    let mut log = Log { level: "info".into() };
    let Some(section) = root.section("log") else { return log };
    if let Some(level) = section.string("level") {
        let levels = ["error", "warn", "info", "debug", "trace"];
        if levels.contains(&level.value.as_str()) {
            log.level = level.value;
        } else {
            let guess = suggestion(&level.value, levels);
            let message = format!("unknown level \"{}\"{guess}; one of {}", level.value, levels.join(", "));
            section.report(level.at, message);
        }
    }
    section.finish();
    log
}

pub(super) fn users(root: &Section<'_, '_>) -> Vec<User> {
    let mut names = HashSet::new();
    let mut users = Vec::new();
    for section in user_sections(root) {
        let name = section.string("name").filter(|name| !name.value.is_empty());
        if name.is_none() {
            section.missing("name", "name = \"app\"");
        }
        let password = section.string("password").map_or(String::new(), |password| password.value);
        let database = section.string("database").map(|database| database.value);
        let transaction = transaction::mode(&section, "transaction");
        if let Some(At { value: name, at }) = name {
            if !names.insert(name.clone()) {
                section.report(at, format!("user \"{name}\" is declared twice"));
            }
            users.push(User { name, password, database, transaction });
        }
        section.finish();
    }
    if root.item("user").is_none() {
        let example = "[[user]] with name and password";
        root.report(0, format!("there is no [[user]], so that nobody could log in; add {example}"));
    }
    users
}

fn user_sections<'r, 't>(root: &Section<'r, 't>) -> Vec<Section<'r, 't>> {
    let Some(item) = root.item("user") else { return Vec::new() };
    let name = || "[[user]]".to_owned();
    if let DeValue::Array(array) = item.get_ref() {
        array.iter().filter_map(|item| Section::of(root.reader, item, item.span().start, name())).collect()
    } else {
        root.report(item.span().start, "users are a list; write [[user]] with two brackets");
        Vec::new()
    }
}

/// Databases that users name must exist.
pub(super) fn check_users(root: &Section<'_, '_>, config: &Config) {
    let known = || config.databases.iter().map(|database| database.name.as_str());
    for section in user_sections(root) {
        if let Some(At { value: name, at }) = section.string("database")
            && !known().any(|database| database == name)
        {
            section.report(at, format!("unknown database \"{name}\"{}", suggestion(&name, known())));
        }
    }
}

pub(super) fn sources(root: &Section<'_, '_>) -> Vec<Source> {
    let mut sources = Vec::new();
    let entries = root.entries("source");
    if entries.is_empty() {
        root.report(0, "there is no [source.NAME]; name at least one MySQL server");
    }
    for (At { value: name, at }, item) in entries {
        let Some(section) = Section::of(root.reader, item, at, format!("[source.{name}]")) else { continue };
        let read = |text: At<String>| match text::address(&text.value) {
            Ok(address) => Some(address),
            Err(why) => {
                section.report(text.at, why);
                None
            }
        };
        let primary = section.string("primary");
        if section.item("primary").is_none() {
            section.missing("primary", "primary = \"mysql://user:password@host:3306\"");
        }
        // A source with a bad address stays known, so that its users are not reported as well.
        let nowhere =
            || Address { host: String::new(), port: 0, user: String::new(), password: String::new() };
        let primary = primary.and_then(read).unwrap_or_else(nowhere);
        let replicas = section.names("replicas").unwrap_or_default().into_iter().filter_map(read).collect();
        section.finish();
        sources.push(Source { name, primary, replicas });
    }
    sources
}
