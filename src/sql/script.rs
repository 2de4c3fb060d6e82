//! A text to statements: where one ends and the next begins, also in scripts for `psql`, `mysql` and `sqlcmd`.
//!
//! Each statement is read by itself, so one that is broken loses nothing but itself.

use super::dispatch::{BODIES, Origin, QUERIES, Scope, statement};
use super::lex::lex;
use super::routine;
use super::statement::{Placeholder, Statement};
use super::text::{Dialect, SqlText};
use super::token::{Kind, Token};
use super::verb::Verb;

/// A character in place of a delimiter that MySQL's client was told to use.
const CUT: char = '\u{1}';

/// Every statement of a text, in order; a writing CTE follows the statement it is part of.
///
/// `dialect` is what the driver suggests. Nothing is an error: text that is no SQL gives statements of
/// [`Verb::Other`] with `exact` false, so callers with mere strings ask [`super::looks_like_sql`] first.
pub fn parse(text: &SqlText, dialect: Dialect) -> Vec<Statement> {
    script(&text.flatten(), 0, dialect, &[], 0)
}

/// The statements of a text that begins at byte `base`; `params` are those of the text around it.
pub(super) fn script(text: &str, base: usize, dialect: Dialect, params: &[Placeholder], depth: usize) -> Vec<Statement> {
    if depth > BODIES {
        return Vec::new();
    }
    let cleaned = without_client_lines(text);
    let mut params = params.to_vec();
    let tokens = lex(cleaned.as_deref().unwrap_or(text), base, dialect, &mut params);
    let batches = tokens.iter().any(is_go);
    let dialect = if batches && dialect == Dialect::Generic { Dialect::MsSql } else { dialect };
    let origin = Origin { dialect, params: &params, scope: Scope::Script, depth };
    let mut out = Vec::new();
    for chunk in split(&tokens, dialect) {
        read_chunk(chunk, origin, &mut out);
    }
    out
}

/// A line with GO alone.
fn is_go(token: &Token) -> bool {
    token.line_start && token.is("go")
}

/// Reads what stands between two delimiters.
fn read_chunk(chunk: &[Token], origin: Origin, out: &mut Vec<Statement>) {
    if is_procedural(chunk, origin.dialect) {
        routine::statements(chunk, Origin { scope: Scope::Script, ..origin }, out);
        return;
    }
    let read = statement(chunk, origin);
    // Without delimiters several statements look like one that is broken.
    let broken = read.first().is_some_and(|first| !first.exact);
    if (broken || origin.dialect == Dialect::MsSql) && chunk.len() < 20_000 && !creates_routine(chunk) {
        let mut parts = Vec::new();
        routine::statements(chunk, origin, &mut parts);
        if parts.len() > read.len() && (origin.dialect == Dialect::MsSql || parts.iter().any(|part| part.exact)) {
            out.append(&mut parts);
            return;
        }
    }
    out.extend(read.into_iter().filter(|statement| statement.exact || statement.verb != Verb::Other || chunk.len() > 1));
}

/// Whether a chunk is control flow rather than one statement.
fn is_procedural(chunk: &[Token], dialect: Dialect) -> bool {
    let Some(first) = chunk.first() else { return false };
    let next = chunk.get(1);
    if first.is("begin") {
        let plain = ["transaction", "tran", "work", "immediate", "exclusive", "deferred", "concurrent", "isolation", "read", "not"];
        return next.is_some_and(|t| !t.is_any(&plain));
    }
    if first.is("end") {
        return dialect == Dialect::MsSql || next.is_some_and(|t| t.is_any(&["if", "loop", "while", "try", "catch"]));
    }
    first.is_any(&["if", "while", "else", "elsif", "loop"])
        || first.is("set") && chunk.iter().any(|t| t.is("select"))
        || first.is("declare") && next.is_some_and(|t| matches!(t.kind, Kind::Param(_)))
}

