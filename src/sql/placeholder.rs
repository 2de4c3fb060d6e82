//! The placeholders of drivers and hosts, as the lexer meets them.

use super::lex::{Lexer, NAME, continues_word, starts_word};
use super::statement::Placeholder;
use super::text::is_special;
use super::token::Kind;

impl Lexer<'_> {
    /// `$1`, `$name`, `${name}`, `$$ body $$`, `$tag$ body $tag$`.
    pub(super) fn dollar(&mut self) -> bool {
        let length = {
            let rest = &self.rest()[1..];
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
        };
        if self.before_hole(1) {
            return true;
        }
        let rest = self.rest();
        if rest[1 + length..].starts_with('$') && !rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let tag = rest[..length + 2].to_string();
            let body = &rest[tag.len()..];
            let inside = body.find(&tag).unwrap_or(body.len());
            let whole = (tag.len() + inside + tag.len()).min(rest.len());
            let (body, begin) = (body[..inside].to_string(), self.base + self.at + tag.len());
            return self.push(Kind::Dollar(body, begin), whole);
        }
        if rest[1..].starts_with('{') {
            return self.brace(2);
        }
        let name = rest[1..1 + length].to_string();
        match name.parse::<usize>() {
            Ok(number) => self.param(Placeholder::Numbered(number), 1 + length),
            Err(_) if length > 0 => self.param(Placeholder::Named(name), 1 + length),
            Err(_) => self.push(Kind::Op("$".into()), 1),
        }
    }

    /// `${hole}`, `:{hole}`, `@{hole}`: the sign and the hole after it are one placeholder.
    fn before_hole(&mut self, sign: usize) -> bool {
        let Some(c) = self.rest()[sign..].chars().next().filter(|c| is_special(*c)) else { return false };
        let index = self.special(c);
        self.push(Kind::Param(index), sign + c.len_utf8())
    }

    /// `%s`, `%(name)s`, `%%`, psycopg's `%b` and `%t`, `%I` and `%L` of format().
    pub(super) fn percent(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("%%") {
            return self.push(Kind::Op("%".into()), 2);
        }
        let end = rest.bytes().take(NAME).position(|byte| byte == b')');
        if let Some(end) = end.filter(|_| rest.starts_with("%(")) {
            let name = &rest[2..end];
            if let Some(c) = name.chars().next().filter(|c| is_special(*c) && name.len() == c.len_utf8()) {
                let index = self.special(c);
                return self.push(Kind::Param(index), end + 2);
            }
            let plain = !name.is_empty() && name.chars().all(|c| continues_word(c) || c == '.');
            if plain && rest[end + 1..].starts_with(['s', 'b', 't', 'd', 'i', 'f', 'r']) {
                return self.param(Placeholder::Named(name.to_string()), end + 2);
            }
        }
        let kind = self.nth(1);
        let ends = !self.nth(2).is_some_and(|c| c.is_alphanumeric());
        let glued = !self.spaced && self.after_operand();
        match kind {
            Some('s') if ends || self.nth(2) == Some('_') => self.positional(2),
            Some('d' | 'i' | 'f' | 'b' | 't' | 'r' | 'I' | 'L') if ends && !glued && !self.after_operand() => self.positional(2),
            Some('I') if ends => self.positional(2),
            _ => {
                if rest.starts_with("%}") {
                    return self.push(Kind::Op("%".into()), 2);
                }
                self.push(Kind::Op("%".into()), 1)
            }
        }
    }

    /// `?` and `?1`, unless it is PostgreSQL's operator.
    pub(super) fn question(&mut self) -> bool {
        let rest = self.rest();
        let operand = self.after_operand();
        for op in ["?|", "?&"] {
            if operand && rest.starts_with(op) && !rest.starts_with("?||") {
                return self.push(Kind::Op(op.into()), 2);
            }
        }
        let digits = rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
        if let Ok(number) = rest[1..1 + digits].parse::<usize>() {
            return self.param(Placeholder::Numbered(number), 1 + digits);
        }
        if operand && rest[1..].trim_start().starts_with(['\'', '$']) {
            return self.push(Kind::Op("?".into()), 1);
        }
        self.positional(1)
    }

    /// `:name`, `:1`, `:'name'` of psql; not `::`, `:=`, `a[1:2]`.
    pub(super) fn colon(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("::") || rest.starts_with(":=") {
            let op = rest[..2].to_string();
            return self.push(Kind::Op(op), 2);
        }
        let glued = !self.spaced && self.after_operand();
        if !glued && self.before_hole(1) {
            return true;
        }
        let rest = self.rest();
        let inside = rest[1..].strip_prefix(['\'', '"']).and_then(|text| text.split(['\'', '"']).next());
        if let Some(name) = inside.filter(|name| !name.is_empty() && name.chars().all(continues_word)) {
            let (name, length) = (name.to_string(), name.len() + 3);
            return self.param(Placeholder::Named(name), length);
        }
        let length = self.word_length(1);
        if length == 0 || glued {
            return self.push(Kind::Op(":".into()), 1);
        }
        let name = self.rest()[1..1 + length].to_string();
        match name.parse::<usize>() {
            Ok(number) => self.param(Placeholder::Numbered(number), 1 + length),
            Err(_) => self.param(Placeholder::Named(name), 1 + length),
        }
    }

    /// `@name` is a parameter where something is bound to it; in procedural text it is a variable.
    pub(super) fn at_sign(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("@@") {
            let length = 2 + self.word_length(2);
            return self.word(length);
        }
        if self.before_hole(1) {
            return true;
        }
        let rest = self.rest();
        let length = self.word_length(1);
        if length == 0 || !rest[1..].starts_with(starts_word) {
            let op = if rest.starts_with("@>") || rest.starts_with("@?") { 2 } else { 1 };
            let text = rest[..op].to_string();
            return self.push(Kind::Op(text), op);
        }
        let name = rest[1..1 + length].to_string();
        self.param(Placeholder::Named(format!("@{name}")), 1 + length)
    }

    /// `{name}`, `{}`, `{{ name }}`, `#{name}`, `${name}`, `{% … %}`: the braces open after `open - 1` bytes.
    pub(super) fn brace(&mut self, open: usize) -> bool {
        let rest = self.rest();
        if rest.starts_with("{%") {
            let length = rest.find("%}").map_or(rest.len(), |end| end + 2);
            return self.skip(length);
        }
        let inside = &rest[open..];
        let (inside, double) = match inside.strip_prefix('{') {
            Some(inner) => (inner, 1),
            None => (inside, 0),
        };
        let close = if double == 1 { "}}" } else { "}" };
        let plain = |c: char| continues_word(c) || " .!:()\"'".contains(c);
        let near = inside.char_indices().nth(NAME).map_or(inside, |(at, _)| &inside[..at]);
        match near.find(close) {
            Some(end) if end <= 80 && inside[..end].chars().all(plain) && !inside.trim_start().starts_with('\'') => {
                let name = inside[..end].split(['!', ':']).next().unwrap_or("").trim().to_string();
                let length = open + double + end + close.len();
                self.param(Placeholder::Format(name), length)
            }
            _ => {
                let op = rest[..open].to_string();
                self.push(Kind::Op(op), open)
            }
        }
    }
}
