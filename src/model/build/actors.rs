//! Who acts: declarations in code and manifests, joined where they are one actor.

use super::Input;
use super::collisions::{self, Collision, Node};
use crate::effects::{Declaration, What};
use crate::facts::{FunctionId, MODULE, Name};
use crate::knowledge::RowId;
use crate::knowledge::vocabulary::{ActorKind, BaseKind, Declares, Effect, Runs};
use crate::link::{ClassRef, FunctionRef, FunctionValue, Kind, Object};
use crate::source::Site;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Actors and orchestrators before they are placed in systems.
#[derive(Default)]
pub(super) struct Draft {
    pub actors: Vec<DraftActor>,
    pub orchestrators: Vec<DraftOrchestrator>,
    /// Runs: the place, the function, the actor or orchestrator's place, contexts.
    pub runs: Vec<Run>,
    pub prompts: Vec<(Option<usize>, String, String, Site)>,
    /// Hand-offs and mesh members: actor indices.
    pub meshes: Vec<(Vec<usize>, Site)>,
    /// Which actor a value made at a place is.
    pub by_site: FxHashMap<Site, usize>,
    pub by_class: FxHashMap<ClassRef, usize>,
    /// Entries of the configuration that match nothing.
    pub unmatched: Vec<(crate::config::Place, String)>,
    /// Keys of a framework's state that two members write in one step.
    pub collisions: Vec<Collision>,
}

pub(super) struct DraftActor {
    pub name: String,
    pub aliases: Vec<String>,
    pub kind: ActorKind,
    pub framework: String,
    pub site: Site,
    pub module: Option<u32>,
    pub entries: Vec<Entry>,
    pub tools: Vec<String>,
    pub multiple: Option<String>,
    pub retries: Option<i64>,
    pub parallel_tools: bool,
    pub class: Option<ClassRef>,
    /// The key of a shared state that its answer replaces.
    pub state_key: Option<String>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub function: Rc<FunctionValue>,
    pub tool: bool,
}

pub(super) struct DraftOrchestrator {
    pub pattern: String,
    pub site: Site,
    pub runs: Option<Runs>,
    pub members: Vec<usize>,
    /// Where the orchestrator's value is made.
    pub made: Option<Site>,
    /// Edges between members by name, for graphs.
    pub edges: Vec<(String, String)>,
    /// Those of them that are followed without a condition.
    pub sure_edges: Vec<(String, String)>,
    /// Its members as far as they write state, and the class of that state.
    pub nodes: Vec<Node>,
    pub state: Kind,
    pub module: u32,
}

#[derive(Clone)]
pub(super) struct Run {
    pub site: Site,
    pub function: FunctionRef,
    /// Where the value that is run was made.
    pub subject: Option<Site>,
    pub class: Option<ClassRef>,
    pub contexts: Rc<Vec<crate::effects::Context>>,
    pub many: bool,
}

pub(super) use crate::link::is_aside;

pub(super) fn collect(input: &Input) -> Draft {
    let mut collector = Collector { input, draft: Draft::default(), declared: Vec::new(), tools_of: FxHashMap::default() };
    collector.declarations();
    collector.actors();
    collector.tools();
    collector.orchestrators();
    collector.loose_tools();
    collector.runs();
    collector.documents();
    super::configured::agents(input, &mut collector.draft);
    collector.join_same();
    collector.draft
}

struct Declared {
    site: Site,
    function: FunctionRef,
    declaration: Declaration,
    contexts: Rc<Vec<crate::effects::Context>>,
}

struct Collector<'i, 'a, 'p, 'k> {
    input: &'i Input<'a, 'p, 'k>,
    draft: Draft,
    declared: Vec<Declared>,
    /// Tools declared on a value made at a place.
    tools_of: FxHashMap<Site, Vec<(String, Kind)>>,
}

