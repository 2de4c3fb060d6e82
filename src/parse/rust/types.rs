//! Types as annotations: references and markers are left out, a type parameter is what bounds it.

use super::lower::{Lowering, ident};
use crate::facts::{ExprId, ExprKind, Name};
use crate::source::Span;
use rustc_hash::FxHashMap;

/// Traits that say nothing about what a value does.
const MARKERS: [&str; 14] =
    ["Send", "Sync", "Sized", "Unpin", "Clone", "Copy", "Debug", "Default", "Display", "Eq", "PartialEq", "Hash", "Ord", "PartialOrd"];

impl Lowering<'_> {
    /// A type as an annotation; `None` where it says nothing.
    pub fn ty(&mut self, ty: &syn::Type) -> Option<ExprId> {
        if self.depth >= super::lower::MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let found = self.ty_below(ty);
        self.depth -= 1;
        found
    }

    fn ty_below(&mut self, ty: &syn::Type) -> Option<ExprId> {
        match ty {
            syn::Type::Path(p) if p.qself.is_none() => self.type_path(&p.path),
            syn::Type::Reference(r) => self.ty(&r.elem),
            syn::Type::Paren(p) => self.ty(&p.elem),
            syn::Type::Group(g) => self.ty(&g.elem),
            syn::Type::Ptr(p) => self.ty(&p.elem),
            syn::Type::TraitObject(t) => self.bounds(t.bounds.iter()),
            syn::Type::ImplTrait(t) => self.bounds(t.bounds.iter()),
            syn::Type::Slice(s) => self.sequence(&s.elem),
            syn::Type::Array(a) => self.sequence(&a.elem),
            syn::Type::Tuple(t) => {
                let items: Vec<ExprId> = t.elems.iter().map(|e| self.ty(e).unwrap_or_else(|| self.unknown(Span::default()))).collect();
                if items.is_empty() {
                    return None;
                }
                Some(self.push_expr(ExprKind::List(items), Span::default()))
            }
            _ => None,
        }
    }

    fn sequence(&mut self, element: &syn::Type) -> Option<ExprId> {
        let index = self.ty(element)?;
        let span = self.facts.expr(index).span;
        let base = self.push_expr(ExprKind::Name("Vec".into()), span);
        Some(self.push_expr(ExprKind::Index { base, index }, span))
    }

    fn type_path(&mut self, path: &syn::Path) -> Option<ExprId> {
        if let Some(name) = path.get_ident()
            && let Some(bound) = self.generics.get(&ident(name))
        {
            return *bound;
        }
        let base = self.path(path);
        let last = path.segments.last()?;
        let syn::PathArguments::AngleBracketed(generic) = &last.arguments else { return Some(base) };
        let mut arguments = Vec::new();
        for argument in &generic.args {
            match argument {
                syn::GenericArgument::Type(ty) => {
                    let span = self.facts.expr(base).span;
                    let lowered = self.ty(ty).unwrap_or_else(|| self.unknown(span));
                    arguments.push(lowered);
                }
                syn::GenericArgument::AssocType(a) => arguments.extend(self.ty(&a.ty)),
                _ => {}
            }
        }
        let span = self.facts.expr(base).span;
        let index = match arguments.as_slice() {
            [] => return Some(base),
            [one] => *one,
            _ => self.push_expr(ExprKind::List(arguments), span),
        };
        Some(self.push_expr(ExprKind::Index { base, index }, span))
    }

    fn bounds<'b>(&mut self, bounds: impl Iterator<Item = &'b syn::TypeParamBound>) -> Option<ExprId> {
        let mut bounds = bounds;
        bounds.find_map(|b| self.bound(b))
    }

    /// The trait of a bound; `Future<Output = T>` is written as `Future<T>`.
    pub fn bound(&mut self, bound: &syn::TypeParamBound) -> Option<ExprId> {
        let syn::TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last()?;
        if MARKERS.iter().any(|m| last.ident == m) {
            return None;
        }
        match &last.arguments {
            syn::PathArguments::AngleBracketed(generic) => {
                let output = generic.args.iter().find_map(|a| match a {
                    syn::GenericArgument::AssocType(a) if a.ident == "Output" => Some(&a.ty),
                    _ => None,
                });
                let Some(output) = output else { return self.type_path(&bound.path) };
                let base = self.path(&bound.path);
                match self.ty(output) {
                    Some(index) => {
                        let span = self.facts.expr(base).span;
                        Some(self.push_expr(ExprKind::Index { base, index }, span))
                    }
                    None => Some(base),
                }
            }
            // A closure: `Fn(A, B) -> C` is written as `Fn<[A, B]>`.
            syn::PathArguments::Parenthesized(given) => {
                let base = self.path(&bound.path);
                let span = self.facts.expr(base).span;
                let inputs: Vec<ExprId> = given.inputs.iter().map(|ty| self.ty(ty).unwrap_or_else(|| self.unknown(span))).collect();
                if inputs.is_empty() {
                    return Some(base);
                }
                let index = self.push_expr(ExprKind::List(inputs), span);
                Some(self.push_expr(ExprKind::Index { base, index }, span))
            }
            syn::PathArguments::None => Some(self.path(&bound.path)),
        }
    }

    /// Bring type parameters into scope; what was in scope before.
    pub fn bind_generics(&mut self, generics: &syn::Generics) -> FxHashMap<Name, Option<ExprId>> {
        let outer = self.generics.clone();
        for parameter in generics.type_params() {
            let bound = self.bounds(parameter.bounds.iter());
            self.generics.insert(ident(&parameter.ident), bound);
        }
        for predicate in generics.where_clause.iter().flat_map(|w| &w.predicates) {
            if let syn::WherePredicate::Type(t) = predicate
                && let syn::Type::Path(p) = &t.bounded_ty
                && let Some(name) = p.path.get_ident()
                && self.generics.get(&ident(name)).is_some_and(Option::is_none)
            {
                let bound = self.bounds(t.bounds.iter());
                self.generics.insert(ident(name), bound);
            }
        }
        outer
    }

    /// A path as names joined by dots; `self::` is left out.
    pub fn path(&mut self, path: &syn::Path) -> ExprId {
        let mut found: Option<ExprId> = None;
        let count = path.segments.len();
        for (index, segment) in path.segments.iter().enumerate() {
            if index == 0 && count > 1 && segment.ident == "self" {
                continue;
            }
            let name = ident(&segment.ident);
            let at = self.span(segment.ident.span());
            found = Some(match found {
                None => self.push_expr(ExprKind::Name(name), at),
                Some(base) => {
                    let span = Span::new(self.facts.expr(base).span.start, at.end);
                    self.push_expr(ExprKind::Attr { base, name }, span)
                }
            });
        }
        found.unwrap_or_else(|| self.unknown(Span::default()))
    }
}
