//! Events that nobody subscribes to, or a subscription that nobody publishes to.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence, witness};
use crate::finding::{Confidence, Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unsubscribed-channel",
    row: "event-sync",
    severity: Severity::Low,
    advice: false,
    remedy: "connect both ends of each channel",
    page: include_str!("unsubscribed-channel.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = Vec::new();
    for end in &model.loose_ends {
        let who = subject_of(model, &end.actors);
        let one = end.actors.len() == 1;
        let (message, help, does) = if end.published {
            let verb = if one { "publishes" } else { "publish" };
            let message = format!("{who} {verb} on \"{}\", and nobody subscribes to it", end.channel);
            (message, "Subscribe where the change matters, or leave the event out", "publishes on")
        } else {
            let verb = if one { "subscribes" } else { "subscribe" };
            let message = format!("{who} {verb} to \"{}\", and nobody publishes on it", end.channel);
            (message, "Publish where the change is made, or correct the channel's name", "subscribes to")
        };
        let mut finding = Draft {
            rule,
            message,
            actors: end.actors.clone(),
            resource: None,
            function: end.function.clone(),
            site: end.site,
            help: help.into(),
        }
        .finish(model);
        // The other end may lie in another repository.
        finding.confidence = confidence(end.inferred).min(Confidence::Medium);
        finding.evidence = witness(model, end.actors[0], &end.path, &format!("{does} {}", end.channel));
        found.push(finding);
    }
    found
}
