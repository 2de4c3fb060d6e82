//! A lock-order check that can never refuse: its record is never filled.

use super::rule::{Draft, Rule, Subject, related};
use crate::finding::{Finding, Role, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "ineffective-lock-order",
    row: "lock-order",
    severity: Severity::High,
    advice: false,
    remedy: "fix lock ordering",
    page: include_str!("ineffective-lock-order.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for order in &model.orders {
        let Some(fault) = &order.fault else { continue };
        let mut finding = Draft {
            rule,
            message: "Lock ordering is checked against a list that nothing ever fills".into(),
            actors: model.locks.iter().filter(|l| l.store_is_own()).flat_map(|l| l.holders.iter().copied()).collect(),
            resource: None,
            function: fault.function.clone(),
            site: order.site,
            help: format!("Record each lock in \"{}\" when it is taken, and remove it when it is released", fault.record),
        }
        .finish(model);
        if let Some(made) = fault.made {
            finding.related.push(related(Role::Lock, format!("\"{}\" is made here and only ever read", fault.record), made));
        }
        found.push(finding);
    }
    found
}
