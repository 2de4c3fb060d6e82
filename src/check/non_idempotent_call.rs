//! A side effect on an external service under a retry, with no idempotency key.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{Access, ActorId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "non-idempotent-call",
    row: "idempotent-writes",
    severity: Severity::Medium,
    advice: false,
    remedy: "fix idempotency",
    page: include_str!("non-idempotent-call.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for resource in &model.resources {
        // What a framework would retry by itself counts for money only: many a POST merely asks.
        let calls =
            |a: &&Access| a.operation == "call" && (!a.idempotent || a.fresh_key) && (a.retry_explicit || a.money && a.retry.is_some());
        let mut sites: Vec<_> = resource.accesses.iter().filter(calls).map(|a| a.site).collect();
        sites.sort();
        sites.dedup();
        for site in sites {
            let writes: Vec<&Access> = resource.accesses.iter().filter(calls).filter(|a| a.site == site).collect();
            let Some(first) = writes.first() else { continue };
            let mut actors: Vec<ActorId> = writes.iter().map(|a| a.actor).collect();
            actors.sort();
            actors.dedup();
            let why = if first.fresh_key { "its key is made anew at each attempt" } else { "no idempotency key" };
            let mut finding = Draft {
                rule,
                message: format!("{} may repeat {} on \"{}\" under a retry — {why}", subject_of(model, &actors), first.verb, resource.name),
                actors: actors.clone(),
                resource: Some(resource.id.clone()),
                function: first.function.clone(),
                site,
                help: "Pass an idempotency key that is derived from the business object and made outside what is retried".into(),
            }
            .finish(model);
            if first.money {
                finding.severity = Severity::Critical;
            }
            finding.confidence = confidence(first.inferred);
            // A service whose name is not known may as well be a model or a search, which a POST merely asks.
            if resource.kind == "api" && resource.name.starts_with('*') && !first.money {
                finding.confidence = Confidence::Low;
            }
            if let Some((retry, by)) = &first.retry {
                finding.related.push(related(Role::Retry, format!("run again on failure here ({by})"), *retry));
            }
            finding.evidence = witness(model, first.actor, &first.path, &format!("{} {}", first.verb, resource.name));
            found.push(finding);
        }
    }
    found
}
