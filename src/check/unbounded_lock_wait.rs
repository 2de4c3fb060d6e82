//! A lock of a shared resource is waited for without any limit.

use super::rule::{Draft, Rule, Subject, confidence, witness};
use crate::finding::{Confidence, Finding, Severity};
use crate::model::{LockScope, Model, Pause, Take, Waiting};

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
        // Whoever waits for short work of this machine waits a moment; on an event loop, all others with it.
        let brief = lock.scope == LockScope::Host && lock.session && is_brief(model, take.lock, &mut Vec::new()) && !take.stops_others;
        if expires || nameless || brief {
            finding.confidence = Confidence::Low;
        }
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("waits for lock {}", lock.name));
        found.push(finding);
    }
    found
}

/// How many seconds a pause may last that is still brief.
const MOMENT: f64 = 1.0;

/// Whether all who hold a lock do only what ends soon: no call that may take as long as it likes, no long sleep and none in a loop
/// without an end, no wait for a lock of which that cannot be said. A lock that ends with its process is never left behind by one
/// that crashed. Those of which it is being asked already are as the others are: that they wait for one another is told elsewhere.
fn is_brief(model: &Model, lock: usize, asked: &mut Vec<usize>) -> bool {
    if asked.contains(&lock) {
        return true;
    }
    asked.push(lock);
    let moment = |pause: &Pause| match pause.what {
        "sleep" => pause.seconds.is_some_and(|seconds| seconds <= MOMENT) && !pause.repeated,
        _ => pause.limited,
    };
    let waited = |take: &Take| take.waiting == Waiting::Forever && take.held.iter().any(|(held, _)| *held == lock);
    model.takes.iter().all(|take| match take.lock == lock {
        true => take.pauses.iter().all(moment) && take.again.is_none(),
        false => !waited(take) || model.locks[take.lock].scope != LockScope::Distributed && is_brief(model, take.lock, asked),
    })
}
