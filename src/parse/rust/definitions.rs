//! Macros of the project that work like functions: one rule whose pieces are values, put into a body as they are.
//!
//! `macro_rules! spawn { ($work:expr) => { tokio::spawn($work) } }` is read as a function `spawn!` of `work`. The first rule
//! that has this form counts; what repeats its pieces, or takes types, is left out.

use super::items;
use super::lower::{Lowering, Scope, Sink, plain_param};
use crate::facts::{ExprKind, Param, StmtKind};
use crate::source::Span;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// Kinds of pieces that are values.
const VALUES: [&str; 4] = ["expr", "block", "ident", "literal"];
/// How a value is declared that may be code: whoever awaits or calls it runs it.
const CODE: &str = "Future";

/// A rule of a macro: the names of its pieces, and what it puts in their place.
struct Definition {
    pieces: Vec<Ident>,
    body: TokenStream,
}

impl Lowering<'_> {
    /// `macro_rules! name { … }`: a function `name!`, where it works like one.
    pub(super) fn macro_definition(&mut self, tokens: &[TokenTree], span: Span) {
        let at = tokens.iter().position(|t| matches!(t, TokenTree::Ident(w) if *w == "macro_rules"));
        let Some([TokenTree::Punct(_), TokenTree::Ident(name), TokenTree::Group(rules), ..]) = at.map(|at| &tokens[at + 1..]) else {
            return;
        };
        let Some(definition) = function_like(rules.stream()) else { return };
        let whole: TokenStream = std::iter::once(TokenTree::Group(Group::new(Delimiter::Brace, definition.body))).collect();
        if items::too_complex(&whole.clone().into_iter().collect::<Vec<_>>()).is_some() {
            return;
        }
        let Ok(body) = syn::parse2::<syn::Block>(whole) else { return };
        let name_span = self.span(name.span());
        let called = format!("{name}!");
        let id = self.declare_function(&called, span, name_span);
        self.emit(StmtKind::Define(id), span);
        let scope = Scope { function: id, class: None, name: called.as_str().into() };
        let mut params: Vec<Param> = Vec::new();
        let block = self.inside(scope, |this| {
            for piece in &definition.pieces {
                let at = this.span(piece.span());
                let code = this.push_expr(ExprKind::Name(CODE.into()), at);
                params.push(plain_param(piece.to_string().as_str().into(), Some(code), at));
            }
            this.block_into(&body, &Sink::Return);
        });
        let function = &mut self.facts.functions[id.index()];
        function.params = params;
        function.body = block;
    }
}

/// The first rule that works like a function.
fn function_like(rules: TokenStream) -> Option<Definition> {
    let trees: Vec<TokenTree> = rules.into_iter().collect();
    let mut rules = trees.split(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ';'));
    rules.find_map(|rule| {
        let [TokenTree::Group(matcher), TokenTree::Punct(_), TokenTree::Punct(_), TokenTree::Group(body)] = rule else { return None };
        let pieces = pieces(matcher.stream())?;
        let body = filled(body.stream(), &pieces)?;
        (!pieces.is_empty()).then_some(Definition { pieces, body })
    })
}

/// The pieces of a matcher that has nothing but values: `$a:expr, $b:expr $(,)?`.
fn pieces(matcher: TokenStream) -> Option<Vec<Ident>> {
    let trees: Vec<TokenTree> = matcher.into_iter().collect();
    let mut rest = trees.as_slice();
    let mut pieces = Vec::new();
    loop {
        rest = match rest {
            [] => return Some(pieces),
            // A comma that may stand at the end.
            [TokenTree::Punct(dollar), TokenTree::Group(group), TokenTree::Punct(_)] if dollar.as_char() == '$' => {
                let comma = group.stream().into_iter().all(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ','));
                return comma.then_some(pieces);
            }
            [TokenTree::Punct(dollar), TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Ident(kind), after @ ..]
                if dollar.as_char() == '$' && VALUES.iter().any(|v| kind == v) =>
            {
                pieces.push(name.clone());
                match after {
                    [TokenTree::Punct(p), more @ ..] if p.as_char() == ',' => more,
                    more => more,
                }
            }
            _ => return None,
        };
    }
}

/// A body with names in place of its pieces; `None` where it repeats any.
fn filled(body: TokenStream, pieces: &[Ident]) -> Option<TokenStream> {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut trees = body.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Punct(p) if p.as_char() == '$' => match trees.next()? {
                TokenTree::Ident(name) if name == "crate" || pieces.contains(&name) => out.push(TokenTree::Ident(name)),
                _ => return None,
            },
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), filled(group.stream(), pieces)?);
                inner.set_span(group.span());
                out.push(TokenTree::Group(inner));
            }
            other => out.push(other),
        }
    }
    Some(out.into_iter().collect())
}
