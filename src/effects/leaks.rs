//! Locks that a function takes by a call of its own and does not give back on every way out.
//!
//! Each walk keeps a ledger: what was taken, by the function itself or by a callee that left it held; where it was given back,
//! and whether that place is reached by an error as well (a `finally`, a handler). When the walk is over, what can stay held
//! becomes a [`What::Leak`]. It stands where this function takes the lock, so that a class which wraps a lock is judged where
//! it is used. A lock that somebody else may give back, an object's or one that was handed on, is only judged where this
//! function gives it back itself.

use super::context::{Context, Held};
use super::item::{Item, What};
use super::value::Dep;
use super::walk::Walker;
use crate::facts::Name;
use crate::knowledge::vocabulary::{Effect, LockScope};
use crate::link::{FunctionRef, Kept, Kind, LibraryValue, LockUse, Template};
use crate::source::Site;
use std::rc::Rc;

/// How a lock stays held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// An error between taking it and giving it back, here.
    Error(Site),
    /// A return before it is given back, here.
    Return(Site),
    /// Nobody gives it back.
    Never,
}

/// Names of errors that are all errors.
const ALL: [&str; 3] = ["", "Exception", "BaseException"];

/// What one walk knows of the locks it takes.
#[derive(Default)]
pub(super) struct Ledger {
    taken: Vec<Taken>,
    /// Where locks were given back, by the token of their taking.
    returned: Vec<(u64, Site)>,
    /// Returns that leave locks held.
    left: Vec<(u64, Site)>,
    /// Locks given back where errors pass.
    secured: Vec<Template>,
    /// `try` statements whose handlers let what they caught out again.
    passing: Vec<u64>,
    /// Locks held where a generator hands over: its user's errors arrive there.
    handed: Vec<u64>,
    /// Locks that one of two ways through a branch gives back.
    partly: Vec<u64>,
    /// Methods called on what paths name.
    asked: Vec<(Name, FunctionRef)>,
    /// How many handlers surround this point.
    handling: u32,
}

/// A lock that the walked function has taken.
struct Taken {
    token: u64,
    lock: Rc<LockUse>,
    /// Where, in the walked function.
    site: Site,
    /// Nobody else has it: made, asked and dropped by this function.
    own: bool,
    /// The object of the project that holds it, and the method that took it.
    holder: Option<(Name, FunctionRef)>,
}

impl Ledger {
    /// Whether this point is reached because something failed.
    pub fn handling(&self) -> bool {
        self.handling > 0
    }
}

