//! What is done below an entry: its own summary, and over the calls of each function what the functions below kept.
//!
//! Every function is visited once for each way in that differs in what it means: other locks, another endless loop, a retry,
//! a transaction, caught errors, another decision before the call. Bounded by [`WAYS`] for a function and [`VISITS`] in all,
//! of which those do not count that tell nothing themselves.

use super::context::{Context, Held, mix};
use super::item::{Access, Call, Check, Item, What};
use super::sorts::Sorts;
use super::value::{Column, Dep};
use super::{Below, Effects, Rc, Summary};
use crate::link::{FunctionRef, FunctionValue};
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// For how many ways in one function is visited.
const WAYS: usize = 6;
/// The same for one that does and calls no more than [`SMALL`].
const WAYS_OF_SMALL: usize = 40;
/// How many items and calls a small function has.
const SMALL: usize = 12;
/// How many visits one entry makes that have something to tell.
pub const VISITS: usize = 4000;
/// How many visits it makes for each of those: about every second only leads to others, and costs next to nothing.
const LEADING: usize = 3;
/// Below how many entries one of many behind a trait is looked at: two that meet are enough.
const ENTRIES: u8 = 2;
/// How many earlier decisions are carried down.
const DECISIONS: usize = 40;

/// One function as it is reached from an entry: its own items by the numbers that their dependencies use, and what the way to it
/// puts around them. The items are not copied; what surrounds one is put together where somebody asks for it.
#[derive(Clone, Debug)]
pub struct Visit {
    summary: Rc<Summary>,
    way: Option<Rc<Step>>,
    /// What is put around everything that the entry does.
    outer: Rc<Vec<Context>>,
    inferred: u8,
    whole: bool,
    sorts: Sorts,
    /// What was read further up and decided that this runs: visit, item, which part of it, what was asked.
    pub decided: Rc<Vec<Decision>>,
}

/// An item of a visit.
#[derive(Clone, Copy, Debug)]
pub struct Told<'v> {
    /// The visit.
    pub visit: &'v Visit,
    /// The item as its function has it: surrounded by what is in the function, not by what is above it.
    pub own: &'v Item,
}

impl<'v> Told<'v> {
    /// What it is.
    pub fn what(&self) -> &'v What {
        &self.own.what
    }

    /// The access it is, if it is one.
    pub fn access(&self) -> Option<&'v Access> {
        self.own.access()
    }

    /// What surrounds it, outermost first.
    pub fn contexts(&self) -> Vec<&'v Context> {
        let mut all: Vec<&Context> = self.own.contexts.iter().rev().chain(self.visit.around()).collect();
        all.reverse();
        all
    }

    /// It with all that surrounds it and with the calls that lead to it, from the entry on.
    pub fn item(&self) -> Item {
        let Told { visit, own } = self;
        let contexts = match visit.around().next() {
            None => own.contexts.clone(),
            Some(_) => Rc::new(self.contexts().into_iter().cloned().collect()),
        };
        let chain = steps(visit.way.as_ref()).fold(own.chain.clone(), |next, step| {
            let (function, site) = step.call;
            Some(Rc::new(Call { function, site, next }))
        });
        Item { contexts, chain, inferred: visit.inferred.saturating_add(own.inferred), ..(*own).clone() }
    }
}

impl Visit {
    /// What is told here and not by a visit above.
    pub fn told(&self) -> impl Iterator<Item = Told<'_>> {
        // What a caller's argument would do is known to the caller's copy, where there is one; alone it says nothing.
        let says = |own: &&Item| self.tells(own) && !matches!(&*own.what, What::CallParameter { .. });
        self.summary.items.iter().filter(says).map(|own| Told { visit: self, own })
    }

    /// Whether the function has items of any of these sorts.
    pub fn has(&self, sorts: Sorts) -> bool {
        self.sorts.meet(sorts)
    }

    /// The functions on the way to it, and those whose items it has.
    pub fn functions(&self) -> impl Iterator<Item = FunctionRef> {
        let through = self.summary.items.iter().flat_map(|item| item.way().map(|(function, _)| function));
        steps(self.way.as_ref()).map(|step| step.call.0).chain(through)
    }

    /// Everything of the function itself, by number: surrounded by what is in the function, not by what is above it.
    pub fn own(&self) -> &[Item] {
        &self.summary.items
    }

    /// The function's own item that something in it depends on, if it depends on one.
    pub fn behind(&self, dep: &Dep) -> Option<&Item> {
        self.summary.behind(dep)
    }

    /// What the way from the entry puts around everything here, innermost first.
    pub fn around(&self) -> impl Iterator<Item = &Context> {
        steps(self.way.as_ref()).flat_map(|step| step.contexts.iter().rev()).chain(self.outer.iter().rev())
    }

    /// Whether an item of [`Visit::own`] is told here.
    pub fn tells(&self, own: &Item) -> bool {
        self.whole || own.kept
    }

    /// Whether something that is not the same when it is done twice hangs on what an item found, as far as the question is one of
    /// these of one of these columns.
    pub fn adds_behind(&self, index: u32, of: impl Fn(Column, Check) -> bool) -> bool {
        let asks = |dep: &Dep, check: Check| matches!(dep, Dep::Item(item, column) if *item == index && of(*column, check));
        let hangs = |control: &[(Dep, Check)]| control.iter().any(|(dep, check)| asks(dep, *check));
        let own = |item: &Item| hangs(&item.control) && super::changes::adds(item);
        self.own().iter().any(own) || self.summary.calls.iter().any(|below| below.summary.changes.add() && hangs(&below.control))
    }

    /// Whether an error is raised where an item found a file.
    pub fn refuses(&self, index: u32) -> bool {
        self.summary.refuses.iter().any(|(dep, _)| dep.item() == Some(index))
    }

    /// Whether the function returns something of an item.
    pub fn returns(&self, index: u32) -> bool {
        self.summary.returns.deps.iter().any(|dep| dep.item() == Some(index))
    }

    /// An item by its number.
    pub fn item(&self, index: u32) -> Option<Told<'_>> {
        self.own().get(index as usize).map(|own| Told { visit: self, own })
    }

    /// The same with more around everything.
    pub fn within(&self, outer: &Rc<Vec<Context>>) -> Visit {
        Visit { outer: joined(outer, &self.outer), ..self.clone() }
    }

    fn new(way: Way) -> Visit {
        let Way { summary, given: _, step, decided, inferred, whole } = way;
        let sorts = summary.items.iter().fold(Sorts::default(), |sorts, own| sorts.and(Sorts::of(&own.what)));
        Visit { summary, way: step, outer: Rc::default(), inferred, whole, sorts, decided }
    }
}

