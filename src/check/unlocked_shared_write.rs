//! A write that is neither atomic nor guarded, to a resource that others read or write at the same time.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::{Access, ActorId, Mode};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unlocked-shared-write",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "lock shared writes with a TTL",
    page: include_str!("unlocked-shared-write.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for (index, resource) in model.resources.iter().enumerate().filter(|(_, r)| r.shared && r.kind == "file") {
        let torn = |a: &&Access| a.operation == "put" && !a.atomic && a.guards.is_empty() && a.mode != Mode::Read;
        let mut sites: Vec<_> = resource.accesses.iter().filter(torn).map(|a| a.site).collect();
        sites.sort();
        sites.dedup();
        for site in sites {
            // A write that is part of a read-modify-write is reported there.
            let in_race = model.races.iter().any(|r| r.resource.0 as usize == index && (r.write_access == site || r.write == site));
            let writes: Vec<&Access> = resource.accesses.iter().filter(torn).filter(|a| a.site == site).collect();
            let actors: Vec<ActorId> = writes
                .iter()
                .map(|a| a.actor)
                .filter(|w| resource.readers.iter().chain(&resource.writers).any(|o| model.overlap(*w, *o)))
                .collect();
            let (Some(first), false, false) = (writes.first(), in_race, actors.is_empty()) else { continue };
            let verb = if actors.len() == 1 { "overwrites" } else { "overwrite" };
            let mut finding = Draft {
                rule,
                message: format!("{} {verb} \"{}\" as a whole without a lock", subject_of(model, &actors), resource.name),
                actors: actors.clone(),
                resource: Some(resource.id.clone()),
                function: first.function.clone(),
                site,
                help: "Write to a temporary file beside it and rename it over the old one (os.replace), or hold one lock in every reader and writer".into(),
            }
            .finish(model);
            finding.confidence = confidence(first.inferred);
            for other in resource.accesses.iter().filter(|a| a.mode == Mode::Read && model.overlap(a.actor, actors[0])).take(1) {
                finding.related.push(related(Role::Read, "may see it half-written here", other.site));
            }
            finding.evidence = witness(model, first.actor, &first.path, &format!("{} {}", first.verb, resource.name));
            found.push(finding);
        }
    }
    found
}
