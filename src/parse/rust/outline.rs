//! What a Rust file imports and whether it may declare an actor, read from its text without parsing it.
//!
//! Every path of two names or more counts as an import of everything it could name: `crate::store::Db`, `use super::{a, b}`
//! and `mod store;`. An outline may say too much, and must never miss what [`facts`](super::facts) imports.

use crate::facts::{Name, Outline};

/// Longest path that is read, in names.
const MAX_SEGMENTS: usize = 12;

/// Scan `text`; `actor_words` says whether an identifier is one that an actor's declaration names.
pub fn outline(text: &str, actor_words: &impl Fn(&str) -> bool) -> Outline {
    let mut imports: Vec<Name> = Vec::new();
    let mut names_actor = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    // The path being read, and prefixes of the groups that are open.
    let mut path: Vec<&str> = Vec::new();
    let mut groups: Vec<Vec<&str>> = Vec::new();
    let mut joined = false;
    let mut after_mod = false;
    while at < bytes.len() {
        let byte = bytes[at];
        if is_word(byte) {
            let start = at;
            while at < bytes.len() && is_word(bytes[at]) {
                at += 1;
            }
            let Some(word) = text.get(start..at) else { continue };
            names_actor = names_actor || !byte.is_ascii_digit() && actor_words(word);
            if !joined {
                path.clear();
                path.extend(groups.last().into_iter().flatten());
            }
            if after_mod {
                imports.push(format!("self::{word}").into());
            }
            after_mod = word == "mod";
            if path.len() < MAX_SEGMENTS {
                path.push(word);
            }
            joined = false;
            if path.len() > 1 {
                imports.push(path.join("::").into());
            }
            continue;
        }
        match byte {
            b':' if bytes.get(at + 1) == Some(&b':') => {
                joined = true;
                at += 2;
                if bytes.get(at) == Some(&b'{') {
                    groups.push(std::mem::take(&mut path));
                    joined = false;
                    at += 1;
                }
                if bytes.get(at) == Some(&b'*') && groups.len() < 32 && path.len() == 1 {
                    imports.push(path[0].into());
                }
                continue;
            }
            b'{' if !groups.is_empty() => groups.push(Vec::new()),
            b'}' => {
                groups.pop();
            }
            b';' => groups.clear(),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            joined = false;
        }
        at += 1;
    }
    imports.sort_unstable();
    imports.dedup();
    Outline { imports, names_actor, ..Outline::default() }
}

/// Bytes of a character that is not ASCII count as part of a word.
fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}
