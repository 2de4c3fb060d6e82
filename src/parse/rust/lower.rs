//! The state of lowering one file, and what items become: functions, types with their methods, constants, imports.

use super::{comments, items};
use crate::facts::*;
use crate::source::{Language, Span};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use rustc_hash::FxHashMap;
use std::str::FromStr;

/// How deep expressions and blocks are lowered; what is deeper becomes unknown.
pub(super) const MAX_DEPTH: u16 = 150;
/// How deep inline modules are read.
const MAX_MODULES: u8 = 20;
/// How many names one `use` may import.
const MAX_USE: usize = 500;

/// What the code being lowered stands in.
#[derive(Clone)]
pub(super) struct Scope {
    pub function: FunctionId,
    pub class: Option<ClassId>,
    pub name: Name,
}

/// Where the value of an expression goes.
#[derive(Clone)]
pub(super) enum Sink {
    /// Nowhere.
    Drop,
    /// It is what the function returns.
    Return,
    /// A variable.
    Into(Name),
}

/// The state of lowering one file.
pub(super) struct Lowering<'t> {
    text: &'t str,
    /// Where the lexed text starts in the file.
    offset: u32,
    pub facts: FileFacts,
    pub scope: Scope,
    /// The statements being collected.
    pub out: Block,
    pub depth: u16,
    temporaries: u32,
    /// Type parameters in scope, by what bounds them.
    pub generics: FxHashMap<Name, Option<ExprId>>,
    /// Types of this file by scope and name, so that their impls join them.
    types: FxHashMap<(FunctionId, Name), ClassId>,
    /// Labels and variables of the loops around, for `break value`.
    pub loops: Vec<Option<Name>>,
}

/// Lower a file.
pub(super) fn file(text: &str) -> FileFacts {
    let mut facts = FileFacts::empty(Language::Rust);
    facts.comments = comments::comments(text);
    let scope = Scope { function: MODULE, class: None, name: Name::default() };
    let mut lowering = Lowering {
        text,
        offset: 0,
        facts,
        scope,
        out: Vec::new(),
        depth: 0,
        temporaries: 0,
        generics: FxHashMap::default(),
        types: FxHashMap::default(),
        loops: Vec::new(),
    };
    lowering.whole();
    let end = text.len() as u32;
    let body = std::mem::take(&mut lowering.out);
    if let Some(module) = lowering.facts.functions.first_mut() {
        module.body = body;
        module.span = Span::new(0, end);
    }
    lowering.facts.problems.sort_by_key(|p| p.span);
    lowering.facts
}

