//! Elements that are read from a collection, taken out of it in a second step, and worked on whether or not it was this step that
//! took them: two that read before either takes do the work twice. So it is with a row that is removed and for which something
//! else is changed by an amount: a counter, a balance.
//!
//! Whoever asks how many the step removed knows whose they are; so does whoever reads and takes in one step of the store.

use crate::effects::{Access, Held, Item, Operation, Visit, What};
use crate::knowledge::vocabulary::Effect;

/// The reads of a function with the removals behind them that tell nobody whether they took something, by their numbers.
pub(super) fn pairs(visit: &Visit) -> Vec<(u32, u32)> {
    let items = visit.own();
    let mut found = Vec::new();
    // Most functions remove nothing, and need not be searched for every read.
    if !items.iter().any(|item| item.access().is_some_and(|a| a.operation == Operation::Delete)) {
        return found;
    }
    for (at, read) in items.iter().enumerate() {
        let Some(from) = read.access().filter(|a| a.operation.is_read() && !a.aggregate) else { continue };
        let behind = items.iter().enumerate().skip(at + 1);
        let Some(taken) = behind.clone().find(|(_, item)| removes(item, read, from)).map(|(taken, _)| taken) else { continue };
        let asked = visit.returns(taken as u32) || items.iter().any(|item| made_of(item, taken) || decided_by(item, taken));
        let worked_on = match from.elements {
            true => visit.returns(at as u32) || behind.clone().any(|(_, item)| is_work(item) && made_of(item, at)),
            false => behind.clone().any(|(_, item)| is_share(item, from) && (made_of(item, at) || decided_by(item, at))),
        };
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

/// Whether an item takes something out of what was read, in a step of its own. A row is taken with its key: what clears away
/// by a bound takes nothing that was read. A transaction makes one step of reading elements and taking them; whoever read a row
/// before another's transaction ended still has it.
fn removes(item: &Item, read: &Item, from: &Access) -> bool {
    let Some(taken) = item.access().filter(|taken| taken.operation == Operation::Delete && taken.is_to_one_with(from)) else {
        return false;
    };
    match from.elements {
        true => !item.common(read).any(|c| matches!(c.held, Held::Transaction { .. })),
        false => !taken.bounded,
    }
}

/// Whether an item changes something else by an amount, on account of a row: twice, where two have read the row.
fn is_share(item: &Item, row: &Access) -> bool {
    item.access().is_some_and(|a| a.operation == Operation::Increment && a.kind == row.kind && !a.is_to_one_with(row))
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
