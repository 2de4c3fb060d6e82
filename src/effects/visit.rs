//! What is done below an entry: its own summary, and over the calls of each function what the functions below kept.
//!
//! Every function is visited once for each way in that differs in what it means: other locks, another endless loop, a retry,
//! a transaction, caught errors, another decision before the call. Bounded by [`WAYS`] for a function and [`VISITS`] in all.

use super::context::{Context, Held, mix};
use super::item::{Call, Check, Item, What};
use super::value::{Column, Dep};
use super::{Effects, Rc, Summary};
use crate::link::{FunctionRef, FunctionValue};
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::VecDeque;

/// For how many ways in one function is visited.
const WAYS: usize = 6;
/// How many visits one entry makes.
const VISITS: usize = 4000;
/// Below how many entries one of many behind a trait is looked at: two that meet are enough.
const ENTRIES: u8 = 2;
/// How many earlier decisions are carried down.
const DECISIONS: usize = 40;

/// One function as it is reached from an entry: its own items by the numbers that their dependencies use, and what the way to it
/// puts around them.
#[derive(Clone, Debug)]
pub struct Visit {
    summary: Rc<Summary>,
    contexts: Rc<Vec<Context>>,
    calls: Rc<Vec<(FunctionRef, Site)>>,
    inferred: u8,
    whole: bool,
    told: Vec<(u32, Item)>,
    /// What was read further up and decided that this runs: visit, item, which part of it, what was asked.
    pub decided: Rc<Vec<(usize, u32, Column, Check)>>,
}

impl Visit {
    /// What is told here and not by a visit above, with all that surrounds it from the entry on.
    pub fn told(&self) -> &[(u32, Item)] {
        &self.told
    }

    /// Everything of the function itself, by number: surrounded by what is in the function, not by what is above it.
    pub fn own(&self) -> &[Item] {
        &self.summary.items
    }

    /// The function's own item that something in it depends on, if it depends on one.
    pub fn behind(&self, dep: &Dep) -> Option<&Item> {
        self.own().get(dep.item()? as usize)
    }

    /// What the way from the entry puts around everything here.
    pub fn around(&self) -> &[Context] {
        &self.contexts
    }

    /// Whether an item of [`Visit::own`] is told here.
    pub fn tells(&self, own: &Item) -> bool {
        self.whole || own.kept
    }

    /// An item by its number, with all that surrounds it from the entry on.
    pub fn item(&self, index: u32) -> Option<Cow<'_, Item>> {
        match self.told.binary_search_by_key(&index, |(i, _)| *i) {
            Ok(at) => Some(Cow::Borrowed(&self.told[at].1)),
            Err(_) => {
                self.own().get(index as usize).map(|own| Cow::Owned(self.surrounded(own, &mut Last::default(), &mut Last::default())))
            }
        }
    }

    /// The same with more around everything.
    pub fn within(&self, outer: &Rc<Vec<Context>>) -> Visit {
        let around = |contexts: &Rc<Vec<Context>>| joined(outer, contexts);
        let told = self.told.iter().map(|(i, item)| (*i, Item { contexts: around(&item.contexts), ..item.clone() })).collect();
        Visit { contexts: around(&self.contexts), told, ..self.clone() }
    }

    fn new(way: Way) -> Visit {
        let Way { summary, given: _, contexts, calls, decided, inferred, whole } = way;
        let mut visit = Visit { summary, contexts, calls, inferred, whole, told: Vec::new(), decided };
        let (mut contexts, mut chains) = (Last::default(), Last::default());
        // What a caller's argument would do is known to the caller's copy, where there is one; alone it says nothing.
        let says = |own: &Item| visit.tells(own) && !matches!(&*own.what, What::CallParameter { .. });
        let own = visit.summary.items.iter().enumerate().filter(|(_, own)| says(own));
        visit.told = own.map(|(i, own)| (i as u32, visit.surrounded(own, &mut contexts, &mut chains))).collect();
        visit
    }

    fn surrounded(
        &self,
        own: &Item,
        contexts: &mut Last<Vec<Context>, Rc<Vec<Context>>>,
        chains: &mut Last<Call, Option<Rc<Call>>>,
    ) -> Item {
        let chain = own.chain.as_ref().map_or(std::ptr::null(), Rc::as_ptr);
        Item {
            contexts: contexts.of(Rc::as_ptr(&own.contexts), || joined(&self.contexts, &own.contexts)),
            chain: chains.of(chain, || after(&self.calls, own.chain.as_ref())),
            inferred: self.inferred.saturating_add(own.inferred),
            ..own.clone()
        }
    }
}

/// The last answer: neighbouring items stand in the same contexts and come by the same calls, so that one serves them all.
struct Last<K, V>(Option<(*const K, V)>);

impl<K, V> Default for Last<K, V> {
    fn default() -> Self {
        Last(None)
    }
}

impl<K, V: Clone> Last<K, V> {
    fn of(&mut self, key: *const K, answer: impl FnOnce() -> V) -> V {
        if let Some((known, value)) = &self.0
            && *known == key
        {
            return value.clone();
        }
        let value = answer();
        self.0 = Some((key, value.clone()));
        value
    }
}

/// Something read further up: visit, item, which part of it.
type Above = (usize, u32, Column);

struct Way {
    summary: Rc<Summary>,
    /// What its parameters depend on further up.
    given: Rc<Vec<Vec<Above>>>,
    contexts: Rc<Vec<Context>>,
    calls: Rc<Vec<(FunctionRef, Site)>>,
    decided: Rc<Vec<(usize, u32, Column, Check)>>,
    inferred: u8,
    whole: bool,
}

