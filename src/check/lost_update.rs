//! A value read from a shared resource flows into a write of it, and no guard spans both.

use super::races::{finding, rivals, subject_of};
use super::rule::{Rule, Subject};
use crate::finding::{Finding, Severity};
use crate::model::Dependence;

/// The rule.
pub static RULE: Rule = Rule {
    id: "lost-update",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "lock shared writes with a TTL",
    page: include_str!("lost-update.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for race in model.races.iter().filter(|r| r.dependence == Dependence::Data && r.process_lock.is_none()) {
        let actors = rivals(model, race);
        if actors.is_empty() || race.unique.is_some() && race.handled {
            continue;
        }
        let name = &model.resource(race.resource).name;
        let verb = if actors.len() == 1 { "updates" } else { "update" };
        let message = format!("{} {verb} \"{name}\" by read-modify-write without a lock", subject_of(model, &actors));
        let help = "Hold one lock over the read and the write, or change the value in one step in the store (UPDATE … SET n = n + ?, a version in the WHERE)";
        found.push(finding(rule, subject, race, actors, message, help));
    }
    found
}
