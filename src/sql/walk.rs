//! A walk over `sqlparser`'s tree with a stack of its own, since a tree may be deeper than the machine's.

use sqlparser::ast::{
    AccessExpr, CeilFloorKind, Distinct, Expr, FromTable, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, InTarget,
    JoinConstraint, JoinOperator, LimitClause, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, Subscript, TableFactor,
    TableWithJoins, UpdateTableFromKind, WindowType,
};

/// A part of a tree that may hold others.
#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    /// An expression.
    Expr(&'a Expr),
    /// A query with its clauses.
    Query(&'a Query),
    /// The body of a query.
    Body(&'a SetExpr),
    /// What stands in FROM.
    Table(&'a TableFactor),
}

/// Visits `roots` and everything below them, a node before its children, in the order of the text. Where `visit`
/// says false, the children are left out.
pub(super) fn walk<'a>(roots: Vec<Node<'a>>, visit: &mut dyn FnMut(Node<'a>) -> bool) {
    let mut stack = roots;
    stack.reverse();
    while let Some(node) = stack.pop() {
        if visit(node) {
            let from = stack.len();
            children(node, &mut stack);
            stack[from..].reverse();
        }
    }
}

/// The parts of a statement that `walk` may begin with.
pub(super) fn roots(statement: &Statement) -> Vec<Node<'_>> {
    let mut out = Vec::new();
    match statement {
        Statement::Query(query) => out.push(Node::Query(query)),
        Statement::Insert(insert) => {
            out.extend(insert.source.as_deref().map(Node::Query));
            out.extend(insert.assignments.iter().map(|assignment| Node::Expr(&assignment.value)));
            items(insert.returning.as_deref().unwrap_or_default(), &mut out);
        }
        Statement::Update(update) => {
            table_with_joins(&update.table, &mut out);
            if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = &update.from {
                from.iter().for_each(|table| table_with_joins(table, &mut out));
            }
            out.extend(update.assignments.iter().map(|assignment| Node::Expr(&assignment.value)));
            out.extend(update.selection.as_ref().map(Node::Expr));
            items(update.returning.as_deref().unwrap_or_default(), &mut out);
        }
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            from.iter().for_each(|table| table_with_joins(table, &mut out));
            delete.using.iter().flatten().for_each(|table| table_with_joins(table, &mut out));
            out.extend(delete.selection.as_ref().map(Node::Expr));
            items(delete.returning.as_deref().unwrap_or_default(), &mut out);
        }
        Statement::Merge(merge) => {
            out.extend([Node::Table(&merge.table), Node::Table(&merge.source), Node::Expr(&merge.on)]);
        }
        _ => {}
    }
    out
}

fn children<'a>(node: Node<'a>, out: &mut Vec<Node<'a>>) {
    match node {
        Node::Expr(expr) => expr_children(expr, out),
        Node::Query(query) => query_children(query, out),
        Node::Body(body) => match body {
            SetExpr::Select(select) => select_children(select, out),
            SetExpr::Query(query) => out.push(Node::Query(query)),
            SetExpr::SetOperation { left, right, .. } => out.extend([Node::Body(left), Node::Body(right)]),
            SetExpr::Values(values) => out.extend(values.rows.iter().flat_map(|row| row.iter().map(Node::Expr))),
            SetExpr::Insert(statement) | SetExpr::Update(statement) | SetExpr::Delete(statement) | SetExpr::Merge(statement) => {
                out.extend(roots(statement))
            }
            SetExpr::Table(_) => {}
        },
        Node::Table(table) => table_children(table, out),
    }
}

fn query_children<'a>(query: &'a Query, out: &mut Vec<Node<'a>>) {
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        out.push(Node::Query(&cte.query));
    }
    out.push(Node::Body(&query.body));
    if let Some(OrderByKind::Expressions(order)) = query.order_by.as_ref().map(|order| &order.kind) {
        out.extend(order.iter().map(|item| Node::Expr(&item.expr)));
    }
    match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, offset, .. }) => {
            out.extend(limit.iter().map(Node::Expr));
            out.extend(offset.iter().map(|offset| Node::Expr(&offset.value)));
        }
        Some(LimitClause::OffsetCommaLimit { offset, limit }) => out.extend([Node::Expr(offset), Node::Expr(limit)]),
        None => {}
    }
}

