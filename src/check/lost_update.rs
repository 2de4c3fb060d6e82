//! A value read from a shared resource flows into a write of it, and no guard spans both.

use super::races::{acting, finding, rivals};
use super::rule::{Rule, Subject};
use crate::finding::{Finding, Severity};
use crate::model::{Dependence, Mode, Race, Resource};

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

/// Whether a file named by a key is the memory of one loop: nobody else puts anything into it, and each loop has its own.
fn is_own_state(resource: &Resource, race: &Race) -> bool {
    let mut writes = resource.accesses.iter().filter(|a| a.mode != Mode::Read && a.operation != "delete").peekable();
    let own = resource.accesses.iter().find(|a| a.site == race.write_access).and_then(|a| a.looped);
    let keyed = resource.kind == "file" && resource.name.contains('*');
    keyed && own.is_some() && writes.peek().is_some() && writes.all(|a| a.looped == own)
}

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for race in model.races.iter().filter(|r| r.dependence == Dependence::Data && r.process_lock.is_none()) {
        let actors = rivals(model, race);
        if actors.is_empty() || race.unique.is_some() && race.handled || is_own_state(model.resource(race.resource), race) {
            continue;
        }
        let name = &model.resource(race.resource).name;
        let message = format!("{} \"{name}\" by read-modify-write without a lock", acting(model, &actors, "update"));
        let help = "Hold one lock over the read and the write, or change the value in one step in the store (UPDATE … SET n = n + ?, a version in the WHERE)";
        found.push(finding(rule, subject, race, actors, message, help));
    }
    found
}
