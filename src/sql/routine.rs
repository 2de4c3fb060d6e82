//! Bodies of procedures, functions, triggers and DO blocks, and scripts with control flow.
//!
//! No grammar is followed: control words are stepped over, what they test is read as a SELECT, and every statement
//! between them is read by itself. Order is kept; branches and loops are not.

use super::dispatch::{BODIES, Origin, QUERIES, Scope, statement};
use super::name::Name;
use super::script::{begins_statement, script};
use super::statement::{FunctionCall, Placeholder, Statement};
use super::token::{Kind, Token, dotted, find_words, words_at};
use super::verb::{RoutineKind, Verb};

/// CREATE FUNCTION, PROCEDURE, TRIGGER, EVENT: `what` is the index of that word, `at` of the name.
pub(super) fn create(tokens: &[Token], what: usize, at: usize, table: &[Placeholder], origin: Origin) -> Option<Statement> {
    let (name, next) = dotted(tokens, at, table)?;
    let word = tokens.get(what)?;
    let kind = match () {
        () if word.is("function") => RoutineKind::Function,
        () if word.is("trigger") => RoutineKind::Trigger,
        () if word.is("event") => RoutineKind::Event,
        () => RoutineKind::Procedure,
    };
    let rest = tokens.get(next..).unwrap_or_default();
    let mut out = Statement::new(Verb::Other);
    if kind == RoutineKind::Trigger {
        let on = find_words(rest, 0, &["on"]);
        out.table = on.and_then(|on| dotted(rest, on + 1, table)).map(|(name, _)| name);
        let executes = ["function", "procedure"].iter().find_map(|word| find_words(rest, 0, &["execute", word]));
        if let Some((function, _)) = executes.and_then(|at| dotted(rest, at + 2, table)) {
            out.functions.push(FunctionCall { name: function.name.display(), args: Vec::new() });
        }
    }
    let body = literal_body(rest, table, origin).unwrap_or_else(|| inline_body(rest, table, origin));
    out.verb = Verb::CreateRoutine { kind, name: name.name, body };
    Some(out)
}

/// A body in a string or between dollars.
pub(super) fn literal_body(tokens: &[Token], table: &[Placeholder], origin: Origin) -> Option<Vec<Statement>> {
    let mut after_as = true;
    for token in tokens {
        match &token.kind {
            Kind::Dollar(body, begin) => return Some(text_body(body, *begin, table, origin)),
            Kind::Str(body) if after_as => return Some(text_body(body, token.start + 1, table, origin)),
            _ => after_as = token.is("as"),
        }
    }
    None
}

/// A body that is a text of its own.
fn text_body(body: &str, base: usize, table: &[Placeholder], origin: Origin) -> Vec<Statement> {
    let mut out = Vec::new();
    if origin.depth < BODIES {
        let mut params = table.to_vec();
        let tokens = super::lex::lex(body, base, origin.dialect, &mut params);
        let inner = Origin { params: &params, scope: Scope::Routine, depth: origin.depth + 1, ..origin };
        statements(&tokens, inner, &mut out);
    }
    out
}

/// A body that follows as it is.
fn inline_body(rest: &[Token], table: &[Placeholder], origin: Origin) -> Vec<Statement> {
    let start = find_words(rest, 0, &["begin"])
        .or_else(|| find_words(rest, 0, &["as"]).map(|at| at + 1))
        .or_else(|| find_words(rest, 0, &["row"]).map(|at| at + 1))
        .or_else(|| find_words(rest, 0, &["do"]).map(|at| at + 1))
        .or_else(|| rest.iter().position(|t| t.is_any(&["insert", "update", "delete", "select", "call"])));
    let mut out = Vec::new();
    if let Some(start) = start.filter(|_| origin.depth < BODIES) {
        let inner = Origin { params: table, scope: Scope::Routine, depth: origin.depth + 1, ..origin };
        statements(rest.get(start..).unwrap_or_default(), inner, &mut out);
    }
    out
}

