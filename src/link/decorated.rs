//! Functions that a library's decorator turned into something with methods of its own.

use super::{FunctionRef, FunctionValue, Kind, LibraryValue, Program};
use crate::facts::{ExprKind, MODULE};
use std::rc::Rc;

impl Program<'_> {
    /// What a library's decorator makes of a function, where its row says so: the task on which `delay` is called.
    pub fn made_by_decorator(&self, function: &Rc<FunctionValue>) -> Option<Kind> {
        let f = self.function(function.function);
        let facts = self.facts(function.function.module);
        let around = FunctionRef { module: function.function.module, function: f.parent.unwrap_or(MODULE) };
        f.decorators.iter().find_map(|decorator| {
            let callee = match &facts.expr(*decorator).kind {
                ExprKind::Call { callee, .. } => *callee,
                _ => *decorator,
            };
            let found = match self.infer(around, callee) {
                Kind::External(name) => self.knowledge.decorator(self.language(around.module), &name),
                Kind::Member(member) => self.knowledge.method(member.0.library()?.ty, &member.1).filter(|f| f.row.decorates),
                _ => None,
            }?;
            let mut made = LibraryValue::of(self.knowledge.type_named(found.row.returns.as_deref()?)?);
            made.subject = Kind::Function(function.clone());
            made.target = Some(f.name.clone());
            Some(Kind::Library(Rc::new(made)))
        })
    }
}
