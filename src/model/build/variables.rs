//! Variables of modules that are raced for: something can come between reading and writing them.
//!
//! What lives in one process is changed by others only while the code waits, or where it runs in a thread. Variables that nobody
//! races for are no resource of the model: programs are full of them.

use super::races::{Behind, Pair, pairs_of};
use super::{Doing, Input, Run};
use crate::effects::{Context, Held, Item, VARIABLE};
use crate::link::Template;
use crate::model::Dependence;
use rustc_hash::FxHashSet;

/// Their names.
pub(super) fn raced(input: &Input, doings: &[Doing]) -> FxHashSet<Template> {
    let of_variable = |item: &&Item| item.access().is_some_and(|access| access.api == VARIABLE);
    let (mut found, behind) = (FxHashSet::default(), Behind::default());
    for run in doings.iter().flat_map(|doing| &doing.runs) {
        for visit in run.visits.iter() {
            let pairs = visit.own().iter().filter(of_variable).flat_map(|own| pairs_of(&run.visits, visit, own, &behind));
            let raced = pairs.filter(|pair| comes_between(input, run, pair));
            found.extend(raced.filter_map(|pair| pair.write.access()?.name.clone()));
        }
    }
    found
}

/// Whether others can change a module's variable between the two: the code waits there, or something takes its time in a thread of
/// its own. What was looked at and then set to something else is a cache or a flag.
pub(super) fn comes_between(input: &Input, run: &Run, pair: &Pair) -> bool {
    let Pair { read, write, dependence, waited, .. } = pair;
    if *dependence != Dependence::Data {
        return false;
    }
    if *waited {
        return true;
    }
    let threaded = |c: &Context| matches!(c.held, Held::Thread);
    let alone = !run.tool && !input.effects.program.function(run.entry).is_async;
    if !alone && !write.own.contexts.iter().any(threaded) || !std::ptr::eq(read.visit, write.visit) {
        return false;
    }
    let own = read.visit.own();
    let slow = |item: &Item| item.access().is_none_or(|access| access.kind != "memory");
    let between = own.iter().skip_while(|item| !std::ptr::eq(*item, read.own)).take_while(|item| !std::ptr::eq(*item, write.own));
    between.skip(1).any(slow)
}
