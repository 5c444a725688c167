//! What README.md and config/ say is true: configurations load, commands and files exist, error numbers are real.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "all of this is a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use shardgate::base::Code;
use shardgate::{config, topology};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The contents of README's code blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("\n```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// What stands in README between single backticks, outside of code blocks.
fn quoted() -> Vec<String> {
    let text = readme();
    let prose: Vec<&str> = text.split("\n```").step_by(2).collect();
    prose
        .iter()
        .flat_map(|part| part.split('`').skip(1).step_by(2))
        .map(|word| word.replace('\n', " "))
        .collect()
}

fn loads(text: &str, name: &str) {
    let built = config::parse(text, name, &|_| None).and_then(|config| topology::build(&config, 1));
    match built {
        Ok(map) => assert!(!map.databases.is_empty(), "{name} has no database"),
        Err(problems) => {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            panic!("{}", problems.join("\n"));
        }
    }
}

#[test]
fn shipped_configurations_load() {
    let folder = std::fs::read_dir(root().join("config")).unwrap();
    let files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        loads(&std::fs::read_to_string(&file).unwrap(), &file.display().to_string());
    }
}

#[test]
fn configurations_in_the_readme_load() {
    for (number, block) in blocks("toml").iter().enumerate() {
        loads(block, &format!("README.md, TOML block {}", number + 1));
    }
}

#[test]
fn commands_in_the_readme_exist() {
    let lines: Vec<String> = blocks("sh").iter().flat_map(|block| block.lines()).map(str::to_owned).collect();
    let written = lines.into_iter().chain(quoted());
    let mut seen = 0;
    for line in written {
        let command = line.split(" #").next().unwrap();
        let words: Vec<&str> = command.split_whitespace().collect();
        let Some(("shardgate", rest)) = words.split_first().map(|(first, rest)| (*first, rest)) else {
            continue;
        };
        let subcommands: Vec<&&str> =
            rest.iter().take_while(|word| word.chars().all(|c| c.is_ascii_lowercase())).collect();
        let output =
            Command::new(env!("CARGO_BIN_EXE_shardgate")).args(subcommands).arg("--help").output().unwrap();
        assert!(output.status.success(), "README: {line}\n{}", String::from_utf8_lossy(&output.stderr));
        let help = String::from_utf8_lossy(&output.stdout);
        for flag in
            rest.iter().map(|word| word.trim_matches(['[', ']'])).filter(|word| word.starts_with("--"))
        {
            assert!(help.contains(flag), "README: {line}\n`{flag}` is not in\n{help}");
        }
        seen += 1;
    }
    assert!(seen > 3, "README shows only {seen} commands");
}

#[test]
fn make_targets_in_the_readme_exist() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let readme = readme();
    let targets: Vec<&str> = readme
        .split("make ")
        .skip(1)
        .zip(readme.split("make "))
        .filter(|(_, before)| before.ends_with(['`', '\n']))
        .map(|(after, _)| after.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap())
        .collect();
    assert!(targets.contains(&"demo") && targets.contains(&"test"), "{targets:?}");
    for target in targets {
        assert!(makefile.contains(&format!("\n{target}:")), "Makefile has no `{target}`");
    }
}

#[test]
fn files_in_the_readme_exist() {
    for word in quoted() {
        let folder = word.split('/').next().unwrap();
        let path = ["src", "tests", "config", "benches"].contains(&folder) && word.contains('/');
        let known = !path || word.contains(['*', '{', ' ']) || root().join(&word).exists();
        assert!(known, "README names `{word}`, which is not there");
    }
}

#[test]
fn the_readme_names_every_room() {
    let words = quoted();
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        // A room that only says what it will be is not told about yet.
        let module = std::fs::read_to_string(entry.path().join("mod.rs")).unwrap_or_default();
        if module.lines().count() > 3 {
            assert!(words.contains(&name), "README's storeys lack `{name}`");
        }
    }
}

#[test]
fn error_numbers_in_the_readme_are_real() {
    let readme = readme();
    for after in readme.split("error ").skip(1) {
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        if digits.len() == 4 {
            let known = Code::ALL.iter().any(|code| code.errno().to_string() == digits);
            assert!(known, "README: Shardgate raises no error {digits}");
        }
    }
}

#[test]
fn the_catalogue_of_errors_is_whole() {
    for code in Code::ALL {
        let state = code.sqlstate();
        let known = state.len() == 5 && state.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        assert!(known, "{code:?}: SQLSTATE {state:?}");
        assert!(code.errno() >= 1000 && !code.advice().is_empty(), "{code:?}");
    }
    let mut numbers: Vec<u16> = Code::ALL.iter().map(|code| code.errno()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), Code::ALL.len(), "two codes share an error number");
}
