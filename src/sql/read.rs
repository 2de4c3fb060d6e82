//! `sqlparser`'s tree to a [`Statement`]: what is common to all of them, and queries. Writes are in `write`.

use super::expression::{Expressions, function_name};
use super::name::{Name, TableRef};
use super::normalise::Facts;
use super::statement::{Aggregate, InsertSource, Placeholder, RowCount, Statement, Value};
use super::verb::Verb;
use super::walk::{Node, roots, walk};
use sqlparser::ast::{self, Expr, LockType, NonBlock, Query, Select, SelectItem, SetExpr, TableFactor};

/// Aggregates that are told apart from other functions.
const AGGREGATES: &[(&str, Aggregate)] = &[
    ("max", Aggregate::Max),
    ("min", Aggregate::Min),
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("avg", Aggregate::Other),
    ("array_agg", Aggregate::Other),
    ("string_agg", Aggregate::Other),
    ("json_agg", Aggregate::Other),
    ("jsonb_agg", Aggregate::Other),
    ("group_concat", Aggregate::Other),
    ("bool_or", Aggregate::Other),
    ("bool_and", Aggregate::Other),
];

/// Reads one tree; the first statement is the tree's own, the others are its writing CTEs.
pub(super) fn read(tree: &ast::Statement, table: &[Placeholder], facts: &Facts) -> Vec<Statement> {
    let proposed = facts.proposed.clone();
    let reader = Reader {
        exprs: Expressions { table, proposed: proposed.as_deref(), targets: &[] },
        ctes: cte_names(tree),
        aliases: aliases(tree, table),
        facts,
    };
    let mut inner = Vec::new();
    let mut out = vec![reader.statement(tree, &mut inner)];
    out.append(&mut inner);
    out
}

/// What is known of the whole tree while its parts are read.
pub(super) struct Reader<'a> {
    pub exprs: Expressions<'a>,
    ctes: Vec<String>,
    aliases: Vec<(String, TableRef)>,
    pub facts: &'a Facts,
}

fn cte_names(tree: &ast::Statement) -> Vec<String> {
    let mut names = Vec::new();
    walk(roots(tree), &mut |node| {
        if let Node::Query(query) = node {
            let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
            names.extend(ctes.map(|cte| cte.alias.name.value.to_lowercase()));
        }
        true
    });
    names
}

fn aliases(tree: &ast::Statement, table: &[Placeholder]) -> Vec<(String, TableRef)> {
    let exprs = Expressions { table, proposed: None, targets: &[] };
    let mut found = Vec::new();
    walk(roots(tree), &mut |node| {
        if let Node::Table(TableFactor::Table { name, alias: Some(alias), .. }) = node
            && let Some(table) = exprs.table(name)
        {
            found.push((alias.name.value.to_lowercase(), table));
        }
        true
    });
    found
}

