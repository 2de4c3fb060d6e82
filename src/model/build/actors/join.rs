//! Joining: a class that is run, the agent object it makes and the manifest's entry are one actor.

use super::{Collector, DraftActor};
use crate::facts::{FunctionId, MODULE};
use crate::knowledge::vocabulary::{ActorKind, Effect};
use crate::link::{ClassRef, FunctionRef};
use rustc_hash::FxHashMap;

impl Collector<'_, '_, '_, '_> {
    /// A class that is run, the agent object it makes, and the manifest's entry are one actor.
    pub(super) fn join_same(&mut self) {
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
                let same_name = actor.name == other.name && self.may_be_one(actor, other);
                let held = actor.class.is_none()
                    && holder.is_some_and(|h| other.class.is_some_and(|c| c == h || program.ancestors(c).contains(&h)));
                if (same_name && j < i) || held {
                    into[i] = j;
                    break;
                }
            }
        }
        self.join_views(&mut into);
        for i in 0..count {
            let mut target = into[i];
            for _ in 0..8 {
                target = into[target];
            }
            into[i] = target;
        }
        self.absorb(&into);
    }

    /// A handler that a decorator declares and a table of routes as well is one endpoint, called by its route.
    fn join_views(&self, into: &mut [usize]) {
        let program = self.input.effects.program;
        let mut routed: FxHashMap<(FunctionRef, &str), usize> = FxHashMap::default();
        let mut bare = Vec::new();
        for (index, actor) in self.draft.actors.iter().enumerate() {
            let ([entry], ActorKind::Endpoint) = (actor.entries.as_slice(), actor.kind) else { continue };
            let function = entry.function.function;
            let key = (function, actor.framework.as_str());
            if actor.name == program.function(function).name {
                bare.push((index, key));
            } else {
                routed.entry(key).or_insert(index);
            }
        }
        for (index, key) in bare {
            if let Some(route) = routed.get(&key) {
                into[index] = *route;
            }
        }
    }

    /// Whether two actors of one name can be the same one.
    fn may_be_one(&self, one: &DraftActor, other: &DraftActor) -> bool {
        if one.class.is_some() && other.class.is_some() {
            return one.class == other.class;
        }
        // Two modules that each make an agent of one name make two; a node stands for an agent made elsewhere, and one
        // section of a manifest for one agent.
        let apart = one.module.is_some() && other.module.is_some() && one.module != other.module;
        let both_made = one.class.is_none() && other.class.is_none() && one.node == other.node && one.kind == other.kind;
        !(apart && both_made) || self.section(one).is_some_and(|key| self.section(other) == Some(key))
    }

    /// The section of a manifest that an actor is made from.
    fn section(&self, actor: &DraftActor) -> Option<String> {
        let declared = self.declared.iter().find(|d| d.site == actor.site && d.declaration.effect == Effect::Actor)?;
        declared.declaration.config.as_ref().and_then(Self::text)
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
            orchestrator.renumber(moved);
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
