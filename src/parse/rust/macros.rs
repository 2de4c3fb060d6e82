//! Macros that carry code, by the form in which code is written in them: format strings, lists, JSON, arms of a select,
//! early exits. Any other macro is a call whose arguments are read as far as they are expressions; its name keeps the `!`.

use super::format::{self, Piece};
use super::lower::{Lowering, Sink, plain};
use crate::facts::{Arg, CompareOp, ExprId, ExprKind, Name, StmtKind, TextPart};
use crate::source::Span;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;

/// Macros whose first argument is a format string and whose value is the text.
const FORMATS: [&str; 3] = ["format", "format_args", "concat"];
/// Macros that leave the function with an error.
const EXITS: [&str; 8] = ["bail", "panic", "unreachable", "todo", "unimplemented", "ensure", "anyhow_bail", "abort"];
/// Deepest nesting of a JSON value.
const MAX_JSON: u8 = 40;

impl Lowering<'_> {
    /// A macro whose branches end in a sink; `false` where it is a plain value.
    pub fn macro_into(&mut self, mac: &syn::Macro, sink: &Sink) -> bool {
        let name = mac.path.segments.last().map(|s| plain(&s.ident)).unwrap_or_default();
        name.starts_with("select") && self.select(mac, sink)
    }

    /// A macro as a value.
    pub fn macro_call(&mut self, mac: &syn::Macro) -> ExprId {
        let name = mac.path.segments.last().map(|s| plain(&s.ident)).unwrap_or_default();
        let start = mac.path.segments.first().map(|s| self.span(s.ident.span())).unwrap_or_default();
        let span = Span::new(start.start, self.span(delimiter_end(&mac.delimiter)).end);
        match name.as_str() {
            "select" | "select_biased" => {
                let name = self.temporary();
                if self.select(mac, &Sink::Into(name.clone())) {
                    return self.push_expr(ExprKind::Name(name), span);
                }
            }
            // Lists that a macro writes.
            "vec" | "params" | "array" | "smallvec" => {
                let args = self.macro_arguments(&mac.tokens);
                let items = args.into_iter().map(|a| a.value).collect();
                return self.push_expr(ExprKind::List(items), span);
            }
            "json" => return self.json(mac.tokens.clone(), span, 0),
            // `doc! { "key": value }`: the braces of the macro are those of the document.
            "doc" | "rawdoc" => {
                let whole = proc_macro2::Group::new(Delimiter::Brace, mac.tokens.clone());
                return self.json(std::iter::once(TokenTree::Group(whole)).collect(), span, 0);
            }
            "matches" => {
                let subject = leading(&mac.tokens).and_then(|t| parsed(t.0));
                let left = subject.map(|e| self.expr(&e)).unwrap_or_else(|| self.unknown(span));
                let right = self.unknown(span);
                return self.push_expr(ExprKind::Compare { left, rest: vec![(CompareOp::Eq, right)] }, span);
            }
            "assert" | "debug_assert" => {
                let args = self.macro_arguments(&mac.tokens);
                if let Some(first) = args.first() {
                    self.emit(StmtKind::Assert(first.value), span);
                }
                return self.push_expr(ExprKind::Null, span);
            }
            "write" | "writeln" => {
                let args = self.macro_arguments(&mac.tokens);
                if let Some((handle, rest)) = args.split_first() {
                    let text = self.formatted(rest, span);
                    let method = format!("{name}!");
                    let callee = self.push_expr(ExprKind::Attr { base: handle.value, name: method.into() }, span);
                    let arg = Arg { name: None, spread: 0, value: text };
                    return self.push_expr(ExprKind::Call { callee, args: vec![arg] }, span);
                }
            }
            _ if FORMATS.contains(&name.as_str()) => {
                let args = self.macro_arguments(&mac.tokens);
                return if name == "concat" { self.joined(args, span) } else { self.formatted(&args, span) };
            }
            _ if EXITS.contains(&name.as_str()) => return self.exit(&name, mac, span),
            _ => {}
        }
        let mut callee = self.path(&mac.path);
        if let ExprKind::Name(n) | ExprKind::Attr { name: n, .. } = &mut self.facts.exprs[callee.index()].kind {
            n.push('!');
        } else {
            callee = self.unknown(span);
        }
        let args = self.macro_arguments(&mac.tokens);
        self.push_expr(ExprKind::Call { callee, args }, span)
    }

    /// `bail!(…)` leaves; `ensure!(condition, …)` leaves where it does not hold.
    fn exit(&mut self, name: &str, mac: &syn::Macro, span: Span) -> ExprId {
        if name == "ensure" {
            let cond = leading(&mac.tokens).and_then(|t| parsed(t.0)).map(|e| self.expr(&e)).unwrap_or_else(|| self.unknown(span));
            let raise = self.push_stmt(StmtKind::Raise(None), span);
            self.emit(StmtKind::Branch { cond, then: Vec::new(), other: vec![raise] }, span);
        } else {
            self.emit(StmtKind::Raise(None), span);
        }
        self.push_expr(ExprKind::Null, span)
    }

    /// Comma-separated arguments; `name = value` gives a keyword, and what is no expression is left out.
    pub fn macro_arguments(&mut self, tokens: &TokenStream) -> Vec<Arg> {
        let whole = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated.parse2(tokens.clone());
        if let Ok(list) = whole {
            return list.iter().map(|e| self.macro_argument(e)).collect();
        }
        // `vec![x; n]`, `info!(id = %id, "…")`: piece by piece.
        let mut args = Vec::new();
        let mut rest = tokens.clone();
        while let Some((piece, after)) = leading(&rest) {
            if let Some(expr) = parsed(piece) {
                let arg = self.macro_argument(&expr);
                args.push(arg);
            }
            rest = after;
        }
        args
    }

    fn macro_argument(&mut self, expr: &syn::Expr) -> Arg {
        match expr {
            syn::Expr::Assign(a) => {
                let name = match &*a.left {
                    syn::Expr::Path(p) => p.path.segments.last().map(|s| plain(&s.ident).into()),
                    _ => None,
                };
                Arg { name, spread: 0, value: self.expr(&a.right) }
            }
            other => Arg { name: None, spread: 0, value: self.expr(other) },
        }
    }

    /// A format string with its arguments.
    fn formatted(&mut self, args: &[Arg], span: Span) -> ExprId {
        let Some(first) = args.first() else { return self.push_expr(ExprKind::Str(Name::default()), span) };
        let ExprKind::Str(text) = self.facts.expr(first.value).kind.clone() else { return first.value };
        let at = self.facts.expr(first.value).span;
        let mut parts = Vec::new();
        for piece in format::pieces(&text) {
            parts.push(match piece {
                Piece::Text(text) => TextPart::Lit(text.into()),
                Piece::Position(n) => {
                    let positional = args[1..].iter().filter(|a| a.name.is_none()).nth(n).map(|a| a.value);
                    TextPart::Hole(positional.unwrap_or_else(|| self.unknown(at)))
                }
                Piece::Named(name) => {
                    let given = args[1..].iter().find(|a| a.name.as_deref() == Some(name.as_str())).map(|a| a.value);
                    TextPart::Hole(given.unwrap_or_else(|| self.push_expr(ExprKind::Name(name.into()), at)))
                }
            });
        }
        match parts.as_slice() {
            [] => self.push_expr(ExprKind::Str(Name::default()), span),
            [TextPart::Lit(text)] => {
                let text = text.clone();
                self.push_expr(ExprKind::Str(text), span)
            }
            _ => self.push_expr(ExprKind::Text(parts), span),
        }
    }

    fn joined(&mut self, args: Vec<Arg>, span: Span) -> ExprId {
        let parts = args
            .into_iter()
            .map(|a| match &self.facts.expr(a.value).kind {
                ExprKind::Str(text) => TextPart::Lit(text.clone()),
                _ => TextPart::Hole(a.value),
            })
            .collect();
        self.push_expr(ExprKind::Text(parts), span)
    }

    /// `select! { pattern = future => body, … }`: one of several futures, then its body.
    fn select(&mut self, mac: &syn::Macro, sink: &Sink) -> bool {
        let start = mac.path.segments.first().map(|s| self.span(s.ident.span())).unwrap_or_default();
        let span = Span::new(start.start, self.span(delimiter_end(&mac.delimiter)).end);
        let arms = select_arms(mac.tokens.clone());
        if arms.is_empty() {
            return false;
        }
        let mut lowered = Vec::new();
        for arm in arms {
            let body = self.nested(|this| {
                if let Some(future) = arm.future {
                    let inner = this.expr(&future);
                    let at = this.facts.expr(inner).span;
                    let awaited = this.push_expr(ExprKind::Await(inner), at);
                    match arm.pattern {
                        Some(pattern) => {
                            let name = this.temporary();
                            let target = this.push_expr(ExprKind::Name(name.clone()), at);
                            this.emit(StmtKind::Assign { targets: vec![target], value: Some(awaited), annotation: None }, at);
                            let held = this.push_expr(ExprKind::Name(name), at);
                            this.bind(&pattern, held);
                        }
                        None => this.emit(StmtKind::Expr(awaited), at),
                    }
                }
                if let Some(body) = arm.body {
                    this.expr_into(&body, sink);
                }
            });
            lowered.push((None, body));
        }
        let subject = self.unknown(span);
        self.emit(StmtKind::Choose { subject, arms: lowered }, span);
        true
    }

    /// `json!({ "key": value })`.
    fn json(&mut self, tokens: TokenStream, span: Span, depth: u8) -> ExprId {
        let mut trees = tokens.clone().into_iter();
        let (first, more) = (trees.next(), trees.next().is_some());
        if let (Some(TokenTree::Group(group)), false) = (&first, more)
            && depth < MAX_JSON
        {
            let mut pieces = Vec::new();
            let mut rest = group.stream();
            while let Some((piece, after)) = leading(&rest) {
                pieces.push(piece);
                rest = after;
            }
            match group.delimiter() {
                Delimiter::Brace => {
                    let mut entries = Vec::new();
                    for piece in pieces {
                        let (key, value) = split_pair(piece);
                        let key = parsed(key).map(|e| self.expr(&e));
                        let value = self.json(value, span, depth + 1);
                        entries.push((Some(key.unwrap_or_else(|| self.unknown(span))), value));
                    }
                    return self.push_expr(ExprKind::Map(entries), span);
                }
                Delimiter::Bracket => {
                    let items = pieces.into_iter().map(|p| self.json(p, span, depth + 1)).collect();
                    return self.push_expr(ExprKind::List(items), span);
                }
                _ => {}
            }
        }
        match parsed(tokens) {
            Some(expr) => self.expr(&expr),
            None => self.unknown(span),
        }
    }

    /// A macro among items: one that declares a type, `lazy_static! { static ref NAME: Type = value; }`, `thread_local!`, and
    /// `task_local!`, whose values stand elsewhere.
    pub fn item_macro(&mut self, mac: &syn::Macro, span: Span) {
        let trees: Vec<TokenTree> = mac.tokens.clone().into_iter().collect();
        if let [before @ .., TokenTree::Group(fields)] = trees.as_slice()
            && fields.delimiter() == Delimiter::Brace
            && self.declaring_macro(mac, before, fields.stream(), span)
        {
            return;
        }
        for stmt in trees.split(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ';')) {
            let start = stmt.iter().position(|t| matches!(t, TokenTree::Ident(w) if *w == "static"));
            let Some(start) = start else { continue };
            let named = stmt[start..].iter().filter(|t| !matches!(t, TokenTree::Ident(w) if *w == "ref"));
            let named: Vec<TokenTree> = named.cloned().collect();
            let ended = |rest: &str| {
                let mut tokens: TokenStream = named.iter().cloned().collect();
                tokens.extend(rest.parse::<TokenStream>().unwrap_or_default());
                syn::parse2::<syn::ItemStatic>(tokens)
            };
            if let Ok(item) = ended(";") {
                self.constant(&item.ident, &item.ty, &item.expr, span);
            } else if let Ok(item) = ended("= ();") {
                self.declared(&item.ident, &item.ty, span);
            }
        }
    }
}

