//! State in memory that functions of Python share by a module's variable ([`Program::shared_variable`]).
//!
//! Reading it is an access where it is mentioned, so that one that was awaited behind is told from one before.
//!
//! [`Program::shared_variable`]: crate::link::Program::shared_variable

use super::item::{Access, Item, Operation, What};
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::{Arg, ExprId, ExprKind};
use crate::link::Template;
use crate::source::Site;

/// How accesses to variables are told from those to what locks guard.
pub const VARIABLE: &str = "variable";

impl Walker<'_, '_, '_> {
    /// What follows from reading a module's variable depends on it.
    pub fn reading_variable(&mut self, expr: ExprId, value: Value) -> Value {
        let name = (!self.rust && !self.placing).then(|| self.program.shared_variable(self.at, expr)).flatten();
        let Some(name) = name else { return value };
        // It holds what it holds now, whatever this function has set it to before.
        let before = |dep: &Dep| {
            let read = self.summary.behind(dep).and_then(Item::access);
            read.is_some_and(|access| access.api == VARIABLE && access.name.as_ref() == Some(&name))
        };
        let kept: Deps = value.deps.iter().filter(|dep| !before(dep)).copied().collect();
        let read = self.note_variable(Operation::Read, name, self.site(self.facts.expr(expr).span), Deps::default());
        Value { deps: kept.with(&read), ..value }
    }

    /// The same of `totals.get("open")`.
    pub fn getting_entry(&mut self, callee: ExprId, args: &[Arg], mut value: Value) -> Value {
        let ExprKind::Attr { base, name } = &self.facts.expr(callee).kind else { return value };
        let key = args.first().filter(|_| !self.rust && name == "get");
        if let Some(name) = key.and_then(|key| self.program.shared_entry(self.at, *base, key.value)) {
            let read = self.note_variable(Operation::Read, name, self.site(self.facts.expr(callee).span), Deps::default());
            value.deps.join(&read);
        }
        value
    }

    /// A module's variable is set.
    pub fn writing_variable(&mut self, target: ExprId, value: &Value) {
        if let Some(name) = (!self.rust).then(|| self.program.shared_variable(self.at, target)).flatten() {
            let site = self.site(self.facts.expr(target).span);
            self.note_variable(Operation::Put, name, site, value.deps.clone());
        }
    }

    fn note_variable(&mut self, operation: Operation, name: Template, site: Site, data: Deps) -> Deps {
        let access = Access { name: Some(name), ..Access::new(operation, "memory", "memory", VARIABLE, operation.word()) };
        self.push_at(What::Access(access), site, data)
    }
}
