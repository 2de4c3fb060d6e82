//! YAML to documents.
//!
//! Read through `granit-parser`, the event parser under `serde-saphyr`: scalars are wanted as written (`0644`, `yes`, `1.10`
//! stay what they are) with the place of every value, key and comment, and without a deserialiser's recursion; an
//! API of typed values can give none of these. A document with a syntax error keeps what stood before it, and the stream
//! goes on with the next document (templates of charts are like that). Aliases and merge keys (`<<`) are copied in, up to
//! a budget; of equal keys the last wins when it is looked up.

use super::{Documents, MAX_DATA_DEPTH, first_line, push_node, stands_alone};
use crate::facts::{Document, Entry, Node, NodeId, NodeKind, Problem};
use crate::source::{Comment, Span};
use granit_parser::{Event, Parser, ScalarStyle, ScanError};
use rustc_hash::FxHashMap;

/// How many nodes aliases and merge keys may copy in one file.
const ALIAS_BUDGET: usize = 10_000;
/// How many documents of a stream are read.
const MAX_DOCUMENTS: usize = 1000;
/// How many problems are told per file.
const MAX_PROBLEMS: usize = 20;

/// Read a YAML stream.
pub fn documents(text: &str) -> Documents {
    read(text, 0)
}

/// Read a YAML stream that starts at byte `offset` of its file.
pub(super) fn read(text: &str, offset: u32) -> Documents {
    let options = granit_parser::options! {
        emit_comments: true,
        max_buffered_comment_events: 100_000,
        simple_key_max_lookahead: 4096,
        flow_nesting_limit: MAX_DATA_DEPTH,
        block_nesting_limit: MAX_DATA_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader::new(text, offset);
    while reader.found.documents.len() < MAX_DOCUMENTS && reader.found.problems.len() < MAX_PROBLEMS {
        match parser.next_event() {
            None => break,
            Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((event, span))) => reader.event(event, span),
            Some(Err(error)) => {
                reader.error(&error);
                match parser.proceed_next_document() {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        reader.error(&error);
                        break;
                    }
                }
            }
        }
    }
    reader.finish_document();
    reader.found
}

/// A list or mapping that is still open.
struct Open {
    id: NodeId,
    /// Where the anchor is noted once the value is whole.
    anchor: usize,
    /// For a mapping: the key whose value comes next.
    key: Option<(String, Span)>,
    is_map: bool,
}

