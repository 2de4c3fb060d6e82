//! What calls give whose callee only the caller knows: `repo.get(id)` of a repository that was handed over.
//!
//! Such a value is known by the call that gives it, so that the caller, who knows what is called, knows what it is, and what the
//! methods are that are called on it: `session.query(model).filter(…).first()`. Methods are followed as far as packs know any by
//! their name, and so are assignments to columns: `row.state = state` of a row whose class only the caller knows.

use super::Effects;
use super::call::{CallPlace, Called, Given};
use super::value::{Dep, Deps, Value};
use super::walk::Walker;
use crate::facts::{ANY_ATTRIBUTE, Name};
use crate::link::{ClassRef, Kind};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// What stands for the method that sets an attribute.
const SET: &str = "__setattr__";
/// What stands for the name of `*args` among what a caller-given call is given, and for that of `**kwargs`.
const SPREAD: [&str; 2] = ["*", "**"];

/// An argument as a caller-given call keeps it.
pub(super) fn kept(given: &Given) -> (Option<Name>, Value) {
    let spread = usize::from(given.spread).checked_sub(1).and_then(|index| SPREAD.get(index));
    let name = spread.map(|star| Name::from(*star)).or_else(|| given.name.clone());
    (name, given.value.clone())
}

/// The arguments that one was which a caller-given call has kept: of `*args` each, where they are known now.
pub(super) fn given_again((name, value): &(Option<Name>, Value)) -> Vec<Given> {
    let one = |name: Option<Name>, value: Value, spread| Given { name, value, expr: None, spread };
    let Some(star) = name.as_deref().and_then(|name| SPREAD.iter().position(|star| *star == name)) else {
        return vec![one(name.clone(), value.clone(), 0)];
    };
    let each = |kind: &Kind| Value { kind: kind.clone(), deps: value.deps.clone(), ..Value::default() };
    match &value.kind {
        _ if let Some(elements) = value.elements() => elements.into_iter().map(|(key, value)| one(key, value, 0)).collect(),
        Kind::List(items) if star == 0 => items.iter().map(|kind| one(None, each(kind), 0)).collect(),
        Kind::Map(entries) if star == 1 => {
            entries.iter().filter_map(|(key, kind)| Some(one(Some(key.as_text()?.into()), each(kind), 0))).collect()
        }
        _ => vec![one(None, value.clone(), star as u8 + 1)],
    }
}

/// Whether a caller-given call only sets an attribute.
pub(super) fn sets(callee: &Kind) -> bool {
    set_on(callee).is_some() || matches!(callee, Kind::ParameterMember(member) if member.1 == SET)
}

/// On what a caller-given call sets an attribute, where that is what it does.
pub(super) fn set_on(callee: &Kind) -> Option<&Kind> {
    match callee {
        Kind::Member(member) if member.1 == SET => Some(&member.0),
        _ => None,
    }
}

impl Effects<'_, '_> {
    /// Whether some mapped class has a column of this name.
    fn is_a_column(&self, name: &Name) -> bool {
        let columns = self.columns.get_or_init(|| {
            let mapped = |class: &ClassRef| !self.program.is_rust(class.module) && self.program.model_row(*class).is_some();
            let named = |class: ClassRef| self.program.class_scope(class).names().map(|(name, _)| name.clone()).collect::<Vec<Name>>();
            self.program.all_classes().filter(mapped).flat_map(named).collect::<FxHashSet<Name>>()
        });
        columns.contains(name) || name == ANY_ATTRIBUTE && !columns.is_empty()
    }
}

impl Walker<'_, '_, '_> {
    /// The item by which a value is known that a caller-given call gives.
    pub(super) fn answer_of(&self, later: &Deps) -> Option<u32> {
        later.iter().find_map(Dep::item).filter(|_| !self.rust)
    }

    /// What a method gives of a value of which nobody here knows what it is (`found`); where a call gives it whose callee the
    /// caller knows, the caller does.
    pub fn or_answered(&mut self, member: &(Kind, Name), found: Value, given: &[Given], place: &CallPlace) -> Value {
        let (receiver, name) = member;
        let item = place.receiver.as_ref().and_then(|receiver| receiver.answer);
        let Some(item) = item.filter(|_| !self.rust && found.kind == Kind::Unknown) else { return found };
        if !matches!(receiver, Kind::Unknown | Kind::Called(_)) || !self.fx.asked_of_stores.contains(name) {
            return found;
        }
        let method = Kind::Member(Rc::new((Kind::Answer(item), name.clone())));
        let later = self.call_later(&method, given, place).value;
        Value { answer: later.answer, ..found.depending(&later.deps) }
    }

    /// `row.column = value`, where only the caller knows of which class the row is.
    pub fn set_later(&mut self, holder: &Value, own: bool, name: &Name, value: &Value, site: crate::source::Site) {
        if self.rust || own || name.starts_with('_') || self.at_module() || !self.fx.is_a_column(name) {
            return;
        }
        let callee = match (&holder.kind, holder.answer) {
            (Kind::Parameter(index), _) if matches!(self.parameter_hint(*index), Kind::Unknown | Kind::OneOf(_)) => {
                Kind::ParameterMember(Rc::new((*index, SET.into())))
            }
            (Kind::Unknown | Kind::Called(_), Some(item)) => Kind::Member(Rc::new((Kind::Answer(item), SET.into()))),
            _ => return,
        };
        let place = CallPlace { site, receiver: None, receiver_path: None, receiver_name: Name::default(), written: false };
        let given = [holder.clone(), Value::of(Kind::text(name.clone())), value.clone()];
        let given = given.map(|value| Given { name: None, value, expr: None, spread: 0 });
        self.call_later(&callee, &given, &place);
    }

    /// Set an attribute of what the caller knows.
    pub(super) fn set_now(&mut self, holder: &Kind, given: &[Given], place: &CallPlace) -> Called {
        if let [row, column, set] = given
            && let Some(name) = column.value.kind.as_text()
        {
            let row = Value { kind: holder.clone(), ..row.value.clone() };
            self.set_attribute(&row, false, &name.into(), &set.value, place.site);
        }
        Called::default()
    }
}
