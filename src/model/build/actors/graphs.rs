//! Orchestrators with their members, nodes and edges; and who is run where.

use super::{Collector, Declared, DraftActor, DraftOrchestrator, Run};
use crate::facts::Name;
use crate::knowledge::vocabulary::{ActorKind, Effect, Runs};
use crate::link::{Kind, argument};
use crate::model::build::collisions::{self, Node};
use crate::source::Site;
use rustc_hash::FxHashMap;

/// A graph's node that runs tools for the agents around it.
struct ToolNode {
    graph: usize,
    name: String,
    tools: Vec<Kind>,
}

impl Collector<'_, '_, '_, '_> {
    pub(super) fn orchestrators(&mut self) {
        let declared = std::mem::take(&mut self.declared);
        let mut graphs: FxHashMap<Site, usize> = FxHashMap::default();
        let mut tool_nodes: Vec<ToolNode> = Vec::new();
        for d in declared.iter().filter(|d| d.declaration.effect == Effect::Orchestrator) {
            let made = match &d.declaration.subject {
                Kind::Library(value) => value.site,
                _ => Some(d.site),
            };
            let members = d.declaration.members.iter().flat_map(|m| self.member(m)).collect();
            let orchestrator = DraftOrchestrator {
                pattern: d.declaration.pattern.as_ref().map_or_else(|| "agent graph".into(), Name::to_string),
                site: d.site,
                runs: d.declaration.runs,
                members,
                beside: d.declaration.members.iter().flat_map(|m| self.not_waited_for(m, &declared)).collect(),
                made,
                edges: Vec::new(),
                sure_edges: Vec::new(),
                nodes: Vec::new(),
                state: d.declaration.state.clone(),
                module: d.function.module,
            };
            graphs.insert(made.unwrap_or(d.site), self.draft.orchestrators.len());
            self.draft.orchestrators.push(orchestrator);
        }
        for d in &declared {
            let made = match &d.declaration.subject {
                Kind::Library(value) => value.site,
                _ => None,
            };
            let Some(graph) = made.and_then(|m| graphs.get(&m)).copied() else { continue };
            match d.declaration.effect {
                Effect::Member => tool_nodes.extend(self.node(d, graph)),
                Effect::Edge => {
                    let ends: Vec<String> = d.declaration.entries.iter().filter_map(Self::end_of_edge).collect();
                    if let [from, to] = ends.as_slice() {
                        let orchestrator = &mut self.draft.orchestrators[graph];
                        orchestrator.edges.push((from.clone(), to.clone()));
                        if d.declaration.runs != Some(Runs::Sequential) {
                            orchestrator.sure_edges.push((from.clone(), to.clone()));
                        }
                    }
                }
                _ => {}
            }
        }
        for node in tool_nodes {
            self.give_tools(node);
        }
        for d in declared.iter().filter(|d| d.declaration.effect == Effect::HandOff || d.declaration.runs == Some(Runs::Mesh)) {
            let members: Vec<usize> = d.declaration.members.iter().chain(&d.declaration.entries).flat_map(|m| self.member(m)).collect();
            if members.len() >= 2 {
                self.draft.meshes.push((members, d.site));
            }
        }
        self.draft.collisions = collisions::find(self.input, &self.draft);
        // One agent alone is orchestrated by nobody.
        self.draft.orchestrators.retain(|o| o.members.len() != 1);
        // A class of the project that hands out locks is a coordinator of whoever uses it.
        for coordinator in self.input.effects.coordinators().all() {
            let program = self.input.effects.program;
            if program.is_aside(coordinator.class.module) {
                continue;
            }
            self.draft.orchestrators.push(DraftOrchestrator {
                pattern: "centralized task coordinator".into(),
                site: program.site(coordinator.class.module, program.class(coordinator.class).name_span),
                runs: None,
                members: Vec::new(),
                beside: Vec::new(),
                made: None,
                edges: Vec::new(),
                sure_edges: Vec::new(),
                nodes: Vec::new(),
                state: Kind::Unknown,
                module: coordinator.class.module,
            });
        }
        self.declared = declared;
    }

    /// The tools of a node that only runs them are those of the agents it hands their results to.
    fn give_tools(&mut self, node: ToolNode) {
        let graph = &self.draft.orchestrators[node.graph];
        let named = |name: &str| graph.members.iter().copied().find(|m| self.draft.actors[*m].name == name);
        let mut users: Vec<usize> = graph.edges.iter().filter(|(from, _)| *from == node.name).filter_map(|(_, to)| named(to)).collect();
        if users.is_empty() {
            users = graph.edges.iter().filter(|(_, to)| *to == node.name).filter_map(|(from, _)| named(from)).collect();
        }
        if users.is_empty() {
            users = graph.members.clone();
        }
        users.sort_unstable();
        users.dedup();
        let mut actors = std::mem::take(&mut self.draft.actors);
        for user in users {
            for tool in &node.tools {
                self.add_entry(&mut actors[user], tool, true, 0);
            }
            actors[user].parallel_tools = true;
        }
        self.draft.actors = actors;
    }

    /// The node that an edge begins or ends at: its name, or a constant of the framework.
    fn end_of_edge(kind: &Kind) -> Option<String> {
        match kind {
            Kind::External(name) => name.rsplit('.').next().map(str::to_string),
            kind => Self::text(kind),
        }
    }

