//! What may tell something that matters whoever runs it: who acts, what is spawned, which channels are spoken on.
//!
//! A run looks first for mentions of these, and summarises other code only where a call leads to it.

use super::names::last_segment;
use super::types::{TypeId, Types};
use super::vocabulary::{Effect, Pack, PackLanguage, Row};
use super::{Knowledge, words};
use compact_str::CompactString;
use rustc_hash::FxHashSet;

/// A mention in code, as far as it is known what is meant.
#[derive(Clone, Copy, Debug)]
pub enum Mention<'a> {
    /// A qualified name outside the project.
    Name(&'a str),
    /// A method of a value of a type.
    Method(TypeId, &'a str),
    /// A call of a value of a type.
    Called(TypeId),
    /// An instance of a type that is made.
    Made(TypeId),
    /// A method of a receiver of which nothing is known but its name.
    Unknown(&'a str, &'a str),
}

/// The names of one language by which mentions are found.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// Last names of functions, classes and decorators.
    outside: FxHashSet<CompactString>,
    /// Methods of types.
    methods: FxHashSet<CompactString>,
}

impl Telling {
    /// The names that the packs of a language have.
    pub fn new(language: PackLanguage, packs: &[Pack], types: &Types) -> Self {
        let mut telling = Telling::default();
        for (_, ty) in types.iter().filter(|(_, ty)| packs.get(ty.pack as usize).is_some_and(|pack| pack.language == language)) {
            let methods = ty.def.methods.iter().filter(|row| tells(row));
            telling.methods.extend(methods.flat_map(|row| &row.name).map(CompactString::from));
            if ty.def.construct.iter().chain(&ty.def.enter).any(tells) {
                telling.outside.extend(ty.def.made_by.iter().map(|name| CompactString::from(last_segment(name))));
            }
        }
        for pack in packs.iter().filter(|pack| pack.language == language) {
            let rows = pack.functions.iter().chain(&pack.decorators).filter(|row| tells(row));
            telling.outside.extend(rows.flat_map(|row| &row.name).map(|name| CompactString::from(last_segment(name))));
        }
        telling
    }
}

impl Knowledge {
    /// Whether something that tells is called so: a method of some type, or what stands outside of types.
    pub fn is_telling_word(&self, language: PackLanguage, word: &str, method: bool) -> bool {
        let telling = &self.language(language).telling;
        telling.outside.contains(word) || method && telling.methods.contains(word)
    }

    /// Whether a mention may tell something.
    pub fn tells(&self, language: PackLanguage, mention: Mention) -> bool {
        let made = |ty: TypeId| self.construct(ty).is_some_and(|found| tells(found.row));
        match mention {
            Mention::Name(name) => {
                let rows = [self.function(language, name), self.decorator(language, name)];
                rows.into_iter().flatten().any(|found| tells(found.row)) || self.made_by(language, name).is_some_and(made)
            }
            Mention::Method(ty, name) => self.method(ty, name).is_some_and(|found| tells(found.row)),
            Mention::Called(ty) => self.called(ty).is_some_and(|found| tells(found.row)),
            Mention::Made(ty) => made(ty),
            Mention::Unknown(receiver, name) => self.unknown_receivers(language, receiver, name).any(|found| tells(found.row)),
        }
    }
}

/// Whether a row tells something.
fn tells(row: &Row) -> bool {
    let local = row.channel.as_deref() == Some("receiver");
    let telling = |effect| match effect {
        Effect::Spawn | Effect::Gather | Effect::RunMain | Effect::Edge => true,
        Effect::Publish | Effect::Subscribe | Effect::Consume | Effect::Enqueue => !local,
        _ => false,
    };
    words::declares(row) || row.command.is_some() || words::runs(row) || words::effects(row).any(telling)
}
