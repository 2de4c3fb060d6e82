//! Input that is broken, huge or hostile: it is read as far as it goes and named under coverage, and nothing panics.
//!
//! Every run goes through `support::run_in`, which fails on a panic, a crash, an overflowed stack and a run without an end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use serde_json::Value;
use support::{Tree, rules_of};

/// An endpoint that loses updates: what is broken beside it must not hide it.
const APP: &str = "import json\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.post(\"/notes\")\ndef add_note(text: str) -> int:\n    \
                   with open(\"data/notes.json\") as file:\n        notes = json.load(file)\n    notes.append(text)\n    \
                   with open(\"data/notes.json\", \"w\") as file:\n        json.dump(notes, file)\n    return len(notes)\n";

/// The reasons why a file was not read, or not to its end.
fn skipped(report: &Value, file: &str) -> Vec<String> {
    let all = report["coverage"]["skipped"].as_array().unwrap().iter();
    all.filter(|skipped| skipped["file"] == file).map(|skipped| support::text(&skipped["reason"])).collect()
}

/// A tree with the app and one more file, which coverage names with this reason, and `--strict` does not accept.
#[track_caller]
fn assert_named(file: &str, bytes: impl AsRef<[u8]>, reason: &str) {
    let tree = Tree::of(&[("app.py", APP)]);
    tree.write(file, bytes);
    let report = tree.json(&[]);
    let reasons = skipped(&report, file);
    assert!(reasons.iter().any(|said| said.contains(reason)), "{file}: {reasons:?}");
    assert!(rules_of(&report).contains(&"lost-update".to_owned()), "the fault beside {file} is lost");
    assert_eq!(tree.run(&[]).code, 1);
    assert_eq!(tree.run(&["--strict"]).code, 3, "{file}");
    let verbose = tree.run(&["-v"]);
    assert!(verbose.out.contains(file), "the audit report does not name {file}");
}

#[test]
fn syntax_errors_are_named() {
    assert_named("broken.py", "def f(:\n    x = 1\n", "syntax error at line 1");
    assert_named("half.py", "x = 1\n\n\nclass A\n    def f(self): return (1\n", "syntax error");
}

#[test]
fn a_file_with_a_syntax_error_yields_what_parses() {
    let tree = Tree::of(&[("app.py", &format!("{APP}\n\ndef broken(:\n    return 1\n"))]);
    let report = tree.json(&[]);
    assert!(rules_of(&report).contains(&"lost-update".to_owned()), "{report}");
    assert!(!skipped(&report, "app.py").is_empty());
}

#[test]
fn text_that_is_no_text_is_named() {
    assert_named("latin.py", b"name = 'caf\xe9'\n", "UTF-8");
    assert_named("binary.py", b"\x7fELF\x00\x00\x01\x02", "binary");
    assert_named("wide.py", b"\xff\xfex\x00=\x001\x00", "");
}

#[test]
fn large_files_are_named() {
    assert_named("large.py", "x = 1  # and so on\n".repeat(3 * 1024 * 1024 / 19), "larger than");
    assert_named("large.json", format!("[{}1]", "1,".repeat(2 * 1024 * 1024)), "larger than");
}

#[test]
fn broken_manifests_are_named() {
    assert_named("config/agents.yaml", "writer:\n  role: [a\n", "syntax error");
    assert_named("tabs.yaml", "a:\n\t- b\n", "syntax error");
    assert_named("data.json", "{\"a\": [1, }", "syntax error");
    assert_named("pyproject.toml", "[tool\nx = 1\n", "");
    assert_named(
        "bomb.yaml",
        "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\ng: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f]\nh: [*g, *g, *g, *g, *g, *g, *g, *g, *g]\n",
        "",
    );
}

#[test]
fn odd_but_sound_files_are_read() {
    let tree = Tree::of(&[
        ("app.py", APP),
        ("empty.py", ""),
        ("blank.py", "\n\n\n"),
        ("bom.py", "\u{feff}x = 1\n"),
        ("crlf.py", "def f():\r\n    return 1\r\n"),
        ("no_newline.py", "x = 1"),
        ("comment.py", "# only this"),
        ("unicode.py", "größe = '✓ \u{202e}'\n"),
        ("empty.yaml", ""),
        ("many.yaml", "a: 1\n---\nb: 2\n---\n"),
        ("twice.yaml", "a: 1\na: 2\n"),
        ("empty.sql", ";;;\n"),
    ]);
    let report = tree.json(&[]);
    assert_eq!(report["coverage"]["skipped"], serde_json::json!([]), "{}", report["coverage"]);
    assert_eq!(tree.run(&["--strict"]).code, 1);
}