    /// A graph's node: an actor where its function calls a model or runs an agent. One that only runs tools is none.
    fn node(&mut self, d: &Declared, graph: usize) -> Option<ToolNode> {
        let program = self.input.effects.program;
        // A node without a name of its own is called by its function.
        let own_name = d.declaration.entries.iter().find_map(|e| match e {
            Kind::Function(f) => Some(program.function(f.function).name.to_string()),
            _ => None,
        });
        let name = d.declaration.names.iter().find_map(Self::text).or(own_name)?;
        let tools: Vec<Kind> = d.declaration.entries.iter().flat_map(|e| self.tools_run_by(e)).collect();
        if !tools.is_empty() {
            return Some(ToolNode { graph, name, tools });
        }
        let existing: Vec<usize> = d.declaration.entries.iter().flat_map(|e| self.member(e)).collect();
        let function = d.declaration.entries.iter().find_map(|e| match e {
            Kind::Function(f) => Some(f.function),
            _ => None,
        });
        let actor = existing.first().copied();
        self.draft.orchestrators[graph].nodes.push(Node { name: name.clone(), function, actor });
        if let Some(index) = existing.first() {
            let actor = &mut self.draft.actors[*index];
            if actor.name != name {
                let before = std::mem::replace(&mut actor.name, name);
                actor.aliases.push(before);
            }
            self.draft.orchestrators[graph].members.push(*index);
            return None;
        }
        let mut actor = DraftActor::new(name, ActorKind::Agent, d.declaration.framework.as_str(), d.site);
        actor.module = Some(d.function.module);
        actor.node = true;
        for entry in &d.declaration.entries {
            self.add_entry(&mut actor, entry, false, 0);
        }
        let thinks = actor.entries.iter().any(|e| self.input.effects.run(&e.function).thinks);
        let library = d.declaration.entries.iter().any(|e| matches!(e, Kind::Library(_)));
        if thinks || (library && actor.entries.is_empty()) {
            actor.aliases.extend(actor.entries.first().map(|e| self.input.effects.program.function(e.function.function).name.to_string()));
            self.draft.orchestrators[graph].members.push(self.draft.actors.len());
            if let Some(node) = self.draft.orchestrators[graph].nodes.last_mut() {
                node.actor = Some(self.draft.actors.len());
            }
            self.draft.by_site.insert(d.site, self.draft.actors.len());
            self.draft.actors.push(actor);
        }
        None
    }

    /// The tools that a value runs and does nothing else: those it was made with.
    fn tools_run_by(&self, kind: &Kind) -> Vec<Kind> {
        let Kind::Library(value) = kind else { return Vec::new() };
        let knowledge = self.input.effects.program.knowledge;
        let Some(found) = knowledge.construct(value.ty).filter(|f| f.row.effect == Effect::Tool) else { return Vec::new() };
        found.row.entry.iter().filter_map(|p| argument(p, &value.args).cloned()).collect()
    }

    /// The actors that a member of an orchestrator stands for.
    fn member(&self, kind: &Kind) -> Vec<usize> {
        match kind {
            Kind::Library(value) => self.draft.origin(value).and_then(|s| self.draft.by_site.get(&s)).copied().into_iter().collect(),
            Kind::Object(object) => {
                let by_site = object.site.and_then(|s| self.draft.by_site.get(&s));
                by_site.or_else(|| self.draft.by_class.get(&object.class)).copied().into_iter().collect()
            }
            Kind::List(items) => items.iter().flat_map(|i| self.member(i)).collect(),
            Kind::OneOf(kinds) => kinds.iter().flat_map(|i| self.member(i)).collect(),
            _ => Vec::new(),
        }
    }

    /// Who does the tasks among some members that are started and not waited for.
    fn not_waited_for(&self, kind: &Kind, declared: &[Declared]) -> Vec<usize> {
        match kind {
            Kind::Library(value) => {
                let started = |d: &&Declared| {
                    let task = &d.declaration;
                    task.effect == Effect::Task && Some(d.site) == value.site && task.runs == Some(Runs::Parallel)
                };
                declared.iter().find(started).map(|d| self.member(&d.declaration.subject)).unwrap_or_default()
            }
            Kind::List(items) => items.iter().flat_map(|i| self.not_waited_for(i, declared)).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn runs(&mut self) {
        for d in &self.declared {
            if !matches!(d.declaration.effect, Effect::Run | Effect::Schedule) {
                continue;
            }
            let (subject, class) = self.draft.subject_of(&d.declaration.subject);
            if d.declaration.effect == Effect::Schedule {
                let index = self.draft.actors.len();
                let mut actor = DraftActor::new(String::new(), ActorKind::Job, d.declaration.framework.as_str(), d.site);
                actor.module = Some(d.function.module);
                actor.retries = d.declaration.retries;
                for entry in &d.declaration.entries {
                    self.add_entry(&mut actor, entry, false, 0);
                }
                let Some(first) = actor.entries.first() else { continue };
                actor.name = self.input.effects.program.function(first.function.function).name.to_string();
                self.draft.by_site.insert(d.site, index);
                self.draft.actors.push(actor);
                continue;
            }
            let sessions = d.declaration.sessions;
            let many = d.contexts.iter().any(|c| matches!(c.held, crate::effects::Held::Spawned { many: true, .. }));
            self.draft.runs.push(Run { site: d.site, function: d.function, subject, class, contexts: d.contexts.clone(), many, sessions });
        }
    }
}
