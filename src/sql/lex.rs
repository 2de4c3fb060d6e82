//! Text to tokens. Strings, comments, quoted names and the placeholders of every driver are told apart here.
//!
//! Placeholders cannot be known by their looks alone: `%` is also modulo, `?` an operator of PostgreSQL, `{` opens
//! a JSON text only inside strings. What follows and what stands before decide.

use super::statement::Placeholder;
use super::text::{Dialect, MANY, hole_of, is_special, placeholder_char, placeholder_of};
use super::token::{Kind, Token};

/// Reads one text.
pub(super) struct Lexer<'a> {
    text: &'a str,
    pub(super) at: usize,
    pub(super) base: usize,
    dialect: Dialect,
    tokens: Vec<Token>,
    /// Everything filled in so far; tokens refer to it by index.
    pub params: Vec<Placeholder>,
    positionals: usize,
    pub(super) spaced: bool,
    line_start: bool,
}

/// The tokens of `text`, which begins at byte `base` of the flattened text. Placeholders are added to `params`.
pub(super) fn lex(text: &str, base: usize, dialect: Dialect, params: &mut Vec<Placeholder>) -> Vec<Token> {
    let mut lexer = Lexer {
        text,
        at: 0,
        base,
        dialect,
        tokens: Vec::new(),
        positionals: params.iter().filter(|p| matches!(p, Placeholder::Positional(_))).count(),
        params: std::mem::take(params),
        spaced: true,
        line_start: true,
    };
    while lexer.step() {}
    *params = lexer.params;
    glue(lexer.tokens, params)
}

/// Whether a character may begin a name.
pub(super) fn starts_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Whether a character may go on a name.
pub(super) fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || c == '#'
}

/// How many characters a name in brackets or braces may have.
pub(super) const NAME: usize = 128;

/// Operators made of several characters are kept together; these may be in one.
const OPERATOR: &str = "+-*/<>=~!#^&|";

