//! A lock that an error, a return or everybody leaves held, or that is released without asking who holds it.

use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::{Leak, Lock, Model, Release, Stays};

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
    let mut found: Vec<Finding> = model.leaks.iter().map(|leak| stays(rule, model, leak)).collect();
    found.extend(unchecked(rule, model));
    found
}

/// A lock that a way out leaves held.
fn stays(rule: &Rule, model: &Model, leak: &Leak) -> Finding {
    let lock = &model.locks[leak.lock];
    let (message, place) = match leak.stays {
        Stays::OnError(released) => (
            format!("Lock \"{}\" stays held when an error is raised before its release", lock.name),
            Some(("released here, on the normal path only", released)),
        ),
        Stays::OnReturn(left) => {
            (format!("Lock \"{}\" stays held when the function returns early", lock.name), Some(("this return leaves it held", left)))
        }
        Stays::Always => (format!("Lock \"{}\" is taken and never given back — {}", lock.name, until(lock)), None),
    };
    let mut finding = Draft {
        rule,
        message,
        actors: leak.actors.clone(),
        resource: Some(lock.id.clone()),
        function: leak.function.clone(),
        site: leak.site,
        help: "Release it in a finally block, or take it with a context manager".into(),
    }
    .finish(model);
    finding.confidence = confidence(leak.inferred);
    finding.related.extend(place.map(|(words, site)| related(Role::Lock, words, site)));
    finding.evidence = witness(model, leak.actors[0], &leak.path, &format!("takes lock {}", lock.name));
    finding
}

fn until(lock: &Lock) -> &'static str {
    if lock.ttl.is_some() { "others wait until it expires" } else { "others wait for ever" }
}

/// Locks released, or deleted before they are taken, without asking who holds them.
fn unchecked(rule: &Rule, model: &Model) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for take in &model.takes {
        let lock = &model.locks[take.lock];
        // Without a time to live, lock-without-ttl says it all.
        if lock.ttl.is_none() {
            continue;
        }
        let released = match take.release {
            Release::Unchecked(site) => Some((site, "is released without checking who holds it")),
            Release::Checked => None,
        };
        let seized = take.seized.map(|site| (site, "is deleted before it is taken, whoever holds it by then"));
        for (site, what) in released.into_iter().chain(seized) {
            let mut finding = Draft {
                rule,
                message: format!("Lock \"{}\" {what}", lock.name),
                actors: take.actors.clone(),
                resource: Some(lock.id.clone()),
                function: take.function.clone(),
                site,
                help: "Compare the holder's token and delete in one script, so that an expired holder cannot free the next one's lock"
                    .into(),
            }
            .finish(model);
            finding.confidence = confidence(take.inferred);
            finding.related.push(related(Role::Lock, "taken here", take.site));
            finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {}", lock.name));
            if !found.iter().any(|f: &Finding| f.site == finding.site && f.message == finding.message) {
                found.push(finding);
            }
        }
    }
    found
}
