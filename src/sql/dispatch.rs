//! One statement's tokens to statements: who reads them.

use super::limits;
use super::normalise::{Facts, normalise};
use super::read::read;
use super::render::render;
use super::rewrite::neutralise;
use super::statement::{Placeholder, Statement};
use super::text::{Dialect, placeholder_char, placeholder_of};
use super::token::{Kind, Token, find_words};
use super::{control, ddl, guess};
use sqlparser::ast;
use sqlparser::dialect::{GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// In a script or a string of a host.
    Script,
    /// In the body of a routine, where SELECT … INTO fills variables.
    Routine,
}

/// What is known about the text a statement comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    /// Suggested by the driver.
    pub dialect: Dialect,
    /// Everything filled in in the whole text.
    pub params: &'a [Placeholder],
    /// Where it stands.
    pub scope: Scope,
    /// Bodies inside bodies.
    pub depth: usize,
}

/// How deep bodies may nest.
pub(super) const BODIES: usize = 6;

/// Reads one statement. The first is its own, the rest are parts of it.
pub(super) fn statement(tokens: &[Token], origin: Origin) -> Vec<Statement> {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return Vec::new() };
    let (start, end) = (first.start, last.end);
    let (tokens, table) = localise(tokens, origin.params);
    let mut out = match control::read(&tokens, &table, origin).or_else(|| ddl::read(&tokens, &table, origin)) {
        Some(statement) => vec![statement],
        None => queries(&tokens, &table, origin),
    };
    for statement in &mut out {
        (statement.start, statement.end) = (start, end);
        statement.placeholders.clone_from(&table);
    }
    out
}

/// A statement's own table of placeholders, and its tokens with indices into it.
fn localise(tokens: &[Token], params: &[Placeholder]) -> (Vec<Token>, Vec<Placeholder>) {
    let mut table: Vec<Placeholder> = Vec::new();
    let mut enter = |index: usize| {
        table.push(params.get(index).cloned().unwrap_or(Placeholder::Hole(0)));
        table.len() - 1
    };
    let mut out = Vec::with_capacity(tokens.len());
    for token in tokens {
        let mut token = token.clone();
        match &mut token.kind {
            Kind::Param(index) => *index = enter(*index),
            Kind::Word(text) | Kind::Quoted(text) | Kind::Str(text) if text.chars().any(|c| placeholder_of(c).is_some()) => {
                *text = text
                    .chars()
                    .map(|c| match placeholder_of(c) {
                        Some(index) => placeholder_char(enter(index)),
                        None => c,
                    })
                    .collect();
            }
            _ => {}
        }
        out.push(token);
    }
    (out, table)
}

/// SELECT and the writes: `sqlparser`, else keywords.
fn queries(tokens: &[Token], table: &[Placeholder], origin: Origin) -> Vec<Statement> {
    if !tokens.first().is_some_and(|t| t.is_any(QUERIES) || t.punct('(') || matches!(t.kind, Kind::Param(_))) {
        return vec![guess::guess(tokens, table)];
    }
    if !limits::parsable(tokens) {
        return vec![guess::guess(tokens, table)];
    }
    let mut facts = Facts::default();
    let plain = neutralise(tokens, table, &mut facts);
    let mut plain = normalise(plain, origin.scope, &mut facts);
    // A WITH whose statement the host adds: what its CTEs write is known.
    if plain.first().is_some_and(|t| t.is("with"))
        && let Some(last) = plain.last().filter(|t| t.punct(')')).cloned()
        && !QUERIES[..6].iter().any(|verb| find_words(&plain, 1, &[verb]).is_some())
    {
        facts.open = true;
        plain.extend([last.with(Kind::Word("select".into())), last.with(Kind::Number("1".into()))]);
    }
    if limits::parsable(&plain)
        && let Some(tree) = parse_any(&plain, origin.dialect)
    {
        let mut out = read(&tree, table, &facts);
        if let Some(first) = out.first_mut() {
            first.locking.wait = first.locking.wait.or(facts.locking.wait);
        }
        if !out.is_empty() {
            return out;
        }
    }
    vec![guess::guess(tokens, table)]
}

/// Verbs that `sqlparser` reads.
pub(super) const QUERIES: &[&str] = &["select", "insert", "update", "delete", "replace", "merge", "upsert", "with", "values"];

/// Tries the suggested dialect, then the others.
fn parse_any(tokens: &[Token], suggested: Dialect) -> Option<ast::Statement> {
    let order = [suggested, Dialect::Generic, Dialect::Postgres, Dialect::MySql, Dialect::Sqlite, Dialect::MsSql];
    let mut tried: Vec<Dialect> = Vec::new();
    for dialect in order {
        if tried.contains(&dialect) {
            continue;
        }
        tried.push(dialect);
        if let Some(tree) = parse(&render(tokens, dialect), dialect) {
            return Some(tree);
        }
    }
    None
}

fn parse(text: &str, dialect: Dialect) -> Option<ast::Statement> {
    let (generic, postgres, mysql) = (GenericDialect {}, PostgreSqlDialect {}, MySqlDialect {});
    let (sqlite, mssql) = (SQLiteDialect {}, MsSqlDialect {});
    let parser = match dialect {
        Dialect::Generic => Parser::new(&generic),
        Dialect::Postgres => Parser::new(&postgres),
        Dialect::MySql => Parser::new(&mysql),
        Dialect::Sqlite => Parser::new(&sqlite),
        Dialect::MsSql => Parser::new(&mssql),
    };
    let mut parser = parser.with_recursion_limit(limits::RECURSION).try_with_sql(text).ok()?;
    let mut statements = parser.parse_statements().ok()?;
    if statements.len() > 1 {
        return None;
    }
    statements.pop().filter(|tree| {
        matches!(
            tree,
            ast::Statement::Query(_)
                | ast::Statement::Insert(_)
                | ast::Statement::Update(_)
                | ast::Statement::Delete(_)
                | ast::Statement::Merge(_)
        )
    })
}
