//! Elements that are read from a collection, taken out of it in a second step, and worked on whether or not it was this step that
//! took them: two that read before either takes do the work twice.
//!
//! Whoever asks how many the step removed knows whose they are; so does whoever reads and takes in one step of the store.

use crate::effects::{Held, Item, Operation, Visit, What};
use crate::knowledge::vocabulary::Effect;

/// The reads of a function with the removals behind them that tell nobody whether they took something, by their numbers.
pub(super) fn pairs(visit: &Visit) -> Vec<(u32, u32)> {
    let items = visit.own();
    let mut found = Vec::new();
    for (at, read) in items.iter().enumerate().filter(|(_, item)| item.access().is_some_and(|a| a.operation.is_read() && a.elements)) {
        let Some(taken) = items[at + 1..].iter().position(|item| removes(item, read)).map(|behind| at + 1 + behind) else { continue };
        let asked = visit.returns(taken as u32) || items.iter().any(|item| made_of(item, taken) || decided_by(item, taken));
        let worked_on = visit.returns(at as u32) || items[at + 1..].iter().any(|item| is_work(item) && made_of(item, at));
        if !asked && worked_on && (visit.tells(read) || visit.tells(&items[taken])) {
            found.push((at as u32, taken as u32));
        }
    }
    found
}

fn made_of(item: &Item, other: usize) -> bool {
    item.data.iter().any(|dep| dep.item() == Some(other as u32))
}

fn decided_by(item: &Item, other: usize) -> bool {
    item.control.iter().any(|(dep, _)| dep.item() == Some(other as u32))
}

/// Whether an item takes something out of what was read, in a step of its own.
fn removes(item: &Item, read: &Item) -> bool {
    let of_one =
        item.access().zip(read.access()).is_some_and(|(taken, from)| taken.operation == Operation::Delete && taken.is_to_one_with(from));
    of_one && !item.common(read).any(|c| matches!(c.held, Held::Transaction { .. }))
}

/// Whether doing it twice is more than doing it once.
fn is_work(item: &Item) -> bool {
    match &*item.what {
        What::Access(access) => matches!(access.operation, Operation::Insert | Operation::Append | Operation::Call),
        What::Event { effect, .. } => matches!(effect, Effect::Publish | Effect::Enqueue),
        What::Pause { effect, .. } => matches!(effect, Effect::ModelCall | Effect::NetworkCall),
        What::Declare(declared) => matches!(declared.effect, Effect::Run | Effect::Spawn),
        _ => false,
    }
}
