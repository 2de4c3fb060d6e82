//! A lock of a shared resource is waited for without any limit.

use super::rule::{Draft, Rule, Subject, confidence, witness};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{LockScope, Waiting};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unbounded-lock-wait",
    row: "deadlock-alerting",
    severity: Severity::Medium,
    advice: false,
    remedy: "limit lock waits",
    page: include_str!("unbounded-lock-wait.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for take in model.takes.iter().filter(|t| t.waiting == Waiting::Forever) {
        let lock = &model.locks[take.lock];
        let contended = take.actors.iter().any(|a| lock.holders.iter().any(|b| model.overlap(*a, *b)));
        if lock.scope == LockScope::Process || !contended || found.iter().any(|f| f.site == take.site) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" is waited for without a limit", lock.name),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Give the wait a limit (blocking_timeout, lock_timeout) and handle the refusal".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        // A crashed holder keeps it until it expires and no longer.
        let expires = take.expires && !take.renewed;
        // Of a file nothing is known: it may be one that nobody else opens.
        let nameless = lock.scope == LockScope::Host && !lock.name.contains(char::is_alphanumeric);
        if expires || nameless {
            finding.confidence = Confidence::Low;
        }
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("waits for lock {}", lock.name));
        found.push(finding);
    }
    found
}
