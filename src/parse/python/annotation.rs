//! Annotations written as strings: `x: "Optional[Store]"` is read as the expression it spells.
//!
//! Only what types are made of is read: names, attributes, subscripts, `|`, lists of types. Anything else stays a string.

use crate::facts::{BinaryOp, Expr, ExprId, ExprKind, Name};
use crate::source::Span;

/// How deep brackets may nest in a string annotation.
const MAX_DEPTH: u32 = 20;
/// Longer strings are prose.
const MAX_LENGTH: usize = 400;

/// Lower `text` into `exprs`; leaves `exprs` as it was where the text is no simple type. Every expression gets `span`.
pub(super) fn lower(text: &str, span: Span, exprs: &mut Vec<Expr>) -> Option<ExprId> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let before = exprs.len();
    let mut reader = Reader { rest: text.trim_start(), span, exprs };
    let root = reader.union(0);
    if root.is_some() && reader.rest.is_empty() {
        return root;
    }
    exprs.truncate(before);
    None
}

struct Reader<'t, 'e> {
    rest: &'t str,
    span: Span,
    exprs: &'e mut Vec<Expr>,
}

impl Reader<'_, '_> {
    fn union(&mut self, depth: u32) -> Option<ExprId> {
        let mut left = self.postfix(depth)?;
        for _ in 0..MAX_DEPTH {
            if !self.eat('|') {
                break;
            }
            let right = self.postfix(depth)?;
            left = self.push(ExprKind::Binary { op: BinaryOp::Or, left, right });
        }
        Some(left)
    }

    fn postfix(&mut self, depth: u32) -> Option<ExprId> {
        if self.eat('[') {
            let items = self.items(depth)?;
            return Some(self.push(ExprKind::List(items)));
        }
        if let Some(rest) = self.rest.strip_prefix("...") {
            self.rest = rest.trim_start();
            return Some(self.push(ExprKind::Unknown(Vec::new())));
        }
        let name = self.name()?;
        let mut base = self.push(if name == "None" { ExprKind::Null } else { ExprKind::Name(name) });
        for _ in 0..MAX_DEPTH {
            if self.eat('.') {
                let name = self.name()?;
                base = self.push(ExprKind::Attr { base, name });
            } else if self.eat('[') {
                let mut items = self.items(depth)?;
                let index = if items.len() == 1 { items.pop()? } else { self.push(ExprKind::List(items)) };
                base = self.push(ExprKind::Index { base, index });
            } else {
                break;
            }
        }
        Some(base)
    }

    /// The items of a bracket that is already open, its end included.
    fn items(&mut self, depth: u32) -> Option<Vec<ExprId>> {
        if depth >= MAX_DEPTH {
            return None;
        }
        let mut items = Vec::new();
        while !self.eat(']') {
            items.push(self.union(depth + 1)?);
            if !self.eat(',') && !self.rest.starts_with(']') {
                return None;
            }
        }
        Some(items)
    }

    fn name(&mut self) -> Option<Name> {
        let end = self.rest.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.rest = rest.trim_start();
        Some(Name::new(name))
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn push(&mut self, kind: ExprKind) -> ExprId {
        self.exprs.push(Expr { kind, span: self.span });
        ExprId(self.exprs.len() as u32 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_prose_is_not() {
        let mut exprs = Vec::new();
        for good in ["Store", "a.Store | None", "Optional[dict[str, a.B]]", "Callable[[int, ...], None]"] {
            assert!(lower(good, Span::default(), &mut exprs).is_some(), "{good}");
        }
        let count = exprs.len();
        for bad in ["", "two words", "f(x)", "1", "a[", "a]", "a..b"] {
            assert_eq!(lower(bad, Span::default(), &mut exprs), None, "{bad}");
        }
        assert_eq!(exprs.len(), count);
        assert_eq!(lower(&"a[".repeat(150), Span::default(), &mut exprs), None);
    }
}