impl Lowering<'_> {
    /// `table! { orders (id) { id -> Integer, } }`: a type whose base is the macro, with what stands in the braces as fields.
    /// Whether it is one.
    fn declaring_macro(&mut self, mac: &syn::Macro, before: &[TokenTree], fields: TokenStream, span: Span) -> bool {
        let before = match before {
            [before @ .., TokenTree::Group(keys)] if keys.delimiter() == Delimiter::Parenthesis => before,
            before => before,
        };
        let (Some(TokenTree::Ident(name)), fields) = (before.last(), arrows(fields)) else { return false };
        if fields.is_empty() {
            return false;
        }
        let base = self.path(&mac.path);
        if let ExprKind::Name(n) | ExprKind::Attr { name: n, .. } = &mut self.facts.exprs[base.index()].kind {
            n.push('!');
        }
        self.made_class(name, base, &fields, span);
        true
    }
}

/// `name -> Type,` one after the other; what is no such pair is left out.
fn arrows(fields: TokenStream) -> Vec<(syn::Ident, syn::Type)> {
    let trees: Vec<TokenTree> = fields.into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at + 2 < trees.len() {
        let (TokenTree::Ident(name), true) = (&trees[at], is_pair(&trees, at + 1, '-', '>')) else {
            at += 1;
            continue;
        };
        let angle = |t: &TokenTree| match t {
            TokenTree::Punct(p) if p.as_char() == '<' => 1,
            TokenTree::Punct(p) if p.as_char() == '>' => -1,
            _ => 0,
        };
        let mut depth = 0;
        let end = (at + 3..trees.len()).find(|i| {
            depth += angle(&trees[*i]);
            depth == 0 && matches!(&trees[*i], TokenTree::Punct(p) if p.as_char() == ',')
        });
        let end = end.unwrap_or(trees.len());
        if let Ok(ty) = syn::parse2(trees[at + 3..end].iter().cloned().collect()) {
            found.push((name.clone(), ty));
        }
        at = end + 1;
    }
    found
}

