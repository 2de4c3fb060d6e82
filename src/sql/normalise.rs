//! Forms that databases accept and `sqlparser` does not, put into forms it does; what is lost by it is noted.

use super::dispatch::Scope;
use super::statement::{Locking, RowCount};
use super::token::{Kind, Token, closing, find_words, split_commas, words_at};

/// What was noted while a statement was made parsable.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Something was taken out that may add conditions or clauses.
    pub open: bool,
    /// It said UPSERT.
    pub upsert: bool,
    /// It had Cassandra's IF.
    pub compare_and_set: bool,
    /// Locks that were taken out.
    pub locking: Locking,
    /// How many rows a placeholder in place of rows means.
    pub rows: Option<RowCount>,
    /// `INSERT INTO t AS x`.
    pub insert_alias: Option<String>,
    /// `VALUES (…) AS new`.
    pub proposed: Option<String>,
    /// UPDATE TOP or DELETE TOP.
    pub limit: bool,
    /// A WHERE was put in that was not there.
    pub added_where: bool,
}

/// A table hint of SQL Server.
pub(super) fn hint(word: &str, locking: &mut Locking) {
    match word.to_ascii_uppercase().as_str() {
        "UPDLOCK" | "XLOCK" => locking.for_update = true,
        "HOLDLOCK" | "SERIALIZABLE" => locking.range = true,
        "TABLOCKX" => (locking.for_update, locking.range) = (true, true),
        "READPAST" => locking.skip_locked = true,
        "NOWAIT" => locking.nowait = true,
        _ => {}
    }
}

/// Puts one statement into forms the parser accepts.
pub(super) fn normalise(mut tokens: Vec<Token>, scope: Scope, facts: &mut Facts) -> Vec<Token> {
    if tokens.first().is_some_and(|t| t.is("upsert")) {
        facts.upsert = true;
        replace(&mut tokens, 0, 1, &["replace"]);
    }
    if tokens.first().is_some_and(|t| t.is_any(&["update", "delete"])) && tokens.get(1).is_some_and(|t| t.is("top")) {
        facts.limit = true;
        let end = closing(&tokens, 2).unwrap_or(2);
        cut(&mut tokens, 1, end + 1);
    }
    locks(&mut tokens, facts);
    clauses(&mut tokens, scope);
    let first = |word: &str, tokens: &[Token]| tokens.first().is_some_and(|t| t.is(word));
    let write = ["insert", "update", "delete", "replace", "merge"].iter().any(|word| first(word, &tokens));
    if write {
        cassandra(&mut tokens, facts);
    }
    if first("merge", &tokens) {
        merge(&mut tokens, facts);
    }
    if first("insert", &tokens) || first("replace", &tokens) {
        insert(&mut tokens, facts);
    }
    conflicts(&mut tokens, facts);
    compound_assignments(&mut tokens);
    tokens
}

/// Puts words in place of `count` tokens.
fn replace(tokens: &mut Vec<Token>, at: usize, count: usize, words: &[&str]) {
    let Some(place) = tokens.get(at).cloned() else { return };
    let new: Vec<Token> = words.iter().map(|word| place.with(Kind::Word(word.to_string()))).collect();
    let end = (at + count).min(tokens.len());
    tokens.splice(at..end, new);
}

fn cut(tokens: &mut Vec<Token>, from: usize, to: usize) {
    let to = to.min(tokens.len());
    if from < to {
        tokens.drain(from..to);
    }
}

/// Row locks at any depth.
fn locks(tokens: &mut Vec<Token>, facts: &mut Facts) {
    let mut at = 0;
    while at < tokens.len() {
        if words_at(tokens, at, &["for", "no", "key", "update"]) {
            replace(tokens, at, 4, &["for", "update"]);
        } else if words_at(tokens, at, &["for", "key", "share"]) {
            replace(tokens, at, 3, &["for", "share"]);
        } else if words_at(tokens, at, &["lock", "in", "share", "mode"]) {
            replace(tokens, at, 4, &["for", "share"]);
        }
        if words_at(tokens, at, &["for", "update"]) || words_at(tokens, at, &["for", "share"]) {
            let mut end = at + 2;
            if tokens.get(end).is_some_and(|t| t.is("of")) {
                // Of several tables the first is kept.
                end += 2;
                let mut extra = end;
                while tokens.get(extra).is_some_and(|t| t.punct(',') || t.punct('.')) {
                    extra += 2;
                }
                cut(tokens, end, extra);
            }
            if tokens.get(end).is_some_and(|t| t.is("wait")) {
                let seconds = tokens.get(end + 1).and_then(|t| match &t.kind {
                    Kind::Number(text) => text.parse().ok(),
                    _ => None,
                });
                facts.locking.wait = Some(seconds.unwrap_or(0));
                cut(tokens, end, end + 2);
            }
            at = end;
        }
        at += 1;
    }
}

