//! A lock that an error leaves held, or that is released without asking who holds it.

use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::Release;

/// The rule.
pub static RULE: Rule = Rule {
    id: "lock-release-leak",
    row: "locks",
    severity: Severity::Medium,
    advice: false,
    remedy: "release locks on every path",
    page: include_str!("lock-release-leak.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for take in &model.takes {
        let lock = &model.locks[take.lock];
        let (site, message, words, help) = match take.release {
            Release::NormalPath(release) => (
                take.site,
                format!("Lock \"{}\" stays held when an error is raised before its release", lock.name),
                ("released here, on the normal path only", release),
                "Release it in a finally block, or take it with a context manager",
            ),
            // Without a time to live, lock-without-ttl says it all.
            Release::Unchecked(release) if lock.ttl.is_some() => (
                release,
                format!("Lock \"{}\" is released without checking who holds it", lock.name),
                ("taken here", take.site),
                "Compare the holder's token and delete in one script, so that an expired holder cannot free the next one's lock",
            ),
            _ => continue,
        };
        let mut finding = Draft {
            rule,
            message,
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site,
            help: help.into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        finding.related.push(related(Role::Lock, words.0, words.1));
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {}", lock.name));
        if !found.iter().any(|f: &Finding| f.site == finding.site && f.message == finding.message) {
            found.push(finding);
        }
    }
    found
}
