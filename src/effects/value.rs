//! A value during a walk: what it is, and what it depends on.

use crate::facts::Name;
use crate::link::{Kind, LibraryValue};
use std::rc::Rc;

/// Something a value or a decision depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dep {
    /// An item of the same summary: what was read there.
    Item(u32),
    /// A parameter of the function being summarised.
    Parameter(u8),
    /// A field of the receiver, as it was when the function was entered.
    Field(Name),
    /// Something that differs at each run: uuid, clock, random.
    Fresh,
}

/// A set of dependencies, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deps(Option<Rc<Vec<Dep>>>);

impl Deps {
    /// One dependency.
    pub fn one(dep: Dep) -> Self {
        Deps(Some(Rc::new(vec![dep])))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Dep> {
        self.0.iter().flat_map(|d| d.iter())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it differs at each run.
    pub fn is_fresh(&self) -> bool {
        self.iter().any(|d| *d == Dep::Fresh)
    }

    /// Add those of `other`.
    pub fn join(&mut self, other: &Deps) {
        match (&mut self.0, &other.0) {
            (_, None) => {}
            (mine @ None, Some(theirs)) => *mine = Some(theirs.clone()),
            (Some(mine), Some(theirs)) => {
                if Rc::ptr_eq(mine, theirs) || theirs.iter().all(|d| mine.binary_search(d).is_ok()) {
                    return;
                }
                let mut all: Vec<Dep> = mine.iter().chain(theirs.iter()).cloned().collect();
                all.sort();
                all.dedup();
                *mine = Rc::new(all);
            }
        }
    }

    /// Those of both.
    pub fn with(mut self, other: &Deps) -> Deps {
        self.join(other);
        self
    }
}

impl FromIterator<Dep> for Deps {
    fn from_iter<T: IntoIterator<Item = Dep>>(deps: T) -> Self {
        let mut all: Vec<Dep> = deps.into_iter().collect();
        all.sort();
        all.dedup();
        Deps((!all.is_empty()).then(|| Rc::new(all)))
    }
}

/// A value: what it is and what it depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// What it depends on.
    pub deps: Deps,
    /// It was told by an inference that may be wrong.
    pub inferred: bool,
    /// Its elements are in sorted order.
    pub sorted: bool,
    /// It says how what was read compares to something, and not merely whether it is there.
    pub compared: bool,
    /// The guard through which it was reached: changing it changes what the lock holds.
    pub through: Option<Rc<Through>>,
}

/// A way into what a lock holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    /// The guard.
    pub guard: Rc<LibraryValue>,
    /// The field of what it holds; `None` for the whole.
    pub field: Option<Name>,
}

impl Value {
    /// A value that depends on nothing.
    pub fn of(kind: Kind) -> Self {
        Value { kind, ..Value::default() }
    }

    /// An unknown value with dependencies.
    pub fn unknown(deps: Deps) -> Self {
        Value { deps, ..Value::default() }
    }

    /// The same value with further dependencies.
    pub fn depending(mut self, deps: &Deps) -> Self {
        self.deps.join(deps);
        self
    }

    /// Either this or that.
    pub fn or(self, other: Value) -> Value {
        let kind = match (&self.kind, &other.kind) {
            // A parameter or constant on one path only is not the value on all.
            (a, b) if a == b => self.kind,
            _ => self.kind.or(other.kind),
        };
        Value {
            kind,
            deps: self.deps.with(&other.deps),
            inferred: self.inferred || other.inferred,
            sorted: self.sorted && other.sorted,
            compared: self.compared || other.compared,
            through: self.through.or(other.through),
        }
    }
}
