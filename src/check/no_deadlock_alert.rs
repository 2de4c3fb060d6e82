//! Locks are waited for, and nothing alerts when a wait lasts too long.

use super::rule::{Draft, Rule, Subject};
use crate::finding::words::number;
use crate::finding::{Finding, Severity};
use crate::model::ControlKind;
use std::cmp::Ordering;

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
        return too_early(rule, subject).into_iter().collect();
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

/// Every alert fires before a wait lasts twice as long as a task takes, so that it tells of what is no deadlock.
fn too_early(rule: &Rule, subject: &Subject) -> Option<Finding> {
    let model = subject.model;
    let task = subject.task_seconds()?;
    let alerts: Vec<_> = model.controls.iter().filter(|c| c.kind == ControlKind::Alert).collect();
    let latest =
        alerts.iter().filter(|c| c.threshold.is_some()).max_by(|a, b| a.threshold.partial_cmp(&b.threshold).unwrap_or(Ordering::Equal))?;
    let threshold = latest.threshold.filter(|t| *t < 2.0 * task)?;
    // One that does not say when it fires may be the right one.
    if alerts.iter().any(|c| c.threshold.is_none()) {
        return None;
    }
    super::rows::waits(model).next()?;
    let mut finding = Draft {
        rule,
        message: format!(
            "The deadlock alert fires after {}s of lock wait, less than twice the expected {}s",
            number(threshold),
            number(task)
        ),
        actors: Vec::new(),
        resource: None,
        function: String::new(),
        site: latest.site,
        help: format!("Let it fire after {}s or more, or say in `expected_task_seconds` how long a task takes", number(2.0 * task)),
    }
    .finish(model);
    if !subject.preview {
        finding.advice = true;
        finding.severity = Severity::Low;
    }
    Some(finding)
}