/// The runs of tokens between delimiters.
fn split(tokens: &[Token], dialect: Dialect) -> Vec<&[Token]> {
    let custom = tokens.iter().any(|t| matches!(&t.kind, Kind::Op(op) if op.starts_with(CUT)));
    let mut out = Vec::new();
    let (mut start, mut blocks) = (0usize, 0usize);
    let mut routine = false;
    for (index, token) in tokens.iter().enumerate() {
        if index == start {
            (routine, blocks) = (creates_routine(&tokens[start..]), 0);
        }
        let cut = matches!(&token.kind, Kind::Op(op) if op.starts_with(CUT));
        let slash = token.op("/") && token.line_start && tokens.get(index + 1).is_none_or(|next| next.line_start);
        let hard = cut || is_go(token) || slash;
        if routine && (token.is("begin") || token.is("case")) && !ends_block(tokens, index) {
            blocks += 1;
        }
        if routine && token.is("end") && !words_after_end(tokens, index) {
            blocks = blocks.saturating_sub(1);
        }
        let open_body = routine && (blocks > 0 || dialect == Dialect::MsSql);
        let soft = token.punct(';') && !open_body && !(custom && routine);
        if hard || soft {
            out.push(&tokens[start..index]);
            start = index + 1;
        }
    }
    out.push(&tokens[start.min(tokens.len())..]);
    out.retain(|chunk| !chunk.is_empty());
    out
}

/// `END CASE`: the CASE opens nothing.
fn ends_block(tokens: &[Token], index: usize) -> bool {
    index.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|before| before.is("end"))
}

/// `END IF`, `END LOOP`: what they end was not counted.
fn words_after_end(tokens: &[Token], index: usize) -> bool {
    tokens.get(index + 1).is_some_and(|t| !t.line_start && t.is_any(&["if", "loop", "while", "repeat", "for"]))
}

/// Whether a body with delimiters of its own may follow.
fn creates_routine(tokens: &[Token]) -> bool {
    if !tokens.first().is_some_and(|t| t.is_any(&["create", "alter"])) {
        return false;
    }
    let kinds = ["function", "procedure", "proc", "trigger", "event", "package"];
    let head = tokens.get(..14).unwrap_or(tokens);
    let stops = ["table", "index", "view", "as", "on", "sequence", "type"];
    let head = head.iter().take_while(|t| !t.is_any(&stops) && !t.punct('('));
    head.into_iter().any(|t| t.is_any(&kinds))
}

/// The text without the lines that are for a client program, every byte at its place: psql's `\…`, COPY's data,
/// MySQL's DELIMITER. `None` where there are none.
fn without_client_lines(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let suspicious = lower.starts_with('\\') || lower.contains("\n\\") || lower.contains("delimiter") || lower.contains("from stdin");
    if !suspicious {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut delimiter: Option<String> = None;
    let mut copying = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let words: Vec<&str> = trimmed.split_whitespace().collect();
        let first = words.first().copied().unwrap_or("");
        if copying {
            copying = trimmed != "\\.";
            blank(line, &mut out);
        } else if first.eq_ignore_ascii_case("delimiter") && words.len() == 2 {
            delimiter = words.get(1).filter(|word| **word != ";").map(|word| word.to_string());
            blank(line, &mut out);
        } else if trimmed.starts_with('\\') {
            blank(line, &mut out);
        } else if let Some(at) = delimiter.as_ref().and_then(|sign| trimmed.ends_with(sign).then(|| line.rfind(sign))?) {
            let sign = delimiter.as_ref().map_or(0, String::len);
            out.push_str(&line[..at]);
            out.push(CUT);
            out.extend(std::iter::repeat_n(' ', sign.saturating_sub(1)));
            out.push_str(&line[at + sign..]);
        } else {
            out.push_str(line);
            let lower = trimmed.to_ascii_lowercase();
            copying = lower.starts_with("copy ") && lower.contains("from stdin") && lower.ends_with(';');
        }
    }
    Some(out)
}

/// As many blanks as the line has bytes.
fn blank(line: &str, out: &mut String) {
    out.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

/// Whether a statement of its own may begin with this token, in a text without delimiters.
pub(super) fn begins_statement(token: &Token) -> bool {
    token.is_any(QUERIES)
        || token.is_any(&[
            "commit",
            "rollback",
            "declare",
            "if",
            "while",
            "exec",
            "execute",
            "print",
            "return",
            "begin",
            "raiserror",
            "throw",
            "set",
            "truncate",
            "create",
            "alter",
            "drop",
            "end",
            "else",
            "save",
            "open",
            "fetch",
            "close",
            "perform",
            "call",
        ])
}
