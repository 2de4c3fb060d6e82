//! Agents that call or message one another directly, with nothing between.

use super::rule::{Draft, Rule, Subject};
use crate::finding::words::subject as named;
use crate::finding::{Finding, Severity};
use crate::model::ActorId;

/// The rule.
pub static RULE: Rule = Rule {
    id: "peer-to-peer",
    row: "orchestrator",
    severity: Severity::Medium,
    advice: false,
    remedy: "add an orchestrator",
    page: include_str!("peer-to-peer.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for (from, to, site) in &model.messages {
        let back = model.messages.iter().any(|(a, b, _)| a == to && b == from);
        // One pair or mesh is one finding, at its first message.
        let first = found
            .iter()
            .all(|f| f.site != *site && !(f.actors.contains(&model.actor(*from).id) && f.actors.contains(&model.actor(*to).id)));
        let orchestrated = model.orchestrators.iter().any(|o| o.system == model.actor(*from).system);
        if !back || !first || orchestrated {
            continue;
        }
        let mut actors: Vec<ActorId> = model.messages.iter().filter(|(_, _, s)| s == site).flat_map(|(a, b, _)| [*a, *b]).collect();
        actors.extend([*from, *to]);
        actors.sort();
        actors.dedup();
        let draft = Draft {
            rule,
            message: format!("{} message each other directly", named("agent", &model.names(&actors))),
            actors,
            resource: None,
            function: "<module>".into(),
            site: *site,
            help: "Put a supervisor, a runner or a message broker between the agents".into(),
        };
        found.push(draft.finish(model));
    }
    found
}
