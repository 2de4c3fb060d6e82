//! SQL or a sentence: "Update the record" is none, `UPDATE records SET …` is.
//!
//! A verb alone proves nothing, for most of them are English. Each needs the structure that must follow it.

use super::lex::{is_keyword, lex};
use super::limits::BYTES;
use super::text::{Dialect, is_special};
use super::token::{Kind, Token, closing, find_words, words_at};

/// Verbs a statement may begin with.
const VERBS: &[&str] = &[
    "select",
    "insert",
    "update",
    "delete",
    "replace",
    "merge",
    "upsert",
    "with",
    "create",
    "alter",
    "drop",
    "truncate",
    "begin",
    "start",
    "commit",
    "rollback",
    "savepoint",
    "release",
    "set",
    "lock",
    "unlock",
    "notify",
    "listen",
    "unlisten",
    "call",
    "exec",
    "execute",
    "pragma",
    "copy",
    "load",
    "do",
    "explain",
    "vacuum",
    "values",
    "declare",
    "if",
    "end",
];

/// Words of sentences that stand where a table would.
const ARTICLES: &[&str] = &[
    "the", "this", "that", "your", "my", "our", "their", "its", "his", "her", "any", "each", "every", "these", "those", "some", "all",
    "an", "a", "one", "of", "which", "if", "when", "to", "from",
];

/// Whether a text is SQL: its first word, after comments, blanks and `(`, is a verb, and what a statement with this
/// verb needs follows. Cheap for texts that begin otherwise.
pub fn looks_like_sql(text: &str) -> bool {
    let text = text.get(..BYTES).unwrap_or(text);
    let Some(verb) = first_word(text) else { return false };
    if !VERBS.iter().any(|known| known.eq_ignore_ascii_case(verb)) {
        return false;
    }
    // A sentence's first word is capitalised; nobody writes SQL so, unless all of it.
    let capitalised = verb.len() > 1 && verb.starts_with(|c: char| c.is_uppercase()) && verb[1..].chars().all(char::is_lowercase);
    let mut params = Vec::new();
    let mut tokens = lex(text, 0, Dialect::Generic, &mut params);
    let skip = tokens.iter().take_while(|t| t.punct('(') || matches!(t.kind, Kind::Param(_))).count();
    tokens.drain(..skip);
    if tokens.iter().take(60).any(|t| matches!(&t.kind, Kind::Word(word) if word.contains('\u{2019}'))) {
        return false;
    }
    let first = tokens.iter().position(|t| t.punct(';')).unwrap_or(tokens.len());
    structure(&tokens[..first], capitalised)
}

/// The first word after blanks, comments and parentheses.
fn first_word(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == '\u{FEFF}' || is_special(c));
        if rest.starts_with("--") {
            rest = &rest[rest.find('\n')?..];
        } else if rest.starts_with("/*") {
            rest = &rest[rest.find("*/")? + 2..];
        } else {
            break;
        }
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// Whether a token may be a table's name, and not the article of a sentence.
fn named(tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    if token.is_any(ARTICLES) {
        // `FROM a WHERE`, but not `from a list`.
        let sentence = tokens.get(at + 1).is_some_and(|next| next.word().is_some_and(|word| !is_keyword(word)));
        return token.is_any(&["a", "one"]) && !sentence;
    }
    match &token.kind {
        Kind::Word(word) => !is_keyword(word) || tokens.get(at + 1).is_some_and(|t| t.punct('.')),
        Kind::Quoted(_) | Kind::Param(_) => true,
        Kind::Punct('(') => true,
        _ => false,
    }
}

/// The index after a dotted name.
fn after_name(tokens: &[Token], at: usize) -> usize {
    let mut at = at + 1;
    while tokens.get(at).is_some_and(|t| t.punct('.')) {
        at += 2;
    }
    at
}

/// Whether nothing, or something that is no plain word, follows.
fn clause_or_end(tokens: &[Token], at: usize) -> bool {
    tokens.get(at).is_none_or(|token| match &token.kind {
        Kind::Word(word) => is_keyword(word) || token.is_any(&["option", "lock", "for", "final", "tablesample"]),
        Kind::Op(op) => !matches!(op.as_str(), "!" | "?" | ":" | "-"),
        Kind::Punct(c) => *c != '.',
        _ => true,
    })
}