impl Reader<'_> {
    /// The table an alias stands for, else the table itself.
    pub fn resolve(&self, table: TableRef) -> TableRef {
        let Some(name) = table.name.known().filter(|_| table.schema.is_none()) else { return table };
        match self.aliases.iter().find(|(alias, _)| alias == &name.to_lowercase()) {
            Some((alias, target)) => TableRef { alias: Some(alias.clone()), ..target.clone() },
            None => table,
        }
    }

    fn is_cte(&self, table: &TableRef) -> bool {
        table.schema.is_none() && table.name.known().is_some_and(|name| self.ctes.iter().any(|cte| cte.eq_ignore_ascii_case(name)))
    }

    /// A table as FROM names it, unless it is a CTE or a function.
    pub fn factor(&self, factor: &TableFactor) -> Option<TableRef> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let mut table = self.exprs.table(name).filter(|table| !self.is_cte(table))?;
                table.alias = alias.as_ref().map(|alias| alias.name.value.to_lowercase());
                Some(table)
            }
            _ => None,
        }
    }

    /// One statement; the writes inside it go to `inner`.
    pub fn statement(&self, tree: &ast::Statement, inner: &mut Vec<Statement>) -> Statement {
        let mut out = Statement::new(Verb::Other);
        match tree {
            ast::Statement::Query(query) => match written(query) {
                // `WITH … UPDATE …`: the write is the statement.
                Some(write) => out = self.statement(write, inner),
                None => {
                    out.verb = Verb::Select;
                    self.query(query, &mut out);
                }
            },
            ast::Statement::Insert(insert) => self.insert(insert, &mut out),
            ast::Statement::Update(update) => self.update(update, &mut out),
            ast::Statement::Delete(delete) => self.delete(delete, &mut out),
            ast::Statement::Merge(merge) => self.merge(merge, &mut out),
            _ => {}
        }
        self.everything_below(tree, &mut out, inner);
        if out.verb == Verb::Select && out.table.is_none() {
            out.table = out.reads.first().cloned();
        }
        out
    }

    /// Tables read, locks, functions, aggregates: wherever they stand.
    fn everything_below(&self, tree: &ast::Statement, out: &mut Statement, inner: &mut Vec<Statement>) {
        let own = match tree {
            ast::Statement::Query(query) => written(query),
            _ => None,
        };
        let target = target_factors(own.unwrap_or(tree));
        let mut writes: Vec<&ast::Statement> = Vec::new();
        walk(roots(tree), &mut |node| {
            match node {
                Node::Body(SetExpr::Insert(write) | SetExpr::Update(write) | SetExpr::Delete(write) | SetExpr::Merge(write)) => {
                    if own.is_some_and(|own| std::ptr::eq(own, write)) {
                        return true;
                    }
                    writes.push(write);
                    return false;
                }
                Node::Query(query) => self.query_marks(query, out),
                Node::Body(SetExpr::Select(select)) => out.limit |= select.top.is_some(),
                Node::Table(factor) => {
                    self.hints(factor, out);
                    let is_target = target.is_some_and(|target| std::ptr::eq(target, factor));
                    if let Some(table) = self.factor(factor).filter(|_| !is_target)
                        && !out.reads.iter().any(|known| known.same_table(&table))
                        && table.name.known() != Some("dual")
                    {
                        out.reads.push(table);
                    }
                    // A function in FROM.
                    if let TableFactor::Table { name, args: Some(args), .. } = factor {
                        let args = args.args.as_slice();
                        self.table_function(name, args, out);
                    } else if let TableFactor::Function { name, args, .. } = factor {
                        self.table_function(name, args, out);
                    }
                }
                Node::Expr(Expr::Function(function)) => {
                    let name = function_name(function);
                    if let Some((_, aggregate)) = AGGREGATES.iter().find(|(known, _)| *known == name)
                        && function.over.is_none()
                        && out.aggregate.is_none()
                    {
                        out.aggregate = Some(*aggregate);
                    }
                    out.functions.push(self.exprs.call(function));
                }
                _ => {}
            }
            true
        });
        for write in writes {
            let mut deeper = Vec::new();
            let mut statement = self.statement(write, &mut deeper);
            statement.inner = true;
            inner.push(statement);
            inner.append(&mut deeper);
        }
    }

    fn table_function(&self, name: &ast::ObjectName, args: &[ast::FunctionArg], out: &mut Statement) {
        let Some(Name::Known(name)) = self.exprs.column(name) else { return };
        let args = args.iter().map(|arg| super::statement::Argument {
            name: None,
            value: super::walk::argument(arg).map_or(Value::Other, |expr| self.exprs.value(expr)),
        });
        out.functions.push(super::statement::FunctionCall { name, args: args.collect() });
    }

    fn query_marks(&self, query: &Query, out: &mut Statement) {
        out.order_by |= query.order_by.is_some();
        out.limit |= query.limit_clause.is_some() || query.fetch.is_some();
        for lock in &query.locks {
            match lock.lock_type {
                LockType::Update => out.locking.for_update = true,
                LockType::Share => out.locking.for_share = true,
            }
            match lock.nonblock {
                Some(NonBlock::SkipLocked) => out.locking.skip_locked = true,
                Some(NonBlock::Nowait) => out.locking.nowait = true,
                None => {}
            }
        }
    }

    fn hints(&self, factor: &TableFactor, out: &mut Statement) {
        let TableFactor::Table { with_hints, .. } = factor else { return };
        for hint in with_hints {
            if let Expr::Identifier(ident) = hint {
                super::normalise::hint(&ident.value, &mut out.locking);
            }
        }
    }

    /// The clauses of a query that yields rows.
    pub fn query(&self, query: &Query, out: &mut Statement) {
        let Some(select) = first_select(&query.body) else {
            if let SetExpr::Values(values) = query.body.as_ref() {
                out.rows = if values.rows.len() > 1 { RowCount::Many } else { RowCount::One };
            }
            return;
        };
        self.projection(select, out);
        out.highest = self.highest(query).or_else(|| self.maximum(select));
        if select.from.is_empty() && select.selection.is_none() {
            // `SELECT EXISTS (SELECT … FROM t WHERE …)` asks what its subquery asks.
            let nested = select.projection.iter().find_map(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => nested_query(expr),
                _ => None,
            });
            if let Some(nested) = nested.and_then(|query| first_select(&query.body)) {
                out.predicate = self.exprs.predicate(nested.selection.as_ref());
            }
            out.rows = RowCount::One;
            return;
        }
        let open = self.facts.open;
        out.predicate = self.exprs.predicate(select.selection.as_ref());
        out.predicate.open |= open;
        let grouped = !matches!(&select.group_by, ast::GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
        let aggregated = select.projection.iter().any(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => self.is_aggregate(expr),
            _ => false,
        });
        out.rows = if (aggregated && !grouped) || self.limits_to_one(query) {
            RowCount::One
        } else if select.selection.is_none() && !open && query.limit_clause.is_none() {
            RowCount::Many
        } else {
            RowCount::Unknown
        };
    }

    fn is_aggregate(&self, expr: &Expr) -> bool {
        let mut found = false;
        walk(vec![Node::Expr(expr)], &mut |node| {
            if let Node::Expr(Expr::Function(function)) = node {
                let name = function_name(function);
                found |= function.over.is_none() && AGGREGATES.iter().any(|(known, _)| *known == name);
            }
            matches!(node, Node::Expr(_)) && !found
        });
        found
    }

    /// The column by which rows stand, where the highest comes first.
    fn highest(&self, query: &Query) -> Option<Name> {
        let Some(ast::OrderByKind::Expressions(order)) = query.order_by.as_ref().map(|order| &order.kind) else { return None };
        let first = order.first().filter(|first| matches!(first.options.sort, Some(ast::OrderBySort::Desc)))?;
        self.exprs.column_of(&first.expr).map(|(_, column)| column)
    }

    /// The column whose highest value is asked for: `SELECT coalesce(max(number), 0)`.
    fn maximum(&self, select: &Select) -> Option<Name> {
        let mut found = None;
        let asked = select.projection.iter().filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(Node::Expr(expr)),
            _ => None,
        });
        walk(asked.collect(), &mut |node| {
            if let Node::Expr(Expr::Function(function)) = node
                && function.over.is_none()
                && function_name(function) == "max"
                && let ast::FunctionArguments::List(list) = &function.args
                && let [of] = list.args.as_slice()
            {
                found = found.take().or_else(|| Some(self.exprs.column_of(super::walk::argument(of)?)?.1));
            }
            matches!(node, Node::Expr(_)) && found.is_none()
        });
        found
    }

    fn limits_to_one(&self, query: &Query) -> bool {
        let limit = match &query.limit_clause {
            Some(ast::LimitClause::LimitOffset { limit: Some(limit), .. }) => Some(limit),
            Some(ast::LimitClause::OffsetCommaLimit { limit, .. }) => Some(limit),
            _ => None,
        };
        limit.is_some_and(|limit| self.exprs.value(limit) == Value::Text("1".into()))
    }

    fn projection(&self, select: &Select, out: &mut Statement) {
        for item in &select.projection {
            match item {
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                    out.columns.push(Name::Known("*".into()));
                }
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    if let Some((_, column)) = self.exprs.column_of(expr) {
                        out.columns.push(column);
                    }
                }
                SelectItem::ExprWithAliases { .. } => {}
            }
        }
    }

    /// The rows an INSERT takes from its query.
    pub fn source(&self, query: &Query, out: &mut Statement) {
        match query.body.as_ref() {
            SetExpr::Values(values) => {
                out.source = Some(InsertSource::Values);
                out.rows = match (values.rows.len(), self.facts.rows) {
                    (_, Some(rows)) => rows,
                    (0 | 1, None) => RowCount::One,
                    (_, None) => RowCount::Many,
                };
                if let Some(row) = values.rows.first() {
                    out.values = row.iter().map(|expr| self.exprs.value(expr)).collect();
                }
            }
            body => {
                out.source = Some(InsertSource::Select);
                let Some(select) = first_select(body) else { return };
                for item in &select.projection {
                    out.values.push(match item {
                        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => self.exprs.value(expr),
                        _ => Value::Other,
                    });
                }
                let many = out.values.iter().any(|value| matches!(value, Value::Call { name, .. } if name == "unnest"));
                out.rows = match (select.from.is_empty(), many) {
                    (_, true) => RowCount::Many,
                    (true, false) => RowCount::One,
                    (false, false) => RowCount::Unknown,
                };
                if !self.facts.added_where {
                    out.predicate = self.exprs.predicate(select.selection.as_ref());
                }
            }
        }
    }
}

