//! A side effect on an external service under a retry, with no idempotency key.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence_of_repetition, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{Access, ActorId, Resource};

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

/// Words in the paths of services that only answer: a model is asked, something is looked for, worked out or shown. What a POST
/// sends there leaves nothing behind.
const ASKS: [&str; 27] = [
    "ask",
    "authorize",
    "classify",
    "complete",
    "completions",
    "detect",
    "embed",
    "embedding",
    "embeddings",
    "encode",
    "encoder",
    "evaluate",
    "extract",
    "find",
    "generate",
    "generations",
    "graphql",
    "introspect",
    "login",
    "lookup",
    "moderations",
    "predict",
    "predictions",
    "query",
    "rerank",
    "search",
    "token",
];

/// How procedures are called that only read, where a service has a path for each: `GetUser`, `list_users`.
const READS: [&str; 5] = ["get", "list", "read", "fetch", "describe"];

/// Whether the service is one that only answers, or nothing is known of it but a host.
fn only_answers(resource: &Resource) -> bool {
    let path =
        resource.name.split_once("://").map_or(resource.name.as_str(), |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    // What only a variable of the environment names, `$SANDBOX_URL`, may be anything.
    let path = if path.starts_with('$') { path.split_once('/').map_or("", |(_, path)| path) } else { path };
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("");
    let words = || path.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let reads = READS.iter().any(|verb| {
        let rest = last.get(..verb.len()).filter(|start| start.eq_ignore_ascii_case(verb)).map(|_| &last[verb.len()..]);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_uppercase() || matches!(c, '_' | '-')))
    });
    path.is_empty() || !path.contains(char::is_alphabetic) || reads || words().any(|word| ASKS.contains(&word.as_str()))
}

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
            finding.confidence = confidence_of_repetition(first);
            // A service whose name is not known may as well be a model or a search, which a POST merely asks.
            if resource.kind == "api" && (resource.name.starts_with('*') || only_answers(resource)) && !first.money {
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
