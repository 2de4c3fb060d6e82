//! From a node's children to an expression.

use super::grammar::{Field, Kind};
use super::strings;
use super::walk::{Frame, Item, Lowering, Value};
use crate::facts::*;
use crate::source::Span;

/// How many characters of a name tell which attributes it may be.
const TOLD: usize = 3;

impl Lowering<'_> {
    /// The value of a node without children of interest.
    pub(super) fn leaf(&mut self, kind: Kind, span: Span) -> Value {
        let literal = match kind {
            Kind::None => ExprKind::Null,
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::Ellipsis => ExprKind::Unknown(Vec::new()),
            Kind::Integer => integer(self.slice(span)).map_or(ExprKind::Unknown(Vec::new()), ExprKind::Int),
            Kind::Float => float(self.slice(span)).map_or(ExprKind::Unknown(Vec::new()), ExprKind::Float),
            Kind::DottedName => return self.dotted_name(span),
            Kind::Pass | Kind::Break | Kind::Continue => return self.leaf_statement(kind, span),
            _ => return Value::Leaf,
        };
        Value::Expr(self.push_expr(literal, span))
    }

    /// The expression an item stands for, made now if need be; `None` where it stands for none.
    pub(super) fn expr(&mut self, item: &mut Item) -> Option<ExprId> {
        let kind = match std::mem::take(&mut item.value) {
            Value::Expr(id) | Value::Condition(id) => return Some(id),
            Value::Leaf if item.kind == Kind::Identifier => ExprKind::Name(self.name(item.span)),
            Value::Str(text) => ExprKind::Str(text),
            Value::Text(parts) => ExprKind::Text(parts),
            Value::List(items) => ExprKind::List(items),
            Value::Chain(all, items) => ExprKind::Logic { all, items },
            Value::As(value, target) => ExprKind::Bind { target, value },
            Value::Splat(_, value) => ExprKind::Spread(value),
            Value::Pair(key, value) => ExprKind::Map(vec![(Some(key), value)]),
            Value::Types(types) => ExprKind::List(types),
            Value::Assign { mut targets, value: Some(value), .. } => match targets.pop() {
                Some(target) => ExprKind::Bind { target, value },
                None => return Some(value),
            },
            Value::Arg(arg) => return Some(arg.value),
            Value::Args(args) => ExprKind::Unknown(args.into_iter().map(|a| a.value).collect()),
            Value::Update { target, value, .. } => ExprKind::Unknown(vec![target, value]),
            _ => return None,
        };
        Some(self.push_expr(kind, item.span))
    }

    /// The expression of the first child in a role, or an unknown one where broken code left it out.
    pub(super) fn part(&mut self, items: &mut [Item], field: Field, span: Span) -> ExprId {
        self.maybe(items, field).unwrap_or_else(|| self.push_expr(ExprKind::Unknown(Vec::new()), span))
    }

    /// The expression of the first child in a role, if there is one.
    pub(super) fn maybe(&mut self, items: &mut [Item], field: Field) -> Option<ExprId> {
        items.iter_mut().filter(|i| i.field == field).find_map(|i| self.expr(i))
    }

    /// All children that are expressions, in order.
    pub(super) fn all(&mut self, items: &mut [Item]) -> Vec<ExprId> {
        let mut ids = Vec::with_capacity(items.len());
        ids.extend(items.iter_mut().filter_map(|i| self.expr(i)));
        ids
    }

    /// All children as one expression: itself where it is one, else a list.
    pub(super) fn one(&mut self, items: &mut [Item], span: Span) -> ExprId {
        let mut ids = self.all(items);
        match ids.pop() {
            Some(id) if ids.is_empty() => id,
            Some(id) => {
                ids.push(id);
                self.push_expr(ExprKind::List(ids), span)
            }
            None => self.push_expr(ExprKind::Unknown(Vec::new()), span),
        }
    }

    /// Reduce an expression node; `None` where the node is none.
    pub(super) fn reduce_expression(&mut self, frame: &Frame, items: &mut [Item]) -> Option<Value> {
        let span = frame.span;
        let kind = match frame.kind {
            Kind::Attribute => {
                ExprKind::Attr { base: self.part(items, Field::Object, span), name: self.field_name(items, Field::Attribute) }
            }
            Kind::Call => return Some(self.call(items, span)),
            Kind::ArgumentList => return Some(Value::Args(self.arguments(items))),
            Kind::KeywordArgument => {
                let name = Some(self.field_name(items, Field::Name));
                return Some(Value::Arg(Arg { name, spread: 0, value: self.part(items, Field::Value, span) }));
            }
            Kind::Subscript => {
                let base = self.part(items, Field::Value, span);
                let index = self.one(items, span);
                ExprKind::Index { base, index }
            }
            Kind::Binary => return Some(self.binary(items, span)),
            Kind::Boolean => return Some(self.boolean(items, span)),
            Kind::Comparison => return Some(self.comparison(items, span)),
            Kind::Not => ExprKind::Not(self.one(items, span)),
            Kind::Unary => return Some(self.unary(items, span)),
            Kind::Conditional => {
                let mut parts = self.all(items);
                match (parts.pop(), parts.pop(), parts.pop()) {
                    (Some(other), Some(cond), Some(then)) => ExprKind::Choice { cond, then, other },
                    (a, b, _) => ExprKind::Unknown([b, a].into_iter().flatten().collect()),
                }
            }
            Kind::Named => {
                let target = self.part(items, Field::Name, span);
                ExprKind::Bind { target, value: self.part(items, Field::Value, span) }
            }
            Kind::Await => ExprKind::Await(self.one(items, span)),
            Kind::Yield => return Some(self.yields(items, span)),
            Kind::Parenthesized => return Some(self.parenthesized(items)),
            Kind::AsTarget | Kind::Type | Kind::Decorator | Kind::Chevron | Kind::Interpolation => {
                return Some(Value::Expr(self.one(items, span)));
            }
            Kind::ListPattern | Kind::TuplePattern if self.in_case() => ExprKind::Unknown(self.all(items)),
            Kind::List | Kind::Set | Kind::Tuple | Kind::ExpressionList | Kind::PatternList | Kind::ListPattern | Kind::TuplePattern => {
                return Some(Value::List(self.all(items)));
            }
            Kind::Dictionary => ExprKind::Map(self.entries(items)),
            Kind::Pair => {
                let mut pair = self.all(items);
                let value = pair.pop()?;
                return Some(match pair.pop() {
                    Some(key) => Value::Pair(key, value),
                    None => Value::Expr(value),
                });
            }
            Kind::ListSplat | Kind::DictionarySplat => {
                let stars = if frame.kind == Kind::ListSplat { 1 } else { 2 };
                return Some(Value::Splat(stars, self.one(items, span)));
            }
            Kind::ListSplatPattern | Kind::DictionarySplatPattern => {
                if matches!(self.parent_kind(), Kind::Parameters | Kind::LambdaParameters | Kind::TypedParameter) {
                    return None;
                }
                return Some(Value::Splat(1, self.one(items, span)));
            }
            Kind::SplatType => ExprKind::Spread(self.one(items, span)),
            Kind::ListComprehension | Kind::SetComprehension | Kind::DictComprehension | Kind::Generator => {
                return Some(self.comprehension(items, span));
            }
            Kind::ForIn => {
                let target = self.part(items, Field::Left, span);
                let mut iters: Vec<ExprId> = Vec::with_capacity(1);
                iters.extend(items.iter_mut().filter(|i| i.field == Field::Right).filter_map(|i| self.expr(i)));
                let iter = match iters.pop() {
                    Some(only) if iters.is_empty() => only,
                    last => {
                        iters.extend(last);
                        self.push_expr(ExprKind::List(iters), span)
                    }
                };
                return Some(Value::Clause(Clause { target, iter, conds: Vec::new() }));
            }
            Kind::IfClause => return Some(Value::Condition(self.one(items, span))),
            Kind::String => return Some(self.f_string(items, span)),
            Kind::ConcatenatedString => return Some(concatenated(items)),
            Kind::GenericType => {
                let types = items.iter_mut().find_map(|i| match &mut i.value {
                    Value::Types(types) => Some(std::mem::take(types)),
                    _ => None,
                });
                let base =
                    items.first_mut().and_then(|i| self.expr(i)).unwrap_or_else(|| self.push_expr(ExprKind::Unknown(Vec::new()), span));
                let mut types = types.unwrap_or_default();
                let index = match types.pop() {
                    Some(only) if types.is_empty() => only,
                    last => {
                        types.extend(last);
                        self.push_expr(ExprKind::List(types), span)
                    }
                };
                ExprKind::Index { base, index }
            }
            Kind::TypeParameter => return Some(Value::Types(self.all(items))),
            Kind::UnionType => {
                let mut sides = self.all(items);
                match (sides.pop(), sides.pop()) {
                    (Some(right), Some(left)) => ExprKind::Binary { op: BinaryOp::Or, left, right },
                    (only, _) => ExprKind::Unknown(only.into_iter().collect()),
                }
            }
            Kind::ConstrainedType => return items.first_mut().and_then(|i| self.expr(i)).map(Value::Expr),
            Kind::MemberType => {
                let name = items.last().map(|i| self.name(i.span)).unwrap_or_default();
                let base = items.first_mut().and_then(|i| self.expr(i));
                match base {
                    Some(base) => ExprKind::Attr { base, name },
                    None => ExprKind::Unknown(Vec::new()),
                }
            }
            Kind::Slice | Kind::Other | Kind::ComplexPattern => ExprKind::Unknown(self.all(items)),
            _ => return None,
        };
        Some(Value::Expr(self.push_expr(kind, span)))
    }

    /// Whether the node that is being reduced is part of a `case` pattern.
    fn in_case(&self) -> bool {
        matches!(self.parent_kind(), Kind::CasePattern | Kind::UnionPattern | Kind::KeywordPattern | Kind::DictPattern)
    }

    /// The text of the child in a role; empty where broken code left it out.
    pub(super) fn field_name(&self, items: &[Item], field: Field) -> Name {
        items.iter().find(|i| i.field == field).map(|i| self.name(i.span)).unwrap_or_default()
    }

    fn call(&mut self, items: &mut [Item], span: Span) -> Value {
        let (arguments, rest): (Vec<_>, Vec<_>) = items.iter_mut().partition(|i| i.field == Field::Arguments);
        let mut callee = None;
        for item in rest {
            callee = callee.or_else(|| self.expr(item));
        }
        let callee = callee.unwrap_or_else(|| self.push_expr(ExprKind::Unknown(Vec::new()), span));
        let mut args = Vec::new();
        for item in arguments {
            match &mut item.value {
                Value::Args(given) => args.append(given),
                _ => args.extend(self.expr(item).map(|value| Arg { name: None, spread: 0, value })),
            }
        }
        if let Some(kind) = self.attribute_by_name(callee, &args) {
            return Value::Expr(self.push_expr(kind, span));
        }
        Value::Expr(self.push_expr(ExprKind::Call { callee, args }, span))
    }

    /// `getattr(holder, "name")` is `holder.name`, or else its default.
    fn attribute_by_name(&mut self, callee: ExprId, args: &[Arg]) -> Option<ExprKind> {
        let kind = |e: ExprId| &self.facts.expr(e).kind;
        let (holder, name, default) = match args {
            [holder, name] => (holder, name, None),
            [holder, name, default] => (holder, name, Some(default.value).filter(|d| *kind(*d) != ExprKind::Null)),
            _ => return None,
        };
        let ExprKind::Name(function) = kind(callee) else { return None };
        let name = self.name_of_attribute(name.value)?;
        if function != "getattr" || args.iter().any(|a| a.spread > 0 || a.name.is_some()) {
            return None;
        }
        let attribute = ExprKind::Attr { base: holder.value, name };
        Some(match default {
            None => attribute,
            Some(default) => {
                let span = self.facts.expr(callee).span;
                let attribute = self.push_expr(attribute, span);
                ExprKind::Logic { all: false, items: vec![attribute, default] }
            }
        })
    }

    /// The name that an expression tells, or as much of it as it does: `f"tool_{name}"`, `"on_" + event`.
    fn name_of_attribute(&self, expr: ExprId) -> Option<Name> {
        let kind = |e: ExprId| &self.facts.expr(e).kind;
        let mut name = Name::default();
        match kind(expr) {
            ExprKind::Str(name) => return Some(name.clone()),
            ExprKind::Text(parts) => {
                for part in parts {
                    match part {
                        TextPart::Lit(text) => name.push_str(text),
                        TextPart::Hole(_) => name.push(NAMED_ANYHOW),
                    }
                }
            }
            ExprKind::Binary { op: BinaryOp::Add, left, right } => {
                for side in [*left, *right] {
                    match kind(side) {
                        ExprKind::Str(text) => name.push_str(text),
                        _ => name.push(NAMED_ANYHOW),
                    }
                }
            }
            _ => return None,
        }
        (name.matches(NAMED_ANYHOW).count() == 1 && name.len() > TOLD).then_some(name)
    }

    fn arguments(&mut self, items: &mut [Item]) -> Vec<Arg> {
        let mut args = Vec::with_capacity(items.len());
        for item in items {
            match std::mem::take(&mut item.value) {
                Value::Arg(arg) => args.push(arg),
                Value::Splat(spread, value) => args.push(Arg { name: None, spread, value }),
                value => {
                    item.value = value;
                    args.extend(self.expr(item).map(|value| Arg { name: None, spread: 0, value }));
                }
            }
        }
        args
    }

    fn entries(&mut self, items: &mut [Item]) -> Vec<(Option<ExprId>, ExprId)> {
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            match std::mem::take(&mut item.value) {
                Value::Pair(key, value) => entries.push((Some(key), value)),
                Value::Splat(_, value) => entries.push((None, value)),
                value => {
                    item.value = value;
                    entries.extend(self.expr(item).map(|value| (None, value)));
                }
            }
        }
        entries
    }

    fn binary(&mut self, items: &mut [Item], span: Span) -> Value {
        let op = items.iter().find(|i| i.field == Field::Operator).map_or(BinaryOp::Other, |i| binary_op(i.kind));
        let left = self.part(items, Field::Left, span);
        let right = self.part(items, Field::Right, span);
        Value::Expr(self.push_expr(ExprKind::Binary { op, left, right }, span))
    }

    fn boolean(&mut self, items: &mut [Item], span: Span) -> Value {
        let all = items.iter().any(|i| i.kind == Kind::And);
        let left = items.iter_mut().find(|i| i.field == Field::Left);
        let mut operands = match left {
            Some(left) => match std::mem::take(&mut left.value) {
                Value::Chain(same, operands) if same == all => operands,
                value => {
                    left.value = value;
                    self.expr(left).into_iter().collect()
                }
            },
            None => Vec::new(),
        };
        operands.push(self.part(items, Field::Right, span));
        Value::Chain(all, operands)
    }

    fn comparison(&mut self, items: &mut [Item], span: Span) -> Value {
        let mut left = None;
        let mut rest = Vec::with_capacity(items.len() / 2);
        let mut op = None;
        for item in items {
            if item.field == Field::Operators {
                op = compare_op(item.kind).or(op);
            } else if let Some(operand) = self.expr(item) {
                match op.take() {
                    Some(op) => rest.push((op, operand)),
                    None => left = left.or(Some(operand)),
                }
            }
        }
        let left = left.unwrap_or_else(|| self.push_expr(ExprKind::Unknown(Vec::new()), span));
        Value::Expr(self.push_expr(ExprKind::Compare { left, rest }, span))
    }

    /// `-1` is a constant, all else a value made of another.
    fn unary(&mut self, items: &mut [Item], span: Span) -> Value {
        let minus = items.iter().any(|i| i.kind == Kind::Minus);
        let value = self.one(items, span);
        if let Some(expr) = self.facts.exprs.get_mut(value.index()).filter(|_| minus) {
            match expr.kind {
                ExprKind::Int(n) => *expr = Expr { kind: ExprKind::Int(-n), span },
                ExprKind::Float(n) => *expr = Expr { kind: ExprKind::Float(-n), span },
                _ => return Value::Expr(self.push_expr(ExprKind::Unary(value), span)),
            }
            return Value::Expr(value);
        }
        Value::Expr(self.push_expr(ExprKind::Unary(value), span))
    }

    fn yields(&mut self, items: &mut [Item], span: Span) -> Value {
        let function = self.scope().function;
        if let Some(function) = self.facts.functions.get_mut(function.index()) {
            function.is_generator = true;
        }
        let value = items.iter_mut().find_map(|i| self.expr(i));
        Value::Expr(self.push_expr(ExprKind::Yield(value), span))
    }

    /// Parentheses say nothing, except that a chain of `and` ends in them.
    fn parenthesized(&mut self, items: &mut [Item]) -> Value {
        for item in items {
            match &item.value {
                Value::Nothing | Value::Strays(_) => {}
                Value::Chain(..) | Value::Leaf | Value::List(_) => return self.expr(item).map_or(Value::Nothing, Value::Expr),
                _ => return std::mem::take(&mut item.value),
            }
        }
        Value::Nothing
    }

    fn comprehension(&mut self, items: &mut [Item], span: Span) -> Value {
        let mut element = None;
        let mut value = None;
        let mut clauses: Vec<Clause> = Vec::new();
        for item in items {
            match std::mem::take(&mut item.value) {
                Value::Clause(clause) => clauses.push(clause),
                Value::Condition(cond) => {
                    if let Some(clause) = clauses.last_mut() {
                        clause.conds.push(cond);
                    }
                }
                Value::Pair(k, v) => (element, value) = (Some(k), Some(v)),
                other => {
                    item.value = other;
                    element = element.or_else(|| self.expr(item));
                }
            }
        }
        let element = element.unwrap_or_else(|| self.push_expr(ExprKind::Unknown(Vec::new()), span));
        Value::Expr(self.push_expr(ExprKind::Comprehension { element, value, clauses }, span))
    }

    fn f_string(&mut self, items: &mut [Item], span: Span) -> Value {
        let raw = strings::literal(self.slice(span)).raw;
        let mut parts = Vec::with_capacity(items.len());
        for item in items {
            if item.kind == Kind::StringContent {
                let piece = strings::decode_piece(self.slice(item.span), raw);
                strings::push_text(&mut parts, piece);
            } else if let Some(hole) = self.expr(item) {
                parts.push(TextPart::Hole(hole));
            }
        }
        text_value(parts)
    }
}

