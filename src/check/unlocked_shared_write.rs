//! A write that is neither atomic nor guarded, to a resource that others read or write at the same time.

use super::races::{acting, subject_of};
use super::rule::{Draft, Rule, Subject, confidence, related, witness};
use crate::finding::{Finding, Role, Severity};
use crate::model::{Access, ActorId, Mode, Model, Replacement, Told};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unlocked-shared-write",
    row: "locks",
    severity: Severity::High,
    advice: false,
    remedy: "lock shared writes with a TTL",
    page: include_str!("unlocked-shared-write.md"),
    check,
};

fn check(rule: &Rule, subject: &Subject) -> Vec<Finding> {
    let model = subject.model;
    let mut found: Vec<Finding> = Vec::new();
    for (index, resource) in model.resources.iter().enumerate().filter(|(_, r)| r.shared && r.kind == "file") {
        let torn =
            |a: &&Access| matches!(a.operation, "put" | "append") && !a.atomic && a.mode != Mode::Read && !is_guarded(model, index, a);
        let mut sites: Vec<_> = resource.accesses.iter().filter(torn).map(|a| a.site).collect();
        sites.sort();
        sites.dedup();
        for site in sites {
            // A write that is part of a read-modify-write is reported there.
            let in_race = model.races.iter().any(|r| r.resource.0 as usize == index && (r.write_access == site || r.write == site));
            let writes: Vec<&Access> = resource.accesses.iter().filter(torn).filter(|a| a.site == site).collect();
            let in_turns = |actor: ActorId| resource.accesses.iter().filter(|a| a.actor == actor).all(|a| a.in_one_turn);
            let takes_turns = |a: ActorId, b: ActorId| model.on_one_loop(a, b) && in_turns(a) && in_turns(b);
            let actors: Vec<ActorId> = writes
                .iter()
                .map(|a| a.actor)
                .filter(|w| resource.readers.iter().chain(&resource.writers).any(|o| model.overlap(*w, *o) && !takes_turns(*w, *o)))
                .collect();
            let (Some(first), false, false) = (writes.first(), in_race, actors.is_empty()) else { continue };
            let appends = first.operation == "append";
            let (message, help) = if first.exclusive {
                (
                    format!("{} \"{}\", which one alone may use at a time, without a lock", acting(model, &actors, "open"), resource.name),
                    "Give each run one of its own, or hold a lock as long as it is in use",
                )
            } else if appends {
                (
                    format!("{} to \"{}\" in several writes without a lock", acting(model, &actors, "append"), resource.name),
                    "Put the whole line together first and write it with one call, or hold one lock in every writer",
                )
            } else {
                (
                    format!("{} \"{}\" as a whole without a lock", acting(model, &actors, "overwrite"), resource.name),
                    "Write to a temporary file beside it and rename it over the old one (os.replace), or hold one lock in every reader and writer",
                )
            };
            let mut finding = Draft {
                rule,
                message,
                actors: actors.clone(),
                resource: Some(resource.id.clone()),
                function: first.function.clone(),
                site,
                help: help.into(),
            }
            .finish(model);
            // On one event loop nobody comes in between; that it is the only one, no manifest says.
            let others = resource.readers.iter().chain(&resource.writers);
            let alone = |a: ActorId, b: ActorId| model.may_be_on_one_loop(a, b) && in_turns(a) && in_turns(b);
            let in_turn = actors.iter().all(|a| others.clone().filter(|o| model.overlap(*a, **o)).all(|o| alone(*a, *o)));
            let reader =
                beside(model, index).find(|a| looks_inside(a) && model.overlap(a.actor, actors[0]) && !takes_turns(a.actor, actors[0]));
            // Nobody is seen to read it: two of its writers would have to meet in one file. Writers that exclude one another
            // leave whoever reads without their lock.
            let writers = (appends || first.exclusive) && actors.iter().any(|a| actors.iter().any(|b| model.overlap(*a, *b)));
            // One of many files of a kind: two would have to mean the same one.
            let one_of_many = resource.name.trim_start_matches("*/").contains('*');
            // What is put where nothing was is half-written once, at the first start.
            let once = !appends && !first.exclusive && writes.iter().all(|a| a.makes_missing);
            let steps = u8::from(!first.guards.is_empty()) + 2 * u8::from(once || reader.is_none() && !writers);
            finding.confidence = confidence(
                (first.inferred + steps + 2 * u8::from(in_turn || first.in_one_turn && resource.is_in_one_of_many_folders()))
                    .max(u8::from(one_of_many)),
            );
            if let Some(reader) = reader {
                finding.related.push(related(Role::Read, "may see it half-written here", reader.site));
            }
            finding.evidence = witness(model, first.actor, &first.path, &format!("{} {}", first.verb, resource.name));
            // A function that writes several files of one kind, one after the other, is one cause.
            let same = |f: &&mut Finding| f.site.file == site.file && f.function == first.function && f.resource == finding.resource;
            match found.iter_mut().find(same) {
                Some(before) => before.related.push(related(Role::Write, "so is this", site)),
                None => found.push(finding),
            }
        }
    }
    found.extend(model.replacements.iter().filter_map(|r| replaced(rule, model, r)));
    found.extend(model.told.iter().map(|t| told(rule, model, t)));
    found
}

