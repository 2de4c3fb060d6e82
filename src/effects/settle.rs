//! Which items a function's callers need to see.
//!
//! An item that a caller can still change is *open*: its name or its locks come from a parameter, its value depends on what
//! the caller gives, or it is a read that flows into what is returned. Open items are copied into every caller and filled in
//! there. Everything else is *kept*: it stays with its function, and whoever asks what an actor does reaches it over the
//! function's calls ([`visits`](super::visit)). So a chain of calls does not copy everything that lies below it.
//!
//! A read and a write that belong together are paired in the innermost summary that has both.

use super::changes::Changes;
use super::context::{Context, Held};
use super::item::{Access, Call, Check, Item, What};
use super::value::{Dep, Deps, Value};
use super::{Rc, Summary};
use crate::knowledge::vocabulary::Effect;
use crate::link::{FunctionRef, FunctionValue, Kind, Template};
use crate::source::Site;
use rustc_hash::FxHashSet;

/// How many calls above its own function an open item is still copied.
const RISE: usize = 10;

/// Through how many calls a call of a service rises of which no part of the address is told: nobody further up will tell it.
const SERVICES: usize = 2;

/// How many calls above its own function a change in memory is copied because of what it is given: setters are thin.
const SETTERS: usize = 2;

/// A call whose callee kept something to itself.
#[derive(Clone, Debug)]
pub struct Below {
    /// What the callee does.
    pub summary: Rc<Summary>,
    /// The callee, where it was being summarised itself at the time, or is one of many: asked for when all are known.
    pub later: Option<Rc<FunctionValue>>,
    /// The function whose code calls.
    pub function: FunctionRef,
    /// The call, after those that lead to it from the summarised function.
    pub call: Rc<Call>,
    /// What is held or around at the call, in this function.
    pub contexts: Rc<Vec<Context>>,
    /// What decided that it is called.
    pub control: Rc<Vec<(Dep, Check)>>,
    /// How many awaits of the summarised function came before it.
    pub awaits: u32,
    /// The callee was inferred.
    pub inferred: u8,
    /// Its open items were not copied either.
    pub whole: bool,
    /// What each parameter depends on here, where any depends on what was read.
    pub given: Option<Rc<Vec<Deps>>>,
}

impl Summary {
    /// Whether something outside the process is both read and written in it, or in what it calls that deep, under one name.
    pub fn writes_back(&self, depth: u8) -> bool {
        let mut done: Vec<&Access> = Vec::new();
        self.accesses_below(depth, &mut done);
        let read: FxHashSet<_> = done.iter().filter(|a| a.operation.is_read()).map(|a| &a.name).collect();
        let outside = |a: &&&Access| !a.private && a.kind != "memory" && a.name.as_ref().is_some_and(|n| n.has_text());
        done.iter().filter(outside).any(|w| !w.operation.is_read() && read.contains(&w.name))
    }

