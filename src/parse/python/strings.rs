//! Python string literals as the text they stand for.

use crate::facts::{Name, TextPart};

/// The prefix of a literal and where its content lies.
pub(super) struct Literal<'t> {
    /// `f"…"` or `t"…"`: holds interpolations.
    pub(super) interpolated: bool,
    /// `r"…"`: backslashes stand for themselves.
    pub(super) raw: bool,
    /// What stands between the quotes; up to the end where they are not closed.
    pub(super) content: &'t str,
}

/// Read the prefix and quotes of a literal as written.
pub(super) fn literal(text: &str) -> Literal<'_> {
    let prefix = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let has = |c: u8| text.as_bytes()[..prefix].iter().any(|b| b.to_ascii_lowercase() == c);
    let rest = &text[prefix..];
    let quote = if rest.starts_with("\"\"\"") || rest.starts_with("'''") { 3 } else { rest.len().min(1) };
    let (open, content) = rest.split_at_checked(quote).unwrap_or(("", rest));
    let content = content.strip_suffix(open).unwrap_or(content);
    Literal { interpolated: has(b'f') || has(b't'), raw: has(b'r'), content }
}

/// Decode the content of a literal without interpolations.
pub(super) fn decode(content: &str, raw: bool) -> Name {
    let plain = memchr::memchr2(b'\\', b'\r', content.as_bytes()).is_none();
    if plain { Name::new(content) } else { unescape(content, raw, false) }
}

/// Decode a piece of fixed text between the interpolations of an f-string: `{{` is one brace.
pub(super) fn decode_piece(content: &str, raw: bool) -> Name {
    if content.bytes().any(|b| matches!(b, b'\\' | b'\r' | b'{' | b'}')) { unescape(content, raw, true) } else { Name::new(content) }
}

fn unescape(content: &str, raw: bool, braces: bool) -> Name {
    let mut text = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(first) = rest.chars().next() {
        rest = &rest[first.len_utf8()..];
        match first {
            '\\' if !raw => rest = escape(rest, &mut text),
            '\r' => {
                text.push('\n');
                rest = rest.strip_prefix('\n').unwrap_or(rest);
            }
            '{' | '}' if braces => {
                text.push(first);
                rest = rest.strip_prefix(first).unwrap_or(rest);
            }
            other => text.push(other),
        }
    }
    Name::from(text)
}

/// Decode what follows a backslash; returns what is left. An escape that is none keeps its backslash, as in Python.
fn escape<'t>(rest: &'t str, text: &mut String) -> &'t str {
    let Some(first) = rest.chars().next() else {
        text.push('\\');
        return rest;
    };
    let after = &rest[first.len_utf8()..];
    let simple = match first {
        '\n' => return after,
        '\r' => return after.strip_prefix('\n').unwrap_or(after),
        '\\' | '\'' | '"' => first,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => return number(after, 2, 2, 16, "\\x", text),
        'u' => return number(after, 4, 4, 16, "\\u", text),
        'U' => return number(after, 8, 8, 16, "\\U", text),
        '0'..='7' => return number(rest, 1, 3, 8, "\\", text),
        _ => {
            text.push('\\');
            first
        }
    };
    text.push(simple);
    after
}

fn number<'t>(digits: &'t str, least: usize, most: usize, base: u32, written: &str, text: &mut String) -> &'t str {
    let count = digits.bytes().take(most).take_while(|b| (*b as char).is_digit(base)).count();
    let value = u32::from_str_radix(&digits[..count], base).ok().and_then(char::from_u32);
    match value {
        Some(value) if count >= least => {
            text.push(value);
            &digits[count..]
        }
        _ => {
            text.push_str(written);
            digits
        }
    }
}

/// Append fixed text, joining it to fixed text before it.
pub(super) fn push_text(parts: &mut Vec<TextPart>, text: Name) {
    match parts.last_mut() {
        Some(TextPart::Lit(last)) => last.push_str(&text),
        _ if text.is_empty() => {}
        _ => parts.push(TextPart::Lit(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_what_they_stand_for() {
        assert_eq!(decode(r"a\tb\x41\u00e4\101\q", false), "a\tbA\u{e4}A\\q");
        assert_eq!(decode("one \\\n two", false), "one  two");
        assert_eq!(decode(r"\d+", true), r"\d+");
        assert_eq!(decode("a\r\nb", false), "a\nb");
        assert_eq!(decode(r"\xZ\", false), "\\xZ\\");
    }

    #[test]
    fn quotes_and_prefixes() {
        assert_eq!(literal("rb'''x'y'''").content, "x'y");
        assert!(literal("Rf'x'").raw && literal("Rf'x'").interpolated);
        assert_eq!(literal("''").content, "");
        assert_eq!(literal("\"open").content, "open");
    }

    #[test]
    fn doubled_braces_are_one() {
        assert_eq!(decode_piece("{{a}}", false), "{a}");
    }
}
