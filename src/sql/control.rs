//! Statements that are a list of words in every dialect: transactions, settings, locks, notifications, calls.

use super::dispatch::Origin;
use super::name::{Name, TableRef};
use super::routine;
use super::statement::{Argument, FunctionCall, Placeholder, RowCount, Statement, Value};
use super::token::{Kind, Token, closing, dotted, find_words, simple_value, split_commas, words_at};
use super::verb::{BeginMode, Isolation, Verb};

/// Settings that bound how long a lock is waited for.
const LOCK_TIMEOUTS: &[&str] =
    &["lock_timeout", "statement_timeout", "innodb_lock_wait_timeout", "lock_wait_timeout", "busy_timeout", "ddl_lock_timeout"];

/// Reads a statement of this kind; `None` for others.
pub(super) fn read(tokens: &[Token], table: &[Placeholder], origin: Origin) -> Option<Statement> {
    let first = tokens.first()?.word()?.to_ascii_lowercase();
    let rest = &tokens[1..];
    let verb = match first.as_str() {
        "begin" => begin(rest),
        "start" if words_at(rest, 0, &["transaction"]) => begin(rest),
        "commit" | "end" => Verb::Commit,
        "rollback" | "abort" => Verb::Rollback { to_savepoint: find_words(rest, 0, &["to"]).is_some() },
        "savepoint" | "save" => Verb::Savepoint,
        "release" => Verb::ReleaseSavepoint,
        "set" => set(rest, table),
        "lock" => return lock(rest, table),
        "unlock" => Verb::UnlockTables,
        "notify" => Verb::Notify { channel: name(rest, table)? },
        "listen" => Verb::Listen { channel: name(rest, table)? },
        "unlisten" => Verb::Unlisten,
        "call" | "exec" | "execute" => return Some(call(rest, table)),
        "pragma" => pragma(rest, table),
        "truncate" => return tables(Verb::Truncate, skip_words(rest, &["table", "only"]), table),
        "drop" => return drop(rest, table),
        "copy" | "load" => return Some(copy(tokens, table)),
        "do" => Verb::Block { body: routine::literal_body(rest, table, origin)? },
        "alter" if rest.first()?.is_any(&["role", "user", "system", "database"]) => {
            let at = find_words(rest, 0, &["set"])?;
            set(&rest[at + 1..], table)
        }
        "explain" | "describe" | "show" | "use" | "grant" | "revoke" | "vacuum" | "analyze" | "comment" | "attach" | "detach"
        | "declare" | "print" | "raiserror" | "throw" | "reindex" | "discard" | "reset" => Verb::Other,
        _ => return None,
    };
    Some(Statement::new(verb))
}

fn begin(rest: &[Token]) -> Verb {
    let modes = [
        ("deferred", BeginMode::Deferred),
        ("immediate", BeginMode::Immediate),
        ("exclusive", BeginMode::Exclusive),
        ("concurrent", BeginMode::Concurrent),
    ];
    let first = rest.first();
    let mode = modes.iter().find(|(word, _)| first.is_some_and(|t| t.is(word))).map(|(_, mode)| *mode);
    Verb::Begin { mode, isolation: isolation(rest) }
}

/// The isolation level that words or a string name.
fn isolation(tokens: &[Token]) -> Option<Isolation> {
    let mut text = String::new();
    for token in tokens {
        if let Kind::Word(word) | Kind::Str(word) | Kind::Quoted(word) = &token.kind {
            text.push_str(&word.to_lowercase().replace(['-', '_', ' '], ""));
        }
    }
    let levels = [
        ("readuncommitted", Isolation::ReadUncommitted),
        ("readcommitted", Isolation::ReadCommitted),
        ("repeatableread", Isolation::RepeatableRead),
        ("serializable", Isolation::Serializable),
        ("snapshot", Isolation::Snapshot),
    ];
    let level = levels.iter().find(|(name, _)| text.contains(name)).map(|(_, level)| *level);
    level.filter(|level| *level != Isolation::Snapshot || text.contains("isolation"))
}

