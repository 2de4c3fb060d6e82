//! Expressions: which value they are, what a SET assigns, which conditions a WHERE states.

use super::name::{Name, Piece, TableRef, pieces};
use super::statement::{Argument, AssignedValue, Assignment, Condition, FunctionCall, Op, Placeholder, Predicate, Value};
use super::walk::{Node, argument, walk};
use sqlparser::ast::{
    self, AssignmentTarget, BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArguments, Ident, InTarget, ObjectName, SetExpr,
    UnaryOperator,
};

/// How deep a value is read; what lies below is [`Value::Other`].
const DEPTH: usize = 6;

/// Reads expressions of one statement.
#[derive(Clone, Copy)]
pub(super) struct Expressions<'a> {
    /// The statement's placeholders.
    pub table: &'a [Placeholder],
    /// What an INSERT calls the row it proposes, besides `excluded`.
    pub proposed: Option<&'a str>,
    /// What the written table is called; empty: any qualifier may be it.
    pub targets: &'a [String],
}

/// A string literal in which placeholders are characters.
pub(super) fn text_value(text: &str, table: &[Placeholder]) -> Value {
    let mut found = pieces(text, table);
    match found.as_slice() {
        [] => Value::Text(String::new()),
        [Piece::Literal(_)] => match found.pop() {
            Some(Piece::Literal(text)) => Value::Text(text),
            _ => Value::Other,
        },
        [Piece::Hole(hole)] => table.iter().position(|placeholder| placeholder == hole).map_or(Value::Other, Value::Placeholder),
        _ => Value::Pattern(found),
    }
}

/// What lies inside parentheses, casts and collations.
fn bare(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner)
    | Expr::Cast { expr: inner, .. }
    | Expr::Convert { expr: inner, .. }
    | Expr::Collate { expr: inner, .. }
    | Expr::Prefixed { value: inner, .. } = expr
    {
        expr = inner;
    }
    expr
}