struct Reader<'t> {
    text: &'t str,
    offset: u32,
    found: Documents,
    document: Option<Document>,
    open: Vec<Open>,
    anchors: FxHashMap<usize, NodeId>,
    budget: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, offset: u32) -> Self {
        Reader {
            text,
            offset,
            found: Documents::default(),
            document: None,
            open: Vec::new(),
            anchors: FxHashMap::default(),
            budget: ALIAS_BUDGET,
        }
    }

    fn event(&mut self, event: Event<'_>, at: granit_parser::Span) {
        let (start, end) = (byte(at.start), byte(at.end));
        let span = Span::new(start, end.max(start));
        match event {
            Event::DocumentStart(..) => {
                self.finish_document();
                self.document = Some(Document { nodes: Vec::new(), root: None });
            }
            Event::DocumentEnd => self.finish_document(),
            Event::Scalar(value, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none_or(|t| t.core_suffix() == Some("null"));
                if self.key_is_next() {
                    self.set_key(value.into_owned(), span);
                    self.note_key(anchor, span);
                    return;
                }
                let kind = match value.as_ref() {
                    "" | "~" | "null" | "Null" | "NULL" if plain => NodeKind::Null,
                    _ => NodeKind::Scalar(value.into_owned()),
                };
                if let Some(id) = self.add(kind, span) {
                    self.anchors.insert(anchor, id);
                }
            }
            Event::SequenceStart(_, anchor, _) => self.start(NodeKind::List(Vec::new()), anchor, span),
            Event::MappingStart(_, anchor, _) => self.start(NodeKind::Map(Vec::new()), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => self.end(end),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Comment(text, _) => {
                let (text, alone) = (text.trim_start_matches('#').trim().to_owned(), stands_alone(self.text, start as usize));
                self.found.comments.push(Comment { text, span: self.shift(span), alone });
            }
            _ => {}
        }
    }

    fn key_is_next(&self) -> bool {
        self.open.last().is_some_and(|o| o.is_map && o.key.is_none())
    }

    fn set_key(&mut self, key: String, span: Span) {
        let span = self.shift(span);
        if let Some(open) = self.open.last_mut() {
            open.key = Some((key, span));
        }
    }

    /// Note an anchored key as a value that an alias may copy.
    fn note_key(&mut self, anchor: usize, span: Span) {
        if anchor == 0 {
            return;
        }
        let shifted = self.shift(span);
        let key = self.open.last().and_then(|o| o.key.as_ref()).map(|(key, _)| key.clone()).unwrap_or_default();
        if let Some(document) = &mut self.document {
            let id = push_node(document, NodeKind::Scalar(key), shifted);
            self.anchors.insert(anchor, id);
        }
    }

    /// Add a value where the next one belongs.
    fn add(&mut self, kind: NodeKind, span: Span) -> Option<NodeId> {
        let span = self.shift(span);
        let document = self.document.as_mut()?;
        let id = push_node(document, kind, span);
        self.attach(id, span);
        Some(id)
    }

    /// Make a node the next item, value, or the root.
    fn attach(&mut self, id: NodeId, span: Span) {
        let Some(document) = self.document.as_mut() else { return };
        let Some(open) = self.open.last_mut() else {
            document.root = document.root.or(Some(id));
            return;
        };
        let Some(parent) = document.nodes.get_mut(open.id.0 as usize) else { return };
        match &mut parent.kind {
            NodeKind::List(items) => items.push(id),
            NodeKind::Map(entries) => match open.key.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: id }),
                None => open.key = Some((String::new(), span)),
            },
            NodeKind::Null | NodeKind::Scalar(_) => {}
        }
    }

    fn start(&mut self, kind: NodeKind, anchor: usize, span: Span) {
        let is_map = matches!(kind, NodeKind::Map(_));
        if let Some(id) = self.add(kind, span) {
            self.open.push(Open { id, anchor, key: None, is_map });
        }
    }

    fn end(&mut self, end: u32) {
        let Some(open) = self.open.pop() else { return };
        let Some(document) = self.document.as_mut() else { return };
        if let Some(node) = document.nodes.get_mut(open.id.0 as usize) {
            let start = node.span.start - self.offset;
            let line = first_line(self.text, Span::new(start, end.max(start)));
            node.span = Span::new(line.start + self.offset, line.end + self.offset);
        }
        if open.is_map {
            self.merge(open.id);
        }
        self.anchors.insert(open.anchor, open.id);
    }

    /// Put what `<<` names before the mapping's own entries, so that these win.
    fn merge(&mut self, id: NodeId) {
        let Some(document) = self.document.as_mut() else { return };
        let Some(Node { kind: NodeKind::Map(entries), .. }) = document.nodes.get_mut(id.0 as usize) else { return };
        if entries.iter().all(|e| e.key != "<<") {
            return;
        }
        let (merged, own): (Vec<_>, Vec<_>) = std::mem::take(entries).into_iter().partition(|e| e.key == "<<");
        let mut all = Vec::new();
        for entry in merged.iter().rev() {
            let sources = match &document.node(entry.value).kind {
                NodeKind::List(items) => items.clone(),
                _ => vec![entry.value],
            };
            for source in sources.into_iter().rev() {
                all.extend_from_slice(document.entries(source));
            }
        }
        all.extend(own);
        if let Some(node) = document.nodes.get_mut(id.0 as usize) {
            node.kind = NodeKind::Map(all);
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) {
        let source = self.anchors.get(&anchor).copied().filter(|id| self.open.iter().all(|o| o.id != *id));
        let key_is_next = self.key_is_next();
        let Some((source, document)) = source.zip(self.document.as_mut()) else {
            self.problem("alias of a value that holds it", span);
            self.place_null(span);
            return;
        };
        if key_is_next {
            let key = document.text(source).unwrap_or("").to_owned();
            self.set_key(key, span);
            return;
        }
        let before = document.nodes.len();
        match copy(document, source, &mut self.budget) {
            Some(id) => self.attach(id, span),
            None => {
                document.nodes.truncate(before);
                self.problem("too many aliases", span);
                self.place_null(span);
            }
        }
    }

    /// What stands for an alias that is not followed.
    fn place_null(&mut self, span: Span) {
        if self.key_is_next() {
            self.set_key(String::new(), span);
        } else {
            self.add(NodeKind::Null, span);
        }
    }

    fn problem(&mut self, what: &str, span: Span) {
        let span = self.shift(span);
        if self.found.problems.len() < MAX_PROBLEMS && self.found.problems.iter().all(|p| p.what != what) {
            self.found.problems.push(Problem { span, what: what.to_owned() });
        }
    }

    fn error(&mut self, error: &ScanError) {
        let at = byte(*error.marker()).min(self.text.len() as u32);
        let span = self.shift(Span::new(at, at));
        self.found.problems.push(Problem { span, what: format!("syntax error: {}", error.info()) });
        self.finish_document();
    }

    fn finish_document(&mut self) {
        self.open.clear();
        self.anchors.clear();
        self.found.documents.extend(self.document.take());
    }

    fn shift(&self, span: Span) -> Span {
        Span::new(span.start + self.offset, span.end + self.offset)
    }
}

fn byte(marker: granit_parser::Marker) -> u32 {
    marker.byte_offset().unwrap_or(0) as u32
}

/// Copy a value to the end of its document, parents first; `None` where the budget is used up.
fn copy(document: &mut Document, source: NodeId, budget: &mut usize) -> Option<NodeId> {
    let root = NodeId(document.nodes.len() as u32);
    let mut next = document.nodes.len();
    document.nodes.push(document.node(source).clone());
    while next < document.nodes.len() {
        *budget = budget.checked_sub(1)?;
        let mut kind = document.nodes.get(next)?.kind.clone();
        let children: Vec<&mut NodeId> = match &mut kind {
            NodeKind::List(items) => items.iter_mut().collect(),
            NodeKind::Map(entries) => entries.iter_mut().map(|e| &mut e.value).collect(),
            NodeKind::Null | NodeKind::Scalar(_) => Vec::new(),
        };
        if children.len() > *budget {
            return None;
        }
        for child in children {
            let node = document.node(*child).clone();
            *child = push_node(document, node.kind, node.span);
        }
        document.nodes.get_mut(next)?.kind = kind;
        next += 1;
    }
    Some(root)
}

#[cfg(test)]
mod tests;
