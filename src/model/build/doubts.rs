//! How much of a race is a guess: what depends on what was read, and may do no harm all the same.
//!
//! A guess takes a finding's confidence, and no more: what is surely harmless is no race at all ([`races`](super::races)).

use super::Input;
use super::races::{Pair, distance_over};
use super::schema::Schema;
use crate::effects::{ASSIGNMENT, Access, Dep, Item, Operation};
use crate::link::FunctionRef;
use crate::model::Dependence;
use crate::source::Site;

/// How many calls may lie between a look at what a lock holds and a change that it decides.
const NEAR: u8 = 3;

/// How many calls below the function that looks a write may lie that is surely made of what was found.
const DEEP: u8 = 2;

/// How many lines below a look for something what hangs on its answer stands, most often. In a longer function everything behind a
/// guard hangs on it.
const FAR: usize = 60;

/// How many guesses it is worth where a write lies further away than that.
const LOOSE: u8 = 2;

/// A read and the write that depends on it, seen from the innermost function that leads to both.
pub(super) struct Halves<'p, 'v> {
    /// The two.
    pub pair: &'p Pair<'v>,
    /// The function.
    pub function: FunctionRef,
    /// Where it reads, itself or through a call.
    pub read: Site,
    /// Where it writes.
    pub write: Site,
    /// It sets a state that others set to something else.
    pub overwritten: bool,
}

impl Halves<'_, '_> {
    /// How many guesses are in it.
    pub fn guesses(&self, input: &Input, schema: &Schema) -> u8 {
        let Some(write) = self.pair.write.access() else { return 0 };
        let item = &self.pair.write.item();
        if write.kind == "memory" {
            // Of a lock only the type that holds it is told, so that two of them may be taken for one; and what lies so far down
            // is seldom done because of what was found.
            let decided = self.pair.dependence != Dependence::Data;
            return u8::from(decided) + u8::from(decided && depth(input, item, self.function) > NEAR);
        }
        // Functions of Rust are small.
        let small = input.effects.program.is_rust(self.function.module);
        let loose = !small
            && (self.is_far(input, item, write) || self.is_settled(write, schema) || self.is_edit_behind_a_guard(input, item, write));
        if loose { LOOSE } else { 0 }
    }

    /// Whether much else lies between the two that may have decided, or made what is written.
    fn is_far(&self, input: &Input, item: &Item, write: &Access) -> bool {
        let existence = self.pair.dependence == Dependence::Existence;
        // A job that is found due is claimed wherever it is worked on.
        let claim = write.operation == Operation::Update && existence;
        existence && lines_between(input, self.read, self.write) > FAR || !claim && depth(input, item, self.function) > DEEP
    }

    /// Whether a function that was called sets fields of a row, among them what its caller had asked for: what an endpoint refuses
    /// before it edits a record seldom hangs on what it then writes.
    fn is_edit_behind_a_guard(&self, input: &Input, item: &Item, write: &Access) -> bool {
        let sets = write.kind == "table" && write.operation == Operation::Update && write.api == ASSIGNMENT;
        sets && self.pair.dependence == Dependence::State && !self.overwritten && depth(input, item, self.function) > 0
    }

    /// Whether rows that were found to be done with are removed, which seldom anybody takes back, or it is not known what is set.
    fn is_settled(&self, write: &Access, schema: &Schema) -> bool {
        if self.pair.dependence != Dependence::State {
            return false;
        }
        let aggregate = self.pair.read.access().is_some_and(|from| from.aggregate);
        match write.operation {
            Operation::Delete => !aggregate && !self.asks_of_others(write, schema) && !self.is_too_old(write),
            Operation::Update => write.kind == "table" && write.columns.is_empty(),
            _ => false,
        }
    }

    /// Whether a folder is removed because nothing in it has been touched for long: whoever still works there touches it.
    fn is_too_old(&self, write: &Access) -> bool {
        write.all_below && self.pair.write.own.control.iter().any(|(dep, _)| matches!(dep, Dep::Fresh))
    }

    /// Whether a write hangs on other records of its table as well: one is removed unless it is the last of its kind.
    fn asks_of_others(&self, write: &Access, schema: &Schema) -> bool {
        let primary = write.name.as_ref().and_then(|table| schema.primary_key(table)).unwrap_or("id");
        let beside = self.pair.write.own.control.iter().filter_map(|(dep, _)| self.pair.write.visit.behind(dep));
        // Where the look was further up, what else was looked at there.
        let above = self.pair.write.visit.decided.iter().filter_map(|(_, item, ..)| self.pair.read.visit.own().get(*item as usize));
        let behind = beside.chain(above.filter(|_| !std::ptr::eq(self.pair.read.visit, self.pair.write.visit)));
        let of_table = |item: &&Item| item.access().is_some_and(|a| a.operation.is_read() && a.is_to_one_with(write));
        // A row that was found there is itself and no other.
        let found = |item: &Item| {
            if std::ptr::eq(item, self.pair.read.own) && !std::ptr::eq(self.pair.read.visit, self.pair.write.visit) {
                return true;
            }
            let on_it = |dep: &Dep| self.pair.write.visit.behind(dep).is_some_and(|behind| std::ptr::eq(behind, item));
            let rows = self.pair.write.own.keys.iter().flat_map(|keys| keys.iter()).flat_map(|(_, deps)| deps.iter());
            rows.chain(self.pair.write.own.data.iter()).any(on_it)
        };
        let mut looks = behind.filter(of_table).filter(|item| !found(item));
        // Files and keys have one name each.
        let unkeyed = |item: &Item| write.kind == "table" && item.key(primary).is_none();
        looks.any(|item| unkeyed(item) || item.access().is_some_and(|a| a.aggregate || a.many))
    }
}

/// How many lines lie between two places of one file; none between places of two.
fn lines_between(input: &Input, from: Site, to: Site) -> usize {
    let text = input.files.get(from.file.index()).map_or("", |file| file.text.as_str());
    let between = text.get(from.span.end as usize..to.span.start as usize).filter(|_| from.file == to.file);
    between.map_or(0, |text| text.bytes().filter(|b| *b == b'\n').count())
}

/// How many calls lie between a function and the item it leads to, without the functions that only hand on to another.
fn depth(input: &Input, item: &Item, function: FunctionRef) -> u8 {
    let hands_on = |at: FunctionRef| at != function && input.effects.program.function(at).body.len() == 1;
    distance_over(item, function, |call| !hands_on(call.function))
}