fn delimiter_end(delimiter: &syn::MacroDelimiter) -> proc_macro2::Span {
    match delimiter {
        syn::MacroDelimiter::Paren(t) => t.span.close(),
        syn::MacroDelimiter::Brace(t) => t.span.close(),
        syn::MacroDelimiter::Bracket(t) => t.span.close(),
    }
}

/// The tokens up to the first comma or semicolon, and those after it.
fn leading(tokens: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let mut trees = tokens.clone().into_iter();
    let mut first = Vec::new();
    for tree in trees.by_ref() {
        if matches!(&tree, TokenTree::Punct(p) if matches!(p.as_char(), ',' | ';')) {
            return Some((first.into_iter().collect(), trees.collect()));
        }
        first.push(tree);
    }
    (!first.is_empty()).then(|| (first.into_iter().collect(), TokenStream::new()))
}

/// An expression, the marks of logging macros (`%id`, `?id`) left out.
fn parsed(tokens: TokenStream) -> Option<syn::Expr> {
    if let Ok(expr) = syn::parse2(tokens.clone()) {
        return Some(expr);
    }
    let marks = |t: &TokenTree| matches!(t, TokenTree::Punct(p) if matches!(p.as_char(), '%' | '?'));
    syn::parse2(tokens.into_iter().filter(|t| !marks(t)).collect()).ok()
}

