//! Patterns: the names they bind and what they ask.

use super::lower::{Lowering, ident};
use crate::facts::{CompareOp, ExprId, ExprKind, Name, StmtKind};
use crate::source::Span;

/// How deep patterns are taken apart.
const MAX_DEPTH: u8 = 12;
/// How many pieces of a pattern are searched for variants.
const MAX_VARIANTS: usize = 60;

impl Lowering<'_> {
    /// The one name that a pattern is, if it is one.
    pub fn simple_name(&self, pattern: &syn::Pat) -> Option<(Name, Span)> {
        match pattern {
            syn::Pat::Ident(p) if p.subpat.is_none() && !is_constant(&p.ident) => Some((ident(&p.ident), self.span(p.ident.span()))),
            syn::Pat::Type(t) => self.simple_name(&t.pat),
            syn::Pat::Paren(p) => self.simple_name(&p.pat),
            syn::Pat::Reference(r) => self.simple_name(&r.pat),
            _ => None,
        }
    }

    /// The name in a pattern of one: `job`, `Some(job)`.
    pub fn only_name(&self, pattern: &syn::Pat) -> Option<Name> {
        let mut inner = pattern;
        loop {
            match (self.simple_name(inner), inner) {
                (Some((name, _)), _) => return Some(name),
                (None, syn::Pat::TupleStruct(t)) if t.elems.len() == 1 => inner = t.elems.first()?,
                _ => return None,
            }
        }
    }

    /// Bind the names of a pattern to the pieces of a value.
    pub fn bind(&mut self, pattern: &syn::Pat, value: ExprId) {
        self.bind_at(pattern, value, 0);
    }

    fn bind_at(&mut self, pattern: &syn::Pat, value: ExprId, depth: u8) {
        if depth > MAX_DEPTH {
            return;
        }
        let span = self.facts.expr(value).span;
        if let Some((name, at)) = self.simple_name(pattern) {
            let target = self.push_expr(ExprKind::Name(name), at);
            self.emit(StmtKind::Assign { targets: vec![target], value: Some(value), annotation: None }, at);
            return;
        }
        match pattern {
            syn::Pat::Ident(p) => {
                if let Some((_, inner)) = &p.subpat {
                    let at = self.span(p.ident.span());
                    let target = self.push_expr(ExprKind::Name(ident(&p.ident)), at);
                    self.emit(StmtKind::Assign { targets: vec![target], value: Some(value), annotation: None }, at);
                    self.bind_at(inner, value, depth + 1);
                }
            }
            syn::Pat::Type(t) => self.bind_at(&t.pat, value, depth + 1),
            syn::Pat::Paren(p) => self.bind_at(&p.pat, value, depth + 1),
            syn::Pat::Reference(r) => self.bind_at(&r.pat, value, depth + 1),
            syn::Pat::Tuple(t) => self.bind_pieces(t.elems.iter(), value, span, depth),
            // `Some(x)`, `State(x)`: a wrapper around one value is that value.
            syn::Pat::TupleStruct(t) if t.elems.len() == 1 => {
                if let Some(inner) = t.elems.first() {
                    self.bind_at(inner, value, depth + 1);
                }
            }
            syn::Pat::TupleStruct(t) => self.bind_pieces(t.elems.iter(), value, span, depth),
            syn::Pat::Slice(s) => self.bind_pieces(s.elems.iter(), value, span, depth),
            syn::Pat::Struct(s) => {
                for field in &s.fields {
                    let name = match &field.member {
                        syn::Member::Named(name) => ident(name),
                        syn::Member::Unnamed(index) => index.index.to_string().into(),
                    };
                    let piece = self.push_expr(ExprKind::Attr { base: value, name }, span);
                    self.bind_at(&field.pat, piece, depth + 1);
                }
            }
            syn::Pat::Or(o) => {
                if let Some(first) = o.cases.first() {
                    self.bind_at(first, value, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn bind_pieces<'p>(&mut self, patterns: impl Iterator<Item = &'p syn::Pat>, value: ExprId, span: Span, depth: u8) {
        let patterns: Vec<&syn::Pat> = patterns.collect();
        if patterns.iter().all(|p| self.simple_name(p).is_some() || matches!(p, syn::Pat::Wild(_))) {
            let targets: Vec<ExprId> = patterns
                .iter()
                .map(|p| match self.simple_name(p) {
                    Some((name, at)) => self.push_expr(ExprKind::Name(name), at),
                    None => self.unknown(span),
                })
                .collect();
            let target = self.push_expr(ExprKind::List(targets), span);
            self.emit(StmtKind::Assign { targets: vec![target], value: Some(value), annotation: None }, span);
            return;
        }
        for (index, pattern) in patterns.into_iter().enumerate() {
            let at = self.push_expr(ExprKind::Int(index as i64), span);
            let piece = self.push_expr(ExprKind::Index { base: value, index: at }, span);
            self.bind_at(pattern, piece, depth + 1);
        }
    }

    /// What a pattern asks of a value: whether it is there, or what it holds.
    pub fn asks(&mut self, pattern: &syn::Pat, value: ExprId) -> ExprId {
        let span = self.facts.expr(value).span;
        match presence(pattern) {
            Some(true) => value,
            Some(false) => self.push_expr(ExprKind::Not(value), span),
            None => {
                let right = self.pattern_value(pattern, span);
                self.push_expr(ExprKind::Compare { left: value, rest: vec![(CompareOp::Eq, right)] }, span)
            }
        }
    }

    /// Paths of the variants that a pattern asks for, also inside of `Some(…)`, a tuple or a record: `Commands::Sweep { .. }`.
    pub fn variants(&mut self, pattern: &syn::Pat) -> Vec<ExprId> {
        let mut found = Vec::new();
        let mut pending: Vec<&syn::Pat> = vec![pattern];
        for _ in 0..MAX_VARIANTS {
            let Some(next) = pending.pop() else { break };
            let path = match next {
                syn::Pat::TupleStruct(t) => {
                    pending.extend(t.elems.iter().rev());
                    &t.path
                }
                syn::Pat::Struct(s) => {
                    pending.extend(s.fields.iter().rev().map(|f| &*f.pat));
                    &s.path
                }
                syn::Pat::Path(p) => &p.path,
                syn::Pat::Or(o) => {
                    pending.extend(o.cases.iter().rev());
                    continue;
                }
                syn::Pat::Tuple(t) => {
                    pending.extend(t.elems.iter().rev());
                    continue;
                }
                syn::Pat::Reference(r) => {
                    pending.push(&r.pat);
                    continue;
                }
                syn::Pat::Paren(p) => {
                    pending.push(&p.pat);
                    continue;
                }
                _ => continue,
            };
            let of_type = path.segments.iter().rev().nth(1).is_some_and(|s| s.ident.to_string().starts_with(char::is_uppercase));
            if of_type {
                found.push(self.path(path));
            }
        }
        found
    }

    fn pattern_value(&mut self, pattern: &syn::Pat, span: Span) -> ExprId {
        match pattern {
            syn::Pat::Lit(l) => self.literal(&l.lit),
            syn::Pat::Path(p) => self.path(&p.path),
            _ => self.unknown(span),
        }
    }
}

/// Whether a pattern asks only for presence (`Some(x)`, `Ok(Some(x))`) or absence (`None`, `Err(e)`, `Ok(None)`).
pub(super) fn presence(pattern: &syn::Pat) -> Option<bool> {
    let name = match pattern {
        syn::Pat::TupleStruct(t) if t.elems.iter().all(irrefutable) => t.path.get_ident()?.to_string(),
        // It went well, and what it gave is there or not.
        syn::Pat::TupleStruct(t) if t.elems.len() == 1 && t.path.get_ident().is_some_and(|i| i == "Ok" || i == "Some") => {
            return presence(t.elems.first()?);
        }
        syn::Pat::Ident(p) if p.subpat.is_none() => p.ident.to_string(),
        syn::Pat::Path(p) => p.path.get_ident()?.to_string(),
        syn::Pat::Paren(p) => return presence(&p.pat),
        syn::Pat::Reference(r) => return presence(&r.pat),
        _ => return None,
    };
    match name.as_str() {
        "Some" | "Ok" => Some(true),
        "None" | "Err" => Some(false),
        _ => None,
    }
}

fn irrefutable(pattern: &syn::Pat) -> bool {
    match pattern {
        syn::Pat::Ident(p) => p.subpat.is_none() && !is_constant(&p.ident),
        syn::Pat::Wild(_) | syn::Pat::Rest(_) => true,
        syn::Pat::Tuple(t) => t.elems.iter().all(irrefutable),
        syn::Pat::Reference(r) => irrefutable(&r.pat),
        syn::Pat::Type(t) => irrefutable(&t.pat),
        _ => false,
    }
}

/// `None`, `MAX`: a name that is no variable.
fn is_constant(name: &syn::Ident) -> bool {
    let name = name.to_string();
    name.starts_with(|c: char| c.is_uppercase())
}
