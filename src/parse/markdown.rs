//! Markdown as a document: the YAML block between `---` lines at its head, and its paragraphs under the key `body`.
//!
//! What is set as code stands under `code` as well, line by line and span by span: the commands that a text tells to run.
//!
//! A paragraph ends at a blank line; headings, items of lists, rows of tables and fences begin one of their own. Code in
//! fences is text like any other: prompts are often written in them.

use super::{Documents, push_node, yaml};
use crate::facts::{Document, Entry, NodeId, NodeKind};
use crate::source::Span;
use memchr::memmem;

/// The key that holds the paragraphs.
const BODY: &str = "body";
/// The key that holds the lines in fences and the spans in backticks.
const CODE: &str = "code";

/// Read a Markdown text: one document, or none where it is empty.
pub fn documents(text: &str) -> Documents {
    let head = block(text);
    let mut found = match head {
        Some((start, end)) => yaml::read(text.get(start..end).unwrap_or(""), start as u32),
        None => Documents::default(),
    };
    found.documents.truncate(1);
    let below = head.map_or(0, |(_, fence)| fence + text[fence..].find('\n').map_or(text.len() - fence, |i| i + 1));
    let paragraphs = paragraphs(text, below);
    if !paragraphs.is_empty() {
        if found.documents.is_empty() {
            found.documents.push(Document { nodes: Vec::new(), root: None });
        }
        add_list(&mut found.documents[0], BODY, text, &paragraphs);
        let code = code(text, below);
        if !code.is_empty() {
            add_list(&mut found.documents[0], CODE, text, &code);
        }
    }
    found
}

/// Add parts of the text to the mapping at the head, which is made where there is none.
fn add_list(document: &mut Document, key: &str, text: &str, parts: &[Span]) {
    let root = match document.root {
        Some(root) => root,
        None => push_node(document, NodeKind::Map(Vec::new()), Span::new(0, 0)),
    };
    document.root = Some(root);
    let whole = parts.first().copied().unwrap_or_default();
    let list = push_node(document, NodeKind::List(Vec::new()), whole);
    let items: Vec<NodeId> = parts
        .iter()
        .map(|span| {
            let words = text.get(span.start as usize..span.end as usize).unwrap_or("");
            push_node(document, NodeKind::Scalar(words.to_string()), *span)
        })
        .collect();
    document.nodes[list.0 as usize].kind = NodeKind::List(items);
    if let NodeKind::Map(entries) = &mut document.nodes[root.0 as usize].kind {
        entries.push(Entry { key: key.into(), key_span: whole, value: list });
    }
}

/// The paragraphs from an offset on.
fn paragraphs(text: &str, from: usize) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut open = false;
    let mut start = from;
    for line in text.get(from..).unwrap_or("").split_inclusive('\n') {
        let words = line.trim();
        let first = start + (line.len() - line.trim_start().len());
        let end = first + words.len();
        start += line.len();
        if words.is_empty() {
            open = false;
        } else if let Some(last) = found.last_mut().filter(|_| open && !begins(words)) {
            last.end = end as u32;
        } else {
            found.push(Span::new(first as u32, end as u32));
            open = !words.starts_with('#') && !is_fence(words);
        }
    }
    found
}

/// The lines in fences and the spans in backticks from an offset on.
fn code(text: &str, from: usize) -> Vec<Span> {
    let mut found = Vec::new();
    let mut fenced = false;
    let mut start = from;
    for line in text.get(from..).unwrap_or("").split_inclusive('\n') {
        let words = line.trim();
        let first = start + (line.len() - line.trim_start().len());
        start += line.len();
        if is_fence(words) {
            fenced = !fenced;
        } else if fenced && !words.is_empty() {
            found.push(Span::new(first as u32, (first + words.len()) as u32));
        } else if !fenced {
            let mut at = first;
            for (number, part) in words.split('`').enumerate() {
                if number % 2 == 1 && !part.is_empty() {
                    found.push(Span::new(at as u32, (at + part.len()) as u32));
                }
                at += part.len() + 1;
            }
        }
    }
    found
}

fn is_fence(line: &str) -> bool {
    line.starts_with("```") || line.starts_with("~~~")
}

/// Whether a line begins a paragraph though no blank line stands before it.
fn begins(line: &str) -> bool {
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let item = line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ");
    item || is_fence(line) || line.starts_with(['#', '|', '>']) || numbered.len() < line.len() && numbered.starts_with(['.', ')'])
}

/// Where the block starts and ends, its fences left out.
fn block(text: &str) -> Option<(usize, usize)> {
    let first = text.find('\n').map(|i| i + 1)?;
    if text[..first].trim_end() != "---" {
        return None;
    }
    // A newline before the block lets an empty one end at once.
    for at in memmem::find_iter(&text.as_bytes()[first - 1..], "\n---") {
        let fence = first + at;
        let line = text[fence..].split('\n').next().unwrap_or("");
        if line.trim_end() == "---" {
            return Some((first, fence));
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on fails.
mod tests {
    use super::*;
    use crate::parse::testing::show;

    #[test]
    fn the_block_at_the_head_is_read() {
        let text = "---\nname: a\ntools: Read, Bash\n---\n# Title\n---\nb: 1\n---\n";
        let found = documents(text);
        assert_eq!(found.problems, []);
        let document = &found.documents[0];
        assert_eq!(show(document), "{name: \"a\", tools: \"Read, Bash\", body: [\"# Title\", \"---\\nb: 1\\n---\"]}");
        let name = document.entry(document.root.unwrap(), "name").unwrap();
        assert_eq!(&text[name.key_span.start as usize..name.key_span.end as usize], "name");
        let crlf = documents("---\r\na: 1\r\n---\r\ntext");
        assert_eq!(show(&crlf.documents[0]), "{a: \"1\", body: [\"text\"]}");
    }

    #[test]
    fn without_front_matter_there_is_the_body_alone() {
        let text = "# Title\nOne\ntwo.\n- a\n- b `e`\n\n1. c\n```\nd\n```\n";
        let found = documents(text);
        let document = &found.documents[0];
        assert_eq!(show(document), r##"{body: ["# Title", "One\ntwo.", "- a", "- b `e`", "1. c", "```", "d", "```"], code: ["e", "d"]}"##);
        let body = document.items(document.get(document.root.unwrap(), "body").unwrap());
        let span = document.node(body[1]).span;
        assert_eq!(&text[span.start as usize..span.end as usize], "One\ntwo.");
        for text in ["", "\n \n", "---\n---\n"] {
            assert_eq!(documents(text).documents.len(), 0, "{text:?}");
        }
    }

    #[test]
    fn bad_front_matter_is_a_problem_at_its_place() {
        let text = "---\nname: a: b: c\n---\n";
        let problem = &documents(text).problems[0];
        assert!(problem.span.start >= 4 && (problem.span.end as usize) <= text.len(), "{problem:?}");
    }
}
