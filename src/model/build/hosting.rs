//! Which unit runs which actors.
//!
//! A unit runs what the module it starts imports, directly or not, as far as its command runs that kind of actor. Frameworks
//! that find their tasks by name are named by their rows: their command runs every actor of theirs in its system. Of a program
//! that has commands a unit runs the part that its command chooses. What no
//! unit of a group reaches is run by the one unit that could. What a clock starts ends by itself and serves nobody.

use super::Input;
use super::actors::Draft;
use super::commands::Way;
use super::deployment::DraftUnit;
use super::imports::Imports;
use super::parts::Part;
use super::systems::Systems;
use crate::model::{ActorId, ActorKind, Model, Unit};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Fill in the units of the systems with those they host.
pub(super) fn find(
    input: &Input,
    draft: &Draft,
    (units, parts): (&[DraftUnit], &[Vec<Option<Part>>]),
    own_processes: &FxHashMap<String, bool>,
    (systems, imports): (&Systems, &Imports),
    paths: &[&str],
    model: &mut Model,
) {
    for actor in &mut model.actors {
        if let Some(many) = own_processes.get(&actor.framework) {
            actor.process = Some(actor.framework.clone());
            actor.pooled = *many;
        }
    }
    let numbered = || units.iter().zip(parts).enumerate();
    let mut hosts: Vec<FxHashSet<ActorId>> =
        numbered().map(|(index, (u, parts))| reached(input, draft, (index, u, parts), own_processes, (systems, imports), model)).collect();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, unit) in units.iter().enumerate() {
        groups.entry(unit.group.as_str()).or_default().push(index);
    }
    for members in groups.values() {
        for (index, actor) in model.actors.iter().enumerate() {
            let id = ActorId(index as u32);
            let path = draft.actors[index].module.map_or("", |m| paths[m as usize]);
            if path.is_empty()
                || !draft.actors[index].started_by.is_empty()
                || actor.process.is_some()
                || members.iter().any(|m| hosts[*m].contains(&id))
            {
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
                per_client: unit.per_client,
                group: numbers.get(unit.group.as_str()).copied().unwrap_or(0),
                hosts,
            });
        }
    }
}

/// The actors that a unit's commands reach.
fn reached(
    input: &Input,
    draft: &Draft,
    (number, unit, parts): (usize, &DraftUnit, &[Option<Part>]),
    own: &FxHashMap<String, bool>,
    (systems, imports): (&Systems, &Imports),
    model: &Model,
) -> FxHashSet<ActorId> {
    let mut found = FxHashSet::default();
    for (start, part) in unit.starts.iter().zip(parts) {
        let modules = match start.way {
            Way::Alone => FxHashSet::from_iter([start.module]),
            _ => brought(input, imports, start.module),
        };
        let system = systems.of_module(start.module);
        for (index, actor) in model.actors.iter().enumerate() {
            let drafted = &draft.actors[index];
            let runs = if !drafted.started_by.is_empty() {
                drafted.started_by.contains(&number)
            } else if own.contains_key(&actor.framework) {
                start.frameworks.contains(&actor.framework) && actor.system == system
            } else {
                (start.runs.is_empty() || start.runs.contains(&actor.kind))
                    && drafted.module.is_some_and(|m| modules.contains(&m))
                    && part.as_ref().is_none_or(|part| part.may_run(drafted))
            };
            let serves = matches!(actor.kind, ActorKind::Endpoint | ActorKind::ToolServer);
            if runs && !(unit.scheduled && serves) {
                found.insert(ActorId(index as u32));
            }
        }
    }
    // What runs alone and serves nothing runs what stands elsewhere.
    let serves = |id: &ActorId| model.actor(*id).kind == ActorKind::ToolServer;
    if unit.starts.iter().any(|start| start.way == Way::Alone) && !found.iter().any(serves) {
        found.clear();
    }
    found
}

/// Modules that a module brings into its process: what it imports, and in Rust what lies in one crate with any of that.
fn brought(input: &Input, imports: &Imports, start: u32) -> FxHashSet<u32> {
    let program = input.effects.program;
    let mut modules = imports.brought(start);
    let crates: FxHashSet<u32> = modules.iter().filter_map(|m| program.crate_root(*m)).collect();
    if !crates.is_empty() {
        modules.extend((0..program.modules.len() as u32).filter(|m| program.crate_root(*m).is_some_and(|root| crates.contains(&root))));
    }
    modules
}
