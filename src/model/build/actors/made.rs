//! Actors that code makes, with the functions and tools they are given.

use super::{Collector, DraftActor, Entry};
use crate::knowledge::vocabulary::{ActorKind, BaseKind, Effect};
use crate::link::{FunctionRef, FunctionValue, Kind, Object};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::rc::Rc;

impl Collector<'_, '_, '_, '_> {
    pub(super) fn actors(&mut self) {
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
                aliases,
                module: Some(d.function.module),
                retries: d.declaration.retries,
                parallel_tools: d.declaration.parallel_tools,
                class,
                state_key: Self::text(&d.declaration.state_key),
                ..DraftActor::new(name, kind, d.declaration.framework.as_str(), d.site)
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
    pub(super) fn add_entry(&self, actor: &mut DraftActor, kind: &Kind, tool: bool, depth: u8) {
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
                    let value = FunctionValue::of(function, Some(made.clone()));
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

    pub(super) fn tools(&mut self) {
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

    /// Tools that no agent in sight is given: whoever loads them runs them, so those of a file stand as one server of tools.
    pub(super) fn loose_tools(&mut self) {
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
                module: Some(module),
                multiple: Some("whichever agents are given its tools".into()),
                ..DraftActor::new(name, ActorKind::ToolServer, d.declaration.framework.as_str(), d.site)
            });
            for entry in entries {
                self.add_entry(actor, entry, true, 0);
            }
        }
        self.draft.actors.extend(of_module.into_values());
    }
}

fn entry_place(kind: &Kind) -> (u32, u32) {
    match kind {
        Kind::Function(f) => (f.function.module, f.function.function.0),
        _ => (u32::MAX, u32::MAX),
    }
}