#[test]
fn an_odd_encoding_of_the_app_hides_nothing() {
    for text in [format!("\u{feff}{APP}"), APP.replace('\n', "\r\n")] {
        assert!(rules_of(&Tree::of(&[("app.py", &text)]).json(&[])).contains(&"lost-update".to_owned()));
    }
}

/// Deep text of one kind: what repeats before and after the core.
fn nested(open: &str, core: &str, close: &str, depth: usize) -> String {
    format!("{}{core}{}", open.repeat(depth), close.repeat(depth))
}

/// The app with an expression in the middle of its endpoint.
fn with_expression(expression: &str) -> String {
    APP.replace("    notes.append(text)\n", &format!("    notes.append(text)\n    deep = {expression}\n"))
}

/// Whatever stands deep in a file, the file beside it is still judged; a file that is not read to its end is named.
#[track_caller]
fn assert_survives(what: &str, text: &str) {
    assert!(text.len() < 2 << 20, "{what} is larger than what is read");
    let tree = Tree::of(&[("other/app.py", APP)]);
    tree.write("deep.py", text);
    let report = tree.json(&[]);
    let findings = report["findings"].as_array().unwrap();
    let fault_in = |file: &str| findings.iter().any(|finding| finding["rule"] == "lost-update" && finding["file"] == file);
    assert!(fault_in("other/app.py"), "{what}: the fault beside it is lost");
    assert!(fault_in("deep.py") || !skipped(&report, "deep.py").is_empty(), "{what}: lost without a word");
}

#[test]
fn deep_expressions_do_not_overflow_the_stack() {
    let cases = [
        ("parentheses", nested("(", "1", ")", 100_000)),
        ("lists", nested("[", "1", "]", 100_000)),
        ("dictionaries", nested("{1: ", "1", "}", 50_000)),
        ("calls", nested("f(", "1", ")", 50_000)),
        ("subscripts", nested("a[", "1", "]", 50_000)),
        ("lambdas", nested("lambda: ", "1", "", 5_000)),
        ("conditions", nested("1 if x else ", "1", "", 5_000)),
        ("negations", nested("not ", "x", "", 50_000)),
        ("signs", nested("-", "1", "", 100_000)),
        ("awaits", nested("await ", "x", "", 5_000)),
        ("formatted strings", nested("f\"{", "1", "}\"", 5_000)),
        ("comprehensions", nested("[x for x in ", "y", "]", 5_000)),
    ];
    for (what, expression) in &cases {
        assert_survives(what, &with_expression(expression));
    }
}

#[test]
fn long_chains_do_not_overflow_the_stack() {
    let chain = |first: &str, link: &str, count: usize| format!("{first}{}", link.repeat(count));
    let cases = [
        ("attributes", chain("a", ".b", 100_000)),
        ("calls", chain("a", ".b()", 50_000)),
        ("subscripts", chain("a", "[0]", 50_000)),
        ("sums", chain("1", " + 1", 100_000)),
        ("texts", chain("'a'", " + 'b'", 50_000)),
        ("neighbours", chain("'a'", " 'b'", 50_000)),
        ("comparisons", chain("1", " < 1", 50_000)),
        ("conjunctions", chain("x", " and x", 50_000)),
        ("powers", chain("1", " ** 1", 50_000)),
    ];
    for (what, expression) in &cases {
        assert_survives(what, &with_expression(expression));
    }
}

#[test]
fn deep_statements_do_not_overflow_the_stack() {
    let ladder = |head: &str, depth: usize| -> String {
        let mut text: String = (0..depth).map(|level| format!("{}{head}\n", " ".repeat(level))).collect();
        text.push_str(&format!("{}pass\n", " ".repeat(depth)));
        text
    };
    for (what, head) in
        [("if", "if x:"), ("with", "with x:"), ("def", "def f():"), ("class", "class A:"), ("for", "for x in y:"), ("while", "while x:")]
    {
        assert_survives(what, &format!("{APP}\n\n{}", ladder(head, 1_900)));
    }
    let elif: String =
        std::iter::once("if x:\n    pass\n".to_owned()).chain((0..5_000).map(|n| format!("elif x == {n}:\n    pass\n"))).collect();
    assert_survives("elif", &format!("{APP}\n\n{elif}"));
    let decorators = "@d\n".repeat(5_000) + "def f():\n    pass\n";
    assert_survives("decorators", &format!("{APP}\n\n{decorators}"));
    let calls: String = (0..5_000).map(|n| format!("def f{n}():\n    return f{}()\n\n\n", n + 1)).collect();
    assert_survives("a chain of calls", &format!("{APP}\n\n{calls}"));
}

