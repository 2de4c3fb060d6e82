//! A change by an amount that a retry makes twice.

use super::races::acting;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{Access, ActorId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "non-idempotent-update",
    row: "idempotent-writes",
    severity: Severity::Medium,
    advice: false,
    remedy: "fix idempotency",
    page: include_str!("non-idempotent-update.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    // A counter of the process counts attempts.
    for resource in model.resources.iter().filter(|r| r.kind != "memory") {
        let twice =
            |a: &&Access| a.operation == "increment" && a.retry.is_some() && !a.conditional && !a.decided && !a.admitted && !a.rolled_back;
        let mut sites: Vec<_> = resource.accesses.iter().filter(twice).map(|a| a.site).collect();
        sites.sort();
        sites.dedup();
        for site in sites {
            let writes: Vec<&Access> = resource.accesses.iter().filter(twice).filter(|a| a.site == site).collect();
            let Some(first) = writes.iter().find(|a| a.retry_explicit).or(writes.first()) else { continue };
            let mut actors: Vec<ActorId> = writes.iter().map(|a| a.actor).collect();
            actors.sort();
            actors.dedup();
            let mut finding = Draft {
                rule,
                message: format!("{} \"{}\" by an amount under a retry, which may add it twice", acting(model, &actors, "change"), resource.name),
                actors: actors.clone(),
                resource: Some(resource.id.clone()),
                function: first.function.clone(),
                site,
                help: "Record the key of the operation in the same transaction and skip what is recorded, or write the new value under a version check".into(),
            }
            .finish(model);
            finding.confidence = confidence(first.inferred);
            if !first.retry_explicit {
                finding.confidence = Confidence::Low;
            }
            if let Some((retry, by)) = &first.retry {
                finding.related.push(related(Role::Retry, format!("run again on failure here ({by})"), *retry));
            }
            finding.evidence = witness(model, first.actor, &first.path, &format!("{} {}", first.verb, resource.name));
            found.push(finding);
        }
    }
    found
}
