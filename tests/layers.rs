//! The import table: data goes down the pipeline, and a stage imports stages above it and never one below.
//!
//! The table is that of `src/lib.rs`. A stage's code is held against what it may know; its unit tests may know whatever
//! they need to make their input.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The stages in the order of the pipeline, each with what it may import.
const TABLE: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("nearest", &[]),
    ("facts", &["source"]),
    ("finding", &["source"]),
    ("sql", &["source"]),
    ("discover", &["source"]),
    ("parse", &["source", "facts"]),
    ("knowledge", &["source"]),
    ("link", &["source", "facts", "sql", "knowledge"]),
    ("effects", &["source", "facts", "sql", "knowledge", "link"]),
    ("config", &["source", "nearest"]),
    ("model", &["source", "facts", "sql", "knowledge", "link", "effects", "config"]),
    ("check", &["source", "finding", "model"]),
    ("suppress", &["source", "nearest", "finding"]),
    ("report", &["source", "finding", "model"]),
    ("cli", &["finding", "config", "check::page", "report"]),
];

/// What puts the stages together, and may know them all.
const TOP: [&str; 4] = ["analysis", "run", "lib", "main"];

/// The front ends that read their text through another one: what they read is that language. Besides, each stands alone.
const READ_THROUGH: [(&str, &str); 2] = [("json", "yaml"), ("markdown", "yaml")];

/// The sources of the library: path below `src/`, and text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"));
    let named = files.map(|entry| {
        let path = entry.path().strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        (path, std::fs::read_to_string(entry.path()).unwrap())
    });
    named.collect()
}

/// The stage that a file belongs to.
fn stage(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap()
}

/// The text with comments and string literals blanked out, and without its unit tests; lines keep their numbers.
fn code(path: &str, text: &str) -> String {
    if path.ends_with("tests.rs") || path.contains("/tests/") || path.ends_with("/testing.rs") {
        return String::new();
    }
    let starts_tests = |at: &usize| {
        let after = text[*at..].lines().skip(1).find(|line| !line.starts_with("#["));
        after.is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    };
    let tests = text.match_indices("#[cfg(test)]\n").map(|(at, _)| at).find(starts_tests);
    let mut code = String::with_capacity(text.len());
    let mut rest = text[..tests.unwrap_or(text.len())].chars().peekable();
    let mut last = ' ';
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            // Not the quote of a character literal.
            '"' if last != '\'' => {
                while let Some(c) = rest.next() {
                    match c {
                        '\\' => drop(rest.next_if(|c| *c != '\n')),
                        '"' => break,
                        '\n' => code.push('\n'),
                        _ => {}
                    }
                }
            }
            c => code.push(c),
        }
        last = c;
    }
    code
}

/// The paths that follow each `prefix` in some code, two segments at most, with the line: those of `prefix::{a, b::c}` too.
fn paths_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, head(rest)));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (offset, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    let line = line + group[..start].matches('\n').count();
                    found.push((line, head(group[start..offset].trim())));
                    start = offset + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.retain(|(_, path)| !path.is_empty());
    found
}

/// The first two segments of a path.
fn head(text: &str) -> String {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    text[..end].split("::").filter(|segment| !segment.is_empty()).take(2).collect::<Vec<_>>().join("::")
}

#[test]
fn paths_are_found() {
    let text = "use crate::a::B; // crate::no\nlet s = \"crate::no\";\nuse crate::{\n    b::{C, D},\n    c,\n};\nf(crate::d::e::f());";
    let found = paths_after(&code("x.rs", text), "crate::");
    let expected = [(1, "a::B"), (3, "b"), (4, "c"), (7, "d::e")];
    let found: Vec<(usize, &str)> = found.iter().map(|(line, path)| (*line, path.split("::{").next().unwrap())).collect();
    assert_eq!(found.iter().map(|(_, path)| *path).collect::<Vec<_>>(), expected.map(|(_, path)| path));
    assert_eq!((found[0].0, found[3].0), (1, 7));
}

#[test]
fn the_table_speaks_of_every_stage_and_none_imports_one_below() {
    let stages: Vec<&str> = TABLE.iter().map(|(stage, _)| *stage).collect();
    for (path, _) in sources() {
        let stage = stage(&path);
        assert!(stages.contains(&stage) || TOP.contains(&stage), "src/{path}: the table has no stage `{stage}`");
    }
    for (index, (stage, allowed)) in TABLE.iter().enumerate() {
        for import in *allowed {
            let import = import.split("::").next().unwrap();
            assert!(stages[..index].contains(&import), "the table lets `{stage}` import `{import}`, which is not above it");
        }
    }
}

#[test]
fn a_stage_imports_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = TABLE.iter().copied().collect();
    let mut wrong = String::new();
    let mut seen = 0;
    for (path, text) in sources() {
        let stage = stage(&path);
        let Some(allowed) = table.get(stage) else { continue };
        for (line, used) in paths_after(&code(&path, &text), "crate::") {
            seen += 1;
            let first = used.split("::").next().unwrap();
            let fits = |allowed: &&str| used == *allowed || first == *allowed || used.starts_with(&format!("{allowed}::"));
            if first != stage && !allowed.iter().any(fits) {
                let known = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
                writeln!(wrong, "src/{path}:{line}: `{stage}` imports `{used}`; it may import {known}").unwrap();
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were seen: the reader of this test is broken");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn no_front_end_imports_another() {
    let mut wrong = String::new();
    for (path, text) in sources() {
        let Some(own) = path.strip_prefix("parse/") else { continue };
        let own = own.split(['/', '.']).next().unwrap();
        let code = code(&path, &text);
        let nested = path.matches('/').count() > 1;
        let up = if nested { "super::super::" } else { "super::" };
        let absolute = paths_after(&code, "crate::parse::");
        let relative = if own == "mod" { Vec::new() } else { paths_after(&code, up) };
        for (line, used) in absolute.into_iter().chain(relative) {
            let sibling = used.split("::").next().unwrap();
            // Helpers in parse/mod.rs are functions and types; a front end is a module of its own.
            let is_module = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/parse").join(sibling).is_dir()
                || Path::new(env!("CARGO_MANIFEST_DIR")).join("src/parse").join(format!("{sibling}.rs")).is_file();
            if is_module && sibling != own && own != "mod" && !READ_THROUGH.contains(&(own, sibling)) {
                writeln!(wrong, "src/{path}:{line}: the front end `{own}` imports `{sibling}`; what they share stands in parse/mod.rs")
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
