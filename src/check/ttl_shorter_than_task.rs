//! A lock that may expire before the work it guards has ended.

use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::words::number;
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{Lock, Pause};

/// The rule.
pub static RULE: Rule = Rule {
    id: "ttl-shorter-than-task",
    row: "locks",
    severity: Severity::Medium,
    advice: false,
    remedy: "make locks outlast their tasks",
    page: include_str!("ttl-shorter-than-task.md"),
    check,
};

/// A lock's life in seconds that a single request without a time limit hardly outlasts.
const LONG: f64 = 600.0;

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for take in model.takes.iter().filter(|t| !t.renewed) {
        let lock = &model.locks[take.lock];
        let Some(ttl) = lock.ttl.as_ref().filter(|_| lock.name != "*") else { continue };
        let contended = take.actors.iter().any(|a| lock.holders.iter().any(|b| model.overlap(*a, *b)));
        let Some((pause, why)) = outlasting(lock, &take.pauses).filter(|_| contended) else { continue };
        if found.iter().any(|f| f.site == take.site) {
            continue;
        }
        let lasts = lock.ttl_seconds.map_or_else(|| ttl.clone(), |s| format!("{}s", number(s)));
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" expires after {lasts}, and {why}", lock.name),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Extend the lock while the work goes on, limit the work to less than the lock's life, or check a fencing token at each write".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        // The client may have a limit that its library sets.
        if pause.what == "network call" && !pause.limited {
            finding.confidence = Confidence::Low;
        }
        if lock.ttl_seconds.is_none() {
            finding.confidence = finding.confidence.min(Confidence::Medium);
        }
        finding.related.push(related(Role::Lock, format!("{} while the lock is held", pause.what), pause.site));
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {}", lock.name));
        found.push(finding);
    }
    found
}

/// What may outlast the lock, the worst first, and in words why.
fn outlasting<'p>(lock: &Lock, pauses: &'p [Pause]) -> Option<(&'p Pause, String)> {
    // Who is stopped before the lock expires does not outlast it.
    let stopped = |p: &&Pause| lock.ttl_seconds.zip(p.stopped).is_some_and(|(ttl, seconds)| seconds <= ttl);
    let pauses: Vec<&Pause> = pauses.iter().filter(|p| !stopped(p)).collect();
    let longer = |p: &&Pause| lock.ttl_seconds.zip(p.seconds).is_some_and(|(ttl, seconds)| seconds >= ttl);
    if let Some(pause) = pauses.iter().copied().find(longer) {
        let seconds = number(pause.seconds.unwrap_or_default());
        let words = match pause.what {
            "sleep" => format!("its holder sleeps {seconds}s"),
            what => format!("a {what} inside may take {seconds}s"),
        };
        return Some((pause, words));
    }
    if let Some(pause) = pauses.iter().copied().find(|p| p.what == "model call" && !p.limited) {
        return Some((pause, "nobody can tell how long the model call inside takes".into()));
    }
    // A single request seldom lasts that long, limit or not.
    let short = lock.ttl_seconds.is_some_and(|ttl| ttl <= LONG);
    let pause = pauses.iter().copied().find(|p| !p.limited).filter(|_| short)?;
    Some((pause, format!("the {} inside has no time limit", pause.what)))
}
