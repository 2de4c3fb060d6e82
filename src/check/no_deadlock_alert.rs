//! Locks are waited for, and nothing alerts when a wait lasts too long.

use super::rule::{Draft, Rule, Subject};
use crate::finding::{Finding, Severity};
use crate::model::ControlKind;

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-deadlock-alert",
    row: "deadlock-alerting",
    severity: Severity::Medium,
    advice: false,
    remedy: "add deadlock alerting",
    page: include_str!("no-deadlock-alert.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    if model.controls.iter().any(|c| c.kind == ControlKind::Alert) {
        return Vec::new();
    }
    let Some(first) = super::rows::waits(model).min_by_key(|t| t.site) else { return Vec::new() };
    let expire = model.locks.iter().any(|l| l.ttl.is_some());
    let sessions = model.locks.iter().all(|l| l.session);
    let harm = match (expire, sessions) {
        (true, _) => "locks can expire but no alert fires",
        (_, true) => "locks are waited for but no alert fires",
        _ => "locks never expire and no alert fires",
    };
    let mut actors: Vec<_> = super::rows::waits(model).flat_map(|t| t.actors.iter().copied()).collect();
    actors.sort();
    actors.dedup();
    let draft = Draft {
        rule,
        message: format!("No deadlock detection alerting configured — {harm}"),
        actors,
        resource: None,
        function: first.function.clone(),
        site: first.site,
        help: "Alert when a wait for a lock lasts longer than twice the expected task time: a rule on the wait metric, or a page from the waiting path".into(),
    };
    vec![draft.finish(model)]
}
