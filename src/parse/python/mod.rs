//! Python to facts.
//!
//! tree-sitter parses ([`tree`]), [`walk`] goes over the tree once with a cursor and explicit stacks, and three reducers turn nodes into
//! expressions, statements and definitions. Limits: expressions 200 deep, statements 100 deep; what is deeper becomes unknown
//! and is told as a problem. It knows Python 3.13's syntax; it refuses to know any module, class or function by name.

mod annotation;
mod definitions;
mod expressions;
mod grammar;
mod outline;
mod statements;
mod strings;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

pub use outline::{outline, starts};

use crate::facts::{FileFacts, Problem};
use crate::source::{Language, Span};

/// Lower Python source to facts. Never fails: what cannot be read is listed in `problems`.
pub fn facts(text: &str) -> FileFacts {
    if let Some((tree, hidden)) = tree::tree(text) {
        return walk::lower(&tree, text, &hidden);
    }
    let mut facts = FileFacts::empty(Language::Python);
    let span = Span::new(0, text.len() as u32);
    facts.problems.push(Problem { span, what: "cannot be parsed".to_owned() });
    facts
}