/// After a table: an alias at most, then a clause.
fn table_ends(tokens: &[Token], at: usize) -> bool {
    let next = after_name(tokens, at);
    clause_or_end(tokens, next) || (!tokens[next.min(tokens.len() - 1)].is_any(ARTICLES) && clause_or_end(tokens, next + 1))
}

fn structure(tokens: &[Token], capitalised: bool) -> bool {
    let Some(first) = tokens.first() else { return false };
    let Some(verb) = first.word().map(str::to_ascii_lowercase) else { return false };
    let second = tokens.get(1);
    let second_is = |words: &[&str]| second.is_some_and(|t| t.is_any(words));
    let alone = tokens.len() == 1;
    // A capitalised verb needs capitalised or upper-case company.
    if capitalised {
        let company = tokens.iter().skip(1).find(|t| t.word().is_some_and(is_keyword));
        if !company.is_some_and(|t| t.word().is_some_and(|word| word.starts_with(|c: char| c.is_uppercase()))) {
            return false;
        }
    }
    match verb.as_str() {
        "select" => select(tokens),
        "insert" | "replace" | "upsert" => insert(tokens, &verb),
        "update" => update(tokens),
        "delete" => match find_words(tokens, 1, &["from"]) {
            Some(from) if from <= 5 => {
                let from = from + usize::from(tokens.get(from + 1).is_some_and(|t| t.is("only")));
                named(tokens, from + 1) && table_ends(tokens, from + 1)
            }
            _ => false,
        },
        "merge" => {
            let at = if second_is(&["into"]) { 2 } else { 1 };
            named(tokens, at) && find_words(tokens, at, &["using"]).is_some() && find_words(tokens, at, &["on"]).is_some()
        }
        "with" => {
            let at = if second_is(&["recursive"]) { 2 } else { 1 };
            let next = match tokens.get(at + 1) {
                Some(open) if open.punct('(') => closing(tokens, at + 1).map_or(tokens.len(), |end| end + 1),
                _ => at + 1,
            };
            named(tokens, at)
                && words_at(tokens, next, &["as"])
                && tokens.iter().skip(next + 1).take(3).any(|t| t.punct('(') || matches!(t.kind, Kind::Param(_)))
        }
        "create" => create(tokens),
        "alter" => {
            let at = tokens.iter().position(|t| t.is_any(&["table", "role", "system", "database", "user", "index"]));
            let actions = [
                "add", "drop", "alter", "rename", "set", "modify", "change", "enable", "disable", "owner", "attach", "detach", "update",
                "delete", "validate", "with", "convert", "engine", "cluster",
            ];
            at.is_some_and(|at| at <= 2 && tokens.iter().skip(at + 1).take(9).any(|t| t.is_any(&actions)))
        }
        "drop" => {
            let kinds = [
                "table",
                "index",
                "view",
                "function",
                "procedure",
                "trigger",
                "type",
                "schema",
                "sequence",
                "database",
                "materialized",
                "temporary",
                "extension",
            ];
            second_is(&kinds) && {
                let names = tokens.iter().position(|t| !t.is_any(&kinds) && !t.is_any(&["drop", "if", "exists", "concurrently"]));
                names.is_some_and(|at| {
                    named(tokens, at) && {
                        let next = after_name(tokens, at);
                        clause_or_end(tokens, next) || tokens[next].is_any(&["cascade", "restrict"])
                    }
                })
            }
        }
        "truncate" => {
            let at = if second_is(&["table"]) { 2 } else { 1 };
            named(tokens, at) && {
                let next = after_name(tokens, at);
                tokens.get(next).is_none_or(|t| t.punct(',') || t.is_any(&["restart", "continue", "cascade", "restrict"]))
            }
        }
        "begin" => {
            alone
                || second_is(&[
                    "transaction",
                    "tran",
                    "work",
                    "immediate",
                    "exclusive",
                    "deferred",
                    "concurrent",
                    "isolation",
                    "read",
                    "try",
                    "atomic",
                ]) && tokens.len() <= 12
                || second.is_some_and(|t| t.word().is_some_and(|word| word.chars().all(|c| c.is_ascii_uppercase()) && is_keyword(word)))
        }
        "start" => second_is(&["transaction"]),
        "commit" | "rollback" | "end" => {
            alone
                || tokens.len() <= 5
                    && second_is(&["transaction", "tran", "work", "to", "and", "prepared"])
                    && !tokens.get(2).is_some_and(|t| t.is_any(ARTICLES))
        }
        "savepoint" => tokens.len() == 2,
        "release" => {
            let marked = second.and_then(Token::name_text).is_some_and(|name| !name.chars().all(char::is_alphabetic));
            tokens.len() == 3 && second_is(&["savepoint"]) || tokens.len() == 2 && marked
        }
        "set" => set(tokens),
        "lock" => {
            second_is(&["table", "tables"]) && tokens.len() > 2 && !tokens.get(2).is_some_and(|t| t.is_any(ARTICLES))
                || find_words(tokens, 1, &["in"]).is_some() && tokens.last().is_some_and(|t| t.is_any(&["mode", "nowait"]))
        }
        "unlock" => second_is(&["tables"]),
        "notify" => named(tokens, 1) && tokens.get(2).map_or(first.word() == Some("NOTIFY"), |t| t.punct(',')),
        "listen" | "unlisten" => tokens.len() == 2 && (named(tokens, 1) || second.is_some_and(|t| t.op("*"))),
        "call" => {
            let open = after_name(tokens, 1);
            let filled = tokens.get(open + 1).is_some_and(|t| !t.punct(')') && t.word().is_none());
            let certain = first.word() == Some("CALL") || filled && !tokens.get(open).is_some_and(|t| t.spaced);
            named(tokens, 1) && tokens.get(open).is_some_and(|t| t.punct('(')) && certain
        }
        "exec" | "execute" => {
            let next = tokens.get(after_name(tokens, 1));
            let system = second.and_then(Token::word).is_some_and(|word| word.to_ascii_lowercase().starts_with("sp_"));
            let upper = first.word().is_some_and(|word| word.chars().all(char::is_uppercase));
            match second {
                Some(open) if open.punct('(') => upper && tokens.get(2).is_some_and(|t| t.word().is_none()),
                _ if !upper && !system || !named(tokens, 1) => false,
                _ => {
                    let args = |t: &Token| matches!(t.kind, Kind::Param(_) | Kind::Str(_) | Kind::Number(_)) || t.punct('(');
                    next.map_or(system || first.word() == Some("EXEC"), args)
                }
            }
        }
        "pragma" => {
            second.is_some_and(|t| t.word().is_some()) && tokens.get(after_name(tokens, 1)).is_none_or(|t| t.op("=") || t.punct('('))
        }
        "copy" => {
            named(tokens, 1)
                && (find_words(tokens, 2, &["from"]).is_some() || find_words(tokens, 2, &["to"]).is_some())
                && tokens.iter().any(|t| t.is_any(&["stdin", "stdout", "program"]) || matches!(t.kind, Kind::Str(_)))
        }
        "load" => {
            second_is(&["data"])
                && tokens
                    .iter()
                    .position(|t| t.is("infile"))
                    .is_some_and(|at| tokens.get(at + 1).is_some_and(|t| matches!(t.kind, Kind::Str(_) | Kind::Param(_) | Kind::Quoted(_))))
        }
        "do" => tokens.iter().take(4).any(|t| matches!(t.kind, Kind::Dollar(..))),
        "explain" => (1..tokens.len().min(8)).any(|at| {
            let verb = tokens[at].word().map(str::to_ascii_lowercase).filter(|word| word != "explain");
            verb.is_some_and(|verb| VERBS.contains(&verb.as_str())) && structure(&tokens[at..], false)
        }),
        "vacuum" => alone || second_is(&["full", "analyze", "verbose", "into"]) || tokens.len() == 2 && !capitalised,
        "values" => second.is_some_and(|t| t.punct('(')),
        "declare" => second.is_some_and(|t| matches!(t.kind, Kind::Param(_))) || find_words(tokens, 1, &["cursor"]).is_some(),
        "if" => find_words(tokens, 1, &["exists"]).is_some_and(|at| {
            at <= 2 && tokens.get(at + 1).is_some_and(|t| t.punct('(')) && tokens.get(at + 2).is_some_and(|t| t.is("select"))
        }),
        _ => false,
    }
}

