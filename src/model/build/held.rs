//! What is held where an agent is run is held around all that its tools do.
//!
//! A tool is entered by the model and not by a call in sight, so that the locks around the run are added here. They count only
//! where every run of the agent holds them.

use super::Doing;
use super::actors::{Draft, Run};
use super::overlap::{run_of, runs_actor};
use crate::effects::{Context, Sorts, What};
use crate::source::Site;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How deep agents that are the tools of agents are followed.
const NESTED: u8 = 3;

/// Put around the tools of agents what their runs hold.
pub(super) fn around_tools(draft: &Draft, doings: &mut [Doing]) {
    for _ in 0..NESTED {
        let held = held_at_runs(draft, doings);
        let mut changed = false;
        for (doing, outer) in doings.iter_mut().zip(held).filter(|(_, outer)| !outer.is_empty()) {
            for run in doing.runs.iter_mut().filter(|r| r.tool) {
                let known = run.visits.first().is_none_or(|v| outer.iter().all(|c| v.around().any(|o| o.token == c.token)));
                if !known {
                    let outer = Rc::new(outer.clone());
                    run.visits = Rc::new(run.visits.iter().map(|v| v.within(&outer)).collect());
                    changed = true;
                }
            }
        }
        if !changed {
            return;
        }
    }
}

/// For each actor the locks that all its runs hold.
fn held_at_runs(draft: &Draft, doings: &[Doing]) -> Vec<Vec<Context>> {
    // The runs that actors reach, each with what is held there by every way to it.
    let mut reached: BTreeMap<Site, (Run, Vec<Context>)> = BTreeMap::new();
    for told in doings.iter().flat_map(|doing| doing.items(Sorts::DECLARE)) {
        let What::Declare(declaration) = told.what() else { continue };
        let Some(run) = run_of(draft, declaration, &told) else { continue };
        let locks: Vec<Context> = run.contexts.iter().filter(|c| c.lock().is_some()).cloned().collect();
        reached.entry(run.site).and_modify(|(_, known)| keep_common(known, &locks)).or_insert((run, locks));
    }
    (0..doings.len())
        .map(|actor| {
            let mut held: Option<Vec<Context>> = None;
            for (_, locks) in reached.values().filter(|(run, _)| runs_actor(draft, run, actor)) {
                match &mut held {
                    Some(known) => keep_common(known, locks),
                    None => held = Some(locks.clone()),
                }
            }
            // A run that no actor reaches is somebody's all the same.
            let unreached = |r: &&Run| !reached.contains_key(&r.site) && runs_actor(draft, r, actor);
            match draft.runs.iter().any(|r| unreached(&r)) {
                true => Vec::new(),
                false => held.unwrap_or_default(),
            }
        })
        .collect()
}

fn keep_common(known: &mut Vec<Context>, other: &[Context]) {
    let name = |c: &Context| c.lock().map(|l| l.name.clone());
    known.retain(|c| other.iter().any(|o| o.token == c.token || name(o) == name(c)));
}
