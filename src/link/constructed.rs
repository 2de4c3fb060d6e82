//! What the project makes of its classes: for an object of which an annotation tells the class and nothing else.
//!
//! Only constructor calls that stand in the code count, and only few of them: which of many an object is, it refuses to guess.

use super::{ClassRef, FunctionRef, Kind, Object, Program, remember};
use crate::facts::{ExprId, ExprKind};
use std::rc::Rc;

/// Of how many objects of a class any may be meant.
const MADE: usize = 4;
/// How many calls of what is named like a class are looked at.
const CALLS: usize = 24;

impl Program<'_> {
    /// What a field holds in the objects that the project makes of a class, where it is made in few places: in the one that was
    /// made at the object's place, else in all of them, unless they differ in more than their class.
    pub(super) fn field_of_made(&self, object: &Object, name: &str) -> Kind {
        let class = object.class;
        if !self.field_is_given(class, name) {
            return Kind::Unknown;
        }
        let made = remember(&self.caches.made, class, || self.made_of(class));
        if let Some(one) = made.iter().find(|one| one.site.is_some() && one.site == object.site) {
            return self.given_field(one, name).unwrap_or_default();
        }
        remember(&self.caches.fields_made, (class, name.into()), || {
            let all = made.iter().map(|one| self.given_field(one, name).unwrap_or_default()).fold(Kind::Unknown, Kind::or);
            let told = all.alternatives().iter().filter(|kind| **kind != Kind::Null);
            if told.clone().count() > 1 && !told.clone().all(|kind| matches!(kind, Kind::Object(_))) { Kind::Unknown } else { all }
        })
    }

    /// The objects that the project makes of a class, else of those below it; none where they are many.
    fn made_of(&self, class: ClassRef) -> Rc<Vec<Rc<Object>>> {
        let own = self.constructed(class);
        let below = || self.descendants(class).iter().take(MADE + 1).flat_map(|c| self.constructed(*c)).collect();
        let made: Vec<_> = if own.is_empty() { below() } else { own };
        Rc::new(if made.len() > MADE { Vec::new() } else { made })
    }

    fn constructed(&self, class: ClassRef) -> Vec<Rc<Object>> {
        let calls: Vec<_> = self.calls_named(&self.class(class).name).iter().filter(|(m, _)| !self.is_aside(*m)).take(CALLS + 1).collect();
        if calls.len() > CALLS {
            return Vec::new();
        }
        let made = calls.into_iter().filter_map(|(module, call)| {
            let ExprKind::Call { callee, args } = &self.facts(*module).expr(*call).kind else { return None };
            let at = self.enclosing(*module, *call);
            match self.infer(at, *callee) {
                Kind::Class(made) if made == class => {}
                _ => return None,
            }
            let Kind::Object(object) = self.infer(at, *call) else { return None };
            let args: Vec<_> = args.iter().filter(|a| a.spread == 0).map(|a| (a.name.clone(), self.passed_through(at, a.value))).collect();
            (object.class == class && !args.is_empty()).then(|| Rc::new(Object { args: Rc::new(args), ..(*object).clone() }))
        });
        made.collect()
    }

    /// What an argument is worth: where it is a parameter of which only the type is declared, what the function's callers give.
    fn passed_through(&self, at: FunctionRef, expr: ExprId) -> Kind {
        let found = self.infer(at, expr);
        match self.parameter_of(at, expr) {
            Some(index) if !found.is_told() => match self.given_by_callers(at, index as u32) {
                Kind::Unknown | Kind::Null => found,
                given => given,
            },
            _ => found,
        }
    }
}