/// The write a query is, when its body is one.
fn written(query: &Query) -> Option<&ast::Statement> {
    match query.body.as_ref() {
        SetExpr::Insert(write) | SetExpr::Update(write) | SetExpr::Delete(write) | SetExpr::Merge(write) => Some(write),
        _ => None,
    }
}

/// The place in the tree where the written table stands, which is no read.
fn target_factors(tree: &ast::Statement) -> Option<&TableFactor> {
    match tree {
        ast::Statement::Update(update) => Some(&update.table.relation),
        ast::Statement::Delete(delete) => {
            let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) = &delete.from;
            from.first().map(|table| &table.relation)
        }
        ast::Statement::Merge(merge) => Some(&merge.table),
        _ => None,
    }
}

/// The first SELECT of a body, under parentheses and on the left of UNION.
pub(super) fn first_select(mut body: &SetExpr) -> Option<&Select> {
    loop {
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::Query(query) => body = &query.body,
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return None,
        }
    }
}

/// The first subquery of an expression.
fn nested_query(expr: &Expr) -> Option<&Query> {
    let mut found: Option<&Query> = None;
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Exists { subquery, .. } => found = Some(subquery),
            Expr::Subquery(query) => found = Some(query),
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::UnaryOp { expr: inner, .. } => open.push(inner),
            _ => {}
        }
    }
    found
}
