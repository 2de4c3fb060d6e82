//! Concurrent agents write shared resources, and nothing assigns their tasks or hands out locks.

use super::rule::{Draft, Rule, Subject};
use crate::finding::words::counted;
use crate::finding::{Finding, Severity};
use crate::model::{ActorId, ActorKind, Resource};

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-orchestrator",
    row: "orchestrator",
    severity: Severity::Medium,
    advice: false,
    remedy: "add an orchestrator",
    page: include_str!("no-orchestrator.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for system in 0..model.systems.len() as u32 {
        let shared: Vec<&Resource> = model.resources.iter().filter(|r| r.system == system && r.shared).collect();
        let mut agents: Vec<ActorId> =
            shared.iter().flat_map(|r| r.writers.iter().copied()).filter(|w| model.actor(*w).kind == ActorKind::Agent).collect();
        agents.sort();
        agents.dedup();
        let side_by_side = agents.iter().any(|a| agents.iter().any(|b| a != b && model.overlap(*a, *b)));
        // Agents that message each other directly are peer-to-peer's fault alone.
        let mesh = model
            .messages
            .iter()
            .any(|(a, b, _)| model.actor(*a).system == system && model.messages.iter().any(|(c, d, _)| (c, d) == (b, a)));
        let coordinated = mesh || model.orchestrators.iter().any(|o| o.system == system);
        if agents.len() < 2 || !side_by_side || coordinated {
            continue;
        }
        // It stands at the first write to the most widely written resource.
        let Some(widest) = shared.iter().max_by_key(|r| (r.writers.len(), std::cmp::Reverse(&r.id))) else { continue };
        let Some(first) = widest.accesses.iter().filter(|a| a.mode != crate::model::Mode::Read).min_by_key(|a| a.site) else { continue };
        let draft = Draft {
            rule,
            message: format!(
                "No orchestrator — {} write {} independently",
                counted(agents.len(), "agent"),
                counted(shared.len(), "shared resource")
            ),
            actors: agents,
            resource: Some(widest.id.clone()),
            function: first.function.clone(),
            site: first.site,
            help: "Let one coordinator assign tasks and hand out the locks".into(),
        };
        found.push(draft.finish(model));
    }
    found
}
