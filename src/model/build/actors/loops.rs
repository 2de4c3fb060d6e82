//! Loops that are actors though nothing declares them: functions that code spawns and that run until they are stopped.
//!
//! A loop that an actor spawns is part of that actor; so is one that is a method of an actor's class. What several are spawned
//! of, and what reads and writes back one thing, is an actor too, though each of them ends.

use super::{Collector, DraftActor, Entry};
use crate::effects::{Context, Held, Item, Summary, What};
use crate::knowledge::vocabulary::{ActorKind, Effect};
use crate::link::{ClassRef, FunctionRef, FunctionValue, Kind, Program};
use crate::source::Site;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How many calls below the place where it is spawned a loop is looked for.
pub(super) const DEEP: u8 = 3;

impl Collector<'_, '_, '_, '_> {
    /// Workers that are spawned loops.
    pub(super) fn loops(&mut self) {
        let program = self.input.effects.program;
        let own = self.spawned_by_actors();
        // Each function once, however many spawn it.
        let mut found: BTreeMap<FunctionRef, bool> = BTreeMap::new();
        for function in self.input.effects.telling().iter().copied() {
            let summary = self.input.effects.summary(function, None);
            let items = summary.items.iter().map(|i| (&i.contexts, None));
            let calls = summary.calls.iter().map(|c| (&c.contexts, Some(&c.summary)));
            for (contexts, below) in items.chain(calls) {
                let Some(at) = contexts.iter().rposition(|c| matches!(c.held, Held::Spawned { .. })) else { continue };
                let inner = endless(program, &contexts[at + 1..]);
                let Some(looping) = inner.or_else(|| below.and_then(|b| loop_below(program, b, DEEP))) else { continue };
                // What is declared where it is spawned is an actor already.
                let is_actor = self.draft.by_site.contains_key(&contexts[at].site);
                if !is_actor && !own.contains(&contexts[at].site) && !self.belongs_to_actor(looping) {
                    let several = |c: &Context| matches!(c.held, Held::Spawned { many: true, .. });
                    *found.entry(looping).or_default() |= contexts[..=at].iter().any(several);
                }
            }
        }
        for function in self.crowds(&own) {
            found.entry(function).or_insert(true);
        }
        for (function, many) in found {
            let acts = acts(&self.input.effects.summary(function, None), DEEP);
            if acts && !program.is_aside(function.module) {
                self.spawned(function, many);
            }
        }
    }

    /// Functions of which code that no actor runs spawns several at once, and which read and write back one resource.
    fn crowds(&self, own: &FxHashSet<Site>) -> Vec<FunctionRef> {
        let program = self.input.effects.program;
        let mut found = Vec::new();
        for spawner in self.input.effects.telling().iter().copied().filter(|f| !program.is_rust(f.module)) {
            for call in &self.input.effects.summary(spawner, None).calls {
                let several = |c: &&Context| matches!(c.held, Held::Spawned { many: true, .. }) && c.function == spawner;
                let Some(spawned) = call.contexts.iter().rfind(several) else { continue };
                if own.contains(&spawned.site) || !call.summary.writes_back(DEEP) {
                    continue;
                }
                if let Some(function) = whose(&call.summary).filter(|f| !found.contains(f) && !self.belongs_to_actor(*f)) {
                    found.push(function);
                }
            }
        }
        found
    }

    fn spawned(&mut self, function: FunctionRef, many: bool) {
        let program = self.input.effects.program;
        let f = program.function(function);
        let class = f.class.filter(|_| program.takes_receiver(function)).map(|class| ClassRef { module: function.module, class });
        let receiver = class.map(Kind::instance);
        let value = FunctionValue::of(function, receiver);
        // A method is called by what it loops for.
        let (name, aliases) = match class {
            Some(class) => (program.class(class).name.to_string(), vec![f.name.to_string()]),
            None => (f.name.to_string(), Vec::new()),
        };
        self.draft.actors.push(DraftActor {
            aliases,
            module: Some(function.module),
            entries: vec![Entry { function: Rc::new(value), tool: false }],
            multiple: many.then(|| "several are spawned".into()),
            ..DraftActor::new(name, ActorKind::Worker, "", program.site(function.module, f.name_span))
        });
    }

