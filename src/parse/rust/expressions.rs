//! Expressions as values; blocks in them become statements before.

use super::lower::{Lowering, MAX_DEPTH, Scope, Sink, ident};
use crate::facts::{Arg, BinaryOp, CompareOp, ExprId, ExprKind, Name, StmtKind};
use crate::source::Span;
use syn::spanned::Spanned;

impl Lowering<'_> {
    /// An expression as a value.
    pub fn expr(&mut self, expr: &syn::Expr) -> ExprId {
        if self.depth >= MAX_DEPTH {
            return self.unknown(Span::default());
        }
        self.depth += 1;
        let value = self.expr_below(expr);
        self.depth -= 1;
        value
    }

    fn expr_below(&mut self, expr: &syn::Expr) -> ExprId {
        match expr {
            syn::Expr::Lit(l) => self.literal(&l.lit),
            syn::Expr::Path(p) => match p.path.get_ident() {
                Some(name) if name == "None" => {
                    let span = self.span(name.span());
                    self.push_expr(ExprKind::Null, span)
                }
                _ => self.path(&p.path),
            },
            syn::Expr::Paren(p) => self.expr(&p.expr),
            syn::Expr::Group(g) => self.expr(&g.expr),
            // `&*x` leads to the same as `x` does.
            syn::Expr::Reference(r) => self.place(&r.expr),
            syn::Expr::RawAddr(r) => self.expr(&r.expr),
            syn::Expr::Cast(c) => self.expr(&c.expr),
            syn::Expr::Try(t) => self.expr(&t.expr),
            syn::Expr::Await(a) => {
                let inner = self.expr(&a.base);
                let span = Span::new(self.start(inner), self.span(a.await_token.span).end);
                self.push_expr(ExprKind::Await(inner), span)
            }
            syn::Expr::Field(f) => {
                let base = self.place(&f.base);
                let (name, end) = match &f.member {
                    syn::Member::Named(name) => (ident(name), self.span(name.span()).end),
                    syn::Member::Unnamed(index) => (index.index.to_string().into(), self.span(index.span).end),
                };
                let span = Span::new(self.start(base), end);
                self.push_expr(ExprKind::Attr { base, name }, span)
            }
            syn::Expr::MethodCall(m) => {
                let base = self.place(&m.receiver);
                let name_span = self.span(m.method.span());
                let callee = self.push_expr(ExprKind::Attr { base, name: ident(&m.method) }, Span::new(self.start(base), name_span.end));
                let args = self.arguments(m.args.iter());
                let span = Span::new(self.start(base), self.span(m.paren_token.span.close()).end);
                self.push_expr(ExprKind::Call { callee, args }, span)
            }
            syn::Expr::Call(c) => self.call(c),
            syn::Expr::Unary(u) => self.unary(u),
            syn::Expr::Binary(b) => self.binary(b),
            syn::Expr::Index(i) => {
                let (base, index) = (self.place(&i.expr), self.expr(&i.index));
                let span = Span::new(self.start(base), self.span(i.bracket_token.span.close()).end);
                self.push_expr(ExprKind::Index { base, index }, span)
            }
            syn::Expr::Range(r) => {
                let span = match &r.limits {
                    syn::RangeLimits::HalfOpen(t) => self.span(t.spans[0]),
                    syn::RangeLimits::Closed(t) => self.span(t.spans[0]),
                };
                let callee = self.push_expr(ExprKind::Name("range".into()), span);
                let args = self.arguments(r.start.iter().chain(&r.end).map(|e| &**e));
                self.push_expr(ExprKind::Call { callee, args }, span)
            }
            syn::Expr::Tuple(t) if t.elems.is_empty() => {
                let span = self.span(t.paren_token.span.join());
                self.push_expr(ExprKind::Null, span)
            }
            syn::Expr::Tuple(t) => self.list(t.elems.iter(), self.span(t.paren_token.span.join())),
            syn::Expr::Array(a) => self.list(a.elems.iter(), self.span(a.bracket_token.span.join())),
            syn::Expr::Repeat(r) => {
                let span = self.span(r.bracket_token.span.join());
                self.list(std::iter::once(&*r.expr), span)
            }
            syn::Expr::Struct(s) => self.struct_literal(s),
            syn::Expr::Closure(c) => self.closure(c),
            syn::Expr::Async(a) => self.async_block(a),
            syn::Expr::Macro(m) => self.macro_call(&m.mac),
            syn::Expr::Assign(a) => {
                let value = self.expr(&a.right);
                let target = self.target(&a.left);
                let span = Span::new(self.start(target).min(self.start(value)), self.facts.expr(value).span.end);
                self.emit(StmtKind::Assign { targets: vec![target], value: Some(value), annotation: None }, span);
                self.push_expr(ExprKind::Null, span)
            }
            syn::Expr::Return(r) => {
                let span = self.span(r.return_token.span);
                match &r.expr {
                    Some(value) => self.expr_into(value, &Sink::Return),
                    None => self.emit(StmtKind::Return(None), span),
                }
                self.push_expr(ExprKind::Null, span)
            }
            syn::Expr::Break(b) => {
                let span = self.span(b.break_token.span);
                if let Some(value) = &b.expr {
                    let sink = self.loops.last().cloned().flatten().map_or(Sink::Drop, Sink::Into);
                    self.expr_into(value, &sink);
                }
                self.emit(StmtKind::Break, span);
                self.push_expr(ExprKind::Null, span)
            }
            syn::Expr::Continue(c) => {
                let span = self.span(c.continue_token.span);
                self.emit(StmtKind::Continue, span);
                self.push_expr(ExprKind::Null, span)
            }
            syn::Expr::Let(l) => {
                let value = self.expr(&l.expr);
                self.asks(&l.pat, value)
            }
            syn::Expr::If(_) | syn::Expr::Match(_) | syn::Expr::Block(_) | syn::Expr::Unsafe(_) | syn::Expr::Loop(_) => {
                let name = self.temporary();
                self.expr_into(expr, &Sink::Into(name.clone()));
                let span = self.out.last().map(|s| self.facts.stmt(*s).span).unwrap_or_default();
                self.push_expr(ExprKind::Name(name), span)
            }
            syn::Expr::While(_) | syn::Expr::ForLoop(_) => {
                self.expr_into(expr, &Sink::Drop);
                self.push_expr(ExprKind::Null, Span::default())
            }
            syn::Expr::Yield(y) => match &y.expr {
                Some(inner) => self.expr(inner),
                None => self.unknown(Span::default()),
            },
            _ => self.unknown(Span::default()),
        }
    }

    pub fn start(&self, expr: ExprId) -> u32 {
        self.facts.expr(expr).span.start
    }

    /// `*place = …` keeps the star: it writes into what the place refers to.
    fn target(&mut self, expr: &syn::Expr) -> ExprId {
        match expr {
            syn::Expr::Unary(u) if matches!(u.op, syn::UnOp::Deref(_)) => {
                let inner = self.expr(&u.expr);
                let span = self.facts.expr(inner).span;
                self.push_expr(ExprKind::Unary(inner), span)
            }
            syn::Expr::Paren(p) => self.target(&p.expr),
            _ => self.expr(expr),
        }
    }

    pub fn arguments<'e>(&mut self, args: impl Iterator<Item = &'e syn::Expr>) -> Vec<Arg> {
        args.map(|a| Arg { name: None, spread: 0, value: self.expr(a) }).collect()
    }

    pub fn list<'e>(&mut self, items: impl Iterator<Item = &'e syn::Expr>, span: Span) -> ExprId {
        let items = items.map(|i| self.expr(i)).collect();
        self.push_expr(ExprKind::List(items), span)
    }

    pub fn literal(&mut self, lit: &syn::Lit) -> ExprId {
        let span = self.span(lit.span());
        let kind = match lit {
            syn::Lit::Str(s) => ExprKind::Str(s.value().into()),
            syn::Lit::ByteStr(s) => String::from_utf8(s.value()).map_or(ExprKind::Unknown(Vec::new()), |s| ExprKind::Str(s.into())),
            syn::Lit::Char(c) => ExprKind::Str(Name::from(c.value().to_string())),
            syn::Lit::Int(i) => i.base10_parse::<i64>().map_or(ExprKind::Unknown(Vec::new()), ExprKind::Int),
            syn::Lit::Float(f) => f.base10_parse::<f64>().map_or(ExprKind::Unknown(Vec::new()), ExprKind::Float),
            syn::Lit::Bool(b) => ExprKind::Bool(b.value),
            _ => ExprKind::Unknown(Vec::new()),
        };
        self.push_expr(kind, span)
    }

    fn call(&mut self, c: &syn::ExprCall) -> ExprId {
        if let syn::Expr::Path(p) = &*c.func
            && let (Some(name), 1) = (p.path.get_ident(), c.args.len())
            && (name == "Ok" || name == "Some")
            && let Some(inner) = c.args.first()
        {
            return self.expr(inner);
        }
        let callee = self.expr(&c.func);
        let args = self.arguments(c.args.iter());
        let span = Span::new(self.start(callee), self.span(c.paren_token.span.close()).end);
        self.push_expr(ExprKind::Call { callee, args }, span)
    }

    /// What is called, indexed, borrowed or asked for a field: a star before it changes nothing.
    fn place(&mut self, expr: &syn::Expr) -> ExprId {
        let mut inner = expr;
        loop {
            match inner {
                syn::Expr::Paren(p) => inner = &p.expr,
                syn::Expr::Unary(u) if matches!(u.op, syn::UnOp::Deref(_)) => inner = &u.expr,
                _ => return self.expr(inner),
            }
        }
    }

    fn unary(&mut self, u: &syn::ExprUnary) -> ExprId {
        let inner = self.expr(&u.expr);
        let end = self.facts.expr(inner).span.end;
        match &u.op {
            // `*guard` is a copy of what the guard leads to. Its span is that of what is behind the star.
            syn::UnOp::Deref(_) => {
                let span = self.facts.expr(inner).span;
                self.push_expr(ExprKind::Unary(inner), span)
            }
            syn::UnOp::Not(t) => {
                let span = Span::new(self.span(t.span()).start, end);
                self.push_expr(ExprKind::Not(inner), span)
            }
            syn::UnOp::Neg(t) => {
                let span = Span::new(self.span(t.span()).start, end);
                self.push_expr(ExprKind::Unary(inner), span)
            }
            _ => inner,
        }
    }

    fn binary(&mut self, b: &syn::ExprBinary) -> ExprId {
        use syn::BinOp;
        if let Some(op) = assigned(&b.op) {
            let value = self.expr(&b.right);
            let target = self.target(&b.left);
            let span = Span::new(self.start(target), self.facts.expr(value).span.end);
            self.emit(StmtKind::Update { target, op, value }, span);
            return self.push_expr(ExprKind::Null, span);
        }
        let (left, right) = (self.expr(&b.left), self.expr(&b.right));
        let span = Span::new(self.start(left), self.facts.expr(right).span.end);
        let compare = |op| ExprKind::Compare { left, rest: vec![(op, right)] };
        let kind = match b.op {
            BinOp::And(_) => ExprKind::Logic { all: true, items: vec![left, right] },
            BinOp::Or(_) => ExprKind::Logic { all: false, items: vec![left, right] },
            BinOp::Eq(_) => compare(CompareOp::Eq),
            BinOp::Ne(_) => compare(CompareOp::Ne),
            BinOp::Lt(_) => compare(CompareOp::Lt),
            BinOp::Le(_) => compare(CompareOp::Le),
            BinOp::Gt(_) => compare(CompareOp::Gt),
            BinOp::Ge(_) => compare(CompareOp::Ge),
            BinOp::Add(_) => ExprKind::Binary { op: BinaryOp::Add, left, right },
            BinOp::Sub(_) => ExprKind::Binary { op: BinaryOp::Sub, left, right },
            BinOp::Mul(_) => ExprKind::Binary { op: BinaryOp::Mul, left, right },
            BinOp::Div(_) => ExprKind::Binary { op: BinaryOp::Div, left, right },
            BinOp::Rem(_) => ExprKind::Binary { op: BinaryOp::Rem, left, right },
            _ => ExprKind::Binary { op: BinaryOp::Other, left, right },
        };
        self.push_expr(kind, span)
    }

    /// `Store { pool, path: p, ..base }`: a call of the type with its fields as keywords.
    fn struct_literal(&mut self, s: &syn::ExprStruct) -> ExprId {
        let callee = self.path(&s.path);
        let mut args = Vec::new();
        for field in &s.fields {
            let name: Name = match &field.member {
                syn::Member::Named(name) => ident(name),
                syn::Member::Unnamed(index) => index.index.to_string().into(),
            };
            let value = self.expr(&field.expr);
            args.push(Arg { name: Some(name), spread: 0, value });
        }
        if let Some(rest) = &s.rest {
            let value = self.expr(rest);
            args.push(Arg { name: None, spread: 2, value });
        }
        let span = Span::new(self.start(callee), self.span(s.brace_token.span.close()).end);
        self.push_expr(ExprKind::Call { callee, args }, span)
    }

    fn closure(&mut self, c: &syn::ExprClosure) -> ExprId {
        let start = self.span(c.or1_token.span);
        let id = self.declare_function("<lambda>", start, start);
        let scope = Scope { function: id, class: None, name: self.scope.name.clone() };
        let mut params = Vec::new();
        let loops = std::mem::take(&mut self.loops);
        let body = self.inside(scope, |this| {
            for input in &c.inputs {
                let (pattern, annotation) = match input {
                    syn::Pat::Type(t) => (&*t.pat, this.ty(&t.ty)),
                    pattern => (pattern, None),
                };
                params.push(this.param(pattern, annotation));
            }
            match &*c.body {
                // `|x| async move { … }`: what it returns is awaited by whoever called it.
                syn::Expr::Async(a) => this.block_into(&a.block, &Sink::Return),
                syn::Expr::Block(b) => this.block_into(&b.block, &Sink::Return),
                body => this.expr_into(body, &Sink::Return),
            }
        });
        self.loops = loops;
        let end = body.last().map_or(start.end, |s| self.facts.stmt(*s).span.end.max(start.end));
        let span = Span::new(start.start, end);
        let function = &mut self.facts.functions[id.index()];
        function.params = params;
        function.body = body;
        function.span = span;
        function.is_async = c.asyncness.is_some() || matches!(&*c.body, syn::Expr::Async(_));
        self.push_expr(ExprKind::Lambda(id), span)
    }

    /// `async { … }`: a closure called on the spot; it runs where it is awaited or spawned.
    fn async_block(&mut self, a: &syn::ExprAsync) -> ExprId {
        let span = Span::new(self.span(a.async_token.span).start, self.span(a.block.brace_token.span.close()).end);
        let id = self.declare_function("<lambda>", span, Span::new(span.start, span.start + 5));
        let scope = Scope { function: id, class: None, name: self.scope.name.clone() };
        let loops = std::mem::take(&mut self.loops);
        let body = self.inside(scope, |this| this.block_into(&a.block, &Sink::Return));
        self.loops = loops;
        let function = &mut self.facts.functions[id.index()];
        function.body = body;
        function.is_async = true;
        let callee = self.push_expr(ExprKind::Lambda(id), span);
        self.push_expr(ExprKind::Call { callee, args: Vec::new() }, span)
    }
}

/// The operation of `+=` and its like.
fn assigned(op: &syn::BinOp) -> Option<BinaryOp> {
    use syn::BinOp;
    Some(match op {
        BinOp::AddAssign(_) => BinaryOp::Add,
        BinOp::SubAssign(_) => BinaryOp::Sub,
        BinOp::MulAssign(_) => BinaryOp::Mul,
        BinOp::DivAssign(_) => BinaryOp::Div,
        BinOp::RemAssign(_) => BinaryOp::Rem,
        BinOp::BitOrAssign(_) => BinaryOp::Or,
        BinOp::BitXorAssign(_) | BinOp::BitAndAssign(_) | BinOp::ShlAssign(_) | BinOp::ShrAssign(_) => BinaryOp::Other,
        _ => return None,
    })
}
