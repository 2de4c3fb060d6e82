//! Tokens: what `lex` makes, and small questions about runs of them.

use super::name::{Name, TableRef};
use super::statement::{Placeholder, Value};

/// A token and where it stands in the flattened text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Blanks or a comment stand before it.
    pub spaced: bool,
    /// It is the first one on its line.
    pub line_start: bool,
}

/// What a token is. Placeholders inside names and strings are characters (see `text`).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes.
    Word(String),
    /// A name in quotes, or one with something filled in.
    Quoted(String),
    /// A string, unescaped.
    Str(String),
    /// A dollar-quoted string and where its inside begins.
    Dollar(String, usize),
    /// A number as written.
    Number(String),
    /// A placeholder by itself: its entry in the table of placeholders.
    Param(usize),
    /// One of `( ) [ ] , ; .`
    Punct(char),
    /// Operators as written.
    Op(String),
}

impl Token {
    /// Whether it is this keyword.
    pub fn is(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(text) if text.eq_ignore_ascii_case(word))
    }

    /// Whether it is one of these keywords.
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Whether it is this punctuation.
    pub fn punct(&self, c: char) -> bool {
        self.kind == Kind::Punct(c)
    }

    /// Whether it is this operator.
    pub fn op(&self, op: &str) -> bool {
        matches!(&self.kind, Kind::Op(text) if text == op)
    }

    /// The text of an unquoted word.
    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(text) => Some(text),
            _ => None,
        }
    }

    /// The name it may be: lower-cased unless quoted; a placeholder is a name too.
    pub fn name_text(&self) -> Option<String> {
        match &self.kind {
            Kind::Word(text) => Some(text.to_lowercase()),
            Kind::Quoted(text) => Some(text.clone()),
            Kind::Param(index) => Some(super::text::placeholder_char(*index).to_string()),
            _ => None,
        }
    }

    /// A token made up in place of others, at the place of `self`.
    pub fn with(&self, kind: Kind) -> Token {
        Token { kind, spaced: true, ..self.clone() }
    }
}

/// The index of the first run of these keywords at no depth of parentheses, from `from` on.
pub(super) fn find_words(tokens: &[Token], from: usize, words: &[&str]) -> Option<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(from) {
        match token.kind {
            Kind::Punct('(') => depth += 1,
            Kind::Punct(')') => depth = depth.saturating_sub(1),
            _ if depth == 0 && words_at(tokens, index, words) => return Some(index),
            _ => {}
        }
    }
    None
}

/// Whether these keywords stand at `index`.
pub(super) fn words_at(tokens: &[Token], index: usize, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(offset, word)| tokens.get(index + offset).is_some_and(|token| token.is(word)))
}

/// The index of the parenthesis that closes the one at `open`.
pub(super) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Punct('(') => depth += 1,
            Kind::Punct(')') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// The runs between the commas that stand at no depth.
pub(super) fn split_commas(tokens: &[Token]) -> Vec<&[Token]> {
    let mut out = Vec::new();
    let (mut depth, mut start) = (0usize, 0usize);
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Punct('(' | '[') => depth += 1,
            Kind::Punct(')' | ']') => depth = depth.saturating_sub(1),
            Kind::Punct(',') if depth == 0 => {
                out.push(&tokens[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    if start < tokens.len() {
        out.push(&tokens[start..]);
    }
    out
}

/// A dotted name at `from` and the index after it.
pub(super) fn dotted(tokens: &[Token], from: usize, table: &[Placeholder]) -> Option<(TableRef, usize)> {
    let mut parts = Vec::new();
    let mut at = from;
    loop {
        let text = tokens.get(at)?.name_text()?;
        parts.push(Name::decode(&text, table));
        at += 1;
        while tokens.get(at).is_some_and(|token| token.punct('.')) && tokens.get(at + 1).is_some_and(|t| t.punct('.')) {
            at += 1;
        }
        if !tokens.get(at).is_some_and(|token| token.punct('.')) {
            return TableRef::from_parts(parts).map(|table| (table, at));
        }
        at += 1;
    }
}

/// The value a run of tokens is, as far as one token or a sign and a number tell it.
pub(super) fn simple_value(tokens: &[Token], table: &[Placeholder]) -> Value {
    match tokens {
        [token] => match &token.kind {
            Kind::Str(text) | Kind::Dollar(text, _) => super::expression::text_value(text, table),
            Kind::Number(text) => Value::Text(text.clone()),
            Kind::Param(index) => Value::Placeholder(*index),
            Kind::Word(text) if text.eq_ignore_ascii_case("null") => Value::Null,
            Kind::Word(text) => Value::Text(text.to_lowercase()),
            Kind::Quoted(text) => super::expression::text_value(text, table),
            Kind::Punct(_) | Kind::Op(_) => Value::Other,
        },
        [sign, number] if sign.op("-") => match &number.kind {
            Kind::Number(text) => Value::Text(format!("-{text}")),
            _ => Value::Other,
        },
        _ => Value::Other,
    }
}