impl Effects<'_, '_> {
    /// Whether one of many behind a trait is followed from another entry.
    fn follows(&self, callee: &FunctionValue) -> bool {
        let mut followed = self.followed.borrow_mut();
        let times = followed.entry(callee.function).or_insert(0);
        *times = times.saturating_add(1);
        *times <= ENTRIES
    }

    /// Everything done below a summary, nearest first.
    pub fn visits(&self, top: &Rc<Summary>) -> Vec<Visit> {
        let mut visits: Vec<Visit> = Vec::new();
        let mut seen: FxHashMap<(*const Summary, bool), Vec<u64>> = FxHashMap::default();
        let mut pending = VecDeque::from([Way {
            summary: top.clone(),
            given: Rc::default(),
            contexts: Rc::default(),
            calls: Rc::default(),
            decided: Rc::default(),
            inferred: 0,
            whole: true,
        }]);
        while let Some(way) = pending.pop_front() {
            if visits.len() >= VISITS {
                let place = way.calls.first().map(|(_, site)| *site).or_else(|| way.summary.items.first().map(|i| i.site));
                if let Some(site) = place {
                    self.note_unresolved(site, format!("more than {VISITS} functions below one entry"));
                }
                break;
            }
            let index = visits.len();
            for below in &way.summary.calls {
                let contexts = joined(&way.contexts, &below.contexts);
                let decided = decisions(&way, index, &below.control);
                let summary = below.later.as_ref().map_or_else(|| below.summary.clone(), |callee| self.summary_of(callee));
                let ways = seen.entry((Rc::as_ptr(&summary), below.whole)).or_default();
                let mark = meaning(&contexts, &decided);
                // One of many behind a trait is looked at once, however many places may mean it, and below few entries.
                let most = if below.later.is_some() { 1 } else { WAYS };
                if ways.len() >= most || ways.contains(&mark) || !below.later.as_ref().is_none_or(|callee| self.follows(callee)) {
                    continue;
                }
                ways.push(mark);
                let mut calls = (*way.calls).clone();
                calls.push((below.call.function, below.call.site));
                let given = below.given.as_ref().map(|given| Rc::new(given.iter().map(|deps| above(&way, index, deps.iter())).collect()));
                pending.push_back(Way {
                    summary,
                    given: given.unwrap_or_default(),
                    contexts,
                    calls: Rc::new(calls),
                    decided,
                    inferred: way.inferred.saturating_add(below.inferred),
                    whole: below.whole,
                });
            }
            visits.push(Visit::new(way));
        }
        visits
    }
}

fn joined(outer: &Rc<Vec<Context>>, inner: &Rc<Vec<Context>>) -> Rc<Vec<Context>> {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.clone(),
        (_, true) => outer.clone(),
        _ => Rc::new(outer.iter().chain(inner.iter()).cloned().collect()),
    }
}

fn after(calls: &[(FunctionRef, Site)], chain: Option<&Rc<Call>>) -> Option<Rc<Call>> {
    calls.iter().rev().fold(chain.cloned(), |next, (function, site)| Some(Rc::new(Call { function: *function, site: *site, next })))
}

/// What dependencies of a function on the way are on further up: its own items, and those behind its parameters.
fn above<'d>(way: &Way, visit: usize, deps: impl Iterator<Item = &'d Dep>) -> Vec<Above> {
    let mut all: Vec<Above> = Vec::new();
    for dep in deps {
        match dep {
            Dep::Item(item, part) => all.push((visit, *item, *part)),
            Dep::Parameter(index, _) => all.extend(way.given.get(usize::from(*index)).into_iter().flatten()),
            Dep::Field(_) | Dep::Fresh => {}
        }
    }
    all.truncate(DECISIONS);
    all
}

/// What decided on the way that a call is made, nearest first; what only stands behind parameters comes last.
fn decisions(way: &Way, visit: usize, control: &[(Dep, Check)]) -> Rc<Vec<(usize, u32, Column, Check)>> {
    let told = |of_parameters: bool| {
        let wanted = control.iter().filter(move |(dep, _)| matches!(dep, Dep::Parameter(..)) == of_parameters);
        wanted.flat_map(|(dep, check)| {
            above(way, visit, std::iter::once(dep)).into_iter().map(|(visit, item, part)| (visit, item, part, *check))
        })
    };
    let mut all: Vec<(usize, u32, Column, Check)> = told(false).collect();
    let behind: Vec<_> = told(true).collect();
    if all.is_empty() && behind.is_empty() {
        return way.decided.clone();
    }
    all.extend(way.decided.iter().copied());
    for decision in behind {
        if !all.contains(&decision) {
            all.push(decision);
        }
    }
    all.truncate(DECISIONS);
    Rc::new(all)
}

/// What a way in means, as one number: two ways with the same number find the same.
fn meaning(contexts: &[Context], decided: &[(usize, u32, Column, Check)]) -> u64 {
    let mut mark = 0;
    let (mut retried, mut handled) = (false, 0);
    for context in contexts {
        match &context.held {
            Held::Lock(_) | Held::Rows(_) | Held::Loop { endless: true, .. } => mark = mix(mark, context.token),
            Held::Transaction { .. } => mark = mix(mark, 1),
            Held::Retry(_) => retried = true,
            Held::Caught { types, looks_again } => handled = mix(handled, types.len() as u64 * 2 + u64::from(*looks_again)),
            Held::Hollow(_) => mark = mix(mark, context.token),
            Held::Limited(_) => mark = mix(mark, 2),
            Held::Spawned { .. } | Held::Loop { .. } => {}
        }
    }
    for (visit, item, ..) in decided {
        mark = mix(mark, mix(*visit as u64 + 2, u64::from(*item)));
    }
    mix(mark, mix(u64::from(retried), handled))
}
