//! The words that programs of the project are started with, where every command that starts one gives the same.
//!
//! Commands stand in documents and scripts, which are read after the code is linked: until they are told, nothing is known.

use super::{Kind, Program};
use rustc_hash::FxHashMap;

impl Program<'_> {
    /// Tell the words by which each module is started, its own name left out; `None` for a word that is not the same each time.
    pub fn tell_words(&self, words: FxHashMap<u32, Vec<Option<String>>>) {
        let text = |word: Option<String>| word.map_or(Kind::Unknown, Kind::text);
        let list = |words: Vec<Option<String>>| {
            let given = words.into_iter().map(text);
            Kind::List(std::rc::Rc::new(std::iter::once(Kind::Unknown).chain(given).collect()))
        };
        // Told once, before anything is summarised.
        let _ = self.caches.started_with.set(words.into_iter().map(|(module, words)| (module, list(words))).collect());
    }

    /// What a name outside the project is in a module: its words, where it stands for them and they are known.
    pub fn with_words(&self, module: u32, kind: Kind) -> Kind {
        let Kind::External(name) = &kind else { return kind };
        let words = self.caches.started_with.get().and_then(|all| all.get(&module)).filter(|_| self.knowledge.is_arguments(name));
        words.cloned().unwrap_or(kind)
    }
}
