#![allow(clippy::unwrap_used, clippy::expect_used)] // A test that cannot go on fails.

use super::*;
use crate::source::Language;
use std::fs;
use tempfile::TempDir;

/// A folder with these files; a path that ends in `/` is a folder.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn paths(found: &Found) -> Vec<&str> {
    found.files.iter().map(|f| f.path.as_str()).collect()
}

fn reasons(found: &Found) -> Vec<(&str, &str)> {
    found.skipped.iter().map(|s| (s.path.as_str(), s.reason.as_str())).collect()
}

fn scan(dir: &TempDir) -> Found {
    walk(dir.path(), &Options::default())
}

#[test]
fn languages_are_told_by_extension_and_shebang() {
    let dir = folder(&[
        ("a.py", ""),
        ("b.rs", ""),
        ("c.sql", ""),
        ("d.yaml", ""),
        ("e.yml", ""),
        ("f.json", ""),
        ("g.toml", ""),
        ("h.md", ""),
        ("bin/run", "#!/usr/bin/env python3\nx = 1\n"),
        ("bin/start", "#!/bin/sh\n"),
        ("bin/other", "#!/usr/bin/env node\n"),
        ("stub.pyi", ""),
        ("README", "text"),
    ]);
    let found = scan(&dir);
    let wanted = ["a.py", "b.rs", "bin/run", "bin/start", "c.sql", "d.yaml", "e.yml", "f.json", "g.toml", "h.md"];
    assert_eq!(paths(&found), wanted);
    assert_eq!((found.files[2].language, found.files[3].language), (Language::Python, Language::Shell));
    assert_eq!(found.skipped, []);
}

#[test]
fn hidden_files_are_read_and_git_is_not() {
    let dir = folder(&[(".mcp.json", "{}"), (".claude/agents/a.md", ""), (".github/workflows/ci.yml", ""), (".git/config.toml", "")]);
    assert_eq!(paths(&scan(&dir)), [".claude/agents/a.md", ".github/workflows/ci.yml", ".mcp.json"]);
}

#[test]
fn ignore_files_count_outside_a_repository() {
    let dir = folder(&[
        (".gitignore", "dist/\n*.gen.py\n"),
        (".ignore", "data/\n"),
        ("a.py", ""),
        ("b.gen.py", ""),
        ("dist/c.py", ""),
        ("data/d.py", ""),
        ("sub/.gitignore", "!*.gen.py\n"),
        ("sub/e.gen.py", ""),
        ("build/f.py", ""),
    ]);
    assert_eq!(paths(&scan(&dir)), ["a.py", "build/f.py", "sub/e.gen.py"]);
}

#[test]
fn vendored_trees_and_environments_are_left_out() {
    let dir = folder(&[
        ("a.py", ""),
        ("node_modules/x/a.json", ""),
        (".venv/a.py", ""),
        ("venv/a.py", ""),
        ("env311/pyvenv.cfg", ""),
        ("env311/lib/a.py", ""),
        ("lib/site-packages/a.py", ""),
        ("pkg/__pycache__/a.py", ""),
        ("pkg/_vendor/a.py", ""),
        ("vendor/a.py", ""),
        ("third_party/a.py", ""),
        ("src/vendor.py", ""),
    ]);
    assert_eq!(paths(&scan(&dir)), ["a.py", "src/vendor.py"]);
}

#[test]
fn a_named_folder_is_scanned_whatever_it_looks_like() {
    let dir = folder(&[
        (".gitignore", "vendor/\nout/**\n*.tmp.py\n"),
        (".git/HEAD", ""),
        ("vendor/a.py", ""),
        ("vendor/vendor/b.py", ""),
        ("out/c.py", ""),
        ("src/d.py", ""),
        ("src/e.tmp.py", ""),
    ]);
    let below = |path: &str| walk(&dir.path().join(path), &Options::default());
    assert_eq!(paths(&below("vendor")), ["a.py"]);
    assert_eq!(paths(&below("out")), ["c.py"]);
    assert_eq!(paths(&below("src")), ["d.py"]);
    assert_eq!(paths(&scan(&dir)), ["src/d.py"]);
}

#[test]
fn one_file_can_be_named() {
    let dir = folder(&[(".gitignore", "*.py"), ("a.py", "x = 1\n"), ("b.txt", ""), ("c.ts", "")]);
    let one = |name: &str| walk(&dir.path().join(name), &Options::default());
    let found = one("a.py");
    assert_eq!(paths(&found), ["a.py"]);
    assert_eq!(found.files[0].text, "x = 1\n");
    assert_eq!(reasons(&one("b.txt")), [("b.txt", "not a kind of file that is read")]);
    assert_eq!(one("c.ts").not_read["typescript"], 1);
    assert_eq!(reasons(&one("none.py")), [("none.py", "cannot be read: not found")]);
    assert_eq!(reasons(&one("none")), [("none", "cannot be read: not found")]);
}

