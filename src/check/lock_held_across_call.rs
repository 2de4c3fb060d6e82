//! A lock that others wait for is held across a call whose time has no limit.

use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "lock-held-across-call",
    row: "deadlock-alerting",
    severity: Severity::Medium,
    advice: false,
    remedy: "limit calls under locks",
    page: include_str!("lock-held-across-call.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for take in &model.takes {
        let lock = &model.locks[take.lock];
        // With a time to live it is the lock that ends first: ttl-shorter-than-task.
        // Of locks by key, those who have the same key wait for one another.
        let nameless = lock.name.contains('*') && !lock.name.ends_with("[*]");
        if lock.ttl.is_some() || take.alone.is_some() || nameless {
            continue;
        }
        let waited = model.takes.iter().any(|t| {
            t.lock == take.lock && t.waiting.waits() && t.actors.iter().any(|a| take.actors.iter().any(|b| model.overlap(*a, *b)))
        });
        let Some(pause) = take.pauses.iter().find(|p| !p.limited).filter(|_| waited) else { continue };
        if found.iter().any(|f| f.site == take.site) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" is held across a {} without a time limit", lock.name, pause.what),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Call before the lock is taken or after it is released, or give the call a time limit".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        // The client may have a limit that its library sets.
        if pause.what == "network call" && !pause.limited {
            finding.confidence = Confidence::Low;
        }
        finding.related.push(related(Role::Lock, format!("{} while others wait", pause.what), pause.site));
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("holds lock {}", lock.name));
        found.push(finding);
    }
    found
}