impl Collector<'_, '_, '_, '_> {
    fn declarations(&mut self) {
        let program = self.input.effects.program;
        let mut all: Vec<Declared> = Vec::new();
        for function in program.functions() {
            if is_aside(&program.modules[function.module as usize].path) {
                continue;
            }
            if program.function(function).name == "<lambda>" {
                continue;
            }
            let summary = self.input.effects.summary(function, None);
            for item in &summary.items {
                if let What::Declare(declaration) = &*item.what {
                    all.push(Declared {
                        site: item.site,
                        function: item.function,
                        declaration: declaration.clone(),
                        contexts: item.contexts.clone(),
                    });
                }
            }
        }
        // A factory's declaration, seen from its callers, knows more than seen from the factory.
        let mut best: Vec<Declared> = Vec::new();
        let mut seen: FxHashMap<(Site, Effect), Vec<usize>> = FxHashMap::default();
        for declared in all {
            let key = (declared.site, declared.declaration.effect);
            let known = seen.entry(key).or_default();
            let open = is_open(&declared.declaration);
            if declared.declaration.effect == Effect::Run {
                known.push(best.len());
                best.push(declared);
                continue;
            }
            if let Some(at) = known.iter().find(|i| is_open(&best[**i].declaration)).copied() {
                if !open {
                    best[at] = declared;
                }
                continue;
            }
            if open && !known.is_empty() {
                continue;
            }
            let same = known.iter().any(|i| {
                best[*i].declaration.names == declared.declaration.names && best[*i].declaration.config == declared.declaration.config
            });
            if !same {
                known.push(best.len());
                best.push(declared);
            }
        }
        best.sort_by_key(|d| (d.site, d.declaration.effect as u8));
        self.declared = best;
    }

    fn text(kind: &Kind) -> Option<String> {
        match kind {
            Kind::Text(template) if template.has_text() => Some(template.pattern()),
            Kind::OneOf(kinds) => kinds.iter().find_map(Self::text),
            _ => None,
        }
    }

    fn name_of(&self, declared: &Declared) -> (String, Vec<String>) {
        let program = self.input.effects.program;
        let declaration = &declared.declaration;
        let mut names: Vec<String> = Vec::new();
        names.extend(declaration.config.as_ref().and_then(Self::text));
        let explicit: Vec<String> = declaration.names.iter().filter_map(Self::text).filter(|n| n.len() <= 120).collect();
        let role_only = declaration.by_manifest && declaration.actor == Some(ActorKind::Agent);
        if !role_only {
            names.extend(explicit.iter().cloned());
        }
        let within = declaration.within.map(|f| program.function(f).name.to_string()).filter(|n| !n.starts_with("__") && n != "<lambda>");
        if role_only {
            names.extend(within.clone().filter(|_| {
                declaration.within.is_some_and(|f| program.function(f).class.is_some() && program.function(f).decorators.len() == 1)
            }));
        }
        names.extend(declaration.target.as_ref().map(Name::to_string));
        if let Kind::Object(object) = &declaration.subject {
            names.push(program.class(object.class).name.to_string());
        }
        names.extend(within);
        names.extend(explicit);
        let name = names.first().cloned().unwrap_or_else(|| "agent".into());
        names.retain(|n| *n != name);
        names.dedup();
        (name, names)
    }

