//! Existence or state is checked, then acted upon, in two steps that another actor can come between.

use super::races::{finding, rivals, subject_of};
use super::rule::{Rule, Subject};
use crate::finding::{Finding, Severity};
use crate::model::Dependence;

/// The rule.
pub static RULE: Rule = Rule {
    id: "check-then-act",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "lock shared writes with a TTL",
    page: include_str!("check-then-act.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for race in model.races.iter().filter(|r| r.dependence != Dependence::Data && r.process_lock.is_none()) {
        let actors = rivals(model, race);
        // The loser of a race for a unique key whose error is handled has lost nothing.
        if actors.is_empty() || race.handled {
            continue;
        }
        let name = &model.resource(race.resource).name;
        let (verb, what) = match (race.dependence, actors.len()) {
            (Dependence::Existence, 1) => ("checks", "exists, then writes it, in two steps"),
            (Dependence::Existence, _) => ("check", "exists, then write it, in two steps"),
            (_, 1) => ("checks", "allows it, then writes it, in two steps"),
            _ => ("check", "allows it, then write it, in two steps"),
        };
        let message = format!("{} {verb} that \"{name}\" {what}", subject_of(model, &actors));
        let help = "Do it in one step: INSERT … ON CONFLICT, UPDATE … WHERE the checked condition still holds (and test the row count), or hold one lock over both";
        found.push(finding(rule, subject, race, actors, message, help));
    }
    found
}
