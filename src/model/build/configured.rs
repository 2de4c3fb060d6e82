//! What a project says of itself in its configuration, laid over what was found: agents, resources, an orchestrator, controls.
//!
//! What an entry speaks about must be there: an entry that matches nothing is noted, for the user to be told. Names of
//! resources are their ids in the report or globs of them; names of actors are those of the report, or their ids.

use super::Input;
use super::accesses::is_shared;
use super::actors::{Draft, DraftActor, Entry};
use crate::config::{AgentDeclaration, Place, Placed, ResourceDeclaration};
use crate::facts::{Document, MODULE, NodeKind};
use crate::knowledge::vocabulary::ActorKind;
use crate::link::{FunctionRef, FunctionValue};
use crate::model::{Actor, ActorId, Control, ControlKind, Model, Orchestrator, Policy, Resource, ResourceId};
use crate::source::{FileId, Site, Span};
use globset::{Glob, GlobMatcher};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Names of configuration files, for showing where something is declared.
const FILES: [&str; 3] = ["clawproof.yaml", ".clawproof.yaml", "pyproject.toml"];
/// Shorter texts of a manifest name things; longer ones are told to a model.
const PROMPT: usize = 40;

/// Agents that the analysis cannot see.
pub(super) fn agents(input: &Input, draft: &mut Draft) {
    for agent in &input.config.agents {
        if let Some(name) = &agent.function {
            let found = functions(input, &name.value);
            match found {
                Some(function) => function_agent(input, draft, agent, function),
                None => draft.unmatched.push((name.place, format!("agent \"{}\": there is no function {}", agent.name.value, name.value))),
            }
        } else if let Some(file) = &agent.file {
            let path = file.value.trim_start_matches("./");
            match input.effects.program.modules.iter().position(|m| m.path == path) {
                Some(module) => function_agent(input, draft, agent, FunctionRef { module: module as u32, function: MODULE }),
                None => draft.unmatched.push((file.place, format!("agent \"{}\": there is no code in {path}", agent.name.value))),
            }
        }
        if let Some(manifest) = &agent.manifest {
            let path = manifest.value.trim_start_matches("./");
            match input.manifests.iter().find(|m| m.path == path) {
                Some(found) => manifest_agent(draft, agent, found.file, &found.document),
                None => draft.unmatched.push((manifest.place, format!("agent \"{}\": there is no manifest {path}", agent.name.value))),
            }
        }
    }
}

/// The function that a dotted name means: as a whole, else by its end.
fn functions(input: &Input, name: &str) -> Option<FunctionRef> {
    let program = input.effects.program;
    let whole = program.functions().find(|f| program.dotted(*f) == name);
    whole.or_else(|| program.functions().find(|f| program.dotted(*f).strip_suffix(name).is_some_and(|before| before.ends_with('.'))))
}

fn function_agent(input: &Input, draft: &mut Draft, agent: &AgentDeclaration, function: FunctionRef) {
    let program = input.effects.program;
    let name = &agent.name.value;
    let runs = |a: &DraftActor| a.kind == ActorKind::Agent && a.entries.iter().any(|e| e.function.function == function);
    if let Some(known) = draft.actors.iter_mut().find(|a| runs(a)) {
        let before = std::mem::replace(&mut known.name, name.clone());
        known.aliases.push(before);
        return;
    }
    let value = FunctionValue::of(function, None);
    let site = program.site(function.module, program.function(function).name_span);
    let mut actor = declared(name, site);
    actor.module = Some(function.module);
    actor.entries.push(Entry { function: Rc::new(value), tool: false });
    draft.actors.push(actor);
}