    fn accesses_below<'s>(&'s self, depth: u8, done: &mut Vec<&'s Access>) {
        done.extend(self.items.iter().filter_map(Item::access));
        if depth > 0 {
            self.calls.iter().for_each(|c| c.summary.accesses_below(depth - 1, done));
        }
    }

    /// The item that something in it depends on, if it depends on one.
    pub(super) fn behind(&self, dep: &Dep) -> Option<&Item> {
        self.items.get(dep.item()? as usize)
    }

    /// Put contexts around everything it does.
    pub(super) fn surround(&mut self, outer: &[Context]) {
        if outer.is_empty() {
            return;
        }
        let around = |contexts: &mut Rc<Vec<Context>>| {
            let all = outer.iter().chain(contexts.iter()).cloned().collect();
            *contexts = Rc::new(all);
        };
        self.items.iter_mut().for_each(|item| around(&mut item.contexts));
        self.calls.iter_mut().for_each(|below| around(&mut below.contexts));
    }

    /// It without what stands or is called at some places; `None` where it has nothing there.
    pub(super) fn without(&self, places: &[Site]) -> Option<Summary> {
        let is_in = |site: Site| places.iter().any(|place| place.file == site.file && place.span.contains(site.span));
        let left_out = |item: &Item| item.way().any(|(_, site)| is_in(site));
        let left_uncalled = |below: &Below| below.call.steps().any(|call| is_in(call.site));
        if places.is_empty() || !self.items.iter().any(left_out) && !self.calls.iter().any(left_uncalled) {
            return None;
        }
        Some(self.leaving_out(left_out, left_uncalled))
    }

    /// It without some items and calls. Items keep their numbers: what is left out says nothing.
    pub(super) fn leaving_out(&self, item: impl Fn(&Item) -> bool, call: impl Fn(&Below) -> bool) -> Summary {
        let mut rest = self.clone();
        rest.calls.retain(|below| !call(below));
        rest.pending.retain(|index| self.items.get(*index as usize).is_none_or(|pending| !item(pending)));
        for left_out in rest.items.iter_mut().filter(|own| item(own)) {
            left_out.what = Rc::new(What::CallParameter { callee: Kind::Unknown, args: Vec::new() });
        }
        rest
    }

    /// Decide, now that the whole function is known, what its callers need to see.
    pub(super) fn settle(&mut self) {
        let mut flowing: FxHashSet<u32> = FxHashSet::default();
        let mut note = |value: &Value| {
            flowing.extend(value.deps.iter().filter_map(Dep::item));
        };
        note(&self.returns);
        self.fields.iter().for_each(|(_, value)| note(value));
        if let Some((_, value)) = &self.yields {
            note(value);
        }
        flowing.extend(self.raises_on.iter().filter_map(|(dep, _)| dep.item()));
        for index in 0..self.items.len() {
            let waiting = self.pending.contains(&(index as u32));
            let open = waiting || flowing.contains(&(index as u32)) || self.is_open(&self.items[index]);
            self.items[index].kept = !open;
        }
        self.asked_with_change();
        self.release_with_taking();
        let own = self.items.iter().any(|i| match &*i.what {
            What::Pause { effect, .. } => *effect == Effect::ModelCall,
            What::Declare(declaration) => matches!(declaration.effect, Effect::Run | Effect::Actor),
            _ => false,
        });
        self.items.iter().for_each(|item| self.changes.note(item));
        for below in &self.calls {
            self.changes.join(if below.later.is_some() { &Changes::ANY } else { &below.summary.changes });
        }
        self.asks = self.asks_what_is_given();
        self.thinks = own || self.calls.iter().any(|c| c.summary.thinks);
    }

    fn is_open(&self, item: &Item) -> bool {
        // What a call gives whose callee the caller knows, the caller knows.
        let later = |index: &u32| self.items.get(*index as usize).is_some_and(|i| matches!(*i.what, What::CallParameter { .. }));
        let opens = |dep: &Dep| match dep {
            Dep::Parameter(..) | Dep::Captured(..) | Dep::Field(_) => true,
            Dep::Item(index, _) => later(index),
            _ => false,
        };
        let around = || item.contexts.iter().any(context_is_open);
        match &*item.what {
            What::Declare(_) | What::CallParameter { .. } => return true,
            _ if item.calls().count() > RISE => return false,
            What::Access(access) if is_nameless_service(access) && item.calls().count() > SERVICES => return false,
            _ => {}
        }
        around()
            || match &*item.what {
                What::Access(access) => {
                    access.name.as_ref().is_some_and(|n| n.is_open())
                        || access.instance.as_ref().is_some_and(|n| n.is_open())
                        || !access.operation.is_read() && item.data.iter().any(opens) && (access.kind != "memory" || item.calls().count() < SETTERS)
                        // What changes in memory is common, and what decided it is told by the calls as well.
                        || !access.operation.is_read() && access.kind != "memory" && item.control.iter().any(|(dep, _)| opens(dep))
                }
                What::Acquire { lock, .. } => super::bind::lock_is_open(lock) || self.leaves_lock(&lock.name),
                What::Release { name, .. } => name.is_open() || self.releases.contains(name),
                What::Leak { lock, .. } => super::bind::lock_is_open(lock),
                What::Event { channel, .. } => channel.is_open(),
                What::Control { name, .. } => name.as_ref().is_some_and(|n| n.is_open()),
                What::Renew { name } => name.is_open(),
                What::Pause { .. } => false,
                What::Declare(_) | What::CallParameter { .. } => true,
            }
    }

    /// What is asked of memory under the very lock under which it is changed is told beside the change.
    fn asked_with_change(&mut self) {
        let in_memory = |item: &Item| item.access().is_some_and(|a| a.kind == "memory");
        let mut asked: Vec<usize> = Vec::new();
        for change in self.items.iter().filter(|i| !i.kept && in_memory(i)) {
            let held = |read: &Item| read.common(change).any(|c| c.lock().is_some());
            let behind = change.control.iter().filter_map(|(dep, _)| dep.item());
            asked.extend(behind.map(|i| i as usize).filter(|i| self.items.get(*i).is_some_and(|read| in_memory(read) && held(read))));
        }
        asked.into_iter().for_each(|index| self.items[index].kept = false);
    }

    /// How a lock is given back is told beside the place where it is taken.
    fn release_with_taking(&mut self) {
        let taken = |i: &Item| match &*i.what {
            What::Acquire { lock, .. } if !i.kept => Some(lock.name.clone()),
            _ => None,
        };
        let names: Vec<Template> = self.items.iter().filter_map(taken).collect();
        for item in &mut self.items {
            if let What::Release { name, .. } = &*item.what {
                item.kept &= !names.contains(name);
            }
        }
    }

    fn leaves_lock(&self, name: &Template) -> bool {
        self.leaves.iter().any(|c| c.lock().is_some_and(|l| l.name == *name))
    }

    /// Whether a walk over its calls meets anything that was not copied.
    pub(super) fn keeps(&self) -> bool {
        !self.calls.is_empty() || self.items.iter().any(|i| i.kept)
    }
}

/// Whether a call is to a service of which no part of the address is told.
fn is_nameless_service(access: &Access) -> bool {
    access.kind == "api" && access.name.as_ref().is_none_or(|name| !name.has_text())
}

fn context_is_open(context: &Context) -> bool {
    match &context.held {
        Held::Lock(lock) => super::bind::lock_is_open(lock),
        Held::Rows(table) => table.is_open(),
        _ => false,
    }
}
