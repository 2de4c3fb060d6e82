//! Which unit runs which actors.
//!
//! A unit runs what the module it starts imports, directly or not, as far as its command runs that kind of actor. Frameworks
//! that find their tasks by name are named by their rows: their command runs every actor of theirs in its system. What no
//! unit of a group reaches is run by the one unit that could. What a clock starts ends by itself and serves nobody.

use super::actors::Draft;
use super::deployment::{DraftUnit, closure};
use super::systems::Systems;
use crate::model::{ActorId, ActorKind, Model, Unit};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Fill in the units of the systems with those they host.
pub(super) fn find(
    draft: &Draft,
    units: &[DraftUnit],
    own_processes: &FxHashMap<String, bool>,
    systems: &Systems,
    paths: &[&str],
    model: &mut Model,
) {
    for actor in &mut model.actors {
        if let Some(many) = own_processes.get(&actor.framework) {
            actor.process = Some(actor.framework.clone());
            actor.pooled = *many;
        }
    }
    let mut hosts: Vec<FxHashSet<ActorId>> = units.iter().map(|u| reached(draft, u, own_processes, systems, model)).collect();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in units.iter().enumerate() {
        groups.entry(unit.group.as_str()).or_default().push(index);
    }
    for members in groups.values() {
        for (index, actor) in model.actors.iter().enumerate() {
            let id = ActorId(index as u32);
            let path = draft.actors[index].module.map_or("", |m| paths[m as usize]);
            if path.is_empty() || actor.process.is_some() || members.iter().any(|m| hosts[*m].contains(&id)) {
                continue;
            }
            let could = |unit: &DraftUnit| {
                let below = unit.context.as_deref().is_some_and(|c| path.starts_with(c));
                let serves = matches!(actor.kind, ActorKind::Endpoint | ActorKind::ToolServer);
                below
                    && !(unit.scheduled && serves)
                    && unit.starts.iter().any(|s| s.frameworks.is_empty() && (s.runs.is_empty() || s.runs.contains(&actor.kind)))
            };
            // Units whose command is not understood could run it as well.
            let unknown = |unit: &DraftUnit| unit.starts.is_empty() && unit.context.as_deref().is_some_and(|c| path.starts_with(c));
            let candidates: Vec<usize> = members.iter().copied().filter(|m| could(&units[*m]) || unknown(&units[*m])).collect();
            if let [only] = candidates.as_slice()
                && could(&units[*only])
            {
                hosts[*only].insert(id);
            }
        }
    }
    let numbers: BTreeMap<&str, u32> = groups.keys().enumerate().map(|(number, group)| (*group, number as u32)).collect();
    for (unit, hosts) in units.iter().zip(hosts) {
        let mut hosts: Vec<ActorId> = hosts.into_iter().collect();
        hosts.sort();
        let system = match (unit.starts.first(), hosts.first()) {
            (_, Some(actor)) => model.actor(*actor).system,
            (Some(start), None) => systems.of_module(start.module),
            (None, None) => systems.nearest(paths, unit.context.as_deref().unwrap_or(&unit.group)),
        };
        if let Some(system) = model.systems.get_mut(system as usize) {
            system.units.push(Unit {
                name: unit.name.clone(),
                instances: unit.instances(),
                site: unit.site,
                written: unit.written,
                several: unit.is_several(),
                scheduled: unit.scheduled,
                group: numbers.get(unit.group.as_str()).copied().unwrap_or(0),
                hosts,
            });
        }
    }
}

/// The actors that a unit's commands reach.
fn reached(draft: &Draft, unit: &DraftUnit, own: &FxHashMap<String, bool>, systems: &Systems, model: &Model) -> FxHashSet<ActorId> {
    let mut found = FxHashSet::default();
    for start in &unit.starts {
        let modules = closure(systems.imports(), start.module);
        let system = systems.of_module(start.module);
        for (index, actor) in model.actors.iter().enumerate() {
            let runs = if own.contains_key(&actor.framework) {
                start.frameworks.contains(&actor.framework) && actor.system == system
            } else {
                (start.runs.is_empty() || start.runs.contains(&actor.kind))
                    && draft.actors[index].module.is_some_and(|m| modules.contains(&m))
            };
            let serves = matches!(actor.kind, ActorKind::Endpoint | ActorKind::ToolServer);
            if runs && !(unit.scheduled && serves) {
                found.insert(ActorId(index as u32));
            }
        }
    }
    found
}
