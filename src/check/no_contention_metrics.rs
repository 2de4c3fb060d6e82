//! Lock waits and denials are counted or timed nowhere.

use super::rule::{Draft, Rule, Subject};
use crate::finding::{Finding, Severity};
use crate::model::{ControlKind, LockScope};

/// The rule.
pub static RULE: Rule = Rule {
    id: "no-contention-metrics",
    row: "contention-metrics",
    severity: Severity::Low,
    advice: true,
    remedy: "measure lock contention",
    page: include_str!("no-contention-metrics.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    if model.controls.iter().any(|c| c.kind == ControlKind::Metric) {
        return Vec::new();
    }
    let contended = model.takes.iter().filter(|t| model.locks[t.lock].scope != LockScope::Process || model.locks[t.lock].store_is_own());
    let Some(first) = contended.min_by_key(|t| t.site) else { return Vec::new() };
    let draft = Draft {
        rule,
        message: "No lock contention metrics — high contention would go unseen".into(),
        actors: first.actors.clone(),
        resource: Some(model.locks[first.lock].id.clone()),
        function: first.function.clone(),
        site: first.site,
        help: "Time how long each lock is waited for, labelled by resource".into(),
    };
    vec![draft.finish(model)]
}
