//! Holds the rooms of `src` to their storeys: a room imports only rooms below its own, foreign crates stay where they
//! belong, and a few habits that the compiler does not know.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "all of this is a test")]

use std::path::{Path, PathBuf};

/// The storeys, lowest first. Rooms on one storey do not import each other.
const STOREYS: &[&[&str]] = &[
    &["base"],
    &["telemetry", "wire", "sharding"],
    &["config", "sql"],
    &["topology"],
    &["plan", "backend"],
    &["merge", "store"],
    &["exec", "idgen"],
    &["txn"],
    &["admin"],
    &["session", "reshard"],
    &["server"],
    &["cli"],
];

/// Foreign crates and the only rooms that use them.
const FENCED: &[(&str, &[&str])] = &[
    ("sqlparser", &["sql"]),
    ("toml", &["config"]),
    ("prometheus_client", &["telemetry"]),
    ("mysql_common", &["wire", "backend"]),
    ("sha1", &["wire"]),
    ("sha2", &["wire"]),
    ("mysql_async", &["backend", "store", "reshard", "cli"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("comfy_table", &["cli"]),
    ("tracing_subscriber", &["cli"]),
    ("hyper", &["admin"]),
    ("hyper_util", &["admin"]),
    ("http_body_util", &["admin"]),
    ("tokio", DOES_IO),
    ("tokio_util", DOES_IO),
    ("socket2", DOES_IO),
];

/// The rooms that may wait. All others are tested and measured without a server.
const DOES_IO: &[&str] =
    &["wire", "backend", "store", "exec", "idgen", "txn", "admin", "session", "reshard", "server", "cli"];

/// A file that is longer hides a seam.
const LINES: usize = 600;

#[test]
fn rooms_import_only_rooms_below_them() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(room) = file.room() else { continue };
        let Some(own) = storey(&room) else {
            wrong.push(format!("{}: the room `{room}` stands on no storey", file.name));
            continue;
        };
        for (line, other) in file.imports() {
            if other != room && storey(&other).is_some_and(|storey| storey >= own) {
                let way = if storey(&other) == Some(own) { "its neighbour" } else { "above it:" };
                wrong.push(format!("{}:{line}: `{room}` imports {way} `{other}`", file.name));
            }
        }
    }
    none(&wrong, "imports go down the storeys only");
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(room) = file.room() else { continue };
        for (line, root) in file.roots() {
            let fence = FENCED.iter().find(|(name, _)| *name == root);
            if let Some((name, rooms)) = fence
                && !rooms.contains(&room.as_str())
            {
                let rooms = rooms.join(", ");
                wrong.push(format!("{}:{line}: `{name}` in `{room}`; it belongs in {rooms}", file.name));
            }
        }
    }
    none(&wrong, "foreign crates stay where they belong");
}

#[test]
fn every_file_says_what_it_is() {
    let wrong: Vec<_> =
        all().into_iter().filter(|file| !file.text.starts_with("//!")).map(|f| f.name).collect();
    none(&wrong, "every file opens with `//!`");
}

#[test]
fn no_statics() {
    let wrong = words(&["static", "thread_local", "lazy_static"]);
    none(&wrong, "handles are handed down, so that several proxies run side by side in one process");
}

#[test]
fn only_cli_prints() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| file.room().as_deref() != Some("cli")) {
        for pair in file.tokens.windows(2) {
            let macros = ["println", "eprintln", "print", "eprint", "dbg"];
            if macros.contains(&pair[0].text.as_str()) && pair[1].text == "!" {
                wrong.push(format!("{}:{}: {}!", file.name, pair[0].line, pair[0].text));
            }
        }
    }
    none(&wrong, "only `cli` talks to a person; all others log or answer");
}

#[test]
fn no_file_is_too_long() {
    let mut wrong = Vec::new();
    for file in all() {
        let lines = file.text.lines().count();
        if lines > LINES {
            wrong.push(format!("{}: {lines} lines", file.name));
        }
    }
    none(&wrong, &format!("no file has more than {LINES} lines"));
}

#[test]
fn the_reading_of_sources_sees_what_it_should() {
    let text = r##"//! crate::sql in a comment
use crate::{base::{Error, Code}, wire};
use super::super::plan::ir;
fn f<'static_>(x: &'a str) -> char { let _ = "crate::cli"; let _ = r#"crate::server "x" "#; '\'' }
fn g() { crate::topology::build(); std::tokio::x(); tokio::spawn(1); use socket2 as b; /* socket2::x /* crate::txn */ */ 'q' }
"##;
    let file = Source::new("src/exec/fanout.rs".into(), text.into());
    let imports: Vec<_> = file.imports().into_iter().map(|(line, room)| format!("{line} {room}")).collect();
    assert_eq!(imports, ["2 base", "2 wire", "3 plan", "5 topology"]);
    let roots: Vec<_> = file.roots().into_iter().map(|(_, root)| root).collect();
    assert!(
        ["tokio", "socket2", "std", "crate"].iter().all(|root| roots.iter().any(|r| r == root)),
        "{roots:?}"
    );
    assert_eq!(roots.iter().filter(|root| *root == "tokio" || *root == "socket2").count(), 2, "{roots:?}");
}

