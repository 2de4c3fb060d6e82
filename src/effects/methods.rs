//! Methods of what a lock holds, `state.lock().push_job(job)`: which fields they look at and which they change, as their bodies say.
//!
//! The state has the lock's name, and two methods meet where they are about one field of it. A method that changes a field on every
//! way changes it whatever was found before; one that asks anything first asks under the same guard, and is left to itself. It
//! refuses to know what other functions do with fields that are handed to them.

use super::item::Operation;
use crate::facts::{ExprId, ExprKind, FileFacts, Name, StmtKind};
use crate::knowledge::TypeId;
use crate::knowledge::vocabulary::Effect;
use crate::link::{FunctionRef, Program};

/// Through how many methods of the same receiver it is followed.
const DEPTH: u8 = 3;

/// A field that a method changes, how, and the value that it is set to.
pub(super) struct Change {
    pub field: Name,
    pub operation: Operation,
    /// The method's parameter that is put there, or whether that stands in the code; `None` where it is worked out.
    pub value: Option<Set>,
}

/// What a field is set to.
#[derive(Clone, Copy)]
pub(super) enum Set {
    Parameter(u8),
    Constant,
}

/// The fields of its receiver that a method mentions; `None` where the receiver itself goes somewhere.
pub(super) fn fields_of(program: &Program, method: FunctionRef) -> Option<Vec<Name>> {
    let mut found = Vec::new();
    mentioned(program, method, DEPTH, &mut found).then_some(found).filter(|fields| !fields.is_empty())
}

fn mentioned(program: &Program, method: FunctionRef, depth: u8, found: &mut Vec<Name>) -> bool {
    if depth == 0 || !program.takes_receiver(method) {
        return false;
    }
    let (facts, own) = (program.facts(method.module), program.function(method));
    let Some(receiver) = own.params.first().map(|p| &p.name) else { return false };
    let within = || facts.exprs.iter().filter(|e| own.span.contains(e.span));
    let is_receiver = |id: &ExprId| matches!(&facts.expr(*id).kind, ExprKind::Name(name) if name == receiver);
    // However often it is named, each time it is to reach one of its fields or methods.
    let bare = within().filter(|e| matches!(&e.kind, ExprKind::Name(name) if name == receiver)).count();
    let members: Vec<&Name> = within()
        .filter_map(|e| match &e.kind {
            ExprKind::Attr { base, name } if is_receiver(base) => Some(name),
            _ => None,
        })
        .collect();
    bare == members.len()
        && members.into_iter().all(|name| match sibling(program, method, name) {
            Some(other) => other == method || mentioned(program, other, depth - 1, found),
            None => {
                if !found.contains(name) {
                    found.push(name.clone());
                }
                true
            }
        })
}

/// What a method that takes `&mut self` changes whenever it is called; `None` where that hangs on anything.
pub(super) fn changes_of(program: &Program, method: FunctionRef, guard: TypeId) -> Option<Vec<Change>> {
    let mut found = Vec::new();
    changed(program, method, guard, DEPTH, &mut found)?;
    (!found.is_empty()).then_some(found)
}

fn changed(program: &Program, method: FunctionRef, guard: TypeId, depth: u8, found: &mut Vec<Change>) -> Option<()> {
    if depth == 0 || !program.takes_receiver(method) {
        return None;
    }
    let (facts, own) = (program.facts(method.module), program.function(method));
    let receiver = &own.params.first()?.name;
    let field = |place: ExprId| field_at(facts, receiver, place);
    for stmt in &own.body {
        match &facts.stmt(*stmt).kind {
            StmtKind::Assign { targets, value: Some(value), .. } => {
                let set = match &facts.expr(*value).kind {
                    ExprKind::Name(name) => {
                        let index = own.params.iter().position(|p| p.name == *name);
                        index.and_then(|index| u8::try_from(index).ok()).map(Set::Parameter)
                    }
                    // A flag or a count that is set back claims nothing.
                    ExprKind::Bool(false) | ExprKind::Int(0) | ExprKind::Null => continue,
                    ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_) => Some(Set::Constant),
                    // A variant of an enumeration.
                    ExprKind::Attr { .. } if field(*value).is_none() => Some(Set::Constant),
                    _ => None,
                };
                for field in targets.iter().filter_map(|target| field(*target)) {
                    found.push(Change { field, operation: Operation::Put, value: set });
                }
            }
            StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) => {
                let ExprKind::Call { callee, .. } = &facts.expr(*expr).kind else { continue };
                let ExprKind::Attr { base, name } = &facts.expr(*callee).kind else { continue };
                if let Some(field) = field(*base) {
                    let row = program.knowledge.method(guard, name).filter(|row| row.row.kind.as_deref() == Some("memory"));
                    let operation = row.and_then(|row| operation_of(row.row.effect));
                    found.extend(operation.map(|operation| Change { field, operation, value: None }));
                } else if matches!(&facts.expr(*base).kind, ExprKind::Name(name) if name == receiver)
                    && let Some(other) = sibling(program, method, name)
                    && program.function(other).changes_receiver
                {
                    changed(program, other, guard, depth - 1, found)?;
                }
            }
            // What is counted up or down is so in any order.
            StmtKind::Update { .. } => {}
            StmtKind::Assign { value: None, .. } | StmtKind::Return(None) | StmtKind::Import(_) | StmtKind::Define(_) => {}
            _ => return None,
        }
    }
    Some(())
}

/// The field of the receiver that a place lies in: `self.jobs`, `self.jobs[id].state`.
fn field_at(facts: &FileFacts, receiver: &Name, place: ExprId) -> Option<Name> {
    match &facts.expr(place).kind {
        ExprKind::Attr { base, name } if matches!(&facts.expr(*base).kind, ExprKind::Name(n) if n == receiver) => Some(name.clone()),
        ExprKind::Attr { base, .. } | ExprKind::Index { base, .. } => field_at(facts, receiver, *base),
        ExprKind::Unary(inner) => field_at(facts, receiver, *inner),
        _ => None,
    }
}

/// Another method of the type that a method belongs to.
fn sibling(program: &Program, method: FunctionRef, name: &Name) -> Option<FunctionRef> {
    let class = program.function(method).class.map(|class| crate::link::ClassRef { module: method.module, class })?;
    program.method(program.owner(class), name).or_else(|| program.method(class, name))
}

fn operation_of(effect: Effect) -> Option<Operation> {
    match effect {
        Effect::Insert => Some(Operation::Insert),
        Effect::Upsert => Some(Operation::Upsert),
        Effect::Delete => Some(Operation::Delete),
        Effect::Write => Some(Operation::Put),
        _ => None,
    }
}
