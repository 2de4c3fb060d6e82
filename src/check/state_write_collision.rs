//! Two members of a graph that run in one step write one key of the framework's state, and nothing joins the two.

use super::rule::{Draft, Rule, Subject, related};
use crate::finding::{Finding, Role, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "state-write-collision",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "give shared state keys a reducer",
    page: include_str!("state-write-collision.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let finding = |c: &crate::model::StateCollision| {
        let [one, other] = &c.names;
        let message = if one == other {
            format!("Copies of \"{one}\" write the state's \"{}\" in one step, and nothing joins them", c.key)
        } else {
            format!("\"{one}\" and \"{other}\" write the state's \"{}\" in one step, and nothing joins the two", c.key)
        };
        let mut finding = Draft {
            rule,
            message,
            actors: c.actors.clone(),
            resource: Some(format!("state:{}", c.key)),
            function: c.function.clone(),
            site: c.writes[0],
            help: "Give the key a reducer that joins both, or let each write a key of its own".into(),
        }
        .finish(model);
        if c.writes[1] != c.writes[0] {
            finding.related.push(related(Role::Write, "written in the same step here", c.writes[1]));
        }
        if let Some(declared) = c.declared {
            finding.related.push(related(Role::Schema, "declared without a reducer here", declared));
        }
        finding
    };
    model.collisions.iter().map(finding).collect()
}