fn manifest_agent(draft: &mut Draft, agent: &AgentDeclaration, file: FileId, document: &Document) {
    let name = &agent.name.value;
    let known = draft.actors.iter().position(|a| a.kind == ActorKind::Agent && (a.site.file == file || a.name == *name));
    let index = known.unwrap_or_else(|| {
        draft.actors.push(declared(name, Site { file, span: Span::default() }));
        draft.actors.len() - 1
    });
    let actor = &mut draft.actors[index];
    if actor.name != *name {
        let before = std::mem::replace(&mut actor.name, name.clone());
        actor.aliases.push(before);
    }
    for node in &document.nodes {
        if let NodeKind::Scalar(text) = &node.kind
            && text.len() > PROMPT
        {
            let prompt = (Some(index), name.clone(), text.clone(), Site { file, span: node.span });
            if !draft.prompts.iter().any(|p| p.3 == prompt.3) {
                draft.prompts.push(prompt);
            }
        }
    }
}

fn declared(name: &str, site: Site) -> DraftActor {
    DraftActor::new(name, ActorKind::Agent, "declared", site)
}

/// Rename, merge and leave out resources, and give them their access policy.
pub(super) fn resources(input: &Input, model: &mut Model) {
    for (id, declaration) in &input.config.resources {
        let matching = |glob: &Placed<String>, model: &mut Model| -> Vec<usize> {
            let found: Vec<usize> = match matcher(&glob.value) {
                Some(matcher) => (0..model.resources.len()).filter(|r| named(&matcher, &model.resources[*r])).collect(),
                None => Vec::new(),
            };
            if found.is_empty() {
                model.unmatched.push((glob.place, format!("\"{}\" matches no resource", glob.value)));
            }
            found
        };
        let mut chosen = matching(id, model);
        for other in &declaration.merge {
            chosen.extend(matching(other, model));
        }
        chosen.dedup();
        if declaration.ignore {
            rearrange(model, |index| if chosen.contains(&index) { None } else { Some(index) });
            continue;
        }
        if declaration.name.is_some() || !declaration.merge.is_empty() {
            chosen = merged(model, &chosen, declaration);
        }
        if declaration.readers.is_some() || declaration.writers.is_some() {
            let policy = policy(input, id, declaration, model);
            for index in chosen {
                model.resources[index].policy = Some(policy.clone());
            }
        }
    }
}

fn matcher(glob: &str) -> Option<GlobMatcher> {
    Glob::new(glob).ok().map(|g| g.compile_matcher())
}

/// A pattern in an id (`redis:stock:*`) is matched by itself too.
fn named(matcher: &GlobMatcher, resource: &Resource) -> bool {
    matcher.glob().glob() == resource.id || matcher.is_match(&resource.id)
}

/// Make one resource of several, for each system, under the name that is declared; where they are then.
fn merged(model: &mut Model, chosen: &[usize], declaration: &ResourceDeclaration) -> Vec<usize> {
    let mut first: BTreeMap<u32, usize> = BTreeMap::new();
    for index in chosen {
        first.entry(model.resources[*index].system).or_insert(*index);
    }
    for index in chosen {
        let target = first[&model.resources[*index].system];
        if *index == target {
            continue;
        }
        let other = std::mem::take(&mut model.resources[*index].accesses);
        let (readers, writers) = (model.resources[*index].readers.clone(), model.resources[*index].writers.clone());
        let own = &mut model.resources[target];
        own.accesses.extend(other);
        own.accesses.sort_by_key(|a| (a.actor, a.site));
        for (own, more) in [(&mut own.readers, readers), (&mut own.writers, writers)] {
            own.extend(more);
            own.sort();
            own.dedup();
        }
    }
    let mut names: Vec<(u32, String)> = Vec::new();
    for (system, target) in &first {
        let resource = &mut model.resources[*target];
        if let Some(name) = &declaration.name {
            resource.name.clone_from(&name.value);
            resource.id = format!("{}:{}", resource.store, name.value);
        }
        names.push((*system, resource.id.clone()));
        let shared = is_shared(model, &model.resources[*target]);
        model.resources[*target].shared = shared;
    }
    let systems: Vec<u32> = model.resources.iter().map(|r| r.system).collect();
    rearrange(model, |index| if chosen.contains(&index) { first.get(&systems[index]).copied() } else { Some(index) });
    let is_named = |r: &Resource| names.iter().any(|(system, id)| *system == r.system && *id == r.id);
    (0..model.resources.len()).filter(|r| is_named(&model.resources[*r])).collect()
}