/// SELECT needs a FROM with a table, or something that only SQL computes.
fn select(tokens: &[Token]) -> bool {
    let Some(second) = tokens.get(1) else { return false };
    let inner = tokens.get(2).is_some_and(|t| t.is_any(&["select", "with"]));
    let separate = second.op("*") || matches!(second.kind, Kind::Quoted(_) | Kind::Str(_)) || (second.punct('(') && inner);
    if !second.spaced && !separate {
        return false;
    }
    let from = find_words(tokens, 1, &["from"]);
    let list = &tokens[1..from.unwrap_or(tokens.len())];
    // Two plain words in a row are a column and its alias; three are a sentence.
    let mut plain = 0usize;
    for token in list {
        let is_plain = token.word().is_some_and(|word| !is_keyword(word));
        plain = if is_plain { plain + 1 } else { 0 };
        if plain > 2 || (plain == 2 && is_plain && token.is_any(ARTICLES)) {
            return false;
        }
    }
    if list.first().is_some_and(|t| t.is_any(ARTICLES) && !t.is_any(&["a", "all", "one"])) {
        return false;
    }
    if let Some(from) = from {
        let article = list.len() == 2 && list[0].is_any(&["a", "an", "one", "all"]) && list[1].word().is_some();
        let only = from + usize::from(tokens.get(from + 1).is_some_and(|t| t.is_any(&["only", "lateral"])));
        return !list.is_empty() && !article && named(tokens, only + 1) && table_ends(tokens, only + 1);
    }
    match &second.kind {
        Kind::Number(_) | Kind::Str(_) | Kind::Param(_) => tokens.get(2).is_none_or(|t| t.word().is_none_or(is_keyword)),
        Kind::Word(word) if word.starts_with("@@") => true,
        Kind::Word(_) if second.is("exists") => tokens.get(2).is_some_and(|t| t.punct('(')),
        Kind::Word(_) => {
            let next = after_name(tokens, 1);
            tokens.get(next).is_some_and(|t| t.punct('(') && !t.spaced)
                || tokens.len() == 2 && second.word().is_some_and(|word| word.to_ascii_lowercase().starts_with("current_"))
        }
        // Cut off after the list: `"SELECT a, b" + …`
        Kind::Op(op) => op == "*",
        Kind::Punct('(') => true,
        _ => false,
    }
}

