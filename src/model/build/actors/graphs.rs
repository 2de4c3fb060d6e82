//! Orchestrators with their members, nodes and edges; and who is run where.

use super::{Collector, Declared, DraftActor, DraftOrchestrator, Entry, Run};
use crate::effects::{Context, Held, Summary, What};
use crate::facts::ExprKind;
use crate::knowledge::vocabulary::{ActorKind, Effect, Runs};
use crate::link::{Kind, argument};
use crate::model::build::collisions::{self, Node};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

/// A graph's node that is no actor by itself: what it does is done for the agents around it.
struct LooseNode {
    graph: usize,
    name: String,
    /// What it runs.
    entries: Vec<Kind>,
    /// A model chooses which of it, and how often.
    tools: bool,
}

impl Collector<'_, '_, '_, '_> {
    pub(super) fn orchestrators(&mut self) {
        let declared = std::mem::take(&mut self.declared);
        let mut graphs: FxHashMap<Site, usize> = FxHashMap::default();
        let mut loose: Vec<LooseNode> = Vec::new();
        for d in declared.iter().filter(|d| d.declaration.effect == Effect::Orchestrator) {
            let made = match &d.declaration.subject {
                Kind::Library(value) => value.site,
                _ => Some(d.site),
            };
            let mut members: Vec<usize> = d.declaration.members.iter().flat_map(|m| self.member(m)).collect();
            members.extend(self.workers(d));
            let pattern = d.declaration.pattern.as_deref().unwrap_or("agent graph");
            let orchestrator = DraftOrchestrator {
                runs: d.declaration.runs,
                members,
                beside: d.declaration.members.iter().flat_map(|m| self.not_waited_for(m, &declared)).collect(),
                made,
                state: d.declaration.state.clone(),
                ..DraftOrchestrator::new(pattern, d.site, d.function.module)
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
                Effect::Member => loose.extend(self.nodes(d, graph)),
                Effect::Edge => {
                    let sure = d.declaration.runs != Some(Runs::Sequential);
                    let edges = Self::edges(&d.declaration.entries, sure);
                    let orchestrator = &mut self.draft.orchestrators[graph];
                    orchestrator.sure_edges.extend(edges.iter().filter(|_| sure).cloned());
                    orchestrator.edges.extend(edges);
                }
                _ => {}
            }
        }
        for node in loose {
            self.give_away(node);
        }
        for d in declared.iter().filter(|d| d.declaration.effect == Effect::Run && d.declaration.runs == Some(Runs::Parallel)) {
            self.copies(d);
        }
        for d in declared.iter().filter(|d| d.declaration.effect == Effect::Actor && d.declaration.runs != Some(Runs::Mesh)) {
            self.team(d);
        }
        for d in declared.iter().filter(|d| d.declaration.effect == Effect::HandOff || d.declaration.runs == Some(Runs::Mesh)) {
            let members: Vec<usize> = d.declaration.members.iter().chain(&d.declaration.entries).flat_map(|m| self.member(m)).collect();
            if members.len() >= 2 {
                self.draft.meshes.push((members, d.site));
            }
        }
        self.draft.collisions = collisions::find(self.input, &self.draft);
        // One agent alone is orchestrated by nobody; what runs its graph or crew runs the agent.
        for orchestrator in &self.draft.orchestrators {
            if let ([only], Some(made)) = (orchestrator.members.as_slice(), orchestrator.made) {
                self.draft.by_site.entry(made).or_insert(*only);
            }
        }
        self.draft.orchestrators.retain(|o| o.members.len() != 1);
        // A class of the project that hands out locks is a coordinator of whoever uses it.
        for coordinator in self.input.effects.coordinators().all() {
            let program = self.input.effects.program;
            if program.is_aside(coordinator.class.module) {
                continue;
            }
            let site = program.site(coordinator.class.module, program.class(coordinator.class).name_span);
            let orchestrator = DraftOrchestrator::new("centralized task coordinator", site, coordinator.class.module);
            self.draft.orchestrators.push(orchestrator);
        }
        self.declared = declared;
    }

