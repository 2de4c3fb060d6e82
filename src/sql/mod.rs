//! SQL text to statements: which tables are read and written, and what makes the writing safe.
//!
//! The text comes from a `.sql` file or from a host language, where part of it is filled in at run time: a
//! [`SqlText`] is text with holes. [`parse`] splits it, reads every statement by itself and never fails: what no
//! grammar accepts is read by keywords and marked `exact: false`.
//!
//! The stages, top down: `lex` makes tokens (strings, comments and placeholders of every driver are known here and
//! nowhere else); `script` cuts a script into statements, `routine` does so with procedural bodies; `dispatch` sends
//! one statement to `control` (transactions, locks, settings), to `ddl` (tables and indexes), or through `rewrite`
//! and `normalise` to the `sqlparser` crate, whose tree `read` turns into a [`Statement`]; `guess` is the last resort.
//!
//! Vocabulary: a *hole* is a place where the host language inserts something; a *placeholder* is a hole or a
//! driver's parameter (`%s`, `?`, `:name`, `$1`); a [`Name`] is a table's or column's name, possibly a pattern.
//! This module refuses to know drivers, ORMs, hosts, and what a finding is.

mod control;
mod ddl;
mod detect;
mod dispatch;
mod expression;
mod guess;
mod lex;
mod limits;
mod name;
mod normalise;
mod placeholder;
mod read;
mod render;
mod rewrite;
mod routine;
mod script;
mod statement;
mod table;
mod text;
mod token;
mod verb;
mod walk;
mod write;

#[cfg(test)]
mod tests;

pub use detect::looks_like_sql;
pub use name::{Name, Piece, TableRef};
pub use script::parse;
pub use statement::{
    Aggregate, Argument, AssignedValue, Assignment, Condition, Conflict, ConflictAction, FunctionCall, InsertSource, Locking, Op,
    Placeholder, Predicate, RowCount, Statement, Value,
};
pub use table::{Change, Column, IndexDefinition, Reference, TableDefinition};
pub use text::{Dialect, Part, SqlText};
pub use verb::{BeginMode, Isolation, RoutineKind, Verb};
