//! The renderers, on a report built by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod sample;

use clawproof::finding::{Severity, Status};
use clawproof::model::Model;
use clawproof::report::{Ink, human, inspected, json, verbose};
use clawproof::source::{Language, SourceFile, Span};
use sample::{page_rows, sample, verdict};

const ASCII: Ink = Ink { colour: false, ascii: true };
const COLOUR: Ink = Ink { colour: true, ascii: false };

/// The page's report, byte for byte.
const PAGE: &str = "
  CHECK 10 — Multi-Agent Coordination
  ─────────────────────────────────────────────
  ✓ Shared resources mapped: 4 resources, 6 agents with write access
  ✓ Orchestrator pattern detected: centralized task coordinator
  ✓ Distributed locks with TTL: 30s default, per-resource configurable
  ✓ Global lock ordering enforced (alphabetical resource-ID)
  ✗ FAIL: Agent \"data_enricher\" writes are not idempotent — uses INSERT, not UPSERT
  ✓ Event-driven sync: 3 event channels, all agents subscribed
  ✗ FAIL: No deadlock detection alerting configured — locks can expire but no alert fires
  ✓ Kill switch available per agent via orchestrator admin API

  Result: 2 issues found — fix idempotency and add deadlock alerting
  Severity: MEDIUM — data corruption risk under concurrent load
";

#[test]
fn the_page_comes_out_byte_for_byte() {
    assert_eq!(human::render(&sample().report(), Ink::PLAIN), PAGE);
}

#[test]
fn long_rows_skips_and_advice() {
    let mut sample = sample();
    let mut rows = page_rows();
    rows[2] = verdict("locks", 3, true, Status::Fail, "first");
    rows[2].messages.extend(["second", "third", "fourth", "fifth"].map(str::to_owned));
    rows[3] = verdict("lock-order", 4, true, Status::Skip, "no agent holds two locks at once");
    rows[0].advice = vec!["3 writes could not be mapped to a resource — declare them in clawproof.yaml".to_owned()];
    rows[8] = verdict("concurrency-tests", 7, false, Status::Advice, "Concurrent access is tested with 3 agents — raise it to 10 or more");
    rows[9] = verdict("contention-metrics", 9, true, Status::Fail, "No lock contention metrics — high contention would go unseen");
    sample.verdicts = rows;
    insta::assert_snapshot!("plain", human::render(&sample.report(), Ink::PLAIN));
    insta::assert_snapshot!("ascii", human::render(&sample.report(), ASCII));
    insta::assert_snapshot!("colour", human::render(&sample.report(), COLOUR).replace('\u{1b}', "ESC"));
}

#[test]
fn nothing_found_is_severity_none() {
    let mut sample = sample();
    (sample.severity, sample.issues) = (None, 0);
    (sample.result, sample.severity_words) = ("no issues found".to_owned(), "no coordination fault found".to_owned());
    let text = human::render(&sample.report(), Ink::PLAIN);
    assert!(text.ends_with("\n\n  Result: no issues found\n  Severity: NONE — no coordination fault found\n"), "{text}");
}

#[test]
fn the_audit_report() {
    insta::assert_snapshot!("verbose", verbose::render(&sample().report(), Ink::PLAIN));
    let ascii = verbose::render(&sample().report(), ASCII);
    assert!(ascii.is_ascii(), "{:?}", ascii.lines().find(|line| !line.is_ascii()));
    assert!(verbose::render(&sample().report(), COLOUR).contains('\u{1b}'));
}

#[test]
fn a_hostile_repository_moves_nothing() {
    let mut sample = sample();
    let evil = "x\u{1b}[2J\n  ✓ forged\u{202e}";
    sample.verdicts[0].messages[0] = format!("Agent \"{evil}\"");
    sample.verdicts[0].evidence[0].message = evil.to_owned();
    sample.findings[0].message = evil.to_owned();
    sample.findings[0].help = evil.to_owned();
    sample.findings[1].interleaving[0].step = evil.to_owned();
    sample.findings[1].interleaving[0].actor = evil.to_owned();
    sample.findings[1].related[0].message = evil.to_owned();
    sample.model.actors[0].name = evil.to_owned();
    sample.model.resources[0].id = evil.to_owned();
    sample.model.coverage.skipped[0] = (evil.to_owned(), evil.to_owned());
    sample.model.coverage.unknown_imports = vec![evil.to_owned()];
    let text = sample.files[0].text.replace("(sku, value),", "(sku, \"\u{1b}[31m\u{202e}\u{85}\"),");
    sample.files[0] = SourceFile::new(format!("{evil}.py"), text, Language::Python);
    for ink in [Ink::PLAIN, ASCII] {
        for text in [human::render(&sample.report(), ink), verbose::render(&sample.report(), ink)] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{85}', '\r']), "{text}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("✓ forged")), "{text}");
        }
    }
    assert!(!inspected::line(&sample.report(), Ink::PLAIN).contains('\u{1b}'));
    sample.model = Model { coverage: sample.model.coverage.clone(), ..Model::default() };
    assert!(!inspected::nothing_recognised(&sample.report(), Ink::PLAIN).unwrap().contains('\u{1b}'));
}