fn set(rest: &[Token], table: &[Placeholder]) -> Verb {
    let isolates = find_words(rest, 0, &["isolation", "level"]).is_some();
    if let Some(level) = isolation(rest).filter(|_| isolates) {
        return Verb::SetIsolation { level, session: rest.first().is_some_and(|t| t.is_any(&["session", "global"])) };
    }
    let local = rest.first().is_some_and(|t| t.is("local"));
    let rest = skip_words(rest, &["local", "session", "global", "persist"]);
    let mut found = None;
    for item in split_commas(rest) {
        let mut at = 0;
        while item.get(at + 1).is_some_and(|t| t.punct('.')) {
            at += 2;
        }
        let Some(name) = item.get(at).and_then(|token| variable(token, table)) else { continue };
        let value = match item.get(at + 1) {
            Some(t) if matches!(&t.kind, Kind::Op(op) if op == "=" || op == ":=") || t.is("to") => item.get(at + 2..).unwrap_or_default(),
            _ => item.get(at + 1..).unwrap_or_default(),
        };
        let is_timeout = LOCK_TIMEOUTS.contains(&name.as_str());
        if found.is_none() || is_timeout {
            found = Some((name, value));
        }
        if is_timeout {
            break;
        }
    }
    let Some((name, value)) = found else {
        return Verb::Set { name: String::new(), value: Value::Other };
    };
    if name.ends_with("isolation")
        && let Some(level) = isolation(value)
    {
        return Verb::SetIsolation { level, session: !local };
    }
    let value = simple_value(value, table);
    if LOCK_TIMEOUTS.contains(&name.as_str()) { Verb::SetLockTimeout { name, value, local } } else { Verb::Set { name, value } }
}

/// A setting's name: `@@session.x`, `@x` and `x` alike.
fn variable(token: &Token, table: &[Placeholder]) -> Option<String> {
    match &token.kind {
        Kind::Param(index) => match table.get(*index)? {
            Placeholder::Named(name) => Some(name.to_lowercase()),
            _ => None,
        },
        _ => token.name_text().map(|name| name.trim_start_matches("@@").to_string()),
    }
}

fn lock(rest: &[Token], table: &[Placeholder]) -> Option<Statement> {
    let session = rest.first().is_some_and(|t| t.is("tables"));
    let names = skip_words(rest, &["tables", "table", "only"]);
    let end = find_words(names, 0, &["in"]).unwrap_or(names.len());
    let mut mode = names.get(end + 1..).map(|mode| {
        let words = mode.iter().take_while(|t| !t.is("mode")).filter_map(|t| t.word());
        words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    });
    if session {
        mode = names.iter().rev().find_map(|t| t.word()).map(str::to_lowercase);
    }
    let nowait = find_words(names, 0, &["nowait"]).is_some();
    let verb = Verb::LockTable { mode: mode.filter(|mode| !mode.is_empty()), nowait, session };
    let mut out = tables(verb, &names[..end], table)?;
    if let Some(first) = out.table.clone() {
        out.reads.insert(0, first);
    }
    Some(out)
}

/// A statement over a list of tables: the first is `table`, the others are in `reads`.
fn tables(verb: Verb, names: &[Token], table: &[Placeholder]) -> Option<Statement> {
    let mut out = Statement::new(verb);
    let mut found: Vec<TableRef> =
        split_commas(names).into_iter().filter_map(|item| dotted(item, 0, table)).map(|(name, _)| name).collect();
    if found.is_empty() {
        return None;
    }
    out.table = Some(found.remove(0));
    out.reads = found;
    out.rows = RowCount::Many;
    Some(out)
}

