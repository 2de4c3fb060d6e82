//! Front ends: one per language or kind of manifest, each from text to facts.
//!
//! A front end knows one syntax and the types of [`facts`](crate::facts), and nothing else: no library's name, no rule, no
//! other file. What it cannot read is a [`Problem`] with a place, and what parses around it is still lowered. None of them
//! fails, panics or recurses without a bound on what a file holds. Code becomes [`FileFacts`](crate::facts::FileFacts); data
//! files of every syntax become [`Documents`], for which JSON and Markdown lend YAML's reader.

pub mod json;
pub mod launch;
pub mod markdown;
pub mod python;
pub mod rust;
#[cfg(test)]
mod testing;
pub mod toml;
pub mod yaml;

use crate::facts::{Document, Node, NodeId, NodeKind, Problem};
use crate::source::{Comment, Span};

/// How deep the values of a data file may nest.
const MAX_DATA_DEPTH: usize = 100;

/// What a data file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    /// Its documents in order; more than one for YAML streams only.
    pub documents: Vec<Document>,
    /// Its comments, for silencing.
    pub comments: Vec<Comment>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Add a node that stands before its children, which are filled in later.
fn push_node(document: &mut Document, kind: NodeKind, span: Span) -> NodeId {
    document.nodes.push(Node { kind, span });
    NodeId(document.nodes.len() as u32 - 1)
}

/// The part of a span on its first line.
fn first_line(text: &str, span: Span) -> Span {
    let slice = text.get(span.start as usize..span.end as usize).unwrap_or("");
    let line = slice.split('\n').next().unwrap_or("").trim_end();
    Span::new(span.start, span.start + line.len() as u32)
}

/// Whether nothing but blanks stands before `start` on its line.
fn stands_alone(text: &str, start: usize) -> bool {
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let before = before.iter().rev().find(|b| !matches!(b, b' ' | b'\t' | b'\x0c'));
    before.is_none_or(|b| matches!(b, b'\n' | b'\r'))
}