impl Lowering<'_> {
    fn whole(&mut self) {
        // A first line `#!/usr/bin/env …` is no Rust; `#![…]` is.
        let start = match self.text.strip_prefix("#!") {
            Some(rest) if !rest.trim_start().starts_with('[') => self.text.find('\n').unwrap_or(self.text.len()),
            _ => 0,
        };
        let text = &self.text[start..];
        self.offset = start as u32;
        match TokenStream::from_str(text) {
            Ok(stream) => self.items(items::split(stream), 0),
            Err(_) => {
                // A bracket or quote that does not close: read what stands between lines that start an item.
                for (from, to) in chunks(text) {
                    self.offset = (start + from) as u32;
                    match TokenStream::from_str(&text[from..to]) {
                        Ok(stream) => self.items(items::split(stream), 0),
                        Err(error) => {
                            let at = self.span(error.span());
                            let whole = Span::new(self.offset, (start + to) as u32);
                            self.problem(if whole.contains(at) { at } else { whole }, "syntax error");
                        }
                    }
                }
            }
        }
    }

    fn items(&mut self, raw: Vec<items::RawItem>, modules: u8) {
        for item in raw.into_iter().filter(|i| !i.test) {
            let (Some(first), Some(last)) = (item.tokens.first(), item.tokens.last()) else { continue };
            let span = Span::new(self.span(first.span()).start, self.span(last.span()).end);
            if item.keyword == "mod" {
                self.inline_module(item, span, modules);
                continue;
            }
            if item.keyword == "extern" {
                continue;
            }
            if item.keyword == "macro_rules" {
                self.macro_definition(&item.tokens, span);
                continue;
            }
            if let Some(why) = items::too_complex(&item.tokens) {
                self.problem(span, &format!("{why} in {}", title(&item)));
                continue;
            }
            let what = title(&item);
            match syn::parse2::<syn::Item>(item.tokens.into_iter().collect()) {
                Ok(parsed) => self.item(&parsed, span),
                Err(error) => {
                    let at = self.span(error.span());
                    let place = if span.contains(at) { at } else { span };
                    self.problem(place, &format!("syntax error in {what}"));
                }
            }
        }
    }

    /// `mod name { … }`: a function that nobody calls, whose scope is the module's.
    fn inline_module(&mut self, item: items::RawItem, span: Span, modules: u8) {
        let name = item.tokens.iter().skip_while(|t| !matches!(t, TokenTree::Ident(w) if *w == "mod")).nth(1);
        let Some(TokenTree::Ident(name)) = name else { return };
        let Some(TokenTree::Group(body)) = item.tokens.last() else { return };
        if body.delimiter() != Delimiter::Brace {
            return;
        }
        if modules >= MAX_MODULES {
            self.problem(span, "nested too deep");
            return;
        }
        let name_span = self.span(name.span());
        let id = self.declare_function(&name.to_string(), span, name_span);
        self.facts.functions[id.index()].is_namespace = true;
        let stmt = self.push_stmt(StmtKind::Define(id), span);
        self.out.push(stmt);
        let raw = items::split(body.stream());
        let block = self.inside(Scope { function: id, class: None, name: self.qualified(&name.to_string()) }, |this| {
            this.items(raw, modules + 1);
        });
        self.facts.functions[id.index()].body = block;
    }

    /// Lower what `body` does in another scope; the statements it collects.
    pub fn inside(&mut self, scope: Scope, body: impl FnOnce(&mut Self)) -> Block {
        let before = std::mem::replace(&mut self.scope, scope);
        let out = std::mem::take(&mut self.out);
        body(self);
        self.scope = before;
        std::mem::replace(&mut self.out, out)
    }

    /// Collect the statements of a nested block.
    pub fn nested(&mut self, body: impl FnOnce(&mut Self)) -> Block {
        let out = std::mem::take(&mut self.out);
        body(self);
        std::mem::replace(&mut self.out, out)
    }

    /// One item, at the top of a file or in a function.
    pub fn item(&mut self, item: &syn::Item, span: Span) {
        match item {
            syn::Item::Fn(f) if !is_test(&f.attrs) => {
                let id = self.function(&f.sig, Some(&f.block), &f.attrs, span);
                self.emit(StmtKind::Define(id), span);
            }
            syn::Item::Struct(s) => self.structure(&s.ident, &s.generics, &s.fields, &s.attrs, span),
            syn::Item::Enum(e) => self.enumeration(e, span),
            syn::Item::Trait(t) => self.interface(t, span),
            syn::Item::Impl(i) if !is_test(&i.attrs) => self.implementation(i, span),
            syn::Item::Const(c) => self.constant(&c.ident, &c.ty, &c.expr, span),
            syn::Item::Static(s) => self.constant(&s.ident, &s.ty, &s.expr, span),
            syn::Item::Type(t) => {
                let annotation = self.ty(&t.ty);
                self.annotated(&t.ident, annotation, None, span);
            }
            syn::Item::Use(u) => {
                let mut path = Vec::new();
                self.uses(&u.tree, &mut path, span);
            }
            syn::Item::Macro(m) => self.item_macro(&m.mac, span),
            syn::Item::Mod(m) if !is_test(&m.attrs) => {
                for item in m.content.iter().flat_map(|c| &c.1) {
                    self.item(item, span);
                }
            }
            _ => {}
        }
    }

    pub fn constant(&mut self, name: &syn::Ident, ty: &syn::Type, value: &syn::Expr, span: Span) {
        let annotation = self.ty(ty);
        let value = self.expr(value);
        self.annotated(name, annotation, Some(value), span);
    }

    /// A name of which only the type is told.
    pub fn declared(&mut self, name: &syn::Ident, ty: &syn::Type, span: Span) {
        let annotation = self.ty(ty);
        self.annotated(name, annotation, None, span);
    }

    fn annotated(&mut self, name: &syn::Ident, annotation: Option<ExprId>, value: Option<ExprId>, span: Span) {
        let at = self.span(name.span());
        let target = self.push_expr(ExprKind::Name(ident(name)), at);
        self.emit(StmtKind::Assign { targets: vec![target], value, annotation }, span);
    }

    /// A struct: its fields are annotated names of the class.
    fn structure(&mut self, name: &syn::Ident, generics: &syn::Generics, fields: &syn::Fields, attrs: &[syn::Attribute], span: Span) {
        let id = self.class(name, attrs, span);
        let outer = self.bind_generics(generics);
        let body = self.inside(self.class_scope(id), |this| {
            for (index, field) in fields.iter().enumerate() {
                let annotation = this.ty(&field.ty);
                let (name, at) = match &field.ident {
                    Some(name) => (ident(name), this.span(name.span())),
                    None => (index.to_string().into(), span),
                };
                let target = this.push_expr(ExprKind::Name(name), at);
                let unknown = annotation.unwrap_or_else(|| this.unknown(at));
                this.emit(StmtKind::Assign { targets: vec![target], value: None, annotation: Some(unknown) }, at);
            }
        });
        self.generics = outer;
        self.facts.classes[id.index()].body = body;
    }

    fn enumeration(&mut self, e: &syn::ItemEnum, span: Span) {
        let id = self.class(&e.ident, &e.attrs, span);
        let mut variants = Vec::new();
        for variant in &e.variants {
            let decorators = self.attributes(&variant.attrs);
            let name_span = self.span(variant.ident.span());
            variants.push(Variant { name: ident(&variant.ident), decorators, name_span });
        }
        self.facts.classes[id.index()].variants = variants;
    }

    /// A type that a macro declares: the macro is its base.
    pub fn made_class(&mut self, name: &syn::Ident, base: ExprId, fields: &[(syn::Ident, syn::Type)], span: Span) {
        let id = self.class(name, &[], span);
        let body = self.inside(self.class_scope(id), |this| {
            for (name, ty) in fields {
                this.declared(name, ty, span);
            }
        });
        let class = &mut self.facts.classes[id.index()];
        class.bases.push(base);
        class.body = body;
    }

    fn class_scope(&self, id: ClassId) -> Scope {
        let class = &self.facts.classes[id.index()];
        Scope { function: self.scope.function, class: Some(id), name: class.qualified.clone() }
    }

    /// Declare a type; its impls in this file join it.
    fn class(&mut self, name: &syn::Ident, attrs: &[syn::Attribute], span: Span) -> ClassId {
        let decorators = self.attributes(attrs);
        let key = (self.scope.function, ident(name));
        let name_span = self.span(name.span());
        let id = match self.types.get(&key).copied() {
            // Its impl stood before it.
            Some(id) => id,
            None => self.push_class(&ident(name), span, name_span),
        };
        let class = &mut self.facts.classes[id.index()];
        class.decorators = decorators;
        class.span = span;
        class.name_span = name_span;
        self.types.insert(key, id);
        self.emit(StmtKind::DefineClass(id), span);
        id
    }

    fn push_class(&mut self, name: &str, span: Span, name_span: Span) -> ClassId {
        let id = ClassId(self.facts.classes.len() as u32);
        self.facts.classes.push(Class {
            name: name.into(),
            qualified: self.qualified(name),
            bases: Vec::new(),
            keywords: Vec::new(),
            decorators: Vec::new(),
            body: Vec::new(),
            methods: Vec::new(),
            span,
            name_span,
            parent: self.scope.function,
            outer: self.scope.class,
            variants: Vec::new(),
        });
        id
    }

    /// A trait: a class whose methods may have no body.
    fn interface(&mut self, t: &syn::ItemTrait, span: Span) {
        let id = self.class(&t.ident, &t.attrs, span);
        let outer = self.bind_generics(&t.generics);
        let bases: Vec<ExprId> = t.supertraits.iter().filter_map(|b| self.bound(b)).collect();
        self.facts.classes[id.index()].bases.extend(bases);
        let mut methods = Vec::new();
        let body = self.inside(self.class_scope(id), |this| {
            for item in &t.items {
                if let syn::TraitItem::Fn(f) = item {
                    let at = this.span(f.sig.ident.span());
                    let span = f.default.as_ref().map_or(at, |b| Span::new(at.start, this.span(b.brace_token.span.close()).end));
                    let method = this.function(&f.sig, f.default.as_ref(), &f.attrs, span);
                    methods.push(method);
                }
            }
        });
        self.generics = outer;
        let class = &mut self.facts.classes[id.index()];
        class.body.extend(body);
        class.methods.extend(methods);
    }

    /// An impl: its methods join the type where this file has it, else a class of their own says for which type they are.
    fn implementation(&mut self, i: &syn::ItemImpl, span: Span) {
        let outer = self.bind_generics(&i.generics);
        let named = match &*i.self_ty {
            syn::Type::Path(p) if p.qself.is_none() => p
                .path
                .get_ident()
                .map(ident)
                .or_else(|| p.path.segments.last().filter(|_| p.path.segments.len() == 1).map(|s| ident(&s.ident))),
            _ => None,
        };
        let known = named.as_ref().and_then(|n| self.types.get(&(self.scope.function, n.clone()))).copied();
        let decorators = self.attributes(&i.attrs);
        let at = self.span(i.impl_token.span);
        let id = known.unwrap_or_else(|| {
            let ty = self.ty(&i.self_ty);
            let name = format!("impl {}", named.as_deref().unwrap_or("_"));
            let id = self.push_class(&name, span, at);
            if let Some(named) = &named {
                self.facts.classes[id.index()].qualified = self.qualified(named);
            }
            if let Some(ty) = ty {
                self.facts.classes[id.index()].keywords.push(("for".into(), ty));
            }
            self.emit(StmtKind::DefineClass(id), span);
            id
        });
        if let Some((_, path, _)) = &i.trait_ {
            let base = self.path(path);
            self.facts.classes[id.index()].bases.push(base);
        }
        self.facts.classes[id.index()].decorators.extend(decorators);
        let mut methods = Vec::new();
        let body = self.inside(self.class_scope(id), |this| {
            for item in &i.items {
                match item {
                    syn::ImplItem::Fn(f) if !is_test(&f.attrs) => {
                        let start = this.span(f.sig.fn_token.span).start;
                        let span = Span::new(start, this.span(f.block.brace_token.span.close()).end);
                        let method = this.function(&f.sig, Some(&f.block), &f.attrs, span);
                        methods.push(method);
                    }
                    syn::ImplItem::Const(c) => {
                        let at = this.span(c.ident.span());
                        this.constant(&c.ident, &c.ty, &c.expr, at);
                    }
                    _ => {}
                }
            }
        });
        self.generics = outer;
        let class = &mut self.facts.classes[id.index()];
        class.body.extend(body);
        class.methods.extend(methods);
    }

    /// A function or method with its body.
    pub fn function(&mut self, sig: &syn::Signature, body: Option<&syn::Block>, attrs: &[syn::Attribute], span: Span) -> FunctionId {
        let name_span = self.span(sig.ident.span());
        let name = ident(&sig.ident);
        let decorators = self.attributes(attrs);
        let id = self.declare_function(&name, span, name_span);
        let outer = self.bind_generics(&sig.generics);
        let returns = match &sig.output {
            syn::ReturnType::Type(_, ty) => self.ty(ty),
            syn::ReturnType::Default => None,
        };
        let doc = self.documentation(attrs);
        let scope = Scope { function: id, class: None, name: self.qualified(&name) };
        let mut params = Vec::new();
        let loops = std::mem::take(&mut self.loops);
        let block = self.inside(scope, |this| {
            for input in &sig.inputs {
                match input {
                    syn::FnArg::Receiver(r) => {
                        let span = this.span(r.self_token.span);
                        params.push(plain_param("self".into(), None, span));
                    }
                    syn::FnArg::Typed(t) => {
                        let annotation = this.ty(&t.ty);
                        params.push(this.param(&t.pat, annotation));
                    }
                }
            }
            if let Some(body) = body {
                this.block_into(body, &Sink::Return);
            }
        });
        self.loops = loops;
        self.generics = outer;
        let function = &mut self.facts.functions[id.index()];
        function.params = params;
        function.decorators = decorators;
        function.returns = returns;
        function.body = block;
        function.is_async = sig.asyncness.is_some();
        function.changes_receiver = sig.receiver().is_some_and(|r| r.reference.is_some() && r.mutability.is_some());
        function.doc = doc;
        id
    }

    /// A parameter; one that is a pattern is taken apart at the start of the body.
    pub fn param(&mut self, pattern: &syn::Pat, annotation: Option<ExprId>) -> Param {
        match self.simple_name(pattern) {
            Some((name, span)) => plain_param(name, annotation, span),
            None => {
                let name = self.temporary();
                let span = self.scope_span();
                let value = self.push_expr(ExprKind::Name(name.clone()), span);
                self.bind(pattern, value);
                plain_param(name, annotation, span)
            }
        }
    }

    fn scope_span(&self) -> Span {
        self.facts.functions[self.scope.function.index()].name_span
    }

    /// Add a function whose body follows.
    pub fn declare_function(&mut self, name: &str, span: Span, name_span: Span) -> FunctionId {
        let id = FunctionId(self.facts.functions.len() as u32);
        self.facts.functions.push(Function {
            name: name.into(),
            qualified: self.qualified(name),
            params: Vec::new(),
            decorators: Vec::new(),
            returns: None,
            body: Vec::new(),
            span,
            name_span,
            parent: Some(self.scope.function),
            class: self.scope.class,
            is_async: false,
            is_generator: false,
            changes_receiver: false,
            is_namespace: false,
            doc: None,
        });
        id
    }

    fn qualified(&self, name: &str) -> Name {
        if self.scope.name.is_empty() { name.into() } else { format!("{}.{name}", self.scope.name).into() }
    }

    /// `use a::b::{c, d as e, f::*};`
    fn uses(&mut self, tree: &syn::UseTree, path: &mut Vec<String>, span: Span) {
        if self.facts.imports.len() > MAX_USE * 20 || path.len() > 40 {
            return;
        }
        match tree {
            syn::UseTree::Path(p) => {
                path.push(plain(&p.ident));
                self.uses(&p.tree, path, span);
                path.pop();
            }
            syn::UseTree::Name(n) => self.import(path, &plain(&n.ident), None, span),
            syn::UseTree::Rename(r) => self.import(path, &plain(&r.ident), Some(plain(&r.rename)), span),
            syn::UseTree::Glob(_) => self.push_import(path.join("."), Some("*".into()), "*".into(), span),
            syn::UseTree::Group(g) => {
                for tree in g.items.iter().take(MAX_USE) {
                    self.uses(tree, path, span);
                }
            }
        }
    }

    fn import(&mut self, path: &[String], name: &str, rename: Option<String>, span: Span) {
        let (path, name) = match (name, path.split_last()) {
            // `use a::b::{self}` is `use a::b`.
            ("self", Some((last, rest))) => (rest, last.as_str()),
            _ => (path, name),
        };
        let binds: Name = rename.as_deref().unwrap_or(name).into();
        if path.is_empty() {
            self.push_import(name.to_owned(), None, binds, span);
        } else {
            self.push_import(path.join("."), Some(name.into()), binds, span);
        }
    }

    fn push_import(&mut self, module: String, item: Option<Name>, binds: Name, span: Span) {
        let aliased = item.is_none();
        self.facts.imports.push(Import { module: module.into(), level: 0, item, binds, aliased, scope: self.scope.function, span });
        let index = self.facts.imports.len() as u32 - 1;
        self.emit(StmtKind::Import(index), span);
    }

    /// Attributes as decorators: `#[tool(name = "x")]` is a call.
    fn attributes(&mut self, attrs: &[syn::Attribute]) -> Vec<ExprId> {
        let mut found = Vec::new();
        for attribute in attrs {
            if attribute.path().is_ident("doc") || attribute.path().is_ident("cfg") || attribute.path().is_ident("allow") {
                continue;
            }
            let callee = self.path(attribute.path());
            let expr = match &attribute.meta {
                syn::Meta::List(list) => {
                    let args = self.macro_arguments(&list.tokens);
                    let span = self.facts.expr(callee).span;
                    self.push_expr(ExprKind::Call { callee, args }, span)
                }
                syn::Meta::NameValue(pair) => {
                    let value = self.expr(&pair.value);
                    let span = self.facts.expr(callee).span;
                    self.push_expr(ExprKind::Call { callee, args: vec![Arg { name: None, spread: 0, value }] }, span)
                }
                syn::Meta::Path(_) => callee,
            };
            found.push(expr);
        }
        found
    }

    /// Documentation comments as one text.
    fn documentation(&mut self, attrs: &[syn::Attribute]) -> Option<ExprId> {
        let mut text = String::new();
        let mut span = None;
        for attribute in attrs.iter().filter(|a| a.path().is_ident("doc")) {
            let syn::Meta::NameValue(pair) = &attribute.meta else { continue };
            let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. }) = &pair.value else { continue };
            text.push_str(&line.value());
            text.push('\n');
            span.get_or_insert(self.span(line.span()));
        }
        span.map(|span| self.push_expr(ExprKind::Str(text.trim().into()), span))
    }

    /// Add an expression.
    pub fn push_expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.facts.exprs.push(Expr { kind, span });
        ExprId(self.facts.exprs.len() as u32 - 1)
    }

    /// Add a statement.
    pub fn push_stmt(&mut self, kind: StmtKind, span: Span) -> StmtId {
        self.facts.stmts.push(Stmt { kind, span });
        StmtId(self.facts.stmts.len() as u32 - 1)
    }

    /// Add a statement to the block being collected.
    pub fn emit(&mut self, kind: StmtKind, span: Span) {
        let id = self.push_stmt(kind, span);
        self.out.push(id);
    }

    pub fn unknown(&mut self, span: Span) -> ExprId {
        self.push_expr(ExprKind::Unknown(Vec::new()), span)
    }

    /// A variable no program can name.
    pub fn temporary(&mut self) -> Name {
        self.temporaries += 1;
        format!("${}", self.temporaries).into()
    }

    /// A lexer's span as a place in the file.
    pub fn span(&self, span: proc_macro2::Span) -> Span {
        let range = span.byte_range();
        Span::new(range.start as u32 + self.offset, range.end as u32 + self.offset)
    }

    pub fn problem(&mut self, span: Span, what: &str) {
        self.facts.problems.push(Problem { span, what: what.to_owned() });
    }
}

