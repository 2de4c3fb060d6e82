//! Functions, classes, parameters and imports, and the scopes they open.

use super::grammar::{Field, Kind};
use super::walk::{Frame, Item, Lowering, Scope, Value};
use crate::facts::*;
use crate::source::Span;

/// Longest qualified name and longest module name, in bytes.
const MAX_REPEATED: usize = 1000;

impl Lowering<'_> {
    /// Note a function before its parts are walked, so that functions stand in source order.
    pub(super) fn declare_function(&mut self, span: Span, name_span: Span) -> u32 {
        let name = self.name(name_span);
        let scope = self.scope();
        let id = self.push_function(name, span, name_span, scope.class);
        if let Some(class) = scope.class.and_then(|c| self.facts.classes.get_mut(c.index())) {
            class.methods.push(id);
        }
        id.0
    }

    /// Note a lambda.
    pub(super) fn declare_lambda(&mut self, span: Span) -> u32 {
        self.push_function("<lambda>".into(), span, span, None).0
    }

    fn push_function(&mut self, name: Name, span: Span, name_span: Span, class: Option<ClassId>) -> FunctionId {
        let scope = self.scope();
        let id = FunctionId(self.facts.functions.len() as u32);
        self.facts.functions.push(Function {
            qualified: qualify(&scope.name, &name),
            name,
            params: Vec::new(),
            decorators: Vec::new(),
            returns: None,
            body: Vec::new(),
            span,
            name_span,
            parent: Some(scope.function),
            class,
            is_async: false,
            is_generator: false,
            changes_receiver: false,
            is_namespace: false,
            doc: None,
        });
        id
    }

    /// Note a class before its parts are walked.
    pub(super) fn declare_class(&mut self, span: Span, name_span: Span) -> u32 {
        let name = self.name(name_span);
        let scope = self.scope();
        self.facts.classes.push(Class {
            variants: Vec::new(),
            qualified: qualify(&scope.name, &name),
            name,
            bases: Vec::new(),
            keywords: Vec::new(),
            decorators: Vec::new(),
            body: Vec::new(),
            methods: Vec::new(),
            span,
            name_span,
            parent: scope.function,
            outer: scope.class,
        });
        self.facts.classes.len() as u32 - 1
    }

    /// Enter the body of a definition; `false` where the parent is none.
    pub(super) fn enter_scope(&mut self, parent: Kind, index: u32) -> bool {
        let scope = match parent {
            Kind::Function | Kind::Lambda => {
                let function = self.facts.functions.get(index as usize);
                let name = function.map(|f| f.qualified.clone()).unwrap_or_default();
                Scope { function: FunctionId(index), class: None, name }
            }
            Kind::Class => {
                let class = self.facts.classes.get(index as usize);
                let name = class.map(|c| c.qualified.clone()).unwrap_or_default();
                Scope { function: self.scope().function, class: Some(ClassId(index)), name }
            }
            _ => return false,
        };
        self.scopes.push(scope);
        true
    }

    /// The function whose documentation a block's leading string is. The block's own scope is already left.
    pub(super) fn documented_function(&self, parent: Kind) -> FunctionId {
        match parent {
            Kind::Function => FunctionId(self.parent_index()),
            _ => MODULE,
        }
    }

    /// Reduce a definition, parameter or import.
    pub(super) fn reduce_definition(&mut self, frame: &Frame, items: &mut [Item]) -> Value {
        let span = frame.span;
        match frame.kind {
            Kind::Function => self.function(frame, items),
            Kind::Lambda => self.lambda(frame, items),
            Kind::Class => self.class(frame, items),
            Kind::Decorated => self.decorated(items, span),
            Kind::Parameters | Kind::LambdaParameters => Value::Params(self.parameters(items)),
            Kind::TypedParameter | Kind::DefaultParameter | Kind::TypedDefaultParameter => {
                let annotation = self.maybe(items, Field::Type);
                let default = self.maybe(items, Field::Value);
                let mut params = self.parameters(items);
                params.truncate(1);
                if let Some(param) = params.first_mut() {
                    (param.annotation, param.default, param.span) = (annotation, default, span);
                }
                Value::Params(params)
            }
            Kind::ListSplatPattern | Kind::DictionarySplatPattern => {
                let name = items.iter().find(|i| i.kind == Kind::Identifier).map(|i| self.name(i.span)).unwrap_or_default();
                let kind = if frame.kind == Kind::ListSplatPattern { ParamKind::Rest } else { ParamKind::RestKeywords };
                Value::Params(vec![Param { name, annotation: None, default: None, kind, span }])
            }
            Kind::Import | Kind::ImportFrom | Kind::FutureImport => self.imports(frame, items),
            Kind::AliasedImport => {
                let module = items.iter().find(|i| i.field == Field::Name).map(|i| self.module_name(i.span));
                Value::Alias(module.unwrap_or_default(), self.field_name(items, Field::Alias))
            }
            Kind::RelativeImport => {
                let module = items.iter().find(|i| i.kind == Kind::DottedName);
                let dots_end = module.map_or(span.end, |m| m.span.start);
                let dots = self.slice(Span::new(span.start, dots_end)).bytes().filter(|b| *b == b'.').count();
                Value::Relative(dots.min(u8::MAX as usize) as u8, module.map(|m| self.module_name(m.span)).unwrap_or_default())
            }
            _ => Value::Nothing,
        }
    }

    fn function(&mut self, frame: &Frame, items: &mut [Item]) -> Value {
        let is_async = items.iter().any(|i| i.kind == Kind::Async);
        let returns = self.maybe(items, Field::ReturnType);
        let body = self.take_block(items);
        let params = take_params(items);
        if let Some(function) = self.facts.functions.get_mut(frame.index as usize) {
            (function.is_async, function.returns, function.body, function.params) = (is_async, returns, body, params);
        }
        Value::Stmt(self.push_stmt(StmtKind::Define(FunctionId(frame.index)), frame.span))
    }

    fn lambda(&mut self, frame: &Frame, items: &mut [Item]) -> Value {
        let value = self.maybe(items, Field::Body);
        let at = value.and_then(|v| self.facts.exprs.get(v.index())).map_or(frame.span, |e| e.span);
        let body = vec![self.push_stmt(StmtKind::Return(value), at)];
        let params = take_params(items);
        if let Some(function) = self.facts.functions.get_mut(frame.index as usize) {
            (function.body, function.params) = (body, params);
        }
        Value::Expr(self.push_expr(ExprKind::Lambda(FunctionId(frame.index)), frame.span))
    }

    fn class(&mut self, frame: &Frame, items: &mut [Item]) -> Value {
        let body = self.take_block(items);
        let mut bases = Vec::new();
        let mut keywords = Vec::new();
        for item in items.iter_mut().filter(|i| i.field == Field::Superclasses) {
            let Value::Args(args) = std::mem::take(&mut item.value) else { continue };
            for arg in args {
                match arg.name {
                    Some(name) => keywords.push((name, arg.value)),
                    None => bases.push(arg.value),
                }
            }
        }
        if let Some(class) = self.facts.classes.get_mut(frame.index as usize) {
            (class.body, class.bases, class.keywords) = (body, bases, keywords);
        }
        Value::Stmt(self.push_stmt(StmtKind::DefineClass(ClassId(frame.index)), frame.span))
    }

    fn decorated(&mut self, items: &mut [Item], span: Span) -> Value {
        let Some((definition, decorators)) = items.split_last_mut() else { return Value::Nothing };
        let decorators = self.all(decorators);
        let Value::Stmt(id) = std::mem::take(&mut definition.value) else { return Value::Nothing };
        let Some(stmt) = self.facts.stmts.get_mut(id.index()) else { return Value::Nothing };
        stmt.span = span;
        match stmt.kind {
            StmtKind::Define(function) => {
                if let Some(function) = self.facts.functions.get_mut(function.index()) {
                    (function.decorators, function.span) = (decorators, span);
                }
            }
            StmtKind::DefineClass(class) => {
                if let Some(class) = self.facts.classes.get_mut(class.index()) {
                    (class.decorators, class.span) = (decorators, span);
                }
            }
            _ => {}
        }
        Value::Stmt(id)
    }

    fn parameters(&mut self, items: &mut [Item]) -> Vec<Param> {
        let mut params = Vec::with_capacity(items.len());
        let mut by_name = false;
        for item in items {
            let kind = if by_name { ParamKind::KeywordOnly } else { ParamKind::Plain };
            match std::mem::take(&mut item.value) {
                Value::Params(mut more) => {
                    for param in &mut more {
                        by_name |= param.kind == ParamKind::Rest;
                        if param.kind == ParamKind::Plain {
                            param.kind = kind;
                        }
                    }
                    params.append(&mut more);
                }
                Value::Leaf if item.kind == Kind::Identifier => {
                    let name = self.name(item.span);
                    params.push(Param { name, annotation: None, default: None, kind, span: item.span });
                }
                Value::Leaf if item.kind == Kind::KeywordSeparator => by_name = true,
                _ => {}
            }
        }
        params
    }

    fn imports(&mut self, frame: &Frame, items: &mut [Item]) -> Value {
        let (level, module) = match frame.kind {
            Kind::FutureImport => (0, Some("__future__".into())),
            Kind::ImportFrom => match items.iter_mut().find(|i| i.field == Field::ModuleName) {
                Some(Item { value: Value::Relative(level, module), .. }) => (*level, Some(std::mem::take(module))),
                Some(item) => (0, Some(self.module_name(item.span))),
                None => (0, Some(Name::default())),
            },
            _ => (0, None),
        };
        let mut block = Vec::with_capacity(items.len());
        for item in items.iter_mut() {
            let (name, alias) = match std::mem::take(&mut item.value) {
                Value::Leaf if item.field == Field::Name => (self.module_name(item.span), None),
                Value::Alias(name, alias) => (name, Some(alias)),
                Value::Leaf if item.kind == Kind::WildcardImport => ("*".into(), None),
                _ => continue,
            };
            let aliased = alias.is_some();
            let scope = self.scope().function;
            let span = item.span;
            let import = match &module {
                Some(module) => {
                    let binds = alias.unwrap_or_else(|| name.clone());
                    Import { module: module.clone(), level, item: Some(name), binds, aliased, scope, span }
                }
                None => {
                    let first = || Name::new(name.split('.').next().unwrap_or(""));
                    let binds = alias.unwrap_or_else(first);
                    Import { module: name, level, item: None, binds, aliased, scope, span }
                }
            };
            let index = self.facts.imports.len() as u32;
            self.facts.imports.push(import);
            block.push(self.push_stmt(StmtKind::Import(index), frame.span));
        }
        Value::Stmts(block)
    }

    /// A dotted name without the blanks, continuations and comments that may stand in it.
    fn module_name(&self, span: Span) -> Name {
        let text = self.slice(span);
        if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')) {
            return clip(Name::new(text));
        }
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or(""));
        clip(lines.flat_map(str::chars).filter(|c| *c == '_' || *c == '.' || c.is_alphanumeric()).collect())
    }
}

fn qualify(outer: &Name, name: &Name) -> Name {
    if outer.is_empty() {
        return clip(name.clone());
    }
    let mut qualified = outer.clone();
    qualified.push('.');
    qualified.push_str(name);
    clip(qualified)
}

/// Names that are repeated, per nested definition or imported item, are cut where no person would write on.
fn clip(mut name: Name) -> Name {
    if name.len() > MAX_REPEATED {
        let end = (0..=MAX_REPEATED).rev().find(|i| name.is_char_boundary(*i)).unwrap_or(0);
        name.truncate(end);
    }
    name
}

fn take_params(items: &mut [Item]) -> Vec<Param> {
    let params = items.iter_mut().find_map(|i| match &mut i.value {
        Value::Params(params) => Some(std::mem::take(params)),
        _ => None,
    });
    params.unwrap_or_default()
}
