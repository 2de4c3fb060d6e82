//! Classes of the project that coordinate agents, known by what they do: several agents get their locks from one, or have
//! their tasks run by one.

use super::{Doing, Input};
use crate::effects::{Held, Sorts, What};
use crate::link::{ClassRef, FunctionRef};
use crate::model::{ActorKind, Model, Orchestrator};
use std::collections::{BTreeMap, BTreeSet};

/// Find them: the classes through which at least two agents pass on their way to a lock or to a task of theirs.
pub(super) fn collect(input: &Input, doings: &[Doing], model: &mut Model) {
    let program = input.effects.program;
    let mut locks: BTreeMap<ClassRef, BTreeSet<u32>> = BTreeMap::new();
    let mut tasks: BTreeMap<ClassRef, BTreeSet<u32>> = BTreeMap::new();
    for doing in doings {
        if !matches!(model.actor(doing.actor).kind, ActorKind::Agent | ActorKind::Worker) {
            continue;
        }
        let own: Vec<ClassRef> = doing.runs.iter().filter_map(|r| class_of(input, r.entry)).collect();
        for told in doing.items(Sorts::LOCK.and(Sorts::DECLARE)) {
            match told.what() {
                // Handed out: the lock's name comes from whoever asks.
                What::Acquire { lock, .. } if !lock.name.hole_names().count().eq(&0) || lock.own => {
                    let item = told.item();
                    let classes = item.way().filter_map(|(f, _)| class_of(input, f)).filter(|c| !is_kin(input, *c, &own));
                    classes.for_each(|c| {
                        locks.entry(c).or_default().insert(doing.actor.0);
                    });
                }
                // A task run by a class that is none of the agent's own: with retries around it.
                What::Declare(d) if d.effect == crate::knowledge::vocabulary::Effect::Run => {
                    let retrying = told
                        .contexts()
                        .into_iter()
                        .filter(|c| matches!(c.held, Held::Retry(_)))
                        .filter_map(|c| class_of(input, c.function));
                    retrying.filter(|c| !is_kin(input, *c, &own)).for_each(|c| {
                        tasks.entry(c).or_default().insert(doing.actor.0);
                    });
                }
                _ => {}
            }
        }
    }
    let mut found: BTreeSet<ClassRef> = tasks.iter().filter(|(_, a)| a.len() >= 2).map(|(c, _)| *c).collect();
    if found.is_empty() {
        found = locks.iter().filter(|(_, a)| a.len() >= 2).map(|(c, _)| *c).collect();
    }
    for class in found {
        if program.is_aside(class.module) {
            continue;
        }
        let site = program.site(class.module, program.class(class).name_span);
        let system = tasks.get(&class).or(locks.get(&class)).and_then(|a| a.first()).map_or(0, |a| model.actors[*a as usize].system);
        if !model.orchestrators.iter().any(|o| o.site == site) {
            model.orchestrators.push(Orchestrator { pattern: "centralized task coordinator".into(), site, system });
        }
    }
    // What hands out the tasks of a queue's workers is the queue.
    let served = |a: &&crate::model::Actor| a.kind == ActorKind::Worker && !a.framework.is_empty() && !a.entry_points.is_empty();
    let queues: Vec<Orchestrator> =
        model.actors.iter().filter(served).map(|a| Orchestrator { pattern: "work queue".into(), site: a.site, system: a.system }).collect();
    for queue in queues {
        if model.orchestrators.iter().all(|o| o.system != queue.system) {
            model.orchestrators.push(queue);
        }
    }
    model.orchestrators.sort_by_key(|o| (rank(&o.pattern), o.site));
}

/// In which order patterns are named where several are present (rules.md, settled question 22).
fn rank(pattern: &str) -> u8 {
    let has = |word: &str| pattern.contains(word);
    match () {
        () if has("coordinator") => 0,
        () if has("hierarch") || has("supervisor") => 1,
        () if has("broker") || has("queue") || has("workflow") => 2,
        () if has("sequential") || has("pipeline") => 3,
        () => 4,
    }
}

fn class_of(input: &Input, function: FunctionRef) -> Option<ClassRef> {
    input.effects.program.function(function).class.map(|class| ClassRef { module: function.module, class })
}

/// Whether a class is one of these, or an ancestor of one: an agent's own base class does not coordinate it.
fn is_kin(input: &Input, class: ClassRef, own: &[ClassRef]) -> bool {
    own.iter()
        .any(|o| *o == class || input.effects.program.ancestors(*o).contains(&class) || input.effects.program.ancestors(class).contains(o))
}
