//! Programs that manifests start, and that are actors by themselves: jobs.
//!
//! Only what nothing else acts in: a program that serves requests or runs agents is what these do. A script that imports what
//! is served is taken for the server, since a library's server looks up what it serves.

use super::{Collector, DraftActor, Entry};
use crate::knowledge::vocabulary::ActorKind;
use crate::model::build::deployment::DraftUnit;
use crate::model::build::imports::Imports;
use crate::model::build::parts::Part;
use rustc_hash::FxHashSet;

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
                continue;
            }
            jobs.push(DraftActor {
                aliases: Some(unit.name.clone()).filter(|name| *name != part.name).into_iter().collect(),
                module: Some(module),
                entries: vec![Entry { function: part.entry.clone(), tool: false }],
                without: part.without.clone(),
                started_by: vec![number],
                ..DraftActor::new(part.name.clone(), ActorKind::Job, "", part.site)
            });
        }
        self.draft.actors.extend(jobs);
    }

    /// Whether one of these modules holds what a server serves.
    fn is_served_in(&self, modules: &FxHashSet<u32>) -> bool {
        let served = |actor: &DraftActor| matches!(actor.kind, ActorKind::Endpoint | ActorKind::ToolServer);
        self.draft.actors.iter().any(|actor| served(actor) && actor.module.is_some_and(|m| modules.contains(&m)))
    }
}
