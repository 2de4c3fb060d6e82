//! JSON and JSONC to documents.
//!
//! Comments and trailing commas are blanked, one byte for one, and what is left is read as the YAML it is, so that every
//! span holds in the original text.

use super::{Documents, stands_alone, yaml};
use crate::source::{Comment, Span};

/// Read a JSON or JSONC text.
pub fn documents(text: &str) -> Documents {
    let (plain, comments) = blank(text);
    Documents { comments, ..yaml::read(&plain, 0) }
}

/// Blank comments, trailing commas, and the tabs that YAML does not take for blanks.
fn blank(text: &str) -> (String, Vec<Comment>) {
    let mut bytes = text.as_bytes().to_vec();
    let mut comments = Vec::new();
    let mut comma = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                at = string_end(&bytes, at);
                continue;
            }
            (b'/', Some(b'/' | b'*')) => {
                let end = comment_end(text, at);
                let written = text.get(at..end).unwrap_or("");
                let inner = written.trim_end_matches("*/").trim_start_matches(['/', '*']).trim();
                let span = Span::new(at as u32, end as u32);
                comments.push(Comment { text: inner.to_owned(), span, alone: stands_alone(text, at) });
                let commented = bytes.get_mut(at..end).unwrap_or_default();
                commented.iter_mut().filter(|b| !matches!(b, b'\n' | b'\r')).for_each(|b| *b = b' ');
                at = end;
                continue;
            }
            (b',', _) => comma = Some(at),
            (b']' | b'}', _) => {
                if let Some(comma) = comma.take().and_then(|c| bytes.get_mut(c)) {
                    *comma = b' ';
                }
            }
            (b'\t', _) => {
                if let Some(tab) = bytes.get_mut(at) {
                    *tab = b' ';
                }
            }
            (b' ' | b'\n' | b'\r', _) => {}
            _ => comma = None,
        }
        at += 1;
    }
    // Only whole comments and ASCII bytes were replaced, so this is still UTF-8.
    (String::from_utf8(bytes).unwrap_or_default(), comments)
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn comment_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let end = if rest.starts_with("//") { rest.find('\n') } else { rest.get(2..).and_then(|r| r.find("*/")).map(|i| i + 4) };
    start + end.unwrap_or(rest.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A test that cannot go on fails.
mod tests {
    use super::*;
    use crate::parse::testing::show;

    fn one(text: &str) -> String {
        let found = documents(text);
        assert_eq!(found.problems, [], "{text}");
        show(&found.documents[0])
    }

    #[test]
    fn json() {
        let text = "{\n\t\"a\": [1, 2.50, true, null],\n\t\"b\":{\"c\":\"x\\u00e4\\/\\ud83d\\ude00\"},\n\t\"d\": []\n}\n";
        assert_eq!(one(text), "{a: [\"1\", \"2.50\", \"true\", ~], b: {c: \"xä/😀\"}, d: []}");
        assert_eq!(one("[]"), "[]");
        assert_eq!(one("{\"a\": \"\", \"a b\": \"null\"}"), "{a: \"\", a b: \"null\"}");
    }

    #[test]
    fn comments_and_trailing_commas_are_left_out() {
        let text = "// clawproof: ignore[x] é\n{\n  \"a\": 1, /* b\n c */ \"d\": [1, 2, ], // e\n  \"url\": \"http://x/*\",\n}\n";
        assert_eq!(one(text), "{a: \"1\", d: [\"1\", \"2\"], url: \"http://x/*\"}");
        let found = documents(text);
        let comments: Vec<_> = found.comments.iter().map(|c| (c.text.as_str(), c.alone)).collect();
        assert_eq!(comments, [("clawproof: ignore[x] é", true), ("b\n c", false), ("e", false)]);
        let url = found.documents[0].entry(found.documents[0].root.unwrap(), "url").unwrap();
        assert_eq!(&text[url.key_span.start as usize..url.key_span.end as usize], "\"url\"");
    }

    #[test]
    fn bad_json_is_a_problem() {
        for text in ["{\"a\": ", "{\"a\" 1 : }}", "\"open", "/*", "[1, 2", &"[".repeat(100_000)] {
            let found = documents(text);
            assert!(text == "/*" || !found.problems.is_empty(), "{}", &text[..text.len().min(20)]);
        }
    }
}
