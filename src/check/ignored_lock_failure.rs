//! A lock that may be refused is asked for, nobody looks at the answer, and the work runs without it.

use super::rule::{Draft, Rule, Subject, confidence, witness};
use crate::finding::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "ignored-lock-failure",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "stop where a lock is refused",
    page: include_str!("ignored-lock-failure.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for take in model.takes.iter().filter(|t| t.unasked) {
        let lock = &model.locks[take.lock];
        let contended = take.actors.iter().any(|a| lock.holders.iter().any(|b| model.overlap(*a, *b)));
        if !contended || found.iter().any(|f| f.site == take.site) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" may be refused, and what it guards runs all the same", lock.name),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Look at the result: raise, return or try again where the lock was not granted".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("asks for lock {}", lock.name));
        found.push(finding);
    }
    found
}