#[test]
fn large_files_and_long_lines_stay_small() {
    let mut sample = sample();
    let long = format!("{}connection.execute(\"é\u{1b}\"){}\n", "é = 1; ".repeat(200_000), " ; x".repeat(200_000));
    let start = long.find("connection").unwrap() as u32;
    sample.files[0] = SourceFile::new("agents/enrich.py", long, Language::Python);
    sample.findings[0].site.span = Span::new(start, start + 18);
    let mut tall = "# line\n".repeat(300_000);
    tall.push_str("last");
    let end = tall.len() as u32;
    sample.files[1] = SourceFile::new("agents/stock.py", tall, Language::Python);
    sample.findings[1].site.span = Span::new(0, end);
    sample.findings[1].related[0].site.span = Span::new(end, end);
    // A place beyond the end of its file, and one inside a character.
    sample.findings[1].related[1].site.span = Span::new(5_000_000, 5_000_001);
    sample.verdicts[0].evidence[0].site.span = Span::new(1, 2);
    for ink in [Ink::PLAIN, ASCII] {
        let text = verbose::render(&sample.report(), ink);
        assert!(text.len() < 20_000, "{}", text.len());
        assert!(text.contains("connection.execute"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 260));
    }
    assert!(json::render(&sample.report()).len() < 30_000);
}

#[test]
fn json_is_the_contracts() {
    let mut sample = sample();
    let text = json::render(&sample.report()).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("json", text);
    let schema: serde_json::Value = serde_json::from_str(&json::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = |text: &str| -> Vec<String> {
        let value = serde_json::from_str(text).unwrap();
        validator.iter_errors(&value).map(|error| error.to_string()).collect()
    };
    assert_eq!(errors(&text), Vec::<String>::new());
    assert!(!errors(&text.replace("\"high\"", "\"grave\"")).is_empty());
    // An empty report, and one with the time it took.
    (sample.model, sample.severity, sample.issues) = (Model::default(), None, 0);
    sample.findings.clear();
    let report = clawproof::report::Report { elapsed_ms: Some(12), ..sample.report() };
    let text = json::render(&report);
    assert_eq!(errors(&text), Vec::<String>::new());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["elapsed_ms"], 12);
    assert_eq!(value["summary"]["severity"], "none");
    assert_eq!(value["summary"]["status"], "pass");
    assert!(value["orchestrator"].is_null());
}

#[test]
fn the_lines_on_standard_error() {
    let mut sample = sample();
    let line = |sample: &sample::Sample| inspected::line(&sample.report(), Ink::PLAIN);
    let expected = "Inspected: 3 files (python 2, yaml 1), 2 agents, 1 worker, 3 tool functions; \
                    1 file skipped, 4 files not read (typescript 4), 1 write unresolved";
    assert_eq!(line(&sample), expected);
    assert_eq!(inspected::next(&sample.report()).as_deref(), Some("Next: clawproof explain lost-update"));
    sample.findings[1].severity = Severity::Low;
    assert_eq!(inspected::next(&sample.report()).as_deref(), Some("Next: clawproof explain non-idempotent-insert"));
    sample.findings.clear();
    assert_eq!(inspected::next(&sample.report()), None);
    assert_eq!(inspected::nothing_recognised(&sample.report(), Ink::PLAIN), None);
    sample.model = Model { coverage: sample.model.coverage.clone(), ..Model::default() };
    insta::assert_snapshot!("nothing", inspected::nothing_recognised(&sample.report(), Ink::PLAIN).unwrap());
    sample.model = Model::default();
    assert_eq!(line(&sample), "Inspected: 0 files, 0 agents, 0 tool functions; 0 files skipped, 0 writes unresolved");
}

#[test]
fn schemas_are_those_of_the_types() {
    let schemas = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let config = schemars::schema_for!(clawproof::config::Config).to_value();
    for (name, text) in [("report.v1.schema.json", json::schema()), ("clawproof.schema.json", format!("{config:#}\n"))] {
        let path = schemas.join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == text, "schemas/{name} is out of date: run `UPDATE=1 cargo test --test report schemas`");
    }
}

#[test]
fn the_commented_template_fits_the_schema() {
    let config = schemars::schema_for!(clawproof::config::Config).to_value();
    let validator = jsonschema::validator_for(&config).unwrap();
    let value = |text: &str| -> serde_json::Value { serde_saphyr::from_str(text).unwrap() };
    assert!(validator.is_valid(&value("fail_on: high\nagents: [{name: x, function: a.b}]\ncontrols: {kill-switch: {where: x}}\n")));
    for wrong in ["exlude: []", "fail_on: bad", "agents: [{function: a.b}]", "select: locks", "controls: {kill-switch: {}}"] {
        assert!(!validator.is_valid(&value(wrong)), "{wrong}");
    }
}
