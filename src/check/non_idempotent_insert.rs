//! A plain INSERT or create that a retry duplicates.

use super::races::{acting, subject_of};
use super::rule::{Draft, Rule, Subject, confidence_of_repetition, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{Access, ActorId, ActorKind, Resource};

/// The rule.
pub static RULE: Rule = Rule {
    id: "non-idempotent-insert",
    row: "idempotent-writes",
    severity: Severity::Medium,
    advice: false,
    remedy: "fix idempotency",
    page: include_str!("non-idempotent-insert.md"),
    check,
};

/// Whether the function that adds a row has deleted from its table before: two that overlap both delete, and one finds the row of
/// the other when it adds its own.
fn puts_anew(resource: &Resource, added: &Access) -> bool {
    let before = |a: &Access| a.site.file == added.site.file && a.site.span.start < added.site.span.start;
    let deletes = |a: &&Access| a.operation == "delete" && a.actor == added.actor && a.function == added.function && before(a);
    added.guards.is_empty() && resource.accesses.iter().any(|a| deletes(&a))
}

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let nothing_shared = !model.resources.iter().any(|r| r.shared);
    let mut found: Vec<Finding> = Vec::new();
    for resource in model.resources.iter().filter(|r| !matches!(r.kind.as_str(), "api" | "memory") && !r.is_log()) {
        let creates = |a: &&Access| matches!(a.operation, "insert" | "append") && !a.idempotent;
        let mut sites: Vec<_> = resource.accesses.iter().filter(creates).map(|a| a.site).collect();
        sites.sort();
        sites.dedup();
        for site in sites {
            let writes: Vec<&Access> = resource.accesses.iter().filter(creates).filter(|a| a.site == site).collect();
            let asked =
                |a: &Access| model.actor(a.actor).by_model && matches!(model.actor(a.actor).kind, ActorKind::Agent | ActorKind::ToolServer);
            // Of many rows at once, one that is there already takes the others down with it: the same request, a second one
            // that overlaps.
            let spoilt = |a: &Access| a.batch && a.unique.is_some() && !a.handled && !a.decided && resource.shared;
            let repeats = |a: &Access| a.retry.is_some() || asked(a) && !nothing_shared || spoilt(a);
            let repeated: Vec<&&Access> = writes.iter().filter(|a| repeats(a)).collect();
            let Some(first) = repeated.iter().find(|a| a.retry.is_some()).or(repeated.first()) else { continue };
            // What one way shows of a place holds for all that lead to it.
            let decided = writes.iter().any(|a| a.decided);
            if first.unique.is_some() && (first.handled || decided) || first.settled || first.renews {
                continue;
            }
            // A check for existence before it is check-then-act's fault, and one place has one fault.
            if (decided || first.retry.is_none()) && model.races.iter().any(|r| r.write_access == site || r.write == site) {
                continue;
            }
            let mut actors: Vec<ActorId> = repeated.iter().map(|a| a.actor).collect();
            actors.sort();
            actors.dedup();
            let uses = match first.verb.as_str() {
                "INSERT" | "INSERT … SELECT" => "uses INSERT, not UPSERT".to_string(),
                verb @ "INSERT … ON CONFLICT" => format!("uses {verb} with a key made anew at each attempt"),
                verb => format!("uses {verb} without a key"),
            };
            let mut finding = Draft {
                rule,
                message: format!("{} writes are not idempotent — {uses}", subject_of(model, &actors)),
                actors: actors.clone(),
                resource: Some(resource.id.clone()),
                function: first.function.clone(),
                site,
                help: "Add a unique key and ON CONFLICT DO UPDATE (or DO NOTHING), or an idempotency key from the caller".into(),
            }
            .finish(model);
            finding.confidence = confidence_of_repetition(first);
            match &first.retry {
                Some((site, by)) => finding.related.push(related(Role::Retry, format!("run again on failure here ({by})"), *site)),
                // Only a model that calls the tool once more, or a request like one before, would repeat it.
                None => finding.confidence = finding.confidence.min(Confidence::Medium),
            }
            if let Some(unique) = first.unique {
                finding.severity = Severity::Low;
                if puts_anew(resource, first) {
                    let replaces = acting(model, &actors, "replace");
                    finding.message =
                        format!("{replaces} a row of \"{}\" by DELETE and INSERT — of two at once a unique key refuses one", resource.name);
                } else if !first.retry_explicit && !spoilt(first) {
                    // Nothing is doubled, and nobody said that it is to be run again.
                    finding.confidence = Confidence::Low;
                }
                if let Some(site) = unique {
                    finding.related.push(related(Role::Schema, "a unique key makes the repetition fail", site));
                }
            }
            finding.evidence = witness(model, first.actor, &first.path, &format!("{} INTO {}", first.verb, resource.name));
            found.push(finding);
        }
    }
    found
}