fn items<'a>(items: &'a [SelectItem], out: &mut Vec<Node<'a>>) {
    for item in items {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } | SelectItem::ExprWithAliases { expr, .. } => {
                out.push(Node::Expr(expr))
            }
            SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {}
        }
    }
}

fn select_children<'a>(select: &'a Select, out: &mut Vec<Node<'a>>) {
    if let Some(Distinct::On(exprs)) = &select.distinct {
        out.extend(exprs.iter().map(Node::Expr));
    }
    items(&select.projection, out);
    select.from.iter().for_each(|table| table_with_joins(table, out));
    out.extend(select.prewhere.iter().chain(&select.selection).map(Node::Expr));
    if let GroupByExpr::Expressions(exprs, _) = &select.group_by {
        out.extend(exprs.iter().map(Node::Expr));
    }
    out.extend(select.having.iter().chain(&select.qualify).map(Node::Expr));
}

fn table_with_joins<'a>(table: &'a TableWithJoins, out: &mut Vec<Node<'a>>) {
    out.push(Node::Table(&table.relation));
    for join in &table.joins {
        out.push(Node::Table(&join.relation));
        let constraint = match &join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::StraightJoin(constraint)
            | JoinOperator::Semi(constraint)
            | JoinOperator::LeftSemi(constraint)
            | JoinOperator::Anti(constraint)
            | JoinOperator::LeftAnti(constraint)
            | JoinOperator::AsOf { constraint, .. } => constraint,
            _ => continue,
        };
        if let JoinConstraint::On(expr) = constraint {
            out.push(Node::Expr(expr));
        }
    }
}

fn table_children<'a>(table: &'a TableFactor, out: &mut Vec<Node<'a>>) {
    match table {
        TableFactor::Table { args, .. } => args.iter().for_each(|args| arguments(&args.args, out)),
        TableFactor::Derived { subquery, .. } => out.push(Node::Query(subquery)),
        TableFactor::TableFunction { expr, .. } => out.push(Node::Expr(expr)),
        TableFactor::Function { args, .. } => arguments(args, out),
        TableFactor::UNNEST { array_exprs, .. } => out.extend(array_exprs.iter().map(Node::Expr)),
        TableFactor::JsonTable { json_expr, .. } | TableFactor::OpenJsonTable { json_expr, .. } => {
            out.push(Node::Expr(json_expr));
        }
        TableFactor::NestedJoin { table_with_joins: table, .. } => table_with_joins(table, out),
        TableFactor::Pivot { table, .. } | TableFactor::Unpivot { table, .. } | TableFactor::MatchRecognize { table, .. } => {
            out.push(Node::Table(table))
        }
        _ => {}
    }
}

/// The expression an argument holds.
pub(super) fn argument(arg: &FunctionArg) -> Option<&Expr> {
    let (FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. } | FunctionArg::Unnamed(arg)) = arg;
    match arg {
        FunctionArgExpr::Expr(expr) => Some(expr),
        _ => None,
    }
}

fn arguments<'a>(args: &'a [FunctionArg], out: &mut Vec<Node<'a>>) {
    out.extend(args.iter().filter_map(argument).map(Node::Expr));
}

fn function_children<'a>(function: &'a Function, out: &mut Vec<Node<'a>>) {
    match &function.args {
        FunctionArguments::List(list) => arguments(&list.args, out),
        FunctionArguments::Subquery(query) => out.push(Node::Query(query)),
        FunctionArguments::None => {}
    }
    out.extend(function.filter.as_deref().map(Node::Expr));
    if let Some(WindowType::WindowSpec(window)) = &function.over {
        out.extend(window.partition_by.iter().map(Node::Expr));
        out.extend(window.order_by.iter().map(|item| Node::Expr(&item.expr)));
    }
}

