//! What the rules about races have in common: severity, confidence, places, words.

use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::words::subject as named;
use crate::finding::{Confidence, Finding, Role, Severity, Turn};
use crate::model::{ActorId, ActorKind, Dependence, Mode, Model, Race, Resource, Setting};

/// Words in names that say that a resource is money.
const MONEY: [&str; 8] = ["balance", "payment", "wallet", "ledger", "invoice", "charge", "credit", "refund"];

/// The actors of a race that can really come between one another.
pub(super) fn rivals(model: &Model, race: &Race) -> Vec<ActorId> {
    let resource = model.resource(race.resource);
    // What is checked in memory and then changed loses where two check.
    let in_memory = resource.kind == "memory" && race.dependence != Dependence::Data;
    let others = if in_memory { &race.actors } else { &resource.writers };
    let meet = |a: &ActorId, w: &ActorId| model.overlap(*a, *w) && !(model.on_one_loop(*a, *w) && in_turns(model, race, *a, *w));
    let disturbed = |a: &ActorId| others.iter().any(|w| meet(a, w) && (in_memory || disturbs(race, resource, *w)));
    race.actors.iter().copied().filter(disturbed).collect()
}

/// Whether neither an actor nor a writer of a file lets others of its event loop run before it is done. A database is there for
/// more processes than one, whatever one manifest starts.
fn in_turns(model: &Model, race: &Race, actor: ActorId, writer: ActorId) -> bool {
    let resource = model.resource(race.resource);
    let mut writes = resource.accesses.iter().filter(|a| a.actor == writer && a.mode != Mode::Read);
    resource.kind == "file" && race.in_one_turn.contains(&actor) && writes.all(|a| a.in_one_turn)
}

/// Whether what a writer does can come between. Rows that it adds change nothing about those that were read and are changed.
fn disturbs(race: &Race, resource: &Resource, writer: ActorId) -> bool {
    let of_rows = matches!(race.operation, "update" | "delete" | "increment") && !race.aggregate;
    let adds = |operation: &str| operation == "insert";
    !of_rows || resource.accesses.iter().any(|a| a.actor == writer && a.mode != Mode::Read && !adds(a.operation))
}

/// What an actor is called in a sentence: its kind where it is no agent.
pub(super) fn subject_of(model: &Model, actors: &[ActorId]) -> String {
    let kinds: Vec<ActorKind> = actors.iter().map(|a| model.actor(*a).kind).collect();
    let same = kinds.windows(2).all(|w| w[0] == w[1]);
    let noun = match kinds.first() {
        Some(ActorKind::Agent) if same => "agent",
        Some(ActorKind::Worker) if same => "worker",
        Some(ActorKind::Endpoint) if same => "endpoint",
        Some(ActorKind::Job) if same => "job",
        Some(ActorKind::ToolServer) if same => "tool server",
        _ => "actor",
    };
    named(noun, &model.names(actors))
}

/// What actors do, with the verb as their names want it: `Agent "a" updates`, `Agents "a" and "b" update`.
pub(super) fn acting(model: &Model, actors: &[ActorId], verb: &str) -> String {
    let ending = if model.names(actors).len() == 1 { "s" } else { "" };
    format!("{} {verb}{ending}", subject_of(model, actors))
}

/// Who sets what was checked to something else, and is none of those that check it: what such a one writes in between is
/// overwritten.
fn overwritten<'r>(model: &Model, race: &'r Race, actors: &[ActorId]) -> Option<&'r Setting> {
    let (_, others) = race.overwrites.as_ref()?;
    let meets = |other: &&Setting| !race.actors.contains(&other.actor) && actors.iter().any(|a| model.overlap(*a, other.actor));
    others.iter().find(meets)
}

/// The schedule in which an actor overwrites the state that another one has set since it looked.
fn overwriting(model: &Model, race: &Race, actor: ActorId, other: &Setting, name: &str) -> Vec<Turn> {
    let own = race.overwrites.as_ref().map_or("", |(value, _)| value.as_str());
    let turn = |step: crate::model::replay::Step| match (step.who, step.writes) {
        (0, false) => (actor, format!("reads {name}"), "a state that allows it", race.read),
        (0, true) => (actor, format!("writes {name}"), own, race.write),
        _ => (other.actor, format!("writes {name}"), other.value.as_str(), other.site),
    };
    let steps = crate::model::replay::overwriting().unwrap_or_default().into_iter().map(turn);
    steps.map(|(actor, step, value, site)| Turn { actor: model.actor(actor).id.clone(), step, value: value.into(), site }).collect()
}

