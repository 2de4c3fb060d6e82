//! Agents that run on and on, or hold locks that others wait for, and nothing stops one of them.

use super::rule::{Draft, Rule, Subject};
use crate::finding::words::subject as named;
use crate::finding::{Finding, Severity};
use crate::model::ControlKind;

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-kill-switch",
    row: "kill-switch",
    severity: Severity::Medium,
    advice: false,
    remedy: "add a kill switch",
    page: include_str!("no-kill-switch.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let general = model.controls.iter().any(|c| c.kind == ControlKind::KillSwitch && c.actors.is_empty());
    let running: Vec<_> = super::rows::long_running(model).collect();
    let free: Vec<_> = running.iter().copied().filter(|a| model.actor(*a).stopped_by.is_none()).collect();
    if general || free.is_empty() {
        return Vec::new();
    }
    let holds = |a: &crate::model::ActorId| model.locks.iter().any(|l| l.holders.contains(a));
    let site = free.iter().filter_map(|a| model.actor(*a).long_running).min();
    let Some(site) = site else { return Vec::new() };
    let message = if free.iter().any(holds) {
        "No kill switch — agents that hang while holding locks cannot be stopped".to_string()
    } else {
        format!("No kill switch — {} cannot be stopped", named("agent", &model.names(&free)).replacen("Agent", "agent", 1))
    };
    let first = free.iter().find(|a| model.actor(**a).long_running == Some(site)).copied();
    let function = first.and_then(|a| {
        model
            .actor(a)
            .entry_points
            .first()
            .map(|e| e.function.rsplit('.').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("."))
    });
    let draft = Draft {
        rule,
        message,
        actors: free,
        resource: None,
        function: function.unwrap_or_default(),
        site,
        help: "Let each agent's loop read a flag that an operator can set, or keep its task and cancel it from an admin endpoint".into(),
    };
    vec![draft.finish(model)]
}
