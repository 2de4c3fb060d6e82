//! What a hostile repository could use to colour, move, reorder or forge a line of the report.
//!
//! Names are escaped, so that they stay readable and unambiguous; source text is replaced byte for byte, so that labels
//! stay under what they point at.

use std::borrow::Cow;

/// Whether a terminal would act on a character instead of showing it: control characters, marks that change the direction
/// of text, separators of lines and paragraphs, and characters that are there and cannot be seen.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with such characters written as `\u{1b}`.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) { safe.extend(c.escape_unicode()) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

/// The text in ASCII alone: our own signs as their plain twins, everything else escaped.
pub(super) fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '—' | '–' | '─' => plain.push('-'),
            '→' => plain.push_str("->"),
            '…' => plain.push_str("..."),
            '✓' => plain.push_str("[ok]"),
            '✗' => plain.push_str("[FAIL]"),
            c if c.is_ascii() => plain.push(c),
            c => plain.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(plain)
}

/// One line of source text with such characters replaced by visible ones of the same length in bytes; tabs stay. With
/// `ascii`, whatever is not ASCII is replaced too.
pub(super) fn replaced(line: &str, ascii: bool) -> String {
    let mut safe = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\t' => safe.push(c),
            c if c.is_ascii() && !acts(c) => safe.push(c),
            c if !ascii && !acts(c) => safe.push(c),
            c if ascii || c.len_utf8() == 1 => safe.extend(std::iter::repeat_n('?', c.len_utf8())),
            c if c.len_utf8() == 2 => safe.push('¿'),
            c if c.len_utf8() == 3 => safe.push('\u{fffd}'),
            _ => safe.push('\u{1f6c7}'),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\x1b[31m\r\n\u{202e}b\u{85}\u{200b}\u{e0041}\u{2028}é";

    #[test]
    fn names_are_escaped() {
        assert_eq!(escaped("plain é"), "plain é");
        let safe = escaped(HOSTILE);
        assert_eq!(safe, r"a\u{1b}[31m\u{d}\u{a}\u{202e}b\u{85}\u{200b}\u{e0041}\u{2028}é");
    }

    #[test]
    fn source_keeps_its_length() {
        for with_ascii in [false, true] {
            let safe = replaced(HOSTILE, with_ascii);
            assert_eq!(safe.len(), HOSTILE.len());
            assert!(!safe.contains(acts));
            assert!(!with_ascii || safe.is_ascii());
        }
        assert_eq!(replaced("\tx", true), "\tx");
    }

    #[test]
    fn ascii_has_twins_for_our_signs() {
        assert_eq!(ascii("a — b → c … é"), r"a - b -> c ... \u{e9}");
    }
}
