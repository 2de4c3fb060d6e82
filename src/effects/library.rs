//! Calls of libraries: which row of a pack a call means.
//!
//! A qualified name, a method of a tracked value, a value that is called itself, a method of a receiver that only its name tells,
//! a function that a decorator turned into a task. It refuses to know what a row does: that is for `rows`.

use super::call::{CallPlace, Coroutine, Given, all_deps, kinds};
use super::context::Held;
use super::rows::given_at;
use super::truth::Truth;
use super::value::{Column, Deps, Value};
use super::walk::Walker;
use crate::facts::Name;
use crate::knowledge::vocabulary::Effect;
use crate::link::{ClassRef, FunctionValue, Kind, LibraryValue};
use std::rc::Rc;

/// Methods of Rust whose result is what the closure makes of what they are called on.
const MAPPING: [&str; 6] = ["map", "and_then", "map_or", "map_or_else", "filter_map", "flat_map"];

impl Walker<'_, '_, '_> {
    pub fn call_external(&mut self, name: &Name, given: &[Given], place: &CallPlace) -> Value {
        let language = self.program.language(self.at.module);
        let args = kinds(given);
        let deps = all_deps(given);
        if let Some(found) = self.program.knowledge.function(language, name) {
            let made = self.program.call_kind(&Kind::External(name.clone()), &args, place.site);
            return self.apply(&found, None, name, given, place, Value { kind: made, deps, ..Value::default() });
        }
        let made = self.program.call_kind(&Kind::External(name.clone()), &args, place.site);
        if let (Kind::Library(value), Some(ty)) = (&made, self.program.knowledge.made_by(language, name))
            && let Some(found) = self.program.knowledge.construct(ty)
        {
            let result = Value { kind: made.clone(), deps, ..Value::default() };
            return self.apply(&found, Some(value), name, given, place, result);
        }
        if self.rust
            && let result = (Value { kind: made.clone(), deps: deps.clone(), ..Value::default() })
            && let Some(value) = self.run_closures(&Value::default(), given, place, &result, false)
        {
            return value;
        }
        let sorted = name == "sorted" || (matches!(name.as_str(), "list" | "tuple" | "enumerate") && given.iter().any(|g| g.value.sorted));
        let truth = Self::keeps_truth(name);
        let deps = deps.with(&self.asked_by_function(name, given, place.site));
        Value { kind: made, deps, sorted, truth, ..Value::default() }
    }

    /// A function that a library's decorator made something of: a call may only hand its work to a queue, and its body runs
    /// elsewhere. `None` where the body runs here, after what the call says besides.
    pub fn call_made(&mut self, function: &Rc<FunctionValue>, given: &[Given], place: &CallPlace) -> Option<Value> {
        if function.plain {
            return None;
        }
        let Kind::Library(made) = self.program.made_by_decorator(function)? else { return None };
        match self.program.knowledge.called(made.ty)?.row.effect {
            Effect::Enqueue => Some(self.call_library(&made, given, place)),
            Effect::Run => {
                self.call_library(&made, given, place);
                None
            }
            _ => None,
        }
    }

    /// A library's value that is called itself: `agent("…")`, `script(keys=[…])`.
    pub fn call_library(&mut self, library: &Rc<LibraryValue>, given: &[Given], place: &CallPlace) -> Value {
        let deps = all_deps(given);
        let Some(found) = self.program.knowledge.called(library.ty) else {
            return Value { truth: Truth::Either, ..Value::unknown(deps) };
        };
        let api: Name = self.program.knowledge.type_name(library.ty).into();
        let kind = self.program.row_result(found.row, Some(library), &kinds(given), place.site);
        let place = CallPlace { receiver: Some(Value::of(Kind::Library(library.clone()))), written: false, ..place.clone() };
        self.apply(&found, Some(library), &api, given, &place, Value { kind, deps, ..Value::default() })
    }

    /// Call a method whose meaning rows decide, or that nothing is known of.
    pub fn call_member(&mut self, receiver: &Kind, name: &Name, given: &[Given], place: &CallPlace) -> Value {
        let knowledge = self.program.knowledge;
        let args = kinds(given);
        let deps = place.receiver.as_ref().map(|r| r.deps.clone()).unwrap_or_default().with(&all_deps(given));
        let made = self.program.call_kind(&Kind::Member(Rc::new((receiver.clone(), name.clone()))), &args, place.site);
        let result = Value { kind: made, deps: deps.clone(), ..Value::default() };
        if let Some(value) = self.changed_by_method(name, given, place, &result) {
            return value;
        }
        let through = self.still_through(name, place);
        let library = self.as_library(receiver);
        if let Some(library) = &library
            && let Some(found) = knowledge.method(library.ty, name)
        {
            let api: Name = format!("{}.{name}", knowledge.type_name(library.ty)).into();
            return self.apply(&found, Some(library), &api, given, place, result);
        }
        let result = Value { through, truth: Truth::Either, ..result };
        let known = match receiver {
            Kind::Unknown | Kind::External(_) | Kind::Called(_) => self.unknown_receiver(name, given, place, &result),
            // What an entry function is given by whoever starts it has a name and no more.
            kind if kind.is_only_named() => self.receiver_by_name(name, given, place, &result),
            _ => None,
        };
        let of_nobody = matches!(receiver, Kind::Unknown | Kind::External(_) | Kind::Called(_) | Kind::Member(_));
        if let Some(value) = known.or_else(|| if of_nobody { self.manager_by_name(name, given, place, &result) } else { None }) {
            return value;
        }
        // A trait that libraries give to functions: `work.retry(policy)` is `Fn::retry(work, policy)`.
        let of_functions: Name = format!("Fn.{name}").into();
        if let (true, Kind::Function(_)) = (self.rust, receiver)
            && knowledge.function(self.program.language(self.at.module), &of_functions).is_some()
        {
            let own = Given { name: None, value: Value::of(receiver.clone()), expr: None, spread: 0 };
            let given: Vec<Given> = std::iter::once(own).chain(given.iter().cloned()).collect();
            return self.call_external(&of_functions, &given, place);
        }
        if self.rust
            && let Some(receiver) = &place.receiver
            && let Some(value) = self.run_closures(receiver, given, place, &result, MAPPING.contains(&name.as_str()))
        {
            return value;
        }
        // Methods of containers change them: what they are given flows into the container.
        if let Some(path) = place.receiver_path.clone() {
            let changing = matches!(
                name.as_str(),
                "append"
                    | "add"
                    | "update"
                    | "extend"
                    | "insert"
                    | "setdefault"
                    | "pop"
                    | "remove"
                    | "discard"
                    | "clear"
                    | "appendleft"
                    | "sort"
                    | "popleft"
                    | "push"
                    | "push_back"
                    | "push_str"
                    | "retain"
            );
            if changing {
                let decided = self.decided_in_loop(&all_deps(given));
                self.touch_path(&path, &all_deps(given).with(&decided));
                // That there is something in it says nothing of which way that was asked.
                if let Some(value) = self.state.vars.get_mut(&path).filter(|_| !decided.is_empty()) {
                    value.truth = Truth::Either;
                }
                // What is filled in order is in order.
                let ordered = || self.state.held.iter().any(|c| matches!(c.held, Held::Loop { sorted: true, .. }));
                if (name == "sort" || matches!(name.as_str(), "append" | "add" | "extend" | "setdefault") && ordered())
                    && let Some(value) = self.state.vars.get_mut(&path)
                {
                    value.sorted = true;
                }
            }
        }
        Value {
            sorted: place.receiver.as_ref().is_some_and(|r| r.sorted) && matches!(name.as_str(), "copy" | "values" | "items" | "keys"),
            ..result
        }
    }

    /// What was read and decided that this turn of a loop came here. What is put into a list only where something was so is there
    /// because of that, and so is what is done for each of the list. What is of the read itself (`given`) says so already.
    fn decided_in_loop(&self, given: &Deps) -> Deps {
        let Some(begun) = self.decided_before_loop else { return Deps::default() };
        let of_given = |item: u32| given.iter().any(|own| own.item() == Some(item));
        let asked = self.state.control.iter().skip(begun).filter(|(dep, _)| dep.item().is_some_and(|item| !of_given(item)));
        asked.map(|(dep, _)| dep.of(Column::THERE)).collect()
    }

    /// A value as one of a library's types: itself, or what its class derives from.
    pub fn as_library(&self, kind: &Kind) -> Option<Rc<LibraryValue>> {
        match kind {
            Kind::Library(value) => Some(value.clone()),
            Kind::Object(object) => self.program.external_type(object.class).map(|ty| Rc::new(self.program.as_library(object, ty))),
            Kind::Class(class) => self.program.external_type(*class).map(|ty| {
                let mut value = LibraryValue::of(ty);
                value.subject = kind.clone();
                Rc::new(value)
            }),
            _ => None,
        }
    }

    /// A method of a value of unknown type that packs know by the value's name.
    fn receiver_by_name(&mut self, name: &Name, given: &[Given], place: &CallPlace, result: &Value) -> Option<Value> {
        let language = self.program.language(self.at.module);
        let found = self.program.receiver_by_name(language, self.at.module, &place.receiver_name, name)?;
        // `session.get(Order, 7)` loads a row; `session.get(url)` may be anything.
        let loads = found.row.effect == Effect::OrmLoad && found.row.key.is_some();
        let subject = || found.row.resource.as_deref().and_then(|place| given_at(place, given));
        if loads && subject().is_none_or(|given| self.subject_table(&given.value.kind).is_none()) {
            return None;
        }
        if found.row.effect == Effect::Sql && !self.sql_given(found.row, given)
            || found.row.of_receiver && !self.program.classes_with_method(name, 2).is_empty()
        {
            return None;
        }
        let ty = found.owner?;
        let library = Rc::new(LibraryValue::of(ty));
        let api: Name = format!("{}.{name}", self.program.knowledge.type_name(ty)).into();
        let kind = self.program.row_result(found.row, Some(&library), &kinds(given), place.site);
        let result = Value { kind, truth: Truth::There, ..result.clone() };
        let value = self.apply_inferred(&found, &library, &api, given, place, result);
        Some(Value { inferred: true, ..value })
    }

    /// A method of a manager that its name alone tells: `order.lines.get_or_create(…)`, whatever `order` is.
    fn manager_by_name(&mut self, name: &Name, given: &[Given], place: &CallPlace, result: &Value) -> Option<Value> {
        let manager = self.program.manager_by_name(&place.receiver_name, name).filter(|_| !self.rust)?;
        let found = self.program.knowledge.method(manager.ty, name)?;
        let api: Name = format!("{}.{name}", self.program.knowledge.type_name(manager.ty)).into();
        let kind = self.program.row_result(found.row, Some(&manager), &kinds(given), place.site);
        let result = Value { kind, truth: Truth::There, ..result.clone() };
        let value = self.apply_inferred(&found, &manager, &api, given, place, result);
        Some(Value { inferred: true, ..value })
    }

    /// A method of a value of unknown type: packs that know receivers by name, else the few classes that have such a method.
    fn unknown_receiver(&mut self, name: &Name, given: &[Given], place: &CallPlace, result: &Value) -> Option<Value> {
        if let Some(value) = self.receiver_by_name(name, given, place, result) {
            return Some(value);
        }
        if !self.rust && self.program.is_made_outside(self.origin_function(), &place.receiver_name) {
            return None;
        }
        let (methods, sure) = self.methods_by_shape(name, place);
        let mut value: Option<Value> = None;
        for function in methods {
            let class = self.program.function(function).class.map(|class| ClassRef { module: function.module, class })?;
            let object = Kind::instance(class);
            let method = FunctionValue::of(function, Some(object));
            let (first, calls) = (self.summary.items.len(), self.summary.calls.len());
            let called = self.call_function(&method, given, place, &Coroutine::Awaited);
            for item in &mut self.summary.items[first..] {
                item.inferred += u8::from(!sure);
            }
            for below in &mut self.summary.calls[calls..] {
                below.inferred += u8::from(!sure);
            }
            value = Some(match value {
                Some(before) => before.or(called.value),
                None => called.value,
            });
        }
        value.map(|v| Value { inferred: true, ..v })
    }

    /// The methods that a call on a receiver of unknown type may mean, and whether all that is called on it leaves one class.
    fn methods_by_shape(&self, name: &Name, place: &CallPlace) -> (Vec<crate::link::FunctionRef>, bool) {
        let (classes, spoken) = self.program.by_methods(self.origin_function(), &place.receiver_name);
        if !classes.is_empty() {
            let methods: Vec<_> = classes.iter().filter_map(|c| self.program.method(*c, name)).collect();
            return (methods, classes.len() == 1 && spoken > 2);
        }
        let telling = name.contains('_') || name.len() >= 9;
        (if telling && !name.starts_with("__") { self.program.classes_with_method(name, 2) } else { Vec::new() }, false)
    }
}