/// Words that are stepped over.
const STEPS: &[&str] = &["else", "then", "loop", "repeat", "do", "exception", "atomic", "language", "try", "catch", "strict", "query"];
/// Words after which something is tested.
const TESTS: &[&str] = &["if", "elsif", "elseif", "while", "until", "when"];
/// Statements of procedures that touch no table.
const PASSED: &[&str] = &[
    "open",
    "fetch",
    "close",
    "deallocate",
    "leave",
    "iterate",
    "exit",
    "continue",
    "raise",
    "print",
    "goto",
    "signal",
    "resignal",
    "throw",
    "raiserror",
    "null",
    "waitfor",
    "get",
    "use",
];

/// How many tokens the head of a loop or declaration may have.
const FAR: usize = 1000;

/// Reads a body.
pub(super) fn statements(tokens: &[Token], origin: Origin, out: &mut Vec<Statement>) {
    let mut body = Body { tokens, origin, at: 0, guarded: false, out };
    while body.at < tokens.len() {
        let before = body.at;
        body.step();
        // Every step goes on.
        body.at = body.at.max(before + 1);
    }
}

struct Body<'a, 'o> {
    tokens: &'a [Token],
    origin: Origin<'a>,
    at: usize,
    /// An IF EXISTS stands right before.
    guarded: bool,
    out: &'o mut Vec<Statement>,
}

impl Body<'_, '_> {
    fn is(&self, offset: usize, words: &[&str]) -> bool {
        self.tokens.get(self.at + offset).is_some_and(|t| t.is_any(words))
    }

    fn step(&mut self) {
        let Some(token) = self.tokens.get(self.at) else { return };
        let transaction = ["tran", "transaction", "work", "distributed"];
        if token.punct(';') {
            self.at += 1;
        } else if token.is("begin") && !self.is(1, &transaction) {
            self.at += if self.is(1, &["try", "catch", "atomic"]) { 2 } else { 1 };
        } else if token.is("end") {
            // On a line of its own the next IF is a new one.
            let own = self.tokens.get(self.at + 1).is_some_and(|next| next.line_start);
            let closes = self.is(1, &["if", "loop", "while", "repeat", "case", "for", "try", "catch"]) && !own;
            self.at += if closes { 2 } else { 1 };
        } else if token.is_any(STEPS) || token.is("case") {
            self.at += 1;
        } else if token.is_any(TESTS) {
            self.test();
        } else if token.is_any(&["for", "foreach"]) {
            self.each();
        } else if token.is("return") {
            self.at += 1;
            if self.is(0, &["query", "next"]) {
                self.at += 1;
            } else if !self.tokens.get(self.at).is_some_and(|t| t.is_any(QUERIES)) {
                self.expression();
            }
        } else if token.is("perform") {
            let end = self.end(self.at + 1);
            self.select(self.at + 1, end);
            self.at = end;
        } else if token.is_any(&["execute", "exec"]) && self.dynamic() {
        } else if token.is("set") && self.assigns_query() {
            self.expression();
        } else if token.is("declare") {
            self.declare();
        } else if token.is_any(PASSED) {
            self.at = self.end(self.at + 1);
        } else if begins_statement(token)
            || token.is_any(&["lock", "notify", "savepoint", "release", "merge", "copy", "start", "unlock", "pragma"])
        {
            self.read();
        } else {
            self.expression();
        }
    }

