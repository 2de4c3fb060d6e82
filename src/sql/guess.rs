//! The last resort: verb, table and marks by keywords. What comes of it is `exact: false`.

use super::name::{Name, TableRef};
use super::statement::{Argument, Conflict, ConflictAction, FunctionCall, InsertSource, Placeholder, Statement};
use super::token::{Kind, Token, closing, dotted, simple_value, split_commas, words_at};
use super::verb::Verb;

/// How many tokens are looked at.
const TOKENS: usize = 20_000;

/// Reads what keywords tell.
pub(super) fn guess(tokens: &[Token], table: &[Placeholder]) -> Statement {
    let tokens = tokens.get(..TOKENS).unwrap_or(tokens);
    let (verb, at) = verb(tokens).unwrap_or((Verb::Other, 0));
    let mut out = Statement::new(verb);
    out.exact = false;
    marks(tokens, table, &mut out);
    let target = match out.verb {
        Verb::Insert | Verb::Replace | Verb::Upsert | Verb::Merge => after(tokens, at, &["into"]).or(Some(at + 1)),
        Verb::Update => Some(at + 1),
        Verb::Delete => after(tokens, at, &["from"]),
        _ => None,
    };
    let target = target.map(|at| skip_only(tokens, at)).and_then(|at| dotted(tokens, at, table));
    if let Some((name, next)) = target {
        if out.inserts() {
            inserted(tokens, next, table, &mut out);
        }
        // The written table stands after FROM in a DELETE, which makes it no read.
        if matches!(out.verb, Verb::Delete)
            && let Some(first) = out.reads.iter().position(|read| read.same_table(&name))
        {
            out.reads.remove(first);
        }
        out.table = Some(name);
    } else if out.verb == Verb::Select {
        out.table = out.reads.first().cloned();
    }
    out
}

fn skip_only(tokens: &[Token], at: usize) -> usize {
    at + usize::from(tokens.get(at).is_some_and(|t| t.is("only")))
}

/// The first verb; in a WITH the verb after the parentheses.
fn verb(tokens: &[Token]) -> Option<(Verb, usize)> {
    let verbs = [
        ("select", Verb::Select),
        ("insert", Verb::Insert),
        ("update", Verb::Update),
        ("delete", Verb::Delete),
        ("replace", Verb::Replace),
        ("upsert", Verb::Upsert),
        ("merge", Verb::Merge),
    ];
    let with = tokens.iter().find(|t| t.word().is_some()).is_some_and(|t| t.is("with"));
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Punct('(') => depth += 1,
            Kind::Punct(')') => depth = depth.saturating_sub(1),
            _ if depth > 0 && with => {}
            _ => {
                if let Some((_, verb)) = verbs.iter().find(|(word, _)| token.is(word)) {
                    return Some((verb.clone(), index));
                }
            }
        }
    }
    None
}

fn after(tokens: &[Token], from: usize, words: &[&str]) -> Option<usize> {
    (from..tokens.len()).find(|at| words_at(tokens, *at, words)).map(|at| at + words.len())
}

fn inserted(tokens: &[Token], next: usize, table: &[Placeholder], out: &mut Statement) {
    if let Some(end) = tokens.get(next).filter(|t| t.punct('(')).and_then(|_| closing(tokens, next)) {
        let names = split_commas(&tokens[next + 1..end]).into_iter().filter_map(|item| match item {
            [one] => one.name_text(),
            _ => None,
        });
        out.columns = names.map(|name| Name::decode(&name, table)).collect();
    }
    if let Some(values) = after(tokens, next, &["values"]) {
        out.source = Some(InsertSource::Values);
        if let Some(end) = tokens.get(values).filter(|t| t.punct('(')).and_then(|_| closing(tokens, values)) {
            let items = split_commas(&tokens[values + 1..end]);
            out.values = items.into_iter().map(|item| simple_value(item, table)).collect();
        }
    } else if after(tokens, next, &["select"]).is_some() {
        out.source = Some(InsertSource::Select);
    }
}

/// Marks that keywords leave anywhere: reads, locks, conflict clauses, calls.
fn marks(tokens: &[Token], table: &[Placeholder], out: &mut Statement) {
    let has = |words: &[&str]| after(tokens, 0, words).is_some();
    out.locking.for_update = has(&["for", "update"]) || has(&["for", "no", "key", "update"]) || has(&["updlock"]);
    out.locking.for_share = has(&["for", "share"]) || has(&["for", "key", "share"]) || has(&["in", "share", "mode"]);
    out.locking.skip_locked = has(&["skip", "locked"]) || has(&["readpast"]);
    out.locking.nowait = has(&["nowait"]);
    out.locking.range = has(&["holdlock"]);
    out.order_by = has(&["order", "by"]);
    out.limit = has(&["limit"]) || has(&["top"]);
    out.returning = has(&["returning"]) || has(&["output"]);
    out.predicate.has_where = has(&["where"]);
    out.predicate.not_exists = has(&["where", "not", "exists"]);
    // Conditions are there and not known.
    out.predicate.open = out.predicate.has_where;
    let action = match () {
        () if has(&["do", "nothing"]) => Some(ConflictAction::DoNothing),
        () if has(&["do", "update"]) || has(&["on", "duplicate", "key"]) => Some(ConflictAction::DoUpdate),
        () if has(&["insert", "ignore"]) || has(&["or", "ignore"]) => Some(ConflictAction::Ignore),
        () if has(&["or", "replace"]) || matches!(out.verb, Verb::Replace | Verb::Upsert) => Some(ConflictAction::Replace),
        () if out.verb == Verb::Merge => Some(ConflictAction::DoUpdate),
        () => None,
    };
    out.conflict =
        action.map(|action| Conflict { target: Vec::new(), constraint: None, action, assignments: Vec::new(), conditional: false });
    for (index, token) in tokens.iter().enumerate() {
        if token.is_any(&["from", "join"]) {
            let named = dotted(tokens, skip_only(tokens, index + 1), table);
            if let Some((name, next)) = named.filter(|(name, _)| !is_noise(name))
                && !tokens.get(next).is_some_and(|t| t.punct('('))
                && out.reads.len() < 200
                && !out.reads.iter().any(|known| known.same_table(&name))
            {
                out.reads.push(name);
            }
        }
        let called = tokens.get(index + 1).is_some_and(|t| t.punct('(') && !t.spaced);
        if let Some(name) = token.word().filter(|word| called && !super::lex::is_keyword(word))
            && out.functions.len() < 100
            && let Some(end) = closing(tokens.get(..index + 200).unwrap_or(tokens), index + 1)
        {
            let args = split_commas(&tokens[index + 2..end]).into_iter();
            let args = args.map(|item| Argument { name: None, value: simple_value(item, table) });
            out.functions.push(FunctionCall { name: name.to_lowercase(), args: args.collect() });
        }
    }
}

/// Keywords and articles that no table is called.
fn is_noise(name: &TableRef) -> bool {
    name.name.known().is_none_or(|name| super::lex::is_keyword(name) || ["the", "a", "an", "dual"].contains(&name))
        && name.name.known().is_some()
}
