//! An actor goes on with what it read once, or reads what others write, and no event tells it of their changes.

use super::races::subject_of;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Confidence, Finding, Role, Severity};
use crate::model::{ActorId, Mode, Model, Resource};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unannounced-write",
    row: "event-sync",
    severity: Severity::Low,
    advice: false,
    remedy: "announce changes of shared state",
    page: include_str!("unannounced-write.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for view in &model.stale_views {
        let resource = model.resource(view.resource);
        if !resource.shared || !unheard(model, resource, view.actor) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!(
                "{} keeps a copy of \"{}\" but no event announces its changes",
                subject_of(model, &[view.actor]),
                resource.name
            ),
            actors: vec![view.actor],
            resource: Some(resource.id.clone()),
            function: view.function.clone(),
            site: view.site,
            help: "Publish an event where it is written and read it again when one comes in, or read it in each round".into(),
        }
        .finish(model);
        finding.confidence = confidence(view.inferred).min(Confidence::Medium);
        finding.related.push(related(Role::Read, "what was read is used here in every round", view.used));
        finding.evidence = witness(model, view.actor, &view.path, &format!("reads {}", resource.name));
        found.push(finding);
    }
    found.extend(deaf(rule, model));
    found
}

/// In a project that has channels: who runs on and on, reads what others write and announce, and hears of none of it.
fn deaf(rule: &Rule, model: &Model) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let listens = |actor: ActorId| model.channels.iter().any(|c| c.subscribers.contains(&actor));
    let heard = model.channels.iter().any(|c| !c.publishers.is_empty() && !c.subscribers.is_empty());
    let told = |actor: ActorId, resource: &Resource| {
        model.stale_views.iter().any(|v| v.actor == actor && model.resource(v.resource).id == resource.id)
    };
    for actor in super::rows::long_running(model).filter(|_| heard) {
        for resource in model.resources.iter().filter(|r| r.shared && r.readers.contains(&actor)) {
            // What is polled is said by polling-shared-state, and what it writes itself it reads to change it.
            let polled = resource.accesses.iter().any(|a| a.actor == actor && (a.polling.is_some() || a.mode != Mode::Read));
            let read = resource.accesses.iter().find(|a| a.actor == actor && a.mode == Mode::Read && !a.presence);
            let unheard = announced(model, resource, actor) && unheard(model, resource, actor);
            let Some(read) = read.filter(|_| !polled && !told(actor, resource) && unheard) else { continue };
            let mut finding = Draft {
                rule,
                message: format!(
                    "{} reads \"{}\" and subscribes to none of the events that announce its changes",
                    subject_of(model, &[actor]),
                    resource.name
                ),
                actors: vec![actor],
                resource: Some(resource.id.clone()),
                function: read.function.clone(),
                site: read.site,
                help: "Subscribe to the channel that its writers publish on".into(),
            }
            .finish(model);
            // Who listens to others may hear of it by them.
            let most = if listens(actor) { Confidence::Low } else { Confidence::Medium };
            finding.confidence = confidence(read.inferred).min(most);
            finding.evidence = witness(model, actor, &read.path, &format!("reads {}", resource.name));
            found.push(finding);
            // One actor that does not listen is one fault.
            break;
        }
    }
    found
}

/// Others who write it while this one runs.
fn others(model: &Model, resource: &Resource, actor: ActorId) -> Vec<ActorId> {
    resource.writers.iter().copied().filter(|w| *w != actor && model.overlap(*w, actor)).collect()
}

/// Whether others write it and this one hears of none of what they publish.
fn unheard(model: &Model, resource: &Resource, actor: ActorId) -> bool {
    let writers = others(model, resource, actor);
    let hears = |w: &ActorId| model.channels.iter().any(|c| c.publishers.contains(w) && c.subscribers.contains(&actor));
    !writers.is_empty() && !writers.iter().any(hears)
}

/// Whether others write it who publish something that somebody hears.
fn announced(model: &Model, resource: &Resource, actor: ActorId) -> bool {
    let writers = others(model, resource, actor);
    model.channels.iter().any(|c| !c.subscribers.is_empty() && c.publishers.iter().any(|p| writers.contains(p)))
}
