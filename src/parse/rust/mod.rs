//! Rust to facts.
//!
//! The text is lexed as a whole, cut into items on tokens, and each item is measured before `syn` sees it: its parser
//! recurses, and an overflow cannot be caught. An item that is too deep or that `syn` refuses is named in `problems`, and the
//! next one is read. Items are lowered one by one and dropped, so a large file costs no more than its largest item.
//! Rust's blocks are values and facts have statements only: a block, `if` or `match` in the middle of an expression becomes
//! statements before it that fill a variable whose name starts with `$`. A block that guards can live in becomes a
//! [`Guarded`](crate::facts::StmtKind::Guarded) without items. References, dereferences, `?`, casts, `Ok` and `Some` are left
//! out: the value is what counts. Code for tests is left out.
//! It refuses to know any crate, type or function by name; of macros it knows the forms in which code is written in them.
//! Macros that the project defines and that work like functions are functions.

mod comments;
mod definitions;
mod expressions;
mod format;
mod items;
mod lower;
mod macros;
mod outline;
mod patterns;
mod statements;
#[cfg(test)]
mod tests;
mod types;

pub use outline::outline;

use crate::facts::FileFacts;

/// Lower Rust source to facts. Never fails: what cannot be read is listed in `problems`.
pub fn facts(text: &str) -> FileFacts {
    let facts = lower::file(text);
    // The lexer keeps every text it has seen for the sake of its spans; nothing holds one of them any more.
    proc_macro2::extra::invalidate_current_thread_spans();
    facts
}
