//! A write by an actor whose resource cannot be told.

use super::rule::{Draft, Rule, Subject, related};
use crate::finding::{Confidence, Finding, Role, Severity};

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
    for write in &model.unmapped {
        // What a function writes, renames and removes under one name that cannot be told is one cause.
        let same = |f: &&mut Finding| f.site.file == write.site.file && f.function == write.function;
        if let Some(known) = found.iter_mut().find(same) {
            if known.site != write.site && known.related.iter().all(|r| r.site != write.site) {
                known.related.push(related(Role::Write, format!("so is this {}", write.verb), write.site));
            }
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("{} by \"{}\" could not be mapped to a resource", write.verb, model.actor(write.actor).name),
            actors: vec![write.actor],
            resource: None,
            function: write.function.clone(),
            site: write.site,
            help: "Name the table, key or file in the code, or declare it under resources in clawproof.yaml".into(),
        }
        .finish(model);
        finding.confidence = Confidence::Medium;
        found.push(finding);
    }
    found
}