fn concatenated(items: &mut [Item]) -> Value {
    let mut parts = Vec::new();
    for item in items {
        match std::mem::take(&mut item.value) {
            Value::Str(text) => strings::push_text(&mut parts, text),
            Value::Text(more) => {
                for part in more {
                    match part {
                        TextPart::Lit(text) => strings::push_text(&mut parts, text),
                        hole => parts.push(hole),
                    }
                }
            }
            Value::Expr(hole) => parts.push(TextPart::Hole(hole)),
            _ => {}
        }
    }
    text_value(parts)
}

fn text_value(mut parts: Vec<TextPart>) -> Value {
    match parts.as_mut_slice() {
        [] => Value::Str(Name::default()),
        [TextPart::Lit(text)] => Value::Str(std::mem::take(text)),
        _ => Value::Text(parts),
    }
}

/// The operation a token stands for, assigning ones included.
pub(super) fn binary_op(kind: Kind) -> BinaryOp {
    match kind {
        Kind::Plus | Kind::PlusAssign => BinaryOp::Add,
        Kind::Minus | Kind::MinusAssign => BinaryOp::Sub,
        Kind::Star | Kind::StarAssign => BinaryOp::Mul,
        Kind::Slash | Kind::DoubleSlash | Kind::SlashAssign | Kind::DoubleSlashAssign => BinaryOp::Div,
        Kind::Percent | Kind::PercentAssign => BinaryOp::Rem,
        Kind::Pipe | Kind::PipeAssign => BinaryOp::Or,
        _ => BinaryOp::Other,
    }
}

