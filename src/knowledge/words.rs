//! Words without which a file cannot declare an actor, so that an outline can tell from the text alone.
//!
//! The words are single identifiers and over-approximate: `tool` stands in many files that declare none. They hold for
//! what a file writes itself. A class that derives from the project's own tool class, or a name that another file of the
//! project imports under a new one, is found through the file it comes from, which does name the library.

use super::names::last_segment;
use super::types::{TypeId, Types};
use super::vocabulary::{BaseKind, Effect, Pack, PackLanguage, Row};
use compact_str::CompactString;
use rustc_hash::FxHashSet;

/// The words of one language.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub actors: FxHashSet<CompactString>,
    pub suffixes: FxHashSet<CompactString>,
    pub runs: FxHashSet<CompactString>,
    /// Import roots of libraries that call models.
    pub models: FxHashSet<CompactString>,
}

impl Words {
    /// The words of all packs of a language.
    pub fn new(language: PackLanguage, packs: &[Pack], types: &Types) -> Self {
        let mut words = Words::default();
        let calls_model = |row: &Row| effects(row).any(|effect| effect == Effect::ModelCall);
        let mut with_actors = vec![false; packs.len()];
        let speaks = |pack: u32| packs.get(pack as usize).is_some_and(|pack| pack.language == language);
        for (id, ty) in types.iter().filter(|(_, ty)| speaks(ty.pack)) {
            for row in &ty.def.methods {
                let names = row.name.iter().map(CompactString::from);
                if calls_model(row) {
                    let roots = packs.get(ty.pack as usize).into_iter().flat_map(|pack| &pack.roots);
                    words.models.extend(roots.map(|root| root.as_str().into()));
                }
                match (declares(row), runs(row)) {
                    (true, _) => words.actors.extend(names),
                    (false, true) => words.runs.extend(names),
                    (false, false) => {}
                }
            }
            if makes_actors(types, id) {
                words.actors.extend(ty.def.made_by.iter().map(|name| last_segment(name).into()));
                ty.packs().for_each(|pack| with_actors[pack as usize] = true);
            }
        }
        for pack in packs.iter().filter(|pack| pack.language == language && pack.functions.iter().any(calls_model)) {
            words.models.extend(pack.roots.iter().map(|root| root.as_str().into()));
        }
        for (pack, with_actors) in packs.iter().zip(&mut with_actors).filter(|(pack, _)| pack.language == language) {
            *with_actors |= words.add(pack, types);
            if *with_actors {
                words.actors.extend(pack.roots.iter().map(|root| last_segment(root).into()));
            }
        }
        words
    }

    /// Adds what a pack says outside its types, and tells whether that was anything.
    fn add(&mut self, pack: &Pack, types: &Types) -> bool {
        let mut any = false;
        for row in pack.functions.iter().chain(&pack.decorators).filter(|row| declares(row) || runs(row)) {
            any = true;
            self.actors.extend(row.name.iter().map(|name| last_segment(name).into()));
        }
        for base in &pack.bases {
            let instance = base.instance_of.as_deref().and_then(|name| types.named(name));
            let actor = matches!(base.is, BaseKind::Actor | BaseKind::Tool | BaseKind::Orchestrator);
            if !actor && !instance.is_some_and(|id| makes_actors(types, id)) {
                continue;
            }
            any = true;
            for name in &base.name {
                match name.strip_prefix('*') {
                    Some(suffix) => self.suffixes.insert(suffix.into()),
                    None => self.actors.insert(last_segment(name).into()),
                };
            }
        }
        any
    }
}

/// Whether a row of the type, its own or shared, declares or runs an actor.
fn makes_actors(types: &Types, id: TypeId) -> bool {
    types.lineage(id).any(|(_, ty)| {
        let mut rows = ty.def.methods.iter().chain(&ty.def.construct).chain(&ty.def.enter);
        rows.any(|row| declares(row) || runs(row))
    })
}

/// Whether the row can declare an actor, or a part of one.
pub(super) fn declares(row: &Row) -> bool {
    let declaring = |effect| {
        matches!(effect, Effect::Actor | Effect::Tool | Effect::Task | Effect::Orchestrator | Effect::Member)
            || matches!(effect, Effect::Schedule | Effect::HandOff)
    };
    row.actor.is_some() || effects(row).any(declaring)
}

/// Whether the row can run one.
pub(super) fn runs(row: &Row) -> bool {
    effects(row).any(|effect| effect == Effect::Run)
}

/// What the row may do.
pub(super) fn effects(row: &Row) -> impl Iterator<Item = Effect> {
    std::iter::once(row.effect).chain(row.when.iter().filter_map(|variant| variant.effect))
}
