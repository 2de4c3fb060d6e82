//! Managers: objects through which a mapped class is asked for its rows, with methods of the project's own.
//!
//! `objects = OrderQuerySet.as_manager()` in a mapped class: what its library has there by default, with more methods. Which class is
//! asked is told by where the manager stands; one that stands in several tells nothing.

use super::scope::Source;
use super::{ClassRef, FunctionRef, Kind, Object, Program, remember};
use crate::facts::{ExprId, ExprKind};
use crate::knowledge::TypeId;
use std::rc::Rc;

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
            ExprKind::Attr { base, .. } if depth > 0 && !matches!(self.infer(around, expr), Kind::Class(_)) => {
                self.managing_class(within, *base, depth - 1)
            }
            ExprKind::Name(_) | ExprKind::Attr { .. } => match self.infer(around, expr) {
                Kind::Class(class) => Some(class),
                _ => None,
            },
            _ => None,
        }
    }

    /// The mapped class that a manager's class is asked for, where it stands in one alone.
    pub(super) fn managed_by(&self, manager: ClassRef) -> Option<ClassRef> {
        let ty = self.external_type(manager)?;
        remember(&self.caches.managed, manager, || {
            let asked = |class: &ClassRef| {
                let own = self.class_scope(*class);
                own.names().any(|(name, sources)| {
                    let stands =
                        || sources.iter().any(|s| matches!(s, Source::Value(v) if self.managing_class(*class, *v, DEPTH) == Some(manager)));
                    let here = self.external_type(*class).and_then(|model| self.knowledge.attribute_type(model, name));
                    here == Some(ty) && stands()
                })
            };
            let mut found = self.all_classes().filter(|class| self.model_row(*class).is_some() && asked(class));
            found.next().filter(|_| found.next().is_none())
        })
    }
}
