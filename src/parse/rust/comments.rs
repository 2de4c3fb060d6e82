//! Comments of a Rust file: `//`, `/* */` and their documenting forms, found without parsing.

use crate::parse::stands_alone;
use crate::source::{Comment, Span};

/// All comments of a text, strings and character literals skipped.
pub(super) fn comments(text: &str) -> Vec<Comment> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                found.push(comment(text, at, end));
                at = end;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = block_end(bytes, at);
                found.push(comment(text, at, end));
                at = end;
            }
            b'"' => at = string_end(bytes, at + 1),
            b'r' if starts_raw(bytes, at) => at = raw_end(bytes, at + 1),
            b'\'' => at = quote_end(bytes, at),
            _ => at += 1,
        }
    }
    found
}

fn comment(text: &str, start: usize, end: usize) -> Comment {
    let inner = text.get(start..end).unwrap_or("");
    let inner = inner.trim_start_matches('/').trim_start_matches(['*', '!']).trim_end_matches(['*', '/']);
    Comment { text: inner.trim().to_owned(), span: Span::new(start as u32, end as u32), alone: stands_alone(text, start) }
}

/// Block comments nest.
fn block_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 1u32;
    let mut at = start + 2;
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b'/', b'*') => {
                depth += 1;
                at += 2;
            }
            (b'*', b'/') => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Whether an `r` starts a raw string and does not end a word.
fn starts_raw(bytes: &[u8], at: usize) -> bool {
    let word = |b: u8| b == b'_' || b.is_ascii_alphanumeric();
    if at > 0 && word(bytes[at - 1]) && !matches!(bytes[at - 1], b'b' | b'c') {
        return false;
    }
    let hashes = bytes[at + 1..].iter().take_while(|b| **b == b'#').count();
    bytes.get(at + 1 + hashes) == Some(&b'"')
}

fn raw_end(bytes: &[u8], mut at: usize) -> usize {
    let hashes = bytes[at..].iter().take_while(|b| **b == b'#').count();
    at += hashes + 1;
    while let Some(quote) = bytes.get(at..).and_then(|rest| memchr::memchr(b'"', rest)) {
        at += quote + 1;
        if bytes[at..].iter().take(hashes).filter(|b| **b == b'#').count() == hashes {
            return at + hashes;
        }
    }
    bytes.len()
}

/// After a character literal; a lifetime has no closing quote.
fn quote_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start + 1) == Some(&b'\\') {
        return memchr::memchr(b'\'', bytes.get(start + 3..).unwrap_or_default()).map_or(bytes.len(), |n| start + 3 + n + 1);
    }
    let width = match bytes.get(start + 1) {
        Some(first) if *first >= 0xf0 => 4,
        Some(first) if *first >= 0xe0 => 3,
        Some(first) if *first >= 0xc0 => 2,
        _ => 1,
    };
    if bytes.get(start + 1 + width) == Some(&b'\'') { start + width + 2 } else { start + 1 }
}