/// Keep the resources that stand for themselves, sorted, and let everything that points to one point to what stands for it.
fn rearrange(model: &mut Model, stands_for: impl Fn(usize) -> Option<usize>) {
    let count = model.resources.len();
    let mut order: Vec<usize> = (0..count).filter(|i| stands_for(*i) == Some(*i)).collect();
    order.sort_by(|a, b| (&model.resources[*a].id, model.resources[*a].system).cmp(&(&model.resources[*b].id, model.resources[*b].system)));
    let mut place: Vec<Option<u32>> = vec![None; count];
    for (new, old) in order.iter().enumerate() {
        place[*old] = Some(new as u32);
    }
    let moved = |index: usize| stands_for(index).and_then(|i| place[i]);
    model.races.retain_mut(|race| match moved(race.resource.0 as usize) {
        Some(new) => {
            race.resource = ResourceId(new);
            true
        }
        None => false,
    });
    let mut all: Vec<Option<Resource>> = std::mem::take(&mut model.resources).into_iter().map(Some).collect();
    model.resources = order.iter().filter_map(|i| all[*i].take()).collect();
}

fn policy(input: &Input, id: &Placed<String>, declaration: &ResourceDeclaration, model: &mut Model) -> Policy {
    let site = written(input, id.place, &id.value);
    let mut who = |names: &Option<Vec<Placed<String>>>| -> Option<Vec<ActorId>> {
        let names = names.as_ref()?;
        let mut found = Vec::new();
        for name in names {
            let called = |a: &Actor| a.name == name.value || a.id == name.value || a.aliases.contains(&name.value);
            let matching: Vec<ActorId> = (0..model.actors.len()).filter(|a| called(&model.actors[*a])).map(|a| ActorId(a as u32)).collect();
            if matching.is_empty() {
                model.unmatched.push((name.place, format!("\"{}\" is no agent or other actor", name.value)));
            }
            found.extend(matching);
        }
        Some(found)
    };
    let (readers, writers) = (who(&declaration.readers), who(&declaration.writers));
    Policy { readers, writers, site }
}

/// An orchestrator and controls that live elsewhere.
pub(super) fn elsewhere(input: &Input, model: &mut Model) {
    let Some(anywhere) = model.actors.iter().map(|a| a.site).min() else { return };
    let site = |place: Place, word: &str| written(input, place, word).unwrap_or(anywhere);
    if let Some(orchestrator) = &input.config.orchestrator {
        let site = site(orchestrator.pattern.place, &orchestrator.pattern.value);
        let pattern = format!("{} (declared)", orchestrator.pattern.value);
        for system in (0..model.systems.len() as u32).rev() {
            model.orchestrators.insert(0, Orchestrator { pattern: pattern.clone(), site, system });
        }
    }
    for (row, control) in &input.config.controls {
        let kind = match row.value.as_str() {
            "deadlock-alerting" => ControlKind::Alert,
            "kill-switch" => ControlKind::KillSwitch,
            "contention-metrics" => ControlKind::Metric,
            _ => ControlKind::ConcurrencyTest,
        };
        let mut declared = Control::new(kind, Vec::new(), site(row.place, &row.value), control.place.value.clone());
        declared.declared = true;
        declared.threshold = control.threshold_seconds.as_ref().map(|t| t.value);
        model.controls.insert(0, declared);
    }
}

/// Where an entry of the configuration stands, where its file is one of those scanned.
fn written(input: &Input, place: Place, word: &str) -> Option<Site> {
    input.files.iter().enumerate().filter(|(_, f)| FILES.contains(&f.path.as_str())).find_map(|(index, file)| {
        let (start, end) = file.lines.range(place.line, file.text.len() as u32)?;
        let at = file.text.get(start as usize..end as usize)?.find(word)? as u32;
        Some(Site { file: FileId(index as u32), span: Span::new(start + at, start + at + word.len() as u32) })
    })
}
