//! Tokens back to text, in the spelling a dialect of `sqlparser` accepts.

use super::text::{Dialect, is_special};
use super::token::{Kind, Token};
use std::fmt::Write;

/// The text of `tokens` for `dialect`: names in its quotes, strings with its escapes, placeholders as `$n`.
pub(super) fn render(tokens: &[Token], dialect: Dialect) -> String {
    let mut out = String::new();
    for (index, token) in tokens.iter().enumerate() {
        let glued = index
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|before| !token.spaced && (is_tight(before) || is_tight(token)) && !matches!(before.kind, Kind::Number(_)));
        if index > 0 && !glued {
            out.push(' ');
        }
        match &token.kind {
            Kind::Word(text) if text.starts_with(is_special) => quoted(&mut out, text, dialect),
            Kind::Word(text) | Kind::Number(text) | Kind::Op(text) => out.push_str(text),
            Kind::Quoted(text) => quoted(&mut out, text, dialect),
            Kind::Str(text) | Kind::Dollar(text, _) => {
                let text = text.replace('\'', "''");
                let text = if dialect == Dialect::MySql { text.replace('\\', "\\\\") } else { text };
                let _ = write!(out, "'{text}'");
            }
            // A placeholder's number counts from 1.
            Kind::Param(number) => {
                let _ = write!(out, "${}", number + 1);
            }
            Kind::Punct(c) => out.push(*c),
        }
    }
    out
}

/// Whether a token can stand beside another without a blank.
fn is_tight(token: &Token) -> bool {
    matches!(token.kind, Kind::Punct(_)) || token.op("::") || token.op(":")
}

fn quoted(out: &mut String, text: &str, dialect: Dialect) {
    let quote = if dialect == Dialect::MySql { '`' } else { '"' };
    out.push(quote);
    for c in text.chars() {
        if c == quote {
            out.push(quote);
        }
        out.push(c);
    }
    out.push(quote);
}
