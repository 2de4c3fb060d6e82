#![allow(clippy::unwrap_used, clippy::expect_used)] // A test that cannot go on fails.

use super::*;
use crate::parse::testing::show;

fn all(text: &str) -> Vec<String> {
    documents(text).documents.iter().map(show).collect()
}

#[test]
fn scalars_stay_as_written() {
    let text = "a: 0644\nb: yes\nc: 'x'\nd: ~\ne:\nf: \"null\"\ng: |\n  two\n  lines\nh: 1.10\n";
    let wanted = r#"{a: "0644", b: "yes", c: "x", d: ~, e: ~, f: "null", g: "two\nlines\n", h: "1.10"}"#;
    assert_eq!(all(text), [wanted]);
}

#[test]
fn spans_point_at_what_they_name() {
    let text = "é: 1\nservices:\n  web:\n    image: \"x\"\n    ports: [1,\n      2]\n";
    let found = documents(text);
    let document = &found.documents[0];
    let slice = |s: Span| &text[s.start as usize..s.end as usize];
    let services = document.entry(document.root.unwrap(), "services").unwrap();
    assert_eq!(slice(services.key_span), "services");
    assert_eq!(slice(document.node(services.value).span), "web:");
    let web = document.get(services.value, "web").unwrap();
    let image = document.entry(web, "image").unwrap();
    assert_eq!((slice(image.key_span), slice(document.node(image.value).span)), ("image", "\"x\""));
    assert_eq!(slice(document.node(document.get(web, "ports").unwrap()).span), "[1,");
}

#[test]
fn streams_hold_several_documents() {
    assert_eq!(all("a: 1\n---\n- b\n---\n"), ["{a: \"1\"}", "[\"b\"]", "~"]);
    assert_eq!(all(""), [] as [&str; 0]);
    assert_eq!(all("# only a comment\n"), [] as [&str; 0]);
}

#[test]
fn the_last_of_equal_keys_wins() {
    let found = documents("a: 1\na: 2\n");
    let document = &found.documents[0];
    let a = document.get(document.root.unwrap(), "a").unwrap();
    assert_eq!(document.text(a), Some("2"));
}

#[test]
fn aliases_and_merge_keys_are_copied_in() {
    let text = "base: &base\n  image: x\n  env: {A: 1}\nweb:\n  <<: *base\n  image: y\njob:\n  <<: [*base]\n  list: [*base]\n&k key: *k\n";
    let found = documents(text);
    assert_eq!(found.problems, []);
    let document = &found.documents[0];
    let root = document.root.unwrap();
    let web = document.get(root, "web").unwrap();
    assert_eq!(document.text(document.get(web, "image").unwrap()), Some("y"));
    let env = document.get(web, "env").unwrap();
    assert_eq!(document.text(document.get(env, "A").unwrap()), Some("1"));
    let list = document.get(document.get(root, "job").unwrap(), "list").unwrap();
    assert!(document.get(document.items(list)[0], "image").is_some());
    assert_eq!(document.text(document.get(root, "key").unwrap()), Some("key"));
    parents_first(document);
}

fn parents_first(document: &Document) {
    for (index, node) in document.nodes.iter().enumerate() {
        let children: Vec<NodeId> = match &node.kind {
            NodeKind::List(items) => items.clone(),
            NodeKind::Map(entries) => entries.iter().map(|e| e.value).collect(),
            _ => Vec::new(),
        };
        assert!(children.iter().all(|c| c.0 as usize > index), "{index} comes after a child");
    }
}

#[test]
fn alias_bombs_stop_at_the_budget() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..20 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
        text.push_str(&format!("a{i}: &a{i} [{aliases}]\n"));
    }
    let found = documents(&text);
    assert_eq!(found.problems[0].what, "too many aliases");
    assert!(found.documents[0].nodes.len() < 3 * ALIAS_BUDGET);
    parents_first(&found.documents[0]);
    let own = documents("a: &a [1, *a]\nb: 2\n");
    assert_eq!(own.problems[0].what, "alias of a value that holds it");
    assert_eq!(show(&own.documents[0]), "{a: [\"1\", ~], b: \"2\"}");
}

#[test]
fn an_error_costs_only_the_rest_of_its_document() {
    let found = documents("a: 1\nb: {{ .Values.x }}: y: z\n---\nc: 3\n");
    assert_eq!(found.problems.len(), 1);
    assert!(found.problems[0].what.starts_with("syntax error"), "{:?}", found.problems);
    let shown: Vec<_> = found.documents.iter().map(show).collect();
    assert_eq!(shown.last().map(String::as_str), Some("{c: \"3\"}"));
    assert!(shown[0].contains("a: \"1\""), "{shown:?}");
}

#[test]
fn comments_are_kept() {
    let text = "# head\na: 1 # clawproof: ignore[x] why\nb: 'no # comment'\n";
    let comments = documents(text).comments;
    let shown: Vec<_> = comments.iter().map(|c| (c.text.as_str(), c.alone)).collect();
    assert_eq!(shown, [("head", true), ("clawproof: ignore[x] why", false)]);
    assert_eq!(&text[comments[1].span.start as usize..comments[1].span.end as usize], "# clawproof: ignore[x] why");
}

#[test]
fn hostile_texts_end() {
    for text in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(50_000),
        "? ".repeat(50_000),
        "\0".into(),
        "%".repeat(9),
        "*x".into(),
        "a:\n\t- b: c".into(),
    ] {
        let found = documents(&text);
        assert!(!found.problems.is_empty(), "{}", &text[..text.len().min(9)]);
        assert!(found.problems.iter().all(|p| p.span.end as usize <= text.len()));
    }
    assert_eq!(all("? [a, b]\n: c\n"), ["{: \"c\"}"]);
    assert_eq!(all(&"x: 1\n".repeat(20_000)).len(), 1);
    assert_eq!(all(&"# c\n".repeat(20_000)).len(), 0);
}