    /// Where the statement that began before `from` ends.
    fn end(&self, from: usize) -> usize {
        let verb = self.tokens.get(from.saturating_sub(1));
        let verb_is = |words: &[&str]| verb.is_some_and(|t| t.is_any(words));
        let (mut depth, mut cases) = (0usize, 0usize);
        // After INSERT and WITH a query goes on; a WITH may go on with a write.
        let mut query_due = verb_is(&["insert", "replace", "create", "upsert", "declare", "explain", "alter"]);
        let with = verb_is(&["with"]);
        let mut main_due = with;
        for (index, token) in self.tokens.iter().enumerate().skip(from) {
            match token.kind {
                Kind::Punct('(') => depth += 1,
                Kind::Punct(')') => depth = depth.saturating_sub(1),
                Kind::Punct(';') => return index,
                _ if depth > 0 => {}
                _ if token.is("case") => cases += 1,
                _ if token.is("end") && cases > 0 => cases -= 1,
                _ if cases > 0 => {}
                _ if token.is_any(&["end", "else"]) && !verb_is(&["create", "merge"]) => return index,
                _ if token.line_start && begins_statement(token) && !self.goes_on(index) => {
                    if main_due && token.is_any(QUERIES) {
                        main_due = false;
                        query_due = token.is_any(&["insert", "replace"]);
                    } else if query_due && token.is_any(&["select", "values", "with"]) {
                        query_due = token.is("with");
                    } else if token.is("set") && verb_is(&["update", "merge", "with", "insert", "alter"]) {
                        // The SET of an UPDATE.
                    } else if token.is("values") || verb_is(&["merge"]) && token.is_any(&["update", "insert", "delete"]) {
                        query_due = false;
                    } else if !verb_is(&["create"]) || !token.is_any(&["with", "set"]) {
                        return index;
                    }
                }
                _ if token.is_any(&["select", "values"]) => query_due = false,
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// Whether what stands before makes the token part of a clause.
    fn goes_on(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.is_some_and(|t| {
            let links = [
                "union",
                "all",
                "except",
                "intersect",
                "for",
                "on",
                "do",
                "then",
                "key",
                "as",
                "explain",
                "or",
                "not",
                "with",
                "before",
                "after",
                "instead",
                "of",
                "drop",
                "table",
                "index",
                "view",
                "and",
            ];
            t.is_any(&links) || t.punct(',') || t.punct('.') || matches!(t.kind, Kind::Op(_))
        }) || self.tokens.get(index).is_some_and(|t| t.is("if")) && before.is_some_and(|t| t.is_any(&["table", "index"]))
            || self.tokens.get(index).is_some_and(|t| t.is("with")) && self.tokens.get(index + 1).is_some_and(|t| t.punct('('))
    }

    fn read(&mut self) {
        let end = self.end(self.at + 1).max(self.at + 1);
        self.add(&self.tokens[self.at..end]);
        self.at = end;
    }

    fn add(&mut self, tokens: &[Token]) {
        let mut read = statement(tokens, self.origin);
        if self.guarded {
            read.iter_mut().filter(|statement| statement.writes()).for_each(|s| s.predicate.not_exists = true);
        }
        self.guarded = false;
        self.out.append(&mut read);
    }

    /// `SET x = (SELECT …)`.
    fn assigns_query(&self) -> bool {
        let end = self.end(self.at + 1);
        self.tokens.get(self.at..end).is_some_and(|tokens| tokens.iter().any(|t| t.is("select")))
    }

    /// What is tested, up to the word or statement that follows.
    fn test(&mut self) {
        let from = self.at + 1;
        let mut depth = 0usize;
        let mut end = from;
        while let Some(token) = self.tokens.get(end) {
            match token.kind {
                Kind::Punct('(') => depth += 1,
                Kind::Punct(')') => depth = depth.saturating_sub(1),
                Kind::Punct(';') => break,
                _ if depth > 0 => {}
                _ if token.is_any(&["then", "loop", "do", "begin"]) => break,
                _ if begins_statement(token) && !token.is_any(&["if"]) => break,
                _ => {}
            }
            end += 1;
        }
        let tested = self.tokens.get(from..end).unwrap_or_default();
        let exists = tested.iter().any(|t| t.is("exists"));
        self.select(from, end);
        self.guarded = exists;
        self.at = end;
    }

    /// Reads an expression as `SELECT expression`, where it asks something.
    fn select(&mut self, from: usize, end: usize) {
        let tokens = self.tokens.get(from..end).unwrap_or_default();
        let (Some(first), true) = (tokens.first(), tokens.iter().any(|t| t.punct('('))) else {
            return;
        };
        let mut query = vec![first.with(Kind::Word("select".into()))];
        query.extend_from_slice(tokens);
        let mut read = statement(&query, self.origin);
        read.retain(|statement| !statement.reads.is_empty() || !statement.functions.is_empty());
        self.out.append(&mut read);
    }

    /// `FOR row IN SELECT … LOOP`, `FOR i IN 1..10 LOOP`, `FOREACH`, `FOR EACH ROW`.
    fn each(&mut self) {
        let limit = self.tokens.iter().skip(self.at).take(FAR).position(|t| t.is_any(&["loop", "do"]) || t.punct(';'));
        let end = limit.map_or(self.at + 1, |n| self.at + n);
        let head = &self.tokens[self.at..end];
        if words_at(head, 0, &["for", "each", "row"]) {
            self.at += 3;
            return;
        }
        let query = head.iter().position(|t| t.is_any(&["in", "for"]) && !t.is("for")).map(|n| self.at + n + 1);
        if let Some(query) = query {
            let open = usize::from(self.tokens.get(query).is_some_and(|t| t.punct('(')));
            let close = end.saturating_sub(open);
            if self.tokens.get(query + open).is_some_and(|t| t.is_any(QUERIES)) && query + open < close {
                self.add(&self.tokens[query + open..close]);
            }
        }
        self.at = end;
    }

    /// `DECLARE x int := (SELECT …)`, `DECLARE c CURSOR FOR SELECT …`.
    fn declare(&mut self) {
        let from = self.at + 1;
        let stop = self.tokens.iter().skip(from).take(FAR).position(|t| t.punct(';'));
        let stop = stop.map_or((from + FAR).min(self.tokens.len()), |n| from + n);
        if let Some(cursor) = (from..stop).find(|at| self.tokens.get(*at).is_some_and(|t| t.is_any(&["cursor", "handler"]))) {
            let query = (cursor..stop).find(|at| self.tokens.get(*at).is_some_and(|t| t.is_any(QUERIES)));
            self.at = query.unwrap_or(stop);
            return;
        }
        self.at = from;
        self.expression();
    }

    /// `x := expression`, `x int = (SELECT …)`, `RETURN expression`, and anything unknown.
    fn expression(&mut self) {
        let end = self.end(self.at + 1);
        let tokens = &self.tokens[self.at..end.max(self.at)];
        let assigned = tokens.iter().position(|t| t.op(":=") || t.op("=") || t.is("default"));
        let from = assigned.map_or(self.at, |n| self.at + n + 1);
        if assigned.is_some() || self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|t| t.is("return")) {
            self.select(from, end);
        }
        self.at = end;
    }

    /// `EXECUTE 'text'`, `EXECUTE format('text', …)`: the text is read; false where there is none.
    fn dynamic(&mut self) -> bool {
        let end = self.end(self.at + 1);
        let head = self.tokens.get(self.at + 1..end).unwrap_or_default();
        let head = head.iter().take_while(|t| {
            t.is_any(&["immediate", "format", "sp_executesql"]) || t.punct('(') || matches!(t.kind, Kind::Str(_) | Kind::Dollar(..))
        });
        let text = head.filter_map(|t| match &t.kind {
            Kind::Str(text) => Some((text, t.start + 1)),
            Kind::Dollar(text, begin) => Some((text, *begin)),
            _ => None,
        });
        let Some((text, begin)) = text.into_iter().next() else { return false };
        let mut read = script(text, begin, self.origin.dialect, self.origin.params, self.origin.depth + 1);
        // What is put in is not the caller's to fill.
        read.iter_mut()
            .for_each(|statement| statement.exact &= !matches!(statement.table.as_ref().map(|t| &t.name), Some(Name::Pattern(_))));
        self.out.append(&mut read);
        self.at = end;
        true
    }
}
