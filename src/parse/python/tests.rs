//! What Python source becomes, written as small terms.

#![allow(clippy::unwrap_used, clippy::expect_used)] // A test that cannot go on fails.

mod definitions;
mod depth;
mod expressions;
mod statements;

use super::facts;
use crate::facts::*;

/// An expression as a term: `(call f [a, k=b])`.
fn show(facts: &FileFacts, id: ExprId) -> String {
    let sub = |id: &ExprId| show(facts, *id);
    let list = |ids: &[ExprId]| ids.iter().map(sub).collect::<Vec<_>>().join(", ");
    match &facts.expr(id).kind {
        ExprKind::Null => "None".into(),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(n) => format!("{n:?}"),
        ExprKind::Str(s) => format!("{s:?}"),
        ExprKind::Text(parts) => {
            let parts = parts.iter().map(|p| match p {
                TextPart::Lit(s) => s.to_string(),
                TextPart::Hole(id) => format!("{{{}}}", sub(id)),
            });
            format!("t'{}'", parts.collect::<String>())
        }
        ExprKind::Name(n) => n.to_string(),
        ExprKind::Attr { base, name } => format!("{}.{name}", sub(base)),
        ExprKind::Index { base, index } => format!("{}[{}]", sub(base), sub(index)),
        ExprKind::Call { callee, args } => {
            let args = args.iter().map(|a| {
                let name = a.name.as_ref().map(|n| format!("{n}=")).unwrap_or_default();
                format!("{name}{}{}", "*".repeat(a.spread as usize), sub(&a.value))
            });
            format!("{}({})", sub(callee), args.collect::<Vec<_>>().join(", "))
        }
        ExprKind::Binary { op, left, right } => format!("({op:?} {} {})", sub(left), sub(right)),
        ExprKind::Compare { left, rest } => {
            let rest = rest.iter().map(|(op, id)| format!(" {op:?} {}", sub(id)));
            format!("({}{})", sub(left), rest.collect::<String>())
        }
        ExprKind::Logic { all, items } => format!("({} {})", if *all { "and" } else { "or" }, list(items)),
        ExprKind::Not(id) => format!("(not {})", sub(id)),
        ExprKind::Unary(id) => format!("(unary {})", sub(id)),
        ExprKind::Choice { cond, then, other } => format!("({} ? {} : {})", sub(cond), sub(then), sub(other)),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Map(entries) => {
            let entries = entries.iter().map(|(k, v)| format!("{}: {}", k.as_ref().map_or("**".into(), sub), sub(v)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        ExprKind::Comprehension { element, value, clauses } => {
            let value = value.as_ref().map(|v| format!(": {}", sub(v))).unwrap_or_default();
            let clauses = clauses.iter().map(|c| {
                let conds = c.conds.iter().map(|c| format!(" if {}", sub(c))).collect::<String>();
                format!(" for {} in {}{conds}", sub(&c.target), sub(&c.iter))
            });
            format!("<{}{value}{}>", sub(element), clauses.collect::<String>())
        }
        ExprKind::Lambda(f) => format!("lambda#{}", f.0),
        ExprKind::Await(id) => format!("(await {})", sub(id)),
        ExprKind::Yield(id) => format!("(yield {})", id.as_ref().map_or(String::new(), sub)),
        ExprKind::Spread(id) => format!("*{}", sub(id)),
        ExprKind::Bind { target, value } => format!("({} := {})", sub(target), sub(value)),
        ExprKind::Unknown(ids) => format!("?({})", list(ids)),
    }
}

/// A block as one line: statements joined by `; `.
fn block(facts: &FileFacts, ids: &[StmtId]) -> String {
    ids.iter().map(|id| stmt(facts, *id)).collect::<Vec<_>>().join("; ")
}

fn stmt(facts: &FileFacts, id: StmtId) -> String {
    let e = |id: &ExprId| show(facts, *id);
    let o = |id: &Option<ExprId>| id.as_ref().map_or("-".into(), e);
    let list = |ids: &[ExprId]| ids.iter().map(e).collect::<Vec<_>>().join(", ");
    let b = |ids: &[StmtId]| format!("{{{}}}", block(facts, ids));
    match &facts.stmt(id).kind {
        StmtKind::Expr(id) => e(id),
        StmtKind::Assign { targets, value, annotation } => {
            let kind = annotation.as_ref().map(|a| format!(": {}", e(a))).unwrap_or_default();
            format!("{}{kind} = {}", list(targets).replace(", ", " = "), o(value))
        }
        StmtKind::Update { target, op, value } => format!("{} {op:?}= {}", e(target), e(value)),
        StmtKind::Return(v) => format!("return {}", o(v)),
        StmtKind::Raise(v) => format!("raise {}", o(v)),
        StmtKind::Break => "break".into(),
        StmtKind::Continue => "continue".into(),
        StmtKind::Delete(ids) => format!("del {}", list(ids)),
        StmtKind::Assert(id) => format!("assert {}", e(id)),
        StmtKind::Branch { cond, then, other } => format!("if {} {} else {}", e(cond), b(then), b(other)),
        StmtKind::Choose { subject, arms } => {
            let arms = arms.iter().map(|(guard, body)| format!(" {} {}", o(guard), b(body)));
            format!("match {}:{}", e(subject), arms.collect::<String>())
        }
        StmtKind::Loop { cond, target, iter, body, other } => {
            format!("loop {} {} in {} {} else {}", o(cond), o(target), o(iter), b(body), b(other))
        }
        StmtKind::Try { body, handlers, other, finally } => {
            let handlers = handlers.iter().map(|h| {
                let name = h.name.as_ref().map(|n| format!(" as {n}")).unwrap_or_default();
                format!(" except [{}]{name} {}", list(&h.types), b(&h.body))
            });
            format!("try {}{} else {} finally {}", b(body), handlers.collect::<String>(), b(other), b(finally))
        }
        StmtKind::Guarded { items, body } => {
            let items = items.iter().map(|i| format!("{} as {}", e(&i.context), o(&i.target)));
            format!("with {} {}", items.collect::<Vec<_>>().join(", "), b(body))
        }
        StmtKind::Define(f) => format!("def {} {}", facts.function(*f).qualified, b(&facts.function(*f).body)),
        StmtKind::DefineClass(c) => format!("class {} {}", facts.class(*c).qualified, b(&facts.class(*c).body)),
        StmtKind::Outer(names) => format!("outer {}", names.join(", ")),
        StmtKind::Import(i) => {
            let import = &facts.imports[*i as usize];
            let item = import.item.as_ref().map(|i| format!(":{i}")).unwrap_or_default();
            format!("import {}{}{item} as {}", ".".repeat(import.level as usize), import.module, import.binds)
        }
    }
}

/// The whole module as one line, checked for the order of expressions and for spans.
fn module(text: &str) -> String {
    let facts = facts(text);
    check(&facts, text);
    assert_eq!(facts.problems, [], "{text}");
    block(&facts, &facts.function(MODULE).body)
}

/// What holds for the facts of any text.
fn check(facts: &FileFacts, text: &str) {
    for (index, expr) in facts.exprs.iter().enumerate() {
        for child in children(&expr.kind) {
            assert!(child.index() < index, "{child:?} comes after its parent {index} in {text:?}");
        }
        assert!(text.get(expr.span.start as usize..expr.span.end as usize).is_some());
    }
}

fn children(kind: &ExprKind) -> Vec<ExprId> {
    match kind {
        ExprKind::Text(parts) => parts.iter().filter_map(|p| if let TextPart::Hole(id) = p { Some(*id) } else { None }).collect(),
        ExprKind::Attr { base, .. } => vec![*base],
        ExprKind::Index { base, index } => vec![*base, *index],
        ExprKind::Call { callee, args } => [*callee].into_iter().chain(args.iter().map(|a| a.value)).collect(),
        ExprKind::Binary { left, right, .. } => vec![*left, *right],
        ExprKind::Compare { left, rest } => [*left].into_iter().chain(rest.iter().map(|(_, id)| *id)).collect(),
        ExprKind::Logic { items, .. } | ExprKind::List(items) | ExprKind::Unknown(items) => items.clone(),
        ExprKind::Not(id) | ExprKind::Unary(id) | ExprKind::Await(id) | ExprKind::Spread(id) => vec![*id],
        ExprKind::Choice { cond, then, other } => vec![*cond, *then, *other],
        ExprKind::Map(entries) => entries.iter().flat_map(|(k, v)| k.iter().copied().chain([*v])).collect(),
        ExprKind::Comprehension { element, value, clauses } => {
            let clauses = clauses.iter().flat_map(|c| [c.target, c.iter].into_iter().chain(c.conds.iter().copied()));
            [*element].into_iter().chain(*value).chain(clauses).collect()
        }
        ExprKind::Yield(id) => id.iter().copied().collect(),
        ExprKind::Bind { target, value } => vec![*target, *value],
        _ => Vec::new(),
    }
}