    fn actors(&mut self) {
        let declared = std::mem::take(&mut self.declared);
        for d in declared.iter().filter(|d| d.declaration.effect == Effect::Actor) {
            let Some(kind) = d.declaration.actor else { continue };
            let (name, aliases) = self.name_of(d);
            let index = self.draft.actors.len();
            let class = match &d.declaration.subject {
                Kind::Object(object) => Some(object.class),
                Kind::Class(class) => Some(*class),
                _ => None,
            };
            let mut actor = DraftActor {
                name,
                aliases,
                kind,
                framework: d.declaration.framework.to_string(),
                site: d.site,
                module: Some(d.function.module),
                entries: Vec::new(),
                tools: Vec::new(),
                multiple: None,
                retries: d.declaration.retries,
                parallel_tools: d.declaration.parallel_tools,
                class,
                state_key: Self::text(&d.declaration.state_key),
            };
            let by_nature = matches!(kind, ActorKind::Endpoint | ActorKind::Worker | ActorKind::ToolServer);
            if d.declaration.multiple || by_nature && !d.declaration.once {
                actor.multiple = Some(
                    match kind {
                        ActorKind::Endpoint => "requests are handled beside one another",
                        ActorKind::Worker => "workers run tasks beside one another",
                        ActorKind::ToolServer => "several clients call its tools",
                        _ => "several instances run",
                    }
                    .into(),
                );
            }
            let hand_written = matches!(d.declaration.subject, Kind::Object(_));
            let entries = d.declaration.entries.clone();
            for entry in &entries {
                let as_tool = kind == ActorKind::Agent && !hand_written || kind == ActorKind::ToolServer;
                self.add_entry(&mut actor, entry, as_tool, 0);
            }
            if let Some(class) = class {
                self.draft.by_class.entry(class).or_insert(index);
            }
            self.draft.by_site.insert(d.site, index);
            if let Kind::Library(value) = &d.declaration.subject {
                // What hangs on a server or agent does not take its place.
                if let Some(site) = value.site.filter(|_| kind != ActorKind::Endpoint) {
                    self.draft.by_site.entry(site).or_insert(index);
                }
            }
            for (kind, site) in &d.declaration.prompts {
                if let Some(text) = Self::text(kind) {
                    self.draft.prompts.push((Some(index), actor.name.clone(), text, *site));
                }
            }
            self.draft.actors.push(actor);
        }
        self.declared = declared;
    }

    /// The functions a tool, node or entry stands for.
    fn add_entry(&self, actor: &mut DraftActor, kind: &Kind, tool: bool, depth: u8) {
        let program = self.input.effects.program;
        if depth > 4 {
            return;
        }
        match kind {
            Kind::Function(value) => {
                let function = program.function(value.function);
                if actor.entries.iter().any(|e| e.function.function == value.function && e.function.receiver == value.receiver) {
                    return;
                }
                actor.entries.push(Entry { function: value.clone(), tool });
                if tool {
                    actor.tools.push(self.tool_name(value.function).unwrap_or_else(|| function.name.to_string()));
                }
            }
            Kind::Object(_) | Kind::Class(_) => {
                let (class, made) = match kind {
                    Kind::Object(object) => (object.class, kind.clone()),
                    Kind::Class(class) => {
                        (*class, Kind::Object(Rc::new(Object { class: *class, exact: true, args: Rc::default(), site: None })))
                    }
                    _ => return,
                };
                let row = program.base_row(class).filter(|r| r.is == BaseKind::Tool);
                let methods: Vec<FunctionRef> = match row {
                    Some(row) if !row.entry.is_empty() => row.entry.iter().filter_map(|m| program.method(class, m)).collect(),
                    // What a node or callback calls: the object itself.
                    None if program.method(class, "__call__").is_some() => program.method(class, "__call__").into_iter().collect(),
                    // A toolkit: the methods it offers.
                    Some(_) => program
                        .class(class)
                        .methods
                        .iter()
                        .map(|m| FunctionRef { module: class.module, function: *m })
                        .filter(|m| !program.function(*m).name.starts_with('_'))
                        .collect(),
                    None => Vec::new(),
                };
                for function in methods {
                    let value =
                        FunctionValue { function, receiver: Some(made.clone()), bound: Vec::new(), captured: Rc::default(), plain: false };
                    if !actor.entries.iter().any(|e| e.function.function == function) {
                        actor.entries.push(Entry { function: Rc::new(value), tool });
                    }
                }
                if row.is_some() {
                    let named =
                        row.and_then(|r| r.named.iter().find_map(|n| program.class_attribute(class, n).as_text().map(str::to_string)));
                    actor.tools.push(named.unwrap_or_else(|| program.class(class).name.to_string()));
                }
            }
            Kind::Library(value) => {
                for (_, arg) in value.args.iter() {
                    if matches!(arg, Kind::Function(_) | Kind::OneOf(_)) {
                        self.add_entry(actor, arg, tool, depth + 1);
                    }
                }
                // `get(list).post(create)`: what was there before stays.
                if let Some(before) = value.parent.as_ref().filter(|p| p.ty == value.ty) {
                    self.add_entry(actor, &Kind::Library(before.clone()), tool, depth + 1);
                }
                for (name, tool_kind) in value.site.and_then(|s| self.tools_of.get(&s)).into_iter().flatten() {
                    let _ = name;
                    self.add_entry(actor, tool_kind, true, depth + 1);
                }
            }
            Kind::List(items) => items.iter().for_each(|i| self.add_entry(actor, i, tool, depth + 1)),
            Kind::OneOf(kinds) => kinds.iter().for_each(|k| self.add_entry(actor, k, tool, depth + 1)),
            _ => {}
        }
    }

