//! The fixtures carry their own truth, and this harness holds the program to it.
//!
//! `fixtures/rules/<rule>/<case>/` is a small repository with markers in the comments of its files, at the end of the line
//! they speak about or alone on a line before it:
//!
//! - `expect: rule "part of the message"`: a finding of the rule stands on that line
//! - `see: rule`: it is a related place of a finding of the rule
//! - `ok: rule - why`: no finding of the rule stands there (the safe twin)
//! - `todo-expect: rule - why`, `todo-ok: rule - why`: a known miss, a known false alarm; fails when it works
//!
//! A finding of medium confidence or better without its marker fails, and so does a marker without its finding. The rules
//! of [`QUIET`] count only in cases that name them.
//!
//! `fixtures/systems/<name>/` is a larger one that states its truth in `expect.yaml`: see [`System`].
//!
//! `CLAWPROOF_FIXTURES=DIR cargo test --test fixtures` takes the fixtures from another folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use support::{files, project, run_in, text};

/// Advice that nearly every small case would get.
const QUIET: [&str; 2] = ["no-concurrency-test", "no-contention-metrics"];

/// Rules that fire in no fixture yet.
const TODO: [&str; 0] = [];

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Expect,
    See,
    Ok,
    TodoExpect,
    TodoOk,
}

const KINDS: [(&str, Kind); 5] =
    [("expect:", Kind::Expect), ("see:", Kind::See), ("ok:", Kind::Ok), ("todo-expect:", Kind::TodoExpect), ("todo-ok:", Kind::TodoOk)];

#[derive(Clone, Debug)]
struct Marker {
    kind: Kind,
    rule: String,
    /// A part of the message, in quotes; empty: any.
    part: String,
    file: String,
    /// The line it speaks about, from 1.
    line: usize,
    /// The line it stands on.
    at: usize,
}

/// The markers on one line of text, and whether the line holds nothing else.
fn on_line(line: &str) -> (Vec<(Kind, &str)>, bool) {
    let mut found: Vec<(usize, Kind, &str)> = Vec::new();
    for introducer in ["#", "//", "--"] {
        for (at, _) in line.match_indices(introducer) {
            let rest = line[at + introducer.len()..].trim_start_matches(' ');
            if let Some((word, kind)) = KINDS.iter().find(|(word, _)| rest.starts_with(word)) {
                found.push((at, *kind, &rest[word.len()..]));
            }
        }
    }
    found.sort();
    let alone = found.first().is_some_and(|(at, ..)| line[..*at].trim().is_empty());
    (found.into_iter().map(|(_, kind, rest)| (kind, rest)).collect(), alone)
}

/// The markers of a file; the error says where one cannot be read.
fn markers(file: &str, text: &str) -> Result<Vec<Marker>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut markers = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let (found, alone) = on_line(line);
        // Markers alone may stand one under another.
        let spoken_of = if alone { (index + 1..lines.len()).find(|next| !on_line(lines[*next]).1) } else { Some(index) };
        for (kind, rest) in found {
            let at = index + 1;
            let rest = rest.trim();
            let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(rest.len());
            let (rule, rest) = (rest[..end].trim_end_matches('-'), rest[end..].trim_start());
            let part = rest.strip_prefix('"').and_then(|rest| rest.rsplit_once('"')).map_or("", |(part, _)| part);
            let why = rest.trim_start_matches(['-', '–', '—', ' ']);
            if rule.is_empty() {
                return Err(format!("{file}:{at}: the marker names no rule"));
            }
            if matches!(kind, Kind::Ok | Kind::TodoExpect | Kind::TodoOk) && why.is_empty() {
                return Err(format!("{file}:{at}: the marker does not say why"));
            }
            let Some(line) = spoken_of else { return Err(format!("{file}:{at}: no line follows the marker")) };
            markers.push(Marker { kind, rule: rule.to_owned(), part: part.to_owned(), file: file.to_owned(), line: line + 1, at });
        }
    }
    Ok(markers)
}

/// A finding, as far as markers speak of it.
struct Finding {
    rule: String,
    message: String,
    place: (String, usize),
    related: Vec<(String, usize)>,
}

fn place(value: &Value) -> (String, usize) {
    (text(&value["file"]), usize::try_from(value["line"].as_u64().unwrap()).unwrap())
}

