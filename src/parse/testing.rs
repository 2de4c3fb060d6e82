//! Documents as text, for tests.

use crate::facts::{Document, NodeId, NodeKind};

/// A document as one line: `{a: 1, b: [x, ~]}`.
pub(crate) fn show(document: &Document) -> String {
    fn value(document: &Document, id: NodeId) -> String {
        match &document.node(id).kind {
            NodeKind::Null => "~".into(),
            NodeKind::Scalar(text) => format!("{text:?}"),
            NodeKind::List(items) => {
                format!("[{}]", items.iter().map(|i| value(document, *i)).collect::<Vec<_>>().join(", "))
            }
            NodeKind::Map(entries) => {
                let entries = entries.iter().map(|e| format!("{}: {}", e.key, value(document, e.value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
    document.root.map_or("nothing".into(), |root| value(document, root))
}
