//! Marks that work was done: looked for before the work, and set behind it.
//!
//! `if not seen(id): send(id); mark(id)`. That the mark is set by an upsert or by touching a file makes it one mark, and not the work
//! one: two that look before either has marked both do it. Who sets the mark first, and works only where that succeeded, is alone.

use crate::effects::{Access, Check, Item, Operation, Told, Visit};

/// Whether a write marks what an external call did that was done because the mark was missing; `read` looked for it.
pub(super) fn is_mark_behind_work(read: u32, visit: &Visit, write: &Told, access: &Access) -> bool {
    let marks = match access.operation {
        Operation::Upsert => access.kind != "memory",
        // A file whose being there says it.
        Operation::Put => access.kind == "file" && write.own.data.is_empty(),
        _ => false,
    };
    let work = || visit.own().iter().enumerate().filter(|(_, item)| is_work(read, visit, item)).map(|(at, _)| at as u32);
    marks && work().next().is_some() && !work().any(|call| is_made_of(write, visit, call))
}

/// Whether an item calls something outside because something was missing, and nothing that it changed itself let it.
fn is_work(read: u32, visit: &Visit, item: &Item) -> bool {
    let calls = item.access().is_some_and(|a| a.operation == Operation::Call && !matches!(a.idempotent, Some((true, _))));
    let missing = |(dep, check): &(crate::effects::Dep, Check)| dep.item() == Some(read) && *check == Check::Absence;
    let let_in = || {
        let mut behind = item.control.iter().filter_map(|(dep, _)| visit.behind(dep)).filter_map(Item::access);
        behind.any(|decided| !decided.operation.is_read() && decided.operation != Operation::Call)
    };
    calls && item.control.iter().any(missing) && !let_in()
}

/// Whether what is written is, or may be, made of what the call gave: that is kept to be used again, and no mark.
fn is_made_of(write: &Told, visit: &Visit, call: u32) -> bool {
    let of_call = |item: &Item| item.data.iter().any(|dep| dep.item() == Some(call));
    if std::ptr::eq(write.visit, visit) {
        return of_call(write.own);
    }
    // Further down, the copy that this function has of it tells.
    let mut copies = visit.own().iter().filter(|item| item.site == write.own.site).peekable();
    match copies.peek() {
        Some(_) => copies.any(of_call),
        None => !write.own.data.is_empty(),
    }
}
