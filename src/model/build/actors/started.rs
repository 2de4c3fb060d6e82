//! Programs that manifests start, and that are actors by themselves: jobs.
//!
//! Only what nothing else acts in: a program that serves requests or runs agents is what these do.

use super::{Collector, DraftActor, Entry};
use crate::knowledge::vocabulary::ActorKind;
use crate::model::build::deployment::DraftUnit;
use crate::model::build::parts::Part;

impl Collector<'_, '_, '_, '_> {
    /// Jobs: each part of a program once, however many units start it.
    pub(super) fn started(&mut self, units: &[DraftUnit], parts: &[Vec<Option<Part>>]) {
        let program = self.input.effects.program;
        let mut jobs: Vec<DraftActor> = Vec::new();
        for (number, (unit, part)) in units.iter().zip(parts).enumerate().flat_map(|(n, (u, p))| p.iter().map(move |p| (n, (u, p)))) {
            let Some(part) = part else { continue };
            let module = part.entry.function.module;
            if !part.acts || program.is_aside(module) || self.draft.actors.iter().any(|actor| part.runs(actor)) {
                continue;
            }
            if let Some(known) = jobs.iter_mut().find(|job| job.module == Some(module) && job.without == part.without) {
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
}
