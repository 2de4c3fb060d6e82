//! The packs under `rules/`, typed: what a library's calls, decorators and base classes mean.
//!
//! Vocabulary: a *pack* speaks about one library; a *row* of it about one call, decorator or context; a *type* is what a
//! value is tracked as, and rows stand under it as its methods. [`Knowledge`] answers by hash look-up what a qualified
//! name or a method of a type means. The packs are data (`vocabulary` is their format); those of the program are checked
//! by `build.rs` and embedded, a user's own are read from YAML and laid over them.
//!
//! It knows the form of the facts and none of them: no library's name stands in this folder. It refuses to know source
//! files, calls and arguments; whether a row holds for a call is for `link` to decide.

mod catalogue;
mod check;
mod load;
mod locate;
mod lookup;
mod names;
mod place;
mod problem;
mod read;
mod rows;
mod schema;
mod telling;
#[cfg(test)]
mod tests;
mod types;
mod unknown;
pub mod vocabulary;
mod words;

pub use catalogue::{Listed, RowId};
pub use names::{last_segment, prefixes};
pub use place::{Place, PlaceError};
pub use problem::{PackError, Problem};
pub use schema::schema;
pub use telling::Mention;
pub use types::TypeId;

use compact_str::CompactString;
use names::Names;
use read::PackFile;
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::PathBuf;
use telling::Telling;
use types::{MethodAt, Types};
use unknown::UnknownReceivers;
use vocabulary::{
    BaseRow, CommandRow, DocumentRow, ExportedMetric, MigrationRow, Pack, PackLanguage, ProtocolRow, RefusedKey, Row, SchemaRow, TypeDef,
};
use words::Words;

/// All packs of a run, with their indices. Immutable once built; share it by reference between threads.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// The packs; their types have been moved into `types`.
    packs: Vec<Pack>,
    /// The file of each.
    files: Vec<String>,
    types: Types,
    languages: [Language; 3],
}

/// The indices of one language's packs.
#[derive(Debug, Default)]
struct Language {
    functions: Names<RowAt>,
    decorators: Names<RowAt>,
    bases: Names<RowAt>,
    /// Bases by the suffix of a class's own name, and how long the suffixes are, longest first.
    suffixes: FxHashMap<CompactString, RowAt>,
    suffix_lengths: Vec<usize>,
    makers: Names<TypeId>,
    unknown: UnknownReceivers,
    roots: FxHashSet<CompactString>,
    words: Words,
    telling: Telling,
}

/// A row outside the types: its pack and its place in the pack's list.
#[derive(Clone, Copy, Debug)]
struct RowAt {
    pack: u32,
    row: u32,
}

/// A row that was looked up, with where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Found<'k> {
    /// What the call means.
    pub row: &'k Row,
    /// The pack it stands in. Its `types` are empty here: they are reached through [`Knowledge::type_def`].
    pub pack: &'k Pack,
    /// The type it stands under; the type that was asked for, or one that this one `is`.
    pub owner: Option<TypeId>,
}

/// What a call of a row results in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned<'k> {
    /// A value of this type.
    Type(TypeId),
    /// The receiver itself.
    Receiver,
    /// What the receiver holds.
    Held,
    /// What going through the receiver yields.
    Element,
    /// One of the arguments itself, at this place.
    Argument(&'k str),
    /// An instance of the type that is the argument at this place.
    Instance(&'k str),
}

impl Knowledge {
    /// The packs that are part of the program.
    pub fn embedded() -> Result<Knowledge, PackError> {
        Ok(Self::from_layers([load::embedded()?, Vec::new()]))
    }

    /// The packs that are part of the program, and on top of them the YAML packs of the given folders. A row of a user's
    /// pack replaces one of the same name; a type is laid over the one of the same name.
    pub fn with_packs(folders: &[PathBuf]) -> Result<Knowledge, PackError> {
        let below = load::embedded()?;
        let over = load::from_folders(&below, folders)?;
        Ok(Self::from_layers([below, over]))
    }

    fn from_layers(layers: [Vec<PackFile>; 2]) -> Knowledge {
        let mut knowledge = Knowledge::default();
        for file in layers.into_iter().flatten() {
            let number = knowledge.packs.len() as u32;
            let mut pack = file.pack;
            let language = &mut knowledge.languages[pack.language as usize];
            language.add(&pack, number);
            for (name, def) in std::mem::take(&mut pack.types) {
                let makers = def.made_by.clone();
                let id = knowledge.types.add(name, def, number);
                makers.iter().for_each(|maker| language.makers.insert(maker, id));
            }
            knowledge.packs.push(pack);
            knowledge.files.push(file.path);
        }
        knowledge.types.finish();
        for language in [PackLanguage::Python, PackLanguage::Rust, PackLanguage::Document] {
            let words = Words::new(language, &knowledge.packs, &knowledge.types);
            let telling = Telling::new(language, &knowledge.packs, &knowledge.types);
            let unknown = UnknownReceivers::new(language, &knowledge.packs, &knowledge.types);
            let index = &mut knowledge.languages[language as usize];
            (index.words, index.telling, index.unknown) = (words, telling, unknown);
        }
        knowledge
    }
}

impl Language {
    /// Indexes what stands in a pack outside its types.
    fn add(&mut self, pack: &Pack, number: u32) {
        let at = |row: usize| RowAt { pack: number, row: row as u32 };
        for (index, row) in pack.functions.iter().enumerate() {
            row.name.iter().for_each(|name| self.functions.insert(name, at(index)));
        }
        for (index, row) in pack.decorators.iter().enumerate() {
            row.name.iter().for_each(|name| self.decorators.insert(name, at(index)));
        }
        for (index, base) in pack.bases.iter().enumerate() {
            for name in &base.name {
                match name.strip_prefix('*') {
                    Some(suffix) => self.add_suffix(suffix, at(index)),
                    None => self.bases.insert(name, at(index)),
                }
            }
        }
        self.roots.extend(pack.roots.iter().map(CompactString::from));
    }

    fn add_suffix(&mut self, suffix: &str, at: RowAt) {
        self.suffixes.insert(suffix.into(), at);
        if !self.suffix_lengths.contains(&suffix.len()) {
            self.suffix_lengths.push(suffix.len());
            self.suffix_lengths.sort_unstable_by(|a, b| b.cmp(a));
        }
    }
}