#[test]
fn globs_exclude_files_and_folders() {
    let dir = folder(&[("a.py", ""), ("tests/a.py", ""), ("pkg/tests/b.py", ""), ("pkg/c.py", ""), ("gen/d/e.py", ""), ("x/gen/f.py", "")]);
    let with = |globs: &[&str]| {
        let found = walk(dir.path(), &Options::excluding(globs).unwrap());
        found.files.into_iter().map(|f| f.path).collect::<Vec<_>>()
    };
    assert_eq!(with(&["tests/", "gen/**"]), ["a.py", "pkg/c.py", "x/gen/f.py"]);
    assert_eq!(with(&["./pkg/*.py", "a.py"]), ["gen/d/e.py", "pkg/tests/b.py", "x/gen/f.py"]);
    assert!(Options::excluding(&["a["]).is_err());
}

#[test]
fn what_cannot_be_text_is_skipped_with_its_reason() {
    let dir = folder(&[("bom.py", "\u{feff}x = 1\n"), ("big.json", &"1 ".repeat(300_000)), ("big.py", &"# \n".repeat(800_000))]);
    fs::write(dir.path().join("latin.py"), b"x = '\xe9'\n").unwrap();
    fs::write(dir.path().join("nul.py"), b"x\0y").unwrap();
    let found = scan(&dir);
    assert_eq!(paths(&found), ["bom.py"]);
    assert_eq!(found.files[0].text, "x = 1\n");
    assert_eq!(
        reasons(&found),
        [("big.json", "larger than 512 KiB"), ("big.py", "larger than 2 MiB"), ("latin.py", "not UTF-8"), ("nul.py", "binary")]
    );
}

#[test]
fn other_languages_are_counted() {
    let dir = folder(&[("a.ts", ""), ("b.tsx", ""), ("c.ipynb", ""), ("d.go", ""), ("e.txt", ""), ("node_modules/f.js", "")]);
    let found = scan(&dir);
    let counts: Vec<_> = found.not_read.into_iter().collect();
    assert_eq!(counts, [("go", 1), ("notebook", 1), ("typescript", 2)]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_except_the_named_one() {
    use std::os::unix::fs::symlink;
    let dir = folder(&[("real/a.py", ""), ("outside/b.py", "")]);
    let real = dir.path().join("real");
    symlink(dir.path().join("outside"), real.join("out")).unwrap();
    symlink(dir.path().join("outside/b.py"), real.join("b.py")).unwrap();
    symlink(&real, real.join("loop")).unwrap();
    symlink(&real, dir.path().join("named")).unwrap();
    symlink(real.join("a.py"), dir.path().join("named.py")).unwrap();
    assert_eq!(paths(&walk(&real, &Options::default())), ["a.py"]);
    assert_eq!(paths(&walk(&dir.path().join("named"), &Options::default())), ["a.py"]);
    assert_eq!(paths(&walk(&dir.path().join("named.py"), &Options::default())), ["a.py"]);
}

#[cfg(unix)]
#[test]
fn what_is_not_readable_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("a.py", ""), ("shut/b.py", ""), ("c.py", "")]);
    let close = |path: &str| fs::set_permissions(dir.path().join(path), fs::Permissions::from_mode(0o000)).unwrap();
    close("c.py");
    close("shut");
    let can_read_all = fs::read(dir.path().join("c.py")).is_ok();
    let found = scan(&dir);
    fs::set_permissions(dir.path().join("shut"), fs::Permissions::from_mode(0o755)).unwrap();
    if can_read_all {
        return; // Permissions do not hold for this user.
    }
    let reason = "cannot be read: permission denied";
    assert_eq!(reasons(&found), [("c.py", reason), ("shut", reason)]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_are_converted() {
    use std::os::unix::ffi::OsStrExt;
    let dir = folder(&[("a.py", "")]);
    let odd = std::ffi::OsStr::from_bytes(b"b\xff.py");
    fs::write(dir.path().join(odd), "").unwrap();
    assert_eq!(paths(&scan(&dir)), ["a.py", "b\u{fffd}.py"]);
}

#[test]
fn the_number_of_threads_does_not_show() {
    let files: Vec<(String, &str)> = (0..200).map(|i| (format!("d{}/f{i}.py", i % 7), "")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), *t)).collect();
    let dir = folder(&files);
    let with = |jobs| walk(dir.path(), &Options { jobs, ..Options::default() }).files.into_iter().map(|f| f.path).collect::<Vec<_>>();
    assert_eq!(with(1), with(8));
    assert_eq!(with(1).len(), 200);
}
