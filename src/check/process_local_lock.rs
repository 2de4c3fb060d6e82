//! An in-process lock is the only guard of a resource that outlives the process, where several processes may run.

use super::races::{acting, finding, rivals};
use super::rule::{Rule, Subject, related};
use crate::finding::{Finding, Role, Severity};
use crate::model::{ActorId, Apart, Model};

/// The rule.
pub static RULE: Rule = Rule {
    id: "process-local-lock",
    row: "locks",
    severity: Severity::Medium,
    advice: false,
    remedy: "lock shared writes with a TTL",
    page: include_str!("process-local-lock.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for race in &model.races {
        let Some(lock) = &race.process_lock else { continue };
        let actors = rivals(model, race);
        let resource = model.resource(race.resource);
        // Without a second process in sight an in-process lock is a cure; and memory ends with its process.
        let files = resource.kind == "file";
        let apart = apart(model, &actors, &resource.writers, files).filter(|_| resource.kind != "memory");
        let Some(apart) = apart else { continue };
        let name = &resource.name;
        let message = format!(
            "{} \"{name}\" with \"{}\", which other processes do not see",
            acting(model, &actors, "guard"),
            lock.trim_start_matches("lock:")
        );
        let help = "Use a lock that all processes share: a database row lock, an advisory lock, Redis with a TTL";
        let mut finding = finding(rule, subject, race, actors, message, help);
        if apart.written {
            finding.severity = finding.severity.max(Severity::High);
        }
        finding.related.extend(apart.places.into_iter().map(|(site, words)| related(Role::Manifest, words, site)));
        finding.related.extend(model.locks.iter().find(|l| l.id == *lock).map(|l| related(Role::Lock, "the lock of one process", l.site)));
        found.push(finding);
    }
    found
}

/// Why two of those who meet can be in different processes; the strongest reason.
fn apart(model: &Model, actors: &[ActorId], writers: &[ActorId], files: bool) -> Option<Apart> {
    let pairs = actors.iter().flat_map(|a| writers.iter().map(move |w| (*a, *w)));
    let reasons = pairs.filter(|(a, w)| model.overlap(*a, *w)).filter_map(|(a, w)| model.apart(a, w));
    // What has files of its own meets nobody in them.
    reasons.filter(|r| !(files && r.own_files)).max_by_key(|r| r.written)
}
