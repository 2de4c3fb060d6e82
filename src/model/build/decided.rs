//! What decided writes: a look at the same thing, a claim, a change that found nothing.
//!
//! Asked of the function that has both halves, whose items stay whole: where a write is told further up, a caller has a copy of
//! the write and none of what decided it.

use super::Doing;
use crate::effects::{Access, Check, Context, Held, Item, Operation, Sorts, Visit};
use crate::knowledge::vocabulary::LockScope;
use crate::source::Site;
use rustc_hash::FxHashMap;

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
pub(super) struct Decided(FxHashMap<Site, Decision>);

impl Decided {
    /// Of all that an actor does, as the functions that write decide it themselves.
    pub fn of(doing: &Doing) -> Decided {
        let mut found: FxHashMap<Site, Decision> = FxHashMap::default();
        for visit in doing.runs.iter().flat_map(|r| r.visits.iter()).filter(|visit| visit.has(Sorts::WRITE)) {
            for item in visit.own().iter().filter(|item| !item.control.is_empty()) {
                let Some(write) = item.access().filter(|a| !a.operation.is_read()) else { continue };
                let decision = decision(visit, item, write);
                let known = found.entry(item.site).or_default();
                // That nobody comes between is shown by whoever holds the lock, however far above.
                known.settled |= decision.settled;
                if item.chain.is_none() {
                    *known = known.or(decision);
                }
            }
        }
        Decided(found)
    }

    /// What decided a write where it is told.
    pub fn at(&self, visit: &Visit, item: &Item, write: &Access) -> Decision {
        decision(visit, item, write).or(self.0.get(&item.site).copied().unwrap_or_default())
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

fn decision(visit: &Visit, item: &Item, write: &Access) -> Decision {
    let mut decision = Decision::default();
    let behind = item.control.iter().filter_map(|(dep, check)| Some((visit.behind(dep)?, *check)));
    for (behind, check) in behind {
        let Some(access) = behind.access() else { continue };
        if is_look_at(behind, write) {
            decision.looked = true;
            decision.absent |= check == Check::Absence;
            decision.settled |= item.common(behind).chain(visit.around()).any(excludes);
        }
        let claims = access.decides && !access.operation.is_read();
        decision.admitted |= claims;
        decision.missing |= claims && access.operation == Operation::Update && access.name.is_some() && access.name == write.name;
    }
    decision
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
