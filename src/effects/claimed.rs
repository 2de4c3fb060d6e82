//! Keys that turn out to be locks: set where they were absent, and deleted once the work is done that their setting let in.
//!
//! `if not cache.add(f"embedding:{id}", 1, timeout): return` … `finally: cache.delete(f"embedding:{id}")` keeps others out whatever
//! the key is called. A key that is deleted only where the work failed is a mark that it was done, and no lock.

use super::context::{Context, Held, token};
use super::item::{Check, What};
use super::value::{Dep, Deps};
use super::walk::Walker;
use crate::link::{LockUse, Template};
use crate::source::Site;
use std::rc::Rc;

impl Walker<'_, '_, '_> {
    /// A key is deleted: what it let in was done under a lock, where its setting decided that it is done. Whether it was so.
    pub(super) fn take_back(&mut self, key: &Template, site: Site) -> bool {
        // Two names of which nothing is known may be of two keys.
        let told = key.has_text() || key.is_open();
        if self.ledger.handling() || !told {
            return false;
        }
        let Some((claimed, lock)) = self.claim_on(key) else { return false };
        let on = |control: &[(Dep, Check)]| control.iter().any(|(dep, check)| dep.item() == Some(claimed) && *check == Check::Presence);
        if !on(&self.state.control) {
            return false;
        }
        let place = &self.summary.items[claimed as usize];
        let token = token(place.site, u64::from(claimed) + 1);
        let held = Context { token, held: Held::Lock(lock.clone()), site: place.site, function: place.function };
        let around = |contexts: &mut Rc<Vec<Context>>| Rc::make_mut(contexts).push(held.clone());
        self.summary.items[claimed as usize + 1..].iter_mut().filter(|i| on(&i.control)).for_each(|i| around(&mut i.contexts));
        self.summary.calls.iter_mut().filter(|call| on(&call.control)).for_each(|call| around(&mut call.contexts));
        let what = What::Acquire { lock, explicit: true, token, again: None, unasked: false, asked: true };
        self.summary.items[claimed as usize].what = Rc::new(what);
        self.push_at(What::Release { name: key.clone(), owner_checked: false, undoes: false }, site, Deps::default());
        true
    }

    /// The last setting of a key where it was absent, and the lock that it is if the key is deleted when all is done.
    fn claim_on(&self, key: &Template) -> Option<(u32, Rc<LockUse>)> {
        let at = self.summary.items.iter().rposition(|item| {
            let access = item.access();
            access.is_some_and(|a| a.claim.is_some() && a.name.as_ref() == Some(key))
        })?;
        let lock = self.summary.items[at].access()?.claim.clone()?;
        Some((at as u32, Rc::new(LockUse { name: key.clone(), ..(*lock).clone() })))
    }
}