pub(super) fn plain_param(name: Name, annotation: Option<ExprId>, span: Span) -> Param {
    Param { name, annotation, default: None, kind: ParamKind::Plain, span }
}

/// An identifier without `r#`.
pub(super) fn plain(ident: &syn::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

/// An identifier as a name.
pub(super) fn ident(ident: &syn::Ident) -> Name {
    plain(ident).into()
}

fn is_test(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| match &a.meta {
        syn::Meta::List(list) if a.path().is_ident("cfg") => list.tokens.to_string() == "test",
        _ => a.path().segments.last().is_some_and(|s| s.ident == "test"),
    })
}

/// What an item is called in a message: `fn save`.
fn title(item: &items::RawItem) -> String {
    let names = item.tokens.iter().filter_map(|t| match t {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    let name = names.skip_while(|w| *w != item.keyword).nth(1).filter(|n| n.len() < 80);
    name.map_or_else(|| item.keyword.clone(), |name| format!("{} {name}", item.keyword))
}

/// Pieces of a text that cannot be lexed as a whole: each starts with a line that could start an item.
fn chunks(text: &str) -> Vec<(usize, usize)> {
    let mut starts = vec![0];
    let mut at = 0;
    let mut ended = true;
    for line in text.split_inclusive('\n') {
        let starts_item = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '#');
        if ended && starts_item && at > 0 {
            starts.push(at);
        }
        let trimmed = line.trim_end();
        if !trimmed.is_empty() {
            ended = trimmed.ends_with(['}', ';']) || trimmed.starts_with("//");
        }
        at += line.len();
    }
    starts.push(text.len());
    starts.windows(2).map(|w| (w[0], w[1])).collect()
}
