//! Python to facts.
//!
//! tree-sitter parses, [`walk`] goes over the tree once with a cursor and explicit stacks, and three reducers turn nodes into
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
mod walk;

pub use outline::outline;

use crate::facts::{FileFacts, Problem};
use crate::source::{Language, Span};
use std::cell::RefCell;
use tree_sitter::Parser;

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// Lower Python source to facts. Never fails: what cannot be read is listed in `problems`.
pub fn facts(text: &str) -> FileFacts {
    let tree = PARSER.with_borrow_mut(|slot| {
        let parser = match slot {
            Some(parser) => parser,
            None => slot.insert(parser()?),
        };
        parser.parse(text, None)
    });
    match tree {
        Some(tree) => walk::lower(&tree, text),
        None => {
            let mut facts = FileFacts::empty(Language::Python);
            let span = Span::new(0, text.len() as u32);
            facts.problems.push(Problem { span, what: "cannot be parsed".to_owned() });
            facts
        }
    }
}

fn parser() -> Option<Parser> {
    let mut parser = Parser::new();
    let language = tree_sitter::Language::new(tree_sitter_python::LANGUAGE);
    parser.set_language(&language).is_ok().then_some(parser)
}