fn drop(rest: &[Token], table: &[Placeholder]) -> Option<Statement> {
    let what = skip_words(rest, &["temporary"]);
    let names = skip_words(what.get(1..)?, &["concurrently", "if", "exists"]);
    if what.first()?.is("table") {
        return tables(Verb::DropTable, names, table);
    }
    if what.first()?.is("index") {
        let (index, at) = dotted(names, 0, table)?;
        let mut out = Statement::new(Verb::DropIndex(index.name));
        // MySQL and SQL Server say whose it is.
        if names.get(at).is_some_and(|t| t.is("on")) {
            out.table = dotted(names, at + 1, table).map(|(name, _)| name);
        }
        return Some(out);
    }
    Some(Statement::new(Verb::Other))
}

fn copy(tokens: &[Token], table: &[Placeholder]) -> Statement {
    let load = tokens.first().is_some_and(|t| t.is("load"));
    let into = load || find_words(tokens, 0, &["from"]).is_some();
    let mut out = Statement::new(Verb::Copy { into_table: into });
    out.rows = RowCount::Many;
    let at = if load { find_words(tokens, 0, &["table"]).map(|at| at + 1) } else { Some(1) };
    let Some((name, next)) = at.and_then(|at| dotted(tokens, at, table)) else { return out };
    if let Some(end) = tokens.get(next).filter(|t| t.punct('(')).and_then(|_| closing(tokens, next)) {
        let names = tokens[next + 1..end].iter().filter_map(Token::name_text);
        out.columns = names.map(|name| Name::decode(&name, table)).collect();
    }
    if !into {
        out.reads.push(name.clone());
    }
    out.table = Some(name);
    out
}

/// `CALL p(a, b)`, `EXEC p @a = 1, @b = 2`, `EXEC @code = p 1`.
fn call(rest: &[Token], table: &[Placeholder]) -> Statement {
    let assigned = rest.get(1).is_some_and(|t| t.op("="));
    let rest = if assigned { &rest[2..] } else { rest };
    let Some((procedure, at)) = dotted(rest, 0, table) else { return Statement::new(Verb::Other) };
    let args = match rest.get(at) {
        Some(open) if open.punct('(') => {
            let end = closing(rest, at).unwrap_or(rest.len());
            rest.get(at + 1..end).unwrap_or_default()
        }
        _ => rest.get(at..).unwrap_or_default(),
    };
    let args = split_commas(args).into_iter().map(|item| {
        let named = item.get(1).is_some_and(|t| t.op("=") || t.op("=>"));
        let name = item.first().filter(|_| named).and_then(|token| variable(token, table));
        let value = if named { item.get(2..).unwrap_or_default() } else { item };
        let value = value.strip_suffix_output();
        Argument { name: name.map(|name| name.trim_start_matches('@').to_string()), value: simple_value(value, table) }
    });
    let name = procedure.name.display();
    let function = FunctionCall { name, args: args.collect() };
    let mut out = Statement::new(Verb::Call { procedure: procedure.name });
    out.functions.push(function);
    out
}

trait Output {
    /// Without the OUTPUT after a parameter.
    fn strip_suffix_output(&self) -> &Self;
}

impl Output for [Token] {
    fn strip_suffix_output(&self) -> &[Token] {
        match self.split_last() {
            Some((last, before)) if last.is_any(&["output", "out"]) => before,
            _ => self,
        }
    }
}

fn pragma(rest: &[Token], table: &[Placeholder]) -> Verb {
    let Some((name, at)) = dotted(rest, 0, table) else { return Verb::Other };
    let name = name.name.display();
    let value = simple_value(rest.get(at + 1..at + 2).unwrap_or_default(), table);
    if LOCK_TIMEOUTS.contains(&name.as_str()) {
        return Verb::SetLockTimeout { name, value, local: false };
    }
    let value = match value {
        Value::Text(text) => Some(text),
        _ => None,
    };
    Verb::Pragma { name, value }
}

fn name(rest: &[Token], table: &[Placeholder]) -> Option<Name> {
    rest.first().and_then(Token::name_text).map(|text| Name::decode(&text, table))
}

/// Without these words at the beginning.
fn skip_words<'a>(tokens: &'a [Token], words: &[&str]) -> &'a [Token] {
    let count = tokens.iter().take_while(|t| t.is_any(words)).count();
    tokens.get(count..).unwrap_or_default()
}