impl Expressions<'_> {
    /// The name an identifier is.
    pub fn ident(&self, ident: &Ident) -> Name {
        let text = if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() };
        Name::decode(&text, self.table)
    }

    /// The table a dotted name is.
    pub fn table(&self, name: &ObjectName) -> Option<TableRef> {
        let parts = name.0.iter().filter_map(|part| part.as_ident()).map(|ident| self.ident(ident)).collect();
        TableRef::from_parts(parts)
    }

    /// The last part of a dotted name.
    pub fn column(&self, name: &ObjectName) -> Option<Name> {
        name.0.last().and_then(|part| part.as_ident()).map(|ident| self.ident(ident))
    }

    /// The column an expression is, and what stands before it.
    pub fn column_of(&self, expr: &Expr) -> Option<(Option<Name>, Name)> {
        match bare(expr) {
            Expr::Identifier(ident) => Some((None, self.ident(ident))),
            Expr::CompoundIdentifier(parts) => {
                let column = self.ident(parts.last()?);
                let qualifier = parts.len().checked_sub(2).and_then(|index| parts.get(index));
                Some((qualifier.map(|ident| self.ident(ident)), column))
            }
            // `data->>'key'` is compared as a part of its column.
            Expr::BinaryOp { left, op, .. } if is_path(op) => match bare(left) {
                inner @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => self.column_of(inner),
                _ => None,
            },
            _ => None,
        }
    }

    fn is_proposed(&self, qualifier: &Name) -> bool {
        qualifier.known().is_some_and(|name| name.eq_ignore_ascii_case("excluded") || self.proposed.is_some_and(|own| own == name))
    }

    /// The value an expression is.
    pub fn value(&self, expr: &Expr) -> Value {
        self.value_at(expr, DEPTH)
    }

    fn value_at(&self, expr: &Expr, depth: usize) -> Value {
        let Some(depth) = depth.checked_sub(1) else { return Value::Other };
        let expr = bare(expr);
        match expr {
            Expr::Value(value) => self.literal(&value.value),
            Expr::TypedString(typed) => self.literal(&typed.value.value),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match self.column_of(expr) {
                Some((Some(qualifier), column)) if self.is_proposed(&qualifier) => Value::Proposed(column),
                Some((_, column)) => Value::Column(column),
                None => Value::Other,
            },
            Expr::Function(function) => self.call_value(function, depth),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match self.value_at(expr, depth) {
                Value::Text(text) => Value::Text(format!("-{text}")),
                _ => Value::Other,
            },
            Expr::BinaryOp { op: BinaryOperator::StringConcat | BinaryOperator::Plus, .. } => self.concatenation(expr),
            Expr::Subquery(_) => Value::Subquery,
            _ => Value::Other,
        }
    }

    fn call_value(&self, function: &Function, depth: usize) -> Value {
        let name = function_name(function);
        let args: Vec<Value> =
            arguments_of(function).iter().map(|arg| argument(arg).map_or(Value::Other, |expr| self.value_at(expr, depth))).collect();
        // MySQL: VALUES(x) is the proposed x; CONCAT is a concatenation.
        match (name.as_str(), args.as_slice()) {
            ("values", [Value::Column(column)]) => return Value::Proposed(column.clone()),
            ("concat", _) => {
                if let Some(joined) = self.join(&args) {
                    return joined;
                }
            }
            _ => {}
        }
        Value::Call { name, args }
    }

    fn literal(&self, value: &ast::Value) -> Value {
        match value {
            ast::Value::Number(text, _) => Value::Text(text.clone()),
            ast::Value::Boolean(value) => Value::Text(value.to_string()),
            ast::Value::Null => Value::Null,
            ast::Value::Placeholder(text) => match text.strip_prefix('$').and_then(|n| n.parse::<usize>().ok()) {
                Some(number) if (1..=self.table.len()).contains(&number) => Value::Placeholder(number - 1),
                _ => Value::Other,
            },
            other => match other.clone().into_string() {
                Some(text) => text_value(&text, self.table),
                None => Value::Other,
            },
        }
    }

    /// `'a' || b || 'c'` as a pattern, if one of its parts is a string.
    fn concatenation(&self, expr: &Expr) -> Value {
        let mut parts = Vec::new();
        let mut rest = expr;
        while let Expr::BinaryOp { left, op: BinaryOperator::StringConcat | BinaryOperator::Plus, right } = rest {
            if parts.len() > 32 {
                return Value::Other;
            }
            parts.push(match bare(right) {
                inner @ (Expr::Value(_) | Expr::TypedString(_)) => self.value_at(inner, 1),
                _ => Value::Other,
            });
            rest = bare(left);
        }
        match rest {
            Expr::Value(_) => parts.push(self.value_at(rest, 1)),
            _ => return Value::Other,
        }
        parts.reverse();
        self.join(&parts).unwrap_or(Value::Other)
    }

    fn join(&self, parts: &[Value]) -> Option<Value> {
        let mut joined: Vec<Piece> = Vec::new();
        for part in parts {
            match part {
                Value::Text(text) => joined.push(Piece::Literal(text.clone())),
                Value::Pattern(pieces) => joined.extend(pieces.iter().cloned()),
                Value::Placeholder(index) => joined.push(Piece::Hole(self.table.get(*index)?.clone())),
                _ => return None,
            }
        }
        let text = |piece: &Piece| matches!(piece, Piece::Literal(text) if text.parse::<f64>().is_err());
        joined.iter().any(text).then_some(Value::Pattern(joined))
    }

    /// A call with its arguments.
    pub fn call(&self, function: &Function) -> FunctionCall {
        let args = arguments_of(function).iter().map(|arg| Argument {
            name: match arg {
                FunctionArg::Named { name, .. } => Some(name.value.to_lowercase()),
                _ => None,
            },
            value: argument(arg).map_or(Value::Other, |expr| self.value(expr)),
        });
        FunctionCall { name: function_name(function), args: args.collect() }
    }

    /// Placeholders anywhere below an expression.
    pub fn placeholders(&self, expr: &Expr) -> Vec<usize> {
        let mut found = Vec::new();
        walk(vec![Node::Expr(expr)], &mut |node| {
            if let Node::Expr(expr @ Expr::Value(_)) = node
                && let Value::Placeholder(index) = self.value(expr)
            {
                found.push(index);
            }
            true
        });
        found
    }

    /// What a SET clause assigns.
    pub fn assignments(&self, assignments: &[ast::Assignment]) -> Vec<Assignment> {
        let mut out = Vec::new();
        for assignment in assignments {
            match &assignment.target {
                AssignmentTarget::ColumnName(name) => {
                    if let Some(column) = self.column(name) {
                        out.push(self.assignment(column, &assignment.value));
                    }
                }
                AssignmentTarget::Tuple(names) => {
                    let values = match bare(&assignment.value) {
                        Expr::Tuple(values) => values.as_slice(),
                        _ => &[],
                    };
                    for (index, column) in names.iter().filter_map(|name| self.column(name)).enumerate() {
                        out.push(self.assignment(column, values.get(index).unwrap_or(&assignment.value)));
                    }
                }
            }
        }
        out
    }

    fn assignment(&self, column: Name, expr: &Expr) -> Assignment {
        let value = if self.mentions(expr, &column) {
            AssignedValue::Relative { accumulates: self.accumulates(expr, &column) }
        } else {
            match self.value(expr) {
                Value::Placeholder(index) => AssignedValue::Placeholder(index),
                Value::Text(text) => AssignedValue::Constant(text),
                Value::Null => AssignedValue::Null,
                Value::Proposed(proposed) if proposed == column => AssignedValue::Proposed,
                _ => AssignedValue::Other,
            }
        };
        Assignment { column, value, placeholders: self.placeholders(expr) }
    }

    fn is_own(&self, expr: &Expr, column: &Name) -> bool {
        if !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
            return false;
        }
        let Some((qualifier, name)) = self.column_of(expr) else { return false };
        let elsewhere = |qualifier: &Name| {
            let known = qualifier.known().filter(|_| !self.targets.is_empty());
            self.is_proposed(qualifier) || known.is_some_and(|name| !self.targets.iter().any(|own| own == name))
        };
        name == *column && !qualifier.as_ref().is_some_and(elsewhere)
    }

    /// Whether an expression reads a column of the row it changes; a subquery reads other rows.
    fn mentions(&self, expr: &Expr, column: &Name) -> bool {
        let mut found = false;
        walk(vec![Node::Expr(expr)], &mut |node| {
            match node {
                // VALUES(n) is not n.
                Node::Expr(Expr::Function(function)) if function_name(function) == "values" => return false,
                Node::Expr(expr) => found |= self.is_own(expr, column),
                Node::Query(_) => return false,
                _ => {}
            }
            !found
        });
        found
    }

    /// Whether applying an expression twice differs from once: its own column is not merely kept or compared.
    fn accumulates(&self, expr: &Expr, column: &Name) -> bool {
        const KEEPING: &[&str] = &[
            "coalesce",
            "ifnull",
            "isnull",
            "nvl",
            "greatest",
            "least",
            "max",
            "min",
            "nullif",
            "jsonb_set",
            "json_set",
            "jsonb_build_object",
            "array_remove",
            "lower",
            "upper",
            "trim",
        ];
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            let expr = bare(expr);
            match expr {
                _ if self.is_own(expr, column) => {}
                Expr::Function(function) if KEEPING.contains(&function_name(function).as_str()) => {
                    open.extend(arguments_of(function).iter().filter_map(argument));
                }
                Expr::Case { conditions, else_result, .. } => {
                    open.extend(conditions.iter().map(|when| &when.result));
                    open.extend(else_result.as_deref());
                }
                // Merging JSON and setting bits change nothing the second time.
                Expr::BinaryOp { left, op: BinaryOperator::BitwiseOr | BinaryOperator::BitwiseAnd, right } => {
                    open.extend([&**left, &**right]);
                }
                Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } if is_json(right) => {
                    open.extend([&**left, &**right]);
                }
                _ if self.mentions(expr, column) => return true,
                _ => {}
            }
        }
        false
    }

    /// What a WHERE clause states.
    pub fn predicate(&self, selection: Option<&Expr>) -> Predicate {
        let mut out = Predicate { has_where: selection.is_some(), ..Predicate::default() };
        let mut open: Vec<&Expr> = selection.into_iter().collect();
        while let Some(expr) = open.pop() {
            match expr {
                Expr::Nested(inner) => open.push(inner),
                Expr::BinaryOp { left, op: BinaryOperator::And, right } => open.extend([&**right, &**left]),
                _ => self.condition(expr, &mut out),
            }
        }
        out
    }

    fn condition(&self, expr: &Expr, out: &mut Predicate) {
        let before = out.conditions.len();
        match expr {
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::Eq => self.compared(left, Op::Eq, right, out),
                BinaryOperator::NotEq => self.compared(left, Op::NotEq, right, out),
                BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq => {
                    self.compared(left, Op::Compare, right, out);
                }
                BinaryOperator::Or => out.disjunction = true,
                _ => {}
            },
            Expr::IsNotDistinctFrom(left, right) => self.compared(left, Op::Eq, right, out),
            Expr::IsDistinctFrom(left, right) => self.compared(left, Op::NotEq, right, out),
            Expr::In { expr, target, negated, .. } => {
                let value = match target {
                    InTarget::List(list) if list.len() == 1 => list.first().map_or(Value::Other, |v| self.value(v)),
                    InTarget::Subquery(_) => Value::Subquery,
                    InTarget::Unnest(inner) => self.value(inner),
                    _ => Value::Other,
                };
                out.not_exists |= *negated && value == Value::Subquery;
                self.push(expr, if *negated { Op::Other } else { Op::In }, value, out);
            }
            Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => {
                self.push(left, Op::In, self.value(right), out);
            }
            Expr::IsNull(inner) => self.push(inner, Op::IsNull, Value::Null, out),
            Expr::IsNotNull(inner) => self.push(inner, Op::IsNotNull, Value::Null, out),
            Expr::Between { expr, negated: false, low, .. } => self.push(expr, Op::Compare, self.value(low), out),
            Expr::Exists { .. } => {
                out.not_exists = true;
                return;
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => match bare(inner) {
                Expr::Exists { .. } => {
                    out.not_exists = true;
                    return;
                }
                column @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => {
                    self.push(column, Op::Eq, Value::Text("false".into()), out);
                }
                _ => {}
            },
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                if let Some((_, Name::Pattern(_))) = self.column_of(expr) {
                    out.open = true;
                    return;
                }
                self.push(expr, Op::Eq, Value::Text("true".into()), out);
            }
            Expr::Value(_) => {
                out.open |= matches!(self.value(expr), Value::Placeholder(_));
                return;
            }
            _ => {}
        }
        if out.conditions.len() == before {
            self.mentioned(expr, out);
        }
    }

    fn compared(&self, left: &Expr, op: Op, right: &Expr, out: &mut Predicate) {
        if let (Expr::Tuple(columns), Expr::Tuple(values)) = (bare(left), bare(right)) {
            for (column, value) in columns.iter().zip(values) {
                self.push(column, op, self.value(value), out);
            }
            return;
        }
        // `0 = (SELECT count(*) …)` guards as NOT EXISTS does.
        if let Expr::Subquery(query) = bare(left) {
            out.not_exists |= matches!(query.body.as_ref(), SetExpr::Select(select) if !select.from.is_empty());
        }
        if self.column_of(left).is_some() {
            self.push(left, op, self.value(right), out);
        } else if self.column_of(right).is_some() {
            self.push(right, op, self.value(left), out);
        }
    }

    fn push(&self, column: &Expr, op: Op, value: Value, out: &mut Predicate) {
        if let Some((qualifier, column)) = self.column_of(column) {
            out.conditions.push(Condition { qualifier, column, op, value });
        }
    }

    /// The columns of a condition of no simple form.
    fn mentioned(&self, expr: &Expr, out: &mut Predicate) {
        walk(vec![Node::Expr(expr)], &mut |node| match node {
            Node::Expr(Expr::Exists { .. }) => {
                out.not_exists = true;
                false
            }
            Node::Expr(expr) => {
                if matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                    self.push(expr, Op::Other, Value::Other, out);
                }
                true
            }
            _ => false,
        });
    }
}

/// Whether an expression is JSON by its type.
fn is_json(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_json(inner),
        Expr::Cast { data_type: DataType::JSON | DataType::JSONB, .. } => true,
        Expr::Function(function) => function_name(function).starts_with("json"),
        _ => false,
    }
}

fn is_path(op: &BinaryOperator) -> bool {
    matches!(op, BinaryOperator::Arrow | BinaryOperator::LongArrow | BinaryOperator::HashArrow | BinaryOperator::HashLongArrow)
}

/// A function's name, lower-cased, without schema.
pub(super) fn function_name(function: &Function) -> String {
    let last = function.name.0.last().and_then(|part| part.as_ident());
    last.map_or(String::new(), |ident| ident.value.to_lowercase())
}

/// The arguments of a call.
pub(super) fn arguments_of(function: &Function) -> &[FunctionArg] {
    match &function.args {
        FunctionArguments::List(list) => &list.args,
        _ => &[],
    }
}
