//! What callees do, as their callers have it: each way to it once.
//!
//! Wrappers around one trait that hand on to one another lead to one access by as many ways as they have orders. A function has
//! room for so many items: copies between which nothing can be told apart would leave none for what comes after the call.

use super::context::Context;
use super::item::Item;
use super::value::{Column, Dep, Deps};
use super::walk::Walker;
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The accesses that are copies of what callees do, by the call and the place.
#[derive(Debug, Default)]
pub(super) struct Copies(FxHashMap<(Site, Site), Vec<u32>>);

impl Walker<'_, '_, '_> {
    /// Add what a callee does; what it is here.
    pub fn push_copy(&mut self, item: Item) -> Deps {
        if item.access().is_none() {
            return self.push_item(item);
        }
        let key = (item.outer_site(), item.site);
        let is_same = |at: &u32| self.summary.items.get(*at as usize).is_some_and(|known| self.is_told(known, &item));
        if let Some(at) = self.copies.0.get(&key).and_then(|known| known.iter().copied().find(is_same)) {
            // On some way something is waited for before it is written.
            if let Some(known) = self.summary.items.get_mut(at as usize)
                && known.access().is_some_and(|access| !access.operation.is_read())
            {
                known.awaits = known.awaits.max(item.awaits);
            }
            return Deps::one(Dep::Item(at, Column::WHOLE));
        }
        let deps = self.push_item(item);
        self.copies.0.entry(key).or_default().extend(deps.iter().filter_map(Dep::item));
        deps
    }

    /// Whether of two accesses at one place nothing tells more than the calls that lead to them.
    fn is_told(&self, known: &Item, item: &Item) -> bool {
        (known.function, known.inferred) == (item.function, item.inferred)
            && known.data == item.data
            && known.keys == item.keys
            && (Rc::ptr_eq(&known.control, &item.control) || known.control == item.control)
            && (Rc::ptr_eq(&known.what, &item.what) || known.access() == item.access())
            && (Rc::ptr_eq(&known.contexts, &item.contexts) || self.are_alike(known, item))
    }

    /// Whether two accesses have the same around them. The lock that each way takes anew is another one only for what was read
    /// while it was held: what is written, and hangs on nothing of that, is written under one lock or the other.
    fn are_alike(&self, known: &Item, item: &Item) -> bool {
        let pairs = || known.contexts.iter().zip(item.contexts.iter());
        let alike = |(one, other): (&Context, &Context)| one.site == other.site && one.function == other.function && one.held == other.held;
        if known.contexts.len() != item.contexts.len() || !pairs().all(alike) {
            return false;
        }
        let apart: Vec<u64> =
            pairs().filter(|(one, other)| one.token != other.token).flat_map(|(one, other)| [one.token, other.token]).collect();
        if apart.is_empty() {
            return true;
        }
        let written = item.access().is_some_and(|access| !access.operation.is_read());
        let mut behind = item.data.iter().chain(item.control.iter().map(|(dep, _)| dep)).filter_map(|dep| self.summary.behind(dep));
        written && !behind.any(|read| read.contexts.iter().any(|context| apart.contains(&context.token)))
    }
}
