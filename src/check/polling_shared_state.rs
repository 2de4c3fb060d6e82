//! An actor looks at a shared resource in a loop with a sleep instead of waiting for an event.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::words::number;
use crate::finding::{Finding, Role, Severity};
use crate::model::{Access, Mode, Model, Resource};
use crate::source::Site;

/// The rule.
pub static RULE: Rule = Rule {
    id: "polling-shared-state",
    row: "event-sync",
    severity: Severity::Medium,
    advice: false,
    remedy: "replace polling with events",
    page: include_str!("polling-shared-state.md"),
    check,
};

/// Up to how many calls below its loop a read is one that the loop is there for.
const NEAR: u8 = 2;

/// How long a loop sleeps, in seconds, that is a schedule and waits for nothing.
const SCHEDULE: f64 = 600.0;

/// Whether the loop only asks what is left to be removed by itself.
fn clears_away(resource: &Resource, look: &Access) -> bool {
    let removes = |a: &Access| a.actor == look.actor && a.operation == "delete" && a.decided && a.function == look.function;
    look.presence && resource.accesses.iter().any(removes)
}

/// Whether each round of the loop writes the whole of what it read back, whatever it found: it has work of its own and waits for
/// nobody.
fn rewrites(resource: &Resource, look: &Access, looping: Site) -> bool {
    let back = |a: &Access| a.actor == look.actor && a.mode == Mode::ReadModifyWrite && !a.decided;
    let same = |a: &Access| a.polling.as_ref().is_some_and(|p| p.site == looping);
    resource.kind == "file" && resource.accesses.iter().any(|a| back(a) && same(a))
}

/// Whether somebody else writes what is looked at, who does not run the same loop: several that run one program wait for none of their
/// kind.
fn others_write(model: &Model, resource: &Resource, look: &Access, looping: Site) -> bool {
    let runs = |actor| resource.accesses.iter().any(|a| a.actor == actor && a.polling.as_ref().is_some_and(|p| p.site == looping));
    resource.writers.iter().any(|w| *w != look.actor && model.overlap(*w, look.actor) && !runs(*w))
}

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    // One loop that looks at one resource is one cause, however many reads a round makes.
    let mut loops = Vec::new();
    for resource in model.resources.iter().filter(|r| r.shared) {
        for access in resource.accesses.iter().filter(|a| a.mode == Mode::Read) {
            let Some(polling) = &access.polling else { continue };
            if !others_write(model, resource, access, polling.site)
                || polling.seconds.is_some_and(|seconds| seconds >= SCHEDULE)
                || clears_away(resource, access)
                || rewrites(resource, access, polling.site)
                || found.iter().any(|f| f.site == polling.looks)
                || loops.contains(&(polling.site, &resource.id))
            {
                continue;
            }
            loops.push((polling.site, &resource.id));
            let every = polling.seconds.map(|s| format!(" every {}s", number(s))).unwrap_or_default();
            let mut finding = Draft {
                rule,
                message: format!("{} polls \"{}\"{every} — subscribe to its events", subject_of(model, &[access.actor]), resource.name),
                actors: vec![access.actor],
                resource: Some(resource.id.clone()),
                function: polling.function.clone(),
                site: polling.looks,
                help: "Publish an event where the resource is written and block on it here".into(),
            }
            .finish(model);
            // What a round reads that far down, it reads on the way to something else and does not wait for.
            finding.confidence = confidence(access.inferred + if polling.distance > NEAR { 2 } else { 0 });
            if polling.looks != access.site {
                finding.related.push(related(Role::Read, "the read itself", access.site));
            }
            finding.related.push(related(Role::Check, "sleeps here between two looks", polling.sleep));
            finding.related.push(related(Role::Check, "the loop", polling.site));
            finding.evidence = witness(model, access.actor, &access.path, &format!("reads {}", resource.name));
            found.push(finding);
        }
    }
    found
}
