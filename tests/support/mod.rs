//! What the tests of the program share: trees on disk, runs of the binary, and the rows of a report.
//!
//! Every run is cut off from the machine it runs on: trees stand in temporary folders, and nothing in the environment
//! changes colours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code, unreachable_pub, missing_docs)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The project's own folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder that goes away with the test.
pub struct Tree(tempfile::TempDir);

impl Tree {
    pub fn new() -> Tree {
        Tree(tempfile::tempdir().unwrap())
    }

    /// A tree of these files, path and text.
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let tree = Tree::new();
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    /// A copy of a folder.
    pub fn copy_of(folder: &Path) -> Tree {
        let tree = Tree::new();
        for (path, bytes) in files(folder) {
            tree.write(&path, bytes);
        }
        tree
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Puts `to` for `from`, everywhere in one file.
    #[track_caller]
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} does not hold `{from}`: the fixture changed, adapt the mutation");
        self.write(path, text.replace(from, to));
    }

    /// Runs clawproof with this folder as the current one.
    pub fn run(&self, arguments: &[&str]) -> Run {
        run_in(self.path(), arguments)
    }

    /// The JSON report on this folder.
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[&["--format", "json"], arguments].concat()).json()
    }
}

/// Every file below a folder: path with `/`, and bytes; sorted.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let named = files.map(|entry| {
        let relative = entry.path().strip_prefix(folder).unwrap();
        (relative.to_str().unwrap().replace('\\', "/"), fs::read(entry.path()).unwrap())
    });
    named.collect()
}

/// One run of the program.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The report, where its form is JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}), exit code {}: {}", self.code, self.err))
    }
}

/// Runs clawproof in a folder. A panic, a crash or a run without an end fails the test, whatever it is about.
#[track_caller]
pub fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_clawproof"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8").timeout(Duration::from_secs(60)).current_dir(folder).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run = Run { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) };
    assert!((0..=3).contains(&run.code), "{arguments:?} ended with {:?}: {}", output.status, run.err);
    assert!(!run.err.contains("panicked") && !run.err.contains("internal error"), "{arguments:?}: {}", run.err);
    run
}

/// What stands in each row, by its id: `pass: …`, one line per message; `result` and `severity` stand there as well.
pub fn rows(report: &Value) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    for row in report["rows"].as_array().unwrap() {
        let messages: Vec<&str> = row["messages"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
        rows.insert(text(&row["id"]), format!("{}: {}", text(&row["status"]), messages.join("\n")));
    }
    for key in ["result", "severity"] {
        rows.insert(key.to_owned(), text(&report["summary"][key]));
    }
    rows
}

/// A JSON string.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The rules of the findings of a report.
pub fn rules_of(report: &Value) -> Vec<String> {
    report["findings"].as_array().unwrap().iter().map(|finding| text(&finding["rule"])).collect()
}
