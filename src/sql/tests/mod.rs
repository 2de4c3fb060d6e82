//! What the module promises, by example.

mod definitions;
mod detection;
mod forms;
mod limits;
mod placeholders;
mod scripts;

use super::*;

/// The statements of a text.
fn all(sql: &str) -> Vec<Statement> {
    parse(&sql.into(), Dialect::Generic)
}

/// The first statement of a text, which a grammar must have accepted.
fn one(sql: &str) -> Statement {
    one_in(sql, Dialect::Generic)
}

/// The same for a dialect.
fn one_in(sql: &str, dialect: Dialect) -> Statement {
    let found = parse(&sql.into(), dialect);
    assert!(!found.is_empty(), "nothing found in {sql}");
    let first = found[0].clone();
    assert!(first.exact, "not parsed: {sql}");
    first
}

/// The written table, with `*` for holes.
fn target(statement: &Statement) -> String {
    statement.table.as_ref().map_or(String::new(), TableRef::display)
}

/// The tables read.
fn reads(statement: &Statement) -> Vec<String> {
    statement.reads.iter().map(TableRef::display).collect()
}

/// Names as text.
fn names(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::display).collect()
}

/// The columns of the predicate with how each is compared.
fn conditions(statement: &Statement) -> Vec<(String, Op)> {
    statement.predicate.conditions.iter().map(|condition| (condition.column.display(), condition.op)).collect()
}

/// What is called, in order.
fn calls(statement: &Statement) -> Vec<&str> {
    statement.functions.iter().map(|call| call.name.as_str()).collect()
}

/// The names of verbs, in order.
fn verbs(statements: &[Statement]) -> Vec<String> {
    let name = |statement: &Statement| {
        let text = format!("{:?}", statement.verb);
        text.split(['(', ' ', '{']).next().unwrap_or("").to_string()
    };
    statements.iter().map(name).collect()
}

/// The statements of a routine's or block's body.
fn body(statement: &Statement) -> Vec<Statement> {
    match &statement.verb {
        Verb::CreateRoutine { body, .. } | Verb::Block { body } => body.clone(),
        _ => Vec::new(),
    }
}