fn findings(report: &Value) -> Vec<Finding> {
    let finding = |value: &Value| Finding {
        rule: text(&value["rule"]),
        message: text(&value["message"]),
        place: place(value),
        related: value["related"].as_array().unwrap().iter().map(place).collect(),
    };
    report["findings"].as_array().unwrap().iter().map(finding).collect()
}

/// What is wrong between the markers of a case and its findings.
fn differences(markers: &[Marker], findings: &[Finding], rules: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let stands = |marker: &Marker, finding: &Finding| {
        finding.rule == marker.rule && finding.place == (marker.file.clone(), marker.line) && finding.message.contains(&marker.part)
    };
    for marker in markers {
        let Marker { rule, part, file, line, at, .. } = marker;
        if !rules.contains(rule) {
            wrong.push(format!("{file}:{at}: there is no rule {rule}"));
            continue;
        }
        let found = findings.iter().any(|finding| stands(marker, finding));
        let related = findings.iter().any(|finding| finding.rule == *rule && finding.related.contains(&(file.clone(), *line)));
        let problem = match marker.kind {
            Kind::Expect if !found => Some(format!("expected {rule} \"{part}\", not found")),
            Kind::See if !related => Some(format!("no finding of {rule} has this as a related place")),
            Kind::Ok if found => Some(format!("{rule} is found where the case says ok")),
            Kind::TodoExpect if found => Some(format!("{rule} is found now: write expect: for todo-expect:")),
            Kind::TodoOk if !found => Some(format!("{rule} is silent now: write ok: for todo-ok:")),
            _ => None,
        };
        wrong.extend(problem.map(|problem| format!("{file}:{line}: {problem}")));
    }
    let named: BTreeSet<&str> = markers.iter().map(|marker| marker.rule.as_str()).collect();
    for finding in findings {
        let counts = !QUIET.contains(&finding.rule.as_str()) || named.contains(finding.rule.as_str());
        // An `ok`, `todo-expect` or wrong part on its line has been told above.
        let told = markers.iter().any(|marker| {
            marker.kind != Kind::See && marker.rule == finding.rule && (&marker.file, marker.line) == (&finding.place.0, finding.place.1)
        });
        if counts && !told {
            wrong.push(format!("{}:{}: not expected: {} \"{}\"", finding.place.0, finding.place.1, finding.rule, finding.message));
        } else if counts && !markers.iter().any(|marker| marker.kind != Kind::See && stands(marker, finding)) {
            wrong.push(format!("{}:{}: {} says \"{}\"", finding.place.0, finding.place.1, finding.rule, finding.message));
        }
    }
    wrong
}

/// Where fixtures stand.
fn root() -> PathBuf {
    std::env::var_os("CLAWPROOF_FIXTURES").map_or_else(|| project().join("fixtures"), PathBuf::from)
}

/// The folders in a folder, sorted; none where it does not exist.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The cases of every rule.
fn cases() -> Vec<PathBuf> {
    folders(&root().join("rules")).iter().flat_map(|rule| folders(rule)).collect()
}

fn markers_of(case: &Path) -> Result<Vec<Marker>, String> {
    let mut all = Vec::new();
    for (path, bytes) in files(case) {
        if let Ok(text) = String::from_utf8(bytes) {
            all.extend(markers(&path, &text)?);
        }
    }
    Ok(all)
}

/// The ids of all rules.
fn rules() -> BTreeSet<String> {
    let rules = run_in(project(), &["rules", "--format", "json"]).json();
    rules.as_array().unwrap().iter().map(|rule| text(&rule["id"])).collect()
}

fn report(folder: &Path) -> Value {
    run_in(folder, &["--format", "json", "--min-confidence", "medium"]).json()
}

fn short(folder: &Path) -> String {
    folder.strip_prefix(root()).unwrap_or(folder).display().to_string()
}

#[test]
fn cases_say_what_they_hold() {
    let rules = rules();
    let told: Vec<String> = cases()
        .par_iter()
        .flat_map_iter(|case| {
            let wrong = match markers_of(case) {
                Ok(markers) if markers.is_empty() => vec!["no marker stands in the case".to_owned()],
                Ok(markers) => differences(&markers, &findings(&report(case)), &rules),
                Err(message) => vec![message],
            };
            wrong.into_iter().map(|message| format!("{}/{message}", short(case))).collect::<Vec<_>>()
        })
        .collect();
    assert!(told.is_empty(), "\n{}\n{} differences", told.join("\n"), told.len());
}

