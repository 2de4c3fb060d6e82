//! Which parts of a repository are connected, so that their actors can meet; and how packs select parts of documents.

use super::Input;
use super::actors::Draft;
use super::deployment::DraftUnit;
use super::imports::Imports;
use super::schema::Schema;
use super::shared_stores;
use crate::facts::{Document, NodeId};
use crate::model::{Actor, ActorId, EntryPoint, Model, Orchestrator, Prompt, StateCollision, System};
use crate::source::Span;
use globset::{Glob, GlobSet, GlobSetBuilder};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Connected parts: for each module the number of its system.
pub(super) struct Systems {
    of_module: Vec<u32>,
    names: Vec<String>,
}

impl Systems {
    /// Modules are connected by imports, by a manifest that starts both, and by a database that is provably one.
    pub fn find(input: &Input, units: &[DraftUnit], schema: &Schema, imports: &Imports) -> Systems {
        let program = input.effects.program;
        let count = program.modules.len();
        let mut sets = Sets((0..count as u32).collect());
        imports.pairs().for_each(|(module, other)| sets.join(module, other));
        // What one crate holds is one program.
        for module in 0..count as u32 {
            if let Some(root) = program.crate_root(module) {
                sets.join(module, root);
            }
        }
        // An agent that is declared belongs to what lies beside it.
        for module in 0..count as u32 {
            let path = &program.modules[module as usize].path;
            if input.config.declares_agent_in(path) {
                let beside = |m: &u32| folder_of(&program.modules[*m as usize].path) == folder_of(path);
                (0..count as u32).filter(beside).for_each(|m| sets.join(module, m));
            }
        }
        // What one manifest starts is made to meet.
        let mut together: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for unit in units {
            let modules = together.entry(unit.group.as_str()).or_default();
            modules.extend(unit.starts.iter().map(|s| s.module));
            // An image holds what lies in the folder it is built from.
            let below = |m: &u32| unit.context.as_deref().is_some_and(|c| program.modules[*m as usize].path.starts_with(c));
            modules.extend((0..count as u32).filter(below));
        }
        let many: FxHashSet<&str> = units
            .iter()
            .enumerate()
            .filter(|(i, u)| units[..*i].iter().any(|o| o.group == u.group))
            .map(|(_, u)| u.group.as_str())
            .collect();
        for (_, modules) in together.iter().filter(|(group, _)| many.contains(*group)) {
            for module in modules.windows(2) {
                sets.join(module[0], module[1]);
            }
        }
        let roots: Vec<u32> = (0..count as u32).map(|m| sets.root(m)).collect();
        for (one, other) in shared_stores::joined(input, schema, |m| roots[m as usize]) {
            sets.join(one, other);
        }
        let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
        let mut names: Vec<Option<String>> = Vec::new();
        let mut of_module = Vec::with_capacity(count);
        for module in 0..count as u32 {
            let root = sets.root(module);
            let next = numbers.len() as u32;
            let number = *numbers.entry(root).or_insert(next);
            let folder = folder_of(&program.modules[module as usize].path);
            match names.get_mut(number as usize) {
                Some(name) => *name = Some(common(name.as_deref().unwrap_or(""), folder)),
                None => names.push(Some(folder.to_string())),
            }
            of_module.push(number);
        }
        let names =
            names.into_iter().flatten().map(|n| if n.is_empty() { ".".to_string() } else { n.trim_end_matches('/').to_string() }).collect();
        Systems { of_module, names }
    }