    fn tool_name(&self, function: FunctionRef) -> Option<String> {
        let program = self.input.effects.program;
        let site = program.site(function.module, program.function(function).name_span);
        let declared = self.declared.iter().find(|d| d.site == site && d.declaration.effect == Effect::Tool)?;
        declared.declaration.names.iter().find_map(Self::text)
    }

    fn tools(&mut self) {
        for d in self.declared.iter().filter(|d| d.declaration.effect == Effect::Tool) {
            let name = d.declaration.names.iter().find_map(Self::text).unwrap_or_default();
            for (kind, site) in &d.declaration.prompts {
                if let Some(text) = Self::text(kind) {
                    self.draft.prompts.push((None, name.clone(), text, *site));
                }
            }
            let Kind::Library(value) = &d.declaration.subject else { continue };
            let Some(site) = value.site else { continue };
            for entry in &d.declaration.entries {
                self.tools_of.entry(site).or_default().push((name.clone(), entry.clone()));
            }
        }
        let mut actors = std::mem::take(&mut self.draft.actors);
        let mut attached: Vec<(usize, Kind)> = Vec::new();
        for (site, tools) in &self.tools_of {
            if let Some(index) = self.draft.by_site.get(site) {
                attached.extend(tools.iter().map(|(_, k)| (*index, k.clone())));
            }
        }
        attached.sort_by_key(|(i, k)| (*i, entry_place(k)));
        for (index, kind) in attached {
            self.add_entry(&mut actors[index], &kind, true, 0);
        }
        self.draft.actors = actors;
    }