#[test]
fn every_rule_has_a_case_that_fires_and_one_that_is_silent() {
    let mut fires = BTreeSet::new();
    let mut silent = BTreeSet::new();
    let known = rules();
    for rule in folders(&root().join("rules")) {
        let name = rule.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(known.contains(&name), "fixtures/rules/{name}: there is no such rule");
    }
    for marker in cases().iter().flat_map(|case| markers_of(case).unwrap_or_default()) {
        match marker.kind {
            Kind::Expect => drop(fires.insert(marker.rule)),
            Kind::Ok => drop(silent.insert(marker.rule)),
            _ => {}
        }
    }
    let without = |seen: &BTreeSet<String>| known.difference(seen).cloned().collect::<Vec<_>>();
    let (no_expect, no_ok) = (without(&fires), without(&silent));
    assert!(no_expect == TODO && no_ok.is_empty(), "rules without expect: {no_expect:?}\nrules without ok: {no_ok:?}");
}

/// The truth about a system. Lists are whole: what is not named must not be there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct System {
    /// Some rows of the report, by id.
    rows: BTreeMap<String, Row>,
    /// The actors, by id (`agent:writer`) or name.
    actors: Option<Vec<String>>,
    /// The shared resources, by id or name.
    resources: Option<Vec<String>>,
    /// Who may run beside whom, by name, as `a + b` with the smaller name first.
    together: Option<Vec<String>>,
    /// What is known not to hold yet: `rows.<id>` (or the row's id alone), `actors`, `resources`, `together`. Fails when it holds.
    todo: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    status: String,
    /// A part of one of its messages.
    message: Option<String>,
}

/// What is wrong with each key of a system; `None` where it holds.
fn verdicts(system: &System, report: &Value) -> Vec<(String, Option<String>)> {
    let mut verdicts = Vec::new();
    for (id, expected) in &system.rows {
        let row = report["rows"].as_array().unwrap().iter().find(|row| row["id"] == id.as_str());
        let wrong = match row {
            None => Some("there is no such row".to_owned()),
            Some(row) => {
                let messages: Vec<String> = row["messages"].as_array().unwrap().iter().map(text).collect();
                let said = expected.message.as_ref().is_none_or(|part| messages.iter().any(|message| message.contains(part.as_str())));
                (row["status"] != expected.status.as_str() || !said)
                    .then(|| format!("is {} {messages:?}, expected {expected:?}", row["status"]))
            }
        };
        verdicts.push((format!("rows.{id}"), wrong));
    }
    let named = |key: &str, wanted: &dyn Fn(&&Value) -> bool| -> Vec<(String, String)> {
        report[key].as_array().unwrap().iter().filter(wanted).map(|value| (text(&value["id"]), text(&value["name"]))).collect()
    };
    let shared = |value: &&Value| value["shared"] == true;
    let lists = [("actors", &system.actors, named("actors", &|_| true)), ("resources", &system.resources, named("resources", &shared))];
    let name_of =
        |id: &Value| report["actors"].as_array().unwrap().iter().find(|a| a["id"] == *id).map_or_else(|| text(id), |a| text(&a["name"]));
    let pairs = report["concurrency"].as_array().unwrap().iter().map(|pair| {
        let mut names = [name_of(&pair["a"]), name_of(&pair["b"])];
        names.sort();
        let pair = names.join(" + ");
        (pair.clone(), pair)
    });
    let lists = lists.into_iter().chain([("together", &system.together, pairs.collect())]);
    for (key, expected, found) in lists {
        let Some(expected) = expected else { continue };
        let is = |(id, name): &(String, String), expected: &String| expected == id || expected == name;
        let missing: Vec<&String> = expected.iter().filter(|expected| !found.iter().any(|found| is(found, expected))).collect();
        let more: Vec<&String> =
            found.iter().filter(|found| !expected.iter().any(|expected| is(found, expected))).map(|(id, _)| id).collect();
        let wrong = (!missing.is_empty() || !more.is_empty()).then(|| format!("missing {missing:?}, not expected {more:?}"));
        verdicts.push((key.to_owned(), wrong));
    }
    verdicts
}