impl Walker<'_, '_, '_> {
    /// A lock was taken by a call of its own.
    pub fn note_taken(&mut self, token: u64, lock: &Rc<LockUse>, site: Site, own: bool, holder: Option<(Name, FunctionRef)>) {
        if self.proxy.is_none() {
            self.ledger.taken.push(Taken { token, lock: lock.clone(), site, own, holder });
        }
    }

    /// A method of the project was called on what a path names.
    pub fn note_asked_of(&mut self, path: &Name, method: FunctionRef) {
        if !self.ledger.asked.iter().any(|(p, m)| p == path && *m == method) {
            self.ledger.asked.push((path.clone(), method));
        }
    }

    /// Two ways go on together: a lock that one of them has given back is kept on purpose by the other.
    pub fn note_parted(&mut self, before: &[Context], one: &[Context], other: &[Context]) {
        let holds = |held: &[Context], token: u64| held.iter().any(|c| c.token == token);
        let parted = before.iter().filter(|c| c.lock().is_some() && holds(one, c.token) != holds(other, c.token)).map(|c| c.token);
        self.ledger.partly.extend(parted);
    }

    /// A lock was given back: by this function, or by one that it calls.
    pub fn note_returned(&mut self, name: &Template, site: Site) {
        if self.certain() || self.ledger.handling() {
            self.ledger.secured.push(name.clone());
        }
        if let Some(taken) = self.ledger.taken.iter().rfind(|t| t.lock.name == *name) {
            self.ledger.returned.push((taken.token, site));
        }
    }

    /// The function returns with what it holds here.
    pub fn note_left(&mut self, site: Site) {
        let asked = |t: &Taken| {
            // Whether it was granted is what decided: nobody can tell which way this return lies.
            let taking = |dep: &Dep| dep.item().is_some_and(|i| self.took(i as usize, t));
            self.state.control.iter().any(|(dep, _)| taking(dep))
        };
        let held = |t: &&Taken| self.state.held.iter().any(|c| c.token == t.token);
        let left: Vec<(u64, Site)> = self.ledger.taken.iter().filter(held).filter(|t| !asked(t)).map(|t| (t.token, site)).collect();
        self.ledger.left.extend(left);
    }

    fn took(&self, item: usize, taken: &Taken) -> bool {
        let found = self.summary.items.get(item).map(|i| &*i.what);
        matches!(found, Some(What::Acquire { token, .. }) if *token == taken.token)
    }

    /// Something outside gives back what a return left held: a `finally`, the end of a `with`.
    pub fn not_left(&mut self, tokens: &[u64]) {
        self.ledger.left.retain(|(token, _)| !tokens.contains(token));
    }

    /// A generator hands over.
    pub fn note_handed(&mut self) {
        self.ledger.handed.extend(self.state.held.iter().filter(|c| c.lock().is_some()).map(|c| c.token));
    }

    /// A handler starts.
    pub fn begin_handling(&mut self) {
        self.ledger.handling += 1;
    }

    /// A handler ends; `out` says that what it caught goes on from there.
    pub fn end_handling(&mut self, tried: u64, out: bool) {
        self.ledger.handling -= 1;
        if out {
            self.ledger.passing.push(tried);
        }
    }

    /// Whether a library's value is made, asked and dropped by this function.
    pub fn is_own(&self, receiver: Option<&Rc<LibraryValue>>) -> bool {
        receiver.and_then(|r| r.site).is_some_and(|made| self.program.kept(made) == Kept::Alone)
    }

    /// The same of a value of the project's classes.
    pub fn is_own_object(&self, receiver: &Kind) -> bool {
        match receiver {
            Kind::Object(object) => object.site.is_some_and(|made| self.program.kept(made) == Kept::Alone),
            Kind::Library(library) => self.is_own(Some(library)),
            _ => false,
        }
    }

    /// Add what can stay held, now that the walk is over.
    pub fn note_leaks(&mut self) {
        let ledger = std::mem::take(&mut self.ledger);
        for taken in &ledger.taken {
            if let Some(way) = self.leak(&ledger, taken) {
                let what = What::Leak { lock: taken.lock.clone(), way };
                let inferred = u8::from(self.inferring);
                self.push_item(Item { inferred, ..Item::of(what, taken.site, self.at) });
            }
        }
    }

    fn leak(&self, ledger: &Ledger, taken: &Taken) -> Option<Way> {
        // In Rust a handle is closed where its scope ends, whichever way that is left, and its lock ends with it.
        let dropped = self.rust && (taken.own && taken.lock.session || taken.lock.handle.is_some());
        if dropped || ledger.secured.contains(&taken.lock.name) {
            return None;
        }
        let mut returned = ledger.returned.iter().filter(|(token, _)| *token == taken.token).map(|(_, site)| *site);
        let Some(first) = returned.next() else {
            let lock = &taken.lock;
            let stays = !lock.session && !lock.guard && !lock.renewed && lock.scope != LockScope::Process;
            // A name that another taking gave back is that lock.
            let other = ledger.taken.iter().any(|t| t.lock.name == lock.name && ledger.returned.iter().any(|(r, _)| *r == t.token));
            // Another method of the object that holds it may give it back by means that are not known.
            let asked = taken.holder.as_ref().is_some_and(|(path, by)| ledger.asked.iter().any(|(p, m)| p == path && m != by));
            return (taken.own && stays && !other && !asked).then_some(Way::Never);
        };
        // What is kept for somebody else on one way is not lost on another.
        let kept = !taken.own && ledger.partly.contains(&taken.token);
        if !kept && (ledger.handed.contains(&taken.token) || self.may_fail(ledger, taken)) {
            return Some(Way::Error(first));
        }
        let left = ledger.left.iter().find(|(token, _)| *token == taken.token);
        left.filter(|_| taken.own).map(|(_, site)| Way::Return(*site))
    }

    /// Whether something fails while the lock is held, and the error gets past it.
    fn may_fail(&self, ledger: &Ledger, taken: &Taken) -> bool {
        let gives_back = |site: Site| site == taken.site || ledger.returned.contains(&(taken.token, site));
        let gets_out = |contexts: &[Context]| {
            let at = contexts.iter().position(|c| c.token == taken.token);
            at.is_some_and(|at| !contexts[at..].iter().any(|c| catches_all(c) && !ledger.passing.contains(&c.token)))
        };
        self.summary.items.iter().any(|i| fails(&i.what) && !gives_back(i.outer_site()) && gets_out(&i.contexts))
            || self.summary.calls.iter().any(|c| !gives_back(c.call.site) && gets_out(&c.contexts))
    }
}

fn fails(what: &What) -> bool {
    match what {
        What::Access(_) | What::CallParameter { .. } => true,
        What::Pause { effect, .. } => *effect != Effect::Sleep,
        What::Event { effect, .. } => matches!(effect, Effect::Publish | Effect::Enqueue),
        _ => false,
    }
}

fn catches_all(context: &Context) -> bool {
    matches!(&context.held, Held::Caught { types, .. } if types.iter().any(|n: &Name| ALL.contains(&n.as_str())))
}