/// Clauses that say nothing about shared state, and INTO with variables.
fn clauses(tokens: &mut Vec<Token>, scope: Scope) {
    let mut at = 0;
    while at < tokens.len() {
        if words_at(tokens, at, &["as", "of", "system", "time"]) {
            cut(tokens, at, at + 5);
        } else if words_at(tokens, at, &["option"]) && tokens.get(at + 1).is_some_and(|t| t.punct('(')) && at > 3 {
            let end = closing(tokens, at + 1).unwrap_or(tokens.len());
            cut(tokens, at, end + 1);
        } else {
            at += 1;
        }
    }
    if let Some(returning) = find_words(tokens, 0, &["returning"])
        && let Some(into) = find_words(tokens, returning, &["into"])
    {
        cut(tokens, into, tokens.len());
    }
    if scope == Scope::Routine
        && let Some(into) = find_words(tokens, 1, &["into"])
        && tokens.first().is_some_and(|t| t.is_any(&["select", "with"]))
        && !tokens.get(into.wrapping_sub(1)).is_some_and(|t| t.is("insert"))
    {
        let mut end = into + 1;
        if tokens.get(end).is_some_and(|t| t.is("strict")) {
            end += 1;
        }
        loop {
            end += 1;
            match tokens.get(end) {
                Some(t) if t.punct(',') || t.punct('.') => end += 1,
                _ => break,
            }
        }
        cut(tokens, into, end);
    }
}

/// `IF NOT EXISTS`, `IF column = ?`, `USING TTL n` of Cassandra.
fn cassandra(tokens: &mut Vec<Token>, facts: &mut Facts) {
    if let Some(at) = find_words(tokens, 1, &["if"])
        && at > 3
    {
        facts.compare_and_set = true;
        cut(tokens, at, tokens.len());
    }
    for word in ["ttl", "timestamp"] {
        if let Some(at) = find_words(tokens, 1, &["using", word]) {
            let mut end = at + 3;
            if tokens.get(end).is_some_and(|t| t.is("and")) {
                end += 3;
            }
            cut(tokens, at, end);
        }
    }
}

/// `MERGE t WITH (HOLDLOCK) AS x` without its hints, which are noted.
fn merge(tokens: &mut Vec<Token>, facts: &mut Facts) {
    let using = find_words(tokens, 0, &["using"]).unwrap_or(tokens.len());
    if let Some(with) = find_words(tokens, 0, &["with"]).filter(|with| *with < using)
        && let Some(end) = closing(tokens, with + 1)
    {
        for token in &tokens[with..end] {
            if let Some(word) = token.word() {
                hint(word, &mut facts.locking);
            }
        }
        cut(tokens, with, end + 1);
    }
}

/// Aliases, MySQL's priorities and SET, ON CONFLICT after a SELECT without FROM.
fn insert(tokens: &mut Vec<Token>, facts: &mut Facts) {
    while tokens.get(1).is_some_and(|t| t.is_any(&["low_priority", "high_priority", "delayed"])) {
        cut(tokens, 1, 2);
    }
    let Some(into) = find_words(tokens, 0, &["into"]).filter(|at| *at < 5) else { return };
    let mut after = into + 2;
    while tokens.get(after).is_some_and(|t| t.punct('.')) {
        after += 2;
    }
    if tokens.get(after).is_some_and(|t| t.is("as"))
        && !tokens.get(after + 1).is_some_and(|t| t.is_any(&["select", "with"]) || t.punct('('))
    {
        facts.insert_alias = tokens.get(after + 1).and_then(Token::name_text);
        cut(tokens, after, after + 2);
    }
    if tokens.get(after).is_some_and(|t| t.is("set")) {
        insert_set(tokens, after);
    }
    if let Some(on) = find_words(tokens, after, &["on", "duplicate"]) {
        values_alias(tokens, after, on, facts);
    }
    let Some(on) = find_words(tokens, after, &["on", "conflict"]) else { return };
    let Some(select) = find_words(tokens, after, &["select"]).filter(|at| *at < on) else { return };
    let ends = ["from", "where", "group", "order", "having", "limit"];
    let clause = tokens[select..on]
        .iter()
        .enumerate()
        .any(|(offset, token)| token.is_any(&ends) && find_words(tokens, select, &[token.word().unwrap_or("")]) == Some(select + offset));
    if !clause {
        facts.added_where = true;
        let place = tokens[on].clone();
        let words = ["where", "true"].map(|word| place.with(Kind::Word(word.into())));
        tokens.splice(on..on, words);
    }
}