impl Lexer<'_> {
    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn nth(&self, n: usize) -> Option<char> {
        self.rest().chars().nth(n)
    }

    pub(super) fn push(&mut self, kind: Kind, length: usize) -> bool {
        let start = self.base + self.at;
        self.at += length;
        self.tokens.push(Token { kind, start, end: start + length, spaced: self.spaced, line_start: self.line_start });
        (self.spaced, self.line_start) = (false, false);
        true
    }

    pub(super) fn skip(&mut self, length: usize) -> bool {
        if self.rest()[..length].contains('\n') {
            self.line_start = true;
        }
        self.at += length;
        self.spaced = true;
        true
    }

    pub(super) fn param(&mut self, placeholder: Placeholder, length: usize) -> bool {
        let index = self.add(placeholder);
        self.push(Kind::Param(index), length)
    }

    pub(super) fn add(&mut self, placeholder: Placeholder) -> usize {
        if self.params.len() < MANY {
            self.params.push(placeholder);
        }
        self.params.len() - 1
    }

    /// A `?` or `%s`, counted.
    pub(super) fn positional(&mut self, length: usize) -> bool {
        let placeholder = self.next_positional();
        self.param(placeholder, length)
    }

    pub(super) fn next_positional(&mut self) -> Placeholder {
        self.positionals += 1;
        Placeholder::Positional(self.positionals - 1)
    }

    /// Whether the token before is something an operator could follow.
    pub(super) fn after_operand(&self) -> bool {
        self.tokens.last().is_some_and(|token| match &token.kind {
            Kind::Word(word) => !is_keyword(word),
            Kind::Punct(c) => matches!(c, ')' | ']'),
            Kind::Op(_) => false,
            _ => true,
        })
    }

    /// The length of a name at byte `from` of the rest.
    pub(super) fn word_length(&self, from: usize) -> usize {
        let rest = self.rest().get(from..).unwrap_or("");
        rest.find(|c| !continues_word(c)).unwrap_or(rest.len())
    }

    fn step(&mut self) -> bool {
        let Some(c) = self.peek() else { return false };
        let next = self.nth(1);
        match c {
            _ if c.is_whitespace() || c == '\u{FEFF}' => {
                let length = self.rest().find(|c: char| !c.is_whitespace() && c != '\u{FEFF}');
                self.skip(length.unwrap_or(self.rest().len()))
            }
            '-' if next == Some('-') => self.line_comment(),
            '#' if self.dialect == Dialect::MySql => self.line_comment(),
            '/' if next == Some('*') => self.block_comment(),
            '\'' => self.string("'", 0),
            'e' | 'E' if next == Some('\'') => self.string("'", 1),
            'n' | 'N' | 'x' | 'X' | 'b' | 'B' if next == Some('\'') => self.string("'", 1),
            'u' | 'U' if next == Some('&') && self.nth(2) == Some('\'') => self.string("'", 2),
            '"' if self.dialect == Dialect::MySql => self.string("\"", 0),
            '"' | '`' => self.quoted(c),
            '[' if self.is_bracket_name() => self.quoted(']'),
            '(' | ')' | '[' | ']' | ',' | ';' => self.push(Kind::Punct(c), 1),
            '.' if !next.is_some_and(|n| n.is_ascii_digit()) || !self.spaced => self.push(Kind::Punct('.'), 1),
            '0'..='9' | '.' => self.number(),
            '$' => self.dollar(),
            '%' => self.percent(),
            '?' => self.question(),
            ':' => self.colon(),
            '@' => self.at_sign(),
            '{' => self.brace(1),
            // `\:\:jsonb`: a colon SQLAlchemy shall not take for its own.
            '\\' if next == Some(':') => self.skip(1),
            '}' => self.push(Kind::Op("}".into()), 1),
            '#' if next == Some('{') => self.brace(2),
            '#' if next.is_some_and(starts_word) => {
                let length = 1 + self.word_length(1);
                self.word(length)
            }
            _ if is_special(c) => {
                let index = self.special(c);
                self.push(Kind::Param(index), c.len_utf8())
            }
            _ if starts_word(c) => {
                let length = self.word_length(0);
                self.word(length)
            }
            _ if OPERATOR.contains(c) => self.operator(),
            _ => self.push(Kind::Op(c.to_string()), c.len_utf8()),
        }
    }

    pub(super) fn word(&mut self, length: usize) -> bool {
        let word = self.rest()[..length].to_string();
        self.push(Kind::Word(word), length)
    }

    fn operator(&mut self) -> bool {
        let rest = self.rest();
        let mut length = 0;
        for c in rest.chars() {
            let tail = &rest[length..];
            let comment = tail.starts_with("--") || tail.starts_with("/*");
            let brace = tail.starts_with("#{");
            if !OPERATOR.contains(c) || (length > 0 && (comment || brace)) {
                break;
            }
            length += 1;
        }
        // A sign is the next operand's: `=-1`; operators of PostgreSQL that end so have one of these.
        let mut op = &rest[..length.max(1)];
        while op.len() > 1 && op.ends_with(['-', '+']) && !op.contains(['~', '!', '#', '^', '&', '|']) {
            op = &op[..op.len() - 1];
        }
        let (op, length) = (op.to_string(), op.len());
        self.push(Kind::Op(op), length)
    }

    fn line_comment(&mut self) -> bool {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.skip(length)
    }

    /// Comments nest in PostgreSQL and SQL Server; a text that closes once too often does not exist.
    fn block_comment(&mut self) -> bool {
        let bytes = self.rest().as_bytes();
        let (mut depth, mut i) = (0usize, 0usize);
        while i < bytes.len() {
            match (bytes[i], bytes.get(i + 1)) {
                (b'/', Some(b'*')) if depth == 0 || self.dialect != Dialect::MySql => {
                    depth += 1;
                    i += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    i += 2;
                    if depth == 0 {
                        break;
                    }
                }
                _ => i += 1,
            }
        }
        self.skip(i.min(self.rest().len()))
    }

    /// A string in `quote`, which stands after `prefix` bytes.
    fn string(&mut self, quote: &str, prefix: usize) -> bool {
        let escapes = self.dialect == Dialect::MySql || self.rest().starts_with(['e', 'E']) && prefix == 1;
        let rest = self.rest();
        let mut content = String::new();
        let mut chars = rest[prefix + 1..].char_indices().peekable();
        let mut end = rest.len();
        while let Some((index, c)) = chars.next() {
            if c == '\\' && escapes {
                content.push(match chars.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, 't')) => '\t',
                    Some((_, other)) => other,
                    None => '\\',
                });
            } else if quote.starts_with(c) {
                if chars.peek().is_some_and(|(_, next)| *next == c) {
                    chars.next();
                    content.push(c);
                } else {
                    end = prefix + 1 + index + 1;
                    break;
                }
            } else {
                content.push(c);
            }
        }
        if content == "%s" {
            return self.positional(end);
        }
        let content = self.convert(&content);
        self.push(Kind::Str(content), end)
    }

    /// Characters for the caller's holes become characters for entries of the table.
    fn convert(&mut self, text: &str) -> String {
        if !text.chars().any(|c| hole_of(c).is_some()) {
            return text.to_string();
        }
        let converted = text.chars().map(|c| if is_special(c) { placeholder_char(self.special(c)) } else { c });
        let converted: Vec<char> = converted.collect();
        converted.into_iter().collect()
    }

    /// The entry of the table for a special character.
    pub(super) fn special(&mut self, c: char) -> usize {
        match (hole_of(c), placeholder_of(c)) {
            (Some(hole), _) => self.add(Placeholder::Hole(hole)),
            (None, Some(index)) if index < self.params.len() => index,
            _ => self.add(Placeholder::Hole(0)),
        }
    }

    /// A quoted name. Those in backticks and brackets belong to databases that fold case anyway.
    fn quoted(&mut self, close: char) -> bool {
        let rest = self.rest();
        let mut content = String::new();
        let mut end = rest.len();
        let mut chars = rest[1..].char_indices().peekable();
        while let Some((index, c)) = chars.next() {
            if c == close {
                if close != ']' && chars.peek().is_some_and(|(_, next)| *next == c) {
                    chars.next();
                } else {
                    end = 1 + index + c.len_utf8();
                    break;
                }
            }
            content.push(c);
        }
        let content = if close == '"' { content } else { content.to_lowercase() };
        // `"{table}"`: braces in a quoted name are the host's.
        let inner = content.strip_prefix('{').and_then(|text| text.strip_suffix('}')).map(str::to_string);
        let content = match inner {
            Some(name) if !name.is_empty() && name.chars().all(|c| continues_word(c) || c == '.') => {
                placeholder_char(self.add(Placeholder::Format(name))).to_string()
            }
            _ => self.convert(&content),
        };
        let content = if content == "%s" {
            let placeholder = self.next_positional();
            placeholder_char(self.add(placeholder)).to_string()
        } else {
            content
        };
        self.push(Kind::Quoted(content), end)
    }

    /// `[name]` of SQL Server and SQLite rather than an index or an array.
    fn is_bracket_name(&self) -> bool {
        if matches!(self.dialect, Dialect::Postgres | Dialect::MySql) {
            return false;
        }
        let glued = !self.spaced
            && self.tokens.last().is_some_and(|token| match &token.kind {
                Kind::Word(_) | Kind::Quoted(_) | Kind::Param(_) => true,
                Kind::Punct(c) => matches!(c, ')' | ']'),
                _ => false,
            });
        let array = self.tokens.last().is_some_and(|token| token.is("array"));
        let close = self.rest()[1..].chars().take(NAME).position(|c| c == ']');
        let inner: String = self.rest()[1..].chars().take(close.unwrap_or(0)).collect();
        let first = inner.chars().next();
        let name = first.is_some_and(|c| starts_word(c) || c == '#' || is_special(c))
            && inner.chars().all(|c| continues_word(c) || is_special(c) || " .-{}".contains(c));
        !glued && !array && name
    }

    fn number(&mut self) -> bool {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let sign = usize::from(matches!(bytes.get(i + 1), Some(b'+' | b'-')));
            let exponent = i > 0 && matches!(bytes[i], b'e' | b'E') && bytes.get(i + 1 + sign).is_some_and(u8::is_ascii_digit);
            let hex = i == 1 && bytes[0] == b'0' && matches!(bytes[i], b'x' | b'X');
            let hex_digit = rest.starts_with("0x") && bytes[i].is_ascii_hexdigit();
            if exponent {
                i += 1 + sign;
            } else if bytes[i].is_ascii_digit() || bytes[i] == b'.' || bytes[i] == b'_' || hex || hex_digit {
                i += 1;
            } else {
                break;
            }
        }
        let text = rest[..i].replace('_', "");
        self.push(Kind::Number(text), i)
    }
}

