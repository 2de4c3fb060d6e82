//! What is done below an entry: its own summary, and over the calls of each function what the functions below kept.
//!
//! Every function is visited once for each way in that differs in what it means: other locks, another endless loop, a retry,
//! a transaction, caught errors, another decision before the call. Bounded by [`WAYS`] for a function and [`VISITS`] in all.

use super::context::{Context, Held, mix};
use super::item::{Call, Check, Item};
use super::value::Dep;
use super::{Effects, Rc, Summary};
use crate::link::FunctionRef;
use crate::source::Site;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// For how many ways in one function is visited.
const WAYS: usize = 6;
/// How many visits one entry makes.
const VISITS: usize = 4000;
/// How many earlier decisions are carried down.
const DECISIONS: usize = 40;

/// One function as it is reached from an entry: items by the numbers that their dependencies use.
#[derive(Clone, Debug)]
pub struct Visit {
    /// What is done here, with all that surrounds it from the entry on.
    pub items: Vec<Item>,
    /// Nobody above has copied anything of it.
    pub whole: bool,
    /// What was read further up and decided that this runs: visit, item, what was asked.
    pub decided: Rc<Vec<(usize, u32, Check)>>,
}

impl Visit {
    /// Whether an item is told here and not by a visit above.
    pub fn tells(&self, item: &Item) -> bool {
        self.whole || item.kept
    }
}

struct Way {
    summary: Rc<Summary>,
    contexts: Rc<Vec<Context>>,
    calls: Rc<Vec<(FunctionRef, Site)>>,
    decided: Rc<Vec<(usize, u32, Check)>>,
    inferred: u8,
    whole: bool,
}

impl Effects<'_, '_> {
    /// Everything done below a summary, nearest first.
    pub fn visits(&self, top: &Rc<Summary>) -> Vec<Visit> {
        let mut visits: Vec<Visit> = Vec::new();
        let mut seen: FxHashMap<(*const Summary, bool), Vec<u64>> = FxHashMap::default();
        let mut pending = VecDeque::from([Way {
            summary: top.clone(),
            contexts: Rc::default(),
            calls: Rc::default(),
            decided: Rc::default(),
            inferred: 0,
            whole: true,
        }]);
        while let Some(way) = pending.pop_front() {
            if visits.len() >= VISITS {
                if let Some(item) = way.summary.items.first() {
                    self.note_unresolved(item.site, format!("more than {VISITS} functions below one entry"));
                }
                break;
            }
            let index = visits.len();
            for below in &way.summary.calls {
                let contexts = joined(&way.contexts, &below.contexts);
                let decided = decisions(&way.decided, index, &below.control);
                let ways = seen.entry((Rc::as_ptr(&below.summary), below.whole)).or_default();
                let mark = meaning(&contexts, &decided);
                if ways.len() >= WAYS || ways.contains(&mark) {
                    continue;
                }
                ways.push(mark);
                let mut calls = (*way.calls).clone();
                calls.push((below.call.function, below.call.site));
                pending.push_back(Way {
                    summary: below.summary.clone(),
                    contexts,
                    calls: Rc::new(calls),
                    decided,
                    inferred: way.inferred.saturating_add(below.inferred),
                    whole: below.whole,
                });
            }
            visits.push(visit(&way));
        }
        visits
    }
}

fn visit(way: &Way) -> Visit {
    let items = way.summary.items.iter().map(|item| Item {
        contexts: joined(&way.contexts, &item.contexts),
        chain: after(&way.calls, item.chain.as_ref()),
        inferred: way.inferred.saturating_add(item.inferred),
        ..item.clone()
    });
    Visit { items: items.collect(), whole: way.whole, decided: way.decided.clone() }
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

fn decisions(above: &Rc<Vec<(usize, u32, Check)>>, visit: usize, control: &[(Dep, Check)]) -> Rc<Vec<(usize, u32, Check)>> {
    let mut all: Vec<(usize, u32, Check)> = Vec::new();
    for (dep, check) in control {
        if let Dep::Item(item) = dep {
            all.push((visit, *item, *check));
        }
    }
    if all.is_empty() {
        return above.clone();
    }
    all.extend(above.iter().copied());
    all.truncate(DECISIONS);
    Rc::new(all)
}

/// What a way in means, as one number: two ways with the same number find the same.
fn meaning(contexts: &[Context], decided: &[(usize, u32, Check)]) -> u64 {
    let mut mark = 0;
    let (mut retried, mut handled) = (false, 0);
    for context in contexts {
        match &context.held {
            Held::Lock(_) | Held::Rows(_) | Held::Loop { endless: true, .. } => mark = mix(mark, context.token),
            Held::Transaction { .. } => mark = mix(mark, 1),
            Held::Retry(_) => retried = true,
            Held::Caught(names) => handled = mix(handled, names.len() as u64),
            Held::Hollow(_) => mark = mix(mark, context.token),
            Held::Limited(_) => mark = mix(mark, 2),
            Held::Spawned { .. } | Held::Loop { .. } => {}
        }
    }
    for (visit, item, _) in decided {
        mark = mix(mark, mix(*visit as u64 + 2, u64::from(*item)));
    }
    mix(mark, mix(u64::from(retried), handled))
}
