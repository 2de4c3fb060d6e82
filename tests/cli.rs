//! What a user may type, and what comes back: exit codes, messages, what each option changes and what it leaves alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use serde_json::Value;
use support::{Run, Tree, project, rows, rules_of, text};

/// An endpoint that loses updates of a file: one finding, `lost-update`, of severity high.
const APP: &str = "\"\"\"Notes.\"\"\"
import json

from fastapi import FastAPI

app = FastAPI()


@app.post(\"/notes\")
def add_note(text: str) -> int:
    with open(\"data/notes.json\") as file:
        notes = json.load(file)
    notes.append(text)
    with open(\"data/notes.json\", \"w\") as file:
        json.dump(notes, file)
    return len(notes)
";

fn notes() -> Tree {
    Tree::of(&[("app.py", APP)])
}

fn clean() -> Tree {
    Tree::of(&[(
        "app.py",
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/\")\ndef hello() -> str:\n    return \"hello\"\n",
    )])
}

/// A usage error: exit code 2, nothing on standard output, and these words in the message.
#[track_caller]
fn assert_refused(run: &Run, words: &[&str]) {
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
    for word in words {
        assert!(run.err.contains(word), "`{word}` is not in: {}", run.err);
    }
}

// Exit codes

#[test]
fn exit_codes() {
    assert_eq!(clean().run(&[]).code, 0);
    assert_eq!(notes().run(&[]).code, 1);
    assert_eq!(notes().run(&["nowhere"]).code, 2);
    let broken = Tree::of(&[("app.py", APP), ("broken.py", "def f(:\n")]);
    assert_eq!(broken.run(&[]).code, 1);
    assert_eq!(broken.run(&["--strict"]).code, 3);
    assert_eq!(notes().run(&["--strict"]).code, 1);
}

#[test]
fn the_exit_code_is_that_of_fail_on() {
    let tree = notes();
    for (least, code) in [("low", 1), ("medium", 1), ("high", 1), ("critical", 0), ("never", 0)] {
        let run = tree.run(&["--fail-on", least]);
        assert_eq!(run.code, code, "--fail-on {least}");
        assert!(run.out.contains("FAIL: "), "--fail-on changed the report");
    }
    tree.write("clawproof.yaml", "fail_on: never\n");
    assert_eq!((tree.run(&[]).code, tree.run(&["--fail-on", "high"]).code), (0, 1));
}

// Usage errors

#[test]
fn a_path_that_is_not_there() {
    assert_refused(&notes().run(&["nowhere"]), &["nowhere", "No such file"]);
}

#[test]
fn a_check_that_does_not_exist() {
    for number in ["9", "11", "ten"] {
        assert_refused(&notes().run(&["--check", number]), &[number, "10 (Multi-Agent Coordination)"]);
    }
}

#[test]
fn rules_that_do_not_exist() {
    let tree = notes();
    assert_refused(&tree.run(&["--select", "lost-updates"]), &["--select", "\"lost-updates\"", "lost-update"]);
    assert_refused(&tree.run(&["--ignore", "lock_orders"]), &["--ignore", "\"lock_orders\"", "lock-order"]);
    assert_refused(&tree.run(&["--ignore", "lost-update,zzz"]), &["\"zzz\"", "clawproof rules"]);
    assert_refused(&tree.run(&["explain", "lost-updates"]), &["\"lost-updates\"", "lost-update"]);
    assert_refused(&tree.run(&["explain", "zzz"]), &["\"zzz\"", "clawproof rules"]);
}

#[test]
fn words_that_an_option_does_not_know() {
    for arguments in [
        &["--fail-on", "hihg"][..],
        &["--min-confidence", "none"],
        &["--format", "text"],
        &["--color", "blue"],
        &["--jobs", "0"],
        &["--exclude", "a["],
    ] {
        assert_refused(&notes().run(arguments), &[arguments[0], arguments[1]]);
    }
    assert_refused(&notes().run(&["--no-such-option"]), &["--no-such-option"]);
}

#[test]
fn a_configuration_that_is_wrong() {
    let cases = [
        ("fail_onn: low\n", "clawproof.yaml:1:1", "fail_on"),
        ("\nselect: [lost-updates]\n", "clawproof.yaml:2:10", "lost-update"),
        ("fail_on: hihg\n", "clawproof.yaml:1:10", "high"),
        ("exclude: [a\n", "clawproof.yaml:", "bracket"),
        ("rules: [nowhere]\n", "clawproof.yaml:1:9", "nowhere"),
        ("expected_task_seconds: -1\n", "clawproof.yaml:1:24", "more than 0"),
    ];
    for (config, place, word) in cases {
        let tree = notes();
        tree.write("clawproof.yaml", config);
        assert_refused(&tree.run(&[]), &[place, word]);
    }
    let tree = notes();
    tree.write("pyproject.toml", "[tool.clawproof]\n\nignroe = []\n");
    assert_refused(&tree.run(&[]), &["pyproject.toml:3:1", "ignore"]);
    assert_refused(&notes().run(&["--config", "nowhere.yaml"]), &["nowhere.yaml"]);
}

#[test]
fn a_pack_that_is_broken() {
    let tree = notes();
    tree.write("packs/house.yaml", "pack: house\nlanguage: python\nsources: [ours]\nfunctions:\n  - {name: [house.save], efect: write}\n");
    assert_refused(&tree.run(&["--rules", "packs"]), &["packs/house.yaml:5:26", "efect", "effect"]);
    assert_refused(&tree.run(&["--rules", "nowhere"]), &["--rules", "nowhere"]);
    tree.write("clawproof.yaml", "rules: [packs]\n");
    assert_refused(&tree.run(&[]), &["packs/house.yaml:5:26"]);
}

// What is read

#[test]
fn a_pack_of_the_house_is_known() {
    let tree = Tree::of(&[
        (
            "app.py",
            "import house\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.post(\"/n\")\ndef add() -> None:\n    \
             count = house.load(\"counter\")\n    house.save(\"counter\", count + 1)\n",
        ),
        (
            "packs/house.yaml",
            "pack: house\nlanguage: python\nsources: [ours]\nroots: [house]\nfunctions:\n  \
             - {name: [house.load], effect: read, kind: key-value, resource: 0}\n  \
             - {name: [house.save], effect: write, kind: key-value, resource: 0, value: [1]}\n",
        ),
    ]);
    assert_eq!(tree.run(&["--exclude", "packs"]).code, 0);
    let run = tree.run(&["--exclude", "packs", "--rules", "packs", "--format", "json"]);
    assert!(run.code == 1 && rules_of(&run.json()).contains(&"lost-update".to_owned()), "{}{}", run.err, run.out);
}

#[test]
fn what_is_excluded_is_not_read() {
    let tree = notes();
    tree.write("legacy/old.py", APP);
    let files = |arguments: &[&str]| tree.json(arguments)["coverage"]["files"].as_u64().unwrap();
    assert_eq!(files(&[]), 2);
    assert_eq!(files(&["--exclude", "legacy"]), 1);
    assert_eq!(files(&["--exclude", "legacy/**"]), 1);
    assert_eq!(files(&["--exclude", "old.py", "--exclude", "app.py"]), 0);
    assert_eq!(files(&["legacy"]), 1);
    tree.write("clawproof.yaml", "exclude: [legacy]\n");
    assert_eq!(files(&["--exclude", "nothing"]), 2, "app.py and clawproof.yaml");
}

#[test]
fn the_configuration_may_be_named() {
    let tree = notes();
    tree.write("clawproof.yaml", "fail_on: never\n");
    tree.write("other.yaml", "ignore: [lost-update]\n");
    assert_eq!(tree.run(&[]).code, 0);
    assert_eq!(tree.run(&["--config", "other.yaml"]).code, 0);
    assert_eq!(tree.json(&["--config", "other.yaml"])["summary"]["issues"], 0);
    assert_eq!(tree.json(&[])["summary"]["issues"], 1);
}

#[test]
fn a_folder_that_is_called_like_a_sub_command() {
    let tree = Tree::of(&[("rules/app.py", APP)]);
    let list = tree.run(&["rules"]);
    assert!(list.code == 0 && list.out.contains("lost-update ") && !list.out.contains("CHECK 10"), "{}", list.out);
    let report = tree.run(&["./rules"]);
    assert!(report.code == 1 && report.out.contains("CHECK 10"), "{}", report.out);
}

// What is reported

#[test]
fn rules_and_rows_may_be_left_out() {
    let tree = notes();
    const OUT: &str = "skip: left out by configuration";
    for choice in [&["--ignore", "locks"][..], &["--ignore", "lost-update,locks"]] {
        let run = tree.run(&[choice, &["--format", "json"]].concat());
        assert_eq!((run.code, rows(&run.json())["locks"].as_str()), (0, OUT), "{choice:?}");
        assert_ne!(rows(&run.json())["shared-resources"], OUT);
    }
    let selected = tree.json(&["--select", "locks"]);
    assert_eq!(rules_of(&selected), ["lost-update"]);
    assert_eq!(rows(&selected).values().filter(|said| *said == OUT).count(), 9);
    let run = tree.run(&["--select", "idempotent-writes,lock-order"]);
    assert!(run.code == 0 && run.out.contains("SKIP: left out by configuration"), "{}", run.out);
    // One rule of a row with several: the row still runs.
    let report = tree.json(&["--ignore", "lost-update"]);
    assert!(!rules_of(&report).contains(&"lost-update".to_owned()));
    assert_ne!(rows(&report)["locks"], OUT);
}

#[test]
fn paths_may_be_left_out_by_rule() {
    let tree = notes();
    tree.write("clawproof.yaml", "per_path_ignores:\n  \"app.py\": [lost-update]\n");
    let run = tree.run(&["--format", "json"]);
    assert_eq!((run.code, run.json()["suppressed"][0]["by"].as_str()), (0, Some("configuration")), "{}", run.out);
}

#[test]
fn confidence_is_a_threshold() {
    let tree = notes();
    let count = |least: &str| rules_of(&tree.json(&["--min-confidence", least])).len();
    let (low, medium, high) = (count("low"), count("medium"), count("high"));
    assert!(low >= medium && medium >= high, "{low} {medium} {high}");
    assert_eq!(tree.json(&[]), tree.json(&["--min-confidence", "medium"]));
    let order = |finding: &Value| ["low", "medium", "high"].iter().position(|word| finding["confidence"] == *word).unwrap();
    let platform =
        |least: &str| support::run_in(project(), &["fixtures/inventory-platform", "--format", "json", "--min-confidence", least]).json();
    for (index, least) in ["low", "medium", "high"].into_iter().enumerate() {
        assert!(platform(least)["findings"].as_array().unwrap().iter().all(|finding| order(finding) >= index), "{least}");
    }
}

#[test]
fn an_advice_row_may_be_made_a_gate() {
    let tree = notes();
    assert!(tree.run(&[]).out.contains("  ! No test runs 10 or more agents"));
    tree.write("clawproof.yaml", "gates: [concurrency-tests]\n");
    let run = tree.run(&[]);
    assert!(run.out.contains("✗ FAIL: No test runs 10 or more agents"), "{}", run.out);
    assert!(run.out.contains("Result: 2 issues found"), "{}", run.out);
}

// How it is printed

#[test]
fn ascii_is_ascii() {
    for form in [&["--ascii"][..], &["--ascii", "--verbose"]] {
        let run = notes().run(form);
        assert!(run.out.is_ascii(), "{:?}", run.out.lines().find(|line| !line.is_ascii()));
        assert!(run.out.contains("[FAIL] Endpoint \"POST /notes\""), "{}", run.out);
    }
}

#[test]
fn colour_is_asked_for() {
    let tree = notes();
    let plain = tree.run(&[]).out;
    assert!(!plain.contains('\u{1b}'), "colour without a terminal");
    assert_eq!(tree.run(&["--color", "never"]).out, plain);
    let colour = tree.run(&["--color", "always"]).out;
    assert!(colour.contains("\u{1b}[1mCHECK 10") && colour.contains("\u{1b}[31m✗"), "{colour:?}");
    let mut stripped = String::new();
    for (index, part) in colour.split("\u{1b}[").enumerate() {
        stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(stripped, plain);
    assert!(!tree.run(&["--color", "always", "--format", "json"]).out.contains('\u{1b}'));
}

#[test]
fn quiet_is_quiet() {
    let tree = Tree::of(&[("readme.md", "# nothing\n")]);
    assert_ne!(tree.run(&[]).err, "");
    let quiet = tree.run(&["-q"]);
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
    assert_eq!(quiet.out, tree.run(&[]).out);
    assert!(tree.run(&["-q", "nowhere"]).err.contains("nowhere"), "errors are not quiet");
}

#[test]
fn a_report_in_a_file_is_whole() {
    let tree = notes();
    let shown = tree.run(&["--format", "json", "--exclude", "out"]);
    let written = tree.run(&["--format", "json", "--exclude", "out", "-o", "report.txt"]);
    assert_eq!((written.out.as_str(), written.code), ("", 1));
    assert_eq!(tree.read("report.txt"), shown.out);
    // An old report is replaced, however long it was; an error leaves it alone.
    tree.write("report.txt", "x".repeat(1 << 20));
    tree.run(&["--format", "json", "--output", "report.txt"]);
    assert_eq!(tree.read("report.txt"), shown.out);
    assert_eq!(tree.run(&["nowhere", "-o", "report.txt"]).code, 2);
    assert_eq!(tree.read("report.txt"), shown.out);
    let left: Vec<String> = support::files(tree.path()).into_iter().map(|(path, _)| path).collect();
    assert_eq!(left, ["app.py", "report.txt"], "something is left behind");
    assert!(!tree.run(&["--color", "auto", "-o", "report.txt"]).out.contains('\u{1b}'));
    assert!(!tree.read("report.txt").contains('\u{1b}'));
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    assert_refused(&notes().run(&["-o", "no/such/folder/report.txt"]), &["no/such/folder"]);
}

#[test]
fn threads_change_nothing() {
    let tree = notes();
    for form in [&[][..], &["--format", "json"], &["-v"]] {
        let run = |jobs| tree.run(&[form, &["--jobs", jobs]].concat());
        let (one, four) = (run("1"), run("4"));
        assert_eq!((one.out, one.err, one.code), (four.out, four.err, four.code));
    }
}

#[test]
fn timings_add_one_key() {
    let tree = notes();
    let plain = tree.run(&["--format", "json"]).out;
    let mut timed = tree.json(&["--timings"]);
    assert!(!plain.contains("elapsed_ms"));
    assert!(timed.as_object_mut().unwrap().shift_remove("elapsed_ms").is_some_and(|elapsed| elapsed.is_u64()), "{timed}");
    assert_eq!(timed, serde_json::from_str::<Value>(&plain).unwrap());
}

#[test]
fn json_fits_its_schema() {
    let schema = std::fs::read_to_string(project().join("schemas/report.v1.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let silenced = notes();
    silenced.write("clawproof.yaml", "ignore: []\nper_path_ignores:\n  \"*.py\": [lost-update]\n");
    let broken = Tree::of(&[("app.py", APP), ("broken.py", "def f(:\n"), ("x.ipynb", "{}")]);
    let platform = Tree::copy_of(&project().join("fixtures/inventory-platform"));
    for tree in [notes(), clean(), Tree::new(), silenced, broken, platform] {
        for arguments in [&[][..], &["--timings"], &["--min-confidence", "low"]] {
            let report = tree.json(arguments);
            let errors: Vec<String> = validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
    }
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let report = support::run_in(project(), &["--format", "json", "fixtures/inventory-platform"]).json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&report),
        [
            "schema_version",
            "tool",
            "check",
            "summary",
            "rows",
            "systems",
            "orchestrator",
            "controls",
            "concurrency",
            "actors",
            "resources",
            "locks",
            "channels",
            "findings",
            "suppressed",
            "coverage"
        ]
    );
    let has = |value: &Value, names: &[&str]| names.iter().for_each(|name| assert!(value.get(name).is_some(), "no `{name}` in {value}"));
    has(&report["rows"][0], &["id", "item", "gate", "status", "messages", "remedy", "findings", "evidence"]);
    has(&report["actors"][0], &["id", "name", "aliases", "kind", "framework", "file", "line", "tools", "entry_points"]);
    has(&report["resources"][0], &["id", "kind", "store", "name", "shared", "readers", "writers", "accesses"]);
    has(
        &report["resources"][0]["accesses"][0],
        &["actor", "mode", "operation", "file", "line", "function", "api", "idempotent", "atomic", "guards", "path"],
    );
    has(&report["locks"][0], &["id", "name", "scope", "ttl_seconds", "ttl", "api", "file", "line", "holders"]);
    has(&report["channels"][0], &["id", "publishers", "subscribers"]);
    has(
        &report["findings"][0],
        &[
            "id",
            "rule",
            "row",
            "severity",
            "advice",
            "confidence",
            "message",
            "actors",
            "resource",
            "function",
            "file",
            "line",
            "column",
            "end_line",
            "end_column",
            "related",
            "evidence",
            "interleaving",
            "help",
            "remedy",
            "fingerprint",
        ],
    );
    has(&report["coverage"], &["files", "lines", "languages", "skipped", "unresolved"]);
    assert_eq!(report["actors"].as_array().unwrap().iter().filter(|actor| actor["kind"] == "agent").count(), 6);
}

#[test]
fn a_race_names_its_read_and_its_cure() {
    let report = notes().json(&[]);
    let race = &report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "lost-update").unwrap();
    assert!(race["related"].as_array().unwrap().iter().any(|place| place["role"] == "read"), "{race}");
    assert!(text(&race["help"]).starts_with(|c: char| c.is_uppercase()), "{race}");
}

#[test]
fn a_race_is_told_step_by_step() {
    let report = notes().json(&[]);
    let race = &report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "lost-update").unwrap();
    assert!(race["interleaving"].as_array().unwrap().len() >= 4, "{race}");
}

// Sub-commands

#[test]
fn rules_are_listed() {
    let run = notes().run(&["rules"]);
    let listed = notes().run(&["rules", "--format", "json"]).json();
    let listed = listed.as_array().unwrap();
    assert!(run.code == 0 && listed.len() >= 20, "{}", listed.len());
    assert_eq!(run.out.lines().count(), listed.len());
    for rule in listed {
        let words = [text(&rule["id"]), text(&rule["row"])];
        assert!(words.iter().all(|word| run.out.contains(word)), "{rule}");
    }
}

#[test]
fn every_rule_is_explained() {
    for rule in notes().run(&["rules", "--format", "json"]).json().as_array().unwrap() {
        let id = text(&rule["id"]);
        let run = notes().run(&["explain", &id]);
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        assert!(run.out.starts_with(&format!("# {id}\n")), "{}", run.out);
    }
}

#[test]
fn init_writes_a_file_that_is_read() {
    let tree = notes();
    assert_eq!(tree.run(&["init"]).code, 0);
    assert_eq!(tree.run(&[]).code, 1, "the template changes nothing");
    assert_eq!(tree.run(&["init"]).code, 2);
}

#[test]
fn stages_can_be_looked_at() {
    let facts = notes().run(&["debug", "facts"]);
    assert!(facts.code == 0 && facts.json()["app.py"]["functions"].as_array().unwrap().len() >= 2);
    let model = notes().run(&["debug", "model", "."]);
    assert!(model.code == 0 && model.out.contains("endpoint:POST /notes") && model.out.contains("data/notes.json"), "{}", model.out);
    assert_refused(&notes().run(&["debug", "model", "nowhere"]), &["nowhere"]);
    assert_refused(&notes().run(&["debug", "syntax"]), &["syntax"]);
}

#[test]
fn shells_complete() {
    for shell in ["bash", "zsh", "fish"] {
        let run = notes().run(&["completions", shell]);
        assert!(run.code == 0 && run.out.contains("clawproof") && run.out.contains("min-confidence"), "{shell}");
    }
}

// Silencing

/// The line of the one finding of a rule, from 1.
fn line_of(tree: &Tree, rule: &str) -> usize {
    let report = tree.json(&[]);
    let finding = report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule);
    usize::try_from(finding.unwrap_or_else(|| panic!("no {rule}"))["line"].as_u64().unwrap()).unwrap()
}

/// The app with something at the end of a line, or with a line before it.
fn with_comment(line: usize, comment: &str, above: bool) -> Tree {
    let mut lines: Vec<String> = APP.lines().map(str::to_owned).collect();
    let indent = lines[line - 1].len() - lines[line - 1].trim_start().len();
    if above {
        lines.insert(line - 1, format!("{}{comment}", " ".repeat(indent)));
    } else {
        lines[line - 1] += &format!("  {comment}");
    }
    Tree::of(&[("app.py", &(lines.join("\n") + "\n"))])
}

#[test]
fn a_comment_silences_its_line() {
    let line = line_of(&notes(), "lost-update");
    for above in [false, true] {
        let tree = with_comment(line, "# clawproof: ignore[lost-update] one writer", above);
        let run = tree.run(&["--format", "json"]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "above: {above}");
        let silenced = &run.json()["suppressed"];
        assert_eq!((silenced[0]["rule"].as_str(), silenced[0]["by"].as_str()), (Some("lost-update"), Some("comment")));
        assert!(silenced[0].to_string().contains("one writer"), "the reason is lost: {silenced}");
        assert!(!rules_of(&run.json()).contains(&"lost-update".to_owned()));
    }
    let other = with_comment(line, "# clawproof: ignore[check-then-act, lost-update]", false);
    assert_eq!(other.run(&[]).code, 0);
}

#[test]
fn a_row_tells_of_what_was_silenced() {
    let tree = with_comment(line_of(&notes(), "lost-update"), "# clawproof: ignore[lost-update] one writer", false);
    let said = rows(&tree.json(&[]))["locks"].clone();
    assert!(said.contains("1 accepted (comment)"), "{said}");
}

#[test]
fn a_comment_without_a_rule_is_an_error() {
    let line = line_of(&notes(), "lost-update");
    for comment in ["# clawproof: ignore", "# clawproof: ignore[] why", "# clawproof: ignore because"] {
        assert_refused(&with_comment(line, comment, false).run(&[]), &[&format!("app.py:{line}:"), "ignore[rule]"]);
    }
    assert_refused(&with_comment(line, "# clawproof: ignore[lost-updates]", false).run(&[]), &[&format!("app.py:{line}:"), "lost-update"]);
}

#[test]
fn a_comment_that_silences_nothing_is_told() {
    let tree = with_comment(2, "# clawproof: ignore[lost-update] why", false);
    let run = tree.run(&[]);
    assert!(run.code == 1 && run.err.contains("warning: app.py:2:") && run.err.contains("lost-update"), "{}", run.err);
    assert_eq!(run.out, notes().run(&[]).out, "the report stays as it is");
    assert_eq!(tree.run(&["-q"]).err, "");
    // A rule that was not run is not held against the comment.
    assert!(!tree.run(&["--ignore", "lost-update"]).err.contains("app.py:2:"));
}

#[test]
fn a_decorated_function_is_silenced_above_its_decorators() {
    // Advice on a test that is too small stands at the test.
    let test = |comment: &str| {
        format!(
            "from concurrent.futures import ThreadPoolExecutor\n\nimport pytest\n\nfrom app import add_note\n\n\n{comment}@pytest.mark.slow\n\
             @pytest.mark.parametrize(\"text\", [\"a\"])\ndef test_notes_at_once(text: str) -> None:\n    \
             with ThreadPoolExecutor(max_workers=3) as pool:\n        counts = list(pool.map(add_note, [text] * 3))\n    assert sorted(counts) == [1, 2, 3]\n"
        )
    };
    let tree = |comment: &str| Tree::of(&[("app.py", APP), ("tests/test_app.py", &test(comment))]);
    let rule = "no-concurrency-test";
    let plain = tree("").json(&[]);
    let finding = plain["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule).unwrap().clone();
    assert_eq!((finding["file"].as_str(), finding["line"].as_u64()), (Some("tests/test_app.py"), Some(10)), "{finding}");
    let run = tree("# clawproof: ignore[no-concurrency-test] small machine\n").run(&["--format", "json"]);
    assert!(!rules_of(&run.json()).contains(&rule.to_owned()), "{}", run.err);
}

#[test]
fn comments_of_manifests_are_read() {
    for (file, text) in [("deploy.yaml", "a: 1  # clawproof: ignore\n"), ("settings.toml", "a = 1  # clawproof: ignore\n")] {
        assert_refused(&Tree::of(&[("app.py", APP), (file, text)]).run(&[]), &[&format!("{file}:1:"), "ignore[rule]"]);
    }
    // Text that only looks like a comment is none.
    let tree = Tree::of(&[("app.py", APP), ("text.py", "TEXT = \"# clawproof: ignore\"\n")]);
    assert_eq!(tree.run(&[]).code, 1);
}

#[test]
#[ignore = "analysis: comments of .sql files are not collected, so that nothing in them silences or is told"]
fn comments_of_sql_are_read() {
    let tree = Tree::of(&[("app.py", APP), ("schema.sql", "-- clawproof: ignore\nCREATE TABLE a (b int);\n")]);
    assert_refused(&tree.run(&[]), &["schema.sql:1:", "ignore[rule]"]);
}