/// Joins words and placeholders that touch into one name: `{prefix}_items`, `tbl_%s`.
fn glue(tokens: Vec<Token>, params: &[Placeholder]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let hosted = |token: &Token| match &token.kind {
            Kind::Param(index) => match params.get(*index) {
                Some(Placeholder::Hole(_) | Placeholder::Format(_)) => true,
                Some(Placeholder::Positional(_)) => token.end - token.start == 2,
                _ => false,
            },
            Kind::Quoted(text) => token.end > token.start && text.chars().any(is_special),
            _ => false,
        };
        let free = |token: &Token| match &token.kind {
            Kind::Word(word) => !is_keyword(word),
            // A number after a hole: `{table}2`.
            Kind::Number(text) => text.chars().all(|c| c.is_ascii_digit()),
            _ => false,
        };
        if let Some(last) = out.last_mut().filter(|_| !token.spaced) {
            let first_is_name = !matches!(last.kind, Kind::Number(_));
            let joins = first_is_name && ((hosted(last) && free(&token)) || (free(last) && hosted(&token)))
                || (matches!(last.kind, Kind::Quoted(_)) && hosted(last) && hosted(&token) && !is_string_name(last));
            if joins {
                let text = piece(last) + &piece(&token);
                last.kind = Kind::Quoted(text);
                last.end = token.end;
                continue;
            }
        }
        out.push(token);
    }
    out
}

