//! A lock that is not re-entrant is taken again by who holds it already.

use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::Waiting;

/// The rule.
pub static RULE: Rule = Rule {
    id: "self-deadlock",
    row: "lock-order",
    severity: Severity::High,
    advice: false,
    remedy: "fix lock ordering",
    page: include_str!("self-deadlock.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for take in model.takes.iter().filter(|t| t.waiting != Waiting::Not) {
        let Some(since) = take.again else { continue };
        if found.iter().any(|f| f.site == take.site) {
            continue;
        }
        let lock = &model.locks[take.lock];
        let end = if take.waiting == Waiting::Forever { "waits for itself for ever" } else { "waits for itself until it gives up" };
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" is taken again by its own holder, who {end}", lock.name),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Take the lock in one place only: call a variant that expects it to be held, or use a re-entrant lock".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        finding.related.push(related(Role::Lock, "held since here", since));
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {} again", lock.name));
        found.push(finding);
    }
    found
}