/// Rows that are deleted and inserted again outside a transaction.
fn replaced(rule: &Rule, model: &Model, replacement: &Replacement) -> Option<Finding> {
    let resource = &model.resources[replacement.resource.0 as usize];
    let met = |a: &ActorId| resource.readers.iter().chain(&resource.writers).any(|o| model.overlap(*a, *o));
    let actors: Vec<ActorId> = replacement.actors.iter().copied().filter(met).collect();
    let first = *actors.first().filter(|_| resource.shared)?;
    let mut finding = Draft {
        rule,
        message: format!("{} rows of \"{}\" and inserts them again outside a transaction", acting(model, &actors, "delete"), resource.name),
        actors,
        resource: Some(resource.id.clone()),
        function: replacement.function.clone(),
        site: replacement.insert,
        help: "Put both into one transaction that locks what they belong to, or replace the rows by upserts under a unique key".into(),
    }
    .finish(model);
    finding.confidence = confidence(replacement.inferred.max(1));
    finding.related.push(related(Role::Write, "deleted here: others find nothing until they are back", replacement.delete));
    finding.evidence = witness(model, first, &replacement.path, &format!("INSERT {}", resource.name));
    Some(finding)
}

/// A file that agents beside one another are told to write: each writes back what it has read as a whole.
fn told(rule: &Rule, model: &Model, told: &Told) -> Finding {
    let draft = Draft {
        rule,
        message: format!("{} are told to write \"{}\" and run beside one another", subject_of(model, &told.actors), told.file),
        actors: told.actors.clone(),
        resource: Some(format!("file:{}", told.file)),
        function: "<module>".into(),
        site: told.parallel,
        help: "Give each agent a file of its own that one of them puts together, or a tool that locks the file".into(),
    };
    let mut finding = draft.finish(model);
    finding.confidence = confidence(1);
    finding.assumption = Some("assumes that the agents do what their prompts tell".into());
    finding.related.extend(told.sites.iter().map(|site| related(Role::Write, "told to write it here", *site)));
    finding
}

/// Accesses to a resource and to those that may be the same file: `notes/*` and `notes/*.md`.
fn beside(model: &Model, index: usize) -> impl Iterator<Item = &Access> {
    let resource = &model.resources[index];
    model.resources.iter().filter(move |r| r.may_be(resource)).flat_map(|r| &r.accesses)
}

/// Whether it reads what the file holds, and not merely that it is there.
fn looks_inside(access: &Access) -> bool {
    access.mode == Mode::Read && !access.presence
}

/// Whether every access that may come between holds a lock that this one holds too.
fn is_guarded(model: &Model, index: usize, write: &Access) -> bool {
    let meets = |other: &Access| model.overlap(other.actor, write.actor) && (looks_inside(other) || other.mode != Mode::Read);
    // One file is not kept by a lock of which there are many: one for each session.
    let one_file = !model.resources[index].name.contains('*');
    let keeps = |guard: &&String| !(one_file && guard.contains('*'));
    let guards: Vec<&String> = write.guards.iter().filter(keeps).collect();
    !guards.is_empty() && beside(model, index).filter(|o| meets(o)).all(|o| o.guards.iter().any(|g| guards.contains(&g)))
}
