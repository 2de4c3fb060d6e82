//! A text that tells a model to coordinate with others: models cannot implement mutual exclusion.

use super::rule::{Draft, Rule, Subject};
use crate::finding::{Confidence, Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "prompt-mutex",
    row: "orchestrator",
    severity: Severity::Medium,
    advice: false,
    remedy: "coordinate in code, not in prompts",
    page: include_str!("prompt-mutex.md"),
    check,
};

/// Who else: others that act on the same thing.
const OTHERS: [&str; 12] = [
    "another agent",
    "other agent",
    "other agents",
    "someone else",
    "another worker",
    "other workers",
    "another process",
    "another instance",
    "anyone else",
    "other sessions",
    "another session",
    "other assistants",
];
/// What they do to it.
const ACTS: [&str; 14] = [
    "writing",
    "editing",
    "modifying",
    "updating",
    "working on",
    "using",
    "is not locked",
    "holds the lock",
    "has the lock",
    "claimed",
    "in progress",
    "touching",
    "finished",
    "done",
];
/// What the model is told to do about it.
const ORDERS: [&str; 16] = [
    "check",
    "make sure",
    "ensure",
    "wait",
    "do not edit",
    "don't edit",
    "do not modify",
    "don't modify",
    "do not write",
    "don't write",
    "never edit",
    "avoid",
    "verify",
    "before you",
    "before writing",
    "before editing",
];
/// Locks that the model itself is to take.
const LOCKS: [&str; 10] = [
    "acquire the lock",
    "acquire a lock",
    "take the lock",
    "release the lock",
    "wait for the lock",
    "check the lock",
    "check if the lock",
    "lock the file before",
    "obtain the lock",
    "hold the lock",
];

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for prompt in &model.prompts {
        let lower = prompt.text.to_lowercase();
        let told = lower.split(['.', '!', ';', '\n']).any(|sentence| {
            let has = |words: &[&str]| words.iter().any(|w| sentence.contains(w));
            has(&LOCKS) || has(&OTHERS) && has(&ACTS) && has(&ORDERS)
        });
        if !told || found.iter().any(|f| f.site == prompt.site) {
            continue;
        }
        let who = prompt.actor.map_or_else(|| prompt.name.clone(), |a| model.actor(a).name.clone());
        let mut finding = Draft {
            rule,
            message: format!("Agent \"{who}\" is told to coordinate by its prompt"),
            actors: prompt.actor.into_iter().collect(),
            resource: None,
            function: "<module>".into(),
            site: prompt.site,
            help: "Take the lock in the tool's code; a model cannot implement mutual exclusion by reasoning".into(),
        }
        .finish(model);
        finding.confidence = if prompt.actor.is_some() { Confidence::High } else { Confidence::Medium };
        found.push(finding);
    }
    found
}
