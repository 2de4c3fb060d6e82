//! Data and configuration files as one tree with spans, whatever their syntax.
//!
//! YAML, JSON, TOML and front matter lower to this; packs map paths in it to declarations.

use crate::source::Span;
use serde::{Deserialize, Serialize};

/// Index of a node in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// One document of a file (YAML files may hold several).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// All nodes; parents come before their children.
    pub nodes: Vec<Node>,
    /// The top node; `None` for an empty document.
    pub root: Option<NodeId>,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands; for a mapping or list its first line.
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NodeKind {
    /// `null`, `~`, nothing.
    Null,
    /// A scalar as written, without quotes.
    Scalar(String),
    /// A list.
    List(Vec<NodeId>),
    /// A mapping in source order; of equal keys the last wins when it is looked up.
    Map(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: NodeId,
}

impl Document {
    /// A node by id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The value under `key` of a mapping node.
    pub fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.entry(id, key).map(|e| e.value)
    }

    /// The entry under `key` of a mapping node.
    pub fn entry(&self, id: NodeId, key: &str) -> Option<&Entry> {
        self.entries(id).iter().rev().find(|e| e.key == key)
    }

    /// The entries of a mapping node; none for other kinds.
    pub fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.node(id).kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list node; none for other kinds.
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            NodeKind::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar node.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            NodeKind::Scalar(text) => Some(text),
            _ => None,
        }
    }
}