/// A quoted name that was written in quotes joins nothing; one that was put together does.
fn is_string_name(token: &Token) -> bool {
    match &token.kind {
        Kind::Quoted(text) => text.chars().map(char::len_utf8).sum::<usize>() + 2 == token.end - token.start,
        _ => false,
    }
}

fn piece(token: &Token) -> String {
    match &token.kind {
        Kind::Word(word) => word.to_lowercase(),
        Kind::Quoted(text) | Kind::Number(text) => text.clone(),
        Kind::Param(index) => placeholder_char(*index).to_string(),
        _ => String::new(),
    }
}

/// Words that end what stands before them and are no names.
const KEYWORDS: &[&str] = &[
    "all",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "conflict",
    "cross",
    "default",
    "delete",
    "desc",
    "distinct",
    "do",
    "duplicate",
    "else",
    "end",
    "except",
    "exists",
    "fetch",
    "for",
    "from",
    "full",
    "group",
    "having",
    "if",
    "ignore",
    "in",
    "inner",
    "insert",
    "intersect",
    "interval",
    "into",
    "is",
    "join",
    "key",
    "left",
    "like",
    "ilike",
    "limit",
    "lock",
    "natural",
    "not",
    "nothing",
    "null",
    "nulls",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "over",
    "output",
    "partition",
    "replace",
    "returning",
    "right",
    "select",
    "set",
    "skip",
    "some",
    "table",
    "then",
    "union",
    "update",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
    "within",
];

/// Whether a word is a keyword that cannot be a name here.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}
