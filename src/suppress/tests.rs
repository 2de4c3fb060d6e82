#![allow(clippy::unwrap_used)]

use super::*;
use crate::finding::{Confidence, Severity};
use crate::source::Language;

const RULES: [&str; 2] = ["lost-update", "non-idempotent-insert"];

/// Comments that start with `#`, as a front end would give them.
fn comments(text: &str) -> Vec<Comment> {
    let mut offset = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(at) = line.find('#') {
            let written = line[at..].trim_end();
            let span = Span::new((offset + at) as u32, (offset + at + written.len()) as u32);
            let alone = line[..at].trim().is_empty();
            found.push(Comment { text: written.trim_start_matches('#').trim().to_owned(), span, alone });
        }
        offset += line.len();
    }
    found
}

fn finding(text: &str, rule: &'static str, at: &str) -> Finding {
    let start = text.find(at).unwrap() as u32;
    Finding {
        rule,
        row: "locks",
        severity: Severity::High,
        advice: false,
        confidence: Confidence::High,
        message: String::new(),
        actors: Vec::new(),
        resource: None,
        function: String::new(),
        site: Site { file: FileId(0), span: Span::new(start, start + at.len() as u32) },
        related: Vec::new(),
        evidence: Vec::new(),
        interleaving: Vec::new(),
        help: String::new(),
        remedy: "",
        assumption: None,
        fingerprint: String::new(),
    }
}

/// Silences one lost-update at `write`, whose statement is `statement`.
fn run(text: &str, statement: &str) -> Outcome {
    let files = [SourceFile::new("a.py", text.to_owned(), Language::Python)];
    let comments = comments(text);
    let start = text.find(statement).unwrap() as u32;
    silence(
        vec![finding(text, "lost-update", "write")],
        &Context {
            files: &files,
            comments: &|_| &comments,
            cover: &|_| Span::new(start, start + statement.len() as u32),
            known: &RULES,
            ran: &|rule| rule != "non-idempotent-insert",
            by_path: &|_, _, _| false,
        },
    )
}

#[test]
fn every_line_of_the_statement_and_the_comments_above_count() {
    let silenced = [
        ("write(x)  # clawproof: ignore[lost-update] one writer\n", "write(x)"),
        ("# clawproof: ignore[lost-update] one writer\nwrite(x)\n", "write(x)"),
        ("# clawproof: ignore[lost-update] one writer\n# more words\nwrite(x)\n", "write(x)"),
        (
            "put(\n    write,\n    x,  # clawproof: ignore[lost-update] one writer\n)\n",
            "put(\n    write,\n    x,  # clawproof: ignore[lost-update] one writer\n)",
        ),
        (
            "put(\n    # clawproof: ignore[lost-update] one writer\n    write,\n)\n",
            "put(\n    # clawproof: ignore[lost-update] one writer\n    write,\n)",
        ),
        ("# clawproof: ignore[lost-update] one writer\n@tool\ndef write():\n    pass\n", "@tool\ndef write():"),
        ("x = 1\n  # clawproof: ignore[other-rule, lost-update] one writer\nwrite(x)", "write(x)"),
    ];
    for (text, statement) in silenced {
        let outcome = run(text, statement);
        assert!(outcome.kept.is_empty(), "{text}");
        assert_eq!((outcome.suppressed[0].by.as_str(), outcome.suppressed[0].why.as_deref()), ("comment", Some("one writer")));
        assert!(outcome.unused.is_empty(), "{text}: {:?}", outcome.unused);
    }
}

#[test]
fn other_lines_and_rules_do_not_count_and_are_told() {
    let kept = [
        ("x = 1  # clawproof: ignore[lost-update]\nwrite(x)\n", "a.py:1:8"),
        ("# clawproof: ignore[lost-update]\n\nwrite(x)\n", "a.py:1:1"),
        ("write(x)\n# clawproof: ignore[lost-update]\n", "a.py:2:1"),
    ];
    for (text, at) in kept {
        let outcome = run(text, "write(x)");
        assert_eq!(outcome.kept.len(), 1, "{text}");
        let told = [Note { at: at.to_owned(), message: "nothing to silence here for lost-update: remove this".to_owned() }];
        assert_eq!(outcome.unused, told, "{text}");
    }
    // The rule was not run, so that nothing can be said about its silencing.
    let outcome = run("write(x)  # clawproof: ignore[non-idempotent-insert]\n", "write(x)");
    assert_eq!((outcome.kept.len(), outcome.unused.len()), (1, 0));
}

#[test]
fn missing_and_unknown_rules_are_errors_in_order() {
    let text = "x = 1\ny = 2  # clawproof: ignore\nwrite(x)  # clawproof: ignore[lost-updat]\nz  # clawproof: ignore[zzz]\n";
    let outcome = run(text, "write(x)");
    assert_eq!(outcome.kept.len(), 1);
    let told: Vec<String> = outcome.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "a.py:2:8: silencing needs a rule: write clawproof: ignore[rule] why",
            "a.py:3:11: unknown rule \"lost-updat\" — did you mean \"lost-update\"?",
            "a.py:4:4: unknown rule \"zzz\" — `clawproof rules` lists them",
        ]
    );
}

#[test]
fn the_configuration_silences_by_path_after_comments() {
    let text = "write(x)\n";
    let files = [SourceFile::new("demo/a.py", text.to_owned(), Language::Python)];
    let context = Context {
        files: &files,
        comments: &|_| &[],
        cover: &|finding| finding.site.span,
        known: &RULES,
        ran: &|_| true,
        by_path: &|path, rule, row| path == "demo/a.py" && rule == "lost-update" && row == "locks",
    };
    let findings = vec![finding(text, "lost-update", "write"), finding(text, "non-idempotent-insert", "write")];
    let outcome = silence(findings, &context);
    assert_eq!(outcome.kept.len(), 1);
    assert_eq!((outcome.suppressed[0].by.as_str(), &outcome.suppressed[0].why), ("configuration", &None));
}
