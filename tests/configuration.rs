//! What `clawproof.yaml` says of agents, resources, an orchestrator and controls changes the report, and what matches nothing
//! is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use serde_json::Value;
use support::{Run, Tree, rules_of, text};

/// Two agents that overwrite one file, and a function that nobody would take for an agent.
const AGENTS: &str = "from crewai import Agent
from crewai.tools import tool
from pathlib import Path


@tool(\"keep_note\")
def keep_note(note: str) -> None:
    \"\"\"Keep a note.\"\"\"
    Path(\"/srv/notes.txt\").write_text(note)


@tool(\"read_note\")
def read_note() -> str:
    \"\"\"Read the note.\"\"\"
    return Path(\"/srv/notes.txt\").read_text()


writer = Agent(role=\"writer\", goal=\"write\", backstory=\"writes\", tools=[keep_note])
reader = Agent(role=\"reader\", goal=\"read\", backstory=\"reads\", tools=[read_note, keep_note])
";

const NIGHTLY: &str = "from pathlib import Path


def tidy() -> None:
    Path(\"/srv/notes.txt\").write_text(\"\")
";

/// An endpoint that waits for a lock.
const LOCKED: &str = "from fastapi import FastAPI, HTTPException
from redis import Redis

app = FastAPI()
redis = Redis.from_url(\"redis://redis:6379/0\")


@app.put(\"/pages/{page}\")
def put_page(page: str, text: str) -> None:
    lock = redis.lock(\"lock:pages\", timeout=15, blocking_timeout=60)
    if not lock.acquire():
        raise HTTPException(409, \"busy\")
    try:
        redis.hset(\"pages\", page, text)
    finally:
        lock.release()
";

fn with(config: &str) -> Tree {
    Tree::of(&[("agents.py", AGENTS), ("nightly.py", NIGHTLY), ("clawproof.yaml", config)])
}

fn names(report: &Value, list: &str, key: &str) -> Vec<String> {
    report[list].as_array().unwrap().iter().map(|one| text(&one[key])).collect()
}

/// The words of a row.
fn row(report: &Value, id: &str) -> String {
    let rows = report["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == id).unwrap();
    format!("{}: {}", text(&row["status"]), row["messages"].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join("; "))
}

#[track_caller]
fn assert_warned(run: &Run, words: &str) {
    assert!(run.err.contains(words), "`{words}` is not in: {}", run.err);
}

#[test]
fn agents_by_function_and_by_file() {
    assert!(!names(&with("").json(&[]), "actors", "id").contains(&"agent:cleaner".to_owned()));
    let by_function = with("agents:\n  - {name: cleaner, function: nightly.tidy}\n").json(&[]);
    assert!(names(&by_function, "actors", "id").contains(&"agent:cleaner".to_owned()), "{:#?}", by_function["actors"]);
    let writers = by_function["resources"][0]["writers"].as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    assert!(writers.contains(&"agent:cleaner".to_owned()), "{writers:?}");
    let tree = with("agents:\n  - {name: cleaner, file: ./job.py}\n");
    tree.write("job.py", "from nightly import tidy\n\ntidy()\n");
    let by_file = tree.json(&[]);
    assert!(by_file["resources"][0]["writers"].as_array().unwrap().iter().any(|w| w == "agent:cleaner"), "{by_file:#}");
}

#[test]
fn an_agent_by_its_manifest() {
    let tree = with("agents:\n  - {name: reviewer, manifest: prompts/reviewer.yaml}\n");
    let prompt = "Before you edit the notes, check whether another agent is editing them, and wait until it is done.";
    tree.write("prompts/reviewer.yaml", format!("instructions: {prompt}\n"));
    let report = tree.json(&[]);
    assert!(names(&report, "actors", "id").contains(&"agent:reviewer".to_owned()));
    assert!(rules_of(&report).iter().any(|rule| rule == "prompt-mutex"), "{:#?}", rules_of(&report));
}

#[test]
fn resources_are_renamed_merged_and_left_out() {
    let ids = |config: &str| names(&with(config).json(&[]), "resources", "id");
    assert_eq!(ids(""), ["file:/srv/notes.txt"]);
    assert_eq!(ids("resources:\n  \"file:/srv/notes.txt\": {name: the notes}\n"), ["file:the notes"]);
    assert_eq!(ids("resources:\n  \"file:*\": {ignore: true}\n"), [""; 0]);
    let ignored = with("resources:\n  \"file:*\": {ignore: true}\n").json(&[]);
    assert!(row(&ignored, "shared-resources").starts_with("skip: no resource is shared"), "{}", row(&ignored, "shared-resources"));
    let tree = with("resources:\n  \"file:/srv/notes.txt\": {merge: [\"file:/mnt/*\"]}\n");
    tree.write("agents.py", AGENTS.replace("return Path(\"/srv/notes.txt\")", "return Path(\"/mnt/notes.txt\")"));
    let merged = tree.json(&[]);
    assert_eq!(names(&merged, "resources", "id"), ["file:/srv/notes.txt"]);
    assert_eq!(merged["resources"][0]["readers"].as_array().unwrap().len(), 1);
}

#[test]
fn who_may_read_and_write() {
    let policy = |lists: &str| {
        rules_of(&with(&format!("resources:\n  \"file:/srv/notes.txt\": {{{lists}}}\n")).json(&["--select", "access-policy"]))
    };
    assert_eq!(policy("writers: [writer, reader]"), [""; 0]);
    assert_eq!(policy("writers: [writer]"), ["access-policy"]);
    assert_eq!(policy("readers: [writer], writers: [writer, reader]"), [""; 0], "who may write may read");
    assert_eq!(policy("readers: [], writers: [writer]"), ["access-policy", "access-policy"]);
    let report = with("resources:\n  \"file:/srv/notes.txt\": {writers: [writer]}\n").json(&[]);
    assert_eq!(row(&report, "shared-resources"), "fail: Agent \"reader\" writes \"/srv/notes.txt\" but the access map does not allow it");
}

#[test]
fn an_orchestrator_that_lives_elsewhere() {
    let without = with("").json(&[]);
    assert!(row(&without, "orchestrator").starts_with("fail: No orchestrator"), "{}", row(&without, "orchestrator"));
    let declared = with("orchestrator:\n  pattern: centralized task coordinator\n  where: github.com/example/control-plane\n").json(&[]);
    assert_eq!(row(&declared, "orchestrator"), "pass: Orchestrator pattern detected: centralized task coordinator (declared)");
    assert_eq!(
        (text(&declared["orchestrator"]["file"]), declared["orchestrator"]["line"].as_u64()),
        ("clawproof.yaml".to_owned(), Some(2))
    );
}

#[test]
fn controls_that_live_elsewhere() {
    let locked = |config: &str| Tree::of(&[("app.py", LOCKED), ("clawproof.yaml", config)]).json(&[]);
    let without = locked("");
    assert!(row(&without, "deadlock-alerting").starts_with("fail: No deadlock detection alerting"));
    assert!(row(&without, "contention-metrics").starts_with("advice"));
    assert!(row(&without, "concurrency-tests").starts_with("advice"));
    let alert = "controls:\n  deadlock-alerting: {where: github.com/example/monitoring, threshold_seconds: 30}\n";
    let declared = locked(&format!("{alert}  contention-metrics: {{where: a dashboard}}\n  concurrency-tests: {{where: another suite}}\n"));
    assert_eq!(
        row(&declared, "deadlock-alerting"),
        "pass: Deadlock detection alerting configured: fires after 30s of lock wait (2x expected 15s) (declared)"
    );
    assert_eq!(row(&declared, "contention-metrics"), "pass: Lock contention metrics: a dashboard (declared)");
    assert_eq!(row(&declared, "concurrency-tests"), "pass: Concurrent access tested: another suite (declared)");
}

#[test]
fn a_kill_switch_that_lives_elsewhere() {
    let looping = AGENTS.replace(
        "writer = ",
        "class Watcher:\n    def run(self) -> None:\n        while True:\n            keep_note(\"tick\")\n\n\nclass WatcherAgent(Watcher):\n    pass\n\n\nWatcherAgent().run()\nwriter = ",
    );
    let tree = |config: &str| Tree::of(&[("agents.py", looping.as_str()), ("clawproof.yaml", config)]).json(&[]);
    let without = row(&tree(""), "kill-switch");
    let declared = row(&tree("controls:\n  kill-switch: {where: the control plane}\n"), "kill-switch");
    assert!(without.starts_with("fail: No kill switch"), "{without}");
    assert_eq!(declared, "pass: Kill switch available: the control plane (declared)");
}

#[test]
fn preview_makes_what_will_be_stricter_count() {
    let early = "controls:\n  deadlock-alerting: {where: elsewhere, threshold_seconds: 10}\n";
    let of = |config: &str| Tree::of(&[("app.py", LOCKED), ("clawproof.yaml", config)]);
    let now = of(early).json(&[]);
    assert!(row(&now, "deadlock-alerting").starts_with("advice: The deadlock alert fires after 10s"), "{}", row(&now, "deadlock-alerting"));
    assert_eq!(of(early).run(&[]).code, 0);
    let soon = of(&format!("{early}preview: true\n"));
    assert!(row(&soon.json(&[]), "deadlock-alerting").starts_with("fail: The deadlock alert fires after 10s"));
    assert_eq!(soon.run(&[]).code, 1);
}

#[test]
fn what_matches_nothing_is_told_with_its_place() {
    let run = with(
        "agents:\n  - {name: a, function: nightly.clean}\n  - {name: b, file: nowhere.py}\n  - {name: c, manifest: nowhere.md}\n\
         resources:\n  \"redis:*\": {ignore: true}\n  \"file:/srv/notes.txt\": {merge: [\"s3:*\"], writers: [writer, reader, nobody]}\n",
    )
    .run(&[]);
    assert_warned(&run, "clawproof.yaml:2:25: agent \"a\": there is no function nightly.clean");
    assert_warned(&run, "clawproof.yaml:3:21: agent \"b\": there is no code in nowhere.py");
    assert_warned(&run, "clawproof.yaml:4:25: agent \"c\": there is no manifest nowhere.md");
    assert_warned(&run, "clawproof.yaml:6:3: \"redis:*\" matches no resource");
    assert_warned(&run, "clawproof.yaml:7:35: \"s3:*\" matches no resource");
    assert_warned(&run, "\"nobody\" is no agent or other actor");
    assert!(!with("").run(&[]).err.contains("matches no"));
}
