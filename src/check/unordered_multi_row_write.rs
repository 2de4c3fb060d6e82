//! Many rows are locked at once in the order of a list that nothing sorts, by actors that run beside one another.

use super::races::acting;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{Access, ActorId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unordered-multi-row-write",
    row: "lock-order",
    severity: Severity::Medium,
    advice: false,
    remedy: "fix lock ordering",
    page: include_str!("unordered-multi-row-write.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    // A store that locks the whole database knows no order of rows.
    for resource in model.resources.iter().filter(|r| r.shared && r.kind == "table" && r.store != "sqlite") {
        let locks = |a: &Access| a.locks_rows || matches!(a.operation, "update" | "upsert" | "delete" | "increment");
        let many = |a: &&Access| a.unordered && locks(a);
        let writes: Vec<&Access> = resource.accesses.iter().filter(many).collect();
        for (index, write) in writes.iter().enumerate() {
            let rival = writes.iter().find(|o| model.overlap(o.actor, write.actor) && o.guards.iter().all(|g| !write.guards.contains(g)));
            let Some(rival) = rival else { continue };
            if found.iter().any(|f| f.site == write.site) {
                continue;
            }
            let mut actors: Vec<ActorId> = writes[index..].iter().filter(|o| o.site == write.site).map(|o| o.actor).collect();
            actors.push(rival.actor);
            actors.sort();
            actors.dedup();
            let mut finding = Draft {
                rule,
                message: format!("{} many rows of \"{}\" in the order of its input", acting(model, &actors, "lock"), resource.name),
                actors,
                resource: Some(resource.id.clone()),
                function: write.function.clone(),
                site: write.site,
                help: "Sort the rows by their key before they are written, or lock them first with SELECT … ORDER BY … FOR UPDATE".into(),
            }
            .finish(model);
            // Runs of one kind that the code starts side by side divide the rows among them, most often.
            let divided = matches!(finding.actors.as_slice(), [_]) && model.actor(write.actor).is_started_by_code();
            finding.confidence = confidence(write.inferred + if divided { 2 } else { 0 });
            // It may be a store that locks the whole database.
            if resource.store == "sql" || resource.store.is_empty() {
                finding.confidence = Confidence::Low;
            }
            if rival.site != write.site {
                finding.related.push(related(Role::Write, "rows of the same table, in another order", rival.site));
            }
            finding.evidence = witness(model, write.actor, &write.path, &format!("{} {}", write.verb, resource.name));
            found.push(finding);
        }
    }
    found
}
