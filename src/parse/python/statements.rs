//! From a node's children to statements and blocks.

use super::expressions::binary_op;
use super::grammar::{Field, Kind};
use super::walk::{Frame, Item, Lowering, Value, elif_limit};
use crate::facts::*;
use crate::source::Span;

impl Lowering<'_> {
    /// A statement that is one word. `pass` is none at all.
    pub(super) fn leaf_statement(&mut self, kind: Kind, span: Span) -> Value {
        match kind {
            Kind::Break => Value::Stmt(self.push_stmt(StmtKind::Break, span)),
            Kind::Continue => Value::Stmt(self.push_stmt(StmtKind::Continue, span)),
            _ => Value::Nothing,
        }
    }

    /// Reduce a statement or a clause of one; `None` where the node is neither.
    pub(super) fn reduce_statement(&mut self, frame: &Frame, items: &mut [Item]) -> Option<Value> {
        let span = frame.span;
        let kind = match frame.kind {
            Kind::Module | Kind::Block => return Some(self.block(items)),
            Kind::Error => return Some(self.error(items, span)),
            Kind::ExpressionStatement => return Some(self.expression_statement(items, span)),
            Kind::Assignment => return Some(self.assignment(items, span)),
            Kind::AugmentedAssignment => {
                let op = items.iter().find(|i| i.field == Field::Operator).map_or(BinaryOp::Other, |i| binary_op(i.kind));
                let target = self.part(items, Field::Left, span);
                return Some(Value::Update { target, op, value: self.part(items, Field::Right, span) });
            }
            Kind::Return => StmtKind::Return(items.iter_mut().find_map(|i| self.expr(i))),
            Kind::Raise => {
                let raised = items.iter_mut().filter(|i| i.field != Field::Cause).find_map(|i| self.expr(i));
                StmtKind::Raise(raised)
            }
            Kind::Delete => StmtKind::Delete(self.flat(items)),
            Kind::Assert => match items.iter_mut().find_map(|i| self.expr(i)) {
                Some(cond) => StmtKind::Assert(cond),
                None => return Some(Value::Nothing),
            },
            Kind::Global | Kind::Nonlocal => {
                let names = items.iter().filter(|i| i.kind == Kind::Identifier);
                StmtKind::Outer(names.map(|i| self.name(i.span)).collect())
            }
            Kind::Print | Kind::Exec => {
                let word = if frame.kind == Kind::Print { "print" } else { "exec" };
                let callee = self.push_expr(ExprKind::Name(word.into()), span);
                let args = self.all(items).into_iter().map(|value| Arg { name: None, spread: 0, value }).collect();
                StmtKind::Expr(self.push_expr(ExprKind::Call { callee, args }, span))
            }
            Kind::If => return Some(self.branches(frame, items)),
            Kind::Elif => {
                let cond = self.part(items, Field::Condition, span);
                return Some(Value::Elif(cond, self.take_block(items)));
            }
            Kind::Else => return Some(Value::Else(self.take_block(items))),
            Kind::Finally => return Some(Value::Finally(self.take_block(items))),
            Kind::For => StmtKind::Loop {
                cond: None,
                target: self.maybe(items, Field::Left),
                iter: self.maybe(items, Field::Right),
                other: take_else(items),
                body: self.take_block(items),
            },
            Kind::While => StmtKind::Loop {
                cond: self.maybe(items, Field::Condition),
                target: None,
                iter: None,
                other: take_else(items),
                body: self.take_block(items),
            },
            Kind::Try => self.tries(items),
            Kind::Except => return Some(self.handler(items, span)),
            Kind::With => StmtKind::Guarded { items: self.guards(items), body: self.take_block(items) },
            Kind::WithClause => return Some(Value::Guards(self.guards(items))),
            Kind::WithItem => return Some(Value::Guards(items.iter_mut().filter_map(|i| self.guard(i)).collect())),
            Kind::Match => {
                let mut arms = Vec::new();
                for item in items.iter_mut() {
                    if let Value::Arms(more) = &mut item.value {
                        arms.append(more);
                    }
                }
                StmtKind::Choose { subject: self.one(items, span), arms }
            }
            Kind::Case => return Some(self.case(items, span)),
            Kind::CasePattern | Kind::KeywordPattern | Kind::SplatPattern | Kind::ClassPattern | Kind::UnionPattern | Kind::DictPattern => {
                return Some(self.pattern(frame.kind, items, span));
            }
            Kind::AsPattern => return Some(self.as_pattern(items)),
            _ => return None,
        };
        Some(Value::Stmt(self.push_stmt(kind, span)))
    }

    /// The statements of a block's children; with `documented`, a leading string is handed out as documentation.
    pub(super) fn body(&mut self, items: &mut [Item], documented: bool) -> (Block, Option<ExprId>) {
        let mut block = Vec::with_capacity(items.len());
        let mut doc = None;
        for item in items {
            match std::mem::take(&mut item.value) {
                Value::Stmt(id) => block.push(id),
                Value::Stmts(ids) | Value::Strays(ids) => block.extend(ids),
                Value::BareString(id) if documented && block.is_empty() && doc.is_none() => doc = Some(id),
                Value::BareString(id) => block.push(self.push_stmt(StmtKind::Expr(id), item.span)),
                Value::Expr(id) => block.push(self.push_stmt(StmtKind::Expr(id), item.span)),
                _ => {}
            }
        }
        (block, doc)
    }

    fn block(&mut self, items: &mut [Item]) -> Value {
        if items.iter().any(|i| matches!(i.value, Value::Arms(_))) {
            let mut arms = Vec::with_capacity(items.len());
            for item in items {
                if let Value::Arms(more) = &mut item.value {
                    arms.append(more);
                }
            }
            return Value::Arms(arms);
        }
        let parent = self.parent_kind();
        let (body, doc) = self.body(items, matches!(parent, Kind::Function | Kind::Skip));
        if let Some(doc) = doc {
            let function = self.documented_function(parent);
            if let Some(function) = self.facts.functions.get_mut(function.index()) {
                function.doc = Some(doc);
            }
        }
        Value::Stmts(body)
    }

    /// Statements in a syntax error are kept; loose expressions become one unknown that evaluates them.
    fn error(&mut self, items: &mut [Item], span: Span) -> Value {
        let (mut block, _) = self.body_of_error(items);
        let loose: Vec<ExprId> = items.iter_mut().filter(|i| !matches!(i.value, Value::Leaf)).filter_map(|i| self.expr(i)).collect();
        if !loose.is_empty() {
            let unknown = self.push_expr(ExprKind::Unknown(loose), span);
            block.push(self.push_stmt(StmtKind::Expr(unknown), span));
        }
        if block.is_empty() { Value::Nothing } else { Value::Strays(block) }
    }

    fn body_of_error(&mut self, items: &mut [Item]) -> (Block, ()) {
        let mut block = Vec::new();
        for item in items {
            match &mut item.value {
                Value::Stmt(id) => block.push(*id),
                Value::Stmts(ids) | Value::Strays(ids) | Value::Else(ids) | Value::Finally(ids) => block.append(ids),
                Value::Elif(_, ids) => block.append(ids),
                Value::Handler(handler) => block.append(&mut handler.body),
                Value::Arms(arms) => arms.drain(..).for_each(|(_, mut body)| block.append(&mut body)),
                _ => continue,
            }
            item.value = Value::Nothing;
        }
        (block, ())
    }

    fn expression_statement(&mut self, items: &mut [Item], span: Span) -> Value {
        if let [item] = items {
            let kind = match std::mem::take(&mut item.value) {
                Value::Assign { mut targets, value, annotation } => {
                    targets.reverse();
                    StmtKind::Assign { targets, value, annotation }
                }
                Value::Update { target, op, value } => StmtKind::Update { target, op, value },
                Value::Str(text) => return Value::BareString(self.push_expr(ExprKind::Str(text), item.span)),
                _ if item.kind == Kind::Ellipsis => return Value::Nothing,
                value => {
                    item.value = value;
                    let expr = self.one(items, span);
                    self.assigned_by_name(expr, span).unwrap_or(StmtKind::Expr(expr))
                }
            };
            return Value::Stmt(self.push_stmt(kind, span));
        }
        let value = self.one(items, span);
        Value::Stmt(self.push_stmt(StmtKind::Expr(value), span))
    }

    /// `setattr(order, "state", value)`, `object.__setattr__(self, "path", path)` and `super().__setattr__("path", path)` set an
    /// attribute as `order.state = value` does. What calls `super` is a method, and its object is `self` by convention.
    fn assigned_by_name(&mut self, call: ExprId, span: Span) -> Option<StmtKind> {
        let kind = |e: ExprId| &self.facts.expr(e).kind;
        let ExprKind::Call { callee, args } = kind(call) else { return None };
        if args.iter().any(|a| a.spread > 0 || a.name.is_some()) {
            return None;
        }
        let above = |e: ExprId| match kind(e) {
            ExprKind::Call { callee, .. } => matches!(kind(*callee), ExprKind::Name(name) if name == "super"),
            _ => false,
        };
        let (holder, name, value) = match (kind(*callee), args.as_slice()) {
            (ExprKind::Name(function), [holder, name, value]) if function == "setattr" => (Some(holder.value), name, value),
            (ExprKind::Attr { base, name: method }, [name, value]) if method == "__setattr__" && above(*base) => (None, name, value),
            (ExprKind::Attr { base, name: method }, [holder, name, value])
                if method == "__setattr__" && matches!(kind(*base), ExprKind::Name(name) if name == "object") =>
            {
                (Some(holder.value), name, value)
            }
            _ => return None,
        };
        let (attribute, value) = match kind(name.value) {
            ExprKind::Str(attribute) => (attribute.clone(), value.value),
            // Which one, the code computes.
            _ if holder.is_some() => (ANY_ATTRIBUTE.into(), value.value),
            _ => return None,
        };
        let base = holder.unwrap_or_else(|| self.push_expr(ExprKind::Name("self".into()), span));
        let target = self.push_expr(ExprKind::Attr { base, name: attribute }, span);
        Some(StmtKind::Assign { targets: vec![target], value: Some(value), annotation: None })
    }

    fn assignment(&mut self, items: &mut [Item], span: Span) -> Value {
        let target = self.part(items, Field::Left, span);
        let kind = self.maybe(items, Field::Type);
        let right = items.iter_mut().find(|i| i.field == Field::Right);
        match right {
            None => Value::Assign { targets: vec![target], value: None, annotation: kind },
            Some(right) => match std::mem::take(&mut right.value) {
                Value::Assign { mut targets, value, annotation } => {
                    targets.push(target);
                    Value::Assign { targets, value, annotation: kind.or(annotation) }
                }
                value => {
                    right.value = value;
                    let value = self.expr(right);
                    Value::Assign { targets: vec![target], value, annotation: kind }
                }
            },
        }
    }

    /// The children as expressions, with one level of tuple or list taken apart.
    fn flat(&mut self, items: &mut [Item]) -> Vec<ExprId> {
        let mut flat = Vec::with_capacity(items.len());
        for item in items {
            match std::mem::take(&mut item.value) {
                Value::List(more) => flat.extend(more),
                value => {
                    item.value = value;
                    flat.extend(self.expr(item));
                }
            }
        }
        flat
    }

    /// `if` and its `elif`s, built from the end; what is beyond the limit becomes one flat choice.
    fn branches(&mut self, frame: &Frame, items: &mut [Item]) -> Value {
        let span = frame.span;
        let cond = self.part(items, Field::Condition, span);
        let mut other = take_else(items);
        let mut elifs: Vec<(ExprId, Block, Span)> = Vec::new();
        for item in items.iter_mut() {
            if let Value::Elif(cond, block) = &mut item.value {
                elifs.push((*cond, std::mem::take(block), item.span));
                item.value = Value::Nothing;
            }
        }
        let limit = elif_limit(frame.stmt_depth) as usize;
        if elifs.len() > limit {
            let rest = elifs.split_off(limit);
            let start = rest.first().map_or(span.start, |(_, _, s)| s.start);
            let span = Span::new(start, span.end);
            let mut arms: Vec<_> = rest.into_iter().map(|(cond, block, _)| (Some(cond), block)).collect();
            if !other.is_empty() {
                arms.push((None, std::mem::take(&mut other)));
            }
            let subject = self.push_expr(ExprKind::Unknown(Vec::new()), Span::new(start, start));
            other = vec![self.push_stmt(StmtKind::Choose { subject, arms }, span)];
        }
        for (cond, then, at) in elifs.into_iter().rev() {
            let span = Span::new(at.start, span.end);
            other = vec![self.push_stmt(StmtKind::Branch { cond, then, other }, span)];
        }
        let then = self.take_block(items);
        Value::Stmt(self.push_stmt(StmtKind::Branch { cond, then, other }, span))
    }

    /// The statements of the children that are blocks.
    pub(super) fn take_block(&mut self, items: &mut [Item]) -> Block {
        let mut block = Vec::new();
        for item in items {
            if let Value::Stmts(more) = &mut item.value {
                if block.is_empty() {
                    block = std::mem::take(more);
                } else {
                    block.append(more);
                }
            }
        }
        block
    }

    fn tries(&mut self, items: &mut [Item]) -> StmtKind {
        let other = take_else(items);
        let mut handlers = Vec::new();
        let mut finally = Vec::new();
        for item in items.iter_mut() {
            match std::mem::take(&mut item.value) {
                Value::Handler(handler) => handlers.push(handler),
                Value::Finally(block) => finally = block,
                value => item.value = value,
            }
        }
        StmtKind::Try { body: self.take_block(items), handlers, other, finally }
    }

    fn handler(&mut self, items: &mut [Item], span: Span) -> Value {
        let body = self.take_block(items);
        let mut types = Vec::new();
        let mut name = None;
        for item in items {
            if item.field == Field::Alias {
                name = Some(self.name(item.span));
                continue;
            }
            match std::mem::take(&mut item.value) {
                Value::As(value, target) => {
                    name = match self.facts.exprs.get(target.index()).map(|e| &e.kind) {
                        Some(ExprKind::Name(bound)) => Some(bound.clone()),
                        _ => None,
                    };
                    match self.facts.exprs.get(value.index()).map(|e| &e.kind) {
                        Some(ExprKind::List(more)) => types.extend(more.iter().copied()),
                        _ => types.push(value),
                    }
                }
                Value::List(more) => types.extend(more),
                value => {
                    item.value = value;
                    types.extend(self.expr(item));
                }
            }
        }
        Value::Handler(Handler { types, name, body, span })
    }

    fn guards(&mut self, items: &mut [Item]) -> Vec<GuardItem> {
        let mut guards = Vec::new();
        for item in items {
            if let Value::Guards(more) = &mut item.value {
                guards.append(more);
            }
        }
        guards
    }

    fn guard(&mut self, item: &mut Item) -> Option<GuardItem> {
        match std::mem::take(&mut item.value) {
            Value::As(context, target) => Some(GuardItem { context, target: Some(target) }),
            value => {
                item.value = value;
                self.expr(item).map(|context| GuardItem { context, target: None })
            }
        }
    }

    fn as_pattern(&mut self, items: &mut [Item]) -> Value {
        if self.parent_kind() == Kind::CasePattern {
            if let Some(bound) = items.iter().rev().find(|i| i.kind == Kind::Identifier) {
                self.captures.push((self.name(bound.span), bound.span));
            }
            return items.first_mut().and_then(|i| self.expr(i)).map_or(Value::Nothing, Value::Expr);
        }
        let mut parts = items.iter_mut().filter_map(|i| self.expr(i));
        match (parts.next(), parts.next()) {
            (Some(value), Some(target)) => Value::As(value, target),
            (Some(value), None) => Value::Expr(value),
            _ => Value::Nothing,
        }
    }

    /// A dotted name outside imports is a pattern: one segment binds, several are a value.
    pub(super) fn dotted_name(&mut self, span: Span) -> Value {
        match self.parent_kind() {
            Kind::CasePattern | Kind::KeywordPattern | Kind::UnionPattern | Kind::DictPattern => {}
            Kind::ClassPattern => return self.dotted_value(span),
            _ => return Value::Leaf,
        }
        if self.slice(span).contains('.') {
            return self.dotted_value(span);
        }
        if self.slice(span) != "_" {
            self.captures.push((self.name(span), span));
        }
        Value::Nothing
    }

    fn dotted_value(&mut self, span: Span) -> Value {
        let text = self.name(span);
        let mut segments = text.split('.').map(|s| Name::new(s.trim())).take(50);
        let mut base = self.push_expr(ExprKind::Name(segments.next().unwrap_or_default()), span);
        for name in segments {
            base = self.push_expr(ExprKind::Attr { base, name }, span);
        }
        Value::Expr(base)
    }

    /// A pattern as an expression where it is one; names that it binds are noted for the arm.
    fn pattern(&mut self, kind: Kind, items: &mut [Item], span: Span) -> Value {
        if kind == Kind::SplatPattern {
            for item in items.iter().filter(|i| i.kind == Kind::Identifier) {
                self.captures.push((self.name(item.span), item.span));
            }
            return Value::Nothing;
        }
        if kind == Kind::KeywordPattern {
            let values = items.iter_mut().skip(1).find_map(|i| self.expr(i));
            return values.map_or(Value::Nothing, Value::Expr);
        }
        let minus = items.iter().any(|i| i.kind == Kind::Minus);
        let mut values = self.all(items);
        if kind != Kind::CasePattern {
            return Value::Expr(self.push_expr(ExprKind::Unknown(values), span));
        }
        let Some(value) = values.pop() else { return Value::Nothing };
        if let Some(expr) = self.facts.exprs.get_mut(value.index()).filter(|_| minus) {
            match &mut expr.kind {
                ExprKind::Int(n) => *n = -*n,
                ExprKind::Float(n) => *n = -*n,
                _ => {}
            }
        }
        Value::Expr(value)
    }

    /// An arm: its guard, else its pattern as far as it is an expression; the names it binds become unknown in its body.
    fn case(&mut self, items: &mut [Item], span: Span) -> Value {
        let mut body = self.take_block(items);
        let own = self.captures.iter().position(|(_, at)| at.start >= span.start).unwrap_or(self.captures.len());
        let captures = self.captures.split_off(own);
        let mut targets = Vec::with_capacity(captures.len());
        for (name, at) in captures {
            targets.push(self.push_expr(ExprKind::Name(name), at));
        }
        if let Some(last) = targets.last().and_then(|t| self.facts.exprs.get(t.index())) {
            let at = last.span;
            let value = Some(self.push_expr(ExprKind::Unknown(Vec::new()), at));
            let targets = match targets.as_slice() {
                [_] => targets,
                _ => vec![self.push_expr(ExprKind::List(targets), at)],
            };
            body.insert(0, self.push_stmt(StmtKind::Assign { targets, value, annotation: None }, at));
        }
        let guard = self.maybe(items, Field::Guard);
        let mut patterns = self.all(items);
        let pattern = match patterns.len() {
            0 | 1 => patterns.pop(),
            _ => Some(self.push_expr(ExprKind::Unknown(patterns), span)),
        };
        Value::Arms(vec![(guard.or(pattern), body)])
    }
}

fn take_else(items: &mut [Item]) -> Block {
    let mut block = Vec::new();
    for item in items {
        if let Value::Else(more) = &mut item.value {
            block.append(more);
            item.value = Value::Nothing;
        }
    }
    block
}