/// One call on the way from an entry, with what surrounds it in the function that calls; the ways below it share it.
#[derive(Debug)]
struct Step {
    above: Option<Rc<Step>>,
    call: (FunctionRef, Site),
    contexts: Rc<Vec<Context>>,
    meaning: Meaning,
}

/// The calls that lead to a visit, the nearest first.
fn steps(nearest: Option<&Rc<Step>>) -> impl Iterator<Item = &Step> {
    std::iter::successors(nearest.map(Rc::as_ref), |step| step.above.as_deref())
}

/// The way on over a call: what is around it is around the last of the calls that lead to it.
fn stepped(above: Option<Rc<Step>>, below: &Below, meaning: Meaning) -> Rc<Step> {
    let Below { call, contexts, .. } = below;
    let step = |above, call: &Call, contexts| Rc::new(Step { above, call: (call.function, call.site), contexts, meaning });
    let last = call.steps().last().unwrap_or(call);
    let leading = call.steps().take_while(|call| call.next.is_some());
    let above = leading.fold(above, |above, call| Some(step(above, call, Rc::default())));
    step(above, last, contexts.clone())
}

/// Something read further up: visit, item, which part of it.
type Above = (usize, u32, Column);

/// The same with what was asked of it, and whether the function that asked waited for something before the call.
type Decision = (usize, u32, Column, Check, bool);

struct Way {
    summary: Rc<Summary>,
    /// What its parameters depend on further up.
    given: Rc<Vec<Vec<Above>>>,
    step: Option<Rc<Step>>,
    decided: Rc<Vec<Decision>>,
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

    /// The same for whoever only wants to know what is reached: it takes nothing from what other entries are followed for.
    pub fn survey(&self, top: &Rc<Summary>, without: &[Site]) -> Vec<Visit> {
        let (followed, noted) = (self.followed.take(), self.unresolved.borrow().len());
        let visits = self.visits(top, without);
        self.followed.replace(followed);
        self.unresolved.borrow_mut().truncate(noted);
        visits
    }

