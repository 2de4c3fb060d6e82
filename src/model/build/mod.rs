//! Making the model: from declarations and summaries to actors, resources, locks, and who runs beside whom.
//!
//! In order: actors are collected and joined where they are one; systems say who can meet at all; each actor's entry points
//! are run through `effects` and their items become accesses, takings and races; then overlap decides what is shared.

mod accesses;
mod actors;
mod alerts;
mod alike;
mod channels;
mod claims;
mod clients;
mod collisions;
mod commands;
mod configured;
mod construction;
mod controls;
mod coordinators;
mod decided;
mod definitions;
mod deployment;
mod doubts;
mod held;
mod hosting;
mod imports;
mod locks;
mod marks;
mod orders;
mod overlap;
mod parts;
mod races;
mod records;
mod replacements;
mod rows;
mod schema;
mod settings;
mod shared_stores;
mod systems;
mod taken;
mod told;
mod variables;
mod within;

use super::{ActorId, Coverage, Frame, Model};
use crate::config::Config;
use crate::effects::{Context, Effects, Item, Sorts, Summary, Told, Visit, What};
use crate::facts::Document;
use crate::knowledge::vocabulary::Effect;
use crate::link::FunctionRef;
use crate::source::{FileId, Site, SourceFile};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;
pub(crate) use systems::globs;

/// A document with the file it stands in.
#[derive(Debug)]
pub struct Manifest {
    /// Which file.
    pub file: FileId,
    /// Its path.
    pub path: String,
    /// What it holds.
    pub document: Document,
}

/// What the model is made of.
pub struct Input<'a, 'p, 'k> {
    /// Summaries of the program that matters.
    pub effects: &'a Effects<'p, 'k>,
    /// All files of the run.
    pub files: &'a [SourceFile],
    /// Data and configuration files.
    pub manifests: &'a [Manifest],
    /// Statements of `.sql` files.
    pub scripts: &'a [(FileId, Vec<crate::sql::Statement>)],
    /// What the user declared.
    pub config: &'a Config,
}

/// Build the model.
pub fn build(input: &Input, coverage: Coverage) -> Model {
    let units = deployment::collect(input);
    let program = input.effects.program;
    let starts = units.iter().flat_map(|unit| &unit.starts);
    program.tell_words(commands::words_given(starts, |module| program.modules[module as usize].path.as_str()));
    let imports = imports::Imports::of(input.effects.program);
    let parts = parts::of(input, &units);
    let mut draft = actors::collect(input, &units, &parts, &imports);
    let schema = definitions::schema(input);
    let systems = systems::Systems::find(input, &units, &schema, &imports);
    let mut model = Model { coverage, ..Model::default() };
    systems.place(input, &mut draft, &mut model);
    let paths: Vec<&str> = input.effects.program.modules.iter().map(|m| m.path.as_str()).collect();
    hosting::find(input, &draft, (&units, &parts), &deployment::own_processes(input), (&systems, &imports), &paths, &mut model);
    let mut visited = Visited::default();
    let mut doings: Vec<Doing> = (0..model.actors.len() as u32).map(|a| Doing::of(input, &draft, ActorId(a), &mut visited)).collect();
    held::around_tools(&draft, &mut doings);
    overlap::find(&draft, &doings, &mut model);
    locks::collect(input, &doings, &mut model);
    settings::bound_waits(input, &mut model);
    accesses::collect(input, &doings, &schema, &mut model);
    locks::guarded(input, &doings, &mut model);
    races::collect(input, &doings, &schema, &mut model);
    replacements::collect(input, &doings, &schema, &mut model);
    claims::collect(input, &doings, &mut model);
    told::collect(&mut model);
    configured::resources(input, &mut model);
    channels::collect(input, &doings, &mut model);
    controls::collect(input, &draft, &doings, &mut model);
    orders::collect(input, &doings, &mut model);
    rows::collect(input, &doings, &mut model);
    coordinators::collect(input, &doings, &mut model);
    configured::elsewhere(input, &mut model);
    model.unmatched.append(&mut draft.unmatched);
    model.unmatched.sort();
    model.coverage.unresolved = input.effects.unresolved();
    model
}

/// What each entry that was run does, so that actors with the same tools share it; the summary is kept as long as its address is
/// the key.
type Visited = FxHashMap<*const Summary, (Rc<Vec<Visit>>, Rc<Summary>)>;

/// What one actor does: the summary of each of its entry points.
pub(super) struct Doing {
    pub actor: ActorId,
    /// Its entry points, each with what is reached from it.
    pub runs: Vec<Run>,
    /// What runs the agent's model, and with it its tools, again on failure: the retry around a run in its own code.
    pub retried_run: Option<(Site, String)>,
}

/// What one entry point does.
pub(super) struct Run {
    /// The entry function.
    pub entry: FunctionRef,
    /// A model calls it as a tool.
    pub tool: bool,
    /// Agents are told to run it, each with words of its own.
    pub told: bool,
    /// What is done, function by function.
    pub visits: Rc<Vec<Visit>>,
}

impl Run {
    /// Every item of some sorts told once, and others that stand beside them.
    pub fn items(&self, sorts: Sorts) -> impl Iterator<Item = Told<'_>> {
        self.visits.iter().filter(move |visit| visit.has(sorts)).flat_map(Visit::told)
    }
}

impl Doing {
    fn of(input: &Input, draft: &actors::Draft, actor: ActorId, visited: &mut Visited) -> Doing {
        let drafted = &draft.actors[actor.0 as usize];
        let (entries, without) = (&drafted.entries, &drafted.without);
        let run = |e: &actors::Entry| {
            let summary = input.effects.run(&e.function);
            if !without.is_empty() {
                let visits = Rc::new(input.effects.visits(&summary, without));
                return Run { entry: e.function.function, tool: e.tool, told: drafted.told, visits };
            }
            let visits = visited.entry(Rc::as_ptr(&summary)).or_insert_with(|| (Rc::new(input.effects.visits(&summary, &[])), summary));
            Run { entry: e.function.function, tool: e.tool, told: drafted.told, visits: visits.0.clone() }
        };
        let mut doing = Doing { actor, runs: entries.iter().map(run).collect(), retried_run: None };
        let retried = doing.items(Sorts::DECLARE).find_map(|told| match told.what() {
            What::Declare(d) if d.effect == Effect::Run => told.contexts().into_iter().find_map(Context::retries),
            _ => None,
        });
        doing.retried_run = retried;
        doing
    }

    /// Each item once, however many ways lead to it: for whoever asks nothing of what is around it.
    pub fn each(&self, sorts: Sorts) -> impl Iterator<Item = Told<'_>> {
        let mut seen: FxHashSet<*const Item> = FxHashSet::default();
        self.items(sorts).filter(move |told| seen.insert(std::ptr::from_ref(told.own)))
    }

    /// The items of all its runs.
    pub fn items(&self, sorts: Sorts) -> impl Iterator<Item = Told<'_>> {
        self.runs.iter().flat_map(move |run| run.items(sorts))
    }
}

/// One more actor among those that are in something, each once and in order.
pub(super) fn join(actors: &mut Vec<ActorId>, actor: ActorId) {
    if !actors.contains(&actor) {
        actors.push(actor);
        actors.sort();
    }
}

/// The chain of an item as frames.
pub(super) fn frames(input: &Input, item: &Item) -> Vec<Frame> {
    let program = input.effects.program;
    // The first call is the one from outside; the entry function itself follows.
    let inside = item.way().skip(usize::from(item.chain.is_some()));
    inside.map(|(function, site)| Frame { function: program.qualified(function).to_string(), site }).collect()
}
