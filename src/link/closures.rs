//! What the parameters of a closure of Rust are where it does not say so itself: what the function that it is given to
//! declares, `f: impl FnOnce(&Connection) -> T`. Of functions of libraries it knows nothing.

use super::{FunctionRef, Kind, Program, last_name};
use crate::facts::{ExprId, ExprKind, FunctionId, MODULE};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Traits of closures.
const CLOSURES: [&str; 6] = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];

/// By closure: the call that it is given to, and which argument it is.
pub(super) type Given = FxHashMap<FunctionId, (ExprId, usize)>;

impl Program<'_> {
    /// What a closure's parameter is by the declaration of whom the closure is given to.
    pub(super) fn closure_parameter(&self, closure: FunctionRef, index: u32) -> Kind {
        if !self.is_rust(closure.module) || self.function(closure).name != "<lambda>" {
            return Kind::Unknown;
        }
        self.declared_for(closure, index as usize).unwrap_or_default()
    }

    fn declared_for(&self, closure: FunctionRef, index: usize) -> Option<Kind> {
        let (call, position) = self.given_to(closure.module).get(&closure.function).copied()?;
        let ExprKind::Call { callee, .. } = self.facts(closure.module).expr(call).kind else { return None };
        let Kind::Function(target) = self.infer(self.enclosing(closure.module, call), callee) else { return None };
        let target = target.function;
        let function = self.function(target);
        let declared = function.params.get(position + usize::from(self.takes_receiver(target)))?.annotation?;
        let facts = self.facts(target.module);
        let ExprKind::Index { base, index: types } = facts.expr(declared).kind else { return None };
        if !last_name(facts, base).is_some_and(|n| CLOSURES.contains(&n.as_str())) {
            return None;
        }
        let ExprKind::List(types) = &facts.expr(types).kind else { return None };
        let around = FunctionRef { module: target.module, function: function.parent.unwrap_or(MODULE) };
        Some(self.annotation(around, *types.get(index)?))
    }

    /// The closures of a module that are given to calls.
    fn given_to(&self, module: u32) -> Rc<Given> {
        if let Some(known) = self.caches.given.borrow().get(&module) {
            return known.clone();
        }
        let facts = self.facts(module);
        let mut given = Given::default();
        for (call, expr) in facts.exprs.iter().enumerate() {
            let ExprKind::Call { args, .. } = &expr.kind else { continue };
            for (position, arg) in args.iter().enumerate() {
                if let ExprKind::Lambda(closure) = facts.expr(arg.value).kind {
                    given.insert(closure, (ExprId(call as u32), position));
                }
            }
        }
        let given = Rc::new(given);
        self.caches.given.borrow_mut().insert(module, given.clone());
        given
    }
}
