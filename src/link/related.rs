//! Managers that rows have of the rows that point to them: `order.lines`, where a line's field points to an order.
//!
//! Which name they have stands at the field that points, or follows from the name of its class. It refuses to know what such a
//! manager is asked: packs say that of its type.

use super::scope::Source;
use super::{Asked, ClassRef, FunctionRef, Kind, LibraryValue, Program, argument, remember};
use crate::facts::{ExprId, ExprKind, Name};
use crate::knowledge::TypeId;
use crate::knowledge::vocabulary::RelatedRow;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What a manager's value says of itself where the rows that it adds point to the row that it belongs to: by the column that is the
/// first it asks for.
pub const RELATED: &str = "related";

/// The managers of the project.
#[derive(Debug, Default)]
pub(super) struct Related {
    of_class: FxHashMap<(ClassRef, Name), Pointing>,
    /// By name alone; nothing where several classes have one of the name.
    by_name: FxHashMap<Name, Option<Pointing>>,
}

/// A field that points to rows of another class.
#[derive(Clone, Debug, PartialEq)]
struct Pointing {
    class: ClassRef,
    column: Name,
    manager: TypeId,
}

impl Pointing {
    /// The manager: it asks for the rows that point to one, and adds such.
    fn manager(&self) -> LibraryValue {
        let mut value = LibraryValue::of(self.manager);
        value.subject = Kind::Class(self.class);
        value.asks = vec![Asked { column: self.column.clone(), fixed: false, bounds: false }];
        value.traits = vec![RELATED.into()];
        value
    }
}

impl Program<'_> {
    /// The manager that rows of a class have under this name.
    pub(super) fn related_manager(&self, class: ClassRef, name: &str) -> Option<Kind> {
        let related = self.related();
        let of = |class: &ClassRef| related.of_class.get(&(*class, name.into()));
        let found = self.ancestors(class).iter().find_map(of)?;
        Some(Kind::Library(Rc::new(found.manager())))
    }

    /// The manager that a name alone tells, by a method that nothing else has.
    pub fn manager_by_name(&self, name: &str, method: &str) -> Option<Rc<LibraryValue>> {
        let related = self.related();
        let found = related.by_name.get(name)?.as_ref()?;
        let telling = self.model_row(found.class)?.related.as_ref()?.telling.iter().any(|m| m == method);
        telling.then(|| Rc::new(found.manager()))
    }

    fn related(&self) -> Rc<Related> {
        remember(&self.caches.related, (), || Rc::new(self.find_related()))
    }

    fn find_related(&self) -> Related {
        let mut found = Related::default();
        let models: Vec<ClassRef> = self.all_classes().filter(|class| self.model_row(*class).is_some()).collect();
        for class in &models {
            let Some(row) = self.model_row(*class).and_then(|row| row.related.as_ref()) else { continue };
            let Some(manager) = self.knowledge.type_named(&row.manager) else { continue };
            for (column, sources) in self.class_scope(*class).names() {
                let [Source::Value(value)] = sources else { continue };
                let Some((to, name)) = self.pointed_to(*class, *value, row, &models) else { continue };
                let pointing = Pointing { class: *class, column: column.clone(), manager };
                let known = found.by_name.entry(name.clone()).or_insert_with(|| Some(pointing.clone()));
                *known = known.take().filter(|known| *known == pointing);
                found.of_class.insert((to, name), pointing);
            }
        }
        found
    }

    /// The class that a field points to, and the name under which its rows have the manager.
    fn pointed_to(&self, class: ClassRef, field: ExprId, row: &RelatedRow, models: &[ClassRef]) -> Option<(ClassRef, Name)> {
        let facts = self.facts(class.module);
        let around = FunctionRef { module: class.module, function: self.class(class).parent };
        let ExprKind::Call { callee, args } = &facts.expr(field).kind else { return None };
        let Kind::External(by) = self.infer(around, *callee) else { return None };
        if !row.by.iter().any(|known| *known == by.as_str()) {
            return None;
        }
        let args: Vec<(Option<Name>, ExprId)> = args.iter().map(|a| (a.name.clone(), a.value)).collect();
        let to = match self.infer(around, *argument(&row.to, &args)?) {
            Kind::Class(to) => to,
            // `"self"`, `"Order"`, `"shop.Order"`.
            to => self.model_named(class, to.as_text()?, models)?,
        };
        let name = match argument(&row.name, &args) {
            Some(name) => self.infer(around, *name).as_text()?.into(),
            None => Name::from(format!("{}{}", self.class(class).name.to_lowercase(), row.ending)),
        };
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        plain.then_some((to, name))
    }

    /// A mapped class by its name: one of the same module, else the only one of the project.
    fn model_named(&self, from: ClassRef, name: &str, models: &[ClassRef]) -> Option<ClassRef> {
        if name == "self" {
            return Some(from);
        }
        let name = name.rsplit('.').next().unwrap_or(name);
        let mut named = models.iter().filter(|class| self.class(**class).name == name);
        let here = named.clone().find(|class| class.module == from.module);
        here.or_else(|| named.next().filter(|_| named.next().is_none())).copied()
    }
}