fn compare_op(kind: Kind) -> Option<CompareOp> {
    Some(match kind {
        Kind::Equal => CompareOp::Eq,
        Kind::NotEqual | Kind::OldNotEqual => CompareOp::Ne,
        Kind::Less => CompareOp::Lt,
        Kind::LessEqual => CompareOp::Le,
        Kind::Greater => CompareOp::Gt,
        Kind::GreaterEqual => CompareOp::Ge,
        Kind::Is => CompareOp::Is,
        Kind::IsNot => CompareOp::IsNot,
        Kind::In => CompareOp::In,
        Kind::NotIn => CompareOp::NotIn,
        _ => return None,
    })
}

fn integer(text: &str) -> Option<i64> {
    let clean;
    let text = if text.contains('_') {
        clean = text.replace('_', "");
        clean.as_str()
    } else {
        text
    };
    let text = text.trim_end_matches(['l', 'L']);
    let (digits, base) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], 16),
        Some("0o" | "0O") => (&text[2..], 8),
        Some("0b" | "0B") => (&text[2..], 2),
        _ => (text, 10),
    };
    i64::from_str_radix(digits, base).ok()
}

fn float(text: &str) -> Option<f64> {
    if text.contains('_') { text.replace('_', "").parse().ok() } else { text.parse().ok() }
}
