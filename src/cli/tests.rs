#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::config::Known;
use crate::finding::{Confidence, Severity};
use std::fs;

fn cli(arguments: &[&str]) -> Result<Cli, clap::Error> {
    parse(std::iter::once("clawproof").chain(arguments.iter().copied()))
}

fn refused(arguments: &[&str]) -> (i32, String) {
    let error = cli(arguments).err().unwrap_or_else(|| panic!("{arguments:?} was accepted"));
    (error.exit_code(), error.to_string())
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn defaults_are_those_of_check_10_on_this_folder() {
    let cli = cli(&[]).unwrap();
    assert!(cli.command.is_none());
    assert_eq!((cli.scan.check, cli.scan.format, cli.scan.reading.path), (10, Format::Human, None));
}

#[test]
fn options_stand_before_and_after_the_path() {
    for arguments in [&["--check", "10", "--verbose", "a", "--format=json"][..], &["a", "-v", "--check=10", "--format", "json"]] {
        let cli = cli(arguments).unwrap();
        assert_eq!(cli.scan.reading.path, Some(PathBuf::from("a")));
        assert!(cli.scan.verbose);
        assert_eq!(cli.scan.format, Format::Json);
    }
    let cli = cli(&["--select", "a,b", "--select", "c", "--exclude", "x", "--exclude", "y", "-q", "--color", "never"]).unwrap();
    assert_eq!(cli.scan.select, ["a", "b", "c"]);
    assert_eq!(cli.scan.reading.exclude, ["x", "y"]);
    assert!(cli.print.quiet && cli.print.color == When::Never);
}

#[test]
fn a_name_of_both_is_the_sub_command() {
    assert!(matches!(cli(&["rules"]).unwrap().command, Some(Subject::Rules { format: Format::Human })));
    assert!(matches!(cli(&["rules", "--format", "json"]).unwrap().command, Some(Subject::Rules { format: Format::Json })));
    let folder = cli(&["./rules"]).unwrap();
    assert!(folder.command.is_none());
    assert_eq!(folder.scan.reading.path, Some(PathBuf::from("./rules")));
    assert!(matches!(cli(&["--color", "never", "rules"]).unwrap().command, Some(Subject::Rules { .. })));
    assert!(matches!(cli(&["explain", "lost-update"]).unwrap().command, Some(Subject::Explain { rule }) if rule == "lost-update"));
    let Some(Subject::Debug { stage: Stage::Model, reading }) = cli(&["debug", "model", "x"]).unwrap().command else { panic!() };
    assert_eq!(reading.path, Some(PathBuf::from("x")));
}

#[test]
fn what_a_sub_command_would_lose_is_an_error() {
    let (code, message) = refused(&["--check", "10", "rules"]);
    assert_eq!(code, 2);
    assert!(message.contains("takes no --check before it; write ./rules"), "{message}");
    assert!(refused(&[".", "init"]).1.contains("takes no PATH before it"));
}

#[test]
fn unknown_words_are_usage_errors() {
    let (code, message) = refused(&["--check", "11"]);
    assert_eq!(code, 2);
    assert!(message.contains("there is 10 (Multi-Agent Coordination)"), "{message}");
    for arguments in [&["--check", "x"][..], &["--format", "xml"], &["--jobs", "0"], &["--fail-on", "bad"], &["explain"], &["debug"]] {
        assert_eq!(refused(arguments).0, 2, "{arguments:?}");
    }
    assert_eq!(refused(&["--help"]).0, 0);
    assert_eq!(refused(&["--version"]).0, 0);
}

#[test]
fn completions_know_the_options() {
    for shell in Shell::value_variants() {
        let mut out = Vec::new();
        completions(*shell, &mut out);
        let script = String::from_utf8(out).unwrap();
        assert!(script.contains("min-confidence") && script.contains("explain"), "{shell}");
    }
}

#[test]
fn the_command_line_stands_over_the_configuration() {
    let known = Known { rules: &["a-rule", "b-rule"], rows: &["locks"], controls: &[] };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    fs::create_dir(folder.path().join("packs")).unwrap();
    let text = "fail_on: high\nmin_confidence: low\nselect: [locks]\nignore: [a-rule]\nexclude: [x]\nrules: [packs]\n";
    fs::write(folder.path().join("clawproof.yaml"), text).unwrap();
    let settings = Settings::new(&cli(&[path]).unwrap().scan, &known).unwrap();
    assert!(settings.fails(Severity::High) && !settings.fails(Severity::Medium));
    assert!(settings.reports(Confidence::Low));
    assert!(settings.runs("b-rule", "locks") && !settings.runs("a-rule", "locks") && !settings.runs("b-rule", "other"));
    assert!(settings.rules[0].is_dir());

    let arguments = [path, "--fail-on", "never", "--min-confidence=high", "--select", "b-rule", "--exclude", "y"];
    let settings = Settings::new(&cli(&arguments).unwrap().scan, &known).unwrap();
    assert!(!settings.fails(Severity::Critical) && !settings.reports(Confidence::Medium));
    assert!(settings.runs("b-rule", "other"));
    assert_eq!(settings.exclude, ["x", "y"]);
}

#[test]
fn a_run_that_cannot_start_says_why() {
    let known = Known { rules: &["a-rule"], rows: &[], controls: &[] };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let why = |arguments: &[&str]| Settings::new(&cli(arguments).unwrap().scan, &known).unwrap_err().to_string();
    assert!(why(&["/no/such/path"]).starts_with("/no/such/path: "));
    assert_eq!(why(&[path, "--select", "a-rul"]), "--select: unknown rule or row \"a-rul\" — did you mean \"a-rule\"?");
    assert!(why(&[path, "--exclude", "a["]).starts_with("--exclude: not a glob: \"a[\""));
    assert!(why(&[path, "--rules", "/no/such"]).starts_with("--rules: there is no folder"));
    assert!(why(&[path, "--config", "/no/such.yaml"]).starts_with("/no/such.yaml: "));
    fs::write(folder.path().join("clawproof.yaml"), "rules: [nowhere]\n").unwrap();
    assert!(why(&[path]).contains("clawproof.yaml:1:9: there is no folder"), "{}", why(&[path]));
}
