//! State in memory behind locks: what is looked at and changed through a guard.
//!
//! In Rust a lock holds what it guards, so the state has the lock's name. A use of a guard that tells what it is for is an
//! access: a field, a method, a comparison looks; an assignment, a method that packs know to change what it is called on, a
//! method of the project that takes `&mut self` changes. What is taken out of a guard is still *reached through* it until it
//! is copied. Two looks through one guard at one field are one access.
//! It refuses to know what lies behind references that are handed to other functions.

use super::call::{CallPlace, Given};
use super::item::{Access, Item, Operation, What};
use super::value::{Column, Dep, Deps, Selected, Through, Value};
use super::walk::Walker;
use super::{Context, Name};
use crate::facts::ExprId;
use crate::knowledge::vocabulary::LockScope;
use crate::link::{Kind, LockUse, Template, keeps_guard};
use crate::source::Site;
use std::rc::Rc;

/// Methods whose result is a value of its own and no way into what they are called on.
const COPYING: [&str; 15] = [
    "clone",
    "cloned",
    "copied",
    "to_owned",
    "to_string",
    "to_vec",
    "collect",
    "into",
    "len",
    "count",
    "is_empty",
    "sum",
    "min",
    "max",
    "join",
];

impl Walker<'_, '_, '_> {
    /// The guard that a value is, or was reached through.
    pub fn reached_through(&self, value: &Value) -> Option<Rc<Through>> {
        if !self.rust {
            return None;
        }
        match guard_of(value) {
            Some(guard) => Some(Rc::new(Through { guard, field: None })),
            None => value.through.clone(),
        }
    }

    /// The guard that a value is, as the way into what its lock holds.
    pub fn guard_behind(&self, value: &Value) -> Option<Rc<Through>> {
        let guard = guard_of(value).filter(|_| self.rust)?;
        Some(Rc::new(Through { guard, field: None }))
    }

    /// A value with what `value.name` depends on: of what a lock holds, that field.
    pub fn of_field(&self, value: Value, name: &str) -> Value {
        // What a closure is given is what its caller looked at: `.map(|job| job.state)`.
        let closure = self.program.function(self.at).name == "<lambda>";
        let has_fields = |dep: &Dep| self.in_memory(dep) || closure && matches!(dep, Dep::Parameter(..));
        // The parts of a tuple have no names.
        if name.starts_with(|c: char| c.is_ascii_digit()) || !value.deps.iter().any(has_fields) {
            return value;
        }
        let field = Selected::Member(Column::named(name));
        let of_it = |dep: &Dep| if has_fields(dep) { Deps::one(*dep).selected(field) } else { Deps::one(*dep) };
        let deps = value.deps.iter().map(of_it).fold(Deps::default(), |all, deps| all.with(&deps));
        Value { deps, ..value }
    }

    /// Evaluate what is changed in place: that alone looks at nothing.
    pub fn eval_place(&mut self, expr: ExprId) -> Value {
        let before = std::mem::replace(&mut self.placing, true);
        let value = self.eval(expr);
        self.placing = before;
        value
    }

    /// A use of a value that looks at what it holds: of a guard, at a field of it or at the whole.
    pub fn looked_at(&mut self, value: Value, field: Option<&Name>, site: Site) -> Value {
        if !self.rust || self.placing {
            return value;
        }
        // A field of what was taken out of a guard to be changed, `get_mut(key)`: nothing looked at it so far.
        let untouched = || value.through.as_ref().filter(|_| field.is_some() && !value.deps.iter().any(|d| self.in_memory(d)));
        let Some(guard) = guard_of(&value).or_else(|| untouched().map(|t| t.guard.clone())) else { return value };
        let (Some(taken), Some(lock)) = (guard.site, guard.lock.as_ref()) else { return value };
        let key = (taken, field.cloned());
        let read = match self.looked.get(&key) {
            Some(read) => read.clone(),
            None => {
                let access = Access { columns: field.iter().map(|f| (*f).clone()).collect(), ..in_memory(&lock.name, Operation::Read) };
                let read = self.push_at(What::Access(access), site, Deps::default());
                self.looked.insert(key, read.clone());
                read
            }
        };
        // What follows depends on what was found and not on the lock.
        let taking = |dep: &&Dep| matches!(dep, Dep::Item(i, _) if self.summary.items.get(*i as usize).is_some_and(|i| matches!(*i.what, What::Acquire { .. })));
        let deps: Deps = value.deps.iter().filter(|dep| !taking(dep)).cloned().collect();
        Value { deps: deps.with(&read), ..value }
    }

    /// The receiver of a method call: what it looks at on a guard.
    pub fn called_on(&mut self, holder: Value, name: &Name, site: Site) -> Value {
        let Some(guard) = guard_of(&holder).filter(|_| self.rust) else { return holder };
        if keeps_guard(name) || self.program.knowledge.method(guard.ty, name).is_some() {
            return holder;
        }
        self.looked_at(holder, None, site)
    }

    /// What is reached through a guard changes.
    fn changed(&mut self, through: &Through, operation: Operation, site: Site, data: &Deps, computed: bool) {
        let Some(lock) = through.guard.lock.clone() else { return };
        let data = self.as_reads(data, &lock);
        let access = Access { columns: through.field.iter().cloned().collect(), computed, ..in_memory(&lock.name, operation) };
        self.push_at(What::Access(access), site, data);
    }

    /// Whether something that a value depends on is a look at what a lock holds.
    pub fn in_memory(&self, dep: &Dep) -> bool {
        self.summary.behind(dep).and_then(Item::access).is_some_and(|a| a.kind == "memory" && a.operation.is_read())
    }

    /// A method that takes `&mut self` changes it; what it asks before is its own affair, under the same guard.
    pub fn changed_by_itself(&mut self, through: &Through, site: Site) {
        let Some(lock) = through.guard.lock.clone() else { return };
        let columns = through.field.iter().cloned().collect();
        let access = Access { columns, conditional: true, ..in_memory(&lock.name, Operation::Update) };
        self.push_at(What::Access(access), site, Deps::default());
    }

    /// `*guard = value`, `guard.field = value`, `guard[key] = value`.
    pub fn write_through(&mut self, place: &Value, field: Option<&Name>, value: &Value, site: Site) {
        let Some(through) = self.reached_through(place) else { return };
        let through = Through { guard: through.guard.clone(), field: through.field.clone().or_else(|| field.cloned()) };
        let told = matches!(
            value.kind,
            Kind::Bool(_)
                | Kind::Int(_)
                | Kind::Float(_)
                | Kind::Text(_)
                | Kind::Null
                | Kind::Member(_)
                | Kind::Class(_)
                | Kind::External(_)
        );
        let given = value.deps.iter().any(|d| matches!(d, Dep::Parameter(..)));
        // A time is a stamp of what was done, and no claim.
        let computed = !given && (!told || value.deps.is_fresh());
        // `*slot = None` takes away what was there.
        let operation = if value.kind == Kind::Null { Operation::Delete } else { Operation::Put };
        self.changed(&through, operation, site, &value.deps, computed);
    }

    /// A method of what a guard gives access to that packs know to change it.
    pub fn changed_by_method(&mut self, name: &Name, given: &[Given], place: &CallPlace, result: &Value) -> Option<Value> {
        let through = place.receiver.as_ref().and_then(|r| self.reached_through(r))?;
        let found = self.program.knowledge.method(through.guard.ty, name).filter(|f| f.row.kind.as_deref() == Some("memory"))?;
        let first = self.summary.items.len();
        let api: Name = format!("{}.{name}", self.program.knowledge.type_name(through.guard.ty)).into();
        let guard = through.guard.clone();
        let value = self.apply(&found, Some(&guard), &api, given, place, result.clone());
        let lock = guard.lock.clone()?;
        for index in first..self.summary.items.len() {
            let item = self.summary.items[index].clone();
            let Some(access) = item.access() else { continue };
            let access = Access { columns: through.field.iter().cloned().collect(), ..access.clone() };
            let data = self.as_reads(&item.data, &lock);
            self.summary.items[index] = Item { what: Rc::new(What::Access(access)), data, ..item };
        }
        Some(value)
    }

    /// What a method's result is still reached through.
    pub fn still_through(&self, name: &Name, place: &CallPlace) -> Option<Rc<Through>> {
        if !self.rust || COPYING.contains(&name.as_str()) {
            return None;
        }
        place.receiver.as_ref().and_then(|r| self.reached_through(r))
    }

    /// A value that a guard was, as it is where nothing was said to look at it: what its taking read.
    fn as_reads(&mut self, deps: &Deps, lock: &LockUse) -> Deps {
        let mut data = Deps::default();
        for dep in deps.iter() {
            let index = match dep {
                Dep::Item(index, _) => index,
                // What a setter is given, its caller may have read.
                Dep::Parameter(..) | Dep::Captured(..) | Dep::Fresh => {
                    data.join(&Deps::one(*dep));
                    continue;
                }
                Dep::Field(_) | Dep::Is(..) => continue,
            };
            let Some(taken) = self.summary.items.get(*index as usize).cloned() else { continue };
            match &*taken.what {
                What::Acquire { lock: before, .. } if before.guard && before.name == lock.name => {
                    // The lock that was taken there counts where it is still held.
                    let still = self.state.held.iter().filter(|c| c.site == taken.site && c.lock().is_some_and(|l| l.name == lock.name));
                    let contexts: Vec<Context> = taken.contexts.iter().chain(still).cloned().collect();
                    let what = What::Access(in_memory(&lock.name, Operation::Read));
                    let read = Item { what: Rc::new(what), contexts: Rc::new(contexts), data: Deps::default(), ..taken };
                    data.join(&self.push_item(read));
                }
                _ => data.join(&Deps::one(*dep)),
            }
        }
        data
    }

    /// What was read for one of the values of a loop and decides that it is passed over.
    pub fn passes_over(&mut self) {
        let inner = self.state.held.iter().rfind(|c| matches!(c.held, super::Held::Loop { .. }));
        if inner.is_some_and(|c| matches!(c.held, super::Held::Loop { values: true, .. })) {
            self.passing.extend(self.state.control.iter().filter_map(|(dep, _)| dep.item()));
        }
    }

    /// What was read in a loop and decides here that the loop ends is what the loop waits for.
    pub fn ends_loop(&mut self) {
        let inner = self.state.held.iter().rfind(|c| matches!(c.held, super::Held::Loop { .. })).map(|c| c.token);
        let Some(token) = inner else { return };
        let deciding = self.state.control.iter().filter_map(|(dep, _)| dep.item()).filter(|i| !self.passing.contains(i));
        let deciding: Vec<u32> = deciding.collect();
        for index in deciding {
            let Some(item) = self.summary.items.get_mut(index as usize) else { continue };
            let Some(access) = item.access().filter(|a| a.operation.is_read() && !a.awaited) else { continue };
            if item.contexts.iter().any(|c| c.token == token) {
                let awaited = Access { awaited: true, ..access.clone() };
                item.what = Rc::new(What::Access(awaited));
            }
        }
    }
}

/// The guard of a lock of the process that a value is, where the lock is known by name.
fn guard_of(value: &Value) -> Option<Rc<crate::link::LibraryValue>> {
    let Kind::Library(library) = &value.kind else { return None };
    let named = |l: &Rc<LockUse>| l.guard && l.scope == LockScope::Process && l.name.has_text();
    library.lock.as_ref().is_some_and(named).then(|| library.clone())
}

/// An access to what a lock of the process holds.
fn in_memory(name: &Template, operation: Operation) -> Access {
    Access { name: Some(name.clone()), atomic: true, ..Access::new(operation, "memory", "memory", "guard", operation.word()) }
}