/// `INSERT INTO t SET a = 1, b = 2` to columns and values.
fn insert_set(tokens: &mut Vec<Token>, set: usize) {
    let end = find_words(tokens, set, &["on", "duplicate"]).unwrap_or(tokens.len());
    let place = tokens[set].clone();
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for item in split_commas(&tokens[set + 1..end]) {
        let Some(equals) = item.iter().position(|t| t.op("=")) else { return };
        let comma = place.with(Kind::Punct(','));
        if !columns.is_empty() {
            columns.push(comma.clone());
            values.push(comma);
        }
        columns.extend(equals.checked_sub(1).and_then(|at| item.get(at)).cloned());
        values.extend_from_slice(&item[equals + 1..]);
    }
    let (open, close) = (place.with(Kind::Punct('(')), place.with(Kind::Punct(')')));
    let mut new = vec![open.clone()];
    new.append(&mut columns);
    new.extend([close.clone(), place.with(Kind::Word("values".into())), open]);
    new.append(&mut values);
    new.push(close);
    tokens.splice(set..end, new);
}

/// `VALUES (…) AS new(a, b) ON DUPLICATE KEY` without the alias, which is noted.
fn values_alias(tokens: &mut Vec<Token>, from: usize, on: usize, facts: &mut Facts) {
    let Some(at) = find_words(tokens, from, &["as"]).filter(|at| *at < on) else { return };
    if tokens.get(at.wrapping_sub(1)).is_some_and(|t| t.punct(')')) && find_words(tokens, from, &["select"]).is_none() {
        facts.proposed = tokens.get(at + 1).and_then(Token::name_text);
        cut(tokens, at, on);
    }
}

/// ON CONFLICT with expressions, twice, or with DO SELECT.
fn conflicts(tokens: &mut Vec<Token>, facts: &mut Facts) {
    let Some(at) = find_words(tokens, 0, &["on", "conflict"]) else { return };
    let end = |tokens: &[Token]| find_words(tokens, at, &["returning"]).unwrap_or(tokens.len());
    if let Some(second) = find_words(tokens, at + 2, &["on", "conflict"]) {
        let end = end(tokens);
        cut(tokens, second, end);
    }
    if let Some(select) = find_words(tokens, at, &["do", "select"]) {
        let end = end(tokens);
        cut(tokens, select, end);
        let nothing = ["do", "nothing"].map(|word| tokens[at].with(Kind::Word(word.into())));
        tokens.splice(select..select, nothing);
    }
    if !tokens.get(at + 2).is_some_and(|t| t.punct('(')) {
        return;
    }
    let Some(close) = closing(tokens, at + 2) else { return };
    let mut columns = Vec::new();
    for item in split_commas(&tokens[at + 3..close]) {
        let name = match item {
            [one] => Some(one),
            // `lower(email)`, `email COLLATE nocase`, `(coalesce(a, 0))`: its first column.
            several => several.iter().enumerate().find_map(|(index, token)| {
                let called = several.get(index + 1).is_some_and(|next| next.punct('('));
                (token.name_text().is_some() && !called).then_some(token)
            }),
        };
        if let Some(name) = name {
            if !columns.is_empty() {
                columns.push(name.with(Kind::Punct(',')));
            }
            columns.push(name.clone());
        }
    }
    if columns.is_empty() {
        facts.open = true;
        cut(tokens, at + 2, close + 1);
    } else {
        tokens.splice(at + 3..close, columns);
    }
}

/// `c += e` to `c = c + e`.
fn compound_assignments(tokens: &mut Vec<Token>) {
    let Some(set) = find_words(tokens, 0, &["set"]) else { return };
    let mut at = set + 1;
    while at < tokens.len() {
        let operator = match &tokens[at].kind {
            Kind::Op(op) if matches!(op.as_str(), "+=" | "-=" | "*=" | "/=" | "|=" | "&=" | "%=") => op[..1].to_string(),
            // `%` is a token by itself.
            _ => {
                at += 1;
                continue;
            }
        };
        let mut start = at.saturating_sub(1);
        while start > set + 2 && tokens[start - 1].punct('.') {
            start -= 2;
        }
        let place = tokens[at].clone();
        let mut new = vec![place.with(Kind::Op("=".into()))];
        new.extend(tokens[start..at].iter().cloned().map(|token| Token { spaced: true, ..token }));
        new.push(place.with(Kind::Op(operator)));
        let length = new.len();
        tokens.splice(at..=at, new);
        at += length;
    }
}
