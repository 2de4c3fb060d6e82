//! A distributed lock, lease or claim without an expiry: a crashed holder blocks all others.

use super::rule::{Draft, Rule, Subject, confidence, witness};
use crate::finding::{Finding, Severity};
use crate::model::LockScope;

/// The rule.
pub static RULE: Rule = Rule {
    id: "lock-without-ttl",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "lock shared writes with a TTL",
    page: include_str!("lock-without-ttl.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for (index, lock) in model.locks.iter().enumerate() {
        let endless = lock.ttl.is_none() && !lock.session && (lock.scope == LockScope::Distributed || lock.store_is_own());
        if !endless {
            continue;
        }
        let takes: Vec<_> = model.takes.iter().filter(|t| t.lock == index).collect();
        let Some(take) = takes.first() else { continue };
        // One call that makes locks of several names is one cause.
        if let Some(before) = found.iter_mut().find(|f: &&mut Finding| f.site == take.site) {
            before.actors.extend(lock.holders.iter().map(|h| model.actor(*h).id.clone()));
            before.actors.sort();
            before.actors.dedup();
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" has no TTL — a crashed agent blocks all others", lock.name),
            actors: lock.holders.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Give the lock a time to live that is longer than the work it guards".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {}", lock.name));
        found.push(finding);
    }
    found
}
