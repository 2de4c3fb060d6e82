//! A lock that guards nothing: made anew at each use, doing nothing, or another one in every writer.

use super::races::acting;
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::{Access, ActorId, Mode, Model};

/// The rule.
pub static RULE: Rule = Rule {
    id: "ineffective-lock",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "make locks exclude one another",
    page: include_str!("ineffective-lock.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found = alone(rule, model);
    found.extend(fresh_names(rule, model));
    found.extend(hollow(rule, model));
    found.extend(different(rule, model));
    found
}

/// Whether several of these may be at it at once.
fn meet(model: &Model, actors: &[ActorId], others: &[ActorId]) -> bool {
    actors.iter().any(|a| others.iter().any(|b| model.overlap(*a, *b)))
}

/// Locks that each run makes for itself.
fn alone(rule: &Rule, model: &Model) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for take in &model.takes {
        let Some(made) = take.alone else { continue };
        let lock = &model.locks[take.lock];
        // An object that each run makes for itself may well lock what it alone holds.
        let guards_shared = take.writes.iter().any(|r| model.resource(*r).shared);
        if !guards_shared && !take.bare || !meet(model, &take.actors, &lock.holders) || found.iter().any(|f| f.site == take.site) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" is made anew by every run, so it keeps nobody out", lock.name),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Make the lock once, where all who share the state see it: in the module or class, or in a store".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        if made != take.site {
            finding.related.push(related(Role::Lock, "made here, by each run", made));
        }
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {}", lock.name));
        found.push(finding);
    }
    found
}

/// Locks whose name differs at each use.
fn fresh_names(rule: &Rule, model: &Model) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for take in &model.takes {
        let lock = &model.locks[take.lock];
        if !take.fresh || !meet(model, &take.actors, &lock.holders) || found.iter().any(|f| f.site == take.site) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("Lock \"{}\" has another name at each use, so it keeps nobody out", lock.name),
            actors: take.actors.clone(),
            resource: Some(lock.id.clone()),
            function: take.function.clone(),
            site: take.site,
            help: "Name the lock after what it guards".into(),
        }
        .finish(model);
        finding.confidence = confidence(take.inferred);
        finding.evidence = witness(model, take.actors[0], &take.path, &format!("takes lock {}", lock.name));
        found.push(finding);
    }
    found
}

/// What calls itself a lock and does nothing.
fn hollow(rule: &Rule, model: &Model) -> Vec<Finding> {
    let mut found = Vec::new();
    for place in &model.hollow {
        let resource = model.resource(place.resource);
        let all: Vec<ActorId> = resource.readers.iter().chain(&resource.writers).copied().collect();
        if !resource.shared || !meet(model, &place.actors, &all) {
            continue;
        }
        let mut finding = Draft {
            rule,
            message: format!("\"{}\" takes no lock, so nothing guards the write to \"{}\"", place.name, resource.name),
            actors: place.actors.clone(),
            resource: Some(resource.id.clone()),
            function: place.function.clone(),
            site: place.site,
            help: "Take a real lock in it, one that all who write the resource share".into(),
        }
        .finish(model);
        finding.confidence = confidence(place.inferred);
        finding.related.push(related(Role::Write, "written in its name here", place.write));
        finding.evidence = witness(model, place.actors[0], &place.path, &format!("writes {}", resource.name));
        found.push(finding);
    }
    found
}

/// Writers of one thing that hold locks which do not exclude each other.
fn different(rule: &Rule, model: &Model) -> Vec<Finding> {
    let mut found = Vec::new();
    for resource in model.resources.iter().filter(|r| r.shared && r.kind != "table" && !r.name.contains('*')) {
        // Read and written under the lock, by one function: what it writes depends on what it read.
        let reads = |a: &Access| {
            let here = |r: &&Access| r.mode == Mode::Read && r.actor == a.actor && r.function == a.function && r.guards == a.guards;
            resource.accesses.iter().any(|r| here(&r))
        };
        let depends = |a: &&Access| a.mode != Mode::Read && !a.atomic && matches!(a.operation, "put" | "update") && reads(a);
        // What keeps nobody out at all is said where it is taken.
        let void = |guard: &String| model.takes.iter().any(|t| t.alone.is_some() && model.locks[t.lock].id == *guard);
        let told = |a: &&Access| !a.guards.is_empty() && !a.guards.iter().any(|g| g.contains('*') || void(g));
        let writes: Vec<&Access> = resource.accesses.iter().filter(depends).filter(told).collect();
        let apart = writes.iter().enumerate().find_map(|(index, one)| {
            let other =
                writes[index + 1..].iter().find(|o| model.overlap(o.actor, one.actor) && o.guards.iter().all(|g| !one.guards.contains(g)));
            other.map(|o| (*one, *o))
        });
        let Some((one, other)) = apart else { continue };
        let name = |a: &Access| a.guards.last().map_or("", |g| g.trim_start_matches("lock:")).to_string();
        let mut actors = vec![one.actor, other.actor];
        actors.sort();
        actors.dedup();
        let mut finding = Draft {
            rule,
            message: format!(
                "{} \"{}\" under two locks that do not exclude each other: \"{}\" and \"{}\"",
                acting(model, &actors, "change"),
                resource.name,
                name(one),
                name(other)
            ),
            actors,
            resource: Some(resource.id.clone()),
            function: one.function.clone(),
            site: one.site,
            help: "Hold the same lock in all who change it".into(),
        }
        .finish(model);
        finding.confidence = confidence(one.inferred.max(other.inferred));
        finding.related.push(related(Role::Write, format!("under \"{}\" here", name(other)), other.site));
        finding.evidence = witness(model, one.actor, &one.path, &format!("{} {}", one.verb, resource.name));
        found.push(finding);
    }
    found
}