    /// Plain functions that a queue's worker is made with: each is a worker of its own.
    fn workers(&mut self, d: &Declared) -> Vec<usize> {
        let Some(kind) = d.declaration.actor.filter(|kind| *kind == ActorKind::Worker) else { return Vec::new() };
        let program = self.input.effects.program;
        let mut made = Vec::new();
        for member in &d.declaration.members {
            let Kind::Function(value) = member else { continue };
            let function = program.function(value.function);
            let known = self.draft.actors.iter().any(|a| a.kind == kind && a.entries.iter().any(|e| e.function.function == value.function));
            if known || function.name == "<lambda>" {
                continue;
            }
            made.push(self.draft.actors.len());
            self.draft.actors.push(DraftActor {
                module: Some(value.function.module),
                entries: vec![Entry { function: value.clone(), tool: false }],
                multiple: Some("workers run tasks beside one another".into()),
                retries: d.declaration.retries,
                ..DraftActor::new(
                    function.name.as_str(),
                    kind,
                    d.declaration.framework.as_str(),
                    program.site(value.function.module, function.name_span),
                )
            });
        }
        made
    }

    /// The agents to which a node belongs that is none. The tools of one that only runs them are those of the agents it hands
    /// their results to; what another one does is done for the agent before it.
    fn give_away(&mut self, node: LooseNode) {
        let graph = &self.draft.orchestrators[node.graph];
        let mut users = if node.tools { self.users_of(node.graph, &node.name) } else { Vec::new() };
        if !node.tools {
            users.extend(self.nearest(node.graph, &node.name).or_else(|| graph.members.first().copied()));
        } else if users.is_empty() {
            users.clone_from(&graph.members);
        }
        users.sort_unstable();
        users.dedup();
        let mut actors = std::mem::take(&mut self.draft.actors);
        for user in users {
            for entry in &node.entries {
                self.add_entry(&mut actors[user], entry, node.tools, 0);
            }
            actors[user].parallel_tools |= node.tools;
        }
        self.draft.actors = actors;
    }

    fn member_named(&self, graph: &DraftOrchestrator, name: &str) -> Option<usize> {
        graph.members.iter().copied().find(|m| self.draft.actors[*m].name == name)
    }

    /// Agents that come right after a node, else right before it.
    fn users_of(&self, graph: usize, name: &str) -> Vec<usize> {
        let graph = &self.draft.orchestrators[graph];
        let named = |name: &str| self.member_named(graph, name);
        let after: Vec<usize> = graph.edges.iter().filter(|(from, _)| from == name).filter_map(|(_, to)| named(to)).collect();
        if !after.is_empty() {
            return after;
        }
        graph.edges.iter().filter(|(_, to)| to == name).filter_map(|(from, _)| named(from)).collect()
    }

    /// The agent that comes last before a node, else first after it.
    fn nearest(&self, graph: usize, name: &str) -> Option<usize> {
        let graph = &self.draft.orchestrators[graph];
        let named = |name: &str| self.member_named(graph, name);
        let before = |at: &str| graph.edges.iter().filter(|(_, to)| to == at).map(|(from, _)| from.as_str()).collect::<Vec<_>>();
        let after = |at: &str| graph.edges.iter().filter(|(from, _)| from == at).map(|(_, to)| to.as_str()).collect::<Vec<_>>();
        walk(name, before, named).or_else(|| walk(name, after, named))
    }

    /// The edges between the ends that a call names: several where a loop adds them, or where it waits for several nodes.
    fn edges(ends: &[Kind], sure: bool) -> Vec<(String, String)> {
        let [from, to] = ends else { return Vec::new() };
        let from = match from {
            Kind::List(items) if sure => items.iter().flat_map(Self::ends_of_edge).collect(),
            from => Self::ends_of_edge(from),
        };
        let to = Self::ends_of_edge(to);
        if from.len() == to.len() {
            return from.into_iter().zip(to).collect();
        }
        from.iter().flat_map(|f| to.iter().map(move |t| (f.clone(), t.clone()))).collect()
    }