/// `key: value` as its halves.
fn split_pair(tokens: TokenStream) -> (TokenStream, TokenStream) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let colon =
        trees.iter().position(|t| matches!(t, TokenTree::Punct(p) if p.as_char() == ':' && p.spacing() == proc_macro2::Spacing::Alone));
    match colon {
        Some(at) => (trees[..at].iter().cloned().collect(), trees[at + 1..].iter().cloned().collect()),
        None => (TokenStream::new(), trees.into_iter().collect()),
    }
}

/// One arm of a select.
struct Arm {
    pattern: Option<syn::Pat>,
    future: Option<syn::Expr>,
    body: Option<syn::Expr>,
}

fn select_arms(tokens: TokenStream) -> Vec<Arm> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut arms = Vec::new();
    let mut at = 0;
    // `biased;`
    if let Some(TokenTree::Punct(p)) = trees.get(1)
        && p.as_char() == ';'
    {
        at = 2;
    }
    while at < trees.len() {
        let Some(arrow) = (at..trees.len().saturating_sub(1)).find(|i| is_pair(&trees, *i, '=', '>')) else { break };
        let head = &trees[at..arrow];
        let equals = head.iter().enumerate().position(|(i, t)| {
            let plain = matches!(t, TokenTree::Punct(p) if p.as_char() == '=' && p.spacing() == proc_macro2::Spacing::Alone);
            let part = i > 0 && matches!(&head[i - 1], TokenTree::Punct(p) if p.spacing() == proc_macro2::Spacing::Joint && matches!(p.as_char(), '=' | '!' | '<' | '>' | '.'));
            plain && !part
        });
        let pattern = equals.and_then(|e| syn::Pat::parse_multi.parse2(head[..e].iter().cloned().collect()).ok());
        let future = head[equals.map_or(0, |e| e + 1)..].to_vec();
        // `future, if condition`
        let end = future
            .windows(2)
            .position(|w| matches!((&w[0], &w[1]), (TokenTree::Punct(p), TokenTree::Ident(i)) if p.as_char() == ',' && *i == "if"))
            .unwrap_or(future.len());
        let future = (equals.is_some()).then(|| syn::parse2(future[..end].iter().cloned().collect()).ok()).flatten();
        at = arrow + 2;
        let (body, next) = match trees.get(at) {
            Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Brace => {
                let comma = matches!(trees.get(at + 1), Some(TokenTree::Punct(p)) if p.as_char() == ',');
                (vec![trees[at].clone()], at + 1 + usize::from(comma))
            }
            _ => {
                let end =
                    (at..trees.len()).find(|i| matches!(&trees[*i], TokenTree::Punct(p) if p.as_char() == ',')).unwrap_or(trees.len());
                (trees[at..end].to_vec(), end + 1)
            }
        };
        at = next;
        let body = syn::parse2(body.into_iter().collect()).ok();
        arms.push(Arm { pattern, future, body });
    }
    arms
}

fn is_pair(trees: &[TokenTree], at: usize, first: char, second: char) -> bool {
    matches!((&trees[at], &trees[at + 1]), (TokenTree::Punct(a), TokenTree::Punct(b)) if a.as_char() == first && b.as_char() == second && a.spacing() == proc_macro2::Spacing::Joint)
}
