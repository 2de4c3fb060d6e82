//! Receivers of unknown type, told by what is called on them.
//!
//! `self.repo.has_open(…)` and `self.repo.create(…)` in one class say that `repo` is something with both methods. Where one
//! class of the project has all of them, that is what it is. Names that every container or client has tell nothing by
//! themselves.

use super::{ClassRef, FunctionRef, Kind, Program, Source};
use crate::facts::{ClassId, ExprId, ExprKind, FunctionId, MODULE, Name};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Methods called in one module on a field of a class's instances, or on a name of a function.
pub(super) type Called = FxHashMap<(Option<ClassId>, FunctionId, Name), FxHashSet<Name>>;

impl Program<'_> {
    /// The classes of the project that have every method called on a receiver, at most two: `receiver` is the name of a
    /// variable of `at`, or of a field of its class; the number tells how many methods spoke for them.
    pub fn by_methods(&self, at: FunctionRef, receiver: &str) -> (Vec<ClassRef>, usize) {
        let called = self.called(at.module);
        let class = self.function(at).class;
        let of_field = class.and_then(|c| called.get(&(Some(c), FunctionId(0), receiver.into())));
        let Some(names) = called.get(&(None, at.function, receiver.into())).or(of_field) else { return (Vec::new(), 0) };
        let telling: Vec<&Name> = names.iter().filter(|n| is_telling(n)).collect();
        // The rarest method names few classes; each must have the others too.
        let Some(rarest) = telling.iter().min_by_key(|n| (self.owners(n).len(), n.as_str())) else { return (Vec::new(), 0) };
        let owners: Vec<ClassRef> = self.owners(rarest);
        let mut found: Vec<ClassRef> = owners.into_iter().filter(|c| names.iter().all(|n| self.method(*c, n).is_some())).collect();
        found.sort();
        found.dedup();
        if found.len() > 2 {
            found.clear();
        }
        (found, names.len())
    }

    /// Whether a variable is only ever what a class outside the project makes: `parser = ArgumentParser()` has its library's
    /// methods, and none of the project's that are called like them.
    pub fn is_made_outside(&self, at: FunctionRef, name: &str) -> bool {
        let module = FunctionRef { module: at.module, function: MODULE };
        let Some(at) = [at, module].into_iter().find(|f| !self.scope(*f).get(name).is_empty()) else { return false };
        let made = |value: ExprId| match &self.facts(at.module).expr(value).kind {
            ExprKind::Call { callee, .. } => match self.infer(at, *callee) {
                Kind::External(class) => class.rsplit_once('.').is_some_and(|(_, last)| last.starts_with(char::is_uppercase)),
                _ => false,
            },
            _ => false,
        };
        self.scope(at).get(name).iter().all(|source| matches!(source, Source::Value(value) if made(*value)))
    }

    /// The classes whose own methods include a name.
    fn owners(&self, name: &str) -> Vec<ClassRef> {
        let methods = self.classes_with_method(name, 8);
        methods.iter().filter_map(|m| self.function(*m).class.map(|class| ClassRef { module: m.module, class })).collect()
    }

    fn called(&self, module: u32) -> Rc<Called> {
        if let Some(known) = self.caches.called.borrow().get(&module) {
            return known.clone();
        }
        let facts = self.facts(module);
        let mut called = Called::default();
        for expr in &facts.exprs {
            let ExprKind::Call { callee, .. } = &expr.kind else { continue };
            let ExprKind::Attr { base, name } = &facts.expr(*callee).kind else { continue };
            let function = facts.function_at(expr.span.start);
            let key = match &facts.expr(*base).kind {
                ExprKind::Name(receiver) => (None, function, receiver.clone()),
                ExprKind::Attr { name: field, .. } => match facts.function(function).class {
                    Some(class) => (Some(class), FunctionId(0), field.clone()),
                    None => continue,
                },
                _ => continue,
            };
            called.entry(key).or_default().insert(name.clone());
        }
        let called = Rc::new(called);
        self.caches.called.borrow_mut().insert(module, called.clone());
        called
    }
}

/// Whether a method's name is more than a common verb.
pub(super) fn is_telling(name: &str) -> bool {
    !name.starts_with("__") && (name.trim_start_matches('_').contains('_') || name.len() >= 9)
}