fn none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

fn storey(room: &str) -> Option<usize> {
    STOREYS.iter().position(|rooms| rooms.contains(&room))
}

fn words(forbidden: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in sources() {
        for token in file.tokens.iter().filter(|token| forbidden.contains(&token.text.as_str())) {
            wrong.push(format!("{}:{}: {}", file.name, token.line, token.text));
        }
    }
    wrong
}

// ---- reading ----------------------------------------------------------------------------------------------------

/// A word, `::`, or one other character; comments, strings, characters and lifetimes are left out.
struct Token {
    text: String,
    line: usize,
}

struct Source {
    /// From the crate's folder: `src/wire/stream.rs`.
    name: String,
    text: String,
    tokens: Vec<Token>,
}

/// The files of the library and the binary.
fn sources() -> Vec<Source> {
    read(&["src"])
}

/// Those, the tests and the benches.
fn all() -> Vec<Source> {
    read(&["src", "tests", "benches"])
}

fn read(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    assert!(paths.len() > 20, "the sources are not where they were");
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| Source::new(name(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                collect(&path, into);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let tokens = tokens(&text);
        Self { name, text, tokens }
    }

    /// `None` for `lib.rs` and `main.rs`.
    fn room(&self) -> Option<String> {
        let parts: Vec<_> = self.name.split('/').collect();
        (parts.len() > 2).then(|| parts[1].to_owned())
    }

    /// How many `super` lead from this file's module to the crate.
    fn depth(&self) -> usize {
        let parts = self.name.split('/').count() - 1;
        if self.name.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    /// The rooms that paths from the crate's root name, with their lines.
    fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut i = 0;
        while i < self.tokens.len() {
            let begins = i == 0 || self.word(i - 1) != "::";
            let after = match self.word(i) {
                "crate" if begins => Some(i + 1),
                "super" if begins => {
                    let mut end = i;
                    let mut count = 1;
                    while self.word(end + 1) == "::" && self.word(end + 2) == "super" {
                        (end, count) = (end + 2, count + 1);
                    }
                    (count >= self.depth()).then_some(end + 1)
                }
                _ => None,
            };
            if let Some(after) = after.filter(|&after| self.word(after) == "::") {
                for at in self.heads(after + 1) {
                    if storey(self.word(at)).is_some() {
                        found.push((self.tokens[at].line, self.word(at).to_owned()));
                    }
                }
            }
            i += 1;
        }
        found
    }

    /// Where the next names of a path are: one, or each of a `{…}` list.
    fn heads(&self, at: usize) -> Vec<usize> {
        if self.word(at) != "{" {
            return vec![at];
        }
        let (mut heads, mut depth) = (vec![at + 1], 1);
        for i in at + 1..self.tokens.len() {
            match self.word(i) {
                "{" => depth += 1,
                "}" => depth -= 1,
                "," if depth == 1 => heads.push(i + 1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        heads
    }

    /// The first words of paths, with their lines.
    fn roots(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for i in 0..self.tokens.len() {
            let before = if i == 0 { "" } else { self.word(i - 1) };
            let absolute = before == "::" && !(i > 1 && is_word(self.word(i - 2)));
            let begins = (before != "::" || absolute) && before != ".";
            if is_word(self.word(i)) && begins && (self.word(i + 1) == "::" || before == "use") {
                found.push((self.tokens[i].line, self.word(i).to_owned()));
            }
        }
        found
    }

    fn word(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |token| &token.text)
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let skipped = skip(rest);
        if skipped > 0 {
            line += rest[..skipped].matches('\n').count();
            rest = &rest[skipped..];
            continue;
        }
        let len = if is_word(rest) {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        out.push(Token { text: rest[..len].to_owned(), line });
        rest = &rest[len..];
    }
    out
}

/// The length of what holds no code at the start of `rest`: blank, comment, string, character, lifetime.
fn skip(rest: &str) -> usize {
    let blank = rest.len() - rest.trim_start().len();
    if blank > 0 {
        return blank;
    }
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|after| {
            let after = if prefix.ends_with('r') { after.trim_start_matches('#') } else { after };
            after.starts_with('"')
        })
    });
    match prefix {
        Some(prefix) if prefix.ends_with('r') => {
            let hashes = rest[prefix.len()..].bytes().take_while(|&byte| byte == b'#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            let start = prefix.len() + hashes + 1;
            rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
        }
        Some(prefix) => prefix.len() + quoted(&rest[prefix.len()..], '"'),
        None => character(rest),
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += here.chars().next().map_or(0, char::len_utf8);
        }
        if depth == 0 || at >= rest.len() {
            return at;
        }
    }
}

/// The length of a quoted text, quotes included.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character or a lifetime.
fn character(rest: &str) -> usize {
    let prefix = usize::from(rest.starts_with("b'"));
    let Some(inner) = rest[prefix..].strip_prefix('\'') else { return 0 };
    let mut chars = inner.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => prefix + quoted(&rest[prefix..], '\''),
        _ => 1 + inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len()),
    }
}