fn check_system(folder: &Path) -> Vec<String> {
    let Ok(truth) = std::fs::read_to_string(folder.join("expect.yaml")) else { return vec!["expect.yaml is missing".to_owned()] };
    let system: System = match serde_saphyr::from_str(&truth) {
        Ok(system) => system,
        Err(error) => return vec![format!("expect.yaml: {error}")],
    };
    let report = report(folder);
    let mut todo: BTreeSet<&str> = system.todo.iter().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for (key, problem) in verdicts(&system, &report) {
        let known = todo.remove(key.as_str()) | todo.remove(key.trim_start_matches("rows."));
        match problem {
            Some(problem) if !known => wrong.push(format!("{key}: {problem}")),
            None if known => wrong.push(format!("{key} holds now: take it off the todo list")),
            _ => {}
        }
    }
    wrong.extend(todo.iter().map(|key| format!("todo: {key} is nothing that is stated")));
    wrong
}

#[test]
fn systems_say_what_they_hold() {
    let systems = folders(&root().join("systems"));
    let told: Vec<String> = systems
        .par_iter()
        .flat_map_iter(|system| check_system(system).into_iter().map(|message| format!("{}: {message}", short(system))).collect::<Vec<_>>())
        .collect();
    assert!(told.is_empty(), "\n{}\n{} differences", told.join("\n"), told.len());
}

// The harness itself: it must be able to fail.

fn judged(source: &str, findings: &[Finding]) -> Vec<String> {
    let known = ["lost-update", "no-concurrency-test"].map(str::to_owned).into();
    differences(&markers("a.py", source).unwrap(), findings, &known)
}

fn found(line: usize) -> Finding {
    Finding {
        rule: "lost-update".to_owned(),
        message: "updates \"x\"".to_owned(),
        place: ("a.py".to_owned(), line),
        related: vec![("a.py".to_owned(), 1)],
    }
}

#[test]
fn markers_that_hold_are_silent() {
    let none = Vec::<String>::new();
    assert_eq!(judged("read()  # see: lost-update\nwrite()  # expect: lost-update \"updates \"x\"\"\n", &[found(2)]), none);
    assert_eq!(
        judged("# see: lost-update\n# expect: lost-update\nboth()\n", &[Finding { related: vec![("a.py".to_owned(), 3)], ..found(3) }]),
        none
    );
    assert_eq!(judged("safe()  # ok: lost-update - atomic\nmiss()  # todo-expect: lost-update - later\n", &[]), none);
    assert_eq!(judged("alarm()  # todo-ok: lost-update - held elsewhere\n", &[found(1)]), none);
    let advice = Finding { rule: "no-concurrency-test".to_owned(), ..found(2) };
    assert_eq!(judged("safe()  # ok: lost-update - atomic\n\n", &[advice]), none);
}

#[test]
fn markers_that_do_not_hold_are_told() {
    let cases = [
        ("write()  # expect: lost-update\n", None, "not found"),
        ("write()  # expect: lost-update \"other words\"\n", Some(1), "not found"),
        ("write()\n", Some(1), "not expected"),
        ("write()  # see: lost-update\n", Some(1), "not expected"),
        ("write()  # expect: lost-update\nread()  # see: lost-update\n", Some(1), "related place"),
        ("write()  # ok: lost-update - atomic\n", Some(1), "says ok"),
        ("write()  # todo-expect: lost-update - later\n", Some(1), "is found now"),
        ("write()  # todo-ok: lost-update - later\n", None, "is silent now"),
        ("write()  # ok: lost-updates - slip\n", None, "there is no rule"),
    ];
    for (source, finding, expected) in cases {
        let findings: Vec<Finding> = finding.map(found).into_iter().collect();
        let told = judged(source, &findings);
        assert!(told.iter().any(|told| told.contains(expected)), "{source}: {told:?}");
    }
    for (source, expected) in [
        ("# expect: lost-update\n", "no line follows"),
        ("x()  # ok: lost-update\n", "does not say why"),
        ("x()  # expect:\n", "names no rule"),
    ] {
        assert!(markers("a.py", source).is_err_and(|told| told.contains(expected)), "{source}");
    }
}