#[test]
fn deep_statements_of_sql_do_not_overflow_the_stack() {
    let queries = [
        nested("SELECT * FROM (", "SELECT 1", ") a", 5_000),
        format!("SELECT {}", nested("(", "1", ")", 100_000)),
        format!("SELECT * FROM t WHERE a = 1{}", " OR a = 1".repeat(50_000)),
        format!("SELECT {}1", "NOT ".repeat(50_000)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(20_000)),
    ];
    for query in &queries {
        let tree = Tree::of(&[("app.py", APP), ("schema.sql", &format!("{query};\n"))]);
        tree.write(
            "deep.py",
            with_expression(&format!("sqlite3.connect('a').execute(\"{query}\")"))
                .replace("import json\n", "import json\nimport sqlite3\n"),
        );
        assert!(rules_of(&tree.json(&[])).contains(&"lost-update".to_owned()));
    }
}

#[test]
fn deep_data_does_not_overflow_the_stack() {
    let tree = Tree::of(&[("app.py", APP)]);
    tree.write("deep.yaml", nested("[", "1", "]", 100_000));
    tree.write("blocks.yaml", nested("- ", "1", "", 50_000));
    tree.write("deep.json", nested("[", "1", "]", 100_000));
    tree.write("objects.json", nested("{\"a\":", "1", "}", 50_000));
    tree.write("deep.toml", format!("a = {}\n", nested("[", "1", "]", 50_000)));
    tree.write("dotted.toml", format!("a{} = 1\n", ".a".repeat(50_000)));
    tree.write("front.md", format!("---\na: {}\n---\n", nested("[", "1", "]", 50_000)));
    let report = tree.json(&[]);
    assert!(rules_of(&report).contains(&"lost-update".to_owned()));
    for file in ["deep.yaml", "deep.json", "deep.toml"] {
        assert!(!skipped(&report, file).is_empty(), "{file} is not named: {}", report["coverage"]);
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out() {
    use std::os::unix::fs::symlink;
    let outside = Tree::of(&[("app.py", APP), ("deep/app.py", APP)]);
    let tree = Tree::of(&[("src/hello.py", "print('hello')\n")]);
    symlink(outside.path(), tree.at("folder")).unwrap();
    symlink(outside.at("app.py"), tree.at("app.py")).unwrap();
    symlink("..", tree.at("src/up")).unwrap();
    symlink("loop_b", tree.at("loop_a")).unwrap();
    symlink("loop_a", tree.at("loop_b")).unwrap();
    symlink("self.py", tree.at("self.py")).unwrap();
    symlink("nowhere", tree.at("dangling.py")).unwrap();
    let report = tree.json(&[]);
    assert_eq!((&report["coverage"]["files"], &report["findings"]), (&serde_json::json!(1), &serde_json::json!([])), "{report}");
    assert_eq!(tree.run(&["loop_a"]).code, 2, "a link that leads nowhere is no path");
    // PATH itself may be a link.
    assert_eq!(tree.run(&["folder"]).code, 1);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let tree = Tree::of(&[("app.py", APP)]);
    let made = std::process::Command::new("mkfifo").arg(tree.at("pipe.py")).status();
    if made.is_ok_and(|status| status.success()) {
        assert_eq!(tree.run(&[]).code, 1);
    }
    std::fs::create_dir(tree.at("folder.py")).unwrap();
    assert_eq!(tree.run(&["--strict"]).code, 1);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::of(&[("app.py", APP), ("secret.py", "x = 1\n"), ("closed/app.py", APP)]);
    let none = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(tree.at("secret.py"), none.clone()).unwrap();
    std::fs::set_permissions(tree.at("closed"), none).unwrap();
    let may_read_all = std::fs::File::open(tree.at("secret.py")).is_ok();
    let report = tree.json(&[]);
    let strict = tree.run(&["--strict"]).code;
    std::fs::set_permissions(tree.at("closed"), std::fs::Permissions::from_mode(0o700)).unwrap();
    // The administrator may read everything.
    if !may_read_all {
        assert!(!skipped(&report, "secret.py").is_empty() && !skipped(&report, "closed").is_empty(), "{report}");
        assert_eq!(strict, 3);
    }
}

/// What would colour, move or forge a line.
const HOSTILE: [char; 6] = ['\u{1b}', '\u{7}', '\u{8}', '\r', '\u{202e}', '\u{9b}'];

#[track_caller]
fn assert_harmless(tree: &Tree) {
    for form in [&[][..], &["--verbose"], &["--ascii"], &["--verbose", "--ascii"]] {
        let run = tree.run(form);
        for text in [&run.out, &run.err] {
            assert!(!text.contains(HOSTILE), "{form:?}: {:?}", text.lines().find(|line| line.contains(HOSTILE)));
            assert!(!text.lines().any(|line| line.trim_start().starts_with("✓ forged")), "{form:?}: {text}");
        }
    }
    let run = tree.run(&["--format", "json"]);
    assert!(!run.out.contains(|c: char| c.is_ascii_control() && c != '\n'), "raw control characters in JSON");
    assert!(run.json()["findings"].as_array().is_some_and(|findings| !findings.is_empty()), "{}", run.out);
}

#[test]
fn hostile_names_in_code_are_escaped() {
    let route = "\"/no\\x1b[2Jtes\\n  ✓ forged\\r\\u202e\\x9b31m\"";
    assert_harmless(&Tree::of(&[("app.py", &APP.replace("\"/notes\"", route))]));
    let file = "\"data/\\x1b[31mnotes\\n  ✓ forged\\u202e.json\"";
    assert_harmless(&Tree::of(&[("app.py", &APP.replace("\"data/notes.json\"", file))]));
    // As they stand, without an escape of the language.
    assert_harmless(&Tree::of(&[(
        "app.py",
        &APP.replace("/notes\"", "/no\u{1b}[2Jtes\u{202e}\u{9b}31m\"")
            .replace("    notes.append", "    # \u{1b}[31m \u{202e}\n    notes.append"),
    )]));
}

#[cfg(unix)]
#[test]
fn hostile_names_of_files_are_escaped() {
    let tree = Tree::of(&[("no\u{1b}[31m\n  ✓ forged\u{202e}.py", APP), ("bro\u{1b}[2Jken\r.py", "def f(:\n")]);
    assert_harmless(&tree);
}

#[cfg(unix)]
#[test]
fn hostile_names_of_files_are_escaped_in_messages() {
    let silencing = Tree::of(&[("no\u{1b}[31m\n  ✓ forged.py", &format!("{APP}# clawproof: ignore\n"))]);
    let run = silencing.run(&[]);
    assert_eq!(run.code, 2);
    assert!(!run.err.contains(HOSTILE) && run.err.lines().count() == 1, "{:?}", run.err);
}

#[cfg(unix)]
#[test]
fn names_of_files_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::of(&[("other/app.py", APP)]);
    let name = tree.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.py"));
    if std::fs::write(name, APP).is_ok() {
        assert_eq!(tree.json(&[])["coverage"]["files"], 2);
    }
}

#[test]
fn an_empty_tree_is_told_and_is_no_error() {
    let run = Tree::new().run(&[]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("– SKIP: no resource is shared between concurrent agents\n  – SKIP: nothing is shared\n"), "{}", run.out);
    assert!(run.out.ends_with("\n\n  Result: no issues found\n  Severity: NONE — no coordination fault found\n"), "{}", run.out);
    assert!(run.err.starts_with("No file was read"), "{}", run.err);
}

#[test]
fn one_file_may_be_the_path() {
    let tree = Tree::of(&[("src/app.py", APP), ("src/other.py", APP), ("notes.txt", "hello")]);
    let report = tree.json(&["src/app.py"]);
    assert_eq!(report["coverage"]["files"], 1);
    assert_eq!(report["findings"][0]["file"], "app.py");
    let text = tree.json(&["notes.txt"]);
    assert_eq!(skipped(&text, "notes.txt"), ["not a kind of file that is read"]);
}

#[test]
fn languages_that_are_not_read_are_counted() {
    let tree = Tree::of(&[("a.ipynb", "{}"), ("b.ts", "x"), ("c.ts", "x")]);
    let run = tree.run(&[]);
    assert!(run.code == 0 && run.err.contains("notebook (1)") && run.err.contains("typescript (2)"), "{}", run.err);
}
