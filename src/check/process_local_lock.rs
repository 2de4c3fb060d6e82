//! An in-process lock is the only guard of a resource that outlives the process, where several processes may run.

use super::races::{finding, rivals, subject_of};
use super::rule::{Rule, Subject};
use crate::finding::{Finding, Severity};

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
        let system = model.resource(race.resource).system;
        let units = model.systems.get(system as usize).map(|s| s.units.iter().map(|u| u.instances).sum::<u32>()).unwrap_or(0);
        // Without a second process in sight an in-process lock is a cure.
        if actors.is_empty() || units < 2 {
            continue;
        }
        let name = &model.resource(race.resource).name;
        let verb = if actors.len() == 1 { "guards" } else { "guard" };
        let message = format!(
            "{} {verb} \"{name}\" with \"{}\", which other processes do not see",
            subject_of(model, &actors),
            lock.trim_start_matches("lock:")
        );
        found.push(finding(
            rule,
            subject,
            race,
            actors,
            message,
            "Use a lock that all processes share: a database row lock, an advisory lock, Redis with a TTL",
        ));
    }
    found
}
