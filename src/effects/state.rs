//! What is known at one point of a walk: variables, what is held, what decided that this point is reached.

use super::context::Context;
use super::item::Check;
use super::value::{Dep, Value};
use crate::facts::Name;
use crate::link::Template;
use crate::sql::Dialect;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// Up to how many decisions are looked through one by one, and for how many.
pub(super) const FEW: usize = 24;
/// For how many decisions all others are looked through one by one, however many these are: a table of them costs more.
const NEW: usize = 8;

/// How a block of statements ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum End {
    /// At its last statement.
    #[default]
    Open,
    /// By returning, or leaving a loop round.
    Left,
    /// By raising.
    Raised,
}

/// Add the decisions that are not among these yet, in their order.
pub(super) fn add_new(known: &mut Vec<(Dep, Check)>, more: &[(Dep, Check)]) {
    if more.len() <= NEW || known.len().max(more.len()) < FEW {
        for dep in more {
            if !known.contains(dep) {
                known.push(*dep);
            }
        }
        return;
    }
    let mut seen: FxHashSet<(Dep, Check)> = known.iter().copied().collect();
    known.extend(more.iter().filter(|dep| seen.insert(**dep)).copied());
}

/// Asks whether decisions are among others: by a table where there are many of both.
pub(super) struct Among<'a> {
    all: &'a [(Dep, Check)],
    table: Option<FxHashSet<&'a (Dep, Check)>>,
}

impl<'a> Among<'a> {
    /// Decisions of which so many will be asked for.
    pub fn new(all: &'a [(Dep, Check)], questions: usize) -> Self {
        let many = questions > NEW && all.len().max(questions) >= FEW;
        Among { all, table: many.then(|| all.iter().collect()) }
    }

    /// Whether this one is among them.
    pub fn holds(&self, decision: &(Dep, Check)) -> bool {
        self.table.as_ref().map_or_else(|| self.all.contains(decision), |table| table.contains(decision))
    }
}

/// The variables after either of two paths.
pub(super) fn join_variables(mut mine: FxHashMap<Name, Value>, theirs: FxHashMap<Name, Value>) -> FxHashMap<Name, Value> {
    for (name, theirs) in theirs {
        match mine.get_mut(&name) {
            Some(mine) if *mine == theirs => {}
            Some(mine) => *mine = std::mem::take(mine).or(theirs),
            None => {
                mine.insert(name, theirs);
            }
        }
    }
    mine
}

/// Where rounds of a loop are left before the end of its body.
#[derive(Default)]
pub(super) struct LeftRounds {
    /// What is held at each `break`.
    pub breaks: Vec<Vec<Context>>,
    /// The variables as they are at one or the other of these places; nothing where there is none.
    pub known: Option<FxHashMap<Name, Value>>,
}

impl LeftRounds {
    /// One more such place.
    pub fn leave(&mut self, state: &State) {
        self.known = Some(match self.known.take() {
            Some(known) => join_variables(known, state.vars.clone()),
            None => state.vars.clone(),
        });
    }
}

/// The state at one point.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Values by access path: `row`, `self.store`.
    pub vars: FxHashMap<Name, Value>,
    /// What is held or around, outermost first.
    pub held: Vec<Context>,
    /// A setting of the session bounds every wait for a lock from here on.
    pub waits_limited: bool,
    /// What decided that this point is reached; shared with the items made there, and by the ways that part there.
    pub control: Rc<Vec<(Dep, Check)>>,
    /// Databases for which this point is not reached, as far as the code asks which one it has.
    pub not_for: Vec<Dialect>,
    /// Whether and how the walk has left this path.
    pub end: End,
}

impl State {
    /// Add what decided.
    pub fn decide(&mut self, on: &[(Dep, Check)]) {
        let known = Among::new(&self.control, on.len());
        // A list that is shared is copied only for what is new to it.
        if !on.iter().all(|d| known.holds(d)) {
            add_new(Rc::make_mut(&mut self.control), on);
        }
    }

    /// The state after either of two paths that both go on.
    pub fn join(mut self, other: State) -> State {
        self.vars = join_variables(self.vars, other.vars);
        self.waits_limited &= other.waits_limited;
        self.not_for.retain(|dialect| other.not_for.contains(dialect));
        // What the caller gave decided only what both ways hang on.
        if !Rc::ptr_eq(&self.control, &other.control) && self.control.iter().any(|d| d.0.is_question()) {
            let known = Among::new(&other.control, self.control.len());
            Rc::make_mut(&mut self.control).retain(|d| !d.0.is_question() || known.holds(d));
        }
        self.held.retain(|c| other.held.iter().any(|o| o.token == c.token));
        self
    }

    /// Give back the innermost lock of this name; whether there was one.
    pub fn release(&mut self, name: &Template) -> bool {
        let at = self.held.iter().rposition(|c| c.lock().is_some_and(|l| l.name == *name));
        match at {
            Some(at) => {
                self.held.remove(at);
                true
            }
            None => false,
        }
    }

    /// End transactions begun by statements: their row locks go, and what else they lock.
    pub fn end_transaction(&mut self) {
        self.held.retain(|c| !c.ends_with_transaction());
    }
}