fn insert(tokens: &[Token], verb: &str) -> bool {
    let into = tokens.iter().take(6).position(|t| t.is_any(&["into", "overwrite"]));
    let at = match into {
        Some(into) => {
            let between = tokens[1..into].iter().all(|t| {
                t.is_any(&[
                    "or",
                    "ignore",
                    "replace",
                    "abort",
                    "fail",
                    "rollback",
                    "low_priority",
                    "delayed",
                    "high_priority",
                    "all",
                    "first",
                ]) || matches!(t.kind, Kind::Param(_))
            });
            if !between {
                return false;
            }
            into + 1 + usize::from(tokens.get(into + 1).is_some_and(|t| t.is_any(&["table", "into"])))
        }
        None if verb == "insert" && tokens.get(1).is_some_and(|t| t.is("ignore")) => 2,
        None => return false,
    };
    if !named(tokens, at) {
        return false;
    }
    let mut next = after_name(tokens, at);
    // An alias.
    if tokens.get(next).is_some_and(|t| t.is("as")) {
        next += 2;
    }
    tokens.get(next).is_none_or(|t| {
        t.punct('(')
            || matches!(t.kind, Kind::Param(_))
            || t.is_any(&["values", "value", "select", "default", "set", "with", "output", "partition", "by", "format", "overriding"])
    })
}

