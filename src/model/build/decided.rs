//! What decided writes: a look at the same thing, a claim, a change that found nothing.
//!
//! Asked of the function that has both halves, whose items stay whole: where a write is told further up, a caller has a copy of
//! the write and none of what decided it.

use super::Doing;
use crate::effects::{Access, Check, Context, Held, Item, Operation, Sorts, Visit};
use crate::knowledge::vocabulary::LockScope;
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// What decided a write.
#[derive(Clone, Copy, Default)]
pub(super) struct Decision {
    /// A look at the same thing.
    pub looked: bool,
    /// A look at the same thing, with nobody coming between.
    pub settled: bool,
    /// Something that decides at most once: a record of the operation, a claim.
    pub admitted: bool,
    /// A change of such a record that found none.
    pub missing: bool,
    /// A look at the same thing that found nothing there.
    pub absent: bool,
}

/// What decided the writes of an actor, by their places.
pub(super) struct Decided<'l> {
    looks: &'l Looks,
    at: FxHashMap<Site, Decision>,
}

impl<'l> Decided<'l> {
    /// Of all that an actor does, as the functions that write decide it themselves.
    pub fn of(doing: &Doing, looks: &'l Looks) -> Self {
        let mut at: FxHashMap<Site, Decision> = FxHashMap::default();
        for visit in doing.runs.iter().flat_map(|r| r.visits.iter()).filter(|visit| visit.has(Sorts::WRITE)) {
            for item in visit.own().iter().filter(|item| !item.control.is_empty()) {
                let Some(write) = item.access().filter(|a| !a.operation.is_read()) else { continue };
                let decision = looks.decision(visit, item, write);
                let known = at.entry(item.site).or_default();
                // That nobody comes between is shown by whoever holds the lock, however far above.
                known.settled |= decision.settled;
                if item.chain.is_none() {
                    *known = known.or(decision);
                }
            }
        }
        Decided { looks, at }
    }

    /// What decided a write where it is told.
    pub fn at(&self, visit: &Visit, item: &Item, write: &Access) -> Decision {
        self.looks.decision(visit, item, write).or(self.at.get(&item.site).copied().unwrap_or_default())
    }
}

impl Decision {
    fn or(self, other: Decision) -> Decision {
        Decision {
            looked: self.looked || other.looked,
            settled: self.settled || other.settled,
            admitted: self.admitted || other.admitted,
            missing: self.missing || other.missing,
            absent: self.absent || other.absent,
        }
    }
}

/// What decided a write in its own function, and the looks at the same thing by their numbers.
type Looked = Rc<(Decision, Vec<u32>)>;

/// What decided each write in its own function: worked out once, for many visits have the same items.
#[derive(Default)]
pub(super) struct Looks(RefCell<FxHashMap<*const Item, Looked>>);

impl Looks {
    fn decision(&self, visit: &Visit, item: &Item, write: &Access) -> Decision {
        let known = self.0.borrow_mut().entry(std::ptr::from_ref(item)).or_insert_with(|| Rc::new(looks(visit, item, write))).clone();
        let (decision, looks) = &*known;
        // Only this depends on what the way to the function puts around it.
        let mut behind = looks.iter().filter_map(|look| visit.own().get(*look as usize));
        let settled = behind.any(|look| item.common(look).chain(visit.around()).any(excludes));
        Decision { settled, ..*decision }
    }
}

fn looks(visit: &Visit, item: &Item, write: &Access) -> (Decision, Vec<u32>) {
    let mut decision = Decision::default();
    let mut looks: Vec<u32> = Vec::new();
    // One look may decide by many of its columns, and in many ways.
    let mut known: Vec<Option<bool>> = vec![None; visit.own().len()];
    for (dep, check) in item.control.iter() {
        let Some(index) = dep.item() else { continue };
        let (Some(behind), Some(known)) = (visit.behind(dep), known.get_mut(index as usize)) else { continue };
        let Some(access) = behind.access() else { continue };
        let looks_at = *known.get_or_insert_with(|| {
            let looks_at = is_look_at(behind, write);
            looks.extend(looks_at.then_some(index));
            let claims = access.decides && !access.operation.is_read();
            decision.admitted |= claims;
            decision.missing |= claims && access.operation == Operation::Update && access.name.is_some() && access.name == write.name;
            looks_at
        });
        decision.absent |= looks_at && *check == Check::Absence;
    }
    decision.looked = !looks.is_empty();
    (decision, looks)
}

/// Whether an item reads what an access is to.
pub(super) fn is_look_at(item: &Item, access: &Access) -> bool {
    item.access().is_some_and(|read| read.operation.is_read() && read.name == access.name)
}

/// Whether what surrounds an access keeps the accesses of all other processes out.
fn excludes(context: &Context) -> bool {
    match &context.held {
        Held::Lock(lock) => lock.scope != LockScope::Process,
        _ => context.is_serial(),
    }
}