    /// The nodes that an edge may begin or end at: a name, one for each round of a loop, or a constant of the framework.
    fn ends_of_edge(kind: &Kind) -> Vec<String> {
        match kind {
            Kind::External(name) => name.rsplit('.').next().map(str::to_string).into_iter().collect(),
            kind => Self::texts(kind),
        }
    }

    /// The texts that a value may be: in a loop one for each round.
    fn texts(kind: &Kind) -> Vec<String> {
        match kind {
            Kind::OneOf(kinds) => kinds.iter().flat_map(Self::texts).collect(),
            kind => Self::text(kind).into_iter().collect(),
        }
    }

    /// The nodes that a call adds: one, or in a loop one for each name.
    fn nodes(&mut self, d: &Declared, graph: usize) -> Vec<LooseNode> {
        let names = d.declaration.names.iter().map(Self::texts).find(|names| !names.is_empty()).unwrap_or_default();
        let several = names.len();
        if several < 2 {
            return self.node(d, graph, names.into_iter().next(), d.declaration.entries.clone()).into_iter().collect();
        }
        // `for name, run in (("plan", plan), ("check", check))`: each name has its own function.
        let of_round = |kind: &Kind, round: usize| match kind {
            Kind::OneOf(kinds) if kinds.len() == several => kinds[round].clone(),
            kind => kind.clone(),
        };
        let rounds = names.into_iter().enumerate();
        let each = rounds.map(|(round, name)| (name, d.declaration.entries.iter().map(|kind| of_round(kind, round)).collect()));
        each.filter_map(|(name, entries)| self.node(d, graph, Some(name), entries)).collect()
    }

    /// A graph's node: an actor where its function calls a model or runs an agent. One that only runs tools is none.
    fn node(&mut self, d: &Declared, graph: usize, name: Option<String>, entries: Vec<Kind>) -> Option<LooseNode> {
        let program = self.input.effects.program;
        let function = entries.iter().find_map(|e| match e {
            Kind::Function(f) => Some(f.function),
            _ => None,
        });
        // A node without a name of its own is called by its function.
        let name = name.or_else(|| function.map(|f| program.function(f).name.to_string()))?;
        let tools: Vec<Kind> = entries.iter().flat_map(|e| self.tools_run_by(e)).collect();
        if !tools.is_empty() {
            return Some(LooseNode { graph, name, entries: tools, tools: true });
        }
        let existing: Vec<usize> = entries.iter().flat_map(|e| self.member(e)).collect();
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
        let mut actor = DraftActor::new(name.clone(), ActorKind::Agent, d.declaration.framework.as_str(), d.site);
        actor.module = Some(d.function.module);
        actor.node = true;
        for entry in &entries {
            self.add_entry(&mut actor, entry, false, 0);
        }
        let thinks = actor.entries.iter().any(|e| self.input.effects.run(&e.function).thinks);
        let library = entries.iter().any(|e| matches!(e, Kind::Library(_)));
        if thinks || (library && actor.entries.is_empty()) {
            actor.aliases.extend(actor.entries.first().map(|e| self.input.effects.program.function(e.function.function).name.to_string()));
            self.draft.orchestrators[graph].members.push(self.draft.actors.len());
            if let Some(node) = self.draft.orchestrators[graph].nodes.last_mut() {
                node.actor = Some(self.draft.actors.len());
            }
            self.draft.by_site.insert(d.site, self.draft.actors.len());
            self.draft.actors.push(actor);
            return None;
        }
        let acts = actor.entries.iter().any(|e| super::loops::acts(&self.input.effects.summary_of(&e.function), super::loops::DEEP));
        acts.then_some(LooseNode { graph, name, entries, tools: false })
    }