fn expr_children<'a>(expr: &'a Expr, out: &mut Vec<Node<'a>>) {
    match expr {
        Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotUnknown(inner)
        | Expr::Nested(inner)
        | Expr::OuterJoin(inner)
        | Expr::Prior(inner) => out.push(Node::Expr(inner)),
        Expr::IsJson { expr, .. }
        | Expr::IsNormalized { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Convert { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Named { expr, .. } => out.push(Node::Expr(expr)),
        Expr::Ceil { expr, field } | Expr::Floor { expr, field } => {
            let (CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_)) = field;
            out.push(Node::Expr(expr));
        }
        Expr::Prefixed { value, .. } | Expr::JsonAccess { value, .. } => out.push(Node::Expr(value)),
        Expr::Interval(interval) => out.push(Node::Expr(&interval.value)),
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            out.extend([Node::Expr(left), Node::Expr(right)]);
        }
        Expr::BinaryOp { left, right, .. } | Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
            out.extend([Node::Expr(left), Node::Expr(right)]);
        }
        Expr::Like { expr, pattern, .. }
        | Expr::ILike { expr, pattern, .. }
        | Expr::SimilarTo { expr, pattern, .. }
        | Expr::RLike { expr, pattern, .. } => out.extend([Node::Expr(expr), Node::Expr(pattern)]),
        Expr::AtTimeZone { timestamp, time_zone } => out.extend([Node::Expr(timestamp), Node::Expr(time_zone)]),
        Expr::Position { expr, r#in } => out.extend([Node::Expr(expr), Node::Expr(r#in)]),
        Expr::Between { expr, low, high, .. } => out.extend([Node::Expr(expr), Node::Expr(low), Node::Expr(high)]),
        Expr::In { expr, target, .. } => {
            out.push(Node::Expr(expr));
            match target {
                InTarget::List(list) => out.extend(list.iter().map(Node::Expr)),
                InTarget::Subquery(query) => out.push(Node::Query(query)),
                InTarget::Unnest(inner) => out.push(Node::Expr(inner)),
                InTarget::Table { args, .. } => arguments(args.as_deref().unwrap_or_default(), out),
            }
        }
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            out.push(Node::Expr(expr));
            out.extend(substring_from.iter().chain(substring_for).map(|inner| Node::Expr(inner)));
        }
        Expr::Trim { expr, trim_what, .. } => {
            out.extend(trim_what.iter().map(|inner| Node::Expr(inner)));
            out.push(Node::Expr(expr));
        }
        Expr::Overlay { expr, overlay_what, overlay_from, .. } => {
            out.extend([Node::Expr(expr), Node::Expr(overlay_what), Node::Expr(overlay_from)]);
        }
        Expr::CompoundFieldAccess { root, access_chain } => {
            out.push(Node::Expr(root));
            for access in access_chain {
                match access {
                    AccessExpr::Dot(inner) => out.push(Node::Expr(inner)),
                    AccessExpr::Subscript(Subscript::Index { index }) => out.push(Node::Expr(index)),
                    AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, .. }) => {
                        out.extend(lower_bound.iter().chain(upper_bound).map(Node::Expr));
                    }
                }
            }
        }
        Expr::Function(function) => function_children(function, out),
        Expr::Case { operand, conditions, else_result, .. } => {
            out.extend(operand.iter().map(|inner| Node::Expr(inner)));
            for when in conditions {
                out.extend([Node::Expr(&when.condition), Node::Expr(&when.result)]);
            }
            out.extend(else_result.iter().map(|inner| Node::Expr(inner)));
        }
        Expr::Exists { subquery, .. } => out.push(Node::Query(subquery)),
        Expr::Subquery(query) => out.push(Node::Query(query)),
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
            out.extend(sets.iter().flatten().map(Node::Expr));
        }
        Expr::Tuple(values) | Expr::Struct { values, .. } => out.extend(values.iter().map(Node::Expr)),
        Expr::Array(array) => out.extend(array.elem.iter().map(Node::Expr)),
        Expr::Dictionary(fields) => out.extend(fields.iter().map(|field| Node::Expr(&field.value))),
        Expr::Lambda(lambda) => out.push(Node::Expr(&lambda.body)),
        Expr::MemberOf(member) => out.extend([Node::Expr(&member.value), Node::Expr(&member.array)]),
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Map(_)
        | Expr::MatchAgainst { .. }
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..) => {}
    }
}