    /// Where actors spawn: what runs there is theirs.
    fn spawned_by_actors(&self) -> FxHashSet<Site> {
        let mut sites = FxHashSet::default();
        self.each_summary(|summary| {
            let around = summary.items.iter().map(|i| &i.contexts).chain(summary.calls.iter().map(|c| &c.contexts));
            sites.extend(around.flat_map(|c| c.iter()).filter(|c| matches!(c.held, Held::Spawned { .. })).map(|c| c.site));
        });
        sites
    }

    /// Look at what each function that actors lead to does, once.
    pub(super) fn each_summary(&self, mut look: impl FnMut(&Summary)) {
        let effects = self.input.effects;
        let mut seen: FxHashSet<*const Summary> = FxHashSet::default();
        let entries = self.draft.actors.iter().flat_map(|a| &a.entries);
        let mut pending: Vec<Rc<Summary>> = entries.map(|e| effects.summary_of(&e.function)).collect();
        while let Some(summary) = pending.pop() {
            if !seen.insert(Rc::as_ptr(&summary)) {
                continue;
            }
            look(&summary);
            pending.extend(summary.calls.iter().map(|c| c.summary.clone()));
        }
    }

    fn belongs_to_actor(&self, function: FunctionRef) -> bool {
        let program = self.input.effects.program;
        if program.function(function).name == "<lambda>" {
            return true;
        }
        let class = program.function(function).class.map(|class| ClassRef { module: function.module, class });
        let of_actor = class.is_some_and(|c| self.draft.by_class.keys().any(|k| *k == c || program.ancestors(*k).contains(&c)));
        of_actor || self.draft.actors.iter().any(|a| a.entries.iter().any(|e| e.function.function == function))
    }
}

/// The function whose endless loop is the outermost of these contexts. What a closure loops for, such as starting its part of
/// the program again, is told by the function that it runs.
fn endless(program: &Program, contexts: &[Context]) -> Option<FunctionRef> {
    contexts.iter().find(|c| c.is_endless() && program.function(c.function).name != "<lambda>").map(|c| c.function)
}

/// The function that loops without end in what a spawned one does.
fn loop_below(program: &Program, summary: &Summary, depth: u8) -> Option<FunctionRef> {
    let own = summary.items.iter().map(|i| &i.contexts).chain(summary.calls.iter().map(|c| &c.contexts));
    let found = own.filter(|c| !spawns(c)).find_map(|c| endless(program, c));
    found.or_else(|| {
        let mut called = summary.calls.iter().filter(|c| depth > 0 && !spawns(&c.contexts));
        called.find_map(|c| loop_below(program, &c.summary, depth - 1))
    })
}

fn spawns(contexts: &[Context]) -> bool {
    contexts.iter().any(|c| matches!(c.held, Held::Spawned { .. }))
}

/// Whether a function does something that others can notice, or thinks.
pub(super) fn acts(summary: &Summary, depth: u8) -> bool {
    summary.thinks || summary.items.iter().any(noticed) || depth > 0 && summary.calls.iter().any(|c| acts(&c.summary, depth - 1))
}

pub(in crate::model::build) fn noticed(item: &Item) -> bool {
    match &*item.what {
        What::Access(access) => !access.private,
        What::Event { .. } | What::Acquire { .. } => true,
        What::Declare(declaration) => declaration.effect == Effect::Run,
        _ => false,
    }
}

/// The function that a summary is of, where it does anything.
fn whose(summary: &Summary) -> Option<FunctionRef> {
    let item = summary.items.first().map(|i| i.chain.as_ref().map_or(i.function, |first| first.function));
    item.or_else(|| summary.calls.first().map(|c| c.call.function))
}