    /// `[Send("translate", part) for part in parts]`: the node runs several times in one step.
    fn copies(&mut self, d: &Declared) {
        let Some(name) = Self::text(&d.declaration.subject) else { return };
        let in_loop = d.contexts.iter().any(|c| matches!(c.held, Held::Loop { .. })) || self.in_comprehension(d);
        let has_node = |graph: usize| self.draft.orchestrators[graph].nodes.iter().any(|node| node.name == name);
        let mut graphs: Vec<usize> = (0..self.draft.orchestrators.len()).filter(|graph| has_node(*graph)).collect();
        if graphs.len() > 1 {
            graphs.retain(|graph| self.draft.orchestrators[*graph].module == d.function.module);
        }
        let ([graph], true) = (graphs.as_slice(), in_loop) else { return };
        let orchestrator = &mut self.draft.orchestrators[*graph];
        let actors = orchestrator.nodes.iter().filter(|node| node.name == name).filter_map(|node| node.actor);
        for actor in actors {
            self.draft.actors[actor].multiple.get_or_insert_with(|| "a copy of it runs for each argument".into());
        }
        orchestrator.copied.push(name);
    }

    fn in_comprehension(&self, d: &Declared) -> bool {
        let facts = self.input.effects.program.facts(d.function.module);
        facts.exprs.iter().any(|e| matches!(e.kind, ExprKind::Comprehension { .. }) && e.span.contains(d.site.span))
    }

    /// An agent that hands its work on to others, together with these: they run where it is run.
    fn team(&mut self, d: &Declared) {
        let (Some(leader), Some(pattern)) = (self.draft.by_site.get(&d.site).copied(), &d.declaration.pattern) else { return };
        let mut members: Vec<usize> = d.declaration.members.iter().flat_map(|m| self.member(m)).filter(|m| *m != leader).collect();
        members.sort_unstable();
        members.dedup();
        if members.is_empty() {
            return;
        }
        members.push(leader);
        self.draft.orchestrators.push(DraftOrchestrator {
            runs: d.declaration.runs,
            members,
            leader: Some(leader),
            ..DraftOrchestrator::new(pattern.as_str(), d.site, d.function.module)
        });
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

    /// Places of runs in functions of which several are spawned at once.
    fn pooled_runs(&self) -> FxHashSet<Site> {
        let effects = self.input.effects;
        let mut pending: Vec<Rc<Summary>> = Vec::new();
        for function in effects.telling().iter().copied() {
            let summary = effects.summary(function, None);
            let spawned = summary.calls.iter().filter(|call| call.contexts.iter().any(several));
            pending.extend(spawned.map(|call| call.summary.clone()));
        }
        let mut sites = FxHashSet::default();
        let mut seen: FxHashSet<*const Summary> = FxHashSet::default();
        while let Some(summary) = pending.pop() {
            if !seen.insert(Rc::as_ptr(&summary)) {
                continue;
            }
            let runs = summary.items.iter().filter(|i| matches!(&*i.what, What::Declare(d) if d.effect == Effect::Run));
            sites.extend(runs.map(|i| i.site));
            pending.extend(summary.calls.iter().map(|call| call.summary.clone()));
        }
        sites
    }

    pub(super) fn runs(&mut self) {
        let is_run = |d: &&Declared| matches!(d.declaration.effect, Effect::Run | Effect::Schedule);
        let pooled = if self.declared.iter().any(|d| is_run(&d)) { self.pooled_runs() } else { FxHashSet::default() };
        for d in self.declared.iter().filter(is_run) {
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
            let many = d.contexts.iter().any(several) || pooled.contains(&d.site);
            self.draft.runs.push(Run { site: d.site, function: d.function, subject, class, contexts: d.contexts.clone(), many, sessions });
        }
    }
}

/// The first agent on the ways that lead away from a node.
fn walk<'g>(from: &'g str, next: impl Fn(&str) -> Vec<&'g str>, agent: impl Fn(&str) -> Option<usize>) -> Option<usize> {
    let mut seen: Vec<&str> = vec![from];
    let mut at = 0;
    while let Some(name) = seen.get(at).copied() {
        let steps = next(name);
        if let Some(found) = steps.iter().find_map(|step| agent(step)) {
            return Some(found);
        }
        steps.into_iter().for_each(|step| {
            if !seen.contains(&step) {
                seen.push(step);
            }
        });
        at += 1;
    }
    None
}

/// Whether several are spawned at once.
fn several(context: &Context) -> bool {
    matches!(context.held, Held::Spawned { many: true, .. })
}
