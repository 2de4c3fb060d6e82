//! Managers: objects through which a mapped class is asked for its rows, with methods of the project's own.
//!
//! `objects = OrderQuerySet.as_manager()` in a mapped class: what its library has there by default, with more methods. Which class is
//! asked is told by where the manager stands; one that stands in several tells nothing.

use super::scope::Source;
use super::{ClassRef, FunctionRef, Kind, Object, Program, remember};
use crate::facts::{ExprId, ExprKind};
use crate::knowledge::TypeId;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Managers' classes with the mapped class that each stands in alone.
pub(super) type Managers = FxHashMap<ClassRef, Option<ClassRef>>;

/// How deep the calls are nested that make one.
const DEPTH: u8 = 4;

impl Program<'_> {
    /// The project's manager that stands in a mapped class where its library has one of this type.
    pub(super) fn own_manager(&self, class: ClassRef, name: &str, ty: TypeId) -> Option<Kind> {
        let (owner, value) = self.ancestors(class).into_iter().find_map(|c| match self.class_scope(c).get(name) {
            [Source::Value(value)] => Some((c, *value)),
            _ => None,
        })?;
        let manager = self.managing_class(owner, value, DEPTH).filter(|c| self.external_type(*c) == Some(ty))?;
        Some(Kind::Object(Rc::new(Object { class: manager, exact: true, args: Rc::default(), site: None })))
    }

    /// The class of the project that a class body's expression names and calls.
    fn managing_class(&self, within: ClassRef, expr: ExprId, depth: u8) -> Option<ClassRef> {
        let facts = self.facts(within.module);
        let around = FunctionRef { module: within.module, function: self.class(within).parent };
        match &facts.expr(expr).kind {
            ExprKind::Call { callee, args } if depth > 0 => self
                .managing_class(within, *callee, depth - 1)
                .or_else(|| args.iter().find_map(|a| self.managing_class(within, a.value, depth - 1))),
            name @ (ExprKind::Name(_) | ExprKind::Attr { .. }) => match (self.infer(around, expr), name) {
                (Kind::Class(class), _) => Some(class),
                (_, ExprKind::Attr { base, .. }) if depth > 0 => self.managing_class(within, *base, depth - 1),
                _ => None,
            },
            _ => None,
        }
    }

    /// The mapped class that a manager's class is asked for, where it stands in one alone.
    pub(super) fn managed_by(&self, manager: ClassRef) -> Option<ClassRef> {
        remember(&self.caches.managers, (), || Rc::new(self.managers())).get(&manager).copied().flatten()
    }

    /// Every manager's class, with the mapped class that it stands in; nothing where these are several.
    fn managers(&self) -> Managers {
        let mut found = Managers::default();
        for class in self.all_classes().filter(|class| self.model_row(*class).is_some()) {
            let Some(model) = self.external_type(class) else { continue };
            for (name, sources) in self.class_scope(class).names() {
                let Some(ty) = self.knowledge.attribute_type(model, name) else { continue };
                for source in sources {
                    let Source::Value(value) = source else { continue };
                    let manager = self.managing_class(class, *value, DEPTH).filter(|m| self.external_type(*m) == Some(ty));
                    let Some(manager) = manager else { continue };
                    let known = found.entry(manager).or_insert(Some(class));
                    *known = known.filter(|known| *known == class);
                }
            }
        }
        found
    }
}
