//! The pages of the rules: whole, and true. The code under `## Bad` makes the rule fire, the code under `## Good` does not.
//!
//! A fenced block is one file; its first line names it: `# file: agents.py`, `-- file: schema.sql`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use rayon::prelude::*;
use std::fmt::Write as _;
use support::{Tree, project, rules_of, run_in};

/// What every page tells, in this order.
const SECTIONS: [&str; 6] = ["What it finds", "Why it matters", "Bad", "Good", "How to fix", "How to silence"];

/// Examples that are known not to do what they should; each fails as soon as it does.
const TODO: [(&str, &str); 0] = [];

/// The pages: the rule by the name of its file, and text.
fn pages() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(project().join("src/check")).unwrap().map(Result::unwrap);
    let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut pages: Vec<_> =
        files.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())).collect();
    pages.sort();
    pages
}

/// The sections of a page: title and text. Headings inside fenced blocks are code.
fn sections(page: &str) -> Vec<(&str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        match line.strip_prefix("## ") {
            Some(title) if !fenced => sections.push((title.trim(), String::new())),
            _ => {
                if let Some((_, text)) = sections.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    sections
}

/// The files in the fenced blocks of a section.
fn blocks(section: &str) -> Result<Vec<(String, String)>, String> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("```") {
            continue;
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        let first = body.first().copied().unwrap_or_default();
        let named = ["# file: ", "-- file: ", "// file: "].iter().find_map(|lead| first.strip_prefix(lead));
        let Some(name) = named else { return Err(format!("a block starts with `{first}`, which names no file")) };
        if files.iter().any(|(known, _)| known == name.trim()) {
            return Err(format!("two blocks are the file {name}"));
        }
        files.push((name.trim().to_owned(), body.join("\n") + "\n"));
    }
    if files.is_empty() { Err("there is no fenced block".to_owned()) } else { Ok(files) }
}

/// What is wrong with the code of one section.
fn wrong_code(rule: &str, title: &str, text: &str) -> Option<String> {
    let files = match blocks(text) {
        Ok(files) => files,
        Err(message) => return Some(message),
    };
    let tree = Tree::new();
    files.iter().for_each(|(path, text)| tree.write(path, text));
    let found = rules_of(&tree.json(&[]));
    let fires = found.iter().any(|found| found == rule);
    match title {
        "Bad" if !fires => Some(format!("the rule does not fire; found: {found:?}")),
        "Good" if fires => Some("the rule fires".to_owned()),
        _ => None,
    }
}

#[test]
fn every_rule_has_a_whole_page() {
    let mut wrong = String::new();
    let pages = pages();
    for (rule, page) in &pages {
        let titles: Vec<&str> = sections(page).iter().map(|(title, _)| *title).collect();
        if page.lines().next() != Some(&format!("# {rule}")) {
            writeln!(wrong, "{rule}.md: the title is not `# {rule}`").unwrap();
        }
        if titles != SECTIONS {
            writeln!(wrong, "{rule}.md: sections {titles:?}").unwrap();
        }
        for (title, text) in sections(page) {
            if text.trim().is_empty() {
                writeln!(wrong, "{rule}.md: nothing stands under `{title}`").unwrap();
            }
        }
        if !page.contains(&format!("clawproof: ignore[{rule}]")) {
            writeln!(wrong, "{rule}.md: it does not show `clawproof: ignore[{rule}]`").unwrap();
        }
    }
    let rules: serde_json::Value = run_in(project(), &["rules", "--format", "json"]).json();
    for rule in rules.as_array().unwrap() {
        let id = rule["id"].as_str().unwrap();
        assert!(pages.iter().any(|(page, _)| page == id), "the rule {id} has no page src/check/{id}.md");
    }
    assert_eq!(pages.len(), rules.as_array().unwrap().len(), "a page belongs to no rule");
    assert!(wrong.is_empty(), "\nevery page has the sections {SECTIONS:?}\n{wrong}");
}

#[test]
fn bad_code_is_found_and_good_code_is_not() {
    let pages = pages();
    let examples: Vec<(&str, &str, String)> = pages
        .iter()
        .flat_map(|(rule, page)| sections(page).into_iter().map(move |(title, text)| (rule.as_str(), title, text)))
        .filter(|(_, title, _)| ["Bad", "Good"].contains(title))
        .collect();
    assert_eq!(examples.len(), 2 * pages.len(), "a page lacks its bad or its good code");
    let told = examples.par_iter().filter_map(|(rule, title, text)| {
        let wrong = match (wrong_code(rule, title, text), TODO.contains(&(*rule, *title))) {
            (None, true) => Some("it works now: take it off the list TODO of this test".to_owned()),
            (Some(_), true) => None,
            (wrong, false) => wrong,
        };
        wrong.map(|message| format!("src/check/{rule}.md, {title}: {message}"))
    });
    let wrong: Vec<String> = told.collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
