//! A write by an actor whose resource cannot be told.

use super::rule::{Draft, Rule, Subject};
use crate::finding::{Confidence, Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unmapped-shared-write",
    row: "shared-resources",
    severity: Severity::Low,
    advice: true,
    remedy: "map every shared resource",
    page: include_str!("unmapped-shared-write.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for (site, actor, what) in &model.unmapped {
        if found.iter().any(|f| f.site == *site) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("{what} by \"{}\" could not be mapped to a resource", model.actor(*actor).name),
            actors: vec![*actor],
            resource: None,
            function: "<module>".into(),
            site: *site,
            help: "Name the table, key or file in the code, or declare it under resources in clawproof.yaml".into(),
        }
        .finish(model);
        finding.confidence = Confidence::Medium;
        found.push(finding);
    }
    found
}
