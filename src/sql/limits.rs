//! What is too long, too deep or too crowded for a parser that recurses.
//!
//! `sqlparser` counts some of its recursion and not all; dropping its tree recurses too, and an overflow cannot be
//! caught. So the tokens are measured first, and a statement beyond a limit is read by keywords.

use super::token::{Kind, Token};

/// Bytes of one statement that are parsed; longer ones are read by keywords.
pub(super) const BYTES: usize = 64 * 1024;
/// Brackets inside brackets.
const DEPTH: usize = 24;
/// Operators in one expression, its enclosing ones included.
const CHAIN: usize = 400;
/// Words in a row.
const WORDS: usize = 200;
/// `sqlparser`'s own limit.
pub(super) const RECURSION: usize = 60;

/// Words that make a tree deeper as operators do.
const LINKS: &[&str] = &[
    "and",
    "or",
    "not",
    "is",
    "in",
    "like",
    "ilike",
    "between",
    "collate",
    "at",
    "union",
    "except",
    "intersect",
    "minus",
    "case",
    "when",
    "interval",
    "prior",
    "isnull",
    "notnull",
    "over",
    "explain",
    "array",
];

/// Whether a parser may have these tokens.
pub(super) fn parsable(tokens: &[Token]) -> bool {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return false };
    if last.end.saturating_sub(first.start) > BYTES {
        return false;
    }
    // Links counted at each open bracket; a comma begins a new expression.
    let mut open: Vec<usize> = vec![0];
    let (mut sum, mut words) = (0usize, 0usize);
    for token in tokens {
        words = if matches!(token.kind, Kind::Word(_)) { words + 1 } else { 0 };
        match &token.kind {
            Kind::Punct('(' | '[') => {
                open.push(1);
                sum += 1;
            }
            Kind::Punct(')' | ']') if open.len() > 1 => sum -= open.pop().unwrap_or(0),
            Kind::Punct(',') => {
                if let Some(top) = open.last_mut() {
                    sum -= *top;
                    *top = 0;
                }
            }
            Kind::Op(_) => link(&mut open, &mut sum),
            Kind::Word(_) if token.is_any(LINKS) => link(&mut open, &mut sum),
            _ => {}
        }
        if open.len() > DEPTH || sum > CHAIN || words > WORDS {
            return false;
        }
    }
    true
}

fn link(open: &mut [usize], sum: &mut usize) {
    if let Some(top) = open.last_mut() {
        *top += 1;
        *sum += 1;
    }
}