    fn orchestrators(&mut self) {
        let declared = std::mem::take(&mut self.declared);
        let mut graphs: FxHashMap<Site, usize> = FxHashMap::default();
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
                Effect::Member => self.node(d, graph),
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
            if is_aside(&program.modules[coordinator.class.module as usize].path) {
                continue;
            }
            self.draft.orchestrators.push(DraftOrchestrator {
                pattern: "centralized task coordinator".into(),
                site: program.site(coordinator.class.module, program.class(coordinator.class).name_span),
                runs: None,
                members: Vec::new(),
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

    /// The node that an edge begins or ends at: its name, or a constant of the framework.
    fn end_of_edge(kind: &Kind) -> Option<String> {
        match kind {
            Kind::External(name) => name.rsplit('.').next().map(str::to_string),
            kind => Self::text(kind),
        }
    }

    /// A graph's node: an actor where its function calls a model or runs an agent.
    fn node(&mut self, d: &Declared, graph: usize) {
        let program = self.input.effects.program;
        // A node without a name of its own is called by its function.
        let own_name = d.declaration.entries.iter().find_map(|e| match e {
            Kind::Function(f) => Some(program.function(f.function).name.to_string()),
            _ => None,
        });
        let Some(name) = d.declaration.names.iter().find_map(Self::text).or(own_name) else { return };
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
            return;
        }
        let mut actor = DraftActor {
            name,
            aliases: Vec::new(),
            kind: ActorKind::Agent,
            framework: d.declaration.framework.to_string(),
            site: d.site,
            module: Some(d.function.module),
            entries: Vec::new(),
            tools: Vec::new(),
            multiple: None,
            retries: None,
            parallel_tools: false,
            class: None,
            state_key: None,
        };
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
    }

    /// The actors that a member of an orchestrator stands for.
    fn member(&self, kind: &Kind) -> Vec<usize> {
        match kind {
            Kind::Library(value) => value.site.and_then(|s| self.draft.by_site.get(&s)).copied().into_iter().collect(),
            Kind::Object(object) => {
                let by_site = object.site.and_then(|s| self.draft.by_site.get(&s));
                by_site.or_else(|| self.draft.by_class.get(&object.class)).copied().into_iter().collect()
            }
            Kind::List(items) => items.iter().flat_map(|i| self.member(i)).collect(),
            Kind::OneOf(kinds) => kinds.iter().flat_map(|i| self.member(i)).collect(),
            _ => Vec::new(),
        }
    }

    /// Tools that no agent in sight is given: whoever loads them runs them, so those of a file stand as one server of tools.
    fn loose_tools(&mut self) {
        let program = self.input.effects.program;
        let given: FxHashSet<FunctionRef> = self.draft.actors.iter().flat_map(|a| &a.entries).map(|e| e.function.function).collect();
        let mut of_module: BTreeMap<u32, DraftActor> = BTreeMap::new();
        for d in self.declared.iter().filter(|d| d.declaration.effect == Effect::Tool && d.declaration.subject.library().is_none()) {
            let loose = |k: &&Kind| matches!(k, Kind::Function(f) if !given.contains(&f.function));
            let entries: Vec<&Kind> = d.declaration.entries.iter().filter(loose).collect();
            let module = d.function.module;
            if entries.is_empty() {
                continue;
            }
            let path = &program.modules[module as usize].path;
            let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py");
            let actor = of_module.entry(module).or_insert_with(|| DraftActor {
                name: name.into(),
                aliases: Vec::new(),
                kind: ActorKind::ToolServer,
                framework: d.declaration.framework.to_string(),
                site: d.site,
                module: Some(module),
                entries: Vec::new(),
                tools: Vec::new(),
                multiple: Some("whichever agents are given its tools".into()),
                retries: None,
                parallel_tools: false,
                class: None,
                state_key: None,
            });
            for entry in entries {
                self.add_entry(actor, entry, true, 0);
            }
        }
        self.draft.actors.extend(of_module.into_values());
    }

    fn runs(&mut self) {
        for d in &self.declared {
            if !matches!(d.declaration.effect, Effect::Run | Effect::Schedule) {
                continue;
            }
            let (subject, class) = match &d.declaration.subject {
                Kind::Library(value) => (value.site, None),
                Kind::Object(object) => (object.site, Some(object.class)),
                _ => (None, None),
            };
            if d.declaration.effect == Effect::Schedule {
                let index = self.draft.actors.len();
                let mut actor = DraftActor {
                    name: String::new(),
                    aliases: Vec::new(),
                    kind: ActorKind::Job,
                    framework: d.declaration.framework.to_string(),
                    site: d.site,
                    module: Some(d.function.module),
                    entries: Vec::new(),
                    tools: Vec::new(),
                    multiple: None,
                    retries: d.declaration.retries,
                    parallel_tools: false,
                    class: None,
                    state_key: None,
                };
                for entry in &d.declaration.entries {
                    self.add_entry(&mut actor, entry, false, 0);
                }
                let Some(first) = actor.entries.first() else { continue };
                actor.name = self.input.effects.program.function(first.function.function).name.to_string();
                self.draft.by_site.insert(d.site, index);
                self.draft.actors.push(actor);
                continue;
            }
            let many = d.contexts.iter().any(|c| matches!(c.held, crate::effects::Held::Spawned { many: true, .. }));
            self.draft.runs.push(Run { site: d.site, function: d.function, subject, class, contexts: d.contexts.clone(), many });
        }
    }

    /// Agents and tasks of manifests.
    fn documents(&mut self) {
        let knowledge = self.input.effects.program.knowledge;
        for row in knowledge.documents() {
            let files = super::systems::globs(&row.files);
            for manifest in self.input.manifests {
                if !files.is_match(&manifest.path) {
                    continue;
                }
                for found in super::systems::select(&manifest.document, &row.path) {
                    let document = &manifest.document;
                    let has = |key: &str| super::systems::below(document, found.node, key).is_some();
                    if !row.requires.iter().all(|k| has(k)) {
                        continue;
                    }
                    let site = Site { file: manifest.file, span: found.span };
                    let text =
                        |key: &str| super::systems::below(document, found.node, key).and_then(|n| document.text(n)).map(str::to_string);
                    let name = row.named.iter().find_map(|k| text(k)).or_else(|| found.key.clone()).unwrap_or_default();
                    if self.input.effects.records() {
                        self.input.effects.record(RowId::of(row), site, super::systems::declared(row, document, &found, &name));
                    }
                    match row.declares {
                        Declares::Agent => self.manifest_agent(&name, row, document, &found, site),
                        Declares::Task => {
                            for key in &row.prompts {
                                if let Some(node) = super::systems::below(document, found.node, key)
                                    && let Some(text) = document.text(node)
                                {
                                    let site = Site { file: manifest.file, span: document.node(node).span };
                                    self.draft.prompts.push((None, name.clone(), text.to_string(), site));
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn manifest_agent(
        &mut self,
        name: &str,
        row: &crate::knowledge::vocabulary::DocumentRow,
        document: &crate::facts::Document,
        found: &super::systems::Selected,
        site: Site,
    ) {
        let existing =
            self.draft.actors.iter().position(|a| a.kind == ActorKind::Agent && (a.name == name || a.aliases.iter().any(|x| x == name)));
        let index = existing.unwrap_or_else(|| {
            self.draft.actors.push(DraftActor {
                name: name.to_string(),
                aliases: Vec::new(),
                kind: ActorKind::Agent,
                framework: row.framework.clone().unwrap_or_default(),
                site,
                module: None,
                entries: Vec::new(),
                tools: Vec::new(),
                multiple: None,
                retries: None,
                parallel_tools: false,
                class: None,
                state_key: None,
            });
            self.draft.actors.len() - 1
        });
        if existing.is_some() && self.draft.actors[index].name != name {
            let before = std::mem::replace(&mut self.draft.actors[index].name, name.to_string());
            self.draft.actors[index].aliases.push(before);
        }
        for key in &row.prompts {
            if let Some(node) = super::systems::below(document, found.node, key)
                && let Some(text) = document.text(node)
            {
                let at = Site { file: site.file, span: document.node(node).span };
                if key == "role" {
                    self.draft.actors[index].aliases.push(text.trim().to_string());
                }
                self.draft.prompts.push((Some(index), name.to_string(), text.to_string(), at));
            }
        }
    }

    /// A class that is run, the agent object it makes, and the manifest's entry are one actor.
    fn join_same(&mut self) {
        let program = self.input.effects.program;
        let count = self.draft.actors.len();
        let mut into: Vec<usize> = (0..count).collect();
        for i in 0..count {
            let actor = &self.draft.actors[i];
            if actor.kind != ActorKind::Agent {
                continue;
            }
            let within = self
                .declared
                .iter()
                .find(|d| d.site == actor.site && d.declaration.effect == Effect::Actor)
                .and_then(|d| d.declaration.within);
            let holder = within.and_then(|f| enclosing_class(program, f));
            for j in 0..count {
                let other = &self.draft.actors[j];
                if i == j || other.kind != ActorKind::Agent || into[j] == i {
                    continue;
                }
                let same_name = actor.name == other.name && (actor.class.is_none() || other.class.is_none() || actor.class == other.class);
                let held = actor.class.is_none()
                    && holder.is_some_and(|h| other.class.is_some_and(|c| c == h || program.ancestors(c).contains(&h)));
                if (same_name && j < i) || held {
                    into[i] = j;
                    break;
                }
            }
        }
        for i in 0..count {
            let mut target = into[i];
            for _ in 0..8 {
                target = into[target];
            }
            into[i] = target;
        }
        self.absorb(&into);
    }

    fn absorb(&mut self, into: &[usize]) {
        let mut kept: Vec<Option<usize>> = vec![None; into.len()];
        let mut actors: Vec<DraftActor> = Vec::new();
        let all = std::mem::take(&mut self.draft.actors);
        let mut waiting: Vec<(usize, DraftActor)> = Vec::new();
        for (index, actor) in all.into_iter().enumerate() {
            if into[index] == index {
                kept[index] = Some(actors.len());
                actors.push(actor);
            } else {
                waiting.push((index, actor));
            }
        }
        for (index, actor) in waiting {
            let Some(target) = kept[into[index]] else { continue };
            kept[index] = Some(target);
            let own = &mut actors[target];
            // What configuration calls it is its name; the class is an alias.
            if own.class.is_some() && own.aliases.contains(&actor.name) && actor.class.is_none() {
                let before = std::mem::replace(&mut own.name, actor.name.clone());
                own.aliases.push(before);
            } else if own.name != actor.name {
                own.aliases.push(actor.name.clone());
            }
            own.aliases.extend(actor.aliases);
            for entry in actor.entries {
                if !own
                    .entries
                    .iter()
                    .any(|e| e.function.function == entry.function.function && e.function.captured == entry.function.captured)
                {
                    own.entries.push(entry);
                }
            }
            own.tools.extend(actor.tools);
            own.parallel_tools |= actor.parallel_tools;
            own.retries = own.retries.or(actor.retries);
            if own.framework.is_empty() || own.framework == "hand-written" {
                own.framework = actor.framework;
            }
            own.module = own.module.or(actor.module);
            own.class = own.class.or(actor.class);
        }
        let moved = |i: usize| kept.get(i).copied().flatten();
        for index in self.draft.by_site.values_mut().chain(self.draft.by_class.values_mut()) {
            *index = moved(*index).unwrap_or(*index);
        }
        for orchestrator in &mut self.draft.orchestrators {
            orchestrator.members = orchestrator.members.iter().filter_map(|m| moved(*m)).collect();
        }
        for collision in &mut self.draft.collisions {
            collision.actors = collision.actors.iter().filter_map(|m| moved(*m)).collect();
        }
        for (members, _) in &mut self.draft.meshes {
            *members = members.iter().filter_map(|m| moved(*m)).collect();
        }
        for prompt in &mut self.draft.prompts {
            prompt.0 = prompt.0.and_then(moved);
        }
        for actor in &mut actors {
            actor.aliases.sort();
            actor.aliases.dedup();
            let name = actor.name.clone();
            actor.aliases.retain(|a| *a != name);
            actor.tools.sort();
            actor.tools.dedup();
        }
        self.draft.actors = actors;
    }
}

fn enclosing_class(program: &crate::link::Program, function: FunctionRef) -> Option<ClassRef> {
    let mut at = function;
    loop {
        let f = program.function(at);
        if let Some(class) = f.class {
            return Some(ClassRef { module: at.module, class });
        }
        let parent: FunctionId = f.parent?;
        if parent == MODULE {
            return None;
        }
        at.function = parent;
    }
}

fn entry_place(kind: &Kind) -> (u32, u32) {
    match kind {
        Kind::Function(f) => (f.function.module, f.function.function.0),
        _ => (u32::MAX, u32::MAX),
    }
}

fn is_open(declaration: &Declaration) -> bool {
    let open =
        |k: &Kind| matches!(k, Kind::Parameter(_) | Kind::ParameterMember(_) | Kind::Field(_)) || matches!(k, Kind::Text(t) if t.is_open());
    declaration.names.iter().any(open)
        || declaration.config.as_ref().is_some_and(open)
        || declaration.entries.iter().any(open)
        || open(&declaration.subject)
}