    /// Put actors and orchestrators into their systems, sorted, with ids that are unique.
    pub fn place(&self, input: &Input, draft: &mut Draft, model: &mut Model) {
        let program = input.effects.program;
        model.systems = self.names.iter().map(|name| System { name: name.clone(), units: Vec::new() }).collect();
        if model.systems.is_empty() {
            model.systems.push(System { name: ".".into(), units: Vec::new() });
        }
        let paths: Vec<&str> = program.modules.iter().map(|m| m.path.as_str()).collect();
        let systems: Vec<u32> = draft
            .actors
            .iter()
            .map(|a| match a.module {
                Some(module) => self.of_module.get(module as usize).copied().unwrap_or(0),
                None => self.nearest(&paths, &input.files[a.site.file.index()].path),
            })
            .collect();
        let mut order: Vec<usize> = (0..draft.actors.len()).collect();
        order.sort_by_key(|i| (kind_word(draft.actors[*i].kind), draft.actors[*i].name.clone(), draft.actors[*i].site));
        let mut moved = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            moved[*old] = new;
        }
        for old in &order {
            let actor = &draft.actors[*old];
            let plain = format!("{}:{}", kind_word(actor.kind), actor.name);
            let shared = draft.actors.iter().filter(|a| a.kind == actor.kind && a.name == actor.name).count() > 1;
            let mut id = if shared { format!("{plain}@{}", input.files[actor.site.file.index()].path) } else { plain };
            let taken = model.actors.iter().filter(|a: &&Actor| a.id == id || a.id.starts_with(&format!("{id}#"))).count();
            if taken > 0 {
                id = format!("{id}#{}", taken + 1);
            }
            let mut entry_points: Vec<EntryPoint> = actor
                .entries
                .iter()
                .map(|e| EntryPoint {
                    function: program.dotted(e.function.function),
                    site: program.site(e.function.function.module, program.function(e.function.function).name_span),
                })
                .collect();
            entry_points.dedup();
            model.actors.push(Actor {
                id,
                name: actor.name.clone(),
                aliases: actor.aliases.clone(),
                kind: actor.kind,
                framework: actor.framework.clone(),
                site: actor.site,
                tools: actor.tools.clone(),
                entry_points,
                system: systems[*old],
                multiple: actor.multiple.clone(),
                long_running: None,
                stopped_by: None,
                retries: actor.retries,
                by_model: actor.entries.iter().any(|e| e.tool),
                process: None,
                pooled: false,
            });
        }
        let mut actors: Vec<Option<_>> = std::mem::take(&mut draft.actors).into_iter().map(Some).collect();
        draft.actors = order.iter().filter_map(|old| actors[*old].take()).collect();
        for index in draft.by_site.values_mut().chain(draft.by_class.values_mut()) {
            *index = moved[*index];
        }
        for orchestrator in &mut draft.orchestrators {
            orchestrator.renumber(|m| Some(moved[m]));
        }
        for collision in &draft.collisions {
            model.collisions.push(StateCollision {
                key: collision.key.clone(),
                names: collision.names.clone(),
                actors: collision.actors.iter().filter_map(|a| moved.get(*a)).map(|a| ActorId(*a as u32)).collect(),
                writes: collision.writes,
                function: collision.function.map(|f| program.qualified(f).to_string()).unwrap_or_default(),
                declared: collision.declared,
            });
        }
        for (members, _) in &mut draft.meshes {
            *members = members.iter().map(|m| moved[*m]).collect();
        }
        for prompt in &draft.prompts {
            model.prompts.push(Prompt {
                actor: prompt.0.map(|i| ActorId(moved[i] as u32)),
                name: prompt.1.clone(),
                text: prompt.2.clone(),
                site: prompt.3,
            });
        }
        for orchestrator in &draft.orchestrators {
            let system = self.of_module.get(orchestrator.module as usize).copied().unwrap_or(0);
            model.orchestrators.push(Orchestrator { pattern: orchestrator.pattern.clone(), site: orchestrator.site, system });
        }
    }

    /// The system of the code nearest to a document: below its folder, else around it.
    pub fn nearest(&self, paths: &[&str], document: &str) -> u32 {
        let folder = folder_of(document);
        let best = paths.iter().enumerate().max_by_key(|(i, path)| (common(folder, path).len(), std::cmp::Reverse(*i)));
        best.map_or(0, |(module, _)| self.of_module(module as u32))
    }

    /// The system of a module.
    pub fn of_module(&self, module: u32) -> u32 {
        self.of_module.get(module as usize).copied().unwrap_or(0)
    }
}

struct Sets(Vec<u32>);

impl Sets {
    fn root(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            self.0[at as usize] = self.0[self.0[at as usize] as usize];
            at = self.0[at as usize];
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// The folder of a path, with its final slash; empty for the top.
pub(super) fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |i| &path[..=i])
}

/// The longest common folder of two paths.
pub(super) fn common(a: &str, b: &str) -> String {
    let mut end = 0;
    for (i, (x, y)) in a.bytes().zip(b.bytes()).enumerate() {
        if x != y {
            break;
        }
        if x == b'/' {
            end = i + 1;
        }
    }
    if a == b { a.to_string() } else { a[..end].to_string() }
}

/// The word of an actor's kind in its id.
pub(super) fn kind_word(kind: crate::knowledge::vocabulary::ActorKind) -> &'static str {
    use crate::knowledge::vocabulary::ActorKind;
    match kind {
        ActorKind::Agent => "agent",
        ActorKind::Worker => "worker",
        ActorKind::Endpoint => "endpoint",
        ActorKind::Job => "job",
        ActorKind::ToolServer => "tool-server",
    }
}

/// Globs of a row, ready to be asked; one that cannot be read matches nothing.
pub(crate) fn globs(globs: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    globs.iter().filter_map(|g| Glob::new(g).ok()).for_each(|g| {
        builder.add(g);
    });
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

/// A part of a document that a path selects.
pub(super) struct Selected {
    pub node: NodeId,
    /// The last key that `*` stood for.
    pub key: Option<String>,
    pub span: Span,
}

/// The parts of a document under a path: keys joined by dots, `*` for any key or item.
pub(super) fn select(document: &Document, path: &str) -> Vec<Selected> {
    document.root.map(|root| select_below(document, root, path)).unwrap_or_default()
}

/// The parts below a node under a path of the same form.
pub(super) fn select_below(document: &Document, node: NodeId, path: &str) -> Vec<Selected> {
    let mut found = vec![Selected { node, key: None, span: document.node(node).span }];
    for step in path.split('.').filter(|s| !s.is_empty()) {
        let mut next = Vec::new();
        for at in found {
            if step == "*" {
                for entry in document.entries(at.node) {
                    next.push(Selected { node: entry.value, key: Some(entry.key.clone()), span: entry.key_span });
                }
                for item in document.items(at.node) {
                    next.push(Selected { node: *item, key: at.key.clone(), span: document.node(*item).span });
                }
            } else if let Some(entry) = document.entry(at.node, step) {
                next.push(Selected { node: entry.value, key: at.key, span: entry.key_span });
            }
        }
        found = next;
    }
    found
}

/// What stands below a node under a dotted key.
pub(super) fn below(document: &Document, node: NodeId, key: &str) -> Option<NodeId> {
    key.split('.').filter(|step| !step.is_empty()).try_fold(node, |at, step| document.get(at, step))
}