    /// Everything done below a summary, nearest first, but for what stands or is called at some places.
    pub fn visits(&self, top: &Rc<Summary>, without: &[Site]) -> Vec<Visit> {
        let mut visits: Vec<Visit> = Vec::new();
        let mut seen: FxHashMap<(*const Summary, bool), Vec<u64>> = FxHashMap::default();
        let mut pending = VecDeque::from([Way {
            summary: top.clone(),
            given: Rc::default(),
            step: None,
            decided: Rc::default(),
            inferred: 0,
            whole: true,
        }]);
        let mut telling = 0;
        while let Some(mut way) = pending.pop_front() {
            if let Some(rest) = way.summary.without(without) {
                way.summary = Rc::new(rest);
            }
            if telling >= VISITS || visits.len() >= VISITS * LEADING {
                let place = steps(way.step.as_ref()).last().map(|step| step.call.1).or_else(|| way.summary.items.first().map(|i| i.site));
                if let Some(site) = place {
                    self.note_unresolved(site, format!("more than {VISITS} functions below one entry"));
                }
                break;
            }
            let index = visits.len();
            for below in &way.summary.calls {
                let summary = below.later.as_ref().map_or_else(|| below.summary.clone(), |callee| self.summary_of(callee));
                let ways = seen.entry((Rc::as_ptr(&summary), below.whole)).or_default();
                // One of many behind a trait is looked at once, however many places may mean it, and below few entries.
                let small = summary.items.len() + summary.calls.len() <= SMALL;
                let most = match below.later {
                    Some(_) => 1,
                    None if small => WAYS_OF_SMALL,
                    None => WAYS,
                };
                if ways.len() >= most {
                    continue;
                }
                let meaning = way.step.as_ref().map_or_else(Meaning::default, |step| step.meaning).below(&below.contexts);
                let mut decided = decisions(&way, index, below);
                if !decided.is_empty() {
                    let own = |at: usize, item: u32| match visits.get(at) {
                        Some(visit) => visit.own().get(item as usize),
                        None => way.summary.items.get(item as usize),
                    };
                    let matters = |(at, item, ..): &Decision| own(*at, *item).is_some_and(|i| summary.changes.may_hold(i));
                    decided = Rc::new(decided.iter().filter(|decision| matters(decision)).copied().collect());
                }
                let mark = meaning.of(&decided);
                if ways.contains(&mark) || !below.later.as_ref().is_none_or(|callee| self.follows(callee)) {
                    continue;
                }
                ways.push(mark);
                let step = stepped(way.step.clone(), below, meaning);
                let given = below.given.as_ref().map(|given| Rc::new(given.iter().map(|deps| above(&way, index, deps.iter())).collect()));
                pending.push_back(Way {
                    summary,
                    given: given.unwrap_or_default(),
                    step: Some(step),
                    decided,
                    inferred: way.inferred.saturating_add(below.inferred),
                    whole: below.whole,
                });
            }
            let visit = Visit::new(way);
            telling += usize::from(visit.told().next().is_some());
            visits.push(visit);
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

/// What dependencies of a function on the way are on further up: its own items, and those behind its parameters.
fn above<'d>(way: &Way, visit: usize, deps: impl Iterator<Item = &'d Dep>) -> Vec<Above> {
    let mut all: Vec<Above> = Vec::new();
    for dep in deps {
        match dep {
            Dep::Item(item, part) => all.push((visit, *item, *part)),
            Dep::Parameter(index, _) => all.extend(way.given.get(usize::from(*index)).into_iter().flatten()),
            Dep::Field(_) | Dep::Captured(..) | Dep::Is(..) | Dep::Fresh => {}
        }
    }
    all.truncate(DECISIONS);
    all
}

/// What decided on the way that a call is made, nearest first; what only stands behind parameters comes last.
fn decisions(way: &Way, visit: usize, below: &Below) -> Rc<Vec<Decision>> {
    let waited = |dep: &Dep| dep.item().and_then(|i| way.summary.items.get(i as usize)).is_none_or(|read| below.awaits > read.awaits);
    let told = |of_parameters: bool| {
        let wanted = below.control.iter().filter(move |(dep, _)| matches!(dep, Dep::Parameter(..)) == of_parameters);
        wanted.flat_map(|(dep, check)| {
            above(way, visit, std::iter::once(dep)).into_iter().map(|(visit, item, part)| (visit, item, part, *check, waited(dep)))
        })
    };
    // Of many, those beyond the bound are not even looked at.
    let mut all: Vec<Decision> = told(false).take(DECISIONS).collect();
    let mut behind = told(true).peekable();
    if all.is_empty() && behind.peek().is_none() {
        return way.decided.clone();
    }
    all.extend(way.decided.iter().copied());
    all.truncate(DECISIONS);
    for decision in behind {
        if all.len() == DECISIONS {
            break;
        }
        if !all.contains(&decision) {
            all.push(decision);
        }
    }
    Rc::new(all)
}

/// What a way in means by what surrounds it: the same for two ways between which there is nothing to tell.
#[derive(Clone, Copy, Debug, Default)]
struct Meaning {
    mark: u64,
    retried: bool,
    handled: u64,
}

impl Meaning {
    /// What it means with more inside.
    fn below(mut self, contexts: &[Context]) -> Meaning {
        for context in contexts {
            match &context.held {
                Held::Lock(_) | Held::Rows(_) | Held::Loop { endless: true, .. } | Held::Hollow(_) => {
                    self.mark = mix(self.mark, context.token);
                }
                Held::Transaction { .. } => self.mark = mix(self.mark, 1),
                Held::Retry(_) => self.retried = true,
                Held::Caught { types, looks_again } => {
                    self.handled = mix(self.handled, types.len() as u64 * 2 + u64::from(*looks_again));
                }
                Held::Limited(_) => self.mark = mix(self.mark, 2),
                Held::Thread => self.mark = mix(self.mark, 3),
                Held::Spawned { .. } | Held::Loop { .. } => {}
            }
        }
        self
    }

    /// It and what decided on the way, as one number: two ways with the same number find the same.
    fn of(self, decided: &[Decision]) -> u64 {
        let and = |mark, (visit, item, ..): &Decision| mix(mark, mix(*visit as u64 + 2, u64::from(*item)));
        mix(decided.iter().fold(self.mark, and), mix(u64::from(self.retried), self.handled))
    }
}