/// The schedule of two actors (or of one run twice) that loses.
fn interleaving(model: &Model, race: &Race, actors: &[ActorId], name: &str) -> Vec<Turn> {
    let ids: Vec<String> = match actors {
        [] => return Vec::new(),
        // A second run of the same actor is told apart, so that each has its own column.
        [one] => vec![model.actor(*one).id.clone(), format!("{}#2", model.actor(*one).id)],
        [one, two, ..] => vec![model.actor(*one).id.clone(), model.actor(*two).id.clone()],
    };
    let turn = |step: crate::model::replay::Step| Turn {
        actor: ids[step.who].clone(),
        step: if step.writes { format!("writes {name}") } else { format!("reads {name}") },
        value: step.value,
        site: if step.writes { race.write } else { race.read },
    };
    crate::model::replay::losing(race.dependence).unwrap_or_default().into_iter().map(turn).collect()
}

/// A finding about a race.
pub(super) fn finding(rule: &Rule, subject: &Subject, race: &Race, actors: Vec<ActorId>, message: String, help: &str) -> Finding {
    let model = subject.model;
    let resource = model.resource(race.resource);
    let mut finding = Draft {
        rule,
        message,
        actors: actors.clone(),
        resource: Some(resource.id.clone()),
        function: race.function.clone(),
        site: race.write,
        help: help.to_string(),
    }
    .finish(model);
    finding.related.push(related(Role::Read, "read here", race.read));
    if race.read_access != race.read {
        finding.related.push(related(Role::Read, "the read itself", race.read_access));
    }
    for look in &race.looks {
        finding.related.push(related(Role::Read, "looked at here as well", *look));
    }
    for through in race.path.iter().map(|f| f.site).skip_while(|s| *s != race.write).skip(1).filter(|s| *s != race.write_access) {
        finding.related.push(related(Role::Write, "through this call", through));
    }
    if race.write_access != race.write {
        finding.related.push(related(Role::Write, "the write itself", race.write_access));
    }
    if let Some(retry) = race.retry {
        finding.related.push(related(Role::Retry, "run again on failure here", retry));
    }
    finding.confidence = confidence(race.inferred);
    let lower = resource.name.to_lowercase();
    if race.money || MONEY.iter().any(|w| lower.contains(w) || race.columns.iter().any(|c| c.to_lowercase().contains(w))) {
        finding.severity = Severity::Critical;
    }
    if let Some(unique) = race.unique {
        finding.severity = Severity::Low;
        if let Some(site) = unique {
            finding.related.push(related(Role::Schema, "a unique key makes the loser get an exception", site));
        }
    }
    if finding.confidence < Confidence::High {
        finding.assumption = Some("assumes what a receiver of unknown type is".into());
    }
    if actors.iter().all(|actor| race.in_one_turn.contains(actor)) && resource.kind == "file" {
        // No await lies in between: two that meet are in two processes, or in a thread. What serves requests is most often one.
        let alone = |a: &ActorId, w: &ActorId| model.may_be_on_one_loop(*a, *w) && in_turns(model, race, *a, *w);
        let writers = || resource.writers.iter().filter(|w| disturbs(race, resource, **w));
        let all = actors.iter().all(|a| writers().filter(|w| model.overlap(*a, **w)).all(|w| alone(a, w)));
        finding.confidence =
            finding.confidence.min(if all || resource.is_in_one_of_many_folders() { Confidence::Low } else { Confidence::Medium });
        finding.assumption = Some("assumes that more than one process serves it".into());
    }
    finding.interleaving = match overwritten(model, race, &actors) {
        Some(other) => {
            let by = &model.actor(other.actor).name;
            finding.related.push(related(Role::Write, format!("\"{by}\" sets it to {} in between", other.value), other.site));
            finding.actors.push(model.actor(other.actor).id.clone());
            overwriting(model, race, actors[0], other, &resource.name)
        }
        None => interleaving(model, race, &actors, &resource.name),
    };
    finding.related.dedup();
    finding.evidence = witness(model, actors[0], &race.path, &format!("{} {}", race.verb, resource.name));
    finding
}
