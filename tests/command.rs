//! The program from outside: what it does without scanning anything.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::{Command, Output, Stdio};

fn clawproof() -> Command {
    Command::new(env!("CARGO_BIN_EXE_clawproof"))
}

fn text(output: &Output) -> (Option<i32>, String, String) {
    let words = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), words(&output.stdout), words(&output.stderr))
}

#[test]
fn a_check_that_does_not_exist_is_a_usage_error() {
    let (code, out, error) = text(&clawproof().args(["--check", "11"]).output().unwrap());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(error.contains("10 (Multi-Agent Coordination)"), "{error}");
}

#[test]
fn help_and_version_go_to_standard_output() {
    for option in ["--help", "--version"] {
        let (code, out, error) = text(&clawproof().arg(option).output().unwrap());
        assert_eq!((code, error.as_str()), (Some(0), ""));
        assert!(out.contains("clawproof"), "{out}");
    }
}

#[test]
fn init_writes_once() {
    let folder = tempfile::tempdir().unwrap();
    let init = || text(&clawproof().arg("init").current_dir(folder.path()).output().unwrap());
    assert_eq!(init(), (Some(0), String::new(), "wrote clawproof.yaml\n".to_owned()));
    assert_eq!(init().0, Some(2));
    let text = std::fs::read_to_string(folder.path().join("clawproof.yaml")).unwrap();
    assert_eq!(text, clawproof::config::TEMPLATE);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = clawproof().args(["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let (code, _, error) = text(&child.wait_with_output().unwrap());
    assert_eq!((code, error.as_str()), (Some(0), ""));
}