/// UPDATE needs `SET column =`.
fn update(tokens: &[Token]) -> bool {
    let at = match tokens.get(1) {
        Some(t) if t.is("or") => 3,
        Some(t) if t.is_any(&["only", "ignore", "low_priority"]) => 2,
        _ => 1,
    };
    if !named(tokens, at) && !tokens.get(at).is_some_and(|t| t.is("top")) {
        return false;
    }
    let Some(set) = find_words(tokens, at, &["set"]) else {
        // Cut off before its SET: `"UPDATE t " + …`
        return false;
    };
    let target = after_name(tokens, set + 1);
    match tokens.get(set + 1) {
        Some(first) if matches!(first.kind, Kind::Param(_)) => true,
        Some(first) if first.punct('(') => true,
        Some(_) => tokens.get(target).is_some_and(|t| {
            matches!(&t.kind, Kind::Op(op) if op.contains('=') || op == ":=") || t.punct('[') || matches!(t.kind, Kind::Param(_))
        }),
        // Cut off after SET.
        None => tokens[set].word() == Some("SET"),
    }
}

fn create(tokens: &[Token]) -> bool {
    let kinds = [
        "table",
        "index",
        "view",
        "function",
        "procedure",
        "proc",
        "trigger",
        "event",
        "sequence",
        "type",
        "schema",
        "database",
        "extension",
        "role",
        "user",
        "domain",
        "policy",
    ];
    let Some(what) = tokens.iter().take(8).position(|t| t.is_any(&kinds)) else { return false };
    let mut at = what + 1;
    while tokens.get(at).is_some_and(|t| t.is_any(&["if", "not", "exists", "concurrently"])) {
        at += 1;
    }
    let kind = &tokens[what];
    if tokens[1..what].iter().any(|t| t.is_any(ARTICLES) || t.is("new")) {
        return false;
    }
    if kind.is("index") {
        return find_words(tokens, at, &["on"]).is_some_and(|on| named(tokens, on + 1) && tokens.iter().skip(on).any(|t| t.punct('(')));
    }
    if !named(tokens, at) {
        return false;
    }
    let next = tokens.get(after_name(tokens, at));
    if kind.is("table") {
        return next
            .is_none_or(|t| t.punct('(') || t.is_any(&["as", "like", "partition", "using", "clone"]) || matches!(t.kind, Kind::Param(_)))
            && (next.is_some() || at > what + 1);
    }
    if kind.is_any(&["function", "procedure", "proc", "trigger", "event", "view", "policy", "type", "domain"]) {
        return next.is_some_and(|t| {
            t.punct('(')
                || matches!(t.kind, Kind::Param(_))
                || t.is_any(&[
                    "as", "on", "before", "after", "instead", "is", "with", "returns", "begin", "for", "from", "insert", "update", "delete",
                ])
        }) && tokens.len() > at + 3;
    }
    next.is_none_or(|t| {
        t.word().is_none_or(is_keyword)
            || t.is_any(&["start", "increment", "version", "owner", "authorization", "encoding", "schema", "password", "login", "cascade"])
    })
}

/// SET of a setting or of the transaction.
fn set(tokens: &[Token]) -> bool {
    let Some(second) = tokens.get(1) else { return false };
    let third = tokens.get(2);
    let third_is = |words: &[&str]| third.is_some_and(|t| t.is_any(words));
    if second.is("transaction") {
        return third_is(&["isolation", "read", "snapshot", "not", "deferrable", "use"]);
    }
    let equals = |t: &Token| matches!(&t.kind, Kind::Op(op) if op == "=" || op == ":=");
    if second.is_any(&["session", "local", "global"]) && !third_is(&["transaction", "characteristics", "authorization"]) {
        let next = tokens.get(after_name(tokens, 2));
        return third.is_some() && next.is_some_and(|t| t.is("to") || equals(t));
    }
    if second.is_any(&["session", "local", "global", "constraints", "names", "role"]) {
        return third.is_some() && !third_is(ARTICLES) && tokens.len() < 10;
    }
    let next = after_name(tokens, 1);
    let setting = matches!(second.kind, Kind::Param(_))
        || second.is_any(&["autocommit", "timezone", "datestyle", "time", "nocount"])
        || second.word().is_some_and(|word| word.contains('_') || word.starts_with("@@"));
    let value = |t: &Token| equals(t) || matches!(t.kind, Kind::Number(_)) || t.is_any(&["to", "on", "off", "zone"]);
    setting && tokens.get(next).is_some_and(value)
}
