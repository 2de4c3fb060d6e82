//! Stopping an actor ends it as it stands, and the locks it holds stay held for ever.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{ActorKind, LockScope, Model, Stop, Take};

/// The rule.
pub static RULE: Rule = Rule {
    id: "kill-keeps-locks",
    row: "kill-switch",
    severity: Severity::Low,
    advice: false,
    remedy: "free the locks of stopped agents",
    page: include_str!("kill-keeps-locks.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for stop in &model.stops {
        let Some(take) = model.takes.iter().find(|t| stays(model, stop, t)) else { continue };
        let lock = &model.locks[take.lock];
        let mut actors = take.actors.clone();
        actors.retain(|a| stoppable(model, *a));
        let mut finding = Draft {
            rule,
            message: format!(
                "Stopping {} leaves lock \"{}\" held for ever: it has no TTL",
                lowered(&subject_of(model, &actors)),
                lock.name
            ),
            actors: actors.clone(),
            resource: Some(lock.id.clone()),
            function: stop.function.clone(),
            site: stop.site,
            help: "Give the lock a time to live, or give back in the stop path what the stopped one held".into(),
        }
        .finish(model);
        // Which of them it stops is not always written down.
        finding.confidence = confidence(take.inferred).min(Confidence::Medium);
        finding.related.push(related(Role::Lock, "taken here, without a time to live", take.site));
        finding.evidence = witness(model, actors[0], &take.path, &format!("takes lock {}", lock.name));
        found.push(finding);
    }
    found
}

/// Whether a lock stays held when its holder is ended here.
fn stays(model: &Model, stop: &Stop, take: &Take) -> bool {
    let lock = &model.locks[take.lock];
    let outlives = lock.ttl.is_none() && !lock.session && lock.scope == LockScope::Distributed;
    let others = take
        .actors
        .iter()
        .any(|a| stoppable(model, *a) && !stop.actors.contains(a) && model.actor(*a).system == model.actor(stop.actors[0]).system);
    outlives && others && !stop.releases.contains(&lock.name)
}

fn stoppable(model: &Model, actor: crate::model::ActorId) -> bool {
    matches!(model.actor(actor).kind, ActorKind::Agent | ActorKind::Worker)
}

fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
