//! Blocks, branches, loops: where control goes and where values go.

use super::lower::{Lowering, MAX_DEPTH, Sink};
use super::patterns::presence;
use crate::facts::{Arm, Block, Choice, ExprId, ExprKind, GuardItem, StmtKind};
use crate::source::Span;
use syn::spanned::Spanned;

impl Lowering<'_> {
    /// The statements of a block, and its value into a sink.
    pub fn block_into(&mut self, block: &syn::Block, sink: &Sink) {
        if self.depth >= MAX_DEPTH {
            let span = self.span(block.brace_token.span.join());
            self.problem(span, "nested too deep");
            return;
        }
        self.depth += 1;
        let last = block.stmts.len().saturating_sub(1);
        for (index, stmt) in block.stmts.iter().enumerate() {
            match stmt {
                syn::Stmt::Local(local) => self.local(local),
                syn::Stmt::Item(item) => {
                    let span = self.scope_place();
                    self.item(item, span);
                }
                syn::Stmt::Expr(expr, None) if index == last => self.expr_into(expr, sink),
                syn::Stmt::Expr(expr, _) => self.expr_into(expr, &Sink::Drop),
                syn::Stmt::Macro(m) if index == last && m.semi_token.is_none() => {
                    let value = self.macro_call(&m.mac);
                    self.sink(value, sink);
                }
                syn::Stmt::Macro(m) => {
                    let value = self.macro_call(&m.mac);
                    self.sink(value, &Sink::Drop);
                }
            }
        }
        self.depth -= 1;
    }

    fn scope_place(&self) -> Span {
        self.facts.functions[self.scope.function.index()].name_span
    }

    /// Put a value where it goes.
    pub fn sink(&mut self, value: ExprId, sink: &Sink) {
        let span = self.facts.expr(value).span;
        match sink {
            Sink::Drop => {
                let told = matches!(self.facts.expr(value).kind, ExprKind::Name(_) | ExprKind::Null | ExprKind::Bool(_));
                if !told {
                    self.emit(StmtKind::Expr(value), span);
                }
            }
            Sink::Return => self.returning(value),
            Sink::Into(name) => {
                let target = self.push_expr(ExprKind::Name(name.clone()), span);
                self.emit(StmtKind::Assign { targets: vec![target], value: Some(value), annotation: None }, span);
            }
        }
    }

    /// `return value`; `return Err(…)` is how Rust raises.
    pub fn returning(&mut self, value: ExprId) {
        let span = self.facts.expr(value).span;
        let raised = match &self.facts.expr(value).kind {
            ExprKind::Call { callee, .. } => matches!(&self.facts.expr(*callee).kind, ExprKind::Name(n) if n == "Err"),
            _ => false,
        };
        self.emit(if raised { StmtKind::Raise(Some(value)) } else { StmtKind::Return(Some(value)) }, span);
    }

    fn local(&mut self, local: &syn::Local) {
        let (pattern, annotation) = match &local.pat {
            syn::Pat::Type(t) => (&*t.pat, self.ty(&t.ty)),
            pattern => (pattern, None),
        };
        let span = self.span(local.let_token.span);
        let Some(init) = &local.init else {
            if let (Some((name, at)), Some(annotation)) = (self.simple_name(pattern), annotation) {
                let target = self.push_expr(ExprKind::Name(name), at);
                self.emit(StmtKind::Assign { targets: vec![target], value: None, annotation: Some(annotation) }, span);
            }
            return;
        };
        let value = self.expr(&init.expr);
        let span = Span::new(span.start, self.facts.expr(value).span.end.max(span.end));
        if let Some((name, at)) = self.simple_name(pattern) {
            let target = self.push_expr(ExprKind::Name(name), at);
            self.emit(StmtKind::Assign { targets: vec![target], value: Some(value), annotation }, span);
            return;
        }
        if matches!(pattern, syn::Pat::Wild(_)) {
            self.emit(StmtKind::Expr(value), span);
            return;
        }
        let name = self.temporary();
        let at = self.facts.expr(value).span;
        let target = self.push_expr(ExprKind::Name(name.clone()), at);
        self.emit(StmtKind::Assign { targets: vec![target], value: Some(value), annotation }, span);
        let held = self.push_expr(ExprKind::Name(name), at);
        if let Some((_, diverge)) = &init.diverge {
            let cond = self.asks(pattern, held);
            let other = self.nested(|this| this.expr_into(diverge, &Sink::Drop));
            self.emit(StmtKind::Branch { cond, then: Vec::new(), other }, at);
        }
        self.bind(pattern, held);
    }

    /// An expression whose value goes into a sink; blocks in it stay statements.
    pub fn expr_into(&mut self, expr: &syn::Expr, sink: &Sink) {
        if self.depth >= MAX_DEPTH {
            self.problem(self.scope_place(), "nested too deep");
            return;
        }
        self.depth += 1;
        match expr {
            syn::Expr::Block(b) => self.scoped(&b.block, sink),
            syn::Expr::Unsafe(b) => self.scoped(&b.block, sink),
            syn::Expr::Paren(p) => self.expr_into(&p.expr, sink),
            syn::Expr::Group(g) => self.expr_into(&g.expr, sink),
            syn::Expr::If(i) => self.branch(i, sink),
            syn::Expr::Match(m) => self.choose(m, sink),
            syn::Expr::Loop(l) => self.endless(l, sink),
            syn::Expr::While(w) => self.while_loop(w),
            syn::Expr::ForLoop(f) => self.for_loop(f),
            syn::Expr::Macro(m) if self.macro_into(&m.mac, sink) => {}
            _ => {
                let value = self.expr(expr);
                self.sink(value, sink);
            }
        }
        self.depth -= 1;
    }

    /// A block of its own: guards made in it end with it.
    fn scoped(&mut self, block: &syn::Block, sink: &Sink) {
        let span = self.span(block.brace_token.span.join());
        let body = self.nested(|this| this.block_into(block, sink));
        self.emit(StmtKind::Guarded { items: Vec::new(), body }, span);
    }

    /// `if`, `if let` and chains of both.
    fn branch(&mut self, i: &syn::ExprIf, sink: &Sink) {
        let span = self.span(i.if_token.span);
        let span = Span::new(span.start, self.span(i.then_branch.brace_token.span.close()).end);
        let (items, cond, bound) = self.condition(&i.cond);
        let other = |this: &mut Self| {
            this.nested(|this| {
                if let Some((_, other)) = &i.else_branch {
                    match &**other {
                        syn::Expr::Block(b) => this.block_into(&b.block, sink),
                        other => this.expr_into(other, sink),
                    }
                }
            })
        };
        let variants: Vec<ExprId> = bound.iter().flat_map(|(pattern, _)| self.variants(pattern)).collect();
        if !variants.is_empty() {
            let arm = Arm { variants, span: self.span(i.then_branch.brace_token.span.join()) };
            self.facts.choices.push(Choice { function: self.scope.function, arms: vec![arm] });
        }
        let then = self.nested(|this| {
            for (pattern, value) in &bound {
                this.bind(pattern, *value);
            }
            this.block_into(&i.then_branch, sink);
        });
        if items.is_empty() {
            let other = other(self);
            self.emit(StmtKind::Branch { cond, then, other }, span);
        } else {
            // What `if let` looks at lives to the end of the whole statement.
            let other = other(self);
            let branch = self.push_stmt(StmtKind::Branch { cond, then, other }, span);
            self.emit(StmtKind::Guarded { items, body: vec![branch] }, span);
        }
    }

    /// A condition with the `let`s in it: what they look at, the condition, and the patterns to bind where it holds.
    fn condition<'e>(&mut self, cond: &'e syn::Expr) -> (Vec<GuardItem>, ExprId, Vec<(&'e syn::Pat, ExprId)>) {
        let mut items = Vec::new();
        let mut bound = Vec::new();
        let mut parts = Vec::new();
        let mut pending = vec![cond];
        while let Some(next) = pending.pop() {
            match next {
                syn::Expr::Binary(b) if holds_let(next, 0) && matches!(b.op, syn::BinOp::And(_)) => {
                    pending.push(&b.right);
                    pending.push(&b.left);
                }
                syn::Expr::Paren(p) if holds_let(&p.expr, 0) => pending.push(&p.expr),
                syn::Expr::Let(l) => {
                    let looked_at = self.expr(&l.expr);
                    let at = self.facts.expr(looked_at).span;
                    let name = self.temporary();
                    let target = self.push_expr(ExprKind::Name(name.clone()), at);
                    items.push(GuardItem { context: looked_at, target: Some(target) });
                    let held = self.push_expr(ExprKind::Name(name), at);
                    parts.push(self.asks(&l.pat, held));
                    // `let Some(job) = next() && job.is_due()`: what follows in the chain sees what was bound before.
                    if let Some(name) = self.only_name(&l.pat).filter(|_| matches!(cond, syn::Expr::Binary(_))) {
                        let target = self.push_expr(ExprKind::Name(name), at);
                        items.push(GuardItem { context: held, target: Some(target) });
                    }
                    bound.push((&*l.pat, held));
                }
                other => parts.push(self.expr(other)),
            }
        }
        let cond = match parts.as_slice() {
            [one] => *one,
            _ => {
                let span = parts.first().map(|p| self.facts.expr(*p).span).unwrap_or_default();
                self.push_expr(ExprKind::Logic { all: true, items: parts }, span)
            }
        };
        (items, cond, bound)
    }

    fn choose(&mut self, m: &syn::ExprMatch, sink: &Sink) {
        let span = Span::new(self.span(m.match_token.span).start, self.span(m.brace_token.span.close()).end);
        let looked_at = self.expr(&m.expr);
        let at = self.facts.expr(looked_at).span;
        let name = self.temporary();
        let target = self.push_expr(ExprKind::Name(name.clone()), at);
        let held = self.push_expr(ExprKind::Name(name), at);
        let asks_presence = m.arms.iter().any(|a| presence(&a.pat).is_some());
        let subject = if asks_presence {
            held
        } else {
            let unknown = self.unknown(at);
            self.push_expr(ExprKind::Compare { left: held, rest: vec![(crate::facts::CompareOp::Eq, unknown)] }, at)
        };
        let asked: Vec<Arm> =
            m.arms.iter().map(|arm| Arm { variants: self.variants(&arm.pat), span: self.span(arm.body.span()) }).collect();
        if asked.iter().any(|arm| !arm.variants.is_empty()) {
            self.facts.choices.push(Choice { function: self.scope.function, arms: asked });
        }
        let mut arms = Vec::new();
        for arm in &m.arms {
            let mut guard = None;
            let body = self.nested(|this| {
                this.bind(&arm.pat, held);
                if let Some((_, cond)) = &arm.guard {
                    guard = Some(this.expr(cond));
                }
                this.expr_into(&arm.body, sink);
            });
            // The guard sees what the pattern binds, so it is a condition inside the arm.
            let body = match guard {
                Some(cond) => {
                    let at = self.facts.expr(cond).span;
                    let first = body.iter().take_while(|s| matches!(self.facts.stmt(**s).kind, StmtKind::Assign { .. })).count();
                    let mut all: Block = body[..first].to_vec();
                    all.push(self.push_stmt(StmtKind::Branch { cond, then: body[first..].to_vec(), other: Vec::new() }, at));
                    all
                }
                None => body,
            };
            // An arm for presence or absence says which: what tries again on an error is told by it.
            let shown = presence(&arm.pat).map(|p| self.push_expr(ExprKind::Bool(p), at));
            arms.push((shown, body));
        }
        let choose = self.push_stmt(StmtKind::Choose { subject, arms }, span);
        self.emit(StmtKind::Guarded { items: vec![GuardItem { context: looked_at, target: Some(target) }], body: vec![choose] }, span);
    }

    fn endless(&mut self, l: &syn::ExprLoop, sink: &Sink) {
        let span = Span::new(self.span(l.loop_token.span).start, self.span(l.body.brace_token.span.close()).end);
        let cond = self.push_expr(ExprKind::Bool(true), span);
        let value = match sink {
            Sink::Drop => None,
            _ => Some(self.temporary()),
        };
        self.loops.push(value.clone());
        let body = self.nested(|this| this.block_into(&l.body, &Sink::Drop));
        self.loops.pop();
        self.emit(StmtKind::Loop { cond: Some(cond), target: None, iter: None, body, other: Vec::new() }, span);
        if let Some(name) = value {
            let value = self.push_expr(ExprKind::Name(name), span);
            self.sink(value, sink);
        }
    }

    fn while_loop(&mut self, w: &syn::ExprWhile) {
        let span = Span::new(self.span(w.while_token.span).start, self.span(w.body.brace_token.span.close()).end);
        self.loops.push(None);
        if holds_let(&w.cond, 0) {
            let body = self.nested(|this| {
                let (items, cond, bound) = this.condition(&w.cond);
                let then = this.nested(|this| {
                    for (pattern, value) in &bound {
                        this.bind(pattern, *value);
                    }
                    this.block_into(&w.body, &Sink::Drop);
                });
                let stop = this.push_stmt(StmtKind::Break, span);
                let branch = this.push_stmt(StmtKind::Branch { cond, then, other: vec![stop] }, span);
                this.emit(StmtKind::Guarded { items, body: vec![branch] }, span);
            });
            self.emit(StmtKind::Loop { cond: None, target: None, iter: None, body, other: Vec::new() }, span);
        } else {
            let cond = self.expr(&w.cond);
            let body = self.nested(|this| this.block_into(&w.body, &Sink::Drop));
            self.emit(StmtKind::Loop { cond: Some(cond), target: None, iter: None, body, other: Vec::new() }, span);
        }
        self.loops.pop();
    }

    fn for_loop(&mut self, f: &syn::ExprForLoop) {
        let span = Span::new(self.span(f.for_token.span).start, self.span(f.body.brace_token.span.close()).end);
        let iter = self.expr(&f.expr);
        let simple = self.simple_name(&f.pat);
        let name = simple.as_ref().map_or_else(|| self.temporary(), |(name, _)| name.clone());
        let at = simple.as_ref().map_or(self.facts.expr(iter).span, |(_, at)| *at);
        let target = self.push_expr(ExprKind::Name(name.clone()), at);
        self.loops.push(None);
        let body = self.nested(|this| {
            if simple.is_none() {
                let value = this.push_expr(ExprKind::Name(name), at);
                this.bind(&f.pat, value);
            }
            this.block_into(&f.body, &Sink::Drop);
        });
        self.loops.pop();
        self.emit(StmtKind::Loop { cond: None, target: Some(target), iter: Some(iter), body, other: Vec::new() }, span);
    }
}

/// Whether a condition holds a `let`.
fn holds_let(cond: &syn::Expr, depth: u16) -> bool {
    match cond {
        _ if depth > MAX_DEPTH => false,
        syn::Expr::Let(_) => true,
        syn::Expr::Paren(p) => holds_let(&p.expr, depth + 1),
        syn::Expr::Binary(b) if matches!(b.op, syn::BinOp::And(_)) => holds_let(&b.left, depth + 1) || holds_let(&b.right, depth + 1),
        _ => false,
    }
}
