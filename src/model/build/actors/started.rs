//! Programs that manifests start, and that are actors by themselves: jobs. So is what each process of a service does when it
//! starts, where several start.
//!
//! Only what nothing else acts in: a program that serves requests or runs agents is what these do. A script that imports what
//! is served is taken for the server, since a library's server looks up what it serves.

use super::{Collector, Declared, DraftActor, Entry};
use crate::effects::{Context, Held};
use crate::knowledge::vocabulary::{ActorKind, Effect};
use crate::link::{FunctionValue, Kind};
use crate::model::build::commands::Start;
use crate::model::build::deployment::DraftUnit;
use crate::model::build::imports::Imports;
use crate::model::build::parts::Part;
use crate::source::Site;
use rustc_hash::FxHashSet;
use std::rc::Rc;

impl Collector<'_, '_, '_, '_> {
    /// Jobs: each part of a program once, however many units start it.
    pub(super) fn started(&mut self, units: &[DraftUnit], parts: &[Vec<Option<Part>>], imports: &Imports) {
        let program = self.input.effects.program;
        let mut jobs: Vec<DraftActor> = Vec::new();
        for (number, (unit, part)) in units.iter().zip(parts).enumerate().flat_map(|(n, (u, p))| p.iter().map(move |p| (n, (u, p)))) {
            let Some(part) = part else { continue };
            let module = part.entry.function.module;
            if !part.acts || program.is_aside(module) || self.draft.actors.iter().any(|actor| part.runs(actor)) {
                continue;
            }
            if !program.is_rust(module) && self.is_served_in(&imports.brought(module)) {
                continue;
            }
            let entry = part.entry.function;
            let same = |job: &DraftActor| job.without == part.without && job.entries.iter().any(|e| e.function.function == entry);
            if let Some(known) = jobs.iter_mut().find(|job| same(job)) {
                known.started_by.push(number);
                known.told &= unit.told;
                continue;
            }
            jobs.push(DraftActor {
                aliases: Some(unit.name.clone()).filter(|name| *name != part.name).into_iter().collect(),
                module: Some(module),
                entries: vec![Entry { function: part.entry.clone(), tool: false }],
                without: part.without.clone(),
                started_by: vec![number],
                told: unit.told,
                ..DraftActor::new(part.name.clone(), ActorKind::Job, "", part.site)
            });
        }
        jobs.extend(self.start_ups(units, imports));
        self.draft.actors.extend(jobs);
    }

    /// What services do when they start, each by itself: jobs where several processes of one do.
    fn start_ups(&self, units: &[DraftUnit], imports: &Imports) -> Vec<DraftActor> {
        let mut jobs: Vec<DraftActor> = Vec::new();
        for d in self.declared.iter().filter(|d| d.declaration.effect == Effect::RunMain) {
            let module = d.function.module;
            let serves = |start: &Start| start.runs.contains(&ActorKind::Endpoint) || start.runs.is_empty() && start.frameworks.is_empty();
            let hosts = |unit: &DraftUnit| {
                unit.is_several() && !unit.scheduled && unit.starts.iter().any(|s| serves(s) && imports.brought(s.module).contains(&module))
            };
            let started_by: Vec<usize> = (0..units.len()).filter(|number| hosts(&units[*number])).collect();
            let Some(kind) = d.declaration.actor.filter(|_| !started_by.is_empty()) else { continue };
            for entry in &d.declaration.entries {
                let Kind::Function(value) = entry else { continue };
                if jobs.iter().any(|job| job.entries.iter().any(|e| e.function.function == value.function)) {
                    continue;
                }
                jobs.extend(self.start_up(value, kind, d, started_by.clone()));
            }
        }
        jobs
    }

    /// What a service does in a function when it starts, where others can notice any of it. What the function spawns goes on by
    /// itself.
    fn start_up(&self, value: &Rc<FunctionValue>, kind: ActorKind, d: &Declared, started_by: Vec<usize>) -> Option<DraftActor> {
        let program = self.input.effects.program;
        let summary = self.input.effects.summary_of(value);
        let around = summary.items.iter().map(|i| &i.contexts).chain(summary.calls.iter().map(|c| &c.contexts));
        let spawned = |c: &&Context| matches!(c.held, Held::Spawned { waits: false, .. });
        let without: Vec<Site> = around.flat_map(|contexts| contexts.iter().find(spawned)).map(|c| c.site).collect();
        let visits = self.input.effects.survey(&summary, &without);
        if !visits.iter().any(|visit| visit.told().any(|told| super::loops::noticed(told.own))) {
            return None;
        }
        let function = program.function(value.function);
        let site = program.site(value.function.module, function.name_span);
        Some(DraftActor {
            module: Some(value.function.module),
            entries: vec![Entry { function: value.clone(), tool: false }],
            without,
            started_by,
            ..DraftActor::new(function.name.as_str(), kind, d.declaration.framework.as_str(), site)
        })
    }

    /// Whether one of these modules holds what a server serves.
    fn is_served_in(&self, modules: &FxHashSet<u32>) -> bool {
        let served = |actor: &DraftActor| matches!(actor.kind, ActorKind::Endpoint | ActorKind::ToolServer);
        self.draft.actors.iter().any(|actor| served(actor) && actor.module.is_some_and(|m| modules.contains(&m)))
    }
}
