//! TOML to documents, through the spanned tables of the `toml` crate.
//!
//! Its tables are sorted by key; the document has them in source order again. A file with errors keeps what could be read.

use super::{Documents, MAX_DATA_DEPTH, first_line, push_node, stands_alone};
use crate::facts::{Document, Entry, NodeId, NodeKind, Problem};
use crate::source::{Comment, Span};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How many problems are told per file.
const MAX_PROBLEMS: usize = 20;

/// Read a TOML text.
pub fn documents(text: &str) -> Documents {
    let mut found = Documents { comments: comments(text), ..Documents::default() };
    if let Some(at) = too_deep(text) {
        let span = Span::new(at as u32, at as u32);
        found.problems.push(Problem { span, what: "nested too deep".to_owned() });
        return found;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors.iter().take(MAX_PROBLEMS) {
        let span = error.span().map_or(Span::default(), |s| span(&s));
        let message = error.message().lines().next().unwrap_or("");
        found.problems.push(Problem { span, what: format!("syntax error: {message}") });
    }
    let mut document = Document { nodes: Vec::new(), root: None };
    let root = push_node(&mut document, NodeKind::Map(Vec::new()), first_line(text, span(&table.span())));
    document.root = Some(root);
    let mut open = vec![Open::Table(root, table.get_ref())];
    while let Some(next) = open.pop() {
        let (id, kind) = match next {
            Open::Table(id, table) => (id, NodeKind::Map(entries(text, table, &mut document, &mut open))),
            Open::Array(id, items) => {
                let items = items.iter().map(|i| add(text, i, &mut document, &mut open)).collect();
                (id, NodeKind::List(items))
            }
        };
        if let Some(node) = document.nodes.get_mut(id.0 as usize) {
            node.kind = kind;
        }
    }
    found.documents.push(document);
    found
}

/// A node whose children are still to be added.
enum Open<'v, 't> {
    Table(NodeId, &'v DeTable<'t>),
    Array(NodeId, &'v [Spanned<DeValue<'t>>]),
}

fn entries<'v, 't>(text: &str, table: &'v DeTable<'t>, document: &mut Document, open: &mut Vec<Open<'v, 't>>) -> Vec<Entry> {
    let mut pairs: Vec<_> = table.iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let mut entries = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let value = add(text, value, document, open);
        entries.push(Entry { key: key.get_ref().to_string(), key_span: span(&key.span()), value });
    }
    entries
}

fn add<'v, 't>(text: &str, value: &'v Spanned<DeValue<'t>>, document: &mut Document, open: &mut Vec<Open<'v, 't>>) -> NodeId {
    let at = span(&value.span());
    let scalar = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => {
            text.get(at.start as usize..at.end as usize).unwrap_or("").to_owned()
        }
        DeValue::Array(items) => {
            let id = push_node(document, NodeKind::List(Vec::new()), first_line(text, at));
            open.push(Open::Array(id, items));
            return id;
        }
        DeValue::Table(table) => {
            let id = push_node(document, NodeKind::Map(Vec::new()), first_line(text, at));
            open.push(Open::Table(id, table));
            return id;
        }
    };
    push_node(document, NodeKind::Scalar(scalar), at)
}

fn span(range: &Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}

/// What stands between strings: each byte that is in none, with its place, and comments as a whole.
fn outside_strings(text: &str, mut visit: impl FnMut(usize, u8)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => at = string_end(text, at, byte),
            b'#' => {
                visit(at, byte);
                at += text[at..].find('\n').unwrap_or(text.len() - at);
            }
            _ => {
                visit(at, byte);
                at += 1;
            }
        }
    }
}

fn string_end(text: &str, start: usize, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let long = [quote; 3];
    let multiline = bytes[start..].starts_with(&long);
    let mut at = start + if multiline { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !multiline => return at,
            _ if multiline && bytes[at..].starts_with(&long) => return at + 3,
            _ if !multiline && byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn comments(text: &str) -> Vec<Comment> {
    let mut comments = Vec::new();
    outside_strings(text, |at, byte| {
        if byte == b'#' {
            let line = text[at..].split('\n').next().unwrap_or("").trim_end();
            let span = Span::new(at as u32, (at + line.len()) as u32);
            let inner = line.trim_start_matches('#').trim().to_owned();
            comments.push(Comment { text: inner, span, alone: stands_alone(text, at) });
        }
    });
    comments
}

/// Where brackets, or the dots of a key, nest deeper than is read; dropping such tables would recurse.
fn too_deep(text: &str) -> Option<usize> {
    let mut found = None;
    let (mut brackets, mut dots) = (0usize, 0usize);
    outside_strings(text, |at, byte| {
        match byte {
            b'[' | b'{' => brackets += 1,
            b']' | b'}' => brackets = brackets.saturating_sub(1),
            b'.' => dots += 1,
            b'\n' | b'=' | b',' => dots = 0,
            _ => {}
        }
        if found.is_none() && brackets + dots > MAX_DATA_DEPTH {
            found = Some(at);
        }
    });
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on fails.
mod tests {
    use super::*;
    use crate::parse::testing::show;

    #[test]
    fn tables_stand_in_source_order() {
        let text = "z = 1_0\n[tool.b]\nn = 'x'\nm = 2024-01-02\n[[a.list]]\nk = true\n[[a.list]]\nk = { q = 0x1F, p = [1.50, \"é\"] }\n";
        let found = documents(text);
        assert_eq!(found.problems, []);
        let document = &found.documents[0];
        let wanted = r#"{z: "1_0", tool: {b: {n: "x", m: "2024-01-02"}}, a: {list: [{k: "true"}, {k: {q: "0x1F", p: ["1.50", "é"]}}]}}"#;
        assert_eq!(show(document), wanted);
        let b = document.get(document.get(document.root.unwrap(), "tool").unwrap(), "b").unwrap();
        let n = document.entry(b, "n").unwrap();
        assert_eq!(&text[n.key_span.start as usize..n.key_span.end as usize], "n");
        let value = document.node(n.value).span;
        assert_eq!(&text[value.start as usize..value.end as usize], "'x'");
    }

    #[test]
    fn errors_leave_the_rest() {
        let text = "a = 1\nb = = 2\nc = 3\nc = 4\n";
        let found = documents(text);
        assert!(found.problems.len() >= 2, "{:?}", found.problems);
        assert!(found.problems[0].what.starts_with("syntax error: "));
        assert!(text[found.problems[0].span.start as usize..].starts_with("= 2") || found.problems[0].span.start < 12);
        let document = &found.documents[0];
        assert!(document.get(document.root.unwrap(), "a").is_some());
    }

    #[test]
    fn comments_are_told_from_strings() {
        let text = "# one\na = \"x # no\" # two\nb = '''\n# no\n'''\nc = \"\\\" # no\" # three\n";
        let comments: Vec<_> = comments(text).into_iter().map(|c| (c.text, c.alone)).collect();
        assert_eq!(comments, [("one".into(), true), ("two".into(), false), ("three".into(), false)]);
    }

    #[test]
    fn hostile_texts_end() {
        let deep = ["a = ".to_owned() + &"[".repeat(100_000), "a.".repeat(100_000) + "b = 1", "a = ".to_owned() + &"{x=".repeat(50_000)];
        for text in deep {
            assert_eq!(documents(&text).problems[0].what, "nested too deep");
        }
        for text in ["", "\0", "'", "\"\"\"", "[", "a", "= 1", "\"\\"] {
            let found = documents(text);
            assert!(found.problems.iter().all(|p| p.span.end as usize <= text.len()), "{text:?}");
        }
    }
}
